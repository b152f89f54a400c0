#include "core/incident_store.h"


/* A reserve of one part in eight is left for what applying writes beyond the event itself. */
enum { RESERVE = 8 };

struct text {
    uint32_t at, len;
};

struct entity {
    uint64_t made, changed;
    struct text id;
    uint32_t first, last; /* of its fields */
    uint32_t next;        /* of its kind */
    uint32_t kind;
};

struct field_row {
    uint64_t seq;
    struct text value;
    uint32_t next;
    uint32_t tag;
};

static uint32_t *index_of(const struct incident *s)
{
    return (void *)((uintptr_t)s + s->index_at);
}

static struct entity *entity(const struct incident *s, uint32_t e)
{
    MUST(e > 0 && e <= s->entities);
    return (struct entity *)(void *)((uintptr_t)s + s->entities_at) + (e - 1);
}

static struct field_row *field(const struct incident *s, uint32_t f)
{
    MUST(f > 0 && f <= s->fields);
    return (struct field_row *)(void *)((uintptr_t)s + s->fields_at) + (f - 1);
}

static char *half(const struct incident *s, uint32_t which)
{
    return (char *)((uintptr_t)s + s->text_at + (uint64_t)which * s->limits.text);
}

static struct str text(const struct incident *s, struct text t)
{
    return str_of(half(s, s->half) + t.at, t.len);
}

struct incident_limits incident_limits(void)
{
    return (struct incident_limits){.entities = 1 << 15, .fields = 1 << 18, .text = 8 << 20};
}

static uint64_t up(uint64_t n)
{
    return (n + 63) & ~(uint64_t)63;
}

static uint32_t places_for(uint32_t entities)
{
    uint32_t n = 64;

    while (n < entities * 2)
        n *= 2;
    return n;
}

uint64_t incident_memory(const struct incident_limits *l)
{
    return up(sizeof(struct incident)) + up(places_for(l->entities) * sizeof(uint32_t)) +
           up(l->entities * sizeof(struct entity)) + up(l->fields * sizeof(struct field_row)) +
           up(2 * (uint64_t)l->text);
}

struct incident *incident_init(void *memory, const struct incident_limits *l, struct hash_key key)
{
    struct incident *s = memory;

    MUST(((uintptr_t)memory & 63) == 0 && l->entities > 0 && l->entities < UINT32_MAX / 4);
    s->limits = *l;
    s->key = key;
    s->places = places_for(l->entities);
    s->index_at = up(sizeof *s);
    s->entities_at = s->index_at + up(s->places * sizeof(uint32_t));
    s->fields_at = s->entities_at + up(l->entities * sizeof(struct entity));
    s->text_at = s->fields_at + up(l->fields * sizeof(struct field_row));
    s->size = incident_memory(l);
    return s;
}

void incident_empty(struct incident *s)
{
    struct incident_limits limits = s->limits;
    struct hash_key key = s->key;

    /* Entities, fields and texts are written before they are read; the index alone must be blank. */
    memset(index_of(s), 0, s->places * sizeof(uint32_t));
    memset(s, 0, sizeof *s);
    MUST(incident_init(s, &limits, key) == s);
}

void incident_copy(struct incident *to, const struct incident *from)
{
    MUST(to != from && to->size == from->size && to->text_at == from->text_at && to->limits.text == from->limits.text);
    memcpy(to, from, sizeof *to);
    memcpy(index_of(to), index_of(from), from->places * sizeof(uint32_t));
    if (from->entities)
        memcpy(entity(to, 1), entity(from, 1), from->entities * sizeof(struct entity));
    if (from->fields)
        memcpy(field(to, 1), field(from, 1), from->fields * sizeof(struct field_row));
    memcpy(half(to, to->half), half(from, from->half), from->text_len);
}

static uint64_t hash_of(const struct incident *s, enum entity_kind kind, struct str id)
{
    return hash_str((struct hash_key){s->key.k0 ^ kind, s->key.k1}, id);
}

/* Where it is, or the free place where it would be. */
static uint32_t *place(const struct incident *s, enum entity_kind kind, struct str id)
{
    uint32_t *places = index_of(s), mask = s->places - 1;

    for (uint32_t i = (uint32_t)hash_of(s, kind, id) & mask;; i = (i + 1) & mask) {
        if (places[i] == 0)
            return &places[i];
        const struct entity *x = entity(s, places[i]);
        if (x->kind == kind && str_eq(text(s, x->id), id))
            return &places[i];
    }
}

uint32_t ent_find(const struct incident *s, enum entity_kind kind, struct str id)
{
    return id.len ? *place(s, kind, id) : 0;
}

