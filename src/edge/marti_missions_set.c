#include "edge/marti_missions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what a mission is given ------------------------------------------------ */

/* Of the query, or of a body that is a mission as JSON; what is not said is not set. */
struct given {
    struct mission_call *c;
    struct json *body;
    struct json_value root;
    bool groups; /* somebody has named groups */
};

static const enum mission_key plain[] = {MISSION_DESCRIPTION, MISSION_CHAT_ROOM,      MISSION_BASE_LAYER,
                                         MISSION_BBOX,        MISSION_PATH,           MISSION_CLASSIFICATION,
                                         MISSION_TOOL};

static bool put_plain(struct given *g, enum mission_key k)
{
    const char *name = mission_key_word(k);
    struct str value = {0};
    bool said = query_get(g->c->q->query, str_from(name), &value);
    struct err e;

    if (json_is(json_get(g->root, name)) == JSON_TEXT) {
        value = json_as_text(json_get(g->root, name));
        said = true;
    }
    if (value.len && !mission_text_fits(value, MISSION_ATTRIBUTE_MAX, name, &e)) {
        if (text_is_plain(value, true) && value.len <= MISSION_ATTRIBUTE_MAX && k == MISSION_DESCRIPTION) {
            mission_put_key(&g->c->one, k, value); /* a description may have lines */
            return true;
        }
        call_err(g->c, &e);
        return false;
    }
    if (said)
        mission_put_key(&g->c->one, k, value);
    return true;
}

/* Points "lat,lon" become "lat lon,lat lon". */
static void put_points(const struct mission_call *c, struct buf *b)
{
    struct str point;

    for (size_t i = 0; call_each(c, "boundingPolygon", i, &point); i++) {
        if (i)
            buf_byte(b, ',');
        for (size_t k = 0; k < point.len; k++)
            if (point.at[k] != ' ')
                buf_byte(b, point.at[k] == ',' ? ' ' : point.at[k]);
    }
}

static bool put_polygon(struct given *g)
{
    char text[MISSION_ATTRIBUTE_MAX];
    struct buf b = buf_over(text, sizeof text);

    if (json_is(json_get(g->root, "boundingPolygon")) == JSON_TEXT)
        buf_put(&b, json_as_text(json_get(g->root, "boundingPolygon")));
    else
        put_points(g->c, &b);
    if (b.full || (b.len && !text_is_plain(buf_str(&b), false))) {
        call_refuse(g->c, 400, "boundingPolygon is too long, or no text.");
        return false;
    }
    if (b.len)
        mission_put_key(&g->c->one, MISSION_POLYGON, buf_str(&b));
    return true;
}

static bool put_settings(struct given *g)
{
    struct mission_call *c = g->c;
    struct json_value role = json_get(json_get(g->root, "defaultRole"), "type");
    struct json_value invite = json_get(g->root, "inviteOnly"), expires = json_get(g->root, "expiration");
    char number[32];
    struct str value;
    int64_t n = -1;
    bool said = query_get(c->q->query, STR("expiration"), &value) && value.len;

    if (said && !str_to_int(value, -1, INT64_MAX / 2000, &n)) {
        call_refuse(c, 400, "expiration is a number of seconds since 1970, or -1.");
        return false;
    }
    if (json_is(expires) == JSON_WHOLE) {
        n = json_as_whole(expires);
        said = true;
    }
    (void)snprintf(number, sizeof number, "%" PRId64, n < -1 ? -1 : n);
    if (said)
        mission_put_key(&c->one, MISSION_EXPIRATION, str_from(number));
    if (json_is(invite) == JSON_YES_NO)
        mission_put_key(&c->one, MISSION_INVITE_ONLY, json_as_bool(invite) ? STR("true") : STR("false"));
    else if (query_get(c->q->query, STR("inviteOnly"), &value) && value.len)
        mission_put_key(&c->one, MISSION_INVITE_ONLY, str_eq(value, STR("true")) ? STR("true") : STR("false"));
    if (json_is(role) == JSON_TEXT)
        value = json_as_text(role);
    else if (!query_get(c->q->query, STR("defaultRole"), &value) || value.len == 0)
        return true;
    if (mission_role_of(value) == MISSION_NOBODY) {
        call_refuse(c, 400, "defaultRole is MISSION_OWNER, MISSION_SUBSCRIBER or MISSION_READONLY_SUBSCRIBER.");
        return false;
    }
    mission_put_key(&c->one, MISSION_DEFAULT_ROLE, value);
    return true;
}

