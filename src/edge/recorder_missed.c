#include "edge/recorder_in.h"

#include "core/missed.h"
#include "os/clock.h"
#include "os/log.h"

#include <stdlib.h>

enum {
    MISSED_PART = 128 * 1024,
    MISSED_ANSWER = 512 * 1024, /* one answer; the rest is asked for when that has arrived */
    MISSED_FOR_ALL = 2000,
};

static struct device_key *place_of(struct device_key *table, size_t places, uint64_t key)
{
    size_t i = (size_t)key & (places - 1);

    while (table[i].key && table[i].key != key)
        i = (i + 1) & (places - 1);
    return &table[i];
}

static struct device_key *device(struct recorder *r, struct str uid)
{
    uint64_t key = hash_str(r->record.key, uid) | 1;

    return place_of(r->devices, r->device_places, key);
}

/* Twice as many places; without memory for them, false. */
static bool more_places(struct recorder *r)
{
    struct device_key *more = calloc(r->device_places * 2, sizeof *more);

    if (!more)
        return false;
    for (size_t i = 0; i < r->device_places; i++)
        if (r->devices[i].key)
            *place_of(more, r->device_places * 2, r->devices[i].key) = r->devices[i];
    free(r->devices);
    r->devices = more;
    r->device_places *= 2;
    return true;
}

static void remember(struct recorder *r, struct str uid, uint64_t acked)
{
    struct device_key *d = device(r, uid);

    if (d->key == 0) {
        if (r->device_count >= r->device_places / 2 && (r->device_count == DEVICES_MAX || !more_places(r)))
            return; /* a new phone beyond 65,536: it gets what is addressed to it, from the last day */
        d = device(r, uid);
        d->key = hash_str(r->record.key, uid) | 1;
        r->device_count++;
    }
    if (acked > d->acked)
        d->acked = acked;
}

void recorder_know(struct recorder *r, struct str uid)
{
    remember(r, uid, 0);
}

static bool see_device(void *ctx, const struct device *d)
{
    remember(ctx, d->uid, d->acked_seq);
    return true;
}

void recorder_load_devices(struct recorder *r)
{
    struct err e;

    if (!accounts_devices(r->accounts, see_device, r, &e))
        log_line(LOG_ERROR, "accounts.read", "reason=\"%s\"", e.text);
}

void recorder_write_devices(struct recorder *r)
{
    struct device *list = r->devices_out;
    struct err e;

    if (r->dirty_count == 0)
        return;
    for (size_t i = 0; i < r->dirty_count; i++)
        list[i] = (struct device){.uid = str_from(r->dirty[i].uid),
                                  .user_id = r->dirty[i].user,
                                  .acked_seq = r->dirty[i].acked,
                                  .seen_ms = clock_wall_ms()};
    if (!accounts_put_devices(r->accounts, list, r->dirty_count, &e))
        log_line(LOG_WARN, "accounts.devices", "reason=\"%s\"", e.text); /* they get it twice then */
    r->dirty_count = 0;
}

void recorder_acked(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct str uid = fields_get(payload, FIELD_UID);
    uint32_t slot = (uint32_t)head->handle & 0x7fffffffu;
    struct dirty *d;

    if (uid.len == 0 || uid.len > LIMIT_UID)
        return;
    remember(r, uid, head->ticket);
    if (r->dirty_count == DIRTY_MAX)
        recorder_write_devices(r);
    d = &r->dirty[r->dirty_count++];
    (void)str_copy(d->uid, sizeof d->uid, uid);
    d->user = slot < r->h->client_max ? r->online[slot].user.id : 0;
    d->acked = head->ticket;
}

/* The search for what one device missed. */
struct search {
    struct recorder *r;
    struct str uid, callsign;
    uint64_t handle;
    uint16_t out_set;
    bool for_all; /* rows for everybody of its groups, too */
    struct buf part;
    size_t sent;
};

static void send_part(struct search *s, bool more)
{
    recorder_tell(s->r, s->handle, TELL_MISSED, more, buf_str(&s->part));
    s->sent += s->part.len;
    s->part.len = 0;
}

