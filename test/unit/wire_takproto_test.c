#include "wire/takproto.h"

#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

/* The golden vector of tak.md 1.9: what protoc makes of ATAK's .proto. */
static const char golden[] =
    "bfb00112ad010a09612d662d472d552d432a02553130ae9ea6e5b73338ae9ea6e5b73340a6e8aae5b7334a036d2d67"
    "51cdcccccccc0c484059000000000000274061000000000040804069cdcccccccccc234071000000e0cf1263417a55"
    "0a153c72656d61726b733e68693c2f72656d61726b733e120f0a092a3a2d313a73746370120252311a130a04437961"
    "6e120b5465616d204d656d6265722a02084e3a1209333333333333f33f110000000000f07040";

#define TIMES                                                                  \
    " time=\"2026-01-02T03:04:05.678Z\" start=\"2026-01-02T03:04:05.678Z\""   \
    " stale=\"2026-01-02T03:05:20.678Z\""
#define HEAD "<event version=\"2.0\" uid=\"U1\" type=\"a-f-G-U-C\" how=\"m-g\"" TIMES ">"
#define DELETE "<event version=\"2.0\" uid=\"U1\" type=\"t-x-d-d\" how=\"m-g\"" TIMES ">"
#define POINT "<point lat=\"48.1\" lon=\"11.5\" hae=\"520.0\" ce=\"9.9\" le=\"9999999.0\"/>"
#define TYPED                                                                  \
    "<contact callsign=\"R1\" endpoint=\"*:-1:stcp\"/>"                        \
    "<__group name=\"Cyan\" role=\"Team Member\"/><status battery=\"78\"/>"   \
    "<track speed=\"1.2\" course=\"271.0\"/>"
#define EVENT(detail) HEAD POINT "<detail>" detail "</detail></event>"

static char scratch_bytes[LIMIT_EVENT_IN], out_bytes[LIMIT_EVENT_IN], xml_bytes[LIMIT_EVENT_IN];

static struct str from_hex(const char *hex)
{
    static char bytes[4096];
    size_t n = strlen(hex) / 2;

    assert_true(n <= sizeof(bytes));
    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (char)byte;
    }
    return str_of(bytes, n);
}

static struct cot parsed(const char *xml)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct cot c;
    struct err e;

    if (!cot_from_xml(str_from(xml), &scratch, &c, &e))
        fail_msg("%s\n refused: %s", xml, e.text);
    return c;
}

static bool decode(struct str payload, struct cot *c, struct err *e)
{
    static char bytes[LIMIT_EVENT_IN];
    struct buf scratch = buf_over(bytes, sizeof(bytes));
    struct tak_control control;
    bool has_event = false;

    *e = (struct err){0};
    return tak_decode(payload, &scratch, c, &has_event, &control, e) && has_event;
}

/* The payload of a whole frame, which must be one. */
static struct str payload_of(struct str frame)
{
    struct framer f = {0};
    struct frame got = frame_next(&f, frame, LIMIT_EVENT_IN);

    assert_int_equal(got.is, FRAME_PROTO);
    assert_int_equal(got.used, frame.len);
    return got.body;
}

static void is(struct str got, const char *want)
{
    if (!str_eq(got, str_from(want)))
        fail_msg("got  %.*s\n want %s", STR_ARG(got), want);
}

static const char *to_xml(const struct cot *c, bool stripped)
{
    struct buf b = buf_over(xml_bytes, sizeof(xml_bytes) - 1);

    if (stripped)
        cot_to_xml_stripped(c, &b);
    else
        cot_to_xml(c, &b);
    assert_false(b.full);
    xml_bytes[b.len] = 0;
    return xml_bytes;
}

