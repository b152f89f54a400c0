#include "store/blobs.h"

#include "base/buf.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    STEP = 8 << 20,        /* room that a file of unknown size is promised at once */
    START_WRITING = 4 << 20, /* so much at most waits for the last sync */
    HASH_STEP = 1 << 20,     /* so much is hashed at once, while more comes in */
    READ_STEP = 1 << 16,
    NAMES_STEP = 1024,     /* of a folder that is swept, at once */
    NAME_REST = SHA256_HEX - 2,
};

struct blobs {
    pthread_mutex_t lock;
    struct blobs_options o;
    struct blobs_figures figures; /* under the lock; coming: promised, whether it is there or not */
    uint64_t unwritten;           /* of what is coming: bytes that the disk does not have yet */
    size_t open;
    struct {
        blob_used *used;
        void *ctx;
    } askers[BLOB_ASKERS];
    size_t asker_count;
    /* Hashing beside the thread that receives; under the lock. */
    pthread_cond_t more, idle;
    struct blob *to_hash; /* those of which a step at least is not hashed yet */
    bool hashing, stopping;
    pthread_t hasher;
    char dir[BLOB_PATH_MAX - SHA256_HEX - 32];
};

struct blob {
    struct blobs *s;
    struct sha256 *hash;
    int fd;
    bool failed;
    uint64_t size, promised, started; /* started: the disk was told to write up to here */
    uint64_t hashed;                  /* of size; both under the lock while there is a hasher */
    bool unread; /* what was written cannot be read back; of the hasher */
    bool waits, busy, orphan;         /* in the list; with the hasher; dropped meanwhile, so that he lets go of it */
    struct blob *next;
    char path[BLOB_PATH_MAX];
    char room[READ_STEP]; /* of who hashes it */
};

/* ---- names ------------------------------------------------------------ */

static void name_of(const unsigned char sha256[SHA256_SIZE], char out[SHA256_HEX + 1])
{
    struct buf b = buf_over(out, SHA256_HEX);

    buf_hex(&b, sha256, SHA256_SIZE);
    out[SHA256_HEX] = 0;
}

static bool path_of(const char *dir, const unsigned char sha256[SHA256_SIZE], char out[BLOB_PATH_MAX])
{
    char name[SHA256_HEX + 1];
    int n;

    name_of(sha256, name);
    n = snprintf(out, BLOB_PATH_MAX, "%s/blobs/%.2s/%s", dir, name, name + 2);
    return n > 0 && n < BLOB_PATH_MAX;
}

static void folder_path(const char *dir, unsigned folder, char out[BLOB_PATH_MAX])
{
    (void)snprintf(out, BLOB_PATH_MAX, "%s/blobs/%02x", dir, folder);
}

