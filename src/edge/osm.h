/* osm.h -- OSM XML 0.6 (a download or a file of JOSM) into a plan: the only reader of XML with expat.
 *
 * Nodes and ways with tags become features, relations of type multipolygon areas of their ways; what
 * has no tags is geometry only.  A closed way is a line whose last point is its first: whether that is
 * an area depends on its tags and is for the caller to say.  Deleted objects are left out.
 *
 * Refused: a DOCTYPE (and with it entities of any kind), elements deeper than OSM_DEPTH, more
 * attributes than OSM_ATTRIBUTES, more nodes than PLAN_POINTS, anything that is not XML. */
#ifndef CORDON_EDGE_OSM_H
#define CORDON_EDGE_OSM_H

#include "edge/indoor_plan.h"

enum {
    OSM_DEPTH = 8, /* <osm><relation><member/> is 3 */
    OSM_ATTRIBUTES = 32,
    OSM_RELATION_WAYS = 1024, /* members of one multipolygon */
};

bool osm_read(struct plan *p, struct str file, struct err *e) MUST_USE;

#endif
