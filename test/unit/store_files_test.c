#include "base/buf.h"
#include "core/fields.h"
#include "core/record.h"
#include "store/files.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SHA_A "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA_B "cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b34"

static char *dir;
static struct files *files;
static struct err e;
static uint64_t seq;

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    seq = 0;
    assert_true(files_open(dir, false, &files, &e));
    return 0;
}

static int end(void **state)
{
    (void)state;
    files_close(files);
    folder_remove(dir);
    return 0;
}

/* One row: "TAG=value" for each field by its number. */
struct field_of_row {
    enum field tag;
    const char *value;
};

static void row(unsigned kind, const struct field_of_row *fields)
{
    static char text[4096];
    struct buf b = buf_over(text, sizeof text);
    struct files_row r;

    for (; fields->value; fields++)
        fields_put(&b, fields->tag, str_from(fields->value));
    r = (struct files_row){++seq, kind, 1000 * (int64_t)seq, buf_str(&b)};
    assert_true(files_apply(files, &r, &e));
}

#define ROW(kind, ...) row(kind, (const struct field_of_row[]){__VA_ARGS__, {FIELD_USER, NULL}})
#define STORED(uid, sha, name, ...) \
    ROW(EV_FILE_STORED, {FIELD_UID, uid}, {FIELD_SHA256, sha}, {FIELD_NAME, name}, {FIELD_SIZE, "3"}, __VA_ARGS__)

static bool put_uid(void *ctx, const struct file *x)
{
    struct buf *b = ctx;

    buf_put(b, x->uid);
    buf_put(b, x->deleted ? STR("- ") : STR(" "));
    return true;
}

static const char *found(struct files_search s)
{
    static char text[1024];
    struct buf b = buf_over(text, sizeof text - 1);

    assert_true(files_search(files, &s, 50000, put_uid, &b, &e));
    text[b.len] = 0;
    return text;
}

static const char *of_hash(const char *hex)
{
    static char text[1024];
    struct buf b = buf_over(text, sizeof text - 1);
    unsigned char sha256[SHA256_SIZE];

    assert_true(str_from_hex(str_from(hex), sha256, sizeof sha256));
    assert_true(files_by_hash(files, sha256, put_uid, &b, &e));
    text[b.len] = 0;
    return text;
}

static void fill(void)
{
    STORED("one", SHA_A, "EX-Plan.zip", {FIELD_USER, "EX-1"}, {FIELD_TOOL, "public"}, {FIELD_MIME, "application/zip"},
           {FIELD_KEYWORD, "missionpackage"}, {FIELD_KEYWORD, "Floor"}, {FIELD_GROUP, "Fire"}, {FIELD_GROUP, "Police"},
           {FIELD_LAT, "24.86"}, {FIELD_LON, "67.0"}, {FIELD_CREATOR, "EX-DEV"}, {FIELD_IMAGE, "a/b.jpg"});
    STORED("two", SHA_A, "again.zip", {FIELD_USER, "EX-2"}, {FIELD_TOOL, "private"}, {FIELD_KEYWORD, "missionpackage"});
    STORED("three", SHA_B, "photo.jpg", {FIELD_BY, "operator"}, {FIELD_TOOL, "public"}, {FIELD_LAT, "1e3"},
           {FIELD_EXPIRES_MS, "60000"});
}

static bool check_first(void *ctx, const struct file *x)
{
    (void)ctx;
    assert_true(str_eq(x->name, STR("EX-Plan.zip")) && str_eq(x->submitter, STR("EX-1")) && !x->by_operator);
    assert_true(str_eq(x->keywords, STR("missionpackage\nFloor\n")) && str_eq(x->groups, STR("Fire\nPolice\n")));
    assert_true(str_eq(x->images, STR("a/b.jpg\n")) && str_eq(x->creator_uid, STR("EX-DEV")));
    assert_true(x->size == 3 && x->submitted_ms == 1000 && x->expires_ms == 0 && x->seq == 1 && x->has_place);
    assert_true(x->lat > 24.8599 && x->lat < 24.8601 && x->sha256[0] == 0xba);
    return true;
}

