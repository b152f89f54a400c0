#include "edge/claims.h"

#include "base/when.h"
#include "edge/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What the file established so far: names in one of several spaces, each with a value. */
enum space {
    SPACE_NONE,
    SPACE_ROW, /* value: what became of it */
    SPACE_SOURCE, /* value: its kind, empty while no row told it */
    SPACE_AGENCY,
    SPACE_COMMAND, /* value: who commands the scope */
    SPACE_INCIDENT, /* what the file's own incident is called */
    SPACE_DEAD, /* a casualty by its tag, whose death nobody verified yet */
};

/* What became of a row. */
static const char row_report[] = "report", row_closure[] = "closure", row_responsibility[] = "responsibility",
                  row_record[] = "record", row_later[] = "later";

struct mark {
    enum space space;
    struct str name, value;
};

struct chunk {
    struct chunk *next;
    size_t used, size;
    char bytes[];
};

/* A command that is being made: its place in the buffer, and what is established once it is taken. */
struct made {
    enum incident_kind kind;
    size_t from, to;
    struct mark mark;
};

struct claims {
    struct claims_options options;
    struct claims_sums sums;
    const struct claims_to *to;
    bool is_open, exercise, was_implied;
    struct mark *marks; /* open addressing, a power of two */
    size_t places, marked;
    struct chunk *chunks;

    /* The row at hand. */
    struct claims_row row;
    const char *became;
    struct json_value json;
    bool taken[CLAIMS_MEMBERS_MAX];
    struct made made[CLAIMS_COMMANDS_MAX];
    size_t n;
    struct buf payload, note;
    char payload_bytes[INCIDENT_PAYLOAD_MAX], note_bytes[INCIDENT_TEXT_MAX];
};

static const struct hash_key mark_key = {5, 9};

/* Names ------------------------------------------------------------------- */

/* A copy that lives as long as c; empty when there is no memory. */
static struct str keep(struct claims *c, struct str s)
{
    enum { CHUNK = 64 * 1024 };
    struct chunk *k = c->chunks;
    char *at;

    if (!k || s.len > k->size - k->used) {
        size_t size = s.len > CHUNK ? s.len : CHUNK;

        k = malloc(sizeof *k + size);
        if (!k)
            return (struct str){0};
        *k = (struct chunk){.next = c->chunks, .size = size};
        c->chunks = k;
    }
    at = k->bytes + k->used;
    if (s.len)
        memcpy(at, s.at, s.len);
    k->used += s.len;
    return str_of(at, s.len);
}

static struct mark *place_of(struct mark *marks, size_t places, enum space space, struct str name)
{
    size_t at = (size_t)(hash_str(mark_key, name) + space) & (places - 1);

    while (marks[at].space && !(marks[at].space == space && str_eq(marks[at].name, name)))
        at = (at + 1) & (places - 1);
    return &marks[at];
}

static bool known(const struct claims *c, enum space space, struct str name, struct str *value)
{
    const struct mark *m = place_of(c->marks, c->places, space, name);

    if (value)
        *value = m->value;
    return m->space != SPACE_NONE;
}

static bool grow(struct claims *c)
{
    size_t places = c->places ? c->places * 2 : 1024;
    struct mark *marks = calloc(places, sizeof *marks);

    if (!marks)
        return false;
    for (size_t i = 0; i < c->places; i++)
        if (c->marks[i].space)
            *place_of(marks, places, c->marks[i].space, c->marks[i].name) = c->marks[i];
    free(c->marks);
    c->marks = marks;
    c->places = places;
    return true;
}

/* Establishes a name; false when there is no memory.  The name of a row is kept already. */
static bool establish(struct claims *c, struct mark m)
{
    struct mark *at;

    if (m.space == SPACE_NONE)
        return true;
    if (c->marked * 2 >= c->places && !grow(c))
        return false;
    at = place_of(c->marks, c->places, m.space, m.name);
    if (!at->space) {
        at->name = keep(c, m.name);
        if (at->name.len != m.name.len)
            return false;
        at->space = m.space;
        c->marked++;
    }
    at->value = keep(c, m.value);
    return at->value.len == m.value.len;
}

/* Saying ------------------------------------------------------------------ */

static void say_note(struct claims *c, const char *format, ...) PRINTF_LIKE(2, 3);
static void say_note(struct claims *c, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->sums.notes++;
    c->to->say(c->to->ctx, c->row.line, CLAIMS_NOTE, text);
}

/* "name: why"; always false. */
static bool refuse_member(struct err *e, const char *name, const char *why)
{
    return err_set(e, ERR_INPUT, "%s: %s", name, why);
}

/* Members ----------------------------------------------------------------- */

/* The member, and its place among the members; absent, null and an empty text are the same. */
static struct json_value member_at(const struct claims *c, const char *name, size_t *place)
{
    struct json_value v;
    struct str key;
    void *at = NULL;

    for (*place = 0; json_each(c->json, &at, &key, &v); ++*place)
        if (str_eq(key, str_from(name)))
            return v;
    return (struct json_value){0};
}

static bool is_given(struct json_value v)
{
    enum json_is is = json_is(v);

    return is != JSON_MISSING && is != JSON_IS_NULL && !(is == JSON_TEXT && str_trim(json_as_text(v)).len == 0);
}

/* Looks without taking. */
static struct json_value peek(const struct claims *c, const char *name)
{
    return json_get(c->json, name);
}

static bool has(const struct claims *c, const char *name)
{
    return is_given(peek(c, name));
}

/* A member that is spoken for is no leftover. */
static struct json_value take(struct claims *c, const char *name)
{
    size_t place;
    struct json_value v = member_at(c, name, &place);

    if (json_is(v) != JSON_MISSING)
        c->taken[place] = true;
    return v;
}

/* Any value as people read it. */
static void put_any(struct buf *b, struct json_value v)
{
    struct json_value inner;
    struct str key;
    void *at = NULL;
    size_t i = 0;

    switch (json_is(v)) {
    case JSON_MISSING:
    case JSON_IS_NULL: buf_put(b, STR("nothing")); return;
    case JSON_TEXT: buf_put(b, str_trim(json_as_text(v))); return;
    case JSON_WHOLE: buf_fmt(b, "%" PRId64, json_as_whole(v)); return;
    case JSON_FRACTION: buf_fmt(b, "%g", json_as_number(v)); return;
    case JSON_YES_NO: buf_fmt(b, json_as_bool(v) ? "yes" : "no"); return;
    case JSON_LIST:
        for (; i < json_count(v); i++) {
            buf_put(b, i ? STR(", ") : STR(""));
            put_any(b, json_at(v, i));
        }
        return;
    case JSON_IS_OBJECT:
        for (; json_each(v, &at, &key, &inner); i++) {
            buf_put(b, i ? STR(", ") : STR(""));
            buf_put(b, key);
            buf_put(b, STR(" "));
            put_any(b, inner);
        }
        return;
    }
}

/* Words ------------------------------------------------------------------- */

