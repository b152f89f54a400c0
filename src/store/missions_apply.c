#include "store/missions_inner.h"

#include <stdio.h>

/* A row that does not fit the state changes nothing: the row that it builds upon may have been erased, or another
 * version may have written it.  What it must not do is fail, or differ between now and a replay. */

struct applying {
    struct missions *m;
    struct mission *x; /* its mission as it is now; not of MISSION_CREATED */
    enum mission_change change;
    uint64_t seq;
    int64_t at_ms;
    struct str payload;
    struct err *e;
};

static struct str get(const struct applying *a, enum field f)
{
    return fields_get(a->payload, f);
}

/* ---- a mission's own row ---------------------------------------------- */

static struct str keep(struct mission *x, size_t *used, struct str s)
{
    char *to = x->room + *used;

    if (s.len > sizeof x->room - *used)
        return (struct str){0};
    if (s.len)
        memcpy(to, s.at, s.len);
    *used += s.len;
    return str_of(to, s.len);
}

void missions_take_row(struct db_stmt *s, struct mission *out)
{
    size_t used = 0;

    out->id = db_int(s, 0);
    out->made_ms = db_int(s, 1);
    out->edited_ms = db_int(s, 2);
    out->deleted_ms = db_int(s, 3);
    out->expiration = db_int(s, 4);
    out->role = (uint64_t)db_int(s, 5) < MISSION_ROLES ? (enum mission_role)db_int(s, 5) : MISSION_NOBODY;
    out->invite_only = db_int(s, 6) != 0;
    (void)str_copy(out->guid, sizeof out->guid, db_text(s, 7));
    (void)str_copy(out->name, sizeof out->name, db_text(s, 8));
    (void)str_copy(out->parent, sizeof out->parent, db_text(s, 9));
    (void)str_copy(out->password, sizeof out->password, db_text(s, 10));
    out->creator = keep(out, &used, db_text(s, 11));
    out->user = keep(out, &used, db_text(s, 12));
    out->groups = keep(out, &used, db_text(s, 13));
    for (int k = MISSION_DESCRIPTION; k <= MISSION_TOOL; k++)
        out->attribute[k] = keep(out, &used, db_text(s, 14 + k));
}

static bool put_mission(struct applying *a, const struct mission *x)
{
    const struct str *t = x->attribute;
    char folded[MISSION_NAME_MAX + 1];
    struct buf fold = buf_over(folded, sizeof folded);

    mission_name_fold(&fold, str_from(x->name));
    return missions_do(a->m, ST_MISSION_PUT,
                       VALUES(N(x->id), N(x->made_ms), N(x->edited_ms), N(x->deleted_ms), N(x->expiration), N(x->role),
                              N(x->invite_only), T(str_from(x->guid)), T(str_from(x->name)), T(str_from(x->parent)),
                              T(str_from(x->password)), T(x->creator), T(x->user), T(x->groups),
                              T(t[MISSION_DESCRIPTION]), T(t[MISSION_CHAT_ROOM]), T(t[MISSION_BASE_LAYER]),
                              T(t[MISSION_BBOX]), T(t[MISSION_POLYGON]), T(t[MISSION_PATH]),
                              T(t[MISSION_CLASSIFICATION]), T(t[MISSION_TOOL]), T(buf_str(&fold))),
                       a->e);
}

/* All values of a tag, one a line. */
static void join(const struct applying *a, enum field f, struct buf *b)
{
    struct str rest = a->payload, value;
    enum field tag;

    while (fields_next(&rest, &tag, &value)) {
        if (tag != f)
            continue;
        if (b->len)
            buf_byte(b, '\n');
        buf_put(b, value);
    }
}

