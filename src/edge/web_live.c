#include "edge/web_inner.h"
#include "edge/web_replay.h"

#include "edge/json.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/files.h"
#include "store/accounts.h"

#include <inttypes.h>
#include <stdlib.h>

/*          viewer_new        hello           snapshot queued
 *  [free] -----------> [new] -----> [greeted] ---------------> text messages in order;
 *                        | 10 s, no hello                      positions when nothing else waits
 *                        +--> closing <------------ more than VIEWER_WAITING bytes wait
 */

enum { CLIENTS_MS = 2000, BEAT_MS = 5000, CLIENTS_WANTED_MS = 5000 };

/* ---- messages --------------------------------------------------------- */

struct message *message_of(web_write *write, void *ctx, bool binary)
{
    size_t len = 0;
    char *text = web_written(16384, write, ctx, &len);
    struct message *m = text ? malloc(sizeof *m + len) : NULL;

    if (m) {
        *m = (struct message){.users = 1, .binary = binary, .counts = true, .len = len};
        memcpy(m->bytes, text, len);
    }
    free(text);
    return m;
}

void message_drop(struct message *m)
{
    if (m && --m->users == 0)
        free(m);
}

static void let_go(struct web *w, struct viewer *v, const char *why)
{
    char quoted[160];

    if (v->closing)
        return;
    v->closing = true;
    log_line(LOG_INFO, "web.viewer_closed", "name=%s address=%s reason=\"%s\"",
             log_quote(quoted, sizeof quoted, str_from(v->who.name)), v->address, why);
    w->hang_up(v->conn);
}

static void queue(struct web *w, struct viewer *v, struct message *m)
{
    if (!m) {
        let_go(w, v, "there is not enough memory for its messages");
        return;
    }
    if (v->closing)
        return;
    if (v->next - v->first == VIEWER_QUEUE || (m->counts && v->waiting + m->len > VIEWER_WAITING)) {
        let_go(w, v, "it reads too slowly");
        return;
    }
    m->users++;
    v->queue[v->next++ % VIEWER_QUEUE] = m;
    v->waiting += m->counts ? m->len : 0;
    w->want_write(v->conn);
}

/* To everybody who said hello; picture: and who sees the picture.  Takes m over. */
static void tell_if(struct web *w, struct message *m, bool picture)
{
    for (size_t i = 0; i < COUNTOF(w->viewers); i++)
        if (w->viewers[i] && w->viewers[i]->greeted && (!picture || who_sees_picture(&w->viewers[i]->who)))
            queue(w, w->viewers[i], m);
    message_drop(m);
}

struct written {
    access_write *write;
    void *ctx;
    const struct access *access;
};

static void write_for(void *ctx, struct buf *b)
{
    const struct written *x = ctx;

    x->write(x->ctx, x->access, b);
}

static struct message *message_for(access_write *write, void *ctx, const struct access *a)
{
    struct written x = {write, ctx, a};

    return message_of(write_for, &x, false);
}

void live_tell_one(struct web *w, struct viewer *v, access_write *write, void *ctx)
{
    struct access a = v->who.access;
    struct message *m = message_for(write, ctx, &a);

    if (m)
        m->counts = false;
    if (!m || m->len)
        queue(w, v, m);
    message_drop(m);
}

static void tell_each(struct web *w, access_write *write, void *ctx, bool observers)
{
    bool told[WEB_SOCKETS] = {false};

    for (size_t i = 0; i < COUNTOF(w->viewers); i++) {
        struct viewer *v = w->viewers[i];
        struct message *m;
        struct access a;

        if (!v || !v->greeted || told[i] || (!observers && v->who.access.observes))
            continue;
        a = v->who.access;
        m = message_for(write, ctx, &a);
        for (size_t k = i; k < COUNTOF(w->viewers); k++) {
            struct access other = w->viewers[k] ? w->viewers[k]->who.access : (struct access){0};

            if (!w->viewers[k] || !w->viewers[k]->greeted || memcmp(&a, &other, sizeof a) != 0)
                continue;
            told[k] = true;
            if (!m || m->len)
                queue(w, w->viewers[k], m);
        }
        message_drop(m);
    }
}

