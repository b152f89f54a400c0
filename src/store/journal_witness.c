/* Heads of the record that other agencies hold: seal, record, follow, prove.
 *
 * witness.txt is the original, because it is not in the file that might be rewritten; the table `witnesses`
 * is a copy that the writer takes over in the order of the lines.  So what stands in the table and not in the
 * file shows that the file was cut or changed; what stands in the file and not in the table is new, or the
 * table was rewritten.  Neither is trusted: the proof holds both against the chain. */
#include "store/journal_inner.h"
#include "store/witness.h"

#include <stdio.h>
#include <sys/stat.h>

/* ---- by `cordon seal` -------------------------------------------------- */

bool journal_seal(struct journal *j, int64_t now_ms, struct journal_seal *out, struct err *e)
{
    unsigned char key[SECRET_SIGN_KEY], text[JOURNAL_SIGNED];

    MUST(!j->in_batch);
    *out = (struct journal_seal){.head = j->head, .at_ms = now_ms};
    if (j->head.seq == 0)
        return err_set(e, ERR_MISSING, "the record is empty: there is no head to seal");
    if (!journal_sign_key(j->dir, key, e))
        return false;
    journal_signed_text(&j->head, now_ms, text);
    secret_sign(key, str_of(text, sizeof text), out->signature);
    memcpy(out->public, key + SECRET_SIGN_KEY - SECRET_SIGN_PUB, SECRET_SIGN_PUB);
    secret_wipe(key, sizeof key);
    return true;
}

bool journal_countersign(const char *dir, struct witness *w, struct err *e)
{
    unsigned char key[SECRET_SIGN_KEY];

    if (!secret_start(e) || !journal_sign_key(dir, key, e))
        return false;
    witness_sign(w, key);
    secret_wipe(key, sizeof key);
    return true;
}

bool journal_add_witness(struct journal *j, const struct witness *w, struct err *e)
{
    unsigned long long seq = w->head.seq;
    unsigned char hash[JOURNAL_HASH];

    if (seq > j->head.seq)
        return err_set(e, ERR_MISSING, "the record ends at row %llu: there is no row %llu. Was it misread, or cut off?",
                       (unsigned long long)j->head.seq, seq);
    if (!journal_hash_of(j, w->head.seq, hash, e))
        return false;
    if (memcmp(hash, w->head.hash, sizeof hash) != 0)
        return err_set(e, ERR_DENIED,
                       "row %llu has another hash than %s holds. Let them read it once more; when they are sure, the "
                       "record was rewritten: keep both, and call cordon verify --witness",
                       seq, w->who);
    if (!witness_is_genuine(w))
        return err_set(e, ERR_DENIED, "the signature does not fit: it is of another head, key or name than given");
    return witness_append(j->dir, w, e);
}

/* ---- by the writer ----------------------------------------------------- */

static bool witness_insert(struct journal *j, const struct witness *w, struct err *e)
{
    struct db_stmt *s;

    if (!db_prepare_once(j->db, &j->put_witness,
                         "INSERT OR IGNORE INTO witnesses(at_ms, seq, hash, signature, public, who)"
                         " VALUES(?, ?, ?, ?, ?, ?)",
                         e))
        return false;
    s = j->put_witness;
    db_set_int(s, 1, w->at_ms);
    db_set_int(s, 2, (int64_t)w->head.seq);
    db_set_blob(s, 3, str_of(w->head.hash, JOURNAL_HASH));
    if (w->is_signed) {
        db_set_blob(s, 4, str_of(w->signature, WITNESS_SIGNATURE));
        db_set_blob(s, 5, str_of(w->key, WITNESS_KEY));
    } else {
        db_set_null(s, 4);
        db_set_null(s, 5);
    }
    db_set_text(s, 6, str_from(w->who));
    return db_do(s, e);
}

/* All lines behind those that were taken over before, or none. */
static bool take_lines(struct journal *j, struct witness_file *f, struct err *e)
{
    struct witness w;

    if (!db_begin(j->db, e))
        return false;
    while (witness_next(f, &w))
        if (!witness_insert(j, &w, e)) {
            db_rollback(j->db);
            return false;
        }
    return db_commit(j->db, e);
}

