/* The record thread's steps, taken one by one. */
#include "support/folder.h"
#include "support/recorder_alone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct answer_head answered;
static char answer_text[ERR_TEXT_MAX];
static unsigned answers;

static void hear(struct hub *h, const struct answer_head *head, const char *text)
{
    (void)h;
    answered = *head;
    answers++;
    (void)snprintf(answer_text, sizeof answer_text, "%s", text);
}

static void open_alone(struct alone *a, const char *dir)
{
    if (!alone_open(a, dir, hear))
        fail_msg("%s", a->err.text);
}

/* Fields are pairs of tag and text, ended by 0. */
static bool say(struct alone *a, const char *ticket, enum incident_kind kind, ...)
{
    char bytes[2048];
    struct buf b = buf_over(bytes, sizeof bytes);
    va_list args;

    fields_put(&b, FIELD_TICKET, str_from(ticket));
    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    va_start(args, kind);
    for (int f = va_arg(args, int); f; f = va_arg(args, int))
        incident_put(&b, (enum incident_field)f, str_from(va_arg(args, const char *)));
    va_end(args);
    assert_true(alone_ask(a, kind, buf_str(&b), HUB_REQUEST_OTHER | 1));
    return recorder_turn(a->h.recorder) && answered.ok;
}

static void open_incident(struct alone *a)
{
    assert_true(say(a, "t-open", INC_INCIDENT_OPENED, IN_NAME, "EX drill", IN_TYPE, "bomb", IN_EXERCISE, "1",
                    IN_CADENCE_S, "60", 0));
    assert_true(say(a, "t-agency", INC_AGENCY_JOINED, IN_AGENCY, "police", IN_NAME, "Police", IN_AGENCY_KIND, "police",
                    0));
    assert_true(say(a, "t-unit", INC_UNIT_CHECKED_IN, IN_UNIT, "EX-P1", IN_AGENCY, "police", 0));
    assert_true(say(a, "t-house", INC_STRUCTURE_DEFINED, IN_STRUCTURE, "H", IN_NAME, "House", IN_STOREYS, "1",
                    IN_SCHEME, "ground=0", 0));
    assert_true(say(a, "t-in", INC_UNIT_ENTERED, IN_UNIT, "EX-P1", IN_ZONE, "H/0/A", 0));
}

/* What time makes waits for the next turn: a state that is ahead of the disk is never saved. */
static void test_a_snapshot_is_of_what_is_on_disk(void **state)
{
    static struct alone a;
    char *dir = folder_make();
    struct recorder *r;
    uint64_t hash, head;

    (void)state;
    open_alone(&a, dir);
    r = a.h.recorder;
    open_incident(&a);
    r->snapshot_rows = 1;
    alone_pass(3600000);
    head = journal_head(r->journal).seq;
    recorder_second(r, (struct now){.wall_ms = clock_wall_ms()});
    assert_true(r->entry_count > 0); /* alarms: the test is none without them */
    assert_int_equal(r->snapshot_at, head);
    recorder_second(r, (struct now){.wall_ms = clock_wall_ms()});
    assert_int_equal(r->snapshot_at, head);
    assert_true(recorder_turn(r));
    hash = incident_hash(r->incidents.list[0]);
    alone_drop(&a);
    open_alone(&a, dir);
    assert_int_equal(incident_hash(a.h.recorder->incidents.list[0]), hash);
    alone_stop(&a);
    folder_remove(dir);
}

static void test_a_number_is_of_one_command(void **state)
{
    static struct alone a;
    char *dir = folder_make();
    uint64_t seq;

    (void)state;
    open_alone(&a, dir);
    open_incident(&a);
    assert_true(say(&a, "t-task", INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "lamps", IN_OWNER, "ops", 0));
    seq = answered.seq;
    for (int i = 0; i < 2; i++) {
        assert_true(say(&a, "t-task", INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "lamps", IN_OWNER, "ops", 0));
        assert_int_equal(answered.seq, seq);
        assert_false(say(&a, "t-task", INC_TASK_DONE, IN_TASK, "t", 0));
        assert_int_equal(answered.refused, ERR_DENIED);
        assert_non_null(strstr(answer_text, "another kind of command"));
        alone_stop(&a); /* and over a restart */
        open_alone(&a, dir);
    }
    assert_true(say(&a, "t-done", INC_TASK_DONE, IN_TASK, "t", 0));
    alone_stop(&a);
    folder_remove(dir);
}

/* ---- rules between agencies ---------------------------------------------- */

static void open_sharing(struct alone *a, const char *dir)
{
    open_alone(a, dir);
    a->h.recorder->config.sharing = true;
    a->river.sets->classed = true;
}

/* Asks for a row of such a kind; fields as of say(). */
static void ask_row(struct alone *a, enum event_id kind, const char *ticket, ...)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)kind, .sender = RING_NO_SENDER,
                            .request = HUB_REQUEST_OTHER | 1, .at_ms = clock_wall_ms()};
    char bytes[2048];
    struct buf b = buf_over(bytes, sizeof bytes);
    va_list args;

    fields_put(&b, FIELD_TICKET, str_from(ticket));
    fields_put(&b, FIELD_INCIDENT, STR("EX-1"));
    va_start(args, ticket);
    for (int f = va_arg(args, int); f; f = va_arg(args, int))
        fields_put(&b, (enum field)f, str_from(va_arg(args, const char *)));
    va_end(args);
    assert_true(hub_ask(&a->h, &head, buf_str(&b)));
}

