/* The cutter: used <= n, in pieces == whole, and no byte is read behind the
 * end (each piece is a block of its own).  Byte 0 says how large the pieces
 * are, byte 1 how small the limit is. */
#include "wire/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str copy_of(struct str s)
{
    char *at = malloc(s.len + 1);

    MUST(at);
    if (s.len)
        memcpy(at, s.at, s.len);
    return str_of(at, s.len);
}

static struct frame next(struct framer *f, struct str in, size_t max)
{
    struct str copy = copy_of(in);
    struct frame got = frame_next(f, copy, max);

    MUST(got.used <= in.len);
    MUST(got.is == FRAME_XML || got.is == FRAME_PROTO || got.body.len == 0);
    if (got.body.len) {
        MUST(got.body.at >= copy.at && got.body.len <= max);
        got.body.at = in.at + (got.body.at - copy.at);
        MUST((size_t)(got.body.at - in.at) + got.body.len <= got.used);
    }
    free((void *)(uintptr_t)copy.at);
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct framer whole = {0}, split = {0};
    size_t step, max, at = 0, to = 0, steps = 0;
    struct str in, rest;

    if (size < 2)
        return 0;
    step = data[0] ? data[0] : 1;
    max = data[1] ? data[1] : LIMIT_EVENT_IN;
    in = rest = str_of(data + 2, size - 2);
    for (;;) {
        struct frame a = next(&whole, rest, max), b;

        MUST(steps++ <= size + 2);
        rest = str_from_at(rest, a.used);
        for (;;) {
            b = next(&split, str_cut(in, at, to), max);
            at += b.used;
            if (b.is != FRAME_MORE || to == in.len)
                break;
            to = to + step < in.len ? to + step : in.len;
        }
        MUST(a.is == b.is && str_eq(a.body, b.body));
        MUST(a.body.len == 0 || a.body.at == b.body.at);
        if (a.is == FRAME_MORE || a.is == FRAME_BAD)
            return 0;
    }
}
