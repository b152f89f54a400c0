/* Tracks of devices, and what they prove. */
#include "support/incident_world.h"

#include "core/incident_device.h"
#include "core/incident_watch.h"

#include <math.h>

static char command_memory[INCIDENT_WATCH_MEMORY];

#define OUTER "24.8500,67.0000 24.8700,67.0000 24.8700,67.0200 24.8500,67.0200"
/* A yard of 55 by 50 m, and a room of 22 by 20 m beside it, both inside the outer cordon. */
#define YARD "24.8600,67.0100 24.8605,67.0100 24.8605,67.0105 24.8600,67.0105"
#define ROOM "24.8610,67.0100 24.8612,67.0100 24.8612,67.0102 24.8610,67.0102"

struct place {
    double lat, lon;
};

static const struct place in_yard = {24.86025, 67.01025}, in_room = {24.8611, 67.0101}, in_cordon = {24.8650, 67.0150},
                          at_fence = {24.86055, 67.01025}, far_off = {25.0, 67.0};

struct watcher {
    struct world *w;
    struct watch_state *state;
};

/* The scene with an outer cordon, a yard at P1's feet and a room on a level of its own. */
static struct watcher watcher_new(void)
{
    struct watcher x = {world_scene(), calloc(1, sizeof(struct watch_state))};

    assert_non_null(x.state);
    watch_init(x.state, (struct hash_key){1, 2});
    world_ok(x.w, INC_CORDON_SET, IN_CORDON, "outer", IN_CORDON_KIND, "outer", IN_SHAPE, OUTER, IN_NONE);
    world_ok(x.w, INC_ZONE_DEFINED, IN_ZONE, "yard", IN_LEVEL, "H/0", IN_NAME, "Yard", IN_ZONE_KIND, "yard", IN_SHAPE,
             YARD, IN_NONE);
    world_ok(x.w, INC_ZONE_DEFINED, IN_ZONE, "room", IN_LEVEL, "H/1", IN_NAME, "Room", IN_ZONE_KIND, "room", IN_SHAPE,
             ROOM, IN_NONE);
    return x;
}

static void watcher_free(struct watcher *x)
{
    free(x->state);
    world_free(x->w);
}

/* A position now; every command must be taken.  How many there were. */
static size_t seen_at(struct watcher *x, const char *uid, struct place at, double ce, const char *floor)
{
    struct position p = {str_from(uid), str_from(uid), str_from(floor), at.lat, at.lon, ce, x->w->now_ms};
    struct buf memory = buf_over(command_memory, sizeof command_memory);
    struct incident_command out[8];
    struct watch_turn t = {x->state, x->w->s, &p, 1, x->w->now_ms};
    size_t n = incident_watch(&t, &memory, out, COUNTOF(out));

    for (size_t i = 0; i < n; i++)
        if (!world_do(x->w, out[i].kind, out[i].payload))
            fail_msg("%s refused: %s", kind_info(out[i].kind)->tag, x->w->err.text);
    return n;
}

/* Stays there for so many seconds, a position every 5. */
static size_t stays(struct watcher *x, const char *uid, struct place at, int s)
{
    size_t n = 0;

    for (int i = 0; i <= s; i += 5) {
        n += seen_at(x, uid, at, 8, "");
        x->w->now_ms += 5000;
    }
    return n;
}

static struct str zone_of(const struct watcher *x, const char *unit)
{
    return ent_get(x->w->s, ent_find(x->w->s, ENT_UNIT, str_from(unit)), IN_ZONE);
}

static bool is_self_deployed(const struct watcher *x, const char *unit)
{
    return world_state(x->w, ENT_UNIT, unit, "self-deployed");
}

/* ---- who came without checking in -------------------------------------- */

