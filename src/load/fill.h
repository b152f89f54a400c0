/* fill.h -- a long record, for measuring how fast a server starts from one.
 *
 * Writes rows of the kinds and sizes that an exercise has into the journal of a
 * data folder that no server uses.  Blocks on the disk. */
#ifndef CORDON_LOAD_FILL_H
#define CORDON_LOAD_FILL_H

#include "load/options.h"
#include "load/report.h"

bool fill_run(const struct options *o, struct report *r, struct err *e) MUST_USE;

#endif