/* What people write for a word of ours. */
static const struct other_word {
    enum incident_field field;
    const char *said, *word;
} other_words[] = {
    {IN_TYPE, "complex-armed-attack", "complex-attack"}, {IN_OUTCOME, "killed", "dead"},
    {IN_OUTCOME, "arrested", "in-custody"},              {IN_OUTCOME, "captured", "in-custody"},
    {IN_OUTCOME, "surrendered", "in-custody"},           {IN_OUTCOME, "neutralized", "neutralised"},
    {IN_CASUALTY_STATUS, "dead", "died"},                {IN_CASUALTY_STATUS, "killed", "died"},
    {IN_AGENCY_KIND, "ambulance", "ems"},                {IN_AGENCY_KIND, "bomb-disposal", "eod"},
    {IN_AGENCY_KIND, "rescue", "sar"},                   {IN_PREDICATE, "remark", "note"},
};

/* Where another word is no reason to lose the row. */
static const struct word_for_all {
    enum incident_field field;
    const char *word;
} words_for_all[] = {
    {IN_TYPE, "other"},     {IN_SOURCE_KIND, "other"},        {IN_AGENCY_KIND, "other"},
    {IN_HAZARD_KIND, "other"}, {IN_CATEGORY, "uncategorised"}, {IN_CATEGORIES, "uncategorised"},
};

/* "Complex armed_attack" and "complex-armed-attack" are one word; cut off at size. */
static struct str plain_word(struct str said, char *to, size_t size)
{
    size_t n = 0;

    said = str_trim(said);
    for (; n < said.len && n < size; n++) {
        char x = said.at[n];

        to[n] = x >= 'A' && x <= 'Z' ? (char)(x | 0x20) : x == ' ' || x == '_' ? '-' : x;
    }
    return str_of(to, n);
}

/* The word of ours for what is said of a field; false: there is none. */
static bool word_for(struct claims *c, enum incident_field f, struct str said, struct str *out)
{
    const char *list = words_of((enum words_id)field_info((unsigned)f)->of);
    char text[64];
    struct str word = plain_word(said, text, sizeof text), rest;

    for (size_t i = 0; i < COUNTOF(other_words); i++)
        if (other_words[i].field == f && str_eq(word, str_from(other_words[i].said)))
            word = str_from(other_words[i].word);
    for (rest = str_from(list); rest.len;) {
        size_t end = str_find_byte(rest, ',');

        *out = str_cut(rest, 0, end);
        if (str_eq(*out, word))
            return true;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    for (size_t i = 0; i < COUNTOF(words_for_all); i++)
        if (words_for_all[i].field == f) {
            *out = str_from(words_for_all[i].word);
            say_note(c, "%s: \"%.*s\" is none of %s; taken as %s", field_info((unsigned)f)->name, STR_ARG(said), list,
                     words_for_all[i].word);
            return true;
        }
    return false;
}

/* Values ------------------------------------------------------------------ */

bool claims_time(struct str text, int64_t *ms)
{
    struct str s = str_trim(text);
    char sign = s.len > 6 ? s.at[s.len - 6] : 0;

    return s.len > 0 && (s.at[s.len - 1] == 'Z' || ((sign == '+' || sign == '-') && s.at[s.len - 3] == ':')) &&
           when_parse(s, ms);
}

static bool put_time(struct claims *c, enum incident_field f, struct json_value v, struct err *e)
{
    const char *name = field_info((unsigned)f)->name;
    int64_t ms;

    if (json_is(v) != JSON_TEXT || !claims_time(json_as_text(v), &ms))
        return refuse_member(e, name, "a time with its offset, please, as 2026-02-17T19:10:00+05:00");
    if (ms < 0)
        return refuse_member(e, name, "lies before 1970");
    incident_put_int(&c->payload, f, ms);
    return true;
}

static bool put_word(struct claims *c, enum incident_field f, struct json_value v, struct err *e)
{
    struct str word;

    if (json_is(v) != JSON_TEXT)
        return refuse_member(e, field_info((unsigned)f)->name, "a text, please");
    if (!word_for(c, f, json_as_text(v), &word))
        return err_set(e, ERR_INPUT, "%s: \"%.*s\" is none of %s", field_info((unsigned)f)->name,
                       (int)(json_as_text(v).len < 60 ? json_as_text(v).len : 60), json_as_text(v).at,
                       words_of((enum words_id)field_info((unsigned)f)->of));
    incident_put(&c->payload, f, word);
    return true;
}

/* {"police": 2, ...}: categories that are not ours are summed up as uncategorised. */
static bool put_pairs(struct claims *c, enum incident_field f, struct json_value v, struct err *e)
{
    enum { NAMES_MAX = 32 };
    struct str names[NAMES_MAX], key, word;
    int64_t counts[NAMES_MAX];
    struct json_value x;
    void *at = NULL;
    size_t n = 0, i;

    if (json_is(v) != JSON_IS_OBJECT)
        return refuse_member(e, field_info((unsigned)f)->name, "an object of numbers, please, as {\"police\": 2}");
    while (json_each(v, &at, &key, &x)) {
        if (!is_given(x))
            continue;
        if (json_is(x) != JSON_WHOLE || json_as_whole(x) < 0 || json_as_whole(x) > 1000000)
            return err_set(e, ERR_INPUT, "%s: \"%.*s\" needs a whole number from 0 to 1000000",
                           field_info((unsigned)f)->name, STR_ARG(str_cut(key, 0, key.len < 60 ? key.len : 60)));
        if (!word_for(c, f, key, &word))
            return refuse_member(e, field_info((unsigned)f)->name, "not a word");
        for (i = 0; i < n && !str_eq(names[i], word); i++)
            ;
        MUST(i < NAMES_MAX);
        names[i] = word;
        counts[i] = json_as_whole(x) + (i < n ? counts[i] : 0);
        n += i == n;
    }
    for (i = 0; i < n; i++) {
        char pair[96];
        struct buf b = buf_over(pair, sizeof pair);

        buf_fmt(&b, "%.*s=%" PRId64, STR_ARG(names[i]), counts[i]);
        incident_put(&c->payload, f, buf_str(&b));
    }
    return true;
}

static bool put_number(struct claims *c, enum incident_field f, struct json_value v, struct err *e)
{
    enum json_is is = json_is(v);
    bool whole = field_info((unsigned)f)->type == TYPE_INT;
    char text[64];
    struct buf b = buf_over(text, sizeof text);

    if (is != JSON_WHOLE && (whole || is != JSON_FRACTION))
        return refuse_member(e, field_info((unsigned)f)->name, whole ? "a whole number, please" : "a number, please");
    if (is == JSON_WHOLE)
        buf_fmt(&b, "%" PRId64, json_as_whole(v));
    else if (json_as_number(v) > -1e6 && json_as_number(v) < 1e6)
        buf_fmt(&b, "%.7f", json_as_number(v));
    else
        return refuse_member(e, field_info((unsigned)f)->name, "too large a number");
    incident_put(&c->payload, f, buf_str(&b));
    return true;
}

static bool put_text(struct claims *c, enum incident_field f, struct json_value v, struct err *e)
{
    char digits[32];
    struct buf b = buf_over(digits, sizeof digits);
    struct str s = str_trim(json_as_text(v));

    if (json_is(v) == JSON_WHOLE) {
        buf_fmt(&b, "%" PRId64, json_as_whole(v));
        s = buf_str(&b);
    } else if (json_is(v) != JSON_TEXT)
        return refuse_member(e, field_info((unsigned)f)->name, "a text, please");
    if (s.len)
        incident_put(&c->payload, f, s);
    return true;
}

/* One value of a field by the field's type. */
static bool put_one(struct claims *c, enum incident_field f, struct json_value v, struct err *e)
{
    if (!is_given(v))
        return true;
    switch (field_info((unsigned)f)->type) {
    case TYPE_TIME: return put_time(c, f, v, e);
    case TYPE_WORD: return put_word(c, f, v, e);
    case TYPE_PAIR: return put_pairs(c, f, v, e);
    case TYPE_INT:
    case TYPE_NUMBER: return put_number(c, f, v, e);
    case TYPE_BOOL:
        if (json_is(v) != JSON_YES_NO)
            return refuse_member(e, field_info((unsigned)f)->name, "true or false, please");
        if (json_as_bool(v))
            incident_put(&c->payload, f, STR("1"));
        return true;
    case TYPE_LINE:
    case TYPE_TEXT:
    case TYPE_ID:
    case TYPE_GRADE:
    case TYPE_REF: return put_text(c, f, v, e);
    }
    return true;
}

/* The value or the list of values of a member. */
static bool put_value(struct claims *c, enum incident_field f, struct json_value v, struct err *e)
{
    if (json_is(v) != JSON_LIST || !field_info((unsigned)f)->many)
        return put_one(c, f, v, e);
    for (size_t i = 0; i < json_count(v); i++)
        if (!put_one(c, f, json_at(v, i), e))
            return false;
    return true;
}

/* Commands of a row ------------------------------------------------------- */

static bool begin(struct claims *c, enum incident_kind kind, struct err *e)
{
    if (c->n == CLAIMS_COMMANDS_MAX)
        return err_set(e, ERR_FULL, "one row makes more than %d events", CLAIMS_COMMANDS_MAX);
    c->made[c->n++] = (struct made){.kind = kind, .from = c->payload.len};
    if (c->exercise)
        incident_put(&c->payload, IN_EXERCISE, STR("1"));
    return true;
}

static struct made *now_made(struct claims *c)
{
    MUST(c->n > 0);
    return &c->made[c->n - 1];
}

/* Was the field put into the command at hand? */
static bool was_put(struct claims *c, enum incident_field f)
{
    return fields_has(str_from_at(buf_str(&c->payload), now_made(c)->from), (enum field)f);
}

static void put_default(struct claims *c, enum incident_field f, struct str value)
{
    if (!was_put(c, f))
        incident_put(&c->payload, f, value);
}

static bool end(struct claims *c, struct mark mark, struct err *e)
{
    if (c->payload.full)
        return err_set(e, ERR_FULL, "more than %d bytes in one row", INCIDENT_PAYLOAD_MAX);
    now_made(c)->to = c->payload.len;
    now_made(c)->mark = mark;
    return true;
}

/* May a row set it?  Numbers of events mean nothing in a file, and the rest is set by whoever applies it. */
static bool is_in_kind(enum incident_kind kind, enum incident_field f)
{
    static const enum incident_field others[] = {IN_INCIDENT, IN_RECORDED_AT, IN_CAUSE, IN_SUPERSEDES, IN_EXERCISE};
    const struct kind_info *k = kind_info((unsigned)kind);

    for (size_t i = 0; i < COUNTOF(others); i++)
        if (others[i] == f)
            return false;
    if (k->entity && entity_info(k->entity)->key == f)
        return true;
    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++)
        if (x->field == f)
            return true;
    return field_is_envelope(f);
}

