#include "edge/byte_range.h"
#include "edge/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What a body is, written as "name|filename|type=bytes;" for each part; "!" when it is refused, "..." when it does not
 * end. */
static const char *parts_of(const char *type, struct str body, size_t step)
{
    static char text[8192];
    struct buf b = buf_over(text, sizeof text - 1);
    struct multipart m;
    enum multipart_is is;
    struct str bytes;
    struct err e;

    if (!multipart_begin(&m, str_from(type), &e))
        return "no";
    while (body.len) {
        size_t n = step < body.len ? step : body.len;
        struct str in = str_cut(body, 0, n);

        body = str_from_at(body, n);
        while ((is = multipart_next(&m, &in, &bytes, &e)) != MULTIPART_MORE) {
            if (is == MULTIPART_BAD)
                return "!";
            if (is == MULTIPART_PART)
                buf_fmt(&b, "%s|%s|%s=", m.part.name, m.part.filename, m.part.type);
            buf_put(&b, bytes);
            if (is == MULTIPART_END)
                buf_byte(&b, ';');
        }
        assert_true(in.len == 0);
    }
    if (!multipart_is_whole(&m))
        buf_put(&b, STR("..."));
    text[b.len] = 0;
    return text;
}

#define TYPE "multipart/form-data; boundary=EX"
#define HEAD(what) "Content-Disposition: form-data; " what "\r\n\r\n"

