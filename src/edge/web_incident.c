#include "edge/web_incident.h"

#include "base/when.h"
#include "core/incident_promote.h"
#include "edge/geojson_out.h"
#include "edge/incident_json.h"
#include "edge/incident_openapi.h"
#include "edge/incidents_journal.h"
#include "edge/web_replay.h"
#include "edge/web_inner.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The incidents as they are on the disk: rebuilt from the journal by this thread's own reader, so that
 * a command which waits for the disk is in no view and no lock is needed.
 *
 *   journal --follow--> incidents --views--> the page: what changed, at most every TELL_MS */

enum { TELL_MS = 200, ID_LEN = 8, PAYLOAD_ROOM = INCIDENT_PAYLOAD_MAX };

void web_incidents_init(struct web_incidents *v, struct hash_key key)
{
    memset(v, 0, sizeof *v);
    incidents_init(&v->all, key);
    incidents_init(&v->past, key);
}

void web_incidents_fini(struct web_incidents *v)
{
    incidents_fini(&v->all);
    incidents_fini(&v->past);
    free(v->work);
    v->work = NULL;
}

/* ---- from the journal ------------------------------------------------- */

bool web_incidents_follow(struct web *w, struct err *e)
{
    struct web_incidents *v = &w->incidents;
    uint64_t to = w->events.read_to;

    if (!w->events.loaded || v->read_to == to)
        return true;
    if (v->read_to > to) { /* the journal was mended and is shorter now */
        incidents_fini(&v->all);
        v->read_to = v->told = 0;
    }
    if (v->read_to == 0) {
        if (!incidents_restore(&v->all, w->events.journal, &v->read_to, e))
            return false;
        v->read_to--;
    }
    if (!incidents_read(&v->all, w->events.journal, v->read_to + 1, to, e))
        return false;
    v->read_to = to;
    return true;
}

void web_incidents_anew(struct web *w)
{
    struct web_incidents *v = &w->incidents;

    incidents_fini(&v->all);
    incidents_fini(&v->past);
    v->read_to = v->told = 0;
    v->anew = true;
}

/* ---- what is asked of them -------------------------------------------- */

struct view_work *web_view_work(struct web *w)
{
    if (!w->incidents.work)
        w->incidents.work = malloc(sizeof *w->incidents.work);
    MUST(w->incidents.work);
    return w->incidents.work;
}

/* From the nearer of the one that is kept and the replay's marks; else from a saved state. */
static bool go_back(struct web *w, struct str id, uint64_t to, struct err *e)
{
    struct web_incidents *v = &w->incidents;
    struct incident *kept = incidents_find(&v->past, id);
    uint64_t has = kept && kept->seq <= to ? kept->seq : 0;
    struct str state;
    uint64_t mark = replay_mark(w, id, to, &state);

    if (mark > has) {
        incidents_fini(&v->past);
        has = incidents_load(&v->past, id, state) ? mark : 0;
    }
    if (has)
        return incidents_go_on(&v->past, w->events.journal, id, &(struct stretch){has + 1, to}, e);
    incidents_fini(&v->past);
    return incidents_at(&v->past, w->events.journal, id, to, e);
}

/* As it stood after row `to`; the last such one is kept, so that scrubbing forward reads only what follows. */
static bool rebuild(struct web *w, struct str id, uint64_t to, struct moment *m, struct err *e)
{
    if (!go_back(w, id, to, e))
        return false;
    m->s = incidents_find(&w->incidents.past, id);
    return m->s || err_set(e, ERR_MISSING, "incident: \"%.*s\" was not open yet", STR_ARG(id));
}

bool web_moment(struct web *w, const struct request *q, struct now now, struct moment *m, struct err *e)
{
    struct str at;
    int64_t seq;

    m->now_ms = now.wall_ms;
    m->s = incidents_find(&w->incidents.all, q->part[0]);
    if (!m->s)
        return err_set(e, ERR_MISSING, "incident: there is no incident \"%.*s\"", STR_ARG(q->part[0]));
    if (!query_int(q->query, STR("seq"), INT64_MAX / 2, -1, &seq))
        return err_set(e, ERR_INPUT, "seq: the number of an event, please");
    if (query_get(q->query, STR("at"), &at)) {
        if (!when_parse(at, &m->now_ms))
            return err_set(e, ERR_INPUT, "at: a time as 2026-02-17T19:12:00+05:00, please");
        seq = (int64_t)incidents_row_at(w->events.journal, m->now_ms);
    } else if (seq >= 0 && (uint64_t)seq > w->incidents.read_to)
        seq = -1; /* behind all that there is it stands as it stands now */
    else if (seq >= 0)
        m->now_ms = events_time(&w->events, (uint64_t)seq);
    m->row = seq < 0 ? w->incidents.read_to : (uint64_t)seq;
    return seq < 0 || rebuild(w, q->part[0], (uint64_t)seq, m, e);
}

