/* accounts.h -- who may connect: users, their certificates and groups; operators and sessions.
 *
 * DIR/cordon.db (SQLite, WAL, FULL).  Written by the record thread and by the
 * command line (`cordon client`, `cordon revoke`) beside a running server, which
 * notices through accounts_changed().  What changes who hears whom is also a
 * journal row; that is the caller's work. */
#ifndef CORDON_STORE_ACCOUNTS_H
#define CORDON_STORE_ACCOUNTS_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum {
    USER_NAME_MAX = 64,
    USER_ROLE_MAX = 32,
    USER_PASSWORD_HASH = 128, /* an argon2id string with its NUL */
    GROUP_NAME_MAX = 64,
    USER_GROUPS_MAX = 64,
    SERIAL_MAX = 64,
    AGENCY_MAX = 16,
    OPERATOR_ROLES_MAX = 512,
    OPERATOR_AGENCY_MAX = 65,
    OPERATORS_MAX = 512, /* more are refused */
};

struct accounts;

/* A user of the TAK side: what a certificate stands for. */
struct user {
    int64_t id;
    char name[USER_NAME_MAX];     /* the CN of its certificates */
    char agency[AGENCY_MAX];      /* short code shown in the unit frame; may be empty */
    char role[USER_ROLE_MAX];     /* of the TAK side: "Team Lead", "Medic" ...; may be empty */
    bool relay;                   /* may speak for many uids (gateway, load tool) */
    bool disabled;
    size_t group_count;
    struct user_group {
        char name[GROUP_NAME_MAX];
        bool in, out;             /* IN: may write into it; OUT: hears it (tak.md 2.2) */
        bool active;              /* switched on by the user */
    } groups[USER_GROUPS_MAX];
};

struct certificate {
    char serial[SERIAL_MAX];      /* lower-case hex */
    int64_t user_id;
    int64_t not_after_ms;
    int64_t revoked_ms;           /* 0: not revoked */
    int64_t issued_ms;            /* 0: not known, made by an older Cordon */
    int64_t invite_id;            /* it was enrolled with this invite; 0: otherwise */
    bool held;                    /* it is heard and hears nothing, until it is admitted */
    char device_uid[LIMIT_UID + 1]; /* as the phone said when it enrolled; may be empty */
};

/* Which certificates a revocation or an admission is for: those of a user, one serial, those of an
 * invite; what is empty or 0 does not matter, but something must be said.  by: who decided, for the record. */
struct certificate_order {
    struct str user, serial, by;
    int64_t invite_id, now_ms;
};

bool accounts_open(const char *dir, struct accounts **out, struct err *e) MUST_USE;
void accounts_close(struct accounts *a);
/* Has another connection written since the last call?  Cheap (PRAGMA data_version). */
bool accounts_changed(struct accounts *a);

/* Makes the user or updates role, relay, agency and groups of an existing one; id is set.  Passwords stay
 * as they are. */
bool accounts_put_user(struct accounts *a, struct user *u, struct err *e) MUST_USE;
bool accounts_user_by_name(struct accounts *a, struct str name, struct user *out, struct err *e) MUST_USE;
bool accounts_user_by_id(struct accounts *a, int64_t id, struct user *out, struct err *e) MUST_USE;
typedef bool accounts_see_user(void *ctx, const struct user *u);
bool accounts_users(struct accounts *a, accounts_see_user *see, void *ctx, struct err *e) MUST_USE;

bool accounts_put_certificate(struct accounts *a, const struct certificate *c, struct err *e) MUST_USE;
/* ERR_MISSING when this server never issued it. */
bool accounts_certificate(struct accounts *a, struct str serial, struct certificate *out, struct err *e) MUST_USE;
typedef bool accounts_see_certificate(void *ctx, const struct certificate *c);
/* Every certificate, the newest first; those of one user when user_id is not 0. */
bool accounts_certificates(struct accounts *a, int64_t user_id, accounts_see_certificate *see, void *ctx,
                           struct err *e) MUST_USE;
/* Revokes those of the order that are not revoked yet, or admits those that are held; *count tells how many.
 * The rows for the record (certificate.revoked, device.admitted) are notes of the same transaction: a running
 * server writes them and acts upon them within a second.  More than CERTIFICATE_ORDER_MAX at once are refused. */
enum { CERTIFICATE_ORDER_MAX = 1024 };
bool accounts_revoke(struct accounts *a, const struct certificate_order *o, size_t *count, struct err *e) MUST_USE;
bool accounts_admit(struct accounts *a, const struct certificate_order *o, size_t *count, struct err *e) MUST_USE;
/* A password of a TAK user, for enrolment and logins over HTTP: an argon2id string made by the caller
 * (os/secret.h), "" takes it away.  Leaves a note user.changed for the record. */
