#include "store/blobs.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static char *dir;
static struct blobs *blobs;
static struct err e;
static long writes_left, syncs_left; /* then the disk is full, or fails; -1: never */

static ssize_t full_write(int fd, const void *bytes, size_t n)
{
    if (writes_left == 0) {
        errno = ENOSPC;
        return n > 8 ? write(fd, bytes, 8) : -1; /* torn: a part of it is there */
    }
    writes_left -= writes_left > 0;
    return write(fd, bytes, n);
}

static int failing_sync(int fd)
{
    if (syncs_left == 0) {
        errno = EIO;
        return -1;
    }
    syncs_left -= syncs_left > 0;
    return fsync(fd);
}

static struct blobs_options options;

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    writes_left = syncs_left = -1;
    options = (struct blobs_options){.file_max = 1 << 20, .quota = 3 << 20, .spare = 1, .write = full_write,
                                     .sync = failing_sync};
    assert_true(blobs_open(dir, &options, &blobs, &e));
    return 0;
}

static int end(void **state)
{
    char command[512];

    (void)state;
    blobs_close(blobs);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
    free(dir);
    return 0;
}

static void open_again(void)
{
    blobs_close(blobs);
    assert_true(blobs_open(dir, &options, &blobs, &e));
}

static bool put(struct str bytes, struct str want, struct blob_kept *k)
{
    struct blob *b;

    if (!blob_begin(blobs, bytes.len, &b, &e))
        return false;
    if (!blob_take(b, bytes, &e)) {
        blob_drop(b);
        return false;
    }
    return blob_end(b, want, k, &e);
}

static size_t temporary_files(void)
{
    char path[512];
    DIR *d;
    size_t n = 0;

    (void)snprintf(path, sizeof path, "%s/blobs/coming", dir);
    d = opendir(path);
    assert_non_null(d);
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n - 2;
}

static void path_of(const struct blob_kept *k, char out[512])
{
    static const char digits[] = "0123456789abcdef";
    char hex[65] = "";

    for (size_t i = 0; i < sizeof k->sha256; i++) {
        hex[2 * i] = digits[k->sha256[i] >> 4];
        hex[2 * i + 1] = digits[k->sha256[i] & 15];
    }
    (void)snprintf(out, 512, "%s/blobs/%.2s/%s", dir, hex, hex + 2);
}

