/* Saved states of incidents: a cache, sealed because it holds texts.
 *
 * A row of `states` belongs to one incident and one row of the journal:
 *   incident   SHA-256(key | id of the incident): the file alone does not tell the name
 *   sealed     nonce(24) | XChaCha20-Poly1305 of the bytes under the key of journal.key, with
 *              "CORDON STATE" | incident(32) | at_seq(8) | hash of row at_seq(32) as additional data
 * So a state of another incident, another moment or another chain does not open. */
#include "store/journal_inner.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    STATE_WORDS = 12, /* "CORDON STATE" */
    STATE_TIED = STATE_WORDS + SECRET_SHA + 8 + JOURNAL_HASH,
    STATE_MIN = SECRET_NONCE + SECRET_TAG,
};

/* What a state is sealed along with. */
struct tie {
    unsigned char bytes[STATE_TIED];
};

static struct str tie_incident(const struct tie *t)
{
    return str_of(t->bytes + STATE_WORDS, SECRET_SHA);
}

static void tie_begin(const struct journal *j, struct str incident, struct tie *t)
{
    memcpy(t->bytes, "CORDON STATE", STATE_WORDS);
    secret_sha256_two(str_of(j->key, SECRET_KEY), incident, t->bytes + STATE_WORDS);
}

/* False: there is no such row. */
static bool tie_end(struct journal *j, uint64_t at_seq, struct tie *t, struct err *e)
{
    journal_number_put(t->bytes + STATE_WORDS + SECRET_SHA, at_seq, 8);
    return journal_hash_of(j, at_seq, t->bytes + STATE_WORDS + SECRET_SHA + 8, e);
}

/* ---- writing ---------------------------------------------------------- */

/* The fourth newest goes when its neighbours are near enough to one another without it; 0 stands for
 * the beginning, where a replay needs no state.  The older ones were judged when they were fourth. */
static const char thin[] =
    "DELETE FROM states WHERE incident = ?1 AND at_seq ="
    " (SELECT at_seq FROM states WHERE incident = ?1 ORDER BY at_seq DESC LIMIT 1 OFFSET ?2)"
    " AND (SELECT at_seq FROM states WHERE incident = ?1 ORDER BY at_seq DESC LIMIT 1 OFFSET ?2 - 1)"
    " - coalesce((SELECT at_seq FROM states WHERE incident = ?1 ORDER BY at_seq DESC LIMIT 1 OFFSET ?2 + 1), 0)"
    " <= ?3";

/* The oldest of all go first. */
static const char bound[] =
    "DELETE FROM states WHERE id IN (SELECT id FROM"
    " (SELECT id, row_number() OVER newest AS n, sum(size) OVER newest AS bytes FROM states"
    "  WINDOW newest AS (ORDER BY at_seq DESC, id DESC ROWS UNBOUNDED PRECEDING))"
    " WHERE n > ?1 OR bytes > ?2)";

static bool state_insert(struct journal *j, const struct tie *t, uint64_t at_seq, struct str sealed, struct err *e)
{
    if (!db_prepare_once(j->db, &j->put_state,
                         "INSERT OR REPLACE INTO states(incident, at_seq, size, sealed) VALUES(?, ?, ?, ?)", e) ||
        !db_prepare_once(j->db, &j->thin_states, thin, e) || !db_prepare_once(j->db, &j->bound_states, bound, e))
        return false;
    db_set_blob(j->put_state, 1, tie_incident(t));
    db_set_int(j->put_state, 2, (int64_t)at_seq);
    db_set_int(j->put_state, 3, (int64_t)sealed.len);
    db_set_blob(j->put_state, 4, sealed);
    db_set_blob(j->thin_states, 1, tie_incident(t));
    db_set_int(j->thin_states, 2, JOURNAL_STATES_NEWEST);
    db_set_int(j->thin_states, 3, JOURNAL_STATES_APART);
    db_set_int(j->bound_states, 1, JOURNAL_STATES_MAX);
    db_set_int(j->bound_states, 2, JOURNAL_STATES_BYTES);
    return db_do(j->put_state, e) && db_do(j->thin_states, e) && db_do(j->bound_states, e);
}

