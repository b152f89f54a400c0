/* What phones say, as entries of the incident: with events that real clients sent. */
#include "support/river_row.h"

#include "core/incident_answer.h"
#include "core/incident_device.h"
#include "wire/frame.h"
#include "wire/takproto.h"

#define ATAK "FreeTAKTeam+FreeTAKTest/TestData_COT_examples_"

static const struct row_from phone = {"rahim", "ANDROID-1"};

static struct str real(const char *name)
{
    struct str s = test_read(test_corpus(name));

    if (!s.at)
        fail_msg("%s is not there", name);
    return s;
}

static size_t hear_real(struct world *w, const char *name)
{
    return world_hears_xml(w, real(name), phone);
}

/* The scene, with a unit whose phone the corpus' alerts come from, inside a zone. */
static struct world *scene(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "R1", IN_AGENCY, "police", IN_ALIAS, "ANDROID-352614100054990", IN_ALIAS,
             "ANDROID-351811095448994", IN_ALIAS, "ANDROID-1", IN_NONE);
    return w;
}

static const char *chat_xml(const char *room, const char *text)
{
    static char xml[4096];

    (void)snprintf(xml, sizeof xml,
                   "<event version='2.0' uid='GeoChat.ANDROID-1.%s.m1' type='b-t-f' how='h-g-i-g-o' "
                   "time='2023-11-14T22:13:20Z' start='2023-11-14T22:13:20Z' stale='2023-11-15T22:13:20Z'>"
                   "<point lat='0' lon='0' hae='0' ce='9999999' le='9999999'/><detail>"
                   "<__chat id='%s' chatroom='%s' senderCallsign='whoever' messageId='m1'>"
                   "<chatgrp id='%s' uid0='ANDROID-1' uid1='%s'/></__chat>"
                   "<link uid='ANDROID-1' type='a-f-G-U-C' relation='p-p'/><remarks>%s</remarks></detail></event>",
                   room, room, room, room, room, text);
    return xml;
}

static size_t says(struct world *w, const char *room, const char *text)
{
    return world_hears_xml(w, str_from(chat_xml(room, text)), phone);
}

static uint32_t last(const struct incident *s, enum entity_kind kind)
{
    uint32_t e = 0;

    for (uint32_t x = ent_first(s, kind); x; x = ent_next(s, x))
        e = x;
    return e;
}

static bool holds(struct str text, const char *words)
{
    return str_find(text, str_from(words)) < text.len;
}

/* ---- answers ----------------------------------------------------------- */

