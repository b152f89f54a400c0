#include "world.h"

/* Rows from `from` on are in the journal: the marks in them are durable. */
static void note_rows(struct world *w, size_t from)
{
    for (size_t i = from; i < w->sv->row_count; i++) {
        const struct sim_row *row = &w->sv->rows[i];
        struct str payload = str_of(row->payload, row->len), rest = payload, value;
        uint32_t id = mark_in(payload);
        enum field tag;

        CHECK(w, id <= w->said_count, "a row with a mark that nobody gave");
        if (id == 0 || row->kind == EV_RELAYED_FIRST)
            continue;
        CHECK(w, w->said[id].row == 0, "event %u is in the journal twice: rows %llu and %llu", id,
              (unsigned long long)w->said[id].row, (unsigned long long)row->seq);
        w->said[id].row = row->seq;
        while (fields_next(&rest, &tag, &value)) {
            int64_t n;

            if (tag != FIELD_TO)
                continue;
            w->said[id].to |= TO_SOME;
            if (value.at[0] == 'P' && str_to_int(str_from_at(value, 1), 0, PHONES_MAX - 1, &n))
                w->said[id].to |= 1u << n;
            if (str_starts(value, STR("callsign/R")) && str_to_int(str_from_at(value, 10), 0, 1000, &n))
                w->said[id].may |= 1u << n % PHONES_MAX;
        }
    }
}

static void sync_begin(struct world *w)
{
    sim_take(w->sv);
    w->sync_rows = w->sv->batch_count;
    if (w->sync_rows == 0)
        return;
    w->syncing = true;
    w->sync_until_ms = w->sv->now.mono_ms + (w->quiet          ? 1
                                             : once_in(w, 30) ? chance(w, 1500)
                                                              : chance(w, 20));
}

void disk_step(struct world *w)
{
    int64_t now = w->sv->now.mono_ms;
    size_t from = w->sv->row_count;

    if (!w->quiet && once_in(w, 500))
        w->failing_until_ms = now + chance(w, 4000);
    if (!w->syncing) {
        sync_begin(w);
        return;
    }
    if (now < w->sync_until_ms)
        return;
    w->syncing = false;
    if (now < w->failing_until_ms && !w->quiet) { /* the disk is full: the batch is kept */
        sync_begin(w);
        w->sync_until_ms = now + 250;
        return;
    }
    sim_write(w->sv, w->sync_rows);
    note_rows(w, from);
    sim_durable(w->sv, w->sync_rows);
}

void disk_crash(struct world *w)
{
    size_t from = w->sv->row_count;

    check_replay(w);
    if (w->syncing && once_in(w, 2)) { /* the rows made it, nobody heard of them */
        sim_write(w->sv, w->sync_rows);
        note_rows(w, from);
    }
    w->syncing = false;
    for (int i = 0; i < w->phone_count; i++)
        phone_cut(w, &w->phones[i], false);
    w->alert_count = 0;
    sim_crash(w->sv, phone_user);
    sim_pass(w->sv, 1000);
    w->crashes++;
}
