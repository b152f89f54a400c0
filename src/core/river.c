#include "core/river.h"

#include "base/when.h"
#include "core/reply.h"
#include "core/sharing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { TO_SIZE = 1 << 16, SWEEP_STEP = 512 };

struct river_limits river_limits(void)
{
    return (struct river_limits){
        .units_max = 32768,
        .live_entries = LIMIT_LIVE_ENTRIES,
        .must_entries = LIMIT_MUST_ENTRIES,
        .live_bytes = {[FORM_XML] = 32u << 20, [FORM_PROTO] = 12u << 20},
        .must_bytes = {[FORM_XML] = 24u << 20, [FORM_PROTO] = 16u << 20},
        .slab_bytes = 256u << 20,
        .keep_ms = (int64_t)24 * 3600 * 1000,
        .repeat_ms = 10000,
        .uids_per_user = 8,
        .relay_after_ms = 100,
        .interest_from = 5000,
        .far_every = 5,
        .cell_deg = 0.02,
    };
}

static size_t round64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t river_memory(const struct river_limits *l)
{
    return round64(sizeof(struct sets)) + units_memory(l->units_max) +
           ring_memory(l->live_entries, l->live_bytes, TO_SIZE) +
           ring_memory(l->must_entries, l->must_bytes, TO_SIZE) + round64(l->slab_bytes) + RIVER_SCRATCH;
}

void river_init(struct river *r, const struct river_limits *l, void *memory, struct hash_key key,
                struct str server_uid)
{
    char *at = memory;

    MUST(((uintptr_t)memory & 63) == 0 && l->cell_deg >= 0.006);
    memset(r, 0, sizeof *r);
    r->limits = *l;
    r->sets = (void *)at;
    sets_init(r->sets);
    at += round64(sizeof *r->sets);
    ring_init(&r->live, at, l->live_entries, l->live_bytes, TO_SIZE);
    at += ring_memory(l->live_entries, l->live_bytes, TO_SIZE);
    ring_init(&r->must, at, l->must_entries, l->must_bytes, TO_SIZE);
    at += ring_memory(l->must_entries, l->must_bytes, TO_SIZE);
    for (int f = 0; f < FORM_COUNT; f++)
        r->must.region[f].lap = l->must_bytes[f]; /* one commit may bring much at once: nobody is lapped by it */
    slab_init(&r->slab, at, l->slab_bytes);
    units_init(&r->units, at + round64(l->slab_bytes), l->units_max, &r->slab, key,
               &r->live.head);
    r->scratch = at + round64(l->slab_bytes) + units_memory(l->units_max);
    (void)str_copy(r->server_uid, sizeof r->server_uid, server_uid);
    r->next_ticket = 1;
}

struct buf river_area(struct river *r, enum river_area area)
{
    return buf_over(r->scratch + (size_t)area * LIMIT_EVENT_IN, LIMIT_EVENT_IN);
}

uint32_t river_cell(const struct river *r, double lat, double lon)
{
    double row, col;

    if (!(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) || (lat == 0 && lon == 0))
        return 0;
    row = (lat + 90) / r->limits.cell_deg + 1;
    col = (lon + 180) / r->limits.cell_deg + 1;
    return (uint32_t)row << 16 | (uint32_t)col;
}

bool river_parse(struct river *r, struct str xml, struct str proto, struct river_event *ev, struct err *e)
{
    struct buf values = river_area(r, AREA_VALUES), detail = river_area(r, AREA_DETAIL);
    struct tak_control control;
    bool has_event = true;

    memset(ev, 0, offsetof(struct river_event, routing));
    ev->form[FORM_XML] = ev->form[FORM_PROTO] = (struct str){0};
    ev->held = 0;
    ev->proto = proto;
    if (xml.len ? !cot_from_xml(xml, &values, &ev->cot, e)
                : !tak_decode(proto, &values, &ev->cot, &has_event, &control, e))
        return false;
    if (!has_event) {
        ev->is = CLASS_CONSUMED; /* a bare TakControl */
        return true;
    }
    if (!cot_route(&ev->cot, &detail, &ev->routing, e))
        return false;
    ev->is = classify(&ev->cot, ev->routing.archive);
    if (ev->is == CLASS_EMERGENCY && ev->routing.emergency_cancel)
        ev->is = CLASS_EMERGENCY_CANCEL;
    return true;
}

