/* The reference exercise: its claims as events, and what the board must say at its two moments. */
#include "support/incident_exercise.h"

static struct str exercise_file(void)
{
    struct str file = exercise_text();

    if (!file.at) {
        print_message("left out: the exercise's claims.jsonl is not there (CORDON_EXERCISE names its folder)\n");
        skip();
    }
    return file;
}

static void ids_are(const struct exercise *x, enum claim_is is, const char *want)
{
    char got[512] = "";

    for (uint32_t i = 0; i < x->r.n; i++)
        if (x->r.claims[i].is == is && x->r.claims[i].has_count) {
            (void)strncat(got, got[0] ? "," : "", 2);
            (void)strncat(got, x->id[x->r.claims[i].seq], 16);
        }
    assert_string_equal(got, want);
}

/* Exactly these, each with exactly these events in any order ("rule items"). */
static void findings_are(const struct exercise *x, const char *const *want, size_t n)
{
    size_t warned = 0;

    for (size_t i = 0; i < x->findings.n; i++) {
        const struct finding *f = &x->findings.list[i];
        bool found = false;

        if (f->severity < SEVERITY_WARN)
            continue;
        warned++;
        for (size_t j = 0; j < n && !found; j++) {
            size_t rule = strcspn(want[j], " "), items = 1, hits = 0;
            struct str list = str_from(want[j] + rule + 1);

            for (size_t k = 0; k < list.len; k++)
                items += list.at[k] == ',';
            for (size_t k = 0; k < f->n; k++) {
                char one[32];

                (void)snprintf(one, sizeof one, ",%s,", x->id[f->items[k]]);
                hits += strstr(want[j], one) != NULL;
            }
            found = strlen(f->rule) == rule && strncmp(f->rule, want[j],
                                                       rule) == 0 && hits == f->n && f->n == items - 2;
        }
        if (!found) {
            for (size_t k = 0; k < f->n; k++)
                print_message("%s ", x->id[f->items[k]]);
            fail_msg("not expected: %s (%s): %s", f->rule, f->subject, f->text);
        }
    }
    assert_int_equal(warned, n);
}

static void test_the_evening_at_22_45(void **state)
{
    static const char *const want[] = {
        "count.killed ,C17bk,C18k,C19k,",
        "count.injured ,C17bi,C18i,C19i,",
        "category.killed ,S5,C19k,",
        "threat.open ,C8,C9a,C9b,C10b,R14,R15,R16,",
        "command.conflict ,R10,C21a,",
        "place.conflict ,C13,R14,",
    };
    struct exercise *x = exercise_until(exercise_file(), "2023-02-17T22:45:00+05:00");

    (void)state;
    incident_reconcile(x->w->s, STR("killed"), &x->r);
    assert_true(x->r.lo == 4 && x->r.hi == 5 && x->r.sources == 3 && x->r.values == 2 && x->r.confirmed == 0);
    ids_are(x, CLAIM_USED, "C18k,C19k,C17bk");
    ids_are(x, CLAIM_SUPERSEDED, "C17ak");
    ids_are(x, CLAIM_OVERTAKEN, "C16k");
    incident_reconcile(x->w->s, STR("injured"), &x->r);
    assert_true(x->r.lo == 14 && x->r.hi == 19 && x->r.sources == 3 && x->r.values == 3);
    ids_are(x, CLAIM_SUPERSEDED, "C17ai");
    ids_are(x, CLAIM_OVERTAKEN, "C16i");
    incident_reconcile(x->w->s, STR("attackers"), &x->r);
    assert_true(x->r.lo == 3 && x->r.hi_open && x->r.sources == 5 && incident_accounted(x->w->s) == 3);
    findings_are(x, want, COUNTOF(want));
    world_free(x->w);
    free(x);
}

static void test_two_days_later(void **state)
{
    static const char *const want[] = {
        "count.injured ,C17bi,C20ai,",
        "threat.open ,C8,C9a,C9b,C10b,R14,R15,R16,",
        "command.conflict ,R10,C21a,C21b,",
        "place.conflict ,R14,C11,C12,C13,",
        "duration.strained ,S13d,C3,S13e,",
        "time.conflict ,C1,C2,",
        "time.conflict ,C4,C5,",
        "statement.unsupported ,S19,R14,",
    };
    struct exercise *x = exercise_until(exercise_file(), "2023-02-19T10:00:00+05:00");

    (void)state;
    incident_reconcile(x->w->s, STR("killed"), &x->r);
    assert_true(x->r.agreed && x->r.lo == 5 && x->r.hi == 5 && x->r.confirmed == 1);
    ids_are(x, CLAIM_USED, "C20bk");
    ids_are(x, CLAIM_OVERTAKEN, "C16k,C18k,C19k,C17bk,C20ak");
    incident_reconcile(x->w->s, STR("injured"), &x->r);
    assert_true(x->r.lo == 17 && x->r.hi == 18 && x->r.sources == 2 && !x->r.agreed);
    ids_are(x, CLAIM_USED, "C17bi,C20ai");
    findings_are(x, want, COUNTOF(want));
    for (size_t i = 0; i < x->findings.n; i++)
        if (strcmp(x->findings.list[i].rule, "duration.strained") == 0) {
            assert_non_null(strstr(x->findings.list[i].text, "225 min (195 to 255), strained"));
            assert_non_null(strstr(x->findings.list[i].text, "C1-C4 212 min impossible"));
        }
    /* A promise is somebody's task; what a politician says carries no fact. */
    assert_true(ent_is(x->w->s, ent_find(x->w->s, ENT_TASK, STR("R17-task")), IN_OWNER, "family liaison"));
    assert_int_equal(x->w->s->count[ENT_MEDIA], 3);
    assert_int_equal(x->w->s->count[ENT_FACT], 0);
    world_free(x->w);
    free(x);
}

/* The same evening with one claim taken back: the board is as if it had not been said. */
static void test_a_withdrawn_claim_leaves_the_board(void **state)
{
    static const char *const want[] = {
        "count.injured ,C17bi,C18i,C19i,",
        "category.killed ,S5,C19k,",
        "threat.open ,C8,C9b,C10b,R14,R15,R16,",
        "command.conflict ,R10,C21a,",
        "place.conflict ,C13,R14,",
    };
    struct exercise *x = exercise_until(exercise_file(), "2023-02-17T22:45:00+05:00");

    (void)state;
    world_ok(x->w, INC_REPORT_WITHDRAWN, IN_REPORT, "C18k", IN_REASON, "a mistake", IN_NONE);
    world_ok(x->w, INC_REPORT_WITHDRAWN, IN_REPORT, "C9a", IN_REASON, "a mistake", IN_NONE);
    incident_reconcile(x->w->s, STR("killed"), &x->r);
    assert_true(x->r.agreed && x->r.lo == 4 && x->r.sources == 2);
    ids_are(x, CLAIM_WITHDRAWN, "C18k");
    incident_reconcile(x->w->s, STR("attackers"), &x->r);
    assert_true(x->r.lo == 3 && x->r.hi == 10 && !x->r.hi_open);
    incident_findings(x->w->s, x->w->now_ms, &x->findings);
    findings_are(x, want, COUNTOF(want));
    world_free(x->w);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_evening_at_22_45),
        cmocka_unit_test(test_two_days_later),
        cmocka_unit_test(test_a_withdrawn_claim_leaves_the_board),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
