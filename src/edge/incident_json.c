#include "edge/incident_json.h"

#include "base/when.h"
#include "wire/cot.h"
#include "wire/number.h"

#include <inttypes.h>
#include <math.h>

enum { NAME_MAX_SHOWN = 64, WHOLE_EXACT = 1 << 30, NUMBER_MAX = 23 };
#define WHOLE_MAX INT64_C(999999999999999999) /* of str_to_int() */

static const char *const entity_ids[ENT_COUNT] = {
#define ENTITY(id, name, key, max, state) [ENT_##id] = #id,
#include "core/incident_entity.def"
#undef ENTITY
};

struct str incident_entity_word(enum entity_kind kind, char word[32])
{
    size_t n = 0;

    MUST(kind > ENT_NONE && kind < ENT_COUNT && strlen(entity_ids[kind]) < 32);
    for (const char *p = entity_ids[kind]; *p; p++)
        word[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    word[n] = 0;
    return str_of(word, n);
}

enum entity_kind incident_entity_of(struct str word)
{
    char own[32];

    for (unsigned k = ENT_NONE + 1; k < ENT_COUNT; k++)
        if (str_eq(incident_entity_word((enum entity_kind)k, own), word))
            return (enum entity_kind)k;
    return ENT_NONE;
}

/* In: JSON to a payload ----------------------------------------------------- */

struct taking {
    enum incident_field field;
    const struct field_info *info;
    struct buf *payload;
    struct err *e;
};

typedef bool take_fn(const struct taking *t, struct json_value v);

static bool wrong(const struct taking *t, const char *what)
{
    return err_set(t->e, ERR_INPUT, "%s: %s", t->info->name, what);
}

static bool take_text(const struct taking *t, struct json_value v)
{
    if (json_is(v) != JSON_TEXT)
        return wrong(t, "a text, please, in quotes");
    incident_put(t->payload, t->field, json_as_text(v));
    return true;
}

/* A whole number, also when it is written as 5.0. */
static bool whole(struct json_value v, int64_t most, int64_t *n)
{
    double d = json_as_number(v);

    *n = json_as_whole(v);
    if (json_is(v) == JSON_FRACTION && d >= 0 && d <= WHOLE_EXACT && floor(d) == d)
        *n = (int64_t)d;
    else if (json_is(v) != JSON_WHOLE)
        return false;
    return *n >= 0 && *n <= most && *n <= WHOLE_MAX;
}

static bool take_int(const struct taking *t, struct json_value v)
{
    int64_t n;

    if (!whole(v, t->info->of, &n))
        return err_set(t->e, ERR_INPUT, "%s: a whole number from 0 to %" PRId64 ", please", t->info->name, t->info->of);
    incident_put_int(t->payload, t->field, n);
    return true;
}

/* "d.ddE-n" of number_put() as plain decimals; what is not that stays as it is. */
static void without_exponent(struct buf *b, struct str s)
{
    size_t e = str_find_byte(s, 'E'), minus = s.at[0] == '-';
    int64_t power = 0;

    if (e == s.len || !str_to_int(str_from_at(s, e + 1), -400, -1, &power)) {
        buf_put(b, s);
        return;
    }
    buf_put(b, minus ? STR("-0.") : STR("0."));
    for (int64_t i = -1; i > power; i--)
        buf_byte(b, '0');
    buf_byte(b, s.at[minus]);
    if (!str_eq(str_cut(s, minus + 1, e), STR(".0")))
        buf_put(b, str_cut(s, minus + 2, e));
}

/* Of a number near zero 15 places behind the point, which is a millionth of a hair's width in degrees. */
static void rounded(double v, struct buf *b)
{
    char text[32];
    struct buf digits = buf_over(text, sizeof text);
    long long n = llround(fabs(v) * 1e15);
    struct str s;

    if (n == 0) {
        buf_byte(b, '0');
        return;
    }
    buf_fmt(&digits, "%015lld", n);
    s = buf_str(&digits);
    while (s.at[s.len - 1] == '0')
        s.len--;
    buf_fmt(b, "%s0.%.*s", v < 0 ? "-" : "", STR_ARG(s));
}

/* The shortest decimal text that reads back equal, as incident.c takes it: no exponent, no ".0".  What
 * would be longer than it takes is a number near zero with many digits; that one is rounded. */
static void decimal(double v, struct buf *b)
{
    char text[NUMBER_TEXT_MAX];
    struct buf shortest = buf_over(text, sizeof text);
    struct str s;

    number_put(&shortest, v);
    s = buf_str(&shortest);
    without_exponent(b, str_ends(s, STR(".0")) ? str_cut(s, 0, s.len - 2) : s);
    if (v == 0 || b->len > NUMBER_MAX) {
        b->len = 0;
        rounded(v, b);
    }
    MUST(!b->full && b->len <= NUMBER_MAX);
}

static bool take_number(const struct taking *t, struct json_value v)
{
    double d = json_as_number(v), most = (double)t->info->of;
    char text[512]; /* 5e-324 without its exponent */
    struct buf b = buf_over(text, sizeof text);

    if ((json_is(v) != JSON_WHOLE && json_is(v) != JSON_FRACTION) || !(d >= -most && d <= most))
        return err_set(t->e, ERR_INPUT, "%s: a number from -%" PRId64 " to %" PRId64 ", please", t->info->name,
                       t->info->of, t->info->of);
    decimal(d, &b);
    incident_put(t->payload, t->field, buf_str(&b));
    return true;
}

static bool take_time(const struct taking *t, struct json_value v)
{
    int64_t ms;

    if (json_is(v) != JSON_TEXT || !when_parse_zoned(json_as_text(v), &ms) || ms < 0)
        return wrong(t, "a time with its offset (RFC 3339), please, as 2026-02-17T19:12:00+05:00");
    incident_put_int(t->payload, t->field, ms);
    return true;
}

static bool take_bool(const struct taking *t, struct json_value v)
{
    if (json_is(v) != JSON_YES_NO)
        return wrong(t, "true or false, please");
    if (json_as_bool(v))
        incident_put(t->payload, t->field, STR("1"));
    return true;
}

static bool take_pair(const struct taking *t, struct json_value v)
{
    struct str name;
    struct json_value value;
    void *at = NULL;

    if (json_is(v) != JSON_IS_OBJECT)
        return wrong(t, "an object of words and whole numbers, please, as {\"police\": 2}");
    while (json_each(v, &at, &name, &value)) {
        char text[64];
        struct buf b = buf_over(text, sizeof text);
        int64_t n;

        if (word_index((enum words_id)t->info->of, name) < 0)
            return err_set(t->e, ERR_INPUT, "%s: \"%.*s\" is none of %s", t->info->name,
                           (int)(name.len < NAME_MAX_SHOWN ? name.len : NAME_MAX_SHOWN), name.at,
                           words_of((enum words_id)t->info->of));
        if (!whole(value, 1000000, &n))
            return err_set(t->e, ERR_INPUT, "%s: %.*s: a whole number from 0 to 1000000, please", t->info->name,
                           STR_ARG(name));
        buf_fmt(&b, "%.*s=%" PRId64, STR_ARG(name), n);
        MUST(!b.full);
        incident_put(t->payload, t->field, buf_str(&b));
    }
    return true;
}

/* Out: a payload's or an entity's values as JSON ------------------------------ */

typedef void put_fn(struct str v, struct buf *b);

static void put_text(struct str v, struct buf *b)
{
    buf_json(b, v);
}

static void put_int(struct str v, struct buf *b)
{
    int64_t n;

    if (str_to_int(v, INT64_MIN / 2, INT64_MAX / 2, &n))
        buf_fmt(b, "%" PRId64, n);
    else
        buf_put(b, STR("null"));
}

/* Decimals as they were written; JSON wants no needless zero in front. */
static void put_number(struct str v, struct buf *b)
{
    bool minus = str_starts(v, STR("-"));
    struct str left = str_from_at(v, minus), digits;
    size_t dot = str_find_byte(left, '.');
    bool zero = true, valid = dot > 0 && dot + 1 != left.len;

    for (size_t i = 0; i < left.len; i++) {
        valid &= i == dot || (left.at[i] >= '0' && left.at[i] <= '9');
        zero &= i == dot || left.at[i] == '0';
    }
    if (!valid || zero) {
        buf_put(b, valid ? STR("0") : STR("null"));
        return;
    }
    digits = left;
    while (digits.len > 1 && digits.at[0] == '0' && digits.at[1] != '.')
        digits = str_from_at(digits, 1);
    buf_put(b, minus ? STR("-") : STR(""));
    buf_put(b, digits);
}

static void put_time(struct str v, struct buf *b)
{
    int64_t ms;

    if (!str_to_int(v, INT64_MIN / 2, INT64_MAX / 2, &ms)) {
        buf_put(b, STR("null"));
        return;
    }
    buf_byte(b, '"');
    when_put(b, ms);
    buf_byte(b, '"');
}

static void put_bool(struct str v, struct buf *b)
{
    buf_put(b, str_eq(v, STR("1")) ? STR("true") : STR("false"));
}

/* "police=2" as a member. */
static void put_pair(struct str v, struct buf *b)
{
    size_t is = str_find_byte(v, '=');

    buf_json(b, str_cut(v, 0, is));
    buf_byte(b, ':');
    put_int(str_from_at(v, is < v.len ? is + 1 : is), b);
}

/* How each type is read and written. */
static const struct type {
    take_fn *take;
    put_fn *put;
} types[] = {
    [TYPE_LINE] = {take_text, put_text},       [TYPE_ID] = {take_text, put_text},
    [TYPE_TEXT] = {take_text, put_text},       [TYPE_INT] = {take_int, put_int},
    [TYPE_NUMBER] = {take_number, put_number}, [TYPE_TIME] = {take_time, put_time},
    [TYPE_BOOL] = {take_bool, put_bool},       [TYPE_GRADE] = {take_text, put_text},
    [TYPE_WORD] = {take_text, put_text},       [TYPE_PAIR] = {take_pair, put_pair},
    [TYPE_REF] = {take_text, put_text},
};
_Static_assert(COUNTOF(types) == TYPE_REF + 1, "one row a type");

static enum field_use use_in(const struct kind_info *k, enum incident_field f)
{
    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++)
        if (x->field == f)
            return x->use;
    return USE_END;
}

