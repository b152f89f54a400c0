/* incident_alarms.h -- what somebody must look at now, and who.
 *
 * One row {rule, owner, who next, seconds until then, function} in incident_alarms.c.  Alarms are
 * computed from the state and the injected time; they end when their ground ends, never by age.  Who
 * sees one says so with alarm.acked (its id); one that nobody acknowledged goes to the next owner.
 *
 * incident_due() gives the events that time alone makes: PAR missed, clearance expired, alarms raised
 * and escalated.  The shell submits them as commands about once a second, so that the record has them.
 * Bounds: ALARMS_MAX alarms, DUE_MAX events a call (the rest come with the next).  Pure. */
#ifndef CORDON_CORE_INCIDENT_ALARMS_H
#define CORDON_CORE_INCIDENT_ALARMS_H

#include "core/incident.h"

enum { ALARMS_MAX = 512, DUE_MAX = 64, ALARM_ITEMS = 4 };

struct alarm {
    const char *rule, *owner; /* owner: a role, already the next one when escalated */
    char id[INCIDENT_ID_MAX]; /* "rule:subject" */
    int64_t since_ms;
    bool acked, escalated;
    uint64_t items[ALARM_ITEMS]; /* the events it rests on */
    size_t n;
    struct str class; /* of what it is about, when that has one of its own: borrowed from the state */
    char text[512];
};

struct alarms {
    struct alarm list[ALARMS_MAX];
    size_t n, left_out;
};

void incident_alarms(const struct incident *s, int64_t now_ms, struct alarms *out);

/* When a unit's PAR is due; INT64_MAX when it has no clock. */
int64_t par_due_ms(const struct incident *s, uint32_t unit) MUST_USE;

/* How many commands to submit now; their payloads lie in memory. */
size_t incident_due(const struct incident *s, int64_t now_ms, struct alarms *work, struct buf *memory,
                    struct incident_command *out, size_t max) MUST_USE;

#endif
