#include "edge/hub.h"

#include "os/clock.h"

#include <stdio.h>

void hub_lock(struct hub *h)
{
    MUST(pthread_mutex_lock(&h->lock) == 0);
}

void hub_unlock(struct hub *h)
{
    MUST(pthread_mutex_unlock(&h->lock) == 0);
}

struct now hub_now(void)
{
    return (struct now){clock_ms(), clock_wall_ms()};
}

static struct hub_alarm *find_alarm(struct hub *h, const char *id)
{
    for (size_t i = 0; i < h->alarm_count; i++)
        if (strcmp(h->alarms[i].id, id) == 0)
            return &h->alarms[i];
    return NULL;
}

void hub_alarm(struct hub *h, const char *id, const char *level, const char *text)
{
    struct hub_alarm *a = find_alarm(h, id);

    if (a && strcmp(a->text, text) == 0)
        return;
    if (!a) {
        if (h->alarm_count == HUB_ALARMS)
            return; /* the page shows 32 already; the log has every one */
        a = &h->alarms[h->alarm_count++];
        a->since_ms = clock_wall_ms();
    }
    (void)snprintf(a->id, sizeof a->id, "%s", id);
    (void)snprintf(a->level, sizeof a->level, "%s", level);
    (void)snprintf(a->text, sizeof a->text, "%s", text);
    h->alarm_version++;
}

void hub_alarm_clear(struct hub *h, const char *id)
{
    struct hub_alarm *a = find_alarm(h, id);

    if (!a)
        return;
    *a = h->alarms[--h->alarm_count];
    h->alarm_version++;
}

bool hub_shares(struct hub *h, struct str from, struct str to, unsigned share)
{
    bool allows;

    share = share < SHARE_COUNT ? share : (unsigned)SHARE_NOTES; /* of a later version: the most careful */
    hub_lock(h);
    allows = sets_allows(h->river->sets, (struct set_of){sets_agency(h->river->sets, from), (uint8_t)share},
                         sets_agency(h->river->sets, to));
    hub_unlock(h);
    return allows;
}

const struct hub_user *hub_user(const struct hub *h, int64_t id)
{
    for (size_t i = 0; i < h->user_count; i++)
        if (h->users[i].id == id)
            return &h->users[i];
    return NULL;
}

bool hub_ask(struct hub *h, const struct ask_head *head, struct str payload)
{
    return mailbox_put(h->to_recorder, str_of(head, sizeof *head), payload);
}

/* How the sentences of session.c and conn.c begin; what none of them fits is an event
 * that is not well-formed. */
static const struct {
    const char *name, *begins;
} reasons[] = {
    {"malformed", NULL},
    {"junk", "bytes that are no event"},
    {"rate", "it sends more events"},
    {"rate", "all sources of this input"},
    {"devices", "this user speaks for too many"},
    {"units_full", "the table of units"},
    {"record_full", "the record cannot"},
    {"right", "only "},
    {"right", "its uid is"},
    {"right", "what it deletes"},
    {"right", "its type is none"},
    {"right", "its address is none"},
    {"too_long", "it is too long"},
    {"stream", "an event is longer"},
};
_Static_assert(COUNTOF(reasons) <= HUB_REASONS, "a counter for each class");

unsigned hub_reason(const char *sentence)
{
    for (unsigned i = 1; i < COUNTOF(reasons); i++) {
        if (!str_starts(str_from(sentence), str_from(reasons[i].begins)))
            continue;
        while (strcmp(reasons[i].name, reasons[i - 1].name) == 0)
            i--; /* several beginnings may be of one class */
        return i;
    }
    return 0;
}

const char *hub_reason_name(unsigned reason)
{
    return reason < COUNTOF(reasons) ? reasons[reason].name : NULL;
}
