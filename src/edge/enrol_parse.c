#include "edge/enrol_parse.h"

#include "base/base64.h"

#include <ctype.h>

/* Without regard to case, as schemes and media types are compared. */
static bool same_word(struct str a, const char *b)
{
    size_t i = 0;

    while (i < a.len && b[i] && tolower((unsigned char)a.at[i]) == b[i])
        i++;
    return i == a.len && !b[i];
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
            return false;
    return str_is_utf8(s);
}

bool basic_take(struct str authorization, struct basic *out)
{
    struct buf b = buf_over(out->text, sizeof out->text);
    struct str all = str_trim(authorization);
    size_t end = str_find_byte(all, ' '), colon;

    out->name = out->password = (struct str){0};
    if (!same_word(str_cut(all, 0, end), "basic") || end == all.len || !base64_take(str_from_at(all, end + 1), &b))
        return false;
    all = buf_str(&b);
    colon = str_find_byte(all, ':');
    if (colon == 0 || colon == all.len || !is_plain(all))
        return false;
    out->name = str_cut(all, 0, colon);
    out->password = str_from_at(all, colon + 1);
    return true;
}

enum enrol_form enrol_form(struct str accept)
{
    static const struct {
        const char *type;
        enum enrol_form form;
    } types[] = {
        {"application/xml", ENROL_XML}, {"text/xml", ENROL_XML}, {"application/json", ENROL_JSON},
        {"text/plain", ENROL_JSON},     {"*/*", ENROL_JSON},     {"application/*", ENROL_JSON},
    };

    while (accept.len) {
        size_t end = str_find_byte(accept, ',');
        struct str one = str_cut(accept, 0, end);

        one = str_trim(str_cut(one, 0, str_find_byte(one, ';')));
        for (size_t i = 0; i < COUNTOF(types); i++)
            if (same_word(one, types[i].type))
                return types[i].form;
        accept = str_from_at(accept, end < accept.len ? end + 1 : end);
    }
    return ENROL_JSON;
}
