#include "edge/marti_missions.h"

#include <inttypes.h>
#include <stdlib.h>

/* Shapes of tak.md 2.5: times have three digits of a second, creatorUid is always there, and what is not set is left
 * out or empty as in the peers'. */

/* ---- small things ------------------------------------------------------ */

/* Between two members or elements. */
static void comma(struct buf *b)
{
    if (b->len && !strchr("{[:", b->at[b->len - 1]))
        buf_byte(b, ',');
}

void put_member(struct buf *b, const char *name, struct str text)
{
    comma(b);
    if (name)
        buf_fmt(b, "\"%s\":", name);
    buf_json(b, text);
}

/* One that is left out when it is empty. */
static void put_some(struct buf *b, const char *name, struct str text)
{
    if (text.len)
        put_member(b, name, text);
}

static void put_time(struct buf *b, const char *name, int64_t ms)
{
    comma(b);
    buf_fmt(b, "\"%s\":\"", name);
    marti_time(b, ms);
    buf_byte(b, '"');
}

static void put_yes_no(struct buf *b, const char *name, bool yes)
{
    comma(b);
    buf_fmt(b, "\"%s\":%s", name, yes ? "true" : "false");
}

static void put_number(struct buf *b, const char *name, int64_t n)
{
    comma(b);
    buf_fmt(b, "\"%s\":%" PRId64, name, n);
}

static void open_list(struct buf *b, const char *name)
{
    comma(b);
    buf_fmt(b, "\"%s\":[", name);
}

static struct str next_line(struct str *lines)
{
    size_t end = str_find_byte(*lines, '\n');
    struct str line = str_cut(*lines, 0, end);

    *lines = str_from_at(*lines, end < lines->len ? end + 1 : end);
    return line;
}

void put_strings(struct buf *b, const char *name, struct str lines)
{
    open_list(b, name);
    while (lines.len) {
        comma(b);
        buf_json(b, next_line(&lines));
    }
    buf_byte(b, ']');
}

static bool put_word(void *ctx, struct str word)
{
    struct buf *b = ctx;

    comma(b);
    buf_json(b, word);
    return !b->full;
}

static void put_keywords(struct buf *b, const struct mission_call *c, enum missions_what what, int64_t id,
                         struct str item)
{
    struct err e;

    open_list(b, "keywords");
    b->full |= !missions_keywords(c->m, what, id, item, put_word, b, &e);
    buf_byte(b, ']');
}

void put_role(struct buf *b, enum mission_role role)
{
    buf_fmt(b, "{\"type\":\"%s\",\"permissions\":[", mission_role_word(role));
    for (unsigned bit = 1; bit < MISSION_MAY_END; bit <<= 1)
        if (mission_role_may(role) & bit) {
            comma(b);
            buf_fmt(b, "\"%s\"", mission_permission_word(bit));
        }
    buf_put(b, STR("]}"));
}

static void put_role_member(struct buf *b, const char *name, enum mission_role role)
{
    comma(b);
    buf_fmt(b, "\"%s\":", name);
    put_role(b, role);
}

/* ---- items ------------------------------------------------------------- */

static void put_details(struct buf *b, const struct mission_item *i)
{
    if (i->type.len == 0)
        return;
    comma(b);
    buf_put(b, STR("\"details\":{"));
    put_member(b, "type", i->type);
    put_some(b, "callsign", i->callsign);
    put_some(b, "iconsetPath", i->iconset);
    put_some(b, "color", i->color);
    if (i->has_point) {
        comma(b);
        buf_fmt(b, "\"location\":{\"lat\":%.9g,\"lon\":%.9g}", i->lat, i->lon);
    }
    buf_byte(b, '}');
}

