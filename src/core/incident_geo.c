#include "core/incident_geo.h"

#include "wire/cot.h"

#include <inttypes.h>
#include <math.h>

#define METRES_A_DEGREE 111320.0
#define RADIANS (3.14159265358979323846 / 180)

bool geo_read(struct str pair, struct geo_point *p)
{
    size_t comma = str_find_byte(pair, ','), end;
    struct str lon;

    if (comma == pair.len)
        return false;
    lon = str_from_at(pair, comma + 1);
    end = str_find_byte(lon, ',');
    p->lat = cot_number(str_cut(pair, 0, comma));
    p->lon = cot_number(str_cut(lon, 0, end));
    return p->lat >= -90 && p->lat <= 90 && p->lon >= -180 && p->lon <= 180; /* false for NAN, too */
}

void geo_put(struct buf *b, double degrees)
{
    int64_t n;

    MUST(degrees >= -180 && degrees <= 180);
    n = (int64_t)(degrees * 1e7 + (degrees < 0 ? -0.5 : 0.5));
    buf_fmt(b, "%s%" PRId64 ".%07" PRId64, n < 0 ? "-" : "", (n < 0 ? -n : n) / 10000000,
            (n < 0 ? -n : n) % 10000000);
}

void geo_put_point(struct buf *b, struct geo_point p)
{
    geo_put(b, p.lat);
    buf_byte(b, ',');
    geo_put(b, p.lon);
}

static double shrink(double lat)
{
    double c = cos(lat * RADIANS);

    return c < 0.01 ? 0.01 : c;
}

void geo_put_ellipse(struct buf *b, struct geo_point centre, const struct geo_ellipse *x, unsigned n)
{
    double turn = x->angle * RADIANS;

    MUST(n >= 3);
    for (unsigned i = 0; i <= n; i++) {
        double angle = 360.0 * (i % n) / n * RADIANS;
        double along = cos(angle) * x->major_m, across = sin(angle) * x->minor_m;
        double north = along * cos(turn) - across * sin(turn), east = along * sin(turn) + across * cos(turn);
        struct geo_point p = {centre.lat + north / METRES_A_DEGREE,
                              centre.lon + east / (METRES_A_DEGREE * shrink(centre.lat))};

        if (i)
            buf_byte(b, ' ');
        p.lat = fmax(-90, fmin(90, p.lat));
        p.lon = fmax(-180, fmin(180, p.lon));
        geo_put_point(b, p);
    }
}

double geo_metres(struct geo_point a, struct geo_point b)
{
    double north = (b.lat - a.lat) * METRES_A_DEGREE;
    double east = (b.lon - a.lon) * METRES_A_DEGREE * shrink(a.lat);

    return sqrt(north * north + east * east);
}

bool shape_next(struct str *rest, struct str *pair, struct geo_point *p)
{
    size_t end = 0;
    struct str left = str_trim(*rest);

    while (end < left.len && (unsigned char)left.at[end] > ' ')
        end++;
    *pair = str_cut(left, 0, end);
    *rest = left;
    if (left.len == 0 || !geo_read(*pair, p))
        return false;
    *rest = str_from_at(left, end);
    return true;
}

size_t shape_points(struct str shape)
{
    struct geo_point p;
    struct str pair;
    size_t n = 0;

    while (shape_next(&shape, &pair, &p))
        n++;
    return shape.len ? 0 : n;
}

bool shape_is_closed(struct str shape)
{
    struct geo_point first = {0}, p = {0};
    struct str pair;
    size_t n = 0;

    for (; shape_next(&shape, &pair, &p); n++)
        if (n == 0)
            first = p;
    return shape.len == 0 && n > 2 && geo_metres(first, p) < 0.01;
}

bool shape_box(struct str shape, struct geo_box *box)
{
    struct geo_point p;
    struct str pair;
    size_t n = 0;

    for (; shape_next(&shape, &pair, &p); n++) {
        if (n == 0)
            box->low = box->high = p;
        box->low = (struct geo_point){fmin(box->low.lat, p.lat), fmin(box->low.lon, p.lon)};
        box->high = (struct geo_point){fmax(box->high.lat, p.lat), fmax(box->high.lon, p.lon)};
    }
    return n > 0 && shape.len == 0;
}

struct geo_point box_middle(const struct geo_box *box)
{
    return (struct geo_point){(box->low.lat + box->high.lat) / 2, (box->low.lon + box->high.lon) / 2};
}

bool box_holds(const struct geo_box *box, struct geo_point p)
{
    return p.lat >= box->low.lat && p.lat <= box->high.lat && p.lon >= box->low.lon && p.lon <= box->high.lon;
}

double box_side_m(const struct geo_box *box)
{
    struct geo_point north = {box->high.lat, box->low.lon}, east = {box->low.lat, box->high.lon};

    return fmin(geo_metres(box->low, north), geo_metres(box->low, east));
}

/* Does a ray from p to the east cross the edge from a to b? */
static bool crosses(struct geo_point a, struct geo_point b, struct geo_point p)
{
    if ((a.lat > p.lat) == (b.lat > p.lat))
        return false;
    return p.lon < (b.lon - a.lon) * (p.lat - a.lat) / (b.lat - a.lat) + a.lon;
}

bool shape_holds(struct str shape, struct geo_point p)
{
    struct geo_point first = {0}, before = {0}, now;
    struct str pair;
    size_t n = 0;
    bool in = false;

    for (; shape_next(&shape, &pair, &now); before = now, n++) {
        if (n == 0)
            first = now;
        else
            in ^= crosses(before, now, p);
    }
    return shape.len == 0 && n > 2 && (in ^ crosses(before, first, p));
}

static double to_edge_m(struct geo_point a, struct geo_point b, struct geo_point p)
{
    double narrow = shrink(p.lat), ax = (a.lon - p.lon) * narrow, ay = a.lat - p.lat;
    double dx = (b.lon - a.lon) * narrow, dy = b.lat - a.lat, len = dx * dx + dy * dy, t;

    t = len > 0 ? -(ax * dx + ay * dy) / len : 0;
    t = fmax(0, fmin(1, t));
    return hypot(ax + t * dx, ay + t * dy) * METRES_A_DEGREE;
}

double shape_distance_m(struct str shape, struct geo_point p)
{
    struct geo_point first = {0}, before = {0}, now;
    struct str pair;
    size_t n = 0;
    double least = INFINITY;

    for (; shape_next(&shape, &pair, &now); before = now, n++) {
        if (n == 0)
            first = now;
        else
            least = fmin(least, to_edge_m(before, now, p));
    }
    return n ? fmin(least, to_edge_m(before, first, p)) : INFINITY;
}
