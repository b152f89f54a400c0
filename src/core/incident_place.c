#include "core/incident_place.h"

#include "core/incident_device.h"
#include "core/incident_rules.h"

#include <inttypes.h>

static const struct floor_word {
    const char *word;
    int n;
} floor_words[] = {
    {"first", 1},  {"second", 2},  {"third", 3},    {"fourth", 4},    {"fifth", 5}, {"sixth", 6},
    {"seventh", 7}, {"eighth", 8}, {"ninth", 9},    {"tenth", 10},    {"eleventh", 11}, {"twelfth", 12},
    {"one", 1},    {"two", 2},     {"three", 3},    {"four", 4},      {"five", 5},  {"six", 6},
    {"seven", 7},  {"eight", 8},   {"nine", 9},     {"ten", 10},
};

enum { WORD_MAX = 32 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* The next word in small letters; empty at the end. */
static struct str next_word(struct str *rest, char *to)
{
    size_t i = 0, n = 0;

    while (i < rest->len && !is_letter(rest->at[i]))
        i++;
    for (; i < rest->len && is_letter(rest->at[i]); i++)
        if (n < WORD_MAX)
            to[n++] = rest->at[i] >= 'A' && rest->at[i] <= 'Z' ? (char)(rest->at[i] | 0x20) : rest->at[i];
    *rest = str_from_at(*rest, i);
    return str_of(to, n);
}

/* "3", "3rd", "third"; -1 when it is no number. */
static int number_of(struct str w)
{
    size_t digits = 0;
    int64_t n;

    for (size_t i = 0; i < COUNTOF(floor_words); i++)
        if (str_eq(w, str_from(floor_words[i].word)))
            return floor_words[i].n;
    while (digits < w.len && w.at[digits] >= '0' && w.at[digits] <= '9')
        digits++;
    if (digits == 0 || digits > 3 || !str_to_int(str_cut(w, 0, digits), 0, 200, &n))
        return -1;
    if (digits < w.len && !word_in("st,nd,rd,th", str_from_at(w, digits)))
        return -1;
    return (int)n;
}

static struct floors one(int ordinal)
{
    return (struct floors){1, {ordinal, 0}};
}

struct floors floors_spoken(struct str words, enum floor_scheme scheme)
{
    char word[WORD_MAX];
    bool below = false, level = false, ordinal_scale = false;
    int n = -1;

