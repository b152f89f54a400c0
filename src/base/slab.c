#include "base/slab.h"

#include <string.h>

/* Classes step by half powers of two: 64, 96, 128, 192, 256 ... */
static size_t class_size(unsigned c)
{
    size_t base = (size_t)SLAB_MIN << (c / 2);

    return c % 2 ? base + base / 2 : base;
}

static unsigned class_of(size_t n)
{
    unsigned c = 0;

    MUST(n > 0 && n <= SLAB_MAX);
    if (n > SLAB_MIN) {
        unsigned log = 63u - (unsigned)__builtin_clzll(n - 1); /* 2^log < n <= 2^(log+1) */

        c = (log - 6) * 2 + 1;
        if (class_size(c) < n)
            c++;
    }
    MUST(c < SLAB_CLASSES && class_size(c) >= n);
    return c;
}

void slab_init(struct slab *s, void *region, size_t size)
{
    MUST(((uintptr_t)region & 15) == 0);
    memset(s, 0, sizeof *s);
    s->at = s->region = region;
    s->end = s->at + size;
    s->size = size;
}

bool slab_begin_anew(struct slab *s)
{
    if (s->used)
        return false;
    memset(s->free, 0, sizeof s->free);
    s->at = s->region;
    s->end = s->at + s->size;
    return true;
}

size_t slab_size(size_t n)
{
    return class_size(class_of(n));
}

static void push(struct slab *s, unsigned c, char *block)
{
    memcpy(block, &s->free[c], sizeof s->free[c]);
    s->free[c] = block;
}

/* Cuts a larger returned block up for class c, so that a time of large blocks
 * leaves the region usable for small ones.  What is left of the piece that was
 * being cut goes to the free blocks; false when there is no larger one. */
static bool recut(struct slab *s, unsigned c)
{
    unsigned big = c + 1;

    while (big < SLAB_CLASSES && !s->free[big])
        big++;
    if (big == SLAB_CLASSES)
        return false;
    for (unsigned k = c; k-- > 0;)
        for (; (size_t)(s->end - s->at) >= class_size(k); s->at += class_size(k))
            push(s, k, s->at);
    s->at = s->free[big];
    s->end = s->at + class_size(big);
    memcpy(&s->free[big], s->at, sizeof s->free[big]);
    return true;
}

void *slab_take(struct slab *s, size_t n)
{
    unsigned c = class_of(n);
    size_t size = class_size(c);
    void *block = s->free[c];

    if (block) {
        memcpy(&s->free[c], block, sizeof block);
    } else if ((size_t)(s->end - s->at) >= size || recut(s, c)) {
        block = s->at;
        s->at += size;
    } else {
        return NULL;
    }
    s->used += size;
    if (s->used > s->peak)
        s->peak = s->used;
    return block;
}

void slab_give(struct slab *s, void *block, size_t n)
{
    unsigned c = class_of(n);

    MUST(block && s->used >= class_size(c));
    push(s, c, block);
    s->used -= class_size(c);
}
