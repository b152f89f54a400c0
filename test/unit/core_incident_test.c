/* The incident core as a machine: tables, refusals, replay and a random life. */
#include "support/incident_life.h"

#include "core/incident_alarms.h"
#include "core/incident_findings.h"
#include "core/incident_public.h"

static void test_the_tables_are_whole(void **state)
{
    unsigned kinds = 0;

    (void)state;
    for (unsigned k = 0; k < INC_END; k++) {
        const struct kind_info *i = kind_info(k);

        if (!i->tag)
            continue;
        kinds++;
        assert_true(k >= 100);
        assert_int_equal(incident_kind_of(str_from(i->tag)), k);
        for (const struct field_in_kind *x = i->fields; x->use != USE_END; x++) {
            assert_non_null(field_info(x->field)->name);
            assert_true(x->use != USE_ADD || field_info(x->field)->many);
        }
        assert_true((i->entity == ENT_NONE) == (i->mode == MODE_ALONE));
    }
    assert_true(kinds > 150);
    for (enum entity_kind k = ENT_NONE + 1; k < ENT_COUNT; k++)
        assert_non_null(field_info(entity_info(k)->key)->name);
    for (unsigned f = 64; f < FIELD_TAGS; f++)
        for (unsigned g = 64; field_info(f)->name && g < f; g++)
            assert_true(!field_info(g)->name || strcmp(field_info(f)->name, field_info(g)->name) != 0);
}

static void test_a_refusal_names_the_field_and_what_to_do(void **state)
{
    struct world *w = world_new();

    (void)state;
    world_no(w, "open it first", INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "ops", IN_NONE);
    world_no(w, "name: is needed", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_TYPE, "bomb", IN_NONE);
    world_no(w, "type: \"riot\" is none of", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "n", IN_TYPE, "riot",
             IN_NONE);
    world_no(w, "name: given twice", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "a", IN_NAME, "b", IN_TYPE, "bomb",
             IN_NONE);
    world_no(w, "strength: not a field", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "a", IN_STRENGTH, "2",
             IN_NONE);
    world_no(w, "lat: a number", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "a", IN_LAT, "90.1", IN_NONE);
    world_no(w, "name: one line", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "a\nb", IN_NONE);
    world_no(w, "name: one line", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "\xff", IN_NONE);
    world_no(w, "incident: an id", INC_INCIDENT_OPENED, IN_INCIDENT, "a|b", IN_NAME, "n", IN_NONE);
    world_no(w, "recorded_at: the server", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_RECORDED_AT, "1", IN_NONE);
    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "n", IN_TYPE, "bomb", IN_LAT, "-24.86", IN_LON, "67.0",
             IN_NONE);
    world_no(w, "count: one supervisor leads 3 to 7", INC_INCIDENT_CHANGED, IN_INCIDENT, "i", IN_COUNT, "2", IN_NONE);
    world_no(w, "count: one supervisor leads 3 to 7", INC_INCIDENT_CHANGED, IN_INCIDENT, "i", IN_COUNT, "8", IN_NONE);
    world_ok(w, INC_INCIDENT_CHANGED, IN_INCIDENT, "i", IN_COUNT, "5", IN_NONE);
    assert_true(ent_is(w->s, incident_self(w->s), IN_COUNT, "5"));
    world_no(w, "already incident", INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "n", IN_TYPE, "bomb", IN_NONE);
    world_no(w, "already has its incident", INC_INCIDENT_OPENED, IN_INCIDENT, "j", IN_NAME, "n", IN_TYPE, "bomb",
             IN_NONE);
    world_no(w, "agency: there is no agency \"x\"", INC_UNIT_CHECKED_IN, IN_UNIT, "u", IN_AGENCY, "x", IN_NONE);
    world_no(w, "cause: event 9 is not there", INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "o", IN_CAUSE,
             "9",
             IN_NONE);
    world_ok(w, INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "ops", IN_NONE);
    world_ok(w, INC_TASK_DONE, IN_TASK, "t", IN_NONE);
    world_no(w, "task \"t\" is done; this needs open", INC_TASK_DONE, IN_TASK, "t", IN_NONE);
    world_free(w);
}

