/* geojson_out.h -- an incident's places as GeoJSON, for maps of others (RFC 7946).
 *
 * A FeatureCollection of cordons, closures, tactical zones, zones, points and hazards that are in force,
 * with [longitude, latitude], outlines counter-clockwise (section 3.1.6), "bbox" (section 5) and, beside
 * them, "incident" and "exercise".  What has no place, or one that the asker may not see, has the
 * geometry null.  Each entity and each field passes core/incident_access.h.
 * Reads the state only; the caller owns the memory. */
#ifndef CORDON_EDGE_GEOJSON_OUT_H
#define CORDON_EDGE_GEOJSON_OUT_H

#include "core/incident_access.h"
#include "wire/shape.h"

struct geojson_ask {
    const struct incident *s;
    const struct access *access;
    struct str level; /* zones of this level alone; empty: of all */
    struct shape_point *memory; /* SHAPE_POINTS_MAX of them */
};

/* What does not fit sets b->full. */
void geojson_out(const struct geojson_ask *ask, struct buf *b);

#endif
