#include "core/incident_to_cot.h"

#include "core/incident_access.h"
#include "core/incident_device.h"
#include "core/incident_geo.h"
#include "core/incident_place.h"
#include "core/incident_rules.h"
#include "core/reply.h"

#include <inttypes.h>

enum { TEXT_MOST = 4000, POINTS_MOST = 1000, PART_MOST = 80, UID_MOST = 224, CALLSIGN_MOST = 128 };
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define POST_MS (INT64_C(5) * 60 * 1000)
#define OBJECT_MS (7 * DAY_MS) /* longer than any incident; a delete ends it before */

struct writing {
    const struct incident_outgoing *o;
    struct access access;
    struct buf *memory;
    struct cot_out *out;
    size_t n, max, at;
    bool stopped, exercise;
    uint32_t e; /* what the event is about */
    enum entity_kind kind;
    char uid[UID_MOST + 32], name[CALLSIGN_MOST + 64];
    struct buf detail;
    struct str callsign;
};

/* ---- need to know ------------------------------------------------------ */

static bool has_class(const struct writing *w, struct str word)
{
    int class = word.len ? word_index(WORDS_CLASS, word) : HANDLING_PUBLIC;

    return class >= 0 && (w->access.classes >> class & 1);
}

/* An assignment, a message goes to those whom it names and to nobody else, so here it is asked only
 * whether a responder may have such a field at all; who of them, is the list of addressees. */
static bool is_addressed(const struct writing *w)
{
    return w->kind == ENT_ASSIGNMENT || w->kind == ENT_MESSAGE;
}

static bool may_have(const struct writing *w, enum incident_field f)
{
    return (w->access.classes >> access_class(w->kind, f) & 1) &&
           has_class(w, ent_get(w->o->s, w->e, IN_CLASS)) && has_class(w, incident_value(w->o->payload, IN_CLASS));
}

/* A field of the entity as it is now; empty when phones have no need to know it. */
static struct str seen(const struct writing *w, enum incident_field f)
{
    bool yes = is_addressed(w) ? may_have(w, f) : access_sees(&w->access, w->o->s, w->e, f);

    return yes ? ent_get(w->o->s, w->e, f) : (struct str){0};
}

/* A field of this event. */
static struct str said(const struct writing *w, enum incident_field f)
{
    bool yes = is_addressed(w) ? may_have(w, f) : access_sees_event(&w->access, w->o->kind, w->o->payload, f);

    return yes ? incident_value(w->o->payload, f) : (struct str){0};
}

/* ---- one row ----------------------------------------------------------- */

static struct str key_name(enum entity_kind kind)
{
    return str_from(field_info(entity_info(kind)->key)->name);
}

/* "cordon-<incident>-<entity>-" */
static void put_prefix(const struct incident *s, enum entity_kind kind, struct buf *b)
{
    buf_put(b, STR("cordon-"));
    put_short(b, ent_id(s, incident_self(s)), PART_MOST);
    buf_byte(b, '-');
    buf_put(b, key_name(kind));
    buf_byte(b, '-');
}

static struct str object_uid(const struct writing *w, struct str id, char *to, size_t max)
{
    struct buf b = buf_over(to, max);

    put_prefix(w->o->s, w->kind, &b);
    put_short(&b, id, PART_MOST);
    MUST(!b.full);
    return buf_str(&b);
}

static void frame(const struct writing *w, struct cot *c, struct str type, int64_t stale_ms)
{
    *c = (struct cot){.version = STR("2.0"), .type = type, .how = STR("h-g-i-g-o"), .has_point = true};
    c->time_ms = c->start_ms = w->o->now_ms;
    c->stale_ms = w->o->now_ms + stale_ms;
    c->hae.value = c->ce.value = c->le.value = COT_UNKNOWN;
    c->from_proto = true;
}

static enum cot_audience audience_of(const struct writing *w, struct str to)
{
    return to.len ? COT_TO_DEVICE : w->exercise ? COT_TO_EXERCISE : COT_TO_ALL;
}

struct row {
    unsigned river_kind;
    const struct cot *c;
    struct str to, message_id, room_id, room, text, link_uid, sub_type, name;
};

static void put_if(struct buf *b, enum field f, struct str v)
{
    if (v.len)
        fields_put(b, f, v);
}

