/* nine_lines.h -- a CASEVAC request of ATAK as nine lines that can be read out.
 *
 * tak.md 1.3, "CASEVAC": the attributes of <_medevac_> and the <zMist>s in it; a request without that
 * element (other clients) has its place, its callsign and its remarks.  Attributes that have no row in
 * the table are not shown; they stay in the journal's event.  Pure. */
#ifndef CORDON_CORE_NINE_LINES_H
#define CORDON_CORE_NINE_LINES_H

#include "wire/cot.h"

struct nine_lines {
    struct str title, text; /* text lies in the caller's buf, title there or in the event */
};

/* out: empty; what does not fit is left out.  scratch: room for c->detail.len bytes. */
struct nine_lines nine_lines_read(const struct cot *c, struct str callsign, struct buf *out,
                                  struct buf *scratch) MUST_USE;

#endif
