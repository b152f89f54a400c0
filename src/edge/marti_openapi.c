#include "edge/marti_openapi.h"

#include "edge/marti.h"

#include <strings.h>

const struct marti_call marti_calls[] = {
#define CALL(method, path, what, statuses) {method, path, what, statuses},
#include "edge/marti_calls.def"
#undef CALL
};
const size_t marti_call_count = COUNTOF(marti_calls);

static handler get_description;

const struct route marti_openapi_routes[] = {
    {METHOD_GET | METHOD_HEAD, "/api/marti-openapi.json", RIGHT_ALL, false, get_description, DOOR_WEB | DOOR_ENROL,
     NULL},
};
const size_t marti_openapi_route_count = COUNTOF(marti_openapi_routes);

/* Do a call's path and a route's pattern name the same address? Whatever stands between braces is a part. */
static bool same_path(struct str path, struct str pattern)
{
    while (path.len && pattern.len && path.at[0] == pattern.at[0]) {
        if (path.at[0] == '{') {
            path = str_from_at(path, str_find_byte(path, '}'));
            pattern = str_from_at(pattern, str_find_byte(pattern, '}'));
            if (path.len == 0 || pattern.len == 0)
                return false;
        }
        path = str_from_at(path, 1);
        pattern = str_from_at(pattern, 1);
    }
    return path.len == 0 && pattern.len == 0;
}

static const struct route *route_of(const struct marti_call *call)
{
    static const struct {
        const char *name;
        enum method method;
    } methods[] = {{"GET", METHOD_GET}, {"POST", METHOD_POST}, {"PUT", METHOD_PUT}, {"DELETE", METHOD_DELETE}};
    const struct route *r;

    for (size_t i = 0; (r = web_route(i)); i++)
        for (size_t m = 0; m < COUNTOF(methods); m++)
            if (r->methods & methods[m].method && strcmp(methods[m].name, call->method) == 0 &&
                same_path(str_from(call->path), str_from(r->path)))
                return r;
    return NULL;
}

/* Who may: any one of these is enough. */
static void put_security(const struct route *r, struct buf *b)
{
    buf_put(b, STR(",\"security\":["));
    if (r && r->right == RIGHT_BASIC)
        buf_put(b, STR("{\"password\":[]}"));
    else if (r && (r->right == RIGHT_CLIENT || r->right == RIGHT_CLIENT_HELD))
        buf_put(b, STR("{\"certificate\":[]},{\"token\":[]}"));
    else if (r && r->right == RIGHT_CLIENT_OR_OPERATOR)
        buf_put(b, STR("{\"certificate\":[]},{\"token\":[]},{\"session\":[]}"));
    buf_byte(b, ']');
}

static void put_parameters(struct str path, struct buf *b)
{
    bool comma = false;

    buf_put(b, STR(",\"parameters\":["));
    while (str_find_byte(path, '{') < path.len) {
        path = str_from_at(path, str_find_byte(path, '{') + 1);
        buf_put(b, comma ? STR(",{\"name\":") : STR("{\"name\":"));
        buf_json(b, str_cut(path, 0, str_find_byte(path, '}')));
        buf_put(b, STR(",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}"));
        comma = true;
    }
    buf_byte(b, ']');
}

static void put_responses(struct str statuses, struct buf *b)
{
    buf_put(b, STR(",\"responses\":{"));
    while (statuses.len) {
        struct str one = str_cut(statuses, 0, str_find_byte(statuses, ','));
        int64_t status = 0;

        (void)!str_to_int(one, 100, 599, &status);
        buf_fmt(b, "\"%.*s\":{\"description\":\"%s\"}", STR_ARG(one), status_title((int)status));
        statuses = str_from_at(statuses, one.len < statuses.len ? one.len + 1 : one.len);
        if (statuses.len)
            buf_byte(b, ',');
    }
    buf_byte(b, '}');
}

static void put_call(const struct marti_call *c, struct buf *b)
{
    buf_byte(b, '"');
    for (const char *at = c->method; *at; at++)
        buf_byte(b, (char)(*at | 0x20));
    buf_put(b, STR("\":{\"summary\":"));
    buf_json(b, str_from(c->what));
    put_security(route_of(c), b);
    put_parameters(str_from(c->path), b);
    put_responses(str_from(c->statuses), b);
    buf_byte(b, '}');
}

void marti_openapi(struct buf *b)
{
    buf_put(b, STR("{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Cordon for TAK clients\",\"version\":\"" CORDON_VERSION
                   "\"},\n\"components\":{\"securitySchemes\":{\"certificate\":{\"type\":\"mutualTLS\"},"
                   "\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
                   "\"password\":{\"type\":\"http\",\"scheme\":\"basic\"},"
                   "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-cordon\"}}},\n\"paths\":{"));
    for (size_t i = 0; i < marti_call_count; i++) {
        bool first = i == 0 || strcmp(marti_calls[i].path, marti_calls[i - 1].path) != 0;
        bool last = i + 1 == marti_call_count || strcmp(marti_calls[i].path, marti_calls[i + 1].path) != 0;

        if (first) {
            buf_put(b, i ? STR(",\n") : STR("\n"));
            buf_json(b, str_from(marti_calls[i].path));
            buf_put(b, STR(":{"));
        }
        put_call(&marti_calls[i], b);
        buf_byte(b, last ? '}' : ',');
    }
    buf_put(b, STR("}}\n"));
}

static void write_description(void *ctx, struct buf *b)
{
    (void)ctx;
    marti_openapi(b);
}

static void get_description(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    reply_written(r, write_description, NULL);
}
