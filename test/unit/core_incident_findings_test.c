/* What does not fit together and who must look: the findings and alarms whose rules no other test reaches. */
#include "support/incident_world.h"

#include "core/incident_alarms.h"
#include "core/incident_findings.h"

#define COMMANDER IN_ROLE, "commander", IN_ACTOR, "anna"

static struct findings found;
static struct alarms alarms;

static const struct finding *finding_of(struct world *w, const char *rule, const char *subject)
{
    incident_findings(w->s, w->now_ms, &found);
    for (size_t i = 0; i < found.n; i++)
        if (strcmp(found.list[i].rule, rule) == 0 && strcmp(found.list[i].subject, subject) == 0)
            return &found.list[i];
    return NULL;
}

static const struct alarm *alarm_of(struct world *w, const char *id)
{
    incident_alarms(w->s, w->now_ms, &alarms);
    for (size_t i = 0; i < alarms.n; i++)
        if (strcmp(alarms.list[i].id, id) == 0)
            return &alarms.list[i];
    return NULL;
}

static uint64_t report(struct world *w, const char *id, const char *predicate, const char *grade)
{
    return world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, id, IN_PREDICATE, predicate, IN_TEXT, "x", IN_SOURCE, "s2",
                    IN_GRADE, grade, IN_NONE);
}

static void posture(struct world *w, const char *word)
{
    world_ok(w, INC_POSTURE_SET, IN_INCIDENT, "i", IN_POSTURE, word, IN_REASON, "x", COMMANDER, IN_NONE);
}

/* Uvalde: "barricaded" stood while children called from inside (domain.md 4, row 7). */
static void test_a_report_against_the_posture_asks_for_a_review(void **state)
{
    static const char *const calm[] = {"barricade", "search", "recovery"};
    struct world *w = world_scene();
    const struct finding *f;
    uint64_t seq;

    (void)state;
    report(w, "before", "shots", "C3");
    for (size_t i = 0; i < COUNTOF(calm); i++) {
        char id[16];

        posture(w, calm[i]);
        assert_null(finding_of(w, "posture.review", calm[i])); /* what was known then was weighed then */
        (void)snprintf(id, sizeof id, "weak%zu", i);
        report(w, id, "shots", "F6");
        assert_null(finding_of(w, "posture.review", calm[i]));
        (void)snprintf(id, sizeof id, "after%zu", i);
        seq = report(w, id, i ? "live-victims" : "shots", "C3");
        f = finding_of(w, "posture.review", calm[i]);
        assert_non_null(f);
        assert_true(f->severity == SEVERITY_ALARM && f->n == 1 && f->items[0] == seq);
        assert_string_equal(severity_word(f->severity), "ALARM");
    }
    world_ok(w, INC_REPORT_REFUTED, IN_REPORT, "after2", IN_REASON, "a car", IN_NONE);
    assert_null(finding_of(w, "posture.review", "recovery"));
    posture(w, "active-attack");
    report(w, "last", "shots", "C3");
    assert_null(finding_of(w, "posture.review", "active-attack"));
    world_free(w);
}

/* However many small matters there are, what is a matter of life is not the one that is left out. */
static void test_a_review_of_the_posture_is_not_left_out_for_lack_of_room(void **state)
{
    struct world *w = world_scene();

    (void)state;
    for (int i = 0; i < FINDINGS_MAX + 9; i++) {
        char id[16];

        (void)snprintf(id, sizeof id, "t%d", i);
        world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, id, IN_PREDICATE, "duration", IN_LO, "50", IN_SOURCE, "s1",
                 IN_GRADE, "B2", IN_NONE);
    }
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "a", IN_PREDICATE, "start", IN_AT, "1600000000000", IN_SOURCE, "s1",
             IN_GRADE, "B2", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "b", IN_PREDICATE, "end", IN_AT, "1600003600000", IN_SOURCE, "s1",
             IN_GRADE, "B2", IN_NONE);
    posture(w, "barricade");
    report(w, "shots", "shots", "C3");
    assert_non_null(finding_of(w, "posture.review", "barricade"));
    assert_int_equal(found.n, FINDINGS_MAX);
    assert_true(found.left_out > 0);
    world_free(w);
}

static void commands(struct world *w, const char *id, const char *who)
{
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, id, IN_PREDICATE, "commander", IN_BY, who, IN_SOURCE, "s2", IN_GRADE,
             "C3", IN_NONE);
}