    for (struct str w = next_word(&words, word); w.len; w = next_word(&words, word)) {
        if (word_in("roof,rooftop,terrace", w))
            return one(FLOOR_ROOF);
        if (word_in("ground,lobby,g", w))
            return one(0);
        if (word_in("basement,cellar,underground,b", w))
            below = true;
        else if (word_in("floor,storey,story,level,l", w))
            level = true;
        else if (str_eq(w, STR("ordinal")))
            ordinal_scale = true;
        else if (n < 0)
            n = number_of(w);
    }
    if (below)
        return one(n > 0 ? -n : -1);
    if (n < 0 || (!level && !ordinal_scale))
        return (struct floors){0};
    if (ordinal_scale || scheme == SCHEME_GROUND_0)
        return one(n);
    if (scheme == SCHEME_GROUND_1)
        return n ? one(n - 1) : (struct floors){0};
    return n ? (struct floors){2, {n, n - 1}} : one(0);
}

enum floor_scheme scheme_of(struct str word)
{
    return str_eq(word, STR("ground=0"))   ? SCHEME_GROUND_0
           : str_eq(word, STR("ground=1")) ? SCHEME_GROUND_1
                                           : SCHEME_UNKNOWN;
}

uint32_t level_at(const struct incident *s, struct str structure, int ordinal)
{
    for (uint32_t l = ent_first(s, ENT_LEVEL); l; l = ent_next(s, l)) {
        if (!str_eq(ent_get(s, l, IN_STRUCTURE), structure))
            continue;
        if (ordinal == FLOOR_ROOF ? ent_has(s, l, IN_ROOF)
                                  : !ent_has(s, l, IN_ROOF) && ent_int(s, l, IN_ORDINAL, -999) == ordinal)
            return l;
    }
    return 0;
}

/* Names ------------------------------------------------------------------- */

enum { STRUCTURE_PART = 72, FLOOR_PART = 48, ZONE_PART = 72 };
_Static_assert(STRUCTURE_PART + FLOOR_PART + ZONE_PART + 24 <= PLACE_NAME_MAX, "a whole name fits");

/* A level's own name, else its number; the page says it in the same words (web/src/state/names.ts). */
static void put_floor(const struct incident *s, uint32_t level, struct buf *b)
{
    struct str name = cut_text(ent_get(s, level, IN_NAME), FLOOR_PART);
    int64_t n = ent_int(s, level, IN_ORDINAL, 0), number;

    if (ent_has(s, level, IN_ROOF))
        buf_put(b, STR("roof"));
    else if (str_to_int(name, 0, INT32_MAX, &number))
        buf_fmt(b, "floor %" PRId64, number);
    else if (name.len)
        buf_put(b, name);
    else if (n == 0)
        buf_put(b, STR("ground floor"));
    else
        buf_fmt(b, n < 0 ? "basement %" PRId64 : "floor %" PRId64, n < 0 ? -n : n);
}

static void put_part(struct buf *b, struct str name, size_t max)
{
    buf_put(b, b->len && name.len ? STR(", ") : STR(""));
    buf_put(b, cut_text(name, max));
}

static struct str name_or_id(const struct incident *s, uint32_t e)
{
    return ent_has(s, e, IN_NAME) ? ent_get(s, e, IN_NAME) : ent_id(s, e);
}

struct str place_name(const struct incident *s, enum entity_kind kind, struct str id, char *to)
{
    uint32_t e = ent_find(s, kind, id), zone = kind == ENT_ZONE ? e : 0;
    uint32_t level = kind == ENT_LEVEL ? e : ent_find(s, ENT_LEVEL, ent_get(s, zone, IN_LEVEL));
    uint32_t structure = kind == ENT_STRUCTURE ? e : ent_find(s, ENT_STRUCTURE, ent_get(s, level, IN_STRUCTURE));
    struct buf b = buf_over(to, PLACE_NAME_MAX);

