/* The release guard: what may be said, line by line, in English and in Urdu. */
#include "support/incident_world.h"

#include "core/incident_alarms.h"
#include "core/incident_findings.h"
#include "core/incident_public.h"

#define COMMANDS IN_ROLE, "commander", IN_ACTOR, "anna"
#define SPEAKS IN_ROLE, "information", IN_ACTOR, "emil"

/* A well founded fact that nobody has to speak of, and one about a figure. */
static struct world *scene(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r", IN_PREDICATE, "note", IN_TEXT, "sealed", IN_SOURCE, "s1",
             IN_GRADE, "B2", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "weak", IN_PREDICATE, "note", IN_TEXT, "x", IN_SOURCE, "s2",
             IN_GRADE, "D4", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "own", IN_PREDICATE, "note", IN_TEXT, "a bus", IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "road", IN_TEXT, "Road 12 is closed", IN_BASIS, "r", COMMANDS, IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "rumour", IN_TEXT, "a bus", IN_BASIS, "weak", IN_BASIS, "own",
             COMMANDS, IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "death", IN_TEXT, "people died in the lobby", IN_BASIS, "r", COMMANDS,
             IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "hurt", IN_TEXT, "hurt", IN_COUNTER, "injured", IN_LO, "14", IN_BASIS, "r",
             COMMANDS, IN_NONE);
    world_ok(w, INC_STATEMENT_DRAFTED, IN_STATEMENT, "st", IN_SPEAKER, "spokesman", IN_AUDIENCE, "public", IN_BY,
             "dora", IN_ACTOR, "dora", IN_NONE);
    return w;
}

static struct guard judge(struct world *w, const char *line)
{
    static struct reconciled work;
    struct guarding x = {w->s, &work, w->now_ms};
    struct guard g;

    guard_line(&x, ent_find(w->s, ENT_LINE, str_from(line)), false, &g);
    return g;
}

static void write_line(struct world *w, const char *id, const char *text, const char *fact)
{
    world_ok(w, INC_STATEMENT_LINED, IN_LINE, id, IN_STATEMENT, "st", IN_TEXT, text, IN_ACTOR, "dora",
             fact ? IN_FACTS : IN_NONE, fact, IN_NONE);
}

static void test_the_reason_of_each_line(void **state)
{
    static const struct {
        const char *text, *fact, *rule;
    } rows[] = {
        {"The road is closed.", "road", ""},
        {"Road 12 is closed as of 22:45.", "road", ""},
        {"سڑک ۱۲ بند ہے، ۲۲:۴۵ تک", "road", ""},
        {"At least 14 people are hurt.", "hurt", ""},
        {"کم از کم ۱۴ افراد زخمی ہیں۔", "hurt", ""},
        {"The road is closed.", NULL, "no_fact"},
        {"A bus burns.", "rumour", "weak"},
        {"At least 15 people are hurt.", "hurt", "number"},
        {"کم از کم ۱۵ افراد زخمی ہیں۔", "hurt", "number"},
        {"Two people were killed.", "road", "no_death"},
        {"Two people were killed.", NULL, "no_death"},
        {"Two people were killed.", "death", ""},
        {"دو افراد جاں بحق ہوئے۔", "death", ""},
        {"ROAD 12 IS CLOSED", "road", ""},
        {"The gas is deadly.", "road", ""}, /* words that only begin like one of the dead */
        {"The deadline is over.", "road", ""},
        {"Shaheed-e-Millat Road is closed.", "road", ""},
        {"One is dead.", "road", "no_death"},
        {"Killing goes on.", "road", "no_death"},
        {"The shaheed's house", "road", "no_death"},
        {"The road is safe.", "road", "not_clear"},
        {"عمارت کلیئر ہے", "road", "not_clear"},
        {"Snipers are in place.", "road", "tactics"},
        {"A 20 year-old is hurt.", "road", "persons"},
        {"ایک ۲۵ سالہ شخص", "road", "persons"},
        {"نفری بڑھا دی گئی", "road", "strengths"},
    };
    struct world *w = scene();

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char id[8];
        struct guard g;

        (void)snprintf(id, sizeof id, "l%zu", i);
        write_line(w, id, rows[i].text, rows[i].fact);
        g = judge(w, id);
        if (strcmp(g.rule, rows[i].rule) != 0)
            fail_msg("\"%s\": \"%s\" (%s), not \"%s\"", rows[i].text, g.rule, g.why, rows[i].rule);
        assert_int_equal(g.light == GUARD_GREEN, rows[i].rule[0] == 0);
        assert_int_equal(g.light == GUARD_AMBER, strcmp(rows[i].rule, "weak") == 0);
    }
    assert_true(judge(w, "l9").fatality && judge(w, "l11").fatality && !judge(w, "l0").fatality);
    world_free(w);
}

