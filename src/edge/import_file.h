/* import_file.h -- commands for an incident in a file: what lies in DIR/inbox/UUID.commands.
 *
 *   {"cordon":"import 1","incident":"I-1","by":"NAME","roles":"planning","source":"block.geojson"}     the head
 *   {"id":"UUID","kind":"zone.defined","fields":{...}}                              a COMMAND, a line each
 *
 * What whoever brings it may do follows from "roles" and "agency", each command as if he sent it alone
 * (core/incident_access.h); without roles that is nothing, as IMPORT_OWNER everything.
 *
 * Beside them the head can have "address" (whence a browser sent it) and both "exercise"; a line can
 * have "line", its number in the file that it was made of, and, in an exercise alone, "recorded_at" and
 * "actor": an exercise lives in its own time and has its own people, a real record is dated by the
 * server's clock and signed by who brings the file.  "exercise": true or false must be what the incident
 * is; left out, it is what the incident is.
 *
 * The same code reads it for the command line, the web's worker and the record thread; it is read a
 * slice at a time.  Everything is checked that one command alone can show; whether the incident takes
 * them is asked of incident_decide().  One owner; the struct owns its memory.
 *
 * Bounds: IMPORT_FILE_MAX bytes, IMPORT_COMMANDS_MAX commands of IMPORT_LINE_MAX bytes each; beyond them
 * the file is refused.  Memory: up to five times the file, while it is being applied. */
#ifndef CORDON_EDGE_IMPORT_FILE_H
#define CORDON_EDGE_IMPORT_FILE_H

#include "core/incident_access.h"

/* As "roles": whoever has the data folder, who may also what the server itself does.  No account can have it. */
#define IMPORT_OWNER "system"

enum {
    IMPORT_FILE_MAX = 8 << 20,
    IMPORT_COMMANDS_MAX = 20000,
    IMPORT_LINE_MAX = 256 * 1024,
    IMPORT_NAME_MAX = 128, /* of who brings it, of the source */
    IMPORT_TICKET_MAX = 64,
};

struct import_item {
    enum incident_kind kind;
    size_t line;         /* for the user: in his file, or the number of the command */
    struct str ticket;   /* the command's id */
    struct str asked;    /* a payload as of ASK_COMMAND: TICKET, BY, ADDRESS, and behind them ... */
    struct str core;     /* ... what incident_decide() takes */
    int64_t recorded_ms; /* in an exercise that says so; else -1: the clock */
    bool known;          /* it is in the record already */
};

struct import_file {
    char incident[INCIDENT_ID_MAX + 1], by[IMPORT_NAME_MAX + 1], address[64], source[IMPORT_NAME_MAX + 1];
    bool says_exercise, exercise; /* exercise counts when says_exercise */
    struct access access;         /* of who brings it */
    struct import_item *items;
    size_t count;
    char *text; /* the file */
    size_t len, at, line;
    char *memory; /* of the items' bytes */
    size_t memory_len, memory_max;
    uint32_t *places; /* the items by their ticket, open addressing */
};

/* Takes over text (malloc'd) and reads the head.  False: e says what is wrong; import_file_end() all the same. */
bool import_file_begin(struct import_file *f, char *text, size_t len, struct err *e) MUST_USE;
/* Is the incident what the head says?  To be asked before the lines are read. */
bool import_file_fits(const struct import_file *f, const struct incident *s, struct err *e) MUST_USE;
/* Reads up to `most` lines on, for an incident that is an exercise or not; *done when there are no more.
 * False: the sentence begins with "line N: ". */
bool import_file_read(struct import_file *f, bool exercise, size_t most, bool *done, struct err *e) MUST_USE;
/* The command with this ticket, NULL when there is none. */
struct import_item *import_file_find(const struct import_file *f, struct str ticket) MUST_USE;
void import_file_end(struct import_file *f);

/* The head, as import_file_begin() reads it. */
struct import_head {
    struct str incident, by, roles, agency, address, source;
    bool says_exercise, exercise;
};
void import_head_put(const struct import_head *h, struct buf *b);

/* What became of a file. */
struct import_result {
    char incident[INCIDENT_ID_MAX + 1], by[IMPORT_NAME_MAX + 1]; /* empty when the head could not be read */
    bool ok;
    size_t total, known;    /* commands; of them those that were in the record already */
    size_t commands;        /* recorded now */
    size_t events;          /* that they became */
    uint64_t first, last;   /* rows of them, 0: none */
    enum err_kind refused;  /* not ok */
    char text[ERR_TEXT_MAX]; /* not ok: a sentence that begins with the line it is about, if it is about one */
};
enum { IMPORT_RESULT_MAX = 8192 };
void import_result_put(const struct import_result *r, struct buf *b);
bool import_result_read(struct str json, struct import_result *r, struct err *e) MUST_USE;

#endif