/* What KEY and VALUE and GROUP set. */
static void set_values(const struct applying *a, struct mission *x, struct buf *groups)
{
    struct str value;
    int64_t n;

    for (int k = MISSION_DESCRIPTION; k <= MISSION_TOOL; k++)
        if (mission_get_key(a->payload, (enum mission_key)k, &value))
            x->attribute[k] = value;
    if (mission_get_key(a->payload, MISSION_EXPIRATION, &value) && str_to_int(value, -1, INT64_MAX / 2000, &n))
        x->expiration = n;
    if (mission_get_key(a->payload, MISSION_INVITE_ONLY, &value))
        x->invite_only = str_eq(value, STR("true"));
    if (mission_get_key(a->payload, MISSION_DEFAULT_ROLE, &value))
        x->role = mission_role_of(value);
    if (!fields_has(a->payload, FIELD_GROUP))
        return;
    join(a, FIELD_GROUP, groups);
    x->groups = buf_str(groups);
}

static bool put_keywords(struct applying *a, int64_t mission, enum item_kind kind, struct str item)
{
    struct str rest = a->payload, value;
    enum field tag;

    if (!missions_do(a->m, ST_KEYWORDS_DROP, VALUES(N(mission), N(kind), T(item)), a->e))
        return false;
    while (fields_next(&rest, &tag, &value))
        if (tag == FIELD_MISSION_KEYWORD &&
            !missions_do(a->m, ST_KEYWORD_PUT, VALUES(N(mission), N(kind), T(item), T(value)), a->e))
            return false;
    return true;
}

static bool put_subscription(struct applying *a, int64_t mission, enum mission_role role)
{
    return missions_do(a->m, ST_SUBSCRIPTION_PUT,
                       VALUES(N(mission), T(get(a, FIELD_MISSION_CLIENT)), T(get(a, FIELD_USER)), N(role),
                              T(get(a, FIELD_MISSION_TOKEN)), N(a->at_ms)),
                       a->e);
}

/* What another mission has at this moment, without its subscribers and its log's life of its own. */
static bool copy(struct applying *a, int64_t to)
{
    int64_t from = 0;

    if (!fields_has(a->payload, FIELD_MISSION_FROM))
        return true;
    return missions_number(a->m, ST_MISSION_ROW, VALUES(T(get(a, FIELD_MISSION_FROM))), &from, a->e) &&
           missions_do(a->m, ST_ITEMS_COPY, VALUES(N(to), N(from)), a->e) &&
           missions_do(a->m, ST_LAYERS_COPY, VALUES(N(to), N(from)), a->e) &&
           missions_do(a->m, ST_KEYWORDS_COPY, VALUES(N(to), N(from)), a->e);
}

static bool apply_created(struct applying *a)
{
    struct mission *x = a->x;
    char list[MISSION_LIST_MAX];
    struct buf groups = buf_over(list, sizeof list);

    memset(x, 0, sizeof *x);
    x->id = (int64_t)a->seq;
    x->made_ms = x->edited_ms = a->at_ms;
    x->expiration = -1;
    x->creator = get(a, FIELD_MISSION_CREATOR);
    x->user = get(a, FIELD_USER);
    (void)str_copy(x->guid, sizeof x->guid, get(a, FIELD_MISSION));
    (void)str_copy(x->name, sizeof x->name, get(a, FIELD_MISSION_NAME));
    set_values(a, x, &groups);
    if (!put_mission(a, x) || !copy(a, x->id))
        return false;
    if (fields_has(a->payload, FIELD_MISSION_KEYWORD) && !put_keywords(a, x->id, ITEM_NONE, (struct str){0}))
        return false;
    return get(a, FIELD_MISSION_CLIENT).len == 0 || put_subscription(a, x->id, MISSION_OWNER);
}

static bool apply_updated(struct applying *a)
{
    char list[MISSION_LIST_MAX];
    struct buf groups = buf_over(list, sizeof list);

    set_values(a, a->x, &groups);
    return put_mission(a, a->x);
}