/* The hash that a file in a folder is named by; false: it is no blob. */
static bool hash_of(unsigned folder, const char *name, unsigned char out[SHA256_SIZE])
{
    char whole[SHA256_HEX + 1], again[SHA256_HEX + 1];

    if (strlen(name) != NAME_REST)
        return false;
    (void)snprintf(whole, sizeof whole, "%02x%s", folder, name);
    if (!str_from_hex(str_of(whole, SHA256_HEX), out, SHA256_SIZE))
        return false;
    name_of(out, again); /* upper-case digits are another file's name */
    return strcmp(whole, again) == 0;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* ---- the folder ------------------------------------------------------- */

/* Calls each name in a folder; one that is not there has none. */
typedef void see_name(void *ctx, const char *name);
static bool each_name(const char *path, see_name *see, void *ctx, struct err *e)
{
    DIR *d = opendir(path);
    struct dirent *f;

    if (!d && errno == ENOENT)
        return true;
    if (!d)
        return err_set(e, ERR_WORLD, "the folder %s cannot be read: %s", path, strerror(errno));
    while ((errno = 0, f = readdir(d)))
        if (!is_dots(f->d_name))
            see(ctx, f->d_name);
    if (errno) {
        (void)err_set(e, ERR_WORLD, "the folder %s cannot be read: %s", path, strerror(errno));
        (void)closedir(d);
        return false;
    }
    (void)closedir(d);
    return true;
}

struct counting {
    struct blobs *s;
    unsigned folder;
    char path[BLOB_PATH_MAX];
};

static void count_one(void *ctx, const char *name)
{
    struct counting *c = ctx;
    char path[2 * BLOB_PATH_MAX];
    unsigned char sha256[SHA256_SIZE];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/%s", c->path, name);
    if (!hash_of(c->folder, name, sha256) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    c->s->figures.files++;
    c->s->figures.bytes += (uint64_t)st.st_size;
}

static void unlink_one(void *ctx, const char *name)
{
    const char *folder = ctx;
    char path[2 * BLOB_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
}

static bool prepare(struct blobs *s, struct err *e)
{
    struct counting c = {.s = s};
    char path[BLOB_PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/blobs", s->dir);
    if (!file_folder(path, 0700, e))
        return false;
    (void)snprintf(path, sizeof path, "%s/blobs/coming", s->dir);
    if (!file_folder(path, 0700, e) || !each_name(path, unlink_one, path, e))
        return false;
    for (c.folder = 0; c.folder < BLOBS_FOLDERS; c.folder++) {
        folder_path(s->dir, c.folder, c.path);
        if (!each_name(c.path, count_one, &c, e))
            return false;
    }
    return true;
}

static ssize_t disk_write(int fd, const void *bytes, size_t n)
{
    return write(fd, bytes, n);
}

static int disk_sync(int fd)
{
    return fsync(fd);
}

static void lock(struct blobs *s)
{
    MUST(pthread_mutex_lock(&s->lock) == 0);
}

static void unlock(struct blobs *s)
{
    MUST(pthread_mutex_unlock(&s->lock) == 0);
}

static void end_hasher(struct blobs *s)
{
    if (!s->hashing)
        return;
    lock(s);
    s->stopping = true;
    MUST(pthread_cond_signal(&s->more) == 0);
    unlock(s);
    MUST(pthread_join(s->hasher, NULL) == 0);
    s->hashing = false;
}

bool blobs_open(const char *dir, const struct blobs_options *o, struct blobs **out, struct err *e)
{
    struct blobs *s = calloc(1, sizeof *s);

    *out = NULL;
    if (!s)
        return err_set(e, ERR_WORLD, "there is not enough memory for the files");
    s->o = *o;
    s->o.write = o->write ? o->write : disk_write;
    s->o.sync = o->sync ? o->sync : disk_sync;
    s->figures.file_max = o->file_max;
    s->figures.quota = o->quota;
    MUST(pthread_mutex_init(&s->lock, NULL) == 0);
    MUST(pthread_cond_init(&s->more, NULL) == 0 && pthread_cond_init(&s->idle, NULL) == 0);
    if (!str_copy(s->dir, sizeof s->dir, str_from(dir)))
        (void)err_set(e, ERR_INPUT, "the name of the data folder is too long for the files in it");
    else if (prepare(s, e)) {
        *out = s;
        return true;
    }
    blobs_close(s);
    return false;
}

void blobs_close(struct blobs *s)
{
    if (!s)
        return;
    end_hasher(s);
    MUST(s->open == 0);
    MUST(pthread_cond_destroy(&s->more) == 0 && pthread_cond_destroy(&s->idle) == 0);
    MUST(pthread_mutex_destroy(&s->lock) == 0);
    free(s);
}

struct blobs_figures blobs_figures(struct blobs *s)
{
    struct blobs_figures f;

    lock(s);
    f = s->figures;
    unlock(s);
    return f;
}

/* ---- room ------------------------------------------------------------- */

static uint64_t disk_free(const struct blobs *s)
{
    struct statvfs v;

    return statvfs(s->dir, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}

/* Promises n more bytes; under the lock. */
static bool promise(struct blobs *s, uint64_t n, struct err *e)
{
    struct blobs_figures *f = &s->figures;
    uint64_t taken = f->bytes + f->coming, left = disk_free(s);

    if (taken > f->quota || n > f->quota - taken)
        return err_set(e, ERR_FULL, "the folder of files is full (%" PRIu64 " of %" PRIu64 " MiB): delete files that "
                       "nobody needs, or raise files_quota_gib", taken >> 20, f->quota >> 20);
    if (left < s->unwritten || left - s->unwritten < s->o.spare || n > left - s->unwritten - s->o.spare)
        return err_set(e, ERR_FULL, "the disk has %" PRIu64 " MiB left, and the last %" PRIu64 " MiB are for the "
                       "record: make room on it", left >> 20, s->o.spare >> 20);
    f->coming += n;
    s->unwritten += n;
    return true;
}

static bool check_size(const struct blobs *s, uint64_t size, struct err *e)
{
    return size <= s->o.file_max ||
           err_set(e, ERR_FULL, "the file is larger than %" PRIu64 " MiB, which is the most that is taken "
                   "(file_max_mib)", s->o.file_max >> 20);
}

/* Takes the promise back; what is kept is counted by its size. */
static void release(struct blob *b)
{
    struct blobs *s = b->s;

    MUST(s->figures.coming >= b->promised && s->unwritten >= b->promised - b->size);
    s->figures.coming -= b->promised;
    s->unwritten -= b->promised - b->size;
    s->open--;
}

/* ---- receiving -------------------------------------------------------- */

static bool open_temporary(struct blob *b, struct err *e)
{
    (void)snprintf(b->path, sizeof b->path, "%s/blobs/coming/XXXXXX", b->s->dir);
    b->fd = mkostemp(b->path, O_CLOEXEC);
    return b->fd >= 0 ||
           err_set(e, ERR_WORLD, "a file in %s/blobs/coming cannot be made: %s", b->s->dir, strerror(errno));
}

bool blob_begin(struct blobs *s, uint64_t size, struct blob **out, struct err *e)
{
    struct blob *b;
    bool ok;

    *out = NULL;
    if (!check_size(s, size, e))
        return false;
    b = calloc(1, sizeof *b);
    if (!b)
        return err_set(e, ERR_WORLD, "there is not enough memory for another file");
    b->s = s;
    b->fd = -1;
    lock(s);
    ok = s->open < BLOBS_OPEN ? promise(s, size, e)
                              : err_set(e, ERR_FULL, "%d files are being received, which is the most", BLOBS_OPEN);
    s->open += ok;
    unlock(s);
    if (!ok) {
        free(b);
        return false;
    }
    b->promised = size;
    b->hash = sha256_new();
    if (!b->hash || !open_temporary(b, e)) {
        if (!b->hash)
            (void)err_set(e, ERR_WORLD, "there is not enough memory for another file");
        blob_drop(b);
        return false;
    }
    *out = b;
    return true;
}

static bool need_room(struct blob *b, uint64_t n, struct err *e)
{
    struct blobs *s = b->s;
    uint64_t need, more;
    bool ok;

    if (b->promised - b->size >= n)
        return true;
    need = n - (b->promised - b->size);
    more = need > STEP ? need : STEP;
    lock(s);
    ok = promise(s, more, e);
    if (!ok && more > need) {
        more = need;
        ok = promise(s, more, e);
    }
    unlock(s);
    b->promised += ok ? more : 0;
    return ok;
}

static bool write_all(struct blob *b, struct str bytes, struct err *e)
{
    while (bytes.len > 0) {
        ssize_t put = b->s->o.write(b->fd, bytes.at, bytes.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return err_set(e, errno == ENOSPC ? ERR_FULL : ERR_WORLD, "the file cannot be written: %s%s",
                           strerror(errno), errno == ENOSPC ? "; make room on the disk" : "");
        bytes = str_from_at(bytes, (size_t)put);
    }
    return true;
}

/* ---- hashing --------------------------------------------------------- */

/* What was received lies in the page cache: the hasher reads it there, so nothing is kept in memory for it, its order
 * is the file's, and who receives never waits.  What it has not come to is hashed by blob_end(). */

static void want_hash(struct blob *b);

/* Adds bytes of the file up to `to` to the hash; false: they cannot be read. */
static bool hash_to(struct blob *b, uint64_t from, uint64_t to)
{
    while (from < to) {
        size_t want = to - from < READ_STEP ? (size_t)(to - from) : READ_STEP;
        ssize_t n = pread(b->fd, b->room, want, (off_t)from);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        sha256_add(b->hash, str_of(b->room, (size_t)n));
        from += (uint64_t)n;
    }
    return true;
}

/* Tells the disk early what it will have to write, so that little waits for the sync at the end. It may wait for a slow
 * disk, so it is not for the thread that receives. */
static void start_writing(struct blob *b, uint64_t to)
{
    if (to - b->started < START_WRITING)
        return;
    (void)sync_file_range(b->fd, (off64_t)b->started, (off64_t)(to - b->started), SYNC_FILE_RANGE_WRITE);
    b->started = to;
}

static void free_blob(struct blob *b)
{
    if (b->fd >= 0)
        (void)close(b->fd);
    sha256_free(b->hash);
    free(b);
}

/* Under the lock. */
static void unlist(struct blob *b)
{
    struct blob **at = &b->s->to_hash;

    while (b->waits && *at != b)
        at = &(*at)->next;
    if (b->waits)
        *at = b->next;
    b->waits = false;
}

/* One step of the first in the list; the lock is let go of meanwhile. */
static void hash_step(struct blobs *s)
{
    struct blob *b = s->to_hash;
    uint64_t from = b->hashed, to = from + HASH_STEP;
    bool ok;

    unlist(b);
    b->busy = true;
    unlock(s);
    ok = hash_to(b, from, to);
    start_writing(b, to);
    lock(s);
    b->busy = false;
    b->unread |= !ok;
    b->hashed = to;
    if (b->orphan) {
        release(b);
        free_blob(b);
    } else {
        want_hash(b);
    }
    MUST(pthread_cond_broadcast(&s->idle) == 0);
}

static void *run_hasher(void *arg)
{
    struct blobs *s = arg;

    lock(s);
    while (!s->stopping || s->to_hash) {
        if (s->to_hash)
            hash_step(s);
        else
            MUST(pthread_cond_wait(&s->more, &s->lock) == 0);
    }
    unlock(s);
    return NULL;
}

/* Puts it behind those that wait, when there is a step to hash; the first one starts the thread.  Under the lock. */
static void want_hash(struct blob *b)
{
    struct blobs *s = b->s;
    struct blob **at = &s->to_hash;

    if (b->waits || b->busy || b->unread || b->size - b->hashed < HASH_STEP)
        return;
    if (!s->hashing)
        s->hashing = pthread_create(&s->hasher, NULL, run_hasher, s) == 0;
    if (!s->hashing)
        return;
    while (*at)
        at = &(*at)->next;
    b->next = NULL;
    b->waits = true;
    *at = b;
    MUST(pthread_cond_signal(&s->more) == 0);
}

/* The hasher does not touch it any more. */
static void take_back(struct blob *b)
{
    lock(b->s);
    unlist(b);
    while (b->busy)
        MUST(pthread_cond_wait(&b->s->idle, &b->s->lock) == 0);
    unlock(b->s);
}

bool blob_take(struct blob *b, struct str bytes, struct err *e)
{
    MUST(!b->failed);
    b->failed = !check_size(b->s, b->size + bytes.len, e) || !need_room(b, bytes.len, e) || !write_all(b, bytes, e);
    if (b->failed)
        return false;
    lock(b->s);
    b->size += bytes.len;
    b->s->unwritten -= bytes.len;
    want_hash(b);
    unlock(b->s);
    return true;
}

uint64_t blob_size(const struct blob *b)
{
    return b->size;
}

const char *blob_path(const struct blob *b)
{
    return b->path;
}

/* Never waits: one that the hasher has is let go of by him. */
static void end(struct blob *b)
{
    struct blobs *s = b->s;
    bool is_free;

    lock(s);
    unlist(b);
    is_free = !b->busy;
    b->orphan = true;
    if (is_free)
        release(b);
    unlock(s);
    if (is_free)
        free_blob(b);
}

void blob_drop(struct blob *b)
{
    if (!b)
        return;
    if (b->fd >= 0)
        (void)unlink(b->path);
    end(b);
}

/* ---- keeping ---------------------------------------------------------- */

static bool sync_folder(const struct blobs *s, const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && s->o.sync(fd) == 0;

    if (!ok)
        (void)err_set(e, ERR_WORLD, "%s cannot be written: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* The folder of a hash, made durably when it is the first in it. */
static bool need_folder(const struct blobs *s, const unsigned char sha256[SHA256_SIZE], struct err *e)
{
    char path[BLOB_PATH_MAX], above[BLOB_PATH_MAX];

    folder_path(s->dir, sha256[0], path);
    (void)snprintf(above, sizeof above, "%s/blobs", s->dir);
    if (mkdir(path, 0700) == 0) {
        if (sync_folder(s, above, e))
            return true;
        (void)rmdir(path); /* or the next one would take it for durable */
        return false;
    }
    return errno == EEXIST || err_set(e, ERR_WORLD, "the folder %s cannot be made: %s", path, strerror(errno));
}

/* Renames over what is there and counts it; under the lock. */
static bool put_in_place(struct blob *b, const char *path, struct blob_kept *out, struct err *e)
{
    struct blobs_figures *f = &b->s->figures;
    struct stat st;

    out->was_here = lstat(path, &st) == 0;
    if (rename(b->path, path) != 0)
        return err_set(e, ERR_WORLD, "%s cannot be made: %s", path, strerror(errno));
    if (out->was_here) {
        f->files--;
        f->bytes -= (uint64_t)st.st_size < f->bytes ? (uint64_t)st.st_size : f->bytes;
    }
    f->files++;
    f->bytes += b->size;
    return true;
}

static bool check_hash(struct blob *b, struct str want, struct blob_kept *out, struct err *e)
{
    unsigned char wanted[SHA256_SIZE];
    char is[SHA256_HEX + 1];

    take_back(b);
    if (b->unread || !hash_to(b, b->hashed, b->size))
        return err_set(e, ERR_WORLD, "what was written of the file cannot be read back: check the disk");
    b->hashed = b->size;
    sha256_end(b->hash, out->sha256);
    out->size = b->size;
    if (want.len == 0)
        return true;
    if (!str_from_hex(want, wanted, sizeof wanted))
        return err_set(e, ERR_INPUT, "the hash must be a SHA-256 in 64 hex digits");
    name_of(out->sha256, is);
    return memcmp(wanted, out->sha256, SHA256_SIZE) == 0 ||
           err_set(e, ERR_INPUT, "the bytes that came have another SHA-256 (%s) than was said; send the file again",
                   is);
}

static bool keep(struct blob *b, struct str want, struct blob_kept *out, struct err *e)
{
    char path[BLOB_PATH_MAX], folder[BLOB_PATH_MAX];
    bool ok;

    MUST(!b->failed);
    if (!check_hash(b, want, out, e) || !need_folder(b->s, out->sha256, e))
        return false;
    if (b->s->o.sync(b->fd) != 0)
        return err_set(e, ERR_WORLD, "the file cannot be written: %s", strerror(errno));
    MUST(path_of(b->s->dir, out->sha256, path));
    folder_path(b->s->dir, out->sha256[0], folder);
    lock(b->s);
    ok = put_in_place(b, path, out, e);
    unlock(b->s);
    return ok && sync_folder(b->s, folder, e);
}

bool blob_end(struct blob *b, struct str want, struct blob_kept *out, struct err *e)
{
    *out = (struct blob_kept){0};
    if (!keep(b, want, out, e)) {
        blob_drop(b);
        return false;
    }
    end(b);
    return true;
}

int blob_open(const char *dir, const unsigned char sha256[SHA256_SIZE], uint64_t *size)
{
    char path[BLOB_PATH_MAX];
    struct stat st;
    int fd;

    if (!path_of(dir, sha256, path))
        return -1;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return -1;
    }
    *size = (uint64_t)st.st_size;
    return fd;
}

/* ---- what nobody refers to -------------------------------------------- */

void blobs_ask(struct blobs *s, blob_used *used, void *ctx)
{
    MUST(s->asker_count < BLOB_ASKERS);
    s->askers[s->asker_count].used = used;
    s->askers[s->asker_count++].ctx = ctx;
}

bool blobs_in_use(struct blobs *s, const unsigned char sha256[SHA256_SIZE])
{
    for (size_t i = 0; i < s->asker_count; i++)
        if (s->askers[i].used(s->askers[i].ctx, sha256))
            return true;
    return false;
}

struct sweep {
    struct blobs *s;
    unsigned folder;
    int64_t before_ms;
    size_t n, gone;
    unsigned char found[NAMES_STEP][SHA256_SIZE];
};

static bool is_older(const char *path, int64_t before_ms, struct stat *st)
{
    return lstat(path, st) == 0 && S_ISREG(st->st_mode) &&
           (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000 < before_ms;
}

static void find_old(void *ctx, const char *name)
{
    struct sweep *w = ctx;
    char path[BLOB_PATH_MAX];
    struct stat st;

    if (w->n == NAMES_STEP || !hash_of(w->folder, name, w->found[w->n]))
        return;
    MUST(path_of(w->s->dir, w->found[w->n], path));
    if (is_older(path, w->before_ms, &st) && !blobs_in_use(w->s, w->found[w->n]))
        w->n++;
}

/* It may have come once more since it was found: then it is new. */
static void remove_old(struct sweep *w, const unsigned char sha256[SHA256_SIZE])
{
    struct blobs_figures *f = &w->s->figures;
    char path[BLOB_PATH_MAX];
    struct stat st;

    MUST(path_of(w->s->dir, sha256, path));
    lock(w->s);
    if (is_older(path, w->before_ms, &st) && unlink(path) == 0) {
        f->files--;
        f->bytes -= (uint64_t)st.st_size;
        w->gone++;
    }
    unlock(w->s);
}

bool blobs_sweep(struct blobs *s, unsigned folder, int64_t before_ms, size_t *gone, struct err *e)
{
    struct sweep *w = calloc(1, sizeof *w);
    char path[BLOB_PATH_MAX];
    bool ok;

    *gone = 0;
    if (!w)
        return err_set(e, ERR_WORLD, "there is not enough memory to look for old files");
    *w = (struct sweep){.s = s, .folder = folder % BLOBS_FOLDERS, .before_ms = before_ms};
    folder_path(s->dir, w->folder, path);
    ok = each_name(path, find_old, w, e);
    for (size_t i = 0; ok && i < w->n; i++)
        remove_old(w, w->found[i]);
    *gone = w->gone;
    free(w);
    return ok;
}

/* ---- checking --------------------------------------------------------- */

struct checking {
    const char *dir;
    unsigned folder;
    blob_bad *bad;
    void *ctx;
    struct blobs_check *out;
    char room[READ_STEP];
};

static bool read_hash(struct checking *c, int fd, unsigned char out[SHA256_SIZE])
{
    struct sha256 *h = sha256_new();
    ssize_t n = 1;

    while (h && n > 0) {
        n = read(fd, c->room, sizeof c->room);
        if (n > 0)
            sha256_add(h, str_of(c->room, (size_t)n));
    }
    if (h && n == 0)
        sha256_end(h, out);
    sha256_free(h);
    return h && n == 0;
}

static void say_bad(struct checking *c, const char *name, const char *finding)
{
    char text[BLOB_PATH_MAX];

    (void)snprintf(text, sizeof text, "%02x/%.300s", c->folder, name);
    c->out->bad++;
    c->bad(c->ctx, text, finding);
}

static void check_one(void *ctx, const char *name)
{
    struct checking *c = ctx;
    unsigned char sha256[SHA256_SIZE], is[SHA256_SIZE];
    uint64_t size;
    int fd;

    if (!hash_of(c->folder, name, sha256)) {
        say_bad(c, name, "its name is no SHA-256: it has no place here");
        return;
    }
    fd = blob_open(c->dir, sha256, &size);
    if (fd < 0) {
        if (errno != ENOENT) /* else it was deleted meanwhile */
            say_bad(c, name, "it cannot be opened");
        return;
    }
    c->out->files++;
    c->out->bytes += size;
    if (!read_hash(c, fd, is))
        say_bad(c, name, "it cannot be read");
    else if (memcmp(is, sha256, sizeof is) != 0)
        say_bad(c, name, "its bytes do not have this SHA-256 any more: put it back from a backup");
    (void)close(fd);
}

bool blobs_verify(const char *dir, blob_bad *bad, void *ctx, struct blobs_check *out, struct err *e)
{
    struct checking *c = calloc(1, sizeof *c);
    char path[BLOB_PATH_MAX];
    bool ok = true;

    *out = (struct blobs_check){0};
    if (!c)
        return err_set(e, ERR_WORLD, "there is not enough memory to check the files");
    *c = (struct checking){.dir = dir, .bad = bad, .ctx = ctx, .out = out};
    for (; ok && c->folder < BLOBS_FOLDERS; c->folder++) {
        folder_path(dir, c->folder, path);
        ok = each_name(path, check_one, c, e);
    }
    free(c);
    return ok;
}
