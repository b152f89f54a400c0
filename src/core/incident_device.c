#include "core/incident_device.h"

#include "core/incident_rules.h"
#include "wire/xml.h"

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool same_name(struct str a, struct str b)
{
    if (a.len != b.len || a.len == 0)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (small(a.at[i]) != small(b.at[i]))
            return false;
    return true;
}

/* 2: by uid, 1: by callsign, 0: not this unit. */
static int fits(const struct incident *s, uint32_t unit, struct str uid, struct str callsign)
{
    struct str alias;
    uint32_t at = 0;
    int by = same_name(ent_id(s, unit), callsign);

    if (str_eq(ent_id(s, unit), uid))
        return 2;
    while (ent_each(s, unit, IN_ALIAS, &at, &alias)) {
        if (uid.len && str_eq(alias, uid))
            return 2;
        by |= same_name(alias, callsign);
    }
    return by;
}

uint32_t unit_of_device(const struct incident *s, struct str uid, struct str callsign)
{
    uint32_t found = uid.len ? ent_find(s, ENT_UNIT, uid) : 0;
    int best = 0;

    if (found)
        return found;
    for (uint32_t u = ent_first(s, ENT_UNIT); u; u = ent_next(s, u)) {
        int by = 2 * fits(s, u, uid, callsign);

        if (by == 0)
            continue;
        by += unit_is_here(s, u);
        if (by > best) {
            best = by;
            found = u;
        }
    }
    return found;
}

bool device_is_of(const struct incident *s, uint32_t unit, struct str uid, struct str callsign)
{
    return unit && fits(s, unit, uid, callsign) > 0;
}

bool device_is_exercise(struct str uid, struct str callsign)
{
    return str_starts(uid, STR("EX-")) || str_starts(callsign, STR("EX-"));
}

void put_tag(struct buf *b, struct str text)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    /* The same text has the same tag on every machine: a key that is no secret. */
    uint64_t h = hash_str((struct hash_key){0x636f72646f6e, 0x746167}, text);

    for (int i = 0; i < 8; i++, h >>= 5)
        buf_byte(b, digits[h & 31]);
}

void put_short(struct buf *b, struct str text, size_t max)
{
    bool plain = text.len > 0 && text.len <= max && xml_is_chars(text) && str_trim(text).len == text.len;

    for (size_t i = 0; i < text.len && plain; i++)
        plain = (unsigned char)text.at[i] >= 0x20 && text.at[i] != 0x7f && text.at[i] != '|';
    if (plain)
        buf_put(b, text);
    else
        put_tag(b, text);
}

struct str cut_text(struct str text, size_t max)
{
    size_t n = text.len < max ? text.len : max;

    while (n > 0 && n < text.len && ((unsigned char)text.at[n] & 0xC0) == 0x80)
        n--;
    return str_cut(text, 0, n);
}

void put_as_line(struct buf *b, enum incident_field f, struct str text)
{
    char line[INCIDENT_LINE_MAX];
    struct str from = cut_text(str_trim(text), sizeof line);

    if (!str_is_utf8(from))
        return;
    for (size_t i = 0; i < from.len; i++)
        line[i] = (unsigned char)from.at[i] < 0x20 || from.at[i] == 0x7f ? ' ' : from.at[i];
    from = str_trim(str_of(line, from.len));
    if (from.len)
        incident_put(b, f, from);
}

void put_as_text(struct buf *b, enum incident_field f, struct str text)
{
    struct str from = cut_text(str_trim(text), INCIDENT_TEXT_MAX);

    if (from.len && str_is_utf8(from))
        incident_put(b, f, from);
}
