/* A full or failing disk: refused with a sentence, nothing half done, and on it goes when
 * there is space again.  Each fault is tried at the 1st, 2nd, 3rd ... write, until none is
 * met any more. */
#include "core/fields.h"
#include "core/record.h"
#include "store/accounts.h"
#include "store/db.h"
#include "store/files.h"
#include "store/journal.h"
#include "store/sealed.h"
#include "store/tracks.h"
#include "support/crash_vfs.c"
#include "support/folder.h"
#include "support/record.h"

#include <math.h>

enum { TRIES_MAX = 400, LARGE = 60000 };

static char *dir;
static char large[LARGE];

static const struct fault {
    enum crash_op op;
    enum crash_on on;
    int code;
    const char *says;
} faults[] = {
    {CRASH_WRITE, CRASH_ON_ANY, SQLITE_FULL, "the disk is full"},
    {CRASH_WRITE, CRASH_ON_ANY, SQLITE_IOERR_WRITE, "the disk failed"},
    {CRASH_SYNC, CRASH_ON_ANY, SQLITE_IOERR_FSYNC, "the disk failed"},
};

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    crash_start(1);
    memset(large, 'x', sizeof large);
    return 0;
}

static int end(void **state)
{
    (void)state;
    crash_heal();
    folder_remove(dir);
    return 0;
}

static void fresh(void)
{
    folder_remove(dir);
    dir = folder_make();
}

/* A batch with payloads that spill out of the cache; false and a sentence when refused. */
static bool large_batch(struct journal *j, struct err *e)
{
    uint64_t seq;

    for (int i = 0; i < 100; i++)
        if (!journal_add(j, 4, INT64_C(1760000000004), 0, str_of(large, sizeof large), &seq, e)) {
            struct err second;

            assert_false(journal_add(j, 4, 1, 1, STR("more"), &seq, &second));
            assert_false(journal_commit(j, &second));
            return false;
        }
    return journal_commit(j, e);
}

/* One fault at the n-th write or sync of a commit; false when it was not met. */
static bool journal_meets(const struct fault *f, uint64_t n, bool spill)
{
    struct journal *j = record_open(dir);
    struct journal_head head;
    struct err e = {0};
    bool ok;

    record_fill(j, 5);
    head = journal_head(j);
    crash_fail(f->op, f->on, n, f->code);
    if (spill) {
        ok = large_batch(j, &e);
    } else {
        (void)record_add(j, 4, "the sixth");
        ok = journal_commit(j, &e);
    }
    crash_heal();
    if (!ok) {
        assert_true(crash_has_failed());
        assert_int_equal(e.kind, ERR_WORLD);
        assert_non_null(strstr(e.text, "journal.db"));
        assert_non_null(strstr(e.text, f->says));
        assert_true(journal_stats(j).failures > 0);
        assert_int_equal(journal_head(j).seq, head.seq);
        assert_memory_equal(journal_head(j).hash, head.hash, JOURNAL_HASH);
        record_shows(j, 1, NULL, "1:1:text 1 2:2:text 2 3:3:text 3 4:1:text 4 5:2:text 5 ");
    }
    assert_int_equal(record_add(j, 4, "after it"), journal_head(j).seq + 1);
    record_commit(j);
    head = journal_head(j);
    assert_int_equal(record_verify(j, NULL).bad_seq, 0);
    journal_close(j);
    j = record_open(dir);
    assert_string_equal(how.note, "");
    assert_int_equal(record_verify(j, &head).bad_seq, 0);
    assert_int_equal(journal_head(j).seq, head.seq);
    journal_close(j);
    return crash_has_failed();
}

static void a_commit_that_fails_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(faults); i++)
        for (uint64_t n = 1;; n++) {
            assert_true(n < TRIES_MAX);
            fresh();
            if (!journal_meets(&faults[i], n, false)) {
                assert_true(n > 1);
                break;
            }
        }
}

/* A batch that is larger than the cache is written before its commit. */
static void a_large_batch_that_fails_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(faults); i++)
        for (uint64_t n = 1; n < 3000; n += 1 + n) {
            fresh();
            (void)journal_meets(&faults[i], n, true);
        }
}

