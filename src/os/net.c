#include "os/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,        /* connections that wait for accept; the kernel caps it (somaxconn) */
    ABORTED_MAX = 64,      /* connections that vanished before accept, skipped in one call */
    KEEPALIVE_IDLE_S = 60, /* of silence before the kernel asks whether the peer is still there */
    KEEPALIVE_STEP_S = 15,
    KEEPALIVE_TIMES = 4,
    UDP_BUFFER = 256 * 1024, /* datagrams that wait; more are dropped by the kernel */
};

static void set_int(int fd, int level, int option, int value)
{
    /* An option that the kernel does not know costs comfort, never correctness. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

/* Numbers only: a name would ask a DNS server, which a command post may not have. */
static struct addrinfo *resolve(const char *address, int port, struct err *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    char service[16];

    if (port < 0 || port > 65535) {
        (void)err_set(e, ERR_INPUT, "a port is 0 to 65535, not %d", port);
        return NULL;
    }
    (void)snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(address, service, &hints, &found) != 0 || !found) {
        (void)err_set(e, ERR_INPUT,
                      "\"%.100s\" is not an address of numbers, such as 10.0.0.4 or ::1 "
                      "(0.0.0.0 or :: for all of this machine)",
                      address);
        return NULL;
    }
    return found;
}

static bool listen_refused(const char *address, int port, int error, struct err *e)
{
    switch (error) {
    case EADDRINUSE:
        return err_set(
            e, ERR_WORLD,
            "port %d of %s is in use by another program: stop it (\"ss -ltnp\" names it) "
            "or choose another port",
            port, address);
    case EADDRNOTAVAIL:
        return err_set(e, ERR_INPUT,
                       "this machine has no address %s (\"ip address\" lists them; 0.0.0.0 or :: "
                       "means all)",
                       address);
    case EACCES:
    case EPERM:
        return err_set(
            e, ERR_DENIED,
            "port %d of %s is not allowed to this user: choose a port above 1023, or give "
            "the service CAP_NET_BIND_SERVICE",
            port, address);
    case EAFNOSUPPORT:
        return err_set(
            e, ERR_WORLD,
            "%s cannot be used for port %d: IPv6 is switched off on this machine, choose "
            "an IPv4 address (0.0.0.0 for all)",
            address, port);
    default:
        return err_set(e, ERR_WORLD, "port %d of %s cannot be listened on: %s", port, address,
                       strerror(error));
    }
}

static int port_of(const struct sockaddr_storage *a)
{
    const void *at = a;

    if (a->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)at)->sin6_port);
    return ntohs(((const struct sockaddr_in *)at)->sin_port);
}

bool net_listen(const char *address, int port, bool shared, int *fd, int *port_bound, struct err *e)
{
    struct addrinfo *a = resolve(address, port, e);
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    int s;

    *fd = -1;
    if (!a)
        return false;
    s = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s >= 0) {
        set_int(s, SOL_SOCKET, SO_REUSEADDR, 1);
        if (shared)
            set_int(s, SOL_SOCKET, SO_REUSEPORT, 1);
        if (a->ai_family == AF_INET6)
            set_int(s, IPPROTO_IPV6, IPV6_V6ONLY, 0); /* "::" hears IPv4 too */
        if (bind(s, a->ai_addr, a->ai_addrlen) == 0 && listen(s, BACKLOG) == 0 &&
            getsockname(s, (struct sockaddr *)&bound, &size) == 0) {
            *fd = s;
            *port_bound = port_of(&bound);
        }
    }
    if (*fd < 0)
        (void)listen_refused(address, port, errno, e);
    freeaddrinfo(a);
    if (*fd < 0)
        net_close(s);
    return *fd >= 0;
}

/* "10.0.0.4:51522", "[fd00::1]:51522"; an IPv4 peer of a "::" listener by its IPv4 address. */
static void address_text(const struct sockaddr_storage *a, socklen_t size, char to[NET_ADDRESS_MAX])
{
    char host[NET_ADDRESS_MAX - 9] = "?", service[8] = "?";
    const void *at = a;
    const char *v4 = host + strlen("::ffff:");
    struct buf b = buf_over(to, NET_ADDRESS_MAX - 1);

    (void)getnameinfo(at, size, host, sizeof host, service, sizeof service,
                      NI_NUMERICHOST | NI_NUMERICSERV);
    if (a->ss_family != AF_INET6)
        buf_fmt(&b, "%s:%s", host, service);
    else if (IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)at)->sin6_addr))
        buf_fmt(&b, "%s:%s", v4, service);
    else
        buf_fmt(&b, "[%s]:%s", host, service);
    to[b.len] = 0;
}

static void accepted_options(int fd, int send_buffer)
{
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_STEP_S);
    set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TIMES);
    if (send_buffer > 0)
        set_int(fd, SOL_SOCKET, SO_SNDBUF, send_buffer);
}