/* Two who do not know of one another are as good as one who is believed; one heard twice is not. */
static void test_two_origins_are_a_ground(void **state)
{
    struct world *w = scene();

    (void)state;
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "w2", IN_PREDICATE, "note", IN_TEXT, "x", IN_SOURCE, "s1", IN_GRADE,
             "C3", IN_ORIGIN, "a wire", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "w3", IN_PREDICATE, "note", IN_TEXT, "x", IN_SOURCE, "s2", IN_GRADE,
             "C3", IN_ORIGIN, "a wire", IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "wire", IN_TEXT, "a bus", IN_BASIS, "w2", IN_BASIS, "w3", COMMANDS,
             IN_NONE);
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "two", IN_TEXT, "a bus", IN_BASIS, "w2", IN_BASIS, "weak", COMMANDS,
             IN_NONE);
    write_line(w, "l1", "A bus burns.", "wire");
    write_line(w, "l2", "A bus burns.", "two");
    assert_string_equal(judge(w, "l1").rule, "weak");
    assert_string_equal(judge(w, "l2").rule, "");
    /* It turns out that the one is what the other said. */
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "weak", IN_RELATION, "duplicates", IN_BASIS, "w3", IN_NONE);
    assert_string_equal(judge(w, "l2").rule, "weak");
    /* A weak one that repeats a good one rests on the good one. */
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "w3", IN_RELATION, "duplicates", IN_BASIS, "r", IN_NONE);
    assert_string_equal(judge(w, "l2").rule, "");
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "r", IN_REASON, "mistaken", IN_NONE);
    assert_string_equal(judge(w, "l2").rule, "weak");
    world_free(w);
}

static void test_urdu_words_however_they_are_typed(void **state)
{
    (void)state;
    assert_true(text_has(str_from("دو افراد جاں بحق ہوئے"), "جاں بحق"));
    assert_true(text_has(str_from("ہَلاکتیں"), "ہلاک"));    /* with a vowel mark */
    assert_true(text_has(str_from("هلاک"), "ہلاک"));        /* from an Arabic keyboard */
    assert_true(text_has(str_from("(شهید)"), "شہید"));
    assert_false(text_has(str_from("انصاف کرنا"), "صاف کر")); /* justice is not cleared */
    assert_true(text_has(str_from("علاقہ صاف کر دیا"), "صاف کر"));
    assert_false(text_has(str_from("skill"), "kill"));
    assert_true(text_has(str_from("kills"), "kill") && !text_has(str_from("kills"), "kill."));
    assert_true(text_has(str_from("they kill, we"), "kill.") && text_has(str_from("kill"), "kill."));
    assert_false(text_has(str_from("Shaheed-e-Millat"), "shaheed.") || text_has(str_from("shaheed-"), "shaheeds."));
    assert_true(text_has(str_from("2 dead-police"), "dead."));
    assert_true(text_has(str_from("KILLED"), "kill"));
    assert_true(text_has(str_from("\xff" "dead"), "dead")); /* broken bytes hide nothing */
    assert_true(text_has(str_from("dead\xe0"), "dead"));
    assert_false(text_has(str_from(""), "dead"));
}

static void test_a_fact_past_its_review_is_not_said(void **state)
{
    struct world *w = scene();
    char at[32];

    (void)state;
    write_line(w, "l", "The road is closed.", "road");
    world_no(w, "is over already", INC_FACT_REVIEWED, IN_FACT, "road", IN_REVIEW_AT, "1000", COMMANDS, IN_NONE);
    (void)snprintf(at, sizeof at, "%" PRId64, w->now_ms + 60000);
    world_ok(w, INC_FACT_REVIEWED, IN_FACT, "road", IN_REVIEW_AT, at, COMMANDS, IN_NONE);
    assert_string_equal(judge(w, "l").rule, "");
    w->now_ms += 120000;
    assert_string_equal(judge(w, "l").rule, "stale");
    assert_int_equal(judge(w, "l").light, GUARD_AMBER);
    (void)snprintf(at, sizeof at, "%" PRId64, w->now_ms + 60000);
    world_ok(w, INC_FACT_REVIEWED, IN_FACT, "road", IN_REVIEW_AT, at, COMMANDS, IN_NONE);
    assert_string_equal(judge(w, "l").rule, "");
    world_free(w);
}

