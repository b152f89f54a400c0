#include "edge/marti_missions.h"

#include "os/log.h"

#include <stdlib.h>

/* ---- the web thread's own ---------------------------------------------- */

void marti_missions_free(struct web *w)
{
    if (!w->missions)
        return;
    missions_close(w->missions->store);
    free(w->missions);
    w->missions = NULL;
}

/* The record thread has made the files before there was a web thread. */
static bool open_once(struct web *w, struct err *e)
{
    struct marti_missions *m;

    if (w->missions)
        return true;
    m = w->missions = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, ERR_WORLD, "there is not enough memory for missions");
    if (mission_token_key(w->dir, &m->key, e) && missions_open_reader(w->dir, &m->store, e))
        return true;
    marti_missions_free(w);
    return false;
}

/* ---- refusing, and texts of the query ----------------------------------- */

void call_refuse(struct mission_call *c, int status, const char *sentence)
{
    reply_problem(c->r, status, sentence);
}

void call_err(struct mission_call *c, const struct err *e)
{
    reply_err(c->r, e);
}

bool call_text(struct mission_call *c, const char *name, size_t max, struct str *out)
{
    struct err e;

    *out = (struct str){0};
    if (!query_get(c->q->query, str_from(name), out) || out->len == 0)
        return true;
    if (mission_text_fits(*out, max, name, &e))
        return true;
    call_err(c, &e);
    return false;
}

bool call_flag(const struct mission_call *c, const char *name, bool otherwise)
{
    struct str value;

    return query_get(c->q->query, str_from(name), &value) && value.len ? str_eq(value, STR("true")) : otherwise;
}

bool call_each(const struct mission_call *c, const char *name, size_t i, struct str *out)
{
    struct str rest = c->q->query;

    while (query_each(&rest, str_from(name), out))
        if (i-- == 0)
            return true;
    return false;
}

/* ---- who asks ------------------------------------------------------------ */

struct str call_claim(const struct mission_call *c)
{
    return str_from(c->claim_text);
}

static bool first_of_user(void *ctx, const struct mission_subscription *s)
{
    struct mission_call *c = ctx;

    if (!str_eq(s->user, str_from(c->q->client.name)))
        return true;
    (void)str_copy(c->creator_text, sizeof c->creator_text, s->client);
    return false;
}

struct str call_creator(struct mission_call *c)
{
    struct str said;
    struct err e;

    if (c->creator_text[0])
        return str_from(c->creator_text);
    if (query_get(c->q->query, STR("creatorUid"), &said) && mission_text_fits(said, LIMIT_UID, "creatorUid", &e))
        (void)str_copy(c->creator_text, sizeof c->creator_text, said);
    else if (c->x.id && !missions_subscriptions(c->m, c->x.id, first_of_user, c, &e))
        log_line(LOG_WARN, "missions.read", "reason=\"%s\"", e.text);
    if (!c->creator_text[0])
        (void)str_copy(c->creator_text, sizeof c->creator_text, str_from(c->q->client.name));
    return str_from(c->creator_text);
}

bool call_role(struct mission_call *c)
{
    struct mission_asker a = {.user = str_from(c->q->client.name), .claim = call_claim(c)};
    struct err e;

    if (!query_get(c->q->query, STR("creatorUid"), &a.client))
        a.client = (struct str){0};
    if (mission_find_role(c->m, &c->x, &a, &c->role, &e))
        return true;
    call_err(c, &e);
    return false;
}

bool call_may(struct mission_call *c, unsigned needs)
{
    if ((needs & ~mission_role_may(c->role)) == 0)
        return true;
    call_refuse(c, 403, c->role != MISSION_NOBODY  ? "Your role in this mission does not allow that."
                        : c->x.password[0]         ? "The mission has a password: give it, or a subscription's token."
                                                   : "The mission is for the invited only.");
    return false;
}

/* ---- the mission ----------------------------------------------------------- */

