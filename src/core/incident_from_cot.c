#include "core/incident_from_cot.h"

#include "core/incident_answer.h"
#include "core/incident_device.h"
#include "core/incident_geo.h"
#include "core/incident_rules.h"
#include "core/incident_to_cot.h"
#include "core/mission.h"
#include "core/nine_lines.h"
#include "wire/takproto.h"

#include <inttypes.h>

/* An event's own time counts when it is not older than this. */
#define OBSERVED_MS (INT64_C(24) * 3600 * 1000)

struct reading {
    const struct incident_river *r;
    struct buf *memory;
    struct incident_command *out;
    size_t n, max, begin;
    struct str uid, device, callsign, user;
    uint32_t unit; /* the device's, 0: none */
    bool has_event;
    struct cot c;
    struct buf scratch;
    char source[INCIDENT_ID_MAX];
    size_t source_len;
};

static struct str field_of(const struct reading *d, enum field f)
{
    return fields_get(d->r->payload, f);
}

bool river_row_event(struct str payload, struct buf *scratch, struct cot *c)
{
    struct str xml = fields_get(payload, FIELD_EVENT_XML), proto = fields_get(payload, FIELD_EVENT_PROTO);
    struct tak_control control;
    bool has_event = false;
    struct err e;

    if (xml.len > LIMIT_EVENT_IN || proto.len > LIMIT_EVENT_IN)
        return false;
    if (xml.len)
        return cot_from_xml(xml, scratch, c, &e);
    return proto.len > 0 && tak_decode(proto, scratch, c, &has_event, &control, &e) && has_event;
}

/* ---- commands ---------------------------------------------------------- */

static void open_command(struct reading *d)
{
    const struct incident *s = d->r->s;
    int64_t now = d->r->now_ms;

    d->begin = d->memory->len;
    incident_put(d->memory, IN_INCIDENT, ent_id(s, incident_self(s)));
    incident_put_int(d->memory, IN_CAUSE, (int64_t)d->r->seq);
    incident_put(d->memory, IN_VIA, STR("cot"));
    if (d->has_event && d->c.time_ms > now - OBSERVED_MS && d->c.time_ms <= now + INCIDENT_SKEW_MS)
        incident_put_int(d->memory, IN_OBSERVED_AT, d->c.time_ms);
    incident_put_int(d->memory, IN_REPORTED_AT, now);
    put_as_line(d->memory, IN_ACTOR, d->user);
    if (d->unit)
        incident_put(d->memory, IN_ACTOR_UNIT, ent_id(s, d->unit));
    if (incident_is_exercise(s))
        incident_put(d->memory, IN_EXERCISE, STR("1"));
}

/* One that does not fit is left out whole. */
static void close_command(struct reading *d, enum incident_kind kind)
{
    if (d->memory->full || d->n == d->max) {
        d->memory->len = d->begin;
        d->memory->full = false;
        return;
    }
    d->out[d->n++] = (struct incident_command){kind, str_from_at(buf_str(d->memory), d->begin), d->r->now_ms};
}

static bool has_room(const struct incident *s, enum entity_kind kind, bool critical)
{
    uint32_t max = entity_info(kind)->max;

    return s->count[kind] < (critical ? max : max - max / 4);
}

/* Makes sure that the device is known as a source; those for which the list has no room are one. */
static void need_source(struct reading *d)
{
    struct buf id = buf_over(d->source, sizeof d->source);
    bool others = false;

    buf_put(&id, STR("cot:"));
    put_short(&id, d->device.len ? d->device : d->user, 64);
    if (!ent_find(d->r->s, ENT_SOURCE, buf_str(&id)) && !has_room(d->r->s, ENT_SOURCE, false)) {
        others = true;
        id = buf_over(d->source, sizeof d->source);
        buf_put(&id, STR("cot:others"));
    }
    d->source_len = id.len;
    if (ent_find(d->r->s, ENT_SOURCE, buf_str(&id)))
        return;
    open_command(d);
    incident_put(d->memory, IN_SOURCE, buf_str(&id));
    incident_put(d->memory, IN_SOURCE_KIND, STR("responder"));
    put_as_line(d->memory, IN_NAME,
                others            ? STR("devices beyond the list of sources")
                : d->callsign.len ? d->callsign
                                  : d->device);
    put_as_text(d->memory, IN_NOTE, STR("a device on the network; what it says was not checked"));
    close_command(d, INC_SOURCE_REGISTERED);
}