static enum incident_field field_named(struct str name)
{
    for (unsigned f = IN_INCIDENT; f < 256; f++)
        if (field_info(f)->name && str_eq(str_from(field_info(f)->name), name))
            return (enum incident_field)f;
    return IN_NONE;
}

/* A name in the file that is not the field's own. */
struct other_name {
    const char *name;
    enum incident_field field;
};

enum { OTHER_NAMES = 8 };

/* A second member for one field stays a leftover. */
static bool put_as(struct claims *c, const char *name, enum incident_field f, struct err *e)
{
    return !has(c, name) || !is_in_kind(now_made(c)->kind, f) || was_put(c, f) || put_value(c, f, take(c, name), e);
}

/* All members that are fields of the command's kind: first those with another name, then those with
 * the field's own.  What was put before stays. */
static bool put_members(struct claims *c, const struct other_name *names, struct err *e)
{
    enum incident_kind kind = now_made(c)->kind;
    struct json_value v;
    struct str key;
    void *at = NULL;

    for (size_t i = 0; names && i < OTHER_NAMES && names[i].name; i++)
        if (!put_as(c, names[i].name, names[i].field, e))
            return false;
    for (size_t place = 0; json_each(c->json, &at, &key, &v); place++) {
        enum incident_field f = field_named(key);

        if (f == IN_NONE || f == IN_NOTE || !is_in_kind(kind, f) || was_put(c, f))
            continue;
        c->taken[place] = true;
        if (!put_value(c, f, v, e))
            return false;
    }
    return true;
}

/* What nobody took: into the note where the kind has one, else told. */
static bool put_leftovers(struct claims *c, struct err *e)
{
    bool has_note = is_in_kind(now_made(c)->kind, IN_NOTE);
    struct json_value v;
    struct str key;
    void *at = NULL;

    for (size_t place = 0; json_each(c->json, &at, &key, &v); place++) {
        struct str shown = str_cut(key, 0, key.len < 60 ? key.len : 60);

        if (c->taken[place] || !is_given(v))
            continue;
        if (!has_note) {
            say_note(c, "\"%.*s\" has no place in %s and is left out", STR_ARG(shown),
                     kind_info((unsigned)now_made(c)->kind)->tag);
            continue;
        }
        buf_put(&c->note, c->note.len ? STR("\n") : STR(""));
        if (!str_eq(key, STR("note")))
            buf_fmt(&c->note, "%.*s: ", STR_ARG(key));
        put_any(&c->note, v);
    }
    if (c->note.full)
        return err_set(e, ERR_INPUT, "note: what is to be noted has more than %d bytes", INCIDENT_TEXT_MAX);
    if (c->note.len)
        incident_put(&c->payload, IN_NOTE, buf_str(&c->note));
    return true;
}

/* Ends the last command, which is what the row is about. */
static bool finish(struct claims *c, const char *became, struct mark mark, struct err *e)
{
    c->became = became;
    return put_leftovers(c, e) && end(c, mark, e);
}

