#include "core/incident_essentials.h"

#include "core/incident_rules.h"

enum { ANSWERS = 3 };

/* Where an answer can stand: an entity of a kind, with that id when one is given, that has the field,
 * with one of the words when there are any, in one of the states when there are any. */
struct answer {
    enum entity_kind kind;
    enum incident_field field;
    const char *words, *states, *id;
};

#define SPOKEN "new,assessed,corroborated,disputed" /* states of a report that still says something */

static const struct row {
    const char *id, *text;
    struct answer answers[ANSWERS];
} rows[] = {
    {"commander", "commander", {{ENT_COMMAND, IN_COMMANDER, NULL, NULL, "incident"}}},
    {"methane.major", "METHANE M: major incident declared or not",
     {{.kind = ENT_INCIDENT, .field = IN_MAJOR}, {.kind = ENT_METHANE, .field = IN_MAJOR}}},
    {"methane.exact_place", "METHANE E: exact place",
     {{.kind = ENT_INCIDENT, .field = IN_PLACE}, {.kind = ENT_INCIDENT, .field = IN_LAT},
      {.kind = ENT_METHANE, .field = IN_PLACE}}},
    {"methane.type", "METHANE T: type of incident",
     {{.kind = ENT_INCIDENT, .field = IN_TYPE}, {.kind = ENT_METHANE, .field = IN_TYPE}}},
    {"methane.hazards", "METHANE H: hazards",
     {{.kind = ENT_HAZARD, .field = IN_HAZARD_KIND}, {.kind = ENT_METHANE, .field = IN_RISK}}},
    {"methane.access", "METHANE A: access and egress", {{.kind = ENT_METHANE, .field = IN_AREA}}},
    {"methane.number", "METHANE N: number of casualties",
     {{.kind = ENT_CASUALTY, .field = IN_CATEGORY}, {ENT_REPORT, IN_COUNTER, "killed,injured", SPOKEN, NULL},
      {.kind = ENT_METHANE, .field = IN_COUNT}}},
    {"methane.services", "METHANE E: emergency services present and required",
     {{.kind = ENT_AGENCY, .field = IN_AGENCY_KIND}, {.kind = ENT_METHANE, .field = IN_TEXT}}},
    {"ambulance", "ambulance service", {{.kind = ENT_AGENCY, .field = IN_AGENCY_KIND, .words = "ems"}}},
    {"fire", "fire service", {{.kind = ENT_AGENCY, .field = IN_AGENCY_KIND, .words = "fire"}}},
    {"hospital", "receiving hospital",
     {{.kind = ENT_AGENCY, .field = IN_AGENCY_KIND, .words = "hospital"},
      {ENT_POINT, IN_POINT_KIND, "hospital", "current", NULL}}},
    {"evacuated", "number evacuated",
     {{.kind = ENT_OCCUPANTS, .field = IN_EVACUATED}, {ENT_REPORT, IN_COUNTER, "evacuated", SPOKEN, NULL}}},
    {"par", "PAR", {{.kind = ENT_PAR, .field = IN_REASON}, {.kind = ENT_UNIT, .field = IN_LOCATED}}},
    {"missing", "missing persons",
     {{ENT_REPORT, IN_COUNTER, "missing", SPOKEN, NULL},
      {.kind = ENT_PERSON, .field = IN_ACCOUNTABILITY, .words = "missing"}}},
    {"eod", "bomb disposal clearance",
     {{ENT_CLEARANCE, IN_CLEARANCE_KIND, "eod", "complete,confirmed,held", NULL}}},
    {"rvp", "rendezvous point", {{ENT_POINT, IN_POINT_KIND, "rvp", "current", NULL}}},
    {"inner_cordon", "inner cordon", {{ENT_CORDON, IN_CORDON_KIND, "inner", "in-force", NULL}}},
    {"safe_access", "safe access route",
     {{ENT_CLOSURE, IN_EMERGENCY_LANE, NULL, "in-force", NULL}, {.kind = ENT_METHANE, .field = IN_AREA}}},
    {"ccp", "casualty collection point", {{ENT_POINT, IN_POINT_KIND, "ccp", "current", NULL}}},
    {"posture", "posture", {{.kind = ENT_INCIDENT, .field = IN_POSTURE}}},
    {"occupants", "people possibly inside", {{.kind = ENT_OCCUPANTS, .field = IN_COUNT}}},
};

/* Of a field only the event is kept; its time is known when that event made the entity or changed it last.
 * A clearance has times of its own. */
static int64_t set_at(const struct incident *s, uint32_t e, enum incident_field f)
{
    uint64_t seq = ent_seq(s, e, f);

    if (ent_kind(s, e) == ENT_CLEARANCE)
        return ent_int(s, e, IN_END_AT, -1);
    if (seq == ent_seq(s, e, IN_RECORDED_AT))
        return ent_int(s, e, IN_RECORDED_AT, -1);
    return seq == ent_made(s, e) ? ent_int(s, e, IN_MADE_AT, -1) : -1;
}

static bool answers(const struct incident *s, uint32_t e, const struct answer *a)
{
    struct str v = ent_get(s, e, a->field);

    return v.len && (!a->words || word_in(a->words, v)) &&
           (!a->states || word_in(a->states, ent_get(s, e, IN_STATE))) &&
           (!a->id || str_eq(ent_id(s, e), str_from(a->id)));
}

bool incident_essential(const struct incident *s, size_t i, struct essential *out)
{
    if (i >= COUNTOF(rows))
        return false;
    *out = (struct essential){.id = rows[i].id, .text = rows[i].text, .at_ms = -1};
    for (size_t k = 0; k < ANSWERS && rows[i].answers[k].kind; k++)
        for (uint32_t e = ent_first(s, rows[i].answers[k].kind); e; e = ent_next(s, e)) {
            int64_t at_ms;

            if (!answers(s, e, &rows[i].answers[k]))
                continue;
            at_ms = set_at(s, e, rows[i].answers[k].field);
            out->known = true;
            out->at_ms = at_ms > out->at_ms ? at_ms : out->at_ms;
        }
    return true;
}
