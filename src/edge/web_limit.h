/* web_limit.h -- who has given a wrong password too often has to wait, longer each time.
 *
 * A try is counted as wrong when it begins and forgiven when it turns out right,
 * so that many at once gain nothing.  LIMIT_FREE wrong ones in a row are free;
 * each further one doubles the wait from LIMIT_WAIT_MS up to the table's own
 * maximum.  An hour without a try forgets.
 *
 * Bounds: LIMIT_KEYS keys; when full the one that was tried longest ago gives way.
 * Pure: time comes in. */
#ifndef CORDON_EDGE_WEB_LIMIT_H
#define CORDON_EDGE_WEB_LIMIT_H

#include "base/hash.h"

enum { LIMIT_KEYS = 512, LIMIT_FREE = 5, LIMIT_WAIT_MS = 5000, LIMIT_FORGET_MS = 3600000 };

struct limit_key {
    uint64_t key; /* 0: free */
    uint32_t wrong;
    int64_t until_ms, tried_ms;
};

struct limit {
    struct hash_key hash;
    int64_t max_ms;
    struct limit_key keys[LIMIT_KEYS];
};

void limit_init(struct limit *l, struct hash_key hash, int64_t max_ms);
/* How long this one has to wait before its next try; 0: now. */
int64_t limit_wait_ms(const struct limit *l, struct str who, int64_t now_ms) MUST_USE;
/* A try begins. */
void limit_try(struct limit *l, struct str who, int64_t now_ms);
/* It was right: all is forgiven. */
void limit_forgive(struct limit *l, struct str who);
/* It was not judged at all (no room): this one is taken back. */
void limit_untry(struct limit *l, struct str who);

#endif
