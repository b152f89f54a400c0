#include "store/sealed.h"

#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>

enum { FORMAT = 1, ABOUT_MAX = SEALED_SUBJECT_MAX + 2 * SEALED_HOLDER_MAX + 16, WRAPPED = SECRET_KEY + SECRET_TAG };

enum statement {
    HOLDER,
    HOLDER_PUT,
    HOLDERS_FORGET,
    IDENTITY,
    IDENTITY_COUNT,
    IDENTITY_PUT,
    IDENTITY_DROP,
    HALVES,
    HALVES_COUNT,
    HALVES_PUT,
    HALVES_DROP,
    STATEMENTS,
};

static const char *const texts[STATEMENTS] = {
    [HOLDER] = "SELECT salt, nonce, proof FROM holders WHERE name = ?",
    [HOLDER_PUT] = "INSERT INTO holders(name, salt, nonce, proof) VALUES(?, ?, ?, ?)",
    [HOLDERS_FORGET] = "DELETE FROM holders WHERE name NOT IN (SELECT one FROM halves)"
                       " AND name NOT IN (SELECT other FROM halves)",
    [IDENTITY] = "SELECT nonce, text FROM identities WHERE subject = ?",
    [IDENTITY_COUNT] = "SELECT count(*) FROM identities",
    [IDENTITY_PUT] = "INSERT INTO identities(subject, nonce, text) VALUES(?, ?, ?)",
    [IDENTITY_DROP] = "DELETE FROM identities WHERE subject = ?",
    [HALVES] = "SELECT one_nonce, one_half, other_nonce, other_half FROM halves"
               " WHERE subject = ? AND one = ? AND other = ?",
    [HALVES_COUNT] = "SELECT count(*) FROM halves WHERE subject = ?",
    [HALVES_PUT] = "INSERT INTO halves(subject, one, other, one_nonce, one_half, other_nonce, other_half)"
                   " VALUES(?, ?, ?, ?, ?, ?, ?)",
    [HALVES_DROP] = "DELETE FROM halves WHERE subject = ?",
};

