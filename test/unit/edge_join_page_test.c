/* The page of an invite: whole, escaped, in both languages, with the ways that this server offers. */
#include "edge/join_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct package package;
static char text[JOIN_PAGE_MAX];

static struct join_page example(void)
{
    package = (struct package){
        .server = STR("EX <Post>"), .host = STR("10.0.0.5"), .stream_port = 8089, .user = STR("rgr-3")};
    return (struct join_page){.package = &package,
                              .token = STR("EXTOKEN"),
                              .words = STR("crane lemon river"),
                              .left_ms = 3 * 3600000,
                              .uses_left = 1,
                              .waits = true,
                              .likely = PACKAGE_ITAK,
                              .enrols = true};
}

static struct str shown(const struct join_page *p)
{
    struct buf b = buf_over(text, sizeof text);

    join_page(p, &b);
    assert_false(b.full);
    return buf_str(&b);
}

static bool has(struct str page, const char *what)
{
    return str_find(page, str_from(what)) < page.len;
}

static void all_ways_are_there(void **state)
{
    struct join_page p = example();
    struct str page = shown(&p);
    static const char *const wanted[] = {
        "crane lemon river",
        "EX &lt;Post&gt;",
        "<form method=\"post\" action=\"/join/EXTOKEN/package-atak.zip\">",
        "<form method=\"post\" action=\"/join/EXTOKEN/package-itak.zip\">",
        "<form method=\"post\" action=\"/join/EXTOKEN/package-wintak.zip\">",
        "href=\"/join/EXTOKEN/package-atak.zip\"",
        "href=\"tak://com.atakmap.app/enroll?host=10.0.0.5&amp;username=rgr-3&amp;token=EXTOKEN\"",
        "EX &lt;Post&gt;,10.0.0.5,8089,ssl",
        "Good for 3 hours more.",
        "good for one device",
        "admitted you",
        "Not tested on a real phone",
        "lang=\"ur\" dir=\"rtl\"",
        "<details name=\"client\" open>\n<summary><h2>iTAK",
    };

    (void)state;
    assert_true(str_is_utf8(page));
    for (size_t i = 0; i < COUNTOF(wanted); i++)
        if (!has(page, wanted[i]))
            fail_msg("no \"%s\" in the page", wanted[i]);
    assert_false(has(page, "<Post>") || has(page, "<script") || has(page, "http://") || has(page, "https://"));
    assert_false(has(page, "href=\"/join/EXTOKEN/package-itak.zip\""));
}

static void what_does_not_hold_is_left_out(void **state)
{
    struct join_page p = example();
    struct str page;

    (void)state;
    p.waits = p.enrols = false;
    p.uses_left = 20;
    p.left_ms = 90000;
    page = shown(&p);
    assert_false(has(page, "admitted you") || has(page, "one device"));
    assert_false(has(page, "tak://") || has(page, "Other ways"));
    assert_true(has(page, "Good for 2 minutes more."));
}

static void the_client_is_guessed_by_the_browser(void **state)
{
    (void)state;
    assert_int_equal(join_page_likely(STR("Mozilla/5.0 (Windows NT 10.0; Win64)")), PACKAGE_WINTAK);
    assert_int_equal(join_page_likely(STR("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)")), PACKAGE_ITAK);
    assert_int_equal(join_page_likely(STR("Mozilla/5.0 (Linux; Android 14)")), PACKAGE_ATAK);
    assert_int_equal(join_page_likely((struct str){0}), PACKAGE_ATAK);
}

static void refusals_tell_nothing(void **state)
{
    struct buf b = buf_over(text, sizeof text);

    (void)state;
    join_page_refusal(&b);
    assert_true(!b.full && has(buf_str(&b), "Ask the command post for a new one"));
    b.len = 0;
    join_page_problem(STR("Wait <a> moment."), &b);
    assert_true(!b.full && has(buf_str(&b), "Wait &lt;a&gt; moment."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_are_there),
        cmocka_unit_test(what_does_not_hold_is_left_out),
        cmocka_unit_test(the_client_is_guessed_by_the_browser),
        cmocka_unit_test(refusals_tell_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
