/* What joins zones: doors by where they are drawn, stairs and lifts by the levels that they reach. */
#include "edge/indoor_inner.h"

#include <math.h>

enum { FLOOR = 1000 /* thousandths: no stair is taken to skip a floor */ };

#define TOUCH_M 0.3  /* a door this near to an outline belongs to it */
#define CORNER_M 0.02 /* where more than two are near: those that share the very point */

/* Zones that a door touches on one level: with their outline, or by lying inside of them. */
struct touched {
    uint32_t line[3], inside[3];
    size_t lines, insides; /* counted beyond three, too */
};

static struct shape_point place_of(const struct indoor *in, const struct plan_feature *f)
{
    struct shape s = plan_shape(&in->plan, &in->plan.rings[f->ring]);
    size_t i = (s.n - 1) / 2;

    if (s.n % 2)
        return s.at[i];
    return (struct shape_point){(s.at[i].lat + s.at[i + 1].lat) / 2, (s.at[i].lon + s.at[i + 1].lon) / 2};
}

static bool touch(struct indoor *in, const struct plan_feature *f, int32_t level, double near, struct touched *t)
{
    struct shape_point p = place_of(in, f);

    *t = (struct touched){0};
    if (!indoor_step(in, f, in->zone_count))
        return false;
    for (uint32_t i = 0; i < in->zone_count; i++) {
        const struct indoor_zone *z = &in->zones[i];

        if (z->at != level || !indoor_near(z, p, near))
            continue;
        if (!indoor_step(in, f, 3 * indoor_points(in, z)))
            return false;
        if (indoor_distance(in, z, p) <= near)
            t->line[t->lines < 2 ? t->lines : 2] = i, t->lines++;
        else if (indoor_inside(in, z, p))
            t->inside[t->insides < 2 ? t->insides : 2] = i, t->insides++;
    }
    return true;
}

static bool put_opening(struct indoor *in, const struct plan_feature *f, struct indoor_opening o)
{
    const struct entity_info *i = entity_info(ENT_OPENING);

    if (in->opening_count == i->max)
        return err_set(in->e, ERR_FULL, "%.*s: more than %u openings; an incident takes no more", STR_ARG(f->id),
                       i->max);
    in->openings[in->opening_count++] = o;
    return true;
}

static struct str state_of(const struct indoor *in, const struct plan_feature *f, const char *kind)
{
    bool passage = strcmp(kind, "stair") == 0 || str_eq(plan_get(&in->plan, f, "door"), STR("no"));

    if (passage || in->ask->door_state.len == 0)
        return STR("open");
    return in->ask->door_state;
}

static bool join(struct indoor *in, uint32_t feature, int32_t level, const uint32_t zone[2])
{
    const struct plan_feature *f = &in->plan.features[feature];
    struct indoor_opening o = {.zone = {zone[0], zone[1]}, .kind = in->rules[feature].word};
    char text[LEVEL_TEXT];

    o.state = state_of(in, f, o.kind);
    return indoor_id(in, level_text(level, text), f->id, &o.id) && put_opening(in, f, o);
}

/* A door on one level.  *why: INDOOR_PASSED_COUNT when it joins two zones. */
static bool door_on(struct indoor *in, uint32_t feature, int32_t level, enum indoor_passed *why)
{
    const struct plan_feature *f = &in->plan.features[feature];
    char text[LEVEL_TEXT];
    struct touched t;

    *why = INDOOR_PASSED_COUNT;
    if (!touch(in, f, level, TOUCH_M, &t) || (t.lines > 2 && !touch(in, f, level, CORNER_M, &t)))
        return false;
    if (t.lines == 2)
        return join(in, feature, level, t.line);
    if (t.lines == 1 && t.insides == 1)
        return join(in, feature, level, (uint32_t[2]){t.line[0], t.inside[0]});
    *why = t.lines + t.insides == 0   ? INDOOR_PASSED_DOOR_NOWHERE
           : t.lines + t.insides == 1 ? INDOOR_PASSED_DOOR_ONE_SIDE
                                      : INDOOR_PASSED_DOOR_UNCLEAR;
    if (t.lines + t.insides == 0)
        indoor_remark(in, f, "this door touches no zone on level %.*s", STR_ARG(level_text(level, text)));
    else if (t.lines + t.insides == 1)
        indoor_remark(in, f, "this door has one zone alone on level %.*s, \"%.*s\"; does it lead outside?",
                      STR_ARG(level_text(level, text)),
                      STR_ARG(in->zones[t.lines ? t.line[0] : t.inside[0]].name));
    else
        indoor_remark(in, f, "%zu zones meet at this door on level %.*s; which two it joins is not clear",
                      t.lines + t.insides, STR_ARG(level_text(level, text)));
    return true;
}

