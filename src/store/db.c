#include "store/db.h"

#include "base/when.h"
#include "os/clock.h"
#include "os/file.h"

#include <errno.h>
#include <pthread.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct db_stmt {
    struct db *db;
    sqlite3_stmt *at;
    int bound; /* the first refusal of a parameter (out of memory), told by the next step */
};

struct db {
    sqlite3 *at;
    bool reader, as_found, damaged;
    int wal_pages; /* in the WAL, as the last commit told */
    int wal_done;  /* of them already copied into the file */
    size_t statements;
    struct db_stmt statement[DB_STATEMENTS_MAX];
    char path[DB_PATH_MAX];
    bool still; /* read as a file that nobody changes */
};

/* What the user can do about each kind of failure; the first row that fits counts. */
static const struct saying {
    int code;
    const char *text;
} sayings[] = {
    {SQLITE_FULL, "the disk is full: make room on it, or move the folder to a larger one"},
    {SQLITE_CORRUPT, "the file is damaged"},
    {SQLITE_NOTADB, "the file is damaged: it does not begin as a database does"},
    {SQLITE_BUSY, "another program holds the file: close it (is a second Cordon running?)"},
    {SQLITE_LOCKED, "another program holds the file: close it (is a second Cordon running?)"},
    {SQLITE_READONLY, "the file cannot be written: check who owns it and how the disk is mounted"},
    {SQLITE_PERM, "the file cannot be used: check who owns it"},
    {SQLITE_CANTOPEN, "the file cannot be opened: check that its folder is there and who owns it"},
    {SQLITE_NOMEM, "there is not enough memory"},
    {SQLITE_IOERR, "the disk failed: check its cable or card and the kernel's log"},
};

static const char *saying_of(int code)
{
    for (size_t i = 0; i < COUNTOF(sayings); i++)
        if (sayings[i].code == (code & 0xFF))
            return sayings[i].text;
    return "the database refused";
}

static bool is_damage(int code)
{
    return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB ||
           code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ ||
           code == SQLITE_IOERR_DATA || code == SQLITE_IOERR_CORRUPTFS;
}

/* Makes the sentence of the last failure; returns false. */
static bool refuse(struct db *d, int code, struct err *e)
{
    int system = d->at ? sqlite3_system_errno(d->at) : 0;
    bool by_system = system && ((code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN);

    /* Misuse of the library is a bug of ours, never something that the world did. */
    MUST(code != SQLITE_OK && code != SQLITE_MISUSE && code != SQLITE_RANGE);
    d->damaged = is_damage(code);
    return err_set(e, ERR_WORLD, "%s: %s (%s, code %d)", d->path,
                   saying_of(by_system && system == ENOSPC ? SQLITE_FULL : code),
                   by_system ? strerror(system)
                   : d->at   ? sqlite3_errmsg(d->at)
                             : sqlite3_errstr(code),
                   code);
}

/* ---- opening ---------------------------------------------------------- */

/* SQLite would make the file readable for others; it takes the mode of the WAL from it.
 * One that is there is not opened here: closing it again would let go of the locks that
 * other connections of this program have on it (POSIX locks belong to the process), and
 * the next program that closes the file would take the WAL away from under them. */
static bool make_private(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        file_give(fd, path);
        (void)close(fd);
    } else if (errno != EEXIST || access(path, R_OK | W_OK) != 0)
        return err_set(e, ERR_WORLD, "%s: cannot be opened for writing: %s", path, strerror(errno));
    return true;
}

/* Learns how many pages lie in the WAL; set in place of SQLite's own checkpointing. */
static int wal_grew(void *ctx, sqlite3 *at, const char *name, int pages)
{
    struct db *d = ctx;

    (void)at, (void)name;
    if (pages < d->wal_pages) /* the WAL was begun anew */
        d->wal_done = 0;
    d->wal_pages = pages;
    return SQLITE_OK;
}

