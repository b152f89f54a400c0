/* Saved states: sealed, thinned out, never trusted, and gone with a text that is erased. */
#include "store/journal.h"
#include "support/folder.h"
#include "support/record.h"

#include <sqlite3.h>

static char *dir;

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    return 0;
}

static int end(void **state)
{
    (void)state;
    folder_remove(dir);
    return 0;
}

/* Runs SQL on the file, beside what is open, and gives the first number. */
static int64_t tamper(const char *sql)
{
    sqlite3_stmt *s;
    sqlite3 *db;
    char path[300];
    int64_t number = 0;

    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (const char *rest = sql; *rest;) {
        assert_int_equal(sqlite3_prepare_v2(db, rest, -1, &s, &rest), SQLITE_OK);
        if (sqlite3_step(s) == SQLITE_ROW)
            number = sqlite3_column_int64(s, 0);
        assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

static void put(struct journal *j, uint64_t at_seq, const char *incident, const char *bytes)
{
    if (!journal_put_state(j, at_seq, str_from(incident), str_from(bytes), &refused))
        fail_msg("%s", refused.text);
}

/* want: "at_seq:bytes", or "" when there is none. */
static void shows(struct journal *j, const char *incident, uint64_t at_or_before, const char *want)
{
    char text[256] = "", *bytes;
    uint64_t at_seq;
    size_t len;

    if (!journal_get_state(j, str_from(incident), at_or_before, &at_seq, &bytes, &len, &refused))
        fail_msg("%s", refused.text);
    if (bytes)
        (void)snprintf(text, sizeof text, "%llu:%.*s", (unsigned long long)at_seq, (int)len, bytes);
    assert_string_equal(text, want);
    free(bytes);
}

static void a_state_is_found_by_incident_and_moment(void **state)
{
    struct journal *j = record_open(dir), *reader;

    (void)state;
    record_fill(j, 20);
    shows(j, "EX-1", UINT64_MAX, "");
    put(j, 5, "EX-1", "five");
    put(j, 9, "EX-2", "");
    put(j, 12, "EX-1", "twelve");
    shows(j, "EX-1", 4, "");
    shows(j, "EX-1", 5, "5:five");
    shows(j, "EX-1", 11, "5:five");
    shows(j, "EX-1", UINT64_MAX, "12:twelve");
    shows(j, "EX-2", 20, "9:");
    shows(j, "EX-3", 20, "");
    shows(j, "EX-1", 0, "");
    put(j, 12, "EX-1", "twelve again");
    reader = record_reader(dir);
    shows(reader, "EX-1", 20, "12:twelve again");
    journal_close(reader);
    journal_close(j);
    j = record_open(dir);
    shows(j, "EX-1", 20, "12:twelve again");
    assert_int_equal(record_verify(j, NULL).bad_seq, 0);
    journal_close(j);
}

static void too_large_a_state_is_refused(void **state)
{
    struct journal *j = record_open(dir);
    char *bytes = calloc(1, JOURNAL_STATE_MAX + 1), *again;
    uint64_t at_seq;
    size_t len;

    (void)state;
    assert_non_null(bytes);
    record_fill(j, 1);
    assert_false(journal_put_state(j, 1, STR("EX-1"), str_of(bytes, JOURNAL_STATE_MAX + 1), &refused));
    assert_non_null(strstr(refused.text, "too large"));
    assert_true(journal_put_state(j, 1, STR("EX-1"), str_of(bytes, JOURNAL_STATE_MAX), &refused));
    assert_true(journal_get_state(j, STR("EX-1"), 1, &at_seq, &again, &len, &refused));
    assert_int_equal(len, JOURNAL_STATE_MAX);
    assert_memory_equal(bytes, again, len);
    free(again);
    free(bytes);
    journal_close(j);
}

static void the_newest_stay_and_no_gap_grows_too_wide(void **state)
{
    enum { STEP = 10000, ROWS = 30 * STEP };
    struct journal *j = record_open(dir);
    uint64_t seq = 0;

    (void)state;
    for (int i = 0; i < ROWS; i++)
        assert_true(journal_add(j, 1, 1, 0, STR(""), &seq, &refused));
    record_commit(j);
    put(j, 3, "EX-2", "y"); /* another one's are not counted */
    for (uint64_t at = STEP; at <= ROWS; at += STEP) {
        put(j, at, "EX-1", "x");
        /* Every past row is at most so far away from a state, or from the beginning. */
        assert_in_range(tamper("SELECT max(at_seq - before) FROM (SELECT at_seq, lag(at_seq, 1, 0)"
                               " OVER (ORDER BY at_seq) AS before FROM states WHERE at_seq <> 3)"),
                        1, JOURNAL_STATES_APART);
    }
    assert_int_equal(tamper("SELECT count(*) FROM states WHERE at_seq IN (280000, 290000, 300000)"), 3);
    assert_in_range(tamper("SELECT count(*) FROM states"), 9, 10); /* 50,000 to 250,000, three, and the other's */
    /* A place where none was put stays a wide gap: nothing beside it goes. */
    (void)tamper("DELETE FROM states WHERE at_seq BETWEEN 100000 AND 200000");
    put(j, 299999, "EX-1", "x");
    put(j, 299998, "EX-1", "x");
    assert_int_equal(tamper("SELECT count(*) FROM states WHERE at_seq IN (50000, 250000)"), 2);
    journal_close(j);
}

static void the_number_of_all_is_bounded(void **state)
{
    struct journal *j = record_open(dir);
    char name[16];

    (void)state;
    record_fill(j, 300);
    for (uint64_t i = 1; i <= 300; i++) {
        (void)snprintf(name, sizeof name, "EX-%llu", (unsigned long long)i);
        put(j, i, name, "x");
    }
    assert_int_equal(tamper("SELECT count(*) FROM states"), JOURNAL_STATES_MAX);
    assert_int_equal(tamper("SELECT min(at_seq) FROM states"), 300 - JOURNAL_STATES_MAX + 1);
    (void)tamper("UPDATE states SET size = 268000000 WHERE at_seq = 298");
    put(j, 300, "EX-1", "x");
    assert_in_range(tamper("SELECT min(at_seq) FROM states"), 46, 298); /* still within the bound */
    (void)tamper("UPDATE states SET size = 1000000 WHERE at_seq = 299");
    put(j, 300, "EX-1", "x");
    assert_int_equal(tamper("SELECT min(at_seq) FROM states"), 299);
    journal_close(j);
}

static void what_does_not_open_is_dropped(void **state)
{
    static const char *const harms[] = {
        "UPDATE states SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || x'55' AS BLOB) WHERE at_seq = 8",
        "UPDATE states SET sealed = x'00' WHERE at_seq = 8",
        "UPDATE states SET at_seq = 9 WHERE at_seq = 8",
        "UPDATE states SET at_seq = 900 WHERE at_seq = 8",
        "UPDATE states SET incident = (SELECT incident FROM states WHERE at_seq = 2) WHERE at_seq = 8",
        "UPDATE journal SET hash = zeroblob(32) WHERE seq = 8",
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(harms); i++) {
        struct journal *j, *reader;

        end(NULL);
        begin(NULL);
        j = record_open(dir);
        record_fill(j, 90);
        put(j, 2, "EX-2", "of another");
        put(j, 5, "EX-1", "good");
        put(j, 8, "EX-1", "bad");
        (void)tamper(harms[i]);
        reader = record_reader(dir);
        shows(reader, "EX-1", UINT64_MAX, "5:good");
        shows(reader, "EX-2", UINT64_MAX, "2:of another");
        journal_close(reader);
        shows(j, "EX-1", UINT64_MAX, "5:good");
        shows(j, "EX-2", UINT64_MAX, "2:of another");
        assert_int_equal(tamper("SELECT count(*) FROM states"), 2);
        journal_close(j);
    }
}

static void without_its_key_no_state_is_used(void **state)
{
    struct journal *j = record_open(dir);
    char path[300];

    (void)state;
    record_fill(j, 5);
    put(j, 5, "EX-1", "secret");
    journal_close(j);
    (void)snprintf(path, sizeof path, "%s/journal.key", dir);
    assert_int_equal(unlink(path), 0);
    j = record_open(dir);
    shows(j, "EX-1", UINT64_MAX, "");
    journal_close(j);
}

/* Are these bytes in the file or its WAL? */
static bool in_file(const char *name, const void *bytes, size_t n)
{
    char path[300], *all;
    FILE *f;
    size_t len;
    bool found;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "rb");
    if (!f)
        return false;
    all = malloc(64 << 20);
    assert_non_null(all);
    len = fread(all, 1, 64 << 20, f);
    assert_int_equal(fclose(f), 0);
    found = memmem(all, len, bytes, n) != NULL;
    free(all);
    return found;
}

static bool anywhere(const void *bytes, size_t n)
{
    return in_file("journal.db", bytes, n) || in_file("journal.db-wal", bytes, n);
}

/* The sealed bytes of a state from one of its overflow pages. */
static void sealed_of(int64_t at_seq, unsigned char out[64])
{
    sqlite3_stmt *s;
    sqlite3 *db;
    char path[300];

    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT substr(sealed, 9001, 64) FROM states WHERE at_seq = ?", -1, &s,
                                        NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(s, 1, at_seq), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_int_equal(sqlite3_column_bytes(s, 0), 64);
    memcpy(out, sqlite3_column_blob(s, 0), 64);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void an_erased_text_survives_in_no_state(void **state)
{
    struct journal *j = record_open(dir);
    unsigned char before[64], at[64], after[64];
    static char text[20001];

    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = (char)('a' + i / 7 % 26);
    text[sizeof text - 1] = 0;
    memcpy(text + 9000, "the exercise's secret sentence", 30);
    record_fill(j, 20);
    put(j, 6, "EX-1", text);
    put(j, 7, "EX-2", text);
    put(j, 12, "EX-1", text);
    sealed_of(6, before);
    sealed_of(7, at);
    sealed_of(12, after);
    assert_false(anywhere("the exercise's secret sentence", 30));
    assert_true(anywhere(before, 64) && anywhere(at, 64) && anywhere(after, 64));
    assert_true(journal_erase(j, 7, &refused));
    assert_true(anywhere(before, 64));
    assert_false(anywhere(at, 64) || anywhere(after, 64));
    assert_int_equal(tamper("SELECT max(at_seq) FROM states"), 6);
    /* A row that is erased already takes those along that were put meanwhile. */
    put(j, 9, "EX-1", text);
    sealed_of(9, after);
    assert_true(journal_erase(j, 7, &refused));
    assert_false(anywhere(after, 64));
    journal_close(j);
    assert_false(anywhere(at, 64) || anywhere(after, 64));
}

static void mending_leaves_states_behind(void **state)
{
    struct journal *j = record_open(dir);
    char path[300];
    FILE *f;

    (void)state;
    record_fill(j, 90);
    put(j, 88, "EX-1", "x");
    put(j, 50, "EX-1", "y");
    journal_close(j);
    (void)tamper("UPDATE journal SET hash = zeroblob(32) WHERE seq > 80");
    j = record_open(dir); /* the end is moved away, and with it what was saved of it */
    shows(j, "EX-1", UINT64_MAX, "50:y");
    journal_close(j);
    (void)snprintf(path, sizeof path, "%s/journal.mend", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    j = record_open(dir);
    assert_non_null(strstr(how.note, "80 rows that can be read were carried over"));
    shows(j, "EX-1", UINT64_MAX, "");
    put(j, 50, "EX-1", "z");
    shows(j, "EX-1", UINT64_MAX, "50:z");
    journal_close(j);
}

static void a_record_of_format_1_gets_its_table(void **state)
{
    struct journal *j = record_open(dir), *reader;

    (void)state;
    record_fill(j, 5);
    journal_close(j);
    (void)tamper("DROP TABLE states; PRAGMA user_version=1");
    reader = record_reader(dir);
    shows(reader, "EX-1", UINT64_MAX, "");
    record_shows(reader, 5, NULL, "5:2:text 5 ");
    journal_close(reader);
    j = record_open(dir);
    assert_false(how.created);
    assert_string_equal(how.note, "");
    put(j, 5, "EX-1", "x");
    shows(j, "EX-1", UINT64_MAX, "5:x");
    journal_close(j);
    assert_int_equal(tamper("PRAGMA user_version"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_state_is_found_by_incident_and_moment, begin, end),
        cmocka_unit_test_setup_teardown(too_large_a_state_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_stay_and_no_gap_grows_too_wide, begin, end),
        cmocka_unit_test_setup_teardown(the_number_of_all_is_bounded, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_open_is_dropped, begin, end),
        cmocka_unit_test_setup_teardown(without_its_key_no_state_is_used, begin, end),
        cmocka_unit_test_setup_teardown(an_erased_text_survives_in_no_state, begin, end),
        cmocka_unit_test_setup_teardown(mending_leaves_states_behind, begin, end),
        cmocka_unit_test_setup_teardown(a_record_of_format_1_gets_its_table, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
