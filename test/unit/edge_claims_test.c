/* Files of claims: what becomes of their rows; the reference exercise and what the board must say at its two
 * moments. */
#include "support/incident_world.h"

#include "base/when.h"
#include "core/incident_findings.h"
#include "edge/claims.h"
#include "support.h"

struct exercise {
    struct world *w;
    char id[WORLD_EVENTS][INCIDENT_ID_MAX + 1]; /* of the row that made an event */
    struct findings findings;
    struct reconciled r;
    struct claims_sums sums;
    char said[8192]; /* "LINE: text", "LINE! text" when it was skipped, a line each */
};

static bool do_command(void *ctx, const struct claims_row *row, const struct incident_command *c, struct err *e)
{
    struct exercise *x = ctx;
    uint64_t seq = x->w->seq + 1;

    x->w->now_ms = c->now_ms;
    if (!world_do(x->w, c->kind, c->payload)) {
        *e = x->w->err;
        return false;
    }
    for (; seq <= x->w->seq; seq++)
        assert_true(str_copy(x->id[seq], sizeof x->id[seq], row->id));
    return true;
}

static void say(void *ctx, size_t line, enum claims_word word, const char *text)
{
    struct exercise *x = ctx;
    size_t len = strlen(x->said);

    (void)snprintf(x->said + len, sizeof x->said - len, "%zu%c %s\n", line, word == CLAIMS_SKIPPED ? '!' : ':', text);
}

/* NULL when the reading is refused, with the sentence in e. */
static struct exercise *read_as(struct str file, const struct claims_options *o, struct err *e)
{
    struct exercise *x = calloc(1, sizeof *x);
    const struct claims_to to = {x, do_command, say};
    struct claims *c;
    bool done;

    assert_non_null(x);
    x->w = world_new();
    assert_true(claims_new(o, &c, e));
    done = claims_read(c, file, &to, e);
    x->sums = claims_sums(c);
    claims_free(c);
    assert_int_equal(x->sums.rows, x->sums.taken + x->sums.later + x->sums.skipped);
    if (done)
        return x;
    world_free(x->w);
    free(x);
    return NULL;
}

static void drop(struct exercise *x)
{
    world_free(x->w);
    free(x);
}

static struct exercise *read_text(const char *text)
{
    struct claims_options o = {.until_ms = INT64_MAX};
    struct err e;
    struct exercise *x = read_as(str_from(text), &o, &e);

    assert_non_null(x);
    incident_findings(x->w->s, x->w->now_ms, &x->findings);
    return x;
}

static struct exercise *until(struct str file, const char *moment)
{
    struct claims_options o = {.strict = true};
    struct err e = {0};
    struct exercise *x;

    assert_true(claims_time(str_from(moment), &o.until_ms));
    x = read_as(file, &o, &e);
    if (!x)
        fail_msg("%s", e.text);
    assert_string_equal(x->said, "");
    x->w->now_ms = o.until_ms;
    incident_findings(x->w->s, x->w->now_ms, &x->findings);
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
            size_t len = strlen(got);

            (void)snprintf(got + len, sizeof got - len, "%s%s", len ? "," : "", x->id[x->r.claims[i].seq]);
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
                char one[INCIDENT_ID_MAX + 8];

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
    assert_true(x->r.lo == 3 && x->r.hi_open && x->r.sources == 5);
    assert_int_equal(incident_accounted(x->w->s, STR("attackers")), 3);
    findings_are(x, want, COUNTOF(want));
    drop(x);
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
    static const char rows[] =
        "\n{\"id\": \"W1\", \"withdraws\": \"C18k\", \"recorded_at\": \"2023-02-17T22:44:30+05:00\","
        " \"reason\": \"a mistake\"}"
        "\n{\"withdraws\": [\"C9a\"], \"recorded_at\": \"2023-02-17T22:44:40+05:00\"}\n";
    struct str file = exercise_file();
    struct claims_options o = {0};
    struct exercise *x;
    char *longer = test_keep(malloc(file.len + sizeof rows));
    struct err e;

