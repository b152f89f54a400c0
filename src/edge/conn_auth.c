#include "edge/conn.h"

#include "edge/logins.h"
#include "os/clock.h"
#include "os/secret.h"
#include "wire/auth.h"

#include <stdio.h>

/* A client without a certificate: its first unit says who it is.  Until that was checked nothing of it is taken, and
 * CONN_AUTH_HELD bytes at most wait behind it. */

enum { CONN_AUTH_HELD = 16 * 1024 };

/* Asks whether the password is right; what stood behind the login is kept. */
static void ask(struct tak_loop *l, struct conn *c, struct str xml, size_t used)
{
    static _Thread_local char memory[2 * AUTH_MAX];
    struct buf scratch = buf_over(memory, sizeof memory);
    struct login_job job = {.handle = session_handle(&c->s)};
    struct auth a;
    struct err e;
    bool ok = auth_read(xml, &scratch, &a, &e);

    ok = ok && (str_copy(job.name, sizeof job.name, a.username) ||
                err_set(&e, ERR_DENIED, "its user name is longer than any"));
    ok = ok && (a.password.len <= sizeof job.password || err_set(&e, ERR_DENIED, "its password is longer than any"));
    if (ok) {
        memcpy(job.password, a.password.at, a.password.len);
        job.len = a.password.len;
        (void)snprintf(job.address, sizeof job.address, "%s", c->address);
        ok = logins_ask(l->h, &job) || err_set(&e, ERR_FULL, "many log in just now: try again");
    }
    secret_wipe(&job, sizeof job);
    secret_wipe(memory, sizeof memory);
    if (!ok) {
        conn_close(l, c, e.text);
        return;
    }
    secret_wipe(c->in, used);
    if (!conn_keep(l, c, str_of(c->in + used, c->in_len - used))) {
        conn_close(l, c, "no buffer is left for unfinished events");
        return;
    }
    c->state = CONN_ASKING;
    loop_change(l->loop, c->fd, 0, conn_token(l, c));
}

/* Is the login there?  Before it nothing may stand. */
static void look(struct tak_loop *l, struct conn *c)
{
    struct framer f = {0};
    struct frame frame = frame_next(&f, str_of(c->in, c->in_len), AUTH_MAX);

    switch (frame.is) {
    case FRAME_XML: ask(l, c, frame.body, frame.used); break;
    case FRAME_MORE:
        if (c->in_len - frame.used >= AUTH_MAX)
            conn_close(l, c, "its login has no end");
        break;
    case FRAME_PROTO:
    case FRAME_JUNK:
    case FRAME_BAD: conn_close(l, c, "it begins with no login"); break;
    }
}

/* Plain bytes, behind what there is. */
static void take(struct tak_loop *l, struct conn *c, struct str all)
{
    if (all.len > CONN_AUTH_HELD)
        conn_close(l, c, "it sends more than it may before its login was checked");
    else if (!conn_keep(l, c, all))
        conn_close(l, c, "no buffer is left for its login");
}

/* Opens what came over TLS; false: it closed. */
static bool open_cipher(struct tak_loop *l, struct conn *c, struct str in)
{
    struct buf out = buf_over(l->cipher_buf, CONN_CIPHER);
    struct err e;

    for (;;) {
        size_t max, got = 0;
        char *to = conn_room(l, c, &max);
        enum tls_step step = tls_read(c->tls, &in, to, max, &got, &out, &e);

        if (got)
            take(l, c, str_of(l->message, c->in_len + got));
        if (c->state == CONN_FREE)
            return false;
        if (step == TLS_CLOSED || step == TLS_FAILED) {
            conn_close(l, c, step == TLS_CLOSED ? "the client closed" : e.text);
            return false;
        }
        if (step == TLS_MORE)
            break;
    }
    if (out.len)
        (void)conn_send(l, c, buf_str(&out));
    return c->state != CONN_FREE;
}

void conn_auth_begin(struct tak_loop *l, struct conn *c, struct str early)
{
    c->state = CONN_AUTH;
    c->accepted_ms = clock_ms();
    loop_change(l->loop, c->fd, LOOP_READ | (c->wants_write ? (unsigned)LOOP_WRITE : 0u), conn_token(l, c));
    if (early.len && open_cipher(l, c, early))
        look(l, c);
}

void conn_auth_readable(struct tak_loop *l, struct conn *c)
{
    size_t max, n;
    char *to = c->is_tls ? l->recv_buf : conn_room(l, c, &max);
    enum net_io io;

    if (!conn_send_pending(l, c))
        return;
    io = net_recv(c->fd, to, CONN_PLAIN, &n);

    if (io == NET_CLOSED) {
        conn_close(l, c, "the client closed before it logged in");
        return;
    }
    if (io != NET_OK || n == 0)
        return;
    hub_count(&l->h->metrics.bytes_in, n);
    if (!c->is_tls)
        take(l, c, str_of(l->message, c->in_len + n));
    else
        (void)open_cipher(l, c, str_of(l->recv_buf, n));
    if (c->state == CONN_AUTH)
        look(l, c);
}

void conn_auth_held(struct tak_loop *l, struct conn *c)
{
    size_t max;

    if (c->in_len == 0)
        return;
    (void)conn_room(l, c, &max);
    conn_take(l, c, str_of(l->message, c->in_len));
}
