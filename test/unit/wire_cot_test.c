#include "wire/cot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TIMES                                                                       \
    " time='2026-01-02T03:04:05.678Z' start='2026-01-02T03:04:05Z'"                \
    " stale='2026-01-02T03:05:20.67Z'"
#define HEAD "<event version='2.0' uid='U1' type='a-f-G-U-C' how='m-g'" TIMES ">"
#define POINT "<point lat='48.1' lon='11.5' hae='520.0' ce='9.9' le='9999999.0'/>"
#define EVENT(detail) HEAD POINT "<detail>" detail "</detail></event>"

static char scratch_bytes[LIMIT_EVENT_IN], out_bytes[LIMIT_EVENT_IN];

static bool parse(struct str xml, struct cot *c, struct err *e)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

    *e = (struct err){0};
    return cot_from_xml(xml, &scratch, c, e);
}

static struct cot parsed(const char *xml)
{
    struct cot c;
    struct err e;

    if (!parse(str_from(xml), &c, &e))
        fail_msg("%s\n refused: %s", xml, e.text);
    return c;
}

static void is(struct str got, const char *want)
{
    if (!str_eq(got, str_from(want)))
        fail_msg("got  %.*s\n want %s", STR_ARG(got), want);
}

static void reads_an_event(void **state)
{
    struct cot c = parsed("<event version='2.0' uid='U&amp;1' type='a-f-G-U-C' how='m-g'" TIMES
                          " access='A' qos='B' opex='C' caveat='D' releasableTo='E' other='F'>"
                          "<detail><uid Droid='R'/></detail>"
                          "<point lat='48.10' lon='-11.5' hae='520' ce='NaN' le=' 9999999.0 '/></event>");

    (void)state;
    is(c.version, "2.0");
    is(c.uid, "U&1");
    is(c.type, "a-f-G-U-C");
    is(c.how, "m-g");
    is(c.access, "A");
    is(c.qos, "B");
    is(c.opex, "C");
    is(c.caveat, "D");
    is(c.releasable_to, "E");
    is(c.time_text, "2026-01-02T03:04:05.678Z");
    assert_int_equal(c.time_ms, 1767323045678);
    assert_int_equal(c.start_ms, 1767323045000);
    assert_int_equal(c.stale_ms, 1767323120670);
    assert_true(c.has_point);
    is(c.lat.text, "48.10");
    assert_true(c.lat.value == 48.1 && c.lon.value == -11.5 && c.hae.value == 520);
    is(c.ce.text, "NaN");
    assert_true(isnan(c.ce.value));
    assert_true(c.le.value == COT_UNKNOWN);
    is(c.detail, "<uid Droid='R'/>");
    assert_false(c.odd_end || c.from_proto || c.has_dest || c.contact.is);
}

static void reads_typed_elements(void **state)
{
    struct cot c = parsed(EVENT(
        "<contact endpoint='*:-1:stcp' callsign='R&#10;1' phone='1'/><__group name='Cyan' role='HQ'/>"
        "<precisionlocation altsrc='GPS'/><status battery='78'/><status battery='1'/>"
        "<takv device='d' platform='p' os='o' version='v'/><track speed='1.2' course='junk'/>"));

    (void)state;
    assert_true(c.contact.is && c.group.is && c.precision.is && c.status.is && c.takv.is && c.track.is);
    is(c.contact.callsign, "R\n1");
    is(c.contact.endpoint, "*:-1:stcp");
    is(c.group.name, "Cyan");
    is(c.group.role, "HQ");
    is(c.precision.altsrc, "GPS");
    assert_int_equal(c.precision.geopointsrc.len, 0);
    is(c.status.battery_text, "78");
    assert_int_equal(c.status.battery, 78);
    is(c.takv.device, "d");
    is(c.takv.version, "v");
    assert_true(c.track.speed.value == 1.2 && isnan(c.track.course.value));
    is(c.track.course.text, "junk");
    c = parsed(EVENT("<x><contact callsign='deep'/></x>"));
    assert_false(c.contact.is);
}

