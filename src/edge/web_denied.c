#include "core/incident_device.h"
#include "edge/web_inner.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdio.h>

enum { DENIED_PAYLOAD = 2048, DENIED_WHY_MAX = 400 };

static uint64_t hash_of(const struct web *w, struct str who, struct str what, struct str why)
{
    char text[sizeof((struct who *)0)->name + 64 + DENIED_WHY_MAX + 2];
    struct buf b = buf_over(text, sizeof text);

    buf_put(&b, who);
    buf_byte(&b, '\n');
    buf_put(&b, what);
    buf_byte(&b, '\n');
    buf_put(&b, cut_text(why, DENIED_WHY_MAX));
    return hash_str(w->incidents.all.key, buf_str(&b)) | 1;
}

/* Is it to be noted?  If so it counts. */
static bool is_new(struct web_denied *v, uint64_t what, int64_t now_ms)
{
    for (size_t i = 0; i < COUNTOF(v->list); i++)
        if (v->list[i].what == what && now_ms - v->list[i].at_ms < DENIED_AGAIN_MS)
            return false;
    if (now_ms - v->minute_ms >= 60000) {
        v->minute_ms = now_ms;
        v->in_minute = 0;
    }
    if (v->in_minute == DENIED_MINUTE)
        return false;
    v->in_minute++;
    v->list[v->turn % DENIED_MAX].what = what;
    v->list[v->turn++ % DENIED_MAX].at_ms = now_ms;
    return true;
}

void web_denied(struct web *w, const struct request *q, struct str incident, struct str what, struct str why,
                struct now now)
{
    struct ask_head head = {
        .ask = ASK_COMMAND, .kind = INC_ACCESS_DENIED, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};
    struct str who = str_from(q->who.name);
    char id[64], quoted[160], memory[DENIED_PAYLOAD];
    struct buf b = buf_over(memory, sizeof memory);

    log_line(LOG_INFO, "web.denied", "user=%s what=%.*s", log_quote(quoted, sizeof quoted, who), STR_ARG(what));
    if (!incidents_find(&w->incidents.all, incident) || !is_new(&w->denied, hash_of(w, who, what, why), now.mono_ms))
        return;
    (void)snprintf(id, sizeof id, "denied-%" PRId64 "-%" PRIu64, now.wall_ms, w->denied.turn);
    fields_put(&b, FIELD_BY, who);
    fields_put(&b, FIELD_ADDRESS, str_from(q->address));
    incident_put(&b, IN_INCIDENT, incident);
    incident_put(&b, IN_AUDIT, str_from(id));
    incident_put(&b, IN_BY, who);
    incident_put(&b, IN_SUBJECT, what);
    incident_put(&b, IN_REASON, cut_text(why, DENIED_WHY_MAX));
    incident_put(&b, IN_ACTOR, STR("system"));
    incident_put(&b, IN_VIA, STR("system"));
    if (b.full || !hub_ask(w->h, &head, buf_str(&b)))
        log_line(LOG_WARN, "web.denied", "reason=\"the record's queue is full\"");
}
