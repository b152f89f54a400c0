#include "edge/import_file.h"
#include "edge/marti.h"
#include "edge/web_inner.h"

#include "os/log.h"

#include <stdlib.h>

#define READS (METHOD_GET | METHOD_HEAD)

const struct route web_routes[] = {
    {READS, "/healthz", RIGHT_ALL, false, get_health, DOOR_WEB, NULL},
    {READS, "/metrics", RIGHT_ADMIN_OR_HERE, false, get_metrics, DOOR_WEB, NULL},
    {READS, "/api/session", RIGHT_ALL, false, get_session, DOOR_WEB, NULL},
    {METHOD_POST, "/api/setup", RIGHT_ALL, false, post_setup, DOOR_WEB, NULL},
    {METHOD_POST, "/api/login", RIGHT_ALL, false, post_login, DOOR_WEB, NULL},
    {METHOD_POST, "/api/logout", RIGHT_LOGGED_IN, true, post_logout, DOOR_WEB, NULL},
    {READS, "/api/operators", RIGHT_ADMIN, false, get_operators, DOOR_WEB, NULL},
    {METHOD_POST, "/api/operators", RIGHT_ADMIN, true, post_operator, DOOR_WEB, NULL},
    {METHOD_POST, "/api/operators/{*}/change", RIGHT_ADMIN, true, post_operator_change, DOOR_WEB, NULL},
    {METHOD_POST, "/api/chat", RIGHT_WRITES, true, post_chat, DOOR_WEB, NULL},
    {METHOD_POST, "/api/emergencies/{*}/acknowledge", RIGHT_WRITES, true, post_acknowledge, DOOR_WEB, NULL},
    {READS, "/api/events", RIGHT_PICTURE, false, get_events, DOOR_WEB, NULL},
    {METHOD_POST, "/api/events/{}/erase", RIGHT_WRITES, true, post_erase, DOOR_WEB, NULL},
    {READS, "/api/incidents", RIGHT_LOGGED_IN, false, get_incidents, DOOR_WEB, NULL},
    {METHOD_POST, "/api/incidents", RIGHT_WRITES, true, post_incident, DOOR_WEB, NULL},
    {METHOD_POST, "/api/incidents/{}/commands", RIGHT_WRITES, true, post_command, DOOR_WEB, NULL},
    {METHOD_POST, "/api/incidents/{}/import", RIGHT_WRITES, true, post_import, DOOR_WEB, NULL},
    {READS, "/api/incidents/{}/imports/{}", RIGHT_WRITES, false, get_import, DOOR_WEB, NULL},
    {METHOD_POST, "/api/incidents/{}/promote", RIGHT_WRITES, true, post_promote, DOOR_WEB, NULL},
    {READS, "/api/incidents/{}/geojson", RIGHT_LOGGED_IN, false, get_incident_geojson, DOOR_WEB, NULL},
    {READS, "/api/incidents/{}/state", RIGHT_LOGGED_IN, false, get_incident_state, DOOR_WEB, NULL},
    {READS, "/api/incidents/{}/views/{}", RIGHT_LOGGED_IN, false, get_incident_view, DOOR_WEB, NULL},
    {READS, "/api/incidents/{}/events", RIGHT_PICTURE, false, get_incident_events, DOOR_WEB, NULL},
    {READS, "/api/incidents/{}/export", RIGHT_LOGGED_IN, false, get_incident_export, DOOR_WEB, NULL},
    {METHOD_POST, "/api/identities/{}/seal", RIGHT_WRITES, true, post_identity_seal, DOOR_WEB, NULL},
    {METHOD_POST, "/api/identities/{}/open", RIGHT_WRITES, true, post_identity_open, DOOR_WEB, NULL},
    {METHOD_POST, "/api/identities/{}/destroy", RIGHT_WRITES, true, post_identity_destroy, DOOR_WEB, NULL},
    {READS, "/api/openapi.json", RIGHT_ALL, false, get_openapi, DOOR_WEB, NULL},
    {READS, "/api/clients", RIGHT_PICTURE, false, get_clients, DOOR_WEB, NULL},
    {READS, "/api/maps", RIGHT_LOGGED_IN, false, get_maps, DOOR_WEB, NULL},
    {READS, "/t/{}/{}/{}/{}", RIGHT_LOGGED_IN, false, get_tile, DOOR_WEB, NULL},
};
const size_t web_route_count = COUNTOF(web_routes);

