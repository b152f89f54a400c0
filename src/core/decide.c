#include "core/decide.h"

#include "core/reply.h"

/* A receipt about one addressee who is away, to the sender of the message. */
static bool pending_receipt(struct str payload, struct str away, struct now now, struct buf *memory,
                            struct decided *out)
{
    struct reply_receipt m = {.type = STR("b-t-f-p"),
                              .message_id = fields_get(payload, FIELD_MESSAGE_ID),
                              .room_id = fields_get(payload, FIELD_ROOM_ID),
                              .room = fields_get(payload, FIELD_ROOM),
                              .about_uid = away,
                              .to_uid = fields_get(payload, FIELD_CLAIMANT)};
    struct cot c;
    char text[4096], event[6144];
    struct buf detail = buf_over(text, sizeof text), xml = buf_over(event, sizeof event);
    struct buf b = buf_over(memory->at + memory->len, memory->max - memory->len);

    if (m.to_uid.len == 0)
        m.to_uid = fields_get(payload, FIELD_FROM_UID);
    if (m.to_uid.len == 0 || m.message_id.len == 0)
        return false; /* nobody to tell, or nothing to name it by */
    reply_receipt(&c, &m, now.wall_ms, &detail);
    cot_to_xml(&c, &xml);
    fields_put(&b, FIELD_UID, m.message_id);
    fields_put(&b, FIELD_TYPE, m.type);
    fields_put(&b, FIELD_MESSAGE_ID, m.message_id);
    fields_put(&b, FIELD_SUB_TYPE, STR("pending"));
    fields_put(&b, FIELD_ROOM_ID, m.room_id);
    fields_put(&b, FIELD_FROM_UID, away);
    fields_put(&b, FIELD_EVERYONE, STR("1"));
    fields_put(&b, FIELD_TO, m.to_uid);
    fields_put(&b, FIELD_EVENT_XML, buf_str(&xml));
    if (b.full || detail.full || xml.full)
        return false;
    *out = (struct decided){EV_CHAT_RECEIPT, buf_str(&b)};
    memory->len += b.len;
    return true;
}

size_t decide(enum event_id kind, struct str payload, struct now now, struct buf *memory, struct decided *out,
              size_t max, uint64_t salt)
{
    struct str rest = payload, away;
    enum field tag;
    size_t n = 1;

    (void)salt;
    MUST(max >= 1);
    out[0] = (struct decided){kind, payload};
    if (kind != EV_CHAT_SAID)
        return 1;
    while (n < max && fields_next(&rest, &tag, &away))
        if (tag == FIELD_OFFLINE && pending_receipt(payload, away, now, memory, &out[n]))
            n++;
    return n;
}
