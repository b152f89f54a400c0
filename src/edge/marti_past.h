/* marti_past.h -- what was, as one TAK client may hear it: events of the journal and positions of tracks.db.
 *
 * Who may see whose past is settled in the web thread (past_begin): the journal's rows carry their groups, a
 * position is of whoever holds its uid now, and one whose holder is not known any more is shown to nobody.
 * The reading is a job for the worker (web_work): it opens readers of its own.
 *
 * Bounds: PAST_UIDS devices, PAST_MS of reading; what is beyond is left out, and `cut` says so. */
#ifndef CORDON_EDGE_MARTI_PAST_H
#define CORDON_EDGE_MARTI_PAST_H

#include "edge/marti.h"
#include "store/journal.h"
#include "store/tracks.h"

enum { PAST_UIDS = 65536, PAST_MS = 5000 };

struct past {
    char dir[256], uid[LIMIT_UID + 1]; /* uid: of this alone; "": of all */
    struct marti_span span;
    struct marti_ears ears;
    bool boxed;
    double left, bottom, right, top; /* degrees */
    struct past_uids {
        char **list; /* sorted: whose positions may be seen */
        size_t count, room;
    } uids;
    int64_t until_ms; /* monotonic: no longer than this */
    bool cut;
    struct err e; /* why reading failed; kind 0: it did not */
};

/* ears and dir of a client, and whose positions it may see; uid empty for all. False: no memory. */
bool past_begin(struct past *p, struct web *w, const struct client *c, struct str uid) MUST_USE;
void past_end(struct past *p);

/* An event of the journal: xml is borrowed for the call. Until see() returns false. */
typedef bool past_see_event(void *ctx, int64_t at_ms, struct str xml);
/* Objects, casualties and emergencies of the span, in order; p->e when it cannot be read. */
void past_events(struct past *p, past_see_event *see, void *ctx);
/* Positions of the span that may be seen, in order of time. */
void past_positions(struct past *p, tracks_see *see, void *ctx);
/* The newest position of each, not older than the span's begin. */
void past_newest(struct past *p, tracks_see *see, void *ctx);
/* A position becomes an event again. */
void past_put_position(const struct track_point *t, struct buf *b);

#endif
