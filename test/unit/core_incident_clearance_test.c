/* What voids a clearance, and who may give one: domain.md 5.4, 5.5 and 4, rows 8 and 11. */
#include "support/incident_world.h"

#include "core/incident_alarms.h"
#include "core/incident_rules.h"

#define COMMANDER IN_ROLE, "commander", IN_ACTOR, "anna"

static void search(struct world *w, const char *zone, const char *kind, const char *unit)
{
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, zone, IN_CLEARANCE_KIND, kind, IN_UNIT, unit, IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, zone, IN_CLEARANCE_KIND, kind, IN_UNIT, unit, IN_EXTENT, "100", IN_NONE);
}

static void hold(struct world *w, const char *zone, const char *kind, const char *unit)
{
    search(w, zone, kind, unit);
    world_ok(w, INC_ZONE_HELD, IN_ZONE, zone, IN_CLEARANCE_KIND, kind, IN_HOLDER, unit, IN_NONE);
}

static void door(struct world *w, const char *id, const char *a, const char *b, const char *state)
{
    world_ok(w, INC_OPENING_SET, IN_OPENING, id, IN_ZONES, a, IN_ZONES, b, IN_OPENING_KIND, "door", IN_OPENING_STATE,
             state, IN_NONE);
}

static enum clearance_state state_of(const struct world *w, const char *zone, const char *kind)
{
    return clearance_of(w->s, str_from(zone), kind);
}

static uint32_t entity_of(const struct world *w, const char *zone, const char *kind)
{
    char id[INCIDENT_ID_MAX];

    (void)snprintf(id, sizeof id, "%s|%s", zone, kind);
    return ent_find(w->s, ENT_CLEARANCE, str_from(id));
}

static bool is_void_for(const struct world *w, const char *zone, const char *kind, const char *reason)
{
    uint32_t c = entity_of(w, zone, kind);

    return state_of(w, zone, kind) == CLEARANCE_VOID && ent_is(w->s, c, IN_VOID_REASON, reason) &&
           !ent_has(w->s, c, IN_HOLDER);
}

/* ---- holds -------------------------------------------------------------- */

static void test_a_hold_released_beside_an_open_door_is_void(void **state)
{
    static const struct {
        const char *door;
        bool is_open;
    } rows[] = {{"open", true}, {"guarded", false}, {"closed", false}, {"locked", false}, {"blocked", false}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct world *w = world_scene();

        door(w, "o1", "H/0/A", "H/0/B", rows[i].door);
        door(w, "o2", "H/0/C", "H/0/D", "open"); /* another room's */
        hold(w, "H/0/A", "threat", "P1");
        world_ok(w, INC_HOLD_RELEASED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_NONE);
        if (rows[i].is_open)
            assert_true(is_void_for(w, "H/0/A", "threat", "opening"));
        else
            assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_COMPLETE);
        assert_false(ent_has(w->s, entity_of(w, "H/0/A", "threat"), IN_HOLDER));
        /* Who held it is a stranger to it now. */
        search(w, "H/0/B", "threat", "P1");
        world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
        assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_VOID);
        world_free(w);
    }
}

static void test_only_what_is_held_is_released(void **state)
{
    struct world *w = world_scene();

    (void)state;
    search(w, "H/0/A", "threat", "P1");
    world_no(w, "threat of \"House, ground floor, A\" is complete; that does not follow", INC_HOLD_RELEASED, IN_ZONE,
             "H/0/A", IN_CLEARANCE_KIND, "threat", IN_NONE);
    world_no(w, "is unknown; that does not follow", INC_ZONE_HELD, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat",
             IN_HOLDER, "P1", IN_NONE);
    world_ok(w, INC_UNIT_RELEASED, IN_UNIT, "P2", IN_NONE);
    world_no(w, "holder: the unit is not checked in", INC_ZONE_HELD, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat",
             IN_HOLDER, "P2", IN_NONE);
    world_free(w);
}

/* Whoever goes on to the next room no longer holds the one before. */
static void test_a_holder_that_goes_on_takes_the_hold_along(void **state)
{
    static struct alarms work;
    struct world *w = world_scene();

    (void)state;
    hold(w, "H/0/A", "threat", "P1");
    hold(w, "H/0/A", "life-1", "P1");
    hold(w, "H/0/B", "threat", "P2");
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_HELD);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/core", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "withdrawn"));
    assert_true(is_void_for(w, "H/0/A", "life-1", "withdrawn"));
    assert_int_equal(state_of(w, "H/0/B", "threat"), CLEARANCE_HELD);
    incident_alarms(w->s, w->now_ms, &work); /* domain.md 4, row 8: it alarms operations, once for each that is open */
    assert_int_equal(work.n, 2);
    assert_string_equal(work.list[0].rule, "hold.withdrawn");
    assert_string_equal(work.list[0].owner, "operations");
    assert_string_equal(work.list[0].text, "House, ground floor, A is held by nobody: the unit that held it is gone");
    search(w, "H/0/A", "threat", "P2");
    search(w, "H/0/A", "life-1", "P2");
    incident_alarms(w->s, w->now_ms, &work);
    assert_int_equal(work.n, 0);
    world_free(w);
}