/* Who said it is registered with the first thing that he says, and again when his kind is told later. */
static bool make_source(struct claims *c, struct err *e)
{
    struct json_value v = peek(c, "source"), kind = take(c, "source_kind");
    struct str name = str_trim(json_as_text(v)), before = {0}, word = {0};
    bool again;

    if (!is_given(v))
        return true;
    if (json_is(v) != JSON_TEXT)
        return refuse_member(e, "source", "a text, please");
    if (is_given(kind) && (json_is(kind) != JSON_TEXT || !word_for(c, IN_SOURCE_KIND, json_as_text(kind), &word)))
        return refuse_member(e, "source_kind", "a text, please");
    again = known(c, SPACE_SOURCE, name, &before);
    if (again && before.len && word.len && !str_eq(before, word))
        say_note(c, "source_kind: %.*s was %.*s before and stays it", STR_ARG(name), STR_ARG(before));
    if (again && (before.len || word.len == 0))
        return true;
    if (!begin(c, INC_SOURCE_REGISTERED, e))
        return false;
    incident_put(&c->payload, IN_SOURCE, name);
    incident_put(&c->payload, IN_SOURCE_KIND, word.len ? word : STR("other"));
    return end(c, (struct mark){SPACE_SOURCE, name, word}, e);
}

/* The sentence names the field; the file may have another name for it. */
static bool named(struct err *e, const char *name, const char *field)
{
    return strcmp(name, field) == 0 ? false : err_in(e, "%s", name);
}

/* From lo to hi; null is open, no hi at all is as much as lo. */
static bool put_range(struct claims *c, const char *lo_name, const char *hi_name, struct err *e)
{
    struct json_value lo = take(c, lo_name), hi = take(c, hi_name);

    if (!is_given(lo) && !is_given(hi))
        return err_set(e, ERR_INPUT, "%s: is needed", lo_name);
    if (!put_one(c, IN_LO, lo, e))
        return named(e, lo_name, "lo");
    put_default(c, IN_LO, STR("0"));
    if (is_given(hi))
        return put_one(c, IN_HI, hi, e) || named(e, hi_name, "hi");
    if (json_is(hi) == JSON_IS_NULL || json_as_bool(peek(c, "hi_open"))) {
        (void)take(c, "hi_open");
        incident_put(&c->payload, IN_OPEN, STR("1"));
        return true;
    }
    say_note(c, "%s is not there; taken as much as %s (null would be open)", hi_name, lo_name);
    return put_one(c, IN_HI, lo, e);
}

/* Rows of kind record ------------------------------------------------------ */

struct record_row;
typedef bool row_fn(struct claims *c, const struct record_row *r, struct err *e);

struct record_row {
    const char *word;
    enum incident_kind kind;
    enum incident_field id; /* has the row's id */
    row_fn *make;
    struct other_name names[OTHER_NAMES];
};

static bool make_plain(struct claims *c, const struct record_row *r, struct err *e)
{
    if (!begin(c, r->kind, e))
        return false;
    if (r->id)
        incident_put(&c->payload, r->id, c->row.id);
    return put_members(c, r->names, e) && finish(c, row_record, (struct mark){0}, e);
}

/* Any kind by its tag: a new entity without a name of its own has the row's id. */
static bool make_tagged(struct claims *c, const struct record_row *r, struct err *e)
{
    const struct kind_info *k = kind_info((unsigned)r->kind);
    bool makes = k->mode == MODE_MAKE;

    if (!begin(c, r->kind, e))
        return false;
    if (k->entity == ENT_INCIDENT)
        incident_put(&c->payload, IN_INCIDENT, c->options.incident);
    if (!put_members(c, NULL, e))
        return false;
    if (makes)
        put_default(c, entity_info(k->entity)->key, c->row.id);
    return finish(c, makes && k->entity == ENT_REPORT ? row_report : row_record, (struct mark){0}, e);
}

/* The first of its kind opens the incident; behind rows that opened one it says more of it. */
static bool make_incident(struct claims *c, const struct record_row *r, struct err *e)
{
    struct json_value said = take(c, "exercise");
    bool exercise = json_as_bool(said);

    if (is_given(said) && json_is(said) != JSON_YES_NO)
        return refuse_member(e, "exercise", "true or false, please");
    if (c->options.joins || (c->is_open && !c->was_implied))
        return err_set(e, ERR_DENIED, "the incident is open already");
    if (c->is_open && !exercise)
        say_note(c, "exercise: rows before this one opened an exercise, and it stays one");
    if (!c->is_open)
        c->exercise = exercise;
    if (!begin(c, c->is_open ? INC_INCIDENT_CHANGED : INC_INCIDENT_OPENED, e))
        return false;
    incident_put(&c->payload, IN_INCIDENT, c->options.incident);
    if (!put_members(c, r->names, e))
        return false;
    if (!c->is_open) {
        put_default(c, IN_NAME, c->row.id);
        put_default(c, IN_TYPE, STR("other"));
    }
    return finish(c, row_record, (struct mark){SPACE_INCIDENT, str_trim(json_as_text(peek(c, "name"))), {0}}, e);
}

/* It counts for the all-clear unless the file says that it does not. */
static bool make_structure(struct claims *c, const struct record_row *r, struct err *e)
{
    struct json_value inner = take(c, "inside_inner_cordon");

    if (is_given(inner) && json_is(inner) != JSON_YES_NO)
        return refuse_member(e, "inside_inner_cordon", "true or false, please");
    if (!begin(c, r->kind, e))
        return false;
    if (!is_given(inner) || json_as_bool(inner))
        incident_put(&c->payload, IN_INNER, STR("1"));
    if (!put_as(c, "structure", IN_STRUCTURE, e))
        return false;
    if (!was_put(c, IN_STRUCTURE) && !put_value(c, IN_STRUCTURE, peek(c, "name"), e))
        return false;
    return put_members(c, r->names, e) && finish(c, row_record, (struct mark){0}, e);
}

static bool make_checkin(struct claims *c, const struct record_row *r, struct err *e)
{
    struct json_value agency = peek(c, "agency"), kind = take(c, "agency_kind");
    struct str name = str_trim(json_as_text(agency));

    if (name.len && !known(c, SPACE_AGENCY, name, NULL)) {
        if (!begin(c, INC_AGENCY_JOINED, e))
            return false;
        incident_put(&c->payload, IN_AGENCY, name);
        incident_put(&c->payload, IN_NAME, name);
        if (!put_word(c, IN_AGENCY_KIND, is_given(kind) ? kind : agency, e) ||
            !end(c, (struct mark){SPACE_AGENCY, name, {0}}, e))
            return false;
    }
    return make_plain(c, r, e);
}

