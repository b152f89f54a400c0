/* Units and persons: who is here, who is inside, PAR clocks, Mayday, assignments and deconfliction. */
#include "core/incident_place.h"
#include "core/incident_rules.h"

#include <inttypes.h>

struct str agency_of(const struct incident *s, uint32_t unit)
{
    return ent_get(s, unit, IN_AGENCY);
}

bool assignment_is_live(const struct incident *s, uint32_t assignment)
{
    return word_in("given,hold,read-back,executing", ent_get(s, assignment, IN_STATE));
}

bool unit_is_here(const struct incident *s, uint32_t unit)
{
    return unit && ent_is(s, unit, IN_STATE, "checked-in");
}

static bool follow_unit(struct deciding *d, enum incident_kind kind, struct str unit, enum incident_field f,
                        struct str v, struct err *e)
{
    size_t begin;

    if (!follow(d, kind, &begin, e))
        return false;
    incident_put(d->memory, IN_UNIT, unit);
    incident_put(d->memory, f, v);
    followed(d, kind, begin);
    return true;
}

/* A device that was there before its unit checked in is that unit now: as a unit of its own it ends, and when it
 * is inside, it is the unit that is inside. */
static bool follow_known_devices(struct deciding *d, struct err *e)
{
    struct str rest = d->payload, unit = incident_value(d->payload, IN_UNIT), v;
    bool inside = ent_has(d->s, d->e, IN_ZONE);
    enum field tag;

    while (fields_next(&rest, &tag, &v)) {
        uint32_t device = tag == (enum field)IN_ALIAS ? ent_find(d->s, ENT_UNIT, v) : 0;
        struct str zone = ent_get(d->s, device, IN_ZONE);

        if (device == 0 || device == d->e || !ent_is(d->s, device, IN_STATE, "self-deployed"))
            continue;
        if (zone.len && !inside && !follow_unit(d, INC_UNIT_ENTERED, unit, IN_ZONE, zone, e))
            return false;
        if (zone.len && !follow_unit(d, INC_UNIT_LEFT, v, IN_ZONE, zone, e))
            return false;
        if (!follow_unit(d, INC_UNIT_RELEASED, v, IN_REASON, STR("it is a device of a unit that checked in"), e))
            return false;
        inside |= zone.len > 0;
    }
    return true;
}

bool check_checked_in(struct deciding *d, struct err *e)
{
    if (d->e && ent_has(d->s, d->e, IN_ZONE) && ent_has(d->s, d->e, IN_AGENCY) &&
        !str_eq(agency_of(d->s, d->e), incident_value(d->payload, IN_AGENCY)))
        return refuse(e, ERR_DENIED, IN_AGENCY, "the unit is inside; it cannot change its agency now");
    return follow_known_devices(d, e);
}

/* Has it work in this zone: an assignment that is on, or an open search? */
static bool works_in(const struct incident *s, uint32_t unit, struct str zone)
{
    for (uint32_t a = ent_first(s, ENT_ASSIGNMENT); a; a = ent_next(s, a))
        if (word_in("given,read-back,executing", ent_get(s, a, IN_STATE)) &&
            ent_holds(s, a, IN_UNITS, ent_id(s, unit)) && ent_holds(s, a, IN_ZONES, zone))
            return true;
    for (uint32_t c = ent_first(s, ENT_CLEARANCE); c; c = ent_next(s, c))
        if (ent_is(s, c, IN_STATE, "entered") && str_eq(ent_get(s, c, IN_ZONE), zone) &&
            ent_holds(s, c, IN_UNITS, ent_id(s, unit)))
            return true;
    return false;
}

/* A holder that goes takes along what it held: in this zone, or everywhere when none is named. */
static bool withdraw(struct deciding *d, struct str zone, struct err *e)
{
    struct str unit = ent_id(d->s, d->e);

    for (uint32_t c = d->e ? ent_first(d->s, ENT_CLEARANCE) : 0; c; c = ent_next(d->s, c)) {
        size_t begin;

        if (!ent_is(d->s, c, IN_STATE, "held") || !str_eq(ent_get(d->s, c, IN_HOLDER), unit) ||
            (zone.len && !str_eq(ent_get(d->s, c, IN_ZONE), zone)))
            continue;
        if (!follow(d, INC_ZONE_VOIDED, &begin, e))
            return false;
        incident_put(d->memory, IN_ZONE, ent_get(d->s, c, IN_ZONE));
        incident_put(d->memory, IN_CLEARANCE_KIND, ent_get(d->s, c, IN_CLEARANCE_KIND));
        incident_put(d->memory, IN_VOID_REASON, STR("withdrawn"));
        incident_put(d->memory, IN_UNIT, unit);
        followed(d, INC_ZONE_VOIDED, begin);
    }
    return true;
}