static void form_xml(struct river *r, struct river_event *ev, bool has_dest)
{
    struct buf b = river_area(r, AREA_XML);

    if (ev->cot.xml.len && !has_dest && !ev->cot.odd_end) {
        ev->form[FORM_XML] = ev->cot.xml;
        return;
    }
    if (has_dest)
        cot_to_xml_stripped(&ev->cot, &b);
    else
        cot_to_xml(&ev->cot, &b);
    if (!b.full)
        ev->form[FORM_XML] = buf_str(&b);
}

static void form_proto(struct river *r, struct river_event *ev, bool has_dest)
{
    struct buf b = river_area(r, AREA_PROTO);

    if (ev->proto.len && !has_dest && ev->cot.from_proto) {
        tak_put_header(&b, ev->proto.len);
        buf_put(&b, ev->proto);
    } else if (!tak_encode(&ev->cot, has_dest, &b)) {
        b.full = true;
    }
    if (!b.full)
        ev->form[FORM_PROTO] = buf_str(&b);
}

void river_forms(struct river *r, struct river_event *ev, bool all)
{
    bool has_dest = cot_has_dest(&ev->cot);

    ev->form[FORM_XML] = ev->form[FORM_PROTO] = (struct str){0};
    ev->held = 0;
    if (all || atomic_load_explicit(&r->listeners[FORM_XML], memory_order_relaxed)) {
        form_xml(r, ev, has_dest);
        if (ev->form[FORM_XML].len == 0 || ev->form[FORM_XML].len > LIMIT_EVENT_OUT) {
            ev->form[FORM_XML] = (struct str){0};
            ev->held |= RING_HELD_XML;
        }
    }
    if (all || atomic_load_explicit(&r->listeners[FORM_PROTO], memory_order_relaxed)) {
        form_proto(r, ev, has_dest);
        if (ev->form[FORM_PROTO].len == 0 || ev->form[FORM_PROTO].len > LIMIT_EVENT_OUT) {
            ev->form[FORM_PROTO] = (struct str){0};
            ev->held |= RING_HELD_PROTO;
        }
    }
    if (ev->held)
        r->count.held_back++;
}

/* Adds the form it came in, which nobody may be listening to at the moment. */
static void add_own_form(struct river *r, struct river_event *ev)
{
    enum wire_form own = ev->cot.from_proto ? FORM_PROTO : FORM_XML;
    uint16_t held = own == FORM_XML ? RING_HELD_XML : RING_HELD_PROTO;
    bool has_dest = cot_has_dest(&ev->cot);

    if (ev->form[own].len || ev->held & held)
        return;
    if (own == FORM_XML)
        form_xml(r, ev, has_dest);
    else
        form_proto(r, ev, has_dest);
    if (ev->form[own].len > LIMIT_EVENT_OUT)
        ev->form[own] = (struct str){0};
}

/* Keeps the event as the latest of x, in the form it came in where possible. */
static void keep_latest(struct river *r, struct unit *x, struct river_event *ev)
{
    enum wire_form form = ev->cot.from_proto ? FORM_PROTO : FORM_XML;
    struct str bytes;

    if (ev->form[form].len == 0)
        form = form == FORM_XML ? FORM_PROTO : FORM_XML;
    bytes = ev->form[form];
    if (bytes.len == 0 || !units_keep(&r->units, x, bytes, form))
        r->count.evicted += bytes.len > 0;
}

static bool same_text(const struct unit *x, const struct river_event *ev)
{
    return x->kind == UNIT_PRESENCE && str_eq(x->callsign, ev->cot.contact.callsign) && x->latest;
}

/* Copies into the table what the event says of x. */
static void update_unit(struct river *r, struct unit *x, struct river_event *ev, uint16_t in_set,
                        struct now now)
{
    bool text = !same_text(x, ev) || x->updates % 16 == 0;

    x->in_set = in_set;
    x->seen_ms = now.wall_ms;
    x->seen_mono_ms = now.mono_ms;
    x->time_ms = ev->cot.time_ms;
    x->stale_ms = ev->cot.stale_ms;
    x->lat = x->lon = NAN;
    if (ev->cot.has_point) {
        x->lat = ev->cot.lat.value;
        x->lon = ev->cot.lon.value;
    }
    x->cell = river_cell(r, x->lat, x->lon);
    if (ev->cot.contact.is)
        units_rename(&r->units, x, ev->cot.contact.callsign);
    keep_latest(r, x, ev);
    units_touch(&r->units, x, text);
}

