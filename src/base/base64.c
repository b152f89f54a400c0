#include "base/base64.h"

static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool base64_take(struct str text, struct buf *out)
{
    uint32_t held = 0;
    unsigned count = 0, padding = 0;

    for (size_t i = 0; i < text.len; i++) {
        int v = value_of(text.at[i]);

        if (is_space(text.at[i]))
            continue;
        if (text.at[i] == '=') {
            padding++;
            continue;
        }
        if (v < 0 || padding)
            return false;
        held = held << 6 | (uint32_t)v;
        if (++count % 4 == 0) {
            buf_byte(out, (char)(held >> 16));
            buf_byte(out, (char)(held >> 8));
            buf_byte(out, (char)held);
        }
    }
    if (count % 4 == 1 || padding > (count % 4 ? 4 - count % 4 : 0))
        return false;
    if (count % 4 >= 2)
        buf_byte(out, (char)(held >> (count % 4 == 2 ? 4 : 10)));
    if (count % 4 == 3)
        buf_byte(out, (char)(held >> 2));
    return !out->full;
}

void base64_put(struct buf *b, struct str bytes, size_t line)
{
    const unsigned char *u = (const unsigned char *)bytes.at;
    size_t column = 0;

    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t held = (uint32_t)u[i] << 16 | (left > 1 ? (uint32_t)u[i + 1] << 8 : 0) | (left > 2 ? u[i + 2] : 0);

        if (line && column == line) {
            buf_byte(b, '\n');
            column = 0;
        }
        for (size_t k = 0; k < 4; k++)
            buf_byte(b, k <= left ? symbols[held >> (18 - 6 * k) & 63] : '=');
        column += 4;
    }
}
