/* Shapes: their text, and what is asked of them. */
#include "wire/shape.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <math.h>

static struct shape_point points[SHAPE_POINTS_MAX];

static struct shape read(const char *text)
{
    return (struct shape){points, shape_read(str_from(text), points)};
}

static void test_texts(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: no shape */
    } rows[] = {
        {"24.86,67.01", "24.86,67.01"},
        {"  24.8600000,67.0100000 24.87,67.02 ", "24.86,67.01 24.87,67.02"},
        {"-0,0 -90,180", "0,0 -90,180"},
        {"1.00000004,2.99999996", "1,3"},
        {"90.1,0", NULL},
        {"0,180.5", NULL},
        {"0", NULL},
        {"0,", NULL},
        {"0,0,0", NULL},
        {"0,0  1,1", NULL},
        {"nan,0", NULL},
        {"inf,0", NULL},
        {"a,b", NULL},
        {"", NULL},
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(text, sizeof text);
        struct shape s = read(rows[i].in);

        shape_put(&b, s);
        if (!str_eq(buf_str(&b), str_from(rows[i].out)))
            fail_msg("\"%s\" became \"%.*s\"", rows[i].in, STR_ARG(buf_str(&b)));
    }
}

static void test_a_full_shape_fits(void **state)
{
    static char text[SHAPE_TEXT_MAX + 2];
    struct buf b = buf_over(text, SHAPE_TEXT_MAX);

    (void)state;
    for (size_t i = 0; i < SHAPE_POINTS; i++)
        points[i] = (struct shape_point){-89.1234567, -179.1234567};
    shape_put(&b, (struct shape){points, SHAPE_POINTS});
    assert_false(b.full);
    assert_int_equal(shape_read(buf_str(&b), points), SHAPE_POINTS);
    memset(text, ' ', sizeof text);
    assert_int_equal(shape_read(str_of(text, sizeof text), points), 0);
    for (size_t i = 0; i < SHAPE_POINTS_MAX + 1 && 4 * i + 3 <= SHAPE_TEXT_MAX; i++)
        memcpy(text + 4 * i, "0,0 ", 4);
    assert_int_equal(shape_read(str_of(text, SHAPE_TEXT_MAX), points), SHAPE_TEXT_MAX / 4);
}

/* 100 m to the east on the equator are 0.000899 degrees; at 60 degrees north twice that. */
static void test_measures(void **state)
{
    struct shape s = read("0,0 0,0.001 0.001,0.001 0.001,0 0,0");
    double metre = 111194.9266;

    (void)state;
    assert_true(shape_is_ring(s));
    assert_true(fabs(shape_area(s) - 0.001 * metre * 0.001 * metre) < 1); /* east first: counter-clockwise */
    assert_true(shape_area(read("0,0 0.001,0 0.001,0.001 0,0.001 0,0")) < 0);
    s = read("60,0 60.001,0");
    assert_false(shape_is_ring(s));
    assert_true(fabs(shape_distance(s, (struct shape_point){60.0005, 0.001}) - 0.001 * metre / 2) < 0.01);
    assert_true(fabs(shape_distance(s, (struct shape_point){59.999, 0}) - 0.001 * metre) < 0.01);
    assert_true(shape_distance((struct shape){points, 0}, (struct shape_point){0, 0}) == HUGE_VAL);
}

