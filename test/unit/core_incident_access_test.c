/* Need to know: every role against every kind of entity and every field, by test/data/access.txt. */
#include "support/incident_world.h"

#include "core/incident_access.h"
#include "core/incident_public.h"

/* Fields that an entity has although no kind of event brings them: the apply functions set them. */
static const struct {
    enum entity_kind kind;
    enum incident_field fields[6];
} derived[] = {
    {ENT_INCIDENT, {IN_MAJOR}},
    {ENT_COMMAND, {IN_FORMER}},
    {ENT_UNIT, {IN_INSIDE_AT, IN_PAR_AT, IN_PAR_CALLED_AT, IN_MISSED, IN_LOCATED}},
    {ENT_PERSON, {IN_INSIDE_AT}},
    {ENT_EVACUATION, {IN_UNITS}},
    {ENT_LEVEL, {IN_ROOF}},
    {ENT_ZONE, {IN_ZONES}},
    {ENT_CLEARANCE, {IN_UNITS, IN_START_AT, IN_END_AT, IN_BY}},
    {ENT_REPORT, {IN_REPLACES}},
    {ENT_FINDING, {IN_AT}},
};

/* The golden table, as a domain expert reads it. */
struct golden {
    uint8_t class[ENT_COUNT][FIELD_TAGS]; /* 1 + enum handling; [ENT_NONE]: "any", the envelope */
    struct golden_role {
        char word[32];
        uint32_t classes;
        bool writes;
    } roles[64];
    size_t n;
};

static enum entity_kind entity_named(const char *name)
{
    for (enum entity_kind k = ENT_NONE + 1; k < ENT_COUNT; k++)
        if (strcmp(entity_info(k)->name, name) == 0)
            return k;
    if (strcmp(name, "any") != 0)
        fail_msg("access.txt: there is no \"%s\"", name);
    return ENT_NONE;
}

static unsigned field_named(const char *name)
{
    for (unsigned f = 64; f < FIELD_TAGS; f++)
        if (field_info(f)->name && strcmp(field_info(f)->name, name) == 0)
            return f;
    fail_msg("access.txt: there is no field \"%s\"", name);
    return 0;
}

static enum handling class_named(const char *word)
{
    int i = word_index(WORDS_CLASS, str_from(word));

    if (i < 0)
        fail_msg("access.txt: there is no class \"%s\"", word);
    return (enum handling)i;
}

static void read_role(struct golden *g, char *word, char *does, char *classes)
{
    struct golden_role *r = &g->roles[g->n++];

    assert_true(g->n < COUNTOF(g->roles));
    str_copy(r->word, sizeof r->word, str_from(word));
    assert_true(strcmp(does, "writes") == 0 || strcmp(does, "reads") == 0);
    r->writes = does[0] == 'w';
    for (char *save, *c = strtok_r(classes, " ", &save); c; c = strtok_r(NULL, " ", &save))
        r->classes |= 1u << class_named(c);
}

static struct golden *read_golden(void)
{
    static struct golden g;
    char path[512], line[256], *cell[4];
    FILE *f;

    memset(&g, 0, sizeof g);
    snprintf(path, sizeof path, "%s/test/data/access.txt", getenv("CORDON_SOURCE"));
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        char *save;
        size_t n = 0;

        line[strcspn(line, "\n")] = 0;
        if (line[0] == '#' || line[0] == 0)
            continue;
        for (char *c = strtok_r(line, "|", &save); c && n < 4; c = strtok_r(NULL, "|", &save)) {
            while (*c == ' ')
                c++;
            for (size_t end = strlen(c); end && c[end - 1] == ' '; end--)
                c[end - 1] = 0;
            cell[n++] = c;
        }
        if (n == 4 && strcmp(cell[0], "role") == 0)
            read_role(&g, cell[1], cell[2], cell[3]);
        else if (n == 3)
            g.class[entity_named(cell[0])][field_named(cell[1])] = (uint8_t)(1 + class_named(cell[2]));
        else
            fail_msg("access.txt: not understood, from \"%s\"", cell[0]);
    }
    fclose(f);
    return &g;
}

static bool brings(const struct kind_info *k, unsigned f)
{
    for (const struct field_in_kind *x = k->fields; k->tag && x->use != USE_END; x++)
        if ((unsigned)x->field == f)
            return true;
    return false;
}

/* Can an entity of this kind have this field, beyond the envelope? */
static bool can_have(enum entity_kind kind, unsigned f)
{
    if (f == (unsigned)entity_info(kind)->key || f == IN_STATE)
        return true;
    for (size_t i = 0; i < COUNTOF(derived); i++)
        for (size_t j = 0; derived[i].kind == kind && j < COUNTOF(derived[i].fields); j++)
            if (derived[i].fields[j] && (unsigned)derived[i].fields[j] == f)
                return true;
    for (unsigned k = 0; k < INC_END; k++) {
        const struct kind_info *i = kind_info(k);

        if ((i->entity == kind || (i->mode == MODE_ALONE && i->tag && kind == ENT_CLEARANCE)) && brings(i, f))
            return true;
    }
    return false;
}

