/* marti_openapi.h -- the API of TAK clients, described as OpenAPI 3.1: out of marti_calls.def and the routes' rights.
 *
 * Pure; the same bytes every time.  doc/marti-openapi.json is what it writes. */
#ifndef CORDON_EDGE_MARTI_OPENAPI_H
#define CORDON_EDGE_MARTI_OPENAPI_H

#include "base/buf.h"

enum { MARTI_OPENAPI_MAX = 256 * 1024 };

struct marti_call {
    const char *method, *path, *what, *statuses; /* "GET", "/a/{b}", a phrase, "200,404" */
};
extern const struct marti_call marti_calls[];
extern const size_t marti_call_count;

/* Writes the document; b->full when it does not fit into MARTI_OPENAPI_MAX. */
void marti_openapi(struct buf *b);

#endif
