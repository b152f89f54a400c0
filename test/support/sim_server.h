/* sim_server.h -- a whole server of the pure core in one thread: river, sessions, record, journal.
 *
 *   sim_say -> session_feed -> asks -> sim_take -> batch -> (sync) -> sim_durable -> river_publish
 *   sim_hear <- session_gather
 *
 * The unit tests drive it step by step, cordon-sim with virtual time and faults.
 * It follows edge/recorder*.c and edge/conn.c; what those two decide is in the
 * core and shared (decide, missed).  Owns its memory (malloc); sim_crash()
 * throws away all but the rows that are durable, as a power cut does. */
#ifndef CORDON_TEST_SIM_SERVER_H
#define CORDON_TEST_SIM_SERVER_H

#include "core/decide.h"
#include "core/missed.h"
#include "core/session.h"

#include <stdio.h>
#include <stdlib.h>

#define SIM __attribute__((unused)) static

enum { SIM_CONNS = 128, SIM_ASKS = 512, SIM_BATCH = 256, SIM_DECIDED = 8, SIM_OUT = 64 * 1024, SIM_DEVICES = 256 };

enum sim_ask_is { SIM_ASK_ROW, SIM_ASK_MISSED, SIM_ASK_LEFT, SIM_ASK_ACKED };

struct sim_row {
    uint64_t seq, ticket, mark, handle;
    unsigned kind;
    uint32_t sender;
    int64_t at_ms;
    char *payload;
    size_t len;
};

struct sim_ask {
    enum sim_ask_is is;
    unsigned kind;
    uint32_t sender;
    uint64_t handle, ticket, mark;
    char *payload;
    size_t len;
};

struct sim_conn {
    bool open, missed_done, missed_unasked;
    uint64_t missed_upto;
    struct session s;
    char *in;
    size_t in_len;
    char *extra;
    uint64_t must_sent, must_acked;
};

struct sim_device {
    char uid[LIMIT_UID + 1];
    uint64_t acked;
};

struct sim_server {
    struct river river;
    struct river_limits limits;
    void *memory, *record_memory;
    struct record record;
    struct hash_key key;
    struct now now;
    struct session_world world;
    struct sim_conn conns[SIM_CONNS];
    uint32_t born[SIM_CONNS];
    struct sim_ask asks[SIM_ASKS];
    size_t ask_first, ask_count, ask_max;
    struct sim_row batch[SIM_BATCH]; /* taken, not durable */
    size_t batch_count;
    struct sim_row *rows; /* durable: the journal */
    size_t row_count, row_max;
    struct sim_device devices[SIM_DEVICES];
    size_t device_count;
    uint64_t mark;      /* given to the rows that are asked for next */
    uint64_t told_loops; /* how often an urgent publish woke the loops */
    int locked;
    char refused[ERR_TEXT_MAX];
    uint64_t refusals;
    void (*in_lock)(struct sim_server *sv); /* runs once when a session takes the lock */
    /* The simulator looks on. */
    void *watcher;
    void (*published)(struct sim_server *sv, const struct sim_row *row, bool recorded);
};

/* Zeroed, aligned to 64; what is never touched costs nothing. */
SIM void *sim_alloc(size_t n)
{
    char *base = calloc(1, n + 128), *at;

    MUST(base);
    at = base + 128 - (uintptr_t)base % 64;
    memcpy(at - sizeof base, &base, sizeof base);
    return at;
}

SIM void sim_release(void *at)
{
    char *base;

    memcpy(&base, (char *)at - sizeof base, sizeof base);
    free(base);
}

SIM char *sim_copy(struct str s)
{
    char *p = malloc(s.len + 1);

    MUST(p);
    if (s.len)
        memcpy(p, s.at, s.len);
    p[s.len] = 0;
    return p;
}

/* ------------------------------------------------------------- the world -- */

SIM bool sim_ask(struct sim_server *sv, struct sim_ask a, struct str payload)
{
    if (sv->ask_count >= sv->ask_max)
        return false;
    a.payload = sim_copy(payload);
    a.len = payload.len;
    a.mark = sv->mark;
    sv->asks[(sv->ask_first + sv->ask_count++) % SIM_ASKS] = a;
    return true;
}

