#include "core/incident_save.h"

#define MAGIC STR("CORDON STATE 3")
#define VERSION STR(CORDON_VERSION)

/* ---- writing ---------------------------------------------------------- */

static void put_number(struct buf *b, uint64_t n)
{
    for (; n > 0x7F; n >>= 7)
        buf_byte(b, (char)(n | 0x80));
    buf_byte(b, (char)n);
}

static void put_text(struct buf *b, struct str s)
{
    put_number(b, s.len);
    buf_put(b, s);
}

static uint64_t fields_of(const struct incident *s, uint32_t e)
{
    struct str v;
    uint32_t at = 0;
    uint64_t n = 0;

    while (ent_each(s, e, IN_NONE, &at, &v))
        n++;
    return n;
}

static void put_head(struct buf *b, const struct incident *s)
{
    uint64_t hash = incident_hash(s);

    buf_put(b, MAGIC);
    put_text(b, VERSION);
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_byte(b, (char)(hash >> shift));
    put_number(b, s->seq);
    put_number(b, s->entities);
    put_number(b, s->fields_used);
}

static void put_entity(struct buf *b, const struct incident *s, uint32_t e)
{
    struct str v;
    uint32_t at = 0;

    buf_byte(b, (char)ent_kind(s, e));
    put_number(b, ent_made(s, e));
    put_number(b, ent_changed(s, e));
    put_text(b, ent_id(s, e));
    put_number(b, fields_of(s, e));
    while (ent_each(s, e, IN_NONE, &at, &v)) {
        put_number(b, (uint64_t)ent_field_of(s, at));
        put_number(b, ent_field_seq(s, at));
        put_text(b, v);
    }
}

void incident_save(const struct incident *s, struct buf *b)
{
    put_head(b, s);
    for (uint32_t e = 1; e <= s->entities; e++)
        put_entity(b, s, e);
}

static size_t size_of(uint64_t n)
{
    size_t bytes = 1;

    while (n >>= 7)
        bytes++;
    return bytes;
}

size_t incident_save_size(const struct incident *s)
{
    size_t n = MAGIC.len + size_of(VERSION.len) + VERSION.len + 8 + size_of(s->seq) + size_of(s->entities) +
               size_of(s->fields_used);

    for (uint32_t e = 1; e <= s->entities; e++) {
        struct str id = ent_id(s, e), v;
        uint32_t at = 0;

        n += 1 + size_of(ent_made(s, e)) + size_of(ent_changed(s, e)) + size_of(id.len) + id.len +
             size_of(fields_of(s, e));
        while (ent_each(s, e, IN_NONE, &at, &v))
            n += size_of((uint64_t)ent_field_of(s, at)) + size_of(ent_field_seq(s, at)) + size_of(v.len) + v.len;
    }
    return n;
}

/* ---- reading ---------------------------------------------------------- */

/* What is still to be read.  bad: something was missing or wrong, and nothing after it counts. */
struct reading {
    struct str rest;
    bool bad;
};

static uint8_t take_byte(struct reading *r)
{
    uint8_t byte;

    if (r->rest.len == 0) {
        r->bad = true;
        return 0;
    }
    byte = (uint8_t)r->rest.at[0];
    r->rest = str_from_at(r->rest, 1);
    return byte;
}

static uint64_t take_number(struct reading *r, uint64_t most)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = take_byte(r);

        n |= (uint64_t)(byte & 0x7F) << shift;
        if (byte & 0x80)
            continue;
        r->bad = r->bad || n > most || (byte == 0 && shift > 0) || (shift == 63 && byte > 1);
        return r->bad ? 0 : n;
    }
    r->bad = true;
    return 0;
}

static struct str take_text(struct reading *r, uint64_t most)
{
    uint64_t n = take_number(r, most);
    struct str s;

    if (r->bad || n > r->rest.len) {
        r->bad = true;
        return (struct str){0};
    }
    s = str_cut(r->rest, 0, n);
    r->rest = str_from_at(r->rest, n);
    return s;
}

static bool damaged(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "the saved state is damaged: %s", what);
}

static bool load_field(struct incident *s, uint32_t x, struct reading *r, struct err *e)
{
    unsigned tag = (unsigned)take_number(r, FIELD_TAGS - 1);
    uint64_t seq = take_number(r, s->seq);
    struct str v = take_text(r, s->limits.text - s->text_live);

    if (r->bad || seq == 0)
        return damaged(e, "a field is torn, or larger than there is room for");
    if (!field_info(tag)->name)
        return damaged(e, "a field of a kind that there is not");
    if (s->fields_used == s->limits.fields)
        return damaged(e, "it has more fields than it says");
    ent_add(s, x, (enum incident_field)tag, v, seq);
    return true;
}

static bool load_entity(struct incident *s, struct reading *r, struct err *e)
{
    unsigned kind = take_byte(r);
    uint64_t made = take_number(r, s->seq), changed = take_number(r, s->seq), fields;
    struct str id = take_text(r, s->limits.text - s->text_live);
    uint32_t x;

    fields = take_number(r, s->limits.fields);
    if (r->bad || made == 0 || changed < made || id.len == 0)
        return damaged(e, "an entity is torn, or larger than there is room for");
    if (kind == ENT_NONE || kind >= ENT_COUNT)
        return damaged(e, "an entity of a kind that there is not");
    if (ent_find(s, (enum entity_kind)kind, id))
        return damaged(e, "an entity is there twice");
    x = ent_make(s, (enum entity_kind)kind, id, made);
    for (; fields > 0; fields--)
        if (!load_field(s, x, r, e))
            return false;
    ent_touch(s, x, changed);
    return true;
}

static bool load(struct incident *s, struct str bytes, struct err *e)
{
    struct reading r = {bytes, false};
    uint64_t hash = 0, entities, fields;
    struct str version;

    if (!str_starts(bytes, MAGIC))
        return err_set(e, ERR_INPUT, "this is not a saved state of a form that this Cordon knows");
    r.rest = str_from_at(bytes, MAGIC.len);
    version = take_text(&r, UINT8_MAX);
    if (!r.bad && !str_eq(version, VERSION))
        return err_set(e, ERR_INPUT, "the saved state is of another version of Cordon");
    for (int i = 0; i < 8; i++)
        hash = hash << 8 | take_byte(&r);
    s->seq = take_number(&r, INT64_MAX);
    entities = take_number(&r, UINT32_MAX);
    fields = take_number(&r, UINT32_MAX);
    if (r.bad)
        return damaged(e, "its head is torn");
    if (entities > s->limits.entities)
        return err_set(e, ERR_FULL, "the saved state has more entities than the %u there is room for",
                       s->limits.entities);
    if (fields > s->limits.fields)
        return err_set(e, ERR_FULL, "the saved state has more fields than the %u there is room for", s->limits.fields);
    for (; entities > 0; entities--)
        if (!load_entity(s, &r, e))
            return false;
    if (r.rest.len > 0 || fields != s->fields_used)
        return damaged(e, "it is not as long as it says");
    return incident_hash(s) == hash || damaged(e, "its hash does not fit");
}

bool incident_load(struct incident *fresh, struct str bytes, struct err *e)
{
    MUST(fresh->seq == 0 && fresh->entities == 0 && fresh->fields_used == 0);
    if (load(fresh, bytes, e))
        return true;
    incident_empty(fresh);
    return false;
}