static void test_answers(void **state)
{
    static const struct {
        const char *text;
        struct answer want;
    } rows[] = {
        {"PAR 8", {ANSWER_COUNT, 8, true}},
        {"par: 7 of 8, one with the medics", {ANSWER_COUNT, 7, true}},
        {"8 of 8", {ANSWER_COUNT, 8, false}},
        {" 8/8 ", {ANSWER_COUNT, 8, false}},
        {"8", {ANSWER_COUNT, 8, false}},
        {"0", {ANSWER_COUNT, 0, false}},
        {"8 PAR", {ANSWER_COUNT, 8, true}},
        {"\xDB\xB8", {ANSWER_COUNT, 8, false}},                       /* Urdu 8 */
        {"PAR \xDB\xB1\xDB\xB2", {ANSWER_COUNT, 12, true}},           /* Urdu 12 */
        {"\xD9\xA7/\xD9\xA8", {ANSWER_COUNT, 7, false}},              /* Arabic 7/8 */
        {"\xD9\x85\xD9\x88\xD8\xB5\xD9\x88\xD9\x84", {.is = ANSWER_ACK}},
        {"PAR 8, 2 hurt", {0}},
        {"PAR", {0}},
        {"10-4", {0}},
        {"8.5", {0}},
        {"8 men on the third floor", {0}},
        {"3rd", {0}},
        {"99999999999999999999", {0}},
        {"ACK", {.is = ANSWER_ACK}},
        {"Roger, over.", {.is = ANSWER_ACK}},
        {"copy that", {.is = ANSWER_ACK}},
        {"copy, but we cannot", {0}},
        {"that", {0}},
        {"not acknowledged", {0}},
        {"", {0}},
        {"ack ack ack ack ack ack ack ack ack ack ack ack ack ack ack ack ack", {0}},
        {"\xD9", {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct answer got = answer_read(str_from(rows[i].text));

        if (got.is != rows[i].want.is || got.count != rows[i].want.count || got.named != rows[i].want.named)
            fail_msg("\"%s\" is read as %d %u %d", rows[i].text, (int)got.is, got.count, got.named);
    }
}

/* ---- devices ----------------------------------------------------------- */

static void test_a_device_finds_its_unit(void **state)
{
    struct world *w = scene();

    (void)state;
    assert_int_equal(unit_of_device(w->s, STR("ANDROID-1"), STR("nobody")), ent_find(w->s, ENT_UNIT, STR("R1")));
    assert_int_equal(unit_of_device(w->s, STR("P1"), STR("")), ent_find(w->s, ENT_UNIT, STR("P1")));
    assert_int_equal(unit_of_device(w->s, STR("x"), STR("p1")), ent_find(w->s, ENT_UNIT, STR("P1")));
    assert_int_equal(unit_of_device(w->s, STR("ANDROID-1"), STR("P1")), ent_find(w->s, ENT_UNIT, STR("R1")));
    assert_int_equal(unit_of_device(w->s, STR("android-1"), STR("")), 0);
    assert_int_equal(unit_of_device(w->s, STR(""), STR("")), 0);
    assert_true(device_is_exercise(STR("EX-1"), STR("")) && device_is_exercise(STR("A"), STR("EX-R1")));
    assert_false(device_is_exercise(STR("A"), STR("R1")));
    world_free(w);
}

/* ---- emergencies ------------------------------------------------------- */

static void test_an_alert_of_a_unit_is_a_mayday_until_it_is_cancelled(void **state)
{
    static const char *const alerts[] = {ATAK "AlertTrouble.xml", ATAK "EmergencyCreate911_Alert.xml",
                                         ATAK "EmergencyCreatedRingTheBell.xml"};

    (void)state;
    for (size_t i = 0; i < COUNTOF(alerts); i++) {
        struct world *w = scene();
        uint32_t m;

        assert_int_equal(hear_real(w, alerts[i]), 2); /* the source, the Mayday */
        m = last(w->s, ENT_MAYDAY);
        assert_true(ent_is(w->s, m, IN_STATE, "open") && ent_is(w->s, m, IN_UNIT, "R1"));
        assert_true(ent_is(w->s, m, IN_GRADE, "B3") && ent_is(w->s, m, IN_VIA, "cot"));
        assert_true(ent_has(w->s, m, IN_SOURCE) && holds(ent_get(w->s, m, IN_TEXT), "from "));
        assert_int_equal(hear_real(w, alerts[i]), 0); /* it is open already */
        assert_int_equal(w->s->count[ENT_MAYDAY], 1);
        world_free(w);
    }
}

static void test_a_cancel_ends_its_own_mayday_only(void **state)
{
    struct world *w = scene();
    uint32_t m;

    (void)state;
    world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "by-radio", IN_UNIT, "R1", IN_NONE);
    (void)hear_real(w, ATAK "EmergencyCreate911_Alert.xml");
    m = last(w->s, ENT_MAYDAY);
    assert_int_equal(hear_real(w, ATAK "EmergencyCancel-L2.xml"), 1); /* the same uid, no link, no callsign */
    assert_true(ent_is(w->s, m, IN_STATE, "resolved") && ent_is(w->s, m, IN_REASON, "cancelled by the device"));
    assert_true(world_state(w, ENT_MAYDAY, "by-radio", "open"));
    assert_int_equal(hear_real(w, ATAK "EmergencyCreate911_Alert.xml"), 1); /* raised again: another Mayday */
    assert_int_equal(w->s->count[ENT_MAYDAY], 3);
    world_free(w);
}

static void test_an_alert_of_a_stranger_is_a_critical_report(void **state)
{
    struct world *w = scene();
    uint32_t r;

    (void)state;
    assert_int_equal(hear_real(w, "meshtastic+TAKPacket-SDK/testdata_cot_xml_emergency_911.xml"), 2);
    r = last(w->s, ENT_REPORT);
    assert_int_equal(w->s->count[ENT_MAYDAY], 0);
    assert_true(ent_has(w->s, r, IN_CRITICAL) && ent_is(w->s, r, IN_SUBJECT, "911 Alert"));
    assert_true(ent_is(w->s, r, IN_LAT, "33.1316000") && holds(ent_get(w->s, r, IN_TEXT), "TESTNODE-04 at 33.13"));
    assert_false(holds(ent_get(w->s, r, IN_TEXT), "Alert-Alert") || holds(ent_get(w->s, r, IN_TEXT), "04-Alert"));
    world_free(w);
}

static const char *alert_xml(const char *type, const char *emergency, const char *point)
{
    static char xml[2048];

    (void)snprintf(xml, sizeof xml,
                   "<event version='2.0' uid='ANDROID-7-9-1-1' type='%s' how='m-g' time='2023-11-14T22:13:20Z' "
                   "start='2023-11-14T22:13:20Z' stale='2023-11-15T22:13:20Z'><point %s hae='0' ce='9999999' "
                   "le='9999999'/><detail><link uid='ANDROID-7' type='a-f-G-U-C' relation='p-p'/>"
                   "<contact callsign='R7-Alert'/><emergency %s</emergency></detail></event>", type, point, emergency);
    return xml;
}

/* An alert without a kind and without a fix is an alert; whoever is no unit and cancels it is heard, too. */
static void test_an_alert_that_says_little_is_heard_and_so_is_its_cancel(void **state)
{
    static const char *const nowhere[] = {"lat='0' lon='0'", "lat='0.0' lon='-0.0'"};
    static const struct row_from other = {"karim", "ANDROID-7"};

    (void)state;
    for (size_t i = 0; i < COUNTOF(nowhere); i++) {
        struct world *w = scene();
        uint32_t r;

        assert_int_equal(world_hears_xml(w, str_from(alert_xml("b-a-o-tbl", ">R7", nowhere[i])), other), 2);
        r = last(w->s, ENT_REPORT);
        assert_true(ent_has(w->s, r, IN_CRITICAL) && ent_is(w->s, r, IN_SUBJECT, "emergency"));
        assert_true(holds(ent_get(w->s, r, IN_TEXT), "emergency from R7, place not known"));
        assert_false(ent_has(w->s, r, IN_LAT));
        assert_int_equal(world_hears_xml(w, str_from(alert_xml("b-a-o-can", "cancel='true'>R7", nowhere[i])), other),
                         1);
        r = last(w->s, ENT_REPORT);
        assert_true(ent_has(w->s, r, IN_CRITICAL) && ent_is(w->s, r, IN_SUBJECT, "emergency cancelled"));
        assert_int_equal(w->s->count[ENT_MAYDAY], 0);
        world_free(w);
    }
}

/* The list of sources is full of strangers: whoever is on it keeps his name, the others are one. */
static void test_a_known_device_keeps_its_name_among_many(void **state)
{
    static const struct row_from other = {"karim", "ANDROID-7"};
    struct world *w = scene();
    struct str marker = real("meshtastic+TAKPacket-SDK/testdata_cot_xml_marker_tank.xml");
    uint32_t many, s;

    (void)state;
    assert_int_equal(world_hears_xml(w, str_from(alert_xml("b-a-o-tbl", ">R7", "lat='0' lon='0'")), other), 2);
    many = w->s->count[ENT_SOURCE];
    w->s->count[ENT_SOURCE] = entity_info(ENT_SOURCE)->max / 4 * 3; /* as if it had happened */
    (void)world_hears_xml(w, str_from(alert_xml("b-a-o-can", "cancel='true'>R7", "lat='0' lon='0'")), other);
    assert_true(ent_is(w->s, last(w->s, ENT_REPORT), IN_SOURCE, "cot:ANDROID-7"));
    assert_int_equal(hear_real(w, "meshtastic+TAKPacket-SDK/testdata_cot_xml_emergency_911.xml"), 2);
    assert_true(ent_is(w->s, last(w->s, ENT_REPORT), IN_SOURCE, "cot:others"));
    s = ent_find(w->s, ENT_SOURCE, STR("cot:others"));
    assert_true(ent_is(w->s, s, IN_NAME, "devices beyond the list of sources"));
    assert_true(world_hears_xml(w, marker, phone) > 0);
    assert_true(ent_is(w->s, last(w->s, ENT_REPORT), IN_SOURCE, "cot:others"));
    w->s->count[ENT_SOURCE] = many + 1;
    world_free(w);
}

/* Where there is no room for what follows, nothing is half done. */
static void test_what_does_not_fit_is_left_out_whole(void **state)
{
    static const struct row_from other = {"karim", "ANDROID-7"};
    struct incident_command out[2];
    struct world *w = scene();
    unsigned kind;
    struct str payload = row_of(str_from(alert_xml("b-a-o-tbl", ">R7", "lat='0' lon='0'")), other, &kind);
    uint64_t seq = world_river(w, kind, payload);

    (void)state;
    assert_int_equal(world_reads(w, seq, out, 0), 0);
    assert_int_equal(world_reads(w, seq, out, 1), 1);
    assert_int_equal(out[0].kind, INC_SOURCE_REGISTERED);
    assert_int_equal(world_reads(w, seq, out, 2), 2);
    assert_true(world_do(w, out[0].kind, out[0].payload) && world_do(w, out[1].kind, out[1].payload));
    world_free(w);
}

/* ---- CASEVAC ----------------------------------------------------------- */

static void test_nine_lines_can_be_read_out(void **state)
{
    struct world *w = scene();
    uint32_t c;
    struct str text;

    (void)state;
    assert_int_equal(hear_real(w, ATAK "Medevac-L3.xml"), 3);
    c = last(w->s, ENT_CASUALTY);
    text = ent_get(w->s, c, IN_TEXT);
    assert_true(str_starts(ent_id(w->s, c), STR("CV-")));
    assert_true(ent_is(w->s, c, IN_STATE, "reported") && ent_is(w->s, c, IN_CATEGORY, "uncategorised"));
    assert_true(ent_is(w->s, c, IN_AS_SPOKEN, "MED.10.100805") && !ent_has(w->s, c, IN_VERIFIED));
    assert_true(ent_is(w->s, c, IN_PLACE, "37.0537799,41.2085173"));
    assert_string_equal("1 Place: 37.0537799,41.2085173, grid 37S FB 96380 03119\n"
                        "2 Radio: callsign HelioHQ, frequency 0.0\n"
                        "3 Patients by precedence: urgent 3\n"
                        "4 Equipment: extraction\n"
                        "5 Patients by type: litter 3\n"
                        "6 Security: possible enemy\n"
                        "7 Marking: pyrotechnics\n"
                        "8 Nationality: own military 3\n"
                        "9 Obstacles and terrain: slope, slope to N, obstacles Sloping terrain to the N",
                        test_keep(strndup(text.at, text.len)));
    assert_true(str_eq(ent_get(w->s, last(w->s, ENT_REPORT), IN_TEXT), text));
    world_free(w);
}

/* What a medic notes of each patient: mechanism, injuries, signs, treatment (ATAK's zMist), and what no list names. */
static void test_a_casevac_says_what_the_medic_noted(void **state)
{
    static const char xml[] =
        "<event version='2.0' uid='EX-MED' type='b-r-f-h-c' how='h-g-i-g-o' time='2023-11-14T22:13:20Z' "
        "start='2023-11-14T22:13:20Z' stale='2023-11-15T22:13:20Z'><point lat='0' lon='0' hae='0' ce='9999999' "
        "le='9999999'/><detail><_medevac_ title='EX-MED-1' urgent='1' security='7' hlz_marking='red lamp' "
        "equipment_none='false' hoist='true'><zMistsMap><zMist z='1' m='blast' i='leg' s='' t='tourniquet' "
        "title='ZMIST1'/><zMist title='ZMIST2' i='burns'/></zMistsMap></_medevac_><remarks> </remarks></detail>"
        "</event>";
    struct world *w = scene();
    struct str text;

    (void)state;
    assert_int_equal(world_hears_xml(w, STR(xml), phone), 3);
    text = ent_get(w->s, last(w->s, ENT_CASUALTY), IN_TEXT);
    assert_string_equal("1 Place: not said\n2 Radio: not said\n3 Patients by precedence: urgent 1\n"
                        "4 Equipment: hoist\n5 Patients by type: not said\n6 Security: 7\n7 Marking: red lamp\n"
                        "8 Nationality: not said\n9 Obstacles and terrain: not said\n"
                        "MIST: ZMIST1, Z 1, M blast, I leg, T tourniquet\nMIST: ZMIST2, I burns",
                        test_keep(strndup(text.at, text.len)));
    assert_false(ent_has(w->s, last(w->s, ENT_CASUALTY), IN_PLACE)); /* 0/0 is no place */
    world_free(w);
}

static void test_the_same_casevac_twice_is_one_casualty(void **state)
{
    struct world *w = scene();
    struct str xml = real(ATAK "Medevac_variation.xml");
    char *more = test_keep(strndup(xml.at, xml.len));

    (void)state;
    assert_int_equal(world_hears_xml(w, xml, phone), 3);
    assert_true(holds(ent_get(w->s, last(w->s, ENT_REPORT), IN_TEXT), "\nRemarks: terst"));
    assert_int_equal(world_hears_xml(w, xml, phone), 0);
    *strchr(strstr(more, "litter=\"1\""), '1') = '2';
    assert_int_equal(world_hears_xml(w, str_from(more), phone), 1); /* it says more: a report, no casualty */
    assert_int_equal(w->s->count[ENT_CASUALTY], 1);
    assert_true(ent_is(w->s, last(w->s, ENT_REPORT), IN_SUBJECT, "CASEVAC, changed"));
    assert_int_equal(world_hears_xml(w, xml, phone), 0); /* and back: it was said before */
    world_free(w);
}

/* The row of a phone that speaks TAK protocol v1 holds a frame's payload in the place of XML. */
static void test_a_casevac_in_v1_says_the_same(void **state)
{
    static char values[1 << 16], frame_bytes[1 << 16], bytes[1 << 16];
    struct buf scratch = buf_over(values, sizeof values), frame = buf_over(frame_bytes, sizeof frame_bytes);
    struct buf b = buf_over(bytes, sizeof bytes);
    struct world *w = scene(), *x = scene();
    struct framer f = {0};
    struct cot c;
    struct err e;

    (void)state;
    assert_int_equal(hear_real(w, ATAK "Medevac-L3.xml"), 3);
    assert_true(cot_from_xml(frame_next(&f, real(ATAK "Medevac-L3.xml"), LIMIT_EVENT_IN).body, &scratch, &c, &e));
    assert_true(tak_encode(&c, false, &frame));
    fields_put(&b, FIELD_USER, STR("rahim"));
    fields_put(&b, FIELD_UID, c.uid);
    fields_put(&b, FIELD_TYPE, c.type);
    fields_put(&b, FIELD_CALLSIGN, STR("HelioHQ"));
    fields_put(&b, FIELD_LAT, c.lat.text);
    fields_put(&b, FIELD_LON, c.lon.text);
    f = (struct framer){0};
    fields_put(&b, FIELD_EVENT_PROTO, frame_next(&f, buf_str(&frame), LIMIT_EVENT_IN).body);
    assert_int_equal(world_hears(x, EV_CASEVAC_SENT, buf_str(&b)), 3);
    assert_true(str_eq(ent_get(w->s, last(w->s, ENT_CASUALTY), IN_TEXT), ent_get(x->s, last(x->s, ENT_CASUALTY),
                                                                                  IN_TEXT)));
    assert_true(str_eq(ent_id(w->s, last(w->s, ENT_CASUALTY)), ent_id(x->s, last(x->s, ENT_CASUALTY))));
    world_free(w);
    world_free(x);
}

static void test_a_casevac_without_nine_lines_keeps_its_words(void **state)
{
    struct world *w = scene();

    (void)state;
    assert_int_equal(hear_real(w, "meshtastic+TAKPacket-SDK/testdata_cot_xml_casevac.xml"), 3);
    assert_true(holds(ent_get(w->s, last(w->s, ENT_CASUALTY), IN_TEXT), "3 Patients by precedence: not said"));
    assert_true(holds(ent_get(w->s, last(w->s, ENT_CASUALTY), IN_TEXT),
                      "\nRemarks: 2 urgent surgical, 1 priority. LZ marked with green smoke."));
    world_free(w);
}

/* ---- chat -------------------------------------------------------------- */

static void test_a_par_call_is_answered_by_chat(void **state)
{
    struct world *w = scene();
    uint32_t u = ent_find(w->s, ENT_UNIT, STR("R1"));

    (void)state;
    assert_int_equal(says(w, row_server, "PAR 8"), 0); /* it is not inside */
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "R1", IN_ZONE, "H/0/A", IN_NONE);
    assert_int_equal(says(w, row_server, "8"), 0); /* nobody asked */
    world_ok(w, INC_PAR_CALLED, IN_PAR, "par-1", IN_REASON, "drill", IN_NONE);
    assert_int_equal(says(w, "All Chat Rooms", "8"), 0); /* said to all: it may mean anything */
    assert_int_equal(says(w, row_server, "where are you?"), 0);
    assert_int_equal(says(w, row_server, "8 of 8"), 1);
    assert_false(ent_has(w->s, u, IN_PAR_CALLED_AT));
    assert_true(ent_is(w->s, u, IN_LOCATED, "8"));
    assert_int_equal(says(w, "All Chat Rooms", "PAR \xDB\xB7 of 8"), 1); /* unasked, but plain */
    assert_true(ent_is(w->s, u, IN_LOCATED, "7"));
    world_free(w);
}

