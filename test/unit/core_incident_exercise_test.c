/* The reference exercise: its claims as events, and what the board must say at its two moments. */
#include "support/incident_world.h"

#include "base/when.h"
#include "core/incident_findings.h"
#include "support.h"

enum { ROW_MAX = 128 };

struct exercise {
    struct world *w;
    char id[WORLD_EVENTS][16]; /* of the row that made an event */
    struct findings findings;
    struct reconciled r;
};

/* A flat JSON object: the value of a key as text; the file is ours and known. */
static struct str value(struct str row, const char *key)
{
    char name[64];
    size_t at;
    struct str v;

    (void)snprintf(name, sizeof name, "\"%s\": ", key);
    at = str_find(row, str_from(name));
    if (at == row.len)
        return (struct str){0};
    v = str_from_at(row, at + strlen(name));
    if (v.at[0] == '"')
        return str_cut(v, 1, 1 + str_find_byte(str_from_at(v, 1), '"'));
    for (size_t i = 0; i < v.len; i++)
        if (v.at[i] == ',' || v.at[i] == '}')
            return str_cut(v, 0, i);
    return v;
}

static bool row_is(struct str row, const char *key, const char *want)
{
    return str_eq(value(row, key), str_from(want));
}

static void put(struct buf *b, enum incident_field f, struct str row, const char *key)
{
    struct str v = value(row, key);
    int64_t ms;

    if (v.len == 0 || str_eq(v, STR("null")) || str_eq(v, STR("false")))
        return;
    if (str_eq(v, STR("true")))
        v = STR("1");
    if (field_info(f)->type == TYPE_TIME) {
        assert_true(when_parse(v, &ms));
        incident_put_int(b, f, ms);
    } else
        incident_put(b, f, v);
}

static void put_categories(struct buf *b, struct str row)
{
    size_t at = str_find(row, STR("\"categories\": {"));
    struct str v;

    if (at == row.len)
        return;
    v = str_from_at(row, at + 15);
    v = str_cut(v, 0, str_find_byte(v, '}'));
    while (v.len) {
        char pair[64];
        struct str name;
        size_t end = str_find_byte(v, ','), quote;

        v = str_from_at(v, str_find_byte(v, '"') + 1);
        quote = str_find_byte(v, '"');
        end = str_find_byte(v, ',');
        name = str_cut(v, 0, quote);
        (void)snprintf(pair, sizeof pair, "%.*s=%.*s", STR_ARG(name), STR_ARG(str_trim(str_cut(v, quote + 2, end))));
        incident_put(b, IN_CATEGORIES, str_from(pair));
        v = str_from_at(v, end < v.len ? end + 1 : end);
    }
}

static void event(struct exercise *x, enum incident_kind kind, struct buf *b, struct str row)
{
    uint64_t seq = x->w->seq + 1;
    struct str id = value(row, "id");

    if (x->w->exercise)
        incident_put(b, IN_EXERCISE, STR("1"));
    if (!world_do(x->w, kind, buf_str(b)))
        fail_msg("%.*s: %s", STR_ARG(id), x->w->err.text);
    for (; seq <= x->w->seq; seq++)
        (void)str_copy(x->id[seq], sizeof x->id[seq], id);
    b->len = 0;
}

static void source_of(struct exercise *x, struct buf *b, struct str row)
{
    struct str source = value(row, "source");

    if (source.len == 0)
        return;
    if (ent_find(x->w->s, ENT_SOURCE, source) == 0) {
        incident_put(b, IN_SOURCE, source);
        put(b, IN_SOURCE_KIND, row, "source_kind");
        if (value(row, "source_kind").len == 0)
            incident_put(b, IN_SOURCE_KIND, STR("other"));
        event(x, INC_SOURCE_REGISTERED, b, row);
    }
}

/* The rows of kind record -------------------------------------------------- */

static void structure(struct exercise *x, struct buf *b, struct str row)
{
    put(b, IN_STRUCTURE, row, "name");
    put(b, IN_NAME, row, "name");
    put(b, IN_STOREYS, row, "storeys");
    put(b, IN_ROOF, row, "roof");
    put(b, IN_SCHEME, row, "label_scheme");
    incident_put(b, IN_INNER, STR("1"));
    event(x, INC_STRUCTURE_DEFINED, b, row);
}