static void decodes_the_golden_vector(void **state)
{
    struct cot c;
    struct err e;

    (void)state;
    assert_true(decode(payload_of(from_hex(golden)), &c, &e));
    is(c.uid, "U1");
    is(c.type, "a-f-G-U-C");
    is(c.how, "m-g");
    assert_true(c.time_ms == 1767323045678 && c.start_ms == c.time_ms && c.stale_ms == 1767323120678);
    assert_true(c.lat.value == 48.1 && c.lon.value == 11.5 && c.hae.value == 520 && c.ce.value == 9.9);
    assert_true(c.le.value == COT_UNKNOWN && c.from_proto && c.has_point);
    is(c.detail, "<remarks>hi</remarks>");
    is(c.contact.callsign, "R1");
    is(c.contact.endpoint, "*:-1:stcp");
    is(c.group.name, "Cyan");
    is(c.group.role, "Team Member");
    assert_true(c.status.battery == 78 && c.track.speed.value == 1.2 && c.track.course.value == 271);
    assert_false(c.takv.is || c.precision.is);
    assert_string_equal(to_xml(&c, false), EVENT("<remarks>hi</remarks>" TYPED));
}

static void encodes_the_golden_vector(void **state)
{
    struct buf b = buf_over(out_bytes, sizeof(out_bytes));
    struct cot c = parsed(EVENT("<remarks>hi</remarks>" TYPED));
    struct err e;

    (void)state;
    assert_true(tak_encode(&c, false, &b));
    assert_true(str_eq(buf_str(&b), from_hex(golden)));
    assert_true(decode(payload_of(buf_str(&b)), &c, &e));
    b = buf_over(xml_bytes, sizeof(xml_bytes));
    assert_true(tak_encode(&c, true, &b));
    assert_true(str_eq(buf_str(&b), from_hex(golden)));
}

