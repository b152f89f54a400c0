/* accounts_inner.h -- what accounts.c and invites.c share of one handle on cordon.db; for these two alone.
 *
 * The handle is of one thread; its statements are prepared when it is opened, those of invites with their
 * first use. */
#ifndef CORDON_STORE_ACCOUNTS_INNER_H
#define CORDON_STORE_ACCOUNTS_INNER_H

#include "store/accounts.h"
#include "store/db.h"

/* One row a statement; prepared at open, since all of them are small. */
enum accounts_statement {
    USER_PUT,
    USER_BY_NAME,
    USER_BY_ID,
    USERS,
    GROUPS,
    GROUPS_CLEAR,
    GROUP_PUT,
    CERTIFICATE_PUT,
    CERTIFICATE,
    CERTIFICATES,
    TO_REVOKE,
    REVOKE,
    TO_ADMIT,
    ADMIT,
    USER_DISABLE,
    PASSWORD_PUT,
    PASSWORD,
    OPERATOR_COUNT,
    OPERATOR_ADMINISTRATORS,
    OPERATOR_PUT,
    OPERATOR,
    OPERATORS,
    OPERATOR_SESSIONS_END,
    NOTE_PUT,
    NOTES,
    NOTES_DROP,
    SESSION_PUT,
    SESSION,
    SESSION_END,
    SESSIONS_EXPIRE,
    VALUE_PUT,
    VALUE,
    DEVICE_PUT,
    DEVICES,
    DATA_VERSION,
    ACCOUNTS_STATEMENTS,
};

enum { INVITE_STATEMENTS = 11 };

struct accounts {
    struct db *db;
    int64_t data_version;
    struct db_stmt *at[ACCOUNTS_STATEMENTS];
    struct db_stmt *invites[INVITE_STATEMENTS]; /* NULL: not yet used */
};

/* Ends a transaction by how it went. */
bool accounts_finish(struct accounts *a, bool ok, struct err *e) MUST_USE;
/* accounts_put_user() within the caller's transaction. */
bool accounts_user_in(struct accounts *a, struct user *u, struct err *e) MUST_USE;

#endif