/* The field of a kind with that name in JSON; IN_NONE: it has none. */
static enum incident_field field_named(const struct kind_info *k, struct str name)
{
    enum incident_field key = k->entity ? entity_info(k->entity)->key : IN_NONE;

    for (unsigned f = 1; f < FIELD_TAGS; f++) {
        enum incident_field x = (enum incident_field)f;

        if (field_info(f)->name && str_eq(str_from(field_info(f)->name), name) &&
            (x == key || field_is_envelope(x) || use_in(k, x) != USE_END))
            return x;
    }
    return IN_NONE;
}

bool incident_may_set(enum incident_kind kind, enum incident_field f)
{
    static const enum incident_field servers[] = {IN_RECORDED_AT, IN_ACTOR, IN_INCIDENT, IN_EXERCISE};
    const struct kind_info *k = kind_info(kind);

    MUST(k->tag);
    if (f == IN_EXERCISE && use_in(k, f) != USE_END)
        return true;
    for (size_t i = 0; i < COUNTOF(servers); i++)
        if (servers[i] == f)
            return false;
    return field_is_envelope(f) || use_in(k, f) != USE_END || (k->entity && entity_info(k->entity)->key == f);
}

static bool take(const struct taking *t, struct json_value v)
{
    take_fn *take_one = types[t->info->type].take;

    if (json_is(v) == JSON_IS_NULL)
        return wrong(t, "null says nothing; leave it out");
    if (json_is(v) != JSON_LIST)
        return take_one(t, v);
    if (!t->info->many || t->info->type == TYPE_PAIR)
        return wrong(t, "one value, please, not a list");
    for (size_t i = 0; i < json_count(v); i++)
        if (!take_one(t, json_at(v, i)))
            return false;
    return true;
}

