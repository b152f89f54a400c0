#include "edge/marti_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const unsigned char key[SECRET_KEY] = "EX-key-of-32-bytes-............";
static const struct token good = {.name = "EX-amina \"}{", .proof = "0123456789abcdef0123456789abcdef",
                                  .id = "00112233445566778899aabbccddeeff", .from_s = 1000, .until_s = 4600};

static void what_is_signed_is_read_back(void **state)
{
    char text[TOKEN_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct token t;
    struct err e;

    (void)state;
    token_put(key, &good, &b);
    assert_false(b.full);
    assert_true(str_starts(buf_str(&b), STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.")));
    assert_true(token_take(key, buf_str(&b), 1000000, &t, &e));
    assert_string_equal(t.name, good.name);
    assert_string_equal(t.proof, good.proof);
    assert_string_equal(t.id, good.id);
    assert_int_equal(t.until_s, 4600);
    assert_true(token_take(key, buf_str(&b), 4599999, &t, &e));
    assert_false(token_take(key, buf_str(&b), 4600000, &t, &e)); /* it is over */
    assert_non_null(strstr(e.text, "expired"));
    assert_false(token_take(key, buf_str(&b), 999999, &t, &e)); /* not yet */
}

static void every_byte_counts(void **state)
{
    char text[TOKEN_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    unsigned char other[SECRET_KEY];
    struct token t;
    struct err e;

    (void)state;
    token_put(key, &good, &b);
    for (size_t i = 0; i < b.len; i++) {
        char was = text[i];

        text[i] = was == 'A' ? 'B' : 'A';
        assert_false(token_take(key, buf_str(&b), 1000000, &t, &e));
        text[i] = was;
        assert_false(token_take(key, str_of(text, i), 1000000, &t, &e));
    }
    memcpy(other, key, sizeof other);
    other[31] ^= 1;
    assert_false(token_take(other, buf_str(&b), 1000000, &t, &e));
}

static void nobody_else_chooses_the_algorithm(void **state)
{
    static const char *const rows[] = {
        "",
        ".",
        "..",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJFWCJ9.",                              /* {"alg":"none"} */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJFWCJ9.",             /* no signature */
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJFWCJ9.AAAA.AAAA",
    };
    struct token t;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_false(token_take(key, str_from(rows[i]), 1000000, &t, &e));
}

int main(void)
{
    struct err e;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_read_back),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(nobody_else_chooses_the_algorithm),
    };

    return secret_start(&e) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
