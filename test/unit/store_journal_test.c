#include "os/secret.h"
#include "store/journal.h"
#include "support/folder.h"
#include "support/record.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>

static void what_was_committed_is_read_back(void **state)
{
    char *dir = folder_make();
    struct journal *j = record_open(dir);
    struct journal_head head;

    (void)state;
    assert_true(how.created);
    assert_string_equal(how.note, "");
    assert_int_equal(record_add(j, 7, "one"), 1);
    assert_int_equal(record_add(j, 8, ""), 2);
    assert_int_equal(journal_head(j).seq, 0);
    record_shows(j, 0, NULL, ""); /* not before it is committed */
    record_commit(j);
    assert_int_equal(record_add(j, 7, "three"), 3);
    record_commit(j);
    head = journal_head(j);
    assert_int_equal(head.seq, 3);
    record_shows(j, 0, NULL, "1:7:one 2:8: 3:7:three ");
    record_shows(j, 2, NULL, "2:8: 3:7:three ");
    record_shows(j, 1, (const uint16_t[]){7, 0}, "1:7:one 3:7:three ");
    record_shows(j, 4, NULL, "");
    record_shows(j, UINT64_MAX, NULL, "");
    journal_close(j);
    j = record_open(dir);
    assert_false(how.created);
    assert_int_equal(how.rows, 3);
    assert_string_equal(how.note, "");
    assert_memory_equal(journal_head(j).hash, head.hash, JOURNAL_HASH);
    assert_int_equal(record_add(j, 9, "four"), 4);
    record_commit(j);
    record_shows(j, 3, NULL, "3:7:three 4:9:four ");
    journal_close(j);
    folder_remove(dir);
}

static void a_batch_is_dropped_whole(void **state)
{
    char *dir = folder_make();
    struct journal *j = record_open(dir);
    uint64_t seq;

    (void)state;
    record_fill(j, 3);
    (void)record_add(j, 1, "never");
    journal_rollback(j);
    journal_rollback(j);
    record_commit(j); /* an empty batch */
    assert_int_equal(journal_head(j).seq, 3);
    assert_int_equal(record_add(j, 1, "four"), 4);
    assert_false(journal_add(j, 1, 1, 1, str_of(dir, JOURNAL_PAYLOAD_MAX + 1), &seq, &refused));
    assert_int_equal(refused.kind, ERR_INPUT);
    record_commit(j); /* what is too large is refused alone */
    record_shows(j, 4, NULL, "4:1:four ");
    (void)record_add(j, 1, "open when closed");
    journal_close(j);
    j = record_open(dir);
    assert_int_equal(journal_head(j).seq, 4);
    assert_int_equal(record_verify(j, NULL).bad_seq, 0);
    journal_close(j);
    folder_remove(dir);
}

static bool see_largest(void *ctx, const struct journal_row *row)
{
    const char *sent = ctx;

    assert_int_equal(row->payload.len, JOURNAL_PAYLOAD_MAX);
    assert_memory_equal(row->payload.at, sent, JOURNAL_PAYLOAD_MAX);
    return true;
}

static void the_largest_payload_fits(void **state)
{
    char *dir = folder_make(), *sent = malloc(JOURNAL_PAYLOAD_MAX);
    struct journal *j = record_open(dir);
    uint64_t seq;

    (void)state;
    assert_non_null(sent);
    for (size_t i = 0; i < JOURNAL_PAYLOAD_MAX; i++)
        sent[i] = (char)(i * 7 + i / 251);
    assert_true(journal_add(j, 1, 2, 3, str_of(sent, JOURNAL_PAYLOAD_MAX), &seq, &refused));
    record_commit(j);
    assert_true(journal_get(j, 1, see_largest, sent, &refused));
    assert_true(journal_read(j, 1, NULL, see_largest, sent, &refused));
    journal_close(j);
    free(sent);
    folder_remove(dir);
}

static void one_row_is_found_by_its_number(void **state)
{
    char *dir = folder_make();
    struct journal *j = record_open(dir);
    struct record_seen s = {0};

    (void)state;
    record_fill(j, 10);
    assert_true(journal_get(j, 7, record_see, &s, &refused));
    assert_string_equal(s.text, "7:1:text 7 ");
    for (uint64_t seq = 0; seq <= 11; seq += 11) {
        assert_false(journal_get(j, seq, record_see, &s, &refused));
        assert_int_equal(refused.kind, ERR_MISSING);
    }
    journal_close(j);
    folder_remove(dir);
}

