/* incidents_journal.h -- the incidents out of a journal: from the last saved states, or of a past moment.
 *
 * A saved state is a cache (store/journal.h): when there is none that fits, the rows are read from the
 * first on.  For the record thread, the web thread and `cordon state`. */
#ifndef CORDON_EDGE_INCIDENTS_JOURNAL_H
#define CORDON_EDGE_INCIDENTS_JOURNAL_H

#include "edge/incidents.h"
#include "store/journal.h"

/* Fills an empty set from the newest snapshot; rows from *from on are to be applied. */
bool incidents_restore(struct incidents *v, struct journal *j, uint64_t *from, struct err *e) MUST_USE;
/* Applies the incidents' rows from `from` to `to`. */
bool incidents_read(struct incidents *v, struct journal *j, uint64_t from, uint64_t to, struct err *e) MUST_USE;
/* The same for one incident, which is there as it stood before `from`. */
struct stretch {
    uint64_t from, to;
};
bool incidents_go_on(struct incidents *v, struct journal *j, struct str id, const struct stretch *rows,
                     struct err *e) MUST_USE;
/* One incident as it stood after row `to`, into a set that is empty or has it as it stood before. */
bool incidents_at(struct incidents *v, struct journal *j, struct str id, uint64_t to, struct err *e) MUST_USE;
/* The last row that was recorded at or before a moment, 0 when there is none. Rows stand in the order of the
 * clock but for a few (256 are looked at); of a moment that was twice, as the clock was set back, it is one. */
uint64_t incidents_row_at(struct journal *j, int64_t at_ms) MUST_USE;
/* Where to begin, so that nothing is missed that was recorded from a moment on; earlier rows may come first. */
uint64_t incidents_row_from(struct journal *j, int64_t from_ms) MUST_USE;
/* Saves those that changed after row `since`. */
bool incidents_save(const struct incidents *v, struct journal *j, uint64_t since, struct err *e) MUST_USE;

#endif
