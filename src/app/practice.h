/* practice.h -- the practice of a running server: a child of this program (see edge/practice.h). */
#ifndef CORDON_APP_PRACTICE_H
#define CORDON_APP_PRACTICE_H

#include "app/config.h"
#include "edge/practice.h"

/* Nothing runs yet; NULL when there is no memory. */
struct practice *practice_new(const struct config *c);
/* Ends what runs and waits for it: a second or two, PRACTICE_END_MS at most.  When nobody asks any more. */
void practice_free(struct practice *p);

#endif