/* The page itself, and the addresses of its screens: whatever no other table has. */
const struct route page_routes[] = {
    {READS, "/", RIGHT_ALL, false, get_asset, DOOR_WEB, NULL},
    {READS, "/{*}", RIGHT_ALL, false, get_asset, DOOR_WEB, NULL},
};
const size_t page_route_count = COUNTOF(page_routes);

/* ---- the tables -------------------------------------------------------- */

static const struct {
    const struct route *routes;
    const size_t *count;
} tables[] = {
#define TABLE(name) {name##_routes, &name##_route_count},
#include "edge/web_tables.def"
#undef TABLE
};

const struct route *web_route(size_t i)
{
    for (size_t t = 0; t < COUNTOF(tables); t++) {
        if (i < *tables[t].count)
            return &tables[t].routes[i];
        i -= *tables[t].count;
    }
    return NULL;
}

/* ---- exchanges -------------------------------------------------------- */

/* The body that is streamed is not taken any further. */
static void sink_drop(struct web *w, struct exchange *x)
{
    if (!x->sink.ctx)
        return;
    x->sink.drop(x->sink.ctx);
    x->sink.ctx = NULL;
    w->uploads--;
}

struct exchange *exchange_new(struct web *w, void *conn)
{
    struct exchange *x;
    size_t slot = 0;

    while (slot < COUNTOF(w->exchanges) && w->exchanges[slot])
        slot++;
    if (slot == COUNTOF(w->exchanges))
        return NULL;
    x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    /* The slot is found again by the number. */
    x->id = ++w->next_request * WEB_CONNECTIONS + slot;
    x->conn = conn;
    x->request.id = x->id;
    x->request.door = DOOR_WEB;
    x->reply.node = w->h->server_uid;
    w->exchanges[slot] = x;
    w->exchange_count++;
    return x;
}

void exchange_free(struct web *w, struct exchange *x)
{
    if (!x)
        return;
    MUST(w->exchanges[x->id % WEB_CONNECTIONS] == x);
    sink_drop(w, x);
    w->exchanges[x->id % WEB_CONNECTIONS] = NULL;
    w->exchange_count--;
    w->waiting -= x->state == EXCHANGE_WAITING;
    if (x->reply.owned && x->identity)
        secret_wipe(x->reply.owned, x->reply.body.len); /* the text was in it */
    reply_free(&x->reply);
    identity_drop(x);
    if (x->memory)
        secret_wipe(x->memory, x->memory_len); /* passwords and cookies came in it */
    w->large_count -= x->large != NULL;
    free(x->large);
    free(x->memory);
    free(x);
}

bool exchange_room(struct exchange *x, size_t bytes)
{
    MUST(!x->memory);
    x->memory = malloc(bytes);
    x->memory_max = x->memory ? bytes : 0;
    return x->memory;
}

struct str exchange_keep(struct exchange *x, struct str bytes)
{
    char *at = x->memory + x->memory_len;

    MUST(bytes.len <= x->memory_max - x->memory_len);
    if (bytes.len)
        memcpy(at, bytes.at, bytes.len);
    x->memory_len += bytes.len;
    return str_of(at, bytes.len);
}

struct exchange *exchange_waiting(struct web *w, uint64_t id)
{
    struct exchange *x = w->exchanges[id % WEB_CONNECTIONS];

    return x && x->id == id && x->state == EXCHANGE_WAITING ? x : NULL;
}

