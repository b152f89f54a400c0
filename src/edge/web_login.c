#include "edge/web_inner.h"

#include "edge/enrol.h"
#include "edge/json.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/accounts.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { SHA_HEX = 2 * SECRET_SHA + 1, CODE_SYMBOLS = 12 };

/* ---- sessions --------------------------------------------------------- */

static const char *cookie_name(void)
{
    return clock_is_exercise() ? COOKIE_EXERCISE : COOKIE_NAME;
}

static void hash_token(struct str token, unsigned char out[SECRET_SHA])
{
    secret_sha256(token, out);
}

static bool who_of(struct web *w, const unsigned char token_hash[32], struct now now,
                   struct login *login, struct who *who)
{
    struct operator o;
    struct err e;

    *who = (struct who){0};
    if (!accounts_session(w->accounts, token_hash, login, &o, &e)) {
        if (e.kind != ERR_MISSING)
            log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
        return false;
    }
    if (o.disabled || login->expires_ms <= now.wall_ms)
        return false;
    who->is = true;
    who->operator_id = o.id;
    (void)str_copy(who->name, sizeof who->name, str_from(o.name));
    (void)str_copy(who->roles, sizeof who->roles, str_from(o.roles));
    who->access = access_within(str_from(o.roles), str_from(o.agency));
    (void)str_copy(who->csrf, sizeof who->csrf, str_from(login->csrf));
    memcpy(who->token_hash, token_hash, sizeof who->token_hash);
    return true;
}

/* Idle begins anew; the disk hears of it only now and then. */
static void touch(struct web *w, struct login *login, struct now now)
{
    struct err e;

    if (now.wall_ms - login->seen_ms < LOGIN_TOUCH_MS)
        return;
    login->seen_ms = now.wall_ms;
    login->expires_ms = now.wall_ms + LOGIN_IDLE_MS;
    if (!accounts_put_session(w->accounts, login, &e))
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
}

void login_who(struct web *w, struct str cookies, struct now now, struct who *who)
{
    unsigned char hash[SECRET_SHA];
    struct login login;
    struct str token;

    *who = (struct who){0};
    if (!cookie_get(cookies, str_from(cookie_name()), &token) || token.len != WEB_TOKEN)
        return;
    hash_token(token, hash);
    if (who_of(w, hash, now, &login, who))
        touch(w, &login, now);
}

bool login_still_is(struct web *w, const struct who *who, struct now now)
{
    struct login login;
    struct who found;

    if (!who_of(w, who->token_hash, now, &login, &found) || strcmp(found.roles, who->roles) != 0 ||
        strcmp(found.access.agency, who->access.agency) != 0)
        return false;
    touch(w, &login, now); /* a page that is open is not idle */
    return true;
}

/* ---- answers ---------------------------------------------------------- */

static bool needs_setup(struct web *w)
{
    size_t count = 1;
    struct err e;

    if (!accounts_operator_count(w->accounts, &count, &e))
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
    return count == 0;
}

void put_roles(struct buf *b, struct str roles)
{
    buf_byte(b, '[');
    while (roles.len) {
        size_t end = str_find_byte(roles, ',');

        buf_json(b, str_cut(roles, 0, end));
        roles = str_from_at(roles, end < roles.len ? end + 1 : end);
        if (roles.len)
            buf_byte(b, ',');
    }
    buf_byte(b, ']');
}

/* What he may do beside reading, so that the page offers that and no more; each call asks again for itself. */
static void put_rights(struct buf *b, const struct who *who)
{
    const struct access *a = &who->access;
    const struct {
        const char *name;
        bool has;
    } rights[] = {
        {"picture", who_sees_picture(who)}, {"writes", a->writes},         {"welcomes", access_welcomes(a)},
        {"leads", access_leads(a)},         {"shares", access_shares(a)},  {"exports", access_exports(a)},
        {"seals", access_seals(a)},         {"administers", a->administers},
    };
    const char *comma = "";

    buf_byte(b, '[');
    for (size_t i = 0; i < COUNTOF(rights); i++) {
        if (!rights[i].has)
            continue;
        buf_fmt(b, "%s\"%s\"", comma, rights[i].name);
        comma = ",";
    }
    buf_byte(b, ']');
}

