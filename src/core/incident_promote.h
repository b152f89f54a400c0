/* incident_promote.h -- a drawing or marker of a phone becomes a cordon, a closure, a zone, a hazard, a point.
 *
 * Because a person at the command post says so, never by itself.  The person's part is `fields` (the
 * id, the kind of cordon, the name of the road ...); the drawing gives the geometry, the name when the
 * person gave none, and the row to cite.  What a drawing is by its type (tak.md 1.3, "Shapes"):
 *
 *   u-d-r, u-d-p         its corners, as an area      b-m-r               its points, as a line
 *   u-d-f                an area when its last point  u-d-c-c, u-d-c-e,
 *                        is the first, else a line    u-r-b-c-c           a ring of 36 points
 *   u-d-f-m              the same of its strokes,     a-..., b-m-p-...    the marker's place
 *                        one after the other
 *
 *   cordon, tactical zone: an area.  closure: a line or an area.  hazard: an area or a place.
 *   point: a place.
 *
 * A finger does not end where it began: what was drawn by hand is taken as one line, or closed where an area is
 * asked for, when its gaps are together no more than a fifth of what was drawn.  A long line has more points than a
 * SHAPE can have (some 630): it is thinned by as little as makes it fit, off by a thousandth of its extent at most,
 * half a metre to five metres, and the event's NOTE says so.  Anything else is refused with a sentence, and nothing is
 * half taken: strokes that do not meet, drawings that cannot be thinned within that.
 * Pure. */
#ifndef CORDON_CORE_INCIDENT_PROMOTE_H
#define CORDON_CORE_INCIDENT_PROMOTE_H

#include "core/incident.h"

struct incident_promote {
    const struct incident *s;
    struct str drawing; /* payload of the row object.put */
    uint64_t seq;       /* its number */
    enum incident_kind wanted; /* CORDON_SET, TACTICAL_SET, CLOSURE_SET, HAZARD_REPORTED, POINT_SET */
    struct str fields;  /* of the command, without geometry */
    int64_t now_ms;
};

enum { INCIDENT_PROMOTE_MEMORY = 1 << 20 };

/* memory: empty, of INCIDENT_PROMOTE_MEMORY bytes; the command's payload lies in it. */
bool incident_promote(const struct incident_promote *p, struct buf *memory, struct incident_command *out,
                      struct err *e) MUST_USE;

#endif