static void put_provenance(struct reading *d)
{
    incident_put(d->memory, IN_SOURCE, str_of(d->source, d->source_len));
    incident_put(d->memory, IN_GRADE, STR("B3"));
}

static bool where(const struct reading *d, struct geo_point *p)
{
    *p = (struct geo_point){cot_number(field_of(d, FIELD_LAT)), cot_number(field_of(d, FIELD_LON))};
    if (!(p->lat >= -90 && p->lat <= 90 && p->lon >= -180 && p->lon <= 180))
        return false;
    return p->lat != 0 || p->lon != 0; /* 0/0: no fix, or hidden */
}

static void put_where(struct reading *d)
{
    static const enum incident_field fields[] = {IN_LAT, IN_LON};
    struct geo_point p;
    char text[32];

    for (size_t i = 0; i < COUNTOF(fields) && where(d, &p); i++) {
        struct buf b = buf_over(text, sizeof text);

        geo_put(&b, i ? p.lon : p.lat);
        incident_put(d->memory, fields[i], buf_str(&b));
    }
}

/* "at 24.8607000,67.0011000" */
static void put_at(const struct reading *d, struct buf *b)
{
    struct geo_point p;

    if (where(d, &p)) {
        buf_put(b, STR(" at "));
        geo_put_point(b, p);
    } else
        buf_put(b, STR(", place not known"));
}

/* prefix, tag of a text, and a number when it is not 0. */
static void put_id(struct reading *d, enum incident_field f, const char *prefix, struct str of, uint64_t number)
{
    char text[INCIDENT_ID_MAX];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, str_from(prefix));
    put_tag(&b, of);
    if (number)
        buf_fmt(&b, "-%" PRIu64, number);
    incident_put(d->memory, f, buf_str(&b));
}

static uint32_t find_id(const struct reading *d, enum entity_kind kind, const char *prefix, struct str of)
{
    char text[INCIDENT_ID_MAX];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, str_from(prefix));
    put_tag(&b, of);
    return ent_find(d->r->s, kind, buf_str(&b));
}

/* The entity whose id put_id() made of this row. */
static uint32_t find_of_row(const struct reading *d, enum entity_kind kind, const char *prefix)
{
    char text[INCIDENT_ID_MAX];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, str_from(prefix));
    put_tag(&b, d->uid);
    buf_fmt(&b, "-%" PRIu64, d->r->seq);
    return ent_find(d->r->s, kind, buf_str(&b));
}

/* ---- emergencies ------------------------------------------------------- */

/* The next open Mayday that this alert made before: MD-tag-row. */
static uint32_t next_mayday(const struct reading *d, uint32_t after)
{
    char text[INCIDENT_ID_MAX];
    struct buf b = buf_over(text, sizeof text);
    uint32_t m = after ? ent_next(d->r->s, after) : ent_first(d->r->s, ENT_MAYDAY);

    buf_put(&b, STR("MD-"));
    put_tag(&b, d->uid);
    buf_byte(&b, '-');
    while (m && !(str_starts(ent_id(d->r->s, m), buf_str(&b)) && ent_is(d->r->s, m, IN_STATE, "open") &&
                  ent_made(d->r->s, m) < d->r->seq))
        m = ent_next(d->r->s, m);
    return m;
}

static void put_alert_text(struct reading *d, struct str what)
{
    char text[1024];
    struct buf b = buf_over(text, sizeof text);
    struct str words = cut_text(field_of(d, FIELD_TEXT), 256);

    buf_put(&b, cut_text(what, 64));
    buf_put(&b, STR(" from "));
    buf_put(&b, d->callsign.len ? cut_text(d->callsign, 128) : cut_text(d->device, 128));
    put_at(d, &b);
    if (words.len) {
        buf_put(&b, STR(": "));
        buf_put(&b, words);
    }
    put_as_text(d->memory, IN_TEXT, buf_str(&b));
}

static void critical_report(struct reading *d, struct str what, const char *prefix)
{
    if (find_of_row(d, ENT_REPORT, prefix) || !has_room(d->r->s, ENT_REPORT, true))
        return;
    need_source(d);
    open_command(d);
    put_id(d, IN_REPORT, prefix, d->uid, d->r->seq);
    put_provenance(d);
    incident_put(d->memory, IN_PREDICATE, STR("note"));
    incident_put(d->memory, IN_CRITICAL, STR("1"));
    put_as_line(d->memory, IN_SUBJECT, what);
    put_alert_text(d, what);
    put_where(d);
    close_command(d, INC_REPORT_RECEIVED);
}