void exchange_waits(struct web *w, uint64_t id, int64_t ms)
{
    struct exchange *x = w->exchanges[id % WEB_CONNECTIONS];

    if (!x || x->id != id)
        return;
    x->wait_ms = ms;
    x->until_ms = hub_now().mono_ms + ms;
}

/* The answer stands. A TAK client gets a refusal in its own form, whoever refused. */
static void ready(struct exchange *x)
{
    struct reply *r = &x->reply;
    char sentence[sizeof r->sentence];

    MUST(r->status);
    r->later = false;
    x->state = EXCHANGE_READY;
    if (!r->sentence[0] || !path_is_marti(x->request.path))
        return;
    memcpy(sentence, r->sentence, sizeof sentence);
    marti_error(r, r->status, sentence);
}

void exchange_answered(struct web *w, struct exchange *x)
{
    MUST(x->state == EXCHANGE_WAITING && w->waiting > 0);
    w->waiting--;
    ready(x);
    w->want_write(x->conn);
}

/* ---- what stands before a handler ------------------------------------- */

bool path_is_marti(struct str path)
{
    static const struct str begins[] = {{"/Marti/", 7}, {"/oauth/", 7}, {"/files/", 7}, {"/locate/", 8}};

    for (size_t i = 0; i < COUNTOF(begins); i++)
        if (str_starts(path, begins[i]))
            return true;
    return false;
}

/* Paths of calls and tiles are never pages of the application. */
static bool is_call(struct str path)
{
    return str_starts(path, STR("/api/")) || str_starts(path, STR("/t/")) || str_eq(path, STR("/ws")) ||
           path_is_marti(path);
}

/* "GET, HEAD" of the methods of an address. */
static void put_allow(unsigned methods, struct reply *r)
{
    static const struct {
        enum method method;
        const char *name;
    } names[] = {{METHOD_GET, "GET"},
                 {METHOD_HEAD, "HEAD"},
                 {METHOD_POST, "POST"},
                 {METHOD_PUT, "PUT"},
                 {METHOD_DELETE, "DELETE"}};
    struct buf b = buf_over(r->allow_list, sizeof r->allow_list - 1);

    for (size_t i = 0; i < COUNTOF(names); i++)
        if (methods & names[i].method)
            buf_fmt(&b, "%s%s", b.len ? ", " : "", names[i].name);
    MUST(!b.full);
    r->allow_list[b.len] = 0;
    r->allow = r->allow_list;
}

/* The route, or NULL and the answer in r. */
static const struct route *find(struct request *q, struct reply *r)
{
    const struct route *route;
    unsigned allowed = 0;

    for (size_t i = 0; (route = web_route(i)); i++) {
        if (!(route->doors & q->door) || (route->run == get_asset && is_call(q->path)) ||
            !path_fits(route->path, q->path, q->part))
            continue;
        if (route->methods & q->method)
            return route;
        if (route->run != get_asset || allowed == 0)
            allowed |= route->methods;
    }
    if (!allowed) {
        reply_problem(r, 404, "There is nothing under this address.");
        return NULL;
    }
    if (q->method == METHOD_OPTIONS)
        r->status = 204;
    else
        reply_problem(r, 405, "This address is there, but not for this method.");
    put_allow(allowed, r);
    return NULL;
}

static bool is_here(const char *address)
{
    return strcmp(address, "::1") == 0 || str_starts(str_from(address), STR("127."));
}

bool who_sees_picture(const struct who *who)
{
    return who->access.classes >> HANDLING_OPS & 1 && !who->access.observes;
}

