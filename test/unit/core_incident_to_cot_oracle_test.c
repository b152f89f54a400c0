/* What the command post decides, as CoT: each kind against a file in test/data/cot_out, read again by our
 * own wire floor and by expat, and beside what ATAK itself writes.  After a change that is meant, write
 * the files anew with CORDON_GOLDEN=write, and read the difference. */
#include "infoset.h"
#include "support/river_row.h"

#include "core/incident_device.h"
#include "core/incident_to_cot.h"
#include "wire/takproto.h"

enum { OUTS = 32 };
static char out_memory[INCIDENT_COT_MEMORY];

static const struct cot_device devices[] = {
    {{"ANDROID-P1", 10}, {"p1", 2}},       {{"ANDROID-P1b", 11}, {"P1-second", 9}},
    {{"P2", 2}, {"whoever", 7}},           {{"ANDROID-A1", 10}, {"A1", 2}},
    {{"EX-ANDROID-P1", 13}, {"P1", 2}},    {{"ANDROID-X", 9}, {"stranger", 8}},
};

struct outs {
    size_t n, calls;
    struct cot_out at[OUTS];
};

/* All rows of the event seq, `few` at a time. */
static struct outs outs_of(const struct world *w, uint64_t seq, size_t few)
{
    struct incident_outgoing o = {.s = w->s,
                                  .kind = w->rows[seq].kind,
                                  .payload = str_of(w->log + w->rows[seq].at, w->rows[seq].len),
                                  .seq = seq,
                                  .now_ms = w->now_ms,
                                  .server_uid = str_from(row_server),
                                  .server_name = STR("Cordon"),
                                  .devices = devices,
                                  .device_count = COUNTOF(devices)};
    struct outs all = {0};
    size_t n;

    do {
        struct buf memory = buf_over(out_memory, sizeof out_memory);

        assert_true(all.n + few <= OUTS);
        n = incident_cot(&o, &memory, all.at + all.n, few);
        for (size_t i = 0; i < n; i++) { /* they die with the next call */
            struct cot_out *x = &all.at[all.n + i];
            char *kept = test_keep(malloc(x->payload.len));

            memcpy(kept, x->payload.at, x->payload.len);
            x->payload.at = kept;
            x->type = fields_get(x->payload, FIELD_TYPE);
            x->uid = fields_get(x->payload, FIELD_UID);
            x->to = fields_get(x->payload, FIELD_TO);
            x->xml = fields_get(x->payload, FIELD_EVENT_XML);
        }
        all.n += n;
        all.calls++;
        o.skip += n;
    } while (n);
    return all;
}

static size_t rows_of(const struct world *w, uint64_t seq)
{
    return outs_of(w, seq, 4).n;
}

/* What every row must be, whatever it says. */
static void check_row(const struct cot_out *x)
{
    static char scratch_bytes[1 << 17], own[1 << 18], other[1 << 18], v1_bytes[1 << 17];
    struct buf scratch = buf_over(scratch_bytes, sizeof scratch_bytes), a = buf_over(own, sizeof own);
    struct buf b = buf_over(other, sizeof other), v1 = buf_over(v1_bytes, sizeof v1_bytes);
    static struct cot_routing r;
    struct cot c;
    struct err e = {0};
    static const struct str end = {"</event>", 8};

    if (!cot_from_xml(x->xml, &scratch, &c, &e) || !cot_route(&c, &scratch, &r, &e))
        fail_msg("%s\n%.*s", e.text, STR_ARG(x->xml));
    assert_true(x->xml.len <= LIMIT_EVENT_OUT && str_find(x->xml, end) == x->xml.len - end.len);
    assert_true(str_eq(c.uid, x->uid) && str_eq(c.type, x->type) && c.uid.len <= LIMIT_UID);
    assert_true(c.has_point && c.how.len && c.stale_ms > c.time_ms && c.hae.text.len && c.ce.text.len && c.le.text.len);
    assert_int_equal(row_kind(&c, &r) == EV_NONE ? EV_OBJECT_DELETED : row_kind(&c, &r), x->river_kind);
    assert_true(tak_encode(&c, true, &v1));
    scratch.len = 0;
    assert_true(infoset_own(x->xml, &scratch, &a, &e));
    assert_true(infoset_expat(x->xml, INFOSET_PLAIN, &b, NULL));
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    assert_true((x->audience == COT_TO_DEVICE) == (x->to.len > 0));
    assert_int_equal(x->is_delete, x->river_kind == EV_OBJECT_DELETED);
}

