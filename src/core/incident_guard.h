/* incident_guard.h -- may this line be said in public?  (domain.md 5.6, the release guard)
 *
 *   GREEN  its facts are live and well founded: grade B2 or better, or two origins
 *   AMBER  only with "X says": name who is quoted
 *   RED    blocked, with the reason
 *
 * A green light is about the record, not about wisdom: a second person still checks and a commander
 * approves.  Pure. */
#ifndef CORDON_CORE_INCIDENT_GUARD_H
#define CORDON_CORE_INCIDENT_GUARD_H

#include "core/incident.h"
#include "core/reconcile.h"

enum guard_light { GUARD_GREEN, GUARD_AMBER, GUARD_RED };

struct guard {
    enum guard_light light;
    bool fatality;    /* speaks of the dead: families first */
    const char *rule; /* which rule spoke, in one word for a translation; "" when it is green */
    char why[256];
};

struct guarding {
    const struct incident *s;
    struct reconciled *work; /* to count in */
    int64_t now_ms;
};

/* line: an entity of kind LINE, or an ALERT: what tells people what to do may rest on no fact and name
 * numbers of its own, all else holds for it as well.  override_nok: the approval carries a reason to
 * speak before the families know. */
void guard_line(const struct guarding *x, uint32_t line, bool override_nok, struct guard *g);
/* A line that was taken out of its statement before it was approved. */
bool guard_is_dropped(const struct incident *s, uint32_t line) MUST_USE;
/* The latest live fact about the counter of this one that was accepted after it; 0: it is the latest. */
uint32_t guard_newer(const struct incident *s, uint32_t fact) MUST_USE;
/* Does a line that is out rest on a figure that is another one by now? */
bool guard_is_outdated(const struct incident *s, uint32_t line) MUST_USE;
/* Is everybody whose death is verified known to the family? */
bool guard_families_know(const struct incident *s) MUST_USE;
/* Does the text have one of these words ("|"-separated, small letters)?  A word may go on in the text unless it is
 * written with a dot at its end.  Marks above and below letters, joiners, and which of two keyboards an Urdu letter
 * came from make no difference. */
bool text_has(struct str text, const char *words) MUST_USE;

#endif
