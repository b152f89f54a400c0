#include "edge/enrol_parse.h"
#include "edge/enrol_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>

static void basic_is_taken_apart(void **state)
{
    static const struct {
        const char *header, *name, *password; /* NULL: refused */
    } rows[] = {
        {"Basic bWVkaWM6dG9rZW4=", "medic", "token"},
        {"bASIC   bWVkaWM6dG9rZW4", "medic", "token"},
        {"Basic bWVkaWM6", "medic", ""},
        {"Basic bWVkaWM6YTpi", "medic", "a:b"},
        {"Basic w6Q6w7Y=", "\xc3\xa4", "\xc3\xb6"},
        {"Basic OnRva2Vu", NULL, NULL},         /* :token */
        {"Basic bWVkaWM=", NULL, NULL},         /* medic */
        {"Basic bQBlOnQ=", NULL, NULL},         /* a NUL */
        {"Basic bQplOnQ=", NULL, NULL},         /* a newline */
        {"Basic /zp0", NULL, NULL},             /* not UTF-8 */
        {"Basic bWVkaWM6dG9rZW4=!", NULL, NULL},
        {"Basic", NULL, NULL},
        {"Basic ", NULL, NULL},
        {"Bearer bWVkaWM6dG9rZW4=", NULL, NULL},
        {"", NULL, NULL},
    };
    static char large[4096];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct basic b;
        bool ok = basic_take(str_from(rows[i].header), &b);

        if (ok != (rows[i].name != NULL) ||
            (ok && (!str_eq(b.name, str_from(rows[i].name)) || !str_eq(b.password, str_from(rows[i].password)))))
            fail_msg("%s", rows[i].header);
    }
    memset(large, 'A', sizeof large - 1);
    memcpy(large, "Basic ", 6);
    assert_false(basic_take(str_from(large), &(struct basic){.name = STR("")}));
}

static void accept_says_which_form(void **state)
{
    static const struct {
        const char *accept;
        enum enrol_form form;
    } rows[] = {
        {"", ENROL_JSON},
        {"*/*", ENROL_JSON},
        {"application/json", ENROL_JSON},
        {"text/plain", ENROL_JSON},
        {"image/png", ENROL_JSON},
        {"application/xml", ENROL_XML},
        {" Application/XML ; q=0.9 , */*", ENROL_XML},
        {"text/html, text/xml", ENROL_XML},
        {"application/json, application/xml", ENROL_JSON},
        {"application/xmlx, application/json", ENROL_JSON},
        {",,,", ENROL_JSON},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (enrol_form(str_from(rows[i].accept)) != rows[i].form)
            fail_msg("%s", rows[i].accept);
}

static uint64_t add(struct tally *t, const char *address, int64_t now_ms)
{
    struct tally_row what = {.name = "EX-name", .reason = "wrong"}, row;

    (void)snprintf(what.address, sizeof what.address, "%s", address);
    return tally_add(t, &what, now_ms, &row) ? row.count : 0;
}

static void one_row_a_minute_for_each_address(void **state)
{
    static struct tally t;
    struct tally_row row;

    (void)state;
    assert_int_equal(add(&t, "192.0.2.1", 1000), 1); /* at once */
    for (int i = 0; i < 99; i++)
        assert_int_equal(add(&t, "192.0.2.1", 1001 + i), 0);
    assert_int_equal(add(&t, "192.0.2.2", 2000), 1);
    assert_false(tally_due(&t, 1000 + TALLY_MS - 1, &row));
    assert_true(tally_due(&t, 1000 + TALLY_MS, &row));
    assert_int_equal(row.count, 99);
    assert_string_equal(row.address, "192.0.2.1");
    assert_string_equal(row.reason, "wrong");
    assert_false(tally_due(&t, 1000 + TALLY_MS, &row));
    assert_int_equal(add(&t, "192.0.2.1", 1001 + TALLY_MS), 0);
    assert_int_equal(add(&t, "192.0.2.1", 1000 + 2 * TALLY_MS), 2); /* the next refusal brings what was counted */
}

/* However many come from wherever: so many rows, and none is lost from the count. */
static void ten_thousand_addresses_are_few_rows(void **state)
{
    static struct tally t;
    struct tally_row row;
    uint64_t rows = 0, told = 0, n;
    char address[32];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(address, sizeof address, "2001:db8::%x", i);
        n = add(&t, address, 5 + i);
        rows += n > 0;
        told += n;
    }
    assert_int_equal(rows, TALLY_ADDRESSES + 1);
    while (tally_due(&t, 10000 + TALLY_MS, &row)) {
        told += row.count;
        assert_string_equal(row.address, "others");
    }
    assert_int_equal(told, 10000);
    assert_int_equal(add(&t, "192.0.2.9", 20000 + 2 * TALLY_MS), 1); /* places are free again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basic_is_taken_apart),
        cmocka_unit_test(accept_says_which_form),
        cmocka_unit_test(one_row_a_minute_for_each_address),
        cmocka_unit_test(ten_thousand_addresses_are_few_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
