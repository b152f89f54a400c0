/* A text is erased while the plug is pulled: the event on the disk means that the text goes, at the next start if need
 * be.
 *
 * The plug is pulled at each write and sync from the wish on, one after the other, so every place between the event
 * and the destruction of the key is met, whatever they become. */
#include "core/record.h"
#include "edge/erasure.h"
#include "support/crash_vfs.c"
#include "support/folder.h"
#include "support/recorder_alone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NEVER = INT32_MAX, STEPS_MAX = 1000 };

static struct alone a;
static struct answer_head answered;
static char *dir;

static void hear(struct hub *h, const struct answer_head *head, const char *text)
{
    (void)h, (void)text;
    answered = *head;
}

static void open_record(void)
{
    if (!alone_open(&a, dir, hear))
        fail_msg("%s", a.err.text);
}

/* A disk of its own for each life. */
static void begin_life(uint64_t seed)
{
    crash_start(seed);
    crash_pull_at(NEVER);
    dir = folder_make();
    open_record();
}

static void end_life(void)
{
    alone_stop(&a);
    folder_remove(dir);
}

/* One command; its row. */
static uint64_t say(const char *ticket, enum incident_kind kind, enum incident_field f, const char *text)
{
    char bytes[2048];
    struct buf b = buf_over(bytes, sizeof bytes);

    fields_put(&b, FIELD_TICKET, str_from(ticket));
    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    incident_put(&b, f, str_from(text));
    if (kind == INC_TASK_CREATED) {
        incident_put(&b, IN_TASK, str_from(ticket));
        incident_put(&b, IN_OWNER, STR("EX"));
    } else {
        incident_put(&b, IN_TYPE, STR("bomb"));
        incident_put(&b, IN_EXERCISE, STR("1"));
    }
    answered = (struct answer_head){0};
    assert_true(alone_ask(&a, kind, buf_str(&b), HUB_REQUEST_OTHER | 1) && recorder_turn(a.h.recorder) && answered.ok);
    return answered.seq;
}

static void ask_erase(uint64_t seq)
{
    struct ask_head head = {.ask = ASK_ERASE, .sender = RING_NO_SENDER, .request = HUB_REQUEST_OTHER | 2,
                            .at_ms = clock_wall_ms()};
    char bytes[512];
    struct buf b = buf_over(bytes, sizeof bytes);

    fields_put_int(&b, FIELD_REF, (int64_t)seq);
    fields_put(&b, FIELD_BY, STR("EX operator"));
    fields_put(&b, FIELD_REASON, STR("EX by decision"));
    answered = (struct answer_head){0};
    assert_true(hub_ask(&a.h, &head, buf_str(&b)));
}

/* ---- what the disk holds ------------------------------------------------- */

struct seen {
    uint64_t text, order; /* rows: the text; the event of an erasure after `after`, 0: none */
    uint64_t after;
    bool erased;
};

static bool see(void *ctx, const struct journal_row *row)
{
    struct seen *x = ctx;

    if (row->kind == INC_KEY_SHREDDED && row->seq > x->after)
        x->order = row->seq;
    if (row->seq == x->text)
        x->erased = row->erased;
    return true;
}

/* text is the last row before the wish. */
static struct seen look(struct journal *j, uint64_t text)
{
    struct seen x = {.text = text, .after = text};
    struct err e;

    assert_true(journal_read(j, 1, NULL, see, &x, &e));
    return x;
}

/* As the disk has it before any recorder mends it. */
static struct seen look_at_disk(uint64_t text)
{
    struct journal_opened how;
    struct journal *j;
    struct seen x;
    struct err e;

    if (!journal_open(dir, &j, &how, &e))
        fail_msg("%s", e.text);
    x = look(j, text);
    journal_close(j);
    return x;
}

static bool is_told(const char *task)
{
    const struct incident *s = incidents_find(&a.h.recorder->incidents, STR("EX-1"));

    return s && ent_has(s, ent_find(s, ENT_TASK, str_from(task)), IN_TEXT);
}

/* The wrapped key of a row, as it stands in the file. */
static struct str key_of_row(uint64_t seq, char bytes[256])
{
    char path[PATH_BYTES], sql[96];
    struct str key = {0};
    sqlite3_stmt *q;
    sqlite3 *db;

    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    (void)snprintf(sql, sizeof sql, "SELECT wrapped FROM keys WHERE seq = %llu", (unsigned long long)seq);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    key = str_of(bytes, (size_t)sqlite3_column_bytes(q, 0));
    assert_true(key.len > 32 && key.len <= 256);
    memcpy(bytes, sqlite3_column_blob(q, 0), key.len);
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return key;
}

/* In any file of the disk, pages that nobody reads any more included. */
static bool is_on_disk(struct str bytes)
{
    for (size_t i = 0; i < VFS_FILES; i++) {
        struct str all = str_of(disk.files[i].disk.at, disk.files[i].disk.len);

        if (disk.files[i].path[0] && all.len && str_find(all, bytes) < all.len)
            return true;
    }
    return false;
}

/* ---- the tests ------------------------------------------------------------ */

struct cut {
    uint64_t step;
    size_t done;  /* so many texts were erased before, since the last snapshot */
    bool looks;   /* between the lives; closing after that cleans up */
    bool between; /* seen there: the event is on the disk, and the text as well */
};