static void test_who_wrote_it_neither_checks_nor_approves(void **state)
{
    struct world *w = scene();

    (void)state;
    write_line(w, "l", "The road is closed.", "road");
    world_no(w, "dora wrote it", INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "somebody", IN_ACTOR, "dora",
             IN_NONE);
    world_ok(w, INC_STATEMENT_LINED, IN_LINE, "l", IN_STATEMENT, "st", IN_TEXT, "Road 12 is closed.", IN_FACTS, "road",
             IN_ACTOR, "emil", IN_NONE);
    world_no(w, "emil wrote a line", INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "x", IN_ACTOR, "emil",
             IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "gina", IN_ACTOR, "gina", IN_NONE);
    /* The log keeper who wrote it may enter what the commander said. */
    world_no(w, "does not command", INC_STATEMENT_APPROVED, IN_STATEMENT, "st", IN_APPROVED_BY, "anna", IN_ROLE,
             "commander", IN_ACTOR, "dora", IN_NONE);
    world_ok(w, INC_STATEMENT_APPROVED, IN_STATEMENT, "st", IN_APPROVED_BY, "anna", IN_ROLE, "commander", IN_ACTOR,
             "dora", IN_ON_BEHALF_OF, "anna", IN_NONE);
    world_no(w, "it is approved", INC_STATEMENT_LINED, IN_LINE, "l", IN_STATEMENT, "st", IN_TEXT, "x", IN_NONE);
    world_free(w);
}

static void test_a_line_is_written_anew_and_taken_out(void **state)
{
    struct world *w = scene();
    uint64_t at = 0;
    struct public_item item;

    (void)state;
    world_ok(w, INC_STATEMENT_DRAFTED, IN_STATEMENT, "other", IN_SPEAKER, "x", IN_AUDIENCE, "public", IN_BY, "dora",
             IN_NONE);
    write_line(w, "a", "A bus burns.", "rumour");
    write_line(w, "b", "Road 12 is closed.", "road");
    world_no(w, "belongs to st", INC_STATEMENT_LINED, IN_LINE, "a", IN_STATEMENT, "other", IN_TEXT, "x", IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "gina", IN_NONE);
    write_line(w, "a", "A bus burns.", NULL);
    assert_true(world_state(w, ENT_STATEMENT, "st", "draft"));
    assert_string_equal(judge(w, "a").rule, "no_fact");
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "gina", IN_NONE);
    world_no(w, "\"a\" cannot go out", INC_STATEMENT_APPROVED, IN_STATEMENT, "st", IN_APPROVED_BY, "anna", COMMANDS,
             IN_NONE);
    world_ok(w, INC_STATEMENT_UNLINED, IN_LINE, "a", IN_NONE);
    assert_true(world_state(w, ENT_STATEMENT, "st", "draft"));
    world_no(w, "taken out", INC_STATEMENT_UNLINED, IN_LINE, "a", IN_NONE);
    world_no(w, "taken out", INC_STATEMENT_LINED, IN_LINE, "a", IN_STATEMENT, "st", IN_TEXT, "x", IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "gina", IN_NONE);
    world_ok(w, INC_STATEMENT_APPROVED, IN_STATEMENT, "st", IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
    world_ok(w, INC_STATEMENT_RELEASED, IN_STATEMENT, "st", SPEAKS, IN_NONE);
    while (incident_public(w->s, &at, &item))
        assert_false(item.kind == ENT_LINE && str_eq(ent_id(w->s, item.entity), STR("a")));
    world_free(w);
}

static bool is_found(struct world *w, const char *rule)
{
    static struct findings found;

    incident_findings(w->s, w->now_ms, &found);
    for (size_t i = 0; i < found.n; i++)
        if (strcmp(found.list[i].rule, rule) == 0)
            return true;
    return false;
}