static void test_only_the_units_own_phone_answers(void **state)
{
    struct world *w = scene();
    static const struct row_from other = {"mallory", "ANDROID-9"}, none = {"mallory", NULL};
    char *claims;

    (void)state;
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "R1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_PAR_CALLED, IN_PAR, "par-1", IN_REASON, "drill", IN_NONE);
    assert_int_equal(world_hears_xml(w, str_from(chat_xml(row_server, "PAR 8")), other), 0);
    assert_int_equal(world_hears_xml(w, str_from(chat_xml(row_server, "PAR 8")), none), 0);
    claims = strdup(chat_xml(row_server, "PAR 8"));
    memcpy(strstr(claims, "'whoever'"), "'R1'     ", 9); /* by name alone, without a position of its own */
    assert_int_equal(world_hears_xml(w, str_from(claims), none), 0);
    free(claims);
    assert_int_equal(says(w, row_server, "PAR 8"), 1);
    world_free(w);
}

static void test_roger_answers_the_newest_order(void **state)
{
    struct world *w = scene();
    uint32_t m;

    (void)state;
    assert_int_equal(says(w, row_server, "roger"), 0);
    world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m1", IN_TO, "R1", IN_TO, "P1", IN_TEXT, "hold the gate", IN_PRIORITY,
             "urgent", IN_NONE);
    m = ent_find(w->s, ENT_MESSAGE, STR("m1"));
    assert_int_equal(says(w, "All Chat Rooms", "roger"), 0);
    assert_int_equal(says(w, row_server, "copy, but we cannot"), 0);
    assert_int_equal(says(w, row_server, "Roger"), 2);
    assert_true(ent_holds(w->s, m, IN_ACKED_BY, STR("R1")) && !ent_holds(w->s, m, IN_ACKED_BY, STR("P1")));
    assert_true(ent_is(w->s, m, IN_NOTE, "acked: Roger"));
    assert_int_equal(says(w, row_server, "Roger"), 0); /* nothing is open */
    world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m2", IN_TO, "R1", IN_TEXT, "x", IN_NONE);
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a1", IN_UNITS, "R1", IN_TEXT, "search", IN_ROLE, "commander",
             IN_ACTOR, "anna", IN_NONE);
    assert_int_equal(says(w, row_server, "Roger"), 0); /* an assignment is read back */
    assert_true(world_state(w, ENT_ASSIGNMENT, "a1", "given"));
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "R1", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_EVACUATE_ORDERED, IN_EVACUATION, "e1", IN_REASON, "fire", IN_ROLE, "commander", IN_ACTOR, "anna",
             IN_NONE);
    assert_int_equal(says(w, row_server, "ack"), 1);
    assert_true(ent_holds(w->s, ent_find(w->s, ENT_EVACUATION, STR("e1")), IN_ACKED_BY, STR("R1")));
    world_free(w);
}

