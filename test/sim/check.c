#include "world.h"

/* ---------------------------------------------------- what a phone is given */

static bool is_durable(const struct said *s)
{
    return s->kind == SAID_MARKER || s->kind == SAID_DELETE || s->kind == SAID_CHAT || s->kind == SAID_ALERT ||
           s->kind == SAID_CANCEL;
}

static bool is_there(struct world *w, const struct said *s)
{
    char uid[32];

    (void)unit_uid(s->phone, s->unit, uid);
    return s->unit == 1 ? units_find_emergency(&w->sv->river.units, str_from(uid)) != NULL
                        : units_find(&w->sv->river.units, str_from(uid)) != NULL;
}

static void check_order(struct world *w, struct phone *p, uint32_t id, bool missed)
{
    const struct said *s = &w->said[id];
    uint32_t *last = &p->last[s->phone][s->unit];
    bool ends = s->kind == SAID_DELETE || s->kind == SAID_CANCEL;

    if (s->kind == SAID_CHAT || s->kind == SAID_PASS)
        return;
    if (s->kind == SAID_DELETE && s->order < *last && w->sv->river.count.unit_refused)
        return; /* the table was too full to remember that it is awaited */
    if (missed && ends && s->order < *last) { /* comes late, but takes nothing away */
        CHECK(w, !is_there(w, s), "phone %d is given the end of what is there again: event %u", p->id, id);
        return;
    }
    CHECK(w, s->order >= *last, "phone %d is given event %u (order %u, kind %d) of P%d's unit %d after order %u",
          p->id, id, s->order, s->kind, s->phone, s->unit, *last);
    *last = s->order;
}

static void check_mark(struct world *w, struct phone *p, uint32_t id, struct str bytes, bool missed)
{
    struct said *s = &w->said[id];
    bool marked = str_find(bytes, STR("recorded=\"false\"")) < bytes.len;
    bool alert = s->kind == SAID_ALERT || s->kind == SAID_CANCEL;

    if (w->watched == p->id)
        printf("step %lld: phone %d is given %u, kind %d, P%d unit %d, order %u, row %llu%s\n", (long long)w->step,
               p->id, id, s->kind, s->phone, s->unit, s->order, (unsigned long long)s->row,
               marked ? ", not recorded" : "");
    CHECK(w, id <= w->said_count, "a mark that nobody gave");
    CHECK(w, s->fed, "phone %d is given event %u that the server cannot have yet", p->id, id);
    /* What it missed was looked up for the groups that it had when it came back. */
    CHECK(w, s->audience & (missed && s->row ? p->was_out : p->out),
          "phone %d (out %x) is given event %u of phone %d for groups %x", p->id, p->out, id, s->phone,
          s->audience);
    CHECK(w, s->kind != SAID_CHAT || s->to == 0 || (s->to | s->may) >> p->id & 1,
          "phone %d is given chat %u that is for others", p->id, id);
    if (is_durable(s))
        CHECK(w, s->row || (alert && marked), "phone %d is given event %u that is not on disk", p->id, id);
    CHECK(w, str_find(bytes, STR("<dest")) == bytes.len, "phone %d is given the dests of event %u", p->id, id);
    if (s->kind == SAID_CHAT)
        CHECK(w, !(s->gathered >> p->id & 1), "phone %d is given chat %u twice on one connection", p->id, id);
    check_order(w, p, id, missed);
    s->gathered |= 1u << p->id;
    w->delivered++;
}

/* Everything is whole events, in the form that was agreed on. */
void check_given(struct world *w, struct phone *p, struct str bytes, bool missed)
{
    struct phone_unit u;
    size_t total = bytes.len;
    bool torn;

    w->digest = hash_str((struct hash_key){w->digest, (uint64_t)p->id}, bytes);
    while (phone_next(&bytes, &u, &torn)) {
        uint32_t id = mark_in(u.whole);
        static char memory[LIMIT_EVENT_OUT + 64];
        struct buf values = buf_over(memory, sizeof memory);
        struct cot c;

        CHECK(w, u.proto == p->hears_v1, "phone %d expects %s and is given the other: %.80s", p->id,
              p->hears_v1 ? "v1" : "XML", u.proto ? "v1" : u.whole.at);
        CHECK(w, u.whole.len <= LIMIT_EVENT_OUT, "an event of %zu bytes", u.whole.len);
        CHECK(w, phone_read(&u, &values, &c), "phone %d cannot read %.200s", p->id, u.body.at);
        if (str_eq(c.type, STR("t-x-takp-r")) && str_find(u.whole, STR("status=\"true\"")) < u.whole.len)
            p->hears_v1 = true;
        if (id)
            check_mark(w, p, id, u.whole, missed);
        MUST(p->down.unit_count < FLIGHT_MAX);
        p->down.unit[p->down.unit_count].end = p->down.len + total - bytes.len;
        p->down.unit[p->down.unit_count++].id = id;
    }
    CHECK(w, !torn, "phone %d is given bytes that are no event: %.100s", p->id, bytes.at);
}

