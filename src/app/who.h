/* who.h -- as whom a command of the command line acts: `--by NAME` and `--roles LIST`.
 *
 * An operator of this server acts with his roles and his agency, as in the browser.  Any other name needs --roles:
 * whoever has the data folder says what that one is.  Nobody named (a trial that records nothing): every role. */
#ifndef CORDON_APP_WHO_H
#define CORDON_APP_WHO_H

#include "core/incident_access.h"
#include "store/accounts.h"

struct who_acts {
    char roles[OPERATOR_ROLES_MAX], agency[OPERATOR_AGENCY_MAX];
};

/* False, with a sentence: there is no such operator and no role was said, or he is an operator who is disabled or
 * has other roles. */
bool who_acts(const char *dir, const char *by, const char *roles, struct who_acts *out, struct err *e) MUST_USE;

#endif
