/* joins.h -- what of a loop's time those who come and go may take (handshakes, leaving): all of it while nobody else
 * needs any, and ever less the busier the loop is with those who are there, so that both together leave it time to
 * sleep.
 *
 *   allowed = 1000 - 4/3 * (what all other work took in the last 100 ms, in thousandths), 250 at least
 *
 * Without it a thousand who come back at once keep the loop at work without a pause, and everything that comes in waits
 * for a turn that is long each time.  Of one thread; time comes in, nothing else. */
#ifndef CORDON_EDGE_JOINS_H
#define CORDON_EDGE_JOINS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    JOINS_ALL = 1000,         /* thousandths of the time */
    JOINS_LEAST = 250,
    JOINS_WINDOW_US = 100000, /* how often it is counted anew */
    JOINS_BURST_US = 2000,    /* what is saved up at most, and so spent in one turn */
};

struct joins {
    int64_t at_us, left_us; /* when it was filled last; what may be spent, below zero: owed */
    int64_t since_us, idle_us, spent_us; /* of this window */
    uint32_t permille;
};

void joins_init(struct joins *s, int64_t now_us);
/* A turn of the loop, which had slept for so long. */
void joins_turn(struct joins *s, int64_t now_us, int64_t slept_us);
static inline bool joins_has(const struct joins *s)
{
    return s->left_us > 0;
}
/* A step of a handshake, or somebody who left, took so long. */
void joins_spend(struct joins *s, int64_t us);
/* How long until something may be spent again; 0: now. */
int64_t joins_wait_us(const struct joins *s, int64_t now_us);

#endif
