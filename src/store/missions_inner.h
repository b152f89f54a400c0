/* missions_inner.h -- what the files of store/missions.h share; for missions*.c alone.
 *
 *   missions.c        the file: made, opened, brought up to the journal
 *   missions_apply.c  a change's row into the tables
 *   missions_read.c   what is asked of them
 *
 * Tables: a mission is a row; uids, files, external data, logs and map layers are pointers to the change (by its
 * journal row) that put them, and the change keeps its whole payload. */
#ifndef CORDON_STORE_MISSIONS_INNER_H
#define CORDON_STORE_MISSIONS_INNER_H

#include "base/limits.h"
#include "store/db.h"
#include "store/missions.h"

/* What the item of a change is. */
enum item_kind { ITEM_NONE, ITEM_UID, ITEM_FILE, ITEM_EXTERNAL, ITEM_LOG, ITEM_MAPLAYER };

#define STATEMENT_LIST(X)                                                                                              \
    X(MISSION_ROW, "SELECT " MISSION_COLUMNS " FROM missions WHERE guid = ?")                                          \
    X(MISSION_PUT, "INSERT OR REPLACE INTO missions(" MISSION_COLUMNS ")"                                              \
                   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                     \
    X(MISSION_EDITED, "UPDATE missions SET edited_ms = ?2 WHERE id = ?1")                                              \
    X(NAMED, "SELECT " MISSION_COLUMNS " FROM missions WHERE fold = ? ORDER BY deleted_ms, id")                        \
    X(EACH, "SELECT " MISSION_COLUMNS " FROM missions WHERE deleted_ms = 0 ORDER BY fold, id")                         \
    X(CHILDREN, "SELECT " MISSION_COLUMNS " FROM missions WHERE parent = ? AND deleted_ms = 0 ORDER BY fold, id")      \
    X(CHANGE_PUT, "INSERT INTO changes(seq, mission, change, at_ms, kind, item, payload) VALUES(?, ?, ?, ?, ?, ?, ?)") \
    X(CHANGE, "SELECT " CHANGE_COLUMNS " FROM changes WHERE seq = ?")                                                  \
    X(CHANGES, "SELECT " CHANGE_COLUMNS " FROM changes WHERE (mission = ?1 OR seq IN"                                  \
               " (SELECT seq FROM items WHERE items.mission = ?1 AND kind <= 3)) AND " LISTED " ORDER BY seq")         \
    X(CHANGES_SQUASHED,                                                                                                \
      "SELECT " CHANGE_COLUMNS_A " FROM changes AS a WHERE (mission = ?1 OR seq IN"                                    \
      " (SELECT seq FROM items WHERE items.mission = ?1 AND kind <= 3)) AND " LISTED " AND NOT EXISTS (SELECT 1"       \
      " FROM changes AS b WHERE b.mission = ?1 AND b.kind = a.kind AND b.item = a.item AND a.kind > 0"                 \
      " AND b.seq > a.seq) ORDER BY seq")                                                                              \
    X(FILE_NEEDED, "SELECT 1 FROM changes WHERE kind = 2 AND item = ? LIMIT 1")                                        \
    X(ITEM_PUT, "INSERT INTO items(mission, kind, item, seq, made_ms) VALUES(?, ?, ?, ?, ?)"                           \
                " ON CONFLICT(mission, kind, item) DO UPDATE SET seq = excluded.seq")                                  \
    X(ITEM_DROP, "DELETE FROM items WHERE mission = ? AND kind = ? AND item = ?")                                      \
    X(ITEM_HAS, "SELECT 1 FROM items WHERE mission = ? AND kind = ? AND item = ?")                                     \
    X(ITEM_COUNT, "SELECT count(*) FROM items WHERE mission = ? AND kind = ?")                                         \
    X(ITEM, "SELECT " CHANGE_COLUMNS " FROM changes JOIN items USING(seq)"                                             \
            " WHERE items.mission = ? AND items.kind = ? AND items.item = ?")                                          \
    X(ITEMS, "SELECT " CHANGE_COLUMNS " FROM items JOIN changes USING(seq)"                                            \
             " WHERE items.mission = ? AND items.kind = ? ORDER BY items.seq")                                         \
    X(ITEMS_COPY, "INSERT INTO items(mission, kind, item, seq, made_ms)"                                               \
                  " SELECT ?1, kind, item, seq, made_ms FROM items WHERE mission = ?2")                                \
    X(LOGS, "SELECT items.item, items.made_ms, changes.at_ms, changes.payload, items.mission, missions.name,"          \
            " missions.guid FROM items JOIN changes USING(seq) JOIN missions ON missions.id = items.mission"           \
            " WHERE items.kind = 4 AND items.mission = ? ORDER BY items.seq")                                          \
    X(LOG, "SELECT items.item, items.made_ms, changes.at_ms, changes.payload, items.mission, missions.name,"           \
           " missions.guid FROM items JOIN changes USING(seq) JOIN missions ON missions.id = items.mission"            \
           " WHERE items.kind = 4 AND items.item = ? AND missions.deleted_ms = 0 ORDER BY items.mission")              \
    X(LOG_MISSIONS, "SELECT missions.name FROM items JOIN missions ON missions.id = items.mission"                     \
                    " WHERE items.kind = 4 AND items.item = ? AND missions.deleted_ms = 0 ORDER BY items.mission")     \
    X(WHERE, "SELECT missions.guid FROM items JOIN missions ON missions.id = items.mission WHERE items.item = ?2"      \
             " AND items.kind = ?1 AND missions.deleted_ms = 0 ORDER BY items.seq DESC")                               \
    X(MAPLAYERS, "SELECT changes.payload FROM items JOIN changes USING(seq)"                                           \
                 " WHERE items.mission = ? AND items.kind = 5 ORDER BY items.seq")                                     \
    X(KEYWORD_PUT, "INSERT OR IGNORE INTO keywords(mission, kind, item, keyword) VALUES(?, ?, ?, ?)")                  \
    X(KEYWORDS_DROP, "DELETE FROM keywords WHERE mission = ? AND kind = ? AND item = ?")                               \
    X(KEYWORDS, "SELECT keyword FROM keywords WHERE mission = ? AND kind = ? AND item = ? ORDER BY keyword")           \
    X(KEYWORDS_COPY, "INSERT OR IGNORE INTO keywords(mission, kind, item, keyword)"                                    \
                     " SELECT ?1, kind, item, keyword FROM keywords WHERE mission = ?2")                               \
    X(SUBSCRIPTION_PUT, "INSERT OR REPLACE INTO subscriptions(mission, client, user, role, id, made_ms, connected)"    \
                        " VALUES(?, ?, ?, ?, ?, ?, 1)")                                                                \
    X(SUBSCRIPTION_ROLE, "UPDATE subscriptions SET role = ?3 WHERE mission = ?1 AND client = ?2")                      \
    X(SUBSCRIPTION_OFF, "UPDATE subscriptions SET connected = 0 WHERE mission = ? AND client = ?")                     \
    X(SUBSCRIPTION_DROP, "DELETE FROM subscriptions WHERE mission = ? AND client = ?")                                 \
    X(SUBSCRIPTIONS_DROP, "DELETE FROM subscriptions WHERE mission = ?")                                               \
    X(SUBSCRIPTION_HAS, "SELECT 1 FROM subscriptions WHERE mission = ? AND client = ?")                                \
    X(SUBSCRIPTION_COUNT, "SELECT count(*) FROM subscriptions WHERE mission = ?")                                      \
    X(SUBSCRIPTIONS, "SELECT client, user, role, id, made_ms, connected FROM subscriptions WHERE mission = ?"          \
                     " ORDER BY made_ms, client")                                                                      \
    X(INVITATION_PUT, "INSERT OR REPLACE INTO invitations(mission, type, invitee, role, creator, id, made_ms)"         \
                      " VALUES(?, ?, ?, ?, ?, ?, ?)")                                                                  \
    X(INVITATION_DROP, "DELETE FROM invitations WHERE mission = ? AND type = ? AND invitee = ?")                       \
    X(INVITATIONS_DROP, "DELETE FROM invitations WHERE mission = ?")                                                   \
    X(INVITATION_COUNT, "SELECT count(*) FROM invitations WHERE mission = ?")                                          \
    X(INVITATIONS, "SELECT mission, name, guid, type, invitee, i.role, i.creator, i.id, i.made_ms"                     \
                   " FROM invitations AS i JOIN missions ON missions.id = mission"                                     \
                   " WHERE deleted_ms = 0 AND (?1 = 0 OR mission = ?1) ORDER BY i.made_ms, type, invitee")             \
    X(LAYER_PLACE, "SELECT place FROM layers WHERE mission = ? AND uid = ?")                                           \
    X(LAYER_LAST, "SELECT max(place) FROM layers WHERE mission = ?")                                                   \
    X(LAYER_SHIFT, "UPDATE layers SET place = place + 1 WHERE mission = ? AND place >= ?")                             \
    X(LAYER_PUT, "INSERT OR REPLACE INTO layers(mission, uid, name, type, parent, place) VALUES(?, ?, ?, ?, ?, ?)")    \
    X(LAYER_NAME, "UPDATE layers SET name = ?3 WHERE mission = ?1 AND uid = ?2")                                       \
    X(LAYER_MOVE, "UPDATE layers SET parent = ?3, place = ?4 WHERE mission = ?1 AND uid = ?2")                         \
    X(LAYER_EMPTY, "UPDATE layers SET parent = coalesce((SELECT b.parent FROM layers AS b WHERE b.mission = ?1"        \
                   " AND b.uid = ?2), '') WHERE mission = ?1 AND parent = ?2")                                         \
    X(LAYER_DROP, "DELETE FROM layers WHERE mission = ? AND uid = ?")                                                  \
    X(LAYER_COUNT, "SELECT count(*) FROM layers WHERE mission = ?")                                                    \
    X(LAYERS, "SELECT uid, name, type, parent FROM layers WHERE mission = ? ORDER BY place, uid")                      \
    X(LAYER_ABOVE, "WITH RECURSIVE up(uid) AS (SELECT ?2 UNION SELECT layers.parent FROM layers JOIN up"               \
                   " ON layers.uid = up.uid WHERE layers.mission = ?1) SELECT 1 FROM up WHERE uid = ?3")               \
    X(LAYERS_COPY, "INSERT INTO layers(mission, uid, name, type, parent, place)"                                       \
                   " SELECT ?1, uid, name, type, parent, place FROM layers WHERE mission = ?2")                        \
    X(MISSION_COUNT, "SELECT count(*) FROM missions WHERE deleted_ms = 0")                                             \
    X(APPLIED_PUT, "UPDATE state SET applied = ?, hash = ?")                                                           \
    X(APPLIED, "SELECT applied, hash FROM state")                                                                      \
    X(DUMP, DUMP_TEXT)

/* In the order of struct mission's reading and writing. */
#define MISSION_COLUMNS                                                                                                \
    "id, made_ms, edited_ms, deleted_ms, expiration, role, invite_only, guid, name, parent, password, creator, user,"  \
    " groups, description, chat_room, base_layer, bbox, polygon, path, classification, tool, fold"
#define CHANGE_COLUMNS "changes.seq, changes.at_ms, changes.payload, changes.mission"
#define CHANGE_COLUMNS_A "a.seq, a.at_ms, a.payload, a.mission"
/* Of the changes that have a type (core/mission.c): what was put and removed, and MISSION_CREATED, MISSION_DELETED. */
#define LISTED "at_ms >= ?2 AND at_ms <= ?3 AND (kind BETWEEN 1 AND 3 OR change IN (1, 3))"
#define DUMP_TEXT                                                                                                      \
    "SELECT 'm' || quote(id) || quote(guid) || quote(name) || quote(edited_ms) || quote(deleted_ms)"                   \
    " || quote(expiration) || quote(role) || quote(invite_only) || quote(parent) || quote(password)"                   \
    " || quote(creator) || quote(user) || quote(groups) || quote(description) || quote(tool) || quote(fold)"           \
    " || quote(made_ms) || quote(chat_room) || quote(bbox) || quote(path) FROM missions"                               \
    " UNION ALL SELECT 'c' || quote(seq) || quote(mission) || quote(change) || quote(at_ms) || quote(kind)"            \
    " || quote(item) || quote(payload) FROM changes"                                                                   \
    " UNION ALL SELECT 'i' || quote(mission) || quote(kind) || quote(item) || quote(seq) || quote(made_ms) FROM items" \
    " UNION ALL SELECT 'k' || quote(mission) || quote(kind) || quote(item) || quote(keyword) FROM keywords"            \
    " UNION ALL SELECT 's' || quote(mission) || quote(client) || quote(user) || quote(role) || quote(id)"              \
    " || quote(made_ms) || quote(connected) FROM subscriptions"                                                        \
    " UNION ALL SELECT 'v' || quote(mission) || quote(type) || quote(invitee) || quote(role) || quote(creator)"        \
    " || quote(id) || quote(made_ms) FROM invitations"                                                                 \
    " UNION ALL SELECT 'l' || quote(mission) || quote(uid) || quote(name) || quote(type) || quote(parent)"             \
    " || quote(place) FROM layers ORDER BY 1"

enum statement {
#define X(id, text) ST_##id,
    STATEMENT_LIST(X)
#undef X
        STATEMENTS
};
_Static_assert((int)STATEMENTS <= (int)DB_STATEMENTS_MAX, "all of them in one connection");

struct missions {
    struct db *db;
    bool reader, open, marked; /* a batch is open; a place in it is marked */
    uint64_t applied;
    struct db_stmt *at[STATEMENTS];
    struct mission work; /* of missions_apply */
    char note[256], dir[DB_PATH_MAX];
    char scratch[LIMIT_EVENT_IN]; /* of values that are read out of events */
};

/* A parameter. */
struct value {
    enum { VALUE_NUMBER, VALUE_TEXT, VALUE_BLOB } is;
    int64_t number;
    struct str bytes;
};
#define N(x) ((struct value){.is = VALUE_NUMBER, .number = (int64_t)(x)})
#define T(x) ((struct value){.is = VALUE_TEXT, .bytes = (x)})
#define B(x) ((struct value){.is = VALUE_BLOB, .bytes = (x)})
struct values {
    const struct value *at;
    size_t count;
};
#define VALUES(...)                                                                                                    \
    ((struct values){(const struct value[]){__VA_ARGS__}, COUNTOF(((const struct value[]){__VA_ARGS__}))})

/* The statement with its parameters, ready for db_step; NULL with a sentence. */
struct db_stmt *missions_ready(struct missions *m, enum statement s, struct values v, struct err *e) MUST_USE;
/* Runs one that gives no rows. */
bool missions_do(struct missions *m, enum statement s, struct values v, struct err *e) MUST_USE;
/* The first column of its first row, `otherwise` without one. */
bool missions_number(struct missions *m, enum statement s, struct values v, int64_t *out, struct err *e) MUST_USE;
/* The row at hand of a statement with MISSION_COLUMNS. */
void missions_take_row(struct db_stmt *s, struct mission *out);
enum item_kind missions_item_kind(enum missions_what what) MUST_USE;

#endif
