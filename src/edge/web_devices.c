#include "edge/web_welcome.h"

#include "os/clock.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdlib.h>

/* The phones that this server knows, and their users: who waits is admitted, who is lost is revoked.  A device is
 * a certificate.  What is decided here is a note for the record in the transaction of its cause (accounts.h); the
 * record thread writes it down and acts upon the sessions within a second. */

/* ---- the list ----------------------------------------------------------- */

enum { KNOWN_MAX = 65536, CLIENTS_STEP = 32 };

/* A device that was heard, or one that is connected: then with its user's name instead of his number. */
struct known {
    int64_t user_id, seen_ms;
    char user[WEB_NAME_MAX], uid[LIMIT_UID + 1], callsign[LIMIT_CALLSIGN + 1];
};

struct known_list {
    struct known *at;
    size_t count, max;
};

struct list {
    struct web *w;
    struct buf *b;
    struct known_list heard, online; /* by user and time; by user's name and uid */
    size_t count;
    int64_t user_id; /* whose name it is that was asked for last */
    struct user user;
};

/* NULL: the rest is listed without what is known of it. */
static struct known *known_add(struct known_list *l)
{
    if (l->count == l->max) {
        size_t max = l->max ? l->max * 2 : 256;
        struct known *more = max > KNOWN_MAX ? NULL : realloc(l->at, max * sizeof *more);

        if (!more)
            return NULL;
        l->at = more;
        l->max = max;
    }
    l->at[l->count] = (struct known){0};
    return &l->at[l->count++];
}

static int by_user(const void *a, const void *b)
{
    const struct known *x = a, *y = b;

    if (x->user_id != y->user_id)
        return x->user_id < y->user_id ? -1 : 1;
    return (x->seen_ms < y->seen_ms) - (x->seen_ms > y->seen_ms);
}

static int by_name(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    int user = strcmp(x->user, y->user);

    return user ? user : strcmp(x->uid, y->uid);
}

static int name_only(const void *a, const void *b)
{
    const struct known *x = a, *y = b;

    return strcmp(x->user, y->user);
}

static void sort(struct known_list *l, int (*by)(const void *, const void *))
{
    if (l->count)
        qsort(l->at, l->count, sizeof *l->at, by);
}

static bool note_heard(void *ctx, const struct device *d)
{
    struct known *k = known_add(ctx);

    if (!k)
        return false;
    k->user_id = d->user_id;
    k->seen_ms = d->seen_ms;
    (void)str_copy(k->uid, sizeof k->uid, d->uid);
    (void)str_copy(k->callsign, sizeof k->callsign, d->callsign);
    return true;
}

/* In steps, so that the lock is never held for long. */
static void note_online(struct hub *h, struct known_list *to)
{
    for (uint32_t at = 0; at < h->client_max; at += CLIENTS_STEP) {
        hub_lock(h);
        for (uint32_t i = at; i < h->client_max && i < at + CLIENTS_STEP; i++) {
            const struct hub_client *c = &h->clients[i];
            struct known *k = c->handle ? known_add(to) : NULL;

            if (!k)
                continue;
            (void)str_copy(k->user, sizeof k->user, str_from(c->user));
            (void)str_copy(k->uid, sizeof k->uid, str_from(c->uid));
            (void)str_copy(k->callsign, sizeof k->callsign, str_from(c->callsign));
        }
        hub_unlock(h);
    }
}

/* The device of this certificate, or the one with which its user was heard last. */
static const struct known *heard(const struct list *l, const struct certificate *c)
{
    size_t low = 0, high = l->heard.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (l->heard.at[middle].user_id < c->user_id)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < l->heard.count && l->heard.at[low].user_id == c->user_id; low++)
        if (!c->device_uid[0] || strcmp(l->heard.at[low].uid, c->device_uid) == 0)
            return &l->heard.at[low];
    return NULL;
}

/* The connection of this user with this uid (empty: any), or NULL. */
static const struct known *online(const struct list *l, const char *user, const char *uid)
{
    struct known key = {0};

    (void)str_copy(key.user, sizeof key.user, str_from(user));
    (void)str_copy(key.uid, sizeof key.uid, str_from(uid));
    return l->online.count ? bsearch(&key, l->online.at, l->online.count, sizeof key, uid[0] ? by_name : name_only)
                           : NULL;
}