static void takes_what_clients_send(void **state)
{
    static const struct { const char *what, *xml; } rows[] = {
        {"no version, no how", "<event uid='U' type='t'" TIMES ">" POINT "</event>"},
        {"version 2", "<event version='2' uid='U' type='t'" TIMES ">" POINT "</event>"},
        {"a delete without point", "<event uid='U' type='t-x-d-d'" TIMES "/>"},
        {"no detail", HEAD POINT "</event>"},
        {"an empty detail", HEAD POINT "<detail/></event>"},
        {"detail before point", HEAD "<detail><a/></detail>" POINT "</event>"},
        {"a declaration", "\n<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n" EVENT("")},
        {"a byte order mark", "\xEF\xBB\xBF" EVENT("")},
        {"comments around", "<!-- a -->" EVENT("") "<!-- b -->\n"},
        {"CDATA, comment, instruction", EVENT("<![CDATA[<&]]><!-- - --><?p a?b?>")},
        {"nearly an end tag", EVENT("<![CDATA[</event >/event></events>]]><!--</event--><?p /event>?>")},
        {"an end tag that nobody cuts at", EVENT("<a><event><b/></event ></a>")},
        {"names like event's", EVENT("<event/><events></events><Event></Event>&lt;/event>")},
        {"no hae, ce, le", HEAD "<point lat='0' lon='0'/></event>"},
        {"junk numbers", HEAD "<point lat='x' lon='y' hae='NaN' ce='' le='-'/></event>"},
        {"names beyond ASCII", EVENT("<\xC3\xA9t\xC3\xA9 \xE6\x97\xA5='1'/>")},
        {"a colon", EVENT("<a:b c:d='1'/>")},
        {"> and ]] in values", EVENT("<a b='>]]>'/>")},
        {"] and > in text", EVENT("]] > ]")},
        {"the last characters", EVENT("&#x10FFFF;\xF4\x8F\xBF\xBF\xEF\xBF\xBD&#9;")},
        {"256 attributes would be fine, two are", EVENT("<a b='1' c='1'/>")},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct cot c;
        struct err e;

        if (!parse(str_from(rows[i].xml), &c, &e))
            fail_msg("%s: %s", rows[i].what, e.text);
    }
}