/* The rows of the table behind one of them, from the first on when it is 0. */
static bool table_from(struct journal *j, int64_t id, struct err *e)
{
    if (!db_prepare_once(j->db, &j->witnesses,
                         "SELECT at_ms, seq, hash, signature, public, who FROM witnesses WHERE id > ? ORDER BY id", e))
        return false;
    db_set_int(j->witnesses, 1, id);
    return true;
}

/* A row of the table as a witness; false when it has not the form of one. */
static bool from_table(struct db_stmt *s, struct witness *w)
{
    struct str hash = db_blob(s, 2), signature = db_blob(s, 3), key = db_blob(s, 4);

    *w = (struct witness){.at_ms = db_int(s, 0), .head = {.seq = (uint64_t)db_int(s, 1)}, .is_signed = key.len > 0};
    if (db_int(s, 1) < 1 || hash.len != JOURNAL_HASH || !str_copy(w->who, sizeof w->who, db_text(s, 5)) ||
        (w->is_signed && (signature.len != WITNESS_SIGNATURE || key.len != WITNESS_KEY)))
        return false;
    memcpy(w->head.hash, hash.at, JOURNAL_HASH);
    if (w->is_signed) {
        memcpy(w->signature, signature.at, WITNESS_SIGNATURE);
        memcpy(w->key, key.at, WITNESS_KEY);
    }
    return true;
}

/* The newest that holds, and one that does not. */
static bool look(struct journal *j, struct err *e)
{
    struct journal_witnessed w = {0};
    int64_t count = 0, at_ms = 0, seq = 0, against = 0;

    if (!db_ask(j->db, "SELECT count(*) FROM witnesses", &count, e) ||
        !db_ask(j->db,
                "SELECT w.at_ms FROM witnesses AS w JOIN journal AS x ON x.seq = w.seq AND x.hash = w.hash"
                " ORDER BY w.at_ms DESC LIMIT 1",
                &at_ms, e) ||
        !db_ask(j->db,
                "SELECT w.seq FROM witnesses AS w JOIN journal AS x ON x.seq = w.seq AND x.hash = w.hash"
                " ORDER BY w.at_ms DESC, w.seq DESC LIMIT 1",
                &seq, e) ||
        !db_ask(j->db,
                "SELECT w.seq FROM witnesses AS w LEFT JOIN journal AS x ON x.seq = w.seq"
                " WHERE x.hash IS NOT w.hash ORDER BY w.seq LIMIT 1",
                &against, e))
        return false;
    w.count = (uint64_t)count;
    w.at_ms = at_ms;
    w.seq = (uint64_t)seq;
    w.against = (uint64_t)against;
    j->witnessed = w;
    return true;
}

/* Shows what was taken over just now, which is durable by then. */
static bool show_new(struct journal *j, int64_t before, journal_see_witness *see, void *ctx, struct err *e)
{
    struct witness w;
    enum db_step step;

    if (!table_from(j, before, e))
        return false;
    while ((step = db_step(j->witnesses, e)) == DB_ROW)
        if (from_table(j->witnesses, &w))
            see(ctx, &w);
    db_reset(j->witnesses);
    return step != DB_FAILED;
}

bool journal_follow_witnesses(struct journal *j, journal_see_witness *see, void *ctx, struct err *e)
{
    struct witness_file f;
    char path[DB_PATH_MAX];
    struct stat st;
    int64_t size, at, before = 0;
    bool ok;

    MUST(!j->reader && !j->in_batch && !j->reading);
    journal_path(j->dir, "witness.txt", path);
    size = stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
    if (size == j->witness_at && j->witness_looked)
        return true;
    if (size < j->witness_at) /* it is another file */
        j->witness_at = 0;
    if (!witness_open(j->dir, j->witness_at, &f, e))
        return false;
    ok = db_ask(j->db, "SELECT max(id) FROM witnesses", &before, e) && take_lines(j, &f, e);
    at = witness_at(&f);
    witness_close(&f);
    if (!ok || !look(j, e) || !show_new(j, before, see, ctx, e))
        return journal_met_damage(j, e);
    j->witness_at = at;
    j->witness_looked = true;
    return true;
}

