/* Who commands, who holds a position, who is inside, who is hurt: the rules that no invariant's test reaches. */
#include "support/incident_world.h"

#include "core/incident_alarms.h"
#include "core/incident_findings.h"

#define COMMANDER IN_ROLE, "commander", IN_ACTOR, "anna"

/* ---- command and positions ---------------------------------------------- */

static void test_an_incident_is_closed_when_nobody_is_inside_or_calls_for_help(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P2", IN_ZONE, "H/0/B", IN_NONE);
    world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "M", IN_UNIT, "P1", IN_NONE);
    world_no(w, "\"M\" is open; resolve it before closing", INC_INCIDENT_CLOSED, IN_INCIDENT, "i", IN_REASON, "over",
             COMMANDER, IN_NONE);
    world_ok(w, INC_MAYDAY_RESOLVED, IN_MAYDAY, "M", IN_REASON, "out", IN_NONE);
    world_no(w, "2 units are inside", INC_INCIDENT_CLOSED, IN_INCIDENT, "i", IN_REASON, "over", COMMANDER, IN_NONE);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P2", IN_ZONE, "H/0/B", IN_NONE);
    world_no(w, "needs the role commander", INC_INCIDENT_CLOSED, IN_INCIDENT, "i", IN_REASON, "over", IN_NONE);
    world_ok(w, INC_INCIDENT_CLOSED, IN_INCIDENT, "i", IN_REASON, "over", COMMANDER, IN_NONE);
    world_ok(w, INC_INCIDENT_REOPENED, IN_INCIDENT, "i", IN_REASON, "not over", IN_NONE);
    world_free(w);
}

static void decide_as(struct world *w, const char *id, const char *actor)
{
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, id, IN_TEXT, "x", IN_ROLE, "operations", IN_ACTOR, actor, IN_NONE);
}

static void refused_as(struct world *w, const char *words, const char *actor)
{
    world_no(w, words, INC_DECISION_TAKEN, IN_DECISION, "never", IN_TEXT, "x", IN_ROLE, "operations", IN_ACTOR, actor,
             IN_NONE);
}

static void test_an_assigned_position_is_used_by_its_holder_alone(void **state)
{
    struct world *w = world_scene();

    (void)state;
    decide_as(w, "d1", "kim"); /* nobody has it: whoever does the work */
    world_no(w, "command is assumed or transferred, not assigned", INC_ROLE_ASSIGNED, IN_POSITION, "commander", IN_BY,
             "olga", IN_NONE);
    world_ok(w, INC_ROLE_ASSIGNED, IN_POSITION, "operations", IN_BY, "olga", IN_NONE);
    world_no(w, "olga holds it; relieve or delegate first", INC_ROLE_ASSIGNED, IN_POSITION, "operations", IN_BY, "kim",
             IN_NONE);
    decide_as(w, "d2", "olga");
    refused_as(w, "kim does not hold the position operations; olga does", "kim");
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d3", IN_TEXT, "x", IN_ROLE, "operations", IN_ACTOR, "keeper",
             IN_ON_BEHALF_OF, "olga", IN_NONE);
    world_ok(w, INC_ROLE_DELEGATED, IN_POSITION, "operations", IN_TO, "kim", IN_NONE);
    decide_as(w, "d4", "kim");
    decide_as(w, "d5", "olga");
    refused_as(w, "olga does", "lena");
    world_free(w);
}

/* Another holder: what the one before delegated is over. */
static void test_a_delegate_goes_with_whoever_delegated(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_ROLE_ASSIGNED, IN_POSITION, "operations", IN_BY, "olga", IN_NONE);
    world_ok(w, INC_ROLE_DELEGATED, IN_POSITION, "operations", IN_TO, "kim", IN_NONE);
    world_ok(w, INC_ROLE_ASSIGNED, IN_POSITION, "operations", IN_BY, "lena", IN_NONE);
    decide_as(w, "d1", "lena");
    refused_as(w, "kim does not hold the position operations; lena does", "kim");
    refused_as(w, "olga does not hold the position operations; lena does", "olga");
    world_free(w);
}

static void test_a_position_that_was_relieved_is_nobodys_again(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_ROLE_ASSIGNED, IN_POSITION, "operations", IN_BY, "olga", IN_NONE);
    world_ok(w, INC_ROLE_RELIEVED, IN_POSITION, "operations", IN_REASON, "tired", IN_NONE);
    decide_as(w, "d1", "kim");
    world_ok(w, INC_ROLE_ASSIGNED, IN_POSITION, "operations", IN_BY, "lena", IN_NONE);
    refused_as(w, "lena does", "kim");
    world_free(w);
}

