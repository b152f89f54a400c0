/* The proof of the chain, heads that are signed, and snapshots. */
#include "base/buf.h"
#include "os/file.h"
#include "store/journal_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SIGNED_WORDS = 13, /* "CORDON HEAD 1" */
    PUB_LINE = 2 * SECRET_SIGN_PUB,
    SNAPSHOTS_KEPT = 2,
    SNAPSHOT_ROWS = 8 + JOURNAL_HASH, /* where the numbers begin in a snapshot */
};

/* ---- verify ----------------------------------------------------------- */

struct proof {
    struct journal *j;
    struct journal_verify *v;
    const struct journal_head *witness;
    bool broken_off;
};

/* Only the first finding is told: what follows it is mostly its consequence. */
void journal_find(struct journal_verify *v, uint64_t seq, const char *format, ...)
{
    va_list args;

    MUST(seq > 0);
    if (v->bad_seq != 0)
        return;
    v->bad_seq = seq;
    va_start(args, format);
    (void)vsnprintf(v->finding, sizeof v->finding, format, args);
    va_end(args);
}

static void prove_text(struct proof *p, const struct stored *row, struct row_key key)
{
    unsigned long long seq = row->seq;
    struct str text;

    if (key.is == KEY_ERASED)
        p->v->erased++;
    else if (key.is == KEY_LOST)
        journal_find(p->v, seq, "row %llu has lost its data key, and no erasure is on record", seq);
    else if (!journal_unseal(p->j, row, key.wrapped, &text))
        journal_find(p->v, seq, "row %llu: its text does not open with its key", seq);
}

static bool prove_row(void *ctx, const struct stored *row, struct row_key key)
{
    struct proof *p = ctx;
    struct journal_verify *v = p->v;
    unsigned long long seq = row->seq, due = v->head.seq + 1;

    if (seq != due)
        journal_find(v, due, seq == due + 1 ? "row %llu is missing" : "rows %llu to %llu are missing", due,
             seq - 1);
    else if (!journal_hash_fits(p->j, row, v->head.hash))
        journal_find(v, seq,
             "row %llu was changed: its hash is not that of its bytes and of the row before", seq);
    if (!journal_body_is_whole(row))
        journal_find(v, seq, "row %llu: its number, version or length is not what it should be", seq);
    else
        prove_text(p, row, key);
    if (p->witness && p->witness->seq == row->seq &&
        !str_eq(row->hash, str_of(p->witness->hash, JOURNAL_HASH)))
        journal_find(v, seq, "row %llu has not the hash that the witness kept: the record was rewritten",
             seq);
    v->rows++;
    v->head.seq = row->seq;
    memset(v->head.hash, 0, JOURNAL_HASH);
    if (row->hash.len == JOURNAL_HASH)
        memcpy(v->head.hash, row->hash.at, JOURNAL_HASH);
    p->broken_off = p->j->tell && v->rows % JOURNAL_TELL == 0 && !p->j->tell(p->j->tell_ctx, v->rows);
    return !p->broken_off;
}

bool journal_moved(const struct journal *j)
{
    return db_moved(j->db);
}

void journal_watch(struct journal *j, journal_tell *tell, void *ctx)
{
    j->tell = tell;
    j->tell_ctx = ctx;
}

void journal_signed_text(const struct journal_head *head, int64_t at_ms, unsigned char out[JOURNAL_SIGNED])
{
    memcpy(out, "CORDON HEAD 1", SIGNED_WORDS);
    journal_number_put(out + SIGNED_WORDS, head->seq, 8);
    journal_number_put(out + SIGNED_WORDS + 8, (uint64_t)at_ms, 8);
    memcpy(out + SIGNED_WORDS + 16, head->hash, JOURNAL_HASH);
}

/* pub[0] is 0 when the file is not there. */
static void pub_read(const char *dir, char pub[PUB_LINE + 2])
{
    char path[DB_PATH_MAX];
    FILE *f;

    pub[0] = 0;
    journal_path(dir, "journal.pub", path);
    f = fopen(path, "re");
    if (!f)
        return;
    if (!fgets(pub, PUB_LINE + 1, f))
        pub[0] = 0;
    (void)fclose(f);
}