static void test_torn_and_wild_payloads_are_refused(void **state)
{
    struct world *w = world_new();
    static const char torn[] = "\x8d\x00\x00\x00\x09" "abc", wild[] = "\xff\xff\xff\xff\xff" "abc";

    (void)state;
    assert_false(world_do(w, INC_INCIDENT_OPENED, str_of(torn, sizeof torn - 1)));
    assert_false(world_do(w, INC_INCIDENT_OPENED, str_of(wild, sizeof wild - 1)));
    assert_false(world_do(w, (enum incident_kind)99, STR("")));
    assert_false(world_do(w, INC_END, STR("")));
    world_free(w);
}

static void test_every_value_cites_its_event(void **state)
{
    struct world *w = world_scene();
    uint64_t first = world_ok(w, INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "ops", IN_NONE);
    uint64_t second = world_ok(w, INC_TASK_REASSIGNED, IN_TASK, "t", IN_OWNER, "logistics", IN_NONE);
    uint32_t t = ent_find(w->s, ENT_TASK, STR("t"));

    (void)state;
    assert_int_equal(ent_made(w->s, t), first);
    assert_int_equal(ent_seq(w->s, t, IN_TEXT), first);
    assert_int_equal(ent_seq(w->s, t, IN_OWNER), second);
    assert_int_equal(ent_changed(w->s, t), second);
    assert_int_equal(ent_int(w->s, t, IN_RECORDED_AT, 0), w->now_ms);
    world_free(w);
}

static void test_floors_as_people_say_them(void **state)
{
    static const struct row {
        const char *words;
        enum floor_scheme scheme;
        struct floors want;
    } rows[] = {
        {"4th floor", SCHEME_GROUND_0, {1, {4, 0}}},       {"4th floor", SCHEME_GROUND_1, {1, {3, 0}}},
        {"fourth floor", SCHEME_UNKNOWN, {2, {4, 3}}},     {"Third Floor, north", SCHEME_UNKNOWN, {2, {3, 2}}},
        {"ground floor", SCHEME_UNKNOWN, {1, {0, 0}}},     {"the roof", SCHEME_UNKNOWN, {1, {FLOOR_ROOF, 0}}},
        {"first basement", SCHEME_UNKNOWN, {1, {-1, 0}}},  {"level 2", SCHEME_GROUND_0, {1, {2, 0}}},
        {"ordinal 2", SCHEME_UNKNOWN, {1, {2, 0}}},        {"near the gate", SCHEME_GROUND_0, {0, {0, 0}}},
        {"4 men", SCHEME_GROUND_0, {0, {0, 0}}},           {"", SCHEME_UNKNOWN, {0, {0, 0}}},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct floors got = floors_spoken(str_from(rows[i].words), rows[i].scheme);

        assert_int_equal(got.n, rows[i].want.n);
        assert_int_equal(got.ordinal[0], rows[i].want.ordinal[0]);
        assert_int_equal(got.ordinal[1], rows[i].want.ordinal[1]);
    }
}

static void test_five_floors_give_a_grid_at_once(void **state)
{
    struct world *w = world_scene();
    uint32_t before = w->s->count[ENT_ZONE], roof;

    (void)state;
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "M", IN_NAME, "Main", IN_STOREYS, "5", IN_ROOF, "1",
             IN_BASEMENTS, "1",
             IN_NONE);
    assert_int_equal(w->s->count[ENT_ZONE] - before, 6 * 7 + 1);
    roof = level_at(w->s, STR("M"), FLOOR_ROOF);
    assert_true(str_eq(ent_id(w->s, roof), STR("M/roof")));
    assert_true(str_eq(ent_id(w->s, level_at(w->s, STR("M"), 4)), STR("M/4")));
    assert_int_equal(level_at(w->s, STR("M"), 5), 0);
    assert_true(ent_find(w->s, ENT_ZONE, STR("M/-1/stairs")) != 0);
    for (char id[] = "T0";; id[1]++) {
        static char bytes[256];
        struct buf b = buf_over(bytes, sizeof bytes);

        incident_put(&b, IN_STRUCTURE, str_from(id));
        incident_put(&b, IN_NAME, STR("Tower"));
        incident_put(&b, IN_STOREYS, STR("120"));
        if (!world_do(w, INC_STRUCTURE_DEFINED, buf_str(&b)))
            break;
    }
    assert_non_null(strstr(w->err.text, "no room for 847 more zones"));
    world_free(w);
}

