#include "edge/recorder_mission.h"

#include "os/clock.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A change of a mission, decided in the record thread:
 *
 *   ASK_MISSION --each ONE: may they? does it fit?--> mission.changed, mission.told ... of one batch
 *
 * The projection (store/missions.h) is ahead of the disk by the open batch, in a transaction of its own that is
 * committed behind the journal's: the next change of the batch meets this one, and the web thread, which reads what
 * was committed, never sees what the journal has not got.  When that transaction fails the journal goes on; changes
 * are refused until the projection has followed it again. */

enum { CALL_MS = 60000, PARENTS_MAX = 64 };

/* ---- the projection's life --------------------------------------------- */

static void set_failing(struct recorder *r, const char *why)
{
    struct recorder_missions *q = r->missions;
    char text[256];

    if (q->failing == (why != NULL))
        return;
    q->failing = why != NULL;
    if (why)
        log_line(LOG_ERROR, "missions.failing", "reason=\"%s\"", why);
    (void)snprintf(text, sizeof text,
                   "Missions (Data Sync) cannot be changed: %.120s. Nothing is lost; if it stays, restart Cordon.",
                   why ? why : "");
    hub_lock(r->h);
    if (why)
        hub_alarm(r->h, "missions", "warn", text);
    else
        hub_alarm_clear(r->h, "missions");
    hub_unlock(r->h);
}

bool recorder_missions_open(struct recorder *r, struct err *e)
{
    struct recorder_missions *q = r->missions = calloc(1, sizeof *q);

    if (!q || !(q->row = malloc(MISSION_ROW_MAX)) || !(q->told = malloc(MISSION_ROW_MAX)) ||
        !(q->asked = malloc(MISSION_ROW_MAX)) || !(q->one = malloc(MISSION_ROW_MAX)) ||
        !(q->scratch = malloc(LIMIT_EVENT_IN)) || !(q->event = malloc(2 * LIMIT_EVENT_IN)))
        return err_set(e, ERR_WORLD, "no memory for the missions");
    if (!mission_token_key(r->h->dir, &q->key, e) || !missions_open(r->h->dir, &q->store, e) ||
        !missions_follow(q->store, r->journal, e))
        return false;
    if (missions_note(q->store)[0])
        log_line(LOG_WARN, "missions.anew", "note=\"%s\"", missions_note(q->store));
    return true;
}

void recorder_missions_close(struct recorder *r)
{
    if (r->missions)
        missions_close(r->missions->store);
    if (r->missions)
        r->missions->store = NULL;
}

void recorder_missions_free(struct recorder *r)
{
    struct recorder_missions *q = r->missions;

    if (!q)
        return;
    missions_close(q->store);
    free(q->row);
    free(q->told);
    free(q->asked);
    free(q->one);
    free(q->scratch);
    free(q->event);
    free(q);
    r->missions = NULL;
}

void recorder_missions_commit(struct recorder *r)
{
    struct journal_head head = journal_head(r->journal);
    struct err e;

    if (r->missions->failing ? !missions_follow(r->missions->store, r->journal, &e)
                             : !missions_commit(r->missions->store, &head, &e))
        set_failing(r, e.text);
    else
        set_failing(r, NULL);
}

void recorder_missions_anew(struct recorder *r)
{
    struct recorder_missions *q = r->missions;
    struct err e;

    missions_close(q->store);
    q->store = NULL;
    if (!missions_forget(r->h->dir, &e) || !missions_open(r->h->dir, &q->store, &e) ||
        !missions_follow(q->store, r->journal, &e))
        set_failing(r, e.text);
}

bool recorder_missions_refer(void *ctx, const unsigned char sha256[32])
{
    struct recorder *r = ctx;
    char hex[64];
    struct buf hash = buf_over(hex, sizeof hex);
    bool need = true;
    struct err e;

    buf_hex(&hash, sha256, 32);
    /* What cannot be asked, and what is not yet applied, is kept. */
    return r->missions->failing || !missions_need_file(r->missions->store, buf_str(&hash), &need, &e) || need;
}

