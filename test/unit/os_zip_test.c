/* Good archives are read, hostile ones are refused with a sentence that says why; what is written can be read. */
#include "os/zip.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support.h"
#include "support/folder.h"

enum { BYTES_MAX = 64 << 20 };

static char *folder;

static int before(void **state)
{
    (void)state;
    folder = folder_make();
    return 0;
}

static int after(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static const char *archive(const char *name)
{
    char file[64];

    (void)snprintf(file, sizeof file, "test/data/zip/%s.zip", name);
    return test_source(file);
}

static void good_ones_are_read(void **state)
{
    struct zip_reader *z;
    char bytes[512];
    struct err e;
    size_t n, i;

    (void)state;
    assert_true(zip_read_open(archive("good"), BYTES_MAX, &z, &e));
    assert_int_equal(zip_count(z), 4);
    assert_true(zip_entry(z, 0).is_dir && str_eq(zip_entry(z, 0).name, STR("folder/")));
    assert_false(zip_entry(z, 1).is_dir);
    assert_int_equal(zip_entry(z, 1).size, 360);
    assert_true(zip_entry(z, 1).packed < 100);
    assert_true(zip_read(z, 1, bytes, sizeof bytes, &n, &e));
    assert_int_equal(n, 360);
    assert_memory_equal(bytes, "EX a line of text\nEX a line", 27);
    assert_true(zip_find(z, STR("b.bin"), &i));
    assert_true(zip_read(z, i, bytes, 3, &n, &e));
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "\0\1\2", 3);
    assert_true(zip_find(z, STR("اردو.txt"), &i));
    assert_false(zip_find(z, STR("folder"), &i));
    assert_false(zip_read(z, 1, bytes, 359, &n, &e));
    assert_int_equal(e.kind, ERR_FULL);
    zip_read_close(z);

    assert_true(zip_read_open(archive("streamed"), BYTES_MAX, &z, &e));
    assert_true(zip_read(z, 0, bytes, sizeof bytes, &n, &e));
    assert_int_equal(n, 360);
    zip_read_close(z);

    assert_true(zip_read_open(archive("empty"), BYTES_MAX, &z, &e));
    assert_int_equal(zip_count(z), 0);
    zip_read_close(z);
}