static const struct { const char *xml, *why; } refused[] = {
    {"", "no <event>"},
    {"<auth/>", "no <event>"},
    {"<event type='t'" TIMES ">" POINT "</event>", "no uid"},
    {"<event uid='' type='t'" TIMES ">" POINT "</event>", "no uid"},
    {"<event uid='U'" TIMES ">" POINT "</event>", "no type"},
    {"<event uid='U' type='t' start='2026-01-02T03:04:05Z' stale='2026-01-02T03:04:05Z'>" POINT
     "</event>", "no time"},
    {"<event uid='U' type='t' time='2026-01-02T03:04:05Z' stale='2026-01-02T03:04:05Z'>" POINT
     "</event>", "no start"},
    {"<event uid='U' type='t' time='2026-01-02T03:04:05Z' start='2026-01-02T03:04:05Z'>" POINT
     "</event>", "no stale"},
    {"<event uid='U' type='t' time='yesterday' start='2026-01-02T03:04:05Z'"
     " stale='2026-01-02T03:04:05Z'>" POINT "</event>", "is no time: yesterday"},
    {HEAD "</event>", "no point"},
    {HEAD "<detail>" POINT "</detail></event>", "no point"},
    {HEAD "<point lat='1'/></event>", "no lat or no lon"},
    {HEAD "<point lat='' lon='1'/></event>", "no lat or no lon"},
    {"<!DOCTYPE e>" EVENT(""), "DTD"},
    {"<?xml version='1.0'?><!DOCTYPE lol [<!ENTITY lol 'lol'>]>" EVENT("<a b='&lol;'/>"), "DTD"},
    {EVENT("<!DOCTYPE e>"), "DTD"},
    {EVENT("&lol;"), "five entities"},
    {EVENT("<a b='&lol;'/>"), "five entities"},
    {EVENT("a & b"), "five entities"},
    {EVENT("<a b='a & b'/>"), "five entities"},
    {EVENT("<a b='x < y'/>"), "raw <"},
    {EVENT("&#0;"), "five entities"},
    {EVENT("&#xD800;"), "five entities"},
    {EVENT("&#x110000;"), "five entities"},
    {EVENT("&#xFFFE;"), "five entities"},
    {EVENT("&#99999999999999999999;"), "five entities"},
    {EVENT("&#;"), "five entities"},
    {EVENT("&#x;"), "five entities"},
    {EVENT("&amp"), "five entities"},
    {EVENT("\x01"), "no character"},
    {EVENT("<a b='\x0B'/>"), "no character"},
    {EVENT("\xC3"), "no character"},
    {EVENT("<a b='\xC0\x80'/>"), "no character"},
    {EVENT("\xED\xA0\x80"), "no character"},
    {EVENT("\xF4\x90\x80\x80"), "no character"},
    {EVENT("\xEF\xBF\xBF"), "no character"},
    {EVENT("<!-- \xFF -->"), "no character"},
    {EVENT("<![CDATA[\x02]]>"), "no character"},
    {EVENT("<a b='1' c='2' b='3'/>"), "there twice"},
    {EVENT("<a b='1'c='2'/>"), "no space"},
    {EVENT("<a b/>"), "has no value"},
    {EVENT("<a b=1/>"), "no quotes"},
    {EVENT("<a / >"), "inside of a tag"},
    {EVENT("<a>"), "another element"},
    {EVENT("</a>"), "another element"},
    {EVENT("<a></b>"), "another element"},
    {EVENT("<a></ab>"), "another element"},
    {EVENT("< a/>"), "a name is expected"},
    {EVENT("<0 a='1'/>"), "a name is expected"},
    {EVENT("<a\xC3\x97/>"), "no name may have"},
    {EVENT("<!-- -- -->"), "-- inside"},
    {EVENT("<?xml version='1.0'?>"), "declaration inside"},
    {EVENT("<?" "?>"), "a name is expected"},
    {EVENT("<! >"), "begins nothing"},
    {EVENT("]]>"), "]]>"},
    {EVENT("<a><![CDATA[</event>]]></a>"), "end of the event"},
    {EVENT("<!-- </event> -->"), "end of the event"},
    {EVENT("<?p </event>?>"), "end of the event"},
    {EVENT("<event></event>"), "end of the event"},
    {EVENT("<a><![CDATA[</event >]]><event><b/></event></a>"), "end of the event"},
    {HEAD "<!--</event><event>-->" POINT "</event>", "end of the event"},
    {HEAD POINT "<event>x</event></event>", "end of the event"},
    {EVENT("") EVENT(""), "something follows"},
    {EVENT("") "x", "text outside"},
    {"x" EVENT(""), "text outside"},
    {HEAD, "ends inside"},
    {HEAD "<point lat='1", "not closed"},
    {HEAD "<![CDATA[", "not closed"},
    {HEAD "<", "not closed"},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(refused); i++) {
        struct cot c;
        struct err e;

        if (parse(str_from(refused[i].xml), &c, &e))
            fail_msg("taken: %s", refused[i].xml);
        if (!strstr(e.text, refused[i].why))
            fail_msg("%s\n says %s\n want %s", refused[i].xml, e.text, refused[i].why);
    }
}

/* An event whose detail has `n` times `begin`, and behind them `end` as often. */
static bool takes(const char *begin, const char *end, size_t n, struct err *e)
{
    static char bytes[LIMIT_EVENT_IN];
    struct buf b = buf_over(bytes, sizeof(bytes));
    struct cot c;

    buf_put(&b, STR(HEAD POINT "<detail>"));
    for (size_t i = 0; i < n; i++)
        buf_put(&b, str_from(begin));
    for (size_t i = 0; i < n; i++)
        buf_put(&b, str_from(end));
    buf_put(&b, STR("</detail></event>"));
    assert_false(b.full);
    return parse(buf_str(&b), &c, e);
}

