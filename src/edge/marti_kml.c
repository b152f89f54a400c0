#include "edge/marti_past.h"

#include "base/when.h"
#include "os/zip.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Tracks and things for a globe: KML 2.2 (OGC 07-147r2) with gx:Track, or KMZ, which is that in a zip. tak.md 2.6 */

enum {
    KML_POINTS_MAX = 1 << 18, /* of all units; more are left out, and the document says so */
    KML_DEFAULT_MS = 24 * 3600 * 1000, /* without a time: the last day */
    VALUE_ROOM = 512,
};

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_export, get_latest;

const struct route marti_kml_routes[] = {
    {READS | METHOD_POST, "/Marti/ExportMissionKML", RIGHT_CLIENT, false, get_export, DOOR_WEB, NULL},
    {READS | METHOD_POST, "/Marti/TracksKML", RIGHT_CLIENT, false, get_export, DOOR_WEB, NULL},
    {READS, "/Marti/LatestKML", RIGHT_CLIENT, false, get_latest, DOOR_WEB, NULL},
};
const size_t marti_kml_route_count = COUNTOF(marti_kml_routes);

static const char kml_type[] = "application/vnd.google-earth.kml+xml";
static const char kmz_type[] = "application/vnd.google-earth.kmz";

#define KML_BEGIN                                                                                                      \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\" "                     \
    "xmlns:gx=\"http://www.google.com/kml/ext/2.2\"><Document><name>Cordon</name>\n"
#define KML_END "</Document></kml>\n"

/* ---- placemarks --------------------------------------------------------- */

struct place {
    struct str name, uid, type;
    int64_t at_ms;
    double lat, lon, hae;
};

static void put_place(void *ctx, struct buf *b)
{
    const struct place *p = ctx;

    buf_put(b, STR("<Placemark><name>"));
    buf_xml(b, p->name.len ? p->name : p->uid);
    buf_put(b, STR("</name><description>"));
    buf_xml(b, p->uid);
    buf_put(b, STR(" "));
    buf_xml(b, p->type);
    buf_put(b, STR("</description><TimeStamp><when>"));
    when_put(b, p->at_ms);
    buf_fmt(b, "</when></TimeStamp><Point><coordinates>%.7f,%.7f,%.1f</coordinates></Point></Placemark>\n", p->lon,
            p->lat, p->hae < COT_UNKNOWN ? p->hae : 0.0);
}

static bool has_place(double lat, double lon)
{
    return isfinite(lat) && isfinite(lon) && (lat != 0 || lon != 0);
}

static bool see_unit(void *ctx, const struct watch_unit *u, const struct cot *c)
{
    struct marti_rows *rows = ctx;

    if (c && has_place(u->lat, u->lon)) {
        struct place p = {u->callsign.len ? u->callsign : c->contact.callsign, u->uid, c->type, u->time_ms, u->lat,
                          u->lon, c->hae.value};

        marti_rows_add(rows, p.name, put_place, &p);
    }
    return !rows->full;
}

static void write_latest(void *ctx, struct buf *b)
{
    const struct marti_list kml = {STR(KML_BEGIN), {0}, STR(KML_END), false};

    marti_rows_write(ctx, &kml, b);
}

static void get_latest(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct marti_rows rows = {0};
    struct marti_ears ears;

    (void)now;
    marti_ears(w, &q->client, &ears);
    if (!marti_units(w, &ears, see_unit, &rows))
        reply_problem(r, 503, "There is not enough memory just now.");
    else
        marti_text(r, kml_type, write_latest, &rows);
    reply_header(r, "content-disposition", "attachment; filename=\"cordon-latest.kml\"");
    marti_rows_free(&rows);
}

/* ---- the export, a job -------------------------------------------------- */

struct point {
    uint32_t unit; /* place in past.uids */
    int64_t at_ms;
    double lat, lon, hae;
};

struct export {
    struct past past;
    bool zipped, tracks_alone;
    struct point *points;
    size_t count;
    char (*callsigns)[LIMIT_CALLSIGN + 1]; /* by unit: the last that it had */
    struct marti_rows places;
    char *bytes;
    size_t len;
};

