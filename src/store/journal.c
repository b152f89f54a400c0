#include "store/journal.h"

#include "os/clock.h"
#include "os/file.h"
#include "store/journal_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert((int)JOURNAL_HASH == (int)SECRET_SHA, "the chain is made of SHA-256");
_Static_assert(BODY_SEALED == 60, "the drawing in journal.h");

/* ---- bytes ------------------------------------------------------------ */

uint64_t journal_number(const char *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | (unsigned char)at[i];
    return value;
}

void journal_number_put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--, value >>= 8)
        at[i - 1] = (unsigned char)value;
}

void journal_path(const char *dir, const char *file, char out[DB_PATH_MAX])
{
    int n = snprintf(out, DB_PATH_MAX, "%s/%s", dir, file);

    MUST(n > 0 && n < DB_PATH_MAX);
}

bool journal_body_is_whole(const struct stored *row)
{
    const char *at = row->body.at;

    return row->body.len >= BODY_MIN && row->body.len <= BODY_MAX && at[0] == BODY_VERSION &&
           journal_number(at + BODY_SEQ, 8) == row->seq &&
           journal_number(at + BODY_SEALED_LEN, 4) == row->body.len - BODY_SEALED &&
           row->hash.len == JOURNAL_HASH;
}

/* The chain: the hash over the one before and this row's body. */
static void chain_hash(struct journal *j, const unsigned char before[JOURNAL_HASH], struct str body,
                       unsigned char out[JOURNAL_HASH])
{
    sha256_anew(j->hash);
    sha256_add(j->hash, str_of(before, JOURNAL_HASH));
    sha256_add(j->hash, body);
    sha256_end(j->hash, out);
}

bool journal_hash_fits(struct journal *j, const struct stored *row, const unsigned char before[JOURNAL_HASH])
{
    unsigned char hash[JOURNAL_HASH];

    chain_hash(j, before, row->body, hash);
    return str_eq(str_of(hash, sizeof hash), row->hash);
}

bool journal_unseal(struct journal *j, const struct stored *row, struct str wrapped,
                    struct str *text)
{
    unsigned char key[SECRET_KEY], seq[8];
    struct str sealed = str_from_at(row->body, BODY_SEALED);
    bool ok;

    MUST(sealed.len >= SECRET_TAG && sealed.len - SECRET_TAG <= JOURNAL_PAYLOAD_MAX);
    journal_number_put(seq, row->seq, sizeof seq);
    if (wrapped.len != WRAPPED)
        return false;
    ok = secret_open(j->key, (const unsigned char *)wrapped.at, str_from_at(wrapped, SECRET_NONCE),
                     str_of(seq, sizeof seq), key) &&
         secret_open(key, (const unsigned char *)row->body.at + BODY_NONCE, sealed,
                     str_cut(row->body, 0, BODY_NONCE), j->text);
    secret_wipe(key, sizeof key);
    *text = str_of(j->text, ok ? sealed.len - SECRET_TAG : 0);
    return ok;
}

bool journal_met_damage(struct journal *j, struct err *e)
{
    static const char advice[] = "start Cordon again, for an inquiry on a copy of the folder: it keeps the damaged "
                                 "file and carries on with all that can be read of it";

    if (!db_damaged(j->db))
        return false;
    j->damaged = true;
    journal_mark_damage(j->dir);
    if (strstr(e->text, advice)) /* said nearer to the place already */
        return false;
    return err_in(e, "%s", advice);
}

bool journal_folder_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return false;
    ok = fsync(fd) == 0;
    (void)close(fd);
    return ok;
}

void journal_note(struct journal_opened *how, const char *format, ...)
{
    size_t n = strlen(how->note);
    va_list args;

    if (n > 0)
        n += (size_t)snprintf(how->note + n, sizeof how->note - n, "; ");
    if (n >= sizeof how->note)
        return;
    va_start(args, format);
    (void)vsnprintf(how->note + n, sizeof how->note - n, format, args);
    va_end(args);
}

/* ---- opening ---------------------------------------------------------- */