/* What lies in the WAL is durable; that it cannot be moved into the file yet is no failure. */
static void a_checkpoint_that_fails_does_not_fail_the_commit(void **state)
{
    struct journal *j = record_open(dir);
    struct err e;

    (void)state;
    crash_fail(CRASH_WRITE, CRASH_ON_FILE, 1, SQLITE_FULL);
    for (int i = 0; i < 6; i++)
        if (!large_batch(j, &e))
            fail_msg("%s", e.text);
    journal_idle(j);
    assert_true(crash_has_failed());
    crash_heal();
    assert_true(large_batch(j, &e));
    journal_close(j);
    j = record_open(dir);
    assert_int_equal(record_verify(j, NULL).rows, 700);
    journal_close(j);
}

/* With the disk full from the very first write on, opening says so instead of aborting. */
static void opening_on_a_full_disk_is_refused_with_a_sentence(void **state)
{
    struct journal *j;
    struct err e;
    uint64_t n = 1;

    (void)state;
    for (;; n++) {
        crash_fail(CRASH_WRITE, CRASH_ON_ANY, n, SQLITE_FULL);
        if (journal_open(dir, &j, &how, &e))
            break;
        assert_non_null(strstr(e.text, "journal.db: the disk is full: make room on it"));
        assert_true(n < TRIES_MAX);
        crash_heal();
        fresh();
    }
    crash_heal();
    assert_true(n > 1);
    record_fill(j, 5);
    assert_int_equal(record_verify(j, NULL).bad_seq, 0);
    journal_close(j);
}

/* The picture must come up again also when the disk is full. */
static void a_sound_folder_opens_on_a_full_disk(void **state)
{
    struct journal *j = record_open(dir);
    struct accounts *a;
    struct tracks *t;
    struct err e;

    (void)state;
    record_fill(j, 3);
    journal_close(j);
    assert_true(tracks_open(dir, &t, &e));
    tracks_close(t);
    assert_true(accounts_open(dir, &a, &e));
    accounts_close(a);
    crash_fail(CRASH_WRITE, CRASH_ON_ANY, 1, SQLITE_FULL);
    j = record_open(dir);
    record_shows(j, 1, NULL, "1:1:text 1 2:2:text 2 3:3:text 3 ");
    (void)record_add(j, 1, "no room");
    assert_false(journal_commit(j, &e));
    journal_close(j);
    assert_true(tracks_open(dir, &t, &e));
    tracks_close(t);
    assert_true(accounts_open(dir, &a, &e));
    accounts_close(a);
    crash_heal();
    j = record_open(dir);
    assert_string_equal(how.note, "");
    assert_int_equal(journal_head(j).seq, 3);
    journal_close(j);
}

static bool count(void *ctx, const struct track_point *p)
{
    (void)p;
    ++*(size_t *)ctx;
    return true;
}

static bool tracks_meet(const struct fault *f, uint64_t n)
{
    const struct track_point p[2] = {{.uid = STR("u"),
                                      .callsign = STR("c"),
                                      .type = STR("t"),
                                      .at_ms = INT64_C(1760000000000),
                                      .hae = NAN,
                                      .ce = NAN,
                                      .speed = NAN,
                                      .course = NAN},
                                     {.uid = STR("v"),
                                      .callsign = STR("d"),
                                      .type = STR("t"),
                                      .at_ms = INT64_C(1760000000000),
                                      .hae = NAN,
                                      .ce = NAN,
                                      .speed = NAN,
                                      .course = NAN}};
    struct tracks *t;
    struct err e;
    size_t seen = 0;
    bool ok;

    assert_true(tracks_open(dir, &t, &e));
    crash_fail(f->op, f->on, n, f->code);
    ok = tracks_add(t, p, 2, &e);
    crash_heal();
    if (!ok)
        assert_non_null(strstr(e.text, f->says));
    assert_true(tracks_add(t, p, 2, &e)); /* with names that the failed one had made */
    assert_true(tracks_read(t, STR("v"), 0, INT64_MAX, count, &seen, &e));
    assert_int_equal(seen, ok ? 2 : 1);
    tracks_close(t);
    return crash_has_failed();
}

