/* Rules between agencies: who hears whom, in which words, in two steps. */
#include "core/river.h"
#include "core/sharing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { T0 = 1000000 };

static void *zeroed(size_t n)
{
    void *p = aligned_alloc(64, (n + 63) & ~(size_t)63);

    assert_non_null(p);
    memset(p, 0, (n + 63) & ~(size_t)63);
    return p;
}

static const struct str one[] = {{"EX-1", 4}};
static const struct str two[] = {{"EX-1", 4}, {"EX-2", 4}};

/* A rule from a line: incident, from, to, classes, allow, until. */
struct line {
    const char *incident, *from, *to, *classes;
    bool allow;
    int64_t until_ms;
};

static size_t payload_of(const struct line *l, char *text, size_t size)
{
    struct buf b = buf_over(text, size);
    struct str rest = str_from(l->classes);

    fields_put(&b, FIELD_INCIDENT, str_from(l->incident));
    fields_put(&b, FIELD_FROM_AGENCY, str_from(l->from));
    fields_put(&b, FIELD_TO_AGENCY, str_from(l->to));
    while (rest.len) {
        size_t n = str_find_byte(rest, ',');

        fields_put(&b, FIELD_SHARE, str_cut(rest, 0, n));
        rest = str_from_at(rest, n < rest.len ? n + 1 : n);
    }
    fields_put(&b, FIELD_ALLOW, l->allow ? STR("1") : STR("0"));
    if (l->until_ms)
        fields_put_int(&b, FIELD_UNTIL_MS, l->until_ms);
    fields_put(&b, FIELD_REASON, STR("exercise"));
    fields_put(&b, FIELD_BY, STR("EX-anna"));
    assert_false(b.full);
    return b.len;
}

static void stand(struct sharing *s, uint64_t seq, struct line l)
{
    char text[2048];
    size_t len = payload_of(&l, text, sizeof text);

    sharing_apply(s, seq, EV_SHARING_CHANGED, T0, str_of(text, len));
}

static bool allows(const struct sharing *s, const struct str *open, size_t n, const char *from, const char *to,
                   unsigned share)
{
    const char *const pair[2] = {from, to};

    return sharing_allows(s, open, n, pair, share);
}

static void defaults_and_what_no_rule_changes(void **state)
{
    static const bool shared[SHARE_COUNT] = {true, true, false, false, false};
    struct sharing *s = zeroed(sizeof *s);

    (void)state;
    for (unsigned share = 0; share < SHARE_COUNT; share++) {
        assert_int_equal(sharing_by_word(str_from(sharing_word(share))), share);
        assert_int_equal(sharing_default(share), shared[share]);
        assert_int_equal(allows(s, one, 1, "FIRE", "POL", share), shared[share]);
        assert_true(allows(s, one, 0, "FIRE", "POL", share));  /* no incident is open */
        assert_true(allows(s, one, 1, "FIRE", "FIRE", share)); /* its own */
    }
    assert_int_equal(sharing_by_word(STR("gossip")), SHARE_COUNT);
    assert_null(sharing_word(SHARE_COUNT));
    free(s);
}

static void the_rule_that_says_most_exactly_wins(void **state)
{
    struct sharing *s = zeroed(sizeof *s);

    (void)state;
    stand(s, 1, (struct line){"EX-1", "*", "*", "notes,chat", true, 0});
    assert_true(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES));
    stand(s, 2, (struct line){"EX-1", "*", "POL", "notes", false, 0});
    assert_false(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES));
    assert_true(allows(s, one, 1, "POL", "FIRE", SHARE_NOTES));
    stand(s, 3, (struct line){"EX-1", "FIRE", "*", "notes", true, 0});
    assert_true(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES));
    stand(s, 4, (struct line){"EX-1", "FIRE", "POL", "notes", false, 0});
    assert_false(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES));
    assert_true(allows(s, one, 1, "FIRE", "AMB", SHARE_NOTES));
    assert_false(allows(s, one, 1, "AMB", "POL", SHARE_NOTES));
    assert_true(allows(s, one, 1, "FIRE", "POL", SHARE_CHAT));
    assert_false(allows(s, one, 1, "FIRE", "POL", SHARE_MARKERS)); /* no rule: the default */
    free(s);
}