/* An entry is a fact: it is never refused, but it can void what was cleared, there and where the unit was. */
bool check_entered(struct deciding *d, struct err *e)
{
    struct str zone = incident_value(d->payload, IN_ZONE), left = ent_get(d->s, d->e, IN_ZONE);
    uint32_t threat = clearance_entity(d->s, zone, STR("threat"));
    bool holder = d->e && str_eq(ent_get(d->s, threat, IN_HOLDER), ent_id(d->s, d->e));

    if (d->e && str_eq(left, zone))
        return refuse(e, ERR_DENIED, IN_ZONE, "the unit is there already");
    if (left.len && !withdraw(d, left, e))
        return false;
    if (holder || (unit_is_here(d->s, d->e) && works_in(d->s, d->e, zone)))
        return true;
    return void_threat(d, ref(d->s, d->payload, IN_ZONE), unit_is_here(d->s, d->e) ?
                       "re-entry" : "unidentified-entry", e);
}

void apply_entered(struct applying *a)
{
    if (!ent_has(a->s, a->e, IN_INSIDE_AT)) {
        ent_set_int(a->s, a->e, IN_INSIDE_AT, a->at_ms, a->seq);
        ent_set_int(a->s, a->e, IN_PAR_AT, a->at_ms, a->seq);
    }
    ent_set_int(a->s, a->e, IN_MISSED, 0, a->seq);
}

/* How many of a unit that is inside stay there when so many leave; 0: all go, also when nobody knows how many
 * are inside or how many left. */
static int64_t who_stay(const struct incident *s, uint32_t unit, struct str payload)
{
    int64_t inside = ent_int(s, unit, IN_COUNT, ent_int(s, unit, IN_STRENGTH, 0));
    int64_t stay = inside - fields_get_int(payload, (enum field)IN_COUNT, inside);

    return stay > 0 ? stay : 0;
}

bool check_left(struct deciding *d, struct err *e)
{
    struct str zone = incident_value(d->payload, IN_ZONE);

    if (!str_eq(ent_get(d->s, d->e, IN_ZONE), zone))
        return refuse(e, ERR_DENIED, IN_ZONE, "the unit is not known to be there");
    return who_stay(d->s, d->e, d->payload) > 0 || withdraw(d, zone, e);
}

static void stop_clock(struct applying *a)
{
    static const enum incident_field clock[] = {IN_ZONE,   IN_INSIDE_AT, IN_PAR_AT, IN_PAR_CALLED_AT,
                                                IN_MISSED, IN_LOCATED,   IN_COUNT};

    for (size_t i = 0; i < COUNTOF(clock); i++)
        ent_clear(a->s, a->e, clock[i], a->seq);
}

/* Whoever left was found; those who stay go on being asked for. */
void apply_left(struct applying *a)
{
    int64_t stay = who_stay(a->s, a->e, a->payload), left = fields_get_int(a->payload, (enum field)IN_COUNT, 0);
    int64_t found = ent_int(a->s, a->e, IN_LOCATED, 0) - left;

    if (stay == 0) {
        stop_clock(a);
        return;
    }
    ent_set_int(a->s, a->e, IN_COUNT, stay, a->seq);
    if (ent_has(a->s, a->e, IN_LOCATED))
        ent_set_int(a->s, a->e, IN_LOCATED, found > 0 ? found : 0, a->seq);
}

bool check_self_deployed(struct deciding *d, struct err *e)
{
    if (unit_is_here(d->s, d->e))
        return refuse(e, ERR_DENIED, IN_UNIT, "the unit is checked in");
    return true;
}

bool check_unit_released(struct deciding *d, struct err *e)
{
    char place[PLACE_NAME_MAX];

    if (ent_has(d->s, d->e, IN_ZONE))
        return refuse(e, ERR_DENIED, IN_UNIT, "the unit is inside %.*s; record that it left first",
                      STR_ARG(place_name(d->s, ENT_ZONE, ent_get(d->s, d->e, IN_ZONE), place)));
    return withdraw(d, (struct str){0}, e);
}

bool check_routed(struct deciding *d, struct err *e)
{
    uint32_t point = ref(d->s, d->payload, IN_ROUTED_TO);

    if (!ent_is(d->s, point, IN_STATE, "current"))
        return refuse(e, ERR_DENIED, IN_ROUTED_TO, "that point is closed");
    return true;
}