void live_tell_each(struct web *w, access_write *write, void *ctx)
{
    tell_each(w, write, ctx, true);
}

/* What is of the picture. */
static void tell_picture(struct web *w, struct message *m)
{
    tell_if(w, m, true);
}

/* ---- coming and going ------------------------------------------------- */

struct viewer *viewer_new(struct web *w, void *conn, const struct who *who, struct now now)
{
    struct viewer *v;
    size_t slot = 0;

    while (slot < COUNTOF(w->viewers) && w->viewers[slot])
        slot++;
    if (slot == COUNTOF(w->viewers))
        return NULL;
    v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->conn = conn;
    v->who = *who;
    v->since_ms = v->checked_ms = now.mono_ms;
    w->viewers[slot] = v;
    w->viewer_count++;
    return v;
}

void viewer_free(struct web *w, struct viewer *v)
{
    for (size_t i = 0; i < COUNTOF(w->viewers); i++)
        if (w->viewers[i] == v)
            w->viewers[i] = NULL;
    w->viewer_count--;
    w->picture_until_ms = hub_now().mono_ms + PICTURE_LINGER_MS;
    for (; v->first != v->next; v->first++)
        message_drop(v->queue[v->first % VIEWER_QUEUE]);
    free(v);
}

void live_end(struct web *w, const unsigned char token_hash[32])
{
    for (size_t i = 0; i < COUNTOF(w->viewers); i++)
        if (w->viewers[i] && memcmp(w->viewers[i]->who.token_hash, token_hash, 32) == 0)
            let_go(w, w->viewers[i], "signed out");
}

/* ---- the record ------------------------------------------------------- */

static void write_event(void *ctx, const struct access *a, struct buf *b)
{
    buf_put(b, STR("{\"type\":\"event\",\"event\":"));
    events_put_line(ctx, a, b);
    buf_byte(b, '}');
}

static bool tell_event(void *ctx, const struct event_line *line)
{
    struct event_line copy = *line;

    tell_each(ctx, write_event, &copy, false); /* an observer has no log */
    return true;
}

/* A text was erased: nothing here keeps it.  What reads files and missions is opened anew when it is needed. */
static void forget_erased(struct web *w)
{
    struct err e;

    w->erasures = atomic_load(&w->h->erasures);
    if (!events_reread(&w->events, &e))
        log_line(LOG_ERROR, "web.journal", "reason=\"%s\"", e.text);
    replay_free(w);
    web_incidents_anew(w);
    files_close(w->files);
    w->files = NULL;
    videos_close(w->videos);
    w->videos = NULL;
    marti_missions_free(w);
}

void live_follow(struct web *w)
{
    struct err e;

    if (w->erasures != atomic_load(&w->h->erasures))
        forget_erased(w);
    if ((!events_follow(&w->events, tell_event, w, &e) || !web_incidents_follow(w, &e)) && e.kind != ERR_MISSING)
        log_line(LOG_ERROR, "web.journal", "reason=\"%s\"", e.text);
}

/* ---- the whole picture ------------------------------------------------ */

struct snapshot {
    struct web *w;
    struct access access;
    struct now now;
    bool resumes, picture;
    uint64_t after;
    struct buf *b;
    size_t count;
    struct events_ask ask; /* of lines that are not kept any more; limit 0: none */
};

static bool put_line(void *ctx, const struct event_line *line)
{
    struct snapshot *s = ctx;

    if (s->count++)
        buf_byte(s->b, ',');
    events_put_line(line, &s->access, s->b);
    return !s->b->full;
}

static bool count_line(void *ctx, const struct event_line *line)
{
    (void)line;
    (*(size_t *)ctx)++;
    return true;
}

/* The last ones that are kept. */
static void put_newest(struct snapshot *s)
{
    const struct events *v = &s->w->events;
    uint64_t from = v->next - v->first > EVENTS_FIRST ? v->next - EVENTS_FIRST : v->first;

    for (uint64_t i = from; i < v->next; i++)
        (void)put_line(s, &v->kept[i % EVENTS_KEPT]);
}

