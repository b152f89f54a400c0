/* web_http.h -- one HTTP exchange as values: what was asked, and what is answered.
 *
 * libwebsockets reads and writes the bytes (web.c); the handlers see only these.
 * Everything in struct request is borrowed from its exchange; a reply's body is
 * borrowed from what lives as long as the program, owned (malloc'd) by it, or comes
 * out of a file that it owns. */
#ifndef CORDON_EDGE_WEB_HTTP_H
#define CORDON_EDGE_WEB_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "core/incident_access.h"

enum method {
    METHOD_GET = 1,
    METHOD_HEAD = 2,
    METHOD_POST = 4,
    METHOD_OTHER = 8,
    METHOD_PUT = 16,
    METHOD_DELETE = 32,
    METHOD_OPTIONS = 64, /* answered from the table of routes */
};
/* Where a request came in: the page and the Marti API, or enrolment (no certificate yet). */
enum door { DOOR_WEB = 1, DOOR_ENROL = 2 };
enum {
    REQUEST_PARTS = 4,
    WEB_TOKEN = 64,
    WEB_NAME_MAX = 64,
    WEB_ADDRESS_MAX = 64,
    WEB_WHY = 256,         /* of a sentence about a certificate */
    WEB_HEADERS_MAX = 1536, /* bytes of the headers that a handler adds: room for a file's name with percents */
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

/* Which TAK user asks: by its certificate, or by what it signed in with (then serial is empty). */
struct client {
    bool is;   /* known, not disabled, its certificate not revoked */
    bool held; /* waits for admission: it hears nothing */
    int64_t user_id;
    char name[WEB_NAME_MAX], agency[16], serial[64];
};

struct request {
    uint64_t id; /* of the exchange: an answer that comes later names it */
    enum door door;
    enum method method;
    /* Percent-decoded. The pairs of a query end with a NUL each as they come from the wire, where a value may hold
     * a '&'; query_get() takes both. */
    struct str path, query;
    struct str cookie, origin, host, content_type, csrf, accept_encoding, if_none_match;
    struct str authorization, accept, range, if_range, user_agent;
    struct str mission_token; /* of the header MissionAuthorization, without "Bearer " */
    bool chunked;             /* Transfer-Encoding was sent */
    uint64_t length;          /* of the body, as its sender says; 0 when it comes in chunks */
    struct str body;          /* whole; empty when the route streams it */
    void *sink;               /* what a streamed body became; the handler owns it */
    char address[WEB_ADDRESS_MAX]; /* of the peer, without its port */
    const char *why; /* a certificate or a token was shown and does not count: why; else NULL */
    /* Set on the way to the handler, client already before when there is a certificate: */
    struct client client;
    struct str part[REQUEST_PARTS]; /* what {} in the route's path stands for */
    struct who who;
};

struct reply {
    const char *node; /* the server's id, for the envelope of TAK clients; stays when the reply is freed */
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
    char headers[WEB_HEADERS_MAX]; /* further ones, see reply_header() */
    char allow_list[64];           /* what allow points to */
    bool has_file;                 /* the body is file_left bytes of file from file_at on */
    int file;
    uint64_t file_at, file_left;
    char problem[1024];   /* body of a refusal */
    char sentence[512];   /* of a refusal, for whoever wants it in another form; cut when it is longer */
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
/* The body is len bytes of the open file fd, from `from` on; r owns fd and closes it. Status 200, where none is
 * set. The caller has seen that they are there; a file that is cut meanwhile ends the connection. */
void reply_file(struct reply *r, int fd, uint64_t from, uint64_t len);
/* One more header. It is left out when it has control characters (a name of somebody else's making) or when those of
 * the reply come to more than WEB_HEADERS_MAX bytes. */
void reply_header(struct reply *r, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Bytes of the body. */
uint64_t reply_length(const struct reply *r) MUST_USE;
/* Lets go of the body, and keeps the rest. */
void reply_let_go(struct reply *r);
void reply_free(struct reply *r);
/* Status line and headers, with the empty line. */
void reply_head(const struct reply *r, struct buf *b);
const char *status_title(int status) MUST_USE;

/* A value of "a=1&b=2" or, when there is a NUL in it, of "a=1\0b=2\0"; false when it is not there. */
bool query_get(struct str query, struct str name, struct str *out) MUST_USE;
/* The next value of a name that may stand there several times: start with *rest = query; false at the end. */
bool query_each(struct str *rest, struct str name, struct str *out) MUST_USE;
/* An integer of it; `otherwise` when it is not there; false when it is none in [min, max]. */
bool query_int(struct str query, struct str name, int64_t max, int64_t otherwise,
               int64_t *out) MUST_USE;
/* The value of name in a form (application/x-www-form-urlencoded), decoded into out with a NUL; false when it is not
 * there, when its escapes are wrong, it holds a NUL, or it needs more than size. */
bool form_get(struct str form, struct str name, char *out, size_t size) MUST_USE;
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
