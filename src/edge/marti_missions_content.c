#include "edge/marti_missions.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- uids and files ------------------------------------------------------------ */

static bool put_uid(struct mission_call *c, struct str uid)
{
    struct err e;

    if (!mission_text_fits(uid, LIMIT_UID, "a uid", &e)) {
        call_err(c, &e);
        return false;
    }
    call_change(c, MISSION_UID_PUT);
    fields_put(&c->one, FIELD_UID, uid);
    call_add(c);
    return true;
}

static bool put_hash(struct mission_call *c, struct str text)
{
    char hash[65];

    if (!mission_hash_read(text, hash)) {
        call_refuse(c, 400, "A file is named by the 64 digits of its SHA-256.");
        return false;
    }
    call_change(c, MISSION_FILE_PUT);
    fields_put(&c->one, FIELD_SHA256, str_from(hash));
    if (!mission_file_put_keys(c, str_from(hash)))
        return false;
    call_add(c);
    return true;
}

/* Files an item that is put in a layer. */
static void put_in_layer(struct mission_call *c, struct str item, struct str layer, struct str after)
{
    call_change(c, MISSION_LAYER_PUT);
    fields_put(&c->one, FIELD_UID, item);
    fields_put(&c->one, FIELD_MISSION_TYPE, STR("ITEM"));
    fields_put(&c->one, FIELD_MISSION_PARENT, layer);
    if (after.len)
        fields_put(&c->one, FIELD_MISSION_AFTER, after);
    call_add(c);
}

static bool is_there(struct mission_call *c, enum missions_what what, struct str item)
{
    struct err e;
    bool has = false;

    return missions_has(c->m, what, c->x.id, item, &has, &e) && has;
}

/* What a body names: {"hashes":[],"uids":[],"paths":{LAYER:[{...}]},"after":""}.  An item that is filed in a layer and
 * is in the mission already is only filed. */
struct contents {
    struct mission_call *c;
    struct str layer, after;
    size_t count;
};

static bool put_list(struct contents *t, struct json_value list, enum missions_what what)
{
    struct mission_call *c = t->c;

    for (size_t i = 0; json_is(list) == JSON_LIST && i < json_count(list); i++) {
        struct str item = json_as_text(json_at(list, i));

        if (++t->count > MISSION_ONES_MAX / 2) {
            call_refuse(c, 413, "That are more than 256 items at once; send them in parts.");
            return false;
        }
        if ((t->layer.len == 0 || !is_there(c, what, item)) &&
            !(what == MISSIONS_UIDS ? put_uid(c, item) : put_hash(c, item)))
            return false;
        if (t->layer.len)
            put_in_layer(c, item, t->layer, t->after);
        t->after = t->layer.len ? item : t->after;
    }
    return true;
}

static bool put_object(struct contents *t, struct json_value object)
{
    return put_list(t, json_get(object, "hashes"), MISSIONS_FILES) &&
           put_list(t, json_get(object, "uids"), MISSIONS_UIDS);
}

static bool put_paths(struct contents *t, struct json_value paths)
{
    void *at = NULL;
    struct str layer;
    struct json_value list;

    if (json_is(paths) != JSON_IS_OBJECT)
        return true;
    while (json_each(paths, &at, &layer, &list))
        for (size_t i = 0; json_is(list) == JSON_LIST && i < json_count(list); i++) {
            struct contents below = {.c = t->c, .layer = layer, .count = t->count,
                                     .after = json_as_text(json_get(json_at(list, i), "after"))};

            if (!put_object(&below, json_at(list, i)))
                return false;
            t->count = below.count;
        }
    return true;
}

void mission_put_contents(struct mission_call *c)
{
    struct contents t = {.c = c};
    struct json *j = NULL;
    struct err e;
    bool ok;

    if (!json_read(c->q->body, &j, &e)) {
        call_err(c, &e);
        return;
    }
    ok = put_object(&t, json_root(j)) && put_paths(&t, json_get(json_root(j), "paths"));
    json_drop(j);
    if (!ok)
        return;
    if (t.count == 0)
        call_refuse(c, 400, "Name at least one hash or uid.");
    else
        call_send(c, call_mission);
}