void apply_person_in(struct applying *a)
{
    ent_set(a->s, a->e, IN_ACCOUNTABILITY, STR("inside"), a->seq);
    ent_set_int(a->s, a->e, IN_INSIDE_AT, a->at_ms, a->seq);
}

void apply_person_out(struct applying *a)
{
    ent_set(a->s, a->e, IN_ACCOUNTABILITY, STR("out"), a->seq);
    ent_clear(a->s, a->e, IN_ZONE, a->seq);
}

/* Where somebody is counted is the state that what follows goes by. */
void apply_person_status(struct applying *a)
{
    ent_set(a->s, a->e, IN_STATE, incident_value(a->payload, IN_ACCOUNTABILITY), a->seq);
}

/* Asks every unit inside, or those that the call names. */
void apply_par_called(struct applying *a)
{
    bool some = ent_has(a->s, a->e, IN_UNITS);

    for (uint32_t u = ent_first(a->s, ENT_UNIT); u; u = ent_next(a->s, u))
        if (ent_has(a->s, u, IN_INSIDE_AT) && (!some || ent_holds(a->s, a->e, IN_UNITS, ent_id(a->s, u))))
            ent_set_int(a->s, u, IN_PAR_CALLED_AT, a->at_ms, a->seq);
}

static bool inside(const struct deciding *d, struct err *e)
{
    if (!ent_has(d->s, d->e, IN_INSIDE_AT))
        return refuse(e, ERR_DENIED, IN_UNIT, "the unit is not inside; it has no PAR clock");
    return true;
}

bool check_par_acked(struct deciding *d, struct err *e)
{
    return inside(d, e);
}

void apply_par_acked(struct applying *a)
{
    ent_set_int(a->s, a->e, IN_PAR_AT, a->at_ms, a->seq);
    ent_set_int(a->s, a->e, IN_MISSED, 0, a->seq);
    ent_set(a->s, a->e, IN_LOCATED, incident_value(a->payload, IN_COUNT), a->seq);
    ent_clear(a->s, a->e, IN_PAR_CALLED_AT, a->seq);
}

/* A roll call is complete when each unit that it asked has answered since, with all of its people. */
bool check_par_closed(struct deciding *d, struct err *e)
{
    bool some = ent_has(d->s, d->e, IN_UNITS);

    for (uint32_t u = ent_first(d->s, ENT_UNIT); u; u = ent_next(d->s, u)) {
        int64_t expected = ent_int(d->s, u, IN_COUNT, ent_int(d->s, u, IN_STRENGTH, 0));
        int64_t found = ent_int(d->s, u, IN_LOCATED, expected);

        if (!ent_has(d->s, u, IN_INSIDE_AT) || (some && !ent_holds(d->s, d->e, IN_UNITS, ent_id(d->s, u))))
            continue;
        if (ent_has(d->s, u, IN_PAR_CALLED_AT))
            return refuse(e, ERR_DENIED, IN_PAR, "%.*s has not answered", STR_ARG(ent_id(d->s, u)));
        if (found < expected)
            return refuse(e, ERR_DENIED, IN_PAR, "%.*s: %" PRId64 " of %" PRId64 " accounted for",
                          STR_ARG(ent_id(d->s, u)), found, expected);
    }
    return true;
}

bool check_par_missed(struct deciding *d, struct err *e)
{
    return inside(d, e);
}

void apply_par_missed(struct applying *a)
{
    ent_set_int(a->s, a->e, IN_MISSED, ent_int(a->s, a->e, IN_MISSED, 0) + 1, a->seq);
    ent_set_int(a->s, a->e, IN_PAR_CALLED_AT, a->at_ms, a->seq);
}

/* The units that must answer are those inside now. */
void apply_evacuate_ordered(struct applying *a)
{
    for (uint32_t u = ent_first(a->s, ENT_UNIT); u; u = ent_next(a->s, u))
        if (ent_has(a->s, u, IN_INSIDE_AT))
            ent_add(a->s, a->e, IN_UNITS, ent_id(a->s, u), a->seq);
}

bool check_evacuate_acked(struct deciding *d, struct err *e)
{
    struct str unit = incident_value(d->payload, IN_ACKED_BY);

    if (ent_find(d->s, ENT_UNIT, unit) == 0)
        return refuse(e, ERR_MISSING, IN_ACKED_BY, "there is no unit \"%.*s\"", STR_ARG(unit));
    return true;
}

bool check_message_acked(struct deciding *d, struct err *e)
{
    struct str who = incident_value(d->payload, IN_ACKED_BY);

    if (!ent_holds(d->s, d->e, IN_TO, who))
        return refuse(e, ERR_DENIED, IN_ACKED_BY, "the message was not to %.*s", STR_ARG(who));
    return true;
}

