#include "edge/json.h"
#include "edge/web_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void path_rows(void **state)
{
    static const struct {
        const char *pattern, *path;
        bool fits;
        const char *part[REQUEST_PARTS];
    } rows[] = {
        {"/", "/", true, {0}},
        {"/", "/a", false, {0}},
        {"/api/chat", "/api/chat", true, {0}},
        {"/api/chat", "/api/chat/", false, {0}},
        {"/t/{}/{}/{}/{}", "/t/city/1/2/3", true, {"city", "1", "2", "3"}},
        {"/t/{}/{}/{}/{}", "/t/city/1/2", false, {0}},
        {"/t/{}/{}/{}/{}", "/t//1/2/3", false, {0}},
        {"/t/{}/{}/{}/{}", "/t/city/1/2/3/4", false, {0}},
        {"/api/emergencies/{*}/acknowledge", "/api/emergencies/A/B/acknowledge", true, {"A/B"}},
        {"/api/emergencies/{*}/acknowledge", "/api/emergencies//acknowledge", false, {0}},
        {"/api/emergencies/{*}/acknowledge", "/api/emergencies/acknowledge", false, {0}},
        {"/api/emergencies/{*}/acknowledge", "/acknowledge", false, {0}},
        {"/{*}", "/x/y", true, {"x/y"}},
        {"/{*}", "/", false, {0}},
        {"/{*}", "", false, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct str part[REQUEST_PARTS] = {{0}};

        if (path_fits(rows[i].pattern, str_from(rows[i].path), part) != rows[i].fits)
            fail_msg("%s and %s", rows[i].pattern, rows[i].path);
        for (size_t k = 0; rows[i].fits && k < REQUEST_PARTS && rows[i].part[k]; k++)
            assert_true(str_eq(part[k], str_from(rows[i].part[k])));
    }
}

static void query_rows(void **state)
{
    struct str q = STR("after=12&limit=&kinds=a,b&after=13&x"), v;
    int64_t n = 0;

    (void)state;
    assert_true(query_get(q, STR("after"), &v) && str_eq(v, STR("12")));
    assert_true(query_get(q, STR("kinds"), &v) && str_eq(v, STR("a,b")));
    assert_true(query_get(q, STR("x"), &v) && v.len == 0);
    assert_false(query_get(q, STR("fter"), &v));
    assert_true(query_int(q, STR("after"), 100, 5, &n) && n == 12);
    assert_true(query_int(q, STR("before"), 100, 5, &n) && n == 5);
    assert_false(query_int(q, STR("after"), 11, 5, &n));
    assert_false(query_int(q, STR("limit"), 11, 5, &n));
    assert_false(query_int(STR("after=-1"), STR("after"), 11, 5, &n));
    q = str_of("name=Fire & Rescue\0uid=a=b\0x\0", 30); /* as it comes from the wire */
    assert_true(query_get(q, STR("name"), &v) && str_eq(v, STR("Fire & Rescue")));
    assert_true(query_get(q, STR("uid"), &v) && str_eq(v, STR("a=b")));
    assert_true(query_get(q, STR("x"), &v) && v.len == 0);
}

static void form_rows(void **state)
{
    static const struct {
        const char *form, *value;
    } rows[] = {
        {"password=a+b%26c%3d", "a b&c="},
        {"x=1&password=%D8%B3", "\xd8\xb3"},
        {"password=", ""},
        {"password", ""},
        {"passwords=1", NULL},
        {"password=%4", NULL},
        {"password=%zz", NULL},
        {"password=a%00b", NULL},
        {"password=0123456789", NULL}, /* longer than there is room */
    };
    char out[10];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        bool is = form_get(str_from(rows[i].form), STR("password"), out, sizeof out);

        if (is != (rows[i].value != NULL) || (is && strcmp(out, rows[i].value) != 0))
            fail_msg("%s", rows[i].form);
    }
    assert_false(form_get(str_of("password=a\0", 11), STR("password"), out, sizeof out));
}