/* ---- units -------------------------------------------------------------- */

/* Nobody is there yet, and two agencies were sent to rooms that touch. */
static void test_an_order_is_held_where_another_agency_is_ordered_to(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a1", IN_UNITS, "A1", IN_ZONES, "H/1/C", IN_ZONES, "H/0/core",
             IN_TEXT, "clear", COMMANDER, IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a1", "given"));
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a2", IN_UNITS, "P1", IN_ZONES, "H/0/A", IN_TEXT, "clear",
             COMMANDER, IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a2", "hold"));
    /* The same agency needs no agreement, nor another one elsewhere, nor one whose order is over. */
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a3", IN_UNITS, "P1", IN_ZONES, "H/1/A", IN_TEXT, "clear",
             COMMANDER, IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a3", "given"));
    world_ok(w, INC_ASSIGNMENT_DONE, IN_ASSIGNMENT, "a1", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a4", IN_UNITS, "P2", IN_ZONES, "H/0/A", IN_TEXT, "clear",
             COMMANDER, IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a4", "given"));
    world_free(w);
}

/* An agreement is for the place that it names and what is next to it, and for the two who agreed. */
static void test_an_agreement_holds_where_it_was_made(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "A1", IN_ZONE, "H/0/A", IN_NONE);
    world_no(w, "units of two agencies are deconflicted", INC_DECONFLICTION_REQUESTED, IN_DECONFLICTION, "d0",
             IN_UNITS, "P1", IN_UNITS, "P2", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_DECONFLICTION_REQUESTED, IN_DECONFLICTION, "d1", IN_UNITS, "P1", IN_UNITS, "A1", IN_ZONE, "H/1/A",
             IN_NONE);
    world_no(w, "fire has no unit in it", INC_DECONFLICTION_AGREED, IN_DECONFLICTION, "d1", IN_ACKED_BY, "fire",
             IN_ROLE, "supervisor", IN_NONE);
    world_ok(w, INC_DECONFLICTION_AGREED, IN_DECONFLICTION, "d1", IN_ACKED_BY, "police", IN_ROLE, "supervisor",
             IN_NONE);
    world_ok(w, INC_DECONFLICTION_AGREED, IN_DECONFLICTION, "d1", IN_ACKED_BY, "army", IN_ROLE, "supervisor", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a1", IN_UNITS, "P1", IN_ZONES, "H/0/A", IN_TEXT, "clear",
             COMMANDER, IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a1", "hold")); /* agreed upstairs, not here */
    world_no(w, "A1 of army is still not agreed with", INC_ASSIGNMENT_CLEARED, IN_ASSIGNMENT, "a1", IN_DECONFLICTION,
             "d1", IN_NONE);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "A1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_CLEARED, IN_ASSIGNMENT, "a1", IN_DECONFLICTION, "d1", IN_NONE);
    world_free(w);
}

/* Their phone came first and went in: when they check in it is they who are inside, with their clock. */
static void test_a_unit_that_checks_in_is_where_its_device_is(void **state)
{
    struct world *w = world_scene();
    uint32_t unit, device;

    (void)state;
    world_ok(w, INC_UNIT_SELF_DEPLOYED, IN_UNIT, "EX-R1", IN_REASON, "inside the outer cordon", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "EX-R1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "R1", IN_AGENCY, "police", IN_ALIAS, "EX-R1", IN_NONE);
    unit = ent_find(w->s, ENT_UNIT, STR("R1"));
    device = ent_find(w->s, ENT_UNIT, STR("EX-R1"));
    assert_true(world_state(w, ENT_UNIT, "R1", "checked-in") && ent_is(w->s, unit, IN_ZONE, "H/0/A"));
    assert_true(par_due_ms(w->s, unit) < INT64_MAX);
    assert_true(world_state(w, ENT_UNIT, "EX-R1", "released") && !ent_has(w->s, device, IN_ZONE));
    assert_true(par_due_ms(w->s, device) == INT64_MAX);
    /* One that is inside already stays where it is. */
    world_ok(w, INC_UNIT_SELF_DEPLOYED, IN_UNIT, "EX-R2", IN_REASON, "inside the outer cordon", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "EX-R2", IN_ZONE, "H/0/B", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "R1", IN_AGENCY, "police", IN_ALIAS, "EX-R1", IN_ALIAS, "EX-R2",
             IN_NONE);
    assert_true(ent_is(w->s, unit, IN_ZONE, "H/0/A"));
    assert_false(ent_has(w->s, ent_find(w->s, ENT_UNIT, STR("EX-R2")), IN_ZONE));
    world_no(w, "it cannot change its agency now", INC_UNIT_CHECKED_IN, IN_UNIT, "R1", IN_AGENCY, "army", IN_NONE);
    world_free(w);
}

static struct alarms alarms;

static bool sounds(struct world *w, const char *id)
{
    incident_alarms(w->s, w->now_ms, &alarms);
    for (size_t i = 0; i < alarms.n; i++)
        if (strcmp(alarms.list[i].id, id) == 0)
            return true;
    return false;
}

/* Four of six come out: the two who do not are still inside, with their clock, and what they hold is held. */
static void test_who_stays_inside_stays_on_the_roster(void **state)
{
    struct world *w = world_scene();
    uint32_t p1 = ent_find(w->s, ENT_UNIT, STR("P1"));
    int64_t inside_at;

    (void)state;
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_NONE);
    world_ok(w, INC_ZONE_HELD, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_HOLDER, "P1", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE); /* as strong as it checked in: 6 */
    inside_at = ent_int(w->s, p1, IN_INSIDE_AT, 0);
    w->now_ms += 60000;
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_COUNT, "4", IN_NONE);
    assert_true(ent_is(w->s, p1, IN_ZONE, "H/0/A") && ent_int(w->s, p1, IN_COUNT, 0) == 2);
    assert_int_equal(ent_int(w->s, p1, IN_INSIDE_AT, 0), inside_at);
    assert_true(par_due_ms(w->s, p1) < INT64_MAX);
    assert_int_equal(clearance_of(w->s, STR("H/0/A"), "threat"), CLEARANCE_HELD);
    world_no(w, "inside House, ground floor, A", INC_UNIT_RELEASED, IN_UNIT, "P1", IN_NONE);
    /* One of the two answers; whoever is not found is not forgotten when the other comes out. */
    world_ok(w, INC_PAR_ACKED, IN_UNIT, "P1", IN_COUNT, "1", IN_NONE);
    assert_true(sounds(w, "par.fail:P1"));
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_COUNT, "1", IN_NONE);
    assert_true(sounds(w, "par.fail:P1"));
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_COUNT, "1", IN_NONE);
    assert_false(sounds(w, "par.fail:P1"));
    assert_false(ent_has(w->s, p1, IN_ZONE) || ent_has(w->s, p1, IN_COUNT));
    assert_int_equal(clearance_of(w->s, STR("H/0/A"), "threat"), CLEARANCE_VOID);
    world_ok(w, INC_UNIT_RELEASED, IN_UNIT, "P1", IN_NONE);
    /* More than went in, or nobody knows how many did: all of them. */
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P2", IN_ZONE, "H/0/A", IN_COUNT, "2", IN_NONE);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P2", IN_ZONE, "H/0/A", IN_COUNT, "3", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "B1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "B1", IN_ZONE, "H/0/A", IN_COUNT, "1", IN_NONE);
    for (uint32_t u = ent_first(w->s, ENT_UNIT); u; u = ent_next(w->s, u))
        assert_false(ent_has(w->s, u, IN_ZONE));
    world_free(w);
}

