/* witness.h -- who else holds which head of the record: DIR/witness.txt.
 *
 * A chain alone cannot show that its end was cut off or that all of it was written anew.  A head that
 * another agency keeps can.  What they were read (`cordon seal`) and say that they hold is a line of this
 * file, which is only ever appended to, by `cordon seal --witness` beside a running server:
 *
 *   TIME SEQ HASH SIGNATURE KEY WHO
 *   2026-02-17T14:12:00.000Z 4711 (64 hex digits) - - EX-FIRE/Watch officer
 *
 * SIGNATURE (128 hex digits) and KEY (64) are - when the witness has no Cordon.  Otherwise it is Ed25519 of
 *   "CORDON WITNESS 1" | seq(8, big endian) | hash(32) | WHO
 * A line that a power cut has torn is passed over; the next one begins on a line of its own.
 * Bounds: WITNESS_LINE_MAX bytes a line; a longer one is passed over. */
#ifndef CORDON_STORE_WITNESS_H
#define CORDON_STORE_WITNESS_H

#include "base/buf.h"
#include "base/err.h"
#include "store/journal.h"

enum {
    WITNESS_WHO_MAX = 128,
    WITNESS_LINE_MAX = 512,
    WITNESS_SIGNATURE = 64,
    WITNESS_KEY = 32,
    WITNESS_SIGN_KEY = 64,
};

struct witness {
    struct journal_head head;
    int64_t at_ms; /* when it was recorded here, wall clock */
    bool is_signed;
    unsigned char signature[WITNESS_SIGNATURE], key[WITNESS_KEY];
    char who[WITNESS_WHO_MAX + 1]; /* agency and name, as "EX-FIRE/Watch officer" */
};

/* A line without its end; false when it is none. */
bool witness_parse(struct str line, struct witness *w) MUST_USE;
/* The line with its end. */
void witness_print(const struct witness *w, struct buf *b);
/* Takes the name of agency and person; false with a sentence when it is not one. */
bool witness_take_who(struct str who, struct witness *w, struct err *e) MUST_USE;
/* Signs as the witness: key is the 64 bytes of that agency's own journal.sign. */
void witness_sign(struct witness *w, const unsigned char key[WITNESS_SIGN_KEY]);
/* Does the signature fit?  True when there is none. */
bool witness_is_genuine(const struct witness *w) MUST_USE;

/* Appends one to DIR/witness.txt and syncs it. */
bool witness_append(const char *dir, const struct witness *w, struct err *e) MUST_USE;

/* The file, line by line. */
struct witness_file {
    void *file;       /* NULL: there is none */
    uint64_t line;    /* the number of the line that witness_next() gave last */
    uint64_t unread;  /* lines so far that are none */
};
/* from: where to begin, in bytes: 0, or what witness_at() gave.  False: it is there and cannot be read. */
bool witness_open(const char *dir, int64_t from, struct witness_file *f, struct err *e) MUST_USE;
/* The next line; false at the end.  A last line that has no end yet is left for later. */
bool witness_next(struct witness_file *f, struct witness *w) MUST_USE;
/* Behind the last whole line, in bytes. */
int64_t witness_at(const struct witness_file *f) MUST_USE;
void witness_close(struct witness_file *f);

#endif
