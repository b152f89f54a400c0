#include "load/fleet.h"

#include "os/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EVENTS = 256,
    CONNECTS_OPEN = 128, /* on their way at once, while the run begins */
    CONNECTS_TURN = 16,  /* begun in one turn: connect() is dear */
    SENDS_TURN = 64,
    HANDSHAKE_US = 1500,   /* work on handshakes in one turn */
    QUIET_US = 600 * 1000, /* nothing came for so long: it is quiet */
    CONNECT_US = 30 * 1000 * 1000,
    CONNECT_EACH_US = 20 * 1000,
    SETTLE_US = 20 * 1000 * 1000,
    DRAIN_US = 60 * 1000 * 1000,
    NEWCOMER_US = 10 * 1000 * 1000,
    SLOW_STEP_US = 50 * 1000,
    METER_US = 500 * 1000,
    STORM_AFTER_US = 1000 * 1000,
    WAIT_US = 5000,
};

static void progress(const struct fleet *f, const char *text)
{
    if (!f->o->quiet)
        (void)fprintf(stderr, "cordon-load: %s\n", text);
}

/* ---- who is who ---- */

static uint32_t clients(const struct fleet *f)
{
    return (uint32_t)f->o->clients;
}

static uint32_t crowd_end_number(const struct fleet *f)
{
    return clients(f) + (uint32_t)f->o->storm;
}

/* Belongs to the crowd's thread. */
static bool is_crowd(const struct fleet *f, uint32_t n)
{
    return n >= clients(f) && n < crowd_end_number(f);
}

static uint32_t first_newcomer(const struct fleet *f)
{
    return f->count - (uint32_t)f->o->newcomers;
}

/* percent of the phones, spread evenly over their numbers. */
static bool is_share(uint32_t n, int64_t percent)
{
    return (int64_t)n * percent / 100 != ((int64_t)n + 1) * percent / 100;
}

bool fleet_is_checked(const struct fleet *f, uint32_t n)
{
    return n < clients(f) && (f->phones[n].slow || is_share(n, f->o->check_percent));
}

/* ---- places ---- */

/* Cells of K + 1 phones, three neighbourhoods of 0.02 degrees apart, in rows; without
 * neighbourhoods all in one. Within a cell everybody wanders a little. */
static void place(const struct fleet *f, uint32_t n, struct position *p)
{
    uint32_t width = f->account.ledger.width, cell = n / width, row, side;
    double wander = (double)(p->mark.number % 100) / 100 * 0.001;

    side = (uint32_t)sqrt((double)(f->count / width + 1)) + 1;
    row = cell / side;
    p->lat = 30.01 + 0.06 * row + (double)(n % 61) * 0.0001 - 0.003 + wander;
    p->lon = 70.01 + 0.06 * (cell % side) + (double)(n % 59) * 0.0001 - 0.003 + wander;
}

/* ---- sending ---- */

