/* web.h -- the web port: the command post's page, its calls and its WebSocket (web-protocol.md), and the
 * API of TAK clients beside them; enrolment on a port of its own, where nobody has a certificate yet.
 *
 * One thread around libwebsockets (HTTP/1.1 over TLS) serves both doors; one more hashes
 * passwords, and one does what a handler gives it (web_work).  It sees the live river only through
 * hub_lock() and watch_*, the record through a reader of its own and the hub's mailboxes.
 *
 * Bounds, and what happens there: WEB_CONNECTIONS connections of both doors (more: closed at once), of which
 * those of phones (a client certificate, or enrolment) never take the last WEB_FOR_BROWSERS (more: 503, closed);
 * WEB_PER_ADDRESS browsers and WEB_PHONES_PER_ADDRESS phones of one address (the same); WEB_SOCKETS
 * WebSockets (more: 503); WEB_BODY bytes of a request whose route does not stream it (more: 413); WEB_UPLOADS
 * streamed at once (more: 503), each at WEB_SLOW_RATE at least (less: closed); WEB_WAITING requests that wait
 * for the disk, a password hash or the worker (more: 503). */
#ifndef CORDON_EDGE_WEB_H
#define CORDON_EDGE_WEB_H

#include "base/err.h"

struct hub;
struct accounts;

enum {
    WEB_CONNECTIONS = 512,
    WEB_FOR_BROWSERS = 64,
    WEB_PER_ADDRESS = 64,
    WEB_PHONES_PER_ADDRESS = 128, /* a hundred phones behind one radio's address */
    WEB_UPLOADS = 64,
    WEB_SLOW_RATE = 1024, /* bytes a second, over WEB_SLOW_MS */
    WEB_SLOW_MS = 30000,
    WEB_BODY_MS = 30000,   /* a body that is not streamed is there by then (more: closed) */
    WEB_LARGE_MS = 120000, /* of a file that is imported */
    WEB_SOCKETS = 64,
    WEB_BODY = 64 * 1024,
    WEB_HEAD = 8 * 1024, /* bytes of a request's headers */
    WEB_WAITING = 128,
    WEB_ANSWER_MS = 10000, /* how long a request waits for the record */
    WEB_MAILBOX = 8 * 1024 * 1024,
    WEB_CODE = 15, /* a setup code with its NUL */
};

enum { WEB_ANY_PORT = -1 };

struct web_config {
    const char *address; /* "0.0.0.0", "::" (IPv6 and IPv4), "127.0.0.1" */
    int port;            /* of the page and the Marti API; 0: any */
    int enrol_port;      /* 0: no enrolment; WEB_ANY_PORT: any */
    int cert_days, cert_days_many; /* of phones that enrol; many: by an invite of many uses; 0: 365 and 7 */
    const char *default_group; /* of users who have none; NULL: __ANON__ */
    const char *dir; /* the data folder: ca/server.pem, ca/server.key, ca/trust.pem, maps/, cordon.db, journal.db */
};

struct web_ports {
    int web, enrol; /* bound; enrol is 0 when it is off */
};

/* Makes hub.to_web, sets hub.wake_web and starts the threads.  Call it before the
 * recorder and the loops start; the certificate must be there, the journal may
 * come later.  The folder's name is copied. */
bool web_start(struct hub *h, const struct web_config *c, struct web_ports *bound, struct err *e) MUST_USE;
/* New rows in the journal, or a message in to_web: from any thread, cheap. */
void web_wake(struct hub *h);
/* Takes the certificate of the data folder, and the authorities that it trusts, for connections from now on; waits
 * for it. */
bool web_reload(struct hub *h, struct err *e) MUST_USE;
/* Says goodbye and ends the threads; after it nobody may put into to_web. */
void web_stop(struct hub *h);

/* While there is no operator: makes a new one-time code for the first one, whose
 * hash is kept in the accounts; with operators code becomes "". */
bool web_setup_code(struct hub *h, struct accounts *a, char code[WEB_CODE], struct err *e) MUST_USE;

#endif
