/* mission_token.h -- what a client shows in MissionAuthorization: that it subscribed, was invited, knew the password.
 *
 *   KIND.GUID.ID.MAC     MAC = HMAC-SHA-256 under DIR/missions.key (0600) over kind, guid, id and secret
 *
 * A token says only which subscription or invitation it is of (ID): what role that has, and whether it is there
 * still, is looked up each time.  One for a password holds as long as the password.  Never logged. */
#ifndef CORDON_STORE_MISSION_TOKEN_H
#define CORDON_STORE_MISSION_TOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "os/secret.h"

enum { MISSION_TOKEN_MAX = 256, MISSION_TOKEN_ID = 32 /* hex digits of an id */ };

struct mission_token_key {
    unsigned char bytes[SECRET_KEY];
};

enum mission_token_kind { TOKEN_SUBSCRIPTION, TOKEN_INVITATION, TOKEN_ACCESS, TOKEN_KINDS };

/* What a token is about; secret: of TOKEN_ACCESS the password's hash, else empty. */
struct mission_token {
    enum mission_token_kind kind;
    struct str guid, id, secret;
};

/* Reads the key of a data folder, or makes it. */
bool mission_token_key(const char *dir, struct mission_token_key *out, struct err *e) MUST_USE;
/* A new id: 128 random bits in hex. */
void mission_token_id(char out[MISSION_TOKEN_ID + 1]);
void mission_token_put(const struct mission_token_key *k, const struct mission_token *t, struct buf *out);
/* Is it a token of this mission that we made?  Then *claim is what FIELD_MISSION_CLAIM says: "subscription/ID",
 * "invitation/ID" or "access". */
bool mission_token_claim(const struct mission_token_key *k, struct str token, struct str guid, struct str secret,
                         struct buf *claim) MUST_USE;

#endif
