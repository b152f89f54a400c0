/* decide.h -- what the record makes of one ask: the event itself and what follows from it.
 *
 *   chat.said to a device that is not connected  ->  chat.said
 *                                                    chat.receipt "pending" to its sender, for each such device
 *
 * A message to a mission or another name that no device can have gives a receipt
 * "failed" instead, so that its sender does not wait for an answer.  A sender
 * without a device of its own on the map cannot be told and gets no receipt.
 * The rows are journaled in this order and in one batch.
 *
 * Bounds: `max` rows; receipts beyond them, or that memory has no room for, are
 * left out, never the event itself.  Pure. */
#ifndef CORDON_CORE_DECIDE_H
#define CORDON_CORE_DECIDE_H

#include "core/record.h"
#include "core/river.h"

struct decided {
    enum event_id kind;
    struct str payload; /* the asked one as given; of what follows in memory */
};

/* How many rows it makes: at least 1, out[0] is the event itself.  salt: a number
 * that no other call gets, for messages that have no id of their own. */
size_t decide(enum event_id kind, struct str payload, struct now now, struct buf *memory, struct decided *out,
              size_t max, uint64_t salt) MUST_USE;

#endif
