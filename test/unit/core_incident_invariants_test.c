/* The invariants of the domain (domain.md 5.5), each by its number. */
#include "support/incident_world.h"

#include "core/incident_alarms.h"
#include "core/incident_findings.h"
#include "core/incident_public.h"

#define COMMANDER IN_ROLE, "commander", IN_ACTOR, "anna"

static void search(struct world *w, const char *zone, const char *kind, const char *unit)
{
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, zone, IN_CLEARANCE_KIND, kind, IN_UNIT, unit, IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, zone, IN_CLEARANCE_KIND, kind, IN_UNIT, unit, IN_EXTENT, "100", IN_NONE);
}

static enum clearance_state state_of(const struct world *w, const char *zone, const char *kind)
{
    return clearance_of(w->s, str_from(zone), kind);
}

static void test_invariant_1_complete_needs_an_entry_by_a_unit_that_is_here(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_no(w, "no unit \"X\"", INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "X",
             IN_NONE);
    world_ok(w, INC_UNIT_SELF_DEPLOYED, IN_UNIT, "X", IN_REASON, "seen inside the cordon", IN_NONE);
    world_no(w, "not checked in", INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "X",
             IN_NONE);
    world_no(w, "does not follow", INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1",
             IN_EXTENT, "100", IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_no(w, "did not start", INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2",
             IN_EXTENT, "100", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "80",
             IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_PARTIAL);
    search(w, "H/0/A", "threat", "P1");
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_COMPLETE);
    world_no(w, "another unit", INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1",
             IN_NONE);
    world_ok(w, INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_CONFIRMED);
    /* Paper that comes later is taken in person, and marked. */
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_VIA,
             "in-person", IN_NONE);
    assert_int_equal(state_of(w, "H/0/B", "threat"), CLEARANCE_COMPLETE);
    assert_true(ent_has(w->s, ent_find(w->s, ENT_CLEARANCE, STR("H/0/B|threat")), IN_LATE));
    world_free(w);
}

static void test_invariant_2_re_entry_or_sighting_voids(void **state)
{
    struct world *w = world_scene();

    (void)state;
    search(w, "H/0/A", "threat", "P1");
    search(w, "H/0/B", "threat", "P1");
    search(w, "H/0/C", "threat", "P1");
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P2", IN_ZONE, "H/0/A", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_VOID);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "ghost", IN_ZONE, "H/0/B", IN_NONE);
    assert_true(ent_is(w->s, ent_find(w->s, ENT_CLEARANCE, STR("H/0/B|threat")), IN_VOID_REASON, "unidentified-entry"));
    /* The holder comes and goes; when it goes away the hold is gone. */
    world_ok(w, INC_ZONE_HELD, IN_ZONE, "H/0/C", IN_CLEARANCE_KIND, "threat", IN_HOLDER, "P1", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/C", IN_NONE);
    assert_int_equal(state_of(w, "H/0/C", "threat"), CLEARANCE_HELD);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/C", IN_NONE);
    assert_int_equal(state_of(w, "H/0/C", "threat"), CLEARANCE_VOID);
    /* A sighting reaches across an open opening, not through a closed one. */
    search(w, "H/1/A", "threat", "P1");
    search(w, "H/1/B", "threat", "P1");
    search(w, "H/1/C", "threat", "P1");
    world_ok(w, INC_OPENING_SET, IN_OPENING, "o1", IN_ZONES, "H/1/A", IN_ZONES, "H/1/B", IN_OPENING_KIND, "door",
             IN_OPENING_STATE, "open", IN_NONE);
    world_ok(w, INC_OPENING_SET, IN_OPENING, "o2", IN_ZONES, "H/1/A", IN_ZONES, "H/1/C", IN_OPENING_KIND, "door",
             IN_OPENING_STATE, "locked", IN_NONE);
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T1", IN_THREAT_KIND, "person", IN_ZONE, "H/1/A", IN_NONE);
    assert_int_equal(state_of(w, "H/1/A", "threat"), CLEARANCE_VOID);
    assert_int_equal(state_of(w, "H/1/B", "threat"), CLEARANCE_VOID);
    assert_int_equal(state_of(w, "H/1/C", "threat"), CLEARANCE_COMPLETE);
    world_free(w);
}

static void test_invariant_3_who_may_clear_what(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_no(w, "bomb disposal", INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "eod", IN_UNIT, "P1",
             IN_NONE);
    search(w, "H/0/A", "eod", "B1");
    world_no(w, "engineer", INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "struct", IN_UNIT, "P1", IN_NONE);
    world_no(w, "investigation", INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "evid", IN_UNIT, "P1",
             IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "T-1", IN_CATEGORY, "public", IN_ZONE, "H/0/A", IN_NONE);
    world_no(w, "clinician", INC_CASUALTY_TRIAGED, IN_CASUALTY, "T-1", IN_TRIAGE, "deceased", IN_TRIAGE_SCHEME, "tst",
             IN_BY, "P1", IN_NONE);
    world_no(w, "clinician", INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-1", IN_CASUALTY_STATUS, "died", IN_NONE);
    world_ok(w, INC_CASUALTY_TRIAGED, IN_CASUALTY, "T-1", IN_TRIAGE, "not-breathing", IN_TRIAGE_SCHEME, "tst", IN_BY,
             "P1",
             IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-1", IN_CASUALTY_STATUS, "died", IN_ROLE, "clinician", IN_NONE);
    world_free(w);
}

static void test_invariant_4_all_clear_names_what_is_missing(void **state)
{
    static const char *const zones[] = {"A", "B", "C", "D", "core", "stairs", "lift"};
    struct world *w = world_scene();
    char zone[32];

    (void)state;
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d", IN_TEXT, "declare", IN_RATIONALE, "searched", COMMANDER, IN_NONE);
    world_no(w, "14 of 14 zones are not THREAT-clear and 14 not EOD-clear: House, ground floor, A; ", INC_ALL_CLEAR,
             IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER, IN_NONE);
    for (int level = 0; level < 2; level++)
        for (size_t i = 0; i < COUNTOF(zones); i++) {
            (void)snprintf(zone, sizeof zone, "H/%d/%s", level, zones[i]);
            search(w, zone, "threat", "P1");
        }
    world_no(w, "0 of 14 zones are not THREAT-clear and 14 not EOD-clear", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION,
             "d", COMMANDER, IN_NONE);
    for (int level = 0; level < 2; level++)
        for (size_t i = 0; i < COUNTOF(zones); i++) {
            (void)snprintf(zone, sizeof zone, "H/%d/%s", level, zones[i]);
            search(w, zone, "eod", "B1");
        }
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "C8", IN_COUNTER, "attackers", IN_LO, "8", IN_HI, "10", IN_AS_OF,
             "1600000000000", IN_SOURCE, "s1", IN_GRADE, "C3", IN_NONE);
    world_no(w, "above the 0 accounted", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER, IN_NONE);
    world_no(w, "needs the role commander", INC_CLAIM_DISCOUNTED, IN_REPORT, "C8", IN_REASON, "early", IN_NONE);
    world_ok(w, INC_CLAIM_DISCOUNTED, IN_REPORT, "C8", IN_REASON, "an early estimate", COMMANDER, IN_NONE);
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "D2", IN_COUNTER, "devices", IN_LO, "1", IN_HI, "1", IN_AS_OF,
             "1600000000000", IN_SOURCE, "s1", IN_GRADE, "C3", IN_NONE);
    world_no(w, "devices: a claim is above the 0 accounted", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d",
             COMMANDER, IN_NONE);
    world_ok(w, INC_THREAT_ACCOUNTED, IN_THREAT, "V1", IN_OUTCOME, "self-detonated", IN_THREAT_KIND, "device", IN_NONE);
    world_ok(w, INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER, IN_NONE);
    world_free(w);
}

static int64_t confirmed(struct world *w, const char *counter)
{
    static struct reconciled r;

    incident_reconcile(w->s, str_from(counter), &r);
    return r.confirmed;
}

static void test_invariant_5_one_place_one_status_and_a_death_moves_between_counters(void **state)
{
    struct world *w = world_scene();
    uint32_t c;

    (void)state;
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "T-1", IN_CATEGORY, "police", IN_ZONE, "H/0/A", IN_VERIFIED, "1",
             IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-1", IN_CASUALTY_STATUS, "treated", IN_NONE);
    world_no(w, "one place", INC_CASUALTY_MOVED, IN_CASUALTY, "T-1", IN_ZONE, "H/0/A", IN_PLACE, "yard", IN_NONE);
    world_ok(w, INC_CASUALTY_MOVED, IN_CASUALTY, "T-1", IN_PLACE, "yard", IN_NONE);
    c = ent_find(w->s, ENT_CASUALTY, STR("T-1"));
    assert_true(!ent_has(w->s, c, IN_ZONE) && ent_is(w->s, c, IN_PLACE, "yard"));
    world_no(w, "does not follow", INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-1", IN_CASUALTY_STATUS, "located", IN_NONE);
    assert_true(confirmed(w, "killed") == 0 && confirmed(w, "injured") == 1);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-1", IN_CASUALTY_STATUS, "died", IN_ROLE, "clinician", IN_NONE);
    assert_true(confirmed(w, "killed") == 1 && confirmed(w, "injured") == 0);
    world_no(w, "does not follow", INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-1", IN_CASUALTY_STATUS, "treated", IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "T-2", IN_CATEGORY, "public", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-2", IN_CASUALTY_STATUS, "transported", IN_NONE);
    c = ent_find(w->s, ENT_CASUALTY, STR("T-2"));
    assert_true(!ent_has(w->s, c, IN_ZONE) && ent_has(w->s, c, IN_PLACE));
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-2", IN_CASUALTY_STATUS, "at-hospital", IN_NONE);
    assert_true(ent_is(w->s, c, IN_PLACE, "hospital, name not recorded"));
    world_free(w);
}

static void test_invariant_6_killed_is_counted_never_estimated(void **state)
{
    static struct reconciled r;
    struct world *w = world_scene();

    (void)state;
    incident_reconcile(w->s, STR("killed"), &r);
    assert_true(r.used == 0 && r.confirmed == 0 && r.accepted == -1); /* no claim is not a claim of none */
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "k", IN_COUNTER, "killed", IN_LO, "4", IN_HI, "4", IN_AS_OF,
             "1600000000000",
             IN_SOURCE, "s1", IN_GRADE, "B2", IN_CATEGORIES, "police=2", IN_CATEGORIES, "public=1", IN_NONE);
    assert_int_equal(confirmed(w, "killed"), 0);
    {
        static struct findings f;
        bool found = false;

        incident_findings(w->s, w->now_ms, &f);
        for (size_t i = 0; i < f.n; i++)
            found |= strcmp(f.list[i].rule, "category.killed") == 0;
        assert_true(found); /* 2 + 1 is not 4 */
    }
    world_free(w);
}

static void test_invariant_7_supersession_and_origins(void **state)
{
    static struct reconciled r;
    struct world *w = world_scene();

    (void)state;
    for (int i = 0; i < 3; i++) {
        char id[8], as_of[24];

        (void)snprintf(id, sizeof id, "k%d", i);
        (void)snprintf(as_of, sizeof as_of, "%" PRId64, INT64_C(1600000000000) + i);
        world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, id, IN_COUNTER, "killed", IN_LO, "4", IN_HI, "4", IN_AS_OF, as_of,
                 IN_SOURCE, i == 2 ? "s2" : "s1", IN_GRADE, "B2", IN_ORIGIN, i ? "wire" : "field", IN_NONE);
    }
    incident_reconcile(w->s, STR("killed"), &r);
    assert_true(r.used == 2 && r.claims[0].is == CLAIM_SUPERSEDED);
    /* Who grades a report does not become its source. */
    world_ok(w, INC_REPORT_GRADED, IN_REPORT, "k1", IN_GRADE, "B2", IN_SOURCE, "s2", IN_NONE);
    assert_true(ent_is(w->s, ent_find(w->s, ENT_REPORT, STR("k1")), IN_SOURCE, "s1"));
    world_no(w, "credibility 1", INC_REPORT_GRADED, IN_REPORT, "k1", IN_GRADE, "B1", IN_NONE);
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "k1", IN_RELATION, "corroborates", IN_BASIS, "k2", IN_NONE);
    world_no(w, "another origin", INC_REPORT_GRADED, IN_REPORT, "k1", IN_GRADE, "B1", IN_NONE);
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "k1", IN_RELATION, "corroborates", IN_BASIS, "k0", IN_NONE);
    world_ok(w, INC_REPORT_GRADED, IN_REPORT, "k1", IN_GRADE, "B1", IN_NONE);
    world_free(w);
}

