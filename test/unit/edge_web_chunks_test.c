#include "edge/web_chunks.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Feeds the text in pieces of n bytes; how it ended, with the body in b. */
static enum chunks_are feed(struct str text, size_t n, struct buf *b)
{
    struct chunks c = {0};
    enum chunks_are is = CHUNK_MORE;

    while (text.len && is == CHUNK_MORE) {
        struct str piece = str_cut(text, 0, text.len < n ? text.len : n), out;

        text = str_from_at(text, piece.len);
        while ((is = chunks_next(&c, &piece, &out)) == CHUNK_SOME)
            buf_put(b, out);
    }
    return is;
}

static void rows(void **state)
{
    static const struct {
        const char *text;
        enum chunks_are is;
        const char *body;
    } list[] = {
        {"5\r\nhello\r\n0\r\n\r\n", CHUNK_DONE, "hello"},
        {"5\r\nhello\r\n6;x=y\r\n world\r\n00\r\n\r\nGET /", CHUNK_DONE, "hello world"},
        {"A \r\n0123456789\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", CHUNK_DONE, "0123456789"},
        {"0\r\n\r\n", CHUNK_DONE, ""},
        {"5\r\nhello\r\n0\r\n", CHUNK_MORE, "hello"},
        {"5\r\nhe", CHUNK_MORE, "he"},
        {"5\r\nhelloX\n", CHUNK_BAD, "hello"},
        {"5\nhello", CHUNK_BAD, ""},
        {"\r\nhello", CHUNK_BAD, ""},
        {"-1\r\n", CHUNK_BAD, ""},
        {"0x5\r\nhello", CHUNK_BAD, ""},
        {"1234567890abcdef\r\n", CHUNK_BAD, ""}, /* more digits than a file can have */
        {"5\rhello", CHUNK_BAD, ""},
    };
    char memory[64];

    (void)state;
    for (size_t i = 0; i < COUNTOF(list); i++)
        for (size_t n = 1; n < 40; n++) { /* cut anywhere it is the same */
            struct buf b = buf_over(memory, sizeof memory);

            if (feed(str_from(list[i].text), n, &b) != list[i].is || !str_eq(buf_str(&b), str_from(list[i].body)))
                fail_msg("row %zu in pieces of %zu", i, n);
        }
}

static void lines_have_an_end(void **state)
{
    char memory[64], text[8192] = "1;";
    struct buf b = buf_over(memory, sizeof memory), t = buf_over(text, sizeof text);

    (void)state;
    memset(text + 2, 'x', sizeof text - 3);
    assert_int_equal(feed(str_from(text), 100, &b), CHUNK_BAD);
    buf_put(&t, STR("0\r\n"));
    for (int i = 0; i < CHUNK_TRAILERS_MAX + 1; i++)
        buf_put(&t, STR("a: b\r\n"));
    assert_int_equal(feed(buf_str(&t), 100, &b), CHUNK_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(lines_have_an_end)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
