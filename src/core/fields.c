#include "core/fields.h"


void fields_put(struct buf *b, enum field tag, struct str value)
{
    MUST(value.len <= UINT32_MAX);
    unsigned char head[5] = {(unsigned char)tag, (unsigned char)(value.len >> 24),
                             (unsigned char)(value.len >> 16), (unsigned char)(value.len >> 8),
                             (unsigned char)value.len};

    if (b->full || b->max - b->len < sizeof head + value.len) {
        b->full = true;
        return;
    }
    buf_put(b, str_of(head, sizeof head));
    buf_put(b, value);
}

void fields_put_int(struct buf *b, enum field tag, int64_t value)
{
    char text[24];
    struct buf t = buf_over(text, sizeof text);

    buf_int(&t, value);
    fields_put(b, tag, buf_str(&t));
}

bool fields_next(struct str *rest, enum field *tag, struct str *value)
{
    const unsigned char *u = (const unsigned char *)rest->at;
    size_t len;

    if (rest->len < 5)
        return false;
    len = (size_t)u[1] << 24 | (size_t)u[2] << 16 | (size_t)u[3] << 8 | u[4];
    if (len > rest->len - 5)
        return false;
    *tag = u[0];
    *value = str_cut(*rest, 5, 5 + len);
    *rest = str_from_at(*rest, 5 + len);
    return true;
}

struct str fields_get(struct str payload, enum field tag)
{
    enum field t;
    struct str v;

    while (fields_next(&payload, &t, &v))
        if (t == tag)
            return v;
    return (struct str){0};
}

bool fields_has(struct str payload, enum field tag)
{
    enum field t;
    struct str v;

    while (fields_next(&payload, &t, &v))
        if (t == tag)
            return true;
    return false;
}

int64_t fields_get_int(struct str payload, enum field tag, int64_t otherwise)
{
    int64_t v;

    return str_to_int(fields_get(payload, tag), INT64_MIN / 2, INT64_MAX / 2, &v) ? v : otherwise;
}
