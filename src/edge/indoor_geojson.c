#include "edge/indoor_plan.h"

#include <math.h>
#include <stdio.h>

/* A number as the text that a tag has: whole as it is, others with three decimals at most. */
static bool keep_number(struct plan *p, struct json_value v, struct str *out, struct err *e)
{
    char text[64];
    struct buf b = buf_over(text, sizeof text);
    double number = json_as_number(v);

    if (json_is(v) == JSON_WHOLE)
        buf_fmt(&b, "%lld", (long long)json_as_whole(v));
    else if (number == floor(number) && fabs(number) < 1e15)
        buf_fmt(&b, "%.0f", number);
    else
        buf_fmt(&b, "%g", number);
    return plan_keep(p, buf_str(&b), out, e);
}

/* {"en": "Lobby", "ur": "..."}: English, else the first that is a text. */
static struct str in_a_language(struct json_value object)
{
    struct str text = json_as_text(json_get(object, "en")), name;
    struct json_value v;
    void *at = NULL;

    while (text.len == 0 && json_each(object, &at, &name, &v))
        text = json_as_text(v);
    return text;
}

static bool put_tag(struct plan *p, struct str key, struct json_value v, struct err *e)
{
    struct str text = {0};

    switch (json_is(v)) {
    case JSON_TEXT:
        text = json_as_text(v);
        break;
    case JSON_WHOLE:
    case JSON_FRACTION:
        if (!keep_number(p, v, &text, e))
            return false;
        break;
    case JSON_YES_NO:
        text = json_as_bool(v) ? STR("yes") : STR("no");
        break;
    case JSON_IS_OBJECT:
        text = in_a_language(v);
        break;
    case JSON_MISSING:
    case JSON_IS_NULL:
    case JSON_LIST:
        break;
    }
    return text.len == 0 || plan_tag(p, key, text, e);
}

static bool put_tags(struct plan *p, struct json_value feature, struct err *e)
{
    struct json_value properties = json_get(feature, "properties"), tags = json_get(properties, "tags"), v;
    struct str name, type = json_as_text(json_get(feature, "feature_type"));
    void *at = NULL;

    if (type.len && !plan_tag(p, STR("feature_type"), type, e))
        return false;
    while (json_each(properties, &at, &name, &v))
        if (!put_tag(p, name, v, e))
            return false;
    /* Some exports keep the tags of OSM in an object of their own. */
    at = NULL;
    while (json_is(tags) == JSON_IS_OBJECT && json_each(tags, &at, &name, &v))
        if (!put_tag(p, name, v, e))
            return false;
    return true;
}

/* [longitude, latitude, ...]: RFC 7946 section 3.1.1. */
static bool put_position(struct plan *p, struct json_value v, struct err *e)
{
    struct json_value x = json_at(v, 0), y = json_at(v, 1);
    struct plan_feature *f = &p->features[p->feature_count - 1];
    bool is = (json_is(x) == JSON_WHOLE || json_is(x) == JSON_FRACTION) &&
              (json_is(y) == JSON_WHOLE || json_is(y) == JSON_FRACTION);
    struct shape_point point = {json_as_number(y), json_as_number(x)};

    if (!is || !shape_point_is(point)) {
        f->fault = is ? PLAN_BAD_COORDINATES : PLAN_BAD_GEOMETRY;
        return true;
    }
    return plan_point(p, point, e);
}

static bool put_line(struct plan *p, struct json_value line, bool hole, struct err *e)
{
    if (!plan_ring(p, hole, e))
        return false;
    for (size_t i = 0; i < json_count(line); i++)
        if (!put_position(p, json_at(line, i), e))
            return false;
    return true;
}

static bool put_polygon(struct plan *p, struct json_value rings, struct err *e)
{
    for (size_t i = 0; i < json_count(rings); i++)
        if (!put_line(p, json_at(rings, i), i > 0, e))
            return false;
    return true;
}

static bool put_point(struct plan *p, struct json_value at, struct err *e)
{
    return plan_ring(p, false, e) && put_position(p, at, e);
}

static bool put_open_line(struct plan *p, struct json_value line, struct err *e)
{
    return put_line(p, line, false, e);
}