    (void)state;
    assert_true(claims_time(STR("2023-02-17T22:45:00+05:00"), &o.until_ms));
    memcpy(longer, file.at, file.len);
    memcpy(longer + file.len, rows, sizeof rows);
    x = read_as(str_of(longer, file.len + sizeof rows - 1), &o, &e);
    assert_non_null(x);
    assert_non_null(strstr(x->said, "recorded_at goes back"));
    assert_int_equal(x->sums.skipped, 0);
    x->w->now_ms = o.until_ms;
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

/* Readers: rows and what is said of them --------------------------------------- */

#define T "\"recorded_at\":\"2026-02-17T19:00:00+05:00\""
#define KILLED(id, source, n) "{\"id\":\"" id "\",\"counter\":\"killed\",\"lo\":" #n ",\"hi\":" #n \
    ",\"source\":\"" source "\",\"grade\":\"B2\"," T "}\n"

/* One file a row: said NULL means that nothing is said and nothing skipped. */
static const struct said_row {
    const char *text, *said;
    size_t taken, skipped;
} said_rows[] = {
    {"", NULL, 0, 0},
    {"\r\n\n  \n", NULL, 0, 0},
    {"\xef\xbb\xbf" KILLED("a", "s", 1) "\r\n" KILLED("b", "t", 1), NULL, 2, 0},
    {"{\"hi\":null," T ",\"as_of\":\"2026-02-17T14:00:00Z\",\"lo\":0,\"grade\":\"A1\",\"source\":\"s\",\"counter\":"
     "\"devices\"}", NULL, 1, 0},
    {KILLED("a", "s", 1) KILLED("a", "t", 2), "2! id: there is a row \"a\" before this one", 1, 1},
    {"{\"id\":\"a\",\"record\":\"tea\"," T "}\n" KILLED("b", "s", 1), "1! record: \"tea\" is no kind", 1, 1},
    {"{\"id\":\"a\",\"claim\":\"tea\",\"source\":\"s\"," T "}", "1! claim: \"tea\" is none of responsibility,"
     "note", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"tea\",\"lo\":1,\"source\":\"s\"," T "}",
     "1! counter: \"tea\" is none of killed", 0, 1},
    {"{\"id\":\"a\"," T "}", "1! one of record, counter, claim and withdraws is needed", 0, 1},
    {"{\"id\":\"a\",\"record\":\"checkin\",\"claim\":\"start\"," T "}", "1! record and claim in one row", 0, 1},
    {"nonsense", "1! this is not JSON: column", 0, 1},
    {"[1]", "1! this is JSON, but not an object", 0, 1},
    {"{\"withdraws\":\"zz\"," T "}", "1! withdraws: there is no row \"zz\" before this one", 0, 1},
    {"{\"id\":\"r\",\"record\":\"threat_outcome\",\"threat\":\"T1\",\"outcome\":\"shot\","
     T "}\n{\"withdraws\":\"r\"," T "}",
     "2! withdraws: \"r\" is a record of the centre", 1, 1},
    {KILLED("a", "s", 1) "{\"withdraws\":\"a\"," T "}\n{\"withdraws\":\"a\"," T "}",
     "3! report: report \"a\" is withdrawn", 2, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1,\"hi\":1,\"source\":\"s\",\"grade\":\"B2\",\"recorded_at\":"
     "\"2026-02-17T19:00:00\"}", "1! recorded_at: a time with its offset", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1,\"hi\":1,\"source\":\"s\",\"grade\":\"B2\",\"as_of\":"
     "\"2026-02-17T13:00:00\"," T "}", "1! as_of: a time with its offset", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1,\"hi\":1,\"source\":\"s\"," T "}",
     "1: grade is not there; taken as F6", 1, 0},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1,\"source\":\"s\",\"grade\":\"B2\"," T "}",
     "1: hi is not there; taken as much as lo",
     1, 0},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"source\":\"s\",\"grade\":\"B2\"," T "}", "1! lo: is needed", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":3,\"hi\":2,\"source\":\"s\",\"grade\":\"B2\"," T "}",
     "1! hi: is less than lo", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":-1,\"hi\":2,\"source\":\"s\",\"grade\":\"B2\"," T "}",
     "1! lo: a whole number from 0", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1.5,\"hi\":2,\"source\":\"s\",\"grade\":\"B2\"," T "}",
     "1! lo: a whole number", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1,\"hi\":1,\"grade\":\"B2\"," T "}", "1! source: is needed",
     0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1,\"hi\":1,\"source\":\"s\",\"grade\":\"G7\"," T "}",
     "1! grade: a grade is A to F", 0, 1},
    {"{\"id\":\"a\",\"counter\":\"killed\",\"lo\":1,\"hi\":1,\"source\":\"s\",\"grade\":\"B2\","
     "\"mood\":{\"x\":[1]}," T "}",
     "1: \"mood\" has no place in count.claimed", 1, 0},
    {"{\"id\":\"a\",\"record\":\"casualty_status\",\"tag\":\"T-9\",\"status\":\"died\","
     "\"by_role\":\"clinician\"," T "}",
     "1! casualty: there is no casualty \"T-9\"", 0, 1},
    {"{\"id\":\"a\",\"record\":\"casualty\",\"tag\":\"T-9\",\"status\":\"died\"," T "}",
     "1! by_role: only a clinician", 0, 1},
    {"{\"id\":\"a\",\"record\":\"casualty\",\"tag\":\"T-9\",\"status\":\"died\",\"by_role\":\"responder\","
     "\"verified\":true," T "}",
     "1! by_role: only a clinician", 0, 1},
    {"{\"id\":\"a\",\"record\":\"casualty\",\"tag\":\"T-9\",\"status\":\"died\",\"verified\":true," T "}",
     "1: by_role is not there; a death that is verified", 1, 0},
    {"{\"id\":\"a\",\"record\":\"casualty\",\"tag\":\"T-9\",\"status\":\"injured\",\"verified\":true," T "}\n"
     "{\"id\":\"b\",\"record\":\"casualty_status\",\"tag\":\"T-9\",\"status\":\"died\",\"verified\":false,"
     "\"by_role\":\"clinician\"," T "}", NULL, 2, 0},
    {"{\"id\":\"a\",\"record\":\"incident\",\"name\":\"EX\",\"exercise\":\"yes\"," T "}",
     "1! exercise: true or false", 0, 1},
    {"{\"id\":\"R1\",\"record\":\"incident\",\"name\":\"EX here\"," T "}\n"
     "{\"id\":\"a\",\"counter\":\"killed\",\"lo\":61,\"hi\":61,\"source\":\"s\",\"grade\":\"B2\","
     "\"incident\":\"EX elsewhere\"," T "}",
     "2! incident: this is about \"EX elsewhere\", not about this incident", 1, 1},
    {"{\"id\":\"R1\",\"record\":\"incident\",\"name\":\"EX here\"," T "}\n"
     "{\"id\":\"a\",\"counter\":\"killed\",\"lo\":4,\"hi\":4,\"source\":\"s\",\"grade\":\"B2\","
     "\"incident\":\"EX here\"," T "}\n"
     "{\"id\":\"b\",\"counter\":\"killed\",\"lo\":4,\"hi\":4,\"source\":\"t\",\"grade\":\"B2\","
     "\"incident\":\"R1\"," T "}", NULL, 3, 0},
    {"{\"id\":5,\"counter\":\"killed\",\"lo\":1,\"hi\":1,\"source\":\"s\",\"grade\":\"B2\"," T "}\n{\"withdraws\":5,"
     "" T "}", NULL, 2, 0},
    {"{\"id\":\"a\",\"record\":null,\"claim\":\"duration\",\"minutes_lo\":\"x\",\"source\":\"s\",\"grade\":\"B2\","
     T "}",
     "1! minutes_lo: lo: a whole number", 0, 1},
    {"{\"id\":\"a\",\"record\":\"occupants\",\"place\":\"site\"," T "}", "1! staff, residents, children", 0, 1},
    {"{\"id\":\"a\",\"record\":\"command\",\"who\":\"EX-1\"," T "}\n{\"id\":\"b\",\"record\":\"command\","
     "\"who\":\"EX-1\"," T "}",
     "2! who: EX-1 commands \"incident\" already", 1, 1},
    {"{\"id\":\"a\",\"record\":\"incident\",\"name\":\"EX\"," T "}\n{\"id\":\"b\",\"record\":\"incident\","
     "\"name\":\"EY\"," T "}",
     "2! the incident is open already", 1, 1},
};

