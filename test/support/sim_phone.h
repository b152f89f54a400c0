/* sim_phone.h -- the other end: what a phone writes, and a strict reader of what it hears.
 *
 * The reader shares no code with the frame cutter: XML events back to back, each
 * from "<event" to the literal "</event>" as PyTAK cuts it, v1 frames 0xBF
 * varint payload.  Anything else is a failure. */
#ifndef CORDON_TEST_SIM_PHONE_H
#define CORDON_TEST_SIM_PHONE_H

#include "base/when.h"
#include "wire/takproto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SIM_PHONE __attribute__((unused)) static

struct phone_unit {
    bool proto;
    struct str whole, body; /* body: of v1 the payload */
};

/* Cuts the next whole unit off; false at the end, *torn when bytes are no unit. */
SIM_PHONE bool phone_next(struct str *rest, struct phone_unit *u, bool *torn)
{
    size_t at = 1, n = 0;
    unsigned shift = 0;

    *torn = rest->len > 0;
    if (rest->len == 0)
        return false;
    if ((unsigned char)rest->at[0] == TAK_MAGIC) {
        for (; at < rest->len && at < 6; at++, shift += 7) {
            n |= (size_t)((unsigned char)rest->at[at] & 0x7F) << shift;
            if (!((unsigned char)rest->at[at] & 0x80))
                break;
        }
        at++;
        if (at > rest->len || n > rest->len - at)
            return false;
        *u = (struct phone_unit){true, str_cut(*rest, 0, at + n), str_cut(*rest, at, at + n)};
    } else {
        if (!str_starts(*rest, STR("<event ")))
            return false;
        n = str_find(*rest, STR("</event>"));
        if (n == rest->len)
            return false;
        *u = (struct phone_unit){false, str_cut(*rest, 0, n + 8), str_cut(*rest, 0, n + 8)};
    }
    *torn = false;
    *rest = str_from_at(*rest, u->whole.len);
    return true;
}

/* Reads it as an event; false when it is none. */
SIM_PHONE bool phone_read(const struct phone_unit *u, struct buf *values, struct cot *c)
{
    struct tak_control control;
    bool has_event = true;
    struct err e;

    if (u->proto)
        return tak_decode(u->body, values, c, &has_event, &control, &e) && has_event;
    return cot_from_xml(u->body, values, c, &e);
}

/* An event of a phone as XML. detail: printf format of the inner XML. */
struct phone_event {
    const char *type, *uid, *how; /* how NULL: m-g */
    int64_t time_ms, stale_ms;    /* stale 0: a minute later */
    double lat, lon;
};

SIM_PHONE struct str phone_write(struct buf *b, const struct phone_event *ev, const char *detail, ...)
    PRINTF_LIKE(3, 4);

SIM_PHONE struct str phone_write(struct buf *b, const struct phone_event *ev, const char *detail, ...)
{
    size_t from = b->len;
    char text[4096];
    va_list args;

    va_start(args, detail);
    MUST(vsnprintf(text, sizeof text, detail, args) < (int)sizeof text);
    va_end(args);
    buf_fmt(b, "<event version=\"2.0\" uid=\"%s\" type=\"%s\" how=\"%s\" time=\"", ev->uid, ev->type,
            ev->how ? ev->how : "m-g");
    when_put(b, ev->time_ms);
    buf_put(b, STR("\" start=\""));
    when_put(b, ev->time_ms);
    buf_put(b, STR("\" stale=\""));
    when_put(b, ev->stale_ms ? ev->stale_ms : ev->time_ms + 60000);
    buf_fmt(b, "\"><point lat=\"%.5f\" lon=\"%.5f\" hae=\"520.0\" ce=\"9.9\" le=\"9999999.0\"/>", ev->lat, ev->lon);
    buf_fmt(b, "<detail>%s</detail></event>", text);
    MUST(!b->full);
    return str_from_at(buf_str(b), from);
}

/* The same event as a v1 frame. */
SIM_PHONE struct str phone_as_proto(struct str xml, struct buf *b)
{
    size_t from = b->len, max = xml.len + 64;
    char *memory = malloc(max);
    struct buf values = buf_over(memory, max);
    struct cot c;
    struct err e;

    MUST(memory && cot_from_xml(xml, &values, &c, &e) && tak_encode(&c, false, b));
    free(memory);
    return str_from_at(buf_str(b), from);
}

#endif
