/* mission_event.h -- what phones are told of a mission: t-x-m-n, -d, -c, -c-l, -c-k, -c-m, -i, -r ... (tak.md 1.7).
 *
 * Pure; the detail's text lies in the caller's buf. */
#ifndef CORDON_CORE_MISSION_EVENT_H
#define CORDON_CORE_MISSION_EVENT_H

#include "core/mission_item.h"
#include "wire/cot.h"

struct mission_event {
    enum mission_told told;
    struct str uid;                /* of the event: one that no other has */
    struct str name, guid, creator, tool;
    struct str token;              /* with an invitation */
    enum mission_role role;        /* with an invitation, with a role */
    const struct mission_item *item; /* the change, where one is shown; NULL: none */
};

/* detail.full: it does not fit. */
void mission_event(struct cot *c, const struct mission_event *m, int64_t wall_ms, struct buf *detail);

#endif
