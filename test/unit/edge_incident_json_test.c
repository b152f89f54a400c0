/* Incident events and entities as JSON: every kind there and back, what is refused, who sees what. */
#include "edge/incident_json.h"

#include "support/incident_world.h"
#include "wire/cot.h"

#include <math.h>

enum { JSON_MAX = 1 << 20 };

static char printed[JSON_MAX], again[JSON_MAX];

static struct json *read_json(struct str text)
{
    struct json *j;
    struct err e;

    if (!json_read(text, &j, &e))
        fail_msg("%s: %.*s", e.text, STR_ARG(text));
    return j;
}

/* What a command of this kind becomes; false with the sentence in e. */
static bool taken(enum incident_kind kind, struct str text, struct buf *payload, struct err *e)
{
    struct json *j = read_json(text);
    bool ok = incident_from_json(kind, json_root(j), payload, e);

    json_drop(j);
    return ok;
}

/* There and back ------------------------------------------------------------ */

static void put_sample(struct buf *b, enum incident_field f, int nth)
{
    static const char *const samples[][2] = {
        [TYPE_LINE] = {"EX \"line\" \\ \xC3\xBC", "EX other"}, [TYPE_ID] = {"EX-1", "EX-2"},
        [TYPE_TEXT] = {"EX one\n\ttwo", "EX three"},           [TYPE_NUMBER] = {"-12.5", "7"},
        [TYPE_TIME] = {"1700000000123", "0"},                  [TYPE_BOOL] = {"1", "1"},
        [TYPE_GRADE] = {"B2", "F6"},                           [TYPE_PAIR] = {"police=2", "army=0"},
        [TYPE_REF] = {"EX-ref", "EX-ref-2"},
    };
    const struct field_info *i = field_info((unsigned)f);

    if (i->type == TYPE_INT)
        incident_put_int(b, f, i->of < INT64_C(1000000000000000) ? i->of - nth : 999999999999999999 - nth);
    else if (i->type == TYPE_WORD) {
        struct str list = str_from(words_of((enum words_id)i->of));

        incident_put(b, f, str_cut(list, 0, str_find_byte(list, ',')));
    } else
        incident_put(b, f, str_from(samples[i->type][nth]));
}

static void put_samples(struct buf *b, enum incident_kind kind, enum incident_field f)
{
    if (!incident_may_set(kind, f) || fields_has(buf_str(b), (enum field)f))
        return;
    put_sample(b, f, 0);
    if (field_info((unsigned)f)->many)
        put_sample(b, f, 1);
}

static size_t full_set(struct buf *b, enum incident_kind kind)
{
    const struct kind_info *k = kind_info(kind);
    size_t n = 0;

    if (k->entity)
        put_samples(b, kind, entity_info(k->entity)->key);
    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++, n++)
        put_samples(b, kind, x->field);
    for (unsigned f = 1; f < 256; f++)
        if (field_info(f)->name && field_is_envelope((enum incident_field)f))
            put_samples(b, kind, (enum incident_field)f);
    return n;
}

static void test_every_kind_there_and_back(void **state)
{
    static char first[INCIDENT_PAYLOAD_MAX], second[INCIDENT_PAYLOAD_MAX];
    size_t kinds = 0, fields = 0;

    (void)state;
    for (unsigned k = 1; k < INC_END; k++) {
        struct buf a = buf_over(first, sizeof first), b = buf_over(second, sizeof second);
        struct buf text = buf_over(printed, sizeof printed);
        struct err e;

        if (!kind_info(k)->tag)
            continue;
        kinds++;
        fields += full_set(&a, (enum incident_kind)k);
        incident_event_json(k, buf_str(&a), NULL, &text);
        assert_false(text.full);
        if (!taken((enum incident_kind)k, buf_str(&text), &b, &e))
            fail_msg("%s: %s", kind_info(k)->tag, e.text);
        if (!str_eq(buf_str(&a), buf_str(&b)))
            fail_msg("%s: %.*s", kind_info(k)->tag, STR_ARG(buf_str(&text)));
    }
    assert_true(kinds > 170 && fields > 2 * kinds);
}

static void test_one_name_is_one_field(void **state)
{
    (void)state;
    for (unsigned a = 1; a < 256; a++)
        for (unsigned b = a + 1; b < 256; b++)
            if (field_info(a)->name && field_info(b)->name && strcmp(field_info(a)->name, field_info(b)->name) == 0)
                fail_msg("%s is two fields", field_info(a)->name);
}

