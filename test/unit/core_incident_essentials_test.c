/* What must be known: each row is answered by the events that answer it, and no longer when they end. */
#include "core/incident_essentials.h"
#include "core/incident_findings.h"
#include "support/incident_world.h"

static struct essential get(const struct world *w, const char *id)
{
    struct essential x = {0};

    for (size_t i = 0; incident_essential(w->s, i, &x); i++)
        if (strcmp(x.id, id) == 0)
            return x;
    fail_msg("there is no %s", id);
    return x;
}

struct step {
    const char *id;
    enum incident_kind kind;
    struct {
        int field;
        const char *value;
    } fields[8];
    bool known; /* after it */
};

static void take_step(struct world *w, const struct step *x)
{
    char bytes[4096];
    struct buf b = buf_over(bytes, sizeof bytes);

    for (size_t i = 0; i < COUNTOF(x->fields) && x->fields[i].field; i++)
        incident_put(&b, (enum incident_field)x->fields[i].field, str_from(x->fields[i].value));
    if (!world_do(w, x->kind, buf_str(&b)))
        fail_msg("%s: %s", x->id, w->err.text);
}

static void test_each_row_is_answered(void **state)
{
    static const struct step steps[] = {
        {"commander", INC_COMMAND_ASSUMED, {{IN_SCOPE, "north"}, {IN_COMMANDER, "EX b"}}, false},
        {"commander", INC_COMMAND_ASSUMED, {{IN_SCOPE, "incident"}, {IN_COMMANDER, "EX a"}}, true},
        {"methane.major", INC_MAJOR_DECLARED, {{IN_INCIDENT, "i"}, {IN_REASON, "EX"}}, true},
        {"methane.exact_place", INC_INCIDENT_CHANGED, {{IN_INCIDENT, "i"}, {IN_LAT, "24.8"}, {IN_LON, "67"}}, true},
        {"methane.hazards", INC_HAZARD_REPORTED, {{IN_HAZARD, "h"}, {IN_HAZARD_KIND, "gas"}}, true},
        {"safe_access", INC_CLOSURE_SET, {{IN_CLOSURE, "c"}, {IN_ROAD, "EX"}}, false},
        {"safe_access", INC_CLOSURE_CHANGED, {{IN_CLOSURE, "c"}, {IN_EMERGENCY_LANE, "1"}}, true},
        {"safe_access", INC_CLOSURE_LIFTED, {{IN_CLOSURE, "c"}}, false},
        {"methane.access", INC_METHANE_REPORTED, {{IN_METHANE, "m"}, {IN_AREA, "EX from the north"}}, true},
        {"safe_access", INC_METHANE_ACKED, {{IN_METHANE, "m"}, {IN_ACKED_BY, "ems"}}, true},
        {"methane.number", INC_COUNT_CLAIMED,
         {{IN_REPORT, "r"}, {IN_COUNTER, "injured"}, {IN_LO, "1"}, {IN_HI, "2"}, {IN_AS_OF, "1700000000000"},
          {IN_SOURCE, "s"}, {IN_GRADE, "B2"}}, true},
        {"methane.number", INC_REPORT_WITHDRAWN, {{IN_REPORT, "r"}, {IN_REASON, "EX"}}, false},
        {"methane.number", INC_CASUALTY_REPORTED, {{IN_CASUALTY, "k"}, {IN_CATEGORY, "public"}}, true},
        {"fire", INC_AGENCY_JOINED, {{IN_AGENCY, "fire"}, {IN_NAME, "EX"}, {IN_AGENCY_KIND, "fire"}}, true},
        {"hospital", INC_POINT_SET, {{IN_POINT, "hp"}, {IN_POINT_KIND, "hospital"}, {IN_PLACE, "EX"}}, true},
        {"hospital", INC_POINT_CLOSED, {{IN_POINT, "hp"}, {IN_REASON, "EX full"}}, false},
        {"rvp", INC_POINT_SET, {{IN_POINT, "rv"}, {IN_POINT_KIND, "rvp"}, {IN_PLACE, "EX"}}, true},
        {"ccp", INC_POINT_SET, {{IN_POINT, "cc"}, {IN_POINT_KIND, "ccp"}, {IN_PLACE, "EX"}}, true},
        {"occupants", INC_OCCUPANCY_ESTIMATED, {{IN_OCCUPANTS, "o"}, {IN_OCCUPANT, "staff"}, {IN_COUNT, "40"}}, true},
        {"evacuated", INC_PAR_CALLED, {{IN_PAR, "p"}, {IN_REASON, "EX"}}, false},
        {"par", INC_OCCUPANTS_EVACUATED, {{IN_OCCUPANTS, "o"}, {IN_EVACUATED, "12"}}, true},
        {"evacuated", INC_PERSON_REGISTERED, {{IN_PERSON, "x"}}, true},
        {"missing", INC_PERSON_STATUS_SET, {{IN_PERSON, "x"}, {IN_ACCOUNTABILITY, "missing"}}, true},
        {"missing", INC_PERSON_STATUS_SET, {{IN_PERSON, "x"}, {IN_ACCOUNTABILITY, "out"}}, false},
        {"inner_cordon", INC_CORDON_SET, {{IN_CORDON, "o"}, {IN_CORDON_KIND, "outer"}}, false},
        {"inner_cordon", INC_CORDON_SET, {{IN_CORDON, "i"}, {IN_CORDON_KIND, "inner"}}, true},
        {"inner_cordon", INC_CORDON_LIFTED, {{IN_CORDON, "i"}, {IN_REASON, "EX"}}, false},
        {"eod", INC_SEARCH_STARTED, {{IN_ZONE, "H/0/A"}, {IN_CLEARANCE_KIND, "eod"}, {IN_UNIT, "B1"}}, false},
        {"eod", INC_SEARCH_ENDED,
         {{IN_ZONE, "H/0/A"}, {IN_CLEARANCE_KIND, "eod"}, {IN_UNIT, "B1"}, {IN_EXTENT, "100"}}, true},
        {"posture", INC_POSTURE_SET,
         {{IN_INCIDENT, "i"}, {IN_POSTURE, "search"}, {IN_REASON, "EX"}, {IN_ACTOR, "EX a"}, {IN_ROLE, "commander"}},
         true},
    };
    struct world *w = world_new();

    (void)state;
    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "Drill", IN_TYPE, "other", IN_NONE);
    assert_true(get(w, "methane.type").known);
    assert_false(get(w, "methane.services").known);
    world_ok(w, INC_AGENCY_JOINED, IN_AGENCY, "ems", IN_NAME, "EX", IN_AGENCY_KIND, "ems", IN_NONE);
    assert_true(get(w, "methane.services").known && get(w, "ambulance").known);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "B1", IN_AGENCY, "ems", IN_UNIT_CATEGORY, "eod", IN_NONE);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "H", IN_NAME, "House", IN_STOREYS, "1", IN_NONE);
    world_ok(w, INC_SOURCE_REGISTERED, IN_SOURCE, "s", IN_SOURCE_KIND, "caller", IN_NONE);
    for (size_t i = 0; i < COUNTOF(steps); i++) {
        take_step(w, &steps[i]);
        if (get(w, steps[i].id).known != steps[i].known)
            fail_msg("%s after step %zu", steps[i].id, i);
    }
    world_free(w);
}

