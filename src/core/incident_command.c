/* The incident itself, its periods, who commands, who holds which position, declarations. */
#include "core/incident_rules.h"

#include <inttypes.h>

static uint32_t count_in_zones(const struct incident *s)
{
    uint32_t n = 0;

    for (uint32_t u = ent_first(s, ENT_UNIT); u; u = ent_next(s, u))
        n += ent_has(s, u, IN_ZONE);
    return n;
}

static uint32_t first_in_state(const struct incident *s, enum entity_kind kind, const char *state)
{
    uint32_t e = ent_first(s, kind);

    while (e && !ent_is(s, e, IN_STATE, state))
        e = ent_next(s, e);
    return e;
}

bool check_closed(struct deciding *d, struct err *e)
{
    uint32_t inside = count_in_zones(d->s), mayday = first_in_state(d->s, ENT_MAYDAY, "open");

    if (mayday)
        return refuse(e, ERR_DENIED, IN_MAYDAY, "\"%.*s\" is open; resolve it before closing the incident",
                      STR_ARG(ent_id(d->s, mayday)));
    if (inside)
        return refuse(e, ERR_DENIED, IN_UNIT, "%u units are inside; account for them before closing the incident",
                      inside);
    return true;
}

/* How many one supervisor leads at most: ICS says 3 to 7 (domain.md 3), and 7 where nothing is said. */
bool check_span(struct deciding *d, struct err *e)
{
    int64_t most = fields_get_int(d->payload, (enum field)IN_COUNT, INCIDENT_SPAN);

    return (most >= 3 && most <= INCIDENT_SPAN) ||
           refuse(e, ERR_INPUT, IN_COUNT, "one supervisor leads 3 to %d (span of control)", INCIDENT_SPAN);
}

/* Every agency has to acknowledge a declaration made now. */
void apply_declared(struct applying *a)
{
    ent_set_int(a->s, a->e, IN_MAJOR, a->at_ms, a->seq);
    ent_clear(a->s, a->e, IN_ACKED_BY, a->seq);
}

bool check_declaration_acked(struct deciding *d, struct err *e)
{
    struct str who = incident_value(d->payload, IN_ACKED_BY);

    if (kind_info(d->out->events[0].kind)->entity == ENT_INCIDENT && !ent_has(d->s, d->e, IN_MAJOR))
        return refuse(e, ERR_DENIED, IN_INCIDENT, "no major incident is declared");
    if (ent_find(d->s, ENT_AGENCY, who) == 0)
        return refuse(e, ERR_MISSING, IN_ACKED_BY, "there is no agency \"%.*s\"", STR_ARG(who));
    return true;
}

bool check_period_started(struct deciding *d, struct err *e)
{
    uint32_t running = first_in_state(d->s, ENT_PERIOD, "running");

    if (running)
        return refuse(e, ERR_DENIED, IN_PERIOD, "\"%.*s\" is running; end it first", STR_ARG(ent_id(d->s, running)));
    return true;
}

static uint32_t values_in(struct str payload, enum incident_field f)
{
    enum field tag;
    struct str v;
    uint32_t n = 0;

    while (fields_next(&payload, &tag, &v))
        n += tag == (enum field)f;
    return n;
}

bool check_one_commander(struct deciding *d, struct err *e)
{
    if (values_in(d->payload, IN_COMMANDER) != 1)
        return refuse(e, ERR_INPUT, IN_COMMANDER, "one person assumes command; several form a unified command");
    return true;
}

bool check_command_transferred(struct deciding *d, struct err *e)
{
    struct str from = incident_value(d->payload, IN_FROM), to = incident_value(d->payload, IN_TO);

    if (values_in(d->payload, IN_TO) != 1)
        return refuse(e, ERR_INPUT, IN_TO, "command goes to one person");
    if (!ent_holds(d->s, d->e, IN_COMMANDER, from))
        return refuse(e, ERR_DENIED, IN_FROM, "%.*s does not command \"%.*s\"; %.*s does", STR_ARG(from),
                      STR_ARG(ent_id(d->s, d->e)), STR_ARG(ent_get(d->s, d->e, IN_COMMANDER)));
    if (ent_holds(d->s, d->e, IN_COMMANDER, to))
        return refuse(e, ERR_DENIED, IN_TO, "%.*s commands already", STR_ARG(to));
    return true;
}