static uint16_t live_flags(const struct river *r, const struct unit *x, const struct river_event *ev)
{
    uint16_t flags = ev->held;

    if (!x || ev->is == CLASS_PASS)
        return flags | RING_FAR;
    if (ev->is == CLASS_PRESENCE || ev->is == CLASS_TRACK)
        flags |= RING_CONFLATE;
    if (r->limits.far_every && x->updates % r->limits.far_every == 0)
        flags |= RING_FAR;
    return flags;
}

static void append_live(struct river *r, struct unit *x, const struct river_event *ev,
                        struct ring_put put)
{
    uint64_t seq;

    put.form[FORM_XML] = ev->form[FORM_XML];
    put.form[FORM_PROTO] = ev->form[FORM_PROTO];
    put.unit = x ? units_index(&r->units, x) : RING_NO_UNIT;
    put.cell = x ? x->cell : 0;
    ring_expect(&r->live, atomic_load_explicit(&r->sessions, memory_order_relaxed));
    seq = ring_append(&r->live, &put);
    r->count.live_put++;
    if (x && !(put.flags & RING_ADDRESSED))
        atomic_store_explicit(&r->units.newest[put.unit], seq + 1, memory_order_release);
}

/* Units named by uid, as far as they are known, for the ring's list. */
static uint32_t resolve_to(struct river *r, const struct cot_routing *routing, uint32_t *to)
{
    uint32_t n = 0;

    for (size_t i = 0; i < routing->dest_count && n < LIMIT_DESTS; i++) {
        const struct cot_dest *d = &routing->dests[i];
        struct unit *x;

        if (d->kind == DEST_UID) {
            x = units_find(&r->units, d->name);
            if (x)
                to[n++] = units_index(&r->units, x);
        } else if (d->kind == DEST_CALLSIGN) {
            for (uint32_t at = UNIT_NONE;
                 n < LIMIT_DESTS && (at = units_next_called(&r->units, d->name, at)) != UNIT_NONE;)
                to[n++] = at;
        }
    }
    return n;
}

bool river_addresses(const struct cot_routing *routing)
{
    if (routing->to_all)
        return false;
    for (size_t i = 0; i < routing->dest_count; i++)
        if (routing->dests[i].kind != DEST_GROUP)
            return true;
    return false;
}

/* A report into the table, for newcomers in the form that it was sent in.  One for
 * a few does not take the place of the last that was for all. */
static void show_report(struct river *r, struct unit *x, struct river_event *ev, const struct ring_put *put,
                        struct now now)
{
    struct str xml = ev->form[FORM_XML], proto = ev->form[FORM_PROTO];

    if (put->flags & RING_ADDRESSED && x->latest && !x->addressed) {
        x->seen_ms = now.wall_ms;
        x->seen_mono_ms = now.mono_ms;
        return;
    }
    x->sender = put->sender;
    x->addressed = put->flags & RING_ADDRESSED;
    add_own_form(r, ev);
    update_unit(r, x, ev, put->in_set, now);
    x->updates++;
    ev->form[FORM_XML] = xml;
    ev->form[FORM_PROTO] = proto;
}

void river_put_live(struct river *r, struct unit *x, const struct river_event *given, uint32_t sender,
                    uint16_t in_set, struct now now)
{
    struct river_event ev = *given;
    uint32_t to[LIMIT_DESTS];
    struct ring_put put = {.sender = sender, .in_set = in_set, .now_ms = now.mono_ms};

    river_forms(r, &ev, false);
    put.flags = live_flags(r, x, &ev);
    if (river_addresses(&ev.routing)) {
        put.to = to;
        put.to_count = resolve_to(r, &ev.routing, to);
        put.flags = (uint16_t)((put.flags | RING_ADDRESSED) & ~(unsigned)RING_CONFLATE);
    }
    if (x) {
        show_report(r, x, &ev, &put, now);
        if (x->pending) {
            x->held |= !(put.flags & RING_ADDRESSED); /* a durable event about it goes first */
            x->doomed = false;
            return;
        }
    }
    append_live(r, x, &ev, put);
}

/* Whose event of which class it is; nobody's when no rule is about it. */
static struct set_of set_of(struct river *r, struct str payload)
{
    struct str agency = fields_get(payload, FIELD_OF_AGENCY);
    unsigned share = sharing_by_word(fields_get(payload, FIELD_SHARE));

    if (agency.len == 0)
        return (struct set_of){0};
    /* A class of a later version: of the most careful kind. */
    return (struct set_of){sets_agency(r->sets, agency), (uint8_t)(share < SHARE_COUNT ? share : SHARE_NOTES)};
}

