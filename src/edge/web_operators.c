#include "edge/web_inner.h"

#include "os/clock.h"
#include "os/log.h"
#include "store/accounts.h"

#include <stdio.h>

/* Operators as an administrator sees and changes them.  A change is asked of the record inside of the
 * transaction that makes it: when the record takes nothing, nothing has changed; the answer waits for
 * the disk.  A password is hashed in the password thread first; the request is read again after that. */

/* ---- the list --------------------------------------------------------- */

struct list {
    struct web *w;
    struct buf *b;
    size_t count;
};

static bool put_operator(void *ctx, const struct operator *o)
{
    struct list *l = ctx;

    buf_put(l->b, l->count++ ? STR(",{\"name\":") : STR("{\"name\":"));
    buf_json(l->b, str_from(o->name));
    buf_put(l->b, STR(",\"roles\":"));
    put_roles(l->b, str_from(o->roles));
    buf_put(l->b, STR(",\"agency\":"));
    buf_json(l->b, str_from(o->agency));
    buf_fmt(l->b, ",\"disabled\":%s}", o->disabled ? "true" : "false");
    return !l->b->full;
}

static void put_list(void *ctx, struct buf *b)
{
    struct list l = {ctx, b, 0};
    struct err e;

    buf_put(b, STR("{\"operators\":["));
    if (!accounts_operators(l.w->accounts, put_operator, &l, &e))
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
    buf_put(b, STR("]}"));
}

void get_operators(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, put_list, w);
}

/* ---- what is asked ---------------------------------------------------- */

/* One request, read: what the operator is from now on. */
struct wanted {
    struct str ticket, password; /* borrowed from the JSON */
    struct operator o;
    bool make, shrinks;
    const char *changed[5];
    size_t changed_count;
};

/* ["commander","loggist"] as "commander,loggist". */
static bool take_roles(struct json_value list, char to[OPERATOR_ROLES_MAX], struct err *e)
{
    struct buf b = buf_over(to, OPERATOR_ROLES_MAX - 1);

    if (json_is(list) != JSON_LIST)
        return err_set(e, ERR_INPUT, "\"roles\" must be a list of words");
    for (size_t i = 0; i < json_count(list); i++) {
        struct str word = json_as_text(json_at(list, i));

        if (word.len == 0 || str_find_byte(word, ',') < word.len)
            return err_set(e, ERR_INPUT, "\"roles\" must be a list of words");
        if (i)
            buf_byte(&b, ',');
        buf_put(&b, word);
    }
    if (b.full)
        return err_set(e, ERR_INPUT, "\"roles\" is too long");
    to[b.len] = 0;
    return access_check_roles(buf_str(&b), e);
}

static bool take_agency(struct json_value v, char to[OPERATOR_AGENCY_MAX], struct err *e)
{
    struct str agency = json_as_text(v);

    if (json_is(v) != JSON_TEXT || !text_is_plain(agency, false) || str_trim(agency).len != agency.len ||
        !str_copy(to, OPERATOR_AGENCY_MAX, agency))
        return err_set(e, ERR_INPUT, "\"agency\" must be the id of an agency, of %d bytes at most",
                       OPERATOR_AGENCY_MAX - 1);
    return true;
}

/* What a request may name and what it leaves as it is. */
static bool take_changes(struct json_value root, struct wanted *x, struct err *e)
{
    static const char *const names[] = {"id", "name", "password", "roles", "agency", "disabled"};
    struct json_value v;
    struct str name;
    void *at = NULL;

    while (json_each(root, &at, &name, &v)) {
        bool known = false;

        for (size_t i = 0; i < COUNTOF(names); i++)
            known |= str_eq(name, str_from(names[i])) && (x->make ? i != 5 : i != 1);
        if (!known)
            return err_set(e, ERR_INPUT, "\"%.*s\" is nothing that can be said here", STR_ARG(name));
    }
    v = json_get(root, "roles");
    if ((x->make || json_is(v) != JSON_MISSING) && !take_roles(v, x->o.roles, e))
        return false;
    v = json_get(root, "agency");
    if (json_is(v) != JSON_MISSING && !take_agency(v, x->o.agency, e))
        return false;
    v = json_get(root, "disabled");
    if (json_is(v) != JSON_MISSING && json_is(v) != JSON_YES_NO)
        return err_set(e, ERR_INPUT, "\"disabled\" must be true or false");
    if (json_is(v) == JSON_YES_NO)
        x->o.disabled = json_as_bool(v);
    return true;
}

static bool take_password(const struct json *j, struct wanted *x, struct err *e)
{
    if (!x->make && json_is(json_get(json_root(j), "password")) == JSON_MISSING)
        return true;
    return json_take_text(j, "password", (struct json_length){PASSWORD_MIN, PASSWORD_TEXT}, &x->password, e);
}

static void note_changes(struct wanted *x, const struct operator *before)
{
    struct access was = access_within(str_from(before->roles), str_from(before->agency));
    struct access is = access_within(str_from(x->o.roles), str_from(x->o.agency));

    if (strcmp(before->roles, x->o.roles) != 0)
        x->changed[x->changed_count++] = "roles";
    if (strcmp(before->agency, x->o.agency) != 0)
        x->changed[x->changed_count++] = "agency";
    if (before->disabled != x->o.disabled)
        x->changed[x->changed_count++] = x->o.disabled ? "disabled" : "enabled";
    if (x->password.len)
        x->changed[x->changed_count++] = "password";
    x->shrinks = x->o.disabled || x->password.len > 0 || access_shrinks(&was, &is);
}