/* From the thread that the phone belongs to, whose buffers s are. */
static bool send_position(const struct fleet *f, struct phone_shared *s, struct phone *p, uint32_t number)
{
    char text[MARKER_EVENT_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct position at = {.mark = {.sender = p->n, .number = number},
                          .wall_ms = clock_wall_ms(),
                          .for_itself = f->o->join_silent && number == 0};

    place(f, p->n, &at);
    at.mark.sent_us = clock_us();
    position_put(&at, p->v1, &b);
    return phone_send(s, p, buf_str(&b));
}

static bool greet(const void *ctx, struct phone_shared *s, struct phone *p)
{
    return send_position(ctx, s, p, 0);
}

static void send_one(struct fleet *f, uint32_t n)
{
    struct phone *p = &f->phones[n];

    if (p->state != PHONE_LIVE || !send_position(f, &f->shared, p, f->said[n] + 1u)) {
        f->skipped++;
        return;
    }
    f->said[n]++;
    if (f->phase == PHASE_MEASURE)
        f->sent++;
}

static int64_t next_send_us(const struct fleet *f)
{
    return f->send_from_us +
           (int64_t)((double)f->turns_sent * 1e6 / (f->o->rate_hz * (double)f->o->clients));
}

static void send_due(struct fleet *f, int64_t now_us)
{
    if (f->o->clients == 0 || f->o->rate_hz <= 0)
        return;
    for (int i = 0; i < SENDS_TURN && next_send_us(f) <= now_us; i++)
        send_one(f, (uint32_t)(f->turns_sent++ * f->stride % clients(f)));
}

/* Every second message is for everybody, the others for one of the sender's own. */
static void say_one(struct fleet *f)
{
    uint32_t i = f->account.chats.said, from = (uint32_t)((i * 7919ull + 3) % clients(f)), number;
    uint32_t step = f->o->package_count > 1 ? f->o->package_count : 1;
    uint32_t to = i % 2 ? SAY_ALL : (from + step) % clients(f);
    char text[MARKER_EVENT_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct say say = {.to = to, .wall_ms = clock_wall_ms()};
    struct phone *p = &f->phones[from];

    if (p->state != PHONE_LIVE || p->pending || to == from ||
        (to != SAY_ALL && !account_may_hear(&f->account, from, to)) ||
        !account_say(&f->account, from, to, &number))
        return;
    say.mark = (struct marker){from, number, true, clock_us()};
    say_put(&say, p->v1, &b);
    if (!phone_send(&f->shared, p, buf_str(&b)))
        f->skipped++;
}

static void say_due(struct fleet *f, int64_t now_us)
{
    double period_us = f->o->chat_hz > 0 ? 1e6 / f->o->chat_hz : 0;

    if (period_us <= 0)
        return;
    for (int i = 0; i < SENDS_TURN && f->say_from_us <= now_us; i++) {
        say_one(f);
        f->say_from_us += (int64_t)period_us;
    }
}

/* Slow phones take their share of bytes every SLOW_STEP_US; before the run as much as there is. */
static void read_slow(struct fleet *f, int64_t now_us)
{
    size_t most = f->phase >= PHASE_WARM ? f->slow_rate * SLOW_STEP_US / 1000000 + 1 : PHONE_CIPHER;

    if (f->o->slow_percent == 0 || now_us < f->next_slow_us)
        return;
    f->next_slow_us = now_us + SLOW_STEP_US;
    for (uint32_t n = 0; n < clients(f); n++) {
        uint64_t bytes = f->phones[n].bytes;

        if (!f->phones[n].slow || f->phones[n].state != PHONE_LIVE)
            continue;
        phone_read(&f->shared, &f->phones[n], most);
        if (f->phones[n].bytes != bytes)
            f->heard_us = now_us; /* an event of theirs may take longer than quiet does */
    }
}

/* ---- what phones say ---- */

/* One more unit of the newcomer's picture. */
static void newcomer_event(struct fleet *f, struct phone *p, const struct marker *m)
{
    struct newcomer *who = &f->newcomers[p->n - first_newcomer(f)];

    if (m->is_chat || m->sender >= clients(f) || f->seen[m->sender] || who->picture_us)
        return;
    f->seen[m->sender] = 1;
    f->newcomer_seen++;
    if (f->newcomer_seen == clients(f))
        who->picture_us = clock_us() - p->begun_us;
}

static void on_phone_event(void *ctx, struct phone *p, struct stream_unit u, int64_t now_us)
{
    struct fleet *f = ctx;
    struct marker m;

    f->heard_us = now_us;
    if (!marker_find(u.body, &f->account.hint[u.is == STREAM_V1], &m)) {
        f->account.unmarked++;
        return;
    }
    if (m.sent_us < f->began_us) { /* the clock is the machine's: an earlier run's phone said it */
        f->account.earlier++;
        return;
    }
    if (p->n < clients(f))
        account_event(&f->account, p, u, &m, now_us);
    else if (p->n >= first_newcomer(f))
        newcomer_event(f, p, &m);
}

static void on_phone_live(void *ctx, struct phone *p)
{
    struct fleet *f = ctx;
    bool is_newcomer = p->n >= first_newcomer(f);

    f->live++;
    if (!is_newcomer)
        f->open_connects--;
    if (is_newcomer)
        f->newcomers[p->n - first_newcomer(f)].live_us = p->live_us - p->begun_us;
    if (p->n < clients(f) || is_newcomer)
        (void)greet(f, &f->shared, p);
}

static void on_phone_closed(void *ctx, struct phone *p, const char *why)
{
    struct fleet *f = ctx;

    if (f->first_failure.kind == ERR_NONE)
        (void)err_set(&f->first_failure, ERR_WORLD, "phone %u after %.3f s: %s", p->n,
                      (double)(clock_us() - p->begun_us) / 1e6, why);
    f->closed++;
    if (p->live_us)
        f->live--;
    else if (p->n < first_newcomer(f))
        f->open_connects--;
}

/* ---- connecting ---- */

static bool connect_one(struct fleet *f, uint32_t n)
{
    struct err e;

    if (!phone_connect(&f->shared, &f->phones[n], &e)) {
        f->closed++;
        if (f->first_failure.kind == ERR_NONE)
            f->first_failure = e;
        return false;
    }
    f->open_connects += n < first_newcomer(f);
    return true;
}

static void connect_some(struct fleet *f)
{
    for (int i = 0; i < CONNECTS_TURN && f->phase == PHASE_CONNECT && f->open_connects < CONNECTS_OPEN; i++) {
        if (f->next_connect == clients(f))
            f->next_connect = crowd_end_number(f);
        if (f->next_connect >= first_newcomer(f))
            return;
        (void)connect_one(f, f->next_connect++);
    }
}

/* Calm until the middle; then the storm, until all are back and a second later. */
static void storm(struct fleet *f, int64_t now_us)
{
    int64_t half_us = (int64_t)(f->o->seconds * 1e6 / 2), back_us;

    if (f->o->storm == 0)
        return;
    if (!f->storm_begun && now_us - f->phase_us >= half_us) {
        f->storm_begun = true;
        f->account.timing = &f->account.storm;
        f->storm_from_us = now_us;
        crowd_storm(&f->crowd);
    }
    back_us = atomic_load(&f->crowd.back_us);
    if (back_us && now_us - f->storm_from_us - back_us > STORM_AFTER_US)
        f->account.timing = &f->account.after;
}

/* One newcomer at a time, spread over the measured time. */
static void newcomers(struct fleet *f, int64_t now_us)
{
    double step_us = f->o->seconds * 1e6 / (double)(f->o->newcomers + 1);
    uint32_t i = f->newcomers_begun;
    struct phone *last = i ? &f->phones[first_newcomer(f) + i - 1] : NULL;

    if (last && last->state != PHONE_OFF &&
        (f->newcomers[i - 1].picture_us || now_us - last->begun_us > NEWCOMER_US)) {
        f->live -= last->state == PHONE_LIVE;
        phone_close(&f->shared, last);
    }
    if (i == (uint32_t)f->o->newcomers || (last && last->state != PHONE_OFF) ||
        now_us - f->phase_us < (int64_t)(step_us * (i + 1)))
        return;
    memset(f->seen, 0, clients(f));
    f->newcomer_seen = 0;
    f->newcomers_begun++;
    (void)connect_one(f, first_newcomer(f) + i);
}

/* ---- measuring ---- */

static void tally(const struct fleet *f, struct tally *t)
{
    memset(t, 0, sizeof *t);
    for (uint32_t n = 0; n < f->count; n++) {
        const struct phone *p = &f->phones[n];

        if (is_crowd(f, n))
            continue;
        if (p->drained) {
            t->drained_bytes[p->v1] += p->bytes;
        } else {
            t->looked_bytes[p->v1] += p->bytes;
            t->looked_events[p->v1] += p->events;
        }
    }
    for (int form = 0; form < 2; form++)
        t->drained_bytes[form] += atomic_load(&f->crowd.bytes[form]);
}

static bool meters(struct fleet *f, int which, struct err *e)
{
    tally(f, &f->tally[which]);
    if (!meter_read(0, &f->own[which], e))
        return false;
    if (f->o->pid && !meter_read((int)f->o->pid, &f->server[which], e))
        return false;
    f->next_meter_us = clock_us();
    f->rss_max_mib =
        f->rss_max_mib > f->server[which].rss_mib ? f->rss_max_mib : f->server[which].rss_mib;
    return true;
}

static void watch_memory(struct fleet *f, int64_t now_us)
{
    struct meter m;
    struct err e;

    if (!f->o->pid || now_us < f->next_meter_us)
        return;
    f->next_meter_us = now_us + METER_US;
    if (meter_read((int)f->o->pid, &m, &e) && m.rss_mib > f->rss_max_mib)
        f->rss_max_mib = m.rss_mib;
}

/* ---- phases ---- */

static void begin_warm(struct fleet *f, int64_t now_us)
{
    for (uint32_t n = 0; n < first_newcomer(f); n++)
        if (!is_crowd(f, n) && f->phones[n].state == PHONE_LIVE && !fleet_is_checked(f, n))
            phone_drain(&f->phones[n]);
    if (f->crowd_begun)
        crowd_drain(&f->crowd);
    f->send_from_us = f->say_from_us = now_us;
}

static bool to_phase(struct fleet *f, enum phase next, struct err *e)
{
    int64_t now_us = clock_us();

    MUST(next == f->phase + 1 && next < PHASES);
    switch (next) {
    case PHASE_SETTLE:
        progress(f, "all are connected");
        f->connected_us = now_us - f->phase_us;
        break;
    case PHASE_WARM: begin_warm(f, now_us); break;
    case PHASE_MEASURE:
        progress(f, "measuring");
        if (!meters(f, 0, e))
            return false;
        f->account.from_us = now_us;
        f->account.to_us = INT64_MAX;
        break;
    case PHASE_DRAIN:
        if (!meters(f, 1, e))
            return false;
        f->measured_us = now_us - f->phase_us;
        f->account.to_us = now_us;
        break;
    case PHASE_OVER:
        f->drained_us = f->heard_us > f->phase_us ? f->heard_us - f->phase_us : 0;
        break;
    case PHASE_CONNECT:
    case PHASES: break;
    }
    f->phase = next;
    f->phase_us = now_us;
    return true;
}

static bool is_quiet(const struct fleet *f, int64_t now_us)
{
    int64_t quiet_us = f->o->slow_percent ? 3 * QUIET_US : QUIET_US;
    int64_t crowd_us = atomic_load(&f->crowd.heard_us);

    return now_us - (crowd_us > f->heard_us ? crowd_us : f->heard_us) > quiet_us && now_us - f->phase_us > quiet_us;
}

static bool connecting(struct fleet *f, int64_t in_us, struct err *e)
{
    uint32_t all = first_newcomer(f), live = f->live + atomic_load(&f->crowd.live), closed = fleet_closed(f);

    if (live == all)
        return to_phase(f, PHASE_SETTLE, e);
    if (closed || in_us > CONNECT_US + (int64_t)all * CONNECT_EACH_US)
        return err_set(e, ERR_WORLD, "%u of %u phones are connected after %.1f s%s%s", live, all,
                       (double)in_us / 1e6, closed ? "; " : "", fleet_failure(f)->text);
    return true;
}

static bool step(struct fleet *f, int64_t now_us, struct err *e)
{
    int64_t in_us = now_us - f->phase_us;

    switch (f->phase) {
    case PHASE_CONNECT: return connecting(f, in_us, e);
    case PHASE_SETTLE:
        return !(is_quiet(f, now_us) || in_us > SETTLE_US) || to_phase(f, PHASE_WARM, e);
    case PHASE_WARM:
        return in_us < (int64_t)(f->o->warmup_s * 1e6) || to_phase(f, PHASE_MEASURE, e);
    case PHASE_MEASURE:
        watch_memory(f, now_us);
        storm(f, now_us);
        newcomers(f, now_us);
        return in_us < (int64_t)(f->o->seconds * 1e6) || to_phase(f, PHASE_DRAIN, e);
    case PHASE_DRAIN:
        return !(is_quiet(f, now_us) || in_us > DRAIN_US) || to_phase(f, PHASE_OVER, e);
    case PHASE_OVER:
    case PHASES: break;
    }
    return true;
}

static int64_t wait_us(const struct fleet *f, int64_t now_us)
{
    int64_t left_us = WAIT_US;

    if ((f->phase == PHASE_WARM || f->phase == PHASE_MEASURE) && f->o->clients && f->o->rate_hz > 0)
        left_us = next_send_us(f) - now_us;
    if (left_us < 300)
        left_us = 300;
    return left_us < WAIT_US ? left_us : WAIT_US;
}

static bool turn(struct fleet *f, struct err *e)
{
    struct loop_event events[EVENTS];
    int64_t began_us = clock_us(), took_us;
    int n;

    f->shared.handshake_us = 0;
    if (!step(f, began_us, e))
        return false;
    connect_some(f);
    if (f->phase == PHASE_WARM || f->phase == PHASE_MEASURE) {
        send_due(f, began_us);
        say_due(f, began_us);
    }
    read_slow(f, began_us);
    took_us = clock_us() - began_us;
    n = loop_wait(f->shared.loop, events, EVENTS, wait_us(f, clock_us()));
    began_us = clock_us();
    for (int i = 0; i < n; i++) {
        struct phone *p = &f->phones[(uint32_t)events[i].token];

        if (events[i].token != LOOP_WOKEN && phone_token(p) == events[i].token &&
            p->state != PHONE_OFF)
            phone_event(&f->shared, p, events[i].what, f->shared.handshake_us < HANDSHAKE_US);
    }
    took_us += clock_us() - began_us;
    if (f->phase == PHASE_MEASURE && took_us > f->turn_max_us)
        f->turn_max_us = took_us;
    return true;
}

static void end_crowd(struct fleet *f)
{
    if (f->crowd_begun)
        crowd_end(&f->crowd);
    f->crowd_begun = false;
}

bool fleet_run(struct fleet *f, struct err *e)
{
    f->phase_us = f->began_us = clock_us();
    f->crowd_begun = f->o->storm > 0 && crowd_begin(&f->crowd, e);
    if (f->o->storm > 0 && !f->crowd_begun)
        return false;
    while (f->phase != PHASE_OVER)
        if (!turn(f, e))
            return false;
    end_crowd(f);
    for (uint32_t n = 0; n < clients(f); n++)
        if (fleet_is_checked(f, n))
            account_close(&f->account, &f->phones[n], f->said);
    return true;
}

uint32_t fleet_closed(const struct fleet *f)
{
    return f->closed + atomic_load(&f->crowd.closed);
}

const struct err *fleet_failure(const struct fleet *f)
{
    return f->closed || atomic_load(&f->crowd.closed) == 0 ? &f->first_failure : &f->crowd.failure;
}

uint64_t fleet_wrong(const struct fleet *f)
{
    return account_wrong(&f->account) + fleet_closed(f);
}

/* ---- from nothing ---- */

static bool make_ctx(const struct options *o, struct tls_ctx **ctx, struct phone_shared *s, struct err *e)
{
    uint32_t packages = o->package_count ? o->package_count : 1;

    if (!o->tls)
        return true;
    for (uint32_t i = 0; i < packages; i++) {
        char certificate[512], key[512], ca[512];
        const char *slash = o->package_count ? strrchr(o->package[i], '/') : NULL;
        struct tls_files files = {o->certificate, o->key, o->ca, false};

        if (o->package_count) {
            (void)snprintf(certificate, sizeof certificate, "%s.pem", o->package[i]);
            (void)snprintf(key, sizeof key, "%s.key", o->package[i]);
            (void)snprintf(ca, sizeof ca, "%.*sca.pem",
                           slash ? (int)(slash - o->package[i] + 1) : 0, o->package[i]);
            files = (struct tls_files){certificate, key, o->ca ? o->ca : ca, false};
        }
        if (!tls_client(&files, 0, &ctx[i], e))
            return false;
    }
    s->ctx = ctx;
    return true;
}

/* What the phones of one thread share. */
static bool make_shared(const struct options *o, struct tls_ctx **ctx, struct phone_shared *s, struct err *e)
{
    s->host = o->host;
    s->port = (int)o->port;
    return phone_shared_init(s, e) && loop_new(&s->loop, e) && make_ctx(o, ctx, s, e);
}

static bool make_crowd(struct fleet *f, struct err *e)
{
    struct crowd *c = &f->crowd;

    c->phones = f->phones + clients(f);
    c->first = clients(f);
    c->count = (uint32_t)f->o->storm;
    c->greet = greet;
    c->greet_ctx = f;
    return c->count == 0 || make_shared(f->o, f->crowd_ctx, &c->shared, e);
}

/* A step through all phones that leaves none out: coprime to their number. */
static uint32_t stride_for(uint32_t n)
{
    static const uint32_t primes[] = {7919, 6421, 4099, 2003, 1009, 127, 31};

    for (size_t i = 0; i < COUNTOF(primes); i++)
        if (n % primes[i] != 0)
            return primes[i];
    return 1;
}

static void make_phones(struct fleet *f)
{
    const struct options *o = f->o;

    for (uint32_t n = 0; n < f->count; n++) {
        struct phone *p = &f->phones[n];

        p->n = n;
        p->fd = -1;
        p->wants_v1 = o->form == LOAD_V1 || (o->form == LOAD_MIXED && n % 2 == 0);
        p->slow = n < clients(f) && is_share(n, o->slow_percent);
        p->package = (uint16_t)(o->package_count ? n % o->package_count : 0);
    }
}

/* A quarter of the bytes that are due to each phone. */
static uint64_t quarter(const struct fleet *f)
{
    char text[MARKER_EVENT_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct position at = {.wall_ms = clock_wall_ms()};

    place(f, 0, &at);
    position_put(&at, f->o->form != LOAD_XML, &b);
    return (uint64_t)((double)b.len * f->o->rate_hz * (double)f->o->clients / 4);
}

static bool make(struct fleet *f, struct err *e)
{
    const struct options *o = f->o;
    int files = net_files_max();

    f->count = options_phones(o);
    if (files < (int)f->count + 64)
        return err_set(e, ERR_FULL, "%u phones need more open files than the %d that are allowed",
                       f->count, files);
    f->phones = calloc(f->count, sizeof *f->phones);
    f->said = calloc(f->count, sizeof *f->said);
    f->seen = calloc((size_t)o->clients + 1, 1);
    f->newcomers = calloc((size_t)o->newcomers + 1, sizeof *f->newcomers);
    if (!f->phones || !f->said || !f->seen || !f->newcomers)
        return err_set(e, ERR_WORLD, "no memory for %u phones", f->count);
    make_phones(f);
    f->stride = o->clients ? stride_for(clients(f)) : 1;
    f->shared.says = (struct phone_says){on_phone_event, on_phone_live, on_phone_closed};
    f->shared.says_ctx = f;
    if (!make_shared(o, f->ctx, &f->shared, e) || !account_init(&f->account, o, e) || !make_crowd(f, e))
        return false;
    f->slow_rate = o->slow_rate ? (uint64_t)o->slow_rate : quarter(f);
    return true;
}

bool fleet_new(const struct options *o, struct fleet **out, struct err *e)
{
    struct fleet *f = calloc(1, sizeof *f);

    *out = NULL;
    if (!f)
        return err_set(e, ERR_WORLD, "no memory");
    f->o = o;
    if (make(f, e))
        *out = f;
    else
        fleet_free(f);
    return *out != NULL;
}

void fleet_free(struct fleet *f)
{
    end_crowd(f);
    for (uint32_t n = 0; f->phones && n < f->count; n++)
        phone_close(&f->shared, &f->phones[n]);
    for (uint32_t i = 0; i < OPTIONS_PACKAGES; i++) {
        tls_drop(f->ctx[i]);
        tls_drop(f->crowd_ctx[i]);
    }
    account_fini(&f->account);
    phone_shared_fini(&f->shared);
    phone_shared_fini(&f->crowd.shared);
    loop_free(f->shared.loop);
    loop_free(f->crowd.shared.loop);
    free(f->phones);
    free(f->said);
    free(f->seen);
    free(f->newcomers);
    free(f);
}