static void test_words_of_entities(void **state)
{
    char word[32];

    (void)state;
    for (unsigned k = ENT_NONE + 1; k < ENT_COUNT; k++)
        assert_int_equal(incident_entity_of(incident_entity_word((enum entity_kind)k, word)), k);
    assert_true(str_eq(incident_entity_word(ENT_THREAT_LEVEL, word), STR("threat_level")));
    assert_int_equal(incident_entity_of(STR("THREAT_LEVEL")), ENT_NONE);
    assert_int_equal(incident_entity_of(STR("threat level")), ENT_NONE);
    assert_int_equal(incident_entity_of(STR("")), ENT_NONE);
}

/* In ------------------------------------------------------------------------- */

static void test_values(void **state)
{
    static const struct {
        enum incident_kind kind;
        const char *json;
        enum incident_field field;
        const char *want; /* all values, "|" between them */
    } rows[] = {
        {INC_INCIDENT_OPENED, "{\"lat\":12}", IN_LAT, "12"},
        {INC_INCIDENT_OPENED, "{\"lat\":12.0}", IN_LAT, "12"},
        {INC_INCIDENT_OPENED, "{\"lat\":-0.0}", IN_LAT, "0"},
        {INC_INCIDENT_OPENED, "{\"lat\":0.1}", IN_LAT, "0.1"},
        {INC_INCIDENT_OPENED, "{\"lat\":-0.5}", IN_LAT, "-0.5"},
        {INC_INCIDENT_OPENED, "{\"lat\":90}", IN_LAT, "90"},
        {INC_INCIDENT_OPENED, "{\"lat\":-90.0}", IN_LAT, "-90"},
        {INC_INCIDENT_OPENED, "{\"lon\":67.0299999999999994}", IN_LON, "67.03"},
        {INC_INCIDENT_OPENED, "{\"lon\":67.02999999999999}", IN_LON, "67.02999999999999"},
        {INC_INCIDENT_OPENED, "{\"lon\":1e-7}", IN_LON, "0.0000001"},
        {INC_INCIDENT_OPENED, "{\"lon\":-1.25E-6}", IN_LON, "-0.00000125"},
        {INC_INCIDENT_OPENED, "{\"lon\":1.5e2}", IN_LON, "150"},
        {INC_INCIDENT_OPENED, "{\"lon\":-0.000035759649369269675}", IN_LON, "-0.000035759649369"},
        {INC_INCIDENT_OPENED, "{\"lon\":1.234567890123456e-9}", IN_LON, "0.000000001234568"},
        {INC_INCIDENT_OPENED, "{\"lon\":-5e-324}", IN_LON, "0"},
        {INC_INCIDENT_OPENED, "{\"start_at\":\"2026-02-17T19:12:00+05:00\"}", IN_START_AT, "1771337520000"},
        {INC_INCIDENT_OPENED, "{\"start_at\":\"2026-02-17T14:12:00.25Z\"}", IN_START_AT, "1771337520250"},
        {INC_INCIDENT_OPENED, "{\"exercise\":true}", IN_EXERCISE, "1"},
        {INC_INCIDENT_OPENED, "{\"exercise\":false}", IN_EXERCISE, ""},
        {INC_STRUCTURE_DEFINED, "{\"storeys\":5.0}", IN_STOREYS, "5"},
        {INC_STRUCTURE_DEFINED, "{\"storeys\":0}", IN_STOREYS, "0"},
        {INC_ASSIGNMENT_GIVEN, "{\"units\":[\"EX-1\",\"EX-2\"]}", IN_UNITS, "EX-1|EX-2"},
        {INC_ASSIGNMENT_GIVEN, "{\"units\":\"EX-1\"}", IN_UNITS, "EX-1"},
        {INC_ASSIGNMENT_GIVEN, "{\"units\":[]}", IN_UNITS, ""},
        {INC_ASSIGNMENT_GIVEN, "{\"cause\":[3,4]}", IN_CAUSE, "3|4"},
        {INC_COUNT_CLAIMED, "{\"categories\":{\"police\":2,\"army\":0}}", IN_CATEGORIES, "police=2|army=0"},
        {INC_COUNT_CLAIMED, "{\"categories\":{}}", IN_CATEGORIES, ""},
        {INC_UNIT_CHECKED_IN, "{\"unit\":\"EX \\u00fc\"}", IN_UNIT, "EX \xC3\xBC"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(again, sizeof again), got = buf_over(printed, sizeof printed);
        struct str rest, v;
        enum field tag;
        struct err e;

        if (!taken(rows[i].kind, str_from(rows[i].json), &b, &e))
            fail_msg("%s: %s", rows[i].json, e.text);
        rest = buf_str(&b);
        while (fields_next(&rest, &tag, &v)) {
            assert_int_equal(tag, rows[i].field);
            buf_put(&got, got.len ? STR("|") : STR(""));
            buf_put(&got, v);
        }
        if (!str_eq(buf_str(&got), str_from(rows[i].want)))
            fail_msg("%s: %.*s", rows[i].json, STR_ARG(buf_str(&got)));
    }
}

static void test_refusals(void **state)
{
    static const struct {
        enum incident_kind kind;
        const char *json, *words;
    } rows[] = {
        {INC_UNIT_CHECKED_IN, "{\"agency\":\"EX\",\"colour\":\"red\"}", "colour: not a field of unit.checked_in"},
        {INC_UNIT_CHECKED_IN, "{\"casualty\":\"EX-1\"}", "casualty: not a field of unit.checked_in"},
        {INC_UNIT_CHECKED_IN, "{\"made_at\":\"2026-02-17T14:12:00Z\"}", "made_at: not a field"},
        {INC_UNIT_CHECKED_IN, "{\"\":1}", ": not a field"},
        {INC_UNIT_CHECKED_IN, "{\"recorded_at\":\"2026-02-17T14:12:00Z\"}", "recorded_at: the server sets it"},
        {INC_UNIT_CHECKED_IN, "{\"actor\":\"EX\"}", "actor: the server sets it"},
        {INC_UNIT_CHECKED_IN, "{\"incident\":\"EX\"}", "incident: the server sets it"},
        {INC_INCIDENT_OPENED, "{\"incident\":\"EX\"}", "incident: the server sets it"},
        {INC_UNIT_CHECKED_IN, "{\"exercise\":true}", "exercise: the server sets it"},
        {INC_UNIT_CHECKED_IN, "{\"unit\":7}", "unit: a text"},
        {INC_UNIT_CHECKED_IN, "{\"unit\":null}", "unit: null says nothing"},
        {INC_UNIT_CHECKED_IN, "{\"unit\":{}}", "unit: a text"},
        {INC_UNIT_CHECKED_IN, "{\"unit\":[\"EX-1\"]}", "unit: one value"},
        {INC_UNIT_CHECKED_IN, "{\"aliases\":[\"a\",[\"b\"]]}", "aliases: a text"},
        {INC_UNIT_CHECKED_IN, "{\"aliases\":[\"a\",null]}", "aliases: a text"},
        {INC_UNIT_CHECKED_IN, "{\"strength\":\"6\"}", "strength: a whole number from 0 to 10000"},
        {INC_UNIT_CHECKED_IN, "{\"strength\":-1}", "strength: a whole number"},
        {INC_UNIT_CHECKED_IN, "{\"strength\":10001}", "strength: a whole number"},
        {INC_UNIT_CHECKED_IN, "{\"strength\":6.5}", "strength: a whole number"},
        {INC_UNIT_CHECKED_IN, "{\"strength\":1e300}", "strength: a whole number"},
        {INC_UNIT_CHECKED_IN, "{\"strength\":true}", "strength: a whole number"},
        {INC_UNIT_CHECKED_IN, "{\"cause\":[2305843009213693952]}", "cause: a whole number"},
        {INC_INCIDENT_OPENED, "{\"lat\":\"24.8\"}", "lat: a number from -90 to 90"},
        {INC_INCIDENT_OPENED, "{\"lat\":90.000001}", "lat: a number from -90 to 90"},
        {INC_INCIDENT_OPENED, "{\"lat\":-91}", "lat: a number from -90 to 90"},
        {INC_INCIDENT_OPENED, "{\"lat\":[24.8]}", "lat: one value"},
        {INC_INCIDENT_OPENED, "{\"start_at\":1771337520000}", "start_at: a time"},
        {INC_INCIDENT_OPENED, "{\"start_at\":\"2026-02-17T14:12:00\"}", "start_at: a time"},
        {INC_INCIDENT_OPENED, "{\"start_at\":\"yesterday\"}", "start_at: a time"},
        {INC_INCIDENT_OPENED, "{\"start_at\":\"1969-12-31T23:59:59Z\"}", "start_at: a time"},
        {INC_INCIDENT_OPENED, "{\"exercise\":1}", "exercise: true or false"},
        {INC_INCIDENT_OPENED, "{\"exercise\":\"true\"}", "exercise: true or false"},
        {INC_COUNT_CLAIMED, "{\"categories\":[\"police=2\"]}", "categories: one value"},
        {INC_COUNT_CLAIMED, "{\"categories\":\"police=2\"}", "categories: an object"},
        {INC_COUNT_CLAIMED, "{\"categories\":{\"martians\":2}}", "categories: \"martians\" is none of police,"},
        {INC_COUNT_CLAIMED, "{\"categories\":{\"police\":\"2\"}}", "categories: police: a whole number"},
        {INC_COUNT_CLAIMED, "{\"categories\":{\"police\":1000001}}", "categories: police: a whole number"},
        {INC_NONE, "{}", "no such kind"},
        {(enum incident_kind)999, "{}", "no such kind"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(again, sizeof again);
        struct err e;

        buf_put(&b, STR("before"));
        if (taken(rows[i].kind, str_from(rows[i].json), &b, &e))
            fail_msg("%s was taken", rows[i].json);
        if (!strstr(e.text, rows[i].words) || e.kind != ERR_INPUT)
            fail_msg("%s: \"%s\", not \"%s\"", rows[i].json, e.text, rows[i].words);
        assert_true(str_eq(buf_str(&b), STR("before"))); /* nothing is half taken */
    }
}

static void test_refuses_what_is_no_object_and_too_much(void **state)
{
    struct json *j = read_json(STR("{\"fields\":[1],\"more\":{\"text\":\"0123456789\",\"aliases\":[\"a\"]}}"));
    char small[16];
    struct buf b = buf_over(small, sizeof small);
    struct err e;

    (void)state;
    assert_false(incident_from_json(INC_UNIT_CHECKED_IN, json_get(json_root(j), "fields"), &b, &e));
    assert_non_null(strstr(e.text, "fields: an object"));
    assert_false(incident_from_json(INC_UNIT_CHECKED_IN, json_get(json_root(j), "nothing"), &b, &e));
    assert_non_null(strstr(e.text, "fields: an object"));
    b = buf_over(small, 8);
    assert_false(incident_from_json(INC_TASK_CREATED, json_get(json_root(j), "more"), &b, &e));
    assert_non_null(strstr(e.text, "text: too much"));
    assert_true(b.len == 0 && !b.full);
    json_drop(j);
}

/* Any position that a browser can send is one that the core takes, and stays what it was. */
static void test_numbers_read_back_equal(void **state)
{
    uint64_t x = 88172645463325252u;
    struct world *w = world_new();

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char text[64];
        struct buf b = buf_over(again, sizeof again), memory = buf_over(w->work, INCIDENT_DECIDE_MEMORY);
        struct incident_command c = {.kind = INC_INCIDENT_OPENED, .now_ms = w->now_ms};
        double v, back;
        struct err e;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        v = ((double)(x >> 11) / 9007199254740992.0 - 0.5) * (i % 3 ? 179.9 : 1e-3);
        incident_put(&b, IN_INCIDENT, STR("EX-1"));
        incident_put(&b, IN_NAME, STR("EX"));
        incident_put(&b, IN_TYPE, STR("other"));
        (void)snprintf(text, sizeof text, "{\"lon\":%.17g}", v);
        if (!taken(INC_INCIDENT_OPENED, str_from(text), &b, &e))
            fail_msg("%s: %s", text, e.text);
        c.payload = buf_str(&b);
        if (!incident_decide(w->s, &c, &memory, &w->decided, &e))
            fail_msg("%s: %s", text, e.text);
        back = cot_number(incident_value(c.payload, IN_LON));
        assert_true(back == v || (fabs(v) < 1e-4 && fabs(back - v) < 1e-15));
    }
    world_free(w);
}

/* Out ------------------------------------------------------------------------- */

/* What no command makes but a torn or foreign journal may hold: still JSON. */
static void test_prints_json_whatever_comes_in(void **state)
{
    static const struct {
        enum incident_field field;
        const char *values[3];
        const char *want;
    } rows[] = {
        {IN_STRENGTH, {"6"}, "{\"strength\":6}"},
        {IN_STRENGTH, {"007"}, "{\"strength\":7}"},
        {IN_STRENGTH, {"six"}, "{\"strength\":null}"},
        {IN_STRENGTH, {""}, "{\"strength\":null}"},
        {IN_ORDINAL, {"-1"}, "{\"ordinal\":-1}"},
        {IN_ORDINAL, {"01.50"}, "{\"ordinal\":1.50}"},
        {IN_ORDINAL, {"-0"}, "{\"ordinal\":0}"},
        {IN_ORDINAL, {"0.5"}, "{\"ordinal\":0.5}"},
        {IN_ORDINAL, {"1."}, "{\"ordinal\":null}"},
        {IN_ORDINAL, {".5"}, "{\"ordinal\":null}"},
        {IN_ORDINAL, {"1.2.3"}, "{\"ordinal\":null}"},
        {IN_ORDINAL, {"--1"}, "{\"ordinal\":null}"},
        {IN_ORDINAL, {"-"}, "{\"ordinal\":null}"},
        {IN_ORDINAL, {""}, "{\"ordinal\":null}"},
        {IN_AT, {"0"}, "{\"at\":\"1970-01-01T00:00:00.000Z\"}"},
        {IN_AT, {"soon"}, "{\"at\":null}"},
        {IN_VERIFIED, {"1"}, "{\"verified\":true}"},
        {IN_VERIFIED, {"0"}, "{\"verified\":false}"},
        {IN_NAME, {"\xff\"\n"}, "{\"name\":\"\\ufffd\\\"\\n\"}"},
        {IN_NAME, {"a", "b"}, "{\"name\":\"a\"}"},
        {IN_ALIAS, {"a", "b", "a"}, "{\"aliases\":[\"a\",\"b\",\"a\"]}"},
        {IN_ALIAS, {"a"}, "{\"aliases\":[\"a\"]}"},
        {IN_CATEGORIES, {"police=2", "army=1", "police=3"}, "{\"categories\":{\"police\":2,\"army\":1}}"},
        {IN_CATEGORIES, {"police"}, "{\"categories\":{\"police\":null}}"},
        {(enum incident_field)1, {"a field of the river"}, "{}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(again, sizeof again), text = buf_over(printed, sizeof printed);

        for (size_t k = 0; k < 3 && rows[i].values[k]; k++)
            incident_put(&b, rows[i].field, str_from(rows[i].values[k]));
        incident_event_json(INC_UNIT_CHECKED_IN, buf_str(&b), NULL, &text);
        json_drop(read_json(buf_str(&text)));
        if (!str_eq(buf_str(&text), str_from(rows[i].want)))
            fail_msg("%.*s, not %s", STR_ARG(buf_str(&text)), rows[i].want);
    }
}

static void test_an_entity_cites_its_events(void **state)
{
    struct world *w = world_scene();
    struct buf text = buf_over(printed, sizeof printed);
    uint32_t u = ent_find(w->s, ENT_UNIT, STR("P1"));
    uint64_t set = world_ok(w, INC_UNIT_STATUS_SET, IN_UNIT, "P1", IN_STATUS, "assigned", IN_NONE);
    struct json_value root, from;
    struct json *j;

    (void)state;
    incident_entity_json(w->s, u, NULL, true, &text);
    j = read_json(buf_str(&text));
    root = json_root(j);
    from = json_get(root, "from");
    assert_true(str_eq(json_as_text(json_get(root, "kind")), STR("unit")));
    assert_true(str_eq(json_as_text(json_get(root, "id")), STR("P1")));
    assert_int_equal(json_as_whole(json_get(root, "made")), ent_made(w->s, u));
    assert_int_equal(json_as_whole(json_get(root, "changed")), set);
    assert_int_equal(json_as_whole(json_get(from, "status")), set);
    assert_int_equal(json_as_whole(json_get(from, "strength")), ent_made(w->s, u));
    assert_int_equal(json_count(from), json_count(json_get(root, "fields")));
    json_drop(j);
    text.len = 0;
    incident_entity_json(w->s, u, NULL, false, &text);
    j = read_json(buf_str(&text));
    assert_int_equal(json_is(json_get(json_root(j), "from")), JSON_MISSING);
    json_drop(j);
    world_free(w);
}

/* Need to know ------------------------------------------------------------------ */

static const char *const askers[] = {"",        "observer",         "responder",    "medical",
                                     "liaison", "casualty-officer", "intelligence", "commander"};

/* Something of every class. */
static struct world *secrets(void)
{
    struct world *w = world_scene();

    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r1", IN_PREDICATE, "note", IN_TEXT, "EX heard it", IN_SOURCE, "s1",
             IN_GRADE, "B2", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r2", IN_PREDICATE, "note", IN_TEXT, "EX sealed", IN_SOURCE, "s2",
             IN_GRADE, "C3", IN_CLASS, "intel", IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "EX-T1", IN_CATEGORY, "public", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_ENQUIRY_OPENED, IN_ENQUIRY, "q1", IN_TEXT, "EX asks", IN_CONTACT, "EX 000", IN_NONE);
    world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, "c1", IN_ROAD, "EX road", IN_CLASS, "public", IN_NONE);
    world_ok(w, INC_DECISION_TAKEN, IN_DECISION, "d1", IN_TEXT, "EX wait", IN_ACTOR, "anna", IN_ROLE, "commander",
             IN_NONE);
    return w;
}

