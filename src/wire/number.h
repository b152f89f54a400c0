/* number.h -- decimal numbers to text, the shortest that reads back the same.
 *
 * cot_number() of cot.h is the other way round.  Neither depends on the
 * locale.  Pure. */
#ifndef CORDON_WIRE_NUMBER_H
#define CORDON_WIRE_NUMBER_H

#include "base/buf.h"

enum { NUMBER_TEXT_MAX = 32 };

/* Writes a finite number with at least one digit on both sides of the point
 * ("520.0"); very large and very small ones with an exponent ("1.5E-9").
 * MUST(it is finite). */
void number_put(struct buf *b, double v);

#endif
