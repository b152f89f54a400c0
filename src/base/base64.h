/* base64.h -- bytes as text and back (RFC 4648, section 4).
 *
 * Reading forgives what clients do: white space anywhere, also within a quantum,
 * and padding that is missing; it refuses any other byte, padding in the middle and a
 * single left-over symbol.  Linear.  Pure. */
#ifndef CORDON_BASE_BASE64_H
#define CORDON_BASE_BASE64_H

#include "base/buf.h"

/* Adds the bytes of text to out; false when it is none, or when they do not fit. */
bool base64_take(struct str text, struct buf *out) MUST_USE;
/* Adds bytes as text; line: symbols a line, with a newline between lines and none at the end; 0: one line. */
void base64_put(struct buf *b, struct str bytes, size_t line);

#endif