/* A line in the log needs nobody who said it: who wrote it is known. It confirms nothing that somebody else said. */
static void test_invariant_7_a_writers_own_line_is_no_other_origin(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_no(w, "text: is needed for note", INC_REPORT_RECEIVED, IN_REPORT, "own", IN_PREDICATE, "note", IN_NONE);
    world_no(w, "grade: is needed", INC_REPORT_RECEIVED, IN_REPORT, "own", IN_PREDICATE, "note", IN_TEXT, "shots",
             IN_SOURCE, "s1", IN_NONE);
    world_no(w, "somebody said it", INC_REPORT_RECEIVED, IN_REPORT, "own", IN_PREDICATE, "statement", IN_TEXT,
             "two arrested", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "own", IN_PREDICATE, "note", IN_TEXT, "shots", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "own2", IN_PREDICATE, "note", IN_TEXT, "again", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "said", IN_PREDICATE, "note", IN_TEXT, "shots", IN_SOURCE, "s1",
             IN_GRADE, "C3", IN_NONE);
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "said", IN_RELATION, "corroborates", IN_BASIS, "own", IN_NONE);
    world_no(w, "another origin", INC_REPORT_GRADED, IN_REPORT, "said", IN_GRADE, "C1", IN_NONE);
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "own", IN_RELATION, "corroborates", IN_BASIS, "own2", IN_NONE);
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "own", IN_RELATION, "corroborates", IN_BASIS, "said", IN_NONE);
    world_no(w, "its writer's own line", INC_REPORT_GRADED, IN_REPORT, "own", IN_GRADE, "B2", IN_NONE);
    /* It claims nothing that is counted or graded. */
    world_no(w, "needed with grade", INC_REPORT_RECEIVED, IN_REPORT, "own3", IN_PREDICATE, "note", IN_TEXT, "x",
             IN_GRADE, "A1", IN_NONE);
    world_no(w, "needed with lo", INC_REPORT_RECEIVED, IN_REPORT, "own3", IN_PREDICATE, "note", IN_TEXT, "x", IN_LO,
             "40", IN_NONE);
    world_no(w, "needed with counter", INC_REPORT_RECEIVED, IN_REPORT, "own3", IN_PREDICATE, "note", IN_TEXT, "x",
             IN_COUNTER, "killed", IN_NONE);
    world_free(w);
}

