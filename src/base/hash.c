#include "base/hash.h"

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t turn(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static void sip_round(struct sip *v)
{
    v->a += v->b;
    v->b = turn(v->b, 13) ^ v->a;
    v->a = turn(v->a, 32);
    v->c += v->d;
    v->d = turn(v->d, 16) ^ v->c;
    v->a += v->d;
    v->d = turn(v->d, 21) ^ v->a;
    v->c += v->b;
    v->b = turn(v->b, 17) ^ v->c;
    v->c = turn(v->c, 32);
}

uint64_t hash_str(struct hash_key key, struct str s)
{
    struct sip v = {key.k0 ^ 0x736f6d6570736575u, key.k1 ^ 0x646f72616e646f6du,
                    key.k0 ^ 0x6c7967656e657261u, key.k1 ^ 0x7465646279746573u};
    uint64_t word, last = (uint64_t)s.len << 56;
    size_t i = 0;

    for (; i + 8 <= s.len; i += 8) {
        memcpy(&word, s.at + i, 8);
        v.d ^= word;
        sip_round(&v);
        v.a ^= word;
    }
    for (size_t j = 0; i + j < s.len; j++)
        last |= (uint64_t)(unsigned char)s.at[i + j] << (8 * j);
    v.d ^= last;
    sip_round(&v);
    v.a ^= last;
    v.c ^= 0xFF;
    sip_round(&v);
    sip_round(&v);
    sip_round(&v);
    return v.a ^ v.b ^ v.c ^ v.d;
}
