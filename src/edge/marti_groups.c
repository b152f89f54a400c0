#include "edge/marti.h"

#include "base/when.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Groups of a TAK user: listed, switched by himself, given by an administrator. tak.md 2.2
 *
 * A row for each direction: IN is written into, OUT is heard.  A switch is of the whole group, as clients send it.
 * The record decides (recorder_groups.c): the answer comes when the change is on the disk, t-x-g-c and the fresh
 * picture go to the user's sessions meanwhile. */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_all, put_active, get_cache, get_one, post_user_groups;

const struct route marti_groups_routes[] = {
    {READS, "/Marti/api/groups/all", RIGHT_CLIENT, false, get_all, DOOR_WEB, NULL},
    {METHOD_PUT, "/Marti/api/groups/active", RIGHT_CLIENT, false, put_active, DOOR_WEB, NULL},
    {READS, "/Marti/api/groups/groupCacheEnabled", RIGHT_CLIENT_HELD, false, get_cache, DOOR_WEB, NULL},
    {READS, "/Marti/api/groups/{}/{}", RIGHT_CLIENT, false, get_one, DOOR_WEB, NULL},
    {METHOD_POST, "/api/users/{*}/groups", RIGHT_ADMIN, true, post_user_groups, DOOR_WEB, NULL},
};
const size_t marti_groups_route_count = COUNTOF(marti_groups_routes);

#define GROUP_TYPE "com.bbn.marti.remote.groups.Group"

enum { PAYLOAD = 32 * 1024, KEY_MAX = GROUP_NAME_MAX + 8 };

/* ---- the list ------------------------------------------------------------- */

/* A group's number and the day when it was first listed; both stay. */
struct known {
    int64_t number, since_ms;
};

static bool read_known(struct str text, struct known *out)
{
    size_t space = str_find_byte(text, ' ');

    return space < text.len && str_to_int(str_cut(text, 0, space), 0, INT32_MAX, &out->number) &&
           str_to_int(str_from_at(text, space + 1), 0, INT64_MAX, &out->since_ms);
}

static struct known known_group(struct web *w, const char *name, struct now now)
{
    struct known is = {0, now.wall_ms};
    char key[KEY_MAX], text[64];
    int64_t count = 0;
    struct err e;

    (void)snprintf(key, sizeof key, "group:%s", name);
    if (accounts_value(w->accounts, str_from(key), text, sizeof text, &e) && read_known(str_from(text), &is))
        return is;
    if (accounts_value(w->accounts, STR("groups"), text, sizeof text, &e) &&
        !str_to_int(str_from(text), 0, INT32_MAX, &count))
        count = 0;
    is.number = count;
    (void)snprintf(text, sizeof text, "%" PRId64, count + 1);
    if (!accounts_put_value(w->accounts, STR("groups"), str_from(text), &e))
        log_line(LOG_WARN, "web.accounts", "reason=\"%s\"", e.text);
    (void)snprintf(text, sizeof text, "%" PRId64 " %" PRId64, is.number, is.since_ms);
    if (!accounts_put_value(w->accounts, str_from(key), str_from(text), &e))
        log_line(LOG_WARN, "web.accounts", "reason=\"%s\"", e.text);
    return is;
}

/* The groups of a user; of one who has none the default group. */
struct mine {
    struct user user;
    struct known known[USER_GROUPS_MAX + 1];
    bool by_default;
    struct str only, direction; /* get_one */
    bool comma;
};

static bool take_mine(struct web *w, const struct client *c, struct mine *m, struct now now)
{
    struct err e;

    *m = (struct mine){0};
    if (!accounts_user_by_id(w->accounts, c->user_id, &m->user, &e))
        return false;
    if (m->user.group_count == 0) {
        struct user_group *g = &m->user.groups[m->user.group_count++];

        (void)str_copy(g->name, sizeof g->name, str_from(w->default_group));
        g->in = g->out = g->active = m->by_default = true;
    }
    for (size_t i = 0; i < m->user.group_count; i++)
        m->known[i] = known_group(w, m->user.groups[i].name, now);
    return true;
}

