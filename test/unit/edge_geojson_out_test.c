/* An incident's places as GeoJSON: read back as JSON, against RFC 7946. */
#include "edge/geojson_out.h"
#include "edge/json.h"
#include "support/incident_world.h"

static char text[256 * 1024];
static struct shape_point points[SHAPE_POINTS_MAX];

static struct world *scene(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_CORDON_SET, IN_CORDON, "c1", IN_CORDON_KIND, "inner", IN_NAME, "EX-Inner", IN_SHAPE,
             "24.86,67.01 24.87,67.01 24.87,67.02 24.86,67.02 24.86,67.01", IN_NONE);
    world_ok(w, INC_CORDON_SET, IN_CORDON, "c2", IN_CORDON_KIND, "media", IN_NONE);
    world_ok(w, INC_CORDON_SET, IN_CORDON, "c3", IN_CORDON_KIND, "outer", IN_NONE);
    world_ok(w, INC_CORDON_LIFTED, IN_CORDON, "c3", IN_REASON, "EX-over", IN_NONE);
    world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, "r1", IN_ROAD, "EX-Road \"A\"", IN_EMERGENCY_LANE, "1", IN_SHAPE,
             "24.85,67.00 24.86,67.00", IN_START_AT, "1700000000000", IN_NONE);
    world_ok(w, INC_POINT_SET, IN_POINT, "p1", IN_POINT_KIND, "rvp", IN_PLACE, "EX-Gate", IN_LAT, "24.8", IN_LON,
             "-67.5", IN_NONE);
    world_ok(w, INC_HAZARD_REPORTED, IN_HAZARD, "h1", IN_HAZARD_KIND, "gas", IN_LAT, "24.9", IN_LON, "67.1", IN_NONE);
    world_ok(w, INC_ZONE_DEFINED, IN_ZONE, "H/0/x", IN_LEVEL, "H/0", IN_NAME, "EX-Room", IN_ZONE_KIND, "room",
             IN_SHAPE, "24.86,67.01 24.86,67.02 24.87,67.02 24.86,67.01", IN_NONE);
    return w;
}

static struct json *write(const struct world *w, const struct access *a, const char *level)
{
    struct buf b = buf_over(text, sizeof text - 1);
    struct json *j;
    struct err e;

    geojson_out(&(struct geojson_ask){.s = w->s, .access = a, .level = str_from(level), .memory = points}, &b);
    assert_false(b.full);
    text[b.len] = 0;
    if (!json_read(buf_str(&b), &j, &e))
        fail_msg("%s: %.*s", e.text, STR_ARG(buf_str(&b)));
    return j;
}

static struct json_value feature(const struct json *j, const char *id)
{
    struct json_value list = json_get(json_root(j), "features");

    for (size_t i = 0; i < json_count(list); i++)
        if (str_eq(json_as_text(json_get(json_at(list, i), "id")), str_from(id)))
            return json_at(list, i);
    return (struct json_value){NULL};
}

static double number(struct json_value list, size_t i)
{
    return json_as_number(json_at(list, i));
}

static void test_geometries(void **state)
{
    struct world *w = scene();
    struct access all = access_all();
    struct json *j = write(w, &all, NULL);
    struct json_value g, ring, box = json_get(json_root(j), "bbox");

    (void)state;
    assert_true(str_eq(json_as_text(json_get(json_root(j), "type")), STR("FeatureCollection")));
    /* Given clockwise; section 3.1.6 wants it the other way round, and 3.1.1 longitude first. */
    g = json_get(feature(j, "cordon/c1"), "geometry");
    assert_true(str_eq(json_as_text(json_get(g, "type")), STR("Polygon")));
    ring = json_at(json_get(g, "coordinates"), 0);
    assert_int_equal(json_count(ring), 5);
    assert_true(number(json_at(ring, 0), 0) == 67.01 && number(json_at(ring, 0), 1) == 24.86);
    assert_true(number(json_at(ring, 1), 0) == 67.02 && number(json_at(ring, 1), 1) == 24.86);
    /* Given counter-clockwise: as it is. */
    ring = json_at(json_get(json_get(feature(j, "zone/H/0/x"), "geometry"), "coordinates"), 0);
    assert_true(number(json_at(ring, 1), 0) == 67.02 && number(json_at(ring, 1), 1) == 24.86);
    g = json_get(feature(j, "closure/r1"), "geometry");
    assert_true(str_eq(json_as_text(json_get(g, "type")), STR("LineString")));
    g = json_get(feature(j, "point/p1"), "geometry");
    assert_true(str_eq(json_as_text(json_get(g, "type")), STR("Point")));
    assert_true(number(json_get(g, "coordinates"), 0) == -67.5 && number(json_get(g, "coordinates"), 1) == 24.8);
    assert_int_equal(json_is(json_get(feature(j, "cordon/c2"), "geometry")), JSON_IS_NULL);
    assert_int_equal(json_is(feature(j, "cordon/c3")), JSON_MISSING); /* lifted */
    assert_true(number(box, 0) == -67.5 && number(box, 1) == 24.8 && number(box, 2) == 67.1 && number(box, 3) == 24.9);
    json_drop(j);
    world_free(w);
}

