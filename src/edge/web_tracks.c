#include "edge/web_tracks.h"

#include "base/hash.h"
#include "base/when.h"
#include "edge/web_inner.h"
#include "edge/web_replay.h"
#include "os/clock.h"
#include "store/tracks.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_tracks;

const struct route web_tracks_routes[] = {
    {READS, "/api/tracks", RIGHT_PICTURE, false, get_tracks, DOOR_WEB, NULL},
};
const size_t web_tracks_route_count = COUNTOF(web_tracks_routes);

enum { PLACES = 2 * TRACKS_NAMES, LOOK_EVERY = 1024 /* points between two looks at the clock */ };

/* Belongs to the worker while a job runs; jobs run one after the other. */
struct tracks_reader {
    struct tracks *tracks;
};

void tracks_reader_free(struct tracks_reader *t)
{
    if (t && t->tracks)
        tracks_close(t->tracks);
    free(t);
}

/* ---- what is read --------------------------------------------------------- */

/* A unit under one callsign and type. */
struct name {
    char *memory;
    struct str uid, callsign, type; /* in it */
    int64_t kept_ms;                /* its last point that was kept; INT64_MIN: none yet */
};

struct point {
    uint32_t name;
    int64_t at_ms;
    double lat, lon, ce, speed, course;
};

struct tracking {
    char dir[256];
    struct tracks_reader *reader;
    struct hash_key key;
    bool newest; /* of each unit, at to_ms */
    int64_t from_ms, to_ms, every_ms;
    int64_t until_ms; /* monotonic */
    struct name *names;
    uint32_t *places; /* hash of a name -> index + 1 */
    size_t name_count, name_room;
    struct point *points;
    size_t count, room;
    unsigned seen;
    bool cut, no_memory;
    int64_t whole_ms; /* up to then it is whole */
    struct err e;
    char *bytes;
    size_t len;
};

static void tracking_free(struct tracking *t)
{
    for (size_t i = 0; i < t->name_count; i++)
        free(t->names[i].memory);
    free(t->names);
    free(t->places);
    free(t->points);
    free(t->bytes);
    free(t);
}

static bool is_named(const struct name *n, const struct track_point *p)
{
    return str_eq(n->uid, p->uid) && str_eq(n->callsign, p->callsign) && str_eq(n->type, p->type);
}

static bool name_new(struct tracking *t, const struct track_point *p)
{
    size_t size = p->uid.len + p->callsign.len + p->type.len + 1;
    struct name *n;
    struct buf b;

    if (t->name_count == t->name_room) {
        size_t room = t->name_room ? t->name_room * 2 : 256;
        struct name *list = realloc(t->names, room * sizeof *list);

        if (!list)
            return false;
        t->names = list;
        t->name_room = room;
    }
    b = buf_over(malloc(size), size);
    if (!b.at)
        return false;
    buf_put(&b, p->uid);
    buf_put(&b, p->callsign);
    buf_put(&b, p->type);
    n = &t->names[t->name_count++];
    *n = (struct name){b.at, str_of(b.at, p->uid.len), str_of(b.at + p->uid.len, p->callsign.len),
                       str_of(b.at + p->uid.len + p->callsign.len, p->type.len), INT64_MIN};
    return true;
}

/* NULL: there is no room for another. */
static struct name *name_of(struct tracking *t, const struct track_point *p)
{
    uint64_t h = hash_str(t->key, p->uid);

    while (t->places[h % PLACES] && !is_named(&t->names[t->places[h % PLACES] - 1], p))
        h++;
    if (!t->places[h % PLACES]) {
        if (t->name_count == TRACKS_NAMES)
            return NULL;
        t->no_memory = !name_new(t, p);
        if (t->no_memory)
            return NULL;
        t->places[h % PLACES] = (uint32_t)t->name_count;
    }
    return &t->names[t->places[h % PLACES] - 1];
}

static bool points_room(struct tracking *t)
{
    size_t room = t->room ? t->room * 2 : 4096;
    struct point *list;

    if (t->count < t->room)
        return true;
    list = realloc(t->points, room * sizeof *list);
    t->no_memory = !list;
    if (!list)
        return false;
    t->points = list;
    t->room = room;
    return true;
}

static bool see_point(void *ctx, const struct track_point *p)
{
    struct tracking *t = ctx;
    struct name *n;

    if (t->count == TRACKS_POINTS || (++t->seen % LOOK_EVERY == 0 && clock_ms() > t->until_ms)) {
        t->cut = true;
        t->whole_ms = p->at_ms - 1;
        return false;
    }
    n = name_of(t, p);
    if (!n) {
        t->cut = true;
        t->whole_ms = p->at_ms - 1;
        return false;
    }
    if (n->kept_ms != INT64_MIN && p->at_ms - n->kept_ms < t->every_ms)
        return true;
    if (!points_room(t))
        return false;
    n->kept_ms = p->at_ms;
    t->points[t->count++] = (struct point){(uint32_t)(n - t->names), p->at_ms, p->lat,    p->lon,
                                           p->ce,                    p->speed, p->course};
    return true;
}

/* ---- what is answered ------------------------------------------------------- */

static void little(struct buf *b, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_byte(b, (char)(v >> (8 * i) & 0xFF));
}

/* A number scaled into [0, most], or `none` when it is not known. */
static uint32_t scaled(double v, double by, uint32_t most, uint32_t none)
{
    if (!isfinite(v) || v < 0)
        return none;
    v *= by;
    return v >= most ? most : (uint32_t)(v + 0.5);
}