static void put_row(const struct writing *w, const struct row *r, struct buf *b)
{
    char number[32];
    struct buf lat = buf_over(number, sizeof number), lon = buf_over(number + 16, sizeof number - 16);

    put_if(b, FIELD_BY, incident_value(w->o->payload, IN_ACTOR));
    fields_put(b, FIELD_FROM_UID, w->o->server_uid);
    put_if(b, FIELD_CALLSIGN, r->message_id.len ? w->o->server_name : w->callsign);
    fields_put(b, FIELD_UID, r->c->uid);
    fields_put(b, FIELD_TYPE, r->c->type);
    fields_put_int(b, FIELD_REF, (int64_t)w->o->seq);
    put_if(b, FIELD_MESSAGE_ID, r->message_id);
    put_if(b, FIELD_ROOM_ID, r->room_id);
    put_if(b, FIELD_ROOM, r->room);
    put_if(b, FIELD_TEXT, r->text);
    put_if(b, FIELD_LINK_UID, r->link_uid);
    put_if(b, FIELD_SUB_TYPE, r->sub_type);
    put_if(b, FIELD_NAME, r->name);
    geo_put(&lat, r->c->lat.value);
    geo_put(&lon, r->c->lon.value);
    if (r->c->lat.value != 0 || r->c->lon.value != 0) {
        fields_put(b, FIELD_LAT, buf_str(&lat));
        fields_put(b, FIELD_LON, buf_str(&lon));
    }
    fields_put_int(b, FIELD_STALE_MS, r->c->stale_ms);
    fields_put(b, FIELD_EVERYONE, STR("1"));
    put_if(b, FIELD_TO, r->to);
}

/* An operator's text may have characters that XML has not (controls, U+FFFE, U+FFFF): blanks instead. */
static void scrub(struct buf *b)
{
    for (size_t i = 0; i < b->len; i++) {
        unsigned char c = (unsigned char)b->at[i];

        if (c < 0x20)
            b->at[i] = ' '; /* tabs and ends of lines are written as references */
        else if (c == 0xEF && i + 2 < b->len && (unsigned char)b->at[i + 1] == 0xBF &&
                 (unsigned char)b->at[i + 2] >= 0xBE)
            memset(b->at + i, ' ', 3);
    }
}

/* What a phone could not take (too long a uid, too large) is no row; one for which there is no room
 * now comes with the next call. */
static void emit(struct writing *w, const struct row *r)
{
    struct buf xml = buf_over(w->memory->at + INCIDENT_COT_SCRATCH / 2, LIMIT_EVENT_OUT);
    size_t begin = w->memory->len;
    struct str payload;

    scrub(&w->detail);
    cot_to_xml(r->c, &xml);
    if (w->stopped || xml.full || w->detail.full || r->c->uid.len > LIMIT_UID || w->at++ < w->o->skip)
        return;
    put_row(w, r, w->memory);
    fields_put(w->memory, FIELD_EVENT_XML, buf_str(&xml));
    if (w->memory->full || w->n == w->max) {
        w->memory->len = begin;
        w->memory->full = false;
        w->stopped = true;
        return;
    }
    payload = str_from_at(buf_str(w->memory), begin);
    w->out[w->n++] = (struct cot_out){.river_kind = r->river_kind,
                                      .audience = audience_of(w, r->to),
                                      .is_delete = r->river_kind == EV_OBJECT_DELETED,
                                      .type = fields_get(payload, FIELD_TYPE),
                                      .uid = fields_get(payload, FIELD_UID),
                                      .to = fields_get(payload, FIELD_TO),
                                      .xml = fields_get(payload, FIELD_EVENT_XML),
                                      .payload = payload};
}

/* ---- elements ---------------------------------------------------------- */

static void begin_detail(struct writing *w)
{
    w->detail = buf_over(w->memory->at, INCIDENT_COT_SCRATCH / 2);
}

static void attribute(struct buf *b, const char *name, struct str v)
{
    buf_fmt(b, " %s=\"", name);
    buf_xml(b, v);
    buf_byte(b, '"');
}

static void element_int(struct writing *w, const char *name, int64_t value)
{
    buf_fmt(&w->detail, "<%s value=\"%" PRId64 "\"/>", name, value);
}

/* "EX Inner cordon: North gate" */
static void name_it(struct writing *w, const char *what, struct str name)
{
    struct buf b = buf_over(w->name, sizeof w->name);

    buf_put(&b, w->exercise ? STR("EX ") : STR(""));
    buf_put(&b, str_from(what));
    buf_put(&b, STR(" "));
    buf_put(&b, cut_text(name.len ? name : ent_id(w->o->s, w->e), CALLSIGN_MOST));
    w->callsign = buf_str(&b);
}

static void put_contact(struct writing *w)
{
    buf_put(&w->detail, STR("<contact"));
    attribute(&w->detail, "callsign", w->callsign);
    buf_put(&w->detail, STR("/>"));
}

static void put_words(struct buf *b, struct str words)
{
    struct str cut = cut_text(words, TEXT_MOST);

    buf_put(b, cut);
    if (cut.len < words.len)
        buf_put(b, STR(" ... (cut; the command post has all of it)"));
}

static const struct field_label {
    enum incident_field f;
    const char *before;
} remark_fields[] = {
    {IN_PLACE, ""},           {IN_TEXT, ""},     {IN_REASON, "Reason: "}, {IN_AREA, "Area: "},
    {IN_SEVERITY, "Severity: "}, {IN_SECTOR, "Sector: "}, {IN_BY, "By: "},
};