static void test_properties(void **state)
{
    struct world *w = scene();
    struct access all = access_all();
    struct json *j = write(w, &all, NULL);
    struct json_value p = json_get(feature(j, "closure/r1"), "properties");

    (void)state;
    assert_true(str_eq(json_as_text(json_get(p, "kind")), STR("closure")));
    assert_true(str_eq(json_as_text(json_get(p, "road")), STR("EX-Road \"A\"")));
    assert_true(json_as_bool(json_get(p, "emergency_lane")));
    assert_true(str_eq(json_as_text(json_get(p, "start_at")), STR("2023-11-14T22:13:20.000Z")));
    assert_true(str_eq(json_as_text(json_get(p, "state")), STR("in-force")));
    assert_false(json_as_bool(json_get(json_root(j), "exercise")));
    assert_true(str_eq(json_as_text(json_get(json_root(j), "incident")), STR("i")));
    json_drop(j);
    world_free(w);
}

/* The zones of one level, beside what belongs to no level. */
static void test_one_level(void **state)
{
    struct world *w = scene();
    struct access all = access_all();
    struct json *j = write(w, &all, "H/0");

    (void)state;
    assert_int_not_equal(json_is(feature(j, "zone/H/0/x")), JSON_MISSING);
    assert_int_not_equal(json_is(feature(j, "zone/H/0/A")), JSON_MISSING);
    assert_int_equal(json_is(feature(j, "zone/H/1/A")), JSON_MISSING);
    assert_int_not_equal(json_is(feature(j, "cordon/c1")), JSON_MISSING);
    json_drop(j);
    world_free(w);
}

/* A partner agency has cordons and closures, not the rooms; who has no class at all has nothing. */
static void test_need_to_know(void **state)
{
    struct world *w = scene();
    struct access partner = {.classes = 1u << HANDLING_PUBLIC | 1u << HANDLING_PARTNER}, nobody = {0};
    struct json *j = write(w, &partner, NULL);

    (void)state;
    assert_int_not_equal(json_is(feature(j, "cordon/c1")), JSON_MISSING);
    assert_int_not_equal(json_is(feature(j, "closure/r1")), JSON_MISSING);
    assert_int_equal(json_is(feature(j, "zone/H/0/x")), JSON_MISSING);
    assert_null(strstr(text, "EX-Room"));
    json_drop(j);
    j = write(w, &nobody, NULL);
    assert_int_equal(json_count(json_get(json_root(j), "features")), 0);
    assert_int_equal(json_is(json_get(json_root(j), "bbox")), JSON_MISSING);
    json_drop(j);
    world_free(w);
}

static void test_does_not_fit(void **state)
{
    struct world *w = scene();
    struct access all = access_all();
    struct buf b = buf_over(text, 500);

    (void)state;
    geojson_out(&(struct geojson_ask){.s = w->s, .access = &all, .memory = points}, &b);
    assert_true(b.full);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_geometries), cmocka_unit_test(test_properties),   cmocka_unit_test(test_one_level),
        cmocka_unit_test(test_need_to_know), cmocka_unit_test(test_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