static void put_resource(struct buf *b, const struct mission_item *i)
{
    buf_byte(b, '{');
    put_strings(b, "keywords", i->keywords);
    put_some(b, "mimeType", i->mime);
    put_member(b, "name", i->name.len ? i->name : i->hash);
    put_time(b, "submissionTime", i->submitted_ms ? i->submitted_ms : i->at_ms);
    put_some(b, "submitter", i->submitter);
    put_some(b, "uid", i->file_uid);
    put_member(b, "creatorUid", i->file_creator.len ? i->file_creator : i->creator);
    put_member(b, "hash", i->hash);
    put_number(b, "size", i->size);
    put_number(b, "expiration", i->expiration);
    put_some(b, "tool", i->tool);
    buf_byte(b, '}');
}

void put_external(struct buf *b, const struct mission_item *i)
{
    comma(b);
    buf_byte(b, '{');
    put_member(b, "name", i->external_name);
    put_member(b, "tool", i->external_tool);
    put_member(b, "uid", i->external);
    put_member(b, "urlData", i->external_data);
    put_member(b, "urlView", i->external_view);
    put_member(b, "notes", i->external_notes);
    buf_byte(b, '}');
}

struct items {
    struct buf *b;
    const struct mission_call *c;
    const struct mission *x;
};

static bool put_uid(void *ctx, const struct mission_item *i)
{
    struct items *s = ctx;

    comma(s->b);
    buf_byte(s->b, '{');
    put_member(s->b, "data", i->uid);
    put_time(s->b, "timestamp", i->at_ms);
    put_member(s->b, "creatorUid", i->creator);
    put_keywords(s->b, s->c, MISSIONS_UIDS, s->x->id, i->uid);
    put_details(s->b, i);
    buf_byte(s->b, '}');
    return !s->b->full;
}

static bool put_file(void *ctx, const struct mission_item *i)
{
    struct items *s = ctx;

    comma(s->b);
    buf_put(s->b, STR("{\"data\":"));
    put_resource(s->b, i);
    put_time(s->b, "timestamp", i->at_ms);
    put_member(s->b, "creatorUid", i->creator);
    put_keywords(s->b, s->c, MISSIONS_FILES, s->x->id, i->hash);
    buf_byte(s->b, '}');
    return !s->b->full;
}

static bool put_external_item(void *ctx, const struct mission_item *i)
{
    struct items *s = ctx;

    put_external(s->b, i);
    return !s->b->full;
}

static bool put_maplayer(void *ctx, struct str json)
{
    struct buf *b = ctx;

    comma(b);
    buf_put(b, json); /* as it was checked when it came */
    return !b->full;
}

static void put_items(struct items *s, const char *name, enum missions_what what, missions_see_item *put)
{
    struct err e;

    open_list(s->b, name);
    s->b->full |= !missions_items(s->c->m, what, s->x->id, put, s, &e);
    buf_byte(s->b, ']');
}

/* ---- changes ----------------------------------------------------------- */

void put_change(struct buf *b, const struct mission_call *c, const struct mission *x, const struct mission_item *i)
{
    comma(b);
    buf_byte(b, '{');
    put_yes_no(b, "isFederatedChange", false);
    put_member(b, "type", str_from(mission_change_info(i->change)->type));
    put_member(b, "missionName", str_from(x->name));
    put_member(b, "missionGuid", str_from(x->guid));
    put_time(b, "timestamp", i->at_ms);
    put_time(b, "serverTime", i->at_ms);
    put_member(b, "creatorUid", i->creator);
    if (call_flag(c, "ids", false)) /* our own: to ask for the snapshot of the change */
        put_number(b, "id", (int64_t)i->seq);
    if (i->uid.len) {
        put_member(b, "contentUid", i->uid);
        put_details(b, i);
    }
    if (i->hash.len) {
        comma(b);
        buf_put(b, STR("\"contentResource\":"));
        put_resource(b, i);
    }
    if (i->external.len) {
        comma(b);
        buf_put(b, STR("\"externalData\":["));
        put_external(b, i);
        buf_byte(b, ']');
    }
    buf_byte(b, '}');
}

