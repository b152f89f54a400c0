#include "edge/importing.h"

#include "edge/incidents.h"
#include "os/clock.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LINES = 16 }; /* between two looks at the clock */

enum state { READ, LOOK, TRY, RECORD, OVER };

struct importing {
    struct importing_world world;
    struct import_file file;
    struct import_result result;
    enum state state;
    uint64_t look_at;   /* the next row of the journal to look at */
    uint64_t look_to;
    size_t at;          /* the next command */
    size_t tries;
    uint64_t copied;    /* the incident's seq when it was copied */
    struct incident *copy;
    void *copy_memory;
    char *work;         /* INCIDENT_DECIDE_MEMORY */
    struct incident_decided decided;
};

/* ---- the end ----------------------------------------------------------- */

static void finish(struct importing *m)
{
    m->result.total = m->file.count;
    m->state = OVER;
}

/* What is recorded stays; the sentence tells how far that is. */
static void refuse(struct importing *m, const struct err *e)
{
    struct import_result *r = &m->result;
    struct err all = *e;

    if (r->commands || r->known)
        (void)err_set(&all, e->kind, "%.300s (stopped there: of the lines before it %zu are in the record%s, nothing "
                      "of the lines after it)", e->text, r->commands + r->known,
                      r->known ? ", some of them since an import before this one" : "");
    else
        (void)err_set(&all, e->kind, "%.400s (nothing was recorded)", e->text);
    r->ok = false;
    r->refused = all.kind;
    (void)str_copy(r->text, sizeof r->text, str_from(all.text));
    finish(m);
}

static struct incident *incident(struct importing *m)
{
    struct incident *s = m->world.find(m->world.ctx, str_from(m->file.incident));
    struct err e;

    if (!s) {
        (void)err_set(&e, ERR_MISSING, "incident: there is no incident \"%s\"", m->file.incident);
        refuse(m, &e);
    }
    return s;
}

/* ---- reading, and what is there already --------------------------------- */

static void read_lines(struct importing *m, const struct journal *journal)
{
    const struct incident *s = incident(m);
    int64_t until = clock_us() + IMPORTING_STEP_US;
    bool done = false, ok;
    struct err e;

    if (!s)
        return;
    ok = import_file_fits(&m->file, s, &e);
    do
        ok = ok && import_file_read(&m->file, incident_is_exercise(s), LINES, &done, &e);
    while (ok && !done && clock_us() < until);
    if (!ok) {
        refuse(m, &e);
        return;
    }
    if (!done)
        return;
    m->look_at = ent_made(s, incident_self(s)) + 1;
    m->look_to = journal_head(journal).seq;
    m->state = LOOK;
}

struct looking {
    struct importing *m;
    size_t rows;
    int64_t until_us;
};

static bool look_at(void *ctx, const struct journal_row *row)
{
    struct looking *l = ctx;
    struct importing *m = l->m;
    struct import_item *x;

    if (row->seq > m->look_to)
        return false;
    m->look_at = row->seq + 1;
    x = row->erased || !str_eq(incident_value(row->payload, IN_INCIDENT), str_from(m->file.incident))
            ? NULL
            : import_file_find(&m->file, fields_get(row->payload, FIELD_TICKET));
    m->result.known += x && !x->known;
    if (x)
        x->known = true;
    return ++l->rows < IMPORTING_ROWS && clock_us() < l->until_us;
}

static void look(struct importing *m, struct journal *journal)
{
    struct looking l = {m, 0, clock_us() + IMPORTING_STEP_US};
    uint64_t from = m->look_at;
    struct err e;

    if (from <= m->look_to && !journal_read(journal, from, incidents_kinds(), look_at, &l, &e)) {
        refuse(m, &e);
        return;
    }
    if (l.rows == 0 || m->look_at > m->look_to)
        m->state = TRY;
}

/* ---- deciding ----------------------------------------------------------- */

/* The next command that is not in the record, NULL when there are no more. */
static const struct import_item *next_item(struct importing *m)
{
    while (m->at < m->file.count && m->file.items[m->at].known)
        m->at++;
    return m->at < m->file.count ? &m->file.items[m->at] : NULL;
}

static bool decide(struct importing *m, const struct incident *s, const struct import_item *x, int64_t now_ms,
                   struct err *e)
{
    struct buf memory = buf_over(m->work, INCIDENT_DECIDE_MEMORY);
    struct incident_command c = {x->kind, x->core, x->recorded_ms >= 0 ? x->recorded_ms : now_ms};

    return (access_may_command(&m->file.access, s, &c, e) && incident_decide(s, &c, &memory, &m->decided, e)) ||
           err_in(e, "line %zu", x->line);
}