/* One that holds from outside goes home: nobody holds it then. */
static void test_a_holder_that_is_released_takes_the_hold_along(void **state)
{
    struct world *w = world_scene();

    (void)state;
    hold(w, "H/0/A", "threat", "P1");
    hold(w, "H/1/A", "life-1", "P1");
    hold(w, "H/0/B", "threat", "P2");
    world_ok(w, INC_UNIT_RELEASED, IN_UNIT, "P1", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "withdrawn"));
    assert_true(is_void_for(w, "H/1/A", "life-1", "withdrawn"));
    assert_int_equal(state_of(w, "H/0/B", "threat"), CLEARANCE_HELD);
    world_free(w);
}

static void test_a_holder_that_leaves_takes_its_own_hold_along_and_no_other(void **state)
{
    struct world *w = world_scene();

    (void)state;
    hold(w, "H/0/A", "threat", "P1");
    hold(w, "H/0/A", "life-1", "P2");
    hold(w, "H/0/B", "threat", "P1");
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_UNIT_LEFT, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "withdrawn"));
    assert_int_equal(state_of(w, "H/0/A", "life-1"), CLEARANCE_HELD);
    assert_int_equal(state_of(w, "H/0/B", "threat"), CLEARANCE_HELD);
    world_free(w);
}

/* ---- forbidden zones ---------------------------------------------------- */

static void test_a_forbidden_zone_is_not_clear_and_not_searched_until_it_is_lifted(void **state)
{
    struct world *w = world_scene();

    (void)state;
    hold(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_ZONE_NO_GO, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_REASON, "gas", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_NO_GO);
    assert_false(ent_has(w->s, entity_of(w, "H/0/A", "threat"), IN_HOLDER));
    world_no(w, "is no-go", INC_ZONE_NO_GO, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_REASON, "x", IN_NONE);
    world_no(w, "is no-go", INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_no(w, "is no-go", INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT,
             "100", IN_VIA, "in-person", IN_NONE); /* paper does not lift it either */
    world_no(w, "is no-go", INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2", IN_NONE);
    world_no(w, "needs the role", INC_NO_GO_LIFTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_REASON, "aired",
             IN_NONE);
    world_ok(w, INC_NO_GO_LIFTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_REASON, "aired", IN_ROLE, "safety",
             IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_VOID); /* what was known before is not known now */
    world_no(w, "is void; that does not follow", INC_NO_GO_LIFTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat",
             IN_REASON, "x", IN_ROLE, "safety", IN_NONE);
    world_free(w);
}

static void test_an_order_voids_what_was_cleared_and_nothing_else(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_no(w, "is unknown; that does not follow", INC_ZONE_VOIDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat",
             IN_VOID_REASON, "order", IN_NONE);
    hold(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_ZONE_VOIDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_VOID_REASON, "order", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "order"));
    world_free(w);
}

static void test_a_clearance_with_a_time_ends_with_it(void **state)
{
    static struct alarms work;
    struct incident_command due[8];
    struct world *w = world_scene();
    char at[24], bytes[8192];
    struct buf b = buf_over(bytes, sizeof bytes);

    (void)state;
    (void)snprintf(at, sizeof at, "%" PRId64, w->now_ms + 60000);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "fire-haz", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "fire-haz", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_EXPIRES_AT, at, IN_NONE);
    w->now_ms += 59999;
    assert_int_equal(incident_due(w->s, w->now_ms, &work, &b, due, COUNTOF(due)), 0);
    w->now_ms++;
    assert_true(incident_due(w->s, w->now_ms, &work, &b, due, COUNTOF(due)) > 0);
    assert_int_equal(due[0].kind, INC_ZONE_VOIDED);
    assert_true(world_do(w, due[0].kind, due[0].payload));
    assert_true(is_void_for(w, "H/0/A", "fire-haz", "expired"));
    incident_alarms(w->s, w->now_ms, &work);
    assert_int_equal(work.n, 1);
    assert_string_equal(work.list[0].text, "clearance of House, ground floor, A has expired");
    /* Searched again, without a time: nothing is left of the old one. */
    search(w, "H/0/A", "fire-haz", "P1");
    incident_alarms(w->s, w->now_ms + 3600000, &work);
    for (size_t i = 0; i < work.n; i++)
        assert_string_not_equal(work.list[i].rule, "clearance.expired");
    world_free(w);
}

/* ---- paper -------------------------------------------------------------- */