static void test_a_stranger_inside_is_told_after_a_minute(void **state)
{
    struct watcher x = watcher_new();
    uint32_t u;

    (void)state;
    assert_int_equal(stays(&x, "ANDROID-9", in_cordon, 55), 0);
    assert_int_equal(stays(&x, "ANDROID-9", in_cordon, 300), 1);
    u = ent_find(x.w->s, ENT_UNIT, STR("ANDROID-9"));
    assert_true(is_self_deployed(&x, "ANDROID-9") && ent_is(x.w->s, u, IN_LAT, "24.8650000"));
    assert_true(ent_is(x.w->s, u, IN_REASON, "inside the outer cordon outer for 60 s, 13 positions, accurate to 8 m, "
                                             "not checked in; calls itself ANDROID-9"));
    watcher_free(&x);
}

static void test_who_is_not_told(void **state)
{
    struct watcher x = watcher_new();

    (void)state;
    assert_int_equal(stays(&x, "A1", in_cordon, 300), 0);          /* checked in */
    assert_int_equal(stays(&x, "ANDROID-9", far_off, 300), 0);     /* not inside */
    assert_int_equal(stays(&x, "EX-ANDROID-9", in_cordon, 300), 0); /* of an exercise */
    for (int i = 0; i < 40; i++) {                                  /* in and out */
        assert_int_equal(stays(&x, "ANDROID-8", i % 2 ? in_cordon : far_off, 50), 0);
    }
    for (int i = 0; i < 40; i++, x.w->now_ms += 5000)               /* no idea where it is */
        assert_int_equal(seen_at(&x, "ANDROID-7", in_cordon, 100, ""), 0);
    world_ok(x.w, INC_UNIT_RELEASED, IN_UNIT, "A1", IN_NONE);
    assert_int_equal(stays(&x, "A1", in_cordon, 1500), 0);         /* on the way out */
    x.w->now_ms += 600 * 1000;
    assert_int_equal(stays(&x, "A1", in_cordon, 100), 1);          /* still there */
    world_ok(x.w, INC_CORDON_LIFTED, IN_CORDON, "outer", IN_REASON, "over", IN_NONE);
    assert_int_equal(stays(&x, "ANDROID-6", in_cordon, 300), 0);   /* no cordon */
    watcher_free(&x);
}

static void test_positions_that_prove_nothing(void **state)
{
    struct watcher x = watcher_new();

    (void)state;
    (void)seen_at(&x, "ANDROID-9", in_cordon, 8, "");
    x.w->now_ms += 400 * 1000; /* silent for longer than five minutes: nobody knows where it was */
    assert_int_equal(seen_at(&x, "ANDROID-9", in_cordon, 8, ""), 0);
    x.w->now_ms += 30 * 1000;
    assert_int_equal(seen_at(&x, "ANDROID-9", (struct place){0, 0}, 8, ""), 0);
    assert_int_equal(seen_at(&x, "ANDROID-9", (struct place){NAN, 67}, 8, ""), 0);
    assert_int_equal(seen_at(&x, "ANDROID-9", (struct place){24.86, 1e300}, 8, ""), 0);
    assert_int_equal(seen_at(&x, "", in_cordon, 8, ""), 0);
    assert_int_equal(stays(&x, "ANDROID-9", in_cordon, 25), 0);
    assert_int_equal(stays(&x, "ANDROID-9", in_cordon, 10), 1);
    watcher_free(&x);
}

static void test_an_unknown_accuracy_is_said(void **state)
{
    struct watcher x = watcher_new();
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 14; i++, x.w->now_ms += 5000)
        n += seen_at(&x, "ANDROID-9", in_cordon, 9999999, "");
    assert_int_equal(n, 1);
    assert_true(str_find(ent_get(x.w->s, ent_find(x.w->s, ENT_UNIT, STR("ANDROID-9")), IN_REASON),
                         STR("accuracy not known")) < 100);
    watcher_free(&x);
}

/* ---- which unit is in which zone --------------------------------------- */

