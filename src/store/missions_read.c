#include "store/missions_inner.h"

#include "base/hash.h"

enum item_kind missions_item_kind(enum missions_what what)
{
    static const enum item_kind kinds[MISSIONS_WHAT] = {
        [MISSIONS_UIDS] = ITEM_UID,           [MISSIONS_FILES] = ITEM_FILE, [MISSIONS_MAPLAYERS] = ITEM_MAPLAYER,
        [MISSIONS_EXTERNAL] = ITEM_EXTERNAL, [MISSIONS_LOGS] = ITEM_LOG,
    };

    return kinds[what];
}

/* The role in a column. */
static enum mission_role role_in(struct db_stmt *s, int column)
{
    int64_t n = db_int(s, column);

    return n > 0 && n < MISSION_ROLES ? (enum mission_role)n : MISSION_NOBODY;
}

/* Walks the rows of a statement; see() returns false to stop. */
static bool walk(struct db_stmt *s, bool (*see)(void *ctx, struct db_stmt *row), void *ctx, struct err *e)
{
    enum db_step step = DB_DONE;

    if (!s)
        return false;
    while ((step = db_step(s, e)) == DB_ROW && see(ctx, s))
        ;
    db_reset(s);
    return step != DB_FAILED;
}

/* ---- missions ---------------------------------------------------------- */

bool missions_by_guid(struct missions *m, struct str guid, bool deleted, struct mission *out, struct err *e)
{
    struct db_stmt *s = missions_ready(m, ST_MISSION_ROW, VALUES(T(guid)), e);
    enum db_step step = s ? db_step(s, e) : DB_FAILED;

    if (step == DB_ROW)
        missions_take_row(s, out);
    if (s)
        db_reset(s);
    if (step == DB_FAILED)
        return false;
    if (step == DB_DONE || (out->deleted_ms && !deleted))
        return err_set(e, ERR_MISSING, "there is no mission with the guid %.*s", STR_ARG(guid));
    return true;
}

struct mission_walk {
    missions_see *see;
    void *ctx;
    struct mission *room;
};

static bool see_mission(void *ctx, struct db_stmt *row)
{
    struct mission_walk *w = ctx;

    missions_take_row(row, w->room);
    return w->see(w->ctx, w->room);
}

bool missions_named(struct missions *m, struct str name, missions_see *see, void *ctx, struct err *e)
{
    char folded[MISSION_NAME_MAX + 1];
    struct buf fold = buf_over(folded, sizeof folded);
    struct mission_walk w = {see, ctx, &m->work};

    mission_name_fold(&fold, name);
    return fold.full || walk(missions_ready(m, ST_NAMED, VALUES(T(buf_str(&fold))), e), see_mission, &w, e);
}

bool missions_each(struct missions *m, missions_see *see, void *ctx, struct err *e)
{
    struct mission_walk w = {see, ctx, &m->work};

    return walk(missions_ready(m, ST_EACH, (struct values){0}, e), see_mission, &w, e);
}

bool missions_children(struct missions *m, struct str guid, missions_see *see, void *ctx, struct err *e)
{
    struct mission_walk w = {see, ctx, &m->work};

    return walk(missions_ready(m, ST_CHILDREN, VALUES(T(guid)), e), see_mission, &w, e);
}

/* ---- counts ------------------------------------------------------------ */

bool missions_count(struct missions *m, enum missions_what what, int64_t id, int64_t *out, struct err *e)
{
    static const enum statement own[MISSIONS_WHAT] = {[MISSIONS_SUBSCRIPTIONS] = ST_SUBSCRIPTION_COUNT,
                                                      [MISSIONS_INVITATIONS] = ST_INVITATION_COUNT,
                                                      [MISSIONS_LAYERS_OF] = ST_LAYER_COUNT};

    *out = 0;
    if (what == MISSIONS_ALL)
        return missions_number(m, ST_MISSION_COUNT, (struct values){0}, out, e);
    if (missions_item_kind(what))
        return missions_number(m, ST_ITEM_COUNT, VALUES(N(id), N(missions_item_kind(what))), out, e);
    return missions_number(m, own[what], VALUES(N(id)), out, e);
}

bool missions_has(struct missions *m, enum missions_what what, int64_t id, struct str item, bool *has, struct err *e)
{
    int64_t found = -1;
    bool ok;

    if (missions_item_kind(what))
        ok = missions_number(m, ST_ITEM_HAS, VALUES(N(id), N(missions_item_kind(what)), T(item)), &found, e);
    else
        ok = missions_number(m, what == MISSIONS_LAYERS_OF ? ST_LAYER_PLACE : ST_SUBSCRIPTION_HAS,
                             VALUES(N(id), T(item)), &found, e);
    *has = found >= 0;
    return ok;
}

