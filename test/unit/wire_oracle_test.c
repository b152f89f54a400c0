/* The same bytes to expat and protobuf-c: who finds them well-formed, and what
 * do they say?  The texts are small edits of a few events, made from a seed. */
#include "infoset.h"
#include "pbwalk.h"

#include "wire/frame.h"
#include "wire/takproto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "takmessage.pb-c.h"

static const char *const events[] = {
    "<event version='2.0' uid='U1' type='a-f-G-U-C' how='m-g' time='2026-01-02T03:04:05.678Z'"
    " start='2026-01-02T03:04:05.678Z' stale='2026-01-02T03:05:20.678Z'>"
    "<point lat='48.1' lon='11.5' hae='520.0' ce='9.9' le='9999999.0'/><detail>"
    "<contact callsign='R&#10;&lt;1' endpoint=\"*:-1:stcp\"/><__group name='Cyan' role='Team Member'/>"
    "<status battery='78'/><track speed='1.2' course='271.0'/><takv device='d' platform='p' os='o'"
    " version='v'/><precisionlocation geopointsrc='GPS' altsrc='GPS'/></detail></event>",
    "<a b='1' c=\"2\">t&amp;<!-- c --><![CDATA[<&>]]]>\r\n<?p i?><d/></a>",
    "<\xC3\xA9 \xE6\x97\xA5='\xF0\x9F\x98\x80'>\xE2\x82\xAC&#x20AC;</\xC3\xA9>",
};

static char own_bytes[1 << 20], expat_bytes[1 << 20], scratch_bytes[1 << 20];

/* expat keeps to the fourth edition's names, so beyond ASCII only its yes counts. */
static bool has_odd_names(struct str xml)
{
    for (size_t i = 0; i < xml.len; i++)
        if ((unsigned char)xml.at[i] >= 0x80)
            return true;
    return false;
}

static void compare_xml(struct str xml)
{
    struct buf own = buf_over(own_bytes, sizeof(own_bytes));
    struct buf other = buf_over(expat_bytes, sizeof(expat_bytes));
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    struct err e = {0};
    bool mine = infoset_own(xml, &scratch, &own, &e), theirs = infoset_expat(xml, INFOSET_PLAIN, &other, NULL);

    if (mine != theirs && !(mine && has_odd_names(xml)))
        fail_msg("%.*s\n own says %s %s, expat %s", STR_ARG(xml), mine ? "yes" : "no", e.text,
                 theirs ? "yes" : "no");
    if (mine && theirs && !str_eq(buf_str(&own), buf_str(&other)))
        fail_msg("%.*s\n own:\n%.*s\n expat:\n%.*s", STR_ARG(xml), STR_ARG(buf_str(&own)),
                 STR_ARG(buf_str(&other)));
}

/* Changes, repeats or takes out a few bytes. */
static size_t edit(char *at, size_t len, size_t max, unsigned *seed)
{
    static const char alphabet[] = "<>&'\"/=!-?[]; \t\r\nax0#:\x01\x80\xC3\xEF";
    int edits = 1 + rand_r(seed) % 3;

    for (int i = 0; i < edits && len > 1; i++) {
        size_t from = (size_t)rand_r(seed) % len, n = 1 + (size_t)rand_r(seed) % 8;

        if (n > len - from)
            n = len - from;
        switch (rand_r(seed) % 3) {
        case 0: at[from] = alphabet[(size_t)rand_r(seed) % (sizeof(alphabet) - 1)]; break;
        case 1:
            memmove(at + from, at + from + n, len - from - n);
            len -= n;
            break;
        default:
            if (len + n > max)
                break;
            memmove(at + from + n, at + from, len - from);
            len += n;
            break;
        }
    }
    return len;
}

static void agrees_with_expat(void **state)
{
    unsigned seed = 1;
    size_t well_formed = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        const char *event = events[(size_t)i % COUNTOF(events)];
        char text[2048];
        size_t len = strlen(event);
        struct buf other = buf_over(expat_bytes, sizeof(expat_bytes));

        memcpy(text, event, len);
        len = edit(text, len, sizeof(text), &seed);
        /* What stands before an event is the cutter's work, not the scanner's. */
        if (str_starts(str_of(text, len), STR("<?xml")) || str_starts(str_of(text, len), STR("\xEF")))
            continue;
        compare_xml(str_of(text, len));
        well_formed += infoset_expat(str_of(text, len), INFOSET_PLAIN, &other, NULL);
    }
    print_message("200000 texts, %zu of them well-formed\n", well_formed);
    assert_true(well_formed > 5000);
}