static bool is_sounding(struct world *w, const char *id)
{
    static struct alarms alarms;

    incident_alarms(w->s, w->now_ms, &alarms);
    for (size_t i = 0; i < alarms.n; i++)
        if (strcmp(alarms.list[i].id, id) == 0)
            return true;
    return false;
}

static void test_what_we_said_and_know_now(void **state)
{
    struct world *w = scene();
    uint32_t hurt = ent_find(w->s, ENT_FACT, STR("hurt"));

    (void)state;
    write_line(w, "l", "At least 14 people are hurt.", "hurt");
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "gina", IN_NONE);
    world_ok(w, INC_STATEMENT_APPROVED, IN_STATEMENT, "st", IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
    world_ok(w, INC_STATEMENT_RELEASED, IN_STATEMENT, "st", SPEAKS, IN_NONE);
    assert_false(is_found(w, "release.outdated") || is_sounding(w, "release.questioned:st"));
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "same", IN_TEXT, "t", IN_COUNTER, "injured", IN_LO, "14", IN_BASIS, "r",
             COMMANDS, IN_NONE);
    assert_false(is_found(w, "release.outdated"));
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "more", IN_TEXT, "t", IN_COUNTER, "injured", IN_LO, "19", IN_BASIS, "r",
             COMMANDS, IN_NONE);
    assert_int_equal(guard_newer(w->s, hurt), ent_find(w->s, ENT_FACT, STR("more")));
    assert_true(is_found(w, "release.outdated") && is_sounding(w, "release.questioned:st"));
    world_ok(w, INC_FACT_WITHDRAWN, IN_FACT, "hurt", IN_REASON, "replaced", IN_NONE);
    assert_true(world_state(w, ENT_STATEMENT, "st", "questioned"));
    assert_true(is_found(w, "release.questioned") && is_sounding(w, "release.questioned:st"));
    /* The correction is out: the first one is corrected and names it. */
    world_no(w, "no statement of ours", INC_STATEMENT_DRAFTED, IN_STATEMENT, "x", IN_SPEAKER, "x", IN_AUDIENCE,
             "public", IN_BY, "dora", IN_REPLACES, "nothing", IN_NONE);
    world_ok(w, INC_STATEMENT_DRAFTED, IN_STATEMENT, "new", IN_SPEAKER, "x", IN_AUDIENCE, "public", IN_BY, "dora",
             IN_REPLACES, "st", IN_NONE);
    world_ok(w, INC_STATEMENT_LINED, IN_LINE, "n", IN_STATEMENT, "new", IN_TEXT, "At least 19 people are hurt.",
             IN_FACTS, "more", IN_NONE);
    world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "new", IN_CHECKED_BY, "gina", IN_NONE);
    world_ok(w, INC_STATEMENT_APPROVED, IN_STATEMENT, "new", IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
    assert_true(world_state(w, ENT_STATEMENT, "st", "questioned"));
    world_ok(w, INC_STATEMENT_RELEASED, IN_STATEMENT, "new", SPEAKS, IN_NONE);
    assert_true(world_state(w, ENT_STATEMENT, "st", "corrected"));
    assert_true(ent_is(w->s, ent_find(w->s, ENT_STATEMENT, STR("st")), IN_REPLACES, "new"));
    assert_false(is_sounding(w, "release.questioned:st") || is_found(w, "release.outdated"));
    world_free(w);
}

static void test_an_alert_passes_the_same_guard(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"Stay in and call 15.", NULL},
        {"Snipers are in place, stay in.", "tactics"},
        {"The street is safe again.", "THREAT-clear"},
        {"سڑک محفوظ ہے", "THREAT-clear"},
        {"Deadly gas, stay inside.", NULL}, /* nobody is dead, and there is no fact to rest on */
        {"Shaheed-e-Millat Road is closed.", NULL},
        {"The deadline to leave is 22:00.", NULL},
        {"Gas has killed people, stay inside.", NULL},
    };
    struct world *w = scene();

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char id[8];

        (void)snprintf(id, sizeof id, "a%zu", i);
        world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, id, IN_TEXT, rows[i].text, IN_AUDIENCE, "public", IN_AREA, "south",
                 IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_NONE);
        if (rows[i].why)
            world_no(w, rows[i].why, INC_ALERT_APPROVED, IN_ALERT, id, IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
        else
            world_ok(w, INC_ALERT_APPROVED, IN_ALERT, id, IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
    }
    world_free(w);
}

/* ---- what a release rests on ---------------------------------------------- */

