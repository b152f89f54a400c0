/* web_http.h -- one HTTP exchange as values: what was asked, and what is answered.
 *
 * libwebsockets reads and writes the bytes (web.c); the handlers see only these.
 * Everything in struct request is borrowed from its exchange; a reply's body is
 * borrowed from what lives as long as the program, or owned (malloc'd) by it. */
#ifndef CORDON_EDGE_WEB_HTTP_H
#define CORDON_EDGE_WEB_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "core/incident_access.h"

enum method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OTHER = 8 };
enum {
    REQUEST_PARTS = 4,
    WEB_TOKEN = 64,
    WEB_NAME_MAX = 64,
    WEB_ADDRESS_MAX = 64
};

/* Who asks, by the session's cookie. */
struct who {
    bool is; /* logged in */
    int64_t operator_id;
    char name[WEB_NAME_MAX], csrf[65];
    char roles[ACCESS_ROLES_MAX]; /* "administrator,commander" */
    struct access access;         /* of these roles and the agency */
    unsigned char token_hash[32];
};

struct request {
    uint64_t id; /* of the exchange: an answer that comes later names it */
    enum method method;
    struct str path, query; /* percent-decoded */
    struct str cookie, origin, host, content_type, csrf, accept_encoding, if_none_match;
    bool chunked; /* Transfer-Encoding was sent */
    struct str body;
    char address[WEB_ADDRESS_MAX]; /* of the peer, without its port */
    /* Set on the way to the handler: */
    struct str part[REQUEST_PARTS]; /* what {} in the route's path stands for */
    struct who who;
};

struct reply {
    int status;
    const char *type; /* Content-Type; NULL: no body */
    struct str body;
    char *owned;    /* the body's memory when it is the reply's */
    bool later;     /* not yet: the exchange is answered by its id */
    bool close;     /* the connection cannot go on */
    bool gzip;      /* Content-Encoding */
    bool immutable; /* may be kept for a year */
    bool keep_hour; /* may be kept for an hour */
    const char *etag;
    const char *allow;           /* methods, with 405 */
    int retry_after_s;           /* with 429 and 503 */
    char cookie[WEB_TOKEN + 96]; /* Set-Cookie */
    char problem[1024];          /* body of a refusal */
};

/* A refusal as problem details; detail: a sentence for the user. */
void reply_problem(struct reply *r, int status, const char *detail);
/* The same, with "field": the name of what in the request it is about. */
void reply_problem_field(struct reply *r, int status, const char *detail, const char *field);
/* The same with the status that fits the kind of e. */
void reply_err(struct reply *r, const struct err *e);
/* JSON of at most max bytes, copied; 500 when memory is out. */
void reply_json(struct reply *r, struct str json);
/* JSON that `write` makes, in memory that grows up to WEB_REPLY_MAX. */
typedef void web_write(void *ctx, struct buf *b);
enum { WEB_REPLY_MAX = 64 * 1024 * 1024 };
void reply_written(struct reply *r, web_write *write, void *ctx);
/* NULL when it does not fit or memory is out; else malloc'd, *len long. */
char *web_written(size_t first, web_write *write, void *ctx, size_t *len) MUST_USE;
void reply_free(struct reply *r);
/* Status line and headers, with the empty line. */
void reply_head(const struct reply *r, struct buf *b);
const char *status_title(int status) MUST_USE;

/* A value of "a=1&b=2"; false when it is not there. */
bool query_get(struct str query, struct str name, struct str *out) MUST_USE;
/* An integer of it; `otherwise` when it is not there; false when it is none in [min, max]. */
bool query_int(struct str query, struct str name, int64_t max, int64_t otherwise,
               int64_t *out) MUST_USE;
/* A value of "a=1; b=2". */
bool cookie_get(struct str cookies, struct str name, struct str *out) MUST_USE;
/* Fits path the pattern?  {} is one part without '/', {*} anything up to what follows it. */
bool path_fits(const char *pattern, struct str path, struct str part[REQUEST_PARTS]) MUST_USE;
/* Is origin "https://" and the host that was asked? */
bool origin_fits(struct str origin, struct str host) MUST_USE;
/* Is the type application/json, with or without parameters? */
bool type_is_json(struct str content_type) MUST_USE;
/* Is gzip acceptable?  Yes when nothing is said. */
bool gzip_fits(struct str accept_encoding) MUST_USE;
/* Are those bytes of text only? No control character but TAB, LF and CR. */
bool text_is_plain(struct str s, bool lines) MUST_USE;

#endif
