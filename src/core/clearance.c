#include "core/clearance.h"

#include "core/incident_place.h"
#include "core/incident_rules.h"
#include "core/reconcile.h"

#include <inttypes.h>

static const char *const state_words[CLEARANCE_STATES] = {"unknown",   "entered", "partial", "complete",
                                                          "confirmed", "held",    "no-go",   "void"};

/* Where a step leads; what is not here (0 stands for "unknown", which nothing leads to) is refused. */
static const uint8_t next[CLEARANCE_STATES][STEP_COUNT] = {
    [CLEARANCE_UNKNOWN] = {[STEP_START] = CLEARANCE_ENTERED, [STEP_FORBID] = CLEARANCE_NO_GO},
    [CLEARANCE_ENTERED] = {[STEP_START] = CLEARANCE_ENTERED, [STEP_END_PARTIAL] = CLEARANCE_PARTIAL,
                           [STEP_END_COMPLETE] = CLEARANCE_COMPLETE, [STEP_FORBID] = CLEARANCE_NO_GO},
    [CLEARANCE_PARTIAL] = {[STEP_START] = CLEARANCE_ENTERED, [STEP_FORBID] = CLEARANCE_NO_GO},
    [CLEARANCE_COMPLETE] = {[STEP_CONFIRM] = CLEARANCE_CONFIRMED, [STEP_HOLD] = CLEARANCE_HELD,
                            [STEP_VOID] = CLEARANCE_VOID, [STEP_FORBID] = CLEARANCE_NO_GO},
    [CLEARANCE_CONFIRMED] = {[STEP_HOLD] = CLEARANCE_HELD, [STEP_VOID] = CLEARANCE_VOID,
                             [STEP_FORBID] = CLEARANCE_NO_GO},
    [CLEARANCE_HELD] = {[STEP_RELEASE] = CLEARANCE_COMPLETE, [STEP_VOID] = CLEARANCE_VOID,
                        [STEP_FORBID] = CLEARANCE_NO_GO},
    [CLEARANCE_NO_GO] = {[STEP_LIFT] = CLEARANCE_VOID},
    [CLEARANCE_VOID] = {[STEP_START] = CLEARANCE_ENTERED, [STEP_FORBID] = CLEARANCE_NO_GO},
};

enum clearance_state clearance_next(enum clearance_state from, enum clearance_step step)
{
    MUST(from < CLEARANCE_STATES && step < STEP_COUNT);
    return next[from][step] == CLEARANCE_UNKNOWN ? CLEARANCE_REFUSED : (enum clearance_state)next[from][step];
}

bool clearance_is_clear(enum clearance_state state)
{
    return state == CLEARANCE_COMPLETE || state == CLEARANCE_CONFIRMED || state == CLEARANCE_HELD;
}

static struct str clearance_id(struct str zone, struct str kind, char *to, size_t max)
{
    struct buf b = buf_over(to, max);

    buf_put(&b, zone);
    buf_byte(&b, '|');
    buf_put(&b, kind);
    return buf_str(&b);
}

enum { CLEARANCE_ID_MAX = INCIDENT_ID_MAX + 16 };

uint32_t clearance_entity(const struct incident *s, struct str zone, struct str kind)
{
    char id[CLEARANCE_ID_MAX];

    return ent_find(s, ENT_CLEARANCE, clearance_id(zone, kind, id, sizeof id));
}

static enum clearance_state state_of(const struct incident *s, uint32_t c)
{
    struct str word = ent_get(s, c, IN_STATE);

    for (unsigned i = 0; i < CLEARANCE_STATES; i++)
        if (str_eq(word, str_from(state_words[i])))
            return (enum clearance_state)i;
    return CLEARANCE_UNKNOWN;
}

enum clearance_state clearance_of(const struct incident *s, struct str zone, const char *kind)
{
    return state_of(s, clearance_entity(s, zone, str_from(kind)));
}

static uint32_t of_payload(const struct incident *s, struct str payload)
{
    return clearance_entity(s, incident_value(payload, IN_ZONE), incident_value(payload, IN_CLEARANCE_KIND));
}

/* The checks -------------------------------------------------------------- */

