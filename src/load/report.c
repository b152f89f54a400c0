#include "load/report.h"

#include "base/buf.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

void report_begin(struct report *r, FILE *to, bool json)
{
    *r = (struct report){to, json, true, NULL};
    if (json)
        (void)fputc('{', to);
}

void report_end(struct report *r)
{
    MUST(!r->group);
    (void)fputs(r->json ? "}\n" : "", r->to);
    (void)fflush(r->to);
}

static void name_put(struct report *r, const char *name)
{
    char key[64];

    if (r->json) {
        (void)fprintf(r->to, "%s\"%s\":", r->empty ? "" : ",", name);
    } else {
        (void)snprintf(key, sizeof key, "%s%s%s", r->group ? r->group : "", r->group ? "." : "",
                       name);
        (void)fprintf(r->to, "%-28s ", key);
    }
    r->empty = false;
}

void report_group(struct report *r, const char *name)
{
    MUST(!name != !r->group);
    if (r->json && name) {
        name_put(r, name);
        (void)fputc('{', r->to);
        r->empty = true;
    } else if (r->json) {
        (void)fputc('}', r->to);
        r->empty = false;
    }
    r->group = name;
}

void report_number(struct report *r, const char *name, double value)
{
    name_put(r, name);
    if (!isfinite(value))
        value = 0;
    if (value == floor(value) && fabs(value) < 1e15)
        (void)fprintf(r->to, "%.0f", value);
    else
        (void)fprintf(r->to, fabs(value) < 1 ? "%.5f" : "%.3f", value);
    (void)fputs(r->json ? "" : "\n", r->to);
}

void report_text(struct report *r, const char *name, const char *value)
{
    char text[2 * ERR_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text - 1);

    name_put(r, name);
    if (r->json)
        buf_json(&b, str_from(value));
    else
        buf_put(&b, str_from(value));
    text[b.len] = 0;
    (void)fprintf(r->to, r->json ? "%s" : "%s\n", b.full ? "\"\"" : text);
}

/* ---- the parts of a run ---- */

static void histogram_put(struct report *r, const char *name, const struct histogram *h)
{
    report_group(r, name);
    report_number(r, "count", (double)h->count);
    report_number(r, "p50", histogram_ms(h, 0.5));
    report_number(r, "p99", histogram_ms(h, 0.99));
    report_number(r, "p999", histogram_ms(h, 0.999));
    report_number(r, "max", (double)h->max_us / 1000);
    report_group(r, NULL);
}

/* Events that the server delivered while it was measured: counted where they were looked into,
 * by their bytes elsewhere (an event has as many bytes there as here). */
static double deliveries(const struct fleet *f)
{
    const struct tally *a = &f->tally[0], *b = &f->tally[1];
    double sum = 0;

    for (int form = 0; form < 2; form++) {
        double bytes = (double)(b->looked_bytes[form] - a->looked_bytes[form]);
        double events = (double)(b->looked_events[form] - a->looked_events[form]);
        double drained = (double)b->drained_bytes[form] - (double)a->drained_bytes[form];

        sum += events + (bytes > 0 && drained > 0 ? drained * events / bytes : 0);
    }
    return sum;
}

static double bytes_heard(const struct fleet *f)
{
    double sum = 0;

    for (int form = 0; form < 2; form++)
        sum += (double)f->tally[1].looked_bytes[form] - (double)f->tally[0].looked_bytes[form] +
               (double)f->tally[1].drained_bytes[form] - (double)f->tally[0].drained_bytes[form];
    return sum;
}

static void account_put(struct report *r, const struct fleet *f)
{
    const struct account *a = &f->account;
    char first[128];

    report_group(r, "account");
    report_number(r, "pairs", (double)a->pairs);
    report_number(r, "checked", (double)a->seen);
    report_number(r, "decoded", (double)a->sampled);
    report_number(r, "lost", (double)a->ledger.missing);
    report_number(r, "out_of_order", (double)a->ledger.late);
    report_number(r, "again", (double)a->ledger.again);
    report_number(r, "echoes", (double)a->echoes);
    report_number(r, "leaks", (double)a->leaks);
    report_number(r, "bad", (double)a->bad);
    report_number(r, "far", (double)a->far);
    report_number(r, "servers_own", (double)a->unmarked);
    report_number(r, "of_earlier_runs", (double)a->earlier);
    if (a->ledger.missing) {
        (void)snprintf(first, sizeof first, "phone %u did not hear report %u of phone %u",
                       a->ledger.first_receiver, a->ledger.first_number, a->ledger.first_sender);
        report_text(r, "first_lost", first);
    }
    report_group(r, NULL);
}

static void slow_put(struct report *r, const struct fleet *f)
{
    if (f->o->slow_percent == 0)
        return;
    histogram_put(r, "slow_lag_ms", &f->account.slow);
    report_group(r, "slow");
    report_number(r, "bytes_per_s", (double)f->slow_rate);
    report_number(r, "conflated", (double)f->account.ledger.conflated);
    report_number(r, "repeated", (double)f->account.ledger.repeated);
    report_number(r, "newest_missing", (double)f->account.behind);
    report_number(r, "caught_up_s", (double)f->drained_us / 1e6);
    report_group(r, NULL);
}

