/* incident_openapi.h -- the description of the HTTP API as an OpenAPI 3.1 document.
 *
 * Made from the tables: a schema for each field and each kind of event (core/incident*.def), for the
 * words, entities and views; calls and the shapes of answers are rows in incident_openapi.c.  The same
 * bytes every time; about 180 KB.  Any thread. */
#ifndef CORDON_EDGE_INCIDENT_OPENAPI_H
#define CORDON_EDGE_INCIDENT_OPENAPI_H

#include "base/buf.h"

enum { OPENAPI_MAX = 512 * 1024 }; /* room enough for it */

void incident_openapi(struct buf *b);

#endif