struct journal_witnessed journal_witnessed(const struct journal *j)
{
    return j->witnessed;
}

int64_t journal_witnessed_ms(const struct journal *j)
{
    return j->witnessed.at_ms;
}

/* ---- the proof --------------------------------------------------------- */

static void prove_one(struct journal *j, struct journal_verify *v, const struct witness *w, const char *where)
{
    unsigned long long seq = w->head.seq, good = v->witnessed_seq < w->head.seq ? v->witnessed_seq : 0;
    unsigned char hash[JOURNAL_HASH];
    struct err ignored;

    if (!journal_hash_of(j, w->head.seq, hash, &ignored)) {
        if (seq > v->head.seq)
            journal_find(v, v->head.seq + 1,
                         "%s holds the hash of row %llu (%s), but the record ends at row %llu: its end was cut off",
                         w->who, seq, where, (unsigned long long)v->head.seq);
        else
            journal_find(v, seq, "row %llu, whose hash %s holds (%s), is missing", seq, w->who, where);
    } else if (memcmp(hash, w->head.hash, sizeof hash) != 0) {
        journal_find(v, good + 1,
                     "row %llu has not the hash that %s holds (%s): the record was rewritten between rows %llu and "
                     "%llu",
                     seq, w->who, where, good + 1, seq);
    } else if (!witness_is_genuine(w)) {
        journal_find(v, seq, "the signature of %s under the head of row %llu (%s) does not fit", w->who, seq, where);
    } else {
        v->witnesses++;
        if (w->head.seq < v->witnessed_seq)
            return;
        v->witnessed_seq = w->head.seq;
        (void)str_copy(v->witnessed_by, sizeof v->witnessed_by, str_from(w->who));
    }
}

static bool is_same(const struct witness *a, const struct witness *b)
{
    char one[WITNESS_LINE_MAX], other[WITNESS_LINE_MAX];
    struct buf x = buf_over(one, sizeof one), y = buf_over(other, sizeof other);

    witness_print(a, &x);
    witness_print(b, &y);
    return str_eq(buf_str(&x), buf_str(&y));
}

static bool prove_file(struct journal *j, struct journal_verify *v, struct err *e)
{
    struct witness_file f;
    struct witness w;

    if (!witness_open(j->dir, 0, &f, e))
        return false;
    while (witness_next(&f, &w)) {
        char where[48];

        (void)snprintf(where, sizeof where, "witness.txt, line %llu", (unsigned long long)f.line);
        prove_one(j, v, &w, where);
    }
    v->witness_unread = f.unread;
    witness_close(&f);
    return true;
}

/* Both in the order in which they were taken over: each row of the table must come in the file. */
static bool prove_table(struct journal *j, struct journal_verify *v, struct err *e)
{
    struct witness_file f;
    struct witness row, line;
    enum db_step step;

    if (j->format < JOURNAL_FORMAT_STATES)
        return true;
    if (!table_from(j, 0, e) || !witness_open(j->dir, 0, &f, e))
        return false;
    while ((step = db_step(j->witnesses, e)) == DB_ROW) {
        bool found = false;

        if (!from_table(j->witnesses, &row)) {
            journal_find(v, 1, "a row of the table witnesses has not the form of one");
            continue;
        }
        while (!found && witness_next(&f, &line))
            found = is_same(&row, &line);
        if (found)
            continue; /* held against the chain already */
        prove_one(j, v, &row, "the table witnesses");
        journal_find(v, row.head.seq,
                     "that %s holds row %llu stands in the table witnesses, but not in witness.txt: that file was cut "
                     "or changed",
                     row.who, (unsigned long long)row.head.seq);
    }
    db_reset(j->witnesses);
    witness_close(&f);
    return step != DB_FAILED;
}

bool journal_prove_witnesses(struct journal *j, struct journal_verify *v, struct err *e)
{
    return prove_file(j, v, e) && prove_table(j, v, e);
}