/* ---- groups ------------------------------------------------------------------- */

/* The i-th group that is named, of lists divided by commas in any number of places. */
static bool named_group(const struct given *g, size_t i, struct str *out)
{
    struct json_value list = json_get(g->root, "groups");
    struct str value;

    if (json_is(list) == JSON_LIST) {
        *out = json_as_text(json_at(list, i));
        return i < json_count(list);
    }
    for (size_t k = 0; call_each(g->c, "group", k, &value); k++)
        while (value.len) {
            size_t end = str_find_byte(value, ',');

            *out = str_trim(str_cut(value, 0, end));
            value = str_from_at(value, end < value.len ? end + 1 : end);
            if (out->len && i-- == 0)
                return true;
        }
    return false;
}

static const struct user_group *group_of(const struct user *u, struct str name)
{
    for (size_t i = 0; i < u->group_count; i++)
        if (str_eq(str_from(u->groups[i].name), name) && u->groups[i].in && u->groups[i].active)
            return &u->groups[i];
    return NULL;
}

static void put_own_groups(struct mission_call *c, const struct user *u)
{
    for (size_t i = 0; i < u->group_count; i++)
        if (u->groups[i].in && u->groups[i].active)
            fields_put(&c->one, FIELD_GROUP, str_from(u->groups[i].name));
}

/* Of those named each must be one that its maker may write into; of nobody's naming, all of those. */
static bool put_groups(struct given *g, bool makes)
{
    struct mission_call *c = g->c;
    struct str name, second;
    struct user u;
    struct err e;

    if (!accounts_user_by_id(c->w->accounts, c->q->client.user_id, &u, &e)) {
        call_err(c, &e);
        return false;
    }
    if (u.group_count == 0) /* as the record thread has it for a user without any */
        u.groups[u.group_count++] = (struct user_group){.in = true, .out = true, .active = true};
    if (!u.groups[0].name[0])
        (void)str_copy(u.groups[0].name, sizeof u.groups[0].name, str_from(c->w->default_group));
    g->groups = named_group(g, 0, &name);
    if (!g->groups || (!named_group(g, 1, &second) && str_eq(name, STR("__ANON__")) && !group_of(&u, name))) {
        g->groups = false;
        if (makes)
            put_own_groups(c, &u);
        return true;
    }
    for (size_t i = 0; named_group(g, i, &name); i++) {
        if (i == MISSION_GROUPS_MAX || !group_of(&u, name)) {
            call_refuse(c, 403, "You are not in every group that the mission is to have.");
            return false;
        }
        fields_put(&c->one, FIELD_GROUP, name);
    }
    return true;
}

/* The same groups as it has? */
static bool same_groups(const struct given *g)
{
    struct str lines = g->c->x.groups, name;
    size_t have = 0, named = 0, hits = 0;

    for (size_t i = 0; i < lines.len; i++)
        have += lines.at[i] == '\n';
    have += lines.len > 0;
    for (; named_group(g, named, &name); named++) {
        lines = g->c->x.groups;
        while (lines.len) {
            size_t end = str_find_byte(lines, '\n');

            hits += str_eq(str_cut(lines, 0, end), name);
            lines = str_from_at(lines, end < lines.len ? end + 1 : end);
        }
    }
    return have == named && hits == named;
}

/* ---- keywords ------------------------------------------------------------------- */

