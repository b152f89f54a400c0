/* Real CoT events, and what ATAK's own core makes of them.
 *
 * The data is not part of the project (mixed licences): it is read from the
 * folder that CORDON_CORPUS names, or ../shared/corpus.  Without it every test
 * here is skipped, and says so. */
#include "infoset.h"
#include "support.h"

#include "wire/frame.h"
#include "wire/takproto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <jansson.h>

#include "takmessage.pb-c.h"

static char scratch_bytes[1 << 20], v1_bytes[1 << 20], xml_bytes[1 << 20], info1[1 << 21], info2[1 << 21];

static void need_corpus(void)
{
    FILE *f = fopen(test_corpus("index.json"), "rb");

    if (!f) {
        print_message("skipped: no corpus at %s (set CORDON_CORPUS)\n", test_corpus(""));
        skip();
    }
    (void)fclose(f);
}

static struct str corpus_file(const char *name)
{
    struct str s = test_read(test_corpus(name));

    if (!s.at)
        fail_msg("%s cannot be read", test_corpus(name));
    return s;
}

static const char *field(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static json_t *corpus_index(void)
{
    json_error_t why;
    json_t *list = json_load_file(test_corpus("index.json"), 0, &why);

    if (!list)
        fail_msg("index.json: %s", why.text);
    return list;
}

/* The one event of that file, as the cutter gives it. */
static struct str event_of(const char *name)
{
    struct str in = corpus_file(name), body = {0};
    struct framer f = {0};

    for (;;) {
        struct frame got = frame_next(&f, in, LIMIT_EVENT_IN);

        in = str_from_at(in, got.used);
        if (got.is == FRAME_MORE)
            break;
        if (got.is != FRAME_XML || body.len)
            fail_msg("%s is no single event", name);
        body = got.body;
    }
    if (body.len == 0 || in.len)
        fail_msg("%s is cut wrongly", name);
    return body;
}

static bool parse(struct str xml, struct cot *c, struct err *e)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

    return cot_from_xml(xml, &scratch, c, e);
}

/* ---- the way back and forth -------------------------------------------- */

static struct str infoset(struct str xml, int form, char *at, size_t *dropped)
{
    struct buf b = buf_over(at, sizeof(info1));

    if (!infoset_expat(xml, form, &b, dropped) || b.full)
        fail_msg("expat refuses what was taken: %.*s", STR_ARG(xml));
    return buf_str(&b);
}

/* XML -> v1 -> XML: nothing is lost that v1 has a field for, and what is sent
 * on is what came. */
static size_t round_trip(const char *name, struct str xml)
{
    static struct cot_routing routing, routing2;
    static char scratch2[1 << 20];
    struct buf v1 = buf_over(v1_bytes, sizeof(v1_bytes)), b = buf_over(xml_bytes, sizeof(xml_bytes));
    struct buf scratch = buf_over(scratch2, sizeof(scratch2));
    struct tak_control control;
    struct framer f = {0};
    struct frame frame;
    struct cot c, back;
    struct str want, got;
    size_t dropped;
    bool has_event;
    struct err e;

    assert_true(parse(xml, &c, &e));
    cot_to_xml(&c, &b);
    want = c.odd_end ? str_cut(xml, 0, xml.len - 2) : xml;
    assert_true(str_starts(buf_str(&b), want) && str_ends(buf_str(&b), STR("</event>")));
    assert_int_equal(b.len, c.odd_end ? xml.len + 7 : xml.len);
    assert_true(tak_encode(&c, false, &v1));
    frame = frame_next(&f, buf_str(&v1), LIMIT_EVENT_IN);
    assert_true(frame.is == FRAME_PROTO && frame.used == v1.len);
    if (!tak_decode(frame.body, &scratch, &back, &has_event, &control, &e))
        fail_msg("%s: %s", name, e.text);
    assert_true(has_event && !control.is);
    b.len = 0;
    cot_to_xml(&back, &b);
    assert_false(b.full);
    want = infoset(xml, INFOSET_NORMAL, info1, &dropped);
    got = infoset(buf_str(&b), INFOSET_NORMAL, info2, NULL);
    /* What was missing is written out as unknown; that is more, not less. */
    if (c.has_point && c.hae.text.len && c.ce.text.len && c.le.text.len && !str_eq(want, got))
        fail_msg("%s: before\n%.*s\nafter\n%.*s", name, STR_ARG(want), STR_ARG(got));
    scratch.len = 0;
    assert_true(cot_route(&c, &scratch, &routing, &e) == cot_route(&back, &scratch, &routing2, &e));
    assert_true(routing.dest_count == routing2.dest_count && routing.is_chat == routing2.is_chat);
    /* A second way through v1 changes nothing any more. */
    scratch.len = 0;
    assert_true(parse(buf_str(&b), &back, &e));
    b = buf_over(info1, sizeof(info1));
    assert_true(tak_encode(&back, false, &b));
    assert_true(str_eq(buf_str(&b), buf_str(&v1)) || c.in_detail);
    return dropped;
}

