/* Points, threats, detonations and casualties. */
#include "core/incident_rules.h"

#include <inttypes.h>

/* Invariant 13. */
bool check_point_set(struct deciding *d, struct err *e)
{
    struct str kind = incident_value(d->payload, IN_POINT_KIND), sector = incident_value(d->payload, IN_SECTOR);
    struct str replaces = incident_value(d->payload, IN_REPLACES);

    if (replaces.len && ent_find(d->s, ENT_POINT, replaces) == 0)
        return refuse(e, ERR_MISSING, IN_REPLACES, "there is no point \"%.*s\"", STR_ARG(replaces));
    if (!word_in("rvp,fcp,ccp,icp", kind))
        return true;
    for (uint32_t p = ent_first(d->s, ENT_POINT); p; p = ent_next(d->s, p))
        if (ent_is(d->s, p, IN_STATE, "current") && str_eq(ent_get(d->s, p, IN_POINT_KIND), kind) &&
            str_eq(ent_get(d->s, p, IN_SECTOR), sector) && !str_eq(ent_id(d->s, p), replaces))
            return refuse(e, ERR_DENIED, IN_POINT_KIND, "\"%.*s\" is the current %.*s; close it or name it in replaces",
                          STR_ARG(ent_id(d->s, p)), STR_ARG(kind));
    return true;
}

void apply_point_set(struct applying *a)
{
    uint32_t old = ent_find(a->s, ENT_POINT, incident_value(a->payload, IN_REPLACES));

    if (old && old != a->e)
        ent_set(a->s, old, IN_STATE, STR("closed"), a->seq);
}

/* Invariant 2: a sighting voids what was cleared there and across open openings. */
bool check_threat_seen(struct deciding *d, struct err *e)
{
    int64_t lo = fields_get_int(d->payload, (enum field)IN_LO, 0), hi = fields_get_int(d->payload, (enum field)IN_HI,
                                                                                       lo);
    uint32_t zone = ref(d->s, d->payload, IN_ZONE);

    if (hi < lo)
        return refuse(e, ERR_INPUT, IN_HI, "is less than lo");
    if (ent_is(d->s, d->e, IN_STATE, "discounted"))
        return refuse(e, ERR_DENIED, IN_THREAT, "it is discounted; report what was seen as a new one");
    return zone == 0 || void_threat(d, zone, "sighting", e);
}

/* A sighting without a time is one of now; what else is said of it later does not move it. */
void apply_threat_seen(struct applying *a)
{
    if (fields_has(a->payload, (enum field)IN_ZONE) && !fields_has(a->payload, (enum field)IN_AT))
        ent_set_int(a->s, a->e, IN_AT, a->at_ms, a->seq);
}

bool check_threat_accounted(struct deciding *d, struct err *e)
{
    if (word_in("safe,render-safe-pending,discounted,suspected", incident_value(d->payload, IN_OUTCOME)))
        return refuse(e, ERR_INPUT, IN_OUTCOME,
                      "that is not an end; eod.safe and threat.discounted have events of their own");
    if (d->e && ent_is(d->s, d->e, IN_STATE, "discounted"))
        return refuse(e, ERR_DENIED, IN_THREAT, "it is discounted");
    return true;
}

void apply_threat_accounted(struct applying *a)
{
    ent_set(a->s, a->e, IN_STATE, incident_value(a->payload, IN_OUTCOME), a->seq);
}

bool check_device(struct deciding *d, struct err *e)
{
    if (ent_is(d->s, d->e, IN_STATE, "discounted"))
        return refuse(e, ERR_DENIED, IN_THREAT, "it is discounted");
    return true;
}

bool check_eod_safe(struct deciding *d, struct err *e)
{
    uint32_t unit = ref(d->s, d->payload, IN_UNIT);

    if (!unit_is_here(d->s, unit) || !ent_is(d->s, unit, IN_UNIT_CATEGORY, "eod"))
        return refuse(e, ERR_DENIED, IN_UNIT, "only a bomb disposal unit that is checked in declares a device safe");
    return true;
}

bool check_detonation(struct deciding *d, struct err *e)
{
    uint32_t zone = ref(d->s, d->payload, IN_ZONE);

    return zone == 0 || void_after_detonation(d, zone, e);
}

