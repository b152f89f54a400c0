#include "core/incident_promote.h"

#include "core/incident_device.h"
#include "core/incident_from_cot.h"
#include "core/incident_geo.h"
#include "wire/shape.h"
#include "wire/xml.h"

#include <math.h>

/* Where the points of a drawing are kept, and room to thin them. */
struct points {
    struct shape_point at[SHAPE_FIT_MAX + 1]; /* and the first again */
    struct shape_room room;
};

_Static_assert(3 * LIMIT_EVENT_IN + INCIDENT_TEXT_MAX + sizeof(struct points) + _Alignof(struct points) <=
                   INCIDENT_PROMOTE_MEMORY,
               "an event, a shape, its points and a stroke");
_Static_assert((int)SHAPE_TEXT_MAX == (int)INCIDENT_TEXT_MAX, "what was thinned fits into its field");

enum geometry { GEO_NONE, GEO_LINKS, GEO_STROKES, GEO_AREA, GEO_ROUTE, GEO_ELLIPSE, GEO_PLACE };
enum { MAY_AREA = 1, MAY_LINE = 2, MAY_PLACE = 4, ELLIPSE_CORNERS = 36, GAPS_PART = 5, RADIUS_MAX_M = 100000 };

static const struct drawn {
    const char *type;
    enum geometry is;
} drawn[] = {
    {"u-d-f-m", GEO_STROKES}, {"u-d-f", GEO_LINKS},     {"u-d-r", GEO_AREA},        {"u-d-p", GEO_AREA},
    {"u-d-c-c", GEO_ELLIPSE}, {"u-d-c-e", GEO_ELLIPSE}, {"u-r-b-c-c", GEO_ELLIPSE}, {"b-m-r", GEO_ROUTE},
    {"b-m-p", GEO_PLACE},     {"a", GEO_PLACE},
};

static const struct want {
    enum incident_kind kind;
    unsigned may;
    const char *what, *needs;
} wants[] = {
    {INC_CORDON_SET, MAY_AREA, "a cordon", "an area: a closed shape, a rectangle or a circle"},
    {INC_TACTICAL_SET, MAY_AREA, "a tactical zone", "an area: a closed shape, a rectangle or a circle"},
    {INC_CLOSURE_SET, MAY_LINE | MAY_AREA, "a closure", "a line or an area"},
    {INC_HAZARD_REPORTED, MAY_AREA | MAY_PLACE, "a hazard", "an area or a marker"},
    {INC_POINT_SET, MAY_PLACE, "a point", "a marker"},
};

struct sketch {
    struct cot c;
    enum geometry is;
    struct buf shape; /* "lat,lon lat,lon ..." */
    struct buf stroke, scratch; /* the stroke at hand as an event, and its values */
    struct points *kept; /* the first SHAPE_FIT_MAX of them */
    size_t points, bad, bad_strokes;
    bool lifted; /* the next point begins a stroke */
    struct geo_point first, last;
    double drawn_m, gaps_m; /* within strokes, and between them */
    struct geo_ellipse ellipse;
};

static enum geometry geometry_of(struct str type)
{
    for (size_t i = 0; i < COUNTOF(drawn); i++) {
        struct str t = str_from(drawn[i].type);

        if (str_starts(type, t) && (type.len == t.len || type.at[t.len] == '-'))
            return drawn[i].is;
    }
    return GEO_NONE;
}

static const struct want *want_of(enum incident_kind kind)
{
    for (size_t i = 0; i < COUNTOF(wants); i++)
        if (wants[i].kind == kind)
            return &wants[i];
    return NULL;
}

static struct str value(const struct xml *x, const char *name)
{
    const struct xml_attr *a = xml_attr(x, str_from(name));

    return a ? a->value : (struct str){0}; /* numbers need no decoding */
}

/* Was it drawn point by point? */
static bool has_points(const struct sketch *k)
{
    return k->is != GEO_PLACE && k->is != GEO_ELLIPSE;
}

