#include "edge/joins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { TURN_OTHERS_US = 20000 };

/* Seconds of a loop that has other work for so many thousandths of its time, while there is no end of those who join;
 * a step of theirs takes step_us. What they got, and what was left to sleep, in thousandths. */
static void play(int64_t others, int64_t step_us, int64_t *joins, int64_t *slept)
{
    const int64_t begin = 7000000, end = begin + 4000000;
    int64_t now = begin, done = 0, spent = 0, idle = 0, nap = 0;
    struct joins s;

    joins_init(&s, now);
    while (now < end) {
        int64_t due = (now - begin) * others / JOINS_ALL - done;

        joins_turn(&s, now, nap);
        due = due < TURN_OTHERS_US ? due : TURN_OTHERS_US;
        done += due;
        now += due;
        for (int64_t took = 0; took < 2000 && joins_has(&s); took += step_us) {
            now += step_us;
            spent += step_us;
            joins_spend(&s, step_us);
        }
        nap = joins_wait_us(&s, now);
        now += nap;
        idle += nap;
    }
    *joins = spent * JOINS_ALL / (now - begin);
    *slept = idle * JOINS_ALL / (now - begin);
}

static void alone_they_get_all(void **state)
{
    int64_t joins, slept;

    (void)state;
    play(0, 1000, &joins, &slept);
    assert_true(joins >= 950);
}

static void beside_others_the_loop_still_sleeps(void **state)
{
    (void)state;
    for (int64_t others = 200; others <= 600; others += 100)
        for (int64_t step = 100; step <= 3100; step += 1000) {
            int64_t joins, slept, want = JOINS_ALL - others * 4 / 3;

            play(others, step, &joins, &slept);
            want = want > JOINS_LEAST ? want : JOINS_LEAST;
            if (joins < want - 40 || joins > want + 40 || slept < 50)
                fail_msg("others %d, steps of %d us: joins %d of %d, slept %d", (int)others, (int)step, (int)joins,
                         (int)want, (int)slept);
        }
}

/* However busy it is, whoever comes is taken in some time. */
static void they_are_never_shut_out(void **state)
{
    int64_t joins, slept;

    (void)state;
    play(2000, 1000, &joins, &slept);
    assert_in_range(joins, 80, 120); /* a burst beside what the others may take of a turn */
}

/* A loop that slept an hour has no hour to give. */
static void a_calm_saves_up_little(void **state)
{
    struct joins s;

    (void)state;
    joins_init(&s, 0);
    joins_turn(&s, 3600000000, 3600000000);
    assert_true(joins_has(&s));
    assert_int_equal(joins_wait_us(&s, 3600000000), 0);
    joins_spend(&s, JOINS_BURST_US);
    assert_false(joins_has(&s));
    assert_in_range(joins_wait_us(&s, 3600000000), 1, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone_they_get_all),
        cmocka_unit_test(beside_others_the_loop_still_sleeps),
        cmocka_unit_test(they_are_never_shut_out),
        cmocka_unit_test(a_calm_saves_up_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