static void of_several_incidents_a_denial_wins(void **state)
{
    struct sharing *s = zeroed(sizeof *s);

    (void)state;
    stand(s, 1, (struct line){"EX-1", "FIRE", "POL", "notes", true, 0});
    assert_true(allows(s, two, 2, "FIRE", "POL", SHARE_NOTES)); /* the other says nothing */
    stand(s, 2, (struct line){"EX-2", "FIRE", "POL", "notes,positions", false, 0});
    assert_false(allows(s, two, 2, "FIRE", "POL", SHARE_NOTES));
    assert_true(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES)); /* the second is closed */
    assert_false(allows(s, two, 2, "FIRE", "POL", SHARE_POSITIONS));
    assert_true(allows(s, two, 2, "POL", "FIRE", SHARE_POSITIONS));
    assert_true(allows(s, two, 2, "FIRE", "POL", SHARE_ALWAYS));
    free(s);
}

static void what_cannot_be_proposed(void **state)
{
    static const struct {
        struct line l;
        const char *says;
    } rows[] = {
        {{"EX-1", "FIRE", "POL", "emergencies", false, 0}, "Emergencies are always shared"},
        {{"EX-1", "FIRE", "POL", "gossip", true, 0}, "no class of traffic"},
        {{"EX-1", "FIRE", "POL", "", true, 0}, "Say which classes"},
        {{"EX-1", "FIRE", "FIRE", "notes", false, 0}, "always hears its own"},
        {{"EX-1", "", "POL", "notes", false, 0}, "from which agency"},
        {{"EX-1", "A-NAME-THAT-IS-TOO-LONG", "POL", "notes", false, 0}, "from which agency"},
        {{"EX-1", "FI\nRE", "POL", "notes", false, 0}, "control characters"},
        {{"EX-1", "\xff\xfe", "POL", "notes", false, 0}, "from which agency"},
        {{"", "FIRE", "POL", "notes", false, 0}, "which incident"},
        {{"EX-1", "FIRE", "POL", "notes", true, T0}, "must lie ahead"},
        {{"EX-1", "FIRE", "POL", "notes", true, T0 + (int64_t)32 * 86400000}, "at most 31 days"},
        {{"EX-1", "FIRE", "POL", "chat", true, 0}, "stands already"},
    };
    struct sharing *s = zeroed(sizeof *s);
    struct sharing_rule r;
    char text[2048];
    struct err e;

    (void)state;
    stand(s, 1, (struct line){"EX-1", "FIRE", "POL", "chat,notes", true, 0});
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        size_t len = payload_of(&rows[i].l, text, sizeof text);

        if (sharing_read(str_of(text, len), &r, &e) && sharing_check(s, &r, T0, &e))
            fail_msg("row %zu was taken", i);
        if (!strstr(e.text, rows[i].says))
            fail_msg("row %zu: %s", i, e.text);
    }
    free(s);
}

static uint64_t propose(struct sharing *s, uint64_t seq, struct line l)
{
    struct sharing_rule r;
    char text[2048], out[2048];
    size_t len = payload_of(&l, text, sizeof text);
    struct buf b = buf_over(out, sizeof out);
    struct err e;

    if (!sharing_read(str_of(text, len), &r, &e) || !sharing_check(s, &r, T0, &e))
        fail_msg("%s", e.text);
    sharing_write(&r, &b);
    sharing_apply(s, seq, EV_SHARING_PROPOSED, T0, buf_str(&b));
    return seq;
}

