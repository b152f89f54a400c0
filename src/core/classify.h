/* classify.h -- what the server does with an event of a type: rows, not branches.
 *
 * tak.md 1.2 and 1.7.  The first row whose prefix fits decides; a prefix fits a
 * whole type or one that goes on with '-'.  Pure. */
#ifndef CORDON_CORE_CLASSIFY_H
#define CORDON_CORE_CLASSIFY_H

#include "wire/cot.h"

enum cot_class {
    CLASS_PING,      /* answered, not relayed */
    CLASS_NEGOTIATE, /* t-x-takp-q */
    CLASS_CONSUMED,  /* other control types: never relayed */
    CLASS_INCOGNITO_ON,
    CLASS_INCOGNITO_OFF,
    CLASS_PRESENCE, /* a person's device: it has contact/@endpoint */
    CLASS_TRACK,    /* a moving thing that a machine reports: replaceable */
    CLASS_PASS,     /* unknown to us: relayed live, not kept */
    /* From here on: durable before anyone hears of it. */
    CLASS_CHAT,
    CLASS_RECEIPT,
    CLASS_EMERGENCY,
    CLASS_EMERGENCY_CANCEL,
    CLASS_CASEVAC,
    CLASS_OBJECT, /* marker, shape, route: kept until stale or deleted */
    CLASS_DELETE,
    CLASS_FILE,
    CLASS_FILE_ANSWER,
    CLASS_TASK,
    CLASS_COUNT
};

/* Of a parsed event: type, contact endpoint, how and <archive> decide. */
enum cot_class classify(const struct cot *c, bool archive) MUST_USE;
static inline bool class_is_durable(enum cot_class k)
{
    return k >= CLASS_CHAT;
}
/* Is its latest event kept for newcomers? */
bool class_is_kept(enum cot_class k) MUST_USE;
/* Goes out at once instead of with the next flush. */
bool class_is_urgent(enum cot_class k) MUST_USE;

#endif