SIM void sim_lock(void *ctx)
{
    struct sim_server *sv = ctx;
    void (*run)(struct sim_server *) = sv->in_lock;

    MUST(sv->locked == 0);
    sv->in_lock = NULL;
    if (run)
        run(sv);
    sv->locked++;
}

SIM void sim_unlock(void *ctx)
{
    struct sim_server *sv = ctx;

    MUST(sv->locked == 1);
    sv->locked--;
}

SIM bool sim_record(void *ctx, struct session *s, enum event_id kind, struct str payload, uint64_t ticket)
{
    struct sim_ask a = {.is = SIM_ASK_ROW, .kind = kind, .sender = s->slot, .handle = session_handle(s),
                        .ticket = ticket};

    return sim_ask(ctx, a, payload);
}

SIM void sim_refused(void *ctx, struct session *s, const char *reason)
{
    struct sim_server *sv = ctx;

    (void)s;
    sv->refusals++;
    (void)snprintf(sv->refused, sizeof sv->refused, "%s", reason);
}

SIM void sim_ask_missed(struct sim_server *sv, struct session *s, struct str uid, struct str callsign)
{
    struct sim_conn *x = &sv->conns[s->slot];
    struct sim_ask a = {.is = SIM_ASK_MISSED, .sender = s->slot, .handle = session_handle(s), .ticket = x->missed_upto};
    char text[2 * LIMIT_UID + 64];
    struct buf b = buf_over(text, sizeof text);

    fields_put(&b, FIELD_UID, uid);
    fields_put(&b, FIELD_CALLSIGN, callsign);
    fields_put_int(&b, FIELD_REF, (int64_t)s->join_seq);
    fields_put_int(&b, FIELD_OUT, s->user.out_set);
    x->missed_done = false;
    x->missed_unasked = !sim_ask(sv, a, buf_str(&b));
}

SIM void sim_bound(void *ctx, struct session *s, struct str uid, struct str callsign)
{
    struct sim_server *sv = ctx;

    sv->conns[s->slot].missed_upto = s->must_seen;
    sim_ask_missed(sv, s, uid, callsign);
}

/* Emergencies that the queue had no room for; false: it still has none. */
SIM bool sim_ask_again(struct sim_server *sv)
{
    const struct flight *f;

    while ((f = river_to_ask(&sv->river))) {
        struct sim_ask a = {.is = SIM_ASK_ROW, .kind = f->kind, .sender = f->sender, .ticket = f->ticket};

        if (!sim_ask(sv, a, str_of(f->payload, f->len)))
            return false;
        river_asked(&sv->river, f->ticket);
    }
    return true;
}

/* -------------------------------------------------------- start and end --- */

/* Small enough that every bound is met. */
SIM struct river_limits sim_limits(void)
{
    struct river_limits l = river_limits();

    l.units_max = 256;
    l.live_entries = 1024;
    l.must_entries = 512;
    l.live_bytes[FORM_XML] = l.must_bytes[FORM_XML] = 1 << 20;
    l.live_bytes[FORM_PROTO] = l.must_bytes[FORM_PROTO] = 1 << 19;
    l.slab_bytes = 4 << 20;
    return l;
}

SIM void sim_boot(struct sim_server *sv)
{
    sv->memory = sim_alloc(river_memory(&sv->limits));
    river_init(&sv->river, &sv->limits, sv->memory, sv->key, STR("server-1"));
    sv->record_memory = sim_alloc(record_memory());
    record_init(&sv->record, sv->record_memory, sv->key);
}

SIM struct sim_server *sim_new(const struct river_limits *l)
{
    struct sim_server *sv = sim_alloc(sizeof *sv);

    sv->limits = *l;
    sv->key = (struct hash_key){11, 12};
    sv->now = (struct now){INT64_C(1000), INT64_C(1767323045000)};
    sv->world = (struct session_world){.ctx = sv, .lock = sim_lock, .unlock = sim_unlock, .record = sim_record,
                                       .refused = sim_refused, .bound = sim_bound};
    sv->ask_max = SIM_ASKS;
    sim_boot(sv);
    return sv;
}

SIM void sim_drop_conn(struct sim_server *sv, int c)
{
    struct sim_conn *x = &sv->conns[c];

    free(x->in);
    free(x->extra);
    memset(x, 0, sizeof *x);
}