static void keeps_limits(void **state)
{
    static char bytes[LIMIT_EVENT_IN + 1];
    struct buf b = buf_over(bytes, sizeof(bytes));
    struct cot c;
    struct err e;

    (void)state;
    assert_true(takes("<a>", "</a>", LIMIT_XML_DEPTH - 2, &e));
    assert_false(takes("<a>", "</a>", LIMIT_XML_DEPTH - 1, &e));
    assert_non_null(strstr(e.text, "inside of one another"));
    for (int n = LIMIT_XML_ATTRS; n <= LIMIT_XML_ATTRS + 1; n++) {
        b.len = 0;
        buf_put(&b, STR(HEAD POINT "<detail><x"));
        for (int i = 0; i < n; i++)
            buf_fmt(&b, " a%d=''", i);
        buf_put(&b, STR("/></detail></event>"));
        assert_int_equal(parse(buf_str(&b), &c, &e), n == LIMIT_XML_ATTRS);
    }
    assert_non_null(strstr(e.text, "too many attributes"));
    for (int n = LIMIT_UID; n <= LIMIT_UID + 1; n++) {
        b.len = 0;
        buf_fmt(&b, "<event uid='%0*d' type='t'" TIMES ">" POINT "</event>", n, 1);
        assert_int_equal(parse(buf_str(&b), &c, &e), n == LIMIT_UID);
    }
    for (int n = LIMIT_TYPE; n <= LIMIT_TYPE + 1; n++) {
        b.len = 0;
        buf_fmt(&b, "<event uid='U' type='%0*d'" TIMES ">" POINT "</event>", n, 1);
        assert_int_equal(parse(buf_str(&b), &c, &e), n == LIMIT_TYPE);
    }
    memset(bytes, ' ', sizeof(bytes));
    assert_false(parse(str_of(bytes, sizeof(bytes)), &c, &e));
    assert_int_equal(e.kind, ERR_FULL);
}

