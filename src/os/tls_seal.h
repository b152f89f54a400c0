/* tls_seal.h -- the protection of TLS 1.3 records that go out (RFC 8446, sections 5.2, 5.3 and 7.1 to 7.3).
 *
 * For os/tls.c alone, which has the handshake and all that comes in from OpenSSL.  What goes out to a thousand
 * phones is most of the server's work; sealed here it needs no buffer of its own, no copy and one cipher for
 * all connections of a thread, keyed anew for each record.
 *
 * A nonce must never be used twice under one key: the number of a record is counted here and nowhere else, and
 * whoever begins a seal must not let another hand seal under the same secret.  A struct tls_seal belongs to one
 * thread at a time; it holds keys, tls_seal_wipe() ends it. */
#ifndef CORDON_OS_TLS_SEAL_H
#define CORDON_OS_TLS_SEAL_H

#include "base/buf.h"

enum {
    TLS_SEAL_TEXT = 16384, /* bytes of text in one record at most (RFC 8446, 5.1) */
    TLS_SEAL_MORE = 22,    /* what a record is longer than its text: header, inner type, tag */
    TLS_SEAL_SECRET = 48,  /* of the longest hash */
    /* Content types (RFC 8446, B.1) and a message (B.3). */
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_TEXT = 23,
    TLS_KEY_UPDATE = 24,
};

struct tls_seal {
    uint64_t record; /* number of the next one under this key */
    unsigned char secret[TLS_SEAL_SECRET], key[32], iv[12];
    uint8_t suite; /* row of the table of cipher suites */
};

/* Begins with the first application traffic secret of a connection whose cipher suite has this number (RFC 8446, B.4);
 * false: another suite, or a secret of another length, or no memory. */
bool tls_seal_begin(struct tls_seal *s, uint16_t suite, struct str secret) MUST_USE;
/* One record of `text` (1 to TLS_SEAL_TEXT bytes) of a content type into out, which MUST have room for text.len +
 * TLS_SEAL_MORE. */
void tls_seal_put(struct tls_seal *s, unsigned char type, struct str text, struct buf *out);
/* The next key: after a KeyUpdate was sealed (RFC 8446, 7.2). */
void tls_seal_next(struct tls_seal *s);
void tls_seal_wipe(struct tls_seal *s);

#endif