static void test_what_was_approved_is_written_anew_when_its_fact_falls(void **state)
{
    static const char *const states[] = {"draft", "checked", "approved"};

    (void)state;
    for (size_t i = 0; i < COUNTOF(states); i++) {
        struct world *w = scene();

        write_line(w, "l", "The road is closed.", "road");
        if (i > 0)
            world_ok(w, INC_STATEMENT_CHECKED, IN_STATEMENT, "st", IN_CHECKED_BY, "emil", IN_NONE);
        if (i > 1)
            world_ok(w, INC_STATEMENT_APPROVED, IN_STATEMENT, "st", IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
        assert_true(world_state(w, ENT_STATEMENT, "st", states[i]));
        world_ok(w, INC_FACT_DISPUTED, IN_FACT, "road", IN_REASON, "a lane is open", IN_NONE);
        assert_true(world_state(w, ENT_STATEMENT, "st", "draft"));
        assert_string_equal(judge(w, "l").rule, "not_live");
        world_free(w);
    }
}

/* Credibility 1 stands on somebody else who still says it. */
static void test_a_corroboration_that_was_withdrawn_is_none(void **state)
{
    struct world *w = scene();

    (void)state;
    world_no(w, "grade: is needed", INC_REPORT_GRADED, IN_REPORT, "r", IN_REASON, "x", IN_NONE);
    world_no(w, "is needed; F6 when nothing can be judged", INC_REPORT_RECEIVED, IN_REPORT, "n", IN_PREDICATE, "note",
             IN_TEXT, "x", IN_SOURCE, "s1", IN_NONE);
    world_ok(w, INC_REPORT_LINKED, IN_REPORT, "r", IN_RELATION, "corroborates", IN_BASIS, "weak", IN_NONE);
    world_ok(w, INC_REPORT_WITHDRAWN, IN_REPORT, "weak", IN_REASON, "hearsay", IN_NONE);
    world_no(w, "credibility 1 needs a corroborating report of another origin", INC_REPORT_GRADED, IN_REPORT, "r",
             IN_GRADE, "B1", IN_NONE);
    world_ok(w, INC_REPORT_GRADED, IN_REPORT, "r", IN_GRADE, "B2", IN_NONE);
    world_free(w);
}

static void draft(struct world *w, const char *id, const char *area, const char *audience, const char *replaces)
{
    world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, id, IN_TEXT, "Stay inside", IN_AUDIENCE, audience, IN_AREA, area,
             IN_EXPIRES_AT, "1700003600000", IN_BY, "dora", IN_FACTS, "road", replaces ? IN_REPLACES : IN_NONE,
             replaces, IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, id, IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
}

static void test_an_alert_goes_out_as_the_only_one_and_in_time(void **state)
{
    struct world *w = scene();

    (void)state;
    draft(w, "a", "south", "public", NULL);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "a", SPEAKS, IN_NONE);
    draft(w, "b", "south", "public", NULL);
    world_no(w, "\"a\" is active for them; replace or cancel it", INC_ALERT_SENT, IN_ALERT, "b", SPEAKS, IN_NONE);
    draft(w, "c", "north", "public", NULL);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "c", SPEAKS, IN_NONE);
    draft(w, "d", "south", "media", NULL);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "d", SPEAKS, IN_NONE);
    /* What it would replace was cancelled meanwhile: it replaces nothing that is out. */
    draft(w, "e", "south", "public", "a");
    world_ok(w, INC_ALERT_CANCELLED, IN_ALERT, "a", IN_REASON, "over", SPEAKS, IN_NONE);
    world_no(w, "\"a\" is no alert of ours that is out", INC_ALERT_SENT, IN_ALERT, "e", SPEAKS, IN_NONE);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "b", SPEAKS, IN_NONE);
    /* A questioned one is still out, and is replaced. */
    draft(w, "g", "south", "public", "b");
    world_ok(w, INC_FACT_DISPUTED, IN_FACT, "road", IN_REASON, "x", IN_NONE);
    assert_true(world_state(w, ENT_ALERT, "b", "questioned") && world_state(w, ENT_ALERT, "g", "draft"));
    world_no(w, "is draft", INC_ALERT_SENT, IN_ALERT, "g", SPEAKS, IN_NONE);
    world_ok(w, INC_FACT_CONFIRMED, IN_FACT, "road", IN_REASON, "seen", IN_BASIS, "r", COMMANDS, IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, "g", IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "g", SPEAKS, IN_NONE);
    assert_true(world_state(w, ENT_ALERT, "b", "replaced"));
    draft(w, "h", "east", "public", NULL);
    w->now_ms = INT64_C(1700003600000);
    world_no(w, "it has expired; draft a new one", INC_ALERT_SENT, IN_ALERT, "h", SPEAKS, IN_NONE);
    world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, "k", IN_TEXT, "Stay inside", IN_AUDIENCE, "public", IN_AREA, "south",
             IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_FACTS, "road", IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, "k", IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "k", SPEAKS, IN_NONE); /* "g" has expired: nobody goes by it any more */
    world_free(w);
}