/* ---- who asks, and what may they ---------------------------------------- */

struct str mission_asked(const struct mission_deciding *d, enum field f)
{
    return fields_has(d->one, f) ? fields_get(d->one, f) : fields_get(d->asked, f);
}

static struct mission_asker asker(const struct mission_deciding *d)
{
    return (struct mission_asker){.user = mission_asked(d, FIELD_USER),
                                  .client = mission_asked(d, FIELD_MISSION_CREATOR),
                                  .claim = mission_asked(d, FIELD_MISSION_CLAIM)};
}

static bool may(struct mission_deciding *d, unsigned needs)
{
    unsigned lacks = needs & ~mission_role_may(d->role);

    if (!lacks)
        return true;
    return err_set(d->e, ERR_DENIED, "this needs %s in the mission, and your role is %s",
                   mission_permission_word(lacks & (~lacks + 1)),
                   d->role == MISSION_NOBODY ? "none: subscribe to it first" : mission_role_word(d->role));
}

/* ---- what each change needs --------------------------------------------- */

static bool has_room(struct mission_deciding *d, enum missions_what what, int64_t max, const char *things)
{
    int64_t n;

    if (!missions_count(d->q->store, what, d->x->id, &n, d->e))
        return false;
    return n < max || err_set(d->e, ERR_FULL, "the mission has %" PRId64 " %s already, which is the most there may be",
                              n, things);
}

static bool has(struct mission_deciding *d, enum missions_what what, struct str item, bool *is)
{
    return missions_has(d->q->store, what, d->x->id, item, is, d->e);
}

/* It must be there already. */
static bool need(struct mission_deciding *d, enum missions_what what, struct str item, const char *thing)
{
    bool is;

    if (!has(d, what, item, &is))
        return false;
    return is || err_set(d->e, ERR_MISSING, "the mission has no %s \"%.*s\"", thing,
                         (int)(item.len < 100 ? item.len : 100), item.at);
}

/* It may be there already, else there must be room. */
static bool fits(struct mission_deciding *d, enum missions_what what, struct str item, int64_t max)
{
    bool is;

    return has(d, what, item, &is) && (is || has_room(d, what, max, "of these"));
}

struct naming {
    struct str payload; /* FIELD_GROUP */
    bool taken;
};