static void test_what_he_has_no_need_to_know_is_not_there(void **state)
{
    struct world *w = secrets();
    size_t shown = 0, hidden = 0;

    (void)state;
    for (size_t r = 0; r < COUNTOF(askers); r++) {
        struct access a = access_of(str_from(askers[r]));

        for (uint32_t e = 1; e <= w->s->entities; e++) {
            struct buf text = buf_over(printed, sizeof printed);
            struct json *j;
            struct str v;
            uint32_t at = 0;

            incident_entity_json(w->s, e, &a, true, &text);
            if (!access_sees_entity(&a, w->s, e)) {
                assert_int_equal(text.len, 0);
                hidden++;
                continue;
            }
            j = read_json(buf_str(&text));
            while (ent_each(w->s, e, IN_NONE, &at, &v)) {
                enum incident_field f = ent_field_of(w->s, at);
                bool sees = access_sees(&a, w->s, e, f);
                const char *name = field_info(f)->name;

                assert_int_equal(json_is(json_get(json_get(json_root(j), "fields"), name)) != JSON_MISSING, sees);
                assert_int_equal(json_is(json_get(json_get(json_root(j), "from"), name)) != JSON_MISSING, sees);
                shown += sees;
                hidden += !sees;
            }
            json_drop(j);
        }
    }
    assert_true(shown > 0 && hidden > 0);
    world_free(w);
}

