/* floor.h -- what the machine asks at least: the same bytes to the same sockets, nothing else.
 *
 * A thread sends to each of N sockets, each at its own place in the tick, what a
 * server that relays everything to everybody would send: (N - 1) events a period,
 * in one send() a tick; with TLS each record goes through AES-GCM first.  The
 * other thread receives.  The sending thread's CPU over the deliveries that its bytes
 * stand for is the floor that a server is compared with, in the same run on the
 * same machine. */
#ifndef CORDON_LOAD_FLOOR_H
#define CORDON_LOAD_FLOOR_H

#include "load/options.h"
#include "load/report.h"

bool floor_run(const struct options *o, struct report *r, struct err *e) MUST_USE;

#endif
