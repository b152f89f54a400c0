/* incidents.h -- the incidents of one journal, rebuilt from its rows.
 *
 * The record thread has one such set (what was decided, ahead of the disk by the open batch), the web
 * thread another (what is on disk): no lock between them.  A row of an incident names it
 * (IN_INCIDENT), so the rows of several may stand in any order.
 *
 * Bounds: INCIDENTS_MAX of them, each as large as incident_limits() says; memory is touched only where
 * it is used.  One owner each. */
#ifndef CORDON_EDGE_INCIDENTS_H
#define CORDON_EDGE_INCIDENTS_H

#include "core/incident.h"

enum { INCIDENTS_MAX = 64 };

struct incidents {
    struct hash_key key;
    struct incident *list[INCIDENTS_MAX];
    void *memory[INCIDENTS_MAX];
    size_t count;
};

void incidents_init(struct incidents *v, struct hash_key key);
void incidents_fini(struct incidents *v);
/* Is it a kind of an incident's event, known to this version or not? */
bool incident_kind_is(unsigned kind) MUST_USE;
/* All kinds that this version knows, 0-terminated, for journal_read(). */
const uint16_t *incidents_kinds(void);
struct incident *incidents_find(const struct incidents *v, struct str id) MUST_USE;
/* The newest that is open, NULL when there is none. */
struct incident *incidents_current(const struct incidents *v, bool exercise) MUST_USE;
/* An empty one at the end of the list, for one that is being opened; NULL with a sentence. */
struct incident *incidents_add(struct incidents *v, struct err *e) MUST_USE;
/* Takes the last one away again. */
void incidents_drop_last(struct incidents *v);
/* Takes an incident's saved state (core/incident_save.h), in the place of what is there of it.  False: it
 * does not fit, and what was there is as before or, when it was not, is not there. */
bool incidents_load(struct incidents *v, struct str id, struct str state);
/* A row in order of seq; one that is in a loaded state already is passed over.  NULL: of no incident that is here. */
struct incident *incidents_apply(struct incidents *v, uint64_t seq, unsigned kind, struct str payload);

#endif