static void parts_are_found_in_any_slices(void **state)
{
    static const struct {
        const char *type, *body, *expected;
    } rows[] = {
        {TYPE, "--EX\r\n" HEAD("name=\"a\"") "one\r\n--EX--\r\n", "a||=one;"},
        {TYPE, "preamble\r\n--EX  \t\r\n" HEAD("name=a; filename=b.zip") "\r\n--EX--epilogue\r\n--EX\r\n",
         "a|b.zip|=;"},
        {TYPE, "--EX\r\nContent-Type: text/plain\r\n" HEAD("name=\"a\"; filename=\"b \\\"c\\\".txt\"")
         "x\r\n--E\r\n-\r\n--EX--",
         "a|b \"c\".txt|text/plain=x\r\n--E\r\n-;"},
        {TYPE, "--EX\r\n" HEAD("name=\"f\"; filename=\"C:\\dir\\file.jpg\"") "\r\r\r\n--EX\r\n" HEAD("name=g")
         "\r\n\r\n--EX--",
         "f|C:\\dir\\file.jpg|=\r\r;g||=\r\n;"},
        {TYPE, "--EX\r\n" HEAD("name=f; filename=x; filename*=UTF-8''%D9%86%20a") "1\r\n--EX--", "f|\xd9\x86 a|=1;"},
        {TYPE, "--EX\r\n" HEAD("name=f; filename*=UTF-8'en'y%2; filename=x") "1\r\n--EX--", "f|y%2|=1;"},
        {TYPE, "--EX\r\n\r\nno headers\r\n--EX--", "||=no headers;"},
        {TYPE, "--EX--", ""},
        {TYPE, "", "..."},
        {TYPE, "--EX\r\n" HEAD("name=a") "cut of", "a||=cut of..."},
        {TYPE, "--EX\r\n" HEAD("name=a") "1\r\n--EXY\r\n--EX--", "!"},
        {TYPE, "--EX\n" HEAD("name=a") "1", "!"},
        {"multipart/form-data; charset=x; boundary=\"a b\"", "--a b\r\n" HEAD("name=a") "1\r\n--a b--", "a||=1;"},
        {"Multipart/Form-Data;BOUNDARY=q", "--q\r\n" HEAD("NAME=a") "1\r\n--q--", "a||=1;"},
        {"multipart/mixed; boundary=EX", "", "no"},
        {"multipart/form-data", "", "no"},
        {"multipart/form-data; boundary=\"\"", "", "no"},
        {"multipart/form-data; boundary=\"a\rb\"", "", "no"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        for (size_t step = 1; step < 12; step++)
            assert_string_equal(parts_of(rows[i].type, str_from(rows[i].body), step), rows[i].expected);
}

static void what_is_too_much_is_refused(void **state)
{
    static char long_head[8000], many[8000], boundary[128];
    struct buf b = buf_over(long_head, sizeof long_head), m = buf_over(many, sizeof many);

    (void)state;
    buf_put(&b, STR("--EX\r\nX: "));
    while (b.len < 6000)
        buf_byte(&b, 'x');
    buf_put(&b, STR("\r\n\r\n1\r\n--EX--"));
    assert_string_equal(parts_of(TYPE, buf_str(&b), 100), "!");
    for (int i = 0; i < 17; i++)
        buf_put(&m, STR("--EX\r\n\r\n\r\n"));
    buf_put(&m, STR("--EX--"));
    assert_string_equal(parts_of(TYPE, buf_str(&m), 7), "!");
    (void)snprintf(boundary, sizeof boundary, "multipart/form-data; boundary=%071d", 0);
    assert_string_equal(parts_of(boundary, STR("x"), 1), "no");
    (void)snprintf(boundary, sizeof boundary, "multipart/form-data; boundary=%070d", 0);
    assert_string_equal(parts_of(boundary, STR("x"), 1), "...");
}

static void ranges_are_one_part_or_the_whole(void **state)
{
    static const struct {
        const char *range;
        uint64_t size;
        enum bytes_are are;
        uint64_t from, len;
    } rows[] = {
        {"", 10, BYTES_WHOLE, 0, 10},           {"bytes=0-3", 10, BYTES_PART, 0, 4},
        {"bytes=3-", 10, BYTES_PART, 3, 7},     {"bytes=-4", 10, BYTES_PART, 6, 4},
        {"bytes=-40", 10, BYTES_PART, 0, 10},   {"bytes=9-9", 10, BYTES_PART, 9, 1},
        {"bytes=9-99", 10, BYTES_PART, 9, 1},   {"bytes=10-", 10, BYTES_NONE, 0, 0},
        {"bytes=10-12", 10, BYTES_NONE, 0, 0},  {"bytes=-0", 10, BYTES_NONE, 0, 0},
        {"bytes=0-", 0, BYTES_NONE, 0, 0},      {"bytes=-1", 0, BYTES_NONE, 0, 0},
        {"bytes=4-3", 10, BYTES_WHOLE, 0, 10},  {"bytes=0-1,3-4", 10, BYTES_WHOLE, 0, 10},
        {"bytes=", 10, BYTES_WHOLE, 0, 10},     {"bytes=-", 10, BYTES_WHOLE, 0, 10},
        {"bytes=a-b", 10, BYTES_WHOLE, 0, 10},  {"bytes=--1", 10, BYTES_WHOLE, 0, 10},
        {"items=0-3", 10, BYTES_WHOLE, 0, 10},  {"Bytes = 0-3", 10, BYTES_WHOLE, 0, 10},
        {"BYTES=0-0", 10, BYTES_PART, 0, 1},    {"bytes=99999999999999999999-", 10, BYTES_WHOLE, 0, 10},
        {"bytes= 1 - 2 ", 10, BYTES_PART, 1, 2}, {"bytes=+1-2", 10, BYTES_WHOLE, 0, 10},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct byte_range r = byte_range(str_from(rows[i].range), rows[i].size);

        assert_int_equal(r.are, rows[i].are);
        assert_true(r.from == rows[i].from && r.len == rows[i].len);
        assert_true(r.from + r.len <= rows[i].size);
    }
    assert_true(if_range_fits(STR(""), STR("\"x\"")) && if_range_fits(STR("\"x\""), STR("\"x\"")));
    assert_false(if_range_fits(STR("W/\"x\""), STR("\"x\"")));
    assert_true(if_none_match_fits(STR("\"a\", W/\"x\""), STR("\"x\"")) && if_none_match_fits(STR("*"), STR("\"x\"")));
    assert_false(if_none_match_fits(STR("\"a\""), STR("\"x\"")) || if_none_match_fits(STR(""), STR("\"x\"")));
}

static void a_download_has_a_safe_name(void **state)
{
    static const struct {
        const char *name, *expected;
    } rows[] = {
        {"a.zip", "attachment; filename=\"a.zip\""},
        {"../../etc/passwd", "attachment; filename=\"passwd\""},
        {"C:\\x\\y.jpg", "attachment; filename=\"y.jpg\""},
        {"a\"\r\nSet-Cookie: x", "attachment; filename=\"aSet-Cookie x\""},
        {"..", "attachment; filename=\"file\""},
        {"", "attachment; filename=\"file\""},
        {"\xff\xfe", "attachment; filename=\"file\""},
        {".htaccess ", "attachment; filename=\"htaccess\""},
        {"50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"},
        {"\xd9\x86 1.zip", "attachment; filename=\"__ 1.zip\"; filename*=UTF-8''%D9%86%201.zip"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char text[1024];
        struct buf b = buf_over(text, sizeof text - 1);

        put_disposition(&b, str_from(rows[i].name));
        text[b.len] = 0;
        assert_string_equal(text, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_found_in_any_slices),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(ranges_are_one_part_or_the_whole),
        cmocka_unit_test(a_download_has_a_safe_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
