#include "edge/enrol.h"
#include "edge/files_in.h"
#include "edge/web_inner.h"
#include "edge/web_replay.h"
#include "edge/web_tracks.h"

#include "os/clock.h"
#include "os/log.h"
#include "store/accounts.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXPIRE_MS = 600000, ADDRESS_WAIT_MAX_MS = 900000, NAME_WAIT_MAX_MS = 60000 };

/* A hash that no password has, so that an unknown name costs what a known one does. */
static bool make_stand_in(struct web *w, struct err *e)
{
    char text[65];

    secret_token(text, 32);
    return secret_password(str_from(text), w->stand_in, e);
}

bool web_init(struct web *w, struct hub *h, const struct web_config *c, struct err *e)
{
    struct hash_key key;

    memset(w, 0, sizeof *w);
    chance_fill(&key, sizeof key);
    w->h = h;
    (void)str_copy(w->default_group, sizeof w->default_group,
                   c->default_group ? str_from(c->default_group) : STR("__ANON__"));
    if (!str_copy(w->dir, sizeof w->dir, str_from(c->dir)) ||
        !str_copy(w->address, sizeof w->address, str_from(c->address)))
        return err_set(e, ERR_INPUT, "the name of the data folder or the address is too long");
    limit_init(&w->by_address, key, ADDRESS_WAIT_MAX_MS);
    /* A stranger may lock a name for a minute, not for the night. */
    limit_init(&w->by_name, key, NAME_WAIT_MAX_MS);
    events_init(&w->events, h, w->dir, key);
    picture_init(&w->picture, h, &w->events);
    web_incidents_init(&w->incidents, key);
    w->enrol = enrol_new(c->cert_days ? c->cert_days : 365, c->cert_days_many ? c->cert_days_many : 7, e);
    w->command = incident_command;
    w->tiles = tiles_new(w->dir);
    w->care = care_new(w->dir);
    w->mail = malloc(HUB_MESSAGE_MAX);
    if (!w->enrol)
        return false;
    if (!w->mail)
        return err_set(e, ERR_WORLD, "there is not enough memory for the web thread");
    return secret_start(e) && accounts_open(w->dir, &w->accounts, e) &&
           sealed_open(w->dir, &w->sealed, e) && make_stand_in(w, e);
}

void web_fini(struct web *w)
{
    for (size_t i = 0; i < COUNTOF(w->viewers); i++)
        if (w->viewers[i])
            viewer_free(w, w->viewers[i]);
    for (size_t i = 0; i < COUNTOF(w->exchanges); i++)
        exchange_free(w, w->exchanges[i]);
    passwords_free(w->passwords);
    web_worker_free(w, w->worker);
    pending_free(w);
    enrol_free(w->enrol);
    tokens_free(w);
    videos_close(w->videos);
    welcome_free(w);
    imports_free(w);
    message_drop(w->positions);
    picture_fini(&w->picture);
    web_incidents_fini(&w->incidents);
    replay_free(w);
    tracks_reader_free(w->tracks);
    events_fini(&w->events);
    tiles_free(w->tiles);
    care_free(w->care);
    accounts_close(w->accounts);
    sealed_close(w->sealed);
    web_files_close(w);
    marti_missions_free(w);
    free(w->mail);
}

static void take_answers(struct web *w)
{
    struct answer_head head;
    size_t len;

    while (w->h->to_web && mailbox_take(w->h->to_web, w->mail, HUB_MESSAGE_MAX, &len)) {
        MUST(len >= sizeof head);
        memcpy(&head, w->mail, sizeof head);
        ask_answered(w, &head, str_of(w->mail + sizeof head, len - sizeof head));
    }
}

static void take_passwords(struct web *w, struct now now)
{
    struct password_job job;

    while (w->passwords && passwords_take(w->passwords, &job)) {
        login_checked(w, &job, now);
        secret_wipe(&job, sizeof job);
    }
}

uint64_t web_accounts_version(struct web *w)
{
    w->accounts_version += accounts_changed(w->accounts);
    return w->accounts_version;
}

void web_forget(struct web *w, struct str serial)
{
    if (w->forget)
        w->forget(w, serial);
}

void web_turn(struct web *w, struct now now)
{
    take_answers(w);
    take_passwords(w, now);
    web_worker_turn(w);
    if (w->viewer_count) {
        live_follow(w);
        web_incidents_tell(w, now, false);
    }
}

/* A request is never left without an answer. */
static void end_waits(struct web *w, struct now now)
{
    for (size_t i = 0; i < COUNTOF(w->exchanges) && w->waiting; i++) {
        struct exchange *x = w->exchanges[i];

        if (!x || x->state != EXCHANGE_WAITING || now.mono_ms < x->until_ms)
            continue;
        if (x->import[0])
            import_goes_on(x);
        else
            reply_problem(&x->reply, 503,
                          "This is not yet on the disk, and may still get there. Sending it again does "
                          "not double it.");
        exchange_answered(w, x);
    }
}

void web_tick(struct web *w, struct now now)
{
    struct err e;

    web_turn(w, now);
    end_waits(w, now);
    live_tick(w, now);
    web_watchers_tick(w, now);
    enrol_tick(w, now);
    replay_tick(w, now);
    care_look(w->care, now.mono_ms);
    if (now.mono_ms < w->next_expire_ms)
        return;
    w->next_expire_ms = now.mono_ms + EXPIRE_MS;
    if (!accounts_expire_sessions(w->accounts, now.wall_ms, &e))
        log_line(LOG_WARN, "web.accounts", "reason=\"%s\"", e.text);
}
