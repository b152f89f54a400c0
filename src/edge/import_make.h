/* import_make.h -- what somebody brings, as a file for the inbox (edge/import_file.h).
 *
 *   an indoor map   IMDF or OSM Simple Indoor Tagging (edge/indoor.h): its structure, levels, zones, doors
 *   claims          rows as of edge/claims.h: in an exercise at their own times and by their own people; in a
 *                   real incident dated by the server, with what the row says as reported_at
 *   commands        a COMMAND a line (doc/internals/incident-api.md), as they are
 *
 * Each command's id is made of what it says (and of its row's id), so that the same file twice changes
 * nothing; commands of a file of their own have the ids that they have there.  What is made is read once more
 * by import_file_read(): what could not be taken, or may not come from whoever brings it, whatever the incident is,
 * is refused here, with its line.  What he may change in the incident is asked when it is tried (edge/importing.h).
 *
 * Blocks for as long as reading takes, up to a second for a map; for a thread that may.  Takes memory of
 * twenty times a map, five times another file. */
#ifndef CORDON_EDGE_IMPORT_MAKE_H
#define CORDON_EDGE_IMPORT_MAKE_H

#include "edge/import_file.h"
#include "edge/indoor.h"

enum import_what { IMPORT_MAP, IMPORT_CLAIMS, IMPORT_COMMANDS };

struct import_ask {
    enum import_what what;
    struct import_head head; /* exercise is that of the incident; what the file says is checked against it */
    struct indoor_ask map;   /* of a map: with its files */
    struct str text;         /* of claims, commands */
    int64_t until_ms;        /* claims that were recorded later are passed over */
    /* Of claims: a sentence about a line that is no refusal; may be NULL. */
    void (*say)(void *ctx, size_t line, const char *text);
    void *ctx;
};

/* out: of IMPORT_FILE_MAX bytes; report: of a map, filled as far as it came; *count: commands. */
bool import_make(const struct import_ask *ask, struct indoor_report *report, struct buf *out, size_t *count,
                 struct err *e) MUST_USE;

#endif