void mission_delete_contents(struct mission_call *c)
{
    struct str hash, uid;
    char small[65];

    if (!call_text(c, "hash", 64, &hash) || !call_text(c, "uid", LIMIT_UID, &uid))
        return;
    if (hash.len + uid.len == 0 || (hash.len && !mission_hash_read(hash, small))) {
        call_refuse(c, 400, "hash (64 digits) or uid says what is taken out.");
        return;
    }
    if (hash.len) {
        call_change(c, MISSION_FILE_REMOVED);
        fields_put(&c->one, FIELD_SHA256, str_from(small));
        call_add(c);
    }
    if (uid.len) {
        call_change(c, MISSION_UID_REMOVED);
        fields_put(&c->one, FIELD_UID, uid);
        call_add(c);
    }
    call_send(c, call_mission);
}

/* ---- log entries ------------------------------------------------------------------- */

struct entry {
    struct mission_call *c;
    struct json_value v;
    char id[LIMIT_UID + 1];
    size_t missions;
};

static bool put_times(struct entry *n)
{
    struct str dtg = json_as_text(json_get(n->v, "dtg"));
    int64_t ms;

    if (dtg.len == 0)
        return true;
    if (!marti_take_time(dtg, &ms)) {
        call_refuse(n->c, 400, "dtg is a time like 2026-01-02T03:04:05.000Z.");
        return false;
    }
    fields_put_int(&n->c->one, FIELD_MISSION_AT, ms);
    return true;
}

static bool put_texts(struct entry *n, enum field f, const char *name, size_t max)
{
    struct json_value list = json_get(n->v, name);
    struct err e;

    if (json_is(list) == JSON_LIST && json_count(list) > MISSION_LOG_HASHES_MAX) {
        call_refuse(n->c, 400, "A log entry has at most 128 keywords and 128 contentHashes.");
        return false;
    }
    for (size_t i = 0; json_is(list) == JSON_LIST && i < json_count(list); i++) {
        struct str text = json_as_text(json_at(list, i));

        if (!mission_text_fits(text, max, name, &e)) {
            call_err(n->c, &e);
            return false;
        }
        fields_put(&n->c->one, f, text);
    }
    return true;
}

/* The entry for one mission. */
static bool put_entry(struct entry *n, struct str guid)
{
    struct mission_call *c = n->c;
    struct str content = json_as_text(json_get(n->v, "content"));
    struct str entry_uid = json_as_text(json_get(n->v, "entryUid"));

    if (content.len == 0 || content.len > MISSION_LOG_MAX || !text_is_plain(content, true)) {
        call_refuse(c, 400, "content is the text of the entry: 1 to 16384 bytes without control characters.");
        return false;
    }
    if (entry_uid.len > LIMIT_UID || !text_is_plain(entry_uid, false)) {
        call_refuse(c, 400, "entryUid is too long, or no text.");
        return false;
    }
    call_change(c, MISSION_LOG_PUT);
    fields_put(&c->one, FIELD_MISSION, guid);
    fields_put(&c->one, FIELD_UID, str_from(n->id));
    fields_put(&c->one, FIELD_TEXT, content);
    fields_put(&c->one, FIELD_CALLSIGN, str_from(c->q->client.name)); /* the source of a line of the incident */
    if (entry_uid.len)
        fields_put(&c->one, FIELD_LINK_UID, entry_uid);
    if (!put_times(n) || !put_texts(n, FIELD_MISSION_KEYWORD, "keywords", MISSION_KEYWORD_MAX) ||
        !put_texts(n, FIELD_MISSION_HASH, "contentHashes", 64))
        return false;
    call_add(c);
    n->missions++;
    return true;
}

struct places {
    struct entry *n;
    char guids[64][MISSION_GUID_LEN + 1];
    size_t count;
};

static bool see_where(void *ctx, const struct mission_log *l)
{
    struct places *f = ctx;

    if (f->count < COUNTOF(f->guids))
        (void)str_copy(f->guids[f->count++], sizeof f->guids[0], l->mission_guid);
    return true;
}

struct shown {
    struct mission_call *c;
    struct buf *b;
};

static bool see_entry(void *ctx, const struct mission_log *l)
{
    struct shown *s = ctx;

    put_log(s->b, s->c, l);
    return false;
}

static void put_shown(void *ctx, struct buf *b)
{
    struct shown s = {ctx, b};
    struct err e;

    b->full |= !missions_logs(s.c->m, 0, str_from(s.c->subject), see_entry, &s, &e);
}

static void show_entry(struct mission_call *c)
{
    marti_data(c->r, "com.bbn.marti.sync.model.LogEntry", put_shown, c);
}

