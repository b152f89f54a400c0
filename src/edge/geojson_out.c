#include "edge/geojson_out.h"

#include "base/when.h"

#include <math.h>

/* What goes out: a kind, the state in which it is over, its properties (IN_NONE at the end). */
enum { PROPERTIES = 12 };
static const struct layer {
    enum entity_kind kind;
    const char *word, *over;
    enum incident_field properties[PROPERTIES];
} layers[] = {
    {ENT_CORDON, "cordon", "lifted", {IN_CORDON_KIND, IN_NAME, IN_STATE, IN_TEXT, IN_START_AT}},
    {ENT_CLOSURE,
     "closure",
     "lifted",
     {IN_ROAD, IN_ALIAS, IN_STATE, IN_TEXT, IN_REASON, IN_AREA, IN_EMERGENCY_LANE, IN_BY, IN_START_AT}},
    {ENT_TACTICAL, "tactical", "lifted", {IN_TAC_KIND, IN_STATE, IN_REASON, IN_ZONES}},
    {ENT_ZONE, "zone", "merged", {IN_NAME, IN_LEVEL, IN_ZONE_KIND, IN_STATE, IN_ALIAS}},
    {ENT_POINT, "point", "closed", {IN_POINT_KIND, IN_NAME, IN_PLACE, IN_SECTOR, IN_STATE}},
    {ENT_HAZARD, "hazard", "controlled", {IN_HAZARD_KIND, IN_SEVERITY, IN_STATE, IN_ZONE, IN_TEXT}},
};

struct box {
    double south, west, north, east;
};

struct writing {
    const struct geojson_ask *ask;
    struct buf *b;
    struct box all;
    size_t count;
};

static void put_value(struct buf *b, const struct field_info *i, struct str v)
{
    int64_t ms;

    if (i->type == TYPE_INT || i->type == TYPE_NUMBER)
        buf_put(b, v);
    else if (i->type == TYPE_BOOL)
        buf_put(b, STR("true"));
    else if (i->type == TYPE_TIME && str_to_int(v, 0, INT64_MAX, &ms)) {
        buf_byte(b, '"');
        when_put(b, ms);
        buf_byte(b, '"');
    } else
        buf_json(b, v);
}

static bool sees(const struct geojson_ask *ask, uint32_t e, enum incident_field f)
{
    return ent_has(ask->s, e, f) && access_sees(ask->access, ask->s, e, f);
}

static void put_property(const struct writing *w, uint32_t e, enum incident_field f)
{
    const struct field_info *i = field_info((unsigned)f);
    uint32_t at = 0;
    struct str v;
    size_t n = 0;

    if (!sees(w->ask, e, f))
        return;
    buf_fmt(w->b, ",\"%s\":%s", i->name, i->many ? "[" : "");
    while (ent_each(w->ask->s, e, f, &at, &v)) {
        if (n++)
            buf_byte(w->b, ',');
        put_value(w->b, i, v);
    }
    if (i->many)
        buf_byte(w->b, ']');
}

/* The points of an entity in ask->memory: of its shape, else its latitude and longitude. */
static size_t points_of(const struct geojson_ask *ask, uint32_t e)
{
    char text[64]; /* a number in the record has 31 bytes at most */
    struct buf b = buf_over(text, sizeof text);
    size_t n = 0;

    if (sees(ask, e, IN_SHAPE))
        n = shape_read(ent_get(ask->s, e, IN_SHAPE), ask->memory);
    if (n || !sees(ask, e, IN_LAT) || !sees(ask, e, IN_LON))
        return n;
    buf_fmt(&b, "%.*s,%.*s", STR_ARG(ent_get(ask->s, e, IN_LAT)), STR_ARG(ent_get(ask->s, e, IN_LON)));
    return b.full ? 0 : shape_read(buf_str(&b), ask->memory);
}

static void put_position(struct writing *w, struct shape_point p)
{
    buf_byte(w->b, '[');
    shape_put_degrees(w->b, p.lon);
    buf_byte(w->b, ',');
    shape_put_degrees(w->b, p.lat);
    buf_byte(w->b, ']');
    w->all = (struct box){fmin(w->all.south, p.lat), fmin(w->all.west, p.lon), fmax(w->all.north, p.lat),
                          fmax(w->all.east, p.lon)};
}

static void put_geometry(struct writing *w, uint32_t e)
{
    size_t n = points_of(w->ask, e);
    struct shape s = {w->ask->memory, n};
    bool ring = shape_is_ring(s), backwards = ring && shape_area(s) < 0;

    if (n == 0) {
        buf_put(w->b, STR("null"));
        return;
    }
    buf_fmt(w->b, "{\"type\":\"%s\",\"coordinates\":%s", ring ? "Polygon" : n == 1 ? "Point" : "LineString",
            ring ? "[[" : n == 1 ? "" : "[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_byte(w->b, ',');
        put_position(w, s.at[backwards ? n - 1 - i : i]);
    }
    buf_put(w->b, ring ? STR("]]}") : n == 1 ? STR("}") : STR("]}"));
}

static void put_feature(struct writing *w, const struct layer *l, uint32_t e)
{
    char id[INCIDENT_ID_MAX + 32];
    struct buf name = buf_over(id, sizeof id);

    buf_fmt(&name, "%s/%.*s", l->word, STR_ARG(ent_id(w->ask->s, e)));
    buf_put(w->b, w->count++ ? STR(",\n{\"type\":\"Feature\",\"id\":") : STR("\n{\"type\":\"Feature\",\"id\":"));
    buf_json(w->b, buf_str(&name));
    buf_put(w->b, STR(",\"geometry\":"));
    put_geometry(w, e);
    buf_fmt(w->b, ",\"properties\":{\"kind\":\"%s\"", l->word);
    for (size_t i = 0; i < PROPERTIES && l->properties[i] != IN_NONE; i++)
        put_property(w, e, l->properties[i]);
    buf_put(w->b, STR("}}"));
}

static void put_layer(struct writing *w, const struct layer *l)
{
    const struct geojson_ask *ask = w->ask;

    for (uint32_t e = ent_first(ask->s, l->kind); e; e = ent_next(ask->s, e)) {
        if (ent_is(ask->s, e, IN_STATE, l->over) || !access_is_told(ask->access, ask->s, e))
            continue;
        if (l->kind == ENT_ZONE && ask->level.len && !str_eq(ent_get(ask->s, e, IN_LEVEL), ask->level))
            continue;
        put_feature(w, l, e);
    }
}

void geojson_out(const struct geojson_ask *ask, struct buf *b)
{
    struct writing w = {.ask = ask, .b = b, .all = {HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL}};

    buf_put(b, STR("{\"type\":\"FeatureCollection\",\"incident\":"));
    buf_json(b, ent_id(ask->s, incident_self(ask->s)));
    buf_fmt(b, ",\"exercise\":%s,\"features\":[", incident_is_exercise(ask->s) ? "true" : "false");
    for (size_t i = 0; i < COUNTOF(layers); i++)
        put_layer(&w, &layers[i]);
    buf_put(b, STR("]"));
    if (w.all.south <= w.all.north) {
        buf_put(b, STR(",\"bbox\":["));
        shape_put_degrees(b, w.all.west);
        buf_byte(b, ',');
        shape_put_degrees(b, w.all.south);
        buf_byte(b, ',');
        shape_put_degrees(b, w.all.east);
        buf_byte(b, ',');
        shape_put_degrees(b, w.all.north);
        buf_byte(b, ']');
    }
    buf_byte(b, '}');
}
