#include "store/files.h"

#include "base/buf.h"
#include "core/fields.h"
#include "core/record.h"
#include "store/db.h"
#include "wire/cot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { FORMAT = 1, E7 = 10000000 };

enum statement {
    ENTRY_PUT,
    CHANGE_TOOL,
    CHANGE_KEYWORDS,
    CHANGE_EXPIRES,
    CHANGE_NAME,
    DELETE,
    SENT_PUT,
    SENT_MAY,
    PROFILE_PUT,
    PROFILE_DROP,
    APPLIED_PUT,
    WRITERS, /* those above are the writer's */
    BY_HASH = WRITERS,
    BY_UID,
    BY_ID,
    SEARCH,
    COUNT,
    SENT,
    REFER,
    PROFILES,
    STATEMENTS,
};

#define COLUMNS "id, seq, uid, name, mime, tool, creator_uid, callsign, submitter, by_operator, keywords, groups," \
    " images, sha256, size, submitted_ms, expires_ms, lat_e7, lon_e7, deleted_ms"
#define OWN " WHERE sha256 = ?1 AND submitter = ?2 AND by_operator = ?3 AND deleted_ms = 0 AND (?4 = '' OR uid = ?4)"
#define LIVING "deleted_ms = 0 AND (expires_ms = 0 OR expires_ms > ?1)"

static const char *const texts[STATEMENTS] = {
    /* A uid stays with who had it first. */
    [ENTRY_PUT] = "INSERT INTO files(seq, uid, name, mime, tool, creator_uid, callsign, submitter, by_operator,"
                  " keywords, groups, images, sha256, size, submitted_ms, expires_ms, lat_e7, lon_e7, deleted_ms)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, 0)"
                  " ON CONFLICT(uid) DO UPDATE SET seq = ?1, name = ?3, mime = ?4, tool = ?5, creator_uid = ?6,"
                  " callsign = ?7, keywords = ?10, groups = ?11, images = ?12, sha256 = ?13, size = ?14,"
                  " submitted_ms = ?15, expires_ms = ?16, lat_e7 = ?17, lon_e7 = ?18, deleted_ms = 0"
                  " WHERE submitter = ?8 AND by_operator = ?9",
    [CHANGE_TOOL] = "UPDATE files SET tool = ?5" OWN,
    [CHANGE_KEYWORDS] = "UPDATE files SET keywords = ?5" OWN,
    [CHANGE_EXPIRES] = "UPDATE files SET expires_ms = ?5" OWN,
    [CHANGE_NAME] = "UPDATE files SET name = ?5" OWN,
    [DELETE] = "UPDATE files SET deleted_ms = ?2 WHERE uid = ?1 AND deleted_ms = 0",
    [SENT_PUT] = "INSERT OR IGNORE INTO sent(sha256, told, groups) VALUES(?, ?, ?)",
    /* Only who has it, or was sent it, can pass it on. */
    [SENT_MAY] = "SELECT 1 FROM files WHERE sha256 = ?1 AND submitter = ?2 AND by_operator = 0 AND deleted_ms = 0"
                 " UNION ALL SELECT 1 FROM sent WHERE sha256 = ?1 AND told = ?3 LIMIT 1",
    [PROFILE_PUT] = "INSERT INTO profiles(uid, seq, name, sha256, size, tool, groups, on_enrolment, on_connection,"
                    " enabled, changed_ms, made_by) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
                    " ON CONFLICT(uid) DO UPDATE SET seq = ?2, name = ?3, sha256 = ?4, size = ?5, tool = ?6,"
                    " groups = ?7, on_enrolment = ?8, on_connection = ?9, enabled = ?10, changed_ms = ?11,"
                    " made_by = ?12",
    [PROFILE_DROP] = "DELETE FROM profiles WHERE uid = ?",
    [APPLIED_PUT] = "UPDATE applied SET seq = ?",
    [BY_HASH] = "SELECT " COLUMNS " FROM files WHERE sha256 = ? ORDER BY id DESC",
    [BY_UID] = "SELECT " COLUMNS " FROM files WHERE uid = ?",
    [BY_ID] = "SELECT " COLUMNS " FROM files WHERE id = ?",
    [SEARCH] = "SELECT " COLUMNS " FROM files WHERE " LIVING " AND submitted_ms >= ?2 AND submitted_ms <= ?3"
               " AND (?4 = '' OR tool = ?4) AND (?5 = '' OR submitter = ?5) AND (?6 = '' OR mime = ?6)"
               " ORDER BY submitted_ms DESC, id DESC LIMIT ?7",
    [COUNT] = "SELECT count(*) FROM files WHERE " LIVING,
    [SENT] = "SELECT told, groups FROM sent WHERE sha256 = ?",
    [REFER] = "SELECT 1 FROM files WHERE " LIVING " AND sha256 = ?2"
              " UNION ALL SELECT 1 FROM profiles WHERE sha256 = ?2 LIMIT 1",
    [PROFILES] = "SELECT uid, seq, name, sha256, size, tool, groups, on_enrolment, on_connection, enabled, changed_ms,"
                 " made_by FROM profiles ORDER BY name, uid",
};

