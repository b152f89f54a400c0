#include "support/crash_vfs.h"

#include "base/must.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VFS_FILES = 32, PATH_BYTES = 512, SECTOR = 512, SHM_REGIONS = 64 };

struct image {
    unsigned char *at;
    size_t len, room;
};

/* A write that is not synced; bytes NULL: the file was cut to `offset`. */
struct pending {
    size_t offset, len;
    unsigned char *bytes;
};

struct disk_file {
    char path[PATH_BYTES];
    int opened;
    struct image now, disk;
    struct pending *pending;
    size_t pending_count, pending_room;
    /* locks: SQLite's five states over one file */
    int shared;
    const void *reserved, *wants_all, *all;
    /* shared memory of the WAL's index */
    void *shm[SHM_REGIONS];
    int shm_size, shm_users, shm_shared[SQLITE_SHM_NLOCK];
    const void *shm_owner[SQLITE_SHM_NLOCK];
};

/* What SQLite holds; the base comes first. */
struct handle {
    sqlite3_file base;
    struct disk_file *file;
    int lock;
    bool has_shm;
    unsigned short shm_shared; /* a bit for each slot that this one holds shared */
};

static struct {
    sqlite3_vfs vfs, *real;
    struct disk_file files[VFS_FILES];
    uint64_t seed, ops, pull_at, fail_left;
    enum crash_op fail_op;
    enum crash_on fail_on;
    int fail_code;
    bool registered, dead, lying, failed;
} disk;

/* ---- dice and images -------------------------------------------------- */

uint64_t crash_dice(uint64_t below)
{
    /* splitmix64: every seed gives a good run, also 0, 1, 2 ... */
    uint64_t z = disk.seed += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (z ^ z >> 31) % below;
}

static void image_size(struct image *i, size_t len)
{
    if (len > i->room) {
        i->room = len + len / 2 + 4096;
        i->at = realloc(i->at, i->room);
        MUST(i->at);
    }
    if (len > i->len)
        memset(i->at + i->len, 0, len - i->len);
    i->len = len;
}

static void image_put(struct image *i, size_t offset, const unsigned char *bytes, size_t len)
{
    if (offset + len > i->len)
        image_size(i, offset + len);
    memcpy(i->at + offset, bytes, len);
}

static void image_copy(struct image *to, const struct image *from)
{
    image_size(to, 0);
    if (from->len)
        image_put(to, 0, from->at, from->len);
}

static void pending_clear(struct disk_file *f)
{
    for (size_t i = 0; i < f->pending_count; i++)
        free(f->pending[i].bytes);
    f->pending_count = 0;
}

static void pending_add(struct disk_file *f, size_t offset, const unsigned char *bytes, size_t len)
{
    struct pending *p;

    if (f->pending_count == f->pending_room) {
        f->pending_room = f->pending_room * 2 + 16;
        f->pending = realloc(f->pending, f->pending_room * sizeof *f->pending);
        MUST(f->pending);
    }
    p = &f->pending[f->pending_count++];
    *p = (struct pending){.offset = offset, .len = len};
    if (bytes) {
        p->bytes = malloc(len + 1);
        MUST(p->bytes);
        memcpy(p->bytes, bytes, len);
    }
}

/* Applies a write to the disk's image; torn: each sector of it by the toss of a coin. */
static void pending_apply(struct image *to, const struct pending *p, bool torn)
{
    if (!p->bytes) {
        if (p->offset < to->len)
            image_size(to, p->offset);
        return;
    }
    for (size_t at = 0; at < p->len;) {
        size_t next = at + SECTOR - (p->offset + at) % SECTOR;

        if (next > p->len)
            next = p->len;
        if (!torn || crash_dice(2))
            image_put(to, p->offset + at, p->bytes + at, next - at);
        at = next;
    }
}

/* What a power cut leaves of the unsynced writes: nothing, all, the first few, or any. */
static void survive(struct disk_file *f)
{
    uint64_t fate = crash_dice(4);
    size_t kept = f->pending_count;

    if (fate == 0)
        kept = 0;
    else if (fate == 1)
        kept = (size_t)crash_dice(f->pending_count + 1);
    for (size_t i = 0; i < kept; i++)
        if (fate != 3)
            pending_apply(&f->disk, &f->pending[i], i + 1 == kept && fate == 1);
        else if (crash_dice(3))
            pending_apply(&f->disk, &f->pending[i], crash_dice(2) == 1);
    pending_clear(f);
}

void crash_pull_now(void)
{
    if (disk.dead)
        return;
    disk.dead = true;
    for (size_t i = 0; i < VFS_FILES; i++)
        if (disk.files[i].opened > 0) {
            survive(&disk.files[i]);
            image_copy(&disk.files[i].now, &disk.files[i].disk);
        }
}