static void same_as_file(const char *name, const struct outs *all)
{
    static char text[1 << 18];
    struct buf b = buf_over(text, sizeof text);
    const char *mode = getenv("CORDON_GOLDEN");
    char file[128];
    struct str want;

    for (size_t i = 0; i < all->n; i++) {
        static const char *const audience[] = {"all", "exercise", "device"};
        const struct cot_out *x = &all->at[i];

        check_row(x);
        buf_fmt(&b, "<!-- %s to %s %.*s -->\n%.*s\n", event_tag(x->river_kind), audience[x->audience], STR_ARG(x->to),
                STR_ARG(x->xml));
    }
    (void)snprintf(file, sizeof file, "test/data/cot_out/%s.xml", name);
    if (mode && strcmp(mode, "write") == 0) {
        FILE *f = fopen(test_source(file), "wb");

        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, b.len, f), b.len);
        assert_int_equal(fclose(f), 0);
        return;
    }
    want = test_read(test_source(file));
    if (!want.at || !str_eq(want, buf_str(&b)))
        fail_msg("%s is not what is made now:\n%.*s", file, STR_ARG(buf_str(&b)));
}

static void golden(struct world *w, const char *name, uint64_t seq, size_t rows)
{
    struct outs all = outs_of(w, seq, 16);

    if (all.n != rows)
        fail_msg("%s: %zu rows, not %zu", name, all.n, rows);
    same_as_file(name, &all);
}

#define RING "24.8600,67.0000 24.8610,67.0000 24.8610,67.0010 24.8600,67.0010"
#define RING_CLOSED RING " 24.8600,67.0000"
#define COMMANDER IN_ROLE, "commander", IN_ACTOR, "anna"

/* The scene, with P1 and A1 inside and a second phone of P1. */
static struct world *scene(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "P1", IN_AGENCY, "police", IN_ALIAS, "ANDROID-P1b", IN_NONE);
    world_ok(w, INC_STRUCTURE_CHANGED, IN_STRUCTURE, "H", IN_SHAPE, RING, IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "A1", IN_ZONE, "H/1/C", IN_NONE);
    return w;
}

static void test_cordons(void **state)
{
    static const char *const kinds[] = {"inner", "outer", "traffic", "media"};
    struct world *w = scene();
    char name[32];

    (void)state;
    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        (void)snprintf(name, sizeof name, "cordon_%s", kinds[i]);
        golden(w, name, world_ok(w, INC_CORDON_SET, IN_CORDON, kinds[i], IN_CORDON_KIND, kinds[i], IN_NAME,
               "North & \"gate\"", IN_SHAPE, i % 2 ? RING : RING_CLOSED, IN_TEXT, "by order", IN_NONE), 1);
    }
    golden(w, "cordon_moved", world_ok(w, INC_CORDON_MOVED, IN_CORDON, "inner", IN_SHAPE, "24,67 24.1,67 24.1,67.1",
           IN_REASON, "wind", IN_NONE), 1);
    golden(w, "cordon_lifted", world_ok(w, INC_CORDON_LIFTED, IN_CORDON, "inner", IN_REASON, "over", IN_NONE), 1);
    golden(w, "cordon_no_shape", world_ok(w, INC_CORDON_SET, IN_CORDON, "c9", IN_CORDON_KIND, "inner", IN_NONE), 0);
    golden(w, "cordon_words", world_ok(w, INC_CORDON_SET, IN_CORDON, "c8", IN_CORDON_KIND, "inner", IN_SHAPE,
           "from the gate to the mosque", IN_NONE), 0);
    world_free(w);
}