struct state_answer {
    struct moment m;
    struct access access;
    struct entities_ask ask;
};

static bool kind_is_wanted(struct str list, enum entity_kind kind)
{
    char word[32];
    struct str w = incident_entity_word(kind, word);

    while (list.len) {
        size_t end = str_find_byte(list, ',');

        if (str_eq(str_cut(list, 0, end), w))
            return true;
        list = str_from_at(list, end < list.len ? end + 1 : end);
    }
    return false;
}

void web_put_entities(const struct incident *s, const struct access *a, const struct entities_ask *ask, struct buf *b)
{
    bool comma = false;

    buf_byte(b, '[');
    for (unsigned k = 1; k < ENT_COUNT && !b->full; k++) {
        if (ask->kinds.len && !kind_is_wanted(ask->kinds, (enum entity_kind)k))
            continue;
        for (uint32_t e = ent_first(s, (enum entity_kind)k); e; e = ent_next(s, e)) {
            if (ent_changed(s, e) <= ask->after || !access_is_told(a, s, e))
                continue;
            if (comma)
                buf_byte(b, ',');
            comma = true;
            incident_entity_json(s, e, a, ask->cite, b);
        }
    }
    buf_byte(b, ']');
}

static void write_state(void *ctx, struct buf *b)
{
    const struct state_answer *x = ctx;
    const struct incident *s = x->m.s;

    buf_put(b, STR("{\"incident\":"));
    buf_json(b, ent_id(s, incident_self(s)));
    buf_fmt(b, ",\"seq\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\",\"at\":\"", s->seq, incident_hash(s));
    when_put(b, x->m.now_ms);
    buf_put(b, STR("\",\"entities\":"));
    web_put_entities(s, &x->access, &x->ask, b);
    buf_byte(b, '}');
}

void get_incident_state(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct state_answer x = {0};
    struct str cite;
    struct err e;

    live_follow(w);
    x.ask.cite = query_get(q->query, STR("cite"), &cite) && str_eq(cite, STR("1"));
    if (!query_get(q->query, STR("kinds"), &x.ask.kinds))
        x.ask.kinds = (struct str){0};
    if (replay_access(q, &x.access, NULL, &e) && web_moment(w, q, now, &x.m, &e))
        reply_written(r, write_state, &x);
    else
        reply_err(r, &e);
}

struct view_answer {
    struct view_ask ask;
    struct str name;
    bool ok;
    struct err e;
};

static void write_view(void *ctx, struct buf *b)
{
    struct view_answer *x = ctx;

    x->ok = incident_view(x->name, &x->ask, b, &x->e);
}

void get_incident_view(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct view_answer x = {.name = q->part[1]};
    struct access access;
    struct moment m;

    live_follow(w);
    if (!replay_access(q, &access, NULL, &x.e) || !web_moment(w, q, now, &m, &x.e)) {
        reply_err(r, &x.e);
        return;
    }
    x.ask = (struct view_ask){.s = m.s, .access = &access, .now_ms = m.now_ms, .work = web_view_work(w)};
    reply_written(r, write_view, &x);
    if (!x.ok)
        reply_err(r, &x.e);
}

static void put_incident(const struct incident *s, struct buf *b)
{
    uint32_t self = incident_self(s);

    buf_put(b, STR("{\"id\":"));
    buf_json(b, ent_id(s, self));
    buf_put(b, STR(",\"name\":"));
    buf_json(b, ent_get(s, self, IN_NAME));
    buf_put(b, STR(",\"state\":"));
    buf_json(b, ent_get(s, self, IN_STATE));
    buf_fmt(b, ",\"exercise\":%s,\"opened\":\"", incident_is_exercise(s) ? "true" : "false");
    when_put(b, ent_int(s, self, IN_MADE_AT, 0));
    buf_fmt(b, "\",\"seq\":%" PRIu64 "}", s->seq);
}