static void tracks_that_fail_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) /* NORMAL does not sync at a commit */
        for (uint64_t n = 1;; n++) {
            assert_true(n < TRIES_MAX);
            fresh();
            if (!tracks_meet(&faults[i], n))
                break;
        }
}

static bool accounts_meet(const struct fault *f, uint64_t n)
{
    struct user u = {.name = "a",
                     .agency = "ONE",
                     .group_count = 1,
                     .groups = {{.name = "Blue", .in = true}}},
                got;
    struct accounts *a;
    struct err e;
    bool ok;

    assert_true(accounts_open(dir, &a, &e));
    assert_true(accounts_put_user(a, &u, &e));
    u.groups[0].out = true;
    (void)snprintf(u.agency, sizeof u.agency, "TWO");
    crash_fail(f->op, f->on, n, f->code);
    ok = accounts_put_user(a, &u, &e);
    crash_heal();
    if (!ok)
        assert_non_null(strstr(e.text, f->says));
    assert_true(accounts_user_by_name(a, STR("a"), &got, &e));
    assert_string_equal(got.agency, ok ? "TWO" : "ONE");
    assert_int_equal(got.groups[0].out, ok);
    assert_true(accounts_put_user(a, &u, &e));
    assert_true(accounts_user_by_name(a, STR("a"), &got, &e));
    assert_string_equal(got.agency, "TWO");
    accounts_close(a);
    return crash_has_failed();
}

static void accounts_that_fail_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(faults); i++)
        for (uint64_t n = 1;; n++) {
            assert_true(n < TRIES_MAX);
            fresh();
            if (!accounts_meet(&faults[i], n))
                break;
        }
}

/* ---- sealed identities ---------------------------------------------------- */

static const struct holder pair[2] = {{.name = {"EX-officer", 10}, .key = {1}},
                                      {.name = {"EX-liaison", 10}, .key = {2}}};

static bool seal(struct sealed *x, const char *subject, const char *text, struct err *e)
{
    struct holder_salt salts[2];
    struct sealing what = {str_from(subject), str_from(text), pair, salts};

    for (int i = 0; i < 2; i++)
        if (!sealed_salt(x, pair[i].name, &salts[i], e))
            return false;
    return sealed_put(x, &what, e);
}

static bool opens(struct sealed *x, const char *subject, const char *want)
{
    static char text[SEALED_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct err e;

    return sealed_read(x, str_from(subject), pair, &b, &e) && str_eq(buf_str(&b), str_from(want));
}

static bool sealed_meet(const struct fault *f, uint64_t n)
{
    struct sealed *x;
    struct err e;
    bool ok, has;

    assert_true(secret_start(&e) && sealed_open(dir, &x, &e));
    assert_true(seal(x, "T1", "EX one", &e));
    crash_fail(f->op, f->on, n, f->code);
    ok = seal(x, "T2", "EX two", &e);
    crash_heal();
    if (!ok)
        assert_non_null(strstr(e.text, f->says));
    assert_true(opens(x, "T1", "EX one"));
    assert_true(sealed_has(x, STR("T2"), &has, &e) && has == ok);
    assert_true(ok || seal(x, "T2", "EX two", &e)); /* the same passphrases, nothing half kept */
    assert_true(opens(x, "T2", "EX two"));
    sealed_close(x);
    return crash_has_failed();
}

static void a_seal_that_fails_keeps_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(faults); i++)
        for (uint64_t n = 1;; n++) {
            assert_true(n < TRIES_MAX);
            fresh();
            if (!sealed_meet(&faults[i], n))
                break;
        }
}

