#include "edge/web_events.h"

#include "edge/incident_json.h"
#include "edge/incidents.h"

#include <inttypes.h>

#include <stdlib.h>

void events_init(struct events *v, struct hub *h, const char *dir, struct hash_key hash)
{
    memset(v, 0, sizeof *v);
    v->h = h;
    v->hash = hash;
    MUST(str_copy(v->dir, sizeof v->dir, str_from(dir)));
}

static void forget(struct events *v)
{
    for (; v->first < v->next; v->first++)
        free(v->kept[v->first % EVENTS_KEPT].bytes);
    v->first = v->next = 0;
    v->bytes = 0;
}

void events_fini(struct events *v)
{
    forget(v);
    free(v->kept);
    free(v->scratch);
    free(v->values);
    journal_close(v->journal);
    *v = (struct events){0};
}

static bool open_journal(struct events *v, struct err *e)
{
    if (v->journal)
        return true;
    if (!v->kept) {
        v->kept = calloc(EVENTS_KEPT, sizeof *v->kept);
        v->scratch = malloc(WEB_EVENT_MAX);
        v->values = malloc(LIMIT_EVENT_IN);
        MUST(v->kept && v->scratch && v->values);
    }
    return journal_open_reader(v->dir, &v->journal, e);
}

static const char *user_name(void *ctx, int64_t id)
{
    static _Thread_local char name[64];
    struct events *v = ctx;
    const struct hub_user *u;

    hub_lock(v->h);
    u = hub_user(v->h, id);
    (void)str_copy(name, sizeof name, str_from(u ? u->name : ""));
    hub_unlock(v->h);
    return name;
}

static struct event_line line_of(struct events *v, const struct journal_row *row, uint64_t prev)
{
    struct web_names names = {user_name, v};
    struct web_event ev = {row, prev, &names, v->values};
    struct buf b = buf_over(v->scratch, WEB_EVENT_MAX);
    bool raw = incident_kind_is(row->kind);

    if (raw)
        buf_put(&b, row->payload);
    else
        web_event_put(&ev, &b);
    MUST(!b.full);
    return (struct event_line){.seq = row->seq,
                               .prev = prev,
                               .kind = row->kind,
                               .raw = raw,
                               .erased = row->erased,
                               .damaged = row->damaged,
                               .ordered = row->kind == EV_CHAT_SAID && fields_has(row->payload, FIELD_REF) &&
                                          fields_has(row->payload, FIELD_TO),
                               .at_ms = row->recorded_ms,
                               .observed_ms = row->observed_ms,
                               .len = (uint32_t)b.len,
                               .bytes = v->scratch};
}

static void put_head(const struct event_line *line, const char *tag, struct buf *b)
{
    buf_fmt(b, "{\"seq\":%" PRIu64 ",\"prev\":%" PRIu64 ",\"kind\":\"%s\",\"at\":%" PRId64 ",\"observed\":", line->seq,
            line->prev, tag, line->at_ms);
    if (line->observed_ms)
        buf_fmt(b, "%" PRId64, line->observed_ms);
    else
        buf_put(b, STR("null"));
    if (line->erased || line->damaged)
        buf_fmt(b, ",\"%s\":true", line->erased ? "erased" : "damaged");
}

void events_put_line(const struct event_line *line, const struct access *a, struct buf *b)
{
    struct str payload = str_of(line->bytes, line->len);

    if (line->raw) {
        put_head(line, kind_info(line->kind)->tag, b);
        buf_put(b, STR(",\"incident\":"));
        buf_json(b, incident_value(payload, IN_INCIDENT));
        buf_put(b, STR(",\"fields\":"));
        incident_event_json(line->kind, payload, a, b);
        buf_byte(b, '}');
    } else if (a->observes || !(a->classes & 1u << (line->ordered ? HANDLING_COMMAND : HANDLING_OPS))) {
        put_head(line, event_tag(line->kind), b);
        buf_put(b, STR(",\"withheld\":true,\"data\":{}}"));
    } else
        buf_put(b, payload);
}

struct rereading {
    struct events *v;
    uint64_t at;
};

static bool see_again(void *ctx, const struct journal_row *row)
{
    struct rereading *r = ctx;
    struct event_line *kept = &r->v->kept[r->at % EVENTS_KEPT], now;
    char *bytes;

    if (!row->erased || kept->erased)
        return false;
    now = line_of(r->v, row, kept->prev);
    bytes = malloc(now.len + 1);
    MUST(bytes);
    memcpy(bytes, now.bytes, now.len);
    r->v->bytes = r->v->bytes - kept->len + now.len;
    free(kept->bytes);
    *kept = now;
    kept->bytes = bytes;
    return false;
}

