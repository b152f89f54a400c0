#include "store/db.h"
#include "store/sealed.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char *dir;
static struct sealed *sealed;
static struct err e;

/* Whoever somebody is; keys as if stretched, so that only one test pays for argon2id. */
static struct holder holder_of(const char *name, unsigned char phrase)
{
    struct holder h = {.name = str_from(name)};

    memset(h.key, phrase, sizeof h.key);
    return h;
}

static int begin(void **state)
{
    (void)state;
    assert_true(secret_start(&e));
    dir = folder_make();
    assert_true(sealed_open(dir, &sealed, &e));
    return 0;
}

static int end(void **state)
{
    (void)state;
    sealed_close(sealed);
    folder_remove(dir);
    return 0;
}

static bool put(const char *subject, const char *text, struct holder one, struct holder other)
{
    const struct holder pair[] = {one, other};
    struct holder_salt salts[2];
    struct sealing x = {str_from(subject), str_from(text), pair, salts};

    for (int i = 0; i < 2; i++)
        assert_true(sealed_salt(sealed, pair[i].name, &salts[i], &e));
    return sealed_put(sealed, &x, &e);
}

/* The text, or NULL. */
static const char *reads(const char *subject, struct holder one, struct holder other)
{
    static char text[SEALED_TEXT_MAX + 1];
    const struct holder pair[] = {one, other};
    struct buf b = buf_over(text, SEALED_TEXT_MAX);

    if (!sealed_read(sealed, str_from(subject), pair, &b, &e)) {
        assert_int_equal(b.len, 0);
        return NULL;
    }
    text[b.len] = 0;
    return text;
}

static void it_takes_two(void **state)
{
    struct holder officer = holder_of("EX-officer", 1), liaison = holder_of("EX-liaison", 2);
    struct holder wrong = holder_of("EX-liaison", 3), third = holder_of("EX-third", 4);

    (void)state;
    assert_true(put("EX-1|C-1", "EX text of nobody", officer, liaison));
    assert_string_equal(reads("EX-1|C-1", officer, liaison), "EX text of nobody");
    assert_string_equal(reads("EX-1|C-1", liaison, officer), "EX text of nobody");
    assert_null(reads("EX-1|C-1", officer, wrong));
    assert_int_equal(e.kind, ERR_DENIED);
    assert_null(reads("EX-1|C-1", holder_of("EX-officer", 9), liaison));
    assert_int_equal(e.kind, ERR_DENIED);
    assert_null(reads("EX-1|C-1", officer, third));
    assert_int_equal(e.kind, ERR_DENIED);
    assert_null(reads("EX-1|C-1", officer, officer)); /* one person is not two */
    assert_int_equal(e.kind, ERR_INPUT);
    assert_null(reads("EX-1|C-1", officer, holder_of("EX-liaison", 1)));
    assert_null(reads("EX-1|C-2", officer, liaison));
    assert_int_equal(e.kind, ERR_MISSING);
}

static void a_slip_of_the_finger_seals_nothing(void **state)
{
    struct holder officer = holder_of("EX-officer", 1), liaison = holder_of("EX-liaison", 2);
    bool has = true;

    (void)state;
    assert_true(put("EX-1|C-1", "one", officer, liaison));
    assert_false(put("EX-1|C-2", "two", officer, holder_of("EX-liaison", 7)));
    assert_non_null(strstr(e.text, "EX-liaison"));
    assert_true(sealed_has(sealed, STR("EX-1|C-2"), &has, &e) && !has);
    assert_false(put("EX-1|C-1", "another", officer, liaison));
    assert_non_null(strstr(e.text, "already"));
    assert_string_equal(reads("EX-1|C-1", officer, liaison), "one");
    assert_false(put("EX-1|C-3", "", officer, liaison));
    assert_false(put("", "text", officer, liaison));
    assert_false(put("EX-1|C-3", "text", officer, officer));
    assert_int_equal(e.kind, ERR_INPUT);
}

static void another_pair_is_let_in_by_one_that_can(void **state)
{
    struct holder officer = holder_of("EX-officer", 1), liaison = holder_of("EX-liaison", 2);
    const struct holder have[] = {officer, liaison}, cannot[] = {officer, holder_of("EX-liaison", 9)};
    const struct holder more[] = {holder_of("EX-officer-2", 5), holder_of("EX-liaison-2", 6)};
    struct holder_salt salts[2];
    struct sealing x = {.subject = STR("EX-1|C-1"), .pair = more, .salts = salts};

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_true(sealed_salt(sealed, more[i].name, &salts[i], &e));
    assert_true(put("EX-1|C-1", "one", officer, liaison));
    assert_null(reads("EX-1|C-1", more[0], more[1]));
    assert_false(sealed_share(sealed, &x, cannot, &e));
    assert_int_equal(e.kind, ERR_DENIED);
    assert_true(sealed_share(sealed, &x, have, &e));
    assert_string_equal(reads("EX-1|C-1", more[0], more[1]), "one");
    assert_string_equal(reads("EX-1|C-1", officer, liaison), "one");
    assert_null(reads("EX-1|C-1", officer, more[1])); /* pairs, not a pool */
}

/* All bytes of the file, its WAL and its index. */
static bool on_disk(const void *bytes, size_t n)
{
    static const char *const files[] = {"sealed.db", "sealed.db-wal", "sealed.db-shm"};
    bool found = false;

    for (size_t i = 0; i < COUNTOF(files); i++) {
        static char all[1 << 22];
        char path[1024];
        FILE *f;
        size_t len;

        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        f = fopen(path, "rb");
        if (!f)
            continue;
        len = fread(all, 1, sizeof all, f);
        assert_true(len < sizeof all);
        (void)fclose(f);
        found |= str_find(str_of(all, len), str_of(bytes, n)) < len;
    }
    return found;
}