static void put_names(const struct tracking *t, struct buf *b)
{
    buf_byte(b, '[');
    for (size_t i = 0; i < t->name_count && !b->full; i++) {
        const struct name *n = &t->names[i];

        buf_put(b, i ? STR(",[") : STR("["));
        buf_json(b, n->uid);
        buf_byte(b, ',');
        buf_json(b, n->callsign);
        buf_byte(b, ',');
        buf_json(b, n->type);
        buf_byte(b, ']');
    }
    buf_byte(b, ']');
}

static void put_point(const struct tracking *t, const struct point *p, struct buf *b)
{
    little(b, p->name, 4);
    little(b, (uint64_t)(p->at_ms - t->from_ms), 4);
    little(b, (uint32_t)(int32_t)lround(p->lat * 1e7), 4);
    little(b, (uint32_t)(int32_t)lround(p->lon * 1e7), 4);
    little(b, isfinite(p->course) ? scaled(fmod(fmod(p->course, 360) + 360, 360), 100, 35999, 65535) : 65535, 2);
    little(b, scaled(p->speed, 100, 65534, 65535), 2);
    little(b, scaled(p->ce, 1, 255, 255), 1);
    little(b, 0, 3);
}

static void write_tracks(void *ctx, struct buf *b)
{
    const struct tracking *t = ctx;
    size_t names;

    little(b, 2, 1);
    little(b, 1, 1);
    little(b, TRACKS_RECORD, 2);
    little(b, t->count, 4);
    little(b, (uint64_t)t->from_ms, 8);
    little(b, (uint64_t)t->to_ms, 8);
    little(b, (uint64_t)t->whole_ms, 8);
    little(b, t->cut, 4);
    names = b->len;
    little(b, 0, 4);
    put_names(t, b);
    if (!b->full) {
        struct buf length = {.at = b->at + names, .max = 4};

        little(&length, b->len - names - 4, 4);
    }
    for (size_t i = 0; i < t->count && !b->full; i++)
        put_point(t, &t->points[i], b);
}

/* In the worker. A reader that fails is opened anew the next time. */
static void read_tracks(void *ctx)
{
    struct tracking *t = ctx;
    struct tracks_reader *r = t->reader;
    bool ok;

    t->until_ms = clock_ms() + TRACKS_MS;
    t->places = calloc(PLACES, sizeof *t->places);
    t->no_memory = !t->places;
    if (t->no_memory || (!r->tracks && !tracks_open_reader(t->dir, &r->tracks, &t->e)))
        return;
    ok = t->newest ? tracks_at(r->tracks, t->to_ms, t->to_ms - t->from_ms, see_point, t, &t->e)
                   : tracks_read(r->tracks, (struct str){0}, t->from_ms, t->to_ms, see_point, t, &t->e);
    if (!ok) {
        tracks_close(r->tracks);
        r->tracks = NULL;
        return;
    }
    if (!t->no_memory)
        t->bytes = web_written(65536, write_tracks, t, &t->len);
    t->no_memory = !t->bytes;
}

static void tracks_read_done(struct web *w, struct exchange *x, void *ctx)
{
    struct tracking *t = ctx;

    (void)w;
    if (x && t->bytes) {
        x->reply.status = 200;
        x->reply.type = "application/octet-stream";
        x->reply.owned = t->bytes;
        x->reply.body = str_of(t->bytes, t->len);
        t->bytes = NULL;
    } else if (x)
        reply_problem(&x->reply, 503, t->no_memory ? "There is not enough memory just now." : t->e.text);
    tracking_free(t);
}

/* ---- what is asked ------------------------------------------------------------- */

static bool read_time(const struct request *q, const char *name, int64_t *ms, struct err *e)
{
    struct str text;

    return (query_get(q->query, str_from(name), &text) && when_parse(text, ms)) ||
           err_set(e, ERR_INPUT, "%s: a time as 2026-02-17T19:12:00+05:00, please", name);
}

static bool read_ask(const struct request *q, struct tracking *t, struct err *e)
{
    int64_t back, every;
    struct str at;

    if (!query_int(q->query, STR("back"), TRACKS_SPAN_MS / 1000, TRACKS_SPAN_MS / 2000, &back) ||
        !query_int(q->query, STR("every"), 3600, 0, &every))
        return err_set(e, ERR_INPUT, "back, every: seconds; at most %d and 3600", TRACKS_SPAN_MS / 1000);
    t->every_ms = every * 1000;
    t->newest = query_get(q->query, STR("at"), &at);
    if (t->newest && !read_time(q, "at", &t->to_ms, e))
        return false;
    t->from_ms = t->to_ms - back * 1000;
    if (!t->newest && (!read_time(q, "from", &t->from_ms, e) || !read_time(q, "to", &t->to_ms, e)))
        return false;
    if (t->from_ms > t->to_ms || t->to_ms - t->from_ms > TRACKS_SPAN_MS)
        return err_set(e, ERR_INPUT, "from, to: a span of a day at most");
    t->whole_ms = t->to_ms;
    return true;
}

static void get_tracks(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct tracking *t = calloc(1, sizeof *t);
    struct who as = q->who;
    struct err e;

    (void)now;
    if (!w->tracks)
        w->tracks = calloc(1, sizeof *w->tracks);
    if (!t || !w->tracks) {
        reply_problem(r, 503, "There is not enough memory just now.");
        free(t);
        return;
    }
    t->reader = w->tracks;
    t->key = w->incidents.all.key;
    if (!replay_access(q, &as.access, NULL, &e) || !read_ask(q, t, &e))
        reply_err(r, &e);
    else if (!who_sees_picture(&as))
        reply_problem(r, 403, "This role sees no unit's position.");
    else if (str_copy(t->dir, sizeof t->dir, str_from(w->dir)) &&
             web_work(w, q, r, read_tracks, tracks_read_done, t))
        return; /* t is the worker's now */
    tracking_free(t);
}