static bool step_possible(struct deciding *d, enum clearance_step step, struct err *e)
{
    enum clearance_state now = state_of(d->s, of_payload(d->s, d->payload));
    char place[PLACE_NAME_MAX];

    if (clearance_next(now, step) == CLEARANCE_REFUSED)
        return refuse(e, ERR_DENIED, IN_ZONE, "%.*s of \"%.*s\" is %s; that does not follow",
                      STR_ARG(incident_value(d->payload, IN_CLEARANCE_KIND)),
                      STR_ARG(place_name(d->s, ENT_ZONE, incident_value(d->payload, IN_ZONE), place)),
                      state_words[now]);
    return true;
}

/* Invariant 3: who may set which kind. */
static bool unit_may_clear(struct deciding *d, enum incident_field unit_field, struct err *e)
{
    uint32_t unit = ref(d->s, d->payload, unit_field);
    struct str kind = incident_value(d->payload, IN_CLEARANCE_KIND), role = incident_value(d->payload, IN_ROLE);
    struct str what = ent_get(d->s, unit, IN_UNIT_CATEGORY);

    if (!unit_is_here(d->s, unit))
        return refuse(e, ERR_DENIED, unit_field, "%.*s is not checked in; check it in first",
                      STR_ARG(incident_value(d->payload, unit_field)));
    if (str_eq(kind, STR("eod")) && !str_eq(what, STR("eod")))
        return refuse(e, ERR_DENIED, unit_field, "only a bomb disposal unit sets EOD clearance");
    if (str_eq(kind, STR("struct")) && !str_eq(role, STR("engineer")) &&
        !ent_holds(d->s, unit, IN_QUALIFICATION, STR("engineer")))
        return refuse(e, ERR_DENIED, unit_field, "only an engineer sets structural clearance");
    if (str_eq(kind, STR("evid")) && !str_eq(role, STR("investigation")) && !str_eq(what, STR("investigation")))
        return refuse(e, ERR_DENIED, unit_field, "only the investigation releases a scene");
    return true;
}

bool check_search_started(struct deciding *d, struct err *e)
{
    uint32_t zone = ref(d->s, d->payload, IN_ZONE);

    if (!ent_is(d->s, zone, IN_STATE, "current"))
        return refuse(e, ERR_DENIED, IN_ZONE, "the zone was merged into another");
    return unit_may_clear(d, IN_UNIT, e) && step_possible(d, STEP_START, e);
}

static bool is_partial(struct str payload)
{
    return fields_get_int(payload, (enum field)IN_EXTENT, 0) < 100 || fields_has(payload, (enum field)IN_EXCLUDED);
}

/* Paper that arrives later is taken when it is handed over in person; it is marked as late. */
static bool is_late_paper(const struct incident *s, struct str payload, uint32_t c)
{
    enum clearance_state now = state_of(s, c);

    return str_eq(incident_value(payload, IN_VIA), STR("in-person")) &&
           (now == CLEARANCE_UNKNOWN || now == CLEARANCE_VOID || now == CLEARANCE_PARTIAL ||
            now == CLEARANCE_ENTERED) &&
           !(now == CLEARANCE_ENTERED && ent_holds(s, c, IN_UNITS, incident_value(payload, IN_UNIT)));
}

static bool follow_void_since(struct deciding *d, struct str zone, struct str kind, struct str reason,
                              int64_t since_ms, struct err *e)
{
    size_t begin;

    if (!follow(d, INC_ZONE_VOIDED, &begin, e))
        return false;
    incident_put(d->memory, IN_ZONE, zone);
    incident_put(d->memory, IN_CLEARANCE_KIND, kind);
    incident_put(d->memory, IN_VOID_REASON, reason);
    if (since_ms != d->now_ms)
        incident_put_int(d->memory, IN_AT, since_ms);
    followed(d, INC_ZONE_VOIDED, begin);
    return true;
}

static bool follow_void(struct deciding *d, struct str zone, struct str kind, const char *reason, struct err *e)
{
    return follow_void_since(d, zone, kind, str_from(reason), d->now_ms, e);
}

