/* incident_from_cot.h -- what a phone said, as commands for the incident that is open.
 *
 *   row of the river (journaled) --incident_from_river--> commands --incident_decide--> the incident
 *
 *   emergency.raised     by a unit that is checked in: mayday.declared; by anybody else: a critical report
 *   emergency.cancelled  mayday.resolved, "cancelled by the device"
 *   casevac.sent         casualty.reported (tag CV-..., unverified) and a report with the nine lines
 *   chat.said            an answer to a PAR call: par.acked; "roger" to an order: message.acked,
 *                        evacuation.acked
 *   chat.receipt         message.replied "received: ...": the phone showed it, nobody answered yet
 *   object.put           a hostile marker: a report of a sighting; a bomb, fire ...: hazard.reported
 *   file.stored          a photo or a data package: a report that cites it; the same bytes once
 *
 * Every command cites its row (cause), has via cot, and names the device as its source with grade B3.
 * All other chat stays in the log alone: what people say to one another is no entry in a table, and a
 * person decides what of it matters.  A drawing becomes nothing by itself (incident_promote.h).
 * Only what phones said counts: rows of the server's own or of an operator give nothing; neither does
 * an exercise's device in a real incident, or the other way round.
 *
 * Ids are made of uid and row, so the same row again (after a crash, say) gives commands that are
 * there already and are left out; an update of the same CASEVAC that says the same gives nothing, one
 * that says more gives one more report, a marker that is moved gives nothing: nobody is tracked
 * (domain.md 6.3).  Of sources, reports, hazards and casualties phones may fill three quarters; what is
 * critical may fill all.
 *
 * The commands are in order and each may rest on the one before (a report on its source): apply one
 * before the next is decided.  The incident must have seen the row (incident_apply with its kind, which
 * changes only the seq), else its cause "is not there yet".  Pure. */
#ifndef CORDON_CORE_INCIDENT_FROM_COT_H
#define CORDON_CORE_INCIDENT_FROM_COT_H

#include "core/incident.h"
#include "core/record.h"
#include "wire/cot.h"

enum {
    INCIDENT_RIVER_COMMANDS = 8, /* the most that a row gives */
    INCIDENT_RIVER_SCRATCH = 2 * LIMIT_EVENT_IN,
    INCIDENT_RIVER_MEMORY = INCIDENT_RIVER_SCRATCH + 8 * INCIDENT_TEXT_MAX,
};

struct incident_river {
    const struct incident *s;
    unsigned kind; /* enum event_id */
    struct str payload;
    uint64_t seq; /* of the row */
    int64_t now_ms;
    struct str server_uid;
};

/* How many commands, at most max.  memory: empty, of INCIDENT_RIVER_MEMORY bytes; the commands' payloads
 * lie in it. */
size_t incident_from_river(const struct incident_river *r, struct buf *memory, struct incident_command *out,
                           size_t max) MUST_USE;

/* The id of the report that cites the file with this SHA-256 (64 hex digits). */
void put_file_report_id(struct buf *b, struct str sha256);
/* What a report of a file has as its origin, "sha256-HEX": the same picture twice is one origin, and the file is
 * found by it. */
void put_file_origin(struct buf *b, struct str sha256);

/* The event of a row, in whatever form it was journaled; scratch: LIMIT_EVENT_IN bytes.  False: it has
 * none, or none that can be read. */
bool river_row_event(struct str payload, struct buf *scratch, struct cot *c) MUST_USE;

#endif