static void chat_put(struct report *r, const struct fleet *f)
{
    const struct chats *c = &f->account.chats;

    if (f->o->chat_hz <= 0)
        return;
    histogram_put(r, "chat_ms", &f->account.chat);
    report_group(r, "chat");
    report_number(r, "said", c->said);
    report_number(r, "heard", (double)c->deliveries);
    report_number(r, "lost", (double)c->lost);
    report_number(r, "again", (double)c->again);
    report_number(r, "misdirected", (double)c->misdirected);
    report_group(r, NULL);
}

static int by_time(const void *a, const void *b)
{
    const struct newcomer *x = a, *y = b;

    return (x->picture_us > y->picture_us) - (x->picture_us < y->picture_us);
}

static void newcomers_put(struct report *r, const struct fleet *f)
{
    size_t n = f->newcomers_begun, had = 0;
    double live_max = 0;

    if (n == 0)
        return;
    qsort(f->newcomers, n, sizeof *f->newcomers, by_time);
    while (had < n && f->newcomers[n - 1 - had].picture_us > 0)
        had++;
    for (size_t i = 0; i < n; i++)
        live_max = fmax(live_max, (double)f->newcomers[i].live_us / 1000);
    report_group(r, "newcomer");
    report_number(r, "joined", (double)n);
    report_number(r, "had_whole_picture", (double)had);
    report_number(r, "units", (double)f->o->clients);
    report_number(r, "live_ms_max", live_max);
    report_number(r, "picture_ms",
                  had ? (double)f->newcomers[n - 1 - had / 2].picture_us / 1000 : 0);
    report_number(r, "picture_ms_max", (double)f->newcomers[n - 1].picture_us / 1000);
    report_group(r, NULL);
}

static void storm_put(struct report *r, const struct fleet *f)
{
    if (f->o->storm == 0)
        return;
    histogram_put(r, "storm_latency_ms", &f->account.storm);
    report_group(r, "storm");
    report_number(r, "phones", (double)f->o->storm);
    report_number(r, "back", atomic_load(&f->crowd.back));
    report_number(r, "took_s", (double)atomic_load(&f->crowd.back_us) / 1e6);
    report_number(r, "p99_ratio",
                  histogram_ms(&f->account.storm, 0.99) / histogram_ms(&f->account.calm, 0.99));
    report_number(r, "thread_cpu_s", meter_thread_cpu(&f->own[0], &f->own[1], atomic_load(&f->crowd.tid)));
    report_number(r, "thread_waited_s", meter_thread_waited(&f->own[0], &f->own[1], atomic_load(&f->crowd.tid)));
    report_group(r, NULL);
}

static void server_put(struct report *r, const struct fleet *f, double seconds)
{
    const struct meter *a = &f->server[0], *b = &f->server[1];

    if (!f->o->pid)
        return;
    report_group(r, "server");
    report_number(r, "cores", (b->cpu_s - a->cpu_s) / seconds);
    report_number(r, "waited", (b->waited_s - a->waited_s) / seconds);
    report_number(r, "cpu_s_per_million", (b->cpu_s - a->cpu_s) * 1e6 / deliveries(f));
    report_number(r, "rss_mib_begin", a->rss_mib);
    report_number(r, "rss_mib_end", b->rss_mib);
    report_number(r, "rss_mib_max", f->rss_max_mib);
    report_number(r, "rss_mib_peak", b->peak_mib);
    report_group(r, NULL);
    report_group(r, "server_threads");
    for (int i = 0; i < b->thread_count; i++) {
        char name[40];

        (void)snprintf(name, sizeof name, "%s_%d", b->thread[i].name, b->thread[i].tid);
        report_number(r, name, meter_thread_cpu(a, b, b->thread[i].tid) / seconds);
    }
    report_group(r, NULL);
}

void report_fleet(struct report *r, const struct fleet *f)
{
    double seconds = (double)f->measured_us / 1e6;

    report_text(r, "result", fleet_wrong(f) ? "wrong" : "complete");
    report_number(r, "wrong", (double)fleet_wrong(f));
    report_number(r, "phones", f->count);
    report_number(r, "connected_in_s", (double)f->connected_us / 1e6);
    report_number(r, "seconds", seconds);
    report_number(r, "sent_per_s", (double)f->sent / seconds);
    report_number(r, "not_sent", (double)f->skipped);
    report_number(r, "deliveries_per_s", deliveries(f) / seconds);
    report_number(r, "bytes_per_s", bytes_heard(f) / seconds);
    report_number(r, "closed", fleet_closed(f));
    if (fleet_failure(f)->kind != ERR_NONE)
        report_text(r, "first_failure", fleet_failure(f)->text);
    histogram_put(r, "latency_ms", &f->account.calm);
    account_put(r, f);
    storm_put(r, f);
    slow_put(r, f);
    chat_put(r, f);
    newcomers_put(r, f);
    server_put(r, f, seconds);
    report_group(r, "tool");
    report_number(r, "cores", meter_thread_cpu(&f->own[0], &f->own[1], (int)getpid()) / seconds);
    report_number(r, "waited", meter_thread_waited(&f->own[0], &f->own[1], (int)getpid()) / seconds);
    report_number(r, "turn_ms_max", (double)f->turn_max_us / 1000);
    report_group(r, NULL);
}
