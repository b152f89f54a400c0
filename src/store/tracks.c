/* A point is a row of about 33 bytes:
 *
 *   id   minute(26) | unit(21) | ms in that minute(16)      one integer, the key of the table
 *   fix  flags(1) | label | lat(4) | lon(4) | age | hae | ce | speed | course
 *
 * minute counts from 2020-01-01, unit and label are numbers into the tables of their names
 * (a label is a callsign with a type).  label, age, hae, ce, speed and course are varints,
 * hae and age zigzag; age = at - time in ms; hae, ce in decimetres; speed in cm/s; course
 * in 1/100 degree; the last four only when their flag is set.
 *
 * The key alone makes the questions quick without an index: all units in an hour is one
 * range, one unit in an hour is 60 searches, the newest of each unit hops from unit to unit
 * inside of each minute, and what is too old lies at the front.  Time order across units is
 * made minute by minute, so that no sort is large. */
#include "store/tracks.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/limits.h"
#include "os/clock.h"
#include "store/db.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MS_BITS = 16,
    UNIT_BITS = 21,
    MINUTE_BITS = 26,
    MINUTE_MS = 60000,
    UNITS_MAX =
        1 << UNIT_BITS, /* units and labels kept; more: the point is left out, see unit_of() */
    LABELS_MAX = 1 << UNIT_BITS,
    SAME_MS_MAX = 1000, /* points of a unit that may share a ms: each takes the next free one */
    FIX_MAX = 64,
    CACHE_KIB = 1024, /* a minute of 400 units; beyond that pages come back from the system's cache */
    NAMES_SEEN = 1 << 12,  /* names whose numbers are remembered while writing */
    NAMES_SHOWN = 1 << 10, /* numbers whose names are remembered while reading */
    DAY_MS = 86400000,
    TRACKS_FORMAT = 1,
};

/* 2020-01-01T00:00:00Z, so that the minute fits its bits until 2147. */
#define EPOCH_MS INT64_C(1577836800000)

enum { HAS_HAE = 1, HAS_CE = 2, HAS_SPEED = 4, HAS_COURSE = 8 };

_Static_assert(MS_BITS + UNIT_BITS + MINUTE_BITS == 63, "the key is a positive integer");
_Static_assert(1 << MS_BITS >= MINUTE_MS, "a minute fits");
_Static_assert(UNITS_MAX == 2097152 && LABELS_MAX == 2097152, "the numbers in FREE_NUMBER");

enum statement {
    POINT_PUT,
    POINTS_OLD,
    POINTS,
    POINTS_BY_TIME,
    POINT_NEXT,
    POINT_BEFORE,
    UNIT,
    UNIT_PUT,
    UNIT_DAY,
    UNIT_FREE,
    UNIT_NAME,
    LABEL,
    LABEL_PUT,
    LABEL_DAY,
    LABEL_FREE,
    LABEL_NAME,
    UNITS_OLD,
    LABELS_OLD,
    STATEMENTS,
};

/* The next number, or when they are used up the first that pruning has freed; 2097152
 * (UNITS_MAX) when none is free. */
#define FREE_NUMBER(table)                                                                         \
    "SELECT CASE WHEN coalesce((SELECT max(id) FROM " table "), 0) < 2097151"                      \
    " THEN coalesce((SELECT max(id) FROM " table "), 0) + 1"                                       \
    " ELSE coalesce((SELECT a.id + 1 FROM " table " AS a WHERE NOT EXISTS"                         \
    " (SELECT 1 FROM " table " AS b WHERE b.id = a.id + 1) LIMIT 1), 2097152) END"