int river_in_set(struct river *r, struct str payload)
{
    struct group_mask mask = {0};
    struct set_of of;
    enum field tag;
    struct str name;
    int set;

    if (fields_has(payload, FIELD_EVERYONE))
        return SETS_EVERYONE;
    of = set_of(r, payload);
    while (fields_next(&payload, &tag, &name)) {
        int group = tag == FIELD_GROUP ? sets_group(r->sets, name) : -1;

        if (group >= 0)
            mask_add(&mask, group);
    }
    set = sets_in_of(r->sets, &mask, of);
    return set < 0 && of.share == SHARE_ALWAYS ? sets_in_any(r->sets, &mask) : set;
}

void river_put_groups(const struct river *r, uint16_t in_set, struct buf *b)
{
    if (in_set == SETS_EVERYONE) {
        fields_put(b, FIELD_EVERYONE, STR("1"));
        return;
    }
    for (int g = 0; g < r->sets->group_count; g++)
        if (mask_has(&r->sets->in[in_set], g))
            fields_put(b, FIELD_GROUP, sets_name(r->sets, g));
}

void river_put_share(const struct river *r, uint16_t in_set, struct buf *b)
{
    struct set_of of = r->sets->in_of[in_set];

    if (of.share == SHARE_ALWAYS)
        return;
    fields_put(b, FIELD_OF_AGENCY, sets_agency_name(r->sets, of.agency));
    fields_put(b, FIELD_SHARE, str_from(sharing_word(of.share)));
}

/* Units that a payload's FIELD_TO names. */
static uint32_t payload_to(struct river *r, struct str payload, uint32_t *to, bool *addressed)
{
    uint32_t n = 0;
    enum field tag;
    struct str uid;

    *addressed = false;
    while (fields_next(&payload, &tag, &uid)) {
        struct unit *x;

        if (tag != FIELD_TO)
            continue;
        *addressed = true;
        x = units_find(&r->units, uid);
        if (x && n < LIMIT_DESTS)
            to[n++] = units_index(&r->units, x);
    }
    return n;
}

/* Adds <__cordon recorded="false"/> at the end of the detail: heard before it was
 * on disk (design.md section 2). */
static void mark_unrecorded(struct river *r, struct river_event *ev)
{
    static const struct str mark = {"<__cordon recorded=\"false\"></__cordon>", 38};
    struct buf b = river_area(r, AREA_PAYLOAD_2);
    struct cot *c = &ev->cot;
    struct str was = c->detail;
    size_t end;

    if (c->from_proto || was.len == 0) {
        buf_put(&b, was);
        buf_put(&b, mark);
        if (!b.full)
            c->detail = buf_str(&b);
        ev->proto = (struct str){0};
        c->xml = (struct str){0}; /* without a detail to put it into it is written anew */
        c->from_proto = true;
        return;
    }
    end = (size_t)(was.at - c->xml.at) + was.len;
    buf_put(&b, str_cut(c->xml, 0, end));
    buf_put(&b, mark);
    buf_put(&b, str_from_at(c->xml, end));
    if (b.full)
        return;
    c->detail = str_of(b.at + (was.at - c->xml.at), was.len + mark.len);
    c->xml = buf_str(&b);
}

/* It went out by the 100 ms rule and is on disk now. */
static bool is_heard(const struct river_publish *p)
{
    return p->recorded && p->ticket;
}

static void append_must(struct river *r, const struct river_publish *p, struct river_event *ev,
                        struct now now)
{
    uint32_t to[LIMIT_DESTS];
    bool addressed;
    struct ring_put put = {.sender = p->sender, .unit = RING_NO_UNIT, .now_ms = now.mono_ms};
    int in_set = river_in_set(r, p->payload);

    if (p->quiet || is_heard(p))
        return;
    if (in_set < 0) {
        r->count.unit_refused++; /* it is in the journal; nobody hears more than his groups let him */
        return;
    }
    if (!p->recorded)
        mark_unrecorded(r, ev);
    river_forms(r, ev, true);
    put.in_set = (uint16_t)in_set;
    put.to_count = payload_to(r, p->payload, to, &addressed);
    put.to = to;
    put.flags = (uint16_t)(ev->held | (addressed ? RING_ADDRESSED : 0u) |
                           (class_is_urgent(ev->is) ? RING_URGENT : 0u));
    put.journal_seq = p->journal_seq;
    put.form[FORM_XML] = ev->form[FORM_XML];
    put.form[FORM_PROTO] = ev->form[FORM_PROTO];
    (void)ring_append(&r->must, &put);
    r->count.must_put++;
}

