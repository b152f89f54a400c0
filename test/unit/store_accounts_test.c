#include "core/fields.h"
#include "core/incident_access.h"
#include "core/record.h"
#include "store/accounts.h"
#include "store/db.h"
#include "support/folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *dir;
static struct accounts *accounts;
static struct err e;

static struct accounts *open_in(const char *at)
{
    struct accounts *a;

    if (!accounts_open(at, &a, &e))
        fail_msg("%s", e.text);
    return a;
}

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    accounts = open_in(dir);
    return 0;
}

static int end(void **state)
{
    (void)state;
    accounts_close(accounts);
    folder_remove(dir);
    return 0;
}

static struct user user_of(const char *name, const char *agency)
{
    struct user u = {.group_count = 2,
                     .groups = {{.name = "Blue", .in = true, .out = true, .active = true},
                                {.name = "Command", .out = true}}};

    (void)snprintf(u.name, sizeof u.name, "%s", name);
    (void)snprintf(u.agency, sizeof u.agency, "%s", agency);
    return u;
}

static int64_t put(const char *name, const char *agency)
{
    struct user u = user_of(name, agency);

    if (!accounts_put_user(accounts, &u, &e))
        fail_msg("%s", e.text);
    return u.id;
}

static void a_user_is_made_found_and_changed(void **state)
{
    struct user u = user_of("ranger-1", "RGR"), got;
    int64_t id;

    (void)state;
    assert_true(accounts_put_user(accounts, &u, &e));
    id = u.id;
    assert_true(id > 0);
    assert_true(accounts_user_by_name(accounts, STR("ranger-1"), &got, &e));
    assert_memory_equal(&got, &u, sizeof u);
    assert_true(accounts_user_by_id(accounts, id, &got, &e));
    assert_memory_equal(&got, &u, sizeof u);
    u.id = 0;
    u.relay = u.disabled = true;
    u.group_count = 1;
    memset(&u.groups[1], 0, sizeof u.groups[1]);
    (void)snprintf(u.groups[0].name, sizeof u.groups[0].name, "Gr\xc3\xbcn");
    assert_true(accounts_put_user(accounts, &u, &e));
    assert_int_equal(u.id, id);
    assert_true(accounts_user_by_name(accounts, STR("ranger-1"), &got, &e));
    assert_memory_equal(&got, &u, sizeof u);
    assert_false(accounts_user_by_name(accounts, STR("nobody"), &got, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_string_equal(e.text, "there is no user nobody");
    assert_false(accounts_user_by_id(accounts, 99, &got, &e));
    assert_int_equal(e.kind, ERR_MISSING);
}

static void a_user_that_is_refused_changes_nothing(void **state)
{
    struct user u = user_of("a", "X"), got;

    (void)state;
    (void)put("a", "PUN");
    (void)snprintf(u.groups[1].name, sizeof u.groups[1].name, "Blue");
    assert_false(accounts_put_user(accounts, &u, &e));
    assert_int_equal(e.kind, ERR_INPUT);
    assert_int_equal(u.id, 0);
    assert_true(accounts_user_by_name(accounts, STR("a"), &got, &e));
    assert_string_equal(got.agency, "PUN");
    u.name[0] = 0;
    assert_false(accounts_put_user(accounts, &u, &e));
}

/* see() may ask and change while it is shown users. */
static bool see_user(void *ctx, const struct user *u)
{
    struct user again = *u;

    ++*(int *)ctx;
    assert_true(accounts_put_user(accounts, &again, &e));
    return strcmp(u->name, "c") != 0;
}

static void all_users_are_seen(void **state)
{
    int n = 0;

    (void)state;
    (void)put("b", "");
    (void)put("a", "");
    (void)put("c", "");
    (void)put("d", "");
    assert_true(accounts_users(accounts, see_user, &n, &e));
    assert_int_equal(n, 3);
}

static bool revoke_by(const char *user, const char *serial, int64_t now_ms, size_t *count)
{
    struct certificate_order o = {str_from(user), str_from(serial), STR("lead"), 0, now_ms};

    return accounts_revoke(accounts, &o, count, &e);
}

static void certificates_are_revoked_one_or_all(void **state)
{
    struct certificate c = {.user_id = put("a", ""), .not_after_ms = 99}, got;
    size_t count;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        (void)snprintf(c.serial, sizeof c.serial, "0%d", i);
        assert_true(accounts_put_certificate(accounts, &c, &e));
    }
    c.user_id = put("b", "");
    (void)snprintf(c.serial, sizeof c.serial, "0b");
    assert_true(accounts_put_certificate(accounts, &c, &e));
    assert_true(accounts_certificate(accounts, STR("02"), &got, &e));
    assert_int_equal(got.not_after_ms, 99);
    assert_int_equal(got.revoked_ms, 0);
    assert_true(revoke_by("a", "0b", 5, &count));
    assert_int_equal(count, 0); /* not of that user */
    assert_true(revoke_by("", "02", 5, &count));
    assert_int_equal(count, 1);
    assert_true(revoke_by("a", "", 7, &count));
    assert_int_equal(count, 2);
    assert_true(accounts_certificate(accounts, STR("02"), &got, &e));
    assert_int_equal(got.revoked_ms, 5); /* the first time counts */
    assert_true(accounts_certificate(accounts, STR("0b"), &got, &e));
    assert_int_equal(got.revoked_ms, 0);
    assert_false(accounts_certificate(accounts, STR("ff"), &got, &e));
    assert_int_equal(e.kind, ERR_MISSING);
}

struct seen {
    char serials[64];
    size_t notes[EV_END];
};

static bool see_certificate(void *ctx, const struct certificate *c)
{
    struct seen *s = ctx;

    (void)snprintf(s->serials + strlen(s->serials), sizeof s->serials - strlen(s->serials), "%s%s ", c->serial,
                   c->held ? "!" : "");
    return true;
}

static bool see_kind(void *ctx, int64_t id, unsigned kind, struct str payload)
{
    struct seen *s = ctx;

    assert_true(id > 0 && str_eq(fields_get(payload, FIELD_BY), STR("lead")) && fields_get(payload, FIELD_USER).len);
    s->notes[kind]++;
    return true;
}

/* Those who wait are admitted by serial, user or invite, each with a row for the record; never one that was revoked. */
static void devices_wait_until_they_are_admitted(void **state)
{
    struct certificate c = {.user_id = put("a", ""), .not_after_ms = 99, .held = true, .invite_id = 4,
                            .device_uid = "ANDROID-EX"}, got;
    struct certificate_order o = {.by = STR("lead"), .now_ms = 9};
    struct seen seen = {0};
    size_t count = 0;

    (void)state;
    for (int i = 1; i <= 4; i++) {
        (void)snprintf(c.serial, sizeof c.serial, "0%d", i);
        c.issued_ms = i;
        c.invite_id = i < 4 ? 4 : 0;
        assert_true(accounts_put_certificate(accounts, &c, &e));
    }
    assert_true(accounts_certificate(accounts, STR("03"), &got, &e));
    assert_true(got.held && got.invite_id == 4 && got.issued_ms == 3);
    assert_string_equal(got.device_uid, "ANDROID-EX");
    assert_true(revoke_by("", "02", 5, &count));
    o.serial = STR("01");
    assert_true(accounts_admit(accounts, &o, &count, &e));
    assert_int_equal(count, 1);
    assert_true(accounts_admit(accounts, &o, &count, &e));
    assert_int_equal(count, 0); /* it is already */
    o.serial = STR("");
    o.invite_id = 4;
    assert_true(accounts_admit(accounts, &o, &count, &e));
    assert_int_equal(count, 1); /* 03; 02 was revoked */
    assert_true(accounts_certificates(accounts, c.user_id, see_certificate, &seen, &e));
    assert_string_equal(seen.serials, "04! 03 02! 01 ");
    assert_true(accounts_notes(accounts, 0, see_kind, &seen, &e));
    assert_int_equal(seen.notes[EV_DEVICE_ADMITTED], 2);
    assert_int_equal(seen.notes[EV_CERTIFICATE_REVOKED], 1);
}

static void a_password_belongs_to_its_user(void **state)
{
    char hash[USER_PASSWORD_HASH];
    struct seen seen = {0};
    struct user u;

    (void)state;
    (void)put("a", "PUN");
    assert_false(accounts_put_password(accounts, STR("b"), STR("$argon2id$x"), STR("lead"), &e));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_true(accounts_password(accounts, STR("a"), hash, &e));
    assert_string_equal(hash, "");
    assert_true(accounts_put_password(accounts, STR("a"), STR("$argon2id$x"), STR("lead"), &e));
    assert_true(accounts_user_by_name(accounts, STR("a"), &u, &e) && accounts_put_user(accounts, &u, &e));
    assert_true(accounts_password(accounts, STR("a"), hash, &e)); /* who changes groups leaves it alone */
    assert_string_equal(hash, "$argon2id$x");
    assert_false(accounts_password(accounts, STR("b"), hash, &e));
    assert_true(accounts_notes(accounts, 0, see_kind, &seen, &e));
    assert_int_equal(seen.notes[EV_USER_CHANGED], 1);
}

static void another_connection_is_noticed(void **state)
{
    struct accounts *other = open_in(dir);
    struct user u = user_of("by the command line", "");

    (void)state;
    (void)accounts_changed(accounts);
    assert_false(accounts_changed(accounts));
    (void)put("own", "");
    assert_false(accounts_changed(accounts));
    assert_true(accounts_put_user(other, &u, &e));
    assert_true(accounts_changed(accounts));
    assert_false(accounts_changed(accounts));
    assert_true(accounts_user_by_name(accounts, STR("by the command line"), &u, &e));
    accounts_close(other);
}

static void operators_and_sessions(void **state)
{
    struct operator o = {.name = "lead", .roles = "administrator", .agency = "EX-police",
                         .password_hash = "$argon2id$x"},
                    who;
    struct login s = {
        .token_hash = {1, 2, 3}, .made_ms = 10, .seen_ms = 10, .expires_ms = 100, .csrf = "abc"};
    struct login got;
    size_t n = 9;

    (void)state;
    assert_true(accounts_operator_count(accounts, &n, &e));
    assert_int_equal(n, 0);
    assert_true(accounts_put_operator(accounts, &o, &e));
    assert_true(accounts_operator_count(accounts, &n, &e));
    assert_int_equal(n, 1);
    assert_true(accounts_operator(accounts, STR("lead"), &who, &e));
    assert_memory_equal(&who, &o, sizeof o);
    assert_false(accounts_operator(accounts, STR("Lead"), &who, &e));
    s.operator_id = o.id;
    assert_true(accounts_put_session(accounts, &s, &e));
    assert_true(accounts_session(accounts, s.token_hash, &got, &who, &e));
    assert_memory_equal(&got, &s, sizeof s);
    assert_string_equal(who.name, "lead");
    s.seen_ms = 50;
    s.expires_ms = 150;
    assert_true(accounts_put_session(accounts, &s, &e));
    assert_true(accounts_expire_sessions(accounts, 149, &e));
    assert_true(accounts_session(accounts, s.token_hash, &got, &who, &e));
    assert_int_equal(got.seen_ms, 50);
    assert_true(accounts_expire_sessions(accounts, 150, &e));
    assert_false(accounts_session(accounts, s.token_hash, &got, &who, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_true(accounts_put_session(accounts, &s, &e));
    assert_true(accounts_end_session(accounts, s.token_hash, &e));
    assert_false(accounts_session(accounts, s.token_hash, &got, &who, &e));
    s.operator_id = 77; /* nobody's session is refused by the world, not taken */
    assert_false(accounts_put_session(accounts, &s, &e));
}

struct noted {
    int calls;
    bool refuse;
};

static bool note(void *ctx, struct err *why)
{
    struct noted *n = ctx;

    n->calls++;
    return !n->refuse || err_set(why, ERR_FULL, "the record is full");
}

static bool see_operator(void *ctx, const struct operator *o)
{
    char *text = ctx;
    size_t n = strlen(text);

    (void)snprintf(text + n, 256 - n, "%s=%s%s;", o->name, o->roles, o->disabled ? "!" : "");
    return true;
}

static const char *everybody(void)
{
    static char text[256];

    text[0] = 0;
    assert_true(accounts_operators(accounts, see_operator, text, &e));
    return text;
}

static void an_operator_is_changed_whole_or_not_at_all(void **state)
{
    struct noted noted = {0};
    struct operator_change make = {.make = true, .note = note, .ctx = &noted};
    struct operator_change change = {.end_sessions = true, .note = note, .ctx = &noted};
    struct operator lead = {.name = "lead", .roles = "administrator,commander", .password_hash = "x"};
    struct operator log = {.name = "log", .roles = "loggist", .password_hash = "x"}, got;
    struct login s = {.token_hash = {9}, .made_ms = 10, .seen_ms = 10, .expires_ms = 100, .csrf = "abc"}, found;

    (void)state;
    assert_false(accounts_change_operator(accounts, &log, &make, &e)); /* the first must be an administrator */
    assert_string_equal(everybody(), "");
    assert_int_equal(noted.calls, 0);
    assert_true(accounts_change_operator(accounts, &lead, &make, &e));
    assert_true(accounts_change_operator(accounts, &log, &make, &e));
    assert_int_equal(noted.calls, 2);
    assert_false(accounts_change_operator(accounts, &log, &make, &e));
    assert_non_null(strstr(e.text, "already"));
    assert_string_equal(everybody(), "lead=administrator,commander;log=loggist;");

    s.operator_id = lead.id;
    assert_true(accounts_put_session(accounts, &s, &e));
    lead.disabled = true;
    assert_false(accounts_change_operator(accounts, &lead, &change, &e));
    assert_non_null(strstr(e.text, "there would be none"));
    assert_true(accounts_session(accounts, s.token_hash, &found, &got, &e));
    lead.disabled = false;
    (void)snprintf(lead.roles, sizeof lead.roles, "xadministrator,administrators"); /* whole words count */
    assert_false(accounts_change_operator(accounts, &lead, &change, &e));

    (void)snprintf(log.roles, sizeof log.roles, "loggist,administrator");
    noted.refuse = true;
    assert_false(accounts_change_operator(accounts, &log, &change, &e));
    assert_int_equal(e.kind, ERR_FULL);
    assert_string_equal(everybody(), "lead=administrator,commander;log=loggist;");
    noted.refuse = false;
    assert_true(accounts_change_operator(accounts, &log, &change, &e));
    assert_true(accounts_session(accounts, s.token_hash, &found, &got, &e)); /* his sessions, not hers */
    (void)snprintf(lead.roles, sizeof lead.roles, "observer");
    assert_true(accounts_change_operator(accounts, &lead, &change, &e));
    assert_false(accounts_session(accounts, s.token_hash, &found, &got, &e));
    (void)snprintf(lead.name, sizeof lead.name, "nobody");
    assert_false(accounts_change_operator(accounts, &lead, &change, &e));
    assert_int_equal(e.kind, ERR_MISSING);
}

static bool see_note(void *ctx, int64_t id, unsigned kind, struct str payload)
{
    char *text = ctx;
    size_t n = strlen(text);

    (void)snprintf(text + n, 256 - n, "%lld %u %.*s;", (long long)id, kind, STR_ARG(payload));
    return true;
}

static void notes_wait_for_the_record(void **state)
{
    char text[256] = "";

    (void)state;
    assert_true(accounts_put_note(accounts, 40, STR("one"), &e) && accounts_put_note(accounts, 44, STR("two"), &e));
    assert_true(accounts_notes(accounts, 1, see_note, text, &e));
    assert_string_equal(text, "2 44 two;");
    assert_true(accounts_drop_notes(accounts, 2, &e) && accounts_put_note(accounts, 40, STR("three"), &e));
    text[0] = 0;
    assert_true(accounts_notes(accounts, 2, see_note, text, &e)); /* a number is never used again */
    assert_string_equal(text, "3 40 three;");
}

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

/* A cordon.db as the first version made it, as far as operators go. */
static void the_first_format_is_brought_up(void **state)
{
    static const struct db_options options = {.sync_full = true};
    struct accounts *old = NULL;
    struct operator o;
    struct login s = {.token_hash = {7}, .csrf = "kept"}, found;
    struct db *d = NULL;
    char path[1024], *old_dir = folder_make();

    (void)state;
    (void)snprintf(path, sizeof path, "%s/cordon.db", old_dir);
    assert_true(db_open(path, &options, &d, &e));
    assert_true(db_run(d,
                       "CREATE TABLE operators(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL,"
                       " password_hash TEXT NOT NULL, disabled INTEGER NOT NULL) STRICT;"
                       "CREATE TABLE sessions(token_hash BLOB PRIMARY KEY, operator_id INTEGER NOT NULL REFERENCES"
                       " operators(id), made_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, expires_ms INTEGER NOT"
                       " NULL, csrf TEXT NOT NULL) STRICT, WITHOUT ROWID;"
                       "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, agency TEXT NOT NULL,"
                       " relay INTEGER NOT NULL, disabled INTEGER NOT NULL) STRICT;"
                       "CREATE TABLE user_groups(user_id INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL,"
                       " may_in INTEGER NOT NULL, may_out INTEGER NOT NULL, active INTEGER NOT NULL) STRICT;"
                       "CREATE TABLE certificates(serial TEXT PRIMARY KEY, user_id INTEGER NOT NULL,"
                       " not_after_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL) STRICT;"
                       "CREATE TABLE named(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
                       "CREATE TABLE devices(uid TEXT PRIMARY KEY, callsign TEXT NOT NULL, user_id INTEGER NOT NULL,"
                       " acked_seq INTEGER NOT NULL, seen_ms INTEGER NOT NULL) STRICT;"
                       "INSERT INTO operators VALUES(1, 'first', 'administrator', 'hash', 0);"
                       "INSERT INTO operators VALUES(2, 'second', 'log keeper', 'hash', 1);"
                       "INSERT INTO sessions VALUES(x'07" ZEROS "', 1, 1, 2, 3, 'kept'); PRAGMA user_version=1;",
                       &e));
    db_close(d);
    for (int i = 0; i < 2; i++) { /* the second time there is nothing to do */
        assert_true(accounts_open(old_dir, &old, &e));
        assert_true(accounts_operator(old, STR("first"), &o, &e));
        assert_string_equal(o.roles, ACCESS_FIRST_ROLES);
        assert_string_equal(o.password_hash, "hash");
        assert_true(accounts_operator(old, STR("second"), &o, &e));
        assert_string_equal(o.roles, "loggist");
        assert_true(o.disabled && !o.agency[0]);
        assert_true(accounts_session(old, s.token_hash, &found, &o, &e));
        assert_string_equal(found.csrf, "kept");
        assert_true(accounts_put_note(old, 40, STR("x"), &e));
        accounts_close(old);
    }
    folder_remove(old_dir);
}

/* A cordon.db of the second version: what phones had, they have; what is new is empty. */
static void the_second_format_is_brought_up(void **state)
{
    static const struct db_options options = {.sync_full = true};
    struct accounts *old = NULL;
    struct certificate c;
    struct user u;
    struct db *d = NULL;
    char path[1024], hash[USER_PASSWORD_HASH], *old_dir = folder_make();

    (void)state;
    (void)snprintf(path, sizeof path, "%s/cordon.db", old_dir);
    assert_true(db_open(path, &options, &d, &e));
    assert_true(db_run(d,
                       "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, agency TEXT NOT NULL,"
                       " relay INTEGER NOT NULL, disabled INTEGER NOT NULL) STRICT;"
                       "CREATE TABLE user_groups(user_id INTEGER NOT NULL REFERENCES users(id), place INTEGER NOT"
                       " NULL, name TEXT NOT NULL, may_in INTEGER NOT NULL, may_out INTEGER NOT NULL,"
                       " active INTEGER NOT NULL,"
                       " PRIMARY KEY(user_id, place), UNIQUE(user_id, name)) STRICT, WITHOUT ROWID;"
                       "CREATE TABLE certificates(serial TEXT PRIMARY KEY,"
                       " user_id INTEGER NOT NULL REFERENCES users(id), not_after_ms INTEGER NOT NULL,"
                       " revoked_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                       "CREATE TABLE operators(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, roles TEXT NOT NULL,"
                       " password_hash TEXT NOT NULL, disabled INTEGER NOT NULL,"
                       " agency TEXT NOT NULL DEFAULT '') STRICT;"
                       "CREATE TABLE sessions(token_hash BLOB PRIMARY KEY, operator_id INTEGER NOT NULL REFERENCES"
                       " operators(id), made_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, expires_ms INTEGER NOT"
                       " NULL, csrf TEXT NOT NULL) STRICT, WITHOUT ROWID;"
                       "CREATE TABLE named(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
                       "CREATE TABLE devices(uid TEXT PRIMARY KEY, callsign TEXT NOT NULL, user_id INTEGER NOT NULL,"
                       " acked_seq INTEGER NOT NULL, seen_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                       "CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
                       " payload BLOB NOT NULL) STRICT;"
                       "INSERT INTO users VALUES(1, 'rescue', 'EX-1122', 0, 0);"
                       "INSERT INTO user_groups VALUES(1, 0, 'Blue', 1, 1, 1);"
                       "INSERT INTO certificates VALUES('0a', 1, 99, 0); PRAGMA user_version=2;",
                       &e));
    db_close(d);
    for (int i = 0; i < 2; i++) {
        assert_true(accounts_open(old_dir, &old, &e));
        assert_true(accounts_user_by_name(old, STR("rescue"), &u, &e));
        assert_string_equal(u.agency, "EX-1122");
        assert_true(u.group_count == 1 && !u.role[0]);
        assert_true(accounts_certificate(old, STR("0a"), &c, &e));
        assert_true(c.user_id == 1 && c.not_after_ms == 99 && !c.held && !c.invite_id && !c.device_uid[0]);
        assert_true(accounts_password(old, STR("rescue"), hash, &e));
        assert_string_equal(hash, "");
        accounts_close(old);
    }
    folder_remove(old_dir);
}

static void values_are_kept_by_name(void **state)
{
    char value[8];

    (void)state;
    assert_false(accounts_value(accounts, STR("setup"), value, sizeof value, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_true(accounts_put_value(accounts, STR("setup"), STR("one"), &e));
    assert_true(accounts_put_value(accounts, STR("setup"), STR("twotwot"), &e));
    assert_true(accounts_value(accounts, STR("setup"), value, sizeof value, &e));
    assert_string_equal(value, "twotwot");
    assert_true(accounts_put_value(accounts, STR("setup"), STR("too long"), &e));
    assert_false(accounts_value(accounts, STR("setup"), value, sizeof value, &e));
    assert_int_equal(e.kind, ERR_FULL);
}

static bool see_device(void *ctx, const struct device *d)
{
    char *text = ctx;
    size_t n = strlen(text);

    (void)snprintf(text + n, 256 - n, "%.*s %.*s %lld %llu %lld;", STR_ARG(d->uid),
                   STR_ARG(d->callsign), (long long)d->user_id, (unsigned long long)d->acked_seq,
                   (long long)d->seen_ms);
    return true;
}

static void devices_never_go_back(void **state)
{
    const struct device first[] = {{STR("u1"), STR("one"), 1, 10, 100},
                                   {STR("u2"), STR("two"), 2, 20, 100}};
    const struct device later[] = {{STR("u1"), STR("uno"), 3, 7, 200}};
    char text[256] = "";

    (void)state;
    assert_true(accounts_put_devices(accounts, first, 2, &e));
    assert_true(accounts_put_devices(accounts, later, 1, &e));
    assert_true(accounts_put_devices(accounts, NULL, 0, &e));
    assert_true(accounts_devices(accounts, see_device, text, &e));
    assert_string_equal(text, "u1 uno 3 10 200;u2 two 2 20 100;");
}

static void all_is_there_after_a_restart_and_private(void **state)
{
    struct stat st;
    char path[300];
    struct user u;

    (void)state;
    (void)put("a", "PUN");
    accounts_close(accounts);
    accounts = open_in(dir);
    assert_true(accounts_user_by_name(accounts, STR("a"), &u, &e));
    assert_int_equal(u.group_count, 2);
    (void)snprintf(path, sizeof path, "%s/cordon.db", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* In a process of its own, as only another process is told of our locks: 0 when one is held
 * on the bytes that SQLite locks in WAL mode as long as a connection is open. */
static int lock_is_seen(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        int fd = open(path, O_RDWR);

        _exit(fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 ? 2 : lock.l_type == F_UNLCK);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Without its locks the next `cordon client` would take the WAL away from under a running
 * server, which then never hears of a certificate or a revocation again. */
static void a_second_connection_lets_go_of_no_locks(void **state)
{
    char path[300];
    struct accounts *second;

    (void)state;
    (void)put("a", "PUN");
    (void)snprintf(path, sizeof path, "%s/cordon.db", dir);
    assert_int_equal(lock_is_seen(path), 0);
    second = open_in(dir);
    assert_int_equal(lock_is_seen(path), 0);
    accounts_close(second);
    assert_int_equal(lock_is_seen(path), 0);
}

#define ACCOUNTS_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ACCOUNTS_TEST(a_user_is_made_found_and_changed),
        ACCOUNTS_TEST(a_user_that_is_refused_changes_nothing),
        ACCOUNTS_TEST(all_users_are_seen),
        ACCOUNTS_TEST(certificates_are_revoked_one_or_all),
        ACCOUNTS_TEST(another_connection_is_noticed),
        ACCOUNTS_TEST(operators_and_sessions),
        ACCOUNTS_TEST(an_operator_is_changed_whole_or_not_at_all),
        ACCOUNTS_TEST(notes_wait_for_the_record),
        ACCOUNTS_TEST(the_first_format_is_brought_up),
        ACCOUNTS_TEST(the_second_format_is_brought_up),
        ACCOUNTS_TEST(devices_wait_until_they_are_admitted),
        ACCOUNTS_TEST(a_password_belongs_to_its_user),
        ACCOUNTS_TEST(values_are_kept_by_name),
        ACCOUNTS_TEST(devices_never_go_back),
        ACCOUNTS_TEST(all_is_there_after_a_restart_and_private),
        ACCOUNTS_TEST(a_second_connection_lets_go_of_no_locks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
