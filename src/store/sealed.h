/* sealed.h -- who a casualty is: kept so that it takes two people to read it (domain.md 6.1).
 *
 *   text       sealed under K, a random key of its own
 *   K          = A xor B, two random halves; A or B alone says nothing
 *   A, B       each wrapped under the key of one holder: argon2id(passphrase, the holder's salt)
 *
 * DIR/sealed.db (SQLite, WAL, FULL, deleted content is overwritten).  Neither text nor K nor a half nor
 * a passphrase is ever in it.  Every pair of holders that may open an identity has halves of its own.  A
 * holder's first sealing sets his passphrase; a later one with another is refused, so that a slip of the
 * finger cannot lock an identity for ever.
 *
 * Keys are made by the caller with secret_stretch() (slow: never on a thread that others wait for), who
 * also limits how often it is tried, wipes them, and writes each opening into the record before anybody
 * sees the text.  Subject: what the identity is of, "INCIDENT|TAG".  One thread.  Bounds: the enum. */
#ifndef CORDON_STORE_SEALED_H
#define CORDON_STORE_SEALED_H

#include "base/buf.h"
#include "base/err.h"
#include "os/secret.h"

enum {
    SEALED_SUBJECT_MAX = 257,
    SEALED_HOLDER_MAX = 63,
    SEALED_TEXT_MAX = 16 * 1024,
    SEALED_IDENTITIES_MAX = 4096, /* more are refused */
    SEALED_PAIRS_MAX = 32,        /* of one identity; more are refused */
};

struct sealed;

struct holder {
    struct str name; /* of an operator; borrowed */
    unsigned char key[SECRET_KEY];
};

bool sealed_open(const char *dir, struct sealed **out, struct err *e) MUST_USE;
void sealed_close(struct sealed *s); /* NULL is fine */

/* The salt of a holder's passphrase: his own, or a new one that his first sealing keeps. */
struct holder_salt {
    unsigned char bytes[SECRET_SALT];
    bool known;
};
bool sealed_salt(struct sealed *s, struct str name, struct holder_salt *out, struct err *e) MUST_USE;

/* salts: those that the keys were made with.  ERR_DENIED: it is sealed already, or a passphrase is not
 * the one of before; ERR_INPUT: one holder twice, too long; ERR_FULL. */
struct sealing {
    struct str subject, text;
    const struct holder *pair;       /* two */
    const struct holder_salt *salts; /* two */
};
bool sealed_put(struct sealed *s, const struct sealing *x, struct err *e) MUST_USE;
/* Lets another pair open it, too; have: a pair that can. x->text is not used. */
bool sealed_share(struct sealed *s, const struct sealing *x, const struct holder have[2], struct err *e) MUST_USE;
bool sealed_has(struct sealed *s, struct str subject, bool *has, struct err *e) MUST_USE;
/* ERR_DENIED when these two do not open it: it is not said which passphrase was wrong, nor whether the
 * two are a pair. */
bool sealed_read(struct sealed *s, struct str subject, const struct holder pair[2], struct buf *out,
                 struct err *e) MUST_USE;
/* For ever, from the file and its WAL; a holder of nothing else is forgotten with it.  false after it is destroyed,
 * with that sentence: the disk failed, and its older pages go from the WAL with a later use or the next start. */
bool sealed_destroy(struct sealed *s, struct str subject, struct err *e) MUST_USE;

#endif
