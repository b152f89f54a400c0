#include "edge/web_inner.h"

#include "os/clock.h"
#include "os/log.h"
#include "os/net.h"

#include <libwebsockets.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* libwebsockets, and nothing else: what it calls becomes exchanges and viewers
 * (web_inner.h), what those have to say becomes lws_write(), at most one a turn.
 *
 *   a connection:  HTTP ... HTTP_BODY ... HTTP_BODY_COMPLETION -> run -> HTTP_WRITEABLE ... next
 * one FILTER_PROTOCOL_CONNECTION -> ESTABLISHED -> RECEIVE, SERVER_WRITEABLE -> CLOSED */

enum {
    TICK_US = 1000000,
    HEAD_SECONDS = 10, /* a head that is not whole by then is not awaited any longer */
    BODY_SECONDS = 15,
    LARGE_SECONDS = 120, /* of a file that is imported */
    SEND_SECONDS = 30, /* of one chunk */
    IDLE_SECONDS = 20, /* between two requests of a connection */
    CLOSE_SECONDS = 5,
    HEAD_POOL = 64,    /* heads that are read at once; further ones wait */
    SWALLOW = 8 << 20, /* a body that is refused is read up to this, so that its sender hears why */
    OWN_FILES = 16,    /* of the library itself, beside the connections */
    SEND_BUFFER = 256 * 1024, /* of a WebSocket: what lags shall lag here, not in the kernel */
};

/* What lws keeps for us with each connection. */
struct conn {
    struct exchange *exchange;
    struct viewer *viewer;
};

struct edge {
    struct web web;
    struct lws_context *context;
    pthread_t thread;
    lws_sorted_usec_list_t timer;
    atomic_bool woken, stopping;
    struct lws *by_wsi[WEB_CONNECTIONS]; /* who is connected, for the limit of an address */
    char peers[WEB_CONNECTIONS][WEB_ADDRESS_MAX];
    char certificate[512], key[512], trust[512];
    pthread_mutex_t lock; /* of the reload's question and answer */
    pthread_cond_t answered;
    int reload; /* 1: asked, 2: done, 3: failed */
    unsigned char out[LWS_PRE + VIEWER_CHUNK + 2048];
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

/* false: too many of this address, or in all. */
static bool peer_came(struct edge *d, struct lws *wsi)
{
    size_t slot = WEB_CONNECTIONS, same = 0;
    char peer[WEB_ADDRESS_MAX];

    peer_of(wsi, peer);
    for (size_t i = 0; i < WEB_CONNECTIONS; i++) {
        if (!d->by_wsi[i])
            slot = i;
        else
            same += strcmp(d->peers[i], peer) == 0;
    }
    if (slot == WEB_CONNECTIONS || same >= WEB_PER_ADDRESS) {
        log_line(LOG_WARN, "web.too_many", "address=%s connections=%zu", peer, same);
        return false;
    }
    d->by_wsi[slot] = wsi;
    (void)str_copy(d->peers[slot], sizeof d->peers[slot], str_from(peer));
    return true;
}

static void peer_left(struct edge *d, const struct lws *wsi)
{
    for (size_t i = 0; i < WEB_CONNECTIONS; i++)
        if (d->by_wsi[i] == wsi)
            d->by_wsi[i] = NULL;
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
    char text[256];
    int n = lws_hdr_custom_copy(wsi, text, sizeof text, name, (int)strlen(name));

    return n > 0 ? exchange_keep(x, str_of(text, (size_t)n)) : (struct str){0};
}

/* "a=1&b=2" again: the library keeps each pair by itself. */
static struct str query(struct lws *wsi, struct exchange *x)
{
    char text[WEB_HEAD];
    struct buf b = buf_over(text, sizeof text);
    char pair[WEB_HEAD / 2];
    int n;

    for (int i = 0;
         (n = lws_hdr_copy_fragment(wsi, pair, sizeof pair, WSI_TOKEN_HTTP_URI_ARGS, i)) > 0; i++) {
        if (i)
            buf_byte(&b, '&');
        buf_put(&b, str_of(pair, (size_t)n));
    }
    return exchange_keep(x, buf_str(&b));
}

static enum method method_of(struct lws *wsi, struct str *path)
{
    char *uri = NULL;
    int len = 0;
    int which = lws_http_get_uri_and_method(wsi, &uri, &len);

    *path = uri && len > 0 ? str_of(uri, (size_t)len) : (struct str){0};
    switch (which) {
    case LWSHUMETH_GET: return METHOD_GET;
    case LWSHUMETH_HEAD: return METHOD_HEAD;
    case LWSHUMETH_POST: return METHOD_POST;
    default: return METHOD_OTHER;
    }
}

/* The head as values; false when memory is out. */
static bool read_head(struct lws *wsi, struct exchange *x)
{
    struct request *q = &x->request;
    struct str path, length;
    int64_t want = 0;

    q->method = method_of(wsi, &path);
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0) {
        char text[32];
        int n = lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH);