/* ------------------------------------------------------------ every step - */

/* Alerts are with everybody who may hear them, whatever the disk does. */
static void check_alerts(struct world *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->alert_count; i++) {
        struct said *s = &w->said[w->alerts[i]];

        if (w->sv->now.mono_ms - s->fed_ms < w->sv->limits.relay_after_ms + 120) {
            w->alerts[kept++] = w->alerts[i];
            continue;
        }
        for (int k = 0; k < w->phone_count; k++) {
            struct phone *p = &w->phones[k];

            if (p->conn < 0 || k == s->phone || p->online_ms >= s->fed_ms || p->blocked_ms >= s->fed_ms ||
                p->regroups || !(p->out & s->audience))
                continue;
            CHECK(w, s->gathered >> k & 1,
                  "phone %d was not given alert %u of phone %d within %lld ms", k, w->alerts[i],
                  s->phone, (long long)w->sv->limits.relay_after_ms + 120);
        }
    }
    w->alert_count = kept;
}

static size_t bytes_of(size_t n)
{
    return n ? slab_size(n) : 0;
}

static void check_bounds(struct world *w)
{
    struct river *r = &w->sv->river;
    size_t used = 0, count = 0, emergencies = 0;

    for (uint32_t i = 0; i < r->units.used; i++) {
        const struct unit *x = &r->units.list[i];

        if (x->kind == UNIT_FREE)
            continue;
        count++;
        emergencies += x->kind == UNIT_EMERGENCY;
        used += bytes_of(x->uid.len) + bytes_of(x->callsign.len) + bytes_of(x->latest_len) +
                bytes_of(x->other_len);
    }
    for (int i = 0; i < RIVER_FLIGHTS; i++)
        used += r->flights[i].used ? bytes_of(r->flights[i].len) : 0;
    CHECK(w, used == r->slab.used, "the slab has %zu bytes out, the units hold %zu", r->slab.used, used);
    CHECK(w, count == r->units.count && count <= r->limits.units_max, "%zu units, counted %u", count, r->units.count);
    CHECK(w, emergencies == r->emergencies, "%zu emergencies, counted %u", emergencies, r->emergencies);
    CHECK(w, r->live.head - r->live.safe <= r->limits.live_entries / 2 + 1, "the live ring is over its bound");
    CHECK(w, r->must.head - r->must.safe <= r->limits.must_entries / 2 + 1, "the must ring is over its bound");
}

void check_step(struct world *w)
{
    check_alerts(w);
    if (w->step % 16 == 0)
        check_bounds(w);
}

/* -------------------------------------------------------- crash and end -- */

/* All rows, and a snapshot with the rows behind it, give the state that is. */
void check_replay(struct world *w)
{
    uint64_t want = record_hash(&w->sv->record, w->sv->now.wall_ms);
    uint64_t *live = malloc(RECORD_ROWS_MAX * sizeof *live);
    size_t count = 0, at = w->sv->row_count ? chance(w, (uint32_t)w->sv->row_count) : 0;
    struct record part, all;

    MUST(live);
    for (int snapshot = 0; snapshot < 2; snapshot++) {
        void *memory = sim_alloc(record_memory());

        sim_replay(w->sv, &all, memory, live, count, snapshot ? at : 0);
        CHECK(w, record_hash(&all, w->sv->now.wall_ms) == want, "the replay %s is not the live state",
              snapshot ? "of a snapshot" : "of all rows");
        sim_release(memory);
        if (snapshot)
            break;
        memory = sim_alloc(record_memory());
        record_init(&part, memory, w->sv->key);
        for (size_t i = 0; i < at; i++)
            record_apply(&part, w->sv->rows[i].seq, w->sv->rows[i].kind, w->sv->rows[i].at_ms,
                         str_of(w->sv->rows[i].payload, w->sv->rows[i].len));
        count = record_live_rows(&part, at ? w->sv->rows[at - 1].at_ms : 0, live, RECORD_ROWS_MAX);
        sim_release(memory);
    }
    free(live);
}

static bool is_bound(struct world *w, const struct phone *p)
{
    char uid[8];
    struct unit *x;

    (void)snprintf(uid, sizeof uid, "P%d", p->id);
    x = units_find(&w->sv->river.units, str_from(uid));
    return x && p->conn >= 0 &&
           atomic_load(&w->sv->river.units.conn[units_index(&w->sv->river.units, x)]) ==
               session_handle(&w->sv->conns[p->conn].s);
}