static void test_closures_and_zones(void **state)
{
    static const char *const kinds[] = {"hot", "warm", "cold", "exclusion"};
    struct world *w = scene();
    char name[32];

    (void)state;
    golden(w, "closure_set", world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, "k1", IN_ROAD, "Main Road", IN_SHAPE,
           "24.86,67.00 24.87,67.00 24.88,67.01", IN_REASON, "operation", IN_EMERGENCY_LANE, "1", IN_NONE), 1);
    golden(w, "closure_changed", world_ok(w, INC_CLOSURE_CHANGED, IN_CLOSURE, "k1", IN_TEXT, "north side open",
           IN_NONE), 1);
    golden(w, "closure_lifted", world_ok(w, INC_CLOSURE_LIFTED, IN_CLOSURE, "k1", IN_NONE), 1);
    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        (void)snprintf(name, sizeof name, "tactical_%s", kinds[i]);
        golden(w, name, world_ok(w, INC_TACTICAL_SET, IN_TACTICAL, kinds[i], IN_TAC_KIND, kinds[i], IN_SHAPE, RING,
               IN_REASON, "shots", IN_NONE), 1);
    }
    golden(w, "tactical_lifted", world_ok(w, INC_TACTICAL_LIFTED, IN_TACTICAL, "hot", IN_REASON, "x", IN_NONE), 1);
    world_free(w);
}

static void test_hazards_and_points(void **state)
{
    struct world *w = scene();

    (void)state;
    golden(w, "hazard_place", world_ok(w, INC_HAZARD_REPORTED, IN_HAZARD, "h1", IN_HAZARD_KIND, "device", IN_SEVERITY,
           "high", IN_TEXT, "bag at the gate", IN_LAT, "24.8605", IN_LON, "67.0005", IN_NONE), 1);
    golden(w, "hazard_controlled", world_ok(w, INC_HAZARD_CONTROLLED, IN_HAZARD, "h1", IN_BY, "B1", IN_NONE), 1);
    golden(w, "hazard_area", world_ok(w, INC_HAZARD_REPORTED, IN_HAZARD, "h2", IN_HAZARD_KIND, "gas", IN_SHAPE, RING,
           IN_NONE), 1);
    golden(w, "hazard_area_controlled", world_ok(w, INC_HAZARD_CONTROLLED, IN_HAZARD, "h2", IN_BY, "B1", IN_NONE), 1);
    assert_int_equal(rows_of(w, world_ok(w, INC_HAZARD_REPORTED, IN_HAZARD, "HZ-1", IN_HAZARD_KIND, "device", IN_LAT,
                                         "24", IN_LON, "67", IN_SOURCE, "s1", IN_NONE)), 1);
    world_ok(w, INC_SOURCE_REGISTERED, IN_SOURCE, "cot:A", IN_SOURCE_KIND, "responder", IN_NONE);
    assert_int_equal(rows_of(w, world_ok(w, INC_HAZARD_REPORTED, IN_HAZARD, "HZ-2", IN_HAZARD_KIND, "device", IN_LAT,
                                         "24", IN_LON, "67", IN_SOURCE, "cot:A", IN_NONE)), 0);
    golden(w, "hazard_nowhere", world_ok(w, INC_HAZARD_REPORTED, IN_HAZARD, "h3", IN_HAZARD_KIND, "gas", IN_NONE), 0);
    golden(w, "point_set", world_ok(w, INC_POINT_SET, IN_POINT, "rvp-1", IN_POINT_KIND, "rvp", IN_PLACE, "petrol pump",
           IN_NAME, "North", IN_LAT, "24.8700", IN_LON, "67.0100", IN_NONE), 1);
    golden(w, "point_replaced", world_ok(w, INC_POINT_SET, IN_POINT, "rvp-2", IN_POINT_KIND, "rvp", IN_PLACE, "school",
           IN_REPLACES, "rvp-1", IN_LAT, "24.8800", IN_LON, "67.0100", IN_NONE), 2);
    golden(w, "point_closed", world_ok(w, INC_POINT_CLOSED, IN_POINT, "rvp-2", IN_REASON, "fire", IN_NONE), 1);
    golden(w, "point_nowhere", world_ok(w, INC_POINT_SET, IN_POINT, "icp", IN_POINT_KIND, "icp", IN_PLACE, "van",
           IN_NONE), 0);
    world_free(w);
}