/* The kinds of events that he cannot enter in any role of his: a short list for who writes. */
static void put_may_not(struct buf *b, const struct access *a)
{
    const char *comma = "";

    buf_byte(b, '[');
    for (unsigned kind = INC_NONE + 1; kind < INC_END; kind++) {
        if (!kind_info(kind)->tag || access_may_enter(a, (enum incident_kind)kind))
            continue;
        buf_fmt(b, "%s\"%s\"", comma, kind_info(kind)->tag);
        comma = ",";
    }
    buf_byte(b, ']');
}

struct session_answer {
    struct web *w;
    const struct who *who;
    struct now now;
};

static void put_session(void *ctx, struct buf *b)
{
    const struct session_answer *a = ctx;
    struct str roles = str_from(a->who->roles);

    buf_fmt(b, "{\"needs_setup\":%s,\"server\":{\"name\":",
            !a->who->is && needs_setup(a->w) ? "true" : "false");
    buf_json(b, str_from(a->w->h->server_name));
    buf_fmt(b, ",\"version\":\"%s\",\"exercise\":%s,\"now\":%" PRId64 "},\"operator\":", CORDON_VERSION,
            clock_is_exercise() ? "true" : "false", a->now.wall_ms);
    if (a->who->is) {
        buf_put(b, STR("{\"name\":"));
        buf_json(b, str_from(a->who->name));
        buf_put(b, STR(",\"roles\":"));
        put_roles(b, roles);
        buf_put(b, STR(",\"role\":"));
        buf_json(b, str_cut(roles, 0, str_find_byte(roles, ',')));
        buf_put(b, STR(",\"agency\":"));
        buf_json(b, str_from(a->who->access.agency));
        buf_put(b, STR(",\"rights\":"));
        put_rights(b, a->who);
        buf_put(b, STR(",\"may_not\":"));
        put_may_not(b, &a->who->access);
        buf_byte(b, '}');
    } else {
        buf_put(b, STR("null"));
    }
    buf_fmt(b, ",\"csrf\":\"%s\"}", a->who->csrf);
}

void get_session(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct session_answer a = {w, &q->who, now};

    reply_written(r, put_session, &a);
}

/* A new session for o, its cookie in the reply. */
static void begin_session(struct web *w, const struct operator* o, struct reply *r, struct now now)
{
    char token[WEB_TOKEN + 1];
    struct login login = {.operator_id = o->id,
                          .made_ms = now.wall_ms,
                          .seen_ms = now.wall_ms,
                          .expires_ms = now.wall_ms + LOGIN_IDLE_MS};
    struct session_answer a = {w, NULL, now};
    struct login kept;
    struct who who;
    struct err e = {0};

    secret_token(token, WEB_TOKEN / 2);
    secret_token(login.csrf, (sizeof login.csrf - 1) / 2);
    hash_token(str_from(token), login.token_hash);
    if (!accounts_put_session(w->accounts, &login, &e) ||
        !who_of(w, login.token_hash, now, &kept, &who)) {
        reply_problem(r, 503, e.text[0] ? e.text : "The session could not be kept. Sign in again.");
        return;
    }
    a.who = &who;
    reply_written(r, put_session, &a);
    (void)snprintf(r->cookie, sizeof r->cookie,
                   "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict", cookie_name(), token);
    secret_wipe(token, sizeof token);
}

/* Into the record: who came in, or who was not let in and why. */
static void journal(struct web *w, enum event_id kind, const struct operator* o,
                    const char *address, const char *reason)
{
    struct ask_head head = {
        .ask = ASK_ROW, .kind = (uint16_t)kind, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};
    char payload[2048];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_NAME, str_from(o->name));
    fields_put(&b, FIELD_BY, str_from(o->name));
    fields_put(&b, FIELD_SUB_TYPE, str_from(o->roles));
    fields_put(&b, FIELD_ADDRESS, str_from(address));
    if (reason[0])
        fields_put(&b, FIELD_REASON, str_from(reason));
    MUST(!b.full);
    if (!hub_ask(w->h, &head, buf_str(&b)))
        log_line(LOG_ERROR, "record.full", "lost=%s", event_tag(kind));
}

/* ---- asking for a password -------------------------------------------- */

bool login_name_fits(struct str name, struct err *e)
{
    if (!str_eq(str_trim(name), name) || !text_is_plain(name, false))
        return err_set(e, ERR_INPUT, "A name has no spaces at its ends and no control characters.");
    return true;
}

