#include "core/incident_promote.h"

#include "core/incident_device.h"
#include "core/incident_from_cot.h"
#include "core/incident_geo.h"
#include "wire/xml.h"

#include <math.h>

enum geometry { GEO_NONE, GEO_LINKS, GEO_AREA, GEO_ROUTE, GEO_CIRCLE, GEO_PLACE };
enum { MAY_AREA = 1, MAY_LINE = 2, MAY_PLACE = 4, CIRCLE_CORNERS = 36 };

static const struct drawn {
    const char *type;
    enum geometry is;
} drawn[] = {
    {"u-d-f-m", GEO_NONE},     {"u-d-f", GEO_LINKS},       {"u-d-r", GEO_AREA},  {"u-d-p", GEO_AREA},
    {"u-d-c-c", GEO_CIRCLE},   {"u-r-b-c-c", GEO_CIRCLE},  {"b-m-r", GEO_ROUTE}, {"b-m-p", GEO_PLACE},
    {"a", GEO_PLACE},
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
    size_t points, bad;
    double major, minor; /* of the ellipse, metres from the centre */
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
    if (k->points++)
        buf_byte(&k->shape, ' ');
    geo_put_point(&k->shape, p);
}

static void read_sketch(struct sketch *k)
{
    XML_ON_STACK(x);
    enum xml_is is;
    struct err e;

    xml_over(&x, k->c.detail, 2, &e);
    while ((is = xml_next(&x)) != XML_END && is != XML_BAD) {
        if (is == XML_OPEN && x.depth == 3 && xml_same(x.name, STR("link")))
            put_link(k, &x);
        if (is == XML_OPEN && xml_same(x.name, STR("ellipse")) && k->major <= 0) {
            k->major = cot_number(value(&x, "major"));
            k->minor = cot_number(value(&x, "minor"));
        }
    }
}

static void close_ring(struct sketch *k)
{
    struct str rest = buf_str(&k->shape), pair;
    struct geo_point p;

    if (shape_is_closed(rest) || !shape_next(&rest, &pair, &p))
        return;
    buf_byte(&k->shape, ' ');
    buf_put(&k->shape, pair);
}

static bool has_place(const struct cot *c)
{
    double lat = c->lat.value, lon = c->lon.value;

    return c->has_point && lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 && (lat != 0 || lon != 0);
}

static bool circle(struct sketch *k, struct err *e)
{
    if (!has_place(&k->c) || !(k->major > 0) || !(k->major <= 100000) || !(k->minor > 0))
        return err_set(e, ERR_INPUT, "the circle has no centre or no radius up to 100 km");
    if (fabs(k->major - k->minor) > k->major / 100)
        return err_set(e, ERR_INPUT, "it is an ellipse; draw a circle or a closed shape instead");
    geo_put_circle(&k->shape, (struct geo_point){k->c.lat.value, k->c.lon.value}, k->major, CIRCLE_CORNERS);
    return true;
}

/* What the sketch can be: MAY_..., 0 when it is refused. */
static unsigned judge(struct sketch *k, struct err *e)
{
    bool ring = k->is == GEO_AREA || (k->is == GEO_LINKS && shape_is_closed(buf_str(&k->shape)));

    if (k->is == GEO_PLACE)
        return has_place(&k->c) ? MAY_PLACE : (unsigned)err_set(e, ERR_INPUT, "the marker has no place");
    if (k->is == GEO_CIRCLE)
        return circle(k, e) ? MAY_AREA : 0;
    if (k->bad)
        return (unsigned)err_set(e, ERR_INPUT, "%zu of its points are no places on the globe", k->bad);
    if (k->points < (ring ? 3u : 2u))
        return (unsigned)err_set(e, ERR_INPUT, "it has %zu points; %s", k->points,
                                 ring ? "an area needs three" : "a line needs two");
    if (ring)
        close_ring(k);
    return ring ? MAY_AREA : MAY_LINE;
}

static bool load(const struct incident_promote *p, struct buf *memory, struct sketch *k, struct err *e)
{
    struct buf scratch = buf_over(memory->at, LIMIT_EVENT_IN);
    struct str type = fields_get(p->drawing, FIELD_TYPE);

    memory->len = LIMIT_EVENT_IN;
    if (!river_row_event(p->drawing, &scratch, &k->c))
        return err_set(e, ERR_MISSING, "event %llu holds no drawing that can be read", (unsigned long long)p->seq);
    k->is = geometry_of(k->c.type.len ? k->c.type : type);
    if (k->is == GEO_NONE)
        return err_set(e, ERR_INPUT, "a drawing of type %.*s cannot be taken over; draw a shape, a rectangle, "
                       "a circle or a route", STR_ARG(cut_text(k->c.type, 32)));
    k->shape = buf_over(memory->at + memory->len, INCIDENT_TEXT_MAX);
    memory->len += INCIDENT_TEXT_MAX;
    if (k->is != GEO_PLACE)
        read_sketch(k);
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

static bool has_geometry(struct str fields)
{
    return fields_has(fields, (enum field)IN_SHAPE) || fields_has(fields, (enum field)IN_LAT) ||
           fields_has(fields, (enum field)IN_LON);
}

bool incident_promote(const struct incident_promote *p, struct buf *memory, struct incident_command *out, struct err *e)
{
    const struct want *w = want_of(p->wanted);
    struct sketch k = {.is = GEO_NONE};
    size_t begin;
    unsigned may;

    MUST(memory->len == 0 && memory->max >= INCIDENT_PROMOTE_MEMORY);
    if (!w)
        return err_set(e, ERR_INPUT, "a drawing becomes a cordon, a closure, a tactical zone, a hazard or a point");
    if (has_geometry(p->fields))
        return err_set(e, ERR_INPUT, "shape: the drawing gives it");
    if (!load(p, memory, &k, e))
        return false;
    may = judge(&k, e);
    if (may == 0)
        return false;
    if (k.shape.full)
        return err_set(e, ERR_INPUT, "it has more points than a shape can have (about 600); simplify it");
    if (!(may & w->may))
        return err_set(e, ERR_INPUT, "%s needs %s%s", w->what, w->needs,
                       may == MAY_LINE ? "; this line is open: close it on the phone" : "");
    begin = memory->len;
    buf_put(memory, p->fields);
    put_geometry(p, &k, memory);
    incident_put_int(memory, IN_CAUSE, (int64_t)p->seq);
    if (takes(p->wanted, IN_NAME) && !fields_has(p->fields, (enum field)IN_NAME))
        put_as_line(memory, IN_NAME, k.c.contact.callsign);
    if (memory->full)
        return err_set(e, ERR_FULL, "the fields are too long");
    *out = (struct incident_command){p->wanted, str_from_at(buf_str(memory), begin), p->now_ms};
    return true;
}