static bool is_common(unsigned f)
{
    return field_is_envelope((enum incident_field)f) || f == IN_MADE_AT;
}

/* What the table says: its line, or for the envelope the narrower of its line and the entity's. */
static enum handling expected(const struct golden *g, enum entity_kind kind, unsigned f)
{
    unsigned own = g->class[kind][entity_info(kind)->key], line = g->class[kind][f];

    if (!line && is_common(f))
        line = g->class[ENT_NONE][f] > own ? g->class[ENT_NONE][f] : own;
    if (!line)
        fail_msg("test/data/access.txt has no line for %s | %s; it is of class %s now", entity_info(kind)->name,
                 field_info(f)->name, "command until there is one");
    return (enum handling)(line - 1);
}

static void test_every_field_has_the_class_of_the_table(void **state)
{
    const struct golden *g = read_golden();
    unsigned walked = 0;

    (void)state;
    for (enum entity_kind k = ENT_NONE + 1; k < ENT_COUNT; k++)
        for (unsigned f = 64; f < FIELD_TAGS; f++) {
            enum handling is = access_class(k, (enum incident_field)f);

            if (!field_info(f)->name)
                continue;
            if (!is_common(f) && !can_have(k, f)) {
                if (g->class[k][f])
                    fail_msg("access.txt: a %s cannot have %s", entity_info(k)->name, field_info(f)->name);
                continue;
            }
            walked++;
            if (is != expected(g, k, f))
                fail_msg("%s | %s is of class %u, the table says %u", entity_info(k)->name, field_info(f)->name, is,
                         expected(g, k, f));
        }
    assert_true(walked > 1000);
}

/* A field is never wider than the fact that its entity is there. */
static void test_what_has_no_row_is_of_the_command(void **state)
{
    (void)state;
    assert_int_equal(access_class(ENT_UNIT, IN_TRIAGE), HANDLING_COMMAND);
    assert_int_equal(access_class(ENT_CLOSURE, IN_STRENGTH), HANDLING_COMMAND);
    assert_int_equal(access_class(ENT_ENQUIRY, IN_TRIAGE), HANDLING_SEALED_ID);
    assert_int_equal(access_class(ENT_NONE, IN_NAME), HANDLING_COMMAND);
    assert_int_equal(access_kind_class(1), HANDLING_COMMAND);
    assert_int_equal(access_kind_class(INC_END + 5), HANDLING_COMMAND);
    for (enum entity_kind k = ENT_NONE + 1; k < ENT_COUNT; k++)
        for (unsigned f = 64; f < FIELD_TAGS; f++) {
            enum handling own = access_class(k, entity_info(k)->key), is = access_class(k, (enum incident_field)f);

            assert_true(is >= own);
            if (field_info(f)->name && !is_common(f) && !can_have(k, f))
                assert_true(is >= HANDLING_COMMAND);
        }
}

static void test_every_role_has_the_classes_of_the_table(void **state)
{
    const struct golden *g = read_golden();
    struct str rest = str_from(words_of(WORDS_ROLE));
    size_t words = 1, system = 0;

    (void)state;
    for (size_t i = 0; i < g->n; i++) {
        const struct golden_role *r = &g->roles[i];
        struct access a = access_of(str_from(r->word));

        if (a.classes != r->classes || a.writes != r->writes)
            fail_msg("%s: classes %x, the table says %x", r->word, a.classes, r->classes);
        assert_int_equal(access_has_role(&a, str_from(r->word)), true);
        assert_int_equal(a.administers, strcmp(r->word, "administrator") == 0);
        system += strcmp(r->word, "system") == 0;
    }
    for (size_t i = 0; i < rest.len; i++)
        words += rest.at[i] == ',';
    assert_int_equal(system, 0);
    assert_int_equal(g->n, words - 1 + 1); /* without system, with administrator */
}

/* One entity of each kind with all that it can have; no event, as no test can bring them all. */
static struct incident *everything(void)
{
    struct incident_limits limits = {.entities = 1 << 10, .fields = 1 << 14, .text = 1 << 18};
    struct incident *s = incident_init(world_memory(incident_memory(&limits)), &limits, world_key);