static void events_go_back_and_forth(void **state)
{
    json_t *list, *row;
    size_t i, taken = 0, refused = 0, dropped = 0;

    (void)state;
    need_corpus();
    list = corpus_index();
    json_array_foreach (list, i, row) {
        struct cot c;
        struct err e;

        if (strcmp(field(row, "kind"), "event") != 0)
            continue;
        if (parse(event_of(field(row, "file")), &c, &e)) {
            taken++;
            assert_true(str_eq(c.uid, str_from(field(row, "uid"))) || strchr(field(row, "uid"), '&'));
            dropped += round_trip(field(row, "file"), event_of(field(row, "file"))) > 0;
        } else {
            refused++;
            print_message("refused: %s: %s\n", field(row, "file"), e.text);
        }
    }
    print_message("%zu events taken, %zu refused; %zu have something v1 has no field for\n", taken, refused,
                  dropped);
    assert_true(taken >= 260);
    json_decref(list);
}

/* ---- against ATAK's core ----------------------------------------------- */

static size_t from_hex(const char *hex, uint8_t *out, size_t max)
{
    size_t n = strlen(hex) / 2;

    assert_true(n <= max);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return n;
}

/* detail's inner XML as an infoset.  ATAK takes _flow-tags_ off what it sends,
 * we pass them on (a server that adds its own must see those of others). */
static struct str detail_infoset(const char *inner, char *at, size_t max)
{
    static char text[1 << 20];
    struct buf b = buf_over(at, max);
    int n = snprintf(text, sizeof(text), "<event><detail>%s</detail></event>", inner);

    assert_true(n > 0 && (size_t)n < sizeof(text));
    if (!infoset_expat(str_of(text, (size_t)n), INFOSET_NORMAL, &b, NULL))
        fail_msg("ill-formed: %s", text);
    return buf_str(&b);
}

static struct str without_flow_tags(struct str info)
{
    for (;;) {
        size_t from = str_find(info, STR("(_flow-tags_\n")), to;
        char *at = (char *)(uintptr_t)info.at;

        if (from == info.len)
            return info;
        to = from + str_find(str_from_at(info, from), STR(")\n")) + 2;
        memmove(at + from, at + to, info.len - to);
        info.len -= to - from;
    }
}

static void same(const char *file, const char *what, const char *ours, const char *theirs)
{
    if (strcmp(ours, theirs) != 0)
        fail_msg("%s: %s is %s, ATAK says %s", file, what, ours, theirs);
}

static void same_number(const char *file, const char *what, double ours, double theirs)
{
    if (memcmp(&ours, &theirs, sizeof(ours)) != 0)
        fail_msg("%s: %s is %.17g, ATAK says %.17g", file, what, ours, theirs);
}