static bool apply_deleted(struct applying *a)
{
    a->x->deleted_ms = a->at_ms;
    return put_mission(a, a->x) && missions_do(a->m, ST_SUBSCRIPTIONS_DROP, VALUES(N(a->x->id)), a->e) &&
           missions_do(a->m, ST_INVITATIONS_DROP, VALUES(N(a->x->id)), a->e);
}

static bool apply_password(struct applying *a)
{
    (void)str_copy(a->x->password, sizeof a->x->password, get(a, FIELD_MISSION_VALUE));
    return put_mission(a, a->x);
}

static bool apply_parent(struct applying *a)
{
    (void)str_copy(a->x->parent, sizeof a->x->parent, get(a, FIELD_MISSION_PARENT));
    return put_mission(a, a->x);
}

/* ---- keywords, people -------------------------------------------------- */

static bool apply_keywords(struct applying *a)
{
    return put_keywords(a, a->x->id, ITEM_NONE, (struct str){0});
}

static bool apply_uid_keywords(struct applying *a)
{
    return put_keywords(a, a->x->id, ITEM_UID, get(a, FIELD_UID));
}

static bool apply_file_keywords(struct applying *a)
{
    return put_keywords(a, a->x->id, ITEM_FILE, get(a, FIELD_SHA256));
}

static bool apply_subscribed(struct applying *a)
{
    return put_subscription(a, a->x->id, mission_role_of(get(a, FIELD_MISSION_ROLE)));
}

static bool apply_unsubscribed(struct applying *a)
{
    bool stays = str_eq(get(a, FIELD_CHANGED), STR("disconnected"));

    return missions_do(a->m, stays ? ST_SUBSCRIPTION_OFF : ST_SUBSCRIPTION_DROP,
                       VALUES(N(a->x->id), T(get(a, FIELD_MISSION_CLIENT))), a->e);
}

static bool apply_role(struct applying *a)
{
    return missions_do(a->m, ST_SUBSCRIPTION_ROLE,
                       VALUES(N(a->x->id), T(get(a, FIELD_MISSION_CLIENT)),
                              N(mission_role_of(get(a, FIELD_MISSION_ROLE)))),
                       a->e);
}

static bool apply_invited(struct applying *a)
{
    return missions_do(a->m, ST_INVITATION_PUT,
                       VALUES(N(a->x->id), T(get(a, FIELD_MISSION_TYPE)), T(get(a, FIELD_MISSION_CLIENT)),
                              N(mission_role_of(get(a, FIELD_MISSION_ROLE))), T(get(a, FIELD_MISSION_CREATOR)),
                              T(get(a, FIELD_MISSION_TOKEN)), N(a->at_ms)),
                       a->e);
}

static bool apply_uninvited(struct applying *a)
{
    return missions_do(a->m, ST_INVITATION_DROP,
                       VALUES(N(a->x->id), T(get(a, FIELD_MISSION_TYPE)), T(get(a, FIELD_MISSION_CLIENT))), a->e);
}

/* ---- items: a pointer to the change that put it ------------------------ */

static bool put_item(struct applying *a, enum item_kind kind, enum field key)
{
    return missions_do(a->m, ST_ITEM_PUT,
                       VALUES(N(a->x->id), N(kind), T(get(a, key)), N(a->seq), N(a->at_ms)), a->e);
}

static bool drop_item(struct applying *a, enum item_kind kind, enum field key)
{
    return missions_do(a->m, ST_ITEM_DROP, VALUES(N(a->x->id), N(kind), T(get(a, key))), a->e) &&
           missions_do(a->m, ST_KEYWORDS_DROP, VALUES(N(a->x->id), N(kind), T(get(a, key))), a->e);
}

static bool drop_layer(struct applying *a, struct str uid)
{
    return missions_do(a->m, ST_LAYER_EMPTY, VALUES(N(a->x->id), T(uid)), a->e) &&
           missions_do(a->m, ST_LAYER_DROP, VALUES(N(a->x->id), T(uid)), a->e);
}

static bool apply_uid_put(struct applying *a)
{
    return put_item(a, ITEM_UID, FIELD_UID);
}

