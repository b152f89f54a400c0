#include "core/incident_access.h"

#include "core/incident_public.h"
#include "core/incident_rules.h"

/* A field's class, one row for each kind and class (domain.md 6.1); test/data/access.txt is the same for
 * people to read.  What has no row is of the command, or of the class of its entity when that is
 * narrower.  Of the judgements in it:
 *   - a casualty is a tag, a category and a state to responders; where it was brought is medical, why
 *     somebody opened its identity and whom the family heard it from is sealed;
 *   - figures of strength (who is how many, also in a zone) are the command's;
 *   - the command reads what a source said under the source's id; who that is, is intelligence. */
static const struct row {
    uint8_t kind, class;
    uint16_t fields[48];
} rows[] = {
    {ENT_INCIDENT, HANDLING_PARTNER, {IN_INCIDENT, IN_STATE, IN_NAME, IN_TYPE, IN_PLACE, IN_LAT, IN_LON,
        IN_START_AT, IN_END_AT, IN_TIME_ZONE, IN_NUMBER, IN_OWNER, IN_ACKED_BY, IN_MAJOR, IN_INCIDENT_STATUS}},
    {ENT_INCIDENT, HANDLING_OPS, {IN_POSTURE, IN_CADENCE_S, IN_COUNT, IN_TEXT}},
    {ENT_INCIDENT, HANDLING_COMMAND, {IN_REASON, IN_DECISION}},
    {ENT_LINK, HANDLING_OPS, {IN_LINK, IN_STATE, IN_DIRECTION, IN_TO, IN_REASON}},
    {ENT_PERIOD, HANDLING_OPS, {IN_PERIOD, IN_STATE, IN_START_AT, IN_END_AT, IN_OBJECTIVE, IN_TEXT, IN_APPROVED_BY,
        IN_SAFETY, IN_EMPHASIS}},
    {ENT_COMMAND, HANDLING_PARTNER, {IN_SCOPE, IN_STATE, IN_COMMANDER, IN_PLACE, IN_AGENCY, IN_NET}},
    {ENT_COMMAND, HANDLING_OPS, {IN_FROM, IN_TO, IN_FORMER}},
    {ENT_COMMAND, HANDLING_COMMAND, {IN_BRIEFING, IN_REASON}},
    {ENT_POSITION, HANDLING_OPS, {IN_POSITION, IN_STATE, IN_BY, IN_AGENCY, IN_TO}},
    {ENT_POSITION, HANDLING_COMMAND, {IN_REASON}},
    {ENT_NODE, HANDLING_OPS, {IN_NODE, IN_STATE, IN_NAME, IN_PLACE, IN_REASON}},
    {ENT_OBSERVER, HANDLING_COMMAND, {IN_OBSERVER, IN_STATE, IN_BY, IN_PLACE, IN_REASON}},
    {ENT_THREAT_LEVEL, HANDLING_PARTNER, {IN_LEVEL_SCOPE, IN_STATE, IN_THREAT_LEVEL}},
    {ENT_THREAT_LEVEL, HANDLING_COMMAND, {IN_REASON}},
    {ENT_METHANE, HANDLING_PARTNER, {IN_METHANE, IN_STATE, IN_MAJOR, IN_PLACE, IN_TYPE, IN_RISK, IN_AREA, IN_COUNT,
        IN_TEXT, IN_NOTE, IN_AGENCY, IN_ACKED_BY}},
    {ENT_AGENCY, HANDLING_PARTNER, {IN_AGENCY, IN_STATE, IN_NAME, IN_AGENCY_KIND, IN_ALIAS, IN_IDENTIFICATION,
        IN_CONTACT, IN_LIAISON}},
    {ENT_AGENCY, HANDLING_OPS, {IN_NODE}},
    {ENT_UNIT, HANDLING_OPS, {IN_UNIT, IN_STATE, IN_AGENCY, IN_NAME, IN_UNIT_CATEGORY, IN_LEADER, IN_CONTACT,
        IN_QUALIFICATION, IN_PLACE, IN_ALIAS, IN_NUMBER, IN_CADENCE_S, IN_STATUS, IN_SECONDARY, IN_REASON, IN_ZONE,
        IN_AT, IN_LAT, IN_LON, IN_ROUTED_TO, IN_TEXT, IN_PAR, IN_INSIDE_AT, IN_PAR_AT, IN_PAR_CALLED_AT, IN_MISSED,
        IN_HOME, IN_TRAVEL}},
    {ENT_UNIT, HANDLING_COMMAND, {IN_STRENGTH, IN_COUNT, IN_LOCATED, IN_MEMBER}},
    {ENT_PERSON, HANDLING_OPS, {IN_PERSON, IN_STATE, IN_NAME, IN_AGENCY, IN_UNIT, IN_ROLE, IN_ALIAS, IN_ZONE, IN_AT,
        IN_ACCOUNTABILITY, IN_INSIDE_AT, IN_BADGE}},
    {ENT_PERSON, HANDLING_COMMAND, {IN_CONTACT, IN_REASON}},
    {ENT_DIVISION, HANDLING_OPS, {IN_DIVISION, IN_STATE, IN_NAME, IN_DIVISION_KIND, IN_BY, IN_ZONES, IN_SECTOR,
        IN_NET}},
    {ENT_ASSIGNMENT, HANDLING_OPS, {IN_ASSIGNMENT, IN_STATE, IN_UNITS, IN_TEXT, IN_DIVISION, IN_ZONES, IN_NET, IN_NOTE,
        IN_REASON, IN_DECONFLICTION, IN_BY, IN_AT, IN_ROUTE}},
    {ENT_DECONFLICTION, HANDLING_OPS, {IN_DECONFLICTION, IN_STATE, IN_UNITS, IN_ZONE, IN_TEXT, IN_ACKED_BY,
        IN_REASON}},
    {ENT_PAR, HANDLING_OPS, {IN_PAR, IN_STATE, IN_REASON, IN_SECTOR, IN_CADENCE_S, IN_UNITS, IN_NOTE}},
    {ENT_MAYDAY, HANDLING_OPS, {IN_MAYDAY, IN_STATE, IN_UNIT, IN_ZONE, IN_TEXT, IN_PERSON, IN_REASON}},
    {ENT_EVACUATION, HANDLING_PARTNER, {IN_EVACUATION, IN_STATE, IN_REASON, IN_STRUCTURE, IN_SECTOR, IN_ACKED_BY}},
    {ENT_EVACUATION, HANDLING_OPS, {IN_UNITS}},
    {ENT_TASK, HANDLING_OPS, {IN_TASK, IN_STATE, IN_TEXT, IN_OWNER, IN_DUE_AT, IN_PRIORITY, IN_ASSIGNMENT, IN_NOTE,
        IN_REASON, IN_BY, IN_EVIDENCE}},
    {ENT_TASK, HANDLING_COMMAND, {IN_DECISION, IN_COMMITMENT}},
    {ENT_NEED, HANDLING_OPS, {IN_NEED, IN_STATE, IN_TEXT, IN_COUNT, IN_PLACE, IN_PRIORITY, IN_DUE_AT, IN_UNIT_CATEGORY,
        IN_BY, IN_UNIT, IN_REASON, IN_RESOURCE_TYPE, IN_UNITS, IN_EXPECTED_AT, IN_RELEASED_BY}},
    {ENT_MESSAGE, HANDLING_OPS, {IN_MESSAGE, IN_STATE, IN_TO, IN_TEXT, IN_FROM, IN_SUBJECT, IN_PRIORITY,
        IN_APPROVED_BY, IN_SECTOR, IN_TASK, IN_ASSIGNMENT, IN_ACKED_BY, IN_BY, IN_NOTE}},
    {ENT_SITE, HANDLING_OPS, {IN_SITE, IN_STATE, IN_NAME, IN_ALIAS, IN_SHAPE, IN_LAT, IN_LON}},
    {ENT_STRUCTURE, HANDLING_OPS, {IN_STRUCTURE, IN_STATE, IN_NAME, IN_STOREYS, IN_BASEMENTS, IN_ROOF, IN_SCHEME,
        IN_SITE, IN_SHAPE, IN_INNER, IN_NOTE, IN_ALIAS, IN_COUNT, IN_USED_AS}},
    {ENT_STRUCTURE, HANDLING_COMMAND, {IN_DECISION}},
    {ENT_LEVEL, HANDLING_OPS, {IN_LEVEL, IN_STATE, IN_STRUCTURE, IN_ORDINAL, IN_NAME, IN_ALIAS, IN_SHAPE, IN_NOTE,
        IN_AS_SPOKEN, IN_BY, IN_ROOF, IN_DETONATION}},
    {ENT_LEVEL, HANDLING_COMMAND, {IN_REPORT}},
    {ENT_ZONE, HANDLING_OPS, {IN_ZONE, IN_STATE, IN_LEVEL, IN_NAME, IN_ZONE_KIND, IN_SHAPE, IN_ALIAS, IN_REPLACES,
        IN_REASON, IN_ZONES}},
    {ENT_OPENING, HANDLING_OPS, {IN_OPENING, IN_STATE, IN_ZONES, IN_OPENING_KIND, IN_OPENING_STATE, IN_HOLDER}},
    {ENT_CLEARANCE, HANDLING_OPS, {IN_CLEARANCE, IN_STATE, IN_ZONE, IN_CLEARANCE_KIND, IN_UNIT, IN_UNITS, IN_START_AT,
        IN_END_AT, IN_AT, IN_EXTENT, IN_EXCLUDED, IN_NOTE, IN_EXPIRES_AT, IN_LATE, IN_HOLDER, IN_REASON,
        IN_VOID_REASON, IN_THREAT, IN_DETONATION, IN_HAZARD, IN_BY, IN_METHOD, IN_FOUND_DEVICES}},
    {ENT_CLEARANCE, HANDLING_COMMAND, {IN_COUNT, IN_FOUND_LIVE, IN_FOUND_DEAD}},
    {ENT_CORDON, HANDLING_PARTNER, {IN_CORDON, IN_STATE, IN_CORDON_KIND, IN_NAME, IN_SHAPE, IN_TEXT, IN_START_AT,
        IN_REASON, IN_NOTE, IN_CONTROL_POINT, IN_RULES}},
    {ENT_CORDON, HANDLING_OPS, {IN_UNITS}},
    {ENT_TACTICAL, HANDLING_OPS, {IN_TACTICAL, IN_STATE, IN_TAC_KIND, IN_ZONES, IN_SHAPE, IN_REASON, IN_NOTE}},
    {ENT_CLOSURE, HANDLING_PARTNER, {IN_CLOSURE, IN_STATE, IN_ROAD, IN_ALIAS, IN_TEXT, IN_REASON, IN_EMERGENCY_LANE,
        IN_START_AT, IN_END_AT, IN_SHAPE, IN_BY, IN_AREA, IN_NOTE, IN_CLOSED_FROM, IN_CLOSED_TO, IN_TRAFFIC,
        IN_DIVERSION, IN_PUBLISHED}},
    {ENT_POINT, HANDLING_PARTNER, {IN_POINT, IN_STATE, IN_POINT_KIND, IN_PLACE, IN_NAME, IN_SECTOR, IN_LAT, IN_LON,
        IN_REPLACES}},
    {ENT_POINT, HANDLING_OPS, {IN_REASON, IN_ANNOUNCED_TO}},
    {ENT_ACCESS, HANDLING_OPS, {IN_ACCESS, IN_STATE, IN_UNIT, IN_NAME, IN_PLACE, IN_REASON, IN_AT, IN_BY}},
    {ENT_HAZARD, HANDLING_PARTNER, {IN_HAZARD, IN_STATE, IN_HAZARD_KIND, IN_SEVERITY, IN_TEXT, IN_SHAPE, IN_LAT,
        IN_LON, IN_NOTE, IN_CONTROLS, IN_START_AT, IN_END_AT}},
    {ENT_HAZARD, HANDLING_OPS, {IN_ZONE, IN_BY}},
    {ENT_THREAT, HANDLING_OPS, {IN_THREAT, IN_STATE, IN_UNIT, IN_ZONE, IN_NOTE, IN_THREAT_KIND, IN_LO, IN_HI,
        IN_AS_SPOKEN, IN_TEXT, IN_AT, IN_LAT, IN_LON, IN_OUTCOME, IN_COUNT}},
    {ENT_THREAT, HANDLING_COMMAND, {IN_REASON, IN_DECISION}},
    {ENT_THREAT, HANDLING_INTEL, {IN_SUBJECT}},
    {ENT_DETONATION, HANDLING_OPS, {IN_DETONATION, IN_STATE, IN_ZONE, IN_LEVEL, IN_AS_SPOKEN, IN_AT, IN_TEXT,
        IN_THREAT}},
    {ENT_OCCUPANTS, HANDLING_OPS, {IN_OCCUPANTS, IN_STATE, IN_OCCUPANT, IN_COUNT, IN_PLACE, IN_STRUCTURE, IN_ZONE,
        IN_EVACUATED, IN_SHELTERING, IN_LOCATED}},
    {ENT_CASUALTY, HANDLING_OPS, {IN_CASUALTY, IN_STATE, IN_CATEGORY, IN_ZONE, IN_POINT, IN_AS_SPOKEN,
        IN_CASUALTY_STATUS, IN_VERIFIED, IN_WAS_INJURED, IN_REPLACES}},
    {ENT_CASUALTY, HANDLING_MEDICAL, {IN_PLACE, IN_TEXT, IN_BY, IN_TRIAGE, IN_TRIAGE_SCHEME, IN_VEHICLE,
        IN_DESTINATION, IN_OVERRIDE, IN_DIED_AT, IN_SEX, IN_AGE_BAND}},
    {ENT_CASUALTY, HANDLING_SEALED_ID, {IN_REASON, IN_SEALED, IN_APPROVED_BY, IN_NOK, IN_AT}},
    {ENT_SOURCE, HANDLING_COMMAND, {IN_SOURCE, IN_STATE, IN_SOURCE_KIND}},
    {ENT_SOURCE, HANDLING_INTEL, {IN_NAME, IN_ORIGIN, IN_NOTE}},
    {ENT_SOURCE, HANDLING_SEALED_ID, {IN_CONTACT}},
    {ENT_REPORT, HANDLING_COMMAND, {IN_REPORT, IN_STATE, IN_COUNTER, IN_LO, IN_HI, IN_OPEN, IN_AS_OF, IN_CATEGORIES,
        IN_ORIGIN, IN_AS_SPOKEN, IN_TEXT, IN_REASON, IN_PREDICATE, IN_SUBJECT, IN_PLACE, IN_ZONE, IN_AT, IN_BY,
        IN_SPEAKER, IN_CLEARANCE_KIND, IN_OUTCOME, IN_CRITICAL, IN_OWNER, IN_ROAD, IN_ALIAS, IN_LAT, IN_LON,
        IN_RELATION, IN_BASIS, IN_ACKED_BY, IN_REPLACES, IN_TRANSLATION}},
    {ENT_COUNTER, HANDLING_PARTNER, {IN_COUNTER, IN_STATE, IN_COUNT, IN_NUMBER, IN_LO, IN_HI, IN_OPEN}},
    {ENT_COUNTER, HANDLING_COMMAND, {IN_BASIS, IN_REASON, IN_BY}},
    {ENT_FACT, HANDLING_OPS, {IN_FACT, IN_STATE, IN_TEXT, IN_LO, IN_COUNTER, IN_AS_OF, IN_CONFIDENCE, IN_REVIEW_AT}},
    {ENT_FACT, HANDLING_COMMAND, {IN_BASIS, IN_REASON, IN_REPORT}},
    {ENT_RESPONSIBILITY, HANDLING_COMMAND, {IN_RESPONSIBILITY, IN_STATE, IN_GROUP, IN_TEXT, IN_AT, IN_DUE_AT,
        IN_REASON, IN_CHANNEL}},
    {ENT_RESPONSIBILITY, HANDLING_INTEL, {IN_NOTE}},
    {ENT_MEDIA, HANDLING_COMMAND, {IN_MEDIA, IN_STATE, IN_SPEAKER, IN_TEXT, IN_AT}},
    {ENT_DECISION, HANDLING_COMMAND, {IN_DECISION, IN_STATE, IN_TEXT, IN_SUBJECT, IN_RATIONALE, IN_OPTIONS, IN_RISK,
        IN_FACTS, IN_REVIEW_AT, IN_NOTE, IN_REASON, IN_STRATEGY, IN_POWERS, IN_DISSENT, IN_CHOICE}},
    {ENT_OPTION, HANDLING_COMMAND, {IN_OPTION, IN_STATE, IN_DECISION, IN_TEXT, IN_SUITABLE, IN_FEASIBLE, IN_ACCEPTABLE,
        IN_NOTE}},
    {ENT_STATEMENT, HANDLING_COMMAND, {IN_STATEMENT, IN_STATE, IN_SPEAKER, IN_AUDIENCE, IN_BY, IN_CHECKED_BY,
        IN_APPROVED_BY, IN_OVERRIDE, IN_AT, IN_NOTE, IN_REPLACES, IN_REASON, IN_CHANNEL}},
    {ENT_LINE, HANDLING_COMMAND, {IN_LINE, IN_STATE, IN_STATEMENT, IN_TEXT, IN_FACTS, IN_ATTRIBUTED, IN_NUMBER,
        IN_REASON}},
    {ENT_ALERT, HANDLING_COMMAND, {IN_ALERT, IN_STATE, IN_TEXT, IN_AUDIENCE, IN_AREA, IN_EXPIRES_AT, IN_BY, IN_FACTS,
        IN_REPLACES, IN_NOTE, IN_SHAPE, IN_SEVERITY, IN_APPROVED_BY, IN_AT, IN_REASON, IN_CHANNEL}},
    {ENT_SITREP, HANDLING_COMMAND, {IN_SITREP, IN_STATE, IN_NUMBER, IN_BY, IN_TEXT}},
    {ENT_COMMITMENT, HANDLING_COMMAND, {IN_COMMITMENT, IN_STATE, IN_BY, IN_TEXT, IN_OWNER, IN_DUE_AT, IN_NOTE}},
    {ENT_ENQUIRY, HANDLING_SEALED_ID, {IN_ENQUIRY, IN_STATE, IN_TEXT, IN_CONTACT, IN_CASUALTY, IN_PERSON, IN_BY,
        IN_REASON, IN_SOUGHT, IN_RELATIONSHIP}},
    {ENT_FINDING, HANDLING_COMMAND, {IN_FINDING, IN_STATE, IN_REASON, IN_NUMBER, IN_BY, IN_AT}},
    {ENT_ALARM, HANDLING_COMMAND, {IN_ALARM, IN_STATE, IN_TEXT, IN_OWNER, IN_BY, IN_NOTE, IN_DUE_AT}},
    {ENT_AUDIT, HANDLING_COMMAND, {IN_AUDIT, IN_STATE, IN_SUBJECT, IN_REASON, IN_BY, IN_NUMBER, IN_NODE, IN_TEXT}},
};