/* A released statement on one fact on one report. */
static struct world *released(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r", IN_PREDICATE, "note", IN_TEXT, "the road is sealed", IN_SOURCE,
             "s1",
             IN_GRADE, "B2", IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "f", IN_TEXT, "the road is closed", IN_BASIS, "r", COMMANDER, IN_NONE);
    world_ok(w, INC_STATEMENT_DRAFTED, IN_STATEMENT, "st", IN_SPEAKER, "spokesman", IN_AUDIENCE, "public", IN_BY,
             "dora",
             IN_NONE);
    world_ok(w, INC_STATEMENT_LINED, IN_LINE, "l", IN_STATEMENT, "st", IN_TEXT, "The main road is closed.", IN_FACTS,
             "f",
             IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "emil", IN_NONE);
    world_ok(w, INC_STATEMENT_APPROVED, IN_STATEMENT, "st", IN_APPROVED_BY, "anna", COMMANDER, IN_NONE);
    world_ok(w, INC_STATEMENT_RELEASED, IN_STATEMENT, "st", IN_ROLE, "information", IN_ACTOR, "emil", IN_NONE);
    return w;
}

static void test_invariant_8_withdrawing_a_report_reopens_what_rests_on_it(void **state)
{
    struct world *w = released();

    (void)state;
    world_no(w, "basis: is needed", INC_FACT_ACCEPTED, IN_FACT, "g", IN_TEXT, "t", COMMANDER, IN_NONE);
    world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, "a", IN_TEXT, "Stay away", IN_AUDIENCE, "public", IN_AREA, "south",
             IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_FACTS, "f", IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, "a", IN_APPROVED_BY, "anna", COMMANDER, IN_NONE);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "a", IN_ROLE, "information", IN_NONE);
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "r", IN_REASON, "mistaken", IN_NONE);
    assert_true(world_state(w, ENT_FACT, "f", "disputed"));
    assert_true(world_state(w, ENT_STATEMENT, "st", "questioned"));
    assert_true(world_state(w, ENT_ALERT, "a", "questioned"));
    world_no(w, "r is withdrawn", INC_FACT_CONFIRMED, IN_FACT, "f", IN_REASON, "x", IN_BASIS, "r", COMMANDER, IN_NONE);
    world_free(w);
}

static void test_invariant_9_no_line_without_facts_nor_before_the_families(void **state)
{
    struct world *w = released();

    (void)state;
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r2", IN_PREDICATE, "note", IN_TEXT, "one dead", IN_SOURCE, "s1",
             IN_GRADE,
             "A1", IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "f2", IN_TEXT, "one killed", IN_LO, "1", IN_COUNTER, "killed", IN_BASIS,
             "r2",
             COMMANDER, IN_NONE);
    world_ok(w, INC_STATEMENT_DRAFTED, IN_STATEMENT, "s2", IN_SPEAKER, "spokesman", IN_AUDIENCE, "public", IN_BY,
             "dora",
             IN_NONE);
    world_no(w, "second person", INC_STATEMENT_CHECKED, IN_STATEMENT, "s2", IN_CHECKED_BY, "dora", IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "s2", IN_CHECKED_BY, "emil", IN_NONE);
    world_no(w, "no line", INC_STATEMENT_APPROVED, IN_STATEMENT, "s2", IN_APPROVED_BY, "anna", COMMANDER, IN_NONE);
    world_ok(w, INC_STATEMENT_LINED, IN_LINE, "l2", IN_STATEMENT, "s2", IN_TEXT, "One person was killed.", IN_FACTS,
             "f2",
             IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "s2", IN_CHECKED_BY, "emil", IN_NONE);
    world_no(w, "not what person records confirm", INC_STATEMENT_APPROVED, IN_STATEMENT, "s2", IN_APPROVED_BY, "anna",
             COMMANDER, IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "T-1", IN_CATEGORY, "public", IN_PLACE, "yard", IN_VERIFIED, "1",
             IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "T-1", IN_CASUALTY_STATUS, "died", IN_ROLE, "clinician", IN_NONE);
    world_no(w, "families are told first", INC_STATEMENT_APPROVED, IN_STATEMENT, "s2", IN_APPROVED_BY, "anna",
             COMMANDER,
             IN_NONE);
    world_no(w, "needs the role", INC_NOK_SET, IN_CASUALTY, "T-1", IN_NOK, "informed", IN_BY, "x", IN_NONE);
    world_ok(w, INC_NOK_SET, IN_CASUALTY, "T-1", IN_NOK, "informed", IN_BY, "gina", IN_ROLE, "family-liaison", IN_NONE);
    world_no(w, "role commander", INC_STATEMENT_APPROVED, IN_STATEMENT, "s2", IN_APPROVED_BY, "x", IN_NONE);
    world_ok(w, INC_STATEMENT_APPROVED, IN_STATEMENT, "s2", IN_APPROVED_BY, "anna", COMMANDER, IN_NONE);
    world_ok(w, INC_STATEMENT_RELEASED, IN_STATEMENT, "s2", IN_ROLE, "information", IN_NONE);
    /* "Safe" is the all-clear's word. */
    world_ok(w, INC_STATEMENT_DRAFTED, IN_STATEMENT, "s3", IN_SPEAKER, "x", IN_AUDIENCE, "public", IN_BY, "dora",
             IN_NONE);
    world_ok(w, INC_STATEMENT_LINED, IN_LINE, "l3", IN_STATEMENT, "s3", IN_TEXT, "Everybody is safe.", IN_FACTS, "f",
             IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "s3", IN_CHECKED_BY, "emil", IN_NONE);
    world_no(w, "not THREAT-clear", INC_STATEMENT_APPROVED, IN_STATEMENT, "s3", IN_APPROVED_BY, "anna", COMMANDER,
             IN_NONE);
    world_free(w);
}

static void test_invariant_10_command_is_taken_in_the_role_of_commander(void **state)
{
    struct world *w = world_new();

    (void)state;
    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "EX", IN_TYPE, "fire", IN_NONE);
    world_no(w, "assume command first", INC_POSTURE_SET, IN_INCIDENT, "i", IN_POSTURE, "search", IN_REASON, "x",
             COMMANDER, IN_NONE);
    world_ok(w, INC_COMMAND_ASSUMED, IN_SCOPE, "incident", IN_COMMANDER, "anna", COMMANDER, IN_NONE);
    world_no(w, "is held", INC_COMMAND_ASSUMED, IN_SCOPE, "incident", IN_COMMANDER, "anna", COMMANDER, IN_NONE);
    world_free(w);
}

static void test_invariant_10_one_command_per_scope(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_no(w, "is held; this needs vacant", INC_COMMAND_ASSUMED, IN_SCOPE, "incident", IN_COMMANDER, "boris",
             IN_NONE);
    world_ok(w, INC_COMMAND_ASSUMED, IN_SCOPE, "north", IN_COMMANDER, "boris", IN_NONE);
    world_no(w, "anna does", INC_COMMAND_TRANSFERRED, IN_SCOPE, "incident", IN_FROM, "boris", IN_TO, "chen",
             IN_BRIEFING,
             "b", IN_NONE);
    world_ok(w, INC_COMMAND_TRANSFERRED, IN_SCOPE, "incident", IN_FROM, "anna", IN_TO, "boris", IN_BRIEFING, "201",
             IN_NONE);
    world_no(w, "anna was relieved of command; boris commands now", INC_POSTURE_SET, IN_INCIDENT, "i", IN_POSTURE,
             "search",
             IN_REASON, "x", COMMANDER, IN_NONE);
    world_no(w, "transfer first", INC_UNIFIED_FORMED, IN_SCOPE, "incident", IN_COMMANDER, "anna", IN_COMMANDER, "chen",
             IN_NONE);
    world_ok(w, INC_UNIFIED_FORMED, IN_SCOPE, "incident", IN_COMMANDER, "boris", IN_COMMANDER, "chen", IN_NONE);
    world_ok(w, INC_UNIFIED_LEFT, IN_SCOPE, "incident", IN_FROM, "boris", IN_REASON, "relieved", IN_NONE);
    assert_true(world_state(w, ENT_COMMAND, "incident", "held"));
    world_ok(w, INC_POSTURE_SET, IN_INCIDENT, "i", IN_POSTURE, "search", IN_REASON, "x", IN_ROLE, "commander", IN_ACTOR,
             "chen", IN_NONE);
    /* The log keeper enters it for the commander, never for one who was relieved. */
    world_ok(w, INC_POSTURE_SET, IN_INCIDENT, "i", IN_POSTURE, "eod", IN_REASON, "x", IN_ROLE, "commander", IN_ACTOR,
             "keeper", IN_ON_BEHALF_OF, "chen", IN_NONE);
    assert_true(ent_is(w->s, incident_self(w->s), IN_ACTOR, "keeper"));
    world_no(w, "boris was relieved of command", INC_POSTURE_SET, IN_INCIDENT, "i", IN_POSTURE, "search", IN_REASON,
             "x", IN_ROLE, "commander", IN_ACTOR, "chen", IN_ON_BEHALF_OF, "boris", IN_NONE);
    world_free(w);
}