static void passes_bytes_through(void **state)
{
    static const struct { const char *in, *out; } rows[] = {
        {EVENT("<a b='&#10;&#x41;\t' >\r\n<!-- x --><![CDATA[<]]><?p ?></a > "), NULL},
        {EVENT("<n v='0.123456789012345678'/>"), NULL},
        {"<event uid='U' type='t-x-d-d'" TIMES "/>",
         "<event uid='U' type='t-x-d-d'" TIMES "></event>"},
        {"<event uid='U' type='t-x-d-d'" TIMES " />",
         "<event uid='U' type='t-x-d-d'" TIMES " ></event>"},
        {"<?xml version='1.0'?>\n" EVENT("x"), EVENT("x")},
        {"<!-- a -->" EVENT("x") "<!-- b -->", EVENT("x")},
        {"<!--</event>-->" EVENT("x") "<!--</event>-->", EVENT("x")},
        {HEAD POINT "</event >", HEAD POINT "</event>"},
        {HEAD POINT "<detail></detail></event\n\t>\n", HEAD POINT "<detail></detail></event>"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf out = buf_over(out_bytes, sizeof(out_bytes));
        struct cot c = parsed(rows[i].in);

        cot_to_xml(&c, &out);
        is(buf_str(&out), rows[i].out ? rows[i].out : rows[i].in);
        out.len = 0;
        cot_to_xml_stripped(&c, &out);
        is(buf_str(&out), rows[i].out ? rows[i].out : rows[i].in);
    }
}

static void decodes_values(void **state)
{
    static const struct { const char *raw, *value; } rows[] = {
        {"a&#10;b", "a\nb"}, {"a\nb\tc\r\nd\re", "a b c d e"}, {"&#13;&#9;", "\r\t"},
        {"&lt;&gt;&amp;&quot;&apos;", "<>&\"'"}, {"&amp;lt;", "&lt;"},
        {"&#xe9;&#x20AC;&#x1F600;", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\"", "\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char xml[1024];
        struct cot c;

        (void)snprintf(xml, sizeof(xml), EVENT("<contact callsign='%s'/>"), rows[i].raw);
        c = parsed(xml);
        is(c.contact.callsign, rows[i].value);
    }
}

static void strips_dests(void **state)
{
    static const struct { const char *in, *out; } rows[] = {
        {"<a/><marti><dest callsign='X'/></marti><b/>", "<a/><b/>"},
        {"<marti>\n <dest uid='1'></dest>\n <dest/>\n</marti>", ""},
        {"<marti><dest><callsign/></dest></marti>", ""},
        {"<marti archive='false'><dest callsign='X'/></marti>", "<marti archive='false'></marti>"},
        {"<marti> <dest/><x/><dest> </dest>y</marti >", "<marti> <x/>y</marti >"},
        {"<marti><dest/><!-- c --></marti>", "<marti><!-- c --></marti>"},
        {"<marti><dest/></marti><marti><dest/></marti>z", "z"},
        {"<marti/>", "<marti/>"},
        {"<marti></marti>", "<marti></marti>"},
        {"<marti><x><dest/></x></marti>", "<marti><x><dest/></x></marti>"},
        {"<x><marti><dest/></marti></x>", "<x><marti><dest/></marti></x>"},
        {"<dest/>", "<dest/>"},
        {"<a>\r\n&#10;</a><marti><dest/></marti>\t<b c='\"'/>", "<a>\r\n&#10;</a>\t<b c='\"'/>"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf out = buf_over(out_bytes, sizeof(out_bytes));
        char xml[1024], want[1024];
        struct cot c;

        (void)snprintf(xml, sizeof(xml), EVENT("%s"), rows[i].in);
        (void)snprintf(want, sizeof(want), EVENT("%s"), rows[i].out);
        c = parsed(xml);
        assert_int_equal(cot_has_dest(&c), strcmp(rows[i].in, rows[i].out) != 0);
        cot_to_xml_stripped(&c, &out);
        is(buf_str(&out), want);
        out.len = 0;
        cot_detail_stripped(c.detail, &out);
        is(buf_str(&out), rows[i].out);
    }
}

/* Also where the rest of the event is passed on as it came. */
static void strips_up_to_the_end_tag(void **state)
{
    struct buf out = buf_over(out_bytes, sizeof(out_bytes));
    struct cot c = parsed(HEAD POINT "<detail><a/><marti><dest/></marti></detail >\n</event >");

    (void)state;
    cot_to_xml_stripped(&c, &out);
    is(buf_str(&out), HEAD POINT "<detail><a/></detail >\n</event>");
}

static void says_when_full(void **state)
{
    struct cot c = parsed(EVENT("<marti><dest/></marti>"));

    (void)state;
    for (size_t n = 0; n < c.xml.len; n++) {
        struct buf out = buf_over(out_bytes, n);

        cot_to_xml(&c, &out);
        assert_true(out.full);
    }
}

/* A broken detail that a caller made by hand stays as it is. */
static void strips_nothing_broken(void **state)
{
    struct buf out = buf_over(out_bytes, sizeof(out_bytes));

    (void)state;
    cot_detail_stripped(STR("<a/><marti><dest/>"), &out);
    is(buf_str(&out), "<a/><marti><dest/>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_event),       cmocka_unit_test(reads_typed_elements),
        cmocka_unit_test(takes_what_clients_send), cmocka_unit_test(refuses),
        cmocka_unit_test(keeps_limits),         cmocka_unit_test(passes_bytes_through),
        cmocka_unit_test(decodes_values),       cmocka_unit_test(strips_dests),
        cmocka_unit_test(says_when_full),       cmocka_unit_test(strips_nothing_broken),
        cmocka_unit_test(strips_up_to_the_end_tag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
