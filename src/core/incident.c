#include "core/incident_rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const struct field_info field_infos[FIELD_TAGS] = {
#define FIELD(id, tag, json, kind, range, several) [tag] = {json, TYPE_##kind, range, several},
#include "core/incident_field.def"
#undef FIELD
};

static const struct entity_info entity_infos[ENT_COUNT] = {
#define ENTITY(id, label, field, most, word) [ENT_##id] = {label, field, most, word},
#include "core/incident_entity.def"
#undef ENTITY
};

static const char *const word_lists[WORDS_COUNT] = {
#define WORDS(id, list) [WORDS_##id] = list,
#include "core/incident_words.def"
#undef WORDS
};

#define NEED(f) {IN_##f, USE_NEED}
#define MAY(f) {IN_##f, USE_MAY}
#define ADD(f) {IN_##f, USE_ADD}
#define ARG(f) {IN_##f, USE_ARG}
#define SAID(f) {IN_##f, USE_SAID}
#define EVENT(id, number, tag, entity, mode, roles, from, to, check, apply, ...)                                       \
    static const struct field_in_kind fields_##id[] = {__VA_ARGS__, {IN_NONE, USE_END}};
#include "core/incident.def"
#undef EVENT

static const struct kind {
    struct kind_info info;
    check_fn *check;
    apply_fn *apply;
} kinds[INC_END] = {
#define EVENT(id, number, tag, entity, mode, roles, from, to, check, apply, ...)                                       \
    [number] = {{tag, ENT_##entity, MODE_##mode, roles, from, to, fields_##id}, check_##check, apply_##apply},
#include "core/incident.def"
#undef EVENT
};

static const enum incident_field envelope[] = {
    IN_INCIDENT,     IN_OBSERVED_AT, IN_UNC_S,        IN_REPORTED_AT, IN_RECORDED_AT, IN_ACTOR,
    IN_ROLE,         IN_ACTOR_AGENCY, IN_ACTOR_UNIT,  IN_ON_BEHALF_OF, IN_VIA,        IN_SOURCE,
    IN_GRADE,        IN_CLASS,       IN_LANG,         IN_CAUSE,       IN_SUPERSEDES,  IN_EXERCISE,
};

const struct field_info *field_info(unsigned tag)
{
    static const struct field_info none;

    return tag < COUNTOF(field_infos) ? &field_infos[tag] : &none;
}

const struct kind_info *kind_info(unsigned kind)
{
    static const struct kind_info none;

    return kind < INC_END ? &kinds[kind].info : &none;
}

const struct entity_info *entity_info(enum entity_kind kind)
{
    MUST(kind < ENT_COUNT);
    return &entity_infos[kind];
}

const char *words_of(enum words_id list)
{
    MUST(list > WORDS_NONE && list < WORDS_COUNT);
    return word_lists[list];
}

enum incident_kind incident_kind_of(struct str tag)
{
    for (unsigned k = 1; k < INC_END; k++)
        if (kinds[k].info.tag && str_eq(str_from(kinds[k].info.tag), tag))
            return (enum incident_kind)k;
    return INC_NONE;
}

bool field_is_envelope(enum incident_field f)
{
    for (size_t i = 0; i < COUNTOF(envelope); i++)
        if (envelope[i] == f)
            return true;
    return false;
}

static int index_in(const char *list, struct str word)
{
    struct str rest = str_from(list);

    for (int i = 0;; i++) {
        size_t end = str_find_byte(rest, ',');

        if (word.len && str_eq(str_cut(rest, 0, end), word))
            return i;
        if (end == rest.len)
            return -1;
        rest = str_from_at(rest, end + 1);
    }
}

int word_index(enum words_id list, struct str word)
{
    return index_in(words_of(list), word);
}

bool word_in(const char *list, struct str word)
{
    return index_in(list, word) >= 0;
}

void incident_put(struct buf *b, enum incident_field f, struct str v)
{
    fields_put(b, (enum field)f, v);
}

void incident_put_int(struct buf *b, enum incident_field f, int64_t v)
{
    fields_put_int(b, (enum field)f, v);
}

struct str incident_value(struct str payload, enum incident_field f)
{
    return fields_get(payload, (enum field)f);
}

bool refuse(struct err *e, enum err_kind kind, enum incident_field f, const char *format, ...)
{
    char why[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return err_set(e, kind, "%s: %s", field_info((unsigned)f)->name, why);
}

uint32_t ref(const struct incident *s, struct str payload, enum incident_field f)
{
    const struct field_info *i = field_info((unsigned)f);

    MUST(i->type == TYPE_REF);
    return ent_find(s, (enum entity_kind)i->of, incident_value(payload, f));
}

uint32_t incident_self(const struct incident *s)
{
    return ent_first(s, ENT_INCIDENT);
}

bool incident_is_exercise(const struct incident *s)
{
    return ent_has(s, incident_self(s), IN_EXERCISE);
}

bool check_none(struct deciding *d, struct err *e)
{
    (void)d;
    (void)e;
    return true;
}

void apply_none(struct applying *a)
{
    (void)a;
}

static bool is_number(struct str v, int64_t most)
{
    size_t dot = str_find_byte(v, '.');
    int64_t whole, part = 0;
    struct str left = str_cut(v, 0, dot);

    if (left.len && left.at[0] == '-')
        left = str_from_at(left, 1);
    if (left.len > 6 || !str_to_int(left, 0, most, &whole))
        return false;
    if (dot == v.len)
        return true;
    for (size_t i = dot + 1; i < v.len; i++) {
        if (v.at[i] < '0' || v.at[i] > '9')
            return false;
        part |= v.at[i] != '0';
    }
    return v.len > dot + 1 && v.len < 24 && (whole < most || part == 0);
}

static bool is_line(struct str v, size_t max, bool spaces)
{
    if (v.len == 0 || v.len > max || !str_is_utf8(v) || str_trim(v).len != v.len)
        return false;
    for (size_t i = 0; i < v.len; i++)
        if ((unsigned char)v.at[i] < 0x20 || v.at[i] == 0x7f || (!spaces && v.at[i] == '|'))
            return false;
    return true;
}

static bool check_id(struct str v, enum incident_field f, struct err *e)
{
    if (!is_line(v, INCIDENT_ID_MAX, false))
        return refuse(e, ERR_INPUT, f, "an id is 1 to %d printable bytes without | and without blanks at its ends",
                      INCIDENT_ID_MAX);
    return true;
}

static bool check_ref(const struct deciding *d, enum incident_field f, struct str v, struct err *e)
{
    enum entity_kind kind = (enum entity_kind)field_info((unsigned)f)->of;

    if (!check_id(v, f, e))
        return false;
    if (ent_find(d->s, kind, v) == 0)
        return refuse(e, ERR_MISSING, f, "there is no %s \"%.*s\"", entity_info(kind)->name, STR_ARG(v));
    return true;
}

static bool check_time(const struct deciding *d, enum incident_field f, struct str v, struct err *e)
{
    static const enum incident_field past[] = {IN_OBSERVED_AT, IN_REPORTED_AT, IN_AS_OF, IN_DIED_AT, IN_MAJOR, IN_AT};
    int64_t ms;

    if (!str_to_int(v, 0, INT64_C(253402300799999), &ms))
        return refuse(e, ERR_INPUT, f, "not a time");
    for (size_t i = 0; i < COUNTOF(past); i++)
        if (past[i] == f && ms > d->now_ms + INCIDENT_SKEW_MS)
            return refuse(e, ERR_INPUT, f, "lies %" PRId64 " s in the future; check the clock it was read from",
                          (ms - d->now_ms) / 1000);
    return true;
}

static bool check_pair(enum incident_field f, struct str v, enum words_id list, struct err *e)
{
    size_t is = str_find_byte(v, '=');
    int64_t n;

    if (is == v.len || word_index(list, str_cut(v, 0, is)) < 0 ||
        !str_to_int(str_from_at(v, is + 1), 0, 1000000, &n))
        return refuse(e, ERR_INPUT, f, "\"%.*s\" is not one of %s, =, and a number", STR_ARG(v), words_of(list));
    return true;
}

/* One value against the type of its field.  own: it is the key of an entity that need not be there. */
static bool check_value(const struct deciding *d, enum incident_field f, struct str v, bool own, struct err *e)
{
    const struct field_info *i = field_info((unsigned)f);
    int64_t n;

    switch (i->type) {
    case TYPE_LINE:
        return is_line(v, INCIDENT_LINE_MAX, true) ||
               refuse(e, ERR_INPUT, f, "one line of 1 to %d bytes of text, please", INCIDENT_LINE_MAX);
    case TYPE_ID:
        return check_id(v, f, e);
    case TYPE_TEXT:
        return (v.len > 0 && v.len <= INCIDENT_TEXT_MAX && str_is_utf8(v)) ||
               refuse(e, ERR_INPUT, f, "1 to %d bytes of text, please", INCIDENT_TEXT_MAX);
    case TYPE_INT:
        return str_to_int(v, 0, i->of, &n) || refuse(e, ERR_INPUT, f, "a whole number from 0 to %" PRId64 ", please",
                                                     i->of);
    case TYPE_NUMBER:
        return is_number(v, i->of) ||
               refuse(e, ERR_INPUT, f, "a number from -%" PRId64 " to %" PRId64 ", please", i->of, i->of);
    case TYPE_TIME:
        return check_time(d, f, v, e);
    case TYPE_BOOL:
        return str_eq(v, STR("1")) || refuse(e, ERR_INPUT, f, "1, or leave it out");
    case TYPE_GRADE:
        return (v.len == 2 && v.at[0] >= 'A' && v.at[0] <= 'F' && v.at[1] >= '1' && v.at[1] <= '6') ||
               refuse(e, ERR_INPUT, f, "a grade is A to F for the source and 1 to 6 for what it says, as B2");
    case TYPE_WORD:
        return word_index((enum words_id)i->of, v) >= 0 ||
               refuse(e, ERR_INPUT, f, "\"%.*s\" is none of %s", STR_ARG(v), words_of((enum words_id)i->of));
    case TYPE_PAIR:
        return check_pair(f, v, (enum words_id)i->of, e);
    case TYPE_REF:
        return own ? check_id(v, f, e) : check_ref(d, f, v, e);
    }
    return false;
}

static enum field_use use_of(const struct kind_info *k, enum incident_field f)
{
    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++)
        if (x->field == f)
            return x->use;
    return USE_END;
}

/* Was the value v of a list given before, in the same payload? */
static bool given_before(const struct deciding *d, enum incident_field f, struct str v)
{
    struct str before = d->payload, x;
    enum field tag;

    while (fields_next(&before, &tag, &x) && x.at != v.at)
        if (tag == (enum field)f && str_eq(x, v))
            return true;
    return false;
}

static bool check_fields(const struct deciding *d, const struct kind_info *k, struct err *e)
{
    enum incident_field key = k->entity ? entity_info(k->entity)->key : IN_NONE;
    uint8_t seen[FIELD_TAGS] = {0};
    struct str rest = d->payload, v;
    enum field tag;
    size_t n = 0;

    while (fields_next(&rest, &tag, &v)) {
        enum incident_field f = (enum incident_field)tag;
        const struct field_info *i = field_info((unsigned)f);
        bool own = f == key && k->mode != MODE_CHANGE;

        if (!i->name || (f != key && use_of(k, f) == USE_END && !field_is_envelope(f)))
            return err_set(e, ERR_INPUT, "%s: not a field of %s", i->name ? i->name : "(unknown)", k->tag);
        if (f == IN_RECORDED_AT)
            return refuse(e, ERR_INPUT, f, "the server sets it");
        if (seen[f] && (!i->many || given_before(d, f, v)))
            return refuse(e, ERR_INPUT, f, "given twice");
        if (++n > INCIDENT_VALUES_MAX)
            return refuse(e, ERR_INPUT, f, "more than %d values in one event", INCIDENT_VALUES_MAX);
        seen[f] = 1;
        if (!check_value(d, f, v, own, e))
            return false;
    }
    if (rest.len)
        return err_set(e, ERR_INPUT, "the payload is torn");
    if (key && !seen[key])
        return refuse(e, ERR_INPUT, key, "is needed");
    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++)
        if (use_is_needed(x->use) && !seen[x->field])
            return refuse(e, ERR_INPUT, x->field, "is needed");
    return true;
}

static bool check_envelope(const struct deciding *d, const struct kind_info *k, struct err *e)
{
    struct str rest = d->payload, v;
    enum field tag;
    int64_t n;

    while (fields_next(&rest, &tag, &v))
        if ((tag == (enum field)IN_CAUSE || tag == (enum field)IN_SUPERSEDES) && str_to_int(v, 0, INT64_MAX / 4, &n) &&
            (uint64_t)n > d->s->seq)
            return refuse(e, ERR_INPUT, (enum incident_field)tag, "event %" PRId64 " is not there yet", n);
    if (incident_self(d->s) == 0)
        return k->entity == ENT_INCIDENT && k->mode == MODE_MAKE
                   ? true
                   : err_set(e, ERR_MISSING, "the incident is not open yet; open it first");
    if (fields_has(d->payload, (enum field)IN_EXERCISE) && !incident_is_exercise(d->s))
        return refuse(e, ERR_DENIED, IN_EXERCISE, "this incident is real; exercise data cannot enter it");
    if (!fields_has(d->payload, (enum field)IN_EXERCISE) && incident_is_exercise(d->s))
        return refuse(e, ERR_DENIED, IN_EXERCISE, "this incident is an exercise; what enters it must say so");
    return true;
}

/* While nobody commands, whoever takes command may do it in the role of commander. */
static bool takes_command(const struct incident *s, uint32_t command, const struct kind_info *k)
{
    return !ent_has(s, command, IN_COMMANDER) && (k == kind_info(INC_COMMAND_ASSUMED) ||
                                                  k == kind_info(INC_UNIFIED_FORMED));
}

/* A commander must be the one of now, another role must be held by whoever uses it if it is assigned.  A
 * log keeper enters what somebody decided: then it is whom he names (on_behalf_of) that is asked, and who
 * entered it stays the actor. */
static bool check_role(const struct deciding *d, const struct kind_info *k, struct err *e)
{
    struct str role = incident_value(d->payload, IN_ROLE), who = incident_value(d->payload, IN_ON_BEHALF_OF);
    uint32_t command = ent_find(d->s, ENT_COMMAND, STR("incident")), position;

    if (who.len == 0)
        who = incident_value(d->payload, IN_ACTOR);
    if (k->roles[0] && !word_in(k->roles, role))
        return refuse(e, ERR_DENIED, IN_ROLE, "%s needs the role %s", k->tag, k->roles);
    if (str_eq(role, STR("commander"))) {
        if (ent_holds(d->s, command, IN_COMMANDER, who) || takes_command(d->s, command, k))
            return true;
        if (ent_holds(d->s, command, IN_FORMER, who))
            return refuse(e, ERR_DENIED, IN_ACTOR, "%.*s was relieved of command; %.*s commands now", STR_ARG(who),
                          STR_ARG(ent_get(d->s, command, IN_COMMANDER)));
        if (!ent_has(d->s, command, IN_COMMANDER))
            return refuse(e, ERR_DENIED, IN_ACTOR, "nobody commands yet; assume command first");
        return refuse(e, ERR_DENIED, IN_ACTOR, "%.*s does not command; %.*s does", STR_ARG(who),
                      STR_ARG(ent_get(d->s, command, IN_COMMANDER)));
    }
    position = ent_find(d->s, ENT_POSITION, role);
    if (ent_has(d->s, position, IN_BY) && !ent_holds(d->s, position, IN_BY, who) &&
        !ent_holds(d->s, position, IN_TO, who))
        return refuse(e, ERR_DENIED, IN_ACTOR, "%.*s does not hold the position %.*s; %.*s does", STR_ARG(who),
                      STR_ARG(role), STR_ARG(ent_get(d->s, position, IN_BY)));
    return true;
}

static bool check_entity(struct deciding *d, const struct kind_info *k, struct err *e)
{
    const struct entity_info *i = entity_info(k->entity);
    struct str id, state;

    if (k->entity == ENT_NONE)
        return true;
    id = incident_value(d->payload, i->key);
    d->e = ent_find(d->s, k->entity, id);
    state = ent_get(d->s, d->e, IN_STATE);
    if (k->mode == MODE_MAKE && d->e)
        return refuse(e, ERR_DENIED, i->key, "there is already %s \"%.*s\" (event %" PRIu64 ")", i->name, STR_ARG(id),
                      ent_made(d->s, d->e));
    if (k->mode == MODE_MAKE && k->entity == ENT_INCIDENT && incident_self(d->s))
        return refuse(e, ERR_DENIED, i->key, "this journal already has its incident");
    if (k->mode == MODE_CHANGE && d->e == 0)
        return refuse(e, ERR_MISSING, i->key, "there is no %s \"%.*s\"", i->name, STR_ARG(id));
    if (d->e && k->from[0] && !word_in(k->from, state))
        return refuse(e, ERR_DENIED, i->key, "%s \"%.*s\" is %.*s; this needs %s", i->name, STR_ARG(id),
                      state.len ? (int)state.len : 7, state.len ? state.at : "without", k->from);
    if (!d->e && d->s->count[k->entity] >= i->max)
        return refuse(e, ERR_FULL, i->key, "there are %u of %s already, the most there can be", i->max, i->name);
    return true;
}

/* What one event can write at most, beyond its own fields: see the apply functions. */
static bool check_room(const struct deciding *d, struct err *e)
{
    enum { EXTRA_FIELDS = 64, EXTRA_BYTES = 4096 };
    uint32_t fields = 0, bytes = 0;

    for (size_t i = 0; i < d->out->n; i++) {
        struct str rest = d->out->events[i].payload, v;
        enum field tag;

        bytes += (uint32_t)rest.len * 2 + EXTRA_BYTES;
        fields += EXTRA_FIELDS;
        while (fields_next(&rest, &tag, &v))
            fields += 2;
    }
    if (!ent_room(d->s, (uint32_t)d->out->n * 2, fields, bytes))
        return err_set(e, ERR_FULL, "the incident's memory is full; export it and open a follow-up incident");
    return true;
}

bool follow(struct deciding *d, enum incident_kind kind, size_t *begin, struct err *e)
{
    if (d->out->n == INCIDENT_EVENTS_MAX || d->memory->full)
        return err_set(e, ERR_FULL, "too much follows from it at once");
    *begin = d->memory->len;
    incident_put_int(d->memory, IN_RECORDED_AT, d->now_ms);
    incident_put(d->memory, IN_VIA, STR("system"));
    if (incident_is_exercise(d->s))
        incident_put(d->memory, IN_EXERCISE, STR("1"));
    MUST(kinds[kind].info.tag);
    return !d->memory->full || err_set(e, ERR_FULL, "too much follows from it at once");
}

void followed(struct deciding *d, enum incident_kind kind, size_t begin)
{
    MUST(d->out->n < INCIDENT_EVENTS_MAX);
    d->out->events[d->out->n++] = (struct incident_event){kind, str_from_at(buf_str(d->memory), begin)};
}

bool incident_decide(const struct incident *s, const struct incident_command *c, struct buf *memory,
                     struct incident_decided *out, struct err *e)
{
    struct deciding d = {.s = s, .payload = c->payload, .now_ms = c->now_ms, .memory = memory, .out = out};
    const struct kind_info *k = kind_info(c->kind);

    MUST(memory->len == 0 && !memory->full && c->now_ms >= 0);
    out->n = 0;
    if (!k->tag)
        return err_set(e, ERR_INPUT, "there is no such kind of event");
    if (c->payload.len > INCIDENT_PAYLOAD_MAX / 2)
        return err_set(e, ERR_INPUT, "%s: %zu bytes; %d are the most", k->tag, c->payload.len,
                       INCIDENT_PAYLOAD_MAX / 2);
    if (!check_fields(&d, k, e) || !check_envelope(&d, k, e) || !check_entity(&d, k, e) || !check_role(&d, k, e))
        return false;
    buf_put(memory, c->payload);
    incident_put_int(memory, IN_RECORDED_AT, c->now_ms);
    if (memory->full)
        return err_set(e, ERR_FULL, "no memory to decide in");
    out->events[out->n++] = (struct incident_event){c->kind, buf_str(memory)};
    d.payload = out->events[0].payload;
    if (!kinds[c->kind].check(&d, e))
        return false;
    if (memory->full)
        return err_set(e, ERR_FULL, "%s: too much follows from it at once", k->tag);
    out->events[0].payload.at = memory->at;
    return check_room(&d, e);
}

/* Who said a report and when stays as it was, whoever grades or withdraws it. */
static bool is_provenance(enum incident_field f)
{
    return f == IN_SOURCE || f == IN_OBSERVED_AT || f == IN_UNC_S || f == IN_REPORTED_AT;
}

/* Of the envelope what belongs to a value, in the order in which it is set. */
static const enum incident_field kept[] = {
    IN_OBSERVED_AT, IN_UNC_S, IN_REPORTED_AT, IN_RECORDED_AT, IN_ACTOR, IN_ROLE,
    IN_SOURCE,      IN_GRADE, IN_VIA,         IN_CLASS,       IN_LANG,  IN_EXERCISE,
};

static void note_kept(struct str values[COUNTOF(kept)], enum incident_field f, struct str v)
{
    for (size_t i = 0; i < COUNTOF(kept); i++)
        if (kept[i] == f && !values[i].at)
            values[i] = v;
}

/* Sets the fields of the event on its entity.  One walk over the payload: a start applies a million. */
static void set_fields(struct applying *a, const struct kind_info *k)
{
    bool fixed = k->entity == ENT_REPORT && ent_made(a->s, a->e) != a->seq;
    struct str rest = a->payload, values[COUNTOF(kept)] = {{0}}, v;
    enum field tag;

    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++)
        if ((x->use == USE_NEED || x->use == USE_MAY) && field_info(x->field)->many &&
            fields_has(a->payload, (enum field)x->field))
            ent_clear(a->s, a->e, x->field, a->seq);
    while (fields_next(&rest, &tag, &v)) {
        enum incident_field f = (enum incident_field)tag;
        enum field_use use = use_of(k, f);

        if (use == USE_END)
            note_kept(values, f, v);
        if (use == USE_END || use == USE_ARG || use == USE_SAID || (use == USE_ADD && ent_holds(a->s, a->e, f, v)))
            continue;
        if (field_info(tag)->many)
            ent_add(a->s, a->e, f, v, a->seq);
        else
            ent_set(a->s, a->e, f, v, a->seq);
    }
    for (size_t i = 0; i < COUNTOF(kept); i++)
        if (values[i].at && !(fixed && is_provenance(kept[i])))
            ent_set(a->s, a->e, kept[i], values[i], a->seq);
}

void incident_apply(struct incident *s, uint64_t seq, unsigned kind, struct str payload)
{
    const struct kind_info *k = kind_info(kind);
    struct applying a = {.s = s, .seq = seq, .payload = payload};

    MUST(seq > s->seq);
    s->seq = seq;
    if (!k->tag)
        return;
    ent_settle(s, payload.len * 2 + s->limits.text / 16);
    a.at_ms = fields_get_int(payload, (enum field)IN_RECORDED_AT, 0);
    if (k->entity != ENT_NONE) {
        struct str id = incident_value(payload, entity_info(k->entity)->key);

        if (id.len == 0) /* its text was erased */
            return;
        a.e = ent_make(s, k->entity, id, seq);
        if (ent_made(s, a.e) == seq && !ent_has(s, a.e, IN_MADE_AT))
            ent_set_int(s, a.e, IN_MADE_AT, a.at_ms, seq);
        set_fields(&a, k);
        if (k->to[0])
            ent_set(s, a.e, IN_STATE, str_from(k->to), seq);
    }
    kinds[kind].apply(&a);
}
