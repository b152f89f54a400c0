#include "edge/web_picture.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

void picture_init(struct picture *p, struct hub *h, struct events *events)
{
    memset(p, 0, sizeof *p);
    p->h = h;
    p->events = events;
}

void picture_fini(struct picture *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        free(p->units[i].words);
        free(p->units[i].uid);
    }
    for (size_t i = 0; i < COUNTOF(p->groups); i++)
        free(p->groups[i]);
    free(p->units);
    free(p->places);
    free(p->gone);
    free(p->memory);
    free(p->values);
    free(p->detail);
    free(p->words);
    picture_init(p, p->h, p->events);
}

/* ---- the table -------------------------------------------------------- */

static uint32_t place_of(const struct picture *p, uint32_t id)
{
    uint32_t i = id * 2654435761u & (p->place_count - 1);

    while (p->places[i] && p->units[p->places[i] - 1].id != id)
        i = (i + 1) & (p->place_count - 1);
    return i;
}

static void make_room(struct picture *p)
{
    uint32_t room = p->room ? p->room * 2 : 256;

    p->units = realloc(p->units, room * sizeof *p->units);
    free(p->places);
    p->place_count = room * 2;
    p->places = calloc(p->place_count, sizeof *p->places);
    MUST(p->units && p->places);
    p->room = room;
    for (uint32_t i = 0; i < p->count; i++)
        p->places[place_of(p, p->units[i].id)] = i + 1;
}

static struct picture_unit *find(struct picture *p, uint32_t id)
{
    uint32_t at = p->place_count ? p->places[place_of(p, id)] : 0;

    return at ? &p->units[at - 1] : NULL;
}

static struct picture_unit *put(struct picture *p, uint32_t id)
{
    struct picture_unit *x = find(p, id);

    if (x)
        return x;
    if (p->count == p->room)
        make_room(p);
    p->places[place_of(p, id)] = p->count + 1;
    x = &p->units[p->count++];
    *x = (struct picture_unit){.id = id};
    return x;
}

/* Closes the gap in the places that a removed one leaves. */
static void close_gap(struct picture *p, uint32_t hole)
{
    uint32_t mask = p->place_count - 1;

    p->places[hole] = 0;
    for (uint32_t i = (hole + 1) & mask; p->places[i]; i = (i + 1) & mask) {
        uint32_t index = p->places[i];

        p->places[i] = 0;
        p->places[place_of(p, p->units[index - 1].id)] = index;
    }
}

static void remove_unit(struct picture *p, struct picture_unit *x)
{
    struct picture_unit *last = &p->units[p->count - 1];

    free(x->words);
    free(x->uid);
    close_gap(p, place_of(p, x->id));
    if (x != last) {
        p->places[place_of(p, last->id)] = (uint32_t)(x - p->units) + 1;
        *x = *last;
    }
    p->count--;
}

static void note_gone(struct picture *p, uint32_t id)
{
    if (p->gone_count == p->gone_room) {
        p->gone_room = p->gone_room ? p->gone_room * 2 : 64;
        p->gone = realloc(p->gone, p->gone_room * sizeof *p->gone);
        MUST(p->gone);
    }
    p->gone[p->gone_count++] = id;
}

/* ---- words ------------------------------------------------------------ */

static void put_group_names(const struct picture *p, uint16_t in_set, struct buf *b)
{
    const struct sets *s = p->h->river->sets;
    bool comma = false;

    buf_byte(b, '[');
    for (int g = 0; g < s->group_count; g++) {
        if (!mask_has(&s->in[in_set], g))
            continue;
        if (comma)
            buf_byte(b, ',');
        comma = true;
        buf_json(b, sets_name(s, g));
    }
    buf_byte(b, ']');
}

/* A set never changes once it has its number, so its names are read once. */
static void read_groups(struct picture *p, uint16_t in_set)
{
    struct buf b = buf_over(p->words, PICTURE_WORDS);

    MUST(in_set < LIMIT_IN_SETS);
    if (p->groups[in_set])
        return;
    hub_lock(p->h);
    put_group_names(p, in_set, &b);
    hub_unlock(p->h);
    p->groups[in_set] = b.full ? strdup("[]") : strndup(b.at, b.len);
    MUST(p->groups[in_set]);
}

