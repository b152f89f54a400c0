#include "edge/marti.h"
#include "edge/web_inner.h"

#include "os/clock.h"
#include "os/log.h"
#include "os/net.h"
#include "os/tls.h"

#include <libwebsockets.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* libwebsockets, and nothing else: what it calls becomes exchanges and viewers
 * (web_inner.h), what those have to say becomes lws_write(), at most one a turn.
 * Two vhosts of one context are the two doors; os/tls.h gives their TLS our rules.
 *
 *   a connection:  HTTP ... HTTP_BODY ... HTTP_BODY_COMPLETION -> run -> HTTP_WRITEABLE ... next
 * one FILTER_PROTOCOL_CONNECTION -> ESTABLISHED -> RECEIVE, SERVER_WRITEABLE -> CLOSED */

enum {
    TICK_US = 1000000,
    HEAD_SECONDS = 10, /* a head that is not whole by then is not awaited any longer */
    BODY_SECONDS = 45, /* between two pieces of a body; exchange_keeps_up() asks for more */
    WAIT_SECONDS = WEB_WORK_MS / 1000 + WEB_ANSWER_MS / 1000 + 15, /* web_turn.c answers before */
    SEND_SECONDS = 30, /* of one chunk */
    /* Between two requests of a connection. A browser that asks in the moment in which all of its idle connections are
     * closed tries one after the other and gives up: long, so that this is rare. */
    IDLE_SECONDS = 75,
    CLOSE_SECONDS = 5,
    HEAD_POOL = 64,    /* heads that are read at once; further ones wait */
    SWALLOW = 8 << 20, /* a body that is refused is read up to this, so that its sender hears why */
    OWN_FILES = 16,    /* of the library itself, beside the connections */
    SEND_BUFFER = 256 * 1024, /* of a WebSocket: what lags shall lag here, not in the kernel */
    READ_BUFFER = 32 * 1024,  /* what is read at once: more than a TLS record */
    FILE_CHUNK = 256 * 1024,  /* of a file, written at once to who takes it quickly */
    FILE_CHUNK_MIN = 16 * 1024,
    FILE_QUICK_MS = 100, /* a chunk that is taken within makes the next twice as large, one that is not half */
    TOKEN_MAX = 2048,    /* bytes of a header that the library does not know */
};

/* What lws keeps for us with each request: it is zero again for the next one of the connection. */
struct conn {
    struct exchange *exchange;
    struct viewer *viewer;
    size_t chunk;          /* of a file */
    int64_t chunk_sent_ms; /* monotonic */
};

/* Who is connected. A connection of the page's door is new until its first request. */
struct peer {
    struct lws *wsi; /* NULL: free */
    enum { PEER_NEW, PEER_BROWSER, PEER_PHONE } is;
    char address[WEB_ADDRESS_MAX];
    bool asked; /* its certificate was looked at */
    enum tls_shown shown;
    struct tls_peer certificate;
    uint64_t accounts; /* when client was filled: web_accounts_version() */
    struct client client;
    char why[WEB_WHY];
};

enum { DOORS = 2 };

struct edge {
    struct web web;
    struct lws_context *context;
    struct lws_vhost *door[DOORS]; /* page, enrolment (NULL: off) */
    void *rules[DOORS];            /* their SSL_CTX, for os/tls.h */
    pthread_t thread;
    lws_sorted_usec_list_t timer;
    atomic_bool woken, stopping;
    struct peer peers[WEB_CONNECTIONS];
    uint64_t accounts_seen; /* when all connections were looked at last */
    char certificate[512], key[512], trust[512];
    pthread_mutex_t lock; /* of the reload's question and answer */
    pthread_cond_t answered;
    int reload; /* 1: asked, 2: done, 3: failed */
    unsigned char out[LWS_PRE + FILE_CHUNK + 4096];
};

/* ---- what the exchanges and viewers call ------------------------------ */

static void want_write(void *conn)
{
    (void)lws_callback_on_writable(conn);
}