uint64_t river_owner(const struct river *r, struct str user)
{
    return hash_str(r->units.key, user) | 1;
}

/* A kept durable event: marker, CASEVAC, open emergency. */
static void publish_kept(struct river *r, const struct river_publish *p, struct river_event *ev,
                         struct now now)
{
    enum unit_kind kind = p->kind == EV_EMERGENCY_RAISED ? UNIT_EMERGENCY : UNIT_OBJECT;
    bool opens = kind == UNIT_EMERGENCY && !units_find_emergency(&r->units, ev->cot.uid);
    int in_set = river_in_set(r, p->payload);
    struct unit *x;

    if (kind == UNIT_EMERGENCY && !opens) /* no repeat of what it said before comes behind it */
        units_raise_floor(&r->units, units_find_emergency(&r->units, ev->cot.uid));
    append_must(r, p, ev, now);
    if (in_set < 0 || fields_has(p->payload, FIELD_TO))
        return; /* for a few: not part of the common picture */
    if (is_heard(p) && (opens || units_find_emergency(&r->units, ev->cot.uid)->ticket != p->ticket))
        return; /* cancelled or raised again since, and that was heard, too */
    x = units_put(&r->units, ev->cot.uid, kind);
    if (!x) {
        r->count.unit_refused++;
        return;
    }
    r->emergencies += opens;
    if (x->kind == UNIT_TRACK)
        units_become(&r->units, x, kind);
    if (opens) /* who raises it again does not take it over */
        x->owner = river_owner(r, fields_get(p->payload, FIELD_USER));
    river_forms(r, ev, true);
    update_unit(r, x, ev, (uint16_t)in_set, now);
    units_touch(&r->units, x, true);
    x->journal_seq = p->journal_seq;
    x->ticket = p->recorded ? 0 : p->ticket;
    x->sender = p->sender;
    x->addressed = x->doomed = false;
    x->repeat_at_ms = now.mono_ms + r->limits.repeat_ms;
    if (kind == UNIT_EMERGENCY && (r->next_repeat_ms == 0 || x->repeat_at_ms < r->next_repeat_ms))
        r->next_repeat_ms = x->repeat_at_ms;
}

static void publish_cancelled(struct river *r, const struct river_publish *p, struct river_event *ev,
                              struct now now)
{
    struct unit *x = units_find_emergency(&r->units, ev->cot.uid);

    if (x && is_heard(p) && (x->ticket || x->journal_seq > p->journal_seq))
        return; /* it ended when that was heard; what is open now was raised after it */
    if (x)
        units_raise_floor(&r->units, x); /* no repeat comes behind the cancel */
    append_must(r, p, ev, now);
    if (x) {
        MUST(r->emergencies > 0);
        r->emergencies--;
        units_remove(&r->units, x);
    }
}

/* The payload of a kept v1 frame, without its header. */
static struct str frame_payload(struct str frame)
{
    size_t at = 1;

    while (at < frame.len && (unsigned char)frame.at[at] & 0x80)
        at++;
    return str_from_at(frame, at < frame.len ? at + 1 : frame.len);
}

/* Tells the report that waited for a delete. */
static void release_held(struct river *r, struct unit *x, int64_t now_ms)
{
    struct ring_put put = {.sender = x->sender, .in_set = x->in_set, .now_ms = now_ms};
    struct river_event ev;
    struct err e;
    bool xml = x->form == FORM_XML;
    struct str bytes = str_of(x->latest, x->latest_len);

    x->held = false;
    atomic_store_explicit(&r->units.newest[units_index(&r->units, x)], 0, memory_order_relaxed);
    if (!x->latest ||
        !river_parse(r, xml ? bytes : (struct str){0}, xml ? (struct str){0} : frame_payload(bytes), &ev, &e))
        return;
    river_forms(r, &ev, false);
    put.flags = live_flags(r, x, &ev);
    append_live(r, x, &ev, put);
}

static void publish_deleted(struct river *r, const struct river_publish *p, struct river_event *ev,
                            struct now now)
{
    struct unit *x = units_find(&r->units, fields_get(p->payload, FIELD_LINK_UID));
    /* A track that nobody waits for the delete of was not there when a phone said it:
     * its report came after and counts. */
    bool is_later = x && x->kind == UNIT_TRACK && x->pending == 0 && x->latest && !x->addressed &&
                    fields_has(p->payload, FIELD_USER);

