#include "edge/indoor_inner.h"

#define ZONE(key, value, kind) {key, value, ROLE_ZONE, kind, INDOOR_PASSED_COUNT}
#define DOOR(key, value, kind) {key, value, ROLE_DOOR, kind, INDOOR_PASSED_COUNT}
#define ROLE(key, value, role) {key, value, ROLE_##role, "", INDOOR_PASSED_COUNT}
#define PASS(key, value, why) {key, value, ROLE_PASSED, "", INDOOR_PASSED_##why}

/* OSM Simple Indoor Tagging: the first row that fits. */
static const struct indoor_rule osm_rules[] = {
    ROLE("indoor", "level", LEVEL),
    PASS("indoor", "wall", WALL),
    PASS("indoor", "column", WALL),
    DOOR("indoor", "door", "door"),
    DOOR("indoor", "window", "window"),
    ZONE("highway", "elevator", "lift"),
    ZONE("room", "elevator", "lift"),
    ZONE("stairs", "yes", "stair"),
    ZONE("highway", "steps", "stair"),
    ZONE("room", "stairs", "stair"),
    ZONE("indoor", "corridor", "corridor"),
    ZONE("room", "corridor", "corridor"),
    ZONE("indoor", "courtyard", "yard"),
    ROLE("building", "*", BUILDING),
    ZONE("elevator", "yes", "lift"), /* on a room: the shaft; behind building, where it is a comfort */
    ZONE("indoor", "room", "room"),
    ZONE("indoor", "area", "room"),
    PASS("indoor", "pathway", PATH),
    DOOR("door", "*", "door"),
    DOOR("door", "no", "door"), /* a passage without a door in it */
    DOOR("entrance", "garage", "gate"),
    DOOR("entrance", "*", "door"),
    DOOR("barrier", "gate", "gate"),
    PASS("indoor", "*", THING),
    PASS("building:part", "*", BUILDING),
    PASS("highway", "*", PATH),
    PASS("level", "*", THING),
};

/* IMDF: by feature_type; a unit further by its category. */
static const struct indoor_rule imdf_rules[] = {
    ROLE("feature_type", "level", LEVEL),       ROLE("feature_type", "building", BUILDING),
    ROLE("feature_type", "footprint", FOOTPRINT), ROLE("feature_type", "venue", VENUE),
    DOOR("feature_type", "opening", "door"),    ZONE("feature_type", "unit", "room"),
    PASS("feature_type", "*", KIND),
};

/* What is not a room; a category may go on behind a point ("walkway.island"). */
static const struct indoor_rule imdf_units[] = {
    PASS("category", "brick", WALL),           PASS("category", "column", WALL),
    PASS("category", "concrete", WALL),        PASS("category", "drywall", WALL),
    PASS("category", "glass", WALL),           PASS("category", "wood", WALL),
    PASS("category", "structure", WALL),       PASS("category", "opentobelow", WALL),
    ZONE("category", "stairs", "stair"),       ZONE("category", "steps", "stair"),
    ZONE("category", "escalator", "stair"),    ZONE("category", "elevator", "lift"),
    ZONE("category", "walkway", "corridor"),   ZONE("category", "movingwalkway", "corridor"),
    ZONE("category", "ramp", "corridor"),      ZONE("category", "footbridge", "corridor"),
    ZONE("category", "terrace", "yard"),       ZONE("category", "unenclosedarea", "yard"),
    ZONE("category", "vegetation", "yard"),    ZONE("category", "road", "yard"),
    ZONE("category", "fieldofplay", "yard"),
};

static bool fits(const struct indoor_rule *r, struct str value)
{
    struct str v = str_from(r->value);

    if (value.len == 0)
        return false;
    if (str_eq(v, STR("*")))
        return !str_eq(value, STR("no"));
    return str_eq(v, value) || (strcmp(r->key, "category") == 0 && str_starts(value, v) && value.at[v.len] == '.');
}

static const struct indoor_rule *first(const struct plan *p, const struct plan_feature *f,
                                       const struct indoor_rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fits(&rules[i], plan_get(p, f, rules[i].key)))
            return &rules[i];
    return NULL;
}

bool indoor_is_imdf(const struct plan *p, const struct plan_feature *f)
{
    return plan_get(p, f, "feature_type").len > 0;
}

struct indoor_rule indoor_rule_of(const struct plan *p, const struct plan_feature *f)
{
    static const struct indoor_rule outside = PASS("", "", OUTSIDE);
    const struct indoor_rule *r, *unit;

    if (!indoor_is_imdf(p, f)) {
        r = first(p, f, osm_rules, COUNTOF(osm_rules));
        return r ? *r : outside;
    }
    r = first(p, f, imdf_rules, COUNTOF(imdf_rules));
    if (!r)
        return outside;
    if (r->role == ROLE_ZONE) {
        unit = first(p, f, imdf_units, COUNTOF(imdf_units));
        return unit ? *unit : *r;
    }
    if (r->role == ROLE_DOOR && str_starts(plan_get(p, f, "category"), STR("automobile"))) {
        struct indoor_rule gate = *r;

        gate.word = "gate";
        return gate;
    }
    return *r;
}
