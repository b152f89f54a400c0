/* shape.h -- lines and outlines on the ground: their text in the record, and what is asked of them.
 *
 *   shape = "lat,lon lat,lon ..."      decimal degrees WGS 84, latitude first, a blank between points
 *
 * One point, a line, or, when the last point is the first again, the outline of an area.  Not a format
 * of others: GeoJSON has longitude first (RFC 7946 section 3.1.1) and is turned where it comes in and
 * goes out.  Lengths are metres on a plane through the first point: right to a millimetre in a building,
 * to a percent in a town; a shape that crosses the 180th meridian is not understood.
 * Pure; the caller owns all memory. */
#ifndef CORDON_WIRE_SHAPE_H
#define CORDON_WIRE_SHAPE_H

#include "base/buf.h"

enum {
    SHAPE_TEXT_MAX = 16 * 1024, /* bytes: what a field of the record takes */
    SHAPE_POINT_TEXT = 26,      /* bytes of one point at most, with its blank */
    SHAPE_POINTS = SHAPE_TEXT_MAX / SHAPE_POINT_TEXT, /* so many always fit */
    SHAPE_POINTS_MAX = 8192,    /* that a text can have: "0,0 0,0 ..." needs four bytes a point */
    SHAPE_FIT_MAX = 5000,       /* that can be thinned: n * n steps are half a second then, at worst */
};

struct shape_point {
    double lat, lon;
};

/* A run of points that somebody else owns. */
struct shape {
    const struct shape_point *at;
    size_t n;
};

/* Is it a place on Earth: finite, -90 to 90 and -180 to 180? */
bool shape_point_is(struct shape_point p) MUST_USE;
/* Reads a text of at most SHAPE_POINTS_MAX points into `to`; 0 when it is not a shape. */
size_t shape_read(struct str text, struct shape_point to[SHAPE_POINTS_MAX]) MUST_USE;
/* One of its numbers, as it writes them: also what GeoJSON wants. */
void shape_put_degrees(struct buf *b, double degrees);
/* Writes the text, seven decimals (a centimetre) at most, no zeros behind the last. */
void shape_put(struct buf *b, struct shape s);
/* Is it the outline of an area: four points or more, the last the first again? */
bool shape_is_ring(struct shape s) MUST_USE;
/* Square metres of a ring; above 0 when it runs counter-clockwise seen from above. */
double shape_area(struct shape ring) MUST_USE;
/* Does a ring cross itself, or run back over its own line?  Touching in a point is allowed.  n * n / 2
 * steps. */
bool shape_crosses(struct shape ring) MUST_USE;
/* Is p inside of a ring (even-odd)?  On its line: either. */
bool shape_contains(struct shape ring, struct shape_point p) MUST_USE;
/* Metres from p to the nearest part of the line; HUGE_VAL without points. */
double shape_distance(struct shape line, struct shape_point p) MUST_USE;
/* A point that surely stands for a ring: its centroid when that lies inside, else the middle of the
 * longest run inside on the centroid's latitude. */
struct shape_point shape_middle(struct shape ring) MUST_USE;

/* Thinning a line or ring of at most SHAPE_FIT_MAX points to the SHAPE_POINTS that always fit into the record, by
 * the least that does it (U. Ramer, Computer Graphics and Image Processing 1, 1972; D. Douglas and T. Peucker,
 * Cartographica 10, 1973): how far each point lies off the line without it is found once, and the points that matter
 * least go.  Both ends stay.  Every point that went lies within off_m of what stands for it, so no part of the line
 * has moved by more.  A ring keeps three corners and does not come to cross itself: rather more goes, within the
 * bound.  */
struct shape_room {
    double weight[SHAPE_FIT_MAX]; /* metres */
    uint32_t ends[SHAPE_FIT_MAX]; /* a stack: from left to right, so it never holds more than all points */
    struct shape_point kept[SHAPE_POINTS];
    double off_m; /* how far the farthest of the points that went lies off; 0 when none did */
};
/* How many points remain in `at`; one that has few enough stays as it is.  0: not within off_max_m, and `at` is
 * untouched. */
size_t shape_fit(struct shape_point *at, size_t n, double off_max_m, struct shape_room *room) MUST_USE;

#endif
