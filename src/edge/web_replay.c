#include "edge/web_replay.h"

#include "base/when.h"
#include "core/incident_save.h"
#include "edge/incidents_journal.h"
#include "edge/web_inner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_past, get_timeline;

const struct route web_replay_routes[] = {
    {READS, "/api/incidents/{}/past", RIGHT_LOGGED_IN, false, get_past, DOOR_WEB, NULL},
    {READS, "/api/incidents/{}/timeline", RIGHT_PICTURE, false, get_timeline, DOOR_WEB, NULL},
};
const size_t web_replay_route_count = COUNTOF(web_replay_routes);

/* ---- as which role -------------------------------------------------------- */

bool replay_access(const struct request *q, struct access *out, bool *whole, struct err *e)
{
    bool is_whole = true;
    struct str role;
    bool ok = true;

    *out = q->who.access;
    if (query_get(q->query, STR("as"), &role) && role.len)
        ok = access_as(&q->who.access, role, out, &is_whole, e);
    if (whole)
        *whole = is_whole;
    return ok;
}

/* ---- marks ---------------------------------------------------------------- */

struct mark {
    uint64_t seq;
    size_t len;
    char *bytes;
};

struct marks {
    struct mark list[REPLAY_MARKS]; /* ascending */
    size_t count, bytes;
    size_t apart, since; /* events between two; since the last one */
};

struct replay {
    char incident[INCIDENT_ID_MAX + 1];
    struct marks marks;
    int64_t until_ms; /* monotonic */
};

static void marks_free(struct marks *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->list[i].bytes);
    *m = (struct marks){0};
}

/* Every second one goes, and from now on they are twice as far apart. */
static void marks_thin(struct marks *m)
{
    size_t kept = 0;

    for (size_t i = 0; i < m->count; i++) {
        if (i % 2) {
            m->list[kept++] = m->list[i];
            continue;
        }
        m->bytes -= m->list[i].len;
        free(m->list[i].bytes);
    }
    m->count = kept;
    m->apart *= 2;
}

/* One that finds no memory or no room is left out: the way from the one before is longer then. */
static void marks_add(struct marks *m, const struct incident *s)
{
    struct buf b;
    size_t size;

    if (++m->since < m->apart)
        return;
    m->since = 0;
    size = incident_save_size(s);
    while (m->count && (m->count == REPLAY_MARKS || m->bytes + size > REPLAY_BYTES))
        marks_thin(m);
    b = buf_over(size < REPLAY_BYTES ? malloc(size + 1) : NULL, size + 1);
    if (!b.at)
        return;
    incident_save(s, &b);
    MUST(!b.full);
    m->list[m->count++] = (struct mark){s->seq, b.len, b.at};
    m->bytes += b.len;
}

uint64_t replay_mark(struct web *w, struct str incident, uint64_t to, struct str *state)
{
    struct replay *r = w->replay;
    size_t i;

    if (!r || !str_eq(str_from(r->incident), incident))
        return 0;
    r->until_ms = hub_now().mono_ms + REPLAY_LINGER_MS;
    for (i = r->marks.count; i > 0 && r->marks.list[i - 1].seq > to;)
        i--;
    if (i == 0)
        return 0;
    *state = str_of(r->marks.list[i - 1].bytes, r->marks.list[i - 1].len);
    return r->marks.list[i - 1].seq;
}

/* Takes the marks that a timeline made. */
static void keep_marks(struct web *w, const char *incident, struct marks *made)
{
    if (!w->replay)
        w->replay = calloc(1, sizeof *w->replay);
    if (!w->replay)
        return;
    marks_free(&w->replay->marks);
    (void)str_copy(w->replay->incident, sizeof w->replay->incident, str_from(incident));
    w->replay->marks = *made;
    w->replay->until_ms = hub_now().mono_ms + REPLAY_LINGER_MS;
    *made = (struct marks){0};
}

void replay_free(struct web *w)
{
    if (w->replay)
        marks_free(&w->replay->marks);
    free(w->replay);
    w->replay = NULL;
}

void replay_tick(struct web *w, struct now now)
{
    if (!w->replay || now.mono_ms < w->replay->until_ms)
        return;
    replay_free(w);
    incidents_fini(&w->incidents.past);
}

/* ---- one moment ------------------------------------------------------------- */

struct past {
    struct web *w;
    struct moment m;
    struct access access;
    struct str role;
    bool whole_role;
    uint64_t since; /* what the page has already; 0: nothing */
};

static void put_views(const struct past *x, struct buf *b)
{
    const char *const *names = incident_view_names();
    struct view_ask ask = {
        .s = x->m.s, .access = &x->access, .now_ms = x->m.now_ms, .work = web_view_work(x->w)};
    struct err e;

    for (size_t i = 0; names[i]; i++) {
        size_t begin = b->len;

        if (strcmp(names[i], "public") == 0)
            continue;
        buf_fmt(b, "%s\"%s\":", b->at[begin - 1] == '{' ? "" : ",", names[i]);
        if (!incident_view(str_from(names[i]), &ask, b, &e))
            b->len = begin;
    }
}

