#include "wire/shape.h"

#include "wire/cot.h"

#include <float.h>
#include <math.h>

/* Metres of a degree of latitude; of longitude times the cosine of the latitude. */
#define DEGREE_M 111194.9266
#define RADIANS 0.017453292519943295

struct metres {
    double x, y;
};

/* A plane that touches the Earth. */
struct plane {
    struct shape_point at;
    double degree_east_m;
};

static struct plane plane_at(struct shape_point p)
{
    return (struct plane){p, DEGREE_M * cos(p.lat * RADIANS)};
}

static struct metres metres_of(struct plane from, struct shape_point p)
{
    return (struct metres){(p.lon - from.at.lon) * from.degree_east_m, (p.lat - from.at.lat) * DEGREE_M};
}

bool shape_point_is(struct shape_point p)
{
    return isfinite(p.lat) && isfinite(p.lon) && fabs(p.lat) <= 90 && fabs(p.lon) <= 180;
}

size_t shape_read(struct str text, struct shape_point to[SHAPE_POINTS_MAX])
{
    size_t n = 0;

    if (text.len > SHAPE_TEXT_MAX)
        return 0;
    for (struct str rest = str_trim(text); rest.len; n++) {
        size_t end = str_find_byte(rest, ' '), comma;
        struct str one = str_cut(rest, 0, end);
        struct shape_point p;

        comma = str_find_byte(one, ',');
        if (n == SHAPE_POINTS_MAX || comma == one.len)
            return 0;
        p = (struct shape_point){cot_number(str_cut(one, 0, comma)), cot_number(str_from_at(one, comma + 1))};
        if (!shape_point_is(p))
            return 0;
        to[n] = p;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    return n;
}

void shape_put_degrees(struct buf *b, double degrees)
{
    char text[32];
    struct buf one = buf_over(text, sizeof text);
    size_t dot;

    buf_fmt(&one, "%.7f", degrees);
    dot = str_find_byte(buf_str(&one), '.');
    while (one.len > dot + 1 && text[one.len - 1] == '0')
        one.len--;
    if (one.len == dot + 1)
        one.len = dot;
    buf_put(b, str_eq(buf_str(&one), STR("-0")) ? STR("0") : buf_str(&one));
}

void shape_put(struct buf *b, struct shape s)
{
    for (size_t i = 0; i < s.n; i++) {
        MUST(shape_point_is(s.at[i]));
        if (i)
            buf_byte(b, ' ');
        shape_put_degrees(b, s.at[i].lat);
        buf_byte(b, ',');
        shape_put_degrees(b, s.at[i].lon);
    }
}

static bool same(struct shape_point a, struct shape_point b)
{
    return a.lat == b.lat && a.lon == b.lon;
}

bool shape_is_ring(struct shape s)
{
    return s.n >= 4 && same(s.at[0], s.at[s.n - 1]);
}

double shape_area(struct shape ring)
{
    struct plane plane = plane_at(ring.n ? ring.at[0] : (struct shape_point){0});
    double twice = 0;

    for (size_t i = 0; i + 1 < ring.n; i++) {
        struct metres a = metres_of(plane, ring.at[i]), b = metres_of(plane, ring.at[i + 1]);

        twice += a.x * b.y - b.x * a.y;
    }
    return twice / 2;
}

/* Above 0: c lies left of the way from a to b. */
static double side(struct shape_point a, struct shape_point b, struct shape_point c)
{
    return (b.lon - a.lon) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lon - a.lon);
}

/* Do the ways a-b and c-d cross, each from one side of the other to its other side? */
static bool cross(struct shape_point a, struct shape_point b, struct shape_point c, struct shape_point d)
{
    double c_side = side(a, b, c), d_side = side(a, b, d), a_side = side(c, d, a), b_side = side(c, d, b);

    return ((c_side > 0 && d_side < 0) || (c_side < 0 && d_side > 0)) &&
           ((a_side > 0 && b_side < 0) || (a_side < 0 && b_side > 0));
}

bool shape_crosses(struct shape ring)
{
    size_t ways = ring.n ? ring.n - 1 : 0;

    for (size_t i = 0; i + 1 < ways; i++) {
        const struct shape_point *p = &ring.at[i];

        /* Neighbours share a corner; they must not run back over each other. */
        if (side(p[0], p[1], p[2]) == 0 && !same(p[0], p[1]) && !same(p[1], p[2]) &&
            (p[1].lon - p[0].lon) * (p[2].lon - p[1].lon) + (p[1].lat - p[0].lat) * (p[2].lat - p[1].lat) < 0)
            return true;
        for (size_t j = i + 2; j < ways; j++)
            if (cross(p[0], p[1], ring.at[j], ring.at[j + 1]))
                return true;
    }
    return false;
}

bool shape_contains(struct shape ring, struct shape_point p)
{
    bool inside = false;

    for (size_t i = 0; i + 1 < ring.n; i++) {
        struct shape_point a = ring.at[i], b = ring.at[i + 1];

        if ((a.lat > p.lat) != (b.lat > p.lat) && p.lon < a.lon + (b.lon - a.lon) * (p.lat - a.lat) / (b.lat - a.lat))
            inside = !inside;
    }
    return inside;
}

/* From the plane's origin, where the point is. */
static double distance_to(struct metres a, struct metres b)
{
    double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy, t = 0;

    if (length > 0)
        t = fmin(1, fmax(0, -(a.x * dx + a.y * dy) / length));
    return hypot(a.x + t * dx, a.y + t * dy);
}

double shape_distance(struct shape line, struct shape_point p)
{
    struct plane plane = plane_at(p);
    double least = HUGE_VAL;

    if (line.n == 1)
        return distance_to(metres_of(plane, line.at[0]), metres_of(plane, line.at[0]));
    for (size_t i = 0; i + 1 < line.n; i++)
        least = fmin(least, distance_to(metres_of(plane, line.at[i]), metres_of(plane, line.at[i + 1])));
    return least;
}

