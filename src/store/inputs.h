/* inputs.h -- the inputs that were made while the server runs: their words, and the hash of a token.
 *
 * Table inputs of DIR/cordon.db, on a handle of its own.  `cordon input` writes beside a running server, which
 * notices through inputs_changed().  What the words mean is edge/input_rule.h's. */
#ifndef CORDON_STORE_INPUTS_H
#define CORDON_STORE_INPUTS_H

#include "base/err.h"
#include "base/str.h"

enum { INPUT_ROWS_MAX = 64, INPUT_TOKEN_HASH = 32 };

struct input_store;

struct input_row {
    struct str name, spec;    /* borrowed from the row */
    struct str token_hash;    /* INPUT_TOKEN_HASH bytes, or empty */
    int64_t made_ms;
};

bool inputs_open(const char *dir, struct input_store **out, struct err *e) MUST_USE;
void inputs_close(struct input_store *s);
/* Has another connection written to cordon.db since the last call? */
bool inputs_changed(struct input_store *s);
/* Makes one, or writes over the one of that name; more than INPUT_ROWS_MAX are refused. */
bool inputs_put(struct input_store *s, const struct input_row *row, struct err *e) MUST_USE;
/* ERR_MISSING when there is none of that name. */
bool inputs_drop(struct input_store *s, struct str name, struct err *e) MUST_USE;
typedef bool inputs_see(void *ctx, const struct input_row *row);
/* By name; see() false ends it. */
bool inputs_each(struct input_store *s, inputs_see *see, void *ctx, struct err *e) MUST_USE;

#endif