static void put_remarks(struct writing *w)
{
    char text[2 * TEXT_MOST];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, w->exercise ? STR("EXERCISE") : STR(""));
    for (size_t i = 0; i < COUNTOF(remark_fields); i++) {
        struct str v = seen(w, remark_fields[i].f);

        if (v.len == 0)
            continue;
        buf_put(&b, b.len ? STR(". ") : STR(""));
        buf_put(&b, str_from(remark_fields[i].before));
        buf_put(&b, cut_text(v, 1000));
    }
    if (said(w, IN_NOTE).len) { /* what was said of this drawing, not of one before it */
        buf_put(&b, b.len ? STR(". ") : STR(""));
        buf_put(&b, cut_text(said(w, IN_NOTE), 1000));
    }
    if (seen(w, IN_EMERGENCY_LANE).len)
        buf_put(&b, STR(". A lane is kept for emergency vehicles"));
    buf_put(&w->detail, STR("<remarks>"));
    buf_xml(&w->detail, buf_str(&b));
    buf_put(&w->detail, STR("</remarks>"));
}

static void put_maker(struct writing *w, bool full)
{
    buf_put(&w->detail, STR("<link"));
    attribute(&w->detail, "uid", w->o->server_uid);
    if (full) {
        buf_put(&w->detail, STR(" production_time=\""));
        when_put(&w->detail, w->o->now_ms);
        buf_byte(&w->detail, '"');
        attribute(&w->detail, "parent_callsign", w->o->server_name);
    }
    buf_put(&w->detail, STR(" type=\"a-f-G-U-C\" relation=\"p-p\"/>"));
}

/* ---- things on the map ------------------------------------------------- */

/* The colours of a kind: ARGB, fill 0 for a line or a spot. */
static const struct style {
    enum entity_kind entity;
    const char *word; /* of its kind; "": of any */
    const char *label;
    uint32_t stroke, fill;
    int weight;
} styles[] = {
    {ENT_CORDON, "inner", "Inner cordon:", 0xFFFF0000, 0x20FF0000, 4},
    {ENT_CORDON, "outer", "Outer cordon:", 0xFFFF8000, 0x10FF8000, 4},
    {ENT_CORDON, "traffic", "Traffic cordon:", 0xFF0080FF, 0x100080FF, 3},
    {ENT_CORDON, "media", "Media cordon:", 0xFF8000FF, 0x108000FF, 3},
    {ENT_TACTICAL, "hot", "HOT zone", 0xFFFF0000, 0x50FF0000, 4},
    {ENT_TACTICAL, "warm", "WARM zone", 0xFFFF8000, 0x40FF8000, 4},
    {ENT_TACTICAL, "cold", "COLD zone", 0xFF00C000, 0x3000C000, 4},
    {ENT_TACTICAL, "exclusion", "EXCLUSION zone", 0xFF800080, 0x60800080, 5},
    {ENT_HAZARD, "", "HAZARD", 0xFFFFFF00, 0x60FFFF00, 4},
    {ENT_CLOSURE, "", "CLOSED:", 0xFFFF0000, 0, 6},
    {ENT_POINT, "", "", 0xFF00FFFF, 0, 4},
};

static const struct style *style_of(enum entity_kind entity, struct str word)
{
    for (size_t i = 0; i < COUNTOF(styles); i++)
        if (styles[i].entity == entity && (!styles[i].word[0] || str_eq(str_from(styles[i].word), word)))
            return &styles[i];
    return NULL;
}

/* Every k-th point of a shape, and its last one. */
static void put_links(struct writing *w, struct str shape, bool ring)
{
    size_t n = shape_points(shape), step = (n + POINTS_MOST - 1) / POINTS_MOST;
    bool close = ring && !shape_is_closed(shape);
    struct str rest = shape, pair, first = {0};
    struct geo_point p;

    for (size_t i = 0; shape_next(&rest, &pair, &p); i++) {
        if (i == 0)
            first = pair;
        if (i % step && i + 1 < n)
            continue;
        buf_put(&w->detail, STR("<link"));
        attribute(&w->detail, "point", pair);
        buf_put(&w->detail, STR("/>"));
    }
    if (close) {
        buf_put(&w->detail, STR("<link"));
        attribute(&w->detail, "point", first);
        buf_put(&w->detail, STR("/>"));
    }
}

/* As ATAK's "Drawing Shapes - Free Form": a ring is filled, a line is not. */
static void drawing(struct writing *w, const struct style *s, struct str shape)
{
    struct geo_point middle;
    struct geo_box box;
    char uid[UID_MOST];
    struct cot c;

    if (shape_points(shape) < (s->fill ? 3u : 2u) || !shape_box(shape, &box))
        return;
    middle = box_middle(&box);
    begin_detail(w);
    put_links(w, shape, s->fill != 0);
    element_int(w, "strokeColor", (int32_t)s->stroke);
    buf_fmt(&w->detail, "<strokeWeight value=\"%d.0\"/>", s->weight);
    buf_put(&w->detail, STR("<strokeStyle value=\"solid\"/>"));
    if (s->fill)
        element_int(w, "fillColor", (int32_t)s->fill);
    put_contact(w);
    put_remarks(w);
    buf_put(&w->detail, STR("<archive/><labels_on value=\"true\"/>"));
    element_int(w, "color", (int32_t)s->stroke);
    buf_put(&w->detail, STR("<precisionlocation altsrc=\"???\"/>"));
    frame(w, &c, STR("u-d-f"), OBJECT_MS);
    c.how = STR("h-e");
    c.uid = object_uid(w, ent_id(w->o->s, w->e), uid, sizeof uid);
    c.lat.value = middle.lat;
    c.lon.value = middle.lon;
    c.detail = buf_str(&w->detail);
    emit(w, &(struct row){.river_kind = EV_OBJECT_PUT, .c = &c});
}