static void put_more(struct buf *b, const char *name, const char *value)
{
    buf_byte(b, ',');
    web_put_text(b, name, str_from(value));
}

static bool put_device(void *ctx, const struct certificate *c)
{
    struct list *l = ctx;
    const struct known *k = heard(l, c), *now;
    const char *uid = c->device_uid[0] ? c->device_uid : k ? k->uid : "";
    struct buf *b = l->b;
    struct err e;

    if (l->user_id != c->user_id && !accounts_user_by_id(l->w->accounts, c->user_id, &l->user, &e))
        return true; /* a certificate of nobody is of no use */
    l->user_id = c->user_id;
    now = c->revoked_ms ? NULL : online(l, l->user.name, uid);
    buf_put(b, l->count++ ? STR(",{") : STR("{"));
    web_put_text(b, "serial", str_from(c->serial));
    put_more(b, "user", l->user.name);
    put_more(b, "agency", l->user.agency);
    put_more(b, "callsign", now ? now->callsign : k ? k->callsign : "");
    put_more(b, "uid", uid[0] ? uid : now ? now->uid : "");
    buf_fmt(b, ",\"since\":%" PRId64 ",\"until\":%" PRId64 ",\"seen\":%" PRId64, c->issued_ms, c->not_after_ms,
            k ? k->seen_ms : 0);
    buf_fmt(b, ",\"revoked\":%" PRId64 ",\"invite\":%" PRId64 ",\"held\":%s,\"online\":%s}", c->revoked_ms,
            c->invite_id, c->held && !c->revoked_ms ? "true" : "false", now ? "true" : "false");
    return !b->full;
}

static void put_devices(void *ctx, struct buf *b)
{
    struct list *l = ctx;
    struct err e;

    l->b = b;
    l->count = 0;
    buf_put(b, STR("{\"devices\":["));
    if (!accounts_certificates(l->w->accounts, 0, put_device, l, &e))
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
    buf_put(b, STR("]}"));
}

void get_devices(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct list l = {.w = w};
    struct err e;

    (void)q, (void)now;
    note_online(w->h, &l.online);
    sort(&l.online, by_name);
    if (!accounts_devices(w->accounts, note_heard, &l.heard, &e))
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
    sort(&l.heard, by_user);
    reply_written(r, put_devices, &l);
    free(l.heard.at);
    free(l.online.at);
}

/* ---- admitting and revoking ---------------------------------------------- */

struct counted {
    const char *what;
    size_t count;
};

static void put_count(void *ctx, struct buf *b)
{
    const struct counted *c = ctx;

    buf_fmt(b, "{\"%s\":%zu}", c->what, c->count);
}

static void reply_count(struct reply *r, const char *what, size_t count)
{
    struct counted c = {what, count};

    reply_written(r, put_count, &c);
}

static void reply_refusal(struct reply *r, const struct err *e)
{
    if (e->kind == ERR_DENIED)
        reply_problem(r, 409, e->text);
    else
        reply_err(r, e);
}

/* A serial that this server gave out; else 404. */
static bool is_known(struct web *w, struct str serial, struct reply *r)
{
    struct certificate c;
    struct err e;

    if (accounts_certificate(w->accounts, serial, &c, &e))
        return true;
    if (e.kind == ERR_MISSING)
        reply_problem(r, 404, "This server has given out no certificate of that number.");
    else
        reply_err(r, &e);
    return false;
}

typedef bool order(struct accounts *a, const struct certificate_order *o, size_t *count, struct err *e);

static void do_order(struct web *w, struct request *q, struct reply *r, order *run, const char *what)
{
    struct certificate_order o = {.serial = q->part[0], .by = str_from(q->who.name), .now_ms = hub_now().wall_ms};
    size_t count = 0;
    struct err e;

    if (!is_known(w, o.serial, r))
        return;
    if (run(w->accounts, &o, &count, &e))
        reply_count(r, what, count);
    else
        reply_refusal(r, &e);
}

void post_device_admit(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    do_order(w, q, r, accounts_admit, "admitted");
}

void post_device_revoke(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    do_order(w, q, r, accounts_revoke, "revoked");
    web_forget(w, q->part[0]);
}