/* The envelope, the same for all kinds: the narrower of this and the class of the entity. */
static const struct {
    enum incident_field field;
    enum handling class;
} envelope[] = {
    {IN_INCIDENT, HANDLING_PUBLIC},    {IN_OBSERVED_AT, HANDLING_PUBLIC}, {IN_UNC_S, HANDLING_PUBLIC},
    {IN_REPORTED_AT, HANDLING_PUBLIC}, {IN_RECORDED_AT, HANDLING_PUBLIC}, {IN_MADE_AT, HANDLING_PUBLIC},
    {IN_VIA, HANDLING_PUBLIC},         {IN_CLASS, HANDLING_PUBLIC},       {IN_LANG, HANDLING_PUBLIC},
    {IN_CAUSE, HANDLING_PUBLIC},       {IN_SUPERSEDES, HANDLING_PUBLIC},  {IN_EXERCISE, HANDLING_PUBLIC},
    {IN_ACTOR, HANDLING_OPS},          {IN_ROLE, HANDLING_OPS},           {IN_ACTOR_AGENCY, HANDLING_OPS},
    {IN_ACTOR_UNIT, HANDLING_OPS},     {IN_ON_BEHALF_OF, HANDLING_OPS},   {IN_SOURCE, HANDLING_COMMAND},
    {IN_GRADE, HANDLING_COMMAND},
};

