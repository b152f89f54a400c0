#include "edge/web_http.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

static const struct {
    int status;
    const char *title;
} titles[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
};

const char *status_title(int status)
{
    for (size_t i = 0; i < COUNTOF(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Answer";
}

void reply_let_go(struct reply *r)
{
    if (r->has_file)
        (void)close(r->file);
    free(r->owned);
    r->has_file = false;
    r->owned = NULL;
    r->body = (struct str){0};
}

void reply_free(struct reply *r)
{
    const char *node = r->node;

    reply_let_go(r);
    *r = (struct reply){.node = node};
}

void reply_problem_field(struct reply *r, int status, const char *detail, const char *field)
{
    struct buf b = buf_over(r->problem, sizeof r->problem);

    reply_free(r);
    buf_fmt(&b, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,", status_title(status), status);
    if (field)
        buf_fmt(&b, "\"field\":\"%s\",", field);
    buf_put(&b, STR("\"detail\":"));
    buf_json(&b, str_from(detail));
    buf_byte(&b, '}');
    if (b.full) { /* escapes made a long sentence longer */
        b = buf_over(r->problem, sizeof r->problem);
        buf_fmt(&b, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d}",
                status_title(status), status);
    }
    r->status = status;
    (void)str_copy(r->sentence, sizeof r->sentence, str_from(detail));
    r->type = "application/problem+json";
    r->body = buf_str(&b);
    r->retry_after_s = status == 503 ? 2 : 0;
}

void reply_problem(struct reply *r, int status, const char *detail)
{
    reply_problem_field(r, status, detail, NULL);
}

void reply_err(struct reply *r, const struct err *e)
{
    static const int statuses[] = {
        [ERR_NONE] = 500,    [ERR_INPUT] = 400, [ERR_DENIED] = 403,
        [ERR_MISSING] = 404, [ERR_FULL] = 503,  [ERR_WORLD] = 503, [ERR_RIGHTS] = 403,
    };

    MUST(e->kind < COUNTOF(statuses));
    reply_problem(r, statuses[e->kind], e->text);
}

char *web_written(size_t first, web_write *write, void *ctx, size_t *len)
{
    for (size_t size = first; size <= WEB_REPLY_MAX; size *= 4) {
        char *at = malloc(size);
        struct buf b = buf_over(at, size);

        if (!at)
            return NULL;
        write(ctx, &b);
        if (!b.full) {
            *len = b.len;
            return at;
        }
        free(at);
    }
    return NULL;
}

static void put_copy(void *ctx, struct buf *b)
{
    const struct str *s = ctx;

    buf_put(b, *s);
}

void reply_written(struct reply *r, web_write *write, void *ctx)
{
    size_t len = 0;
    char *at = web_written(16384, write, ctx, &len);

    if (!at) {
        reply_problem(r, 503,
                      "The answer is too large for the memory that is left; ask for less of it.");
        return;
    }
    free(r->owned);
    r->owned = at;
    r->status = 200;
    r->type = "application/json";
    r->body = str_of(at, len);
}

void reply_json(struct reply *r, struct str json)
{
    reply_written(r, put_copy, &json);
}

void reply_file(struct reply *r, int fd, uint64_t from, uint64_t len)
{
    MUST(fd >= 0 && !r->has_file);
    r->has_file = true;
    r->file = fd;
    r->file_at = from;
    r->file_left = len;
    if (r->status == 0)
        r->status = 200;
}

void reply_header(struct reply *r, const char *name, const char *format, ...)
{
    char value[WEB_HEADERS_MAX];
    size_t len = strlen(r->headers), left = sizeof r->headers - len;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(value, sizeof value, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof value || !text_is_plain(str_of(value, (size_t)n), false) ||
        strlen(name) + (size_t)n + sizeof ": \r\n" > left)
        return;
    (void)snprintf(r->headers + len, left, "%s: %s\r\n", name, value);
}

uint64_t reply_length(const struct reply *r)
{
    return r->has_file ? r->file_left : r->body.len;
}

/* Sent with every answer: the page is closed in on itself. */
static const char guards[] =
    "content-security-policy: default-src 'self'; img-src 'self' data: blob:; worker-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
    "x-content-type-options: nosniff\r\n"
    "x-frame-options: DENY\r\n"
    "referrer-policy: no-referrer\r\n"
    "cross-origin-opener-policy: same-origin\r\n"
    "cross-origin-resource-policy: same-origin\r\n";

void reply_head(const struct reply *r, struct buf *b)
{
    MUST(r->status >= 200 && r->status < 600 && !r->later);
    buf_fmt(b, "HTTP/1.1 %d %s\r\n", r->status, status_title(r->status));
    buf_put(b, STR(guards));
    if (r->type)
        buf_fmt(b, "content-type: %s\r\n", r->type);
    if (r->status != 204 && r->status != 304)
        buf_fmt(b, "content-length: %" PRIu64 "\r\n", reply_length(r));
    if (r->gzip)
        buf_put(b, STR("content-encoding: gzip\r\n"));
    if (r->etag)
        buf_fmt(b, "etag: %s\r\n", r->etag);
    if (r->immutable)
        buf_put(b, STR("cache-control: public, max-age=31536000, immutable\r\n"));
    else if (r->keep_hour)
        buf_put(b, STR("cache-control: private, max-age=3600\r\n"));
    else
        buf_put(b,
                r->etag ? STR("cache-control: no-cache\r\n") : STR("cache-control: no-store\r\n"));
    if (r->allow)
        buf_fmt(b, "allow: %s\r\n", r->allow);
    if (r->retry_after_s > 0)
        buf_fmt(b, "retry-after: %d\r\n", r->retry_after_s);
    if (r->cookie[0])
        buf_fmt(b, "set-cookie: %s\r\n", r->cookie);
    buf_put(b, str_from(r->headers));
    if (r->close)
        buf_put(b, STR("connection: close\r\n"));
    buf_put(b, STR("\r\n"));
}

/* Takes the next "name=value" off a list that `between` divides; around a cookie there may be space. */
static bool next_pair(struct str *rest, char between, struct str *name, struct str *value)
{
    size_t end, equals;
    struct str pair;

    if (rest->len == 0)
        return false;
    end = str_find_byte(*rest, between);
    pair = str_cut(*rest, 0, end);
    if (between == ';')
        pair = str_trim(pair);
    *rest = str_from_at(*rest, end < rest->len ? end + 1 : end);
    equals = str_find_byte(pair, '=');
    *name = str_cut(pair, 0, equals);
    *value = str_from_at(pair, equals < pair.len ? equals + 1 : equals);
    return true;
}

static bool find_pair(struct str *list, char between, struct str wanted, struct str *out)
{
    struct str name, value;

    while (next_pair(list, between, &name, &value))
        if (str_eq(name, wanted)) {
            *out = value;
            return true;
        }
    return false;
}

bool query_each(struct str *rest, struct str name, struct str *out)
{
    bool wire = str_find_byte(*rest, 0) < rest->len;

    return find_pair(rest, wire ? 0 : '&', name, out);
}

bool query_get(struct str query, struct str name, struct str *out)
{
    return query_each(&query, name, out);
}

/* What a percent sign and two digits stand for, or the byte itself; false: no such byte. */
static bool take_escaped(struct str *s, char *out)
{
    char c = s->at[0];

    if (c == '%') {
        if (s->len < 3 || !str_from_hex(str_cut(*s, 1, 3), out, 1) || *out == 0)
            return false;
        *s = str_from_at(*s, 3);
        return true;
    }
    *out = c == '+' ? ' ' : c;
    *s = str_from_at(*s, 1);
    return c != 0;
}

static bool unescape(struct str s, char *out, size_t size)
{
    size_t n = 0;

    while (s.len) {
        if (n + 1 >= size || !take_escaped(&s, &out[n]))
            return false;
        n++;
    }
    if (size == 0)
        return false;
    out[n] = 0;
    return true;
}

bool form_get(struct str form, struct str name, char *out, size_t size)
{
    struct str escaped;

    return find_pair(&form, '&', name, &escaped) && unescape(escaped, out, size);
}

bool query_int(struct str query, struct str name, int64_t max, int64_t otherwise, int64_t *out)
{
    struct str value;

    *out = otherwise;
    return !query_get(query, name, &value) || str_to_int(value, 0, max, out);
}

bool cookie_get(struct str cookies, struct str name, struct str *out)
{
    return find_pair(&cookies, ';', name, out);
}

/* The end of what {} or {*} stands for: *after is where the pattern goes on. */
static bool take_part(const char **pattern, struct str *path, struct str *part)
{
    bool any = str_starts(str_from(*pattern), STR("{*}"));
    struct str rest = str_from(*pattern + (any ? 3 : 2));
    size_t len = str_find_byte(*path, '/');

    *pattern = rest.at;
    if (any && !str_ends(*path, rest))
        return false;
    if (any)
        len = path->len - rest.len;
    *part = str_cut(*path, 0, len);
    *path = str_from_at(*path, len);
    return len > 0;
}

bool path_fits(const char *pattern, struct str path, struct str part[REQUEST_PARTS])
{
    size_t n = 0;

    for (; *pattern; pattern++) {
        if (*pattern == '{') {
            MUST(n < REQUEST_PARTS);
            if (!take_part(&pattern, &path, &part[n++]))
                return false;
            pattern--;
            continue;
        }
        if (path.len == 0 || path.at[0] != *pattern)
            return false;
        path = str_from_at(path, 1);
    }
    return path.len == 0;
}

bool origin_fits(struct str origin, struct str host)
{
    struct str scheme = STR("https://");
    struct str named;

    if (!str_starts(origin, scheme) || host.len == 0)
        return false;
    named = str_from_at(origin, scheme.len);
    return named.len == host.len && strncasecmp(named.at, host.at, host.len) == 0;
}

bool type_is_json(struct str content_type)
{
    struct str json = STR("application/json");
    struct str type = str_trim(str_cut(content_type, 0, str_find_byte(content_type, ';')));

    return type.len == json.len && strncasecmp(type.at, json.at, json.len) == 0;
}

/* q=0 and its longer spellings mean "not this one". */
static bool is_refused(struct str parameters)
{
    size_t q = str_find(parameters, STR("q="));
    bool zero = false;

    for (q += 2; q < parameters.len; q++) {
        char c = parameters.at[q];

        if (c >= '1' && c <= '9')
            return false;
        zero |= c == '0';
    }
    return zero;
}

bool gzip_fits(struct str accept_encoding)
{
    bool any = false;

    if (accept_encoding.len == 0)
        return true;
    while (accept_encoding.len) {
        size_t end = str_find_byte(accept_encoding, ',');
        struct str item = str_trim(str_cut(accept_encoding, 0, end));
        size_t semicolon = str_find_byte(item, ';');
        struct str name = str_trim(str_cut(item, 0, semicolon));
        bool refused = is_refused(str_from_at(item, semicolon));

        if (str_eq(name, STR("gzip")) || str_eq(name, STR("x-gzip")))
            return !refused;
        any |= str_eq(name, STR("*")) && !refused;
        accept_encoding = str_from_at(accept_encoding, end < accept_encoding.len ? end + 1 : end);
    }
    return any;
}

bool text_is_plain(struct str s, bool lines)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (c == 0x7F || (c < 0x20 && !(lines && (c == '\t' || c == '\n' || c == '\r'))))
            return false;
        /* U+FFFE and U+FFFF are no characters of XML. */
        if (c == 0xEF && s.len - i > 2 && (unsigned char)s.at[i + 1] == 0xBF &&
            (unsigned char)s.at[i + 2] >= 0xBE)
            return false;
    }
    return str_is_utf8(s);
}
