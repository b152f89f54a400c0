#include "edge/tak.h"

#include "edge/conn.h"
#include "os/clock.h"
#include "os/log.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    ACCEPTS = 64,        /* new connections taken in one turn */
    BULK_US = 1500,      /* work on the picture for newcomers in one turn; on who comes and goes: edge/joins.h */
    MESSAGES_US = 2000,  /* on what the record answers */
    EVENTS = 512,
    TICK_MS = 100,
    TRIM_AFTER_MS = 2000,
    CLIENTS_MS = 2000,
    TOKEN_TLS = 0x40000000,
    TOKEN_TCP = 0x40000001,
};

/* The flush period for so many clients of all loops: a few sends a second are the cost that
 * counts, so the more there are the rarer (performance.md section 6). */
static int64_t period_us(uint32_t clients)
{
    static const struct {
        uint32_t up_to;
        int64_t us;
    } rows[] = {{100, 10000}, {500, 20000}, {1500, 50000}, {4500, 100000}};

    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (clients <= rows[i].up_to)
            return rows[i].us;
    return 230000;
}

/* ----------------------------------------------------------------- pace -- */

static void flush_part(struct tak_loop *l, uint32_t part)
{
    for (uint32_t i = part; i < l->used; i += WHEEL_PARTS) {
        struct conn *c = &l->conns[i];

        if (c->state == CONN_LIVE && !c->gone && !c->wants_write && !(c->queued_in & l->bulk.bit) &&
            session_is_behind(&c->s, l->h->river))
            conn_flush(l, c);
    }
}

/* Flushes that are due go before everything else: called after each piece of other work. */
static void keep_pace(struct tak_loop *l)
{
    int64_t now = clock_us();

    while (wheel_is_due(&l->wheel, now)) {
        int64_t begun = now;

        flush_part(l, wheel_take(&l->wheel, now, period_us(atomic_load(&l->h->river->sessions))));
        now = clock_us();
        wheel_spend(&l->wheel, now - begun);
    }
}

/* --------------------------------------------------------------- accept -- */

static struct conn *take_conn(struct tak_loop *l)
{
    struct conn *c;
    uint32_t born;

    if (l->free_list) {
        c = &l->conns[l->free_list - 1];
        l->free_list = c->next_free;
    } else if (l->used < l->max) {
        c = &l->conns[l->used++];
    } else {
        return NULL;
    }
    born = c->s.born + 1;
    memset(c, 0, sizeof *c);
    session_init(&c->s, conn_slot(l, c), born);
    return c;
}

/* The next of a queue that is still there, NULL when the queue is empty. */
static struct conn *dequeue(struct tak_loop *l, struct conn_queue *q)
{
    while (q->count) {
        struct conn *c = &l->conns[q->at[q->first]];

        q->first = (q->first + 1) % l->max;
        q->count--;
        c->queued_in &= (uint8_t)~q->bit;
        if (c->state != CONN_FREE)
            return c;
        if (c->queued_in == 0) { /* closed while it waited; its place is free now */
            c->next_free = l->free_list;
            l->free_list = (uint32_t)(c - l->conns) + 1;
        }
    }
    return NULL;
}

/* Room for somebody new when all places are taken: the oldest that has not said
 * who it is gives way. */
static bool evict_halfopen(struct tak_loop *l)
{
    struct conn *oldest = NULL;

    for (uint32_t i = 0; i < l->used; i++) {
        struct conn *c = &l->conns[i];

        if ((c->state == CONN_TLS || c->state == CONN_AUTH) && (!oldest || c->accepted_ms < oldest->accepted_ms))
            oldest = c;
    }
    if (oldest)
        conn_close(l, oldest, "all places are taken and it has not said who it is");
    return oldest != NULL;
}

/* Somebody leaves now, or was closed while he waited for it: either way his place is free. */
static void leave_one(struct tak_loop *l)
{
    struct conn *c = dequeue(l, &l->leaves);

    if (c)
        conn_close(l, c, "the client closed");
}

