#include "edge/web_welcome.h"

#include "os/clock.h"
#include "os/log.h"
#include "os/qr.h"

#include <stdio.h>
#include <stdlib.h>

/* Invites as those see them who welcome people: made one by one or as a sheet, listed, ended, drawn as QR codes. */

/* Roles of the TAK side, as its clients spell them. */
static const char *const tak_roles[] = {"Team Member", "Team Lead", "HQ",  "Medic",
                                        "Forward Observer", "RTO", "Sniper", "K9"};

/* ---- the list --------------------------------------------------------- */

struct list {
    struct web *w;
    const struct welcome *m;
    const struct who *who;
    struct buf *b;
    size_t count;
    int64_t now_ms;
};

static const char *state_of(const struct invite *v, int64_t now_ms)
{
    if (v->ended_ms)
        return "ended";
    if (v->uses >= v->uses_max)
        return "used";
    return v->expires_ms <= now_ms ? "expired" : "open";
}

static void put_text(struct buf *b, const char *name, const char *value)
{
    buf_byte(b, ',');
    web_put_text(b, name, str_from(value));
}

void welcome_put_groups(struct buf *b, const struct user_group *groups, size_t count)
{
    buf_put(b, STR(",\"groups\":["));
    for (size_t i = 0; i < count; i++) {
        buf_put(b, i ? STR(",{\"name\":") : STR("{\"name\":"));
        buf_json(b, str_from(groups[i].name));
        buf_fmt(b, ",\"in\":%s,\"out\":%s}", groups[i].in ? "true" : "false", groups[i].out ? "true" : "false");
    }
    buf_byte(b, ']');
}

/* What its token opens, for the session to which it was told. */
static void put_shown(struct list *l, const struct welcome_shown *s)
{
    char text[512];
    struct buf t = buf_over(text, sizeof text - 1);

    put_text(l->b, "token", s->token);
    welcome_link(l->w, str_from(s->host), str_from(s->token), &t);
    text[t.len] = 0;
    put_text(l->b, "link", text);
}

static bool put_invite(void *ctx, const struct invite *v)
{
    struct list *l = ctx;
    const struct welcome_shown *s = welcome_shown(l->m, l->who, v->id);

    buf_fmt(l->b, "%s{\"id\":%lld", l->count++ ? "," : "", (long long)v->id);
    put_text(l->b, "name", v->name);
    put_text(l->b, "agency", v->agency);
    put_text(l->b, "role", v->role);
    welcome_put_groups(l->b, v->groups, v->group_count);
    buf_fmt(l->b, ",\"admits\":%s,\"expires\":%lld,\"uses\":%lld,\"uses_max\":%lld,\"made\":%lld",
            invite_holds(v) ? "false" : "true", (long long)v->expires_ms, (long long)v->uses, (long long)v->uses_max,
            (long long)v->made_ms);
    put_text(l->b, "made_by", v->made_by);
    put_text(l->b, "state", state_of(v, l->now_ms));
    if (s)
        put_shown(l, s);
    buf_byte(l->b, '}');
    return !l->b->full;
}

static void put_words(struct buf *b, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_byte(b, ',');
        buf_json(b, str_from(words[i]));
    }
}

static void put_list(void *ctx, struct buf *b)
{
    struct list l = *(struct list *)ctx;
    struct welcome_hosts hosts;
    struct err e;

    l.b = b;
    welcome_hosts(&hosts);
    buf_put(b, STR("{\"hosts\":["));
    for (size_t i = 0; i < hosts.count; i++) {
        if (i)
            buf_byte(b, ',');
        buf_json(b, str_from(hosts.names[i]));
    }
    buf_put(b, STR("],\"roles\":["));
    put_words(b, tak_roles, COUNTOF(tak_roles));
    buf_fmt(b, "],\"tak_port\":%d,\"enrol_port\":%d", atomic_load(&l.w->h->tak_port), l.w->enrol_port);
    put_text(b, "words", l.m->words);
    buf_put(b, STR(",\"invites\":["));
    if (!invites_list(l.w->accounts, put_invite, &l, &e))
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
    buf_put(b, STR("]}"));
}