/* The missions that the body names; without a name those that have the entry already. */
static bool put_missions(struct entry *n)
{
    struct json_value names = json_get(n->v, "missionNames");
    struct places f = {.n = n};
    struct err e;

    if (json_is(names) == JSON_LIST && json_count(names) > COUNTOF(f.guids)) {
        call_refuse(n->c, 400, "A log entry is of at most 64 missions.");
        return false;
    }
    for (size_t i = 0; json_is(names) == JSON_LIST && i < json_count(names); i++)
        if (!call_find(n->c, json_as_text(json_at(names, i)), false, &n->c->other) ||
            !put_entry(n, str_from(n->c->other.guid)))
            return false;
    if (n->missions)
        return true;
    if (!missions_logs(n->c->m, 0, str_from(n->id), see_where, &f, &e)) {
        call_err(n->c, &e);
        return false;
    }
    for (size_t i = 0; i < f.count; i++)
        if (!call_find(n->c, str_from(f.guids[i]), true, &n->c->other) || !put_entry(n, str_from(f.guids[i])))
            return false;
    if (n->missions == 0)
        call_refuse(n->c, 400, "missionNames says which missions the entry is of.");
    return n->missions > 0;
}

static void put_log_body(struct mission_call *c, bool is_new)
{
    struct entry n = {.c = c};
    struct json *j = NULL;
    struct str id, creator;
    struct err e;
    bool ok = true;

    if (!json_read(c->q->body, &j, &e)) {
        call_err(c, &e);
        return;
    }
    n.v = json_root(j);
    id = json_as_text(json_get(n.v, "id"));
    creator = json_as_text(json_get(n.v, "creatorUid"));
    if (is_new != (id.len == 0) || id.len > 64 || !text_is_plain(id, false)) {
        call_refuse(c, 400, is_new ? "A new entry has no id yet: PUT changes one that is there."
                                   : "id says which entry is changed.");
        ok = false;
    }
    if (ok && mission_text_fits(creator, LIMIT_UID, "creatorUid", &e))
        (void)str_copy(c->creator_text, sizeof c->creator_text, creator);
    if (is_new)
        mission_token_id(n.id);
    else if (ok)
        (void)str_copy(n.id, sizeof n.id, id);
    ok = ok && put_missions(&n);
    json_drop(j);
    if (!ok)
        return;
    (void)str_copy(c->subject, sizeof c->subject, str_from(n.id));
    c->status = 201;
    call_send(c, show_entry);
}

void mission_post_log(struct mission_call *c)
{
    put_log_body(c, true);
}

void mission_put_log_entry(struct mission_call *c)
{
    put_log_body(c, false);
}

void mission_delete_log(struct mission_call *c)
{
    struct places f = {.count = 0};
    struct err e;

    if (!missions_logs(c->m, 0, c->q->part[0], see_where, &f, &e)) {
        call_err(c, &e);
        return;
    }
    if (f.count == 0) {
        call_refuse(c, 404, "There is no such log entry.");
        return;
    }
    for (size_t i = 0; i < f.count; i++) {
        if (!call_find(c, str_from(f.guids[i]), true, &c->other))
            return;
        call_change(c, MISSION_LOG_REMOVED);
        fields_put(&c->one, FIELD_MISSION, str_from(f.guids[i]));
        fields_put(&c->one, FIELD_UID, c->q->part[0]);
        call_add(c);
    }
    call_send(c, call_done);
}

/* ---- layers --------------------------------------------------------------------------- */

static bool see_layer(void *ctx, const struct mission_layer *l)
{
    struct shown *s = ctx;

    if (!str_eq(l->uid, str_from(s->c->subject)))
        return true;
    buf_byte(s->b, '{');
    if (l->name.len)
        put_member(s->b, "name", l->name);
    put_member(s->b, "type", l->type);
    if (l->parent.len)
        put_member(s->b, "parentUid", l->parent);
    put_member(s->b, "uid", l->uid);
    buf_byte(s->b, '}');
    return false;
}

static void put_layer_data(void *ctx, struct buf *b)
{
    struct shown s = {ctx, b};
    struct err e;

    b->full |= !missions_layers(s.c->m, s.c->x.id, see_layer, &s, &e);
}

static void show_layer(struct mission_call *c)
{
    struct err e;
    bool has;

    if (!missions_has(c->m, MISSIONS_LAYERS_OF, c->x.id, str_from(c->subject), &has, &e) || !has)
        call_refuse(c, 404, "The mission has no such layer.");
    else
        marti_data(c->r, "MissionLayer", put_layer_data, c);
}

