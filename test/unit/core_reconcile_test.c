/* The rule cordon-1 on plain claims, clause by clause. */
#include "core/reconcile.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

enum { MINUTE = 60 * 1000 };

/* minute, source, lo, hi (-1 open), grade */
struct said {
    int minute;
    uint32_t source;
    int lo, hi;
    const char *grade;
};

static struct reconciled *given(const struct said *said, size_t n, bool casualty)
{
    static struct reconciled r;

    memset(&r, 0, sizeof r);
    for (size_t i = 0; i < n; i++) {
        struct claim c = {.seq = i + 1, .source = said[i].source, .lo = said[i].lo, .hi = said[i].hi,
                          .hi_open = said[i].hi < 0, .as_of_ms = (int64_t)said[i].minute * MINUTE,
                          .casualty = casualty, .has_count = true, .letter = said[i].grade[0],
                          .digit = said[i].grade[1]};

        if (c.hi_open)
            c.hi = c.lo;
        memset(c.category, -1, sizeof c.category);
        r.claims[r.n++] = c;
    }
    return &r;
}

static void test_0_unreliable_claims_are_out(void **state)
{
    static const struct said said[] = {{0, 1, 9, 9, "E5"}, {0, 2, 8, 8, "F6"}, {0, 3, 4, 4, "E4"}, {0, 4, 4, 4, "F5"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 4 && r->sources == 2);
    assert_int_equal(r->claims[0].is, CLAIM_EXCLUDED);
}

static void test_0_an_excluded_claim_supersedes_nothing(void **state)
{
    static const struct said said[] = {{0, 1, 4, 4, "B2"}, {5, 1, 40, 40, "F6"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 4);
}

static void test_1_a_source_replaces_itself_by_as_of_then_order(void **state)
{
    static const struct said said[] = {{9, 1, 7, 7, "B2"}, {5, 1, 3, 3, "B2"}, {9, 1, 8, 8, "D4"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 8);
    assert_int_equal(r->claims[0].is, CLAIM_SUPERSEDED);
    assert_int_equal(r->claims[1].is, CLAIM_SUPERSEDED);
}

static void test_2_overtaken_needs_more_than_30_minutes_and_both_grades(void **state)
{
    static const struct row {
        int minutes;
        const char *old, *new;
        bool overtaken;
    } rows[] = {{30, "C3", "A1", false}, {31, "C3", "C3", true},  {31, "C3", "A4", false},
                {31, "C3", "D1", false}, {31, "C3", "B3", true}, {600, "A1", "A2", false}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        const struct said said[] = {{0, 1, 2, 2, rows[i].old}, {rows[i].minutes, 2, 5, 5, rows[i].new}};
        struct reconciled *r = given(said, 2, true);

        reconcile_cordon_1(r, NULL, 0, 0);
        assert_int_equal(r->claims[0].is, rows[i].overtaken ? CLAIM_OVERTAKEN : CLAIM_USED);
        r = given(said, 2, false);
        reconcile_cordon_1(r, NULL, 0, 0);
        assert_int_equal(r->claims[0].is, CLAIM_USED);
    }
}

static void test_2_an_overtaken_claim_still_overtakes(void **state)
{
    static const struct said said[] = {{0, 1, 1, 1, "C3"}, {40, 2, 2, 2, "C3"}, {80, 3, 3, 3, "A1"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 3);
}

static void test_3_a_death_moves_older_claims_only(void **state)
{
    static const struct said said[] = {{0, 1, 18, 18, "B2"}, {10, 2, 19, 19, "B2"}, {20, 3, 17, 17, "B2"}};
    static const int64_t died[] = {10 * MINUTE};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, died, 1, -1);
    assert_int_equal(r->claims[0].lo, 17);
    assert_int_equal(r->claims[1].lo, 19);
    assert_int_equal(r->claims[2].lo, 17);
    assert_true(r->lo == 17 && r->hi == 19 && r->values == 2 && r->sources == 3);
}

static void test_4_open_ranges_and_nothing_known(void **state)
{
    static const struct said said[] = {{0, 1, 8, 10, "C3"}, {1, 2, 11, -1, "E4"}, {2, 3, 3, 3, "B1"}};
    struct reconciled *r = given(said, COUNTOF(said), false);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->lo == 3 && r->hi_open && !r->agreed && r->sources == 3 && r->values == 3);
    r = given(said, 0, true);
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->used == 0 && !r->agreed);
    r = given(said, 1, false);
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed); /* 8 to 10 is one closed value */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_0_unreliable_claims_are_out),
        cmocka_unit_test(test_0_an_excluded_claim_supersedes_nothing),
        cmocka_unit_test(test_1_a_source_replaces_itself_by_as_of_then_order),
        cmocka_unit_test(test_2_overtaken_needs_more_than_30_minutes_and_both_grades),
        cmocka_unit_test(test_2_an_overtaken_claim_still_overtakes),
        cmocka_unit_test(test_3_a_death_moves_older_claims_only),
        cmocka_unit_test(test_4_open_ranges_and_nothing_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