/* As ATAK's "Marker - Spot": the spot map's icons are in every client. */
static void spot(struct writing *w, const struct style *s, struct geo_point at)
{
    int32_t colour = (int32_t)s->stroke;
    char uid[UID_MOST];
    struct cot c;

    begin_detail(w);
    buf_put(&w->detail, STR("<status readiness=\"true\"/><archive/>"));
    put_maker(w, true);
    put_contact(w);
    put_remarks(w);
    buf_fmt(&w->detail, "<color argb=\"%" PRId32 "\"/><precisionlocation altsrc=\"???\"/>", colour);
    buf_fmt(&w->detail, "<usericon iconsetpath=\"COT_MAPPING_SPOTMAP/b-m-p-s-m/%" PRId32 "\"/>", colour);
    frame(w, &c, STR("b-m-p-s-m"), OBJECT_MS);
    c.uid = object_uid(w, ent_id(w->o->s, w->e), uid, sizeof uid);
    c.lat.value = at.lat;
    c.lon.value = at.lon;
    c.detail = buf_str(&w->detail);
    emit(w, &(struct row){.river_kind = EV_OBJECT_PUT, .c = &c});
}

static void delete(struct writing *w, struct str id, struct str type)
{
    char uid[UID_MOST], of[UID_MOST];
    struct str gone = object_uid(w, id, of, sizeof of);
    struct buf b = buf_over(uid, sizeof uid);
    struct cot c;

    put_prefix(w->o->s, w->kind, &b);
    buf_fmt(&b, "gone-%" PRIu64, w->o->seq);
    begin_detail(w);
    buf_put(&w->detail, STR("<link"));
    attribute(&w->detail, "uid", gone);
    attribute(&w->detail, "type", type);
    buf_put(&w->detail, STR(" relation=\"none\"/><__forcedelete/>"));
    frame(w, &c, STR("t-x-d-d"), 20000);
    c.uid = buf_str(&b);
    c.detail = buf_str(&w->detail);
    w->callsign = (struct str){0};
    emit(w, &(struct row){.river_kind = EV_OBJECT_DELETED, .c = &c, .link_uid = gone});
}

static bool place_of(const struct writing *w, struct geo_point *p)
{
    *p = (struct geo_point){cot_number(seen(w, IN_LAT)), cot_number(seen(w, IN_LON))};
    return p->lat >= -90 && p->lat <= 90 && p->lon >= -180 && p->lon <= 180;
}

static void out_cordon(struct writing *w)
{
    const struct style *s = style_of(ENT_CORDON, seen(w, IN_CORDON_KIND));

    if (!s)
        return;
    name_it(w, s->label, seen(w, IN_NAME));
    drawing(w, s, seen(w, IN_SHAPE));
}

static void out_tactical(struct writing *w)
{
    const struct style *s = style_of(ENT_TACTICAL, seen(w, IN_TAC_KIND));

    if (!s)
        return;
    name_it(w, s->label, (struct str){0});
    drawing(w, s, seen(w, IN_SHAPE));
}

static void out_closure(struct writing *w)
{
    name_it(w, style_of(ENT_CLOSURE, (struct str){0})->label, seen(w, IN_ROAD));
    drawing(w, style_of(ENT_CLOSURE, (struct str){0}), seen(w, IN_SHAPE));
}

/* Did a phone say it, so that phones have it on the map already? */
static bool is_of_a_phone(const struct writing *w)
{
    return str_starts(ent_get(w->o->s, w->e, IN_SOURCE), STR("cot:"));
}

static void out_hazard(struct writing *w)
{
    const struct style *s = style_of(ENT_HAZARD, (struct str){0});
    struct geo_point p;

    if (is_of_a_phone(w))
        return;
    name_it(w, s->label, seen(w, IN_HAZARD_KIND));
    if (seen(w, IN_SHAPE).len)
        drawing(w, s, seen(w, IN_SHAPE));
    else if (place_of(w, &p))
        spot(w, s, p);
}

/* "RVP North gate": capitals of what responders call it. */
static void out_point(struct writing *w)
{
    struct str kind = seen(w, IN_POINT_KIND), replaced = incident_value(w->o->payload, IN_REPLACES);
    char label[32];
    struct geo_point p;
    size_t n = 0;

    for (; n < kind.len && n < sizeof label - 1; n++)
        label[n] = kind.at[n] >= 'a' && kind.at[n] <= 'z' ? (char)(kind.at[n] & ~0x20) : kind.at[n];
    label[n] = 0;
    if (replaced.len && !str_eq(replaced, ent_id(w->o->s, w->e)))
        delete(w, replaced, STR("b-m-p-s-m"));
    name_it(w, label, seen(w, IN_NAME));
    if (n && place_of(w, &p))
        spot(w, style_of(ENT_POINT, (struct str){0}), p);
}

