/* multipart.h -- the parts of a multipart/form-data body, while its bytes come in (RFC 7578, RFC 2046).
 *
 *   preamble --boundary CRLF  headers CRLF CRLF  bytes CRLF --boundary CRLF ... CRLF --boundary-- epilogue
 *
 * Pure: keeps at most the headers of one part; the bytes of a part are slices of what was given, or of the
 * boundary when they only looked like one.
 *
 * Bounds, and what happens there: a boundary of MULTIPART_BOUNDARY characters, MULTIPART_HEAD bytes of
 * headers, MULTIPART_PARTS parts; more is MULTIPART_BAD with a sentence. */
#ifndef CORDON_EDGE_MULTIPART_H
#define CORDON_EDGE_MULTIPART_H

#include "base/err.h"
#include "base/str.h"

enum {
    MULTIPART_BOUNDARY = 70, /* RFC 2046, section 5.1.1 */
    MULTIPART_HEAD = 4096,
    MULTIPART_PARTS = 16,
    MULTIPART_NAME = 64,
    MULTIPART_FILENAME = 256,
    MULTIPART_TYPE = 128,
};

/* A part by its headers; names that are longer are cut. */
struct multipart_part {
    char name[MULTIPART_NAME];
    char filename[MULTIPART_FILENAME]; /* "" when there is none */
    char type[MULTIPART_TYPE];         /* Content-Type, "" when there is none */
};

/*  PREAMBLE --delimiter--> AFTER --CRLF--> HEAD --empty line--> BYTES --delimiter--> AFTER
 *                            `--"--"--> CLOSED */
enum multipart_at { AT_PREAMBLE, AT_AFTER, AT_HEAD, AT_BYTES, AT_CLOSED, AT_BAD };

struct multipart {
    enum multipart_at at;
    char delimiter[4 + MULTIPART_BOUNDARY]; /* CRLF "--" boundary */
    size_t delimiter_len, matched;
    size_t foreign; /* of what matched: bytes that belong to what stands before the part */
    char after[2];
    size_t after_len;
    char head[MULTIPART_HEAD];
    size_t head_len;
    unsigned parts;
    struct multipart_part part;
};

/* content_type: the header of the request.  False: it is no multipart/form-data with a usable boundary. */
bool multipart_begin(struct multipart *m, struct str content_type, struct err *e) MUST_USE;

enum multipart_is {
    MULTIPART_MORE,  /* in is used up */
    MULTIPART_PART,  /* m->part begins */
    MULTIPART_BYTES, /* of the part: *bytes, borrowed from in or m until the next call */
    MULTIPART_END,   /* of the part */
    MULTIPART_BAD,   /* for good */
};
/* Takes what it can off *in; call it until MULTIPART_MORE. */
enum multipart_is multipart_next(struct multipart *m, struct str *in, struct str *bytes, struct err *e) MUST_USE;
/* Did the body end as it must? */
bool multipart_is_whole(const struct multipart *m) MUST_USE;

#endif
