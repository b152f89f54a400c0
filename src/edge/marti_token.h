/* marti_token.h -- the tokens of /oauth/token: JSON Web Tokens (RFC 7519) signed with HS256 (RFC 7515, 7518).
 *
 * A token says who signed in, until when, and which password it was: with another one it counts no more.  The key
 * lies in DIR/token.key and signs nothing else.  No state: what is said here is all there is.
 * Bounds: TOKEN_TEXT_MAX bytes, TOKEN_LIFE_S seconds.  Pure, but for HMAC. */
#ifndef CORDON_EDGE_MARTI_TOKEN_H
#define CORDON_EDGE_MARTI_TOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "os/secret.h"

enum { TOKEN_TEXT_MAX = 1024, TOKEN_LIFE_S = 3600, TOKEN_NAME_MAX = 64, TOKEN_PROOF = 33, TOKEN_ID = 33 };

struct token {
    char name[TOKEN_NAME_MAX]; /* of the user */
    char proof[TOKEN_PROOF];   /* of the password: what token_proof() makes of its hash */
    char id[TOKEN_ID];         /* drawn anew for each */
    int64_t from_s, until_s;   /* since 1970 */
};

/* Half of SHA-256(hash), as hex. */
void token_proof(const char *password_hash, char out[TOKEN_PROOF]);
/* Writes the token's text. */
void token_put(const unsigned char key[SECRET_KEY], const struct token *t, struct buf *b);
/* Reads one that this key signed and whose time it is; false with a sentence. */
bool token_take(const unsigned char key[SECRET_KEY], struct str text, int64_t now_ms, struct token *out,
                struct err *e) MUST_USE;

#endif
