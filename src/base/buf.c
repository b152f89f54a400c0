#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void buf_put(struct buf *b, struct str s)
{
    if (b->full || s.len > b->max - b->len) {
        b->full = true;
        return;
    }
    if (s.len)
        memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
}

void buf_byte(struct buf *b, char c)
{
    buf_put(b, str_of(&c, 1));
}

void buf_fmt(struct buf *b, const char *format, ...)
{
    size_t room = b->max - b->len;
    va_list args;
    int n;

    if (b->full)
        return;
    va_start(args, format);
    n = vsnprintf(b->at + b->len, room, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room)
        b->full = true;
    else
        b->len += (size_t)n;
}

void buf_int(struct buf *b, int64_t v)
{
    char digits[20]; /* a sign and 19 digits */
    size_t at = sizeof digits;
    uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        digits[--at] = '-';
    buf_put(b, str_of(digits + at, sizeof digits - at));
}

static struct str xml_escape(char c)
{
    switch (c) {
    case '&': return STR("&amp;");
    case '<': return STR("&lt;");
    case '>': return STR("&gt;");
    case '"': return STR("&quot;");
    case '\'': return STR("&apos;");
    case '\t': return STR("&#9;");
    case '\n': return STR("&#10;");
    case '\r': return STR("&#13;");
    default: return (struct str){0};
    }
}

void buf_xml(struct buf *b, struct str s)
{
    size_t from = 0;

    for (size_t i = 0; i < s.len; i++) {
        struct str escape = xml_escape(s.at[i]);

        if (escape.len == 0)
            continue;
        buf_put(b, str_cut(s, from, i));
        buf_put(b, escape);
        from = i + 1;
    }
    buf_put(b, str_from_at(s, from));
}

/* One character that JSON, or a terminal, had better not get as it is: c, of one to three bytes. */
static void json_escape(struct buf *b, struct str c)
{
    const unsigned char *u = (const unsigned char *)c.at;
    unsigned code = c.len == 1 ? u[0] : c.len == 2 ? (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu)
                                                   : (u[0] & 0xFu) << 12 | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);

    switch (code) {
    case '"': buf_put(b, STR("\\\"")); break;
    case '\\': buf_put(b, STR("\\\\")); break;
    case '\n': buf_put(b, STR("\\n")); break;
    case '\r': buf_put(b, STR("\\r")); break;
    case '\t': buf_put(b, STR("\\t")); break;
    default: buf_fmt(b, "\\u%04x", code); break;
    }
}

/* The bytes of the UTF-8 sequence at the start of s, 0 when it is none. */
static size_t json_utf8(struct str s)
{
    for (size_t n = 2; n <= 4 && n <= s.len; n++)
        if (str_is_utf8(str_cut(s, 0, n)))
            return n;
    return 0;
}

static void put_escaped(struct buf *b, struct str s, bool quoted)
{
    size_t from = 0; /* what stands before i and is not written yet is written as it is */

    for (size_t i = 0; i < s.len;) {
        unsigned char c = (unsigned char)s.at[i];
        size_t n = c >= 0x80 ? json_utf8(str_from_at(s, i)) : 1;
        struct str one = str_cut(s, i, i + n);

        if (c < 0x80 ? c >= 0x20 && c != 0x7F && !(quoted && (c == '"' || c == '\\')) : n > 0 && str_char_shows(one)) {
            i += n;
            continue;
        }
        buf_put(b, str_cut(s, from, i));
        if (n == 0)
            buf_put(b, STR("\\ufffd"));
        else
            json_escape(b, one);
        i += n ? n : 1;
        from = i;
    }
    buf_put(b, str_from_at(s, from));
}

void buf_json(struct buf *b, struct str s)
{
    buf_byte(b, '"');
    put_escaped(b, s, true);
    buf_byte(b, '"');
}

void buf_shown(struct buf *b, struct str s)
{
    put_escaped(b, s, false);
}

void buf_hex(struct buf *b, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *u = bytes;

    for (size_t i = 0; i < n; i++) {
        buf_byte(b, digits[u[i] >> 4]);
        buf_byte(b, digits[u[i] & 15]);
    }
}
