/* histogram.h -- how long things took: counts in log-linear buckets.
 *
 * Values are microseconds from 0 to 2^36 (19 hours; longer ones count as that).
 * Each power of two is cut into HISTOGRAM_PARTS, so a percentile is at most 1.6 %
 * above the truth and never below it; the maximum is exact.  Pure; 18 kB. */
#ifndef CORDON_LOAD_HISTOGRAM_H
#define CORDON_LOAD_HISTOGRAM_H

#include "base/must.h"

#include <stdint.h>

enum { HISTOGRAM_PARTS_LOG2 = 6, HISTOGRAM_PARTS = 1 << HISTOGRAM_PARTS_LOG2, HISTOGRAM_BITS = 36 };
enum { HISTOGRAM_BUCKETS = (HISTOGRAM_BITS - HISTOGRAM_PARTS_LOG2 + 1) * HISTOGRAM_PARTS };

struct histogram {
    uint64_t count;
    int64_t max_us;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t us)
{
    unsigned shift;

    if (us < HISTOGRAM_PARTS)
        return (unsigned)us;
    shift = 63u - (unsigned)__builtin_clzll(us) - HISTOGRAM_PARTS_LOG2;
    return (shift + 1) * HISTOGRAM_PARTS + (unsigned)(us >> shift & (HISTOGRAM_PARTS - 1));
}

/* A negative time counts as 0. */
static inline void histogram_note(struct histogram *h, int64_t us)
{
    uint64_t v = us < 0 ? 0 : (uint64_t)us;

    if (v >= (uint64_t)1 << HISTOGRAM_BITS)
        v = ((uint64_t)1 << HISTOGRAM_BITS) - 1;
    h->bucket[histogram_bucket(v)]++;
    h->count++;
    if (us > h->max_us)
        h->max_us = us;
}

/* The time that `share` (0 to 1) of them stayed below, in milliseconds; 0 when there are none. */
double histogram_ms(const struct histogram *h, double share) MUST_USE;

#endif