static const char tables[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS files(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, uid TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL, mime TEXT NOT NULL, tool TEXT NOT NULL, creator_uid TEXT NOT NULL, callsign TEXT NOT NULL,"
    " submitter TEXT NOT NULL, by_operator INTEGER NOT NULL, keywords TEXT NOT NULL, groups TEXT NOT NULL,"
    " images TEXT NOT NULL, sha256 BLOB NOT NULL, size INTEGER NOT NULL, submitted_ms INTEGER NOT NULL,"
    " expires_ms INTEGER NOT NULL, lat_e7 INTEGER, lon_e7 INTEGER, deleted_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS files_by_hash ON files(sha256);"
    "CREATE INDEX IF NOT EXISTS files_by_time ON files(submitted_ms, id);"
    "CREATE TABLE IF NOT EXISTS sent(sha256 BLOB NOT NULL, told TEXT NOT NULL, groups TEXT NOT NULL,"
    " PRIMARY KEY(sha256, told, groups)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS profiles(uid TEXT PRIMARY KEY, seq INTEGER NOT NULL, name TEXT NOT NULL,"
    " sha256 BLOB NOT NULL, size INTEGER NOT NULL, tool TEXT NOT NULL, groups TEXT NOT NULL,"
    " on_enrolment INTEGER NOT NULL, on_connection INTEGER NOT NULL, enabled INTEGER NOT NULL,"
    " changed_ms INTEGER NOT NULL, made_by TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS applied(seq INTEGER NOT NULL) STRICT;"
    "INSERT INTO applied SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM applied);"
    "PRAGMA user_version=1;"
    "COMMIT";

_Static_assert(FORMAT == 1, "the user_version above");

struct files {
    struct db *db;
    struct db_stmt *at[STATEMENTS];
    uint64_t applied; /* durable */
    uint64_t taken;   /* the last of the open transaction */
    bool open;
    char keywords[FILES_LIST], groups[FILES_LIST], images[FILES_LIST]; /* of the row at hand */
};

/* ---- opening ---------------------------------------------------------- */

static bool make_tables(struct files *f, bool reader, struct err *e)
{
    int64_t format = 0, applied = 0;

    if (!db_ask(f->db, "PRAGMA user_version", &format, e))
        return false;
    if (format > FORMAT)
        return err_set(e, ERR_INPUT, "files.db was written by a newer Cordon: start the newer one");
    if (!reader && format < FORMAT && !db_run(f->db, tables, e))
        return false;
    if (!db_ask(f->db, "SELECT seq FROM applied", &applied, e))
        return false;
    f->applied = f->taken = (uint64_t)applied;
    return true;
}

static bool path_of(const char *dir, char out[DB_PATH_MAX], struct err *e)
{
    int n = snprintf(out, DB_PATH_MAX, "%s/files.db", dir);

    return (n > 0 && n < DB_PATH_MAX) || err_set(e, ERR_INPUT, "the name of the data folder is too long");
}

bool files_open(const char *dir, bool reader, struct files **out, struct err *e)
{
    struct db_options options = {.reader = reader, .sync_full = !reader};
    struct files *f = calloc(1, sizeof *f);
    char path[DB_PATH_MAX];
    bool ok;

    *out = f;
    if (!f)
        return err_set(e, ERR_WORLD, "there is not enough memory for the list of files");
    ok = path_of(dir, path, e) && db_open(path, &options, &f->db, e) && make_tables(f, reader, e);
    for (size_t i = reader ? WRITERS : 0; ok && i < STATEMENTS; i++)
        ok = db_prepare(f->db, texts[i], &f->at[i], e);
    return ok;
}

void files_close(struct files *f)
{
    if (!f)
        return;
    db_close(f->db);
    free(f);
}

bool files_damaged(const struct files *f)
{
    return f && f->db && db_damaged(f->db);
}

bool files_forget(const char *dir, struct err *e)
{
    char path[DB_PATH_MAX], aside[DB_PATH_MAX];

    return path_of(dir, path, e) && db_move_aside(path, aside, e);
}

bool files_wipe(const char *dir, struct err *e)
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

/* ---- lists ------------------------------------------------------------ */

bool files_list_next(struct str *rest, struct str *line)
{
    size_t end = str_find_byte(*rest, '\n');

    if (rest->len == 0)
        return false;
    *line = str_cut(*rest, 0, end);
    *rest = str_from_at(*rest, end < rest->len ? end + 1 : end);
    return true;
}

bool files_list_has(struct str list, struct str word)
{
    struct str line;

    while (files_list_next(&list, &line))
        if (line.len == word.len && strncasecmp(line.at, word.at, word.len) == 0)
            return true;
    return false;
}

/* All values of a tag as lines; what would be two lines is left out. */
static struct str list_of(struct str payload, enum field wanted, char room[FILES_LIST])
{
    struct buf b = buf_over(room, FILES_LIST);
    struct str value;
    enum field tag;
    size_t n = 0;

    while (n < FILES_KEYWORDS * 4 && fields_next(&payload, &tag, &value)) {
        if (tag != wanted || value.len == 0 || value.len + 1 > b.max - b.len || str_find_byte(value, '\n') < value.len)
            continue;
        buf_put(&b, value);
        buf_byte(&b, '\n');
        n++;
    }
    return buf_str(&b);
}

/* ---- applying --------------------------------------------------------- */

static void set_degrees(struct db_stmt *s, int i, struct str text, double limit)
{
    double d = cot_number(str_trim(text));

    if (isfinite(d) && fabs(d) <= limit)
        db_set_int(s, i, llround(d * E7));
    else
        db_set_null(s, i);
}

static bool sha_of(struct str payload, unsigned char out[SHA256_SIZE])
{
    return str_from_hex(fields_get(payload, FIELD_SHA256), out, SHA256_SIZE);
}

/* Who did it: a user of the TAK side, else an operator. */
static struct str doer(struct str payload, bool *by_operator)
{
    struct str user = fields_get(payload, FIELD_USER);

    *by_operator = user.len == 0;
    return user.len ? user : fields_get(payload, FIELD_BY);
}

static bool apply_stored(struct files *f, const struct files_row *row, struct err *e)
{
    struct db_stmt *s = f->at[ENTRY_PUT];
    struct str p = row->payload, uid = fields_get(p, FIELD_UID), creator = fields_get(p, FIELD_CREATOR);
    unsigned char sha256[SHA256_SIZE];
    bool by_operator;
    struct str submitter = doer(p, &by_operator);

    if (!sha_of(p, sha256) || uid.len == 0)
        return true;
    db_set_int(s, 1, (int64_t)row->seq);
    db_set_text(s, 2, uid);
    db_set_text(s, 3, fields_get(p, FIELD_NAME));
    db_set_text(s, 4, fields_get(p, FIELD_MIME));
    db_set_text(s, 5, fields_get(p, FIELD_TOOL));
    db_set_text(s, 6, creator.len ? creator : fields_get(p, FIELD_FROM_UID));
    db_set_text(s, 7, fields_get(p, FIELD_CALLSIGN));
    db_set_text(s, 8, submitter);
    db_set_int(s, 9, by_operator);
    db_set_text(s, 10, list_of(p, FIELD_KEYWORD, f->keywords));
    db_set_text(s, 11, list_of(p, FIELD_GROUP, f->groups));
    db_set_text(s, 12, list_of(p, FIELD_IMAGE, f->images));
    db_set_blob(s, 13, str_of(sha256, sizeof sha256));
    db_set_int(s, 14, fields_get_int(p, FIELD_SIZE, 0));
    db_set_int(s, 15, row->at_ms);
    db_set_int(s, 16, fields_get_int(p, FIELD_EXPIRES_MS, 0));
    set_degrees(s, 17, fields_get(p, FIELD_LAT), 90);
    set_degrees(s, 18, fields_get(p, FIELD_LON), 180);
    return db_do(s, e);
}

/* One of the words of FIELD_CHANGED. */
static bool change(struct files *f, const struct files_row *row, struct str word, struct err *e)
{
    static const struct {
        const char *word;
        enum statement how;
    } changes[] = {{"tool", CHANGE_TOOL}, {"keywords", CHANGE_KEYWORDS}, {"expiration", CHANGE_EXPIRES},
                   {"name", CHANGE_NAME}};
    unsigned char sha256[SHA256_SIZE];
    struct db_stmt *s = NULL;
    bool by_operator;
    struct str who = doer(row->payload, &by_operator);

    for (size_t i = 0; i < COUNTOF(changes); i++)
        if (str_eq(word, str_from(changes[i].word)))
            s = f->at[changes[i].how];
    if (!s || !sha_of(row->payload, sha256))
        return true;
    db_set_blob(s, 1, str_of(sha256, sizeof sha256));
    db_set_text(s, 2, who);
    db_set_int(s, 3, by_operator);
    db_set_text(s, 4, fields_get(row->payload, FIELD_UID));
    if (s == f->at[CHANGE_TOOL])
        db_set_text(s, 5, fields_get(row->payload, FIELD_TOOL));
    else if (s == f->at[CHANGE_KEYWORDS])
        db_set_text(s, 5, list_of(row->payload, FIELD_KEYWORD, f->keywords));
    else if (s == f->at[CHANGE_EXPIRES])
        db_set_int(s, 5, fields_get_int(row->payload, FIELD_EXPIRES_MS, 0));
    else
        db_set_text(s, 5, fields_get(row->payload, FIELD_NAME));
    return db_do(s, e);
}

static bool apply_changed(struct files *f, const struct files_row *row, struct err *e)
{
    struct str rest = row->payload, value;
    enum field tag;

    while (fields_next(&rest, &tag, &value))
        if (tag == FIELD_CHANGED && !change(f, row, value, e))
            return false;
    return true;
}

static bool apply_deleted(struct files *f, const struct files_row *row, struct err *e)
{
    struct str rest = row->payload, value;
    enum field tag;

    while (fields_next(&rest, &tag, &value)) {
        if (tag != FIELD_UID)
            continue;
        db_set_text(f->at[DELETE], 1, value);
        db_set_int(f->at[DELETE], 2, row->at_ms);
        if (!db_do(f->at[DELETE], e))
            return false;
    }
    return true;
}

static bool put_sent(struct files *f, const unsigned char sha256[SHA256_SIZE], struct str to, struct str groups,
                     struct err *e)
{
    struct db_stmt *s = f->at[SENT_PUT];

    db_set_blob(s, 1, str_of(sha256, SHA256_SIZE));
    db_set_text(s, 2, to);
    db_set_text(s, 3, groups);
    return db_do(s, e);
}

static bool apply_offered(struct files *f, const struct files_row *row, struct err *e)
{
    struct db_stmt *may = f->at[SENT_MAY];
    struct str rest = row->payload, value;
    unsigned char sha256[SHA256_SIZE];
    enum db_step step;
    enum field tag;
    bool any = false;

    if (!sha_of(row->payload, sha256))
        return true;
    db_set_blob(may, 1, str_of(sha256, sizeof sha256));
    db_set_text(may, 2, fields_get(row->payload, FIELD_USER));
    db_set_text(may, 3, fields_get(row->payload, FIELD_FROM_UID));
    step = db_step(may, e);
    db_reset(may);
    if (step != DB_ROW)
        return step == DB_DONE;
    while (fields_next(&rest, &tag, &value)) {
        if (tag != FIELD_TO)
            continue;
        any = true;
        if (!put_sent(f, sha256, value, (struct str){0}, e))
            return false;
    }
    return any || put_sent(f, sha256, (struct str){0}, list_of(row->payload, FIELD_GROUP, f->groups), e);
}

static bool has_word(struct str payload, enum field wanted, struct str word)
{
    struct str value;
    enum field tag;

    while (fields_next(&payload, &tag, &value))
        if (tag == wanted && str_eq(value, word))
            return true;
    return false;
}

static bool apply_profile(struct files *f, const struct files_row *row, struct err *e)
{
    struct db_stmt *s = f->at[PROFILE_PUT];
    struct str p = row->payload, uid = fields_get(p, FIELD_UID);
    unsigned char sha256[SHA256_SIZE];

    if (has_word(p, FIELD_CHANGED, STR("deleted"))) {
        db_set_text(f->at[PROFILE_DROP], 1, uid);
        return db_do(f->at[PROFILE_DROP], e);
    }
    if (!sha_of(p, sha256) || uid.len == 0)
        return true;
    db_set_text(s, 1, uid);
    db_set_int(s, 2, (int64_t)row->seq);
    db_set_text(s, 3, fields_get(p, FIELD_NAME));
    db_set_blob(s, 4, str_of(sha256, sizeof sha256));
    db_set_int(s, 5, fields_get_int(p, FIELD_SIZE, 0));
    db_set_text(s, 6, fields_get(p, FIELD_TOOL));
    db_set_text(s, 7, list_of(p, FIELD_GROUP, f->groups));
    db_set_int(s, 8, has_word(p, FIELD_WHEN, STR("enrolment")));
    db_set_int(s, 9, has_word(p, FIELD_WHEN, STR("connection")));
    db_set_int(s, 10, str_eq(fields_get(p, FIELD_ENABLED), STR("1")));
    db_set_int(s, 11, row->at_ms);
    db_set_text(s, 12, fields_get(p, FIELD_BY));
    return db_do(s, e);
}

static const struct applier {
    uint16_t kind;
    bool (*apply)(struct files *f, const struct files_row *row, struct err *e);
} appliers[] = {
    {EV_FILE_STORED, apply_stored},   {EV_FILE_CHANGED, apply_changed},    {EV_FILE_DELETED, apply_deleted},
    {EV_FILE_OFFERED, apply_offered}, {EV_PROFILE_CHANGED, apply_profile},
};

const uint16_t *files_kinds(void)
{
    static const uint16_t kinds[] = {EV_FILE_OFFERED, EV_FILE_STORED, EV_FILE_CHANGED, EV_FILE_DELETED,
                                     EV_PROFILE_CHANGED, 0};

    _Static_assert(COUNTOF(kinds) == COUNTOF(appliers) + 1, "one for each applier");
    return kinds;
}

bool files_takes(unsigned kind)
{
    for (size_t i = 0; i < COUNTOF(appliers); i++)
        if (appliers[i].kind == kind)
            return true;
    return false;
}

static bool give_up(struct files *f)
{
    if (f->open)
        db_rollback(f->db);
    f->open = false;
    f->taken = f->applied;
    return false;
}

static bool need_open(struct files *f, struct err *e)
{
    if (!f->open)
        f->open = db_begin(f->db, e);
    return f->open;
}

bool files_apply(struct files *f, const struct files_row *row, struct err *e)
{
    if (row->seq <= f->taken || !files_takes(row->kind))
        return true;
    if (!need_open(f, e))
        return give_up(f);
    for (size_t i = 0; i < COUNTOF(appliers); i++)
        if (appliers[i].kind == row->kind && !appliers[i].apply(f, row, e))
            return give_up(f);
    f->taken = row->seq;
    return true;
}

bool files_settle(struct files *f, uint64_t up_to, struct err *e)
{
    struct db_stmt *s = f->at[APPLIED_PUT];

    MUST(up_to >= f->taken);
    if (up_to == f->applied)
        return true;
    if (!need_open(f, e))
        return give_up(f);
    db_set_int(s, 1, (int64_t)up_to);
    if (!db_do(s, e) || !db_commit(f->db, e))
        return give_up(f);
    f->open = false;
    f->applied = f->taken = up_to;
    return true;
}

uint64_t files_applied(const struct files *f)
{
    return f->applied;
}

/* ---- reading ---------------------------------------------------------- */

static void read_entry(struct db_stmt *s, struct file *x)
{
    struct str sha256 = db_blob(s, 13);
    struct str *texts_of[] = {&x->uid, &x->name, &x->mime, &x->tool, &x->creator_uid, &x->callsign, &x->submitter};

    *x = (struct file){.id = db_int(s, 0), .seq = (uint64_t)db_int(s, 1), .by_operator = db_int(s, 9) != 0};
    for (size_t i = 0; i < COUNTOF(texts_of); i++)
        *texts_of[i] = db_text(s, 2 + (int)i);
    x->keywords = db_text(s, 10);
    x->groups = db_text(s, 11);
    x->images = db_text(s, 12);
    if (sha256.len == sizeof x->sha256)
        memcpy(x->sha256, sha256.at, sizeof x->sha256);
    x->size = (uint64_t)db_int(s, 14);
    x->submitted_ms = db_int(s, 15);
    x->expires_ms = db_int(s, 16);
    x->has_place = !db_is_null(s, 17) && !db_is_null(s, 18);
    x->lat = (double)db_int(s, 17) / E7;
    x->lon = (double)db_int(s, 18) / E7;
    x->deleted = db_int(s, 19) != 0;
}

/* Steps through a statement's entries; fits may be NULL. */
typedef bool entry_fits(const void *ctx, const struct file *x);
struct walk {
    files_see *see;
    void *ctx;
    entry_fits *fits;
    const void *fits_ctx;
};

static bool walk_entries(struct db_stmt *s, const struct walk *w, struct err *e)
{
    enum db_step step;
    struct file x;

    while ((step = db_step(s, e)) == DB_ROW) {
        read_entry(s, &x);
        if ((!w->fits || w->fits(w->fits_ctx, &x)) && !w->see(w->ctx, &x))
            break;
    }
    db_reset(s);
    return step != DB_FAILED;
}

bool files_by_hash(struct files *f, const unsigned char sha256[SHA256_SIZE], files_see *see, void *ctx, struct err *e)
{
    struct walk w = {.see = see, .ctx = ctx};

    db_set_blob(f->at[BY_HASH], 1, str_of(sha256, SHA256_SIZE));
    return walk_entries(f->at[BY_HASH], &w, e);
}

bool files_by_uid(struct files *f, struct str uid, files_see *see, void *ctx, struct err *e)
{
    struct walk w = {.see = see, .ctx = ctx};

    db_set_text(f->at[BY_UID], 1, uid);
    return walk_entries(f->at[BY_UID], &w, e);
}

bool files_by_id(struct files *f, int64_t id, files_see *see, void *ctx, struct err *e)
{
    struct walk w = {.see = see, .ctx = ctx};

    db_set_int(f->at[BY_ID], 1, id);
    return walk_entries(f->at[BY_ID], &w, e);
}

static bool holds_part(struct str text, struct str part)
{
    for (size_t i = 0; part.len <= text.len && i <= text.len - part.len; i++)
        if (strncasecmp(text.at + i, part.at, part.len) == 0)
            return true;
    return false;
}

static bool has_keywords(struct str list, struct str wanted)
{
    while (wanted.len) {
        size_t end = str_find_byte(wanted, ',');
        struct str word = str_trim(str_cut(wanted, 0, end));

        if (word.len && !files_list_has(list, word))
            return false;
        wanted = str_from_at(wanted, end < wanted.len ? end + 1 : end);
    }
    return true;
}

static bool fits_search(const void *ctx, const struct file *x)
{
    const struct files_search *s = ctx;

    if (s->name.len && !holds_part(x->name, s->name))
        return false;
    if (s->has_box && !(x->has_place && x->lat >= s->south && x->lat <= s->north && x->lon >= s->west &&
                        x->lon <= s->east))
        return false;
    return has_keywords(x->keywords, s->keywords);
}

bool files_search(struct files *f, const struct files_search *s, int64_t now_ms, files_see *see, void *ctx,
                  struct err *e)
{
    struct walk w = {see, ctx, fits_search, s};
    struct db_stmt *q = f->at[SEARCH];

    db_set_int(q, 1, now_ms);
    db_set_int(q, 2, s->from_ms);
    db_set_int(q, 3, s->to_ms ? s->to_ms : INT64_MAX);
    db_set_text(q, 4, s->tool);
    db_set_text(q, 5, s->submitter);
    db_set_text(q, 6, s->mime);
    db_set_int(q, 7, FILES_MAX);
    return walk_entries(q, &w, e);
}

bool files_count(struct files *f, int64_t now_ms, size_t *count, struct err *e)
{
    struct db_stmt *s = f->at[COUNT];
    enum db_step step;

    db_set_int(s, 1, now_ms);
    step = db_step(s, e);
    *count = step == DB_ROW ? (size_t)db_int(s, 0) : 0;
    db_reset(s);
    return step != DB_FAILED;
}

bool files_sent(struct files *f, const unsigned char sha256[SHA256_SIZE], files_see_sent *see, void *ctx,
                struct err *e)
{
    struct db_stmt *s = f->at[SENT];
    enum db_step step;

    db_set_blob(s, 1, str_of(sha256, SHA256_SIZE));
    while ((step = db_step(s, e)) == DB_ROW && see(ctx, db_text(s, 0), db_text(s, 1)))
        ;
    db_reset(s);
    return step != DB_FAILED;
}

bool files_refer(struct files *f, const unsigned char sha256[SHA256_SIZE], int64_t now_ms, bool *refer, struct err *e)
{
    struct db_stmt *s = f->at[REFER];
    enum db_step step;

    db_set_int(s, 1, now_ms);
    db_set_blob(s, 2, str_of(sha256, SHA256_SIZE));
    step = db_step(s, e);
    db_reset(s);
    *refer = step != DB_DONE;
    return step != DB_FAILED;
}

bool files_profiles(struct files *f, files_see_profile *see, void *ctx, struct err *e)
{
    struct db_stmt *s = f->at[PROFILES];
    enum db_step step;

    while ((step = db_step(s, e)) == DB_ROW) {
        struct str sha256 = db_blob(s, 3);
        struct profile p = {.uid = db_text(s, 0), .seq = (uint64_t)db_int(s, 1), .name = db_text(s, 2),
                            .size = (uint64_t)db_int(s, 4), .tool = db_text(s, 5), .groups = db_text(s, 6),
                            .on_enrolment = db_int(s, 7) != 0, .on_connection = db_int(s, 8) != 0,
                            .enabled = db_int(s, 9) != 0, .changed_ms = db_int(s, 10), .by = db_text(s, 11)};

        if (sha256.len == sizeof p.sha256)
            memcpy(p.sha256, sha256.at, sizeof p.sha256);
        if (!see(ctx, &p))
            break;
    }
    db_reset(s);
    return step != DB_FAILED;
}