/* Command is assumed once; a second row of the same scope hands it over, several names form a unified one. */
static bool make_command(struct claims *c, const struct record_row *r, struct err *e)
{
    static const struct other_name of_transfer[OTHER_NAMES] = {{"text", IN_BRIEFING}};
    struct json_value who = take(c, "who");
    bool several = json_is(who) == JSON_LIST && json_count(who) > 1;
    struct str scope = str_trim(json_as_text(peek(c, "scope"))), holder = {0};
    struct str next = str_trim(json_as_text(json_is(who) == JSON_LIST ? json_at(who, 0) : who));
    bool transfer;

    scope = scope.len ? scope : STR("incident");
    if (next.len == 0)
        return refuse_member(e, "who", "is needed");
    transfer = known(c, SPACE_COMMAND, scope, &holder) && !several;
    if (transfer && str_eq(holder, next))
        return err_set(e, ERR_DENIED, "who: %.*s commands \"%.*s\" already", STR_ARG(next), STR_ARG(scope));
    if (!begin(c, transfer ? INC_COMMAND_TRANSFERRED : several ? INC_UNIFIED_FORMED : r->kind, e))
        return false;
    incident_put(&c->payload, IN_SCOPE, scope);
    (void)take(c, "scope");
    if (!put_value(c, transfer ? IN_TO : IN_COMMANDER, who, e))
        return false;
    if (transfer)
        incident_put(&c->payload, IN_FROM, holder);
    if (!put_members(c, transfer ? of_transfer : r->names, e))
        return false;
    if (transfer)
        put_default(c, IN_BRIEFING, STR("not recorded"));
    return finish(c, row_record, (struct mark){SPACE_COMMAND, scope, next}, e);
}

static bool is_making(const struct claims *c, enum incident_kind kind)
{
    return c->n > 0 && c->made[c->n - 1].kind == kind;
}

/* A group of occupants for each number that the row gives. */
static bool make_occupants(struct claims *c, const struct record_row *r, struct err *e)
{
    static const char *const groups[] = {"staff", "residents", "children", "visitors", "all", "count"};

    for (size_t i = 0; i < COUNTOF(groups); i++) {
        char id[INCIDENT_ID_MAX + 16];
        struct buf b = buf_over(id, sizeof id);

        if (!has(c, groups[i]))
            continue;
        if (is_making(c, r->kind) && !end(c, (struct mark){0}, e))
            return false;
        buf_fmt(&b, "%.*s-%s", STR_ARG(c->row.id), groups[i]);
        if (!begin(c, r->kind, e))
            return false;
        incident_put(&c->payload, IN_OCCUPANTS, buf_str(&b));
        if (!put_value(c, IN_COUNT, take(c, groups[i]), e))
            return err_in(e, "%s", groups[i]);
        if (i + 1 < COUNTOF(groups))
            incident_put(&c->payload, IN_OCCUPANT, str_from(groups[i]));
        if (!put_members(c, r->names, e))
            return false;
        put_default(c, IN_OCCUPANT, STR("all"));
    }
    if (!is_making(c, r->kind))
        return err_set(e, ERR_INPUT, "staff, residents, children, visitors, all or count: a number is needed");
    return finish(c, row_record, (struct mark){0}, e);
}

static bool by_clinician(const struct claims *c)
{
    char word[16];
    struct json_value role = has(c, "by_role") ? peek(c, "by_role") : peek(c, "role");

    return str_eq(plain_word(json_as_text(role), word, sizeof word), STR("clinician"));
}

/* Only a clinician records a death.  A file that calls one verified and leaves out by whom is believed for
 * an incident of its own, never for one that is live. */
static bool is_death_of_nobody(const struct claims *c)
{
    return !c->options.joins && !has(c, "by_role") && !has(c, "role") && json_as_bool(peek(c, "verified"));
}

/* Of the word in `status`: injured is no station on a casualty's way, but how it was found. */
static bool take_status(struct claims *c, bool *injured, struct str *status, struct err *e)
{
    struct json_value v = take(c, "status");
    char word[16];

    *status = (struct str){0};
    *injured = str_eq(plain_word(json_as_text(v), word, sizeof word), STR("injured"));
    if (*injured || !is_given(v))
        return true;
    if (!word_for(c, IN_CASUALTY_STATUS, json_as_text(v), status))
        return err_set(e, ERR_INPUT, "status: is none of injured,%s", words_of(WORDS_CASUALTY_STATUS));
    if (str_eq(*status, STR("died")) && !by_clinician(c) && !is_death_of_nobody(c))
        return refuse_member(e, "by_role", "only a clinician records a death");
    if (str_eq(*status, STR("died")) && !by_clinician(c))
        say_note(c, "by_role is not there; a death that is verified is taken as a clinician's word");
    return true;
}

static void put_status(struct claims *c, struct str status)
{
    incident_put(&c->payload, IN_CASUALTY_STATUS, status);
    if (str_eq(status, STR("died")) && is_death_of_nobody(c))
        incident_put(&c->payload, IN_ROLE, STR("clinician"));
}

static bool is_doubted(const struct claims *c)
{
    return json_is(peek(c, "verified")) == JSON_YES_NO && !json_as_bool(peek(c, "verified"));
}

/* "verified": false, said of what becomes of somebody: the record counts no more until it is verified again.
 * It comes last, so that a change that is refused leaves the record as it was. */
static bool make_doubt(struct claims *c, const struct record_row *r, struct err *e)
{
    if (!end(c, (struct mark){0}, e) || !begin(c, INC_CASUALTY_DOUBTED, e) || !put_members(c, r->names, e))
        return false;
    put_default(c, IN_REASON, STR("reported without being verified"));
    return true;
}

/* The tag of somebody who dies by this row. */
static struct str tag_of(const struct claims *c)
{
    return str_trim(json_as_text(has(c, "tag") ? peek(c, "tag") : peek(c, "casualty")));
}

static struct mark mark_of_death(const struct claims *c, struct str status)
{
    bool is_open = str_eq(status, STR("died")) && !json_as_bool(peek(c, "verified"));

    return is_open ? (struct mark){SPACE_DEAD, tag_of(c), {0}} : (struct mark){0};
}

/* A death that was told before is verified by the row that says so: it is no second one. */
static bool is_told_death(const struct claims *c, struct str status)
{
    return str_eq(status, STR("died")) && json_as_bool(peek(c, "verified")) && known(c, SPACE_DEAD, tag_of(c), NULL);
}

/* What a row says about a casualty that is there. */
static bool make_casualty_status(struct claims *c, const struct record_row *r, struct err *e)
{
    static const struct other_name of_death[OTHER_NAMES] = {
        {"tag", IN_CASUALTY}, {"by_role", IN_ROLE}, {"at", IN_DIED_AT}, {"as_of", IN_DIED_AT}};
    struct str status;
    bool injured;

    if (!take_status(c, &injured, &status, e))
        return false;
    if (is_told_death(c, status))
        status = (struct str){0};
    if (status.len == 0 && !json_as_bool(peek(c, "verified")))
        return refuse_member(e, "status", "is needed, or verified true");
    if (!begin(c, status.len ? r->kind : INC_CASUALTY_VERIFIED, e))
        return false;
    if (status.len)
        put_status(c, status);
    if (!put_members(c, str_eq(status, STR("died")) ? of_death : r->names, e))
        return false;
    if (injured)
        put_default(c, IN_WAS_INJURED, STR("1"));
    if (status.len == 0)
        put_default(c, IN_BY, STR("not recorded"));
    return (!is_doubted(c) || make_doubt(c, r, e)) && finish(c, row_record, mark_of_death(c, status), e);
}

