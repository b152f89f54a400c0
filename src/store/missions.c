#include "store/missions_inner.h"

#include "core/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FORMAT = 2,        /* another one is made anew from the journal */
    NOTE_ROWS = 10000, /* so many rows of other kinds later `applied` is written all the same */
    FOLLOW_ROWS = 4096 /* rows of one transaction while it follows */
};
_Static_assert(MISSION_CREATED == 1 && MISSION_DELETED == 3, "the numbers in LISTED");
_Static_assert(ITEM_LOG == 4 && ITEM_MAPLAYER == 5 && ITEM_FILE == 2, "the numbers in STATEMENT_LIST");

static const char *const texts[STATEMENTS] = {
#define X(id, text) [ST_##id] = (text),
    STATEMENT_LIST(X)
#undef X
};

static const char tables[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE state(applied INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;"
    "INSERT INTO state VALUES(0, x'');"
    "CREATE TABLE missions(id INTEGER PRIMARY KEY, made_ms INTEGER NOT NULL, edited_ms INTEGER NOT NULL,"
    " deleted_ms INTEGER NOT NULL, expiration INTEGER NOT NULL, role INTEGER NOT NULL, invite_only INTEGER NOT NULL,"
    " guid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, parent TEXT NOT NULL, password TEXT NOT NULL,"
    " creator TEXT NOT NULL, user TEXT NOT NULL, groups TEXT NOT NULL, description TEXT NOT NULL,"
    " chat_room TEXT NOT NULL, base_layer TEXT NOT NULL, bbox TEXT NOT NULL, polygon TEXT NOT NULL,"
    " path TEXT NOT NULL, classification TEXT NOT NULL, tool TEXT NOT NULL, fold TEXT NOT NULL) STRICT;"
    "CREATE INDEX missions_fold ON missions(fold);"
    "CREATE INDEX missions_parent ON missions(parent);"
    "CREATE TABLE changes(seq INTEGER PRIMARY KEY, mission INTEGER NOT NULL, change INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, kind INTEGER NOT NULL, item TEXT NOT NULL, payload BLOB NOT NULL) STRICT;"
    "CREATE INDEX changes_item ON changes(mission, kind, item, seq);"
    "CREATE INDEX changes_file ON changes(item) WHERE kind = 2;"
    "CREATE TABLE items(mission INTEGER NOT NULL, kind INTEGER NOT NULL, item TEXT NOT NULL, seq INTEGER NOT NULL,"
    " made_ms INTEGER NOT NULL, PRIMARY KEY(mission, kind, item)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX items_item ON items(item, kind);"
    "CREATE TABLE keywords(mission INTEGER NOT NULL, kind INTEGER NOT NULL, item TEXT NOT NULL,"
    " keyword TEXT NOT NULL, PRIMARY KEY(mission, kind, item, keyword)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE subscriptions(mission INTEGER NOT NULL, client TEXT NOT NULL, user TEXT NOT NULL,"
    " role INTEGER NOT NULL, id TEXT NOT NULL, made_ms INTEGER NOT NULL, connected INTEGER NOT NULL,"
    " PRIMARY KEY(mission, client))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE invitations(mission INTEGER NOT NULL, type TEXT NOT NULL, invitee TEXT NOT NULL,"
    " role INTEGER NOT NULL, creator TEXT NOT NULL, id TEXT NOT NULL, made_ms INTEGER NOT NULL,"
    " PRIMARY KEY(mission, type, invitee)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE layers(mission INTEGER NOT NULL, uid TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,"
    " parent TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY(mission, uid)) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=2;"
    "COMMIT";

_Static_assert(FORMAT == 2, "the user_version above");

/* ---- statements ------------------------------------------------------- */

struct db_stmt *missions_ready(struct missions *m, enum statement s, struct values v, struct err *e)
{
    if (!db_prepare_once(m->db, &m->at[s], texts[s], e))
        return NULL;
    db_reset(m->at[s]);
    for (size_t i = 0; i < v.count; i++) {
        const struct value *x = &v.at[i];

        if (x->is == VALUE_NUMBER)
            db_set_int(m->at[s], (int)i + 1, x->number);
        else if (x->is == VALUE_TEXT)
            db_set_text(m->at[s], (int)i + 1, x->bytes);
        else
            db_set_blob(m->at[s], (int)i + 1, x->bytes);
    }
    return m->at[s];
}

bool missions_do(struct missions *m, enum statement s, struct values v, struct err *e)
{
    struct db_stmt *at = missions_ready(m, s, v, e);

    return at && db_do(at, e);
}

bool missions_number(struct missions *m, enum statement s, struct values v, int64_t *out, struct err *e)
{
    struct db_stmt *at = missions_ready(m, s, v, e);
    enum db_step step = at ? db_step(at, e) : DB_FAILED;

    if (step == DB_ROW && !db_is_null(at, 0))
        *out = db_int(at, 0);
    if (at)
        db_reset(at);
    return step != DB_FAILED;
}

/* ---- the file --------------------------------------------------------- */

static bool path_of(const char *dir, char path[DB_PATH_MAX], struct err *e)
{
    int n = snprintf(path, DB_PATH_MAX, "%s/missions.db", dir);

    return (n > 0 && n < DB_PATH_MAX) || err_set(e, ERR_INPUT, "the name of the data folder is too long");
}

bool missions_forget(const char *dir, struct err *e)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[DB_PATH_MAX], name[DB_PATH_MAX + 8];

    if (!path_of(dir, path, e))
        return false;
    for (size_t i = 0; i < COUNTOF(ends); i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        if (unlink(name) != 0 && errno != ENOENT)
            return err_set(e, ERR_WORLD, "%s cannot be removed: %s", name, strerror(errno));
    }
    return true;
}

static void let_go(struct missions *m)
{
    db_close(m->db);
    m->db = NULL;
    memset(m->at, 0, sizeof m->at);
    m->open = m->marked = false;
}

/* false: it is damaged or of another format, or the folder cannot be written. */
static bool open_file(struct missions *m, struct err *e)
{
    static const struct db_options options = {0};
    struct db_stmt *at;
    int64_t format = 0, sound = 0;
    char path[DB_PATH_MAX];

    if (!path_of(m->dir, path, e) || !db_open(path, &options, &m->db, e) ||
        !db_ask(m->db, "PRAGMA user_version", &format, e))
        return false;
    if (format == 0 && !db_run(m->db, tables, e))
        return false;
    if (format != 0 && format != FORMAT)
        return err_set(e, ERR_INPUT, "it is of another version of Cordon");
    if (!db_ask(m->db, "SELECT quick_check = 'ok' FROM pragma_quick_check(1)", &sound, e))
        return false;
    if (!sound)
        return err_set(e, ERR_WORLD, "it is damaged");
    at = missions_ready(m, ST_APPLIED, (struct values){0}, e);
    if (!at || db_step(at, e) != DB_ROW)
        return err_set(e, ERR_WORLD, "it is damaged");
    m->applied = (uint64_t)db_int(at, 0);
    db_reset(at);
    return true;
}

/* Away with what cannot be used: all of it comes again from the journal. */
static bool open_anew(struct missions *m, struct err *e)
{
    let_go(m);
    m->applied = 0;
    return missions_forget(m->dir, e) && open_file(m, e);
}

bool missions_open(const char *dir, struct missions **out, struct err *e)
{
    struct missions *m = calloc(1, sizeof *m);
    struct err why;

    *out = NULL;
    if (!m || !str_copy(m->dir, sizeof m->dir, str_from(dir))) {
        free(m);
        return err_set(e, ERR_WORLD, "there is not enough memory for the missions");
    }
    if (!open_file(m, &why)) {
        (void)snprintf(m->note, sizeof m->note, "missions.db is made anew from the record: %.150s", why.text);
        if (!open_anew(m, e)) {
            missions_close(m);
            return false;
        }
    }
    *out = m;
    return true;
}

bool missions_open_reader(const char *dir, struct missions **out, struct err *e)
{
    static const struct db_options options = {.reader = true};
    struct missions *m = calloc(1, sizeof *m);
    char path[DB_PATH_MAX];

    *out = NULL;
    if (!m)
        return err_set(e, ERR_WORLD, "there is not enough memory for the missions");
    m->reader = true;
    if (!path_of(dir, path, e) || !db_open(path, &options, &m->db, e)) {
        missions_close(m);
        return false;
    }
    *out = m;
    return true;
}

void missions_close(struct missions *m)
{
    if (!m)
        return;
    let_go(m);
    free(m);
}

const char *missions_note(const struct missions *m)
{
    return m->note;
}

uint64_t missions_applied(const struct missions *m)
{
    return m->applied;
}

/* ---- the open batch --------------------------------------------------- */

void missions_rollback(struct missions *m)
{
    if (m->open)
        db_rollback(m->db);
    m->open = m->marked = false;
}

static bool begin(struct missions *m, struct err *e)
{
    MUST(!m->reader);
    if (m->open)
        return true;
    m->open = db_begin(m->db, e);
    return m->open;
}

bool missions_mark(struct missions *m, struct err *e)
{
    MUST(!m->marked);
    if (!begin(m, e) || !db_run(m->db, "SAVEPOINT ask", e))
        return false;
    m->marked = true;
    return true;
}

bool missions_keep(struct missions *m, struct err *e)
{
    MUST(m->marked);
    m->marked = false;
    if (db_run(m->db, "RELEASE ask", e))
        return true;
    missions_rollback(m);
    return false;
}

void missions_undo(struct missions *m)
{
    struct err e;

    if (!m->marked)
        return; /* a failure has taken the batch with it */
    m->marked = false;
    if (!db_run(m->db, "ROLLBACK TO ask; RELEASE ask", &e))
        missions_rollback(m);
}

bool missions_commit(struct missions *m, const struct journal_head *head, struct err *e)
{
    MUST(!m->marked);
    if (!m->open && head->seq < m->applied + NOTE_ROWS)
        return true;
    if (!begin(m, e))
        return false;
    m->open = false;
    if (!missions_do(m, ST_APPLIED_PUT, VALUES(N(head->seq), B(str_of(head->hash, JOURNAL_HASH))), e)) {
        db_rollback(m->db);
        return false;
    }
    if (!db_commit(m->db, e))
        return false;
    m->applied = head->seq;
    db_idle(m->db);
    return true;
}

/* ---- following the journal -------------------------------------------- */

struct following {
    struct missions *m;
    struct err *e;
    size_t rows;
    bool ok;
    struct journal_head at; /* the row that was applied last */
};

static bool same_row(void *ctx, const struct journal_row *row)
{
    struct journal_head *h = ctx;

    memcpy(h->hash, row->hash, JOURNAL_HASH);
    return false;
}

/* Is what was applied a beginning of this journal? */
static bool is_of(struct missions *m, struct journal *j, bool *is, struct err *e)
{
    struct journal_head there = {0};
    struct db_stmt *at;

    *is = m->applied == 0;
    if (m->applied == 0 || m->applied > journal_head(j).seq)
        return true;
    if (!journal_get(j, m->applied, same_row, &there, e))
        return false;
    at = missions_ready(m, ST_APPLIED, (struct values){0}, e);
    if (!at || db_step(at, e) == DB_FAILED)
        return false;
    *is = str_eq(db_blob(at, 1), str_of(there.hash, JOURNAL_HASH));
    db_reset(at);
    return true;
}

static bool follow_row(void *ctx, const struct journal_row *row)
{
    struct following *f = ctx;

    f->at.seq = row->seq;
    memcpy(f->at.hash, row->hash, JOURNAL_HASH);
    f->ok = row->erased || row->damaged || missions_apply(f->m, row->seq, row->recorded_ms, row->payload, f->e);
    if (f->ok && f->m->open && ++f->rows % FOLLOW_ROWS == 0)
        f->ok = missions_commit(f->m, &f->at, f->e);
    return f->ok;
}

bool missions_follow(struct missions *m, struct journal *j, struct err *e)
{
    static const uint16_t kinds[] = {EV_MISSION_CHANGED, 0};
    struct following f = {.m = m, .e = e, .ok = true};
    struct journal_head head = journal_head(j);
    bool is = false;

    missions_rollback(m);
    if (!m->db && !open_file(m, e))
        return false;
    if (!is_of(m, j, &is, e))
        return false;
    if (!is) {
        (void)snprintf(m->note, sizeof m->note, "missions.db is made anew: it is of another record than this one");
        if (!open_anew(m, e))
            return false;
    }
    if (m->applied == head.seq)
        return true;
    return journal_read(j, m->applied + 1, kinds, follow_row, &f, e) && f.ok &&
           (m->open || begin(m, e)) && missions_commit(m, &head, e);
}