static bool configure(struct db *d, const struct db_options *o, struct err *e)
{
    int64_t pages = 0;
    char sql[512];

    (void)sqlite3_extended_result_codes(d->at, 1);
    (void)sqlite3_busy_timeout(d->at, DB_BUSY_MS);
    (void)sqlite3_db_config(d->at, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(d->at, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (o->as_found) /* the last one to close would otherwise write the WAL into the file */
        (void)sqlite3_db_config(d->at, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)snprintf(sql, sizeof sql, "PRAGMA cache_size=-%d; PRAGMA cell_size_check=ON; %s",
                   o->cache_kib ? o->cache_kib : DB_CACHE_KIB, o->reader || o->as_found ? "PRAGMA query_only=ON;" : "");
    if (!db_run(d, sql, e))
        return false;
    if (o->reader || o->as_found)
        return true;
    /* Only a new file takes it, and saying it again to an old one would write. */
    if (!db_ask(d, "PRAGMA page_count", &pages, e))
        return false;
    (void)snprintf(sql, sizeof sql,
                   "%sPRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA secure_delete=%s;"
                   "PRAGMA journal_size_limit=%d; PRAGMA foreign_keys=ON;",
                   o->incremental && pages == 0 ? "PRAGMA auto_vacuum=INCREMENTAL;" : "",
                   o->sync_full ? "FULL" : "NORMAL", o->wipe ? "ON" : "OFF", DB_WAL_FILE_MAX);
    (void)sqlite3_wal_hook(d->at, wal_grew, d);
    return db_run(d, sql, e);
}

/* Pages of a cache are taken one by one as they are read: SQLite would take twenty at once for each
 * of our dozen connections, most of which read a few. */
static void configure_once(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    (void)sqlite3_soft_heap_limit64(DB_HEAP_SOFT);
}

/* A file in WAL mode wants its -shm made, even to be read; on a medium that is write-protected, as evidence is, nobody
 * can.  Nobody changes it there either, so the file alone may be read, if all is in it.  False: what was written last
 * still lies in the WAL, and only where the folder can be written it is read. */
static bool lies_still(const char *path, bool *still, struct err *e)
{
    char beside[DB_PATH_MAX + 8];
    struct stat st;
    const char *slash = strrchr(path, '/');

    (void)snprintf(beside, sizeof beside, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    *still = access(path, R_OK) == 0 && access(beside, W_OK) != 0;
    (void)snprintf(beside, sizeof beside, "%s-shm", path);
    if (!*still || access(beside, F_OK) == 0)
        *still = false;
    else if ((void)snprintf(beside, sizeof beside, "%s-wal", path), stat(beside, &st) == 0 && st.st_size > 0)
        return err_set(e, ERR_WORLD, "nothing can be written beside %s, and what came last lies in %s: copy the whole "
                       "folder to where it can be written, and look there", path, beside);
    return true;
}

bool db_moved(const struct db *d)
{
    char beside[DB_PATH_MAX + 8];

    (void)snprintf(beside, sizeof beside, "%s-shm", d->path);
    return d->still && access(beside, F_OK) == 0;
}

/* The name that tells SQLite so. */
static void put_still(const char *path, char *to, size_t size)
{
    struct buf b = buf_over(to, size - 1);

    buf_put(&b, STR("file:"));
    for (const char *c = path; *c; c++)
        if (strchr("%?#", *c))
            buf_fmt(&b, "%%%02x", (unsigned)*c);
        else
            buf_byte(&b, *c);
    buf_put(&b, STR("?immutable=1"));
    MUST(!b.full);
    to[b.len] = 0;
}

static int open_at(struct db *d, const struct db_options *o, bool still)
{
    int flags = SQLITE_OPEN_NOMUTEX | (o->reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                (o->reader || o->as_found ? 0 : SQLITE_OPEN_CREATE);
    char name[3 * DB_PATH_MAX + 32];

    if (!still)
        return sqlite3_open_v2(d->path, &d->at, flags, NULL);
    put_still(d->path, name, sizeof name);
    return sqlite3_open_v2(name, &d->at, flags | SQLITE_OPEN_URI, NULL);
}

bool db_open(const char *path, const struct db_options *o, struct db **out, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct db *d = calloc(1, sizeof *d);
    bool still = false;
    int code;

    *out = NULL;
    MUST(!(o->reader && o->as_found));
    if (!d)
        return err_set(e, ERR_WORLD, "%s: there is not enough memory", path);
    d->reader = o->reader;
    d->as_found = o->as_found;
    if (!str_copy(d->path, sizeof d->path, str_from(path))) {
        free(d);
        return err_set(e, ERR_INPUT, "the name of the data folder is too long");
    }
    if (o->reader ? o->evidence && !lies_still(path, &still, e) : !o->as_found && !make_private(path, e)) {
        free(d);
        return false;
    }
    MUST(pthread_once(&once, configure_once) == 0);
    d->still = still;
    code = open_at(d, o, still);
    if (code != SQLITE_OK ? !refuse(d, code, e) : !configure(d, o, e)) {
        /* Whoever opened it wants to know whether to mend it: that is all that remains. */
        *out = d;
        return false;
    }
    *out = d;
    return true;
}

void db_close(struct db *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->statements; i++)
        (void)sqlite3_finalize(d->statement[i].at);
    if (d->at && !d->reader && !d->as_found && sqlite3_get_autocommit(d->at) == 0)
        db_rollback(d);
    MUST(sqlite3_close(d->at) == SQLITE_OK);
    free(d);
}

/* ---- statements ------------------------------------------------------- */

bool db_run(struct db *d, const char *sql, struct err *e)
{
    int code = sqlite3_exec(d->at, sql, NULL, NULL, NULL);

    return code == SQLITE_OK || refuse(d, code, e);
}

bool db_ask(struct db *d, const char *sql, int64_t *out, struct err *e)
{
    sqlite3_stmt *at = NULL;
    int code = sqlite3_prepare_v2(d->at, sql, -1, &at, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(at);
        if (code == SQLITE_ROW)
            *out = sqlite3_column_int64(at, 0);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        (void)refuse(d, code, e);
    (void)sqlite3_finalize(at);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

bool db_prepare(struct db *d, const char *sql, struct db_stmt **out, struct err *e)
{
    struct db_stmt *s = &d->statement[d->statements];
    int code;

    *out = NULL;
    MUST(d->statements < DB_STATEMENTS_MAX);
    code = sqlite3_prepare_v3(d->at, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->at, NULL);
    if (code != SQLITE_OK)
        return refuse(d, code, e);
    s->db = d;
    s->bound = SQLITE_OK;
    d->statements++;
    *out = s;
    return true;
}

bool db_prepare_once(struct db *d, struct db_stmt **at, const char *sql, struct err *e)
{
    return *at || db_prepare(d, sql, at, e);
}

static void bound(struct db_stmt *s, int code)
{
    MUST(code != SQLITE_RANGE && code != SQLITE_MISUSE);
    if (code != SQLITE_OK && s->bound == SQLITE_OK)
        s->bound = code;
}

void db_set_int(struct db_stmt *s, int i, int64_t value)
{
    bound(s, sqlite3_bind_int64(s->at, i, value));
}

void db_set_blob(struct db_stmt *s, int i, struct str bytes)
{
    /* NULL bytes would be an SQL NULL, which is something else than no bytes. */
    bound(s, sqlite3_bind_blob64(s->at, i, bytes.len ? bytes.at : "", bytes.len, SQLITE_STATIC));
}

void db_set_text(struct db_stmt *s, int i, struct str text)
{
    bound(s, sqlite3_bind_text64(s->at, i, text.len ? text.at : "", text.len, SQLITE_STATIC,
                                 SQLITE_UTF8));
}

void db_set_null(struct db_stmt *s, int i)
{
    bound(s, sqlite3_bind_null(s->at, i));
}

void db_set_same(struct db_stmt *s, int i, struct db_stmt *from, int column)
{
    bound(s, sqlite3_bind_value(s->at, i, sqlite3_column_value(from->at, column)));
}

enum db_step db_step(struct db_stmt *s, struct err *e)
{
    int code = s->bound == SQLITE_OK ? sqlite3_step(s->at) : s->bound;

    if (code == SQLITE_ROW)
        return DB_ROW;
    if (code == SQLITE_DONE)
        return DB_DONE;
    (void)refuse(s->db, code, e);
    db_reset(s);
    return DB_FAILED;
}

/* When all of the WAL was copied the next commit begins it anew; a reader that still
 * needs a part of it puts that off, and only what is new since then counts again. */
static void checkpoint(struct db *d)
{
    int pages = 0, copied = 0;

    if (sqlite3_wal_checkpoint_v2(d->at, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied) ==
        SQLITE_OK)
        d->wal_done = copied;
}

static void bound_wal(struct db *d)
{
    if (!d->reader && d->wal_pages - d->wal_done >= DB_WAL_PAGES_MAX &&
        sqlite3_get_autocommit(d->at) != 0)
        checkpoint(d);
}

bool db_do(struct db_stmt *s, struct err *e)
{
    enum db_step step = db_step(s, e);

    MUST(step != DB_ROW);
    db_reset(s);
    if (step == DB_DONE)
        bound_wal(s->db);
    return step == DB_DONE;
}

void db_reset(struct db_stmt *s)
{
    (void)sqlite3_reset(s->at); /* tells the failure of the step once more */
    s->bound = SQLITE_OK;
}

int64_t db_int(struct db_stmt *s, int column)
{
    return sqlite3_column_int64(s->at, column);
}

struct str db_blob(struct db_stmt *s, int column)
{
    const void *at = sqlite3_column_blob(s->at, column);

    return str_of(at, at ? (size_t)sqlite3_column_bytes(s->at, column) : 0);
}

struct str db_text(struct db_stmt *s, int column)
{
    const void *at = sqlite3_column_text(s->at, column);

    return str_of(at, at ? (size_t)sqlite3_column_bytes(s->at, column) : 0);
}

bool db_is_null(struct db_stmt *s, int column)
{
    return sqlite3_column_type(s->at, column) == SQLITE_NULL;
}

/* ---- transactions ----------------------------------------------------- */

bool db_begin(struct db *d, struct err *e)
{
    MUST(sqlite3_get_autocommit(d->at) != 0);
    return db_run(d, "BEGIN IMMEDIATE", e);
}

void db_rollback(struct db *d)
{
    /* Disk full and the like may have rolled it back already. */
    if (sqlite3_get_autocommit(d->at) == 0)
        (void)sqlite3_exec(d->at, "ROLLBACK", NULL, NULL, NULL);
    MUST(sqlite3_get_autocommit(d->at) != 0);
}

bool db_commit(struct db *d, struct err *e)
{
    /* A transaction that a failure has ended is not there to be committed. */
    if (sqlite3_get_autocommit(d->at) != 0)
        return err_set(e, ERR_WORLD, "%s: the changes were rolled back by a failure before",
                       d->path);
    if (!db_run(d, "COMMIT", e)) {
        db_rollback(d);
        return false;
    }
    bound_wal(d);
    return true;
}

void db_idle(struct db *d)
{
    if (!d->reader && d->wal_pages - d->wal_done >= DB_WAL_PAGES_IDLE &&
        sqlite3_get_autocommit(d->at) != 0)
        checkpoint(d);
}

bool db_empty_wal(struct db *d, struct err *e)
{
    int code = sqlite3_wal_checkpoint_v2(d->at, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if (code != SQLITE_OK)
        return refuse(d, code, e);
    d->wal_pages = d->wal_done = 0;
    return true;
}

enum { COPY_PAGES = 256, COPY_WAIT_MS = 50, COPY_WAITS = 100 };

static bool copy_pages(const struct db_copy *c, struct db *from, struct db *to, struct err *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to->at, "main", from->at, "main");
    int code = b ? SQLITE_OK : sqlite3_errcode(to->at), waits = 0;

    while (b && code == SQLITE_OK) {
        code = sqlite3_backup_step(b, COPY_PAGES);
        if ((code == SQLITE_BUSY || code == SQLITE_LOCKED) && waits++ < COPY_WAITS) {
            (void)sqlite3_sleep(COPY_WAIT_MS);
            code = SQLITE_OK;
        }
        if (code == SQLITE_OK && c->tell &&
            !c->tell(c->ctx, (uint64_t)(sqlite3_backup_pagecount(b) - sqlite3_backup_remaining(b)),
                     (uint64_t)sqlite3_backup_pagecount(b))) {
            (void)sqlite3_backup_finish(b);
            return err_set(e, ERR_DENIED, "%s: the copy was broken off", c->from);
        }
    }
    if (b && sqlite3_backup_finish(b) != SQLITE_OK && code == SQLITE_DONE)
        code = sqlite3_errcode(to->at);
    return code == SQLITE_DONE || refuse(to, code, e);
}

bool db_copy(const struct db_copy *c, struct err *e)
{
    struct db_options reader = {.reader = true}, as_found = {.as_found = true};
    struct db *from = NULL, *to = NULL;
    int64_t pages;
    bool ok = make_private(c->to, e) && db_open(c->from, &reader, &from, e) && db_open(c->to, &as_found, &to, e);

    /* One moment for all pages: without it the copy would begin anew with each commit of the writer. */
    ok = ok && db_run(to, "PRAGMA query_only=OFF", e) && db_run(from, "BEGIN", e) &&
         db_ask(from, "SELECT count(*) FROM sqlite_master", &pages, e) && copy_pages(c, from, to, e);
    db_close(to);
    db_close(from);
    return ok;
}

int64_t db_last_id(struct db *d)
{
    return sqlite3_last_insert_rowid(d->at);
}

int64_t db_changes(struct db *d)
{
    return sqlite3_changes64(d->at);
}

bool db_damaged(const struct db *d)
{
    return d->damaged;
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

/* A name that is not taken yet: FILE.damaged-20260102T030405678Z. */
static void aside_name(const char *path, char out[DB_PATH_MAX])
{
    for (int64_t at = clock_wall_ms();; at++) {
        char text[WHEN_TEXT_MAX], stamp[WHEN_TEXT_MAX];
        struct buf b = buf_over(text, sizeof text);
        size_t n = 0;

        when_put(&b, at);
        for (size_t i = 0; i < b.len; i++)
            if (text[i] != '-' && text[i] != ':' && text[i] != '.')
                stamp[n++] = text[i];
        (void)snprintf(out, DB_PATH_MAX, "%.*s.damaged-%.*s", DB_PATH_MAX - 64, path, (int)n,
                       stamp);
        if (access(out, F_OK) != 0)
            return;
    }
}

/* Renames FILE with suffix to TO with suffix; one that is not there is fine. */
static bool move(const char *file, const char *to, const char *suffix, struct err *e)
{
    char a[DB_PATH_MAX + 8], b[DB_PATH_MAX + 8];

    (void)snprintf(a, sizeof a, "%s%s", file, suffix);
    (void)snprintf(b, sizeof b, "%s%s", to, suffix);
    if (rename(a, b) == 0 || errno == ENOENT)
        return true;
    return err_set(e, ERR_WORLD, "%s cannot be renamed to %s: %s", a, b, strerror(errno));
}

bool db_move_aside(const char *path, char aside[DB_PATH_MAX], struct err *e)
{
    char shm[DB_PATH_MAX + 8];

    aside_name(path, aside);
    /* The file goes first: a WAL that is left alone is harmless, a file without its WAL is not. */
    if (!move(path, aside, "", e) || !move(path, aside, "-wal", e))
        return false;
    (void)snprintf(shm, sizeof shm, "%s-shm", path);
    (void)unlink(shm);
    return true;
}

uint64_t db_bytes(const struct db *d)
{
    char wal[DB_PATH_MAX + 8];

    (void)snprintf(wal, sizeof wal, "%s-wal", d->path);
    return size_of(d->path) + size_of(wal);
}