static void a_rule_takes_two_steps(void **state)
{
    struct sharing *s = zeroed(sizeof *s);
    struct sharing_rule out;
    char text[SHARING_SENTENCE], row[2048];
    struct buf sentence = buf_over(text, sizeof text), b = buf_over(row, sizeof row);
    uint64_t seq = propose(s, 7, (struct line){"EX-1", "FIRE", "POL", "notes", true, T0 + 3600000});
    struct sharing_confirm c = {.seq = seq, .incident = STR("EX-1"), .by = STR("EX-anna"), .now_ms = T0 + 1};
    struct err e;

    (void)state;
    assert_false(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES)); /* nothing yet */
    assert_false(sharing_confirm(s, &c, &out, &e));
    assert_non_null(strstr(e.text, "yourself"));
    sharing_consequence(&s->proposals[0], &sentence);
    c.read = str_cut(buf_str(&sentence), 1, sentence.len);
    assert_false(sharing_confirm(s, &c, &out, &e));
    c.read = buf_str(&sentence);
    assert_true(sharing_confirm(s, &c, &out, &e)); /* the same one, who has read it */
    c.read = (struct str){0};
    c.by = STR("EX-bert");
    assert_true(sharing_confirm(s, &c, &out, &e));
    assert_string_equal(out.proposed_by, "EX-anna");
    assert_string_equal(out.by, "EX-bert");
    c.incident = STR("EX-2");
    assert_false(sharing_confirm(s, &c, &out, &e));
    c.incident = STR("EX-1");
    c.now_ms = T0 + SHARING_PROPOSAL_MS;
    assert_false(sharing_confirm(s, &c, &out, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    sharing_write(&out, &b);
    fields_put_int(&b, FIELD_REF, (int64_t)seq);
    sharing_apply(s, 9, EV_SHARING_CHANGED, T0 + 2, buf_str(&b));
    assert_true(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES));
    assert_int_equal(s->proposal_count, 0);
    assert_null(sharing_over(s, T0 + 3599999));
    assert_ptr_equal(sharing_over(s, T0 + 3600000), &s->rules[0]);
    fields_put(&b, FIELD_ENDED, STR("1"));
    sharing_apply(s, 10, EV_SHARING_CHANGED, T0 + 3600000, buf_str(&b));
    assert_int_equal(s->rule_count, 0);
    assert_false(allows(s, one, 1, "FIRE", "POL", SHARE_NOTES));
    free(s);
}

static void proposals_are_bounded(void **state)
{
    struct sharing *s = zeroed(sizeof *s);
    struct line l = {"EX-1", "FIRE", "POL", "notes", true, 0};
    struct sharing_rule r;
    char text[2048];
    struct err e;
    size_t len = payload_of(&l, text, sizeof text);

    (void)state;
    for (uint64_t i = 0; i < SHARING_PROPOSALS; i++)
        (void)propose(s, i + 1, l);
    assert_true(sharing_read(str_of(text, len), &r, &e));
    assert_false(sharing_check(s, &r, T0, &e));
    assert_int_equal(e.kind, ERR_FULL);
    assert_true(sharing_check(s, &r, T0 + SHARING_PROPOSAL_MS, &e)); /* they are over */
    sharing_apply(s, 100, EV_SHARING_PROPOSED, T0 + SHARING_PROPOSAL_MS, str_of(text, len));
    assert_int_equal(s->proposal_count, 1);
    for (int i = 0; i < 2 * SHARING_RULES; i++) {
        char to[16];

        (void)snprintf(to, sizeof to, "A%d", i);
        stand(s, (uint64_t)(200 + i), (struct line){"EX-1", "FIRE", to, "notes", true, 0});
    }
    assert_int_equal(s->rule_count, SHARING_RULES);
    assert_false(sharing_check(s, &r, T0, &e));
    assert_int_equal(e.kind, ERR_FULL);
    free(s);
}

/* Why stands in the record, and what is confirmed still lies ahead. */
static void a_rule_has_a_reason_and_a_time_ahead(void **state)
{
    struct sharing *s = zeroed(sizeof *s);
    struct line l = {"EX-1", "FIRE", "POL", "notes", true, T0 + 60000};
    struct sharing_confirm c = {.seq = propose(s, 7, l), .incident = STR("EX-1"), .by = STR("EX-bert")};
    struct sharing_rule r, out;
    char text[2048], why[SHARING_WHY_MAX + 8], row[4096];
    struct err e;
    size_t len = payload_of(&l, text, sizeof text);

    (void)state;
    c.now_ms = T0 + 59999;
    assert_true(sharing_confirm(s, &c, &out, &e));
    c.now_ms = T0 + 60000;
    assert_false(sharing_confirm(s, &c, &out, &e));
    assert_non_null(strstr(e.text, "until which it was to count is over"));
    assert_true(sharing_read(str_of(text, len), &r, &e) && sharing_check(s, &r, T0, &e));
    r.why[0] = 0;
    assert_false(sharing_check(s, &r, T0, &e));
    assert_non_null(strstr(e.text, "Say why"));
    for (int more = 0; more < 2; more++) {
        struct buf b = buf_over(row, sizeof row);

        memset(why, 'w', sizeof why);
        fields_put(&b, FIELD_REASON, str_of(why, (size_t)SHARING_WHY_MAX + (size_t)more));
        buf_put(&b, str_of(text, len)); /* the first reason counts */
        assert_int_equal(sharing_read(buf_str(&b), &r, &e), !more);
    }
    assert_non_null(strstr(e.text, "The reason is longer than"));
    free(s);
}

