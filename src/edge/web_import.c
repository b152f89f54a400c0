#include "edge/web_import.h"

#include "edge/claims.h"
#include "edge/import_make.h"
#include "edge/web_inner.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PARAMETER = 160, WAIT_MS = 500, ROOM = 4096 };

struct job {
    struct hub *h;
    uint64_t request;
    enum import_what what;
    enum indoor_format format;
    bool exercise, dry_run, exists;
    char incident[INCIDENT_ID_MAX + 1], by[WEB_NAME_MAX], address[WEB_ADDRESS_MAX], file[INBOX_NAME];
    char roles[ACCESS_ROLES_MAX], agency[ACCESS_AGENCY_MAX + 1];
    char structure[INDOOR_STRUCTURE_MAX + 1], name[PARAMETER], scheme[16], level[16], doors[16];
    int64_t until_ms;
    size_t len;
    char *body;
};

struct web_imports {
    struct mailbox *jobs; /* pointers */
    atomic_bool stopping;
    atomic_uint waiting; /* jobs that are not done */
    pthread_t thread;
};

/* ---- the worker ----------------------------------------------------------- */

static void answer(const struct job *j, const struct err *e, struct str text)
{
    struct answer_head head = {.request = j->request, .ok = !e, .is_body = !e, .refused = e ? (uint8_t)e->kind : 0};

    if (!mailbox_put(j->h->to_web, str_of(&head, sizeof head), e ? str_from(e->text) : text))
        log_line(LOG_ERROR, "web.full", "request=%" PRIu64, j->request);
}

/* So that it can be asked for when the request does not wait any more. */
static void keep_refusal(const struct job *j, int fd, const struct err *why)
{
    struct import_result r = {.refused = why->kind};
    struct err e;

    (void)str_copy(r.incident, sizeof r.incident, str_from(j->incident));
    (void)str_copy(r.by, sizeof r.by, str_from(j->by));
    (void)str_copy(r.text, sizeof r.text, str_from(why->text));
    if (!inbox_done(j->h->dir, fd, j->file, &r, &e))
        log_line(LOG_WARN, "inbox.write", "reason=\"%s\"", e.text);
}

static bool make(struct job *j, struct indoor_report *report, struct buf *out, size_t *count, struct err *e)
{
    struct str body = str_of(j->body, j->len);
    struct import_ask ask = {
        .what = j->what,
        .head = {.incident = str_from(j->incident), .by = str_from(j->by), .roles = str_from(j->roles),
                 .agency = str_from(j->agency), .address = str_from(j->address), .exercise = j->exercise},
        .map = {.files = &body, .file_count = 1, .format = j->format, .structure = str_from(j->structure),
                .name = str_from(j->name), .scheme = str_from(j->scheme), .level_missing = str_from(j->level),
                .door_state = str_from(j->doors), .exists = j->exists},
        .text = body,
        .until_ms = j->until_ms,
    };

    return import_make(&ask, report, out, count, e);
}

/* {"commands":N,"report":{...} or null} */
static void tell_report(const struct job *j, const struct indoor_report *report, size_t count)
{
    char *memory = malloc(INDOOR_REPORT_MAX + 64);
    struct buf b = buf_over(memory, memory ? INDOOR_REPORT_MAX + 64 : 0);
    struct err e;

    buf_fmt(&b, "{\"commands\":%zu,\"report\":", count);
    if (j->what == IMPORT_MAP)
        indoor_report_json(report, &b);
    else
        buf_put(&b, STR("null"));
    buf_byte(&b, '}');
    if (b.full)
        (void)err_set(&e, ERR_WORLD, "There is no memory for the report.");
    answer(j, b.full ? &e : NULL, buf_str(&b));
    free(memory);
}

/* From here on the record answers; when its queue is full it looks by itself within a second, and the request waits
 * until it is told where to ask. */
static bool hand_over(const struct job *j, struct str made, struct err *e)
{
    struct ask_head head = {.ask = ASK_IMPORT, .sender = RING_NO_SENDER, .request = j->request,
                            .at_ms = hub_now().wall_ms};

    if (!inbox_put(j->h->dir, j->file, made, e))
        return false;
    if (!hub_ask(j->h, &head, str_from(j->file)))
        log_line(LOG_WARN, "import.unasked", "file=%s", j->file);
    return true;
}