static void test_orders_go_to_their_units_alone(void **state)
{
    struct world *w = scene();

    (void)state;
    golden(w, "assignment_given", world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a1", IN_UNITS, "P1", IN_TEXT,
           "search <ground> floor", IN_ZONES, "H/0/A", IN_NET, "tac 1", IN_NOTE, "stairs unsafe", COMMANDER, IN_NONE),
           2);
    golden(w, "assignment_held", world_ok(w, INC_ASSIGNMENT_HELD, IN_ASSIGNMENT, "a1", IN_REASON, "fire", IN_NONE), 2);
    golden(w, "assignment_aborted", world_ok(w, INC_ASSIGNMENT_ABORTED, IN_ASSIGNMENT, "a1", IN_REASON, "fire",
           IN_NONE), 2);
    golden(w, "task_created", world_ok(w, INC_TASK_CREATED, IN_TASK, "t1", IN_TEXT, "bring plans", IN_OWNER, "P2",
           IN_DUE_AT, "1700000600000", IN_NONE), 1);
    golden(w, "task_of_a_person", world_ok(w, INC_TASK_CREATED, IN_TASK, "t2", IN_TEXT, "x", IN_OWNER, "anna", IN_NONE),
           0);
    golden(w, "task_reassigned", world_ok(w, INC_TASK_REASSIGNED, IN_TASK, "t2", IN_OWNER, "A1", IN_NONE), 1);
    golden(w, "message_sent", world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m1", IN_TO, "P2", IN_TO, "A1", IN_TO, "nobody",
           IN_FROM, "Ops", IN_TEXT, "hold the gate", IN_PRIORITY, "urgent", IN_NONE), 2);
    world_ok(w, INC_DIVISION_CREATED, IN_DIVISION, "north", IN_NAME, "North", IN_DIVISION_KIND, "division", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a2", IN_UNITS, "P2", IN_TEXT, "x", IN_DIVISION, "north",
             COMMANDER, IN_NONE);
    golden(w, "message_to_division", world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m2", IN_TO, "north", IN_TEXT, "water",
           IN_NONE), 1);
    world_free(w);
}

static void test_accountability(void **state)
{
    struct world *w = scene();
    char *id;

    (void)state;
    golden(w, "par_called", world_ok(w, INC_PAR_CALLED, IN_PAR, "p1", IN_REASON, "smoke", IN_NONE), 3);
    golden(w, "par_called_some", world_ok(w, INC_PAR_CALLED, IN_PAR, "p2", IN_REASON, "x", IN_UNITS, "A1", IN_NONE), 1);
    golden(w, "par_missed", world_ok(w, INC_PAR_MISSED, IN_UNIT, "A1", IN_NONE), 1);
    golden(w, "mayday_declared", world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "m1", IN_UNIT, "P1", IN_ZONE, "H/0/A",
           IN_TEXT, "trapped", IN_NONE), 2);
    golden(w, "mayday_resolved", world_ok(w, INC_MAYDAY_RESOLVED, IN_MAYDAY, "m1", IN_REASON, "out", IN_NONE), 2);
    golden(w, "evacuation_ordered", world_ok(w, INC_EVACUATE_ORDERED, IN_EVACUATION, "e1", IN_REASON, "collapse",
           IN_STRUCTURE, "H", COMMANDER, IN_NONE), 5);
    golden(w, "evacuation_ended", world_ok(w, INC_EVACUATE_ENDED, IN_EVACUATION, "e1", IN_REASON, "out", IN_NONE), 2);
    /* A Mayday that the phone itself raised has its alert on the map already. */
    assert_int_equal(world_hears_xml(w, test_read(test_corpus("FreeTAKTeam+FreeTAKTest/TestData_COT_examples_"
                                                              "AlertTrouble.xml")),
                                     (struct row_from){"x", "P2"}), 2);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "R1", IN_AGENCY, "police", IN_ALIAS, "ANDROID-352614100054990", IN_NONE);
    assert_int_equal(world_hears_xml(w, test_read(test_corpus("FreeTAKTeam+FreeTAKTest/TestData_COT_examples_"
                                                              "AlertTrouble.xml")),
                                     (struct row_from){"x", "P2"}), 1);
    golden(w, "mayday_of_a_phone", w->seq, 1);
    id = test_keep(strndup(ent_id(w->s, ent_next(w->s, ent_first(w->s, ENT_MAYDAY))).at,
                           ent_id(w->s, ent_next(w->s, ent_first(w->s, ENT_MAYDAY))).len));
    golden(w, "mayday_of_a_phone_resolved", world_ok(w, INC_MAYDAY_RESOLVED, IN_MAYDAY, id, IN_REASON, "x", IN_NONE),
           1);
    world_free(w);
}

