/* recorder.h -- the record thread: one writer, group commit, nobody hears of what is not on disk.
 *
 * One turn: take all waiting asks; decide; append the batch and commit it; apply;
 * make it heard; answer; sleep.  A failing disk keeps the batch (up to
 * RECORDER_BACKLOG bytes), raises an alarm and tries again; joins are then
 * answered all the same, emergencies go out by the 100 ms rule.
 *
 * Between commits it samples positions into the tracks, follows changes of users
 * and certificates that the command line made, writes how far each phone got,
 * signs the head, takes snapshots, and follows who else holds the head. */
#ifndef CORDON_EDGE_RECORDER_H
#define CORDON_EDGE_RECORDER_H

#include "edge/hub.h"

enum {
    RECORDER_BACKLOG = 16 << 20,
    RECORDER_SNAPSHOT_ROWS = 50000,
    RECORDER_SIGN_MS = 600000,
    RECORDER_WITNESS_MS = 900000, /* older than that a witness is not enough: an alarm */
};

struct recorder_config {
    const char *default_group; /* of users without any */
    int track_days;            /* how long positions are kept; 0: not written */
    bool sharing;              /* rules between agencies count while an incident is open */
};

/* What the start found, to be printed. */
struct recorder_started {
    uint64_t rows;
    size_t emergencies, units;
    int64_t took_ms;
    bool from_snapshot;
    char note[256]; /* "" or what a torn write left behind */
};

/* Opens the journal in h->dir, rebuilds the picture into the river (before any
 * other thread runs). */
bool recorder_open(struct hub *h, const struct recorder_config *c, struct recorder_started *how,
                   struct err *e) MUST_USE;
bool recorder_start(struct hub *h, struct err *e) MUST_USE;
/* When the last row of the run before this one was recorded, 0 without one. */
int64_t recorder_last_ms(const struct hub *h) MUST_USE;
/* Takes what waits, writes a snapshot, closes. */
void recorder_stop(struct hub *h);
/* Its memory and its mailbox, when no thread is left that asks. */
void recorder_free(struct hub *h);

#endif