/* Kinds of events that are narrower than the entity they are about. */
static const struct {
    enum incident_kind kind;
    enum handling class;
} narrow_kinds[] = {
    {INC_IDENTITY_SEALED, HANDLING_SEALED_ID},
    {INC_IDENTITY_OPENED, HANDLING_SEALED_ID},
    {INC_NOK_SET, HANDLING_SEALED_ID},
};

#define BIT(class) (1u << HANDLING_##class)
enum {
    EVERY_AGENCY = BIT(PUBLIC) | BIT(PARTNER),
    RESPONDERS = EVERY_AGENCY | BIT(OPS),
    STAFF = RESPONDERS | BIT(COMMAND),
    EVERYTHING = (1u << HANDLING_COUNT) - 1,
};
#undef BIT

/* What a role reads, and whether it writes. */
static const struct role {
    const char *word;
    uint32_t classes;
    bool writes;
} roles[] = {
    {"commander", STAFF, true},
    {"deputy", STAFF, true},
    {"operations", STAFF, true},
    {"planning", STAFF, true},
    {"logistics", STAFF, true},
    {"safety", STAFF, true},
    {"information", STAFF, true},
    {"liaison", STAFF, true},
    {"loggist", STAFF, true},
    {"intelligence", STAFF | 1u << HANDLING_INTEL, true},
    {"medical", RESPONDERS | 1u << HANDLING_MEDICAL, true},
    {"clinician", RESPONDERS | 1u << HANDLING_MEDICAL, true},
    {"transport", RESPONDERS | 1u << HANDLING_MEDICAL, true},
    {"casualty-officer", RESPONDERS | 1u << HANDLING_MEDICAL | 1u << HANDLING_SEALED_ID, true},
    {"family-liaison", RESPONDERS | 1u << HANDLING_SEALED_ID, true},
    {"eod", RESPONDERS, true},
    {"engineer", RESPONDERS, true},
    {"investigation", RESPONDERS, true},
    {"supervisor", RESPONDERS, true},
    {"responder", RESPONDERS, true},
    {"observer", STAFF, false},
    {"administrator", STAFF, false}, /* of the accounts, not of the incident */
};