static void read_raised(struct reading *d)
{
    struct str what = field_of(d, FIELD_SUB_TYPE);

    if (what.len == 0)
        what = STR("emergency");
    if (!unit_is_here(d->r->s, d->unit)) {
        critical_report(d, what, "EM-");
        return;
    }
    if (next_mayday(d, 0) || find_of_row(d, ENT_MAYDAY, "MD-") || !has_room(d->r->s, ENT_MAYDAY, true))
        return; /* it is open already, or the row is read again */
    need_source(d);
    open_command(d);
    put_id(d, IN_MAYDAY, "MD-", d->uid, d->r->seq);
    put_provenance(d);
    incident_put(d->memory, IN_UNIT, ent_id(d->r->s, d->unit));
    if (ent_has(d->r->s, d->unit, IN_ZONE))
        incident_put(d->memory, IN_ZONE, ent_get(d->r->s, d->unit, IN_ZONE));
    put_alert_text(d, what);
    close_command(d, INC_MAYDAY_DECLARED);
}

static void read_cancelled(struct reading *d)
{
    uint32_t m = next_mayday(d, 0);

    if (!m && !unit_is_here(d->r->s, d->unit) && d->device.len)
        critical_report(d, STR("emergency cancelled"), "EC-");
    for (; m; m = next_mayday(d, m)) {
        open_command(d);
        incident_put(d->memory, IN_MAYDAY, ent_id(d->r->s, m));
        incident_put(d->memory, IN_REASON, STR("cancelled by the device"));
        close_command(d, INC_MAYDAY_RESOLVED);
    }
}

/* ---- CASEVAC ----------------------------------------------------------- */

static void casualty(struct reading *d, const struct nine_lines *lines)
{
    struct geo_point p;
    char place[64];
    struct buf b = buf_over(place, sizeof place);

    open_command(d);
    put_id(d, IN_CASUALTY, "CV-", d->uid, 0);
    put_provenance(d);
    incident_put(d->memory, IN_CATEGORY, STR("uncategorised"));
    if (where(d, &p)) {
        geo_put_point(&b, p);
        incident_put(d->memory, IN_PLACE, buf_str(&b));
    }
    put_as_line(d->memory, IN_AS_SPOKEN, lines->title);
    put_as_text(d->memory, IN_TEXT, lines->text);
    close_command(d, INC_CASUALTY_REPORTED);
}

static void read_casevac(struct reading *d)
{
    uint32_t known = find_id(d, ENT_CASUALTY, "CV-", d->uid);
    char text[INCIDENT_TEXT_MAX / 2];
    struct buf b = buf_over(text, sizeof text);
    struct nine_lines lines;
    char twice[2 * DEVICE_TAG_MAX];
    struct buf key = buf_over(twice, sizeof twice);

    if (!d->has_event)
        return;
    lines = nine_lines_read(&d->c, d->callsign, &b, &d->scratch);
    put_tag(&key, d->uid);
    put_tag(&key, lines.text);
    if (find_id(d, ENT_REPORT, "CV-", buf_str(&key)))
        return; /* said before */
    need_source(d);
    if (!known && has_room(d->r->s, ENT_CASUALTY, false))
        casualty(d, &lines);
    if (!has_room(d->r->s, ENT_REPORT, true))
        return;
    open_command(d);
    put_id(d, IN_REPORT, "CV-", buf_str(&key), 0);
    put_provenance(d);
    incident_put(d->memory, IN_PREDICATE, STR("note"));
    incident_put(d->memory, IN_CRITICAL, STR("1"));
    put_as_line(d->memory, IN_SUBJECT, known ? STR("CASEVAC, changed") : STR("CASEVAC"));
    put_as_text(d->memory, IN_TEXT, lines.text);
    put_where(d);
    close_command(d, INC_REPORT_RECEIVED);
}

/* ---- chat and receipts ------------------------------------------------- */

/* To the command post? */
static bool is_direct(const struct reading *d)
{
    return str_eq(field_of(d, FIELD_ROOM_ID), d->r->server_uid) || str_eq(field_of(d, FIELD_TO), d->r->server_uid);
}