bool missions_would_loop(struct missions *m, int64_t id, struct str uid, struct str parent, bool *loops, struct err *e)
{
    int64_t found = 0;

    *loops = false;
    if (parent.len == 0)
        return true;
    if (!missions_number(m, ST_LAYER_ABOVE, VALUES(N(id), T(parent), T(uid)), &found, e))
        return false;
    *loops = found != 0;
    return true;
}

bool missions_need_file(struct missions *m, struct str hash, bool *need, struct err *e)
{
    int64_t found = 0;
    bool ok = missions_number(m, ST_FILE_NEEDED, VALUES(T(hash)), &found, e);

    *need = found != 0;
    return ok;
}

/* ---- items and changes ------------------------------------------------- */

struct item_walk {
    struct missions *m;
    missions_see_item *see;
    void *ctx;
    int64_t mission; /* not 0: of that one alone */
    bool found;
};

static bool see_change(void *ctx, struct db_stmt *row)
{
    struct item_walk *w = ctx;
    struct buf scratch = buf_over(w->m->scratch, sizeof w->m->scratch);
    struct mission_item i;

    if (w->mission && db_int(row, 3) != w->mission)
        return true;
    mission_item_read(db_blob(row, 2), &scratch, &i);
    i.seq = (uint64_t)db_int(row, 0);
    i.at_ms = db_int(row, 1);
    w->found = true;
    return w->see(w->ctx, &i);
}

bool missions_items(struct missions *m, enum missions_what what, int64_t id, missions_see_item *see, void *ctx,
                    struct err *e)
{
    struct item_walk w = {.m = m, .see = see, .ctx = ctx};

    return walk(missions_ready(m, ST_ITEMS, VALUES(N(id), N(missions_item_kind(what))), e), see_change, &w, e);
}

/* Walks, and refuses when there was nothing to be seen. */
static bool walk_one(struct db_stmt *s, struct item_walk *w, struct err *e)
{
    if (!walk(s, see_change, w, e))
        return false;
    return w->found || err_set(e, ERR_MISSING, "the mission has no such item");
}

bool missions_item(struct missions *m, enum missions_what what, int64_t id, struct str item, missions_see_item *see,
                   void *ctx, struct err *e)
{
    struct item_walk w = {.m = m, .see = see, .ctx = ctx};
    struct values v = VALUES(N(id), N(missions_item_kind(what)), T(item));

    return walk_one(missions_ready(m, ST_ITEM, v, e), &w, e);
}

bool missions_changes(struct missions *m, const struct missions_span *span, missions_see_item *see, void *ctx,
                      struct err *e)
{
    struct item_walk w = {.m = m, .see = see, .ctx = ctx};
    struct values v = VALUES(N(span->mission), N(span->from_ms), N(span->to_ms));

    return walk(missions_ready(m, span->squashed ? ST_CHANGES_SQUASHED : ST_CHANGES, v, e), see_change, &w, e);
}

bool missions_change(struct missions *m, int64_t id, uint64_t seq, missions_see_item *see, void *ctx, struct err *e)
{
    struct item_walk w = {.m = m, .see = see, .ctx = ctx, .mission = id};

    return walk_one(missions_ready(m, ST_CHANGE, VALUES(N(seq)), e), &w, e);
}

/* ---- words ------------------------------------------------------------- */

struct word_walk {
    missions_see_word *see;
    void *ctx;
    bool is_payload;
};

static bool see_word(void *ctx, struct db_stmt *row)
{
    struct word_walk *w = ctx;

    return w->see(w->ctx, w->is_payload ? fields_get(db_blob(row, 0), FIELD_MISSION_VALUE) : db_text(row, 0));
}

bool missions_keywords(struct missions *m, enum missions_what what, int64_t id, struct str item, missions_see_word *see,
                       void *ctx, struct err *e)
{
    struct word_walk w = {see, ctx, false};
    struct values v = VALUES(N(id), N(missions_item_kind(what)), T(item));

    return walk(missions_ready(m, ST_KEYWORDS, v, e), see_word, &w, e);
}

bool missions_maplayers(struct missions *m, int64_t id, missions_see_word *see, void *ctx, struct err *e)
{
    struct word_walk w = {see, ctx, true};

    return walk(missions_ready(m, ST_MAPLAYERS, VALUES(N(id)), e), see_word, &w, e);
}

/* ---- people, layers, logs ---------------------------------------------- */

struct row_walk {
    union {
        missions_see_subscription *subscription;
        missions_see_invitation *invitation;
        missions_see_layer *layer;
        missions_see_log *log;
    } see;
    void *ctx;
};

