#include "edge/import_file.h"
#include "edge/web_inner.h"

#include "os/log.h"

#include <stdlib.h>

#define READS (METHOD_GET | METHOD_HEAD)

const struct route web_routes[] = {
    {READS, "/healthz", RIGHT_ALL, false, get_health},
    {READS, "/metrics", RIGHT_ADMIN_OR_HERE, false, get_metrics},
    {READS, "/api/session", RIGHT_ALL, false, get_session},
    {METHOD_POST, "/api/setup", RIGHT_ALL, false, post_setup},
    {METHOD_POST, "/api/login", RIGHT_ALL, false, post_login},
    {METHOD_POST, "/api/logout", RIGHT_LOGGED_IN, true, post_logout},
    {READS, "/api/operators", RIGHT_ADMIN, false, get_operators},
    {METHOD_POST, "/api/operators", RIGHT_ADMIN, true, post_operator},
    {METHOD_POST, "/api/operators/{*}/change", RIGHT_ADMIN, true, post_operator_change},
    {METHOD_POST, "/api/chat", RIGHT_WRITES, true, post_chat},
    {METHOD_POST, "/api/emergencies/{*}/acknowledge", RIGHT_WRITES, true, post_acknowledge},
    {READS, "/api/events", RIGHT_LOGGED_IN, false, get_events},
    {READS, "/api/incidents", RIGHT_LOGGED_IN, false, get_incidents},
    {METHOD_POST, "/api/incidents", RIGHT_WRITES, true, post_incident},
    {METHOD_POST, "/api/incidents/{}/commands", RIGHT_WRITES, true, post_command},
    {METHOD_POST, "/api/incidents/{}/import", RIGHT_WRITES, true, post_import},
    {METHOD_POST, "/api/incidents/{}/promote", RIGHT_WRITES, true, post_promote},
    {READS, "/api/incidents/{}/geojson", RIGHT_LOGGED_IN, false, get_incident_geojson},
    {READS, "/api/incidents/{}/state", RIGHT_LOGGED_IN, false, get_incident_state},
    {READS, "/api/incidents/{}/views/{}", RIGHT_LOGGED_IN, false, get_incident_view},
    {READS, "/api/incidents/{}/events", RIGHT_LOGGED_IN, false, get_incident_events},
    {READS, "/api/incidents/{}/export", RIGHT_LOGGED_IN, false, get_incident_export},
    {METHOD_POST, "/api/identities/{}/seal", RIGHT_WRITES, true, post_identity_seal},
    {METHOD_POST, "/api/identities/{}/open", RIGHT_WRITES, true, post_identity_open},
    {METHOD_POST, "/api/identities/{}/destroy", RIGHT_WRITES, true, post_identity_destroy},
    {READS, "/api/openapi.json", RIGHT_ALL, false, get_openapi},
    {READS, "/api/clients", RIGHT_PICTURE, false, get_clients},
    {READS, "/api/maps", RIGHT_LOGGED_IN, false, get_maps},
    {READS, "/t/{}/{}/{}/{}", RIGHT_LOGGED_IN, false, get_tile},
    {READS, "/", RIGHT_ALL, false, get_asset},
    {READS, "/{*}", RIGHT_ALL, false, get_asset},
};
const size_t web_route_count = COUNTOF(web_routes);

/* ---- exchanges -------------------------------------------------------- */

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
    w->exchanges[slot] = x;
    w->exchange_count++;
    return x;
}