static bool door(struct indoor *in, uint32_t feature)
{
    const struct plan_feature *f = &in->plan.features[feature];
    enum indoor_passed why, last = INDOOR_PASSED_DOOR_NOWHERE;
    struct levels l = {0};
    size_t joined = 0;

    if (f->fault != PLAN_SOUND || f->rings == 0 || in->plan.rings[f->ring].n == 0) {
        indoor_remark(in, f, "this door has no place that can be understood");
        indoor_pass(in, INDOOR_PASSED_DOOR_NOWHERE);
        return true;
    }
    if (!indoor_levels_of(in, f, &l))
        return false;
    for (size_t i = 0; i < l.n; i++) {
        if (!door_on(in, feature, l.at[i], &why))
            return false;
        joined += why == INDOOR_PASSED_COUNT;
        last = why == INDOOR_PASSED_COUNT ? last : why;
    }
    if (joined)
        in->report->used++;
    else if (l.n)
        indoor_pass(in, last);
    return true;
}

bool indoor_doors(struct indoor *in)
{
    for (size_t i = 0; i < in->plan.feature_count; i++)
        if (in->rules[in->order[i]].role == ROLE_DOOR && !door(in, in->order[i]))
            return false;
    return true;
}

static bool is_vertical(const struct indoor_zone *z)
{
    return strcmp(z->kind, "stair") == 0 || strcmp(z->kind, "lift") == 0;
}

static bool join_up(struct indoor *in, uint32_t a, uint32_t b)
{
    const struct indoor_zone *low = &in->zones[a], *high = &in->zones[b];
    const struct plan_feature *f = &in->plan.features[low->feature];
    struct indoor_opening o = {.zone = {a, b}, .kind = low->kind};
    char from[LEVEL_TEXT], to[LEVEL_TEXT], text[2 * LEVEL_TEXT];
    struct buf span = buf_over(text, sizeof text);

    buf_fmt(&span, "%.*s~%.*s", STR_ARG(level_text(low->at, from)), STR_ARG(level_text(high->at, to)));
    o.state = state_of(in, f, o.kind);
    in->report->openings_up++;
    return indoor_id(in, buf_str(&span), f->id, &o.id) && put_opening(in, f, o);
}

/* Has the feature of this zone one on that lower level, too?  Those of a feature stand together. */
static bool reaches_down(const struct indoor *in, uint32_t zone, int32_t level)
{
    for (uint32_t i = zone; i > 0 && in->zones[i - 1].feature == in->zones[zone].feature; i--)
        if (in->zones[i - 1].at == level)
            return true;
    return false;
}

/* Stairs drawn anew on each level: the one that lies above, on the next level that has one there. */
static bool join_stacked(struct indoor *in, uint32_t a)
{
    const struct indoor_zone *low = &in->zones[a];
    const struct plan_feature *f = &in->plan.features[low->feature];
    uint32_t found = INDOOR_NONE;
    size_t several = 0;

    if (!indoor_step(in, f, in->zone_count))
        return false;
    for (uint32_t b = 0; b < in->zone_count; b++) {
        const struct indoor_zone *high = &in->zones[b];

        if (high->at <= low->at || (high->at != LEVEL_ROOF && high->at - low->at > FLOOR) ||
            strcmp(high->kind, low->kind) != 0 || (found != INDOOR_NONE && high->at > in->zones[found].at))
            continue;
        if (!indoor_step(in, f, indoor_points(in, low) + indoor_points(in, high)))
            return false;
        if (!(indoor_inside(in, high, low->middle) && low->shape.len) &&
            !(indoor_inside(in, low, high->middle) && high->shape.len))
            continue;
        if (reaches_down(in, b, low->at))
            continue;
        several = found != INDOOR_NONE && in->zones[found].at == high->at ? several + 1 : 1;
        found = b;
    }
    if (several == 1)
        return join_up(in, a, found);
    if (several > 1)
        indoor_remark(in, f, "%zu zones lie above \"%.*s\"; which of them it leads to is not clear", several,
                      STR_ARG(low->name));
    return true;
}

bool indoor_stairs(struct indoor *in)
{
    for (uint32_t i = 0; i < in->zone_count; i++) {
        const struct indoor_zone *z = &in->zones[i];
        bool goes_on = i + 1 < in->zone_count && in->zones[i + 1].feature == z->feature;

        if (!is_vertical(z))
            continue;
        if (goes_on ? !join_up(in, i, i + 1) : !join_stacked(in, i))
            return false;
    }
    return true;
}
