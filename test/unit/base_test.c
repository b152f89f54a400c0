#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slab.h"
#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

#define S(text) STR(text)

static void assert_str(struct str got, const char *want)
{
    if (!str_eq(got, str_from(want)))
        fail_msg("got '%.*s', want '%s'", STR_ARG(got), want);
}

/* ------------------------------------------------------------------ str -- */

static void strings_compare(void **state)
{
    (void)state;
    assert_true(str_eq((struct str){0}, S("")));
    assert_false(str_eq(S("a"), S("b")));
    assert_true(str_starts(S("abc"), S("ab")) && str_starts(S("abc"), S("")) && !str_starts(S("a"), S("ab")));
    assert_true(str_ends(S("abc"), S("bc")) && !str_ends(S("c"), S("bc")));
    assert_int_equal(str_find(S("aXbX"), S("X")), 1);
    assert_int_equal(str_find(S("ab"), S("abc")), 2);
    assert_int_equal(str_find(S("ab"), S("")), 0);
    assert_int_equal(str_find_byte(S("abc"), 'c'), 2);
    assert_int_equal(str_find_byte((struct str){0}, 'c'), 0);
    assert_int_equal(str_cmp(S("a"), S("ab")), -1);
    assert_int_equal(str_cmp(S("b"), S("ab")), 1);
    assert_int_equal(str_cmp(S("b"), S("b")), 0);
    assert_str(str_trim(S(" \t\r\na b\n ")), "a b");
    assert_str(str_trim(S(" \n")), "");
    assert_int_equal(str_from(NULL).len, 0);
}

static void utf8_is_checked(void **state)
{
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"", true},
        {"plain text that is longer than a word", true},
        {"12345678\xC3\xA4", true},
        {"\xE2\x82\xAC \xF0\x9F\x9A\x92", true},
        {"\xC0\x80", false},         /* overlong */
        {"\xE0\x80\x80", false},     /* overlong */
        {"\xF0\x80\x80\x80", false}, /* overlong */
        {"\xED\xA0\x80", false},     /* surrogate */
        {"\xF4\x90\x80\x80", false}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", false},
        {"abc\x80", false},
        {"1234567\xE2\x82", false}, /* cut */
        {"\xC3(", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (str_is_utf8(str_from(rows[i].text)) != rows[i].ok)
            fail_msg("row %zu", i);
}

static void copies_are_cut_at_characters(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *want;
        bool whole;
    } rows[] = {
        {"abc", 4, "abc", true},  {"abc", 3, "ab", false}, {"", 1, "", true},
        {"a", 1, "", false},      {"a\xC3\xA4", 3, "a", false},
        {"\xE2\x82\xAC", 3, "", false}, {"\xE2\x82\xAC", 4, "\xE2\x82\xAC", true},
    };
    char to[8];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        assert_int_equal(str_copy(to, rows[i].size, str_from(rows[i].text)), rows[i].whole);
        assert_string_equal(to, rows[i].want);
    }
}

static void integers_are_read(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t want;
    } rows[] = {
        {"0", true, 0},       {"-0", true, 0},     {"42", true, 42},      {"-1000", true, -1000}, {"1001", false, 0},
        {"-1001", false, 0},  {"", false, 0},      {"-", false, 0},       {"+1", false, 0},       {" 1", false, 0},
        {"1 ", false, 0},     {"1.0", false, 0},   {"--1", false, 0},     {"0000000000000000007", false, 0},
        {"99999999999999999999", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        int64_t v = 77;

        if (str_to_int(str_from(rows[i].text), -1000, 1000, &v) != rows[i].ok)
            fail_msg("%s", rows[i].text);
        assert_int_equal(v, rows[i].ok ? rows[i].want : 77);
    }
}

static void hex_is_read_whole_or_not_at_all(void **state)
{
    static const char *const bad[] = {"",         "00",       "0011223",          "001122334",
                                      "0011223g", "001122 3", "\xff\xff\xff\xff", "0x112233"};
    unsigned char out[4];

    (void)state;
    assert_true(str_from_hex(S("00fFaB09"), out, sizeof out));
    assert_memory_equal(out, "\x00\xff\xab\x09", 4);
    assert_true(str_from_hex(S(""), out, 0));
    for (size_t i = 0; i < COUNTOF(bad); i++)
        assert_false(str_from_hex(str_from(bad[i]), out, sizeof out));
    for (int c = 0; c < 256; c++) {
        char text[] = {(char)c, '0'};
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

        assert_int_equal(str_from_hex(str_of(text, 2), out, 1), digit);
    }
}

