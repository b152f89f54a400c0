/* decide.h -- a command and what follows from it: the rows to be journaled.
 *
 * The record thread (and the simulator) ask it before they write: the row that
 * was asked for comes first, rows that follow from it behind.  Pure: what it
 * needs to know of the live side stands in the payload (FIELD_OFFLINE). */
#ifndef CORDON_CORE_DECIDE_H
#define CORDON_CORE_DECIDE_H

#include "core/river.h"

enum { DECIDE_MAX = 8 };

struct decided {
    enum event_id kind;
    struct str payload; /* in the caller's payload or in `memory` */
};

/* Writes at most max rows (at least 1) and gives their number. A chat to a device
 * that is away is followed by the receipt "pending" (b-t-f-p) to its sender, as
 * ATAK shows it; when memory or max do not suffice for that, it is left out.
 * salt makes the uids of the events unique. */
size_t decide(enum event_id kind, struct str payload, struct now now, struct buf *memory, struct decided *out,
              size_t max, uint64_t salt) MUST_USE;

#endif