static void erase_others(size_t n)
{
    char ticket[32];

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(ticket, sizeof ticket, "t-%zu", i);
        ask_erase(say(ticket, INC_TASK_CREATED, IN_TEXT, "EX to be erased"));
        assert_true(recorder_turn(a.h.recorder) && answered.ok);
    }
}

/* True when the plug was pulled. */
static bool erase_until(struct cut *c)
{
    char bytes[256];
    struct str key;
    uint64_t text;
    bool cut, ok;
    struct seen x;

    begin_life(c->step);
    (void)say("t-open", INC_INCIDENT_OPENED, IN_NAME, "EX drill");
    erase_others(c->done);
    text = say("t-text", INC_TASK_CREATED, IN_TEXT, "EX to be erased");
    key = key_of_row(text, bytes);
    assert_true(is_told("t-text") && is_on_disk(key));
    crash_pull_at(c->step);
    ask_erase(text);
    if (recorder_turn(a.h.recorder))
        recorder_second(a.h.recorder, (struct now){.wall_ms = clock_wall_ms()});
    ok = answered.ok;
    alone_drop(&a); /* what closing writes may be cut, too */
    cut = crash_is_dead();
    if (cut)
        crash_restart();
    crash_pull_at(NEVER);
    if (c->looks) {
        x = look_at_disk(text);
        c->between |= x.order && !x.erased;
    }
    open_record();
    x = look(a.h.recorder->journal, text);
    assert_true(x.order || !ok); /* what was answered is on the disk */
    assert_true(x.erased == (x.order != 0)); /* and nothing goes without a word */
    assert_true(is_told("t-text") == !x.order);
    assert_true(is_on_disk(key) == !x.order);
    end_life();
    return cut;
}

static void test_a_cut_between_the_event_and_the_key_is_made_good(void **state)
{
    struct cut c = {.step = 0};
    bool cut = true;

    (void)state;
    while (cut && ++c.step < STEPS_MAX)
        for (int looks = 0; looks < 2; looks++) {
            c.looks = looks;
            cut = erase_until(&c);
        }
    assert_false(cut);
    assert_true(c.between); /* else nothing of this was tested */
}

/* Those that are done since the last snapshot do not take the place of the one that is not. */
static void test_it_is_found_behind_many_that_are_done(void **state)
{
    struct cut c = {.done = RECORDER_ERASING + 1, .looks = true};

    (void)state;
    for (c.step = 1; !c.between && c.step < STEPS_MAX; c.step++)
        (void)erase_until(&c);
    assert_true(c.between);
}

/* A record with a text that is to be erased, asked for and not yet taken in: the row of that text. */
static uint64_t begin_with_a_wish(void)
{
    uint64_t text;

    begin_life(1);
    (void)say("t-open", INC_INCIDENT_OPENED, IN_NAME, "EX drill");
    text = say("t-text", INC_TASK_CREATED, IN_TEXT, "EX to be erased");
    ask_erase(text);
    return text;
}

/* The disk failed for a moment, and then comes a stop in order: its snapshot must not hide what is to be done. */
static void test_a_stop_does_what_was_left(void **state)
{
    uint64_t text;

    (void)state;
    text = begin_with_a_wish();
    crash_fail(CRASH_SYNC, CRASH_ON_WAL, 2, SQLITE_IOERR);
    assert_true(recorder_turn(a.h.recorder) && crash_has_failed() && answered.ok);
    assert_int_equal(a.h.recorder->erasing_count, 1);
    crash_heal();
    alone_stop(&a);
    assert_true(look_at_disk(text).order && look_at_disk(text).erased);
    open_record();
    assert_false(is_told("t-text"));
    end_life();
}

/* Asked for so late that no turn came any more. */
static void test_a_stop_does_what_was_asked_last(void **state)
{
    uint64_t text;

    (void)state;
    text = begin_with_a_wish();
    alone_stop(&a);
    assert_true(look_at_disk(text).order && look_at_disk(text).erased);
    open_record();
    assert_false(is_told("t-text"));
    end_life();
}

static uint64_t erased_by(const char *via, const char *audit, const char *subject)
{
    char bytes[256];
    struct buf b = buf_over(bytes, sizeof bytes);

    incident_put(&b, IN_VIA, str_from(via));
    incident_put(&b, IN_AUDIT, str_from(audit));
    incident_put(&b, IN_SUBJECT, str_from(subject));
    return erasure_of(buf_str(&b));
}

/* An identity that is destroyed is told under a name that people chose. */
static void test_what_is_called_like_an_erasure_is_none(void **state)
{
    char bytes[512];
    struct buf b = buf_over(bytes, sizeof bytes);

    (void)state;
    erasure_event(&(struct erasure){.seq = 17, .by = "EX operator", .reason = "EX by decision"}, &b);
    assert_int_equal(erasure_of(buf_str(&b)), 17);
    assert_int_equal(erased_by("system", "erasure-17", "event 17"), 17);
    assert_int_equal(erased_by("web", "erasure-17", "event 17"), 0);
    assert_int_equal(erased_by("system", "x", "event 17"), 0);
    assert_int_equal(erased_by("system", "erasure-x", "event x"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_between_the_event_and_the_key_is_made_good),
        cmocka_unit_test(test_it_is_found_behind_many_that_are_done),
        cmocka_unit_test(test_a_stop_does_what_was_left),
        cmocka_unit_test(test_a_stop_does_what_was_asked_last),
        cmocka_unit_test(test_what_is_called_like_an_erasure_is_none),
    };

    alone_clock();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