/* ------------------------------------------------------------------ buf -- */

static void buf_stops_where_it_is_full(void **state)
{
    char at[8];
    struct buf b = buf_over(at, 5);

    (void)state;
    memset(at, '#', sizeof at);
    buf_put(&b, S("abc"));
    buf_put(&b, S("def"));
    assert_true(b.full);
    assert_int_equal(b.len, 3);
    buf_byte(&b, 'x'); /* nothing comes behind a hole */
    assert_str(buf_str(&b), "abc");
    assert_memory_equal(at + 5, "###", 3);
    b = buf_over(at, 5);
    buf_fmt(&b, "%d", 123456);
    assert_true(b.full && b.len == 0);
    b = buf_over(NULL, 0);
    buf_put(&b, S(""));
    assert_false(b.full);
    buf_fmt(&b, "x");
    assert_true(b.full);
}

static void buf_writes_numbers(void **state)
{
    static const struct { int64_t v; const char *text; } rows[] = {
        {0, "0"}, {7, "7"}, {-1, "-1"}, {1234567890123, "1234567890123"},
        {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};
    char at[24];
    struct buf b;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        b = buf_over(at, strlen(rows[i].text)); /* not a byte more than it needs */
        buf_int(&b, rows[i].v);
        assert_false(b.full);
        assert_str(buf_str(&b), rows[i].text);
        b = buf_over(at, strlen(rows[i].text) - 1);
        buf_int(&b, rows[i].v);
        assert_true(b.full && b.len == 0);
    }
}

static void buf_escapes(void **state)
{
    static const struct {
        const char *text, *xml, *json, *shown; /* shown: NULL as the text */
    } rows[] = {
        {"", "", "\"\"", NULL},
        {"a<b>&\"'", "a&lt;b&gt;&amp;&quot;&apos;", "\"a<b>&\\\"'\"", NULL},
        {"\t\n\r\\", "&#9;&#10;&#13;\\", "\"\\t\\n\\r\\\\\"", "\\t\\n\\r\\"},
        {"\x01\x7F", "\x01\x7F", "\"\\u0001\\u007f\"", "\\u0001\\u007f"},
        {"\xC3\xA4\xF0\x9F\x9A\x92", "\xC3\xA4\xF0\x9F\x9A\x92", "\"\xC3\xA4\xF0\x9F\x9A\x92\"", NULL},
        {"a\xC3", "a\xC3", "\"a\\ufffd\"", "a\\ufffd"},
        {"\xC3(", "\xC3(", "\"\\ufffd(\"", "\\ufffd("},
        /* What a terminal obeys: CSI of the C1 controls, a line separator, an override and an isolate of direction. */
        {"a\xC2\x9B" "2J", "a\xC2\x9B" "2J", "\"a\\u009b2J\"", "a\\u009b2J"},
        {"\xE2\x80\xA8\xE2\x80\xAE\xE2\x81\xA6", "\xE2\x80\xA8\xE2\x80\xAE\xE2\x81\xA6",
         "\"\\u2028\\u202e\\u2066\"", "\\u2028\\u202e\\u2066"},
        {"\xC2\xA0\xE2\x80\x8C\xD8\xA7", "\xC2\xA0\xE2\x80\x8C\xD8\xA7", "\"\xC2\xA0\xE2\x80\x8C\xD8\xA7\"", NULL},
    };
    char at[128];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(at, sizeof at);

        buf_xml(&b, str_from(rows[i].text));
        assert_str(buf_str(&b), rows[i].xml);
        b = buf_over(at, sizeof at);
        buf_json(&b, str_from(rows[i].text));
        assert_str(buf_str(&b), rows[i].json);
        b = buf_over(at, sizeof at);
        buf_shown(&b, str_from(rows[i].text));
        assert_str(buf_str(&b), rows[i].shown ? rows[i].shown : rows[i].text);
    }
}

static void buf_writes_hex(void **state)
{
    char at[8];
    struct buf b = buf_over(at, 6);

    (void)state;
    buf_hex(&b, "\x00\xAf\x10", 3);
    assert_str(buf_str(&b), "00af10");
    assert_false(b.full);
}

/* ------------------------------------------------------------------ err -- */

