/* clearance.h -- what is cleared, by zone and by kind (domain.md 5.4).
 *
 *              start            end, extent < 100 or exclusions
 *   UNKNOWN ----------> ENTERED -------------------------------> PARTIAL --start--> ENTERED
 *                          | end                                                 second unit
 *                          +------> COMPLETE ---------------------------------> CONFIRMED
 *                                      |  hold (guard)  release                     |
 *                                      +-----> HELD --------> COMPLETE <--hold------+
 *   any --forbid--> NO-GO --lift--> VOID
 *   COMPLETE, CONFIRMED, HELD --void--> VOID, which is UNKNOWN with a history
 *
 * The machine is the one table in clearance.c.  Never "safe": only "not known clear" and what was
 * searched, by whom and when.  Pure. */
#ifndef CORDON_CORE_CLEARANCE_H
#define CORDON_CORE_CLEARANCE_H

#include "core/incident.h"

enum clearance_state {
    CLEARANCE_UNKNOWN,
    CLEARANCE_ENTERED,
    CLEARANCE_PARTIAL,
    CLEARANCE_COMPLETE,
    CLEARANCE_CONFIRMED,
    CLEARANCE_HELD,
    CLEARANCE_NO_GO,
    CLEARANCE_VOID,
    CLEARANCE_STATES,
    CLEARANCE_REFUSED = CLEARANCE_STATES
};

enum clearance_step {
    STEP_START,
    STEP_END_PARTIAL,
    STEP_END_COMPLETE,
    STEP_CONFIRM,
    STEP_HOLD,
    STEP_RELEASE,
    STEP_VOID,
    STEP_FORBID,
    STEP_LIFT,
    STEP_COUNT
};

/* CLEARANCE_REFUSED when the step is not possible. */
enum clearance_state clearance_next(enum clearance_state from, enum clearance_step step) MUST_USE;
/* The state of a zone for a kind ("threat", ...). */
enum clearance_state clearance_of(const struct incident *s, struct str zone, const char *kind) MUST_USE;
/* COMPLETE or better. */
bool clearance_is_clear(enum clearance_state state) MUST_USE;

/* The all-clear of invariant 4: how many zones count and how many of them miss which kind. */
struct clearance_sum {
    uint32_t zones, threat_missing, eod_missing;
    uint32_t first_missing; /* zone; 0: none */
};
struct clearance_sum clearance_sum(const struct incident *s) MUST_USE;

#endif