bool events_reread(struct events *v, struct err *e)
{
    struct rereading r = {.v = v};

    for (r.at = v->first; v->journal && r.at < v->next; r.at++)
        if (!journal_get(v->journal, v->kept[r.at % EVENTS_KEPT].seq, see_again, &r, e))
            return false;
    return true;
}

/* ---- what is kept ----------------------------------------------------- */

static void keep(struct events *v, const struct event_line *line)
{
    struct event_line *slot;

    while (v->first < v->next &&
           (v->next - v->first == EVENTS_KEPT || v->bytes + line->len > EVENTS_BYTES)) {
        struct event_line *oldest = &v->kept[v->first++ % EVENTS_KEPT];

        v->bytes -= oldest->len;
        free(oldest->bytes);
        oldest->bytes = NULL;
    }
    slot = &v->kept[v->next++ % EVENTS_KEPT];
    *slot = *line;
    slot->bytes = malloc(line->len + 1);
    MUST(slot->bytes);
    memcpy(slot->bytes, line->bytes, line->len);
    v->bytes += line->len;
}

static void keep_ack(struct events *v, const struct journal_row *row)
{
    uint64_t uid = hash_str(v->hash, fields_get(row->payload, FIELD_UID));
    struct event_ack *a = NULL;

    for (size_t i = 0; i < EVENTS_ACKS && !a; i++)
        if (v->acks[i].uid == uid)
            a = &v->acks[i];
    if (!a)
        a = &v->acks[v->ack_next++ % EVENTS_ACKS];
    if (a->uid == uid && a->seq >= row->seq)
        return;
    *a = (struct event_ack){.uid = uid, .seq = row->seq, .at_ms = row->recorded_ms};
    (void)str_copy(a->by, sizeof a->by, fields_get(row->payload, FIELD_BY));
}

static bool see_ack(void *ctx, const struct journal_row *row)
{
    keep_ack(ctx, row);
    return true;
}

const struct event_ack *events_ack(struct events *v, struct str uid, uint64_t raised)
{
    static const uint16_t kinds[] = {EV_EMERGENCY_ACKNOWLEDGED, 0};
    uint64_t key = hash_str(v->hash, uid);
    struct err e;

    if (raised && raised < v->acks_from && v->journal &&
        journal_read(v->journal, raised, kinds, see_ack, v, &e))
        v->acks_from = raised;
    for (size_t i = 0; i < EVENTS_ACKS; i++)
        if (v->acks[i].uid == key && v->acks[i].seq > raised)
            return &v->acks[i];
    return NULL;
}

/* ---- walking back ----------------------------------------------------- */

/* The newest rows of some kinds up to one: numbers, ascending. */
struct back {
    uint64_t to;
    struct str incident;
    uint64_t ring[EVENTS_LIMIT + 1];
    size_t max, count; /* max: how many are wanted of this stretch; count: how many came by */
};

static bool is_of(const struct journal_row *row, struct str incident)
{
    return !incident.len || str_eq(incident_value(row->payload, IN_INCIDENT), incident);
}

static bool see_back(void *ctx, const struct journal_row *row)
{
    struct back *k = ctx;

    if (row->seq > k->to)
        return false;
    if (!is_of(row, k->incident))
        return true;
    k->ring[k->count++ % k->max] = row->seq;
    return true;
}

struct found {
    uint64_t seq[EVENTS_LIMIT + 1]; /* the last `count` of them */
    size_t count;
    bool early; /* the walk was cut off: there may be older ones */
};

static bool walk_back(struct events *v, uint64_t to, size_t want, const struct events_ask *ask,
                      struct found *f, struct err *e)
{
    const uint16_t *kinds = ask->kinds ? ask->kinds : web_kinds();
    uint64_t span = 4 * want + 256, looked = 0;
    struct back k = {.incident = ask->incident};

    MUST(want > 0 && want <= COUNTOF(f->seq));
    f->count = 0;
    f->early = false;
    while (to > 0 && f->count < want && !f->early) {
        uint64_t from = to > span ? to - span + 1 : 1;
        size_t got;

        k.to = to;
        k.count = 0;
        k.max = want - f->count;
        if (!journal_read(v->journal, from, kinds, see_back, &k, e))
            return false;
        got = k.count < k.max ? k.count : k.max;
        for (size_t i = 0; i < got; i++)
            f->seq[COUNTOF(f->seq) - ++f->count] = k.ring[(k.count - 1 - i) % k.max];
        looked += to - from + 1;
        f->early = looked >= EVENTS_SCAN && from > 1 && f->count < want;
        to = from - 1;
        span *= 4;
    }
    return true;
}

static uint64_t found_at(const struct found *f, size_t i)
{
    MUST(i < f->count);
    return f->seq[COUNTOF(f->seq) - f->count + i];
}

/* ---- reading on ------------------------------------------------------- */

struct reading {
    struct events *v;
    events_see *see;
    void *ctx;
    uint64_t prev, to;
    size_t left;
    struct str incident;
    bool follows; /* these are new: keep them */
};