static void same_typed(const char *file, const Detail *a, const Detail *b)
{
    if (!a->contact != !b->contact || !a->group != !b->group || !a->status != !b->status ||
        !a->precisionlocation != !b->precisionlocation || !a->takv != !b->takv || !a->track != !b->track)
        fail_msg("%s: other elements are typed than ATAK's", file);
    if (a->contact) {
        same(file, "callsign", a->contact->callsign, b->contact->callsign);
        same(file, "endpoint", a->contact->endpoint, b->contact->endpoint);
    }
    if (a->group) {
        same(file, "group", a->group->name, b->group->name);
        same(file, "role", a->group->role, b->group->role);
    }
    if (a->precisionlocation) {
        same(file, "geopointsrc", a->precisionlocation->geopointsrc, b->precisionlocation->geopointsrc);
        same(file, "altsrc", a->precisionlocation->altsrc, b->precisionlocation->altsrc);
    }
    if (a->status)
        assert_int_equal(a->status->battery, b->status->battery);
    if (a->takv) {
        same(file, "device", a->takv->device, b->takv->device);
        same(file, "platform", a->takv->platform, b->takv->platform);
        same(file, "os", a->takv->os, b->takv->os);
        same(file, "takv version", a->takv->version, b->takv->version);
    }
    if (a->track) {
        same_number(file, "speed", a->track->speed, b->track->speed);
        same_number(file, "course", a->track->course, b->track->course);
    }
}

static void same_event(const char *file, const CotEvent *a, const CotEvent *b)
{
    struct str mine, theirs;

    same(file, "type", a->type, b->type);
    same(file, "access", a->access, b->access);
    same(file, "qos", a->qos, b->qos);
    same(file, "opex", a->opex, b->opex);
    same(file, "uid", a->uid, b->uid);
    same(file, "how", a->how, b->how);
    assert_true(a->sendtime == b->sendtime && a->starttime == b->starttime && a->staletime == b->staletime);
    same_number(file, "lat", a->lat, b->lat);
    same_number(file, "lon", a->lon, b->lon);
    same_number(file, "hae", a->hae, b->hae);
    same_number(file, "ce", a->ce, b->ce);
    same_number(file, "le", a->le, b->le);
    if (!a->detail != !b->detail)
        fail_msg("%s: %s detail, unlike ATAK's", file, a->detail ? "a" : "no");
    if (!a->detail)
        return;
    same_typed(file, a->detail, b->detail);
    mine = without_flow_tags(detail_infoset(a->detail->xmldetail, info1, sizeof(info1)));
    theirs = detail_infoset(b->detail->xmldetail, info2, sizeof(info2));
    if (!str_eq(mine, theirs))
        fail_msg("%s: xmlDetail\n%.*s\nATAK's\n%.*s", file, STR_ARG(mine), STR_ARG(theirs));
}

/* One row of the expectations: the mesh header BF 01 BF, then a TakMessage. */
static size_t check_atak(const json_t *row)
{
    static uint8_t theirs[1 << 20];
    struct buf v1 = buf_over(v1_bytes, sizeof(v1_bytes));
    size_t n = from_hex(field(row, "proto_mesh_hex"), theirs, sizeof(theirs));
    const char *file = field(row, "file");
    struct framer f = {0};
    struct frame frame;
    TakMessage *a, *b;
    bool identical;
    struct cot c;
    struct err e;

    if (!parse(event_of(file), &c, &e))
        fail_msg("%s: ATAK takes it, we say %s", file, e.text);
    assert_true(tak_encode(&c, false, &v1));
    frame = frame_next(&f, buf_str(&v1), LIMIT_EVENT_IN);
    a = tak_message__unpack(NULL, frame.body.len, (const uint8_t *)frame.body.at);
    b = tak_message__unpack(NULL, n - 3, theirs + 3);
    assert_true(a && b);
    same_event(file, a->cotevent, b->cotevent);
    identical = frame.body.len == n - 3 && memcmp(frame.body.at, theirs + 3, n - 3) == 0;
    tak_message__free_unpacked(a, NULL);
    tak_message__free_unpacked(b, NULL);
    return identical;
}

