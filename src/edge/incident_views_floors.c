/* Structures with their levels from the top down, the zones of each, and what lies in a zone.
 *
 * One walk sorts the levels, one hangs zones under their level, one each hangs units, clearances,
 * threats and casualties under their zone; then everything is written once. */
#include "edge/incident_json.h"
#include "edge/incident_views_inner.h"
#include "wire/cot.h"

#include <stdlib.h>

struct floors_seen {
    bool units, clearance, threats, tactical, casualties;
};

static void hang(struct view_work *w, uint32_t under, uint32_t e)
{
    if (under == 0)
        return;
    if (w->last[under])
        w->next[w->last[under]] = e;
    else
        w->first[under] = e;
    w->last[under] = e;
}

/* A threat that is over is history, not a danger of the zone. */
static bool is_open_threat(const struct incident *s, uint32_t e)
{
    return ent_is(s, e, IN_STATE, "suspected") || ent_is(s, e, IN_STATE, "located") ||
           ent_is(s, e, IN_STATE, "contained") || ent_is(s, e, IN_STATE, "render-safe-pending");
}

static bool is_there(const struct incident *s, uint32_t e)
{
    if (ent_kind(s, e) == ENT_THREAT)
        return is_open_threat(s, e);
    if (ent_kind(s, e) == ENT_CASUALTY)
        return !ent_is(s, e, IN_STATE, "merged") && !ent_is(s, e, IN_STATE, "unfounded");
    return true;
}

static void hang_all(const struct view_ask *q)
{
    static const enum entity_kind inside[] = {ENT_UNIT, ENT_CLEARANCE, ENT_THREAT, ENT_CASUALTY};
    const struct incident *s = q->s;
    struct view_work *w = q->work;
    size_t bytes = (s->entities + 1) * sizeof w->first[0];

    memset(w->first, 0, bytes);
    memset(w->last, 0, bytes);
    memset(w->next, 0, bytes);
    memset(w->tactical, 0, bytes);
    for (uint32_t z = ent_first(s, ENT_ZONE); z; z = ent_next(s, z))
        if (!ent_is(s, z, IN_STATE, "merged") && view_sees_entity(q, z))
            hang(w, ent_find(s, ENT_LEVEL, ent_get(s, z, IN_LEVEL)), z);
    for (size_t k = 0; k < COUNTOF(inside); k++)
        for (uint32_t e = ent_first(s, inside[k]); e; e = ent_next(s, e))
            if (is_there(s, e) && view_sees_entity(q, e) && view_sees(q, e, IN_ZONE))
                hang(w, ent_find(s, ENT_ZONE, ent_get(s, e, IN_ZONE)), e);
    for (uint32_t t = ent_first(s, ENT_TACTICAL); t; t = ent_next(s, t)) {
        struct str zone;
        uint32_t at = 0;

        while (ent_is(s, t, IN_STATE, "in-force") && view_sees_entity(q, t) && ent_each(s, t, IN_ZONES, &at, &zone))
            w->tactical[ent_find(s, ENT_ZONE, zone)] = t;
    }
}

/* By structure, then from the top down, then in the order of their making. */
static int compare(const void *a, const void *b)
{
    const struct view_level *x = a, *y = b;

    if (x->structure != y->structure)
        return x->structure < y->structure ? -1 : 1;
    if (x->ordinal != y->ordinal)
        return x->ordinal > y->ordinal ? -1 : 1;
    return x->level < y->level ? -1 : 1;
}

static size_t sort_levels(const struct view_ask *q)
{
    const struct incident *s = q->s;
    size_t n = 0;

    for (uint32_t l = ent_first(s, ENT_LEVEL); l; l = ent_next(s, l)) {
        if (!view_sees_entity(q, l))
            continue;
        q->work->levels[n++] = (struct view_level){ent_find(s, ENT_STRUCTURE, ent_get(s, l, IN_STRUCTURE)), l,
                                                   cot_number(ent_get(s, l, IN_ORDINAL))};
    }
    qsort(q->work->levels, n, sizeof q->work->levels[0], compare);
    return n;
}

