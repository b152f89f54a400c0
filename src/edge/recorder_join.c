#include "edge/recorder_in.h"

#include "os/clock.h"
#include "os/log.h"

#include <stdio.h>
#include <stdlib.h>

/* The sets of a user's groups, as numbers. Takes the river's lock. */
void recorder_fill_user(struct recorder *r, const struct user *u, struct session_user *out)
{
    struct group_mask in = {0}, hears = {0};
    struct sets *s = r->h->river->sets;
    int in_set, out_set, agencies;
    uint8_t agency;

    memset(out, 0, sizeof *out);
    out->id = u->id;
    out->relay = u->relay;
    (void)snprintf(out->name, sizeof out->name, "%s", u->name);
    (void)snprintf(out->agency, sizeof out->agency, "%s", u->agency);
    hub_lock(r->h);
    agencies = s->agency_count;
    agency = sets_agency(s, str_from(u->agency));
    if (s->agency_count > agencies)
        recorder_share(r); /* the rules are about it from its first event on */
    for (size_t i = 0; i < u->group_count; i++) {
        int g = sets_group(s, str_from(u->groups[i].name));

        if (g < 0 || !u->groups[i].active)
            continue;
        if (u->groups[i].in)
            mask_add(&in, g);
        if (u->groups[i].out)
            mask_add(&hears, g);
    }
    if (u->group_count == 0) {
        int g = sets_group(s, str_from(r->config.default_group));

        if (g >= 0) {
            mask_add(&in, g);
            mask_add(&hears, g);
        }
    }
    in_set = sets_in_of(s, &in, (struct set_of){.agency = agency});
    out_set = sets_out_of(s, &hears, agency);
    hub_unlock(r->h);
    if (in_set < 0 || out_set < 0)
        log_line(LOG_ERROR, "groups.full", "reason=\"too many different combinations of groups\"");
    /* No group left: heard by nobody, hears the server. An IN set without groups meets no OUT set. */
    out->in_set = in_set < 0 ? SETS_SILENT : (uint16_t)in_set;
    out->out_set = out_set < 0 ? SETS_NOBODY : (uint16_t)out_set;
}

static bool remember_user(void *ctx, const struct user *u)
{
    struct hub *h = ctx;

    if ((h->user_count & (h->user_count + 15)) % 16 == 0 || h->user_count % 64 == 0) {
        struct hub_user *more = realloc(h->users, (h->user_count + 65) * sizeof *more);

        if (!more)
            return false;
        h->users = more;
    }
    h->users[h->user_count].id = u->id;
    (void)snprintf(h->users[h->user_count].name, sizeof h->users->name, "%s", u->name);
    (void)snprintf(h->users[h->user_count].agency, sizeof h->users->agency, "%s", u->agency);
    h->user_count++;
    return true;
}

void recorder_load_users(struct recorder *r)
{
    struct err e;

    hub_lock(r->h);
    r->h->user_count = 0;
    if (!accounts_users(r->accounts, remember_user, r->h, &e))
        log_line(LOG_ERROR, "accounts.read", "reason=\"%s\"", e.text);
    hub_unlock(r->h);
}

/* Who is behind a certificate, and does his device wait for admission?  False with the reason. */
static bool who(struct recorder *r, struct str serial, struct str name, struct user *u, bool *held, struct err *e)
{
    struct certificate c;

    *held = false;
    if (serial.len == 0) /* plain TCP: granted by the port itself */
        return accounts_user_by_name(r->accounts, name, u, e);
    if (!accounts_certificate(r->accounts, serial, &c, e))
        return e->kind == ERR_MISSING
                   ? err_set(e, ERR_DENIED, "certificate %.*s was not issued by this server", STR_ARG(serial))
                   : false;
    if (c.revoked_ms)
        return err_set(e, ERR_DENIED, "certificate %s was revoked", c.serial);
    *held = c.held;
    if (!accounts_user_by_id(r->accounts, c.user_id, u, e))
        return false;
    if (u->disabled)
        return err_set(e, ERR_DENIED, "user %s is disabled", u->name);
    return true;
}

void recorder_decide_join(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct join *j;
    struct user u;
    struct err e = {0};
    bool held;
    char text[1024];
    struct buf b = buf_over(text, sizeof text);

    MUST(r->join_count < r->join_max);
    j = &r->joins[r->join_count++];
    memset(j, 0, sizeof *j);
    j->handle = head->handle;
    (void)str_copy(j->serial, sizeof j->serial, fields_get(payload, FIELD_SERIAL));
    j->denied = !who(r, fields_get(payload, FIELD_SERIAL), fields_get(payload, FIELD_NAME), &u, &held, &e);
    if (j->denied) {
        (void)snprintf(j->why, sizeof j->why, "%.*s", (int)sizeof j->why - 1, e.text);
        fields_put(&b, FIELD_USER, fields_get(payload, FIELD_NAME));
        fields_put(&b, FIELD_REASON, str_from(j->why));
    } else {
        recorder_fill_user(r, &u, &j->user);
        j->user.held = held;
        fields_put(&b, FIELD_USER, str_from(u.name));
        if (held)
            fields_put(&b, FIELD_WAITS, STR("1"));
    }
    fields_put(&b, FIELD_SERIAL, fields_get(payload, FIELD_SERIAL));
    fields_put(&b, FIELD_ADDRESS, fields_get(payload, FIELD_ADDRESS));
    fields_put(&b, FIELD_SUB_TYPE, fields_get(payload, FIELD_SUB_TYPE));
    (void)recorder_add(r, head, j->denied ? EV_EVENT_REFUSED : EV_CLIENT_CONNECTED, buf_str(&b), true);
}