static void write_incidents(void *ctx, struct buf *b)
{
    const struct incidents *v = ctx;

    buf_put(b, STR("{\"incidents\":["));
    for (size_t i = v->count; i > 0; i--) {
        put_incident(v->list[i - 1], b);
        buf_put(b, i > 1 ? STR(",") : STR(""));
    }
    buf_put(b, STR("]}"));
}

void get_incidents(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    live_follow(w);
    reply_written(r, write_incidents, &w->incidents.all);
}

/* ---- commands --------------------------------------------------------- */

struct command {
    struct str ticket, tag, incident;
    enum incident_kind kind;
    char made[ID_LEN + 4];
};

static bool read_command(const struct json *j, struct str incident, struct command *c, struct err *e)
{
    struct json_value own = json_get(json_root(j), "incident");

    if (!web_take_ticket(j, &c->ticket, e) ||
        !json_take_text(j, "kind", (struct json_length){1, 64}, &c->tag, e))
        return false;
    c->kind = incident_kind_of(c->tag);
    c->incident = incident;
    if (c->kind == INC_NONE)
        return err_set(e, ERR_INPUT, "kind: there is no kind of event \"%.*s\"", STR_ARG(c->tag));
    if (json_is(json_get(json_root(j), "fields")) != JSON_IS_OBJECT)
        return err_set(e, ERR_INPUT, "fields: an object with the fields of %.*s, please", STR_ARG(c->tag));
    if (incident.len)
        return c->kind != INC_INCIDENT_OPENED ||
               err_set(e, ERR_INPUT, "kind: an incident is opened by POST /api/incidents");
    if (c->kind != INC_INCIDENT_OPENED)
        return err_set(e, ERR_INPUT, "kind: only incident.opened here; commands go to /api/incidents/ID/commands");
    if (json_is(own) == JSON_TEXT) {
        c->incident = json_as_text(own);
        return true;
    }
    (void)snprintf(c->made, sizeof c->made, "I-%.*s", ID_LEN, c->ticket.at); /* the same however often it is sent */
    c->incident = str_from(c->made);
    return true;
}

/* What the operator said, and what the server knows of him. */
static bool put_command(const struct request *q, const struct json *j, const struct command *c, struct buf *b,
                        struct err *e)
{
    fields_put(b, FIELD_TICKET, c->ticket);
    fields_put(b, FIELD_BY, str_from(q->who.name));
    fields_put(b, FIELD_ADDRESS, str_from(q->address));
    incident_put(b, IN_INCIDENT, c->incident);
    if (!incident_from_json(c->kind, json_get(json_root(j), "fields"), b, e))
        return false;
    incident_put(b, IN_ACTOR, str_from(q->who.name));
    if (!fields_has(buf_str(b), (enum field)IN_VIA))
        incident_put(b, IN_VIA, STR("web"));
    return !b->full || err_set(e, ERR_INPUT, "fields: longer than %d bytes", PAYLOAD_ROOM);
}

/* A refusal that names a field says so to the form: "grade: a grade is ..." */
void reply_refused(struct reply *r, const struct err *e)
{
    static const int statuses[] = {[ERR_NONE] = 500,    [ERR_INPUT] = 400, [ERR_DENIED] = 409,
                                   [ERR_MISSING] = 404, [ERR_FULL] = 507,  [ERR_WORLD] = 503,
                                   [ERR_RIGHTS] = 403};
    struct str text = str_from(e->text), name;
    size_t colon = str_find_byte(text, ':');
    int status;

    MUST(e->kind < COUNTOF(statuses));
    status = statuses[e->kind];
    if (str_starts(text, STR("line ")) && colon < text.len) { /* of a file: the field stands behind it */
        text = str_trim(str_from_at(text, colon + 1));
        colon = str_find_byte(text, ':');
    }
    name = str_cut(text, 0, colon);
    for (unsigned f = IN_INCIDENT; f < FIELD_TAGS; f++)
        if (field_info(f)->name && str_eq(str_from(field_info(f)->name), name)) {
            if (e->kind == ERR_DENIED && (f == IN_ROLE || f == IN_ACTOR))
                status = 403;
            reply_problem_field(r, status, e->text, field_info(f)->name);
            return;
        }
    reply_problem(r, status, e->text);
}

/* What he cannot see he cannot change either; judged by the incident as it is on the disk. */
static bool may_ask(struct web *w, const struct request *q, const struct command *c, struct str payload, struct err *e)
{
    struct incident_command command = {.kind = c->kind, .payload = payload, .now_ms = hub_now().wall_ms};

    live_follow(w);
    return access_may_command(&q->who.access, incidents_find(&w->incidents.all, c->incident), &command, e);
}

