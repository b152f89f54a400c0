/* watch.h -- copies of units that changed, taken under the river's lock in small steps.
 *
 * For the browser and for the tracks on disk: both look at the picture once in a
 * while and parse it outside of the lock. */
#ifndef CORDON_EDGE_WATCH_H
#define CORDON_EDGE_WATCH_H

#include "edge/hub.h"

struct watch_unit {
    uint32_t id;
    enum unit_kind kind;
    bool online, conflict, unadmitted, v1; /* v1: latest is a v1 frame, else XML */
    bool quiet; /* no newcomer hears it: addressed to some, incognito, or about to be deleted */
    uint64_t conn; /* handle of the session that holds it; CONN_NONE: nobody */
    uint64_t version, text_version, journal_seq;
    int64_t seen_ms, time_ms, stale_ms, holder;
    uint16_t in_set;
    double lat, lon;
    struct str uid, callsign, latest; /* in the caller's memory */
};

struct watch {
    uint64_t seen;    /* everything up to this version was given out */
    uint64_t running; /* version at the begin of the walk */
    uint32_t at;      /* next index */
    uint64_t gone_seen;
};

/* The next changed units, copied into memory of max bytes (at least
 * LIMIT_EVENT_IN + 1024), at most max_units; 0: all were given out (the next call
 * begins a new walk). */
size_t watch_next(struct hub *h, struct watch *w, struct watch_unit *out, size_t max_units, char *memory,
                  size_t max);
/* Ids deleted since the last call, at most max; *overrun: some were missed, begin again. */
size_t watch_gone(struct hub *h, struct watch *w, uint32_t *out, size_t max, bool *overrun);
/* Parses the latest event of a watched unit (scratch: two areas of LIMIT_EVENT_IN). */
bool watch_parse(const struct watch_unit *u, struct buf *values, struct cot *out) MUST_USE;

#endif