static void export_free(struct export *x)
{
    past_end(&x->past);
    marti_rows_free(&x->places);
    free(x->points);
    free(x->callsigns);
    free(x->bytes);
    free(x);
}

static int compare_uid(const void *key, const void *item)
{
    return strcmp(key, *(char *const *)item);
}

static bool see_point(void *ctx, const struct track_point *t)
{
    struct export *x = ctx;
    char uid[LIMIT_UID + 1], **found;
    struct point *p;

    if (x->count == KML_POINTS_MAX) {
        x->past.cut = true;
        return false;
    }
    if (!has_place(t->lat, t->lon) || !str_copy(uid, sizeof uid, t->uid))
        return true;
    found = bsearch(uid, x->past.uids.list, x->past.uids.count, sizeof *x->past.uids.list, compare_uid);
    if (!found)
        return true;
    p = &x->points[x->count++];
    *p = (struct point){(uint32_t)(found - x->past.uids.list), t->at_ms, t->lat, t->lon, isnan(t->hae) ? 0 : t->hae};
    (void)str_copy(x->callsigns[p->unit], sizeof x->callsigns[0], t->callsign.len ? t->callsign : t->uid);
    return true;
}

static bool see_event(void *ctx, int64_t at_ms, struct str xml)
{
    struct export *x = ctx;
    char *values = malloc(LIMIT_EVENT_IN);
    struct buf b = buf_over(values, LIMIT_EVENT_IN);
    struct cot c;
    struct err e;

    if (values && cot_from_xml(xml, &b, &c, &e) && has_place(c.lat.value, c.lon.value)) {
        struct place p = {c.contact.callsign, c.uid, c.type, at_ms, c.lat.value, c.lon.value, c.hae.value};

        marti_rows_add(&x->places, c.uid, put_place, &p);
    }
    free(values);
    return !x->places.full;
}

static int compare_points(const void *a, const void *b)
{
    const struct point *p = a, *q = b;

    if (p->unit != q->unit)
        return (p->unit > q->unit) - (p->unit < q->unit);
    return (p->at_ms > q->at_ms) - (p->at_ms < q->at_ms);
}

/* One unit's points [from, to). */
static void put_track(const struct export *x, size_t from, size_t to, struct buf *b)
{
    uint32_t unit = x->points[from].unit;

    buf_put(b, STR("<Placemark><name>"));
    buf_xml(b, str_from(x->callsigns[unit]));
    buf_put(b, STR("</name><description>"));
    buf_xml(b, str_from(x->past.uids.list[unit]));
    buf_put(b, STR("</description><gx:Track>"));
    for (size_t i = from; i < to; i++) {
        buf_put(b, STR("<when>"));
        when_put(b, x->points[i].at_ms);
        buf_put(b, STR("</when>"));
    }
    for (size_t i = from; i < to; i++)
        buf_fmt(b, "<gx:coord>%.7f %.7f %.1f</gx:coord>", x->points[i].lon, x->points[i].lat, x->points[i].hae);
    buf_put(b, STR("</gx:Track></Placemark>\n"));
}

static void write_export(void *ctx, struct buf *b)
{
    struct export *x = ctx;
    const struct marti_list places = {STR("<Folder><name>Objects</name>\n"), {0}, STR("</Folder>\n"), false};

    buf_put(b, STR(KML_BEGIN));
    if (x->past.cut || x->places.full)
        buf_put(b, STR("<description>There is more: ask for a shorter time.</description>\n"));
    buf_put(b, STR("<Folder><name>Tracks</name>\n"));
    for (size_t from = 0, to; from < x->count; from = to) {
        for (to = from; to < x->count && x->points[to].unit == x->points[from].unit; to++)
            ;
        put_track(x, from, to, b);
    }
    buf_put(b, STR("</Folder>\n"));
    if (!x->tracks_alone)
        marti_rows_write(&x->places, &places, b);
    buf_put(b, STR(KML_END));
}

