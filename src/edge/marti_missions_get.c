#include "edge/marti_missions.h"

#include "edge/watch.h"

#include <stdlib.h>

enum { CONTACT_UNITS = 64, CONTACT_BYTES = 512 * 1024 };

/* ---- missions ----------------------------------------------------------- */

struct listing {
    struct mission_call *c;
    struct buf *b;
    struct str tool;
    bool with_password;
    char (*guids)[MISSION_GUID_LEN + 1];
    size_t count;
};

static bool see_listed(void *ctx, const struct mission *x)
{
    struct listing *l = ctx;

    if ((x->password[0] && !l->with_password) || !str_eq(x->attribute[MISSION_TOOL], l->tool) || !call_sees(l->c, x))
        return true;
    (void)str_copy(l->guids[l->count++], sizeof *l->guids, str_from(x->guid));
    return l->count < MISSIONS_MAX;
}

static void put_listed(void *ctx, struct buf *b)
{
    struct listing *l = ctx;
    struct err e;

    buf_byte(b, '[');
    for (size_t i = 0; i < l->count && !b->full; i++) {
        struct mission_json j = {.c = l->c, .x = &l->c->other};

        if (missions_by_guid(l->c->m, str_from(l->guids[i]), false, &l->c->other, &e))
            put_mission(b, &j);
    }
    buf_byte(b, ']');
}

void mission_get_missions(struct mission_call *c)
{
    struct listing l = {.c = c, .with_password = call_flag(c, "passwordProtected", false)};
    struct err e;

    if (!call_text(c, "tool", MISSION_ATTRIBUTE_MAX, &l.tool))
        return;
    if (l.tool.len == 0)
        l.tool = STR("public");
    l.guids = c->more = malloc(MISSIONS_MAX * sizeof *l.guids);
    if (!l.guids)
        call_refuse(c, 503, "There is not enough memory; try again in a moment.");
    else if (!missions_each(c->m, see_listed, &l, &e))
        call_err(c, &e);
    else
        marti_data(c->r, "Mission", put_listed, &l);
}

/* The mission with what the query asks for. */
static bool fill(struct mission_call *c, struct mission_json *j)
{
    struct err e;

    *j = (struct mission_json){.c = c, .x = &c->x, .changes = call_flag(c, "changes", false),
                               .logs = call_flag(c, "logs", false)};
    if (marti_take_span(c->q, c->now, &j->span, &e))
        return true;
    call_err(c, &e);
    return false;
}

static void show_mission(struct mission_call *c)
{
    char text[MISSION_TOKEN_MAX];
    struct buf token = buf_over(text, sizeof text);
    struct mission_token t = {.kind = TOKEN_ACCESS, .guid = str_from(c->x.guid), .secret = str_from(c->x.password)};
    struct mission_json j;

    if (!call_may(c, MISSION_MAY_READ) || !fill(c, &j))
        return;
    if (c->password_ok) {
        mission_token_put(&c->w->missions->key, &t, &token);
        j.token = buf_str(&token);
    }
    marti_data(c->r, "Mission", put_missions_of, &j);
}

void mission_get_mission(struct mission_call *c)
{
    call_check_password(c, show_mission);
}

static void put_text(void *ctx, struct buf *b)
{
    buf_json(b, *(const struct str *)ctx);
}

static void show_token(struct mission_call *c)
{
    char text[MISSION_TOKEN_MAX];
    struct buf token = buf_over(text, sizeof text);
    struct mission_token t = {.kind = TOKEN_ACCESS, .guid = str_from(c->x.guid), .secret = str_from(c->x.password)};
    struct str s;

    if (!c->password_ok) {
        call_refuse(c, 403, c->x.password[0] ? "That is not the mission's password." : "The mission has no password.");
        return;
    }
    mission_token_put(&c->w->missions->key, &t, &token);
    s = buf_str(&token);
    c->r->status = 201;
    marti_data(c->r, "java.lang.String", put_text, &s);
}

void mission_get_token(struct mission_call *c)
{
    call_check_password(c, show_token);
}

static bool see_child(void *ctx, const struct mission *x)
{
    struct listing *l = ctx;

    if (!call_sees(l->c, x))
        return true;
    (void)str_copy(l->guids[l->count++], sizeof *l->guids, str_from(x->guid));
    return l->count < MISSIONS_MAX;
}

void mission_get_children(struct mission_call *c)
{
    struct listing l = {.c = c};
    struct err e;

    l.guids = c->more = malloc(MISSIONS_MAX * sizeof *l.guids);
    if (!l.guids)
        call_refuse(c, 503, "There is not enough memory; try again in a moment.");
    else if (!missions_children(c->m, str_from(c->x.guid), see_child, &l, &e))
        call_err(c, &e);
    else
        marti_data(c->r, "Mission", put_listed, &l);
}