static void test_an_exercise_reaches_only_its_own(void **state)
{
    struct world *w = world_new();
    struct outs all;

    (void)state;
    w->exercise = true;
    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "EX-1", IN_NAME, "Drill", IN_TYPE, "bomb", IN_NONE);
    world_ok(w, INC_AGENCY_JOINED, IN_AGENCY, "police", IN_NAME, "Police", IN_AGENCY_KIND, "police", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "P1", IN_AGENCY, "police", IN_NONE);
    golden(w, "exercise_cordon", world_ok(w, INC_CORDON_SET, IN_CORDON, "c", IN_CORDON_KIND, "inner", IN_SHAPE, RING,
           IN_NONE), 1);
    all = outs_of(w, w->seq, 4);
    assert_int_equal(all.at[0].audience, COT_TO_EXERCISE);
    golden(w, "exercise_message", world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m", IN_TO, "P1", IN_TEXT, "x", IN_NONE),
           1);
    all = outs_of(w, w->seq, 4);
    assert_true(str_eq(all.at[0].to, STR("EX-ANDROID-P1")));
    all = outs_of(w, world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "m", IN_UNIT, "P1", IN_NONE), 4);
    assert_true(all.n == 1 && all.at[0].audience == COT_TO_EXERCISE);
    assert_true(str_find(all.at[0].xml, STR(">EXERCISE: MAYDAY")) < all.at[0].xml.len);
    world_free(w);
}

static void test_what_is_not_for_phones_stays(void **state)
{
    static const unsigned silent[] = {INC_DECISION_TAKEN, INC_CASUALTY_REPORTED, INC_REPORT_RECEIVED};
    struct world *w = scene();

    (void)state;
    assert_int_equal(rows_of(w, world_ok(w, INC_CORDON_SET, IN_CORDON, "c", IN_CORDON_KIND, "inner", IN_SHAPE, RING,
                                         IN_CLASS, "command", IN_NONE)), 0);
    assert_int_equal(rows_of(w, world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m", IN_TO, "P1", IN_TEXT, "x", IN_CLASS,
                                         "sealed-id", IN_NONE)), 0);
    assert_int_equal(rows_of(w, world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a", IN_UNITS, "P1", IN_TEXT, "x",
                                         IN_CLASS, "command", COMMANDER, IN_NONE)), 0);
    assert_int_equal(rows_of(w, world_ok(w, INC_ASSIGNMENT_ABORTED, IN_ASSIGNMENT, "a", IN_REASON, "x", IN_NONE)), 0);
    assert_int_equal(rows_of(w, world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "m", IN_UNIT, "P1", IN_CLASS, "intel",
                                         IN_NONE)), 0);
    assert_int_equal(rows_of(w, world_ok(w, INC_TASK_CREATED, IN_TASK, "t", IN_TEXT, "x", IN_OWNER, "P1", IN_CLASS,
                                         "command", IN_NONE)), 0);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "c1", IN_CATEGORY, "police", IN_NONE);
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d1", IN_TEXT, "x", COMMANDER, IN_NONE);
    for (uint64_t i = 1; i <= w->seq; i++)
        for (size_t k = 0; k < COUNTOF(silent); k++)
            assert_true(w->rows[i].kind != silent[k] || rows_of(w, i) == 0);
    world_free(w);
}

/* Long texts and ids, many points, few places at a time: everything still fits a phone. */
static void test_the_largest_there_is(void **state)
{
    static char shape[INCIDENT_TEXT_MAX + 1], text[INCIDENT_TEXT_MAX + 1], id[INCIDENT_ID_MAX + 1], road[257];
    struct world *w = scene();
    struct outs all, few;
    uint64_t seq;

    (void)state;
    for (size_t i = 0; i + 8 < sizeof shape; i += 8)
        (void)snprintf(shape + i, sizeof shape - i, "%zu,%zu.%zu   ", 1 + i % 9, 1 + i % 8, i % 7);
    memset(text, '&', sizeof text - 1);
    memset(id, '<', sizeof id - 1);
    memset(road, '"', sizeof road - 1);
    seq = world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, id, IN_ROAD, road, IN_SHAPE, shape, IN_TEXT, text, IN_NONE);
    all = outs_of(w, seq, 4);
    assert_int_equal(all.n, 1);
    check_row(&all.at[0]);
    seq = world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, id, IN_TO, "P1", IN_TO, "P2", IN_TO, "A1", IN_TEXT, text, IN_NONE);
    all = outs_of(w, seq, 16);
    few = outs_of(w, seq, 1);
    assert_int_equal(all.n, 4);
    assert_int_equal(few.n, 4);
    assert_true(few.calls == 5 && all.calls == 2);
    for (size_t i = 0; i < all.n; i++) {
        check_row(&all.at[i]);
        assert_true(str_eq(all.at[i].payload, few.at[i].payload));
        assert_true(str_find(all.at[i].xml, STR("the command post has all of it")) < all.at[i].xml.len);
    }
    world_free(w);
}

