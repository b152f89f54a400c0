/* The login of an old client. */
#include "wire/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char memory[2 * AUTH_MAX];

static void reads_a_login(void **state)
{
    static const struct {
        const char *xml, *username, *password, *uid;
    } rows[] = {
        {"<auth><cot username=\"EX-anna\" password=\"p&quot;w&amp;&#228;\" uid=\"EX-U1\" callsign=\"R1\"/></auth>",
         "EX-anna", "p\"w&\xc3\xa4", "EX-U1"},
        {"<auth>\n <other/><cot password='p' username='u'></cot><cot username='second' password='x'/></auth>", "u", "p",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf scratch = buf_over(memory, sizeof memory);
        struct auth a;
        struct err e;

        if (!auth_read(str_from(rows[i].xml), &scratch, &a, &e))
            fail_msg("row %zu: %s", i, e.text);
        assert_true(str_eq(a.username, str_from(rows[i].username)));
        assert_true(str_eq(a.password, str_from(rows[i].password)));
        assert_true(str_eq(a.uid, str_from(rows[i].uid)));
    }
}

static void refuses_what_is_none(void **state)
{
    static const char *const rows[] = {
        "", "<auth/>", "<auth><cot username=\"u\"/></auth>", "<auth><cot username=\"\" password=\"p\"/></auth>",
        "<event><cot username=\"u\" password=\"p\"/></event>", "<auth><cot username=\"u\" password=\"p\"></auth>",
        "<!DOCTYPE a><auth><cot username=\"u\" password=\"p\"/></auth>",
        "<auth><deeper><cot username=\"u\" password=\"p\"/></deeper></auth>",
    };
    static char longer[AUTH_MAX + 2];
    struct auth a;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf scratch = buf_over(memory, sizeof memory);

        if (auth_read(str_from(rows[i]), &scratch, &a, &e))
            fail_msg("row %zu was taken", i);
    }
    memset(longer, ' ', sizeof longer - 1);
    {
        struct buf scratch = buf_over(memory, sizeof memory);

        assert_false(auth_read(str_from(longer), &scratch, &a, &e));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_a_login), cmocka_unit_test(refuses_what_is_none)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