static void consequences_are_sentences(void **state)
{
    static const struct {
        struct line l;
        const char *says;
    } rows[] = {
        {{"EX-1", "FIRE", "POL", "notes", true, 0},
         "Phones of POL hear the notes, missions and files of FIRE; what was said before comes with their next picture "
         "where it still stands. Emergencies and what names its addressees always go through."},
        {{"EX-1", "-", "*", "markers,chat,notes", false, 0},
         "Phones of every agency do not hear the markers and drawings, what is said to all chat rooms or the notes, "
         "missions and files of phones without an agency; what they have already stays on their phones. Emergencies "
         "and what names its addressees always go through."},
        {{"EX-1", "*", "POL", "positions,chat", true, 1767323045678},
         "Phones of POL hear the positions and what is said to all chat rooms of the other agencies, until "
         "2026-01-02T03:04:05.678Z; what was said before comes with their next picture where it still stands. "
         "Emergencies and what names its addressees always go through."},
    };
    struct sharing_rule r;
    char text[2048], said[SHARING_SENTENCE];
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        size_t len = payload_of(&rows[i].l, text, sizeof text);
        struct buf b = buf_over(said, sizeof said - 1);

        assert_true(sharing_read(str_of(text, len), &r, &e));
        sharing_consequence(&r, &b);
        said[b.len] = 0;
        assert_string_equal(said, rows[i].says);
    }
}

static void a_pair_is_a_sentence(void **state)
{
    static const struct {
        const char *pair[2];
        unsigned mask;
        const char *says;
    } rows[] = {
        {{"FIRE", "POL"}, 1u << SHARE_ALWAYS | 1u << SHARE_POSITIONS,
         "Phones of POL hear the emergencies and the positions of FIRE, not the markers and drawings, what is said to "
         "all chat rooms or the notes, missions and files."},
        {{"-", "POL"}, (1u << SHARE_COUNT) - 1,
         "Phones of POL hear the emergencies, the positions, the markers and drawings, what is said to all chat rooms "
         "and the notes, missions and files of phones without an agency."},
        {{"POL", "-"}, ((1u << SHARE_COUNT) - 1) & ~(1u << SHARE_CHAT),
         "Phones without an agency hear the emergencies, the positions, the markers and drawings and the notes, "
         "missions and files of POL, not what is said to all chat rooms."},
    };
    char said[SHARING_SENTENCE];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(said, sizeof said - 1);

        sharing_says(rows[i].pair, rows[i].mask, &b);
        said[b.len] = 0;
        assert_string_equal(said, rows[i].says);
    }
}

/* ---- in the sets ------------------------------------------------------- */