static void test_crossing(void **state)
{
    static const struct {
        const char *text;
        bool crosses;
    } rows[] = {
        {"0,0 0,1 1,1 1,0 0,0", false},
        {"0,0 1,1 0,1 1,0 0,0", true},                      /* a bow */
        {"0,0 0,2 0,1 1,1 1,0 0,0", true},                  /* runs back over its line */
        {"0,0 0,2 2,2 2,0 1,0 0.5,0.5 1,0 0,0", true},      /* a spike inside */
        {"0,0 0,2 1,1 2,2 2,0 1,1 0,0", false},             /* touches itself in a point */
        {"0,0 0,0 0,1 1,1 1,0 0,0", false},                 /* a point twice */
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (shape_crosses(read(rows[i].text)) != rows[i].crosses)
            fail_msg("%s", rows[i].text);
}

static void test_inside_and_middle(void **state)
{
    static const char *const rings[] = {
        "0,0 0,4 4,4 4,0 0,0",
        "0,0 0,4 1,4 1,1 3,1 3,4 4,4 4,0 0,0", /* a C: its centroid can lie outside */
        "0,0 0,9 1,9 1,1 9,1 9,0 0,0",         /* an L with thin arms */
    };
    struct shape s = read(rings[0]);

    (void)state;
    assert_true(shape_contains(s, (struct shape_point){2, 2}));
    assert_false(shape_contains(s, (struct shape_point){2, 5}));
    assert_false(shape_contains(s, (struct shape_point){5, 2}));
    for (size_t i = 0; i < COUNTOF(rings); i++) {
        s = read(rings[i]);
        assert_true(shape_contains(s, shape_middle(s)));
    }
}

/* ---- thinning ---------------------------------------------------------- */

static struct shape_point drawn[SHAPE_FIT_MAX], kept[SHAPE_FIT_MAX];
static struct shape_room room;

static double chance(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (double)(*x >> 11) / 9007199254740992.0;
}

/* A ring as a finger draws it round a place: its radius wanders, and each point is a little off. */
static size_t draw(uint64_t *x, size_t n, double radius, double jitter)
{
    double wander = 1;

    for (size_t i = 0; i + 1 < n; i++) {
        double turn = 2 * 3.141592653589793 * (double)i / (double)(n - 1), r;

        wander += (chance(x) - 0.5) * 0.01;
        r = radius * wander + (chance(x) - 0.5) * jitter;
        drawn[i] = (struct shape_point){30 + r * sin(turn), 60 + r * cos(turn)};
    }
    drawn[n - 1] = drawn[0];
    return n;
}

/* Each point that went is within what is said of the part that stands for it, in order; the others are the same. */
static void check_dropped(size_t n, size_t left, double off_m)
{
    size_t j = 0;

    assert_memory_equal(&kept[0], &drawn[0], sizeof kept[0]);
    assert_memory_equal(&kept[left - 1], &drawn[n - 1], sizeof kept[0]);
    for (size_t i = 1; i + 1 < n; i++) {
        if (j + 2 < left && memcmp(&kept[j + 1], &drawn[i], sizeof drawn[i]) == 0) {
            j++;
            continue;
        }
        assert_true(shape_distance((struct shape){&kept[j], 2}, drawn[i]) <= off_m + 1e-9);
    }
    assert_int_equal(j + 2, left);
}

static void test_thinning_keeps_its_word(void **state)
{
    size_t fitted = 0, refused = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t x = seed;
        size_t n = draw(&x, 100 + (size_t)(chance(&x) * (seed % 5 ? 1500 : 4800)), 0.0005 + chance(&x) * 0.01,
                        chance(&x) * 0.0002);
        double most = 0.1 + chance(&x) * 5;
        bool simple = !shape_crosses((struct shape){drawn, n});
        size_t left, again;

        memcpy(kept, drawn, n * sizeof *kept);
        left = shape_fit(kept, n, most, &room);
        if (left == 0) {
            assert_memory_equal(kept, drawn, n * sizeof *kept);
            refused++;
            continue;
        }
        fitted += n > SHAPE_POINTS;
        assert_true(left <= SHAPE_POINTS && left >= 4 && room.off_m <= most && (n > SHAPE_POINTS || left == n));
        assert_true(shape_is_ring((struct shape){kept, left}));
        assert_false(simple && shape_crosses((struct shape){kept, left}));
        check_dropped(n, left, room.off_m);
        again = shape_fit(kept, left, most, &room);
        assert_true(again == left && room.off_m == 0);
    }
    assert_true(fitted > 10 && refused > 5);
}

/* Lines that are nothing but one place, or straight; a circle, whose points weigh the same by the hundred. */
static void test_thinning_at_the_edges(void **state)
{
    size_t n = 2001;

    (void)state;
    for (size_t i = 0; i < n; i++)
        kept[i] = (struct shape_point){1, 1};
    assert_int_equal(shape_fit(kept, n, 1, &room), 0); /* no ring is left of it */
    for (size_t i = 0; i < n; i++)
        kept[i] = (struct shape_point){1, 1 + (double)i * 1e-5};
    assert_int_equal(shape_fit(kept, n, 1, &room), 2);
    assert_true(room.off_m < 1e-6);
    for (size_t i = 0; i < n; i++) {
        double turn = 2 * 3.141592653589793 * (double)(i % (n - 1)) / (double)(n - 1);

        drawn[i] = kept[i] = (struct shape_point){0.001 * sin(turn), 0.001 * cos(turn)};
    }
    n = shape_fit(kept, n, 0.05, &room);
    assert_true(n > 200 && n <= SHAPE_POINTS && room.off_m < 0.01);
    check_dropped(2001, n, room.off_m);
    assert_int_equal(shape_fit(kept, 2, 1, &room), 2);
}

/* A hairpin, and a hill within it that the thinned way would cut off: the ring must not come to cross itself. */
static void test_thinning_does_not_tie_a_knot(void **state)
{
    size_t n = 0;

    (void)state;
    /* Teeth that lie in one another's gaps: wavy ways, a metre apart. */
    for (int i = 0; i <= 1000; i++)
        drawn[n++] = (struct shape_point){(i % 2) * 2e-5, i * 1e-5};
    for (int i = 1000; i >= 0; i--)
        drawn[n++] = (struct shape_point){1e-5 + (i % 2) * 2e-5, i * 1e-5};
    drawn[n++] = drawn[0];
    memcpy(kept, drawn, n * sizeof *kept);
    assert_false(shape_crosses((struct shape){drawn, n}));
    n = shape_fit(kept, n, 50, &room);
    assert_false(n && shape_crosses((struct shape){kept, n}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_a_full_shape_fits),
        cmocka_unit_test(test_measures), cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_thinning_keeps_its_word),
        cmocka_unit_test(test_thinning_at_the_edges), cmocka_unit_test(test_thinning_does_not_tie_a_knot),
        cmocka_unit_test(test_inside_and_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