static void put_events(struct snapshot *s)
{
    struct events *v = &s->w->events;
    size_t begin = s->b->len, from_disk = 0;
    struct events_ask ask = {.after = s->after, .limit = EVENTS_AFTER + 1};
    struct err e;

    s->count = 0;
    if (!s->resumes || s->after > v->last) {
        put_newest(s);
        return;
    }
    if (events_kept_after(v, s->after, put_line, s))
        return;
    /* Counted first: a page that missed too much begins anew. */
    if (events_read(v, &ask, count_line, &from_disk, &e) && from_disk <= EVENTS_AFTER &&
        events_read(v, &ask, put_line, s, &e))
        return;
    s->b->len = begin;
    s->count = 0;
    put_newest(s);
}

static void write_snapshot(void *ctx, struct buf *b)
{
    struct snapshot *s = ctx;
    struct web *w = s->w;

    s->b = b;
    buf_fmt(b,
            "{\"type\":\"snapshot\",\"now\":%" PRId64 ",\"seq\":%" PRIu64 ",\"server\":{\"name\":",
            s->now.wall_ms, w->events.last);
    buf_json(b, str_from(w->h->server_name));
    buf_fmt(b, ",\"version\":\"%s\",\"exercise\":%s},\"units\":[", CORDON_VERSION,
            clock_is_exercise() ? "true" : "false");
    if (!s->picture) {
        buf_put(b, STR("],\"emergencies\":[],\"events\":[],\"clients\":[],\"alarms\":[]}"));
        return;
    }
    (void)picture_put_units(&w->picture, 0, b);
    buf_put(b, STR("],\"emergencies\":["));
    (void)picture_put_emergencies(&w->picture, b);
    buf_put(b, STR("],\"events\":["));
    put_events(s);
    buf_put(b, STR("],\"clients\":"));
    put_clients(w, b);
    buf_put(b, STR(",\"alarms\":"));
    put_alarms(w, b);
    buf_byte(b, '}');
}

static void follow_picture(struct web *w, struct now now);

/* Everybody is brought up to now first: what is told later then follows on the snapshot. */
static void greet(struct web *w, struct viewer *v, bool resumes, uint64_t after, struct now now)
{
    struct snapshot s = {.w = w, .access = v->who.access, .now = now, .resumes = resumes,
                         .picture = who_sees_picture(&v->who), .after = after};
    struct message *m;
    uint64_t alarms = w->alarms_sent;

    live_follow(w);
    web_incidents_tell(w, now, true);
    follow_picture(w, now);
    m = message_of(write_snapshot, &s, false);
    w->alarms_sent = alarms; /* the others have not heard of these yet */
    if (m)
        m->counts = false;
    v->greeted = true;
    v->positions_tick = w->picture.tick;
    queue(w, v, m);
    message_drop(m);
    web_incidents_greet(w, v, now);
}

/* ---- what the page says ----------------------------------------------- */

static bool read_hello(struct str text, bool *resumes, uint64_t *after, struct err *e)
{
    struct json *j;
    struct str type;
    uint64_t protocol = 0;
    bool is = false, ok;

    if (!json_read(text, &j, e))
        return false;
    ok = json_take_text(j, "type", (struct json_length){1, 32}, &type, e) &&
         json_take_number(j, "protocol", &is, &protocol, e) &&
         json_take_number(j, "after", resumes, after, e);
    if (ok && (!str_eq(type, STR("hello")) || protocol != 1))
        ok = err_set(e, ERR_INPUT, "the first message must be a hello of protocol 1");
    json_drop(j);
    return ok;
}

