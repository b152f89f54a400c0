#include "edge/conn.h"

#include "os/clock.h"
#include "os/log.h"

#include <stdlib.h>

/* ------------------------------------------------------------- the world -- */

static void world_lock(void *ctx)
{
    hub_lock(((struct tak_loop *)ctx)->h);
}

static void world_unlock(void *ctx)
{
    hub_unlock(((struct tak_loop *)ctx)->h);
}

static struct ask_head ask_of(const struct conn *c, enum ask ask)
{
    return (struct ask_head){.ask = (uint8_t)ask,
                             .sender = c->s.slot,
                             .handle = session_handle(&c->s),
                             .at_ms = clock_wall_ms()};
}

static bool world_record(void *ctx, struct session *s, enum event_id kind, struct str payload, uint64_t ticket)
{
    struct tak_loop *l = ctx;
    struct ask_head head = ask_of(l->feeding, ASK_ROW);

    MUST(&l->feeding->s == s);
    head.kind = (uint16_t)kind;
    head.ticket = ticket;
    if (hub_ask(l->h, &head, payload))
        return true;
    hub_count(&l->h->metrics.record_full, 1);
    return false;
}

/* A refusal is told in the log each time and in the journal now and then. */
static void world_refused(void *ctx, struct session *s, const char *reason)
{
    struct tak_loop *l = ctx;
    struct conn *c = l->feeding;
    struct ask_head head = ask_of(c, ASK_ROW);
    int64_t now = clock_ms();
    char text[1024], quoted[ERR_TEXT_MAX * 2], user[160];
    struct buf b = buf_over(text, sizeof text);

    hub_count(&l->h->metrics.refused_events, 1);
    hub_count(&l->h->metrics.refused_by[hub_reason(reason)], 1);
    log_line(LOG_WARN, "tak.refused", "peer=%s user=%s reason=%s", c->address,
             log_quote(user, sizeof user, str_from(s->user.name)),
             log_quote(quoted, sizeof quoted, str_from(reason)));
    c->refused_untold++;
    if (c->refused_ms && now - c->refused_ms < CONN_REFUSAL_MS)
        return;
    c->refused_ms = now;
    head.kind = EV_EVENT_REFUSED;
    fields_put(&b, FIELD_USER, str_from(s->user.name));
    fields_put(&b, FIELD_ADDRESS, str_from(c->address));
    fields_put(&b, FIELD_REASON, str_from(reason));
    fields_put_int(&b, FIELD_SIZE, (int64_t)c->refused_untold);
    c->refused_untold = 0;
    if (!hub_ask(l->h, &head, buf_str(&b)))
        hub_count(&l->h->metrics.record_full, 1); /* the log line above has it */
}

/* What did this device miss?  When the record's queue is full it is asked again with
 * the next tick; until the answer nothing counts as arrived. */
static void ask_missed(struct tak_loop *l, struct conn *c, struct str uid, struct str callsign)
{
    struct ask_head head = ask_of(c, ASK_MISSED);
    char text[2 * LIMIT_UID + 64];
    struct buf b = buf_over(text, sizeof text);

    head.ticket = c->missed_upto;
    fields_put(&b, FIELD_UID, uid);
    fields_put(&b, FIELD_CALLSIGN, callsign);
    fields_put_int(&b, FIELD_REF, (int64_t)c->s.join_seq);
    fields_put_int(&b, FIELD_OUT, c->s.user.out_set);
    fields_put_int(&b, FIELD_TICKET, (int64_t)c->missed_from);
    c->missed_done = false;
    c->missed_unasked = !hub_ask(l->h, &head, buf_str(&b));
    if (c->missed_unasked)
        hub_count(&l->h->metrics.record_full, 1);
}

static void world_bound(void *ctx, struct session *s, struct str uid, struct str callsign)
{
    struct tak_loop *l = ctx;

    l->feeding->missed_upto = s->must_seen;
    l->feeding->missed_from = 0;
    l->feeding->missed_cut = false;
    ask_missed(l, l->feeding, uid, callsign);
}

void conn_world(struct tak_loop *l)
{
    l->world = (struct session_world){.ctx = l, .lock = world_lock, .unlock = world_unlock, .record = world_record,
                                      .refused = world_refused, .bound = world_bound};
}