/* {"serials":[...]}: those that waited when the operator looked, not whoever came meanwhile. */
void post_devices_admit(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct json_value serials;
    struct json *j = NULL;
    size_t admitted = 0;
    struct err e;
    bool ok;

    ok = json_read(q->body, &j, &e);
    serials = ok ? json_get(json_root(j), "serials") : (struct json_value){NULL};
    if (ok && (json_is(serials) != JSON_LIST || json_count(serials) == 0 ||
               json_count(serials) > CERTIFICATE_ORDER_MAX))
        ok = err_set(&e, ERR_INPUT, "\"serials\" must be a list of 1 to %d numbers of certificates",
                     CERTIFICATE_ORDER_MAX);
    for (size_t i = 0; ok && i < json_count(serials); i++) {
        struct certificate_order o = {
            .serial = json_as_text(json_at(serials, i)), .by = str_from(q->who.name), .now_ms = now.wall_ms};
        size_t count = 0;

        ok = (o.serial.len > 0 || err_set(&e, ERR_INPUT, "\"serials\" must be a list of texts")) &&
             accounts_admit(w->accounts, &o, &count, &e);
        admitted += count;
    }
    if (ok)
        reply_count(r, "admitted", admitted);
    else
        reply_refusal(r, &e);
    json_drop(j);
}

/* ---- users ---------------------------------------------------------------- */

struct users {
    struct web *w;
    struct buf *b;
    size_t count;
};

/* The groups that are his and switched off. */
static void put_off(struct buf *b, const struct user *u)
{
    const char *comma = "";

    buf_put(b, STR(",\"off\":["));
    for (size_t i = 0; i < u->group_count; i++) {
        if (u->groups[i].active)
            continue;
        buf_put(b, str_from(comma));
        buf_json(b, str_from(u->groups[i].name));
        comma = ",";
    }
    buf_byte(b, ']');
}

static bool put_user(void *ctx, const struct user *u)
{
    struct users *l = ctx;
    char hash[USER_PASSWORD_HASH];
    struct err e;

    buf_put(l->b, l->count++ ? STR(",{") : STR("{"));
    web_put_text(l->b, "name", str_from(u->name));
    put_more(l->b, "agency", u->agency);
    put_more(l->b, "role", u->role);
    welcome_put_groups(l->b, u->groups, u->group_count);
    put_off(l->b, u);
    buf_fmt(l->b, ",\"relay\":%s,\"disabled\":%s,\"password\":%s}", u->relay ? "true" : "false",
            u->disabled ? "true" : "false",
            accounts_password(l->w->accounts, str_from(u->name), hash, &e) && hash[0] ? "true" : "false");
    secret_wipe(hash, sizeof hash);
    return !l->b->full;
}

static void put_users(void *ctx, struct buf *b)
{
    struct users l = {ctx, b, 0};
    struct err e;

    buf_put(b, STR("{\"users\":["));
    if (!accounts_users(l.w->accounts, put_user, &l, &e))
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
    buf_put(b, STR("]}"));
}

void get_users(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, put_users, w);
}

/* A user with a password for enrolment and for the API, as CloudTAK and node-tak sign in.  He is made, or his password,
 * agency, role and groups are changed: what is not said stays. */
struct wanted_user {
    struct user u;
    const char *changed[4]; /* beside the password, which leaves its own note */
    size_t changed_count;
    char password[PASSWORD_TEXT + 1], hash[SECRET_PASSWORD_MAX];
    char by[WEB_NAME_MAX];
    bool ok;
    struct err e;
};

static bool same_groups(const struct user *a, const struct user *b)
{
    bool same = a->group_count == b->group_count;

    for (size_t i = 0; same && i < a->group_count; i++)
        same = strcmp(a->groups[i].name, b->groups[i].name) == 0 && a->groups[i].in == b->groups[i].in &&
               a->groups[i].out == b->groups[i].out;
    return same;
}

static void note_changes(struct wanted_user *x, const struct user *before)
{
    if (before->id == 0)
        x->changed[x->changed_count++] = "made";
    if (strcmp(before->agency, x->u.agency) != 0)
        x->changed[x->changed_count++] = "agency";
    if (strcmp(before->role, x->u.role) != 0)
        x->changed[x->changed_count++] = "role";
    if (!same_groups(before, &x->u))
        x->changed[x->changed_count++] = "groups";
}

