#include "edge/multipart.h"

#include <strings.h>

/* ---- headers ---------------------------------------------------------- */

static bool same_word(struct str s, const char *word)
{
    return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

/* A token or a quoted string at the beginning of *rest, without its quotes; a backslash stands before " and \ only:
 * some browsers send paths with single ones. */
static struct str take_value(struct str *rest, char *to, size_t max)
{
    size_t i = 0, n = 0;

    if (rest->len == 0 || rest->at[0] != '"') {
        size_t end = str_find_byte(*rest, ';');
        struct str token = str_trim(str_cut(*rest, 0, end));

        *rest = str_from_at(*rest, end);
        return token;
    }
    for (i = 1; i < rest->len && rest->at[i] != '"'; i++) {
        if (rest->at[i] == '\\' && i + 1 < rest->len && (rest->at[i + 1] == '"' || rest->at[i + 1] == '\\'))
            i++;
        if (n < max)
            to[n++] = rest->at[i];
    }
    *rest = str_from_at(*rest, i < rest->len ? i + 1 : i);
    return str_of(to, n);
}

/* The next "; name=value"; false at the end. */
static bool next_parameter(struct str *rest, struct str *name, struct str *value, char room[MULTIPART_FILENAME])
{
    size_t semicolon = str_find_byte(*rest, ';'), equals;

    if (semicolon == rest->len)
        return false;
    *rest = str_trim(str_from_at(*rest, semicolon + 1));
    equals = str_find_byte(*rest, '=');
    if (equals == rest->len || str_find_byte(str_cut(*rest, 0, equals), ';') < equals) {
        *name = *value = (struct str){0};
        return rest->len > 0;
    }
    *name = str_trim(str_cut(*rest, 0, equals));
    *rest = str_trim(str_from_at(*rest, equals + 1));
    *value = take_value(rest, room, MULTIPART_FILENAME);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "UTF-8''na%20me" (RFC 8187); other character sets are left alone. */
static void take_extended(struct multipart_part *p, struct str value)
{
    struct str mark = STR("UTF-8'");
    char text[MULTIPART_FILENAME];
    size_t n = 0, quote;

    if (value.len < mark.len || strncasecmp(value.at, mark.at, mark.len) != 0)
        return;
    value = str_from_at(value, mark.len);
    quote = str_find_byte(value, '\'');
    if (quote == value.len)
        return;
    for (size_t i = quote + 1; i < value.len && n < sizeof text; i++) {
        int high = i + 2 < value.len ? hex_digit(value.at[i + 1]) : -1;
        int low = high < 0 ? -1 : hex_digit(value.at[i + 2]);

        if (value.at[i] == '%' && low >= 0) {
            text[n++] = (char)(high * 16 + low);
            i += 2;
        } else
            text[n++] = value.at[i];
    }
    (void)str_copy(p->filename, sizeof p->filename, str_of(text, n));
}

static void take_disposition(struct multipart_part *p, struct str rest)
{
    char room[MULTIPART_FILENAME];
    struct str name, value;
    bool extended = false;

    while (next_parameter(&rest, &name, &value, room)) {
        if (same_word(name, "name"))
            (void)str_copy(p->name, sizeof p->name, value);
        else if (same_word(name, "filename") && !extended)
            (void)str_copy(p->filename, sizeof p->filename, value);
        else if (same_word(name, "filename*")) {
            take_extended(p, value);
            extended = true;
        }
    }
}

static void take_header(struct multipart_part *p, struct str line)
{
    size_t colon = str_find_byte(line, ':');
    struct str name = str_trim(str_cut(line, 0, colon));
    struct str value = str_trim(str_from_at(line, colon < line.len ? colon + 1 : colon));

    if (same_word(name, "Content-Disposition"))
        take_disposition(p, value);
    else if (same_word(name, "Content-Type"))
        (void)str_copy(p->type, sizeof p->type, value);
}

static void read_head(struct multipart *m)
{
    struct str rest = str_of(m->head, m->head_len);

    m->part = (struct multipart_part){0};
    while (rest.len) {
        size_t end = str_find(rest, STR("\r\n"));

        take_header(&m->part, str_cut(rest, 0, end));
        rest = str_from_at(rest, end < rest.len ? end + 2 : end);
    }
}

/* ---- the body --------------------------------------------------------- */

static enum multipart_is bad(struct multipart *m, struct err *e, const char *why)
{
    m->at = AT_BAD;
    (void)err_set(e, ERR_INPUT, "the form (multipart/form-data) cannot be read: %s", why);
    return MULTIPART_BAD;
}

bool multipart_begin(struct multipart *m, struct str content_type, struct err *e)
{
    struct str type = str_trim(str_cut(content_type, 0, str_find_byte(content_type, ';')));
    struct str rest = content_type, name, value, boundary = {0};
    char room[MULTIPART_FILENAME];

    memset(m, 0, sizeof *m);
    if (!same_word(type, "multipart/form-data"))
        return err_set(e, ERR_INPUT, "the body must be multipart/form-data");
    while (boundary.len == 0 && next_parameter(&rest, &name, &value, room))
        if (same_word(name, "boundary"))
            boundary = value;
    if (boundary.len == 0 || boundary.len > MULTIPART_BOUNDARY)
        return err_set(e, ERR_INPUT, "the boundary of the form must have 1 to %d characters", MULTIPART_BOUNDARY);
    for (size_t i = 0; i < boundary.len; i++)
        if (boundary.at[i] < 0x20 || boundary.at[i] > 0x7E)
            return err_set(e, ERR_INPUT, "the boundary of the form has characters that it must not have");
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.at, boundary.len);
    m->delimiter_len = 4 + boundary.len;
    m->matched = 2; /* the first one may stand at the very beginning, without a line's end before it */
    return true;
}

/* Bytes up to the next delimiter or what may become one; *found: the delimiter is complete.  A CR is only in its first
 * place, so after a mismatch nothing of what matched can begin another one. */
static struct str scan(struct multipart *m, struct str *in, bool *found)
{
    struct str got;
    size_t i = 0;

    *found = false;
    if (m->matched == 0) {
        i = str_find_byte(*in, '\r');
        got = str_cut(*in, 0, i);
        m->matched = i < in->len;
        *in = str_from_at(*in, i + m->matched);
        return got;
    }
    while (i < in->len && m->matched < m->delimiter_len && in->at[i] == m->delimiter[m->matched]) {
        i++;
        m->matched++;
    }
    *in = str_from_at(*in, i);
    if (m->matched < m->delimiter_len && in->len == 0)
        return (struct str){0};
    *found = m->matched == m->delimiter_len;
    got = *found ? (struct str){0} : str_of(m->delimiter + m->foreign, m->matched - m->foreign);
    m->matched = m->foreign = 0;
    return got;
}

/* Behind a delimiter: "--", or white space and a line's end. */
static enum multipart_is after(struct multipart *m, struct str *in, struct err *e)
{
    while (in->len) {
        char c = in->at[0];

        *in = str_from_at(*in, 1);
        if (m->after_len == 0 && (c == ' ' || c == '\t'))
            continue;
        m->after[m->after_len++] = c;
        if (m->after_len < sizeof m->after)
            continue;
        m->after_len = 0;
        if (memcmp(m->after, "--", 2) == 0) {
            m->at = AT_CLOSED;
            return MULTIPART_MORE;
        }
        if (memcmp(m->after, "\r\n", 2) != 0)
            return bad(m, e, "a boundary is not followed by the end of its line");
        if (m->parts++ == MULTIPART_PARTS)
            return bad(m, e, "it has more than 16 parts");
        m->head_len = 0;
        m->at = AT_HEAD;
        return MULTIPART_MORE;
    }
    return MULTIPART_MORE;
}

static enum multipart_is head(struct multipart *m, struct str *in, struct err *e)
{
    while (in->len) {
        struct str so_far;

        if (m->head_len == sizeof m->head)
            return bad(m, e, "the headers of a part are longer than 4 KiB");
        m->head[m->head_len++] = in->at[0];
        *in = str_from_at(*in, 1);
        so_far = str_of(m->head, m->head_len);
        if (!str_eq(so_far, STR("\r\n")) && !str_ends(so_far, STR("\r\n\r\n")))
            continue;
        read_head(m);
        m->at = AT_BYTES;
        m->matched = m->foreign = 2; /* in an empty part the line's end is that of the headers */
        return MULTIPART_PART;
    }
    return MULTIPART_MORE;
}

static enum multipart_is bytes_of(struct multipart *m, struct str *in, struct str *bytes)
{
    bool found = false, part = m->at == AT_BYTES;

    while (in->len && !found) {
        *bytes = scan(m, in, &found);
        if (bytes->len && part)
            return MULTIPART_BYTES;
    }
    if (!found)
        return MULTIPART_MORE;
    m->at = AT_AFTER;
    return part ? MULTIPART_END : MULTIPART_MORE;
}

enum multipart_is multipart_next(struct multipart *m, struct str *in, struct str *bytes, struct err *e)
{
    enum multipart_is is = MULTIPART_MORE;

    *bytes = (struct str){0};
    while (in->len && is == MULTIPART_MORE) {
        switch (m->at) {
        case AT_PREAMBLE:
        case AT_BYTES: is = bytes_of(m, in, bytes); break;
        case AT_AFTER: is = after(m, in, e); break;
        case AT_HEAD: is = head(m, in, e); break;
        case AT_CLOSED: *in = str_from_at(*in, in->len); break;
        case AT_BAD: return MULTIPART_BAD;
        }
    }
    return is;
}

bool multipart_is_whole(const struct multipart *m)
{
    return m->at == AT_CLOSED;
}