static void test_rows_are_taken_or_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(said_rows); i++) {
        const struct said_row *row = &said_rows[i];
        struct exercise *x = read_text(row->text);

        if (row->said ? !strstr(x->said, row->said) : x->said[0] != 0)
            fail_msg("%s\nsaid: %s\nnot: %s", row->text, x->said, row->said ? row->said : "nothing");
        if (x->sums.taken != row->taken || x->sums.skipped != row->skipped)
            fail_msg("%s\n%zu taken, %zu skipped: %s", row->text, x->sums.taken, x->sums.skipped, x->said);
        drop(x);
    }
}

static void test_strict_ends_at_the_first_row_that_is_refused(void **state)
{
    struct claims_options o = {.until_ms = INT64_MAX, .strict = true};
    struct err e;

    (void)state;
    assert_null(read_as(STR("\n" KILLED("a", "s", 1) "{\"id\":\"b\",\"record\":\"tea\"," T "}\n" KILLED("c", "s",
        1)), &o, &e));
    assert_non_null(strstr(e.text, "line 3: record: \"tea\""));
}

static void test_a_text_that_is_too_long_is_refused_by_line(void **state)
{
    static char text[CLAIMS_LINE_MAX + 512];
    struct buf b = buf_over(text, sizeof text);
    struct exercise *x;

    (void)state;
    buf_put(&b, STR("{\"id\":\"a\",\"claim\":\"place\",\"subject\":\"x\",\"source\":\"s\"," T ",\"grade\":\"B2\","
        "\"as_spoken\":\""));
    for (int i = 0; i <= INCIDENT_LINE_MAX; i++)
        buf_byte(&b, 'x');
    buf_put(&b, STR("\"}\n{\"id\":\""));
    for (int i = 0; i <= INCIDENT_ID_MAX; i++)
        buf_byte(&b, 'y');
    buf_put(&b, STR("\",\"record\":\"tea\"," T "}\n" KILLED("ok", "s", 1)));
    buf_byte(&b, 0);
    x = read_text(text);
    assert_non_null(strstr(x->said, "1! as_spoken: one line"));
    assert_non_null(strstr(x->said, "2! id: 128 bytes are the most"));
    assert_int_equal(x->sums.taken, 1);
    drop(x);
    memset(text, ' ', sizeof text - 1);
    text[0] = '{';
    text[CLAIMS_LINE_MAX + 100] = '}';
    x = read_text(text);
    assert_non_null(strstr(x->said, "262144 are the most"));
    drop(x);
}

