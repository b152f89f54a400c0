#include "core/sets.h"

static bool meets(const struct group_mask *a, const struct group_mask *b)
{
    uint64_t common = 0;

    for (int i = 0; i < SETS_WORDS; i++)
        common |= a->word[i] & b->word[i];
    return common != 0;
}

static void set_bit(struct sets *s, int out, int in)
{
    atomic_fetch_or_explicit(&s->hears[out][in / 64], (uint64_t)1 << (in % 64), memory_order_relaxed);
}

bool sets_allows(const struct sets *s, struct set_of from, uint8_t to)
{
    if (!s->ruled || from.share == 0 || from.agency == 0 || to == 0 || from.agency == to)
        return true;
    return s->allowed[from.share][from.agency][to / 64] >> (to % 64) & 1;
}

static bool pair_hears(const struct sets *s, int out, int in)
{
    return meets(&s->in[in], &s->out[out]) && sets_allows(s, s->in_of[in], s->out_of[out]);
}

void sets_init(struct sets *s)
{
    memset(s, 0, sizeof *s);
    s->in_count = 2;  /* SETS_EVERYONE, SETS_SILENT: no groups */
    s->out_count = 1; /* SETS_NOBODY */
    s->agency_count = 2;
    (void)str_copy(s->agencies[SETS_NO_AGENCY], SETS_AGENCY_MAX, STR("-"));
    set_bit(s, SETS_NOBODY, SETS_EVERYONE);
}

int sets_find_group(const struct sets *s, struct str name)
{
    for (int i = 0; i < s->group_count; i++)
        if (str_eq(str_from(s->names[i]), name))
            return i;
    return -1;
}

int sets_group(struct sets *s, struct str name)
{
    int at = sets_find_group(s, name);

    if (at >= 0)
        return at;
    if (s->group_count == LIMIT_GROUPS || name.len == 0 || name.len >= SETS_NAME_MAX)
        return -1;
    (void)str_copy(s->names[s->group_count], SETS_NAME_MAX, name);
    return s->group_count++;
}

struct str sets_name(const struct sets *s, int group)
{
    MUST(group >= 0 && group < s->group_count);
    return str_from(s->names[group]);
}

void mask_add(struct group_mask *m, int group)
{
    MUST(group >= 0 && group < LIMIT_GROUPS);
    m->word[group / 64] |= (uint64_t)1 << (group % 64);
}

bool mask_has(const struct group_mask *m, int group)
{
    MUST(group >= 0 && group < LIMIT_GROUPS);
    return m->word[group / 64] >> (group % 64) & 1;
}

bool mask_is_empty(const struct group_mask *m)
{
    for (int i = 0; i < SETS_WORDS; i++)
        if (m->word[i])
            return false;
    return true;
}

/* ---------------------------------------------------------- combinations -- */

static int find_in(const struct sets *s, const struct group_mask *m, struct set_of of)
{
    for (int i = 1; i < s->in_count; i++)
        if (s->in_of[i].agency == of.agency && s->in_of[i].share == of.share && memcmp(&s->in[i], m, sizeof *m) == 0)
            return i;
    return 0;
}

int sets_in_of(struct sets *s, const struct group_mask *m, struct set_of of)
{
    int at;

    MUST(of.share < SETS_CLASSES && of.agency < s->agency_count);
    if (mask_is_empty(m))
        return SETS_SILENT;
    at = find_in(s, m, of);
    if (at)
        return at;
    if (s->in_count == LIMIT_IN_SETS)
        return -1;
    at = s->in_count;
    s->in[at] = *m;
    s->in_of[at] = of;
    for (int out = 1; out < s->out_count; out++)
        if (pair_hears(s, out, at))
            set_bit(s, out, at);
    s->in_count++;
    return at;
}

int sets_in(struct sets *s, const struct group_mask *m)
{
    return sets_in_of(s, m, (struct set_of){0});
}