static const struct alarm *alarm_of(struct world *w, const char *id)
{
    static struct alarms alarms;

    incident_alarms(w->s, w->now_ms, &alarms);
    for (size_t i = 0; i < alarms.n; i++)
        if (strcmp(alarms.list[i].id, id) == 0)
            return &alarms.list[i];
    return NULL;
}

/* Lets time pass in steps of a second, as the shell does. */
static void pass(struct world *w, int seconds)
{
    static struct alarms work;
    static char bytes[65536];

    for (int i = 0; i < seconds; i++) {
        struct incident_command due[DUE_MAX];
        struct buf b = buf_over(bytes, sizeof bytes);
        size_t n;

        w->now_ms += 1000;
        n = incident_due(w->s, w->now_ms, &work, &b, due, DUE_MAX);
        for (size_t k = 0; k < n; k++)
            if (!world_do(w, due[k].kind, due[k].payload))
                fail_msg("%s: %s", kind_info(due[k].kind)->tag, w->err.text);
    }
}

static void test_invariant_11_inside_means_a_par_clock(void **state)
{
    struct world *w = world_scene();

    (void)state;
    assert_true(par_due_ms(w->s, ent_find(w->s, ENT_UNIT, STR("P1"))) == INT64_MAX);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_COUNT, "6", IN_NONE);
    assert_null(alarm_of(w, "par.due:P1"));
    pass(w, 1199);
    assert_null(alarm_of(w, "par.due:P1"));
    pass(w, 1);
    assert_non_null(alarm_of(w, "par.due:P1"));
    world_ok(w, INC_PAR_ACKED, IN_UNIT, "P1", IN_COUNT, "5", IN_NONE);
    assert_null(alarm_of(w, "par.due:P1"));
    assert_non_null(alarm_of(w, "par.fail:P1"));
    world_ok(w, INC_PAR_ACKED, IN_UNIT, "P1", IN_COUNT, "6", IN_NONE);
    assert_null(alarm_of(w, "par.fail:P1"));
    pass(w, 1200 + 60);
    assert_int_equal(ent_int(w->s, ent_find(w->s, ENT_UNIT, STR("P1")), IN_MISSED, 0), 1);
    assert_null(alarm_of(w, "mayday.prompt:P1"));
    pass(w, 61);
    assert_non_null(alarm_of(w, "mayday.prompt:P1")); /* a person decides */
    assert_int_equal(w->s->count[ENT_MAYDAY], 0);
    world_no(w, "it left first", INC_UNIT_RELEASED, IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    assert_null(alarm_of(w, "mayday.prompt:P1"));
    world_no(w, "not inside", INC_PAR_ACKED, IN_UNIT, "P1", IN_COUNT, "6", IN_NONE);
    world_free(w);
}

/* A roll call is closed when nobody is missing, and not before; who was not asked does not hold it up. */
static void test_invariant_11_a_roll_is_not_closed_with_somebody_missing(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_COUNT, "6", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P2", IN_ZONE, "H/1/A", IN_COUNT, "4", IN_NONE);
    world_ok(w, INC_PAR_CALLED, IN_PAR, "R1", IN_REASON, "routine", IN_NONE);
    world_no(w, "P1 has not answered", INC_PAR_CLOSED, IN_PAR, "R1", IN_NONE);
    world_ok(w, INC_PAR_ACKED, IN_UNIT, "P1", IN_COUNT, "5", IN_NONE);
    world_ok(w, INC_PAR_ACKED, IN_UNIT, "P2", IN_COUNT, "4", IN_NONE);
    world_no(w, "P1: 5 of 6", INC_PAR_CLOSED, IN_PAR, "R1", IN_NONE);
    world_ok(w, INC_PAR_CALLED, IN_PAR, "R2", IN_REASON, "again", IN_UNITS, "P2", IN_NONE);
    world_no(w, "P2 has not answered", INC_PAR_CLOSED, IN_PAR, "R2", IN_NONE);
    world_ok(w, INC_PAR_ACKED, IN_UNIT, "P2", IN_COUNT, "4", IN_NONE);
    world_ok(w, INC_PAR_CLOSED, IN_PAR, "R2", IN_NONE);
    world_no(w, "R2", INC_PAR_CLOSED, IN_PAR, "R2", IN_NONE);
    world_ok(w, INC_PAR_ACKED, IN_UNIT, "P1", IN_COUNT, "6", IN_NONE);
    world_ok(w, INC_PAR_CLOSED, IN_PAR, "R1", IN_NOTE, "all out on the grass", IN_NONE);
    world_free(w);
}

/* Accepted by its owner, held up and freed; another owner has to accept anew. */
static void test_a_task_is_accepted_blocked_and_done(void **state)
{
    struct world *w = world_scene();
    uint32_t task;

    (void)state;
    world_ok(w, INC_TASK_CREATED, IN_TASK, "K1", IN_TEXT, "open the gate", IN_OWNER, "P1", IN_NONE);
    task = ent_find(w->s, ENT_TASK, STR("K1"));
    world_ok(w, INC_TASK_ACCEPTED, IN_TASK, "K1", IN_BY, "P1", IN_NONE);
    assert_true(ent_is(w->s, task, IN_BY, "P1"));
    world_ok(w, INC_TASK_BLOCKED, IN_TASK, "K1", IN_REASON, "no key", IN_NONE);
    assert_true(ent_is(w->s, task, IN_STATE, "blocked"));
    world_ok(w, INC_TASK_UNBLOCKED, IN_TASK, "K1", IN_NONE);
    assert_true(ent_is(w->s, task, IN_STATE, "open"));
    assert_false(ent_has(w->s, task, IN_REASON));
    world_no(w, "is open", INC_TASK_UNBLOCKED, IN_TASK, "K1", IN_NONE);
    world_ok(w, INC_TASK_REASSIGNED, IN_TASK, "K1", IN_OWNER, "P2", IN_NONE);
    assert_false(ent_has(w->s, task, IN_BY));
    world_ok(w, INC_TASK_BLOCKED, IN_TASK, "K1", IN_REASON, "no key", IN_NONE);
    world_ok(w, INC_TASK_DONE, IN_TASK, "K1", IN_NONE);
    world_no(w, "done", INC_TASK_ACCEPTED, IN_TASK, "K1", IN_BY, "P2", IN_NONE);
    world_free(w);
}