static void hostile_ones_are_refused(void **state)
{
    static const struct {
        const char *name, *why;
    } rows[] = {
        {"absolute", "absolute path"},
        {"parent", "climbs"},
        {"parent_end", "climbs"},
        {"dot", "climbs"},
        {"double_slash", "climbs"},
        {"backslash", "backslash"},
        {"drive", "absolute path"},
        {"nul", "a NUL in it"},
        {"newline", "control characters"},
        {"control", "control characters"},
        {"not_utf8", "not UTF-8"},
        {"no_name", "empty"},
        {"long_name", "longer than 512"},
        {"twice", "a name in it twice"},
        {"symlink", "a link or a device"},
        {"device", "a link or a device"},
        {"encrypted", "encrypted"},
        {"bzip2", "packed in a way"},
        {"bomb", "bomb"},
        {"zip64", "Zip64"},
        {"many_said", "more than 4096 entries"},
        {"table_said", "more than 4096 entries"},
        {"more_than_said", "no zip archive that can be read"},
        {"truncated", "no zip archive that can be read"},
        {"no_table", "no zip archive that can be read"},
        {"behind_text", "no zip archive that can be read"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct zip_reader *z = NULL;
        struct err e = {0};

        if (zip_read_open(archive(rows[i].name), BYTES_MAX, &z, &e))
            fail_msg("%s was taken", rows[i].name);
        if (e.kind != ERR_INPUT || !strstr(e.text, rows[i].why))
            fail_msg("%s: kind %d: %s", rows[i].name, (int)e.kind, e.text);
        assert_null(z);
    }
}

/* What only unpacking shows. */
static void bytes_that_are_not_as_said_are_refused(void **state)
{
    static const char *const names[] = {"longer_than_said", "shorter_than_said", "wrong_checksum"};

    (void)state;
    for (size_t i = 0; i < COUNTOF(names); i++) {
        struct zip_reader *z;
        char bytes[8192];
        struct err e;
        size_t n;

        if (!zip_read_open(archive(names[i]), BYTES_MAX, &z, &e))
            continue;
        if (zip_read(z, 0, bytes, sizeof bytes, &n, &e))
            fail_msg("%s was read: %zu bytes", names[i], n);
        assert_int_equal(e.kind, ERR_INPUT);
        zip_read_close(z);
    }
}

static void the_sum_of_all_entries_counts(void **state)
{
    struct zip_reader *z;
    struct err e;

    (void)state;
    assert_true(zip_read_open(archive("overlapping"), 635, &z, &e));
    zip_read_close(z);
    assert_false(zip_read_open(archive("overlapping"), 634, &z, &e));
    assert_non_null(strstr(e.text, "more than 634 bytes"));
}

static void a_file_that_is_not_there_is_told_apart(void **state)
{
    struct zip_reader *z;
    struct err e;

    (void)state;
    assert_false(zip_read_open(test_path(folder, "none.zip"), BYTES_MAX, &z, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_false(zip_read_open(folder, BYTES_MAX, &z, &e));
    assert_int_equal(e.kind, ERR_WORLD);
}

/* n entries of one byte, as a file. */
static const char *written(size_t n)
{
    const char *path = test_path(folder, "made.zip");
    struct zip_writer *w;
    struct err e;

    assert_true(zip_write_open(path, &w, &e));
    for (size_t i = 0; i < n; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "entry-%zu", i);
        assert_true(zip_write_add(w, str_from(name), STR("x"), &e));
    }
    assert_true(zip_write_close(w, &e));
    return path;
}

static void the_most_entries_are_taken_and_one_more_is_not(void **state)
{
    struct zip_reader *z;
    struct err e;

    (void)state;
    assert_true(zip_read_open(written(ZIP_ENTRIES_MAX), BYTES_MAX, &z, &e));
    assert_int_equal(zip_count(z), ZIP_ENTRIES_MAX);
    zip_read_close(z);
    assert_false(zip_read_open(written(ZIP_ENTRIES_MAX + 1), BYTES_MAX, &z, &e));
    assert_non_null(strstr(e.text, "more than 4096 entries"));
}

static void the_same_entries_give_the_same_bytes(void **state)
{
    char *bytes[2];
    size_t len[2];
    struct err e;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct zip_writer *w;

        assert_true(zip_write_open(NULL, &w, &e));
        assert_true(zip_write_add(w, STR("MANIFEST/manifest.xml"), STR("<EX/>"), &e));
        assert_true(zip_write_add(w, STR("empty"), (struct str){0}, &e));
        assert_true(zip_write_take(w, &bytes[i], &len[i], &e));
    }
    assert_int_equal(len[0], len[1]);
    assert_memory_equal(bytes[0], bytes[1], len[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void a_writer_refuses_what_a_reader_would(void **state)
{
    static const char *const names[] = {"", "/a", "../a", "a/../b", "a\\b", "C:a", "a\nb", "a\xff", "there"};
    struct zip_writer *w;
    struct err e;

    (void)state;
    assert_true(zip_write_open(NULL, &w, &e));
    assert_true(zip_write_add(w, STR("there"), STR("x"), &e));
    for (size_t i = 0; i < COUNTOF(names); i++) {
        if (zip_write_add(w, str_from(names[i]), STR("x"), &e))
            fail_msg("\"%s\" was taken", names[i]);
        assert_int_equal(e.kind, ERR_INPUT);
    }
    zip_write_drop(w);
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
    struct zip_writer *w;
    struct err e;

    (void)state;
    assert_true(zip_write_open(test_path(folder, "none/made.zip"), &w, &e));
    assert_true(zip_write_add(w, STR("a"), STR("x"), &e));
    assert_false(zip_write_close(w, &e));
    assert_int_equal(e.kind, ERR_WORLD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_read),
        cmocka_unit_test(hostile_ones_are_refused),
        cmocka_unit_test(bytes_that_are_not_as_said_are_refused),
        cmocka_unit_test(the_sum_of_all_entries_counts),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_told_apart, before, after),
        cmocka_unit_test_setup_teardown(the_most_entries_are_taken_and_one_more_is_not, before, after),
        cmocka_unit_test(the_same_entries_give_the_same_bytes),
        cmocka_unit_test(a_writer_refuses_what_a_reader_would),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_is_told, before, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
