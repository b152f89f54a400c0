#include "edge/marti.h"
#include "edge/marti_token.h"

#include "os/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Names and passwords of TAK users become tokens, for those who have no certificate yet: CloudTAK's first step.
 * tak.md 2.6 */

enum { ENDED_MAX = 256 /* tokens that were given back and are not over yet */ };

static handler post_token, post_end;

const struct route marti_oauth_routes[] = {
    {METHOD_POST, "/oauth/token", RIGHT_ALL, false, post_token, DOOR_WEB | DOOR_ENROL, NULL},
    {METHOD_POST, "/Marti/api/logout", RIGHT_CLIENT_HELD, false, post_end, DOOR_WEB | DOOR_ENROL, NULL},
};
const size_t marti_oauth_route_count = COUNTOF(marti_oauth_routes);

/* The key, and what was given back since the start: the oldest gives way, and with a restart they count again. */
struct web_tokens {
    unsigned char key[SECRET_KEY];
    char ended[ENDED_MAX][TOKEN_ID];
    size_t next;
    char why[WEB_WHY]; /* of the request that is looked at */
};

static struct web_tokens *tokens_of(struct web *w, struct err *e)
{
    struct web_tokens *t;
    char path[sizeof w->dir + 16];
    bool made;

    if (w->tokens)
        return w->tokens;
    t = calloc(1, sizeof *t);
    if (!t) {
        (void)err_set(e, ERR_FULL, "There is not enough memory just now.");
        return NULL;
    }
    (void)snprintf(path, sizeof path, "%s/token.key", w->dir);
    if (!secret_key_file(path, t->key, sizeof t->key, &made, e)) {
        free(t);
        return NULL;
    }
    w->tokens = t;
    return t;
}

void tokens_free(struct web *w)
{
    if (!w->tokens)
        return;
    secret_wipe(w->tokens, sizeof *w->tokens);
    free(w->tokens);
    w->tokens = NULL;
}

/* ---- who sends this token ------------------------------------------------ */

static bool take_token(struct web *w, const struct request *q, struct now now, struct token *out, struct err *e)
{
    struct str bearer = STR("Bearer ");
    struct web_tokens *t = tokens_of(w, e);

    return t && token_take(t->key, str_trim(str_from_at(q->authorization, bearer.len)), now.wall_ms, out, e);
}

static bool is_ended(const struct web_tokens *t, const char *id)
{
    for (size_t i = 0; i < ENDED_MAX; i++)
        if (strcmp(t->ended[i], id) == 0)
            return true;
    return false;
}

static bool find_user(struct web *w, const struct token *t, struct client *out, struct err *e)
{
    char hash[USER_PASSWORD_HASH], proof[TOKEN_PROOF];
    struct user u;

    if (is_ended(w->tokens, t->id))
        return err_set(e, ERR_DENIED, "This token was given back: sign in again.");
    if (!accounts_user_by_name(w->accounts, str_from(t->name), &u, e) ||
        !accounts_password(w->accounts, str_from(t->name), hash, e))
        return false;
    token_proof(hash, proof);
    if (!hash[0] || !secret_same(str_from(proof), str_from(t->proof)))
        return err_set(e, ERR_DENIED, "The password of %s was changed since: sign in again.", u.name);
    if (u.disabled)
        return err_set(e, ERR_DENIED, "User %s is disabled.", u.name);
    *out = (struct client){.is = true, .user_id = u.id};
    (void)str_copy(out->name, sizeof out->name, str_from(u.name));
    (void)str_copy(out->agency, sizeof out->agency, str_from(u.agency));
    return true;
}

void marti_who(struct web *w, struct request *q, struct now now)
{
    struct token t;
    struct err e = {0};

    if (q->client.is || q->why || !str_starts(q->authorization, STR("Bearer ")))
        return;
    if (take_token(w, q, now, &t, &e) && find_user(w, &t, &q->client, &e))
        return;
    if (!w->tokens)
        return; /* the key cannot be read: as without a token */
    (void)str_copy(w->tokens->why, sizeof w->tokens->why, str_from(e.text));
    q->why = w->tokens->why;
}

static void post_end(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct token t;
    struct err e;

    r->status = 204;
    if (q->client.serial[0] || !take_token(w, q, now, &t, &e))
        return; /* a certificate is not signed out: it is revoked */
    (void)str_copy(w->tokens->ended[w->tokens->next++ % ENDED_MAX], TOKEN_ID, str_from(t.id));
}

/* ---- a new token --------------------------------------------------------- */

/* Belongs to the worker while it runs; wiped with its end. */
struct signing {
    char name[TOKEN_NAME_MAX], address[WEB_ADDRESS_MAX];
    char password[PASSWORD_TEXT + 1], hash[USER_PASSWORD_HASH];
    bool known, ok;
};

