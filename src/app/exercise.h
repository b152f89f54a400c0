/* exercise.h -- the script of an exercise: what happens at which time, in the order of time.
 *
 * Two files (exercise/ in the source): claims, as edge/claims.h reads them, and the evening, lines of
 * commands and of places of phones:
 *
 *   {"at":"2023-02-17T19:13:00+05:00","kind":"methane.reported","actor":"...","fields":{...}}
 *   {"at":..., "phone":"EX-RRF-1","lat":10.0027,"lon":66.0004}
 *
 * "refused" has words that the refusal of that command must have: a script also shows what must not work.
 * Bounds: SCRIPT_ITEMS. */
#ifndef CORDON_APP_EXERCISE_H
#define CORDON_APP_EXERCISE_H

#include "base/err.h"
#include "core/incident.h"

enum { SCRIPT_ITEMS = 20000, SCRIPT_PHONE = 40 };

struct script_item {
    int64_t at_ms;
    size_t order; /* of equal times */
    enum incident_kind kind;
    struct str payload; /* malloc'd; of a phone's place empty */
    char phone[SCRIPT_PHONE], refused[64];
    double lat, lon;
};

struct script {
    struct script_item *items;
    size_t count;
};

/* RFC 3339 with its offset. */
bool script_time(const char *text, int64_t *ms) MUST_USE;
/* Reads both texts and sorts; false with the line. */
bool script_read(struct script *s, struct str evening, struct str claims, struct err *e) MUST_USE;
void script_free(struct script *s);

#endif
