/* logins.h -- passwords of the <auth> logins, checked on a thread of its own.
 *
 * argon2id takes a tenth of a second, which no loop can spare.  A right one becomes a question who this is
 * (ASK_JOIN) in the name of its connection; a wrong one closes it, and is a row of the record.  Whoever is wrong too
 * often waits, by address and by name (edge/web_limit.h).
 *
 * Nothing is opened before the first login: most servers have none.
 * Bounds: LOGINS_WAITING jobs wait; more are refused.  A job's password is wiped when it was looked at. */
#ifndef CORDON_EDGE_LOGINS_H
#define CORDON_EDGE_LOGINS_H

#include "edge/hub.h"

enum { LOGINS_WAITING = 64, LOGINS_WAIT_MAX_MS = 300000 };

struct login_job {
    uint64_t handle; /* of the connection */
    char name[64], address[64];
    size_t len;
    char password[256];
};

bool logins_start(struct hub *h, const char *dir, struct err *e) MUST_USE;
/* When no loop is left that asks. */
void logins_stop(struct hub *h);
/* false: too many wait, or there is no such thread. */
bool logins_ask(struct hub *h, const struct login_job *job) MUST_USE;

#endif