static void test_paper_ends_a_search_of_another_unit_only_as_paper(void **state)
{
    struct world *w = world_scene();
    uint32_t c;

    (void)state;
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2", IN_EXTENT, "100",
             IN_VIA, "in-person", IN_NONE);
    c = entity_of(w, "H/0/A", "threat");
    assert_true(state_of(w, "H/0/A", "threat") == CLEARANCE_COMPLETE && ent_has(w->s, c, IN_LATE));
    /* A partial search is finished on paper; who started it on the record is not late, even in person. */
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_EXCLUDED, "the safe", IN_VIA, "in-person", IN_NONE);
    c = entity_of(w, "H/0/B", "threat");
    assert_true(state_of(w, "H/0/B", "threat") == CLEARANCE_PARTIAL && !ent_has(w->s, c, IN_LATE));
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_VIA, "in-person", IN_NONE);
    assert_true(state_of(w, "H/0/B", "threat") == CLEARANCE_COMPLETE && ent_has(w->s, c, IN_LATE));
    world_free(w);
}

static void put_at(char *to, size_t max, int64_t ms)
{
    (void)snprintf(to, max, "%" PRId64, ms);
}

/* A room was searched at 21:40 and an armed man seen there at 21:50: the paper of 21:40 does not make it clear. */
static void test_paper_older_than_what_voided_the_zone_does_not_clear_it(void **state)
{
    struct world *w = world_scene();
    char before[24], after[24];

    (void)state;
    put_at(before, sizeof before, w->now_ms + 1000);
    w->now_ms += 600000;
    hold(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_ZONE, "H/0/A", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "sighting"));
    w->now_ms += 600000;
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2", IN_EXTENT, "100",
             IN_VIA, "in-person", IN_AT, before, IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "sighting"));
    put_at(after, sizeof after, w->now_ms - 1000);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2", IN_EXTENT, "100",
             IN_VIA, "in-person", IN_AT, after, IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_COMPLETE);
    world_free(w);
}

/* The same where nothing was cleared that could be voided, and for an explosion. */
static void test_paper_older_than_what_happened_in_the_zone_does_not_clear_it(void **state)
{
    struct world *w = world_scene();
    char before[24];

    (void)state;
    put_at(before, sizeof before, w->now_ms + 1000);
    w->now_ms += 600000;
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_DETONATION_REPORTED, IN_DETONATION, "D", IN_ZONE, "H/0/B", IN_NONE);
    w->now_ms += 600000;
    for (int kind = 0; kind < 2; kind++)
        for (char zone = 'A'; zone <= 'C'; zone++) {
            const char id[] = {'H', '/', '0', '/', zone, 0};

            world_ok(w, INC_SEARCH_ENDED, IN_ZONE, id, IN_CLEARANCE_KIND, kind ? "life-1" : "threat", IN_UNIT, "P2",
                     IN_EXTENT, "100", IN_VIA, "in-person", IN_AT, before, IN_NONE);
        }
    assert_true(is_void_for(w, "H/0/A", "threat", "sighting") && is_void_for(w, "H/0/B", "threat", "detonation"));
    assert_true(is_void_for(w, "H/0/B", "life-1", "detonation"));
    assert_int_equal(state_of(w, "H/0/A", "life-1"), CLEARANCE_COMPLETE);
    assert_int_equal(state_of(w, "H/0/C", "threat"), CLEARANCE_COMPLETE);
    world_free(w);
}

static void paper(struct world *w, const char *zone, const char *unit, int64_t at_ms)
{
    char at[24];

    put_at(at, sizeof at, at_ms);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, zone, IN_CLEARANCE_KIND, "threat", IN_UNIT, unit, IN_EXTENT, "100", IN_VIA,
             "in-person", IN_AT, at, IN_NONE);
}

static void later(struct world *w, int minutes)
{
    w->now_ms += minutes * 60000;
}

/* What is said of a sighting afterwards does not make it one of now; where it was seen again does. */
static void test_a_sighting_is_as_old_as_its_report_not_as_its_wording(void **state)
{
    struct world *w = world_scene();
    int64_t searched, seen;

    (void)state;
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_DETONATION_REPORTED, IN_DETONATION, "D", IN_ZONE, "H/0/B", IN_NONE);
    later(w, 60);
    searched = w->now_ms;
    search(w, "H/0/B", "eod", "B1");
    later(w, 30);
    world_ok(w, INC_THREAT_UPDATED, IN_THREAT, "T", IN_TEXT, "in a red coat", IN_NONE);
    world_ok(w, INC_DETONATION_REPORTED, IN_DETONATION, "D", IN_ZONE, "H/0/B", IN_TEXT, "a loud one", IN_NONE);
    assert_int_equal(state_of(w, "H/0/B", "eod"), CLEARANCE_COMPLETE); /* it was searched after the explosion */
    later(w, 10);
    paper(w, "H/0/A", "P2", searched);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_COMPLETE);
    seen = w->now_ms;
    world_ok(w, INC_THREAT_UPDATED, IN_THREAT, "T", IN_ZONE, "H/0/C", IN_NONE);
    later(w, 10);
    paper(w, "H/0/C", "P2", seen - 60000);
    assert_true(is_void_for(w, "H/0/C", "threat", "sighting"));
    paper(w, "H/0/C", "P2", seen + 60000);
    assert_int_equal(state_of(w, "H/0/C", "threat"), CLEARANCE_COMPLETE);
    world_free(w);
}