static bool see_change(void *ctx, const struct mission_item *i)
{
    struct items *s = ctx;

    put_change(s->b, s->c, s->x, i);
    return !s->b->full;
}

void put_changes(void *ctx, struct buf *b)
{
    struct changes_json *j = ctx;
    struct items s = {b, j->c, &j->c->x};
    struct err e;

    buf_byte(b, '[');
    b->full |= !missions_changes(j->c->m, &j->span, see_change, &s, &e);
    buf_byte(b, ']');
}

/* ---- log entries ------------------------------------------------------- */

struct logs {
    struct buf *b;
    struct mission_call *c;
    struct marti_span span;
};

static void put_tagged(struct buf *b, const char *name, struct str payload, enum field f)
{
    enum field tag;
    struct str v;

    open_list(b, name);
    while (fields_next(&payload, &tag, &v))
        if (tag == f) {
            comma(b);
            buf_json(b, v);
        }
    buf_byte(b, ']');
}

void put_log(struct buf *b, struct mission_call *c, const struct mission_log *l)
{
    struct err e;

    comma(b);
    buf_byte(b, '{');
    put_member(b, "id", l->id);
    put_member(b, "content", l->content);
    put_member(b, "creatorUid", l->creator);
    put_some(b, "entryUid", l->entry_uid);
    open_list(b, "missionNames");
    b->full |= !missions_of_log(c->m, l->id, put_word, b, &e);
    buf_byte(b, ']');
    put_time(b, "servertime", l->server_ms);
    put_time(b, "dtg", l->about_ms ? l->about_ms : l->made_ms);
    put_time(b, "created", l->made_ms);
    put_tagged(b, "contentHashes", l->payload, FIELD_MISSION_HASH);
    put_tagged(b, "keywords", l->payload, FIELD_MISSION_KEYWORD);
    buf_byte(b, '}');
}

static bool see_log(void *ctx, const struct mission_log *l)
{
    struct logs *s = ctx;

    if (l->server_ms >= s->span.from_ms && l->server_ms <= s->span.to_ms)
        put_log(s->b, s->c, l);
    return !s->b->full;
}

void put_logs_of(void *ctx, struct buf *b)
{
    struct mission_json *j = ctx;
    struct logs s = {.b = b, .c = j->c, .span = j->span};
    struct err e;

    buf_byte(b, '[');
    b->full |= !missions_logs(j->c->m, j->x->id, (struct str){0}, see_log, &s, &e);
    buf_byte(b, ']');
}

/* ---- a mission --------------------------------------------------------- */

/* The groups that who asks hears: the others are no concern of his. */
static void put_groups(struct buf *b, const struct mission_json *j)
{
    struct str lines = j->x->groups;

    open_list(b, "groups");
    while (lines.len) {
        struct str group = next_line(&lines);

        if (!marti_hears(&j->c->ears, group))
            continue;
        comma(b);
        buf_json(b, group);
    }
    buf_byte(b, ']');
}

static void put_head(struct buf *b, const struct mission_json *j)
{
    static const enum mission_key keys[] = {MISSION_DESCRIPTION, MISSION_CHAT_ROOM, MISSION_BASE_LAYER, MISSION_BBOX,
                                            MISSION_POLYGON, MISSION_PATH, MISSION_CLASSIFICATION, MISSION_TOOL};
    const struct mission *x = j->x;

    put_member(b, "name", str_from(x->name));
    put_member(b, "guid", str_from(x->guid));
    for (size_t i = 0; i < COUNTOF(keys); i++)
        put_member(b, mission_key_word(keys[i]), x->attribute[keys[i]]);
    put_keywords(b, j->c, MISSIONS_ALL, x->id, (struct str){0});
    put_member(b, "creatorUid", x->creator);
    put_time(b, "createTime", x->made_ms);
    put_time(b, "lastEdited", x->edited_ms);
    put_groups(b, j);
    put_role_member(b, "defaultRole", mission_default_role(x));
    if (j->owner)
        put_role_member(b, "ownerRole", MISSION_OWNER);
    put_yes_no(b, "inviteOnly", x->invite_only);
    put_number(b, "expiration", x->expiration);
    put_yes_no(b, "passwordProtected", x->password[0] != 0);
}