/* Casualties: a status moves only along this graph; "died" can follow any living status. */
static const struct path {
    const char *from, *to;
} paths[] = {
    {"reported", "located,triaged,treated,ccp,loading,transported,at-hospital,died,unfounded"},
    {"located", "triaged,treated,ccp,loading,transported,at-hospital,died,unfounded"},
    {"triaged", "treated,ccp,loading,transported,at-hospital,discharged,died,unfounded"},
    {"treated", "ccp,loading,transported,at-hospital,discharged,died,unfounded"},
    {"ccp", "treated,loading,transported,at-hospital,discharged,died,unfounded"},
    {"loading", "ccp,transported,at-hospital,died,unfounded"},
    {"transported", "at-hospital,died,unfounded"},
    {"at-hospital", "discharged,transported,died,unfounded"},
    {"discharged", "at-hospital,died"},
    {"died", ""},
    {"unfounded", "reported"},
};

static bool may_become(struct str from, struct str to)
{
    for (size_t i = 0; i < COUNTOF(paths); i++)
        if (str_eq(from, str_from(paths[i].from)))
            return word_in(paths[i].to, to);
    return false;
}

static bool status_possible(const struct deciding *d, struct str to, struct err *e)
{
    struct str from = ent_get(d->s, d->e, IN_STATE);

    if (!may_become(from, to))
        return refuse(e, ERR_DENIED, IN_CASUALTY, "%.*s is %.*s; %.*s does not follow", STR_ARG(ent_id(d->s, d->e)),
                      STR_ARG(from), STR_ARG(to));
    return true;
}

/* Exactly one location. */
bool check_located(struct deciding *d, struct err *e)
{
    int n = fields_has(d->payload, (enum field)IN_ZONE) + fields_has(d->payload, (enum field)IN_POINT) +
            fields_has(d->payload, (enum field)IN_PLACE);

    if (n > 1 || (d->e && n != 1))
        return refuse(e, ERR_INPUT, IN_PLACE, "a casualty is in one place: zone, point or place");
    if (d->e && word_in("merged,unfounded", ent_get(d->s, d->e, IN_STATE)))
        return refuse(e, ERR_DENIED, IN_CASUALTY, "it is %.*s", STR_ARG(ent_get(d->s, d->e, IN_STATE)));
    return true;
}

void apply_located(struct applying *a)
{
    static const enum incident_field where[] = {IN_ZONE, IN_POINT, IN_PLACE};
    bool any = false;

    for (size_t i = 0; i < COUNTOF(where); i++)
        any |= fields_has(a->payload, (enum field)where[i]);
    for (size_t i = 0; any && i < COUNTOF(where); i++)
        if (!fields_has(a->payload, (enum field)where[i]))
            ent_clear(a->s, a->e, where[i], a->seq);
}

bool check_triaged(struct deciding *d, struct err *e)
{
    if (str_eq(incident_value(d->payload, IN_TRIAGE), STR("deceased")) &&
        !str_eq(incident_value(d->payload, IN_ROLE), STR("clinician")))
        return refuse(e, ERR_DENIED, IN_ROLE, "only a clinician says deceased; \"not-breathing\" is for everybody");
    if (word_in("died,unfounded,merged", ent_get(d->s, d->e, IN_STATE)))
        return refuse(e, ERR_DENIED, IN_CASUALTY, "it is %.*s", STR_ARG(ent_get(d->s, d->e, IN_STATE)));
    return true;
}

void apply_triaged(struct applying *a)
{
    if (word_in("reported,located", ent_get(a->s, a->e, IN_STATE)))
        ent_set(a->s, a->e, IN_STATE, STR("triaged"), a->seq);
    if (!str_eq(incident_value(a->payload, IN_TRIAGE), STR("deceased")))
        ent_set(a->s, a->e, IN_WAS_INJURED, STR("1"), a->seq);
}

/* A vehicle for one who can wait, while one who cannot lies at the same place, needs a reason: one that
 * whoever cares for them reads. */
static bool may_go_first(const struct deciding *d, struct err *e)
{
    struct str point = ent_get(d->s, d->e, IN_POINT);

    if (fields_has(d->payload, (enum field)IN_OVERRIDE) || point.len == 0 ||
        !word_in("minor,deceased,expectant", ent_get(d->s, d->e, IN_TRIAGE)))
        return true;
    for (uint32_t c = ent_first(d->s, ENT_CASUALTY); c; c = ent_next(d->s, c))
        if (c != d->e && ent_is(d->s, c, IN_TRIAGE, "immediate") && str_eq(ent_get(d->s, c, IN_POINT), point) &&
            !word_in("transported,at-hospital,discharged,died,unfounded,merged", ent_get(d->s, c, IN_STATE)))
            return refuse(e, ERR_DENIED, IN_OVERRIDE,
                          "%.*s waits there and is immediate; say why this one goes first", STR_ARG(ent_id(d->s, c)));
    return true;
}