static void hang_up(void *conn)
{
    lws_set_timeout(conn, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void wake_context(void *ctx)
{
    struct edge *d = ctx;

    if (!atomic_exchange(&d->woken, true))
        lws_cancel_service(d->context);
}

/* ---- who is connected ------------------------------------------------- */

static void peer_of(struct lws *wsi, char to[WEB_ADDRESS_MAX])
{
    char name[WEB_ADDRESS_MAX + 8] = "";
    struct str mapped = STR("::ffff:"), s;

    (void)lws_get_peer_simple(wsi, name, sizeof name);
    s = str_from(name);
    if (str_starts(s, mapped))
        s = str_from_at(s, mapped.len);
    (void)str_copy(to, WEB_ADDRESS_MAX, s);
}

static enum door door_of(const struct edge *d, struct lws *wsi)
{
    return d->door[1] && lws_get_vhost(wsi) == d->door[1] ? DOOR_ENROL : DOOR_WEB;
}

struct crowd {
    size_t phones, phones_here, browsers_here, here;
};

static struct crowd count_peers(const struct edge *d, const char *address)
{
    struct crowd c = {0};

    for (size_t i = 0; i < WEB_CONNECTIONS; i++) {
        const struct peer *p = &d->peers[i];
        bool same = p->wsi && strcmp(p->address, address) == 0;

        c.phones += p->wsi && p->is == PEER_PHONE;
        c.phones_here += same && p->is == PEER_PHONE;
        c.browsers_here += same && p->is == PEER_BROWSER;
        c.here += same;
    }
    return c;
}

static struct peer *find_peer(struct edge *d, const struct lws *wsi)
{
    for (size_t i = 0; i < WEB_CONNECTIONS; i++)
        if (d->peers[i].wsi == wsi)
            return &d->peers[i];
    return NULL;
}

static bool has_room_for(const struct crowd *c, bool phone)
{
    return phone ? c->phones < WEB_CONNECTIONS - WEB_FOR_BROWSERS && c->phones_here < WEB_PHONES_PER_ADDRESS
                 : c->browsers_here < WEB_PER_ADDRESS;
}

/* false: too many of this address, or in all. */
static bool peer_came(struct edge *d, struct lws *wsi)
{
    bool enrols = door_of(d, wsi) == DOOR_ENROL;
    struct peer *p = find_peer(d, NULL);
    char address[WEB_ADDRESS_MAX];
    struct crowd c;

    peer_of(wsi, address);
    c = count_peers(d, address);
    if (!p || (enrols ? !has_room_for(&c, true) : c.here >= WEB_PER_ADDRESS + WEB_PHONES_PER_ADDRESS)) {
        log_line(LOG_WARN, "web.too_many", "address=%s connections=%zu", address, c.here);
        return false;
    }
    *p = (struct peer){.wsi = wsi, .is = enrols ? PEER_PHONE : PEER_NEW};
    (void)str_copy(p->address, sizeof p->address, str_from(address));
    return true;
}

static void peer_left(struct edge *d, const struct lws *wsi)
{
    struct peer *p = find_peer(d, wsi);

    if (p)
        p->wsi = NULL;
}

/* Before the first request of a connection is run: it counts from now on as what it is. */
static bool peer_has_room(struct edge *d, struct peer *p)
{
    bool phone = p->shown != TLS_SHOWN_NONE;
    struct crowd c;

    if (p->is != PEER_NEW)
        return true;
    c = count_peers(d, p->address);
    if (!has_room_for(&c, phone)) {
        log_line(LOG_WARN, "web.too_many", "address=%s connections=%zu", p->address, c.here);
        return false;
    }
    p->is = phone ? PEER_PHONE : PEER_BROWSER;
    return true;
}

/* ---- whose certificate it is ------------------------------------------ */

/* Looked at once a connection, and again after the accounts have changed. */
static void know_client(struct edge *d, struct peer *p)
{
    struct err e = {0};

    if (p->asked && p->accounts == web_accounts_version(&d->web))
        return;
    if (!p->asked) {
        p->shown = door_of(d, p->wsi) == DOOR_WEB ? tls_web_peer(lws_get_ssl(p->wsi), &p->certificate, &e)
                                                  : TLS_SHOWN_NONE;
        (void)str_copy(p->why, sizeof p->why, str_from(e.text));
        p->asked = true;
    }
    p->accounts = d->web.accounts_version;
    p->client = (struct client){0};
    if (p->shown == TLS_SHOWN_GOOD && marti_by_certificate(&d->web, &p->certificate, &p->client, p->why))
        p->why[0] = 0;
}

static void forget(struct web *w, struct str serial)
{
    struct edge *d = w->edge;

    d->web.accounts_version++; /* this thread's own writing is no change to accounts_changed() */
    for (size_t i = 0; i < WEB_CONNECTIONS; i++) {
        struct peer *p = &d->peers[i];

        if (!p->wsi || !p->asked || p->shown != TLS_SHOWN_GOOD)
            continue;
        if (serial.len == 0)
            know_client(d, p);
        if (serial.len == 0 ? p->client.is : !str_eq(serial, str_from(p->certificate.serial)))
            continue;
        log_line(LOG_INFO, "web.forgotten", "serial=%s address=%s", p->certificate.serial, p->address);
        hang_up(p->wsi);
    }
}

/* Once a second: who was revoked, or whose user was disabled, is not connected any more. */
static void follow_accounts(struct edge *d)
{
    if (web_accounts_version(&d->web) == d->accounts_seen)
        return;
    forget(&d->web, (struct str){0});
    d->accounts_seen = d->web.accounts_version;
}

/* ---- requests --------------------------------------------------------- */

static struct str header(struct lws *wsi, struct exchange *x, enum lws_token_indexes token)
{
    char text[WEB_HEAD];
    int n = lws_hdr_copy(wsi, text, sizeof text, token);

    return n > 0 ? exchange_keep(x, str_of(text, (size_t)n)) : (struct str){0};
}

static struct str own_header(struct lws *wsi, struct exchange *x, const char *name)
{
    char text[TOKEN_MAX];
    int n = lws_hdr_custom_copy(wsi, text, sizeof text, name, (int)strlen(name));

    return n > 0 ? exchange_keep(x, str_of(text, (size_t)n)) : (struct str){0};
}

/* The pieces of a token, with a '&' between them, or with a NUL behind each: the library cuts paths and queries at each
 * '&' and ';' that was not escaped, and decodes what is between. */
static struct str pieces(struct lws *wsi, struct exchange *x, enum lws_token_indexes token, char end)
{
    char text[WEB_HEAD + 256];
    size_t len = 0;
    int n;

    if (lws_hdr_total_length(wsi, token) <= 0)
        return (struct str){0};
    for (int i = 0; len < WEB_HEAD; i++) {
        n = lws_hdr_copy_fragment(wsi, text + len, (int)(sizeof text - len - 1), token, i);
        if (n < 0)
            break;
        len += (size_t)n;
        text[len++] = end;
    }
    return exchange_keep(x, str_of(text, end == '&' && len ? len - 1 : len));
}

/* The method, and the path into the exchange. */
static void read_method(struct lws *wsi, struct exchange *x)
{
    static const struct {
        enum lws_token_indexes token;
        enum method method;
    } rows[] = {
        {WSI_TOKEN_GET_URI, METHOD_GET},         {WSI_TOKEN_HEAD_URI, METHOD_HEAD},
        {WSI_TOKEN_POST_URI, METHOD_POST},       {WSI_TOKEN_PUT_URI, METHOD_PUT},
        {WSI_TOKEN_DELETE_URI, METHOD_DELETE},   {WSI_TOKEN_OPTIONS_URI, METHOD_OPTIONS},
        {WSI_TOKEN_PATCH_URI, METHOD_OTHER},
    };

    x->request.method = METHOD_OTHER;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (lws_hdr_total_length(wsi, rows[i].token) > 0) {
            x->request.method = rows[i].method;
            x->request.path = pieces(wsi, x, rows[i].token, '&');
            return;
        }
}

/* Bytes of the body, by its head. */
static uint64_t read_length(struct lws *wsi)
{
    char text[32];
    int64_t length;
    int n;

    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
        return 0;
    n = lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    /* What is no length is refused as too long. */
    if (!str_to_int(str_of(text, n > 0 ? (size_t)n : 0), 0, INT64_MAX / 2, &length))
        return INT64_MAX / 2;
    return (uint64_t)length;
}

/* Without a length the library waits for a body of 100 MB behind these: the connection cannot go on. */
static bool lacks_length(struct lws *wsi, enum method method)
{
    return (method & (METHOD_POST | METHOD_PUT | METHOD_OTHER)) &&
           lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0;
}

static struct str without(struct str s, struct str prefix)
{
    return str_starts(s, prefix) ? str_from_at(s, prefix.len) : s;
}

/* The head as values; false when memory is out. */
static bool read_head(struct lws *wsi, struct exchange *x)
{
    static const struct {
        enum lws_token_indexes token;
        size_t at;
    } rows[] = {
#define HEADER(token, field) {WSI_TOKEN_##token, offsetof(struct request, field)}
        HEADER(HTTP_COOKIE, cookie),
        HEADER(ORIGIN, origin),
        HEADER(HOST, host),
        HEADER(HTTP_CONTENT_TYPE, content_type),
        HEADER(HTTP_ACCEPT_ENCODING, accept_encoding),
        HEADER(HTTP_IF_NONE_MATCH, if_none_match),
        HEADER(HTTP_AUTHORIZATION, authorization),
        HEADER(HTTP_ACCEPT, accept),
        HEADER(HTTP_RANGE, range),
        HEADER(HTTP_IF_RANGE, if_range),
        HEADER(HTTP_USER_AGENT, user_agent),
#undef HEADER
    };
    struct request *q = &x->request;

    q->chunked = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
    x->body_want = read_length(wsi);
    if (!exchange_room(x, 4 * WEB_HEAD + (q->chunked               ? WEB_BODY
                                          : x->body_want <= WEB_BODY ? (size_t)x->body_want
                                                                     : 0)))
        return false;
    read_method(wsi, x);
    x->closes = lacks_length(wsi, q->method);
    q->query = pieces(wsi, x, WSI_TOKEN_HTTP_URI_ARGS, 0);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct str value = header(wsi, x, rows[i].token);

        memcpy((char *)q + rows[i].at, &value, sizeof value);
    }
    q->csrf = own_header(wsi, x, "x-cordon-csrf:");
    q->mission_token = without(own_header(wsi, x, "missionauthorization:"), STR("Bearer "));
    peer_of(wsi, q->address);
    q->body = str_of(x->memory + x->memory_len, 0);
    return true;
}

static int answer_now(struct lws *wsi, struct exchange *x)
{
    bool waits = x->state == EXCHANGE_WAITING;

    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, waits ? WAIT_SECONDS : SEND_SECONDS);
    if (!waits)
        (void)lws_callback_on_writable(wsi);
    return 0;
}

