#include "core/decide.h"

#include "core/reply.h"

#include <inttypes.h>

enum { RECEIPT_MAX = 4096 };

/* Of a message that has none: something that no other message has. */
static struct str message_id(struct str payload, uint64_t salt, struct buf *made)
{
    struct str id = fields_get(payload, FIELD_MESSAGE_ID);

    if (id.len == 0)
        id = fields_get(payload, FIELD_UID);
    if (id.len)
        return id;
    buf_fmt(made, "message-%" PRIu64, salt);
    return buf_str(made);
}

/* One row that tells the sender what became of his message for `about`; false
 * when there is no room for it, and memory is then as before. */
static bool put_receipt(struct str payload, struct str about, struct now now, uint64_t salt, struct buf *memory,
                        struct decided *out)
{
    static const struct str name = {"callsign/", 9};
    char made[48], detail_text[RECEIPT_MAX], event_text[2 * RECEIPT_MAX];
    struct buf id = buf_over(made, sizeof made), detail = buf_over(detail_text, sizeof detail_text);
    struct buf event = buf_over(event_text, sizeof event_text);
    struct str claimed = fields_get(payload, FIELD_CLAIMANT), from = fields_get(payload, FIELD_FROM_UID);
    bool by_name = str_starts(about, name);
    bool hopeless = str_starts(about, STR("mission/")) || str_starts(about, STR("mission-guid/"));
    struct reply_receipt m = {.type = hopeless ? STR("b-t-f-s") : STR("b-t-f-p"),
                              .message_id = message_id(payload, salt, &id),
                              .room_id = fields_get(payload, FIELD_ROOM_ID),
                              .room = fields_get(payload, FIELD_ROOM),
                              .about_uid = by_name ? str_from_at(about, name.len) : about,
                              .to_uid = claimed.len ? claimed : from};
    size_t begin = memory->len;
    struct cot c;

    reply_receipt(&c, &m, now.wall_ms, &detail);
    cot_to_xml(&c, &event);
    fields_put(memory, FIELD_UID, m.message_id);
    fields_put(memory, FIELD_TYPE, m.type);
    fields_put(memory, FIELD_MESSAGE_ID, m.message_id);
    fields_put(memory, FIELD_ROOM_ID, m.room_id);
    fields_put(memory, FIELD_ROOM, m.room);
    fields_put(memory, FIELD_FROM_UID, m.about_uid);
    fields_put(memory, FIELD_SUB_TYPE, hopeless ? STR("failed") : STR("pending"));
    fields_put(memory, FIELD_EVERYONE, STR("1"));
    fields_put(memory, FIELD_TO, from);
    fields_put(memory, FIELD_EVENT_XML, buf_str(&event));
    if (memory->full || detail.full || event.full || m.message_id.len > LIMIT_UID) {
        memory->len = begin;
        memory->full = false;
        return false;
    }
    *out = (struct decided){EV_CHAT_RECEIPT, str_from_at(buf_str(memory), begin)};
    return true;
}

size_t decide(enum event_id kind, struct str payload, struct now now, struct buf *memory, struct decided *out,
              size_t max, uint64_t salt)
{
    struct str rest = payload, value;
    enum field tag;
    size_t n = 1;

    MUST(max > 0 && !memory->full);
    out[0] = (struct decided){kind, payload};
    if (kind != EV_CHAT_SAID || fields_get(payload, FIELD_FROM_UID).len == 0)
        return n;
    while (n < max && fields_next(&rest, &tag, &value))
        if (tag == FIELD_OFFLINE && put_receipt(payload, value, now, salt, memory, &out[n]))
            n++;
    return n;
}