/* When it was, or else when it was first said: what is added later does not make it newer. */
static int64_t happened_ms(const struct incident *s, uint32_t x, int64_t otherwise)
{
    return ent_int(s, x, IN_AT, ent_int(s, x, IN_MADE_AT, otherwise));
}

/* When one of these was last said to be in the zone; 0: never. */
static int64_t last_there_ms(const struct incident *s, enum entity_kind kind, struct str zone)
{
    int64_t last = 0;

    for (uint32_t x = ent_first(s, kind); x; x = ent_next(s, x)) {
        int64_t at = happened_ms(s, x, 0);

        if (str_eq(ent_get(s, x, IN_ZONE), zone) && !ent_is(s, x, IN_STATE, "discounted") && at > last)
            last = at;
    }
    return last;
}

/* When, after a search that ended then, the zone became unknown again, and why; 0: it did not. */
static int64_t overtaken_ms(const struct incident *s, struct str payload, int64_t end_ms, struct str *why)
{
    struct str zone = incident_value(payload, IN_ZONE), kind = incident_value(payload, IN_CLEARANCE_KIND);
    uint32_t c = clearance_entity(s, zone, kind);
    int64_t voided = ent_int(s, c, IN_AT, 0), blast = last_there_ms(s, ENT_DETONATION, zone);
    int64_t seen = str_eq(kind, STR("threat")) ? last_there_ms(s, ENT_THREAT, zone) : 0;

    if (voided > end_ms) {
        *why = ent_has(s, c, IN_VOID_REASON) ? ent_get(s, c, IN_VOID_REASON) : STR("order");
        return voided;
    }
    *why = blast > end_ms ? STR("detonation") : STR("sighting");
    return blast > end_ms ? blast : seen > end_ms ? seen : 0;
}

/* What is known of a search that is newer than old paper stays as it is. */
static bool is_searched_since(const struct incident *s, uint32_t c)
{
    return state_of(s, c) == CLEARANCE_ENTERED || state_of(s, c) == CLEARANCE_PARTIAL;
}

/* Paper of a search that ended before what makes the zone unknown again: it is kept, and the zone stays void. */
static bool void_old_paper(struct deciding *d, uint32_t c, struct err *e)
{
    struct str why;
    int64_t since = overtaken_ms(d->s, d->payload, fields_get_int(d->payload, (enum field)IN_AT, d->now_ms), &why);

    return since == 0 || is_searched_since(d->s, c) ||
           follow_void_since(d, incident_value(d->payload, IN_ZONE), incident_value(d->payload, IN_CLEARANCE_KIND), why,
                             since, e);
}

bool check_search_ended(struct deciding *d, struct err *e)
{
    uint32_t c = of_payload(d->s, d->payload);
    struct str unit = incident_value(d->payload, IN_UNIT);

    if (!unit_may_clear(d, IN_UNIT, e))
        return false;
    if (is_late_paper(d->s, d->payload, c))
        return void_old_paper(d, c, e);
    if (!step_possible(d, is_partial(d->payload) ? STEP_END_PARTIAL : STEP_END_COMPLETE, e))
        return false;
    if (!ent_holds(d->s, c, IN_UNITS, unit))
        return refuse(e, ERR_DENIED, IN_UNIT, "%.*s did not start this search; record its start, or enter it in person",
                      STR_ARG(unit));
    return true;
}

bool check_zone_confirmed(struct deciding *d, struct err *e)
{
    uint32_t c = of_payload(d->s, d->payload);
    struct str unit = incident_value(d->payload, IN_UNIT);

    if (!unit_may_clear(d, IN_UNIT, e) || !step_possible(d, STEP_CONFIRM, e))
        return false;
    if ((str_eq(ent_get(d->s, c, IN_UNIT), unit) || ent_holds(d->s, c, IN_UNITS, unit)) &&
        !str_eq(incident_value(d->payload, IN_ROLE), STR("supervisor")))
        return refuse(e, ERR_DENIED, IN_UNIT, "%.*s searched it; another unit or a supervisor confirms", STR_ARG(unit));
    return true;
}