/* Of what else than the public may read an observer is told one by one; all the rest reaches him as totals. */
static const enum entity_kind observed[] = {ENT_INCIDENT, ENT_COMMAND,   ENT_PERIOD, ENT_THREAT_LEVEL, ENT_CLOSURE,
                                            ENT_NEED,     ENT_STRUCTURE, ENT_LEVEL,  ENT_COUNTER};

/* What tells of one person or team, or where it is; left out for an observer. */
static const struct {
    enum entity_kind kind;
    enum incident_field fields[12];
} withheld[] = {
    {ENT_NEED, {IN_PLACE, IN_BY, IN_UNIT, IN_UNITS, IN_RELEASED_BY}},
    {ENT_CLOSURE, {IN_BY}},
    {ENT_COUNTER, {IN_BY}},
    {ENT_PERIOD, {IN_APPROVED_BY, IN_SAFETY, IN_EMPHASIS}},
    {ENT_STATEMENT, {IN_BY, IN_CHECKED_BY, IN_APPROVED_BY, IN_OVERRIDE, IN_NOTE, IN_REASON}},
    {ENT_ALERT, {IN_BY, IN_APPROVED_BY, IN_NOTE, IN_REASON}},
    {ENT_UNIT, {IN_LAT, IN_LON, IN_PLACE, IN_ZONE, IN_ROUTED_TO, IN_TEXT, IN_MEMBER}},
    {ENT_CASUALTY, {IN_ZONE, IN_POINT, IN_PLACE, IN_AS_SPOKEN, IN_DESTINATION, IN_VEHICLE, IN_TEXT}},
    {ENT_THREAT, {IN_LAT, IN_LON, IN_ZONE, IN_AS_SPOKEN, IN_TEXT, IN_NOTE}},
    {ENT_MAYDAY, {IN_ZONE, IN_PERSON, IN_TEXT}},
    {ENT_ACCESS, {IN_PLACE, IN_NAME}},
};

