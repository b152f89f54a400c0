#include "edge/web_inner.h"

#include "os/log.h"

#include <stdio.h>

/* What the page makes an observer of, and a hand does not. */
#define SCREEN "screen: "

enum { SCREEN_LEN = sizeof SCREEN - 1, WATCHER_PAYLOAD = 1024 };

static struct watcher *find(struct web_watchers *v, struct str name)
{
    struct watcher *free_one = NULL;

    for (size_t i = 0; i < COUNTOF(v->list); i++) {
        if (v->list[i].seen_ms && str_eq(str_from(v->list[i].name), name))
            return &v->list[i];
        if (!v->list[i].seen_ms && !free_one)
            free_one = &v->list[i];
    }
    if (free_one)
        (void)str_copy(free_one->name, sizeof free_one->name, name);
    return free_one;
}

/* Notes whose page is open now; false when nobody's is or lately was. */
static bool any_watches(struct web *w, struct now now)
{
    struct web_watchers *v = &w->watchers;
    bool any = false;

    for (size_t i = 0; i < COUNTOF(w->viewers); i++) {
        const struct viewer *x = w->viewers[i];
        struct watcher *is = x && x->greeted && x->who.access.observes ? find(v, str_from(x->who.name)) : NULL;

        if (is)
            is->seen_ms = now.mono_ms;
    }
    for (size_t i = 0; i < COUNTOF(v->list); i++) {
        if (v->list[i].seen_ms && now.mono_ms - v->list[i].seen_ms > WATCHER_LINGER_MS)
            v->list[i].seen_ms = 0;
        any |= v->list[i].seen_ms != 0;
    }
    return any;
}

static void ask(struct web *w, const struct incident *s, enum incident_kind kind, struct str name)
{
    struct ask_head head = {
        .ask = ASK_COMMAND, .kind = (uint16_t)kind, .sender = RING_NO_SENDER, .at_ms = hub_now().wall_ms};
    char id[SCREEN_LEN + sizeof((struct watcher *)0)->name], memory[WATCHER_PAYLOAD];
    struct buf b = buf_over(memory, sizeof memory);

    (void)snprintf(id, sizeof id, SCREEN "%.*s", STR_ARG(name));
    incident_put(&b, IN_INCIDENT, ent_id(s, incident_self(s)));
    incident_put(&b, IN_OBSERVER, str_from(id));
    if (kind == INC_OBSERVER_ADMITTED)
        incident_put(&b, IN_BY, name);
    incident_put(&b, IN_ACTOR, STR("system"));
    incident_put(&b, IN_VIA, STR("web"));
    if (b.full || !hub_ask(w->h, &head, buf_str(&b)))
        log_line(LOG_WARN, "web.observer", "reason=\"the record's queue is full\"");
}

/* Does the record say that a page of his is open, and none is? */
static bool is_gone(const struct web_watchers *v, const struct incident *s, uint32_t e)
{
    struct str id = ent_id(s, e);
    bool there = false;

    if (!str_starts(id, STR(SCREEN)) || !ent_is(s, e, IN_STATE, "admitted"))
        return false;
    for (size_t i = 0; i < COUNTOF(v->list) && !there; i++)
        there = v->list[i].seen_ms && str_eq(str_from(v->list[i].name), str_from_at(id, SCREEN_LEN));
    return !there;
}

/* Asks for what the record does not say yet; true when there was something. */
static bool settle(struct web *w, const struct incident *s, struct now now)
{
    struct web_watchers *v = &w->watchers;
    bool asked = false;

    for (size_t i = 0; i < COUNTOF(v->list); i++) {
        char id[SCREEN_LEN + sizeof v->list[i].name];
        uint32_t e;

        if (!v->list[i].seen_ms)
            continue;
        (void)snprintf(id, sizeof id, SCREEN "%s", v->list[i].name);
        e = ent_find(s, ENT_OBSERVER, str_from(id));
        if (e && ent_is(s, e, IN_STATE, "admitted"))
            continue;
        ask(w, s, INC_OBSERVER_ADMITTED, str_from(v->list[i].name));
        asked = true;
    }
    /* After a start their pages have as long to come back. */
    for (uint32_t e = ent_first(s, ENT_OBSERVER); e; e = ent_next(s, e)) {
        if (now.mono_ms - v->began_ms <= WATCHER_LINGER_MS || !is_gone(v, s, e))
            continue;
        ask(w, s, INC_OBSERVER_LEFT, str_from_at(ent_id(s, e), SCREEN_LEN));
        asked = true;
    }
    return asked;
}

void web_watchers_tick(struct web *w, struct now now)
{
    struct web_watchers *v = &w->watchers;
    bool asked = false;

    if (v->began_ms == 0)
        v->began_ms = now.mono_ms;
    /* What was asked for is in our own incidents once it is on the disk. */
    if (now.mono_ms < v->asked_ms + WATCHER_ASK_MS || (!any_watches(w, now) && now.mono_ms < v->next_ms))
        return;
    v->next_ms = now.mono_ms + WATCHER_ASK_MS;
    live_follow(w);
    for (size_t i = 0; i < w->incidents.all.count; i++) {
        const struct incident *s = w->incidents.all.list[i];

        if (ent_is(s, incident_self(s), IN_STATE, "active"))
            asked |= settle(w, s, now);
    }
    if (asked)
        v->asked_ms = now.mono_ms;
}
