/* What maps write for a level. */
#include "edge/indoor_levels.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>

static void test_rows(void **state)
{
    static const struct {
        const char *text;
        enum levels_are is;
        const char *levels;
    } rows[] = {
        {"0", LEVELS_READ, "0"},
        {"-1", LEVELS_READ, "-1"},
        {"+2", LEVELS_READ, "2"},
        {"0;1", LEVELS_READ, "0 1"},
        {"-1;0", LEVELS_READ, "-1 0"},
        {" 1 ; 0 ", LEVELS_READ, "0 1"},
        {"0-3", LEVELS_READ, "0 1 2 3"},
        {"-1-3", LEVELS_READ, "-1 0 1 2 3"},
        {"-3--1", LEVELS_READ, "-3 -2 -1"},
        {"1 - 2", LEVELS_READ, "1 2"},
        {"0.5", LEVELS_READ, "0.5"},
        {"-0.5", LEVELS_READ, "-0.5"},
        {"0.25;1.125", LEVELS_READ, "0.25 1.125"},
        {"0.5-1.5", LEVELS_READ, "0.5 1.5"},
        {"1.0", LEVELS_READ, "1"},
        {"1.5000", LEVELS_READ, "1.5"},
        {"2;2;1-2", LEVELS_READ, "1 2"},
        {"roof", LEVELS_READ, "roof"},
        {"roof;3", LEVELS_READ, "3 roof"},
        {"200", LEVELS_READ, "200"},
        {"1,2", LEVELS_MENDED, "1 2"},
        {"3-0", LEVELS_MENDED, "0 1 2 3"},
        {"0;;1", LEVELS_MENDED, "0 1"},
        {"0;", LEVELS_MENDED, "0"},
        {"", LEVELS_MISSING, ""},
        {"  ", LEVELS_MISSING, ""},
        {"first", LEVELS_UNCLEAR, ""},
        {"0;first", LEVELS_UNCLEAR, ""},
        {"-", LEVELS_UNCLEAR, ""},
        {"1-", LEVELS_UNCLEAR, ""},
        {"1-2-3", LEVELS_UNCLEAR, ""},
        {"1.", LEVELS_UNCLEAR, ""},
        {"0.0001", LEVELS_UNCLEAR, ""},
        {"1e9", LEVELS_UNCLEAR, ""},
        {";", LEVELS_UNCLEAR, ""},
        {"201", LEVELS_BEYOND, ""},
        {"200.5", LEVELS_BEYOND, ""},
        {"0-4000000000", LEVELS_BEYOND, ""},
        {"-99999999999999999999-0", LEVELS_BEYOND, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct levels l = {0};
        enum levels_are is = levels_read(str_from(rows[i].text), &l);
        char text[256], level[LEVEL_TEXT];
        size_t n = 0;

        text[0] = 0;
        for (size_t j = 0; j < l.n; j++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", j ? " " : "",
                                  STR_ARG(level_text(l.at[j], level)));
        if (is != rows[i].is || strcmp(text, rows[i].levels) != 0)
            fail_msg("\"%s\": %d \"%s\"", rows[i].text, is, text);
    }
}

/* A list grows by what is read into it, and is left alone by what is not. */
static void test_adds(void **state)
{
    struct levels l = {0};

    (void)state;
    assert_int_equal(levels_read(STR("0"), &l), LEVELS_READ);
    assert_int_equal(levels_read(STR("2-3"), &l), LEVELS_READ);
    assert_int_equal(levels_read(STR("5;x"), &l), LEVELS_UNCLEAR);
    assert_int_equal(l.n, 3);
    assert_true(levels_have(&l, 3000) && !levels_have(&l, 5000));
    assert_int_equal(levels_read(STR("-200-200"), &l), LEVELS_READ);
    assert_int_equal(l.n, 401);
    assert_int_equal(levels_read(STR("-199.5-100.5"), &l), LEVELS_BEYOND);
    assert_int_equal(l.n, 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_adds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
