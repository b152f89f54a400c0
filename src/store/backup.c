#include "store/backup.h"

#include "base/buf.h"
#include "base/when.h"
#include "os/file.h"
#include "store/db.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { STEP = 1 << 18, NOTE_MAX = 4096 };

/* In this order: see the header. */
static const char *const databases[] = {"cordon.db", "journal.db", "sealed.db", "tracks.db"};
static const char *const record_files[] = {"journal.pub", "witness.txt", "server.uid", "cordon.conf",
                                           "exercise" /* or a restored one would pass for the real thing */};

struct copying {
    const struct backup *b;
    struct backup_done *done;
    uint64_t of, base; /* base: done before the database that is being copied */
    uint64_t page;     /* bytes of one of its pages, about */
    char *room;
};

static bool tell(struct copying *c)
{
    return !c->b->tell || c->b->tell(c->b->ctx, c->done->bytes, c->of);
}

/* ---- how much ----------------------------------------------------------- */

static uint64_t size_of(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

typedef bool see_file(void *ctx, const char *from, const char *name);

/* Calls each regular file of a folder and of those in it; a folder that is not there has none. */
static bool each_file(const char *folder, const char *below, see_file *see, void *ctx)
{
    char path[FILE_PATH_MAX], name[FILE_PATH_MAX];
    DIR *d = opendir(folder);
    struct dirent *f;
    struct stat st;
    bool ok = true;

    while (ok && d && (f = readdir(d))) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        (void)snprintf(name, sizeof name, "%s/%s", below, f->d_name);
        if (f->d_name[0] == '.' || lstat(path, &st) != 0)
            continue;
        if (S_ISREG(st.st_mode))
            ok = see(ctx, path, name);
        else if (S_ISDIR(st.st_mode) && strcmp(f->d_name, "coming") != 0 && strlen(below) < FILE_PATH_MAX / 2)
            ok = each_file(path, name, see, ctx);
    }
    if (d)
        (void)closedir(d);
    return ok;
}

static bool add_size(void *ctx, const char *from, const char *name)
{
    uint64_t *sum = ctx;

    (void)name;
    *sum += size_of(from);
    return true;
}

static uint64_t whole(const struct backup *b)
{
    char path[FILE_PATH_MAX];
    uint64_t sum = 0;

    for (size_t i = 0; i < COUNTOF(databases); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", b->dir, databases[i]);
        sum += size_of(path);
    }
    (void)snprintf(path, sizeof path, "%s/blobs", b->dir);
    (void)each_file(path, "blobs", add_size, &sum);
    (void)snprintf(path, sizeof path, "%s/profiles", b->dir);
    (void)each_file(path, "profiles", add_size, &sum);
    return sum;
}

static bool fits(const struct backup *b, uint64_t need, struct err *e)
{
    struct statvfs v;
    uint64_t left = statvfs(b->out, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;

    return (left > BACKUP_SPARE && left - BACKUP_SPARE >= need) ||
           err_set(e, ERR_FULL, "the backup needs %" PRIu64 " MiB and 1 GiB must stay free, but there are %" PRIu64
                   " MiB on that disk: write it to another one", (need >> 20) + 1, left >> 20);
}

/* ---- files --------------------------------------------------------------- */

static bool write_all(int fd, const char *at, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, at, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        n -= (size_t)put;
    }
    return true;
}

static bool pump(struct copying *c, int from, int to, const char *name, struct err *e)
{
    ssize_t n;

    while ((n = read(from, c->room, STEP)) > 0) {
        if (!write_all(to, c->room, (size_t)n))
            return err_set(e, errno == ENOSPC ? ERR_FULL : ERR_WORLD, "%s cannot be written: %s", name,
                           strerror(errno));
        c->done->bytes += (uint64_t)n;
        if (!tell(c))
            return err_set(e, ERR_DENIED, "the backup was broken off");
    }
    return n == 0 || err_set(e, ERR_WORLD, "%s cannot be read: %s", name, strerror(errno));
}

