/* marti.h -- what the calls of TAK clients have in common: the envelope, who asks, and what he may see.
 *
 * For marti_*.c alone, in the web thread.  The shapes are those of tak.md 2: JSON under exactly
 * "application/json", times with three digits of a second, lists in an envelope with the class names
 * that clients compare. */
#ifndef CORDON_EDGE_MARTI_H
#define CORDON_EDGE_MARTI_H

#include "edge/web_inner.h"
#include "os/tls.h"
#include "store/accounts.h"

enum { MARTI_TIME = 32 };

/* {"version":"3","type":TYPE,"data":...,"messages":[],"nodeId":"..."}: write_data(ctx) writes the data. Status 200,
 * where none is set. */
void marti_data(struct reply *r, const char *type, web_write *write_data, void *ctx);
/* The same JSON without an envelope. */
void marti_bare(struct reply *r, web_write *write, void *ctx);
/* The same envelope around a sentence; headers, Allow and "close" stay. */
void marti_error(struct reply *r, int status, const char *sentence);
/* Text of this type that write(ctx) makes, with the status 200 where none is set. */
void marti_text(struct reply *r, const char *type, web_write *write, void *ctx);
/* 2026-01-02T03:04:05.678Z, without quotes. */
void marti_time(struct buf *b, int64_t ms);
/* A time of a query: as above with any number of digits, or none, behind the second; false when it is none. */
bool marti_take_time(struct str text, int64_t *ms) MUST_USE;
/* From where to where a query asks: secago (seconds until now), or start and end. Without them [0, now]. False, with
 * a sentence, when one is none or they are the wrong way round. */
struct marti_span {
    int64_t from_ms, to_ms;
};
bool marti_take_span(const struct request *q, struct now now, struct marti_span *out, struct err *e) MUST_USE;

/* Fills client by what stands in its certificate. False when it is not known, revoked or its user disabled; why: a
 * sentence. */
bool marti_by_certificate(struct web *w, const struct tls_peer *peer, struct client *out, char why[WEB_WHY]) MUST_USE;

/* What a client hears: the groups that are OUT for its user and switched on.  Empty for one who is held. */
struct marti_ears {
    size_t count;
    char names[USER_GROUPS_MAX][GROUP_NAME_MAX];
};
void marti_ears(struct web *w, const struct client *c, struct marti_ears *out);
bool marti_hears(const struct marti_ears *ears, struct str group) MUST_USE;
/* Is a payload of the record (FIELD_GROUP, FIELD_EVERYONE) for these ears? */
bool marti_hears_row(const struct marti_ears *ears, struct str payload) MUST_USE;
/* May this client see what belongs to these groups? For one question; for a list take the ears once. */
bool marti_sees(struct web *w, const struct client *c, const struct str *groups, size_t count) MUST_USE;
/* The number of an OUT set of the river for these ears; under hub_lock(). */
unsigned marti_out_set(struct web *w, const struct marti_ears *ears) MUST_USE;

#endif