/* Is one of these groups (one a line) heard? */
static bool lines_meet(const struct marti_ears *ears, struct str lines)
{
    while (lines.len) {
        size_t end = str_find_byte(lines, '\n');

        if (marti_hears(ears, str_cut(lines, 0, end)))
            return true;
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
    return false;
}

static bool hears(const struct mission_call *c, struct str groups)
{
    return lines_meet(&c->ears, groups);
}

/* Is he in it, or asked to come in? */
static bool is_invited(struct missions *m, const struct mission *x, const struct mission_asker *a)
{
    enum mission_role role = MISSION_NOBODY, invited = MISSION_NOBODY;
    struct err e;

    if (!mission_subscribed_role(m, x, a, &role, &e) || !mission_invited_role(m, x, a, &invited, &e))
        log_line(LOG_WARN, "missions.read", "reason=\"%s\"", e.text);
    return role != MISSION_NOBODY || invited != MISSION_NOBODY;
}

/* Another agency's mission is for those of this one whom it invites, unless the rules let them have its notes. */
static bool is_shared(const struct marti_ears *ears, struct missions *m, const struct mission *x,
                      const struct mission_asker *a)
{
    return marti_shares(ears, x->user, SHARE_NOTES) || is_invited(m, x, a);
}

bool call_sees(struct mission_call *c, const struct mission *x)
{
    struct mission_asker a = {.user = str_from(c->q->client.name)};

    return hears(c, x->groups) && (x->invite_only ? is_invited(c->m, x, &a) : is_shared(&c->ears, c->m, x, &a));
}

/* Without an invitation's or a subscription's token, which is looked at when the mission is known. */
static bool rules_allow(struct mission_call *c, const struct mission *x)
{
    struct mission_asker a = {.user = str_from(c->q->client.name)};

    if (!query_get(c->q->query, STR("creatorUid"), &a.client))
        a.client = (struct str){0};
    return is_shared(&c->ears, c->m, x, &a);
}

struct naming {
    struct mission_call *c;
    char guid[MISSION_GUID_LEN + 1];
    bool deleted;
};

/* The first that the asker hears; which one it is must not be told to who does not. */
static bool see_named(void *ctx, const struct mission *x)
{
    struct naming *n = ctx;

    if (!hears(n->c, x->groups))
        return true;
    n->deleted = x->deleted_ms != 0;
    (void)str_copy(n->guid, sizeof n->guid, str_from(x->guid));
    return false;
}

bool call_find(struct mission_call *c, struct str name, bool is_guid, struct mission *out)
{
    struct naming n = {.c = c};
    struct err e = {0};
    bool found;

    if (is_guid && !mission_guid_read(name, n.guid)) {
        call_refuse(c, 400, "That is no mission's guid.");
        return false;
    }
    if (!is_guid && !missions_named(c->m, mission_name_trim(name), see_named, &n, &e)) {
        call_err(c, &e);
        return false;
    }
    found = n.guid[0] && missions_by_guid(c->m, str_from(n.guid), true, out, &e);
    if (n.guid[0] && !found && e.kind != ERR_MISSING) {
        call_err(c, &e);
        return false;
    }
    if (!found || !hears(c, out->groups) || !(c->q->mission_token.len || rules_allow(c, out))) {
        call_refuse(c, 404, "There is no such mission.");
        return false;
    }
    if (out->deleted_ms) {
        call_refuse(c, 410, "This mission was deleted.");
        return false;
    }
    return true;
}

/* The mission of the path, and what its asker is in it. */
static bool take_mission(struct mission_call *c)
{
    static const struct str twin = {"/Marti/api/missions/guid/", 25};
    struct buf claim = buf_over(c->claim_text, sizeof c->claim_text - 1);

    if (!call_find(c, c->q->part[0], str_starts(c->q->path, twin), &c->x))
        return false;
    if (c->q->mission_token.len && !mission_token_claim(&c->w->missions->key, c->q->mission_token, str_from(c->x.guid),
                                                        str_from(c->x.password), &claim))
        claim.len = 0; /* of another mission, or of none any more: the certificate counts */
    c->claim_text[claim.len] = 0;
    if (claim.len == 0 && !rules_allow(c, &c->x)) {
        call_refuse(c, 404, "There is no such mission.");
        return false;
    }
    return call_role(c);
}

/* ---- for calls about other things ------------------------------------------- */

struct reading {
    struct web *w;
    const struct client *client;
    struct marti_ears ears;
    struct str item;
    struct buf *event; /* NULL: only whether there is one */
    bool found;
};

static bool see_event(void *ctx, const struct mission_item *i)
{
    struct reading *d = ctx;

    buf_put(d->event, i->cot);
    d->found = i->cot.len > 0 && !d->event->full;
    return false;
}

static bool see_where(void *ctx, struct str guid)
{
    struct reading *d = ctx;
    struct marti_missions *m = d->w->missions;
    struct mission_asker a = {.user = str_from(d->client->name)};
    enum mission_role role;
    struct err e;

    if (!missions_by_guid(m->store, guid, false, &m->at, &e) || !lines_meet(&d->ears, m->at.groups) ||
        !is_shared(&d->ears, m->store, &m->at, &a) || !mission_find_role(m->store, &m->at, &a, &role, &e) ||
        !(mission_role_may(role) & MISSION_MAY_READ))
        return true;
    if (!d->event)
        d->found = true;
    else if (!missions_item(m->store, MISSIONS_UIDS, m->at.id, d->item, see_event, d, &e))
        log_line(LOG_WARN, "missions.read", "reason=\"%s\"", e.text);
    return !d->found;
}

static bool read_item(struct web *w, const struct client *c, enum missions_what what, struct reading *d)
{
    struct err e;

    d->w = w;
    d->client = c;
    marti_ears(w, c, &d->ears);
    if (open_once(w, &e) && missions_where(w->missions->store, what, d->item, see_where, d, &e))
        return d->found;
    log_line(LOG_WARN, "missions.read", "reason=\"%s\"", e.text);
    return false;
}

bool marti_mission_event(struct web *w, const struct client *c, struct str uid, struct buf *b)
{
    struct reading d = {.item = uid, .event = b};

    return read_item(w, c, MISSIONS_UIDS, &d);
}

bool marti_mission_has_file(struct web *w, const struct client *c, struct str hash)
{
    struct reading d = {.item = hash};

    return read_item(w, c, MISSIONS_FILES, &d);
}

/* ---- a call's life ----------------------------------------------------------- */

static void let_go(struct mission_call *c)
{
    secret_wipe(c->password, sizeof c->password);
    if (c->drop)
        c->drop(c->more);
    else
        free(c->more);
    free(c);
}

void call_begin(struct web *w, struct request *q, struct reply *r, struct now now, const struct call_kind *k)
{
    struct mission_call *c = malloc(sizeof *c);
    struct err e = {0};

    if (!c) {
        reply_problem(r, 503, "There is not enough memory; try again in a moment.");
        return;
    }
    memset(c, 0, offsetof(struct mission_call, asked_room)); /* the rooms are touched when they are used */
    c->w = w;
    c->q = q;
    c->r = r;
    c->now = now;
    c->asked = buf_over(c->asked_room, sizeof c->asked_room);
    if (!open_once(w, &e)) {
        call_err(c, &e);
    } else {
        c->m = w->missions->store;
        marti_ears(w, &q->client, &c->ears);
        if (k->alone || (take_mission(c) && call_may(c, k->needs)))
            k->go(c);
    }
    if (!c->waits)
        let_go(c);
}

/* ---- asking the record --------------------------------------------------------- */

void call_change(struct mission_call *c, enum mission_change change)
{
    c->one = buf_over(c->one_room, sizeof c->one_room);
    fields_put(&c->one, FIELD_MISSION_CHANGE, str_from(mission_change_info(change)->word));
}

void call_add(struct mission_call *c)
{
    fields_put(&c->asked, FIELD_MISSION_ONE, buf_str(&c->one));
    c->asked.full |= c->one.full;
}

static void refused(struct mission_call *c, const struct answer_head *head, struct str text)
{
    struct err e = {.kind = (enum err_kind)head->refused};

    (void)str_copy(e.text, sizeof e.text, text.len ? text : STR("The record has not taken it."));
    if (e.kind == ERR_DENIED && c->denied)
        call_refuse(c, c->denied, e.text);
    else
        call_err(c, &e);
}

static void answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct mission_call *c = ctx;
    struct err e;

    (void)w;
    c->waits = false;
    if (x) {
        c->q = &x->request;
        c->r = &x->reply;
        c->r->status = c->status;
        if (!head->ok)
            refused(c, head, text);
        else if (c->x.guid[0] && !missions_by_guid(c->m, str_from(c->x.guid), true, &c->x, &e))
            call_refuse(c, 503, "It is in the record; the list of missions follows in a moment.");
        else
            c->then(c);
    }
    if (!c->waits)
        let_go(c);
}

