/* byte_range.h -- which bytes of a file are asked for (RFC 9110, section 14; one range only).
 *
 * Pure.  A Range header that is none, is of another unit or names several ranges is passed over, as the
 * RFC allows: the whole file is the answer.  One that begins behind the end is BYTES_NONE: 416. */
#ifndef CORDON_EDGE_BYTE_RANGE_H
#define CORDON_EDGE_BYTE_RANGE_H

#include "base/buf.h"

enum bytes_are { BYTES_WHOLE, BYTES_PART, BYTES_NONE };
struct byte_range {
    enum bytes_are are;
    uint64_t from, len;
};

/* range: the value of the header, may be empty; size: of the file. */
struct byte_range byte_range(struct str range, uint64_t size) MUST_USE;
/* May a range be sent to who has a part of what If-Range names?  Empty: yes.  etag: with its quotes; weak
 * ones and dates never fit (RFC 9110, section 13.1.5). */
bool if_range_fits(struct str if_range, struct str etag) MUST_USE;
/* Is one of the tags of If-None-Match this one, or is it "*"? */
bool if_none_match_fits(struct str if_none_match, struct str etag) MUST_USE;
/* The value of Content-Disposition for a download of that name (RFC 6266, RFC 8187): what is safe in the
 * quoted form for everybody, and the name itself in UTF-8 when that is not all of it. */
void put_disposition(struct buf *b, struct str name);
/* A name that a file may have on any system: the last part of a path, no control characters and none of
 * "\/:*?<>|, no dots or blanks at its ends, at most 200 bytes; "file" when nothing is left. */
void put_file_name(struct buf *b, struct str name);

#endif
