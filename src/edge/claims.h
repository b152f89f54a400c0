/* claims.h -- a file of claims, one JSON object a line, as commands for an incident.
 *
 *   {"id":"R05","record":"checkin",...}     what the centre itself recorded
 *   {"id":"C8","counter":"attackers",...}   how many, by a source
 *   {"id":"C1","claim":"start",...}         anything else that a source said
 *   {"withdraws":"C8",...}                  takes a claim back
 *
 * A claim may name the `incident` that it is about; one about another incident is skipped.
 * Every row has `recorded_at`, which is the time its commands are decided at; nothing here reads a
 * clock.  The order of the file is the order of recording, also where recorded_at goes back (that is
 * said).  `record` is one of the words in claims.c, or the tag of any kind in core/incident.def; a
 * member is a field by its name in core/incident_field.def or one of the names that the row's table
 * gives it.  What a row says beyond that becomes its note, or is told with `say`: nothing is lost
 * silently.  Claims become reports that keep the row's id.
 *
 * A row is made into commands whole before the first of them is handed over, so that one that cannot
 * be read changes nothing.  A row that cannot be taken is told with its line and skipped; `strict`
 * ends the reading there.  Before the first row of a file that opens no incident, an exercise is
 * opened; an incident that is open already is joined (`joins`).  Sources and agencies are registered with
 * the first row that names them, which a receiver may pass over for those that it has.
 *
 * One thread; the struct owns its memory, which grows with the number of ids in the file.  Bounds:
 * CLAIMS_LINE_MAX bytes and CLAIMS_MEMBERS_MAX members a row, CLAIMS_ROWS_MAX rows; beyond them a row
 * is refused, more rows end the reading. */
#ifndef CORDON_EDGE_CLAIMS_H
#define CORDON_EDGE_CLAIMS_H

#include "core/incident.h"

enum { CLAIMS_LINE_MAX = 256 * 1024, CLAIMS_MEMBERS_MAX = 64, CLAIMS_ROWS_MAX = 100000, CLAIMS_COMMANDS_MAX = 16 };

struct claims_row {
    size_t line;    /* from 1 */
    struct str id;  /* lives as long as the struct claims; empty: the opening that no row asked for */
    int64_t recorded_ms;
};

enum claims_word { CLAIMS_NOTE, CLAIMS_SKIPPED };

struct claims_to {
    void *ctx;
    /* The commands of a row in their order.  False: refused; the rest of the row is left out. */
    bool (*command)(void *ctx, const struct claims_row *row, const struct incident_command *c, struct err *e);
    /* A sentence for the user about a line. */
    void (*say)(void *ctx, size_t line, enum claims_word word, const char *text);
};

struct claims_options {
    int64_t until_ms; /* rows recorded later are passed over */
    bool strict;
    struct str incident; /* the id it is opened with or has */
    bool joins;          /* it is open already: an incident row is told, not applied */
    bool exercise;       /* of the incident that is joined */
    struct str commander; /* who commands it now; empty: nobody */
};

/* rows = taken + later + skipped; blank lines are none. */
struct claims_sums {
    size_t rows, taken, later, skipped, notes;
    int64_t last_ms; /* the latest recorded_at that was read, INT64_MIN without any */
};

struct claims;

/* ERR_FULL when there is no memory. */
bool claims_new(const struct claims_options *o, struct claims **out, struct err *e) MUST_USE;
/* Reads a whole file, once.  False: strict and a row was refused, or a bound was reached; e has the line. */
bool claims_read(struct claims *c, struct str text, const struct claims_to *to, struct err *e) MUST_USE;
struct claims_sums claims_sums(const struct claims *c) MUST_USE;
void claims_free(struct claims *c); /* NULL is fine */
/* A time of such a file: RFC 3339 with its offset, which is not guessed. */
bool claims_time(struct str text, int64_t *ms) MUST_USE;

#endif