static void test_who_is_asked_answers_and_nobody_else(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_EVACUATE_ORDERED, IN_EVACUATION, "E", IN_REASON, "fire", COMMANDER, IN_NONE);
    assert_true(ent_holds(w->s, ent_find(w->s, ENT_EVACUATION, STR("E")), IN_UNITS, STR("P1")));
    assert_false(ent_holds(w->s, ent_find(w->s, ENT_EVACUATION, STR("E")), IN_UNITS, STR("P2")));
    world_no(w, "there is no unit \"Z9\"", INC_EVACUATE_ACKED, IN_EVACUATION, "E", IN_ACKED_BY, "Z9", IN_NONE);
    world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m", IN_TO, "P1", IN_TEXT, "come back", IN_NONE);
    world_no(w, "the message was not to P2", INC_MESSAGE_ACKED, IN_MESSAGE, "m", IN_ACKED_BY, "P2", IN_NONE);
    world_no(w, "the unit is checked in", INC_UNIT_SELF_DEPLOYED, IN_UNIT, "P1", IN_REASON, "x", IN_NONE);
    world_no(w, "the unit is there already", INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_no(w, "the unit is not known to be there", INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/B", IN_NONE);
    world_free(w);
}

/* ---- casualties --------------------------------------------------------- */

static void hurt(struct world *w, const char *tag, const char *triage)
{
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, tag, IN_CATEGORY, "public", IN_POINT, "ccp", IN_VERIFIED, "1",
             IN_NONE);
    world_ok(w, INC_CASUALTY_TRIAGED, IN_CASUALTY, tag, IN_TRIAGE, triage, IN_TRIAGE_SCHEME, "start", IN_BY, "P1",
             IN_ROLE, "clinician", IN_NONE);
}

