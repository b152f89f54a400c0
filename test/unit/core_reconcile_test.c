/* The rule cordon-1, clause by clause: on plain claims, and on those of an incident. */
#include "support/incident_world.h"

#include "core/incident_findings.h"

enum { MINUTE = 60 * 1000 };

/* minute, source, lo, hi (-1 open), grade */
struct said {
    int minute;
    uint32_t source;
    int lo, hi;
    const char *grade;
};

static struct reconciled *given(const struct said *said, size_t n, bool casualty)
{
    static struct reconciled r;

    memset(&r, 0, sizeof r);
    for (size_t i = 0; i < n; i++) {
        struct claim c = {.seq = i + 1, .source = said[i].source, .lo = said[i].lo, .hi = said[i].hi,
                          .hi_open = said[i].hi < 0, .as_of_ms = (int64_t)said[i].minute * MINUTE,
                          .casualty = casualty, .has_count = true, .letter = said[i].grade[0],
                          .digit = said[i].grade[1]};

        if (c.hi_open)
            c.hi = c.lo;
        memset(c.category, -1, sizeof c.category);
        r.claims[r.n++] = c;
    }
    return &r;
}

static void test_0_unreliable_claims_are_out(void **state)
{
    static const struct said said[] = {{0, 1, 9, 9, "E5"}, {0, 2, 8, 8, "F6"}, {0, 3, 4, 4, "E4"}, {0, 4, 4, 4, "F5"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    r->claims[1].is = CLAIM_DISCOUNTED; /* there was nothing to discount */
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 4 && r->sources == 2);
    assert_int_equal(r->claims[0].is, CLAIM_EXCLUDED);
    assert_int_equal(r->claims[1].is, CLAIM_EXCLUDED);
}

static void test_0_an_excluded_claim_supersedes_nothing(void **state)
{
    static const struct said said[] = {{0, 1, 4, 4, "B2"}, {5, 1, 40, 40, "F6"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 4);
}

static void test_1_a_source_replaces_itself_by_as_of_then_order(void **state)
{
    static const struct said said[] = {{9, 1, 7, 7, "B2"}, {5, 1, 3, 3, "B2"}, {9, 1, 8, 8, "D4"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 8);
    assert_int_equal(r->claims[0].is, CLAIM_SUPERSEDED);
    assert_int_equal(r->claims[1].is, CLAIM_SUPERSEDED);
}

static void test_2_overtaken_needs_more_than_30_minutes_and_both_grades(void **state)
{
    static const struct row {
        int minutes;
        const char *old, *new;
        bool overtaken;
    } rows[] = {{30, "C3", "A1", false}, {31, "C3", "C3", true},  {31, "C3", "A4", false},
                {31, "C3", "D1", false}, {31, "C3", "B3", true}, {600, "A1", "A2", false}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        const struct said said[] = {{0, 1, 2, 2, rows[i].old}, {rows[i].minutes, 2, 5, 5, rows[i].new}};
        struct reconciled *r = given(said, 2, true);

        reconcile_cordon_1(r, NULL, 0, 0);
        assert_int_equal(r->claims[0].is, rows[i].overtaken ? CLAIM_OVERTAKEN : CLAIM_USED);
        r = given(said, 2, false);
        reconcile_cordon_1(r, NULL, 0, 0);
        assert_int_equal(r->claims[0].is, CLAIM_USED);
    }
}

static void test_2_an_overtaken_claim_still_overtakes(void **state)
{
    static const struct said said[] = {{0, 1, 1, 1, "C3"}, {40, 2, 2, 2, "C3"}, {80, 3, 3, 3, "A1"}};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed && r->lo == 3);
}

static void test_3_a_death_moves_older_claims_only(void **state)
{
    static const struct said said[] = {{0, 1, 18, 18, "B2"}, {10, 2, 19, 19, "B2"}, {20, 3, 17, 17, "B2"}};
    static const int64_t died[] = {10 * MINUTE};
    struct reconciled *r = given(said, COUNTOF(said), true);

    (void)state;
    reconcile_cordon_1(r, died, 1, -1);
    assert_int_equal(r->claims[0].lo, 17);
    assert_int_equal(r->claims[1].lo, 19);
    assert_int_equal(r->claims[2].lo, 17);
    assert_true(r->lo == 17 && r->hi == 19 && r->values == 2 && r->sources == 3);
}

static void test_4_open_ranges_and_nothing_known(void **state)
{
    static const struct said said[] = {{0, 1, 8, 10, "C3"}, {1, 2, 11, -1, "E4"}, {2, 3, 3, 3, "B1"}};
    struct reconciled *r = given(said, COUNTOF(said), false);

    (void)state;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->lo == 3 && r->hi_open && !r->agreed && r->sources == 3 && r->values == 3);
    r = given(said, 0, true);
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->used == 0 && !r->agreed);
    r = given(said, 1, false);
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_true(r->agreed); /* 8 to 10 is one closed value */
}

