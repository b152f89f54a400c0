/* sets.h -- groups, and who hears whom.
 *
 * A user writes into his IN groups and hears his OUT groups; an event is heard
 * iff the sender's IN and the hearer's OUT share a group (tak.md 2.2), and no rule
 * between their agencies forbids it (core/sharing.h).  The combinations in use are
 * few, so each is kept once and has a number, and the answer for every pair is
 * one bit: the flush asks it for each event.
 *
 *   IN set   groups | agency of the sender | class of traffic   -> its number goes with the event
 *   OUT set  groups | agency of the hearer                      -> its number is the session's
 *   hears[out][in] = groups meet, and (no class, no agency, the same agency, or the rule allows it)
 *
 * Agency and class stand beside the groups and not among them: groups are alternatives
 * (one in common is enough) while a rule is a condition, which in groups alone would
 * need one for each group, agency and class.  So a rule that changes is a matter of
 * bits (sets_rules_changed): no user's sets change, no session is touched.
 *
 * Class 0 is for all agencies: emergencies, what names its addressees, the server's own.
 * Agency 0 is nobody's.  sets_shared() gives an IN set's variant for a class, in one step.
 *
 * Writers hold the river's lock.  sets_hears() may be asked without it: a
 * number is given out only after its bits stand, and each bit changes at once.
 * IN set SETS_EVERYONE is the server's own voice, heard by all; IN set SETS_SILENT, of
 * a user without groups, is heard by nobody; OUT set SETS_NOBODY hears only the server.
 * Bounds: LIMIT_GROUPS, LIMIT_IN_SETS, LIMIT_SETS; when reached, the new name or
 * combination is refused (-1).  SETS_AGENCIES; one more is taken for those without one. */
#ifndef CORDON_CORE_SETS_H
#define CORDON_CORE_SETS_H

#include "base/limits.h"
#include "base/str.h"

#include <stdatomic.h>

enum {
    SETS_WORDS = LIMIT_GROUPS / 64,
    SETS_NAME_MAX = 64,
    SETS_EVERYONE = 0,
    SETS_SILENT = 1,
    SETS_NOBODY = 0,
    SETS_AGENCIES = 256,
    SETS_AGENCY_MAX = 16,
    SETS_NO_AGENCY = 1, /* number of the users who have none, named "-" */
    SETS_CLASSES = 5,   /* enum share of core/sharing.h */
};

struct group_mask {
    uint64_t word[SETS_WORDS];
};

/* Of an IN set, beside its groups. */
struct set_of {
    uint8_t agency, share; /* share: 0, or a class that rules are about */
};

struct sets {
    char names[LIMIT_GROUPS][SETS_NAME_MAX];
    int group_count, in_count, out_count;
    char agencies[SETS_AGENCIES][SETS_AGENCY_MAX];
    int agency_count;
    bool classed; /* events get the number of their class (setting sharing = on) */
    bool ruled;   /* the rules count just now: an incident is open */
    uint64_t allowed[SETS_CLASSES][SETS_AGENCIES][SETS_AGENCIES / 64]; /* [class][from], a bit for each `to` */
    struct group_mask in[LIMIT_IN_SETS], out[LIMIT_SETS];
    struct set_of in_of[LIMIT_IN_SETS];
    uint8_t out_of[LIMIT_SETS];
    uint16_t shared[LIMIT_IN_SETS][SETS_CLASSES]; /* variants that were made; 0: not yet */
    _Atomic uint64_t hears[LIMIT_SETS][LIMIT_IN_SETS / 64]; /* [out][in] */
};

void sets_init(struct sets *s);
/* The number of a group, added when new; -1 when there are too many or the name
 * is empty or longer than SETS_NAME_MAX - 1. */
int sets_group(struct sets *s, struct str name) MUST_USE;
int sets_find_group(const struct sets *s, struct str name) MUST_USE; /* -1: not known */
struct str sets_name(const struct sets *s, int group) MUST_USE;
void mask_add(struct group_mask *m, int group);
bool mask_has(const struct group_mask *m, int group) MUST_USE;
bool mask_is_empty(const struct group_mask *m) MUST_USE;
/* The number of a combination; -1 when there are too many.  The short forms: of no agency. */
int sets_in(struct sets *s, const struct group_mask *m) MUST_USE;
int sets_out(struct sets *s, const struct group_mask *m) MUST_USE;
int sets_in_of(struct sets *s, const struct group_mask *m, struct set_of of) MUST_USE;
int sets_out_of(struct sets *s, const struct group_mask *m, uint8_t agency) MUST_USE;
/* Where there are too many: the same groups as somebody has them, of whatever agency, in the class that no rule is
 * about, so that the same hear it; -1: nobody has them. */
int sets_in_any(const struct sets *s, const struct group_mask *m) MUST_USE;

/* The number of an agency, added when new ("" : SETS_NO_AGENCY).  What it may hear from others stands only
 * after sets_allow() for it: until then nothing that a rule is about. */
uint8_t sets_agency(struct sets *s, struct str name) MUST_USE;
struct str sets_agency_name(const struct sets *s, uint8_t agency) MUST_USE;
/* The variant of an IN set for a class of traffic; the same set while nothing is classed, for class 0 and for
 * sets of no agency.  -1: too many. */
int sets_shared(struct sets *s, uint16_t in, unsigned share) MUST_USE;
/* What `to` hears from `from` in a class; counts from the next sets_rules_changed() on. */
void sets_allow(struct sets *s, struct set_of from, uint8_t to, bool allow);
/* The answer as it counts now. */
bool sets_allows(const struct sets *s, struct set_of from, uint8_t to) MUST_USE;
/* Do the rules count, and all bits by them anew: at most LIMIT_SETS times LIMIT_IN_SETS, as far as they are in use. */
void sets_rules_changed(struct sets *s, bool ruled);

/* Do two IN sets write into a common group, with no rule between them? */
bool sets_share(const struct sets *s, unsigned in, unsigned other) MUST_USE;

static inline bool sets_hears(const struct sets *s, unsigned out, unsigned in)
{
    return atomic_load_explicit(&s->hears[out][in / 64], memory_order_relaxed) >> (in % 64) & 1;
}

#endif
