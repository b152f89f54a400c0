#include "wire/pmtiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* The numbers that the specification gives as examples. */
static void numbers_of_the_specification(void **state)
{
    static const struct {
        unsigned z, x, y;
        uint64_t number;
    } rows[] = {{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5},
                {12, 3423, 1763, 19078479}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(pmtiles_number(rows[i].z, rows[i].x, rows[i].y), rows[i].number);
}

/* Each number of a zoom once, and neighbours in number are neighbours on the ground: it is the curve. */
static void the_curve_visits_each_tile_once(void **state)
{
    static uint32_t seen[4096];

    (void)state;
    for (unsigned z = 0; z <= 6; z++) {
        uint32_t side = 1u << z;
        uint64_t first = pmtiles_number(z, 0, 0);

        memset(seen, 0xff, sizeof seen);
        for (uint32_t x = 0; x < side; x++) {
            for (uint32_t y = 0; y < side; y++) {
                uint64_t n = pmtiles_number(z, x, y) - first;

                assert_true(n < (uint64_t)side * side);
                assert_int_equal(seen[n], UINT32_MAX);
                seen[n] = x << 16 | y;
            }
        }
        for (uint32_t n = 1; n < side * side; n++) {
            int dx = abs((int)(seen[n] >> 16) - (int)(seen[n - 1] >> 16));
            int dy = abs((int)(seen[n] & 0xffff) - (int)(seen[n - 1] & 0xffff));

            assert_int_equal(dx + dy, 1);
        }
    }
    assert_int_equal(pmtiles_number(24, 0, 0), 93824992236885ull);
}

static void a_directory_is_searched(void **state)
{
    /* Tiles 2, 5 to 9 (one content), 200 behind the one before it, and a directory from 300 on. */
    static const char bytes[] = {4,  2, 3, '\xc3', 1, 100,      1, 5, 1, 0, 10, 20, 30,
                                 40, 1, '\xc9', 1, 0, '\xd1', 15};
    static const struct {
        uint64_t number, offset, len;
        enum pmtiles_found found;
        bool is_directory;
    } rows[] = {
        {0, 0, 0, PMTILES_NONE, false},     {2, 0, 10, PMTILES_FOUND, false},   {3, 0, 0, PMTILES_NONE, false},
        {5, 200, 20, PMTILES_FOUND, false}, {9, 200, 20, PMTILES_FOUND, false}, {10, 0, 0, PMTILES_NONE, false},
        {200, 220, 30, PMTILES_FOUND, false}, {201, 0, 0, PMTILES_NONE, false}, {300, 2000, 40, PMTILES_FOUND, true},
        {99999, 2000, 40, PMTILES_FOUND, true},
    };
    struct str directory = str_of(bytes, sizeof bytes);
    struct pmtiles_entry entry;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        assert_int_equal(pmtiles_find(directory, rows[i].number, &entry), rows[i].found);
        if (rows[i].found != PMTILES_FOUND)
            continue;
        assert_int_equal(entry.offset, rows[i].offset);
        assert_int_equal(entry.len, rows[i].len);
        assert_int_equal(entry.is_directory, rows[i].is_directory);
    }
    for (size_t cut = 0; cut < sizeof bytes; cut++)
        assert_int_equal(pmtiles_find(str_cut(directory, 0, cut), 5, &entry), PMTILES_BROKEN);
}

static void what_is_no_directory_is_broken(void **state)
{
    static const struct str rows[] = {
        {"\xff\xff\xff\xff\x0f", 5},                             /* more entries than bytes */
        {"\x01\x00\x01\x01\x00", 5},                             /* the first one behind none */
        {"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\1\1\1", 14}, /* a number over 64 bits */
        {"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\1\1\1", 14}, /* one that no sum may have */
    };
    struct pmtiles_entry entry;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(pmtiles_find(rows[i], 7, &entry), PMTILES_BROKEN);
    assert_int_equal(pmtiles_find(str_of("\0", 1), 7, &entry), PMTILES_NONE);
}

static void headers(void **state)
{
    char bytes[PMTILES_HEADER] = "PMTiles\x03";
    struct pmtiles_header h;
    struct err e;

    (void)state;
    memcpy(bytes + 96, "\0\2\2\1\2\16", 6);
    assert_true(pmtiles_header(str_of(bytes, sizeof bytes), &h, &e));
    assert_string_equal(h.format, "pbf");
    assert_true(h.zoom_min == 2 && h.zoom_max == 14 && h.packing == PMTILES_GZIP);
    assert_true(h.bounds[0] == -180 && h.bounds[2] == 180);
    memcpy(bytes + 102, "\0\0\0\0\0\0\0\0\x80\x96\x98\0\x80\x96\x98\0", 16);
    assert_true(pmtiles_header(str_of(bytes, sizeof bytes), &h, &e));
    assert_true(h.bounds[0] == 0 && h.bounds[2] == 1 && h.bounds[3] == 1);
    assert_false(pmtiles_header(str_of(bytes, 100), &h, &e));
    for (size_t i = 0; i < 3; i++) {
        static const struct {
            size_t at;
            char byte;
        } wrong[] = {{7, 2}, {97, 3}, {99, 5}};
        char was = bytes[wrong[i].at];

        bytes[wrong[i].at] = wrong[i].byte;
        assert_false(pmtiles_header(str_of(bytes, sizeof bytes), &h, &e));
        assert_int_equal(e.kind, ERR_INPUT);
        bytes[wrong[i].at] = was;
    }
    bytes[101] = 60;
    assert_false(pmtiles_header(str_of(bytes, sizeof bytes), &h, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_the_specification), cmocka_unit_test(the_curve_visits_each_tile_once),
        cmocka_unit_test(a_directory_is_searched),      cmocka_unit_test(what_is_no_directory_is_broken),
        cmocka_unit_test(headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