static uint32_t newest_par(const struct incident *s)
{
    uint32_t found = 0;

    for (uint32_t p = ent_first(s, ENT_PAR); p; p = ent_next(s, p))
        if (ent_is(s, p, IN_STATE, "open"))
            found = p;
    return found;
}

static void read_count(struct reading *d, const struct answer *a)
{
    const struct incident *s = d->r->s;
    bool called = ent_has(s, d->unit, IN_PAR_CALLED_AT) && ent_seq(s, d->unit, IN_PAR_CALLED_AT) < d->r->seq;
    uint32_t par = newest_par(s);

    /* Who is not inside has no PAR clock; a bare number among friends is no answer to us; and a row that is
     * read again was counted then. */
    if (!ent_has(s, d->unit, IN_INSIDE_AT) || ent_seq(s, d->unit, IN_PAR_AT) > d->r->seq ||
        !(a->named || (called && is_direct(d))))
        return;
    open_command(d);
    incident_put(d->memory, IN_UNIT, ent_id(s, d->unit));
    incident_put_int(d->memory, IN_COUNT, a->count);
    put_as_text(d->memory, IN_TEXT, field_of(d, FIELD_TEXT));
    if (called && par)
        incident_put(d->memory, IN_PAR, ent_id(s, par));
    close_command(d, INC_PAR_ACKED);
}

/* Is this an order to the unit that it has not answered? */
static bool is_unanswered(const struct incident *s, uint32_t e, struct str unit)
{
    if (ent_kind(s, e) == ENT_MESSAGE)
        return ent_holds(s, e, IN_TO, unit) && !ent_holds(s, e, IN_ACKED_BY, unit);
    if (ent_kind(s, e) == ENT_EVACUATION)
        return ent_is(s, e, IN_STATE, "open") && !ent_holds(s, e, IN_ACKED_BY, unit);
    return ent_is(s, e, IN_STATE, "given") && ent_holds(s, e, IN_UNITS, unit);
}

/* What "roger" answers: the newest that was asked of the unit.  An assignment or a PAR call wants more
 * than that, so when one of them is the newest nothing is answered: 0. */
static uint32_t newest_asked(const struct reading *d)
{
    const struct incident *s = d->r->s;
    static const enum entity_kind kinds[] = {ENT_MESSAGE, ENT_EVACUATION, ENT_ASSIGNMENT};
    uint64_t newest = ent_seq(s, d->unit, IN_PAR_CALLED_AT);
    uint32_t found = 0;

    for (size_t i = 0; i < COUNTOF(kinds); i++)
        for (uint32_t e = ent_first(s, kinds[i]); e; e = ent_next(s, e))
            if (ent_made(s, e) > newest && ent_made(s, e) < d->r->seq && is_unanswered(s, e, ent_id(s, d->unit))) {
                newest = ent_made(s, e);
                found = kinds[i] == ENT_ASSIGNMENT ? 0 : e;
            }
    return found;
}

static void put_noted(struct reading *d, uint32_t message, const char *how, struct str words)
{
    char text[INCIDENT_LINE_MAX + 64];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, str_from(how));
    buf_put(&b, cut_text(words, INCIDENT_LINE_MAX));
    open_command(d);
    incident_put(d->memory, IN_MESSAGE, ent_id(d->r->s, message));
    incident_put(d->memory, IN_BY, ent_id(d->r->s, d->unit));
    put_as_text(d->memory, IN_NOTE, buf_str(&b));
    close_command(d, INC_MESSAGE_REPLIED);
}

static void read_ack(struct reading *d)
{
    const struct incident *s = d->r->s;
    uint32_t e = newest_asked(d);
    bool message = e && ent_kind(s, e) == ENT_MESSAGE;

    if (!e || !is_direct(d))
        return;
    open_command(d);
    incident_put(d->memory, message ? IN_MESSAGE : IN_EVACUATION, ent_id(s, e));
    incident_put(d->memory, IN_ACKED_BY, ent_id(s, d->unit));
    close_command(d, message ? INC_MESSAGE_ACKED : INC_EVACUATE_ACKED);
    if (message)
        put_noted(d, e, "acked: ", field_of(d, FIELD_TEXT));
}

