#include "edge/marti_past.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What was, as CoT: one event of a uid, all of it, and what was in an area. tak.md 2.6 */

enum {
    AREA_MS = 3600 * 1000,   /* of an area without a time: the last hour */
    NEWEST_MS = 24 * AREA_MS /* how far back the last of one uid is looked for */
};

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_event, get_history, get_area;

const struct route marti_history_routes[] = {
    {READS, "/Marti/api/cot/xml/{*}/all", RIGHT_CLIENT, false, get_history, DOOR_WEB, NULL},
    {READS, "/Marti/api/cot/xml/{*}", RIGHT_CLIENT, false, get_event, DOOR_WEB, NULL},
    {READS, "/Marti/api/cot/sa", RIGHT_CLIENT, false, get_area, DOOR_WEB, NULL},
};
const size_t marti_history_route_count = COUNTOF(marti_history_routes);

static const char xml_type[] = "application/xml";
#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

/* ---- a job -------------------------------------------------------------- */

/* Belongs to the worker while it runs, else to the web thread. */
struct history {
    struct past past;
    bool newest; /* one event: the last */
    struct marti_rows rows; /* by time */
    char *bytes;            /* the answer; NULL: too large */
    size_t len;
};

static void history_free(struct history *h)
{
    past_end(&h->past);
    marti_rows_free(&h->rows);
    free(h->bytes);
    free(h);
}

static void put_bytes(void *ctx, struct buf *b)
{
    buf_put(b, *(struct str *)ctx);
}

static void put_event_alone(void *ctx, struct buf *b)
{
    buf_put(b, STR(XML_HEAD));
    buf_put(b, *(struct str *)ctx);
}

/* Digits of equal length sort as the number does. */
static struct str time_key(int64_t at_ms, char key[MARTI_KEY])
{
    return str_of(key, (size_t)snprintf(key, MARTI_KEY, "%020" PRId64, at_ms));
}

static bool see_event(void *ctx, int64_t at_ms, struct str xml)
{
    struct history *h = ctx;
    char key[MARTI_KEY];

    if (h->newest)
        marti_rows_free(&h->rows);
    marti_rows_add(&h->rows, time_key(at_ms, key), put_bytes, &xml);
    return !h->rows.full;
}

static void put_point(void *ctx, struct buf *b)
{
    past_put_position(ctx, b);
}

static bool see_point(void *ctx, const struct track_point *t)
{
    struct history *h = ctx;
    struct track_point copy = *t;
    char key[MARTI_KEY];

    marti_rows_add(&h->rows, time_key(t->at_ms, key), put_point, &copy);
    return !h->rows.full;
}

static void write_events(void *ctx, struct buf *b)
{
    struct history *h = ctx;
    const struct marti_list all = {STR(XML_HEAD "<events>"), {0}, STR("</events>"), false};
    const struct marti_list one = {STR(XML_HEAD), {0}, {0}, false};

    marti_rows_write(&h->rows, h->newest ? &one : &all, b);
    if (!h->newest && (h->rows.full || h->past.cut))
        buf_put(b, STR("<!-- There is more: ask for a shorter time. -->"));
}

static void read_history(void *ctx)
{
    struct history *h = ctx;

    past_events(&h->past, see_event, h);
    if (h->past.e.kind == ERR_NONE && h->newest && h->rows.count == 0)
        past_newest(&h->past, see_point, h);
    else if (h->past.e.kind == ERR_NONE && !h->newest)
        past_positions(&h->past, see_point, h);
    if (h->past.e.kind == ERR_NONE)
        h->bytes = web_written(65536, write_events, h, &h->len);
}

/* What is nowhere but in missions is had from those that the client may read. */
static bool give_mission_event(struct web *w, struct exchange *x, struct str uid)
{
    char *memory = malloc(2 * LIMIT_EVENT_IN);
    struct buf b = buf_over(memory, memory ? 2 * LIMIT_EVENT_IN : 0);
    bool found = memory && marti_mission_event(w, &x->request.client, uid, &b);
    struct str event = buf_str(&b);

    if (found)
        marti_text(&x->reply, xml_type, put_event_alone, &event);
    free(memory);
    return found;
}

