#include "edge/indoor_inner.h"

#include <math.h>

#define OFF_MAX_M 0.5 /* a door is not to be in another wall */

static struct plan_ring *ring_of(struct indoor *in, const struct plan_feature *f, uint32_t i)
{
    return &in->plan.rings[f->ring + i];
}

static const struct plan_ring *ring_at(const struct indoor *in, const struct indoor_zone *z, uint32_t i)
{
    return &in->plan.rings[in->plan.features[z->feature].ring + i];
}

/* Leaves so many points of a ring as the record takes; NULL, or why that cannot be.  *refused: too much work. */
static const char *thin(struct indoor *in, struct plan_feature *f, struct plan_ring *r, bool *refused)
{
    uint32_t before = r->n;
    size_t n;

    if (before <= SHAPE_POINTS)
        return NULL;
    *refused = !indoor_step(in, f, 2 * (uint64_t)before * before);
    if (*refused)
        return NULL;
    n = shape_fit(in->plan.points + r->at, before, OFF_MAX_M, in->memory);
    if (n == 0)
        return "its outline has too many corners to be simplified within half a metre";
    r->n = (uint32_t)n;
    indoor_remark(in, f, "its outline of %u points was simplified to %u, %.2g m off at most", before, r->n,
                  in->memory->off_m);
    in->report->simplified++;
    return NULL;
}

/* Why an outline is of no use; NULL: it is good.  *refused: too much work. */
static const char *wrong_with(struct indoor *in, struct plan_feature *f, struct plan_ring *r, bool *refused)
{
    struct shape s = plan_shape(&in->plan, r);
    const char *why;

    *refused = false;
    if (r->n < 4)
        return "its outline has fewer than three corners";
    if (!shape_is_ring(s))
        return "its outline is not closed";
    if (r->n > SHAPE_FIT_MAX)
        return "its outline has more than 5000 points";
    why = thin(in, f, r, refused);
    if (why || *refused)
        return why;
    if (!indoor_step(in, f, (uint64_t)r->n * r->n / 2)) {
        *refused = true;
        return NULL;
    }
    s = plan_shape(&in->plan, r);
    if (!shape_is_ring(s) || shape_crosses(s))
        return "its outline crosses itself";
    return shape_area(s) == 0 ? "its outline has no area" : NULL;
}

/* The largest outline; what else there is (parts, holes) is remarked. */
static uint32_t largest(struct indoor *in, const struct plan_feature *f)
{
    uint32_t best = 0, parts = 0, holes = 0;
    double most = -1;

    for (uint32_t i = 0; i < f->rings; i++) {
        double area = fabs(shape_area(plan_shape(&in->plan, ring_of(in, f, i))));

        holes += ring_of(in, f, i)->hole;
        parts += !ring_of(in, f, i)->hole;
        if (!ring_of(in, f, i)->hole && area > most) {
            most = area;
            best = i;
        }
    }
    if (parts > 1)
        indoor_remark(in, f, "it has %u parts; the outline of the largest stands for it", parts);
    if (holes)
        indoor_remark(in, f, "it has %u hole%s that its outline does not show", holes, holes == 1 ? "" : "s");
    return best;
}

void indoor_set_box(struct indoor *in, struct indoor_zone *z)
{
    const struct plan_feature *f = &in->plan.features[z->feature];

    z->box = (struct indoor_box){HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    for (uint32_t i = 0; i < f->rings; i++) {
        struct shape s = plan_shape(&in->plan, ring_of(in, f, i));

        for (size_t j = 0; j < s.n; j++) {
            z->box.south = fmin(z->box.south, s.at[j].lat);
            z->box.north = fmax(z->box.north, s.at[j].lat);
            z->box.west = fmin(z->box.west, s.at[j].lon);
            z->box.east = fmax(z->box.east, s.at[j].lon);
        }
    }
}

static bool no_shape(struct indoor *in, const struct plan_feature *f, const char *why)
{
    indoor_remark(in, f, "%s; it is kept without a shape", why);
    return true;
}

bool indoor_shape(struct indoor *in, struct plan_feature *f, struct indoor_zone *z)
{
    static const char *const places[] = {
        [PLAN_NOWHERE] = "it has no place on the map", [PLAN_POINT] = "it is a point without an outline",
        [PLAN_LINE] = "it is a line that does not close"};
    struct buf b = buf_over(in->text, sizeof in->text);
    uint32_t outer = 0;
    const char *wrong;
    bool refused;

    z->shape = (struct str){0};
    z->box = (struct indoor_box){1, 1, -1, -1};
    if (f->rings && in->plan.rings[f->ring].n) {
        struct shape line = plan_shape(&in->plan, &in->plan.rings[f->ring]);

        z->middle = line.at[line.n / 2];
    }
    if (f->fault != PLAN_SOUND)
        return no_shape(in, f, f->fault == PLAN_BAD_COORDINATES ? "its coordinates are not on Earth"
                                                                : "its geometry cannot be understood");
    if (f->is != PLAN_AREA && !(f->is == PLAN_LINE && f->rings == 1 &&
                                shape_is_ring(plan_shape(&in->plan, &in->plan.rings[f->ring]))))
        return no_shape(in, f, places[f->is == PLAN_AREA ? PLAN_LINE : f->is]);
    if (f->rings == 0)
        return no_shape(in, f, "its outline is empty");
    outer = largest(in, f);
    for (uint32_t i = 0; i < f->rings; i++) {
        wrong = wrong_with(in, f, ring_of(in, f, i), &refused);
        if (refused)
            return false;
        if (wrong && i == outer)
            return no_shape(in, f, wrong);
        if (wrong)
            ring_of(in, f, i)->n = 0; /* a hole or part that is none */
    }
    shape_put(&b, plan_shape(&in->plan, ring_of(in, f, outer)));
    MUST(!b.full);
    z->middle = shape_middle(plan_shape(&in->plan, ring_of(in, f, outer)));
    indoor_set_box(in, z);
    return indoor_step(in, f, (uint64_t)ring_of(in, f, outer)->n * ring_of(in, f, outer)->n) &&
           plan_keep(&in->plan, buf_str(&b), &z->shape, in->e);
}

bool indoor_near(const struct indoor_zone *z, struct shape_point p, double metres)
{
    double degrees = metres / 100000, wide = degrees / fmax(0.01, cos(p.lat * 0.0174532925));

    return z->box.south <= z->box.north && p.lat >= z->box.south - degrees && p.lat <= z->box.north + degrees &&
           p.lon >= z->box.west - wide && p.lon <= z->box.east + wide;
}

bool indoor_inside(const struct indoor *in, const struct indoor_zone *z, struct shape_point p)
{
    bool inside = false;

    if (!indoor_near(z, p, 0))
        return false;
    for (uint32_t i = 0; i < in->plan.features[z->feature].rings; i++)
        inside ^= shape_contains(plan_shape(&in->plan, ring_at(in, z, i)), p);
    return inside;
}

double indoor_distance(const struct indoor *in, const struct indoor_zone *z, struct shape_point p)
{
    double least = HUGE_VAL;

    for (uint32_t i = 0; i < in->plan.features[z->feature].rings; i++)
        least = fmin(least, shape_distance(plan_shape(&in->plan, ring_at(in, z, i)), p));
    return least;
}

uint64_t indoor_points(const struct indoor *in, const struct indoor_zone *z)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < in->plan.features[z->feature].rings; i++)
        n += ring_at(in, z, i)->n;
    return n;
}