static void ask(struct mission_call *c, struct ask_head head, mission_step *then)
{
    head.sender = RING_NO_SENDER;
    head.at_ms = c->now.wall_ms;
    if (c->asked.full) {
        call_refuse(c, 413, "This is too much at once; send it in parts.");
        return;
    }
    c->then = then;
    c->waits = web_ask_then(c->w, c->q, c->r, &head, &c->asked, answered, c);
}

void call_row(struct mission_call *c, unsigned kind, mission_step *then)
{
    ask(c, (struct ask_head){.ask = ASK_ROW, .kind = (uint16_t)kind}, then);
}

void call_send(struct mission_call *c, mission_step *then)
{
    fields_put(&c->asked, FIELD_USER, str_from(c->q->client.name));
    fields_put(&c->asked, FIELD_ADDRESS, str_from(c->q->address));
    if (c->x.guid[0])
        fields_put(&c->asked, FIELD_MISSION, str_from(c->x.guid));
    fields_put(&c->asked, FIELD_MISSION_CREATOR, call_creator(c));
    if (c->claim_text[0])
        fields_put(&c->asked, FIELD_MISSION_CLAIM, call_claim(c));
    ask(c, (struct ask_head){.ask = ASK_MISSION}, then);
}

/* ---- passwords -------------------------------------------------------------------- */

static void check(void *ctx)
{
    struct mission_call *c = ctx;

    c->password_ok = secret_password_is(c->x.password, str_from(c->password));
    secret_wipe(c->password, sizeof c->password);
}

