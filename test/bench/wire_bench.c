/* How long the hot path of the wire floor takes, over one phone's report.
 *
 *   wire_bench [rounds]
 *
 * Prints nanoseconds a call.  The machine's noise is larger than the third
 * digit; compare runs on a quiet one. */
#include "wire/frame.h"
#include "wire/number.h"
#include "wire/takproto.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char report[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<event version=\"2.0\" uid=\"ANDROID-3586a1b2c3d4e5f6\" type=\"a-f-G-U-C\" how=\"m-g\" "
    "time=\"2026-01-02T03:04:05.678Z\" start=\"2026-01-02T03:04:05.678Z\" "
    "stale=\"2026-01-02T03:05:20.678Z\">"
    "<point lat=\"48.1234567\" lon=\"11.5432101\" hae=\"520.25\" ce=\"9.9\" le=\"9999999.0\"/>"
    "<detail><takv device=\"SAMSUNG SM-G998\" platform=\"ATAK-CIV\" os=\"33\" version=\"4.6.0.5\"/>"
    "<contact callsign=\"RESCUE1\" endpoint=\"*:-1:stcp\"/>"
    "<__group name=\"Cyan\" role=\"Team Member\"/><status battery=\"78\"/>"
    "<track speed=\"1.2\" course=\"271.0\"/>"
    "<precisionlocation geopointsrc=\"GPS\" altsrc=\"GPS\"/><uid Droid=\"RESCUE1\"/></detail></event>";

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void tell(const char *what, double from, long rounds)
{
    (void)printf("%-28s %7.0f ns\n", what, (now_ns() - from) / (double)rounds);
}

static char scratch_bytes[LIMIT_EVENT_IN], out_bytes[LIMIT_EVENT_IN], v1_bytes[LIMIT_EVENT_IN];

static void from_xml(struct str xml, long rounds)
{
    struct buf out = buf_over(out_bytes, sizeof(out_bytes));
    static struct cot_routing routing;
    struct cot c;
    struct err e;
    double t = now_ns();

    for (long i = 0; i < rounds; i++) {
        struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

        MUST(cot_from_xml(xml, &scratch, &c, &e));
    }
    tell("cot_from_xml", t, rounds);
    t = now_ns();
    for (long i = 0; i < rounds; i++) {
        struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

        MUST(cot_route(&c, &scratch, &routing, &e));
    }
    tell("cot_route", t, rounds);
    t = now_ns();
    for (long i = 0; i < rounds; i++) {
        out.len = 0;
        MUST(tak_encode(&c, true, &out));
    }
    tell("tak_encode (from XML)", t, rounds);
    t = now_ns();
    for (long i = 0; i < rounds; i++) {
        struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

        out.len = 0;
        MUST(cot_from_xml(xml, &scratch, &c, &e) && tak_encode(&c, true, &out));
    }
    tell("XML -> v1", t, rounds);
}

static void from_v1(struct str frame, long rounds)
{
    struct buf out = buf_over(out_bytes, sizeof(out_bytes));
    struct framer f = {0};
    struct str payload = frame_next(&f, frame, LIMIT_EVENT_IN).body;
    struct tak_control control;
    struct cot c;
    struct err e;
    bool has_event;
    double t = now_ns();

    for (long i = 0; i < rounds; i++) {
        struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

        MUST(tak_decode(payload, &scratch, &c, &has_event, &control, &e));
    }
    tell("tak_decode", t, rounds);
    t = now_ns();
    for (long i = 0; i < rounds; i++) {
        out.len = 0;
        MUST(tak_encode(&c, false, &out));
    }
    tell("tak_encode (from v1)", t, rounds);
    t = now_ns();
    for (long i = 0; i < rounds; i++) {
        out.len = 0;
        cot_to_xml(&c, &out);
    }
    tell("cot_to_xml (from v1)", t, rounds);
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 1000000;
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct buf v1 = buf_over(v1_bytes, sizeof(v1_bytes));
    struct str in = STR(report);
    struct framer f = {0};
    struct frame frame = frame_next(&f, in, LIMIT_EVENT_IN);
    struct cot c;
    struct err e;
    double t = now_ns();

    MUST(frame.is == FRAME_XML && cot_from_xml(frame.body, &scratch, &c, &e));
    MUST(tak_encode(&c, false, &v1));
    (void)printf("one event of %zu bytes XML, %zu bytes v1\n", frame.body.len, v1.len);
    for (long i = 0; i < rounds; i++)
        MUST(frame_next(&f, in, LIMIT_EVENT_IN).is == FRAME_XML);
    tell("frame_next (XML)", t, rounds);
    from_xml(frame.body, rounds);
    from_v1(buf_str(&v1), rounds);
    return 0;
}