/* ---- the files of the folder ------------------------------------------ */

static void file_load(struct disk_file *f)
{
    unsigned char bytes[8192];
    int fd = open(f->path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    ssize_t n;

    MUST(fd >= 0);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        image_put(&f->disk, f->disk.len, bytes, (size_t)n);
    MUST(n == 0 && close(fd) == 0);
    image_copy(&f->now, &f->disk);
}

static void file_store(const struct disk_file *f)
{
    int fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    MUST(fd >= 0);
    MUST(f->now.len == 0 || write(fd, f->now.at, f->now.len) == (ssize_t)f->now.len);
    /* Not O_TRUNC: ext4 would wait for the real disk. */
    MUST(ftruncate(fd, (off_t)f->now.len) == 0);
    MUST(close(fd) == 0);
}

static void file_forget(struct disk_file *f)
{
    pending_clear(f);
    free(f->pending);
    free(f->now.at);
    free(f->disk.at);
    for (size_t i = 0; i < SHM_REGIONS; i++)
        free(f->shm[i]);
    *f = (struct disk_file){0};
}

static struct disk_file *file_of(const char *path)
{
    for (size_t i = 0; i < VFS_FILES; i++)
        if (disk.files[i].opened > 0 && strcmp(disk.files[i].path, path) == 0)
            return &disk.files[i];
    return NULL;
}

static struct disk_file *file_take(const char *path)
{
    struct disk_file *f = file_of(path);

    for (size_t i = 0; !f && i < VFS_FILES; i++)
        if (disk.files[i].opened == 0) {
            f = &disk.files[i];
            (void)snprintf(f->path, sizeof f->path, "%s", path);
            file_load(f);
        }
    MUST(f);
    f->opened++;
    return f;
}

static bool is_wal(const struct disk_file *f)
{
    size_t n = strlen(f->path);

    return n > 4 && strcmp(f->path + n - 4, "-wal") == 0;
}

/* Counts an operation: the plug may be pulled at it, or it may fail. */
static int operate(const struct disk_file *f, enum crash_op op)
{
    bool hits = disk.fail_on == CRASH_ON_ANY || (disk.fail_on == CRASH_ON_WAL) == is_wal(f);

    if (!disk.dead && ++disk.ops == disk.pull_at)
        crash_pull_now();
    if (disk.dead)
        return SQLITE_IOERR;
    if (disk.fail_code == 0 || disk.fail_op != op || !hits)
        return SQLITE_OK;
    if (disk.fail_left > 1) {
        disk.fail_left--;
        return SQLITE_OK;
    }
    disk.failed = true;
    return disk.fail_code;
}

/* ---- SQLite's calls: bytes -------------------------------------------- */

static struct disk_file *of(sqlite3_file *h)
{
    return ((struct handle *)h)->file;
}

static int do_read(sqlite3_file *h, void *to, int n, sqlite3_int64 offset)
{
    const struct image *i = &of(h)->now;
    size_t at = (size_t)offset, want = (size_t)n, have = at < i->len ? i->len - at : 0;

    if (disk.dead)
        return SQLITE_IOERR;
    if (have >= want) {
        memcpy(to, i->at + at, want);
        return SQLITE_OK;
    }
    memset(to, 0, want);
    if (have)
        memcpy(to, i->at + at, have);
    return SQLITE_IOERR_SHORT_READ;
}

static int do_write(sqlite3_file *h, const void *from, int n, sqlite3_int64 offset)
{
    struct disk_file *f = of(h);
    int code;

    /* The write at which the plug is pulled is under way: it can be torn as well. */
    if (!disk.dead)
        pending_add(f, (size_t)offset, from, (size_t)n);
    code = operate(f, CRASH_WRITE);
    if (code == SQLITE_OK)
        image_put(&f->now, (size_t)offset, from, (size_t)n);
    else if (!disk.dead)
        free(f->pending[--f->pending_count].bytes);
    return code;
}

static int do_truncate(sqlite3_file *h, sqlite3_int64 size)
{
    struct disk_file *f = of(h);
    int code = operate(f, CRASH_WRITE);

    if (code != SQLITE_OK)
        return code;
    image_size(&f->now, (size_t)size);
    pending_add(f, (size_t)size, NULL, 0);
    return SQLITE_OK;
}

static int do_sync(sqlite3_file *h, int flags)
{
    struct disk_file *f = of(h);
    int code = operate(f, CRASH_SYNC);

    (void)flags;
    if (disk.dead)
        return code;
    if (code != SQLITE_OK) {
        survive(f);
        return code;
    }
    if (disk.lying)
        return SQLITE_OK;
    for (size_t i = 0; i < f->pending_count; i++)
        pending_apply(&f->disk, &f->pending[i], false);
    pending_clear(f);
    return SQLITE_OK;
}

static int do_size(sqlite3_file *h, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)of(h)->now.len;
    return disk.dead ? SQLITE_IOERR : SQLITE_OK;
}