static size_t receipt(struct world *w, const char *type, const char *id)
{
    char xml[2048];

    (void)snprintf(xml, sizeof xml,
                   "<event version='2.0' uid='%s' type='%s' how='h-g-i-g-o' time='2023-11-14T22:13:20Z' "
                   "start='2023-11-14T22:13:20Z' stale='2023-11-15T22:13:20Z'><point lat='49.2' lon='-123.1' hae='0' "
                   "ce='9999999' le='9999999'/><detail><__chatreceipt parent='RootContactGroup' groupOwner='false' "
                   "messageId='%s' chatroom='Cordon' id='%s' senderCallsign='R1'><chatgrp uid0='ANDROID-1' uid1='%s' "
                   "id='%s'/></__chatreceipt><link uid='ANDROID-1' type='a-f-G-U-C' relation='p-p'/></detail></event>",
                   id, type, id, row_server, row_server, row_server);
    return world_hears_xml(w, str_from(xml), phone);
}

/* The form is that of node-CoT's test data (b-t-f-d with __chatreceipt). */
static void test_a_receipt_is_no_acknowledgement(void **state)
{
    struct world *w = scene();
    char id[128];
    uint32_t m;

    (void)state;
    (void)snprintf(id, sizeof id, "cordon-i-message-%" PRIu64,
                   world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m1", IN_TO, "R1", IN_TEXT, "hold", IN_NONE));
    m = ent_find(w->s, ENT_MESSAGE, STR("m1"));
    assert_int_equal(receipt(w, "b-t-f-d", "cordon-i-message-999"), 0);
    assert_int_equal(receipt(w, "b-t-f-d", "f77dae64"), 0);
    assert_int_equal(receipt(w, "b-t-f-p", id), 0);
    assert_int_equal(receipt(w, "b-t-f-d", id), 1);
    assert_true(ent_is(w->s, m, IN_NOTE, "received: on the phone") && ent_is(w->s, m, IN_BY, "R1"));
    assert_int_equal(receipt(w, "b-t-f-d", id), 0);
    assert_int_equal(receipt(w, "b-t-f-r", id), 1);
    assert_true(ent_is(w->s, m, IN_NOTE, "received: shown on the phone"));
    assert_false(ent_has(w->s, m, IN_ACKED_BY));
    assert_int_equal(says(w, row_server, "roger"), 2);
    assert_int_equal(receipt(w, "b-t-f-r", id), 0); /* it knows more already */
    assert_true(ent_is(w->s, m, IN_NOTE, "acked: roger"));
    world_free(w);
}

/* ---- markers ----------------------------------------------------------- */

static void test_a_hostile_marker_is_one_sighting(void **state)
{
    struct world *w = scene();
    uint32_t r;

    (void)state;
    assert_int_equal(hear_real(w, "meshtastic+TAKPacket-SDK/testdata_cot_xml_marker_tank.xml"), 2);
    r = last(w->s, ENT_REPORT);
    assert_true(ent_is(w->s, r, IN_PREDICATE, "sighting") && ent_is(w->s, r, IN_SUBJECT, "Tank 1"));
    assert_true(ent_is(w->s, r, IN_LAT, "33.1324000") && ent_is(w->s, r, IN_LON, "-107.2468000"));
    assert_int_equal(w->s->count[ENT_THREAT], 0);
    assert_int_equal(hear_real(w, "meshtastic+TAKPacket-SDK/testdata_cot_xml_marker_tank.xml"), 0);
    assert_int_equal(hear_real(w, "FreeTAKTeam+FreeTakServer/docs_Example_metrics_cot_a-h-G_a-h-G-1581185498021-L1"
                                  ".xml"), 2); /* another device: its source, a report */
    world_free(w);
}

static void test_a_bomb_marker_is_a_hazard(void **state)
{
    static const struct { const char *type, *hazard; } rows[] = {
        {"a-h-X-i-l-l-b-t", "device"}, {"a-u-X-i-l-l-b", "device"}, {"a-n-X-i-f", "fire"},
        {"a-u-X-i-f-s", "smoke"},      {"a-u-G-E-X-M", "device"},   {"a-h-X-i-l-l-s", "gunfire"}};
    struct world *w = scene();

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char xml[1024];

        (void)snprintf(xml, sizeof xml,
                       "<event version='2.0' uid='marker-%zu' type='%s' how='h-g-i-g-o' time='2023-11-14T22:13:00Z' "
                       "start='2023-11-14T22:13:00Z' stale='2023-11-15T22:13:20Z'><point lat='24.8' lon='67.1' hae='0' "
                       "ce='9' le='9'/><detail><contact callsign='bag'/><remarks>by the gate</remarks></detail>"
                       "</event>",
                       i, rows[i].type);
        assert_int_equal(world_hears_xml(w, str_from(xml), phone), i ? 1 : 2);
        assert_true(ent_is(w->s, last(w->s, ENT_HAZARD), IN_HAZARD_KIND, rows[i].hazard));
        assert_true(holds(ent_get(w->s, last(w->s, ENT_HAZARD), IN_TEXT), "called bag") &&
                    holds(ent_get(w->s, last(w->s, ENT_HAZARD), IN_TEXT), ": by the gate"));
        assert_int_equal(ent_int(w->s, last(w->s, ENT_HAZARD), IN_OBSERVED_AT, 0), INT64_C(1699999980000));
    }
    assert_int_equal(w->s->count[ENT_REPORT], 0);
    world_free(w);
}

