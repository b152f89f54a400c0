/* buf.h -- write bytes into an array that somebody else owns.
 *
 * Born with its maximum.  What does not fit is not written and sets `full`;
 * one check at the end is enough.  Pure; no allocation. */
#ifndef CORDON_BASE_BUF_H
#define CORDON_BASE_BUF_H

#include "base/str.h"

struct buf {
    char *at;
    size_t len, max;
    bool full; /* something did not fit; len is where it stopped */
};

static inline struct buf buf_over(void *at, size_t max)
{
    return (struct buf){at, 0, max, false};
}

static inline struct str buf_str(const struct buf *b)
{
    return str_of(b->at, b->len);
}

void buf_put(struct buf *b, struct str s);
void buf_byte(struct buf *b, char c);
/* As printf; a text that does not fit whole is left out whole. */
void buf_fmt(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* A whole number in decimal digits, as %lld; a tenth of buf_fmt's time. */
void buf_int(struct buf *b, int64_t v);
/* XML 1.0 escaping for text and attribute values: & < > " ' and TAB, CR, LF
 * as character references, so that a value survives normalisation. */
void buf_xml(struct buf *b, struct str s);
/* A JSON string with its quotes (RFC 8259, section 7).  Bytes that are not
 * UTF-8 become U+FFFD; what does not show (str_char_shows) is escaped, so that it
 * does nothing to a terminal either. */
void buf_json(struct buf *b, struct str s);
/* A text for people, on one line whatever is in it: as buf_json, but without quotes around it
 * and with quotes and backslashes as they are. */
void buf_shown(struct buf *b, struct str s);
/* Two lower-case hex digits a byte. */
void buf_hex(struct buf *b, const void *bytes, size_t n);

#endif