static bool has_right(enum right right, const struct request *q)
{
    const struct who *who = &q->who;
    const struct client *client = &q->client;

    switch (right) {
    case RIGHT_ALL: return true;
    case RIGHT_LOGGED_IN: return who->is;
    case RIGHT_PICTURE: return who->is && who_sees_picture(who);
    case RIGHT_WRITES: return who->is && who->access.writes;
    case RIGHT_WELCOMES: return who->is && access_welcomes(&who->access);
    case RIGHT_LEADS: return who->is && access_leads(&who->access);
    case RIGHT_ADMIN: return who->is && who->access.administers;
    case RIGHT_ADMIN_OR_HERE: return (who->is && who->access.administers) || is_here(q->address);
    case RIGHT_CLIENT: return client->is && !client->held;
    case RIGHT_CLIENT_HELD: return client->is;
    case RIGHT_BASIC: return q->authorization.len > 0;
    case RIGHT_CLIENT_OR_OPERATOR: return (client->is && !client->held) || (who->is && who_sees_picture(who));
    }
    return false;
}

/* Does the route know TAK users, by certificate or by what they signed in with? */
static bool is_for_clients(enum right right)
{
    return right == RIGHT_CLIENT || right == RIGHT_CLIENT_HELD || right == RIGHT_CLIENT_OR_OPERATOR;
}

static bool takes_cookie(const struct route *route)
{
    return route->run == get_session ||
           (route->right != RIGHT_ALL && route->right != RIGHT_CLIENT && route->right != RIGHT_CLIENT_HELD &&
            route->right != RIGHT_BASIC);
}

/* Why a TAK user may not. */
static void refuse_client(enum right right, const struct request *q, struct reply *r)
{
    if (q->client.is && q->client.held)
        reply_problem(r, 403, "This device waits until the command post admits it; until then it gets nothing.");
    else if (q->why)
        reply_problem(r, 403, q->why);
    else if (q->door == DOOR_ENROL || right == RIGHT_BASIC)
        reply_problem(r, 401, "Send a name and a password or an invite, or a token of /oauth/token.");
    else
        reply_problem(r, 401, "Show a client certificate of this server, or a token of /oauth/token.");
    if (r->status == 401 && q->door == DOOR_ENROL)
        reply_header(r, "www-authenticate", "Basic realm=\"Cordon\"");
}

static bool may(const struct route *route, const struct request *q, struct reply *r)
{
    if (has_right(route->right, q))
        return true;
    if (q->who.is)
        reply_problem(r, 403, "Your role may not do this; ask an administrator.");
    else if (is_for_clients(route->right) || route->right == RIGHT_BASIC)
        refuse_client(route->right, q, r);
    else
        reply_problem(r, 401, "Sign in first: there is no session, or it has ended.");
    return false;
}

/* What a page of somebody else cannot send, beside its Origin. */
static bool is_ours(const struct route *route, const struct request *q, struct reply *r)
{
    bool has_body = q->method == METHOD_POST || q->length > 0;

    if (route->run == post_import && !import_takes_type(q->content_type))
        reply_problem(r, 415, "Send the file as application/geo+json, application/json, application/xml or, of "
                              "commands, application/x-ndjson.");
    else if (has_body && !route->begin && route->run != post_import && !type_is_json(q->content_type))
        reply_problem(r, 415, "Send the body as application/json.");
    else if (route->csrf && !secret_same(q->csrf, str_from(q->who.csrf)))
        reply_problem(
            r, 403,
            "The token X-Cordon-CSRF is missing or of another session; load the page again.");
    else
        return true;
    return false;
}

static bool reads(const struct request *q)
{
    return q->method & (METHOD_GET | METHOD_HEAD | METHOD_OPTIONS);
}

/* Does a browser ask for something to be changed, by its cookie or without? */
static bool changes_by_page(const struct route *route, const struct request *q)
{
    if (reads(q) || route->run == post_join_package)
        return false;
    if (route->right == RIGHT_CLIENT_OR_OPERATOR)
        return !q->client.is;
    return takes_cookie(route) || !path_is_marti(q->path);
}

