#include "edge/recorder_in.h"

#include "os/clock.h"
#include "os/log.h"

#include <stdio.h>

/* Groups that a phone switched or an administrator gave: into the accounts, into the record, to his sessions. */

void recorder_put_groups(const struct user *u, struct buf *b)
{
    fields_put(b, FIELD_USER, str_from(u->name));
    for (size_t i = 0; i < u->group_count; i++) {
        const struct user_group *g = &u->groups[i];

        if (g->active && g->in)
            fields_put(b, FIELD_IN, str_from(g->name));
        if (g->active && g->out)
            fields_put(b, FIELD_OUT, str_from(g->name));
        if (!g->active)
            fields_put(b, FIELD_OFF, str_from(g->name));
    }
}

void recorder_tell_groups(struct recorder *r, const struct session_user *fresh)
{
    struct session_user u = *fresh;

    for (struct online *i = r->online; i < r->online + r->h->client_max; i++) {
        if (!i->handle || i->user.id != u.id)
            continue;
        u.held = i->user.held; /* each is held or not by a certificate of its own */
        i->user = u;
        hub_lock(r->h);
        river_regrouped(r->h->river, i->handle, u.in_set, hub_now());
        hub_unlock(r->h);
        recorder_tell(r, i->handle, TELL_GROUPS, false, str_of(&u, sizeof u));
    }
}

static struct user_group *find(struct user *u, struct str name)
{
    for (size_t i = 0; i < u->group_count; i++)
        if (str_eq(str_from(u->groups[i].name), name))
            return &u->groups[i];
    return NULL;
}

static bool keeps_one(const struct user *u, struct err *e)
{
    for (size_t i = 0; i < u->group_count; i++)
        if (u->groups[i].active)
            return true;
    return err_set(e, ERR_INPUT, "One group at least must stay switched on: without any this phone would hear nobody "
                                 "and be heard by nobody.");
}

/* Switches those that are named on or off; what he is not in is no group of his. */
static bool switch_groups(struct user *u, struct str payload, struct err *e)
{
    enum field tag;
    struct str name;

    while (fields_next(&payload, &tag, &name)) {
        struct user_group *g = tag == FIELD_IN || tag == FIELD_OFF ? find(u, name) : NULL;

        if (g)
            g->active = tag == FIELD_IN;
    }
    return u->group_count == 0 || keeps_one(u, e);
}

/* One direction of one group that an administrator gives. */
static bool give_group(struct user *u, enum field tag, struct str name, struct err *e)
{
    struct user_group *g = find(u, name);

    if (!g) {
        if (u->group_count == USER_GROUPS_MAX)
            return err_set(e, ERR_FULL, "A user is in %d groups at most.", USER_GROUPS_MAX);
        g = &u->groups[u->group_count++];
        memset(g, 0, sizeof *g);
        g->active = true;
        if (name.len == 0 || !str_copy(g->name, sizeof g->name, name))
            return err_set(e, ERR_INPUT, "A group's name has 1 to %d bytes.", GROUP_NAME_MAX - 1);
    }
    g->in |= tag == FIELD_IN;
    g->out |= tag == FIELD_OUT;
    if (tag == FIELD_OFF)
        g->active = false;
    return true;
}

/* The groups and the agency that an administrator gives, in the place of what was. */
static bool give_groups(struct user *u, struct str payload, struct err *e)
{
    struct str rest = payload, value;
    enum field tag;

    if (fields_has(payload, FIELD_IN) || fields_has(payload, FIELD_OUT))
        u->group_count = 0;
    while (fields_next(&rest, &tag, &value)) {
        if ((tag == FIELD_IN || tag == FIELD_OUT || tag == FIELD_OFF) && !give_group(u, tag, value, e))
            return false;
        if (tag == FIELD_ROLE && !str_copy(u->role, sizeof u->role, value))
            return err_set(e, ERR_INPUT, "A role has %d bytes at most.", USER_ROLE_MAX - 1);
        if (tag == FIELD_AGENCY && !str_copy(u->agency, sizeof u->agency, value))
            return err_set(e, ERR_INPUT, "An agency's code has %d bytes at most.", AGENCY_MAX - 1);
    }
    for (size_t i = 0; i < u->group_count; i++)
        if (!u->groups[i].in && !u->groups[i].out)
            return err_set(e, ERR_INPUT, "Group %s is neither written into nor heard: give it IN, OUT or both.",
                           u->groups[i].name);
    return u->group_count == 0 || keeps_one(u, e);
}