static void propose(struct alone *a, const char *ticket, const char *until)
{
    ask_row(a, EV_SHARING_PROPOSED, ticket, FIELD_FROM_AGENCY, "FIRE", FIELD_TO_AGENCY, "POL", FIELD_SHARE, "notes",
            FIELD_SHARE, "chat", FIELD_ALLOW, "1", FIELD_REASON, "exercise", FIELD_BY, "EX-anna", FIELD_UNTIL_MS, until,
            0);
}

static void confirm(struct alone *a, const char *ticket)
{
    char ref[32];

    (void)snprintf(ref, sizeof ref, "%llu", (unsigned long long)answered.seq);
    ask_row(a, EV_SHARING_CHANGED, ticket, FIELD_REF, ref, FIELD_BY, "EX-bert", 0);
}

static void test_a_rule_is_decided_against_what_is_on_the_disk(void **state)
{
    static struct alone a;
    char *dir = folder_make(), until[32];

    (void)state;
    open_sharing(&a, dir);
    propose(&a, "t-early", "0");
    assert_true(recorder_turn(a.h.recorder) && !answered.ok && answered.refused == ERR_MISSING); /* no incident */
    open_incident(&a);
    (void)snprintf(until, sizeof until, "%lld", (long long)clock_wall_ms() + 60000);
    propose(&a, "t-one", until);
    propose(&a, "t-two", until); /* in the same batch as the first */
    answers = 0;
    assert_true(recorder_turn(a.h.recorder));
    assert_int_equal(answers, 2);
    assert_int_equal(a.h.sharing->proposal_count, 1);
    assert_true(answered.ok);
    confirm(&a, "t-yes");
    assert_true(recorder_turn(a.h.recorder) && answered.ok);
    assert_int_equal(a.h.sharing->rule_count, 2);
    for (int i = 0; i < 2; i++) { /* over a start from rows, and one from a snapshot */
        if (i)
            alone_stop(&a);
        else
            alone_drop(&a);
        open_sharing(&a, dir);
        assert_int_equal(a.h.sharing->rule_count, 2);
        assert_int_equal(a.h.sharing->proposal_count, 0);
    }
    alone_pass(60000);
    for (int i = 0; i < 2; i++) { /* each class ends by a row of its own */
        recorder_second(a.h.recorder, hub_now());
        while (a.h.recorder->entry_count)
            assert_true(recorder_turn(a.h.recorder));
    }
    assert_int_equal(a.h.sharing->rule_count, 0);
    alone_stop(&a);
    open_sharing(&a, dir);
    assert_int_equal(a.h.sharing->rule_count, 0);
    alone_stop(&a);
    folder_remove(dir);
}

/* ---- groups --------------------------------------------------------------- */

static void test_groups_are_switched_or_nothing_is(void **state)
{
    static struct alone a;
    char *dir = folder_make();
    struct user u = {.name = "EX-anna",
                     .group_count = 2,
                     .groups = {{"red", true, true, true}, {"blue", true, true, true}}};
    struct err e;

    (void)state;
    open_alone(&a, dir);
    assert_true(accounts_put_user(a.h.recorder->accounts, &u, &e));
    ask_row(&a, EV_GROUPS_CHANGED, "t-1", FIELD_USER, "EX-anna", FIELD_OFF, "red", FIELD_OFF, "blue", 0);
    assert_true(recorder_turn(a.h.recorder) && !answered.ok && answered.refused == ERR_INPUT);
    ask_row(&a, EV_GROUPS_CHANGED, "t-2", FIELD_USER, "EX-nobody", FIELD_OFF, "red", 0);
    assert_true(recorder_turn(a.h.recorder) && answered.refused == ERR_MISSING);
    assert_true(accounts_user_by_name(a.h.recorder->accounts, STR("EX-anna"), &u, &e));
    assert_true(u.groups[0].active && u.groups[1].active);
    ask_row(&a, EV_GROUPS_CHANGED, "t-3", FIELD_USER, "EX-anna", FIELD_OFF, "red", FIELD_IN, "secret", 0);
    assert_true(recorder_turn(a.h.recorder) && answered.ok && answered.rows == 1);
    assert_true(accounts_user_by_name(a.h.recorder->accounts, STR("EX-anna"), &u, &e));
    assert_true(u.group_count == 2 && !u.groups[0].active && u.groups[1].active);
    ask_row(&a, EV_GROUPS_CHANGED, "t-4", FIELD_USER, "EX-anna", FIELD_OFF, "red", 0);
    assert_true(recorder_turn(a.h.recorder) && answered.ok && answered.rows == 0); /* as it is already */
    a.h.recorder->failing = true;
    ask_row(&a, EV_GROUPS_CHANGED, "t-5", FIELD_USER, "EX-anna", FIELD_IN, "red", 0);
    assert_true(recorder_turn(a.h.recorder) && !answered.ok && answered.refused == ERR_WORLD);
    a.h.recorder->failing = false;
    assert_true(accounts_user_by_name(a.h.recorder->accounts, STR("EX-anna"), &u, &e) && !u.groups[0].active);
    alone_stop(&a);
    folder_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_snapshot_is_of_what_is_on_disk),
        cmocka_unit_test(test_a_number_is_of_one_command),
        cmocka_unit_test(test_a_rule_is_decided_against_what_is_on_the_disk),
        cmocka_unit_test(test_groups_are_switched_or_nothing_is),
    };

    alone_clock();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