bool viewer_heard(struct web *w, struct viewer *v, struct str bytes, bool last, struct now now)
{
    bool resumes = false;
    uint64_t after = 0;
    struct err e;

    if (bytes.len > sizeof v->heard - v->heard_len)
        return false;
    if (bytes.len)
        memcpy(v->heard + v->heard_len, bytes.at, bytes.len);
    v->heard_len += bytes.len;
    if (!last)
        return true;
    bytes = str_of(v->heard, v->heard_len);
    v->heard_len = 0;
    if (v->greeted)
        return true; /* nothing else is said in this direction yet */
    if (!read_hello(bytes, &resumes, &after, &e)) {
        log_line(LOG_WARN, "web.hello", "address=%s reason=\"not a hello\"", v->address);
        return false;
    }
    greet(w, v, resumes, after, now);
    return true;
}

/* ---- writing ---------------------------------------------------------- */

struct positions {
    struct web *w;
    uint64_t after;
    int64_t now_ms;
    size_t count;
};

static void write_positions(void *ctx, struct buf *b)
{
    struct positions *p = ctx;

    if (b->max < picture_positions_size(&p->w->picture)) {
        b->full = true;
        return;
    }
    p->count = picture_put_positions(&p->w->picture, p->after, p->now_ms, b);
}

/* The positions that v does not have yet; NULL: none. One frame serves all who keep up. */
static struct message *positions_for(struct web *w, struct viewer *v, struct now now)
{
    struct positions p = {.w = w, .after = v->positions_tick, .now_ms = now.wall_ms};
    struct message *m;

    if (v->positions_tick >= w->picture.tick)
        return NULL;
    if (w->picture.tick - v->positions_tick > 1)
        hub_count(&w->h->metrics.web_dropped_frames, w->picture.tick - v->positions_tick - 1);
    v->positions_tick = w->picture.tick;
    if (w->positions && w->positions_after == p.after) {
        w->positions->users++;
        return w->positions;
    }
    m = message_of(write_positions, &p, true);
    if (!m || p.count == 0) {
        message_drop(m);
        return NULL;
    }
    message_drop(w->positions);
    w->positions = m;
    w->positions_after = p.after;
    m->users++;
    return m;
}

bool viewer_chunk(struct web *w, struct viewer *v, struct now now, struct chunk *out)
{
    const struct message *m;
    size_t left;

    if (v->first == v->next && v->greeted && !v->closing && who_sees_picture(&v->who)) {
        struct message *p = positions_for(w, v, now);

        if (p) {
            v->queue[v->next++ % VIEWER_QUEUE] = p;
            v->waiting += p->len;
        }
    }
    if (v->first == v->next)
        return false;
    m = v->queue[v->first % VIEWER_QUEUE];
    left = m->len - v->sent;
    if (left > VIEWER_CHUNK)
        left = VIEWER_CHUNK;
    *out = (struct chunk){.bytes = str_of(m->bytes + v->sent, left),
                          .first = v->sent == 0,
                          .last = v->sent + left == m->len,
                          .binary = m->binary};
    return true;
}

void viewer_sent(struct viewer *v, const struct chunk *c)
{
    struct message *m = v->queue[v->first % VIEWER_QUEUE];

    MUST(v->first != v->next);
    v->sent += c->bytes.len;
    MUST(v->sent <= m->len);
    if (!c->last)
        return;
    v->sent = 0;
    v->waiting -= m->counts ? m->len : 0;
    v->first++;
    message_drop(m);
}

/* ---- the tick --------------------------------------------------------- */

static void write_units(void *ctx, struct buf *b)
{
    struct web *w = ctx;

    buf_put(b, STR("{\"type\":\"units\",\"units\":["));
    (void)picture_put_units(&w->picture, w->picture.tick - 1, b);
    buf_put(b, STR("]}"));
}

static bool any_words(const struct picture *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (!p->units[i].emergency && p->units[i].words_tick == p->tick)
            return true;
    return false;
}

static void write_gone(void *ctx, struct buf *b)
{
    const struct picture *p = ctx;

    buf_put(b, STR("{\"type\":\"gone\",\"units\":["));
    for (size_t i = 0; i < p->gone_count; i++)
        buf_fmt(b, "%s%" PRIu32, i ? "," : "", p->gone[i]);
    buf_put(b, STR("]}"));
}

