/* river_row.h -- events of phones as rows of the river, before the incident core, for tests.
 *
 * Tests only.  row_of() writes the payload as a session does (core/session.c) for a phone with a
 * presence of its own; world_hears() journals it and puts what follows into the incident. */
#ifndef CORDON_SUPPORT_RIVER_ROW_H
#define CORDON_SUPPORT_RIVER_ROW_H

#include "support.h"
#include "support/incident_world.h"

#include "core/classify.h"
#include "core/incident_from_cot.h"

struct row_from {
    const char *user, *device; /* device NULL: no presence of its own */
};

static char row_bytes[1 << 20], row_memory[INCIDENT_RIVER_MEMORY];
static const char row_server[] = "cordon-0123456789abcdef";

static inline void row_text(struct buf *b, enum field f, struct str v)
{
    if (v.len)
        fields_put(b, f, v);
}

static inline unsigned row_kind(const struct cot *c, const struct cot_routing *r)
{
    switch ((int)classify(c, r->archive)) {
    case CLASS_CHAT: return EV_CHAT_SAID;
    case CLASS_RECEIPT: return EV_CHAT_RECEIPT;
    case CLASS_EMERGENCY: return r->emergency_cancel ? EV_EMERGENCY_CANCELLED : EV_EMERGENCY_RAISED;
    case CLASS_EMERGENCY_CANCEL: return EV_EMERGENCY_CANCELLED;
    case CLASS_CASEVAC: return EV_CASEVAC_SENT;
    case CLASS_OBJECT: return EV_OBJECT_PUT;
    default: return EV_NONE;
    }
}

/* The payload; *kind is EV_NONE for what is not journaled or not read. */
static inline struct str row_of(struct str xml, struct row_from from, unsigned *kind)
{
    static char values[1 << 20];
    static struct cot_routing r;
    struct buf b = buf_over(row_bytes, sizeof row_bytes), scratch = buf_over(values, sizeof values);
    struct cot c;
    struct err e;

    *kind = EV_NONE;
    if (!cot_from_xml(xml, &scratch, &c, &e) || !cot_route(&c, &scratch, &r, &e))
        return (struct str){0};
    *kind = row_kind(&c, &r);
    row_text(&b, FIELD_USER, str_from(from.user));
    row_text(&b, FIELD_FROM_UID, str_from(from.device));
    row_text(&b, FIELD_UID, c.uid);
    row_text(&b, FIELD_TYPE, c.type);
    row_text(&b, FIELD_CALLSIGN, c.contact.callsign);
    fields_put_int(&b, FIELD_STALE_MS, c.stale_ms);
    row_text(&b, FIELD_LAT, c.lat.text);
    row_text(&b, FIELD_LON, c.lon.text);
    row_text(&b, FIELD_LINK_UID, r.link_uid);
    row_text(&b, FIELD_MESSAGE_ID, r.chat_message_id);
    if (r.is_chat) {
        row_text(&b, FIELD_ROOM_ID, r.chat_id);
        row_text(&b, FIELD_ROOM, r.chat_room);
        if (!c.contact.callsign.len)
            row_text(&b, FIELD_CALLSIGN, r.chat_sender);
        if (r.chat_member_count)
            row_text(&b, FIELD_CLAIMANT, r.chat_members[0]);
    }
    row_text(&b, FIELD_TEXT, r.remarks);
    if (r.has_emergency) {
        row_text(&b, FIELD_SUB_TYPE, r.emergency_type);
        row_text(&b, FIELD_NAME, r.emergency_text);
    }
    fields_put(&b, FIELD_GROUP, STR("all"));
    fields_put(&b, FIELD_EVENT_XML, xml);
    MUST(!b.full);
    return buf_str(&b);
}

/* A row of the river in the incident's journal: it changes nothing but the seq. */
static inline uint64_t world_river(struct world *w, unsigned kind, struct str payload)
{
    assert_true(w->seq < WORLD_EVENTS - 1 && w->log_len + payload.len <= WORLD_LOG);
    memcpy(w->log + w->log_len, payload.at, payload.len);
    w->rows[++w->seq] = (struct world_row){kind, w->log_len, payload.len};
    incident_apply(w->s, w->seq, kind, str_of(w->log + w->log_len, payload.len));
    w->log_len += payload.len;
    return w->seq;
}

/* What incident_from_river makes of a row that stands in the journal already. */
static inline size_t world_reads(struct world *w, uint64_t seq, struct incident_command *out, size_t max)
{
    struct buf memory = buf_over(row_memory, sizeof row_memory);
    struct incident_river r = {.s = w->s,
                               .kind = w->rows[seq].kind,
                               .payload = str_of(w->log + w->rows[seq].at, w->rows[seq].len),
                               .seq = seq,
                               .now_ms = w->now_ms,
                               .server_uid = str_from(row_server)};

    return incident_from_river(&r, &memory, out, max);
}

/* Journals the row, then does every command of it; each must be taken.  How many there were. */
static inline size_t world_hears(struct world *w, unsigned kind, struct str payload)
{
    struct incident_command out[INCIDENT_RIVER_COMMANDS];
    size_t n = world_reads(w, world_river(w, kind, payload), out, COUNTOF(out));

    for (size_t i = 0; i < n; i++)
        if (!world_do(w, out[i].kind, out[i].payload))
            fail_msg("%s refused: %s", kind_info(out[i].kind)->tag, w->err.text);
    return n;
}

static inline size_t world_hears_xml(struct world *w, struct str xml, struct row_from from)
{
    unsigned kind;
    struct str payload = row_of(xml, from, &kind);

    return kind == EV_NONE ? 0 : world_hears(w, kind, payload);
}

#endif