static struct world *collecting_point(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_POINT_SET, IN_POINT, "ccp", IN_POINT_KIND, "ccp", IN_PLACE, "yard", IN_NONE);
    return w;
}

static void drive(struct world *w, const char *tag, const char *words)
{
    if (words)
        world_no(w, words, INC_CASUALTY_TRANSPORTED, IN_CASUALTY, tag, IN_VEHICLE, "EX-A1", IN_DESTINATION, "EX-H",
                 IN_NONE);
    else
        world_ok(w, INC_CASUALTY_TRANSPORTED, IN_CASUALTY, tag, IN_VEHICLE, "EX-A1", IN_DESTINATION, "EX-H", IN_NONE);
}

/* Uvalde: the dead went by ambulance, the wounded by bus (domain.md 4, row 16). */
static void test_who_can_wait_does_not_go_before_one_who_cannot_without_a_reason(void **state)
{
    static const char *const can_wait[] = {"minor", "deceased", "expectant"};
    struct world *w = collecting_point();
    char tag[8];

    (void)state;
    for (size_t i = 0; i < COUNTOF(can_wait); i++) {
        (void)snprintf(tag, sizeof tag, "W%zu", i);
        hurt(w, tag, can_wait[i]);
    }
    hurt(w, "N", "immediate");
    for (size_t i = 0; i < COUNTOF(can_wait); i++) {
        (void)snprintf(tag, sizeof tag, "W%zu", i);
        drive(w, tag, "N waits there and is immediate; say why this one goes first");
    }
    world_no(w, "override_reason: N waits there and is immediate", INC_CASUALTY_STATUS_SET, IN_CASUALTY, "W0",
             IN_CASUALTY_STATUS, "transported", IN_NONE); /* nor by its status alone */
    world_no(w, "override_reason: N waits there", INC_CASUALTY_STATUS_SET, IN_CASUALTY, "W0", IN_CASUALTY_STATUS,
             "transported", IN_REASON, "sealed to those who read it", IN_NONE);
    hurt(w, "D", "delayed");
    drive(w, "D", NULL);
    hurt(w, "W9", "minor");
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "W9", IN_CASUALTY_STATUS, "treated", IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "W9", IN_CASUALTY_STATUS, "transported", IN_OVERRIDE,
             "went by himself", IN_NONE);
    assert_true(ent_is(w->s, ent_find(w->s, ENT_CASUALTY, STR("W9")), IN_OVERRIDE, "went by himself"));
    world_ok(w, INC_CASUALTY_TRANSPORTED, IN_CASUALTY, "W0", IN_VEHICLE, "EX-B1", IN_DESTINATION, "EX-H", IN_OVERRIDE,
             "a bus goes anyway", IN_NONE);
    assert_true(ent_is(w->s, ent_find(w->s, ENT_CASUALTY, STR("W0")), IN_OVERRIDE, "a bus goes anyway"));
    /* Gone, or at another place: nobody waits here. */
    world_ok(w, INC_CASUALTY_MOVED, IN_CASUALTY, "N", IN_PLACE, "gate", IN_NONE);
    drive(w, "W1", NULL);
    world_ok(w, INC_CASUALTY_MOVED, IN_CASUALTY, "N", IN_POINT, "ccp", IN_NONE);
    drive(w, "W2", "N waits there");
    drive(w, "N", NULL);
    drive(w, "W2", NULL);
    drive(w, "W2", "is transported; transported does not follow");
    world_free(w);
}

static int64_t confirmed(struct world *w, const char *counter)
{
    static struct reconciled r;

    incident_reconcile(w->s, str_from(counter), &r);
    return r.confirmed;
}