bool check_zone_held(struct deciding *d, struct err *e)
{
    if (!unit_is_here(d->s, ref(d->s, d->payload, IN_HOLDER)))
        return refuse(e, ERR_DENIED, IN_HOLDER, "the unit is not checked in");
    return step_possible(d, STEP_HOLD, e);
}

/* The zone into which this one was merged; itself when it was not. */
static struct str whole_of(const struct incident *s, struct str zone)
{
    uint32_t z = ent_find(s, ENT_ZONE, zone);

    for (int i = 0; i < 8 && ent_is(s, z, IN_STATE, "merged"); i++)
        z = ent_find(s, ENT_ZONE, ent_get(s, z, IN_REPLACES));
    return z ? ent_id(s, z) : zone;
}

/* Leads an open opening out of this zone?  behind: what lies behind it. */
static bool leads_out(const struct incident *s, uint32_t opening, uint32_t zone, struct str *behind)
{
    struct str side;
    uint32_t at = 0;
    bool here = false;

    *behind = (struct str){0};
    while (ent_is(s, opening, IN_OPENING_STATE, "open") && ent_each(s, opening, IN_ZONES, &at, &side)) {
        if (zone_has(s, zone, side))
            here = true;
        else
            *behind = whole_of(s, side);
    }
    return here && behind->len > 0;
}

/* Does an open, unguarded opening lead out of this zone? */
static bool has_open_door(const struct incident *s, uint32_t zone)
{
    struct str behind;

    for (uint32_t o = ent_first(s, ENT_OPENING); o; o = ent_next(s, o))
        if (leads_out(s, o, zone, &behind))
            return true;
    return false;
}

bool check_hold_released(struct deciding *d, struct err *e)
{
    struct str zone = incident_value(d->payload, IN_ZONE);

    if (!step_possible(d, STEP_RELEASE, e))
        return false;
    return !has_open_door(d->s, ref(d->s, d->payload, IN_ZONE)) ||
           follow_void(d, zone, incident_value(d->payload, IN_CLEARANCE_KIND), "opening", e);
}

bool check_zone_voided(struct deciding *d, struct err *e)
{
    return step_possible(d, STEP_VOID, e);
}

bool check_zone_no_go(struct deciding *d, struct err *e)
{
    return step_possible(d, STEP_FORBID, e);
}

bool check_no_go_lifted(struct deciding *d, struct err *e)
{
    return step_possible(d, STEP_LIFT, e);
}

bool void_threat(struct deciding *d, uint32_t zone, const char *reason, struct err *e)
{
    struct str id = whole_of(d->s, ent_id(d->s, zone)), other;

    zone = ent_find(d->s, ENT_ZONE, id);
    if (clearance_is_clear(clearance_of(d->s, id, "threat")) && !follow_void(d, id, STR("threat"), reason, e))
        return false;
    if (!word_in("sighting,detonation", str_from(reason)))
        return true;
    for (uint32_t o = ent_first(d->s, ENT_OPENING); o; o = ent_next(d->s, o))
        if (leads_out(d->s, o, zone, &other) && clearance_is_clear(clearance_of(d->s, other, "threat")) &&
            !follow_void(d, other, STR("threat"), reason, e))
            return false;
    return true;
}

/* An explosion after its search leaves nothing in a zone as it was; one before it is known to whoever searched. */
bool void_after_detonation(struct deciding *d, uint32_t zone, struct err *e)
{
    int64_t at = fields_get_int(d->payload, (enum field)IN_AT, happened_ms(d->s, d->e, d->now_ms));
    struct str id = whole_of(d->s, ent_id(d->s, zone));

    for (uint32_t c = ent_first(d->s, ENT_CLEARANCE); c; c = ent_next(d->s, c))
        if (str_eq(ent_get(d->s, c, IN_ZONE), id) && !ent_is(d->s, c, IN_CLEARANCE_KIND, "threat") &&
            clearance_is_clear(state_of(d->s, c)) && ent_int(d->s, c, IN_END_AT, 0) <= at &&
            !follow_void(d, id, ent_get(d->s, c, IN_CLEARANCE_KIND), "detonation", e))
            return false;
    return void_threat(d, zone, "detonation", e);
}

