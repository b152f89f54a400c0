/* web_events.h -- the record as the page reads it: rendered once, the newest kept in memory.
 *
 * Has its own reader of the journal, opened when it is first needed (the recorder
 * may still be making the file).  The newest EVENTS_KEPT lines stay rendered, so
 * that twenty browsers do not each read the disk; older ones come from it.
 *
 * Bounds: EVENTS_KEPT lines and EVENTS_BYTES; a walk back looks at EVENTS_SCAN rows at
 * most and then gives what it has.  Owner: the web thread. */
#ifndef CORDON_EDGE_WEB_EVENTS_H
#define CORDON_EDGE_WEB_EVENTS_H

#include "core/incident_access.h"
#include "edge/hub.h"
#include "edge/web_event.h"

enum {
    EVENTS_KEPT = 4096,
    EVENTS_BYTES = 8 << 20,
    EVENTS_FIRST = 200,  /* of a fresh page */
    EVENTS_AFTER = 5000, /* a page that missed more begins anew */
    EVENTS_LIMIT = 1000, /* of one call */
    EVENTS_GAP = 20000,  /* rows; further behind, the newest are read instead of all */
    EVENTS_SCAN = 1 << 19,
    EVENTS_ACKS = 256, /* acknowledgements of open emergencies */
};

struct event_line {
    uint64_t seq, prev;
    uint16_t kind;
    bool raw; /* of an incident: bytes are its payload, written anew for each who may see other parts of it */
    bool erased, damaged;
    bool ordered; /* chat of the command post to one unit: an assignment, a message; for who has the command's class */
    int64_t at_ms, observed_ms;
    uint32_t len;
    char *bytes; /* else: JSON */
};

struct event_ack {
    uint64_t uid, seq; /* keyed hash of the uid; row */
    int64_t at_ms;
    char by[64];
};

struct events {
    struct hub *h;
    char dir[256];
    struct hash_key hash;
    struct journal *journal;
    struct event_line *kept; /* EVENTS_KEPT of them */
    uint64_t first, next;
    size_t bytes;
    uint64_t last;      /* the newest row of the kinds that are shown */
    uint64_t read_to;   /* rows up to this were looked at */
    bool loaded;        /* the first look was taken */
    uint64_t acks_from; /* acknowledgements of rows from here on are known */
    struct event_ack acks[EVENTS_ACKS];
    size_t ack_next;
    char *scratch, *values;
};

/* An EVENT (web-protocol.md) as this reader may see it; what he may not leaves its place in the chain. */
void events_put_line(const struct event_line *line, const struct access *a, struct buf *b);

typedef bool events_see(void *ctx, const struct event_line *line);

/* Which lines: after one, or the newest before one; kinds 0-terminated, NULL: all shown. */
struct events_ask {
    uint64_t after, before; /* before 0: not asked */
    size_t limit;
    const uint16_t *kinds;
    struct str incident; /* the events of this one alone, when it is not empty */
};

void events_init(struct events *v, struct hub *h, const char *dir, struct hash_key hash);
void events_fini(struct events *v);
/* Reads what is new; see() for each new line (none for the first ones that are loaded). */
bool events_follow(struct events *v, events_see *see, void *ctx, struct err *e) MUST_USE;
/* A text was erased: what is kept is read once more. */
bool events_reread(struct events *v, struct err *e) MUST_USE;
/* Lines in order.  prev of a line is the one before of the kinds that were asked for. */
bool events_read(struct events *v, const struct events_ask *ask, events_see *see, void *ctx,
                 struct err *e) MUST_USE;
/* Lines that are kept, after a number; false when older ones are needed. */
bool events_kept_after(const struct events *v, uint64_t after, events_see *see, void *ctx) MUST_USE;
/* When the row was recorded; 0 when it cannot be read. */
int64_t events_time(struct events *v, uint64_t seq);
/* Who acknowledged the emergency that row `raised` opened; NULL: nobody yet. */
const struct event_ack *events_ack(struct events *v, struct str uid, uint64_t raised) MUST_USE;

#endif