/* ----------------------------------------------------------------- close -- */

static void give(struct tak_loop *l, char **block, uint32_t size)
{
    if (*block)
        slab_give(&l->slab, *block, size);
    *block = NULL;
}

/* Tells the record that it left, with the devices that nobody holds any more. */
static void tell_left(struct tak_loop *l, struct conn *c, const char *reason)
{
    struct ask_head head = ask_of(c, ASK_LEAVE);
    struct buf b = buf_over(l->message, HUB_MESSAGE_MAX / 2);

    head.kind = EV_CLIENT_LEFT;
    hub_lock(l->h);
    session_leave(&c->s, l->h->river, &b);
    l->h->clients[c->s.slot].handle = 0;
    l->h->clients_version++;
    hub_unlock(l->h);
    fields_put(&b, FIELD_ADDRESS, str_from(c->address));
    fields_put(&b, FIELD_SERIAL, str_from(c->peer.serial));
    fields_put(&b, FIELD_REASON, str_from(reason));
    if (!hub_ask(l->h, &head, buf_str(&b)))
        log_line(LOG_ERROR, "record.full", "lost=client.left peer=%s", c->address);
}

/* What the session counted since the last time, for /metrics. */
static void tell_counts(struct tak_loop *l, struct conn *c)
{
    const struct session_counts *is = &c->s.count;
    struct hub_metrics *m = &l->h->metrics;

    hub_count(&m->delivered, is->delivered - c->told.delivered);
    hub_count(&m->conflated, is->conflated - c->told.conflated);
    hub_count(&m->lapped, is->lapped - c->told.lapped);
    hub_count(&m->held_back, is->held_back - c->told.held_back);
    c->told = *is;
}

void conn_close(struct tak_loop *l, struct conn *c, const char *reason)
{
    char quoted[256], user[160];

    if (c->state == CONN_FREE)
        return;
    log_line(LOG_INFO, "tak.closed", "peer=%s user=%s reason=%s", c->address,
             log_quote(user, sizeof user, str_from(c->s.user.name[0] ? c->s.user.name : c->peer.name)),
             log_quote(quoted, sizeof quoted, str_from(reason)));
    tell_counts(l, c);
    if (c->state == CONN_LIVE)
        tell_left(l, c, reason);
    else
        l->halfopen--;
    if (!c->unwatched)
        loop_remove(l->loop, c->fd);
    net_close(c->fd);
    if (c->tls)
        tls_free(c->tls);
    c->tls = NULL;
    give(l, &c->in, c->in_cap);
    give(l, &c->pending, c->pending_len);
    free(c->extra);
    c->extra = NULL;
    c->state = CONN_FREE;
    l->open--;
    if (!c->queued_in) { /* else the last queue frees it when it comes by */
        c->next_free = l->free_list;
        l->free_list = (uint32_t)(c - l->conns) + 1;
    }
}

/* ------------------------------------------------------------- bytes out -- */

static void want_write(struct tak_loop *l, struct conn *c, bool on)
{
    if (c->wants_write == on)
        return;
    c->wants_write = on;
    loop_change(l->loop, c->fd, LOOP_READ | (on ? (unsigned)LOOP_WRITE : 0u), conn_token(l, c));
}

/* A send found that there is nobody: no more of them.  What the client said before it went lies there still, and who
 * is live is heard to the end; the loop tells of it at once. */
static void broke(struct tak_loop *l, struct conn *c)
{
    if (c->state != CONN_LIVE) {
        conn_close(l, c, "the connection broke");
        return;
    }
    c->gone = true;
    c->progress_ms = clock_ms();
}

/* Sends what is left of the last write; false while some remains or it closed. */
bool conn_send_pending(struct tak_loop *l, struct conn *c)
{
    size_t n;
    enum net_io io;

    if (!c->pending)
        return true;
    io = net_send(c->fd, c->pending + c->pending_at, c->pending_len - c->pending_at, &n);
    if (io == NET_CLOSED) {
        broke(l, c);
        return false;
    }
    if (io == NET_OK && n) {
        c->progress_ms = clock_ms();
        c->sent_bytes += n;
        c->pending_at += (uint32_t)n;
        hub_count(&l->h->metrics.bytes_out, n);
    }
    if (c->pending_at < c->pending_len) {
        want_write(l, c, true);
        return false;
    }
    give(l, &c->pending, c->pending_len);
    want_write(l, c, false);
    return true;
}