/* A sender that waits for leave to send its body gets it; what is refused needs none. */
static bool let_body_come(struct lws *wsi, const struct exchange *x)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    unsigned char text[LWS_PRE + sizeof go_on];

    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, BODY_SECONDS);
    if (x->state != EXCHANGE_READING || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_EXPECT) <= 0)
        return true;
    memcpy(text + LWS_PRE, go_on, sizeof go_on);
    return lws_write(wsi, text + LWS_PRE, sizeof go_on - 1, LWS_WRITE_HTTP) >= 0;
}

static int request_came(struct edge *d, struct lws *wsi, struct conn *c)
{
    struct peer *p = find_peer(d, wsi);
    struct exchange *x;

    exchange_free(&d->web, c->exchange);
    c->exchange = x = exchange_new(&d->web, wsi);
    if (!x || !p || !read_head(wsi, x))
        return -1;
    know_client(d, p);
    x->request.door = door_of(d, wsi);
    x->request.client = p->client;
    x->request.why = p->why[0] ? p->why : NULL;
    if (peer_has_room(d, p))
        exchange_begin(&d->web, x);
    else
        exchange_refuse(x, 503, "Too many devices are connected. Try again in a moment.");
    if (x->body_want > 0 && ((x->body_want <= SWALLOW && !x->closes) || x->state == EXCHANGE_READING))
        return let_body_come(wsi, x) ? 0 : -1;
    if (x->state == EXCHANGE_READING)
        exchange_run(&d->web, x, hub_now());
    return answer_now(wsi, x);
}