bool check_transported(struct deciding *d, struct err *e)
{
    return status_possible(d, STR("transported"), e) && may_go_first(d, e);
}

static void only_place(struct applying *a, struct str place)
{
    ent_clear(a->s, a->e, IN_ZONE, a->seq);
    ent_clear(a->s, a->e, IN_POINT, a->seq);
    ent_set(a->s, a->e, IN_PLACE, place, a->seq);
}

void apply_transported(struct applying *a)
{
    only_place(a, incident_value(a->payload, IN_VEHICLE));
}

void apply_casualty_arrived(struct applying *a)
{
    only_place(a, ent_get(a->s, a->e, IN_DESTINATION));
}

bool check_casualty_status(struct deciding *d, struct err *e)
{
    struct str to = incident_value(d->payload, IN_CASUALTY_STATUS);

    if (str_eq(to, STR("died")) && !str_eq(incident_value(d->payload, IN_ROLE), STR("clinician")))
        return refuse(e, ERR_DENIED, IN_ROLE, "only a clinician records a death");
    if (str_eq(to, STR("unfounded")) && !fields_has(d->payload, (enum field)IN_REASON))
        return refuse(e, ERR_INPUT, IN_REASON, "is needed");
    return status_possible(d, to, e) && (!str_eq(to, STR("transported")) || may_go_first(d, e));
}

/* Invariant 5: one event takes a person from the injured to the killed. */
void apply_casualty_status(struct applying *a)
{
    static const char *const alive = "triaged,treated,ccp,loading,transported,at-hospital,discharged";
    struct str to = incident_value(a->payload, IN_CASUALTY_STATUS);

    if (word_in(alive, to) || (str_eq(to, STR("died")) && word_in(alive, ent_get(a->s, a->e, IN_STATE))))
        ent_set(a->s, a->e, IN_WAS_INJURED, STR("1"), a->seq);
    ent_set(a->s, a->e, IN_STATE, to, a->seq);
    if (str_eq(to, STR("transported"))) /* no longer where it was, though nobody said by what and where to */
        only_place(a, STR("on the way, vehicle not recorded"));
    if (str_eq(to, STR("at-hospital")))
        only_place(a, ent_has(a->s, a->e, IN_DESTINATION) ? ent_get(a->s, a->e, IN_DESTINATION)
                                                          : STR("hospital, name not recorded"));
    if (str_eq(to, STR("died")) && !fields_has(a->payload, (enum field)IN_DIED_AT))
        ent_set_int(a->s, a->e, IN_DIED_AT, fields_get_int(a->payload, (enum field)IN_OBSERVED_AT, a->at_ms), a->seq);
}

/* A record that is doubted confirms nothing until it is verified again. */
void apply_casualty_doubted(struct applying *a)
{
    ent_clear(a->s, a->e, IN_VERIFIED, a->seq);
}

/* One person's two tags; a death stays with the tag that stays. */
bool check_casualty_merged(struct deciding *d, struct err *e)
{
    struct str into = incident_value(d->payload, IN_REPLACES);
    uint32_t other = ent_find(d->s, ENT_CASUALTY, into);

    if (other == 0 || other == d->e || ent_is(d->s, other, IN_STATE, "merged"))
        return refuse(e, ERR_MISSING, IN_REPLACES, "there is no other casualty \"%.*s\" to merge it into",
                      STR_ARG(into));
    if (ent_is(d->s, d->e, IN_STATE, "merged"))
        return refuse(e, ERR_DENIED, IN_CASUALTY, "it is merged");
    if (ent_is(d->s, d->e, IN_STATE, "died") && !ent_is(d->s, other, IN_STATE, "died"))
        return refuse(e, ERR_DENIED, IN_CASUALTY, "%.*s died and %.*s is %.*s; record first what is true of %.*s",
                      STR_ARG(ent_id(d->s, d->e)), STR_ARG(into), STR_ARG(ent_get(d->s, other, IN_STATE)),
                      STR_ARG(into));
    return true;
}

/* Two persons open a sealed identity. */
bool check_identity_opened(struct deciding *d, struct err *e)
{
    if (!ent_has(d->s, d->e, IN_SEALED))
        return refuse(e, ERR_MISSING, IN_CASUALTY, "there is no sealed identity");
    if (str_eq(incident_value(d->payload, IN_BY), incident_value(d->payload, IN_APPROVED_BY)))
        return refuse(e, ERR_DENIED, IN_APPROVED_BY, "a second person approves it");
    return true;
}
