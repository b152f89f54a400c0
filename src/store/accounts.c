#include "store/accounts_inner.h"

#include "core/fields.h"
#include "core/incident_access.h"
#include "core/record.h"

#include <stdio.h>
#include <stdlib.h>

enum { ACCOUNTS_FORMAT = 3 };

#define USER_COLUMNS "id, name, agency, relay, disabled, role"
#define CERTIFICATE_COLUMNS "serial, user_id, not_after_ms, revoked_ms, issued_ms, invite_id, held, device_uid"
#define OF_ORDER                                                                                                       \
    " AND (?2 = '' OR serial = ?2) AND (?3 = '' OR user_id = (SELECT id FROM users WHERE name = ?3))"                  \
    " AND (?4 = 0 OR invite_id = ?4)"
#define OPERATOR_COLUMNS "o.id, o.name, o.roles, o.agency, o.password_hash, o.disabled"

_Static_assert((int)OPERATOR_ROLES_MAX == ACCESS_ROLES_MAX && (int)OPERATOR_AGENCY_MAX == ACCESS_AGENCY_MAX + 1,
               "what core/incident_access.h takes");

static const char *const texts[ACCOUNTS_STATEMENTS] = {
    [USER_PUT] =
        "INSERT INTO users(name, agency, relay, disabled, role) VALUES(?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT(name) DO UPDATE SET agency = ?2, relay = ?3, disabled = ?4, role = ?5 RETURNING id",
    [USER_BY_NAME] = "SELECT " USER_COLUMNS " FROM users WHERE name = ?",
    [USER_BY_ID] = "SELECT " USER_COLUMNS " FROM users WHERE id = ?",
    [USERS] = "SELECT " USER_COLUMNS " FROM users WHERE id > ? ORDER BY id LIMIT 1",
    [GROUPS] =
        "SELECT name, may_in, may_out, active FROM user_groups WHERE user_id = ? ORDER BY place",
    [GROUPS_CLEAR] = "DELETE FROM user_groups WHERE user_id = ?",
    [GROUP_PUT] = "INSERT INTO user_groups(user_id, place, name, may_in, may_out, active)"
                  " VALUES(?, ?, ?, ?, ?, ?)",
    [CERTIFICATE_PUT] = "INSERT INTO certificates(" CERTIFICATE_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                        " ON CONFLICT(serial) DO UPDATE SET user_id = ?2, not_after_ms = ?3, revoked_ms = ?4,"
                        " issued_ms = ?5, invite_id = ?6, held = ?7, device_uid = ?8",
    [CERTIFICATE] = "SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE serial = ?",
    [CERTIFICATES] = "SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE ?1 = 0 OR user_id = ?1"
                     " ORDER BY issued_ms DESC, serial",
    [TO_REVOKE] = "SELECT serial, (SELECT name FROM users WHERE id = user_id), device_uid FROM certificates"
                  " WHERE revoked_ms = 0 AND ?1 > 0" OF_ORDER,
    [REVOKE] = "UPDATE certificates SET revoked_ms = ?1 WHERE revoked_ms = 0" OF_ORDER,
    [TO_ADMIT] = "SELECT serial, (SELECT name FROM users WHERE id = user_id), device_uid FROM certificates"
                 " WHERE held = 1 AND revoked_ms = 0 AND ?1 > 0" OF_ORDER,
    [ADMIT] = "UPDATE certificates SET held = 0 WHERE held = 1 AND revoked_ms = 0 AND ?1 > 0" OF_ORDER,
    [USER_DISABLE] = "UPDATE users SET disabled = ?2 WHERE name = ?1 AND disabled <> ?2",
    [PASSWORD_PUT] = "UPDATE users SET password_hash = ?2 WHERE name = ?1",
    [PASSWORD] = "SELECT password_hash FROM users WHERE name = ?",
    [OPERATOR_COUNT] = "SELECT count(*) FROM operators",
    [OPERATOR_ADMINISTRATORS] = "SELECT count(*) FROM operators WHERE disabled = 0"
                                " AND instr(',' || roles || ',', ',administrator,') > 0",
    [OPERATOR_PUT] =
        "INSERT INTO operators(name, roles, agency, password_hash, disabled) VALUES(?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT(name) DO UPDATE SET roles = ?2, agency = ?3, password_hash = ?4, disabled = ?5"
        " RETURNING id",
    [OPERATOR] = "SELECT " OPERATOR_COLUMNS " FROM operators AS o WHERE name = ?",
    [OPERATORS] = "SELECT " OPERATOR_COLUMNS " FROM operators AS o ORDER BY name",
    [OPERATOR_SESSIONS_END] = "DELETE FROM sessions WHERE operator_id = ?",
    [NOTE_PUT] = "INSERT INTO notes(kind, payload) VALUES(?, ?)",
    [NOTES] = "SELECT id, kind, payload FROM notes WHERE id > ? ORDER BY id",
    [NOTES_DROP] = "DELETE FROM notes WHERE id <= ?",
    [SESSION_PUT] =
        "INSERT INTO sessions(token_hash, operator_id, made_ms, seen_ms, expires_ms, csrf)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(token_hash) DO UPDATE"
        " SET seen_ms = ?4, expires_ms = ?5, csrf = ?6",
    [SESSION] =
        "SELECT " OPERATOR_COLUMNS ","
        " s.made_ms, s.seen_ms, s.expires_ms, s.csrf"
        " FROM sessions AS s JOIN operators AS o ON o.id = s.operator_id WHERE s.token_hash = ?",
    [SESSION_END] = "DELETE FROM sessions WHERE token_hash = ?",
    [SESSIONS_EXPIRE] = "DELETE FROM sessions WHERE expires_ms <= ?",
    [VALUE_PUT] =
        "INSERT INTO named(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2",
    [VALUE] = "SELECT value FROM named WHERE key = ?",
    [DEVICE_PUT] =
        "INSERT INTO devices(uid, callsign, user_id, acked_seq, seen_ms) VALUES(?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT(uid) DO UPDATE SET callsign = ?2, user_id = ?3,"
        " acked_seq = max(acked_seq, ?4), seen_ms = ?5",
    [DEVICES] = "SELECT uid, callsign, user_id, acked_seq, seen_ms FROM devices ORDER BY uid",
    [DATA_VERSION] = "PRAGMA data_version",
};

