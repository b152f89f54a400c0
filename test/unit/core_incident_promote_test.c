/* Drawings of real phones as cordons, closures, hazards and points; and what geometry is asked. */
#include "support/river_row.h"

#include "core/incident_geo.h"
#include "core/incident_promote.h"

#include <math.h>

#define TAKCOT "deptofdefense+AndroidTacticalAssaultKit-CIV/takcot_examples_"
#define MESH "meshtastic+TAKPacket-SDK/testdata_cot_xml_"
#define FTS "FreeTAKTeam+FreeTAKTest/"

static char promote_memory[INCIDENT_PROMOTE_MEMORY];
static struct err why;

/* Promotes a drawing with these fields (pairs of tag and text) and applies it; false: refused (why). */
static bool promote(struct world *w, struct str xml, enum incident_kind wanted, ...)
{
    static char bytes[4096];
    struct buf fields = buf_over(bytes, sizeof bytes), memory = buf_over(promote_memory, sizeof promote_memory);
    struct incident_promote p = {.s = w->s, .wanted = wanted, .now_ms = w->now_ms};
    struct incident_command c;
    unsigned kind;
    va_list args;

    p.drawing = row_of(xml, (struct row_from){"x", "ANDROID-1"}, &kind);
    p.seq = world_river(w, EV_OBJECT_PUT, p.drawing);
    va_start(args, wanted);
    for (int f = va_arg(args, int); f; f = va_arg(args, int))
        incident_put(&fields, (enum incident_field)f, str_from(va_arg(args, const char *)));
    va_end(args);
    p.fields = buf_str(&fields);
    why = (struct err){0};
    if (!incident_promote(&p, &memory, &c, &why))
        return false;
    if (!world_do(w, c.kind, c.payload))
        fail_msg("refused by the incident: %s", w->err.text);
    return true;
}

static struct str real(const char *name)
{
    struct str s = test_read(test_corpus(name));

    if (!s.at)
        fail_msg("%s is not there", name);
    return s;
}

static struct str shape_of(const struct world *w, enum entity_kind kind, const char *id)
{
    return ent_get(w->s, ent_find(w->s, kind, str_from(id)), IN_SHAPE);
}

static bool refused(const char *words)
{
    if (strstr(why.text, words))
        return true;
    print_message("refused with \"%s\"\n", why.text);
    return false;
}

static void test_shapes_become_cordons(void **state)
{
    struct world *w = world_scene();
    struct geo_box box;
    struct str s;

    (void)state;
    assert_true(promote(w, real(TAKCOT "Drawing_Shapes_-_Free_Form.xml"), INC_CORDON_SET, IN_CORDON, "free",
                        IN_CORDON_KIND, "outer", IN_NONE));
    s = shape_of(w, ENT_CORDON, "free");
    assert_int_equal(shape_points(s), 7);
    assert_true(shape_is_closed(s) && str_starts(s, STR("38.8382318,-77.0661647 38.8374536,-77.0657979 ")));
    assert_true(ent_is(w->s, ent_find(w->s, ENT_CORDON, STR("free")), IN_NAME, "Shape 1"));
    assert_true(promote(w, real(FTS "log_u-d-r_02.xml"), INC_CORDON_SET, IN_CORDON, "rect", IN_CORDON_KIND, "inner",
                        IN_NAME, "mine", IN_NONE));
    assert_int_equal(shape_points(shape_of(w, ENT_CORDON, "rect")), 5);
    assert_true(ent_is(w->s, ent_find(w->s, ENT_CORDON, STR("rect")), IN_NAME, "mine"));
    assert_true(promote(w, real(MESH "drawing_polygon.xml"), INC_TACTICAL_SET, IN_TACTICAL, "poly", IN_TAC_KIND, "hot",
                        IN_NONE));
    assert_true(shape_is_closed(shape_of(w, ENT_TACTICAL, "poly")));
    assert_true(promote(w, real(TAKCOT "Drawing_Shapes_-_Circle.xml"), INC_CORDON_SET, IN_CORDON, "circle",
                        IN_CORDON_KIND, "inner", IN_NONE));
    s = shape_of(w, ENT_CORDON, "circle");
    assert_int_equal(shape_points(s), 37);
    assert_true(shape_is_closed(s) && shape_box(s, &box));
    assert_true(fabs(box_side_m(&box) - 2 * 226.98) < 2); /* the radius as the phone drew it */
    assert_true(fabs(shape_distance_m(s, box_middle(&box)) - 226.98) < 2);
    world_free(w);
}

