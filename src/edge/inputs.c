#include "edge/inputs_inner.h"

#include "os/clock.h"
#include "os/log.h"
#include "os/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EVENTS = 64, LOOK_MS = 1000, ACCEPTS = 16, SENSOR_MARK = 0x10000 };

/* ---- sensors over TCP --------------------------------------------------- */

static uint64_t sensor_token(const struct inputs *v, const struct sensor *c)
{
    return (uint64_t)c->born << 32 | SENSOR_MARK | (uint64_t)(c - v->sensors);
}

static void drop_sensor(struct inputs *v, struct sensor *c)
{
    loop_remove(v->loop, c->fd);
    net_close(c->fd);
    free(c->in);
    *c = (struct sensor){.born = c->born + 1};
}

/* A free place; when there is none the one that was silent longest gives way. */
static struct sensor *place_for_sensor(struct inputs *v)
{
    struct sensor *oldest = &v->sensors[0];

    for (size_t i = 0; i < INPUT_SENSORS; i++) {
        if (!v->sensors[i].used)
            return &v->sensors[i];
        if (v->sensors[i].heard_ms < oldest->heard_ms)
            oldest = &v->sensors[i];
    }
    drop_sensor(v, oldest);
    return oldest;
}

static void add_sensor(struct inputs *v, struct input *x, int fd, const struct net_peer *who)
{
    struct sensor *c = place_for_sensor(v);
    char *in = malloc(INPUT_UNIT);
    struct err e;

    if (!in || !loop_add(v->loop, fd, LOOP_READ, sensor_token(v, c), &e)) {
        log_line(LOG_WARN, "input.sensor", "name=%s reason=\"%s\"", x->rule.name, in ? e.text : "no memory");
        free(in);
        net_close(fd);
        return;
    }
    *c = (struct sensor){.used = true, .born = c->born, .fd = fd, .input = x, .who = *who, .in = in,
                         .heard_ms = clock_ms()};
}

/* Takes the units of what has come; false: the stream cannot be cut any more. */
static bool take_units(struct inputs *v, struct sensor *c)
{
    struct str in = str_of(c->in, c->len);

    for (;;) {
        struct frame f = frame_next(&c->framer, in, INPUT_UNIT);

        if (f.is == FRAME_BAD)
            return false;
        if (f.is == FRAME_JUNK)
            inputs_refuse(v, c->input, &c->who, "bytes that are no event");
        else if (f.is != FRAME_MORE)
            inputs_take(v, c->input, &c->who, f.is == FRAME_XML ? f.body : (struct str){0},
                        f.is == FRAME_PROTO ? f.body : (struct str){0});
        in = str_from_at(in, f.used);
        if (f.is == FRAME_MORE)
            break;
    }
    memmove(c->in, in.at, in.len);
    c->len = in.len;
    return c->len < INPUT_UNIT;
}

static void read_sensor(struct inputs *v, struct sensor *c)
{
    size_t n;
    enum net_io io = net_recv(c->fd, c->in + c->len, INPUT_UNIT - c->len, &n);

    if (io == NET_WAIT)
        return;
    if (io == NET_CLOSED) {
        drop_sensor(v, c);
        return;
    }
    c->len += n;
    c->heard_ms = clock_ms();
    if (take_units(v, c))
        return;
    inputs_refuse(v, c->input, &c->who, "an event is longer than 65536 bytes or its frame is damaged");
    drop_sensor(v, c);
}

/* ---- listeners ----------------------------------------------------------- */

static void accept_some(struct inputs *v, struct input *x)
{
    struct timespec pause = {0, 100000000};

    for (int i = 0; i < ACCEPTS; i++) {
        char from[NET_ADDRESS_MAX];
        bool full = false;
        int fd = net_accept(x->fd, 0, from, &full);
        struct net_peer who;

        if (full) { /* those who wait are taken when there is one again; without a pause this would spin */
            log_line(LOG_ERROR, "input.files", "reason=\"no file descriptor is left: raise LimitNOFILE\"");
            (void)nanosleep(&pause, NULL);
        }
        if (fd < 0)
            return;
        if (!net_peer(fd, &who)) {
            net_close(fd);
        } else if (!input_allows_address(&x->rule, &who)) {
            inputs_refuse(v, x, &who, "its address is none that this input may be used from");
            net_close(fd);
        } else if (x->rule.kind == INPUT_TCP) {
            add_sensor(v, x, fd, &who);
        } else if (!tak_adopt(v->h, fd, x->tls, from)) {
            inputs_refuse(v, x, &who, "the loops cannot keep up with new connections: try again");
            net_close(fd);
        }
    }
}