static void out_gone_shape(struct writing *w)
{
    delete(w, ent_id(w->o->s, w->e), STR("u-d-f"));
}

static void out_gone_hazard(struct writing *w)
{
    if (!is_of_a_phone(w))
        delete(w, ent_id(w->o->s, w->e), ent_has(w->o->s, w->e, IN_SHAPE) ? STR("u-d-f") : STR("b-m-p-s-m"));
}

static void out_gone_point(struct writing *w)
{
    delete(w, ent_id(w->o->s, w->e), STR("b-m-p-s-m"));
}

/* ---- chat -------------------------------------------------------------- */

/* To one device, or (NULL) to all of the audience. */
static void chat(struct writing *w, const struct cot_device *d, struct str text)
{
    char id[UID_MOST], uid[LIMIT_UID + 1];
    struct buf message_id = buf_over(id, sizeof id), name = buf_over(uid, sizeof uid);
    struct reply_chat m = {.from_uid = w->o->server_uid, .from = w->o->server_name, .text = text};
    struct cot c;

    put_prefix(w->o->s, w->kind, &message_id);
    buf_fmt(&message_id, "%" PRIu64 "%s", w->o->seq, d ? "" : "-all"); /* a phone may get both */
    m.message_id = buf_str(&message_id);
    if (d) {
        m.to_uid = d->uid;
        m.to = d->callsign.len ? d->callsign : d->uid;
    }
    begin_detail(w);
    reply_chat(&c, &m, w->o->now_ms, &w->detail, &name);
    if (name.full)
        return; /* no client has such a uid */
    emit(w, &(struct row){.river_kind = EV_CHAT_SAID, .c = &c, .to = m.to_uid, .message_id = m.message_id,
                          .room_id = d ? m.to_uid : STR("All Chat Rooms"),
                          .room = d ? m.to : STR("All Chat Rooms"), .text = text});
}

static void chat_unit(struct writing *w, uint32_t unit, struct str text)
{
    for (size_t i = 0; unit && i < w->o->device_count; i++) {
        const struct cot_device *d = &w->o->devices[i];

        if (d->uid.len && device_is_exercise(d->uid, d->callsign) == w->exercise &&
            device_is_of(w->o->s, unit, d->uid, d->callsign))
            chat(w, d, text);
    }
}

static struct buf begin_text(const struct writing *w, char *at, size_t max)
{
    struct buf b = buf_over(at, max);

    buf_put(&b, w->exercise ? STR("EXERCISE: ") : STR(""));
    return b;
}

/* " label value" when phones may know it. */
static void add(const struct writing *w, struct buf *b, const char *label, enum incident_field f)
{
    struct str v = said(w, f);

    if (v.len == 0)
        return;
    buf_put(b, str_from(label));
    put_words(b, v);
}

/* A place in the payload, as people call it when phones may know its name. */
static struct str spoken(const struct writing *w, enum entity_kind kind, struct str id, char *to)
{
    uint32_t e = ent_find(w->o->s, kind, id);

    return e && access_sees(&w->access, w->o->s, e, IN_NAME) ? place_name(w->o->s, kind, id, to) : id;
}

static void add_zone(const struct writing *w, struct buf *b, const char *label)
{
    char place[PLACE_NAME_MAX];

    if (said(w, IN_ZONE).len == 0)
        return;
    buf_put(b, str_from(label));
    buf_put(b, spoken(w, ENT_ZONE, said(w, IN_ZONE), place));
}

/* Several of them stand apart by semicolons: a name has commas. */
static void add_zones(const struct writing *w, struct buf *b, const char *label)
{
    struct str rest = said(w, IN_ZONES).len ? w->o->payload : (struct str){0}, v;
    char place[PLACE_NAME_MAX];
    enum field tag;
    bool first = true;

    while (fields_next(&rest, &tag, &v))
        if (tag == (enum field)IN_ZONES) {
            buf_put(b, first ? str_from(label) : STR("; "));
            buf_put(b, spoken(w, ENT_ZONE, v, place));
            first = false;
        }
}

static void add_all(const struct writing *w, struct buf *b, const char *label, enum incident_field f)
{
    struct str rest = said(w, f).len ? w->o->payload : (struct str){0}, v;
    enum field tag;
    bool first = true;

    while (fields_next(&rest, &tag, &v))
        if (tag == (enum field)f) {
            buf_put(b, first ? str_from(label) : STR(", "));
            buf_put(b, v);
            first = false;
        }
}

static void add_id(const struct writing *w, struct buf *b, const char *what)
{
    buf_put(b, str_from(what));
    buf_put(b, cut_text(ent_id(w->o->s, w->e), 128));
}

/* To the units that a list of the entity names. */
static void chat_units(struct writing *w, struct str text)
{
    struct str unit;
    uint32_t at = 0;

    while (ent_each(w->o->s, w->e, IN_UNITS, &at, &unit))
        chat_unit(w, ent_find(w->o->s, ENT_UNIT, unit), text);
}