uint32_t ent_first(const struct incident *s, enum entity_kind kind)
{
    return s->first[kind];
}

uint32_t ent_next(const struct incident *s, uint32_t e)
{
    return entity(s, e)->next;
}

struct str ent_id(const struct incident *s, uint32_t e)
{
    return e ? text(s, entity(s, e)->id) : (struct str){0};
}

enum entity_kind ent_kind(const struct incident *s, uint32_t e)
{
    return e ? (enum entity_kind)entity(s, e)->kind : ENT_NONE;
}

uint64_t ent_made(const struct incident *s, uint32_t e)
{
    return e ? entity(s, e)->made : 0;
}

uint64_t ent_changed(const struct incident *s, uint32_t e)
{
    return e ? entity(s, e)->changed : 0;
}

static uint32_t find_field(const struct incident *s, uint32_t e, enum incident_field f)
{
    for (uint32_t i = e ? entity(s, e)->first : 0; i; i = field(s, i)->next)
        if (field(s, i)->tag == (uint32_t)f)
            return i;
    return 0;
}

struct str ent_get(const struct incident *s, uint32_t e, enum incident_field f)
{
    uint32_t i = find_field(s, e, f);

    return i ? text(s, field(s, i)->value) : (struct str){0};
}

int64_t ent_int(const struct incident *s, uint32_t e, enum incident_field f, int64_t otherwise)
{
    int64_t v;

    return str_to_int(ent_get(s, e, f), INT64_MIN / 2, INT64_MAX / 2, &v) ? v : otherwise;
}

bool ent_is(const struct incident *s, uint32_t e, enum incident_field f, const char *word)
{
    return str_eq(ent_get(s, e, f), str_from(word));
}

bool ent_has(const struct incident *s, uint32_t e, enum incident_field f)
{
    return find_field(s, e, f) != 0;
}

bool ent_holds(const struct incident *s, uint32_t e, enum incident_field f, struct str v)
{
    struct str x;
    uint32_t at = 0;

    while (ent_each(s, e, f, &at, &x))
        if (str_eq(x, v))
            return true;
    return false;
}

uint64_t ent_seq(const struct incident *s, uint32_t e, enum incident_field f)
{
    uint32_t i = find_field(s, e, f);

    return i ? field(s, i)->seq : 0;
}

bool ent_each(const struct incident *s, uint32_t e, enum incident_field f, uint32_t *at, struct str *v)
{
    uint32_t i = *at ? field(s, *at)->next : e ? entity(s, e)->first : 0;

    while (i && f != IN_NONE && field(s, i)->tag != (uint32_t)f)
        i = field(s, i)->next;
    if (i == 0)
        return false;
    *at = i;
    *v = text(s, field(s, i)->value);
    return true;
}

enum incident_field ent_field_of(const struct incident *s, uint32_t at)
{
    return (enum incident_field)field(s, at)->tag;
}

uint64_t ent_field_seq(const struct incident *s, uint32_t at)
{
    return field(s, at)->seq;
}

bool ent_room(const struct incident *s, uint32_t entities, uint32_t fields, uint32_t bytes)
{
    uint64_t e = (uint64_t)s->entities + entities, f = (uint64_t)s->fields_used + fields;

    return e <= s->limits.entities && f <= s->limits.fields - s->limits.fields / RESERVE &&
           (uint64_t)s->text_live + bytes <= s->limits.text - s->limits.text / RESERVE;
}

static void move_text(struct incident *s, struct text *t, char *to, uint32_t *len)
{
    if (t->len)
        memcpy(to + *len, half(s, s->half) + t->at, t->len);
    t->at = *len;
    *len += t->len;
}

/* Moves the living texts to the other half. */
static void move_all(struct incident *s)
{
    char *to = half(s, 1 - s->half);
    uint32_t len = 0;

    for (uint32_t e = 1; e <= s->entities; e++) {
        move_text(s, &entity(s, e)->id, to, &len);
        for (uint32_t i = entity(s, e)->first; i; i = field(s, i)->next)
            move_text(s, &field(s, i)->value, to, &len);
    }
    MUST(len == s->text_live);
    s->half = 1 - s->half;
    s->text_len = len;
}

/* v may lie in this incident's own texts. */
static struct text keep(struct incident *s, struct str v)
{
    struct text t;

    MUST(v.len <= s->limits.text - s->text_live);
    if (v.len > s->limits.text - s->text_len) {
        uintptr_t at = (uintptr_t)v.at, from = (uintptr_t)half(s, s->half);

        MUST(at + v.len <= from || at >= from + s->limits.text); /* a borrowed text would move away */
        move_all(s);
    }
    t = (struct text){s->text_len, (uint32_t)v.len};
    if (v.len)
        memmove(half(s, s->half) + t.at, v.at, v.len);
    s->text_len += t.len;
    s->text_live += t.len;
    return t;
}