    for (enum entity_kind k = ENT_NONE + 1; k < ENT_COUNT; k++) {
        uint32_t e = ent_make(s, k, STR("x"), 1);

        for (unsigned f = 64; f < FIELD_TAGS; f++)
            if (field_info(f)->name && f != IN_CLASS && (is_common(f) || can_have(k, f)))
                ent_set(s, e, (enum incident_field)f, STR("x"), 1);
    }
    ent_set(s, ent_first(s, ENT_UNIT), IN_AGENCY, STR("EX-police"), 1);
    return s;
}

/* Where somebody is: what the domain keeps from an observer. */
static bool observer_must_not(enum entity_kind k, unsigned f)
{
    static const unsigned places[] = {IN_LAT, IN_LON, IN_PLACE, IN_ZONE, IN_POINT};

    if (k == ENT_PERSON)
        return true;
    for (size_t i = 0; i < COUNTOF(places); i++)
        if ((k == ENT_UNIT || k == ENT_CASUALTY || k == ENT_THREAT) && f == places[i])
            return true;
    return false;
}

static void walk_entity(const struct golden *g, const struct golden_role *r, struct incident *s, uint32_t e)
{
    struct access a = access_within(str_from(r->word), STR("EX-police"));
    enum entity_kind k = ent_kind(s, e);
    bool observer = strcmp(r->word, "observer") == 0;
    bool there = r->classes >> expected(g, k, entity_info(k)->key) & 1;

    for (unsigned f = 64; f < FIELD_TAGS; f++) {
        bool want = there, sees;

        if (!ent_has(s, e, (enum incident_field)f))
            continue;
        want = want && (r->classes >> expected(g, k, f) & 1);
        sees = access_sees(&a, s, e, (enum incident_field)f);
        if (observer && want && !sees)
            continue; /* may have less; what he must not have stands below */
        if (observer && observer_must_not(k, f))
            assert_false(sees);
        else if (sees != want)
            fail_msg("%s %s %s of %s", r->word, sees ? "sees" : "does not see", field_info(f)->name,
                     entity_info(k)->name);
        if (sees)
            assert_true(access_sees_entity(&a, s, e));
    }
}

static void test_every_role_against_every_field(void **state)
{
    const struct golden *g = read_golden();
    struct incident *s = everything();

    (void)state;
    for (size_t i = 0; i < g->n; i++)
        for (enum entity_kind k = ENT_NONE + 1; k < ENT_COUNT; k++)
            walk_entity(g, &g->roles[i], s, ent_first(s, k));
    free(s);
}

/* What an observer is told one by one: never a unit, a person, a casualty, a threat, or who was where. */
static void test_an_observer_is_told_of_nobody(void **state)
{
    static const enum entity_kind never[] = {ENT_UNIT,   ENT_PERSON,     ENT_CASUALTY, ENT_THREAT, ENT_MAYDAY,
                                             ENT_ACCESS, ENT_ASSIGNMENT, ENT_TASK,     ENT_REPORT, ENT_SOURCE,
                                             ENT_ZONE,   ENT_CLEARANCE,  ENT_MESSAGE,  ENT_PAR,    ENT_OBSERVER};
    struct access observer = access_of(STR("observer")), commander = access_of(STR("commander"));
    struct access both = access_of(STR("observer,loggist"));
    struct incident *s = everything();

    (void)state;
    for (size_t i = 0; i < COUNTOF(never); i++) {
        assert_false(access_is_told(&observer, s, ent_first(s, never[i])));
        assert_true(access_is_told(&both, s, ent_first(s, never[i])) ==
                    access_sees_entity(&both, s, ent_first(s, never[i])));
    }
    assert_true(access_is_told(&commander, s, ent_first(s, ENT_UNIT)));
    assert_true(access_is_told(&observer, s, ent_first(s, ENT_INCIDENT)));
    assert_true(access_is_told(&observer, s, ent_first(s, ENT_NEED)));
    assert_false(access_sees(&observer, s, ent_first(s, ENT_NEED), IN_BY));
    for (unsigned kind = 0; kind < INC_END; kind++)
        for (const struct field_in_kind *x = kind_info(kind)->fields; kind_info(kind)->tag && x->use != USE_END; x++)
            assert_false(access_sees_event(&observer, kind, STR(""), x->field));
    free(s);
}

/* What an intelligence officer weighs is not read beside the decision that is his. */
static void test_an_option_is_as_narrow_as_its_decision(void **state)
{
    struct access commander = access_of(STR("commander")), intelligence = access_of(STR("intelligence"));
    struct incident *s = everything();
    uint32_t option = ent_first(s, ENT_OPTION);

    (void)state;
    assert_true(access_sees(&commander, s, option, IN_TEXT));
    ent_set(s, ent_first(s, ENT_DECISION), IN_CLASS, STR("intel"), 2);
    assert_false(access_sees_entity(&commander, s, option) || access_sees(&commander, s, option, IN_TEXT));
    assert_true(access_sees_entity(&intelligence, s, option) && access_sees(&intelligence, s, option, IN_TEXT));
    free(s);
}