static void cookie_rows(void **state)
{
    static const struct {
        const char *cookies, *value;
    } rows[] = {
        {"__Host-cordon=abc", "abc"},
        {"a=1; __Host-cordon=abc; b=2", "abc"},
        {"a=1;__Host-cordon=abc;b=2", "abc"},
        {"x__Host-cordon=abc", NULL},
        {"a=__Host-cordon=abc", NULL},
        {"__Host-cordon", ""},
        {"", NULL},
        {";;;", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct str v;
        bool is = cookie_get(str_from(rows[i].cookies), STR("__Host-cordon"), &v);

        assert_int_equal(is, rows[i].value != NULL);
        assert_true(!is || str_eq(v, str_from(rows[i].value)));
    }
}

static void origin_rows(void **state)
{
    static const struct {
        const char *origin, *host;
        bool fits;
    } rows[] = {
        {"https://10.0.0.1:8443", "10.0.0.1:8443", true},
        {"https://Post.local:8443", "post.LOCAL:8443", true},
        {"http://10.0.0.1:8443", "10.0.0.1:8443", false},
        {"https://10.0.0.1", "10.0.0.1:8443", false},
        {"https://10.0.0.1:8443.evil.example", "10.0.0.1:8443", false},
        {"null", "10.0.0.1:8443", false},
        {"", "", false},
        {"https://", "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(origin_fits(str_from(rows[i].origin), str_from(rows[i].host)),
                         rows[i].fits);
}

static void gzip_rows(void **state)
{
    static const struct {
        const char *accepts;
        bool fits;
    } rows[] = {
        {"", true},
        {"gzip", true},
        {"deflate, gzip;q=0.5", true},
        {"gzip;q=0", false},
        {"gzip; q=0.0, br", false},
        {"br", false},
        {"identity", false},
        {"*", true},
        {"*;q=0", false},
        {",,", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (gzip_fits(str_from(rows[i].accepts)) != rows[i].fits)
            fail_msg("%s", rows[i].accepts);
}

static void text_rows(void **state)
{
    (void)state;
    assert_true(text_is_plain(STR("two\nlines\tand \xd8\xb3"), true));
    assert_false(text_is_plain(STR("two\nlines"), false));
    assert_false(text_is_plain(STR("a\x01"), true));
    assert_false(text_is_plain(str_of("a\0b", 3), true));
    assert_false(text_is_plain(STR("\xef\xbf\xbf"), true));
    assert_true(text_is_plain(STR("\xef\xbf\xbd"), true));
    assert_false(text_is_plain(STR("\xff"), true));
    assert_true(type_is_json(STR("application/json")));
    assert_true(type_is_json(STR("Application/JSON; charset=utf-8")));
    assert_false(type_is_json(STR("application/jsonx")));
    assert_false(type_is_json(STR("")));
}

static void a_problem_is_json(void **state)
{
    struct reply r = {0};
    struct json *j;
    struct str detail;
    char longer[900];
    struct err e;

    (void)state;
    reply_problem(&r, 404, "There is no \"unit\"\n");
    assert_int_equal(r.status, 404);
    assert_true(json_read(r.body, &j, &e));
    assert_true(json_take_text(j, "detail", (struct json_length){1, 100}, &detail, &e));
    assert_true(str_eq(detail, STR("There is no \"unit\"\n")));
    json_drop(j);
    memset(longer, '"', sizeof longer - 1); /* every one becomes two */
    longer[sizeof longer - 1] = 0;
    reply_problem(&r, 503, longer);
    assert_true(json_read(r.body, &j, &e));
    json_drop(j);
    reply_free(&r);
}

static void heads(void **state)
{
    char text[2048];
    struct buf b = buf_over(text, sizeof text);
    struct reply r = {
        .status = 200, .type = "text/html", .body = STR("hello"), .gzip = true, .immutable = true};

    (void)state;
    reply_head(&r, &b);
    assert_false(b.full);
    assert_true(str_starts(buf_str(&b), STR("HTTP/1.1 200 OK\r\n")));
    assert_true(str_ends(buf_str(&b), STR("\r\n\r\n")));
    assert_true(str_find(buf_str(&b), STR("content-length: 5\r\n")) < b.len);
    assert_true(str_find(buf_str(&b), STR("frame-ancestors 'none'")) < b.len);
    assert_true(str_find(buf_str(&b), STR("immutable")) < b.len);
    r = (struct reply){.status = 204};
    b = buf_over(text, sizeof text);
    reply_head(&r, &b);
    assert_true(str_find(buf_str(&b), STR("content-length")) == b.len);
    assert_true(str_find(buf_str(&b), STR("no-store")) < b.len);
}

static void json_refusals(void **state)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "1",
                                      "null",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":\"\\u0000\"}",
                                      "{\"a\":\"\xff\"}",
                                      "{}x"};
    struct json *j = NULL;
    struct str s;
    uint64_t n;
    bool is;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        assert_false(json_read(str_from(bad[i]), &j, &e));
        assert_null(j);
        assert_true(e.text[0]);
    }
    assert_true(json_read(STR("{\"a\":\"text\",\"n\":7,\"z\":null,\"m\":-1,\"f\":1.5}"), &j, &e));
    assert_true(json_take_text(j, "a", (struct json_length){1, 4}, &s, &e) &&
                str_eq(s, STR("text")));
    assert_false(json_take_text(j, "a", (struct json_length){1, 3}, &s, &e));
    assert_false(json_take_text(j, "n", (struct json_length){1, 3}, &s, &e));
    assert_false(json_take_text(j, "none", (struct json_length){0, 3}, &s, &e));
    assert_true(json_take_number(j, "n", &is, &n, &e) && is && n == 7);
    assert_true(json_take_number(j, "z", &is, &n, &e) && !is);
    assert_true(json_take_number(j, "none", &is, &n, &e) && !is);
    assert_false(json_take_number(j, "m", &is, &n, &e));
    assert_false(json_take_number(j, "f", &is, &n, &e));
    json_drop(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_rows),         cmocka_unit_test(query_rows),
        cmocka_unit_test(cookie_rows),       cmocka_unit_test(origin_rows),
        cmocka_unit_test(gzip_rows),         cmocka_unit_test(text_rows),
        cmocka_unit_test(a_problem_is_json), cmocka_unit_test(heads),
        cmocka_unit_test(json_refusals),     cmocka_unit_test(form_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