static bool take_all(enum incident_kind kind, struct json_value fields, struct buf *payload, struct err *e)
{
    struct taking t = {.payload = payload, .e = e};
    struct json_value v;
    struct str name;
    void *at = NULL;

    while (json_each(fields, &at, &name, &v)) {
        char shown[NAME_MAX_SHOWN];

        (void)str_copy(shown, sizeof shown, name);
        t.field = field_named(kind_info(kind), name);
        t.info = field_info((unsigned)t.field);
        if (!t.field)
            return err_set(e, ERR_INPUT, "%s: not a field of %s", shown, kind_info(kind)->tag);
        if (!incident_may_set(kind, t.field))
            return wrong(&t, "the server sets it");
        if (!take(&t, v))
            return false;
        if (payload->full)
            return err_set(e, ERR_INPUT, "%s: too much in one event; %zu bytes are the most", t.info->name,
                           payload->max);
    }
    return true;
}

bool incident_from_json(enum incident_kind kind, struct json_value fields, struct buf *payload, struct err *e)
{
    size_t before = payload->len;

    MUST(!payload->full);
    if (!kind_info(kind)->tag)
        return err_set(e, ERR_INPUT, "there is no such kind of event");
    if (json_is(fields) != JSON_IS_OBJECT)
        return err_set(e, ERR_INPUT, "fields: an object of names and values, please");
    if (take_all(kind, fields, payload, e))
        return true;
    payload->len = before;
    payload->full = false;
    return false;
}