static void test_every_role_against_every_kind_of_event(void **state)
{
    const struct golden *g = read_golden();
    unsigned seen = 0, hidden = 0;

    (void)state;
    for (size_t i = 0; i < g->n; i++)
        for (unsigned kind = 0; kind < INC_END; kind++) {
            const struct kind_info *info = kind_info(kind);
            struct access a = access_of(str_from(g->roles[i].word));
            enum entity_kind entity = info->mode == MODE_ALONE ? ENT_CLEARANCE : info->entity;

            for (const struct field_in_kind *x = info->fields; info->tag && x->use != USE_END; x++) {
                bool sees = access_sees_event(&a, kind, STR(""), x->field);
                bool sealed = kind == INC_IDENTITY_SEALED || kind == INC_IDENTITY_OPENED || kind == INC_NOK_SET;

                if (sees)
                    assert_true(a.classes >> expected(g, entity, (unsigned)x->field) & 1);
                if (sees && sealed)
                    assert_true(a.classes >> HANDLING_SEALED_ID & 1);
                seen += sees;
                hidden += !sees;
            }
        }
    assert_true(seen > 1000 && hidden > 1000);
}

static void test_an_own_class_only_narrows(void **state)
{
    struct access commander = access_of(STR("commander")), responder = access_of(STR("responder"));
    struct access intelligence = access_of(STR("intelligence"));
    struct incident *s = everything();
    uint32_t report = ent_first(s, ENT_REPORT), hazard = ent_first(s, ENT_HAZARD);
    char bytes[64];
    struct buf b = buf_over(bytes, sizeof bytes);

    (void)state;
    assert_true(access_sees(&commander, s, report, IN_TEXT));
    ent_set(s, report, IN_CLASS, STR("intel"), 2);
    assert_false(access_sees(&commander, s, report, IN_TEXT));
    assert_false(access_sees_entity(&commander, s, report));
    assert_true(access_sees(&intelligence, s, report, IN_TEXT));
    ent_set(s, report, IN_CLASS, STR("public"), 3);
    assert_false(access_sees(&responder, s, report, IN_TEXT));
    assert_true(access_sees(&responder, s, hazard, IN_TEXT));
    ent_set(s, hazard, IN_CLASS, STR("no-such-class"), 4);
    assert_false(access_sees(&responder, s, hazard, IN_TEXT));
    incident_put(&b, IN_CLASS, STR("intel"));
    assert_false(access_sees_event(&commander, INC_HAZARD_REPORTED, buf_str(&b), IN_TEXT));
    assert_true(access_sees_event(&intelligence, INC_HAZARD_REPORTED, buf_str(&b), IN_TEXT));
    b = buf_over(bytes, sizeof bytes);
    incident_put(&b, IN_CLASS, STR("public"));
    assert_false(access_sees_event(&responder, INC_DECISION_TAKEN, buf_str(&b), IN_TEXT));
    free(s);
}

static void test_what_is_released_is_for_all(void **state)
{
    struct access responder = access_of(STR("responder")), nobody = access_of(STR(""));
    struct incident *s = everything();
    uint32_t alert = ent_first(s, ENT_ALERT);

    (void)state;
    assert_false(access_sees_entity(&nobody, s, alert));
    ent_set(s, alert, IN_STATE, STR("sent"), 2);
    ent_set(s, alert, IN_AUDIENCE, STR("public"), 2);
    assert_true(access_sees_entity(&nobody, s, alert));
    assert_true(access_sees(&responder, s, alert, IN_TEXT));
    assert_false(access_sees(&responder, s, alert, IN_APPROVED_BY));
    free(s);
}

static void test_assignments_and_messages_go_to_whom_they_concern(void **state)
{
    struct access own = access_within(STR("supervisor"), STR("EX-police")), none = access_of(STR("supervisor"));
    struct access other = access_within(STR("supervisor"), STR("EX-army")), staff = access_of(STR("operations"));
    struct access medic = access_of(STR("medical"));
    struct incident *s = everything();
    uint32_t given = ent_first(s, ENT_ASSIGNMENT), message = ent_first(s, ENT_MESSAGE);

    (void)state;
    assert_true(access_sees(&own, s, given, IN_TEXT) && access_sees(&staff, s, given, IN_TEXT));
    assert_false(access_sees_entity(&other, s, given) || access_sees(&none, s, given, IN_NOTE));
    assert_false(access_sees_event(&own, INC_ASSIGNMENT_GIVEN, STR(""), IN_TEXT));
    ent_set(s, message, IN_FROM, STR("EX-desk"), 2);
    ent_set(s, message, IN_TO, STR("medical"), 2);
    assert_true(access_sees(&medic, s, message, IN_TEXT) && access_sees(&staff, s, message, IN_TEXT));
    assert_false(access_sees(&own, s, message, IN_TEXT));
    ent_set(s, message, IN_TO, STR("EX-army"), 3);
    assert_true(access_sees(&other, s, message, IN_TEXT));
    ent_set(s, message, IN_FROM, STR("supervisor"), 4);
    assert_true(access_sees(&own, s, message, IN_TEXT));
    free(s);
}