static bool tell_record(struct web *w, const struct wanted_user *x, struct err *e)
{
    char payload[NOTE_MAX];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_USER, str_from(x->u.name));
    for (size_t i = 0; i < x->changed_count; i++)
        fields_put(&b, FIELD_CHANGED, str_from(x->changed[i]));
    fields_put(&b, FIELD_BY, str_from(x->by));
    MUST(!b.full);
    return x->changed_count == 0 || accounts_put_note(w->accounts, EV_USER_CHANGED, buf_str(&b), e);
}

static bool take_user(struct web *w, const struct json *j, struct wanted_user *x, struct err *e)
{
    static const char *const names[] = {"name", "password", "agency", "role", "groups"};
    struct json_value root = json_root(j);
    struct str name, password;
    struct user before;
    struct err missing;

    if (!welcome_knows(root, names, COUNTOF(names), e) ||
        !json_take_text(j, "name", (struct json_length){1, INVITE_NAME_MAX - 1}, &name, e) ||
        !invite_name_fits(name, e) ||
        !json_take_text(j, "password", (struct json_length){PASSWORD_MIN, PASSWORD_TEXT}, &password, e))
        return false;
    if (!accounts_user_by_name(w->accounts, name, &x->u, &missing)) {
        if (missing.kind != ERR_MISSING) {
            *e = missing;
            return false;
        }
        x->u = (struct user){0};
        MUST(str_copy(x->u.name, sizeof x->u.name, name));
    }
    MUST(str_copy(x->password, sizeof x->password, password));
    before = x->u;
    if (!welcome_take_text(root, "agency", x->u.agency, sizeof x->u.agency, e) ||
        !welcome_take_role(root, x->u.role, sizeof x->u.role, e) ||
        (json_is(json_get(root, "groups")) != JSON_MISSING &&
         !welcome_take_groups(root, x->u.groups, USER_GROUPS_MAX, &x->u.group_count, e)))
        return false;
    note_changes(x, &before);
    return true;
}

static void user_free(struct wanted_user *x)
{
    if (x)
        secret_wipe(x, sizeof *x);
    free(x);
}

/* In the worker. */
static void hash_password(void *ctx)
{
    struct wanted_user *x = ctx;

    x->ok = secret_password(str_from(x->password), x->hash, &x->e);
}

static void put_made(void *ctx, struct buf *b)
{
    buf_byte(b, '{');
    web_put_text(b, "name", str_from(((const struct wanted_user *)ctx)->u.name));
    buf_byte(b, '}');
}

static void user_hashed(struct web *w, struct exchange *waits, void *ctx)
{
    struct wanted_user *x = ctx;
    struct err e;

    if (!waits)
        log_line(LOG_INFO, "user.gone", "name=%s", x->u.name); /* nothing was changed */
    else if (!x->ok)
        reply_problem(&waits->reply, 503, "The password could not be kept: there is not enough memory. Try again.");
    else if (!login_still_is(w, &waits->request.who, hub_now()))
        reply_problem(&waits->reply, 401, "Sign in again: your session has ended meanwhile.");
    else if (!accounts_put_user(w->accounts, &x->u, &e) || !tell_record(w, x, &e) ||
             !accounts_put_password(w->accounts, str_from(x->u.name), str_from(x->hash), str_from(x->by), &e))
        reply_refusal(&waits->reply, &e);
    else {
        reply_written(&waits->reply, put_made, x);
        waits->reply.status = waits->reply.status == 200 ? 201 : waits->reply.status;
    }
    user_free(x);
}

void post_user(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct wanted_user *x = calloc(1, sizeof *x);
    struct json *j = NULL;
    struct err e;

    (void)now;
    if (!x)
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment; nothing was changed.");
    else if (!json_read(q->body, &j, &e) || !take_user(w, j, x, &e))
        reply_refusal(r, &e);
    else {
        MUST(str_copy(x->by, sizeof x->by, str_from(q->who.name)));
        if (web_work(w, q, r, hash_password, user_hashed, x))
            x = NULL; /* the worker's now */
    }
    json_drop(j);
    user_free(x);
}