static bool apply_uid_removed(struct applying *a)
{
    return drop_item(a, ITEM_UID, FIELD_UID) && drop_layer(a, get(a, FIELD_UID));
}

static bool apply_file_put(struct applying *a)
{
    return put_item(a, ITEM_FILE, FIELD_SHA256);
}

static bool apply_file_removed(struct applying *a)
{
    return drop_item(a, ITEM_FILE, FIELD_SHA256) && drop_layer(a, get(a, FIELD_SHA256));
}

static bool apply_external_put(struct applying *a)
{
    return put_item(a, ITEM_EXTERNAL, FIELD_UID);
}

static bool apply_external_removed(struct applying *a)
{
    return drop_item(a, ITEM_EXTERNAL, FIELD_UID);
}

static bool apply_log_put(struct applying *a)
{
    return put_item(a, ITEM_LOG, FIELD_UID);
}

static bool apply_log_removed(struct applying *a)
{
    return drop_item(a, ITEM_LOG, FIELD_UID);
}

static bool apply_maplayer_put(struct applying *a)
{
    return put_item(a, ITEM_MAPLAYER, FIELD_UID);
}

static bool apply_maplayer_removed(struct applying *a)
{
    return drop_item(a, ITEM_MAPLAYER, FIELD_UID);
}

/* ---- layers ------------------------------------------------------------ */

/* Makes a place behind AFTER, or at the end. */
static bool make_place(struct applying *a, int64_t *place)
{
    int64_t after = -1, last = -1;
    struct str uid = get(a, FIELD_MISSION_AFTER);

    if (uid.len && !missions_number(a->m, ST_LAYER_PLACE, VALUES(N(a->x->id), T(uid)), &after, a->e))
        return false;
    if (!missions_number(a->m, ST_LAYER_LAST, VALUES(N(a->x->id)), &last, a->e))
        return false;
    *place = after < 0 ? last + 1 : after + 1;
    return after < 0 || missions_do(a->m, ST_LAYER_SHIFT, VALUES(N(a->x->id), N(*place)), a->e);
}

static bool apply_layer_put(struct applying *a)
{
    int64_t place;

    return make_place(a, &place) &&
           missions_do(a->m, ST_LAYER_PUT,
                       VALUES(N(a->x->id), T(get(a, FIELD_UID)), T(get(a, FIELD_NAME)), T(get(a, FIELD_MISSION_TYPE)),
                              T(get(a, FIELD_MISSION_PARENT)), N(place)),
                       a->e);
}

static bool apply_layer_named(struct applying *a)
{
    return missions_do(a->m, ST_LAYER_NAME, VALUES(N(a->x->id), T(get(a, FIELD_UID)), T(get(a, FIELD_NAME))), a->e);
}

static bool apply_layer_moved(struct applying *a)
{
    int64_t place;

    return make_place(a, &place) &&
           missions_do(a->m, ST_LAYER_MOVE,
                       VALUES(N(a->x->id), T(get(a, FIELD_UID)), T(get(a, FIELD_MISSION_PARENT)), N(place)), a->e);
}

static bool apply_layer_removed(struct applying *a)
{
    return drop_layer(a, get(a, FIELD_UID));
}

/* ---- rows -------------------------------------------------------------- */