static uint32_t put(struct incident *s, enum entity_kind kind, const char *id, const char *fields)
{
    uint32_t e = ent_make(s, kind, str_from(id), 1);
    struct str rest = str_from(fields);

    while (rest.len) { /* "units=U1 division=D" */
        struct str one = str_cut(rest, 0, str_find_byte(rest, ' '));
        size_t at = str_find_byte(one, '=');
        enum incident_field f = IN_NONE;

        for (unsigned i = IN_INCIDENT; i < FIELD_TAGS && f == IN_NONE; i++)
            if (field_info(i)->name && str_eq(str_from(field_info(i)->name), str_cut(one, 0, at)))
                f = (enum incident_field)i;
        MUST(f != IN_NONE);
        ent_set(s, e, f, str_from_at(one, at + 1), 1);
        rest = str_from_at(rest, one.len < rest.len ? one.len + 1 : one.len);
    }
    return e;
}

/* Two divisions: the police and the medics work in the north, the army in the south; the fire service in none. */
static void test_notes_and_assignments_stay_in_their_division(void **state)
{
    static const struct {
        enum entity_kind kind;
        const char *id, *fields, *seen; /* by police, ems, army, fire */
    } rows[] = {
        {ENT_ASSIGNMENT, "N1", "units=P1 division=north state=given text=x", "police ems"},
        {ENT_ASSIGNMENT, "N2", "units=E1 division=north state=executing text=x", "police ems"},
        {ENT_ASSIGNMENT, "S1", "units=A1 division=south state=hold text=x", "army"},
        {ENT_ASSIGNMENT, "S0", "units=P1 division=south state=done text=x", "police army"}, /* was there, is not now */
        {ENT_ASSIGNMENT, "X1", "units=F1 text=x", "fire"},
        {ENT_ASSIGNMENT, "X2", "units=F1 division=none text=x", "fire"},
        {ENT_TASK, "T1", "assignment=N1 owner=x text=x", "police ems"},
        {ENT_TASK, "T2", "assignment=S1 owner=x text=x", "army"},
        {ENT_TASK, "T3", "assignment=S1 owner=fire text=x", "army fire"},
        {ENT_TASK, "T4", "owner=x text=x", "police ems army fire"}, /* of no assignment */
        {ENT_MESSAGE, "M1", "to=north text=x", "police ems"},
        {ENT_MESSAGE, "M2", "to=south text=x", "army"},
        {ENT_MESSAGE, "M3", "to=F1 text=x", "fire"},
        {ENT_MESSAGE, "M4", "to=south from=ems text=x", "ems army"},
        {ENT_MESSAGE, "M5", "to=operations text=x", ""},
        {ENT_UNIT, "Z1", "agency=army zone=x", "police ems army fire"}, /* where units are, everybody knows */
    };
    static const char *const agencies[] = {"police", "ems", "army", "fire"};
    struct access staff = access_of(STR("operations")), none = access_of(STR("medical"));
    struct incident *s = everything();

    (void)state;
    put(s, ENT_DIVISION, "north", "name=North");
    put(s, ENT_DIVISION, "south", "name=South");
    put(s, ENT_UNIT, "P1", "agency=police");
    put(s, ENT_UNIT, "E1", "agency=ems");
    put(s, ENT_UNIT, "A1", "agency=army");
    put(s, ENT_UNIT, "F1", "agency=fire");
    for (size_t i = 0; i < COUNTOF(rows); i++)
        put(s, rows[i].kind, rows[i].id, rows[i].fields);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        uint32_t e = ent_find(s, rows[i].kind, str_from(rows[i].id));
        bool open = rows[i].kind == ENT_UNIT || strcmp(rows[i].id, "T4") == 0;
        enum incident_field f = rows[i].kind == ENT_UNIT ? IN_ZONE : IN_TEXT;

        for (size_t k = 0; k < COUNTOF(agencies); k++) {
            struct access a = access_within(STR("responder"), str_from(agencies[k]));
            bool wants = strstr(rows[i].seen, agencies[k]) != NULL;

            if (access_sees_entity(&a, s, e) != wants || access_sees(&a, s, e, f) != wants)
                fail_msg("%s as %s: %s", rows[i].id, agencies[k], wants ? "hidden" : "seen");
        }
        assert_true(access_sees(&staff, s, e, f));
        assert_int_equal(access_sees(&none, s, e, f), open);
    }
    free(s);
}