/* Approved while its fact was fresh, and sent when nobody knows any more whether it is true. */
static void test_an_alert_is_judged_again_when_it_is_sent(void **state)
{
    struct world *w = scene();

    (void)state;
    world_ok(w, INC_FACT_ACCEPTED, IN_FACT, "gas", IN_TEXT, "gas", IN_BASIS, "r", IN_REVIEW_AT, "1700000600000",
             COMMANDS, IN_NONE);
    world_ok(w, INC_ALERT_DRAFTED, IN_ALERT, "a", IN_TEXT, "Stay inside", IN_AUDIENCE, "public", IN_AREA, "south",
             IN_EXPIRES_AT, "1700009999999", IN_BY, "dora", IN_FACTS, "gas", IN_NONE);
    world_ok(w, INC_ALERT_APPROVED, IN_ALERT, "a", IN_APPROVED_BY, "anna", COMMANDS, IN_NONE);
    w->now_ms += 601000;
    world_no(w, "it cannot go out: the time of review", INC_ALERT_SENT, IN_ALERT, "a", SPEAKS, IN_NONE);
    world_ok(w, INC_FACT_REVIEWED, IN_FACT, "gas", IN_REVIEW_AT, "1700009000000", COMMANDS, IN_NONE);
    world_ok(w, INC_ALERT_SENT, IN_ALERT, "a", SPEAKS, IN_NONE);
    world_free(w);
}

static void test_a_promise_has_one_task(void **state)
{
    struct world *w = scene();
    char long_id[INCIDENT_ID_MAX + 1];

    (void)state;
    memset(long_id, 'c', INCIDENT_ID_MAX);
    long_id[INCIDENT_ID_MAX] = 0;
    world_no(w, "a shorter id, please", INC_COMMITMENT_MADE, IN_COMMITMENT, long_id, IN_BY, "a", IN_TEXT, "x", IN_OWNER,
             "o", IN_NONE);
    long_id[INCIDENT_ID_MAX - 5] = 0; /* "-task" still fits */
    world_ok(w, INC_COMMITMENT_MADE, IN_COMMITMENT, long_id, IN_BY, "a", IN_TEXT, "x", IN_OWNER, "o", IN_DUE_AT,
             "1700009999999", IN_NONE);
    world_ok(w, INC_TASK_CREATED, IN_TASK, "c-task", IN_TEXT, "x", IN_OWNER, "o", IN_NONE);
    world_no(w, "there is already a task \"c-task\"", INC_COMMITMENT_MADE, IN_COMMITMENT, "c", IN_BY, "a", IN_TEXT,
             "x", IN_OWNER, "o", IN_NONE);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reason_of_each_line),
        cmocka_unit_test(test_two_origins_are_a_ground),
        cmocka_unit_test(test_urdu_words_however_they_are_typed),
        cmocka_unit_test(test_a_fact_past_its_review_is_not_said),
        cmocka_unit_test(test_who_wrote_it_neither_checks_nor_approves),
        cmocka_unit_test(test_a_line_is_written_anew_and_taken_out),
        cmocka_unit_test(test_what_we_said_and_know_now),
        cmocka_unit_test(test_an_alert_passes_the_same_guard),
        cmocka_unit_test(test_what_was_approved_is_written_anew_when_its_fact_falls),
        cmocka_unit_test(test_a_corroboration_that_was_withdrawn_is_none),
        cmocka_unit_test(test_an_alert_goes_out_as_the_only_one_and_in_time),
        cmocka_unit_test(test_an_alert_is_judged_again_when_it_is_sent),
        cmocka_unit_test(test_a_promise_has_one_task),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