static struct conn *find_place(struct tak_loop *l)
{
    struct conn *c = take_conn(l);

    while (!c && l->leaves.count) {
        leave_one(l);
        c = take_conn(l);
    }
    if (!c && evict_halfopen(l))
        c = take_conn(l);
    return c;
}

/* A new connection in its place, watched; NULL: there is none, and fd is closed. */
static struct conn *new_conn(struct tak_loop *l, int fd, const char *from, bool is_tls)
{
    struct conn *c = find_place(l);
    struct err e;

    if (!c) {
        log_line(LOG_WARN, "tak.full", "peer=%s clients=%u", from, l->open);
        net_close(fd);
        return NULL;
    }
    c->fd = fd;
    c->is_tls = is_tls;
    c->state = CONN_TLS;
    c->accepted_ms = clock_ms();
    (void)snprintf(c->address, sizeof c->address, "%s", from);
    l->open++;
    l->halfopen++;
    hub_count(&l->h->metrics.accepted, 1);
    if (loop_add(l->loop, fd, LOOP_READ, conn_token(l, c), &e))
        return c;
    c->unwatched = true;
    conn_close(l, c, e.text);
    return NULL;
}

static void accept_one(struct tak_loop *l, int fd, const char *from, bool is_tls)
{
    struct conn *c = new_conn(l, fd, from, is_tls);

    if (c && !is_tls) {
        struct ask_head head = {.ask = ASK_JOIN, .sender = c->s.slot, .handle = session_handle(&c->s),
                                .at_ms = clock_wall_ms()};
        char text[256];
        struct buf b = buf_over(text, sizeof text);

        c->state = CONN_ASKING;
        loop_change(l->loop, fd, 0, conn_token(l, c));
        fields_put(&b, FIELD_NAME, STR("plain-tcp"));
        fields_put(&b, FIELD_ADDRESS, str_from(c->address));
        if (!hub_ask(l->h, &head, buf_str(&b)))
            conn_close(l, c, "the record cannot keep up: try again");
    }
}

static void accept_some(struct tak_loop *l, int listener, bool is_tls)
{
    for (int i = 0; i < ACCEPTS; i++) {
        char from[NET_ADDRESS_MAX];
        bool full = false;
        int fd = net_accept(listener, TAK_SEND_BUFFER, from, &full);

        if (full) { /* not again before the next tick: the loop would spin */
            log_line(LOG_ERROR, "tak.files", "reason=\"no file descriptor is left: raise LimitNOFILE\"");
            loop_change(l->loop, listener, 0, is_tls ? TOKEN_TLS : TOKEN_TCP);
            l->deaf = true;
        }
        if (fd < 0)
            return;
        accept_one(l, fd, from, is_tls);
        keep_pace(l);
    }
}

/* ----------------------------------------------------------- handshakes -- */

static void queue_handshake(struct tak_loop *l, struct conn *c)
{
    if (c->queued_in & l->handshakes.bit)
        return;
    loop_change(l->loop, c->fd, 0, conn_token(l, c)); /* not again until its turn */
    c->queued_ms = clock_ms();
    conn_enqueue(l, &l->handshakes, c);
}

/* Those who leave, within the budget of those who come.  A thousand at once are as many rows of the record and as many
 * events for everybody; they go first, so that whoever comes back finds that he left. */
static void run_leaves(struct tak_loop *l)
{
    while (l->leaves.count && joins_has(&l->joins)) {
        int64_t begun = clock_us();

        leave_one(l);
        joins_spend(&l->joins, clock_us() - begun);
        keep_pace(l);
    }
}

/* First come, first served, within the budget: a thousand that come back at once
 * must not delay those who are there. */