static void read_chat(struct reading *d)
{
    struct answer a = answer_read(cut_text(field_of(d, FIELD_TEXT), INCIDENT_LINE_MAX));

    /* From the unit's own device, on a connection of its own: others only claim to be it. */
    if (!unit_is_here(d->r->s, d->unit) || field_of(d, FIELD_FROM_UID).len == 0)
        return;
    if (a.is == ANSWER_COUNT)
        read_count(d, &a);
    else if (a.is == ANSWER_ACK)
        read_ack(d);
}

/* A receipt says that the phone has it or showed it.  That is no acknowledgement: the alarm about an
 * urgent order must not stop because a phone in a pocket lit up. */
static void read_receipt(struct reading *d)
{
    static const char delivered[] = "received: on the phone", shown[] = "received: shown on the phone";
    const struct incident *s = d->r->s;
    uint32_t m = message_of_id(s, field_of(d, FIELD_MESSAGE_ID));
    struct str type = field_of(d, FIELD_TYPE), unit = ent_id(s, d->unit);
    const char *how = str_eq(type, STR("b-t-f-r")) ? shown : delivered;

    if (!m || !d->unit || field_of(d, FIELD_FROM_UID).len == 0 || !ent_holds(s, m, IN_TO, unit) ||
        ent_holds(s, m, IN_ACKED_BY, unit) ||
        (how == delivered && !str_eq(type, STR("b-t-f-d"))))
        return;
    if (str_eq(ent_get(s, m, IN_BY), unit) && str_starts(ent_get(s, m, IN_NOTE), str_from(how)))
        return;
    put_noted(d, m, how, (struct str){0});
}

/* ---- markers ----------------------------------------------------------- */

/* What a marker means, by its type after "a-", affiliation and "-" (the catalogue of CoT types). */
static const struct meaning {
    const char *type;
    const char *hazard, *word;
} meanings[] = {
    {"X-i-l-l-b", "device", "bomb"},      {"X-i-l-l-s", "gunfire", "shooting"}, {"X-i-f-s", "smoke", "smoke"},
    {"X-i-f", "fire", "fire"},            {"G-E-X-M", "device", "mine"},
};

static bool is_type(struct str type, struct str prefix)
{
    return str_starts(type, prefix) && (type.len == prefix.len || type.at[prefix.len] == '-');
}

static const struct meaning *meaning_of(struct str type)
{
    if (type.len < 4 || !str_starts(type, STR("a-")) || type.at[3] != '-')
        return NULL;
    for (size_t i = 0; i < COUNTOF(meanings); i++)
        if (is_type(str_from_at(type, 4), str_from(meanings[i].type)))
            return &meanings[i];
    return NULL;
}

static void put_marker_text(struct reading *d, const char *word)
{
    char text[1024];
    struct buf b = buf_over(text, sizeof text);
    struct str name = cut_text(field_of(d, FIELD_CALLSIGN), 128), words = cut_text(field_of(d, FIELD_TEXT), 512);

    buf_fmt(&b, "%s marked", word);
    put_at(d, &b);
    if (name.len) {
        buf_put(&b, STR(", called "));
        buf_put(&b, name);
    }
    buf_put(&b, STR(" ("));
    buf_put(&b, cut_text(field_of(d, FIELD_TYPE), 64));
    buf_byte(&b, ')');
    if (words.len) {
        buf_put(&b, STR(": "));
        buf_put(&b, words);
    }
    put_as_text(d->memory, IN_TEXT, buf_str(&b));
}

static void hazard(struct reading *d, const struct meaning *m)
{
    if (find_id(d, ENT_HAZARD, "HZ-", d->uid) || !has_room(d->r->s, ENT_HAZARD, false))
        return;
    need_source(d);
    open_command(d);
    put_id(d, IN_HAZARD, "HZ-", d->uid, 0);
    put_provenance(d);
    incident_put(d->memory, IN_HAZARD_KIND, str_from(m->hazard));
    put_marker_text(d, m->word);
    put_where(d);
    close_command(d, INC_HAZARD_REPORTED);
}

/* Somebody saw somebody there, once: a report among others, with no life of its own. */
static void sighting(struct reading *d)
{
    if (find_id(d, ENT_REPORT, "SG-", d->uid) || !has_room(d->r->s, ENT_REPORT, false))
        return;
    need_source(d);
    open_command(d);
    put_id(d, IN_REPORT, "SG-", d->uid, 0);
    put_provenance(d);
    incident_put(d->memory, IN_PREDICATE, STR("sighting"));
    put_as_line(d->memory, IN_SUBJECT, field_of(d, FIELD_CALLSIGN));
    put_marker_text(d, "hostile");
    put_where(d);
    close_command(d, INC_REPORT_RECEIVED);
}