static const struct row {
    bool (*apply)(struct applying *a);
    enum item_kind kind; /* of what the list of changes shows */
    enum field item;
    bool quiet; /* it is no edit of the mission */
} rows[MISSION_CHANGES] = {
    [MISSION_CREATED] = {.apply = apply_created},
    [MISSION_UPDATED] = {.apply = apply_updated},
    [MISSION_DELETED] = {.apply = apply_deleted},
    [MISSION_PASSWORD] = {.apply = apply_password},
    [MISSION_KEYWORDS] = {.apply = apply_keywords},
    [MISSION_UID_KEYWORDS] = {.apply = apply_uid_keywords},
    [MISSION_FILE_KEYWORDS] = {.apply = apply_file_keywords},
    [MISSION_SUBSCRIBED] = {.apply = apply_subscribed, .quiet = true},
    [MISSION_UNSUBSCRIBED] = {.apply = apply_unsubscribed, .quiet = true},
    [MISSION_ROLE_SET] = {.apply = apply_role, .quiet = true},
    [MISSION_UID_PUT] = {apply_uid_put, ITEM_UID, FIELD_UID, false},
    [MISSION_UID_REMOVED] = {apply_uid_removed, ITEM_UID, FIELD_UID, false},
    [MISSION_FILE_PUT] = {apply_file_put, ITEM_FILE, FIELD_SHA256, false},
    [MISSION_FILE_REMOVED] = {apply_file_removed, ITEM_FILE, FIELD_SHA256, false},
    [MISSION_LOG_PUT] = {apply_log_put, ITEM_LOG, FIELD_UID, false},
    [MISSION_LOG_REMOVED] = {apply_log_removed, ITEM_LOG, FIELD_UID, false},
    [MISSION_LAYER_PUT] = {.apply = apply_layer_put},
    [MISSION_LAYER_NAMED] = {.apply = apply_layer_named},
    [MISSION_LAYER_MOVED] = {.apply = apply_layer_moved},
    [MISSION_LAYER_REMOVED] = {.apply = apply_layer_removed},
    [MISSION_MAPLAYER_PUT] = {apply_maplayer_put, ITEM_MAPLAYER, FIELD_UID, false},
    [MISSION_MAPLAYER_REMOVED] = {apply_maplayer_removed, ITEM_MAPLAYER, FIELD_UID, false},
    [MISSION_EXTERNAL_PUT] = {apply_external_put, ITEM_EXTERNAL, FIELD_UID, false},
    [MISSION_EXTERNAL_REMOVED] = {apply_external_removed, ITEM_EXTERNAL, FIELD_UID, false},
    [MISSION_EXTERNAL_TOLD] = {apply_external_put, ITEM_EXTERNAL, FIELD_UID, false},
    [MISSION_PARENT_SET] = {.apply = apply_parent},
    [MISSION_INVITED] = {.apply = apply_invited, .quiet = true},
    [MISSION_UNINVITED] = {.apply = apply_uninvited, .quiet = true},
};

/* Its row among the changes, for ever.  Not a second copy of a password's hash. */
static bool put_change(struct applying *a, const struct row *row)
{
    bool secret = a->change == MISSION_PASSWORD;

    return missions_do(a->m, ST_CHANGE_PUT,
                       VALUES(N(a->seq), N(a->x->id), N(a->change), N(a->at_ms), N(row->kind),
                              T(row->kind ? get(a, row->item) : (struct str){0}),
                              B(secret ? (struct str){0} : a->payload)),
                       a->e);
}

bool missions_apply(struct missions *m, uint64_t seq, int64_t at_ms, struct str payload, struct err *e)
{
    struct applying a = {.m = m, .x = &m->work, .change = mission_change_of(fields_get(payload, FIELD_MISSION_CHANGE)),
                         .seq = seq, .at_ms = at_ms, .payload = payload, .e = e};
    const struct row *row = &rows[a.change];
    bool made = a.change == MISSION_CREATED, there, ok;

    if (!row->apply)
        return true;
    if (!m->open && !(m->open = db_begin(m->db, e)))
        return false;
    there = missions_by_guid(m, fields_get(payload, FIELD_MISSION), true, &m->work, e);
    ok = there || e->kind == ERR_MISSING;
    if (ok && there == made)
        return true; /* made twice, or not there */
    ok = ok && row->apply(&a) && put_change(&a, row) &&
         (made || row->quiet || missions_do(m, ST_MISSION_EDITED, VALUES(N(a.x->id), N(at_ms)), e));
    if (!ok)
        missions_rollback(m);
    return ok;
}