/* What ATAK or takproto encoded is taken, and says in XML what it said. */
static void check_decodes(const json_t *row)
{
    static uint8_t bytes[1 << 20];
    static char scratch2[1 << 20];
    struct buf scratch = buf_over(scratch2, sizeof(scratch2)), b = buf_over(xml_bytes, sizeof(xml_bytes));
    size_t n = from_hex(field(row, "proto_mesh_hex"), bytes, sizeof(bytes));
    struct tak_control control;
    bool has_event;
    struct cot c;
    struct err e;

    if (!tak_decode(str_of(bytes + 3, n - 3), &scratch, &c, &has_event, &control, &e))
        fail_msg("%s: %s", field(row, "file"), e.text);
    cot_to_xml(&c, &b);
    assert_true(!b.full && has_event);
    if (json_object_get(row, "back_xml") && strlen(field(row, "back_xml")) > 0) {
        struct str mine = infoset(buf_str(&b), INFOSET_COARSE, info1, NULL);
        struct str theirs = infoset(str_from(field(row, "back_xml")), INFOSET_COARSE, info2, NULL);
        /* The newer core writes the default out. */
        size_t at = str_find(theirs, STR("@access=Undefined\n"));

        if (at < theirs.len && c.access.len == 0) {
            memmove(info2 + at, info2 + at + 18, theirs.len - at - 18);
            theirs.len -= 18;
        }
        if (!str_eq(mine, theirs))
            fail_msg("%s\nours\n%.*s\nATAK's\n%.*s", field(row, "file"), STR_ARG(mine), STR_ARG(theirs));
    }
}

/* Calls one check for each line of JSON that has ok = true; adds its results up. */
static size_t each_line(const char *name, size_t *count, size_t (*check)(const json_t *))
{
    struct str rest = corpus_file(name);
    size_t sum = 0;

    *count = 0;
    while (rest.len > 0) {
        size_t n = str_find_byte(rest, '\n');
        json_error_t why;
        json_t *row = json_loadb(rest.at, n, 0, &why);

        if (!row)
            fail_msg("%s: %s", name, why.text);
        if (json_is_true(json_object_get(row, "ok"))) {
            sum += check(row);
            ++*count;
        }
        json_decref(row);
        rest = str_from_at(rest, n < rest.len ? n + 1 : n);
    }
    return sum;
}

static size_t decodes(const json_t *row)
{
    check_decodes(row);
    return 1;
}

static void agrees_with_atak(void **state)
{
    size_t count, identical;

    (void)state;
    need_corpus();
    identical = each_line("expected/atak-commo-1.17.2.visible.jsonl", &count, check_atak);
    print_message("ATAK's core: %zu events equal field by field, %zu byte for byte\n", count, identical);
    assert_true(count > 250);
    (void)each_line("expected/atak-commo-1.17.2.visible.jsonl", &count, decodes);
    (void)each_line("expected/takproto-3.0.1.visible.jsonl", &count, decodes);
    assert_true(count > 250);
}

/* ---- streams ----------------------------------------------------------- */

static void ill_formed_costs_one_event(void **state)
{
    static const char good[] = "<event version='2.0' uid='good' type='t-x-d-d' time='2026-01-02T03:04:05Z'"
                               " start='2026-01-02T03:04:05Z' stale='2026-01-02T03:04:05Z'/>";
    json_t *list, *row;
    size_t i, count = 0;

    (void)state;
    need_corpus();
    list = corpus_index();
    json_array_foreach (list, i, row) {
        struct str bad;
        struct framer f = {0};
        size_t refused = 0, taken = 0;
        char *bytes;

        if (strcmp(field(row, "kind"), "malformed-xml") != 0)
            continue;
        bad = corpus_file(field(row, "file"));
        bytes = malloc(bad.len + sizeof(good));
        assert_non_null(bytes);
        memcpy(bytes, bad.at, bad.len);
        memcpy(bytes + bad.len, good, sizeof(good) - 1);
        bad = str_of(bytes, bad.len + sizeof(good) - 1);
        for (;;) {
            struct frame got = frame_next(&f, bad, LIMIT_EVENT_IN);
            struct cot c;
            struct err e;

            assert_int_not_equal(got.is, FRAME_BAD);
            bad = str_from_at(bad, got.used);
            if (got.is == FRAME_MORE)
                break;
            if (got.is == FRAME_XML && parse(got.body, &c, &e))
                taken++;
            else
                refused++;
            if (bad.len == 0)
                assert_true(str_eq(c.uid, STR("good")));
        }
        assert_int_equal(bad.len, 0);
        assert_true(taken >= 1);
        print_message("%s: %zu refused, %zu taken\n", field(row, "file"), refused, taken);
        free(bytes);
        count++;
    }
    assert_int_equal(count, 5);
    json_decref(list);
}