static void add_record(struct search *s, uint64_t seq, struct str payload)
{
    struct str xml = fields_get(payload, FIELD_EVENT_XML), proto = fields_get(payload, FIELD_EVENT_PROTO);
    char head[TAK_HEADER_MAX];
    struct buf h = buf_over(head, sizeof head);
    size_t len = xml.len;
    unsigned char b[SESSION_EXTRA_HEAD] = {xml.len ? 0 : 1};

    if (xml.len == 0) {
        tak_put_header(&h, proto.len);
        len = h.len + proto.len;
    }
    if (len > LIMIT_EVENT_OUT)
        return; /* held back: a phone's buffer would not hold it */
    if (s->part.max - s->part.len < len + sizeof b)
        send_part(s, true);
    for (int i = 0; i < 8; i++)
        b[1 + i] = (unsigned char)(seq >> (56 - 8 * i));
    for (int i = 0; i < 4; i++)
        b[9 + i] = (unsigned char)(len >> (24 - 8 * i));
    buf_put(&s->part, str_of(b, sizeof b));
    if (xml.len == 0)
        buf_put(&s->part, buf_str(&h));
    buf_put(&s->part, xml.len ? xml : proto);
}

static bool see_row(void *ctx, const struct journal_row *row)
{
    struct search *s = ctx;
    bool wanted;

    if (row->erased || (!s->for_all && !fields_has(row->payload, FIELD_TO)))
        return false;
    hub_lock(s->r->h);
    wanted = missed_wants(s->r->h->river, row->kind, row->payload, s->uid, s->callsign, s->out_set);
    hub_unlock(s->r->h);
    if (wanted)
        add_record(s, row->seq, row->payload);
    return false;
}

/* Rows for everybody that it has to be given: the newest MISSED_FOR_ALL of them. */
static uint64_t first_for_all(const struct recorder *r, uint64_t from, uint64_t to)
{
    size_t n = 0;

    for (uint64_t i = r->record.waiting_next; i > r->record.waiting_first; i--) {
        const struct record_waiting *w = &r->record.waiting[(i - 1) & (RECORD_WAITING - 1)];

        if (w->seq <= from)
            break;
        if (w->to_count == 0 && w->seq <= to && ++n == MISSED_FOR_ALL)
            return w->seq;
    }
    return from + 1;
}

void recorder_missed(struct recorder *r, const struct ask_head *head, struct str payload)
{
    static char memory[MISSED_PART]; /* of the one record thread */
    struct search s = {.r = r,
                       .uid = fields_get(payload, FIELD_UID),
                       .callsign = fields_get(payload, FIELD_CALLSIGN),
                       .handle = head->handle,
                       .out_set = (uint16_t)fields_get_int(payload, FIELD_OUT, 0),
                       .part = buf_over(memory, sizeof memory)};
    struct device_key *d = device(r, s.uid);
    uint64_t from = d->key ? d->acked : 0, joined = (uint64_t)fields_get_int(payload, FIELD_REF, 0);
    uint64_t had = (uint64_t)fields_get_int(payload, FIELD_TICKET, 0), all_from;
    bool cut = false;
    struct err e;

    from = had > from ? had : from;
    all_from = first_for_all(r, from, joined);
    for (uint64_t i = r->record.waiting_first; i < r->record.waiting_next && !cut; i++) {
        const struct record_waiting *w = &r->record.waiting[i & (RECORD_WAITING - 1)];

        s.for_all = d->key && w->seq <= joined && w->seq >= all_from;
        if (w->seq <= from || w->seq > head->ticket || (w->to_count == 0 && !s.for_all) ||
            w->at_ms < clock_wall_ms() - RECORD_WAIT_MS || !record_may_want(&r->record, w, s.uid, s.callsign))
            continue;
        if (!journal_get(r->journal, w->seq, see_row, &s, &e))
            log_line(LOG_ERROR, "journal.read", "seq=%llu reason=\"%s\"", (unsigned long long)w->seq, e.text);
        cut = s.sent + s.part.len >= MISSED_ANSWER;
    }
    send_part(&s, cut);
    if (cut)
        recorder_tell(r, s.handle, TELL_CUT, false, s.uid);
    if (d->key == 0)
        remember(r, s.uid, 0);
}