static bool read_new(const struct json *j, struct wanted *x, struct err *e)
{
    struct str name;

    x->make = true;
    if (!web_take_ticket(j, &x->ticket, e) ||
        !json_take_text(j, "name", (struct json_length){1, WEB_NAME_MAX - 1}, &name, e) || !login_name_fits(name, e))
        return false;
    MUST(str_copy(x->o.name, sizeof x->o.name, name));
    return take_changes(json_root(j), x, e) && take_password(j, x, e);
}

static bool read_change(struct web *w, const struct json *j, struct str name, struct wanted *x, struct err *e)
{
    struct operator before;

    if (!accounts_operator(w->accounts, name, &before, e))
        return false;
    x->o = before;
    if (!web_take_ticket(j, &x->ticket, e) || !take_changes(json_root(j), x, e) || !take_password(j, x, e))
        return false;
    note_changes(x, &before);
    return x->changed_count > 0 || err_set(e, ERR_INPUT, "This changes nothing: %s is like that already.", before.name);
}

/* ---- doing it --------------------------------------------------------- */

struct asking {
    struct web *w;
    struct request *q;
    const struct wanted *x;
};

static bool ask_record(void *ctx, struct err *e)
{
    const struct asking *a = ctx;
    const struct wanted *x = a->x;
    struct ask_head head = {.ask = ASK_ROW,
                            .kind = x->make ? EV_OPERATOR_MADE : EV_OPERATOR_CHANGED,
                            .sender = RING_NO_SENDER,
                            .request = a->q->id,
                            .at_ms = clock_wall_ms()};
    char payload[2048];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_NAME, str_from(x->o.name));
    fields_put(&b, FIELD_SUB_TYPE, str_from(x->o.roles));
    if (x->o.agency[0])
        fields_put(&b, FIELD_AGENCY, str_from(x->o.agency));
    for (size_t i = 0; i < x->changed_count; i++)
        fields_put(&b, FIELD_CHANGED, str_from(x->changed[i]));
    fields_put(&b, FIELD_BY, str_from(a->q->who.name));
    fields_put(&b, FIELD_ADDRESS, str_from(a->q->address));
    fields_put(&b, FIELD_TICKET, x->ticket);
    MUST(!b.full);
    if (a->w->waiting >= WEB_WAITING || !hub_ask(a->w->h, &head, buf_str(&b)))
        return err_set(e, ERR_FULL, "The record's queue is full. Try again in a moment; nothing was changed.");
    return true;
}

static void refuse(struct reply *r, const struct err *e)
{
    if (e->kind == ERR_DENIED)
        reply_problem(r, 409, e->text);
    else if (e->kind == ERR_FULL)
        reply_problem(r, 503, e->text);
    else
        reply_err(r, e);
}

/* The record was asked when it succeeds, and its answer is waited for. */
static void apply(struct web *w, struct request *q, struct reply *r, struct wanted *x)
{
    struct asking a = {w, q, x};
    struct operator_change how = {
        .make = x->make, .end_sessions = x->shrinks, .note = ask_record, .ctx = &a};
    struct err e;
    char quoted[160];

    if (!accounts_change_operator(w->accounts, &x->o, &how, &e)) {
        refuse(r, &e);
        return;
    }
    log_line(LOG_INFO, x->make ? "operator.made" : "operator.changed", "name=%s roles=%s disabled=%d",
             log_quote(quoted, sizeof quoted, str_from(x->o.name)), x->o.roles, (int)x->o.disabled);
    live_recheck(w, hub_now());
    r->later = true;
}

/* Read when it is asked, and again when the password is hashed. */
static bool read_wanted(struct web *w, struct request *q, struct json **j, struct wanted *x, struct err *e)
{
    struct str name = q->part[0];

    *x = (struct wanted){0};
    return json_read(q->body, j, e) && (name.len ? read_change(w, *j, name, x, e) : read_new(*j, x, e));
}

static void ask_hash(struct web *w, struct request *q, struct reply *r, struct str password)
{
    struct password_job job = {.what = PASSWORD_OPERATOR, .request = q->id, .len = password.len};

    MUST(password.len <= sizeof job.text);
    memcpy(job.text, password.at, password.len);
    if (passwords_ask(w->passwords, &job))
        r->later = true;
    else
        reply_problem(r, 503, "Many people are signing in just now. Try again in a moment; nothing was changed.");
}

static void change(struct web *w, struct request *q, struct reply *r)
{
    struct json *j = NULL;
    struct wanted x;
    struct err e;

    if (!read_wanted(w, q, &j, &x, &e))
        refuse(r, &e);
    else if (x.password.len)
        ask_hash(w, q, r, x.password);
    else
        apply(w, q, r, &x);
    json_drop(j);
}

void operators_hashed(struct web *w, struct password_job *job, struct now now)
{
    struct exchange *waits = exchange_waiting(w, job->request);
    struct json *j = NULL;
    struct wanted x;
    struct err e;

    if (!waits)
        return; /* it waited too long: nothing was changed */
    waits->reply.later = false;
    if (!job->ok)
        reply_problem(&waits->reply, 503, "The password could not be kept: there is not enough memory. Try again.");
    else if (!login_still_is(w, &waits->request.who, now))
        reply_problem(&waits->reply, 401, "Sign in again: your session has ended meanwhile.");
    else if (!read_wanted(w, &waits->request, &j, &x, &e))
        refuse(&waits->reply, &e);
    else {
        MUST(str_copy(x.o.password_hash, sizeof x.o.password_hash, str_from(job->hash)));
        apply(w, &waits->request, &waits->reply, &x);
    }
    json_drop(j);
    if (!waits->reply.later)
        exchange_answered(w, waits);
}

void post_operator(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    change(w, q, r);
}

void post_operator_change(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    change(w, q, r);
}