static void out_assignment(struct writing *w)
{
    char text[3 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);

    if (said(w, IN_TEXT).len == 0)
        return;
    add_id(w, &b, "ASSIGNMENT ");
    add(w, &b, ": ", IN_TEXT);
    add_zones(w, &b, ". Zones: ");
    add_all(w, &b, ". Net: ", IN_NET);
    add(w, &b, ". ", IN_NOTE);
    buf_put(&b, STR(". Read it back by voice."));
    chat_units(w, buf_str(&b));
}

static void out_assignment_changed(struct writing *w)
{
    static const struct { unsigned kind; const char *words; } now[] = {
        {INC_ASSIGNMENT_HELD, ": HOLD, do not start"},
        {INC_ASSIGNMENT_CLEARED, ": no longer on hold, go ahead"},
        {INC_ASSIGNMENT_ABORTED, ": ABORTED, stop"},
    };
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);

    if (seen(w, IN_STATE).len == 0)
        return;
    add_id(w, &b, "ASSIGNMENT ");
    for (size_t i = 0; i < COUNTOF(now); i++)
        if (now[i].kind == w->o->kind)
            buf_put(&b, str_from(now[i].words));
    add(w, &b, ". ", IN_REASON);
    chat_units(w, buf_str(&b));
}

/* The unit of that name, however it is called. */
static uint32_t unit_called(const struct writing *w, struct str name)
{
    return unit_of_device(w->o->s, name, name);
}

static void out_task(struct writing *w)
{
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);
    int64_t due = fields_get_int(w->o->payload, (enum field)IN_DUE_AT, 0);

    if (seen(w, IN_TEXT).len == 0)
        return;
    add_id(w, &b, "TASK ");
    buf_put(&b, STR(": "));
    put_words(&b, seen(w, IN_TEXT));
    if (due && said(w, IN_DUE_AT).len) {
        buf_put(&b, STR(". Due "));
        when_put(&b, due);
    }
    chat_unit(w, unit_called(w, ent_get(w->o->s, w->e, IN_OWNER)), buf_str(&b));
}

/* The units that work under a division. */
static void chat_division(struct writing *w, struct str division, struct str text)
{
    const struct incident *s = w->o->s;

    for (uint32_t u = ent_first(s, ENT_UNIT); u; u = ent_next(s, u))
        for (uint32_t a = ent_first(s, ENT_ASSIGNMENT); a; a = ent_next(s, a))
            if (str_eq(ent_get(s, a, IN_DIVISION), division) && ent_holds(s, a, IN_UNITS, ent_id(s, u)) &&
                assignment_is_live(s, a)) {
                chat_unit(w, u, text);
                break;
            }
}

static void out_message(struct writing *w)
{
    bool urgent = word_in("urgent,critical", incident_value(w->o->payload, IN_PRIORITY));
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);
    struct str to;
    uint32_t at = 0;

    if (said(w, IN_TEXT).len == 0)
        return;
    buf_put(&b, urgent ? STR("URGENT ") : STR(""));
    add(w, &b, "from ", IN_FROM);
    buf_put(&b, said(w, IN_FROM).len ? STR(": ") : STR(""));
    add(w, &b, "", IN_SUBJECT);
    buf_put(&b, said(w, IN_SUBJECT).len ? STR(": ") : STR(""));
    add(w, &b, "", IN_TEXT);
    buf_put(&b, urgent ? STR(". Reply ACK here.") : STR(""));
    while (ent_each(w->o->s, w->e, IN_TO, &at, &to)) {
        uint32_t unit = unit_called(w, to);

        if (unit)
            chat_unit(w, unit, buf_str(&b));
        else if (ent_find(w->o->s, ENT_DIVISION, to))
            chat_division(w, to, buf_str(&b));
    }
}

static void out_par(struct writing *w)
{
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);
    const struct incident *s = w->o->s;
    bool some = ent_has(s, w->e, IN_UNITS);

    buf_put(&b, STR("PAR: reply here with your count, as PAR 8."));
    add(w, &b, " ", IN_REASON);
    for (uint32_t u = ent_first(s, ENT_UNIT); u; u = ent_next(s, u))
        if (ent_has(s, u, IN_INSIDE_AT) && (!some || ent_holds(s, w->e, IN_UNITS, ent_id(s, u))))
            chat_unit(w, u, buf_str(&b));
}

static void out_par_missed(struct writing *w)
{
    char text[256];
    struct buf b = begin_text(w, text, sizeof text);

    buf_fmt(&b, "PAR MISSED (%" PRId64 "): reply here now with your count, as PAR 8.",
            ent_int(w->o->s, w->e, IN_MISSED, 1));
    chat_unit(w, w->e, buf_str(&b));
}

/* ---- life and death ---------------------------------------------------- */