/* Everything in memory is gone; the rows stay. */
SIM void sim_lose_memory(struct sim_server *sv)
{
    for (int c = 0; c < SIM_CONNS; c++)
        sim_drop_conn(sv, c);
    for (; sv->ask_count; sv->ask_count--, sv->ask_first = (sv->ask_first + 1) % SIM_ASKS)
        free(sv->asks[sv->ask_first].payload);
    for (size_t i = 0; i < sv->batch_count; i++)
        free(sv->batch[i].payload);
    sv->batch_count = 0;
    sim_release(sv->memory);
    sim_release(sv->record_memory);
}

SIM void sim_free(struct sim_server *sv)
{
    sim_lose_memory(sv);
    for (size_t i = 0; i < sv->row_count; i++)
        free(sv->rows[i].payload);
    free(sv->rows);
    sim_release(sv);
}

SIM void sim_pass(struct sim_server *sv, int64_t ms)
{
    sv->now.mono_ms += ms;
    sv->now.wall_ms += ms;
}

/* --------------------------------------------------------------- groups --- */

/* "A,B" as the number of an IN or OUT set. */
SIM uint16_t sim_set(struct sim_server *sv, const char *names, bool in)
{
    struct group_mask mask = {0};
    struct str rest = str_from(names);
    int set;

    while (rest.len) {
        size_t n = str_find_byte(rest, ',');
        int g = sets_group(sv->river.sets, str_cut(rest, 0, n));

        MUST(g >= 0);
        mask_add(&mask, g);
        rest = str_from_at(rest, n < rest.len ? n + 1 : n);
    }
    set = in ? sets_in(sv->river.sets, &mask) : sets_out(sv->river.sets, &mask);
    MUST(set >= 0);
    return (uint16_t)set;
}

/* ------------------------------------------------------------- sessions --- */

struct sim_who {
    int64_t id;
    const char *name, *in, *out;
    bool relay;
};

/* held: its device waits for admission. */
SIM int sim_join_as(struct sim_server *sv, struct sim_who who, bool held)
{
    struct session_user u = {.id = who.id, .relay = who.relay, .held = held};
    char uid[32];

    (void)snprintf(u.name, sizeof u.name, "%s", who.name);
    u.in_set = sim_set(sv, who.in, true);
    u.out_set = sim_set(sv, who.out, false);
    for (int c = 0; c < SIM_CONNS; c++) {
        struct sim_conn *x = &sv->conns[c];

        if (x->open)
            continue;
        x->open = true;
        session_init(&x->s, (uint32_t)c, ++sv->born[c]);
        (void)snprintf(uid, sizeof uid, "takp-%d-%u", c, sv->born[c]);
        session_join(&x->s, &sv->river, &u, str_from(uid));
        return c;
    }
    MUST(!"a free connection");
    return -1;
}

SIM int sim_join(struct sim_server *sv, struct sim_who who)
{
    return sim_join_as(sv, who, false);
}

/* Bytes from the client; false when the stream is broken and was closed. */
SIM bool sim_say(struct sim_server *sv, int c, struct str bytes)
{
    struct sim_conn *x = &sv->conns[c];
    size_t len = x->in_len + bytes.len, used = 0;
    struct err e;
    bool ok;

    MUST(x->open);
    x->in = realloc(x->in, len + 1);
    MUST(x->in);
    if (bytes.len)
        memcpy(x->in + x->in_len, bytes.at, bytes.len);
    ok = session_feed(&x->s, &sv->river, &sv->world, str_of(x->in, len), &used, sv->now, &e);
    MUST(used <= len);
    if (!ok)
        (void)snprintf(sv->refused, sizeof sv->refused, "%s", e.text);
    memmove(x->in, x->in + used, len - used);
    x->in_len = len - used;
    return ok;
}

/* The connection is gone. */
SIM void sim_leave(struct sim_server *sv, int c)
{
    struct sim_conn *x = &sv->conns[c];
    struct sim_ask a = {.is = SIM_ASK_LEFT, .kind = EV_CLIENT_LEFT, .sender = x->s.slot,
                        .handle = session_handle(&x->s)};
    static char text[256 * 1024];
    struct buf b = buf_over(text, sizeof text);

    MUST(x->open);
    session_leave(&x->s, &sv->river, &b);
    (void)sim_ask(sv, a, buf_str(&b));
    sim_drop_conn(sv, c);
}

