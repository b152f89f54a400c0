/* inputs.h -- the old and odd ways in: datagrams, multicast, sensors, logins by <auth>, HTTP with a token.
 *
 *   datagram --+
 *   sensor ----+--> address, rate, type, uid granted? --> session_take --> river, record
 *   HTTP ------+        no: counted, log, journal (one row in ten seconds for an input)
 *   auth-tls, auth-tcp --> accepted here, given to a loop (tak.h), which asks for the <auth>
 *
 * All are off until cordon.conf or `cordon input` names one (edge/input_rule.h).  They are one-way: nothing is ever
 * sent back to where a datagram came from, so that nobody is hit by what somebody else sent in his name.
 *
 * One thread of its own with its own descriptors; it follows what `cordon input` writes, within a second.  An HTTP
 * injection runs in the web thread.  Both take the river's lock for each event, which guards the list as well.
 * Bounds: INPUTS_MAX inputs, INPUT_SEEN sources shown of each (the longest silent gives way), INPUT_SENSORS
 * connections of INPUT_UNIT bytes at most, INPUT_TURN datagrams of one input in a turn. */
#ifndef CORDON_EDGE_INPUTS_H
#define CORDON_EDGE_INPUTS_H

#include "edge/hub.h"
#include "edge/input_rule.h"

enum {
    INPUTS_MAX = 32,
    INPUT_SEEN = 64,
    INPUT_SENSORS = 256,
    INPUT_UNIT = 64 * 1024,
    INPUT_TURN = 64,
    INPUT_REFUSAL_MS = 10000, /* a row in the journal at most this often, for each input */
    INPUT_RETRY_MS = 5000,    /* one that cannot be opened is tried again */
    INPUT_BODY = 1024 * 1024, /* of an HTTP injection */
};

struct inputs_config {
    const char *dir;
    const char *const *specs; /* of cordon.conf */
    size_t count;
};

/* Opens those of cordon.conf (false when one cannot be) and those that were made before, and starts the thread. */
bool inputs_start(struct hub *h, const struct inputs_config *c, struct err *e) MUST_USE;
/* Ends the thread and closes what is open; an injection is still answered. */
void inputs_stop(struct hub *h);
/* Its memory, when no thread is left that injects. */
void inputs_free(struct hub *h);

/* Those of cordon.conf as they stand there now: what is gone from it is closed, what is new opened, the rest untouched.
 * Done by the thread within a second; one that cannot be opened is in the log and tried again. */
void inputs_reload(struct hub *h, const char *const *specs, size_t count);

/* Makes one by its words as `cordon input add` does, in the list that the thread follows.  token: of one of kind http,
 * told once; else "". */
struct input_store;
enum { INPUT_TOKEN = 64 };
bool inputs_add(struct input_store *s, struct str spec, char token[INPUT_TOKEN + 1], struct err *e) MUST_USE;

/* What came of an injection. */
struct injected {
    size_t taken, refused;
    char reason[ERR_TEXT_MAX]; /* of the first that was refused */
};
/* The input of kind http with this token, when this address may use it; 0: none, e says why. */
uint64_t inputs_by_token(struct hub *h, struct str token, const char *address, struct err *e) MUST_USE;
/* Events back to back, XML or v1, from a body.  false: the input is not there any more, some of it may be taken. */
bool inputs_inject(struct hub *h, uint64_t input, const char *address, struct str body, struct injected *out) MUST_USE;

/* A JSON list of all inputs with their sources and counts. */
void inputs_put_json(struct hub *h, struct buf *b);

#endif
