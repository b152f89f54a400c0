#include "load/marker.h"

#include "wire/takproto.h"

#include <stdio.h>

#define BEGIN "<__load n=\""
#define POSITION "\" seq=\""
#define CHAT "\" say=\""
#define SENT "\" t=\""

enum {
    AT_SENDER = sizeof BEGIN - 1,
    AT_KIND = AT_SENDER + 6,
    AT_NUMBER = AT_KIND + sizeof POSITION - 1,
    AT_SENT_KEY = AT_NUMBER + 6,
    AT_SENT = AT_SENT_KEY + sizeof SENT - 1,
    LENGTH = AT_SENT + 13 + sizeof "\"/>" - 1,
    STALE_MS = 75000,
    CHAT_STALE_MS = 24 * 3600 * 1000,
};
_Static_assert(sizeof POSITION == sizeof CHAT, "both kinds of marks have one length");

static bool digits(const char *at, size_t n, int64_t *out)
{
    int64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

static bool mark_read(const char *at, struct marker *out)
{
    int64_t sender, number;

    if (!digits(at + AT_SENDER, 6, &sender) || !digits(at + AT_NUMBER, 6, &number) ||
        !digits(at + AT_SENT, 13, &out->sent_us))
        return false;
    out->sender = (uint32_t)sender;
    out->number = (uint32_t)number;
    out->is_chat = at[AT_KIND + 2] == CHAT[2] && at[AT_KIND + 3] == CHAT[3];
    return true;
}

bool marker_find(struct str event, size_t *hint, struct marker *out)
{
    size_t at = *hint;

    if (at + LENGTH > event.len || memcmp(event.at + at, BEGIN, AT_SENDER) != 0) {
        at = str_find(event, str_of(BEGIN, AT_SENDER));
        if (at + LENGTH > event.len)
            return false;
        *hint = at;
    }
    return mark_read(event.at + at, out);
}

static void mark_put(const struct marker *m, struct buf *b)
{
    MUST(m->sender <= MARKER_PHONES_MAX && m->number <= MARKER_NUMBERS_MAX);
    buf_fmt(b, BEGIN "%06u%s%06u" SENT "%013lld\"/>", m->sender, m->is_chat ? CHAT : POSITION,
            m->number, (long long)m->sent_us);
}

void marker_uid(char to[MARKER_NAME_MAX], uint32_t n)
{
    (void)snprintf(to, MARKER_NAME_MAX, "ANDROID-10ad%012u", n);
}

void marker_callsign(char to[MARKER_NAME_MAX], uint32_t n)
{
    (void)snprintf(to, MARKER_NAME_MAX, "LOAD-%06u", n);
}

/* A cot of our own making goes out as one from protobuf does: typed elements beside the detail. */
static void event_begin(struct cot *c, const char *type, struct str uid, int64_t wall_ms)
{
    memset(c, 0, sizeof *c);
    c->version = STR("2.0");
    c->uid = uid;
    c->type = str_from(type);
    c->how = STR("m-g");
    c->time_ms = c->start_ms = wall_ms;
    c->stale_ms = wall_ms + STALE_MS;
    c->has_point = true;
    c->hae.value = 520.5;
    c->ce.value = 9.9;
    c->le.value = COT_UNKNOWN;
    c->from_proto = true;
}

static void event_put(const struct cot *c, bool v1, struct buf *b)
{
    if (!v1)
        cot_to_xml(c, b);
    else if (!tak_encode(c, false, b))
        b->full = true;
    MUST(!b->full); /* the caller gives MARKER_EVENT_MAX, and none of ours comes near */
}

/* Seven decimals of which the last is never 0: as many digits at every place. */
static double steady(double degrees)
{
    int64_t e7 = (int64_t)(degrees * 1e7);

    return (double)(e7 - e7 % 10 + 5) / 1e7;
}

void position_put(const struct position *p, bool v1, struct buf *b)
{
    char uid[MARKER_NAME_MAX], callsign[MARKER_NAME_MAX], text[256];
    struct buf detail = buf_over(text, sizeof text);
    struct cot c;

    marker_uid(uid, p->mark.sender);
    marker_callsign(callsign, p->mark.sender);
    mark_put(&p->mark, &detail);
    buf_fmt(&detail, "<uid Droid=\"%s\"/>", callsign);
    if (p->for_itself)
        buf_fmt(&detail, "<marti><dest callsign=\"%s\"/></marti>", callsign);
    event_begin(&c, "a-f-G-U-C", str_from(uid), p->wall_ms);
    c.lat.value = steady(p->lat);
    c.lon.value = steady(p->lon);
    c.detail = buf_str(&detail);
    c.has_dest = p->for_itself;
    c.contact = (struct cot_contact){true, STR("*:-1:stcp"), str_from(callsign)};
    c.group = (struct cot_group){true, STR("Cyan"), STR("Team Member")};
    c.takv =
        (struct cot_takv){true, STR("SAMSUNG SM-G998"), STR("ATAK-CIV"), STR("33"), STR("4.6.0.5")};
    c.status = (struct cot_status){.is = true, .battery = 78};
    c.track.is = true;
    c.track.speed.value = 1.2;
    c.track.course.value = 271.5;
    event_put(&c, v1, b);
}

void say_put(const struct say *s, bool v1, struct buf *b)
{
    char from[MARKER_NAME_MAX], callsign[MARKER_NAME_MAX], to[MARKER_NAME_MAX] = "All Chat Rooms";
    char room[MARKER_NAME_MAX] = "All Chat Rooms", uid[128], text[1536];
    struct buf detail = buf_over(text, sizeof text);
    struct cot c;

    marker_uid(from, s->mark.sender);
    marker_callsign(callsign, s->mark.sender);
    if (s->to != SAY_ALL) {
        marker_uid(to, s->to);
        marker_callsign(room, s->to);
    }
    (void)snprintf(uid, sizeof uid, "GeoChat.%s.%s.%06u-10ad", from, to, s->mark.number);
    mark_put(&s->mark, &detail);
    buf_fmt(&detail,
            "<__chat id=\"%s\" chatroom=\"%s\" senderCallsign=\"%s\" parent=\"RootContactGroup\" "
            "groupOwner=\"false\" messageId=\"%06u-10ad\"><chatgrp id=\"%s\" uid0=\"%s\" "
            "uid1=\"%s\"/></__chat><link uid=\"%s\" type=\"a-f-G-U-C\" relation=\"p-p\"/>"
            "<remarks source=\"BAO.F.ATAK.%s\" to=\"%s\">message %u of a load run</remarks>",
            to, room, callsign, s->mark.number, to, from, to, from, from, to, s->mark.number);
    if (s->to != SAY_ALL)
        buf_fmt(&detail, "<marti><dest callsign=\"%s\"/></marti>", room);
    MUST(!detail.full);
    event_begin(&c, "b-t-f", str_from(uid), s->wall_ms);
    c.how = STR("h-g-i-g-o");
    c.stale_ms = s->wall_ms + CHAT_STALE_MS;
    c.detail = buf_str(&detail);
    c.has_dest = s->to != SAY_ALL;
    event_put(&c, v1, b);
}

void marker_put_request(struct str uid, int64_t wall_ms, struct buf *b)
{
    struct cot c;

    event_begin(&c, "t-x-takp-q", uid, wall_ms);
    c.detail = STR("<TakControl><TakRequest version=\"1\"/></TakControl>");
    event_put(&c, false, b);
}
