#include "load/phone.h"

#include "load/marker.h"
#include "os/clock.h"
#include "wire/cot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SLOW_BUFFER = 16 * 1024, PLAIN_ROOM = PHONE_PLAIN + STREAM_EVENT_MAX };

bool phone_shared_init(struct phone_shared *s, struct err *e)
{
    s->plain = malloc(PLAIN_ROOM);
    s->cipher = malloc(PHONE_CIPHER);
    s->sealed = malloc(PHONE_CIPHER);
    s->answers = malloc(PHONE_CIPHER);
    if (s->plain && s->cipher && s->sealed && s->answers)
        return true;
    phone_shared_fini(s);
    return err_set(e, ERR_WORLD, "no memory for buffers");
}

void phone_shared_fini(struct phone_shared *s)
{
    free(s->plain);
    free(s->cipher);
    free(s->sealed);
    free(s->answers);
    s->plain = s->cipher = s->sealed = s->answers = NULL;
}

static void to_state(struct phone *p, enum phone_state next)
{
    static const unsigned allowed[PHONE_STATES] = {
        [PHONE_OFF] = 1u << PHONE_CONNECTING,
        [PHONE_CONNECTING] = 1u << PHONE_OFF | 1u << PHONE_TLS | 1u << PHONE_OFFERED,
        [PHONE_TLS] = 1u << PHONE_OFF | 1u << PHONE_OFFERED,
        [PHONE_OFFERED] = 1u << PHONE_OFF | 1u << PHONE_ASKED | 1u << PHONE_LIVE,
        [PHONE_ASKED] = 1u << PHONE_OFF | 1u << PHONE_LIVE,
        [PHONE_LIVE] = 1u << PHONE_OFF,
    };

    MUST(p->state < PHONE_STATES && allowed[p->state] & 1u << next);
    p->state = (uint8_t)next;
}

void phone_close(struct phone_shared *s, struct phone *p)
{
    if (p->state == PHONE_OFF)
        return;
    to_state(p, PHONE_OFF);
    loop_remove(s->loop, p->fd);
    net_close(p->fd);
    tls_free(p->tls);
    free(p->part);
    free(p->pending);
    p->tls = NULL;
    p->part = p->pending = NULL;
    p->part_len = p->part_max = p->pending_at = p->pending_len = 0;
}

static void fail(struct phone_shared *s, struct phone *p, const char *why)
{
    phone_close(s, p);
    s->says.closed(s->says_ctx, p, why);
}

