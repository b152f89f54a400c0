/* web_chunks.h -- a body in chunks (RFC 9112, section 7.1), taken apart as it comes.
 *
 * libwebsockets gives the bytes of such a body as they are; clients that stream a form (CloudTAK) send one.
 * Extensions of a chunk and trailers are passed over.  Pure; keeps no bytes.
 * Bounds: a size line and a trailer line have at most CHUNK_LINE_MAX bytes, there are CHUNK_TRAILERS_MAX
 * of the latter; more is refused. */
#ifndef CORDON_EDGE_WEB_CHUNKS_H
#define CORDON_EDGE_WEB_CHUNKS_H

#include "base/str.h"

enum { CHUNK_LINE_MAX = 256, CHUNK_TRAILERS_MAX = 16 };

/*            digits  CR LF          bytes  CR LF
 *  -> [size] -----------> [bytes] ----------> [size] ...
 *        | a size of 0                 line, CR LF       an empty line
 *        +------------------> [trailer] ---> [trailer] ---------------> [end]
 */
struct chunks {
    enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_SIZE_LF, CHUNK_BYTES, CHUNK_CR, CHUNK_LF, CHUNK_TRAILER, CHUNK_TRAILER_LF,
           CHUNK_END } at;
    uint64_t left; /* of this chunk */
    unsigned line, digits, trailers;
};

enum chunks_are { CHUNK_SOME, CHUNK_MORE, CHUNK_DONE, CHUNK_BAD };
/* Takes bytes off *in. CHUNK_SOME: out is a piece of the body, call again. CHUNK_MORE: all of *in is taken.
 * CHUNK_DONE: the body is whole, and what is left of *in is not of it. CHUNK_BAD: these are no chunks. */
enum chunks_are chunks_next(struct chunks *c, struct str *in, struct str *out) MUST_USE;

#endif
