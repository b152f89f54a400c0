#include "wire/frame.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What the cutter gave, as text: [event][v1:...](junk)!bad */
static void note(struct buf *b, struct frame f)
{
    static const char *const open[] = {
        [FRAME_XML] = "[", [FRAME_PROTO] = "[v1:", [FRAME_JUNK] = "(junk", [FRAME_BAD] = "!bad"};
    static const char *const close[] = {
        [FRAME_XML] = "]", [FRAME_PROTO] = "]", [FRAME_JUNK] = ")", [FRAME_BAD] = ""};

    buf_put(b, str_from(open[f.is]));
    buf_put(b, f.body);
    buf_put(b, str_from(close[f.is]));
}

/* Feeds the bytes as a connection would: at most `first`, then `step` at a
 * time, what was used is dropped.  Each piece is a block of its own, so that
 * a sanitizer sees every byte read behind it. */
static void feed(struct str in, size_t first, size_t step, size_t max, struct buf *out)
{
    struct framer f = {0};
    size_t from = 0, to = first < in.len ? first : in.len;

    for (;;) {
        char *copy = malloc(to - from + 1);
        struct frame got;

        assert_non_null(copy);
        memcpy(copy, in.at + from, to - from);
        got = frame_next(&f, str_of(copy, to - from), max);
        assert_true(got.used <= to - from);
        if (got.is == FRAME_MORE)
            assert_int_equal(got.body.len, 0);
        else
            note(out, got);
        free(copy);
        from += got.used;
        if (got.is == FRAME_BAD || (got.is == FRAME_MORE && to == in.len))
            return;
        if (got.is == FRAME_MORE)
            to = in.len - to < step ? in.len : to + step;
    }
}

static void check(const char *what, struct str in, size_t max, const char *want)
{
    static char bytes[1 << 16];

    for (size_t step = 0; step < 4; step++) {
        for (size_t first = 0; first <= in.len; first++) {
            struct buf got = buf_over(bytes, sizeof(bytes) - 1);

            feed(in, first, step ? step : in.len, max, &got);
            bytes[got.len] = 0;
            if (strcmp(bytes, want) != 0)
                fail_msg("%s (first %zu, step %zu):\n got  %s\n want %s", what, first, step, bytes,
                         want);
        }
    }
}

#define E1 "<event a='1'><point/></event>"
#define E2 "<event b=\"2\"></event>"