/* Who entered it, and who said so. */
static const enum incident_field withheld_of_all[] = {IN_ACTOR,  IN_ACTOR_AGENCY, IN_ACTOR_UNIT, IN_ROLE,
                                                      IN_SOURCE, IN_ON_BEHALF_OF, IN_GRADE};

static bool has(const struct access *a, enum handling class)
{
    return a->classes >> class & 1;
}

static bool next_word(struct str *rest, struct str *word)
{
    size_t end = str_find_byte(*rest, ',');

    if (rest->len == 0)
        return false;
    *word = str_trim(str_cut(*rest, 0, end));
    *rest = str_from_at(*rest, end < rest->len ? end + 1 : end);
    return true;
}

static const struct role *role_of(struct str word)
{
    for (size_t i = 0; i < COUNTOF(roles); i++)
        if (str_eq(str_from(roles[i].word), word))
            return &roles[i];
    return NULL;
}

struct access access_within(struct str words, struct str agency)
{
    struct access a = {.classes = 1u << HANDLING_PUBLIC};
    bool observer = false, other = false;
    struct str word;

    while (next_word(&words, &word)) {
        const struct role *r = role_of(word);
        int place = word_index(WORDS_ROLE, word);

        if (!r)
            continue;
        a.classes |= r->classes;
        a.writes |= r->writes;
        a.administers |= place < 0;
        observer |= place >= 0 && !r->writes;
        other |= place < 0 || r->writes;
        if (place >= 0)
            a.roles |= 1u << place;
    }
    a.observes = observer && !other;
    str_copy(a.agency, sizeof a.agency, agency);
    return a;
}

