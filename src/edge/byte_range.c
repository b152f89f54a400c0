#include "edge/byte_range.h"

#include <strings.h>

enum { NAME_MAX_BYTES = 200 };

static bool to_number(struct str s, uint64_t *out)
{
    int64_t n;

    if (s.len == 0 || s.at[0] == '-' || s.at[0] == '+' || !str_to_int(s, 0, INT64_MAX, &n))
        return false;
    *out = (uint64_t)n;
    return true;
}

struct byte_range byte_range(struct str range, uint64_t size)
{
    struct byte_range whole = {BYTES_WHOLE, 0, size}, none = {BYTES_NONE, 0, 0};
    struct str first, last;
    uint64_t from, to = 0;
    size_t dash;

    range = str_trim(range);
    if (range.len < 6 || strncasecmp(range.at, "bytes=", 6) != 0)
        return whole;
    range = str_trim(str_from_at(range, 6));
    dash = str_find_byte(range, '-');
    if (dash == range.len || str_find_byte(range, ',') < range.len)
        return whole;
    first = str_trim(str_cut(range, 0, dash));
    last = str_trim(str_from_at(range, dash + 1));
    if (first.len == 0) { /* the last n bytes */
        if (!to_number(last, &to))
            return whole;
        if (to == 0 || size == 0)
            return none;
        to = to < size ? to : size;
        return (struct byte_range){BYTES_PART, size - to, to};
    }
    if (!to_number(first, &from) || (last.len && (!to_number(last, &to) || to < from)))
        return whole;
    if (from >= size)
        return none;
    if (last.len == 0 || to >= size)
        to = size - 1;
    return (struct byte_range){BYTES_PART, from, to - from + 1};
}

bool if_range_fits(struct str if_range, struct str etag)
{
    return if_range.len == 0 || str_eq(str_trim(if_range), etag);
}

bool if_none_match_fits(struct str list, struct str etag)
{
    while (list.len) {
        size_t end = str_find_byte(list, ',');
        struct str one = str_trim(str_cut(list, 0, end));

        if (str_starts(one, STR("W/")))
            one = str_from_at(one, 2);
        if (str_eq(one, STR("*")) || str_eq(one, etag))
            return true;
        list = str_from_at(list, end < list.len ? end + 1 : end);
    }
    return false;
}

/* ---- names ------------------------------------------------------------ */

static bool is_bad(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F || memchr("\"\\/:*?<>|", c, 9);
}

static struct str last_part(struct str path)
{
    size_t from = 0;

    for (size_t i = 0; i < path.len; i++)
        if (path.at[i] == '/' || path.at[i] == '\\')
            from = i + 1;
    return str_from_at(path, from);
}

static struct str without_ends(struct str s)
{
    while (s.len && (s.at[0] == '.' || s.at[0] == ' '))
        s = str_from_at(s, 1);
    while (s.len && (s.at[s.len - 1] == '.' || s.at[s.len - 1] == ' '))
        s.len--;
    return s;
}

void put_file_name(struct buf *b, struct str name)
{
    char text[NAME_MAX_BYTES];
    struct str part = last_part(name);
    size_t n = 0;

    for (size_t i = 0; i < part.len && n < sizeof text; i++)
        if (!is_bad(part.at[i]))
            text[n++] = part.at[i];
    while (n > 0 && !str_is_utf8(str_of(text, n))) /* cut within a character, or no text at all */
        n--;
    part = without_ends(str_of(text, n));
    buf_put(b, part.len ? part : STR("file"));
}

/* RFC 5987, section 3.2.1: what needs no percent. */
static bool is_attr_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$&+-.^_`|~", c));
}

void put_disposition(struct buf *b, struct str name)
{
    char text[NAME_MAX_BYTES + 8];
    struct buf safe = buf_over(text, sizeof text);
    bool plain = true;

    put_file_name(&safe, name);
    buf_put(b, STR("attachment; filename=\""));
    for (size_t i = 0; i < safe.len; i++) {
        bool ascii = (unsigned char)text[i] < 0x80 && text[i] != '%';

        buf_byte(b, ascii ? text[i] : '_');
        plain &= ascii;
    }
    buf_byte(b, '"');
    if (plain)
        return;
    buf_put(b, STR("; filename*=UTF-8''"));
    for (size_t i = 0; i < safe.len; i++) {
        if (is_attr_char(text[i]))
            buf_byte(b, text[i]);
        else
            buf_fmt(b, "%%%02X", (unsigned)(unsigned char)text[i]);
    }
}
