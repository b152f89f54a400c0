#include "app/bring.h"

#include "edge/importing.h"
#include "edge/inbox.h"
#include "edge/incidents_journal.h"
#include "os/clock.h"
#include "os/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 30000, STEP_MS = 50, ALONE_MS = 1000 };

/* ---- commands without a server ---------------------------------------------- */

struct commands {
    struct journal *journal;
    struct incidents all;
    char *row; /* INCIDENT_DECIDE_MEMORY */
    int64_t now_ms;
};

static bool see_time(void *ctx, const struct journal_row *row)
{
    *(int64_t *)ctx = row->recorded_ms;
    return false;
}

/* An exercise lives in its own time, which goes on from its last row (edge/recorder.c). */
static int64_t time_of(const struct commands *a, struct str bytes)
{
    int64_t last_ms = clock_wall_ms();
    struct import_file f = {0};
    const struct incident *s;
    char *copy = malloc(bytes.len + 1);
    struct err e;

    if (!copy)
        return last_ms;
    memcpy(copy, bytes.at, bytes.len);
    s = import_file_begin(&f, copy, bytes.len, &e) ? incidents_find(&a->all, str_from(f.incident)) : NULL;
    import_file_end(&f);
    if (s && incident_is_exercise(s))
        (void)!journal_get(a->journal, journal_head(a->journal).seq, see_time, &last_ms, &e);
    return last_ms;
}

static struct incident *find(void *ctx, struct str id)
{
    const struct commands *a = ctx;

    return incidents_find(&a->all, id);
}

static bool has_room(void *ctx)
{
    (void)ctx;
    return true; /* one batch, of whatever a file can become */
}

/* The rows of one command, as the record thread writes them. */
static bool add(void *ctx, const struct import_item *item, struct incident *s, const struct incident_decided *d,
                uint64_t *first, struct err *e)
{
    struct commands *a = ctx;

    *first = 0;
    for (size_t i = 0; i < d->n; i++) {
        struct buf b = buf_over(a->row, INCIDENT_DECIDE_MEMORY);
        uint64_t seq;

        buf_put(&b, d->events[i].payload);
        if (!fields_has(d->events[i].payload, (enum field)IN_INCIDENT))
            incident_put(&b, IN_INCIDENT, incident_value(item->core, IN_INCIDENT));
        if (i == 0)
            buf_put(&b, str_cut(item->asked, 0, item->asked.len - item->core.len));
        MUST(!b.full);
        if (!journal_add(a->journal, (uint16_t)d->events[i].kind, a->now_ms, a->now_ms, buf_str(&b), &seq, e))
            return false;
        if (i == 0)
            *first = seq;
        incident_apply(s, seq, d->events[i].kind, buf_str(&b));
    }
    return true;
}

/* All of it in one batch: on the disk with the commit, or not at all. */
static bool run(struct commands *a, struct str bytes, struct import_result *out, struct err *e)
{
    struct importing_world w = {a, find, has_room, add};
    char *copy = malloc(bytes.len + 1);
    struct importing *m;
    bool ok = true;

    if (!copy)
        return err_set(e, ERR_WORLD, "there is no memory for this import");
    memcpy(copy, bytes.at, bytes.len);
    if (!importing_new(&w, copy, bytes.len, &m, e))
        return false;
    while (!importing_step(m, a->journal, a->now_ms))
        ;
    *out = *importing_result(m);
    if (out->commands > 0)
        ok = out->ok ? journal_commit(a->journal, e) : err_set(e, ERR_WORLD, "%s", out->text);
    if (out->commands > 0 && !ok) {
        journal_rollback(a->journal);
        (void)err_in(e, "nothing was recorded");
    }
    importing_free(m);
    return ok;
}

static bool commands_alone(const struct bring *b, struct journal *j, struct import_result *out, struct err *e)
{
    struct commands a = {.journal = j, .row = malloc(INCIDENT_DECIDE_MEMORY)};
    struct hash_key key;
    uint64_t from;
    bool ok = a.row || err_set(e, ERR_WORLD, "there is no memory for this import");

    chance_fill(&key, sizeof key);
    incidents_init(&a.all, key);
    ok = ok && incidents_restore(&a.all, j, &from, e) && incidents_read(&a.all, j, from, UINT64_MAX / 2, e);
    if (ok) {
        a.now_ms = time_of(&a, b->bytes);
        ok = run(&a, b->bytes, out, e);
    }
    incidents_fini(&a.all);
    free(a.row);
    return ok;
}

bool bring_commands(const char *dir, struct str bytes, struct import_result *out, struct err *e)
{
    struct bring b = {.dir = dir, .bytes = bytes, .alone = commands_alone};

    return bring(&b, out, e);
}

/* ---- beside a server or alone -------------------------------------------------- */

/* False with *running: a server has the journal, and will take it. */
static bool alone(const struct bring *b, int fd, const char *name, struct import_result *out, bool *running,
                  struct err *e)
{
    struct journal_opened how;
    struct journal *j;
    bool ok;

    *running = !journal_open(b->dir, &j, &how, e);
    if (*running)
        return false;
    ok = inbox_fetch(b->dir, fd, name, out) || b->alone(b, j, out, e);
    inbox_take_back(fd, name);
    journal_close(j);
    return ok;
}

/* A server answers, or there is none and it is done here. */
static bool wait_for(const struct bring *b, int fd, const char *name, struct import_result *r, struct err *e)
{
    struct timespec step = {0, STEP_MS * 1000000L};
    bool running = true;

    for (int64_t t = 0; t < WAIT_MS; t += STEP_MS) {
        if (inbox_fetch(b->dir, fd, name, r))
            return true;
        if (t % ALONE_MS == 0) {
            bool done = alone(b, fd, name, r, &running, e);

            if (done || !running)
                return done;
        }
        if (!inbox_has(fd, name) && !inbox_is_done(fd, name))
            return err_set(e, ERR_DENIED, "the server did not take it (its log says why: inbox.refused); run this as "
                           "the server's user");
        (void)nanosleep(&step, NULL);
    }
    return err_set(e, ERR_WORLD, "not done within %d s: %s. It lies in %s/inbox/%s.commands and will be done; what "
                   "became of it will lie beside it in %s.result", WAIT_MS / 1000, e->text, b->dir, name, name);
}

bool bring(const struct bring *b, struct import_result *out, struct err *e)
{
    char name[INBOX_NAME], path[FILE_PATH_MAX];
    int fd = -1;
    bool ok;

    *out = (struct import_result){0};
    (void)snprintf(path, sizeof path, "%s/journal.db", b->dir);
    if (access(path, F_OK) != 0)
        return err_set(e, ERR_MISSING, "there is no record in %s (%s): name its folder with --data", b->dir,
                       strerror(errno));
    inbox_name(name);
    ok = inbox_open(b->dir, &fd, e) && inbox_put(b->dir, name, b->bytes, e) && wait_for(b, fd, name, out, e);
    inbox_close(fd);
    return ok;
}
