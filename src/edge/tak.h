/* tak.h -- TAK clients on sockets: the loop threads of the live river.
 *
 *          accept          handshake done          who it is             eof, refused, too slow,
 *  [free] --------> [tls] ----------------> [asking] -----------> [live] ---- revoked, no progress 60 s
 *    ^      plain TCP: straight to [asking]                          |
 *    +---------------------------------------------------------------+   (also from [tls] after 10 s)
 *                       adopted, no certificate: [tls] -> [auth] -> [asking], when its <auth> was right
 *
 * Each thread owns its listeners, connections and buffers; connections have a
 * cursor into the shared rings, at most one unfinished write and a partial input
 * only when needed.  Flushes are staggered over a period that grows with the
 * number of clients; a budget per turn keeps handshakes from delaying them. */
#ifndef CORDON_EDGE_TAK_H
#define CORDON_EDGE_TAK_H

#include "edge/hub.h"
#include "os/tls.h"

struct tak_config {
    const char *address;     /* of the TLS port */
    const char *tcp_address; /* of the plain port: loopback unless granted */
    int tls_port, tcp_port;  /* 0: off */
    int loops;
    uint32_t clients_max;
};

/* How many bytes the connections' buffers may take at most, per loop. */
enum { TAK_BUFFERS = 256 * 1024 * 1024, TAK_SEND_BUFFER = 64 * 1024 };

/* Starts the threads; the ports that are bound stand in c afterwards. */
bool tak_start(struct hub *h, struct tak_config *c, struct err *e) MUST_USE;
/* New certificates from the data folder, for connections from now on. */
bool tak_reload(struct hub *h, struct err *e) MUST_USE;
/* A context for TLS without a client certificate, with the server's own from the data folder.  Not on a loop thread. */
bool tak_open_ctx(const struct hub *h, struct tls_ctx **out, struct err *e) MUST_USE;
/* Gives a connection that was accepted elsewhere to a loop: who it is it says by <auth> (ctx NULL: over plain TCP).
 * false: no loop has room for it, and fd stays the caller's. */
bool tak_adopt(struct hub *h, int fd, struct tls_ctx *ctx, const char *from) MUST_USE;
/* Sends what is due, says goodbye and ends the threads. */
void tak_stop(struct hub *h);

#endif
