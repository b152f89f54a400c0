#include "wire/detail.h"

#include <math.h>

/* ---- the six typed elements -------------------------------------------- */

enum { VALUE_TEXT, VALUE_NUMBER, VALUE_BATTERY };

/* One attribute that a typed message has, and where struct cot keeps it. */
struct typed_value {
    struct str name;
    size_t at;
    int what;
};

#define TEXT_AT(field) offsetof(struct cot, field), VALUE_TEXT

static const struct typed_row {
    struct str name;
    size_t is_at;
    struct typed_value value[4];
} rows[COT_TYPED] = {
    [COT_CONTACT] = {{"contact", 7}, offsetof(struct cot, contact.is),
        {{{"endpoint", 8}, TEXT_AT(contact.endpoint)}, {{"callsign", 8}, TEXT_AT(contact.callsign)}}},
    [COT_GROUP] = {{"__group", 7}, offsetof(struct cot, group.is),
        {{{"name", 4}, TEXT_AT(group.name)}, {{"role", 4}, TEXT_AT(group.role)}}},
    [COT_PRECISION] = {{"precisionlocation", 17}, offsetof(struct cot, precision.is),
        {{{"geopointsrc", 11}, TEXT_AT(precision.geopointsrc)},
         {{"altsrc", 6}, TEXT_AT(precision.altsrc)}}},
    [COT_STATUS] = {{"status", 6}, offsetof(struct cot, status.is),
        {{{"battery", 7}, offsetof(struct cot, status.battery_text), VALUE_BATTERY}}},
    [COT_TAKV] = {{"takv", 4}, offsetof(struct cot, takv.is),
        {{{"device", 6}, TEXT_AT(takv.device)}, {{"platform", 8}, TEXT_AT(takv.platform)},
         {{"os", 2}, TEXT_AT(takv.os)}, {{"version", 7}, TEXT_AT(takv.version)}}},
    [COT_TRACK] = {{"track", 5}, offsetof(struct cot, track.is),
        {{{"speed", 5}, offsetof(struct cot, track.speed), VALUE_NUMBER},
         {{"course", 6}, offsetof(struct cot, track.course), VALUE_NUMBER}}},
};

/* Which typed element has that name; COT_TYPED when none has. */
static size_t row_of(struct str name)
{
    for (size_t i = 0; i < COT_TYPED; i++)
        if (xml_same(name, rows[i].name))
            return i;
    return COT_TYPED;
}

/* Keeps one value; tells whether v1 can say it. */
static bool value_keep(struct cot *c, const struct typed_value *v, struct str text)
{
    char *at = (char *)c + v->at;

    if (v->what == VALUE_NUMBER) {
        struct cot_number number = {text, cot_number(text)};

        memcpy(at, &number, sizeof(number));
        return isfinite(number.value);
    }
    memcpy(at, &text, sizeof(text));
    if (v->what == VALUE_BATTERY) {
        int64_t battery = 0;
        bool fits = str_to_int(text, 0, INT32_MAX, &battery) && text.at[0] != '-';

        c->status.battery = (uint32_t)battery;
        return fits;
    }
    return true;
}

/* Keeps the values of the element at hand; tells whether its attributes are
 * those of the typed message and nothing else.  An empty optional endpoint
 * would not come back from v1, so it stays XML. */
static bool values_keep(const struct xml *x, size_t i, struct buf *scratch, struct cot *c)
{
    const struct typed_row *row = &rows[i];
    size_t known = 0, missing = 0;
    bool says = true;

    for (size_t k = 0; k < COUNTOF(row->value) && row->value[k].name.len > 0; k++) {
        const struct xml_attr *a = xml_attr(x, row->value[k].name);

        if (!a) {
            missing = k + 1;
            (void)value_keep(c, &row->value[k], (struct str){0});
            continue;
        }
        known++;
        says = value_keep(c, &row->value[k], xml_value(a, scratch)) && says;
        if (i == COT_CONTACT && k == 0 && a->value.len == 0)
            says = false;
    }
    if (!says || known != x->attr_count)
        return false;
    return i == COT_CONTACT ? missing != 2 : missing == 0;
}

/* The first of its name gives the values; v1 can say it only when it is the
 * only one and has nothing inside. */
static bool typed_read(struct xml *x, size_t i, struct buf *scratch, struct cot *c)
{
    const char *from = x->token;
    size_t depth = x->depth;
    bool says, first = (c->in_detail & 1u << i) == 0;
    enum xml_is what;

    if (first) {
        c->in_detail = (uint8_t)(c->in_detail | 1u << i);
        memcpy((char *)c + rows[i].is_at, &(bool){true}, sizeof(bool));
        says = values_keep(x, i, scratch, c);
    } else {
        c->typed[i].len = 0;
        says = false;
    }
    what = xml_next(x);
    if (what == XML_CLOSE && says) {
        c->typed[i].at = (uint32_t)(from - c->detail.at);
        c->typed[i].len = (uint32_t)(x->at - from);
    }
    while (what != XML_BAD && !(what == XML_CLOSE && x->depth < depth))
        what = xml_next(x);
    return what != XML_BAD;
}

