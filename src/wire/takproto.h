/* takproto.h -- TAK protocol version 1 (protobuf TakMessage), from and to struct cot.
 *
 * Field numbers of tak.md 1.5.  Decoding borrows from the payload; encoding
 * follows ATAK's own core (commoncommo): an element becomes its typed message
 * only if it stands once in <detail>, has exactly that message's attributes and
 * no children or text, and its values survive (an integer battery, numbers for
 * track); everything else stays byte for byte in xmlDetail.  Unknown fields are
 * skipped.  Pure; no allocation.
 *
 * A number that a double cannot hold as it was written (18 digits) goes as the
 * nearest double in v1; receivers of XML always get the text as written.  What
 * CotEvent has no field for is not in v1 either: the event's version, other
 * attributes of event and point, other children of event.  An empty attribute
 * of event and an absent one are the same to v1. */
#ifndef CORDON_WIRE_TAKPROTO_H
#define CORDON_WIRE_TAKPROTO_H

#include "wire/cot.h"

enum { TAK_MAGIC = 0xBF, TAK_VERSION = 1, TAK_HEADER_MAX = 11 };

struct tak_control {
    bool is;
    uint32_t min_version, max_version; /* 0 was sent as nothing and means 1 */
    struct str contact_uid;
};

/* Decodes a payload (without 0xBF and length).  A TakMessage with only a
 * TakControl gives has_event = false.  The event must meet the same demands as
 * cot_from_xml (uid, type; a missing time counts as 0).  xmlDetail must be
 * well-formed UTF-8 XML content without a literal "</event>"; a typed element
 * that stands in it wins over the typed message, and its values that need
 * decoding go to scratch, which needs room for payload.len bytes.  A battery
 * above 2^31-1 counts as that, a time after the year 9999 as its end, a number
 * that is not finite as NAN. */
bool tak_decode(struct str payload, struct buf *scratch, struct cot *out, bool *has_event,
                struct tak_control *control, struct err *e) MUST_USE;

/* Writes a whole stream frame: 0xBF varint(length) payload.  Without marti/dest
 * when stripped is true.  Junk in the numbers of the point goes as NaN, which is
 * what ATAK makes of it; a missing point as 0, 0 and unknown.  Returns
 * false when it does not fit into b (b->len is then as before); a few bytes more
 * than the frame may be needed on the way. */
bool tak_encode(const struct cot *c, bool stripped, struct buf *b) MUST_USE;

/* Stream header before a payload that is already there. */
void tak_put_header(struct buf *b, size_t payload_len);

#endif