/* A list of texts into the change at hand; false: refused. */
static bool put_words(struct mission_call *c, struct json_value list, enum field f, size_t max)
{
    struct err e;

    if (json_is(list) != JSON_LIST && json_is(list) != JSON_MISSING && json_is(list) != JSON_IS_NULL) {
        call_refuse(c, 400, "keywords and the like are lists of texts.");
        return false;
    }
    if (json_is(list) == JSON_LIST && json_count(list) > max) {
        call_refuse(c, 400, "That are more keywords or the like than there may be (128).");
        return false;
    }
    for (size_t i = 0; json_is(list) == JSON_LIST && i < json_count(list); i++) {
        struct str word = json_as_text(json_at(list, i));

        if (!mission_text_fits(word, MISSION_KEYWORD_MAX, "a keyword", &e)) {
            call_err(c, &e);
            return false;
        }
        fields_put(&c->one, f, word);
    }
    return true;
}

static void set_keywords(struct mission_call *c, enum mission_change change, enum field item)
{
    struct json *j = NULL;
    struct err e;
    bool ok;

    if (!json_read_list(c->q->body, &j, &e)) {
        call_err(c, &e);
        return;
    }
    call_change(c, change);
    if (item)
        fields_put(&c->one, item, c->q->part[1]);
    ok = put_words(c, json_root(j), FIELD_MISSION_KEYWORD, MISSION_KEYWORDS_MAX);
    json_drop(j);
    if (!ok)
        return;
    call_add(c);
    call_send(c, call_mission);
}

static void clear_keywords(struct mission_call *c, enum mission_change change, enum field item)
{
    call_change(c, change);
    if (item)
        fields_put(&c->one, item, c->q->part[1]);
    call_add(c);
    call_send(c, call_mission);
}

void mission_put_keywords(struct mission_call *c)
{
    set_keywords(c, MISSION_KEYWORDS, 0);
}

void mission_delete_keywords(struct mission_call *c)
{
    clear_keywords(c, MISSION_KEYWORDS, 0);
}

void mission_put_uid_keywords(struct mission_call *c)
{
    set_keywords(c, MISSION_UID_KEYWORDS, FIELD_UID);
}

void mission_delete_uid_keywords(struct mission_call *c)
{
    clear_keywords(c, MISSION_UID_KEYWORDS, FIELD_UID);
}

/* A hash in the path is written small in the mission. */
static bool small_hash(struct mission_call *c)
{
    char hash[65];

    if (!mission_hash_read(c->q->part[1], hash)) {
        call_refuse(c, 400, "A file is named by the 64 digits of its SHA-256.");
        return false;
    }
    (void)str_copy(c->subject, sizeof c->subject, str_from(hash));
    c->q->part[1] = str_from(c->subject);
    return true;
}

void mission_put_file_keywords(struct mission_call *c)
{
    if (small_hash(c))
        set_keywords(c, MISSION_FILE_KEYWORDS, FIELD_SHA256);
}

void mission_delete_file_keywords(struct mission_call *c)
{
    if (small_hash(c))
        clear_keywords(c, MISSION_FILE_KEYWORDS, FIELD_SHA256);
}

static bool keep_keyword(void *ctx, struct str word)
{
    struct mission_call *c = ctx;

    if (!str_eq(word, c->q->part[1]))
        fields_put(&c->one, FIELD_MISSION_KEYWORD, word);
    return true;
}

void mission_delete_keyword(struct mission_call *c)
{
    struct err e;

    call_change(c, MISSION_KEYWORDS);
    if (!missions_keywords(c->m, MISSIONS_ALL, c->x.id, (struct str){0}, keep_keyword, c, &e)) {
        call_err(c, &e);
        return;
    }
    call_add(c);
    call_send(c, call_mission);
}

/* ---- creating and changing ---------------------------------------------------------- */

static void random_guid(char out[MISSION_GUID_LEN + 1])
{
    char hex[33];

    secret_token(hex, 16);
    (void)snprintf(out, MISSION_GUID_LEN + 1, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17,
                   hex + 20); /* RFC 9562, version 4 */
}

struct owner {
    struct mission_call *c;
    char id[MISSION_TOKEN_ID + 1];
};