/* ---- marti/dest -------------------------------------------------------- */

/* Goes to the end of the <marti> at hand; tells whether it has a dest, and
 * whether anything else that would have to stay. */
static bool marti_read(struct xml *x, bool *has_dest, bool *has_other)
{
    size_t inside = x->depth;

    *has_dest = false;
    *has_other = x->attr_count > 0;
    for (;;) {
        enum xml_is what = xml_next(x);

        if (what == XML_BAD)
            return false;
        if (what == XML_CLOSE && x->depth < inside)
            return true;
        if (what == XML_OPEN && x->depth == inside + 1 && xml_same(x->name, STR("dest"))) {
            *has_dest = true;
            if (!xml_skip(x))
                return false;
        } else if (what != XML_TEXT || !xml_is_space(x->text)) {
            *has_other = true;
        }
    }
}

bool detail_read(struct xml *x, struct buf *scratch, struct cot *c)
{
    size_t inside = x->depth;

    /* Offsets into detail are counted from here. */
    c->detail = str_of(x->at, 0);
    for (;;) {
        enum xml_is what = xml_next(x);
        bool has_dest, has_other;
        size_t i;

        if (what == XML_BAD)
            return false;
        if (what == XML_END || (what == XML_CLOSE && x->depth < inside))
            break;
        if (what != XML_OPEN)
            continue;
        i = row_of(x->name);
        if (i < COT_TYPED) {
            if (!typed_read(x, i, scratch, c))
                return false;
        } else if (xml_same(x->name, STR("marti"))) {
            if (!marti_read(x, &has_dest, &has_other))
                return false;
            c->has_dest = c->has_dest || has_dest;
        } else if (!xml_skip(x)) {
            return false;
        }
    }
    c->detail.len = (size_t)(x->token - c->detail.at);
    return true;
}

bool detail_is_whole(struct str content, struct err *e)
{
    size_t at = str_find(content, STR("</event>"));

    if (at < content.len)
        return err_set(e, ERR_INPUT, "the end of the event stands inside of it, at byte %zu", at);
    return true;
}

/* ---- writing detail ---------------------------------------------------- */

/* Writes [from, to) of detail without the cuts. */
static void put_run(struct str detail, const struct detail_cuts *cuts, size_t from, size_t to,
                    struct buf *b)
{
    for (size_t i = 0; cuts && i < cuts->count; i++) {
        if (cuts->cut[i].from < from || cuts->cut[i].to > to)
            continue;
        buf_put(b, str_cut(detail, from, cuts->cut[i].from));
        from = cuts->cut[i].to;
    }
    buf_put(b, str_cut(detail, from, to));
}

/* Writes one whole <marti>, which keeps something, without its dests.  Not
 * inline: two scanners are too much for one stack frame. */
__attribute__((noinline)) static void put_marti(struct str marti, struct buf *b)
{
    struct err ignored;
    size_t from = 0;
    bool ok;
    XML_ON_STACK(x);

    xml_over(&x, marti, 0, &ignored);
    ok = xml_next(&x) == XML_OPEN;
    while (ok) {
        enum xml_is what = xml_next(&x);

        if (what == XML_BAD || what == XML_END)
            break;
        if (what == XML_OPEN && x.depth == 2 && xml_same(x.name, STR("dest"))) {
            buf_put(b, str_cut(marti, from, (size_t)(x.token - marti.at)));
            ok = xml_skip(&x);
            from = (size_t)(x.at - marti.at);
        }
    }
    buf_put(b, str_from_at(marti, from));
}

/* As detail_put() with stripped.  Detail was found well-formed before; one that
 * a caller broke since stays as it is from there on. */
static void put_stripped(struct str detail, const struct detail_cuts *cuts, struct buf *b)
{
    struct err ignored;
    size_t from = 0;
    bool ok = true;
    XML_ON_STACK(x);

    xml_over(&x, detail, 2, &ignored);
    while (ok) {
        enum xml_is what = xml_next(&x);
        const char *begin = x.token;
        bool has_dest, has_other;

        if (what == XML_BAD || what == XML_END)
            break;
        if (what != XML_OPEN)
            continue;
        if (!xml_same(x.name, STR("marti"))) {
            ok = xml_skip(&x);
            continue;
        }
        ok = marti_read(&x, &has_dest, &has_other);
        if (!ok || !has_dest)
            continue;
        put_run(detail, cuts, from, (size_t)(begin - detail.at), b);
        if (has_other)
            put_marti(str_of(begin, (size_t)(x.at - begin)), b);
        from = (size_t)(x.at - detail.at);
    }
    put_run(detail, cuts, from, detail.len, b);
}

void detail_put(struct str detail, const struct detail_cuts *cuts, bool stripped, struct buf *b)
{
    if (stripped)
        put_stripped(detail, cuts, b);
    else
        put_run(detail, cuts, 0, detail.len, b);
}
