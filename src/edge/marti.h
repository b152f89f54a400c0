/* marti.h -- what the calls of TAK clients have in common: the envelope, who asks, and what he may see.
 *
 * For marti_*.c alone, in the web thread.  The shapes are those of tak.md 2: JSON under exactly
 * "application/json", times with three digits of a second, lists in an envelope with the class names
 * that clients compare. */
#ifndef CORDON_EDGE_MARTI_H
#define CORDON_EDGE_MARTI_H

#include "edge/watch.h"
#include "edge/web_inner.h"
#include "os/tls.h"
#include "store/accounts.h"

/* {"version":"3","type":TYPE,"data":...,"messages":[],"nodeId":"..."}: write_data(ctx) writes the data. Status 200,
 * where none is set. */
void marti_data(struct reply *r, const char *type, web_write *write_data, void *ctx);
/* The same JSON without an envelope. */
void marti_bare(struct reply *r, web_write *write, void *ctx);
/* The same envelope around a sentence; headers, Allow and "close" stay. */
void marti_error(struct reply *r, int status, const char *sentence);
/* Text of this type that write(ctx) makes, with the status 200 where none is set. */
void marti_text(struct reply *r, const char *type, web_write *write, void *ctx);
/* Hands over len malloc'd bytes, *bytes is NULL afterwards; when it was before, they were too large: 503. */
void marti_give(struct reply *r, const char *type, char **bytes, size_t len);
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

/* tls/profile/enrollment of q->client (marti_profile.c); enrol.c answers on the other door with it. */
handler get_enrolment;
/* Fills client by what stands in its certificate. False when it is not known, revoked or its user disabled; why: a
 * sentence. */
bool marti_by_certificate(struct web *w, const struct tls_peer *peer, struct client *out, char why[WEB_WHY]) MUST_USE;

/* Who asks by a token of /oauth/token ("Authorization: Bearer"), where no certificate has said it: fills q->client, or
 * q->why when the token does not count. */
void marti_who(struct web *w, struct request *q, struct now now);

/* What a client hears: the groups that are OUT for its user and switched on.  Empty for one who is held. */
struct marti_ears {
    struct hub *h; /* for the rules between agencies; NULL: none count */
    char agency[AGENCY_MAX];
    size_t count;
    char names[USER_GROUPS_MAX][GROUP_NAME_MAX];
};
void marti_ears(struct web *w, const struct client *c, struct marti_ears *out);
bool marti_hears(const struct marti_ears *ears, struct str group) MUST_USE;
/* Do the rules between agencies let these ears have what user `owner` made, of a class (enum share)? Asked beside the
 * groups; what names its addressees needs no asking. */
bool marti_shares(const struct marti_ears *ears, struct str owner, unsigned share) MUST_USE;
/* Is a payload of the record (FIELD_GROUP, FIELD_EVERYONE) for these ears? */
bool marti_hears_row(const struct marti_ears *ears, struct str payload) MUST_USE;
/* May this client see what belongs to these groups? For one question; for a list take the ears once. */
bool marti_sees(struct web *w, const struct client *c, const struct str *groups, size_t count) MUST_USE;
/* marti_missions.c: the newest event of a uid that is an item of a mission which this client may read, as XML into b;
 * and whether it may read a mission that has this file (64 small hex digits). */
bool marti_mission_event(struct web *w, const struct client *c, struct str uid, struct buf *b) MUST_USE;
bool marti_mission_has_file(struct web *w, const struct client *c, struct str hash) MUST_USE;
/* The number of an OUT set of the river for these ears; under hub_lock(). */
unsigned marti_out_set(struct web *w, const struct marti_ears *ears) MUST_USE;

/* The picture as these ears hear it: each unit that is theirs, with its latest event (NULL: it does not parse), until
 * see() returns false. Copied in steps, seen outside of the lock. False: no memory. */
typedef bool marti_see(void *ctx, const struct watch_unit *u, const struct cot *c);
bool marti_units(struct web *w, const struct marti_ears *ears, marti_see *see, void *ctx) MUST_USE;
/* The name of the user behind an id, NUL-ended; "" when it is not known. */
void marti_user(struct web *w, int64_t id, char name[USER_NAME_MAX]);
/* May these ears hear what this user writes? */
bool marti_hears_user(struct web *w, const struct marti_ears *ears, int64_t user_id) MUST_USE;

/* Rows of a list, written one after the other and put out in the order of their keys. Bound: MARTI_ROWS_MAX rows and
 * MARTI_ROWS_BYTES; more are left out, and `full` says so. */
enum { MARTI_ROWS_MAX = 65536, MARTI_ROWS_BYTES = 32 << 20, MARTI_KEY = 64 };
struct marti_rows {
    char *text;
    size_t len, max, count, room;
    bool full;
    struct marti_row {
        size_t at, len;
        char key[MARTI_KEY];
    } *rows;
};
/* write(ctx) writes one row, of at most an event and a bit. */
void marti_rows_add(struct marti_rows *l, struct str key, web_write *write, void *ctx);
/* The rows in the order of their keys, or the other way round, with this around and between them. */
struct marti_list {
    struct str begin, between, end;
    bool backwards;
};
void marti_rows_write(struct marti_rows *l, const struct marti_list *how, struct buf *b);
/* The same as a list of JSON. */
void marti_rows_put(struct marti_rows *l, bool backwards, struct buf *b);
void marti_rows_free(struct marti_rows *l);

#endif