/* A casualty, and its status where it has one already. */
static bool make_casualty(struct claims *c, const struct record_row *r, struct err *e)
{
    struct str status;
    bool injured;

    if (!take_status(c, &injured, &status, e) || !begin(c, r->kind, e) || !put_members(c, r->names, e))
        return false;
    put_default(c, IN_CATEGORY, STR("uncategorised"));
    if (injured)
        put_default(c, IN_WAS_INJURED, STR("1"));
    if (status.len == 0 || str_eq(status, STR("reported")))
        return finish(c, row_record, (struct mark){0}, e);
    if (!end(c, (struct mark){0}, e) || !begin(c, INC_CASUALTY_STATUS_SET, e))
        return false;
    put_status(c, status);
    return put_members(c, r->names, e) && finish(c, row_record, mark_of_death(c, status), e);
}

/* A word that only the commander has; without a name it is the one of now. */
static bool make_commanders(struct claims *c, const struct record_row *r, struct err *e)
{
    struct str who = {0};

    if (!begin(c, r->kind, e) || !put_as(c, "by", IN_ACTOR, e) || !put_members(c, r->names, e))
        return false;
    put_default(c, IN_ROLE, STR("commander"));
    if (known(c, SPACE_COMMAND, STR("incident"), &who))
        put_default(c, IN_ACTOR, who);
    return finish(c, row_record, (struct mark){0}, e);
}

/* What stands behind `record`; any tag of incident.def can stand there, too. */
static const struct record_row record_rows[] = {
    {"incident", INC_INCIDENT_OPENED, IN_NONE, make_incident, {{"start", IN_START_AT}, {"end", IN_END_AT}}},
    {"structure", INC_STRUCTURE_DEFINED, IN_NONE, make_structure, {{"label_scheme", IN_SCHEME}}},
    {"occupants", INC_OCCUPANCY_ESTIMATED, IN_NONE, make_occupants, {{NULL, IN_NONE}}},
    {"command", INC_COMMAND_ASSUMED, IN_NONE, make_command, {{NULL, IN_NONE}}},
    {"checkin", INC_UNIT_CHECKED_IN, IN_NONE, make_checkin, {{NULL, IN_NONE}}},
    {"linked", INC_INCIDENT_LINKED, IN_LINK, make_plain, {{"dir", IN_DIRECTION}}},
    {"threat_level", INC_THREAT_LEVEL_SET, IN_NONE, make_plain,
     {{"scope", IN_LEVEL_SCOPE}, {"level", IN_THREAT_LEVEL}}},
    {"casualty", INC_CASUALTY_REPORTED, IN_NONE, make_casualty,
     {{"tag", IN_CASUALTY}, {"found", IN_PLACE}, {"by_role", IN_ROLE}}},
    {"casualty_status", INC_CASUALTY_STATUS_SET, IN_NONE, make_casualty_status,
     {{"tag", IN_CASUALTY}, {"by_role", IN_ROLE}, {"at", IN_OBSERVED_AT}, {"as_of", IN_OBSERVED_AT}}},
    {"threat", INC_THREAT_REPORTED, IN_NONE, make_tagged, {{NULL, IN_NONE}}},
    {"threat_outcome", INC_THREAT_ACCOUNTED, IN_NONE, make_plain,
     {{"place_as_spoken", IN_AS_SPOKEN}, {"place", IN_AS_SPOKEN}}},
    {"commitment", INC_COMMITMENT_MADE, IN_COMMITMENT, make_plain, {{"due", IN_DUE_AT}}},
    {"political_statement", INC_MEDIA_LOGGED, IN_MEDIA, make_plain, {{NULL, IN_NONE}}},
    {"detonation", INC_DETONATION_REPORTED, IN_DETONATION, make_plain,
     {{"place_as_spoken", IN_AS_SPOKEN}, {"place", IN_AS_SPOKEN}}},
    {"discounted", INC_CLAIM_DISCOUNTED, IN_NONE, make_commanders, {{NULL, IN_NONE}}},
    {"accepted", INC_FIGURE_ACCEPTED, IN_NONE, make_commanders, {{NULL, IN_NONE}}},
};

static bool make_record(struct claims *c, struct err *e)
{
    struct json_value v = take(c, "record");
    char text[64];
    struct str said = str_trim(json_as_text(v)), word = plain_word(said, text, sizeof text);
    struct record_row tagged = {.kind = incident_kind_of(said), .make = make_tagged};

    if (has(c, "claim"))
        return err_set(e, ERR_INPUT, "record and claim in one row: it is the one or the other");
    for (size_t i = 0; i < COUNTOF(record_rows); i++) {
        char name[64];

        if (str_eq(plain_word(str_from(record_rows[i].word), name, sizeof name), word))
            return record_rows[i].make(c, &record_rows[i], e);
    }
    if (tagged.kind == INC_INCIDENT_OPENED)
        return make_incident(c, &record_rows[0], e);
    if (tagged.kind != INC_NONE)
        return make_tagged(c, &tagged, e);
    return err_set(e, ERR_INPUT, "record: \"%.*s\" is no kind of record that is known here",
                   STR_ARG(str_cut(said, 0, said.len < 60 ? said.len : 60)));
}

/* Claims ------------------------------------------------------------------- */

static void put_grade(struct claims *c)
{
    if (was_put(c, IN_GRADE))
        return;
    incident_put(&c->payload, IN_GRADE, STR("F6"));
    say_note(c, "grade is not there; taken as F6, which cannot be judged");
}

static bool make_count(struct claims *c, struct err *e)
{
    static const struct other_name names[OTHER_NAMES] = {{"place_as_spoken", IN_AS_SPOKEN}};

    (void)take(c, "claim");
    if (!begin(c, INC_COUNT_CLAIMED, e))
        return false;
    incident_put(&c->payload, IN_REPORT, c->row.id);
    if (!put_range(c, "lo", "hi", e) || !put_members(c, names, e) || !put_as(c, "reported_at", IN_AS_OF, e))
        return false;
    if (!was_put(c, IN_AS_OF))
        incident_put_int(&c->payload, IN_AS_OF, c->row.recorded_ms);
    put_grade(c);
    return finish(c, row_report, (struct mark){0}, e);
}

static bool make_responsibility(struct claims *c, struct err *e)
{
    if (!begin(c, INC_RESPONSIBILITY_CLAIMED, e))
        return false;
    incident_put(&c->payload, IN_RESPONSIBILITY, c->row.id);
    if (!put_members(c, NULL, e))
        return false;
    put_grade(c);
    return finish(c, row_responsibility, (struct mark){0}, e);
}

static bool source_closes_roads(const struct claims *c)
{
    struct str kind = {0};

    for (size_t i = 0; i < c->n; i++)
        if (c->made[i].kind == INC_SOURCE_REGISTERED)
            kind = c->made[i].mark.value;
    if (kind.len == 0)
        (void)known(c, SPACE_SOURCE, str_trim(json_as_text(peek(c, "source"))), &kind);
    return str_eq(kind, STR("responder")) || str_eq(kind, STR("commander"));
}

/* Who closes roads says so: the closure is there, and the claim beside it. */
static bool make_closure(struct claims *c, struct err *e)
{
    if (!begin(c, INC_CLOSURE_SET, e))
        return false;
    incident_put(&c->payload, IN_CLOSURE, c->row.id);
    return put_members(c, NULL, e) && end(c, (struct mark){0}, e);
}

