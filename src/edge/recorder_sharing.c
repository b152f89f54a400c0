#include "edge/recorder_in.h"

#include "os/clock.h"
#include "os/log.h"

/* Rules between agencies in the record thread: asked, decided against what is on the disk, journaled, then put
 * into the sets that every event is routed by. */

_Static_assert(INCIDENTS_MAX <= 64, "a bit each");

static bool is_open(const struct incident *s)
{
    return ent_is(s, incident_self(s), IN_STATE, "active");
}

/* Ids of the open incidents; *bits: which of the list they are. */
static size_t open_incidents(const struct recorder *r, struct str *ids, uint64_t *bits)
{
    size_t n = 0;

    *bits = 0;
    for (size_t i = 0; i < r->incidents.count; i++) {
        const struct incident *s = r->incidents.list[i];

        if (!is_open(s))
            continue;
        ids[n++] = ent_id(s, incident_self(s));
        *bits |= (uint64_t)1 << i;
    }
    return n;
}

/* What of the sets is the rules. */
struct rules {
    bool ruled;
    uint64_t allowed[SETS_CLASSES][SETS_AGENCIES][SETS_AGENCIES / 64];
};

/* A bit for each agency that hears something now that it did not hear by the rules before. */
static bool gains(const struct rules *was, const struct sets *is, unsigned char bits[SETS_AGENCIES / 8])
{
    bool any = false;

    memset(bits, 0, SETS_AGENCIES / 8);
    for (int from = SETS_NO_AGENCY; from < is->agency_count; from++)
        for (int to = SETS_NO_AGENCY; to < is->agency_count; to++)
            for (unsigned share = 1; share < SHARE_COUNT; share++) {
                bool before = !was->ruled || (was->allowed[share][from][to / 64] >> (to % 64) & 1);
                bool now = !is->ruled || (is->allowed[share][from][to / 64] >> (to % 64) & 1);

                if (from == to || before || !now)
                    continue;
                bits[to / 8] |= (unsigned char)(1u << (to % 8));
                any = true;
            }
    return any;
}

static void tell_pictures(struct recorder *r, const unsigned char bits[SETS_AGENCIES / 8])
{
    for (int i = 0; i < r->h->loop_count; i++)
        recorder_tell(r, (uint64_t)1 << 63 | (uint64_t)i, TELL_PICTURE, false, str_of(bits, SETS_AGENCIES / 8));
}

void recorder_share(struct recorder *r)
{
    struct str ids[INCIDENTS_MAX];
    size_t n = open_incidents(r, ids, &r->sharing_open);

    r->sharing_agencies = r->h->river->sets->agency_count;
    if (r->config.sharing)
        sharing_to_sets(r->h->sharing, ids, n, r->h->river->sets);
}

void recorder_share_first(struct recorder *r)
{
    hub_lock(r->h);
    r->h->sharing->proposal_count = 0;
    recorder_share(r);
    hub_unlock(r->h);
}

/* The rules anew, and a fresh picture for who hears more. */
static void share_and_tell(struct recorder *r)
{
    static struct rules was; /* of the one record thread */
    unsigned char bits[SETS_AGENCIES / 8];
    bool more;

    hub_lock(r->h);
    was.ruled = r->h->river->sets->ruled;
    memcpy(was.allowed, r->h->river->sets->allowed, sizeof was.allowed);
    recorder_share(r);
    more = gains(&was, r->h->river->sets, bits);
    hub_unlock(r->h);
    if (more && r->config.sharing)
        tell_pictures(r, bits);
}

void recorder_sharing_apply(struct recorder *r, uint64_t seq, unsigned kind, int64_t at_ms, struct str payload)
{
    if (kind != EV_SHARING_PROPOSED && kind != EV_SHARING_CHANGED)
        return;
    hub_lock(r->h);
    sharing_apply(r->h->sharing, seq, kind, at_ms, payload);
    hub_unlock(r->h);
    if (kind == EV_SHARING_CHANGED)
        r->sharing_stale = true;
}

/* Is there a row of it in the open batch?  What is decided next has to know it. */
static bool is_on_its_way(const struct recorder *r)
{
    for (size_t i = 0; i < r->entry_count; i++)
        if (r->entries[i].kind == EV_SHARING_PROPOSED || r->entries[i].kind == EV_SHARING_CHANGED)
            return true;
    return false;
}

