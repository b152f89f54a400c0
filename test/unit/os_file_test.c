#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/cordon-file-XXXXXX", path[64];

static int before(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/cordon-file-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/a.txt", folder);
    return 0;
}

/* Fails when a draft was left behind. */
static int after(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void is(const char *want, unsigned mode)
{
    char text[64];
    struct stat st;
    struct err e;
    size_t n;

    assert_true(file_read(path, text, sizeof text, &n, &e));
    assert_true(str_eq(str_of(text, n), str_from(want)));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, mode);
}

static void replaces(void **state)
{
    struct err e;

    (void)state;
    assert_true(file_write(path, STR("first"), 0644, &e));
    is("first", 0644);
    assert_true(file_write(path, STR("second one"), 0600, &e));
    is("second one", 0600);
    assert_true(file_write(path, (struct str){0}, 0600, &e));
    is("", 0600);
}

static void makes_once(void **state)
{
    struct err e;

    (void)state;
    assert_true(file_make(path, STR("first"), 0600, &e));
    assert_false(file_make(path, STR("second"), 0600, &e));
    assert_non_null(strstr(e.text, "File exists"));
    is("first", 0600);
}

static void refuses_with_a_reason(void **state)
{
    char text[8], much[5000], elsewhere[128];
    struct err e;
    size_t n;

    (void)state;
    assert_false(file_read(path, text, sizeof text, &n, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_true(file_write(path, STR("12345678"), 0600, &e));
    assert_true(file_read(path, text, sizeof text, &n, &e));
    assert_int_equal(n, 8);
    assert_true(file_write(path, STR("123456789"), 0600, &e));
    assert_false(file_read(path, text, sizeof text, &n, &e));
    assert_int_equal(e.kind, ERR_INPUT);
    assert_non_null(strstr(e.text, "larger than 8 bytes"));
    assert_false(file_read(folder, text, sizeof text, &n, &e));
    assert_int_equal(e.kind, ERR_WORLD);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/none/a", folder);
    assert_false(file_write(elsewhere, STR("x"), 0600, &e));
    assert_non_null(strstr(e.text, "No such file"));
    memset(much, 'a', sizeof much - 1);
    much[sizeof much - 1] = 0;
    assert_false(file_write(much, STR("x"), 0600, &e));
    assert_false(
        file_write(folder, STR("x"), 0600, &e)); /* a folder stands there: the draft goes */
}

static void makes_folders(void **state)
{
    char inner[64];
    struct stat st;
    struct err e;

    (void)state;
    (void)snprintf(inner, sizeof inner, "%s/ca", folder);
    assert_true(file_folder(inner, 0700, &e));
    assert_true(file_folder(inner, 0755, &e));
    assert_int_equal(stat(inner, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(rmdir(inner), 0);
    assert_true(file_write(path, STR("x"), 0600, &e));
    assert_false(file_folder(path, 0700, &e));
    assert_non_null(strstr(e.text, "cannot be made"));
}

enum { OTHER = 12345 }; /* a user that owns nothing else */

static void make(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

    assert_true(fd >= 0);
    file_give(fd, name);
    assert_int_equal(close(fd), 0);
}

static uid_t owner_of(const char *name)
{
    struct stat st;

    assert_int_equal(lstat(name, &st), 0);
    return st.st_uid;
}

/* What root makes in another's folder is his; what he could have put under that name to be given it is not. */
static void roots_files_go_to_who_owns_the_folder_and_nothing_else_does(void **state)
{
    char theirs[64], inside[80], outside[80], link_there[80];
    int fd;

    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give anything away */
    (void)snprintf(theirs, sizeof theirs, "%s/theirs", folder);
    (void)snprintf(inside, sizeof inside, "%s/journal.lock", theirs);
    (void)snprintf(outside, sizeof outside, "%s/secret", folder);
    (void)snprintf(link_there, sizeof link_there, "%s/link", theirs);
    make(outside);
    assert_int_equal(mkdir(theirs, 0700), 0);
    assert_int_equal(chown(theirs, OTHER, OTHER), 0);
    make(inside);
    assert_int_equal(owner_of(inside), OTHER);
    assert_int_equal(symlink(outside, link_there), 0);
    fd = open(link_there, O_RDWR); /* somebody forgot O_NOFOLLOW */
    assert_true(fd >= 0);
    file_give(fd, link_there);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(link_there), 0);
    assert_int_equal(link(outside, link_there), 0);
    fd = open(link_there, O_RDWR | O_NOFOLLOW);
    assert_true(fd >= 0);
    file_give(fd, link_there);
    assert_int_equal(close(fd), 0);
    assert_int_equal(owner_of(outside), 0);
    assert_int_equal(unlink(link_there) | unlink(inside) | unlink(outside) | rmdir(theirs), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(replaces),
        TEST(makes_once),
        TEST(refuses_with_a_reason),
        TEST(makes_folders),
        TEST(roots_files_go_to_who_owns_the_folder_and_nothing_else_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