static void run_handshakes(struct tak_loop *l)
{
    struct conn *c;

    while (joins_has(&l->joins) && (c = dequeue(l, &l->handshakes)) != NULL) {
        int64_t begun = clock_us();

        c->accepted_ms += clock_ms() - c->queued_ms; /* our own queue is not the client's delay */
        conn_handshake(l, c);
        if (c->state == CONN_TLS)
            loop_change(l->loop, c->fd, LOOP_READ | (c->wants_write ? (unsigned)LOOP_WRITE : 0u),
                        conn_token(l, c));
        joins_spend(&l->joins, clock_us() - begun);
        keep_pace(l);
    }
}

/* The whole picture for newcomers, in turns and within a budget, for the same reason. */
static void run_bulk(struct tak_loop *l)
{
    int64_t left = BULK_US;
    struct conn *c;

    while (left > 0 && (c = dequeue(l, &l->bulk)) != NULL) {
        int64_t begun = clock_us();

        conn_flush(l, c);
        if (c->state == CONN_LIVE && !c->gone && !c->wants_write && !c->s.roster_done)
            conn_enqueue(l, &l->bulk, c);
        left -= clock_us() - begun;
        keep_pace(l);
    }
}

/* ---------------------------------------------------------------- events - */

/* The socket takes bytes again. */
static void conn_writable(struct tak_loop *l, struct conn *c)
{
    if (!conn_is_bulk(c)) {
        conn_flush(l, c);
        return;
    }
    loop_change(l->loop, c->fd, LOOP_READ, conn_token(l, c));
    c->wants_write = false;
    conn_enqueue(l, &l->bulk, c);
}

static void on_event(struct tak_loop *l, const struct loop_event *ev)
{
    struct conn *c;

    if (ev->token == LOOP_WOKEN)
        return;
    if (ev->token == TOKEN_TLS || ev->token == TOKEN_TCP) {
        accept_some(l, ev->token == TOKEN_TLS ? l->tls_fd : l->tcp_fd, ev->token == TOKEN_TLS);
        return;
    }
    MUST((uint32_t)ev->token < l->used);
    c = &l->conns[(uint32_t)ev->token];
    if (conn_token(l, c) != ev->token)
        return; /* closed since, and somebody else has its place */
    if (c->state == CONN_TLS) {
        queue_handshake(l, c);
        return;
    }
    if (c->state == CONN_AUTH) {
        conn_auth_readable(l, c);
        return;
    }
    if (c->state == CONN_ASKING && ev->what & LOOP_GONE) {
        conn_close(l, c, "the client closed before it was let in");
        return;
    }
    if (c->state == CONN_LIVE && ev->what & LOOP_WRITE)
        conn_writable(l, c);
    if (c->state == CONN_LIVE && ev->what & (LOOP_READ | LOOP_GONE))
        conn_readable(l, c);
}

static struct conn *by_handle(struct tak_loop *l, uint64_t handle)
{
    uint32_t slot = (uint32_t)handle & 0x7fffffffu;
    uint32_t i = slot / (uint32_t)l->h->loop_count;
    struct conn *c = i < l->used ? &l->conns[i] : NULL;

    return c && c->state != CONN_FREE && session_handle(&c->s) == handle ? c : NULL;
}

/* The user is shut out: for every session of that user. */
static void shut_out(struct tak_loop *l, const struct session_user *u)
{
    for (uint32_t i = 0; i < l->used; i++)
        if (l->conns[i].state == CONN_LIVE && l->conns[i].s.user.id == u->id)
            conn_close(l, &l->conns[i], "its user or certificate was revoked");
}

/* Other groups, or the device was admitted. */
static void regroup(struct tak_loop *l, struct conn *c, const struct session_user *u)
{
    l->feeding = c;
    hub_lock(l->h);
    session_set_user(&c->s, l->h->river, &l->world, u);
    hub_unlock(l->h);
    conn_flush(l, c);
}