/* domain.md 5.2: requested, committed, enroute, checked-in, refused, released. */
static void test_a_need_is_on_its_way_arrives_and_is_released(void **state)
{
    struct world *w = world_scene();
    uint32_t need;

    (void)state;
    world_ok(w, INC_NEED_RAISED, IN_NEED, "N1", IN_TEXT, "ladders", IN_COUNT, "2", IN_UNIT_CATEGORY, "fire",
             IN_RESOURCE_TYPE, "aerial, type 1", IN_PLACE, "north gate", IN_DUE_AT, "1700000600000", IN_PRIORITY,
             "urgent", IN_NONE);
    need = ent_find(w->s, ENT_NEED, STR("N1"));
    assert_true(ent_is(w->s, need, IN_STATE, "requested"));
    world_ok(w, INC_NEED_COMMITTED, IN_NEED, "N1", IN_BY, "EX fire control", IN_EXPECTED_AT, "1700000900000", IN_NONE);
    assert_true(ent_is(w->s, need, IN_DUE_AT, "1700000600000")); /* wanted at one time, expected at another */
    world_no(w, "there is no unit", INC_NEED_ENROUTE, IN_NEED, "N1", IN_UNITS, "nobody", IN_NONE);
    world_ok(w, INC_NEED_ENROUTE, IN_NEED, "N1", IN_UNITS, "P1", IN_UNITS, "P2", IN_NONE);
    assert_true(ent_is(w->s, need, IN_STATE, "enroute") && ent_holds(w->s, need, IN_UNITS, STR("P2")));
    assert_true(ent_is(w->s, need, IN_EXPECTED_AT, "1700000900000"));
    world_no(w, "is enroute", INC_NEED_COMMITTED, IN_NEED, "N1", IN_BY, "other", IN_NONE);
    world_ok(w, INC_NEED_ENROUTE, IN_NEED, "N1", IN_EXPECTED_AT, "1700001200000", IN_REASON, "traffic", IN_NONE);
    assert_true(ent_is(w->s, need, IN_EXPECTED_AT, "1700001200000") && ent_holds(w->s, need, IN_UNITS, STR("P2")));
    world_ok(w, INC_NEED_FILLED, IN_NEED, "N1", IN_NONE);
    assert_true(ent_is(w->s, need, IN_STATE, "checked-in"));
    world_no(w, "is checked-in", INC_NEED_REFUSED, IN_NEED, "N1", IN_REASON, "late", IN_NONE);
    world_no(w, "reason: is needed", INC_NEED_RELEASED, IN_NEED, "N1", IN_NONE);
    world_ok(w, INC_NEED_RELEASED, IN_NEED, "N1", IN_REASON, "fire is out", IN_RELEASED_BY, "EX logistics", IN_NONE);
    assert_true(ent_is(w->s, need, IN_STATE, "released"));
    assert_true(world_state(w, ENT_UNIT, "P1", "checked-in")); /* units are released by an event of their own */
    world_no(w, "is released", INC_NEED_FILLED, IN_NEED, "N1", IN_NONE);
    world_free(w);
}

static void test_a_need_that_is_not_here_in_time_is_an_alarm(void **state)
{
    struct world *w = world_scene();
    const struct alarm *a;

    (void)state;
    world_ok(w, INC_NEED_RAISED, IN_NEED, "N0", IN_TEXT, "no time was said", IN_NONE);
    world_ok(w, INC_NEED_RAISED, IN_NEED, "N1", IN_TEXT, "water", IN_DUE_AT, "1700000600000", IN_NONE);
    w->now_ms = INT64_C(1700000599999);
    assert_null(alarm_of(w, "need.overdue:N1"));
    w->now_ms++;
    a = alarm_of(w, "need.overdue:N1");
    assert_non_null(a);
    assert_string_equal(a->text, "N1 is not here yet: water");
    assert_string_equal(a->owner, "logistics");
    assert_null(alarm_of(w, "need.overdue:N0"));
    world_ok(w, INC_NEED_ENROUTE, IN_NEED, "N1", IN_EXPECTED_AT, "1700001200000", IN_NONE);
    assert_null(alarm_of(w, "need.overdue:N1")); /* another time was said */
    w->now_ms = INT64_C(1700001800000);
    a = alarm_of(w, "need.overdue:N1");
    assert_true(a && a->escalated);
    assert_string_equal(a->owner, "operations");
    world_ok(w, INC_NEED_FILLED, IN_NEED, "N1", IN_NONE);
    assert_null(alarm_of(w, "need.overdue:N1"));
    world_free(w);
}

/* domain.md 4, row 15: ten minutes after somebody was found, and why nobody may have come. */
static void test_a_casualty_that_nobody_came_to_is_an_alarm(void **state)
{
    struct world *w = world_scene();
    const struct alarm *a;

    (void)state;
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "T-1", IN_CATEGORY, "public", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "T-2", IN_CATEGORY, "public", IN_PLACE, "the yard", IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "T-3", IN_CATEGORY, "public", IN_ZONE, "H/0/B", IN_CLASS, "medical",
             IN_NONE);
    w->now_ms += 599999;
    assert_null(alarm_of(w, "casualty.waiting:T-1"));
    w->now_ms++;
    a = alarm_of(w, "casualty.waiting:T-1");
    assert_true(a && strcmp(a->owner, "commander") == 0);
    assert_string_equal(a->text, "T-1 in House, ground floor, A: nobody came for 10 minutes; the zone is not "
                                 "THREAT-clear");
    assert_true(a->class.len == 0 && str_eq(alarm_of(w, "casualty.waiting:T-3")->class, STR("medical")));
    assert_null(alarm_of(w, "casualty.waiting:T-2")); /* where that is is not known */
    world_ok(w, INC_ZONE_NO_GO, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_REASON, "fire", IN_NONE);
    a = alarm_of(w, "casualty.waiting:T-1");
    assert_non_null(strstr(a->text, "the zone is no-go"));
    world_ok(w, INC_CASUALTY_TRIAGED, IN_CASUALTY, "T-1", IN_TRIAGE_SCHEME, "start", IN_TRIAGE, "immediate",
             IN_BY, "medic", IN_NONE);
    assert_null(alarm_of(w, "casualty.waiting:T-1"));
    world_free(w);
}

/* Options are weighed one by one and one of the decision's own is chosen; plain texts of older journals stay. */
static void test_a_decision_has_options_and_a_choice_among_them(void **state)
{
    struct world *w = world_scene();
    uint32_t d, o;

    (void)state;
    world_no(w, "there is no decision", INC_OPTION_OFFERED, IN_OPTION, "D1-1", IN_DECISION, "D1", IN_TEXT, "x",
             IN_NONE);
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "D1", IN_TEXT, "hold", IN_OPTIONS, "assault", IN_OPTIONS, "wait",
             COMMANDER, IN_NONE);
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "D2", IN_TEXT, "other", COMMANDER, IN_NONE);
    d = ent_find(w->s, ENT_DECISION, STR("D1"));
    assert_true(ent_holds(w->s, d, IN_OPTIONS, STR("wait")));
    world_ok(w, INC_OPTION_OFFERED, IN_OPTION, "D1-1", IN_DECISION, "D1", IN_TEXT, "assault", IN_SUITABLE, "yes",
             IN_FEASIBLE, "partly", IN_ACCEPTABLE, "no", IN_NOTE, "residents between", IN_NONE);
    world_ok(w, INC_OPTION_OFFERED, IN_OPTION, "D1-2", IN_DECISION, "D1", IN_TEXT, "wait", IN_NONE);
    world_ok(w, INC_OPTION_OFFERED, IN_OPTION, "D2-1", IN_DECISION, "D2", IN_TEXT, "x", IN_NONE);
    world_no(w, "already option", INC_OPTION_OFFERED, IN_OPTION, "D1-1", IN_DECISION, "D2", IN_TEXT, "x", IN_NONE);
    world_no(w, "suitability: \"good\" is none of yes,partly,no", INC_OPTION_WEIGHED, IN_OPTION, "D1-2", IN_SUITABLE,
             "good", IN_NONE);
    world_ok(w, INC_OPTION_WEIGHED, IN_OPTION, "D1-2", IN_SUITABLE, "yes", IN_NONE);
    world_ok(w, INC_OPTION_WEIGHED, IN_OPTION, "D1-2", IN_FEASIBLE, "yes", IN_NONE);
    o = ent_find(w->s, ENT_OPTION, STR("D1-2"));
    assert_true(ent_is(w->s, o, IN_SUITABLE, "yes") && ent_is(w->s, o, IN_FEASIBLE, "yes"));
    assert_false(ent_has(w->s, o, IN_ACCEPTABLE));
    world_no(w, "choice: it belongs to D2", INC_OPTION_CHOSEN, IN_DECISION, "D1", IN_CHOICE, "D2-1", COMMANDER,
             IN_NONE);
    world_no(w, "role", INC_OPTION_CHOSEN, IN_DECISION, "D1", IN_CHOICE, "D1-2", IN_NONE);
    world_ok(w, INC_OPTION_CHOSEN, IN_DECISION, "D1", IN_CHOICE, "D1-2", COMMANDER, IN_NONE);
    assert_true(ent_is(w->s, d, IN_CHOICE, "D1-2"));
    /* Its options tell of a decision to nobody whom it is not for. */
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "D3", IN_TEXT, "hidden", IN_CLASS, "intel", COMMANDER, IN_NONE);
    world_no(w, "class: the decision has the class intel", INC_OPTION_OFFERED, IN_OPTION, "D3-1", IN_DECISION, "D3",
             IN_TEXT, "x", IN_NONE);
    world_ok(w, INC_OPTION_OFFERED, IN_OPTION, "D3-1", IN_DECISION, "D3", IN_TEXT, "x", IN_CLASS, "intel", IN_NONE);
    world_no(w, "class: the decision has the class intel", INC_OPTION_WEIGHED, IN_OPTION, "D3-1", IN_SUITABLE, "yes",
             IN_NONE);
    world_free(w);
}