/* As ATAK's EmergencyManager writes it; cancelled under the same uid. */
static void alert(struct writing *w, struct str type, struct str sub_type, const struct geo_point *at)
{
    bool ends = str_eq(type, STR("b-a-o-can"));
    char uid[UID_MOST];
    struct cot c;

    begin_detail(w);
    if (!ends)
        put_maker(w, false);
    put_contact(w);
    buf_put(&w->detail, STR("<emergency"));
    if (ends)
        buf_put(&w->detail, STR(" cancel=\"true\""));
    else
        attribute(&w->detail, "type", sub_type);
    buf_byte(&w->detail, '>');
    buf_xml(&w->detail, w->callsign);
    buf_put(&w->detail, STR("</emergency>"));
    frame(w, &c, type, DAY_MS);
    c.how = STR("h-e");
    c.uid = object_uid(w, ent_id(w->o->s, w->e), uid, sizeof uid);
    c.lat.value = at->lat;
    c.lon.value = at->lon;
    c.detail = buf_str(&w->detail);
    emit(w, &(struct row){.river_kind = ends ? EV_EMERGENCY_CANCELLED : EV_EMERGENCY_RAISED, .c = &c,
                          .link_uid = ends ? (struct str){0} : w->o->server_uid, .sub_type = sub_type,
                          .name = w->callsign});
}

/* The middle of the first of these that has a shape: zone, its level's structure, structure. */
static bool middle_of(const struct incident *s, struct str zone, struct str structure, struct geo_point *p)
{
    uint32_t z = ent_find(s, ENT_ZONE, zone), b;
    uint32_t level = ent_find(s, ENT_LEVEL, ent_get(s, z, IN_LEVEL));
    struct geo_box box;

    b = ent_find(s, ENT_STRUCTURE, z ? ent_get(s, level, IN_STRUCTURE) : structure);
    if (!shape_box(ent_get(s, z, IN_SHAPE), &box) && !shape_box(ent_get(s, b, IN_SHAPE), &box))
        return false;
    *p = box_middle(&box);
    return true;
}

static void out_mayday(struct writing *w)
{
    const struct incident *s = w->o->s;
    struct str unit = ent_get(s, w->e, IN_UNIT), zone = seen(w, IN_ZONE);
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);
    struct geo_point p;

    if (seen(w, IN_UNIT).len == 0)
        return;
    buf_put(&b, STR("MAYDAY MAYDAY MAYDAY "));
    buf_put(&b, cut_text(unit, 128));
    add_zone(w, &b, " in ");
    add(w, &b, ": ", IN_TEXT);
    chat(w, NULL, buf_str(&b));
    name_it(w, "MAYDAY", unit);
    if (!is_of_a_phone(w) && middle_of(s, zone, (struct str){0}, &p))
        alert(w, STR("b-a-o-tbl"), STR("911 Alert"), &p);
}

static void out_mayday_ended(struct writing *w)
{
    struct str unit = ent_get(w->o->s, w->e, IN_UNIT);
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);

    if (seen(w, IN_UNIT).len == 0)
        return;
    buf_put(&b, STR("MAYDAY ended, "));
    buf_put(&b, cut_text(unit, 128));
    add(w, &b, ": ", IN_REASON);
    chat(w, NULL, buf_str(&b));
    name_it(w, "MAYDAY", unit);
    if (!is_of_a_phone(w))
        alert(w, STR("b-a-o-can"), (struct str){0}, &(struct geo_point){0, 0});
}

static void out_evacuation(struct writing *w)
{
    const struct incident *s = w->o->s;
    struct str structure = seen(w, IN_STRUCTURE);
    struct str name = ent_get(s, ent_find(s, ENT_STRUCTURE, structure), IN_NAME);
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);
    struct geo_point p;

    if (seen(w, IN_STATE).len == 0)
        return;
    buf_put(&b, STR("EVACUATE NOW "));
    buf_put(&b, cut_text(name, 128));
    add(w, &b, " sector ", IN_SECTOR);
    add(w, &b, ": ", IN_REASON);
    buf_put(&b, STR(". Reply ACK to the command post."));
    chat_units(w, buf_str(&b));
    chat(w, NULL, buf_str(&b));
    name_it(w, "EVACUATE", name);
    if (middle_of(s, (struct str){0}, structure, &p))
        alert(w, STR("b-a-o-c"), STR("Custom"), &p);
}

static void out_evacuation_ended(struct writing *w)
{
    char text[2 * TEXT_MOST];
    struct buf b = begin_text(w, text, sizeof text);

    if (seen(w, IN_STATE).len == 0)
        return;
    add_id(w, &b, "Evacuation ended, ");
    add(w, &b, ": ", IN_REASON);
    chat(w, NULL, buf_str(&b));
    name_it(w, "EVACUATE", (struct str){0});
    alert(w, STR("b-a-o-can"), (struct str){0}, &(struct geo_point){0, 0});
}

/* ---- events ------------------------------------------------------------ */

