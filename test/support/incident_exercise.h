/* incident_exercise.h -- the reference exercise as an incident, for tests and measurements.
 *
 * Tests only.  Its claims (claims.jsonl, which is not part of the project: CORDON_EXERCISE names the
 * folder) become commands, in the order of their recording, up to a moment. */
#ifndef CORDON_SUPPORT_INCIDENT_EXERCISE_H
#define CORDON_SUPPORT_INCIDENT_EXERCISE_H

#include "base/when.h"
#include "core/incident_findings.h"
#include "support.h"
#include "support/incident_world.h"

struct exercise {
    struct world *w;
    char id[WORLD_EVENTS][16]; /* of the row that made an event */
    struct findings findings;
    struct reconciled r;
};

/* A flat JSON object: the value of a key as text; the file is ours and known. */
static inline struct str exercise_value(struct str row, const char *key)
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

static inline bool exercise_row_is(struct str row, const char *key, const char *want)
{
    return str_eq(exercise_value(row, key), str_from(want));
}

static inline void exercise_put(struct buf *b, enum incident_field f, struct str row, const char *key)
{
    struct str v = exercise_value(row, key);
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

static inline void exercise_put_categories(struct buf *b, struct str row)
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

static inline void exercise_event(struct exercise *x, enum incident_kind kind, struct buf *b, struct str row)
{
    uint64_t seq = x->w->seq + 1;
    struct str id = exercise_value(row, "id");

    if (x->w->exercise)
        incident_put(b, IN_EXERCISE, STR("1"));
    if (!world_do(x->w, kind, buf_str(b)))
        fail_msg("%.*s: %s", STR_ARG(id), x->w->err.text);
    for (; seq <= x->w->seq; seq++)
        (void)str_copy(x->id[seq], sizeof x->id[seq], id);
    b->len = 0;
}

static inline void exercise_source(struct exercise *x, struct buf *b, struct str row)
{
    struct str source = exercise_value(row, "source");

    if (source.len == 0)
        return;
    if (ent_find(x->w->s, ENT_SOURCE, source) == 0) {
        incident_put(b, IN_SOURCE, source);
        exercise_put(b, IN_SOURCE_KIND, row, "source_kind");
        if (exercise_value(row, "source_kind").len == 0)
            incident_put(b, IN_SOURCE_KIND, STR("other"));
        exercise_event(x, INC_SOURCE_REGISTERED, b, row);
    }
}

/* The rows of kind record -------------------------------------------------- */

static inline void exercise_structure(struct exercise *x, struct buf *b, struct str row)
{
    exercise_put(b, IN_STRUCTURE, row, "name");
    exercise_put(b, IN_NAME, row, "name");
    exercise_put(b, IN_STOREYS, row, "storeys");
    exercise_put(b, IN_ROOF, row, "roof");
    exercise_put(b, IN_SCHEME, row, "label_scheme");
    incident_put(b, IN_INNER, STR("1"));
    exercise_event(x, INC_STRUCTURE_DEFINED, b, row);
}

static inline void exercise_checkin(struct exercise *x, struct buf *b, struct str row)
{
    if (ent_find(x->w->s, ENT_AGENCY, exercise_value(row, "agency")) == 0) {
        exercise_put(b, IN_AGENCY, row, "agency");
        exercise_put(b, IN_NAME, row, "agency");
        exercise_put(b, IN_AGENCY_KIND, row, "agency");
        exercise_event(x, INC_AGENCY_JOINED, b, row);
    }
    exercise_put(b, IN_UNIT, row, "unit");
    exercise_put(b, IN_AGENCY, row, "agency");
    exercise_put(b, IN_STRENGTH, row, "strength");
    exercise_event(x, INC_UNIT_CHECKED_IN, b, row);
}

static inline void exercise_casualty(struct exercise *x, struct buf *b, struct str row)
{
    exercise_put(b, IN_CASUALTY, row, "tag");
    exercise_put(b, IN_VERIFIED, row, "verified");
    if (exercise_row_is(row, "record", "casualty_status")) {
        exercise_put(b, IN_CASUALTY_STATUS, row, "status");
        exercise_put(b, IN_ROLE, row, "by_role");
        exercise_event(x, INC_CASUALTY_STATUS_SET, b, row);
        return;
    }
    exercise_put(b, IN_CATEGORY, row, "category");
    exercise_put(b, IN_PLACE, row, "found");
    if (exercise_row_is(row, "status", "injured"))
        incident_put(b, IN_WAS_INJURED, STR("1"));
    exercise_event(x, INC_CASUALTY_REPORTED, b, row);
}

static inline void exercise_threat(struct exercise *x, struct buf *b, struct str row)
{
    exercise_put(b, IN_THREAT, row, "threat");
    exercise_put(b, IN_OUTCOME, row, "outcome");
    exercise_put(b, IN_AS_SPOKEN, row, "place_as_spoken");
    exercise_put(b, IN_SUBJECT, row, "subject");
    exercise_event(x, INC_THREAT_ACCOUNTED, b, row);
}

static inline void exercise_other(struct exercise *x, struct buf *b, struct str row)
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
        if (!exercise_row_is(row, "record", kinds[i].record))
            continue;
        for (size_t j = 0; j < COUNTOF(kinds[i].fields) && kinds[i].fields[j].key; j++)
            exercise_put(b, kinds[i].fields[j].field, row, kinds[i].fields[j].key);
        if (kinds[i].kind == INC_INCIDENT_LINKED)
            incident_put(b, IN_DIRECTION, STR("related"));
        exercise_event(x, kinds[i].kind, b, row);
        return;
    }
    if (exercise_row_is(row, "record", "occupants")) {
        exercise_put(b, IN_OCCUPANTS, row, "id");
        incident_put(b, IN_OCCUPANT, STR("staff"));
        exercise_put(b, IN_COUNT, row, "staff");
        exercise_event(x, INC_OCCUPANCY_ESTIMATED, b, row);
        return;
    }
    fail_msg("a record of unknown kind: %.*s", STR_ARG(exercise_value(row, "record")));
}