/* Void, and searched anew by A: the paper of before the void is kept, and A's own end counts. */
static void test_old_paper_does_not_end_a_search_that_goes_on(void **state)
{
    struct world *w = world_scene();
    int64_t before = w->now_ms + 60000;
    uint32_t c;

    (void)state;
    later(w, 10);
    search(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_ZONE_VOIDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_VOID_REASON, "order", IN_NONE);
    later(w, 5);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    later(w, 5);
    paper(w, "H/0/A", "P2", before);
    c = entity_of(w, "H/0/A", "threat");
    assert_true(state_of(w, "H/0/A", "threat") == CLEARANCE_ENTERED && ent_has(w->s, c, IN_LATE));
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_NONE);
    assert_true(state_of(w, "H/0/A", "threat") == CLEARANCE_COMPLETE && !ent_has(w->s, c, IN_LATE));
    assert_true(ent_is(w->s, c, IN_UNIT, "P1"));
    /* The same for a sighting where nothing was clear that could be void. */
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_ZONE, "H/0/B", IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    paper(w, "H/0/B", "P2", before);
    assert_int_equal(state_of(w, "H/0/B", "threat"), CLEARANCE_ENTERED);
    world_free(w);
}

/* What was known of a zone before nobody might enter it is not known when it is lifted. */
static void test_paper_of_before_a_no_go_does_not_clear_the_zone(void **state)
{
    static struct alarms work;
    struct world *w = world_scene();
    int64_t before = w->now_ms + 60000;

    (void)state;
    later(w, 10);
    hold(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_UNIT_RELEASED, IN_UNIT, "P1", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "withdrawn"));
    world_ok(w, INC_ZONE_NO_GO, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_REASON, "gas", IN_NONE);
    later(w, 10);
    world_ok(w, INC_NO_GO_LIFTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_REASON, "aired", IN_ROLE, "safety",
             IN_NONE);
    incident_alarms(w->s, w->now_ms, &work);
    for (size_t i = 0; i < work.n; i++) /* nobody held it any more: that is over */
        assert_string_not_equal(work.list[i].rule, "hold.withdrawn");
    later(w, 10);
    paper(w, "H/0/A", "P2", before);
    assert_true(is_void_for(w, "H/0/A", "threat", "order"));
    paper(w, "H/0/A", "P2", w->now_ms - 60000);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_COMPLETE);
    world_free(w);
}

/* Whoever searched it before it was void is another pair of eyes for the paper that clears it. */
static void test_late_paper_has_its_own_searchers(void **state)
{
    struct world *w = world_scene();

    (void)state;
    search(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_ZONE_VOIDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_VOID_REASON, "order", IN_NONE);
    later(w, 10);
    paper(w, "H/0/A", "P2", w->now_ms - 60000);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_COMPLETE);
    world_no(w, "P2 searched it", INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2",
             IN_NONE);
    world_ok(w, INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    /* Who searches while the paper of another comes has searched it, too. */
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    paper(w, "H/0/B", "P2", w->now_ms - 60000);
    world_no(w, "P1 searched it", INC_ZONE_CONFIRMED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1",
             IN_NONE);
    world_free(w);
}

/* ---- who may ------------------------------------------------------------ */

static void test_who_searched_it_confirms_it_as_a_supervisor_only(void **state)
{
    struct world *w = world_scene();

    (void)state;
    search(w, "H/0/A", "threat", "P1");
    world_no(w, "another unit or a supervisor confirms", INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND,
             "threat", IN_UNIT, "P1", IN_ROLE, "responder", IN_NONE);
    world_ok(w, INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_ROLE,
             "supervisor", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_CONFIRMED);
    /* Whoever searched it beside the one that reported is no second pair of eyes. */
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "A1", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_NONE);
    world_no(w, "A1 searched it; another unit", INC_ZONE_CONFIRMED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat",
             IN_UNIT, "A1", IN_NONE);
    world_ok(w, INC_ZONE_CONFIRMED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P2", IN_NONE);
    /* Bomb disposal is confirmed by bomb disposal. */
    search(w, "H/0/A", "eod", "B1");
    world_no(w, "only a bomb disposal unit", INC_ZONE_CONFIRMED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "eod", IN_UNIT,
             "P1", IN_ROLE, "supervisor", IN_NONE);
    world_free(w);
}