/* Those agencies hear more than before: what stands already comes to them, too. */
static void show_pictures(struct tak_loop *l, struct str agencies)
{
    const struct sets *sets = l->h->river->sets;

    MUST(agencies.len == SETS_AGENCIES / 8);
    for (uint32_t i = 0; i < l->used; i++) {
        struct conn *c = &l->conns[i];
        uint8_t agency = sets->out_of[c->s.user.out_set];

        if (c->state != CONN_LIVE || !((unsigned char)agencies.at[agency / 8] >> (agency % 8) & 1))
            continue;
        session_picture(&c->s, l->h->river);
        conn_enqueue(l, &l->bulk, c);
    }
}

/* One that was asked for: not again while the last is on its way. */
static void show_picture_of(struct tak_loop *l, struct str user)
{
    int64_t id;

    MUST(user.len == sizeof id);
    memcpy(&id, user.at, sizeof id);
    for (uint32_t i = 0; i < l->used; i++) {
        struct conn *c = &l->conns[i];

        if (c->state != CONN_LIVE || c->s.user.id != id || !c->s.roster_done)
            continue;
        session_picture(&c->s, l->h->river);
        conn_enqueue(l, &l->bulk, c);
    }
}

/* A connection on its way to a loop. */
struct adopted {
    int fd;
    struct tls_ctx *ctx;
    char from[NET_ADDRESS_MAX];
};

static void adopt(struct tak_loop *l, const struct adopted *a)
{
    struct conn *c = new_conn(l, a->fd, a->from, a->ctx != NULL);

    if (c) {
        c->auth = true;
        c->tls = a->ctx ? tls_new(a->ctx) : NULL;
    }
    if (a->ctx)
        tls_drop(a->ctx);
    if (c && a->ctx && !c->tls)
        conn_close(l, c, "no memory for TLS");
    else if (c && !a->ctx)
        conn_auth_begin(l, c, (struct str){0});
}

static void on_message(struct tak_loop *l, struct str m)
{
    struct tell_head head;
    struct session_user user = {0};
    struct adopted adopted;
    struct str body;
    struct conn *c;

    MUST(m.len >= sizeof head);
    memcpy(&head, m.at, sizeof head);
    body = str_from_at(m, sizeof head);
    c = by_handle(l, head.handle);
    if (head.tell != TELL_MISSED && head.tell != TELL_DENIED && body.len == sizeof user)
        memcpy(&user, body.at, sizeof user);
    switch ((enum tell)head.tell) {
    case TELL_JOINED:
        if (c && c->state == CONN_ASKING)
            conn_join(l, c, &user);
        break;
    case TELL_DENIED:
        if (c) {
            char why[ERR_TEXT_MAX];

            (void)str_copy(why, sizeof why, body);
            conn_close(l, c, why);
        }
        break;
    case TELL_MISSED:
        if (c && c->state == CONN_LIVE)
            conn_missed(l, c, body, head.more);
        break;
    case TELL_CUT:
        if (c && c->state == CONN_LIVE)
            conn_missed_cut(l, c, body);
        break;
    case TELL_GROUPS:
        if (c && c->state == CONN_LIVE)
            regroup(l, c, &user);
        break;
    case TELL_PICTURE: show_pictures(l, body); break;
    case TELL_PICTURE_OF: show_picture_of(l, body); break;
    case TELL_ADOPT:
        MUST(body.len == sizeof adopted);
        memcpy(&adopted, body.at, sizeof adopted);
        adopt(l, &adopted);
        break;
    case TELL_CLOSE:
        if (user.id)
            shut_out(l, &user);
        else if (c)
            conn_close(l, c, "its certificate was revoked");
        break;
    }
}

/* One commit may let in hundreds: the rest waits for the next turn. */
static void take_messages(struct tak_loop *l)
{
    int64_t left = MESSAGES_US;
    size_t len;
    char *to = l->message + HUB_MESSAGE_MAX; /* behind what the connections use */

    while (left > 0 && mailbox_take(l->h->to_loop[l->index], to, HUB_MESSAGE_MAX, &len)) {
        int64_t begun = clock_us();

        on_message(l, str_of(to, len));
        left -= clock_us() - begun;
        keep_pace(l);
    }
}

