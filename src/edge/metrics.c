#include "edge/metrics.h"

#include "os/clock.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { STEP = 1024, KINDS = UNIT_EMERGENCY + 1 };

/* Counters that are kept as such. */
static const struct {
    const char *name, *kind, *help;
    size_t at;
} counters[] = {
#define COUNTER(field, kind, help)                                                                 \
    {                                                                                              \
        "cordon_" #field, kind, help, offsetof(struct hub_metrics, field)                          \
    }
    COUNTER(accepted, "counter", "Connections accepted on the TAK ports."),
    COUNTER(handshakes, "counter", "TLS handshakes that were finished."),
    COUNTER(handshake_failures, "counter", "TLS handshakes that failed."),
    COUNTER(closed_slow, "counter", "Clients closed because nothing moved for a minute."),
    COUNTER(closed_lapped, "counter",
            "Clients closed because they fell behind with what must arrive."),
    COUNTER(closed_stream, "counter", "Clients closed because their stream could not be cut."),
    COUNTER(refused_events, "counter", "Events that were refused."),
    COUNTER(bytes_in, "counter", "Bytes received from clients."),
    COUNTER(bytes_out, "counter", "Bytes sent to clients."),
    COUNTER(sends, "counter", "Calls of send()."),
    COUNTER(delivered, "counter", "Events delivered to clients."),
    COUNTER(conflated, "counter", "Positions left out for a newer one of the same unit."),
    COUNTER(lapped, "counter", "Times a client fell off the ring and got the picture anew."),
    COUNTER(held_back, "counter", "Events held back as too long for a phone."),
    COUNTER(record_full, "counter", "Events that found the record's queue full."),
    COUNTER(record_rows, "counter", "Rows written to the journal since the start."),
    COUNTER(record_failures, "counter", "Commits of the journal that failed."),
    COUNTER(commits, "counter", "Commits of the journal."),
    COUNTER(commit_us_last, "gauge", "Time of the last commit, microseconds."),
    COUNTER(commit_us_max, "gauge", "Longest commit since the start, microseconds."),
    COUNTER(commit_us_sum, "counter", "Time of all commits, microseconds."),
    COUNTER(journal_bytes, "gauge", "Size of the journal on disk."),
    COUNTER(journal_seq, "gauge", "Number of the newest row."),
    COUNTER(tracks_rows, "counter", "Positions written for replay."),
    COUNTER(web_requests, "counter", "Requests on the web port."),
    COUNTER(web_dropped_frames, "counter", "Position frames left out for slow pages."),
#undef COUNTER
};

static void put_value(struct buf *b, const char *name, const char *kind, const char *help,
                      uint64_t value)
{
    buf_fmt(b, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, kind, name, value);
}

struct river_count {
    uint64_t kinds[KINDS], conflicts;
    uint64_t alarms[2]; /* warn, crit */
    int64_t lag_ms;
    uint64_t sent_max;
};

static void count_units(struct hub *h, struct river_count *c)
{
    uint32_t used = 1;

    for (uint32_t at = 0; at < used; at += STEP) {
        hub_lock(h);
        used = h->river->units.used;
        for (uint32_t i = at; i < used && i < at + STEP; i++) {
            MUST(h->river->units.list[i].kind < KINDS);
            c->kinds[h->river->units.list[i].kind]++;
            c->conflicts +=
                h->river->units.list[i].kind != UNIT_FREE && h->river->units.list[i].conflict;
        }
        hub_unlock(h);
    }
}

static void count_clients(struct hub *h, struct river_count *c)
{
    for (uint32_t at = 0; at < h->client_max; at += STEP) {
        hub_lock(h);
        for (uint32_t i = at; i < h->client_max && i < at + STEP; i++)
            if (h->clients[i].handle && h->clients[i].lag_ms > c->lag_ms)
                c->lag_ms = h->clients[i].lag_ms;
        hub_unlock(h);
    }
    hub_lock(h);
    for (size_t i = 0; i < h->alarm_count; i++)
        c->alarms[strcmp(h->alarms[i].level, "crit") == 0]++;
    hub_unlock(h);
}

