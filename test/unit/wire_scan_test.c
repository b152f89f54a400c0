/* Both kinds of block against a loop over the bytes.  Every text is a block of
 * memory of its own, so that a sanitizer sees what is read behind its end. */
#include "wire/scan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

static bool is_odd(char c)
{
    return (unsigned char)c < 0x20 || (unsigned char)c >= 0x80;
}

static void agrees_with_a_loop(void **state)
{
    /* Neighbours of what is looked for, where a borrow or a sign would show. */
    static const char alphabet[] = "\"'<>&=!#%(;?@ \x1F\x20\x7F\x80\xFF\x01" "ab";
    unsigned seed = 3;

    (void)state;
    for (int i = 0; i < 300000; i++) {
        size_t len = (size_t)rand_r(&seed) % 50, k;
        char *p = malloc(len ? len : 1);
        const char *end = p + len;

        assert_non_null(p);
        for (k = 0; k < len; k++)
            p[k] = rand_r(&seed) % 4 ? 'x' : alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
        for (k = 0; k < len && p[k] != '\''; k++)
            ;
        assert_ptr_equal(scan_byte(p, end, '\''), p + k);
        for (k = 0; k < len && !strchr("\"'<>", p[k]); k++)
            ;
        assert_ptr_equal(scan_tag(p, end), p + k);
        for (k = 0; k < len && !strchr("\"&<", p[k]) && !is_odd(p[k]); k++)
            ;
        assert_ptr_equal(scan_value(p, end, '"'), p + k);
        for (k = 0; k < len && !is_odd(p[k]); k++)
            ;
        assert_ptr_equal(scan_odd(p, end), p + k);
        free(p);
    }
}

static void compares(void **state)
{
    char a[40], b[40];

    (void)state;
    for (size_t n = 0; n < sizeof(a); n++) {
        memset(a, 'x', n);
        memset(b, 'x', n);
        assert_true(scan_same(a, b, n));
        for (size_t i = 0; i < n; i++) {
            b[i] = 'y';
            assert_false(scan_same(a, b, n));
            b[i] = 'x';
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_a_loop), cmocka_unit_test(compares)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
