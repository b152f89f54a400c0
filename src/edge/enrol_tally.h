/* enrol_tally.h -- refusals in the record, however many there are: one row a minute for each address.
 *
 * The first refusal of an address is a row at once; those within the next minute are counted and
 * become one row when it is over.  Bounds: TALLY_ADDRESSES; what comes from further ones
 * within the same minute is counted together, as "others".  Pure: time comes in. */
#ifndef CORDON_EDGE_ENROL_TALLY_H
#define CORDON_EDGE_ENROL_TALLY_H

#include "base/str.h"

enum { TALLY_ADDRESSES = 256, TALLY_MS = 60000, TALLY_NAME = 64, TALLY_REASON = 160 };

struct tally_row {
    char address[64], name[TALLY_NAME], reason[TALLY_REASON]; /* name and reason: of the newest */
    uint64_t count;   /* not yet told */
    int64_t since_ms; /* of the last row; 0: free */
};

struct tally {
    struct tally_row rows[TALLY_ADDRESSES + 1]; /* the last one: others */
};

/* One more. True: row is to be written now. */
bool tally_add(struct tally *t, const struct tally_row *what, int64_t now_ms, struct tally_row *row) MUST_USE;
/* A row whose minute is over and that has something to tell; false: none. Ask until then. */
bool tally_due(struct tally *t, int64_t now_ms, struct tally_row *row) MUST_USE;

#endif