/* Rule 1 comes before the commander's word of rule 2: what a source said before does not come back. */
static void test_1_a_discounted_claim_still_supersedes(void **state)
{
    static const struct said said[] = {{0, 1, 8, 10, "C3"}, {5, 1, 5, 6, "C3"}, {5, 2, 3, 3, "B1"}};
    struct reconciled *r = given(said, COUNTOF(said), false);

    (void)state;
    r->claims[1].is = CLAIM_DISCOUNTED;
    reconcile_cordon_1(r, NULL, 0, 0);
    assert_int_equal(r->claims[0].is, CLAIM_SUPERSEDED);
    assert_true(r->agreed && r->lo == 3 && r->sources == 1);
}

/* Of an incident ----------------------------------------------------------- */

static void set_now(struct world *w, int minute)
{
    w->now_ms = INT64_C(1700000000000) + (int64_t)minute * MINUTE;
}

/* Claimed now, as of now. */
static void claims(struct world *w, const char *id, const char *counter, const char *n)
{
    char as_of[24];

    (void)snprintf(as_of, sizeof as_of, "%" PRId64, w->now_ms);
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, id, IN_COUNTER, counter, IN_LO, n, IN_HI, n, IN_AS_OF, as_of, IN_SOURCE,
             "s1", IN_GRADE, "B2", IN_NONE);
}

static const struct reconciled *counted(struct world *w, const char *counter)
{
    static struct reconciled r;

    incident_reconcile(w->s, str_from(counter), &r);
    return &r;
}

static void report(struct world *w, const char *tag, const char *category, const char *verified)
{
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, tag, IN_CATEGORY, category, IN_WAS_INJURED, "1",
             verified ? IN_VERIFIED : IN_NONE, verified, IN_NONE);
}

static void dies(struct world *w, const char *tag, const char *verified)
{
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, tag, IN_CASUALTY_STATUS, "died", IN_ROLE, "clinician",
             verified ? IN_VERIFIED : IN_NONE, verified, IN_NONE);
}

/* It is the death that has to be verified; a record of a living person may be doubted with it. */
static void test_3_a_doubted_death_moves_nothing(void **state)
{
    struct world *w = world_scene();

    (void)state;
    claims(w, "k", "killed", "1");
    report(w, "T-1", "public", "1");
    assert_int_equal(counted(w, "injured")->confirmed, 1);
    set_now(w, 10);
    world_ok(w, INC_CASUALTY_DOUBTED, IN_CASUALTY, "T-1", IN_REASON, "hearsay", IN_NONE);
    dies(w, "T-1", NULL);
    assert_int_equal(counted(w, "killed")->lo, 1);
    assert_int_equal(counted(w, "killed")->confirmed, 0);
    assert_int_equal(counted(w, "injured")->confirmed, 0);
    set_now(w, 20);
    world_ok(w, INC_CASUALTY_VERIFIED, IN_CASUALTY, "T-1", IN_VERIFIED, "1", IN_BY, "anna", IN_NONE);
    assert_int_equal(counted(w, "killed")->lo, 2);
    assert_int_equal(counted(w, "killed")->confirmed, 1);
    world_free(w);
}