/* RFC 7946 section 3.1; what a plan does not have (MultiPoint, collections) is a bad geometry. */
static const struct geometry {
    const char *type;
    enum plan_is is;
    bool (*put)(struct plan *p, struct json_value coordinates, struct err *e);
    bool many;
} geometries[] = {
    {"Point", PLAN_POINT, put_point, false},         {"LineString", PLAN_LINE, put_open_line, false},
    {"MultiLineString", PLAN_LINE, put_open_line, true}, {"Polygon", PLAN_AREA, put_polygon, false},
    {"MultiPolygon", PLAN_AREA, put_polygon, true},
};

static bool put_geometry(struct plan *p, struct json_value g, struct err *e)
{
    struct str type = json_as_text(json_get(g, "type"));
    struct json_value c = json_get(g, "coordinates");
    struct plan_feature *f = &p->features[p->feature_count - 1];

    if (json_is(g) == JSON_MISSING || json_is(g) == JSON_IS_NULL)
        return true;
    f->fault = PLAN_BAD_GEOMETRY;
    for (size_t i = 0; i < COUNTOF(geometries); i++) {
        const struct geometry *k = &geometries[i];

        if (!str_eq(type, str_from(k->type)) || json_is(c) != JSON_LIST || json_count(c) == 0)
            continue;
        f->is = k->is;
        f->fault = PLAN_SOUND;
        for (size_t j = 0; j < (k->many ? json_count(c) : 1); j++)
            if (!k->put(p, k->many ? json_at(c, j) : c, e))
                return false;
    }
    return true;
}

/* A feature's id: its own, that of its properties ("@id" in exports of Overpass), or its place. */
static bool id_of(struct plan *p, struct json_value feature, struct str *id, struct err *e)
{
    struct json_value properties = json_get(feature, "properties");
    struct json_value from[] = {json_get(feature, "id"), json_get(properties, "@id"), json_get(properties, "id")};
    char text[32];

    for (size_t i = 0; i < COUNTOF(from); i++) {
        *id = str_trim(json_as_text(from[i]));
        if (json_is(from[i]) == JSON_WHOLE)
            return keep_number(p, from[i], id, e);
        if (id->len)
            return true;
    }
    return plan_keep(p, str_of(text, (size_t)snprintf(text, sizeof text, "feature-%zu", p->feature_count + 1)), id, e);
}

static bool read_feature(struct plan *p, struct json_value feature, size_t place, struct err *e)
{
    struct json_value properties = json_get(feature, "properties");
    struct str id;

    if (!str_eq(json_as_text(json_get(feature, "type")), STR("Feature")))
        return err_set(e, ERR_INPUT, "number %zu in \"features\" is not a GeoJSON Feature", place);
    if (!id_of(p, feature, &id, e) || !plan_feature(p, id, e))
        return false;
    p->features[p->feature_count - 1].id_made_up = json_is(json_get(feature, "id")) != JSON_TEXT &&
                                                   json_is(json_get(feature, "id")) != JSON_WHOLE &&
                                                   json_is(json_get(properties, "@id")) == JSON_MISSING &&
                                                   json_is(json_get(properties, "id")) == JSON_MISSING;
    return put_tags(p, feature, e) && put_geometry(p, json_get(feature, "geometry"), e);
}

bool plan_read_geojson(struct plan *p, struct str file, struct err *e)
{
    struct json_value root, features;
    struct str type;

    if (p->file_count == PLAN_FILES)
        return err_set(e, ERR_FULL, "more than %d files in one plan", PLAN_FILES);
    if (!json_read(file, &p->files[p->file_count], e))
        return false;
    root = json_root(p->files[p->file_count++]);
    type = json_as_text(json_get(root, "type"));
    if (str_eq(type, STR("Feature")))
        return read_feature(p, root, 1, e);
    features = json_get(root, "features");
    if (!str_eq(type, STR("FeatureCollection")) || json_is(features) != JSON_LIST)
        return err_set(e, ERR_INPUT, "this is JSON, but not a GeoJSON FeatureCollection");
    for (size_t i = 0; i < json_count(features); i++)
        if (!read_feature(p, json_at(features, i), i + 1, e))
            return false;
    return true;
}