        length = str_of(text, n > 0 ? (size_t)n : 0);
        if (!str_to_int(length, 0, INT32_MAX, &want))
            want = INT32_MAX; /* refused as too long */
    }
    x->body_want = (size_t)want;
    if (!exchange_room(x, 2 * WEB_HEAD + (want <= WEB_BODY ? (size_t)want : 0)))
        return false;
    q->path = exchange_keep(x, path);
    q->query = query(wsi, x);
    q->cookie = header(wsi, x, WSI_TOKEN_HTTP_COOKIE);
    q->origin = header(wsi, x, WSI_TOKEN_ORIGIN);
    q->host = header(wsi, x, WSI_TOKEN_HOST);
    q->content_type = header(wsi, x, WSI_TOKEN_HTTP_CONTENT_TYPE);
    q->accept_encoding = header(wsi, x, WSI_TOKEN_HTTP_ACCEPT_ENCODING);
    q->if_none_match = header(wsi, x, WSI_TOKEN_HTTP_IF_NONE_MATCH);
    q->csrf = own_header(wsi, x, "x-cordon-csrf:");
    q->chunked = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
    peer_of(wsi, q->address);
    q->body = str_of(x->memory + x->memory_len, 0);
    return true;
}

static int answer_now(struct lws *wsi, struct exchange *x)
{
    bool waits = x->state == EXCHANGE_WAITING;

    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT,
                    waits ? WEB_ANSWER_MS / 1000 + 5 : SEND_SECONDS);
    if (!waits)
        (void)lws_callback_on_writable(wsi);
    return 0;
}

static int request_came(struct edge *d, struct lws *wsi, struct conn *c)
{
    struct exchange *x;

    exchange_free(&d->web, c->exchange);
    c->exchange = x = exchange_new(&d->web, wsi);
    if (!x || !read_head(wsi, x))
        return -1;
    exchange_begin(&d->web, x);
    if (x->body_want > 0 && (x->body_want <= SWALLOW || x->large) && !x->request.chunked) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, x->large ? LARGE_SECONDS : BODY_SECONDS);
        return 0;
    }
    if (x->state == EXCHANGE_READING)
        exchange_run(&d->web, x, hub_now());
    return answer_now(wsi, x);
}

static int body_came(struct conn *c, struct str bytes)
{
    struct exchange *x = c->exchange;

    if (!x || x->state != EXCHANGE_READING)
        return 0; /* refused already: the rest is dropped */
    return exchange_body(x, bytes) ? 0 : -1;
}

static int body_whole(struct edge *d, struct lws *wsi, struct conn *c)
{
    struct exchange *x = c->exchange;

    if (!x)
        return 0;
    if (x->state == EXCHANGE_READING)
        exchange_run(&d->web, x, hub_now());
    return answer_now(wsi, x);
}

