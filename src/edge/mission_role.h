/* mission_role.h -- what somebody may do in a mission: by a token, a subscription, an invitation, or as one of its
 * groups.  For the record thread, which decides, and the web thread, which shows. */
#ifndef CORDON_EDGE_MISSION_ROLE_H
#define CORDON_EDGE_MISSION_ROLE_H

#include "store/missions.h"

struct mission_asker {
    struct str user, client; /* the TAK user; the device that it says it asks for, may be empty */
    struct str claim;        /* what its token proves (store/mission_token.h), or empty */
};

/* Of who subscribes without more. */
enum mission_role mission_default_role(const struct mission *x) MUST_USE;
/* Of that user's device, else the best of that user's subscriptions; MISSION_NOBODY without one. */
bool mission_subscribed_role(struct missions *m, const struct mission *x, const struct mission_asker *a,
                             enum mission_role *role, struct err *e) MUST_USE;
/* Of an invitation of that device or that user, or of the one whose token was shown. */
bool mission_invited_role(struct missions *m, const struct mission *x, const struct mission_asker *a,
                          enum mission_role *role, struct err *e) MUST_USE;
/* The role that a request has: of the token's subscription or invitation, of the user's own subscription, or the
 * default one of a mission that has no password and is not for the invited only.  A token that is none any more
 * gives nothing, and takes nothing away. */
bool mission_find_role(struct missions *m, const struct mission *x, const struct mission_asker *a,
                       enum mission_role *role, struct err *e) MUST_USE;

#endif