static void checkin(struct exercise *x, struct buf *b, struct str row)
{
    if (ent_find(x->w->s, ENT_AGENCY, value(row, "agency")) == 0) {
        put(b, IN_AGENCY, row, "agency");
        put(b, IN_NAME, row, "agency");
        put(b, IN_AGENCY_KIND, row, "agency");
        event(x, INC_AGENCY_JOINED, b, row);
    }
    put(b, IN_UNIT, row, "unit");
    put(b, IN_AGENCY, row, "agency");
    put(b, IN_STRENGTH, row, "strength");
    event(x, INC_UNIT_CHECKED_IN, b, row);
}

static void casualty(struct exercise *x, struct buf *b, struct str row)
{
    put(b, IN_CASUALTY, row, "tag");
    put(b, IN_VERIFIED, row, "verified");
    if (row_is(row, "record", "casualty_status")) {
        put(b, IN_CASUALTY_STATUS, row, "status");
        put(b, IN_ROLE, row, "by_role");
        event(x, INC_CASUALTY_STATUS_SET, b, row);
        return;
    }
    put(b, IN_CATEGORY, row, "category");
    put(b, IN_PLACE, row, "found");
    if (row_is(row, "status", "injured"))
        incident_put(b, IN_WAS_INJURED, STR("1"));
    event(x, INC_CASUALTY_REPORTED, b, row);
}

static void threat_outcome(struct exercise *x, struct buf *b, struct str row)
{
    put(b, IN_THREAT, row, "threat");
    put(b, IN_OUTCOME, row, "outcome");
    put(b, IN_AS_SPOKEN, row, "place_as_spoken");
    put(b, IN_SUBJECT, row, "subject");
    event(x, INC_THREAT_ACCOUNTED, b, row);
}

static void other_record(struct exercise *x, struct buf *b, struct str row)
{
    static const struct kind {
        const char *record;
        enum incident_kind kind;
        struct {
            enum incident_field field;
            const char *key;
        } fields[5];
    } kinds[] = {
        {"command", INC_COMMAND_ASSUMED, {{IN_SCOPE, "scope"}, {IN_COMMANDER, "who"}}},
        {"linked", INC_INCIDENT_LINKED, {{IN_LINK, "id"}, {IN_TO, "to"}, {IN_REASON, "reason"}}},
        {"threat_level", INC_THREAT_LEVEL_SET, {{IN_LEVEL_SCOPE, "scope"}, {IN_THREAT_LEVEL, "level"}}},
        {"commitment", INC_COMMITMENT_MADE, {{IN_COMMITMENT, "id"}, {IN_BY, "by"}, {IN_TEXT, "text"}, {IN_OWNER,
                                                                                                       "owner"}}},
        {"political_statement", INC_MEDIA_LOGGED, {{IN_MEDIA, "id"}, {IN_SPEAKER, "speaker"}}},
    };

    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        if (!row_is(row, "record", kinds[i].record))
            continue;
        for (size_t j = 0; j < COUNTOF(kinds[i].fields) && kinds[i].fields[j].key; j++)
            put(b, kinds[i].fields[j].field, row, kinds[i].fields[j].key);
        if (kinds[i].kind == INC_INCIDENT_LINKED)
            incident_put(b, IN_DIRECTION, STR("related"));
        event(x, kinds[i].kind, b, row);
        return;
    }
    if (row_is(row, "record", "occupants")) {
        put(b, IN_OCCUPANTS, row, "id");
        incident_put(b, IN_OCCUPANT, STR("staff"));
        put(b, IN_COUNT, row, "staff");
        event(x, INC_OCCUPANCY_ESTIMATED, b, row);
        return;
    }
    fail_msg("a record of unknown kind: %.*s", STR_ARG(value(row, "record")));
}

static void record(struct exercise *x, struct buf *b, struct str row)
{
    if (row_is(row, "record", "incident")) {
        x->w->exercise = true;
        incident_put(b, IN_INCIDENT, STR("EX-1"));
        put(b, IN_NAME, row, "name");
        incident_put(b, IN_TYPE, STR("complex-attack"));
        put(b, IN_START_AT, row, "start");
        put(b, IN_UNC_S, row, "unc_s");
        event(x, INC_INCIDENT_OPENED, b, row);
    } else if (row_is(row, "record", "structure"))
        structure(x, b, row);
    else if (row_is(row, "record", "checkin"))
        checkin(x, b, row);
    else if (row_is(row, "record", "casualty") || row_is(row, "record", "casualty_status"))
        casualty(x, b, row);
    else if (row_is(row, "record", "threat_outcome"))
        threat_outcome(x, b, row);
    else
        other_record(x, b, row);
}

