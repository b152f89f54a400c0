/* inputs_inner.h -- what inputs.c (descriptors, the thread) and inputs_take.c (what may come in) share. */
#ifndef CORDON_EDGE_INPUTS_INNER_H
#define CORDON_EDGE_INPUTS_INNER_H

#include "edge/inputs.h"
#include "edge/tak.h"
#include "os/loop.h"
#include "os/tls.h"
#include "store/inputs.h"
#include "wire/datagram.h"

/* Where something came from. */
struct source {
    struct net_peer who;
    int64_t seen_ms; /* wall clock */
    uint64_t events, refused;
    struct bucket rate;
};

struct input {
    bool used, conf; /* conf: of cordon.conf */
    struct input_rule rule;
    char spec[INPUT_SPEC_MAX];
    unsigned char token_hash[INPUT_TOKEN_HASH];
    int fd; /* -1: none, or it could not be opened */
    int port;
    struct tls_ctx *tls; /* of auth-tls */
    char trouble[160];   /* why it is not open */
    int64_t retry_ms;    /* monotonic */
    struct session s;
    struct source sources[INPUT_SEEN];
    size_t source_count;
    struct bucket rate; /* of all sources together */
    uint64_t events, refused;
    uint64_t untold; /* refused since the last row in the journal */
    int64_t told_ms;
};

/* A sensor's connection. */
struct sensor {
    bool used;
    uint32_t born;
    int fd;
    struct input *input;
    struct net_peer who;
    struct framer framer;
    char *in; /* INPUT_UNIT bytes, malloc'd with the connection */
    size_t len;
    int64_t heard_ms;
};

/* The lines of cordon.conf that shall be open. */
struct wanted {
    size_t count;
    char specs[INPUTS_MAX][INPUT_SPEC_MAX];
};

struct inputs {
    struct hub *h;
    char dir[256];
    pthread_t thread;
    bool started;
    struct loop *loop;
    struct input_store *store;
    struct input list[INPUTS_MAX]; /* under the river's lock; the thread alone changes all but sessions and counts */
    struct sensor sensors[INPUT_SENSORS];
    struct wanted *wanted; /* of inputs_reload(), until the thread takes it; under the river's lock */
    char datagram[INPUT_UNIT + 1];
    struct session_world world;
    /* Whose event is being taken: under the river's lock. */
    struct input *feeding;
    struct source *from;
    char said[ERR_TEXT_MAX]; /* why the last one was refused */
    int64_t next_look_ms;
};

/* inputs_take.c */
void inputs_world(struct inputs *v);
/* The session of a new input: its groups and its agency, under the river's lock. */
bool inputs_session(struct inputs *v, struct input *x, struct err *e) MUST_USE;
/* One unit from somewhere.  Takes the lock. */
void inputs_take(struct inputs *v, struct input *x, const struct net_peer *who, struct str xml, struct str proto);
/* Something of it was no event, or may not come from there. Takes the lock. */
void inputs_refuse(struct inputs *v, struct input *x, const struct net_peer *who, const char *reason);
/* A row for the journal: input.opened, input.closed. */
void inputs_tell(struct inputs *v, const struct input *x, enum event_id kind, const char *reason);

#endif