void mission_get_layer(struct mission_call *c)
{
    (void)str_copy(c->subject, sizeof c->subject, c->q->part[1]);
    show_layer(c);
}

/* parentUid and afterUid. */
static bool put_place(struct mission_call *c, struct str after)
{
    struct str parent;

    if (!call_text(c, "parentUid", LIMIT_UID, &parent) ||
        (after.len == 0 && !call_text(c, "afterUid", LIMIT_UID, &after)))
        return false;
    if (parent.len)
        fields_put(&c->one, FIELD_MISSION_PARENT, parent);
    if (after.len)
        fields_put(&c->one, FIELD_MISSION_AFTER, after);
    return true;
}

void mission_put_layer(struct mission_call *c)
{
    struct str name, type, uid;

    if (!call_text(c, "name", MISSION_NAME_MAX, &name) || !call_text(c, "type", 16, &type) ||
        !call_text(c, "uid", LIMIT_UID, &uid))
        return;
    if (!mission_layer_word(type) || name.len == 0) {
        call_refuse(c, 400, "A layer has a name, and the type GROUP, UID, CONTENTS, MAPLAYER or ITEM.");
        return;
    }
    if (uid.len)
        (void)str_copy(c->subject, sizeof c->subject, uid);
    else
        mission_token_id(c->subject);
    call_change(c, MISSION_LAYER_PUT);
    fields_put(&c->one, FIELD_UID, str_from(c->subject));
    fields_put(&c->one, FIELD_NAME, name);
    fields_put(&c->one, FIELD_MISSION_TYPE, type);
    if (!put_place(c, (struct str){0}))
        return;
    call_add(c);
    call_send(c, show_layer);
}

void mission_put_layer_name(struct mission_call *c)
{
    struct str name;

    if (!call_text(c, "name", MISSION_NAME_MAX, &name))
        return;
    if (name.len == 0) {
        call_refuse(c, 400, "name is the layer's new name.");
        return;
    }
    call_change(c, MISSION_LAYER_NAMED);
    fields_put(&c->one, FIELD_UID, c->q->part[1]);
    fields_put(&c->one, FIELD_NAME, name);
    call_add(c);
    call_send(c, call_done);
}

struct moving {
    struct mission_call *c;
    struct str uid;
    char parent[LIMIT_UID + 1];
};

static bool see_parent(void *ctx, const struct mission_layer *l)
{
    struct moving *v = ctx;

    if (!str_eq(l->uid, v->uid))
        return true;
    (void)str_copy(v->parent, sizeof v->parent, l->parent);
    return false;
}

/* Among its neighbours, below the same layer as before. */
void mission_put_layer_position(struct mission_call *c)
{
    struct moving v = {.c = c, .uid = c->q->part[1]};
    struct str after;
    struct err e;

    if (!call_text(c, "afterUid", LIMIT_UID, &after))
        return;
    if (!missions_layers(c->m, c->x.id, see_parent, &v, &e)) {
        call_err(c, &e);
        return;
    }
    call_change(c, MISSION_LAYER_MOVED);
    fields_put(&c->one, FIELD_UID, v.uid);
    fields_put(&c->one, FIELD_MISSION_PARENT, str_from(v.parent));
    if (after.len)
        fields_put(&c->one, FIELD_MISSION_AFTER, after);
    call_add(c);
    call_send(c, call_done);
}

/* Each behind the one before it. */
void mission_put_layers_parent(struct mission_call *c)
{
    struct str uid, before = {0};
    size_t n = 0;

    for (; call_each(c, "layerUid", n, &uid) && n < MISSION_ONES_MAX; n++) {
        call_change(c, MISSION_LAYER_MOVED);
        fields_put(&c->one, FIELD_UID, uid);
        if (!put_place(c, before))
            return;
        call_add(c);
        before = uid;
    }
    if (n == 0)
        call_refuse(c, 400, "layerUid says which layers.");
    else
        call_send(c, call_done);
}