static void work(struct job *j)
{
    int fd = -1;
    struct indoor_report *report = calloc(1, sizeof *report);
    char *memory = malloc(IMPORT_FILE_MAX);
    struct buf out = buf_over(memory, IMPORT_FILE_MAX);
    size_t count;
    struct err e;
    bool ok = (report && memory) || err_set(&e, ERR_WORLD, "There is no memory for this import.");

    ok = ok && (j->dry_run || inbox_open(j->h->dir, &fd, &e)) && make(j, report, &out, &count, &e);
    if (ok && j->dry_run)
        tell_report(j, report, count);
    else if (ok)
        ok = hand_over(j, buf_str(&out), &e);
    if (!ok && fd >= 0)
        keep_refusal(j, fd, &e);
    if (!ok)
        answer(j, &e, (struct str){0});
    inbox_close(fd);
    free(memory);
    free(report);
}

static struct job *take(struct mailbox *from)
{
    struct job *j;
    size_t len;

    if (!mailbox_take(from, &j, sizeof j, &len))
        return NULL;
    MUST(len == sizeof j);
    return j;
}

static void drop(struct web_imports *m, struct job *j)
{
    free(j->body);
    free(j);
    (void)atomic_fetch_sub(&m->waiting, 1);
}

static void *run(void *arg)
{
    struct web_imports *m = arg;
    struct job *j;

    while (!atomic_load(&m->stopping)) {
        mailbox_wait(m->jobs, WAIT_MS);
        while (!atomic_load(&m->stopping) && (j = take(m->jobs))) {
            work(j);
            drop(m, j);
        }
    }
    return NULL;
}

/* The first import starts the thread: most posts never need it. */
static struct web_imports *imports(struct web *w)
{
    struct web_imports *m = w->imports;

    if (m)
        return m;
    m = calloc(1, sizeof *m);
    MUST(m);
    m->jobs = mailbox_new(ROOM, NULL, NULL);
    MUST(m->jobs);
    if (pthread_create(&m->thread, NULL, run, m) != 0) {
        mailbox_free(m->jobs);
        free(m);
        return NULL;
    }
    w->imports = m;
    return m;
}

void imports_free(struct web *w)
{
    struct web_imports *m = w->imports;
    struct job *j;

    if (!m)
        return;
    atomic_store(&m->stopping, true);
    MUST(pthread_join(m->thread, NULL) == 0);
    while ((j = take(m->jobs)))
        drop(m, j);
    mailbox_free(m->jobs);
    free(m);
    w->imports = NULL;
}

/* ---- the call --------------------------------------------------------------- */

/* What a body of this type is: the maps are told apart by what they say. */
static const struct type {
    const char *type;
    enum import_what what;
} types[] = {
    {"application/json", IMPORT_MAP},
    {"application/geo+json", IMPORT_MAP},
    {"application/xml", IMPORT_MAP},
    {"application/x-ndjson", IMPORT_COMMANDS},
};

static const struct type *type_of(struct str content_type)
{
    struct str type = str_trim(str_cut(content_type, 0, str_find_byte(content_type, ';')));

    for (size_t i = 0; i < COUNTOF(types); i++)
        if (type.len == strlen(types[i].type) && strncasecmp(type.at, types[i].type, type.len) == 0)
            return &types[i];
    return NULL;
}

bool import_takes_type(struct str content_type)
{
    return type_of(content_type) != NULL;
}

static bool is_set(struct str query, const char *name)
{
    struct str v;

    return query_get(query, str_from(name), &v) && str_eq(v, STR("1"));
}

static bool take_parameters(const struct request *q, struct job *j, struct err *e)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } rows[] = {{"structure", j->structure, sizeof j->structure},
                {"name", j->name, sizeof j->name},
                {"scheme", j->scheme, sizeof j->scheme},
                {"level_missing", j->level, sizeof j->level},
                {"doors", j->doors, sizeof j->doors}};
    struct str v;

    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (query_get(q->query, str_from(rows[i].name), &v) && !str_copy(rows[i].to, rows[i].size, v))
            return err_set(e, ERR_INPUT, "%s: %zu bytes at most", rows[i].name, rows[i].size - 1);
    j->dry_run = is_set(q->query, "dry_run");
    j->exists = is_set(q->query, "exists");
    j->until_ms = INT64_MAX;
    if (query_get(q->query, STR("until"), &v) && !claims_time(v, &j->until_ms))
        return err_set(e, ERR_INPUT, "until: a time as 2026-02-17T19:12:00+05:00, please");
    if (j->what == IMPORT_COMMANDS && is_set(q->query, "claims"))
        j->what = IMPORT_CLAIMS;
    return j->what != IMPORT_MAP || j->structure[0] ||
           err_set(e, ERR_INPUT, "structure: the building's id in the incident, please");
}

