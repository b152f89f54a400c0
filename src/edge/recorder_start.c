#include "edge/incidents_journal.h"
#include "edge/recorder_in.h"

#include "os/clock.h"
#include "os/log.h"

#include <math.h>
#include <stdlib.h>

enum { TICKET_ROWS = 4096 }; /* as many as are remembered while it runs */

static bool apply_row(void *ctx, const struct journal_row *row)
{
    struct recorder *r = ctx;

    if (row->erased)
        return true;
    if (incident_kind_is(row->kind))
        (void)incidents_apply(&r->incidents, row->seq, row->kind, row->payload);
    else if (row->seq > r->snapshot_at) {
        record_apply(&r->record, row->seq, row->kind, row->recorded_ms, row->payload);
        recorder_sharing_apply(r, row->seq, row->kind, row->recorded_ms, row->payload);
    }
    return true;
}

static bool keep_ticket(void *ctx, const struct journal_row *row)
{
    recorder_keep_ticket(ctx, row->payload, row->seq);
    return true;
}

static bool apply_once(void *ctx, const struct journal_row *row)
{
    if (!incident_kind_is(row->kind)) /* those of incidents have states of their own */
        (void)apply_row(ctx, row);
    return false;
}

/* A living row into the picture. */
static bool show_row(void *ctx, const struct journal_row *row)
{
    struct recorder *r = ctx;
    struct river_publish p = {.journal_seq = row->seq, .kind = row->kind, .payload = row->payload,
                              .sender = RING_NO_SENDER, .recorded = true, .quiet = true};
    struct user u;
    struct err e;

    if (row->erased)
        return false;
    if (row->kind == EV_UID_BOUND) {
        recorder_know(r, fields_get(row->payload, FIELD_UID));
        if (record_is_live(&r->record, row->seq, row->kind, row->payload) &&
            accounts_user_by_name(r->accounts, fields_get(row->payload, FIELD_USER), &u, &e))
            river_restore_holder(r->h->river, fields_get(row->payload, FIELD_UID),
                                 fields_get(row->payload, FIELD_CALLSIGN), u.id);
        return false;
    }
    if ((row->kind == EV_EMERGENCY_RAISED || row->kind == EV_OBJECT_PUT || row->kind == EV_CASEVAC_SENT) &&
        record_is_live(&r->record, row->seq, row->kind, row->payload))
        river_publish(r->h->river, &p, hub_now());
    return false;
}

static void show_living(struct recorder *r)
{
    uint64_t *rows = malloc(RECORD_ROWS_MAX * sizeof *rows);
    size_t n;
    struct err e;

    if (!rows)
        return;
    n = record_live_rows(&r->record, clock_wall_ms(), rows, RECORD_ROWS_MAX);
    for (size_t i = 0; i < n; i++)
        if (!journal_get(r->journal, rows[i], show_row, r, &e))
            log_line(LOG_ERROR, "journal.read", "seq=%llu reason=\"%s\"", (unsigned long long)rows[i], e.text);
    free(rows);
}

/* A device's last position becomes an event again: what the tracks keep of it. */
static bool show_position(void *ctx, const struct track_point *p)
{
    struct recorder *r = ctx;
    struct unit *x = units_find(&r->h->river->units, p->uid);
    struct session_user rights;
    struct user u;
    struct err e;
    int in_set;
    struct cot c = {.version = STR("2.0"), .uid = p->uid, .type = p->type.len ? p->type : STR("a-f-G-U-C"),
                    .how = STR("m-p"), .time_ms = p->time_ms, .start_ms = p->time_ms, .stale_ms = p->time_ms + 75000,
                    .has_point = true, .from_proto = true};

    if (!x || !x->holder || !accounts_user_by_id(r->accounts, x->holder, &u, &e))
        return true;
    recorder_fill_user(r, &u, &rights);
    c.lat.value = p->lat;
    c.lon.value = p->lon;
    c.hae.value = isnan(p->hae) ? COT_UNKNOWN : p->hae;
    c.ce.value = isnan(p->ce) ? COT_UNKNOWN : p->ce;
    c.le.value = COT_UNKNOWN;
    c.contact = (struct cot_contact){true, STR("*:-1:stcp"), p->callsign};
    if (!isnan(p->speed) && !isnan(p->course))
        c.track = (struct cot_track){true, {.value = p->speed}, {.value = p->course}};
    in_set = sets_shared(r->h->river->sets, rights.in_set, SHARE_POSITIONS);
    if (in_set >= 0)
        river_restore_position(r->h->river, p->uid, &c, (uint16_t)in_set, p->at_ms, hub_now());
    return true;
}

bool recorder_replay(struct recorder *r, struct recorder_started *how, struct err *e)
{
    uint16_t kinds[INC_END + 1];
    uint64_t head = journal_head(r->journal).seq;
    uint64_t at = 0, from, *rows = NULL;
    size_t count = 0, n = 0;

    for (unsigned k = 1; k < EV_END; k++)
        if (event_matters(k))
            kinds[n++] = (uint16_t)k;
    for (const uint16_t *k = incidents_kinds(); *k; k++)
        kinds[n++] = *k;
    kinds[n] = 0;
    if (!journal_get_snapshot(r->journal, &at, &rows, &count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!journal_get(r->journal, rows[i], apply_once, r, e)) {
            free(rows);
            return false;
        }
    free(rows);
    how->from_snapshot = at > 0;
    r->snapshot_at = at;
    if (!incidents_restore(&r->incidents, r->journal, &from, e) ||
        !journal_read(r->journal, from < at + 1 ? from : at + 1, kinds, apply_row, r, e) ||
        !journal_read(r->journal, head > TICKET_ROWS ? head - TICKET_ROWS + 1 : 1, NULL, keep_ticket, r, e))
        return false;
    r->h->river->published_seq = journal_head(r->journal).seq;
    show_living(r);
    if (r->tracks && !tracks_at(r->tracks, clock_wall_ms(), RECORD_WAIT_MS, show_position, r, e))
        log_line(LOG_WARN, "tracks.read", "reason=\"%s\"", e->text); /* phones report again soon */
    recorder_share_first(r);
    return true;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The rows that the river needs, and the opening of each incident, which finds its state. */
bool recorder_snapshot(struct recorder *r, struct err *e)
{
    uint64_t *rows = malloc((RECORD_ROWS_MAX + INCIDENTS_MAX) * sizeof *rows);
    uint64_t at = journal_head(r->journal).seq;
    bool ok;
    size_t n;

    if (!rows)
        return err_set(e, ERR_WORLD, "no memory for a snapshot");
    n = record_live_rows(&r->record, clock_wall_ms(), rows, RECORD_ROWS_MAX);
    for (size_t i = 0; i < r->incidents.count; i++)
        rows[n++] = ent_made(r->incidents.list[i], incident_self(r->incidents.list[i]));
    qsort(rows, n, sizeof *rows, ascending);
    ok = incidents_save(&r->incidents, r->journal, r->snapshot_at, e) &&
         journal_put_snapshot(r->journal, at, rows, n, e);
    free(rows);
    if (ok)
        r->snapshot_at = at;
    return ok;
}