static void test_a_unit_enters_and_leaves_a_yard(void **state)
{
    struct watcher x = watcher_new();
    int64_t begin = x.w->now_ms, left;
    uint32_t u = ent_find(x.w->s, ENT_UNIT, STR("P1"));

    (void)state;
    assert_int_equal(stays(&x, "P1", in_yard, 15), 0);
    assert_int_equal(stays(&x, "P1", in_yard, 60), 1);
    assert_true(str_eq(zone_of(&x, "P1"), STR("yard")) && ent_int(x.w->s, u, IN_AT, 0) == begin);
    assert_int_equal(stays(&x, "P1", at_fence, 120), 0); /* outside by 5.5 m with 8 m of doubt */
    assert_int_equal(stays(&x, "P1", in_cordon, 15), 0);
    assert_int_equal(stays(&x, "P1", in_yard, 5), 0); /* back within the 20 s */
    left = x.w->now_ms;
    assert_int_equal(stays(&x, "P1", in_cordon, 60), 1);
    assert_int_equal(zone_of(&x, "P1").len, 0);
    assert_int_equal(ent_int(x.w->s, u, IN_AT, 0), left);
    watcher_free(&x);
}

static void test_a_room_needs_its_floor(void **state)
{
    static const struct {
        const char *floor;
        size_t want;
    } rows[] = {{"", 0}, {"0", 0}, {"1", 1}, {"first floor", 1}, {"roof", 0}, {"somewhere", 0}, {"ground floor", 0}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct watcher x = watcher_new();
        size_t n = 0;

        for (int k = 0; k < 10; k++, x.w->now_ms += 5000)
            n += seen_at(&x, "P1", in_room, 8, rows[i].floor);
        if (n != rows[i].want)
            fail_msg("\"%s\": %zu events", rows[i].floor, n);
        watcher_free(&x);
    }
}

static void test_a_structure_of_one_level_needs_none(void **state)
{
    struct watcher x = watcher_new();

    (void)state;
    world_ok(x.w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "hut", IN_NAME, "Hut", IN_STOREYS, "1", IN_NONE);
    world_ok(x.w, INC_ZONE_DEFINED, IN_ZONE, "hut-room", IN_LEVEL, "hut/0", IN_NAME, "Room", IN_ZONE_KIND, "room",
             IN_SHAPE, "24.8640,67.0140 24.8642,67.0140 24.8642,67.0142 24.8640,67.0142", IN_NONE);
    assert_int_equal(stays(&x, "P1", (struct place){24.8641, 67.0141}, 60), 1);
    assert_true(str_eq(zone_of(&x, "P1"), STR("hut-room")));
    watcher_free(&x);
}

static void test_a_vague_position_enters_nothing(void **state)
{
    static const double vague[] = {50, 49.9, 60, 9999999, NAN, -1};
    struct watcher x = watcher_new();

    (void)state;
    for (size_t i = 0; i < COUNTOF(vague); i++)
        for (int k = 0; k < 10; k++, x.w->now_ms += 5000)
            assert_int_equal(seen_at(&x, "P1", in_room, vague[i], "1"), 0); /* the room is 20 m wide */
    for (int k = 0; k < 10; k++, x.w->now_ms += 5000)
        assert_int_equal(seen_at(&x, "P1", in_yard, 50, ""), 0); /* the yard is, too, but 50 m is never enough */
    watcher_free(&x);
}