/* One chunk: the head with the first, the connection's next turn after the last. */
static int request_write(struct edge *d, struct lws *wsi, struct conn *c)
{
    struct exchange *x = c->exchange;
    struct buf b = buf_over(d->out + LWS_PRE, sizeof d->out - LWS_PRE);
    size_t left, total;
    bool done, close;

    if (!x || x->state != EXCHANGE_READY)
        return 0;
    total = x->request.method == METHOD_HEAD ? 0 : x->reply.body.len;
    if (!x->head_sent)
        reply_head(&x->reply, &b);
    x->head_sent = true;
    left = total - x->sent < VIEWER_CHUNK ? total - x->sent : VIEWER_CHUNK;
    if (left > b.max - b.len)
        left = b.max - b.len;
    buf_put(&b, str_of(x->reply.body.at + x->sent, left));
    MUST(!b.full);
    x->sent += left;
    done = x->sent == total;
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
    if (close || lws_http_transaction_completed(wsi))
        return -1;
    return 0;
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

static void reload(struct edge *d)
{
    bool ok;

    MUST(pthread_mutex_lock(&d->lock) == 0);
    if (d->reload == 1) {
        ok = lws_tls_cert_updated(d->context, d->certificate, d->key, NULL, 0, NULL, 0) == 0;
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
    lws_sul_schedule(d->context, 0, &d->timer, tick, TICK_US);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct edge *d = lws_context_user(lws_get_context(wsi));
    struct conn *c = user;

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
    case LWS_CALLBACK_HTTP_BODY: return body_came(c, str_of(in, len));
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
    /* The password thread and that of imports wake the context: they end first. */
    passwords_free(d->web.passwords);
    d->web.passwords = NULL;
    imports_free(&d->web);
    lws_context_destroy(d->context);
    return NULL;
}

/* ---- starting and stopping -------------------------------------------- */

/* The library's own words, of one start at a time. */
static char last_words[256];

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
static bool port_is_free(const struct web_config *c, struct err *e)
{
    int fd, bound;

    if (c->port == 0)
        return true;
    if (!net_listen(c->address, c->port, false, &fd, &bound, e))
        return err_in(e, "web");
    net_close(fd);
    return true;
}

static bool has_files(struct edge *d, const struct web_config *c, struct err *e)
{
    const char *paths[] = {d->certificate, d->key};

    (void)snprintf(d->certificate, sizeof d->certificate, "%s/ca/server.pem", c->dir);
    (void)snprintf(d->key, sizeof d->key, "%s/ca/server.key", c->dir);
    (void)snprintf(d->trust, sizeof d->trust, "%s/ca/trust.pem", c->dir);
    for (size_t i = 0; i < COUNTOF(paths); i++)
        if (access(paths[i], R_OK) != 0)
            return err_set(e, ERR_WORLD, "%s cannot be read: %s", paths[i], strerror(errno));
    return true;
}

static struct lws_context *make_context(struct edge *d, const struct web_config *c)
{
    static const struct lws_protocols protocols[] = {
        {.name = "cordon",
         .callback = on_event,
         .per_session_data_size = sizeof(struct conn),
         .rx_buffer_size = 4096},
        {0},
    };
    struct lws_context_creation_info info = {0};
    bool any = strcmp(c->address, "0.0.0.0") == 0 || strcmp(c->address, "::") == 0;

    info.port = c->port;
    info.iface = any ? NULL : c->address;
    info.protocols = protocols;
    info.user = d;
    info.gid = (__typeof__(info.gid))-1; /* its type differs between versions */
    info.uid = (__typeof__(info.uid))-1;
    info.alpn = "http/1.1";
    info.ssl_cert_filepath = d->certificate;
    info.ssl_private_key_filepath = d->key;
    info.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | LWS_SERVER_OPTION_VALIDATE_UTF8;
    if (!strchr(c->address, ':'))
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (c->ask_certificate) {
        info.ssl_ca_filepath = d->trust;
        info.options |= LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT |
                        LWS_SERVER_OPTION_PEER_CERT_NOT_REQUIRED;
    }
    info.max_http_header_data = WEB_HEAD;
    info.max_http_header_pool = HEAD_POOL;
    info.fd_limit_per_thread = WEB_CONNECTIONS + OWN_FILES;
    info.timeout_secs = HEAD_SECONDS;
    info.timeout_secs_ah_idle = CLOSE_SECONDS;
    info.keepalive_timeout = IDLE_SECONDS;
    info.ka_time = 30;
    info.ka_probes = 3;
    info.ka_interval = 10;
    return lws_create_context(&info);
}

static bool edge_begin(struct edge *d, struct hub *h, const struct web_config *c, struct err *e)
{
    pthread_condattr_t attr;

    MUST(pthread_mutex_init(&d->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0);
    MUST(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&d->answered, &attr) == 0);
    (void)pthread_condattr_destroy(&attr);
    if (!has_files(d, c, e) || !port_is_free(c, e) || !web_init(&d->web, h, c, e))
        return false;
    d->web.want_write = want_write;
    d->web.hang_up = hang_up;
    d->web.edge = d;
    last_words[0] = 0;
    lws_set_log_level(LLL_ERR | LLL_WARN, library_said);
    d->context = make_context(d, c);
    if (!d->context)
        return err_set(e, ERR_WORLD, "the web port %s:%d cannot be opened (%s)", c->address,
                       c->port, last_words);
    return passwords_new(&d->web.passwords, wake_context, d, e);
}

static void edge_end(struct edge *d)
{
    web_fini(&d->web);
    (void)pthread_cond_destroy(&d->answered);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}

bool web_start(struct hub *h, const struct web_config *c, int *port_bound, struct err *e)
{
    struct edge *d = calloc(1, sizeof *d);

    MUST(d && !h->web && !h->to_web);
    if (!edge_begin(d, h, c, e)) {
        passwords_free(d->web.passwords);
        d->web.passwords = NULL;
        if (d->context)
            lws_context_destroy(d->context);
        edge_end(d);
        return false;
    }
    *port_bound = lws_get_vhost_listen_port(lws_get_vhost_by_name(d->context, "default"));
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
    h->wake_web = NULL;
    h->web = NULL;
    mailbox_free(h->to_web);
    h->to_web = NULL;
    edge_end(d);
}