/* One gather into memory of max bytes. */
SIM enum gather sim_gather(struct sim_server *sv, int c, struct buf *out)
{
    struct sim_conn *x = &sv->conns[c];
    enum gather g;

    MUST(x->open);
    g = session_gather(&x->s, &sv->river, &sv->world, out, sv->now);
    MUST(!out->full && sv->locked == 0);
    if (g == GATHER_DONE && x->s.extra.len == 0)
        x->must_sent = x->s.must_seen;
    return g;
}

/* All that is due for it (up to SIM_HEARD bytes), until nothing is left. */
enum { SIM_HEARD = 4 << 20 };
SIM struct str sim_hear(struct sim_server *sv, int c)
{
    static char heard[SIM_HEARD];
    struct buf all = buf_over(heard, sizeof heard);

    for (int i = 0; i < 1000; i++) {
        struct buf out = buf_over(all.at + all.len, SIM_OUT);
        enum gather g;

        MUST(all.max - all.len >= SIM_OUT);
        g = sim_gather(sv, c, &out);
        all.len += out.len;
        if (g == GATHER_LAPPED)
            return STR("LAPPED");
        if (g == GATHER_DONE)
            break;
        MUST(out.len > 0 || !sv->conns[c].s.roster_done);
    }
    return buf_str(&all);
}

/* ------------------------------------------------------------ recorder --- */

SIM struct sim_device *sim_device(struct sim_server *sv, struct str uid)
{
    for (size_t i = 0; i < sv->device_count; i++)
        if (str_eq(str_from(sv->devices[i].uid), uid))
            return &sv->devices[i];
    return NULL;
}

SIM void sim_remember(struct sim_server *sv, struct str uid, uint64_t acked)
{
    struct sim_device *d = sim_device(sv, uid);

    if (!d) {
        MUST(sv->device_count < SIM_DEVICES && uid.len <= LIMIT_UID);
        d = &sv->devices[sv->device_count++];
        (void)str_copy(d->uid, sizeof d->uid, uid);
        d->acked = 0;
    }
    d->acked = acked > d->acked ? acked : d->acked;
}

SIM struct sim_conn *sim_by_handle(struct sim_server *sv, uint64_t handle)
{
    struct sim_conn *x = &sv->conns[(uint32_t)handle & 0x7fffffffu];

    return x->open && session_handle(&x->s) == handle ? x : NULL;
}

SIM void sim_add_extra(struct sim_conn *x, const struct sim_row *row)
{
    struct str payload = str_of(row->payload, row->len);
    struct str xml = fields_get(payload, FIELD_EVENT_XML), proto = fields_get(payload, FIELD_EVENT_PROTO);
    size_t left = x->s.extra.len, max = left + SESSION_EXTRA_HEAD + TAK_HEADER_MAX + xml.len + proto.len;
    char *all = malloc(max);
    struct buf b = buf_over(all, max), event;

    MUST(all);
    buf_put(&b, x->s.extra);
    event = buf_over(all + left + SESSION_EXTRA_HEAD, max - left - SESSION_EXTRA_HEAD);
    if (xml.len == 0)
        tak_put_header(&event, proto.len);
    buf_put(&event, xml.len ? xml : proto);
    MUST(!event.full);
    if (event.len <= LIMIT_EVENT_OUT) {
        buf_byte(&b, xml.len == 0);
        for (int i = 0; i < 8; i++)
            buf_byte(&b, (char)(row->seq >> (56 - 8 * i)));
        for (int i = 0; i < 4; i++)
            buf_byte(&b, (char)(event.len >> (24 - 8 * i)));
        b.len += event.len;
    }
    free(x->extra);
    x->extra = all;
    x->s.extra = buf_str(&b);
}

