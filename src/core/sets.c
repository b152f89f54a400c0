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

void sets_init(struct sets *s)
{
    memset(s, 0, sizeof *s);
    s->in_count = 2;  /* SETS_EVERYONE, SETS_SILENT: no groups */
    s->out_count = 1; /* SETS_NOBODY */
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

/* Finds m among the sets from 1 on; 0 when it is not there. */
static int find(const struct group_mask *list, int count, const struct group_mask *m)
{
    for (int i = 1; i < count; i++)
        if (memcmp(&list[i], m, sizeof *m) == 0)
            return i;
    return 0;
}

int sets_in(struct sets *s, const struct group_mask *m)
{
    int at = find(s->in, s->in_count, m);

    if (at)
        return at;
    if (s->in_count == LIMIT_SETS)
        return -1;
    at = s->in_count;
    s->in[at] = *m;
    for (int out = 1; out < s->out_count; out++)
        if (meets(m, &s->out[out]))
            set_bit(s, out, at);
    s->in_count++;
    return at;
}

bool sets_share(const struct sets *s, unsigned in, unsigned other)
{
    MUST(in < (unsigned)s->in_count && other < (unsigned)s->in_count);
    return meets(&s->in[in], &s->in[other]);
}

int sets_out(struct sets *s, const struct group_mask *m)
{
    int at = find(s->out, s->out_count, m);

    if (at)
        return at;
    if (s->out_count == LIMIT_SETS)
        return -1;
    at = s->out_count;
    s->out[at] = *m;
    set_bit(s, at, SETS_EVERYONE);
    for (int in = 1; in < s->in_count; in++)
        if (meets(&s->in[in], m))
            set_bit(s, at, in);
    s->out_count++;
    return at;
}
