#include "edge/joins.h"

void joins_init(struct joins *s, int64_t now_us)
{
    *s = (struct joins){.at_us = now_us, .left_us = JOINS_BURST_US, .since_us = now_us, .permille = JOINS_ALL};
}

/* From what the others took of a window that is over. */
static uint32_t allowed(int64_t window_us, int64_t others_us)
{
    int64_t permille = others_us > 0 ? JOINS_ALL - others_us * JOINS_ALL / window_us * 4 / 3 : JOINS_ALL;

    return permille > JOINS_LEAST ? (uint32_t)permille : JOINS_LEAST;
}

void joins_turn(struct joins *s, int64_t now_us, int64_t slept_us)
{
    int64_t window = now_us - s->since_us;

    s->idle_us += slept_us;
    if (window >= JOINS_WINDOW_US) {
        s->permille = allowed(window, window - s->idle_us - s->spent_us);
        s->since_us = now_us;
        s->idle_us = s->spent_us = 0;
    }
    s->left_us += (now_us - s->at_us) * s->permille / JOINS_ALL;
    if (s->left_us > JOINS_BURST_US)
        s->left_us = JOINS_BURST_US;
    s->at_us = now_us;
}

void joins_spend(struct joins *s, int64_t us)
{
    s->left_us -= us;
    s->spent_us += us;
}

int64_t joins_wait_us(const struct joins *s, int64_t now_us)
{
    int64_t wait = s->left_us > 0 ? 0 : (1 - s->left_us) * JOINS_ALL / s->permille + 1 - (now_us - s->at_us);

    return wait > 0 ? wait : 0;
}