static void relieve(struct applying *a, struct str who)
{
    ent_drop(a->s, a->e, IN_COMMANDER, who, a->seq);
    if (!ent_holds(a->s, a->e, IN_FORMER, who))
        ent_add(a->s, a->e, IN_FORMER, who, a->seq);
}

void apply_command_transferred(struct applying *a)
{
    struct str to = incident_value(a->payload, IN_TO);

    relieve(a, incident_value(a->payload, IN_FROM));
    ent_drop(a->s, a->e, IN_FORMER, to, a->seq);
    ent_add(a->s, a->e, IN_COMMANDER, to, a->seq);
}

/* Who commands now is part of the unified command, or hands over first. */
bool check_unified_formed(struct deciding *d, struct err *e)
{
    struct str v, x, rest;
    enum field tag;
    uint32_t at = 0;

    if (values_in(d->payload, IN_COMMANDER) < 2)
        return refuse(e, ERR_INPUT, IN_COMMANDER, "a unified command has two members at least");
    while (ent_each(d->s, d->e, IN_COMMANDER, &at, &v)) {
        bool found = false;

        rest = d->payload;
        while (fields_next(&rest, &tag, &x))
            found |= tag == (enum field)IN_COMMANDER && str_eq(x, v);
        if (!found)
            return refuse(e, ERR_DENIED, IN_COMMANDER, "%.*s commands and is not among the members; transfer first",
                          STR_ARG(v));
    }
    return true;
}

bool check_unified_left(struct deciding *d, struct err *e)
{
    struct str from = incident_value(d->payload, IN_FROM);

    if (!ent_holds(d->s, d->e, IN_COMMANDER, from))
        return refuse(e, ERR_MISSING, IN_FROM, "%.*s is not in the unified command", STR_ARG(from));
    return true;
}

void apply_unified_left(struct applying *a)
{
    struct str v;
    uint32_t at = 0, n = 0;

    relieve(a, incident_value(a->payload, IN_FROM));
    while (ent_each(a->s, a->e, IN_COMMANDER, &at, &v))
        n++;
    if (n < 2)
        ent_set(a->s, a->e, IN_STATE, n ? STR("held") : STR("vacant"), a->seq);
}

void apply_command_vacated(struct applying *a)
{
    struct str v;
    uint32_t at = 0;
    char name[INCIDENT_LINE_MAX];

    while (ent_each(a->s, a->e, IN_COMMANDER, &at, &v)) {
        memcpy(name, v.at, v.len);
        relieve(a, str_of(name, v.len));
        at = 0;
    }
}

/* A position is a word of the roles; command has its own events. */
bool check_role_assigned(struct deciding *d, struct err *e)
{
    struct str position = incident_value(d->payload, IN_POSITION);

    if (str_eq(position, STR("commander")))
        return refuse(e, ERR_INPUT, IN_POSITION, "command is assumed or transferred, not assigned");
    if (d->e && ent_is(d->s, d->e, IN_STATE, "held"))
        return refuse(e, ERR_DENIED, IN_POSITION, "%.*s holds it; relieve or delegate first",
                      STR_ARG(ent_get(d->s, d->e, IN_BY)));
    return true;
}

/* What somebody else delegated is over. */
void apply_role_assigned(struct applying *a)
{
    ent_clear(a->s, a->e, IN_TO, a->seq);
}

void apply_role_relieved(struct applying *a)
{
    ent_clear(a->s, a->e, IN_BY, a->seq);
    ent_clear(a->s, a->e, IN_TO, a->seq);
}
