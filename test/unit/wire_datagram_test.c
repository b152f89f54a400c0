/* One event of a datagram: XML or a v1 mesh frame, and what is neither. */
#include "wire/datagram.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define EVENT "<event version=\"2.0\" uid=\"EX-1\"><point/></event>"
#define B(lit) {(lit), sizeof(lit) - 1}

static void reads_one_event(void **state)
{
    static const struct {
        struct str in, xml, proto;
    } rows[] = {
        {B(EVENT), B(EVENT), B("")},
        {B("\n<?xml version=\"1.0\"?>\n" EVENT "\r\n\0"), B(EVENT), B("")},
        {B("<event uid=\"EX\"/>"), B("<event uid=\"EX\"/>"), B("")},
        {B("\xBF\x01\xBF\x12\x00"), B(""), B("\x12\x00")},
        {B("  \xBF\x01\xBF\x12\n"), B(""), B("\x12\n")},
        {B("\xBF\x81\x00\xBF\x12"), B(""), B("\x12")}, /* 1 in two bytes */
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct datagram d;
        struct err e;

        if (!datagram_read(rows[i].in, &d, &e))
            fail_msg("row %zu: %s", i, e.text);
        assert_true(str_eq(d.xml, rows[i].xml));
        assert_true(str_eq(d.proto, rows[i].proto));
    }
}

static void refuses_the_rest(void **state)
{
    static const struct {
        struct str in;
        const char *says;
    } rows[] = {
        {B(""), "empty"},
        {B(" \0\n"), "empty"},
        {B("hello"), "no whole event"},
        {B("<event uid=\"EX\">"), "no whole event"},
        {B(EVENT EVENT), "more than one event"},
        {B(EVENT " and more"), "more than one event"},
        {B("\xBF"), "no end"},
        {B("\xBF\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\xBF\x12"), "no end"},
        {B("\xBF\x02\xBF\x12"), "not 1"},
        {B("\xBF\xB0\x01\x0A"), "not 1"}, /* a stream frame */
        {B("\xBF\x01"), "damaged"},
        {B("\xBF\x01\x12\x12"), "damaged"},
        {B("\xBF\x01\xBF"), "without an event"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct datagram d;
        struct err e = {0};

        assert_false(datagram_read(rows[i].in, &d, &e));
        if (!strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s", i, e.text);
        assert_int_equal(d.xml.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_one_event), cmocka_unit_test(refuses_the_rest)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