static bool follow_no_go(struct deciding *d, struct str zone, struct str kind, struct str reason, struct err *e)
{
    size_t begin;

    if (!follow(d, INC_ZONE_NO_GO, &begin, e))
        return false;
    incident_put(d->memory, IN_ZONE, zone);
    incident_put(d->memory, IN_CLEARANCE_KIND, kind);
    incident_put(d->memory, IN_REASON, reason);
    followed(d, INC_ZONE_NO_GO, begin);
    return true;
}

bool merge_clearances(struct deciding *d, struct str part, struct str whole, struct err *e)
{
    for (uint32_t c = ent_first(d->s, ENT_CLEARANCE); c; c = ent_next(d->s, c)) {
        struct str zone = ent_get(d->s, c, IN_ZONE), kind = ent_get(d->s, c, IN_CLEARANCE_KIND);
        enum clearance_state now = state_of(d->s, c);

        if (str_eq(zone, whole) && clearance_is_clear(now) && !follow_void(d, whole, kind, "order", e))
            return false;
        if (str_eq(zone, part) && now == CLEARANCE_NO_GO &&
            state_of(d->s, clearance_entity(d->s, whole, kind)) != CLEARANCE_NO_GO &&
            !follow_no_go(d, whole, kind, ent_get(d->s, c, IN_REASON), e))
            return false;
    }
    return true;
}

/* The changes ------------------------------------------------------------- */

static uint32_t make(struct applying *a)
{
    char id[CLEARANCE_ID_MAX];
    struct str zone = incident_value(a->payload, IN_ZONE), kind = incident_value(a->payload, IN_CLEARANCE_KIND);
    uint32_t c = ent_make(a->s, ENT_CLEARANCE, clearance_id(zone, kind, id, sizeof id), a->seq);

    ent_set(a->s, c, IN_ZONE, zone, a->seq);
    ent_set(a->s, c, IN_CLEARANCE_KIND, kind, a->seq);
    return c;
}

static void step(struct applying *a, uint32_t c, enum clearance_step step)
{
    enum clearance_state to = clearance_next(state_of(a->s, c), step);

    /* Two voids of one batch may meet the same zone: the second changes nothing. */
    if (to != CLEARANCE_REFUSED)
        ent_set(a->s, c, IN_STATE, str_from(state_words[to]), a->seq);
}

static void keep(struct applying *a, uint32_t c, enum incident_field f)
{
    struct str rest = a->payload, v;
    enum field tag;

    ent_clear(a->s, c, f, a->seq);
    while (fields_next(&rest, &tag, &v))
        if (tag == (enum field)f)
            ent_add(a->s, c, f, v, a->seq);
}

void apply_search_started(struct applying *a)
{
    uint32_t c = make(a);

    if (state_of(a->s, c) != CLEARANCE_ENTERED)
        ent_clear(a->s, c, IN_UNITS, a->seq);
    step(a, c, STEP_START);
    if (!ent_holds(a->s, c, IN_UNITS, incident_value(a->payload, IN_UNIT)))
        ent_add(a->s, c, IN_UNITS, incident_value(a->payload, IN_UNIT), a->seq);
    ent_set_int(a->s, c, IN_START_AT, fields_get_int(a->payload, (enum field)IN_AT, a->at_ms), a->seq);
    keep(a, c, IN_COUNT);
}

/* False when a newer search stands as it is.  Who searched before is a stranger to what the paper says. */
static bool take_late_paper(struct applying *a, uint32_t c, int64_t end_ms)
{
    struct str why;

    ent_set(a->s, c, IN_LATE, STR("1"), a->seq);
    if (is_searched_since(a->s, c) && overtaken_ms(a->s, a->payload, end_ms, &why))
        return false;
    if (state_of(a->s, c) != CLEARANCE_ENTERED) {
        ent_clear(a->s, c, IN_UNITS, a->seq);
        ent_add(a->s, c, IN_UNITS, incident_value(a->payload, IN_UNIT), a->seq);
    }
    step(a, c, STEP_START);
    return true;
}