/* Sends bytes, keeping the rest; false when some remains or it closed. */
bool conn_send(struct tak_loop *l, struct conn *c, struct str bytes)
{
    size_t n = 0;
    enum net_io io = net_send(c->fd, bytes.at, bytes.len, &n);

    hub_count(&l->h->metrics.sends, 1);
    if (io == NET_CLOSED) {
        broke(l, c);
        return false;
    }
    if (n) {
        c->progress_ms = clock_ms();
        c->sent_bytes += n;
        hub_count(&l->h->metrics.bytes_out, n);
    }
    if (n == bytes.len)
        return true;
    c->pending = slab_take(&l->slab, bytes.len - n);
    if (!c->pending) {
        conn_close(l, c, "no buffer is left for slow readers");
        return false;
    }
    if (c->progress_ms == 0 || n)
        c->progress_ms = clock_ms();
    memcpy(c->pending, bytes.at + n, bytes.len - n);
    c->pending_len = (uint32_t)(bytes.len - n);
    c->pending_at = 0;
    want_write(l, c, true);
    return false;
}

/* Seals what was gathered, straight from the ring where it could be, and sends it in
 * one piece. */
static bool send_sealed(struct tak_loop *l, struct conn *c, const struct runs *runs)
{
    struct buf cipher = buf_over(l->cipher_buf, CONN_CIPHER);
    struct err e;

    for (size_t i = 0; i < runs->count; i++)
        if (tls_write(c->tls, runs->item[i], &cipher, &e) != TLS_DONE) {
            conn_close(l, c, e.text);
            return false;
        }
    if (!session_runs_hold(l->h->river, runs)) {
        conn_close(l, c, "the ring went over what was being sent to it");
        return false;
    }
    return cipher.len == 0 || conn_send(l, c, buf_str(&cipher));
}

/* What is on its way to a slow reader is old when it arrives: little of it at once, in
 * our buffer and in the kernel's, until it has kept up for a while.  The same for all
 * when buffers get short. */
static void set_cap(struct tak_loop *l, struct conn *c, struct now now)
{
    bool slow;

    if (c->s.lag_ms > SESSION_LAG_MS)
        c->slow_until_ms = now.mono_ms + CONN_SLOW_MS;
    slow = now.mono_ms < c->slow_until_ms;
    c->s.live_cap = l->slab.used > l->slab.size / 2 ? CONN_CAP_SHORT : slow ? CONN_CAP_SLOW : 0;
    if (slow == c->s.slow)
        return;
    c->s.slow = slow;
    net_send_buffer(c->fd, slow ? CONN_CAP_SLOW : TAK_SEND_BUFFER);
}

/* One gather and one send; false when bytes remain or it closed. */
static bool flush_once(struct tak_loop *l, struct conn *c, enum gather *g)
{
    struct buf plain = buf_over(l->plain_buf, CONN_PLAIN);
    struct runs runs;
    struct now now = hub_now();

    set_cap(l, c, now);
    *g = c->is_tls ? session_gather_runs(&c->s, l->h->river, &l->world, &plain, &runs, now)
                   : session_gather(&c->s, l->h->river, &l->world, &plain, now);
    if (*g == GATHER_LAPPED) {
        hub_count(&l->h->metrics.closed_lapped, 1);
        conn_close(l, c, "it reads too slowly for what must arrive: the rest waits for its return");
        return false;
    }
    if (c->is_tls)
        return send_sealed(l, c, &runs);
    return plain.len == 0 || conn_send(l, c, buf_str(&plain));
}

void conn_enqueue(struct tak_loop *l, struct conn_queue *q, struct conn *c)
{
    if (c->queued_in & q->bit)
        return;
    MUST(q->count < l->max);
    c->queued_in |= q->bit;
    q->at[(q->first + q->count++) % l->max] = (uint32_t)(c - l->conns);
}

