/* who.h -- as whom a command of the command line acts: `--by NAME` and `--roles LIST`.
 *
 * An operator of this server acts with his roles and his agency, as in the browser.  Of another name --roles says
 * what he is; without it he is whoever has the data folder and its keys, and the command decides what that is worth. */
#ifndef CORDON_APP_WHO_H
#define CORDON_APP_WHO_H

#include "core/incident_access.h"
#include "store/accounts.h"

enum who_is { WHO_UNSAID, WHO_SAID, WHO_OPERATOR };

struct who_acts {
    enum who_is is;
    char roles[OPERATOR_ROLES_MAX], agency[OPERATOR_AGENCY_MAX]; /* empty: unsaid */
};

/* False, with a sentence: he is an operator who is disabled, or has other roles than were said; or --roles has a
 * word that is none. */
bool who_acts(const char *dir, const char *by, const char *roles, struct who_acts *out, struct err *e) MUST_USE;

#endif
