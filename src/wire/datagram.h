/* datagram.h -- one CoT event out of a datagram.
 *
 * tak.md 1.4: an XML document, or a v1 mesh frame.
 *
 *   <?xml ...?><event ...>...</event>
 *   0xBF varint(version = 1) 0xBF payload      the rest of the datagram is the payload
 *
 * Exactly one event: a second one, or bytes behind the first that are no white space, are refused, so that a
 * datagram costs what one event costs.  White space and NUL at either end are passed over.  Pure; body is borrowed. */
#ifndef CORDON_WIRE_DATAGRAM_H
#define CORDON_WIRE_DATAGRAM_H

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct datagram {
    struct str xml;   /* from "<event" to its end; empty when it is v1 */
    struct str proto; /* the payload of a TakMessage; empty when it is XML */
};

bool datagram_read(struct str in, struct datagram *out, struct err *e) MUST_USE;

#endif