struct access access_of(struct str words)
{
    return access_within(words, str_of(NULL, 0));
}

struct access access_all(void)
{
    return (struct access){.classes = EVERYTHING, .roles = UINT32_MAX, .writes = true, .administers = true};
}

bool access_check_roles(struct str words, struct err *e)
{
    struct str rest = words, word, before, x;

    if (words.len == 0 || words.len >= ACCESS_ROLES_MAX || str_ends(words, STR(",")) ||
        str_find_byte(words, ' ') < words.len)
        return err_set(e, ERR_INPUT, "roles: one at least, a comma and no blank between two, %d bytes at most, please",
                       ACCESS_ROLES_MAX - 1);
    while (next_word(&rest, &word)) {
        if (!role_of(word))
            return err_set(e, ERR_INPUT, "roles: \"%.*s\" is none of %s,administrator that an operator can have",
                           STR_ARG(word), words_of(WORDS_ROLE));
        before = words;
        while (next_word(&before, &x) && x.at != word.at)
            if (str_eq(x, word))
                return err_set(e, ERR_INPUT, "roles: \"%.*s\" is there twice", STR_ARG(word));
    }
    return true;
}

bool access_has_role(const struct access *a, struct str role)
{
    int place = word_index(WORDS_ROLE, role);

    return place < 0 ? a->administers && str_eq(role, STR("administrator")) : (a->roles >> place & 1) != 0;
}

bool access_welcomes(const struct access *a)
{
    return a->administers || access_has_role(a, STR("logistics")) || access_has_role(a, STR("liaison"));
}

bool access_leads(const struct access *a)
{
    return a->administers || access_has_role(a, STR("commander"));
}

bool access_shares(const struct access *a)
{
    return access_has_role(a, STR("commander")) || access_has_role(a, STR("deputy"));
}

bool access_exports(const struct access *a)
{
    return a->writes && has(a, HANDLING_COMMAND);
}

bool access_seals(const struct access *a)
{
    return a->writes && has(a, HANDLING_SEALED_ID);
}

bool access_as(const struct access *own, struct str role, struct access *out, bool *whole, struct err *e)
{
    uint32_t foreign;

    if (!role_of(role))
        return err_set(e, ERR_INPUT, "as: \"%.*s\" is none of %s,administrator", STR_ARG(role), words_of(WORDS_ROLE));
    *out = access_within(role, str_from(own->agency));
    /* Who has no command class reads what is addressed to his own roles alone. */
    foreign = has(own, HANDLING_COMMAND) ? 0 : out->roles & ~own->roles;
    *whole = !(out->classes & ~own->classes) && !foreign && (out->observes || !own->observes);
    out->classes &= own->classes;
    out->roles &= ~foreign;
    out->observes |= own->observes;
    out->writes = out->administers = false;
    return true;
}

void access_put_classes(const struct access *a, struct buf *b)
{
    struct str words = str_from(words_of(WORDS_CLASS)), word;
    const char *between = "";

    for (unsigned class = 0; next_word(&words, &word); class++)
        if (has(a, (enum handling)class)) {
            buf_put(b, str_from(between));
            buf_put(b, word);
            between = ",";
        }
}

bool access_shrinks(const struct access *a, const struct access *b)
{
    return (a->classes & ~b->classes) || (a->roles & ~b->roles) || (a->writes && !b->writes) ||
           (a->administers && !b->administers) || (!a->observes && b->observes) || strcmp(a->agency, b->agency) != 0;
}

/* The class of a row, HANDLING_COUNT when there is none. */
static enum handling listed(enum entity_kind kind, enum incident_field f)
{
    for (size_t i = 0; i < COUNTOF(rows); i++)
        for (size_t j = 0; rows[i].kind == kind && j < COUNTOF(rows[i].fields) && rows[i].fields[j]; j++)
            if (rows[i].fields[j] == f)
                return rows[i].class;
    return HANDLING_COUNT;
}

static enum handling narrower(enum handling a, enum handling b)
{
    return a > b ? a : b;
}

enum handling access_class(enum entity_kind kind, enum incident_field f)
{
    enum handling own, class;

    if (kind == ENT_NONE || kind >= ENT_COUNT)
        return HANDLING_COMMAND;
    class = listed(kind, f);
    own = listed(kind, entity_info(kind)->key);
    if (class != HANDLING_COUNT)
        return class;
    if (own == HANDLING_COUNT)
        own = HANDLING_COMMAND;
    for (size_t i = 0; i < COUNTOF(envelope); i++)
        if (envelope[i].field == f)
            return narrower(own, envelope[i].class);
    return narrower(own, HANDLING_COMMAND);
}

