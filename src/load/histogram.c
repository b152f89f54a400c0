#include "load/histogram.h"

/* The upper end of a bucket, so that a percentile is never told too low. */
static int64_t upper_us(unsigned bucket)
{
    unsigned shift = bucket / HISTOGRAM_PARTS;

    if (shift == 0)
        return bucket;
    shift--;
    return (int64_t)((((uint64_t)HISTOGRAM_PARTS + bucket % HISTOGRAM_PARTS + 1) << shift) - 1);
}

double histogram_ms(const struct histogram *h, double share)
{
    uint64_t wanted = (uint64_t)((double)h->count * share), seen = 0;

    MUST(share >= 0 && share <= 1);
    if (wanted >= h->count)
        return (double)h->max_us / 1000;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen > wanted) {
            int64_t us = upper_us(i);

            return (double)(us < h->max_us ? us : h->max_us) / 1000;
        }
    }
    return (double)h->max_us / 1000;
}
