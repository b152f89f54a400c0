/* indoor_inner.h -- what the files of the import of indoor maps share; for edge/indoor*.c alone.
 *
 * struct indoor is one import: it lives as long as indoor_read(), on one thread.  Levels, zones and
 * openings lie in lists of the size that an incident allows. */
#ifndef CORDON_EDGE_INDOOR_INNER_H
#define CORDON_EDGE_INDOOR_INNER_H

#include "edge/indoor.h"
#include "edge/indoor_levels.h"
#include "edge/indoor_plan.h"

enum { INDOOR_NONE = UINT32_MAX };

enum indoor_role {
    ROLE_PASSED,
    ROLE_ZONE,
    ROLE_DOOR,
    ROLE_LEVEL,
    ROLE_BUILDING,
    ROLE_FOOTPRINT,
    ROLE_VENUE
};

/* What a feature is: its role; the word of ZONE_KIND or OPENING_KIND, or why it is passed over. */
struct indoor_rule {
    const char *key, *value; /* "*": any but "no" */
    enum indoor_role role;
    const char *word;
    enum indoor_passed passed;
};
/* By the tables in indoor_rules.c. */
struct indoor_rule indoor_rule_of(const struct plan *p, const struct plan_feature *f) MUST_USE;
bool indoor_is_imdf(const struct plan *p, const struct plan_feature *f) MUST_USE;

struct indoor_box {
    double south, west, north, east;
};

struct indoor_level {
    int32_t at; /* thousandths or LEVEL_ROOF */
    struct str id, name, alias, shape;
};

/* One feature on one level.  Those of a feature stand together, from the lowest level up. */
struct indoor_zone {
    uint32_t feature;
    int32_t at;
    const char *kind;
    struct str id, name, given, alias, shape;
    struct indoor_box box; /* of its rings; empty (south above north) without a shape */
    struct shape_point middle;
};

struct indoor_opening {
    struct str id;
    uint32_t zone[2];
    const char *kind;
    struct str state;
};

struct indoor {
    const struct indoor_ask *ask;
    struct indoor_report *report;
    struct err *e;
    struct plan plan;
    struct indoor_rule *rules; /* of each feature */
    uint32_t *order;           /* features by id */
    struct indoor_level *levels;
    struct indoor_zone *zones;
    struct indoor_opening *openings;
    size_t level_count, zone_count, opening_count;
    uint32_t building, footprint, venue; /* features, or INDOOR_NONE */
    struct str name, building_shape, site, site_name, site_shape;
    uint64_t steps;
    struct shape_room *memory;
    char text[SHAPE_TEXT_MAX];
};

/* A remark about a feature ("" for all of the plan): "way/1: ...". */
void indoor_remark(struct indoor *in, const struct plan_feature *f, const char *format, ...) PRINTF_LIKE(3, 4);
void indoor_pass(struct indoor *in, enum indoor_passed why);
/* Counts the work; false when it is too much, the sentence names the feature. */
bool indoor_step(struct indoor *in, const struct plan_feature *f, uint64_t steps) MUST_USE;
/* A feature's tag as a name of one line in the plan's memory, empty when there is none; one that is too
 * long is cut and remarked. */
bool indoor_line(struct indoor *in, const struct plan_feature *f, const char *tag, struct str *out) MUST_USE;
/* The same of a text. */
bool indoor_line_of(struct indoor *in, const struct plan_feature *f, struct str text, struct str *out) MUST_USE;
/* STRUCTURE/level/feature, an id as the incident takes it. */
bool indoor_id(struct indoor *in, struct str level, struct str feature, struct str *out) MUST_USE;

/* indoor_shape.c: the outline of a feature made ready: its rings thinned, its text (empty when it has
 * none, remarked), its box. */
bool indoor_shape(struct indoor *in, struct plan_feature *f, struct indoor_zone *z) MUST_USE;
/* The box around the rings of z->feature. */
void indoor_set_box(struct indoor *in, struct indoor_zone *z);
/* Is p in the zone's box, or this near to it? */
bool indoor_near(const struct indoor_zone *z, struct shape_point p, double metres) MUST_USE;
/* Is p inside of the zone's rings? */
bool indoor_inside(const struct indoor *in, const struct indoor_zone *z, struct shape_point p) MUST_USE;
/* Metres from p to the zone's nearest line; HUGE_VAL without one. */
double indoor_distance(const struct indoor *in, const struct indoor_zone *z, struct shape_point p) MUST_USE;
/* How many points it has, and one: what looking at it costs. */
uint64_t indoor_points(const struct indoor *in, const struct indoor_zone *z) MUST_USE;

/* The levels that a feature names, by its level and repeat_on, or its level_id; false: refused.  n 0:
 * passed over, counted and remarked. */
bool indoor_levels_of(struct indoor *in, const struct plan_feature *f, struct levels *l) MUST_USE;
bool indoor_doors(struct indoor *in) MUST_USE;
bool indoor_stairs(struct indoor *in) MUST_USE;

/* indoor_names.c */
bool indoor_names(struct indoor *in) MUST_USE;

#endif