static int body_came(struct edge *d, struct lws *wsi, struct conn *c, struct str bytes)
{
    struct exchange *x = c->exchange;
    bool reading = x && x->state == EXCHANGE_READING;

    if (!x)
        return 0;
    if (!exchange_body(&d->web, x, bytes))
        return -1;
    /* Refused in the middle, or the last chunk: who has little left to send hears it afterwards, all others at once. */
    if (reading && x->state != EXCHANGE_READING && (x->request.chunked || x->body_want - x->body_got > SWALLOW))
        return answer_now(wsi, x);
    return 0;
}

static int body_whole(struct edge *d, struct lws *wsi, struct conn *c)
{
    struct exchange *x = c->exchange;

    if (!x)
        return 0;
    if (x->state == EXCHANGE_READING && x->request.chunked)
        exchange_refuse(x, 413, "A body in chunks may have 100 MB; send a longer one with a Content-Length.");
    if (x->state == EXCHANGE_READING)
        exchange_run(&d->web, x, hub_now());
    return answer_now(wsi, x);
}

/* Once a second: bodies that come too slowly are not awaited, the others are given time by the library. */
static void follow_bodies(struct edge *d, struct now now)
{
    for (size_t i = 0; i < WEB_CONNECTIONS; i++) {
        struct lws *wsi = d->peers[i].wsi;
        struct conn *c = wsi ? lws_wsi_user(wsi) : NULL;
        struct exchange *x = c ? c->exchange : NULL;

        if (!x || x->body_got == x->body_want || x->head_sent)
            continue;
        if (exchange_keeps_up(x, now)) {
            lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, BODY_SECONDS);
            continue;
        }
        log_line(LOG_WARN, "web.slow", "address=%s bytes=%" PRIu64, x->request.address, x->body_got);
        hang_up(wsi);
    }
}