static void entries_are_found_by_what_is_said_of_them(void **state)
{
    size_t n;

    (void)state;
    fill();
    assert_true(files_by_uid(files, STR("one"), check_first, NULL, &e));
    assert_string_equal(found((struct files_search){0}), "three two one ");
    assert_string_equal(found((struct files_search){.keywords = STR("MISSIONPACKAGE")}), "two one ");
    assert_string_equal(found((struct files_search){.keywords = STR("floor, missionpackage")}), "one ");
    assert_string_equal(found((struct files_search){.keywords = STR("mission")}), "");
    assert_string_equal(found((struct files_search){.tool = STR("public")}), "three one ");
    assert_string_equal(found((struct files_search){.name = STR("ex-pLAN")}), "one ");
    assert_string_equal(found((struct files_search){.submitter = STR("EX-2")}), "two ");
    assert_string_equal(found((struct files_search){.mime = STR("application/zip")}), "one ");
    assert_string_equal(found((struct files_search){.from_ms = 2000}), "three two ");
    assert_string_equal(found((struct files_search){.to_ms = 1999}), "one ");
    assert_string_equal(found((struct files_search){.has_box = true, .west = 66, .east = 68, .south = 24, .north = 25}),
                        "one ");
    assert_string_equal(of_hash(SHA_A), "two one ");
    assert_true(files_count(files, 50000, &n, &e) && n == 3);
    assert_true(files_count(files, 60000, &n, &e) && n == 2); /* one has expired */
}

static bool refers(const char *hex, int64_t now_ms)
{
    unsigned char sha256[SHA256_SIZE];
    bool refer = false;

    assert_true(str_from_hex(str_from(hex), sha256, sizeof sha256));
    assert_true(files_refer(files, sha256, now_ms, &refer, &e));
    return refer;
}

static void changing_and_deleting_are_the_owners(void **state)
{
    (void)state;
    fill();
    ROW(EV_FILE_CHANGED, {FIELD_SHA256, SHA_A}, {FIELD_USER, "EX-2"}, {FIELD_CHANGED, "tool"}, {FIELD_TOOL, "public"});
    assert_string_equal(found((struct files_search){.tool = STR("public")}), "three two one ");
    ROW(EV_FILE_CHANGED, {FIELD_SHA256, SHA_A}, {FIELD_USER, "operator"}, {FIELD_CHANGED, "tool"}, {FIELD_TOOL, "x"});
    assert_string_equal(found((struct files_search){.tool = STR("x")}), "");
    ROW(EV_FILE_CHANGED, {FIELD_SHA256, SHA_B}, {FIELD_BY, "operator"}, {FIELD_CHANGED, "keywords"},
        {FIELD_CHANGED, "expiration"}, {FIELD_KEYWORD, "scene"}, {FIELD_EXPIRES_MS, "40000"});
    assert_string_equal(found((struct files_search){.keywords = STR("scene")}), "");
    assert_false(refers(SHA_B, 50000));
    assert_true(refers(SHA_B, 30000));
    /* A uid stays with who had it first. */
    STORED("one", SHA_B, "stolen", {FIELD_USER, "EX-2"}, {FIELD_TOOL, "public"});
    assert_true(files_by_uid(files, STR("one"), check_first, NULL, &e));
    ROW(EV_FILE_DELETED, {FIELD_UID, "one"});
    assert_string_equal(of_hash(SHA_A), "two one- ");
    assert_true(refers(SHA_A, 50000));
    ROW(EV_FILE_DELETED, {FIELD_UID, "two"});
    assert_false(refers(SHA_A, 50000));
}

static bool put_told(void *ctx, struct str to, struct str groups)
{
    struct buf *b = ctx;

    buf_put(b, to);
    buf_byte(b, '/');
    buf_put(b, groups);
    return true;
}

static const char *told(const char *hex)
{
    static char text[1024];
    struct buf b = buf_over(text, sizeof text - 1);
    unsigned char sha256[SHA256_SIZE];

    assert_true(str_from_hex(str_from(hex), sha256, sizeof sha256));
    assert_true(files_sent(files, sha256, put_told, &b, &e));
    text[b.len] = 0;
    return text;
}