/* One signed head: seq | at_ms | hash | public | signature | the row's hash or NULL. */
static void prove_signed(struct proof *p, struct db_stmt *s, struct str pub)
{
    struct str hash = db_blob(s, 2), public = db_blob(s, 3), signature = db_blob(s, 4);
    struct journal_head head = {.seq = (uint64_t)db_int(s, 0)};
    unsigned long long seq = head.seq ? head.seq : 1;
    unsigned char text[JOURNAL_SIGNED];
    char hex[PUB_LINE];
    struct buf b = buf_over(hex, sizeof hex);

    p->v->checkpoints++;
    if (hash.len != JOURNAL_HASH || public.len != SECRET_SIGN_PUB ||
        signature.len != SECRET_SIGNATURE) {
        journal_find(p->v, seq, "the signed head of row %llu has not the form of one", seq);
        return;
    }
    memcpy(head.hash, hash.at, JOURNAL_HASH);
    journal_signed_text(&head, db_int(s, 1), text);
    buf_hex(&b, public.at, public.len);
    if (!secret_signed((const unsigned char *)public.at, str_of(text, sizeof text),
                       (const unsigned char *)signature.at))
        journal_find(p->v, seq, "the signature of the head of row %llu does not fit it", seq);
    else if (pub.len > 0 && !str_eq(pub, buf_str(&b)))
        journal_find(p->v, seq, "the head of row %llu was signed with another key than journal.pub", seq);
    else if (head.seq > p->v->head.seq && db_blob(s, 5).len == 0) /* else it was signed while we walked */
        journal_find(p->v, p->v->head.seq + 1,
             "a signed head names row %llu, but the record ends at row %llu", seq,
             (unsigned long long)p->v->head.seq);
    else if (!str_eq(db_blob(s, 5), hash))
        journal_find(p->v, seq, "row %llu has not the hash that was signed: the record was rewritten", seq);
}

static bool prove_checkpoints(struct proof *p, struct err *e)
{
    char pub[PUB_LINE + 2];
    struct db_stmt *s;
    enum db_step step;

    pub_read(p->j->dir, pub);
    p->v->no_pub = !pub[0];
    if (!db_prepare_once(p->j->db, &p->j->checkpoints,
                         "SELECT c.seq, c.at_ms, c.hash, c.public, c.signature, journal.hash"
                         " FROM checkpoints AS c LEFT JOIN journal ON journal.seq = c.seq"
                         " ORDER BY c.seq, c.id",
                         e))
        return false;
    s = p->j->checkpoints;
    while ((step = db_step(s, e)) == DB_ROW)
        prove_signed(p, s, str_from(pub));
    db_reset(s);
    return step == DB_DONE;
}

/* A row and its key are written at once: a key without its row is what a cut end left behind. */
static bool prove_keys(struct journal *j, struct journal_verify *v, struct err *e)
{
    int64_t key = 0;

    if (!db_ask(j->db, "SELECT coalesce(max(seq), 0) FROM keys"
                       " WHERE seq > (SELECT coalesce(max(seq), 0) FROM journal)", &key, e))
        return false;
    if (key > (int64_t)v->head.seq)
        journal_find(v, v->head.seq + 1,
                     "the end was cut off: the key of row %lld is there, but the record ends at row %llu",
                     (long long)key, (unsigned long long)v->head.seq);
    return true;
}

bool journal_each_erased(struct journal *j, journal_see_seq *see, void *ctx, struct err *e)
{
    enum db_step step = DB_FAILED;
    struct db_stmt *s;

    if (!db_prepare_once(j->db, &j->erased, "SELECT keys.seq FROM keys JOIN journal ON journal.seq = keys.seq"
                                            " WHERE wrapped IS NULL ORDER BY keys.seq", e))
        return false;
    s = j->erased;
    do
        step = db_step(s, e);
    while (step == DB_ROW && see(ctx, (uint64_t)db_int(s, 0)));
    db_reset(s);
    return step != DB_FAILED;
}

bool journal_verify(struct journal *j, const struct journal_head *witness, struct journal_verify *v,
                    struct err *e)
{
    struct proof p = {.j = j, .v = v, .witness = witness};
    struct walk w = {.j = j, .see = prove_row, .ctx = &p, .next = 1};
    int64_t below = 0;

