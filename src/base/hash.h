/* hash.h -- a keyed hash for tables whose keys a peer chooses.
 *
 * SipHash-1-3 (Aumasson and Bernstein, 2012), with a key made at start, so
 * that nobody outside can aim at one bucket.  Pure. */
#ifndef CORDON_BASE_HASH_H
#define CORDON_BASE_HASH_H

#include "base/str.h"

struct hash_key {
    uint64_t k0, k1;
};

uint64_t hash_str(struct hash_key key, struct str s) MUST_USE;

#endif
