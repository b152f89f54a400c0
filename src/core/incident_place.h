/* incident_place.h -- floors as people say them, and the grid that stands in for a missing plan.
 *
 * "Third floor" is ordinal 3 where the ground floor is 0 and ordinal 2 where it is 1; which of them
 * holds is the structure's scheme, and without one it is a question, never a guess.  What we say of a
 * place ourselves is its name: the id of an imported room is of no use over the radio.  Pure. */
#ifndef CORDON_CORE_INCIDENT_PLACE_H
#define CORDON_CORE_INCIDENT_PLACE_H

#include "core/incident.h"

enum { FLOOR_ROOF = 1000 }; /* stands for "above the top level" */

enum floor_scheme { SCHEME_UNKNOWN, SCHEME_GROUND_0, SCHEME_GROUND_1 };

/* n 0: not understood; 1: known; 2: ambiguous, the first counts from ground = 0. */
struct floors {
    unsigned n;
    int ordinal[2];
};

struct floors floors_spoken(struct str words, enum floor_scheme scheme) MUST_USE;
enum floor_scheme scheme_of(struct str word) MUST_USE;
/* The level of a structure at an ordinal, 0 when there is none; FLOOR_ROOF: its roof. */
uint32_t level_at(const struct incident *s, struct str structure, int ordinal) MUST_USE;

enum { PLACE_NAME_MAX = 224 };

/* What people call a zone, level or structure: "EX-Main, floor 2, Room 12".  Its id where it has no name, where
 * the record does not know it, and where it has a class of its own: a sentence goes to others than its names.
 * to: PLACE_NAME_MAX bytes, in which the name lies; an id is borrowed as it came. */
struct str place_name(const struct incident *s, enum entity_kind kind, struct str id, char *to) MUST_USE;

#endif
