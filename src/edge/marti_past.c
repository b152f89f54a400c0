#include "edge/marti_past.h"

#include "edge/incidents_journal.h"
#include "os/clock.h"

#include <math.h>
#include <stdlib.h>

enum { LOOK_EVERY = 256 /* rows between two looks at the clock */ };

/* ---- whose positions ---------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_uid(struct past *p, struct str uid)
{
    struct past_uids *l = &p->uids;
    char *copy, **list;

    if (l->count == PAST_UIDS) {
        p->cut = true;
        return true;
    }
    if (l->count == l->room) {
        list = realloc(l->list, (l->room + 1024) * sizeof *list);
        if (!list)
            return false;
        l->list = list;
        l->room += 1024;
    }
    copy = malloc(uid.len + 1);
    if (!copy)
        return false;
    (void)str_copy(copy, uid.len + 1, uid);
    l->list[l->count++] = copy;
    return true;
}

static bool may_see(const struct past *p, struct str uid)
{
    char text[LIMIT_UID + 1], *key = text;

    return uid.len < sizeof text && p->uids.count && str_copy(text, sizeof text, uid) &&
           bsearch(&key, p->uids.list, p->uids.count, sizeof key, compare);
}

struct beginning {
    struct past *p;
    struct web *w;
    bool ok;
};

static bool is_wanted(const struct past *p, struct str uid)
{
    return !p->uid[0] || str_eq(str_from(p->uid), uid);
}

static bool see_unit(void *ctx, const struct watch_unit *u, const struct cot *c)
{
    struct beginning *b = ctx;

    (void)c;
    if ((u->kind == UNIT_PRESENCE || u->kind == UNIT_TRACK) && is_wanted(b->p, u->uid))
        b->ok = add_uid(b->p, u->uid);
    return b->ok;
}

static bool see_device(void *ctx, const struct device *d)
{
    struct beginning *b = ctx;

    if (is_wanted(b->p, d->uid) && marti_hears_user(b->w, &b->p->ears, d->user_id))
        b->ok = add_uid(b->p, d->uid);
    return b->ok;
}

bool past_begin(struct past *p, struct web *w, const struct client *c, struct str uid)
{
    struct beginning b = {p, w, true};
    struct err e;

    memset(p, 0, sizeof *p);
    if (!str_copy(p->dir, sizeof p->dir, str_from(w->dir)) || !str_copy(p->uid, sizeof p->uid, uid))
        return false;
    marti_ears(w, c, &p->ears);
    if (!marti_units(w, &p->ears, see_unit, &b) || !accounts_devices(w->accounts, see_device, &b, &e) || !b.ok)
        return false;
    if (p->uids.count)
        qsort(p->uids.list, p->uids.count, sizeof *p->uids.list, compare);
    return true;
}

void past_end(struct past *p)
{
    for (size_t i = 0; i < p->uids.count; i++)
        free(p->uids.list[i]);
    free(p->uids.list);
    p->uids = (struct past_uids){0};
}

/* ---- the journal -------------------------------------------------------- */

struct reading {
    uint64_t to_row; /* the last one that can be meant */
    struct past *p;
    past_see_event *see;
    tracks_see *see_point;
    void *ctx;
    char *values, *xml; /* LIMIT_EVENT_IN each */
    unsigned rows;
};

static bool time_is_up(struct reading *r)
{
    if (++r->rows % LOOK_EVERY || clock_ms() < r->p->until_ms)
        return false;
    r->p->cut = true;
    return true;
}

static bool in_box(const struct past *p, double lat, double lon)
{
    if (!p->boxed)
        return true;
    if (!(lat >= p->bottom && lat <= p->top))
        return false;
    return p->left <= p->right ? lon >= p->left && lon <= p->right : lon >= p->left || lon <= p->right;
}

/* The event of a row; false: it has none that can be read. */
static bool event_of(struct reading *r, struct str payload, struct cot *c)
{
    struct str xml = fields_get(payload, FIELD_EVENT_XML), proto = fields_get(payload, FIELD_EVENT_PROTO);
    struct buf values = buf_over(r->values, LIMIT_EVENT_IN);
    struct tak_control control;
    bool has_event = false;
    struct err e;

    if (xml.len)
        return cot_from_xml(xml, &values, c, &e);
    return proto.len && tak_decode(proto, &values, c, &has_event, &control, &e) && has_event;
}