static void history_read(struct web *w, struct exchange *x, void *ctx)
{
    struct history *h = ctx;

    if (x && h->past.e.kind != ERR_NONE)
        reply_problem(&x->reply, 503, h->past.e.text);
    else if (x && h->newest && h->past.cut)
        reply_problem(&x->reply, 503, "The record is too long to be looked through for this just now.");
    else if (x && h->newest && h->rows.count == 0 && give_mission_event(w, x, str_from(h->past.uid)))
        ; /* it is of a mission alone */
    else if (x && h->newest && h->rows.count == 0)
        reply_problem(&x->reply, 404, "Nothing of this uid is known, or it is not for your groups.");
    else if (x)
        marti_give(&x->reply, xml_type, &h->bytes, h->len);
    history_free(h);
}

static struct history *history_new(struct web *w, struct request *q, struct reply *r, struct str uid)
{
    struct history *h = calloc(1, sizeof *h);

    if (h && past_begin(&h->past, w, &q->client, uid))
        return h;
    if (h)
        history_free(h);
    reply_problem(r, uid.len > LIMIT_UID ? 404 : 503,
                  uid.len > LIMIT_UID ? "No uid is as long as this." : "There is not enough memory just now.");
    return NULL;
}

static void start(struct web *w, struct request *q, struct reply *r, struct history *h)
{
    if (!web_work(w, q, r, read_history, history_read, h))
        history_free(h);
}

/* ---- the calls ---------------------------------------------------------- */

static void get_history(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct history *h = history_new(w, q, r, q->part[0]);
    struct err e;

    if (!h)
        return;
    if (marti_take_span(q, now, &h->past.span, &e)) {
        start(w, q, r, h);
        return;
    }
    reply_err(r, &e);
    history_free(h);
}

struct latest {
    struct str uid;
    bool found;
    struct buf xml;
};

static bool see_latest(void *ctx, const struct watch_unit *u, const struct cot *c)
{
    struct latest *l = ctx;

    if (!c || !str_eq(u->uid, l->uid))
        return true;
    cot_to_xml_stripped(c, &l->xml);
    l->found = !l->xml.full;
    return false;
}

/* The picture knows the latest; what is not in it any more is in the record. */
static void get_event(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct latest l = {.uid = q->part[0]};
    char *memory = malloc(LIMIT_EVENT_IN);
    struct marti_ears ears;
    struct history *h;

    if (!memory) {
        reply_problem(r, 503, "There is not enough memory just now.");
        return;
    }
    l.xml = buf_over(memory, LIMIT_EVENT_IN);
    buf_put(&l.xml, STR(XML_HEAD));
    marti_ears(w, &q->client, &ears);
    if (marti_units(w, &ears, see_latest, &l) && l.found) {
        struct str whole = buf_str(&l.xml);

        marti_text(r, xml_type, put_bytes, &whole);
    } else if ((h = history_new(w, q, r, q->part[0]))) {
        h->newest = true;
        h->past.span = (struct marti_span){now.wall_ms - NEWEST_MS, now.wall_ms};
        start(w, q, r, h);
    }
    free(memory);
}

/* A corner of a box; false when it is none of this range. */
static bool take_degrees(struct str query, const char *name, double most, double *out)
{
    struct str text;

    if (!query_get(query, str_from(name), &text))
        return false;
    *out = cot_number(text);
    return *out >= -most && *out <= most;
}

static bool take_box(struct str query, struct past *p)
{
    return take_degrees(query, "left", 180, &p->left) && take_degrees(query, "right", 180, &p->right) &&
           take_degrees(query, "bottom", 90, &p->bottom) && take_degrees(query, "top", 90, &p->top) &&
           p->bottom <= p->top;
}

static void get_area(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct history *h = history_new(w, q, r, (struct str){0});
    struct str ignored;
    struct past *p;
    struct err e = {0};

    if (!h)
        return;
    p = &h->past;
    p->boxed = query_get(q->query, STR("left"), &ignored) || query_get(q->query, STR("top"), &ignored);
    if (p->boxed && !take_box(q->query, p))
        (void)err_set(&e, ERR_INPUT, "left, bottom, right and top are degrees, with bottom below top.");
    else if (marti_take_span(q, now, &p->span, &e) && p->span.from_ms == 0)
        p->span.from_ms = p->span.to_ms - AREA_MS;
    if (e.kind == ERR_NONE) {
        start(w, q, r, h);
        return;
    }
    reply_err(r, &e);
    history_free(h);
}
