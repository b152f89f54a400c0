/* err.h -- what the world refused, as a value with a sentence.
 *
 * A function that can be refused returns bool and takes struct err * last;
 * on false the sentence is set and can be shown to a user as it is.  On the
 * way up err_in() puts where it happened in front.  The caller owns the err.
 * Pure; no allocation; longer sentences are cut at ERR_TEXT_MAX. */
#ifndef CORDON_BASE_ERR_H
#define CORDON_BASE_ERR_H

#include "base/must.h"

#include <stdbool.h>

enum { ERR_TEXT_MAX = 512 };

enum err_kind {
    ERR_NONE,
    ERR_INPUT,   /* what was given is wrong */
    ERR_DENIED,  /* not allowed to do that */
    ERR_MISSING, /* what was named is not there */
    ERR_FULL,    /* a limit is reached */
    ERR_WORLD,   /* disk, network or a library failed */
    ERR_RIGHTS,  /* the account has not the right to it, whatever the state of things */
};

struct err {
    enum err_kind kind;
    char text[ERR_TEXT_MAX];
};

/* Sets the sentence; always returns false, so that a caller can return it. */
bool err_set(struct err *e, enum err_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* Puts "where: " in front of the sentence that is there; returns false. */
bool err_in(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
