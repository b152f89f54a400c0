#include "load/floor.h"

#include "load/meter.h"
#include "os/clock.h"
#include "os/loop.h"
#include "os/net.h"
#include "os/tls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    EVENTS = 256,
    SEND_MAX = 64 * 1024,
    SEND_BUFFER = 64 * 1024, /* as the server sets it */
    DRAIN = 256 * 1024,
    BUCKETS = 64,
    RECORD_COST = 22,
};

struct floor {
    const struct options *o;
    uint32_t n;
    int *far, *near; /* sending and receiving ends */
    double *owed;    /* bytes that are due and not sent yet */
    int64_t tick_us;
    double event_bytes, bytes_us; /* of one event; due to each in a microsecond */
    struct tls_floor *seal;
    char *plain, *sealed, *drain;
    _Atomic bool stop;
    _Atomic uint64_t sent, sends; /* plain bytes; calls */
};

/* The server's own table (edge/tak.c): the more phones, the rarer it sends to each. */
static int64_t tick_for(uint32_t n)
{
    static const struct {
        uint32_t up_to;
        int64_t us;
    } rows[] = {{100, 10000}, {500, 20000}, {1500, 50000}, {4500, 100000}};

    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (n <= rows[i].up_to)
            return rows[i].us;
    return 230000;
}

static size_t seal(struct floor *f, size_t len)
{
    struct buf out = buf_over(f->sealed, SEND_MAX + SEND_MAX / 8);

    for (size_t at = 0; at < len; at += TLS_RECORD) {
        size_t part = len - at < TLS_RECORD ? len - at : TLS_RECORD;

        tls_floor_seal(f->seal, str_of(f->plain + at, part), &out);
    }
    return out.len;
}

static void send_to(struct floor *f, uint32_t i, int64_t elapsed_us)
{
    size_t plain, len, n = 0;

    f->owed[i] += (double)elapsed_us * f->bytes_us;
    plain = f->owed[i] > SEND_MAX ? (size_t)SEND_MAX : (size_t)f->owed[i];
    if (plain == 0)
        return;
    len = f->seal ? seal(f, plain) : plain;
    if (net_send(f->far[i], f->seal ? f->sealed : f->plain, len, &n) != NET_OK)
        return;
    plain = (size_t)((double)plain * (double)n / (double)len);
    f->owed[i] -= (double)plain;
    atomic_fetch_add_explicit(&f->sent, plain, memory_order_relaxed);
    atomic_fetch_add_explicit(&f->sends, 1, memory_order_relaxed);
}

static void *sender(void *arg)
{
    struct floor *f = arg;
    int64_t step_us = f->tick_us / BUCKETS, next_us = clock_us();
    struct loop *pause;
    struct loop_event none[1];
    struct err e;

    (void)pthread_setname_np(pthread_self(), "floor");
    MUST(loop_new(&pause, &e));
    for (uint32_t bucket = 0; !atomic_load(&f->stop); bucket = (bucket + 1) % BUCKETS) {
        int64_t wait_us = next_us - clock_us();

        if (wait_us > 0)
            MUST(loop_wait(pause, none, 1, wait_us) == 0);
        for (uint32_t i = bucket; i < f->n; i += BUCKETS)
            send_to(f, i, f->tick_us);
        next_us += step_us;
    }
    loop_free(pause);
    return NULL;
}

static bool connect_all(struct floor *f, struct loop *loop, struct err *e)
{
    int listener, port;
    bool ok = net_listen(f->o->host, 0, false, &listener, &port, e);

    for (uint32_t i = 0; ok && i < f->n; i++) {
        char from[NET_ADDRESS_MAX];
        bool full = false;

        f->near[i] = net_connect(f->o->host, port, e);
        for (int tries = 0; f->near[i] >= 0 && f->far[i] < 0 && tries < 100000; tries++)
            f->far[i] = net_accept(listener, SEND_BUFFER, from, &full);
        if (f->near[i] >= 0 && f->far[i] < 0)
            (void)err_set(e, ERR_FULL, "only %u of %u connections could be made", i, f->n);
        ok = f->near[i] >= 0 && f->far[i] >= 0 && loop_add(loop, f->near[i], LOOP_READ, i, e);
    }
    net_close(listener);
    return ok;
}

static void drain_for(struct floor *f, struct loop *loop, double seconds)
{
    int64_t until_us = clock_us() + (int64_t)(seconds * 1e6);
    struct loop_event events[EVENTS];

    while (clock_us() < until_us) {
        int n = loop_wait(loop, events, EVENTS, 5000);

        for (int i = 0; i < n; i++)
            (void)recv(f->near[events[i].token], f->drain, DRAIN, MSG_TRUNC);
    }
}