static const char tables[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS holders(name TEXT PRIMARY KEY, salt BLOB NOT NULL, nonce BLOB NOT NULL,"
    " proof BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS identities(subject TEXT PRIMARY KEY, nonce BLOB NOT NULL, text BLOB NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS halves(subject TEXT NOT NULL REFERENCES identities(subject),"
    " one TEXT NOT NULL REFERENCES holders(name), other TEXT NOT NULL REFERENCES holders(name),"
    " one_nonce BLOB NOT NULL, one_half BLOB NOT NULL, other_nonce BLOB NOT NULL, other_half BLOB NOT NULL,"
    " PRIMARY KEY(subject, one, other)) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=1;"
    "COMMIT";

_Static_assert(FORMAT == 1, "the user_version above");

struct sealed {
    struct db *db;
    struct db_stmt *at[STATEMENTS];
    unsigned char room[SEALED_TEXT_MAX + SECRET_TAG]; /* ciphertext on its way */
    bool has_old_pages; /* of what was destroyed, in the WAL: a failure left them there */
};

/* Tried with each use until the disk takes it, and at the start, where nobody knows what a run before left. */
static void drop_old_pages(struct sealed *s)
{
    struct err ignored;

    if (s->has_old_pages)
        s->has_old_pages = !db_empty_wal(s->db, &ignored);
}

/* ---- opening the file ------------------------------------------------- */

static bool make_tables(struct sealed *s, struct err *e)
{
    int64_t format = 0;

    if (!db_ask(s->db, "PRAGMA user_version", &format, e))
        return false;
    if (format > FORMAT)
        return err_set(e, ERR_INPUT, "sealed.db was written by a newer Cordon: start the newer one");
    return format == FORMAT || db_run(s->db, tables, e);
}

bool sealed_open(const char *dir, struct sealed **out, struct err *e)
{
    static const struct db_options options = {.sync_full = true, .wipe = true};
    struct sealed *s = calloc(1, sizeof *s);
    char path[DB_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/sealed.db", dir);
    bool ok;

    *out = NULL;
    if (!s)
        return err_set(e, ERR_WORLD, "there is not enough memory for the sealed identities");
    ok = n > 0 && n < (int)sizeof path;
    if (!ok)
        (void)err_set(e, ERR_INPUT, "the name of the data folder is too long");
    ok = ok && db_open(path, &options, &s->db, e) && make_tables(s, e);
    for (size_t i = 0; ok && i < STATEMENTS; i++)
        ok = db_prepare(s->db, texts[i], &s->at[i], e);
    if (!ok) {
        sealed_close(s);
        return false;
    }
    s->has_old_pages = true;
    drop_old_pages(s);
    *out = s;
    return true;
}

void sealed_close(struct sealed *s)
{
    if (!s)
        return;
    db_close(s->db);
    free(s);
}

/* ---- holders ---------------------------------------------------------- */

/* What a seal is bound to: its purpose and the names, each behind its length. */
static struct str about(struct buf *b, char what, const struct str *names, size_t count)
{
    buf_byte(b, what);
    for (size_t i = 0; i < count; i++) {
        buf_fmt(b, "%zu:", names[i].len);
        buf_put(b, names[i]);
    }
    MUST(!b->full);
    return buf_str(b);
}

static bool copy_blob(struct db_stmt *s, int column, void *to, size_t size)
{
    struct str blob = db_blob(s, column);

    if (blob.len != size)
        return false;
    memcpy(to, blob.at, size);
    return true;
}

/* A row of the wrong shape is damage: said, never trusted. */
static bool damaged(struct err *e)
{
    return err_set(e, ERR_WORLD, "sealed.db is damaged: put it back from a backup");
}

bool sealed_salt(struct sealed *s, struct str name, struct holder_salt *out, struct err *e)
{
    struct db_stmt *q = s->at[HOLDER];
    enum db_step step;
    bool whole = true;

    *out = (struct holder_salt){0};
    db_set_text(q, 1, name);
    step = db_step(q, e);
    if (step == DB_ROW)
        whole = copy_blob(q, 0, out->bytes, sizeof out->bytes);
    db_reset(q);
    if (step == DB_FAILED)
        return false;
    out->known = step == DB_ROW;
    if (!out->known)
        secret_random(out->bytes, sizeof out->bytes);
    return whole || damaged(e);
}

/* Is this the key that he sealed with before? */
static bool is_own_key(struct sealed *s, const struct holder *h, bool *is, struct err *e)
{
    struct db_stmt *q = s->at[HOLDER];
    unsigned char nonce[SECRET_NONCE], proof[SECRET_TAG], none[1];
    char text[ABOUT_MAX];
    struct buf b = buf_over(text, sizeof text);
    bool whole;

    db_set_text(q, 1, h->name);
    if (db_step(q, e) != DB_ROW) {
        db_reset(q);
        return damaged(e);
    }
    whole = copy_blob(q, 1, nonce, sizeof nonce) && copy_blob(q, 2, proof, sizeof proof);
    db_reset(q);
    if (!whole)
        return damaged(e);
    *is = secret_open(h->key, nonce, str_of(proof, sizeof proof), about(&b, 'h', &h->name, 1), none);
    return true;
}

static bool keep_holder(struct sealed *s, const struct holder *h, const struct holder_salt *salt, struct err *e)
{
    struct db_stmt *q = s->at[HOLDER_PUT];
    unsigned char nonce[SECRET_NONCE], proof[SECRET_TAG];
    struct holder_salt now;
    char text[ABOUT_MAX];
    struct buf b = buf_over(text, sizeof text);
    bool own = false;

    if (!sealed_salt(s, h->name, &now, e))
        return false;
    if (now.known) {
        if (!is_own_key(s, h, &own, e))
            return false;
        return own || err_set(e, ERR_DENIED, "the passphrase of %.*s is not the one that was used before; nothing was "
                              "sealed", STR_ARG(h->name));
    }
    secret_random(nonce, sizeof nonce);
    secret_seal(h->key, nonce, (struct str){0}, about(&b, 'h', &h->name, 1), proof);
    db_set_text(q, 1, h->name);
    db_set_blob(q, 2, str_of(salt->bytes, sizeof salt->bytes));
    db_set_blob(q, 3, str_of(nonce, sizeof nonce));
    db_set_blob(q, 4, str_of(proof, sizeof proof));
    return db_do(q, e);
}

/* ---- halves ----------------------------------------------------------- */

/* Splits K in two for this pair and keeps each half under its holder's key. */
static bool keep_halves(struct sealed *s, struct str subject, const struct holder pair[2],
                        const unsigned char key[SECRET_KEY], struct err *e)
{
    struct db_stmt *q = s->at[HALVES_PUT];
    const struct str names[] = {subject, pair[0].name, pair[1].name};
    unsigned char half[2][SECRET_KEY], nonce[2][SECRET_NONCE], wrapped[2][WRAPPED];
    bool ok;

    secret_random(half[0], SECRET_KEY);
    for (size_t i = 0; i < SECRET_KEY; i++)
        half[1][i] = half[0][i] ^ key[i];
    db_set_text(q, 1, subject);
    for (int i = 0; i < 2; i++) {
        char text[ABOUT_MAX];
        struct buf b = buf_over(text, sizeof text);

        secret_random(nonce[i], SECRET_NONCE);
        secret_seal(pair[i].key, nonce[i], str_of(half[i], SECRET_KEY), about(&b, i ? 'B' : 'A', names, 3), wrapped[i]);
        db_set_text(q, 2 + i, pair[i].name);
        db_set_blob(q, 4 + 2 * i, str_of(nonce[i], SECRET_NONCE));
        db_set_blob(q, 5 + 2 * i, str_of(wrapped[i], WRAPPED));
    }
    ok = db_do(q, e);
    secret_wipe(half, sizeof half);
    return ok;
}

enum found { FOUND, NOT_FOUND, FOUND_DAMAGED };

/* K by the halves of this pair in this order; NOT_FOUND: no such pair, or a key that does not fit. */
static enum found join_halves(struct sealed *s, struct str subject, const struct holder *pair[2],
                              unsigned char key[SECRET_KEY])
{
    struct db_stmt *q = s->at[HALVES];
    const struct str names[] = {subject, pair[0]->name, pair[1]->name};
    unsigned char nonce[2][SECRET_NONCE], wrapped[2][WRAPPED], half[2][SECRET_KEY];
    enum found found = NOT_FOUND;
    enum db_step step;
    struct err ignored;
    bool fits = true, whole = true;

    db_set_text(q, 1, subject);
    db_set_text(q, 2, pair[0]->name);
    db_set_text(q, 3, pair[1]->name);
    step = db_step(q, &ignored);
    for (int i = 0; step == DB_ROW && i < 2; i++)
        whole = copy_blob(q, 2 * i, nonce[i], SECRET_NONCE) && copy_blob(q, 2 * i + 1, wrapped[i], WRAPPED) && whole;
    db_reset(q);
    if (step == DB_FAILED || !whole)
        return FOUND_DAMAGED;
    for (int i = 0; step == DB_ROW && i < 2; i++) {
        char text[ABOUT_MAX];
        struct buf b = buf_over(text, sizeof text);

        fits = secret_open(pair[i]->key, nonce[i], str_of(wrapped[i], WRAPPED), about(&b, i ? 'B' : 'A', names, 3),
                           half[i]) && fits;
    }
    if (step == DB_ROW && fits) {
        for (size_t i = 0; i < SECRET_KEY; i++)
            key[i] = half[0][i] ^ half[1][i];
        found = FOUND;
    }
    secret_wipe(half, sizeof half);
    return found;
}

static bool key_of(struct sealed *s, struct str subject, const struct holder pair[2], unsigned char key[SECRET_KEY],
                   struct err *e)
{
    const struct holder *as_given[] = {&pair[0], &pair[1]}, *turned[] = {&pair[1], &pair[0]};
    enum found found = join_halves(s, subject, as_given, key);

    if (found == NOT_FOUND)
        found = join_halves(s, subject, turned, key);
    if (found == FOUND_DAMAGED)
        return damaged(e);
    return found == FOUND ||
           err_set(e, ERR_DENIED, "these two people with these passphrases do not open it; both begin anew");
}

/* ---- identities ------------------------------------------------------- */

static bool check_pair(const struct holder pair[2], struct err *e)
{
    for (int i = 0; i < 2; i++)
        if (pair[i].name.len == 0 || pair[i].name.len > SEALED_HOLDER_MAX)
            return err_set(e, ERR_INPUT, "the name of a holder has 1 to %d bytes", SEALED_HOLDER_MAX);
    return !str_eq(pair[0].name, pair[1].name) ||
           err_set(e, ERR_INPUT, "an identity has two holders; %.*s alone is one", STR_ARG(pair[0].name));
}

static bool check_subject(struct str subject, struct err *e)
{
    return (subject.len > 0 && subject.len <= SEALED_SUBJECT_MAX) ||
           err_set(e, ERR_INPUT, "what is sealed is named with 1 to %d bytes", SEALED_SUBJECT_MAX);
}

static bool count_of(struct db_stmt *q, int64_t *n, struct err *e)
{
    enum db_step step = db_step(q, e);

    if (step == DB_ROW)
        *n = db_int(q, 0);
    db_reset(q);
    return step == DB_ROW;
}

bool sealed_has(struct sealed *s, struct str subject, bool *has, struct err *e)
{
    struct db_stmt *q = s->at[IDENTITY];
    enum db_step step;

    drop_old_pages(s);
    db_set_text(q, 1, subject);
    step = db_step(q, e);
    db_reset(q);
    *has = step == DB_ROW;
    return step != DB_FAILED;
}

static bool finish(struct sealed *s, bool ok, struct err *e)
{
    if (ok)
        return db_commit(s->db, e);
    db_rollback(s->db);
    return false;
}

static bool may_put(struct sealed *s, const struct sealing *x, struct err *e)
{
    int64_t count = 0;
    bool has;

    if (!sealed_has(s, x->subject, &has, e) || !count_of(s->at[IDENTITY_COUNT], &count, e))
        return false;
    if (has)
        return err_set(e, ERR_DENIED, "this identity is sealed already; destroy it first to seal another text");
    return count < SEALED_IDENTITIES_MAX ||
           err_set(e, ERR_FULL, "%d identities are sealed, the most that there can be", SEALED_IDENTITIES_MAX);
}

static bool put_text(struct sealed *s, const struct sealing *x, const unsigned char key[SECRET_KEY], struct err *e)
{
    struct db_stmt *q = s->at[IDENTITY_PUT];
    unsigned char nonce[SECRET_NONCE];
    char text[ABOUT_MAX];
    struct buf b = buf_over(text, sizeof text);

    secret_random(nonce, sizeof nonce);
    secret_seal(key, nonce, x->text, about(&b, 'i', &x->subject, 1), s->room);
    db_set_text(q, 1, x->subject);
    db_set_blob(q, 2, str_of(nonce, sizeof nonce));
    db_set_blob(q, 3, str_of(s->room, x->text.len + SECRET_TAG));
    return db_do(q, e);
}

bool sealed_put(struct sealed *s, const struct sealing *x, struct err *e)
{
    unsigned char key[SECRET_KEY];
    bool ok;

    if (!check_subject(x->subject, e) || !check_pair(x->pair, e))
        return false;
    if (x->text.len == 0 || x->text.len > SEALED_TEXT_MAX)
        return err_set(e, ERR_INPUT, "a sealed text has 1 to %d bytes", SEALED_TEXT_MAX);
    if (!db_begin(s->db, e))
        return false;
    secret_random(key, sizeof key);
    ok = may_put(s, x, e) && keep_holder(s, &x->pair[0], &x->salts[0], e) &&
         keep_holder(s, &x->pair[1], &x->salts[1], e) && put_text(s, x, key, e) &&
         keep_halves(s, x->subject, x->pair, key, e);
    secret_wipe(key, sizeof key);
    return finish(s, ok, e);
}

bool sealed_share(struct sealed *s, const struct sealing *x, const struct holder have[2], struct err *e)
{
    unsigned char key[SECRET_KEY];
    int64_t pairs = 0;
    bool ok;

    if (!check_subject(x->subject, e) || !check_pair(x->pair, e) || !key_of(s, x->subject, have, key, e))
        return false;
    db_set_text(s->at[HALVES_COUNT], 1, x->subject);
    ok = db_begin(s->db, e);
    if (ok) {
        ok = count_of(s->at[HALVES_COUNT], &pairs, e);
        if (ok && pairs >= SEALED_PAIRS_MAX)
            ok = err_set(e, ERR_FULL, "%d pairs of holders can open it, the most that there can be", SEALED_PAIRS_MAX);
        ok = finish(s, ok && keep_holder(s, &x->pair[0], &x->salts[0], e) &&
                           keep_holder(s, &x->pair[1], &x->salts[1], e) &&
                           keep_halves(s, x->subject, x->pair, key, e), e);
    }
    secret_wipe(key, sizeof key);
    return ok;
}

/* Opens the text of a row into out; false: it is not what was sealed under this key. */
static bool open_text(struct db_stmt *q, struct str subject, const unsigned char key[SECRET_KEY], struct buf *out)
{
    struct str text = db_blob(q, 1);
    unsigned char nonce[SECRET_NONCE];
    char names[ABOUT_MAX];
    struct buf b = buf_over(names, sizeof names);

    if (!copy_blob(q, 0, nonce, sizeof nonce) || text.len < SECRET_TAG || text.len - SECRET_TAG > out->max - out->len ||
        !secret_open(key, nonce, text, about(&b, 'i', &subject, 1), (unsigned char *)out->at + out->len))
        return false;
    out->len += text.len - SECRET_TAG;
    return true;
}

bool sealed_read(struct sealed *s, struct str subject, const struct holder pair[2], struct buf *out, struct err *e)
{
    struct db_stmt *q = s->at[IDENTITY];
    unsigned char key[SECRET_KEY];
    enum db_step step;
    bool has, ok;

    MUST(out->max - out->len >= SEALED_TEXT_MAX);
    if (!check_subject(subject, e) || !check_pair(pair, e) || !sealed_has(s, subject, &has, e))
        return false;
    if (!has)
        return err_set(e, ERR_MISSING, "no identity is sealed under this tag");
    if (!key_of(s, subject, pair, key, e))
        return false;
    db_set_text(q, 1, subject);
    step = db_step(q, e);
    ok = step == DB_ROW && open_text(q, subject, key, out);
    db_reset(q);
    secret_wipe(key, sizeof key);
    return ok || damaged(e);
}

bool sealed_destroy(struct sealed *s, struct str subject, struct err *e)
{
    bool has, ok;

    if (!sealed_has(s, subject, &has, e))
        return false;
    if (!has)
        return err_set(e, ERR_MISSING, "no identity is sealed under this tag");
    if (!db_begin(s->db, e))
        return false;
    db_set_text(s->at[HALVES_DROP], 1, subject);
    db_set_text(s->at[IDENTITY_DROP], 1, subject);
    ok = db_do(s->at[HALVES_DROP], e) && db_do(s->at[IDENTITY_DROP], e) && db_do(s->at[HOLDERS_FORGET], e);
    if (!finish(s, ok, e))
        return false;
    s->has_old_pages = !db_empty_wal(s->db, e);
    return !s->has_old_pages ||
           err_in(e, "it is destroyed, but older pages of it are still on the disk; they go as soon as it takes that");
}