static void test_two_names_for_who_commands_are_a_conflict(void **state)
{
    struct world *w = world_scene();
    const struct finding *f;

    (void)state;
    commands(w, "r1", "anna");
    assert_null(finding_of(w, "command.conflict", "incident"));
    commands(w, "r2", "a general");
    f = finding_of(w, "command.conflict", "incident");
    assert_non_null(f);
    assert_string_equal(f->text, "anna is recorded as commander; said to command: a general; ");
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "r2", IN_REASON, "x", IN_NONE);
    /* Whoever commanded when it was said is no conflict; named after the transfer he is. */
    world_ok(w, INC_COMMAND_TRANSFERRED, IN_SCOPE, "incident", IN_FROM, "anna", IN_TO, "boris", IN_BRIEFING, "b",
             IN_NONE);
    assert_null(finding_of(w, "command.conflict", "incident"));
    commands(w, "r3", "anna");
    assert_non_null(finding_of(w, "command.conflict", "incident"));
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "r1", IN_REASON, "x", IN_NONE);
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "r3", IN_REASON, "x", IN_NONE);
    world_free(w);
}

/* Nobody commands on the record, and two say who does. */
static void test_two_names_and_no_commander_are_a_conflict_too(void **state)
{
    struct world *w = world_new();

    (void)state;
    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "EX", IN_TYPE, "fire", IN_NONE);
    world_ok(w, INC_SOURCE_REGISTERED, IN_SOURCE, "s2", IN_SOURCE_KIND, "media", IN_NONE);
    commands(w, "r1", "a general");
    commands(w, "r2", "a general");
    assert_null(finding_of(w, "command.conflict", "incident"));
    commands(w, "r3", "a mayor");
    assert_string_equal(finding_of(w, "command.conflict", "incident")->text, "a general; a general; a mayor; ");
    world_free(w);
}

static void test_more_confirmed_dead_than_anybody_says(void **state)
{
    struct world *w = world_scene();
    char tag[8];

    (void)state;
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "k", IN_COUNTER, "killed", IN_LO, "1", IN_HI, "1", IN_AS_OF,
             "1700000000000", IN_SOURCE, "s2", IN_GRADE, "B2", IN_NONE);
    for (int i = 0; i < 2; i++) {
        (void)snprintf(tag, sizeof tag, "T%d", i);
        world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, tag, IN_CATEGORY, "public", IN_PLACE, "yard", IN_VERIFIED, "1",
                 IN_NONE);
        assert_null(finding_of(w, "confirmed.killed", ""));
        world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, tag, IN_CASUALTY_STATUS, "died", IN_ROLE, "clinician",
                 IN_NONE);
    }
    assert_string_equal(finding_of(w, "confirmed.killed", "")->text,
                        "killed: person records confirm 2, sources say 1 at most");
    world_free(w);
}

static void test_what_is_cleared_on_late_paper_is_marked(void **state)
{
    struct world *w = world_scene();
    uint64_t seq;

    (void)state;
    seq = world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
                   IN_VIA, "in-person", IN_NONE);
    assert_true(finding_of(w, "order.late_entry", "H/0/A|threat")->items[0] == seq);
    world_free(w);
}

/* ---- alarms ------------------------------------------------------------- */

static void test_an_alert_that_is_out_on_what_is_no_longer_held_sounds(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r", IN_PREDICATE, "note", IN_TEXT, "x", IN_SOURCE, "s1", IN_GRADE,
             "B2", IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "f", IN_TEXT, "gas", IN_BASIS, "r", COMMANDER, IN_NONE);
    world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, "a", IN_TEXT, "Stay inside", IN_AUDIENCE, "public", IN_AREA, "south",
             IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_FACTS, "f", IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, "a", IN_APPROVED_BY, "anna", COMMANDER, IN_NONE);
    /* Before it is out it goes back to its writer, without an alarm. */
    world_ok(w, INC_FACT_DISPUTED, IN_FACT, "f", IN_REASON, "no smell", IN_NONE);
    assert_true(world_state(w, ENT_ALERT, "a", "draft"));
    assert_null(alarm_of(w, "release.questioned:a"));
    world_ok(w, INC_FACT_CONFIRMED, IN_FACT, "f", IN_REASON, "measured", IN_BASIS, "r", COMMANDER, IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, "a", IN_APPROVED_BY, "anna", COMMANDER, IN_NONE);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "a", IN_ROLE, "information", IN_NONE);
    world_ok(w, INC_FACT_WITHDRAWN, IN_FACT, "f", IN_REASON, "no gas", IN_NONE);
    assert_string_equal(alarm_of(w, "release.questioned:a")->text,
                        "alert a is out and rests on what is no longer held; replace or cancel it");
    world_ok(w, INC_ALERT_CANCELLED, IN_ALERT, "a", IN_REASON, "no gas", IN_ROLE, "information", IN_NONE);
    assert_null(alarm_of(w, "release.questioned:a"));
    world_free(w);
}

