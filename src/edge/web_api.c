#include "edge/web_inner.h"

#include "edge/assets.h"
#include "edge/incidents.h"
#include "edge/metrics.h"
#include "edge/web_replay.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CLIENTS_STEP = 32, CLIENTS_WANTED_MS = 5000 };

/* ---- lists ------------------------------------------------------------ */

static void put_client(const struct hub_client *c, struct buf *b)
{
    /* As text: a page's numbers end at 2^53. */
    buf_fmt(b, "{\"id\":\"%" PRIu64 "\",", c->handle);
    web_put_text(b, "user", str_from(c->user));
    buf_byte(b, ',');
    web_put_text(b, "agency", str_from(c->agency));
    buf_byte(b, ',');
    web_put_text(b, "uid", str_from(c->uid));
    buf_byte(b, ',');
    web_put_text(b, "callsign", str_from(c->callsign));
    buf_byte(b, ',');
    web_put_text(b, "address", str_from(c->address));
    buf_byte(b, ',');
    web_put_text(b, "tls", str_from(c->tls));
    buf_fmt(b,
            ",\"form\":\"%s\",\"since\":%" PRId64 ",\"lag_ms\":%" PRId64 ",\"sent_bytes\":%" PRIu64
            ",\"conflated\":%" PRIu64 ",\"state\":\"%s\",\"admitted\":%s}",
            c->v1 ? "v1" : "xml", c->since_ms, c->lag_ms, c->sent_bytes, c->conflated,
            c->live ? "live" : "joining", c->held ? "false" : "true");
}

void put_clients(struct web *w, struct buf *b)
{
    struct hub_client some[CLIENTS_STEP];
    size_t written = 0, n;
    uint32_t at = 0;

    buf_byte(b, '[');
    while (at < w->h->client_max && !b->full) {
        n = 0;
        hub_lock(w->h);
        for (; at < w->h->client_max && n < CLIENTS_STEP; at++)
            if (w->h->clients[at].handle)
                some[n++] = w->h->clients[at];
        hub_unlock(w->h);
        for (size_t i = 0; i < n; i++) {
            if (written++)
                buf_byte(b, ',');
            put_client(&some[i], b);
        }
    }
    buf_byte(b, ']');
}

/* The page knows alarms by "kind" or "kind:uid". */
static void put_alarm_id(const char *id, struct buf *b)
{
    static const struct {
        struct str inside, page;
    } names[] = {
        {{"conflict/", 9}, {"uid_conflict:", 13}},
        {{"unrecorded", 10}, {"emergency_unrecorded", 20}},
    };
    char text[sizeof((struct hub_alarm *)0)->id + 32];
    struct buf named = buf_over(text, sizeof text);
    struct str s = str_from(id);

    for (size_t i = 0; i < COUNTOF(names) && named.len == 0; i++)
        if (str_starts(s, names[i].inside)) {
            buf_put(&named, names[i].page);
            s = str_from_at(s, names[i].inside.len);
        }
    buf_put(&named, s);
    web_put_text(b, "id", buf_str(&named));
}

void put_alarms(struct web *w, struct buf *b)
{
    struct hub_alarm alarms[HUB_ALARMS];
    size_t n;

    hub_lock(w->h);
    n = w->h->alarm_count;
    MUST(n <= COUNTOF(alarms));
    memcpy(alarms, w->h->alarms, n * sizeof *alarms);
    w->alarms_sent = w->h->alarm_version;
    hub_unlock(w->h);
    buf_byte(b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_put(b, i ? STR(",{") : STR("{"));
        put_alarm_id(alarms[i].id, b);
        buf_byte(b, ',');
        web_put_text(b, "level", str_from(alarms[i].level));
        buf_byte(b, ',');
        web_put_text(b, "text", str_from(alarms[i].text));
        buf_fmt(b, ",\"since\":%" PRId64 "}", alarms[i].since_ms);
    }
    buf_byte(b, ']');
}

static void write_clients(void *ctx, struct buf *b)
{
    put_clients(ctx, b);
}

void get_clients(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q;
    atomic_store(&w->h->clients_wanted_ms, now.mono_ms + CLIENTS_WANTED_MS);
    reply_written(r, write_clients, w);
}

/* ---- the record ------------------------------------------------------- */

struct events_answer {
    struct web *w;
    struct events_ask ask;
    struct access access;
    uint16_t kinds[WEB_KINDS_MAX + 1];
    struct buf *b;
    bool comma;
    struct err e;
};

static bool put_line(void *ctx, const struct event_line *line)
{
    struct events_answer *a = ctx;

    if (a->comma)
        buf_byte(a->b, ',');
    a->comma = true;
    events_put_line(line, &a->access, a->b);
    return !a->b->full;
}

static void write_events(void *ctx, struct buf *b)
{
    struct events_answer *a = ctx;

    a->b = b;
    a->comma = false;
    a->e = (struct err){0};
    buf_put(b, STR("{\"events\":["));
    (void)!events_read(&a->w->events, &a->ask, put_line, a, &a->e);
    buf_fmt(b, "],\"head\":%" PRIu64 "}", a->w->events.last);
}

/* "chat.said,chat.receipt" */
static bool read_kinds(struct str list, uint16_t kinds[WEB_KINDS_MAX + 1], struct err *e)
{
    size_t n = 0;

    while (list.len) {
        size_t end = str_find_byte(list, ',');
        struct str tag = str_cut(list, 0, end);
        unsigned kind = event_by_tag(tag);

        if (kind == EV_NONE)
            kind = incident_kind_of(tag);
        if (!web_kind_is_shown(kind) || n == WEB_KINDS_MAX)
            return err_set(e, ERR_INPUT, "There is no kind of entry \"%.*s\".", STR_ARG(tag));
        kinds[n++] = (uint16_t)kind;
        list = str_from_at(list, end < list.len ? end + 1 : end);
    }
    kinds[n] = 0;
    return true;
}