static void decodes_recorded_protobuf(void **state)
{
    static const struct { const char *file, *uid; size_t header; } rows[] = {
        {"snstac+takproto/proto_test_functions.py_L127.bin", "aa0b0312-b5cd-4c2c-bbbc-9c4c70216261", 0},
        {"ke8tqb+HBC-Protocol/proto_hbc_alert.bin", "14403346965-9-1-1", 3},
    };

    (void)state;
    need_corpus();
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
        struct str in = corpus_file(rows[i].file);
        struct framer f = {0};
        struct tak_control control;
        bool has_event;
        struct cot c;
        struct err e;

        in = rows[i].header ? str_from_at(in, rows[i].header) : frame_next(&f, in, LIMIT_EVENT_IN).body;
        if (!tak_decode(in, &scratch, &c, &has_event, &control, &e))
            fail_msg("%s: %s", rows[i].file, e.text);
        assert_true(has_event && str_eq(c.uid, str_from(rows[i].uid)));
    }
}

/* The recording of a server with 330 clients: whole and in pieces, back and forth. */
static void replays_the_recording(void **state)
{
    const char *path;
    char command[1024];
    struct str all, rest;
    struct framer f = {0}, g = {0};
    size_t events = 0, refused = 0, junk = 0, at = 0, to = 0;
    FILE *p;

    (void)state;
    need_corpus();
    path = test_corpus("replay/fts-public-2022-01-09-visible.xmls.gz");
    (void)snprintf(command, sizeof(command), "gzip -dc '%s'", path);
    p = popen(command, "r");
    assert_non_null(p);
    rest = all = test_read_stream(p);
    assert_int_equal(pclose(p), 0);
    assert_true(all.len > 1000000);
    for (;;) {
        struct frame got = frame_next(&f, rest, LIMIT_EVENT_IN), split;
        struct cot c;
        struct err e;

        rest = str_from_at(rest, got.used);
        /* The same in pieces of 1,448 bytes, as TCP brings them. */
        for (;;) {
            split = frame_next(&g, str_cut(all, at, to), LIMIT_EVENT_IN);
            at += split.used;
            if (split.is != FRAME_MORE || to == all.len)
                break;
            to = to + 1448 < all.len ? to + 1448 : all.len;
        }
        assert_true(split.is == got.is && str_eq(split.body, got.body));
        if (got.is == FRAME_MORE)
            break;
        assert_int_not_equal(got.is, FRAME_BAD);
        if (got.is != FRAME_XML) {
            junk++;
        } else if (parse(got.body, &c, &e)) {
            events++;
            (void)round_trip("replay", got.body);
        } else {
            refused++;
            print_message("refused: %.*s: %s\n", (int)(got.body.len < 200 ? got.body.len : 200), got.body.at,
                          e.text);
        }
    }
    assert_int_equal(rest.len, 0);
    print_message("recording: %zu events taken, %zu refused, %zu runs of junk\n", events, refused, junk);
    assert_true(events > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_go_back_and_forth), cmocka_unit_test(agrees_with_atak),
        cmocka_unit_test(ill_formed_costs_one_event), cmocka_unit_test(decodes_recorded_protobuf),
        cmocka_unit_test(replays_the_recording),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