/* Its long half is 250 m towards the north-east, its short one 125 m across. */
static void test_an_ellipse_lies_as_it_was_drawn(void **state)
{
    const double step = 1 / 111320.0, shrink = cos(33.1234 * 3.14159265358979323846 / 180), diagonal = sqrt(0.5);
    struct world *w = world_scene();
    struct str s;

    (void)state;
    assert_true(promote(w, real(MESH "drawing_ellipse.xml"), INC_TACTICAL_SET, IN_TACTICAL, "oval", IN_TAC_KIND, "warm",
                        IN_NONE));
    s = shape_of(w, ENT_TACTICAL, "oval");
    assert_int_equal(shape_points(s), 37);
    assert_true(shape_is_closed(s));
    for (int i = 0; i < 4; i++) {
        double turn = (45 + 90 * i) * 3.14159265358979323846 / 180, away = i % 2 ? 125 : 250;
        struct geo_point tip = {33.1234 + cos(turn) * away * step, -107.2458 + sin(turn) * away * step / shrink};

        assert_true(shape_distance_m(s, tip) < 1);
    }
    assert_false(shape_holds(s, (struct geo_point){33.1234 + 150 * diagonal * step,
                                                   -107.2458 - 150 * diagonal * step / shrink}));
    assert_true(promote(w, real(FTS "log_u-d-c-c_01.xml"), INC_CORDON_SET, IN_CORDON, "round", IN_CORDON_KIND, "inner",
                        IN_NONE));
    world_free(w);
}

static void test_lines_become_closures(void **state)
{
    struct world *w = world_scene();

    (void)state;
    assert_true(promote(w, real(TAKCOT "Route.xml"), INC_CLOSURE_SET, IN_CLOSURE, "route", IN_ROAD, "Main Road",
                        IN_NONE));
    assert_int_equal(shape_points(shape_of(w, ENT_CLOSURE, "route")), 13);
    assert_false(shape_is_closed(shape_of(w, ENT_CLOSURE, "route")));
    assert_true(promote(w, real(MESH "drawing_freeform.xml"), INC_CLOSURE_SET, IN_CLOSURE, "line", IN_ROAD, "Side Road",
                        IN_NONE));
    assert_int_equal(shape_points(shape_of(w, ENT_CLOSURE, "line")), 6);
    world_free(w);
}

static void test_markers_become_points_and_hazards(void **state)
{
    struct world *w = world_scene();
    uint32_t e;

    (void)state;
    assert_true(promote(w, real(TAKCOT "Marker_-_Spot.xml"), INC_POINT_SET, IN_POINT, "rvp", IN_POINT_KIND, "rvp",
                        IN_NONE));
    e = ent_find(w->s, ENT_POINT, STR("rvp"));
    assert_true(ent_is(w->s, e, IN_LAT, "38.8560634") && ent_is(w->s, e, IN_LON, "-77.0563755"));
    assert_true(ent_is(w->s, e, IN_PLACE, "38.8560634,-77.0563755") && ent_is(w->s, e, IN_NAME, "R 1"));
    assert_true(promote(w, real(MESH "marker_tank.xml"), INC_HAZARD_REPORTED, IN_HAZARD, "h", IN_HAZARD_KIND, "gunfire",
                        IN_NONE));
    assert_true(ent_is(w->s, ent_find(w->s, ENT_HAZARD, STR("h")), IN_LAT, "33.1324000"));
    assert_true(promote(w, real(TAKCOT "Drawing_Shapes_-_Circle.xml"), INC_HAZARD_REPORTED, IN_HAZARD, "area",
                        IN_HAZARD_KIND, "gas", IN_NONE));
    assert_int_equal(shape_points(shape_of(w, ENT_HAZARD, "area")), 37);
    world_free(w);
}

static const char *drawing(const char *type, const char *detail)
{
    static char xml[(1 << 18) + 1024];

    (void)snprintf(xml, sizeof xml,
                   "<event version='2.0' uid='d' type='%s' how='h-e' time='2023-11-14T22:13:20Z' "
                   "start='2023-11-14T22:13:20Z' stale='2023-11-15T22:13:20Z'><point lat='24.8' lon='67' hae='0' "
                   "ce='1' le='1'/><detail>%s</detail></event>", type, detail);
    return xml;
}