static bool see_row(void *ctx, const struct journal_row *row)
{
    struct reading *r = ctx;
    struct past *p = r->p;
    struct buf b = buf_over(r->xml, LIMIT_EVENT_IN);
    struct cot c;

    if (row->seq > r->to_row || time_is_up(r))
        return false;
    if (row->recorded_ms < p->span.from_ms || row->recorded_ms > p->span.to_ms ||
        !is_wanted(p, fields_get(row->payload, FIELD_UID)) ||
        fields_has(row->payload, FIELD_TO) || !marti_hears_row(&p->ears, row->payload) ||
        !event_of(r, row->payload, &c) || !in_box(p, c.lat.value, c.lon.value))
        return true;
    cot_to_xml_stripped(&c, &b);
    return b.full || r->see(r->ctx, row->recorded_ms, buf_str(&b));
}

void past_events(struct past *p, past_see_event *see, void *ctx)
{
    static const uint16_t kinds[] = {EV_EMERGENCY_RAISED, EV_EMERGENCY_CANCELLED, EV_CASEVAC_SENT, EV_OBJECT_PUT, 0};
    struct reading r = {.p = p, .see = see, .ctx = ctx};
    struct journal *j = NULL;

    if (p->until_ms == 0)
        p->until_ms = clock_ms() + PAST_MS;
    r.values = malloc(2 * LIMIT_EVENT_IN);
    if (!r.values) {
        (void)err_set(&p->e, ERR_FULL, "There is not enough memory just now.");
        return;
    }
    r.xml = r.values + LIMIT_EVENT_IN;
    if (journal_open_reader(p->dir, &j, &p->e)) {
        r.to_row = incidents_row_at(j, p->span.to_ms);
        (void)!journal_read(j, incidents_row_from(j, p->span.from_ms), kinds, see_row, &r, &p->e);
        journal_close(j);
    }
    free(r.values);
}

/* ---- tracks ------------------------------------------------------------- */

static bool see_point(void *ctx, const struct track_point *t)
{
    struct reading *r = ctx;

    if (time_is_up(r))
        return false;
    if (!may_see(r->p, t->uid) || !in_box(r->p, t->lat, t->lon))
        return true;
    return r->see_point(r->ctx, t);
}

static void read_tracks(struct past *p, bool newest, tracks_see *see, void *ctx)
{
    struct reading r = {.p = p, .see_point = see, .ctx = ctx};
    struct tracks *t = NULL;
    int64_t age = p->span.to_ms - p->span.from_ms;

    if (p->until_ms == 0)
        p->until_ms = clock_ms() + PAST_MS;
    if (p->uids.count == 0 || !tracks_open_reader(p->dir, &t, &p->e))
        return;
    if (newest)
        (void)!tracks_at(t, p->span.to_ms, age, see_point, &r, &p->e);
    else
        (void)!tracks_read(t, str_from(p->uid), p->span.from_ms, p->span.to_ms, see_point, &r, &p->e);
    tracks_close(t);
}

void past_positions(struct past *p, tracks_see *see, void *ctx)
{
    read_tracks(p, false, see, ctx);
}

void past_newest(struct past *p, tracks_see *see, void *ctx)
{
    read_tracks(p, true, see, ctx);
}

void past_put_position(const struct track_point *t, struct buf *b)
{
    struct cot c = {.version = STR("2.0"), .uid = t->uid, .type = t->type.len ? t->type : STR("a-f-G-U-C"),
                    .how = STR("m-p"), .time_ms = t->time_ms, .start_ms = t->time_ms, .stale_ms = t->time_ms + 75000,
                    .has_point = true, .from_proto = true};

    c.lat.value = t->lat;
    c.lon.value = t->lon;
    c.hae.value = isnan(t->hae) ? COT_UNKNOWN : t->hae;
    c.ce.value = isnan(t->ce) ? COT_UNKNOWN : t->ce;
    c.le.value = COT_UNKNOWN;
    c.contact = (struct cot_contact){true, STR("*:-1:stcp"), t->callsign};
    if (!isnan(t->speed) && !isnan(t->course))
        c.track = (struct cot_track){true, {.value = t->speed}, {.value = t->course}};
    cot_to_xml(&c, b);
}