static bool copy_file(struct copying *c, const char *from, const char *to, struct err *e)
{
    int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out;
    bool ok;

    if (in < 0)
        return errno == ENOENT || err_set(e, ERR_WORLD, "%s cannot be read: %s", from, strerror(errno));
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ok = out >= 0 ? pump(c, in, out, to, e)
                  : err_set(e, ERR_WORLD, "%s cannot be made: %s", to, strerror(errno));
    if (out >= 0 && close(out) != 0 && ok)
        ok = err_set(e, ERR_WORLD, "%s cannot be written: %s", to, strerror(errno));
    (void)close(in);
    c->done->files += ok;
    return ok;
}

struct into {
    struct copying *c;
    const char *part; /* OUT/record or OUT/keys */
    struct err *e;
};

static bool copy_one(void *ctx, const char *from, const char *name)
{
    struct into *i = ctx;
    char to[2 * FILE_PATH_MAX], *slash;

    (void)snprintf(to, sizeof to, "%s/%s", i->part, name);
    slash = strrchr(to, '/');
    *slash = 0;
    if (!file_folder(to, 0700, i->e))
        return false;
    *slash = '/';
    return copy_file(i->c, from, to, i->e);
}

static bool copy_folder(struct copying *c, const char *part, const char *name, struct err *e)
{
    struct into i = {c, part, e};
    char path[FILE_PATH_MAX], to[FILE_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", c->b->dir, name);
    (void)snprintf(to, sizeof to, "%s/%s", part, name);
    return file_folder(to, 0700, e) && each_file(path, name, copy_one, &i);
}

static bool copy_named(struct copying *c, const char *part, const char *name, struct err *e)
{
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX];

    (void)snprintf(from, sizeof from, "%s/%s", c->b->dir, name);
    (void)snprintf(to, sizeof to, "%s/%s", part, name);
    return copy_file(c, from, to, e);
}

/* Every key of the folder, whatever its name: one that is left out would make the record unreadable. */
static bool copy_keys(struct copying *c, const char *part, struct err *e)
{
    DIR *d = opendir(c->b->dir);
    struct dirent *f;
    bool ok = true;

    while (ok && d && (f = readdir(d))) {
        struct str name = str_from(f->d_name);

        if (str_ends(name, STR(".key")) || str_ends(name, STR(".sign")))
            ok = copy_named(c, part, f->d_name, e);
    }
    if (d)
        (void)closedir(d);
    return ok && copy_folder(c, part, "ca", e);
}

/* ---- databases ------------------------------------------------------------- */

static bool tell_pages(void *ctx, uint64_t done, uint64_t of)
{
    struct copying *c = ctx;

    c->done->bytes = c->base + (of ? c->page * done / of : 0);
    return tell(c);
}

static bool copy_database(struct copying *c, const char *part, const char *name, struct err *e)
{
    char from[2 * FILE_PATH_MAX], to[2 * FILE_PATH_MAX];
    struct db_copy copy = {from, to, tell_pages, c};

    (void)snprintf(from, sizeof from, "%s/%s", c->b->dir, name);
    (void)snprintf(to, sizeof to, "%s/%s", part, name);
    if (access(from, F_OK) != 0)
        return true;
    c->base = c->done->bytes;
    c->page = size_of(from);
    if (!db_copy(&copy, e))
        return false;
    c->done->bytes = c->base + c->page;
    c->done->files++;
    return true;
}

static bool copy_record(struct copying *c, const char *part, struct err *e)
{
    for (size_t i = 0; i < COUNTOF(databases); i++)
        if (!copy_database(c, part, databases[i], e))
            return false;
    for (size_t i = 0; i < COUNTOF(record_files); i++)
        if (!copy_named(c, part, record_files[i], e))
            return false;
    return copy_folder(c, part, "profiles", e) && copy_folder(c, part, "blobs", e);
}

/* ---- what it is ------------------------------------------------------------- */