void apply_search_ended(struct applying *a)
{
    static const enum incident_field fields[] = {IN_UNIT,       IN_EXTENT,     IN_EXCLUDED,      IN_COUNT,
                                                 IN_NOTE,       IN_METHOD,     IN_FOUND_LIVE,    IN_FOUND_DEAD,
                                                 IN_EXPIRES_AT, IN_FOUND_DEVICES};
    uint32_t c = make(a);
    int64_t end_ms = fields_get_int(a->payload, (enum field)IN_AT, a->at_ms);

    ent_clear(a->s, c, IN_LATE, a->seq);
    if (is_late_paper(a->s, a->payload, c) && !take_late_paper(a, c, end_ms))
        return;
    step(a, c, is_partial(a->payload) ? STEP_END_PARTIAL : STEP_END_COMPLETE);
    for (size_t i = 0; i < COUNTOF(fields); i++)
        keep(a, c, fields[i]);
    ent_set_int(a->s, c, IN_END_AT, end_ms, a->seq);
}

void apply_zone_confirmed(struct applying *a)
{
    uint32_t c = make(a);

    step(a, c, STEP_CONFIRM);
    ent_set(a->s, c, IN_BY, incident_value(a->payload, IN_UNIT), a->seq);
}

void apply_zone_held(struct applying *a)
{
    uint32_t c = make(a);

    step(a, c, STEP_HOLD);
    keep(a, c, IN_HOLDER);
}

void apply_hold_released(struct applying *a)
{
    uint32_t c = make(a);

    step(a, c, STEP_RELEASE);
    ent_clear(a->s, c, IN_HOLDER, a->seq);
}

void apply_zone_voided(struct applying *a)
{
    uint32_t c = make(a);

    step(a, c, STEP_VOID);
    ent_clear(a->s, c, IN_HOLDER, a->seq);
    ent_set_int(a->s, c, IN_AT, fields_get_int(a->payload, (enum field)IN_AT, a->at_ms), a->seq);
    keep(a, c, IN_VOID_REASON);
}

void apply_zone_no_go(struct applying *a)
{
    uint32_t c = make(a);

    step(a, c, STEP_FORBID);
    ent_clear(a->s, c, IN_HOLDER, a->seq);
    keep(a, c, IN_REASON);
}

/* Void since now: nothing that was known before counts. */
void apply_no_go_lifted(struct applying *a)
{
    uint32_t c = make(a);

    step(a, c, STEP_LIFT);
    ent_set_int(a->s, c, IN_AT, a->at_ms, a->seq);
    ent_clear(a->s, c, IN_VOID_REASON, a->seq); /* that of an earlier void is not why */
}

/* The all-clear ----------------------------------------------------------- */

struct clearance_sum clearance_sum(const struct incident *s)
{
    struct clearance_sum sum = {0};

    for (uint32_t z = ent_first(s, ENT_ZONE); z; z = ent_next(s, z)) {
        uint32_t level = ent_find(s, ENT_LEVEL, ent_get(s, z, IN_LEVEL));
        uint32_t structure = ent_find(s, ENT_STRUCTURE, ent_get(s, level, IN_STRUCTURE));
        bool threat, eod;

        if (!ent_has(s, structure, IN_INNER) || !ent_is(s, z, IN_STATE, "current"))
            continue;
        threat = clearance_is_clear(clearance_of(s, ent_id(s, z), "threat"));
        eod = clearance_is_clear(clearance_of(s, ent_id(s, z), "eod"));
        sum.zones++;
        sum.threat_missing += !threat;
        sum.eod_missing += !eod;
        if (!sum.first_missing && (!threat || !eod))
            sum.first_missing = z;
    }
    return sum;
}

/* Names as many of the missing zones as fit. */
static void name_missing(const struct incident *s, struct buf *b)
{
    char place[PLACE_NAME_MAX];

    for (uint32_t z = ent_first(s, ENT_ZONE); z; z = ent_next(s, z)) {
        uint32_t level = ent_find(s, ENT_LEVEL, ent_get(s, z, IN_LEVEL));
        uint32_t structure = ent_find(s, ENT_STRUCTURE, ent_get(s, level, IN_STRUCTURE));
        struct str id = ent_id(s, z), name;

        if (!ent_has(s, structure, IN_INNER) || !ent_is(s, z, IN_STATE, "current") ||
            (clearance_is_clear(clearance_of(s, id, "threat")) && clearance_is_clear(clearance_of(s, id, "eod"))))
            continue;
        name = place_name(s, ENT_ZONE, id, place);
        if (b->len + name.len + 8 > b->max) {
            buf_put(b, STR("; ..."));
            return;
        }
        buf_put(b, b->len ? STR("; ") : STR(""));
        buf_put(b, name);
    }
}