static inline void exercise_record(struct exercise *x, struct buf *b, struct str row)
{
    if (exercise_row_is(row, "record", "incident")) {
        x->w->exercise = true;
        incident_put(b, IN_INCIDENT, STR("EX-1"));
        exercise_put(b, IN_NAME, row, "name");
        incident_put(b, IN_TYPE, STR("complex-attack"));
        exercise_put(b, IN_START_AT, row, "start");
        exercise_put(b, IN_UNC_S, row, "unc_s");
        exercise_event(x, INC_INCIDENT_OPENED, b, row);
    } else if (exercise_row_is(row, "record", "structure"))
        exercise_structure(x, b, row);
    else if (exercise_row_is(row, "record", "checkin"))
        exercise_checkin(x, b, row);
    else if (exercise_row_is(row, "record", "casualty") || exercise_row_is(row, "record", "casualty_status"))
        exercise_casualty(x, b, row);
    else if (exercise_row_is(row, "record", "threat_outcome"))
        exercise_threat(x, b, row);
    else
        exercise_other(x, b, row);
}

static inline void exercise_claim(struct exercise *x, struct buf *b, struct str row)
{
    static const struct {
        enum incident_field field;
        const char *key;
    } fields[] = {{IN_SOURCE, "source"},   {IN_GRADE, "grade"},        {IN_REPORTED_AT, "reported_at"}, {IN_AT, "at"},
                  {IN_UNC_S, "unc_s"},     {IN_AS_SPOKEN, "as_spoken"}, {IN_SUBJECT, "subject"},        {IN_BY, "who"},
                  {IN_SPEAKER, "speaker"}, {IN_TEXT, "text"},          {IN_COUNTER, "counter"},        {IN_LO,
                                                                                                        "minutes_lo"},
                  {IN_HI, "minutes_hi"},   {IN_ROAD, "road"}};

    exercise_source(x, b, row);
    if (exercise_row_is(row, "claim", "responsibility")) {
        exercise_put(b, IN_RESPONSIBILITY, row, "id");
        exercise_put(b, IN_GROUP, row, "group");
        exercise_put(b, IN_SOURCE, row, "source");
        exercise_put(b, IN_GRADE, row, "grade");
        exercise_event(x, INC_RESPONSIBILITY_CLAIMED, b, row);
        return;
    }
    exercise_put(b, IN_REPORT, row, "id");
    exercise_put(b, IN_PREDICATE, row, "claim");
    for (size_t i = 0; i < COUNTOF(fields); i++)
        exercise_put(b, fields[i].field, row, fields[i].key);
    if (exercise_row_is(row, "claim", "duration") && exercise_row_is(row, "minutes_hi", "null"))
        incident_put(b, IN_OPEN, STR("1"));
    if (exercise_row_is(row, "kind", "THREAT"))
        incident_put(b, IN_CLEARANCE_KIND, STR("threat"));
    exercise_put_categories(b, row);
    exercise_event(x, INC_REPORT_RECEIVED, b, row);
}

static inline void exercise_count(struct exercise *x, struct buf *b, struct str row)
{
    exercise_source(x, b, row);
    exercise_put(b, IN_REPORT, row, "id");
    exercise_put(b, IN_COUNTER, row, "counter");
    exercise_put(b, IN_LO, row, "lo");
    exercise_put(b, IN_HI, row, "hi");
    if (exercise_row_is(row, "hi", "null"))
        incident_put(b, IN_OPEN, STR("1"));
    exercise_put(b, IN_AS_OF, row, "as_of");
    exercise_put(b, IN_SOURCE, row, "source");
    exercise_put(b, IN_GRADE, row, "grade");
    exercise_put(b, IN_AS_SPOKEN, row, "as_spoken");
    exercise_put_categories(b, row);
    exercise_event(x, INC_COUNT_CLAIMED, b, row);
}

/* Reads rows up to a moment. */
static inline struct exercise *exercise_until(struct str file, const char *moment)
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
        if (row.len == 0 || !when_parse(exercise_value(row, "recorded_at"), &x->w->now_ms) || x->w->now_ms > until_ms)
            continue;
        if (exercise_value(row, "record").len)
            exercise_record(x, &b, row);
        else if (exercise_value(row, "claim").len)
            exercise_claim(x, &b, row);
        else
            exercise_count(x, &b, row);
    }
    x->w->now_ms = until_ms;
    incident_findings(x->w->s, until_ms, &x->findings);
    return x;
}

/* .at is NULL when it is not there. */
static inline struct str exercise_text(void)
{
    const char *folder = getenv("CORDON_EXERCISE");

    return test_read(folder ? test_path(folder, "claims.jsonl")
                            : test_path(test_source("../shared/exercise"), "claims.jsonl"));
}

#endif