void conn_flush(struct tak_loop *l, struct conn *c)
{
    if (c->state != CONN_LIVE || c->gone || !conn_send_pending(l, c))
        return;
    for (int i = 0; i < CONN_GATHERS; i++) {
        enum gather g;

        if (!flush_once(l, c, &g)) {
            if (c->state == CONN_LIVE && !c->gone && g == GATHER_DONE)
                c->must_sent = c->s.must_seen;
            return;
        }
        if (g == GATHER_DONE || c->s.live_cap)
            break;
    }
    if (c->s.extra.len == 0)
        c->must_sent = c->s.must_seen;
}

/* For what somebody asked or was told: a picture is much, and hundreds of newcomers may have a reason in one turn. */
static void flush_or_queue(struct tak_loop *l, struct conn *c)
{
    if (conn_is_bulk(c))
        conn_enqueue(l, &l->bulk, c);
    else
        conn_flush(l, c);
}

/* -------------------------------------------------------------- bytes in -- */

/* Keeps the unfinished unit for the next bytes. */
bool conn_keep(struct tak_loop *l, struct conn *c, struct str rest)
{
    char *block;

    if (rest.len == 0) {
        give(l, &c->in, c->in_cap);
        c->in_len = 0;
        return true;
    }
    if (c->in && slab_size(rest.len) <= slab_size(c->in_cap)) {
        memmove(c->in, rest.at, rest.len);
        c->in_len = (uint32_t)rest.len;
        return true;
    }
    block = slab_take(&l->slab, rest.len);
    if (!block)
        return false;
    memcpy(block, rest.at, rest.len);
    give(l, &c->in, c->in_cap);
    c->in = block;
    c->in_cap = c->in_len = (uint32_t)rest.len;
    return true;
}

/* Plain bytes from the client: recv_buf holds [partial | room], new bytes were put
 * behind the partial. */
void conn_take(struct tak_loop *l, struct conn *c, struct str all)
{
    struct err e = {0};
    size_t used = 0;
    uint64_t held;
    char user[160];
    bool ok;

    l->feeding = c;
    hub_lock(l->h);
    held = l->h->river->count.held_back;
    ok = session_feed(&c->s, l->h->river, &l->world, all, &used, hub_now(), &e);
    held = l->h->river->count.held_back - held;
    hub_unlock(l->h);
    if (held)
        log_line(LOG_WARN, "tak.held", "peer=%s user=%s reason=\"%s\"", c->address,
                 log_quote(user, sizeof user, str_from(c->s.user.name)), HUB_HELD);
    if (!ok) {
        hub_count(&l->h->metrics.closed_stream, 1);
        world_refused(l, &c->s, e.text);
        conn_close(l, c, e.text);
        return;
    }
    if (!conn_keep(l, c, str_from_at(all, used)))
        conn_close(l, c, "no buffer is left for unfinished events");
}

/* Where new plain bytes go: behind the partial input, in one piece. */
char *conn_room(struct tak_loop *l, struct conn *c, size_t *max)
{
    if (c->in_len)
        memcpy(l->message, c->in, c->in_len);
    *max = CONN_PLAIN;
    return l->message + c->in_len;
}

/* All that it said is taken in.  To leave costs the loop, and all who hear of it: a thousand at one moment do so in
 * turns, as they come back. */
static void client_closed(struct tak_loop *l, struct conn *c)
{
    c->gone = c->unwatched = true;
    loop_remove(l->loop, c->fd);
    conn_enqueue(l, &l->leaves, c);
}

static void read_plain(struct tak_loop *l, struct conn *c)
{
    size_t max, n;
    char *to = conn_room(l, c, &max);
    enum net_io io = net_recv(c->fd, to, max, &n);

    if (io == NET_CLOSED) {
        client_closed(l, c);
        return;
    }
    if (io != NET_OK || n == 0)
        return;
    hub_count(&l->h->metrics.bytes_in, n);
    conn_take(l, c, str_of(l->message, c->in_len + n));
}

