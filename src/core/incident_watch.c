#include "core/incident_watch.h"

#include "core/incident_device.h"
#include "core/incident_place.h"
#include "core/incident_rules.h"

#include <inttypes.h>
#include <math.h>

enum {
    SELF_DEPLOYED_MS = 60 * 1000,
    ZONE_MS = 20 * 1000,
    GAP_MS = 5 * 60 * 1000,       /* a longer silence begins anew */
    BESIDE_MS = 5 * 60 * 1000,    /* another device of the unit counts so long */
    RELEASED_MS = 30 * 60 * 1000, /* the way out after a release */
    OLD_MS = 60 * 60 * 1000,
};
#define ZONE_CE_M 50.0
#define CORDON_CE_M 100.0
#define CE_UNKNOWN_M 1000000.0

struct watching {
    struct watch_state *w;
    const struct incident *s;
    const struct position *p; /* the one at hand */
    struct watch_device *d;
    int64_t now_ms;
    struct buf *memory;
    struct incident_command *out;
    size_t n, max, begin;
    unsigned lookups;
    bool exercise;
};

void watch_init(struct watch_state *w, struct hash_key key)
{
    w->key = key;
}

/* ---- the incident's areas ---------------------------------------------- */

static void add_area(struct watch_state *w, const struct incident *s, uint32_t e, uint32_t level)
{
    struct watch_area a = {.e = e, .level = level};
    struct str shape = ent_get(s, e, IN_SHAPE);

    if (w->areas == WATCH_AREAS || shape_points(shape) < 3 || !shape_box(shape, &a.box))
        return;
    a.side_m = box_side_m(&a.box);
    w->area[w->areas++] = a;
}

/* How many levels the structure of this one has. */
static uint32_t levels_beside(const struct incident *s, uint32_t level)
{
    struct str structure = ent_get(s, level, IN_STRUCTURE);
    uint32_t n = 0;

    for (uint32_t l = ent_first(s, ENT_LEVEL); l; l = ent_next(s, l))
        n += str_eq(ent_get(s, l, IN_STRUCTURE), structure);
    return n;
}

/* Anew when the incident has changed: some milliseconds with thousands of shapes. */
static void read_areas(struct watch_state *w, const struct incident *s)
{
    if (w->areas_seq == s->seq && s->seq)
        return;
    w->areas = 0;
    for (uint32_t c = ent_first(s, ENT_CORDON); c; c = ent_next(s, c))
        if (ent_is(s, c, IN_STATE, "in-force") && ent_is(s, c, IN_CORDON_KIND, "outer"))
            add_area(w, s, c, 0);
    w->cordons = w->areas;
    for (uint32_t z = ent_first(s, ENT_ZONE); z; z = ent_next(s, z)) {
        uint32_t before = w->areas, level;

        if (!ent_is(s, z, IN_STATE, "current") || !ent_has(s, z, IN_SHAPE))
            continue;
        level = ent_find(s, ENT_LEVEL, ent_get(s, z, IN_LEVEL));
        if (level)
            add_area(w, s, z, level);
        if (w->areas > before)
            w->area[before].any_floor = ent_is(s, z, IN_ZONE_KIND, "yard") || levels_beside(s, level) == 1;
    }
    w->areas_seq = s->seq;
}

/* Changes when a unit came or got another alias. */
static uint64_t names_stamp(const struct incident *s)
{
    uint64_t newest = 0;

    for (uint32_t u = ent_first(s, ENT_UNIT); u; u = ent_next(s, u)) {
        uint64_t seq = ent_seq(s, u, IN_ALIAS);

        newest = seq > newest ? seq : newest;
    }
    return newest * 4096 + s->count[ENT_UNIT] + 1;
}

/* ---- devices ----------------------------------------------------------- */

static uint32_t home_of(uint64_t key)
{
    return (uint32_t)key & (WATCH_DEVICES - 1);
}

static struct watch_device *find(struct watch_state *w, uint64_t key)
{
    uint32_t i = home_of(key);

    while (w->devices[i].key && w->devices[i].key != key)
        i = (i + 1) & (WATCH_DEVICES - 1);
    return &w->devices[i];
}