/* ----------------------------------------------------------------- flush - */

/* Something urgent in the must ring goes to everybody now, not at the next turn of
 * the wheel. */
static void flush_urgent(struct tak_loop *l)
{
    const struct ring *must = &l->h->river->must;
    uint64_t head = ring_head(must), at = l->must_seen;
    bool urgent = ring_lapped(must, at);

    for (; at < head && !urgent; at++)
        urgent = ring_hot(must, at)->flags & RING_URGENT;
    l->must_seen = head;
    for (uint32_t i = 0; urgent && i < l->used; i++)
        if (l->conns[i].state == CONN_LIVE && !l->conns[i].pending && l->conns[i].s.must_at != head)
            conn_flush(l, &l->conns[i]);
}

static void notice_news(struct tak_loop *l)
{
    uint64_t live = ring_head(&l->h->river->live);

    if (ring_head(&l->h->river->must) != l->must_seen) {
        flush_urgent(l);
        wheel_news(&l->wheel, clock_us());
    }
    if (live != l->live_seen) {
        l->live_seen = live;
        wheel_news(&l->wheel, clock_us());
    }
}

/* ------------------------------------------------------------- housework - */

static void show_client(struct tak_loop *l, struct conn *c)
{
    struct hub_client *to = &l->h->clients[c->s.slot];
    struct river *r = l->h->river;

    if (c->state != CONN_LIVE)
        return;
    to->handle = session_handle(&c->s);
    (void)snprintf(to->user, sizeof to->user, "%s", c->s.user.name);
    (void)snprintf(to->agency, sizeof to->agency, "%s", c->s.user.agency);
    (void)snprintf(to->address, sizeof to->address, "%s", c->address);
    (void)snprintf(to->tls, sizeof to->tls, "%s", c->is_tls ? c->peer.version : "");
    to->uid[0] = to->callsign[0] = 0;
    if (c->s.unit != UNIT_NONE && atomic_load(&r->units.conn[c->s.unit]) == to->handle) {
        (void)str_copy(to->uid, sizeof to->uid, units_at(&r->units, c->s.unit)->uid);
        (void)str_copy(to->callsign, sizeof to->callsign, units_at(&r->units, c->s.unit)->callsign);
    }
    to->live = c->s.roster_done;
    to->v1 = c->s.form == FORM_PROTO;
    to->held = c->s.user.held;
    to->since_ms = c->since_wall_ms;
    to->lag_ms = c->s.lag_ms;
    to->sent_bytes = c->sent_bytes;
    to->conflated = c->s.count.conflated;
}

static void listen_again(struct tak_loop *l)
{
    l->deaf = false;
    if (l->tls_fd >= 0)
        loop_change(l->loop, l->tls_fd, LOOP_READ, TOKEN_TLS);
    if (l->tcp_fd >= 0)
        loop_change(l->loop, l->tcp_fd, LOOP_READ, TOKEN_TCP);
}

/* Handshakes leave holes in the heap, and the pictures of newcomers buffers that nobody uses: once a storm of them is
 * over they are given back, the buffers in the first moment when none of them is in use. */
static void trim_memory(struct tak_loop *l, struct now now)
{
    uint64_t done = atomic_load_explicit(&l->h->metrics.handshakes, memory_order_relaxed);

    if (done != l->handshakes_seen) {
        l->handshakes_seen = done;
        l->trim_at_ms = now.mono_ms + TRIM_AFTER_MS;
        l->trim_slab = true;
    } else if (l->trim_at_ms && now.mono_ms >= l->trim_at_ms) {
        l->trim_at_ms = 0;
        (void)malloc_trim(0);
    }
    if (l->trim_slab && l->trim_at_ms == 0 && slab_begin_anew(&l->slab)) {
        l->trim_slab = false;
        (void)madvise(l->slab.region, l->slab.size, MADV_DONTNEED);
    }
}