/* The next bytes of a reply's body, at most room; false: its file is not as long as it was. */
static bool put_body(struct exchange *x, size_t room, struct buf *b)
{
    struct reply *r = &x->reply;
    uint64_t left = reply_length(r) - x->sent;
    size_t n = left < room ? (size_t)left : room;
    ssize_t got;

    if (n > b->max - b->len)
        n = b->max - b->len;
    if (!r->has_file) {
        buf_put(b, str_of(r->body.at + x->sent, n));
        x->sent += n;
        return true;
    }
    while (n > 0) {
        got = pread(r->file, b->at + b->len, n, (off_t)(r->file_at + x->sent));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        b->len += (size_t)got;
        x->sent += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

/* How much of a file goes out at once: much to who takes it quickly, little to who does not, so that he is seen to
 * make progress. */
static size_t pace(struct conn *c, const struct exchange *x)
{
    int64_t now = hub_now().mono_ms;

    if (!x->reply.has_file)
        return VIEWER_CHUNK;
    if (x->sent == 0)
        c->chunk = FILE_CHUNK_MIN;
    else if (now - c->chunk_sent_ms > FILE_QUICK_MS)
        c->chunk = c->chunk / 2 > FILE_CHUNK_MIN ? c->chunk / 2 : FILE_CHUNK_MIN;
    else
        c->chunk = c->chunk * 2 < FILE_CHUNK ? c->chunk * 2 : FILE_CHUNK;
    c->chunk_sent_ms = now;
    return c->chunk;
}

/* One chunk: the head with the first, the connection's next turn after the last. */
static int request_write(struct edge *d, struct lws *wsi, struct conn *c)
{
    struct exchange *x = c->exchange;
    struct buf b = buf_over(d->out + LWS_PRE, sizeof d->out - LWS_PRE);
    bool done, close;

    if (!x || x->state != EXCHANGE_READY)
        return 0;
    if (x->request.method == METHOD_HEAD)
        x->sent = reply_length(&x->reply);
    x->reply.close = x->reply.close || x->closes;
    if (!x->head_sent)
        reply_head(&x->reply, &b);
    x->head_sent = true;
    if (!put_body(x, pace(c, x), &b))
        return -1;
    MUST(!b.full);
    done = x->sent == reply_length(&x->reply);
    if (b.len &&
        lws_write(wsi, d->out + LWS_PRE, b.len, done ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        return -1;
    if (!done) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, SEND_SECONDS);
        (void)lws_callback_on_writable(wsi);
        return 0;
    }
    close = x->reply.close;
    exchange_free(&d->web, x);
    c->exchange = NULL;
    return close || lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* ---- WebSockets ------------------------------------------------------- */

/* Cookie, Origin, address: as before a call. */
static bool may_watch(struct edge *d, struct lws *wsi, struct who *who)
{
    struct exchange x = {0}; /* only its memory */
    bool ok;

    if (!exchange_room(&x, 2 * WEB_HEAD))
        return false;
    ok = str_eq(header(wsi, &x, WSI_TOKEN_GET_URI), STR("/ws"));
    x.request.origin = header(wsi, &x, WSI_TOKEN_ORIGIN);
    x.request.host = header(wsi, &x, WSI_TOKEN_HOST);
    ok = ok && (x.request.origin.len == 0 || origin_fits(x.request.origin, x.request.host));
    if (ok)
        login_who(&d->web, header(wsi, &x, WSI_TOKEN_HTTP_COOKIE), hub_now(), who);
    free(x.memory);
    return ok && who->is && d->web.viewer_count < WEB_SOCKETS;
}

static int socket_came(struct edge *d, struct lws *wsi, struct conn *c)
{
    int size = SEND_BUFFER;
    struct who who = {0};

    exchange_free(&d->web, c->exchange);
    c->exchange = NULL;
    c->viewer = may_watch(d, wsi, &who) ? viewer_new(&d->web, wsi, &who, hub_now()) : NULL;
    if (!c->viewer)
        return -1;
    peer_of(wsi, c->viewer->address);
    (void)setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return 0;
}

static int socket_heard(struct edge *d, struct lws *wsi, struct conn *c, struct str bytes)
{
    bool last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;

    if (!c->viewer)
        return -1;
    return viewer_heard(&d->web, c->viewer, bytes, last, hub_now()) ? 0 : -1;
}

static int socket_write(struct edge *d, struct lws *wsi, struct conn *c)
{
    struct chunk k;
    int how;

    if (!c->viewer || c->viewer->closing)
        return -1;
    if (!viewer_chunk(&d->web, c->viewer, hub_now(), &k))
        return 0;
    how = !k.first ? LWS_WRITE_CONTINUATION : k.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    memcpy(d->out + LWS_PRE, k.bytes.at, k.bytes.len);
    if (lws_write(wsi, d->out + LWS_PRE, k.bytes.len,
                  (enum lws_write_protocol)(k.last ? how : how | LWS_WRITE_NO_FIN)) <
        (int)k.bytes.len)
        return -1;
    viewer_sent(c->viewer, &k);
    (void)lws_callback_on_writable(wsi);
    return 0;
}

static void socket_left(struct edge *d, struct conn *c)
{
    if (c->viewer)
        viewer_free(&d->web, c->viewer);
    c->viewer = NULL;
}

/* ---- one turn --------------------------------------------------------- */

/* The library's own words, of one start at a time. */
static char last_words[256];

static void reload(struct edge *d)
{
    struct err e = {0};
    bool ok;

    MUST(pthread_mutex_lock(&d->lock) == 0);
    if (d->reload == 1) {
        ok = lws_tls_cert_updated(d->context, d->certificate, d->key, NULL, 0, NULL, 0) == 0 &&
             tls_web_rules(d->rules[0], d->trust, &e);
        if (e.text[0])
            (void)str_copy(last_words, sizeof last_words, str_from(e.text));
        d->reload = ok ? 2 : 3;
        MUST(pthread_cond_broadcast(&d->answered) == 0);
    }
    MUST(pthread_mutex_unlock(&d->lock) == 0);
}

static void woken(struct edge *d)
{
    if (!atomic_exchange(&d->woken, false))
        return;
    reload(d);
    web_turn(&d->web, hub_now());
}

static void tick(lws_sorted_usec_list_t *timer)
{
    struct edge *d = lws_container_of(timer, struct edge, timer);

    web_tick(&d->web, hub_now());
    follow_accounts(d);
    follow_bodies(d, hub_now());
    lws_sul_schedule(d->context, 0, &d->timer, tick, TICK_US);
}

/* The SSL_CTX of the door that is being made. */
static bool keep_rules(struct edge *d, void *ssl_ctx)
{
    for (size_t i = 0; i < DOORS; i++)
        if (!d->rules[i]) {
            d->rules[i] = ssl_ctx;
            return true;
        }
    return false;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct edge *d = lws_context_user(lws_get_context(wsi));
    struct conn *c = user;

    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
        return keep_rules(d, user) ? 0 : -1;
    if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED)
        woken(d);
    else if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED)
        return peer_came(d, wsi) ? 0 : -1;
    else if (reason == LWS_CALLBACK_WSI_DESTROY)
        peer_left(d, wsi);
    else if (reason == LWS_CALLBACK_HTTP_CONFIRM_UPGRADE)
        return strcmp(in, "websocket") == 0 ? 0 : -1;
    if (!c)
        return 0;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP: return request_came(d, wsi, c);
    case LWS_CALLBACK_HTTP_BODY: return body_came(d, wsi, c, str_of(in, len));
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return body_whole(d, wsi, c);
    case LWS_CALLBACK_HTTP_WRITEABLE: return request_write(d, wsi, c);
    case LWS_CALLBACK_ESTABLISHED: return socket_came(d, wsi, c);
    case LWS_CALLBACK_RECEIVE: return socket_heard(d, wsi, c, str_of(in, len));
    case LWS_CALLBACK_SERVER_WRITEABLE: return socket_write(d, wsi, c);
    case LWS_CALLBACK_CLOSED: socket_left(d, c); return 0;
    case LWS_CALLBACK_CLOSED_HTTP:
        exchange_free(&d->web, c->exchange);
        c->exchange = NULL;
        return 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: {
        struct who who = {0};

        return may_watch(d, wsi, &who) ? 0 : -1;
    }
    default: return 0;
    }
}