/* The route of a request that may be made, or NULL and the answer in r. */
static const struct route *admit(struct web *w, struct request *q, struct reply *r, struct now now)
{
    const struct route *route;

    if (q->host.len == 0) {
        reply_problem(r, 400, "The request names no Host.");
        return NULL;
    }
    if (str_find_byte(q->path, 0) < q->path.len) {
        reply_problem(r, 400, "There is a NUL in the address.");
        return NULL;
    }
    route = find(q, r);
    if (!route)
        return NULL;
    if (q->origin.len && !reads(q) && !origin_fits(q->origin, q->host)) {
        reply_problem(r, 403, "This was sent by a page of another address.");
        return NULL;
    }
    if (is_for_clients(route->right) || route->right == RIGHT_BASIC)
        marti_who(w, q, now);
    if (takes_cookie(route) && !q->client.is)
        login_who(w, q->cookie, now, &q->who);
    if (!may(route, q, r) || (changes_by_page(route, q) && !is_ours(route, q, r)))
        return NULL;
    return route;
}

/* The head and what it leads to; a streamed body becomes the handler's. */
static void dispatch(struct web *w, struct exchange *x, struct now now)
{
    struct request *q = &x->request;
    const struct route *route = admit(w, q, &x->reply, now);

    if (!route || !route->begin != !x->sink.ctx) {
        sink_drop(w, x);
        if (route)
            reply_problem(&x->reply, 411, "Send the body with a Content-Length; it is empty or has none.");
        return;
    }
    if (x->sink.ctx) {
        q->sink = x->sink.ctx;
        x->sink.ctx = NULL;
        w->uploads--;
    }
    route->run(w, q, &x->reply, now);
}

/* ---- the head is there ------------------------------------------------- */

/* Refused before its body is read. */
static void refused(struct exchange *x)
{
    x->reply.close = true;
    ready(x);
}

void exchange_refuse(struct exchange *x, int status, const char *why)
{
    reply_problem(&x->reply, status, why);
    refused(x);
}

/* A large body is for one call alone, and is not taken before it is known that its sender may make it. */
static void begin_large(struct web *w, struct exchange *x, struct now now)
{
    struct str part[REQUEST_PARTS];

    if (x->body_want > IMPORT_FILE_MAX || !path_fits("/api/incidents/{}/import", x->request.path, part)) {
        exchange_refuse(x, 413, "The request is longer than 64 KiB, which is the most that is taken; a file to import "
                                "may have 8 MiB.");
        return;
    }
    if (!admit(w, &x->request, &x->reply, now)) {
        refused(x);
        return;
    }
    x->large = w->large_count < IMPORTS_MAX ? malloc(x->body_want) : NULL;
    if (!x->large)
        exchange_refuse(x, 503, "Another import is on its way. Try again in a moment; nothing was done.");
    else {
        w->large_count++;
        x->request.body = str_of(x->large, 0);
    }
}

/* A body that a route streams; its sender may do so. */
static void begin_sink(struct web *w, struct exchange *x, struct now now)
{
    const struct route *route = admit(w, &x->request, &x->reply, now);

    if (!route) {
        refused(x);
        return;
    }
    MUST(route->begin);
    if (w->uploads >= WEB_UPLOADS)
        exchange_refuse(x, 503, "Many files are on their way in just now. Try again in a moment; nothing was done.");
    else if (!route->begin(w, &x->request, &x->reply, &x->sink)) {
        x->sink = (struct sink){0};
        refused(x);
    } else {
        MUST(x->sink.ctx && x->sink.take && x->sink.drop);
        w->uploads++;
        x->body_until_ms = 0;
    }
}

/* Is the body of this request one that its route streams? */
static bool is_streamed(const struct request *q)
{
    struct reply ignored = {0};
    struct request again = *q;
    const struct route *route = find(&again, &ignored);

    return route && route->begin;
}