static void write_past(void *ctx, struct buf *b)
{
    const struct past *x = ctx;
    const struct incident *s = x->m.s;
    bool whole = x->since == 0 || x->since > s->seq;
    struct entities_ask ask = {.after = whole ? 0 : x->since};

    buf_put(b, STR("{\"incident\":"));
    buf_json(b, ent_id(s, incident_self(s)));
    buf_fmt(b, ",\"seq\":%" PRIu64 ",\"row\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\",\"at\":\"", s->seq, x->m.row,
            incident_hash(s));
    when_put(b, x->m.now_ms);
    buf_fmt(b, "\",\"whole\":%s,", whole ? "true" : "false");
    if (x->role.len) {
        buf_put(b, STR("\"as\":"));
        buf_json(b, x->role);
        buf_fmt(b, ",\"as_whole\":%s,", x->whole_role ? "true" : "false");
    }
    buf_put(b, STR("\"entities\":"));
    web_put_entities(s, &x->access, &ask, b);
    buf_put(b, STR(",\"views\":{"));
    if (!b->full)
        put_views(x, b);
    buf_put(b, STR("}}"));
}

static void get_past(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct past x = {.w = w};
    int64_t since;
    struct err e;

    live_follow(w);
    if (!query_get(q->query, STR("as"), &x.role))
        x.role = (struct str){0};
    if (!query_int(q->query, STR("since"), INT64_MAX / 2, 0, &since))
        reply_problem(r, 400, "since: the number of an event, please.");
    else if (replay_access(q, &x.access, &x.whole_role, &e) && web_moment(w, q, now, &x.m, &e)) {
        x.since = (uint64_t)since;
        reply_written(r, write_past, &x);
    } else
        reply_err(r, &e);
}

/* ---- the timeline -------------------------------------------------------------- */

/* What happened, without its text: the kind and the times of every event are for whoever may read the record. */
struct happened {
    uint64_t seq;
    int64_t at_ms, observed_ms;
    uint16_t kind;
};

struct figure {
    int64_t at_ms;
    struct view_figures is;
};

/* Belongs to the worker while it runs, else to the web thread. */
struct timeline {
    char dir[256], incident[INCIDENT_ID_MAX + 1];
    struct access access;
    struct hash_key key;
    struct incidents all; /* this one alone */
    struct view_work *work;
    struct happened *events;
    size_t count, room;
    struct figure *figures;
    size_t figure_count;
    int64_t every_ms, next_ms;
    struct marks marks;
    uint64_t head;
    bool cut, no_memory;
    struct err e;
    char *bytes;
    size_t len;
};

static void timeline_free(struct timeline *t)
{
    incidents_fini(&t->all);
    marks_free(&t->marks);
    free(t->work);
    free(t->events);
    free(t->figures);
    free(t->bytes);
    free(t);
}

static bool add_event(struct timeline *t, const struct journal_row *row)
{
    int64_t observed = 0;

    if (t->count == REPLAY_EVENTS) {
        t->cut = true;
        return true;
    }
    if (t->count == t->room) {
        size_t room = t->room ? t->room * 2 : 1024;
        struct happened *list = realloc(t->events, room * sizeof *list);

        t->no_memory = !list;
        if (!list)
            return false;
        t->events = list;
        t->room = room;
    }
    (void)!str_to_int(incident_value(row->payload, IN_OBSERVED_AT), 0, INT64_MAX / 2, &observed);
    t->events[t->count++] = (struct happened){row->seq, row->recorded_ms, observed, row->kind};
    return true;
}

/* The figures as they stand before what comes at at_ms; quiet stretches have one at each step. */
static void add_figures(struct timeline *t, const struct incident *s, int64_t at_ms)
{
    struct view_ask ask = {.s = s, .access = &t->access, .now_ms = t->next_ms, .work = t->work};
    struct view_figures is;

    if (at_ms < t->next_ms)
        return;
    incident_figures(&ask, &is);
    for (; t->next_ms <= at_ms; t->next_ms += t->every_ms) {
        if (t->figure_count == REPLAY_FIGURES) {
            for (size_t i = 0; i < REPLAY_FIGURES / 2; i++)
                t->figures[i] = t->figures[2 * i];
            t->figure_count = REPLAY_FIGURES / 2;
            t->every_ms *= 2;
        }
        t->figures[t->figure_count++] = (struct figure){t->next_ms, is};
    }
}

