/* Payloads: what is taken can be printed, and says the same when it is read
 * again, as XML and as v1. */
#include "wire/takproto.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 18 };
static char values1[ROOM], values2[ROOM], out1[8 * ROOM], out2[8 * ROOM];
static struct cot_routing routing;

static bool same_number(double a, double b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static void same(const struct cot *a, const struct cot *b)
{
    MUST(str_eq(a->uid, b->uid) && str_eq(a->type, b->type) && str_eq(a->how, b->how));
    MUST(str_eq(a->access, b->access) && str_eq(a->qos, b->qos) && str_eq(a->opex, b->opex));
    MUST(str_eq(a->caveat, b->caveat) && str_eq(a->releasable_to, b->releasable_to));
    MUST(a->time_ms == b->time_ms && a->start_ms == b->start_ms && a->stale_ms == b->stale_ms);
    MUST(same_number(a->lat.value, b->lat.value) && same_number(a->lon.value, b->lon.value));
    MUST(same_number(a->hae.value, b->hae.value) && same_number(a->ce.value, b->ce.value));
    MUST(same_number(a->le.value, b->le.value));
    MUST(a->contact.is == b->contact.is && str_eq(a->contact.callsign, b->contact.callsign));
    MUST(str_eq(a->contact.endpoint, b->contact.endpoint));
    MUST(a->group.is == b->group.is && str_eq(a->group.name, b->group.name));
    MUST(a->takv.is == b->takv.is && str_eq(a->takv.version, b->takv.version));
    MUST(a->status.is == b->status.is && a->status.battery == b->status.battery);
    MUST(a->track.is == b->track.is && same_number(a->track.speed.value, b->track.speed.value));
    MUST(a->has_dest == b->has_dest);
}

static void check_xml(const struct cot *c)
{
    struct buf b = buf_over(out1, sizeof(out1)), scratch = buf_over(values2, sizeof(values2));
    struct cot again;
    struct err e;

    cot_to_xml(c, &b);
    MUST(!b.full);
    if (b.len > LIMIT_EVENT_IN)
        return;
    MUST(str_find(buf_str(&b), STR("</event>")) == b.len - 8);
    MUST(cot_from_xml(buf_str(&b), &scratch, &again, &e));
    same(c, &again);
    b.len = 0;
    cot_to_xml_stripped(c, &b);
    scratch.len = 0;
    MUST(cot_from_xml(buf_str(&b), &scratch, &again, &e) && !again.has_dest);
}

static void check_v1(const struct cot *c)
{
    struct buf b = buf_over(out2, sizeof(out2)), scratch = buf_over(values2, sizeof(values2));
    struct tak_control control;
    struct cot again;
    size_t header = 1;
    bool has_event;
    struct err e;

    MUST(tak_encode(c, false, &b));
    while ((unsigned char)b.at[header++] >= 0x80)
        ;
    MUST(tak_decode(str_from_at(buf_str(&b), header), &scratch, &again, &has_event, &control, &e));
    MUST(has_event && str_eq(c->detail, again.detail));
    same(c, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf scratch = buf_over(values1, sizeof(values1));
    struct tak_control control;
    struct cot c;
    struct err e = {0};
    char *copy = malloc(size + 1);
    bool has_event, ok;

    MUST(copy);
    memcpy(copy, data, size);
    ok = tak_decode(str_of(copy, size), &scratch, &c, &has_event, &control, &e);
    MUST(ok || e.text[0]);
    if (ok && has_event) {
        (void)cot_route(&c, &scratch, &routing, &e);
        check_xml(&c);
        check_v1(&c);
    }
    free(copy);
    return 0;
}