void get_invites(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct list l = {.w = w, .who = &q->who, .now_ms = now.wall_ms};
    struct err e;

    l.m = welcome_of(w, &e);
    if (l.m)
        reply_written(r, put_list, &l);
    else
        reply_err(r, &e);
}

/* ---- making ------------------------------------------------------------ */

/* One request, read. names: of one invite or of a sheet. */
struct wanted {
    struct invite v; /* without its name */
    size_t count;
    struct str names[WELCOME_BATCH];
    char host[WELCOME_HOST_MAX];
};

bool welcome_knows(struct json_value root, const char *const *names, size_t count, struct err *e)
{
    struct json_value v;
    struct str name;
    void *at = NULL;

    while (json_each(root, &at, &name, &v)) {
        bool known = false;

        for (size_t i = 0; i < count; i++)
            known |= str_eq(name, str_from(names[i]));
        if (!known)
            return err_set(e, ERR_INPUT, "\"%.*s\" is nothing that can be said here", STR_ARG(name));
    }
    return true;
}

/* A text that may be missing, of less than size bytes. */
bool welcome_take_text(struct json_value root, const char *name, char *to, size_t size, struct err *e)
{
    struct json_value v = json_get(root, name);
    struct str text = json_as_text(v);

    if (json_is(v) == JSON_MISSING)
        return true;
    if (json_is(v) != JSON_TEXT || !text_is_plain(text, false) || str_trim(text).len != text.len ||
        !str_copy(to, size, text))
        return err_set(e, ERR_INPUT, "\"%s\" must be a text of %zu bytes at most, without blanks around it", name,
                       size - 1);
    return true;
}

static bool take_whole(struct json_value root, const char *name, int64_t max, int64_t *out, struct err *e)
{
    struct json_value v = json_get(root, name);

    if (json_is(v) == JSON_MISSING)
        return true;
    *out = json_as_whole(v);
    return (json_is(v) == JSON_WHOLE && *out >= 1 && *out <= max) ||
           err_set(e, ERR_INPUT, "\"%s\" must be a whole number from 1 to %lld", name, (long long)max);
}

/* "NAME", "NAME:in" (may write into it) or "NAME:out" (hears it). */
static bool take_group(struct str s, struct user_group *g, struct err *e)
{
    bool in = str_ends(s, STR(":in")), out = str_ends(s, STR(":out"));

    if (in || out)
        s.len -= in ? 3 : 4;
    if (s.len == 0 || !text_is_plain(s, false) || !str_copy(g->name, sizeof g->name, s))
        return err_set(e, ERR_INPUT, "a group's name has 1 to %d bytes", GROUP_NAME_MAX - 1);
    g->in = !out;
    g->out = !in;
    g->active = true;
    return true;
}

bool welcome_take_groups(struct json_value root, struct user_group *to, size_t max, size_t *count, struct err *e)
{
    struct json_value list = json_get(root, "groups");

    *count = 0;
    if (json_is(list) == JSON_MISSING)
        return true;
    if (json_is(list) != JSON_LIST || json_count(list) > max)
        return err_set(e, ERR_INPUT, "\"groups\" must be a list of %zu names at most", max);
    for (; *count < json_count(list); (*count)++) {
        if (!take_group(json_as_text(json_at(list, *count)), &to[*count], e))
            return false;
        for (size_t i = 0; i < *count; i++)
            if (strcmp(to[i].name, to[*count].name) == 0)
                return err_set(e, ERR_INPUT, "group \"%s\" is named twice", to[i].name);
    }
    return true;
}

bool welcome_take_role(struct json_value root, char *to, size_t size, struct err *e)
{
    if (!welcome_take_text(root, "role", to, size, e) || to[0] == 0)
        return to[0] == 0;
    for (size_t i = 0; i < COUNTOF(tak_roles); i++)
        if (strcmp(to, tak_roles[i]) == 0)
            return true;
    return err_set(e, ERR_INPUT,
                   "\"role\" must be one of the roles of TAK clients: Team Member, Team Lead, HQ, Medic, Forward "
                   "Observer, RTO, Sniper, K9");
}

