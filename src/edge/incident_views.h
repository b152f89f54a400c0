/* incident_views.h -- what the command post reads of an incident, as JSON (doc/internals/incident-api.md).
 *
 * One row {name, function} a view, in incident_views.c; all are computed from the state and the time,
 * nothing is kept.  Need to know is asked of core/incident_access.h: a view has a class (false when he
 * has no need to know it), a member that he may not see is left out, what rests on a report that he may
 * not see is not listed.  null: not known.  Cost: findings and alarms as their rules cost, the others one
 * or a few walks over the entities; nothing is walked for each of another. */
#ifndef CORDON_EDGE_INCIDENT_VIEWS_H
#define CORDON_EDGE_INCIDENT_VIEWS_H

#include "core/incident_access.h"
#include "core/incident_alarms.h"
#include "core/incident_findings.h"

enum { VIEW_ENTITIES = 1 << 16 }; /* more than an incident has; MUST() beyond: its limits are ours */

struct view_level {
    uint32_t structure, level; /* entities */
    double ordinal;
};

/* Room to compute in; about 3 MB: one for all views of a thread. */
struct view_work {
    struct findings findings;
    struct alarms alarms;
    struct reconciled counter;
    /* What lies in what, by the number of the entity: the first and last inside, the next beside it. */
    uint32_t first[VIEW_ENTITIES], last[VIEW_ENTITIES], next[VIEW_ENTITIES];
    uint32_t tactical[VIEW_ENTITIES]; /* of a zone: the tactical zone in force, the latest */
    struct view_level levels[VIEW_ENTITIES];
    uint64_t hidden[VIEW_ENTITIES]; /* events that made reports he may not see, ascending */
    size_t hidden_n;
};

struct view_ask {
    const struct incident *s;
    const struct access *access; /* NULL: everything */
    int64_t now_ms;
    struct view_work *work;
};

/* false: there is no such view, or it is not for him (e says which). */
bool incident_view(struct str name, const struct view_ask *ask, struct buf *b, struct err *e) MUST_USE;
/* The numbers of the strip that are drawn over time; -1: not known, open upwards, or not for him. */
struct view_figures {
    int64_t inside, killed_lo, killed_hi, zones, zones_threat, zones_eod;
};
void incident_figures(const struct view_ask *ask, struct view_figures *out);
/* The names, NULL at the end. */
const char *const *incident_view_names(void) MUST_USE;

#endif