static void put_one(void *ctx, struct buf *b)
{
    put_mission(b, ctx);
}

void mission_get_parent(struct mission_call *c)
{
    struct mission_json j = {.c = c, .x = &c->other};

    if (!c->x.parent[0])
        call_refuse(c, 404, "The mission has no parent.");
    else if (call_find(c, str_from(c->x.parent), true, &c->other))
        marti_data(c->r, "Mission", put_one, &j);
}

/* ---- people --------------------------------------------------------------- */

static void put_role_data(void *ctx, struct buf *b)
{
    put_role(b, *(const enum mission_role *)ctx);
}

void mission_get_role(struct mission_call *c)
{
    marti_data(c->r, "com.bbn.marti.sync.model.MissionRole", put_role_data, &c->role);
}

struct subscribers {
    struct mission_call *c;
    struct buf *b;
    struct str client;
    bool roles, found;
};

static bool see_own(void *ctx, const struct mission_subscription *s)
{
    struct subscribers *l = ctx;

    if (!str_eq(s->client, l->client) || !str_eq(s->user, str_from(l->c->q->client.name)))
        return true;
    l->found = true;
    if (l->b)
        put_subscription(l->b, l->c, s, NULL, true);
    return false;
}

static void put_own(void *ctx, struct buf *b)
{
    struct subscribers *l = ctx;
    struct err e;

    l->b = b;
    b->full |= !missions_subscriptions(l->c->m, l->c->x.id, see_own, l, &e);
}

void mission_get_subscription(struct mission_call *c)
{
    struct subscribers l = {.c = c};
    struct err e;

    if (!call_text(c, "uid", LIMIT_UID, &l.client))
        return;
    if (!missions_subscriptions(c->m, c->x.id, see_own, &l, &e))
        call_err(c, &e);
    else if (!l.found)
        call_refuse(c, 404, "This device has not subscribed to the mission.");
    else
        marti_data(c->r, "com.bbn.marti.sync.model.MissionSubscription", put_own, &l);
}

static bool see_subscriber(void *ctx, const struct mission_subscription *s)
{
    struct subscribers *l = ctx;

    if (l->roles)
        put_subscription(l->b, l->c, s, NULL, false);
    else
        put_member(l->b, NULL, s->client);
    return !l->b->full;
}

static void put_all(void *ctx, struct buf *b)
{
    struct subscribers *l = ctx;
    struct err e;

    l->b = b;
    buf_byte(b, '[');
    b->full |= !missions_subscriptions(l->c->m, l->c->x.id, see_subscriber, l, &e);
    buf_byte(b, ']');
}

void mission_get_subscriptions(struct mission_call *c)
{
    struct subscribers l = {.c = c};

    marti_data(c->r, "MissionSubscription", put_all, &l);
}

void mission_get_subscription_roles(struct mission_call *c)
{
    struct subscribers l = {.c = c, .roles = true};

    marti_data(c->r, "MissionSubscription", put_all, &l);
}

struct invited {
    struct mission_call *c;
    struct buf *b;
    int64_t mission; /* 0: all that the asker is meant by */
    struct str client, callsign;
    bool names;
};

static bool is_meant(const struct invited *l, const struct mission_invitation *i)
{
    if (l->mission)
        return true;
    if (str_eq(i->type, STR("userName")))
        return str_eq(i->invitee, str_from(l->c->q->client.name));
    if (str_eq(i->type, STR("clientUid")))
        return l->client.len && str_eq(i->invitee, l->client);
    if (str_eq(i->type, STR("callsign")))
        return l->callsign.len && str_eq(i->invitee, l->callsign);
    return str_eq(i->type, STR("group")) && marti_hears(&l->c->ears, i->invitee);
}

static bool see_invitation(void *ctx, const struct mission_invitation *i)
{
    struct invited *l = ctx;

    if (!is_meant(l, i))
        return true;
    if (l->names)
        put_member(l->b, NULL, i->mission_name);
    else
        put_invitation(l->b, l->c, i);
    return !l->b->full;
}

static void put_invited(void *ctx, struct buf *b)
{
    struct invited *l = ctx;
    struct err e;

    l->b = b;
    buf_byte(b, '[');
    b->full |= !missions_invitations(l->c->m, l->mission, see_invitation, l, &e);
    buf_byte(b, ']');
}