#define STROKE(points)                                                                                                 \
    "<link line=\"&lt;?xml version='1.0'?&gt;&lt;event version='2.0' uid='s' type='u-d-f' how='h-e' "                  \
    "time='2023-11-14T22:13:20Z' start='2023-11-14T22:13:20Z' stale='2023-11-15T22:13:20Z'&gt;&lt;point lat='0' "      \
    "lon='0' hae='0' ce='1' le='1'/&gt;&lt;detail&gt;" points "&lt;/detail&gt;&lt;/event&gt;\"/>"
#define AT(pair) "&lt;link point='" pair "'/&gt;"

/* A finger does not end where it began, and lifts on its way round. */
static void test_freehand_is_closed_where_it_nearly_is(void **state)
{
    static const struct {
        const char *type, *detail;
        size_t points;
    } rows[] = {
        {"u-d-f-m", STROKE(AT("24,67") AT("24.1,67") AT("24.1,67.1") AT("24,67.1") AT("24,67.01")), 6},
        {"u-d-f-m", STROKE(AT("24,67") AT("24.1,67") AT("24.1,67.1")) STROKE(AT("24.09,67.1") AT("24,67.1")
         AT("24,67.01")), 7},
        {"u-d-f", "<link point='24,67'/><link point='24.1,67'/><link point='24.1,67.1'/><link point='24,67.1'/>"
         "<link point='24.001,67.01'/>", 6},
    };
    struct world *w = world_scene();
    char id[8];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        (void)snprintf(id, sizeof id, "t%zu", i);
        assert_true(promote(w, str_from(drawing(rows[i].type, rows[i].detail)), INC_TACTICAL_SET, IN_TACTICAL, id,
                            IN_TAC_KIND, "hot", IN_NONE));
        assert_int_equal(shape_points(shape_of(w, ENT_TACTICAL, id)), rows[i].points);
        assert_true(shape_is_closed(shape_of(w, ENT_TACTICAL, id)));
        /* What may be a line stays as it was drawn. */
        assert_true(promote(w, str_from(drawing(rows[i].type, rows[i].detail)), INC_CLOSURE_SET, IN_CLOSURE, id,
                            IN_ROAD, "Ring Road", IN_NONE));
        assert_int_equal(shape_points(shape_of(w, ENT_CLOSURE, id)), rows[i].points - 1);
    }
    assert_false(promote(w, real(FTS "log_u-d-f-m_02.xml"), INC_TACTICAL_SET, IN_TACTICAL, "word", IN_TAC_KIND, "hot",
                         IN_NONE));
    assert_true(refused("its strokes do not meet"));
    world_free(w);
}