static void test_drawings_and_squads_become_nothing_by_themselves(void **state)
{
    static const char *const rows[] = {
        "deptofdefense+AndroidTacticalAssaultKit-CIV/takcot_examples_Drawing_Shapes_-_Circle.xml",
        "deptofdefense+AndroidTacticalAssaultKit-CIV/takcot_examples_Drawing_Shapes_-_Free_Form.xml",
        "deptofdefense+AndroidTacticalAssaultKit-CIV/takcot_examples_Route.xml",
        "deptofdefense+AndroidTacticalAssaultKit-CIV/takcot_examples_Marker_-_Spot.xml"};
    struct world *w = scene();

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_int_equal(hear_real(w, rows[i]), 0);
    world_free(w);
}

/* ---- all of it --------------------------------------------------------- */

static void test_exercise_and_real_stay_apart(void **state)
{
    struct world *w = scene(), *x = world_new();
    static const struct row_from ex = {"EX-rahim", "ANDROID-1"};
    struct str xml = real(ATAK "AlertTrouble.xml");

    (void)state;
    x->exercise = true;
    world_ok(x, INC_INCIDENT_OPENED, IN_INCIDENT, "EX-1", IN_NAME, "Drill", IN_TYPE, "bomb", IN_NONE);
    assert_int_equal(world_hears_xml(w, xml, ex), 0);
    assert_int_equal(world_hears_xml(x, xml, phone), 0);
    assert_int_equal(world_hears_xml(x, xml, ex), 2);
    assert_true(ent_has(x->s, last(x->s, ENT_REPORT), IN_EXERCISE));
    world_free(w);
    world_free(x);
}

