/* net.h -- sockets: listen, accept, addresses.  IPv4 and IPv6, non-blocking, close-on-exec. */
#ifndef CORDON_OS_NET_H
#define CORDON_OS_NET_H

#include "base/buf.h"
#include "base/err.h"

enum { NET_ADDRESS_MAX = 64 };

/* Listens on address ("0.0.0.0", "127.0.0.1", "::" for IPv6 and IPv4; never a name, which would ask
 * a DNS server) and port (0: any); shared lets several threads listen on one port (SO_REUSEPORT).
 * *port_bound tells the port.  The sentence names address, port and what to do; the caller puts its
 * option in front with err_in(). */
bool net_listen(const char *address, int port, bool shared, int *fd, int *port_bound,
                struct err *e) MUST_USE;
/* The next waiting connection, or -1 when there is none (or no descriptor is left: *full true; the
 * connection still waits, so stop watching the listener for a moment).  from[] takes
 * "10.0.0.4:51522" or "[fd00::1]:51522".  TCP_NODELAY, SO_KEEPALIVE, and send_buffer bytes of
 * SO_SNDBUF are set. */
int net_accept(int listener, int send_buffer, char from[NET_ADDRESS_MAX], bool *full) MUST_USE;
/* Connects without blocking (for the load tool); -1 and a sentence when refused at once. */
int net_connect(const char *address, int port, struct err *e) MUST_USE;

/* Changes SO_SNDBUF of a connection. */
void net_send_buffer(int fd, int bytes);

enum net_io { NET_OK, NET_WAIT, NET_CLOSED };
/* One recv / one send; *n tells how many bytes were moved. NET_CLOSED: end or error. */
enum net_io net_recv(int fd, void *to, size_t max, size_t *n) MUST_USE;
enum net_io net_send(int fd, const void *from, size_t len, size_t *n) MUST_USE;
/* Bytes written that the peer's kernel has not acknowledged yet (SIOCOUTQ), 0 when not known. */
size_t net_unacked(int fd);
void net_close(int fd);

/* Datagrams, input only.  An address of 16 bytes, an IPv4 one mapped (::ffff:a.b.c.d). */
struct net_peer {
    unsigned char ip[16];
    int port;
};
/* Binds address and port for datagrams (port 0: any). */
bool net_udp(const char *address, int port, int *fd, int *port_bound, struct err *e) MUST_USE;
/* Joins a multicast group (IPv4 or IPv6) on the interface of this name and hears what is sent to it at this port;
 * other programs of this machine may do the same. */
struct net_multicast {
    const char *group, *interface;
    int port;
};
bool net_multicast(const struct net_multicast *m, int *fd, int *port_bound, struct err *e) MUST_USE;
/* The next datagram, cut at max (*cut tells so); false when none waits.  Nothing is ever sent back. */
bool net_recv_from(int fd, struct buf *to, struct net_peer *from, bool *cut) MUST_USE;
/* Who is at the other end of a connection. */
bool net_peer(int fd, struct net_peer *out) MUST_USE;
/* "10.0.0.4:51522", "[fd00::1]:51522". */
void net_peer_text(const struct net_peer *p, char to[NET_ADDRESS_MAX]);

/* "10.1.0.0/16", "fd00::/8", "10.0.0.4"; a host part that is not zero is refused, as it says two things. */
struct net_prefix {
    unsigned char ip[16];
    int bits; /* of 128 */
};
bool net_prefix_read(struct str text, struct net_prefix *out, struct err *e) MUST_USE;
bool net_prefix_has(const struct net_prefix *p, const struct net_peer *who) MUST_USE;
/* Raises the limit of open files to what is allowed and tells it. */
int net_files_max(void);
/* This host's name and the addresses that a phone could reach (no loopback, no link-local),
 * comma-separated, IPv4 before IPv6, for certificates and for what to open.  What does not fit is
 * left out whole. */
void net_host_names(char *to, size_t size);

#endif
