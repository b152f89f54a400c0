/* What a stranger puts into an address, a form, a body in chunks, a token, a Range: all that is taken apart before
 * anybody knows who he is.
 *
 * The first byte says what, the rest is it.  Invariants: what comes out lies within what went in; a form's value
 * written back as a form is read the same; chunks cut anywhere give the same body; no text but one that this key
 * signed is a token. */
#include "base/must.h"
#include "edge/marti_token.h"
#include "edge/web_chunks.h"
#include "edge/web_http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(struct str part, struct str whole)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void path(struct str in)
{
    static const char *const patterns[] = {"/Marti/api/cot/xml/{*}/all", "/Marti/api/video/{*}", "/{}/{}/{}/{}", "/{*}",
                                           "/Marti/api/missions/{}/invite/{}/{}"};

    for (size_t i = 0; i < COUNTOF(patterns); i++) {
        struct str part[REQUEST_PARTS] = {{0}};

        if (path_fits(patterns[i], in, part))
            for (size_t k = 0; k < REQUEST_PARTS; k++)
                MUST(within(part[k], in));
    }
}

static void query(struct str in)
{
    struct str rest = in, value;
    size_t n = 0;
    int64_t number;

    while (query_each(&rest, STR("a"), &value)) {
        MUST(within(value, in) && ++n <= in.len + 1);
        MUST(within(rest, in));
    }
    MUST(query_get(in, STR("a"), &value) == (n > 0));
    MUST(!query_int(in, STR("a"), 1000, 7, &number) || (number >= 0 && number <= 1000));
}

/* Each byte escaped. */
static void put_escaped(struct str s, struct buf *b)
{
    for (size_t i = 0; i < s.len; i++) {
        buf_byte(b, '%');
        buf_hex(b, s.at + i, 1);
    }
}

static void form(struct str in)
{
    char out[512], again[512], text[2048];
    struct buf b = buf_over(text, sizeof text);

    if (!form_get(in, STR("a"), out, sizeof out))
        return;
    buf_put(&b, STR("b=1&a="));
    put_escaped(str_from(out), &b);
    MUST(!b.full && form_get(buf_str(&b), STR("a"), again, sizeof again) && strcmp(out, again) == 0);
}

/* How it ended, with the body's bytes in b. */
static enum chunks_are take(struct str in, size_t piece, struct buf *b)
{
    struct chunks c = {0};
    enum chunks_are is = CHUNK_MORE;

    while (in.len && is == CHUNK_MORE) {
        struct str some = str_cut(in, 0, in.len < piece ? in.len : piece), out;

        in = str_from_at(in, some.len);
        while ((is = chunks_next(&c, &some, &out)) == CHUNK_SOME)
            buf_put(b, out);
    }
    return is;
}

static void chunks(struct str in, size_t piece)
{
    static char whole[65536], cut[65536];
    struct buf a = buf_over(whole, sizeof whole), b = buf_over(cut, sizeof cut);
    enum chunks_are is = take(in, in.len + 1, &a);

    MUST(take(in, piece + 1, &b) == is && str_eq(buf_str(&a), buf_str(&b)));
    MUST(a.len <= in.len);
}

static void token(struct str in)
{
    static const unsigned char key[SECRET_KEY] = "EX-a-key-that-the-input-does-not";
    struct token t;
    struct err e;

    MUST(!token_take(key, in, 1000000, &t, &e) && e.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in;

    if (size < 2 || size > 32768)
        return 0;
    in = str_of(data + 1, size - 1);
    switch (data[0] % 5) {
    case 0: path(in); break;
    case 1: query(in); break;
    case 2: form(in); break;
    case 3: chunks(in, data[0] / 5); break;
    default: token(in); break;
    }
    return 0;
}