static bool take_job(struct web *w, const struct request *q, struct job *j, struct err *e)
{
    const struct incident *s = incidents_find(&w->incidents.all, q->part[0]);
    const struct type *type = type_of(q->content_type);

    MUST(type); /* is_ours() asked */
    if (!s)
        return err_set(e, ERR_MISSING, "incident: there is no incident \"%.*s\"", STR_ARG(q->part[0]));
    if (q->body.len == 0)
        return err_set(e, ERR_INPUT, "The body is empty: send the file.");
    j->h = w->h;
    j->request = q->id;
    (void)str_copy(j->roles, sizeof j->roles, str_from(q->who.roles));
    (void)str_copy(j->agency, sizeof j->agency, str_from(q->who.access.agency));
    j->what = type->what;
    j->exercise = incident_is_exercise(s);
    (void)str_copy(j->incident, sizeof j->incident, q->part[0]);
    (void)str_copy(j->by, sizeof j->by, str_from(q->who.name));
    (void)str_copy(j->address, sizeof j->address, str_from(q->address));
    if (!take_parameters(q, j, e))
        return false;
    j->body = malloc(q->body.len);
    if (!j->body)
        return err_set(e, ERR_WORLD, "There is no memory for this import.");
    memcpy(j->body, q->body.at, q->body.len);
    j->len = q->body.len;
    return true;
}

static void begin(struct web *w, const struct request *q, struct job *j)
{
    struct exchange *x = w->exchanges[q->id % WEB_CONNECTIONS];

    MUST(x && x->id == q->id);
    inbox_name(j->file);
    if (j->dry_run)
        return;
    (void)str_copy(x->import, sizeof x->import, str_from(j->file));
    exchange_waits(w, q->id, IMPORT_ANSWER_MS);
}

void post_import(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct web_imports *m = imports(w);
    struct job *j = calloc(1, sizeof *j);
    struct err e;

    (void)now;
    MUST(j);
    live_follow(w);
    if (!m || atomic_load(&m->waiting) >= IMPORTS_MAX || w->waiting >= WEB_WAITING) {
        reply_problem(r, 503, "Another import is being read. Try again in a moment; nothing was done.");
    } else if (!take_job(w, q, j, &e)) {
        reply_refused(r, &e);
    } else {
        begin(w, q, j);
        (void)atomic_fetch_add(&m->waiting, 1);
        MUST(mailbox_put(m->jobs, str_of(&j, sizeof j), (struct str){0})); /* there is room: IMPORTS_MAX wait */
        r->later = true;
        return;
    }
    free(j->body);
    free(j);
}

/* ---- what became of it ----------------------------------------------------- */

static bool is_his(const struct request *q, const struct import_result *r)
{
    return str_eq(q->part[0], str_from(r->incident)) &&
           (str_eq(str_from(q->who.name), str_from(r->by)) || q->who.access.administers);
}

void import_goes_on(struct exchange *x)
{
    char json[64 + INBOX_NAME];
    struct buf b = buf_over(json, sizeof json);

    buf_fmt(&b, "{\"done\":false,\"import\":\"%s\"}", x->import);
    reply_json(&x->reply, buf_str(&b));
    x->reply.status = 202;
}

void import_told(struct web *w, const struct exchange *x)
{
    struct err e;
    int fd;

    if (!inbox_open(w->h->dir, &fd, &e)) {
        log_line(LOG_WARN, "inbox.open", "reason=\"%s\"", e.text);
        return;
    }
    inbox_forget(fd, x->import);
    inbox_close(fd);
}

static void write_outcome(void *ctx, struct buf *b)
{
    const struct import_result *r = ctx;

    buf_fmt(b, "{\"done\":true,\"ok\":%s,\"total\":%zu,\"known\":%zu,\"commands\":%zu,\"events\":%zu,",
            r->ok ? "true" : "false", r->total, r->known, r->commands, r->events);
    buf_fmt(b, "\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"detail\":", r->first, r->last);
    buf_json(b, str_from(r->text));
    buf_byte(b, '}');
}

void get_import(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct import_result result;

    (void)now;
    if (inbox_look(w->h->dir, q->part[1], &result) && is_his(q, &result)) {
        reply_written(r, write_outcome, &result);
    } else if (inbox_waits(w->h->dir, q->part[1])) {
        reply_json(r, STR("{\"done\":false}"));
        r->status = 202;
    } else {
        reply_problem(r, 404, "No import of yours has this name, it was told already, or it was longer ago than a day: "
                              "the record shows what came in.");
    }
}
