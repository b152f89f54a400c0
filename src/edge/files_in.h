/* files_in.h -- a file that comes in over HTTP: from the first bytes to its row in the record.
 *
 *   upload_begin --take--> blob --upload_run--> worker: zip looked at, hash compared, synced
 *                                     --> file.stored asked of the record --> files.db --> answer(x, entry)
 *
 * Shared by the TAK clients' calls (marti_files.c) and the page's (web_files.c); in the web thread, but for
 * what the worker does.  The body is raw, or a form of which one part is the file; all other parts are passed
 * over.  What looks like a zip and is called a data package is inspected (os/zip.h) before anything is kept:
 * bombs, paths that climb, encrypted entries and the like are refused with the archive's sentence.
 *
 * A file of which the answer never came is there for an hour and then swept, unless the record has it. */
#ifndef CORDON_EDGE_FILES_IN_H
#define CORDON_EDGE_FILES_IN_H

#include "edge/web_inner.h"
#include "store/blobs.h"
#include "store/files.h"

enum { UPLOAD_GROUPS = 64, UPLOAD_PICTURES = 64, UPLOAD_UNPACKED_MAX_MIB = 4096 };

struct upload;

/* What is said of a file beside its bytes; all borrowed and copied. */
struct upload_about {
    struct str uid;      /* of the entry; empty: a new one */
    struct str name;     /* empty: what the form calls it */
    struct str mime;     /* empty: the part's or what the bytes are */
    struct str tool;     /* empty: public */
    struct str hash;     /* as promised, in hex; empty: nobody said */
    struct str creator_uid, lat, lon, expires;
    struct str query;    /* keywords and groups are taken from here: keyword=, keywords=, Groups= */
    bool is_package;     /* came as a data package: it has the keyword missionpackage */
};

/* The entry as the record and files.db have it now: makes the reply of x.  host: as it was asked. */
typedef void upload_answer(struct web *w, struct exchange *x, const struct file *entry, struct str host);

/* A body_begin for a route: a place for the bytes, or false with the refusal in r.  The sender is q->client,
 * else the operator of q->who. */
bool upload_begin(struct web *w, struct request *q, struct reply *r, const struct upload_about *about,
                  struct sink *s) MUST_USE;
/* The whole body is there (q->sink): keeps it, records it, and calls answer. */
void upload_run(struct web *w, struct request *q, struct reply *r, upload_answer *answer);

/* What else the handlers of files share ---------------------------------- */

/* The web thread's reader of files.db; NULL: r says that there is none now. */
struct files *web_files(struct web *w, struct reply *r) MUST_USE;
void web_files_close(struct web *w);
/* A refusal with the status that fits files: 413, 507 for what is full. */
void reply_files(struct reply *r, const struct err *e);
/* The next name and value of a query, in either of its forms (web_http.h). */
bool query_pair(struct str *rest, struct str *name, struct str *value) MUST_USE;
/* 64 hex digits of either case. */
bool hash_take(struct str text, unsigned char sha256[SHA256_SIZE]) MUST_USE;

/* What a download needs of an entry. */
struct found_file {
    bool is;
    char name[FILE_NAME_MAX], mime[FILE_MIME_MAX];
    unsigned char sha256[SHA256_SIZE];
    uint64_t size;
};
void found_take(struct found_file *f, const struct file *x);
/* The bytes, or the range of them that is asked for (Range, If-Range, offset=), or 304, 404, 416. */
void reply_found(struct web *w, const struct request *q, struct reply *r, const struct found_file *f);

/* "a","b" of a list's lines. */
void put_list_json(struct buf *b, struct str list);

#endif