/* What the detail is in v1, and so after a way through it. */
static void types_what_fits(void **state)
{
    static const struct { const char *in, *left; bool typed; } rows[] = {
        {"<contact callsign='a'/>", "", true},
        {"<contact callsign='a&#10;&lt;' endpoint='b'></contact>", "", true},
        {"<a/> <contact callsign='a'/>\n<b/>", "<a/> \n<b/>", true},
        {"<contact endpoint='b'/>", NULL, false},
        {"<contact callsign='a' endpoint=''/>", NULL, false},
        {"<contact callsign='a' phone='1'/>", NULL, false},
        {"<contact callsign='a'>x</contact>", NULL, false},
        {"<contact callsign='a'> </contact>", NULL, false},
        {"<contact callsign='a'><!-- --></contact>", NULL, false},
        {"<contact callsign='a'><b/></contact>", NULL, false},
        {"<contact callsign='a'/><contact callsign='a'/>", NULL, false},
        {"<contact callsign='a'/><contact/>", NULL, false},
        {"<x><contact callsign='a'/></x>", NULL, false},
        {"<__group role='b' name='a'/>", "", true},
        {"<__group name='a'/>", NULL, false},
        {"<__group name='a' role='b' abbr='c'/>", NULL, false},
        {"<precisionlocation geopointsrc='a' altsrc='b'/>", "", true},
        {"<precisionlocation altsrc='b'/>", NULL, false},
        {"<precisionlocation/>", NULL, false},
        {"<status battery='0'/>", "", true},
        {"<status battery='2147483647'/>", "", true},
        {"<status battery='2147483648'/>", NULL, false},
        {"<status battery='-1'/>", NULL, false},
        {"<status battery='-0'/>", NULL, false},
        {"<status battery='7.5'/>", NULL, false},
        {"<status battery=''/>", NULL, false},
        {"<status battery='1' readiness='true'/>", NULL, false},
        {"<status readiness='true'/>", NULL, false},
        {"<takv device='a' platform='b' os='c' version='d'/>", "", true},
        {"<takv device='' platform='b' os='' version='d'/>", "", true},
        {"<takv platform='b' version='d'/>", NULL, false},
        {"<track speed='1' course='2'/>", "", true},
        {"<track speed='0' course='0'/>", "", true},
        {"<track speed='0.123456789012345678' course='0'/>", "", true},
        {"<track speed='NaN' course='2'/>", NULL, false},
        {"<track speed='unknown' course='2'/>", NULL, false},
        {"<track speed='1' course='2' slope='0'/>", NULL, false},
        {"<track course='2'/>", NULL, false},
        {"<remarks>&amp;<![CDATA[<]]></remarks>\r\n", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(out_bytes, sizeof(out_bytes));
        const char *left = rows[i].left ? rows[i].left : rows[i].in;
        char xml[1024];
        struct cot c, back;
        struct err e;

        (void)snprintf(xml, sizeof(xml), EVENT("%s"), rows[i].in);
        c = parsed(xml);
        assert_true(tak_encode(&c, false, &b));
        if (!decode(payload_of(buf_str(&b)), &back, &e))
            fail_msg("%s: %s", rows[i].in, e.text);
        is(back.detail, left);
        assert_int_equal(strcmp(left, rows[i].in) != 0, rows[i].typed);
        assert_true(c.contact.is == back.contact.is && c.group.is == back.group.is &&
                    c.precision.is == back.precision.is && c.status.is == back.status.is &&
                    c.takv.is == back.takv.is && c.track.is == back.track.is);
        assert_true(str_eq(c.contact.callsign, back.contact.callsign) &&
                    str_eq(c.contact.endpoint, back.contact.endpoint) &&
                    str_eq(c.group.name, back.group.name) && str_eq(c.takv.os, back.takv.os));
        assert_true(c.status.battery == back.status.battery);
    }
}

static void prefers_xml_detail(void **state)
{
    /* CotEvent{type t, uid U, detail{xmlDetail, contact{callsign "typed"}, status{}}} */
    static const char payload[] = "\x12\x40\x0a\x01t\x2a\x01U\x7a\x38"
                                  "\x0a\x2b<contact phone='1' callsign='R&amp;1'/><x/>"
                                  "\x12\x07\x12\x05typed\x2a\x00";
    struct buf b = buf_over(out_bytes, sizeof(out_bytes));
    struct cot c, again;
    struct err e;

    (void)state;
    if (!decode(STR(payload), &c, &e))
        fail_msg("%s", e.text);
    is(c.contact.callsign, "R&1");
    assert_true(c.status.is && c.status.battery == 0);
    assert_string_equal(
        to_xml(&c, false),
        "<event version=\"2.0\" uid=\"U\" type=\"t\" time=\"1970-01-01T00:00:00.000Z\""
        " start=\"1970-01-01T00:00:00.000Z\" stale=\"1970-01-01T00:00:00.000Z\">"
        "<point lat=\"0.0\" lon=\"0.0\" hae=\"0.0\" ce=\"0.0\" le=\"0.0\"/>"
        "<detail><contact phone='1' callsign='R&amp;1'/><x/><status battery=\"0\"/></detail></event>");
    assert_true(tak_encode(&c, false, &b));
    assert_true(decode(payload_of(buf_str(&b)), &again, &e));
    is(again.contact.callsign, "R&1");
    assert_true(again.status.is);
}

static void strips_dests(void **state)
{
    static const struct { const char *in, *out; } rows[] = {
        {"<a/><marti><dest uid='1'/></marti>", "<a/>"},
        {"<marti><dest uid='1'/></marti>", ""},
        {"<marti x='1'><dest uid='1'/></marti>", "<marti x='1'></marti>"},
        {"<status battery='1'/>-<marti><dest/></marti>+<contact callsign='a'/>", "-+"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(out_bytes, sizeof(out_bytes)), b2 = buf_over(xml_bytes, sizeof(xml_bytes));
        char xml[1024];
        struct cot c, back, back2;
        struct err e;

        (void)snprintf(xml, sizeof(xml), EVENT("%s"), rows[i].in);
        c = parsed(xml);
        assert_true(tak_encode(&c, true, &b));
        assert_true(decode(payload_of(buf_str(&b)), &back, &e));
        is(back.detail, rows[i].out);
        assert_false(back.has_dest);
        b.len = 0;
        assert_true(tak_encode(&c, false, &b));
        assert_true(decode(payload_of(buf_str(&b)), &back, &e));
        assert_true(back.has_dest);
        assert_true(tak_encode(&back, true, &b2));
        assert_true(decode(payload_of(buf_str(&b2)), &back2, &e));
        is(back2.detail, rows[i].out);
        assert_null(strstr(to_xml(&back, true), "dest"));
        assert_non_null(strstr(to_xml(&back, false), "dest"));
    }
}

static void refuses(void **state)
{
    static const struct { struct str payload; const char *why; } rows[] = {
        {{"\x12", 1}, "cut off"},
        {{"\x12\x05\x0a", 3}, "cut off"},
        {{"\x12\x02\x0a\x05", 4}, "cut off"},
        {{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12}, "cut off"},
        {{"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, "cut off"},
        {{"\x02\x00", 2}, "valid number"},
        {{"\x13\x00", 2}, "wire type"},
        {{"\x17\x00", 2}, "wire type"},
        {{"\x12\x00", 2}, "no uid"},
        {{"\x12\x03\x2a\x01U", 5}, "no type"},
        {{"\x12\x06\x0a\x01t\x2a\x01\xff", 8}, "no UTF-8"},
        {{"\x12\x06\x0a\x01t\x2a\x01\x01", 8}, "no UTF-8"},
        {{"\x12\x0d\x0a\x01t\x2a\x01U\x7a\x05\x0a\x03<a>", 15}, "xmlDetail: not well-formed"},
        {{"\x12\x0d\x0a\x01t\x2a\x01U\x7a\x05\x0a\x03&x;", 15}, "five entities"},
        {{"\x12\x0e\x0a\x01t\x2a\x01U\x7a\x06\x0a\x04</a>", 16}, "without its start"},
        {{"\x12\x19\x0a\x01t\x2a\x01U\x7a\x11\x0a\x0f<event></event>", 27}, "end of the event"},
        {{"\x0a\x03\x1a\x01\xff", 5}, "no UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct cot c;
        struct err e;

        if (decode(rows[i].payload, &c, &e))
            fail_msg("row %zu is taken", i);
        if (!strstr(e.text, rows[i].why))
            fail_msg("row %zu says %s", i, e.text);
    }
}

static void takes_what_is_odd(void **state)
{
    /* Unknown fields of all kinds, a field with another wire type, a field
     * twice, the event in two parts, large and negative numbers. */
    static const char payload[] =
        "\x0a\x06\x08\x01\x10\x02\x1a\x00"            /* control */
        "\x18\x05\x25zzzz\x29zzzzzzzz\x32\x01z"       /* unknown 3 varint, 4 fixed32, 5 fixed64, 6 */
        "\x12\x09\x0a\x01x\x2a\x01U\x0a\x01t"         /* type twice */
        "\x12\x1f\x08\x01\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" /* type as varint; sendTime 2^64-1 */
        "\x7a\x0d\x2a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"  /* battery -1 */
        "\x4a\x01h";
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct tak_control control;
    bool has_event;
    struct cot c;
    struct err e;

    (void)state;
    if (!tak_decode(STR(payload), &scratch, &c, &has_event, &control, &e))
        fail_msg("%s", e.text);
    assert_true(has_event && control.is && control.min_version == 1 && control.max_version == 2);
    is(c.type, "t");
    is(c.uid, "U");
    is(c.how, "h");
    assert_true(c.time_ms == 253402300799999 && c.status.battery == INT32_MAX);
    assert_true(tak_decode(STR("\x0a\x00"), &scratch, &c, &has_event, &control, &e));
    assert_true(!has_event && control.is && control.max_version == 0);
    assert_true(tak_decode(STR(""), &scratch, &c, &has_event, &control, &e));
    assert_true(!has_event && !control.is);
}

/* Junk is NaN in v1, what is missing is unknown. */
static void says_what_is_no_number(void **state)
{
    static const struct { const char *in, *out; } rows[] = {
        {"<point lat=\"junk\" lon=\"1\" hae=\"NaN\" ce=\"x\" le=\"\"/>",
         "<point lat=\"NaN\" lon=\"1.0\" hae=\"NaN\" ce=\"NaN\" le=\"NaN\"/>"},
        {"", "<point lat=\"0.0\" lon=\"0.0\" hae=\"9999999.0\" ce=\"9999999.0\" le=\"9999999.0\"/>"},
        {"<point lat=\"1\" lon=\"-2\"/>",
         "<point lat=\"1.0\" lon=\"-2.0\" hae=\"9999999.0\" ce=\"9999999.0\" le=\"9999999.0\"/>"},
        {"<point lat=\"1\" lon=\"-2\" hae=\"999999\" ce=\"0.1234567890123456789\" le=\"-0\"/>",
         "<point lat=\"1.0\" lon=\"-2.0\" hae=\"999999.0\" ce=\"0.12345678901234568\" le=\"-0.0\"/>"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(out_bytes, sizeof(out_bytes));
        char xml[1024], want[1024];
        struct cot c;
        struct err e;

        (void)snprintf(xml, sizeof(xml), DELETE "%s</event>", rows[i].in);
        (void)snprintf(want, sizeof(want), DELETE "%s<detail></detail></event>", rows[i].out);
        c = parsed(xml);
        assert_true(tak_encode(&c, false, &b));
        assert_true(decode(payload_of(buf_str(&b)), &c, &e));
        assert_string_equal(to_xml(&c, false), want);
    }
}

static void says_when_full(void **state)
{
    struct cot c = parsed(EVENT("<remarks>hi</remarks>" TYPED "<marti><dest/></marti>"));
    struct buf b = buf_over(out_bytes, sizeof(out_bytes));
    size_t whole;

    (void)state;
    assert_true(tak_encode(&c, true, &b));
    whole = b.len;
    for (size_t n = 0; n <= whole + 4; n++) {
        b = buf_over(out_bytes, n + 3);
        b.len = 3;
        assert_true(tak_encode(&c, true, &b) ? b.len == whole + 3 : b.len == 3);
        assert_false(b.full);
        assert_true(n < whole + 4 ? true : b.len > 3);
        assert_true(n >= whole || b.len == 3);
    }
}

/* Lengths that need one, two and three bytes, on both sides of each step. */
static void measures_lengths(void **state)
{
    static char text[40000], xml[50000];

    (void)state;
    for (size_t n = 1; n < sizeof(text); n += n < 600 ? 1 : n > 15500 && n < 16500 ? 1 : 997) {
        struct buf b = buf_over(out_bytes, sizeof(out_bytes));
        struct cot c;
        struct err e;

        memset(text, 'x', n);
        text[n] = 0;
        (void)snprintf(xml, sizeof(xml), EVENT("%s"), text);
        c = parsed(xml);
        assert_true(tak_encode(&c, false, &b));
        assert_true(decode(payload_of(buf_str(&b)), &c, &e));
        assert_int_equal(c.detail.len, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_the_golden_vector),
        cmocka_unit_test(encodes_the_golden_vector),
        cmocka_unit_test(types_what_fits),
        cmocka_unit_test(prefers_xml_detail),
        cmocka_unit_test(strips_dests),
        cmocka_unit_test(refuses),
        cmocka_unit_test(takes_what_is_odd),
        cmocka_unit_test(says_what_is_no_number),
        cmocka_unit_test(says_when_full),
        cmocka_unit_test(measures_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
