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
    s->at = region;
    s->end = s->at + size;
    s->size = size;
}

size_t slab_size(size_t n)
{
    return class_size(class_of(n));
}

void *slab_take(struct slab *s, size_t n)
{
    unsigned c = class_of(n);
    size_t size = class_size(c);
    void *block = s->free[c];

    if (block) {
        memcpy(&s->free[c], block, sizeof block);
    } else if ((size_t)(s->end - s->at) >= size) {
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
    memcpy(block, &s->free[c], sizeof block);
    s->free[c] = block;
    s->used -= class_size(c);
}
