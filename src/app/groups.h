/* groups.h -- a group as the command line says it: NAME, NAME:in (written into) or NAME:out (heard). */
#ifndef CORDON_APP_GROUPS_H
#define CORDON_APP_GROUPS_H

#include "store/accounts.h"

/* Adds one to a list of at most max; false with a sentence when it is none or the list is full. */
bool groups_take(struct str text, struct user_group *list, size_t *count, size_t max, struct err *e) MUST_USE;
/* The same for "ONE,TWO:out,...". */
bool groups_take_all(struct str text, struct user_group *list, size_t *count, size_t max, struct err *e) MUST_USE;

#endif