/* Kinds that stand alone are about a clearance; the live river's and unknown ones are about nothing. */
static enum entity_kind about(unsigned kind)
{
    const struct kind_info *k = kind_info(kind);

    return k->tag && k->mode == MODE_ALONE ? ENT_CLEARANCE : k->entity;
}

enum handling access_kind_class(unsigned kind)
{
    enum entity_kind entity = about(kind);

    for (size_t i = 0; i < COUNTOF(narrow_kinds); i++)
        if (narrow_kinds[i].kind == kind)
            return narrow_kinds[i].class;
    return entity == ENT_NONE ? HANDLING_COMMAND : access_class(entity, entity_info(entity)->key);
}

/* The class that an entity or event was given; a word that we do not know is nobody's. */
static bool has_own_class(const struct access *a, struct str word)
{
    int class = word_index(WORDS_CLASS, word);

    return word.len == 0 || (class >= 0 && has(a, (enum handling)class));
}

/* An option is for nobody whom its decision is not for. */
static bool has_class_of(const struct access *a, const struct incident *s, uint32_t e)
{
    uint32_t decision = ent_kind(s, e) == ENT_OPTION ? ent_find(s, ENT_DECISION, ent_get(s, e, IN_DECISION)) : 0;

    return has_own_class(a, ent_get(s, e, IN_CLASS)) && (!decision || has_own_class(a, ent_get(s, decision, IN_CLASS)));
}

static bool is_withheld(enum entity_kind kind, enum incident_field f)
{
    for (size_t i = 0; i < COUNTOF(withheld_of_all); i++)
        if (withheld_of_all[i] == f)
            return true;
    for (size_t i = 0; i < COUNTOF(withheld); i++)
        for (size_t j = 0; withheld[i].kind == kind && j < COUNTOF(withheld[i].fields); j++)
            if (f != IN_NONE && withheld[i].fields[j] == f)
                return true;
    return false;
}

static bool is_own_unit(const struct access *a, const struct incident *s, struct str unit)
{
    uint32_t u = ent_find(s, ENT_UNIT, unit);

    return a->agency[0] && u && str_eq(agency_of(s, u), str_from(a->agency));
}

/* What a message is addressed to: a role, an agency or a unit. */
static bool is_own_desk(const struct access *a, const struct incident *s, struct str to)
{
    return to.len && (access_has_role(a, to) || str_eq(to, str_from(a->agency)) || is_own_unit(a, s, to));
}

static bool names_own_unit(const struct access *a, const struct incident *s, uint32_t assignment)
{
    struct str v;
    uint32_t at = 0;

    while (ent_each(s, assignment, IN_UNITS, &at, &v))
        if (is_own_unit(a, s, v))
            return true;
    return false;
}

/* Does a unit of his agency work under this division now? */
static bool is_own_division(const struct access *a, const struct incident *s, struct str division)
{
    if (!a->agency[0] || !ent_find(s, ENT_DIVISION, division))
        return false;
    for (uint32_t x = ent_first(s, ENT_ASSIGNMENT); x; x = ent_next(s, x))
        if (str_eq(ent_get(s, x, IN_DIVISION), division) && assignment_is_live(s, x) && names_own_unit(a, s, x))
            return true;
    return false;
}

static bool is_own_message(const struct access *a, const struct incident *s, uint32_t message)
{
    struct str v;
    uint32_t at = 0;

    if (is_own_desk(a, s, ent_get(s, message, IN_FROM)))
        return true;
    while (ent_each(s, message, IN_TO, &at, &v))
        if (is_own_desk(a, s, v) || is_own_division(a, s, v))
            return true;
    return false;
}

/* Assignments, their tasks and messages go to those whom they concern (domain.md 6.1: by division). */
static bool concerns(const struct access *a, const struct incident *s, uint32_t e)
{
    enum entity_kind kind = ent_kind(s, e);
    uint32_t of = kind == ENT_TASK ? ent_find(s, ENT_ASSIGNMENT, ent_get(s, e, IN_ASSIGNMENT)) : e;

    if (has(a, HANDLING_COMMAND) || (kind == ENT_TASK && (!of || is_own_desk(a, s, ent_get(s, e, IN_OWNER)))))
        return true;
    if (kind == ENT_MESSAGE)
        return is_own_message(a, s, e);
    if (kind != ENT_ASSIGNMENT && kind != ENT_TASK)
        return true;
    return names_own_unit(a, s, of) || is_own_division(a, s, ent_get(s, of, IN_DIVISION));
}

bool access_sees_entity(const struct access *a, const struct incident *s, uint32_t e)
{
    enum entity_kind kind = ent_kind(s, e);

    if (incident_is_public(s, e, IN_NONE))
        return true;
    return has(a, access_class(kind, entity_info(kind)->key)) && has_class_of(a, s, e) &&
           !(a->observes && kind == ENT_PERSON) && concerns(a, s, e);
}