void net_send_buffer(int fd, int bytes)
{
    set_int(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}

int net_accept(int listener, int send_buffer, char from[NET_ADDRESS_MAX], bool *full)
{
    *full = false;
    for (int i = 0; i < ABORTED_MAX; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof peer;
        int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            accepted_options(fd, send_buffer);
            address_text(&peer, size, from);
            return fd;
        }
        if (errno == EAGAIN)
            return -1;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            *full = true;
            return -1;
        }
        MUST(errno != EBADF && errno != EINVAL && errno != ENOTSOCK);
        /* What is left (ECONNABORTED, ENETDOWN, ...) is about that one connection: take the next.
         */
    }
    return -1;
}

int net_connect(const char *address, int port, struct err *e)
{
    struct addrinfo *a = resolve(address, port, e);
    int fd;

    if (!a)
        return -1;
    fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (fd < 0 || (connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)) {
        (void)err_set(e, ERR_WORLD, "port %d of %s does not answer: %s", port, address,
                      strerror(errno));
        net_close(fd);
        fd = -1;
    }
    freeaddrinfo(a);
    return fd;
}

static enum net_io io_result(ssize_t moved, size_t *n)
{
    *n = moved > 0 ? (size_t)moved : 0;
    if (moved > 0)
        return NET_OK;
    return moved < 0 && errno == EAGAIN ? NET_WAIT : NET_CLOSED;
}

enum net_io net_recv(int fd, void *to, size_t max, size_t *n)
{
    ssize_t got;

    MUST(fd >= 0 && max > 0);
    do
        got = recv(fd, to, max, 0);
    while (got < 0 && errno == EINTR);
    return io_result(got, n);
}

enum net_io net_send(int fd, const void *from, size_t len, size_t *n)
{
    ssize_t put;

    MUST(fd >= 0 && len > 0);
    do
        put = send(fd, from, len, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    return io_result(put, n);
}

size_t net_unacked(int fd)
{
    int n = 0;

    return ioctl(fd, SIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0;
}

void net_close(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* Linux frees the descriptor whatever close() says: never try again */
}

/* ------------------------------------------------------------- datagrams -- */

static void peer_of(const struct sockaddr_storage *a, struct net_peer *out)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    const void *at = a;

    *out = (struct net_peer){.port = port_of(a)};
    if (a->ss_family == AF_INET6) {
        memcpy(out->ip, &((const struct sockaddr_in6 *)at)->sin6_addr, 16);
        return;
    }
    memcpy(out->ip, mapped, sizeof mapped);
    memcpy(out->ip + 12, &((const struct sockaddr_in *)at)->sin_addr, 4);
}

void net_peer_text(const struct net_peer *p, char to[NET_ADDRESS_MAX])
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)p->port)};
    struct sockaddr_storage s = {0};

    memcpy(&a.sin6_addr, p->ip, 16);
    memcpy(&s, &a, sizeof a);
    address_text(&s, sizeof a, to);
}

bool net_peer(int fd, struct net_peer *out)
{
    struct sockaddr_storage a = {0};
    socklen_t size = sizeof a;

    if (getpeername(fd, (struct sockaddr *)&a, &size) != 0)
        return false;
    peer_of(&a, out);
    return true;
}

/* A socket for datagrams that is bound; -1 with errno. */
static int bound_udp(const struct addrinfo *a, bool shared, int *port)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    int s = socket(a->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

    if (s < 0)
        return -1;
    if (shared)
        set_int(s, SOL_SOCKET, SO_REUSEADDR, 1);
    if (a->ai_family == AF_INET6)
        set_int(s, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_int(s, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER);
    if (bind(s, a->ai_addr, a->ai_addrlen) == 0 && getsockname(s, (struct sockaddr *)&bound, &size) == 0) {
        *port = port_of(&bound);
        return s;
    }
    error = errno;
    net_close(s);
    errno = error;
    return -1;
}

bool net_udp(const char *address, int port, int *fd, int *port_bound, struct err *e)
{
    struct addrinfo *a = resolve(address, port, e);

    *fd = -1;
    if (!a)
        return false;
    *fd = bound_udp(a, false, port_bound);
    if (*fd < 0)
        (void)listen_refused(address, port, errno, e);
    freeaddrinfo(a);
    return *fd >= 0;
}

static bool join(int fd, const struct addrinfo *a, unsigned index)
{
    const void *at = a->ai_addr;

    if (a->ai_family == AF_INET6) {
        struct ipv6_mreq m = {.ipv6mr_multiaddr = ((const struct sockaddr_in6 *)at)->sin6_addr,
                              .ipv6mr_interface = index};

        return setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m) == 0;
    }
    {
        struct ip_mreqn m = {.imr_multiaddr = ((const struct sockaddr_in *)at)->sin_addr, .imr_ifindex = (int)index};

        return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) == 0;
    }
}