static void read_datagrams(struct inputs *v, struct input *x)
{
    for (int i = 0; i < INPUT_TURN; i++) {
        struct buf to = buf_over(v->datagram, INPUT_UNIT);
        struct net_peer who;
        struct datagram d;
        struct err e;
        bool cut;

        if (!net_recv_from(x->fd, &to, &who, &cut))
            return;
        if (!input_allows_address(&x->rule, &who))
            inputs_refuse(v, x, &who, "its address is none that this input may be used from");
        else if (cut || !datagram_read(buf_str(&to), &d, &e))
            inputs_refuse(v, x, &who, cut ? "it is too long for a datagram" : e.text);
        else
            inputs_take(v, x, &who, d.xml, d.proto);
    }
}

static void on_event(struct inputs *v, const struct loop_event *ev)
{
    uint32_t place = (uint32_t)ev->token;

    if (ev->token == LOOP_WOKEN)
        return;
    if (place & SENSOR_MARK) {
        struct sensor *c = &v->sensors[place & (SENSOR_MARK - 1)];

        if (c->used && sensor_token(v, c) == ev->token)
            read_sensor(v, c);
        return;
    }
    MUST(place < INPUTS_MAX);
    if (!v->list[place].used || v->list[place].fd < 0)
        return;
    if (v->list[place].rule.kind == INPUT_UDP || v->list[place].rule.kind == INPUT_MULTICAST)
        read_datagrams(v, &v->list[place]);
    else
        accept_some(v, &v->list[place]);
}

/* ---- opening and closing ------------------------------------------------- */

/* What an input has opened. */
struct opened {
    int fd, port;
    struct tls_ctx *tls;
};

static bool open_descriptor(const struct inputs *v, const struct input_rule *r, struct opened *o, struct err *e)
{
    struct net_multicast m = {r->address, r->interface, r->port};

    *o = (struct opened){.fd = -1, .port = r->port};
    switch (r->kind) {
    case INPUT_UDP: return net_udp(r->address, r->port, &o->fd, &o->port, e);
    case INPUT_MULTICAST: return net_multicast(&m, &o->fd, &o->port, e);
    case INPUT_AUTH_TLS:
        if (!tak_open_ctx(v->h, &o->tls, e))
            return false;
        return net_listen(r->address, r->port, false, &o->fd, &o->port, e);
    case INPUT_TCP:
    case INPUT_AUTH_TCP: return net_listen(r->address, r->port, false, &o->fd, &o->port, e);
    case INPUT_HTTP:
    case INPUT_KINDS: break;
    }
    return true; /* the web thread hears it */
}

static void close_opened(const struct opened *o)
{
    net_close(o->fd);
    if (o->tls)
        tls_drop(o->tls);
}

static void close_descriptor(struct inputs *v, struct input *x)
{
    struct opened o = {x->fd, x->port, x->tls};

    for (size_t i = 0; i < INPUT_SENSORS; i++)
        if (v->sensors[i].used && v->sensors[i].input == x)
            drop_sensor(v, &v->sensors[i]);
    hub_lock(v->h);
    x->fd = -1;
    x->tls = NULL;
    hub_unlock(v->h);
    if (o.fd >= 0)
        loop_remove(v->loop, o.fd);
    close_opened(&o);
}

/* Opens it, or says in the list why it could not; then it is tried again. */
static bool open_one(struct inputs *v, struct input *x, struct err *e)
{
    struct opened o = {.fd = -1};
    bool ok;

    hub_lock(v->h);
    ok = inputs_session(v, x, e);
    hub_unlock(v->h);
    ok = ok && open_descriptor(v, &x->rule, &o, e) &&
         (o.fd < 0 || loop_add(v->loop, o.fd, LOOP_READ, (uint64_t)(x - v->list), e));
    if (!ok) {
        close_opened(&o);
        o = (struct opened){.fd = -1, .port = x->rule.port};
    }
    hub_lock(v->h);
    x->fd = o.fd;
    x->port = o.port;
    x->tls = o.tls;
    x->retry_ms = clock_ms() + INPUT_RETRY_MS;
    (void)snprintf(x->trouble, sizeof x->trouble, "%.*s", (int)sizeof x->trouble - 1, ok ? "" : e->text);
    hub_unlock(v->h);
    if (ok)
        inputs_tell(v, x, EV_INPUT_OPENED, "");
    return ok;
}

