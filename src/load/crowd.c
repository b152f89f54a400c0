#include "load/crowd.h"

#include "os/clock.h"

#include <sys/resource.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    CONNECTS_TURN = 16, /* begun in one turn, before the storm: connect() is dear */
    WAIT_US = 100 * 1000,
};

/* ---- what phones say ---- */

static void on_event(void *ctx, struct phone *p, struct stream_unit u, int64_t now_us)
{
    struct crowd *c = ctx;

    (void)p;
    (void)u;
    atomic_store(&c->heard_us, now_us);
}

static void on_live(void *ctx, struct phone *p)
{
    struct crowd *c = ctx;

    c->open_connects--;
    if (c->done != CROWD_CONNECT)
        phone_drain(p);
    if (c->done == CROWD_STORM && atomic_fetch_add(&c->back, 1) + 1 == c->count)
        atomic_store(&c->back_us, clock_us() - c->storm_from_us);
    atomic_fetch_add(&c->live, 1);
    (void)c->greet(c->greet_ctx, &c->shared, p);
}

static void note_failure(struct crowd *c, const struct err *why)
{
    if (c->failure.kind == ERR_NONE)
        c->failure = *why;
    atomic_fetch_add(&c->closed, 1);
}

static void on_closed(void *ctx, struct phone *p, const char *why)
{
    struct crowd *c = ctx;
    struct err e;

    (void)err_set(&e, ERR_WORLD, "phone %u after %.3f s: %s", p->n, (double)(clock_us() - p->begun_us) / 1e6, why);
    if (p->live_us)
        atomic_fetch_sub(&c->live, 1);
    else
        c->open_connects--;
    note_failure(c, &e);
}

/* ---- connecting ---- */

static void connect_one(struct crowd *c, struct phone *p)
{
    struct err e;

    if (phone_connect(&c->shared, p, &e))
        c->open_connects++;
    else
        note_failure(c, &e);
}

static void connect_some(struct crowd *c)
{
    for (int i = 0; i < CONNECTS_TURN && c->next_connect < c->count && c->open_connects < CROWD_OPEN; i++)
        connect_one(c, &c->phones[c->next_connect++]);
}

static void close_all(struct crowd *c)
{
    for (uint32_t i = 0; i < c->count; i++)
        phone_close(&c->shared, &c->phones[i]);
    atomic_store(&c->live, 0);
    c->open_connects = 0;
}

/* All lose their connections, and come back without a pause. */
static void reconnect(struct crowd *c)
{
    c->storm_from_us = clock_us();
    close_all(c);
    for (uint32_t i = 0; i < c->count; i++)
        connect_one(c, &c->phones[i]);
}

/* ---- the thread ---- */

static void obey(struct crowd *c)
{
    enum crowd_order order = (enum crowd_order)atomic_load(&c->order);

    if (order == c->done)
        return;
    c->done = order;
    if (order == CROWD_DRAIN) {
        for (uint32_t i = 0; i < c->count; i++)
            if (c->phones[i].state == PHONE_LIVE)
                phone_drain(&c->phones[i]);
    } else if (order == CROWD_STORM) {
        reconnect(c);
    }
}

static void turn(struct crowd *c)
{
    struct loop_event events[EVENTS];
    int n;

    connect_some(c);
    n = loop_wait(c->shared.loop, events, EVENTS,
                  c->next_connect < c->count && c->open_connects < CROWD_OPEN ? 0 : WAIT_US);
    for (int i = 0; i < n; i++) {
        struct phone *p;

        if (events[i].token == LOOP_WOKEN)
            continue;
        p = &c->phones[(uint32_t)events[i].token - c->first];
        if (phone_token(p) == events[i].token && p->state != PHONE_OFF)
            phone_event(&c->shared, p, events[i].what, true);
    }
    for (int form = 0; form < 2; form++)
        atomic_store(&c->bytes[form], c->shared.bytes[form]);
}

static void *run(void *arg)
{
    struct crowd *c = arg;

    atomic_store(&c->tid, (int)gettid());
    /* Of this thread alone, as Linux has it.  Less than asked for is no harm. */
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + CROWD_NICE);
    for (obey(c); c->done != CROWD_END; obey(c))
        turn(c);
    close_all(c);
    return NULL;
}

static void tell(struct crowd *c, enum crowd_order order)
{
    atomic_store(&c->order, order);
    loop_wake(c->shared.loop);
}

bool crowd_begin(struct crowd *c, struct err *e)
{
    MUST(c->count > 0 && c->greet && c->shared.loop);
    c->shared.says = (struct phone_says){on_event, on_live, on_closed};
    c->shared.says_ctx = c;
    return pthread_create(&c->thread, NULL, run, c) == 0 ||
           err_set(e, ERR_WORLD, "the thread of those who reconnect does not start");
}

void crowd_drain(struct crowd *c)
{
    tell(c, CROWD_DRAIN);
}

void crowd_storm(struct crowd *c)
{
    tell(c, CROWD_STORM);
}

void crowd_end(struct crowd *c)
{
    tell(c, CROWD_END);
    (void)pthread_join(c->thread, NULL);
}