static void *run(void *arg)
{
    struct edge *d = arg;

    lws_sul_schedule(d->context, 0, &d->timer, tick, TICK_US);
    while (!atomic_load(&d->stopping) && lws_service(d->context, 0) >= 0)
        ;
    /* The password thread, the worker and that of imports wake the context: they end first. */
    passwords_free(d->web.passwords);
    d->web.passwords = NULL;
    web_worker_free(&d->web, d->web.worker);
    d->web.worker = NULL;
    imports_free(&d->web);
    return NULL;
}

/* ---- starting and stopping -------------------------------------------- */

static void library_said(int level, const char *line)
{
    char quoted[400];
    struct str s = str_trim(str_from(line));

    if (level & LLL_ERR)
        (void)str_copy(last_words, sizeof last_words, s);
    log_line(level & LLL_ERR ? LOG_WARN : LOG_DEBUG, "web.library", "said=%s",
             log_quote(quoted, sizeof quoted, s));
}

/* A port that cannot be had is told in our words, before the library tries. */
static bool port_is_free(const char *what, const char *address, int port, struct err *e)
{
    int fd, bound;

    if (port <= 0)
        return true;
    if (!net_listen(address, port, false, &fd, &bound, e))
        return err_in(e, "%s", what);
    net_close(fd);
    return true;
}

