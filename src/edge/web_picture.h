/* web_picture.h -- the units as the page sees them: a copy of the river's, followed once a second.
 *
 * Exists only while somebody looks.  Each unit has its words rendered (they go
 * out again only when they differ) and its numbers.  A turn of the watch has a
 * number, the tick; what changed since a tick can be asked for, so that a page
 * that lost frames gets the newest of what it missed.
 *
 * Bounds: as many units as the river has.  Owner: the web thread. */
#ifndef CORDON_EDGE_WEB_PICTURE_H
#define CORDON_EDGE_WEB_PICTURE_H

#include "edge/watch.h"
#include "edge/web_events.h"

enum {
    PICTURE_BATCH = 64,
    PICTURE_MEMORY = 2 * LIMIT_EVENT_IN,
    PICTURE_WORDS = 64 * 1024, /* rendered words of one unit; longer remarks are cut */
    PICTURE_RECORD = 20,       /* bytes of a position; see web-protocol.md */
    PICTURE_HEAD = 16,
};

struct picture_unit {
    uint32_t id;
    uint32_t generation; /* of the last whole walk that met it */
    bool emergency;
    char *uid;   /* of an emergency, for its acknowledgement */
    char *words; /* members of the JSON object, without numbers */
    uint32_t words_len;
    uint64_t moved_tick, words_tick;
    uint64_t journal_seq;
    int64_t raised_ms; /* emergencies */
    int64_t seen_ms, time_ms, stale_ms;
    double lat, lon, hae, ce, speed, course; /* NAN: not known */
};

struct picture {
    struct hub *h;
    struct events *events;
    struct watch watch;
    bool complete; /* a whole walk was done */
    uint64_t tick;
    uint32_t generation;
    struct picture_unit *units; /* in no order */
    uint32_t count, room;
    uint32_t *places, place_count; /* hash of id -> index + 1 */
    char *groups[LIMIT_IN_SETS];      /* JSON lists of the IN sets */
    uint32_t *gone;                /* ids deleted in the last tick */
    size_t gone_count, gone_room;
    char *memory, *values, *detail, *words;
};

void picture_init(struct picture *p, struct hub *h, struct events *events);
/* Lets go of everything: nobody looks any more. */
void picture_fini(struct picture *p);
/* One tick: takes over what changed. */
void picture_follow(struct picture *p);
/* {"n":...},{...} of every unit whose words changed after a tick (0: of all); how many. */
size_t picture_put_units(const struct picture *p, uint64_t after, struct buf *b);
size_t picture_put_emergencies(struct picture *p, struct buf *b);
/* The binary frame with what was heard after a tick; how many units. */
size_t picture_put_positions(const struct picture *p, uint64_t after, int64_t now_ms,
                             struct buf *b);
size_t picture_positions_size(const struct picture *p) MUST_USE;

#endif