static bool make_claim(struct claims *c, struct err *e)
{
    static const struct other_name names[OTHER_NAMES] = {
        {"who", IN_BY}, {"as_of", IN_REPORTED_AT}, {"place_as_spoken", IN_AS_SPOKEN}};
    struct json_value v = take(c, "claim");
    struct str said = str_trim(json_as_text(v)), predicate;
    char text[32];
    bool closes;

    if (str_eq(plain_word(said, text, sizeof text), STR("responsibility")))
        return make_responsibility(c, e);
    if (!word_for(c, IN_PREDICATE, said, &predicate))
        return err_set(e, ERR_INPUT, "claim: \"%.*s\" is none of responsibility,%s",
                       STR_ARG(str_cut(said, 0, said.len < 60 ? said.len : 60)), words_of(WORDS_PREDICATE));
    if (str_eq(predicate, STR("count")))
        return make_count(c, e);
    closes = str_eq(predicate, STR("closure")) && source_closes_roads(c);
    if (closes && !make_closure(c, e))
        return false;
    if (!begin(c, INC_REPORT_RECEIVED, e))
        return false;
    incident_put(&c->payload, IN_REPORT, c->row.id);
    incident_put(&c->payload, IN_PREDICATE, predicate);
    if (str_eq(predicate, STR("duration")) &&
        !(has(c, "minutes_lo") || has(c, "minutes_hi") ? put_range(c, "minutes_lo", "minutes_hi", e)
                                                       : put_range(c, "lo", "hi", e)))
        return false;
    if (!put_members(c, names, e))
        return false;
    put_grade(c);
    return finish(c, closes ? row_closure : row_report, (struct mark){0}, e);
}

enum { ID_TEXT = 32 };

/* An id is a text or a whole number, which is written into text; empty when it is neither. */
static struct str id_of(struct json_value v, char text[ID_TEXT])
{
    struct buf b = buf_over(text, ID_TEXT);

    if (json_is(v) != JSON_WHOLE)
        return str_trim(json_as_text(v));
    buf_fmt(&b, "%" PRId64, json_as_whole(v));
    return buf_str(&b);
}

/* Takes one claim back, by what became of it. */
static bool make_withdrawal_of(struct claims *c, struct json_value v, struct err *e)
{
    static const struct other_name names[OTHER_NAMES] = {{"text", IN_REASON}, {"why", IN_REASON}};
    char text[ID_TEXT];
    struct str id = id_of(v, text), became;

    if (id.len == 0)
        return refuse_member(e, "withdraws", "the id of a claim, please");
    if (!known(c, SPACE_ROW, id, &became))
        return err_set(e, ERR_MISSING, "withdraws: there is no row \"%.*s\" before this one",
                       STR_ARG(str_cut(id, 0, id.len < 128 ? id.len : 128)));
    if (str_eq(became, str_from(row_record)))
        return err_set(e, ERR_DENIED, "withdraws: \"%.*s\" is a record of the centre, no claim", STR_ARG(id));
    if (str_eq(became, str_from(row_later)))
        return true;
    if (str_eq(became, str_from(row_closure))) {
        if (!begin(c, INC_CLOSURE_LIFTED, e))
            return false;
        incident_put(&c->payload, IN_CLOSURE, id);
        incident_put(&c->payload, IN_REASON, STR("the claim was withdrawn"));
        if (!end(c, (struct mark){0}, e))
            return false;
    }
    if (str_eq(became, str_from(row_responsibility))) {
        if (!begin(c, INC_RESPONSIBILITY_ASSESSED, e))
            return false;
        incident_put(&c->payload, IN_RESPONSIBILITY, id);
        incident_put(&c->payload, IN_ROLE, STR("intelligence"));
    } else {
        if (!begin(c, INC_REPORT_WITHDRAWN, e))
            return false;
        incident_put(&c->payload, IN_REPORT, id);
    }
    if (!put_as(c, "reason", IN_REASON, e) || !put_members(c, names, e))
        return false;
    put_default(c, IN_REASON, STR("the claim was withdrawn"));
    return end(c, (struct mark){0}, e);
}

/* Such a row says nothing else; more in it is told. */
static bool make_withdrawal(struct claims *c, struct err *e)
{
    struct json_value v = take(c, "withdraws");
    bool list = json_is(v) == JSON_LIST;

    for (size_t i = 0; i < (list ? json_count(v) : 1); i++)
        if (!make_withdrawal_of(c, list ? json_at(v, i) : v, e))
            return false;
    c->became = row_record;
    return c->n == 0 || (put_leftovers(c, e) && end(c, (struct mark){0}, e));
}

/* Rows --------------------------------------------------------------------- */

/* A claim may say which incident it is about: one about another incident is not counted in this one.  The names of
 * this one are its id, its name, and the row that opened it. */
static bool is_about_us(struct claims *c, struct err *e)
{
    struct json_value v = take(c, "incident");
    struct str said = str_trim(json_as_text(v)), became;

    if (!is_given(v))
        return true;
    if (json_is(v) != JSON_TEXT)
        return refuse_member(e, "incident", "a text, please");
    return str_eq(said, c->options.incident) || known(c, SPACE_INCIDENT, said, NULL) ||
           (known(c, SPACE_ROW, said, &became) && str_eq(became, str_from(row_record))) ||
           err_set(e, ERR_DENIED, "incident: this is about \"%.*s\", not about this incident",
                   STR_ARG(str_cut(said, 0, said.len < 60 ? said.len : 60)));
}

static bool make(struct claims *c, struct err *e)
{
    struct str counter = json_as_text(peek(c, "counter")), word;

    if (has(c, "withdraws"))
        return make_source(c, e) && make_withdrawal(c, e);
    if (has(c, "record"))
        return make_source(c, e) && make_record(c, e);
    if (!is_about_us(c, e))
        return false;
    if (has(c, "claim"))
        return make_source(c, e) && make_claim(c, e);
    if (!has(c, "counter"))
        return err_set(e, ERR_INPUT, "one of record, counter, claim and withdraws is needed");
    if (!word_for(c, IN_COUNTER, counter, &word))
        return err_set(e, ERR_INPUT, "counter: \"%.*s\" is none of %s",
                       STR_ARG(str_cut(counter, 0, counter.len < 60 ? counter.len : 60)), words_of(WORDS_COUNTER));
    return make_source(c, e) && make_count(c, e);
}

/* The exercise that a file without an incident row is about. */
static bool open_implied(struct claims *c, struct err *e)
{
    struct claims_row none = {.line = c->row.line, .recorded_ms = c->row.recorded_ms};
    char bytes[512];
    struct buf b = buf_over(bytes, sizeof bytes);
    struct incident_command open = {.kind = INC_INCIDENT_OPENED, .now_ms = c->row.recorded_ms};

    incident_put(&b, IN_INCIDENT, c->options.incident);
    incident_put(&b, IN_NAME, STR("Exercise without a name"));
    incident_put(&b, IN_TYPE, STR("other"));
    incident_put(&b, IN_EXERCISE, STR("1"));
    MUST(!b.full);
    open.payload = buf_str(&b);
    if (!c->to->command(c->to->ctx, &none, &open, e))
        return false;
    c->is_open = c->was_implied = true;
    return true;
}