static void read_tls(struct tak_loop *l, struct conn *c)
{
    struct buf out = buf_over(l->cipher_buf, CONN_CIPHER);
    size_t n;
    struct str in;
    struct err e = {0};
    enum net_io io = net_recv(c->fd, l->recv_buf, CONN_PLAIN, &n);

    if (io == NET_CLOSED) {
        client_closed(l, c);
        return;
    }
    if (io != NET_OK || n == 0)
        return;
    hub_count(&l->h->metrics.bytes_in, n);
    in = str_of(l->recv_buf, n);
    while (c->state == CONN_LIVE) {
        size_t max, got = 0;
        char *to = conn_room(l, c, &max);
        enum tls_step step = tls_read(c->tls, &in, to, max, &got, &out, &e);

        if (got)
            conn_take(l, c, str_of(l->message, c->in_len + got));
        if (c->state != CONN_LIVE)
            return;
        if (step == TLS_CLOSED) {
            client_closed(l, c);
            return;
        }
        if (step == TLS_FAILED) {
            conn_close(l, c, e.text);
            return;
        }
        if (step == TLS_MORE)
            break;
    }
    if (out.len && c->state == CONN_LIVE && !c->gone && conn_send_pending(l, c))
        (void)conn_send(l, c, buf_str(&out));
}

void conn_readable(struct tak_loop *l, struct conn *c)
{
    if (c->state != CONN_LIVE)
        return;
    if (c->is_tls)
        read_tls(l, c);
    else
        read_plain(l, c);
    if (c->state == CONN_LIVE && !c->gone && session_is_urgent(&c->s, l->h->river))
        flush_or_queue(l, c);
}

/* ------------------------------------------------------------- joining --- */

/* The handshake is over (or there was none): asks the recorder who this is. */
static void ask_who(struct tak_loop *l, struct conn *c)
{
    struct ask_head head = ask_of(c, ASK_JOIN);
    char text[512];
    struct buf b = buf_over(text, sizeof text);

    c->state = CONN_ASKING;
    loop_change(l->loop, c->fd, 0, conn_token(l, c));
    fields_put(&b, FIELD_SERIAL, str_from(c->peer.serial));
    fields_put(&b, FIELD_NAME, str_from(c->is_tls ? c->peer.name : "plain-tcp"));
    fields_put(&b, FIELD_ADDRESS, str_from(c->address));
    fields_put(&b, FIELD_SUB_TYPE, str_from(c->peer.version));
    if (!hub_ask(l->h, &head, buf_str(&b)))
        conn_close(l, c, "the record cannot keep up: try again");
}

static bool send_handshake(struct tak_loop *l, struct conn *c, const struct buf *out)
{
    return out->len == 0 || conn_send(l, c, buf_str(out));
}

void conn_handshake(struct tak_loop *l, struct conn *c)
{
    struct buf out = buf_over(l->cipher_buf, CONN_CIPHER);
    struct err e = {0};
    enum tls_step step;
    struct str in;
    size_t n;

    if (!conn_send_pending(l, c))
        return;
    switch (net_recv(c->fd, l->recv_buf, CONN_PLAIN, &n)) {
    case NET_CLOSED: conn_close(l, c, "the client closed during the handshake"); return;
    case NET_WAIT: return;
    case NET_OK: break;
    }
    if (!c->tls)
        c->tls = tls_new(l->ctx);
    if (!c->tls) {
        conn_close(l, c, "no memory for TLS");
        return;
    }
    in = str_of(l->recv_buf, n);
    step = tls_handshake(c->tls, &in, &out, &e);
    if (!send_handshake(l, c, &out) && c->state != CONN_TLS)
        return;
    if (step == TLS_FAILED || step == TLS_CLOSED) {
        hub_count(&l->h->metrics.handshake_failures, 1);
        conn_close(l, c, step == TLS_CLOSED ? "the client closed during the handshake" : e.text);
        return;
    }
    if (step == TLS_MORE)
        return;
    hub_count(&l->h->metrics.handshakes, 1);
    if (c->auth) {
        conn_auth_begin(l, c, in);
        return;
    }
    if (!tls_peer(c->tls, &c->peer)) {
        conn_close(l, c, "the client showed no certificate");
        return;
    }
    if (in.len) { /* application bytes came with the last flight: kept as they are */
        c->in = slab_take(&l->slab, in.len);
        if (c->in) {
            memcpy(c->in, in.at, in.len);
            c->in_cap = c->in_len = (uint32_t)in.len;
        }
    }
    ask_who(l, c);
}

