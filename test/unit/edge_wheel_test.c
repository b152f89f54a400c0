#include "edge/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { PERIOD_US = 64000, STEP_US = PERIOD_US / WHEEL_PARTS };

static void each_part_once_in_a_period(void **state)
{
    struct wheel w = {0};
    int64_t now = 5000000;

    (void)state;
    assert_false(wheel_is_due(&w, now));
    wheel_news(&w, now);
    for (uint32_t i = 0; i < 3 * WHEEL_PARTS; i++, now += STEP_US) {
        wheel_turn(&w);
        assert_true(wheel_is_due(&w, now));
        assert_int_equal(wheel_take(&w, now, PERIOD_US), i % WHEEL_PARTS);
        assert_false(wheel_is_due(&w, now + STEP_US - 1));
        wheel_news(&w, now);
    }
}

/* After the last news each part comes once more, the one that was just flushed twice. */
static void it_stands_still_without_news(void **state)
{
    struct wheel w = {.part = 7};
    uint32_t times[WHEEL_PARTS] = {0};
    int64_t now = 1000;

    (void)state;
    wheel_news(&w, now);
    for (int i = 0; i < 3 * WHEEL_PARTS; i++, now += STEP_US)
        if (wheel_is_due(&w, now))
            times[wheel_take(&w, now, PERIOD_US)]++;
    for (uint32_t i = 0; i < WHEEL_PARTS; i++)
        assert_int_equal(times[i], i == 7 ? 2 : 1);
    now += 10 * PERIOD_US;
    assert_false(wheel_is_due(&w, now));
    wheel_news(&w, now); /* and begins at once, without what it slept through */
    assert_true(wheel_is_due(&w, now));
    (void)wheel_take(&w, now, PERIOD_US);
    assert_false(wheel_is_due(&w, now));
}

/* A flush that costs more than there is time for: the loop still gets its turns for other
 * work, and the wheel is never more than a period behind. */
static void a_late_loop_reads_on(void **state)
{
    struct wheel w = {0};
    int64_t now = 1000;
    int flushed = 0, turns = 0;

    (void)state;
    wheel_news(&w, now);
    for (; turns < 100; turns++) {
        int64_t begun = now;

        wheel_turn(&w);
        wheel_news(&w, now);
        while (wheel_is_due(&w, now)) {
            (void)wheel_take(&w, now, PERIOD_US);
            now += 3 * STEP_US; /* three times too slow */
            wheel_spend(&w, 3 * STEP_US);
            flushed++;
        }
        assert_in_range(now - begun, 1, WHEEL_TURN_US + 3 * STEP_US);
        now += 5 * STEP_US; /* it reads */
        assert_true(w.next_us >= now - PERIOD_US - 8 * STEP_US - WHEEL_TURN_US);
    }
    assert_in_range(flushed, 600, 700); /* most of the time, all the same */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_once_in_a_period),
        cmocka_unit_test(it_stands_still_without_news),
        cmocka_unit_test(a_late_loop_reads_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
