#include "edge/erasure.h"
#include "edge/incidents_journal.h"
#include "edge/recorder_in.h"

#include "os/clock.h"
#include "os/log.h"

#include <inttypes.h>

/* An erasure beside everything else: its event is a row like any other; once that is on the disk, and before anybody
 * is answered, the key is destroyed and whatever was made of the text is made anew from the journal: the incident,
 * files.db, missions.db.  The web thread does the same for itself when it sees hub.erasures change.
 *
 * A reader of the journal can keep an older page with the key alive for a moment; until that page is written over it
 * is tried again every second.  A crash between the event and the destruction is made good at the next start. */

bool recorder_erase(struct recorder *r, const struct ask_head *head, struct str shell, struct erasure *x,
                    struct err *e)
{
    struct ask_head own = {.ask = ASK_COMMAND, .kind = INC_KEY_SHREDDED, .sender = RING_NO_SENDER,
                           .request = head->request, .at_ms = clock_wall_ms()};
    char payload[ERASURE_PAYLOAD];
    struct buf b = buf_over(payload, sizeof payload);
    const struct unit *on_map;

    if (r->erasing_count == RECORDER_ERASING)
        return err_set(e, ERR_WORLD, "other texts are being erased; try again in a moment");
    if (!erasure_find(r->journal, x, e))
        return false;
    if (x->erased)
        return err_set(e, ERR_DENIED, "the text of entry %" PRIu64 " is gone already", x->seq);
    hub_lock(r->h);
    on_map = x->uid[0] ? units_find(&r->h->river->units, str_from(x->uid)) : NULL;
    x->seq = on_map && on_map->journal_seq == x->seq ? 0 : x->seq;
    hub_unlock(r->h);
    if (x->seq == 0)
        return err_set(e, ERR_DENIED, "it is on everybody's map: take it off first, then erase it");
    buf_put(&b, shell);
    if (x->incident[0])
        incident_put(&b, IN_INCIDENT, str_from(x->incident));
    erasure_event(x, &b);
    if (!x->incident[0])
        incident_put_int(&b, IN_RECORDED_AT, own.at_ms);
    MUST(!b.full);
    r->erasing[r->erasing_count] = *x;
    r->erasing_noted[r->erasing_count] = journal_head(r->journal).seq + r->entry_count + 1;
    if (x->incident[0] ? !recorder_decide(r, &own, buf_str(&b), e)
                       : !recorder_add(r, &own, INC_KEY_SHREDDED, buf_str(&b), true) &&
                             !err_set(e, ERR_WORLD, "the record's queue is full; try again in a moment"))
        return false;
    if (!x->incident[0])
        recorder_keep_ticket(r, shell, r->erasing_noted[r->erasing_count]);
    r->erasing_count++;
    return true;
}

/* ASK_ERASE. */
void recorder_erase_asked(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct erasure x = {.seq = (uint64_t)fields_get_int(payload, FIELD_REF, 0)};
    struct str by = fields_get(payload, FIELD_BY), reason = fields_get(payload, FIELD_REASON);
    char shell[1024];
    struct buf b = buf_over(shell, sizeof shell);
    struct err e;

    if (recorder_is_known(r, head, payload))
        return;
    fields_put(&b, FIELD_TICKET, fields_get(payload, FIELD_TICKET));
    fields_put(&b, FIELD_BY, by);
    fields_put(&b, FIELD_ADDRESS, fields_get(payload, FIELD_ADDRESS));
    MUST(!b.full && str_copy(x.by, sizeof x.by, by) && str_copy(x.reason, sizeof x.reason, reason));
    if (!recorder_erase(r, head, buf_str(&b), &x, &e))
        recorder_refuse(r, head->request, &e);
}

/* ---- once it is on the disk ---------------------------------------------- */

static void make_incident_anew(struct recorder *r, const struct erasure *x, struct err *e)
{
    struct incident *s = incidents_find(&r->incidents, str_from(x->incident));
    const struct incident *fresh;
    struct incidents one;

    if (!s)
        return;
    incidents_init(&one, r->record.key);
    if (incidents_at(&one, r->journal, str_from(x->incident), journal_head(r->journal).seq, e)) {
        fresh = incidents_find(&one, str_from(x->incident));
        MUST(fresh); /* the row that opened it is not erased */
        incident_copy(s, fresh);
    } else {
        log_line(LOG_ERROR, "erase.incident", "reason=\"%s\"", e->text);
    }
    incidents_fini(&one);
}

static void make_anew(struct recorder *r, const struct erasure *x)
{
    struct err e;

    if (x->incident[0])
        make_incident_anew(r, x, &e);
    if (files_takes(x->kind))
        recorder_files_anew(r);
    if (x->kind == EV_MISSION_CHANGED)
        recorder_missions_anew(r);
    (void)atomic_fetch_add(&r->h->erasures, 1);
}

void recorder_erase_follow(struct recorder *r)
{
    size_t left = 0;
    struct err e;

    for (size_t i = 0; i < r->erasing_count; i++) {
        struct erasure *x = &r->erasing[i], now = *x;
        bool noted = r->erasing_noted[i] <= journal_head(r->journal).seq;
        bool ok = noted && journal_erase(r->journal, x->seq, &e);

        if (noted && !ok)
            log_line(LOG_WARN, "record.erase", "seq=%" PRIu64 " reason=\"%s\"", x->seq, e.text);
        if (noted && !x->erased && erasure_find(r->journal, &now, &e) && now.erased) {
            x->erased = true;
            make_anew(r, x);
        }
        if (ok) {
            log_line(LOG_INFO, "record.erased", "seq=%" PRIu64, x->seq);
            continue;
        }
        if (left != i) {
            r->erasing[left] = *x;
            r->erasing_noted[left] = r->erasing_noted[i];
        }
        left++;
    }
    r->erasing_count = left;
}

/* ---- what a crash left undone ---------------------------------------------- */

struct orders {
    struct recorder *r;
    uint64_t next; /* look from here on once there is room again, 0: all were seen */
};

static bool see_order(void *ctx, const struct journal_row *row)
{
    struct orders *o = ctx;
    struct recorder *r = o->r;
    uint64_t seq = erasure_of(row->payload);

    if (!seq)
        return true;
    r->erasing_noted[r->erasing_count] = row->seq;
    r->erasing[r->erasing_count++] = (struct erasure){.seq = seq};
    o->next = r->erasing_count == RECORDER_ERASING ? row->seq + 1 : 0;
    return o->next == 0;
}

/* What is done already is done again after a cut: older pages with the key may lie in the write-ahead log. */
static void leave_undone(struct recorder *r, bool cut_off)
{
    size_t left = 0;
    struct err e;

    for (size_t i = 0; i < r->erasing_count; i++) {
        struct erasure x = r->erasing[i];

        if (!erasure_find(r->journal, &x, &e) || (x.erased && !cut_off))
            continue;
        r->erasing_noted[left] = r->erasing_noted[i];
        r->erasing[left++] = x;
    }
    r->erasing_count = left;
}

bool recorder_erase_resume(struct recorder *r, uint64_t from, bool cut_off, struct err *e)
{
    static const uint16_t kinds[] = {INC_KEY_SHREDDED, 0};
    struct orders o = {.r = r, .next = from};

    while (o.next && r->erasing_count < RECORDER_ERASING) {
        from = o.next;
        o.next = 0;
        if (!journal_read(r->journal, from, kinds, see_order, &o, e))
            return false;
        leave_undone(r, cut_off);
        recorder_erase_follow(r);
    }
    return true;
}