static off_t wal_bytes(void)
{
    char path[DB_PATH_MAX];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/sealed.db-wal", dir);
    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* Destroyed, and the disk failed while the older pages were to be written over: they do not stay for ever. */
static void what_is_destroyed_goes_from_the_wal_when_it_can(void **state)
{
    struct sealed *x;
    struct err e;
    bool has;

    (void)state;
    for (int again = 0; again < 2; again++) {
        fresh();
        assert_true(secret_start(&e) && sealed_open(dir, &x, &e));
        assert_true(seal(x, "T1", "EX one", &e));
        crash_fail(CRASH_WRITE, CRASH_ON_FILE, 1, SQLITE_IOERR_WRITE);
        assert_false(sealed_destroy(x, STR("T1"), &e));
        assert_non_null(strstr(e.text, "it is destroyed, but older pages of it are still on the disk"));
        crash_heal();
        if (again) { /* a start */
            sealed_close(x);
            assert_true(sealed_open(dir, &x, &e));
        }
        assert_true(sealed_has(x, STR("T1"), &has, &e) && !has);
        assert_int_equal(wal_bytes(), 0);
        sealed_close(x);
    }
}

/* ---- the list of files ------------------------------------------------------ */

static void stored(struct files_row *r, struct buf *b, uint64_t seq)
{
    static const char hex[] = "0123456789abcdef";
    char sha[65] = "", uid[16];

    for (size_t i = 0; i < 64; i++)
        sha[i] = hex[(seq + i) % 16];
    (void)snprintf(uid, sizeof uid, "F%d", (int)seq);
    b->len = 0;
    fields_put(b, FIELD_UID, str_from(uid));
    fields_put(b, FIELD_SHA256, str_from(sha));
    fields_put(b, FIELD_NAME, str_from(uid));
    fields_put(b, FIELD_SIZE, STR("3"));
    *r = (struct files_row){seq, EV_FILE_STORED, 1000 * (int64_t)seq, buf_str(b)};
}

/* As the record thread does: rows from where it stands, and settled when all are taken. */
static bool follow_files(struct files *f, uint64_t up_to, struct err *e)
{
    static char text[4096];
    struct buf b = buf_over(text, sizeof text);

    for (uint64_t seq = files_applied(f) + 1; seq <= up_to; seq++) {
        struct files_row r;

        stored(&r, &b, seq);
        if (!files_apply(f, &r, e))
            return false;
    }
    return files_settle(f, up_to, e);
}

static bool count_files(void *ctx, const struct file *x)
{
    *(size_t *)ctx += !x->deleted;
    return true;
}

static bool files_meet(const struct fault *f, uint64_t n)
{
    struct files_search all = {0};
    struct files *x;
    struct err e;
    size_t seen = 0;
    bool ok;

    assert_true(files_open(dir, false, &x, &e) && follow_files(x, 3, &e));
    crash_fail(f->op, f->on, n, f->code);
    ok = follow_files(x, 6, &e);
    crash_heal();
    if (!ok) {
        assert_non_null(strstr(e.text, f->says));
        assert_int_equal(files_applied(x), 3);
    }
    assert_true(follow_files(x, 6, &e)); /* the same rows once more, each counted once */
    assert_int_equal(files_applied(x), 6);
    assert_true(files_search(x, &all, 50000, count_files, &seen, &e));
    assert_int_equal(seen, 6);
    files_close(x);
    return crash_has_failed();
}

static void a_list_of_files_that_fails_is_caught_up_with(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) /* it is a projection: it does not wait for the disk */
        for (uint64_t n = 1;; n++) {
            assert_true(n < TRIES_MAX);
            fresh();
            if (!files_meet(&faults[i], n))
                break;
        }
}

#define FAULT_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT_TEST(a_commit_that_fails_changes_nothing),
        FAULT_TEST(a_large_batch_that_fails_changes_nothing),
        FAULT_TEST(a_checkpoint_that_fails_does_not_fail_the_commit),
        FAULT_TEST(opening_on_a_full_disk_is_refused_with_a_sentence),
        FAULT_TEST(a_sound_folder_opens_on_a_full_disk),
        FAULT_TEST(tracks_that_fail_change_nothing),
        FAULT_TEST(accounts_that_fail_change_nothing),
        FAULT_TEST(a_seal_that_fails_keeps_nothing),
        FAULT_TEST(what_is_destroyed_goes_from_the_wal_when_it_can),
        FAULT_TEST(a_list_of_files_that_fails_is_caught_up_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
