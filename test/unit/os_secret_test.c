#include "base/buf.h"
#include "os/clock.h"
#include "os/secret.h"
#include "os/sha256.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void hashes_known_texts(void **state)
{
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    unsigned char out[SECRET_SHA], two[SECRET_SHA];
    struct sha256 *piecewise;
    char hex[65] = {0};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(hex, 64);

        secret_sha256(str_from(rows[i].text), out);
        buf_hex(&b, out, sizeof out);
        assert_string_equal(hex, rows[i].hex);
    }
    piecewise = sha256_new();
    for (int again = 0; again < 2; again++) {
        sha256_anew(piecewise);
        sha256_add(piecewise, STR("ab"));
        sha256_add(piecewise, STR("c"));
        sha256_end(piecewise, two);
        assert_memory_equal(two, out, SECRET_SHA);
    }
    sha256_free(piecewise);
    secret_sha256_two(STR("a"), STR("bc"), two);
    assert_memory_equal(two, out, SECRET_SHA);
    secret_sha256_two(STR("abc"), (struct str){0}, two);
    assert_memory_equal(two, out, SECRET_SHA);
}

static void seals_and_opens(void **state)
{
    unsigned char key[SECRET_KEY], nonce[SECRET_NONCE], sealed[5 + SECRET_TAG], out[5];
    struct str s = str_of(sealed, sizeof sealed);

    (void)state;
    chance_fill(key, sizeof key);
    chance_fill(nonce, sizeof nonce);
    secret_seal(key, nonce, STR("hello"), STR("row 7"), sealed);
    assert_true(secret_open(key, nonce, s, STR("row 7"), out));
    assert_memory_equal(out, "hello", 5);
    assert_false(secret_open(key, nonce, s, STR("row 8"), out));
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        assert_false(secret_open(key, nonce, s, STR("row 7"), out));
        sealed[i] ^= 1;
        assert_false(secret_open(key, nonce, str_cut(s, 0, i), STR("row 7"), out));
    }
    secret_seal(key, nonce, (struct str){0}, (struct str){0}, sealed);
    assert_true(secret_open(key, nonce, str_of(sealed, SECRET_TAG), (struct str){0}, NULL));
}

static void signs(void **state)
{
    unsigned char key[SECRET_SIGN_KEY], pub[SECRET_SIGN_PUB], sig[SECRET_SIGNATURE];

    (void)state;
    secret_sign_keys(key, pub);
    secret_sign(key, STR("head 12"), sig);
    assert_true(secret_signed(pub, STR("head 12"), sig));
    assert_false(secret_signed(pub, STR("head 13"), sig));
    sig[3] ^= 4;
    assert_false(secret_signed(pub, STR("head 12"), sig));
}

static void keeps_passwords(void **state)
{
    char hash[SECRET_PASSWORD_MAX], longer[200];
    struct err e = {0};

    (void)state;
    assert_true(secret_password(STR("correct horse"), hash, &e));
    assert_true(str_starts(str_from(hash), STR("$argon2id$")));
    assert_true(secret_password_is(hash, STR("correct horse")));
    assert_false(secret_password_is(hash, STR("correct horsf")));
    assert_false(secret_password_is(hash, (struct str){0}));
    assert_false(secret_password_is("", STR("correct horse")));
    assert_false(secret_password_is("garbage", STR("correct horse")));
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    assert_false(secret_password_is(longer, STR("correct horse")));
    assert_true(secret_password((struct str){0}, hash, &e));
    assert_true(secret_password_is(hash, (struct str){0}));
}

static void makes_tokens_and_codes(void **state)
{
    char a[33], b[33], code[15];

    (void)state;
    secret_token(a, 16);
    secret_token(b, 16);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
    for (int i = 0; i < 100; i++) {
        secret_code(code);
        assert_int_equal(strlen(code), 14);
        assert_true(code[4] == '-' && code[9] == '-');
        assert_int_equal(strspn(code, "-23456789ABCDEFGHJKMNPQRSTVWXYZ"), 14);
    }
}

static void compares_and_wipes(void **state)
{
    char secret[4] = "abc";

    (void)state;
    assert_true(secret_same(STR("abc"), STR("abc")));
    assert_false(secret_same(STR("abc"), STR("abd")));
    assert_false(secret_same(STR("abc"), STR("ab")));
    assert_true(secret_same((struct str){0}, (struct str){0}));
    secret_wipe(secret, sizeof secret);
    assert_memory_equal(secret, "\0\0\0", 4);
    secret_wipe(NULL, 0);
}

static void keeps_a_key_file(void **state)
{
    char folder[] = "/tmp/cordon-secret-XXXXXX", path[64], missing[64];
    unsigned char first[32], again[32];
    struct err e = {0};
    struct stat st;
    bool made;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/seal.key", folder);
    (void)snprintf(missing, sizeof missing, "%s/none/seal.key", folder);
    assert_true(secret_key_file(path, first, sizeof first, &made, &e));
    assert_true(made);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_nlink, 1); /* no draft is left */
    assert_true(secret_key_file(path, again, sizeof again, &made, &e));
    assert_false(made);
    assert_memory_equal(first, again, sizeof first);
    assert_int_equal(truncate(path, 31), 0);
    assert_false(secret_key_file(path, again, sizeof again, &made, &e));
    assert_non_null(strstr(e.text, "not a key file of 32 bytes"));
    assert_false(secret_key_file(missing, again, sizeof again, &made, &e));
    assert_non_null(strstr(e.text, "No such file"));
    assert_int_equal(unlink(path), 0);
    assert_false(secret_key_file(folder, again, sizeof again, &made, &e));
    assert_int_equal(rmdir(folder), 0);
}

static void clocks_go_on(void **state)
{
    unsigned char a[300] = {0}, none[300] = {0};
    int64_t us = clock_us(), ms = clock_ms();

    (void)state;
    assert_true(usleep(2000) == 0);
    assert_true(clock_us() - us >= 2000);
    assert_in_range(clock_ms() - ms, 1, 5000);
    assert_true(clock_wall_ms() > INT64_C(1700000000000));
    chance_fill(a, 0);
    assert_memory_equal(a, none, sizeof a);
    chance_fill(a, sizeof a);
    assert_memory_not_equal(a, none, sizeof a);
}

static int start(void **state)
{
    struct err e;

    (void)state;
    return secret_start(&e) && secret_start(&e) ? 0 : -1;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_known_texts),
        cmocka_unit_test(seals_and_opens),
        cmocka_unit_test(signs),
        cmocka_unit_test(keeps_passwords),
        cmocka_unit_test(makes_tokens_and_codes),
        cmocka_unit_test(compares_and_wipes),
        cmocka_unit_test(keeps_a_key_file),
        cmocka_unit_test(clocks_go_on),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
