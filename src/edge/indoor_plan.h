/* indoor_plan.h -- what an indoor map says, whatever format it came in: features with tags and a place.
 *
 * Readers fill it (indoor_geojson.c, osm.c), edge/indoor.c makes commands of it.  It owns all of its
 * memory, files that were read included; everything is found by number, because lists grow.  Bounds:
 * the PLAN_ numbers; a file with more is refused with a sentence that says so.  One thread. */
#ifndef CORDON_EDGE_INDOOR_PLAN_H
#define CORDON_EDGE_INDOOR_PLAN_H

#include "base/err.h"
#include "base/str.h"
#include "edge/json.h"
#include "wire/shape.h"

enum {
    PLAN_FEATURES = 500000,
    PLAN_TAGS = 8000000,
    PLAN_POINTS = 4000000,
    PLAN_FILES = 16,
    PLAN_CHUNK = 1 << 16, /* bytes of text taken at once */
};

struct plan_tag {
    struct str key, value;
};

enum plan_is { PLAN_NOWHERE, PLAN_POINT, PLAN_LINE, PLAN_AREA };

/* What is wrong with a place; the feature is kept. */
enum plan_fault { PLAN_SOUND, PLAN_BAD_COORDINATES, PLAN_BAD_GEOMETRY };

struct plan_ring {
    uint32_t at, n; /* of plan.points */
    bool hole;
};

struct plan_feature {
    struct str id; /* "way/123"; "feature-7", the seventh that was read, when it has none */
    bool id_made_up;
    enum plan_is is;
    enum plan_fault fault;
    uint32_t tag, tags;   /* first and how many of plan.tags */
    uint32_t ring, rings; /* of plan.rings: outlines and holes; a line, a point: one */
};

struct plan_text;

/* Something that grows: where it is, what it has, what it can have, bytes of one, its name for people. */
struct plan_list {
    void *at;
    size_t count, *max, most, size;
    const char *what;
};
/* Room for one more: its place now, NULL when the most is reached or there is no memory. */
void *plan_room(struct plan_list l, struct err *e) MUST_USE;

struct plan {
    struct plan_feature *features;
    struct plan_tag *tags;
    struct plan_ring *rings;
    struct shape_point *points;
    size_t feature_count, tag_count, ring_count, point_count;
    size_t feature_max, tag_max, ring_max, point_max;
    struct json *files[PLAN_FILES];
    size_t file_count, current; /* files; the feature that is being filled */
    struct plan_text *text;
};

void plan_init(struct plan *p);
void plan_fini(struct plan *p);

/* Each is false when a bound is reached or there is no memory. */
/* A new feature without tags and place; those put after it are its own.  id lives as long as the plan. */
bool plan_feature(struct plan *p, struct str id, struct err *e) MUST_USE;
bool plan_tag(struct plan *p, struct str key, struct str value, struct err *e) MUST_USE;
/* Goes on with a feature that has no place yet. */
void plan_place(struct plan *p, size_t feature);
/* A ring of the feature; its points follow. */
bool plan_ring(struct plan *p, bool hole, struct err *e) MUST_USE;
bool plan_point(struct plan *p, struct shape_point at, struct err *e) MUST_USE;
/* A copy of a text that lives as long as the plan. */
bool plan_keep(struct plan *p, struct str text, struct str *out, struct err *e) MUST_USE;

/* The value of a tag; empty when there is none. */
struct str plan_get(const struct plan *p, const struct plan_feature *f, const char *key) MUST_USE;
struct shape plan_shape(const struct plan *p, const struct plan_ring *r) MUST_USE;

/* Reads a GeoJSON FeatureCollection, or a single Feature (RFC 7946), IMDF and OSM alike: a feature's
 * properties become tags, its feature_type too; objects of languages give their English, else their
 * first text; lists are left out. */
bool plan_read_geojson(struct plan *p, struct str file, struct err *e) MUST_USE;

#endif
