#include "edge/erasure.h"

#include "core/record.h"
#include "edge/incidents.h"
#include "edge/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FORMAT STR("erase 1")

void erasure_put(const struct erasure *x, struct buf *b)
{
    buf_put(b, STR("{\"cordon\":"));
    buf_json(b, FORMAT);
    buf_fmt(b, ",\"seq\":%" PRIu64 ",\"by\":", x->seq);
    buf_json(b, str_from(x->by));
    buf_put(b, STR(",\"reason\":"));
    buf_json(b, str_from(x->reason));
    buf_put(b, STR("}\n"));
}

bool erasure_is(struct str line)
{
    return str_starts(line, STR("{\"cordon\":\"erase 1\","));
}

bool erasure_read(struct str line, struct erasure *x, struct err *e)
{
    struct str by, reason;
    struct json *j;
    bool is = false, ok;

    *x = (struct erasure){0};
    if (!json_read(line, &j, e))
        return false;
    ok = json_take_number(j, "seq", &is, &x->seq, e) &&
         json_take_text(j, "by", (struct json_length){1, ERASURE_BY_MAX}, &by, e) &&
         json_take_text(j, "reason", (struct json_length){1, ERASURE_REASON_MAX}, &reason, e) &&
         (is || err_set(e, ERR_INPUT, "seq: the number of a row, please"));
    if (ok) {
        (void)str_copy(x->by, sizeof x->by, by);
        (void)str_copy(x->reason, sizeof x->reason, reason);
    }
    json_drop(j);
    return ok;
}

static bool see_row(void *ctx, const struct journal_row *row)
{
    struct erasure *x = ctx;

    x->kind = row->kind;
    x->erased = row->erased;
    if (incident_kind_is(row->kind)) { /* the same tags are others in other rows */
        (void)str_copy(x->incident, sizeof x->incident, incident_value(row->payload, IN_INCIDENT));
        x->exercise = fields_has(row->payload, (enum field)IN_EXERCISE);
    } else
        (void)str_copy(x->uid, sizeof x->uid, fields_get(row->payload, FIELD_UID));
    return false;
}

bool erasure_find(struct journal *j, struct erasure *x, struct err *e)
{
    if (!journal_get(j, x->seq, see_row, x, e))
        return false;
    if (incident_kind_is(x->kind) && kind_info(x->kind)->entity == ENT_AUDIT)
        return err_set(e, ERR_DENIED, "entry %" PRIu64 " tells of an erasure, an export or the like; that stays",
                       x->seq);
    if (x->kind == INC_IDENTITY_OPENED)
        return err_set(e, ERR_DENIED, "entry %" PRIu64 " tells who opened an identity; that stays", x->seq);
    if (x->kind == INC_INCIDENT_OPENED)
        return err_set(e, ERR_DENIED, "entry %" PRIu64 " opened the incident: without it all of it would be gone; "
                       "correct it with incident.changed instead", x->seq);
    return true;
}

void erasure_event(const struct erasure *x, struct buf *b)
{
    char text[64];

    incident_put(b, IN_VIA, STR("system"));
    incident_put(b, IN_ACTOR, str_from(x->by));
    (void)snprintf(text, sizeof text, "erasure-%" PRIu64, x->seq);
    incident_put(b, IN_AUDIT, str_from(text));
    (void)snprintf(text, sizeof text, "event %" PRIu64, x->seq);
    incident_put(b, IN_SUBJECT, str_from(text));
    incident_put(b, IN_REASON, str_from(x->reason));
    incident_put(b, IN_BY, str_from(x->by));
}

/* A bit for each row whose text is gone; cleared where the record tells of it. */
struct gone {
    unsigned char *bits;
    uint64_t rows;
};

static bool mark(void *ctx, uint64_t seq)
{
    struct gone *g = ctx;

    if (seq <= g->rows)
        g->bits[seq / 8] |= (unsigned char)(1u << seq % 8);
    return true;
}

uint64_t erasure_of(struct str payload)
{
    struct str what = incident_value(payload, IN_SUBJECT);
    int64_t seq;

    if (!str_eq(incident_value(payload, IN_VIA), STR("system")) ||
        !str_starts(incident_value(payload, IN_AUDIT), STR("erasure-")) || !str_starts(what, STR("event ")) ||
        !str_to_int(str_from_at(what, 6), 1, INT64_MAX / 4, &seq))
        return 0;
    return (uint64_t)seq;
}

static bool explain(void *ctx, const struct journal_row *row)
{
    struct gone *g = ctx;
    uint64_t seq = erasure_of(row->payload);

    if (seq && seq <= g->rows && seq < row->seq)
        g->bits[seq / 8] &= (unsigned char)~(1u << seq % 8);
    return true;
}

bool erasures_prove(struct journal *j, struct journal_verify *v, struct err *e)
{
    static const uint16_t kinds[] = {INC_KEY_SHREDDED, 0};
    struct gone g = {.rows = v->head.seq};
    bool ok;

    g.bits = calloc(g.rows / 8 + 1, 1);
    if (!g.bits)
        return err_set(e, ERR_WORLD, "there is not enough memory for a bit of each row");
    /* In this order: an erasure beside us is on record before its key is gone. */
    ok = journal_each_erased(j, mark, &g, e) && journal_read(j, 1, kinds, explain, &g, e);
    for (uint64_t seq = 1; ok && seq <= g.rows && v->bad_seq == 0; seq++)
        if (g.bits[seq / 8] >> seq % 8 & 1) {
            v->bad_seq = seq;
            (void)snprintf(v->finding, sizeof v->finding,
                           "row %" PRIu64 ": its text was destroyed, and no erasure of it is on record", seq);
        }
    free(g.bits);
    return ok;
}
