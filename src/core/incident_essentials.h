/* incident_essentials.h -- what a command post must know, and whether it does (domain.md 1.3 and 5.6).
 *
 * The seven letters of METHANE, the twelve essential elements, the posture and who may be inside: one
 * row each in incident_essentials.c, with the places in the state that answer it.  The rule
 * essential.missing and the gap list both read these rows.  Pure. */
#ifndef CORDON_CORE_INCIDENT_ESSENTIALS_H
#define CORDON_CORE_INCIDENT_ESSENTIALS_H

#include "core/incident.h"

struct essential {
    const char *id, *text; /* "rvp", "rendezvous point" */
    bool known;
    int64_t at_ms; /* when the newest answer was recorded; -1: not known */
};

/* The one with number i from 0 on; false behind the last. */
bool incident_essential(const struct incident *s, size_t i, struct essential *out) MUST_USE;

#endif
