#include "edge/wheel.h"

#include "base/must.h"

void wheel_news(struct wheel *w, int64_t now_us)
{
    if (w->left == 0)
        w->next_us = now_us;
    w->left = WHEEL_PARTS + 1; /* the part that is being flushed may have missed it */
}

void wheel_turn(struct wheel *w)
{
    w->spent_us = 0;
}

uint32_t wheel_take(struct wheel *w, int64_t now_us, int64_t period_us)
{
    uint32_t part = w->part;

    MUST(wheel_is_due(w, now_us) && period_us > 0);
    if (w->next_us < now_us - period_us)
        w->next_us = now_us;
    w->next_us += period_us / WHEEL_PARTS;
    w->part = (part + 1) % WHEEL_PARTS;
    w->left--;
    return part;
}

void wheel_spend(struct wheel *w, int64_t us)
{
    w->spent_us += us;
}