static bool in_lines(struct str lines, struct str wanted)
{
    while (lines.len) {
        size_t end = str_find_byte(lines, '\n');

        if (str_eq(str_cut(lines, 0, end), wanted))
            return true;
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
    return false;
}

static bool see_same_name(void *ctx, const struct mission *x)
{
    struct naming *n = ctx;
    struct str rest = n->payload, value;
    enum field tag;

    while (x->deleted_ms == 0 && fields_next(&rest, &tag, &value))
        n->taken |= tag == FIELD_GROUP && in_lines(x->groups, value);
    return !n->taken;
}

static bool check_created(struct mission_deciding *d)
{
    struct str name = mission_asked(d, FIELD_MISSION_NAME);
    struct naming n = {.payload = d->one};
    int64_t count;

    if (!mission_name_fits(name, d->e) || !missions_count(d->q->store, MISSIONS_ALL, 0, &count, d->e) ||
        !missions_named(d->q->store, name, see_same_name, &n, d->e))
        return false;
    if (count >= MISSIONS_MAX)
        return err_set(d->e, ERR_FULL, "there are %d missions already: delete one first", MISSIONS_MAX);
    if (n.taken && !fields_has(d->one, FIELD_REF)) /* REF: a second one of that name is wanted */
        return err_set(d->e, ERR_DENIED, "there is a mission \"%.*s\" already", STR_ARG(name));
    return fields_has(d->one, FIELD_GROUP) || err_set(d->e, ERR_INPUT, "the mission would have no group");
}

static bool check_updated(struct mission_deciding *d)
{
    struct str role;

    d->q->next_expire_ms = 0; /* it may be over at once */
    if (fields_has(d->one, FIELD_GROUP) && !may(d, MISSION_MAY_UPDATE_GROUPS))
        return false;
    if (!mission_get_key(d->one, MISSION_DEFAULT_ROLE, &role))
        return true;
    return may(d, MISSION_MAY_SET_ROLE) &&
           (mission_role_covers(d->role, mission_role_of(role)) ||
            err_set(d->e, ERR_DENIED, "the default role would be more than your own"));
}

/* A device belongs to whoever speaks as it (session.c): nobody subscribes that of another user. */
enum whose { DEVICE_UNKNOWN, DEVICE_OWN, DEVICE_ANOTHERS };

static enum whose device_of(struct mission_deciding *d, struct str client)
{
    const struct hub_user *u;
    enum whose is = DEVICE_UNKNOWN;
    struct unit *x;

    hub_lock(d->r->h);
    x = units_find(&d->r->h->river->units, client);
    u = x && x->kind == UNIT_PRESENCE && x->holder ? hub_user(d->r->h, x->holder) : NULL;
    if (u)
        is = str_eq(str_from(u->name), mission_asked(d, FIELD_USER)) ? DEVICE_OWN : DEVICE_ANOTHERS;
    hub_unlock(d->r->h);
    return is;
}

struct finding {
    struct str client, user, id;
    struct mission_subscription found;
    char client_text[LIMIT_UID + 1], user_text[64], id_text[64];
    bool is;
};

static bool see_client(void *ctx, const struct mission_subscription *s)
{
    struct finding *f = ctx;

    if ((f->client.len && !str_eq(s->client, f->client)) || (f->user.len && !str_eq(s->user, f->user)))
        return true;
    (void)str_copy(f->client_text, sizeof f->client_text, s->client);
    (void)str_copy(f->user_text, sizeof f->user_text, s->user);
    (void)str_copy(f->id_text, sizeof f->id_text, s->id);
    f->found = (struct mission_subscription){str_from(f->client_text), str_from(f->user_text), str_from(f->id_text),
                                             s->role, s->made_ms, s->connected};
    f->is = true;
    return false;
}

static bool check_subscribed(struct mission_deciding *d)
{
    struct str client = mission_asked(d, FIELD_MISSION_CLIENT), user = mission_asked(d, FIELD_USER);
    struct finding f = {.client = client, .user = user};
    enum whose device = device_of(d, client);
    struct mission_asker a = {.user = user, .client = device == DEVICE_OWN ? client : (struct str){0}};
    enum mission_role invited, role = d->role;

    if (device == DEVICE_ANOTHERS)
        return err_set(d->e, ERR_DENIED, "the device %.*s is of another user",
                       (int)(client.len < 100 ? client.len : 100), client.at);
    if (!mission_invited_role(d->q->store, d->x, &a, &invited, d->e) ||
        !missions_subscriptions(d->q->store, d->x->id, see_client, &f, d->e))
        return false;
    if (invited != MISSION_NOBODY && !mission_role_covers(role, invited) && !d->x->password[0])
        role = invited;
    if (role == MISSION_NOBODY)
        return err_set(d->e, ERR_DENIED, d->x->password[0]
                                             ? "the mission has a password, and it was not given or is another one"
                                             : "the mission is for the invited only");
    if (f.is && mission_role_covers(f.found.role, role)) {
        role = f.found.role; /* who owns it must not lose that by coming back */
        d->nothing = f.found.connected;
        fields_put(&d->row, FIELD_MISSION_TOKEN, f.found.id); /* the first of a tag counts */
    }
    if (d->nothing)
        return true;
    fields_put(&d->row, FIELD_MISSION_ROLE, str_from(mission_role_word(role)));
    return fits(d, MISSIONS_SUBSCRIPTIONS, client, MISSION_SUBSCRIPTIONS_MAX);
}

static bool check_unsubscribed(struct mission_deciding *d)
{
    struct finding f = {.client = mission_asked(d, FIELD_MISSION_CLIENT)};

    if (!missions_subscriptions(d->q->store, d->x->id, see_client, &f, d->e))
        return false;
    if (!f.is)
        return err_set(d->e, ERR_MISSING, "there is no such subscription");
    return str_eq(f.found.user, mission_asked(d, FIELD_USER)) || may(d, MISSION_MAY_SET_ROLE);
}

static bool check_role(struct mission_deciding *d)
{
    struct finding f = {.client = fields_get(d->one, FIELD_MISSION_CLIENT),
                        .user = fields_get(d->one, FIELD_MISSION_USER)};
    enum mission_role role = mission_role_of(fields_get(d->one, FIELD_MISSION_ROLE));

    if (!missions_subscriptions(d->q->store, d->x->id, see_client, &f, d->e))
        return false;
    if (!f.is)
        return err_set(d->e, ERR_MISSING, "nobody has subscribed as that device or user");
    if (!mission_role_covers(d->role, role))
        return err_set(d->e, ERR_DENIED, "that role would be more than your own");
    if (f.client.len == 0)
        fields_put(&d->row, FIELD_MISSION_CLIENT, f.found.client);
    return true;
}

static bool check_uid_put(struct mission_deciding *d)
{
    struct str uid = fields_get(d->one, FIELD_UID);
    struct str cot;

    if (!fields_has(d->one, FIELD_MISSION_COT) && mission_latest(d->r, uid, &cot))
        fields_put(&d->row, FIELD_MISSION_COT, cot);
    return fits(d, MISSIONS_UIDS, uid, MISSION_ITEMS_MAX);
}

static bool see_last(void *ctx, const struct mission_item *i)
{
    struct mission_deciding *d = ctx;

    if (i->cot.len) /* so that the change shows what was there */
        fields_put(&d->row, FIELD_MISSION_COT, i->cot);
    if (i->hash.len) {
        mission_put_key(&d->row, MISSION_FILE_NAME, i->name);
        mission_put_key(&d->row, MISSION_FILE_MIME, i->mime);
    }
    if (i->external.len)
        mission_put_key(&d->row, MISSION_EXTERNAL_NAME, i->external_name);
    return true;
}

static bool check_removed(struct mission_deciding *d)
{
    enum missions_what what = d->change == MISSION_UID_REMOVED    ? MISSIONS_UIDS
                              : d->change == MISSION_FILE_REMOVED ? MISSIONS_FILES
                                                                  : MISSIONS_EXTERNAL;
    struct str item = fields_get(d->one, what == MISSIONS_FILES ? FIELD_SHA256 : FIELD_UID);

    return missions_item(d->q->store, what, d->x->id, item, see_last, d, d->e);
}

static bool check_file_put(struct mission_deciding *d)
{
    return fits(d, MISSIONS_FILES, fields_get(d->one, FIELD_SHA256), MISSION_ITEMS_MAX);
}

static bool check_external_put(struct mission_deciding *d)
{
    return fits(d, MISSIONS_EXTERNAL, fields_get(d->one, FIELD_UID), MISSION_EXTERNAL_MAX);
}

static bool check_external_told(struct mission_deciding *d)
{
    return need(d, MISSIONS_EXTERNAL, fields_get(d->one, FIELD_UID), "external data");
}

static bool check_uid_there(struct mission_deciding *d)
{
    return need(d, MISSIONS_UIDS, fields_get(d->one, FIELD_UID), "map item");
}

static bool check_file_there(struct mission_deciding *d)
{
    return need(d, MISSIONS_FILES, fields_get(d->one, FIELD_SHA256), "file");
}

static bool check_log_put(struct mission_deciding *d)
{
    return fits(d, MISSIONS_LOGS, fields_get(d->one, FIELD_UID), MISSION_LOGS_MAX);
}

static bool check_log_removed(struct mission_deciding *d)
{
    return need(d, MISSIONS_LOGS, fields_get(d->one, FIELD_UID), "log entry");
}

static bool check_maplayer_put(struct mission_deciding *d)
{
    return fits(d, MISSIONS_MAPLAYERS, fields_get(d->one, FIELD_UID), MISSION_MAPLAYERS_MAX);
}

static bool check_maplayer_removed(struct mission_deciding *d)
{
    return need(d, MISSIONS_MAPLAYERS, fields_get(d->one, FIELD_UID), "map layer");
}

/* Parent and neighbour are layers of the mission, and nothing comes below itself. */
static bool check_place(struct mission_deciding *d)
{
    struct str uid = fields_get(d->one, FIELD_UID), parent = fields_get(d->one, FIELD_MISSION_PARENT);
    struct str after = fields_get(d->one, FIELD_MISSION_AFTER);
    bool loops;

    if ((parent.len && !need(d, MISSIONS_LAYERS_OF, parent, "layer")) ||
        (after.len && !need(d, MISSIONS_LAYERS_OF, after, "layer")) ||
        !missions_would_loop(d->q->store, d->x->id, uid, parent, &loops, d->e))
        return false;
    return !loops || err_set(d->e, ERR_INPUT, "a layer cannot be below itself");
}

static bool check_layer_put(struct mission_deciding *d)
{
    return fits(d, MISSIONS_LAYERS_OF, fields_get(d->one, FIELD_UID), MISSION_LAYERS_MAX) && check_place(d);
}

static bool check_layer_moved(struct mission_deciding *d)
{
    return need(d, MISSIONS_LAYERS_OF, fields_get(d->one, FIELD_UID), "layer") && check_place(d);
}

static bool check_layer_there(struct mission_deciding *d)
{
    return need(d, MISSIONS_LAYERS_OF, fields_get(d->one, FIELD_UID), "layer");
}

static bool check_parent(struct mission_deciding *d)
{
    struct str parent = fields_get(d->one, FIELD_MISSION_PARENT);
    char up[MISSION_GUID_LEN + 1];

    (void)str_copy(up, sizeof up, parent);
    for (int i = 0; up[0]; i++) {
        if (i == PARENTS_MAX || strcmp(up, d->x->guid) == 0)
            return err_set(d->e, ERR_INPUT, "a mission cannot be below itself, nor more than %d deep", PARENTS_MAX);
        if (!missions_by_guid(d->q->store, str_from(up), i > 0, &d->q->other, d->e))
            return false;
        (void)str_copy(up, sizeof up, str_from(d->q->other.parent));
    }
    return true;
}

static bool check_invited(struct mission_deciding *d)
{
    enum mission_role role = mission_role_of(fields_get(d->one, FIELD_MISSION_ROLE));

    if (role == MISSION_NOBODY) {
        role = mission_default_role(d->x);
        fields_put(&d->row, FIELD_MISSION_ROLE, str_from(mission_role_word(role)));
    }
    if (!mission_role_covers(d->role, role))
        return err_set(d->e, ERR_DENIED, "that role would be more than your own");
    return has_room(d, MISSIONS_INVITATIONS, MISSION_INVITATIONS_MAX, "invitations");
}

/* Whoever may write, and the invited. */
static bool check_uninvited(struct mission_deciding *d)
{
    struct str type = fields_get(d->one, FIELD_MISSION_TYPE), who = fields_get(d->one, FIELD_MISSION_CLIENT);

    if ((str_eq(type, STR("userName")) && str_eq(who, mission_asked(d, FIELD_USER))) ||
        (str_eq(type, STR("clientUid")) && str_eq(who, mission_asked(d, FIELD_MISSION_CREATOR)) &&
         device_of(d, who) == DEVICE_OWN))
        return true;
    return may(d, MISSION_MAY_WRITE);
}

static bool (*const checks[MISSION_CHANGES])(struct mission_deciding *d) = {
    [MISSION_CREATED] = check_created,
    [MISSION_UPDATED] = check_updated,
    [MISSION_UID_KEYWORDS] = check_uid_there,
    [MISSION_FILE_KEYWORDS] = check_file_there,
    [MISSION_SUBSCRIBED] = check_subscribed,
    [MISSION_UNSUBSCRIBED] = check_unsubscribed,
    [MISSION_ROLE_SET] = check_role,
    [MISSION_UID_PUT] = check_uid_put,
    [MISSION_UID_REMOVED] = check_removed,
    [MISSION_FILE_PUT] = check_file_put,
    [MISSION_FILE_REMOVED] = check_removed,
    [MISSION_LOG_PUT] = check_log_put,
    [MISSION_LOG_REMOVED] = check_log_removed,
    [MISSION_LAYER_PUT] = check_layer_put,
    [MISSION_LAYER_NAMED] = check_layer_there,
    [MISSION_LAYER_MOVED] = check_layer_moved,
    [MISSION_LAYER_REMOVED] = check_layer_there,
    [MISSION_MAPLAYER_PUT] = check_maplayer_put,
    [MISSION_MAPLAYER_REMOVED] = check_maplayer_removed,
    [MISSION_EXTERNAL_PUT] = check_external_put,
    [MISSION_EXTERNAL_REMOVED] = check_removed,
    [MISSION_EXTERNAL_TOLD] = check_external_told,
    [MISSION_PARENT_SET] = check_parent,
    [MISSION_INVITED] = check_invited,
    [MISSION_UNINVITED] = check_uninvited,
};

/* ---- a row -------------------------------------------------------------- */

/* Everything that was asked, but for what only the asking needed. */
static void put_asked(struct buf *row, struct str payload, struct str but)
{
    enum field tag;
    struct str v;

    while (fields_next(&payload, &tag, &v))
        if (tag != FIELD_MISSION_ONE && tag != FIELD_MISSION_CLAIM && tag != FIELD_REF && !fields_has(but, tag))
            fields_put(row, tag, v);
}

static bool find_mission(struct mission_deciding *d)
{
    struct str guid = mission_asked(d, FIELD_MISSION);

    if (d->change != MISSION_CREATED)
        return missions_by_guid(d->q->store, guid, false, d->x, d->e);
    memset(d->x, 0, sizeof *d->x);
    (void)str_copy(d->x->guid, sizeof d->x->guid, guid);
    return true;
}

static bool no_room(struct mission_deciding *d)
{
    return err_set(d->e, ERR_FULL, "this is too much at once, or the disk is slow: ask for less, or again in a moment");
}

/* One change into the open batch and the projection, with what is told of it. */
static bool decide_one(struct mission_deciding *d)
{
    struct mission_asker a;
    struct entry *x;

    d->change = mission_change_of(fields_get(d->one, FIELD_MISSION_CHANGE));
    d->row = buf_over(d->q->row, MISSION_ROW_MAX);
    d->nothing = false;
    MUST(d->change != MISSION_NO_CHANGE); /* it was made by our own web thread */
    if (!find_mission(d))
        return false;
    d->role = MISSION_OWNER;
    a = asker(d);
    if (d->change != MISSION_CREATED && !d->own && !mission_find_role(d->q->store, d->x, &a, &d->role, d->e))
        return false;
    if (!may(d, mission_change_info(d->change)->needs) || (checks[d->change] && !checks[d->change](d)))
        return false;
    if (d->nothing)
        return true;
    put_asked(&d->row, d->one, (struct str){0});
    put_asked(&d->row, d->asked, d->one);
    if (d->change != MISSION_CREATED)
        fields_put(&d->row, FIELD_MISSION_NAME, str_from(d->x->name));
    if (d->row.full || d->row.len > JOURNAL_PAYLOAD_MAX ||
        !recorder_add(d->r, d->head, EV_MISSION_CHANGED, buf_str(&d->row), d->r->entry_count == d->first))
        return no_room(d);
    x = &d->r->entries[d->r->entry_count - 1];
    if (!missions_apply(d->q->store, x->seq, x->at_ms, x->payload, d->e) ||
        (d->change == MISSION_CREATED &&
         !missions_by_guid(d->q->store, str_from(d->x->guid), false, d->x, d->e)))
        return false;
    if (!d->own && fields_has(d->one, FIELD_MISSION_COT) && !mission_deliver(d, x))
        return no_room(d);
    return mission_tell(d, x) || no_room(d);
}

static bool decide_all(struct mission_deciding *d)
{
    struct str rest = d->asked, value;
    enum field tag;

    while (fields_next(&rest, &tag, &value)) {
        d->one = value;
        if (tag == FIELD_MISSION_ONE && !decide_one(d))
            return false;
    }
    return true;
}

bool mission_decide(struct mission_deciding *d)
{
    struct recorder *r = d->r;
    size_t bytes = r->backlog_len;

    d->first = r->entry_count;
    if (d->q->failing)
        return err_set(d->e, ERR_WORLD, "missions cannot be changed at the moment; nothing is lost, try again soon");
    if (!missions_mark(d->q->store, d->e)) {
        set_failing(r, d->e->text);
        return false;
    }
    if (decide_all(d) && missions_keep(d->q->store, d->e))
        return true;
    missions_undo(d->q->store);
    r->entry_count = d->first;
    r->backlog_len = bytes;
    if (d->e->kind == ERR_WORLD)
        set_failing(r, d->e->text);
    return false;
}

void recorder_mission(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct err e = {0};
    struct mission_deciding d = {.r = r, .q = r->missions, .head = head, .asked = payload, .x = &r->missions->at,
                                 .e = &e};
    struct answer_head done = {.request = head->request, .ok = true, .seq = journal_head(r->journal).seq};
    size_t end;

    if (!mission_decide(&d)) {
        recorder_refuse(r, head->request, &e);
        return;
    }
    if (r->entry_count == d.first) {
        recorder_answer(r, &done, ""); /* it is so already */
        return;
    }
    end = r->entry_count;
    r->entries[d.first].follow = (uint16_t)(end - d.first);
    for (size_t i = d.first; i < end; i++)
        if (r->entries[i].kind == EV_MISSION_CHANGED)
            recorder_from_phone(r, &r->entries[i]); /* an entry of a mission's log is one of the incident's */
}

/* ---- what time makes ----------------------------------------------------- */

struct expiring {
    int64_t now_s;
    char guid[MISSION_GUID_LEN + 1];
};

static bool see_expired(void *ctx, const struct mission *x)
{
    struct expiring *w = ctx;

    if (x->expiration <= 0 || x->expiration > w->now_s)
        return true;
    (void)str_copy(w->guid, sizeof w->guid, str_from(x->guid));
    return false;
}

void recorder_missions_second(struct recorder *r)
{
    struct recorder_missions *q = r->missions;
    struct ask_head head = {.ask = ASK_MISSION, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};
    int64_t now = clock_wall_ms();
    struct expiring w = {.now_s = now / 1000};
    char payload[512], one[128];
    struct buf b = buf_over(payload, sizeof payload), o = buf_over(one, sizeof one);
    struct err e = {0};
    struct mission_deciding d = {.r = r, .q = q, .head = &head, .x = &q->at, .own = true, .e = &e};

    if (q->failing && r->entry_count == 0)
        recorder_missions_commit(r);
    /* A clock that is set back puts it off by no more than that. */
    if (q->failing || (now < q->next_expire_ms && q->next_expire_ms - now <= CALL_MS))
        return;
    if (!missions_each(q->store, see_expired, &w, &e) || !w.guid[0]) {
        q->next_expire_ms = now + CALL_MS;
        return;
    }
    fields_put(&o, FIELD_MISSION_CHANGE, STR("deleted"));
    fields_put(&b, FIELD_MISSION, str_from(w.guid));
    fields_put(&b, FIELD_MISSION_CREATOR, str_from(r->h->server_uid));
    fields_put(&b, FIELD_REASON, STR("it expired"));
    fields_put(&b, FIELD_MISSION_ONE, buf_str(&o));
    d.asked = buf_str(&b);
    if (!mission_decide(&d))
        log_line(LOG_WARN, "missions.expire", "guid=%s reason=\"%s\"", w.guid, e.text);
}