static void read_object(struct reading *d)
{
    struct str type = field_of(d, FIELD_TYPE);
    const struct meaning *m = meaning_of(type);

    if (m)
        hazard(d, m);
    else if (str_starts(type, STR("a-h-")))
        sighting(d);
}

/* ---- files ------------------------------------------------------------- */

enum { PICTURES_NAMED = 8 };

void put_file_report_id(struct buf *b, struct str sha256)
{
    buf_put(b, STR("FL-"));
    put_tag(b, sha256);
    put_tag(b, str_from_at(sha256, sha256.len / 2));
}

void put_file_origin(struct buf *b, struct str sha256)
{
    buf_put(b, STR("sha256-"));
    buf_put(b, cut_text(sha256, 64));
}

/* " with 2 pictures (a.jpg, b.jpg)" */
static void put_pictures(const struct reading *d, struct buf *b)
{
    struct str rest = d->r->payload, value;
    enum field tag;
    size_t n = 0;

    while (fields_next(&rest, &tag, &value))
        n += tag == FIELD_IMAGE;
    if (n == 0)
        return;
    buf_fmt(b, " with %zu picture%s (", n, n > 1 ? "s" : "");
    rest = d->r->payload;
    for (size_t i = 0; i < PICTURES_NAMED && fields_next(&rest, &tag, &value);) {
        if (tag != FIELD_IMAGE)
            continue;
        if (i++)
            buf_put(b, STR(", "));
        buf_put(b, cut_text(value, 64));
    }
    buf_put(b, n > PICTURES_NAMED ? STR(", ...)") : STR(")"));
}

static void put_file_text(struct reading *d, const char *what)
{
    char text[2048];
    struct buf b = buf_over(text, sizeof text);
    struct str who = d->callsign.len ? d->callsign : d->user, words = cut_text(field_of(d, FIELD_TEXT), 256);

    buf_put(&b, cut_text(who, 128));
    buf_fmt(&b, " sent a %s: ", what);
    buf_put(&b, cut_text(field_of(d, FIELD_NAME), 256));
    put_pictures(d, &b);
    put_at(d, &b);
    buf_put(&b, STR("; "));
    buf_put(&b, cut_text(field_of(d, FIELD_SIZE), 20));
    buf_put(&b, STR(" bytes, SHA-256 "));
    buf_put(&b, cut_text(field_of(d, FIELD_SHA256), 64));
    if (words.len) {
        buf_put(&b, STR(": "));
        buf_put(&b, words);
    }
    put_as_text(d->memory, IN_TEXT, buf_str(&b));
}

/* Whatever else phones store (maps, settings) is in the log alone. */
static void read_file(struct reading *d)
{
    static const struct {
        const char *type, *what;
    } kinds[] = {{"photo", "photo"}, {"package", "data package"}};
    const char *what = NULL;
    char id[INCIDENT_ID_MAX], from[INCIDENT_ID_MAX];
    struct buf b = buf_over(id, sizeof id), origin = buf_over(from, sizeof from);

    for (size_t i = 0; i < COUNTOF(kinds); i++)
        if (str_eq(field_of(d, FIELD_SUB_TYPE), str_from(kinds[i].type)))
            what = kinds[i].what;
    put_file_report_id(&b, field_of(d, FIELD_SHA256));
    if (!what || ent_find(d->r->s, ENT_REPORT, buf_str(&b)) || !has_room(d->r->s, ENT_REPORT, false))
        return;
    need_source(d);
    open_command(d);
    incident_put(d->memory, IN_REPORT, buf_str(&b));
    put_provenance(d);
    incident_put(d->memory, IN_PREDICATE, STR("note"));
    put_as_line(d->memory, IN_SUBJECT, str_from(what));
    put_file_origin(&origin, field_of(d, FIELD_SHA256));
    incident_put(d->memory, IN_ORIGIN, buf_str(&origin));
    put_file_text(d, what);
    put_where(d);
    close_command(d, INC_REPORT_RECEIVED);
}

