/* web_import.h -- POST /api/incidents/ID/import: a file of up to 8 MiB, read on a thread of its own.
 *
 * Reading a map takes up to a second, so neither the web thread nor the record thread does it: one worker
 * reads it, puts the commands into the inbox (edge/inbox.h), and asks the record (ASK_IMPORT), which
 * answers the request when all of it is on the disk.  What cannot be taken is answered by the worker itself.
 *
 * Bounds: IMPORT_FILE_MAX bytes; IMPORTS_MAX at once, bodies that are still coming included (more: 503), so
 * that strangers cannot fill the memory: a body of more than WEB_BODY is taken only from somebody who may
 * write, and only on this path. */
#ifndef CORDON_EDGE_WEB_IMPORT_H
#define CORDON_EDGE_WEB_IMPORT_H

enum { IMPORTS_MAX = 2 };

struct web_imports;

#endif
