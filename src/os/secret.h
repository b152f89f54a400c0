/* secret.h -- hashes, seals, signatures, passwords: all of libsodium that Cordon uses. */
#ifndef CORDON_OS_SECRET_H
#define CORDON_OS_SECRET_H

#include "base/err.h"
#include "base/str.h"

enum {
    SECRET_KEY = 32,
    SECRET_NONCE = 24,
    SECRET_TAG = 16,
    SECRET_SHA = 32,
    SECRET_SIGN_KEY = 64,
    SECRET_SIGN_PUB = 32,
    SECRET_SIGNATURE = 64,
    SECRET_PASSWORD_MAX = 128, /* an argon2id string with its NUL */
    SECRET_SALT = 16,
};

/* Once, before any other call of this file; false when the library will not start. */
bool secret_start(struct err *e) MUST_USE;

void secret_sha256(struct str bytes, unsigned char out[SECRET_SHA]);
/* SHA-256(a || b). */
void secret_sha256_two(struct str a, struct str b, unsigned char out[SECRET_SHA]);

/* HMAC-SHA-256 (RFC 2104). */
void secret_mac(const unsigned char key[SECRET_KEY], struct str bytes, unsigned char out[SECRET_SHA]);

/* XChaCha20-Poly1305 (IETF). out takes text.len + SECRET_TAG bytes. */
void secret_seal(const unsigned char key[SECRET_KEY], const unsigned char nonce[SECRET_NONCE],
                 struct str text, struct str additional, unsigned char *out);
/* out takes sealed.len - SECRET_TAG bytes; false when it was not made with this key. */
bool secret_open(const unsigned char key[SECRET_KEY], const unsigned char nonce[SECRET_NONCE],
                 struct str sealed, struct str additional, unsigned char *out) MUST_USE;

/* Ed25519. */
void secret_sign_keys(unsigned char key[SECRET_SIGN_KEY], unsigned char pub[SECRET_SIGN_PUB]);
void secret_sign(const unsigned char key[SECRET_SIGN_KEY], struct str text,
                 unsigned char out[SECRET_SIGNATURE]);
bool secret_signed(const unsigned char pub[SECRET_SIGN_PUB], struct str text,
                   const unsigned char signature[SECRET_SIGNATURE]) MUST_USE;

/* argon2id, "interactive" cost (64 MiB, about 0.1 s): never on a loop thread. */
bool secret_password(struct str password, char out[SECRET_PASSWORD_MAX], struct err *e) MUST_USE;
bool secret_password_is(const char *hash, struct str password) MUST_USE;

/* A key out of a passphrase: argon2id, 64 MiB, four passes (about 0.2 s): never on a loop thread. */
bool secret_stretch(struct str passphrase, const unsigned char salt[SECRET_SALT], unsigned char out[SECRET_KEY],
                    struct err *e) MUST_USE;
void secret_random(void *to, size_t n);

/* Same length and bytes, in constant time. */
bool secret_same(struct str a, struct str b) MUST_USE;
/* n random bytes as lower-case hex (2n + 1 bytes with NUL). */
void secret_token(char *to, size_t n);
/* A code to be read aloud and typed: groups of four of 23456789ABCDEFGHJKMNPQRSTVWXYZ,
 * "XXXX-XXXX-XXXX". */
void secret_code(char to[15]);
void secret_wipe(void *at, size_t n);
/* Reads a key file of exactly n bytes, or makes it (0600, synced) when it is not there. */
bool secret_key_file(const char *path, void *to, size_t n, bool *made, struct err *e) MUST_USE;

#endif
