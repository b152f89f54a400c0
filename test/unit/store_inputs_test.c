/* The inputs that were made while the server runs. */
#include "base/buf.h"
#include "store/inputs.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char seen[4096];

static bool see(void *ctx, const struct input_row *row)
{
    struct buf *b = ctx;

    buf_fmt(b, "%.*s=%.*s/%zu ", STR_ARG(row->name), STR_ARG(row->spec), row->token_hash.len);
    return !b->full;
}

static const char *all(struct input_store *s)
{
    struct buf b = buf_over(seen, sizeof seen - 1);
    struct err e;

    assert_true(inputs_each(s, see, &b, &e));
    seen[b.len] = 0;
    return seen;
}

static void keeps_what_was_made(void **state)
{
    static const char hash[INPUT_TOKEN_HASH] = "exercise";
    char *dir = folder_make();
    struct input_store *s, *other;
    struct input_row a = {STR("b"), STR("b udp port=1"), {0}, 5}, b = {STR("a"), STR("a http"), {hash, sizeof hash}, 6};
    struct err e;

    (void)state;
    assert_true(inputs_open(dir, &s, &e));
    assert_true(inputs_open(dir, &other, &e));
    assert_false(inputs_changed(s));
    assert_true(inputs_put(other, &a, &e) && inputs_put(other, &b, &e));
    assert_true(inputs_changed(s));
    assert_false(inputs_changed(s));
    assert_string_equal(all(s), "a=a http/32 b=b udp port=1/0 ");
    a.spec = STR("b udp port=2");
    assert_true(inputs_put(s, &a, &e));
    assert_false(inputs_changed(s)); /* its own */
    assert_string_equal(all(other), "a=a http/32 b=b udp port=2/0 ");
    assert_true(inputs_drop(s, STR("a"), &e));
    assert_false(inputs_drop(s, STR("a"), &e));
    assert_int_equal(e.kind, ERR_MISSING);
    for (int i = 0; i < INPUT_ROWS_MAX - 1; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "n%d", i);
        a.name = str_from(name);
        assert_true(inputs_put(s, &a, &e));
    }
    a.name = STR("one more");
    assert_false(inputs_put(s, &a, &e));
    assert_int_equal(e.kind, ERR_FULL);
    a.name = STR("b");
    assert_true(inputs_put(s, &a, &e)); /* is there already */
    inputs_close(s);
    inputs_close(other);
    folder_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_what_was_made)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