static void put_user(struct picture *p, int64_t holder, struct buf *b)
{
    struct hub_user user = {0};
    const struct hub_user *u;

    hub_lock(p->h);
    u = holder ? hub_user(p->h, holder) : NULL;
    if (u)
        user = *u;
    hub_unlock(p->h);
    web_put_text(b, "agency", str_from(user.agency));
    buf_byte(b, ',');
    web_put_text(b, "user", str_from(user.name));
}

struct parsed {
    const struct watch_unit *u;
    bool whole; /* cot and routing are of the event */
    struct cot cot;
    struct cot_routing routing;
};

static void put_unit_words(struct picture *p, const struct parsed *x, struct buf *b)
{
    const struct cot *c = &x->cot;
    struct str device = c->takv.device.len ? c->takv.device : c->takv.platform;

    web_put_text(b, "uid", x->u->uid);
    buf_byte(b, ',');
    web_put_text(b, "callsign", x->u->callsign);
    buf_byte(b, ',');
    web_put_text(b, "type", c->type);
    buf_byte(b, ',');
    web_put_text(b, "how", c->how);
    buf_fmt(b, ",\"presence\":%s,\"online\":%s,\"admitted\":%s,", x->u->kind == UNIT_PRESENCE ? "true" : "false",
            x->u->online ? "true" : "false", x->u->unadmitted ? "false" : "true");
    put_user(p, x->u->holder, b);
    buf_byte(b, ',');
    web_put_text(b, "team", c->group.name);
    buf_byte(b, ',');
    web_put_text(b, "role", c->group.role);
    buf_byte(b, ',');
    web_put_text(b, "device", device);
    if (c->status.is && c->status.battery <= 100 &&
        (c->status.battery > 0 || c->status.battery_text.len))
        buf_fmt(b, ",\"battery\":%" PRIu32 ",", c->status.battery);
    else
        buf_put(b, STR(",\"battery\":null,"));
    web_put_text(b, "remarks", x->routing.remarks);
    buf_fmt(b, ",\"groups\":%s", p->groups[x->u->in_set]);
}

static void put_emergency_words(const struct parsed *x, struct buf *b)
{
    const struct cot_routing *r = &x->routing;

    web_put_text(b, "uid", x->u->uid);
    buf_byte(b, ',');
    web_put_text(b, "unit_uid", r->link_uid);
    buf_byte(b, ',');
    web_put_text(b, "from", x->u->callsign);
    buf_byte(b, ',');
    web_put_text(b, "type", r->emergency_type.len ? r->emergency_type : x->cot.type);
    buf_byte(b, ',');
    web_put_text(b, "text", r->emergency_text.len ? r->emergency_text : r->remarks);
}

/* ---- one unit --------------------------------------------------------- */

static void parse(struct picture *p, struct parsed *x)
{
    struct buf values = buf_over(p->values, 2 * LIMIT_EVENT_IN);
    struct buf detail = buf_over(p->detail, LIMIT_EVENT_IN);
    struct err e;

    x->whole = watch_parse(x->u, &values, &x->cot);
    if (!x->whole)
        memset(&x->cot, 0, sizeof x->cot);
    if (!x->whole || !cot_route(&x->cot, &detail, &x->routing, &e))
        memset(&x->routing, 0, sizeof x->routing);
}

static double known(double v, double unknown_from)
{
    return isfinite(v) && v < unknown_from ? v : NAN;
}

static void take_numbers(struct picture_unit *to, const struct parsed *x)
{
    const struct watch_unit *u = x->u;
    bool fix = isfinite(u->lat) && isfinite(u->lon) && !(u->lat == 0 && u->lon == 0);

    to->seen_ms = u->seen_ms;
    to->time_ms = u->time_ms;
    to->stale_ms = u->stale_ms;
    to->lat = fix ? u->lat : NAN;
    to->lon = fix ? u->lon : NAN;
    to->hae = x->whole ? known(x->cot.hae.value, 999999) : NAN;
    to->ce = x->whole ? known(x->cot.ce.value, 999999) : NAN;
    to->speed = x->whole && x->cot.track.is ? known(x->cot.track.speed.value, 100000) : NAN;
    to->course = x->whole && x->cot.track.is ? known(x->cot.track.course.value, 100000) : NAN;
}

