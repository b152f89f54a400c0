/* stream.h -- cut what a server sends into events, fast.
 *
 * A server sends clean events, back to back: XML up to "</event>" or v1 frames
 * 0xBF varint(length) payload.  So this walk is a few instructions a frame, where
 * wire/frame.h is careful about what a hostile client may send; and a tool that
 * checks the server should not share its parser.  Pure; borrowed slices. */
#ifndef CORDON_LOAD_STREAM_H
#define CORDON_LOAD_STREAM_H

#include "base/limits.h"
#include "base/str.h"

/* What a phone's buffer holds (tak.md 1.4): longer is an error of the server. */
enum { STREAM_EVENT_MAX = 65536 };

enum stream_is { STREAM_MORE, STREAM_XML, STREAM_V1, STREAM_BAD };

struct stream_unit {
    enum stream_is is;
    struct str body; /* the event, or the frame's payload */
    size_t used;     /* bytes of the input up to its end */
};

static inline struct stream_unit stream_v1(struct str in, size_t before)
{
    size_t len = 0, at = before + 1;

    for (unsigned shift = 0; at < in.len; shift += 7) {
        unsigned char c = (unsigned char)in.at[at++];

        len |= (size_t)(c & 0x7F) << shift;
        if (c < 0x80) {
            if (len == 0 || len > STREAM_EVENT_MAX)
                return (struct stream_unit){STREAM_BAD, {0}, 0};
            if (len > in.len - at)
                return (struct stream_unit){STREAM_MORE, {0}, before};
            return (struct stream_unit){STREAM_V1, {in.at + at, len}, at + len};
        }
        if (shift > 14)
            return (struct stream_unit){STREAM_BAD, {0}, 0};
    }
    return (struct stream_unit){STREAM_MORE, {0}, before};
}

static inline struct stream_unit stream_xml(struct str in, size_t before)
{
    static const char end[] = "</event>";
    const char *at = memmem(in.at + before, in.len - before, end, sizeof end - 1);
    size_t used = at ? (size_t)(at - in.at) + sizeof end - 1 : 0;

    if ((at ? used : in.len) - before > STREAM_EVENT_MAX)
        return (struct stream_unit){STREAM_BAD, {0}, 0};
    if (!at)
        return (struct stream_unit){STREAM_MORE, {0}, before};
    return (struct stream_unit){STREAM_XML, {in.at + before, used - before}, used};
}

/* The first event of in.  STREAM_MORE: `used` bytes of white space may be dropped. */
static inline struct stream_unit stream_next(struct str in)
{
    size_t at = 0;

    while (at < in.len && (in.at[at] == '\n' || in.at[at] == '\r' || in.at[at] == ' '))
        at++;
    if (at == in.len)
        return (struct stream_unit){STREAM_MORE, {0}, at};
    if ((unsigned char)in.at[at] == 0xBF)
        return stream_v1(in, at);
    if (in.at[at] == '<')
        return stream_xml(in, at);
    return (struct stream_unit){STREAM_BAD, {0}, 0};
}

#endif