/* Writes the row of a decided rule; its asker is answered when it is on the disk. */
static void add_row(struct recorder *r, const struct ask_head *head, struct str asked, const struct sharing_rule *rule)
{
    static const struct err full = {ERR_FULL,
                                    "The record's queue is full. Try again in a moment; nothing was changed."};
    char text[4096];
    struct buf b = buf_over(text, sizeof text);

    sharing_write(rule, &b);
    if (head->kind == EV_SHARING_CHANGED)
        fields_put(&b, FIELD_REF, fields_get(asked, FIELD_REF));
    fields_put(&b, FIELD_ADDRESS, fields_get(asked, FIELD_ADDRESS));
    fields_put(&b, FIELD_TICKET, fields_get(asked, FIELD_TICKET));
    MUST(!b.full);
    if (!recorder_add(r, head, head->kind, buf_str(&b), true)) {
        recorder_refuse(r, head->request, &full);
        return;
    }
    recorder_keep_ticket(r, asked, r->entries[r->entry_count - 1].seq);
}

static bool decide(struct recorder *r, const struct ask_head *head, struct str payload, struct sharing_rule *out,
                   struct err *e)
{
    const struct incident *s = incidents_find(&r->incidents, fields_get(payload, FIELD_INCIDENT));
    struct sharing_confirm confirm = {.seq = (uint64_t)fields_get_int(payload, FIELD_REF, 0),
                                      .incident = fields_get(payload, FIELD_INCIDENT),
                                      .by = fields_get(payload, FIELD_BY),
                                      .read = fields_get(payload, FIELD_TEXT),
                                      .now_ms = clock_wall_ms()};

    if (!r->config.sharing)
        return err_set(e, ERR_DENIED, "Rules between agencies are switched off here: start the server with "
                                      "sharing = on.");
    if (!s)
        return err_set(e, ERR_MISSING, "There is no such incident.");
    if (!is_open(s))
        return err_set(e, ERR_DENIED, "The incident is closed; its rules count no more.");
    if (is_on_its_way(r))
        return err_set(e, ERR_FULL, "Another rule is on its way to the disk. Try again in a moment; nothing was "
                                    "changed.");
    if (head->kind == EV_SHARING_CHANGED)
        return sharing_confirm(r->h->sharing, &confirm, out, e);
    return sharing_read(payload, out, e) && sharing_check(r->h->sharing, out, confirm.now_ms, e);
}

void recorder_sharing(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct sharing_rule rule;
    struct err e;

    if (decide(r, head, payload, &rule, &e))
        add_row(r, head, payload, &rule);
    else
        recorder_refuse(r, head->request, &e);
}

/* The row by which a rule ends at its time. */
static void end_rule(struct recorder *r, const struct sharing_rule *rule, int64_t now_ms)
{
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = now_ms};
    struct sharing_rule over = *rule;
    char text[4096];
    struct buf b = buf_over(text, sizeof text);

    (void)str_copy(over.by, sizeof over.by, STR("its time"));
    sharing_write(&over, &b);
    fields_put(&b, FIELD_ENDED, STR("1"));
    fields_put_int(&b, FIELD_REF, (int64_t)rule->seq);
    MUST(!b.full);
    if (!recorder_add(r, &head, EV_SHARING_CHANGED, buf_str(&b), true))
        log_line(LOG_WARN, "sharing.over", "reason=\"the record's queue is full: tried again\"");
}

void recorder_sharing_due(struct recorder *r, int64_t now_ms)
{
    const struct sharing_rule *over = is_on_its_way(r) ? NULL : sharing_over(r->h->sharing, now_ms);

    if (over)
        end_rule(r, over, now_ms);
}

void recorder_sharing_follow(struct recorder *r)
{
    struct str ids[INCIDENTS_MAX];
    uint64_t bits;
    int agencies;

    (void)open_incidents(r, ids, &bits);
    hub_lock(r->h);
    agencies = r->h->river->sets->agency_count;
    hub_unlock(r->h);
    if (r->sharing_stale || bits != r->sharing_open || agencies != r->sharing_agencies) {
        r->sharing_stale = false;
        share_and_tell(r);
    }
}