void put_mission(struct buf *b, const struct mission_json *j)
{
    struct items s = {b, j->c, j->x};
    struct changes_json changes = {j->c, {.mission = j->x->id, .from_ms = j->span.from_ms, .to_ms = j->span.to_ms}};
    struct err e;

    comma(b);
    buf_byte(b, '{');
    put_head(b, j);
    put_items(&s, "externalData", MISSIONS_EXTERNAL, put_external_item);
    buf_put(b, STR(",\"feeds\":[]")); /* there are no data feeds */
    open_list(b, "mapLayers");
    b->full |= !missions_maplayers(j->c->m, j->x->id, put_maplayer, b, &e);
    buf_byte(b, ']');
    put_items(&s, "uids", MISSIONS_UIDS, put_uid);
    put_items(&s, "contents", MISSIONS_FILES, put_file);
    if (j->changes) {
        struct items of = {b, j->c, j->x};

        open_list(b, "missionChanges");
        b->full |= !missions_changes(j->c->m, &changes.span, see_change, &of, &e);
        buf_byte(b, ']');
    }
    if (j->logs) {
        struct mission_json logs = *j;

        comma(b);
        buf_put(b, STR("\"logs\":"));
        put_logs_of(&logs, b);
    }
    put_some(b, "token", j->token);
    buf_byte(b, '}');
}

void put_missions_of(void *ctx, struct buf *b)
{
    buf_byte(b, '[');
    put_mission(b, ctx);
    buf_byte(b, ']');
}

/* ---- people ------------------------------------------------------------ */

static void put_token(struct buf *b, const struct mission_call *c, const struct mission_token *t)
{
    char text[MISSION_TOKEN_MAX];
    struct buf token = buf_over(text, sizeof text);

    mission_token_put(&c->w->missions->key, t, &token);
    put_member(b, "token", buf_str(&token));
}

void put_subscription(struct buf *b, const struct mission_call *c, const struct mission_subscription *s,
                      const struct mission_json *mission, bool token)
{
    struct mission_token t = {.kind = TOKEN_SUBSCRIPTION, .guid = str_from(c->x.guid), .id = s->id};

    comma(b);
    buf_byte(b, '{');
    if (token)
        put_token(b, c, &t);
    put_member(b, "clientUid", s->client);
    put_member(b, "username", s->user);
    put_time(b, "createTime", s->made_ms);
    put_role_member(b, "role", s->role);
    if (mission) {
        comma(b);
        buf_put(b, STR("\"mission\":"));
        put_mission(b, mission);
    }
    buf_byte(b, '}');
}

void put_invitation(struct buf *b, const struct mission_call *c, const struct mission_invitation *i)
{
    struct mission_token t = {.kind = TOKEN_INVITATION, .guid = i->mission_guid, .id = i->id};

    comma(b);
    buf_byte(b, '{');
    put_member(b, "missionName", i->mission_name);
    put_member(b, "missionGuid", i->mission_guid);
    put_member(b, "invitee", i->invitee);
    put_member(b, "type", i->type);
    put_member(b, "creatorUid", i->creator);
    put_time(b, "createTime", i->made_ms);
    put_token(b, c, &t);
    put_role_member(b, "role", i->role);
    buf_byte(b, '}');
}

/* ---- layers: a tree out of rows in their order -------------------------- */

struct tree {
    struct buf *b;
    struct mission_call *c;
    size_t count, max, depth;
    struct node {
        size_t uid, name, type, parent; /* in text */
        size_t uid_len, name_len, type_len, parent_len;
    } *nodes;
    struct buf text;
};

enum { TREE_DEPTH = 64, TREE_TEXT = 8 << 20 };