static void put_row(struct mine *m, size_t i, const char *direction, struct buf *b)
{
    const struct user_group *g = &m->user.groups[i];
    char when[32];
    struct buf day = buf_over(when, sizeof when);

    when_put(&day, m->known[i].since_ms);
    buf_put(b, m->comma ? STR(",") : (struct str){0});
    m->comma = true;
    buf_put(b, STR("{\"name\":"));
    buf_json(b, str_from(g->name));
    buf_fmt(b, ",\"direction\":\"%s\",\"created\":\"%.10s\",\"type\":\"SYSTEM\",\"bitpos\":%" PRId64
            ",\"active\":%s,\"description\":\"\"}", direction, day.at, m->known[i].number,
            g->active ? "true" : "false");
}

static void put_rows(void *ctx, struct buf *b)
{
    struct mine *m = ctx;

    m->comma = false;
    buf_byte(b, '[');
    for (size_t i = 0; i < m->user.group_count; i++) {
        if (m->user.groups[i].in)
            put_row(m, i, "IN", b);
        if (m->user.groups[i].out)
            put_row(m, i, "OUT", b);
    }
    buf_byte(b, ']');
}

/* The last position of everybody once more, to the user's sessions. */
static void ask_picture(struct web *w, int64_t user)
{
    struct tell_head head = {.tell = TELL_PICTURE_OF};

    for (int i = 0; i < w->h->loop_count; i++)
        if (!mailbox_put(w->h->to_loop[i], str_of(&head, sizeof head), str_of(&user, sizeof user)))
            log_line(LOG_WARN, "loop.full", "tell=%d", (int)head.tell); /* positions come again by themselves */
}

static void get_all(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct mine m;
    struct str sa;

    if (!take_mine(w, &q->client, &m, now)) {
        reply_problem(r, 503, "The accounts cannot be read just now. Try again in a moment.");
        return;
    }
    if (query_get(q->query, STR("sendLatestSA"), &sa) && str_eq(sa, STR("true")))
        ask_picture(w, q->client.user_id);
    marti_data(r, GROUP_TYPE, put_rows, &m);
}

static void put_one(void *ctx, struct buf *b)
{
    struct mine *m = ctx;

    m->comma = false;
    for (size_t i = 0; i < m->user.group_count; i++)
        if (str_eq(str_from(m->user.groups[i].name), m->only))
            put_row(m, i, m->direction.len == 2 ? "IN" : "OUT", b);
}

static void get_one(struct web *w, struct request *q, struct reply *r, struct now now)
{
    bool in = str_eq(q->part[1], STR("IN")), out = str_eq(q->part[1], STR("OUT")), found = false;
    struct mine m;

    if (!take_mine(w, &q->client, &m, now)) {
        reply_problem(r, 503, "The accounts cannot be read just now. Try again in a moment.");
        return;
    }
    for (size_t i = 0; i < m.user.group_count; i++)
        found |= str_eq(str_from(m.user.groups[i].name), q->part[0]) &&
                 ((in && m.user.groups[i].in) || (out && m.user.groups[i].out));
    m.only = q->part[0];
    m.direction = q->part[1];
    if (found)
        marti_data(r, GROUP_TYPE, put_one, &m);
    else
        reply_problem(r, 404, "You have no such group in this direction, which is IN or OUT.");
}

static void put_true(void *ctx, struct buf *b)
{
    (void)ctx;
    buf_put(b, STR("true"));
}

static void get_cache(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    marti_data(r, "java.lang.Boolean", put_true, NULL);
}

/* ---- switching ------------------------------------------------------------- */

/* A body that is an array, as json_read() takes it; the caller frees *room. */
static bool read_array(struct str body, struct json **j, char **room, struct err *e)
{
    struct buf b;

    *room = malloc(body.len + 16);
    if (!*room)
        return err_set(e, ERR_WORLD, "There is not enough memory for it.");
    b = buf_over(*room, body.len + 16);
    buf_put(&b, STR("{\"groups\":"));
    buf_put(&b, body);
    buf_byte(&b, '}');
    return json_read(buf_str(&b), j, e);
}

