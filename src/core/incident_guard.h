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
    bool fatality; /* speaks of the dead: families first */
    char why[192];
};

/* line: an entity of kind LINE; override_nok: the approval carries a reason to speak before the
 * families know.  work: to count in. */
void guard_line(const struct incident *s, uint32_t line, bool override_nok, struct reconciled *work, struct guard *g);
/* Is everybody whose death is verified known to the family? */
bool guard_families_know(const struct incident *s) MUST_USE;
/* Does the text have one of these words ("|"-separated, small letters)? */
bool text_has(struct str text, const char *words) MUST_USE;

#endif
