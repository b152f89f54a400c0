/* How long the hot path of the wire floor takes, over one phone's report.
 *
 *   wire_bench [rounds]
 *
 * Prints nanoseconds a call, the best of a hundred times `rounds` calls: others on
 * the machine only ever make it slower. */
#include "wire/frame.h"
#include "wire/takproto.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char report[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<event version=\"2.0\" uid=\"ANDROID-3586a1b2c3d4e5f6\" type=\"a-f-G-U-C\" how=\"m-g\" "
    "time=\"2026-01-02T03:04:05.678Z\" start=\"2026-01-02T03:04:05.678Z\" "
    "stale=\"2026-01-02T03:05:20.678Z\" access=\"Undefined\">"
    "<point lat=\"38.838231810315555\" lon=\"-77.06616468204862\" hae=\"520.25\" ce=\"9.9\" "
    "le=\"9999999.0\"/><detail>"
    "<takv device=\"SAMSUNG SM-G998\" platform=\"ATAK-CIV\" os=\"33\" version=\"4.6.0.5 (1a2b3c4d)\"/>"
    "<contact callsign=\"RESCUE1\" endpoint=\"*:-1:stcp\"/>"
    "<__group name=\"Cyan\" role=\"Team Member\"/><status battery=\"78\"/>"
    "<track speed=\"1.2\" course=\"271.79998779296875\"/>"
    "<precisionlocation geopointsrc=\"GPS\" altsrc=\"GPS\"/><uid Droid=\"RESCUE1\"/></detail></event>";

static char scratch_bytes[LIMIT_EVENT_IN], out_bytes[LIMIT_EVENT_IN], v1_bytes[LIMIT_EVENT_IN];
static struct cot from_xml, from_v1;
static struct cot_routing routing;
static struct str xml, payload;

static void do_frame(void)
{
    struct framer f = {0};

    MUST(frame_next(&f, STR(report), LIMIT_EVENT_IN).is == FRAME_XML);
}

static void do_parse(void)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct err e;

    MUST(cot_from_xml(xml, &scratch, &from_xml, &e));
}

static void do_route(void)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct err e;

    MUST(cot_route(&from_xml, &scratch, &routing, &e));
}

static void do_encode(void)
{
    struct buf out = buf_over(out_bytes, sizeof(out_bytes));

    MUST(tak_encode(&from_xml, true, &out));
}

static void do_convert(void)
{
    do_parse();
    do_encode();
}

static void do_decode(void)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct tak_control control;
    bool has_event;
    struct err e;

    MUST(tak_decode(payload, &scratch, &from_v1, &has_event, &control, &e));
}

static void do_encode_again(void)
{
    struct buf out = buf_over(out_bytes, sizeof(out_bytes));

    MUST(tak_encode(&from_v1, true, &out));
}

static void do_print(void)
{
    struct buf out = buf_over(out_bytes, sizeof(out_bytes));

    cot_to_xml(&from_v1, &out);
    MUST(!out.full);
}

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double best_of_hundred(void (*run)(void), long rounds)
{
    double best = 1e18;

    for (int k = 0; k < 100; k++) {
        double from = now_ns(), took;

        for (long i = 0; i < rounds; i++)
            run();
        took = (now_ns() - from) / (double)rounds;
        best = took < best ? took : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(void); } rows[] = {
        {"frame_next, XML", do_frame},      {"cot_from_xml", do_parse},
        {"cot_route", do_route},            {"tak_encode of XML", do_encode},
        {"XML -> v1", do_convert},          {"tak_decode", do_decode},
        {"tak_encode of v1", do_encode_again}, {"cot_to_xml of v1", do_print},
    };
    long rounds = argc > 1 ? atol(argv[1]) : 5000;
    struct buf v1 = buf_over(v1_bytes, sizeof(v1_bytes));
    struct framer f = {0};

    xml = frame_next(&f, STR(report), LIMIT_EVENT_IN).body;
    do_parse();
    MUST(tak_encode(&from_xml, false, &v1));
    payload = frame_next(&f, buf_str(&v1), LIMIT_EVENT_IN).body;
    do_decode();
    (void)printf("one event: %zu bytes of XML, %zu bytes of v1\n", xml.len, v1.len);
    for (size_t i = 0; i < COUNTOF(rows); i++)
        (void)printf("%-18s %6.0f ns\n", rows[i].name, best_of_hundred(rows[i].run, rounds));
    return 0;
}