/* Where values come from: an entity, or (e == 0) the payload of an event. */
struct source {
    const struct incident *s;
    uint32_t e;
    unsigned kind;
    struct str payload;
    const struct access *a;
};

struct walk {
    uint32_t at;
    struct str rest;
    enum incident_field field;
    struct str value;
};

static struct walk walk_of(const struct source *x)
{
    return (struct walk){.rest = x->payload};
}

/* The next value of a field, IN_NONE: of any. */
static bool next(const struct source *x, struct walk *w, enum incident_field f)
{
    enum field tag;

    if (x->e) {
        if (!ent_each(x->s, x->e, f, &w->at, &w->value))
            return false;
        w->field = ent_field_of(x->s, w->at);
        return true;
    }
    while (fields_next(&w->rest, &tag, &w->value)) {
        w->field = (enum incident_field)tag;
        if (f == IN_NONE || w->field == f)
            return true;
    }
    return false;
}

static bool sees(const struct source *x, enum incident_field f)
{
    if (!field_info((unsigned)f)->name)
        return false;
    if (!x->a)
        return true;
    return x->e ? access_sees(x->a, x->s, x->e, f) : access_sees_event(x->a, x->kind, x->payload, f);
}

/* Did this word of a PAIR come before?  An object names a member once. */
static bool named_before(const struct source *x, const struct walk *now)
{
    struct str word = str_cut(now->value, 0, str_find_byte(now->value, '='));
    struct walk w = walk_of(x);

    while (next(x, &w, now->field) && w.value.at != now->value.at)
        if (str_eq(str_cut(w.value, 0, str_find_byte(w.value, '=')), word))
            return true;
    return false;
}

/* All values of a field, w stands at its first. */
static void put_field(const struct source *x, struct walk w, struct buf *b)
{
    const struct field_info *i = field_info((unsigned)w.field);
    put_fn *put_one = types[i->type].put;
    bool pair = i->type == TYPE_PAIR, comma = false;

    if (!i->many) {
        put_one(w.value, b);
        return;
    }
    buf_byte(b, pair ? '{' : '[');
    do {
        if (pair && named_before(x, &w))
            continue;
        if (comma)
            buf_byte(b, ',');
        comma = true;
        put_one(w.value, b);
    } while (next(x, &w, w.field));
    buf_byte(b, pair ? '}' : ']');
}

/* {"name":value}, or from: {"name":SEQ}. */
static void put_fields(const struct source *x, bool from, struct buf *b)
{
    uint8_t done[FIELD_TAGS] = {0};
    struct walk w = walk_of(x);
    bool comma = false;

    buf_byte(b, '{');
    while (next(x, &w, IN_NONE)) {
        if (done[w.field] || !sees(x, w.field))
            continue;
        done[w.field] = 1;
        buf_put(b, comma ? STR(",\"") : STR("\""));
        buf_put(b, str_from(field_info((unsigned)w.field)->name));
        buf_put(b, STR("\":"));
        comma = true;
        if (from)
            buf_fmt(b, "%" PRIu64, ent_seq(x->s, x->e, w.field));
        else
            put_field(x, w, b);
    }
    buf_byte(b, '}');
}

void incident_event_json(unsigned kind, struct str payload, const struct access *a, struct buf *b)
{
    struct source x = {.kind = kind, .payload = payload, .a = a};

    put_fields(&x, false, b);
}

void incident_entity_json(const struct incident *s, uint32_t e, const struct access *a, bool cite, struct buf *b)
{
    struct source x = {.s = s, .e = e, .a = a};
    char word[32];

    MUST(e > 0);
    if (a && !access_sees_entity(a, s, e))
        return;
    buf_fmt(b, "{\"kind\":\"%.*s\",\"id\":", STR_ARG(incident_entity_word(ent_kind(s, e), word)));
    buf_json(b, ent_id(s, e));
    buf_fmt(b, ",\"made\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"fields\":", ent_made(s, e), ent_changed(s, e));
    put_fields(&x, false, b);
    if (cite) {
        buf_put(b, STR(",\"from\":"));
        put_fields(&x, true, b);
    }
    buf_byte(b, '}');
}

void incident_value_json(enum incident_field f, struct str v, struct buf *b)
{
    const struct field_info *i = field_info((unsigned)f);

    MUST(i->name);
    buf_put(b, !i->many ? STR("") : i->type == TYPE_PAIR ? STR("{") : STR("["));
    types[i->type].put(v, b);
    buf_put(b, !i->many ? STR("") : i->type == TYPE_PAIR ? STR("}") : STR("]"));
}
