/* web.h -- the web port: the command post's page, its calls and its WebSocket (web-protocol.md).
 *
 * One thread of its own around libwebsockets (HTTP/1.1 over TLS), and one more
 * that hashes passwords.  It sees the live river only through hub_lock() and
 * watch_*, the record through a reader of its own and the hub's mailboxes.
 *
 * Bounds, and what happens there: WEB_CONNECTIONS connections, WEB_PER_ADDRESS
 * of one address (more: closed at once); WEB_SOCKETS WebSockets (more: 503);
 * WEB_BODY bytes of a request (more: 413); WEB_WAITING requests that wait for
 * the disk or for a password hash (more: 503). */
#ifndef CORDON_EDGE_WEB_H
#define CORDON_EDGE_WEB_H

#include "base/err.h"

struct hub;
struct accounts;

enum {
    WEB_CONNECTIONS = 256,
    WEB_PER_ADDRESS = 64,
    WEB_SOCKETS = 64,
    WEB_BODY = 64 * 1024,
    WEB_HEAD = 8 * 1024, /* bytes of a request's headers */
    WEB_WAITING = 128,
    WEB_ANSWER_MS = 10000, /* how long a request waits for the record */
    WEB_MAILBOX = 8 * 1024 * 1024,
    WEB_CODE = 15, /* a setup code with its NUL */
};

struct web_config {
    const char *address; /* "0.0.0.0", "::" (IPv6 and IPv4), "127.0.0.1" */
    int port;            /* 0: any */
    const char
        *dir; /* the data folder: ca/server.pem, ca/server.key, maps/, cordon.db, journal.db */
    bool ask_certificate; /* request a client certificate, but do not demand one (Marti) */
};

/* Makes hub.to_web, sets hub.wake_web and starts the threads.  Call it before the
 * recorder and the loops start; the certificate must be there, the journal may
 * come later.  The folder's name is copied. */
bool web_start(struct hub *h, const struct web_config *c, int *port_bound, struct err *e) MUST_USE;
/* New rows in the journal, or a message in to_web: from any thread, cheap. */
void web_wake(struct hub *h);
/* Takes the certificate of the data folder for connections from now on; waits for it. */
bool web_reload(struct hub *h, struct err *e) MUST_USE;
/* Says goodbye and ends the threads; after it nobody may put into to_web. */
void web_stop(struct hub *h);

/* While there is no operator: makes a new one-time code for the first one, whose
 * hash is kept in the accounts; with operators code becomes "". */
bool web_setup_code(struct hub *h, struct accounts *a, char code[WEB_CODE], struct err *e) MUST_USE;

#endif
