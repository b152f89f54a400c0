/* bring.h -- a file for DIR/inbox (edge/inbox.h), and what becomes of it, from the command line.
 *
 * A running server takes it within a second and writes what became of it; when none runs, the journal is opened
 * here and the same is done alone.  Waits up to 30 s, then says where to look.  Blocks. */
#ifndef CORDON_APP_BRING_H
#define CORDON_APP_BRING_H

#include "edge/import_file.h"
#include "store/journal.h"

struct bring {
    const char *dir;
    struct str bytes;
    /* Does it to a journal that is ours alone. */
    bool (*alone)(const struct bring *b, struct journal *j, struct import_result *out, struct err *e);
    void *ctx; /* of alone() */
};

/* False: it was not brought, with a sentence.  What was refused is told in *out. */
bool bring(const struct bring *b, struct import_result *out, struct err *e) MUST_USE;
/* Commands for an incident (edge/import_file.h); alone in one batch. */
bool bring_commands(const char *dir, struct str bytes, struct import_result *out, struct err *e) MUST_USE;

#endif
