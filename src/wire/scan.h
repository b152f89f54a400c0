/* scan.h -- to the next byte that matters, 16 at a time, or 8.
 *
 * A block of bytes is compared at once.  With SSE2, which every x86-64 has,
 * a block is a vector; elsewhere it is a word, in which the high bit of each
 * byte tells.  There the bits above the first hit may be wrong (subtraction
 * borrows); the first one never is, and only that one is used.  Blocks are
 * loaded only from within the bytes that there are.  Names are too short to
 * gain by it: there a loop over a table is as fast.  Pure. */
#ifndef CORDON_WIRE_SCAN_H
#define CORDON_WIRE_SCAN_H

#include "base/str.h"

/* ---- blocks ------------------------------------------------------------ */

/* A test says SCAN_WORDS to have the other ones on x86-64. */
#if defined(__SSE2__) && !defined(SCAN_WORDS)

enum { SCAN_BLOCK = 16 };
typedef signed char scan_block __attribute__((vector_size(16)));

static inline scan_block scan_load(const char *p)
{
    scan_block b;

    memcpy(&b, p, sizeof(b));
    return b;
}

static inline scan_block scan_all(char c)
{
    return (scan_block){0} + (signed char)c;
}

static inline scan_block scan_is(scan_block b, char c)
{
    return b == scan_all(c);
}

/* A control or a byte from 0x80 on (which is negative). */
static inline scan_block scan_is_odd(scan_block b)
{
    return b < scan_all(0x20);
}

static inline unsigned scan_bits(scan_block hits)
{
    typedef char plain __attribute__((vector_size(16)));

    return (unsigned)__builtin_ia32_pmovmskb128((plain)hits);
}

static inline size_t scan_first(unsigned bits)
{
    return (size_t)__builtin_ctz(bits);
}

#else

enum { SCAN_BLOCK = 8 };
typedef uint64_t scan_block;

#define SCAN_ONES 0x0101010101010101u
#define SCAN_HIGH 0x8080808080808080u

static inline scan_block scan_load(const char *p)
{
    scan_block b;

    memcpy(&b, p, sizeof(b));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    b = __builtin_bswap64(b);
#endif
    return b;
}

static inline scan_block scan_is(scan_block b, char c)
{
    scan_block x = b ^ SCAN_ONES * (unsigned char)c;

    return (x - SCAN_ONES) & ~x & SCAN_HIGH;
}

static inline scan_block scan_is_odd(scan_block b)
{
    return ((b - SCAN_ONES * 0x20) & ~b & SCAN_HIGH) | (b & SCAN_HIGH);
}

static inline scan_block scan_bits(scan_block hits)
{
    return hits;
}

static inline size_t scan_first(scan_block bits)
{
    return (size_t)__builtin_ctzll(bits) / 8;
}

#endif

/* ---- scans: to the next such byte, or end ------------------------------ */

static inline const char *scan_byte(const char *p, const char *end, char c)
{
    for (; end - p >= SCAN_BLOCK; p += SCAN_BLOCK) {
        scan_block b = scan_load(p);

        if (scan_bits(scan_is(b, c)))
            return p + scan_first(scan_bits(scan_is(b, c)));
    }
    while (p < end && *p != c)
        p++;
    return p;
}

/* A quote, < or >. */
static inline const char *scan_tag(const char *p, const char *end)
{
    for (; end - p >= SCAN_BLOCK; p += SCAN_BLOCK) {
        scan_block b = scan_load(p);
        scan_block hits = scan_is(b, '"') | scan_is(b, '\'') | scan_is(b, '<') | scan_is(b, '>');

        if (scan_bits(hits))
            return p + scan_first(scan_bits(hits));
    }
    while (p < end && *p != '"' && *p != '\'' && *p != '<' && *p != '>')
        p++;
    return p;
}

/* What is not plain ASCII in a value: the quote, &, <, or odd. */
static inline const char *scan_value(const char *p, const char *end, char quote)
{
    for (; end - p >= SCAN_BLOCK; p += SCAN_BLOCK) {
        scan_block b = scan_load(p);
        scan_block hits = scan_is(b, quote) | scan_is(b, '&') | scan_is(b, '<') | scan_is_odd(b);

        if (scan_bits(hits))
            return p + scan_first(scan_bits(hits));
    }
    while (p < end && *p != quote && *p != '&' && *p != '<' && (unsigned char)*p >= 0x20 &&
           (unsigned char)*p < 0x80)
        p++;
    return p;
}

/* Anything odd. */
static inline const char *scan_odd(const char *p, const char *end)
{
    for (; end - p >= SCAN_BLOCK; p += SCAN_BLOCK) {
        scan_block hits = scan_is_odd(scan_load(p));

        if (scan_bits(hits))
            return p + scan_first(scan_bits(hits));
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80)
        p++;
    return p;
}

/* memcmp(a, b, n) == 0 without a call for what is short, as names are. */
static inline bool scan_same(const char *a, const char *b, size_t n)
{
    uint64_t x8, y8, z8, w8;
    uint32_t x, y, z, w;

    if (n > 16)
        return memcmp(a, b, n) == 0;
    if (n >= 8) {
        memcpy(&x8, a, 8);
        memcpy(&y8, b, 8);
        memcpy(&z8, a + n - 8, 8);
        memcpy(&w8, b + n - 8, 8);
        return x8 == y8 && z8 == w8;
    }
    if (n >= 4) {
        memcpy(&x, a, 4);
        memcpy(&y, b, 4);
        memcpy(&z, a + n - 4, 4);
        memcpy(&w, b + n - 4, 4);
        return x == y && z == w;
    }
    return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

#endif
