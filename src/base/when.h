/* when.h -- times as milliseconds since 1970-01-01T00:00:00Z, to and from text.
 *
 * CoT writes times as XML Schema dateTime in UTC (tak.md 1.1): any number of
 * fraction digits on input, exactly three on output.  Pure; no clock. */
#ifndef CORDON_BASE_WHEN_H
#define CORDON_BASE_WHEN_H

#include "base/buf.h"

enum { WHEN_TEXT_MAX = 32 };

/* Reads "YYYY-MM-DDThh:mm:ss[.f+](Z|+hh:mm|-hh:mm)"; a missing zone is taken
 * as UTC.  Fractions beyond the millisecond are cut off, not rounded.  Years
 * 1 to 9999; false when it is no such time. */
bool when_parse(struct str text, int64_t *out_ms) MUST_USE;
/* An RFC 3339 date-time (section 5.6): the same with its zone, and no blanks around it. */
bool when_parse_zoned(struct str text, int64_t *out_ms) MUST_USE;
/* Writes "YYYY-MM-DDThh:mm:ss.mmmZ"; a time outside years 1 to 9999 is
 * clamped to them. */
void when_put(struct buf *b, int64_t ms);

#endif