static void test_invariant_12_two_agencies_need_both_supervisors(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a1", IN_UNITS, "A1", IN_ZONES, "H/0/core", IN_TEXT, "clear",
             COMMANDER,
             IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a1", "hold"));
    assert_true(str_eq(ent_get(w->s, ent_find(w->s, ENT_ASSIGNMENT, STR("a1")), IN_REASON),
                       STR("P1 of police is in or next to House, ground floor, core, where A1 is sent; both "
                           "supervisors must agree")));
    /* The order is still for those to whom it was given, not for the stranger. */
    assert_false(ent_holds(w->s, ent_find(w->s, ENT_ASSIGNMENT, STR("a1")), IN_UNITS, STR("P1")));
    world_no(w, "a1\" is hold", INC_ASSIGNMENT_STARTED, IN_ASSIGNMENT, "a1", IN_NONE);
    world_ok(w, INC_DECONFLICTION_REQUESTED, IN_DECONFLICTION, "d1", IN_UNITS, "P1", IN_UNITS, "A1", IN_ZONE, "H/0/A",
             IN_NONE);
    world_ok(w, INC_DECONFLICTION_AGREED, IN_DECONFLICTION, "d1", IN_ACKED_BY, "police", IN_ROLE, "supervisor",
             IN_NONE);
    world_no(w, "both supervisors", INC_ASSIGNMENT_CLEARED, IN_ASSIGNMENT, "a1", IN_DECONFLICTION, "d1", IN_NONE);
    world_ok(w, INC_DECONFLICTION_AGREED, IN_DECONFLICTION, "d1", IN_ACKED_BY, "army", IN_ROLE, "supervisor", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_CLEARED, IN_ASSIGNMENT, "a1", IN_DECONFLICTION, "d1", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_READ_BACK, IN_ASSIGNMENT, "a1", IN_BY, "A1", IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a1", "read-back"));
    /* One order for both agencies is no agreement either. */
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a2", IN_UNITS, "P2", IN_UNITS, "A1", IN_ZONES, "H/1/C", IN_TEXT,
             "clear", COMMANDER, IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a2", "hold"));
    world_no(w, "still not agreed", INC_ASSIGNMENT_CLEARED, IN_ASSIGNMENT, "a2", IN_DECONFLICTION, "d1", IN_NONE);
    /* Next to one another without agreement: an alarm. */
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "A1", IN_ZONE, "H/0/core", IN_NONE);
    assert_null(alarm_of(w, "deconfliction.missing:A1"));
    world_ok(w, INC_DECONFLICTION_REFUSED, IN_DECONFLICTION, "d1", IN_REASON, "x", IN_ROLE, "supervisor", IN_NONE);
    assert_string_equal(alarm_of(w, "deconfliction.missing:A1")->text,
                        "P1 and A1 are in or next to House, ground floor, A; their supervisors have not agreed");
    world_no(w, "inside House, ground floor, core; record", INC_UNIT_RELEASED, IN_UNIT, "A1", IN_NONE);
    world_free(w);
}

static void test_invariant_13_one_current_rvp_per_sector(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_POINT_SET, IN_POINT, "r1", IN_POINT_KIND, "rvp", IN_PLACE, "gate", IN_NONE);
    world_ok(w, INC_UNIT_ROUTED, IN_UNIT, "P2", IN_ROUTED_TO, "r1", IN_NONE);
    world_no(w, "\"r1\" is the current rvp", INC_POINT_SET, IN_POINT, "r2", IN_POINT_KIND, "rvp", IN_PLACE, "school",
             IN_NONE);
    world_ok(w, INC_POINT_SET, IN_POINT, "r3", IN_POINT_KIND, "rvp", IN_SECTOR, "north", IN_PLACE, "mill", IN_NONE);
    world_ok(w, INC_POINT_SET, IN_POINT, "r2", IN_POINT_KIND, "rvp", IN_PLACE, "school", IN_REPLACES, "r1", IN_NONE);
    assert_true(world_state(w, ENT_POINT, "r1", "closed"));
    assert_non_null(alarm_of(w, "point.closed:P2"));
    world_no(w, "closed", INC_UNIT_ROUTED, IN_UNIT, "P2", IN_ROUTED_TO, "r1", IN_NONE);
    world_ok(w, INC_UNIT_ROUTED, IN_UNIT, "P2", IN_ROUTED_TO, "r2", IN_NONE);
    assert_null(alarm_of(w, "point.closed:P2"));
    world_free(w);
}

static void test_invariant_14_nothing_is_observed_in_the_future(void **state)
{
    struct world *w = world_scene();
    char at[24];

    (void)state;
    (void)snprintf(at, sizeof at, "%" PRId64, w->now_ms + INCIDENT_SKEW_MS + 1);
    world_no(w, "in the future", INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "o", IN_OBSERVED_AT, at,
             IN_NONE);
    (void)snprintf(at, sizeof at, "%" PRId64, w->now_ms + INCIDENT_SKEW_MS);
    world_ok(w, INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "o", IN_OBSERVED_AT, at, IN_UNC_S, "900",
             IN_NONE);
    assert_int_equal(ent_int(w->s, ent_find(w->s, ENT_TASK, STR("t")), IN_UNC_S, 0), 900);
    world_free(w);
}

static size_t public_items(const struct world *w)
{
    struct public_item item;
    uint64_t at = 0;
    size_t n = 0;

    while (incident_public(w->s, &at, &item)) {
        assert_true(item.kind == ENT_LINE || item.kind == ENT_STATEMENT || item.kind == ENT_ALERT ||
                    item.kind == ENT_CLOSURE);
        assert_false(str_find(item.value, STR("SECRET")) < item.value.len);
        n++;
    }
    return n;
}

static void test_invariant_15_public_is_a_whitelist(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, "c", IN_ROAD, "SECRET road", IN_NONE);
    world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, "c2", IN_ROAD, "Main road", IN_TEXT, "SECRET", IN_CLASS, "public",
             IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_STATEMENT_DRAFTED, IN_STATEMENT, "d", IN_SPEAKER, "SECRET", IN_AUDIENCE, "public", IN_BY, "x",
             IN_NONE);
    world_ok(w, INC_STATEMENT_LINED, IN_LINE, "dl", IN_STATEMENT, "d", IN_TEXT, "SECRET", IN_NONE);
    assert_int_equal(public_items(w), 2);
    world_free(w);
    w = released();
    assert_int_equal(public_items(w), 2); /* a line and its speaker */
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "r", IN_REASON, "mistaken", IN_NONE);
    assert_int_equal(public_items(w), 0);
    world_free(w);
}