/* A picture that took more sends than one flush may do, when nothing else happens:
 * the wheel turns once more. */
static void wake_wheel(struct tak_loop *l)
{
    for (uint32_t i = 0; i < l->used && l->wheel.left == 0; i++) {
        struct conn *c = &l->conns[i];

        if (c->state != CONN_LIVE || c->gone || c->wants_write || !session_is_behind(&c->s, l->h->river))
            continue;
        wheel_news(&l->wheel, clock_us());
    }
}

static void tick(struct tak_loop *l, struct now now)
{
    bool show = now.mono_ms >= l->next_clients_ms &&
                atomic_load_explicit(&l->h->clients_wanted_ms, memory_order_relaxed) > now.mono_ms;

    if (l->deaf)
        listen_again(l);
    trim_memory(l, now);
    l->tickets = 0;
    for (uint32_t i = 0; i < l->used; i++)
        if (l->conns[i].state != CONN_FREE)
            conn_tick(l, &l->conns[i], now);
    wake_wheel(l);
    hub_lock(l->h);
    if (l->index == 0)
        river_tick(l->h->river, now);
    for (uint32_t i = 0; show && i < l->used; i++)
        show_client(l, &l->conns[i]);
    l->h->clients_version += show;
    hub_unlock(l->h);
    if (show)
        l->next_clients_ms = now.mono_ms + CLIENTS_MS;
    l->next_tick_ms = now.mono_ms + TICK_MS;
}

/* Emergencies that the record's queue had no room for (under the lock). */
static void ask_again(struct tak_loop *l, struct now now)
{
    const struct flight *f;

    while ((f = river_to_ask(l->h->river))) {
        struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)f->kind, .sender = RING_NO_SENDER,
                                .ticket = f->ticket, .at_ms = now.wall_ms};

        if (!hub_ask(l->h, &head, str_of(f->payload, f->len)))
            return;
        river_asked(l->h->river, f->ticket);
    }
}

/* Emergencies that waited 100 ms for the disk go out now (loop 0 looks). */
static void relay_overdue(struct tak_loop *l, struct now now)
{
    uint32_t n;

    if (l->index != 0 || l->h->river->flights_open == 0)
        return;
    hub_lock(l->h);
    n = river_relay_overdue(l->h->river, now);
    ask_again(l, now);
    if (n)
        hub_alarm(l->h, "unrecorded", "crit",
                  "An emergency was relayed before it could be written to the disk. Check the disk of this computer.");
    hub_unlock(l->h);
    if (n) {
        log_line(LOG_ERROR, "record.late", "relayed=%u reason=\"the disk did not answer within 100 ms\"", n);
        l->h->wake_loops(l->h);
    }
}

static int64_t timeout_us(struct tak_loop *l, struct now now)
{
    int64_t until = (l->next_tick_ms - now.mono_ms) * 1000;

    if (l->bulk.count || mailbox_next(l->h->to_loop[l->index]))
        return 0;
    if (l->handshakes.count || l->leaves.count) {
        int64_t join = joins_wait_us(&l->joins, clock_us());

        until = join < until ? join : until;
    }
    if (l->wheel.left) {
        int64_t flush = l->wheel.next_us - clock_us();

        until = flush < until ? flush : until;
    }
    if (l->index == 0 && l->h->river->flights_open) {
        int64_t soon = 5000;

        until = soon < until ? soon : until;
    }
    return until > 0 ? until : 0;
}

static void swap_ctx(struct tak_loop *l)
{
    struct tls_ctx *fresh = atomic_exchange(&l->new_ctx, NULL);

    if (!fresh)
        return;
    tls_drop(l->ctx);
    l->ctx = fresh;
}