static void take_words(struct picture *p, struct picture_unit *to, struct str words)
{
    if (to->words && str_eq(str_of(to->words, to->words_len), words))
        return;
    free(to->words);
    to->words = malloc(words.len ? words.len : 1);
    MUST(to->words);
    memcpy(to->words, words.at, words.len);
    to->words_len = (uint32_t)words.len;
    to->words_tick = p->tick;
}

static void take_unit(struct picture *p, const struct watch_unit *u)
{
    static _Thread_local struct parsed x; /* some 9 KB */
    struct picture_unit *to = put(p, u->id);
    struct buf b = buf_over(p->words, PICTURE_WORDS);

    read_groups(p, u->in_set);
    x.u = u;
    parse(p, &x);
    to->generation = p->generation;
    to->emergency = u->kind == UNIT_EMERGENCY;
    to->moved_tick = p->tick;
    take_numbers(to, &x);
    if (to->emergency) {
        put_emergency_words(&x, &b);
        if (!to->uid)
            to->uid = strndup(u->uid.at, u->uid.len);
        MUST(to->uid);
        if (!to->raised_ms || to->journal_seq != u->journal_seq)
            to->raised_ms = u->journal_seq ? events_time(p->events, u->journal_seq) : 0;
        if (!to->raised_ms)
            to->raised_ms = u->seen_ms;
    } else {
        put_unit_words(p, &x, &b);
    }
    to->journal_seq = u->journal_seq;
    if (!b.full)
        take_words(p, to, buf_str(&b));
    else if (!to->words)
        take_words(p, to, STR("\"uid\":\"\",\"callsign\":\"\",\"type\":\"\",\"groups\":[]"));
}

/* ---- following -------------------------------------------------------- */

static void begin(struct picture *p)
{
    p->memory = malloc(PICTURE_MEMORY);
    p->values = malloc(2 * LIMIT_EVENT_IN);
    p->detail = malloc(LIMIT_EVENT_IN);
    p->words = malloc(PICTURE_WORDS);
    MUST(p->memory && p->values && p->detail && p->words);
    hub_lock(p->h);
    p->watch.gone_seen = p->h->river->units.gone_count;
    hub_unlock(p->h);
}

static void follow_changed(struct picture *p)
{
    struct watch_unit units[PICTURE_BATCH];
    size_t n;

    while ((n = watch_next(p->h, &p->watch, units, COUNTOF(units), p->memory, PICTURE_MEMORY)) > 0)
        for (size_t i = 0; i < n; i++)
            take_unit(p, &units[i]);
}

static void take_gone(struct picture *p, uint32_t id)
{
    struct picture_unit *x = find(p, id);

    if (!x)
        return;
    if (!x->emergency)
        note_gone(p, id);
    remove_unit(p, x);
}

/* More were deleted than the river remembers: a whole walk tells who is left. */
static void walk_again(struct picture *p)
{
    p->generation++;
    p->watch.seen = 0;
    p->watch.at = 0;
    follow_changed(p);
    for (uint32_t i = p->count; i-- > 0;)
        if (p->units[i].generation != p->generation)
            take_gone(p, p->units[i].id);
}

void picture_follow(struct picture *p)
{
    uint32_t gone[256];
    bool overrun = false;
    size_t n;

    if (!p->memory)
        begin(p);
    p->tick++;
    p->gone_count = 0;
    follow_changed(p);
    do {
        n = watch_gone(p->h, &p->watch, gone, COUNTOF(gone), &overrun);
        for (size_t i = 0; i < n; i++)
            take_gone(p, gone[i]);
    } while (n == COUNTOF(gone) && !overrun);
    if (overrun)
        walk_again(p);
    p->complete = true;
}

/* ---- writing ---------------------------------------------------------- */

static void put_member(struct buf *b, const char *name, double v)
{
    buf_fmt(b, ",\"%s\":", name);
    web_put_number(b, v);
}