static const char *const texts[STATEMENTS] = {
    [POINT_PUT] = "INSERT OR IGNORE INTO point(id, fix) VALUES(?, ?)",
    [POINTS_OLD] =
        "DELETE FROM point WHERE id IN (SELECT id FROM point WHERE id < ? ORDER BY id LIMIT ?)",
    [POINTS] = "SELECT id, fix FROM point WHERE id >= ? AND id < ? ORDER BY id",
    [POINTS_BY_TIME] = "SELECT id, fix FROM point WHERE id >= ? AND id < ? ORDER BY id & 65535, id",
    [POINT_NEXT] = "SELECT id, fix FROM point WHERE id >= ? AND id < ? ORDER BY id LIMIT 1",
    [POINT_BEFORE] = "SELECT id, fix FROM point WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1",
    [UNIT] = "SELECT id, day FROM unit WHERE uid = ?",
    [UNIT_PUT] = "INSERT INTO unit(id, day, uid) VALUES(?, ?, ?)",
    [UNIT_DAY] = "UPDATE unit SET day = ?2 WHERE id = ?1",
    [UNIT_FREE] = FREE_NUMBER("unit"),
    [UNIT_NAME] = "SELECT uid FROM unit WHERE id = ?",
    [LABEL] = "SELECT id, day FROM label WHERE type = ? AND callsign = ?",
    [LABEL_PUT] = "INSERT INTO label(id, day, type, callsign) VALUES(?, ?, ?, ?)",
    [LABEL_DAY] = "UPDATE label SET day = ?2 WHERE id = ?1",
    [LABEL_FREE] = FREE_NUMBER("label"),
    [LABEL_NAME] = "SELECT type, callsign FROM label WHERE id = ?",
    [UNITS_OLD] = "DELETE FROM unit WHERE id IN (SELECT id FROM unit WHERE day < ? LIMIT ?)",
    [LABELS_OLD] = "DELETE FROM label WHERE id IN (SELECT id FROM label WHERE day < ? LIMIT ?)",
};

/* What is remembered of a name while writing: a hash over table, day and text, so that
 * each name is looked up again once a day and its day is brought up to date. */
struct known {
    uint64_t hash;
    int64_t id;
};

/* A name that was looked up while reading; gen tells whether by this call. */
struct shown {
    int64_t id;
    uint64_t gen;
    char uid[LIMIT_UID + 1];
};

struct shown_label {
    int64_t id;
    uint64_t gen;
    char type[LIMIT_TYPE + 1], callsign[LIMIT_CALLSIGN + 1];
};

struct tracks {
    struct db *db;
    bool reader;
    struct hash_key hash_key;
    uint64_t gen;
    struct db_stmt *at[STATEMENTS];
    struct known known[NAMES_SEEN];
    struct shown units[NAMES_SHOWN];
    struct shown_label labels[NAMES_SHOWN];
    unsigned char seen[UNITS_MAX / 8]; /* units that tracks_at() has shown */
    char note[256];
};

/* ---- keys ------------------------------------------------------------- */

struct place {
    int64_t minute, unit, ms;
};

static int64_t key_of(struct place p)
{
    MUST(p.minute >= 0 && p.minute <= (int64_t)1 << MINUTE_BITS && p.unit >= 0 &&
         p.unit <= UNITS_MAX);
    MUST(p.ms >= 0 && p.ms <= 1 << MS_BITS);
    return ((p.minute << UNIT_BITS) + p.unit) * (1 << MS_BITS) + p.ms;
}

static struct place place_of(int64_t key)
{
    return (struct place){
        .minute = key >> (MS_BITS + UNIT_BITS),
        .unit = key >> MS_BITS & (UNITS_MAX - 1),
        .ms = key & ((1 << MS_BITS) - 1),
    };
}

static int64_t minute_start_ms(int64_t minute)
{
    return EPOCH_MS + minute * MINUTE_MS;
}

/* The minute of a time; times that cannot be kept go to the nearest that can. */
static int64_t minute_of(int64_t at_ms)
{
    int64_t last = ((int64_t)1 << MINUTE_BITS) - 2; /* so that last + 1 has a key too */

    if (at_ms < EPOCH_MS)
        return 0;
    return (at_ms - EPOCH_MS) / MINUTE_MS > last ? last : (at_ms - EPOCH_MS) / MINUTE_MS;
}

/* ---- a fix as bytes --------------------------------------------------- */

struct fix_bytes {
    unsigned char at[FIX_MAX];
    size_t len, read;
    bool bad;
};

