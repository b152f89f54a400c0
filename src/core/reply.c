#include "core/reply.h"

/* The frame that all of them share; point 0/0 means "nowhere". */
static void base(struct cot *c, struct str uid, struct str type, int64_t wall_ms, int64_t stale_ms)
{
    memset(c, 0, sizeof *c);
    c->version = STR("2.0");
    c->uid = uid;
    c->type = type;
    c->how = STR("h-g-i-g-o");
    c->time_ms = c->start_ms = wall_ms;
    c->stale_ms = wall_ms + stale_ms;
    c->has_point = true;
    c->lat.value = c->lon.value = c->hae.value = 0;
    c->ce.value = c->le.value = COT_UNKNOWN;
    c->from_proto = true;
}

void reply_pong(struct cot *c, int64_t wall_ms)
{
    base(c, STR("takPong"), STR("t-x-c-t-r"), wall_ms, 20000);
}

void reply_version(struct cot *c, struct str uid, int64_t wall_ms, struct buf *detail)
{
    base(c, uid, STR("t-x-takp-v"), wall_ms, 60000);
    c->how = STR("m-g");
    c->ce.value = c->le.value = 999999;
    buf_put(detail, STR("<TakControl><TakProtocolSupport version=\"1\"></TakProtocolSupport>"
                        "<TakServerVersionInfo serverVersion=\"Cordon " CORDON_VERSION
                        "\" apiVersion=\"3\"></TakServerVersionInfo></TakControl>"));
    c->detail = buf_str(detail);
}

void reply_response(struct cot *c, struct str uid, bool status, int64_t wall_ms)
{
    base(c, uid, STR("t-x-takp-r"), wall_ms, 60000);
    c->how = STR("m-g");
    c->ce.value = c->le.value = 999999;
    c->detail = status ? STR("<TakControl><TakResponse status=\"true\"></TakResponse></TakControl>")
                       : STR("<TakControl><TakResponse status=\"false\"></TakResponse></TakControl>");
}

void reply_left(struct cot *c, struct str uid, struct str unit_uid, struct str unit_type, int64_t wall_ms,
                struct buf *detail)
{
    base(c, uid, STR("t-x-d-d"), wall_ms, 20000);
    buf_put(detail, STR("<link relation=\"p-p\" uid=\""));
    buf_xml(detail, unit_uid);
    buf_put(detail, STR("\" type=\""));
    buf_xml(detail, unit_type);
    buf_put(detail, STR("\"></link>"));
    c->detail = buf_str(detail);
}

void reply_groups(struct cot *c, struct str uid, int64_t wall_ms)
{
    base(c, uid, STR("t-x-g-c"), wall_ms, 20000);
}

static void attribute(struct buf *b, const char *name, struct str value)
{
    buf_byte(b, ' ');
    buf_put(b, str_from(name));
    buf_put(b, STR("=\""));
    buf_xml(b, value);
    buf_byte(b, '"');
}

/* <__chat> and what goes with it, as ATAK writes it (tak.md 1.3). */
void reply_chat(struct cot *c, const struct reply_chat *m, int64_t wall_ms, struct buf *detail, struct buf *uid)
{
    bool all = m->to_uid.len == 0;
    struct str room_id = all ? STR("All Chat Rooms") : m->to_uid;
    struct str room = all ? STR("All Chat Rooms") : m->to;
    size_t from = detail->len;

    buf_put(uid, STR("GeoChat."));
    buf_put(uid, m->from_uid);
    buf_byte(uid, '.');
    buf_put(uid, room_id);
    buf_byte(uid, '.');
    buf_put(uid, m->message_id);
    base(c, buf_str(uid), STR("b-t-f"), wall_ms, 86400000);
    buf_put(detail, STR("<__chat parent=\"RootContactGroup\" groupOwner=\"false\""));
    attribute(detail, "messageId", m->message_id);
    attribute(detail, "chatroom", room);
    attribute(detail, "id", room_id);
    attribute(detail, "senderCallsign", m->from);
    buf_put(detail, STR("><chatgrp"));
    attribute(detail, "uid0", m->from_uid);
    attribute(detail, "uid1", room_id);
    attribute(detail, "id", room_id);
    buf_put(detail, STR("></chatgrp></__chat><link"));
    attribute(detail, "uid", m->from_uid);
    buf_put(detail, STR(" type=\"a-f-G-U-C\" relation=\"p-p\"></link><remarks"));
    attribute(detail, "source", m->from_uid);
    attribute(detail, "to", room_id);
    buf_put(detail, STR(" time=\""));
    when_put(detail, wall_ms);
    buf_put(detail, STR("\">"));
    buf_xml(detail, m->text);
    buf_put(detail, STR("</remarks>"));
    c->detail = str_from_at(buf_str(detail), from);
}

void reply_receipt(struct cot *c, const struct reply_receipt *m, int64_t wall_ms, struct buf *detail)
{
    size_t from = detail->len;

    base(c, m->message_id, m->type, wall_ms, 86400000);
    buf_put(detail, STR("<__chatreceipt parent=\"RootContactGroup\" groupOwner=\"false\""));
    attribute(detail, "messageId", m->message_id);
    attribute(detail, "chatroom", m->room);
    attribute(detail, "id", m->room_id);
    attribute(detail, "senderCallsign", STR("Cordon"));
    buf_put(detail, STR("><chatgrp"));
    attribute(detail, "uid0", m->about_uid);
    attribute(detail, "uid1", m->to_uid);
    attribute(detail, "id", m->room_id);
    buf_put(detail, STR("></chatgrp></__chatreceipt><link"));
    attribute(detail, "uid", m->about_uid);
    buf_put(detail, STR(" type=\"a-f-G-U-C\" relation=\"p-p\"></link>"));
    c->detail = str_from_at(buf_str(detail), from);
}
