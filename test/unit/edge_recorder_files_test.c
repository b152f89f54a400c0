/* files.db follows the record: with each batch, after a start, after the disk refused it for a while. */
#include "store/blobs.h"
#include "store/db.h"
#include "support/folder.h"
#include "support/recorder_alone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct alone a;
static char *dir;
static struct err e;

static void hear(struct hub *h, const struct answer_head *head, const char *text)
{
    (void)h, (void)head, (void)text;
}

static void open_all(void)
{
    static const struct blobs_options options = {.file_max = 1 << 20, .quota = 1 << 24, .spare = 1};

    assert_true(blobs_open(dir, &options, &a.blobs, &e));
    if (!alone_open(&a, dir, hear))
        fail_msg("%s", a.err.text);
}

static void close_all(bool clean)
{
    if (clean)
        alone_stop(&a);
    else
        alone_drop(&a);
    blobs_close(a.blobs);
}

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    open_all();
    return 0;
}

static int end(void **state)
{
    char command[512];

    (void)state;
    close_all(true);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
    free(dir);
    return 0;
}

static void ask_row(unsigned kind, const char *uid, const char *name)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)kind, .sender = RING_NO_SENDER,
                            .at_ms = clock_wall_ms()};
    char text[512];
    struct buf b = buf_over(text, sizeof text);

    fields_put(&b, FIELD_USER, STR("EX-user"));
    fields_put(&b, FIELD_UID, str_from(uid));
    fields_put(&b, FIELD_NAME, str_from(name));
    fields_put(&b, FIELD_SHA256, STR(SHA));
    assert_true(hub_ask(&a.h, &head, buf_str(&b)));
    assert_true(recorder_turn(a.h.recorder));
}

static bool put_name(void *ctx, const struct file *x)
{
    struct buf *b = ctx;

    buf_put(b, x->name);
    buf_put(b, x->deleted ? STR("- ") : STR(" "));
    return true;
}

/* The names of all entries of these bytes, newest first, as a reader of its own finds them. */
static const char *names(void)
{
    static char text[256];
    struct buf b = buf_over(text, sizeof text - 1);
    unsigned char sha256[SHA256_SIZE];
    struct files *reader;

    assert_true(str_from_hex(STR(SHA), sha256, sizeof sha256));
    assert_true(files_open(dir, true, &reader, &e));
    assert_true(files_by_hash(reader, sha256, put_name, &b, &e));
    files_close(reader);
    text[b.len] = 0;
    return text;
}

static void a_batch_is_there_when_it_is_answered(void **state)
{
    (void)state;
    ask_row(EV_FILE_STORED, "EX-1", "one");
    assert_string_equal(names(), "one ");
    ask_row(EV_FILE_STORED, "EX-2", "two");
    ask_row(EV_FILE_DELETED, "EX-1", "one");
    assert_string_equal(names(), "two one- ");
}

static void what_is_lost_is_made_again(void **state)
{
    char path[512];
    FILE *f;

    (void)state;
    ask_row(EV_FILE_STORED, "EX-1", "one");
    ask_row(EV_FILE_DELETED, "EX-1", "one");
    ask_row(EV_FILE_STORED, "EX-2", "two");
    close_all(false);
    assert_true(files_wipe(dir, &e));
    open_all();
    assert_string_equal(names(), "two one- ");
    close_all(true);
    (void)snprintf(path, sizeof path, "%s/files.db", dir);
    f = fopen(path, "r+b");
    assert_non_null(f);
    for (int i = 0; i < 8192; i++)
        assert_int_equal(fputc(i * 7, f), (i * 7) & 255);
    assert_int_equal(fclose(f), 0);
    open_all();
    assert_string_equal(names(), "two one- ");
}

/* Somebody else's lock stands for whatever keeps files.db from being written: the record goes on. */
static void it_catches_up_after_a_refusal(void **state)
{
    static const struct db_options options = {.sync_full = true};
    struct db *other;
    char path[512];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/files.db", dir);
    assert_true(db_open(path, &options, &other, &e) && db_begin(other, &e));
    ask_row(EV_FILE_STORED, "EX-1", "one");
    assert_true(a.h.recorder->files_behind);
    assert_string_equal(names(), "");
    db_rollback(other);
    db_close(other);
    ask_row(EV_FILE_STORED, "EX-2", "two");
    assert_string_equal(names(), ""); /* in order or not at all */
    recorder_second(a.h.recorder, hub_now());
    assert_false(a.h.recorder->files_behind);
    assert_string_equal(names(), "two one ");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_batch_is_there_when_it_is_answered),
        TEST(what_is_lost_is_made_again),
        TEST(it_catches_up_after_a_refusal),
    };

    alone_clock();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