static void only_who_has_a_file_can_pass_it_on(void **state)
{
    (void)state;
    fill();
    ROW(EV_FILE_OFFERED, {FIELD_SHA256, SHA_B}, {FIELD_USER, "EX-1"}, {FIELD_TO, "EX-FRIEND"});
    assert_string_equal(told(SHA_B), "");
    ROW(EV_FILE_OFFERED, {FIELD_SHA256, SHA_A}, {FIELD_USER, "EX-2"}, {FIELD_TO, "EX-FRIEND"});
    assert_string_equal(told(SHA_A), "EX-FRIEND/");
    ROW(EV_FILE_OFFERED, {FIELD_SHA256, SHA_A}, {FIELD_USER, "EX-9"}, {FIELD_FROM_UID, "EX-FRIEND"},
        {FIELD_TO, "EX-NEXT"}, {FIELD_TO, "callsign/EX-M"});
    assert_string_equal(told(SHA_A), "EX-FRIEND/EX-NEXT/callsign/EX-M/");
    ROW(EV_FILE_OFFERED, {FIELD_SHA256, SHA_A}, {FIELD_USER, "EX-1"}, {FIELD_GROUP, "Fire"});
    assert_string_equal(told(SHA_A), "/Fire\nEX-FRIEND/EX-NEXT/callsign/EX-M/");
    ROW(EV_FILE_OFFERED, {FIELD_SHA256, "no hash"}, {FIELD_USER, "EX-1"});
}

static bool put_profile(void *ctx, const struct profile *p)
{
    struct buf *b = ctx;

    buf_put(b, p->uid);
    buf_fmt(b, "%d%d%d ", p->on_enrolment, p->on_connection, p->enabled);
    return true;
}

static void profiles_hold_their_files(void **state)
{
    char text[256];
    struct buf b = buf_over(text, sizeof text - 1);

    (void)state;
    ROW(EV_PROFILE_CHANGED, {FIELD_UID, "p1"}, {FIELD_NAME, "map"}, {FIELD_SHA256, SHA_B}, {FIELD_WHEN, "connection"},
        {FIELD_ENABLED, "1"}, {FIELD_BY, "operator"});
    ROW(EV_PROFILE_CHANGED, {FIELD_UID, "p2"}, {FIELD_NAME, "prefs"}, {FIELD_SHA256, SHA_A}, {FIELD_WHEN, "enrolment"},
        {FIELD_ENABLED, "0"}, {FIELD_BY, "operator"});
    assert_true(refers(SHA_A, 0) && refers(SHA_B, 0));
    ROW(EV_PROFILE_CHANGED, {FIELD_UID, "p1"}, {FIELD_CHANGED, "deleted"});
    assert_false(refers(SHA_B, 0));
    assert_true(files_profiles(files, put_profile, &b, &e));
    text[b.len] = 0;
    assert_string_equal(text, "p2100 ");
}

static void what_was_not_settled_is_applied_again(void **state)
{
    struct files *reader;

    (void)state;
    fill();
    assert_true(files_settle(files, 3, &e));
    ROW(EV_FILE_DELETED, {FIELD_UID, "one"});
    files_close(files);
    assert_true(files_open(dir, false, &files, &e));
    assert_true(files_applied(files) == 3);
    assert_string_equal(of_hash(SHA_A), "two one ");
    seq = 2; /* a row that is there already changes nothing */
    ROW(EV_FILE_DELETED, {FIELD_UID, "two"});
    assert_string_equal(of_hash(SHA_A), "two one ");
    ROW(EV_FILE_DELETED, {FIELD_UID, "one"});
    assert_true(files_settle(files, 9, &e) && files_applied(files) == 9);
    assert_true(files_open(dir, true, &reader, &e));
    files_close(reader);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(entries_are_found_by_what_is_said_of_them),
        TEST(changing_and_deleting_are_the_owners),
        TEST(only_who_has_a_file_can_pass_it_on),
        TEST(profiles_hold_their_files),
        TEST(what_was_not_settled_is_applied_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
