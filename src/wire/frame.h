/* frame.h -- cut a byte stream from a TAK client into units.
 *
 * Stream framing of tak.md 1.4: XML events back to back, ended by the literal
 * "</event>" (or a self-closed <event .../>) outside of CDATA, comments,
 * processing instructions and attribute values; TAK protocol v1 frames
 * 0xBF varint(length) payload.  Every unit is sniffed by its first byte, so a
 * client may change form at any time.  White space, NUL, a byte order mark, an
 * XML declaration, comments and processing instructions between units are
 * skipped.
 *
 * What is not well-formed is cut as well as it can be, so that it costs its
 * sender one refusal and the events behind it live: a raw < or & or a stray
 * quote in a value, a text that is not closed, an event that was never
 * finished.  A unit with a DTD is one unit, <!DOCTYPE and event, which
 * cot_from_xml() then refuses.
 *
 * Pure: looks at bytes, copies nothing.  The caller owns the bytes, drops what
 * is used, keeps the rest, and calls again when there is more behind it; `struct
 * framer` remembers how far the unfinished unit was scanned, so one byte at a
 * time is not quadratic.  At most LIMIT_EVENT_IN bytes are ever needed at once:
 * a unit that is longer, with its v1 header, is FRAME_BAD. */
#ifndef CORDON_WIRE_FRAME_H
#define CORDON_WIRE_FRAME_H

#include "base/limits.h"
#include "base/str.h"

enum frame_is {
    FRAME_MORE,  /* no whole unit yet; body is empty; `used` bytes of filler are to be dropped */
    FRAME_XML,   /* body = the event from "<event" to its end, other roots ("<auth>...") whole too */
    FRAME_PROTO, /* body = the payload without 0xBF and length */
    FRAME_JUNK,  /* `used` bytes were no unit and are to be dropped; told once for a run of them */
    FRAME_BAD,   /* cannot be cut any more (too long, length of a v1 frame above the limit): close */
};

struct framer {
    size_t scanned; /* bytes of the input that were looked at already */
    uint8_t state;  /* where in the XML grammar `scanned` stands; private to frame.c */
    uint8_t quote;
    uint16_t depth; /* elements of the root's name that are open */
    uint32_t mark;  /* where the root's name begins */
    uint32_t inner; /* where the last element of that name inside of it begins */
    bool same;      /* the tag at hand has the root's name */
};

struct frame {
    enum frame_is is;
    struct str body; /* borrowed from the input */
    size_t used;     /* bytes of the input to drop once body is done with */
};

/* in starts where the last unit ended.  max is the largest unit allowed
 * (LIMIT_EVENT_IN).  After anything but FRAME_MORE the framer is ready for the
 * next unit; {0} is one that was never used. */
struct frame frame_next(struct framer *f, struct str in, size_t max) MUST_USE;

#endif