static bool see_owner(void *ctx, const struct mission_subscription *s)
{
    struct owner *o = ctx;

    if (!str_eq(s->client, str_from(o->c->creator_text)))
        return true;
    (void)str_copy(o->id, sizeof o->id, s->id);
    return false;
}

static void show_created(struct mission_call *c)
{
    char text[MISSION_TOKEN_MAX];
    struct buf token = buf_over(text, sizeof text);
    struct owner o = {.c = c};
    struct mission_token t = {.kind = TOKEN_SUBSCRIPTION, .guid = str_from(c->x.guid)};
    struct mission_json j = {.c = c, .x = &c->x, .owner = true};
    struct err e;

    if (!missions_subscriptions(c->m, c->x.id, see_owner, &o, &e)) {
        call_err(c, &e);
        return;
    }
    t.id = str_from(o.id);
    mission_token_put(&c->w->missions->key, &t, &token);
    j.token = buf_str(&token);
    marti_data(c->r, "Mission", put_missions_of, &j);
}

static void with_password(struct mission_call *c)
{
    if (!c->hash[0]) {
        call_refuse(c, 503, "The password could not be hashed; try again in a moment.");
        return;
    }
    call_change(c, MISSION_PASSWORD);
    fields_put(&c->one, FIELD_MISSION_VALUE, str_from(c->hash));
    call_add(c);
    call_send(c, c->then);
}

static void send_given(struct mission_call *c, mission_step *then)
{
    struct str password;

    if (!call_text(c, "password", CALL_PASSWORD - 1, &password))
        return;
    c->then = then;
    if (password.len)
        call_hash_password(c, password, with_password);
    else
        call_send(c, then);
}

static bool put_given(struct given *g, bool makes)
{
    for (size_t i = 0; i < COUNTOF(plain); i++)
        if (!put_plain(g, plain[i]))
            return false;
    return put_polygon(g) && put_settings(g) && put_groups(g, makes) &&
           put_words(g->c, json_get(g->root, "keywords"), FIELD_MISSION_KEYWORD, MISSION_KEYWORDS_MAX);
}

static bool read_body(struct given *g)
{
    struct err e;

    if (g->c->q->body.len == 0)
        return true;
    if (!type_is_json(g->c->q->content_type)) {
        call_refuse(g->c, 415, "Make the mission first, then put the package into contents/missionpackage.");
        return false;
    }
    if (!json_read(g->c->q->body, &g->body, &e)) {
        call_err(g->c, &e);
        return false;
    }
    g->root = json_root(g->body);
    return true;
}

static void create(struct given *g, struct str name)
{
    struct mission_call *c = g->c;
    char guid[MISSION_GUID_LEN + 1], id[MISSION_TOKEN_ID + 1];
    struct str tool;

    random_guid(guid);
    mission_token_id(id);
    call_change(c, MISSION_CREATED);
    fields_put(&c->one, FIELD_MISSION_NAME, name);
    fields_put(&c->one, FIELD_MISSION_CLIENT, call_creator(c));
    fields_put(&c->one, FIELD_MISSION_TOKEN, str_from(id));
    if (call_flag(c, "allowDupe", false))
        fields_put(&c->one, FIELD_REF, STR("1"));
    if (!put_given(g, true))
        return;
    if (!mission_get_key(buf_str(&c->one), MISSION_TOOL, &tool))
        mission_put_key(&c->one, MISSION_TOOL, STR("public"));
    (void)str_copy(c->x.guid, sizeof c->x.guid, str_from(guid));
    c->status = 201;
    c->denied = 409;
    call_add(c);
    send_given(c, show_created);
}

static void update(struct given *g)
{
    struct mission_call *c = g->c;

    if (!call_role(c) || !call_may(c, MISSION_MAY_WRITE))
        return;
    call_change(c, MISSION_UPDATED);
    if (!put_given(g, false))
        return;
    if (g->groups && !same_groups(g) && !call_flag(c, "allowGroupChange", false)) {
        call_refuse(c, 403, "The mission would get other groups: say allowGroupChange=true if that is meant.");
        return;
    }
    call_add(c);
    send_given(c, call_mission);
}