/* Who takes it over has not accepted it yet. */
void apply_task_reassigned(struct applying *a)
{
    ent_clear(a->s, a->e, IN_BY, a->seq);
}

void apply_task_unblocked(struct applying *a)
{
    ent_clear(a->s, a->e, IN_REASON, a->seq);
}

bool deconflicted_in(const struct incident *s, uint32_t zone, struct str one, struct str other)
{
    for (uint32_t c = ent_first(s, ENT_DECONFLICTION); c; c = ent_next(s, c))
        if (ent_is(s, c, IN_STATE, "agreed") && ent_holds(s, c, IN_ACKED_BY, one) &&
            ent_holds(s, c, IN_ACKED_BY, other) &&
            zones_touch(s, ent_find(s, ENT_ZONE, ent_get(s, c, IN_ZONE)), zone))
            return true;
    return false;
}

/* Is another agency's unit in or next to the zone, or ordered there, without agreement? */
static uint32_t stranger_at(const struct incident *s, uint32_t unit, uint32_t zone, uint32_t skip)
{
    struct str mine = agency_of(s, unit), id, z;

    for (uint32_t u = ent_first(s, ENT_UNIT); u; u = ent_next(s, u))
        if (ent_has(s, u, IN_ZONE) && !str_eq(agency_of(s, u), mine) &&
            zones_touch(s, ent_find(s, ENT_ZONE, ent_get(s, u, IN_ZONE)), zone) &&
            !deconflicted_in(s, zone, mine, agency_of(s, u)))
            return u;
    for (uint32_t a = ent_first(s, ENT_ASSIGNMENT); a; a = ent_next(s, a)) {
        uint32_t at = 0, zat = 0;
        bool near = false;

        if (a == skip || !word_in("given,read-back,executing", ent_get(s, a, IN_STATE)))
            continue;
        while (ent_each(s, a, IN_ZONES, &zat, &z))
            near |= zones_touch(s, ent_find(s, ENT_ZONE, z), zone);
        while (near && ent_each(s, a, IN_UNITS, &at, &id)) {
            uint32_t u = ent_find(s, ENT_UNIT, id);

            if (!str_eq(agency_of(s, u), mine) && !deconflicted_in(s, zone, mine, agency_of(s, u)))
                return u;
        }
    }
    return 0;
}

/* The same among the units that one order sends together. */
static uint32_t stranger_among(const struct deciding *d, uint32_t unit, uint32_t zone)
{
    struct str rest = d->payload, v;
    enum field tag;

    while (fields_next(&rest, &tag, &v)) {
        uint32_t u = tag == (enum field)IN_UNITS ? ent_find(d->s, ENT_UNIT, v) : 0;

        if (u && !str_eq(agency_of(d->s, u), agency_of(d->s, unit)) &&
            !deconflicted_in(d->s, zone, agency_of(d->s, u), agency_of(d->s, unit)))
            return u;
    }
    return 0;
}

/* The first stranger for the units and zones that a payload names. */
static uint32_t conflict_of(const struct deciding *d, uint32_t skip, uint32_t *unit, uint32_t *zone)
{
    struct str units = d->payload, zones, u, z;
    enum field tag, tag2;

    while (fields_next(&units, &tag, &u)) {
        if (tag != (enum field)IN_UNITS)
            continue;
        zones = d->payload;
        while (fields_next(&zones, &tag2, &z)) {
            uint32_t found;

            if (tag2 != (enum field)IN_ZONES)
                continue;
            *unit = ent_find(d->s, ENT_UNIT, u);
            *zone = ent_find(d->s, ENT_ZONE, z);
            found = stranger_at(d->s, *unit, *zone, skip);
            if (!found)
                found = stranger_among(d, *unit, *zone);
            if (found)
                return found;
        }
    }
    return 0;
}