    if (x)
        units_raise_floor(&r->units, x); /* before anybody can read of the delete */
    append_must(r, p, ev, now);
    if (!x)
        return;
    if (x->pending)
        x->pending--;
    if (x->pending) { /* another delete follows */
        x->doomed |= !x->held;
        return;
    }
    if (x->held || is_later)
        release_held(r, x, now.mono_ms);
    else
        units_remove(&r->units, x);
}

/* A client is gone and that is on disk: tells those who see its devices. */
static void publish_left(struct river *r, const struct river_publish *p, struct now now)
{
    struct str rest = p->payload, uid;
    enum field tag;

    while (!p->quiet && fields_next(&rest, &tag, &uid)) {
        struct unit *x = tag == FIELD_UID ? units_find(&r->units, uid) : NULL;
        struct river_event ev = {.is = CLASS_DELETE};
        struct buf detail = river_area(r, AREA_DETAIL);
        struct ring_put put = {.sender = RING_NO_SENDER, .unit = RING_NO_UNIT, .now_ms = now.mono_ms};
        char id[64];

        if (!x || x->kind != UNIT_PRESENCE ||
            atomic_load_explicit(&r->units.conn[units_index(&r->units, x)], memory_order_relaxed) != CONN_NONE)
            continue; /* a newer session holds it already */
        (void)snprintf(id, sizeof id, "%.32s-left-%" PRIu64 "-%u", r->server_uid, p->journal_seq, x->id);
        reply_left(&ev.cot, str_from(id), x->uid, STR("a-f-G-U-C"), now.wall_ms, &detail);
        river_forms(r, &ev, true);
        put.in_set = x->in_set;
        put.journal_seq = p->journal_seq;
        put.form[FORM_XML] = ev.form[FORM_XML];
        put.form[FORM_PROTO] = ev.form[FORM_PROTO];
        (void)ring_append(&r->must, &put);
        r->count.must_put++;
    }
}

static void tell_moved(struct river *r, struct unit *x, uint16_t in_set, struct now now)
{
    struct river_event ev = {.is = CLASS_DELETE};
    struct buf detail = river_area(r, AREA_DETAIL);
    struct ring_put put = {.sender = RING_NO_SENDER, .unit = RING_NO_UNIT, .now_ms = now.mono_ms, .in_set = x->in_set,
                           .cell = in_set, .flags = RING_LESS};
    char id[96];

    (void)snprintf(id, sizeof id, "%.32s-moved-%" PRId64 "-%u", r->server_uid, now.wall_ms, x->id);
    reply_left(&ev.cot, str_from(id), x->uid, STR("a-f-G-U-C"), now.wall_ms, &detail);
    river_forms(r, &ev, true);
    put.form[FORM_XML] = ev.form[FORM_XML];
    put.form[FORM_PROTO] = ev.form[FORM_PROTO];
    (void)ring_append(&r->must, &put);
    r->count.must_put++;
}

void river_regrouped(struct river *r, uint64_t session, uint16_t in_set, struct now now)
{
    int heard = sets_shared(r->sets, in_set, SHARE_POSITIONS);

    for (uint32_t i = 0; heard >= 0 && i < r->units.used; i++) {
        struct unit *x = units_at(&r->units, i);

        if (x->kind != UNIT_PRESENCE || x->in_set == heard ||
            atomic_load_explicit(&r->units.conn[i], memory_order_relaxed) != session)
            continue;
        tell_moved(r, x, (uint16_t)heard, now);
        x->in_set = (uint16_t)heard; /* whoever comes now gets the picture of now */
    }
}

void river_publish(struct river *r, const struct river_publish *p, struct now now)
{
    struct river_event ev;
    struct err e;

    if (p->journal_seq > r->published_seq)
        r->published_seq = p->journal_seq;
    if (p->kind == EV_CLIENT_LEFT) {
        publish_left(r, p, now);
        return;
    }
    if (!fields_has(p->payload, FIELD_EVENT_XML) && !fields_has(p->payload, FIELD_EVENT_PROTO))
        return; /* a row of the record that phones do not hear */
    if (!river_parse(r, fields_get(p->payload, FIELD_EVENT_XML), fields_get(p->payload, FIELD_EVENT_PROTO),
                     &ev, &e))
        return; /* of another version's making; it stays in the journal */
    if (p->kind == EV_OBJECT_PUT || p->kind == EV_CASEVAC_SENT || p->kind == EV_EMERGENCY_RAISED)
        publish_kept(r, p, &ev, now);
    else if (p->kind == EV_EMERGENCY_CANCELLED)
        publish_cancelled(r, p, &ev, now);
    else if (p->kind == EV_OBJECT_DELETED)
        publish_deleted(r, p, &ev, now);
    else
        append_must(r, p, &ev, now);
}

