/* What a commander has who knows a house only as "5 floors, a roof, 1 basement", and what a plan brings. */
#include "support/incident_world.h"

#include "core/incident_rules.h"

/* domain.md 5.7: one number, and the board is there. */
static struct world *five_floors(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "M", IN_NAME, "EX-Main", IN_STOREYS, "5", IN_BASEMENTS, "1",
             IN_ROOF, "1", IN_INNER, "1", IN_NONE);
    return w;
}

static uint32_t zone(const struct world *w, const char *level, const char *name)
{
    char id[64];
    uint32_t z;

    (void)snprintf(id, sizeof id, "M/%s/%s", level, name);
    z = ent_find(w->s, ENT_ZONE, str_from(id));
    if (z == 0)
        fail_msg("there is no zone %s", id);
    return z;
}

static void test_levels_and_zones(void **state)
{
    static const struct {
        const char *level;
        int ordinal;
    } levels[] = {{"-1", -1}, {"0", 0}, {"1", 1}, {"2", 2}, {"3", 3}, {"4", 4}};
    static const struct {
        const char *name, *kind;
    } cells[] = {{"A", "side"}, {"B", "side"},       {"C", "side"},   {"D", "side"},
                 {"core", "core"}, {"stairs", "stair"}, {"lift", "lift"}};
    struct world *w = five_floors();
    uint32_t n = 0;

    (void)state;
    for (size_t i = 0; i < COUNTOF(levels); i++) {
        uint32_t l = level_at(w->s, STR("M"), levels[i].ordinal);

        assert_true(str_eq(ent_get(w->s, l, IN_STRUCTURE), STR("M")));
        for (size_t j = 0; j < COUNTOF(cells); j++) {
            uint32_t z = zone(w, levels[i].level, cells[j].name);

            assert_true(str_eq(ent_get(w->s, z, IN_LEVEL), ent_id(w->s, l)));
            assert_true(ent_is(w->s, z, IN_ZONE_KIND, cells[j].kind) && ent_is(w->s, z, IN_NAME, cells[j].name));
            assert_true(ent_is(w->s, z, IN_STATE, "current"));
        }
    }
    assert_true(ent_is(w->s, zone(w, "roof", "roof"), IN_ZONE_KIND, "roof"));
    assert_int_equal(level_at(w->s, STR("M"), 5), 0); /* the roof is no floor */
    assert_int_equal(ent_int(w->s, level_at(w->s, STR("M"), FLOOR_ROOF), IN_ORDINAL, -9), 5);
    for (uint32_t l = ent_first(w->s, ENT_LEVEL); l; l = ent_next(w->s, l))
        n += str_eq(ent_get(w->s, l, IN_STRUCTURE), STR("M"));
    assert_int_equal(n, 7);
    world_free(w);
}

/* Where a sighting is asked about next door: the ways that every house has, without one drawn. */
static void test_neighbours(void **state)
{
    static const struct {
        const char *level, *name, *to_level, *to;
        bool touch;
    } rows[] = {
        {"0", "A", "0", "core", true},        {"0", "stairs", "0", "core", true},
        {"0", "lift", "0", "core", true},     {"0", "A", "0", "B", true},
        {"0", "D", "0", "A", true},           {"0", "A", "0", "C", false},
        {"0", "A", "0", "stairs", false},     {"0", "stairs", "1", "stairs", true},
        {"-1", "stairs", "0", "stairs", true}, {"3", "lift", "4", "lift", true},
        {"0", "stairs", "2", "stairs", false}, {"0", "stairs", "1", "lift", false},
        {"0", "core", "1", "core", false},    {"4", "stairs", "roof", "roof", true},
        {"3", "stairs", "roof", "roof", false}, {"4", "core", "roof", "roof", false},
    };
    struct world *w = five_floors();

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        uint32_t a = zone(w, rows[i].level, rows[i].name), b = zone(w, rows[i].to_level, rows[i].to);

        if (zones_touch(w->s, a, b) != rows[i].touch || zones_touch(w->s, b, a) != rows[i].touch)
            fail_msg("%s/%s and %s/%s", rows[i].level, rows[i].name, rows[i].to_level, rows[i].to);
    }
    world_free(w);
}