static void test_a_row_too_many_members_is_refused(void **state)
{
    static char text[8192];
    struct buf b = buf_over(text, sizeof text);
    struct exercise *x;

    (void)state;
    buf_put(&b, STR("{\"id\":\"a\",\"record\":\"structure\",\"name\":\"EX-H\",\"storeys\":1"));
    for (int i = 0; i < CLAIMS_MEMBERS_MAX; i++)
        buf_fmt(&b, ",\"m%d\":%d", i, i);
    buf_put(&b, STR("," T "}"));
    buf_byte(&b, 0);
    x = read_text(text);
    assert_non_null(strstr(x->said, "1! more than 64 members"));
    drop(x);
}

static struct str field_of(const struct exercise *x, enum entity_kind kind, const char *id, enum incident_field f)
{
    return ent_get(x->w->s, ent_find(x->w->s, kind, str_from(id)), f);
}

static void assert_field(const struct exercise *x, enum entity_kind kind, const char *id, enum incident_field f,
                         const char *want)
{
    struct str v = field_of(x, kind, id, f);

    if (!str_eq(v, str_from(want)))
        fail_msg("%s %s: \"%.*s\", not \"%s\"", id, field_info(f)->name, STR_ARG(v), want);
}

static void test_records_become_what_they_are(void **state)
{
    static const char text[] =
        "{\"id\":\"R1\",\"record\":\"command\",\"who\":\"EX-A\"," T "}\n"
        "{\"id\":\"R2\",\"record\":\"incident\",\"name\":\"EX-2\",\"type\":\"Fire\",\"exercise\":true," T "}\n"
        "{\"id\":\"R3\",\"record\":\"structure\",\"name\":\"EX-H\",\"storeys\":2,\"adjoining\":\"EX-G\","
        "\"inside_inner_cordon\":false,"
        "\"note\":\"grey\"," T "}\n"
        "{\"id\":\"R4\",\"record\":\"occupants\",\"staff\":3,\"residents\":2,\"place\":\"site\",\"source\":\"duty\","
        "\"grade\":\"C3\","
        T "}\n"
        "{\"id\":\"R5\",\"record\":\"checkin\",\"agency\":\"EX-volunteers\",\"unit\":\"V-1\",\"strength\":4," T "}\n"
        "{\"id\":\"R6\",\"record\":\"command\",\"who\":\"EX-B\",\"briefing\":\"by radio\"," T "}\n"
        "{\"id\":\"R7\",\"record\":\"threat_outcome\",\"threat\":\"T1\",\"outcome\":\"captured\"," T "}\n"
        "{\"id\":\"R8\",\"record\":\"casualty\",\"tag\":\"T-1\",\"category\":\"public\",\"status\":\"treated\","
        "\"found\":\"yard\","
        "\"verified\":true," T "}\n"
        "{\"id\":\"R9\",\"record\":\"hazard.reported\",\"hazard\":\"gas\",\"hazard_kind\":\"gas\"," T "}\n"
        "{\"id\":\"S1\",\"claim\":\"closure\",\"road\":\"EX Road\",\"aliases\":[\"E X Road\",\"EXR\"],"
        "\"source\":\"police\","
        "\"source_kind\":\"responder\",\"grade\":\"A2\"," T "}\n"
        "{\"id\":\"S2\",\"claim\":\"closure\",\"road\":\"EXR\",\"source\":\"police\",\"grade\":\"A2\"," T "}\n"
        "{\"id\":\"S3\",\"claim\":\"closure\",\"road\":\"EX Lane\",\"source\":\"blog\",\"source_kind\":\"social\","
        "\"grade\":\"E4\"," T "}\n"
        "{\"id\":\"S4\",\"claim\":\"responsibility\",\"group\":\"group-1\",\"source\":\"c\",\"grade\":\"F6\","
        "\"follow_up\":\"more later\"," T
        "}\n"
        "{\"id\":\"S5\",\"counter\":\"injured\",\"lo\":5,\"hi\":5,\"source\":\"c\",\"grade\":\"B2\","
        "\"categories\":{\"police\":1,"
        "\"nurses\":2,\"clerks\":2}," T "}\n"
        "{\"id\":\"W1\",\"withdraws\":\"S4\"," T "}\n{\"withdraws\":\"S2\"," T "}\n";
    struct exercise *x = read_text(text);

    (void)state;
    assert_int_equal(x->sums.skipped, 0);
    assert_field(x, ENT_INCIDENT, "EX-1", IN_NAME, "EX-2");
    assert_field(x, ENT_INCIDENT, "EX-1", IN_TYPE, "fire");
    assert_field(x, ENT_STRUCTURE, "EX-H", IN_NOTE, "adjoining: EX-G\ngrey");
    assert_field(x, ENT_STRUCTURE, "EX-H", IN_INNER, "");
    assert_field(x, ENT_OCCUPANTS, "R4-staff", IN_COUNT, "3");
    assert_field(x, ENT_OCCUPANTS, "R4-residents", IN_COUNT, "2");
    assert_field(x, ENT_OCCUPANTS, "R4-residents", IN_SOURCE, "duty");
    assert_field(x, ENT_AGENCY, "EX-volunteers", IN_AGENCY_KIND, "other");
    assert_non_null(strstr(x->said, "5: agency_kind: \"EX-volunteers\" is none of"));
    assert_field(x, ENT_COMMAND, "incident", IN_COMMANDER, "EX-B");
    assert_field(x, ENT_COMMAND, "incident", IN_FORMER, "EX-A");
    assert_field(x, ENT_COMMAND, "incident", IN_BRIEFING, "by radio");
    assert_field(x, ENT_THREAT, "T1", IN_STATE, "in-custody");
    assert_field(x, ENT_CASUALTY, "T-1", IN_STATE, "treated");
    assert_field(x, ENT_CASUALTY, "T-1", IN_PLACE, "yard");
    assert_field(x, ENT_HAZARD, "gas", IN_HAZARD_KIND, "gas");
    assert_field(x, ENT_CLOSURE, "S1", IN_STATE, "in-force");
    assert_true(ent_holds(x->w->s, ent_find(x->w->s, ENT_REPORT, STR("S1")), IN_ALIAS, STR("EXR")));
    assert_field(x, ENT_CLOSURE, "S2", IN_STATE, "lifted");
    assert_field(x, ENT_REPORT, "S2", IN_STATE, "withdrawn");
    assert_int_equal(x->w->s->count[ENT_CLOSURE], 2);
    assert_field(x, ENT_RESPONSIBILITY, "S4", IN_STATE, "assessed");
    assert_field(x, ENT_RESPONSIBILITY, "S4", IN_NOTE, "follow_up: more later");
    assert_true(ent_holds(x->w->s, ent_find(x->w->s, ENT_REPORT, STR("S5")), IN_CATEGORIES, STR("uncategorised=4")));
    assert_string_equal(x->id[1], ""); /* the opening that no row asked for */
    drop(x);
}