static void rules_are_bits_of_the_sets(void **state)
{
    struct sharing *s = zeroed(sizeof *s);
    struct sets *sets = zeroed(sizeof *sets);
    struct group_mask all = {0}, other = {0};
    uint8_t fire, pol;
    int in, out_pol, out_fire, out_none, out_other, notes, positions;

    (void)state;
    sets_init(sets);
    sets->classed = true;
    fire = sets_agency(sets, STR("FIRE"));
    pol = sets_agency(sets, STR("POL"));
    assert_int_equal(sets_agency(sets, STR("FIRE")), fire);
    assert_int_equal(sets_agency(sets, STR("")), SETS_NO_AGENCY);
    mask_add(&all, sets_group(sets, STR("all")));
    mask_add(&other, sets_group(sets, STR("other")));
    in = sets_in_of(sets, &all, (struct set_of){.agency = fire});
    out_pol = sets_out_of(sets, &all, pol);
    out_fire = sets_out_of(sets, &all, fire);
    out_none = sets_out_of(sets, &all, SETS_NO_AGENCY);
    out_other = sets_out_of(sets, &other, fire);
    notes = sets_shared(sets, (uint16_t)in, SHARE_NOTES);
    positions = sets_shared(sets, (uint16_t)in, SHARE_POSITIONS);
    assert_true(notes != in && positions != in && notes != positions);
    assert_int_equal(sets_shared(sets, (uint16_t)in, SHARE_NOTES), notes);
    assert_int_equal(sets_shared(sets, (uint16_t)in, SHARE_ALWAYS), in);
    assert_int_equal(sets_shared(sets, SETS_EVERYONE, SHARE_NOTES), SETS_EVERYONE);
    for (int round = 0; round < 3; round++) {
        bool rules = round > 0, given = round == 2;

        if (given)
            stand(s, 1, (struct line){"EX-1", "FIRE", "POL", "notes", true, 0});
        sharing_to_sets(s, one, rules, sets);
        assert_int_equal(sets_hears(sets, (unsigned)out_pol, (unsigned)notes), !rules || given);
        assert_int_equal(sets_hears(sets, (unsigned)out_none, (unsigned)notes), !rules);
        assert_true(sets_hears(sets, (unsigned)out_fire, (unsigned)notes));
        assert_true(sets_hears(sets, (unsigned)out_pol, (unsigned)positions));
        assert_true(sets_hears(sets, (unsigned)out_pol, (unsigned)in)); /* emergencies */
        assert_false(sets_hears(sets, (unsigned)out_other, (unsigned)notes)); /* groups count all the same */
        assert_true(sets_hears(sets, (unsigned)out_pol, SETS_EVERYONE));
    }
    /* A set that is made while rules count has their bits at once. */
    in = sets_in_of(sets, &all, (struct set_of){.agency = pol});
    assert_false(sets_hears(sets, (unsigned)out_none, (unsigned)sets_shared(sets, (uint16_t)in, SHARE_CHAT)));
    assert_true(sets_hears(sets, (unsigned)sets_out_of(sets, &all, 0), (unsigned)notes)); /* nobody's: the server */
    sets->classed = false;
    assert_int_equal(sets_shared(sets, (uint16_t)in, SHARE_NOTES), in); /* sharing = off: as it always was */
    free(sets);
    free(s);
}

static void agencies_are_bounded_and_close(void **state)
{
    struct sets *sets = zeroed(sizeof *sets);
    char name[16];

    (void)state;
    sets_init(sets);
    for (int i = 2; i < SETS_AGENCIES; i++) {
        (void)snprintf(name, sizeof name, "A%d", i);
        assert_int_equal(sets_agency(sets, str_from(name)), i);
    }
    assert_int_equal(sets_agency(sets, STR("one more")), SETS_NO_AGENCY);
    assert_int_equal(sets_agency(sets, STR("sixteen bytes xx")), SETS_NO_AGENCY);
    free(sets);
}

static void every_class_of_event_has_one(void **state)
{
    static const struct {
        enum cot_class is;
        enum share share;
    } rows[] = {{CLASS_PRESENCE, SHARE_POSITIONS}, {CLASS_TRACK, SHARE_POSITIONS}, {CLASS_OBJECT, SHARE_MARKERS},
                {CLASS_PASS, SHARE_MARKERS},       {CLASS_CHAT, SHARE_CHAT},       {CLASS_FILE, SHARE_NOTES},
                {CLASS_TASK, SHARE_NOTES},         {CLASS_EMERGENCY, SHARE_ALWAYS}, {CLASS_CASEVAC, SHARE_ALWAYS},
                {CLASS_EMERGENCY_CANCEL, SHARE_ALWAYS}, {CLASS_DELETE, SHARE_ALWAYS}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(sharing_class(rows[i].is), rows[i].share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_what_no_rule_changes),
        cmocka_unit_test(the_rule_that_says_most_exactly_wins),
        cmocka_unit_test(of_several_incidents_a_denial_wins),
        cmocka_unit_test(what_cannot_be_proposed),
        cmocka_unit_test(a_rule_takes_two_steps),
        cmocka_unit_test(proposals_are_bounded),
        cmocka_unit_test(a_rule_has_a_reason_and_a_time_ahead),
        cmocka_unit_test(consequences_are_sentences),
        cmocka_unit_test(a_pair_is_a_sentence),
        cmocka_unit_test(rules_are_bits_of_the_sets),
        cmocka_unit_test(agencies_are_bounded_and_close),
        cmocka_unit_test(every_class_of_event_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