/* Two writers would fork the chain. */
static bool lock_take(struct journal *j, struct err *e)
{
    char path[DB_PATH_MAX];

    journal_path(j->dir, "journal.lock", path);
    j->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (j->lock < 0)
        return err_set(e, ERR_WORLD, "%s cannot be made: %s", path, strerror(errno));
    file_give(j->lock, path);
    if (flock(j->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    return err_set(
        e, ERR_WORLD,
        "another Cordon works in %s: stop that one, or give this one a folder of its own", j->dir);
}

static bool journal_new(const char *dir, bool reader, struct journal **out, struct err *e)
{
    struct journal *j = calloc(1, sizeof *j);

    *out = j;
    if (!j)
        return err_set(e, ERR_WORLD, "there is not enough memory for the journal");
    j->lock = -1;
    j->reader = reader;
    if (!str_copy(j->dir, sizeof j->dir, str_from(dir)))
        return err_set(e, ERR_INPUT, "the name of the data folder is too long");
    /* Pages that are never touched cost nothing; most payloads are small. */
    j->body = malloc(reader ? 1 : BODY_MAX);
    j->text = malloc(JOURNAL_PAYLOAD_MAX);
    j->hash = sha256_new();
    if (!j->body || !j->text || !j->hash)
        return err_set(e, ERR_WORLD, "there is not enough memory for the journal");
    return true;
}

static bool prepare(struct journal *j, struct err *e)
{
    return db_prepare(j->db,
                      "SELECT seq, body, hash FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?",
                      &j->rows, e) &&
           db_prepare(j->db, "SELECT seq, wrapped FROM keys WHERE seq >= ? ORDER BY seq", &j->keys,
                      e) &&
           db_prepare(j->db, "SELECT seq, body, hash FROM journal WHERE seq = ?", &j->row, e) &&
           db_prepare(j->db, "SELECT wrapped FROM keys WHERE seq = ?", &j->row_key, e) &&
           db_prepare(j->db, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1", &j->last,
                      e) &&
           (j->reader ||
            (db_prepare(j->db, "INSERT INTO journal(seq, body, hash) VALUES(?, ?, ?)", &j->put_row,
                        e) &&
             db_prepare(j->db, "INSERT OR REPLACE INTO keys(seq, wrapped) VALUES(?, ?)",
                        &j->put_key, e)));
}

/* Rows of a newer form would be misread; the right program is at hand, so this one
 * time we refuse instead of starting with an empty record. */
static bool format_is_ours(struct journal *j, struct err *e)
{
    j->format = 0;
    if (!db_ask(j->db, "PRAGMA user_version", &j->format, e))
        return false;
    if (j->format <= JOURNAL_FORMAT)
        return true;
    return err_set(e, ERR_INPUT,
                   "%s/journal.db was written by a newer Cordon (format %d, this one knows %d): "
                   "start the newer one",
                   j->dir, (int)j->format, JOURNAL_FORMAT);
}

/* Closing in order leaves no WAL behind. */
static bool was_cut_off(const char *dir)
{
    char path[DB_PATH_MAX];
    struct stat st;

    journal_path(dir, "journal.db-wal", path);
    return stat(path, &st) == 0 && st.st_size > 0;
}

/* One attempt to open what lies there.  A sound file is not written to, so that Cordon starts
 * on a full disk too. */
static bool open_writer(struct journal *j, struct journal_opened *how, struct err *e)
{
    static const struct db_options options = {.sync_full = true, .wipe = true};
    char path[DB_PATH_MAX];

    journal_path(j->dir, "journal.db", path);
    if (!db_open(path, &options, &j->db, e) || !format_is_ours(j, e))
        return false;
    how->created = j->format == 0;
    if (j->format < JOURNAL_FORMAT && !journal_make_tables(j->db, e))
        return false;
    j->format = JOURNAL_FORMAT;
    return prepare(j, e) && journal_mend_tail(j, how, e);
}

static bool key_take(struct journal *j, struct journal_opened *how, struct err *e)
{
    char path[DB_PATH_MAX];
    bool made = false;

    journal_path(j->dir, "journal.key", path);
    if (!secret_key_file(path, j->key, sizeof j->key, &made, e))
        return false;
    if (made && j->head.seq > 0)
        journal_note(how,
                     "journal.key was not there: a new one was made, and the texts of rows 1 to "
                     "%llu can be read again only with the old one",
                     (unsigned long long)j->head.seq);
    return true;
}

bool journal_open(const char *dir, struct journal **out, struct journal_opened *how, struct err *e)
{
    struct journal *j = NULL;
    bool ok;

    *out = NULL;
    *how = (struct journal_opened){0};
    ok = journal_new(dir, false, &j, e) && secret_start(e) && lock_take(j, e) &&
         journal_mend_before(dir, how, e);
    if (ok) {
        how->unclean = was_cut_off(dir);
        ok = open_writer(j, how, e);
        if (!ok && j->db && db_damaged(j->db)) {
            db_close(j->db);
            j->db = NULL;
            ok = journal_mend_file(dir, how, e) && open_writer(j, how, e);
        }
    }
    ok = ok && key_take(j, how, e);
    if (!ok) {
        journal_close(j);
        return false;
    }
    how->rows = j->head.seq;
    *out = j;
    return true;
}

/* A reader has no head of its own: it looks. */
static bool head_look(struct journal *j, struct err *e)
{
    enum db_step step = db_step(j->last, e);

    if (step == DB_ROW) {
        struct str hash = db_blob(j->last, 1);

        j->head.seq = (uint64_t)db_int(j->last, 0);
        memset(j->head.hash, 0, JOURNAL_HASH);
        if (hash.len == JOURNAL_HASH)
            memcpy(j->head.hash, hash.at, JOURNAL_HASH);
    }
    db_reset(j->last);
    return step != DB_FAILED;
}

bool journal_hash_of(struct journal *j, uint64_t seq, unsigned char out[JOURNAL_HASH],
                     struct err *e)
{
    enum db_step step;
    bool ok = false;

    db_set_int(j->row, 1, (int64_t)seq);
    step = db_step(j->row, e);
    if (step == DB_ROW) {
        struct str hash = db_blob(j->row, 2);

        ok = hash.len == JOURNAL_HASH;
        if (ok)
            memcpy(out, hash.at, JOURNAL_HASH);
    }
    db_reset(j->row);
    if (!ok && step != DB_FAILED)
        return err_set(e, ERR_MISSING, "there is no entry %llu in the record",
                       (unsigned long long)seq);
    return ok;
}

/* Of a backup the keys lie apart: whoever looks at the record alone must be told so. */
static bool key_missing(const struct journal *j, const char *key, int why, struct err *e)
{
    char path[DB_PATH_MAX];

    journal_path(j->dir, "journal.db", path);
    if (why == ENOENT && access(path, F_OK) == 0)
        return err_set(e, ERR_MISSING, "%s is not there: put it beside the record (in a backup it lies in keys/); "
                       "without it the texts stay sealed, and tools/verify-journal proves the chain alone", key);
    return err_set(e, why == ENOENT ? ERR_MISSING : ERR_WORLD, "%s cannot be read: %s", key,
                   why == ENOENT ? "no Cordon has kept a record in this folder yet" : strerror(why));
}

bool journal_open_reader(const char *dir, struct journal **out, struct err *e)
{
    static const struct db_options options = {.reader = true, .evidence = true};
    struct journal *j = NULL;
    char path[DB_PATH_MAX];
    bool made = false, ok;

    *out = NULL;
    ok = journal_new(dir, true, &j, e) && secret_start(e);
    if (ok) {
        journal_path(j->dir, "journal.key", path);
        /* A reader must never be the one that makes the key. */
        if (access(path, R_OK) != 0)
            ok = key_missing(j, path, errno, e);
    }
    ok = ok && secret_key_file(path, j->key, sizeof j->key, &made, e);
    if (ok) {
        journal_path(j->dir, "journal.db", path);
        ok = db_open(path, &options, &j->db, e) && format_is_ours(j, e) && prepare(j, e) &&
             head_look(j, e);
        if (!ok && j->db)
            (void)journal_met_damage(j, e);
    }
    if (!ok) {
        journal_close(j);
        return false;
    }
    *out = j;
    return true;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    MUST(!j->reading);
    db_close(j->db);
    if (j->lock >= 0)
        (void)close(j->lock);
    secret_wipe(j->key, sizeof j->key);
    secret_wipe(j->chance, sizeof j->chance);
    free(j->body);
    free(j->text);
    sha256_free(j->hash);
    free(j);
}

/* ---- writing ---------------------------------------------------------- */

void journal_chance(struct journal *j, unsigned char *to, size_t n)
{
    MUST(n <= CHANCE_POOL);
    if (j->chance_left < n) {
        chance_fill(j->chance, sizeof j->chance);
        j->chance_left = sizeof j->chance;
    }
    j->chance_left -= n;
    memcpy(to, j->chance + j->chance_left, n);
    /* A key that was given out must not be found here later. */
    secret_wipe(j->chance + j->chance_left, n);
}

/* Writes the body into j->body and the wrapped data key of the row beside it. */
static struct str row_encode(struct journal *j, const struct journal_row *row,
                             unsigned char wrapped[WRAPPED])
{
    unsigned char key[SECRET_KEY], *b = j->body;
    size_t sealed = row->payload.len + SECRET_TAG;

    b[0] = BODY_VERSION;
    journal_number_put(b + BODY_KIND, row->kind, 2);
    b[BODY_FLAGS] = row->flags;
    journal_number_put(b + BODY_SEQ, row->seq, 8);
    journal_number_put(b + BODY_RECORDED, (uint64_t)row->recorded_ms, 8);
    journal_number_put(b + BODY_OBSERVED, (uint64_t)row->observed_ms, 8);
    journal_number_put(b + BODY_NODE, row->node, 4);
    journal_number_put(b + BODY_SEALED_LEN, sealed, 4);
    journal_chance(j, b + BODY_NONCE, SECRET_NONCE);
    journal_chance(j, wrapped, SECRET_NONCE);
    journal_chance(j, key, sizeof key);
    secret_seal(key, b + BODY_NONCE, row->payload, str_of(b, BODY_NONCE), b + BODY_SEALED);
    secret_seal(j->key, wrapped, str_of(key, sizeof key), str_of(b + BODY_SEQ, 8),
                wrapped + SECRET_NONCE);
    secret_wipe(key, sizeof key);
    return str_of(b, BODY_SEALED + sealed);
}

static bool batch_begin(struct journal *j, struct err *e)
{
    if (j->in_batch)
        return true;
    if (!db_begin(j->db, e))
        return false;
    j->in_batch = true;
    j->batch_failed = false;
    j->next = j->head;
    return true;
}

static bool row_put(struct journal *j, const struct stored *row, struct str wrapped, struct err *e)
{
    db_set_int(j->put_row, 1, (int64_t)row->seq);
    db_set_blob(j->put_row, 2, row->body);
    db_set_blob(j->put_row, 3, row->hash);
    db_set_int(j->put_key, 1, (int64_t)row->seq);
    db_set_blob(j->put_key, 2, wrapped);
    return db_do(j->put_row, e) && db_do(j->put_key, e);
}

bool journal_add(struct journal *j, uint16_t kind, int64_t recorded_ms, int64_t observed_ms,
                 struct str payload, uint64_t *seq, struct err *e)
{
    struct journal_row row = {
        .kind = kind, .recorded_ms = recorded_ms, .observed_ms = observed_ms, .payload = payload};
    unsigned char wrapped[WRAPPED], hash[JOURNAL_HASH];
    struct stored stored;

    MUST(!j->reader && !j->reading);
    if (payload.len > JOURNAL_PAYLOAD_MAX)
        return err_set(e, ERR_INPUT,
                       "an entry of %zu bytes is too large for the record: %d is the most",
                       payload.len, JOURNAL_PAYLOAD_MAX);
    if (j->in_batch && j->batch_failed)
        return err_set(e, ERR_WORLD, "%s/journal.db: this batch has failed already", j->dir);
    if (!batch_begin(j, e)) {
        j->stats.failures++;
        (void)journal_met_damage(j, e);
        return false;
    }
    row.seq = j->next.seq + 1;
    stored.seq = row.seq;
    stored.body = row_encode(j, &row, wrapped);
    chain_hash(j, j->next.hash, stored.body, hash);
    stored.hash = str_of(hash, sizeof hash);
    if (!row_put(j, &stored, str_of(wrapped, sizeof wrapped), e)) {
        j->batch_failed = true;
        (void)journal_met_damage(j, e);
        return false;
    }
    j->next.seq = row.seq;
    memcpy(j->next.hash, hash, JOURNAL_HASH);
    *seq = row.seq;
    return true;
}

bool journal_commit(struct journal *j, struct err *e)
{
    int64_t start = clock_us();
    uint64_t us;
    bool ok;

    MUST(!j->reader && !j->reading);
    if (!j->in_batch)
        return true;
    j->in_batch = false;
    if (j->batch_failed) {
        db_rollback(j->db);
        j->stats.failures++;
        return err_set(e, ERR_WORLD,
                       "%s/journal.db: nothing of this batch was kept, since a row of it "
                       "could not be written",
                       j->dir);
    }
    ok = db_commit(j->db, e);
    us = (uint64_t)(clock_us() - start);
    j->stats.commit_us_last = us;
    j->stats.commit_us_sum += us;
    if (us > j->stats.commit_us_max)
        j->stats.commit_us_max = us;
    if (!ok) {
        j->stats.failures++;
        (void)journal_met_damage(j, e);
        return false;
    }
    MUST(j->next.seq > j->head.seq);
    j->stats.rows += j->next.seq - j->head.seq;
    j->stats.commits++;
    j->head = j->next;
    return true;
}

void journal_rollback(struct journal *j)
{
    MUST(!j->reader);
    if (j->in_batch)
        db_rollback(j->db);
    j->in_batch = false;
}

struct journal_head journal_head(const struct journal *j)
{
    return j->head;
}

void journal_idle(struct journal *j)
{
    if (!j->in_batch)
        db_idle(j->db);
}

bool journal_erase(struct journal *j, uint64_t seq, struct err *e)
{
    char sql[256];

    MUST(!j->reader && !j->in_batch);
    if (seq == 0 || seq > j->head.seq)
        return err_set(e, ERR_MISSING, "there is no entry %llu in the record",
                       (unsigned long long)seq);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE keys SET wrapped = NULL WHERE seq = %llu;"
                   "UPDATE torn SET wrapped = NULL WHERE seq = %llu;"
                   "DELETE FROM states WHERE at_seq >= %llu",
                   (unsigned long long)seq, (unsigned long long)seq, (unsigned long long)seq);
    if (!db_begin(j->db, e))
        return false;
    if (!db_run(j->db, sql, e)) {
        db_rollback(j->db);
        return false;
    }
    if (!db_commit(j->db, e))
        return false;
    /* The key still stands in older pages of the WAL until that is written over. */
    if (db_empty_wal(j->db, e))
        return true;
    return err_in(e,
                  "entry %llu is erased, but an older page with its key is still in use by a "
                  "reader: erase it once more in a minute",
                  (unsigned long long)seq);
}

struct journal_stats journal_stats(const struct journal *j)
{
    struct journal_stats stats = j->stats;

    stats.bytes = db_bytes(j->db);
    return stats;
}

/* ---- reading ---------------------------------------------------------- */

static bool is_wanted(const uint16_t *kinds, struct str body)
{
    uint64_t kind;

    if (!kinds)
        return true;
    if (body.len < BODY_FLAGS)
        return false;
    kind = journal_number(body.at + BODY_KIND, 2);
    for (; *kinds; kinds++)
        if (*kinds == kind)
            return true;
    return false;
}

static struct row_key key_of(struct db_stmt *s, int column)
{
    if (db_is_null(s, column))
        return (struct row_key){.is = KEY_ERASED};
    return (struct row_key){KEY_HERE, db_blob(s, column)};
}

/* Moves the cursor of keys to seq, by steps when it is near and by a new search when not. */
static bool key_at(struct walk *w, uint64_t seq, struct row_key *key, struct err *e)
{
    struct db_stmt *keys = w->j->keys;

    *key = (struct row_key){.is = KEY_LOST};
    if (w->key_seq == 0 || seq > w->key_seq + 16) {
        db_reset(keys);
        db_set_int(keys, 1, (int64_t)seq);
        w->key_seq = 0;
        w->key_end = false;
    }
    while (!w->key_end && w->key_seq < seq) {
        enum db_step step = db_step(keys, e);

        if (step == DB_FAILED)
            return false;
        w->key_end = step == DB_DONE;
        w->key_seq = w->key_end ? INT64_MAX : (uint64_t)db_int(keys, 0);
    }
    if (!w->key_end && w->key_seq == seq)
        *key = key_of(keys, 1);
    return true;
}

/* Who is shown opened rows. */
struct seer {
    struct journal *j;
    journal_see *see;
    void *ctx;
};

/* Shows one row opened; returns what see() says. */
static bool show(void *ctx, const struct stored *stored, struct row_key key)
{
    const struct seer *to = ctx;
    struct journal *j = to->j;
    struct journal_row row = {.seq = stored->seq};
    const char *at = stored->body.at;
    bool more;

    if (stored->hash.len == JOURNAL_HASH)
        memcpy(row.hash, stored->hash.at, JOURNAL_HASH);
    if (stored->body.len >= BODY_NONCE) {
        row.kind = (uint16_t)journal_number(at + BODY_KIND, 2);
        row.flags = (uint8_t)at[BODY_FLAGS];
        row.recorded_ms = (int64_t)journal_number(at + BODY_RECORDED, 8);
        row.observed_ms = (int64_t)journal_number(at + BODY_OBSERVED, 8);
        row.node = (uint32_t)journal_number(at + BODY_NODE, 4);
    }
    row.erased = key.is == KEY_ERASED;
    row.damaged = !journal_body_is_whole(stored) || key.is == KEY_LOST ||
                  (key.is == KEY_HERE && !journal_unseal(j, stored, key.wrapped, &row.payload));
    j->reading = true;
    more = to->see(to->ctx, &row);
    j->reading = false;
    return more;
}

/* Pages that were mixed up can give rows twice; SQLite does not look for that. */
static enum db_step out_of_order(struct journal *j, uint64_t seq, struct err *e)
{
    j->damaged = true;
    journal_mark_damage(j->dir);
    (void)err_set(e, ERR_WORLD,
                  "%s/journal.db: the file is damaged: row %llu stands at a wrong place", j->dir,
                  (unsigned long long)seq);
    return DB_FAILED;
}

/* At most JOURNAL_SLICE rows in one read transaction; two cursors walk in step. */
static bool walk_slice(struct walk *w, struct err *e)
{
    struct journal *j = w->j;
    enum db_step step;
    size_t seen = 0;

    w->key_seq = 0;
    db_set_int(j->rows, 1, (int64_t)w->next);
    db_set_int(j->rows, 2, JOURNAL_SLICE);
    while ((step = db_step(j->rows, e)) == DB_ROW) {
        struct stored row = {(uint64_t)db_int(j->rows, 0), db_blob(j->rows, 1),
                             db_blob(j->rows, 2)};
        struct row_key key;

        /* What is not committed yet is nobody's business. */
        if (row.seq > j->head.seq)
            break;
        if (row.seq < w->next) {
            step = out_of_order(j, row.seq, e);
            break;
        }
        seen++;
        w->next = row.seq + 1;
        if (!is_wanted(w->kinds, row.body))
            continue;
        if (!key_at(w, row.seq, &key, e)) {
            step = DB_FAILED;
            break;
        }
        if (!w->see(w->ctx, &row, key)) {
            w->over = true;
            break;
        }
    }
    db_reset(j->rows);
    db_reset(j->keys);
    w->over = w->over || seen < JOURNAL_SLICE;
    return step != DB_FAILED;
}

bool journal_walk(struct walk *w, struct err *e)
{
    struct journal *j = w->j;

    MUST(!j->reading && w->see && w->next > 0);
    if (j->reader && !head_look(j, e)) {
        (void)journal_met_damage(j, e);
        return false;
    }
    if (w->next > j->head.seq)
        return true;
    while (!w->over) {
        if (!walk_slice(w, e)) {
            (void)journal_met_damage(j, e);
            return err_in(e, "reading the record after row %llu", (unsigned long long)w->next - 1);
        }
        if (!w->over && w->asks && j->tell && !j->tell(j->tell_ctx, j->head.seq))
            return err_set(e, ERR_DENIED, "the check was broken off");
    }
    return true;
}

bool journal_read(struct journal *j, uint64_t from, const uint16_t *kinds, journal_see *see,
                  void *ctx, struct err *e)
{
    struct seer to = {j, see, ctx};
    struct walk w = {.j = j, .kinds = kinds, .see = show, .ctx = &to, .next = from ? from : 1, .asks = true};

    MUST(see);
    return journal_walk(&w, e);
}

bool journal_get(struct journal *j, uint64_t seq, journal_see *see, void *ctx, struct err *e)
{
    enum db_step step = DB_DONE, key_step = DB_DONE;

    MUST(!j->reading && see);
    if (j->reader && !head_look(j, e))
        return journal_met_damage(j, e);
    if (seq > 0 && seq <= j->head.seq) {
        db_set_int(j->row, 1, (int64_t)seq);
        db_set_int(j->row_key, 1, (int64_t)seq);
        step = db_step(j->row, e);
        if (step == DB_ROW)
            key_step = db_step(j->row_key, e);
    }
    if (step == DB_ROW && key_step != DB_FAILED) {
        struct stored row = {seq, db_blob(j->row, 1), db_blob(j->row, 2)};
        struct row_key key = {.is = KEY_LOST};
        struct seer to = {j, see, ctx};

        if (key_step == DB_ROW)
            key = key_of(j->row_key, 0);
        (void)show(&to, &row, key);
    }
    db_reset(j->row);
    db_reset(j->row_key);
    if (step == DB_FAILED || key_step == DB_FAILED)
        return journal_met_damage(j, e);
    if (step == DB_DONE)
        return err_set(e, ERR_MISSING, "there is no entry %llu in the record",
                       (unsigned long long)seq);
    return true;
}
