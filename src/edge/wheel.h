/* wheel.h -- whose turn it is to be flushed: connections in 64 parts, each part once in a period.
 *
 *             news: one round more            the round is over, nothing new
 *   [still] ----------------------> [turning] -----------------------------> [still]
 *
 * Staggering them spreads the sends evenly, so that none waits behind all others.  A loop asks
 * after each piece of its other work (an event, a step of a handshake) whether a part is due:
 * flushes go first.  But what is spent on them in one turn of the loop is bounded: a loop that
 * is late must not go round all connections before it reads again, or what comes in would wait
 * longer and longer; rounds get rarer instead.  Of one thread; time comes in, nothing else. */
#ifndef CORDON_EDGE_WHEEL_H
#define CORDON_EDGE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum { WHEEL_PARTS = 64, WHEEL_TURN_US = 20000 };

struct wheel {
    uint32_t part, left;       /* the next one; how many are still to come in this round */
    int64_t next_us, spent_us; /* when it is due; on flushes in this turn of the loop */
};

/* There is something to send: each part comes once more from now on. */
void wheel_news(struct wheel *w, int64_t now_us);
/* A new turn of the loop. */
void wheel_turn(struct wheel *w);
static inline bool wheel_is_due(const struct wheel *w, int64_t now_us)
{
    return w->left && w->next_us <= now_us && w->spent_us < WHEEL_TURN_US;
}
/* The part that is due; the next one is so a 64th of the period later.  A wheel that is later than
 * a whole period lets go of what it missed. */
uint32_t wheel_take(struct wheel *w, int64_t now_us, int64_t period_us);
void wheel_spend(struct wheel *w, int64_t us);

#endif