/* Takes over what changed and tells those who are there already. */
static void follow_picture(struct web *w, struct now now)
{
    struct picture *p = &w->picture;

    (void)now;
    message_drop(w->positions);
    w->positions = NULL;
    picture_follow(p);
    if (p->tick > 1 && any_words(p))
        tell_picture(w, message_of(write_units, w, false));
    if (p->gone_count)
        tell_picture(w, message_of(write_gone, p, false));
    for (size_t i = 0; i < COUNTOF(w->viewers); i++)
        if (w->viewers[i] && w->viewers[i]->greeted)
            w->want_write(w->viewers[i]->conn);
}

static void write_clients(void *ctx, struct buf *b)
{
    buf_put(b, STR("{\"type\":\"clients\",\"clients\":"));
    put_clients(ctx, b);
    buf_byte(b, '}');
}

static void write_alarms(void *ctx, struct buf *b)
{
    buf_put(b, STR("{\"type\":\"alarms\",\"alarms\":"));
    put_alarms(ctx, b);
    buf_byte(b, '}');
}

static void write_beat(void *ctx, struct buf *b)
{
    const struct now *now = ctx;

    buf_fmt(b, "{\"type\":\"tick\",\"now\":%" PRId64 "}", now->wall_ms);
}

static void tell_clients(struct web *w)
{
    struct message *m = message_of(write_clients, w, false);
    uint64_t hash = m ? hash_str(w->events.hash, str_of(m->bytes, m->len)) : 0;

    if (m && hash == w->clients_hash) {
        message_drop(m);
        return;
    }
    w->clients_hash = hash;
    tell_picture(w, m);
}

static void check_session(struct web *w, struct viewer *v, struct now now)
{
    v->checked_ms = now.mono_ms;
    if (!login_still_is(w, &v->who, now))
        let_go(w, v, "its session has ended, or has other rights now");
}

void live_recheck(struct web *w, struct now now)
{
    for (size_t i = 0; i < COUNTOF(w->viewers); i++)
        if (w->viewers[i] && !w->viewers[i]->closing)
            check_session(w, w->viewers[i], now);
}

static void check_viewers(struct web *w, struct now now)
{
    /* The command line changed an operator, or the record wrote down where phones are. */
    if (web_accounts_version(w) != w->accounts_live) {
        w->accounts_live = w->accounts_version;
        live_recheck(w, now);
    }
    for (size_t i = 0; i < COUNTOF(w->viewers); i++) {
        struct viewer *v = w->viewers[i];

        if (!v)
            continue;
        if (!v->greeted && now.mono_ms - v->since_ms > VIEWER_HELLO_MS)
            let_go(w, v, "it never said hello");
        if (now.mono_ms - v->checked_ms < LOGIN_CHECK_MS)
            continue;
        check_session(w, v, now);
    }
}

static bool alarms_changed(struct web *w)
{
    bool changed;

    hub_lock(w->h);
    changed = w->h->alarm_version != w->alarms_sent;
    hub_unlock(w->h);
    return changed;
}

void live_tick(struct web *w, struct now now)
{
    if (w->viewer_count == 0) {
        if (w->picture.memory && now.mono_ms > w->picture_until_ms)
            picture_fini(&w->picture);
        return;
    }
    check_viewers(w, now);
    atomic_store(&w->h->clients_wanted_ms, now.mono_ms + CLIENTS_WANTED_MS);
    live_follow(w);
    web_incidents_tell(w, now, true);
    follow_picture(w, now);
    if (alarms_changed(w))
        tell_picture(w, message_of(write_alarms, w, false));
    if (now.mono_ms >= w->next_clients_ms) {
        w->next_clients_ms = now.mono_ms + CLIENTS_MS;
        tell_clients(w);
    }
    if (now.mono_ms >= w->next_beat_ms) {
        w->next_beat_ms = now.mono_ms + BEAT_MS;
        tell_if(w, message_of(write_beat, &now, false), false);
    }
}
