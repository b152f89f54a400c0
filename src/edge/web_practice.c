#include "edge/practice.h"
#include "edge/web_inner.h"

#include "os/log.h"
#include "store/accounts.h"

#include <inttypes.h>
#include <stdio.h>

/* The practice beside the real thing: started, joined and ended from the page.
 *
 * Cookies do not know ports, so this server can set the one of the practice's page, which has a name of its own:
 * who is logged in here is logged in there without another password. */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_practice, post_practice, post_practice_join, post_practice_end;

const struct route web_practice_routes[] = {
    {READS, "/api/practice", RIGHT_LOGGED_IN, false, get_practice, DOOR_WEB, NULL},
    {METHOD_POST, "/api/practice", RIGHT_LEADS, true, post_practice, DOOR_WEB, NULL},
    {METHOD_POST, "/api/practice/join", RIGHT_LOGGED_IN, true, post_practice_join, DOOR_WEB, NULL},
    {METHOD_POST, "/api/practice/end", RIGHT_LEADS, true, post_practice_end, DOOR_WEB, NULL},
};
const size_t web_practice_route_count = COUNTOF(web_practice_routes);

static struct practice_state state_of(const struct web *w)
{
    struct practice_state s = {0};

    if (w->h->practice)
        w->h->practice->look(w->h->practice, &s);
    return s;
}

struct practice_answer {
    const struct web *w;
    struct practice_state s;
};

static void write_practice(void *ctx, struct buf *b)
{
    static const char *const words[] = {[PRACTICE_NONE] = "none", [PRACTICE_STARTS] = "starts",
                                        [PRACTICE_RUNS] = "runs", [PRACTICE_ENDS] = "ends"};
    const struct practice_answer *a = ctx;

    buf_fmt(b, "{\"possible\":%s,\"state\":\"%s\",\"port\":%d,\"speed\":%" PRId64 ",",
            a->w->h->practice ? "true" : "false", words[a->s.is], a->s.port, a->s.speed);
    web_put_text(b, "by", str_from(a->s.by));
    buf_byte(b, ',');
    web_put_text(b, "why", str_from(a->s.why));
    buf_byte(b, '}');
}

static void answer(struct web *w, struct reply *r)
{
    struct practice_answer a = {w, state_of(w)};

    reply_written(r, write_practice, &a);
}

static void get_practice(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    answer(w, r);
}

static bool read_wanted(const struct json *j, struct practice_wanted *out, struct err *e)
{
    bool is = false;
    uint64_t speed = 0;

    if (!json_take_number(j, "speed", &is, &speed, e))
        return false;
    if (!is || speed < 1 || speed > PRACTICE_SPEED_MAX)
        return err_set(e, ERR_INPUT, "speed: 1 to %d, please", PRACTICE_SPEED_MAX);
    out->speed = (int64_t)speed;
    out->anew = json_as_bool(json_get(json_root(j), "anew"));
    return true;
}

static void post_practice(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct practice_wanted wanted = {.by = q->who.name};
    struct json *j = NULL;
    struct err e;

    (void)now;
    if (!w->h->practice)
        reply_problem(r, 409, "This server is an exercise itself.");
    else if (!json_read(q->body, &j, &e) || !read_wanted(j, &wanted, &e))
        reply_problem(r, 400, e.text);
    else if (state_of(w).is != PRACTICE_NONE)
        reply_problem(r, 409, "A practice runs already. Join it, or end it first.");
    else if (!w->h->practice->start(w->h->practice, &wanted, &e))
        reply_err(r, &e);
    else
        answer(w, r);
    json_drop(j);
}

/* A session of his in the practice. */
static bool join(struct web *w, const struct request *q, char token[WEB_TOKEN + 1], struct err *e)
{
    char dir[sizeof w->dir + sizeof "/" PRACTICE_FOLDER];
    struct login login = {.made_ms = hub_now().wall_ms, .seen_ms = hub_now().wall_ms,
                          .expires_ms = hub_now().wall_ms + LOGIN_IDLE_MS};
    struct accounts *a;
    struct operator o;
    bool ok;

    (void)snprintf(dir, sizeof dir, "%s/" PRACTICE_FOLDER, w->dir);
    secret_token(token, WEB_TOKEN / 2);
    secret_token(login.csrf, (sizeof login.csrf - 1) / 2);
    secret_sha256(str_from(token), login.token_hash);
    if (!accounts_operator(w->accounts, str_from(q->who.name), &o, e) || !accounts_open(dir, &a, e))
        return false;
    ok = accounts_put_operator(a, &o, e); /* his number there is another */
    login.operator_id = o.id;
    ok = ok && accounts_put_session(a, &login, e);
    accounts_close(a);
    return ok;
}

static void post_practice_join(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char token[WEB_TOKEN + 1];
    struct err e;

    (void)now;
    if (state_of(w).is != PRACTICE_RUNS) {
        reply_problem(r, 409, "No practice runs.");
        return;
    }
    if (!join(w, q, token, &e)) {
        reply_err(r, &e);
        return;
    }
    answer(w, r);
    (void)snprintf(r->cookie, sizeof r->cookie, COOKIE_EXERCISE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict",
                   token);
    secret_wipe(token, sizeof token);
}

static void post_practice_end(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char quoted[160];

    (void)now;
    if (state_of(w).is == PRACTICE_NONE) {
        reply_problem(r, 409, "No practice runs.");
        return;
    }
    log_line(LOG_INFO, "practice.ended", "by=%s", log_quote(quoted, sizeof quoted, str_from(q->who.name)));
    w->h->practice->end(w->h->practice);
    answer(w, r);
}
