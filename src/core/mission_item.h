/* mission_item.h -- one map item or file of a mission, at the time of one change: what lists and events show of it.
 *
 * tak.md 2.5 (uids[].details, contents[].data) and 1.7 (MissionChange).  Every text is borrowed from the payload of
 * the change or from whoever read it back.  Pure. */
#ifndef CORDON_CORE_MISSION_ITEM_H
#define CORDON_CORE_MISSION_ITEM_H

#include "core/mission.h"

struct mission_item {
    uint64_t seq; /* the journal row of the change */
    enum mission_change change;
    int64_t at_ms;
    struct str mission_name, mission_guid; /* as they were then */
    struct str creator;                    /* a device's uid, never empty */
    struct str uid, hash;                  /* of a map item; of a file; both empty: the mission itself, external data */
    struct str cot;                        /* a map item: the event as XML */
    /* A map item as its event shows it. */
    struct str type, callsign, iconset, color; /* color: as written, a signed 32-bit ARGB */
    bool has_point;
    double lat, lon;
    /* A file. */
    struct str file_uid, name, mime, submitter, file_creator, tool, keywords; /* keywords: one a line */
    int64_t size, submitted_ms, expiration; /* expiration: -1, or seconds since 1970 */
    /* External data. */
    struct str external, external_name, external_tool, external_data, external_view, external_notes, external_token;
};

/* What a change's payload says of the item; the details of an event that cannot be read stay empty.  scratch: room
 * for LIMIT_EVENT_IN bytes. */
void mission_item_read(struct str payload, struct buf *scratch, struct mission_item *out);

#endif