/* A device's uid tells whose invitations these are only when it is the asker's own device. */
static void show_invited(struct mission_call *c, bool names)
{
    struct invited l = {.c = c, .names = names};
    char callsign[LIMIT_CALLSIGN + 1] = "";
    const struct unit *x;

    if (!call_text(c, "clientUid", LIMIT_UID, &l.client))
        return;
    hub_lock(c->w->h);
    x = l.client.len ? units_find(&c->w->h->river->units, l.client) : NULL;
    if (x && x->kind == UNIT_PRESENCE && x->holder == c->q->client.user_id)
        (void)str_copy(callsign, sizeof callsign, x->callsign);
    else if (x && x->holder)
        l.client.len = 0;
    hub_unlock(c->w->h);
    l.callsign = str_from(callsign);
    marti_data(c->r, "MissionInvitation", put_invited, &l);
}

void mission_get_invitations(struct mission_call *c)
{
    show_invited(c, false);
}

void mission_get_all_invitations(struct mission_call *c)
{
    show_invited(c, true);
}

/* Their tokens are as good as an invitation: only for who could invite. */
void mission_get_mission_invitations(struct mission_call *c)
{
    struct invited l = {.c = c, .mission = c->x.id};

    if (call_may(c, MISSION_MAY_WRITE))
        marti_data(c->r, "MissionInvitation", put_invited, &l);
}

/* Devices that write into a group of the mission and are connected. */
struct contacts {
    struct mission_call *c;
    unsigned out_set;
    struct watch_unit *units;
    char *memory, *values;
};

static void put_contact(const struct contacts *l, const struct watch_unit *u, struct buf *b)
{
    struct buf values = buf_over(l->values, LIMIT_EVENT_IN);
    struct cot c = {0};

    if (!watch_parse(u, &values, &c))
        c = (struct cot){0};
    if (b->at[b->len - 1] != '[')
        buf_byte(b, ',');
    buf_byte(b, '{');
    put_member(b, "uid", u->uid);
    put_member(b, "callsign", u->callsign);
    put_member(b, "team", c.group.name);
    put_member(b, "role", c.group.role);
    put_member(b, "takv", c.takv.version);
    buf_put(b, STR(",\"notes\":\"\",\"filterGroups\":null}"));
}

static void put_contacts(void *ctx, struct buf *b)
{
    struct contacts *l = ctx;
    struct watch watch = {0};
    size_t n;

    buf_byte(b, '[');
    while (!b->full && (n = watch_next(l->c->w->h, &watch, l->units, CONTACT_UNITS, l->memory, CONTACT_BYTES)) > 0)
        for (size_t i = 0; i < n; i++)
            if (l->units[i].kind == UNIT_PRESENCE && l->units[i].online &&
                sets_hears(l->c->w->h->river->sets, (uint16_t)l->out_set, l->units[i].in_set))
                put_contact(l, &l->units[i], b);
    buf_byte(b, ']');
}

