/* db.h -- SQLite behind a few functions: the only file of Cordon that knows <sqlite3.h>.
 *
 * A struct db is one connection and belongs to one thread at a time.  Files are
 * in WAL mode and made 0600.  A writer checkpoints by itself: db_idle() in quiet
 * moments, and in db_commit() when the WAL has grown past DB_WAL_PAGES_MAX, so that
 * the WAL stays bounded as long as no reader sits in one statement for ever.
 * A failed checkpoint is not an error: what was committed lies synced in the WAL.
 *
 * Sentences name the file and say what to do.  A statement that failed is reset;
 * a transaction that failed is rolled back whole. */
#ifndef CORDON_STORE_DB_H
#define CORDON_STORE_DB_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum {
    DB_STATEMENTS_MAX = 80, /* prepared statements of one connection; more is our bug */
    DB_PATH_MAX = 1024,
    DB_CACHE_KIB = 4096,                /* page cache of one connection, unless it says less */
    DB_HEAP_SOFT = 48 * 1024 * 1024,    /* all of SQLite; past it caches shrink */
    DB_BUSY_MS = 5000,                  /* how long to wait for another program's lock */
    DB_WAL_PAGES_IDLE = 256,            /* db_idle() checkpoints from here on (1 MiB) */
    DB_WAL_PAGES_MAX = 4096,            /* db_commit() checkpoints from here on (16 MiB) */
    DB_WAL_FILE_MAX = 16 * 1024 * 1024, /* the WAL file is cut back to this when it restarts */
};

struct db;
struct db_stmt;

struct db_options {
    bool reader;      /* read-only, beside a writer; the file must be there */
    bool sync_full;   /* every commit is on disk when it returns; else a power cut may cost the last
                         ones */
    bool incremental; /* the file can shrink again (db_run "PRAGMA incremental_vacuum(N)") */
    bool wipe;        /* overwrite deleted content with zeros */
    bool evidence;    /* with reader: where nothing can be written and nobody writes, the file alone is read */
    bool as_found;    /* open a damaged file without changing a byte of it */
    int cache_kib;    /* of its page cache; 0: DB_CACHE_KIB */
};

/* On false *out may be a connection all the same: ask it db_damaged(), then close it. */
bool db_open(const char *path, const struct db_options *o, struct db **out, struct err *e) MUST_USE;
/* Was it opened as evidence, and did somebody open it to write since?  Then what was read of it proves nothing. */
bool db_moved(const struct db *d) MUST_USE;
/* Rolls back what is open, checkpoints (writer) and closes; NULL is fine. */
void db_close(struct db *d);

/* One or more statements without parameters and results. */
bool db_run(struct db *d, const char *sql, struct err *e) MUST_USE;
/* The first column of the first row of a query; *out unchanged when there is no row. */
bool db_ask(struct db *d, const char *sql, int64_t *out, struct err *e) MUST_USE;

/* The statement lives until db_close(). */
bool db_prepare(struct db *d, const char *sql, struct db_stmt **out, struct err *e) MUST_USE;
/* The same, unless *at is prepared already. */
bool db_prepare_once(struct db *d, struct db_stmt **at, const char *sql, struct err *e) MUST_USE;
/* Parameters count from 1.  Bytes are borrowed until the next db_reset(). */
void db_set_int(struct db_stmt *s, int i, int64_t value);
void db_set_blob(struct db_stmt *s, int i, struct str bytes);
void db_set_text(struct db_stmt *s, int i, struct str text);
void db_set_null(struct db_stmt *s, int i);
/* The value of a column of another statement's row, copied. */
void db_set_same(struct db_stmt *s, int i, struct db_stmt *from, int column);

enum db_step { DB_ROW, DB_DONE, DB_FAILED };
enum db_step db_step(struct db_stmt *s, struct err *e) MUST_USE;
/* Steps a statement that gives no rows to its end, and resets it. */
bool db_do(struct db_stmt *s, struct err *e) MUST_USE;
void db_reset(struct db_stmt *s);

/* Columns count from 0 and are borrowed until the next step or reset. */
int64_t db_int(struct db_stmt *s, int column);
struct str db_blob(struct db_stmt *s, int column);
struct str db_text(struct db_stmt *s, int column);
bool db_is_null(struct db_stmt *s, int column);

/* A write transaction: takes the write lock at once. */
bool db_begin(struct db *d, struct err *e) MUST_USE;
/* On false all of it is rolled back. */
bool db_commit(struct db *d, struct err *e) MUST_USE;
void db_rollback(struct db *d);

int64_t db_last_id(struct db *d);
int64_t db_changes(struct db *d);
/* Was the last failure damage of the file (or a sector that cannot be read)? */
bool db_damaged(const struct db *d);
/* Checkpoints when it is worth it; never waits for readers. */
void db_idle(struct db *d);
/* Copies the whole WAL into the file and empties it, waiting for readers at most
 * DB_BUSY_MS; false when one of them still sits on it. */
bool db_empty_wal(struct db *d, struct err *e) MUST_USE;
/* Copies the database file `from` as it is at this moment, beside its writer, into the new file `to`; the WAL cannot
 * be emptied meanwhile.  tell() is called between steps with pages done and in all, and false from it ends it. */
typedef bool db_tell(void *ctx, uint64_t done, uint64_t of);
struct db_copy {
    const char *from, *to;
    db_tell *tell;
    void *ctx;
};
bool db_copy(const struct db_copy *c, struct err *e) MUST_USE;
/* Renames the closed file and its WAL to FILE.damaged-TIME, each if it is there; aside
 * tells the name. */
bool db_move_aside(const char *path, char aside[DB_PATH_MAX], struct err *e) MUST_USE;
/* Size of the file and its WAL. */
uint64_t db_bytes(const struct db *d);

#endif