static void test_an_engineer_and_an_investigator_by_person_or_by_unit(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "G1", IN_AGENCY, "army", IN_QUALIFICATION, "engineer", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "N1", IN_AGENCY, "police", IN_UNIT_CATEGORY, "investigation", IN_NONE);
    search(w, "H/0/A", "struct", "G1");
    search(w, "H/0/A", "evid", "N1");
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "struct", IN_UNIT, "P1", IN_ROLE, "engineer",
             IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "evid", IN_UNIT, "P1", IN_ROLE,
             "investigation", IN_NONE);
    /* Who began it as an engineer ends it as one. */
    world_no(w, "only an engineer", INC_SEARCH_ENDED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "struct", IN_UNIT, "P1",
             IN_EXTENT, "100", IN_NONE);
    world_no(w, "only the investigation", INC_SEARCH_ENDED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "evid", IN_UNIT, "P1",
             IN_EXTENT, "100", IN_NONE);
    world_free(w);
}

/* ---- threats ------------------------------------------------------------ */

/* An explosion does not leave the bomb search, the walls or the first look for people as they were. */
static void test_a_detonation_voids_every_kind_in_its_zone(void **state)
{
    static const char *const kinds[] = {"threat", "life-1", "life-2", "eod", "fire-haz", "struct", "evid"};
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "G1", IN_AGENCY, "army", IN_UNIT_CATEGORY, "eod", IN_QUALIFICATION,
             "engineer", IN_NONE);
    for (size_t i = 0; i < COUNTOF(kinds); i++)
        for (int next = 0; next < 2; next++) {
            const char *zone = next ? "H/0/B" : "H/0/A";

            world_ok(w, INC_SEARCH_STARTED, IN_ZONE, zone, IN_CLEARANCE_KIND, kinds[i], IN_UNIT, "G1", IN_ROLE,
                     "investigation", IN_NONE);
            world_ok(w, INC_SEARCH_ENDED, IN_ZONE, zone, IN_CLEARANCE_KIND, kinds[i], IN_UNIT, "G1", IN_EXTENT, "100",
                     IN_ROLE, "investigation", IN_NONE);
        }
    door(w, "o1", "H/0/A", "H/0/B", "open");
    /* One of before the searches was known to those who searched. */
    world_ok(w, INC_DETONATION_REPORTED, IN_DETONATION, "D0", IN_ZONE, "H/0/A", IN_AT, "1600000000000", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "eod"), CLEARANCE_COMPLETE);
    search(w, "H/0/A", "threat", "P1");
    search(w, "H/0/B", "threat", "P1");
    world_ok(w, INC_DETONATION_REPORTED, IN_DETONATION, "D", IN_ZONE, "H/0/A", IN_NONE);
    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        if (!is_void_for(w, "H/0/A", kinds[i], "detonation"))
            fail_msg("%s stands", kinds[i]);
        /* Behind an open door, who is armed is not known again; the rest a person judges. */
        assert_int_equal(state_of(w, "H/0/B", kinds[i]), i ? CLEARANCE_COMPLETE : CLEARANCE_VOID);
    }
    world_free(w);
}

static void test_a_sighting_voids_threat_alone(void **state)
{
    struct world *w = world_scene();

    (void)state;
    search(w, "H/0/A", "threat", "P1");
    search(w, "H/0/A", "life-1", "P1");
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_ZONE, "H/0/A", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "sighting"));
    assert_int_equal(state_of(w, "H/0/A", "life-1"), CLEARANCE_COMPLETE);
    world_free(w);
}

/* Discounted as a rumour and then seen: it would no longer stand in the way of an all-clear. */
static void test_a_discounted_threat_that_is_seen_again_is_reported_anew(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_NONE);
    world_ok(w, INC_THREAT_DISCOUNTED, IN_THREAT, "T", IN_REASON, "a rumour", COMMANDER, IN_NONE);
    world_no(w, "threat: it is discounted; report what was seen as a new one", INC_THREAT_UPDATED, IN_THREAT, "T",
             IN_ZONE, "H/0/A", IN_NONE);
    world_no(w, "it is discounted", INC_THREAT_ACCOUNTED, IN_THREAT, "T", IN_OUTCOME, "in-custody", IN_NONE);
    world_no(w, "it is discounted", INC_EOD_CALLED, IN_THREAT, "T", IN_NONE);
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T2", IN_THREAT_KIND, "person", IN_ZONE, "H/0/A", IN_NONE);
    world_free(w);
}

static void test_a_device_is_safe_when_bomb_disposal_says_so(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "D", IN_THREAT_KIND, "device", IN_NONE);
    world_ok(w, INC_EOD_CALLED, IN_THREAT, "D", IN_NONE);
    assert_true(world_state(w, ENT_THREAT, "D", "render-safe-pending"));
    world_no(w, "only a bomb disposal unit", INC_EOD_SAFE, IN_THREAT, "D", IN_UNIT, "P1", IN_NONE);
    world_no(w, "have events of their own", INC_THREAT_ACCOUNTED, IN_THREAT, "D", IN_OUTCOME, "safe", IN_NONE);
    world_ok(w, INC_UNIT_RELEASED, IN_UNIT, "B1", IN_NONE);
    world_no(w, "that is checked in", INC_EOD_SAFE, IN_THREAT, "D", IN_UNIT, "B1", IN_NONE);
    assert_int_equal(incident_accounted(w->s, STR("devices")), 0);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "B1", IN_AGENCY, "police", IN_NONE);
    world_ok(w, INC_EOD_SAFE, IN_THREAT, "D", IN_UNIT, "B1", IN_NONE);
    assert_int_equal(incident_accounted(w->s, STR("devices")), 1);
    assert_int_equal(incident_accounted(w->s, STR("killed")), -1);
    world_free(w);
}