static void put_varint(struct fix_bytes *b, uint64_t v)
{
    do {
        MUST(b->len < FIX_MAX);
        b->at[b->len++] = (unsigned char)((v & 127) | (v > 127 ? 128 : 0));
        v >>= 7;
    } while (v);
}

static uint64_t get_varint(struct fix_bytes *b)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && b->read < b->len; shift += 7) {
        unsigned char c = b->at[b->read++];

        v |= (uint64_t)(c & 127) << shift;
        if (c < 128)
            return v;
    }
    b->bad = true;
    return 0;
}

static uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* Rounds to a whole number of units; a peer's number may be of any size. */
static int64_t scaled(double v, double units)
{
    double n = v * units;

    return n > 1e15    ? INT64_C(1000000000000000)
           : n < -1e15 ? INT64_C(-1000000000000000)
                       : llround(n);
}

static void put_angle(struct fix_bytes *b, double degrees)
{
    uint32_t v = (uint32_t)(int32_t)scaled(degrees, 1e7);

    for (int i = 0; i < 4; i++, v >>= 8)
        b->at[b->len++] = (unsigned char)v;
}

static double get_angle(struct fix_bytes *b)
{
    uint32_t v = 0;

    if (b->len - b->read < 4) {
        b->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < 4; i++)
        v |= (uint32_t)b->at[b->read++] << (8 * i);
    return (int32_t)v / 1e7;
}

static void fix_put(struct fix_bytes *b, const struct track_point *p, int64_t label)
{
    int flags = (isnan(p->hae) ? 0 : HAS_HAE) | (isnan(p->ce) ? 0 : HAS_CE) |
                (isnan(p->speed) ? 0 : HAS_SPEED) | (isnan(p->course) ? 0 : HAS_COURSE);

    b->len = 0;
    b->at[b->len++] = (unsigned char)flags;
    put_varint(b, (uint64_t)label);
    put_angle(b, p->lat);
    put_angle(b, p->lon);
    put_varint(b, zigzag((int64_t)((uint64_t)p->at_ms - (uint64_t)p->time_ms)));
    if (flags & HAS_HAE)
        put_varint(b, zigzag(scaled(p->hae, 10)));
    if (flags & HAS_CE)
        put_varint(b, zigzag(scaled(p->ce, 10)));
    if (flags & HAS_SPEED)
        put_varint(b, zigzag(scaled(p->speed, 100)));
    if (flags & HAS_COURSE)
        put_varint(b, zigzag(scaled(p->course, 100)));
}

static double get_scaled(struct fix_bytes *b, int flag, double units)
{
    return b->at[0] & flag ? (double)unzigzag(get_varint(b)) / units : (double)NAN;
}

/* Everything but the names; false when the bytes are not a fix. */
static bool fix_get(struct fix_bytes *b, struct track_point *p, int64_t *label)
{
    b->read = 1;
    b->bad = b->len < 1;
    *label = (int64_t)(get_varint(b) & (LABELS_MAX - 1));
    p->lat = get_angle(b);
    p->lon = get_angle(b);
    p->time_ms = (int64_t)((uint64_t)p->at_ms - (uint64_t)unzigzag(get_varint(b)));
    p->hae = get_scaled(b, HAS_HAE, 10);
    p->ce = get_scaled(b, HAS_CE, 10);
    p->speed = get_scaled(b, HAS_SPEED, 100);
    p->course = get_scaled(b, HAS_COURSE, 100);
    return !b->bad;
}

/* ---- opening ---------------------------------------------------------- */