int sets_in_any(const struct sets *s, const struct group_mask *m)
{
    for (int i = 1; i < s->in_count; i++)
        if (s->in_of[i].share == 0 && memcmp(&s->in[i], m, sizeof *m) == 0)
            return i;
    return -1;
}

static int find_out(const struct sets *s, const struct group_mask *m, uint8_t agency)
{
    for (int i = 1; i < s->out_count; i++)
        if (s->out_of[i] == agency && memcmp(&s->out[i], m, sizeof *m) == 0)
            return i;
    return 0;
}

int sets_out_of(struct sets *s, const struct group_mask *m, uint8_t agency)
{
    int at = find_out(s, m, agency);

    MUST(agency < s->agency_count);
    if (at)
        return at;
    if (s->out_count == LIMIT_SETS)
        return -1;
    at = s->out_count;
    s->out[at] = *m;
    s->out_of[at] = agency;
    set_bit(s, at, SETS_EVERYONE);
    for (int in = 1; in < s->in_count; in++)
        if (pair_hears(s, at, in))
            set_bit(s, at, in);
    s->out_count++;
    return at;
}

int sets_out(struct sets *s, const struct group_mask *m)
{
    return sets_out_of(s, m, 0);
}

bool sets_share(const struct sets *s, unsigned in, unsigned other)
{
    struct set_of a, b;

    MUST(in < (unsigned)s->in_count && other < (unsigned)s->in_count);
    a = s->in_of[in];
    b = s->in_of[other];
    /* Whose markers he does not see, those he neither moves nor deletes. */
    return meets(&s->in[in], &s->in[other]) && sets_allows(s, a, b.agency) && sets_allows(s, b, a.agency);
}

/* -------------------------------------------------------------- agencies -- */

uint8_t sets_agency(struct sets *s, struct str name)
{
    if (name.len == 0 || name.len >= SETS_AGENCY_MAX)
        return SETS_NO_AGENCY;
    for (int i = SETS_NO_AGENCY; i < s->agency_count; i++)
        if (str_eq(str_from(s->agencies[i]), name))
            return (uint8_t)i;
    if (s->agency_count == SETS_AGENCIES)
        return SETS_NO_AGENCY;
    (void)str_copy(s->agencies[s->agency_count], SETS_AGENCY_MAX, name);
    return (uint8_t)s->agency_count++;
}

struct str sets_agency_name(const struct sets *s, uint8_t agency)
{
    MUST(agency < s->agency_count);
    return str_from(s->agencies[agency]);
}

int sets_shared(struct sets *s, uint16_t in, unsigned share)
{
    int made;

    MUST(share < SETS_CLASSES && in < s->in_count);
    if (!s->classed || share == 0 || s->in_of[in].agency == 0 || s->in_of[in].share == share)
        return in;
    if (s->shared[in][share])
        return s->shared[in][share];
    made = sets_in_of(s, &s->in[in], (struct set_of){s->in_of[in].agency, (uint8_t)share});
    s->shared[in][share] = made < 0 ? 0 : (uint16_t)made;
    return made;
}

void sets_allow(struct sets *s, struct set_of from, uint8_t to, bool allow)
{
    uint64_t *word = &s->allowed[from.share][from.agency][to / 64], bit = (uint64_t)1 << (to % 64);

    *word = allow ? *word | bit : *word & ~bit;
}

void sets_rules_changed(struct sets *s, bool ruled)
{
    s->ruled = ruled;
    for (int out = 1; out < s->out_count; out++)
        for (int first = 0; first < s->in_count; first += 64) {
            uint64_t word = first == 0; /* SETS_EVERYONE */

            for (int in = first ? first : 1; in < s->in_count && in < first + 64; in++)
                word |= (uint64_t)pair_hears(s, out, in) << (in % 64);
            atomic_store_explicit(&s->hears[out][first / 64], word, memory_order_relaxed);
        }
}