static void post(struct web *w, struct request *q, struct reply *r, struct str incident)
{
    struct command c = {0};
    struct json *j = NULL;
    char *memory = malloc(PAYLOAD_ROOM);
    struct buf b = buf_over(memory, PAYLOAD_ROOM);
    struct err e;

    MUST(memory);
    if (!json_read(q->body, &j, &e) || !json_only(j, "id,kind,incident,fields", &e) ||
        !read_command(j, incident, &c, &e) || !put_command(q, j, &c, &b, &e) ||
        !may_ask(w, q, &c, buf_str(&b), &e)) {
        reply_refused(r, &e);
        if (e.kind == ERR_RIGHTS)
            web_denied(w, q, c.incident, str_from(kind_info(c.kind)->tag), str_from(e.text), hub_now());
    } else {
        struct ask_head head = {.ask = ASK_COMMAND, .kind = (uint16_t)c.kind, .sender = RING_NO_SENDER,
                                .at_ms = hub_now().wall_ms};

        web_ask(w, q, r, &head, &b);
    }
    json_drop(j);
    free(memory);
}

void post_incident(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    post(w, q, r, (struct str){0});
}

void post_command(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)now;
    post(w, q, r, q->part[0]);
}

/* ---- a drawing of a phone ------------------------------------------------ */

/* The row of the map object with this uid, 0 when there is none. */
static uint64_t row_of_object(struct web *w, struct str uid)
{
    const struct unit *x;
    uint64_t seq;

    hub_lock(w->h);
    x = units_find(&w->h->river->units, uid);
    seq = x ? x->journal_seq : 0;
    hub_unlock(w->h);
    return seq;
}

struct promotion {
    struct incident_promote ask;
    struct incident_command made;
    struct buf *memory;
    struct err *e;
    bool ok;
};

static bool promote_row(void *ctx, const struct journal_row *row)
{
    struct promotion *p = ctx;

    p->ask.drawing = row->payload;
    p->ask.seq = row->seq;
    if (row->kind != EV_OBJECT_PUT || row->erased)
        p->ok = err_set(p->e, ERR_MISSING, "uid: it is no drawing or marker that the record has");
    else
        p->ok = incident_promote(&p->ask, p->memory, &p->made, p->e);
    return false;
}

/* Into memory: the command that the drawing and the operator's fields make together. */
static bool promote(struct web *w, struct request *q, const struct json *j, struct promotion *p, struct err *e)
{
    struct command c = {.incident = q->part[0]};
    char *memory = malloc(PAYLOAD_ROOM);
    struct buf b = buf_over(memory, PAYLOAD_ROOM);
    struct str uid;
    uint64_t seq;
    bool ok;

    MUST(memory);
    p->e = e;
    p->ask.s = incidents_find(&w->incidents.all, q->part[0]);
    ok = (p->ask.s || err_set(e, ERR_MISSING, "incident: there is no incident \"%.*s\"", STR_ARG(q->part[0]))) &&
         json_only(j, "id,kind,incident,fields,uid", e) &&
         json_take_text(j, "uid", (struct json_length){1, LIMIT_UID}, &uid, e) && read_command(j, q->part[0], &c, e) &&
         put_command(q, j, &c, &b, e);
    seq = ok ? row_of_object(w, uid) : 0;
    if (ok && !seq)
        ok = err_set(e, ERR_MISSING, "uid: there is nothing on the map with the uid \"%.*s\"", STR_ARG(uid));
    p->ask.wanted = c.kind;
    p->ask.fields = buf_str(&b);
    if (ok)
        ok = journal_get(w->events.journal, seq, promote_row, p, e) && p->ok;
    free(memory);
    return ok;
}

