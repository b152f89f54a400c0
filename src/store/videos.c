#include "store/videos.h"

#include "base/buf.h"
#include "core/fields.h"
#include "core/record.h"
#include "store/db.h"
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>

enum statement { PUT, DROP, ALL, ONE, COUNT, APPLIED_PUT, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [PUT] = "INSERT INTO video(uid, seq, user, groups, json) VALUES(?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT(uid) DO UPDATE SET seq = ?2, user = ?3, groups = ?4, json = ?5",
    [DROP] = "DELETE FROM video WHERE uid = ?",
    [ALL] = "SELECT seq, uid, user, groups, json FROM video ORDER BY seq",
    [ONE] = "SELECT seq, uid, user, groups, json FROM video WHERE uid = ?",
    [COUNT] = "SELECT count(*) FROM video",
    [APPLIED_PUT] = "UPDATE applied SET seq = ?",
};

struct videos {
    struct db *db;
    struct db_stmt *at[STATEMENTS];
    struct err e; /* why a row could not be taken in while opening */
};

static bool open_file(struct videos *v, const char *dir, struct err *e)
{
    const struct db_options how = {0};
    char path[DB_PATH_MAX];

    if (snprintf(path, sizeof path, "%s/videos.db", dir) >= (int)sizeof path)
        return err_set(e, ERR_INPUT, "the name of the data folder is too long");
    if (!db_open(path, &how, &v->db, e) ||
        !db_run(v->db,
                "CREATE TABLE IF NOT EXISTS video(uid TEXT PRIMARY KEY, seq INTEGER NOT NULL, user TEXT NOT NULL,"
                " groups TEXT NOT NULL, json TEXT NOT NULL) STRICT;"
                "CREATE TABLE IF NOT EXISTS applied(seq INTEGER NOT NULL) STRICT;"
                "INSERT INTO applied(seq) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM applied)",
                e))
        return false;
    for (size_t i = 0; i < STATEMENTS; i++)
        if (!db_prepare(v->db, texts[i], &v->at[i], e))
            return false;
    return true;
}

static bool keep_applied(struct videos *v, uint64_t seq, struct err *e)
{
    db_set_int(v->at[APPLIED_PUT], 1, (int64_t)seq);
    return db_do(v->at[APPLIED_PUT], e);
}

static bool put(struct videos *v, uint64_t seq, struct str payload, struct err *e)
{
    char names[VIDEO_GROUPS];
    struct buf groups = buf_over(names, sizeof names);
    struct db_stmt *s = v->at[PUT];
    struct str rest = payload, value;
    enum field tag;

    while (fields_next(&rest, &tag, &value))
        if (tag == FIELD_GROUP) {
            buf_put(&groups, value);
            buf_byte(&groups, '\n');
        }
    db_set_text(s, 1, fields_get(payload, FIELD_UID));
    db_set_int(s, 2, (int64_t)seq);
    db_set_text(s, 3, fields_get(payload, fields_has(payload, FIELD_USER) ? FIELD_USER : FIELD_BY));
    db_set_text(s, 4, buf_str(&groups));
    db_set_text(s, 5, fields_get(payload, FIELD_TEXT));
    return db_do(s, e);
}

bool videos_apply(struct videos *v, uint64_t seq, unsigned kind, struct str payload, struct err *e)
{
    struct db_stmt *drop = v->at[DROP];

    if (kind == EV_VIDEO_PUT && !put(v, seq, payload, e))
        return false;
    if (kind == EV_VIDEO_DELETED) {
        db_set_text(drop, 1, fields_get(payload, FIELD_UID));
        if (!db_do(drop, e))
            return false;
    }
    return keep_applied(v, seq, e);
}

static bool see_row(void *ctx, const struct journal_row *row)
{
    struct videos *v = ctx;

    /* An erased text is a source that nobody knows any more. */
    return row->erased || row->damaged || videos_apply(v, row->seq, row->kind, row->payload, &v->e);
}

/* What the journal has and this file does not. Without a journal there is nothing yet. */
static bool catch_up(struct videos *v, const char *dir, struct err *e)
{
    static const uint16_t kinds[] = {EV_VIDEO_PUT, EV_VIDEO_DELETED, 0};
    struct journal *j = NULL;
    int64_t applied = 0;
    bool ok;
    struct err missing;

    if (!db_ask(v->db, "SELECT seq FROM applied", &applied, e))
        return false;
    if (!journal_open_reader(dir, &j, &missing))
        return true;
    ok = journal_read(j, (uint64_t)applied + 1, kinds, see_row, v, e);
    if (ok && v->e.kind != ERR_NONE) {
        *e = v->e;
        ok = false;
    }
    ok = ok && (journal_head(j).seq <= (uint64_t)applied || keep_applied(v, journal_head(j).seq, e));
    journal_close(j);
    return ok;
}

bool videos_open(const char *dir, struct videos **out, struct err *e)
{
    struct videos *v = calloc(1, sizeof *v);

    *out = NULL;
    if (!v)
        return err_set(e, ERR_FULL, "there is not enough memory for the list of videos");
    if (!open_file(v, dir, e) || !catch_up(v, dir, e)) {
        videos_close(v);
        return false;
    }
    *out = v;
    return true;
}

void videos_close(struct videos *v)
{
    if (!v)
        return;
    db_close(v->db);
    free(v);
}

size_t videos_count(struct videos *v)
{
    struct err ignored;
    size_t n = db_step(v->at[COUNT], &ignored) == DB_ROW ? (size_t)db_int(v->at[COUNT], 0) : 0;

    db_reset(v->at[COUNT]);
    return n;
}

bool videos_read(struct videos *v, struct str uid, videos_see *see, void *ctx, struct err *e)
{
    struct db_stmt *s = v->at[uid.len ? ONE : ALL];
    enum db_step step;

    if (uid.len)
        db_set_text(s, 1, uid);
    while ((step = db_step(s, e)) == DB_ROW) {
        struct video one = {.seq = (uint64_t)db_int(s, 0), .uid = db_text(s, 1), .user = db_text(s, 2),
                            .groups = db_text(s, 3), .json = db_text(s, 4)};

        if (!see(ctx, &one))
            break;
    }
    db_reset(s);
    return step != DB_FAILED;
}