void exchange_free(struct web *w, struct exchange *x)
{
    if (!x)
        return;
    MUST(w->exchanges[x->id % WEB_CONNECTIONS] == x);
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

void exchange_answered(struct web *w, struct exchange *x)
{
    MUST(x->state == EXCHANGE_WAITING && w->waiting > 0 && x->reply.status);
    w->waiting--;
    x->state = EXCHANGE_READY;
    x->reply.later = false;
    w->want_write(x->conn);
}

/* ---- what stands before a handler ------------------------------------- */

/* Paths of calls and tiles are never pages of the application. */
static bool is_call(struct str path)
{
    return str_starts(path, STR("/api/")) || str_starts(path, STR("/t/")) ||
           str_eq(path, STR("/ws"));
}

/* The route, or NULL and the refusal in r. */
static const struct route *find(struct request *q, struct reply *r)
{
    unsigned allowed = 0;

    for (size_t i = 0; i < web_route_count; i++) {
        const struct route *route = &web_routes[i];

        if ((route->run == get_asset && is_call(q->path)) ||
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
    reply_problem(r, 405, "This address is there, but not for this method.");
    r->allow = allowed & METHOD_POST ? "POST" : "GET, HEAD";
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

    switch (right) {
    case RIGHT_ALL: return true;
    case RIGHT_LOGGED_IN: return who->is;
    case RIGHT_PICTURE: return who->is && who_sees_picture(who);
    case RIGHT_WRITES: return who->is && who->access.writes;
    case RIGHT_ADMIN: return who->is && who->access.administers;
    case RIGHT_ADMIN_OR_HERE: return (who->is && who->access.administers) || is_here(q->address);
    }
    return false;
}

static bool may(const struct route *route, const struct request *q, struct reply *r)
{
    if (has_right(route->right, q))
        return true;
    if (q->who.is)
        reply_problem(r, 403, "Your role may not do this; ask an administrator.");
    else
        reply_problem(r, 401, "Sign in first: there is no session, or it has ended.");
    return false;
}

/* What a page of somebody else cannot send. */
static bool is_ours(const struct route *route, const struct request *q, struct reply *r)
{
    if (q->origin.len && !origin_fits(q->origin, q->host))
        reply_problem(r, 403, "This was sent by a page of another address.");
    else if (route->run == post_import && !import_takes_type(q->content_type))
        reply_problem(r, 415, "Send the file as application/geo+json, application/json, application/xml or, of "
                              "commands, application/x-ndjson.");
    else if (route->run != post_import && !type_is_json(q->content_type))
        reply_problem(r, 415, "Send the body as application/json.");
    else if (route->csrf && !secret_same(q->csrf, str_from(q->who.csrf)))
        reply_problem(
            r, 403,
            "The token X-Cordon-CSRF is missing or of another session; load the page again.");
    else
        return true;
    return false;
}

/* The route of a request that may be made, or NULL and the refusal in r. */
static const struct route *admit(struct web *w, struct request *q, struct reply *r, struct now now)
{
    const struct route *route;

    if (q->host.len == 0) {
        reply_problem(r, 400, "The request names no Host.");
        return NULL;
    }
    route = find(q, r);
    if (!route)
        return NULL;
    if (route->right != RIGHT_ALL || route->run == get_session)
        login_who(w, q->cookie, now, &q->who);
    if (!may(route, q, r) || (q->method == METHOD_POST && !is_ours(route, q, r)))
        return NULL;
    return route;
}

static void dispatch(struct web *w, struct request *q, struct reply *r, struct now now)
{
    const struct route *route = admit(w, q, r, now);

    if (route)
        route->run(w, q, r, now);
}

/* ---- the head is there ------------------------------------------------- */

static void refuse(struct exchange *x, int status, const char *why)
{
    reply_problem(&x->reply, status, why);
    x->reply.close = true;
    x->state = EXCHANGE_READY;
}

/* A large body is for one call alone, and is not taken before it is known that its sender may make it. */
static void begin_large(struct web *w, struct exchange *x, struct now now)
{
    struct str part[REQUEST_PARTS];

    if (x->body_want > IMPORT_FILE_MAX || !path_fits("/api/incidents/{}/import", x->request.path, part)) {
        refuse(x, 413, "The request is longer than 64 KiB, which is the most that is taken; a file to import may have "
                       "8 MiB.");
        return;
    }
    if (!admit(w, &x->request, &x->reply, now)) {
        x->reply.close = true;
        x->state = EXCHANGE_READY;
        return;
    }
    x->large = w->large_count < IMPORTS_MAX ? malloc(x->body_want) : NULL;
    if (!x->large)
        refuse(x, 503, "Another import is on its way. Try again in a moment; nothing was done.");
    else {
        w->large_count++;
        x->request.body = str_of(x->large, 0);
    }
}

void exchange_begin(struct web *w, struct exchange *x)
{
    MUST(x->state == EXCHANGE_READING);
    if (x->request.chunked)
        refuse(x, 411, "Send the body with a Content-Length, not in chunks.");
    else if (x->body_want > WEB_BODY)
        begin_large(w, x, hub_now());
}

bool exchange_body(struct exchange *x, struct str bytes)
{
    size_t len = x->request.body.len;

    if (bytes.len > x->body_want - len)
        return false;
    if (x->large)
        memcpy(x->large + len, bytes.at, bytes.len);
    else if (bytes.len <= x->memory_max - x->memory_len)
        (void)exchange_keep(x, bytes);
    else
        return false;
    x->request.body.len += bytes.len;
    return true;
}

void exchange_run(struct web *w, struct exchange *x, struct now now)
{
    MUST(x->state == EXCHANGE_READING);
    hub_count(&w->h->metrics.web_requests, 1);
    dispatch(w, &x->request, &x->reply, now);
    MUST(x->reply.later || x->reply.status);
    if (!x->reply.later) {
        x->state = EXCHANGE_READY;
        return;
    }
    x->state = EXCHANGE_WAITING;
    x->until_ms = now.mono_ms + WEB_ANSWER_MS;
    w->waiting++;
}