static void too_often(struct reply *r, int64_t wait_ms)
{
    char text[128];
    int seconds = (int)((wait_ms + 999) / 1000);

    (void)snprintf(text, sizeof text, "There were too many wrong tries. Wait %d s, then try again.",
                   seconds);
    reply_problem(r, 429, text);
    r->retry_after_s = seconds;
}

bool login_try_begins(struct web *w, const struct request *q, struct str name, struct reply *r, struct now now)
{
    struct str address = str_from(q->address);
    int64_t a = limit_wait_ms(&w->by_address, address, now.mono_ms);
    int64_t n = limit_wait_ms(&w->by_name, name, now.mono_ms);

    if (a > 0 || n > 0) {
        too_often(r, a > n ? a : n);
        return false;
    }
    limit_try(&w->by_address, address, now.mono_ms);
    limit_try(&w->by_name, name, now.mono_ms);
    return true;
}

static void ask_password(struct web *w, struct request *q, struct reply *r,
                         struct password_job *job)
{
    job->request = q->id;
    (void)str_copy(job->address, sizeof job->address, str_from(q->address));
    if (passwords_ask(w->passwords, job)) {
        r->later = true;
        return;
    }
    limit_untry(&w->by_address, str_from(q->address));
    limit_untry(&w->by_name, str_from(job->name));
    reply_problem(r, 503, "Many people are signing in just now. Try again in a moment.");
}

static bool read_login(const struct json *j, size_t password_min, struct password_job *job,
                       struct err *e)
{
    struct str name, password;

    if (!json_take_text(j, "name", (struct json_length){1, WEB_NAME_MAX - 1}, &name, e) ||
        !login_name_fits(name, e) ||
        !json_take_text(j, "password", (struct json_length){password_min, PASSWORD_TEXT}, &password,
                        e))
        return false;
    MUST(str_copy(job->name, sizeof job->name, name));
    memcpy(job->text, password.at, password.len);
    job->len = password.len;
    return true;
}

void post_login(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct password_job job = {.what = PASSWORD_CHECK};
    struct operator o;
    struct json *j = NULL;
    struct err e;

    if (!json_read(q->body, &j, &e) || !read_login(j, 1, &job, &e)) {
        reply_problem(r, 400, e.text);
    } else if (login_try_begins(w, q, str_from(job.name), r, now)) {
        /* A name that nobody has costs the same time and gets the same answer. */
        job.known = accounts_operator(w->accounts, str_from(job.name), &o, &e) && !o.disabled;
        (void)str_copy(job.hash, sizeof job.hash,
                       str_from(job.known ? o.password_hash : w->stand_in));
        ask_password(w, q, r, &job);
    }
    secret_wipe(job.text, sizeof job.text);
    json_drop(j);
}

/* ---- the first account ------------------------------------------------ */

/* A code as it was typed: case, spaces and hyphens do not matter. */
static bool hash_code(struct str typed, char out[SHA_HEX])
{
    char code[CODE_SYMBOLS];
    unsigned char sha[SECRET_SHA];
    struct buf hex = buf_over(out, SHA_HEX);
    size_t n = 0;

    for (size_t i = 0; i < typed.len; i++) {
        char c = typed.at[i];

        if (c == '-' || c == ' ')
            continue;
        if (n == sizeof code)
            return false;
        code[n++] = (char)toupper((unsigned char)c);
    }
    secret_sha256(str_of(code, n), sha);
    buf_hex(&hex, sha, sizeof sha);
    MUST(hex.len == SHA_HEX - 1);
    out[SHA_HEX - 1] = 0;
    return n == CODE_SYMBOLS;
}

bool web_setup_code(struct hub *h, struct accounts *a, char code[WEB_CODE], struct err *e)
{
    char hash[SHA_HEX];
    size_t count;

    (void)h;
    code[0] = 0;
    if (!accounts_operator_count(a, &count, e))
        return false;
    if (count > 0)
        return accounts_put_value(a, STR("setup_code"), STR(""), e);
    secret_code(code);
    MUST(hash_code(str_from(code), hash));
    return accounts_put_value(a, STR("setup_code"), str_from(hash), e);
}

static bool code_fits(struct web *w, struct str typed)
{
    char kept[SHA_HEX] = "", hash[SHA_HEX];
    struct err e;

    return accounts_value(w->accounts, STR("setup_code"), kept, sizeof kept, &e) && kept[0] &&
           hash_code(typed, hash) && secret_same(str_from(kept), str_from(hash));
}