static struct input *find(struct inputs *v, struct str name)
{
    for (size_t i = 0; i < INPUTS_MAX; i++)
        if (v->list[i].used && str_eq(str_from(v->list[i].rule.name), name))
            return &v->list[i];
    return NULL;
}

static void remove_one(struct inputs *v, struct input *x, const char *why)
{
    if (!x->trouble[0])
        inputs_tell(v, x, EV_INPUT_CLOSED, why);
    close_descriptor(v, x);
    hub_lock(v->h);
    *x = (struct input){.fd = -1, .s.born = x->s.born};
    hub_unlock(v->h);
}

/* Puts one into the list; NULL with a sentence. */
static struct input *add_one(struct inputs *v, const struct input_row *row, struct err *e)
{
    struct input_rule rule;
    struct input *x = NULL;

    if (!input_rule_read(row->spec, &rule, e))
        return NULL;
    if (rule.kind == INPUT_HTTP && row->token_hash.len != INPUT_TOKEN_HASH) {
        (void)err_set(e, ERR_INPUT, "input %s: one of kind http needs a token: make it with cordon input add",
                      rule.name);
        return NULL;
    }
    if (find(v, str_from(rule.name))) {
        (void)err_set(e, ERR_INPUT, "there are two inputs named %s", rule.name);
        return NULL;
    }
    for (size_t i = 0; i < INPUTS_MAX && !x; i++)
        x = v->list[i].used ? NULL : &v->list[i];
    if (!x) {
        (void)err_set(e, ERR_FULL, "there are %d inputs, the most that are opened", INPUTS_MAX);
        return NULL;
    }
    hub_lock(v->h);
    *x = (struct input){.used = true, .rule = rule, .port = rule.port, .fd = -1, .s.born = x->s.born};
    (void)str_copy(x->spec, sizeof x->spec, row->spec);
    if (row->token_hash.len)
        memcpy(x->token_hash, row->token_hash.at, INPUT_TOKEN_HASH);
    hub_unlock(v->h);
    return x;
}

/* ---- following what cordon input writes ----------------------------------- */

struct following {
    struct inputs *v;
    bool seen[INPUTS_MAX];
};

static bool is_same(const struct input *x, const struct input_row *row)
{
    return str_eq(str_from(x->spec), row->spec) &&
           (row->token_hash.len == 0 || memcmp(x->token_hash, row->token_hash.at, INPUT_TOKEN_HASH) == 0);
}

static bool follow_row(void *ctx, const struct input_row *row)
{
    struct following *f = ctx;
    struct input *x = find(f->v, row->name);
    struct err e;

    if (x && !x->conf && !is_same(x, row)) {
        remove_one(f->v, x, "changed");
        x = NULL;
    } else if (x) {
        f->seen[x - f->v->list] = true; /* one of cordon.conf wins over one of its name */
        return true;
    }
    x = add_one(f->v, row, &e);
    if (!x || !open_one(f->v, x, &e))
        log_line(LOG_ERROR, "input.trouble", "reason=\"%s\"", e.text);
    if (x)
        f->seen[x - f->v->list] = true;
    return true;
}

static void follow(struct inputs *v)
{
    struct following f = {.v = v};
    struct err e;

    if (!inputs_each(v->store, follow_row, &f, &e)) {
        log_line(LOG_ERROR, "input.store", "reason=\"%s\"", e.text);
        return;
    }
    for (size_t i = 0; i < INPUTS_MAX; i++)
        if (v->list[i].used && !v->list[i].conf && !f.seen[i])
            remove_one(v, &v->list[i], "removed");
}

/* ---- following cordon.conf -------------------------------------------------- */

static bool is_wanted(const struct wanted *w, const char *spec)
{
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->specs[i], spec) == 0)
            return true;
    return false;
}

static bool is_open(const struct inputs *v, const char *spec)
{
    for (size_t i = 0; i < INPUTS_MAX; i++)
        if (v->list[i].used && v->list[i].conf && strcmp(v->list[i].spec, spec) == 0)
            return true;
    return false;
}

static void follow_conf(struct inputs *v, const struct wanted *w)
{
    struct err e;

    for (size_t i = 0; i < INPUTS_MAX; i++)
        if (v->list[i].used && v->list[i].conf && !is_wanted(w, v->list[i].spec))
            remove_one(v, &v->list[i], "removed from cordon.conf");
    for (size_t i = 0; i < w->count; i++) {
        struct input_row row = {.spec = str_from(w->specs[i])};
        struct input *x = is_open(v, w->specs[i]) ? NULL : add_one(v, &row, &e);

        if (x)
            x->conf = true;
        if (!is_open(v, w->specs[i]) || (x && !open_one(v, x, &e)))
            log_line(LOG_ERROR, "input.trouble", "reason=\"%s\"", e.text);
    }
}