static void last_flush(struct tak_loop *l)
{
    while (l->leaves.count)
        leave_one(l);
    for (uint32_t i = 0; i < l->used; i++) {
        struct conn *c = &l->conns[i];
        struct buf out = buf_over(l->cipher_buf, CONN_CIPHER);

        if (c->state != CONN_LIVE)
            continue;
        conn_flush(l, c);
        if (c->state == CONN_LIVE && c->is_tls && !c->pending) {
            size_t n;

            tls_goodbye(c->tls, &out);
            if (net_send(c->fd, out.at, out.len, &n) == NET_CLOSED)
                log_line(LOG_DEBUG, "tak.goodbye", "peer=%s lost", c->address);
        }
        if (c->state == CONN_LIVE)
            net_close(c->fd);
    }
}

static void *run(void *arg)
{
    struct tak_loop *l = arg;
    struct loop_event events[EVENTS];

    joins_init(&l->joins, clock_us());
    while (!atomic_load(&l->h->stopping)) {
        struct now now = hub_now();
        int64_t since, until;
        int n;

        atomic_store(&l->sleeping, l->wheel.left == 0);
        notice_news(l); /* after the flag is up: a wake cannot be lost between */
        since = clock_us();
        n = loop_wait(l->loop, events, EVENTS, timeout_us(l, now));
        until = clock_us();
        joins_turn(&l->joins, until, until - since);
        atomic_store(&l->sleeping, false);
        wheel_turn(&l->wheel);
        for (int i = 0; i < n; i++) {
            on_event(l, &events[i]);
            keep_pace(l);
        }
        take_messages(l);
        swap_ctx(l);
        run_leaves(l);
        run_handshakes(l);
        run_bulk(l);
        notice_news(l);
        now = hub_now();
        relay_overdue(l, now);
        keep_pace(l);
        if (now.mono_ms >= l->next_tick_ms)
            tick(l, now);
        if (l->h->loop_count > 1 && l->wheel.left == WHEEL_PARTS + 1)
            for (int i = 0; i < l->h->loop_count; i++)
                if (atomic_load(&l->h->loops[i]->sleeping))
                    loop_wake(l->h->loops[i]->loop);
    }
    last_flush(l);
    return NULL;
}

/* ----------------------------------------------------------------- start - */

static void wake(void *ctx)
{
    loop_wake(((struct tak_loop *)ctx)->loop);
}

static void wake_loops(struct hub *h)
{
    for (int i = 0; i < h->loop_count; i++)
        loop_wake(h->loops[i]->loop);
}

static bool server_ctx(const struct hub *h, struct tls_ctx **out, struct err *e)
{
    char certificate[300], key[300], ca[300];
    struct tls_files files = {certificate, key, ca, h->openssl_seals};

    (void)snprintf(certificate, sizeof certificate, "%s/ca/server.pem", h->dir);
    (void)snprintf(key, sizeof key, "%s/ca/server.key", h->dir);
    (void)snprintf(ca, sizeof ca, "%s/ca/trust.pem", h->dir);
    return tls_server(&files, out, e);
}

static void *map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

/* Memory of one loop; pages that are not used cost nothing. */
static bool loop_memory(struct tak_loop *l, struct err *e)
{
    char *region = map(TAK_BUFFERS);

    l->conns = map(l->max * sizeof *l->conns);
    l->handshakes = (struct conn_queue){map(l->max * sizeof(uint32_t)), 0, 0, 1};
    l->bulk = (struct conn_queue){map(l->max * sizeof(uint32_t)), 0, 0, 2};
    l->leaves = (struct conn_queue){map(l->max * sizeof(uint32_t)), 0, 0, 4};
    l->recv_buf = map(CONN_PLAIN);
    l->plain_buf = map(CONN_PLAIN);
    l->cipher_buf = map(CONN_CIPHER);
    l->message = map(2 * HUB_MESSAGE_MAX);
    if (!region || !l->conns || !l->handshakes.at || !l->bulk.at || !l->leaves.at || !l->recv_buf || !l->plain_buf ||
        !l->cipher_buf || !l->message)
        return err_set(e, ERR_WORLD, "no memory for %u clients: lower clients_max", l->max);
    slab_init(&l->slab, region, TAK_BUFFERS);
    return true;
}