/* A row that is refused leaves the record as it was, also the part that it would have doubted. */
static void test_a_death_twice_doubts_nothing(void **state)
{
#define DIES(id, verified) "{\"id\":\"" id "\",\"record\":\"casualty_status\",\"tag\":\"T-1\",\"status\":\"died\"," \
    "\"by_role\":\"clinician\",\"verified\":" verified "," T "}\n"
    struct exercise *x = read_text("{\"id\":\"a\",\"record\":\"casualty\",\"tag\":\"T-1\",\"verified\":true," T "}\n"
                                   DIES("b", "true") DIES("c", "false"));

    (void)state;
    assert_non_null(strstr(x->said, "casualty: T-1 is died"));
    assert_field(x, ENT_CASUALTY, "T-1", IN_VERIFIED, "1");
    drop(x);
}

/* Reported first and verified later, a death counts from then on, and once. */
static void test_a_death_is_verified_later(void **state)
{
    struct exercise *x = read_text(
        "{\"id\":\"a\",\"record\":\"casualty\",\"tag\":\"T-1\",\"status\":\"injured\"," T "}\n"
        KILLED("k", "s", 4)
        DIES("b", "false") DIES("c", "true"));

    (void)state;
    assert_string_equal(x->said, "");
    assert_field(x, ENT_CASUALTY, "T-1", IN_VERIFIED, "1");
    incident_reconcile(x->w->s, STR("killed"), &x->r);
    assert_int_equal(x->r.confirmed, 1);
    drop(x);
    x = read_text("{\"id\":\"a\",\"record\":\"casualty\",\"tag\":\"T-1\"," T "}\n"
                  DIES("b", "true") DIES("c", "true"));
    assert_non_null(strstr(x->said, "casualty: T-1 is died"));
    drop(x);
}