void river_abandon(struct river *r, unsigned kind, struct str payload)
{
    struct unit *x;

    if (kind != EV_OBJECT_DELETED)
        return;
    x = units_find(&r->units, fields_get(payload, FIELD_LINK_UID));
    if (!x || x->pending == 0 || --x->pending > 0)
        return;
    x->doomed = false;
    if (x->held)
        release_held(r, x, x->seen_mono_ms);
}

uint64_t river_fly(struct river *r, enum event_id kind, struct str payload, uint32_t sender, struct now now)
{
    for (int i = 0; i < RIVER_FLIGHTS; i++) {
        struct flight *f = &r->flights[i];

        if (f->used)
            continue;
        f->payload = payload.len <= SLAB_MAX ? slab_take(&r->slab, payload.len) : NULL;
        if (!f->payload)
            return 0;
        memcpy(f->payload, payload.at, payload.len);
        f->len = (uint32_t)payload.len;
        f->used = true;
        f->relayed = f->unasked = false;
        f->kind = kind;
        f->ticket = r->next_ticket++;
        f->deadline_ms = now.mono_ms + r->limits.relay_after_ms;
        f->sender = sender;
        r->flights_open++;
        return f->ticket;
    }
    return 0;
}

static struct flight *flight(struct river *r, uint64_t ticket)
{
    for (int i = 0; ticket && i < RIVER_FLIGHTS; i++)
        if (r->flights[i].used && r->flights[i].ticket == ticket)
            return &r->flights[i];
    return NULL;
}

void river_unasked(struct river *r, uint64_t ticket)
{
    struct flight *f = flight(r, ticket);

    MUST(f);
    f->unasked = true;
}

const struct flight *river_to_ask(const struct river *r)
{
    const struct flight *first = NULL;

    for (int i = 0; r->flights_open && i < RIVER_FLIGHTS; i++) {
        const struct flight *f = &r->flights[i];

        if (f->used && f->unasked && (!first || f->ticket < first->ticket))
            first = f;
    }
    return first;
}

void river_asked(struct river *r, uint64_t ticket)
{
    struct flight *f = flight(r, ticket);

    MUST(f && f->unasked);
    f->unasked = false;
}

void river_relay(struct river *r, enum event_id kind, struct str payload, uint32_t sender, struct now now)
{
    struct river_publish p = {.kind = kind, .payload = payload, .sender = sender};

    river_publish(r, &p, now);
    r->count.relayed_first++;
}

/* The 100 ms are over. */
static void relay_flight(struct river *r, struct flight *f, struct now now)
{
    struct river_publish p = {.kind = f->kind, .payload = str_of(f->payload, f->len), .sender = f->sender,
                              .ticket = f->ticket};

    f->relayed = true;
    river_publish(r, &p, now);
    r->count.relayed_first++;
}

uint32_t river_relay_overdue(struct river *r, struct now now)
{
    uint32_t n = 0;

    for (int i = 0; r->flights_open && i < RIVER_FLIGHTS; i++) {
        struct flight *f = &r->flights[i];

        if (!f->used || f->relayed || f->deadline_ms > now.mono_ms)
            continue;
        relay_flight(r, f, now);
        n++;
    }
    return n;
}

bool river_landed(struct river *r, uint64_t ticket)
{
    struct flight *f = flight(r, ticket);

    if (!f)
        return false;
    slab_give(&r->slab, f->payload, f->len);
    f->used = false;
    MUST(r->flights_open > 0);
    r->flights_open--;
    return f->relayed;
}

/* Sends an open emergency again, with a new stale time, as phones forget an
 * alert that is stale (tak.md 1.3). */