/* What lies elsewhere and decides what he sees: his agency's units, and where they work. */
static void test_a_reach_changes_with_units_and_divisions(void **state)
{
    static const struct hash_key key = {1, 2};
    struct access fire = access_within(STR("responder"), STR("fire"));
    struct access army = access_within(STR("responder"), STR("army"));
    struct access staff = access_within(STR("operations"), STR("fire")), none = access_of(STR("medical"));
    struct incident *s = everything();
    uint64_t first, unit, division;
    uint32_t order;

    (void)state;
    put(s, ENT_DIVISION, "north", "name=North");
    put(s, ENT_UNIT, "A1", "agency=army");
    first = access_reach(&fire, s, key);
    put(s, ENT_UNIT, "F1", "agency=fire");
    unit = access_reach(&fire, s, key);
    assert_true(unit != first);
    put(s, ENT_MESSAGE, "M1", "to=north text=x"); /* says of itself that it changed */
    put(s, ENT_ASSIGNMENT, "A", "units=A1 division=north state=given text=x");
    assert_true(access_reach(&fire, s, key) == unit);
    order = put(s, ENT_ASSIGNMENT, "F", "units=F1 division=north state=given text=x");
    division = access_reach(&fire, s, key);
    assert_true(division != unit && division != access_reach(&army, s, key));
    put(s, ENT_ASSIGNMENT, "F2", "units=F1 division=north state=given text=x"); /* it works there already */
    ent_set(s, order, IN_STATE, STR("executing"), 2);
    assert_true(access_reach(&fire, s, key) == division);
    ent_set(s, order, IN_STATE, STR("done"), 3);
    assert_true(access_reach(&fire, s, key) == division);
    ent_set(s, ent_find(s, ENT_ASSIGNMENT, STR("F2")), IN_STATE, STR("aborted"), 4);
    assert_true(access_reach(&fire, s, key) == unit);
    assert_true(access_reach(&staff, s, key) == 0 && access_reach(&none, s, key) == 0);
    free(s);
}

/* The log does not say whose it is, so it says nothing of it to who has not the command's class. */
static void test_the_log_keeps_notes_of_assignments(void **state)
{
    struct access responder = access_within(STR("responder"), STR("police")), staff = access_of(STR("planning"));
    char bytes[128];
    struct buf b = buf_over(bytes, sizeof bytes);

    (void)state;
    assert_true(access_sees_event(&responder, INC_TASK_CREATED, STR(""), IN_TEXT));
    incident_put(&b, IN_ASSIGNMENT, STR("N1"));
    assert_false(access_sees_event(&responder, INC_TASK_CREATED, buf_str(&b), IN_TEXT));
    assert_true(access_sees_event(&staff, INC_TASK_CREATED, buf_str(&b), IN_TEXT));
    assert_false(access_sees_event(&responder, INC_TASK_DONE, STR(""), IN_NOTE));
    assert_false(access_sees_event(&responder, INC_TASK_DROPPED, STR(""), IN_REASON));
    assert_true(access_sees_event(&responder, INC_TASK_DONE, STR(""), IN_TASK));
    assert_true(access_sees_event(&staff, INC_TASK_DONE, STR(""), IN_NOTE));
}

