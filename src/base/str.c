#include "base/str.h"

struct str str_from(const char *text)
{
    return text ? str_of(text, strlen(text)) : (struct str){0};
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_of(s.at, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from_at(s, s.len - suffix.len), suffix);
}

size_t str_find(struct str s, struct str needle)
{
    const char *hit;

    if (needle.len == 0)
        return 0;
    if (s.len < needle.len)
        return s.len;
    hit = memmem(s.at, s.len, needle.at, needle.len);
    return hit ? (size_t)(hit - s.at) : s.len;
}

size_t str_find_byte(struct str s, char c)
{
    const char *hit = s.len ? memchr(s.at, c, s.len) : NULL;

    return hit ? (size_t)(hit - s.at) : s.len;
}

struct str str_from_at(struct str s, size_t from)
{
    MUST(from <= s.len);
    return s.at ? str_of(s.at + from, s.len - from) : s;
}

struct str str_cut(struct str s, size_t from, size_t to)
{
    MUST(from <= to && to <= s.len);
    return s.at ? str_of(s.at + from, to - from) : s;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.at[0]))
        s = str_from_at(s, 1);
    while (s.len && is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.at, b.at, n) : 0;

    if (c != 0)
        return c < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

/* How many bytes the well-formed sequence at u takes, 0 when it is not one
 * (Unicode 15, table 3-7). */
static size_t utf8_len(const unsigned char *u, size_t left)
{
    unsigned char lo = 0x80, hi = 0xBF;
    size_t n;

    if (u[0] < 0x80)
        return 1;
    if (u[0] < 0xC2 || u[0] > 0xF4)
        return 0;
    n = u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
    if (n > left)
        return 0;
    if (u[0] == 0xE0)
        lo = 0xA0;
    else if (u[0] == 0xED)
        hi = 0x9F;
    else if (u[0] == 0xF0)
        lo = 0x90;
    else if (u[0] == 0xF4)
        hi = 0x8F;
    if (u[1] < lo || u[1] > hi)
        return 0;
    for (size_t i = 2; i < n; i++)
        if (u[i] < 0x80 || u[i] > 0xBF)
            return 0;
    return n;
}

bool str_is_utf8(struct str s)
{
    const unsigned char *u = (const unsigned char *)s.at;
    size_t i = 0;

    while (i < s.len) {
        uint64_t word;
        size_t n;

        if (s.len - i >= 8) {
            memcpy(&word, u + i, 8);
            if ((word & 0x8080808080808080u) == 0) {
                i += 8;
                continue;
            }
        }
        n = utf8_len(u + i, s.len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

bool str_char_shows(struct str c)
{
    const unsigned char *u = (const unsigned char *)c.at;

    if (c.len == 1)
        return u[0] >= 0x20 && u[0] < 0x7F;
    if (c.len == 2)
        return u[0] != 0xC2 || u[1] >= 0xA0; /* U+0080 to U+009F */
    if (c.len == 3 && u[0] == 0xE2 && u[1] == 0x80)
        return u[2] < 0x8E || (u[2] > 0x8F && (u[2] < 0xA8 || u[2] > 0xAE)); /* U+200E.. U+2028.. */
    if (c.len == 3 && u[0] == 0xE2 && u[1] == 0x81)
        return u[2] < 0xA6 || u[2] > 0xA9; /* U+2066 to U+2069 */
    return true;
}

bool str_copy(char *to, size_t size, struct str s)
{
    size_t n = s.len;
    bool whole = true;

    MUST(size > 0);
    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)s.at[n] & 0xC0) == 0x80)
            n--;
        whole = false;
    }
    if (n)
        memcpy(to, s.at, n);
    to[n] = 0;
    return whole;
}

bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
    bool minus = s.len > 0 && s.at[0] == '-';
    int64_t n = 0;

    if (minus)
        s = str_from_at(s, 1);
    if (s.len == 0 || s.len > 18)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        n = n * 10 + (s.at[i] - '0');
    }
    n = minus ? -n : n;
    if (n < min || n > max)
        return false;
    *out = n;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_from_hex(struct str hex, void *out, size_t n)
{
    unsigned char *at = out;

    if (hex.len != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(hex.at[2 * i]), low = hex_digit(hex.at[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        at[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}
