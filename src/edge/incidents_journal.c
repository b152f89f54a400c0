#include "edge/incidents_journal.h"

#include "core/incident_save.h"

#include <stdlib.h>

enum { NEARBY = 256 /* rows that a clock of another thread may be off by */ };

struct reading {
    struct incidents *into;
    struct str only; /* this incident, when it is not empty */
    uint64_t to;
};

static bool apply_row(void *ctx, const struct journal_row *row)
{
    struct reading *r = ctx;

    if (row->seq > r->to)
        return false;
    if (!row->erased && (!r->only.len || str_eq(incident_value(row->payload, IN_INCIDENT), r->only)))
        (void)incidents_apply(r->into, row->seq, row->kind, row->payload);
    return true;
}

bool incidents_read(struct incidents *v, struct journal *j, uint64_t from, uint64_t to, struct err *e)
{
    struct reading r = {.into = v, .to = to};

    return from > to || journal_read(j, from, incidents_kinds(), apply_row, &r, e);
}

static bool apply_opening(void *ctx, const struct journal_row *row)
{
    if (row->kind == INC_INCIDENT_OPENED && !row->erased)
        (void)incidents_apply(ctx, row->seq, row->kind, row->payload);
    return true;
}

/* A state that cannot be had or does not fit leaves the incident at its opening. */
static void load_state(struct incidents *v, struct journal *j, struct str id, uint64_t to)
{
    struct incident *s = incidents_find(v, id);
    uint64_t at = 0;
    char *bytes = NULL;
    size_t len = 0;
    struct err e;

    if (journal_get_state(j, id, to, &at, &bytes, &len, &e) && at > (s ? s->seq : 0))
        (void)incidents_load(v, id, str_of(bytes, len));
    free(bytes);
}

bool incidents_restore(struct incidents *v, struct journal *j, uint64_t *from, struct err *e)
{
    uint64_t at = 0, *rows = NULL;
    size_t count = 0;
    bool ok = journal_get_snapshot(j, &at, &rows, &count, e);

    MUST(v->count == 0);
    for (size_t i = 0; ok && i < count; i++)
        ok = journal_get(j, rows[i], apply_opening, v, e);
    free(rows);
    for (size_t i = 0; i < v->count; i++) {
        char id[INCIDENT_ID_MAX + 1];

        (void)str_copy(id, sizeof id, ent_id(v->list[i], incident_self(v->list[i])));
        load_state(v, j, str_from(id), UINT64_MAX / 2);
    }
    for (size_t i = 0; i < v->count; i++)
        if (v->list[i]->seq < at)
            at = v->list[i]->seq;
    *from = at + 1;
    return ok;
}

bool incidents_go_on(struct incidents *v, struct journal *j, struct str id, const struct stretch *rows, struct err *e)
{
    struct reading r = {.into = v, .only = id, .to = rows->to};

    return rows->from > rows->to || journal_read(j, rows->from, incidents_kinds(), apply_row, &r, e);
}

bool incidents_at(struct incidents *v, struct journal *j, struct str id, uint64_t to, struct err *e)
{
    const struct incident *s;

    load_state(v, j, id, to);
    s = incidents_find(v, id);
    return incidents_go_on(v, j, id, &(struct stretch){s ? s->seq + 1 : 1, to}, e);
}

static bool see_time(void *ctx, const struct journal_row *row)
{
    *(int64_t *)ctx = row->recorded_ms;
    return false;
}

/* Looks on a little from where the search ended: threads ask the record with the time that each read, and a row may be
 * earlier than those before it. */
struct nearby {
    int64_t at_ms;
    uint64_t found;
    unsigned left;
};

static bool see_nearby(void *ctx, const struct journal_row *row)
{
    struct nearby *n = ctx;

    if (row->recorded_ms <= n->at_ms)
        n->found = row->seq;
    return --n->left > 0;
}

uint64_t incidents_row_at(struct journal *j, int64_t at_ms)
{
    struct nearby near = {.at_ms = at_ms, .left = NEARBY};
    uint64_t low = 0, high;
    int64_t when;
    struct err e;

    (void)!journal_get(j, 0, see_time, &when, &e); /* no row has this number: it sees the head as it is now */
    high = journal_head(j).seq;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;

        when = INT64_MIN; /* a row that cannot be read is passed over upwards */
        if (!journal_get(j, middle, see_time, &when, &e) || when <= at_ms)
            low = middle;
        else
            high = middle - 1;
    }
    near.found = low;
    if (!journal_read(j, low + 1, NULL, see_nearby, &near, &e))
        return low;
    return near.found;
}

uint64_t incidents_row_from(struct journal *j, int64_t from_ms)
{
    uint64_t before = from_ms > 0 ? incidents_row_at(j, from_ms - 1) : 0;

    return before > NEARBY ? before - NEARBY + 1 : 1;
}

bool incidents_save(const struct incidents *v, struct journal *j, uint64_t since, struct err *e)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct incident *s = v->list[i];
        size_t size = incident_save_size(s);
        struct buf b;
        bool ok;

        if (s->seq <= since)
            continue;
        b = buf_over(malloc(size + 1), size + 1);
        if (!b.at)
            return err_set(e, ERR_WORLD, "there is no memory to save an incident's state");
        incident_save(s, &b);
        MUST(!b.full);
        ok = journal_put_state(j, s->seq, ent_id(s, incident_self(s)), buf_str(&b), e);
        free(b.at);
        if (!ok)
            return false;
    }
    return true;
}