struct reconciled *count_room(struct deciding *d)
{
    uintptr_t at = ((uintptr_t)d->memory->at + d->memory->len + 15) & ~(uintptr_t)15;

    return at + sizeof(struct reconciled) <= (uintptr_t)d->memory->at + d->memory->max ? (void *)at : NULL;
}

bool all_clear_possible(const struct incident *s, struct reconciled *r, struct err *e)
{
    static const char *const counters[] = {"attackers", "devices"};
    struct clearance_sum sum = clearance_sum(s);
    char names[400];
    struct buf b = buf_over(names, sizeof names);

    if (sum.zones == 0)
        return err_set(e, ERR_DENIED,
                       "no structure inside the inner cordon is defined; there is nothing to declare clear");
    name_missing(s, &b);
    if (sum.threat_missing || sum.eod_missing)
        return err_set(e, ERR_DENIED, "%u of %u zones are not THREAT-clear and %u not EOD-clear: %.*s",
                       sum.threat_missing,
                       sum.zones, sum.eod_missing, STR_ARG(buf_str(&b)));
    for (size_t i = 0; i < COUNTOF(counters); i++) {
        int64_t accounted = incident_accounted(s, str_from(counters[i]));

        incident_reconcile(s, str_from(counters[i]), r);
        if (r->used && (r->hi_open || r->hi > accounted))
            return err_set(e, ERR_DENIED,
                           "%s: a claim is above the %" PRId64 " accounted for; account for them or discount it",
                           counters[i], accounted);
    }
    for (uint32_t t = ent_first(s, ENT_THREAT); t; t = ent_next(s, t))
        if (word_in("suspected,located,contained,render-safe-pending", ent_get(s, t, IN_STATE)))
            return err_set(e, ERR_DENIED, "threat %.*s is %.*s; account for it or discount it", STR_ARG(ent_id(s, t)),
                           STR_ARG(ent_get(s, t, IN_STATE)));
    return true;
}

bool check_all_clear(struct deciding *d, struct err *e)
{
    struct reconciled *work = count_room(d);

    if (!work)
        return err_set(e, ERR_FULL, "no memory to decide in");
    if (!ent_is(d->s, ref(d->s, d->payload, IN_DECISION), IN_STATE, "in-force"))
        return refuse(e, ERR_DENIED, IN_DECISION, "the decision is not in force");
    return all_clear_possible(d->s, work, e);
}

/* Nobody lives or works in it again before an engineer has been in every zone. */
bool check_reentry(struct deciding *d, struct err *e)
{
    struct str id = ent_id(d->s, d->e);
    uint32_t missing = 0, first = 0;
    char place[PLACE_NAME_MAX];

    if (!ent_is(d->s, ref(d->s, d->payload, IN_DECISION), IN_STATE, "in-force"))
        return refuse(e, ERR_DENIED, IN_DECISION, "the decision is not in force");
    for (uint32_t z = ent_first(d->s, ENT_ZONE); z; z = ent_next(d->s, z)) {
        uint32_t level = ent_find(d->s, ENT_LEVEL, ent_get(d->s, z, IN_LEVEL));

        if (!str_eq(ent_get(d->s, level, IN_STRUCTURE), id) || !ent_is(d->s, z, IN_STATE, "current") ||
            clearance_is_clear(clearance_of(d->s, ent_id(d->s, z), "struct")))
            continue;
        first = first ? first : z;
        missing++;
    }
    if (missing)
        return refuse(e, ERR_DENIED, IN_STRUCTURE, "%u zones have no structural clearance, \"%.*s\" first", missing,
                      STR_ARG(place_name(d->s, ENT_ZONE, ent_id(d->s, first), place)));
    return true;
}