/* After the commit, or when the disk fails: a responder is let in all the same. */
void recorder_tell_joins(struct recorder *r)
{
    for (size_t i = 0; i < r->join_count; i++) {
        struct join *j = &r->joins[i];
        uint32_t slot = (uint32_t)j->handle & 0x7fffffffu;

        if (j->denied) {
            recorder_tell(r, j->handle, TELL_DENIED, false, str_from(j->why));
            continue;
        }
        if (slot < r->h->client_max) {
            r->online[slot].handle = j->handle;
            r->online[slot].user = j->user;
            memcpy(r->online[slot].serial, j->serial, sizeof j->serial);
        }
        recorder_tell(r, j->handle, TELL_JOINED, false, str_of(&j->user, sizeof j->user));
    }
    r->join_count = 0;
}

void recorder_left(struct recorder *r, const struct ask_head *head)
{
    uint32_t slot = (uint32_t)head->handle & 0x7fffffffu;

    if (slot < r->h->client_max && r->online[slot].handle == head->handle)
        r->online[slot].handle = 0;
}

uint32_t recorder_sender(const struct recorder *r, const struct entry *x)
{
    uint32_t slot = (uint32_t)x->handle & 0x7fffffffu;

    return slot < r->h->client_max && r->online[slot].handle != x->handle ? RING_NO_SENDER : x->sender;
}

static void record_groups(struct recorder *r, const struct user *u)
{
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};
    static char text[2 * USER_GROUPS_MAX * (GROUP_NAME_MAX + 5) + 256]; /* of the one record thread */
    struct buf b = buf_over(text, sizeof text);

    recorder_put_groups(u, &b);
    fields_put(&b, FIELD_BY, STR("command line"));
    (void)recorder_add(r, &head, EV_GROUPS_CHANGED, buf_str(&b), true);
}

/* Does its user write, hear or may something else than before?  Written down once for all his devices. */
static bool is_regrouped(const struct session_user *was, const struct session_user *is)
{
    struct session_user same = *is;

    same.held = was->held;
    return memcmp(&same, was, sizeof same) != 0;
}

/* One connected client after the accounts changed. */
static void recheck(struct recorder *r, struct online *o)
{
    struct session_user fresh;
    struct certificate c = {.held = o->user.held};
    struct user u;
    struct err e;

    if (o->serial[0] && accounts_certificate(r->accounts, str_from(o->serial), &c, &e) && c.revoked_ms) {
        struct session_user none = {0};

        recorder_tell(r, o->handle, TELL_CLOSE, false, str_of(&none, sizeof none));
        o->handle = 0;
        return;
    }
    if (!accounts_user_by_id(r->accounts, o->user.id, &u, &e))
        return;
    if (u.disabled) {
        recorder_tell(r, o->handle, TELL_CLOSE, false, str_of(&o->user, sizeof o->user));
        o->handle = 0;
        return;
    }
    recorder_fill_user(r, &u, &fresh);
    fresh.held = c.held;
    if (memcmp(&fresh, &o->user, sizeof fresh) == 0)
        return;
    if (!is_regrouped(&o->user, &fresh)) { /* it was admitted */
        o->user = fresh;
        recorder_tell(r, o->handle, TELL_GROUPS, false, str_of(&fresh, sizeof fresh));
        return;
    }
    record_groups(r, &u);
    o->user.held = fresh.held;
    recorder_tell_groups(r, &fresh);
}

static bool take_note(void *ctx, int64_t id, unsigned kind, struct str payload)
{
    struct recorder *r = ctx;
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};

    r->notes_left = !recorder_add(r, &head, (enum event_id)kind, payload, true);
    if (r->notes_left)
        return false; /* the backlog is full: another time */
    r->notes_taken = id;
    r->notes_wait = true;
    return true;
}

/* A note is dropped when its row is on the disk; a crash in between writes the row twice, never not. */
void recorder_drop_notes(struct recorder *r)
{
    struct err e;

    if (!r->notes_wait || r->entry_count > 0)
        return;
    r->notes_wait = !accounts_drop_notes(r->accounts, r->notes_taken, &e);
    if (r->notes_wait)
        log_line(LOG_WARN, "accounts.notes", "reason=\"%s\"", e.text);
}

void recorder_take_notes(struct recorder *r)
{
    struct err e;

    recorder_drop_notes(r);
    r->notes_left = false;
    if (!accounts_notes(r->accounts, r->notes_taken, take_note, r, &e))
        log_line(LOG_WARN, "accounts.notes", "reason=\"%s\"", e.text);
}

/* Notes and changes come from other connections on cordon.db: the command line's, the web thread's. */
void recorder_follow_accounts(struct recorder *r)
{
    bool changed = accounts_changed(r->accounts);

    if (changed || r->notes_wait || r->notes_left)
        recorder_take_notes(r);
    if (!changed)
        return;
    recorder_load_users(r);
    for (uint32_t i = 0; i < r->h->client_max; i++)
        if (r->online[i].handle)
            recheck(r, &r->online[i]);
}
