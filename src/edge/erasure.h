/* erasure.h -- destroying the text of one row of the record: what may be, and the event that tells of it.
 *
 *   find the row -> key.shredded, on the disk -> the key is destroyed -> what was made of the text is made anew
 *
 * The same for the record thread (edge/recorder_erase.c) and for the command line without a server.  What tells of
 * erasures, exports and opened identities is not erased, nor the row that opened an incident, without which all of
 * it would be gone.  Blocks on the disk. */
#ifndef CORDON_EDGE_ERASURE_H
#define CORDON_EDGE_ERASURE_H

#include "base/limits.h"
#include "core/incident.h"
#include "store/journal.h"

enum { ERASURE_BY_MAX = 128, ERASURE_REASON_MAX = INCIDENT_LINE_MAX, ERASURE_PAYLOAD = 4096 };

struct erasure {
    uint64_t seq;
    char by[ERASURE_BY_MAX + 1], reason[ERASURE_REASON_MAX + 1];
    /* of the row, as erasure_find() saw it */
    uint16_t kind;
    char incident[INCIDENT_ID_MAX + 1]; /* empty: of none */
    char uid[LIMIT_UID + 1];
    bool exercise, erased;
};

/* The request as a line for DIR/inbox: {"cordon":"erase 1","seq":N,"by":"NAME","reason":"..."}. */
void erasure_put(const struct erasure *x, struct buf *b);
/* Is it such a line? */
bool erasure_is(struct str line) MUST_USE;
bool erasure_read(struct str line, struct erasure *x, struct err *e) MUST_USE;
/* Looks at the row; false: there is none, or it is one that is not erased. */
bool erasure_find(struct journal *j, struct erasure *x, struct err *e) MUST_USE;
/* The row that a key.shredded of ours erases; 0: it tells of something else.  An identity that is destroyed is told by
 * the same kind of event under a name that people choose ("event 17" is one), but never as the system's. */
uint64_t erasure_of(struct str payload) MUST_USE;
/* Behind journal_verify(): a text that is gone without key.shredded naming it was destroyed behind the record's back;
 * the first one becomes the finding, if there is none yet.  False: it could not be read. */
bool erasures_prove(struct journal *j, struct journal_verify *v, struct err *e) MUST_USE;
/* The payload of key.shredded, without the incident's own fields INCIDENT and EXERCISE. */
void erasure_event(const struct erasure *x, struct buf *b);

#endif