static void test_who_may_ask(void **state)
{
    static const struct {
        const char *roles;
        enum incident_kind kind;
        const char *role, *refusal; /* NULL: may */
    } rows[] = {
        {"commander", INC_DECISION_TAKEN, "commander", NULL},
        {"commander", INC_DECISION_TAKEN, "", NULL},
        {"commander", INC_DECISION_TAKEN, "operations", "does not have the role \"operations\""},
        {"commander", INC_DECISION_TAKEN, "emperor", "does not have the role \"emperor\""},
        {"commander", INC_DECISION_TAKEN, "system", "does not have the role \"system\""},
        {"observer", INC_REPORT_RECEIVED, "observer", "only reads"},
        {"observer", INC_REPORT_RECEIVED, "", "only reads"},
        {"observer,loggist", INC_REPORT_RECEIVED, "observer", "nothing is entered as observer"},
        {"observer,loggist", INC_REPORT_RECEIVED, "loggist", NULL},
        {"administrator", INC_REPORT_RECEIVED, "", "only reads"},
        {"administrator,commander", INC_REPORT_RECEIVED, "administrator", "nothing is entered as administrator"},
        {"", INC_REPORT_RECEIVED, "", "only reads"},
        {"emperor", INC_REPORT_RECEIVED, "", "only reads"},
        {"responder", INC_REPORT_RECEIVED, "responder", NULL},
        {"responder", INC_ENQUIRY_OPENED, "responder", "casualty-officer or family-liaison"},
        {"responder", INC_ENQUIRY_OPENED, "", "casualty-officer or family-liaison"},
        {"commander", INC_IDENTITY_OPENED, "commander", "casualty-officer or family-liaison"},
        {"commander,family-liaison", INC_IDENTITY_OPENED, "commander", "casualty-officer or family-liaison"},
        {"commander,family-liaison", INC_IDENTITY_OPENED, "family-liaison", NULL},
        {"casualty-officer", INC_IDENTITY_SEALED, "casualty-officer", NULL},
        {"family-liaison", INC_NOK_SET, "", NULL},
        {"medical", INC_NOK_SET, "medical", "casualty-officer or family-liaison"},
        {"medical", INC_CASUALTY_TRIAGED, "medical", NULL},
        {"commander", INC_ACCESS_DENIED, "commander", "the server itself"},
        {"commander", INC_NONE, "commander", "no such kind"},
    };
    struct access all = access_all();
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct access a = access_of(str_from(rows[i].roles));
        bool may = access_may(&a, rows[i].kind, str_from(rows[i].role), &e);

        if (may != !rows[i].refusal || (!may && !strstr(e.text, rows[i].refusal)))
            fail_msg("%s as %s: %s", rows[i].roles, rows[i].role, may ? "may" : e.text);
    }
    assert_true(access_may(&all, INC_ACCESS_DENIED, STR("system"), &e));
}

static void test_what_is_not_seen_is_not_changed(void **state)
{
    struct access responder = access_of(STR("responder")), intelligence = access_of(STR("intelligence"));
    struct access commander = access_of(STR("commander"));
    struct incident *s = everything();
    char bytes[128];
    struct buf b = buf_over(bytes, sizeof bytes);
    struct incident_command c = {.kind = INC_REPORT_GRADED};
    struct err e;

    (void)state;
    incident_put(&b, IN_REPORT, STR("x"));
    c.payload = buf_str(&b);
    assert_true(access_may_change(&commander, s, &c, &e));
    assert_false(access_may_change(&responder, s, &c, &e));
    assert_non_null(strstr(e.text, "report: "));
    ent_set(s, ent_first(s, ENT_REPORT), IN_CLASS, STR("intel"), 2);
    assert_false(access_may_change(&commander, s, &c, &e));
    assert_true(access_may_change(&intelligence, s, &c, &e));
    b = buf_over(bytes, sizeof bytes);
    incident_put(&b, IN_HAZARD, STR("x"));
    c = (struct incident_command){.kind = INC_HAZARD_REPORTED, .payload = buf_str(&b)};
    assert_true(access_may_change(&responder, s, &c, &e));
    ent_set(s, ent_first(s, ENT_HAZARD), IN_CLASS, STR("intel"), 3);
    assert_false(access_may_change(&responder, s, &c, &e));
    /* Nor is a zone cleared, held or forbidden by whoever does not see it. */
    b = buf_over(bytes, sizeof bytes);
    incident_put(&b, IN_ZONE, STR("x"));
    c = (struct incident_command){.kind = INC_ZONE_NO_GO, .payload = buf_str(&b)};
    assert_true(access_may_change(&responder, s, &c, &e));
    ent_set(s, ent_find(s, ENT_ZONE, STR("x")), IN_CLASS, STR("command"), 4);
    assert_false(access_may_change(&responder, s, &c, &e));
    assert_non_null(strstr(e.text, "zone: this zone is not for the roles of this account"));
    assert_true(access_may_change(&commander, s, &c, &e));
    free(s);
}

/* As another role one reads at most what both read. */
static void test_as_another_role(void **state)
{
    static const struct {
        const char *own, *as;
        bool whole;
    } rows[] = {
        {"commander", "eod", true},      {"eod", "commander", false},    {"commander,medical", "clinician", true},
        {"commander", "medical", false}, {"observer", "commander", false}, {"commander", "observer", true},
        {"medical", "eod", false}, /* what is addressed to eod alone */
        {"medical", "medical", true},
    };
    struct access out;
    bool whole;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct access own = access_within(str_from(rows[i].own), STR("EX-police"));
        struct access role = access_within(str_from(rows[i].as), STR("EX-police"));

        assert_true(access_as(&own, str_from(rows[i].as), &out, &whole, &e));
        assert_int_equal(whole, rows[i].whole);
        assert_int_equal(out.classes, own.classes & role.classes);
        assert_true(out.observes || !(own.observes || role.observes));
        assert_false(out.writes || out.administers);
        assert_string_equal(out.agency, "EX-police");
        if (!(own.classes >> HANDLING_COMMAND & 1))
            assert_int_equal(out.roles & ~own.roles, 0);
    }
    out = access_all();
    assert_false(access_as(&out, STR("king"), &out, &whole, &e));
}

