/* incident_life.h -- a random life of an incident, for tests: commands that are mostly sensible.
 *
 * Tests only.  The same seed gives the same life. */
#ifndef CORDON_SUPPORT_INCIDENT_LIFE_H
#define CORDON_SUPPORT_INCIDENT_LIFE_H

#include "support/incident_guess.h"
#include "support/incident_world.h"

static inline uint64_t life_dice(uint64_t *x)
{
    struct guess g = {.dice = *x};

    (void)guess_dice(&g);
    *x = g.dice;
    return *x;
}

/* One command; the kind of what happened, 0 when it was refused. */
static inline unsigned life_command(struct world *w, uint64_t *seed)
{
    static char bytes[65536];
    struct buf b = buf_over(bytes, sizeof bytes);
    struct guess g = {.s = w->s, .now_ms = w->now_ms, .dice = *seed};
    enum incident_kind kind = guess_command(&g, true, &b);

    w->now_ms += (int64_t)(guess_dice(&g) % 60000);
    *seed = g.dice;
    return world_do(w, kind, buf_str(&b)) ? kind : 0;
}

#endif
