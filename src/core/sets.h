/* sets.h -- groups, and who hears whom.
 *
 * A user writes into his IN groups and hears his OUT groups; an event is heard
 * iff the sender's IN and the hearer's OUT share a group (tak.md 2.2).  The
 * combinations in use are few, so each is kept once and has a number, and the
 * answer for every pair is one bit: the flush asks it for each event.
 *
 * Writers hold the river's lock.  sets_hears() may be asked without it: a
 * number is given out only after its bits stand, and bits change only by
 * adding sets.  IN set SETS_EVERYONE is the server's own voice, heard by all;
 * IN set SETS_SILENT, of a user without groups, is heard by nobody; OUT set SETS_NOBODY hears only that.  Bounds:
 * LIMIT_GROUPS, LIMIT_SETS; when reached, the new name or combination is refused (-1). */
#ifndef CORDON_CORE_SETS_H
#define CORDON_CORE_SETS_H

#include "base/limits.h"
#include "base/str.h"

#include <stdatomic.h>

enum { SETS_WORDS = LIMIT_GROUPS / 64, SETS_NAME_MAX = 64, SETS_EVERYONE = 0, SETS_SILENT = 1, SETS_NOBODY = 0 };

struct group_mask {
    uint64_t word[SETS_WORDS];
};

struct sets {
    char names[LIMIT_GROUPS][SETS_NAME_MAX];
    int group_count, in_count, out_count;
    struct group_mask in[LIMIT_SETS], out[LIMIT_SETS];
    _Atomic uint64_t hears[LIMIT_SETS][LIMIT_SETS / 64]; /* [out][in] */
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
/* The number of a combination; -1 when there are too many. */
int sets_in(struct sets *s, const struct group_mask *m) MUST_USE;
int sets_out(struct sets *s, const struct group_mask *m) MUST_USE;

/* Do two IN sets write into a common group? */
bool sets_share(const struct sets *s, unsigned in, unsigned other) MUST_USE;

static inline bool sets_hears(const struct sets *s, unsigned out, unsigned in)
{
    return atomic_load_explicit(&s->hears[out][in / 64], memory_order_relaxed) >> (in % 64) & 1;
}

#endif