/* Takes one out and closes the gap, so that those behind it are still found. */
static void drop(struct watch_state *w, uint32_t hole)
{
    uint32_t i = hole;

    w->devices[hole] = (struct watch_device){0};
    w->count--;
    for (;;) {
        struct watch_device moved;

        i = (i + 1) & (WATCH_DEVICES - 1);
        if (w->devices[i].key == 0)
            return;
        moved = w->devices[i];
        w->devices[i] = (struct watch_device){0};
        *find(w, moved.key) = moved;
    }
}

static void drop_oldest(struct watch_state *w)
{
    int64_t seen_ms = INT64_MAX;
    uint32_t oldest = 0;

    for (uint32_t i = 0; i < WATCH_DEVICES; i++)
        if (w->devices[i].key && w->devices[i].seen_ms < seen_ms) {
            seen_ms = w->devices[i].seen_ms;
            oldest = i;
        }
    MUST(seen_ms < INT64_MAX);
    drop(w, oldest);
}

static struct watch_device *device_of(struct watch_state *w, struct str uid)
{
    uint64_t key = hash_str(w->key, uid) | 1;
    struct watch_device *d = find(w, key);

    if (d->key == key)
        return d;
    if (w->count >= WATCH_DEVICES / 4 * 3) {
        drop_oldest(w);
        d = find(w, key);
    }
    *d = (struct watch_device){.key = key};
    w->count++;
    return d;
}

/* Looks up the unit of the device at hand anew when units came or were renamed.  A device that must wait
 * for it keeps the unit it had; false when it never had its turn. */
static bool know_unit(struct watching *x)
{
    struct watch_device *d = x->d;
    uint32_t unit;

    if (d->known == x->w->stamp)
        return true;
    unit = ent_find(x->s, ENT_UNIT, x->p->uid);
    if (!unit && x->lookups == 0)
        return d->known != 0;
    if (!unit) {
        x->lookups--;
        unit = unit_of_device(x->s, x->p->uid, x->p->callsign);
    }
    d->unit = unit;
    d->known = x->w->stamp;
    return true;
}

/* ---- commands ---------------------------------------------------------- */

static bool open_command(struct watching *x)
{
    if (x->n == x->max || x->memory->full)
        return false;
    x->begin = x->memory->len;
    incident_put(x->memory, IN_INCIDENT, ent_id(x->s, incident_self(x->s)));
    incident_put(x->memory, IN_VIA, STR("cot"));
    incident_put_int(x->memory, IN_OBSERVED_AT, x->p->at_ms);
    if (x->exercise)
        incident_put(x->memory, IN_EXERCISE, STR("1"));
    return true;
}

static bool close_command(struct watching *x, enum incident_kind kind)
{
    if (x->memory->full) {
        x->memory->len = x->begin;
        x->memory->full = false;
        return false;
    }
    x->out[x->n++] = (struct incident_command){kind, str_from_at(buf_str(x->memory), x->begin), x->now_ms};
    return true;
}

static bool ce_known(const struct position *p)
{
    return p->ce >= 0 && p->ce < CE_UNKNOWN_M; /* false for NAN */
}

static void put_ce(struct buf *b, const struct position *p)
{
    if (ce_known(p))
        buf_fmt(b, ", accurate to %d m", (int)ceil(p->ce));
    else
        buf_put(b, STR(", accuracy not known"));
}

static void put_degrees(struct buf *b, enum incident_field f, double degrees)
{
    char text[32];
    struct buf t = buf_over(text, sizeof text);

    geo_put(&t, degrees);
    incident_put(b, f, buf_str(&t));
}

/* ---- who came without checking in -------------------------------------- */

static uint32_t cordon_around(const struct watching *x, struct geo_point at)
{
    for (uint32_t i = 0; i < x->w->cordons; i++)
        if (box_holds(&x->w->area[i].box, at) && shape_holds(ent_get(x->s, x->w->area[i].e, IN_SHAPE), at))
            return x->w->area[i].e;
    return 0;
}

/* One that is here, was told of already, or is leaving after its release. */
static bool is_accounted(const struct watching *x)
{
    uint32_t u = x->d->unit;

    if (u == 0) { /* by another name it may be told of already */
        char id[INCIDENT_ID_MAX];
        struct buf b = buf_over(id, sizeof id);

        put_short(&b, x->p->uid, INCIDENT_ID_MAX - 28);
        u = ent_find(x->s, ENT_UNIT, buf_str(&b));
    }
    if (unit_is_here(x->s, u) || ent_is(x->s, u, IN_STATE, "self-deployed"))
        return true;
    return ent_is(x->s, u, IN_STATE, "released") && x->now_ms - ent_int(x->s, u, IN_RECORDED_AT, 0) < RELEASED_MS;
}