/* The random life --------------------------------------------------------- */

static bool happened[INC_END];

static void holds_now(const struct world *w)
{
    const char *broken = incident_broken(w->s);

    if (broken)
        fail_msg("%s", broken);
}

/* Every view of a wild state, and what time makes of it; nothing private in the public one. */
static void look(struct world *w)
{
    static struct findings findings;
    static struct alarms alarms;
    static char bytes[65536];
    struct incident_command due[DUE_MAX];
    struct buf b = buf_over(bytes, sizeof bytes);
    struct public_item item;
    uint64_t at = 0;
    size_t n = incident_due(w->s, w->now_ms, &alarms, &b, due, DUE_MAX);

    for (size_t i = 0; i < n; i++)
        if (!world_do(w, due[i].kind, due[i].payload))
            fail_msg("%s: %s", kind_info(due[i].kind)->tag, w->err.text);
    incident_findings(w->s, w->now_ms, &findings);
    for (size_t i = 0; i < findings.n; i++)
        for (size_t k = 0; k < findings.list[i].n; k++)
            assert_true(findings.list[i].items[k] > 0 && findings.list[i].items[k] <= w->seq);
    for (size_t i = 0; i < alarms.n; i++)
        assert_true(alarms.list[i].owner[0] && alarms.list[i].text[0] && alarms.list[i].items[0] <= w->seq);
    while (incident_public(w->s, &at, &item))
        assert_true(item.kind == ENT_LINE || item.kind == ENT_STATEMENT || item.kind == ENT_ALERT ||
                    item.kind == ENT_CLOSURE);
}

static void live(uint64_t seed, unsigned commands)
{
    struct world *w = world_scene();
    uint64_t x = seed * 7919 + 1, done = 0, middle = 0;
    struct incident *again, *half;
    unsigned kind;
    char *copy;

    for (unsigned i = 0; i < commands; i++) {
        kind = life_command(w, &x);
        happened[kind] = true;
        done += kind != 0;
        if (i % 16 == 0)
            holds_now(w);
        if (i % 200 == 0)
            look(w);
    }
    holds_now(w);
    assert_true(done > commands / 40);
    again = world_replay(w, w->seq);
    assert_int_equal(incident_hash(again), incident_hash(w->s));
    /* A snapshot is a copy of the block; the tail on top of it gives the same. */
    middle = x % w->seq;
    half = world_replay(w, middle);
    copy = world_memory(half->size);
    memcpy(copy, half, half->size);
    for (uint64_t i = middle + 1; i <= w->seq; i++)
        incident_apply((void *)copy, i, w->rows[i].kind, str_of(w->log + w->rows[i].at, w->rows[i].len));
    assert_int_equal(incident_hash((void *)copy), incident_hash(w->s));
    free(copy);
    free(half);
    free(again);
    world_free(w);
}

static void test_invariant_20_state_is_a_function_of_the_events(void **state)
{
    unsigned never = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        live(seed, 12000);
    for (unsigned k = 0; k < INC_END; k++)
        never += kind_info(k)->tag && !happened[k];
    /* Nearly every kind was part of these lives.  What needs a long chain of steps (an all-clear, a
     * release) does not come by chance; world_free() replays the tests that walk there. */
    assert_in_range(never, 0, 16);
}