static bool take_names(struct json_value root, bool batch, struct wanted *x, struct err *e)
{
    struct json_value v = json_get(root, batch ? "names" : "name");

    x->count = batch ? json_count(v) : 1;
    if (json_is(v) != (batch ? JSON_LIST : JSON_TEXT) || x->count == 0 || x->count > WELCOME_BATCH)
        return err_set(e, ERR_INPUT, batch ? "\"names\" must be a list of 1 to %d names" : "\"name\" must be a text",
                       WELCOME_BATCH);
    for (size_t i = 0; i < x->count; i++) {
        x->names[i] = json_as_text(batch ? json_at(v, i) : v);
        if (!invite_name_fits(x->names[i], e))
            return err_in(e, "\"%.*s\"", STR_ARG(x->names[i]));
        for (size_t j = 0; j < i; j++)
            if (str_eq(x->names[i], x->names[j]))
                return err_set(e, ERR_INPUT, "\"%.*s\" is named twice", STR_ARG(x->names[i]));
    }
    return true;
}

static bool take_wanted(const struct request *q, struct json_value root, bool batch, struct wanted *x, struct err *e)
{
    static const char *const one[] = {"name", "agency", "role", "groups", "hours", "admits", "host", "uses"};
    static const char *const many[] = {"names", "agency", "role", "groups", "hours", "admits", "host"};
    struct json_value admits = json_get(root, "admits");
    char host[WELCOME_HOST_MAX] = "";
    int64_t hours = 12;

    x->v.uses_max = 1;
    if (!welcome_knows(root, batch ? many : one, batch ? COUNTOF(many) : COUNTOF(one), e) ||
        !take_names(root, batch, x, e) ||
        !welcome_take_text(root, "agency", x->v.agency, sizeof x->v.agency, e) ||
        !welcome_take_role(root, x->v.role, sizeof x->v.role, e) ||
        !welcome_take_groups(root, x->v.groups, INVITE_GROUPS_MAX, &x->v.group_count, e) ||
        !take_whole(root, "hours", INVITE_HOURS_MAX, &hours, e) ||
        !take_whole(root, "uses", INVITE_USES_MAX, &x->v.uses_max, e) ||
        !welcome_take_text(root, "host", host, sizeof host, e) || !welcome_host(str_from(host), x->host, e))
        return false;
    if (json_is(admits) != JSON_MISSING && json_is(admits) != JSON_YES_NO)
        return err_set(e, ERR_INPUT, "\"admits\" must be true or false");
    x->v.admits = json_as_bool(admits);
    if (x->v.admits && x->v.uses_max > 1 && !q->who.access.administers)
        return err_set(e, ERR_DENIED, "only an administrator makes an invite of many uses that admits at once: whoever "
                                      "photographs it would hear everybody");
    x->v.expires_ms = hub_now().wall_ms + hours * 3600000;
    return true;
}

/* Makes them all; when one cannot be made, those before it are ended. */
static bool make(struct web *w, struct welcome *m, const struct request *q, struct wanted *x, int64_t ids[])
{
    struct err e;

    for (size_t i = 0; i < x->count; i++) {
        struct welcome_shown s = {0};
        struct invite v = x->v;

        MUST(str_copy(v.name, sizeof v.name, x->names[i]));
        MUST(str_copy(v.made_by, sizeof v.made_by, str_from(q->who.name)));
        v.made_ms = hub_now().wall_ms;
        if (!invites_make(w->accounts, &v, s.token, &e)) {
            log_line(LOG_ERROR, "invite.make", "reason=\"%s\"", e.text);
            for (size_t j = 0; j < i; j++)
                if (!invites_end(w->accounts, ids[j], str_from(q->who.name), v.made_ms, &e))
                    log_line(LOG_ERROR, "invite.make", "left=%lld reason=\"%s\"", (long long)ids[j], e.text);
            return false;
        }
        ids[i] = s.invite = v.id;
        (void)snprintf(s.name, sizeof s.name, "%s", v.name);
        (void)snprintf(s.host, sizeof s.host, "%s", x->host);
        welcome_show(m, &q->who, &s);
        secret_wipe(&s, sizeof s);
    }
    return true;
}

struct made {
    struct list l;
    const int64_t *ids;
    size_t count;
    bool batch;
};