static void cuts(void **state)
{
    static const struct { const char *what, *in, *want; } rows[] = {
        {"nothing", "", ""},
        {"one event", E1, "[" E1 "]"},
        {"two events", E1 E2, "[" E1 "][" E2 "]"},
        {"white space between", "\n \t" E1 "\r\n" E2 "\n", "[" E1 "][" E2 "]"},
        {"a declaration each", "<?xml version=\"1.0\"?>" E1 "<?xml version='1.0'?>\n" E2,
         "[" E1 "][" E2 "]"},
        {"a newline before the declaration", "\n<?xml version=\"1.0\"?>\n" E1, "[" E1 "]"},
        {"comments and instructions between", "<!-- <event> --><?p <event> ?>" E1 "<!---->",
         "[" E1 "]"},
        {"a byte order mark", "\xEF\xBB\xBF" E1, "[" E1 "]"},
        {"self-closed", "<event/><event a='/>' /><event\n/>",
         "[<event/>][<event a='/>' />][<event\n/>]"},
        {"spaces in the end tag", "<event></event \n >" E2, "[<event></event \n >][" E2 "]"},
        {"end in CDATA", "<event><![CDATA[</event>]]]]></event>" E2,
         "[<event><![CDATA[</event>]]]]></event>][" E2 "]"},
        {"end in a comment", "<event><!-- </event> - -- > --></event>" E2,
         "[<event><!-- </event> - -- > --></event>][" E2 "]"},
        {"end in an instruction", "<event><?p </event> ?></event>" E2,
         "[<event><?p </event> ?></event>][" E2 "]"},
        {"end in a value", "<event a='</event>'><x b = \"</event>\"/></event>" E2,
         "[<event a='</event>'><x b = \"</event>\"/></event>][" E2 "]"},
        {"names that begin alike", "<event><events></events><event_/></event>",
         "[<event><events></events><event_/></event>]"},
        {"one inside of the other", "<event><d><event x=''><y/></event></d></event>" E2,
         "[<event><d><event x=''><y/></event></d></event>][" E2 "]"},
        {"a self-closed one inside", "<event><event/><event/></event>" E2,
         "[<event><event/><event/></event>][" E2 "]"},
        {"another root", "<auth><cot username=\"u>\"/></auth>" E1,
         "[<auth><cot username=\"u>\"/></auth>][" E1 "]"},
        {"a root of one letter", "<a></a><b/>", "[<a></a>][<b/>]"},
        {"v1", "\xBF\x03" "abc\xBF\x01" "d", "[v1:abc][v1:d]"},
        {"v1 that looks like XML", "\xBF\x07" "<event>" E1, "[v1:<event>][" E1 "]"},
        {"both forms", E1 "\xBF\x03" "abc" E2, "[" E1 "][v1:abc][" E2 "]"},
        {"an empty v1 frame", "\xBF", ""},
        {"v1 with a long length", "\xBF\x83\x80" "\x80", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        check(rows[i].what, str_from(rows[i].in), LIMIT_EVENT_IN, rows[i].want);
    check("NUL between", STR("\0" E1 "\0\0" E2 "\0"), LIMIT_EVENT_IN, "[" E1 "][" E2 "]");
    check("v1 of no bytes", STR("\xBF\0" E1), LIMIT_EVENT_IN, "[v1:][" E1 "]");
    check("v1, length in ten bytes", STR("\xBF\x81\x80\x80\x80\x80\x80\x80\x80\x80\0x" E1),
          LIMIT_EVENT_IN, "[v1:x][" E1 "]");
}

/* What is ill-formed costs one unit, and the one behind it comes through. */
static void recovers(void **state)
{
    static const struct { const char *what, *in, *want; } rows[] = {
        {"raw & and <", "<event a='x < y & z'>a < b & <c</event>" E2,
         "[<event a='x < y & z'>a < b & <c</event>][" E2 "]"},
        {"a value without its end takes the next event with it", "<event><c n=\"x</event>" E2 E1,
         "[<event><c n=\"x</event>" E2 "][" E1 "]"},
        {"a quote in a value", "<event><c callsign=\"5\" gun\"/></event>" E2,
         "[<event><c callsign=\"5\" gun\"/></event>][" E2 "]"},
        {"an apostrophe in a value", "<event><c n='It's'/></event>" E2,
         "[<event><c n='It's'/></event>][" E2 "]"},
        {"a value without its end", "<event><c n=\"x/><d m=\"y\"/></event>" E2,
         "[<event><c n=\"x/><d m=\"y\"/></event>][" E2 "]"},
        {"a tag without its end", "<event><c n='1'</event>" E2,
         "[<event><c n='1'</event>][" E2 "]"},
        {"a root tag without its end", "<event a='1' <point/></event>" E2,
         "[<event a='1' <point/></event>][" E2 "]"},
        {"wrong nesting", "<event><a><b></a></event>" E2, "[<event><a><b></a></event>][" E2 "]"},
        {"an end without its beginning", "</event>" E2, "(junk)[" E2 "]"},
        {"an end tag with more in it", "<event></event x>" E2, "[<event></event x>][" E2 "]"},
        {"an end tag without its end", "<event></event" E2, "[<event></event][" E2 "]"},
        {"a DTD", "<!DOCTYPE e [<!ENTITY a \"<event>'\"><!-- <event> ' --><?p <event> ?>]>" E1 E2,
         "[<!DOCTYPE e [<!ENTITY a \"<event>'\"><!-- <event> ' --><?p <event> ?>]>" E1 "][" E2 "]"},
        {"a DTD behind a declaration", "<?xml version='1.0'?><!DOCTYPE e>\n" E1 E2,
         "[<!DOCTYPE e>\n" E1 "][" E2 "]"},
        {"a declaration without its end", "<?xml version='1.0' >" E1, "(junk)[" E1 "]"},
        {"one never finished, then one with a declaration", "<event><d><?xml version='1'?>" E2,
         "[<event><d>][" E2 "]"},
        {"one never finished, then two", "<event><d>" E1 E2 E1, "[<event><d>][" E1 "][" E2 "][" E1 "]"},
        {"two never finished, then two", "<event><event><d>" E1 E2 E1,
         "[<event><event><d>][" E1 "][" E2 "][" E1 "]"},
        {"one never finished, then declared ones", "<event><d>" E1 "<?xml version='1.0'?>" E2,
         "[<event><d>][" E1 "][" E2 "]"},
        {"another root that is never finished", "<detail><x>" E1 E2, "[<detail><x>][" E1 "][" E2 "]"},
        {"text", "hello" E1 " world \n" E2, "(junk)[" E1 "](junk)[" E2 "]"},
        {"text before v1", "hello\xBF\x01" "x", "(junk)[v1:x]"},
        {"a < that begins nothing", "<<< <1>" E1, "(junk)(junk)(junk)(junk)[" E1 "]"},
        {"CDATA between", "<![CDATA[x]]>" E1, "(junk)[" E1 "]"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        check(rows[i].what, str_from(rows[i].in), LIMIT_EVENT_IN, rows[i].want);
}

static void keeps_limits(void **state)
{
    static const char event[] = "<event>0123456789</event>";
    const size_t len = sizeof(event) - 1;
    struct str overlong = STR("\xBF\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0");

    (void)state;
    check("as long as the limit", STR(event), len, "[<event>0123456789</event>]");
    check("a byte longer", STR(event), len - 1, "!bad");
    check("the second one is longer", STR("<event></event><event>0123456789</event>"), 20,
          "[<event></event>]!bad");
    check("white space is no part of it", STR("                    \n" E2 "      "), sizeof(E2) - 1,
          "[" E2 "]");
    check("never closed", STR("<!-- 0123456789 0123456789"), 20, "!bad");
    check("never closed DTD", STR("<!DOCTYPE 0123456789 0123456789"), 20, "!bad");
    check("v1 as long as the limit", STR("\xBF\x08" "01234567"), 10, "[v1:01234567]");
    check("v1 a byte longer", STR("\xBF\x09" "012345678"), 10, "!bad");
    check("v1 of 2^60 bytes", STR("\xBF\x80\x80\x80\x80\x80\x80\x80\x80\x10"), LIMIT_EVENT_IN,
          "!bad");
    check("v1 of 2^64 - 1 bytes", STR("\xBF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
          LIMIT_EVENT_IN, "!bad");
    check("v1 of more than 2^64 bytes", STR("\xBF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"),
          LIMIT_EVENT_IN, "!bad");
    check("v1 length in eleven bytes", overlong, LIMIT_EVENT_IN, "!bad");
}

/* A run of junk is told once, however it arrives. */
static void tells_junk_once(void **state)
{
    struct framer f = {0};
    struct frame got = frame_next(&f, STR("abc"), 100);

    (void)state;
    assert_int_equal(got.is, FRAME_JUNK);
    assert_int_equal(got.used, 3);
    got = frame_next(&f, STR("d e\nf"), 100);
    assert_int_equal(got.is, FRAME_MORE);
    assert_int_equal(got.used, 5);
    got = frame_next(&f, STR("<event/>"), 100);
    assert_int_equal(got.is, FRAME_XML);
}

/* Bytes that are looked at again and again would make this take minutes. */
static void is_linear(void **state)
{
    static const char *const fill[] = {"<event>", "<a>", "<event/>", " ", "<", "<a b='", "\"", "= ' ",
                                       "<event></event>", "<!-", "<?xml", "<![CDATA[", "]]", "</e"};
    enum { SIZE = 100000 };
    char *in = malloc(SIZE + 8);
    clock_t begin = clock();

    (void)state;
    assert_non_null(in);
    for (size_t i = 0; i < COUNTOF(fill); i++) {
        size_t n = strlen(fill[i]), len = 7, from = 0;
        struct framer f = {0};

        memcpy(in, "<event>", 7);
        for (; len + n < SIZE; len += n)
            memcpy(in + len, fill[i], n);
        for (size_t to = 1; to <= len; to++) {
            struct frame got;

            do {
                got = frame_next(&f, str_of(in + from, to - from), LIMIT_EVENT_IN);
                from += got.used;
            } while (got.is != FRAME_MORE);
        }
    }
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 10);
    free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts),           cmocka_unit_test(recovers),
        cmocka_unit_test(keeps_limits),   cmocka_unit_test(tells_junk_once),
        cmocka_unit_test(is_linear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