static void same_text(struct str mine, const char *theirs)
{
    if (!str_eq(mine, str_from(theirs)))
        fail_msg("own says %.*s, protobuf-c %s", STR_ARG(mine), theirs);
}

static void same_number(double mine, double theirs)
{
    assert_true(mine == theirs || (isnan(mine) && !isfinite(theirs)));
}

static void same_event(const struct cot *c, const CotEvent *p)
{
    same_text(c->type, p->type);
    same_text(c->access, p->access);
    same_text(c->qos, p->qos);
    same_text(c->opex, p->opex);
    same_text(c->uid, p->uid);
    same_text(c->how, p->how);
    same_text(c->caveat, p->caveat);
    same_text(c->releasable_to, p->releaseableto);
    assert_true((uint64_t)c->time_ms == p->sendtime || c->time_ms == 253402300799999);
    assert_true((uint64_t)c->start_ms == p->starttime || c->start_ms == 253402300799999);
    assert_true((uint64_t)c->stale_ms == p->staletime || c->stale_ms == 253402300799999);
    same_number(c->lat.value, p->lat);
    same_number(c->lon.value, p->lon);
    same_number(c->hae.value, p->hae);
    same_number(c->ce.value, p->ce);
    same_number(c->le.value, p->le);
    if (!p->detail) {
        assert_true(c->detail.len == 0 && !c->contact.is && !c->track.is);
        return;
    }
    same_text(c->detail, p->detail->xmldetail);
    if (c->in_detail)
        return;
    assert_true(c->contact.is == !!p->detail->contact && c->group.is == !!p->detail->group &&
                c->precision.is == !!p->detail->precisionlocation && c->takv.is == !!p->detail->takv &&
                c->status.is == !!p->detail->status && c->track.is == !!p->detail->track);
    if (c->contact.is) {
        same_text(c->contact.callsign, p->detail->contact->callsign);
        same_text(c->contact.endpoint, p->detail->contact->endpoint);
    }
    if (c->takv.is) {
        same_text(c->takv.device, p->detail->takv->device);
        same_text(c->takv.version, p->detail->takv->version);
    }
    if (c->status.is)
        assert_true(c->status.battery == p->detail->status->battery || c->status.battery == INT32_MAX);
    if (c->track.is) {
        same_number(c->track.speed.value, p->detail->track->speed);
        same_number(c->track.course.value, p->detail->track->course);
    }
}

/* Ours refuses more (what XML cannot say), never less. */
static bool compare_proto(struct str payload)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
    TakMessage *p = tak_message__unpack(NULL, payload.len, (const uint8_t *)payload.at);
    struct tak_control control;
    bool has_event;
    struct cot c;
    struct err e;
    bool mine = tak_decode(payload, &scratch, &c, &has_event, &control, &e);

    bool odd = mine && pbwalk_is_odd(payload, &tak_message__descriptor);

    if (mine && !p && !odd) {
        for (size_t i = 0; i < payload.len; i++)
            print_error("%02x", (unsigned char)payload.at[i]);
        fail_msg(": own takes what protobuf-c refuses");
    }
    if (mine && p && !odd) {
        assert_int_equal(has_event, !!p->cotevent);
        assert_int_equal(control.is, !!p->takcontrol);
        if (has_event)
            same_event(&c, p->cotevent);
    }
    if (p)
        tak_message__free_unpacked(p, NULL);
    return mine;
}

static void agrees_with_protobuf_c(void **state)
{
    struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes)), b = buf_over(own_bytes, 2048);
    struct framer f = {0};
    unsigned seed = 2;
    size_t taken = 0;
    struct str payload;
    struct cot c;
    struct err e;

    (void)state;
    assert_true(cot_from_xml(str_from(events[0]), &scratch, &c, &e));
    assert_true(tak_encode(&c, false, &b));
    payload = frame_next(&f, buf_str(&b), LIMIT_EVENT_IN).body;
    assert_true(compare_proto(payload));
    for (int i = 0; i < 200000; i++) {
        char bytes[2048];
        size_t len = payload.len;

        memcpy(bytes, payload.at, len);
        len = edit(bytes, len, sizeof(bytes), &seed);
        /* protobuf-c's strings end at a NUL, and ours refuse it. */
        taken += compare_proto(str_of(bytes, len));
    }
    print_message("200000 payloads, %zu of them taken\n", taken);
    assert_true(taken > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_expat),
        cmocka_unit_test(agrees_with_protobuf_c),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