/* The halves and K as they stand wrapped in the file, opened with the holders' keys. */
static void keys_of(struct db *d, const struct holder pair[2], unsigned char half[2][SECRET_KEY],
                    unsigned char key[SECRET_KEY])
{
    struct db_stmt *s;

    assert_true(db_prepare(d, "SELECT one_nonce, one_half, other_nonce, other_half FROM halves", &s, &e));
    assert_int_equal(db_step(s, &e), DB_ROW);
    for (int i = 0; i < 2; i++) {
        char about[256];
        int n = snprintf(about, sizeof about, "%c8:EX-1|C-1%zu:%.*s%zu:%.*s", i ? 'B' : 'A', pair[0].name.len,
                         STR_ARG(pair[0].name), pair[1].name.len, STR_ARG(pair[1].name));

        assert_true(secret_open(pair[i].key, (const unsigned char *)db_blob(s, 2 * i).at, db_blob(s, 2 * i + 1),
                                str_of(about, (size_t)n), half[i]));
    }
    for (size_t i = 0; i < SECRET_KEY; i++)
        key[i] = half[0][i] ^ half[1][i];
    db_reset(s);
}

static void nothing_of_it_lies_on_the_disk(void **state)
{
    static const char text[] = "EX-the-text-that-must-not-be-found";
    static const char *const phrases[] = {"EX correct horse", "EX battery staple"};
    static const struct db_options reader = {.reader = true};
    struct holder pair[] = {{.name = STR("EX-officer")}, {.name = STR("EX-liaison")}};
    struct holder_salt salts[2];
    struct sealing x = {STR("EX-1|C-1"), str_from(text), pair, salts};
    unsigned char half[2][SECRET_KEY], key[SECRET_KEY], stored[64] = {0};
    struct db_stmt *s;
    char path[1024];
    struct db *d;
    size_t n;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(sealed_salt(sealed, pair[i].name, &salts[i], &e));
        assert_false(salts[i].known);
        assert_true(secret_stretch(str_from(phrases[i]), salts[i].bytes, pair[i].key, &e));
    }
    assert_true(sealed_put(sealed, &x, &e));
    assert_string_equal(reads("EX-1|C-1", pair[0], pair[1]), text);
    (void)snprintf(path, sizeof path, "%s/sealed.db", dir);
    assert_true(db_open(path, &reader, &d, &e));
    keys_of(d, pair, half, key);
    assert_true(db_prepare(d, "SELECT text FROM identities", &s, &e));
    assert_int_equal(db_step(s, &e), DB_ROW);
    n = db_blob(s, 0).len;
    memcpy(stored, db_blob(s, 0).at, n);
    db_close(d);
    for (int closed = 0; closed < 2; closed++) {
        assert_true(on_disk("EX-officer", 10)); /* the search finds what is there */
        assert_true(on_disk(stored, n));
        assert_false(on_disk(text, sizeof text - 1) || on_disk(key, SECRET_KEY));
        for (int i = 0; i < 2; i++)
            assert_false(on_disk(half[i], SECRET_KEY) || on_disk(pair[i].key, SECRET_KEY) ||
                         on_disk(phrases[i], strlen(phrases[i])));
        sealed_close(sealed);
        assert_true(sealed_open(dir, &sealed, &e));
    }
    for (int i = 0; i < 2; i++) { /* the same passphrases, after a restart */
        assert_true(sealed_salt(sealed, pair[i].name, &salts[i], &e) && salts[i].known);
        assert_true(secret_stretch(str_from(phrases[i]), salts[i].bytes, pair[i].key, &e));
    }
    assert_string_equal(reads("EX-1|C-1", pair[0], pair[1]), text);
    assert_true(sealed_destroy(sealed, STR("EX-1|C-1"), &e));
    assert_false(on_disk(stored, n)); /* not even sealed, in the file or its WAL */
    assert_false(on_disk("EX-officer", 10));
    assert_null(reads("EX-1|C-1", pair[0], pair[1]));
    assert_false(sealed_destroy(sealed, STR("EX-1|C-1"), &e));
    assert_int_equal(e.kind, ERR_MISSING);
}

/* What stands in the file is bound to its place: moved to another tag it opens nothing. */
static void a_row_that_was_moved_is_not_opened(void **state)
{
    static const struct db_options options = {.sync_full = true};
    struct holder officer = holder_of("EX-officer", 1), liaison = holder_of("EX-liaison", 2);
    char path[1024];
    struct db *d;

    (void)state;
    assert_true(put("EX-1|C-1", "one", officer, liaison) && put("EX-1|C-2", "two", officer, liaison));
    (void)snprintf(path, sizeof path, "%s/sealed.db", dir);
    assert_true(db_open(path, &options, &d, &e));
    assert_true(db_run(d, "UPDATE halves SET one_half = (SELECT one_half FROM halves WHERE subject = 'EX-1|C-1')"
                          " WHERE subject = 'EX-1|C-2';"
                          "UPDATE identities SET text = x'00' WHERE subject = 'EX-1|C-1'", &e));
    db_close(d);
    assert_null(reads("EX-1|C-2", officer, liaison));
    assert_int_equal(e.kind, ERR_DENIED);
    assert_null(reads("EX-1|C-1", officer, liaison));
    assert_non_null(strstr(e.text, "damaged"));
}

int main(void)
{
#define SEALED_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        SEALED_TEST(it_takes_two),
        SEALED_TEST(a_slip_of_the_finger_seals_nothing),
        SEALED_TEST(another_pair_is_let_in_by_one_that_can),
        SEALED_TEST(nothing_of_it_lies_on_the_disk),
        SEALED_TEST(a_row_that_was_moved_is_not_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