/* Attackers are counted elsewhere, alive or dead. */
static void test_3_an_attacker_who_dies_moves_nothing(void **state)
{
    struct world *w = world_scene();

    (void)state;
    claims(w, "k", "killed", "1");
    set_now(w, 10);
    report(w, "T-1", "hostile", "1");
    dies(w, "T-1", "1");
    assert_int_equal(counted(w, "killed")->lo, 1);
    world_free(w);
}

/* Nobody is injured less than not at all, and the split is held against what was said. */
static void test_3_a_split_is_held_against_the_total_as_said(void **state)
{
    static struct findings f;
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "i", IN_COUNTER, "injured", IN_LO, "0", IN_HI, "0", IN_AS_OF,
             "1700000000000", IN_SOURCE, "s1", IN_GRADE, "B2", IN_CATEGORIES, "public=0", IN_NONE);
    set_now(w, 10);
    report(w, "T-1", "public", "1");
    dies(w, "T-1", "1");
    assert_true(counted(w, "injured")->agreed && counted(w, "injured")->hi == 0);
    incident_findings(w->s, w->now_ms, &f);
    for (size_t i = 0; i < f.n; i++)
        assert_string_not_equal(f.list[i].rule, "category.injured");
    world_free(w);
}

static bool is_found(struct world *w, const char *rule, const char *words)
{
    static struct findings f;
    bool found = false;

    incident_findings(w->s, w->now_ms, &f);
    for (size_t i = 0; i < f.n; i++)
        found |= strcmp(f.list[i].rule, rule) == 0 && strstr(f.list[i].text, words);
    return found;
}

static void splits(struct world *w, const char *id, const char *source, const char *first, const char *second)
{
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, id, IN_COUNTER, "killed", IN_LO, "4", IN_HI, "4", IN_AS_OF,
             "1700000000000", IN_SOURCE, source, IN_GRADE, "B2", IN_CATEGORIES, first, IN_CATEGORIES, second, IN_NONE);
}

/* Four of four are police and public: then none is a resident, whoever does not say so. */
static void test_4_a_whole_split_leaves_nobody_else(void **state)
{
    struct world *w = world_scene();

    (void)state;
    splits(w, "a", "s1", "police=2", "public=2");
    splits(w, "b", "s2", "police=2", "resident=2");
    assert_true(is_found(w, "category.killed", "split"));
    world_free(w);
    w = world_scene();
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "c", IN_PREDICATE, "categories", IN_COUNTER, "killed", IN_SOURCE, "s1",
             IN_GRADE, "B2", IN_CATEGORIES, "police=2", IN_NONE);
    splits(w, "d", "s2", "police=2", "resident=2");
    assert_false(is_found(w, "category.killed", "split"));
    world_free(w);
}

static void says_at(struct world *w, int n, const char *predicate, int64_t at_s, const char *unc_s)
{
    enum incident_field kind = strcmp(predicate, "cleared") == 0 ? IN_CLEARANCE_KIND : IN_NONE;
    char id[24], at[24];

    (void)snprintf(id, sizeof id, "t%d", n);
    (void)snprintf(at, sizeof at, "%" PRId64, (INT64_C(1699990000) + at_s) * 1000);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, id, IN_PREDICATE, predicate, IN_AT, at, IN_UNC_S, unc_s, IN_SOURCE,
             "s2", IN_GRADE, "B2", kind, n % 2 ? "threat" : "eod", IN_NONE);
}

/* Touching times agree; those of other kinds of clearance are other events. */
static void test_times_conflict_beyond_both_uncertainties(void **state)
{
    struct world *w = world_scene();

    (void)state;
    says_at(w, 1, "start", 0, "60");
    says_at(w, 2, "start", 120, "60");
    says_at(w, 3, "cleared", 0, "0");
    says_at(w, 4, "cleared", 5000, "0");
    assert_false(is_found(w, "time.conflict", ""));
    says_at(w, 5, "start", 121, "0");
    assert_true(is_found(w, "time.conflict", "start"));
    assert_false(is_found(w, "time.conflict", "cleared"));
    says_at(w, 7, "cleared", 1, "0");
    assert_true(is_found(w, "time.conflict", "cleared"));
    world_free(w);
}

