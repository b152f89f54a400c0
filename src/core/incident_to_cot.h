/* incident_to_cot.h -- what the command post decided, as CoT that stock ATAK shows.
 *
 *   event of the incident (journaled, applied) --incident_cot--> rows of the river, to journal and publish
 *
 *   cordon, tactical zone, hazard with a SHAPE   u-d-f, a closed shape in the colour of its kind
 *   closure with a SHAPE                         u-d-f, an open red line
 *   point, hazard with a place                   b-m-p-s-m, a spot with a name
 *   lifted, closed, controlled, replaced         t-x-d-d
 *   Mayday, evacuation                           chat to all, and an alert (b-a-o-...) where a place is known
 *   assignment, task, message, PAR               chat to the devices of its units, and to nobody else
 *
 * The forms are those of ATAK's own examples (tak.md 1.3).  An object's uid is
 * "cordon-<incident>-<entity>-<id>", so a later event changes or deletes the same thing; a chat's
 * messageId is "cordon-<incident>-<entity>-<seq of the event>", so that a receipt tells what it is about
 * (message_of_id).  Every text that goes out was asked of core/incident_access.h as a responder: what is
 * for the command, medical or sealed never reaches a phone.  Of an exercise nothing is for everybody, and
 * every text says EXERCISE.  Each XML is at most LIMIT_EVENT_OUT bytes: a text is cut at 4,000 bytes
 * and says so, a shape of more than 1,000 points is thinned out.  What a phone put on the map itself
 * (its alert, its bomb marker) is not put there twice.  Pure. */
#ifndef CORDON_CORE_INCIDENT_TO_COT_H
#define CORDON_CORE_INCIDENT_TO_COT_H

#include "core/incident.h"
#include "core/record.h"
#include "wire/cot.h"

enum {
    INCIDENT_COT_SCRATCH = 128 * 1024,
    INCIDENT_COT_MEMORY = INCIDENT_COT_SCRATCH + 512 * 1024,
};

/* A phone that is or was connected. */
struct cot_device {
    struct str uid, callsign;
};

enum cot_audience {
    COT_TO_ALL,      /* every group */
    COT_TO_EXERCISE, /* devices for which device_is_exercise() is true: the caller adds their FIELD_TO,
                      * and journals nothing when there are none */
    COT_TO_DEVICE,   /* `to` alone; FIELD_TO is in the payload */
};

struct cot_out {
    unsigned river_kind; /* enum event_id: what it is journaled as */
    enum cot_audience audience;
    bool is_delete;
    struct str type, uid, to;
    struct str xml;
    struct str payload; /* of the row: the caller may add FIELD_TO and FIELD_OFFLINE behind it */
};

struct incident_outgoing {
    const struct incident *s; /* after the event was applied */
    unsigned kind;
    struct str payload;
    uint64_t seq;
    int64_t now_ms;
    struct str server_uid, server_name;
    const struct cot_device *devices;
    size_t device_count;
    size_t skip; /* rows that were given out before */
};

/* The next rows, at most max, as many as fit into memory (empty, INCIDENT_COT_MEMORY bytes), where they
 * lie.  0: that was all.  Call again with skip raised by what was given. */
size_t incident_cot(const struct incident_outgoing *o, struct buf *memory, struct cot_out *out, size_t max) MUST_USE;

/* The command post as a contact (position report with contact/@endpoint "*:-1:stcp", tak.md 1.3): without
 * it a phone can read what it is told but has nobody to answer.  It stands where the ICP is, else where
 * the incident is, else nowhere (0/0); of an exercise, and without an incident (s NULL), nowhere.  Stale
 * after five minutes: to be put into the live river at the start and every minute.  detail: empty. */
struct cot_post {
    const struct incident *s;
    struct str server_uid, server_name;
    int64_t now_ms;
};
void incident_cot_post(const struct cot_post *p, struct buf *detail, struct cot *c);

/* The message that a chat's messageId is about, 0 when it is not of this incident's messages. */
uint32_t message_of_id(const struct incident *s, struct str message_id) MUST_USE;

#endif