bool accounts_put_password(struct accounts *a, struct str user, struct str hash, struct str by, struct err *e) MUST_USE;
/* Shuts a user out, or lets him in again; leaves a note user.changed when that changes something. */
bool accounts_disable_user(struct accounts *a, struct str user, bool disabled, struct str by, struct err *e) MUST_USE;
/* "" for a user without a password; ERR_MISSING for no user. */
bool accounts_password(struct accounts *a, struct str user, char hash[USER_PASSWORD_HASH], struct err *e) MUST_USE;

/* Operators of the browser side. Passwords are argon2id strings made by the
 * caller (os/secret.h).  Of those who are not disabled one at least is an
 * administrator, as soon as there is an operator. */
struct operator {
    int64_t id;
    char name[USER_NAME_MAX];
    char roles[OPERATOR_ROLES_MAX]; /* "administrator,commander": words of core/incident_access.h */
    char agency[OPERATOR_AGENCY_MAX]; /* id of an agency; may be empty */
    char password_hash[128];
    bool disabled;
};
bool accounts_operator_count(struct accounts *a, size_t *count, struct err *e) MUST_USE;
/* Makes the operator, or writes over the one of that name; asks for nothing else. */
bool accounts_put_operator(struct accounts *a, struct operator *o, struct err *e) MUST_USE;
bool accounts_operator(struct accounts *a, struct str name, struct operator *out, struct err *e) MUST_USE;
typedef bool accounts_see_operator(void *ctx, const struct operator *o);
bool accounts_operators(struct accounts *a, accounts_see_operator *see, void *ctx, struct err *e) MUST_USE;
/* Makes or changes one operator as a whole or not at all.  note(ctx) is called when all is checked and
 * before it is durable: when it refuses (the record is full), nothing has changed. */
struct operator_change {
    bool make;         /* else he must be there */
    bool end_sessions; /* of this operator */
    bool (*note)(void *ctx, struct err *e); /* NULL: nobody to ask */
    void *ctx;
};
bool accounts_change_operator(struct accounts *a, struct operator *o, const struct operator_change *how,
                              struct err *e) MUST_USE;
/* What the command line did beside a server and the record has to hear of: rows in waiting, oldest
 * first, of at most NOTE_MAX bytes.  The record drops them once they are in the journal. */
enum { NOTE_MAX = 2048 };
bool accounts_put_note(struct accounts *a, unsigned kind, struct str payload, struct err *e) MUST_USE;
typedef bool accounts_see_note(void *ctx, int64_t id, unsigned kind, struct str payload);
bool accounts_notes(struct accounts *a, int64_t after, accounts_see_note *see, void *ctx, struct err *e) MUST_USE;
bool accounts_drop_notes(struct accounts *a, int64_t up_to, struct err *e) MUST_USE;
/* Sessions: the token's SHA-256 is stored, never the token. */
struct login {
    unsigned char token_hash[32];
    int64_t operator_id;
    int64_t made_ms, seen_ms, expires_ms;
    char csrf[65];
};
bool accounts_put_session(struct accounts *a, const struct login *s, struct err *e) MUST_USE;
bool accounts_session(struct accounts *a, const unsigned char token_hash[32], struct login *out,
                      struct operator *who, struct err *e) MUST_USE;
bool accounts_end_session(struct accounts *a, const unsigned char token_hash[32], struct err *e) MUST_USE;
bool accounts_expire_sessions(struct accounts *a, int64_t now_ms, struct err *e) MUST_USE;

/* Small named values: the setup code's hash, when the server certificate was made ... */
bool accounts_put_value(struct accounts *a, struct str key, struct str value, struct err *e) MUST_USE;
bool accounts_value(struct accounts *a, struct str key, char *out, size_t size, struct err *e) MUST_USE;

/* Devices: how far each phone has what must arrive (journal seq), and who holds
 * its uid.  Written in batches by the record thread. */
struct device {
    struct str uid, callsign;
    int64_t user_id;
    uint64_t acked_seq;
    int64_t seen_ms;
};
bool accounts_put_devices(struct accounts *a, const struct device *devices, size_t count, struct err *e) MUST_USE;
typedef bool accounts_see_device(void *ctx, const struct device *d);
bool accounts_devices(struct accounts *a, accounts_see_device *see, void *ctx, struct err *e) MUST_USE;

#endif