static bool tell_self_deployed(struct watching *x)
{
    char text[INCIDENT_LINE_MAX], id[INCIDENT_ID_MAX];
    struct buf b = buf_over(text, sizeof text), unit = buf_over(id, sizeof id);

    if (!open_command(x))
        return false;
    if (x->d->unit)
        buf_put(&unit, ent_id(x->s, x->d->unit));
    else
        put_short(&unit, x->p->uid, INCIDENT_ID_MAX - 28);
    buf_fmt(&b, "inside the outer cordon %.*s for %" PRId64 " s, %u positions", STR_ARG(cut_text(ent_id(x->s,
            x->d->cordon), 64)), (x->p->at_ms - x->d->cordon_since_ms) / 1000, x->d->cordon_seen);
    put_ce(&b, x->p);
    buf_put(&b, STR(", not checked in; calls itself "));
    buf_put(&b, x->p->callsign.len ? cut_text(x->p->callsign, 64) : STR("nothing"));
    incident_put(x->memory, IN_UNIT, buf_str(&unit));
    put_as_line(x->memory, IN_REASON, buf_str(&b));
    put_degrees(x->memory, IN_LAT, x->p->lat);
    put_degrees(x->memory, IN_LON, x->p->lon);
    return close_command(x, INC_UNIT_SELF_DEPLOYED);
}

static void watch_cordon(struct watching *x, struct geo_point at)
{
    struct watch_device *d = x->d;
    uint32_t cordon;

    if (ce_known(x->p) && x->p->ce >= CORDON_CE_M)
        return; /* says nothing, neither way */
    cordon = cordon_around(x, at);
    if (!cordon || is_accounted(x)) {
        d->cordon_since_ms = 0;
        return;
    }
    if (d->cordon_since_ms == 0 || d->cordon != cordon) {
        d->cordon_since_ms = x->p->at_ms;
        d->cordon = cordon;
        d->cordon_seen = 0;
    }
    d->cordon_seen++;
    if (x->p->at_ms - d->cordon_since_ms >= SELF_DEPLOYED_MS && d->known == x->w->stamp && tell_self_deployed(x))
        d->cordon_since_ms = 0; /* told; were it refused, it is tried again after a minute */
}

/* ---- which unit is in which zone --------------------------------------- */

/* Does the floor that the device names resolve to this level? */
static bool is_on_level(const struct watching *x, uint32_t level)
{
    struct str structure = ent_get(x->s, level, IN_STRUCTURE);
    uint32_t b = ent_find(x->s, ENT_STRUCTURE, structure);
    struct floors f;
    int64_t n;

    if (x->p->floor.len == 0)
        return false;
    if (str_to_int(x->p->floor, -20, 200, &n))
        return level_at(x->s, structure, (int)n) == level; /* a bare number is an ordinal: ground is 0 */
    f = floors_spoken(x->p->floor, scheme_of(ent_get(x->s, b, IN_SCHEME)));
    return f.n == 1 && level_at(x->s, structure, f.ordinal[0]) == level;
}

static bool is_precise(const struct watching *x, const struct watch_area *a)
{
    return x->p->ce < a->side_m;
}

static uint32_t zone_around(const struct watching *x, struct geo_point at)
{
    for (uint32_t i = x->w->cordons; i < x->w->areas; i++) {
        const struct watch_area *a = &x->w->area[i];

        if (box_holds(&a->box, at) && is_precise(x, a) && (a->any_floor || is_on_level(x, a->level)) &&
            shape_holds(ent_get(x->s, a->e, IN_SHAPE), at))
            return a->e;
    }
    return 0;
}

static uint32_t zone_of_unit(const struct watching *x)
{
    return ent_find(x->s, ENT_ZONE, ent_get(x->s, x->d->unit, IN_ZONE));
}

/* Is another device of the unit inside this zone? */
static bool is_covered(const struct watching *x, uint32_t zone)
{
    for (uint32_t i = 0; i < WATCH_DEVICES; i++) {
        const struct watch_device *o = &x->w->devices[i];

        if (o != x->d && o->key && o->unit == x->d->unit && o->zone == zone && x->now_ms - o->seen_ms < BESIDE_MS)
            return true;
    }
    return false;
}