    if (e == 0 || ent_has(s, zone, IN_CLASS) || ent_has(s, level, IN_CLASS) || ent_has(s, structure, IN_CLASS))
        return id;
    if (structure)
        put_part(&b, name_or_id(s, structure), STRUCTURE_PART);
    if (level) {
        buf_put(&b, b.len ? STR(", ") : STR(""));
        put_floor(s, level, &b);
    }
    if (zone && !(ent_has(s, level, IN_ROOF) && ent_is(s, zone, IN_NAME, "roof")))
        put_part(&b, name_or_id(s, zone), ZONE_PART);
    MUST(!b.full);
    return buf_str(&b);
}

/* The grid: each level has four sides, a core, stairs and a lift; the roof is one zone. */
static const struct cell {
    const char *name, *kind;
} cells[] = {
    {"A", "side"}, {"B", "side"}, {"C", "side"}, {"D", "side"}, {"core", "core"}, {"stairs", "stair"}, {"lift", "lift"},
};

bool check_structure(struct deciding *d, struct err *e)
{
    int64_t storeys = fields_get_int(d->payload, (enum field)IN_STOREYS, 0);
    int64_t levels = storeys + fields_get_int(d->payload, (enum field)IN_BASEMENTS, 0) + 1;
    struct str id = incident_value(d->payload, IN_STRUCTURE);
    uint32_t zones = (uint32_t)levels * COUNTOF(cells);

    /* 0 alone makes no grid: the levels come from a plan. */
    if (storeys < 1 && (levels > 1 || fields_has(d->payload, (enum field)IN_ROOF)))
        return refuse(e, ERR_INPUT, IN_STOREYS, "1 at least; the ground floor counts");
    if (id.len > INCIDENT_ID_MAX - 24)
        return refuse(e, ERR_INPUT, IN_STRUCTURE, "%d bytes at most: its levels and zones are named after it",
                      INCIDENT_ID_MAX - 24);
    if (d->s->count[ENT_ZONE] + zones > entity_info(ENT_ZONE)->max ||
        d->s->count[ENT_LEVEL] + levels > entity_info(ENT_LEVEL)->max ||
        !ent_room(d->s, zones + (uint32_t)levels, zones * 6, zones * 400))
        return refuse(e, ERR_FULL, IN_STOREYS, "no room for %u more zones", zones);
    return true;
}

static void make_zone(struct applying *a, struct str level, const char *name, const char *kind)
{
    char id[INCIDENT_ID_MAX];
    struct buf b = buf_over(id, sizeof id);
    uint32_t z;

    buf_fmt(&b, "%.*s/%s", STR_ARG(level), name);
    z = ent_make(a->s, ENT_ZONE, buf_str(&b), a->seq);
    ent_set(a->s, z, IN_LEVEL, level, a->seq);
    ent_set(a->s, z, IN_NAME, str_from(name), a->seq);
    ent_set(a->s, z, IN_ZONE_KIND, str_from(kind), a->seq);
    ent_set(a->s, z, IN_STATE, STR("current"), a->seq);
}

static void make_level(struct applying *a, int ordinal, bool roof)
{
    char id[INCIDENT_ID_MAX];
    struct buf b = buf_over(id, sizeof id);
    struct str structure = incident_value(a->payload, IN_STRUCTURE);
    uint32_t l;

    buf_fmt(&b, roof ? "%.*s/roof" : "%.*s/%d", STR_ARG(structure), ordinal);
    l = ent_make(a->s, ENT_LEVEL, buf_str(&b), a->seq);
    ent_set(a->s, l, IN_STRUCTURE, structure, a->seq);
    ent_set_int(a->s, l, IN_ORDINAL, ordinal, a->seq);
    if (roof) {
        ent_set(a->s, l, IN_ROOF, STR("1"), a->seq);
        make_zone(a, buf_str(&b), "roof", "roof");
        return;
    }
    for (size_t i = 0; i < COUNTOF(cells); i++)
        make_zone(a, buf_str(&b), cells[i].name, cells[i].kind);
}

void apply_structure(struct applying *a)
{
    int storeys = (int)fields_get_int(a->payload, (enum field)IN_STOREYS, 1);
    int basements = (int)fields_get_int(a->payload, (enum field)IN_BASEMENTS, 0);

    for (int i = -basements; i < storeys; i++)
        make_level(a, i, false);
    if (fields_has(a->payload, (enum field)IN_ROOF))
        make_level(a, storeys, true);
}

bool check_zone_merged(struct deciding *d, struct err *e)
{
    struct str into = incident_value(d->payload, IN_REPLACES);
    uint32_t other = ent_find(d->s, ENT_ZONE, into);

    if (other == d->e || !ent_is(d->s, other, IN_STATE, "current"))
        return refuse(e, ERR_MISSING, IN_REPLACES, "there is no other zone \"%.*s\" to merge it into", STR_ARG(into));
    for (uint32_t u = ent_first(d->s, ENT_UNIT); u; u = ent_next(d->s, u))
        if (str_eq(ent_get(d->s, u, IN_ZONE), ent_id(d->s, d->e)))
            return refuse(e, ERR_DENIED, IN_ZONE, "%.*s is inside", STR_ARG(ent_id(d->s, u)));
    return merge_clearances(d, ent_id(d->s, d->e), into, e);
}

/* The whole has the doors and the neighbours of its parts: they are kept on it.
 * What was cleared of the one is not known of the whole, also where no event says so: a row of before they did. */
void apply_zone_merged(struct applying *a)
{
    struct str into = incident_value(a->payload, IN_REPLACES), part;
    uint32_t whole = ent_find(a->s, ENT_ZONE, into), at = 0;

    if (!ent_holds(a->s, whole, IN_ZONES, ent_id(a->s, a->e)))
        ent_add(a->s, whole, IN_ZONES, ent_id(a->s, a->e), a->seq);
    while (ent_each(a->s, a->e, IN_ZONES, &at, &part))
        if (!ent_holds(a->s, whole, IN_ZONES, part))
            ent_add(a->s, whole, IN_ZONES, part, a->seq);
    for (uint32_t c = ent_first(a->s, ENT_CLEARANCE); c; c = ent_next(a->s, c))
        if (str_eq(ent_get(a->s, c, IN_ZONE), into) && word_in("complete,confirmed,held", ent_get(a->s, c, IN_STATE)))
            ent_set(a->s, c, IN_STATE, STR("void"), a->seq);
}

bool check_opening_set(struct deciding *d, struct err *e)
{
    struct str rest = d->payload, v;
    enum field tag;
    uint32_t n = 0;

    while (fields_next(&rest, &tag, &v))
        n += tag == (enum field)IN_ZONES;
    if (n != 2)
        return refuse(e, ERR_INPUT, IN_ZONES, "an opening joins two zones");
    return true;
}

/* Neighbours in a generated grid: everything touches the core, sides touch round the corner,
 * stairs and lifts touch the level above and below. */
static bool grid_touch(const struct incident *s, uint32_t a, uint32_t b)
{
    struct str ka = ent_get(s, a, IN_ZONE_KIND), kb = ent_get(s, b, IN_ZONE_KIND);
    uint32_t la = ent_find(s, ENT_LEVEL, ent_get(s, a, IN_LEVEL)), lb = ent_find(s, ENT_LEVEL, ent_get(s, b, IN_LEVEL));
    int64_t oa = ent_int(s, la, IN_ORDINAL, -999), ob = ent_int(s, lb, IN_ORDINAL, 999);

    if (!str_eq(ent_get(s, la, IN_STRUCTURE), ent_get(s, lb, IN_STRUCTURE)))
        return false;
    if (oa == ob) {
        struct str na = ent_get(s, a, IN_NAME), nb = ent_get(s, b, IN_NAME);

        if (str_eq(ka, STR("core")) || str_eq(kb, STR("core")))
            return true;
        return str_eq(ka, STR("side")) && str_eq(kb, STR("side")) && na.len == 1 && nb.len == 1 &&
               ((na.at[0] - nb.at[0]) & 1) != 0;
    }
    if (oa - ob != 1 && ob - oa != 1)
        return false;
    return (str_eq(ka, kb) && word_in("stair,lift", ka)) || (str_eq(ka, STR("roof")) && str_eq(kb, STR("stair"))) ||
           (str_eq(kb, STR("roof")) && str_eq(ka, STR("stair")));
}

bool zone_has(const struct incident *s, uint32_t zone, struct str part)
{
    return str_eq(ent_id(s, zone), part) || ent_holds(s, zone, IN_ZONES, part);
}

/* Is a zone, or one of its parts, this part or its neighbour in the grid? */
static bool is_beside(const struct incident *s, uint32_t zone, uint32_t part)
{
    struct str id;
    uint32_t at = 0;

    if (zone == part || grid_touch(s, zone, part))
        return true;
    while (ent_each(s, zone, IN_ZONES, &at, &id)) {
        uint32_t own = ent_find(s, ENT_ZONE, id);

        if (own == part || grid_touch(s, own, part))
            return true;
    }
    return false;
}

/* Does an opening that is not blocked join two zones?  One pass over the doors: alarms ask for every pair of units. */
static bool have_door(const struct incident *s, uint32_t a, uint32_t b)
{
    for (uint32_t o = ent_first(s, ENT_OPENING); o; o = ent_next(s, o)) {
        struct str side;
        uint32_t at = 0;
        bool in_a = false, in_b = false;

        if (ent_is(s, o, IN_OPENING_STATE, "blocked"))
            continue;
        while (ent_each(s, o, IN_ZONES, &at, &side)) {
            in_a |= zone_has(s, a, side);
            in_b |= zone_has(s, b, side);
        }
        if (in_a && in_b)
            return true;
    }
    return false;
}

bool zones_touch(const struct incident *s, uint32_t a, uint32_t b)
{
    struct str id;
    uint32_t at = 0;

    if (a == 0 || b == 0)
        return false;
    if (is_beside(s, a, b))
        return true;
    while (ent_each(s, b, IN_ZONES, &at, &id))
        if (is_beside(s, a, ent_find(s, ENT_ZONE, id)))
            return true;
    return have_door(s, a, b);
}
