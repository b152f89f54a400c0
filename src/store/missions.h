/* missions.h -- the missions as they are now and all that ever changed in them: DIR/missions.db, a projection.
 *
 * The truth is the journal: each row mission.changed is one change (core/mission.h), and missions_apply() makes the
 * state of them, in their order, each once.  The file says up to which journal row it has got (`applied`); what is
 * above is applied at the start, and a file that is missing, damaged or of another format is made anew from row 1.
 * It may therefore lose its last commits in a power cut, and is written without waiting for the disk.
 *
 *   record thread:  missions_mark -> check -> missions_apply ... -> missions_keep | missions_undo
 *                   journal_commit, then missions_commit: nobody reads here what the journal has not got
 *   web thread:     a reader of its own
 *
 * A change keeps its payload for ever: the snapshot of an event or a file as it was then.  Deleting is a change.
 * A struct missions belongs to one thread. */
#ifndef CORDON_STORE_MISSIONS_H
#define CORDON_STORE_MISSIONS_H

#include "core/mission_item.h"
#include "store/journal.h"

enum { MISSION_ROOM = 8 * MISSION_ATTRIBUTE_MAX + MISSION_LIST_MAX + 1024 };

struct missions;

struct mission {
    int64_t id; /* the journal row that made it */
    int64_t made_ms, edited_ms, deleted_ms; /* deleted 0: it is there */
    int64_t expiration;                     /* -1: never; else seconds since 1970 */
    enum mission_role role;                 /* of who subscribes; NOBODY: none was said, which is a subscriber's */
    bool invite_only;
    char guid[MISSION_GUID_LEN + 1], name[MISSION_NAME_MAX + 1];
    char parent[MISSION_GUID_LEN + 1]; /* "" without one */
    char password[128];                /* an argon2id string; "" without one */
    struct str creator, user;          /* the device and the user that made it */
    struct str groups;                 /* one a line */
    struct str attribute[MISSION_TOOL + 1]; /* by enum mission_key, in room */
    char room[MISSION_ROOM];
};

struct mission_subscription {
    struct str client, user, id;
    enum mission_role role;
    int64_t made_ms;
    bool connected; /* it is told what changes; else it only keeps its role for when it comes back */
};
struct mission_invitation {
    int64_t mission;
    struct str mission_name, mission_guid, type, invitee, creator, id;
    enum mission_role role;
    int64_t made_ms;
};
struct mission_layer {
    struct str uid, name, type, parent; /* parent empty: at the top */
};
/* A log entry, as its newest change has it. */
struct mission_log {
    struct str id, mission_name, mission_guid, content, creator, entry_uid;
    struct str payload; /* for its hashes and keywords */
    int64_t mission, made_ms, server_ms, about_ms;
};

/* The writer's; it has to be brought up to the journal by missions_follow() before it is used.  false: the folder
 * cannot be written. */
bool missions_open(const char *dir, struct missions **out, struct err *e) MUST_USE;
bool missions_open_reader(const char *dir, struct missions **out, struct err *e) MUST_USE;
void missions_close(struct missions *m); /* NULL is fine */
/* What opening found, "" or a sentence. */
const char *missions_note(const struct missions *m) MUST_USE;
/* Takes the file away: the next start makes it anew.  For a text that was erased from the journal. */
bool missions_forget(const char *dir, struct err *e) MUST_USE;

/* Applies the rows of the journal above `applied`, and commits; from row 1 when the file is of another journal. */
bool missions_follow(struct missions *m, struct journal *j, struct err *e) MUST_USE;
uint64_t missions_applied(const struct missions *m) MUST_USE;

/* A place in the open batch to go back to.  Marks do not nest. */
bool missions_mark(struct missions *m, struct err *e) MUST_USE;
bool missions_keep(struct missions *m, struct err *e) MUST_USE;
void missions_undo(struct missions *m);
/* One row; what does not fit the state (its mission is not there: its row was erased) changes nothing.  false: the
 * disk failed; the batch is gone then and missions_follow() is needed. */
bool missions_apply(struct missions *m, uint64_t seq, int64_t at_ms, struct str payload, struct err *e) MUST_USE;
/* All of the journal up to its head is in it.  false: the batch is gone, as above. */
bool missions_commit(struct missions *m, const struct journal_head *head, struct err *e) MUST_USE;
/* Lets go of the open batch. */
void missions_rollback(struct missions *m);

/* ---- reading; see() returns false to stop, what it is shown is borrowed until it returns ---- */