static bool has_files(struct edge *d, const struct web_config *c, struct err *e)
{
    const char *paths[] = {d->certificate, d->key, d->trust};

    (void)snprintf(d->certificate, sizeof d->certificate, "%s/ca/server.pem", c->dir);
    (void)snprintf(d->key, sizeof d->key, "%s/ca/server.key", c->dir);
    (void)snprintf(d->trust, sizeof d->trust, "%s/ca/trust.pem", c->dir);
    for (size_t i = 0; i < COUNTOF(paths); i++)
        if (access(paths[i], R_OK) != 0)
            return err_set(e, ERR_WORLD, "%s cannot be read: %s", paths[i], strerror(errno));
    return true;
}

static const struct lws_protocols protocols[] = {
    {.name = "cordon",
     .callback = on_event,
     .per_session_data_size = sizeof(struct conn),
     .rx_buffer_size = 4096,
     .tx_packet_size = FILE_CHUNK + 8192}, /* what is written at once is not cut any smaller */
    {0},
};

static struct lws_context *make_context(struct edge *d, const struct web_config *c)
{
    struct lws_context_creation_info info = {0};

    info.user = d;
    info.gid = (__typeof__(info.gid))-1; /* its type differs between versions */
    info.uid = (__typeof__(info.uid))-1;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    if (!strchr(c->address, ':'))
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    info.max_http_header_data = WEB_HEAD;
    info.max_http_header_pool = HEAD_POOL;
    info.pt_serv_buf_size = READ_BUFFER;
    info.fd_limit_per_thread = WEB_CONNECTIONS + OWN_FILES;
    info.timeout_secs = HEAD_SECONDS;
    info.timeout_secs_ah_idle = CLOSE_SECONDS;
    info.ka_time = 30;
    info.ka_probes = 3;
    info.ka_interval = 10;
    return lws_create_context(&info);
}

/* One door: a port with our certificate. */
static struct lws_vhost *make_door(struct edge *d, const struct web_config *c, const char *name, int port)
{
    struct lws_context_creation_info info = {0};
    bool any = strcmp(c->address, "0.0.0.0") == 0 || strcmp(c->address, "::") == 0;

    info.vhost_name = name;
    info.port = port;
    info.iface = any ? NULL : c->address;
    info.protocols = protocols;
    info.user = d;
    info.alpn = "http/1.1";
    info.ssl_cert_filepath = d->certificate;
    info.ssl_private_key_filepath = d->key;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | LWS_SERVER_OPTION_VALIDATE_UTF8;
    if (!strchr(c->address, ':'))
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    info.timeout_secs = HEAD_SECONDS;
    info.keepalive_timeout = IDLE_SECONDS;
    info.ka_time = 30;
    info.ka_probes = 3;
    info.ka_interval = 10;
    return lws_create_vhost(d->context, &info);
}