static void errors_say_where(void **state)
{
    char long_text[2 * ERR_TEXT_MAX];
    struct err e;

    (void)state;
    assert_false(err_set(&e, ERR_INPUT, "port must be 1 to 65535, not %d", 0));
    assert_false(err_in(&e, "%s: line %d", "cordon.conf", 12));
    assert_int_equal(e.kind, ERR_INPUT);
    assert_string_equal(e.text, "cordon.conf: line 12: port must be 1 to 65535, not 0");
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    assert_false(err_set(&e, ERR_WORLD, "%s", long_text));
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    assert_false(err_in(&e, "%s", long_text));
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
}

/* ----------------------------------------------------------------- when -- */

static void times_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
        const char *out; /* NULL: as text */
    } rows[] = {
        {"1970-01-01T00:00:00.000Z", true, 0, NULL},
        {"2026-01-02T03:04:05.678Z", true, INT64_C(1767323045678), NULL},
        {"2026-01-02T03:04:05Z", true, INT64_C(1767323045000), "2026-01-02T03:04:05.000Z"},
        {"2026-01-02T03:04:05.71Z", true, INT64_C(1767323045710), "2026-01-02T03:04:05.710Z"},
        {"2026-01-02T03:04:05.678999Z", true, INT64_C(1767323045678), "2026-01-02T03:04:05.678Z"},
        {"2026-01-02T03:04:05", true, INT64_C(1767323045000), "2026-01-02T03:04:05.000Z"},
        {"2026-01-02T05:04:05+02:00", true, INT64_C(1767323045000), "2026-01-02T03:04:05.000Z"},
        {"2026-01-01T22:04:05.000-05:00", true, INT64_C(1767323045000), "2026-01-02T03:04:05.000Z"},
        {" 2026-01-02T03:04:05Z\n", true, INT64_C(1767323045000), "2026-01-02T03:04:05.000Z"},
        {"2024-02-29T12:00:00.000Z", true, INT64_C(1709208000000), NULL},
        {"2000-02-29T00:00:00.000Z", true, INT64_C(951782400000), NULL},
        {"1969-12-31T23:59:59.999Z", true, -1, NULL},
        {"0001-01-01T00:00:00.000Z", true, INT64_C(-62135596800000), NULL},
        {"9999-12-31T23:59:59.999Z", true, INT64_C(253402300799999), NULL},
        {"2023-02-29T00:00:00Z", false, 0, NULL},
        {"1900-02-29T00:00:00Z", false, 0, NULL},
        {"2026-13-01T00:00:00Z", false, 0, NULL},
        {"2026-00-01T00:00:00Z", false, 0, NULL},
        {"2026-01-32T00:00:00Z", false, 0, NULL},
        {"2026-01-01T24:00:00Z", false, 0, NULL},
        {"2026-01-01T00:60:00Z", false, 0, NULL},
        {"2026-01-01T00:00:61Z", false, 0, NULL},
        {"2026-01-01T00:00:00.Z", false, 0, NULL},
        {"2026-01-01T00:00:00ZZ", false, 0, NULL},
        {"2026-01-01T00:00:00+15:00", false, 0, NULL},
        {"2026-01-01 00:00:00Z", false, 0, NULL},
        {"2026-1-1T00:00:00Z", false, 0, NULL},
        {"0000-01-01T00:00:00Z", false, 0, NULL},
        {"", false, 0, NULL},
        {"unknown", false, 0, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char text[WHEN_TEXT_MAX];
        struct buf b = buf_over(text, sizeof text);
        int64_t ms = 0;

        if (when_parse(str_from(rows[i].text), &ms) != rows[i].ok)
            fail_msg("%s", rows[i].text);
        if (!rows[i].ok)
            continue;
        if (ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
        when_put(&b, ms);
        assert_str(buf_str(&b), rows[i].out ? rows[i].out : rows[i].text);
    }
}

static void a_zone_is_needed(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", true, 0},
        {"1970-01-01T05:00:00.5+05:00", true, 500},
        {"1969-12-31T19:00:00-05:00", true, 0},
        {"1970-01-01T00:00:00-00:00", true, 0},
        {"1970-01-01T00:00:00", false, 0},
        {"1970-01-01T00:00:00.000000", false, 0},
        {" 1970-01-01T00:00:00Z", false, 0},
        {"1970-01-01T00:00:00Z ", false, 0},
        {"1970-01-01T00:00:00+05:00 ", false, 0},
        {"1970-01-01T00:00:00+0500", false, 0},
        {"1970-01-01T00:00:00+5:00", false, 0},
        {"1970-01-01T00:00-05:00", false, 0},
        {"1970-01-01", false, 0},
        {"", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        int64_t ms = 0;

        if (when_parse_zoned(str_from(rows[i].text), &ms) != rows[i].ok || ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
    }
}

static void every_day_reads_back(void **state)
{
    (void)state;
    for (int64_t day = -719162; day < 2932896; day += 13) {
        char text[WHEN_TEXT_MAX];
        struct buf b = buf_over(text, sizeof text);
        int64_t ms = day * 86400000 + 45296789, back;

        when_put(&b, ms);
        assert_true(when_parse(buf_str(&b), &back));
        assert_int_equal(back, ms);
    }
}

static void times_outside_are_clamped(void **state)
{
    char text[WHEN_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);

    (void)state;
    when_put(&b, INT64_MAX);
    assert_str(buf_str(&b), "9999-12-31T23:59:59.999Z");
    b.len = 0;
    when_put(&b, INT64_MIN);
    assert_str(buf_str(&b), "0001-01-01T00:00:00.000Z");
}

/* ----------------------------------------------------------------- hash -- */

/* Values of another implementation: CPython 3.11's siphash13, with
 * PYTHONHASHSEED 0 (key zero) and 7. */
static void hash_is_siphash_1_3(void **state)
{
    static const struct hash_key zero = {0, 0}, seven = {0x12c874a1806f0e3d, 0x470a89d2f9d2784f};
    static const struct {
        const char *text;
        uint64_t zero, seven;
    } rows[] = {
        {"a", 0x407448d2b89b1813, 0x58fddb5aae8c3c14},
        {"abcdefg", 0x6db12aae9070f506, 0x2db7f6d54ca1c1b4},
        {"abcdefgh", 0x3f7b849c0b8e35ea, 0x6c0dd92b5f82dc9e},
        {"abcdefghi", 0xf89b34a3d11eb6e5, 0x1f5f49c04590eca0},
        {"ANDROID-3586", 0x2536eff512b5741a, 0x8fd720e763ad8e56},
    };
    unsigned char bytes[63];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        assert_int_equal(hash_str(zero, str_from(rows[i].text)), rows[i].zero);
        assert_int_equal(hash_str(seven, str_from(rows[i].text)), rows[i].seven);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(hash_str(zero, str_of(bytes, 15)), 0xf30eb725bb91c9ea);
    assert_int_equal(hash_str(seven, str_of(bytes, 15)), 0x1517e7dc54a43f5b);
    assert_int_equal(hash_str(zero, str_of(bytes, 63)), 0x385d3e39e5f37359);
    assert_int_equal(hash_str(seven, str_of(bytes, 63)), 0xb1eaa0579bb21aa3);
    assert_int_equal(hash_str(zero, (struct str){0}), hash_str(zero, S("")));
}

/* ----------------------------------------------------------------- slab -- */

static void slab_sizes_fit(void **state)
{
    size_t last = 0;

    (void)state;
    assert_int_equal(slab_size(1), SLAB_MIN);
    assert_int_equal(slab_size(SLAB_MAX), SLAB_MAX);
    for (size_t n = 1; n <= SLAB_MAX; n = n < 4096 ? n + 1 : n + 511) {
        size_t size = slab_size(n);

        assert_true(size >= n && size % 16 == 0 && size >= last);
        assert_true(n <= SLAB_MIN || size < 2 * n);
        last = size;
    }
}

/* Only when nothing is out; then the same blocks come as from a new one, though larger ones were cut up before. */
static void slab_begins_anew_when_empty(void **state)
{
    static _Alignas(16) char region[4096];
    struct slab s;
    char *a, *b;

    (void)state;
    slab_init(&s, region, sizeof region);
    a = slab_take(&s, 2048);
    b = slab_take(&s, 2048);
    assert_ptr_equal(a, region);
    assert_false(slab_begin_anew(&s));
    slab_give(&s, b, 2048);
    slab_give(&s, a, 2048);
    a = slab_take(&s, 100);
    assert_false(slab_begin_anew(&s));
    slab_give(&s, a, 100);
    assert_true(slab_begin_anew(&s));
    memset(region, 0xA5, sizeof region);
    assert_ptr_equal(slab_take(&s, 2048), region);
    assert_ptr_equal(slab_take(&s, 2048), region + 2048);
    assert_null(slab_take(&s, 1));
}

static void slab_gives_and_takes(void **state)
{
    static _Alignas(64) char region[4096];
    struct slab s;
    char *a, *b;

    (void)state;
    slab_init(&s, region, sizeof region);
    a = slab_take(&s, 100);
    b = slab_take(&s, 100);
    assert_non_null(a);
    assert_true(b >= a + 128 || a >= b + 128);
    memset(a, 1, 100);
    memset(b, 2, 100);
    assert_int_equal(s.used, 256);
    slab_give(&s, a, 100);
    assert_ptr_equal(slab_take(&s, 128), a); /* same class */
    assert_int_equal(b[0], 2);
    slab_give(&s, a, 128);
    slab_give(&s, b, 100);
    assert_int_equal(s.used, 0);
    assert_int_equal(s.peak, 256);
    assert_null(slab_take(&s, 8192));
    assert_int_equal(s.used, 0);
}

/* A region that was used for large blocks serves small ones afterwards, or a flood
 * of large markers would leave no room for positions once they are gone. */
static void slab_cuts_large_blocks_again(void **state)
{
    static _Alignas(64) char region[64 * 1024];
    void *large[4], *small[1024];
    struct slab s;
    size_t n = 0;

    (void)state;
    slab_init(&s, region, sizeof region);
    for (size_t i = 0; i < COUNTOF(large); i++)
        assert_non_null(large[i] = slab_take(&s, 16384));
    assert_null(slab_take(&s, 64));
    for (size_t i = 0; i < COUNTOF(large); i++)
        slab_give(&s, large[i], 16384);
    while (n < COUNTOF(small) && (small[n] = slab_take(&s, 64)))
        memset(small[n++], 7, 64);
    assert_int_equal(n, 1024);
    assert_int_equal(s.used, sizeof region);
    assert_null(slab_take(&s, 64));
    for (size_t i = 0; i < n; i++)
        slab_give(&s, small[i], 64);
    assert_int_equal(s.used, 0);
}

/* Blocks never overlap, whatever is taken and given. */
static void slab_blocks_never_overlap(void **state)
{
    enum { BLOCKS = 200 };
    static _Alignas(64) char region[256 * 1024];
    struct {
        unsigned char *at;
        size_t n;
    } block[BLOCKS] = {{0}};
    struct slab s;
    uint32_t x = 12345;
    size_t used = 0;

    (void)state;
    slab_init(&s, region, sizeof region);
    for (int step = 0; step < 200000; step++) {
        size_t i = (x = x * 1664525 + 1013904223) >> 8, n = ((x >> 4) % 8) ? (x >> 7) % 300 + 1 : (x >> 7) % 20000 + 1;

        i %= BLOCKS;
        if (block[i].at) {
            for (size_t k = 0; k < block[i].n; k += 61)
                assert_int_equal(block[i].at[k], (unsigned char)i);
            used -= slab_size(block[i].n);
            slab_give(&s, block[i].at, block[i].n);
            block[i].at = NULL;
        } else if ((block[i].at = slab_take(&s, n))) {
            block[i].n = n;
            used += slab_size(n);
            assert_true((char *)block[i].at >= region && (char *)block[i].at + n <= region + sizeof region);
            memset(block[i].at, (int)i, n);
        }
        assert_int_equal(s.used, used);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_compare),
        cmocka_unit_test(utf8_is_checked),
        cmocka_unit_test(copies_are_cut_at_characters),
        cmocka_unit_test(integers_are_read),
        cmocka_unit_test(hex_is_read_whole_or_not_at_all),
        cmocka_unit_test(buf_stops_where_it_is_full),
        cmocka_unit_test(buf_writes_numbers),
        cmocka_unit_test(buf_escapes),
        cmocka_unit_test(buf_writes_hex),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(a_zone_is_needed),
        cmocka_unit_test(every_day_reads_back),
        cmocka_unit_test(times_outside_are_clamped),
        cmocka_unit_test(hash_is_siphash_1_3),
        cmocka_unit_test(slab_sizes_fit),
        cmocka_unit_test(slab_begins_anew_when_empty),
        cmocka_unit_test(slab_gives_and_takes),
        cmocka_unit_test(slab_cuts_large_blocks_again),
        cmocka_unit_test(slab_blocks_never_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