static bool hand_over(struct claims *c, struct err *e)
{
    bool opens = c->n > 0 && c->made[c->n - 1].kind == INC_INCIDENT_OPENED;

    if (!c->is_open && !opens && c->n > 0 && !open_implied(c, e))
        return false;
    for (size_t i = 0; i < c->n; i++) {
        struct incident_command one = {c->made[i].kind, str_cut(buf_str(&c->payload), c->made[i].from, c->made[i].to),
                                       c->row.recorded_ms};

        if (!c->to->command(c->to->ctx, &c->row, &one, e))
            return false;
        if (!establish(c, c->made[i].mark))
            return err_set(e, ERR_FULL, "no memory for more names");
    }
    if (opens)
        c->is_open = true;
    else if (c->n > 0)
        c->was_implied &= c->made[c->n - 1].kind != INC_INCIDENT_CHANGED;
    return true;
}

/* What every row has: an id that is new and when it was recorded. */
static bool take_envelope(struct claims *c, struct err *e)
{
    struct json_value id = take(c, "id"), when = take(c, "recorded_at");
    char text[ID_TEXT];
    struct buf b = buf_over(text, sizeof text);
    struct str name = id_of(id, text);

    if (json_is(when) != JSON_TEXT || !claims_time(json_as_text(when), &c->row.recorded_ms))
        return refuse_member(e, "recorded_at", "a time with its offset is needed, as 2026-02-17T19:10:00+05:00");
    if (c->row.recorded_ms < 0)
        return refuse_member(e, "recorded_at", "lies before 1970");
    if (is_given(id) && name.len == 0)
        return refuse_member(e, "id", "a text, please");
    if (name.len == 0) {
        buf_fmt(&b, "line-%zu", c->row.line);
        name = buf_str(&b);
    }
    if (name.len > INCIDENT_ID_MAX)
        return err_set(e, ERR_INPUT, "id: %d bytes are the most", INCIDENT_ID_MAX);
    if (known(c, SPACE_ROW, name, NULL))
        return err_set(e, ERR_DENIED, "id: there is a row \"%.*s\" before this one", STR_ARG(name));
    c->row.id = keep(c, name);
    return c->row.id.len > 0 || err_set(e, ERR_FULL, "no memory for more names");
}

/* One row, whole or not at all but for what the receiver refuses on the way. */
static bool take_row(struct claims *c, bool *later, struct err *e)
{
    int64_t before = c->sums.last_ms;

    if (json_count(c->json) > CLAIMS_MEMBERS_MAX)
        return err_set(e, ERR_INPUT, "more than %d members in one row", CLAIMS_MEMBERS_MAX);
    if (!take_envelope(c, e))
        return false;
    if (before != INT64_MIN && c->row.recorded_ms < before)
        say_note(c, "recorded_at goes back by %" PRId64 " s; the order of the file is the order of recording",
                 (before - c->row.recorded_ms) / 1000);
    c->sums.last_ms = c->row.recorded_ms > before ? c->row.recorded_ms : before;
    *later = c->row.recorded_ms > c->options.until_ms;
    if (!*later && !c->is_open)
        c->exercise = true;
    if (!*later && !(make(c, e) && hand_over(c, e)))
        return false;
    return establish(c, (struct mark){SPACE_ROW, c->row.id, str_from(*later ? row_later : c->became)}) ||
           err_set(e, ERR_FULL, "no memory for more names");
}

/* The parser counts lines of its own, and has one. */
static bool read_json(struct str line, struct json **j, struct err *e)
{
    static const char prefix[] = "this is not JSON: line 1, ";
    char why[ERR_TEXT_MAX];

    if (json_read(line, j, e))
        return true;
    if (strncmp(e->text, prefix, sizeof prefix - 1) != 0)
        return false;
    (void)str_copy(why, sizeof why, str_from(e->text + sizeof prefix - 1));
    return err_set(e, ERR_INPUT, "this is not JSON: %s", why);
}

static bool read_line(struct claims *c, struct str line, struct err *e)
{
    struct json *j = NULL;
    bool later = false, ok;

    c->n = 0;
    c->became = row_record;
    c->payload = buf_over(c->payload_bytes, sizeof c->payload_bytes);
    c->note = buf_over(c->note_bytes, sizeof c->note_bytes);
    memset(c->taken, 0, sizeof c->taken);
    if (line.len > CLAIMS_LINE_MAX)
        ok = err_set(e, ERR_INPUT, "a row of %zu bytes; %d are the most", line.len, CLAIMS_LINE_MAX);
    else {
        ok = read_json(line, &j, e);
        c->json = json_root(j);
        ok = ok && take_row(c, &later, e);
    }
    json_drop(j);
    c->json = (struct json_value){0};
    c->sums.later += ok && later;
    c->sums.taken += ok && !later;
    c->sums.skipped += !ok;
    if (!ok)
        c->to->say(c->to->ctx, c->row.line, CLAIMS_SKIPPED, e->text);
    return ok;
}

bool claims_read(struct claims *c, struct str text, const struct claims_to *to, struct err *e)
{
    MUST(c->row.line == 0 && to->command && to->say);
    c->to = to;
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_from_at(text, 3);
    while (text.len) {
        size_t stop = str_find_byte(text, '\n');
        struct str line = str_trim(str_cut(text, 0, stop));

        text = str_from_at(text, stop < text.len ? stop + 1 : stop);
        c->row.line++;
        if (line.len == 0)
            continue;
        if (c->sums.rows == CLAIMS_ROWS_MAX)
            return err_set(e, ERR_FULL, "line %zu: more than %d rows", c->row.line, CLAIMS_ROWS_MAX);
        c->sums.rows++;
        if (!read_line(c, line, e) && c->options.strict)
            return err_in(e, "line %zu", c->row.line);
    }
    return true;
}

bool claims_new(const struct claims_options *o, struct claims **out, struct err *e)
{
    struct claims *c = calloc(1, sizeof *c);

    *out = NULL;
    if (!c || !grow(c)) {
        free(c);
        return err_set(e, ERR_FULL, "no memory to read claims");
    }
    c->options = *o;
    if (c->options.incident.len == 0)
        c->options.incident = STR("EX-1");
    if (o->commander.len && !establish(c, (struct mark){SPACE_COMMAND, STR("incident"), o->commander})) {
        claims_free(c);
        return err_set(e, ERR_FULL, "no memory to read claims");
    }
    c->is_open = o->joins;
    c->exercise = o->exercise;
    c->sums.last_ms = INT64_MIN;
    *out = c;
    return true;
}

struct claims_sums claims_sums(const struct claims *c)
{
    return c->sums;
}

void claims_free(struct claims *c)
{
    if (!c)
        return;
    while (c->chunks) {
        struct chunk *next = c->chunks->next;

        free(c->chunks);
        c->chunks = next;
    }
    free(c->marks);
    free(c);
}
