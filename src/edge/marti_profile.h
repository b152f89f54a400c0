/* marti_profile.h -- what a phone that enrols is given: the enrolment profile as a data package (tak.md 2.3, 2.6).
 *
 * For the enrolment port, where there is no certificate yet; the other calls of profiles are routes. */
#ifndef CORDON_EDGE_MARTI_PROFILE_H
#define CORDON_EDGE_MARTI_PROFILE_H

#include "store/accounts.h"

struct web;
struct request;
struct reply;

struct profile_groups {
    const struct user_group *at;
    size_t count;
};
/* 200 with a package of the files for everybody who enrols and of those for these groups; 204 without any. */
void profile_enrolment(struct web *w, struct request *q, struct reply *r, struct profile_groups groups);

#endif