static struct user_group *own_group(struct mine *m, struct str name)
{
    for (size_t i = 0; i < m->user.group_count; i++)
        if (str_eq(str_from(m->user.groups[i].name), name))
            return &m->user.groups[i];
    return NULL;
}

/* Which of his groups are on from now on; a group is on when one of its rows is.  *ignored: rows of others' groups. */
static bool take_switches(const struct json *j, struct mine *m, bool said[USER_GROUPS_MAX], size_t *ignored,
                          struct err *e)
{
    struct json_value list = json_get(json_root(j), "groups");
    bool on[USER_GROUPS_MAX] = {false};

    if (json_is(list) != JSON_LIST)
        return err_set(e, ERR_INPUT, "The body is a list of groups, each with its name and \"active\".");
    for (size_t i = 0; i < json_count(list); i++) {
        struct json_value row = json_at(list, i), active = json_get(row, "active");
        struct user_group *g = own_group(m, json_as_text(json_get(row, "name")));

        if (json_is(json_get(row, "name")) != JSON_TEXT || json_is(active) != JSON_YES_NO)
            return err_set(e, ERR_INPUT, "Each group has a \"name\" and \"active\", which is true or false.");
        if (!g) {
            ++*ignored;
            continue;
        }
        said[g - m->user.groups] = true;
        on[g - m->user.groups] |= json_as_bool(active);
    }
    for (size_t i = 0; i < m->user.group_count; i++)
        if (said[i])
            m->user.groups[i].active = on[i];
    for (size_t i = 0; i < m->user.group_count; i++)
        if (m->user.groups[i].active)
            return true;
    return err_set(e, ERR_INPUT, "One group at least must stay switched on: without any this phone would hear nobody "
                                 "and be heard by nobody.");
}

struct switched {
    size_t ignored;
};

/* The answer: his groups as they are from now on. */
static void switched(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct switched *s = ctx;
    struct err e = {.kind = (enum err_kind)head->refused};
    struct mine m;

    if (x && !head->ok) {
        (void)str_copy(e.text, sizeof e.text, text);
        reply_refused(&x->reply, &e);
    } else if (x && take_mine(w, &x->request.client, &m, hub_now())) {
        if (s->ignored)
            reply_header(&x->reply, "x-cordon-ignored", "%zu", s->ignored);
        marti_data(&x->reply, GROUP_TYPE, put_rows, &m);
    } else if (x) {
        reply_problem(&x->reply, 503, "They are switched, but the accounts cannot be read just now.");
    }
    free(s);
}

static void put_who(const struct request *q, const char *user, struct buf *b)
{
    struct str uid;

    fields_put(b, FIELD_USER, str_from(user));
    fields_put(b, FIELD_SUB_TYPE, q->client.is ? STR("switched") : STR("given"));
    fields_put(b, FIELD_BY, str_from(q->client.is ? q->client.name : q->who.name));
    fields_put(b, FIELD_ADDRESS, str_from(q->address));
    if (q->client.is && query_get(q->query, STR("clientUid"), &uid) && uid.len > 0 && uid.len <= LIMIT_UID)
        fields_put(b, FIELD_FROM_UID, uid);
}

static void put_active(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_GROUPS_CHANGED, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};
    bool said[USER_GROUPS_MAX] = {false}, ok;
    struct switched *s = calloc(1, sizeof *s);
    char *text = malloc(PAYLOAD), *room = NULL;
    struct buf b = buf_over(text, PAYLOAD);
    struct json *j = NULL;
    struct mine m;
    struct err e;

    if (!s || !text || !take_mine(w, &q->client, &m, now)) {
        reply_problem(r, 503, "The accounts cannot be read just now. Try again in a moment.");
        free(s);
        free(text);
        return;
    }
    ok = read_array(q->body, &j, &room, &e) && take_switches(j, &m, said, &s->ignored, &e);
    json_drop(j);
    free(room);
    put_who(q, m.user.name, &b);
    for (size_t i = 0; i < m.user.group_count; i++)
        if (said[i])
            fields_put(&b, m.user.groups[i].active ? FIELD_IN : FIELD_OFF, str_from(m.user.groups[i].name));
    if (!ok)
        reply_err(r, &e);
    if (!ok || !web_ask_then(w, q, r, &head, &b, switched, s))
        free(s);
    free(text);
}

