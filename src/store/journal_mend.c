/* What opening does about damage.  The rule: it always starts, it carries on with
 * everything that can still be read, and it destroys nothing; what an inquiry may want
 * to look at stays as it was found.
 *
 * 1. The end.  A row is good when its predecessor is there and SHA-256(hash before || body)
 *    is its hash.  The chain goes on from the last good row.  Rows after that one cannot be
 *    gone on from: they are moved, key and all, to the table `torn`, with the time and the
 *    reason.  A bad row or a gap with good rows behind it stays where it is: the rows
 *    behind it were acknowledged and are needed, and `cordon verify` names it for ever.
 *
 * 2. The file.  When SQLite says that it is damaged (on opening, or a read of an
 *    earlier run met it and left the mark journal.mend), every row that can be read is
 *    copied as it is - seq, body, hash, key - into journal.db.mending; the old file and its
 *    WAL are renamed to journal.db.damaged-TIME, byte for byte as found; the new one takes
 *    its place.  It is the same chain, so witnessed heads still hold, and rows that
 *    could not be read are gaps that verify names.  When nothing can be read the new
 *    chain begins with row 1.
 *
 * Each step can be cut off by a power cut: a file journal.db.mending beside a journal.db
 * is unfinished and thrown away; without one it is finished and takes its place.
 * The note of journal_open() tells all this; the record thread writes it as an entry. */
#include "os/clock.h"
#include "store/journal_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    MEND_MISSES_MAX = 100000, /* rows in a row that cannot be read before the rest is given up */
    MEND_BATCH = 10000,       /* rows copied in one transaction */
};

bool journal_make_tables(struct db *db, struct err *e)
{
    char sql[2048];

    (void)snprintf(sql, sizeof sql,
                   "BEGIN IMMEDIATE;"
                   "CREATE TABLE IF NOT EXISTS journal("
                   " seq INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
                   "CREATE TABLE IF NOT EXISTS keys(seq INTEGER PRIMARY KEY, wrapped BLOB) STRICT;"
                   "CREATE TABLE IF NOT EXISTS snapshots("
                   " at_seq INTEGER PRIMARY KEY, rows BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
                   "CREATE TABLE IF NOT EXISTS checkpoints("
                   " id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
                   " hash BLOB NOT NULL, public BLOB NOT NULL, signature BLOB NOT NULL) STRICT;"
                   "CREATE TABLE IF NOT EXISTS torn("
                   " id INTEGER PRIMARY KEY, found_ms INTEGER NOT NULL, why TEXT NOT NULL,"
                   " seq INTEGER NOT NULL, body BLOB, hash BLOB, wrapped BLOB) STRICT;"
                   "CREATE TABLE IF NOT EXISTS states("
                   " id INTEGER PRIMARY KEY, incident BLOB NOT NULL, at_seq INTEGER NOT NULL,"
                   " size INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE(incident, at_seq)) STRICT;"
                   "CREATE TABLE IF NOT EXISTS witnesses("
                   " id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, seq INTEGER NOT NULL,"
                   " hash BLOB NOT NULL, signature BLOB, public BLOB, who TEXT NOT NULL,"
                   " UNIQUE(at_ms, seq, hash, who)) STRICT;"
                   "PRAGMA user_version=%d;"
                   "COMMIT",
                   JOURNAL_FORMAT);
    if (db_run(db, sql, e))
        return true;
    db_rollback(db);
    return false;
}

void journal_mark_damage(const char *dir)
{
    char path[DB_PATH_MAX];
    int fd;

    journal_path(dir, "journal.mend", path);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

/* ---- the end of the chain --------------------------------------------- */

struct tail {
    struct journal_head good; /* the last row that fits its predecessor */
    uint64_t last;            /* the highest seq that is there */
    uint64_t rows, bad;       /* of those looked at */
    uint64_t bad_first;       /* the first row that does not fit, 0: none */
};

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Looks at the last `limit` rows; the first of them is only believed when it is row 1. */
static bool tail_look(struct journal *j, int64_t limit, struct tail *t, struct err *e)
{
    unsigned char before[JOURNAL_HASH] = {0};
    struct db_stmt *from, *rows;
    uint64_t expected = 1;
    enum db_step step;

    if (!db_prepare(j->db,
                    "SELECT min(seq) FROM (SELECT seq FROM journal ORDER BY seq DESC LIMIT ?)",
                    &from, e) ||
        !db_prepare(j->db, "SELECT seq, body, hash FROM journal WHERE seq >= ? ORDER BY seq", &rows,
                    e))
        return false;
    *t = (struct tail){0};
    db_set_int(from, 1, limit);
    step = db_step(from, e);
    if (step == DB_FAILED)
        return false;
    db_set_int(rows, 1, db_int(from, 0));
    db_reset(from);
    while ((step = db_step(rows, e)) == DB_ROW) {
        struct stored row = {(uint64_t)db_int(rows, 0), db_blob(rows, 1), db_blob(rows, 2)};
        bool first = t->rows++ == 0 && row.seq != 1;

        t->last = row.seq;
        if (!first && row.seq == expected && journal_body_is_whole(&row) &&
            journal_hash_fits(j, &row, before)) {
            t->good.seq = row.seq;
            memcpy(t->good.hash, row.hash.at, JOURNAL_HASH);
        } else if (!first) {
            t->bad++;
            if (t->bad_first == 0)
                t->bad_first = row.seq;
        }
        expected = row.seq + 1;
        memset(before, 0, sizeof before);
        if (row.hash.len == JOURNAL_HASH)
            memcpy(before, row.hash.at, JOURNAL_HASH);
    }
    db_reset(rows);
    return step != DB_FAILED;
}

/* Moves what stands after the last good row to `torn`. */
static bool tail_drop(struct journal *j, const struct tail *t, struct err *e)
{
    char sql[1024];
    long long good = (long long)t->good.seq;

    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO torn(found_ms, why, seq, body, hash, wrapped)"
        " SELECT %lld, 'does not fit the row before it', journal.seq, body, hash, wrapped"
        " FROM journal LEFT JOIN keys USING(seq) WHERE seq > %lld ORDER BY seq;"
        "DELETE FROM journal WHERE seq > %lld;"
        "DELETE FROM keys WHERE seq > %lld;"
        "DELETE FROM snapshots WHERE at_seq > %lld;"
        "DELETE FROM states WHERE at_seq > %lld",
        (long long)clock_wall_ms(), good, good, good, good, good);
    if (!db_begin(j->db, e))
        return false;
    if (db_run(j->db, sql, e))
        return db_commit(j->db, e);
    db_rollback(j->db);
    return false;
}