/* What the page offers by: the same as what is taken, whichever role is named. */
static void test_what_may_be_entered_at_all(void **state)
{
    static const struct {
        const char *roles;
        enum incident_kind kind;
        bool may;
    } rows[] = {
        {"observer", INC_REPORT_RECEIVED, false},
        {"administrator", INC_REPORT_RECEIVED, false},
        {"administrator", INC_INCIDENT_OPENED, false},
        {"responder", INC_REPORT_RECEIVED, true},
        {"responder", INC_FIGURE_ACCEPTED, false},
        {"commander", INC_FIGURE_ACCEPTED, true},
        {"loggist", INC_FIGURE_ACCEPTED, true},          /* in the commander's name */
        {"loggist", INC_STATEMENT_RELEASED, false},
        {"observer,information", INC_STATEMENT_RELEASED, true},
        {"loggist", INC_IDENTITY_OPENED, false},
        {"family-liaison", INC_IDENTITY_OPENED, true},
        {"commander", INC_NOK_SET, false},
        {"commander", INC_LOG_SEALED, false},
        {"commander", INC_NONE, false},
    };
    struct access a;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        a = access_of(str_from(rows[i].roles));
        if (access_may_enter(&a, rows[i].kind) != rows[i].may)
            fail_msg("%s: %s", rows[i].roles, kind_info(rows[i].kind)->tag);
    }
    a = access_of(STR("commander"));
    assert_true(access_leads(&a) && access_shares(&a) && access_exports(&a) && !access_seals(&a));
    a = access_of(STR("administrator"));
    assert_true(access_leads(&a) && !access_shares(&a) && !access_exports(&a) && !access_seals(&a));
    a = access_of(STR("observer,deputy"));
    assert_true(!access_leads(&a) && access_shares(&a) && access_exports(&a));
    a = access_of(STR("family-liaison"));
    assert_true(!access_exports(&a) && access_seals(&a));
}

static void test_roles_are_checked_and_compared(void **state)
{
    static const struct {
        const char *before, *after;
        bool shrinks;
    } rows[] = {
        {"commander", "commander,medical", false},  {"commander,medical", "commander", true},
        {"commander", "observer", true},            {"administrator,commander", "commander", true},
        {"commander", "commander", false},          {"observer", "commander", true},
    };
    struct access police = access_within(STR("responder"), STR("EX-police"));
    struct access army = access_within(STR("responder"), STR("EX-army"));
    struct err e;

    (void)state;
    assert_true(access_check_roles(STR("administrator,commander,casualty-officer"), &e));
    assert_true(access_check_roles(STR(ACCESS_FIRST_ROLES), &e));
    assert_false(access_check_roles(STR("commander, loggist"), &e));
    assert_false(access_check_roles(STR(""), &e));
    assert_false(access_check_roles(STR("commander,"), &e) || access_check_roles(STR(","), &e));
    assert_false(access_check_roles(STR("commander,system"), &e));
    assert_non_null(strstr(e.text, "\"system\""));
    assert_false(access_check_roles(STR("commander,loggist,commander"), &e));
    assert_non_null(strstr(e.text, "twice"));
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct access a = access_of(str_from(rows[i].before)), b = access_of(str_from(rows[i].after));

        assert_int_equal(access_shrinks(&a, &b), rows[i].shrinks);
    }
    assert_true(access_shrinks(&police, &army) && !access_shrinks(&police, &police));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_the_class_of_the_table),
        cmocka_unit_test(test_what_has_no_row_is_of_the_command),
        cmocka_unit_test(test_every_role_has_the_classes_of_the_table),
        cmocka_unit_test(test_every_role_against_every_field),
        cmocka_unit_test(test_an_observer_is_told_of_nobody),
        cmocka_unit_test(test_an_option_is_as_narrow_as_its_decision),
        cmocka_unit_test(test_every_role_against_every_kind_of_event),
        cmocka_unit_test(test_an_own_class_only_narrows),
        cmocka_unit_test(test_what_is_released_is_for_all),
        cmocka_unit_test(test_assignments_and_messages_go_to_whom_they_concern),
        cmocka_unit_test(test_notes_and_assignments_stay_in_their_division),
        cmocka_unit_test(test_a_reach_changes_with_units_and_divisions),
        cmocka_unit_test(test_the_log_keeps_notes_of_assignments),
        cmocka_unit_test(test_who_may_ask),
        cmocka_unit_test(test_what_is_not_seen_is_not_changed),
        cmocka_unit_test(test_as_another_role),
        cmocka_unit_test(test_what_may_be_entered_at_all),
        cmocka_unit_test(test_roles_are_checked_and_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
