#include "edge/inputs.h"
#include "edge/web_inner.h"
#include "os/secret.h"
#include "store/inputs.h"

#include <stdio.h>
#include <stdlib.h>

/* The list of inputs for whoever sees the picture, and the one input that comes over HTTP: events with a token. */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_inputs, post_input, post_input_close, post_inject;
static body_begin begin_inject;

const struct route web_inputs_routes[] = {
    {READS, "/api/clients/inputs", RIGHT_PICTURE, false, get_inputs, DOOR_WEB, NULL},
    {METHOD_POST, "/api/admin/inputs", RIGHT_ADMIN, true, post_input, DOOR_WEB, NULL},
    {METHOD_POST, "/api/admin/inputs/{}/close", RIGHT_ADMIN, true, post_input_close, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/api/inject/cot", RIGHT_BASIC, false, post_inject, DOOR_WEB, begin_inject},
};
const size_t web_inputs_route_count = COUNTOF(web_inputs_routes);

static void put_inputs(void *ctx, struct buf *b)
{
    struct web *w = ctx;

    buf_put(b, STR("{\"inputs\":"));
    inputs_put_json(w->h, b);
    buf_byte(b, '}');
}

static void get_inputs(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, put_inputs, w);
}

/* ---- made and closed by an administrator ----------------------------------- */

/* The words of an input, and the token that one of kind http gets: told here alone. */
struct made {
    struct str spec;
    char token[INPUT_TOKEN + 1];
};

static void put_made(void *ctx, struct buf *b)
{
    const struct made *m = ctx;

    buf_put(b, STR("{\"spec\":"));
    buf_json(b, m->spec);
    buf_put(b, STR(",\"token\":"));
    buf_json(b, str_from(m->token));
    buf_byte(b, '}');
}

/* The thread of the inputs opens it within a second, and the record tells that. */
static void post_input(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct input_store *s = NULL;
    struct made m = {{0}, ""};
    struct json *j = NULL;
    struct err e;

    (void)now;
    if (json_read(q->body, &j, &e) &&
        json_take_text(j, "spec", (struct json_length){1, INPUT_SPEC_MAX - 1}, &m.spec, &e) &&
        (text_is_plain(m.spec, false) || err_set(&e, ERR_INPUT, "\"spec\" holds control characters")) &&
        inputs_open(w->dir, &s, &e) && inputs_add(s, m.spec, m.token, &e)) {
        reply_written(r, put_made, &m);
    } else {
        reply_err(r, &e);
    }
    inputs_close(s);
    json_drop(j);
    secret_wipe(m.token, sizeof m.token);
}

static void post_input_close(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct input_store *s = NULL;
    struct err e;

    (void)now;
    if (inputs_open(w->dir, &s, &e) && inputs_drop(s, q->part[0], &e))
        r->status = 204;
    else if (e.kind == ERR_MISSING)
        reply_problem(r, 404, "No input of this name was made here: one of cordon.conf is closed there.");
    else
        reply_err(r, &e);
    inputs_close(s);
}

/* ---- events with a token ------------------------------------------------ */

/* A body as it comes in. */
struct injection {
    uint64_t input;
    size_t len, max;
    char *bytes;
};

static void drop(void *ctx)
{
    struct injection *x = ctx;

    free(x->bytes);
    free(x);
}

static bool take(void *ctx, struct str bytes, struct err *e)
{
    struct injection *x = ctx;
    char *more;

    if (bytes.len > INPUT_BODY - x->len)
        return err_set(e, ERR_FULL, "An injection has %d bytes at most; send it in parts.", INPUT_BODY);
    if (x->len + bytes.len > x->max) {
        x->max = 2 * (x->len + bytes.len);
        more = realloc(x->bytes, x->max);
        if (!more)
            return err_set(e, ERR_WORLD, "There is not enough memory for it; send less at once.");
        x->bytes = more;
    }
    if (bytes.len)
        memcpy(x->bytes + x->len, bytes.at, bytes.len);
    x->len += bytes.len;
    return true;
}

/* The token is looked at before a byte of the body is taken. */
static bool begin_inject(struct web *w, struct request *q, struct reply *r, struct sink *s)
{
    struct str token = q->authorization;
    struct injection *x;
    struct err e;
    uint64_t input;

    token = str_starts(token, STR("Bearer ")) ? str_trim(str_from_at(token, 7)) : (struct str){0};
    input = inputs_by_token(w->h, token, q->address, &e);
    if (!input) {
        reply_problem(r, strstr(e.text, "address") ? 403 : 401, e.text);
        return false;
    }
    if (q->length > INPUT_BODY) {
        reply_problem(r, 413, "An injection has 1 MiB at most; send it in parts.");
        return false;
    }
    x = calloc(1, sizeof *x);
    if (!x) {
        reply_problem(r, 503, "There is not enough memory for it. Try again in a moment.");
        return false;
    }
    x->input = input;
    s->ctx = x;
    s->take = take;
    s->drop = drop;
    return true;
}

static void put_injected(void *ctx, struct buf *b)
{
    const struct injected *done = ctx;

    buf_fmt(b, "{\"accepted\":%zu,\"refused\":%zu,\"reason\":", done->taken, done->refused);
    buf_json(b, str_from(done->reason));
    buf_byte(b, '}');
}

static void post_inject(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct injection *x = q->sink;
    struct injected done;
    char why[ERR_TEXT_MAX + 64];

    (void)now;
    if (!inputs_inject(w->h, x->input, q->address, str_of(x->bytes, x->len), &done)) {
        reply_problem(r, 401, "This input is not there any more.");
    } else if (done.taken + done.refused == 0) {
        reply_problem(r, 400, "The body has no event.");
    } else if (done.taken == 0) {
        (void)snprintf(why, sizeof why, "Nothing was taken: %s.", done.reason);
        reply_problem(r, strstr(done.reason, "events a second") ? 429 : 400, why);
    } else {
        reply_written(r, put_injected, &done);
    }
    drop(x);
}