/* ---- given by an administrator ----------------------------------------------- */

static bool take_flag(struct json_value row, const char *name, bool otherwise, bool *out, struct err *e)
{
    struct json_value v = json_get(row, name);

    *out = json_is(v) == JSON_MISSING ? otherwise : json_as_bool(v);
    return json_is(v) == JSON_MISSING || json_is(v) == JSON_YES_NO ||
           err_set(e, ERR_INPUT, "\"%s\" is true or false", name);
}

static bool take_given(struct json_value row, struct buf *b, struct err *e)
{
    struct str name = json_as_text(json_get(row, "name"));
    bool in, out, active;

    if (name.len == 0 || name.len >= GROUP_NAME_MAX || !text_is_plain(name, false) || str_trim(name).len != name.len)
        return err_set(e, ERR_INPUT, "each group has a \"name\" of 1 to %d bytes", GROUP_NAME_MAX - 1);
    if (!take_flag(row, "in", true, &in, e) || !take_flag(row, "out", true, &out, e) ||
        !take_flag(row, "active", true, &active, e))
        return false;
    if (!in && !out)
        return err_set(e, ERR_INPUT, "group %.*s is neither written into nor heard", STR_ARG(name));
    if (in)
        fields_put(b, FIELD_IN, name);
    if (out)
        fields_put(b, FIELD_OUT, name);
    if (!active)
        fields_put(b, FIELD_OFF, name);
    return true;
}

/* "agency" and "role": when they are there, of so many bytes. */
static bool take_word(const struct json *j, const char *name, size_t max, struct str *out, struct err *e)
{
    struct json_value v = json_get(json_root(j), name);

    *out = json_as_text(v);
    if (json_is(v) == JSON_MISSING)
        return true;
    return (json_is(v) == JSON_TEXT && out->len < max && text_is_plain(*out, false)) ||
           err_set(e, ERR_INPUT, "\"%s\" is a text of %zu bytes at most", name, max - 1);
}

static bool read_given(const struct json *j, struct buf *b, struct err *e)
{
    struct json_value groups = json_get(json_root(j), "groups");
    struct str ticket, agency, role;

    if (!web_take_ticket(j, &ticket, e) || !take_word(j, "agency", AGENCY_MAX, &agency, e) ||
        !take_word(j, "role", USER_ROLE_MAX, &role, e))
        return false;
    if (json_is(groups) != JSON_MISSING && json_is(groups) != JSON_LIST)
        return err_set(e, ERR_INPUT, "\"groups\" is a list");
    if (json_is(groups) == JSON_LIST && (json_count(groups) == 0 || json_count(groups) > USER_GROUPS_MAX))
        return err_set(e, ERR_INPUT, "\"groups\" has 1 to %d of them", USER_GROUPS_MAX);
    for (size_t i = 0; i < json_count(groups); i++)
        if (!take_given(json_at(groups, i), b, e))
            return false;
    if (json_is(json_get(json_root(j), "agency")) == JSON_TEXT)
        fields_put(b, FIELD_AGENCY, agency);
    if (json_is(json_get(json_root(j), "role")) == JSON_TEXT)
        fields_put(b, FIELD_ROLE, role);
    fields_put(b, FIELD_TICKET, ticket);
    return true;
}

static void post_user_groups(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_GROUPS_CHANGED, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};
    char user[USER_NAME_MAX], *text = malloc(PAYLOAD);
    struct buf b = buf_over(text, PAYLOAD);
    struct json *j = NULL;
    struct err e;

    if (!text) {
        reply_problem(r, 503, "There is not enough memory for it. Try again in a moment.");
        return;
    }
    if (!str_copy(user, sizeof user, q->part[0])) {
        reply_problem(r, 404, "There is no such user.");
    } else {
        put_who(q, user, &b);
        if (json_read(q->body, &j, &e) && read_given(j, &b, &e))
            web_ask(w, q, r, &head, &b);
        else
            reply_err(r, &e);
    }
    json_drop(j);
    free(text);
}