    MUST(!j->in_batch);
    *v = (struct journal_verify){0};
    if (!journal_walk(&w, e) || (!p.broken_off && !prove_checkpoints(&p, e)) ||
        !db_ask(j->db, "SELECT count(*) FROM journal WHERE seq < 1", &below, e)) {
        (void)journal_met_damage(j, e);
        return false;
    }
    if (p.broken_off)
        return err_set(e, ERR_DENIED, "the check was broken off");
    if (below > 0)
        journal_find(v, 1, "%lld rows stand before row 1", (long long)below);
    if (v->head.seq < j->head.seq) /* a writer knows what it wrote */
        journal_find(v, v->head.seq + 1,
             "the end was cut off while Cordon runs: row %llu was written, row %llu is the last",
             (unsigned long long)j->head.seq, (unsigned long long)v->head.seq);
    if (witness && witness->seq > v->head.seq)
        journal_find(v, v->head.seq + 1,
             "the witness kept the hash of row %llu, but the record ends at row %llu",
             (unsigned long long)witness->seq, (unsigned long long)v->head.seq);
    return (journal_prove_witnesses(j, v, e) && prove_keys(j, v, e)) || journal_met_damage(j, e);
}

/* ---- signing ---------------------------------------------------------- */

bool journal_sign_key(const char *dir, unsigned char key[SECRET_SIGN_KEY], struct err *e)
{
    unsigned char pub[SECRET_SIGN_PUB];
    char path[DB_PATH_MAX], have[PUB_LINE + 2], line[PUB_LINE + 1];
    struct buf b = buf_over(line, sizeof line);
    bool made = false;

    journal_path(dir, "journal.sign", path);
    if (access(path, F_OK) != 0) {
        secret_sign_keys(key, pub);
        if (!file_make(path, str_of(key, SECRET_SIGN_KEY), 0600, e))
            return false;
    }
    if (!secret_key_file(path, key, SECRET_SIGN_KEY, &made, e))
        return false;
    MUST(!made);
    buf_hex(&b, key + SECRET_SIGN_KEY - SECRET_SIGN_PUB, SECRET_SIGN_PUB);
    pub_read(dir, have);
    if (str_eq(str_from(have), buf_str(&b)))
        return true;
    buf_byte(&b, '\n');
    journal_path(dir, "journal.pub", path);
    return file_write(path, buf_str(&b), 0644, e);
}

bool journal_sign_head(struct journal *j, int64_t now_ms, struct err *e)
{
    unsigned char key[SECRET_SIGN_KEY], text[JOURNAL_SIGNED], signature[SECRET_SIGNATURE];
    bool ok;

    MUST(!j->reader && !j->in_batch);
    if (j->head.seq == 0)
        return true;
    ok = journal_sign_key(j->dir, key, e) &&
         db_prepare_once(
             j->db, &j->put_checkpoint,
             "INSERT INTO checkpoints(seq, at_ms, hash, public, signature) VALUES(?, ?, ?, ?, ?)",
             e);
    if (ok) {
        journal_signed_text(&j->head, now_ms, text);
        secret_sign(key, str_of(text, sizeof text), signature);
        db_set_int(j->put_checkpoint, 1, (int64_t)j->head.seq);
        db_set_int(j->put_checkpoint, 2, now_ms);
        db_set_blob(j->put_checkpoint, 3, str_of(j->head.hash, JOURNAL_HASH));
        db_set_blob(j->put_checkpoint, 4,
                    str_of(key + SECRET_SIGN_KEY - SECRET_SIGN_PUB, SECRET_SIGN_PUB));
        db_set_blob(j->put_checkpoint, 5, str_of(signature, sizeof signature));
        ok = db_do(j->put_checkpoint, e);
    }
    secret_wipe(key, sizeof key);
    return ok || err_in(e, "the head of the record could not be signed");
}

/* ---- snapshots -------------------------------------------------------- */

