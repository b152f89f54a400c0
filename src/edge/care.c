#include "edge/care.h"

#include "base/when.h"
#include "edge/erasure.h"
#include "os/clock.h"
#include "os/file.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DEPTH = 6, PATH = 1024 };

struct care {
    pthread_mutex_t lock;
    pthread_t thread;
    bool started; /* there is a thread to be joined */
    atomic_bool stopping;
    char dir[256];
    /* under the lock */
    enum care_job job;
    enum care_state state;
    uint64_t done, of;
    int64_t began_ms, ended_ms;
    char name[CARE_NAME], text[CARE_TEXT]; /* of the backup; what came of it, or why not */
    struct journal_verify proof;
    struct backup_done made;
    /* of the web thread */
    struct {
        int64_t at_ms;
        uint64_t free;
    } samples[CARE_SAMPLES];
    size_t sample_count;
};

struct care *care_new(const char *dir)
{
    struct care *c = calloc(1, sizeof *c);

    MUST(c && pthread_mutex_init(&c->lock, NULL) == 0);
    (void)snprintf(c->dir, sizeof c->dir, "%s", dir);
    return c;
}

static void lock(struct care *c)
{
    MUST(pthread_mutex_lock(&c->lock) == 0);
}

static void unlock(struct care *c)
{
    MUST(pthread_mutex_unlock(&c->lock) == 0);
}

static void join(struct care *c)
{
    if (c->started)
        MUST(pthread_join(c->thread, NULL) == 0);
    c->started = false;
}

void care_free(struct care *c)
{
    if (!c)
        return;
    atomic_store(&c->stopping, true);
    join(c);
    MUST(pthread_mutex_destroy(&c->lock) == 0);
    free(c);
}

/* ---- files ----------------------------------------------------------------- */

typedef bool each(void *ctx, const char *path, bool is_folder);

/* What a folder holds, then the folder itself; links are not followed. */
static bool walk(const char *path, int depth, each *see, void *ctx)
{
    char below[PATH];
    struct dirent *f;
    struct stat st;
    bool ok = true;
    DIR *d;

    if (lstat(path, &st) != 0 || depth == 0)
        return true;
    if (!S_ISDIR(st.st_mode))
        return see(ctx, path, false);
    d = opendir(path);
    while (ok && d && (f = readdir(d))) {
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0 ||
            snprintf(below, sizeof below, "%s/%s", path, f->d_name) >= (int)sizeof below)
            continue;
        ok = walk(below, depth - 1, see, ctx);
    }
    if (d)
        (void)closedir(d);
    return ok && see(ctx, path, true);
}

static bool add_bytes(void *ctx, const char *path, bool is_folder)
{
    uint64_t *sum = ctx;
    struct stat st;

    if (!is_folder && lstat(path, &st) == 0 && st.st_size > 0)
        *sum += (uint64_t)st.st_size;
    return true;
}

uint64_t care_bytes(const char *path)
{
    uint64_t sum = 0;

    (void)walk(path, DEPTH, add_bytes, &sum);
    return sum;
}

static bool remove_one(void *ctx, const char *path, bool is_folder)
{
    (void)ctx;
    return (is_folder ? rmdir(path) : unlink(path)) == 0;
}

/* ---- the disk ---------------------------------------------------------------- */

static uint64_t disk_bytes(const char *dir, uint64_t *total)
{
    struct statvfs v;

    if (statvfs(dir, &v) != 0)
        return *total = 0;
    *total = (uint64_t)v.f_blocks * v.f_frsize;
    return (uint64_t)v.f_bavail * v.f_frsize;
}

void care_look(struct care *c, int64_t mono_ms)
{
    uint64_t total;

    if (c->sample_count && mono_ms - c->samples[c->sample_count - 1].at_ms < CARE_SAMPLE_MS)
        return;
    if (c->sample_count == CARE_SAMPLES)
        memmove(&c->samples[0], &c->samples[1], --c->sample_count * sizeof c->samples[0]);
    c->samples[c->sample_count].at_ms = mono_ms;
    c->samples[c->sample_count++].free = disk_bytes(c->dir, &total);
}

struct care_disk care_disk(const struct care *c)
{
    struct care_disk d = {.rate = INT64_MIN};
    int64_t took_ms;

    d.free = disk_bytes(c->dir, &d.total);
    if (c->sample_count < 2)
        return d;
    took_ms = c->samples[c->sample_count - 1].at_ms - c->samples[0].at_ms;
    d.rate = (int64_t)((double)c->samples[0].free - (double)c->samples[c->sample_count - 1].free) * 3600000 / took_ms;
    return d;
}

/* ---- the jobs --------------------------------------------------------------- */

static bool tell(void *ctx, uint64_t done, uint64_t of)
{
    struct care *c = ctx;

    lock(c);
    c->done = done;
    c->of = of > c->of ? of : c->of;
    unlock(c);
    return !atomic_load(&c->stopping);
}

