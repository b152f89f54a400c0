/* incident_views.h -- what the command post reads of an incident, as JSON (doc/internals/incident-api.md).
 *
 * One row {name, function} a view, in incident_views.c; all are computed from the state and the time,
 * nothing is kept.  Need to know is asked of core/incident_access.h. */
#ifndef CORDON_EDGE_INCIDENT_VIEWS_H
#define CORDON_EDGE_INCIDENT_VIEWS_H

#include "core/incident_access.h"
#include "core/incident_alarms.h"
#include "core/incident_findings.h"

/* Room to compute in; large: one for all views of a thread. */
struct view_work {
    struct findings findings;
    struct alarms alarms;
    struct reconciled counter;
};

struct view_ask {
    const struct incident *s;
    const struct access *access;
    int64_t now_ms;
    struct view_work *work;
};

/* false: there is no such view, or it is not for him (e says which). */
bool incident_view(struct str name, const struct view_ask *ask, struct buf *b, struct err *e) MUST_USE;
/* The names, NULL at the end. */
const char *const *incident_view_names(void) MUST_USE;

#endif