void post_promote(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char *memory = malloc(INCIDENT_PROMOTE_MEMORY);
    struct buf b = buf_over(memory, INCIDENT_PROMOTE_MEMORY);
    struct promotion p = {.ask.now_ms = now.wall_ms, .memory = &b};
    struct json *j = NULL;
    struct err e;

    MUST(memory);
    live_follow(w);
    if (json_read(q->body, &j, &e) && promote(w, q, j, &p, &e) &&
        access_may_command(&q->who.access, p.ask.s, &p.made, &e)) {
        struct ask_head head = {.ask = ASK_COMMAND, .kind = (uint16_t)p.made.kind, .sender = RING_NO_SENDER,
                                .at_ms = now.wall_ms};
        struct buf payload = {.at = memory + (p.made.payload.at - memory), .len = p.made.payload.len};

        web_ask(w, q, r, &head, &payload);
    } else {
        reply_refused(r, &e);
        if (e.kind == ERR_RIGHTS)
            web_denied(w, q, q->part[0], str_from(kind_info(p.ask.wanted)->tag), str_from(e.text), now);
    }
    json_drop(j);
    free(memory);
}

/* ---- for maps of others ----------------------------------------------------- */

static void write_geojson(void *ctx, struct buf *b)
{
    geojson_out(ctx, b);
}

void get_incident_geojson(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct access access;
    struct geojson_ask ask = {.access = &access, .memory = malloc(SHAPE_POINTS_MAX * sizeof *ask.memory)};
    struct moment m;
    struct err e;

    MUST(ask.memory);
    live_follow(w);
    if (!query_get(q->query, STR("level"), &ask.level))
        ask.level = (struct str){0};
    if (replay_access(q, &access, NULL, &e) && web_moment(w, q, now, &m, &e)) {
        ask.s = m.s;
        reply_written(r, write_geojson, &ask);
        r->type = r->status == 200 ? "application/geo+json" : r->type;
    } else
        reply_err(r, &e);
    free(ask.memory);
}

bool incident_command(struct web *w, const struct request *q, unsigned kind, struct str payload, struct err *e)
{
    struct ask_head head = {.ask = ASK_COMMAND, .kind = (uint16_t)kind, .sender = RING_NO_SENDER, .request = q->id,
                            .at_ms = hub_now().wall_ms};

    return hub_ask(w->h, &head, payload) ||
           err_set(e, ERR_WORLD, "The record's queue is full. Try again in a moment; nothing was done.");
}

/* ---- export ----------------------------------------------------------- */

struct exporting {
    uint64_t to_row; /* the last one that can be meant */
    struct web *w;
    const struct access *access;
    struct str incident;
    int64_t from_ms, to_ms; /* recorded then, both included */
    struct buf *b;
};

/* "from" and "to" of the query: a clip; without them everything. */
static bool read_clip(const struct request *q, struct exporting *x, struct err *e)
{
    struct str from, to;

    x->from_ms = 0;
    x->to_ms = INT64_MAX;
    if ((query_get(q->query, STR("from"), &from) && !when_parse(from, &x->from_ms)) ||
        (query_get(q->query, STR("to"), &to) && !when_parse(to, &x->to_ms)))
        return err_set(e, ERR_INPUT, "from, to: times as 2026-02-17T19:12:00+05:00, please");
    return x->from_ms <= x->to_ms || err_set(e, ERR_INPUT, "from: it lies behind `to`");
}

static bool is_clip(const struct exporting *x)
{
    return x->from_ms > 0 || x->to_ms < INT64_MAX;
}

/* What the record says was taken out of it. */
static void put_subject(const struct exporting *x, const struct access *a, struct buf *b)
{
    buf_put(b, is_clip(x) ? STR("events as NDJSON, recorded from ") : STR("all events as NDJSON"));
    if (is_clip(x)) {
        when_put(b, x->from_ms);
        buf_put(b, STR(" to "));
        if (x->to_ms < INT64_MAX)
            when_put(b, x->to_ms);
        else
            buf_put(b, STR("now"));
    }
    buf_put(b, STR("; classes "));
    access_put_classes(a, b);
}

static bool put_exported(void *ctx, const struct journal_row *row)
{
    struct exporting *x = ctx;
    struct buf *b = x->b;

    if (row->seq > x->to_row)
        return false;
    if (row->erased || row->recorded_ms < x->from_ms || row->recorded_ms > x->to_ms ||
        !str_eq(incident_value(row->payload, IN_INCIDENT), x->incident))
        return true;
    buf_fmt(b, "{\"seq\":%" PRIu64 ",\"kind\":\"%s\",\"recorded\":\"", row->seq, kind_info(row->kind)->tag);
    when_put(b, row->recorded_ms);
    buf_put(b, STR("\",\"fields\":"));
    incident_event_json(row->kind, row->payload, x->access, b);
    buf_put(b, STR(",\"hash\":\""));
    buf_hex(b, row->hash, JOURNAL_HASH);
    buf_put(b, STR("\"}\n"));
    return !b->full;
}