static bool tell_rows(void *ctx, uint64_t rows)
{
    return tell(ctx, rows, 0);
}

static bool verify(struct care *c, struct err *e)
{
    struct journal_verify v;
    struct journal *j;
    bool ok;

    if (!journal_open_reader(c->dir, &j, e))
        return false;
    (void)tell(c, 0, journal_head(j).seq);
    journal_watch(j, tell_rows, c);
    ok = journal_verify(j, NULL, &v, e) && erasures_prove(j, &v, e);
    journal_close(j);
    lock(c);
    if (ok)
        c->proof = v;
    c->done = ok ? v.rows : c->done;
    unlock(c);
    return ok;
}

static bool write_backup(struct care *c, struct err *e)
{
    char folder[PATH], out[PATH + CARE_NAME + 2];
    struct backup b = {.dir = c->dir, .out = out, .now_ms = c->began_ms, .tell = tell, .ctx = c};
    struct backup_done made;

    (void)snprintf(folder, sizeof folder, "%s/backups", c->dir);
    (void)snprintf(out, sizeof out, "%s/%s", folder, c->name);
    if (!file_folder(folder, 0700, e))
        return false;
    if (!backup_write(&b, &made, e)) {
        (void)walk(out, DEPTH, remove_one, NULL);
        return false;
    }
    lock(c);
    c->made = made;
    unlock(c);
    return true;
}

static void *run(void *arg)
{
    struct care *c = arg;
    struct err e = {0};
    bool ok = c->job == CARE_VERIFY ? verify(c, &e) : write_backup(c, &e);

    lock(c);
    c->state = ok ? CARE_DONE : CARE_FAILED;
    (void)snprintf(c->text, sizeof c->text, "%s", ok ? "" : e.text);
    c->ended_ms = clock_wall_ms();
    unlock(c);
    return NULL;
}

/* backup-20260102T030405 */
static void name_backup(int64_t now_ms, char out[CARE_NAME])
{
    char text[WHEN_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text), to = buf_over(out, CARE_NAME - 1);

    when_put(&b, now_ms);
    buf_put(&to, STR("backup-"));
    for (size_t i = 0; i < b.len && text[i] != '.'; i++)
        if (text[i] != '-' && text[i] != ':')
            buf_byte(&to, text[i]);
    out[to.len] = 0;
}

bool care_begin(struct care *c, enum care_job job, int64_t now_ms, struct err *e)
{
    bool busy;

    lock(c);
    busy = c->job != CARE_NOTHING && c->state == CARE_RUNS;
    unlock(c);
    if (busy)
        return err_set(e, ERR_DENIED, "The record is being checked or copied already: wait until that is done.");
    join(c);
    c->job = job;
    c->state = CARE_RUNS;
    c->done = c->of = 0;
    c->began_ms = now_ms;
    c->ended_ms = 0;
    c->text[0] = c->name[0] = 0;
    c->proof = (struct journal_verify){0};
    if (job == CARE_BACKUP)
        name_backup(now_ms, c->name);
    c->started = pthread_create(&c->thread, NULL, run, c) == 0;
    if (c->started)
        return true;
    c->job = CARE_NOTHING;
    return err_set(e, ERR_WORLD, "The thread for it does not start. Try again in a moment.");
}

/* ---- telling ------------------------------------------------------------------ */

static void put_head(const struct journal_head *head, struct buf *b)
{
    buf_fmt(b, ",\"head\":{\"seq\":%" PRIu64 ",\"hash\":\"", head->seq);
    buf_hex(b, head->hash, JOURNAL_HASH);
    buf_put(b, STR("\"}"));
}

void care_put(struct care *c, struct buf *b)
{
    static const char *const jobs[] = {"", "verify", "backup"}, *const states[] = {"running", "done", "failed"};

    lock(c);
    if (c->job == CARE_NOTHING) {
        buf_put(b, STR("null"));
        unlock(c);
        return;
    }
    buf_fmt(b, "{\"job\":\"%s\",\"state\":\"%s\",\"done\":%" PRIu64 ",\"of\":%" PRIu64 ",\"began\":%" PRId64
               ",\"ended\":%" PRId64 ",\"text\":", jobs[c->job], states[c->state], c->done, c->of, c->began_ms,
            c->ended_ms);
    buf_json(b, str_from(c->text));
    if (c->job == CARE_VERIFY && c->state == CARE_DONE) {
        buf_fmt(b, ",\"rows\":%" PRIu64 ",\"erased\":%" PRIu64 ",\"checkpoints\":%" PRIu64 ",\"witnesses\":%" PRIu64
                   ",\"bad\":%" PRIu64 ",\"finding\":", c->proof.rows, c->proof.erased, c->proof.checkpoints,
                c->proof.witnesses, c->proof.bad_seq);
        buf_json(b, str_from(c->proof.finding));
        put_head(&c->proof.head, b);
    } else if (c->job == CARE_BACKUP) {
        buf_put(b, STR(",\"name\":"));
        buf_json(b, str_from(c->name));
        if (c->state == CARE_DONE)
            put_head(&c->made.head, b);
    }
    buf_byte(b, '}');
    unlock(c);
}