static double sender_cpu(const struct meter *a, const struct meter *b)
{
    for (int i = 0; i < b->thread_count; i++)
        if (strcmp(b->thread[i].name, "floor") == 0)
            return meter_thread_cpu(a, b, b->thread[i].tid);
    return 0;
}

static bool measure(struct floor *f, struct loop *loop, struct report *r, struct err *e)
{
    struct meter a, b;
    uint64_t sent, sends;
    double seconds, events, cpu_s;
    pthread_t thread;

    if (pthread_create(&thread, NULL, sender, f) != 0)
        return err_set(e, ERR_WORLD, "no thread can be started");
    drain_for(f, loop, f->o->warmup_s);
    sent = atomic_load(&f->sent);
    sends = atomic_load(&f->sends);
    MUST(meter_read(0, &a, e));
    drain_for(f, loop, f->o->seconds);
    MUST(meter_read(0, &b, e));
    sent = atomic_load(&f->sent) - sent;
    sends = atomic_load(&f->sends) - sends;
    atomic_store(&f->stop, true);
    MUST(pthread_join(thread, NULL) == 0);
    seconds = (double)(b.at_us - a.at_us) / 1e6;
    events = (double)sent / f->event_bytes;
    cpu_s = sender_cpu(&a, &b);
    report_text(r, "result", "floor");
    report_number(r, "phones", f->n);
    report_number(r, "event_bytes", f->event_bytes);
    report_number(r, "tick_ms", (double)f->tick_us / 1000);
    report_number(r, "deliveries_per_s", events / seconds);
    report_number(r, "due_per_s", (f->n - 1.0) * f->n * f->o->rate_hz);
    report_number(r, "sends_per_s", (double)sends / seconds);
    report_group(r, "floor");
    report_number(r, "cores", cpu_s / seconds);
    report_number(r, "cpu_s_per_million", cpu_s * 1e6 / events);
    report_group(r, NULL);
    return true;
}

static bool prepare(struct floor *f, struct err *e)
{
    f->far = calloc(f->n, sizeof *f->far);
    f->near = calloc(f->n, sizeof *f->near);
    f->owed = calloc(f->n, sizeof *f->owed);
    f->plain = malloc(SEND_MAX);
    f->sealed = malloc(SEND_MAX + SEND_MAX / 8);
    f->drain = malloc(DRAIN);
    f->seal = f->o->tls ? tls_floor_new() : NULL;
    if (!f->far || !f->near || !f->owed || !f->plain || !f->sealed || !f->drain ||
        (f->o->tls && !f->seal))
        return err_set(e, ERR_WORLD, "no memory for %u connections", f->n);
    for (uint32_t i = 0; i < f->n; i++)
        f->far[i] = f->near[i] = -1;
    for (size_t i = 0; i < SEND_MAX; i++)
        f->plain[i] = (char)(i * 131);
    return true;
}

static double event_bytes(const struct options *o)
{
    struct position p = {.lat = 30, .lon = 70, .wall_ms = clock_wall_ms()};
    char text[MARKER_EVENT_MAX];
    struct buf b = buf_over(text, sizeof text);

    position_put(&p, o->form != LOAD_XML, &b);
    return o->event_bytes ? (double)o->event_bytes : (double)b.len;
}

bool floor_run(const struct options *o, struct report *r, struct err *e)
{
    struct floor f = {.o = o, .n = (uint32_t)o->clients, .event_bytes = event_bytes(o)};
    struct loop *loop = NULL;
    double heard = o->neighbours ? (double)o->neighbours : (double)o->clients - 1;
    bool ok;

    _Static_assert(SEND_MAX / 8 > (SEND_MAX / TLS_RECORD + 1) * RECORD_COST, "records fit");
    if (f.n < 2 || net_files_max() < (int)(2 * f.n + 64))
        return err_set(e, ERR_FULL, "--floor needs 2 --clients, and two open files for each");
    f.tick_us = o->tick_ms > 0 ? (int64_t)(o->tick_ms * 1000) : tick_for(f.n);
    f.bytes_us = heard * f.event_bytes * o->rate_hz / 1e6;
    ok =
        prepare(&f, e) && loop_new(&loop, e) && connect_all(&f, loop, e) && measure(&f, loop, r, e);
    for (uint32_t i = 0; f.far && f.near && i < f.n; i++) {
        net_close(f.far[i]);
        net_close(f.near[i]);
    }
    loop_free(loop);
    tls_floor_free(f.seal);
    free(f.far);
    free(f.near);
    free(f.owed);
    free(f.plain);
    free(f.sealed);
    free(f.drain);
    return ok;
}
