/* incident_access.h -- need to know: who sees what of an incident (domain.md 6.1), in one place.
 *
 * Every field of every kind of entity has a handling class, by the tables in incident_access.c; who
 * asks has a set of classes, by his roles.  API, WebSocket, CoT and exports all ask here and nowhere
 * else.  What has no row is for the command alone: new fields are born private.
 *
 *   public     released statements, alerts, closures            everybody
 *   partner    METHANE, RVP, cordons, hazards, totals           every agency
 *   ops        units, assignments, clearance, threats           responders of the incident
 *   command    decisions, strengths, grades                     command and general staff
 *   medical    triage, destination by tag                       medical, transport, casualty officer
 *   sealed-id  names, next of kin, who enquires, who called     casualty officer, family liaison
 *   intel      identity of sources, claims being investigated   intelligence
 *
 * An observer sees the command's summary without persons, sealed identities or intelligence, and
 * changes nothing.  Pure. */
#ifndef CORDON_CORE_INCIDENT_ACCESS_H
#define CORDON_CORE_INCIDENT_ACCESS_H

#include "core/incident.h"

/* In the order of WORDS_CLASS. */
enum handling {
    HANDLING_PUBLIC,
    HANDLING_PARTNER,
    HANDLING_OPS,
    HANDLING_COMMAND,
    HANDLING_MEDICAL,
    HANDLING_SEALED_ID,
    HANDLING_INTEL,
    HANDLING_COUNT
};

struct access {
    uint32_t classes; /* bit 1 << enum handling */
    uint32_t roles;   /* bit 1 << place in WORDS_ROLE: those that he may act in */
    bool writes;      /* false: an observer */
};

/* Of roles "commander,loggist" (words of WORDS_ROLE, also "administrator"); unknown words give nothing. */
struct access access_of(struct str roles) MUST_USE;
/* The server's own: everything. */
struct access access_all(void) MUST_USE;
/* The class of a field of such an entity. */
enum handling access_class(enum entity_kind kind, enum incident_field f) MUST_USE;
/* May he see that there is such an entity?  And this field of it (the event's own class included)? */
bool access_sees_entity(const struct access *a, const struct incident *s, uint32_t e) MUST_USE;
bool access_sees(const struct access *a, const struct incident *s, uint32_t e, enum incident_field f) MUST_USE;
/* May he see this field of an event of this kind?  payload: for the class that the event itself has. */
bool access_sees_event(const struct access *a, unsigned kind, struct str payload, enum incident_field f) MUST_USE;
/* May he ask for this kind of event in this role ("": none)?  e: a sentence when not. */
bool access_may(const struct access *a, enum incident_kind kind, struct str role, struct err *e) MUST_USE;

#endif
