/* invites.h -- who may join: a token that is given out, and what whoever shows it becomes.
 *
 *   made --(used uses_max times)--> used up        made --(expires_ms)--> expired
 *     +-----(invites_end)---------> ended
 *
 * A token is 26 symbols of 0-9 A-Z without I, L, O and U (130 bits of chance); case, hyphens and
 * spaces do not matter, and I, L, O are read as 1, 1, 0.  Only its SHA-256 is stored.  An invite of
 * one use makes the user of its name, or gives him another device.  One of many uses makes a
 * user of his own for each device: NAME-1, NAME-2 ...; these wait for admission unless `admits`.
 *
 * In DIR/cordon.db, through a struct accounts of the caller's thread.  invite.made and invite.ended
 * are notes for the record in the transaction of their cause.  Bounds: INVITES_MAX; when there are so
 * many, those go first that ended or expired INVITE_KEPT_MS ago; else a new one is refused. */
#ifndef CORDON_STORE_INVITES_H
#define CORDON_STORE_INVITES_H

#include "store/accounts.h"

enum {
    INVITE_TOKEN = 26,
    INVITE_GROUPS_MAX = 16,
    INVITE_USES_MAX = 10000,
    INVITES_MAX = 4096,
    INVITE_NAME_MAX = 48, /* with its NUL: room for "-10000" behind it in a user's name */
    INVITE_HOURS_MAX = 24 * 366,
};
#define INVITE_KEPT_MS ((int64_t)90 * 86400000)

struct invite {
    int64_t id;
    char name[INVITE_NAME_MAX];
    char agency[AGENCY_MAX], role[USER_ROLE_MAX];
    size_t group_count;
    struct user_group groups[INVITE_GROUPS_MAX];
    bool admits; /* of many uses: a device that joins by it is admitted at once, as one of a single use always is */
    int64_t expires_ms, uses_max, uses;
    char made_by[USER_NAME_MAX];
    int64_t made_ms, used_ms; /* used: the last time; 0: never */
    int64_t ended_ms;         /* 0: not ended by hand */
};

/* A name has letters, digits, '-', '_' and '.', and does not begin with a dot: it stands in links, file
 * names and certificates. */
bool invite_name_fits(struct str name, struct err *e) MUST_USE;
/* Does a device that joins by it wait until it is admitted? */
bool invite_holds(const struct invite *v) MUST_USE;
/* Makes one as v says (id is set): name, agency, role, groups, admits, expires_ms, uses_max, made_by, made_ms. The
 * token is told here and never again; wipe it. */
bool invites_make(struct accounts *a, struct invite *v, char token[INVITE_TOKEN + 1], struct err *e) MUST_USE;
typedef bool invites_see(void *ctx, const struct invite *v);
/* All that are kept, the newest first. */
bool invites_list(struct accounts *a, invites_see *see, void *ctx, struct err *e) MUST_USE;
bool invites_get(struct accounts *a, int64_t id, struct invite *out, struct err *e) MUST_USE;
/* Nobody joins by it any more; whoever did stays.  One that has ended is left as it is (ERR_DENIED). */
bool invites_end(struct accounts *a, int64_t id, struct str by, int64_t now_ms, struct err *e) MUST_USE;
/* Is there an invite of this name with this token?  ERR_MISSING: no, with nothing said about which is wrong.
 * ERR_DENIED: there is, and it has ended, expired or been used up; *out is filled all the same. */
bool invites_find(struct accounts *a, struct str name, struct str token, int64_t now_ms, struct invite *out,
                  struct err *e) MUST_USE;
/* The same by the token alone, for whoever opens its link: it tells whose name goes with it, so it is for what a
 * token shows, never for who somebody is. */
bool invites_by_token(struct accounts *a, struct str token, int64_t now_ms, struct invite *out,
                      struct err *e) MUST_USE;
/* The user whom the next device of this invite is: *u is filled.  Of a one-use invite that user may be there
 * (his groups become the invite's, when it names some); of a many-use invite it is one that nobody has. A number is
 * given out once, also when nobody joins by it in the end. */
bool invites_user(struct accounts *a, const struct invite *v, struct user *u, struct err *e) MUST_USE;
/* One device has joined: the certificate is there (user_id is set) and, when c->invite_id is one, the user as well, and
 * it is used once more; all of it or nothing.  ERR_DENIED when the invite cannot be used any more. */
bool invites_join(struct accounts *a, struct user *u, struct certificate *c, struct err *e) MUST_USE;

#endif