static void put_made(void *ctx, struct buf *b)
{
    struct made *x = ctx;
    struct invite v;
    struct err e;

    x->l.b = b;
    x->l.count = 0;
    buf_put(b, x->batch ? STR("{\"invites\":[") : STR("{\"invite\":"));
    for (size_t i = 0; i < x->count; i++)
        if (invites_get(x->l.w->accounts, x->ids[i], &v, &e))
            (void)put_invite(&x->l, &v);
    buf_put(b, x->batch ? STR("]") : STR(""));
    put_text(b, "words", x->l.m->words);
    buf_byte(b, '}');
}

static void post(struct web *w, struct request *q, struct reply *r, bool batch)
{
    struct wanted *x = calloc(1, sizeof *x);
    struct made made = {.l = {.w = w, .who = &q->who, .now_ms = hub_now().wall_ms}, .batch = batch};
    int64_t ids[WELCOME_BATCH];
    struct welcome *m;
    struct json *j = NULL;
    struct err e;

    if (!x)
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment; nothing was made.");
    else if (!(m = welcome_of(w, &e)) || !json_read(q->body, &j, &e) ||
             !take_wanted(q, json_root(j), batch, x, &e))
        reply_err(r, &e);
    else if (!make(w, m, q, x, ids))
        reply_problem(r, 503, "The invites could not be kept. Look at the server's alarms; nothing was made.");
    else {
        made.l.m = m;
        made.ids = ids;
        made.count = x->count;
        reply_written(r, put_made, &made);
        r->status = r->status == 200 ? 201 : r->status;
    }
    json_drop(j);
    free(x);
}

void post_invite(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    post(w, q, r, false);
}

void post_invite_batch(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    post(w, q, r, true);
}

/* ---- ending and drawing ------------------------------------------------ */

void post_invite_end(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct err e;
    int64_t id;

    if (!str_to_int(q->part[0], 1, INT64_MAX, &id))
        reply_problem(r, 404, "There is no such invite.");
    else if (!invites_end(w->accounts, id, str_from(q->who.name), now.wall_ms, &e))
        e.kind == ERR_DENIED ? reply_problem(r, 409, e.text) : reply_err(r, &e);
    else
        reply_json(r, STR("{\"ended\":true}"));
}

/* What a code says; false: there is no such kind. */
static bool put_content(struct web *w, const struct welcome *m, const struct welcome_shown *s, struct str kind,
                        struct buf *b)
{
    struct package p = welcome_package(w, m, str_from(s->host));

    p.user = str_from(s->name);
    if (str_eq(kind, STR("atak")))
        package_enrol_link(&p, str_from(s->token), b);
    else if (str_eq(kind, STR("itak")))
        package_itak_line(&p, b);
    else if (str_eq(kind, STR("page")))
        welcome_link(w, str_from(s->host), str_from(s->token), b);
    else
        return false;
    return true;
}

void get_invite_qr(struct web *w, struct request *q, struct reply *r, struct now now)
{
    const struct welcome_shown *s = NULL;
    char content[QR_CONTENT_MAX], *svg;
    struct buf b = buf_over(content, sizeof content), drawn;
    struct str kind = {0};
    struct welcome *m;
    struct err e;
    int64_t id;

    (void)now;
    m = welcome_of(w, &e);
    if (!query_get(q->query, STR("kind"), &kind))
        kind = STR("page");
    if (m && str_to_int(q->part[0], 1, INT64_MAX, &id))
        s = welcome_shown(m, &q->who, id);
    if (!s || !put_content(w, m, s, kind, &b)) {
        reply_problem(r, 404, "There is no such code: it is drawn for the session that made the invite, as page, atak "
                              "or itak. Make a new invite when its token is lost.");
        return;
    }
    svg = malloc(QR_DRAWN_MAX);
    drawn = buf_over(svg, svg ? QR_DRAWN_MAX : 0);
    if (!svg || b.full || !qr_svg(buf_str(&b), &drawn, &e)) {
        reply_problem(r, 503, "The code could not be drawn. Try again.");
        free(svg);
    } else {
        r->status = 200;
        r->type = "image/svg+xml";
        r->owned = svg;
        r->body = buf_str(&drawn);
    }
    secret_wipe(content, sizeof content);
}