static bool decide(struct recorder *r, struct str payload, struct user *before, struct user *u, struct err *e)
{
    bool gives = str_eq(fields_get(payload, FIELD_SUB_TYPE), STR("given"));

    if (!accounts_user_by_name(r->accounts, fields_get(payload, FIELD_USER), u, e))
        return false;
    *before = *u;
    return gives ? give_groups(u, payload, e) : switch_groups(u, payload, e);
}

static bool is_same(const struct user *a, const struct user *b)
{
    if (a->group_count != b->group_count || strcmp(a->agency, b->agency) != 0 || strcmp(a->role, b->role) != 0)
        return false;
    for (size_t i = 0; i < a->group_count; i++) {
        const struct user_group *x = &a->groups[i], *y = &b->groups[i];

        if (strcmp(x->name, y->name) != 0 || x->in != y->in || x->out != y->out || x->active != y->active)
            return false;
    }
    return true;
}

/* Into the batch and the accounts; when one of them takes nothing, nothing has changed. */
static bool keep(struct recorder *r, const struct ask_head *head, struct str payload, struct user *u, struct err *e)
{
    static char text[2 * USER_GROUPS_MAX * (GROUP_NAME_MAX + 5) + 1024]; /* of the one record thread */
    struct buf b = buf_over(text, sizeof text);

    recorder_put_groups(u, &b);
    if (fields_has(payload, FIELD_AGENCY))
        fields_put(&b, FIELD_AGENCY, str_from(u->agency));
    if (fields_has(payload, FIELD_ROLE))
        fields_put(&b, FIELD_ROLE, str_from(u->role));
    if (fields_has(payload, FIELD_FROM_UID))
        fields_put(&b, FIELD_FROM_UID, fields_get(payload, FIELD_FROM_UID));
    fields_put(&b, FIELD_BY, fields_get(payload, FIELD_BY));
    fields_put(&b, FIELD_ADDRESS, fields_get(payload, FIELD_ADDRESS));
    if (fields_has(payload, FIELD_TICKET))
        fields_put(&b, FIELD_TICKET, fields_get(payload, FIELD_TICKET));
    MUST(!b.full);
    if (r->failing)
        return err_set(e, ERR_WORLD, "The record is not being written: nothing was changed. Check the disk.");
    if (!accounts_put_user(r->accounts, u, e))
        return false;
    if (!recorder_add(r, head, EV_GROUPS_CHANGED, buf_str(&b), true)) {
        log_line(LOG_ERROR, "record.full", "lost=groups.changed");
        return err_set(e, ERR_FULL, "The record's queue is full; the groups were changed all the same.");
    }
    recorder_keep_ticket(r, payload, r->entries[r->entry_count - 1].seq);
    return true;
}

void recorder_groups(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct answer_head same = {.request = head->request, .ok = true};
    struct session_user fresh;
    struct user before, u;
    struct err e;

    if (!decide(r, payload, &before, &u, &e)) {
        recorder_refuse(r, head->request, &e);
        return;
    }
    if (is_same(&before, &u)) {
        recorder_answer(r, &same, "");
        return;
    }
    if (!keep(r, head, payload, &u, &e)) {
        recorder_refuse(r, head->request, &e);
        return;
    }
    recorder_load_users(r);
    recorder_fill_user(r, &u, &fresh);
    recorder_tell_groups(r, &fresh);
}
