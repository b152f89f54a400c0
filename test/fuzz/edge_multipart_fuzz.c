/* A form in slices of any size: the parts are the same, and no byte of them is made up. */
#include "base/hash.h"
#include "edge/byte_range.h"
#include "edge/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct digest {
    uint64_t hash;
    size_t bytes, parts, ends;
    bool bad, whole;
};

static void mix(struct digest *d, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        d->hash = (d->hash ^ (unsigned char)s.at[i]) * 1099511628211u;
}

static struct digest read_in_slices(struct str type, struct str body, size_t step)
{
    struct digest d = {.hash = 1469598103934665603u};
    struct multipart m;
    struct str bytes;
    struct err e = {0};

    if (!multipart_begin(&m, type, &e)) {
        MUST(e.kind == ERR_INPUT);
        d.bad = true;
        return d;
    }
    while (body.len && !d.bad) {
        size_t n = step < body.len ? step : body.len;
        struct str in = str_cut(body, 0, n);
        enum multipart_is is;

        body = str_from_at(body, n);
        while (!d.bad && (is = multipart_next(&m, &in, &bytes, &e)) != MULTIPART_MORE) {
            d.bad = is == MULTIPART_BAD;
            d.parts += is == MULTIPART_PART;
            d.ends += is == MULTIPART_END;
            d.bytes += bytes.len;
            mix(&d, bytes);
            if (is == MULTIPART_PART)
                mix(&d, str_from(m.part.filename));
        }
        MUST(d.bad || in.len == 0);
    }
    d.whole = multipart_is_whole(&m);
    MUST(d.parts <= MULTIPART_PARTS && d.ends <= d.parts && (!d.whole || d.bad || d.ends == d.parts));
    return d;
}

/* The first line is the Content-Type. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = str_of(data, size);
    size_t end = str_find_byte(in, '\n');
    struct str type = str_cut(in, 0, end), body = str_from_at(in, end < size ? end + 1 : end);
    struct digest whole = read_in_slices(type, body, size + 1), one = read_in_slices(type, body, 1);
    struct digest some = read_in_slices(type, body, 1 + size % 13);
    char text[1024];
    struct buf b = buf_over(text, sizeof text);

    MUST(whole.bad == one.bad && whole.bad == some.bad && whole.hash == one.hash && whole.hash == some.hash);
    MUST(whole.bytes == one.bytes && whole.whole == some.whole && whole.bytes <= body.len);
    put_disposition(&b, type);
    MUST(!b.full && memchr(b.at, '\n', b.len) == NULL && memchr(b.at, '\r', b.len) == NULL);
    return 0;
}
