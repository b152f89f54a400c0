/* importing.h -- one import on its way into an incident, a slice at a time.
 *
 *   READ lines -> LOOK for commands that the journal has -> TRY all on a copy of the incident -> RECORD
 *                                                            ^                |
 *                                                            +-- somebody changed it meanwhile
 *
 * All or nothing.  Every command is decided first on a copy of the incident, in the order of the file, each
 * upon what those before it changed, after it was asked whether whoever brings it may do that; only when all are
 * taken the first is recorded.  Other commands
 * go on between the slices, as an import must not keep a Mayday waiting.  When one of them changed the
 * incident while the copy was tried on, the copy is made again, IMPORTING_TRIES times; then, and while
 * the slices are recorded, each command is decided once more against the incident as it is.  What is
 * refused there, because somebody closed the incident or took away a zone in that second, stops the
 * import: the result says exactly up to which line it is in the record.  To hold all others back until
 * the last slice is on the disk would be the only way to exclude that, and a worse one.
 *
 * A command that the incident's journal has already, by its id, is passed over: the same file twice
 * changes nothing, and an import that a crash cut off goes on where it was.  The journal alone is asked,
 * so that nothing can contradict it.
 *
 * A step is about IMPORTING_STEP_US of work and at most IMPORTING_SLICE commands; it blocks on the disk
 * as reading the journal does.  Memory: that of the file, and a copy of the incident.  One thread. */
#ifndef CORDON_EDGE_IMPORTING_H
#define CORDON_EDGE_IMPORTING_H

#include "edge/import_file.h"
#include "store/journal.h"

enum { IMPORTING_SLICE = 256, IMPORTING_ROWS = 512, IMPORTING_STEP_US = 3000, IMPORTING_TRIES = 3 };

/* What it asks of whoever owns the incidents and the journal. */
struct importing_world {
    void *ctx;
    /* NULL: there is none with this id. */
    struct incident *(*find)(void *ctx, struct str incident);
    /* Is there room in the open batch for whatever one more command becomes? */
    bool (*has_room)(void *ctx);
    /* Adds the rows of one command to the open batch and applies them to s; *first: the number of the first.
     * What was added in one step is committed before the next, or none of it ever. */
    bool (*add)(void *ctx, const struct import_item *item, struct incident *s, const struct incident_decided *d,
                uint64_t *first, struct err *e);
};

struct importing;

/* Takes over text (malloc'd), also on false: then e says why it cannot begin, and nothing was changed. */
bool importing_new(const struct importing_world *w, char *text, size_t len, struct importing **out,
                   struct err *e) MUST_USE;
/* One step; what the step before added is on the disk, and journal is not in a batch.  now_ms: wall clock.
 * True: it is over; what this step added must be committed before the result is told. */
bool importing_step(struct importing *m, struct journal *journal, int64_t now_ms) MUST_USE;
/* Once it is over. */
const struct import_result *importing_result(const struct importing *m) MUST_USE;
const struct import_file *importing_file(const struct importing *m) MUST_USE;
void importing_free(struct importing *m); /* NULL is fine */

#endif
