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

/* A circle of 2,000 points: what remains lies on it, and no point that went is farther off than asked. */
static void test_thinning(void **state)
{
    static struct shape_point kept[2001];
    static uint32_t memory[2 * 2001];
    double tolerance = 0.05;
    size_t n;

    (void)state;
    for (size_t i = 0; i <= 2000; i++) {
        double turn = 2 * 3.141592653589793 * (double)(i % 2000) / 2000;

        points[i] = kept[i] = (struct shape_point){0.001 * sin(turn), 0.001 * cos(turn)};
    }
    n = shape_thin(kept, 2001, tolerance, memory);
    assert_true(n > 20 && n < 200);
    assert_true(shape_is_ring((struct shape){kept, n}));
    for (size_t i = 0; i < 2000; i++)
        assert_true(shape_distance((struct shape){kept, n}, points[i]) <= tolerance + 1e-9);
    assert_int_equal(shape_thin(kept, 2, 1, memory), 2);
    kept[0] = kept[1] = kept[2] = (struct shape_point){1, 1};
    assert_int_equal(shape_thin(kept, 3, 1, memory), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_a_full_shape_fits),
        cmocka_unit_test(test_measures), cmocka_unit_test(test_crossing),
        cmocka_unit_test(test_thinning), cmocka_unit_test(test_inside_and_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