/* Bytes that stood behind the client's last handshake flight. */
static void take_early(struct tak_loop *l, struct conn *c)
{
    struct buf out = buf_over(l->cipher_buf, CONN_CIPHER);
    uint32_t len = c->in_len, cap = c->in_cap;
    char *early = c->in;
    struct str in = str_of(early, len);
    struct err e;

    c->in = NULL;
    c->in_len = c->in_cap = 0;
    while (c->is_tls && c->state == CONN_LIVE) {
        size_t max, got = 0;
        char *to = conn_room(l, c, &max);
        enum tls_step step = tls_read(c->tls, &in, to, max, &got, &out, &e);

        if (got)
            conn_take(l, c, str_of(l->message, c->in_len + got));
        if (step != TLS_DONE)
            break;
    }
    if (early)
        slab_give(&l->slab, early, cap);
}

void conn_join(struct tak_loop *l, struct conn *c, const struct session_user *user)
{
    char uid[40], random[8], quoted[160];
    struct buf b = buf_over(uid, sizeof uid);

    MUST(c->state == CONN_ASKING);
    chance_fill(random, sizeof random);
    buf_put(&b, STR("takp-"));
    buf_hex(&b, random, sizeof random);
    hub_lock(l->h);
    session_join(&c->s, l->h->river, user, buf_str(&b));
    l->h->clients[c->s.slot] = (struct hub_client){.handle = session_handle(&c->s)};
    l->h->clients_version++;
    hub_unlock(l->h);
    c->state = CONN_LIVE;
    l->halfopen--;
    c->since_wall_ms = clock_wall_ms();
    log_line(LOG_INFO, "tak.joined", "peer=%s user=%s tls=%s serial=%s", c->address,
             log_quote(quoted, sizeof quoted, str_from(user->name)), c->is_tls ? c->peer.version : "none",
             c->peer.serial);
    loop_change(l->loop, c->fd, LOOP_READ | (c->wants_write ? (unsigned)LOOP_WRITE : 0u),
                conn_token(l, c));
    if (c->auth)
        conn_auth_held(l, c);
    else
        take_early(l, c);
    if (c->state == CONN_LIVE)
        conn_enqueue(l, &l->bulk, c);
}

/* The journal number of the last of these records (session.h). */
static uint64_t last_seq(struct str records)
{
    uint64_t seq = 0;

    while (records.len >= SESSION_EXTRA_HEAD) {
        const unsigned char *u = (const unsigned char *)records.at;
        size_t len = (size_t)u[9] << 24 | (size_t)u[10] << 16 | (size_t)u[11] << 8 | u[12];

        seq = 0;
        for (int i = 1; i <= 8; i++)
            seq = seq << 8 | u[i];
        MUST(len <= records.len - SESSION_EXTRA_HEAD);
        records = str_from_at(records, SESSION_EXTRA_HEAD + len);
    }
    return seq;
}

void conn_missed(struct tak_loop *l, struct conn *c, struct str records, bool more)
{
    size_t left = c->s.extra.len;
    char *all;

    if (records.len) {
        all = left + records.len <= CONN_EXTRA_MAX ? malloc(left + records.len) : NULL;
        if (!all) {
            c->missed_over = true;
            log_line(LOG_WARN, "tak.missed", "peer=%s reason=\"more waits for its devices than can be kept at once: "
                     "the rest at its next connect\"", c->address);
            return;
        }
        c->missed_from = last_seq(records);
        if (left)
            memcpy(all, c->s.extra.at, left);
        memcpy(all + left, records.at, records.len);
        free(c->extra);
        c->extra = all;
        c->s.extra = str_of(all, left + records.len);
    }
    c->missed_done = !more && !c->missed_over;
    flush_or_queue(l, c);
}

void conn_missed_cut(struct tak_loop *l, struct conn *c, struct str uid)
{
    struct unit *x;

    hub_lock(l->h);
    x = units_find(&l->h->river->units, uid);
    if (x && !c->missed_cut) {
        c->missed_cut = true;
        c->missed_unit = units_index(&l->h->river->units, x);
    } else {
        c->missed_over = true; /* a gateway's second device: at its next connect */
    }
    hub_unlock(l->h);
}

/* ------------------------------------------------------------ housework -- */

