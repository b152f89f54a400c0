/* web_watchers.h -- the record notes which observers look on, and from when to when.
 *
 * An observer whose page is open is one row observer.admitted in each open incident that he is shown, and one row
 * observer.left when none of his pages was open for WATCHER_LINGER_MS: a reload or a network that comes and goes
 * makes none.  What is asked for is the difference between who is there and what the record says, so a restart
 * of the server closes what it left open.  Those who were admitted by hand have other ids and are left alone.
 *
 * Bounds: WATCHERS_MAX at once (more: not noted, logged).  Owner: the web thread. */
#ifndef CORDON_EDGE_WEB_WATCHERS_H
#define CORDON_EDGE_WEB_WATCHERS_H

#include "base/str.h"

enum { WATCHERS_MAX = 64, WATCHER_LINGER_MS = 120000, WATCHER_ASK_MS = 15000 };

struct web_watchers {
    struct watcher {
        char name[64];
        int64_t seen_ms; /* monotonic: his page was open; 0: free */
    } list[WATCHERS_MAX];
    int64_t began_ms, asked_ms, next_ms; /* monotonic: first tick; the record was asked for rows; look again then */
};

struct web;
struct now;

/* About once a second. */
void web_watchers_tick(struct web *w, struct now now);

#endif