/* Two tags of one person: whoever died is not lost on the way. */
static void test_a_death_does_not_vanish_when_two_tags_become_one(void **state)
{
    struct world *w = collecting_point();

    (void)state;
    hurt(w, "T1", "immediate");
    hurt(w, "T2", "immediate");
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T1", IN_CASUALTY_STATUS, "died", IN_ROLE, "clinician", IN_NONE);
    world_no(w, "T1 died and T2 is triaged; record first what is true of T2", INC_CASUALTY_MERGED, IN_CASUALTY, "T1",
             IN_REPLACES, "T2", IN_REASON, "one person", IN_NONE);
    assert_true(confirmed(w, "killed") == 1 && confirmed(w, "injured") == 1);
    world_ok(w, INC_CASUALTY_MERGED, IN_CASUALTY, "T2", IN_REPLACES, "T1", IN_REASON, "one person", IN_NONE);
    assert_true(confirmed(w, "killed") == 1 && confirmed(w, "injured") == 0);
    world_no(w, "it is merged", INC_CASUALTY_MERGED, IN_CASUALTY, "T2", IN_REPLACES, "T1", IN_REASON, "again",
             IN_NONE);
    world_no(w, "there is no other casualty \"T2\"", INC_CASUALTY_MERGED, IN_CASUALTY, "T1", IN_REPLACES, "T2",
             IN_REASON, "x", IN_NONE);
    world_no(w, "there is no other casualty \"T1\"", INC_CASUALTY_MERGED, IN_CASUALTY, "T1", IN_REPLACES, "T1",
             IN_REASON, "x", IN_NONE);
    world_no(w, "it is merged", INC_CASUALTY_MOVED, IN_CASUALTY, "T2", IN_PLACE, "x", IN_NONE);
    world_no(w, "it is merged", INC_CASUALTY_TRIAGED, IN_CASUALTY, "T2", IN_TRIAGE, "minor", IN_TRIAGE_SCHEME, "tst",
             IN_BY, "P1", IN_NONE);
    world_free(w);
}

static void test_unfounded_needs_a_reason_and_can_be_taken_back(void **state)
{
    struct world *w = collecting_point();

    (void)state;
    hurt(w, "T1", "minor");
    world_no(w, "reason: is needed", INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T1", IN_CASUALTY_STATUS, "unfounded",
             IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T1", IN_CASUALTY_STATUS, "unfounded", IN_REASON, "counted twice",
             IN_NONE);
    assert_int_equal(confirmed(w, "injured"), 0);
    world_no(w, "it is unfounded", INC_CASUALTY_MOVED, IN_CASUALTY, "T1", IN_PLACE, "x", IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T1", IN_CASUALTY_STATUS, "reported", IN_NONE);
    assert_int_equal(confirmed(w, "injured"), 1);
    world_free(w);
}

static void test_a_sealed_identity_is_opened_by_two(void **state)
{
    struct world *w = collecting_point();

    (void)state;
    hurt(w, "T1", "minor");
    world_no(w, "there is no sealed identity", INC_IDENTITY_OPENED, IN_CASUALTY, "T1", IN_BY, "gina", IN_APPROVED_BY,
             "hugo", IN_REASON, "family", IN_ROLE, "family-liaison", IN_NONE);
    world_ok(w, INC_IDENTITY_SEALED, IN_CASUALTY, "T1", IN_SEALED, "1", IN_ROLE, "casualty-officer", IN_NONE);
    world_no(w, "a second person approves it", INC_IDENTITY_OPENED, IN_CASUALTY, "T1", IN_BY, "gina", IN_APPROVED_BY,
             "gina", IN_REASON, "family", IN_ROLE, "family-liaison", IN_NONE);
    world_ok(w, INC_IDENTITY_OPENED, IN_CASUALTY, "T1", IN_BY, "gina", IN_APPROVED_BY, "hugo", IN_REASON, "family",
             IN_ROLE, "family-liaison", IN_NONE);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_incident_is_closed_when_nobody_is_inside_or_calls_for_help),
        cmocka_unit_test(test_an_assigned_position_is_used_by_its_holder_alone),
        cmocka_unit_test(test_a_delegate_goes_with_whoever_delegated),
        cmocka_unit_test(test_a_position_that_was_relieved_is_nobodys_again),
        cmocka_unit_test(test_an_order_is_held_where_another_agency_is_ordered_to),
        cmocka_unit_test(test_an_agreement_holds_where_it_was_made),
        cmocka_unit_test(test_a_unit_that_checks_in_is_where_its_device_is),
        cmocka_unit_test(test_who_stays_inside_stays_on_the_roster),
        cmocka_unit_test(test_who_is_asked_answers_and_nobody_else),
        cmocka_unit_test(test_who_can_wait_does_not_go_before_one_who_cannot_without_a_reason),
        cmocka_unit_test(test_a_death_does_not_vanish_when_two_tags_become_one),
        cmocka_unit_test(test_unfounded_needs_a_reason_and_can_be_taken_back),
        cmocka_unit_test(test_a_sealed_identity_is_opened_by_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