static void test_invariant_16_exercise_and_reality_do_not_mix(void **state)
{
    struct world *w = world_scene(), *x = world_new();

    (void)state;
    world_no(w, "incident is real", INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "o", IN_EXERCISE, "1",
             IN_NONE);
    world_ok(x, INC_INCIDENT_OPENED, IN_INCIDENT, "EX", IN_NAME, "n", IN_TYPE, "bomb", IN_EXERCISE, "1", IN_NONE);
    world_no(x, "is an exercise", INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "o", IN_NONE);
    x->exercise = true;
    world_ok(x, INC_COMMITMENT_MADE, IN_COMMITMENT, "c", IN_BY, "a", IN_TEXT, "x", IN_OWNER, "o", IN_NONE);
    assert_true(ent_has(x->s, ent_find(x->s, ENT_TASK, STR("c-task")), IN_EXERCISE));
    world_free(x);
    world_free(w);
}

static void alert(struct world *w, const char *id, const char *replaces)
{
    if (replaces)
        world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, id, IN_TEXT, "Stay in", IN_AUDIENCE, "public", IN_AREA, "south",
                 IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_REPLACES, replaces, IN_NONE);
    else
        world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, id, IN_TEXT, "Stay in", IN_AUDIENCE, "public", IN_AREA, "south",
                 IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, id, IN_APPROVED_BY, "anna", COMMANDER, IN_NONE);
}

static void test_invariant_18_one_instruction_per_audience_and_area(void **state)
{
    struct world *w = world_scene();

    (void)state;
    alert(w, "a1", NULL);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "a1", IN_ROLE, "information", IN_NONE);
    alert(w, "a2", NULL);
    world_no(w, "\"a1\" is active", INC_ALERT_SENT, IN_ALERT, "a2", IN_ROLE, "information", IN_NONE);
    world_no(w, "no alert of ours", INC_ALERT_DRAFTED, IN_ALERT, "a9", IN_TEXT, "x", IN_AUDIENCE, "public", IN_AREA,
             "south",
             IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_REPLACES, "a2", IN_NONE);
    alert(w, "a3", "a1");
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "a3", IN_ROLE, "information", IN_NONE);
    assert_true(world_state(w, ENT_ALERT, "a1", "replaced"));
    world_free(w);
}

static void test_invariant_19_an_alarm_has_an_owner_and_escalates(void **state)
{
    struct world *w = world_scene();
    const struct alarm *a;

    (void)state;
    world_ok(w, INC_MAJOR_DECLARED, IN_INCIDENT, "i", IN_REASON, "many hurt", IN_NONE);
    world_ok(w, INC_DECLARATION_ACKED, IN_INCIDENT, "i", IN_ACKED_BY, "police", IN_NONE);
    pass(w, 59);
    assert_null(alarm_of(w, "declaration.unacked:i/army"));
    pass(w, 1);
    a = alarm_of(w, "declaration.unacked:i/army");
    assert_true(a && strcmp(a->owner, "liaison") == 0 && !a->acked);
    assert_null(alarm_of(w, "declaration.unacked:i/police"));
    assert_true(world_state(w, ENT_ALARM, "declaration.unacked:i/army", "raised"));
    pass(w, 60);
    a = alarm_of(w, "declaration.unacked:i/army");
    assert_true(a && a->escalated && strcmp(a->owner, "commander") == 0);
    assert_true(world_state(w, ENT_ALARM, "declaration.unacked:i/army", "escalated"));
    world_ok(w, INC_ALARM_ACKED, IN_ALARM, "declaration.unacked:i/army", IN_BY, "anna", IN_NONE);
    a = alarm_of(w, "declaration.unacked:i/army");
    assert_true(a && a->acked); /* seen, and still there until its ground is gone */
    world_ok(w, INC_DECLARATION_ACKED, IN_INCIDENT, "i", IN_ACKED_BY, "army", IN_NONE);
    assert_null(alarm_of(w, "declaration.unacked:i/army"));
    /* One agency's answer does not give another one more time. */
    world_ok(w, INC_METHANE_REPORTED, IN_METHANE, "m", IN_TEXT, "x", IN_NONE);
    pass(w, 50);
    world_ok(w, INC_METHANE_ACKED, IN_METHANE, "m", IN_ACKED_BY, "police", IN_NONE);
    pass(w, 10);
    assert_non_null(alarm_of(w, "methane.unacked:m/army"));
    world_ok(w, INC_COMMAND_VACATED, IN_SCOPE, "incident", IN_REASON, "hurt", IN_NONE);
    pass(w, 119);
    assert_null(alarm_of(w, "command.vacant:incident"));
    pass(w, 1);
    assert_non_null(alarm_of(w, "command.vacant:incident"));
    world_free(w);
}

/* A phone that came before its unit checked in is that unit afterwards, and no stranger any more. */
static void test_a_known_device_is_no_stranger(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_SELF_DEPLOYED, IN_UNIT, "EX-R1", IN_REASON, "inside the outer cordon", IN_NONE);
    world_ok(w, INC_UNIT_SELF_DEPLOYED, IN_UNIT, "EX-R2", IN_REASON, "inside the outer cordon", IN_NONE);
    w->now_ms += 10 * 60000;
    assert_non_null(alarm_of(w, "unit.self_deployed:EX-R1"));
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "R1", IN_AGENCY, "police", IN_ALIAS, "EX-R1", IN_NONE);
    assert_true(world_state(w, ENT_UNIT, "EX-R1", "released") && world_state(w, ENT_UNIT, "EX-R2", "self-deployed"));
    assert_null(alarm_of(w, "unit.self_deployed:EX-R1"));
    assert_non_null(alarm_of(w, "unit.self_deployed:EX-R2"));
    world_free(w);
}

/* Somebody who was missing comes out: the state follows where he is counted. */
static void test_a_missing_person_can_come_out(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_PERSON_REGISTERED, IN_PERSON, "p", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_PERSON_IN, IN_PERSON, "p", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_PERSON_STATUS_SET, IN_PERSON, "p", IN_ACCOUNTABILITY, "missing", IN_NONE);
    assert_true(world_state(w, ENT_PERSON, "p", "missing"));
    world_ok(w, INC_PERSON_OUT, IN_PERSON, "p", IN_NONE);
    assert_true(world_state(w, ENT_PERSON, "p", "out"));
    world_free(w);
}

/* A hall with a hundred doors: whoever is seen there voids what lies behind each of them. */
static void test_a_sighting_voids_a_hundred_neighbours(void **state)
{
    enum { DOORS = 100 };
    struct world *w = world_scene();
    char zone[24], door[24];

    (void)state;
    world_ok(w, INC_ZONE_DEFINED, IN_ZONE, "hall", IN_LEVEL, "H/0", IN_NAME, "Hall", IN_ZONE_KIND, "room", IN_NONE);
    for (int i = 0; i < DOORS; i++) {
        (void)snprintf(zone, sizeof zone, "shop-%d", i);
        (void)snprintf(door, sizeof door, "door-%d", i);
        world_ok(w, INC_ZONE_DEFINED, IN_ZONE, zone, IN_LEVEL, "H/0", IN_NAME, zone, IN_ZONE_KIND, "room", IN_NONE);
        world_ok(w, INC_OPENING_SET, IN_OPENING, door, IN_ZONES, "hall", IN_ZONES, zone, IN_OPENING_KIND, "door",
                 IN_OPENING_STATE, "open", IN_NONE);
        world_ok(w, INC_SEARCH_STARTED, IN_ZONE, zone, IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
        world_ok(w, INC_SEARCH_ENDED, IN_ZONE, zone, IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
                 IN_NONE);
    }
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_ZONE, "hall", IN_NONE);
    for (int i = 0; i < DOORS; i++) {
        (void)snprintf(zone, sizeof zone, "shop-%d", i);
        assert_int_equal(clearance_of(w->s, str_from(zone), "threat"), CLEARANCE_VOID);
    }
    world_free(w);
}

