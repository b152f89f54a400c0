/* What opening does about damage: it always starts, carries on with all that can be read
 * and destroys nothing. */
#include "store/journal.h"
#include "support/folder.h"
#include "support/record.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

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

static void path_of(const char *file, char out[300])
{
    assert_true(snprintf(out, 300, "%s/%s", dir, file) < 300);
}

/* Runs SQL on the closed journal and gives the first number. */
static int64_t tamper(const char *sql)
{
    sqlite3_stmt *s;
    sqlite3 *db;
    char path[300];
    int64_t number = 0;

    path_of("journal.db", path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (const char *rest = sql; *rest;) {
        int code = sqlite3_prepare_v2(db, rest, -1, &s, &rest);

        assert_int_equal(code, SQLITE_OK);
        if (sqlite3_step(s) == SQLITE_ROW)
            number = sqlite3_column_int64(s, 0);
        assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

static void fill(int n)
{
    struct journal *j = record_open(dir);

    record_fill(j, n);
    journal_close(j);
}

/* The chain can be gone on with, and what is added is found again. */
static void goes_on(struct journal *j, uint64_t seq)
{
    struct record_seen s = {0};

    assert_int_equal(record_add(j, 9, "after it"), seq);
    record_commit(j);
    assert_true(journal_get(j, seq, record_see, &s, &refused));
    assert_non_null(strstr(s.text, "9:after it"));
    journal_close(j);
    j = record_open(dir);
    assert_int_equal(journal_head(j).seq, seq);
    journal_close(j);
}

static void a_bad_end_is_moved_away(void **state)
{
    struct journal *j;

    (void)state;
    fill(100);
    (void)tamper("UPDATE journal SET hash = zeroblob(32) WHERE seq IN (98, 99, 100)");
    j = record_open(dir);
    assert_non_null(strstr(
        how.note, "rows 98 to 100 were moved to the table torn, row 97 is the last good one"));
    assert_int_equal(how.rows, 97);
    assert_int_equal(record_verify(j, NULL).bad_seq, 0);
    goes_on(j, 98);
    assert_int_equal(
        tamper("SELECT count(*) FROM torn WHERE seq BETWEEN 98 AND 100 AND length(body) > 60"
               " AND length(wrapped) = 72 AND found_ms > 0 AND why <> ''"),
        3);
    j = record_open(dir);
    assert_string_equal(how.note, ""); /* told once */
    journal_close(j);
}

static void a_bad_row_with_good_ones_behind_it_stays(void **state)
{
    struct journal *j;

    (void)state;
    fill(100);
    (void)tamper("UPDATE journal SET body = CAST(x'00' || body AS BLOB) WHERE seq = 90");
    j = record_open(dir);
    assert_non_null(strstr(how.note, "row 90 does not fit"));
    assert_int_equal(journal_head(j).seq, 100);
    record_shows(j, 89, (const uint16_t[]){1, 2, 3, 0},
                 "89:2:text 89 91:1:text 91 92:2:text 92 93:3:text 93 "
                 "94:1:text 94 95:2:text 95 96:3:text 96 97:1:text 97 98:2:text 98 99:3:text 99 "
                 "100:1:text 100 ");
    assert_int_equal(record_verify(j, NULL).bad_seq, 90);
    goes_on(j, 101);
}

static void a_gap_near_the_end_stays_a_gap(void **state)
{
    struct journal *j;

    (void)state;
    fill(100);
    (void)tamper("DELETE FROM journal WHERE seq = 95");
    j = record_open(dir);
    assert_non_null(strstr(how.note, "row 96 does not fit"));
    assert_int_equal(record_verify(j, NULL).bad_seq, 95);
    goes_on(j, 101);
}

static void a_row_that_strayed_far_away_is_moved(void **state)
{
    struct journal *j;

    (void)state;
    fill(100);
    (void)tamper("UPDATE journal SET seq = 1000000000000 WHERE seq = 100");
    j = record_open(dir);
    assert_int_equal(journal_head(j).seq, 99);
    assert_int_equal(record_verify(j, NULL).bad_seq, 0);
    goes_on(j, 100);
    assert_int_equal(tamper("SELECT seq FROM torn"), 1000000000000);
}

static void when_no_row_of_the_end_is_good_an_earlier_one_is_found(void **state)
{
    struct journal *j;

    (void)state;
    fill(1000);
    (void)tamper("UPDATE journal SET hash = zeroblob(32) WHERE seq > 500");
    j = record_open(dir);
    assert_int_equal(journal_head(j).seq, 500);
    goes_on(j, 501);
    assert_int_equal(tamper("SELECT count(*) FROM torn"), 500);
}

static void when_no_row_at_all_is_good_it_begins_anew(void **state)
{
    struct journal *j;

    (void)state;
    fill(3);
    (void)tamper("UPDATE journal SET hash = zeroblob(32)");
    j = record_open(dir);
    assert_int_equal(journal_head(j).seq, 0);
    goes_on(j, 1);
    assert_int_equal(tamper("SELECT count(*) FROM torn"), 3);
}

static void a_cut_end_is_told_when_a_head_was_signed(void **state)
{
    struct journal *j = record_open(dir);

    (void)state;
    record_fill(j, 10);
    assert_true(journal_sign_head(j, 5, &refused));
    journal_close(j);
    (void)tamper("DELETE FROM journal WHERE seq > 8; DELETE FROM keys WHERE seq > 8;");
    j = record_open(dir);
    assert_non_null(strstr(how.note, "a signed head names row 10, but the record ends at row 8"));
    goes_on(j, 9);
}

/* As after kill -9: the files are copied while it runs. */
static void a_run_that_was_cut_off_is_told(void **state)
{
    struct journal *j = record_open(dir);
    char command[900], *copy = folder_make();

    (void)state;
    assert_false(how.unclean);
    record_fill(j, 7);
    (void)snprintf(command, sizeof command, "cp %s/journal.* %s/", dir, copy);
    (void)record_add(j, 1, "not committed");
    assert_int_equal(system(command), 0);
    journal_close(j);
    j = record_open(copy);
    assert_true(how.unclean);
    assert_string_equal(how.note, "");
    assert_int_equal(journal_head(j).seq, 7);
    journal_close(j);
    j = record_open(copy);
    assert_false(how.unclean);
    journal_close(j);
    folder_remove(copy);
}

/* ---- the file itself -------------------------------------------------- */

static void scribble(off_t from, off_t to)
{
    static const char noise[64] = "noise noise noise noise noise noise noise noise noise noise no";
    char path[300];
    int fd;

    path_of("journal.db", path);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (off_t at = from; at < to; at += (off_t)sizeof noise)
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
    assert_int_equal(close(fd), 0);
}

static off_t size_of(const char *file)
{
    struct stat st;
    char path[300];

    path_of(file, path);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

/* The name of the file that was moved aside; empty when there is none. */
static void aside(char out[300])
{
    DIR *d = opendir(dir);
    struct dirent *f;

    assert_non_null(d);
    out[0] = 0;
    while ((f = readdir(d)))
        if (strstr(f->d_name, "journal.db.damaged-"))
            (void)snprintf(out, 300, "%s", f->d_name);
    assert_int_equal(closedir(d), 0);
}

static void a_file_that_is_no_database_is_moved_aside(void **state)
{
    struct journal *j;
    char name[300];
    off_t size;

    (void)state;
    fill(200);
    size = size_of("journal.db");
    scribble(0, 100);
    j = record_open(dir);
    aside(name);
    assert_true(name[0] && strstr(how.note, name));
    assert_non_null(strstr(how.note, "0 rows that can be read were carried over"));
    assert_int_equal(size_of(name), size); /* as it was found */
    goes_on(j, 1);
}

static bool count(void *ctx, const struct journal_row *row)
{
    char text[32];

    (void)snprintf(text, sizeof text, "text %llu", (unsigned long long)row->seq);
    assert_true(str_eq(row->payload, str_from(text)));
    ++*(uint64_t *)ctx;
    return true;
}

/* The middle of the file is lost: opening does not see it, a read does, and the next
 * opening carries over all the rest, with the same numbers and hashes. */
static void lost_pages_cost_only_their_rows(void **state)
{
    enum { ROWS = 3000 };
    struct journal *j;
    struct journal_head head;
    struct journal_verify v;
    uint64_t seen = 0;
    char name[300];

    (void)state;
    fill(ROWS);
    j = record_open(dir);
    head = journal_head(j);
    journal_close(j);
    scribble(size_of("journal.db") / 4096 / 2 * 4096,
             size_of("journal.db") / 4096 / 2 * 4096 + 3 * 4096);
    j = record_open(dir);
    assert_string_equal(how.note, "");
    assert_false(journal_read(j, 1, NULL, count, &seen, &refused));
    assert_non_null(strstr(refused.text, "start Cordon again"));
    journal_close(j);
    j = record_open(dir);
    aside(name);
    assert_true(name[0] && strstr(how.note, "was damaged"));
    assert_int_equal(journal_head(j).seq, ROWS);
    assert_memory_equal(journal_head(j).hash, head.hash, JOURNAL_HASH);
    v = record_verify(j, &head);
    assert_true(v.bad_seq > 1 && v.rows > ROWS - 200 && v.rows < ROWS);
    print_message("%llu of %d rows carried over: %s\n", (unsigned long long)v.rows, ROWS, how.note);
    goes_on(j, ROWS + 1);
    j = record_open(dir);
    assert_string_equal(how.note, "");
    journal_close(j);
}

static void make_file(const char *file, const char *text)
{
    char path[300];
    FILE *f;

    path_of(file, path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void rename_file(const char *from, const char *to)
{
    char a[300], b[300];

    path_of(from, a);
    path_of(to, b);
    assert_int_equal(rename(a, b), 0);
}

static void a_mending_that_was_cut_off_is_thrown_away_or_finished(void **state)
{
    struct journal *j;
    char path[300];

    (void)state;
    fill(5);
    make_file("journal.db.mending", "half a copy");
    j = record_open(dir);
    assert_int_equal(journal_head(j).seq, 5);
    journal_close(j);
    path_of("journal.db.mending", path);
    assert_int_equal(access(path, F_OK), -1);
    rename_file("journal.db", "journal.db.mending"); /* the old one was moved, the copy not yet */
    make_file("journal.db-wal", "what belongs to the old one");
    j = record_open(dir);
    assert_non_null(strstr(how.note, "has been finished"));
    assert_int_equal(journal_head(j).seq, 5);
    aside(path);
    assert_non_null(strstr(path, "-wal"));
    goes_on(j, 6);
}

#define MEND_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEND_TEST(a_bad_end_is_moved_away),
        MEND_TEST(a_bad_row_with_good_ones_behind_it_stays),
        MEND_TEST(a_gap_near_the_end_stays_a_gap),
        MEND_TEST(a_row_that_strayed_far_away_is_moved),
        MEND_TEST(when_no_row_of_the_end_is_good_an_earlier_one_is_found),
        MEND_TEST(when_no_row_at_all_is_good_it_begins_anew),
        MEND_TEST(a_cut_end_is_told_when_a_head_was_signed),
        MEND_TEST(a_run_that_was_cut_off_is_told),
        MEND_TEST(a_file_that_is_no_database_is_moved_aside),
        MEND_TEST(lost_pages_cost_only_their_rows),
        MEND_TEST(a_mending_that_was_cut_off_is_thrown_away_or_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