#define NOTES_TABLE                                                                                                    \
    "CREATE TABLE IF NOT EXISTS notes(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"                    \
    " payload BLOB NOT NULL) STRICT;"

#define INVITE_TABLES                                                                                                  \
    "CREATE TABLE IF NOT EXISTS invites(id INTEGER PRIMARY KEY AUTOINCREMENT, token_hash BLOB NOT NULL UNIQUE,"        \
    " name TEXT NOT NULL, agency TEXT NOT NULL, role TEXT NOT NULL, admits INTEGER NOT NULL,"                          \
    " expires_ms INTEGER NOT NULL, uses_max INTEGER NOT NULL, uses INTEGER NOT NULL, numbers INTEGER NOT NULL,"        \
    " used_ms INTEGER NOT NULL, made_by TEXT NOT NULL, made_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL) STRICT;"   \
    "CREATE TABLE IF NOT EXISTS invite_groups(invite_id INTEGER NOT NULL REFERENCES invites(id),"                      \
    " place INTEGER NOT NULL, name TEXT NOT NULL, may_in INTEGER NOT NULL, may_out INTEGER NOT NULL,"                  \
    " PRIMARY KEY(invite_id, place)) STRICT, WITHOUT ROWID;"

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS users(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " agency TEXT NOT NULL, relay INTEGER NOT NULL, disabled INTEGER NOT NULL, role TEXT NOT NULL DEFAULT '',"
    " password_hash TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE IF NOT EXISTS user_groups(user_id INTEGER NOT NULL REFERENCES users(id),"
    " place INTEGER NOT NULL, name TEXT NOT NULL, may_in INTEGER NOT NULL, may_out INTEGER NOT "
    "NULL,"
    " active INTEGER NOT NULL, PRIMARY KEY(user_id, place), UNIQUE(user_id, name)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE IF NOT EXISTS certificates(serial TEXT PRIMARY KEY,"
    " user_id INTEGER NOT NULL REFERENCES users(id), not_after_ms INTEGER NOT NULL,"
    " revoked_ms INTEGER NOT NULL, issued_ms INTEGER NOT NULL DEFAULT 0, invite_id INTEGER NOT NULL DEFAULT 0,"
    " held INTEGER NOT NULL DEFAULT 0, device_uid TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS certificates_of_user ON certificates(user_id);"
    "CREATE TABLE IF NOT EXISTS operators(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " roles TEXT NOT NULL, password_hash TEXT NOT NULL, disabled INTEGER NOT NULL,"
    " agency TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE TABLE IF NOT EXISTS sessions(token_hash BLOB PRIMARY KEY,"
    " operator_id INTEGER NOT NULL REFERENCES operators(id), made_ms INTEGER NOT NULL,"
    " seen_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, csrf TEXT NOT NULL) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE IF NOT EXISTS named(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE IF NOT EXISTS devices(uid TEXT PRIMARY KEY, callsign TEXT NOT NULL,"
    " user_id INTEGER NOT NULL, acked_seq INTEGER NOT NULL, seen_ms INTEGER NOT NULL) STRICT, "
    "WITHOUT ROWID;"
    NOTES_TABLE INVITE_TABLES;

/* Format 1 had one role an operator, of which the page gave out only the first administrator's; he could
 * do all there was, and still can. */
static const char from_1[] =
    "ALTER TABLE operators RENAME COLUMN role TO roles;"
    "ALTER TABLE operators ADD COLUMN agency TEXT NOT NULL DEFAULT '';"
    "UPDATE operators SET roles = CASE roles WHEN 'administrator' THEN '" ACCESS_FIRST_ROLES "'"
    " WHEN 'log keeper' THEN 'loggist' ELSE roles END;"
    NOTES_TABLE;

/* Format 2 knew certificates of the command line alone: nobody's device waits, and none came by an invite. */
static const char from_2[] =
    "ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE users ADD COLUMN password_hash TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE certificates ADD COLUMN issued_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE certificates ADD COLUMN invite_id INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE certificates ADD COLUMN held INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE certificates ADD COLUMN device_uid TEXT NOT NULL DEFAULT '';"
    INVITE_TABLES;

/* ---- opening ---------------------------------------------------------- */

bool accounts_finish(struct accounts *a, bool ok, struct err *e)
{
    if (ok)
        return db_commit(a->db, e);
    db_rollback(a->db);
    return false;
}

/* Two programs may open the same old file at once: the format is asked again under the lock. */
static bool bring_up(struct accounts *a, struct err *e)
{
    int64_t format = 0;
    bool ok;

    if (!db_begin(a->db, e))
        return false;
    ok = db_ask(a->db, "PRAGMA user_version", &format, e);
    if (ok && format == 0)
        ok = db_run(a->db, tables, e);
    if (ok && format == 1)
        ok = db_run(a->db, from_1, e);
    if (ok && (format == 1 || format == 2))
        ok = db_run(a->db, from_2, e);
    if (ok && format < ACCOUNTS_FORMAT)
        ok = db_run(a->db, "PRAGMA user_version=3", e);
    return accounts_finish(a, ok, e);
}

_Static_assert(ACCOUNTS_FORMAT == 3, "the user_version above");

/* Makes the tables of a new file and of an older format; one of this format is not written to. */
static bool make_tables(struct accounts *a, struct err *e)
{
    int64_t format = 0;

    if (!db_ask(a->db, "PRAGMA user_version", &format, e))
        return false;
    if (format > ACCOUNTS_FORMAT)
        return err_set(e, ERR_INPUT,
                       "cordon.db was written by a newer Cordon (format %d, this one knows %d): "
                       "start the newer one",
                       (int)format, ACCOUNTS_FORMAT);
    return format == ACCOUNTS_FORMAT || bring_up(a, e);
}

static bool prepare(struct accounts *a, struct err *e)
{
    for (size_t i = 0; i < ACCOUNTS_STATEMENTS; i++)
        if (!db_prepare(a->db, texts[i], &a->at[i], e))
            return false;
    return true;
}

bool accounts_open(const char *dir, struct accounts **out, struct err *e)
{
    static const struct db_options options = {.sync_full = true, .wipe = true};
    struct accounts *a = calloc(1, sizeof *a);
    char path[DB_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/cordon.db", dir);

    *out = NULL;
    if (!a)
        return err_set(e, ERR_WORLD, "there is not enough memory for the accounts");
    if (n < 0 || n >= (int)sizeof path) {
        accounts_close(a);
        return err_set(e, ERR_INPUT, "the name of the data folder is too long");
    }
    if (!db_open(path, &options, &a->db, e) || !make_tables(a, e) || !prepare(a, e)) {
        accounts_close(a);
        return false;
    }
    (void)accounts_changed(a);
    *out = a;
    return true;
}

void accounts_close(struct accounts *a)
{
    if (!a)
        return;
    db_close(a->db);
    free(a);
}

bool accounts_changed(struct accounts *a)
{
    struct db_stmt *s = a->at[DATA_VERSION];
    int64_t was = a->data_version;
    struct err ignored;

    /* When it cannot be asked, looking once too often is the safe answer. */
    if (db_step(s, &ignored) != DB_ROW)
        return true;
    a->data_version = db_int(s, 0);
    db_reset(s);
    return a->data_version != was;
}

/* ---- users ------------------------------------------------------------ */

/* A text column into an array; what was stored fitted when it was put. */
static void text_to(struct db_stmt *s, int column, char *to, size_t size)
{
    (void)str_copy(to, size, db_text(s, column));
}

/* Steps a statement that gives at most one row, reads nothing and resets it. */
static bool gives_row(struct db_stmt *s, int64_t *id, struct err *e)
{
    enum db_step step = db_step(s, e);

    if (step == DB_ROW) {
        *id = db_int(s, 0);
        step = db_step(s, e); /* to the end, so that the change is made */
    }
    db_reset(s);
    return step == DB_DONE;
}

static bool put_groups(struct accounts *a, const struct user *u, struct err *e)
{
    struct db_stmt *clear = a->at[GROUPS_CLEAR], *put = a->at[GROUP_PUT];

    db_set_int(clear, 1, u->id);
    if (!db_do(clear, e))
        return false;
    for (size_t i = 0; i < u->group_count; i++) {
        const struct user_group *g = &u->groups[i];

        db_set_int(put, 1, u->id);
        db_set_int(put, 2, (int64_t)i);
        db_set_text(put, 3, str_from(g->name));
        db_set_int(put, 4, g->in);
        db_set_int(put, 5, g->out);
        db_set_int(put, 6, g->active);
        if (!db_do(put, e))
            return false;
    }
    return true;
}

bool accounts_user_in(struct accounts *a, struct user *u, struct err *e)
{
    struct db_stmt *s = a->at[USER_PUT];
    int64_t id = 0;

    MUST(u->group_count <= USER_GROUPS_MAX);
    if (!u->name[0])
        return err_set(e, ERR_INPUT, "a user needs a name");
    for (size_t i = 0; i < u->group_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(u->groups[i].name, u->groups[k].name) == 0)
                return err_set(e, ERR_INPUT, "group %s is named twice for %s", u->groups[i].name,
                               u->name);
    db_set_text(s, 1, str_from(u->name));
    db_set_text(s, 2, str_from(u->agency));
    db_set_int(s, 3, u->relay);
    db_set_int(s, 4, u->disabled);
    db_set_text(s, 5, str_from(u->role));
    if (!gives_row(s, &id, e))
        return false;
    u->id = id;
    return put_groups(a, u, e);
}

bool accounts_put_user(struct accounts *a, struct user *u, struct err *e)
{
    int64_t was = u->id;

    if (!db_begin(a->db, e))
        return false;
    if (accounts_finish(a, accounts_user_in(a, u, e), e))
        return true;
    u->id = was;
    return false;
}

static bool get_groups(struct accounts *a, struct user *u, struct err *e)
{
    struct db_stmt *s = a->at[GROUPS];
    enum db_step step;

    u->group_count = 0;
    db_set_int(s, 1, u->id);
    while ((step = db_step(s, e)) == DB_ROW && u->group_count < USER_GROUPS_MAX) {
        struct user_group *g = &u->groups[u->group_count++];

        text_to(s, 0, g->name, sizeof g->name);
        g->in = db_int(s, 1) != 0;
        g->out = db_int(s, 2) != 0;
        g->active = db_int(s, 3) != 0;
    }
    db_reset(s);
    return step != DB_FAILED;
}

/* Takes the row that s gives; *there tells whether it gave one. */
static bool get_user(struct accounts *a, struct db_stmt *s, struct user *u, bool *there,
                     struct err *e)
{
    enum db_step step = db_step(s, e);

    *u = (struct user){0};
    *there = step == DB_ROW;
    if (step == DB_ROW) {
        u->id = db_int(s, 0);
        text_to(s, 1, u->name, sizeof u->name);
        text_to(s, 2, u->agency, sizeof u->agency);
        u->relay = db_int(s, 3) != 0;
        u->disabled = db_int(s, 4) != 0;
        text_to(s, 5, u->role, sizeof u->role);
    }
    db_reset(s);
    return step != DB_FAILED && (!*there || get_groups(a, u, e));
}

bool accounts_user_by_name(struct accounts *a, struct str name, struct user *out, struct err *e)
{
    bool there = false;

    db_set_text(a->at[USER_BY_NAME], 1, name);
    if (!get_user(a, a->at[USER_BY_NAME], out, &there, e))
        return false;
    return there || err_set(e, ERR_MISSING, "there is no user %.*s", STR_ARG(name));
}

bool accounts_user_by_id(struct accounts *a, int64_t id, struct user *out, struct err *e)
{
    bool there = false;

    db_set_int(a->at[USER_BY_ID], 1, id);
    if (!get_user(a, a->at[USER_BY_ID], out, &there, e))
        return false;
    return there || err_set(e, ERR_MISSING, "there is no user with number %lld", (long long)id);
}

/* One search a user, so that see() may itself ask for users and put them. */
bool accounts_users(struct accounts *a, accounts_see_user *see, void *ctx, struct err *e)
{
    struct user u = {0};
    bool there = true;

    for (;;) {
        db_set_int(a->at[USERS], 1, u.id);
        if (!get_user(a, a->at[USERS], &u, &there, e))
            return false;
        if (!there || !see(ctx, &u))
            return true;
    }
}

/* ---- certificates ----------------------------------------------------- */

bool accounts_put_certificate(struct accounts *a, const struct certificate *c, struct err *e)
{
    struct db_stmt *s = a->at[CERTIFICATE_PUT];

    MUST(c->serial[0] && c->user_id > 0);
    db_set_text(s, 1, str_from(c->serial));
    db_set_int(s, 2, c->user_id);
    db_set_int(s, 3, c->not_after_ms);
    db_set_int(s, 4, c->revoked_ms);
    db_set_int(s, 5, c->issued_ms);
    db_set_int(s, 6, c->invite_id);
    db_set_int(s, 7, c->held);
    db_set_text(s, 8, str_from(c->device_uid));
    return db_do(s, e);
}

/* A row of CERTIFICATE_COLUMNS. */
static void certificate_of(struct db_stmt *s, struct certificate *c)
{
    text_to(s, 0, c->serial, sizeof c->serial);
    c->user_id = db_int(s, 1);
    c->not_after_ms = db_int(s, 2);
    c->revoked_ms = db_int(s, 3);
    c->issued_ms = db_int(s, 4);
    c->invite_id = db_int(s, 5);
    c->held = db_int(s, 6) != 0;
    text_to(s, 7, c->device_uid, sizeof c->device_uid);
}

bool accounts_certificate(struct accounts *a, struct str serial, struct certificate *out,
                          struct err *e)
{
    struct db_stmt *s = a->at[CERTIFICATE];
    enum db_step step;

    *out = (struct certificate){0};
    db_set_text(s, 1, serial);
    step = db_step(s, e);
    if (step == DB_ROW)
        certificate_of(s, out);
    db_reset(s);
    if (step == DB_DONE)
        return err_set(e, ERR_MISSING, "this server never issued certificate %.*s",
                       STR_ARG(serial));
    return step == DB_ROW;
}

bool accounts_certificates(struct accounts *a, int64_t user_id, accounts_see_certificate *see, void *ctx,
                           struct err *e)
{
    struct db_stmt *s = a->at[CERTIFICATES];
    enum db_step step;

    db_set_int(s, 1, user_id);
    while ((step = db_step(s, e)) == DB_ROW) {
        struct certificate c = {0};

        certificate_of(s, &c);
        if (!see(ctx, &c))
            break;
    }
    db_reset(s);
    return step != DB_FAILED;
}

static void set_order(struct db_stmt *s, const struct certificate_order *o)
{
    db_set_int(s, 1, o->now_ms);
    db_set_text(s, 2, o->serial);
    db_set_text(s, 3, o->user);
    db_set_int(s, 4, o->invite_id);
}

/* A note for each certificate that the order is for. */
static bool note_each(struct accounts *a, const struct certificate_order *o, unsigned kind, struct err *e)
{
    struct db_stmt *s = a->at[kind == EV_DEVICE_ADMITTED ? TO_ADMIT : TO_REVOKE];
    enum db_step step;
    size_t n = 0;
    bool ok = true;

    set_order(s, o);
    while (ok && (step = db_step(s, e)) == DB_ROW) {
        char payload[NOTE_MAX];
        struct buf b = buf_over(payload, sizeof payload);

        fields_put(&b, FIELD_USER, db_text(s, 1));
        fields_put(&b, FIELD_SERIAL, db_text(s, 0));
        if (db_text(s, 2).len)
            fields_put(&b, FIELD_UID, db_text(s, 2));
        fields_put(&b, FIELD_BY, o->by);
        MUST(!b.full);
        ok = n++ < CERTIFICATE_ORDER_MAX ? accounts_put_note(a, kind, buf_str(&b), e)
                                         : err_set(e, ERR_FULL, "these are more than %d certificates at once",
                                                   CERTIFICATE_ORDER_MAX);
    }
    db_reset(s);
    return ok && step == DB_DONE;
}

static bool carry_out(struct accounts *a, const struct certificate_order *o, unsigned kind, size_t *count,
                      struct err *e)
{
    struct db_stmt *s = a->at[kind == EV_DEVICE_ADMITTED ? ADMIT : REVOKE];
    bool ok;

    MUST(o->now_ms > 0 && o->by.len && o->by.len < USER_NAME_MAX && (o->user.len || o->serial.len || o->invite_id));
    *count = 0;
    if (!db_begin(a->db, e))
        return false;
    set_order(s, o);
    ok = note_each(a, o, kind, e) && db_do(s, e);
    if (ok)
        *count = (size_t)db_changes(a->db);
    return accounts_finish(a, ok, e);
}

bool accounts_revoke(struct accounts *a, const struct certificate_order *o, size_t *count, struct err *e)
{
    return carry_out(a, o, EV_CERTIFICATE_REVOKED, count, e);
}

bool accounts_admit(struct accounts *a, const struct certificate_order *o, size_t *count, struct err *e)
{
    return carry_out(a, o, EV_DEVICE_ADMITTED, count, e);
}

/* One column of a user, ?2, with a note of what was changed. */
struct user_change {
    enum accounts_statement how;
    struct str user, by, changed;
};

static bool change_user(struct accounts *a, const struct user_change *c, struct err *e)
{
    struct db_stmt *s = a->at[c->how];
    char payload[NOTE_MAX];
    struct buf b = buf_over(payload, sizeof payload);
    bool ok;

    MUST(c->user.len <= USER_NAME_MAX && c->by.len < USER_NAME_MAX);
    fields_put(&b, FIELD_USER, c->user);
    fields_put(&b, FIELD_CHANGED, c->changed);
    fields_put(&b, FIELD_BY, c->by);
    if (!db_begin(a->db, e))
        return false;
    db_set_text(s, 1, c->user);
    ok = db_do(s, e) && (db_changes(a->db) == 0 || accounts_put_note(a, EV_USER_CHANGED, buf_str(&b), e));
    return accounts_finish(a, ok, e);
}

static bool is_user(struct accounts *a, struct str name, struct err *e)
{
    struct user u;

    return accounts_user_by_name(a, name, &u, e);
}

bool accounts_put_password(struct accounts *a, struct str user, struct str hash, struct str by, struct err *e)
{
    struct user_change c = {PASSWORD_PUT, user, by, hash.len ? STR("password") : STR("no password")};

    MUST(hash.len < USER_PASSWORD_HASH);
    db_set_text(a->at[PASSWORD_PUT], 2, hash);
    return is_user(a, user, e) && change_user(a, &c, e);
}

bool accounts_disable_user(struct accounts *a, struct str user, bool disabled, struct str by, struct err *e)
{
    struct user_change c = {USER_DISABLE, user, by, disabled ? STR("disabled") : STR("enabled")};

    db_set_int(a->at[USER_DISABLE], 2, disabled);
    return is_user(a, user, e) && change_user(a, &c, e);
}

bool accounts_password(struct accounts *a, struct str user, char hash[USER_PASSWORD_HASH], struct err *e)
{
    struct db_stmt *s = a->at[PASSWORD];
    enum db_step step;

    hash[0] = 0;
    db_set_text(s, 1, user);
    step = db_step(s, e);
    if (step == DB_ROW)
        text_to(s, 0, hash, USER_PASSWORD_HASH);
    db_reset(s);
    if (step == DB_DONE)
        return err_set(e, ERR_MISSING, "there is no user %.*s", STR_ARG(user));
    return step == DB_ROW;
}

/* ---- operators and sessions ------------------------------------------- */

bool accounts_operator_count(struct accounts *a, size_t *count, struct err *e)
{
    int64_t n = 0;
    bool ok = gives_row(a->at[OPERATOR_COUNT], &n, e);

    *count = (size_t)n;
    return ok;
}

bool accounts_put_operator(struct accounts *a, struct operator* o, struct err *e)
{
    struct db_stmt *s = a->at[OPERATOR_PUT];
    int64_t id = 0;

    if (!o->name[0])
        return err_set(e, ERR_INPUT, "an operator needs a name");
    db_set_text(s, 1, str_from(o->name));
    db_set_text(s, 2, str_from(o->roles));
    db_set_text(s, 3, str_from(o->agency));
    db_set_text(s, 4, str_from(o->password_hash));
    db_set_int(s, 5, o->disabled);
    if (!gives_row(s, &id, e))
        return false;
    o->id = id;
    return true;
}

enum { OPERATOR_COLUMN_COUNT = 6 };

/* The first columns of a row are an operator. */
static void operator_of(struct db_stmt *s, struct operator* o)
{
    o->id = db_int(s, 0);
    text_to(s, 1, o->name, sizeof o->name);
    text_to(s, 2, o->roles, sizeof o->roles);
    text_to(s, 3, o->agency, sizeof o->agency);
    text_to(s, 4, o->password_hash, sizeof o->password_hash);
    o->disabled = db_int(s, 5) != 0;
}

bool accounts_operator(struct accounts *a, struct str name, struct operator* out, struct err *e)
{
    struct db_stmt *s = a->at[OPERATOR];
    enum db_step step;

    *out = (struct operator){0};
    db_set_text(s, 1, name);
    step = db_step(s, e);
    if (step == DB_ROW)
        operator_of(s, out);
    db_reset(s);
    if (step == DB_DONE)
        return err_set(e, ERR_MISSING, "there is no operator %.*s", STR_ARG(name));
    return step == DB_ROW;
}

bool accounts_operators(struct accounts *a, accounts_see_operator *see, void *ctx, struct err *e)
{
    struct db_stmt *s = a->at[OPERATORS];
    enum db_step step;

    while ((step = db_step(s, e)) == DB_ROW) {
        struct operator o = {0};

        operator_of(s, &o);
        if (!see(ctx, &o))
            break;
    }
    db_reset(s);
    return step != DB_FAILED;
}

/* Within the transaction: is he there or not, as he should be, and is there room? */
static bool may_change(struct accounts *a, struct str name, bool make, struct err *e)
{
    struct operator before;
    size_t count = 0;
    bool there = accounts_operator(a, name, &before, e);

    if (!there && e->kind != ERR_MISSING)
        return false;
    if (!make)
        return there;
    if (there)
        return err_set(e, ERR_DENIED, "there is an operator %.*s already; change that one", STR_ARG(name));
    if (!accounts_operator_count(a, &count, e))
        return false;
    return count < OPERATORS_MAX ||
           err_set(e, ERR_FULL, "there are %d operators, the most that there can be", OPERATORS_MAX);
}

static bool keeps_administrator(struct accounts *a, struct str name, struct err *e)
{
    int64_t administrators = 0;

    if (!gives_row(a->at[OPERATOR_ADMINISTRATORS], &administrators, e))
        return false;
    return administrators > 0 ||
           err_set(e, ERR_DENIED, "without %.*s as an administrator there would be none; make another one first",
                   STR_ARG(name));
}

bool accounts_change_operator(struct accounts *a, struct operator* o, const struct operator_change *how,
                              struct err *e)
{
    int64_t was = o->id;
    bool ok;

    if (!db_begin(a->db, e))
        return false;
    ok = may_change(a, str_from(o->name), how->make, e) && accounts_put_operator(a, o, e) &&
         keeps_administrator(a, str_from(o->name), e);
    if (ok && how->end_sessions) {
        db_set_int(a->at[OPERATOR_SESSIONS_END], 1, o->id);
        ok = db_do(a->at[OPERATOR_SESSIONS_END], e);
    }
    ok = accounts_finish(a, ok && (!how->note || how->note(how->ctx, e)), e);
    if (!ok)
        o->id = was;
    return ok;
}

bool accounts_put_note(struct accounts *a, unsigned kind, struct str payload, struct err *e)
{
    MUST(payload.len <= NOTE_MAX);
    db_set_int(a->at[NOTE_PUT], 1, kind);
    db_set_blob(a->at[NOTE_PUT], 2, payload);
    return db_do(a->at[NOTE_PUT], e);
}

bool accounts_notes(struct accounts *a, int64_t after, accounts_see_note *see, void *ctx, struct err *e)
{
    struct db_stmt *s = a->at[NOTES];
    enum db_step step;

    db_set_int(s, 1, after);
    while ((step = db_step(s, e)) == DB_ROW)
        if (!see(ctx, db_int(s, 0), (unsigned)db_int(s, 1), db_blob(s, 2)))
            break;
    db_reset(s);
    return step != DB_FAILED;
}

bool accounts_drop_notes(struct accounts *a, int64_t up_to, struct err *e)
{
    db_set_int(a->at[NOTES_DROP], 1, up_to);
    return db_do(a->at[NOTES_DROP], e);
}

bool accounts_put_session(struct accounts *a, const struct login *s, struct err *e)
{
    struct db_stmt *put = a->at[SESSION_PUT];

    db_set_blob(put, 1, str_of(s->token_hash, sizeof s->token_hash));
    db_set_int(put, 2, s->operator_id);
    db_set_int(put, 3, s->made_ms);
    db_set_int(put, 4, s->seen_ms);
    db_set_int(put, 5, s->expires_ms);
    db_set_text(put, 6, str_from(s->csrf));
    return db_do(put, e);
}

bool accounts_session(struct accounts *a, const unsigned char token_hash[32], struct login *out,
                      struct operator* who, struct err *e)
{
    struct db_stmt *s = a->at[SESSION];
    enum db_step step;

    *out = (struct login){0};
    *who = (struct operator){0};
    db_set_blob(s, 1, str_of(token_hash, 32));
    step = db_step(s, e);
    if (step == DB_ROW) {
        operator_of(s, who);
        memcpy(out->token_hash, token_hash, 32);
        out->operator_id = who->id;
        out->made_ms = db_int(s, OPERATOR_COLUMN_COUNT);
        out->seen_ms = db_int(s, OPERATOR_COLUMN_COUNT + 1);
        out->expires_ms = db_int(s, OPERATOR_COLUMN_COUNT + 2);
        text_to(s, OPERATOR_COLUMN_COUNT + 3, out->csrf, sizeof out->csrf);
    }
    db_reset(s);
    if (step == DB_DONE)
        return err_set(e, ERR_MISSING, "this session has ended: sign in again");
    return step == DB_ROW;
}

bool accounts_end_session(struct accounts *a, const unsigned char token_hash[32], struct err *e)
{
    db_set_blob(a->at[SESSION_END], 1, str_of(token_hash, 32));
    return db_do(a->at[SESSION_END], e);
}

bool accounts_expire_sessions(struct accounts *a, int64_t now_ms, struct err *e)
{
    db_set_int(a->at[SESSIONS_EXPIRE], 1, now_ms);
    return db_do(a->at[SESSIONS_EXPIRE], e);
}

/* ---- named values and devices ----------------------------------------- */

bool accounts_put_value(struct accounts *a, struct str key, struct str value, struct err *e)
{
    db_set_text(a->at[VALUE_PUT], 1, key);
    db_set_text(a->at[VALUE_PUT], 2, value);
    return db_do(a->at[VALUE_PUT], e);
}

bool accounts_value(struct accounts *a, struct str key, char *out, size_t size, struct err *e)
{
    struct db_stmt *s = a->at[VALUE];
    enum db_step step;
    bool fits = true;

    MUST(size > 0);
    out[0] = 0;
    db_set_text(s, 1, key);
    step = db_step(s, e);
    if (step == DB_ROW)
        fits = str_copy(out, size, db_text(s, 0));
    db_reset(s);
    if (step == DB_DONE)
        return err_set(e, ERR_MISSING, "nothing is kept under %.*s", STR_ARG(key));
    if (!fits)
        return err_set(e, ERR_FULL, "what is kept under %.*s is longer than %zu bytes",
                       STR_ARG(key), size - 1);
    return step == DB_ROW;
}

bool accounts_put_devices(struct accounts *a, const struct device *devices, size_t count,
                          struct err *e)
{
    struct db_stmt *s = a->at[DEVICE_PUT];
    bool ok = true;

    if (count == 0)
        return true;
    if (!db_begin(a->db, e))
        return false;
    for (size_t i = 0; ok && i < count; i++) {
        MUST(devices[i].uid.len > 0);
        db_set_text(s, 1, devices[i].uid);
        db_set_text(s, 2, devices[i].callsign);
        db_set_int(s, 3, devices[i].user_id);
        db_set_int(s, 4, (int64_t)devices[i].acked_seq);
        db_set_int(s, 5, devices[i].seen_ms);
        ok = db_do(s, e);
    }
    return accounts_finish(a, ok, e);
}

bool accounts_devices(struct accounts *a, accounts_see_device *see, void *ctx, struct err *e)
{
    struct db_stmt *s = a->at[DEVICES];
    enum db_step step;

    while ((step = db_step(s, e)) == DB_ROW) {
        struct device d = {
            .uid = db_text(s, 0),
            .callsign = db_text(s, 1),
            .user_id = db_int(s, 2),
            .acked_seq = (uint64_t)db_int(s, 3),
            .seen_ms = db_int(s, 4),
        };

        if (!see(ctx, &d))
            break;
    }
    db_reset(s);
    return step != DB_FAILED;
}
