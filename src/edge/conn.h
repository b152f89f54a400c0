/* conn.h -- one connection of a loop thread: its socket, TLS, buffers and session. Private to
 * tak.c and conn.c. */
#ifndef CORDON_EDGE_CONN_H
#define CORDON_EDGE_CONN_H

#include "base/slab.h"
#include "edge/joins.h"
#include "edge/tak.h"
#include "edge/wheel.h"
#include "os/loop.h"
#include "os/net.h"
#include "os/tls.h"

/* CONN_AUTH: it has said nothing yet; its first unit is the login of an old client. */
enum conn_state { CONN_FREE, CONN_TLS, CONN_AUTH, CONN_ASKING, CONN_LIVE };

enum {
    CONN_HANDSHAKE_MS = 10000,
    CONN_STUCK_MS = 60000,      /* no byte moved while some wait */
    CONN_BROKEN_MS = 5000,      /* who cannot be sent to is heard so long at most */
    CONN_EXTRA_MAX = 2 << 20,   /* what it missed, waiting to be sent */
    CONN_GATHERS = 8,           /* at most so many sends in one flush */
    CONN_REFUSAL_MS = 10000,    /* a refusal row in the journal at most this often */
    CONN_ACK_MS = 3000,         /* how often it is looked at what arrived */
    CONN_TICKETS = 1,           /* given in one tick of a loop, none while there are handshakes */
    CONN_PLAIN = 64 * 1024,     /* plain bytes of one send */
    CONN_SLOW_MS = 20000,       /* who lagged counts as slow for so long */
    CONN_CAP_SLOW = 16 * 1024,  /* of live events to who lags, and of the kernel's send buffer */
    CONN_CAP_SHORT = 8 * 1024,  /* to everybody while more than half of the buffers is in use */
    CONN_CIPHER = CONN_PLAIN + 16 * 1024, /* with the records' heads and tags */
};

struct conn {
    enum conn_state state;
    int fd;
    bool is_tls, wants_write, missed_done;
    bool gone;            /* its client is: it is sent to no more, and heard to the end */
    bool unwatched;       /* the loop does not watch it: heard to the end, it leaves when its turn comes */
    bool auth;            /* who it is it says by <auth>, not by a certificate */
    bool has_ticket;      /* it was given one to come back with */
    bool missed_unasked;  /* the record had no room for the question */
    uint64_t missed_upto; /* journal number up to which it is about */
    bool missed_cut;      /* there is more for missed_unit behind missed_from */
    bool missed_over;     /* some of it found no room: nothing counts as arrived this time */
    uint32_t missed_unit;
    uint64_t missed_from;
    uint8_t queued_in; /* bits of the queues where its number stands: its place is free only at 0 */
    uint32_t next_free;
    struct tls *tls;
    struct session s;
    char *in; /* partial input, from the slab */
    uint32_t in_len, in_cap;
    char *pending; /* unfinished write */
    uint32_t pending_len, pending_at;
    char *extra; /* malloc'd: what it missed */
    size_t extra_len;
    int64_t slow_until_ms;
    int64_t queued_ms; /* since when it waits for its handshake's turn */
    int64_t accepted_ms, since_wall_ms, progress_ms, refused_ms, acked_ms;
    uint64_t must_sent, must_acked, sent_bytes;
    uint64_t refused_untold;
    struct session_counts told; /* what /metrics has of it */
    char address[NET_ADDRESS_MAX];
    struct tls_peer peer;
};

/* Numbers of connections that wait for their turn; each stands in it once at most. */
struct conn_queue {
    uint32_t *at; /* a ring of tak_loop.max places */
    uint32_t first, count;
    uint8_t bit; /* in conn.queued_in */
};

struct tak_loop {
    struct hub *h;
    int index;
    struct loop *loop;
    pthread_t thread;
    int tls_fd, tcp_fd;
    struct tls_ctx *ctx;
    struct tls_ctx *_Atomic new_ctx;
    struct conn *conns;
    uint32_t max, used, open, free_list, halfopen;
    struct conn_queue handshakes, bulk, leaves; /* bulk: newcomers that take in the whole picture */
    struct slab slab;
    char *recv_buf, *plain_buf, *cipher_buf, *message;
    struct session_world world;
    struct conn *feeding; /* whose bytes are being taken, for the callbacks */
    _Atomic bool sleeping;
    bool deaf; /* takes no connections until the next tick: no descriptor was left */
    struct wheel wheel;
    struct joins joins; /* what handshakes and leaves may take */
    uint64_t live_seen, must_seen, handshakes_seen;
    uint32_t tickets; /* given in this tick */
    int64_t trim_at_ms; /* when what handshakes left behind is given back; 0: it was */
    bool trim_slab;     /* once nothing of it is in use */
    int64_t next_tick_ms, next_clients_ms;
};

/* Puts a connection at a queue's end, when it is not in it. */
void conn_enqueue(struct tak_loop *l, struct conn_queue *q, struct conn *c);
/* Sets what the sessions of this loop ask of the world. */
void conn_world(struct tak_loop *l);
/* Bytes from and to the socket. Each may close the connection (state CONN_FREE). */
void conn_readable(struct tak_loop *l, struct conn *c);
void conn_handshake(struct tak_loop *l, struct conn *c);
void conn_flush(struct tak_loop *l, struct conn *c);
void conn_close(struct tak_loop *l, struct conn *c, const char *reason);
/* For conn_auth.c.  Sends; false when bytes remain or it closed.  Keeps an unfinished unit for the next bytes.  Takes
 * plain bytes that lie behind the partial input.  Where new ones go: behind it, in one piece. */
bool conn_send(struct tak_loop *l, struct conn *c, struct str bytes);
bool conn_send_pending(struct tak_loop *l, struct conn *c) MUST_USE; /* what is left of the last one */
bool conn_keep(struct tak_loop *l, struct conn *c, struct str rest) MUST_USE;
void conn_take(struct tak_loop *l, struct conn *c, struct str all);
char *conn_room(struct tak_loop *l, struct conn *c, size_t *max);
/* conn_auth.c.  The login is waited for; early: cipher bytes that came with the last of the handshake.  Bytes of it, or
 * behind it.  What came behind it, once it is let in. */
void conn_auth_begin(struct tak_loop *l, struct conn *c, struct str early);
void conn_auth_readable(struct tak_loop *l, struct conn *c);
void conn_auth_held(struct tak_loop *l, struct conn *c);
/* The recorder said who it is. */
void conn_join(struct tak_loop *l, struct conn *c, const struct session_user *user);
/* More of what it missed; takes a copy. */
void conn_missed(struct tak_loop *l, struct conn *c, struct str records, bool more);
/* There is more for this device: to be asked for when the last of it has arrived. */
void conn_missed_cut(struct tak_loop *l, struct conn *c, struct str uid);
/* Every few seconds: tells the recorder what arrived, closes who is stuck. */
void conn_tick(struct tak_loop *l, struct conn *c, struct now now);

/* What the loop's events say whose they are: not taken for those of who has the place next. */
static inline uint64_t conn_token(const struct tak_loop *l, const struct conn *c)
{
    return (uint64_t)c->s.born << 32 | (uint64_t)(c - l->conns);
}

/* What is due to it is much: it goes out in the turns of the bulk queue. */
static inline bool conn_is_bulk(const struct conn *c)
{
    return !c->s.roster_done || c->s.extra.len;
}

static inline uint32_t conn_slot(const struct tak_loop *l, const struct conn *c)
{
    return (uint32_t)(c - l->conns) * (uint32_t)l->h->loop_count + (uint32_t)l->index;
}

#endif