/* Two wholes touch by a door between any two of their parts, not by one that is blocked or leads elsewhere. */
static void test_wholes_touch_by_the_doors_of_their_parts(void **state)
{
    static const struct {
        const char *a, *b, *door;
        bool touch;
    } rows[] = {
        {"M/0/B", "M/2/B", "open", true},  {"M/0/B", "M/2/B", "closed", true},    {"M/0/B", "M/2/B", "blocked", false},
        {"M/0/A", "M/0/B", "open", false}, {"M/0/A", "M/2/lift", "open", false}, {"M/2/A", "M/0/A", "guarded", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct world *w = five_floors();
        uint32_t a = zone(w, "0", "A"), b = zone(w, "2", "A");

        world_ok(w, INC_ZONE_MERGED, IN_ZONE, "M/0/B", IN_REPLACES, "M/0/A", IN_REASON, "one hall", IN_NONE);
        world_ok(w, INC_ZONE_MERGED, IN_ZONE, "M/2/B", IN_REPLACES, "M/2/A", IN_REASON, "one hall", IN_NONE);
        world_ok(w, INC_OPENING_SET, IN_OPENING, "o", IN_ZONES, rows[i].a, IN_ZONES, rows[i].b, IN_OPENING_KIND, "door",
                 IN_OPENING_STATE, rows[i].door, IN_NONE);
        if (zones_touch(w->s, a, b) != rows[i].touch || zones_touch(w->s, b, a) != rows[i].touch)
            fail_msg("row %zu", i);
        assert_true(zones_touch(w->s, a, zone(w, "0", "B")) && zones_touch(w->s, a, a));
        assert_false(zones_touch(w->s, a, 0) || zones_touch(w->s, 0, a));
        world_free(w);
    }
}

/* A team can be sent into it, and its search counts, a moment later. */
static void test_is_usable(void **state)
{
    struct world *w = five_floors();

    (void)state;
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "M/2/A", IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "M/2/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "M/2/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_NONE);
    assert_int_equal(clearance_of(w->s, STR("M/2/A"), "threat"), CLEARANCE_COMPLETE);
    assert_int_equal(clearance_of(w->s, STR("M/2/B"), "threat"), CLEARANCE_UNKNOWN);
    world_free(w);
}

/* What the record says itself of a place: as people say it, not as a plan's file numbers it. */
static void test_names(void **state)
{
    static const struct {
        enum entity_kind kind;
        const char *id, *name;
    } rows[] = {
        {ENT_STRUCTURE, "M", "EX-Main"},
        {ENT_LEVEL, "M/0", "EX-Main, ground floor"},
        {ENT_LEVEL, "M/3", "EX-Main, floor 3"},
        {ENT_LEVEL, "M/-1", "EX-Main, basement 1"},
        {ENT_ZONE, "M/2/A", "EX-Main, floor 2, A"},
        {ENT_ZONE, "M/-1/stairs", "EX-Main, basement 1, stairs"},
        {ENT_ZONE, "M/roof/roof", "EX-Main, roof"},
        {ENT_LEVEL, "P/2/7", "EX-Plan, Mezzanine"},
        {ENT_ZONE, "P/2/way/123", "EX-Plan, Mezzanine, Room 12"},
        {ENT_LEVEL, "P/2/8", "EX-Plan, floor 4"},
        {ENT_ZONE, "P/2/way/125", "P/2/way/125"}, /* not for everybody */
        {ENT_ZONE, "M/9/A", "M/9/A"},             /* not there */
    };
    struct world *w = five_floors();
    char to[PLACE_NAME_MAX];

    (void)state;
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "P", IN_NAME, "EX-Plan", IN_STOREYS, "0", IN_NONE);
    world_ok(w, INC_LEVEL_DEFINED, IN_LEVEL, "P/2/7", IN_STRUCTURE, "P", IN_ORDINAL, "1", IN_NAME, "Mezzanine",
             IN_NONE);
    world_ok(w, INC_LEVEL_DEFINED, IN_LEVEL, "P/2/8", IN_STRUCTURE, "P", IN_ORDINAL, "3", IN_NAME, "4", IN_NONE);
    world_ok(w, INC_ZONE_DEFINED, IN_ZONE, "P/2/way/123", IN_LEVEL, "P/2/7", IN_NAME, "Room 12", IN_ZONE_KIND, "room",
             IN_NONE);
    world_ok(w, INC_ZONE_DEFINED, IN_ZONE, "P/2/way/125", IN_LEVEL, "P/2/7", IN_NAME, "Safe", IN_ZONE_KIND, "room",
             IN_CLASS, "command", IN_NONE);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct str name = place_name(w->s, rows[i].kind, str_from(rows[i].id), to);

        if (!str_eq(name, str_from(rows[i].name)))
            fail_msg("%s is called %.*s", rows[i].id, STR_ARG(name));
    }
    world_free(w);
}

