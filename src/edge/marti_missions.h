/* marti_missions.h -- one call about missions (Data Sync) on its way, for marti_missions*.c alone.
 *
 *   marti_missions.c          the routes; what stands before a call: mission, password, role; asking the record
 *   marti_missions_json.c     missions, changes, entries ... as JSON
 *   marti_missions_get.c      calls that read
 *   marti_missions_set.c      calls that change a mission and who is in it
 *   marti_missions_content.c  calls that change what is in it
 *   marti_missions_pack.c     packages: into a mission, and a mission as one
 *
 * tak.md 2.5.  Everything is read from a reader of missions.db; what is changed is asked of the record thread
 * (ASK_MISSION) and answered from the file when it is on the disk.  Web thread. */
#ifndef CORDON_EDGE_MARTI_MISSIONS_H
#define CORDON_EDGE_MARTI_MISSIONS_H

#include "edge/marti.h"
#include "edge/mission_role.h"
#include "store/mission_token.h"

enum { CALL_ASKED = 512 * 1024, CALL_ONE = 128 * 1024, CALL_PASSWORD = 256 };

/* What the web thread has of missions. */
struct marti_missions {
    struct missions *store; /* a reader */
    struct mission_token_key key;
    struct mission at; /* the one that is looked at while another call is on its way */
};

struct mission_call;
typedef void mission_step(struct mission_call *c);

/* One call; malloc'd.  While it waits (for the record, for a password) it belongs to whoever it waits for. */
struct mission_call {
    struct web *w;
    struct request *q; /* of the exchange; both NULL-less while somebody waits for the answer */
    struct reply *r;
    struct now now;
    struct missions *m;
    struct marti_ears ears;
    struct mission x; /* of the path; after a change: as it is then */
    struct mission other;
    enum mission_role role; /* of who asks */
    char claim_text[128], creator_text[LIMIT_UID + 1], password[CALL_PASSWORD], hash[SECRET_PASSWORD_MAX];
    bool password_ok, waits;
    int status; /* of the answer to come; 0: 200 */
    int denied; /* status of a refusal of the record that is none of rights; 0: 403 */
    mission_step *then, *next; /* when the record has it; when the password is checked or hashed */
    struct buf asked, one;
    char subject[LIMIT_UID + 1]; /* a uid, an id: of what the answer is about */
    void *more;                  /* of the one kind of call; let go of with it: by drop, else free() */
    void (*drop)(void *more);
    char asked_room[CALL_ASKED], one_room[CALL_ONE];
};

/* ---- marti_missions.c ---- */
/* It begins: with the mission of its path and a role that may do this, or without a mission. */
struct call_kind {
    mission_step *go;
    unsigned needs;
    bool alone; /* no mission in its path */
};
void call_begin(struct web *w, struct request *q, struct reply *r, struct now now, const struct call_kind *k);
/* job(c) on the worker; then next(c) in the web thread. */
void call_work(struct mission_call *c, web_job *job, mission_step *next);
struct str call_claim(const struct mission_call *c) MUST_USE;
/* The device that does it: creatorUid, else the user's own subscription, else the user's name; never empty. */
struct str call_creator(struct mission_call *c) MUST_USE;
/* A text of the query, empty when it is not there; refused when it is longer than max or has control characters. */
bool call_text(struct mission_call *c, const char *name, size_t max, struct str *out) MUST_USE;
bool call_flag(const struct mission_call *c, const char *name, bool otherwise) MUST_USE;
/* The i-th value of a name that may stand there more than once; false: there are not so many. */
bool call_each(const struct mission_call *c, const char *name, size_t i, struct str *out) MUST_USE;
/* Refuses with a sentence. */
void call_refuse(struct mission_call *c, int status, const char *sentence);
void call_err(struct mission_call *c, const struct err *e);
/* Is a mission of these groups (one a line) for who asks?  One that is for the invited only: only when he is. */
bool call_sees(struct mission_call *c, const struct mission *x) MUST_USE;
/* The mission of a name or guid that who asks may see; false: refused. */
bool call_find(struct mission_call *c, struct str name, bool is_guid, struct mission *out) MUST_USE;
/* Another role now (a password was right). */
bool call_role(struct mission_call *c) MUST_USE;
bool call_may(struct mission_call *c, unsigned needs) MUST_USE;

/* A change begins; put its fields into c->one; then call_add(). */
void call_change(struct mission_call *c, enum mission_change change);
void call_add(struct mission_call *c);
/* Asks the record for what was added (all or none); then(c) answers when it is durable, with c->x as it is then. */
void call_send(struct mission_call *c, mission_step *then);
/* Asks the record for one row of this kind, of the fields that were put into c->asked. */
void call_row(struct mission_call *c, unsigned kind, mission_step *then);
/* The query's password, when the mission has one and it is given: next(c) when that is known (c->password_ok). */
void call_check_password(struct mission_call *c, mission_step *next);
/* c->hash of this password; then next(c). */
void call_hash_password(struct mission_call *c, struct str password, mission_step *next);
/* An empty answer of 200, and the mission as JSON, as answers to changes. */
void call_done(struct mission_call *c);
void call_mission(struct mission_call *c);

/* What the calls do. */
#define OTHER(method, path, name) mission_step mission_##name;
#define MISSION(method, tail, needs, name) mission_step mission_##name;
#include "edge/marti_missions.def"
#undef OTHER
#undef MISSION

/* ---- marti_missions_pack.c ---- */
/* What is known of a file, into the change at hand; false: refused, there is none that the asker may see. */
bool mission_file_put_keys(struct mission_call *c, struct str hash) MUST_USE;

/* ---- marti_missions_json.c ---- */
struct mission_json {
    struct mission_call *c;
    const struct mission *x;
    bool changes, logs, owner; /* owner: with the role of who made it */
    struct marti_span span;
    struct str token; /* empty: none */
};
void put_mission(struct buf *b, const struct mission_json *j);
/* [MISSION], as most answers have it. */
void put_missions_of(void *ctx, struct buf *b); /* ctx: struct mission_json */
void put_role(struct buf *b, enum mission_role role);
void put_change(struct buf *b, const struct mission_call *c, const struct mission *x, const struct mission_item *i);
struct changes_json {
    struct mission_call *c;
    struct missions_span span;
};
void put_changes(void *ctx, struct buf *b); /* ctx: struct changes_json */
void put_subscription(struct buf *b, const struct mission_call *c, const struct mission_subscription *s,
                      const struct mission_json *mission, bool token);
void put_invitation(struct buf *b, const struct mission_call *c, const struct mission_invitation *i);
void put_log(struct buf *b, struct mission_call *c, const struct mission_log *l);
void put_logs_of(void *ctx, struct buf *b); /* ctx: struct mission_json: all of x */
void put_layers(void *ctx, struct buf *b);  /* ctx: struct mission_call: all of c->x */
void put_external(struct buf *b, const struct mission_item *i);
/* "name":"text", or "text" alone when name is NULL, with a comma before it where one is due. */
void put_member(struct buf *b, const char *name, struct str text);
void put_strings(struct buf *b, const char *name, struct str lines);

#endif
