/* incident_public.h -- what the public may read: a whitelist of rows (domain.md 6, invariant 15).
 *
 * One row names an entity kind, the states in which it is public and one field that goes out.  What has
 * no row is never public; new entities and fields are born private.  Pure. */
#ifndef CORDON_CORE_INCIDENT_PUBLIC_H
#define CORDON_CORE_INCIDENT_PUBLIC_H

#include "core/incident.h"

struct public_item {
    enum entity_kind kind;
    uint32_t entity;
    enum incident_field field;
    struct str value; /* borrowed from the incident */
};

/* The next public value; *at is 0 at first. False at the end. */
bool incident_public(const struct incident *s, uint64_t *at, struct public_item *out) MUST_USE;
/* Has this entity a row that lets this field out now (IN_NONE: any field)? */
bool incident_is_public(const struct incident *s, uint32_t e, enum incident_field f) MUST_USE;

#endif
