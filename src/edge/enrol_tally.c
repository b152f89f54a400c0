#include "edge/enrol_tally.h"

static bool is_over(const struct tally_row *r, int64_t now_ms)
{
    return now_ms - r->since_ms >= TALLY_MS;
}

/* The row of this address; a new one in the place of one that has nothing more to tell; else the last. */
static struct tally_row *place(struct tally *t, const char *address, int64_t now_ms)
{
    struct tally_row *free_one = NULL;

    for (size_t i = 0; i < TALLY_ADDRESSES; i++) {
        struct tally_row *r = &t->rows[i];

        if (r->since_ms && strcmp(r->address, address) == 0)
            return r;
        if (!free_one && (!r->since_ms || (r->count == 0 && is_over(r, now_ms))))
            free_one = r;
    }
    if (!free_one) {
        free_one = &t->rows[TALLY_ADDRESSES];
        address = "others";
        if (free_one->since_ms)
            return free_one;
    }
    *free_one = (struct tally_row){.since_ms = 0};
    (void)str_copy(free_one->address, sizeof free_one->address, str_from(address));
    return free_one;
}

/* Told now: it begins again to count. */
static void tell(struct tally_row *r, int64_t now_ms, struct tally_row *row)
{
    *row = *r;
    r->count = 0;
    r->since_ms = now_ms;
}

bool tally_add(struct tally *t, const struct tally_row *what, int64_t now_ms, struct tally_row *row)
{
    struct tally_row *r = place(t, what->address, now_ms);
    bool first = r->since_ms == 0;

    MUST(now_ms > 0);
    memcpy(r->name, what->name, sizeof r->name);
    memcpy(r->reason, what->reason, sizeof r->reason);
    r->count++;
    if (!first && !is_over(r, now_ms))
        return false;
    tell(r, now_ms, row);
    return true;
}

bool tally_due(struct tally *t, int64_t now_ms, struct tally_row *row)
{
    for (size_t i = 0; i <= TALLY_ADDRESSES; i++)
        if (t->rows[i].count && is_over(&t->rows[i], now_ms)) {
            tell(&t->rows[i], now_ms, row);
            return true;
        }
    return false;
}