void inputs_reload(struct hub *h, const char *const *specs, size_t count)
{
    struct inputs *v = h->inputs;
    struct wanted *w = calloc(1, sizeof *w), *old;

    MUST(w && count <= INPUTS_MAX);
    for (size_t i = 0; i < count; i++)
        (void)snprintf(w->specs[w->count++], INPUT_SPEC_MAX, "%s", specs[i]);
    hub_lock(h);
    old = v->wanted;
    v->wanted = w;
    hub_unlock(h);
    free(old);
    loop_wake(v->loop);
}

static void take_conf(struct inputs *v)
{
    struct wanted *w;

    hub_lock(v->h);
    w = v->wanted;
    v->wanted = NULL;
    hub_unlock(v->h);
    if (w)
        follow_conf(v, w);
    free(w);
}

/* ---- made by an operator ------------------------------------------------------- */

bool inputs_add(struct input_store *s, struct str spec, char token[INPUT_TOKEN + 1], struct err *e)
{
    unsigned char hash[SECRET_SHA];
    struct input_rule rule;
    struct input_row row = {.made_ms = clock_wall_ms(), .spec = spec};

    token[0] = 0;
    if (spec.len >= INPUT_SPEC_MAX)
        return err_set(e, ERR_INPUT, "an input's words have %d bytes at most", INPUT_SPEC_MAX - 1);
    if (!input_rule_read(spec, &rule, e))
        return false;
    row.name = str_from(rule.name);
    if (rule.kind == INPUT_HTTP) {
        secret_token(token, INPUT_TOKEN / 2);
        secret_sha256(str_from(token), hash);
        row.token_hash = str_of(hash, sizeof hash);
    }
    return inputs_put(s, &row, e);
}

static void look(struct inputs *v)
{
    int64_t now = clock_ms();
    struct err e;

    if (now < v->next_look_ms)
        return;
    v->next_look_ms = now + LOOK_MS;
    take_conf(v);
    if (inputs_changed(v->store))
        follow(v);
    for (size_t i = 0; i < INPUTS_MAX; i++)
        if (v->list[i].used && v->list[i].trouble[0] && now >= v->list[i].retry_ms && !open_one(v, &v->list[i], &e))
            log_line(LOG_WARN, "input.trouble", "reason=\"%s\"", e.text);
}

static void *run(void *arg)
{
    struct inputs *v = arg;
    struct loop_event events[EVENTS];

    while (!atomic_load(&v->h->stopping)) {
        int n = loop_wait(v->loop, events, EVENTS, LOOK_MS * 1000);

        for (int i = 0; i < n; i++)
            on_event(v, &events[i]);
        look(v);
    }
    return NULL;
}

/* ---- start ---------------------------------------------------------------- */

bool inputs_start(struct hub *h, const struct inputs_config *c, struct err *e)
{
    struct inputs *v = calloc(1, sizeof *v);

    if (!v)
        return err_set(e, ERR_WORLD, "no memory for the inputs");
    v->h = h;
    (void)snprintf(v->dir, sizeof v->dir, "%s", c->dir);
    inputs_world(v);
    for (size_t i = 0; i < INPUTS_MAX; i++)
        v->list[i].fd = -1;
    if (!loop_new(&v->loop, e) || !inputs_open(c->dir, &v->store, e))
        return false;
    for (size_t i = 0; i < c->count; i++) {
        struct input_row row = {.spec = str_from(c->specs[i])};
        struct input *x = add_one(v, &row, e);

        if (!x || !open_one(v, x, e))
            return err_in(e, "input = %s", c->specs[i]);
        x->conf = true;
    }
    follow(v);
    h->inputs = v;
    v->started = pthread_create(&v->thread, NULL, run, v) == 0;
    return v->started || err_set(e, ERR_WORLD, "the thread of the inputs does not start");
}

void inputs_stop(struct hub *h)
{
    struct inputs *v = h->inputs;

    MUST(atomic_load(&h->stopping) && v->started);
    loop_wake(v->loop);
    (void)pthread_join(v->thread, NULL);
    for (size_t i = 0; i < INPUTS_MAX; i++)
        if (v->list[i].used)
            close_descriptor(v, &v->list[i]);
    inputs_close(v->store);
}

void inputs_free(struct hub *h)
{
    struct inputs *v = h->inputs;

    h->inputs = NULL;
    loop_free(v->loop);
    free(v->wanted);
    free(v);
}