static void tail_tell(const struct tail *t, struct journal_opened *how)
{
    unsigned long long good = t->good.seq, last = t->last, first = t->bad_first;

    if (t->bad_first == 0)
        return;
    if (good < last)
        journal_note(
            how,
            "the record's end does not fit its hashes: rows %llu to %llu were moved to the "
            "table torn, row %llu is the last good one",
            good + 1, last, good);
    if (first < good)
        journal_note(how,
                     "row %llu does not fit the one before it: a row is missing or was changed; it "
                     "was left as it is, cordon verify tells more",
                     first);
}

bool journal_mend_tail(struct journal *j, struct journal_opened *how, struct err *e)
{
    struct tail t = {0};
    int64_t signed_seq = 0;

    /* When not one row of the window is good, look at more: all before all is given up. */
    for (int64_t limit = JOURNAL_TAIL + 1;; limit *= 64) {
        if (!tail_look(j, limit, &t, e))
            return false;
        if (t.rows < (uint64_t)limit || t.good.seq > 0)
            break;
    }
    tail_tell(&t, how);
    if (t.good.seq < t.last && !tail_drop(j, &t, e))
        return false;
    j->head = t.good;
    if (!db_ask(j->db, "SELECT max(seq) FROM checkpoints", &signed_seq, e))
        return false;
    if (signed_seq > (int64_t)j->head.seq)
        journal_note(
            how,
            "a signed head names row %lld, but the record ends at row %llu: its end is missing",
            (long long)signed_seq, (unsigned long long)j->head.seq);
    return true;
}

/* ---- the file --------------------------------------------------------- */

/* The tables in the order of what matters most, each with a number as its key.  Snapshots and states
 * are caches: they are left behind. */
static const struct copied {
    const char *select, *insert;
    int columns;
} copies[] = {
    {"SELECT seq, CAST(body AS BLOB), CAST(hash AS BLOB) FROM journal WHERE seq >= ? ORDER BY seq",
     "INSERT OR IGNORE INTO journal(seq, body, hash) VALUES(?, ?, ?)", 3},
    {"SELECT seq, CAST(wrapped AS BLOB) FROM keys WHERE seq >= ? ORDER BY seq",
     "INSERT OR IGNORE INTO keys(seq, wrapped) VALUES(?, ?)", 2},
    {"SELECT id, seq, at_ms, hash, public, signature FROM checkpoints WHERE id >= ? ORDER BY id",
     "INSERT OR IGNORE INTO checkpoints(id, seq, at_ms, hash, public, signature) VALUES(?, ?, ?, "
     "?, ?, ?)",
     6},
    {"SELECT id, found_ms, why, seq, body, hash, wrapped FROM torn WHERE id >= ? ORDER BY id",
     "INSERT OR IGNORE INTO torn(id, found_ms, why, seq, body, hash, wrapped) VALUES(?, ?, ?, ?, "
     "?, ?, ?)",
     7},
    {"SELECT id, at_ms, seq, hash, signature, public, who FROM witnesses WHERE id >= ? ORDER BY id",
     "INSERT OR IGNORE INTO witnesses(id, at_ms, seq, hash, signature, public, who) VALUES(?, ?, ?, ?, ?, ?, ?)", 7},
};

struct copy {
    struct db *from, *to;
    struct db_stmt *select, *insert;
    int columns;
    int64_t next; /* the number to go on with */
    uint64_t done, misses;
};