void post_setup(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct password_job job = {.what = PASSWORD_MAKE};
    struct json *j = NULL;
    struct str code;
    struct err e;

    if (!needs_setup(w)) {
        reply_problem(r, 409, "The first account is there already. Sign in with it.");
    } else if (!json_read(q->body, &j, &e) ||
               !json_take_text(j, "code", (struct json_length){1, 64}, &code, &e) ||
               !read_login(j, PASSWORD_MIN, &job, &e)) {
        reply_problem(r, 400, e.text);
    } else if (login_try_begins(w, q, STR("setup code"), r, now)) {
        if (code_fits(w, code))
            ask_password(w, q, r, &job);
        else
            reply_problem(r, 403,
                          "This is not the setup code that the server printed at its start.");
    }
    secret_wipe(job.text, sizeof job.text);
    json_drop(j);
}

/* ---- what the password thread says ------------------------------------ */

static void made(struct web *w, struct password_job *job, struct reply *r, struct now now)
{
    struct operator o = {.roles = ACCESS_FIRST_ROLES};
    struct err e;

    if (!job->ok) {
        reply_problem(r, 503,
                      "The password could not be kept: there is not enough memory. Try again.");
        return;
    }
    if (!needs_setup(w)) {
        reply_problem(r, 409,
                      "The first account was made just now by somebody else. Sign in with it.");
        return;
    }
    (void)str_copy(o.name, sizeof o.name, str_from(job->name));
    (void)str_copy(o.password_hash, sizeof o.password_hash, str_from(job->hash));
    if (!accounts_put_operator(w->accounts, &o, &e) ||
        !accounts_put_value(w->accounts, STR("setup_code"), STR(""), &e)) {
        reply_problem(r, 503, e.text);
        return;
    }
    limit_forgive(&w->by_address, str_from(job->address));
    limit_forgive(&w->by_name, STR("setup code"));
    journal(w, EV_OPERATOR_MADE, &o, job->address, "");
    log_line(LOG_INFO, "operator.made", "roles=%s address=%s", o.roles, job->address);
    begin_session(w, &o, r, now);
}

static void checked(struct web *w, struct password_job *job, struct reply *r, struct now now)
{
    char quoted[160];
    struct operator o = {0};
    struct err e;

    (void)log_quote(quoted, sizeof quoted, str_from(job->name));
    if (!job->ok || !accounts_operator(w->accounts, str_from(job->name), &o, &e)) {
        (void)str_copy(o.name, sizeof o.name, str_from(job->name));
        journal(w, EV_OPERATOR_LOGIN, &o, job->address, "wrong name or password");
        log_line(LOG_WARN, "operator.refused", "name=%s address=%s", quoted, job->address);
        reply_problem(r, 401, "The name or the password is not right.");
        return;
    }
    limit_forgive(&w->by_address, str_from(job->address));
    limit_forgive(&w->by_name, str_from(job->name));
    journal(w, EV_OPERATOR_LOGIN, &o, job->address, "");
    log_line(LOG_INFO, "operator.login", "name=%s address=%s", quoted, job->address);
    begin_session(w, &o, r, now);
}

void login_checked(struct web *w, struct password_job *job, struct now now)
{
    struct exchange *x = exchange_waiting(w, job->request);
    struct reply lost = {0}, *r = x ? &x->reply : &lost;

    if (job->what == PASSWORD_ENROL) {
        enrol_checked(w, job, now);
        return;
    }
    if (job->what == PASSWORD_KEYS) {
        identity_keys(w, job, now);
        return;
    }
    if (job->what == PASSWORD_OPERATOR) {
        operators_hashed(w, job, now);
        return;
    }
    if (job->what == PASSWORD_MAKE && !x)
        return; /* nobody waits any more: the code still stands */
    if (job->what == PASSWORD_MAKE)
        made(w, job, r, now);
    else
        checked(w, job, r, now);
    if (x)
        exchange_answered(w, x);
    reply_free(&lost);
}

void post_logout(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct err e;

    (void)now;
    if (!accounts_end_session(w->accounts, q->who.token_hash, &e)) {
        reply_problem(r, 503, e.text);
        return;
    }
    live_end(w, q->who.token_hash);
    r->status = 204;
    (void)snprintf(r->cookie, sizeof r->cookie,
                   "%s=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0", cookie_name());
}