bool access_sees(const struct access *a, const struct incident *s, uint32_t e, enum incident_field f)
{
    enum entity_kind kind = ent_kind(s, e);

    if (incident_is_public(s, e, f))
        return true;
    return has(a, access_class(kind, entity_info(kind)->key)) && has(a, access_class(kind, f)) &&
           has_class_of(a, s, e) && concerns(a, s, e) &&
           !(a->observes && (kind == ENT_PERSON || is_withheld(kind, f)));
}

/* What was entered of a task may be about an assignment: the event that makes it says so, those after it do not. */
static bool is_of_assignment(unsigned kind, struct str payload, enum incident_field f)
{
    return fields_has(payload, (enum field)IN_ASSIGNMENT) ||
           (kind_info(kind)->mode != MODE_MAKE && (f == IN_NOTE || f == IN_REASON));
}

bool access_sees_event(const struct access *a, unsigned kind, struct str payload, enum incident_field f)
{
    enum entity_kind entity = about(kind);

    if (!has(a, HANDLING_COMMAND) && (entity == ENT_ASSIGNMENT || entity == ENT_MESSAGE ||
                                      (entity == ENT_TASK && is_of_assignment(kind, payload, f))))
        return false;
    if (a->observes)
        return false;
    return has(a, access_kind_class(kind)) && has(a, access_class(entity, f)) &&
           has_own_class(a, incident_value(payload, IN_CLASS));
}

uint64_t access_reach(const struct access *a, const struct incident *s, struct hash_key key)
{
    uint64_t sum = 0;

    if (has(a, HANDLING_COMMAND) || !a->agency[0])
        return 0;
    for (uint32_t e = ent_first(s, ENT_UNIT); e; e = ent_next(s, e))
        if (is_own_unit(a, s, ent_id(s, e)))
            sum += hash_str(key, ent_id(s, e));
    for (uint32_t e = ent_first(s, ENT_DIVISION); e; e = ent_next(s, e))
        if (is_own_division(a, s, ent_id(s, e)))
            sum += hash_str(key, ent_id(s, e)) * 3; /* a unit may have a division's name */
    return sum;
}

bool access_is_told(const struct access *a, const struct incident *s, uint32_t e)
{
    bool told = !a->observes || incident_is_public(s, e, IN_NONE);

    for (size_t i = 0; i < COUNTOF(observed) && !told; i++)
        told = observed[i] == ent_kind(s, e);
    return told && access_sees_entity(a, s, e);
}

bool access_may(const struct access *a, enum incident_kind kind, struct str role, struct err *e)
{
    const struct kind_info *k = kind_info(kind);
    const struct role *r = role_of(role);

    if (!k->tag)
        return err_set(e, ERR_INPUT, "there is no such kind of event");
    if (!a->writes)
        return err_set(e, ERR_RIGHTS, "%s: this account only reads; an administrator can give it a role that writes",
                       k->tag);
    if (role.len && !access_has_role(a, role))
        return err_set(e, ERR_RIGHTS, "role: this account does not have the role \"%.*s\"", STR_ARG(role));
    if (r && !r->writes)
        return err_set(e, ERR_RIGHTS, "role: nothing is entered as %s; name a role that acts", r->word);
    if (k->entity == ENT_AUDIT && !(a->roles >> word_index(WORDS_ROLE, STR("system")) & 1))
        return err_set(e, ERR_RIGHTS, "%s: the server itself writes this", k->tag);
    if (access_kind_class(kind) == HANDLING_SEALED_ID &&
        !(has(a, HANDLING_SEALED_ID) && (!r || r->classes >> HANDLING_SEALED_ID & 1)))
        return err_set(e, ERR_RIGHTS, "%s: needs the role casualty-officer or family-liaison", k->tag);
    return true;
}

bool access_may_enter(const struct access *a, enum incident_kind kind)
{
    struct str rest = str_from(kind_info(kind)->tag ? kind_info(kind)->roles : ""), word;
    struct err e;

    if (rest.len == 0)
        return access_may(a, kind, rest, &e);
    while (next_word(&rest, &word))
        if (access_may(a, kind, word, &e) ||
            (str_eq(word, STR("commander")) && access_may(a, kind, STR("loggist"), &e)))
            return true;
    return false;
}

bool access_may_change(const struct access *a, const struct incident *s, const struct incident_command *c,
                       struct err *e)
{
    const struct kind_info *k = kind_info(c->kind);
    enum entity_kind of = k->entity == ENT_NONE ? ENT_ZONE : k->entity; /* a clearance is its zone's */
    uint32_t x = ent_find(s, of, incident_value(c->payload, entity_info(of)->key));

    if (!x || k->mode == MODE_MAKE)
        return true;
    if (!has_class_of(a, s, x) || (k->mode != MODE_EITHER && !access_sees_entity(a, s, x)))
        return err_set(e, ERR_RIGHTS, "%s: this %s is not for the roles of this account",
                       field_info(entity_info(of)->key)->name, entity_info(of)->name);
    return true;
}

bool access_may_command(const struct access *a, const struct incident *s, const struct incident_command *c,
                        struct err *e)
{
    struct str role = fields_has(c->payload, (enum field)IN_ON_BEHALF_OF) ? STR("loggist")
                                                                          : incident_value(c->payload, IN_ROLE);

    return access_may(a, c->kind, role, e) && (!s || access_may_change(a, s, c, e));
}