/* ---- the whole site ----------------------------------------------------- */

/* One room in the inner cordon, clear, and a decision. */
static struct world *clear_site(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_STRUCTURE_CHANGED, IN_STRUCTURE, "H", IN_NAME, "House", IN_NONE);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "K", IN_NAME, "Kiosk", IN_STOREYS, "0", IN_NONE);
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d", IN_TEXT, "declare", COMMANDER, IN_NONE);
    for (uint32_t z = ent_first(w->s, ENT_ZONE); z; z = ent_next(w->s, z)) {
        char id[INCIDENT_ID_MAX];

        (void)str_copy(id, sizeof id, ent_id(w->s, z));
        search(w, id, "threat", "P1");
        search(w, id, "eod", "B1");
    }
    return w;
}

static void test_nothing_is_declared_clear_where_no_structure_is_inside(void **state)
{
    struct world *w = world_new();

    (void)state;
    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "EX", IN_TYPE, "fire", IN_NONE);
    world_ok(w, INC_COMMAND_ASSUMED, IN_SCOPE, "incident", IN_COMMANDER, "anna", IN_NONE);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "H", IN_NAME, "House", IN_STOREYS, "1", IN_NONE);
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d", IN_TEXT, "declare", COMMANDER, IN_NONE);
    world_no(w, "no structure inside the inner cordon is defined", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d",
             COMMANDER, IN_NONE);
    world_free(w);
}

static void test_an_open_threat_stands_in_the_way_of_an_all_clear(void **state)
{
    static const char *const open[] = {"located", "contained"}, *const ended[] = {"in-custody", "dead", "neutralised"};
    struct world *w = clear_site();

    (void)state;
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_NONE);
    world_no(w, "threat T is suspected; account for it or discount it", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION,
             "d", COMMANDER, IN_NONE);
    for (size_t i = 0; i < COUNTOF(open); i++) {
        world_ok(w, INC_THREAT_ACCOUNTED, IN_THREAT, "T", IN_OUTCOME, open[i], IN_NONE);
        world_no(w, open[i], INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER, IN_NONE);
    }
    for (size_t i = 0; i < COUNTOF(ended); i++) {
        world_ok(w, INC_THREAT_ACCOUNTED, IN_THREAT, "T", IN_OUTCOME, ended[i], IN_NONE);
        world_ok(w, INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER, IN_NONE);
    }
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "D", IN_THREAT_KIND, "device", IN_NONE);
    world_ok(w, INC_EOD_CALLED, IN_THREAT, "D", IN_NONE);
    world_no(w, "threat D is render-safe-pending", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER,
             IN_NONE);
    world_ok(w, INC_THREAT_DISCOUNTED, IN_THREAT, "D", IN_REASON, "a lunch box", COMMANDER, IN_NONE);
    world_ok(w, INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER, IN_NONE);
    world_free(w);
}

static void test_an_open_number_of_attackers_is_above_every_number(void **state)
{
    struct world *w = clear_site();

    (void)state;
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "C", IN_COUNTER, "attackers", IN_LO, "1", IN_OPEN, "1", IN_AS_OF,
             "1600000000000", IN_SOURCE, "s1", IN_GRADE, "C3", IN_NONE);
    world_ok(w, INC_THREAT_ACCOUNTED, IN_THREAT, "T", IN_THREAT_KIND, "person", IN_OUTCOME, "dead", IN_COUNT, "100",
             IN_NONE);
    world_no(w, "attackers: a claim is above the 100 accounted for", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION,
             "d", COMMANDER, IN_NONE);
    world_ok(w, INC_DECISION_ENDED, IN_DECISION, "d", IN_REASON, "x", COMMANDER, IN_NONE);
    world_ok(w, INC_CLAIM_DISCOUNTED, IN_REPORT, "C", IN_REASON, "a guess", COMMANDER, IN_NONE);
    world_no(w, "the decision is not in force", INC_ALL_CLEAR, IN_INCIDENT, "i", IN_DECISION, "d", COMMANDER, IN_NONE);
    world_free(w);
}