static bool listen_on(struct tak_loop *l, const char *address, int *port, uint64_t token, int *fd, struct err *e)
{
    int bound;

    if (*port == 0)
        return true;
    if (!net_listen(address, *port, l->h->loop_count > 1, fd, &bound, e))
        return false;
    return loop_add(l->loop, *fd, LOOP_READ, token, e);
}

static bool start_loop(struct hub *h, struct tak_config *c, int index, struct err *e)
{
    struct tak_loop *l = calloc(1, sizeof *l);

    if (!l)
        return err_set(e, ERR_WORLD, "no memory for a loop thread");
    l->h = h;
    l->index = index;
    l->tls_fd = l->tcp_fd = -1;
    l->max = c->clients_max / (uint32_t)c->loops + 1;
    h->loops[index] = l;
    conn_world(l);
    if (!loop_memory(l, e) || !loop_new(&l->loop, e))
        return false;
    if (c->tls_port && !server_ctx(h, &l->ctx, e))
        return false;
    if (!listen_on(l, c->address, &c->tls_port, TOKEN_TLS, &l->tls_fd, e) ||
        !listen_on(l, c->tcp_address, &c->tcp_port, TOKEN_TCP, &l->tcp_fd, e))
        return false;
    h->to_loop[index] = mailbox_new(8u << 20, wake, l);
    if (!h->to_loop[index])
        return err_set(e, ERR_WORLD, "no memory for a loop's mailbox");
    l->must_seen = ring_head(&h->river->must);
    return true;
}

bool tak_start(struct hub *h, struct tak_config *c, struct err *e)
{
    MUST(c->loops >= 1 && c->loops <= HUB_LOOPS_MAX);
    h->loop_count = c->loops;
    for (int i = 0; i < c->loops; i++)
        if (!start_loop(h, c, i, e))
            return false;
    h->wake_loops = wake_loops;
    for (int i = 0; i < c->loops; i++)
        if (pthread_create(&h->loops[i]->thread, NULL, run, h->loops[i]) != 0)
            return err_set(e, ERR_WORLD, "a loop thread does not start");
    return true;
}

bool tak_reload(struct hub *h, struct err *e)
{
    for (int i = 0; i < h->loop_count; i++) {
        struct tls_ctx *fresh, *unused;

        if (!h->loops[i]->ctx)
            continue;
        if (!server_ctx(h, &fresh, e))
            return false;
        unused = atomic_exchange(&h->loops[i]->new_ctx, fresh);
        if (unused)
            tls_drop(unused);
        loop_wake(h->loops[i]->loop);
    }
    return true;
}

bool tak_open_ctx(const struct hub *h, struct tls_ctx **out, struct err *e)
{
    char certificate[300], key[300];
    struct tls_files files = {certificate, key, NULL, h->openssl_seals};

    (void)snprintf(certificate, sizeof certificate, "%s/ca/server.pem", h->dir);
    (void)snprintf(key, sizeof key, "%s/ca/server.key", h->dir);
    return tls_server_open(&files, out, e);
}

bool tak_adopt(struct hub *h, int fd, struct tls_ctx *ctx, const char *from)
{
    struct tell_head head = {.tell = TELL_ADOPT};
    struct adopted a = {.fd = fd, .ctx = ctx};
    struct mailbox *to = h->to_loop[fd % h->loop_count];

    (void)snprintf(a.from, sizeof a.from, "%s", from);
    if (ctx)
        (void)tls_keep(ctx);
    if (mailbox_put(to, str_of(&head, sizeof head), str_of(&a, sizeof a)))
        return true;
    if (ctx)
        tls_drop(ctx);
    return false;
}

void tak_stop(struct hub *h)
{
    MUST(atomic_load(&h->stopping));
    wake_loops(h);
    for (int i = 0; i < h->loop_count; i++)
        (void)pthread_join(h->loops[i]->thread, NULL);
}