static void put_link(struct sketch *k, const struct xml *x)
{
    struct str point = value(x, "point");
    struct geo_point p;

    if (point.len == 0)
        return;
    if (!geo_read(str_trim(point), &p)) {
        k->bad++;
        return;
    }
    if (k->points == 0)
        k->first = k->last = p;
    *(k->lifted ? &k->gaps_m : &k->drawn_m) += geo_metres(k->last, p);
    k->lifted = false;
    k->last = p;
    if (k->points < SHAPE_FIT_MAX)
        k->kept->at[k->points] = (struct shape_point){p.lat, p.lon};
    k->points++;
}

static void put_ellipse(struct sketch *k, const struct xml *x)
{
    if (k->ellipse.major_m <= 0)
        k->ellipse = (struct geo_ellipse){cot_number(value(x, "major")), cot_number(value(x, "minor")),
                                          cot_number(value(x, "angle"))};
}

typedef void link_see(struct sketch *k, const struct xml *x);

static void read_detail(struct sketch *k, struct str detail, link_see *see)
{
    XML_ON_STACK(x);
    enum xml_is is;
    struct err e;

    xml_over(&x, detail, 2, &e);
    while ((is = xml_next(&x)) != XML_END && is != XML_BAD) {
        if (is == XML_OPEN && x.depth == 3 && xml_same(x.name, STR("link")))
            see(k, &x);
        if (is == XML_OPEN && xml_same(x.name, STR("ellipse")))
            put_ellipse(k, &x);
    }
}

/* A stroke of a freehand drawing is a whole event, as text in an attribute. */
static void put_stroke(struct sketch *k, const struct xml *x)
{
    const struct xml_attr *line = xml_attr(x, STR("line"));
    struct cot c;
    struct err e;

    if (!line)
        return;
    k->stroke.len = k->scratch.len = 0;
    k->lifted = true;
    if (!cot_from_xml(xml_value(line, &k->stroke), &k->scratch, &c, &e) || !str_eq(c.type, STR("u-d-f")))
        k->bad_strokes++;
    else
        read_detail(k, c.detail, put_link);
}

static bool is_closed(const struct sketch *k)
{
    return k->points > 2 && geo_metres(k->first, k->last) < 0.01;
}

/* Its last point is the first to the last digit. */
static void close_ring(struct sketch *k)
{
    if (!is_closed(k))
        k->points++;
    if (k->points <= SHAPE_FIT_MAX + 1)
        k->kept->at[k->points - 1] = k->kept->at[0];
}

static void put_points(struct sketch *k, size_t n)
{
    k->shape.len = 0;
    k->shape.full = false;
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_byte(&k->shape, ' ');
        geo_put_point(&k->shape, (struct geo_point){k->kept->at[i].lat, k->kept->at[i].lon});
    }
}

/* How far a thinned line may lie off what was drawn: what one does not see of it on a screen, and no more than a
 * phone is off. */
static double off_max_m(const struct sketch *k)
{
    struct shape_point low = k->kept->at[0], high = low;

    for (size_t i = 1; i < k->points; i++) {
        low = (struct shape_point){fmin(low.lat, k->kept->at[i].lat), fmin(low.lon, k->kept->at[i].lon)};
        high = (struct shape_point){fmax(high.lat, k->kept->at[i].lat), fmax(high.lon, k->kept->at[i].lon)};
    }
    return fmax(0.5, fmin(5, geo_metres((struct geo_point){low.lat, low.lon},
                                        (struct geo_point){high.lat, high.lon}) / 1000));
}

/* The drawing's points as a SHAPE; *left: how many of them, fewer than there were where it was thinned. */
static bool write_shape(struct sketch *k, size_t *left, struct err *e)
{
    double most;

    *left = k->points;
    if (k->points > SHAPE_FIT_MAX)
        return err_set(e, ERR_INPUT, "it has %zu points, %d are the most; draw it simpler or in parts", k->points,
                       SHAPE_FIT_MAX);
    put_points(k, k->points);
    if (!k->shape.full)
        return true;
    most = off_max_m(k);
    *left = shape_fit(k->kept->at, k->points, most, &k->kept->room);
    if (*left == 0)
        return err_set(e, ERR_INPUT, "its %zu points cannot be thinned to the %d that a shape can have without moving "
                       "its line by more than %.1f m; draw it simpler", k->points, SHAPE_POINTS, most);
    put_points(k, *left);
    MUST(!k->shape.full);
    return true;
}