static const char tables[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS point(id INTEGER PRIMARY KEY, fix BLOB NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS unit(id INTEGER PRIMARY KEY, day INTEGER NOT NULL, uid TEXT NOT "
    "NULL UNIQUE) STRICT;"
    "CREATE TABLE IF NOT EXISTS label(id INTEGER PRIMARY KEY, day INTEGER NOT NULL, type TEXT NOT "
    "NULL,"
    " callsign TEXT NOT NULL, UNIQUE(type, callsign)) STRICT;"
    "CREATE INDEX IF NOT EXISTS unit_by_day ON unit(day);"
    "CREATE INDEX IF NOT EXISTS label_by_day ON label(day);"
    "PRAGMA user_version=1;"
    "COMMIT";

_Static_assert(TRACKS_FORMAT == 1, "the user_version above");

static bool open_file(struct tracks *t, const char *path, struct err *e)
{
    struct db_options options = {.reader = t->reader, .incremental = true, .cache_kib = CACHE_KIB};
    int64_t format = 0;

    if (!db_open(path, &options, &t->db, e) || !db_ask(t->db, "PRAGMA user_version", &format, e))
        return false;
    if (format > TRACKS_FORMAT)
        return err_set(e, ERR_INPUT,
                       "%s was written by a newer Cordon (format %d, this one knows %d): start the "
                       "newer one",
                       path, (int)format, TRACKS_FORMAT);
    if (!t->reader && format < TRACKS_FORMAT && !db_run(t->db, tables, e))
        return false;
    for (size_t i = 0; i < STATEMENTS; i++)
        if (!db_prepare(t->db, texts[i], &t->at[i], e))
            return false;
    return true;
}

/* Positions are no record: when their file is damaged a new one is begun beside it. */
static bool open_writer(struct tracks *t, const char *path, struct err *e)
{
    char aside[DB_PATH_MAX];

    if (open_file(t, path, e))
        return true;
    if (!t->db || !db_damaged(t->db))
        return false;
    db_close(t->db);
    t->db = NULL;
    if (!db_move_aside(path, aside, e) || !open_file(t, path, e))
        return false;
    (void)snprintf(t->note, sizeof t->note,
                   "tracks.db was damaged: it lies in %s, and a new one was begun",
                   strrchr(aside, '/') + 1);
    return true;
}

static bool tracks_new(const char *dir, bool reader, struct tracks **out, struct err *e)
{
    struct tracks *t = calloc(1, sizeof *t);
    char path[DB_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/tracks.db", dir);

    *out = NULL;
    if (!t)
        return err_set(e, ERR_WORLD, "there is not enough memory for the tracks");
    t->reader = reader;
    chance_fill(&t->hash_key, sizeof t->hash_key);
    if (n < 0 || n >= (int)sizeof path) {
        tracks_close(t);
        return err_set(e, ERR_INPUT, "the name of the data folder is too long");
    }
    if (reader ? !open_file(t, path, e) : !open_writer(t, path, e)) {
        tracks_close(t);
        return false;
    }
    *out = t;
    return true;
}

bool tracks_open(const char *dir, struct tracks **out, struct err *e)
{
    return tracks_new(dir, false, out, e);
}

bool tracks_open_reader(const char *dir, struct tracks **out, struct err *e)
{
    return tracks_new(dir, true, out, e);
}

void tracks_close(struct tracks *t)
{
    if (!t)
        return;
    db_close(t->db);
    free(t);
}

const char *tracks_note(const struct tracks *t)
{
    return t->note;
}

void tracks_idle(struct tracks *t)
{
    db_idle(t->db);
}

/* ---- writing ---------------------------------------------------------- */

/* A table of names: units and labels are kept alike. */
struct names {
    enum statement get, put, day, free;
    int64_t max;
    struct str first, second; /* uid, none | type, callsign */
};

static struct known *known_slot(struct tracks *t, const struct names *n, int64_t today,
                                uint64_t *hash)
{
    char text[sizeof(int64_t) + 2 + LIMIT_UID + LIMIT_TYPE];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, str_of(&today, sizeof today));
    buf_byte(&b, n->get == UNIT ? 'u' : 'l');
    buf_put(&b, n->first);
    buf_byte(&b, 0);
    buf_put(&b, n->second);
    MUST(!b.full);
    *hash = hash_str(t->hash_key, buf_str(&b));
    return &t->known[*hash % NAMES_SEEN];
}

/* Makes a row for a new name; *id is 0 when the numbers are used up. */
static bool name_make(struct tracks *t, const struct names *n, int64_t today, int64_t *id,
                      struct err *e)
{
    struct db_stmt *free = t->at[n->free], *put = t->at[n->put];
    enum db_step step = db_step(free, e);

    *id = step == DB_ROW ? db_int(free, 0) : 0;
    db_reset(free);
    if (step == DB_FAILED)
        return false;
    if (*id >= n->max) {
        *id = 0;
        return true;
    }
    db_set_int(put, 1, *id);
    db_set_int(put, 2, today);
    db_set_text(put, 3, n->first);
    if (n->get == LABEL)
        db_set_text(put, 4, n->second);
    return db_do(put, e);
}

/* The number of a name, made when it is new. */
static bool name_id(struct tracks *t, const struct names *n, int64_t today, int64_t *id,
                    struct err *e)
{
    struct db_stmt *get = t->at[n->get], *day = t->at[n->day];
    enum db_step step;
    uint64_t hash;
    struct known *known = known_slot(t, n, today, &hash);
    bool stale;

    *id = known->id;
    if (known->id && known->hash == hash)
        return true;
    db_set_text(get, 1, n->first);
    if (n->get == LABEL)
        db_set_text(get, 2, n->second);
    step = db_step(get, e);
    *id = step == DB_ROW ? db_int(get, 0) : 0;
    stale = step == DB_ROW && db_int(get, 1) < today;
    db_reset(get);
    if (step == DB_FAILED || (step == DB_DONE && !name_make(t, n, today, id, e)))
        return false;
    if (stale) {
        db_set_int(day, 1, *id);
        db_set_int(day, 2, today);
        if (!db_do(day, e))
            return false;
    }
    *known = (struct known){hash, *id};
    return true;
}

/* Cut at a character's end, as whoever reads it will cut it. */
static struct str cut(struct str s, char *to, size_t size)
{
    (void)str_copy(to, size, s);
    return str_from(to);
}

static bool point_put(struct tracks *t, const struct track_point *p, struct err *e)
{
    char type[LIMIT_TYPE + 1], callsign[LIMIT_CALLSIGN + 1];
    struct names unit = {UNIT, UNIT_PUT, UNIT_DAY, UNIT_FREE, UNITS_MAX, p->uid, str_of(NULL, 0)};
    struct names label = {LABEL,
                          LABEL_PUT,
                          LABEL_DAY,
                          LABEL_FREE,
                          LABELS_MAX,
                          cut(p->type, type, sizeof type),
                          cut(p->callsign, callsign, sizeof callsign)};
    struct place at = {.minute = minute_of(p->at_ms)};
    struct fix_bytes fix;
    int64_t today = p->at_ms / DAY_MS, label_id = 0;

    if (p->at_ms < EPOCH_MS || p->uid.len == 0 || p->uid.len > LIMIT_UID || !isfinite(p->lat) ||
        !isfinite(p->lon) || fabs(p->lat) > 90 || fabs(p->lon) > 180)
        return true;
    if (!name_id(t, &unit, today, &at.unit, e) || !name_id(t, &label, today, &label_id, e))
        return false;
    if (at.unit == 0)
        return true;
    at.ms = (p->at_ms - EPOCH_MS) % MINUTE_MS;
    fix_put(&fix, p, label_id);
    for (int tries = 0; tries < SAME_MS_MAX; tries++, at.ms++) {
        db_set_int(t->at[POINT_PUT], 1, key_of(at));
        db_set_blob(t->at[POINT_PUT], 2, str_of(fix.at, fix.len));
        if (!db_do(t->at[POINT_PUT], e))
            return false;
        if (db_changes(t->db) > 0)
            break;
    }
    return true;
}

/* Numbers of names that a failed transaction made must not be used. */
static void forget(struct tracks *t)
{
    memset(t->known, 0, sizeof t->known);
}

static bool finish(struct tracks *t, bool ok, struct err *e)
{
    if (ok && db_commit(t->db, e))
        return true;
    if (!ok)
        db_rollback(t->db);
    forget(t);
    return false;
}

bool tracks_add(struct tracks *t, const struct track_point *points, size_t count, struct err *e)
{
    bool ok = true;

    MUST(!t->reader);
    if (count == 0)
        return true;
    if (!db_begin(t->db, e))
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = point_put(t, &points[i], e);
    return finish(t, ok, e);
}

/* ---- pruning ---------------------------------------------------------- */

static bool delete_old(struct tracks *t, enum statement which, int64_t before, size_t max,
                       struct err *e)
{
    db_set_int(t->at[which], 1, before);
    db_set_int(t->at[which], 2, (int64_t)max);
    return db_do(t->at[which], e);
}

/* Free pages are used again; only a file that is mostly empty is cut, a little at a time. */
static bool shrink(struct tracks *t, struct err *e)
{
    int64_t pages = 0, free = 0;

    if (!db_ask(t->db, "PRAGMA page_count", &pages, e) ||
        !db_ask(t->db, "PRAGMA freelist_count", &free, e))
        return false;
    return free < 1024 || free < pages / 2 || db_run(t->db, "PRAGMA incremental_vacuum(256)", e);
}

bool tracks_prune(struct tracks *t, int64_t before_ms, size_t max_rows, size_t *deleted,
                  struct err *e)
{
    struct place before = {.minute = minute_of(before_ms)};
    int64_t day = before_ms / DAY_MS;
    bool ok;

    MUST(!t->reader && max_rows > 0 && max_rows <= INT64_MAX);
    *deleted = 0;
    if (!db_begin(t->db, e))
        return false;
    ok = delete_old(t, POINTS_OLD, key_of(before), max_rows, e);
    if (ok) {
        *deleted = (size_t)db_changes(t->db);
        /* No points are left that could need an old name. */
        if (*deleted < max_rows) {
            ok = delete_old(t, UNITS_OLD, day, max_rows, e) &&
                 delete_old(t, LABELS_OLD, day, max_rows, e);
            forget(t);
        }
    }
    return finish(t, ok, e) && shrink(t, e);
}

/* ---- reading ---------------------------------------------------------- */

/* The name of a unit, looked up once a call for most; empty when it is not known. */
static bool unit_name(struct tracks *t, int64_t id, struct str *uid, struct err *e)
{
    struct shown *s = &t->units[id % NAMES_SHOWN];
    struct db_stmt *get = t->at[UNIT_NAME];
    enum db_step step;

    if (s->id != id || s->gen != t->gen) {
        *s = (struct shown){.id = id, .gen = t->gen};
        db_set_int(get, 1, id);
        step = db_step(get, e);
        if (step == DB_ROW)
            (void)str_copy(s->uid, sizeof s->uid, db_text(get, 0));
        db_reset(get);
        if (step == DB_FAILED)
            return false;
    }
    *uid = str_from(s->uid);
    return true;
}

static bool label_name(struct tracks *t, int64_t id, struct track_point *p, struct err *e)
{
    struct shown_label *s = &t->labels[id % NAMES_SHOWN];
    struct db_stmt *get = t->at[LABEL_NAME];
    enum db_step step;

    if (s->id != id || s->gen != t->gen) {
        *s = (struct shown_label){.id = id, .gen = t->gen};
        db_set_int(get, 1, id);
        step = db_step(get, e);
        if (step == DB_ROW) {
            (void)str_copy(s->type, sizeof s->type, db_text(get, 0));
            (void)str_copy(s->callsign, sizeof s->callsign, db_text(get, 1));
        }
        db_reset(get);
        if (step == DB_FAILED)
            return false;
    }
    p->type = str_from(s->type);
    p->callsign = str_from(s->callsign);
    return true;
}

/* One question: for whom, and between which times. */
struct question {
    struct tracks *t;
    int64_t from_ms, to_ms; /* [from, to) */
    int64_t first, last;    /* minutes that can have an answer */
    tracks_see *see;
    void *ctx;
    bool over;
};

/* Shows the row that a statement stands on. */
static bool show(struct question *q, int64_t key, struct str bytes, struct err *e)
{
    struct place at = place_of(key);
    struct track_point p = {.at_ms = minute_start_ms(at.minute) + at.ms};
    struct fix_bytes fix = {.len = bytes.len < FIX_MAX ? bytes.len : FIX_MAX};
    int64_t label;

    memcpy(fix.at, bytes.at ? bytes.at : "", fix.len);
    if (!fix_get(&fix, &p, &label)) /* a damaged one is passed over */
        return true;
    if (!unit_name(q->t, at.unit, &p.uid, e) || !label_name(q->t, label, &p, e))
        return false;
    q->over = !q->see(q->ctx, &p);
    return true;
}

/* Narrows the minutes to those that are there, so that "since ever" costs nothing. */
static bool question_narrow(struct question *q, struct err *e)
{
    int64_t first = -1, last = -1;

    q->t->gen++;
    q->over = true;
    if (q->from_ms < EPOCH_MS)
        q->from_ms = EPOCH_MS;
    if (q->from_ms >= q->to_ms)
        return true;
    if (!db_ask(q->t->db, "SELECT id FROM point ORDER BY id LIMIT 1", &first, e) ||
        !db_ask(q->t->db, "SELECT id FROM point ORDER BY id DESC LIMIT 1", &last, e))
        return false;
    if (first < 0 || last < 0)
        return true;
    q->first = minute_of(q->from_ms);
    q->last = minute_of(q->to_ms - 1);
    if (q->first < place_of(first).minute)
        q->first = place_of(first).minute;
    if (q->last > place_of(last).minute)
        q->last = place_of(last).minute;
    q->over = q->first > q->last;
    return true;
}

/* The part of a minute that lies between the times, as ms in it; the whole one when it is
 * inside (a point may have been put a little past its end). */
static void part_of(const struct question *q, int64_t minute, int64_t *from, int64_t *to)
{
    int64_t start = minute_start_ms(minute);

    *from = q->from_ms > start ? q->from_ms - start : 0;
    *to = q->to_ms < start + MINUTE_MS ? q->to_ms - start : 1 << MS_BITS;
    if (*from > 1 << MS_BITS)
        *from = 1 << MS_BITS;
    if (*to < 0)
        *to = 0;
}

/* All of a minute, or of one unit in it, in time order. */
static bool read_minute(struct question *q, int64_t minute, int64_t unit, struct err *e)
{
    struct db_stmt *s = q->t->at[unit ? POINTS : POINTS_BY_TIME];
    enum db_step step;
    int64_t from, to;
    bool ok = true;

    part_of(q, minute, &from, &to);
    if (unit) {
        db_set_int(s, 1, key_of((struct place){minute, unit, from}));
        db_set_int(s, 2, key_of((struct place){minute, unit, to}));
    } else {
        db_set_int(s, 1, key_of((struct place){minute, 0, 0}));
        db_set_int(s, 2, key_of((struct place){minute + 1, 0, 0}));
    }
    while (ok && !q->over && (step = db_step(s, e)) != DB_DONE) {
        int64_t key = step == DB_ROW ? db_int(s, 0) : 0;

        if (step == DB_FAILED)
            return false;
        if (place_of(key).ms >= from && place_of(key).ms < to)
            ok = show(q, key, db_blob(s, 1), e);
    }
    db_reset(s);
    return ok;
}

/* The first minute from `minute` on that has points; beyond the last when there is none. */
static bool next_minute(struct question *q, int64_t *minute, struct err *e)
{
    struct db_stmt *s = q->t->at[POINT_NEXT];
    enum db_step step;

    db_set_int(s, 1, key_of((struct place){*minute, 0, 0}));
    db_set_int(s, 2, key_of((struct place){q->last + 1, 0, 0}));
    step = db_step(s, e);
    *minute = step == DB_ROW ? place_of(db_int(s, 0)).minute : q->last + 1;
    db_reset(s);
    return step != DB_FAILED;
}

/* The number of a unit; 0 when it was never heard. */
static bool unit_number(struct tracks *t, struct str uid, int64_t *id, struct err *e)
{
    enum db_step step;

    db_set_text(t->at[UNIT], 1, uid);
    step = db_step(t->at[UNIT], e);
    *id = step == DB_ROW ? db_int(t->at[UNIT], 0) : 0;
    db_reset(t->at[UNIT]);
    return step != DB_FAILED;
}

bool tracks_read(struct tracks *t, struct str uid, int64_t from_ms, int64_t to_ms, tracks_see *see,
                 void *ctx, struct err *e)
{
    struct question q = {.t = t, .from_ms = from_ms, .to_ms = to_ms, .see = see, .ctx = ctx};
    int64_t unit = 0;

    MUST(see);
    if (uid.len > 0) {
        if (!unit_number(t, uid, &unit, e))
            return false;
        if (unit == 0)
            return true;
    }
    if (!question_narrow(&q, e))
        return false;
    for (int64_t minute = q.first; !q.over && minute <= q.last; minute++) {
        if (unit == 0 && !next_minute(&q, &minute, e))
            return false;
        if (minute <= q.last && !read_minute(&q, minute, unit, e))
            return false;
    }
    return true;
}

/* Shows the newest point of one unit in a minute. */
static bool newest_in(struct question *q, int64_t minute, int64_t unit, struct err *e)
{
    struct db_stmt *s = q->t->at[POINT_BEFORE];
    enum db_step step;
    int64_t from, to;
    bool ok;

    part_of(q, minute, &from, &to);
    db_set_int(s, 1, key_of((struct place){minute, unit, from}));
    db_set_int(s, 2, key_of((struct place){minute, unit, to}));
    step = db_step(s, e);
    ok = step != DB_FAILED;
    if (step == DB_ROW) {
        q->t->seen[unit / 8] |= (unsigned char)(1 << unit % 8);
        ok = show(q, db_int(s, 0), db_blob(s, 1), e);
    }
    db_reset(s);
    return ok;
}

static bool is_seen(const struct tracks *t, int64_t unit)
{
    return t->seen[unit / 8] >> unit % 8 & 1;
}

/* The first unit from `unit` to `last` that was not shown yet; last + 1 when there is none. */
static int64_t next_unseen(const struct tracks *t, int64_t unit, int64_t last)
{
    while (unit <= last && is_seen(t, unit))
        unit += unit % 8 == 0 && t->seen[unit / 8] == 0xFF ? 8 : 1;
    return unit <= last ? unit : last + 1;
}

/* Hops inside of a minute, from one unit that was not shown yet to the next: those of every minute are passed over
 * once they are. */
static bool newest_of_minute(struct question *q, int64_t minute, int64_t last, struct err *e)
{
    struct db_stmt *s = q->t->at[POINT_NEXT];

    for (int64_t unit = next_unseen(q->t, 0, last); !q->over && unit <= last; unit = next_unseen(q->t, unit, last)) {
        enum db_step step;

        db_set_int(s, 1, key_of((struct place){minute, unit, 0}));
        db_set_int(s, 2, key_of((struct place){minute + 1, 0, 0}));
        step = db_step(s, e);
        unit = step == DB_ROW ? place_of(db_int(s, 0)).unit : last + 1;
        db_reset(s);
        if (step == DB_FAILED)
            return false;
        if (unit <= last && !is_seen(q->t, unit) && !newest_in(q, minute, unit, e))
            return false;
        unit += unit <= last && !is_seen(q->t, unit); /* it came later in this minute than is asked for */
    }
    return true;
}

bool tracks_at(struct tracks *t, int64_t at_ms, int64_t max_age_ms, tracks_see *see, void *ctx,
               struct err *e)
{
    struct question q = {.t = t, .see = see, .ctx = ctx};
    int64_t last = 0;

    MUST(see && max_age_ms >= 0);
    q.to_ms = at_ms < INT64_MAX ? at_ms + 1 : at_ms;
    q.from_ms = at_ms < EPOCH_MS || at_ms - EPOCH_MS < max_age_ms ? EPOCH_MS : at_ms - max_age_ms;
    memset(t->seen, 0, sizeof t->seen);
    if (!question_narrow(&q, e) || !db_ask(t->db, "SELECT coalesce(max(id), 0) FROM unit", &last, e))
        return false;
    for (int64_t minute = q.last; !q.over && minute >= q.first && next_unseen(t, 1, last) <= last; minute--)
        if (!newest_of_minute(&q, minute, last, e))
            return false;
    return true;
}
