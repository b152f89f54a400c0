/* Who else holds the record's head: takes over what `cordon seal --witness` wrote beside us, and warns. */
#include "edge/recorder_in.h"
#include "os/log.h"
#include "store/witness.h"

#include <inttypes.h>
#include <stdio.h>

/* A row of its own, so that the chain itself tells who was told what, and the next witness covers it. */
static void note(void *ctx, const struct witness *w)
{
    struct recorder *r = ctx;
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = w->at_ms};
    char payload[512], hash[2 * JOURNAL_HASH], who[2 * WITNESS_WHO_MAX + 8];
    struct buf b = buf_over(payload, sizeof payload), hex = buf_over(hash, sizeof hash);

    buf_hex(&hex, w->head.hash, JOURNAL_HASH);
    fields_put_int(&b, FIELD_REF, (int64_t)w->head.seq);
    fields_put(&b, FIELD_SHA256, buf_str(&hex));
    fields_put(&b, FIELD_BY, str_from(w->who));
    log_line(LOG_INFO, "head.witnessed", "seq=%" PRIu64 " by=%s", w->head.seq,
             log_quote(who, sizeof who, str_from(w->who)));
    if (!recorder_add(r, &head, EV_HEAD_WITNESSED, buf_str(&b), false))
        log_line(LOG_ERROR, "record.full", "lost=%s", event_tag(EV_HEAD_WITNESSED));
}

/* Nothing of weight was added since the newest witness when all that follows it is the note of it. */
static void note_covered(struct recorder *r)
{
    uint64_t head = journal_head(r->journal).seq, seq = journal_witnessed(r->journal).seq;

    if (seq == r->witnessed_seq)
        return;
    r->witnessed_seq = seq;
    r->witness_covers = seq == head ? seq + 1 : seq;
}

static enum witness_is judge(const struct recorder *r, int64_t now_ms)
{
    struct journal_witnessed w = journal_witnessed(r->journal);
    int64_t last = w.at_ms > r->started_ms ? w.at_ms : r->started_ms;

    if (w.against)
        return WITNESS_AGAINST;
    if (journal_head(r->journal).seq <= r->witness_covers)
        return WITNESS_FRESH;
    /* A clock that was set back must not make an old one fresh for years. */
    return now_ms - last < RECORDER_WITNESS_MS && last - now_ms < RECORDER_WITNESS_MS ? WITNESS_FRESH : WITNESS_OLD;
}

static void show(struct recorder *r, enum witness_is is)
{
    char text[256];

    (void)snprintf(text, sizeof text,
                   "Another agency holds entry %" PRIu64 " with another hash than this record has, or it is gone: the "
                   "record was rewritten. Touch nothing, keep a copy of the folder, call cordon verify.",
                   journal_witnessed(r->journal).against);
    hub_lock(r->h);
    if (is == WITNESS_AGAINST)
        hub_alarm(r->h, "witness", "crit", text);
    else if (is == WITNESS_OLD)
        hub_alarm(r->h, "witness", "warn",
                  "No other agency holds what was recorded in the last 15 minutes. Read them the head of the record: "
                  "cordon seal, then cordon seal --witness with their name.");
    else
        hub_alarm_clear(r->h, "witness");
    hub_unlock(r->h);
}

void recorder_follow_witnesses(struct recorder *r, int64_t now_ms)
{
    struct err e;
    enum witness_is is;

    if (!journal_follow_witnesses(r->journal, note, r, &e)) {
        if (!r->witness_failing) /* it is tried every second, and told once */
            log_line(LOG_WARN, "journal.witness", "reason=\"%s\"", e.text);
        r->witness_failing = true;
        return;
    }
    r->witness_failing = false;
    note_covered(r);
    is = judge(r, now_ms);
    if (is == r->witness_is)
        return;
    r->witness_is = is;
    show(r, is);
    if (is == WITNESS_AGAINST)
        log_line(LOG_ERROR, "journal.rewritten", "seq=%" PRIu64, journal_witnessed(r->journal).against);
    else
        log_line(is == WITNESS_OLD ? LOG_WARN : LOG_INFO, is == WITNESS_OLD ? "witness.missing" : "witness.fresh",
                 "seq=%" PRIu64, journal_witnessed(r->journal).seq);
}
