/* marker.h -- the events that a simulated phone sends, and the mark in them.
 *
 *   <__load n="000042" seq="000017" t="0000123456789"/>     a position
 *   <__load n="000042" say="000017" t="0000123456789"/>     a chat message
 *
 * n is the sender's number, seq counts its positions from 1 (0: before the run),
 * say counts all chat messages of the run, t is when it was sent in microseconds
 * of the monotonic clock.  An element that no server knows passes byte for byte in both
 * forms, so a receiver finds it by comparing bytes at the place where the last
 * one stood; nothing is decoded.  Positions have the same length at all times.
 * Pure. */
#ifndef CORDON_LOAD_MARKER_H
#define CORDON_LOAD_MARKER_H

#include "base/buf.h"

enum { MARKER_PHONES_MAX = 999999, MARKER_NUMBERS_MAX = 999999, MARKER_EVENT_MAX = 4096 };

struct marker {
    uint32_t sender, number;
    bool is_chat;
    int64_t sent_us;
};

/* Finds the mark in one event of either form; *hint is where the last one stood
 * (start with 0).  False when there is none. */
bool marker_find(struct str event, size_t *hint, struct marker *out) MUST_USE;

struct position {
    struct marker mark;
    int64_t wall_ms;
    double lat, lon;
    bool for_itself; /* addressed to the phone that sends it: the server learns where it is, nobody
                        else */
};
/* Writes a phone's report about itself, as XML or as a v1 stream frame. */
void position_put(const struct position *p, bool v1, struct buf *b);

struct say {
    struct marker mark;
    int64_t wall_ms;
    uint32_t to; /* SAY_ALL: the room of all */
};
#define SAY_ALL UINT32_MAX
/* Writes a chat message of ATAK's shape. */
void say_put(const struct say *s, bool v1, struct buf *b);

/* t-x-takp-q: asks for version 1, with the uid of the server's offer. */
void marker_put_request(struct str uid, int64_t wall_ms, struct buf *b);

/* uid and callsign of phone n, NUL ended. */
enum { MARKER_NAME_MAX = 32 };
void marker_uid(char to[MARKER_NAME_MAX], uint32_t n);
void marker_callsign(char to[MARKER_NAME_MAX], uint32_t n);

#endif