/* What JSON lets an operator write and XML does not have. */
static void test_characters_that_xml_has_not(void **state)
{
    struct world *w = scene();
    struct outs all;

    (void)state;
    all = outs_of(w, world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m\xEF\xBF\xBF", IN_TO, "P2", IN_TEXT,
                              "a\x04" "b\tc\xEF\xBF\xBE" "d\xEF\xBF\xBD", IN_NONE), 4);
    assert_int_equal(all.n, 1);
    check_row(&all.at[0]);
    assert_true(str_find(all.at[0].xml, STR(">a b&#9;c   d\xEF\xBF\xBD</remarks>")) < all.at[0].xml.len);
    all = outs_of(w, world_ok(w, INC_CORDON_SET, IN_CORDON, "c\xEF\xBF\xBF", IN_CORDON_KIND, "inner", IN_SHAPE, RING,
                              IN_TEXT, "\x01", IN_NONE), 4);
    assert_int_equal(all.n, 1);
    check_row(&all.at[0]);
    world_free(w);
}

/* ---- beside ATAK ------------------------------------------------------- */

/* The names of the elements in <detail>, with those of their attributes, sorted, each once. */
static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t names_in(struct str xml, char **names, size_t max)
{
    static char scratch_bytes[1 << 17];
    struct buf scratch = buf_over(scratch_bytes, sizeof scratch_bytes);
    XML_ON_STACK(x);
    struct cot c;
    struct err e;
    size_t n = 0, kept = 0;

    assert_true(cot_from_xml(xml, &scratch, &c, &e));
    xml_over(&x, c.detail, 2, &e);
    for (enum xml_is is = xml_next(&x); is != XML_END && is != XML_BAD; is = xml_next(&x))
        for (size_t i = 0; is == XML_OPEN && i <= x.attr_count && n < max; i++) {
            char name[256];

            (void)snprintf(name, sizeof name, "%.*s%s%.*s", STR_ARG(x.name), i ? "/" : "",
                           i ? (int)x.attr[i - 1].name.len : 0, i ? x.attr[i - 1].name.at : "");
            names[n++] = test_keep(strdup(name));
        }
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    return kept;
}

static bool is_in(const char *list, const char *name)
{
    char text[300];

    (void)snprintf(text, sizeof text, " %s ", name);
    return strstr(list, text) != NULL;
}

/* Everything that ATAK's file has, ours has, and the other way round, but for what is named. */
static void same_elements(struct str ours, const char *file, const char *theirs_alone, const char *ours_alone)
{
    char *a[256], *b[256];
    struct str real = test_read(test_corpus(file));
    size_t n = names_in(ours, a, 256), m = names_in(real, b, 256), i = 0, j = 0;

    while (i < n || j < m) {
        int c = i == n ? 1 : j == m ? -1 : strcmp(a[i], b[j]);

        if (c < 0 && !is_in(ours_alone, a[i]))
            fail_msg("%s: ATAK has no %s", file, a[i]);
        if (c > 0 && !is_in(theirs_alone, b[j]))
            fail_msg("%s: ours has no %s", file, b[j]);
        i += c <= 0;
        j += c >= 0;
    }
}

#define TAKCOT "deptofdefense+AndroidTacticalAssaultKit-CIV/takcot_examples_"