/* ---- SQLite's calls: locks and shared memory --------------------------- */

static int do_lock(sqlite3_file *h, int want)
{
    struct handle *me = (struct handle *)h;
    struct disk_file *f = me->file;

    if (want <= me->lock)
        return SQLITE_OK;
    if (want == SQLITE_LOCK_SHARED) {
        if (f->wants_all || f->all)
            return SQLITE_BUSY;
        f->shared++;
    } else if (want == SQLITE_LOCK_RESERVED) {
        if (f->reserved && f->reserved != h)
            return SQLITE_BUSY;
        f->reserved = h;
    } else {
        if (f->reserved && f->reserved != h)
            return SQLITE_BUSY;
        f->wants_all = h;
        me->lock = SQLITE_LOCK_PENDING;
        if (f->shared > 1)
            return SQLITE_BUSY;
        f->all = h;
    }
    me->lock = want;
    return SQLITE_OK;
}

static int do_unlock(sqlite3_file *h, int want)
{
    struct handle *me = (struct handle *)h;
    struct disk_file *f = me->file;

    if (me->lock <= want)
        return SQLITE_OK;
    if (f->reserved == h)
        f->reserved = NULL;
    if (f->wants_all == h)
        f->wants_all = NULL;
    if (f->all == h)
        f->all = NULL;
    if (want == SQLITE_LOCK_NONE)
        f->shared--;
    me->lock = want;
    return SQLITE_OK;
}

static int do_check_reserved(sqlite3_file *h, int *out)
{
    *out = of(h)->reserved != NULL;
    return SQLITE_OK;
}

static int do_shm_map(sqlite3_file *h, int region, int size, int extend, void volatile **out)
{
    struct handle *me = (struct handle *)h;
    struct disk_file *f = me->file;

    MUST(region >= 0 && region < SHM_REGIONS);
    *out = NULL;
    if (disk.dead)
        return SQLITE_IOERR;
    if (!me->has_shm)
        f->shm_users++;
    me->has_shm = true;
    if (!f->shm[region] && extend) {
        f->shm[region] = calloc(1, (size_t)size);
        MUST(f->shm[region]);
    }
    *out = f->shm[region];
    return SQLITE_OK;
}

static int do_shm_lock(sqlite3_file *h, int first, int n, int flags)
{
    struct handle *me = (struct handle *)h;
    struct disk_file *f = me->file;
    bool shared = flags & SQLITE_SHM_SHARED;

    for (int i = first; i < first + n; i++) {
        bool mine = me->shm_shared >> i & 1;

        if (flags & SQLITE_SHM_UNLOCK)
            continue;
        if (f->shm_owner[i] && f->shm_owner[i] != h)
            return SQLITE_BUSY;
        if (!shared && f->shm_shared[i] > (mine ? 1 : 0))
            return SQLITE_BUSY;
    }
    for (int i = first; i < first + n; i++) {
        bool mine = me->shm_shared >> i & 1;

        if (flags & SQLITE_SHM_LOCK && shared && !mine) {
            f->shm_shared[i]++;
            me->shm_shared = (unsigned short)(me->shm_shared | 1u << i);
        } else if (flags & SQLITE_SHM_LOCK && !shared) {
            f->shm_owner[i] = h;
        } else if (flags & SQLITE_SHM_UNLOCK) {
            if (mine)
                f->shm_shared[i]--;
            me->shm_shared = (unsigned short)(me->shm_shared & ~(1u << i));
            if (f->shm_owner[i] == h)
                f->shm_owner[i] = NULL;
        }
    }
    return SQLITE_OK;
}

static void do_shm_barrier(sqlite3_file *h)
{
    (void)h;
}

static int do_shm_unmap(sqlite3_file *h, int remove)
{
    struct handle *me = (struct handle *)h;
    struct disk_file *f = me->file;

    (void)remove;
    if (!me->has_shm)
        return SQLITE_OK;
    (void)do_shm_lock(h, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK);
    me->has_shm = false;
    if (--f->shm_users == 0)
        for (size_t i = 0; i < SHM_REGIONS; i++) {
            free(f->shm[i]);
            f->shm[i] = NULL;
        }
    return SQLITE_OK;
}