bool check_assignment_given(struct deciding *d, struct err *e)
{
    struct str rest = d->payload, v;
    enum field tag;
    char text[INCIDENT_LINE_MAX], place[PLACE_NAME_MAX];
    struct buf why = buf_over(text, sizeof text);
    uint32_t unit, zone, stranger;
    size_t begin;

    while (fields_next(&rest, &tag, &v))
        if (tag == (enum field)IN_UNITS && !unit_is_here(d->s, ent_find(d->s, ENT_UNIT, v)))
            return refuse(e, ERR_DENIED, IN_UNITS, "%.*s is not checked in", STR_ARG(v));
    stranger = conflict_of(d, 0, &unit, &zone);
    if (stranger == 0)
        return true;
    if (!follow(d, INC_ASSIGNMENT_HELD, &begin, e))
        return false;
    incident_put(d->memory, IN_ASSIGNMENT, incident_value(d->payload, IN_ASSIGNMENT));
    buf_fmt(&why, "%.*s of %.*s is in or next to %.*s, where %.*s is sent; both supervisors must agree",
            STR_ARG(ent_id(d->s, stranger)), STR_ARG(agency_of(d->s, stranger)),
            STR_ARG(place_name(d->s, ENT_ZONE, ent_id(d->s, zone), place)), STR_ARG(ent_id(d->s, unit)));
    incident_put(d->memory, IN_REASON,
                 why.full ? STR("another agency's unit is in or next to a zone; both supervisors must agree")
                          : buf_str(&why));
    followed(d, INC_ASSIGNMENT_HELD, begin);
    return true;
}

/* The unit of an assignment, in this zone, that another unit of it has not agreed with. */
static uint32_t stranger_inside(const struct incident *s, uint32_t assignment, uint32_t unit, uint32_t zone)
{
    struct str v;
    uint32_t at = 0;

    while (ent_each(s, assignment, IN_UNITS, &at, &v)) {
        uint32_t u = ent_find(s, ENT_UNIT, v);

        if (!str_eq(agency_of(s, u), agency_of(s, unit)) && !deconflicted_in(s, zone, agency_of(s, u), agency_of(s,
                                                                                                                 unit)))
            return u;
    }
    return 0;
}

bool check_deconflicted(struct deciding *d, struct err *e)
{
    uint32_t agreed = ref(d->s, d->payload, IN_DECONFLICTION), at = 0, zat;
    struct str u, z;

    if (!ent_is(d->s, agreed, IN_STATE, "agreed"))
        return refuse(e, ERR_DENIED, IN_DECONFLICTION, "it is %.*s; both supervisors must agree first",
                      STR_ARG(ent_get(d->s, agreed, IN_STATE)));
    while (ent_each(d->s, d->e, IN_UNITS, &at, &u)) {
        zat = 0;
        while (ent_each(d->s, d->e, IN_ZONES, &zat, &z)) {
            uint32_t unit = ent_find(d->s, ENT_UNIT, u), zone = ent_find(d->s, ENT_ZONE, z);
            uint32_t stranger = stranger_at(d->s, unit, zone, d->e);

            if (!stranger)
                stranger = stranger_inside(d->s, d->e, unit, zone);
            if (stranger)
                return refuse(e, ERR_DENIED, IN_DECONFLICTION, "%.*s of %.*s is still not agreed with",
                              STR_ARG(ent_id(d->s, stranger)), STR_ARG(agency_of(d->s, stranger)));
        }
    }
    return true;
}

bool check_two_agencies(struct deciding *d, struct err *e)
{
    struct str rest = d->payload, v, first = {0};
    enum field tag;

    while (fields_next(&rest, &tag, &v)) {
        struct str agency = agency_of(d->s, ent_find(d->s, ENT_UNIT, v));

        if (tag != (enum field)IN_UNITS || agency.len == 0)
            continue;
        if (first.len && !str_eq(first, agency))
            return true;
        first = agency;
    }
    return refuse(e, ERR_INPUT, IN_UNITS, "units of two agencies are deconflicted");
}

/* Whether this agency has a unit in the deconfliction. */
static bool takes_part(const struct incident *s, uint32_t deconfliction, struct str agency)
{
    struct str u;
    uint32_t at = 0;

    while (ent_each(s, deconfliction, IN_UNITS, &at, &u))
        if (str_eq(agency_of(s, ent_find(s, ENT_UNIT, u)), agency))
            return true;
    return false;
}

bool check_deconfliction_agreed(struct deciding *d, struct err *e)
{
    struct str agency = incident_value(d->payload, IN_ACKED_BY);

    if (!takes_part(d->s, d->e, agency))
        return refuse(e, ERR_DENIED, IN_ACKED_BY, "%.*s has no unit in it", STR_ARG(agency));
    return true;
}

void apply_deconfliction_agreed(struct applying *a)
{
    struct str u;
    uint32_t at = 0;
    bool all = true;

    while (ent_each(a->s, a->e, IN_UNITS, &at, &u))
        all &= ent_holds(a->s, a->e, IN_ACKED_BY, agency_of(a->s, ent_find(a->s, ENT_UNIT, u)));
    if (all)
        ent_set(a->s, a->e, IN_STATE, STR("agreed"), a->seq);
}