static void test_the_elements_are_those_of_atak(void **state)
{
    struct world *w = scene();
    struct outs all;

    (void)state;
    all = outs_of(w, world_ok(w, INC_CORDON_SET, IN_CORDON, "c", IN_CORDON_KIND, "inner", IN_SHAPE, RING, IN_NONE), 4);
    same_elements(all.at[0].xml, TAKCOT "Drawing_Shapes_-_Free_Form.xml", "", " strokeStyle strokeStyle/value ");
    /* The stroke's style is in what ATAK 4.5 sends: */
    same_elements(all.at[0].xml, "FreeTAKTeam+FreeTAKTest/log_u-d-r_02.xml",
                  " tog tog/enabled marti dest dest/callsign ", " color color/value ");
    all = outs_of(w, world_ok(w, INC_POINT_SET, IN_POINT, "p", IN_POINT_KIND, "ccp", IN_PLACE, "yard", IN_LAT, "24.86",
                              IN_LON, "67.0", IN_NONE), 4);
    same_elements(all.at[0].xml, TAKCOT "Marker_-_Spot.xml", "", "");
    all = outs_of(w, world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m", IN_TO, "P2", IN_TEXT, "x", IN_NONE), 4);
    same_elements(all.at[0].xml, "meshtastic+TAKPacket-SDK/testdata_cot_xml_geochat_broadcast.xml",
                  " __serverdestination __serverdestination/destinations ", "");
    all = outs_of(w, world_ok(w, INC_EVACUATE_ORDERED, IN_EVACUATION, "e", IN_REASON, "x", IN_STRUCTURE, "H", COMMANDER,
                              IN_NONE), 8);
    same_elements(all.at[all.n - 1].xml, "FreeTAKTeam+FreeTAKTest/TestData_COT_examples_AlertTrouble.xml", " remarks ",
                  "");
    all = outs_of(w, world_ok(w, INC_EVACUATE_ENDED, IN_EVACUATION, "e", IN_REASON, "x", IN_NONE), 8);
    same_elements(all.at[all.n - 1].xml, "FreeTAKTeam+FreeTAKTest/TestData_COT_examples_EmergencyCancel-L2.xml", "",
                  " contact contact/callsign ");
    world_free(w);
}

/* A phone answers whom it has as a contact. */
static void test_the_command_post_is_a_contact(void **state)
{
    static const struct { bool icp, exercise; double lat; } rows[] = {
        {false, false, 24.86}, {true, false, 24.9}, {true, true, 0}};

    (void)state;
    for (size_t i = 0; i <= COUNTOF(rows); i++) {
        struct world *w = i < COUNTOF(rows) ? world_new() : NULL;
        struct cot_post p = {NULL, str_from(row_server), STR("Cordon \"1\""), INT64_C(1700000000000)};
        char detail_bytes[512], xml[2048], values[2048];
        struct buf detail = buf_over(detail_bytes, sizeof detail_bytes), b = buf_over(xml, sizeof xml);
        struct buf scratch = buf_over(values, sizeof values);
        struct cot c, back;
        struct err e;

        if (w) {
            w->exercise = rows[i].exercise;
            world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "EX-i", IN_NAME, "n", IN_TYPE, "bomb", IN_LAT, "24.86",
                     IN_LON, "67.0", IN_NONE);
            if (rows[i].icp)
                world_ok(w, INC_POINT_SET, IN_POINT, "icp", IN_POINT_KIND, "icp", IN_PLACE, "van", IN_LAT, "24.9",
                         IN_LON, "67.1", IN_NONE);
            p.s = w->s;
        }
        incident_cot_post(&p, &detail, &c);
        cot_to_xml(&c, &b);
        assert_true(!b.full && cot_from_xml(buf_str(&b), &scratch, &back, &e));
        assert_int_equal(classify(&back, false), CLASS_PRESENCE);
        assert_true(str_eq(back.contact.callsign, p.server_name) && str_eq(back.contact.endpoint, STR("*:-1:stcp")));
        assert_true(str_eq(back.uid, p.server_uid) && back.stale_ms == p.now_ms + 300000);
        assert_true(back.lat.value == (w ? rows[i].lat : 0));
        same_elements(buf_str(&b),
                      "deptofdefense+AndroidTacticalAssaultKit-CIV/commoncommo_core_atakcotcaptures-L54.xml",
                      " status status/battery track track/course track/speed precisionlocation "
                      "precisionlocation/altsrc precisionlocation/geopointsrc ",
                      " takv takv/device takv/os takv/platform takv/version ");
        if (w)
            world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cordons),
        cmocka_unit_test(test_closures_and_zones),
        cmocka_unit_test(test_hazards_and_points),
        cmocka_unit_test(test_orders_go_to_their_units_alone),
        cmocka_unit_test(test_accountability),
        cmocka_unit_test(test_an_exercise_reaches_only_its_own),
        cmocka_unit_test(test_what_is_not_for_phones_stays),
        cmocka_unit_test(test_the_largest_there_is),
        cmocka_unit_test(test_characters_that_xml_has_not),
        cmocka_unit_test(test_the_elements_are_those_of_atak),
        cmocka_unit_test(test_the_command_post_is_a_contact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