void mission_get_contacts(struct mission_call *c)
{
    struct contacts l = {.c = c};
    struct marti_ears groups = {0};
    struct str lines = c->x.groups;

    while (lines.len && groups.count < USER_GROUPS_MAX) {
        size_t end = str_find_byte(lines, '\n');

        if (marti_hears(&c->ears, str_cut(lines, 0, end)))
            (void)str_copy(groups.names[groups.count++], GROUP_NAME_MAX, str_cut(lines, 0, end));
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
    l.units = c->more = malloc(CONTACT_UNITS * sizeof *l.units + CONTACT_BYTES + LIMIT_EVENT_IN);
    if (!l.units) {
        call_refuse(c, 503, "There is not enough memory; try again in a moment.");
        return;
    }
    l.memory = (char *)(l.units + CONTACT_UNITS);
    l.values = l.memory + CONTACT_BYTES;
    hub_lock(c->w->h);
    l.out_set = marti_out_set(c->w, &groups);
    hub_unlock(c->w->h);
    marti_bare(c->r, put_contacts, &l);
}

/* ---- what is in it ---------------------------------------------------------- */

void mission_get_changes(struct mission_call *c)
{
    struct changes_json j = {.c = c, .span = {.mission = c->x.id, .squashed = call_flag(c, "squashed", true)}};
    struct marti_span span;
    struct err e;

    if (!marti_take_span(c->q, c->now, &span, &e)) {
        call_err(c, &e);
        return;
    }
    j.span.from_ms = span.from_ms;
    j.span.to_ms = span.to_ms;
    marti_data(c->r, "MissionChange", put_changes, &j);
}

struct event_list {
    struct mission_call *c;
    struct buf *b;
    uint64_t seq; /* of one change; 0: of all items as they are now */
};

static bool put_event(void *ctx, const struct mission_item *i)
{
    struct event_list *v = ctx;

    buf_put(v->b, i->cot);
    return !v->b->full;
}

static void put_events(void *ctx, struct buf *b)
{
    struct event_list *v = ctx;
    struct err e;
    bool ok;

    v->b = b;
    buf_put(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<events>"));
    if (v->seq)
        ok = missions_change(v->c->m, v->c->x.id, v->seq, put_event, v, &e);
    else
        ok = missions_items(v->c->m, MISSIONS_UIDS, v->c->x.id, put_event, v, &e);
    buf_put(b, STR("</events>"));
    b->full |= !ok;
}

void mission_get_cot(struct mission_call *c)
{
    struct event_list v = {.c = c};

    marti_text(c->r, "application/xml", put_events, &v);
}

static bool see_change(void *ctx, const struct mission_item *i)
{
    *(bool *)ctx = i->cot.len > 0;
    return false;
}

/* The event as it was when that change was made, however often it changed since. */
void mission_get_change_cot(struct mission_call *c)
{
    struct event_list v = {.c = c};
    bool has = false;
    int64_t seq;
    struct err e;

    if (!str_to_int(c->q->part[1], 1, INT64_MAX, &seq)) {
        call_refuse(c, 400, "A change is named by its id: ask for changes?ids=true.");
        return;
    }
    if (!missions_change(c->m, c->x.id, (uint64_t)seq, see_change, &has, &e) || !has) {
        call_refuse(c, 404, "The mission has no such change, or it is of no event.");
        return;
    }
    v.seq = (uint64_t)seq;
    marti_text(c->r, "application/xml", put_events, &v);
}

static void put_kml_text(struct buf *b, const char *element, struct str text)
{
    buf_fmt(b, "<%s>", element);
    buf_xml(b, text);
    buf_fmt(b, "</%s>", element);
}

static bool put_placemark(void *ctx, const struct mission_item *i)
{
    struct buf *b = ctx;

    if (!i->has_point)
        return true;
    buf_put(b, STR("<Placemark>"));
    put_kml_text(b, "name", i->callsign.len ? i->callsign : i->uid);
    put_kml_text(b, "description", i->type);
    buf_put(b, STR("<TimeStamp><when>"));
    marti_time(b, i->at_ms);
    buf_fmt(b, "</when></TimeStamp><Point><coordinates>%.9g,%.9g</coordinates></Point></Placemark>", i->lon, i->lat);
    return !b->full;
}

static void put_kml(void *ctx, struct buf *b)
{
    struct mission_call *c = ctx;
    struct err e;

    buf_put(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>"));
    put_kml_text(b, "name", str_from(c->x.name));
    put_kml_text(b, "description", c->x.attribute[MISSION_DESCRIPTION]);
    b->full |= !missions_items(c->m, MISSIONS_UIDS, c->x.id, put_placemark, b, &e);
    buf_put(b, STR("</Document></kml>"));
}

void mission_get_kml(struct mission_call *c)
{
    if (call_flag(c, "download", false))
        reply_header(c->r, "content-disposition", "attachment; filename=\"%s.kml\"", c->x.guid);
    marti_text(c->r, "application/vnd.google-earth.kml+xml", put_kml, c);
}

void mission_get_layers(struct mission_call *c)
{
    marti_data(c->r, "MissionLayer", put_layers, c);
}

void mission_get_log(struct mission_call *c)
{
    struct mission_json j;

    if (fill(c, &j))
        marti_data(c->r, "com.bbn.marti.sync.model.LogEntry", put_logs_of, &j);
}

struct entry_seen {
    struct mission_call *c;
    struct buf *b;
    bool found, may;
    char guid[MISSION_GUID_LEN + 1];
};

/* An entry of several missions is for who may read one of them. */
static bool see_entry(void *ctx, const struct mission_log *l)
{
    struct entry_seen *s = ctx;

    s->found = true;
    (void)str_copy(s->guid, sizeof s->guid, l->mission_guid);
    if (s->b)
        put_log(s->b, s->c, l);
    return false;
}

static void put_entry(void *ctx, struct buf *b)
{
    struct entry_seen *s = ctx;
    struct err e;

    s->b = b;
    buf_byte(b, '[');
    b->full |= !missions_logs(s->c->m, 0, s->c->q->part[0], see_entry, s, &e);
    buf_byte(b, ']');
}

void mission_get_log_entry(struct mission_call *c)
{
    struct entry_seen s = {.c = c};
    struct err e;

    if (!missions_logs(c->m, 0, c->q->part[0], see_entry, &s, &e))
        call_err(c, &e);
    else if (!s.found)
        call_refuse(c, 404, "There is no such log entry.");
    else if (call_find(c, str_from(s.guid), true, &c->x) && call_role(c) && call_may(c, MISSION_MAY_READ))
        marti_data(c->r, "com.bbn.marti.sync.model.LogEntry", put_entry, &s);
}
