/* slab.h -- blocks of a few sizes out of one region with a fixed end.
 *
 * For bytes that live across turns on the live path: the latest event of a
 * unit, half a message, an unfinished write.  The region is given by the
 * owner (mapped at boot, so that untouched pages cost nothing); slab never
 * asks the system for memory.  A returned block is cut up again for smaller ones
 * when nothing else is left, but never put together again.  When no block is left
 * slab_take() returns NULL and the caller says what that means.  Not thread-safe: one owner or
 * one lock.  Pure. */
#ifndef CORDON_BASE_SLAB_H
#define CORDON_BASE_SLAB_H

#include "base/must.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLAB_CLASSES = 27, SLAB_MIN = 64, SLAB_MAX = 512 * 1024 };

struct slab {
    char *at, *end;            /* not yet cut */
    void *free[SLAB_CLASSES];  /* returned blocks of each class */
    size_t used, peak;         /* bytes handed out, by block size */
    char *region;
    size_t size; /* of the region */
};

/* The region must be aligned to 16 bytes and outlive the slab. */
void slab_init(struct slab *s, void *region, size_t size);
/* A block of at least n bytes (0 < n <= SLAB_MAX), or NULL when none is left. */
void *slab_take(struct slab *s, size_t n) MUST_USE;
/* Gives back what slab_take(s, n) gave; n must be the same. */
void slab_give(struct slab *s, void *block, size_t n);
/* Begins anew when nothing is handed out: false when something is.  The owner may then give the pages back to the
 * system: what they hold does not matter. */
bool slab_begin_anew(struct slab *s) MUST_USE;
/* The block size that n is rounded up to. */
size_t slab_size(size_t n) MUST_USE;

#endif