static void write_export(void *ctx, struct buf *b)
{
    struct exporting *x = ctx;
    struct journal *j = x->w->events.journal;
    struct err e;

    x->b = b;
    x->to_row = x->to_ms < INT64_MAX ? incidents_row_at(j, x->to_ms) : UINT64_MAX;
    if (!journal_read(j, incidents_row_from(j, x->from_ms), incidents_kinds(), put_exported, x, &e))
        b->full = true;
}

/* The event that tells of it is on the disk before the first byte leaves. */
void get_incident_export(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct ask_head head = {
        .ask = ASK_COMMAND, .kind = INC_EXPORT_MADE, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};
    char memory[1024], text[64], about[256];
    struct buf b = buf_over(memory, sizeof memory), subject = buf_over(about, sizeof about);
    struct exporting clip;
    struct incident *s;
    struct err e;

    live_follow(w);
    s = incidents_find(&w->incidents.all, q->part[0]);
    if (!read_clip(q, &clip, &e)) {
        reply_err(r, &e);
        return;
    }
    if (!s) {
        reply_problem(r, 404, "There is no such incident.");
        return;
    }
    if (!access_exports(&q->who.access)) {
        (void)err_set(&e, ERR_RIGHTS, "An export is for the command; ask somebody who has such a role.");
        reply_refused(r, &e);
        web_denied(w, q, q->part[0], STR("export.made"), str_from(e.text), now);
        return;
    }
    (void)snprintf(text, sizeof text, "export-%" PRId64 "-%" PRIu64, now.wall_ms, q->id);
    incident_put(&b, IN_INCIDENT, q->part[0]);
    incident_put(&b, IN_AUDIT, str_from(text));
    put_subject(&clip, &q->who.access, &subject);
    incident_put(&b, IN_SUBJECT, buf_str(&subject));
    (void)snprintf(text, sizeof text, "%" PRIu64, s->seq);
    incident_put(&b, IN_NUMBER, str_from(text));
    incident_put(&b, IN_BY, str_from(q->who.name));
    incident_put(&b, IN_ACTOR, str_from(q->who.name));
    incident_put(&b, IN_VIA, STR("web"));
    web_ask(w, q, r, &head, &b);
}

static void write_openapi(void *ctx, struct buf *b)
{
    (void)ctx;
    incident_openapi(b);
}

void get_openapi(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, write_openapi, w);
}

/* ---- the answer of the record ----------------------------------------- */

void incident_answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text)
{
    struct exporting export = {.w = w, .access = &x->request.who.access, .incident = x->request.part[0]};
    struct err e = {.kind = (enum err_kind)head->refused};
    char json[64 + 24 * INCIDENT_EVENTS_MAX];
    struct buf b = buf_over(json, sizeof json);

    if (!head->ok) {
        (void)str_copy(e.text, sizeof e.text, text);
        reply_refused(&x->reply, &e);
        if (e.kind == ERR_RIGHTS && x->import[0])
            web_denied(w, &x->request, x->request.part[0], STR("import"), str_from(e.text), hub_now());
        return;
    }
    if (head->is_body) {
        reply_json(&x->reply, text);
        return;
    }
    if (x->request.method == METHOD_GET) {
        MUST(read_clip(&x->request, &export, &e)); /* it was read before the record was asked */
        reply_written(&x->reply, write_export, &export);
        x->reply.type = x->reply.status == 200 ? "application/x-ndjson" : x->reply.type;
        return;
    }
    buf_fmt(&b, "{\"seq\":%" PRIu64 ",\"events\":[", head->seq);
    for (uint64_t i = 0; i < head->rows; i++)
        buf_fmt(&b, "%s%" PRIu64, i ? "," : "", head->seq + i);
    buf_put(&b, STR("]}"));
    reply_json(&x->reply, buf_str(&b));
}

/* ---- the page --------------------------------------------------------- */

/* What somebody with these rights was told of an incident's views last. */
static struct told_views *told_of(struct web_incidents *v, const struct access *a, size_t incident)
{
    struct told_views *free_one = NULL;

    for (size_t i = 0; i < COUNTOF(v->views); i++) {
        struct told_views *t = &v->views[i];

        if (t->used && t->incident == incident && memcmp(&t->access, a, sizeof *a) == 0)
            return t;
        if (!t->used && !free_one)
            free_one = t;
    }
    if (!free_one)
        free_one = &v->views[v->views_next++ % COUNTOF(v->views)];
    *free_one = (struct told_views){.used = true, .incident = incident, .access = *a};
    free_one->reach = free_one->reach_now = access_reach(a, v->all.list[incident], v->all.key);
    return free_one;
}

