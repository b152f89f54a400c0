/* crowd.h -- the phones that lose their connections at one moment and all come back: a thread of their own.
 *
 *        crowd_begin            crowd_drain         crowd_storm                   crowd_end
 *  [off] ----------> [connect] ------------> [count] ----------> [all come back] ----------> [off]
 *                    and read events         bytes alone
 *
 * A handshake costs a phone about a millisecond of a processor.  In the thread that notes when the events of the
 * others arrive, a thousand of them would be told as the server's delay.  Real phones have processors of their
 * own; here they share those of the server, so this thread takes one after the server and the phones that are
 * measured (CROWD_NICE).  The server meets the same connections at once for all that; the report tells how long
 * this thread had to wait for a processor.
 *
 * The owner gives orders from its own thread, and reads the atomic numbers; the phones and all else belong to the
 * crowd's thread from crowd_begin() to crowd_end().  Connections are opened CROWD_OPEN at a time, in the storm all. */
#ifndef CORDON_LOAD_CROWD_H
#define CORDON_LOAD_CROWD_H

#include "load/phone.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CROWD_OPEN = 128, CROWD_NICE = 10 };

enum crowd_order { CROWD_CONNECT, CROWD_DRAIN, CROWD_STORM, CROWD_END };

struct crowd {
    /* Given before it begins. */
    struct phone *phones; /* the caller's; numbers first .. first + count - 1 */
    uint32_t first, count;
    /* What a phone says as soon as it is live; false when it could not. */
    bool (*greet)(const void *ctx, struct phone_shared *s, struct phone *p);
    const void *greet_ctx;
    /* Of its thread. */
    struct phone_shared shared;
    pthread_t thread;
    enum crowd_order done;
    uint32_t next_connect, open_connects;
    int64_t storm_from_us;
    struct err failure; /* the first one; stands once `closed` is above 0 */
    /* For both. */
    _Atomic int order, tid;
    _Atomic uint32_t live, back, closed; /* connected; of the storm; closed though nobody asked for it */
    _Atomic int64_t heard_us, back_us;   /* the last event came; how long until all were back, 0: not yet */
    _Atomic uint64_t bytes[2];           /* that came: XML, v1 */
};

/* Takes over shared.loop and the buffers of shared, which the caller made (phone_shared_init, loop_new). */
bool crowd_begin(struct crowd *c, struct err *e) MUST_USE;
void crowd_drain(struct crowd *c);
void crowd_storm(struct crowd *c);
/* Waits for the thread, which closes all connections.  What the numbers say stays. */
void crowd_end(struct crowd *c);

#endif