/* ---- SQLite's calls: the rest ------------------------------------------ */

static int do_control(sqlite3_file *h, int op, void *arg)
{
    (void)h, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int do_sector(sqlite3_file *h)
{
    (void)h;
    return SECTOR;
}

/* As the disk of the product: a torn write harms only the bytes that it writes. */
static int do_traits(sqlite3_file *h)
{
    (void)h;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int do_close(sqlite3_file *h)
{
    struct disk_file *f = of(h);

    (void)do_unlock(h, SQLITE_LOCK_NONE);
    (void)do_shm_unmap(h, 0);
    if (--f->opened == 0) {
        file_store(f);
        file_forget(f);
    }
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_reserved,
    .xFileControl = do_control,
    .xSectorSize = do_sector,
    .xDeviceCharacteristics = do_traits,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *v, const char *path, sqlite3_file *h, int flags, int *flags_out)
{
    struct handle *me = (struct handle *)h;

    (void)v;
    *me = (struct handle){0};
    MUST(path && strlen(path) < PATH_BYTES);
    if (disk.dead)
        return SQLITE_IOERR;
    if (!(flags & SQLITE_OPEN_CREATE) && !file_of(path) && access(path, F_OK) != 0)
        return SQLITE_CANTOPEN;
    me->file = file_take(path);
    me->base.pMethods = &methods;
    if (flags_out)
        *flags_out = flags;
    return SQLITE_OK;
}

static int do_delete(sqlite3_vfs *v, const char *path, int sync)
{
    (void)v, (void)sync;
    if (disk.dead)
        return SQLITE_IOERR;
    MUST(!file_of(path));
    return unlink(path) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int do_access(sqlite3_vfs *v, const char *path, int flags, int *out)
{
    struct disk_file *f = file_of(path);
    struct stat st;

    (void)v, (void)flags;
    /* As the unix VFS has it: an empty file is as good as none. */
    *out = f ? f->now.len > 0 : stat(path, &st) == 0 && st.st_size > 0;
    return disk.dead ? SQLITE_IOERR : SQLITE_OK;
}

static int do_full_path(sqlite3_vfs *v, const char *path, int size, char *out)
{
    (void)v;
    return snprintf(out, (size_t)size, "%s", path) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int do_last_error(sqlite3_vfs *v, int size, char *out)
{
    (void)v, (void)size, (void)out;
    return 0;
}

/* What SQLite draws (the salts of the WAL) comes from the seed too. */
static int do_chance(sqlite3_vfs *v, int n, char *out)
{
    (void)v;
    for (int i = 0; i < n; i++)
        out[i] = (char)crash_dice(256);
    return n;
}

/* ---- the test's calls ------------------------------------------------- */

void crash_start(uint64_t seed)
{
    for (size_t i = 0; i < VFS_FILES; i++)
        MUST(disk.files[i].opened == 0);
    if (!disk.registered) {
        disk.real = sqlite3_vfs_find(NULL);
        MUST(disk.real);
        disk.vfs = *disk.real; /* the clocks are the real ones */
        disk.vfs.iVersion = 2;
        disk.vfs.szOsFile = sizeof(struct handle);
        disk.vfs.mxPathname = PATH_BYTES;
        disk.vfs.zName = "crash";
        disk.vfs.xOpen = do_open;
        disk.vfs.xDelete = do_delete;
        disk.vfs.xAccess = do_access;
        disk.vfs.xFullPathname = do_full_path;
        disk.vfs.xRandomness = do_chance;
        disk.vfs.xGetLastError = do_last_error;
        MUST(sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK);
        disk.registered = true;
    }
    disk.seed = seed;
    disk.ops = disk.pull_at = disk.fail_left = 0;
    disk.fail_code = 0;
    disk.dead = disk.lying = disk.failed = false;
    sqlite3_randomness(0, NULL); /* draws its own seed anew */
}

void crash_pull_at(uint64_t n)
{
    disk.pull_at = disk.ops + n;
}

bool crash_is_dead(void)
{
    return disk.dead;
}

void crash_restart(void)
{
    for (size_t i = 0; i < VFS_FILES; i++)
        MUST(disk.files[i].opened == 0);
    disk.dead = false;
    disk.pull_at = 0;
}

void crash_fail(enum crash_op op, enum crash_on on, uint64_t n, int code)
{
    disk.fail_op = op;
    disk.fail_on = on;
    disk.fail_left = n;
    disk.fail_code = code;
    disk.failed = false;
}

void crash_heal(void)
{
    disk.fail_code = 0;
}

bool crash_has_failed(void)
{
    return disk.failed;
}

void crash_lie(bool lying)
{
    disk.lying = lying;
}