static void make_hash(void *ctx)
{
    struct mission_call *c = ctx;
    struct err e;

    if (!secret_password(str_from(c->password), c->hash, &e))
        c->hash[0] = 0;
    secret_wipe(c->password, sizeof c->password);
}

/* Whoever guesses waits longer each time: by mission and user. */
static struct str limit_key(const struct mission_call *c, char *text, size_t size)
{
    struct buf b = buf_over(text, size);

    buf_fmt(&b, "mission/%s/%s", c->x.guid, c->q->client.name);
    return buf_str(&b);
}

static void worked(struct web *w, struct exchange *x, void *ctx)
{
    struct mission_call *c = ctx;
    char key[256];

    c->waits = false;
    if (x) {
        c->q = &x->request;
        c->r = &x->reply;
        if (c->password_ok) {
            limit_forgive(&w->by_name, limit_key(c, key, sizeof key));
            (void)str_copy(c->claim_text, sizeof c->claim_text, STR("access"));
        }
        if (!c->password_ok || call_role(c))
            c->next(c);
    }
    if (!c->waits)
        let_go(c);
}

void call_work(struct mission_call *c, web_job *job, mission_step *next)
{
    c->next = next;
    c->waits = web_work(c->w, c->q, c->r, job, worked, c);
}

void call_check_password(struct mission_call *c, mission_step *next)
{
    struct str password;
    char key[256];

    if (!call_text(c, "password", CALL_PASSWORD - 1, &password))
        return;
    if (password.len == 0 || !c->x.password[0]) {
        next(c);
        return;
    }
    if (limit_wait_ms(&c->w->by_name, limit_key(c, key, sizeof key), c->now.mono_ms) > 0) {
        call_refuse(c, 429, "That was wrong too often. Wait a minute, then try again.");
        c->r->retry_after_s = 60;
        return;
    }
    limit_try(&c->w->by_name, limit_key(c, key, sizeof key), c->now.mono_ms);
    (void)str_copy(c->password, sizeof c->password, password);
    call_work(c, check, next);
}

void call_hash_password(struct mission_call *c, struct str password, mission_step *next)
{
    (void)str_copy(c->password, sizeof c->password, password);
    call_work(c, make_hash, next);
}

/* ---- answers ------------------------------------------------------------------------ */

void call_done(struct mission_call *c)
{
    c->r->status = c->status ? c->status : 200;
}

void call_mission(struct mission_call *c)
{
    struct mission_json j = {.c = c, .x = &c->x};

    marti_data(c->r, "Mission", put_missions_of, &j);
}

/* ---- routes --------------------------------------------------------------------------- */

enum { ON_GET = METHOD_GET | METHOD_HEAD, ON_PUT = METHOD_PUT, ON_POST = METHOD_POST, ON_DELETE = METHOD_DELETE };

static handler on_call;

/* The two tables have the same rows: what the web thread asks of a route, and what the call is.  Rows of a guid stand
 * before those of a name, which they would fit as well. */
const struct route marti_missions_routes[] = {
#define ROUTE(method, path) {ON_##method, path, RIGHT_CLIENT, false, on_call, DOOR_WEB, NULL},
#define OTHER(method, path, name) ROUTE(method, path)
#define MISSION(method, tail, needs, name)
#include "edge/marti_missions.def"
#undef OTHER
#undef MISSION
#define OTHER(method, path, name)
#define MISSION(method, tail, needs, name) ROUTE(method, "/Marti/api/missions/guid/{}" tail)
#include "edge/marti_missions.def"
#undef MISSION
#define MISSION(method, tail, needs, name) ROUTE(method, "/Marti/api/missions/{}" tail)
#include "edge/marti_missions.def"
#undef MISSION
#undef OTHER
};
const size_t marti_missions_route_count = COUNTOF(marti_missions_routes);

static const struct call_kind calls[] = {
#define OTHER(method, path, name) {mission_##name, MISSION_MAY_NOTHING, true},
#define MISSION(method, tail, needs, name)
#include "edge/marti_missions.def"
#undef OTHER
#undef MISSION
#define OTHER(method, path, name)
#define MISSION(method, tail, needs, name) {mission_##name, MISSION_MAY_##needs, false},
#include "edge/marti_missions.def"
#include "edge/marti_missions.def"
#undef OTHER
#undef MISSION
};
_Static_assert(COUNTOF(calls) == COUNTOF(marti_missions_routes), "the same rows");

static void on_call(struct web *w, struct request *q, struct reply *r, struct now now)
{
    for (size_t i = 0; i < COUNTOF(calls); i++) {
        const struct route *route = &marti_missions_routes[i];

        if (!(route->methods & q->method) || !path_fits(route->path, q->path, q->part))
            continue;
        call_begin(w, q, r, now, &calls[i]);
        return;
    }
    MUST(!"a route of ours");
}