struct naming {
    struct mission_call *c;
    bool found;
};

static bool see_visible(void *ctx, const struct mission *x)
{
    struct naming *n = ctx;

    if (x->deleted_ms)
        return false; /* those come last */
    if (!call_sees(n->c, x))
        return true;
    (void)str_copy(n->c->x.guid, sizeof n->c->x.guid, str_from(x->guid));
    n->found = true;
    return false;
}

/* PUT and POST of a name: the mission of that name that the asker sees is changed, else one is made. */
static void put_name(struct mission_call *c, bool dupe)
{
    struct given g = {.c = c};
    struct str name = mission_name_trim(c->q->part[0]);
    struct naming n = {.c = c};
    struct err e;

    if (!mission_name_fits(name, &e) || (!dupe && !missions_named(c->m, name, see_visible, &n, &e)) ||
        (n.found && !missions_by_guid(c->m, str_from(c->x.guid), false, &c->x, &e))) {
        call_err(c, &e);
        return;
    }
    if (!read_body(&g))
        return;
    if (n.found)
        update(&g);
    else
        create(&g, name);
    json_drop(g.body);
}

void mission_put_mission_name(struct mission_call *c)
{
    put_name(c, false);
}

void mission_post_mission_name(struct mission_call *c)
{
    put_name(c, call_flag(c, "allowDupe", false));
}

void mission_put_mission_guid(struct mission_call *c)
{
    struct given g = {.c = c};

    if (!call_find(c, c->q->part[0], true, &c->x) || !read_body(&g))
        return;
    update(&g);
    json_drop(g.body);
}

static void delete_it(struct mission_call *c)
{
    call_change(c, MISSION_DELETED);
    call_add(c);
    call_send(c, call_mission);
}

void mission_delete_mission(struct mission_call *c)
{
    delete_it(c);
}

void mission_delete_by_guid(struct mission_call *c)
{
    struct str guid;

    if (!query_get(c->q->query, STR("guid"), &guid))
        call_refuse(c, 400, "guid says which mission.");
    else if (call_find(c, guid, true, &c->x) && call_role(c) && call_may(c, MISSION_MAY_READ))
        delete_it(c);
}