void mission_delete_layers(struct mission_call *c)
{
    struct str uid, rest;
    size_t n = 0;

    for (size_t i = 0; call_each(c, "uid", i, &rest); i++)
        while (rest.len && n < MISSION_ONES_MAX) { /* a list in one value is taken apart, too */
            size_t end = str_find_byte(rest, ',');

            uid = str_cut(rest, 0, end);
            rest = str_from_at(rest, end < rest.len ? end + 1 : end);
            call_change(c, MISSION_LAYER_REMOVED);
            fields_put(&c->one, FIELD_UID, uid);
            call_add(c);
            n++;
        }
    if (n == 0)
        call_refuse(c, 400, "uid says which layers.");
    else
        call_send(c, call_done);
}

/* ---- map layers, feeds, external data ------------------------------------------------------ */

/* The same JSON again, without what a parser may read in two ways, and with the uid that it has here. */
static void put_json(struct buf *b, struct json_value v, struct str uid);

static void put_json_object(struct buf *b, struct json_value v, struct str uid)
{
    void *at = NULL;
    struct str name;
    struct json_value x;

    buf_byte(b, '{');
    if (uid.len) {
        buf_put(b, STR("\"uid\":"));
        buf_json(b, uid);
    }
    while (json_each(v, &at, &name, &x)) {
        if (uid.len && str_eq(name, STR("uid")))
            continue;
        if (b->at[b->len - 1] != '{')
            buf_byte(b, ',');
        buf_json(b, name);
        buf_byte(b, ':');
        put_json(b, x, (struct str){0});
    }
    buf_byte(b, '}');
}

static void put_json(struct buf *b, struct json_value v, struct str uid)
{
    switch (json_is(v)) {
    case JSON_MISSING:
    case JSON_IS_NULL: buf_put(b, STR("null")); break;
    case JSON_TEXT: buf_json(b, json_as_text(v)); break;
    case JSON_WHOLE: buf_fmt(b, "%" PRId64, json_as_whole(v)); break;
    case JSON_FRACTION: buf_fmt(b, "%.17g", json_as_number(v)); break;
    case JSON_YES_NO: buf_put(b, json_as_bool(v) ? STR("true") : STR("false")); break;
    case JSON_IS_OBJECT: put_json_object(b, v, uid); break;
    case JSON_LIST:
        buf_byte(b, '[');
        for (size_t i = 0; i < json_count(v); i++) {
            if (i)
                buf_byte(b, ',');
            put_json(b, json_at(v, i), (struct str){0});
        }
        buf_byte(b, ']');
        break;
    }
}

struct maplayer {
    struct mission_call *c;
    struct buf *b;
};

static bool put_one_maplayer(void *ctx, struct str json)
{
    struct maplayer *m = ctx;
    char start[LIMIT_UID * 6 + 16];
    struct buf begins = buf_over(start, sizeof start);

    buf_put(&begins, STR("{\"uid\":"));
    buf_json(&begins, str_from(m->c->subject));
    if (!str_starts(json, buf_str(&begins)))
        return true;
    buf_put(m->b, json);
    return false;
}

static void put_maplayer_data(void *ctx, struct buf *b)
{
    struct maplayer m = {ctx, b};
    struct err e;

    b->full |= !missions_maplayers(m.c->m, m.c->x.id, put_one_maplayer, &m, &e);
}

static void show_maplayer(struct mission_call *c)
{
    marti_data(c->r, "MapLayer", put_maplayer_data, c);
}

void mission_put_maplayer(struct mission_call *c)
{
    char text[MISSION_JSON_MAX / 2];
    struct buf b = buf_over(text, sizeof text);
    struct json *j = NULL;
    struct str uid;
    struct err e;

    if (!json_read(c->q->body, &j, &e)) {
        call_err(c, &e);
        return;
    }
    uid = json_as_text(json_get(json_root(j), "uid"));
    if (uid.len && mission_text_fits(uid, LIMIT_UID, "uid", &e))
        (void)str_copy(c->subject, sizeof c->subject, uid);
    else
        mission_token_id(c->subject);
    put_json(&b, json_root(j), str_from(c->subject));
    json_drop(j);
    if (b.full) {
        call_refuse(c, 413, "The map layer is longer than 8 KiB.");
        return;
    }
    call_change(c, MISSION_MAPLAYER_PUT);
    fields_put(&c->one, FIELD_UID, str_from(c->subject));
    fields_put(&c->one, FIELD_MISSION_VALUE, buf_str(&b));
    call_add(c);
    call_send(c, show_maplayer);
}

void mission_delete_maplayer(struct mission_call *c)
{
    call_change(c, MISSION_MAPLAYER_REMOVED);
    fields_put(&c->one, FIELD_UID, c->q->part[1]);
    call_add(c);
    call_send(c, call_done);
}