/* A snapshot is  at_seq(8) | hash of that row(32) | row(8) ...  and its SHA-256. */
bool journal_put_snapshot(struct journal *j, uint64_t at_seq, const uint64_t *rows, size_t count,
                          struct err *e)
{
    size_t size = SNAPSHOT_ROWS + count * 8;
    unsigned char hash[SECRET_SHA], *at;
    bool ok;

    MUST(!j->reader && !j->in_batch && at_seq > 0 && at_seq <= j->head.seq);
    if (count > JOURNAL_SNAPSHOT_MAX)
        return err_set(e, ERR_FULL, "a snapshot of %zu rows is too large: %d is the most", count,
                       JOURNAL_SNAPSHOT_MAX);
    at = malloc(size);
    if (!at)
        return err_set(e, ERR_WORLD, "there is not enough memory for a snapshot of %zu rows",
                       count);
    journal_number_put(at, at_seq, 8);
    ok = journal_hash_of(j, at_seq, at + 8, e);
    for (size_t i = 0; i < count; i++)
        journal_number_put(at + SNAPSHOT_ROWS + 8 * i, rows[i], 8);
    secret_sha256(str_of(at, size), hash);
    ok = ok &&
         db_prepare_once(j->db, &j->put_snapshot,
                         "INSERT OR REPLACE INTO snapshots(at_seq, rows, hash) VALUES(?, ?, ?)", e);
    if (ok) {
        char sql[160];

        db_set_int(j->put_snapshot, 1, (int64_t)at_seq);
        db_set_blob(j->put_snapshot, 2, str_of(at, size));
        db_set_blob(j->put_snapshot, 3, str_of(hash, sizeof hash));
        (void)snprintf(sql, sizeof sql,
                       "DELETE FROM snapshots WHERE at_seq NOT IN"
                       " (SELECT at_seq FROM snapshots ORDER BY at_seq DESC LIMIT %d)",
                       SNAPSHOTS_KEPT);
        ok = db_do(j->put_snapshot, e) && db_run(j->db, sql, e);
    }
    free(at);
    return ok;
}

/* Is it what was written, and of this very chain? */
static bool snapshot_fits(struct journal *j, uint64_t at_seq, struct str rows, struct str hash)
{
    unsigned char own[SECRET_SHA], head[JOURNAL_HASH];
    struct err ignored;

    if (rows.len < SNAPSHOT_ROWS || (rows.len - SNAPSHOT_ROWS) % 8 != 0 ||
        journal_number(rows.at, 8) != at_seq || !journal_hash_of(j, at_seq, head, &ignored))
        return false;
    secret_sha256(rows, own);
    return str_eq(hash, str_of(own, sizeof own)) &&
           str_eq(str_cut(rows, 8, SNAPSHOT_ROWS), str_of(head, sizeof head));
}

static bool snapshot_copy(struct str rows, uint64_t **out, size_t *count, struct err *e)
{
    *count = (rows.len - SNAPSHOT_ROWS) / 8;
    *out = malloc(*count * 8 + 1);
    if (!*out)
        return err_set(e, ERR_WORLD, "there is not enough memory for a snapshot of %zu rows",
                       *count);
    for (size_t i = 0; i < *count; i++)
        (*out)[i] = journal_number(rows.at + SNAPSHOT_ROWS + 8 * i, 8);
    return true;
}

bool journal_get_snapshot(struct journal *j, uint64_t *at_seq, uint64_t **rows, size_t *count,
                          struct err *e)
{
    enum db_step step;
    bool ok = true;

    *at_seq = 0;
    *rows = NULL;
    *count = 0;
    if (!db_prepare_once(j->db, &j->snapshots,
                         "SELECT at_seq, rows, hash FROM snapshots ORDER BY at_seq DESC", e))
        return false;
    while ((step = db_step(j->snapshots, e)) == DB_ROW) {
        uint64_t at = (uint64_t)db_int(j->snapshots, 0);
        struct str bytes = db_blob(j->snapshots, 1);

        if (snapshot_fits(j, at, bytes, db_blob(j->snapshots, 2))) {
            ok = snapshot_copy(bytes, rows, count, e);
            *at_seq = ok ? at : 0;
            break;
        }
    }
    db_reset(j->snapshots);
    return ok && step != DB_FAILED;
}