/* Whatever texts were erased: what is left is applied, looked at, and is a function of what is left. */
static void test_erased_events_leave_a_state_that_can_be_lived_with(void **state)
{
    static struct findings findings;
    static struct alarms alarms;
    static char bytes[65536];
    struct incident_command due[DUE_MAX];

    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct world *w = world_scene();
        uint64_t x = seed * 7919 + 1;

        for (unsigned i = 0; i < 4000; i++)
            (void)life_command(w, &x);
        for (uint64_t one_in = 2; one_in < 40; one_in += 3) {
            struct buf b = buf_over(bytes, sizeof bytes);
            struct incident *s = world_replay(w, 0);

            for (uint64_t i = 1; i <= w->seq; i++)
                incident_apply(s, i, w->rows[i].kind,
                               life_dice(&x) % one_in ? str_of(w->log + w->rows[i].at, w->rows[i].len) : STR(""));
            assert_int_equal(s->seq, w->seq);
            incident_findings(s, w->now_ms, &findings);
            (void)!incident_due(s, w->now_ms, &alarms, &b, due, DUE_MAX);
            free(s);
        }
        world_free(w);
    }
}

static void test_texts_move_house_and_memory_stays(void **state)
{
    struct world *w = world_scene();
    uint64_t before = w->s->fields_used;
    char text[2001];
    uint32_t moved = 0;

    (void)state;
    memset(text, 'x', 2000);
    text[2000] = 0;
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d", IN_TEXT, "t", IN_ROLE, "commander", IN_ACTOR, "anna", IN_NONE);
    for (int i = 0; i < 3000; i++) {
        uint32_t half = w->s->half;

        text[0] = (char)('a' + i % 26);
        world_ok(w, INC_DECISION_REASONED, IN_DECISION, "d", IN_RATIONALE, text, IN_NONE);
        moved += half != w->s->half;
    }
    assert_true(moved >= 2);
    assert_true(w->s->fields_used < before + 20);
    assert_true(str_eq(ent_get(w->s, ent_find(w->s, ENT_DECISION, STR("d")), IN_RATIONALE), str_from(text)));
    assert_true(world_state(w, ENT_UNIT, "P1", "checked-in"));
    world_free(w);
}

static void test_a_full_incident_refuses_and_keeps_its_state(void **state)
{
    struct world *w = world_scene();
    char id[32];
    uint64_t hash;
    int i = 0;

    (void)state;
    for (;; i++) {
        static char text[INCIDENT_TEXT_MAX + 1];

        memset(text, 'y', INCIDENT_TEXT_MAX);
        (void)snprintf(id, sizeof id, "m%d", i);
        hash = incident_hash(w->s);
        {
            struct str payload;
            static char bytes[INCIDENT_TEXT_MAX + 256];
            struct buf b = buf_over(bytes, sizeof bytes);

            incident_put(&b, IN_MESSAGE, str_from(id));
            incident_put(&b, IN_TO, STR("ops"));
            incident_put(&b, IN_TEXT, str_from(text));
            payload = buf_str(&b);
            if (!world_do(w, INC_MESSAGE_SENT, payload))
                break;
        }
    }
    assert_true(i > 50);
    assert_int_equal(w->err.kind, ERR_FULL);
    assert_int_equal(hash, incident_hash(w->s));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tables_are_whole),
        cmocka_unit_test(test_a_refusal_names_the_field_and_what_to_do),
        cmocka_unit_test(test_torn_and_wild_payloads_are_refused),
        cmocka_unit_test(test_every_value_cites_its_event),
        cmocka_unit_test(test_floors_as_people_say_them),
        cmocka_unit_test(test_five_floors_give_a_grid_at_once),
        cmocka_unit_test(test_invariant_20_state_is_a_function_of_the_events),
        cmocka_unit_test(test_erased_events_leave_a_state_that_can_be_lived_with),
        cmocka_unit_test(test_texts_move_house_and_memory_stays),
        cmocka_unit_test(test_a_full_incident_refuses_and_keeps_its_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