/* ---- backups -------------------------------------------------------------------- */

/* "head 12:ab..." of BACKUP.txt, and when it was made; false: it is not whole. */
static bool read_note(const char *folder, char head[128], char made[WHEN_TEXT_MAX])
{
    char path[2 * PATH], text[4096];
    struct str rest;
    size_t n = 0;
    struct err e;

    (void)snprintf(path, sizeof path, "%s/BACKUP.txt", folder);
    head[0] = made[0] = 0;
    if (!file_read(path, text, sizeof text, &n, &e))
        return false;
    for (rest = str_of(text, n); rest.len;) {
        size_t end = str_find_byte(rest, '\n');
        struct str line = str_cut(rest, 0, end);

        if (str_starts(line, STR("head ")))
            (void)str_copy(head, 128, str_from_at(line, 5));
        if (str_starts(line, STR("made ")))
            (void)str_copy(made, WHEN_TEXT_MAX, str_from_at(line, 5));
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    return true;
}

static void put_files(const char *folder, struct buf *b)
{
    char path[2 * PATH];
    struct dirent *f;
    bool comma = false;
    DIR *d;

    (void)snprintf(path, sizeof path, "%s/record", folder);
    d = opendir(path);
    while (d && (f = readdir(d))) {
        char file[2 * PATH + 260];
        struct stat st;

        (void)snprintf(file, sizeof file, "%s/%s", path, f->d_name);
        if (lstat(file, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        buf_put(b, comma ? STR(",{\"name\":") : STR("{\"name\":"));
        comma = true;
        buf_json(b, str_from(f->d_name));
        buf_fmt(b, ",\"bytes\":%lld}", (long long)st.st_size);
    }
    if (d)
        (void)closedir(d);
}

/* One folder of ours: no part of a path. */
static bool is_name(struct str name)
{
    return str_starts(name, STR("backup-")) && name.len < CARE_NAME && str_find_byte(name, '/') == name.len &&
           str_find_byte(name, 0) == name.len && str_find(name, STR("..")) == name.len;
}

void care_put_backups(const struct care *c, struct buf *b)
{
    char folder[PATH], path[PATH + 260], head[128], made[WHEN_TEXT_MAX];
    struct dirent *f;
    size_t n = 0;
    DIR *d;

    (void)snprintf(folder, sizeof folder, "%s/backups", c->dir);
    buf_byte(b, '[');
    d = opendir(folder);
    while (d && (f = readdir(d)) && n < CARE_BACKUPS) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        if (!is_name(str_from(f->d_name)) || !read_note(path, head, made))
            continue;
        buf_put(b, n++ ? STR(",{\"name\":") : STR("{\"name\":"));
        buf_json(b, str_from(f->d_name));
        buf_put(b, STR(",\"made\":"));
        buf_json(b, str_from(made));
        buf_put(b, STR(",\"head\":"));
        buf_json(b, str_from(head));
        buf_fmt(b, ",\"bytes\":%" PRIu64 ",\"files\":[", care_bytes(path));
        put_files(path, b);
        buf_put(b, STR("]}"));
    }
    if (d)
        (void)closedir(d);
    buf_byte(b, ']');
}

static bool is_being_written(struct care *c, struct str name)
{
    bool is;

    lock(c);
    is = c->job == CARE_BACKUP && c->state == CARE_RUNS && str_eq(name, str_from(c->name));
    unlock(c);
    return is;
}

bool care_drop(struct care *c, struct str name, struct err *e)
{
    char path[PATH];

    if (!is_name(name))
        return err_set(e, ERR_MISSING, "There is no backup of this name.");
    (void)snprintf(path, sizeof path, "%s/backups/%.*s", c->dir, STR_ARG(name));
    if (access(path, F_OK) != 0)
        return err_set(e, ERR_MISSING, "There is no backup of this name.");
    if (is_being_written(c, name))
        return err_set(e, ERR_DENIED, "This backup is being written: wait until it is done.");
    return walk(path, DEPTH, remove_one, NULL) ||
           err_set(e, ERR_WORLD, "Not all of the backup could be deleted: look into the folder backups.");
}

bool care_path(const struct care *c, struct str name, struct str file, char out[1024])
{
    struct stat st;

    if (!is_name(name) || file.len == 0 || file.len > 64 || file.at[0] == '.' || str_find_byte(file, '/') < file.len ||
        str_find_byte(file, 0) < file.len)
        return false;
    (void)snprintf(out, PATH, "%s/backups/%.*s/record/%.*s", c->dir, STR_ARG(name), STR_ARG(file));
    return lstat(out, &st) == 0 && S_ISREG(st.st_mode);
}