static size_t keep(struct tree *t, struct str s)
{
    size_t at = t->text.len;

    buf_put(&t->text, s);
    return at;
}

static bool see_layer(void *ctx, const struct mission_layer *l)
{
    struct tree *t = ctx;
    struct node *n = &t->nodes[t->count];

    if (t->count == t->max)
        return false;
    *n = (struct node){keep(t, l->uid), keep(t, l->name), keep(t, l->type), keep(t, l->parent),
                       l->uid.len,      l->name.len,      l->type.len,      l->parent.len};
    t->count++;
    return !t->text.full;
}

static struct str of(const struct tree *t, size_t at, size_t len)
{
    return str_of(t->text.at + at, len);
}

static struct str parent_of(const struct tree *t, size_t i)
{
    return of(t, t->nodes[i].parent, t->nodes[i].parent_len);
}

static struct str uid_of(const struct tree *t, size_t i)
{
    return of(t, t->nodes[i].uid, t->nodes[i].uid_len);
}

static bool is_item(const struct tree *t, size_t i)
{
    return str_eq(of(t, t->nodes[i].type, t->nodes[i].type_len), STR("ITEM"));
}

static void put_item(struct tree *t, enum missions_what what, struct str item)
{
    struct items s = {t->b, t->c, &t->c->x};
    struct err e;

    if (!missions_item(t->c->m, what, t->c->x.id, item, what == MISSIONS_UIDS ? put_uid : put_file, &s, &e) &&
        e.kind != ERR_MISSING)
        t->b->full = true;
}

/* The items that are filed in a layer, or the one that an item at the top is. */
static void put_filed(struct tree *t, size_t at)
{
    static const struct {
        const char *name;
        enum missions_what what;
    } lists[] = {{"uids", MISSIONS_UIDS}, {"contents", MISSIONS_FILES}};

    for (size_t k = 0; k < COUNTOF(lists); k++) {
        open_list(t->b, lists[k].name);
        for (size_t i = 0; i < t->count && !t->b->full; i++)
            if (is_item(t, i) && (i == at || str_eq(parent_of(t, i), uid_of(t, at))))
                put_item(t, lists[k].what, uid_of(t, i));
        buf_byte(t->b, ']');
    }
}

static void put_below(struct tree *t, struct str parent);

static void put_node(struct tree *t, size_t i)
{
    const struct node *n = &t->nodes[i];

    comma(t->b);
    buf_byte(t->b, '{');
    put_some(t->b, "name", of(t, n->name, n->name_len));
    put_member(t->b, "type", of(t, n->type, n->type_len));
    put_some(t->b, "parentUid", parent_of(t, i));
    put_member(t->b, "uid", uid_of(t, i));
    put_filed(t, i);
    if (!is_item(t, i) && t->depth < TREE_DEPTH) {
        t->depth++;
        open_list(t->b, "mission_layers");
        put_below(t, uid_of(t, i));
        buf_byte(t->b, ']');
        t->depth--;
    }
    buf_byte(t->b, '}');
}

/* Those below parent, in their order; items are shown in the layer itself. */
static void put_below(struct tree *t, struct str parent)
{
    for (size_t i = 0; i < t->count && !t->b->full; i++)
        if (str_eq(parent_of(t, i), parent) && !(is_item(t, i) && parent.len))
            put_node(t, i);
}

void put_layers(void *ctx, struct buf *b)
{
    struct mission_call *c = ctx;
    struct tree t = {.b = b, .c = c, .max = MISSION_LAYERS_MAX};
    struct err e;
    char *text = malloc(TREE_TEXT);

    t.nodes = malloc(t.max * sizeof *t.nodes);
    t.text = buf_over(text, text ? TREE_TEXT : 0);
    b->full |= !text || !t.nodes || !missions_layers(c->m, c->x.id, see_layer, &t, &e);
    buf_byte(b, '[');
    if (!b->full)
        put_below(&t, (struct str){0});
    buf_byte(b, ']');
    free(t.nodes);
    free(text);
}