/* Who searched and when; of one that is void or forbidden neither holds any more. */
static void clearance(const struct view_ask *q, uint32_t c, struct buf *b)
{
    const struct incident *s = q->s;
    char kind[32];
    bool entered = ent_is(s, c, IN_STATE, "entered");
    bool holds = !entered && !ent_is(s, c, IN_STATE, "void") && !ent_is(s, c, IN_STATE, "no-go");

    MUST(str_copy(kind, sizeof kind, ent_get(s, c, IN_CLEARANCE_KIND)));
    view_open(b, kind, '{');
    view_text(b, "state", ent_get(s, c, IN_STATE));
    if (view_observed(q)) {
        buf_byte(b, '}');
        return;
    }
    view_text(b, "unit", entered ? ent_get(s, c, IN_UNITS) : holds ? ent_get(s, c, IN_UNIT) : (struct str){0});
    view_time(b, "at", entered || holds ? ent_int(s, c, entered ? IN_START_AT : IN_END_AT, -1) : -1);
    view_whole_or_null(b, "extent", holds ? ent_int(s, c, IN_EXTENT, -1) : -1);
    buf_byte(b, '}');
}

static void ids_inside(const struct view_ask *q, uint32_t zone, enum entity_kind kind, struct buf *b)
{
    for (uint32_t e = q->work->first[zone]; e; e = q->work->next[e])
        if (ent_kind(q->s, e) == kind) {
            view_item(b);
            buf_json(b, ent_id(q->s, e));
        }
}

static void put_zone(const struct view_ask *q, uint32_t z, const struct floors_seen *seen, struct buf *b)
{
    const struct view_work *w = q->work;
    int64_t casualties = 0;

    view_open(b, NULL, '{');
    if (!view_observed(q)) { /* he counts rooms, and does not know which */
        view_text(b, "id", ent_id(q->s, z));
        view_text(b, "name", ent_get(q->s, z, IN_NAME));
        view_text(b, "zone_kind", ent_get(q->s, z, IN_ZONE_KIND));
    }
    if (seen->units) {
        view_open(b, "units", '[');
        ids_inside(q, z, ENT_UNIT, b);
        buf_byte(b, ']');
    }
    if (seen->clearance) {
        view_open(b, "clearance", '{');
        for (uint32_t e = w->first[z]; e; e = w->next[e])
            if (ent_kind(q->s, e) == ENT_CLEARANCE)
                clearance(q, e, b);
        buf_byte(b, '}');
    }
    if (seen->threats) {
        view_open(b, "threats", '[');
        ids_inside(q, z, ENT_THREAT, b);
        buf_byte(b, ']');
    }
    if (seen->tactical)
        view_text(b, "tactical", ent_get(q->s, w->tactical[z], IN_TAC_KIND));
    for (uint32_t e = w->first[z]; e; e = w->next[e])
        casualties += ent_kind(q->s, e) == ENT_CASUALTY;
    if (seen->casualties)
        view_whole(b, "casualties", casualties);
    buf_byte(b, '}');
}

static void put_level(const struct view_ask *q, uint32_t l, const struct floors_seen *seen, struct buf *b)
{
    view_open(b, NULL, '{');
    view_text(b, "id", ent_id(q->s, l));
    view_name(b, "ordinal");
    incident_value_json(IN_ORDINAL, ent_get(q->s, l, IN_ORDINAL), b);
    view_text(b, "name", ent_get(q->s, l, IN_NAME));
    view_open(b, "zones", '[');
    for (uint32_t z = q->work->first[l]; z; z = q->work->next[z])
        put_zone(q, z, seen, b);
    buf_byte(b, ']');
    buf_byte(b, '}');
}

void view_floors(const struct view_ask *q, struct buf *b)
{
    const struct floors_seen seen = {
        .clearance = view_sees_all(q, ENT_CLEARANCE, IN_STATE),
        .units = !view_observed(q) && view_sees_all(q, ENT_UNIT, IN_ZONE),
        .threats = !view_observed(q) && view_sees_all(q, ENT_THREAT, IN_ZONE),
        .tactical = !view_observed(q) && view_sees_all(q, ENT_TACTICAL, IN_TAC_KIND),
        .casualties = !view_observed(q) && view_sees_all(q, ENT_CASUALTY, IN_ZONE),
    };
    const struct view_level *levels = q->work->levels;
    size_t n = sort_levels(q), i = 0;

    hang_all(q);
    view_open(b, "structures", '[');
    for (uint32_t x = ent_first(q->s, ENT_STRUCTURE); x; x = ent_next(q->s, x)) {
        if (!view_sees_entity(q, x))
            continue;
        view_open(b, NULL, '{');
        view_text(b, "id", ent_id(q->s, x));
        view_text(b, "name", ent_get(q->s, x, IN_NAME));
        view_bool(b, "inside_inner_cordon", ent_has(q->s, x, IN_INNER));
        view_open(b, "levels", '[');
        while (i < n && levels[i].structure < x) /* of one that he does not see */
            i++;
        for (; i < n && levels[i].structure == x; i++)
            put_level(q, levels[i].level, &seen, b);
        buf_byte(b, ']');
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}