static void claim(struct exercise *x, struct buf *b, struct str row)
{
    static const struct {
        enum incident_field field;
        const char *key;
    } fields[] = {{IN_SOURCE, "source"},   {IN_GRADE, "grade"},        {IN_REPORTED_AT, "reported_at"}, {IN_AT, "at"},
                  {IN_UNC_S, "unc_s"},     {IN_AS_SPOKEN, "as_spoken"}, {IN_SUBJECT, "subject"},        {IN_BY, "who"},
                  {IN_SPEAKER, "speaker"}, {IN_TEXT, "text"},          {IN_COUNTER, "counter"},        {IN_LO,
                                                                                                        "minutes_lo"},
                  {IN_HI, "minutes_hi"},   {IN_ROAD, "road"}};

    source_of(x, b, row);
    if (row_is(row, "claim", "responsibility")) {
        put(b, IN_RESPONSIBILITY, row, "id");
        put(b, IN_GROUP, row, "group");
        put(b, IN_SOURCE, row, "source");
        put(b, IN_GRADE, row, "grade");
        event(x, INC_RESPONSIBILITY_CLAIMED, b, row);
        return;
    }
    put(b, IN_REPORT, row, "id");
    put(b, IN_PREDICATE, row, "claim");
    for (size_t i = 0; i < COUNTOF(fields); i++)
        put(b, fields[i].field, row, fields[i].key);
    if (row_is(row, "claim", "duration") && row_is(row, "minutes_hi", "null"))
        incident_put(b, IN_OPEN, STR("1"));
    if (row_is(row, "kind", "THREAT"))
        incident_put(b, IN_CLEARANCE_KIND, STR("threat"));
    put_categories(b, row);
    event(x, INC_REPORT_RECEIVED, b, row);
}

static void count(struct exercise *x, struct buf *b, struct str row)
{
    source_of(x, b, row);
    put(b, IN_REPORT, row, "id");
    put(b, IN_COUNTER, row, "counter");
    put(b, IN_LO, row, "lo");
    put(b, IN_HI, row, "hi");
    if (row_is(row, "hi", "null"))
        incident_put(b, IN_OPEN, STR("1"));
    put(b, IN_AS_OF, row, "as_of");
    put(b, IN_SOURCE, row, "source");
    put(b, IN_GRADE, row, "grade");
    put(b, IN_AS_SPOKEN, row, "as_spoken");
    put_categories(b, row);
    event(x, INC_COUNT_CLAIMED, b, row);
}

/* Reads rows up to a moment. */
static struct exercise *until(struct str file, const char *moment)
{
    static char bytes[65536];
    struct exercise *x = calloc(1, sizeof *x);
    int64_t until_ms;

    assert_non_null(x);
    x->w = world_new();
    assert_true(when_parse(str_from(moment), &until_ms));
    while (file.len) {
        size_t end = str_find_byte(file, '\n');
        struct str row = str_cut(file, 0, end);
        struct buf b = buf_over(bytes, sizeof bytes);

        file = str_from_at(file, end < file.len ? end + 1 : end);
        if (row.len == 0 || !when_parse(value(row, "recorded_at"), &x->w->now_ms) || x->w->now_ms > until_ms)
            continue;
        if (value(row, "record").len)
            record(x, &b, row);
        else if (value(row, "claim").len)
            claim(x, &b, row);
        else
            count(x, &b, row);
    }
    x->w->now_ms = until_ms;
    incident_findings(x->w->s, until_ms, &x->findings);
    return x;
}

static struct str exercise_file(void)
{
    const char *folder = getenv("CORDON_EXERCISE");
    struct str file = test_read(folder ? test_path(folder, "claims.jsonl")
                                       : test_path(test_source("../shared/exercise"), "claims.jsonl"));

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
    struct exercise *x = until(exercise_file(), "2023-02-17T22:45:00+05:00");

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
    struct exercise *x = until(exercise_file(), "2023-02-19T10:00:00+05:00");

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
    struct exercise *x = until(exercise_file(), "2023-02-17T22:45:00+05:00");

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