void mission_put_copy(struct mission_call *c)
{
    struct given g = {.c = c};
    char from[MISSION_GUID_LEN + 1];
    struct str name, path, lines = c->x.groups;
    struct err e;

    (void)str_copy(from, sizeof from, str_from(c->x.guid));
    if (!call_text(c, "copyName", MISSION_NAME_MAX, &name) || !call_text(c, "copyPath", MISSION_ATTRIBUTE_MAX, &path))
        return;
    name = mission_name_trim(name);
    if (!mission_name_fits(name, &e)) {
        call_err(c, &e);
        return;
    }
    call_change(c, MISSION_CREATED);
    fields_put(&c->one, FIELD_MISSION_NAME, name);
    fields_put(&c->one, FIELD_MISSION_FROM, str_from(from));
    fields_put(&c->one, FIELD_MISSION_CLIENT, call_creator(c));
    mission_token_id(c->subject);
    fields_put(&c->one, FIELD_MISSION_TOKEN, str_from(c->subject));
    for (int k = MISSION_DESCRIPTION; k <= MISSION_TOOL; k++)
        mission_put_key(&c->one, (enum mission_key)k,
                        k == MISSION_PATH && path.len ? path : c->x.attribute[k]);
    if (!put_settings(&g))
        return;
    while (lines.len) {
        size_t end = str_find_byte(lines, '\n');

        fields_put(&c->one, FIELD_GROUP, str_cut(lines, 0, end));
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
    random_guid(c->x.guid);
    c->status = 201;
    c->denied = 409;
    call_add(c);
    send_given(c, show_created);
}

void mission_put_expiration(struct mission_call *c)
{
    struct given g = {.c = c};

    call_change(c, MISSION_UPDATED);
    if (!put_settings(&g))
        return;
    call_add(c);
    call_send(c, call_done);
}

/* The password of the query is the new one here. */
void mission_put_password(struct mission_call *c)
{
    struct str password;

    if (!call_text(c, "password", CALL_PASSWORD - 1, &password))
        return;
    if (password.len == 0) {
        call_refuse(c, 400, "password is empty: DELETE takes it away.");
        return;
    }
    c->then = call_done;
    call_hash_password(c, password, with_password);
}

void mission_delete_password(struct mission_call *c)
{
    call_change(c, MISSION_PASSWORD);
    call_add(c);
    call_send(c, call_done);
}

void mission_put_parent(struct mission_call *c)
{
    static const struct str twin = {"/parent/guid/", 13};
    bool is_guid = str_find(c->q->path, twin) < c->q->path.len;

    if (!call_find(c, c->q->part[1], is_guid, &c->other))
        return;
    call_change(c, MISSION_PARENT_SET);
    fields_put(&c->one, FIELD_MISSION_PARENT, str_from(c->other.guid));
    call_add(c);
    call_send(c, call_done);
}

void mission_delete_parent(struct mission_call *c)
{
    call_change(c, MISSION_PARENT_SET);
    call_add(c);
    call_send(c, call_done);
}

/* ---- who is in it ------------------------------------------------------------------------ */

/* uid, or topic:TOPIC. */
static bool take_client(struct mission_call *c, struct str *out)
{
    struct str topic;
    struct buf b = buf_over(c->subject, sizeof c->subject - 1);

    if (!call_text(c, "uid", LIMIT_UID, out) || !call_text(c, "topic", LIMIT_UID - 6, &topic))
        return false;
    if (topic.len) {
        buf_put(&b, STR("topic:"));
        buf_put(&b, topic);
    } else {
        buf_put(&b, *out);
    }
    c->subject[b.len] = 0;
    *out = str_from(c->subject);
    if (out->len == 0)
        call_refuse(c, 400, "uid says which device.");
    return out->len > 0;
}

struct showing {
    struct mission_call *c;
    struct buf *b;
};

static bool see_it(void *ctx, const struct mission_subscription *s)
{
    struct showing *l = ctx;
    struct mission_json j = {.c = l->c, .x = &l->c->x, .changes = true, .logs = true,
                             .span = {0, l->c->now.wall_ms + 60000}};
    struct err e;

    if (!str_eq(s->client, str_from(l->c->subject)))
        return true;
    if (!marti_take_span(l->c->q, l->c->now, &j.span, &e))
        j.span = (struct marti_span){0, INT64_MAX};
    j.span.to_ms = j.span.to_ms < l->c->now.wall_ms ? j.span.to_ms : INT64_MAX; /* what it has just changed, too */
    put_subscription(l->b, l->c, s, &j, true);
    return false;
}

static void put_it(void *ctx, struct buf *b)
{
    struct showing l = {ctx, b};
    struct err e;

    b->full |= !missions_subscriptions(l.c->m, l.c->x.id, see_it, &l, &e);
}

static void show_subscription(struct mission_call *c)
{
    marti_data(c->r, "com.bbn.marti.sync.model.MissionSubscription", put_it, c);
}

static void subscribe(struct mission_call *c)
{
    char id[MISSION_TOKEN_ID + 1];

    mission_token_id(id);
    call_change(c, MISSION_SUBSCRIBED);
    fields_put(&c->one, FIELD_MISSION_CLIENT, str_from(c->subject));
    fields_put(&c->one, FIELD_MISSION_TOKEN, str_from(id));
    (void)str_copy(c->creator_text, sizeof c->creator_text, str_from(c->subject));
    c->status = 201;
    call_add(c);
    call_send(c, show_subscription);
}

void mission_put_subscription(struct mission_call *c)
{
    struct str client;

    if (take_client(c, &client))
        call_check_password(c, subscribe);
}

void mission_delete_subscription(struct mission_call *c)
{
    struct str client;

    if (!take_client(c, &client))
        return;
    call_change(c, MISSION_UNSUBSCRIBED);
    fields_put(&c->one, FIELD_MISSION_CLIENT, client);
    if (call_flag(c, "disconnectOnly", true))
        fields_put(&c->one, FIELD_CHANGED, STR("disconnected"));
    call_add(c);
    call_send(c, call_done);
}

void mission_put_role(struct mission_call *c)
{
    struct str client, user, role;

    if (!call_text(c, "clientUid", LIMIT_UID, &client) || !call_text(c, "username", WEB_NAME_MAX, &user) ||
        !call_text(c, "role", 64, &role))
        return;
    if (mission_role_of(role) == MISSION_NOBODY || client.len + user.len == 0) {
        call_refuse(c, 400, "clientUid or username says whose, role MISSION_OWNER, MISSION_SUBSCRIBER or "
                            "MISSION_READONLY_SUBSCRIBER.");
        return;
    }
    call_change(c, MISSION_ROLE_SET);
    if (client.len)
        fields_put(&c->one, FIELD_MISSION_CLIENT, client);
    if (user.len)
        fields_put(&c->one, FIELD_MISSION_USER, user);
    fields_put(&c->one, FIELD_MISSION_ROLE, role);
    call_add(c);
    call_send(c, call_done);
}

/* One invitation into what is asked; false: refused. */
static bool put_invite(struct mission_call *c, struct str type, struct str who, struct str role)
{
    char id[MISSION_TOKEN_ID + 1];
    struct err e;

    if (!mission_invite_word(type)) {
        call_refuse(c, 400, "Somebody is invited as clientUid, callsign, userName, group or team.");
        return false;
    }
    if (!mission_text_fits(who, LIMIT_UID, "who is invited", &e)) {
        call_err(c, &e);
        return false;
    }
    if (role.len && mission_role_of(role) == MISSION_NOBODY) {
        call_refuse(c, 400, "role is MISSION_OWNER, MISSION_SUBSCRIBER or MISSION_READONLY_SUBSCRIBER.");
        return false;
    }
    mission_token_id(id);
    call_change(c, MISSION_INVITED);
    fields_put(&c->one, FIELD_MISSION_TYPE, type);
    fields_put(&c->one, FIELD_MISSION_CLIENT, who);
    fields_put(&c->one, FIELD_MISSION_TOKEN, str_from(id));
    if (role.len)
        fields_put(&c->one, FIELD_MISSION_ROLE, role);
    call_add(c);
    return true;
}

void mission_put_invite(struct mission_call *c)
{
    struct str role;

    if (call_text(c, "role", 64, &role) && put_invite(c, c->q->part[1], c->q->part[2], role))
        call_send(c, call_done);
}

/* A list of invitations as the API gives them. */
void mission_post_invites(struct mission_call *c)
{
    struct json *j = NULL;
    struct json_value list;
    struct err e;
    bool ok = true;

    if (!json_read_list(c->q->body, &j, &e)) {
        call_err(c, &e);
        return;
    }
    list = json_root(j);
    if (json_count(list) == 0 || json_count(list) > MISSION_ONES_MAX) {
        call_refuse(c, 400, "Send a list of 1 to 512 invitations.");
        ok = false;
    }
    for (size_t i = 0; ok && i < json_count(list); i++) {
        struct json_value v = json_at(list, i);

        ok = put_invite(c, json_as_text(json_get(v, "type")), json_as_text(json_get(v, "invitee")),
                        json_as_text(json_get(json_get(v, "role"), "type")));
    }
    json_drop(j);
    if (ok)
        call_send(c, call_done);
}

void mission_delete_invite(struct mission_call *c)
{
    if (!mission_invite_word(c->q->part[1])) {
        call_refuse(c, 400, "Somebody is invited as clientUid, callsign, userName, group or team.");
        return;
    }
    call_change(c, MISSION_UNINVITED);
    fields_put(&c->one, FIELD_MISSION_TYPE, c->q->part[1]);
    fields_put(&c->one, FIELD_MISSION_CLIENT, c->q->part[2]);
    call_add(c);
    call_send(c, call_done);
}
