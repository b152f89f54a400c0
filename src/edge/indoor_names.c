/* What zones and levels are called: as the plan says, each name once on a level, none without one. */
#include "edge/indoor_inner.h"

#include <stdio.h>
#include <stdlib.h>

static const struct kind_name {
    const char *kind, *name;
} kind_names[] = {
    {"room", "Room"}, {"corridor", "Corridor"}, {"stair", "Stairs"}, {"lift", "Lift"},
    {"roof", "Roof"}, {"yard", "Yard"},
};

static size_t kind_of(const struct indoor_zone *z)
{
    size_t i = 0;

    while (i < COUNTOF(kind_names) && strcmp(kind_names[i].kind, z->kind) != 0)
        i++;
    MUST(i < COUNTOF(kind_names));
    return i;
}

static bool taken(const struct indoor *in, int32_t level, struct str name)
{
    for (size_t i = 0; i < in->zone_count; i++)
        if (in->zones[i].at == level && str_eq(in->zones[i].name, name))
            return true;
    return false;
}

static bool is_number(struct str s)
{
    int64_t n;

    return str_to_int(s, 0, INT32_MAX, &n);
}

/* "12" on a door says little over the radio: "Room 12". */
static bool given_name(struct indoor *in, struct indoor_zone *z)
{
    const struct plan_feature *f = &in->plan.features[z->feature];
    struct str name, ref;
    char text[160];
    struct buf b = buf_over(text, sizeof text);

    if (!indoor_line(in, f, "name", &name) || !indoor_line(in, f, "ref", &ref))
        return false;
    if (name.len == 0 && is_number(ref)) {
        buf_fmt(&b, "%s %.*s", kind_names[kind_of(z)].name, STR_ARG(ref));
        return plan_keep(&in->plan, buf_str(&b), &z->given, in->e);
    }
    z->given = name.len ? name : ref;
    if (name.len && ref.len && !str_eq(name, ref))
        z->alias = ref;
    return z->alias.len || indoor_line(in, f, "alt_name", &z->alias);
}

/* The name that the plan gives; "Shop (2)" when there is one of that name on the level. */
static bool use_given(struct indoor *in, struct indoor_zone *z)
{
    char text[256], level[LEVEL_TEXT];
    size_t n = 1;

    if (!taken(in, z->at, z->given)) {
        z->name = z->given;
        return true;
    }
    for (size_t i = 0; i < in->zone_count; i++)
        n += in->zones[i].at == z->at && in->zones[i].name.len && str_eq(in->zones[i].given, z->given);
    for (;; n++) {
        struct buf b = buf_over(text, sizeof text);

        buf_fmt(&b, "%.*s (%zu)", STR_ARG(z->given), n);
        if (taken(in, z->at, buf_str(&b)))
            continue;
        in->report->renamed++;
        indoor_remark(in, &in->plan.features[z->feature], "\"%.*s\" is there twice on level %.*s; this one is \"%.*s\"",
                      STR_ARG(z->given), STR_ARG(level_text(z->at, level)), STR_ARG(buf_str(&b)));
        return plan_keep(&in->plan, buf_str(&b), &z->name, in->e);
    }
}

/* Zones `from` to `to` are one feature: the next number of its kind that is free on all of its levels. */
static bool number(struct indoor *in, size_t from, size_t to, uint32_t *counter)
{
    char text[64];
    struct str name;

    for (;;) {
        struct buf b = buf_over(text, sizeof text);
        bool free_on_all = true;

        buf_fmt(&b, "%s %u", kind_names[kind_of(&in->zones[from])].name, ++*counter);
        for (size_t i = from; i < to && free_on_all; i++)
            free_on_all = !taken(in, in->zones[i].at, buf_str(&b));
        if (free_on_all && !plan_keep(&in->plan, buf_str(&b), &name, in->e))
            return false;
        if (!free_on_all)
            continue;
        for (size_t i = from; i < to; i++)
            in->zones[i].name = name;
        return true;
    }
}

static size_t level_index(const struct indoor *in, int32_t at)
{
    size_t i = 0;

    while (i < in->level_count && in->levels[i].at != at)
        i++;
    MUST(i < in->level_count);
    return i;
}

static bool number_all(struct indoor *in, uint32_t *counters)
{
    for (size_t i = 0, to; i < in->zone_count; i = to) {
        const struct indoor_zone *z = &in->zones[i];

        for (to = i + 1; to < in->zone_count && in->zones[to].feature == z->feature; to++)
            ;
        if (z->name.len == 0 &&
            !number(in, i, to, &counters[level_index(in, z->at) * COUNTOF(kind_names) + kind_of(z)]))
            return false;
    }
    return true;
}

bool indoor_names(struct indoor *in)
{
    uint32_t *counters = calloc(in->level_count * COUNTOF(kind_names) + 1, sizeof *counters);
    bool ok;

    if (!counters)
        return err_set(in->e, ERR_WORLD, "no memory to name the zones");
    /* Given names first: a number that is on a door is not given to another. */
    for (size_t i = 0; i < in->zone_count; i++)
        if (!given_name(in, &in->zones[i]) || (in->zones[i].given.len && !use_given(in, &in->zones[i]))) {
            free(counters);
            return false;
        }
    ok = number_all(in, counters);
    free(counters);
    return ok;
}