void exchange_begin(struct web *w, struct exchange *x)
{
    struct now now = hub_now();

    MUST(x->state == EXCHANGE_READING);
    x->request.length = x->request.chunked ? 0 : x->body_want;
    x->window_ms = now.mono_ms;
    x->body_until_ms = now.mono_ms + (x->body_want > WEB_BODY ? WEB_LARGE_MS : WEB_BODY_MS);
    if (x->request.chunked && x->body_want > 0) {
        exchange_refuse(x, 400, "The request has both a Content-Length and chunks.");
        return;
    }
    if (x->request.chunked)
        x->body_want = CHUNKED_WANT;
    if (x->body_want > 0 && is_streamed(&x->request))
        begin_sink(w, x, now);
    else if (x->body_want > WEB_BODY && !x->request.chunked)
        begin_large(w, x, now);
}

/* The next bytes of a streamed body. */
static void sink_take(struct web *w, struct exchange *x, struct str bytes)
{
    struct err e;

    if (x->sink.take(x->sink.ctx, bytes, &e))
        return;
    sink_drop(w, x);
    reply_err(&x->reply, &e);
    refused(x);
}

/* Bytes of the body itself. */
static bool body_bytes(struct web *w, struct exchange *x, struct str bytes)
{
    size_t len = x->request.body.len;

    if (x->sink.ctx)
        sink_take(w, x, bytes);
    else if (x->large)
        memcpy(x->large + len, bytes.at, bytes.len);
    else if (bytes.len <= x->memory_max - x->memory_len && len + bytes.len <= WEB_BODY)
        (void)exchange_keep(x, bytes);
    else if (x->request.chunked)
        exchange_refuse(x, 413, "The request is longer than 64 KiB, which is the most that is taken.");
    else
        return false;
    x->request.body.len += x->sink.ctx ? 0 : bytes.len;
    return true;
}

static bool body_chunks(struct web *w, struct exchange *x, struct str bytes)
{
    enum chunks_are is = CHUNK_MORE;
    struct str piece;

    while (x->state == EXCHANGE_READING && (is = chunks_next(&x->chunks, &bytes, &piece)) == CHUNK_SOME)
        if (!body_bytes(w, x, piece))
            return false;
    if (x->state != EXCHANGE_READING)
        return true;
    if (is == CHUNK_BAD) {
        exchange_refuse(x, 400, "The body is not cut into chunks as HTTP wants it.");
    } else if (is == CHUNK_DONE) {
        x->body_want = x->body_got;
        exchange_run(w, x, hub_now());
    }
    return true;
}

bool exchange_body(struct web *w, struct exchange *x, struct str bytes)
{
    if (bytes.len > x->body_want - x->body_got)
        return x->request.chunked; /* behind the last chunk nothing counts */
    x->body_got += bytes.len;
    x->window_got += bytes.len;
    if (x->state != EXCHANGE_READING)
        return true; /* refused already: the rest is dropped */
    return x->request.chunked ? body_chunks(w, x, bytes) : body_bytes(w, x, bytes);
}

bool exchange_keeps_up(struct exchange *x, struct now now)
{
    if (x->body_got == x->body_want)
        return true;
    if (x->body_until_ms && now.mono_ms >= x->body_until_ms)
        return false;
    if (now.mono_ms - x->window_ms < WEB_SLOW_MS)
        return true;
    if (x->window_got < (uint64_t)WEB_SLOW_RATE * WEB_SLOW_MS / 1000)
        return false;
    x->window_ms = now.mono_ms;
    x->window_got = 0;
    return true;
}

void exchange_run(struct web *w, struct exchange *x, struct now now)
{
    MUST(x->state == EXCHANGE_READING);
    hub_count(&w->h->metrics.web_requests, 1);
    dispatch(w, x, now);
    MUST(x->reply.later || x->reply.status);
    if (!x->reply.later) {
        ready(x);
        return;
    }
    x->state = EXCHANGE_WAITING;
    x->until_ms = now.mono_ms + (x->wait_ms ? x->wait_ms : WEB_ANSWER_MS);
    w->waiting++;
}