static bool see_subscription(void *ctx, struct db_stmt *r)
{
    struct row_walk *w = ctx;
    struct mission_subscription s = {.client = db_text(r, 0), .user = db_text(r, 1), .role = role_in(r, 2),
                                     .id = db_text(r, 3), .made_ms = db_int(r, 4),
                                     .connected = db_int(r, 5) != 0};

    return w->see.subscription(w->ctx, &s);
}

bool missions_subscriptions(struct missions *m, int64_t id, missions_see_subscription *see, void *ctx, struct err *e)
{
    struct row_walk w = {.see.subscription = see, .ctx = ctx};

    return walk(missions_ready(m, ST_SUBSCRIPTIONS, VALUES(N(id)), e), see_subscription, &w, e);
}

static bool see_invitation(void *ctx, struct db_stmt *r)
{
    struct row_walk *w = ctx;
    struct mission_invitation i = {.mission = db_int(r, 0), .mission_name = db_text(r, 1),
                                   .mission_guid = db_text(r, 2), .type = db_text(r, 3), .invitee = db_text(r, 4),
                                   .role = role_in(r, 5), .creator = db_text(r, 6), .id = db_text(r, 7),
                                   .made_ms = db_int(r, 8)};

    return w->see.invitation(w->ctx, &i);
}

bool missions_invitations(struct missions *m, int64_t id, missions_see_invitation *see, void *ctx, struct err *e)
{
    struct row_walk w = {.see.invitation = see, .ctx = ctx};

    return walk(missions_ready(m, ST_INVITATIONS, VALUES(N(id)), e), see_invitation, &w, e);
}

static bool see_layer(void *ctx, struct db_stmt *r)
{
    struct row_walk *w = ctx;
    struct mission_layer l = {db_text(r, 0), db_text(r, 1), db_text(r, 2), db_text(r, 3)};

    return w->see.layer(w->ctx, &l);
}

bool missions_layers(struct missions *m, int64_t id, missions_see_layer *see, void *ctx, struct err *e)
{
    struct row_walk w = {.see.layer = see, .ctx = ctx};

    return walk(missions_ready(m, ST_LAYERS, VALUES(N(id)), e), see_layer, &w, e);
}

static bool see_log(void *ctx, struct db_stmt *r)
{
    struct row_walk *w = ctx;
    struct str payload = db_blob(r, 3);
    struct mission_log l = {.id = db_text(r, 0), .made_ms = db_int(r, 1), .server_ms = db_int(r, 2), .payload = payload,
                            .mission = db_int(r, 4), .mission_name = db_text(r, 5), .mission_guid = db_text(r, 6),
                            .content = fields_get(payload, FIELD_TEXT),
                            .creator = fields_get(payload, FIELD_MISSION_CREATOR),
                            .entry_uid = fields_get(payload, FIELD_LINK_UID),
                            .about_ms = fields_get_int(payload, FIELD_MISSION_AT, 0)};

    return w->see.log(w->ctx, &l);
}

bool missions_logs(struct missions *m, int64_t id, struct str log, missions_see_log *see, void *ctx, struct err *e)
{
    struct row_walk w = {.see.log = see, .ctx = ctx};
    struct db_stmt *s = log.len ? missions_ready(m, ST_LOG, VALUES(T(log)), e)
                                : missions_ready(m, ST_LOGS, VALUES(N(id)), e);

    return walk(s, see_log, &w, e);
}

bool missions_of_log(struct missions *m, struct str log, missions_see_word *see, void *ctx, struct err *e)
{
    struct word_walk w = {see, ctx, false};

    return walk(missions_ready(m, ST_LOG_MISSIONS, VALUES(T(log)), e), see_word, &w, e);
}

bool missions_where(struct missions *m, enum missions_what what, struct str item, missions_see_word *see, void *ctx,
                    struct err *e)
{
    struct word_walk w = {see, ctx, false};
    struct values v = VALUES(N(missions_item_kind(what)), T(item));

    return walk(missions_ready(m, ST_WHERE, v, e), see_word, &w, e);
}

/* ---- the whole --------------------------------------------------------- */

static bool see_dump(void *ctx, struct db_stmt *row)
{
    static const struct hash_key key = {1, 2};
    uint64_t *hash = ctx;

    *hash = *hash * 1099511628211u + hash_str(key, db_text(row, 0));
    return true;
}

bool missions_hash(struct missions *m, uint64_t *out, struct err *e)
{
    *out = 0;
    return walk(missions_ready(m, ST_DUMP, (struct values){0}, e), see_dump, out, e);
}