/* What is durable has arrived where it must. */
static void check_arrival(struct world *w, struct phone *p)
{
    for (uint32_t id = 1; id <= w->said_count; id++) {
        const struct said *s = &w->said[id];
        bool addressed = s->kind == SAID_CHAT && s->to;

        if (!is_durable(s) || !s->row || s->phone == p->id || !(s->audience & p->out))
            continue;
        if (addressed && s->to >> p->id & 1)
            CHECK(w, s->received >> p->id & 1, "chat %u (row %llu) of phone %d never arrived at phone %d", id,
                  (unsigned long long)s->row, s->phone, p->id);
        if (!addressed && s->row > p->since_row && s->fed_ms > p->online_ms)
            CHECK(w, s->received >> p->id & 1, "event %u (row %llu, kind %d) of phone %d was not given to phone %d", id,
                  (unsigned long long)s->row, s->kind, s->phone, p->id);
    }
}

/* The picture of the river is that of the record. */
static void check_picture(struct world *w)
{
    struct river *r = &w->sv->river;

    for (uint32_t i = 0; i < r->units.used; i++) {
        const struct unit *x = &r->units.list[i];
        enum event_id kind = x->kind == UNIT_EMERGENCY ? EV_EMERGENCY_RAISED : EV_OBJECT_PUT;
        char payload[512];
        struct buf b = buf_over(payload, sizeof payload);

        if (x->kind != UNIT_EMERGENCY && x->kind != UNIT_OBJECT)
            continue;
        fields_put(&b, FIELD_UID, x->uid);
        CHECK(w, record_is_live(&w->sv->record, x->journal_seq, kind, buf_str(&b)),
              "%.*s is in the picture with row %llu, which is not alive", STR_ARG(x->uid),
              (unsigned long long)x->journal_seq);
    }
}

/* All that a phone may see is on its map, as it is now. */
static void check_map(struct world *w, struct phone *p)
{
    struct river *r = &w->sv->river;

    for (uint32_t i = 0; p->conn >= 0 && i < r->units.used; i++) {
        const struct unit *x = &r->units.list[i];
        uint32_t id = x->kind != UNIT_FREE && x->latest ? mark_in(str_of(x->latest, x->latest_len)) : 0;
        const struct said *s = &w->said[id];

        if (id == 0 || s->phone == p->id || !(s->audience & p->out) || x->addressed ||
            (r->limits.interest_from && (x->kind == UNIT_PRESENCE || x->kind == UNIT_TRACK)))
            continue;
        CHECK(w, p->last[s->phone][s->unit] >= s->order, "phone %d does not see %.*s as it is: order %u, not %u", p->id,
              STR_ARG(x->uid), p->last[s->phone][s->unit], s->order);
    }
}

/* Every alert that the record holds open is in the picture. */
static void check_alerts_open(struct world *w)
{
    const struct record *r = &w->sv->record;
    uint32_t open = 0;

    for (uint32_t i = 0; i < r->places; i++)
        open += r->entries[i].is == RECORD_EMERGENCY;
    CHECK(w, open == w->sv->river.emergencies || w->sv->river.count.unit_refused,
          "%u alerts are open in the record, %u in the picture", open, w->sv->river.emergencies);
}

void check_end(struct world *w)
{
    for (int i = 0; i < w->phone_count; i++)
        if (!w->phones[i].regroups && is_bound(w, &w->phones[i]))
            check_arrival(w, &w->phones[i]);
    CHECK(w, w->sv->river.flights_open == 0, "a flight never landed");
    check_picture(w);
    check_alerts_open(w);
    for (int i = 0; i < w->phone_count; i++)
        check_map(w, &w->phones[i]);
    check_replay(w);
    for (int i = 0; i < w->phone_count; i++)
        phone_cut(w, &w->phones[i], true);
    sim_commit(w->sv);
    CHECK(w, atomic_load(&w->sv->river.sessions) == 0 && atomic_load(&w->sv->river.listeners[FORM_XML]) == 0 &&
                 atomic_load(&w->sv->river.listeners[FORM_PROTO]) == 0,
          "sessions are counted that are gone");
    sim_pass(w->sv, w->sv->limits.keep_ms + 700000); /* and the last marker is stale */
    for (int i = 0; i < 4; i++)
        river_tick(&w->sv->river, w->sv->now);
    CHECK(w, w->sv->river.units.count == w->sv->river.emergencies, "%u units are left when all are gone, %u are alerts",
          w->sv->river.units.count, w->sv->river.emergencies);
    check_bounds(w);
    check_replay(w);
}