static bool has_place(const struct cot *c)
{
    double lat = c->lat.value, lon = c->lon.value;

    return c->has_point && lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 && (lat != 0 || lon != 0);
}

static bool ellipse(struct sketch *k, struct err *e)
{
    const struct geo_ellipse *x = &k->ellipse;

    if (!has_place(&k->c) || !(x->major_m > 0) || !(x->major_m <= RADIUS_MAX_M) || !(x->minor_m > 0) ||
        !(x->minor_m <= RADIUS_MAX_M))
        return err_set(e, ERR_INPUT, "the circle has no centre or no radius up to 100 km");
    if (fabs(x->major_m - x->minor_m) <= x->major_m / 100)
        k->ellipse.angle = 0; /* a circle: it may come without one */
    if (!(fabs(x->angle) <= 360))
        return err_set(e, ERR_INPUT, "the ellipse has no angle up to 360 degrees");
    geo_put_ellipse(&k->shape, (struct geo_point){k->c.lat.value, k->c.lon.value}, x, ELLIPSE_CORNERS);
    return true;
}

static bool is_small_gap(const struct sketch *k, double gap_m)
{
    return gap_m * GAPS_PART <= k->drawn_m;
}

/* What the sketch can be: MAY_..., 0 when it is refused. */
static unsigned judge(struct sketch *k, bool wants_area, struct err *e)
{
    bool by_hand = k->is == GEO_LINKS || k->is == GEO_STROKES;
    bool ring = k->is == GEO_AREA || (by_hand && is_closed(k));

    if (k->is == GEO_PLACE)
        return has_place(&k->c) ? MAY_PLACE : (unsigned)err_set(e, ERR_INPUT, "the marker has no place");
    if (k->is == GEO_ELLIPSE)
        return ellipse(k, e) ? MAY_AREA : 0;
    if (k->bad_strokes)
        return (unsigned)err_set(e, ERR_INPUT, "%zu of its strokes cannot be read", k->bad_strokes);
    if (k->bad)
        return (unsigned)err_set(e, ERR_INPUT, "%zu of its points are no places on the globe", k->bad);
    if (k->points < (ring ? 3u : 2u))
        return (unsigned)err_set(e, ERR_INPUT, "it has %zu points; %s", k->points,
                                 ring ? "an area needs three" : "a line needs two");
    if (!is_small_gap(k, k->gaps_m))
        return (unsigned)err_set(e, ERR_INPUT, "its strokes do not meet; draw it in one");
    if (by_hand && wants_area && is_small_gap(k, k->gaps_m + geo_metres(k->last, k->first)))
        ring = true;
    if (ring)
        close_ring(k);
    return ring ? MAY_AREA : MAY_LINE;
}

static bool load(const struct incident_promote *p, struct buf *memory, struct sketch *k, struct err *e)
{
    struct buf scratch = buf_over(memory->at, LIMIT_EVENT_IN);
    struct str type = fields_get(p->drawing, FIELD_TYPE);
    uintptr_t at;

    memory->len = LIMIT_EVENT_IN;
    if (!river_row_event(p->drawing, &scratch, &k->c))
        return err_set(e, ERR_MISSING, "event %llu holds no drawing that can be read", (unsigned long long)p->seq);
    k->is = geometry_of(k->c.type.len ? k->c.type : type);
    if (k->is == GEO_NONE)
        return err_set(e, ERR_INPUT, "a drawing of type %.*s cannot be taken over; draw a shape, a rectangle, "
                       "a circle or a route", STR_ARG(cut_text(k->c.type, 32)));
    k->shape = buf_over(memory->at + memory->len, INCIDENT_TEXT_MAX);
    memory->len += INCIDENT_TEXT_MAX;
    at = (uintptr_t)memory->at + memory->len + _Alignof(struct points) - 1;
    at -= at % _Alignof(struct points);
    k->kept = (struct points *)at;
    memory->len = at - (uintptr_t)memory->at + sizeof *k->kept;
    /* Read only here: the command comes over it. */
    k->stroke = buf_over(memory->at + memory->len, LIMIT_EVENT_IN);
    k->scratch = buf_over(memory->at + memory->len + LIMIT_EVENT_IN, LIMIT_EVENT_IN);
    if (k->is != GEO_PLACE)
        read_detail(k, k->c.detail, k->is == GEO_STROKES ? put_stroke : put_link);
    return true;
}