static void test_people_come_back_when_every_zone_is_structurally_clear(void **state)
{
    struct world *w = world_scene();

    (void)state;
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d", IN_TEXT, "let people in", COMMANDER, IN_NONE);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "K", IN_NAME, "Kiosk", IN_STOREYS, "1", IN_NONE);
    world_ok(w, INC_ZONE_MERGED, IN_ZONE, "H/0/B", IN_REPLACES, "H/0/A", IN_REASON, "one hall", IN_NONE);
    for (uint32_t z = ent_first(w->s, ENT_ZONE); z; z = ent_next(w->s, z)) {
        char id[INCIDENT_ID_MAX];

        (void)str_copy(id, sizeof id, ent_id(w->s, z));
        if (id[0] != 'H' || strcmp(id, "H/0/B") == 0)
            continue;
        world_ok(w, INC_SEARCH_STARTED, IN_ZONE, id, IN_CLEARANCE_KIND, "struct", IN_UNIT, "P1", IN_ROLE, "engineer",
                 IN_NONE);
        world_ok(w, INC_SEARCH_ENDED, IN_ZONE, id, IN_CLEARANCE_KIND, "struct", IN_UNIT, "P1", IN_EXTENT, "100",
                 IN_ROLE, "engineer", IN_NONE);
    }
    world_no(w, "7 zones have no structural clearance, \"Kiosk", INC_REENTRY_ALLOWED, IN_STRUCTURE, "K", IN_DECISION,
             "d", COMMANDER, IN_NONE);
    world_ok(w, INC_REENTRY_ALLOWED, IN_STRUCTURE, "H", IN_DECISION, "d", COMMANDER, IN_NONE);
    world_ok(w, INC_DECISION_ENDED, IN_DECISION, "d", IN_REASON, "x", COMMANDER, IN_NONE);
    world_no(w, "the decision is not in force", INC_REENTRY_ALLOWED, IN_STRUCTURE, "H", IN_DECISION, "d", COMMANDER,
             IN_NONE);
    world_free(w);
}

/* ---- zones that become one ---------------------------------------------- */

static void test_what_was_cleared_of_one_part_is_not_known_of_the_whole(void **state)
{
    struct world *w = world_scene();

    (void)state;
    hold(w, "H/0/A", "threat", "P1");
    search(w, "H/0/A", "life-1", "P1");
    hold(w, "H/0/C", "threat", "P2");
    world_ok(w, INC_ZONE_MERGED, IN_ZONE, "H/0/B", IN_REPLACES, "H/0/A", IN_REASON, "one hall", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "order"));
    assert_true(is_void_for(w, "H/0/A", "life-1", "order"));
    assert_int_equal(state_of(w, "H/0/C", "threat"), CLEARANCE_HELD);
    world_no(w, "the zone was merged into another", INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat",
             IN_UNIT, "P1", IN_NONE);
    world_no(w, "there is no other zone \"H/0/B\"", INC_ZONE_MERGED, IN_ZONE, "H/0/C", IN_REPLACES, "H/0/B", IN_REASON,
             "x", IN_NONE);
    world_no(w, "there is no other zone \"H/0/C\"", INC_ZONE_MERGED, IN_ZONE, "H/0/C", IN_REPLACES, "H/0/C", IN_REASON,
             "x", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P2", IN_ZONE, "H/0/C", IN_NONE);
    world_no(w, "P2 is inside", INC_ZONE_MERGED, IN_ZONE, "H/0/C", IN_REPLACES, "H/0/D", IN_REASON, "x", IN_NONE);
    world_free(w);
}

/* A part that nobody may enter makes the whole one that nobody may enter. */
static void test_a_forbidden_part_forbids_the_whole(void **state)
{
    struct world *w = world_scene();

    (void)state;
    search(w, "H/0/A", "eod", "B1");
    world_ok(w, INC_ZONE_NO_GO, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "eod", IN_REASON, "a device", IN_NONE);
    world_ok(w, INC_ZONE_NO_GO, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "life-2", IN_REASON, "gas", IN_NONE);
    world_ok(w, INC_ZONE_MERGED, IN_ZONE, "H/0/B", IN_REPLACES, "H/0/A", IN_REASON, "one hall", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "eod"), CLEARANCE_NO_GO);
    assert_int_equal(state_of(w, "H/0/A", "life-2"), CLEARANCE_NO_GO);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_UNKNOWN);
    assert_true(ent_is(w->s, entity_of(w, "H/0/A", "eod"), IN_REASON, "a device"));
    world_free(w);
}