/* The views that are not as they were; all: every one.  True when there was any. */
static bool put_views(struct web *w, const struct view_ask *ask, struct told_views *t, bool all, struct buf *b)
{
    const char *const *names = incident_view_names();
    bool any = false;

    for (size_t i = 0; i < COUNTOF(t->hash) && names[i]; i++) {
        size_t begin = b->len, body;
        uint64_t hash;
        struct err e;

        if (strcmp(names[i], "public") == 0)
            continue;
        buf_fmt(b, "%s\"%s\":", any ? "," : "", names[i]);
        body = b->len;
        if (!incident_view(str_from(names[i]), ask, b, &e)) {
            b->len = begin;
            continue;
        }
        hash = hash_str(w->incidents.all.key, str_of(b->at + body, b->len - body));
        /* A greeting is to one viewer: what it says was not told to the others with the same rights. */
        if (!all || t->turn == 0)
            t->now[i] = hash;
        if (!all && hash == t->hash[i]) {
            b->len = begin;
            continue;
        }
        any = true;
    }
    return any;
}

struct told_incident {
    struct web *w;
    size_t at;
    uint64_t after; /* rows that the viewers have */
    bool whole;
    int64_t now_ms;
};

/* Empty when there is nothing new. */
static void write_incident(void *ctx, const struct access *a, struct buf *b)
{
    struct told_incident *x = ctx;
    const struct incident *s = x->w->incidents.all.list[x->at];
    struct told_views *t = told_of(&x->w->incidents, a, x->at);
    struct view_ask ask = {.s = s, .access = a, .now_ms = x->now_ms, .work = web_view_work(x->w)};
    uint64_t reach = access_reach(a, s, x->w->incidents.all.key);
    bool whole, changed;

    if (!x->whole && t->turn != x->w->incidents.turn) {
        memcpy(t->hash, t->now, sizeof t->hash);
        t->reach = t->reach_now;
        t->turn = x->w->incidents.turn;
    }
    if (!x->whole)
        t->reach_now = reach;
    /* Older orders came into sight, or left it: only all of them together say so. */
    whole = x->whole || reach != t->reach;
    changed = whole || s->seq > x->after;
    buf_put(b, STR("{\"type\":\"incident\",\"id\":"));
    buf_json(b, ent_id(s, incident_self(s)));
    buf_fmt(b, ",\"seq\":%" PRIu64 ",\"whole\":%s,\"entities\":", s->seq, whole ? "true" : "false");
    web_put_entities(s, a, &(struct entities_ask){.after = whole ? 0 : x->after}, b);
    buf_put(b, STR(",\"views\":{"));
    changed |= put_views(x->w, &ask, t, whole, b);
    buf_put(b, STR("}}"));
    if (!changed)
        b->len = 0;
}

/* Is it one that the page shows: open, or the newest? */
static bool is_shown(const struct incidents *v, size_t at)
{
    const struct incident *s = v->list[at];

    return at + 1 == v->count || ent_is(s, incident_self(s), IN_STATE, "active");
}

void web_incidents_tell(struct web *w, struct now now, bool timed)
{
    struct web_incidents *v = &w->incidents;
    uint64_t after = v->told;

    if (!timed && (v->told == v->read_to || now.mono_ms - v->told_ms < TELL_MS))
        return;
    v->told = v->read_to;
    v->told_ms = now.mono_ms;
    v->turn++;
    for (size_t i = 0; i < v->all.count; i++) {
        struct told_incident x = {.w = w, .at = i, .after = after, .whole = v->anew, .now_ms = now.wall_ms};

        if (is_shown(&v->all, i) || v->all.list[i]->seq > after)
            live_tell_each(w, write_incident, &x);
    }
    v->anew = false;
}

void web_incidents_greet(struct web *w, struct viewer *viewer, struct now now)
{
    struct web_incidents *v = &w->incidents;

    for (size_t i = 0; i < v->all.count; i++) {
        struct told_incident x = {.w = w, .at = i, .whole = true, .now_ms = now.wall_ms};

        if (is_shown(&v->all, i))
            live_tell_one(w, viewer, write_incident, &x);
    }
}
