#include "os/net.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void until(int fd, short what)
{
    struct pollfd p = {fd, what, 0};

    assert_int_equal(poll(&p, 1, 5000), 1);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;

    assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

/* A listener on address, a client that connected to it as `as`, and the accepted end. */
static void open_pair(const char *address, const char *as, int fd[3], char from[NET_ADDRESS_MAX])
{
    struct err e = {0};
    bool full;
    int port;

    assert_true(net_listen(address, 0, false, &fd[0], &port, &e));
    assert_in_range(port, 1, 65535);
    assert_int_equal(net_accept(fd[0], 0, from, &full), -1);
    assert_false(full);
    fd[1] = net_connect(as, port, &e);
    assert_true(fd[1] >= 0);
    until(fd[0], POLLIN);
    fd[2] = net_accept(fd[0], 65536, from, &full);
    assert_true(fd[2] >= 0 && !full);
}

static void close_pair(const int fd[3])
{
    for (int i = 0; i < 3; i++)
        net_close(fd[i]);
}

static void moves_bytes(void **state)
{
    char from[NET_ADDRESS_MAX], in[16];
    static char much[4 << 20];
    enum net_io io;
    int fd[3];
    size_t n = 9;

    (void)state;
    open_pair("127.0.0.1", "127.0.0.1", fd, from);
    assert_true(str_starts(str_from(from), STR("127.0.0.1:")));
    assert_int_equal(net_recv(fd[2], in, sizeof in, &n), NET_WAIT);
    assert_int_equal(n, 0);
    assert_int_equal(net_send(fd[1], "hello", 5, &n), NET_OK);
    assert_int_equal(n, 5);
    until(fd[2], POLLIN);
    assert_int_equal(net_recv(fd[2], in, sizeof in, &n), NET_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(in, "hello", 5);
    while (net_send(fd[2], much, sizeof much, &n) == NET_OK)
        ;
    assert_int_equal(n, 0);
    assert_true(net_unacked(fd[2]) > 0);
    assert_int_equal(net_unacked(fd[1]), 0);
    assert_int_equal(net_unacked(-1), 0);
    net_close(fd[2]);
    fd[2] = -1;
    while ((io = net_recv(fd[1], much, sizeof much, &n)) != NET_CLOSED)
        if (io == NET_WAIT)
            until(fd[1], POLLIN);
    if (net_send(fd[1], "x", 1, &n) == NET_OK) /* the first one meets the closed end */
        until(fd[1], POLLHUP);
    assert_int_equal(net_send(fd[1], "x", 1, &n), NET_CLOSED); /* and no SIGPIPE */
    close_pair(fd);
}

static void sets_the_options(void **state)
{
    char from[NET_ADDRESS_MAX];
    int fd[3];

    (void)state;
    open_pair("127.0.0.1", "127.0.0.1", fd, from);
    for (int i = 0; i < 3; i++) {
        assert_true(fcntl(fd[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd[i], F_GETFD) & FD_CLOEXEC);
    }
    assert_int_equal(option(fd[2], IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option(fd[2], SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_in_range(option(fd[2], SOL_SOCKET, SO_SNDBUF), 65536, 2 * 65536);
    close_pair(fd);
}

static void knows_both_families(void **state)
{
    char from[NET_ADDRESS_MAX];
    int fd[3], port;
    struct err e;

    (void)state;
    if (!net_listen("::1", 0, false, &fd[0], &port, &e))
        skip(); /* a machine without IPv6 */
    net_close(fd[0]);
    open_pair("::", "::1", fd, from);
    assert_true(str_starts(str_from(from), STR("[::1]:")));
    close_pair(fd);
    open_pair("::", "127.0.0.1", fd, from);
    assert_true(str_starts(str_from(from), STR("127.0.0.1:")));
    close_pair(fd);
}

static void says_what_to_do(void **state)
{
    struct err e = {0};
    int first, second, port, bound;
    char want[64];

    (void)state;
    assert_true(net_listen("127.0.0.1", 0, false, &first, &port, &e));
    assert_false(net_listen("127.0.0.1", port, false, &second, &bound, &e));
    assert_int_equal(second, -1);
    (void)snprintf(want, sizeof want, "port %d of 127.0.0.1 is in use", port);
    assert_non_null(strstr(e.text, want));
    net_close(first);
    assert_false(net_listen("192.0.2.77", 0, false, &second, &bound, &e));
    assert_non_null(strstr(e.text, "no address 192.0.2.77"));
    assert_false(net_listen("localhost", 0, false, &second, &bound, &e));
    assert_int_equal(e.kind, ERR_INPUT);
    assert_non_null(strstr(e.text, "\"localhost\" is not an address"));
    assert_false(net_listen("127.0.0.1", 65536, false, &second, &bound, &e));
    assert_non_null(strstr(e.text, "not 65536"));
    assert_int_equal(net_connect("nowhere", 80, &e), -1);
    assert_int_equal(net_connect("127.0.0.1", -1, &e), -1);
}

static void shares_a_port(void **state)
{
    struct err e;
    int first, second, port, bound;

    (void)state;
    assert_true(net_listen("127.0.0.1", 0, true, &first, &port, &e));
    assert_true(net_listen("127.0.0.1", port, true, &second, &bound, &e));
    assert_int_equal(port, bound);
    net_close(first);
    net_close(second);
}

static void says_when_it_is_full(void **state)
{
    struct rlimit was, few;
    char from[NET_ADDRESS_MAX];
    int fd[3], more, spare;
    struct err e;
    bool full;
    int port;

    (void)state;
    assert_true(net_listen("127.0.0.1", 0, false, &fd[0], &port, &e));
    more = net_connect("127.0.0.1", port, &e);
    until(fd[0], POLLIN);
    spare = dup(0); /* the lowest free descriptor */
    (void)close(spare);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    few = was;
    few.rlim_cur = (rlim_t)spare;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(net_accept(fd[0], 0, from, &full), -1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    assert_true(full);
    fd[1] = net_accept(fd[0], 0, from, &full); /* it waited */
    assert_true(fd[1] >= 0 && !full);
    net_close(fd[0]);
    net_close(fd[1]);
    net_close(more);
    net_close(-1);
}

static void raises_the_file_limit(void **state)
{
    struct rlimit limit;
    int n = net_files_max();

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(n > 0 && limit.rlim_cur == limit.rlim_max);
}

static void names_the_host(void **state)
{
    char names[512], few[3], host[65] = {0};

    (void)state;
    net_host_names(names, sizeof names);
    assert_int_equal(gethostname(host, 64), 0);
    assert_true(str_starts(str_from(names), str_from(host)));
    assert_null(strstr(names, "127.0.0.1"));
    assert_null(strstr(names, "fe80"));
    assert_null(strstr(names, ",,"));
    net_host_names(few, sizeof few);
    assert_true(strlen(few) < sizeof few);
    net_host_names(few, 1);
    assert_string_equal(few, "");
}

/* ------------------------------------------------------------- datagrams -- */

static void prefixes(void **state)
{
    static const struct {
        const char *prefix, *address;
        bool has;
    } rows[] = {
        {"10.1.0.0/16", "10.1.255.9", true},  {"10.1.0.0/16", "10.2.0.1", false},   {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},    {"0.0.0.0/0", "192.0.2.1", true},     {"0.0.0.0/0", "fd00::1", false},
        {"fd00::/8", "fdff::1", true},        {"fd00::/8", "fe00::1", false},       {"::/0", "10.0.0.1", true},
        {"10.0.0.0/9", "10.127.0.1", true},   {"10.0.0.0/9", "10.128.0.1", false},  {"::1", "::1", true},
        {"192.0.2.128/25", "192.0.2.127", false},
    };
    static const char *const bad[] = {"",           "10.0.0",   "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8", "name",
                                      "fd00::/129", "10.0.0.0/", "::1/64",      "300.0.0.1",   "10.0.0.0/8/8"};
    struct net_prefix p, host;
    struct net_peer who = {0};
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        assert_true(net_prefix_read(str_from(rows[i].prefix), &p, &e));
        assert_true(net_prefix_read(str_from(rows[i].address), &host, &e));
        memcpy(who.ip, host.ip, 16);
        if (net_prefix_has(&p, &who) != rows[i].has)
            fail_msg("%s has %s: %d", rows[i].prefix, rows[i].address, !rows[i].has);
    }
    for (size_t i = 0; i < COUNTOF(bad); i++)
        if (net_prefix_read(str_from(bad[i]), &p, &e))
            fail_msg("\"%s\" was taken", bad[i]);
}

static void send_to(int port, const char *text)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof to), strlen(text));
    close(fd);
}

static void takes_datagrams(void **state)
{
    char bytes[8], from_text[NET_ADDRESS_MAX];
    struct net_peer from;
    struct err e;
    int fd, port, again, other;
    bool cut;

    (void)state;
    assert_true(net_udp("127.0.0.1", 0, &fd, &port, &e));
    assert_false(net_udp("127.0.0.1", port, &again, &other, &e));
    assert_non_null(strstr(e.text, "in use"));
    for (int round = 0; round < 2; round++) {
        struct buf to = buf_over(bytes, sizeof bytes);

        assert_false(net_recv_from(fd, &to, &from, &cut)); /* never waits */
        send_to(port, round ? "longer than that" : "event");
        while (!net_recv_from(fd, &to, &from, &cut))
            ;
        assert_int_equal(cut, round);
        assert_int_equal(to.len, round ? sizeof bytes : 5);
        net_peer_text(&from, from_text);
        assert_true(strncmp(from_text, "127.0.0.1:", 10) == 0);
    }
    net_close(fd);
}

static void joins_a_group_on_a_named_interface(void **state)
{
    struct net_multicast m = {"239.2.3.1", "no-such-interface", 0};
    struct err e;
    int fd, port, second;

    (void)state;
    assert_false(net_multicast(&m, &fd, &port, &e));
    assert_non_null(strstr(e.text, "no network interface"));
    m.interface = "lo";
    m.group = "127.0.0.1";
    assert_false(net_multicast(&m, &fd, &port, &e)); /* no group */
    m.group = "239.2.3.1";
    if (!net_multicast(&m, &fd, &port, &e))
        fail_msg("%s", e.text);
    m.port = port;
    assert_true(net_multicast(&m, &second, &port, &e)); /* others may hear it, too */
    net_close(fd);
    net_close(second);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes),              cmocka_unit_test(takes_datagrams),
        cmocka_unit_test(joins_a_group_on_a_named_interface),
        cmocka_unit_test(moves_bytes),           cmocka_unit_test(sets_the_options),
        cmocka_unit_test(knows_both_families),   cmocka_unit_test(says_what_to_do),
        cmocka_unit_test(shares_a_port),         cmocka_unit_test(says_when_it_is_full),
        cmocka_unit_test(raises_the_file_limit), cmocka_unit_test(names_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