/* The doors and neighbours of the parts are those of the whole, and a door between two parts leads nowhere. */
static void test_the_whole_has_the_doors_and_neighbours_of_its_parts(void **state)
{
    struct world *w = world_scene();

    (void)state;
    door(w, "o1", "H/0/A", "H/0/B", "open");
    door(w, "o2", "H/0/B", "H/0/C", "closed");
    world_ok(w, INC_ZONE_MERGED, IN_ZONE, "H/0/B", IN_REPLACES, "H/0/A", IN_REASON, "one hall", IN_NONE);
    hold(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_HOLD_RELEASED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_NONE);
    assert_int_equal(state_of(w, "H/0/A", "threat"), CLEARANCE_COMPLETE);
    door(w, "o2", "H/0/B", "H/0/C", "open");
    world_ok(w, INC_ZONE_HELD, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_HOLDER, "P1", IN_NONE);
    world_ok(w, INC_HOLD_RELEASED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "opening"));
    search(w, "H/0/C", "threat", "P1");
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T1", IN_THREAT_KIND, "person", IN_ZONE, "H/0/A", IN_NONE);
    assert_true(is_void_for(w, "H/0/C", "threat", "sighting"));
    /* And the other way round: behind the door lies the whole. */
    search(w, "H/0/A", "threat", "P1");
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T2", IN_THREAT_KIND, "person", IN_ZONE, "H/0/C", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "sighting"));
    /* Whoever still says B means the whole. */
    search(w, "H/0/A", "threat", "P1");
    search(w, "H/0/A", "eod", "B1");
    world_ok(w, INC_DETONATION_REPORTED, IN_DETONATION, "D", IN_ZONE, "H/0/B", IN_NONE);
    assert_true(is_void_for(w, "H/0/A", "threat", "detonation") && is_void_for(w, "H/0/A", "eod", "detonation"));
    /* Army beside what was B: police in the hall are next to it. */
    assert_false(zones_touch(w->s, ent_find(w->s, ENT_ZONE, STR("H/1/A")), ent_find(w->s, ENT_ZONE, STR("H/1/C"))));
    world_ok(w, INC_ZONE_MERGED, IN_ZONE, "H/1/B", IN_REPLACES, "H/1/A", IN_REASON, "one hall", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "A1", IN_ZONE, "H/1/C", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a1", IN_UNITS, "P1", IN_ZONES, "H/1/A", IN_TEXT, "clear",
             COMMANDER, IN_NONE);
    assert_true(world_state(w, ENT_ASSIGNMENT, "a1", "hold"));
    /* A whole that becomes a part brings its parts along. */
    world_ok(w, INC_ZONE_MERGED, IN_ZONE, "H/1/A", IN_REPLACES, "H/1/stairs", IN_REASON, "one hall", IN_NONE);
    assert_true(zones_touch(w->s, ent_find(w->s, ENT_ZONE, STR("H/1/C")), ent_find(w->s, ENT_ZONE, STR("H/1/stairs"))));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hold_released_beside_an_open_door_is_void),
        cmocka_unit_test(test_only_what_is_held_is_released),
        cmocka_unit_test(test_a_holder_that_goes_on_takes_the_hold_along),
        cmocka_unit_test(test_a_holder_that_is_released_takes_the_hold_along),
        cmocka_unit_test(test_a_holder_that_leaves_takes_its_own_hold_along_and_no_other),
        cmocka_unit_test(test_a_forbidden_zone_is_not_clear_and_not_searched_until_it_is_lifted),
        cmocka_unit_test(test_an_order_voids_what_was_cleared_and_nothing_else),
        cmocka_unit_test(test_a_clearance_with_a_time_ends_with_it),
        cmocka_unit_test(test_paper_ends_a_search_of_another_unit_only_as_paper),
        cmocka_unit_test(test_paper_older_than_what_voided_the_zone_does_not_clear_it),
        cmocka_unit_test(test_paper_older_than_what_happened_in_the_zone_does_not_clear_it),
        cmocka_unit_test(test_a_sighting_is_as_old_as_its_report_not_as_its_wording),
        cmocka_unit_test(test_old_paper_does_not_end_a_search_that_goes_on),
        cmocka_unit_test(test_paper_of_before_a_no_go_does_not_clear_the_zone),
        cmocka_unit_test(test_late_paper_has_its_own_searchers),
        cmocka_unit_test(test_who_searched_it_confirms_it_as_a_supervisor_only),
        cmocka_unit_test(test_an_engineer_and_an_investigator_by_person_or_by_unit),
        cmocka_unit_test(test_a_detonation_voids_every_kind_in_its_zone),
        cmocka_unit_test(test_a_sighting_voids_threat_alone),
        cmocka_unit_test(test_a_discounted_threat_that_is_seen_again_is_reported_anew),
        cmocka_unit_test(test_a_device_is_safe_when_bomb_disposal_says_so),
        cmocka_unit_test(test_nothing_is_declared_clear_where_no_structure_is_inside),
        cmocka_unit_test(test_an_open_threat_stands_in_the_way_of_an_all_clear),
        cmocka_unit_test(test_an_open_number_of_attackers_is_above_every_number),
        cmocka_unit_test(test_people_come_back_when_every_zone_is_structurally_clear),
        cmocka_unit_test(test_what_was_cleared_of_one_part_is_not_known_of_the_whole),
        cmocka_unit_test(test_a_forbidden_part_forbids_the_whole),
        cmocka_unit_test(test_the_whole_has_the_doors_and_neighbours_of_its_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