static void test_rows_that_no_phone_said_give_nothing(void **state)
{
    struct world *w = scene();
    unsigned kind;
    static const struct row_from server = {"", row_server}, odd = {"x", row_server};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct str payload = row_of(real(ATAK "AlertTrouble.xml"), i ? odd : server, &kind);

        assert_int_equal(kind, EV_EMERGENCY_RAISED);
        assert_int_equal(world_hears(w, kind, payload), 0);
    }
    assert_int_equal(world_hears(w, EV_CLIENT_CONNECTED, STR("")), 0);
    assert_int_equal(world_hears(w, EV_CASEVAC_SENT, STR("\x06\0\0\0")), 0);
    assert_int_equal(hear_real(w, ATAK "AlertTrouble.xml"), 2);
    world_ok(w, INC_MAYDAY_RESOLVED, IN_MAYDAY, test_keep(strndup(ent_id(w->s, last(w->s, ENT_MAYDAY)).at,
             ent_id(w->s, last(w->s, ENT_MAYDAY)).len)), IN_REASON, "x", IN_NONE);
    world_ok(w, INC_INCIDENT_CLOSED, IN_INCIDENT, "i", IN_REASON, "over", IN_ROLE, "commander", IN_ACTOR, "anna",
             IN_NONE);
    assert_int_equal(hear_real(w, ATAK "AlertTrouble.xml"), 0); /* it is closed */
    world_free(w);
}