bool phone_connect(struct phone_shared *s, struct phone *p, struct err *e)
{
    MUST(p->state == PHONE_OFF);
    p->fd = net_connect(s->host, s->port, e);
    if (p->fd < 0)
        return false;
    if (p->slow) {
        int size = SLOW_BUFFER;

        /* A small window, so that its slowness is the server's concern and not the kernel's. */
        (void)setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    p->born++;
    p->v1 = p->drained = p->wants_write = false;
    p->begun_us = clock_us();
    p->live_us = 0;
    if (!loop_add(s->loop, p->fd, LOOP_WRITE, phone_token(p), e)) {
        net_close(p->fd);
        return false;
    }
    to_state(p, PHONE_CONNECTING);
    return true;
}

void phone_watch(struct phone_shared *s, struct phone *p)
{
    bool reads = p->state != PHONE_LIVE || !p->slow;

    loop_change(s->loop, p->fd,
                (reads ? (unsigned)LOOP_READ : 0u) | (p->wants_write ? (unsigned)LOOP_WRITE : 0u),
                phone_token(p));
}

void phone_drain(struct phone *p)
{
    p->drained = true;
    free(p->part);
    p->part = NULL;
    p->part_len = p->part_max = 0;
}

/* ---- bytes out ---- */

/* Keeps what the kernel does not take; false when the phone is off now. */
static bool put_bytes(struct phone_shared *s, struct phone *p, struct str bytes)
{
    size_t n = 0;

    if (bytes.len == 0)
        return true;
    MUST(!p->pending);
    if (net_send(p->fd, bytes.at, bytes.len, &n) == NET_CLOSED) {
        fail(s, p, "the server closed the connection");
        return false;
    }
    if (n == bytes.len)
        return true;
    p->pending = malloc(bytes.len - n);
    MUST(p->pending);
    memcpy(p->pending, bytes.at + n, bytes.len - n);
    p->pending_at = 0;
    p->pending_len = (uint32_t)(bytes.len - n);
    p->wants_write = true;
    phone_watch(s, p);
    return true;
}

static void put_pending(struct phone_shared *s, struct phone *p)
{
    size_t n = 0;

    if (!p->pending)
        return;
    if (net_send(p->fd, p->pending + p->pending_at, p->pending_len - p->pending_at, &n) ==
        NET_CLOSED) {
        fail(s, p, "the server closed the connection");
        return;
    }
    p->pending_at += (uint32_t)n;
    if (p->pending_at < p->pending_len)
        return;
    free(p->pending);
    p->pending = NULL;
    p->wants_write = false;
    phone_watch(s, p);
}

bool phone_send(struct phone_shared *s, struct phone *p, struct str plain)
{
    struct buf out = buf_over(s->sealed, PHONE_CIPHER);
    struct err e;

    MUST(p->state >= PHONE_OFFERED && plain.len <= MARKER_EVENT_MAX);
    if (p->pending)
        return false;
    if (!p->tls)
        return put_bytes(s, p, plain);
    if (tls_write(p->tls, plain, &out, &e) != TLS_DONE) {
        fail(s, p, e.text);
        return false;
    }
    return put_bytes(s, p, buf_str(&out));
}

/* ---- negotiation ---- */

static void go_live(struct phone_shared *s, struct phone *p)
{
    to_state(p, PHONE_LIVE);
    p->live_us = clock_us();
    if (p->slow)
        phone_watch(s, p);
    s->says.live(s->says_ctx, p);
}

/* Most of what comes now is the picture; only the two control events are read in full. */
static void negotiate(struct phone_shared *s, struct phone *p, struct str xml)
{
    char scratch[2048], text[MARKER_EVENT_MAX];
    struct buf values = buf_over(scratch, sizeof scratch), out = buf_over(text, sizeof text);
    struct cot c;
    struct err e;

    if (xml.len > sizeof scratch || str_find(xml, STR("\"t-x-takp-")) == xml.len ||
        !cot_from_xml(xml, &values, &c, &e))
        return;
    if (p->state == PHONE_OFFERED && str_eq(c.type, STR("t-x-takp-v"))) {
        if (!p->wants_v1) {
            go_live(s, p);
            return;
        }
        marker_put_request(c.uid, clock_wall_ms(), &out);
        to_state(p, PHONE_ASKED);
        if (!phone_send(s, p, buf_str(&out)) && p->state == PHONE_ASKED)
            fail(s, p, "the server does not read");
    } else if (p->state == PHONE_ASKED && str_eq(c.type, STR("t-x-takp-r"))) {
        p->v1 = str_find(c.detail, STR("status=\"true\"")) < c.detail.len;
        go_live(s, p);
    }
}

/* ---- bytes in ---- */

static bool keep_part(struct phone *p, struct str rest)
{
    if (rest.len > STREAM_EVENT_MAX + 8)
        return false;
    if (rest.len > p->part_max) {
        uint32_t max = 512;

        while (max < rest.len)
            max *= 2;
        free(p->part); /* rest never lies in it: it was copied to the shared buffer */
        p->part = malloc(max);
        MUST(p->part);
        p->part_max = max;
    }
    if (rest.len)
        memcpy(p->part, rest.at, rest.len);
    p->part_len = (uint32_t)rest.len;
    return true;
}

/* All whole events of in, and keeps the rest. */
static void take_plain(struct phone_shared *s, struct phone *p, struct str in)
{
    int64_t now_us = clock_us();
    uint32_t born = p->born;

    while (in.len > 0) {
        struct stream_unit u = stream_next(in);

        if (u.is == STREAM_MORE) {
            in = str_from_at(in, u.used);
            break;
        }
        if (u.is == STREAM_BAD || (u.is == STREAM_V1) != p->v1) {
            fail(s, p,
                 u.is == STREAM_BAD ? "the server's stream cannot be cut into events"
                                    : "the server used the wrong form");
            return;
        }
        in = str_from_at(in, u.used);
        p->events++;
        s->says.event(s->says_ctx, p, u, now_us);
        if (p->state == PHONE_OFFERED || p->state == PHONE_ASKED)
            negotiate(s, p, u.body);
        if (p->state == PHONE_OFF || p->born != born || p->drained)
            return;
    }
    if (!keep_part(p, in))
        fail(s, p, "an event is longer than a phone can take");
}

/* Where new plain bytes go: behind the piece that is there. */
static size_t begin_plain(struct phone_shared *s, const struct phone *p)
{
    if (p->part_len)
        memcpy(s->plain, p->part, p->part_len);
    return p->part_len;
}

/* Opens all records of in; plain bytes are looked at when the buffer is full or at the end. */
static void open_records(struct phone_shared *s, struct phone *p, struct str in)
{
    struct buf out = buf_over(s->answers, PHONE_CIPHER);
    size_t len = begin_plain(s, p);
    enum tls_step step = TLS_DONE;
    uint32_t born = p->born;
    struct err e;

    while (step == TLS_DONE) {
        size_t got;

        if (len > PLAIN_ROOM - TLS_RECORD) {
            take_plain(s, p, str_of(s->plain, len));
            if (p->state == PHONE_OFF || p->born != born || p->drained)
                return;
            len = begin_plain(s, p);
        }
        step = tls_read(p->tls, &in, s->plain + len, PLAIN_ROOM - len, &got, &out, &e);
        len += got;
    }
    take_plain(s, p, str_of(s->plain, len));
    if (p->state == PHONE_OFF || p->born != born)
        return;
    if (step != TLS_MORE)
        fail(s, p, step == TLS_CLOSED ? "the server said goodbye" : e.text);
    else if (!p->pending)
        (void)put_bytes(s, p, buf_str(&out));
}

static void count_bytes(struct phone_shared *s, struct phone *p, size_t n)
{
    p->bytes += n;
    s->bytes[p->v1] += n;
}

static void read_drained(struct phone_shared *s, struct phone *p)
{
    /* MSG_TRUNC on TCP: the kernel drops the bytes instead of copying them. */
    ssize_t n = recv(p->fd, s->plain, PHONE_PLAIN, MSG_TRUNC);

    if (n > 0)
        count_bytes(s, p, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        fail(s, p, "the server closed the connection");
}

void phone_read(struct phone_shared *s, struct phone *p, size_t max)
{
    size_t n, begin = 0;
    char *to = s->cipher;

    if (p->drained) {
        read_drained(s, p);
        return;
    }
    if (!p->tls) {
        begin = begin_plain(s, p);
        to = s->plain + begin;
    }
    max = max < PHONE_CIPHER ? max : PHONE_CIPHER;
    switch (net_recv(p->fd, to, max, &n)) {
    case NET_WAIT: return;
    case NET_CLOSED: fail(s, p, "the server closed the connection"); return;
    case NET_OK: break;
    }
    count_bytes(s, p, n);
    if (p->tls)
        open_records(s, p, str_of(s->cipher, n));
    else
        take_plain(s, p, str_of(s->plain, begin + n));
}

/* ---- handshake ---- */

static void shake(struct phone_shared *s, struct phone *p, struct str in)
{
    struct buf out = buf_over(s->sealed, PHONE_CIPHER);
    struct err e;
    enum tls_step step = tls_handshake(p->tls, &in, &out, &e);

    if (!put_bytes(s, p, buf_str(&out)))
        return;
    if (step == TLS_FAILED || step == TLS_CLOSED) {
        fail(s, p, step == TLS_FAILED ? e.text : "the server closed during the handshake");
        return;
    }
    if (step == TLS_MORE)
        return;
    to_state(p, PHONE_OFFERED);
    if (in.len > 0)
        open_records(s, p, in);
}

static void connected(struct phone_shared *s, struct phone *p)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error) {
        fail(s, p, error ? strerror(error) : "the connection failed");
        return;
    }
    if (!s->ctx) {
        to_state(p, PHONE_OFFERED);
        phone_watch(s, p);
        return;
    }
    p->tls = tls_new(s->ctx[p->package]);
    MUST(p->tls);
    to_state(p, PHONE_TLS);
    phone_watch(s, p);
    shake(s, p, (struct str){0});
}

static void read_handshake(struct phone_shared *s, struct phone *p)
{
    size_t n;

    switch (net_recv(p->fd, s->cipher, PHONE_CIPHER, &n)) {
    case NET_WAIT: return;
    case NET_CLOSED: fail(s, p, "the server closed during the handshake"); return;
    case NET_OK: break;
    }
    count_bytes(s, p, n);
    shake(s, p, str_of(s->cipher, n));
}

void phone_event(struct phone_shared *s, struct phone *p, unsigned what, bool may_shake)
{
    uint32_t born = p->born;

    if (p->state == PHONE_CONNECTING || p->state == PHONE_TLS) {
        int64_t begun_us = clock_us();

        if (!may_shake)
            return;
        if (p->state == PHONE_CONNECTING)
            connected(s, p);
        else if (what & (LOOP_READ | LOOP_GONE))
            read_handshake(s, p);
        else
            put_pending(s, p);
        s->handshake_us += clock_us() - begun_us;
        return;
    }
    if (what & LOOP_WRITE)
        put_pending(s, p);
    if (p->state == PHONE_OFF || p->born != born)
        return;
    if (what & (LOOP_READ | LOOP_GONE))
        phone_read(s, p, PHONE_CIPHER);
}