/* A long text in Urdu is cut between two letters: what reaches the page is text. */
static void test_a_long_alarm_is_cut_between_letters(void **state)
{
    struct world *w = world_scene();
    char text[2048] = "";

    (void)state;
    for (int from = 0; from < 2; from++) {
        char id[8], alarm[32];

        (void)snprintf(text, sizeof text, "%s", from ? "x" : "");
        while (strlen(text) < 1500)
            strcat(text, "ک");
        (void)snprintf(id, sizeof id, "c%d", from);
        world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, id, IN_PREDICATE, "note", IN_TEXT, text, IN_CRITICAL, "1",
                 IN_SOURCE, "s1", IN_GRADE, "B2", IN_NONE);
        (void)snprintf(alarm, sizeof alarm, "critical.unread:%s", id);
        assert_true(str_is_utf8(str_from(alarm_of(w, alarm)->text)));
        assert_true(strlen(alarm_of(w, alarm)->text) > 100);
    }
    world_free(w);
}

/* More alarms than there is room for: those that come first are those of life, the rest is counted. */
static void test_a_mayday_is_heard_above_a_thousand_late_tasks(void **state)
{
    struct incident_command due[4];
    struct world *w = world_scene();
    char bytes[600], id[16];
    struct buf b = buf_over(bytes, sizeof bytes);
    size_t n;

    (void)state;
    for (int i = 0; i < ALARMS_MAX + 9; i++) {
        (void)snprintf(id, sizeof id, "K%d", i);
        world_ok(w, INC_TASK_CREATED, IN_TASK, id, IN_TEXT, "x", IN_OWNER, "o", IN_DUE_AT, "1600000000000", IN_NONE);
    }
    world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "M", IN_UNIT, "P1", IN_NONE);
    assert_string_equal(alarm_of(w, "mayday.open:M")->text, "Mayday of P1");
    assert_int_equal(alarms.n, ALARMS_MAX);
    assert_true(alarms.left_out >= 9);
    /* Of what it makes, as much as the caller has room for, the first first, each whole. */
    n = incident_due(w->s, w->now_ms, &alarms, &b, due, COUNTOF(due));
    assert_true(n > 0 && n <= COUNTOF(due));
    assert_true(str_eq(incident_value(due[0].payload, IN_ALARM), STR("mayday.open:M")));
    for (size_t i = 0; i < n; i++)
        assert_true(world_do(w, due[i].kind, due[i].payload));
    world_free(w);
}

static void test_a_machine_acknowledges_no_alarm(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "M", IN_UNIT, "P1", IN_NONE);
    world_no(w, "a person acknowledges an alarm", INC_ALARM_ACKED, IN_ALARM, "mayday.open:M", IN_BY, "x", IN_ROLE,
             "system", IN_NONE);
    assert_false(alarm_of(w, "mayday.open:M")->acked);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_report_against_the_posture_asks_for_a_review),
        cmocka_unit_test(test_a_review_of_the_posture_is_not_left_out_for_lack_of_room),
        cmocka_unit_test(test_two_names_for_who_commands_are_a_conflict),
        cmocka_unit_test(test_two_names_and_no_commander_are_a_conflict_too),
        cmocka_unit_test(test_more_confirmed_dead_than_anybody_says),
        cmocka_unit_test(test_what_is_cleared_on_late_paper_is_marked),
        cmocka_unit_test(test_an_alert_that_is_out_on_what_is_no_longer_held_sounds),
        cmocka_unit_test(test_a_long_alarm_is_cut_between_letters),
        cmocka_unit_test(test_a_mayday_is_heard_above_a_thousand_late_tasks),
        cmocka_unit_test(test_a_machine_acknowledges_no_alarm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
