/* detail.h -- what the wire floor itself reads in <detail>: the six elements
 * that TAK protocol v1 has typed messages for, and marti/dest.
 *
 * Shared by cot.c and takproto.c, not for other floors.  Pure. */
#ifndef CORDON_WIRE_DETAIL_H
#define CORDON_WIRE_DETAIL_H

#include "wire/cot.h"
#include "wire/xml.h"

/* Reads the children of <detail>, up to its end tag (which is then the token
 * at hand) or the end of the content.  Fills the typed elements, in_detail,
 * typed, has_dest of c. */
bool detail_read(struct xml *x, struct buf *scratch, struct cot *c) MUST_USE;

/* Refuses a literal "</event>" in the content of an event, be it in a comment,
 * in CDATA or the end of an element: XML clients know no other end of an event. */
bool detail_is_whole(struct str content, struct err *e) MUST_USE;

/* Runs of bytes of detail to leave out, in order. */
struct detail_cuts {
    struct { uint32_t from, to; } cut[COT_TYPED];
    size_t count;
};

/* Writes detail without the cuts and, when stripped, without marti/dest. */
void detail_put(struct str detail, const struct detail_cuts *cuts, bool stripped, struct buf *b);

#endif
