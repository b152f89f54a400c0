#include "os/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* "cordon" eight times, as gzip packs it. */
static const unsigned char packed[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0x4b, 0xce, 0x2f, 0x4a, 0xc9, 0xcf, 0x4b, 0x26,
    0x9a, 0x04, 0x00, 0xc1, 0xee, 0x27, 0xd0, 0x30, 0x00, 0x00, 0x00,
};
enum { UNPACKED = 48 };

static void what_was_packed_comes_out(void **state)
{
    char to[64];
    struct err e;
    size_t n;

    (void)state;
    assert_true(gunzip(str_of(packed, sizeof packed), to, sizeof to, &n, &e));
    assert_int_equal(n, UNPACKED);
    assert_memory_equal(to, "cordoncordon", 12);
    assert_true(gunzip(str_of(packed, sizeof packed), to, UNPACKED, &n, &e));
}

static void what_does_not_fit_or_is_cut_off_is_refused(void **state)
{
    char to[64];
    struct err e;
    size_t n;

    (void)state;
    assert_false(gunzip(str_of(packed, sizeof packed), to, UNPACKED - 1, &n, &e));
    assert_string_equal(e.text, "unpacked it has more than 47 bytes");
    for (size_t cut = 0; cut < sizeof packed; cut++) {
        assert_false(gunzip(str_of(packed, cut), to, sizeof to, &n, &e));
        assert_int_equal(e.kind, ERR_INPUT);
    }
    assert_false(gunzip(STR("PMTiles is no gzip"), to, sizeof to, &n, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_out),
        cmocka_unit_test(what_does_not_fit_or_is_cut_off_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