static bool see_event(void *ctx, const struct journal_row *row)
{
    struct timeline *t = ctx;
    const struct incident *s;

    if (row->erased || !str_eq(incident_value(row->payload, IN_INCIDENT), str_from(t->incident)))
        return true;
    if (t->count == 0)
        t->next_ms = row->recorded_ms;
    else
        add_figures(t, t->all.list[0], row->recorded_ms - 1);
    s = incidents_apply(&t->all, row->seq, row->kind, row->payload);
    if (!s)
        return true;
    marks_add(&t->marks, s);
    t->head = row->seq;
    return add_event(t, row);
}

static void put_kinds(struct buf *b, size_t place[INC_END])
{
    const uint16_t *kinds = incidents_kinds();

    for (size_t i = 0; kinds[i]; i++) {
        place[kinds[i]] = i;
        buf_fmt(b, "%s\"%s\"", i ? "," : "", kind_info(kinds[i])->tag);
    }
}

static void put_figure(int64_t n, struct buf *b)
{
    if (n < 0)
        buf_put(b, STR(",null"));
    else
        buf_fmt(b, ",%" PRId64, n);
}

static void write_timeline(void *ctx, struct buf *b)
{
    size_t place[INC_END] = {0};
    const struct timeline *t = ctx;

    buf_put(b, STR("{\"incident\":"));
    buf_json(b, str_from(t->incident));
    buf_fmt(b, ",\"head\":%" PRIu64 ",\"cut\":%s,\"kinds\":[", t->head, t->cut ? "true" : "false");
    put_kinds(b, place);
    buf_put(b, STR("],\"events\":["));
    for (size_t i = 0; i < t->count && !b->full; i++) {
        const struct happened *x = &t->events[i];

        buf_fmt(b, "%s[%" PRIu64 ",%" PRId64 ",%" PRId64 ",%zu]", i ? "," : "", x->seq, x->at_ms, x->observed_ms,
                place[x->kind]);
    }
    buf_put(b, STR("],\"figures\":["));
    for (size_t i = 0; i < t->figure_count && !b->full; i++) {
        const struct view_figures *x = &t->figures[i].is;

        buf_fmt(b, "%s[%" PRId64, i ? "," : "", t->figures[i].at_ms);
        put_figure(x->inside, b);
        put_figure(x->killed_lo, b);
        put_figure(x->killed_hi, b);
        put_figure(x->zones, b);
        put_figure(x->zones_threat, b);
        put_figure(x->zones_eod, b);
        buf_byte(b, ']');
    }
    buf_put(b, STR("]}"));
}

/* In the worker. */
static void read_timeline(void *ctx)
{
    struct timeline *t = ctx;
    struct journal *j = NULL;

    incidents_init(&t->all, t->key);
    t->work = malloc(sizeof *t->work);
    t->figures = malloc(REPLAY_FIGURES * sizeof *t->figures);
    t->no_memory = !t->work || !t->figures;
    if (t->no_memory || !journal_open_reader(t->dir, &j, &t->e))
        return;
    if (journal_read(j, 1, incidents_kinds(), see_event, t, &t->e) && !t->no_memory) {
        if (t->count)
            add_figures(t, t->all.list[0], t->next_ms); /* how it ends */
        t->bytes = web_written(65536, write_timeline, t, &t->len);
        t->no_memory = !t->bytes;
    }
    journal_close(j);
}

static void timeline_read(struct web *w, struct exchange *x, void *ctx)
{
    struct timeline *t = ctx;

    if (t->bytes)
        keep_marks(w, t->incident, &t->marks);
    if (x && t->bytes) {
        x->reply.status = 200;
        x->reply.type = "application/json";
        x->reply.owned = t->bytes;
        x->reply.body = str_of(t->bytes, t->len);
        t->bytes = NULL;
    } else if (x)
        reply_problem(&x->reply, 503, t->no_memory ? "There is not enough memory just now." : t->e.text);
    timeline_free(t);
}

static void get_timeline(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct timeline *t = calloc(1, sizeof *t);
    struct err e;

    (void)now;
    live_follow(w);
    if (!t) {
        reply_problem(r, 503, "There is not enough memory just now.");
        return;
    }
    t->key = w->incidents.all.key;
    t->every_ms = REPLAY_FIGURES_MS;
    t->marks.apart = REPLAY_MARK_ROWS;
    if (!replay_access(q, &t->access, NULL, &e))
        reply_err(r, &e);
    else if (!incidents_find(&w->incidents.all, q->part[0]))
        reply_problem(r, 404, "There is no such incident.");
    else if (str_copy(t->dir, sizeof t->dir, str_from(w->dir)) &&
             str_copy(t->incident, sizeof t->incident, q->part[0]) &&
             web_work(w, q, r, read_timeline, timeline_read, t))
        return; /* t is the worker's now */
    timeline_free(t);
}