static void pack(struct export *x)
{
    struct zip_writer *z = NULL;
    char *kml = x->bytes;
    size_t len = x->len;

    x->bytes = NULL;
    if (zip_write_open(NULL, &z, &x->past.e)) {
        if (zip_write_add(z, STR("doc.kml"), str_of(kml, len), &x->past.e))
            (void)!zip_write_take(z, &x->bytes, &x->len, &x->past.e);
        else
            zip_write_drop(z);
    }
    free(kml);
}

static void make_export(void *ctx)
{
    struct export *x = ctx;

    x->points = malloc(KML_POINTS_MAX * sizeof *x->points);
    x->callsigns = calloc(x->past.uids.count + 1, sizeof *x->callsigns);
    if (!x->points || !x->callsigns) {
        (void)err_set(&x->past.e, ERR_FULL, "There is not enough memory just now.");
        return;
    }
    past_positions(&x->past, see_point, x);
    if (x->past.e.kind == ERR_NONE && !x->tracks_alone)
        past_events(&x->past, see_event, x);
    if (x->past.e.kind != ERR_NONE)
        return;
    if (x->count)
        qsort(x->points, x->count, sizeof *x->points, compare_points);
    x->bytes = web_written(65536, write_export, x, &x->len);
    if (x->zipped && x->bytes)
        pack(x);
}

static void export_made(struct web *w, struct exchange *x, void *ctx)
{
    struct export *made = ctx;

    (void)w;
    if (x && made->past.e.kind != ERR_NONE) {
        reply_problem(&x->reply, 503, made->past.e.text);
    } else if (x) {
        marti_give(&x->reply, made->zipped ? kmz_type : kml_type, &made->bytes, made->len);
        reply_header(&x->reply, "content-disposition", "attachment; filename=\"cordon.%s\"",
                     made->zipped ? "kmz" : "kml");
    }
    export_free(made);
}

/* A value of the query, or of the form in the body. */
static bool take(const struct request *q, const char *name, char out[VALUE_ROOM])
{
    struct str value;

    if (query_get(q->query, str_from(name), &value))
        return str_copy(out, VALUE_ROOM, value);
    return form_get(q->body, str_from(name), out, VALUE_ROOM);
}

/* startTime and endTime, or start and end; without, the last day. */
static bool take_times(const struct request *q, struct now now, struct marti_span *span, struct err *e)
{
    static const struct {
        const char *names[2];
    } ends[] = {{{"startTime", "start"}}, {{"endTime", "end"}}};
    int64_t *out[] = {&span->from_ms, &span->to_ms};
    char text[VALUE_ROOM];

    *span = (struct marti_span){now.wall_ms - KML_DEFAULT_MS, now.wall_ms};
    for (size_t i = 0; i < COUNTOF(ends); i++)
        for (size_t k = 0; k < 2; k++)
            if (take(q, ends[i].names[k], text) && text[0] && !marti_take_time(str_from(text), out[i]))
                return err_set(e, ERR_INPUT, "%s is a time like 2026-01-02T03:04:05.000Z.", ends[i].names[k]);
    return span->from_ms <= span->to_ms || err_set(e, ERR_INPUT, "The end lies before the start.");
}

static void get_export(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct export *x = calloc(1, sizeof *x);
    char uid[VALUE_ROOM] = "", format[VALUE_ROOM] = "kml";
    struct marti_span span;
    struct err e;

    (void)take(q, "uid", uid);
    (void)take(q, "format", format);
    if (!take_times(q, now, &span, &e)) {
        reply_err(r, &e);
    } else if (strcmp(format, "kml") != 0 && strcmp(format, "kmz") != 0) {
        reply_problem(r, 400, "format is kml or kmz.");
    } else if (!x || !past_begin(&x->past, w, &q->client, str_from(uid))) {
        reply_problem(r, 503, "There is not enough memory just now.");
    } else {
        x->past.span = span;
        x->zipped = strcmp(format, "kmz") == 0;
        x->tracks_alone = str_eq(q->path, STR("/Marti/TracksKML"));
        if (web_work(w, q, r, make_export, export_made, x))
            return;
    }
    if (x)
        export_free(x);
}
