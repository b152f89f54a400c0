/* incident_rules.h -- inside the incident core: what the rules of the single areas share.
 *
 * check_x() judges a command against the state and may add events that follow from it; apply_x()
 * changes what goes beyond setting the event's fields.  Only incident*.c and clearance.c include it.
 * Pure. */
#ifndef CORDON_CORE_INCIDENT_RULES_H
#define CORDON_CORE_INCIDENT_RULES_H

#include "core/incident.h"

struct deciding {
    const struct incident *s;
    struct str payload;
    int64_t now_ms;
    uint32_t e; /* the entity it is about; 0: not there yet */
    struct buf *memory;
    struct incident_decided *out;
};

struct applying {
    struct incident *s;
    uint64_t seq;
    struct str payload;
    int64_t at_ms; /* recorded_at */
    uint32_t e;
};

typedef bool check_fn(struct deciding *d, struct err *e);
typedef void apply_fn(struct applying *a);

#define EVENT(id, number, tag, entity, mode, roles, from, to, check, apply, ...)                                       \
    check_fn check_##check;                                                                                            \
    apply_fn apply_##apply;
#include "core/incident.def"
#undef EVENT

/* Where a report comes from: its origin when one was told, else its source. Empty: a line of the log that is its
 * writer's own, which is never another origin beside any other. */
struct str report_origin(const struct incident *s, uint32_t report);

/* "field: why"; always false. */
bool refuse(struct err *e, enum err_kind kind, enum incident_field f, const char *format, ...) PRINTF_LIKE(4, 5);
/* Is it one of a comma-separated list? */
bool word_in(const char *list, struct str word) MUST_USE;
/* The entity that a REF field of the payload names, 0 when the field is not there. */
uint32_t ref(const struct incident *s, struct str payload, enum incident_field f) MUST_USE;
/* A following event: begin, put fields into d->memory, end.  False with ERR_FULL when there is no room. */
bool follow(struct deciding *d, enum incident_kind kind, size_t *begin, struct err *e) MUST_USE;
void followed(struct deciding *d, enum incident_kind kind, size_t begin);

/* The agency of a unit; empty when it is not known. */
struct str agency_of(const struct incident *s, uint32_t unit) MUST_USE;
/* Is it given, and neither done nor aborted? */
bool assignment_is_live(const struct incident *s, uint32_t assignment) MUST_USE;
bool unit_is_here(const struct incident *s, uint32_t unit) MUST_USE;
/* Is it the zone itself, or one that was merged into it? */
bool zone_has(const struct incident *s, uint32_t zone, struct str part) MUST_USE;
/* Are a and b the same zone or next to one another (openings; neighbours of a generated grid)? */
bool zones_touch(const struct incident *s, uint32_t a, uint32_t b) MUST_USE;
/* Did supervisors agree that units of both agencies work in or next to this zone? */
bool deconflicted_in(const struct incident *s, uint32_t zone, struct str one, struct str other) MUST_USE;
/* Adds zone.voided events for THREAT clearance of the zone and across its open openings. */
bool void_threat(struct deciding *d, uint32_t zone, const char *reason, struct err *e) MUST_USE;
/* The same for a detonation, and for what else was cleared in the zone before it. */
bool void_after_detonation(struct deciding *d, uint32_t zone, struct err *e) MUST_USE;
/* What is known of a zone into which another one is merged: cleared, it is no longer; forbidden where a part is. */
bool merge_clearances(struct deciding *d, struct str part, struct str whole, struct err *e) MUST_USE;
/* The clearance of a zone, 0 when nothing was done yet. */
uint32_t clearance_entity(const struct incident *s, struct str zone, struct str kind) MUST_USE;
/* Why an all-clear cannot be given; true when it can. */
struct reconciled;
bool all_clear_possible(const struct incident *s, struct reconciled *work, struct err *e) MUST_USE;
/* Room to count in: the unused end of the decider's memory, or NULL. */
struct reconciled *count_room(struct deciding *d) MUST_USE;
/* What is gone takes what rests on it along: facts, then statements and alerts. */
void reopen_facts_of(struct applying *a, uint32_t report);
void reopen_release_of(struct applying *a, uint32_t fact);

#endif