/* Longer than a slice, so that the walk goes on in a second transaction. */
static void a_long_walk_misses_nothing(void **state)
{
    enum { ROWS = 10000 };
    char *dir = folder_make();
    struct journal *j = record_open(dir);
    struct record_seen s = {.stop_after = 2};
    struct journal_verify v;

    (void)state;
    for (int i = 1; i <= ROWS; i++)
        (void)record_add(j, i == 9000 ? 2 : 1, "x");
    record_commit(j);
    v = record_verify(j, NULL);
    assert_int_equal(v.rows, ROWS);
    assert_int_equal(v.bad_seq, 0);
    record_shows(j, 1, (const uint16_t[]){2, 0}, "9000:2:x ");
    assert_true(journal_read(j, 4095, NULL, record_see, &s, &refused));
    assert_string_equal(s.text, "4095:1:x 4096:1:x ");
    journal_close(j);
    folder_remove(dir);
}

/* Does any file of the folder contain these bytes? */
static bool folder_has(const char *dir, const char *file, const void *bytes, size_t n)
{
    static char all[4 * 1024 * 1024];
    char path[300];
    size_t len;
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    f = fopen(path, "r");
    if (!f)
        return false;
    len = fread(all, 1, sizeof all, f);
    (void)fclose(f);
    return len >= n && memmem(all, len, bytes, n);
}

/* The wrapped key of a row as another connection sees it. */
static size_t wrapped_key(const char *dir, int seq, unsigned char out[128])
{
    sqlite3_stmt *s;
    sqlite3 *db;
    char path[300];
    size_t n = 0;

    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT wrapped FROM keys WHERE seq = ?", -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_int(s, 1, seq), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = (size_t)sqlite3_column_bytes(s, 0);
    assert_true(n <= 128);
    if (n)
        memcpy(out, sqlite3_column_blob(s, 0), n);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static void an_erased_text_is_gone_and_the_chain_stays(void **state)
{
    char *dir = folder_make();
    struct journal *j = record_open(dir);
    struct journal_head head;
    struct journal_verify v;
    unsigned char key[128];
    size_t n;

    (void)state;
    record_fill(j, 20);
    head = journal_head(j);
    n = wrapped_key(dir, 7, key);
    assert_int_equal(n, 72);
    assert_true(folder_has(dir, "journal.db-wal", key, n));
    assert_true(journal_erase(j, 7, &refused));
    record_shows(j, 6, (const uint16_t[]){1, 3, 0},
                 "6:3:text 6 7:1:(erased) 9:3:text 9 10:1:text 10 12:3:text 12 "
                 "13:1:text 13 15:3:text 15 16:1:text 16 18:3:text 18 19:1:text 19 ");
    assert_false(folder_has(dir, "journal.db", key, n));
    assert_false(folder_has(dir, "journal.db-wal", key, n));
    assert_int_equal(wrapped_key(dir, 7, key), 0);
    v = record_verify(j, &head);
    assert_int_equal(v.bad_seq, 0);
    assert_int_equal(v.erased, 1);
    assert_true(journal_erase(j, 7, &refused));
    assert_false(journal_erase(j, 21, &refused));
    assert_int_equal(refused.kind, ERR_MISSING);
    journal_close(j);
    folder_remove(dir);
}

static void a_snapshot_is_used_only_when_it_fits(void **state)
{
    static const uint64_t rows[] = {1, 4, 9};
    char *dir = folder_make(), path[300];
    struct journal *j = record_open(dir);
    uint64_t at, *got;
    size_t count;
    sqlite3 *db;

    (void)state;
    assert_true(journal_get_snapshot(j, &at, &got, &count, &refused));
    assert_true(at == 0 && count == 0 && !got);
    record_fill(j, 20);
    assert_true(journal_put_snapshot(j, 5, rows, 1, &refused));
    assert_true(journal_put_snapshot(j, 10, rows, 2, &refused));
    assert_true(journal_put_snapshot(j, 20, rows, 3, &refused));
    assert_true(journal_get_snapshot(j, &at, &got, &count, &refused));
    assert_true(at == 20 && count == 3);
    assert_memory_equal(got, rows, sizeof rows);
    free(got);
    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(
            db,
            "UPDATE snapshots SET rows = CAST(substr(rows, 1, 47) || x'02' || substr(rows, 49)"
            " AS BLOB) WHERE at_seq = 20",
            NULL, NULL, NULL),
        SQLITE_OK);
    assert_true(journal_get_snapshot(j, &at, &got, &count, &refused));
    assert_true(at == 10 && count == 2); /* the one before it */
    free(got);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE journal SET hash = zeroblob(32) WHERE seq = 10", NULL, NULL, NULL),
        SQLITE_OK);
    assert_true(journal_get_snapshot(j, &at, &got, &count, &refused));
    assert_true(at == 0 && count == 0 && !got);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_true(journal_put_snapshot(j, 20, NULL, 0, &refused));
    assert_true(journal_get_snapshot(j, &at, &got, &count, &refused));
    assert_true(at == 20 && count == 0);
    free(got);
    journal_close(j);
    folder_remove(dir);
}