static void test_what_cannot_be_taken_is_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *type, *detail;
        enum incident_kind wanted;
        const char *words;
    } rows[] = {
        {"u-d-f", "<link point='24,67'/><link point='24.1,67'/><link point='24.1,67.1'/>", INC_CORDON_SET,
         "this line is open: close it on the phone"},
        {"b-m-r", "<link point='24,67'/><link point='24.1,67'/>", INC_TACTICAL_SET, "a tactical zone needs an area"},
        {"u-d-f", "<link point='24,67'/>", INC_CLOSURE_SET, "it has 1 points; a line needs two"},
        {"u-d-r", "<link point='24,67'/><link point='24.1,67'/>", INC_CORDON_SET, "an area needs three"},
        {"u-d-r", "<link point='24,67'/><link point='24.1,67'/><link point='94.1,67'/>", INC_CORDON_SET,
         "1 of its points are no places"},
        {"u-d-r", "<link point='NaN,x'/><link point='24.1,67'/><link point='4.1,67'/>", INC_CORDON_SET, "no places"},
        {"u-d-f-m", "<link line='x'/>", INC_CORDON_SET, "1 of its strokes cannot be read"},
        {"u-d-f-m", "", INC_CORDON_SET, "it has 0 points"},
        {"u-d-f-m", STROKE("&lt;link line='&amp;lt;event/>'/&gt;"), INC_CORDON_SET, "it has 0 points"},
        {"u-d-f-m", STROKE(AT("24,67") AT("24.1,67") AT("24.1,67.1")), INC_CORDON_SET, "this line is open"},
        {"u-d-f-m", STROKE(AT("24,67") AT("94.1,67")), INC_CLOSURE_SET, "1 of its points are no places"},
        {"u-d-f-m", STROKE(AT("24,67") AT("24.1,67")) STROKE(AT("24.3,67") AT("24.4,67")), INC_CLOSURE_SET,
         "its strokes do not meet"},
        {"u-rb-a", "", INC_CORDON_SET, "type u-rb-a cannot be taken over"},
        {"u-d-c-c", "<shape><ellipse major='200' minor='100' angle='x'/></shape>", INC_CORDON_SET, "no angle"},
        {"u-d-c-e", "<shape><ellipse major='200' minor='-1' angle='0'/></shape>", INC_CORDON_SET, "no radius"},
        {"u-d-c-e", "<shape><ellipse major='200' minor='1e9' angle='0'/></shape>", INC_CORDON_SET, "no radius"},
        {"u-d-c-c", "<shape><ellipse major='nan' minor='100'/></shape>", INC_CORDON_SET, "no radius"},
        {"u-d-c-c", "<shape><ellipse major='1e9' minor='1e9'/></shape>", INC_CORDON_SET, "no radius up to 100 km"},
        {"u-d-c-c", "", INC_CORDON_SET, "no radius"},
        {"u-d-r", "<link point='24,67'/><link point='24.1,67'/><link point='24.1,67.1'/>", INC_POINT_SET,
         "a point needs a marker"},
        {"a-h-G", "", INC_CORDON_SET, "a cordon needs an area"},
        {"a-h-G", "", INC_TASK_CREATED, "a drawing becomes a cordon"},
    };
    struct world *w = world_scene();

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        uint64_t seq = w->seq;

        assert_false(promote(w, str_from(drawing(rows[i].type, rows[i].detail)), rows[i].wanted, IN_CORDON, "c",
                             IN_CORDON_KIND, "inner", IN_NONE));
        if (!refused(rows[i].words))
            fail_msg("row %zu", i);
        assert_int_equal(w->seq, seq + 1); /* the drawing's own row */
    }
    assert_false(promote(w, str_from(drawing("a-h-G", "")), INC_POINT_SET, IN_LAT, "1", IN_NONE));
    assert_true(refused("the drawing gives it"));
    world_free(w);
}

/* A finger's line round a kilometre of town: some thousand points, each a metre off the last. */
static const char *finger_line(char *to, size_t max, size_t n, double jitter)
{
    struct buf b = buf_over(to, max);
    uint32_t x = 7;

    for (size_t i = 0; i < n; i++) {
        double turn = 2 * 3.14159265358979 * (double)i / (double)n, r;

        x = x * 1664525 + 1013904223;
        r = 0.003 + jitter * ((x >> 16) % 1000) / 1000;
        buf_fmt(&b, "<link point='%.7f,%.7f'/>", 24.86 + r * sin(turn), 67.01 + r * cos(turn));
    }
    buf_byte(&b, 0);
    assert_false(b.full);
    return to;
}

static void test_a_long_line_is_thinned_and_it_is_said(void **state)
{
    static char detail[1 << 18];
    struct world *w = world_scene();
    uint32_t cordon;
    struct str s;

    (void)state;
    (void)finger_line(detail, sizeof detail, 1500, 0.000002);
    assert_true(promote(w, str_from(drawing("u-d-f", detail)), INC_CORDON_SET, IN_CORDON, "c", IN_CORDON_KIND, "outer",
                        IN_NOTE, "as seen from the roof", IN_NONE));
    cordon = ent_find(w->s, ENT_CORDON, STR("c"));
    s = ent_get(w->s, cordon, IN_SHAPE);
    assert_true(shape_points(s) > 100 && shape_points(s) <= 630 && shape_is_closed(s));
    assert_true(str_starts(ent_get(w->s, cordon, IN_NOTE),
                           STR("as seen from the roof; drawn with 1501 points, ")));
    assert_true(promote(w, str_from(drawing("u-d-r", "<link point='24,67'/><link point='24.1,67'/>"
                                                     "<link point='24.1,67.1'/>")), INC_TACTICAL_SET, IN_TACTICAL, "t",
                        IN_TAC_KIND, "hot", IN_NONE));
    assert_false(ent_has(w->s, ent_find(w->s, ENT_TACTICAL, STR("t")), IN_NOTE));
    world_free(w);
}

