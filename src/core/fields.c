#include "core/fields.h"

enum { HEAD = 5, WIDE = 0 };

void fields_put(struct buf *b, enum field tag, struct str value)
{
    bool wide = (unsigned)tag >= FIELD_NARROW;
    size_t len = value.len + wide;
    unsigned char head[HEAD + 1] = {wide ? WIDE : (unsigned char)tag, (unsigned char)(len >> 24),
                                    (unsigned char)(len >> 16),       (unsigned char)(len >> 8),
                                    (unsigned char)len,               (unsigned char)((unsigned)tag - FIELD_NARROW)};

    MUST((unsigned)tag < FIELD_TAGS && len <= UINT32_MAX);
    if (b->full || b->max - b->len < HEAD + len) {
        b->full = true;
        return;
    }
    buf_put(b, str_of(head, HEAD + (size_t)wide));
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
    bool wide;

    if (rest->len < HEAD)
        return false;
    len = (size_t)u[1] << 24 | (size_t)u[2] << 16 | (size_t)u[3] << 8 | u[4];
    if (len > rest->len - HEAD)
        return false;
    wide = u[0] == WIDE && len > 0;
    *tag = wide ? FIELD_NARROW + u[HEAD] : u[0];
    *value = str_cut(*rest, HEAD + (size_t)wide, HEAD + len);
    *rest = str_from_at(*rest, HEAD + len);
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
