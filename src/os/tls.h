/* tls.h -- TLS as a function of bytes: OpenSSL without sockets.
 *
 * The caller moves cipher bytes between the socket and these calls; so one
 * thread shares its buffers between all its connections, writes are gathered
 * into one send(), and a test needs no socket.  A struct tls_ctx may be shared by
 * threads; a struct tls belongs to one thread.  About 24 kB a connection
 * (SSL_MODE_RELEASE_BUFFERS, no auto chain).  OpenSSL does the handshake, all that comes in, and TLS 1.2; a
 * server's records under TLS 1.3 are sealed by os/tls_seal.h. */
#ifndef CORDON_OS_TLS_H
#define CORDON_OS_TLS_H

#include "base/buf.h"
#include "base/err.h"

struct tls_ctx;
struct tls;

enum {
    TLS_CIPHER_ROOM =
        16384 + 512,    /* what one full record can grow to; room for it must be in `out` */
    TLS_RECORD = 16384, /* bytes of text in one record at most */
#ifdef CORDON_LIMITS_TINY
    TLS_REKEY_RECORDS = 64,
#else
    /* Records written under one key of TLS 1.3 before it is changed (KeyUpdate). AES-GCM may do
     * 2^24 (RFC 8446, 5.5); at 20 records a second this is half a day. */
    TLS_REKEY_RECORDS = 1 << 20,
#endif
};

struct tls_files {
    const char *certificate; /* PEM, own chain */
    const char *key;         /* PEM */
    const char *ca;          /* PEM, whom to trust; each of them may end a chain, root or not */
    /* Server side: OpenSSL seals what goes out under TLS 1.3 too, instead of os/tls_seal.h. For a client
     * that cannot live with ours: a thousand phones are then a third more work (script/bench phones-1000: 1.79 and
     * 1.31 times the floor). */
    bool openssl_seals;
};

/* Server side: TLS 1.2 and 1.3, client certificate demanded and checked for
 * chain, validity and clientAuth. Sessions may be resumed by ticket (tls_ticket) for some hours, but never
 * beyond the client certificate's end nor under another ctx: a new ctx means full handshakes.
 * Whether a serial is revoked is for the caller to ask after each handshake, resumed or not. */
bool tls_server(const struct tls_files *files, struct tls_ctx **out, struct err *e) MUST_USE;
/* Server side of clients that have no certificate and say later who they are (<auth>): none is asked for, files->ca
 * does not matter, no session is resumed. */
bool tls_server_open(const struct tls_files *files, struct tls_ctx **out, struct err *e) MUST_USE;
/* Client side, for the load tool and tests; checks the server against files->ca
 * but not its host name.  certificate and key may be NULL. max_version: 0 or 12
 * for TLS 1.2 only. */
bool tls_client(const struct tls_files *files, int max_version, struct tls_ctx **out,
                struct err *e) MUST_USE;
/* Shared: a ctx lives until its last connection is gone (reload replaces it). */
struct tls_ctx *tls_keep(struct tls_ctx *c);
void tls_drop(struct tls_ctx *c);

struct tls *tls_new(struct tls_ctx *c) MUST_USE; /* NULL when memory is out */
void tls_free(struct tls *t);
/* Client side, before the first step: go on with the session of an earlier connection, when the
 * server gave it a ticket (TLS 1.3 brings it with the first bytes read). */
bool tls_resume(struct tls *t, struct tls *earlier);

enum tls_step {
    TLS_DONE,   /* handshake over / bytes were moved */
    TLS_MORE,   /* needs more cipher bytes from the peer */
    TLS_CLOSED, /* the peer said close_notify */
    TLS_FAILED, /* see e; an alert may stand in out and should be sent */
};

/* In each call `out` MUST have room for TLS_CIPHER_ROOM. A stream that ends (EOF) without
 * TLS_CLOSED was cut: the caller sees that, not these calls. */

/* One step of the handshake. *in: cipher bytes from the peer, moved on by what was
 * taken (all of it, also on TLS_MORE; what is left on TLS_DONE is for tls_read).
 * Cipher bytes to send are added to out. */
enum tls_step tls_handshake(struct tls *t, struct str *in, struct buf *out, struct err *e) MUST_USE;
/* Opens application bytes into to[0..max), of one record at most; *got tells how many. Call again
 * with the same *in until TLS_MORE: only then all of *in is taken. */
enum tls_step tls_read(struct tls *t, struct str *in, void *to, size_t max, size_t *got,
                       struct buf *out, struct err *e) MUST_USE;
/* Seals text into out (records of up to 16 KiB); MUST have room for
 * text.len + (text.len / 16384 + 1) * 512. TLS_DONE or TLS_FAILED. */
enum tls_step tls_write(struct tls *t, struct str text, struct buf *out, struct err *e) MUST_USE;
/* Server side, after the handshake: a ticket for the client into out, with which it comes back sooner.
 * The handshake itself brings none under TLS 1.3: making it costs a sixth as much again, which can
 * wait until a storm of handshakes is over. TLS 1.2 has it in the handshake: nothing is done. */
enum tls_step tls_ticket(struct tls *t, struct buf *out, struct err *e) MUST_USE;
/* close_notify into out, when the handshake was over and nothing failed. */
void tls_goodbye(struct tls *t, struct buf *out);

/* Who the peer is, after the handshake. */
struct tls_peer {
    char serial[64];          /* lower-case hex, two digits a byte */
    char name[128];           /* CN, UTF-8, control characters replaced */
    unsigned char sha256[32]; /* of the certificate as DER */
    int64_t not_after_ms;
    char version[16], cipher[64];
    bool resumed; /* by ticket: the certificate was checked in an earlier handshake */
};
/* False when the peer showed no certificate (or its serial is longer than the standard allows). */
bool tls_peer(struct tls *t, struct tls_peer *out) MUST_USE;

/* ---- for the web port, whose sockets and TLS are libwebsockets' ---- */

/* Gives its SSL_CTX the versions, ciphers and checks of tls_server(), and asks for a client certificate without
 * demanding one: whatever is shown, the handshake goes on, and tls_web_peer() says what it is worth.  trust: PEM, whose
 * clients' certificates count; NULL: none is asked for.  Called again it takes the authorities from the file anew. */
bool tls_web_rules(void *ssl_ctx, const char *trust, struct err *e) MUST_USE;

enum tls_shown {
    TLS_SHOWN_NONE, /* no certificate */
    TLS_SHOWN_GOOD, /* one that counts, as struct tls_peer tells it; whether it is revoked is for the caller to ask */
    TLS_SHOWN_BAD,  /* one that does not; e: "the client's certificate (RGR-3) has expired ..." */
};
/* What the peer of this SSL showed in its handshake, resumed or not. */
enum tls_shown tls_web_peer(void *ssl, struct tls_peer *out, struct err *e) MUST_USE;

/* The cost floor of the benchmark: AES-128-GCM over text (at most TLS_RECORD bytes) with one shared
 * context, as a record layer would do it; out takes text.len + 22 bytes. */
struct tls_floor;
struct tls_floor *tls_floor_new(void) MUST_USE;
void tls_floor_free(struct tls_floor *f);
void tls_floor_seal(struct tls_floor *f, struct str text, struct buf *out);

#endif
