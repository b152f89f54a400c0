/* auth.h -- the login that an old client sends before its first event.
 *
 * tak.md 1.4: <auth><cot username="" password="" uid="" [callsign=""]/></auth>, which is one unit of the stream
 * (frame.h).  Values are decoded.  Other elements and attributes are passed over.  Pure; borrowed slices of the input
 * and of scratch, which needs room for xml.len bytes. */
#ifndef CORDON_WIRE_AUTH_H
#define CORDON_WIRE_AUTH_H

#include "base/buf.h"
#include "base/err.h"

/* Longer: refused, and with it the connection. */
enum { AUTH_MAX = 4096 };

struct auth {
    struct str username, password, uid;
};

/* false, with a sentence: it is no login, or names nobody. */
bool auth_read(struct str xml, struct buf *scratch, struct auth *out, struct err *e) MUST_USE;

#endif
