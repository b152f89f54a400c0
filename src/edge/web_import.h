/* web_import.h -- POST /api/incidents/ID/import: a file of up to 8 MiB, read on a thread of its own.
 *
 * Reading a map takes up to a second, so neither the web thread nor the record thread does it: one worker
 * reads it, puts the commands into the inbox (edge/inbox.h), and asks the record (ASK_IMPORT), which
 * answers the request when all of it is on the disk.  What cannot be taken is answered by the worker itself.
 *
 *   200, or a refusal    when it is done, within IMPORT_ANSWER_MS
 *   202                  it goes on (a slow disk, a full one): GET /api/incidents/ID/imports/NAME tells what becomes of
 *                        it, for a day, to whoever brought it; also when the server was started anew meanwhile
 *
 * The result lies in the inbox until it was told as the answer.
 *
 * Bounds: IMPORT_FILE_MAX bytes; IMPORTS_MAX at once, bodies that are still coming included (more: 503), so
 * that strangers cannot fill the memory: a body of more than WEB_BODY is taken only from somebody who may
 * write, and only on this path. */
#ifndef CORDON_EDGE_WEB_IMPORT_H
#define CORDON_EDGE_WEB_IMPORT_H

#include "edge/inbox.h"

enum { IMPORTS_MAX = 2, IMPORT_ANSWER_MS = 45000 /* before a page gives up */ };

struct web_imports;

#endif