static bool open_doors(struct edge *d, const struct web_config *c, struct err *e)
{
    const struct {
        const char *name, *what;
        int port;
        bool is;
    } doors[DOORS] = {{"web", "the web port", c->port, true},
                      {"enrol", "the enrolment port", c->enrol_port == WEB_ANY_PORT ? 0 : c->enrol_port,
                       c->enrol_port != 0}};

    for (size_t i = 0; i < DOORS; i++) {
        if (!doors[i].is)
            continue;
        d->door[i] = make_door(d, c, doors[i].name, doors[i].port);
        if (!d->door[i])
            return err_set(e, ERR_WORLD, "%s %s:%d cannot be opened (%s)", doors[i].what, c->address, doors[i].port,
                           last_words);
        if (!tls_web_rules(d->rules[i], i == 0 ? d->trust : NULL, e))
            return false;
    }
    return true;
}

static bool edge_begin(struct edge *d, struct hub *h, const struct web_config *c, struct err *e)
{
    pthread_condattr_t attr;

    MUST(pthread_mutex_init(&d->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0);
    MUST(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&d->answered, &attr) == 0);
    (void)pthread_condattr_destroy(&attr);
    if (!has_files(d, c, e) || !port_is_free("web", c->address, c->port, e) ||
        !port_is_free("enrol", c->address, c->enrol_port, e) || !web_init(&d->web, h, c, e))
        return false;
    d->web.want_write = want_write;
    d->web.hang_up = hang_up;
    d->web.forget = forget;
    d->web.edge = d;
    last_words[0] = 0;
    lws_set_log_level(LLL_ERR | LLL_WARN, library_said);
    d->context = make_context(d, c);
    if (!d->context)
        return err_set(e, ERR_WORLD, "the web thread cannot be started (%s)", last_words);
    return open_doors(d, c, e) && passwords_new(&d->web.passwords, wake_context, d, e) &&
           web_worker_new(&d->web.worker, wake_context, d, e);
}

static void edge_end(struct edge *d)
{
    web_fini(&d->web);
    (void)pthread_cond_destroy(&d->answered);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}

bool web_start(struct hub *h, const struct web_config *c, struct web_ports *bound, struct err *e)
{
    struct edge *d = calloc(1, sizeof *d);

    MUST(d && !h->web && !h->to_web);
    if (!edge_begin(d, h, c, e)) {
        passwords_free(d->web.passwords);
        d->web.passwords = NULL;
        web_worker_free(&d->web, d->web.worker);
        d->web.worker = NULL;
        if (d->context)
            lws_context_destroy(d->context);
        edge_end(d);
        return false;
    }
    *bound = (struct web_ports){.web = lws_get_vhost_listen_port(d->door[0]),
                                .enrol = d->door[1] ? lws_get_vhost_listen_port(d->door[1]) : 0};
    d->web.port = bound->web;
    d->web.enrol_port = bound->enrol;
    h->to_web = mailbox_new(WEB_MAILBOX, wake_context, d);
    MUST(h->to_web);
    h->web = &d->web;
    h->wake_web = web_wake;
    MUST(pthread_create(&d->thread, NULL, run, d) == 0);
    return true;
}

void web_wake(struct hub *h)
{
    if (h->web)
        wake_context(h->web->edge);
}

bool web_reload(struct hub *h, struct err *e)
{
    struct edge *d = h->web->edge;
    struct timespec until;
    int got;

    MUST(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += CLOSE_SECONDS;
    MUST(pthread_mutex_lock(&d->lock) == 0);
    d->reload = 1;
    wake_context(d);
    while (d->reload == 1 && pthread_cond_timedwait(&d->answered, &d->lock, &until) == 0)
        ;
    got = d->reload;
    d->reload = 0;
    MUST(pthread_mutex_unlock(&d->lock) == 0);
    if (got != 2)
        return err_set(e, ERR_WORLD,
                       "%s and its key were not taken (%s); the old certificate stays",
                       d->certificate, got == 1 ? "the web thread does not answer" : last_words);
    return true;
}

void web_stop(struct hub *h)
{
    struct edge *d = h->web->edge;

    atomic_store(&d->stopping, true);
    lws_cancel_service(d->context);
    MUST(pthread_join(d->thread, NULL) == 0);
    /* Here, not at the thread's end: it may see `stopping` before the call above has let go of the context. */
    lws_context_destroy(d->context);
    h->wake_web = NULL;
    h->web = NULL;
    mailbox_free(h->to_web);
    h->to_web = NULL;
    edge_end(d);
}