static void its_files_are_private(void **state)
{
    static const char *const names[] = {"journal.db", "journal.db-wal", "journal.key",
                                        "journal.sign", "journal.lock"};
    char *dir = folder_make(), path[300];
    struct journal *j = record_open(dir);
    struct stat st;

    (void)state;
    record_fill(j, 3);
    assert_true(journal_sign_head(j, 5, &refused));
    for (size_t i = 0; i < COUNTOF(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_true(journal_stats(j).bytes > 4096);
    assert_int_equal(journal_stats(j).rows, 3);
    journal_close(j);
    folder_remove(dir);
}

static void who_must_not_open_it_is_told_why(void **state)
{
    char *dir = folder_make(), path[300];
    struct journal *j, *second;
    struct journal_opened opened;
    sqlite3 *db;

    (void)state;
    assert_false(journal_open_reader(dir, &second, &refused));
    assert_int_equal(refused.kind, ERR_MISSING);
    assert_false(journal_open("/nowhere/at all", &second, &opened, &refused));
    assert_non_null(strstr(refused.text, "/nowhere/at all"));
    j = record_open(dir);
    assert_false(journal_open(dir, &second, &opened, &refused));
    assert_non_null(strstr(refused.text, "another Cordon works in"));
    journal_close(j);
    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=3", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_false(journal_open(dir, &second, &opened, &refused));
    assert_non_null(strstr(refused.text, "newer Cordon"));
    assert_false(journal_open_reader(dir, &second, &refused));
    assert_non_null(strstr(refused.text, "newer Cordon"));
    folder_remove(dir);
}

static void without_its_key_it_starts_and_says_so(void **state)
{
    char *dir = folder_make(), path[300];
    struct journal *j = record_open(dir);

    (void)state;
    record_fill(j, 2);
    journal_close(j);
    (void)snprintf(path, sizeof path, "%s/journal.key", dir);
    assert_int_equal(unlink(path), 0);
    j = record_open(dir);
    assert_non_null(strstr(how.note, "journal.key was not there"));
    (void)record_add(j, 3, "with the new key");
    record_commit(j);
    record_shows(j, 1, NULL, "1:1:(damaged) 2:2:(damaged) 3:3:with the new key ");
    assert_int_equal(record_verify(j, NULL).bad_seq, 1);
    journal_close(j);
    folder_remove(dir);
}

/* ---- a reader beside a running writer --------------------------------- */

enum { WRITER_BATCHES = 400, WRITER_ROWS = 25 };

struct beside {
    const char *dir;
    atomic_bool done;
};

static void *write_on(void *ctx)
{
    struct beside *b = ctx;
    struct journal *j = record_open(b->dir);
    char text[32];

    for (int i = 0; i < WRITER_BATCHES; i++) {
        for (int k = 1; k <= WRITER_ROWS; k++) {
            (void)snprintf(text, sizeof text, "%d", i * WRITER_ROWS + k);
            (void)record_add(j, 1, text);
        }
        record_commit(j);
        if (i % 50 == 0)
            journal_idle(j);
    }
    atomic_store(&b->done, true);
    journal_close(j);
    return NULL;
}

/* Rows come without a gap, whole batches only, each with its own text. */
static bool see_next(void *ctx, const struct journal_row *row)
{
    uint64_t *last = ctx;
    char text[32];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)row->seq);
    assert_int_equal(row->seq, *last + 1);
    assert_true(str_eq(row->payload, str_from(text)));
    *last = row->seq;
    return true;
}

static void a_reader_follows_a_running_writer(void **state)
{
    char *dir = folder_make();
    struct beside b = {.dir = dir};
    struct journal *first = record_open(dir), *reader;
    uint64_t last = 0;
    pthread_t writer;
    size_t rounds = 0;

    (void)state;
    journal_close(first);
    reader = record_reader(dir);
    assert_int_equal(pthread_create(&writer, NULL, write_on, &b), 0);
    while (last < WRITER_BATCHES * WRITER_ROWS) {
        bool done = atomic_load(&b.done);

        assert_true(journal_read(reader, last + 1, NULL, see_next, &last, &refused));
        assert_int_equal(last % WRITER_ROWS, 0);
        assert_int_equal(journal_head(reader).seq, last);
        assert_false(done && last < WRITER_BATCHES * WRITER_ROWS);
        if (rounds++ % 20 == 0)
            assert_int_equal(record_verify(reader, NULL).bad_seq, 0);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    journal_close(reader);
    folder_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_committed_is_read_back),
        cmocka_unit_test(a_batch_is_dropped_whole),
        cmocka_unit_test(the_largest_payload_fits),
        cmocka_unit_test(one_row_is_found_by_its_number),
        cmocka_unit_test(a_long_walk_misses_nothing),
        cmocka_unit_test(an_erased_text_is_gone_and_the_chain_stays),
        cmocka_unit_test(a_snapshot_is_used_only_when_it_fits),
        cmocka_unit_test(its_files_are_private),
        cmocka_unit_test(who_must_not_open_it_is_told_why),
        cmocka_unit_test(without_its_key_it_starts_and_says_so),
        cmocka_unit_test(a_reader_follows_a_running_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