/* Of the runs of a latitude that lie inside, the middle of the one that starts nearest west of `lon`. */
static double middle_of_run(struct shape ring, double lat, double lon)
{
    double best = lon, widest = -1;

    for (size_t i = 0; i + 1 < ring.n; i++) {
        struct shape_point a = ring.at[i], b = ring.at[i + 1];
        double from, to = HUGE_VAL;

        if ((a.lat > lat) == (b.lat > lat))
            continue;
        from = a.lon + (b.lon - a.lon) * (lat - a.lat) / (b.lat - a.lat);
        for (size_t j = 0; j + 1 < ring.n; j++) {
            struct shape_point c = ring.at[j], d = ring.at[j + 1];
            double at;

            if ((c.lat > lat) == (d.lat > lat))
                continue;
            at = c.lon + (d.lon - c.lon) * (lat - c.lat) / (d.lat - c.lat);
            if (at > from && at < to)
                to = at;
        }
        if (to - from > widest && to < HUGE_VAL &&
            shape_contains(ring, (struct shape_point){lat, from + (to - from) / 2})) {
            widest = to - from;
            best = from + (to - from) / 2;
        }
    }
    return best;
}

struct shape_point shape_middle(struct shape ring)
{
    double twice = 0, x = 0, y = 0;
    struct shape_point p = ring.at[0];

    MUST(ring.n > 0);
    for (size_t i = 0; i + 1 < ring.n; i++) {
        double ax = ring.at[i].lon - p.lon, ay = ring.at[i].lat - p.lat;
        double bx = ring.at[i + 1].lon - p.lon, by = ring.at[i + 1].lat - p.lat;
        double cross = ax * by - bx * ay;

        twice += cross;
        x += (ax + bx) * cross;
        y += (ay + by) * cross;
    }
    if (twice == 0)
        return p;
    p = (struct shape_point){p.lat + y / (3 * twice), p.lon + x / (3 * twice)};
    if (!shape_contains(ring, p))
        p.lon = middle_of_run(ring, p.lat, p.lon);
    return shape_point_is(p) ? p : ring.at[0];
}

/* The point between from and to that lies farthest from the line between them. */
static size_t farthest(const struct shape_point *at, size_t from, size_t to, double *metres)
{
    size_t found = from;

    *metres = -1;
    for (size_t i = from + 1; i < to; i++) {
        struct shape_point ends[2] = {at[from], at[to]};
        double d = shape_distance((struct shape){ends, 2}, at[i]);

        if (d > *metres) {
            *metres = d;
            found = i;
        }
    }
    return found;
}

/* A point weighs what it lies off, but no more than the point whose leaving in made it count at all, which is one
 * of the two ends: then those above any limit are the ones that the limit leaves. */
static void weigh(const struct shape_point *at, size_t n, struct shape_room *room)
{
    double *weight = room->weight;
    size_t depth = 0, from = 0;

    weight[0] = weight[n - 1] = HUGE_VAL;
    room->ends[depth++] = (uint32_t)(n - 1);
    while (depth) {
        size_t to = room->ends[depth - 1], middle;
        double off;

        if (to - from < 2) {
            from = to;
            depth--;
            continue;
        }
        middle = farthest(at, from, to, &off);
        weight[middle] = fmin(off, fmin(weight[from], weight[to]));
        MUST(depth < SHAPE_FIT_MAX);
        room->ends[depth++] = (uint32_t)middle;
    }
}

static size_t count_above(const struct shape_room *room, size_t n, double limit)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += room->weight[i] > limit;
    return count;
}

/* The heaviest that is no heavier than the limit. */
static double heaviest_of(const struct shape_room *room, size_t n, double limit)
{
    double most = 0;

    for (size_t i = 0; i < n; i++)
        if (room->weight[i] <= limit)
            most = fmax(most, room->weight[i]);
    return most;
}

/* The least limit that so few points are above. */
static double least_limit(const struct shape_room *room, size_t n)
{
    double low = 0, high = heaviest_of(room, n, DBL_MAX);

    if (count_above(room, n, 0) <= SHAPE_POINTS)
        return 0;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        *(count_above(room, n, middle) > SHAPE_POINTS ? &low : &high) = middle;
    }
    return heaviest_of(room, n, high);
}

static struct shape keep_above(const struct shape_point *at, size_t n, double limit, struct shape_room *room)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (room->weight[i] > limit)
            room->kept[count++] = at[i];
    return (struct shape){room->kept, count};
}

#define LEAST_M 0.001
#define WIDER 1.25 /* the next limit, where a ring came to cross itself */

size_t shape_fit(struct shape_point *at, size_t n, double off_max_m, struct shape_room *room)
{
    struct shape whole = {at, n};
    bool ring = shape_is_ring(whole), simple;

    MUST(n <= SHAPE_FIT_MAX && off_max_m < DBL_MAX);
    room->off_m = 0;
    if (n <= SHAPE_POINTS)
        return n;
    simple = ring && !shape_crosses(whole);
    weigh(at, n, room);
    /* What lies off by less than a millimetre is no corner, whatever there is room for. */
    for (double limit = fmax(LEAST_M, least_limit(room, n)); limit <= off_max_m; limit *= WIDER) {
        struct shape thin = keep_above(at, n, limit, room);

        if (ring && (!shape_is_ring(thin) || (simple && shape_crosses(thin))))
            continue;
        room->off_m = heaviest_of(room, n, limit);
        memcpy(at, thin.at, thin.n * sizeof *at);
        return thin.n;
    }
    return 0;
}
