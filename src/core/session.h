/* session.h -- one TAK client's connection as a function of bytes: protocol, cursors, replies.
 *
 *          session_init            session_join                    session_leave
 *  [free] ---------------> [new] ---------------> [live] -----------------------------> [free]
 *                        bytes wait            feed: bytes in -> events
 *                                              gather: rings, roster, replies -> bytes out
 *
 * tak.md 1.4 to 1.7.  Every unit is sniffed by its first byte; the direction to
 * the client is XML until it asked for v1, which it is offered behind the first
 * portion of the picture, and changes at the exact byte after t-x-takp-r.  A
 * session owns two cursors into the river's rings and no queue.
 * What goes to the client, in this order: protocol replies, must-arrive, what
 * it missed while away, the picture for a newcomer, positions.
 *
 * A device that is held (it joined by a code of many uses) is heard and hears nothing but
 * protocol replies until it is admitted: no picture, no positions, no chat, not even the server's
 * own voice, and nothing counts as delivered to it.
 *
 * Owner: one loop thread.  session_feed() and session_leave() are called under
 * the river's lock; session_gather() takes it through the world for the few
 * steps that need it.  Pure: no sockets, clock or memory. */
#ifndef CORDON_CORE_SESSION_H
#define CORDON_CORE_SESSION_H

#include "core/river.h"
#include "wire/frame.h"

/* A receiver that is further behind gets only the newest event of each unit. */
enum { SESSION_LAG_MS = 2000, SESSION_PONGS_MAX = 8 };

struct session_user {
    int64_t id;
    bool relay;
    bool held; /* not admitted yet: of what it sends, positions of its own, chat and calls for help are heard */
    bool input; /* no client but an input (edge/inputs.h): nobody is reached through it, and nobody's uid is its own */
    uint16_t in_set, out_set;
    char name[64], agency[16];
};

/* Tokens that come back with time; {0} is a full one. */
struct bucket {
    double left;
    int64_t at_ms;
};
/* Takes one of at most `burst`, of which per_s come back each second; false: there is none. */
bool bucket_spend(struct bucket *b, double per_s, double burst, struct now now) MUST_USE;

struct session_counts {
    uint64_t events_in, refused, junk, delivered, conflated, lapped, held_back;
};

struct session {
    uint32_t slot, born;
    struct session_user user;
    enum wire_form form;
    bool live, incognito, version_sent, owe_response, response_ok, owe_groups, roster_done;
    bool lapped; /* the roster is for a reader that fell behind, not for a newcomer */
    uint8_t roster_pass;
    uint8_t pongs;
    struct framer framer;
    uint64_t live_at, must_at; /* cursors */
    uint64_t roster_from;      /* the live ring's head when the roster began */
    uint64_t roster_end;       /* and when it was done */
    uint32_t roster_at;
    uint64_t must_seen;        /* newest journal number that was gathered or passed over */
    uint64_t join_seq;         /* journal number from which on it heard what is for all */
    uint32_t unit;             /* its first own device, UNIT_NONE: none yet */
    uint32_t cell;
    int64_t lag_ms;
    char version_uid[40], asked_uid[64];
    struct str extra; /* what it missed: records (below), owned by the edge, moved on here */
    bool slow;       /* it lagged lately: only the newest of each unit, however far behind it is now */
    size_t live_cap; /* bytes of live events in one gather; 0: as many as fit.  Less in flight is less lag */
    struct session_counts count;
    struct bucket events, durable; /* what it may send at once */
};

/* One record in `extra`: form(1) | journal_seq(8) | length(4) | bytes, big endian. */
enum { SESSION_EXTRA_HEAD = 13 };

/* What the session asks of the world around it. */
struct session_world {
    void *ctx;
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);
    /* Hands a durable event to the record; false when its queue is full. */
    bool (*record)(void *ctx, struct session *s, enum event_id kind, struct str payload, uint64_t ticket);
    /* An event was refused; the connection stays. */
    void (*refused)(void *ctx, struct session *s, const char *reason);
    /* The session speaks for this uid now: what it missed is wanted. */
    void (*bound)(void *ctx, struct session *s, struct str uid, struct str callsign);
    /* Why this event is not taken from it, NULL when it is.  NULL: everything is. */
    const char *(*objects)(void *ctx, struct session *s, const struct river_event *ev);
};

static inline uint64_t session_handle(const struct session *s)
{
    return (uint64_t)s->born << 32 | s->slot | (uint64_t)1 << 31;
}

void session_init(struct session *s, uint32_t slot, uint32_t born);
/* The user is known: from here on it hears and is heard. version_uid: random. */
void session_join(struct session *s, struct river *r, const struct session_user *user, struct str version_uid);
/* Other groups from now on: a fresh picture and t-x-g-c. */
void session_regroup(struct session *s, struct river *r, uint16_t in_set, uint16_t out_set);
/* What its user may has changed: groups, relay grant, admission.  From its admission on a device hears what is for all,
 * and what waits for it is asked for. */
void session_set_user(struct session *s, struct river *r, const struct session_world *w, const struct session_user *u);
/* A fresh picture: it may hear more of the others than before. */
void session_picture(struct session *s, const struct river *r);

/* Takes bytes from the client; *used tells how many are done with (keep the rest
 * and call again with more behind it).  false: the stream cannot be cut any
 * more, close with e's sentence. */
bool session_feed(struct session *s, struct river *r, const struct session_world *w, struct str in, size_t *used,
                  struct now now, struct err *e) MUST_USE;

/* One whole unit that lay in no stream: xml, or the payload of a TakMessage. */
void session_take(struct session *s, struct river *r, const struct session_world *w, struct str xml, struct str proto,
                  struct now now);

enum gather {
    GATHER_DONE,   /* nothing more to send now */
    GATHER_FULL,   /* out is full, there is more */
    GATHER_LAPPED, /* too far behind with what must arrive: close, the journal has it */
};
/* Adds what is due to out, whole messages only; out must have room for
 * LIMIT_EVENT_OUT bytes at least. */
enum gather session_gather(struct session *s, struct river *r, const struct session_world *w, struct buf *out,
                           struct now now) MUST_USE;
/* The same without copying long runs of the live ring: what is to be sent are the
 * items in order, which point into out and into the ring.  What points into the
 * ring stands for a while only: when session_runs_hold() is false after they were
 * read, bytes may have changed under the reader, and the connection must close. */
enum { SESSION_RUNS = 16, SESSION_RUN_MIN = 2048 };
struct runs {
    size_t count, sealed; /* sealed: bytes of out that stand in items */
    struct str item[SESSION_RUNS];
    uint64_t first; /* oldest live number that an item may point at; UINT64_MAX: none does */
};
enum gather session_gather_runs(struct session *s, struct river *r, const struct session_world *w, struct buf *out,
                                struct runs *runs, struct now now) MUST_USE;
bool session_runs_hold(const struct river *r, const struct runs *runs) MUST_USE;
/* Is anything waiting for it?  Cheap, without the lock. */
bool session_is_behind(const struct session *s, const struct river *r) MUST_USE;
/* Is something waiting that goes out at once? */
bool session_is_urgent(const struct session *s, const struct river *r) MUST_USE;

/* The connection is gone. payload takes FIELD_UID for each device that nobody
 * holds any more (for EV_CLIENT_LEFT), with FIELD_USER before it. */
void session_leave(struct session *s, struct river *r, struct buf *payload);

#endif