/* A crash between the row and what follows from it: the row is read again on the next start. */
static void test_a_row_read_again_changes_nothing(void **state)
{
    static const char *const rows[] = {
        ATAK "AlertTrouble.xml", ATAK "Medevac-L3.xml",
        "meshtastic+TAKPacket-SDK/testdata_cot_xml_marker_tank.xml",
        "meshtastic+TAKPacket-SDK/testdata_cot_xml_emergency_911.xml"};
    struct incident_command out[INCIDENT_RIVER_COMMANDS];
    struct world *w;
    uint64_t seq;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        w = scene();
        seq = w->seq + 1;
        assert_true(hear_real(w, rows[i]) > 0);
        assert_int_equal(world_reads(w, seq, out, COUNTOF(out)), 0);
        world_free(w);
    }
    w = scene();
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "R1", IN_ZONE, "H/0/A", IN_NONE);
    seq = w->seq + 1;
    assert_int_equal(says(w, row_server, "PAR 8"), 1);
    assert_int_equal(world_reads(w, seq, out, COUNTOF(out)), 0);
    world_ok(w, INC_PAR_CALLED, IN_PAR, "par-1", IN_REASON, "drill", IN_NONE);
    assert_int_equal(world_reads(w, seq, out, COUNTOF(out)), 0); /* said before it was asked */
    seq = w->seq + 1;
    (void)says(w, row_server, "roger");
    world_ok(w, INC_MESSAGE_SENT, IN_MESSAGE, "m1", IN_TO, "R1", IN_TEXT, "x", IN_NONE);
    assert_int_equal(world_reads(w, seq, out, COUNTOF(out)), 0);
    seq = w->seq + 1;
    (void)hear_real(w, ATAK "EmergencyCancel-L2.xml");
    assert_int_equal(hear_real(w, ATAK "EmergencyCreate911_Alert.xml"), 2);
    assert_int_equal(world_reads(w, seq, out, COUNTOF(out)), 0); /* the cancel was of another alert */
    world_free(w);
}

static bool is_dir_entry(const char *name)
{
    return strstr(name, ".xml") != NULL;
}

/* Every event of the corpus, twice: whatever comes of it is taken by the incident. */
static void test_the_whole_corpus(void **state)
{
    struct world *w = scene();
    struct str index = real("index.json");
    static const char key[] = "\"file\": \"";
    size_t made = 0, files = 0;

    (void)state;
    for (const char *at = strstr(test_keep(strndup(index.at, index.len)), key); at; at = strstr(at + 1, key)) {
        const char *name = at + sizeof key - 1;
        char *file = test_keep(strndup(name, strcspn(name, "\"")));
        struct str xml = is_dir_entry(file) ? test_read(test_corpus(file)) : (struct str){0};

        if (!xml.at)
            continue;
        files++;
        made += world_hears_xml(w, xml, phone);
        made += world_hears_xml(w, xml, (struct row_from){"bridge", NULL});
    }
    print_message("%zu files, %zu commands, %u reports, %u casualties, %u hazards, %u sources\n", files, made,
                  w->s->count[ENT_REPORT], w->s->count[ENT_CASUALTY], w->s->count[ENT_HAZARD], w->s->count[ENT_SOURCE]);
    assert_true(files > 200 && made > 20 && w->s->count[ENT_CASUALTY] == 3);
    world_free(w);
}

/* A phone that floods with markers fills three quarters, and what is critical still comes in. */
static void test_a_flood_leaves_room_for_what_matters(void **state)
{
    struct world *w = scene();
    uint32_t before;

    (void)state;
    w->s->count[ENT_REPORT] = entity_info(ENT_REPORT)->max / 4 * 3; /* as if it had happened */
    assert_int_equal(hear_real(w, "meshtastic+TAKPacket-SDK/testdata_cot_xml_marker_tank.xml"), 0);
    before = w->s->count[ENT_REPORT];
    assert_int_equal(hear_real(w, "meshtastic+TAKPacket-SDK/testdata_cot_xml_emergency_911.xml"), 2);
    assert_int_equal(w->s->count[ENT_REPORT], before + 1);
    w->s->count[ENT_REPORT] = 1;
    world_free(w);
}