static void bytes_come_back_under_their_hash(void **state)
{
    struct blob_kept k, again;
    struct str abc = STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    char text[8] = "", path[512];
    uint64_t size = 0;
    struct stat st;
    int fd;

    (void)state;
    assert_true(put(STR("abc"), abc, &k));
    assert_true(k.size == 3 && !k.was_here);
    fd = blob_open(dir, k.sha256, &size);
    assert_true(fd >= 0 && size == 3);
    assert_int_equal(read(fd, text, sizeof text), 3);
    assert_string_equal(text, "abc");
    (void)close(fd);
    path_of(&k, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* Once more: the same file, counted once. */
    assert_true(put(STR("abc"), (struct str){0}, &again) && again.was_here);
    assert_true(blobs_figures(blobs).bytes == 3 && blobs_figures(blobs).files == 1 && blobs_figures(blobs).coming == 0);
    open_again();
    assert_true(blobs_figures(blobs).bytes == 3 && blobs_figures(blobs).files == 1);
    assert_int_equal(temporary_files(), 0);
}

static void another_hash_is_refused_and_nothing_stays(void **state)
{
    struct str abd = STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ae");
    struct blob_kept k;

    (void)state;
    assert_false(put(STR("abc"), abd, &k));
    assert_int_equal(e.kind, ERR_INPUT);
    assert_non_null(strstr(e.text, "another SHA-256"));
    assert_false(put(STR("abc"), STR("ba78"), &k));
    assert_int_equal(e.kind, ERR_INPUT);
    assert_true(blobs_figures(blobs).bytes == 0 && blobs_figures(blobs).coming == 0);
    assert_int_equal(temporary_files(), 0);
}

static void the_limits_hold(void **state)
{
    static char million[1 << 20];
    struct blob_kept k;
    struct blob *b[3];

    (void)state;
    assert_false(blob_begin(blobs, (1 << 20) + 1, &b[0], &e));
    assert_int_equal(e.kind, ERR_FULL);
    /* Larger than it said: refused where it gets too large, whatever was announced. */
    assert_true(blob_begin(blobs, 10, &b[0], &e));
    assert_true(blob_take(b[0], str_of(million, sizeof million), &e));
    assert_false(blob_take(b[0], STR("x"), &e));
    assert_int_equal(e.kind, ERR_FULL);
    blob_drop(b[0]);
    /* What is promised counts, so that two who come at once do not pass together. */
    for (int i = 0; i < 3; i++)
        assert_true(blob_begin(blobs, 1 << 20, &b[i], &e));
    assert_false(put(STR("abc"), (struct str){0}, &k));
    assert_int_equal(e.kind, ERR_FULL);
    assert_non_null(strstr(e.text, "files_quota_gib"));
    for (int i = 0; i < 3; i++)
        blob_drop(b[i]);
    assert_true(put(STR("abc"), (struct str){0}, &k));
    assert_true(blobs_figures(blobs).coming == 0);
}

static void the_last_of_the_disk_is_for_the_record(void **state)
{
    struct blob_kept k;

    (void)state;
    options.spare = UINT64_MAX / 4;
    open_again();
    assert_false(put(STR("abc"), (struct str){0}, &k));
    assert_int_equal(e.kind, ERR_FULL);
    assert_non_null(strstr(e.text, "for the record"));
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    static const long fails[] = {0, 1, 1}; /* the folder above, the file, the file's folder */
    struct blob_kept k;
    struct blob *b;

    (void)state;
    writes_left = 1;
    assert_true(blob_begin(blobs, 0, &b, &e));
    assert_true(blob_take(b, STR("0123456789abcdef"), &e));
    assert_false(blob_take(b, STR("more than eight bytes"), &e)); /* torn in the middle */
    assert_int_equal(e.kind, ERR_FULL);
    assert_non_null(strstr(e.text, "make room"));
    blob_drop(b);
    assert_int_equal(temporary_files(), 0);
    assert_true(blobs_figures(blobs).bytes == 0 && blobs_figures(blobs).coming == 0);
    writes_left = -1;
    for (size_t i = 0; i < COUNTOF(fails); i++) {
        syncs_left = fails[i];
        assert_false(put(STR("0123456789abcdef"), (struct str){0}, &k));
        assert_int_equal(e.kind, ERR_WORLD);
        assert_int_equal(temporary_files(), 0);
    }
    syncs_left = -1;
    assert_true(put(STR("0123456789abcdef"), (struct str){0}, &k));
}

static void what_was_cut_off_is_gone_after_a_start(void **state)
{
    char path[512];
    int fd;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/blobs/coming/half", dir);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0 && write(fd, "half", 4) == 4);
    (void)close(fd);
    open_again();
    assert_int_equal(temporary_files(), 0);
    assert_true(blobs_figures(blobs).bytes == 0);
}

static bool is_first(void *ctx, const unsigned char sha256[SHA256_SIZE])
{
    const struct blob_kept *k = ctx;

    return memcmp(k->sha256, sha256, SHA256_SIZE) == 0;
}

static void make_old(const struct blob_kept *k)
{
    struct timespec long_ago[2] = {{1, 0}, {1, 0}};
    char path[512];

    path_of(k, path);
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

static size_t sweep_all(int64_t before_ms)
{
    size_t gone, all = 0;

    for (unsigned i = 0; i < BLOBS_FOLDERS; i++) {
        assert_true(blobs_sweep(blobs, i, before_ms, &gone, &e));
        all += gone;
    }
    return all;
}

static void only_old_bytes_that_nobody_refers_to_go(void **state)
{
    struct blob_kept used, loose, fresh;
    uint64_t size;
    int fd;

    (void)state;
    assert_true(put(STR("used"), (struct str){0}, &used) && put(STR("loose"), (struct str){0}, &loose) &&
                put(STR("fresh"), (struct str){0}, &fresh));
    make_old(&used);
    make_old(&loose);
    blobs_ask(blobs, is_first, &used);
    assert_true(blobs_in_use(blobs, used.sha256) && !blobs_in_use(blobs, loose.sha256));
    assert_int_equal(sweep_all(2000000), 1);
    fd = blob_open(dir, used.sha256, &size);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_true(blob_open(dir, loose.sha256, &size) < 0);
    assert_true(blobs_figures(blobs).files == 2 && blobs_figures(blobs).bytes == 9);
    /* It comes once more: then it is new. */
    make_old(&fresh);
    assert_true(put(STR("fresh"), (struct str){0}, &fresh));
    assert_int_equal(sweep_all(2000000), 0);
}

static char findings[1024];

static void note_bad(void *ctx, const char *name, const char *finding)
{
    (void)ctx;
    (void)snprintf(findings, sizeof findings, "%s: %s", name, finding);
}

static void a_flipped_bit_is_found_and_mended_by_the_next_upload(void **state)
{
    struct blobs_check c;
    struct blob_kept k;
    char path[512];
    int fd;

    (void)state;
    assert_true(put(STR("abc"), (struct str){0}, &k));
    assert_true(blobs_verify(dir, note_bad, NULL, &c, &e) && c.files == 1 && c.bytes == 3 && c.bad == 0);
    path_of(&k, path);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0 && write(fd, "abd", 3) == 3);
    (void)close(fd);
    assert_true(blobs_verify(dir, note_bad, NULL, &c, &e) && c.bad == 1);
    assert_non_null(strstr(findings, "ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    assert_true(put(STR("abc"), (struct str){0}, &k));
    assert_true(blobs_verify(dir, note_bad, NULL, &c, &e) && c.bad == 0);
    (void)snprintf(path, sizeof path, "%s/blobs/ba/stranger", dir);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_true(blobs_verify(dir, note_bad, NULL, &c, &e) && c.bad == 1 && strstr(findings, "no place here"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(bytes_come_back_under_their_hash),
        TEST(another_hash_is_refused_and_nothing_stays),
        TEST(the_limits_hold),
        TEST(the_last_of_the_disk_is_for_the_record),
        TEST(a_full_disk_leaves_nothing_behind),
        TEST(what_was_cut_off_is_gone_after_a_start),
        TEST(only_old_bytes_that_nobody_refers_to_go),
        TEST(a_flipped_bit_is_found_and_mended_by_the_next_upload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