/* A finding about a clearance carries its id, which has a sign that ids of commands do not. */
static void test_a_finding_about_a_clearance_can_be_resolved(void **state)
{
    struct finding f = {.rule = "order.clearance", .subject = "H/0/A|threat"};
    struct world *w = world_scene();
    char id[128];
    struct buf b = buf_over(id, sizeof id - 1);

    (void)state;
    finding_id(&f, &b);
    id[b.len] = 0;
    world_ok(w, INC_FINDING_RESOLVED, IN_FINDING, id, IN_REASON, "a slip", IN_NUMBER, "1", IN_NONE);
    world_free(w);
}

static void test_a_finding_is_resolved_with_a_reason_and_comes_back(void **state)
{
    static struct findings f;
    struct world *w = world_scene();
    char ground[20];
    struct buf b = buf_over(ground, sizeof ground);

    (void)state;
    for (int i = 0; i < 3; i++) {
        char id[8], n[8];

        (void)snprintf(id, sizeof id, "k%d", i);
        (void)snprintf(n, sizeof n, "%d", 4 + i);
        if (i == 2) {
            incident_findings(w->s, w->now_ms, &f);
            assert_string_equal(f.list[0].rule, "count.killed");
            finding_ground(&f.list[0], &b);
            ground[b.len] = 0;
            world_ok(w, INC_FINDING_RESOLVED, IN_FINDING, "count.killed:", IN_REASON, "asked both", IN_NUMBER, ground,
                     IN_NONE);
            incident_findings(w->s, w->now_ms, &f);
            assert_true(f.list[0].resolved);
            world_ok(w, INC_SOURCE_REGISTERED, IN_SOURCE, "s3", IN_SOURCE_KIND, "media", IN_NONE);
        }
        world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, id, IN_COUNTER, "killed", IN_LO, n, IN_HI, n, IN_AS_OF,
                 "1600000000000",
                 IN_SOURCE, i == 0 ? "s1" : i == 1 ? "s2" : "s3", IN_GRADE, "B2", IN_NONE);
    }
    incident_findings(w->s, w->now_ms, &f);
    assert_true(f.list[0].n == 3 && !f.list[0].resolved);
    world_free(w);
}

static void test_no_re_entry_before_structural_clearance(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d", IN_TEXT, "let people in", COMMANDER, IN_NONE);
    world_no(w, "14 zones have no structural clearance, \"House, ground floor, A\" first", INC_REENTRY_ALLOWED,
             IN_STRUCTURE, "H", IN_DECISION, "d", COMMANDER, IN_NONE);
    world_free(w);
}

static void test_durations_are_ok_strained_or_impossible(void **state)
{
    static const struct row {
        int n, u, lo, hi; /* minutes; hi -1: open */
        enum duration_verdict want;
    } rows[] = {
        {225, 30, 241, -1, DURATION_STRAINED},  {212, 2, 241, -1, DURATION_IMPOSSIBLE}, {212, 2, 195, 225, DURATION_OK},
        {225, 30, 195, 225, DURATION_OK},       {226, 1, 195, 225, DURATION_STRAINED},  {227, 1, 195, 225,
                                                                                         DURATION_IMPOSSIBLE},
        {194, 1, 195, 225, DURATION_STRAINED},  {225, 16, 241, -1, DURATION_STRAINED},  {225, 15, 241, -1,
                                                                                         DURATION_IMPOSSIBLE},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(duration_verdict(rows[i].n * 60, rows[i].u * 60, rows[i].lo * 60,
                                          rows[i].hi < 0 ? -1 : rows[i].hi * 60),
                         rows[i].want);
}

/* Every step in every state. */
static void test_the_clearance_machine(void **state)
{
    (void)state;
    for (unsigned s = 0; s < CLEARANCE_STATES; s++)
        for (unsigned k = 0; k < STEP_COUNT; k++) {
            enum clearance_state to = clearance_next((enum clearance_state)s, (enum clearance_step)k);

            assert_true(to <= CLEARANCE_REFUSED && to != CLEARANCE_UNKNOWN);
            if (k == STEP_VOID)
                assert_true((to == CLEARANCE_VOID) == clearance_is_clear((enum clearance_state)s));
            if (k == STEP_END_COMPLETE)
                assert_true((to == CLEARANCE_COMPLETE) == (s == CLEARANCE_ENTERED));
            if (k == STEP_FORBID)
                assert_true((to == CLEARANCE_NO_GO) == (s != CLEARANCE_NO_GO));
            if (s == CLEARANCE_NO_GO)
                assert_true(to == (k == STEP_LIFT ? CLEARANCE_VOID : CLEARANCE_REFUSED));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invariant_1_complete_needs_an_entry_by_a_unit_that_is_here),
        cmocka_unit_test(test_invariant_2_re_entry_or_sighting_voids),
        cmocka_unit_test(test_invariant_3_who_may_clear_what),
        cmocka_unit_test(test_invariant_4_all_clear_names_what_is_missing),
        cmocka_unit_test(test_invariant_5_one_place_one_status_and_a_death_moves_between_counters),
        cmocka_unit_test(test_invariant_6_killed_is_counted_never_estimated),
        cmocka_unit_test(test_invariant_7_supersession_and_origins),
        cmocka_unit_test(test_invariant_7_a_writers_own_line_is_no_other_origin),
        cmocka_unit_test(test_invariant_8_withdrawing_a_report_reopens_what_rests_on_it),
        cmocka_unit_test(test_invariant_9_no_line_without_facts_nor_before_the_families),
        cmocka_unit_test(test_invariant_10_one_command_per_scope),
        cmocka_unit_test(test_invariant_10_command_is_taken_in_the_role_of_commander),
        cmocka_unit_test(test_invariant_11_inside_means_a_par_clock),
        cmocka_unit_test(test_invariant_11_a_roll_is_not_closed_with_somebody_missing),
        cmocka_unit_test(test_invariant_12_two_agencies_need_both_supervisors),
        cmocka_unit_test(test_invariant_13_one_current_rvp_per_sector),
        cmocka_unit_test(test_invariant_14_nothing_is_observed_in_the_future),
        cmocka_unit_test(test_invariant_15_public_is_a_whitelist),
        cmocka_unit_test(test_invariant_16_exercise_and_reality_do_not_mix),
        cmocka_unit_test(test_invariant_18_one_instruction_per_audience_and_area),
        cmocka_unit_test(test_invariant_19_an_alarm_has_an_owner_and_escalates),
        cmocka_unit_test(test_no_re_entry_before_structural_clearance),
        cmocka_unit_test(test_durations_are_ok_strained_or_impossible),
        cmocka_unit_test(test_the_clearance_machine),
        cmocka_unit_test(test_a_known_device_is_no_stranger),
        cmocka_unit_test(test_a_missing_person_can_come_out),
        cmocka_unit_test(test_a_task_is_accepted_blocked_and_done),
        cmocka_unit_test(test_a_need_is_on_its_way_arrives_and_is_released),
        cmocka_unit_test(test_a_need_that_is_not_here_in_time_is_an_alarm),
        cmocka_unit_test(test_a_casualty_that_nobody_came_to_is_an_alarm),
        cmocka_unit_test(test_a_decision_has_options_and_a_choice_among_them),
        cmocka_unit_test(test_a_sighting_voids_a_hundred_neighbours),
        cmocka_unit_test(test_a_finding_about_a_clearance_can_be_resolved),
        cmocka_unit_test(test_a_finding_is_resolved_with_a_reason_and_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