static void test_what_a_person_recorded_a_device_does_not_undo(void **state)
{
    struct watcher x = watcher_new();

    (void)state;
    world_ok(x.w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    assert_int_equal(stays(&x, "P1", in_cordon, 120), 0); /* its phone lies in the vehicle */
    assert_int_equal(stays(&x, "P1", in_yard, 120), 0);
    assert_true(str_eq(zone_of(&x, "P1"), STR("H/0/A")));
    watcher_free(&x);
}

static void test_the_last_device_of_a_unit_ends_it(void **state)
{
    struct watcher x = watcher_new();
    size_t n = 0;

    (void)state;
    world_ok(x.w, INC_UNIT_CHECKED_IN, IN_UNIT, "P1", IN_AGENCY, "police", IN_ALIAS, "second", IN_NONE);
    assert_int_equal(stays(&x, "P1", in_yard, 30), 1);
    assert_int_equal(stays(&x, "second", in_yard, 30), 0); /* it is known to be there */
    for (int i = 0; i < 12; i++, x.w->now_ms += 5000) {
        n += seen_at(&x, "P1", in_cordon, 8, "");
        n += seen_at(&x, "second", in_yard, 8, "");
    }
    assert_int_equal(n, 0); /* one of them came out */
    for (int i = 0; i < 12; i++, x.w->now_ms += 5000) {
        n += seen_at(&x, "P1", in_cordon, 8, "");
        n += seen_at(&x, "second", in_cordon, 8, "");
    }
    assert_int_equal(n, 1);
    watcher_free(&x);
}

static void test_a_device_moves_its_unit_on(void **state)
{
    struct watcher x = watcher_new();
    uint32_t u = ent_find(x.w->s, ENT_UNIT, STR("P1"));
    int64_t inside;

    (void)state;
    assert_int_equal(stays(&x, "P1", in_yard, 30), 1);
    inside = ent_int(x.w->s, u, IN_INSIDE_AT, 0);
    for (int i = 0; i < 10; i++, x.w->now_ms += 5000)
        (void)seen_at(&x, "P1", in_room, 8, "1");
    assert_true(str_eq(zone_of(&x, "P1"), STR("room")));
    assert_int_equal(ent_int(x.w->s, u, IN_INSIDE_AT, 0), inside); /* the PAR clock was never stopped */
    watcher_free(&x);
}

/* The phone that brought the unit in walks on; the other stays: the unit is where it was, and so is its hold. */
static void test_one_device_that_walks_on_does_not_move_its_unit(void **state)
{
    struct watcher x = watcher_new();
    size_t n = 0;

    (void)state;
    world_ok(x.w, INC_UNIT_CHECKED_IN, IN_UNIT, "P1", IN_AGENCY, "police", IN_ALIAS, "second", IN_NONE);
    assert_int_equal(stays(&x, "P1", in_yard, 30), 1);
    assert_int_equal(stays(&x, "second", in_yard, 30), 0);
    for (int i = 0; i < 12; i++, x.w->now_ms += 5000) {
        n += seen_at(&x, "P1", in_room, 8, "1");
        n += seen_at(&x, "second", in_yard, 8, "");
    }
    assert_int_equal(n, 0);
    assert_true(str_eq(zone_of(&x, "P1"), STR("yard")));
    for (int i = 0; i < 12; i++, x.w->now_ms += 5000) {
        n += seen_at(&x, "P1", in_room, 8, "1");
        n += seen_at(&x, "second", in_room, 8, "1");
    }
    assert_int_equal(n, 1);
    assert_true(str_eq(zone_of(&x, "P1"), STR("room")));
    watcher_free(&x);
}

/* A network brings reports late and twice: an older one moves nobody back. */
static void test_an_older_position_moves_nobody(void **state)
{
    struct watcher x = watcher_new();
    int64_t now;

    (void)state;
    assert_int_equal(stays(&x, "P1", in_yard, 30), 1);
    now = x.w->now_ms;
    for (int i = 0; i < 60; i++) {
        x.w->now_ms = now - 40000 + i * 500; /* all of them from before the last one in the yard */
        assert_int_equal(seen_at(&x, "P1", far_off, 8, ""), 0);
    }
    assert_true(str_eq(zone_of(&x, "P1"), STR("yard")));
    watcher_free(&x);
}

static void test_an_exercise_watches_its_own_players_alone(void **state)
{
    struct watcher x = {world_new(), calloc(1, sizeof(struct watch_state))};

    (void)state;
    assert_non_null(x.state);
    watch_init(x.state, (struct hash_key){1, 2});
    x.w->exercise = true;
    world_ok(x.w, INC_INCIDENT_OPENED, IN_INCIDENT, "EX", IN_NAME, "n", IN_TYPE, "bomb", IN_NONE);
    world_ok(x.w, INC_CORDON_SET, IN_CORDON, "outer", IN_CORDON_KIND, "outer", IN_SHAPE, OUTER, IN_NONE);
    assert_int_equal(stays(&x, "ANDROID-9", in_cordon, 100), 0);
    assert_int_equal(stays(&x, "EX-9", in_cordon, 100), 1);
    assert_true(is_self_deployed(&x, "EX-9"));
    assert_true(ent_has(x.w->s, ent_find(x.w->s, ENT_UNIT, STR("EX-9")), IN_EXERCISE));
    watcher_free(&x);
}

/* A line and a point are no area: nobody is in them, and the areas beside them are watched all the same. */
static void test_what_is_no_area_is_passed_over(void **state)
{
    struct watcher x = watcher_new();

    (void)state;
    world_ok(x.w, INC_CORDON_SET, IN_CORDON, "line", IN_CORDON_KIND, "outer", IN_SHAPE,
             "24.0,67.0 25.0,67.0", IN_NONE);
    world_ok(x.w, INC_CORDON_SET, IN_CORDON, "no shape", IN_CORDON_KIND, "outer", IN_NONE);
    world_ok(x.w, INC_CORDON_SET, IN_CORDON, "inner", IN_CORDON_KIND, "inner", IN_SHAPE, OUTER, IN_NONE);
    world_ok(x.w, INC_CORDON_LIFTED, IN_CORDON, "outer", IN_REASON, "moved", IN_NONE);
    assert_int_equal(stays(&x, "ANDROID-8", in_cordon, 100), 0);
    world_ok(x.w, INC_CORDON_SET, IN_CORDON, "outer2", IN_CORDON_KIND, "outer", IN_SHAPE, OUTER, IN_NONE);
    assert_int_equal(stays(&x, "ANDROID-8", in_cordon, 100), 1);
    watcher_free(&x);
}

/* ---- bounds ------------------------------------------------------------ */

static void test_more_devices_than_places(void **state)
{
    struct watcher x = watcher_new();
    char uid[32];

    (void)state;
    for (int i = 0; i < 3 * WATCH_DEVICES; i++) {
        (void)snprintf(uid, sizeof uid, "D-%d", i);
        assert_int_equal(seen_at(&x, uid, far_off, 8, ""), 0);
        x.w->now_ms += 1;
        assert_true(x.state->count <= WATCH_DEVICES / 4 * 3);
    }
    assert_int_equal(stays(&x, "D-1", in_cordon, 100), 1); /* it gave way, and begins anew */
    for (uint32_t i = 0, n = 0; i < WATCH_DEVICES; i++) {
        n += x.state->devices[i].key != 0;
        assert_true(i + 1 < WATCH_DEVICES || n == x.state->count);
    }
    watcher_free(&x);
}

/* Many at once: those that there is no room for are told with a later call, and all of them are. */
static void test_many_strangers_at_once(void **state)
{
    enum { MANY = 600 };
    static struct position p[MANY];
    static char uid[MANY][16];
    struct watcher x = watcher_new();
    struct incident_command out[4];
    size_t told = 0;

    (void)state;
    for (int k = 0; k < 400 && told < MANY; k++, x.w->now_ms += 5000) {
        struct buf memory = buf_over(command_memory, sizeof command_memory);
        size_t n;

        for (int i = 0; i < MANY; i++) {
            (void)snprintf(uid[i], sizeof uid[i], "D-%d", i);
            p[i] = (struct position){str_from(uid[i]), {0}, {0}, in_cordon.lat, in_cordon.lon, 8, x.w->now_ms};
        }
        n = incident_watch(&(struct watch_turn){x.state, x.w->s, p, MANY, x.w->now_ms}, &memory, out, COUNTOF(out));
        assert_true(n <= COUNTOF(out));
        for (size_t i = 0; i < n; i++)
            assert_true(world_do(x.w, out[i].kind, out[i].payload));
        told += n;
    }
    assert_int_equal(told, MANY);
    watcher_free(&x);
}

/* Who checks in under an alias while a thousand others wait for their turn is never told. */
static void test_a_check_in_among_many(void **state)
{
    enum { MANY = 1000 };
    static struct position p[MANY];
    static char uid[MANY][16];
    struct watcher x = watcher_new();
    struct incident_command out[64];

    (void)state;
    for (int k = 0; k < 60; k++, x.w->now_ms += 1000) {
        struct buf memory = buf_over(command_memory, sizeof command_memory);
        size_t n;

        for (int i = 0; i < MANY; i++) {
            (void)snprintf(uid[i], sizeof uid[i], "D-%d", i);
            p[i] = (struct position){str_from(uid[i]), {0}, {0}, in_cordon.lat, in_cordon.lon, 8, x.w->now_ms};
        }
        n = incident_watch(&(struct watch_turn){x.state, x.w->s, p, MANY, x.w->now_ms}, &memory, out, COUNTOF(out));
        assert_int_equal(n, 0);
    }
    world_ok(x.w, INC_UNIT_CHECKED_IN, IN_UNIT, "late", IN_AGENCY, "police", IN_ALIAS, "D-999", IN_NONE);
    for (int k = 0; k < 60; k++, x.w->now_ms += 1000) {
        struct buf memory = buf_over(command_memory, sizeof command_memory);
        size_t n;

        for (int i = 0; i < MANY; i++)
            p[i].at_ms = x.w->now_ms;
        n = incident_watch(&(struct watch_turn){x.state, x.w->s, p, MANY, x.w->now_ms}, &memory, out, COUNTOF(out));
        for (size_t i = 0; i < n; i++) {
            assert_false(str_eq(incident_value(out[i].payload, IN_UNIT), STR("late")));
            assert_false(str_eq(incident_value(out[i].payload, IN_UNIT), STR("D-999")));
            assert_true(world_do(x.w, out[i].kind, out[i].payload));
        }
    }
    assert_int_equal(x.w->s->count[ENT_UNIT], 5 + MANY - 1);
    watcher_free(&x);
}

static void test_a_closed_incident_watches_nothing(void **state)
{
    struct watcher x = watcher_new();

    (void)state;
    world_ok(x.w, INC_INCIDENT_CLOSED, IN_INCIDENT, "i", IN_REASON, "over", IN_ROLE, "commander", IN_ACTOR, "anna",
             IN_NONE);
    assert_int_equal(stays(&x, "ANDROID-9", in_cordon, 300), 0);
    watcher_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stranger_inside_is_told_after_a_minute),
        cmocka_unit_test(test_who_is_not_told),
        cmocka_unit_test(test_positions_that_prove_nothing),
        cmocka_unit_test(test_an_unknown_accuracy_is_said),
        cmocka_unit_test(test_a_unit_enters_and_leaves_a_yard),
        cmocka_unit_test(test_a_room_needs_its_floor),
        cmocka_unit_test(test_a_structure_of_one_level_needs_none),
        cmocka_unit_test(test_a_vague_position_enters_nothing),
        cmocka_unit_test(test_what_a_person_recorded_a_device_does_not_undo),
        cmocka_unit_test(test_the_last_device_of_a_unit_ends_it),
        cmocka_unit_test(test_a_device_moves_its_unit_on),
        cmocka_unit_test(test_one_device_that_walks_on_does_not_move_its_unit),
        cmocka_unit_test(test_an_older_position_moves_nobody),
        cmocka_unit_test(test_an_exercise_watches_its_own_players_alone),
        cmocka_unit_test(test_what_is_no_area_is_passed_over),
        cmocka_unit_test(test_more_devices_than_places),
        cmocka_unit_test(test_many_strangers_at_once),
        cmocka_unit_test(test_a_check_in_among_many),
        cmocka_unit_test(test_a_closed_incident_watches_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
