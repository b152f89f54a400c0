#include "edge/web_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct hash_key KEY = {1, 2};
enum { MAX_MS = 60000 };

static void waits_grow(void **state)
{
    static const int64_t waits[] = {0, 0, 0, 0, 5000, 10000, 20000, 40000, 60000, 60000};
    static struct limit l;
    struct str who = STR("amina");
    int64_t now = 1000000;

    (void)state;
    limit_init(&l, KEY, MAX_MS);
    for (size_t i = 0; i < COUNTOF(waits); i++) {
        assert_int_equal(limit_wait_ms(&l, who, now), 0);
        limit_try(&l, who, now);
        assert_int_equal(limit_wait_ms(&l, who, now), waits[i]);
        if (waits[i])
            assert_int_equal(limit_wait_ms(&l, who, now + waits[i] - 1), 1);
        now += waits[i];
    }
    assert_int_equal(limit_wait_ms(&l, STR("bilal"), now), 0);
    limit_forgive(&l, who);
    limit_try(&l, who, now);
    assert_int_equal(limit_wait_ms(&l, who, now), 0);
}

static void an_hour_forgets(void **state)
{
    static struct limit l;
    struct str who = STR("10.0.0.4");
    int64_t now = 1;

    (void)state;
    limit_init(&l, KEY, MAX_MS);
    for (int i = 0; i < 8; i++)
        limit_try(&l, who, now);
    assert_true(limit_wait_ms(&l, who, now) > 0);
    now += LIMIT_FORGET_MS;
    assert_int_equal(limit_wait_ms(&l, who, now), 0);
    limit_try(&l, who, now);
    assert_int_equal(limit_wait_ms(&l, who, now), 0);
}

static void what_was_not_judged_does_not_count(void **state)
{
    static struct limit l;
    struct str who = STR("x");

    (void)state;
    limit_init(&l, KEY, MAX_MS);
    for (int i = 0; i < 100; i++) {
        limit_try(&l, who, i);
        limit_untry(&l, who);
    }
    assert_int_equal(limit_wait_ms(&l, who, 100), 0);
}

static void a_full_table_drops_the_oldest(void **state)
{
    static struct limit l;
    char name[16];

    (void)state;
    limit_init(&l, KEY, MAX_MS);
    for (int i = 0; i < LIMIT_FREE + 1; i++)
        limit_try(&l, STR("kept"), 1000000);
    for (int i = 0; i < 3 * LIMIT_KEYS; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        limit_try(&l, str_from(name), 2 + i);
    }
    assert_true(limit_wait_ms(&l, STR("kept"), 1000001) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow),
        cmocka_unit_test(an_hour_forgets),
        cmocka_unit_test(what_was_not_judged_does_not_count),
        cmocka_unit_test(a_full_table_drops_the_oldest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