/* An entry of a mission's log, once each time that it says something else. */
static void read_mission(struct reading *d)
{
    char twice[2 * DEVICE_TAG_MAX], about[INCIDENT_LINE_MAX];
    struct buf key = buf_over(twice, sizeof twice), subject = buf_over(about, sizeof about);
    int64_t at = fields_get_int(d->r->payload, FIELD_MISSION_AT, 0);

    if (mission_change_of(field_of(d, FIELD_MISSION_CHANGE)) != MISSION_LOG_PUT)
        return;
    put_tag(&key, d->uid);
    put_tag(&key, field_of(d, FIELD_TEXT));
    if (find_id(d, ENT_REPORT, "ML-", buf_str(&key)) || !has_room(d->r->s, ENT_REPORT, false))
        return;
    buf_put(&subject, STR("mission "));
    buf_put(&subject, cut_text(field_of(d, FIELD_MISSION_NAME), INCIDENT_LINE_MAX - 16));
    need_source(d);
    open_command(d);
    put_id(d, IN_REPORT, "ML-", buf_str(&key), 0);
    put_provenance(d);
    if (at > d->r->now_ms - OBSERVED_MS && at <= d->r->now_ms + INCIDENT_SKEW_MS)
        incident_put_int(d->memory, IN_OBSERVED_AT, at);
    incident_put(d->memory, IN_PREDICATE, STR("note"));
    put_as_line(d->memory, IN_SUBJECT, buf_str(&subject));
    put_as_text(d->memory, IN_TEXT, field_of(d, FIELD_TEXT));
    close_command(d, INC_REPORT_RECEIVED);
}

/* ---- rows -------------------------------------------------------------- */

static const struct row {
    unsigned kind;
    void (*read)(struct reading *d);
    bool by_link; /* the device behind it is the one that its link names */
} rows[] = {
    {EV_EMERGENCY_RAISED, read_raised, true}, {EV_EMERGENCY_CANCELLED, read_cancelled, true},
    {EV_CASEVAC_SENT, read_casevac, true},    {EV_OBJECT_PUT, read_object, true},
    {EV_CHAT_SAID, read_chat, false},         {EV_CHAT_RECEIPT, read_receipt, false},
    {EV_FILE_STORED, read_file, false},       {EV_MISSION_CHANGED, read_mission, false},
};

static const struct row *row_of(unsigned kind)
{
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (rows[i].kind == kind)
            return &rows[i];
    return NULL;
}

/* An alert calls itself "R1-Alert"; its text is the callsign. */
static struct str callsign_of(const struct reading *d, const struct row *row)
{
    struct str name = field_of(d, FIELD_CALLSIGN);
    static const struct str alert = {"-Alert", 6};

    if (row->kind == EV_EMERGENCY_RAISED && field_of(d, FIELD_NAME).len)
        return field_of(d, FIELD_NAME);
    if (row->kind == EV_EMERGENCY_RAISED && str_ends(name, alert))
        return str_cut(name, 0, name.len - alert.len);
    return row->kind == EV_OBJECT_PUT ? (struct str){0} : name; /* a marker's name is not its maker's */
}

size_t incident_from_river(const struct incident_river *r, struct buf *memory, struct incident_command *out,
                           size_t max)
{
    const struct row *row = row_of(r->kind);
    struct reading d = {.r = r, .memory = memory, .out = out, .max = max};
    struct str link;

    MUST(memory->len == 0 && memory->max >= INCIDENT_RIVER_MEMORY);
    if (!row || !ent_is(r->s, incident_self(r->s), IN_STATE, "active"))
        return 0;
    d.user = field_of(&d, FIELD_USER);
    d.uid = field_of(&d, FIELD_UID);
    d.device = field_of(&d, FIELD_FROM_UID);
    link = field_of(&d, FIELD_LINK_UID);
    if (d.user.len == 0 || d.uid.len == 0 || str_eq(d.device, r->server_uid))
        return 0;
    if (row->by_link && link.len)
        d.device = link;
    d.callsign = callsign_of(&d, row);
    if (incident_is_exercise(r->s) != (device_is_exercise(d.device, d.callsign) || str_starts(d.user, STR("EX-"))))
        return 0;
    d.unit = unit_of_device(r->s, d.device, d.callsign);
    d.scratch = buf_over(memory->at, INCIDENT_RIVER_SCRATCH);
    memory->len = INCIDENT_RIVER_SCRATCH;
    d.has_event = river_row_event(r->payload, &d.scratch, &d.c);
    row->read(&d);
    return d.n;
}