static bool tell_zone(struct watching *x, enum incident_kind kind, uint32_t zone)
{
    if (!open_command(x))
        return false;
    incident_put(x->memory, IN_UNIT, ent_id(x->s, x->d->unit));
    incident_put(x->memory, IN_ZONE, ent_id(x->s, zone));
    incident_put_int(x->memory, IN_AT, kind == INC_UNIT_ENTERED ? x->d->zone_since_ms : x->d->out_since_ms);
    put_as_line(x->memory, IN_ACTOR, x->p->callsign.len ? x->p->callsign : x->p->uid);
    return close_command(x, kind);
}

/* A device brings its unit in when nobody knows where the unit is, or moves it on when it was the one
 * that brought it and no other stays behind. */
static void watch_inside(struct watching *x, uint32_t zone)
{
    uint32_t told = zone_of_unit(x);
    struct watch_device *d = x->d;

    d->out_since_ms = 0;
    if (d->zone != zone) {
        d->zone = zone;
        d->zone_since_ms = x->p->at_ms;
    }
    if (told == zone || (told && d->brought_to != told) || x->p->at_ms - d->zone_since_ms < ZONE_MS ||
        (told && is_covered(x, told)))
        return;
    if (tell_zone(x, INC_UNIT_ENTERED, zone)) {
        d->brought_to = zone;
        d->zone_since_ms = x->p->at_ms;
    }
}

static void watch_outside(struct watching *x, struct geo_point at)
{
    struct watch_device *d = x->d;
    uint32_t told = zone_of_unit(x);

    d->zone = 0;
    if (!told || d->brought_to != told)
        return;
    if (shape_holds(ent_get(x->s, told, IN_SHAPE), at) ||
        shape_distance_m(ent_get(x->s, told, IN_SHAPE), at) <= x->p->ce) {
        d->out_since_ms = 0;
        return;
    }
    if (d->out_since_ms == 0)
        d->out_since_ms = x->p->at_ms;
    if (x->p->at_ms - d->out_since_ms < ZONE_MS || is_covered(x, told))
        return;
    if (tell_zone(x, INC_UNIT_LEFT, told))
        d->brought_to = 0;
}

/* ---- one position ------------------------------------------------------ */

static bool is_usable(const struct watching *x)
{
    const struct position *p = x->p;

    if (!(p->lat >= -90 && p->lat <= 90 && p->lon >= -180 && p->lon <= 180) || (p->lat == 0 && p->lon == 0))
        return false;
    return p->uid.len > 0 && p->at_ms <= x->now_ms + INCIDENT_SKEW_MS && p->at_ms > x->now_ms - OLD_MS &&
           device_is_exercise(p->uid, p->callsign) == x->exercise;
}

static void watch_position(struct watching *x)
{
    struct geo_point at = {x->p->lat, x->p->lon};
    struct watch_device *d;
    uint32_t zone;

    if (!is_usable(x))
        return;
    d = x->d = device_of(x->w, x->p->uid);
    if (x->p->at_ms <= d->seen_ms)
        return; /* older than what is known */
    if (x->p->at_ms - d->seen_ms > GAP_MS) {
        d->cordon_since_ms = d->out_since_ms = 0;
        d->zone = 0;
    }
    d->seen_ms = x->p->at_ms;
    if (!know_unit(x))
        return;
    watch_cordon(x, at);
    if (!unit_is_here(x->s, d->unit) || !ce_known(x->p) || x->p->ce >= ZONE_CE_M)
        return;
    zone = zone_around(x, at);
    if (zone)
        watch_inside(x, zone);
    else
        watch_outside(x, at);
}

size_t incident_watch(const struct watch_turn *t, struct buf *memory, struct incident_command *out, size_t max)
{
    struct watching x = {.w = t->w, .s = t->s, .now_ms = t->now_ms, .memory = memory, .out = out, .max = max};

    MUST(memory->len == 0);
    if (!ent_is(t->s, incident_self(t->s), IN_STATE, "active"))
        return 0;
    x.exercise = incident_is_exercise(t->s);
    x.lookups = WATCH_LOOKUPS;
    t->w->stamp = names_stamp(t->s);
    read_areas(t->w, t->s);
    for (size_t i = 0; i < t->n; i++) {
        x.p = &t->positions[i];
        watch_position(&x);
    }
    return x.n;
}