/* The longest names that the record takes: cut between characters, never more than there is room for. */
static void test_long_names(void **state)
{
    struct world *w = five_floors();
    char long_name[INCIDENT_LINE_MAX + 1] = "", to[PLACE_NAME_MAX];
    struct str name;

    (void)state;
    for (size_t i = 0; i + 3 <= INCIDENT_LINE_MAX; i += 2)
        memcpy(long_name + i, "\xd9\x85", 3);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "L", IN_NAME, long_name, IN_STOREYS, "0", IN_NONE);
    world_ok(w, INC_LEVEL_DEFINED, IN_LEVEL, "L/1", IN_STRUCTURE, "L", IN_ORDINAL, "1", IN_NAME, long_name, IN_NONE);
    world_ok(w, INC_ZONE_DEFINED, IN_ZONE, "L/1/z", IN_LEVEL, "L/1", IN_NAME, long_name, IN_ZONE_KIND, "room", IN_NONE);
    name = place_name(w->s, ENT_ZONE, STR("L/1/z"), to);
    assert_true(name.len <= PLACE_NAME_MAX && name.len > 150 && str_is_utf8(name));
    world_free(w);
}

/* 0 storeys alone: no grid, the plan brings the levels, the roof among them. */
static void test_a_plan_instead(void **state)
{
    struct world *w = world_scene();
    uint32_t zones = w->s->count[ENT_ZONE], levels = w->s->count[ENT_LEVEL];

    (void)state;
    world_no(w, "ground floor counts", INC_STRUCTURE_DEFINED, IN_STRUCTURE, "P", IN_NAME, "EX-Plan", IN_STOREYS, "0",
             IN_BASEMENTS, "1", IN_NONE);
    world_no(w, "ground floor counts", INC_STRUCTURE_DEFINED, IN_STRUCTURE, "P", IN_NAME, "EX-Plan", IN_STOREYS, "0",
             IN_ROOF, "1", IN_NONE);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "P", IN_NAME, "EX-Plan", IN_STOREYS, "0", IN_NONE);
    assert_int_equal(w->s->count[ENT_ZONE], zones);
    assert_int_equal(w->s->count[ENT_LEVEL], levels);
    world_ok(w, INC_LEVEL_DEFINED, IN_LEVEL, "P/0", IN_STRUCTURE, "P", IN_ORDINAL, "0", IN_NONE);
    world_ok(w, INC_LEVEL_DEFINED, IN_LEVEL, "P/0.5", IN_STRUCTURE, "P", IN_ORDINAL, "0.5", IN_NONE);
    world_ok(w, INC_LEVEL_DEFINED, IN_LEVEL, "P/roof", IN_STRUCTURE, "P", IN_ORDINAL, "1", IN_ROOF, "1", IN_NONE);
    assert_true(str_eq(ent_id(w->s, level_at(w->s, STR("P"), 0)), STR("P/0")));
    assert_true(str_eq(ent_id(w->s, level_at(w->s, STR("P"), FLOOR_ROOF)), STR("P/roof")));
    assert_int_equal(level_at(w->s, STR("P"), 1), 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_and_zones),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_wholes_touch_by_the_doors_of_their_parts),
        cmocka_unit_test(test_names), cmocka_unit_test(test_long_names), cmocka_unit_test(test_is_usable),
        cmocka_unit_test(test_a_plan_instead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
