/* The words of an input, and what it grants. */
#include "edge/input_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct input_rule read_rule(const char *spec)
{
    struct input_rule r;
    struct err e;

    if (!input_rule_read(str_from(spec), &r, &e))
        fail_msg("%s: %s", spec, e.text);
    return r;
}

static void reads_what_is_said(void **state)
{
    struct input_rule r = read_rule("  EX-radar  udp port=18087 allow=10.1.0.0/16,fd00::/8 allow=127.0.0.1 "
                                    "group=Sensors group=All types=a-n-A,b-m uid=EX- rate=50 agency=FIRE ");

    (void)state;
    assert_string_equal(r.name, "EX-radar");
    assert_int_equal(r.kind, INPUT_UDP);
    assert_int_equal(r.port, 18087);
    assert_string_equal(r.address, "::");
    assert_int_equal(r.allow_count, 3);
    assert_int_equal(r.group_count, 2);
    assert_string_equal(r.groups[1], "All");
    assert_int_equal(r.type_count, 2);
    assert_string_equal(r.types[1], "b-m");
    assert_int_equal(r.rate, 50);
    assert_string_equal(r.agency, "FIRE");
    r = read_rule("sa multicast interface=lo allow=0.0.0.0/0 group=SA");
    assert_string_equal(r.address, "239.2.3.1");
    assert_int_equal(r.port, 6969);
    assert_string_equal(r.interface, "lo");
    assert_int_equal(r.rate, INPUT_RATE);
    assert_string_equal(r.types[0], "a");
    r = read_rule("x http group=\"Search Team,B\" group=\"C D\" agency=\"A B\"");
    assert_int_equal(r.group_count, 3);
    assert_string_equal(r.groups[0], "Search Team");
    assert_string_equal(r.groups[2], "C D");
    assert_string_equal(r.agency, "A B");
    r = read_rule("old auth-tls port=8088 allow=::/0");
    assert_int_equal(r.kind, INPUT_AUTH_TLS);
}

static void refuses_with_a_sentence(void **state)
{
    static const struct {
        const char *spec, *says;
    } rows[] = {
        {"", "an input's name"},
        {"a/b udp", "an input's name"},
        {"a-name-that-is-much-longer-than-it-may-be udp", "an input's name"},
        {"x", "none of udp"},
        {"x quic", "none of udp"},
        {"x udp", "it needs port="},
        {"x udp port=1", "it needs allow="},
        {"x udp port=1 allow=::/0", "it needs group="},
        {"x udp port=0 allow=::/0 group=A", "from 1 to 65535"},
        {"x udp port=1 port=2 allow=::/0 group=A", "port stands twice"},
        {"x udp port=1 allow=10.0.0.1/8 group=A", "says two things"},
        {"x udp port=1 allow=everybody group=A", "no address"},
        {"x udp port=1 allow=::/0, group=A", "no address"},
        {"x udp port=1 allow=::/0 group=", "a group's name"},
        {"x udp port=1 allow=::/0 group=A types=a/b", "types are CoT types"},
        {"x udp port=1 allow=::/0 group=A rate=0", "from 1 to 1000"},
        {"x udp port=1 allow=::/0 group=A rate=1001", "from 1 to 1000"},
        {"x udp port=1 allow=::/0 group=A interface=lo", "has no interface"},
        {"x udp port=1 allow=::/0 group=A address=localhost", "address is one of numbers"},
        {"x udp port=1 allow=::/0 group=A speed=3", "no key=value"},
        {"x udp port=1 allow=::/0 group=A and more", "no key=value"},
        {"x http group=\"A", "a group's name"},
        {"x http group=A\"B", "a group's name"},
        {"x multicast allow=::/0 group=A", "it needs interface="},
        {"x http", "it needs group="},
        {"x http port=1 group=A", "has no port"},
        {"x auth-tls port=1 allow=::/0 group=A", "has no group"},
        {"x udp port=1 group=1 group=2 group=3 group=4 group=5 group=6 group=7 group=8 group=9 allow=::/0",
         "more than 8"},
    };
    struct input_rule r;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        if (input_rule_read(str_from(rows[i].spec), &r, &e))
            fail_msg("\"%s\" was taken", rows[i].spec);
        if (!strstr(e.text, rows[i].says))
            fail_msg("\"%s\": %s", rows[i].spec, e.text);
    }
}

static struct net_peer peer(const char *address)
{
    struct net_prefix p;
    struct net_peer who = {.port = 1};
    struct err e;

    assert_true(net_prefix_read(str_from(address), &p, &e));
    memcpy(who.ip, p.ip, sizeof who.ip);
    return who;
}

static void grants_no_more_than_it_says(void **state)
{
    static const struct {
        const char *type, *uid;
        bool may;
    } rows[] = {{"a-f-G", "EX-1", true},     {"a-f-G-U-C", "EX-1", true}, {"a-f-GX", "EX-1", false},
                {"a-f", "EX-1", false},      {"b-m-p-w", "EX-1", true},   {"b-a-o-tbl", "EX-1", false},
                {"a-f-G", "ANDROID-1", false}, {"a-f-G", "EX", false}};
    struct input_rule r = read_rule("x udp port=1 allow=10.0.0.0/8 group=A types=a-f-G,b-m uid=EX-");
    struct net_peer in = peer("10.9.8.7"), out = peer("11.0.0.1");

    (void)state;
    assert_true(input_allows_address(&r, &in));
    assert_false(input_allows_address(&r, &out));
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct cot c = {.type = str_from(rows[i].type), .uid = str_from(rows[i].uid)};

        if (!input_objects(&r, &c) != rows[i].may)
            fail_msg("%s %s", rows[i].type, rows[i].uid);
    }
    r = read_rule("x http group=A");
    assert_true(input_allows_address(&r, &out)); /* the token is the grant */
    r = read_rule("x http group=A allow=10.0.0.0/8");
    assert_false(input_allows_address(&r, &out));
}

static void helps(void **state)
{
    char text[2048];
    struct buf b = buf_over(text, sizeof text - 1);

    (void)state;
    input_rule_help(&b);
    text[b.len] = 0;
    assert_false(b.full);
    assert_non_null(strstr(text, "  multicast [address=] [port=] interface= allow= group= [types=]"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_said),
        cmocka_unit_test(refuses_with_a_sentence),
        cmocka_unit_test(grants_no_more_than_it_says),
        cmocka_unit_test(helps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
