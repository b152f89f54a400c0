/* reconcile.h -- how many: claims of several sources about one counter, by a named rule.
 *
 * The rule `cordon-1` (it prints beside every number):
 *   0  a withdrawn claim and one graded E5 or F6 are out
 *   1  of each source only the latest counts: an earlier one is superseded, which is no conflict
 *      (a claim that a commander discounts still replaces those before it)
 *   2  casualties: a claim is overtaken when another source's is newer by more than 30 minutes and
 *      graded at least as well in both letter and digit.  Threats: nothing is overtaken; a claim goes
 *      only when a commander discounts it with a reason
 *   3  a verified death of an injured person shifts every remaining claim that is older than it:
 *      killed + 1, injured - 1 (0 at least; attackers are counted elsewhere)
 *   4  the board shows lowest to highest of what remains, and beside it what person records confirm
 * Latest, newer, older: by as_of, ties by order of recording.
 *
 * Works on plain claims, so another rule can stand beside it.  Pure; bounds: RECONCILE_MAX claims of
 * one counter and as many transitions, beyond which the oldest are left out and `left_out` counts. */
#ifndef CORDON_CORE_RECONCILE_H
#define CORDON_CORE_RECONCILE_H

#include "core/incident.h"

#define RULE_CORDON_1 "cordon-1"

enum { RECONCILE_MAX = 1024, RECONCILE_CATEGORIES = 16 };

enum claim_is {
    CLAIM_USED,
    CLAIM_SUPERSEDED,
    CLAIM_OVERTAKEN,
    CLAIM_EXCLUDED,  /* graded E5 or F6 */
    CLAIM_WITHDRAWN,
    CLAIM_DISCOUNTED,
};

struct claim {
    uint64_t seq;    /* the event, also the order of recording */
    uint32_t source; /* equal numbers are one source */
    int64_t lo, hi, as_of_ms;
    bool hi_open, casualty; /* casualty: killed, injured, missing */
    bool has_count;         /* false: only a split into categories */
    char letter, digit;     /* of the grade */
    int32_t category[RECONCILE_CATEGORIES]; /* -1: not said; word of the list by its place */
    enum claim_is is;
    int64_t shift; /* by rule 3, already in lo and hi, which are 0 at least */
    int64_t said_lo, said_hi; /* before it */
};

struct reconciled {
    int64_t lo, hi; /* of what remains; used 0: nothing is known, which is not 0 */
    bool hi_open, agreed; /* agreed: one value, with an upper end */
    uint32_t used, sources, values, left_out;
    int64_t confirmed;             /* from person records; -1: there is no such record kind */
    int64_t accepted;              /* -1: none */
    uint64_t accepted_seq;
    uint32_t n;
    struct claim claims[RECONCILE_MAX]; /* all, in order of recording */
};

/* Rules 0 to 3 on claims in order of recording, then the sums of rule 4.  transitions: when an injured
 * person died (times), shift +1 or -1 or 0 for this counter. */
void reconcile_cordon_1(struct reconciled *r, const int64_t *transitions_ms, size_t transitions, int shift);

/* The same for a counter of an incident ("killed"). */
void incident_reconcile(const struct incident *s, struct str counter, struct reconciled *r);
/* Threats whose end is known, by count, of a counter of threats ("attackers", "devices"); -1: it counts none. */
int64_t incident_accounted(const struct incident *s, struct str counter) MUST_USE;

#endif
