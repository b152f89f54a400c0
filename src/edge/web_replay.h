/* web_replay.h -- looking back: an incident at any second, what happened when, and as which role saw it.
 *
 *   GET past       one moment whole: entities and all views, in one answer         the web thread
 *   GET timeline   every event's times and kind, and the figures of the strip      the worker
 *
 * The worker reads the whole journal for a timeline, and on its way saves the state every now and then: these marks
 * are kept here, so that a moment is the nearest mark and at most some hundred rows.  Without marks it is a saved
 * state of the journal and all rows after it.
 *
 * Bounds: marks of one incident at a time, REPLAY_MARKS and REPLAY_BYTES, let go of REPLAY_LINGER_MS after somebody
 * looked back last; a timeline has REPLAY_EVENTS events (more: `cut`) and REPLAY_FIGURES figures (more: their distance
 * doubles).  Owner: the web thread; a timeline in work belongs to the worker. */
#ifndef CORDON_EDGE_WEB_REPLAY_H
#define CORDON_EDGE_WEB_REPLAY_H

#include "edge/web_http.h"

enum {
    REPLAY_MARKS = 64,
    REPLAY_MARK_ROWS = 250, /* events between two marks, at first */
    REPLAY_BYTES = 64 * 1024 * 1024,
    REPLAY_LINGER_MS = 10 * 60 * 1000,
    REPLAY_EVENTS = 200000,
    REPLAY_FIGURES = 480,
    REPLAY_FIGURES_MS = 30000, /* between two figures, at first */
};

struct web;
struct now;

/* What `as=ROLE` of the query reads, at most what who asks may read himself; his own without it.  whole (NULL when it
 * does not matter): false when the role reads more than he.  False: there is no such role. */
bool replay_access(const struct request *q, struct access *out, bool *whole, struct err *e) MUST_USE;
/* The newest mark of an incident at or before a row; 0 when there is none.  state is borrowed until the next call. */
uint64_t replay_mark(struct web *w, struct str incident, uint64_t to, struct str *state) MUST_USE;
/* Once a second: marks that nobody needs are let go of. */
void replay_tick(struct web *w, struct now now);
void replay_free(struct web *w);

#endif