/* The newest answer counts; when its time cannot be known, nothing is made up. */
static void test_the_age_of_an_answer(void **state)
{
    struct world *w = world_new();
    int64_t opened = w->now_ms;

    (void)state;
    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "Drill", IN_TYPE, "other", IN_PLACE, "EX", IN_NONE);
    w->now_ms += 60000;
    world_ok(w, INC_POINT_SET, IN_POINT, "r1", IN_POINT_KIND, "rvp", IN_PLACE, "EX", IN_NONE);
    w->now_ms += 60000;
    world_ok(w, INC_POINT_SET, IN_POINT, "r2", IN_POINT_KIND, "rvp", IN_PLACE, "EX", IN_SECTOR, "north", IN_NONE);
    assert_int_equal(get(w, "rvp").at_ms, opened + 120000);
    assert_int_equal(get(w, "methane.exact_place").at_ms, opened);
    assert_int_equal(get(w, "ccp").at_ms, -1);
    world_ok(w, INC_INCIDENT_CHANGED, IN_INCIDENT, "i", IN_PLACE, "EX, gate 2", IN_NONE);
    assert_int_equal(get(w, "methane.exact_place").at_ms, opened + 120000);
    w->now_ms += 60000;
    world_ok(w, INC_INCIDENT_CHANGED, IN_INCIDENT, "i", IN_NAME, "Drill 2", IN_NONE);
    assert_true(get(w, "methane.exact_place").known);
    assert_int_equal(get(w, "methane.exact_place").at_ms, -1); /* neither made it nor changed it last */
    world_free(w);
}

/* The findings are the rows that are not known, no other. */
static void test_findings_are_the_same_rows(void **state)
{
    static struct findings f;
    struct world *w = world_scene();
    struct essential x;
    size_t unknown = 0, found = 0;

    (void)state;
    incident_findings(w->s, w->now_ms, &f);
    for (size_t i = 0; incident_essential(w->s, i, &x); i++) {
        bool is = false;

        for (size_t k = 0; k < f.n; k++)
            is |= strcmp(f.list[k].rule, "essential.missing") == 0 && strcmp(f.list[k].subject, x.id) == 0;
        assert_int_equal(is, !x.known);
        unknown += !x.known;
    }
    for (size_t k = 0; k < f.n; k++)
        found += strcmp(f.list[k].rule, "essential.missing") == 0;
    assert_true(found == unknown && unknown > 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_row_is_answered),
        cmocka_unit_test(test_the_age_of_an_answer),
        cmocka_unit_test(test_findings_are_the_same_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
