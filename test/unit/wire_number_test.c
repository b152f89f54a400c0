#include "wire/number.h"

#include "wire/cot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *text_of(double v)
{
    static char bytes[64];
    struct buf b = buf_over(bytes, sizeof(bytes) - 1);

    number_put(&b, v);
    assert_false(b.full);
    assert_true(b.len <= NUMBER_TEXT_MAX);
    bytes[b.len] = 0;
    return bytes;
}

static void prints(void **state)
{
    static const struct { double v; const char *want; } rows[] = {
        {0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {520, "520.0"}, {-48.1, "-48.1"}, {0.1, "0.1"},
        {9999999, "9999999.0"}, {271, "271.0"}, {38.838231810315555, "38.838231810315555"},
        {-77.06616468204862, "-77.06616468204862"}, {0.3, "0.3"}, {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1000000000000000.0"}, {0.00001, "0.00001"}, {1e-9, "1.0E-9"}, {1.5e300, "1.5E300"},
        {DBL_MIN, "2.2250738585072014E-308"}, {DBL_MAX, "1.7976931348623157E308"},
        {5e-324, "5.0E-324"}, {1.0 / 3, "0.3333333333333333"}, {4, "4.0"}, {1024.5, "1024.5"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_string_equal(text_of(rows[i].v), rows[i].want);
}

static void reads(void **state)
{
    static const struct { const char *text; double want; } rows[] = {
        {"0", 0}, {"-0.0", -0.0}, {"+1", 1}, {" 48.1\n", 48.1}, {"5.", 5}, {".5", 0.5}, {"1e3", 1000},
        {"1E+3", 1000}, {"1.5e-3", 0.0015}, {"9999999.0", 9999999}, {"0.123456789012345678", 0.123456789012345678},
        {"137.222671150213784586", 137.222671150213784586}, {"-77.875247331335", -77.875247331335},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"0.000000000000000000000000000000000001", 1e-36}, {"00000000000000000000000001.5", 1.5},
        {"1.00000000000000000000000000000000001", 1}, {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.0000000000000000001", 9007199254740994.0},
    };
    static const char *const junk[] = {"", " ", "NaN", "nan", "inf", "-inf", "unknown", "-", "+", ".", "e5",
                                       "1e", "1e+", "1e+-5", "1,5", "1.5.2", "0x10", "1 2", "--1", "1e999",
                                       "1e99999999999999999999", "1f", "1-"};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        double got = cot_number(str_from(rows[i].text));

        if (memcmp(&got, &rows[i].want, sizeof(got)) != 0)
            fail_msg("%s gives %.17g", rows[i].text, got);
    }
    for (size_t i = 0; i < COUNTOF(junk); i++)
        if (!isnan(cot_number(str_from(junk[i]))))
            fail_msg("%s is taken as a number", junk[i]);
}

/* Against the C library: any bits, and decimals of any length. */
static void agrees_with_the_library(void **state)
{
    unsigned seed = 20261;

    (void)state;
    for (int i = 0; i < 400000; i++) {
        char text[80];
        uint64_t bits = 0;
        double v, back;
        int places = i % 25;

        for (int k = 0; k < 4; k++)
            bits = bits << 16 | ((unsigned)rand_r(&seed) & 0xFFFF);
        memcpy(&v, &bits, sizeof(v));
        if (i % 2)
            v = (double)(int64_t)(bits >> 11) / 9007199254740992.0 * (i % 3 ? 360 : 20000);
        if (!isfinite(v))
            continue;
        back = cot_number(str_from(text_of(v)));
        if (memcmp(&back, &v, sizeof(v)) != 0)
            fail_msg("%.17g is printed as %s", v, text_of(v));
        if (fabs(v) > 1e20)
            continue;
        (void)snprintf(text, sizeof(text), "%.*f", places, v);
        back = cot_number(str_from(text));
        v = strtod(text, NULL);
        if (memcmp(&back, &v, sizeof(v)) != 0)
            fail_msg("%s is read as %.17g", text, back);
    }
}

/* Never more digits than the library needs. */
static void is_shortest(void **state)
{
    unsigned seed = 4711;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        double v = (double)rand_r(&seed) / (double)(1 + rand_r(&seed) % 100000) * (i % 2 ? 1 : 1e-3);
        char text[40], digits[40];
        size_t mine = 0, n = 0;
        const char *p = text_of(v);

        for (int places = 0; places < 17; places++) {
            (void)snprintf(text, sizeof(text), "%.*e", places, v);
            if (strtod(text, NULL) == v)
                break;
        }
        for (const char *q = text; *q != 'e'; q++)
            if (*q != '.')
                digits[n++] = *q;
        while (n > 1 && digits[n - 1] == '0')
            n--;
        while (*p == '0' || *p == '.')
            p++;
        for (const char *q = p; *q; q++)
            mine += *q != '.';
        while (mine > n && p[strlen(p) - 1] == '0')
            mine--;
        if (v != 0 && mine > n && strncmp(p + strlen(p) - 2, ".0", 2) != 0)
            fail_msg("%s: %zu digits, not %zu", p, mine, n);
    }
}

static void knows_no_locale(void **state)
{
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE"))
        print_message("skipped in part: no locale with a decimal comma is installed\n");
    assert_string_equal(text_of(1.5e300), "1.5E300");
    assert_string_equal(text_of(48.1), "48.1");
    assert_true(cot_number(STR("137.222671150213784586")) == 137.222671150213784586);
    (void)setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints),      cmocka_unit_test(reads),
        cmocka_unit_test(agrees_with_the_library), cmocka_unit_test(is_shortest),
        cmocka_unit_test(knows_no_locale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
