/* ledger.h -- who heard what: exact completeness, receiver by receiver.
 *
 * A cell for each receiver and each sender that it must hear keeps the number of
 * the last event that arrived.  Senders count 1, 2, 3 ..., so a jump shows what
 * is missing, and what comes late is found again among the missing ones.
 *
 * With neighbourhoods of `width` phones (receiver and sender in the same run of
 * width numbers) only those pairs have a cell; else width is the number of
 * phones.  Bounds: numbers up to LEDGER_NUMBER_MAX; LEDGER_GAPS missing events
 * are remembered one by one, more are only counted (one of those that comes late
 * is then told as heard again). */
#ifndef CORDON_LOAD_LEDGER_H
#define CORDON_LOAD_LEDGER_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { LEDGER_NUMBER_MAX = 65535, LEDGER_GAPS = 1 << 16 };

struct ledger {
    uint32_t phones, width;
    uint16_t *last;   /* [receiver * width + sender in the run] */
    uint64_t *gaps;   /* open addressing: what is missing; 0: free */
    uint64_t missing; /* and did not come late */
    uint64_t late, again;
    /* Of receivers that may be given only the newest event of each unit. */
    uint64_t conflated, repeated;
    uint32_t first_receiver, first_sender, first_number; /* the first one that was missed */
};

bool ledger_init(struct ledger *l, uint32_t phones, uint32_t width, struct err *e) MUST_USE;
void ledger_fini(struct ledger *l);

/* Has this pair a cell? */
static inline bool ledger_has(const struct ledger *l, uint32_t receiver, uint32_t sender)
{
    return receiver < l->phones && sender < l->phones && receiver / l->width == sender / l->width;
}

/* A jump, something late or something again: all but the ordinary case. */
void ledger_note_odd(struct ledger *l, uint32_t receiver, uint32_t sender, uint32_t number);

static inline uint16_t *ledger_cell(const struct ledger *l, uint32_t receiver, uint32_t sender)
{
    return &l->last[(size_t)receiver * l->width + sender % l->width];
}

/* An event arrived; the pair MUST have a cell. */
static inline void ledger_note(struct ledger *l, uint32_t receiver, uint32_t sender,
                               uint32_t number)
{
    uint16_t *last = ledger_cell(l, receiver, sender);

    if (number == (uint32_t)*last + 1)
        *last = (uint16_t)number;
    else
        ledger_note_odd(l, receiver, sender, number);
}

/* The same for a slow receiver: a jump is conflation, the newest one again is a
 * fresh picture; only what is older than that is wrong. */
void ledger_note_slow(struct ledger *l, uint32_t receiver, uint32_t sender, uint32_t number);

/* All is over: the sender's last event was `number`.  Returns whether it had arrived. */
bool ledger_close(struct ledger *l, uint32_t receiver, uint32_t sender, uint32_t number);

#endif