bool journal_put_state(struct journal *j, uint64_t at_seq, struct str incident, struct str bytes, struct err *e)
{
    unsigned char *sealed;
    struct tie t;
    bool ok;

    MUST(!j->reader && !j->in_batch && !j->reading && at_seq > 0 && at_seq <= j->head.seq);
    if (bytes.len > JOURNAL_STATE_MAX)
        return err_set(e, ERR_FULL, "a saved state of %zu bytes is too large: %d is the most", bytes.len,
                       JOURNAL_STATE_MAX);
    tie_begin(j, incident, &t);
    if (!tie_end(j, at_seq, &t, e))
        return false;
    sealed = malloc(bytes.len + STATE_MIN);
    if (!sealed)
        return err_set(e, ERR_WORLD, "there is not enough memory to save a state of %zu bytes", bytes.len);
    journal_chance(j, sealed, SECRET_NONCE);
    secret_seal(j->key, sealed, bytes, str_of(t.bytes, sizeof t.bytes), sealed + SECRET_NONCE);
    ok = db_begin(j->db, e);
    if (ok && !state_insert(j, &t, at_seq, str_of(sealed, bytes.len + STATE_MIN), e)) {
        db_rollback(j->db);
        ok = false;
    } else
        ok = ok && db_commit(j->db, e);
    free(sealed);
    return ok || journal_met_damage(j, e) || err_in(e, "the state of an incident could not be saved");
}

/* ---- reading ---------------------------------------------------------- */

/* Opens a stored state into memory of its own; false when it does not open.  out->at is NULL when there
 * is no memory. */
static bool state_open(struct journal *j, struct tie *t, uint64_t at_seq, struct str sealed, char **out)
{
    struct err ignored;

    *out = NULL;
    if (sealed.len < STATE_MIN || sealed.len > JOURNAL_STATE_MAX + STATE_MIN || !tie_end(j, at_seq, t, &ignored))
        return false;
    *out = malloc(sealed.len);
    if (!*out)
        return true;
    if (secret_open(j->key, (const unsigned char *)sealed.at, str_from_at(sealed, SECRET_NONCE),
                    str_of(t->bytes, sizeof t->bytes), (unsigned char *)*out))
        return true;
    free(*out);
    *out = NULL;
    return false;
}

/* What does not open is of no use to anybody; a failing disk may keep it. */
static void state_drop(struct journal *j, int64_t id)
{
    struct err ignored;
    char sql[64];

    (void)snprintf(sql, sizeof sql, "DELETE FROM states WHERE id = %lld", (long long)id);
    if (!j->reader)
        (void)!db_run(j->db, sql, &ignored);
}

/* A state as it is found. */
struct found {
    int64_t id;
    uint64_t at_seq;
    size_t len;
    char *bytes;
    bool there, opens;
};

static bool state_find(struct journal *j, struct tie *t, uint64_t at_or_before, struct found *f, struct err *e)
{
    enum db_step step;

    *f = (struct found){0};
    db_set_blob(j->states, 1, tie_incident(t));
    db_set_int(j->states, 2, at_or_before < INT64_MAX ? (int64_t)at_or_before : INT64_MAX);
    step = db_step(j->states, e);
    if (step == DB_ROW) {
        struct str sealed = db_blob(j->states, 2);

        f->there = true;
        f->id = db_int(j->states, 0);
        f->at_seq = (uint64_t)db_int(j->states, 1);
        f->opens = state_open(j, t, f->at_seq, sealed, &f->bytes);
        f->len = f->opens ? sealed.len - STATE_MIN : 0;
    }
    db_reset(j->states);
    return step != DB_FAILED;
}

bool journal_get_state(struct journal *j, struct str incident, uint64_t at_or_before, uint64_t *at_seq, char **bytes,
                       size_t *len, struct err *e)
{
    struct found f = {.there = true};
    struct tie t;

    MUST(!j->in_batch && !j->reading);
    *at_seq = 0;
    *bytes = NULL;
    *len = 0;
    if (j->format < JOURNAL_FORMAT_STATES)
        return true;
    if (!db_prepare_once(j->db, &j->states,
                         "SELECT id, at_seq, sealed FROM states WHERE incident = ? AND at_seq <= ? AND at_seq > 0"
                         " ORDER BY at_seq DESC LIMIT 1",
                         e))
        return journal_met_damage(j, e);
    tie_begin(j, incident, &t);
    while (f.there && !f.opens) {
        if (!state_find(j, &t, at_or_before, &f, e))
            return journal_met_damage(j, e);
        if (f.there && !f.opens)
            state_drop(j, f.id);
        at_or_before = f.at_seq - 1;
    }
    if (f.opens && !f.bytes)
        return err_set(e, ERR_WORLD, "there is not enough memory to read a saved state of %zu bytes", f.len);
    *at_seq = f.at_seq;
    *bytes = f.bytes;
    *len = f.len;
    return true;
}
