#include "os/tls_seal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void hex(const char *digits, unsigned char *to, size_t n)
{
    assert_true(str_from_hex(str_from(digits), to, n));
}

/* RFC 8448, section 3: the server's application traffic secret, the keys from it and the record with its 50 bytes of
 * application data, which is its second under that key (the first was a ticket). */
static void a_record_as_in_the_rfc(void **state)
{
    unsigned char secret[32], key[16], iv[12], text[50], want[72], got[72];
    struct buf out = buf_over(got, sizeof got);
    struct tls_seal s;

    (void)state;
    hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643", secret, sizeof secret);
    hex("9f02283b6c9c07efc26bb9f2ac92e356", key, sizeof key);
    hex("cf782b88dd83549aadf1e984", iv, sizeof iv);
    hex("17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5"
        "f0a21c0047c2abf332540dd032e167c2955d",
        want, sizeof want);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)i;
    assert_true(tls_seal_begin(&s, 0x1301, str_of(secret, sizeof secret)));
    assert_memory_equal(s.key, key, sizeof key);
    assert_memory_equal(s.iv, iv, sizeof iv);
    s.record = 1;
    tls_seal_put(&s, TLS_TEXT, str_of(text, sizeof text), &out);
    assert_int_equal(out.len, sizeof want);
    assert_memory_equal(got, want, sizeof want);
    assert_int_equal(s.record, 2);
    tls_seal_wipe(&s);
}

static void only_suites_of_tls_1_3(void **state)
{
    static const unsigned char secret[64];
    static const struct { uint16_t suite; size_t len; bool good; } rows[] = {
        {0x1301, 32, true}, {0x1302, 48, true}, {0x1303, 32, true},
        {0x1301, 31, false}, {0x1301, 48, false}, {0x1302, 32, false}, {0x1303, 0, false},
        {0x1304, 32, false}, {0xc02b, 32, false}, {0, 0, false}};
    struct tls_seal s;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(tls_seal_begin(&s, rows[i].suite, str_of(secret, rows[i].len)), rows[i].good);
}

/* The same text never looks the same: another number, another key after a change, another content type. */
static void nothing_is_sealed_alike(void **state)
{
    enum { TIMES = 600, ONE = 5 + TLS_SEAL_MORE };
    static char wire[TIMES * ONE];
    unsigned char secret[48] = {7};
    struct buf out;
    struct tls_seal s;

    (void)state;
    for (uint16_t suite = 0x1301; suite <= 0x1303; suite++) {
        out = buf_over(wire, sizeof wire);
        assert_true(tls_seal_begin(&s, suite, str_of(secret, suite == 0x1302 ? 48 : 32)));
        for (int i = 0; i < TIMES; i++) {
            if (i == TIMES / 2)
                tls_seal_next(&s);
            tls_seal_put(&s, i % 2 ? TLS_TEXT : TLS_ALERT, STR("hello"), &out);
            assert_int_equal(out.len, (size_t)(i + 1) * ONE);
            assert_memory_equal(wire + i * ONE, "\x17\x03\x03\x00\x16", 5);
        }
        assert_int_equal(s.record, TIMES / 2);
        for (int a = 0; a < TIMES; a++)
            for (int b = a + 1; b < TIMES; b++)
                assert_memory_not_equal(wire + a * ONE + 5, wire + b * ONE + 5, ONE - 5);
    }
}

/* A record of the largest text fits the room that is promised, to the byte. */
static void the_largest_fits(void **state)
{
    static char text[TLS_SEAL_TEXT], wire[TLS_SEAL_TEXT + TLS_SEAL_MORE];
    unsigned char secret[32] = {1};
    struct buf out = buf_over(wire, sizeof wire);
    struct tls_seal s;

    (void)state;
    assert_true(tls_seal_begin(&s, 0x1303, str_of(secret, sizeof secret)));
    tls_seal_put(&s, TLS_TEXT, str_of(text, sizeof text), &out);
    assert_false(out.full);
    assert_int_equal(out.len, out.max);
    tls_seal_wipe(&s);
    for (size_t i = 0; i < sizeof s; i++)
        assert_int_equal(((unsigned char *)&s)[i], 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_as_in_the_rfc),
        cmocka_unit_test(only_suites_of_tls_1_3),
        cmocka_unit_test(nothing_is_sealed_alike),
        cmocka_unit_test(the_largest_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