void ent_settle(struct incident *s, uint64_t bytes)
{
    if (bytes > s->limits.text - s->text_len)
        move_all(s);
}

uint32_t ent_make(struct incident *s, enum entity_kind kind, struct str id, uint64_t seq)
{
    uint32_t *at, e;
    struct text name;

    MUST(kind > ENT_NONE && kind < ENT_COUNT && id.len > 0);
    e = ent_find(s, kind, id);
    if (e)
        return e;
    MUST(s->entities < s->limits.entities);
    name = keep(s, id);
    at = place(s, kind, text(s, name));
    e = ++s->entities;
    *entity(s, e) = (struct entity){.made = seq, .changed = seq, .id = name, .kind = kind};
    *at = e;
    if (s->last[kind])
        entity(s, s->last[kind])->next = e;
    else
        s->first[kind] = e;
    s->last[kind] = e;
    s->count[kind]++;
    return e;
}

void ent_add(struct incident *s, uint32_t e, enum incident_field f, struct str v, uint64_t seq)
{
    struct text value;
    struct entity *x;
    uint32_t i = s->field_free;

    if (e == 0)
        return;
    value = keep(s, v);
    x = entity(s, e);
    if (i)
        s->field_free = field(s, i)->next;
    else {
        MUST(s->fields < s->limits.fields);
        i = ++s->fields;
    }
    *field(s, i) = (struct field_row){.seq = seq, .value = value, .tag = (uint32_t)f};
    if (x->last)
        field(s, x->last)->next = i;
    else
        x->first = i;
    x->last = i;
    x->changed = seq;
    s->fields_used++;
}

void ent_set(struct incident *s, uint32_t e, enum incident_field f, struct str v, uint64_t seq)
{
    uint32_t i = find_field(s, e, f);

    if (i == 0) {
        ent_add(s, e, f, v, seq);
        return;
    }
    s->text_live -= field(s, i)->value.len;
    field(s, i)->value.len = 0;
    field(s, i)->value = keep(s, v);
    field(s, i)->seq = seq;
    entity(s, e)->changed = seq;
}

void ent_set_int(struct incident *s, uint32_t e, enum incident_field f, int64_t v, uint64_t seq)
{
    char digits[24];
    struct buf b = buf_over(digits, sizeof digits);

    buf_int(&b, v);
    ent_set(s, e, f, buf_str(&b), seq);
}

/* one: only the value that is *one. */
static void drop(struct incident *s, uint32_t e, enum incident_field f, const struct str *one, uint64_t seq)
{
    struct entity *x;
    uint32_t before = 0, next;

    if (e == 0)
        return;
    x = entity(s, e);
    x->changed = seq;
    for (uint32_t i = x->first; i; i = next) {
        struct field_row *r = field(s, i);

        next = r->next;
        if (r->tag != (uint32_t)f || (one && !str_eq(text(s, r->value), *one))) {
            before = i;
            continue;
        }
        if (before)
            field(s, before)->next = next;
        else
            x->first = next;
        if (x->last == i)
            x->last = before;
        s->text_live -= r->value.len;
        s->fields_used--;
        *r = (struct field_row){.next = s->field_free};
        s->field_free = i;
    }
}

void ent_clear(struct incident *s, uint32_t e, enum incident_field f, uint64_t seq)
{
    drop(s, e, f, NULL, seq);
}

void ent_drop(struct incident *s, uint32_t e, enum incident_field f, struct str v, uint64_t seq)
{
    drop(s, e, f, &v, seq);
}

void ent_touch(struct incident *s, uint32_t e, uint64_t seq)
{
    entity(s, e)->changed = seq;
}

static uint64_t mix(uint64_t h, struct str s)
{
    return hash_str((struct hash_key){h, 0x636f72646f6eu}, s);
}

static uint64_t mix_row(uint64_t h, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t row[3] = {a, b, c};

    return mix(h, str_of(row, sizeof row));
}

uint64_t incident_hash(const struct incident *s)
{
    uint64_t h = mix_row(1, s->seq, s->entities, s->fields_used);

    for (uint32_t e = 1; e <= s->entities; e++) {
        const struct entity *x = entity(s, e);

        h = mix(mix_row(h, x->kind, x->made, x->changed), text(s, x->id));
        for (uint32_t i = x->first; i; i = field(s, i)->next)
            h = mix(mix_row(h, field(s, i)->tag, field(s, i)->seq, 0), text(s, field(s, i)->value));
    }
    return h;
}