static void test_what_cannot_be_thinned_is_refused(void **state)
{
    static char detail[1 << 18];
    struct world *w = world_scene();

    (void)state;
    (void)finger_line(detail, sizeof detail, 900, 0.001); /* saws of a hundred metres */
    assert_false(promote(w, str_from(drawing("u-d-r", detail)), INC_CORDON_SET, IN_CORDON, "c", IN_CORDON_KIND, "inner",
                         IN_NONE));
    assert_true(refused("its 901 points cannot be thinned to the 630"));
    (void)finger_line(detail, sizeof detail, 6000, 0);
    assert_false(promote(w, str_from(drawing("u-d-r", detail)), INC_CORDON_SET, IN_CORDON, "c", IN_CORDON_KIND, "inner",
                         IN_NONE));
    assert_true(refused("5000 are the most"));
    world_free(w);
}

/* ---- geometry ---------------------------------------------------------- */

static void test_geometry(void **state)
{
    static const char ring[] = "24.86,67.00 24.87,67.00,5 24.87,67.01 24.86,67.01";
    struct str s = str_from(ring), open = STR("0,0 0,1 1,1"), bad = STR("0,0 0,1 x,1");
    char text[2048];
    struct buf b = buf_over(text, sizeof text);
    struct geo_box box;

    (void)state;
    assert_int_equal(shape_points(s), 4);
    assert_false(shape_is_closed(s) || shape_is_closed(bad) || shape_is_closed(STR("1,1")));
    assert_true(shape_is_closed(STR("0,0 0,1 1,1 0,0")));
    assert_true(shape_holds(s, (struct geo_point){24.865, 67.005}));
    assert_true(shape_holds(STR("24.86,67.00 24.87,67.00 24.87,67.01 24.86,67.01 24.86,67.00"),
                            (struct geo_point){24.865, 67.005}));
    assert_false(shape_holds(s, (struct geo_point){24.875, 67.005}));
    assert_false(shape_holds(s, (struct geo_point){24.865, 66.99}));
    assert_false(shape_holds(bad, (struct geo_point){0.1, 0.5}) || shape_holds(STR(""), (struct geo_point){0, 0}));
    assert_true(shape_holds(open, (struct geo_point){0.2, 0.5}) && !shape_holds(open, (struct geo_point){0.5, 0.2}));
    assert_true(fabs(shape_distance_m(s, (struct geo_point){24.865, 67.0}) - 0) < 1);
    assert_true(fabs(shape_distance_m(s, (struct geo_point){24.88, 67.005}) - 1113.2) < 3);
    assert_true(isinf(shape_distance_m(STR(""), (struct geo_point){0, 0})));
    assert_int_equal(shape_points(bad), 0);
    assert_int_equal(shape_points(STR("91,0 0,0")), 0);
    assert_false(shape_box(bad, &box) || shape_box(STR(""), &box));
    assert_true(shape_box(s, &box) && fabs(box_side_m(&box) - 1010) < 5);
    geo_put_point(&b, (struct geo_point){-0.00000004, -180});
    geo_put_point(&b, (struct geo_point){24.86, 0.123456789});
    assert_true(str_eq(buf_str(&b), STR("0.0000000,-180.000000024.8600000,0.1234568")));
    b.len = 0;
    /* Clamped, not off the globe. */
    geo_put_ellipse(&b, (struct geo_point){89.9, 179.99}, &(struct geo_ellipse){50000, 50000, 0}, 12);
    assert_int_equal(shape_points(buf_str(&b)), 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_become_cordons),
        cmocka_unit_test(test_an_ellipse_lies_as_it_was_drawn),
        cmocka_unit_test(test_lines_become_closures),
        cmocka_unit_test(test_freehand_is_closed_where_it_nearly_is),
        cmocka_unit_test(test_markers_become_points_and_hazards),
        cmocka_unit_test(test_what_cannot_be_taken_is_refused_with_a_sentence),
        cmocka_unit_test(test_a_long_line_is_thinned_and_it_is_said),
        cmocka_unit_test(test_what_cannot_be_thinned_is_refused),
        cmocka_unit_test(test_geometry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
