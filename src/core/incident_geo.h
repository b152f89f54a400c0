/* incident_geo.h -- SHAPE: the geometry of an incident as text, and what is asked of it.
 *
 *   "24.8607,67.0011 24.8611,67.0015 24.8607,67.0019 24.8607,67.0011"
 *
 * Pairs of latitude and longitude in degrees (WGS 84), separated by blanks; a third number of a pair
 * (height) is passed over.  An area is a ring, whether or not its last point repeats the first; a line
 * is what does not.  Distances are those of a plane around the place asked about: right to a percent
 * within some tens of kilometres, not for shapes across the date line or at a pole.  Every function
 * walks the text once and keeps nothing.  Pure. */
#ifndef CORDON_CORE_INCIDENT_GEO_H
#define CORDON_CORE_INCIDENT_GEO_H

#include "base/buf.h"

struct geo_point {
    double lat, lon;
};

struct geo_box {
    struct geo_point low, high;
};

/* One pair "lat,lon[,height]"; false when it is none or lies outside of the globe. */
bool geo_read(struct str pair, struct geo_point *p) MUST_USE;
/* Degrees with seven decimals (a centimetre), whatever the locale. */
void geo_put(struct buf *b, double degrees);
/* "lat,lon" */
void geo_put_point(struct buf *b, struct geo_point p);
/* Its halves, and where the long one points: degrees from north, clockwise. */
struct geo_ellipse {
    double major_m, minor_m, angle;
};
/* A ring of n points around a place, the first repeated at its end. */
void geo_put_ellipse(struct buf *b, struct geo_point centre, const struct geo_ellipse *x, unsigned n);
double geo_metres(struct geo_point a, struct geo_point b) MUST_USE;

/* The next pair as written and as numbers: *rest is the shape at first; false at its end, and where
 * it is no pair (rest->len > 0 then). */
bool shape_next(struct str *rest, struct str *pair, struct geo_point *p) MUST_USE;
/* How many points; 0 when it is no shape. */
size_t shape_points(struct str shape) MUST_USE;
/* Does its last point repeat the first? */
bool shape_is_closed(struct str shape) MUST_USE;
/* False when it is no shape. */
bool shape_box(struct str shape, struct geo_box *box) MUST_USE;
struct geo_point box_middle(const struct geo_box *box) MUST_USE;
bool box_holds(const struct geo_box *box, struct geo_point p) MUST_USE;
/* The shorter side, in metres. */
double box_side_m(const struct geo_box *box) MUST_USE;
/* Is p in this area (even-odd rule)? */
bool shape_holds(struct str shape, struct geo_point p) MUST_USE;
/* How far p is from the edge of this area, in metres, inside or out. */
double shape_distance_m(struct str shape, struct geo_point p) MUST_USE;

#endif