static void signing_free(struct signing *s)
{
    secret_wipe(s, sizeof *s);
    free(s);
}

static void check_password(void *ctx)
{
    struct signing *s = ctx;

    s->ok = secret_password_is(s->hash, str_from(s->password)) && s->known;
}

/* As clients of OAuth 2 want to be refused (RFC 6749, section 5.2); flat, as node-tak cuts it up. */
static void refuse_grant(struct reply *r, int status, const char *error, const char *why)
{
    char text[512];
    struct buf b = buf_over(text, sizeof text);

    buf_fmt(&b, "{\"error\":\"%s\",\"error_description\":", error);
    buf_json(&b, str_from(why));
    buf_byte(&b, '}');
    reply_json(r, buf_str(&b));
    r->status = status;
}

static void give_token(struct web *w, struct reply *r, const struct signing *s, struct now now)
{
    struct token t = {.from_s = now.wall_ms / 1000, .until_s = now.wall_ms / 1000 + TOKEN_LIFE_S};
    char text[TOKEN_TEXT_MAX + 256];
    struct buf b = buf_over(text, sizeof text);

    (void)str_copy(t.name, sizeof t.name, str_from(s->name));
    token_proof(s->hash, t.proof);
    secret_token(t.id, (TOKEN_ID - 1) / 2);
    buf_put(&b, STR("{\"access_token\":\""));
    token_put(w->tokens->key, &t, &b);
    buf_fmt(&b, "\",\"token_type\":\"bearer\",\"expires_in\":%d,\"scope\":\"read write\",\"jti\":\"%s\"}", TOKEN_LIFE_S,
            t.id);
    MUST(!b.full);
    reply_json(r, buf_str(&b));
    secret_wipe(text, sizeof text);
}

static void password_checked(struct web *w, struct exchange *x, void *ctx)
{
    struct signing *s = ctx;
    char quoted[160];

    (void)log_quote(quoted, sizeof quoted, str_from(s->name));
    if (s->ok) {
        limit_forgive(&w->by_address, str_from(s->address));
        limit_forgive(&w->by_name, str_from(s->name));
    }
    log_line(s->ok ? LOG_INFO : LOG_WARN, s->ok ? "user.login" : "user.refused", "name=%s address=%s", quoted,
             s->address);
    if (x && s->ok)
        give_token(w, &x->reply, s, hub_now());
    else if (x)
        refuse_grant(&x->reply, 401, "invalid_grant", "Bad credentials: the name or the password is not right.");
    signing_free(s);
}

/* A value of the body's form, or of the query, where node-tak puts it. */
static bool take(const struct request *q, const char *name, char *out, size_t size)
{
    struct str value;

    return form_get(q->body, str_from(name), out, size) ||
           (query_get(q->query, str_from(name), &value) && str_copy(out, size, value));
}

static bool begin(struct web *w, const struct request *q, struct signing *s, struct err *e)
{
    char grant[32];
    struct user u;
    struct err ignored;

    if (!take(q, "grant_type", grant, sizeof grant) || strcmp(grant, "password") != 0)
        return err_set(e, ERR_INPUT, "grant_type is password.");
    if (!take(q, "username", s->name, sizeof s->name) || !take(q, "password", s->password, sizeof s->password) ||
        !s->name[0] || !text_is_plain(str_from(s->name), false))
        return err_set(e, ERR_INPUT, "username and password belong to it, of at most %d bytes each.",
                       TOKEN_NAME_MAX - 1);
    (void)str_copy(s->address, sizeof s->address, str_from(q->address));
    /* A name that nobody has, or that has no password, costs the same time and gets the same answer. */
    s->known = accounts_user_by_name(w->accounts, str_from(s->name), &u, &ignored) && !u.disabled &&
               accounts_password(w->accounts, str_from(s->name), s->hash, &ignored) && s->hash[0];
    if (!s->known)
        (void)str_copy(s->hash, sizeof s->hash, str_from(w->stand_in));
    return tokens_of(w, e);
}

static void post_token(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct signing *s = calloc(1, sizeof *s);
    struct err e;

    if (!s) {
        reply_problem(r, 503, "There is not enough memory just now.");
        return;
    }
    if (!begin(w, q, s, &e)) {
        if (e.kind == ERR_INPUT)
            refuse_grant(r, 400, "invalid_request", e.text);
        else
            reply_err(r, &e);
    } else if (login_try_begins(w, q, str_from(s->name), r, now)) {
        if (web_work(w, q, r, check_password, password_checked, s))
            return;
        limit_untry(&w->by_address, str_from(q->address));
        limit_untry(&w->by_name, str_from(s->name));
    }
    signing_free(s);
}