void mission_post_feed(struct mission_call *c)
{
    call_refuse(c, 501, "This server has no data feeds that a mission could have.");
}

void mission_delete_feed(struct mission_call *c)
{
    call_refuse(c, 404, "The mission has no data feeds.");
}

struct external {
    struct mission_call *c;
    struct buf *b;
};

static bool see_external(void *ctx, const struct mission_item *i)
{
    struct external *x = ctx;

    put_external(x->b, i);
    return false;
}

static void put_external_data(void *ctx, struct buf *b)
{
    struct external x = {ctx, b};
    struct err e;

    b->full |= !missions_item(x.c->m, MISSIONS_EXTERNAL, x.c->x.id, str_from(x.c->subject), see_external, &x, &e);
}

static void show_external(struct mission_call *c)
{
    marti_data(c->r, "com.bbn.marti.sync.model.ExternalMissionData", put_external_data, c);
}

/* Texts of a body as keys; false: refused. */
static bool put_external_keys(struct mission_call *c, struct json_value v)
{
    static const struct { const char *name; enum mission_key key; } keys[] = {
        {"name", MISSION_EXTERNAL_NAME},    {"tool", MISSION_EXTERNAL_TOOL},   {"urlData", MISSION_EXTERNAL_DATA},
        {"urlView", MISSION_EXTERNAL_VIEW}, {"notes", MISSION_EXTERNAL_NOTES},
    };

    for (size_t i = 0; i < COUNTOF(keys); i++) {
        struct str text = json_as_text(json_get(v, keys[i].name));

        if (text.len > MISSION_ATTRIBUTE_MAX || !text_is_plain(text, true)) {
            call_refuse(c, 400, "name, tool, urlData, urlView and notes are texts of at most 4096 bytes.");
            return false;
        }
        mission_put_key(&c->one, keys[i].key, text);
    }
    return true;
}

void mission_post_external(struct mission_call *c)
{
    struct json *j = NULL;
    struct str uid;
    struct err e;
    bool ok;

    if (!json_read(c->q->body, &j, &e)) {
        call_err(c, &e);
        return;
    }
    uid = json_as_text(json_get(json_root(j), "uid"));
    ok = mission_text_fits(uid, LIMIT_UID, "uid", &e);
    if (!ok)
        call_err(c, &e);
    call_change(c, MISSION_EXTERNAL_PUT);
    fields_put(&c->one, FIELD_UID, uid);
    (void)str_copy(c->subject, sizeof c->subject, uid);
    ok = ok && put_external_keys(c, json_root(j));
    json_drop(j);
    if (!ok)
        return;
    c->status = 201;
    call_add(c);
    call_send(c, show_external);
}

void mission_delete_external(struct mission_call *c)
{
    call_change(c, MISSION_EXTERNAL_REMOVED);
    fields_put(&c->one, FIELD_UID, c->q->part[1]);
    call_add(c);
    call_send(c, call_done);
}

static bool keep_external(void *ctx, const struct mission_item *i)
{
    struct mission_call *c = ctx;

    mission_put_key(&c->one, MISSION_EXTERNAL_NAME, i->external_name);
    mission_put_key(&c->one, MISSION_EXTERNAL_TOOL, i->external_tool);
    mission_put_key(&c->one, MISSION_EXTERNAL_DATA, i->external_data);
    mission_put_key(&c->one, MISSION_EXTERNAL_VIEW, i->external_view);
    return false;
}

/* Its data changed where it lies: who has subscribed is told the token and the notes. */
void mission_post_external_change(struct mission_call *c)
{
    struct str token, notes;
    struct err e;

    if (!call_text(c, "token", MISSION_ATTRIBUTE_MAX, &token) || !call_text(c, "notes", MISSION_ATTRIBUTE_MAX, &notes))
        return;
    call_change(c, MISSION_EXTERNAL_TOLD);
    fields_put(&c->one, FIELD_UID, c->q->part[1]);
    if (!missions_item(c->m, MISSIONS_EXTERNAL, c->x.id, c->q->part[1], keep_external, c, &e)) {
        call_err(c, &e);
        return;
    }
    mission_put_key(&c->one, MISSION_EXTERNAL_NOTES, notes);
    mission_put_key(&c->one, MISSION_EXTERNAL_TOKEN, token);
    call_add(c);
    call_send(c, call_done);
}
