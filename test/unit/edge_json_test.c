/* The reader of JSON: what it refuses, and walking through what it read. */
#include "base/buf.h"
#include "edge/json.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "not JSON"},           {"[1]", "not an object"},       {"{\"a\":1,\"a\":2}", "not JSON"},
        {"{\"a\":\"\xff\"}", "not JSON"}, {"{\"a\":\"\\u0000\"}", "not JSON"}, {"{\"a\":1} x", "not JSON"},
    };
    struct json *j;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        assert_false(json_read(str_from(rows[i].text), &j, &e));
        assert_non_null(strstr(e.text, rows[i].why));
        assert_null(j);
    }
}

static void test_only_named_members(void **state)
{
    struct json *j;
    struct err e;

    (void)state;
    assert_true(json_read(STR("{\"id\":1,\"kind\":2}"), &j, &e));
    assert_true(json_only(j, "id,kind,fields", &e));
    assert_false(json_only(j, "id,kinds", &e));
    assert_non_null(strstr(e.text, "\"kind\" is none of id,kinds"));
    json_drop(j);
}

static void test_depth(void **state)
{
    char text[2 * JSON_DEPTH + 32];
    struct json *j;
    struct err e;

    (void)state;
    for (int lists = JSON_DEPTH - 1; lists <= JSON_DEPTH; lists++) {
        struct buf b = buf_over(text, sizeof text);

        buf_put(&b, STR("{\"a]\\\"[\":"));
        for (int i = 0; i < lists; i++)
            buf_byte(&b, '[');
        for (int i = 0; i < lists; i++)
            buf_byte(&b, ']');
        buf_byte(&b, '}');
        assert_int_equal(json_read(buf_str(&b), &j, &e), lists < JSON_DEPTH);
        json_drop(j);
    }
    assert_non_null(strstr(e.text, "nested deeper"));
}

static void test_walks(void **state)
{
    static const enum json_is kinds[] = {JSON_TEXT,   JSON_WHOLE, JSON_FRACTION, JSON_YES_NO,
                                         JSON_IS_NULL, JSON_LIST, JSON_IS_OBJECT};
    struct json_value v, root;
    struct json *j;
    struct str name;
    void *at = NULL;
    size_t n = 0;
    struct err e;

    (void)state;
    assert_true(json_read(STR("{\"t\":\"x\",\"w\":-7,\"f\":1.5,\"b\":true,\"n\":null,\"l\":[1,2],"
                              "\"o\":{\"z\":1}}"),
                          &j, &e));
    root = json_root(j);
    for (; json_each(root, &at, &name, &v); n++) {
        assert_int_equal(name.len, 1);
        assert_int_equal(json_is(v), kinds[n]);
    }
    assert_int_equal(n, COUNTOF(kinds));
    assert_true(str_eq(json_as_text(json_get(root, "t")), STR("x")));
    assert_int_equal(json_as_whole(json_get(root, "w")), -7);
    assert_true(json_as_number(json_get(root, "f")) == 1.5 && json_as_number(json_get(root, "w")) == -7);
    assert_true(json_as_bool(json_get(root, "b")) && !json_as_bool(json_get(root, "n")));
    assert_int_equal(json_count(json_get(root, "l")), 2);
    assert_int_equal(json_as_whole(json_at(json_get(root, "l"), 1)), 2);
    assert_int_equal(json_is(json_at(json_get(root, "l"), 2)), JSON_MISSING);
    assert_int_equal(json_as_whole(json_get(json_get(root, "o"), "z")), 1);
    assert_int_equal(json_is(json_get(json_get(root, "t"), "z")), JSON_MISSING);
    assert_int_equal(json_as_text(json_get(root, "w")).len, 0);
    json_drop(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_only_named_members),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_walks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