static bool takes(enum incident_kind kind, enum incident_field f)
{
    for (const struct field_in_kind *x = kind_info(kind)->fields; x->use != USE_END; x++)
        if (x->field == f)
            return true;
    return false;
}

static void put_degrees(struct buf *b, enum incident_field f, double degrees)
{
    char text[32];
    struct buf t = buf_over(text, sizeof text);

    geo_put(&t, degrees);
    incident_put(b, f, buf_str(&t));
}

static void put_geometry(const struct incident_promote *p, const struct sketch *k, struct buf *b)
{
    struct geo_point at = {k->c.lat.value, k->c.lon.value};
    char text[64];
    struct buf place = buf_over(text, sizeof text);

    if (k->is != GEO_PLACE) {
        incident_put(b, IN_SHAPE, buf_str(&k->shape));
        return;
    }
    put_degrees(b, IN_LAT, at.lat);
    put_degrees(b, IN_LON, at.lon);
    geo_put_point(&place, at);
    if (takes(p->wanted, IN_PLACE) && !fields_has(p->fields, (enum field)IN_PLACE))
        incident_put(b, IN_PLACE, buf_str(&place));
}

/* What the person said; what was thinned is said behind what he noted. */
static void put_fields(const struct incident_promote *p, struct sketch *k, size_t left, struct buf *b)
{
    struct str rest = p->fields, v, note = incident_value(p->fields, IN_NOTE);
    enum field tag;

    if (left == k->points) {
        buf_put(b, p->fields);
        return;
    }
    while (fields_next(&rest, &tag, &v))
        if (tag != (enum field)IN_NOTE)
            fields_put(b, tag, v);
    k->scratch.len = 0; /* what it had is read, and the command does not come so far */
    buf_put(&k->scratch, note);
    buf_put(&k->scratch, note.len ? STR("; ") : STR(""));
    buf_fmt(&k->scratch, "drawn with %zu points, %zu were kept: none left out lies more than %.2f m off the line",
            k->points, left, ceil(k->kept->room.off_m * 100) / 100);
    incident_put(b, IN_NOTE, buf_str(&k->scratch));
}

static bool has_geometry(struct str fields)
{
    return fields_has(fields, (enum field)IN_SHAPE) || fields_has(fields, (enum field)IN_LAT) ||
           fields_has(fields, (enum field)IN_LON);
}

bool incident_promote(const struct incident_promote *p, struct buf *memory, struct incident_command *out, struct err *e)
{
    const struct want *w = want_of(p->wanted);
    struct sketch k = {.is = GEO_NONE};
    size_t begin, left = 0;
    unsigned may;

    MUST(memory->len == 0 && memory->max >= INCIDENT_PROMOTE_MEMORY);
    if (!w)
        return err_set(e, ERR_INPUT, "a drawing becomes a cordon, a closure, a tactical zone, a hazard or a point");
    if (has_geometry(p->fields))
        return err_set(e, ERR_INPUT, "shape: the drawing gives it");
    if (!load(p, memory, &k, e))
        return false;
    may = judge(&k, !(w->may & MAY_LINE), e);
    if (may == 0)
        return false;
    if (!(may & w->may))
        return may == MAY_LINE ? err_set(e, ERR_INPUT, "%s needs %s; this line is open: close it on the phone", w->what,
                                         w->needs)
                               : err_set(e, ERR_INPUT, "%s needs %s", w->what, w->needs);
    if (has_points(&k) && !write_shape(&k, &left, e))
        return false;
    begin = memory->len;
    put_fields(p, &k, left, memory);
    put_geometry(p, &k, memory);
    incident_put_int(memory, IN_CAUSE, (int64_t)p->seq);
    if (takes(p->wanted, IN_NAME) && !fields_has(p->fields, (enum field)IN_NAME))
        put_as_line(memory, IN_NAME, k.c.contact.callsign);
    if (memory->full)
        return err_set(e, ERR_FULL, "the fields are too long");
    *out = (struct incident_command){p->wanted, str_from_at(buf_str(memory), begin), p->now_ms};
    return true;
}
