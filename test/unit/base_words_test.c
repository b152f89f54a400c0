#include "base/base64.h"
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>

/* Would one letter added, left out or changed make one of the other? */
static bool are_near(struct str a, struct str b)
{
    size_t i = 0, k = 0;

    if (a.len > b.len) {
        struct str c = a;

        a = b;
        b = c;
    }
    if (b.len - a.len > 1)
        return false;
    while (i < a.len && a.at[i] == b.at[i])
        i++;
    while (k < a.len - i && a.at[a.len - 1 - k] == b.at[b.len - 1 - k])
        k++;
    return i + k >= b.len - 1;
}

static void words_are_short_and_far_apart(void **state)
{
    (void)state;
    assert_true(are_near(STR("cart"), STR("cat")) && are_near(STR("cat"), STR("cut")));
    assert_false(are_near(STR("cat"), STR("cots")));
    for (unsigned i = 0; i < WORDS; i++) {
        struct str w = word_at(i);

        assert_in_range(w.len, 4, 7);
        for (size_t k = 0; k < w.len; k++)
            assert_in_range(w.at[k], 'a', 'z');
        for (unsigned k = i + 1; k < WORDS; k++) {
            struct str o = word_at(k);

            if (str_cmp(w, o) >= 0 || str_starts(o, str_cut(w, 0, 4)) || are_near(w, o))
                fail_msg("%.*s and %.*s", STR_ARG(w), STR_ARG(o));
        }
    }
}

static void a_hash_gives_the_same_words_for_ever(void **state)
{
    static const struct {
        unsigned char hash[8];
        const char *words;
    } rows[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0}, "abacus abacus abacus"},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0}, "zodiac zodiac zodiac"},
        {{0, 0x20, 0x08, 0x01, 0x80, 0xff, 0, 0}, "abate abbey ablaze"}, /* 1, 2, 3 */
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char text[WORDS_THREE];
        struct buf b = buf_over(text, sizeof text);

        words_put(&b, rows[i].hash, 8, 3);
        assert_false(b.full);
        assert_true(str_eq(buf_str(&b), str_from(rows[i].words)));
    }
}

static void base64_is_read_as_clients_write_it(void **state)
{
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } rows[] = {
        {"", ""},           {"Zg==", "f"},         {"Zg", "f"},          {"Zm8=", "fo"},       {"Zm9v", "foo"},
        {" Z m9\r\nv\t", "foo"}, {"Zm9vYmFy", "foobar"}, {"Z", NULL},         {"Zg=", "f"},          {"Zg===", NULL},
        {"Zm9v=", NULL},    {"Zg==Zg==", NULL},    {"Zm9-", NULL},       {"Zm9v\x01", NULL},   {"-----", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char out[16];
        struct buf b = buf_over(out, sizeof out);
        bool ok = base64_take(str_from(rows[i].text), &b);

        if (ok != (rows[i].bytes != NULL) || (ok && !str_eq(buf_str(&b), str_from(rows[i].bytes))))
            fail_msg("%s", rows[i].text);
    }
}

static void base64_comes_back(void **state)
{
    (void)state;
    for (size_t n = 0; n < 200; n++)
        for (size_t line = 0; line <= 64; line += 64) {
            char bytes[200], text[400], back[200];
            struct buf t = buf_over(text, sizeof text), b = buf_over(back, n);

            for (size_t i = 0; i < n; i++)
                bytes[i] = (char)(i * 37 + n);
            base64_put(&t, str_of(bytes, n), line);
            assert_true(!t.full && base64_take(buf_str(&t), &b));
            assert_true(str_eq(buf_str(&b), str_of(bytes, n)));
            if (n)
                assert_true(t.at[t.len - 1] != '\n');
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_short_and_far_apart),
        cmocka_unit_test(a_hash_gives_the_same_words_for_ever),
        cmocka_unit_test(base64_is_read_as_clients_write_it),
        cmocka_unit_test(base64_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