/* Thousands of pairs take no longer than the text that tells of them. */
static void test_a_duration_tells_as_many_pairs_as_fit(void **state)
{
    struct world *w = world_scene();

    (void)state;
    for (int i = 0; i < 600; i++)
        says_at(w, i, i % 2 ? "start" : "end", i % 2 ? 0 : 3600, "0");
    for (int i = 0; i < 200; i++) {
        char id[16];

        (void)snprintf(id, sizeof id, "d%d", i);
        world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, id, IN_PREDICATE, "duration", IN_LO, "50", IN_HI, "70", IN_SOURCE,
                 "s1", IN_GRADE, "B2", IN_NONE);
    }
    assert_true(is_found(w, "duration.ok", "t1-t2 60 min ok; "));
    assert_true(is_found(w, "duration.ok", "; and more"));
    world_free(w);
}

static void accept(struct world *w, const char *count, const char *basis)
{
    world_ok(w, INC_FIGURE_ACCEPTED, IN_COUNTER, "killed", IN_COUNT, count, IN_BASIS, basis, IN_REASON, "seen", IN_ROLE,
             "commander", IN_ACTOR, "anna", IN_NONE);
}

/* The last figure holds, until what it rests on is withdrawn; another one can be accepted then. */
static void test_4_a_figure_is_accepted_again(void **state)
{
    struct world *w = world_scene();

    (void)state;
    claims(w, "k1", "killed", "4");
    set_now(w, 1);
    claims(w, "k2", "killed", "5");
    accept(w, "4", "k1");
    accept(w, "5", "k2");
    assert_int_equal(counted(w, "killed")->accepted, 5);
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "k1", IN_REASON, "a mistake", IN_NONE);
    assert_int_equal(counted(w, "killed")->accepted, 5);
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "k2", IN_REASON, "a mistake", IN_NONE);
    assert_int_equal(counted(w, "killed")->accepted, -1);
    claims(w, "k3", "killed", "6");
    accept(w, "6", "k3");
    assert_int_equal(counted(w, "killed")->accepted, 6);
    world_free(w);
}

/* The missing that we know by record are persons of ours. */
static void test_4_missing_persons_are_confirmed(void **state)
{
    struct world *w = world_scene();

    (void)state;
    assert_int_equal(counted(w, "missing")->confirmed, 0);
    assert_int_equal(counted(w, "attackers")->confirmed, -1);
    world_ok(w, INC_PERSON_REGISTERED, IN_PERSON, "p", IN_NONE);
    world_ok(w, INC_PERSON_STATUS_SET, IN_PERSON, "p", IN_ACCOUNTABILITY, "missing", IN_NONE);
    assert_int_equal(counted(w, "missing")->confirmed, 1);
    world_ok(w, INC_PERSON_STATUS_SET, IN_PERSON, "p", IN_ACCOUNTABILITY, "out", IN_NONE);
    assert_int_equal(counted(w, "missing")->confirmed, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_0_unreliable_claims_are_out),
        cmocka_unit_test(test_0_an_excluded_claim_supersedes_nothing),
        cmocka_unit_test(test_1_a_source_replaces_itself_by_as_of_then_order),
        cmocka_unit_test(test_2_overtaken_needs_more_than_30_minutes_and_both_grades),
        cmocka_unit_test(test_2_an_overtaken_claim_still_overtakes),
        cmocka_unit_test(test_3_a_death_moves_older_claims_only),
        cmocka_unit_test(test_4_open_ranges_and_nothing_known),
        cmocka_unit_test(test_1_a_discounted_claim_still_supersedes),
        cmocka_unit_test(test_3_a_doubted_death_moves_nothing),
        cmocka_unit_test(test_3_an_attacker_who_dies_moves_nothing),
        cmocka_unit_test(test_3_a_split_is_held_against_the_total_as_said),
        cmocka_unit_test(test_4_a_whole_split_leaves_nobody_else),
        cmocka_unit_test(test_times_conflict_beyond_both_uncertainties),
        cmocka_unit_test(test_a_duration_tells_as_many_pairs_as_fit),
        cmocka_unit_test(test_4_a_figure_is_accepted_again),
        cmocka_unit_test(test_4_missing_persons_are_confirmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
