/* Which row a moment is. */
#include "edge/incidents_journal.h"
#include "support/folder.h"
#include "support/record.h"

static void add(struct journal *j, int64_t at_ms)
{
    struct err e;
    uint64_t seq;

    assert_true(journal_add(j, 7, at_ms, 0, STR("row"), &seq, &e));
}

static void a_moment_is_the_last_row_recorded_by_then(void **state)
{
    char *dir = folder_make();
    struct journal *j = record_open(dir);

    (void)state;
    assert_int_equal(incidents_row_at(j, 5), 0);
    for (int64_t i = 1; i <= 100; i++)
        add(j, 10 * i);
    record_commit(j);
    assert_int_equal(incidents_row_at(j, 9), 0);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_int_equal(incidents_row_at(j, (int64_t)(10 * i)), i);
        assert_int_equal(incidents_row_at(j, (int64_t)(10 * i + 9)), i);
    }
    journal_close(j);
    folder_remove(dir);
}

/* Threads ask the record with the time that each read: a later row may be a little earlier. The moment of a row is
 * never one before it, wherever it stands. */
static void the_moment_of_a_row_holds_it(void **state)
{
    char *dir = folder_make();
    struct journal *j = record_open(dir);
    int64_t at[1000];
    uint32_t random = 7;

    (void)state;
    for (size_t i = 0; i < COUNTOF(at); i++) {
        random = random * 1664525 + 1013904223;
        at[i] = 1000 + (int64_t)i * 3 + (int64_t)(random >> 16) % 180; /* sixty rows either way */
        add(j, at[i]);
    }
    record_commit(j);
    for (size_t i = 0; i < COUNTOF(at); i++) {
        uint64_t last = 0, from = incidents_row_from(j, at[i]);

        for (size_t k = 0; k < COUNTOF(at); k++)
            last = at[k] <= at[i] ? k + 1 : last;
        assert_int_equal(incidents_row_at(j, at[i]), last);
        for (size_t k = 0; k < COUNTOF(at); k++)
            assert_true(at[k] < at[i] || k + 1 >= from);
    }
    journal_close(j);
    folder_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_the_last_row_recorded_by_then),
        cmocka_unit_test(the_moment_of_a_row_holds_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
