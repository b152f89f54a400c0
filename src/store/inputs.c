#include "store/inputs.h"

#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>

enum statement { PUT, DROP, EACH, COUNT_OTHERS, DATA_VERSION, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [PUT] = "INSERT INTO inputs(name, spec, token_hash, made_ms) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(name) DO UPDATE"
            " SET spec = ?2, token_hash = ?3, made_ms = ?4",
    [DROP] = "DELETE FROM inputs WHERE name = ?",
    [EACH] = "SELECT name, spec, token_hash, made_ms FROM inputs ORDER BY name",
    [COUNT_OTHERS] = "SELECT count(*) FROM inputs WHERE name <> ?",
    [DATA_VERSION] = "PRAGMA data_version",
};

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS inputs(name TEXT PRIMARY KEY, spec TEXT NOT NULL, token_hash BLOB NOT NULL,"
    " made_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID";

struct input_store {
    struct db *db;
    int64_t data_version;
    struct db_stmt *at[STATEMENTS];
};

static int64_t number(struct input_store *s, enum statement of)
{
    struct db_stmt *q = s->at[of];
    int64_t n = 0;
    struct err e;

    if (db_step(q, &e) == DB_ROW)
        n = db_int(q, 0);
    db_reset(q);
    return n;
}

bool inputs_open(const char *dir, struct input_store **out, struct err *e)
{
    static const struct db_options options = {.sync_full = true};
    struct input_store *s = calloc(1, sizeof *s);
    char path[DB_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/cordon.db", dir);
    bool ok = s && n > 0 && n < (int)sizeof path;

    *out = NULL;
    if (!s)
        return err_set(e, ERR_WORLD, "there is not enough memory for the inputs");
    if (!ok)
        (void)err_set(e, ERR_INPUT, "the name of the data folder is too long");
    ok = ok && db_open(path, &options, &s->db, e) && db_run(s->db, tables, e);
    for (size_t i = 0; ok && i < STATEMENTS; i++)
        ok = db_prepare(s->db, texts[i], &s->at[i], e);
    if (!ok) {
        inputs_close(s);
        return false;
    }
    s->data_version = number(s, DATA_VERSION);
    *out = s;
    return true;
}

void inputs_close(struct input_store *s)
{
    if (!s)
        return;
    db_close(s->db);
    free(s);
}

bool inputs_changed(struct input_store *s)
{
    int64_t is = number(s, DATA_VERSION);
    bool changed = is != s->data_version;

    s->data_version = is;
    return changed;
}

bool inputs_put(struct input_store *s, const struct input_row *row, struct err *e)
{
    struct db_stmt *q = s->at[PUT];

    MUST(row->token_hash.len == 0 || row->token_hash.len == INPUT_TOKEN_HASH);
    db_set_text(s->at[COUNT_OTHERS], 1, row->name);
    if (number(s, COUNT_OTHERS) >= INPUT_ROWS_MAX)
        return err_set(e, ERR_FULL, "there are %d inputs, the most that are kept: remove one first", INPUT_ROWS_MAX);
    db_set_text(q, 1, row->name);
    db_set_text(q, 2, row->spec);
    db_set_blob(q, 3, row->token_hash);
    db_set_int(q, 4, row->made_ms);
    return db_do(q, e);
}

bool inputs_drop(struct input_store *s, struct str name, struct err *e)
{
    db_set_text(s->at[DROP], 1, name);
    if (!db_do(s->at[DROP], e))
        return false;
    return db_changes(s->db) > 0 || err_set(e, ERR_MISSING, "there is no input %.*s", STR_ARG(name));
}

bool inputs_each(struct input_store *s, inputs_see *see, void *ctx, struct err *e)
{
    struct db_stmt *q = s->at[EACH];
    enum db_step step;

    while ((step = db_step(q, e)) == DB_ROW) {
        struct input_row row = {db_text(q, 0), db_text(q, 1), db_blob(q, 2), db_int(q, 3)};

        if (!see(ctx, &row))
            break;
    }
    db_reset(q);
    return step != DB_FAILED;
}