static void put_river(struct hub *h, struct buf *b)
{
    static const char *const names[KINDS] = {NULL, "presence", "track", "object", "emergency"};
    static const char *const forms[FORM_COUNT] = {[FORM_XML] = "xml", [FORM_PROTO] = "v1"};
    struct river *r = h->river;
    struct river_count c = {0};

    count_units(h, &c);
    count_clients(h, &c);
    buf_put(b, STR("# HELP cordon_clients TAK clients by the form that they hear.\n# TYPE "
                   "cordon_clients gauge\n"));
    for (int f = 0; f < FORM_COUNT; f++)
        buf_fmt(b, "cordon_clients{form=\"%s\"} %" PRIu32 "\n", forms[f],
                atomic_load(&r->listeners[f]));
    put_value(b, "cordon_sessions", "gauge", "TAK clients that joined.", atomic_load(&r->sessions));
    buf_put(b, STR("# HELP cordon_units Units by kind.\n# TYPE cordon_units gauge\n"));
    for (int k = UNIT_PRESENCE; k < KINDS; k++)
        buf_fmt(b, "cordon_units{kind=\"%s\"} %" PRIu64 "\n", names[k], c.kinds[k]);
    put_value(b, "cordon_emergencies_open", "gauge", "Open emergencies.", c.kinds[UNIT_EMERGENCY]);
    put_value(b, "cordon_uid_conflicts", "gauge", "Units that two users claim.", c.conflicts);
    buf_put(b, STR("# HELP cordon_alarms Alarms that stand.\n# TYPE cordon_alarms gauge\n"));
    buf_fmt(
        b, "cordon_alarms{level=\"warn\"} %" PRIu64 "\ncordon_alarms{level=\"crit\"} %" PRIu64 "\n",
        c.alarms[0], c.alarms[1]);
    put_value(b, "cordon_lag_max_ms", "gauge",
              "Lag of the slowest client; followed while somebody looks.",
              (uint64_t)(c.lag_ms > 0 ? c.lag_ms : 0));
    put_value(b, "cordon_live_events", "counter", "Events put into the live ring.",
              ring_head(&r->live));
    put_value(b, "cordon_must_events", "counter", "Events put into the ring of what must arrive.",
              ring_head(&r->must));
}

/* Resident bytes, from the kernel's own words. */
static uint64_t resident(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f)
        return 0;
    if (fscanf(f, "%*u %llu", &pages) != 1)
        pages = 0;
    (void)fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void put_process(const struct hub *h, struct buf *b)
{
    struct rusage used = {0};
    struct statvfs disk;

    (void)getrusage(RUSAGE_SELF, &used);
    put_value(b, "process_resident_memory_bytes", "gauge", "Memory in use.", resident());
    buf_fmt(b,
            "# HELP process_cpu_seconds_total Processor time used.\n# TYPE "
            "process_cpu_seconds_total counter\n"
            "process_cpu_seconds_total %lld.%06lld\n",
            (long long)(used.ru_utime.tv_sec + used.ru_stime.tv_sec +
                        (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000000),
            (long long)((used.ru_utime.tv_usec + used.ru_stime.tv_usec) % 1000000));
    put_value(b, "process_start_time_seconds", "gauge", "When the server started.",
              (uint64_t)h->started_ms / 1000);
    if (statvfs(h->dir, &disk) == 0)
        put_value(b, "cordon_disk_free_bytes", "gauge", "Bytes that are free on the disk of the data folder.",
                  (uint64_t)disk.f_bavail * disk.f_frsize);
    put_value(b, "cordon_up", "gauge", "1 while the record is being written.",
              atomic_load(&h->recording));
}

/* A class may have several places in hub.c; only its first one counts. */
static void put_refusals(struct hub *h, struct buf *b)
{
    buf_put(b, STR("# HELP cordon_refused_total Events that were refused, by reason.\n"
                   "# TYPE cordon_refused_total counter\n"));
    for (unsigned i = 0; i < HUB_REASONS && hub_reason_name(i); i++)
        if (i == 0 || strcmp(hub_reason_name(i), hub_reason_name(i - 1)) != 0)
            buf_fmt(b, "cordon_refused_total{reason=\"%s\"} %" PRIu64 "\n", hub_reason_name(i),
                    atomic_load_explicit(&h->metrics.refused_by[i], memory_order_relaxed));
}

void metrics_put(struct hub *h, const struct metrics_web *web, struct buf *b)
{
    size_t bytes = 0, messages = 0;

    for (size_t i = 0; i < COUNTOF(counters); i++) {
        const _Atomic uint64_t *at = (const void *)((const char *)&h->metrics + counters[i].at);

        put_value(b, counters[i].name, counters[i].kind, counters[i].help,
                  atomic_load_explicit(at, memory_order_relaxed));
    }
    put_refusals(h, b);
    put_river(h, b);
    if (h->to_recorder)
        mailbox_depth(h->to_recorder, &bytes, &messages);
    put_value(b, "cordon_record_queue_messages", "gauge", "Events that wait for the record thread.",
              messages);
    put_value(b, "cordon_record_queue_bytes", "gauge", "Their bytes.", bytes);
    put_value(b, "cordon_web_exchanges", "gauge", "HTTP requests under way.", web->connections);
    put_value(b, "cordon_web_waiting", "gauge",
              "HTTP requests that wait for the disk or a password.", web->requests_waiting);
    put_value(b, "cordon_web_sockets", "gauge", "WebSockets of pages.", web->viewers);
    put_value(b, "cordon_web_socket_bytes", "gauge", "Bytes that wait for them.",
              web->viewer_bytes);
    put_process(h, b);
}

bool health_put(struct hub *h, struct buf *b)
{
    size_t n = 0;

    buf_put(b, STR("{\"status\":\"failing\",\"reasons\":["));
    hub_lock(h);
    for (size_t i = 0; i < h->alarm_count; i++) {
        if (strcmp(h->alarms[i].level, "crit") != 0)
            continue;
        if (n++)
            buf_byte(b, ',');
        buf_json(b, str_from(h->alarms[i].text));
    }
    hub_unlock(h);
    if (n == 0) {
        b->len = 0;
        buf_put(b, STR("{\"status\":\"ok\"}"));
        return true;
    }
    buf_put(b, STR("]}"));
    return false;
}
