/* Both ways use whole numbers of 128 bits, which is exact for every number
 * that a position has; what lies outside goes to the C library with an
 * integer mantissa, so that no decimal point of a locale is ever involved.
 *
 * Reading: digits and a power of ten.  Below 2^53 and 10^22 both are doubles
 * and one operation rounds once (Clinger, 1990).  Above, mantissa / 10^k is
 * done in 128 bits and rounded by hand.
 *
 * Printing: v = m * 2^-s.  For a number of digits behind the point the nearest
 * decimal is taken; it reads back as v when its distance from v is below half
 * the gap to the next double.  The least such number of digits is taken. */
#include "wire/number.h"

#include "wire/cot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 wide;

enum { DIGITS_EXACT = 19, POWER_EXACT = 22, TEXT_MAX = 400 };

static const double power_of_ten[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static const uint64_t whole_power[] = {
    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
    10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
    1000000000000000u, 10000000000000000u, 100000000000000000u, 1000000000000000000u,
    10000000000000000000u,
};

/* ---- reading ----------------------------------------------------------- */

struct decimal {
    uint64_t mantissa; /* the first 19 digits that count */
    int power;         /* times ten to this */
    bool cut;          /* there were more digits than that */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "e[+-]d+", all of s. */
static bool exponent_read(struct str s, struct decimal *d)
{
    bool plus = s.len > 1 && s.at[1] == '+';
    int64_t e;

    /* A minus is str_to_int's; "+-1" is no number. */
    if ((s.at[0] | 0x20) != 'e' || (plus && s.len > 2 && s.at[2] == '-'))
        return false;
    if (!str_to_int(str_from_at(s, plus ? 2 : 1), -99999, 99999, &e))
        return false;
    d->power += (int)e;
    return true;
}

/* "d*[.d*][e[+-]d+]" with a digit somewhere before the exponent. */
static bool decimal_read(struct str s, struct decimal *d)
{
    const char *p = s.at, *end = s.at + s.len;
    uint64_t mantissa = 0;
    size_t kept = 0;
    int power = 0;
    bool point = false, digit = false;

    for (; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        digit = true;
        if (kept == DIGITS_EXACT) {
            d->cut = d->cut || *p != '0';
            power += !point;
            continue;
        }
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        kept += mantissa != 0;
        power -= point;
    }
    d->mantissa = mantissa;
    d->power = power;
    if (!digit)
        return false;
    return p == end || exponent_read(str_of(p, (size_t)(end - p)), d);
}

/* mantissa / 10^k for 0 < k < 20, rounded to the nearest double, ties to even. */
static double divide(uint64_t mantissa, unsigned k)
{
    int shift = 64 + __builtin_clzll(mantissa);
    wide n = (wide)mantissa << shift;
    wide q = n / whole_power[k];
    bool rest = q * whole_power[k] != n;
    uint64_t high = (uint64_t)(q >> 64);
    int bits = high ? 128 - __builtin_clzll(high) : 64 - __builtin_clzll((uint64_t)q);
    int drop = bits - 53;
    uint64_t m = (uint64_t)(q >> drop);
    wide below = q & (((wide)1 << drop) - 1), half = (wide)1 << (drop - 1);

    /* The quotient has at least 64 bits, so drop is at least 11. */
    if (below > half || (below == half && (rest || (m & 1) != 0)))
        m++;
    return ldexp((double)m, drop - shift);
}

/* What the quick ways cannot hold: the C library, without a decimal point. */
static double by_library(struct str s)
{
    char text[TEXT_MAX + 32];
    size_t n = 0, behind = 0, i = 0;
    int64_t e = 0;
    bool point = false;

    for (; i < s.len && (is_digit(s.at[i]) || s.at[i] == '.'); i++) {
        if (s.at[i] == '.') {
            point = true;
        } else if (n < TEXT_MAX) {
            text[n++] = s.at[i];
            behind += point;
        } else {
            return NAN;
        }
    }
    if (i < s.len && !str_to_int(str_from_at(s, i + 1 + (s.at[i + 1] == '+')), -99999, 99999, &e))
        return NAN;
    (void)snprintf(text + n, sizeof(text) - n, "e%d", (int)e - (int)behind);
    return strtod(text, NULL);
}

double cot_number(struct str text)
{
    struct str s = text;
    struct decimal d = {0, 0, false};
    bool minus;
    double v;

    if (s.len > 0 && (s.at[0] <= ' ' || s.at[s.len - 1] <= ' '))
        s = str_trim(s);
    minus = s.len > 0 && s.at[0] == '-';
    if (minus || (s.len > 0 && s.at[0] == '+'))
        s = str_of(s.at + 1, s.len - 1);
    if (!decimal_read(s, &d))
        return NAN;
    if (d.mantissa == 0)
        v = 0;
    else if (d.mantissa <= (uint64_t)1 << 53 && d.power <= 0 && d.power >= -POWER_EXACT && !d.cut)
        v = (double)d.mantissa / power_of_ten[-d.power];
    else if (d.mantissa <= (uint64_t)1 << 53 && d.power > 0 && d.power <= POWER_EXACT && !d.cut)
        v = (double)d.mantissa * power_of_ten[d.power];
    else if (d.power < 0 && d.power > -(int)COUNTOF(whole_power) && !d.cut)
        v = divide(d.mantissa, (unsigned)-d.power);
    else
        v = by_library(s);
    if (!isfinite(v))
        return NAN;
    return minus ? -v : v;
}

/* ---- printing ---------------------------------------------------------- */

/* The digits of n, at least `least` of them. */
static size_t digits_of(uint64_t n, size_t least, char *out)
{
    char back[NUMBER_TEXT_MAX];
    size_t count = 0;

    while (n != 0 || count < least) {
        back[count++] = (char)('0' + n % 10);
        n /= 10;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = back[count - 1 - i];
    return count;
}

/* n / 10^places, with the point. */
static void put_fixed(struct buf *b, uint64_t n, size_t places)
{
    char digits[NUMBER_TEXT_MAX];
    size_t count = digits_of(n, places + 1, digits);

    buf_put(b, str_of(digits, count - places));
    buf_byte(b, '.');
    buf_put(b, places ? str_of(digits + count - places, places) : STR("0"));
}

/* Is n / 10^places nearer to m * 2^-s than to any other double?  All is
 * multiplied by 2^s * 10^places. */
static bool reads_back(uint64_t n, wide exact, int s, wide gap, uint64_t m)
{
    wide mine = (wide)n << s;
    wide off = mine > exact ? mine - exact : exact - mine;
    /* Below a power of two the doubles lie twice as close. */
    bool narrow = m == (uint64_t)1 << 52 && mine < exact;

    off *= narrow ? 4 : 2;
    return off < gap || (off == gap && (m & 1) == 0);
}

/* v = m * 2^-s rounded to so many places, times 10^places; whether it reads
 * back as v. */
static bool try_places(uint64_t m, int s, unsigned places, uint64_t *n)
{
    wide gap = places < COUNTOF(whole_power) ? (wide)whole_power[places]
                                             : (wide)whole_power[19] * whole_power[places - 19];
    wide exact = m * gap, rounded = (exact >> s) + ((exact >> (s - 1)) & 1);

    MUST(rounded >> 64 == 0);
    *n = (uint64_t)rounded;
    return reads_back(*n, exact, s, gap, m);
}

/* The exact way, for 1e-5 <= v < 2^52.  Seventeen digits always read back (here
 * eighteen, for limit is not exact), and where some number of places does, more
 * do too: so halving finds the least. */
static void put_exact(struct buf *b, double v, uint64_t m, int s)
{
    unsigned least = 0, most = 22;
    uint64_t n = 0;

    for (double limit = 1e-4; limit <= v && most > 1; limit *= 10)
        most--;
    while (least < most) {
        unsigned places = (least + most) / 2;

        if (try_places(m, s, places, &n))
            most = places;
        else
            least = places + 1;
    }
    MUST(try_places(m, s, least, &n));
    put_fixed(b, n, least);
}

/* The rare way: 1 to 17 digits with an exponent. */
static void put_scientific(struct buf *b, double v)
{
    char text[40], digits[NUMBER_TEXT_MAX];
    int places = 0, power = 0;
    size_t n = 1;

    for (; places <= 16; places++) {
        (void)snprintf(text, sizeof(text), "%.*e", places, v);
        if (strtod(text, NULL) == v)
            break;
    }
    /* d, a point of whatever locale, the other digits, e, the power. */
    digits[0] = text[0];
    power = atoi(strchr(text, 'e') + 1);
    for (const char *p = strchr(text, 'e') - places; places > 0 && *p != 'e'; p++)
        digits[n++] = *p;
    buf_byte(b, digits[0]);
    buf_byte(b, '.');
    buf_put(b, n > 1 ? str_of(digits + 1, n - 1) : STR("0"));
    if (power != 0)
        buf_fmt(b, "E%d", power);
}

void number_put(struct buf *b, double v)
{
    uint64_t bits, m;
    int s;

    MUST(isfinite(v));
    if (signbit(v))
        buf_byte(b, '-');
    v = fabs(v);
    memcpy(&bits, &v, sizeof(bits));
    m = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    s = 1075 - (int)(bits >> 52);
    if (bits == 0) {
        buf_put(b, STR("0.0"));
    } else if (s <= 0 || v < 1e-5) {
        put_scientific(b, v);
    } else {
        put_exact(b, v, m, s);
    }
}