static bool begin_try(struct importing *m, const struct incident *s)
{
    struct incident_limits l = s->limits;
    struct err e;

    if (!m->copy_memory) {
        m->copy_memory = calloc(1, incident_memory(&l) + 64); /* costs nothing where it is not touched */
        if (!m->copy_memory) {
            (void)err_set(&e, ERR_WORLD, "there is no memory to try the import");
            refuse(m, &e);
            return false;
        }
        m->copy = incident_init((char *)m->copy_memory + (64 - (uintptr_t)m->copy_memory % 64) % 64, &l, s->key);
    }
    incident_copy(m->copy, s);
    m->copied = s->seq;
    m->at = 0;
    m->tries++;
    return true;
}

/* ---- recording ---------------------------------------------------------- */

static bool record_one(struct importing *m, struct incident *s, const struct import_item *x, int64_t now_ms)
{
    struct import_result *r = &m->result;
    uint64_t first;
    struct err e;

    if (!decide(m, s, x, now_ms, &e) || !m->world.add(m->world.ctx, x, s, &m->decided, &first, &e)) {
        refuse(m, &e);
        return false;
    }
    if (!r->first)
        r->first = first;
    r->last = first + m->decided.n - 1;
    r->events += m->decided.n;
    r->commands++;
    m->at++;
    return true;
}

static void record_slice(struct importing *m, int64_t now_ms)
{
    struct incident *s = incident(m);
    const struct import_item *x;
    int64_t until = clock_us() + IMPORTING_STEP_US;

    if (s && m->result.commands == 0 && s->seq != m->copied && m->tries < IMPORTING_TRIES) {
        m->state = TRY;
        return;
    }
    for (size_t n = 0; s && n < IMPORTING_SLICE && (n == 0 || clock_us() < until) && (x = next_item(m)); n++)
        if (!m->world.has_room(m->world.ctx) || !record_one(m, s, x, now_ms))
            return;
    if (!s || next_item(m))
        return;
    m->result.ok = true;
    finish(m);
}

static void try_slice(struct importing *m, int64_t now_ms)
{
    const struct incident *s = incident(m);
    const struct import_item *x;
    int64_t until = clock_us() + IMPORTING_STEP_US;
    struct err e;

    if (!s)
        return;
    if (m->tries == 0 || (s->seq != m->copied && m->tries < IMPORTING_TRIES)) {
        (void)begin_try(m, s); /* a step of its own: a large incident takes some ms to copy */
        return;
    }
    for (size_t n = 0; n < IMPORTING_SLICE && (n == 0 || clock_us() < until) && (x = next_item(m)); n++) {
        if (!decide(m, m->copy, x, now_ms, &e)) {
            refuse(m, &e);
            return;
        }
        for (size_t i = 0; i < m->decided.n; i++)
            incident_apply(m->copy, m->copy->seq + 1, m->decided.events[i].kind, m->decided.events[i].payload);
        m->at++;
    }
    if (next_item(m))
        return;
    m->at = 0;
    m->state = RECORD;
    record_slice(m, now_ms); /* nobody came between: a short file is one batch */
}

bool importing_step(struct importing *m, struct journal *journal, int64_t now_ms)
{
    switch (m->state) {
    case READ: read_lines(m, journal); break;
    case LOOK: look(m, journal); break;
    case TRY: try_slice(m, now_ms); break;
    case RECORD: record_slice(m, now_ms); break;
    case OVER: break;
    }
    return m->state == OVER;
}

/* ---- begin and end ------------------------------------------------------ */

bool importing_new(const struct importing_world *w, char *text, size_t len, struct importing **out, struct err *e)
{
    struct importing *m = calloc(1, sizeof *m);

    *out = NULL;
    if (!m) {
        free(text);
        return err_set(e, ERR_WORLD, "there is no memory for an import");
    }
    m->world = *w;
    m->work = malloc(INCIDENT_DECIDE_MEMORY);
    if (!import_file_begin(&m->file, text, len, e) ||
        (!m->work && !err_set(e, ERR_WORLD, "there is no memory for an import"))) {
        importing_free(m);
        return false;
    }
    (void)str_copy(m->result.incident, sizeof m->result.incident, str_from(m->file.incident));
    (void)str_copy(m->result.by, sizeof m->result.by, str_from(m->file.by));
    *out = m;
    return true;
}

const struct import_result *importing_result(const struct importing *m)
{
    MUST(m->state == OVER);
    return &m->result;
}

const struct import_file *importing_file(const struct importing *m)
{
    return &m->file;
}

void importing_free(struct importing *m)
{
    if (!m)
        return;
    import_file_end(&m->file);
    free(m->copy_memory);
    free(m->work);
    free(m);
}