static bool see_row(void *ctx, const struct journal_row *row)
{
    struct reading *r = ctx;
    struct event_line line;
    bool go_on = true;

    if (row->seq > r->to || r->left == 0)
        return false;
    if (!is_of(row, r->incident))
        return true;
    line = line_of(r->v, row, r->prev);
    r->prev = row->seq;
    r->left--;
    if (r->follows) {
        keep(r->v, &line);
        r->v->last = row->seq;
        if (row->kind == EV_EMERGENCY_ACKNOWLEDGED)
            keep_ack(r->v, row);
    }
    if (r->see)
        go_on = r->see(r->ctx, &line);
    return go_on && r->left > 0;
}

/* Sees the head as it is now. */
static uint64_t head_now(struct events *v)
{
    struct err e;

    (void)!journal_get(v->journal, 0, see_ack, v, &e); /* no row has this number */
    return journal_head(v->journal).seq;
}

/* Begins anew with the newest lines. */
static bool load(struct events *v, uint64_t head, struct err *e)
{
    struct found f;
    struct reading r = {.v = v, .to = head, .left = SIZE_MAX, .follows = true};

    forget(v);
    v->last = 0;
    memset(v->acks, 0, sizeof v->acks);
    v->acks_from = head + 1;
    if (!walk_back(v, head, EVENTS_FIRST + 1, &(struct events_ask){0}, &f, e))
        return false;
    if (f.count == 0)
        return true;
    if (f.count == EVENTS_FIRST + 1 || f.early)
        r.prev = f.count == EVENTS_FIRST + 1 ? found_at(&f, 0) : found_at(&f, 0) - 1;
    v->last = r.prev;
    v->acks_from = r.prev + 1;
    return journal_read(v->journal, r.prev + 1, web_kinds(), see_row, &r, e);
}

bool events_follow(struct events *v, events_see *see, void *ctx, struct err *e)
{
    struct reading r = {.v = v, .see = see, .ctx = ctx, .left = SIZE_MAX, .follows = true};
    uint64_t head;

    if (!open_journal(v, e))
        return false;
    head = head_now(v);
    if (v->loaded && head == v->read_to)
        return true;
    if (!v->loaded || head < v->read_to || head - v->read_to > EVENTS_GAP) {
        if (!load(v, head, e))
            return false;
        v->loaded = true;
        v->read_to = head;
        return true;
    }
    r.prev = v->last;
    r.to = head;
    if (!journal_read(v->journal, v->read_to + 1, web_kinds(), see_row, &r, e))
        return false;
    v->read_to = head;
    return true;
}

bool events_kept_after(const struct events *v, uint64_t after, events_see *see, void *ctx)
{
    if (v->loaded && after >= v->last)
        return true;
    if (v->first == v->next || v->kept[v->first % EVENTS_KEPT].prev > after)
        return false;
    for (uint64_t i = v->first; i < v->next; i++)
        if (v->kept[i % EVENTS_KEPT].seq > after && !see(ctx, &v->kept[i % EVENTS_KEPT]))
            break;
    return true;
}

bool events_read(struct events *v, const struct events_ask *ask, events_see *see, void *ctx,
                 struct err *e)
{
    const uint16_t *kinds = ask->kinds ? ask->kinds : web_kinds();
    struct reading r = {
        .v = v, .see = see, .ctx = ctx, .left = ask->limit, .to = UINT64_MAX, .incident = ask->incident};
    uint64_t from = ask->after + 1;
    struct found f;

    if (!open_journal(v, e))
        return false;
    if (ask->limit == 0)
        return true;
    MUST(ask->limit <= EVENTS_AFTER + 1 && (!ask->before || ask->limit <= EVENTS_LIMIT));
    if (ask->before) {
        if (!walk_back(v, ask->before - 1, ask->limit + 1, ask, &f, e))
            return false;
        if (f.count == 0)
            return true;
        r.prev = f.count > ask->limit ? found_at(&f, 0) : f.early ? found_at(&f, 0) - 1 : 0;
        from = r.prev + 1;
        r.to = ask->before - 1;
    } else {
        if (!walk_back(v, ask->after, 1, ask, &f, e))
            return false;
        r.prev = f.count ? found_at(&f, 0) : f.early ? 1 : 0;
    }
    return journal_read(v->journal, from, kinds, see_row, &r, e);
}

static bool see_time(void *ctx, const struct journal_row *row)
{
    *(int64_t *)ctx = row->recorded_ms;
    return true;
}

int64_t events_time(struct events *v, uint64_t seq)
{
    int64_t at_ms = 0;
    struct err e;

    if (!v->journal || !journal_get(v->journal, seq, see_time, &at_ms, &e))
        return 0;
    return at_ms;
}