size_t picture_put_units(const struct picture *p, uint64_t after, struct buf *b)
{
    size_t n = 0;

    for (uint32_t i = 0; i < p->count && !b->full; i++) {
        const struct picture_unit *x = &p->units[i];

        if (x->emergency || (after && x->words_tick <= after))
            continue;
        buf_fmt(b, "%s{\"n\":%" PRIu32 ",", n++ ? "," : "", x->id);
        buf_put(b, str_of(x->words, x->words_len));
        put_member(b, "lat", x->lat);
        put_member(b, "lon", x->lon);
        put_member(b, "hae", x->hae);
        put_member(b, "ce", x->ce);
        put_member(b, "speed", x->speed);
        put_member(b, "course", x->course);
        buf_fmt(b, ",\"time\":%" PRId64 ",\"seen\":%" PRId64 ",\"stale\":%" PRId64 "}", x->time_ms,
                x->seen_ms, x->stale_ms);
    }
    return n;
}

static void put_acknowledged(struct picture *p, const struct picture_unit *x, struct buf *b)
{
    const struct event_ack *a = events_ack(p->events, str_from(x->uid), x->journal_seq);

    buf_put(b, STR(",\"acknowledged_by\":"));
    if (!a) {
        buf_put(b, STR("null,\"acknowledged\":null}"));
        return;
    }
    buf_json(b, str_from(a->by));
    buf_fmt(b, ",\"acknowledged\":%" PRId64 "}", a->at_ms);
}

size_t picture_put_emergencies(struct picture *p, struct buf *b)
{
    size_t n = 0;

    for (uint32_t i = 0; i < p->count && !b->full; i++) {
        const struct picture_unit *x = &p->units[i];

        if (!x->emergency)
            continue;
        buf_put(b, n++ ? STR(",{") : STR("{"));
        buf_put(b, str_of(x->words, x->words_len));
        put_member(b, "lat", x->lat);
        put_member(b, "lon", x->lon);
        buf_fmt(b, ",\"raised\":%" PRId64, x->raised_ms);
        put_acknowledged(p, x, b);
    }
    return n;
}

/* A number scaled into [0, most], or `none` when it is not known. */
static uint32_t scaled(double v, double by, uint32_t most, uint32_t none)
{
    if (!isfinite(v) || v < 0)
        return none;
    v *= by;
    return v >= most ? most : (uint32_t)(v + 0.5);
}

static int32_t degrees(double v, double most)
{
    return isfinite(v) && v >= -most && v <= most ? (int32_t)lround(v * 1e7) : INT32_MIN;
}

static void little(struct buf *b, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_byte(b, (char)(v >> (8 * i) & 0xFF));
}

static void put_record(const struct picture_unit *x, int64_t now_ms, struct buf *b)
{
    int64_t age = (now_ms - x->seen_ms) / 1000;
    int32_t lat = degrees(x->lat, 90), lon = degrees(x->lon, 180);
    double course = isfinite(x->course) ? fmod(fmod(x->course, 360) + 360, 360) : NAN;

    if (lat == INT32_MIN || lon == INT32_MIN)
        lat = lon = INT32_MIN;
    little(b, x->id, 4);
    little(b, (uint32_t)lat, 4);
    little(b, (uint32_t)lon, 4);
    little(b, scaled(course, 100, 35999, 65535), 2);
    little(b, scaled(x->speed, 100, 65534, 65535), 2);
    little(b, scaled(x->ce, 1, 255, 255), 1);
    little(b, 0x80, 1); /* the floor: no event tells it yet */
    little(b, age < 0 ? 0 : age > 65535 ? 65535 : (uint64_t)age, 2);
}

size_t picture_positions_size(const struct picture *p)
{
    return PICTURE_HEAD + (size_t)p->count * PICTURE_RECORD;
}

size_t picture_put_positions(const struct picture *p, uint64_t after, int64_t now_ms, struct buf *b)
{
    size_t head = b->len, n = 0, end;

    little(b, 1, 1);
    little(b, 1, 1);
    little(b, PICTURE_RECORD, 2);
    little(b, 0, 4);
    little(b, (uint64_t)now_ms, 8);
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->units[i].emergency || p->units[i].moved_tick <= after)
            continue;
        put_record(&p->units[i], now_ms, b);
        n++;
    }
    MUST(!b->full);
    end = b->len;
    b->len = head + 4;
    little(b, n, 4);
    b->len = end;
    return n;
}