static void test_events_are_asked_field_by_field(void **state)
{
    struct world *w = secrets();
    size_t shown = 0, hidden = 0;

    (void)state;
    for (size_t r = 0; r < COUNTOF(askers); r++) {
        struct access a = access_of(str_from(askers[r]));

        for (uint64_t seq = 1; seq <= w->seq; seq++) {
            struct str payload = str_of(w->log + w->rows[seq].at, w->rows[seq].len), rest = payload, v;
            struct buf text = buf_over(printed, sizeof printed);
            struct json *j;
            enum field tag;

            incident_event_json(w->rows[seq].kind, payload, &a, &text);
            j = read_json(buf_str(&text));
            while (fields_next(&rest, &tag, &v)) {
                bool sees = access_sees_event(&a, w->rows[seq].kind, payload, (enum incident_field)tag);

                assert_int_equal(json_is(json_get(json_root(j), field_info(tag)->name)) != JSON_MISSING, sees);
                shown += sees;
                hidden += !sees;
            }
            json_drop(j);
        }
    }
    assert_true(shown > 0 && hidden > 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_there_and_back),
        cmocka_unit_test(test_one_name_is_one_field),
        cmocka_unit_test(test_words_of_entities),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refuses_what_is_no_object_and_too_much),
        cmocka_unit_test(test_numbers_read_back_equal),
        cmocka_unit_test(test_prints_json_whatever_comes_in),
        cmocka_unit_test(test_an_entity_cites_its_events),
        cmocka_unit_test(test_what_he_has_no_need_to_know_is_not_there),
        cmocka_unit_test(test_events_are_asked_field_by_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