static void repeat(struct river *r, struct unit *x, struct now now)
{
    struct str kept = str_of(x->latest, x->latest_len);
    struct ring_put put = {.sender = x->sender, .in_set = x->in_set, .now_ms = now.mono_ms,
                           .flags = RING_URGENT | RING_FAR};
    struct buf b = river_area(r, AREA_PAYLOAD_2);
    struct river_event ev;
    struct err e;
    size_t at;

    if (!x->latest || !river_parse(r, x->form == FORM_XML ? kept : (struct str){0},
                                   x->form == FORM_XML ? (struct str){0} : frame_payload(kept), &ev, &e))
        return;
    ev.cot.stale_ms = now.wall_ms + r->limits.repeat_ms + 5000;
    ev.proto = (struct str){0};
    at = (size_t)(ev.cot.stale_text.at - ev.cot.xml.at);
    if (ev.cot.xml.len && at >= ev.cot.xml.len)
        ev.cot.xml = (struct str){0}; /* its time was written with references: it is written anew */
    if (ev.cot.xml.len) {
        buf_put(&b, str_cut(ev.cot.xml, 0, at));
        when_put(&b, ev.cot.stale_ms);
        buf_put(&b, str_from_at(ev.cot.xml, at + ev.cot.stale_text.len));
        if (b.full || !river_parse(r, buf_str(&b), (struct str){0}, &ev, &e))
            return;
    }
    river_forms(r, &ev, true);
    append_live(r, x, &ev, put);
    r->count.repeats++;
}

static void repeat_due(struct river *r, struct now now)
{
    int64_t next = INT64_MAX;

    if (r->emergencies == 0 || r->limits.repeat_ms == 0 || now.mono_ms < r->next_repeat_ms)
        return;
    for (uint32_t i = 0; i < r->units.used; i++) {
        struct unit *x = units_at(&r->units, i);

        if (x->kind != UNIT_EMERGENCY)
            continue;
        if (x->repeat_at_ms <= now.mono_ms) {
            repeat(r, x, now);
            x->repeat_at_ms = now.mono_ms + r->limits.repeat_ms;
        }
        if (x->repeat_at_ms < next)
            next = x->repeat_at_ms;
    }
    r->next_repeat_ms = next;
}

void river_tick(struct river *r, struct now now)
{
    (void)river_relay_overdue(r, now);
    repeat_due(r, now);
    for (uint32_t n = 0; n < SWEEP_STEP && n < r->units.used; n++) {
        uint32_t i = r->sweep++ % r->units.used;
        struct unit *x = units_at(&r->units, i);
        bool online = atomic_load_explicit(&r->units.conn[i], memory_order_relaxed) != CONN_NONE;
        bool moving = x->kind == UNIT_PRESENCE || x->kind == UNIT_TRACK;

        if (x->kind == UNIT_FREE || x->pending)
            continue;
        if (x->seen_mono_ms == 0)
            x->seen_mono_ms = now.mono_ms; /* a holder from before the start: its day begins now */
        if ((moving && !online && now.mono_ms - x->seen_mono_ms > r->limits.keep_ms) ||
            (x->kind == UNIT_OBJECT && x->stale_ms > 0 && x->stale_ms < now.wall_ms))
            units_remove(&r->units, x);
    }
}

int64_t river_next_ms(const struct river *r, struct now now)
{
    int64_t next = now.mono_ms + 1000;

    if (r->emergencies && r->limits.repeat_ms && r->next_repeat_ms < next)
        next = r->next_repeat_ms;
    for (int i = 0; r->flights_open && i < RIVER_FLIGHTS; i++)
        if (r->flights[i].used && !r->flights[i].relayed && r->flights[i].deadline_ms < next)
            next = r->flights[i].deadline_ms;
    return next;
}

void river_restore_holder(struct river *r, struct str uid, struct str callsign, int64_t user)
{
    struct unit *x = units_put(&r->units, uid, UNIT_PRESENCE);

    if (!x)
        return;
    x->holder = user;
    units_rename(&r->units, x, callsign);
}

void river_put_own(struct river *r, const struct cot *c, struct now now)
{
    struct unit *x = units_put(&r->units, c->uid, UNIT_PRESENCE);
    struct river_event ev = {.cot = *c, .is = CLASS_PRESENCE};

    if (!x)
        return; /* the table is full of people; they go first */
    river_forms(r, &ev, true);
    river_put_live(r, x, &ev, RING_NO_SENDER, SETS_EVERYONE, now);
}

void river_restore_position(struct river *r, struct str uid, const struct cot *c, uint16_t in_set,
                            int64_t seen_ms, struct now now)
{
    struct unit *x = units_find(&r->units, uid);
    struct river_event ev = {.cot = *c, .is = CLASS_PRESENCE};

    if (!x || x->kind != UNIT_PRESENCE || x->latest)
        return; /* only devices whose holder is known */
    river_forms(r, &ev, true);
    update_unit(r, x, &ev, in_set, now);
    x->seen_ms = seen_ms;
    x->seen_mono_ms = now.mono_ms - (now.wall_ms - seen_ms);
}