bool net_multicast(const struct net_multicast *m, int *fd, int *port_bound, struct err *e)
{
    unsigned index = if_nametoindex(m->interface);
    struct addrinfo *a;

    *fd = -1;
    if (index == 0)
        return err_set(e, ERR_INPUT, "this machine has no network interface \"%.32s\" (\"ip link\" lists them)",
                       m->interface);
    a = resolve(m->group, m->port, e);
    if (!a)
        return false;
    *fd = bound_udp(a, true, port_bound);
    if (*fd < 0)
        (void)listen_refused(m->group, m->port, errno, e);
    else if (!join(*fd, a, index)) {
        (void)err_set(e, ERR_INPUT, "%.64s cannot be joined on %.32s: %s", m->group, m->interface, strerror(errno));
        net_close(*fd);
        *fd = -1;
    }
    freeaddrinfo(a);
    return *fd >= 0;
}

bool net_recv_from(int fd, struct buf *to, struct net_peer *from, bool *cut)
{
    struct sockaddr_storage a = {0};
    socklen_t size = sizeof a;
    ssize_t n;

    do
        n = recvfrom(fd, to->at, to->max, MSG_TRUNC, (struct sockaddr *)&a, &size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return false; /* none waits, or an error that a datagram of ours has caused: there are none */
    *cut = (size_t)n > to->max;
    to->len = *cut ? to->max : (size_t)n;
    peer_of(&a, from);
    return true;
}

bool net_prefix_read(struct str text, struct net_prefix *out, struct err *e)
{
    size_t slash = str_find_byte(text, '/');
    char host[NET_ADDRESS_MAX];
    int64_t bits = 0;
    bool v4, ok;

    memset(out, 0, sizeof *out);
    ok = str_copy(host, sizeof host, str_cut(text, 0, slash));
    v4 = ok && inet_pton(AF_INET, host, out->ip + 12) == 1;
    if (v4)
        out->ip[10] = out->ip[11] = 0xff;
    else
        ok = ok && inet_pton(AF_INET6, host, out->ip) == 1;
    if (ok && slash < text.len)
        ok = str_to_int(str_from_at(text, slash + 1), 0, v4 ? 32 : 128, &bits);
    else
        bits = v4 ? 32 : 128;
    if (!ok)
        return err_set(e, ERR_INPUT, "\"%.*s\" is no address and no prefix, such as 10.1.0.0/16 or fd00::/8",
                       (int)(text.len < 60 ? text.len : 60), text.at);
    out->bits = (int)bits + (v4 ? 96 : 0);
    for (int i = out->bits; i < 128; i++)
        if (out->ip[i / 8] >> (7 - i % 8) & 1)
            return err_set(e, ERR_INPUT, "%.*s says two things: its address goes on behind its %d bits", STR_ARG(text),
                           (int)bits);
    return true;
}

bool net_prefix_has(const struct net_prefix *p, const struct net_peer *who)
{
    int whole = p->bits / 8, rest = p->bits % 8;

    if (memcmp(p->ip, who->ip, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((p->ip[whole] ^ who->ip[whole]) >> (8 - rest)) == 0;
}

int net_files_max(void)
{
    struct rlimit limit;

    MUST(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur < limit.rlim_max) {
        rlim_t was = limit.rlim_cur;

        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            limit.rlim_cur = was;
    }
    return limit.rlim_cur > INT_MAX ? INT_MAX : (int)limit.rlim_cur;
}

/* Adds one name unless it stands there already; a name that does not fit is left out whole. */
static void name_add(struct buf *b, const char *name)
{
    struct str all = buf_str(b), want = str_from(name);
    struct buf with = *b;

    while (all.len > 0) {
        size_t end = str_find_byte(all, ',');

        if (str_eq(str_cut(all, 0, end), want))
            return;
        all = str_from_at(all, end < all.len ? end + 1 : end);
    }
    if (with.len > 0)
        buf_byte(&with, ',');
    buf_put(&with, want);
    if (!with.full)
        *b = with;
}

/* Addresses that a phone could reach: not loopback, and not link-local ones, which mean nothing
 * without the name of an interface of the phone. */
static bool reachable(const struct ifaddrs *i)
{
    const void *at = i->ifa_addr;

    if (!at || !(i->ifa_flags & IFF_UP) || (i->ifa_flags & IFF_LOOPBACK))
        return false;
    if (i->ifa_addr->sa_family == AF_INET6)
        return !IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)at)->sin6_addr);
    return i->ifa_addr->sa_family == AF_INET;
}

static void addresses_add(struct buf *b, const struct ifaddrs *all, sa_family_t family)
{
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        char host[NET_ADDRESS_MAX];
        socklen_t size =
            family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

        if (reachable(i) && i->ifa_addr->sa_family == family &&
            getnameinfo(i->ifa_addr, size, host, sizeof host, NULL, 0, NI_NUMERICHOST) == 0)
            name_add(b, host);
    }
}

void net_host_names(char *to, size_t size)
{
    struct ifaddrs *all = NULL;
    char host[HOST_NAME_MAX + 1] = {0};
    struct buf b;

    MUST(size > 0);
    b = buf_over(to, size - 1);
    if (gethostname(host, sizeof host - 1) == 0 && host[0])
        name_add(&b, host);
    if (getifaddrs(&all) == 0) {
        addresses_add(&b, all, AF_INET);
        addresses_add(&b, all, AF_INET6);
        freeifaddrs(all);
    }
    to[b.len] = 0;
}