/* ---- files --------------------------------------------------------------- */

#define PHOTO_SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* A file that the phone has stored: what the record has of it. */
static size_t stores(struct world *w, const char *kind, const char *name, const char *sha256)
{
    char bytes[2048];
    struct buf b = buf_over(bytes, sizeof bytes);

    fields_put(&b, FIELD_USER, str_from(phone.user));
    fields_put(&b, FIELD_UID, STR("1d0bb1b5-0000-4000-8000-000000000001"));
    fields_put(&b, FIELD_FROM_UID, str_from(phone.device));
    fields_put(&b, FIELD_CALLSIGN, STR("R1"));
    fields_put(&b, FIELD_NAME, str_from(name));
    fields_put(&b, FIELD_SIZE, STR("1234"));
    fields_put(&b, FIELD_SHA256, str_from(sha256));
    fields_put(&b, FIELD_SUB_TYPE, str_from(kind));
    fields_put(&b, FIELD_LAT, STR("24.8607"));
    fields_put(&b, FIELD_LON, STR("67.0011"));
    for (int i = 0; strcmp(kind, "package") == 0 && i < 12; i++) {
        char picture[32];

        (void)snprintf(picture, sizeof picture, "p/%d.jpg", i);
        fields_put(&b, FIELD_IMAGE, str_from(picture));
    }
    return world_hears(w, EV_FILE_STORED, buf_str(&b));
}

static void test_a_photo_is_a_report_that_cites_it(void **state)
{
    struct world *w = scene();
    uint32_t r;
    char id[64];
    struct buf b = buf_over(id, sizeof id);

    (void)state;
    assert_int_equal(stores(w, "photo", "IMG_1.jpg", PHOTO_SHA), 2); /* its source, and the report */
    r = last(w->s, ENT_REPORT);
    put_file_report_id(&b, STR(PHOTO_SHA));
    assert_true(str_eq(ent_id(w->s, r), buf_str(&b)));
    assert_true(holds(ent_get(w->s, r, IN_TEXT), "R1 sent a photo: IMG_1.jpg at 24.86"));
    assert_true(holds(ent_get(w->s, r, IN_TEXT), "1234 bytes, SHA-256 " PHOTO_SHA));
    assert_true(ent_has(w->s, r, IN_LAT));
    assert_true(ent_is(w->s, r, IN_ORIGIN, "sha256-" PHOTO_SHA)); /* by which its file is found */
    /* The same bytes again say nothing new; maps and settings are no reports. */
    assert_int_equal(stores(w, "photo", "copy.jpg", PHOTO_SHA), 0);
    assert_int_equal(stores(w, "file", "map.xml",
                            "cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b34"), 0);
    assert_int_equal(stores(w, "package", "scene.zip",
                            "cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b35"), 1);
    r = last(w->s, ENT_REPORT);
    assert_true(holds(ent_get(w->s, r, IN_TEXT), "data package: scene.zip with 12 pictures (p/0.jpg, "));
    assert_true(holds(ent_get(w->s, r, IN_TEXT), "p/7.jpg, ...)"));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_a_device_finds_its_unit),
        cmocka_unit_test(test_an_alert_of_a_unit_is_a_mayday_until_it_is_cancelled),
        cmocka_unit_test(test_a_cancel_ends_its_own_mayday_only),
        cmocka_unit_test(test_an_alert_of_a_stranger_is_a_critical_report),
        cmocka_unit_test(test_an_alert_that_says_little_is_heard_and_so_is_its_cancel),
        cmocka_unit_test(test_a_known_device_keeps_its_name_among_many),
        cmocka_unit_test(test_what_does_not_fit_is_left_out_whole),
        cmocka_unit_test(test_a_casevac_says_what_the_medic_noted),
        cmocka_unit_test(test_nine_lines_can_be_read_out),
        cmocka_unit_test(test_the_same_casevac_twice_is_one_casualty),
        cmocka_unit_test(test_a_casevac_in_v1_says_the_same),
        cmocka_unit_test(test_a_casevac_without_nine_lines_keeps_its_words),
        cmocka_unit_test(test_a_par_call_is_answered_by_chat),
        cmocka_unit_test(test_only_the_units_own_phone_answers),
        cmocka_unit_test(test_roger_answers_the_newest_order),
        cmocka_unit_test(test_a_receipt_is_no_acknowledgement),
        cmocka_unit_test(test_a_hostile_marker_is_one_sighting),
        cmocka_unit_test(test_a_bomb_marker_is_a_hazard),
        cmocka_unit_test(test_drawings_and_squads_become_nothing_by_themselves),
        cmocka_unit_test(test_exercise_and_real_stay_apart),
        cmocka_unit_test(test_rows_that_no_phone_said_give_nothing),
        cmocka_unit_test(test_a_row_read_again_changes_nothing),
        cmocka_unit_test(test_the_whole_corpus),
        cmocka_unit_test(test_a_flood_leaves_room_for_what_matters),
        cmocka_unit_test(test_a_photo_is_a_report_that_cites_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
