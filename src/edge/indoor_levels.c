#include "edge/indoor_levels.h"

#include <stdio.h>

enum { THOUSAND = 1000 };

/* One number at the beginning of *rest, in thousandths. */
static enum levels_are take_number(struct str *rest, int32_t *out)
{
    static const int32_t scale[] = {1000, 100, 10, 1};
    size_t i = 0, digits = 0, decimals = 0;
    bool below = false, beyond = false;
    int32_t v = 0;

    if (i < rest->len && (rest->at[i] == '-' || rest->at[i] == '+'))
        below = rest->at[i++] == '-';
    for (; i < rest->len && rest->at[i] >= '0' && rest->at[i] <= '9'; i++, digits++) {
        v = v * 10 + (rest->at[i] - '0');
        beyond |= v > LEVEL_ORDINAL_MAX;
        v = beyond ? LEVEL_ORDINAL_MAX : v;
    }
    if (digits == 0)
        return LEVELS_UNCLEAR;
    v *= THOUSAND;
    if (i < rest->len && rest->at[i] == '.') {
        for (i++; i < rest->len && rest->at[i] >= '0' && rest->at[i] <= '9' && decimals < 3; i++)
            v += (rest->at[i] - '0') * scale[++decimals];
        if (decimals == 0)
            return LEVELS_UNCLEAR;
        while (i < rest->len && rest->at[i] == '0')
            i++;
    }
    *out = below ? -v : v;
    *rest = str_trim(str_from_at(*rest, i));
    return beyond || v > LEVEL_ORDINAL_MAX * THOUSAND ? LEVELS_BEYOND : LEVELS_READ;
}

static bool add(struct levels *l, int32_t level)
{
    size_t i = l->n;

    if (levels_have(l, level))
        return true;
    if (l->n == LEVELS_MAX)
        return false;
    for (; i > 0 && l->at[i - 1] > level; i--)
        l->at[i] = l->at[i - 1];
    l->at[i] = level;
    l->n++;
    return true;
}

static bool is_roof(struct str item)
{
    static const char *const words[] = {"roof", "Roof", "rooftop"};

    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_eq(item, str_from(words[i])))
            return true;
    return false;
}

static enum levels_are read_item(struct str item, struct levels *l)
{
    enum levels_are is = LEVELS_READ, a, b;
    int32_t from, to;

    if (is_roof(item))
        return add(l, LEVEL_ROOF) ? LEVELS_READ : LEVELS_BEYOND;
    a = take_number(&item, &from);
    if (a == LEVELS_UNCLEAR)
        return a;
    to = from;
    if (item.len && item.at[0] == '-') {
        item = str_trim(str_from_at(item, 1));
        b = take_number(&item, &to);
        if (b == LEVELS_UNCLEAR)
            return b;
        a = b == LEVELS_BEYOND ? b : a;
    }
    if (item.len)
        return LEVELS_UNCLEAR;
    if (a == LEVELS_BEYOND)
        return a;
    if (from > to) {
        int32_t x = from;

        from = to;
        to = x;
        is = LEVELS_MENDED;
    }
    for (int32_t v = from; v <= to; v += THOUSAND)
        if (!add(l, v))
            return LEVELS_BEYOND;
    return is;
}

enum levels_are levels_read(struct str text, struct levels *levels)
{
    struct levels read = *levels;
    enum levels_are all = LEVELS_READ;
    struct str rest = str_trim(text);

    if (rest.len == 0)
        return LEVELS_MISSING;
    while (rest.len) {
        size_t end = 0;
        struct str item;
        enum levels_are one;

        while (end < rest.len && rest.at[end] != ';' && rest.at[end] != ',')
            end++;
        item = str_trim(str_cut(rest, 0, end));
        /* "1,2" is not how it is written, "0;" and "0;;1" have an item too many: read, and said. */
        if ((end < rest.len && rest.at[end] == ',') || item.len == 0 || end + 1 == rest.len)
            all = LEVELS_MENDED;
        one = item.len ? read_item(item, &read) : LEVELS_MENDED;
        if (one != LEVELS_READ && one != LEVELS_MENDED)
            return one;
        all = one == LEVELS_MENDED ? one : all;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    if (read.n == 0)
        return LEVELS_UNCLEAR;
    *levels = read;
    return all;
}

bool levels_have(const struct levels *levels, int32_t level)
{
    for (size_t i = 0; i < levels->n; i++)
        if (levels->at[i] == level)
            return true;
    return false;
}

struct str level_text(int32_t level, char text[LEVEL_TEXT])
{
    int32_t part = level % THOUSAND < 0 ? -(level % THOUSAND) : level % THOUSAND;
    int n;

    if (level == LEVEL_ROOF)
        return STR("roof");
    n = part == 0 ? snprintf(text, LEVEL_TEXT, "%d", level / THOUSAND)
                  : snprintf(text, LEVEL_TEXT, "%s%d.%03d", level < 0 ? "-" : "",
                             level < 0 ? -(level / THOUSAND) : level / THOUSAND, part);
    MUST(n > 0 && n < LEVEL_TEXT);
    while (part && text[n - 1] == '0')
        n--;
    return str_of(text, (size_t)n);
}
