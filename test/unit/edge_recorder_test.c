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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_snapshot_is_of_what_is_on_disk),
        cmocka_unit_test(test_a_number_is_of_one_command),
    };

    alone_clock();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
