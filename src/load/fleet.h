/* fleet.h -- all phones of a run, and the run from beginning to end.
 *
 *   connect --> settle --> warm --> measure --> drain --> over
 *      |           |                   |          nobody sends; until it is quiet, then
 *      |           until it is quiet   |          the account is closed
 *      |                               in the middle: the storm; spread over it: newcomers
 *      everybody in, and live
 *
 * Reports are spread evenly over the period, neighbouring numbers far from each
 * other in time.  What is sent late is sent with its true time.  A turn of the
 * loop does bounded work on handshakes and sends, so that the tool's own work
 * does not look like the server's delay; turn_max_us tells when it did.  The phones
 * of the storm have a thread of their own (crowd.h); it is quiet when no event came
 * for a while: a ticket for the next session, which a server may send at leisure, is none. */
#ifndef CORDON_LOAD_FLEET_H
#define CORDON_LOAD_FLEET_H

#include "load/account.h"
#include "load/crowd.h"
#include "load/meter.h"

enum phase {
    PHASE_CONNECT,
    PHASE_SETTLE,
    PHASE_WARM,
    PHASE_MEASURE,
    PHASE_DRAIN,
    PHASE_OVER,
    PHASES
};

/* Bytes and events of many phones at one moment, by form: XML, v1. */
struct tally {
    uint64_t looked_bytes[2], looked_events[2], drained_bytes[2];
};

struct newcomer {
    int64_t live_us, picture_us; /* since it began to connect; 0: never */
};

struct fleet {
    const struct options *o;
    struct phone_shared shared;
    struct tls_ctx *ctx[OPTIONS_PACKAGES], *crowd_ctx[OPTIONS_PACKAGES]; /* by thread */
    struct account account;
    struct phone *phones;
    uint32_t count; /* clients, then storm, idle, newcomers */
    enum phase phase;
    int64_t began_us;           /* the run */
    int64_t phase_us, heard_us; /* when it began; when an event last came in */
    uint32_t next_connect, open_connects, live, closed;
    struct err first_failure;
    /* Reports. */
    uint16_t *said; /* by phone */
    uint64_t turns_sent, sent, skipped;
    uint32_t stride;
    int64_t send_from_us, say_from_us, next_slow_us;
    uint64_t slow_rate;
    /* The storm. */
    struct crowd crowd; /* has a thread when crowd_begun */
    bool crowd_begun, storm_begun;
    int64_t storm_from_us;
    /* Newcomers. */
    uint32_t newcomers_begun, newcomer_seen;
    uint8_t *seen;
    struct newcomer *newcomers;
    /* What it cost. */
    struct meter server[2], own[2]; /* at the measure's begin and end; own: of all threads */
    struct tally tally[2];
    double rss_max_mib;
    int64_t next_meter_us, turn_max_us, connected_us, measured_us, drained_us;
};

bool fleet_new(const struct options *o, struct fleet **out, struct err *e) MUST_USE;
void fleet_free(struct fleet *f);
/* The whole run; false when it could not be done (not: when something was lost). */
bool fleet_run(struct fleet *f, struct err *e) MUST_USE;
/* Is this client's connection decrypted and checked? */
bool fleet_is_checked(const struct fleet *f, uint32_t n) MUST_USE;
/* Connections that were closed though nobody asked for it. */
uint32_t fleet_closed(const struct fleet *f) MUST_USE;
/* Why the first one was; kind ERR_NONE: none was. */
const struct err *fleet_failure(const struct fleet *f) MUST_USE;
/* All those besides what account_wrong() knows. */
uint64_t fleet_wrong(const struct fleet *f) MUST_USE;

#endif