/* As many devices as sources say are to be accounted for, and no person is one. */
static void test_devices_stay_open_until_they_are_accounted_for(void **state)
{
#define DEVICES "{\"id\":\"d\",\"counter\":\"devices\",\"lo\":1,\"hi\":2,\"source\":\"s\",\"grade\":\"C3\"," T "}\n" \
    "{\"id\":\"p\",\"record\":\"threat_outcome\",\"threat\":\"T1\",\"outcome\":\"shot\"," T "}\n"
#define ENDED(id) "{\"id\":\"" id "\",\"record\":\"threat_outcome\",\"threat\":\"D-" id "\"," \
    "\"threat_kind\":\"device\",\"outcome\":\"neutralised\"," T "}\n"
    static const char *const want[] = {"threat.open ,d,e,"};
    struct exercise *x = read_text(DEVICES ENDED("e"));

    (void)state;
    incident_findings(x->w->s, x->w->now_ms, &x->findings);
    findings_are(x, want, COUNTOF(want));
    drop(x);
    x = read_text(DEVICES ENDED("e") ENDED("f"));
    incident_findings(x->w->s, x->w->now_ms, &x->findings);
    findings_are(x, NULL, 0);
    drop(x);
}

/* One floor in other words is one place, also while nobody said which floor is the first. */
static void test_one_floor_in_two_wordings_is_one_place(void **state)
{
#define PLACED(id, source, words) "{\"id\":\"" id "\",\"claim\":\"place\",\"subject\":\"detonation\"," \
    "\"as_spoken\":\"" words "\",\"source\":\"" source "\",\"grade\":\"B2\"," T "}\n"
    static const char *const want[] = {"place.conflict ,a,b,c,"};
    struct exercise *x = read_text(PLACED("a", "s", "4th floor") PLACED("b", "t", "on the fourth floor"));

    (void)state;
    incident_findings(x->w->s, x->w->now_ms, &x->findings);
    findings_are(x, NULL, 0);
    drop(x);
    x = read_text(PLACED("a", "s", "4th floor") PLACED("b", "t", "fourth floor") PLACED("c", "u", "third floor"));
    incident_findings(x->w->s, x->w->now_ms, &x->findings);
    findings_are(x, want, COUNTOF(want));
    drop(x);
}