/* Of the copy: it is what will be compared after the restore. */
static bool read_head(const char *part, struct journal_head *out, struct err *e)
{
    char path[2 * FILE_PATH_MAX];
    struct db_options o = {.sync_full = true}; /* a reader would leave the WAL's files there */
    struct db_stmt *s;
    struct db *d = NULL;
    bool ok;

    (void)snprintf(path, sizeof path, "%s/journal.db", part);
    ok = db_open(path, &o, &d, e) &&
         db_prepare(d, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", &s, e);
    if (ok && db_step(s, e) == DB_ROW && db_blob(s, 1).len == JOURNAL_HASH) {
        out->seq = (uint64_t)db_int(s, 0);
        memcpy(out->hash, db_blob(s, 1).at, JOURNAL_HASH);
    }
    db_close(d);
    return ok;
}

static bool write_note(const struct copying *c, struct err *e)
{
    const struct backup_done *done = c->done;
    char path[2 * FILE_PATH_MAX], text[NOTE_MAX];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, STR("Cordon backup 1\nmade "));
    when_put(&b, c->b->now_ms);
    buf_fmt(&b, "\nhead %" PRIu64 ":", done->head.seq);
    buf_hex(&b, done->head.hash, JOURNAL_HASH);
    buf_fmt(&b, "\nfiles %" PRIu64 "\nbytes %" PRIu64 "\n", done->files, done->bytes);
    buf_put(&b, STR("\nTo restore: copy the contents of record/ and of keys/ into one empty folder, then\n"
                    "  cordon verify --data THAT_FOLDER --witness HEAD --files\n"
                    "Keep keys/ apart from record/: whoever has both can read everything.\n"));
    (void)snprintf(path, sizeof path, "%s/BACKUP.txt", c->b->out);
    return file_write(path, buf_str(&b), 0600, e);
}

static bool sync_all(const char *out, struct err *e)
{
    int fd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && syncfs(fd) == 0;

    if (!ok)
        (void)err_set(e, ERR_WORLD, "%s cannot be written: %s", out, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool make_folders(const struct backup *b, char record[FILE_PATH_MAX], char keys[FILE_PATH_MAX], struct err *e)
{
    if (mkdir(b->out, 0700) != 0 && rmdir(b->out) != 0)
        return err_set(e, ERR_INPUT, "%s cannot be made, or is there and not empty (%s): give a new folder", b->out,
                       strerror(errno));
    (void)snprintf(record, FILE_PATH_MAX, "%s/record", b->out);
    (void)snprintf(keys, FILE_PATH_MAX, "%s/keys", b->out);
    return file_folder(b->out, 0700, e) && file_folder(record, 0700, e) && file_folder(keys, 0700, e);
}

bool backup_write(const struct backup *b, struct backup_done *out, struct err *e)
{
    char record[FILE_PATH_MAX], keys[FILE_PATH_MAX], path[FILE_PATH_MAX + 16];
    struct copying c = {.b = b, .done = out};
    bool ok;

    *out = (struct backup_done){0};
    (void)snprintf(path, sizeof path, "%s/journal.db", b->dir);
    if (strlen(b->out) > FILE_PATH_MAX / 2 || strlen(b->dir) > FILE_PATH_MAX / 2)
        return err_set(e, ERR_INPUT, "the name of the folder is too long");
    if (access(path, R_OK) != 0)
        return err_set(e, ERR_MISSING, "there is no record in %s that can be read: %s", b->dir, strerror(errno));
    c.of = whole(b);
    if (!make_folders(b, record, keys, e) || !fits(b, c.of, e))
        return false;
    c.room = malloc(STEP);
    ok = c.room || err_set(e, ERR_WORLD, "there is not enough memory for a backup");
    ok = ok && copy_record(&c, record, e) && copy_keys(&c, keys, e) && read_head(record, &out->head, e) &&
         sync_all(b->out, e) && write_note(&c, e);
    free(c.room);
    return ok;
}
