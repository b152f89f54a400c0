/* Events from XML: what is taken passes byte for byte, says the same after a
 * second reading and after a way through v1, and is routed. */
#include "wire/takproto.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 18 };
static char values1[ROOM], values2[ROOM], out1[2 * ROOM], out2[2 * ROOM], v1a[2 * ROOM];
static struct cot_routing routing1, routing2;

static void same(const struct cot *a, const struct cot *b)
{
    MUST(str_eq(a->uid, b->uid) && str_eq(a->type, b->type) && str_eq(a->how, b->how));
    MUST(a->contact.is == b->contact.is && str_eq(a->contact.callsign, b->contact.callsign));
    MUST(a->time_ms == b->time_ms || a->time_ms < 0);
    MUST(a->status.battery == b->status.battery && a->in_detail == (b->in_detail | a->in_detail));
}

/* Without dests nothing is left to strip, and the rest is as it was. */
static void check_stripped(const struct cot *c)
{
    struct buf b = buf_over(out1, sizeof(out1)), scratch = buf_over(values2, sizeof(values2));
    struct cot again;
    struct err e;

    cot_to_xml_stripped(c, &b);
    MUST(!b.full && b.len <= c->xml.len + 8);
    MUST(str_find(buf_str(&b), STR("</event>")) == b.len - 8);
    MUST(cot_from_xml(buf_str(&b), &scratch, &again, &e));
    MUST(!cot_has_dest(&again));
    same(c, &again);
}

static void check_v1(const struct cot *c)
{
    struct buf v1 = buf_over(v1a, sizeof(v1a)), b = buf_over(out1, sizeof(out1));
    struct buf scratch = buf_over(values2, sizeof(values2));
    struct tak_control control;
    struct cot back, again;
    size_t header = 1;
    bool has_event;
    struct err e;

    MUST(tak_encode(c, false, &v1));
    while ((unsigned char)v1.at[header++] >= 0x80)
        ;
    MUST(tak_decode(str_from_at(buf_str(&v1), header), &scratch, &back, &has_event, &control, &e));
    MUST(has_event);
    same(c, &back);
    cot_to_xml(&back, &b);
    MUST(!b.full);
    if (b.len > LIMIT_EVENT_IN)
        return;
    scratch.len = 0;
    MUST(cot_from_xml(buf_str(&b), &scratch, &again, &e));
    b = buf_over(out2, sizeof(out2));
    MUST(tak_encode(&again, false, &b));
    /* What v1 can say is stable; what stands in xmlDetail may move to a type. */
    MUST(back.in_detail || str_eq(buf_str(&b), buf_str(&v1)) || c->time_ms < 0 || c->start_ms < 0 ||
         c->stale_ms < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf scratch = buf_over(values1, sizeof(values1)), b = buf_over(out1, sizeof(out1));
    struct cot c, again;
    struct err e = {0};
    char *copy = malloc(size + 1);
    struct str xml = str_of(copy, size);
    bool ok;

    MUST(copy);
    memcpy(copy, data, size);
    ok = cot_from_xml(xml, &scratch, &c, &e);
    MUST(ok || e.text[0]);
    if (ok) {
        cot_to_xml(&c, &b);
        MUST(!b.full && b.len <= c.xml.len + (c.odd_end ? 7 : 0));
        MUST(c.odd_end || str_eq(buf_str(&b), c.xml));
        MUST(str_find(buf_str(&b), STR("</event>")) == b.len - 8);
        scratch = buf_over(values2, sizeof(values2));
        MUST(cot_from_xml(buf_str(&b), &scratch, &again, &e));
        same(&c, &again);
        ok = cot_route(&c, &scratch, &routing1, &e);
        MUST(ok == cot_route(&again, &scratch, &routing2, &e));
        MUST(!ok || routing1.dest_count == 0 || cot_has_dest(&c));
        check_stripped(&c);
        check_v1(&c);
    }
    free(copy);
    return 0;
}