/* As edge/recorder_missed.c. */
SIM void sim_missed(struct sim_server *sv, const struct sim_ask *a)
{
    struct str payload = str_of(a->payload, a->len), uid = fields_get(payload, FIELD_UID);
    struct str callsign = fields_get(payload, FIELD_CALLSIGN);
    uint16_t out_set = (uint16_t)fields_get_int(payload, FIELD_OUT, 0);
    uint64_t joined = (uint64_t)fields_get_int(payload, FIELD_REF, 0);
    struct sim_device *d = sim_device(sv, uid);
    struct sim_conn *x = sim_by_handle(sv, a->handle);
    uint64_t from = d ? d->acked : 0;

    for (uint64_t i = sv->record.waiting_first; x && i < sv->record.waiting_next; i++) {
        const struct record_waiting *w = &sv->record.waiting[i & (RECORD_WAITING - 1)];
        const struct sim_row *row;
        bool for_all = d && w->seq <= joined;

        if (w->seq <= from || w->seq > a->ticket || (w->to_count == 0 && !for_all) ||
            w->at_ms < sv->now.wall_ms - RECORD_WAIT_MS || !record_may_want(&sv->record, w, uid, callsign))
            continue;
        MUST(w->seq <= sv->row_count);
        row = &sv->rows[w->seq - 1];
        if (missed_wants(&sv->river, row->kind, str_of(row->payload, row->len), uid, callsign, out_set))
            sim_add_extra(x, row);
    }
    if (x)
        x->missed_done = true;
    if (!d)
        sim_remember(sv, uid, 0);
}

SIM void sim_add_row(struct sim_server *sv, const struct sim_ask *a, enum event_id kind, struct str payload, bool first)
{
    struct sim_row *row = &sv->batch[sv->batch_count++];

    MUST(sv->batch_count <= SIM_BATCH);
    *row = (struct sim_row){.kind = kind,
                            .sender = first ? a->sender : RING_NO_SENDER,
                            .ticket = first ? a->ticket : 0,
                            .handle = first ? a->handle : 0,
                            .mark = first ? a->mark : 0,
                            .at_ms = sv->now.wall_ms,
                            .payload = sim_copy(payload),
                            .len = payload.len};
}

SIM void sim_take_one(struct sim_server *sv, const struct sim_ask *a)
{
    static char memory[4 * LIMIT_EVENT_IN];
    struct buf b = buf_over(memory, sizeof memory);
    struct str payload = str_of(a->payload, a->len);
    struct decided list[SIM_DECIDED];
    size_t n;

    switch (a->is) {
    case SIM_ASK_ROW:
        n = decide((enum event_id)a->kind, payload, sv->now, &b, list, SIM_DECIDED, sv->row_count + sv->batch_count);
        for (size_t i = 0; i < n; i++)
            sim_add_row(sv, a, list[i].kind, list[i].payload, i == 0);
        break;
    case SIM_ASK_LEFT: sim_add_row(sv, a, EV_CLIENT_LEFT, payload, true); break;
    case SIM_ASK_MISSED: sim_missed(sv, a); break;
    case SIM_ASK_ACKED: sim_remember(sv, fields_get(payload, FIELD_UID), a->ticket); break;
    }
}

/* Asks into the batch, while there is room. */
SIM void sim_take(struct sim_server *sv)
{
    while (sv->ask_count && sv->batch_count < SIM_BATCH - SIM_DECIDED) {
        struct sim_ask a = sv->asks[sv->ask_first];

        sv->ask_first = (sv->ask_first + 1) % SIM_ASKS;
        sv->ask_count--;
        sim_take_one(sv, &a);
        free(a.payload);
    }
}

/* The disk has the batch: from here on it is in the journal. */
SIM void sim_write(struct sim_server *sv, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sim_row *row = &sv->batch[i];

        if (sv->row_count == sv->row_max) {
            sv->row_max = sv->row_max ? 2 * sv->row_max : 256;
            sv->rows = realloc(sv->rows, sv->row_max * sizeof *sv->rows);
            MUST(sv->rows);
        }
        row->seq = sv->row_count + 1;
        sv->rows[sv->row_count++] = *row;
    }
    sv->batch_count -= n;
    memmove(sv->batch, sv->batch + n, sv->batch_count * sizeof *sv->batch);
}

static void sim_add_own(struct sim_server *sv, enum event_id kind, struct str payload);