/* ERR_MISSING when there is none, or it was deleted and `deleted` does not ask for those. */
bool missions_by_guid(struct missions *m, struct str guid, bool deleted, struct mission *out, struct err *e) MUST_USE;
typedef bool missions_see(void *ctx, const struct mission *x);
/* All of a name (compared by mission_name_fold), oldest first; deleted ones come last, newest first. */
bool missions_named(struct missions *m, struct str name, missions_see *see, void *ctx, struct err *e) MUST_USE;
/* All that are there, by name. */
bool missions_each(struct missions *m, missions_see *see, void *ctx, struct err *e) MUST_USE;
bool missions_children(struct missions *m, struct str guid, missions_see *see, void *ctx, struct err *e) MUST_USE;

/* How many of something a mission has. */
enum missions_what {
    MISSIONS_ALL, /* missions; id is not used */
    MISSIONS_UIDS,
    MISSIONS_FILES,
    MISSIONS_SUBSCRIPTIONS,
    MISSIONS_INVITATIONS,
    MISSIONS_LAYERS_OF,
    MISSIONS_MAPLAYERS,
    MISSIONS_EXTERNAL,
    MISSIONS_LOGS,
    MISSIONS_WHAT
};
bool missions_count(struct missions *m, enum missions_what what, int64_t id, int64_t *out, struct err *e) MUST_USE;
/* Is this one among them (by uid, hash, client, id)?  Not of MISSIONS_ALL and MISSIONS_INVITATIONS. */
bool missions_has(struct missions *m, enum missions_what what, int64_t id, struct str item, bool *has,
                  struct err *e) MUST_USE;

typedef bool missions_see_item(void *ctx, const struct mission_item *i);
/* MISSIONS_UIDS, MISSIONS_FILES or MISSIONS_EXTERNAL, in the order in which they were put. */
bool missions_items(struct missions *m, enum missions_what what, int64_t id, missions_see_item *see, void *ctx,
                    struct err *e) MUST_USE;
/* The newest change of one of those; ERR_MISSING when the mission has it not. */
bool missions_item(struct missions *m, enum missions_what what, int64_t id, struct str item, missions_see_item *see,
                   void *ctx, struct err *e) MUST_USE;
/* The changes that have a type, oldest first; squashed: of each item the newest alone. */
struct missions_span {
    int64_t mission, from_ms, to_ms; /* both included */
    bool squashed;
};
bool missions_changes(struct missions *m, const struct missions_span *span, missions_see_item *see, void *ctx,
                      struct err *e) MUST_USE;
/* One change of a mission by its journal row. */
bool missions_change(struct missions *m, int64_t id, uint64_t seq, missions_see_item *see, void *ctx,
                     struct err *e) MUST_USE;
/* Does a mission, now or in the past, refer to this file? */
bool missions_need_file(struct missions *m, struct str hash, bool *need, struct err *e) MUST_USE;

typedef bool missions_see_word(void *ctx, struct str word);
/* Of the mission (item empty, what MISSIONS_ALL), of a uid, of a file. */
bool missions_keywords(struct missions *m, enum missions_what what, int64_t id, struct str item, missions_see_word *see,
                       void *ctx, struct err *e) MUST_USE;

typedef bool missions_see_subscription(void *ctx, const struct mission_subscription *s);
bool missions_subscriptions(struct missions *m, int64_t id, missions_see_subscription *see, void *ctx,
                            struct err *e) MUST_USE;
typedef bool missions_see_invitation(void *ctx, const struct mission_invitation *i);
/* Of one mission, or (id 0) of all that are there. */
bool missions_invitations(struct missions *m, int64_t id, missions_see_invitation *see, void *ctx,
                          struct err *e) MUST_USE;
typedef bool missions_see_layer(void *ctx, const struct mission_layer *l);
/* In their order. */
bool missions_layers(struct missions *m, int64_t id, missions_see_layer *see, void *ctx, struct err *e) MUST_USE;
/* Would uid be below itself if it came below parent? */
bool missions_would_loop(struct missions *m, int64_t id, struct str uid, struct str parent, bool *loops,
                         struct err *e) MUST_USE;
/* Map layers as JSON. */
bool missions_maplayers(struct missions *m, int64_t id, missions_see_word *see, void *ctx, struct err *e) MUST_USE;
typedef bool missions_see_log(void *ctx, const struct mission_log *l);
/* Of a mission (log empty), or one entry in every mission that has it (id 0). */
bool missions_logs(struct missions *m, int64_t id, struct str log, missions_see_log *see, void *ctx,
                   struct err *e) MUST_USE;

/* Names of the missions that have a log entry. */
bool missions_of_log(struct missions *m, struct str log, missions_see_word *see, void *ctx, struct err *e) MUST_USE;
/* Guids of the missions that have this uid (MISSIONS_UIDS) or file (MISSIONS_FILES) now, the last to get it first. */
bool missions_where(struct missions *m, enum missions_what what, struct str item, missions_see_word *see, void *ctx,
                    struct err *e) MUST_USE;

/* A number that is equal for equal states (tests: replay = live). */
bool missions_hash(struct missions *m, uint64_t *out, struct err *e) MUST_USE;

#endif