static bool read_ask(const struct request *q, struct events_answer *a, struct err *e)
{
    int64_t after, before, limit;
    struct str kinds;

    if (!query_int(q->query, STR("after"), INT64_MAX / 2, 0, &after) ||
        !query_int(q->query, STR("before"), INT64_MAX / 2, 0, &before) ||
        !query_int(q->query, STR("limit"), EVENTS_LIMIT, EVENTS_FIRST, &limit))
        return err_set(e, ERR_INPUT,
                       "after, before and limit are whole numbers; limit is at most %d.",
                       EVENTS_LIMIT);
    a->ask = (struct events_ask){
        .after = (uint64_t)after, .before = (uint64_t)before, .limit = (size_t)limit, .incident = a->ask.incident};
    if (a->ask.incident.len)
        a->ask.kinds = incidents_kinds();
    if (!query_get(q->query, STR("kinds"), &kinds) || kinds.len == 0)
        return true;
    a->ask.kinds = a->kinds;
    return read_kinds(kinds, a->kinds, e);
}

/* incident: empty for all that the page shows. */
static void answer_events(struct web *w, struct request *q, struct reply *r, struct str incident)
{
    struct events_answer a = {.w = w, .ask = {.incident = incident}};
    struct err e;

    if (!replay_access(q, &a.access, NULL, &e) || !read_ask(q, &a, &e)) {
        reply_problem(r, 400, e.text);
        return;
    }
    live_follow(w); /* so that head is what the list ends with */
    reply_written(r, write_events, &a);
    if (a.e.kind)
        reply_problem(r, 503, a.e.text);
}

void get_events(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    answer_events(w, q, r, (struct str){0});
}

void get_incident_events(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    answer_events(w, q, r, q->part[0]);
}

/* ---- maps ------------------------------------------------------------- */

static void write_maps(void *ctx, struct buf *b)
{
    struct web *w = ctx;

    tiles_put(w->tiles, b);
}

void get_maps(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, write_maps, w);
}

void get_tile(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct tile_at at = {.map = q->part[0]};
    struct tile tile;
    int64_t z, x, y;
    struct err e;

    (void)now;
    if (!str_to_int(q->part[1], 0, 24, &z) || !str_to_int(q->part[2], 0, INT32_MAX, &x) ||
        !str_to_int(q->part[3], 0, INT32_MAX, &y)) {
        reply_problem(r, 400, "A tile is /t/MAP/Z/X/Y with whole numbers.");
        return;
    }
    at.z = (unsigned)z;
    at.x = (unsigned)x;
    at.y = (unsigned)y;
    if (!tiles_get(w->tiles, &at, &tile, &e)) {
        reply_err(r, &e);
        return;
    }
    r->status = tile.len ? 200 : 204;
    r->type = tile.type;
    r->owned = tile.bytes;
    r->body = str_of(tile.bytes, tile.len);
    r->gzip = tile.gzip;
    r->keep_hour = true;
}

/* ---- for machines ----------------------------------------------------- */

void get_health(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char text[HUB_ALARMS * 400];
    struct buf b = buf_over(text, sizeof text);
    bool ok = health_put(w->h, &b);

    (void)q, (void)now;
    reply_json(r, buf_str(&b));
    if (!ok)
        r->status = 503;
}

static void write_metrics(void *ctx, struct buf *b)
{
    struct web *w = ctx;
    struct metrics_web m = {.connections = w->exchange_count,
                            .requests_waiting = w->waiting,
                            .viewers = w->viewer_count};

    for (size_t i = 0; i < COUNTOF(w->viewers); i++)
        if (w->viewers[i])
            m.viewer_bytes += w->viewers[i]->waiting;
    metrics_put(w->h, &m, b);
}

void get_metrics(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q;
    atomic_store(&w->h->clients_wanted_ms,
                 now.mono_ms + 60000); /* the next reading wants the lag */
    reply_written(r, write_metrics, w);
    if (r->status == 200)
        r->type = "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- the page --------------------------------------------------------- */

static const struct asset *find_asset(struct str path)
{
    for (size_t i = 0; i < asset_count; i++)
        if (str_eq(str_from(assets[i].path), path))
            return &assets[i];
    return NULL;
}

/* An address of the page's own making ("/log"): it has no dot in its last part. */
static bool is_screen(struct str path)
{
    size_t i = path.len;

    if (str_starts(path, STR("/assets/")))
        return false;
    while (i > 0 && path.at[i - 1] != '/')
        if (path.at[--i] == '.')
            return false;
    return true;
}

void get_asset(struct web *w, struct request *q, struct reply *r, struct now now)
{
    const struct asset *a = find_asset(q->path);

    (void)w, (void)now;
    if (!a && is_screen(q->path))
        a = find_asset(STR("/index.html"));
    if (!a && asset_count == 0) {
        reply_problem(r, 503, "This Cordon was built without its page; build it with web/.");
        return;
    }
    if (!a) {
        reply_problem(r, 404, "There is no such file.");
        return;
    }
    if (!gzip_fits(q->accept_encoding)) {
        reply_problem(r, 406,
                      "The page is kept compressed alone; accept gzip (curl --compressed).");
        return;
    }
    r->type = a->type;
    r->etag = a->etag;
    r->immutable = a->immutable;
    r->status = 200;
    if (a->etag && str_find(q->if_none_match, str_from(a->etag)) < q->if_none_match.len) {
        r->status = 304;
        return;
    }
    r->gzip = true;
    r->body = str_of(a->gzip, a->gzip_len);
}