/* Its own device has everything up to this number. */
static void acked(struct tak_loop *l, struct conn *c, uint64_t sent)
{
    struct ask_head head = ask_of(c, ASK_ACKED);
    char text[LIMIT_UID + 16];
    struct buf b = buf_over(text, sizeof text);

    hub_lock(l->h);
    if (atomic_load(&l->h->river->units.conn[c->s.unit]) == session_handle(&c->s))
        fields_put(&b, FIELD_UID, units_at(&l->h->river->units, c->s.unit)->uid);
    hub_unlock(l->h);
    head.ticket = sent;
    if (b.len && hub_ask(l->h, &head, buf_str(&b)))
        c->must_acked = sent;
}

static bool has_arrived(const struct conn *c)
{
    return c->s.extra.len == 0 && !c->pending && net_unacked(c->fd) == 0;
}

static void tell_acked(struct tak_loop *l, struct conn *c)
{
    if (c->must_sent > c->must_acked && c->s.unit != UNIT_NONE && c->missed_done && has_arrived(c))
        acked(l, c, c->must_sent);
}

/* One answer of what it missed has arrived: the next, please. */
static void go_on_missed(struct tak_loop *l, struct conn *c)
{
    struct units *units = &l->h->river->units;
    uint32_t unit = c->missed_unit;

    if (!has_arrived(c))
        return;
    if (unit == c->s.unit && !c->missed_over && c->missed_from > c->must_acked)
        acked(l, c, c->missed_from);
    c->missed_cut = false;
    hub_lock(l->h);
    if (atomic_load(&units->conn[unit]) == session_handle(&c->s))
        ask_missed(l, c, units_at(units, unit)->uid, units_at(units, unit)->callsign);
    hub_unlock(l->h);
}

static void ask_missed_again(struct tak_loop *l, struct conn *c)
{
    struct units *units = &l->h->river->units;

    hub_lock(l->h);
    if (c->s.unit != UNIT_NONE && atomic_load(&units->conn[c->s.unit]) == session_handle(&c->s))
        ask_missed(l, c, units_at(units, c->s.unit)->uid, units_at(units, c->s.unit)->callsign);
    hub_unlock(l->h);
}

/* A ticket, when there is nothing more urgent. */
static void give_ticket(struct tak_loop *l, struct conn *c)
{
    struct buf out = buf_over(l->cipher_buf, CONN_CIPHER);
    struct err e;

    if (!c->is_tls || c->auth || c->has_ticket || c->pending || l->handshakes.count || l->bulk.count ||
        l->tickets >= CONN_TICKETS)
        return;
    c->has_ticket = true;
    l->tickets++;
    if (tls_ticket(c->tls, &out, &e) != TLS_DONE)
        conn_close(l, c, e.text);
    else if (out.len)
        (void)conn_send(l, c, buf_str(&out));
}

void conn_tick(struct tak_loop *l, struct conn *c, struct now now)
{
    if ((c->state == CONN_TLS || c->state == CONN_AUTH) && !(c->queued_in & l->handshakes.bit) &&
        now.mono_ms - c->accepted_ms > CONN_HANDSHAKE_MS) {
        conn_close(l, c, c->state == CONN_TLS ? "no handshake within 10 s" : "no login within 10 s");
        return;
    }
    if (c->state == CONN_LIVE && c->gone && !c->unwatched && now.mono_ms - c->progress_ms > CONN_BROKEN_MS)
        conn_close(l, c, "the connection broke");
    if (c->state != CONN_LIVE || c->gone)
        return;
    if (c->pending && now.mono_ms - c->progress_ms > CONN_STUCK_MS) {
        hub_count(&l->h->metrics.closed_slow, 1);
        conn_close(l, c, "it took no byte for 60 s");
        return;
    }
    tell_counts(l, c);
    if (c->extra && c->s.extra.len == 0) {
        free(c->extra);
        c->extra = NULL;
    }
    if (c->missed_cut)
        go_on_missed(l, c);
    if (now.mono_ms - c->acked_ms > CONN_ACK_MS) {
        c->acked_ms = now.mono_ms;
        if (c->missed_unasked)
            ask_missed_again(l, c);
        tell_acked(l, c);
    }
    give_ticket(l, c);
}