/* Nobody, when another session has the sender's place by now. */
SIM uint32_t sim_sender(struct sim_server *sv, const struct sim_row *row)
{
    return row->sender != RING_NO_SENDER && sim_by_handle(sv, row->handle) ? row->sender : RING_NO_SENDER;
}

/* Applies and publishes the journal's last n rows. */
SIM void sim_durable(struct sim_server *sv, size_t n)
{
    for (size_t i = sv->row_count - n; i < sv->row_count; i++) {
        char text[64];
        struct buf b = buf_over(text, sizeof text);
        const struct sim_row row = sv->rows[i];
        struct str payload = str_of(row.payload, row.len);
        struct river_publish p = {.journal_seq = row.seq, .kind = row.kind, .payload = payload,
                                  .sender = sim_sender(sv, &row), .recorded = true};

        record_apply(&sv->record, row.seq, row.kind, row.at_ms, payload);
        if (river_landed(&sv->river, row.ticket)) {
            p.ticket = row.ticket;
            fields_put_int(&b, FIELD_REF, (int64_t)row.seq);
            sim_add_own(sv, EV_RELAYED_FIRST, buf_str(&b));
        }
        river_publish(&sv->river, &p, sv->now);
        if (sv->published)
            sv->published(sv, &row, true);
    }
}

/* A row of the server's own into the next batch. */
SIM void sim_add_own(struct sim_server *sv, enum event_id kind, struct str payload)
{
    struct sim_ask a = {.sender = RING_NO_SENDER};

    if (sv->batch_count < SIM_BATCH)
        sim_add_row(sv, &a, kind, payload, true);
}

/* A disk without delay: all that was asked is durable and heard. */
SIM void sim_commit(struct sim_server *sv)
{
    for (int turn = 0; turn < 100 && (sv->ask_count || sv->batch_count); turn++) {
        size_t n;

        sim_take(sv);
        n = sv->batch_count;
        sim_write(sv, n);
        sim_durable(sv, n);
    }
}

/* The state that the journal's rows give: kept rows of a snapshot first, then
 * those behind it, or all (at = 0). memory: record_memory() zeroed bytes. */
SIM void sim_replay(const struct sim_server *sv, struct record *to, void *memory, const uint64_t *live, size_t count,
                    uint64_t at)
{
    record_init(to, memory, sv->key);
    for (size_t i = 0; i < count; i++) {
        const struct sim_row *row = &sv->rows[live[i] - 1];

        record_apply(to, row->seq, row->kind, row->at_ms, str_of(row->payload, row->len));
    }
    for (size_t i = at; i < sv->row_count; i++) {
        const struct sim_row *row = &sv->rows[i];

        if (event_matters(row->kind))
            record_apply(to, row->seq, row->kind, row->at_ms, str_of(row->payload, row->len));
    }
}

/* A power cut and a new start: state and picture from the rows (edge/recorder_start.c). */
SIM void sim_crash(struct sim_server *sv, int64_t (*user_id)(struct str name))
{
    uint64_t *live = malloc(RECORD_ROWS_MAX * sizeof *live);
    size_t n;

    MUST(live);
    sim_lose_memory(sv);
    sim_boot(sv);
    sim_replay(sv, &sv->record, sv->record_memory, NULL, 0, 0);
    n = record_live_rows(&sv->record, sv->now.wall_ms, live, RECORD_ROWS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sim_row *row = &sv->rows[live[i] - 1];
        struct str payload = str_of(row->payload, row->len);
        struct river_publish p = {.journal_seq = row->seq, .kind = row->kind, .payload = payload,
                                  .sender = RING_NO_SENDER, .recorded = true, .quiet = true};

        if (!record_is_live(&sv->record, row->seq, row->kind, payload))
            continue;
        if (row->kind == EV_UID_BOUND)
            river_restore_holder(&sv->river, fields_get(payload, FIELD_UID), fields_get(payload, FIELD_CALLSIGN),
                                 user_id(fields_get(payload, FIELD_USER)));
        else if (row->kind == EV_EMERGENCY_RAISED || row->kind == EV_OBJECT_PUT || row->kind == EV_CASEVAC_SENT)
            river_publish(&sv->river, &p, sv->now);
    }
    free(live);
    sv->river.published_seq = sv->row_count;
}

#endif
