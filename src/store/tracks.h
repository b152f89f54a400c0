/* tracks.h -- where units were: positions on disk for replay, outside of the chain.
 *
 * DIR/tracks.db (SQLite, WAL, synchronous=NORMAL).  The record thread hands
 * over batches between commits; losing the last batch in a power cut is
 * accepted (positions are not record events).  Compact: uid as a number into
 * its own table, time as ms, lat/lon as 1e-7 degrees; kept `keep_days`, pruned in
 * small steps so that no call is long. */
#ifndef CORDON_STORE_TRACKS_H
#define CORDON_STORE_TRACKS_H

#include "base/err.h"
#include "base/str.h"

struct tracks;

struct track_point {
    struct str uid, callsign, type;
    int64_t at_ms;   /* when the server received it */
    int64_t time_ms; /* what the event says */
    double lat, lon, hae, ce, speed, course; /* degrees, metres, m/s; NAN: not stated */
};

bool tracks_open(const char *dir, struct tracks **out, struct err *e) MUST_USE;
bool tracks_open_reader(const char *dir, struct tracks **out, struct err *e) MUST_USE;
void tracks_close(struct tracks *t);
/* "" or what opening found damaged, to be logged. */
const char *tracks_note(const struct tracks *t);
/* Copies the write-ahead log into the file when it is worth it; for quiet moments. */
void tracks_idle(struct tracks *t);
/* One transaction. */
bool tracks_add(struct tracks *t, const struct track_point *points, size_t count, struct err *e) MUST_USE;
/* Deletes at most max_rows that are older than the minute of before_ms; *deleted tells
 * how many.  Fewer than max_rows: nothing older is left. */
bool tracks_prune(struct tracks *t, int64_t before_ms, size_t max_rows, size_t *deleted,
                  struct err *e) MUST_USE;
typedef bool tracks_see(void *ctx, const struct track_point *point);
/* Every point in [from_ms, to_ms), in time order; uid.len 0: of all units.  Points of one
 * unit that came in the same ms are kept some ms apart. see() must not call this tracks. */
bool tracks_read(struct tracks *t, struct str uid, int64_t from_ms, int64_t to_ms, tracks_see *see,
                 void *ctx, struct err *e) MUST_USE;
/* The newest point of each unit at or before at_ms and not older than max_age_ms. */
bool tracks_at(struct tracks *t, int64_t at_ms, int64_t max_age_ms, tracks_see *see, void *ctx,
               struct err *e) MUST_USE;

#endif