static const struct event_out {
    unsigned kind;
    void (*write)(struct writing *w);
} events[] = {
    {INC_CORDON_SET, out_cordon},         {INC_CORDON_MOVED, out_cordon},
    {INC_CORDON_LIFTED, out_gone_shape},  {INC_TACTICAL_SET, out_tactical},
    {INC_TACTICAL_LIFTED, out_gone_shape}, {INC_CLOSURE_SET, out_closure},
    {INC_CLOSURE_CHANGED, out_closure},   {INC_CLOSURE_LIFTED, out_gone_shape},
    {INC_HAZARD_REPORTED, out_hazard},    {INC_HAZARD_CONTROLLED, out_gone_hazard},
    {INC_POINT_SET, out_point},           {INC_POINT_CLOSED, out_gone_point},
    {INC_ASSIGNMENT_GIVEN, out_assignment}, {INC_ASSIGNMENT_HELD, out_assignment_changed},
    {INC_ASSIGNMENT_CLEARED, out_assignment_changed}, {INC_ASSIGNMENT_ABORTED, out_assignment_changed},
    {INC_TASK_CREATED, out_task},         {INC_TASK_REASSIGNED, out_task},
    {INC_MESSAGE_SENT, out_message},      {INC_PAR_CALLED, out_par},
    {INC_PAR_MISSED, out_par_missed},     {INC_MAYDAY_DECLARED, out_mayday},
    {INC_MAYDAY_RESOLVED, out_mayday_ended}, {INC_EVACUATE_ORDERED, out_evacuation},
    {INC_EVACUATE_ENDED, out_evacuation_ended},
};

size_t incident_cot(const struct incident_outgoing *o, struct buf *memory, struct cot_out *out, size_t max)
{
    struct writing w = {.o = o, .access = access_of(STR("responder")), .memory = memory, .out = out, .max = max};

    MUST(memory->len == 0 && memory->max >= INCIDENT_COT_MEMORY && max > 0);
    MUST(o->server_uid.len > 0 && o->server_uid.len <= 64);
    for (size_t i = 0; i < COUNTOF(events); i++) {
        if (events[i].kind != o->kind)
            continue;
        w.kind = kind_info(o->kind)->entity;
        w.e = ent_find(o->s, w.kind, incident_value(o->payload, entity_info(w.kind)->key));
        w.exercise = incident_is_exercise(o->s);
        memory->len = INCIDENT_COT_SCRATCH;
        if (w.e && (is_addressed(&w) || access_sees_entity(&w.access, o->s, w.e)))
            events[i].write(&w);
    }
    return w.n;
}

static bool place_in(const struct incident *s, uint32_t e, struct geo_point *p)
{
    *p = (struct geo_point){cot_number(ent_get(s, e, IN_LAT)), cot_number(ent_get(s, e, IN_LON))};
    return p->lat >= -90 && p->lat <= 90 && p->lon >= -180 && p->lon <= 180;
}

/* Where the command post is said to be: class partner, and what the incident itself is at is, too. */
static struct geo_point place_of_post(const struct incident *s)
{
    struct access a = access_of(STR("responder"));
    struct geo_point p;

    if (!s || incident_is_exercise(s))
        return (struct geo_point){0, 0};
    for (uint32_t e = ent_first(s, ENT_POINT); e; e = ent_next(s, e))
        if (ent_is(s, e, IN_POINT_KIND, "icp") && ent_is(s, e, IN_STATE, "current") &&
            access_sees(&a, s, e, IN_LAT) && place_in(s, e, &p))
            return p;
    return access_sees(&a, s, incident_self(s), IN_LAT) && place_in(s, incident_self(s), &p)
               ? p
               : (struct geo_point){0, 0};
}

void incident_cot_post(const struct cot_post *p, struct buf *detail, struct cot *c)
{
    struct geo_point at = place_of_post(p->s);

    MUST(detail->len == 0 && p->server_uid.len > 0);
    *c = (struct cot){.version = STR("2.0"), .uid = p->server_uid, .type = STR("a-f-G-U-C"), .how = STR("h-e"),
                      .has_point = true};
    c->time_ms = c->start_ms = p->now_ms;
    c->stale_ms = p->now_ms + POST_MS;
    c->lat.value = at.lat;
    c->lon.value = at.lon;
    c->hae.value = c->ce.value = c->le.value = COT_UNKNOWN;
    c->from_proto = true;
    c->contact = (struct cot_contact){true, STR("*:-1:stcp"), p->server_name};
    c->group = (struct cot_group){true, STR("White"), STR("HQ")};
    c->takv = (struct cot_takv){true, STR("server"), STR("Cordon"), STR("0"), STR(CORDON_VERSION)};
    buf_put(detail, STR("<uid"));
    attribute(detail, "Droid", p->server_name);
    buf_put(detail, STR("/>"));
    scrub(detail);
    c->detail = buf_str(detail);
}

uint32_t message_of_id(const struct incident *s, struct str message_id)
{
    char prefix[UID_MOST];
    struct buf b = buf_over(prefix, sizeof prefix);
    int64_t seq;

    put_prefix(s, ENT_MESSAGE, &b);
    if (!str_starts(message_id, buf_str(&b)) ||
        !str_to_int(str_from_at(message_id, b.len), 1, INT64_MAX / 4, &seq))
        return 0;
    for (uint32_t m = ent_first(s, ENT_MESSAGE); m; m = ent_next(s, m))
        if (ent_made(s, m) == (uint64_t)seq)
            return m;
    return 0;
}