static bool copy_row(struct copy *c, struct err *e)
{
    for (int i = 0; i < c->columns; i++)
        db_set_same(c->insert, i + 1, c->select, i);
    if (!db_do(c->insert, e))
        return false;
    if (++c->done % MEND_BATCH != 0)
        return true;
    return db_commit(c->to, e) && db_begin(c->to, e);
}

/* Copies row by row; where the file cannot be read it tries the next number, so that one
 * bad page costs the rows on it and not those behind it. */
static bool copy_rows(struct copy *c, struct err *e)
{
    struct err ignored;
    enum db_step step = DB_ROW;

    while (step != DB_DONE && c->misses < MEND_MISSES_MAX) {
        db_set_int(c->select, 1, c->next);
        while ((step = db_step(c->select, &ignored)) == DB_ROW) {
            int64_t at = db_int(c->select, 0);

            if (at < c->next) /* pages that were mixed up would lead round in a circle */
                break;
            if (!copy_row(c, e))
                return false;
            c->next = at + 1;
            c->misses = 0;
        }
        db_reset(c->select);
        c->next++;
        c->misses++;
    }
    return true;
}

/* *rows: how many rows of the journal were carried over. */
static bool copy_all(struct db *from, struct db *to, uint64_t *rows, struct err *e)
{
    struct err ignored;

    *rows = 0;
    if (!journal_make_tables(to, e))
        return false;
    for (size_t i = 0; i < COUNTOF(copies); i++) {
        struct copy c = {.from = from, .to = to, .columns = copies[i].columns, .next = 1};

        if (!db_prepare(from, copies[i].select, &c.select, &ignored))
            continue;
        if (!db_prepare(to, copies[i].insert, &c.insert, e) || !db_begin(to, e))
            return false;
        if (!copy_rows(&c, e)) {
            db_rollback(to);
            return false;
        }
        if (!db_commit(to, e))
            return false;
        if (i == 0)
            *rows = c.done;
    }
    return true;
}

static void remove_with_wal(const char *path)
{
    char name[DB_PATH_MAX + 8];

    (void)unlink(path);
    (void)snprintf(name, sizeof name, "%s-wal", path);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s-shm", path);
    (void)unlink(name);
}

/* Puts the finished copy in the place of the damaged file.  The order matters: see above. */
static bool change_places(const char *dir, const char *path, const char *mending,
                          char aside[DB_PATH_MAX], struct err *e)
{
    if (!db_move_aside(path, aside, e))
        return false;
    (void)journal_folder_sync(dir);
    if (rename(mending, path) != 0)
        return err_set(e, ERR_WORLD, "%s cannot be renamed to %s: %s", mending, path,
                       strerror(errno));
    (void)journal_folder_sync(dir);
    return true;
}

bool journal_mend_file(const char *dir, struct journal_opened *how, struct err *e)
{
    static const struct db_options as_found = {.as_found = true},
                                   fresh = {.sync_full = true, .wipe = true};
    char path[DB_PATH_MAX], mending[DB_PATH_MAX], mark[DB_PATH_MAX], aside[DB_PATH_MAX];
    struct db *from = NULL, *to = NULL;
    uint64_t rows = 0;
    struct err ignored;
    bool ok;

    journal_path(dir, "journal.db", path);
    journal_path(dir, "journal.db.mending", mending);
    journal_path(dir, "journal.mend", mark);
    remove_with_wal(mending);
    ok = db_open(mending, &fresh, &to, e);
    if (ok && !db_open(path, &as_found, &from, &ignored))
        ok = journal_make_tables(to, e); /* nothing can be read: a new chain */
    else if (ok)
        ok = copy_all(from, to, &rows, e);
    ok = ok && db_empty_wal(to, e);
    db_close(from);
    db_close(to);
    ok = ok && change_places(dir, path, mending, aside, e);
    if (!ok) {
        /* Once the old file has moved the copy is the record. */
        if (is_there(path))
            remove_with_wal(mending);
        return err_in(e, "%s is damaged, and what can be read of it could not be copied", path);
    }
    (void)unlink(mark);
    journal_note(
        how,
        "journal.db was damaged: it lies unchanged in %s, and %llu rows that can be read were "
        "carried over",
        strrchr(aside, '/') + 1, (unsigned long long)rows);
    return true;
}

bool journal_mend_before(const char *dir, struct journal_opened *how, struct err *e)
{
    char path[DB_PATH_MAX], mending[DB_PATH_MAX], mark[DB_PATH_MAX], aside[DB_PATH_MAX];

    journal_path(dir, "journal.db", path);
    journal_path(dir, "journal.db.mending", mending);
    journal_path(dir, "journal.mend", mark);
    if (is_there(path)) {
        remove_with_wal(mending);
        return !is_there(mark) || journal_mend_file(dir, how, e);
    }
    /* A WAL without its file must not be taken for the new file's. */
    if (!db_move_aside(path, aside, e))
        return false;
    if (!is_there(mending))
        return true;
    journal_note(how, "a mending of journal.db that was cut off has been finished");
    (void)unlink(mark);
    if (rename(mending, path) == 0)
        return true;
    return err_set(e, ERR_WORLD, "%s cannot be renamed to %s: %s", mending, path, strerror(errno));
}