/* Who says that his forces killed all is wrong, in whatever order, when one died by his own vest. */
static void test_statements_that_the_record_denies(void **state)
{
#define SAYS(text) "{\"id\":\"o\",\"record\":\"threat_outcome\",\"threat\":\"T1\"," \
    "\"outcome\":\"self-detonated\"," T "}\n{\"id\":\"q\",\"claim\":\"statement\",\"speaker\":\"EX-A\"," \
    "\"text\":\"" text "\",\"source\":\"s\",\"grade\":\"C3\"," T "}\n"
    static const struct {
        const char *text;
        bool denied;
    } rows[] = {
        {SAYS("all the terrorists were killed by the forces"), true},
        {SAYS("our forces killed all the attackers"), true},
        {SAYS("killing all the terrorists"), true},
        {SAYS("The forces killed every attacker."), true},
        {SAYS("All attackers were shot dead."), true},
        {SAYS("every one of them is in custody"), true},
        {SAYS("all attackers are dead"), false},
        {SAYS("two of them were killed by the forces"), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        static const char *const want[] = {"statement.unsupported ,q,o,"};
        struct exercise *x = read_text(rows[i].text);

        incident_findings(x->w->s, x->w->now_ms, &x->findings);
        findings_are(x, want, rows[i].denied ? 1 : 0);
        drop(x);
    }
}

/* What is asked or kept for later, and is no reason to warn: which rule speaks, and about which rows. */
static void test_smaller_matters_are_told_as_info(void **state)
{
#define AS_OF(hour) "\"as_of\":\"2026-02-17T" hour ":00+05:00\"," T "}\n"
#define COUNT(id, counter, n, hour) "{\"id\":\"" id "\",\"counter\":\"" counter "\",\"lo\":" n ",\"hi\":" n \
    ",\"source\":\"s\",\"grade\":\"B2\"," AS_OF(hour)
#define AT(id, claim, hour) "{\"id\":\"" id "\",\"claim\":\"" claim "\",\"at\":\"2026-02-17T" hour ":00+05:00\"," \
    "\"unc_s\":60,\"source\":\"" id "\",\"grade\":\"B2\"," T "}\n"
#define RECORD(id, kind, more) "{\"id\":\"" id "\",\"record\":\"" kind "\"," more "," T "}\n"
#define CLOSED(why) RECORD("c", "closure.set", "\"closure\":\"c\",\"road\":\"EX road\",\"reason\":\"" why "\"")
#define HURT(who) RECORD("h", "casualty", "\"tag\":\"T-1\",\"category\":\"" who "\"")
#define AGENCY(id, name, more) RECORD(id, "agency.joined", "\"agency\":\"" id "\",\"name\":\"" name \
    "\",\"agency_kind\":\"police\"" more)
    static const struct {
        const char *text, *rule, *first; /* first: the row that it is about; NULL: the rule is silent */
    } rows[] = {
        {COUNT("a", "killed", "4", "12:00") COUNT("b", "injured", "19", "12:00") COUNT("c", "killed", "5", "12:30")
         COUNT("d", "injured", "17", "12:30"), "sum.conserved", "c"},
        {COUNT("a", "killed", "4", "12:00") COUNT("b", "injured", "19", "12:00") COUNT("c", "killed", "5", "12:30")
         COUNT("d", "injured", "18", "12:30"), "sum.conserved", NULL},
        {COUNT("a", "killed", "4", "12:00") COUNT("b", "injured", "19", "12:00") COUNT("c", "killed", "5", "12:30"),
         "sum.conserved", NULL},
        {AT("a", "start", "12:00") AT("b", "cleared", "11:57"), "order.reversed", "b"},
        {AT("a", "start", "12:00") AT("b", "cleared", "11:58"), "order.reversed", NULL},
        {CLOSED("to avoid any civilian casualties") HURT("public"), "objective.outcome", "c"},
        {CLOSED("to avoid any civilian casualties") HURT("police"), "objective.outcome", NULL},
        {CLOSED("glass on the road") HURT("public"), "objective.outcome", NULL},
        {RECORD("d", "detonation", "\"place\":\"roof\""), "time.missing", "d"},
        {AGENCY("x", "EX Response Force", "") AGENCY("y", "EX Respond Force", ",\"aliases\":[\"EX Response Force\"]"),
         "identity.agency", "y"},
        {AGENCY("x", "EX Response Force", "") AGENCY("y", "EX Rangers", ""), "identity.agency", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct exercise *x = read_text(rows[i].text);
        const char *first = NULL;

        if (x->sums.skipped)
            fail_msg("%s\n%s", rows[i].text, x->said);
        incident_findings(x->w->s, x->w->now_ms, &x->findings);
        for (size_t f = 0; f < x->findings.n; f++)
            if (strcmp(x->findings.list[f].rule, rows[i].rule) == 0) {
                first = x->id[x->findings.list[f].items[0]];
                assert_int_equal(x->findings.list[f].severity, SEVERITY_INFO);
            }
        if ((first == NULL) != (rows[i].first == NULL) || (first && strcmp(first, rows[i].first) != 0))
            fail_msg("%s\n%s is about %s", rows[i].text, rows[i].rule, first ? first : "nothing");
        drop(x);
    }
}

/* What a commander says of claims: an old count of attackers is discounted, a figure accepted. */
static void test_a_commander_discounts_and_accepts(void **state)
{
    static const char text[] =
        "{\"id\":\"R1\",\"record\":\"command\",\"who\":\"EX-A\"," T "}\n" KILLED("k1", "s", 4) KILLED("k2", "t", 5)
        "{\"id\":\"a1\",\"counter\":\"attackers\",\"lo\":8,\"hi\":10,\"source\":\"s\",\"grade\":\"C3\"," T "}\n"
        "{\"id\":\"R2\",\"record\":\"discounted\",\"report\":\"a1\",\"reason\":\"counted twice\"," T "}\n"
        "{\"id\":\"R3\",\"record\":\"accepted\",\"counter\":\"killed\",\"count\":4,\"basis\":[\"k1\"],"
        "\"reason\":\"seen\"," T "}\n"
        "{\"id\":\"R4\",\"record\":\"discounted\",\"report\":\"k1\",\"reason\":\"no\",\"by\":\"EX-Z\"," T "}\n";
    struct exercise *x = read_text(text);

    (void)state;
    assert_string_equal(x->said, "7! actor: EX-Z does not command; EX-A does\n");
    incident_reconcile(x->w->s, STR("attackers"), &x->r);
    ids_are(x, CLAIM_DISCOUNTED, "a1");
    incident_reconcile(x->w->s, STR("killed"), &x->r);
    assert_int_equal(x->r.accepted, 4);
    drop(x);
}

static void test_an_open_incident_is_joined(void **state)
{
    static const char text[] =
        "{\"id\":\"a\",\"record\":\"incident\",\"name\":\"EY\"," T "}\n" KILLED("b", "s", 1)
        "{\"id\":\"c\",\"record\":\"command\",\"who\":\"EX-B\"," T "}\n"
        "{\"id\":\"d\",\"record\":\"casualty\",\"tag\":\"T-1\",\"status\":\"died\",\"verified\":true," T "}\n";
    struct claims_options o = {.until_ms = INT64_MAX, .joins = true, .incident = STR("live"), .commander = STR("EX-A")};
    struct exercise *x = calloc(1, sizeof *x);
    const struct claims_to to = {x, do_command, say};
    struct claims *c;
    struct err e;

    (void)state;
    assert_non_null(x);
    x->w = world_new();
    world_ok(x->w, INC_INCIDENT_OPENED, IN_INCIDENT, "live", IN_NAME, "EX", IN_TYPE, "fire", IN_NONE);
    world_ok(x->w, INC_COMMAND_ASSUMED, IN_SCOPE, "incident", IN_COMMANDER, "EX-A", IN_NONE);
    assert_true(claims_new(&o, &c, &e));
    assert_true(claims_read(c, str_from(text), &to, &e));
    assert_string_equal(x->said, "1! the incident is open already\n4! by_role: only a clinician records a death\n");
    assert_int_equal(claims_sums(c).taken, 2);
    assert_field(x, ENT_COMMAND, "incident", IN_COMMANDER, "EX-B");
    claims_free(c);
    drop(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_evening_at_22_45),
        cmocka_unit_test(test_two_days_later),
        cmocka_unit_test(test_a_withdrawn_claim_leaves_the_board),
        cmocka_unit_test(test_rows_are_taken_or_told),
        cmocka_unit_test(test_strict_ends_at_the_first_row_that_is_refused),
        cmocka_unit_test(test_a_text_that_is_too_long_is_refused_by_line),
        cmocka_unit_test(test_a_row_too_many_members_is_refused),
        cmocka_unit_test(test_records_become_what_they_are),
        cmocka_unit_test(test_a_commander_discounts_and_accepts),
        cmocka_unit_test(test_a_death_twice_doubts_nothing),
        cmocka_unit_test(test_a_death_is_verified_later),
        cmocka_unit_test(test_devices_stay_open_until_they_are_accounted_for),
        cmocka_unit_test(test_one_floor_in_two_wordings_is_one_place),
        cmocka_unit_test(test_statements_that_the_record_denies),
        cmocka_unit_test(test_smaller_matters_are_told_as_info),
        cmocka_unit_test(test_an_open_incident_is_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
