#include "core/session.h"

#include "core/reply.h"
#include "core/sharing.h"

enum { VERSION_ROOM = 2048 }; /* what t-x-takp-v needs at most */

void session_init(struct session *s, uint32_t slot, uint32_t born)
{
    memset(s, 0, sizeof *s);
    s->slot = slot;
    s->born = born;
    s->unit = UNIT_NONE;
}

static void start_roster(struct session *s, const struct river *r)
{
    s->live_at = s->roster_from = ring_head(&r->live);
    s->roster_at = 0;
    s->roster_pass = 0;
    s->roster_done = s->lapped = false;
}

void session_join(struct session *s, struct river *r, const struct session_user *user, struct str version_uid)
{
    MUST(!s->live);
    s->user = *user;
    if (s->user.held)
        s->user.out_set = SETS_NOBODY;
    s->live = true;
    s->form = FORM_XML;
    s->must_at = ring_head(&r->must);
    s->must_seen = s->join_seq = r->published_seq;
    (void)str_copy(s->version_uid, sizeof s->version_uid, version_uid);
    start_roster(s, r);
    atomic_fetch_add_explicit(&r->listeners[FORM_XML], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->sessions, 1, memory_order_relaxed);
}

void session_regroup(struct session *s, struct river *r, uint16_t in_set, uint16_t out_set)
{
    s->user.in_set = in_set;
    s->user.out_set = s->user.held ? SETS_NOBODY : out_set;
    s->owe_groups = true;
    start_roster(s, r);
}

/* Its devices are marked or not, and those admitted are given what waits for them. */
static void mark_devices(struct session *s, struct river *r, const struct session_world *w)
{
    for (uint32_t i = 0; i < r->units.used; i++) {
        struct unit *x = units_at(&r->units, i);

        if (x->kind != UNIT_PRESENCE ||
            atomic_load_explicit(&r->units.conn[i], memory_order_relaxed) != session_handle(s))
            continue;
        x->unadmitted = s->user.held;
        units_touch(&r->units, x, true);
        if (!s->user.held)
            w->bound(w->ctx, s, x->uid, x->callsign);
    }
}

void session_set_user(struct session *s, struct river *r, const struct session_world *w, const struct session_user *u)
{
    bool was_held = s->user.held;

    s->user.relay = u->relay;
    s->user.held = u->held;
    session_regroup(s, r, u->in_set, u->out_set);
    if (was_held == u->held)
        return;
    s->must_at = ring_head(&r->must);
    s->must_seen = s->join_seq = r->published_seq;
    mark_devices(s, r, w);
}

void session_picture(struct session *s, const struct river *r)
{
    start_roster(s, r);
}

/* ------------------------------------------------------------- bytes in -- */

struct taking {
    struct session *s;
    struct river *r;
    const struct session_world *w;
    struct now now;
    struct river_event ev;
    int in_set; /* its audience */
};

static void refuse(struct taking *t, const char *reason)
{
    t->s->count.refused++;
    t->w->refused(t->w->ctx, t->s, reason);
}

static bool is_for_life(enum cot_class is)
{
    return is == CLASS_EMERGENCY || is == CLASS_EMERGENCY_CANCEL || is == CLASS_CASEVAC;
}

/* The sender's groups, or those of them that the event names; -1 when that is one
 * combination of groups too many. */
static int named_groups(struct taking *t)
{
    struct river *r = t->r;
    struct group_mask mask = {0};
    bool named = false;

    for (size_t i = 0; i < t->ev.routing.dest_count; i++) {
        const struct cot_dest *d = &t->ev.routing.dests[i];
        int group = d->kind == DEST_GROUP ? sets_find_group(r->sets, d->name) : -1;

        named |= d->kind == DEST_GROUP;
        if (group >= 0 && mask_has(&r->sets->in[t->s->user.in_set], group))
            mask_add(&mask, group);
    }
    if (!named || t->s->user.in_set == SETS_EVERYONE)
        return t->s->user.in_set;
    return sets_in_of(r->sets, &mask, (struct set_of){.agency = r->sets->in_of[t->s->user.in_set].agency});
}

/* The audience of a live event. Of a durable one it is known when its addressees are.  Who is in danger is heard by
 * his own groups when there is no place left for those that he names. */
static int audience(struct taking *t)
{
    int groups = named_groups(t);

    if (groups < 0 && is_for_life(t->ev.is))
        groups = t->s->user.in_set;
    if (groups < 0 || class_is_durable(t->ev.is) || river_addresses(&t->ev.routing))
        return groups;
    return sets_shared(t->r->sets, (uint16_t)groups, sharing_class(t->ev.is));
}

/* Its first device, unless that was deleted or another session holds it now. */
static bool owns_unit(const struct taking *t)
{
    return t->s->unit != UNIT_NONE &&
           atomic_load_explicit(&t->r->units.conn[t->s->unit], memory_order_relaxed) == session_handle(t->s);
}

/* Fields that every record event of a client starts with. */
static void put_origin(struct taking *t, struct buf *b)
{
    struct session *s = t->s;

    fields_put(b, FIELD_USER, str_from(s->user.name));
    if (owns_unit(t))
        fields_put(b, FIELD_FROM_UID, units_at(&t->r->units, s->unit)->uid);
}

static void record_conflict(struct taking *t, struct unit *x)
{
    struct buf b = river_area(t->r, AREA_PAYLOAD);

    if (x->conflict)
        return; /* told once, until somebody else holds it */
    x->conflict = true;
    units_touch(&t->r->units, x, true);
    put_origin(t, &b);
    fields_put(&b, FIELD_UID, x->uid);
    fields_put(&b, FIELD_CALLSIGN, x->callsign);
    fields_put_int(&b, FIELD_REF, x->holder);
    fields_put(&b, FIELD_CLAIMANT, str_from(t->s->user.name));
    (void)t->w->record(t->w->ctx, t->s, EV_UID_CONFLICT, buf_str(&b), 0);
}

static void record_bound(struct taking *t, struct unit *x)
{
    struct buf b = river_area(t->r, AREA_PAYLOAD);

    put_origin(t, &b);
    fields_put(&b, FIELD_UID, x->uid);
    fields_put(&b, FIELD_CALLSIGN, t->ev.cot.contact.callsign);
    (void)t->w->record(t->w->ctx, t->s, EV_UID_BOUND, buf_str(&b), 0);
}

static uint32_t uids_of(struct river *r, int64_t user)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->units.used; i++)
        n += r->units.list[i].kind == UNIT_PRESENCE && r->units.list[i].holder == user;
    return n;
}

static bool may_hold_more(struct taking *t)
{
    if (t->s->user.held)
        return uids_of(t->r, t->s->user.id) == 0; /* nobody vouches for it: itself, and nobody else */
    return t->s->user.relay || uids_of(t->r, t->s->user.id) < t->r->limits.uids_per_user;
}

/* A uid belongs to the user who holds it, on any of his certificates.  Somebody
 * else gets it when its holder is away and was not heard for a day; until
 * then it is a conflict: shown, and the event is relayed all the same, because
 * it may be a responder on a borrowed phone. */
static bool holder_is_gone(const struct taking *t, const struct unit *x)
{
    uint32_t index = units_index(&t->r->units, x);

    return atomic_load_explicit(&t->r->units.conn[index], memory_order_relaxed) == CONN_NONE && x->seen_mono_ms &&
           t->now.mono_ms - x->seen_mono_ms > RECORD_WAIT_MS;
}

/* Makes the session the one that x is reached by. false: refused. */
static bool bind(struct taking *t, struct unit *x)
{
    struct session *s = t->s;
    _Atomic uint64_t *conn = &t->r->units.conn[units_index(&t->r->units, x)];

    if (x->holder != s->user.id) {
        if (x->holder != 0 && !holder_is_gone(t, x)) {
            record_conflict(t, x);
            if (s->user.held)
                refuse(t, "it is not admitted yet and says that it is somebody else's device");
            return !s->user.held;
        }
        if (!may_hold_more(t)) {
            refuse(t, "this user speaks for too many devices already: a gateway needs a relay grant");
            return false;
        }
        x->holder = s->user.id;
        x->conflict = false;
        record_bound(t, x);
    }
    if (atomic_load_explicit(conn, memory_order_relaxed) != session_handle(s)) {
        /* What was put in for it until now comes with what it missed: entries of the
         * must ring from before may be for another unit that had this place. */
        atomic_store_explicit(&t->r->units.since[units_index(&t->r->units, x)], ring_head(&t->r->must),
                              memory_order_relaxed);
        s->must_seen = t->r->published_seq > s->must_seen ? t->r->published_seq : s->must_seen;
        atomic_store_explicit(conn, session_handle(s), memory_order_release);
        units_touch(&t->r->units, x, true);
        units_changed_who(&t->r->units);
        if (!s->user.held) /* what waits for the device is given to it when it is admitted */
            t->w->bound(t->w->ctx, s, x->uid, t->ev.cot.contact.callsign);
    }
    x->unadmitted = s->user.held;
    if (!owns_unit(t))
        s->unit = units_index(&t->r->units, x);
    x->incognito = s->incognito;
    return true;
}

/* Is it of a group that the sender hears or writes into? */
static bool may_touch(const struct taking *t, const struct unit *x)
{
    const struct session_user *u = &t->s->user;

    return sets_hears(t->r->sets, u->out_set, x->in_set) || sets_share(t->r->sets, u->in_set, x->in_set);
}

/* Why an event must not stand on the phones in the place of an open emergency or of
 * an object that its sender does not see; x: what has its uid now, if anything. */
static const char *intrusion(struct taking *t, const struct unit *x)
{
    const struct unit *alert = units_find_emergency(&t->r->units, t->ev.cot.uid);

    if (alert && alert->owner != river_owner(t->r, str_from(t->s->user.name)))
        return "its uid is that of somebody else's open emergency";
    if (x && x->kind == UNIT_OBJECT && !may_touch(t, x))
        return "its uid is that of an object of another group";
    if (x && x->kind == UNIT_PRESENCE && x->holder && t->s->user.input)
        return "its uid is that of a responder's device, for which no input speaks";
    return NULL;
}

static void take_presence(struct taking *t)
{
    struct unit *x = units_find(&t->r->units, t->ev.cot.uid);
    const char *no = intrusion(t, x);

    if (no) {
        refuse(t, no);
        return;
    }
    if (!x && !may_hold_more(t)) {
        refuse(t, "this user speaks for too many devices already: a gateway needs a relay grant");
        return;
    }
    x = x ? x : units_put(&t->r->units, t->ev.cot.uid, UNIT_PRESENCE);
    if (!x) {
        t->r->count.unit_refused++;
        refuse(t, "the table of units is full: raise units_max or wait until silent ones are forgotten");
        return;
    }
    if (x->kind != UNIT_PRESENCE)
        units_become(&t->r->units, x, UNIT_PRESENCE); /* it was a thing until it became reachable */
    if (!bind(t, x))
        return;
    river_put_live(t->r, x, &t->ev, t->s->slot, (uint16_t)t->in_set, t->now);
    if (t->s->unit == units_index(&t->r->units, x))
        t->s->cell = x->cell;
}

static void take_track(struct taking *t)
{
    const char *no = intrusion(t, units_find(&t->r->units, t->ev.cot.uid));
    struct unit *x;

    if (no) {
        refuse(t, no);
        return;
    }
    x = units_put(&t->r->units, t->ev.cot.uid, UNIT_TRACK);
    if (!x) {
        t->r->count.unit_refused++;
        refuse(t, "the table of units is full: raise units_max or wait until silent ones are forgotten");
        return;
    }
    if (x->kind == UNIT_PRESENCE && x->holder != t->s->user.id && !t->s->user.relay)
        record_conflict(t, x);
    river_put_live(t->r, x, &t->ev, t->s->slot, (uint16_t)t->in_set, t->now);
}

/* One addressee into the payload, once. */
static void put_to(struct taking *t, struct buf *b, struct str uid, size_t *count)
{
    struct str rest = buf_str(b), value;
    enum field tag;

    if (uid.len == 0 || *count >= LIMIT_DESTS)
        return;
    while (fields_next(&rest, &tag, &value))
        if (tag == FIELD_TO && str_eq(value, uid))
            return;
    fields_put(b, FIELD_TO, uid);
    (*count)++;
    if (t->ev.is == CLASS_CHAT && !str_eq(uid, str_from(t->r->server_uid))) {
        struct unit *x = units_find(&t->r->units, uid);

        if (!x || atomic_load_explicit(&t->r->units.conn[units_index(&t->r->units, x)],
                                       memory_order_relaxed) == CONN_NONE)
            fields_put(b, FIELD_OFFLINE, uid);
    }
}

/* A name that nobody has (yet) still makes the event addressed: it waits under
 * "kind/name" and is not spread to everybody. */
static void put_to_name(struct taking *t, struct buf *b, const char *kind, struct str name, size_t *count)
{
    char text[LIMIT_UID + 16];
    struct buf n = buf_over(text, sizeof text);

    buf_put(&n, str_from(kind));
    buf_byte(&n, '/');
    if (name.len > n.max - n.len)
        name.len = n.max - n.len; /* nobody has a name as long as that: still it is not for everybody */
    buf_put(&n, name);
    put_to(t, b, buf_str(&n), count);
}

/* What is life and death is never kept from those outside of a mission. */
static bool is_for_missions(const struct taking *t)
{
    if (t->ev.is == CLASS_EMERGENCY || t->ev.is == CLASS_EMERGENCY_CANCEL)
        return false;
    for (size_t i = 0; i < t->ev.routing.dest_count; i++)
        if (t->ev.routing.dests[i].kind == DEST_MISSION || t->ev.routing.dests[i].kind == DEST_MISSION_GUID)
            return true;
    return false;
}

static void put_dest(struct taking *t, struct buf *b, const struct cot_dest *d, size_t *count)
{
    uint32_t at = UNIT_NONE;
    bool found = false;

    switch (d->kind) {
    case DEST_UID:
        put_to(t, b, d->name, count);
        break;
    case DEST_CALLSIGN:
        while ((at = units_next_called(&t->r->units, d->name, at)) != UNIT_NONE) {
            put_to(t, b, units_at(&t->r->units, at)->uid, count);
            found = true;
        }
        if (!found)
            put_to_name(t, b, "callsign", d->name, count);
        break;
    case DEST_MISSION:
    case DEST_MISSION_GUID:
        if (is_for_missions(t))
            put_to_name(t, b, d->kind == DEST_MISSION ? "mission" : "mission-guid", d->name, count);
        break;
    case DEST_GROUP:
    case DEST_PUBLISH:
        break;
    }
}

/* Rooms that are everybody's: a member named so is no device. */
static bool is_open_room(struct str name)
{
    static const char *const rooms[] = {
        "All Chat Rooms", "All Streaming", "All Groups", "White",  "Yellow", "Orange", "Magenta",    "Red",
        "Maroon",         "Purple",        "Dark Blue",  "Blue",   "Cyan",   "Teal",   "Green",      "Dark Green",
        "Brown"};

    for (size_t i = 0; i < COUNTOF(rooms); i++)
        if (str_eq(name, str_from(rooms[i])))
            return true;
    return false;
}

/* A mission's chat room has its name for a member. */
static bool is_mission_room(const struct taking *t, struct str member)
{
    for (size_t i = 0; i < t->ev.routing.dest_count; i++)
        if (t->ev.routing.dests[i].kind == DEST_MISSION && str_eq(t->ev.routing.dests[i].name, member))
            return true;
    return false;
}

/* Chat goes to the union of marti/dest and the chatgrp members (tak.md 1.3).  How many
 * there are; 0: it is for all of its groups. */
static size_t put_addressees(struct taking *t, struct buf *b)
{
    const struct cot_routing *routing = &t->ev.routing;
    size_t count = 0;

    if (routing->to_all)
        return 0;
    for (size_t i = 0; i < routing->dest_count; i++)
        put_dest(t, b, &routing->dests[i], &count);
    if (!routing->is_chat || is_open_room(routing->chat_id))
        return count;
    for (size_t i = 1; i < routing->chat_member_count; i++)
        if (!is_open_room(routing->chat_members[i]) && !is_mission_room(t, routing->chat_members[i]))
            put_to(t, b, routing->chat_members[i], &count);
    if (count == 0) /* nobody but the sender is named: the room is a device, never everybody */
        put_to(t, b, routing->chat_id, &count);
    return count;
}

/* Groups and addressees into the payload, and the class of an event for all, which rules between
 * agencies are about; false when that is one combination too many. */
static bool put_audience(struct taking *t, struct buf *b)
{
    int shared;

    river_put_groups(t->r, (uint16_t)t->in_set, b);
    if (put_addressees(t, b) > 0)
        return true;
    shared = sets_shared(t->r->sets, (uint16_t)t->in_set, sharing_class(t->ev.is));
    if (shared < 0)
        return false;
    river_put_share(t->r, (uint16_t)shared, b);
    return true;
}

/* As it was written; from v1, where nothing was written, to a centimetre. */
static void put_number(struct buf *b, enum field tag, const struct cot_number *n)
{
    char text[32];
    struct buf t = buf_over(text, sizeof text);

    if (n->text.len == 0)
        buf_fmt(&t, "%.7f", n->value);
    fields_put(b, tag, n->text.len ? n->text : buf_str(&t));
}

static void put_details(struct taking *t, struct buf *b)
{
    const struct cot_routing *routing = &t->ev.routing;
    const struct cot *c = &t->ev.cot;

    fields_put(b, FIELD_UID, c->uid);
    fields_put(b, FIELD_TYPE, c->type);
    if (c->contact.callsign.len)
        fields_put(b, FIELD_CALLSIGN, c->contact.callsign);
    if (c->stale_ms)
        fields_put_int(b, FIELD_STALE_MS, c->stale_ms);
    if (c->has_point) {
        put_number(b, FIELD_LAT, &c->lat);
        put_number(b, FIELD_LON, &c->lon);
    }
    if (routing->link_uid.len)
        fields_put(b, FIELD_LINK_UID, routing->link_uid);
    if (routing->chat_message_id.len)
        fields_put(b, FIELD_MESSAGE_ID, routing->chat_message_id);
    if (routing->is_chat) {
        fields_put(b, FIELD_ROOM_ID, routing->chat_id);
        fields_put(b, FIELD_ROOM, routing->chat_room);
        if (!c->contact.callsign.len && routing->chat_sender.len)
            fields_put(b, FIELD_CALLSIGN, routing->chat_sender);
        if (routing->chat_member_count)
            fields_put(b, FIELD_CLAIMANT, routing->chat_members[0]);
    }
    if (routing->remarks.len)
        fields_put(b, FIELD_TEXT, routing->remarks);
    if (routing->has_emergency) {
        fields_put(b, FIELD_SUB_TYPE, routing->emergency_type);
        fields_put(b, FIELD_NAME, routing->emergency_text);
    }
    if (routing->fileshare_name.len)
        fields_put(b, FIELD_NAME, routing->fileshare_name);
    if (routing->fileshare_size.len)
        fields_put(b, FIELD_SIZE, routing->fileshare_size);
    if (routing->fileshare_sha256.len)
        fields_put(b, FIELD_SHA256, routing->fileshare_sha256);
}

/* The event as it is delivered, in the form it came in. */
static void put_event(struct taking *t, struct buf *b)
{
    struct river_event *ev = &t->ev;
    struct buf stripped = river_area(t->r, AREA_PAYLOAD_2);

    if (!ev->cot.from_proto) {
        if (cot_has_dest(&ev->cot))
            cot_to_xml_stripped(&ev->cot, &stripped);
        else
            cot_to_xml(&ev->cot, &stripped);
        fields_put(b, FIELD_EVENT_XML, buf_str(&stripped));
    } else if (!cot_has_dest(&ev->cot)) {
        fields_put(b, FIELD_EVENT_PROTO, ev->proto);
    } else if (tak_encode(&ev->cot, true, &stripped)) {
        struct framer f = {0};
        struct frame frame = frame_next(&f, buf_str(&stripped), LIMIT_EVENT_IN);

        fields_put(b, FIELD_EVENT_PROTO, frame.body);
    } else {
        b->full = true;
    }
    b->full |= stripped.full;
}

static enum event_id kind_of(enum cot_class is)
{
    switch (is) {
    case CLASS_CHAT: return EV_CHAT_SAID;
    case CLASS_RECEIPT: return EV_CHAT_RECEIPT;
    case CLASS_EMERGENCY: return EV_EMERGENCY_RAISED;
    case CLASS_EMERGENCY_CANCEL: return EV_EMERGENCY_CANCELLED;
    case CLASS_CASEVAC: return EV_CASEVAC_SENT;
    case CLASS_OBJECT: return EV_OBJECT_PUT;
    case CLASS_DELETE: return EV_OBJECT_DELETED;
    case CLASS_FILE: return EV_FILE_OFFERED;
    case CLASS_FILE_ANSWER: return EV_FILE_ANSWERED;
    case CLASS_TASK: return EV_TASK_SENT;
    case CLASS_PING:
    case CLASS_NEGOTIATE:
    case CLASS_CONSUMED:
    case CLASS_INCOGNITO_ON:
    case CLASS_INCOGNITO_OFF:
    case CLASS_PRESENCE:
    case CLASS_TRACK:
    case CLASS_PASS:
    case CLASS_COUNT: break;
    }
    return EV_NONE;
}

/* What a durable event may not do to a responder's own device or alert. */
static const char *objection(struct taking *t, const struct unit *own, const struct unit *target)
{
    const struct unit *alert = units_find_emergency(&t->r->units, t->ev.cot.uid);
    int64_t me = t->s->user.id;

    if (own && own->kind == UNIT_PRESENCE && own->holder != me && t->ev.is == CLASS_OBJECT &&
        !str_starts(t->ev.cot.type, STR("a-")))
        return "its uid is that of a responder's device: a drawing needs a uid of its own";
    if (t->ev.is == CLASS_DELETE && target && target->kind == UNIT_PRESENCE && target->holder != me)
        return "only a device itself may take itself off the map";
    if (t->ev.is == CLASS_OBJECT && intrusion(t, own))
        return intrusion(t, own);
    if (t->ev.is == CLASS_DELETE && units_find_emergency(&t->r->units, t->ev.routing.link_uid))
        return "an open emergency ends by its cancel";
    if (t->ev.is == CLASS_DELETE && target && target->kind != UNIT_PRESENCE && !may_touch(t, target))
        return "what it deletes belongs to another group";
    if (t->ev.is == CLASS_EMERGENCY_CANCEL && alert &&
        alert->owner != river_owner(t->r, str_from(t->s->user.name)))
        return "only who raised an emergency may cancel it; the command post acknowledges it";
    return NULL;
}

/* A sender who is not who he says he is: shown, never silenced. */
static void check_sender(struct taking *t)
{
    const struct cot_routing *routing = &t->ev.routing;
    struct str claimed = routing->is_chat && routing->chat_member_count ? routing->chat_members[0]
                         : t->ev.is == CLASS_EMERGENCY                  ? routing->link_uid
                                                                        : (struct str){0};
    struct unit *x = claimed.len ? units_find(&t->r->units, claimed) : NULL;

    if (x && x->kind == UNIT_PRESENCE && x->holder && x->holder != t->s->user.id && !t->s->user.relay)
        record_conflict(t, x);
}

/* Of a mission's items all is kept, whatever they are elsewhere; what is there for people keeps its kind. */
static enum event_id kind_for_missions(enum cot_class is)
{
    enum event_id kind = kind_of(is);

    return kind == EV_NONE || kind == EV_OBJECT_PUT || kind == EV_OBJECT_DELETED ? EV_DIRECTED : kind;
}

static void take_durable(struct taking *t)
{
    struct river *r = t->r;
    bool missions = is_for_missions(t), deletes = t->ev.is == CLASS_DELETE && !missions;
    enum event_id kind = missions ? kind_for_missions(t->ev.is) : kind_of(t->ev.is);
    struct unit *own = units_find(&r->units, t->ev.cot.uid);
    struct unit *target = t->ev.routing.link_uid.len ? units_find(&r->units, t->ev.routing.link_uid) : NULL;
    /* What is taken out of a mission stays where it is elsewhere. */
    const char *no = missions && t->ev.is == CLASS_DELETE ? NULL : objection(t, own, target);
    bool alert = t->ev.is == CLASS_EMERGENCY || t->ev.is == CLASS_EMERGENCY_CANCEL;
    struct buf b;
    uint64_t ticket = 0;

    if (no) {
        refuse(t, no);
        return;
    }
    check_sender(t);
    b = river_area(r, AREA_PAYLOAD);
    put_origin(t, &b);
    put_details(t, &b);
    if (!put_audience(t, &b)) {
        refuse(t, "too many combinations of groups are in use for the ones it names");
        return;
    }
    put_event(t, &b);
    if (b.full) {
        refuse(t, "it is too long to be recorded");
        return;
    }
    if (alert)
        ticket = river_fly(r, kind, buf_str(&b), t->s->slot, t->now);
    if (!t->w->record(t->w->ctx, t->s, kind, buf_str(&b), ticket)) {
        if (!alert) {
            refuse(t, "the record cannot keep up or its disk is full: nothing was relayed");
            return;
        }
        if (ticket) /* life first: it goes out by the 100 ms rule all the same */
            river_unasked(r, ticket);
        else
            refuse(t, "the record cannot keep up: this emergency was relayed without being recorded");
    }
    if (alert && !ticket)
        river_relay(r, kind, buf_str(&b), t->s->slot, t->now);
    /* Of something unknown, too: a report of it that comes next must not overtake. */
    if (deletes && !target && t->ev.routing.link_uid.len) {
        if (units_has_room(&r->units))
            target = units_put(&r->units, t->ev.routing.link_uid, UNIT_TRACK);
        r->count.unit_refused += !target;
    }
    if (deletes && target) {
        target->pending++;
        target->doomed |= target->held; /* what waits for an earlier delete is deleted, too */
        target->held = false;
    }
}

static void negotiate(struct taking *t)
{
    struct session *s = t->s;

    if (s->form != FORM_XML || s->owe_response)
        return;
    s->owe_response = true;
    s->response_ok = str_eq(t->ev.routing.tak_version, STR("1"));
    (void)str_copy(s->asked_uid, sizeof s->asked_uid, t->ev.cot.uid);
}

static void set_incognito(struct taking *t, bool on)
{
    t->s->incognito = on;
    if (owns_unit(t))
        units_at(&t->r->units, t->s->unit)->incognito = on;
}

bool bucket_spend(struct bucket *b, double per_s, double burst, struct now now)
{
    b->left = b->at_ms ? b->left + (double)(now.mono_ms - b->at_ms) * per_s / 1000 : burst;
    b->left = b->left > burst ? burst : b->left;
    b->at_ms = now.mono_ms ? now.mono_ms : 1;
    if (b->left < 1)
        return false;
    b->left -= 1;
    return true;
}

static bool is_within_rate(struct taking *t)
{
    bool relay = t->s->user.relay || t->s->user.input; /* which has a rate of its own */
    double events = relay ? LIMIT_RELAY_EVENTS_S : LIMIT_EVENTS_S;
    double durable = relay ? LIMIT_RELAY_DURABLE_S : LIMIT_DURABLE_S;

    if (!bucket_spend(&t->s->events, events, relay ? 2 * events : LIMIT_EVENTS_BURST, t->now))
        return false;
    return !(class_is_durable(t->ev.is) || (t->ev.is >= CLASS_PRESENCE && is_for_missions(t))) ||
           bucket_spend(&t->s->durable, durable, relay ? 2 * durable : LIMIT_DURABLE_BURST, t->now);
}

/* What is taken from a device that nobody has admitted: who and where it is, what it says, calls for help. */
static bool is_heard_held(enum cot_class is)
{
    switch (is) {
    case CLASS_PING:
    case CLASS_NEGOTIATE:
    case CLASS_CONSUMED:
    case CLASS_INCOGNITO_ON:
    case CLASS_INCOGNITO_OFF:
    case CLASS_PRESENCE:
    case CLASS_CHAT:
    case CLASS_EMERGENCY:
    case CLASS_EMERGENCY_CANCEL:
    case CLASS_CASEVAC: return true;
    case CLASS_TRACK:
    case CLASS_PASS:
    case CLASS_RECEIPT:
    case CLASS_OBJECT:
    case CLASS_DELETE:
    case CLASS_FILE:
    case CLASS_FILE_ANSWER:
    case CLASS_TASK:
    case CLASS_COUNT: break;
    }
    return false;
}

static void take_event(struct taking *t)
{
    t->s->count.events_in++;
    t->r->count.events_in++;
    if (t->s->user.held && !is_heard_held(t->ev.is)) {
        refuse(t, "its device is not admitted yet: only its own position, chat and calls for help are taken");
        return;
    }
    if (!is_within_rate(t)) {
        refuse(t, "it sends more events than a device may: a gateway needs a relay grant");
        return;
    }
    t->in_set = audience(t);
    if (t->in_set < 0) {
        refuse(t, "too many combinations of groups are in use for the ones it names");
        return;
    }
    switch (t->ev.is) {
    case CLASS_PING:
        t->s->pongs = t->s->pongs < SESSION_PONGS_MAX ? (uint8_t)(t->s->pongs + 1) : t->s->pongs;
        break;
    case CLASS_NEGOTIATE: negotiate(t); break;
    case CLASS_CONSUMED: break;
    case CLASS_INCOGNITO_ON: set_incognito(t, true); break;
    case CLASS_INCOGNITO_OFF: set_incognito(t, false); break;
    case CLASS_PRESENCE:
        if (t->s->user.input)
            take_track(t);
        else
            take_presence(t);
        if (is_for_missions(t))
            take_durable(t);
        break;
    case CLASS_TRACK:
        if (is_for_missions(t))
            take_durable(t);
        else
            take_track(t);
        break;
    case CLASS_PASS:
        if (is_for_missions(t))
            take_durable(t);
        else
            river_put_live(t->r, NULL, &t->ev, t->s->slot, (uint16_t)t->in_set, t->now);
        break;
    case CLASS_CHAT:
    case CLASS_RECEIPT:
    case CLASS_EMERGENCY:
    case CLASS_EMERGENCY_CANCEL:
    case CLASS_CASEVAC:
    case CLASS_OBJECT:
    case CLASS_DELETE:
    case CLASS_FILE:
    case CLASS_FILE_ANSWER:
    case CLASS_TASK: take_durable(t); break;
    case CLASS_COUNT: MUST(!"a class");
    }
}

/* A wrong name or password in <auth> is no concern here: the certificate or
 * the port's own grant decided who this is. */
static bool is_auth(struct str xml)
{
    return str_starts(xml, STR("<auth"));
}

static void take_unit(struct taking *t, struct str xml, struct str proto)
{
    const char *no;
    struct err why;

    if (!river_parse(t->r, xml, proto, &t->ev, &why)) {
        refuse(t, why.text);
        return;
    }
    no = t->w->objects ? t->w->objects(t->w->ctx, t->s, &t->ev) : NULL;
    if (no)
        refuse(t, no);
    else
        take_event(t);
}

bool session_feed(struct session *s, struct river *r, const struct session_world *w, struct str in, size_t *used,
                  struct now now, struct err *e)
{
    struct taking t = {.s = s, .r = r, .w = w, .now = now};

    *used = 0;
    for (;;) {
        struct frame f = frame_next(&s->framer, str_from_at(in, *used), LIMIT_EVENT_IN);

        *used += f.used;
        switch (f.is) {
        case FRAME_MORE: return true;
        case FRAME_BAD:
            return err_set(e, ERR_INPUT, "an event is longer than %d bytes or its frame is damaged",
                           LIMIT_EVENT_IN);
        case FRAME_JUNK:
            s->count.junk++;
            refuse(&t, "bytes that are no event");
            continue;
        case FRAME_XML:
        case FRAME_PROTO: break;
        }
        if (f.is == FRAME_XML && is_auth(f.body))
            continue;
        take_unit(&t, f.is == FRAME_XML ? f.body : (struct str){0}, f.is == FRAME_PROTO ? f.body : (struct str){0});
    }
}

void session_take(struct session *s, struct river *r, const struct session_world *w, struct str xml, struct str proto,
                  struct now now)
{
    struct taking t = {.s = s, .r = r, .w = w, .now = now};

    take_unit(&t, xml, proto);
}

/* ------------------------------------------------------------ bytes out -- */

static bool has_room(const struct buf *out, size_t n)
{
    return out->max - out->len >= n;
}

/* A reply of the server's own making in the client's form. */
static void put_reply(struct session *s, const struct cot *c, struct buf *out)
{
    if (s->form == FORM_XML)
        cot_to_xml(c, out);
    else if (!tak_encode(c, false, out))
        out->full = true;
}

static void gather_replies(struct session *s, struct river *r, struct buf *out, struct now now)
{
    struct cot c;

    for (; s->pongs; s->pongs--) {
        reply_pong(&c, now.wall_ms);
        put_reply(s, &c, out);
    }
    if (s->owe_response) {
        reply_response(&c, str_from(s->asked_uid), s->response_ok, now.wall_ms);
        put_reply(s, &c, out);
        s->owe_response = false;
        if (s->response_ok) { /* every byte after this one is v1 */
            s->form = FORM_PROTO;
            atomic_fetch_add_explicit(&r->listeners[FORM_PROTO], 1, memory_order_relaxed);
            atomic_fetch_sub_explicit(&r->listeners[FORM_XML], 1, memory_order_relaxed);
        }
    }
    if (s->owe_groups) {
        reply_groups(&c, str_from(s->version_uid), now.wall_ms);
        put_reply(s, &c, out);
        s->owe_groups = false;
    }
}

/* Version 1 is offered behind the picture, or behind the first portion of a large one: whoever
 * takes it gets the rest in a third of the bytes. */
static void gather_version(struct session *s, struct buf *out, struct now now)
{
    char text[512];
    struct buf detail = buf_over(text, sizeof text);
    bool begun = s->roster_done || s->roster_pass > 0 || s->roster_at > 0;
    struct cot c;

    if (s->version_sent || !begun || !has_room(out, VERSION_ROOM))
        return;
    s->version_sent = true;
    if (s->form != FORM_XML)
        return; /* it asked before it was offered */
    reply_version(&c, str_from(s->version_uid), now.wall_ms, &detail);
    put_reply(s, &c, out);
}

static bool is_among(const struct session *s, const struct river *r, uint64_t seq)
{
    const struct ring_cold *c = ring_cold(&r->must, seq);
    const uint32_t *to = r->must.to + c->to_off;

    for (uint32_t i = 0; i < c->to_count; i++)
        if (atomic_load_explicit(&r->units.conn[to[i]], memory_order_acquire) == session_handle(s) &&
            seq >= atomic_load_explicit(&r->units.since[to[i]], memory_order_relaxed))
            return true;
    return false;
}

/* The bytes of an entry in the other form than the one it has, converted under
 * the lock: only for the few that arrived before anybody listened to the form. */
static bool convert(struct session *s, struct river *r, const struct session_world *w, struct str bytes,
                    enum wire_form from, struct buf *out)
{
    struct river_event ev;
    struct framer f = {0};
    struct frame frame;
    struct err e;
    bool fits = true;

    w->lock(w->ctx);
    frame = frame_next(&f, bytes, LIMIT_EVENT_IN);
    if (river_parse(r, from == FORM_XML ? bytes : (struct str){0},
                    from == FORM_PROTO ? frame.body : (struct str){0}, &ev, &e)) {
        river_forms(r, &ev, true);
        fits = has_room(out, ev.form[s->form].len);
        if (fits)
            buf_put(out, ev.form[s->form]);
    }
    w->unlock(w->ctx);
    return fits;
}

/* One ring entry into out; false when it does not fit (nothing is written then). */
static bool put_entry(struct session *s, struct river *r, const struct session_world *w, const struct ring *ring,
                      uint64_t seq, struct buf *out)
{
    const struct ring_cold *c = ring_cold(ring, seq);
    enum wire_form other = s->form == FORM_XML ? FORM_PROTO : FORM_XML;
    uint16_t held = s->form == FORM_XML ? RING_HELD_XML : RING_HELD_PROTO;

    if (ring_hot(ring, seq)->flags & held) {
        s->count.held_back++;
        return true;
    }
    if (c->len[s->form] == 0)
        return c->len[other] == 0 || convert(s, r, w, ring_bytes(ring, c, other), other, out);
    if (!has_room(out, c->len[s->form]))
        return false;
    buf_put(out, ring_bytes(ring, c, s->form));
    s->count.delivered++;
    return true;
}

/* Is it for those of a group who hear nothing of another one? */
static bool is_spared(const struct session *s, const struct river *r, const struct ring_hot *h)
{
    return h->flags & RING_LESS && sets_hears(r->sets, s->user.out_set, (uint16_t)h->cell);
}

static enum gather gather_must(struct session *s, struct river *r, const struct session_world *w,
                               struct buf *out)
{
    const struct ring *ring = &r->must;
    uint64_t head = ring_head(ring);
    size_t begin = out->len;
    uint64_t first = s->must_at;

    for (; s->must_at < head; s->must_at++) {
        const struct ring_hot *h = ring_hot(ring, s->must_at);
        const struct ring_cold *c = ring_cold(ring, s->must_at);

        if (ring_lapped(ring, s->must_at))
            break;
        if (h->sender != s->slot && sets_hears(r->sets, s->user.out_set, h->in_set) && !is_spared(s, r, h) &&
            (!(h->flags & RING_ADDRESSED) || is_among(s, r, s->must_at)) && !put_entry(s, r, w, ring, s->must_at, out))
            break;
        s->must_seen = c->journal_seq > s->must_seen ? c->journal_seq : s->must_seen;
    }
    if (first < head && ring_lapped(ring, first)) {
        out->len = begin;
        return GATHER_LAPPED;
    }
    return s->must_at < head ? GATHER_FULL : GATHER_DONE;
}

/* Is it the end of what is there again?  The picture has that already, and the end
 * would take it off the phone. */
static bool is_outlived(struct river *r, const struct session_world *w, struct str bytes, enum wire_form form)
{
    struct river_event ev;
    struct framer f = {0};
    struct frame frame;
    struct err e;
    bool outlived = false;

    w->lock(w->ctx);
    frame = frame_next(&f, bytes, LIMIT_EVENT_IN);
    if (river_parse(r, form == FORM_XML ? bytes : (struct str){0}, form == FORM_PROTO ? frame.body : (struct str){0},
                    &ev, &e))
        outlived = (ev.is == CLASS_DELETE && units_find(&r->units, ev.routing.link_uid)) ||
                   (ev.is == CLASS_EMERGENCY_CANCEL && units_find_emergency(&r->units, ev.cot.uid));
    w->unlock(w->ctx);
    return outlived;
}

/* What it missed while it was away; a list of whole events of either form. */
static enum gather gather_extra(struct session *s, struct river *r, const struct session_world *w,
                                struct buf *out)
{
    while (s->extra.len >= SESSION_EXTRA_HEAD) {
        const unsigned char *u = (const unsigned char *)s->extra.at;
        enum wire_form form = u[0] ? FORM_PROTO : FORM_XML;
        size_t len = (size_t)u[9] << 24 | (size_t)u[10] << 16 | (size_t)u[11] << 8 | u[12];
        struct str bytes;

        MUST(len <= s->extra.len - SESSION_EXTRA_HEAD);
        bytes = str_cut(s->extra, SESSION_EXTRA_HEAD, SESSION_EXTRA_HEAD + len);
        if (is_outlived(r, w, bytes, form)) {
            s->extra = str_from_at(s->extra, SESSION_EXTRA_HEAD + len);
            continue;
        }
        if (form != s->form) {
            if (!convert(s, r, w, bytes, form, out))
                return GATHER_FULL;
        } else if (len <= LIMIT_EVENT_OUT) {
            if (!has_room(out, len))
                return GATHER_FULL;
            buf_put(out, bytes);
        }
        s->count.delivered++;
        s->extra = str_from_at(s->extra, SESSION_EXTRA_HEAD + len);
    }
    return GATHER_DONE;
}

/* What decides whether a live entry is for this session. */
struct filter {
    bool conflate, floors, near_only;
};

static struct filter filter_for(const struct session *s, const struct river *r)
{
    return (struct filter){
        .conflate = s->slow || s->lag_ms > SESSION_LAG_MS,
        .floors = atomic_load_explicit(&r->units.floor_max, memory_order_acquire) > s->live_at,
        .near_only = r->limits.interest_from && s->cell &&
                     atomic_load_explicit(&r->sessions, memory_order_relaxed) >= r->limits.interest_from,
    };
}

/* Is it left to the next report that goes to all, as it is far away? */
static bool is_too_far(const struct session *s, struct filter f, const struct ring_hot *h)
{
    return f.near_only && !(h->flags & RING_FAR) && !cells_are_near(h->cell, s->cell);
}

/* Does it come with one of its next reports anyway, as far units do?  Whoever fell behind has
 * the picture, a little older; were all of it sent again, a busy server with thousands of
 * phones would never catch up. */
static bool is_left_far(const struct session *s, const struct river *r, struct filter f, const struct unit *x)
{
    bool moves = x->kind == UNIT_PRESENCE || x->kind == UNIT_TRACK;

    return s->lapped && f.near_only && moves && x->updates > r->limits.far_every && !cells_are_near(x->cell, s->cell);
}

/* Does this unit belong into the newcomer's picture in this pass? */
static bool is_in_roster(const struct session *s, const struct river *r, struct filter f, uint32_t i)
{
    const struct unit *x = &r->units.list[i];
    uint64_t newest = atomic_load_explicit(&r->units.newest[i], memory_order_relaxed);

    if (x->kind == UNIT_FREE || !x->latest || x->addressed || x->incognito)
        return false;
    if (x->held || x->doomed)
        return false; /* comes behind the delete that it waits for */
    if ((x->kind == UNIT_EMERGENCY) != (s->roster_pass == 0) || is_left_far(s, r, f, x))
        return false;
    if (newest > s->roster_from && x->kind != UNIT_OBJECT && x->kind != UNIT_EMERGENCY &&
        !is_too_far(s, f, ring_hot(&r->live, newest - 1)))
        return false; /* comes with the positions anyway, and newer */
    if (atomic_load_explicit(&r->units.conn[i], memory_order_relaxed) == session_handle(s))
        return false;
    return sets_hears(r->sets, s->user.out_set, x->in_set);
}

/* The kept event of a unit; false when it does not fit. Under the lock. */
static bool put_kept(struct session *s, struct river *r, struct unit *x, struct buf *out)
{
    struct str kept = str_of(x->latest, x->latest_len);
    struct river_event ev;
    struct framer f = {0};
    struct frame frame;
    struct err e;

    if (x->form != s->form && x->other_fresh) {
        kept = str_of(x->other, x->other_len);
    } else if (x->form != s->form) {
        frame = frame_next(&f, kept, LIMIT_EVENT_IN);
        if (!river_parse(r, x->form == FORM_XML ? kept : (struct str){0},
                         x->form == FORM_XML ? (struct str){0} : frame.body, &ev, &e))
            return true;
        river_forms(r, &ev, true);
        kept = ev.form[s->form];
        if (kept.len)
            units_keep_other(&r->units, x, kept);
    }
    if (!has_room(out, kept.len))
        return false;
    buf_put(out, kept);
    s->count.delivered++;
    return true;
}

static enum gather gather_roster(struct session *s, struct river *r, const struct session_world *w,
                                 struct buf *out)
{
    struct filter f = filter_for(s, r);
    enum gather g = GATHER_DONE;

    if (s->roster_done)
        return GATHER_DONE;
    w->lock(w->ctx);
    for (; s->roster_pass < 2 && g == GATHER_DONE; s->roster_pass++, s->roster_at = 0) {
        if (s->roster_pass == 0 && r->emergencies == 0)
            continue;
        while (s->roster_at < r->units.used && g == GATHER_DONE) {
            if (is_in_roster(s, r, f, s->roster_at) && !put_kept(s, r, &r->units.list[s->roster_at], out))
                g = GATHER_FULL;
            else
                s->roster_at++;
        }
        if (g == GATHER_FULL)
            break;
    }
    s->roster_end = ring_head(&r->live);
    w->unlock(w->ctx);
    s->roster_done = g == GATHER_DONE;
    return g;
}

static bool wants(struct session *s, const struct river *r, struct filter f, uint64_t seq)
{
    const struct ring_hot *h = ring_hot(&r->live, seq);

    if (is_too_far(s, f, h))
        return false;
    if (h->sender == s->slot || !sets_hears(r->sets, s->user.out_set, h->in_set))
        return false;
    if (h->unit == RING_NO_UNIT)
        return true;
    if (f.floors && seq < atomic_load_explicit(&r->units.floor[h->unit], memory_order_acquire))
        return false;
    /* Of far units the picture may have a newer report than this one. */
    if ((f.conflate || (f.near_only && seq < s->roster_end)) && (h->flags & RING_CONFLATE) &&
        atomic_load_explicit(&r->units.newest[h->unit], memory_order_relaxed) != seq + 1) {
        s->count.conflated++;
        return false;
    }
    return true;
}

/* Is it among those that an addressed position is for? */
static bool is_addressee(const struct session *s, const struct river *r, uint64_t seq)
{
    const struct ring_cold *c = ring_cold(&r->live, seq);
    const uint32_t *to = r->live.to + c->to_off;

    if (!(ring_hot(&r->live, seq)->flags & RING_ADDRESSED))
        return true;
    for (uint32_t i = 0; i < c->to_count; i++)
        if (atomic_load_explicit(&r->units.conn[to[i]], memory_order_acquire) == session_handle(s) &&
            seq >= atomic_load_explicit(&r->units.floor[to[i]], memory_order_relaxed))
            return true;
    return false;
}

/* Neighbouring messages are copied in one piece. */
struct run {
    const char *at;
    size_t len;
    struct buf *out;
    struct runs *runs; /* NULL: everything is copied */
};

/* What was copied since the last item becomes one. */
static void seal(struct runs *runs, const struct buf *out)
{
    if (out->len > runs->sealed)
        runs->item[runs->count++] = str_of(out->at + runs->sealed, out->len - runs->sealed);
    runs->sealed = out->len;
}

static void run_flush(struct run *run)
{
    struct runs *runs = run->runs;

    if (runs && run->len >= SESSION_RUN_MIN && runs->count + 3 <= SESSION_RUNS) {
        seal(runs, run->out);
        runs->item[runs->count++] = str_of(run->at, run->len);
        run->out->max -= run->len; /* the whole stays within one send */
    } else {
        buf_put(run->out, str_of(run->at, run->len));
    }
    run->len = 0;
}

static bool run_add(struct run *run, struct str bytes)
{
    if (!has_room(run->out, run->len + bytes.len))
        return false;
    if (run->len && run->at + run->len == bytes.at) {
        run->len += bytes.len;
        return true;
    }
    run_flush(run);
    run->at = bytes.at;
    run->len = bytes.len;
    return true;
}

static void measure_lag(struct session *s, const struct river *r, struct now now)
{
    s->lag_ms = s->live_at < ring_head(&r->live) ? now.mono_ms - ring_cold(&r->live, s->live_at)->at_ms : 0;
}

/* Where a gather puts what it finds. */
struct gathering {
    struct buf *out;
    struct runs *runs;
    uint64_t live_head; /* where the live ring stood when it began */
};

/* So far behind that the ring may go over it while its bytes are sealed where they
 * lie, which would cost the connection: these are copied first. */
static bool is_at_edge(const struct ring *ring, uint64_t first)
{
    uint64_t safe = atomic_load_explicit(&ring->safe, memory_order_acquire);

    return first < safe + (ring_head(ring) - safe) / 4;
}

/* Up to where the ring stood before the must ring was looked at, or a position could
 * overtake the delete before it that another thread put in since. */
static enum gather gather_live(struct session *s, struct river *r, const struct session_world *w,
                               struct gathering *to, struct now now)
{
    const struct ring *ring = &r->live;
    struct buf *out = to->out;
    uint64_t head = to->live_head, first = s->live_at, at = first;
    struct runs *runs = is_at_edge(ring, first) ? NULL : to->runs;
    size_t begin = out->len, room = out->max, put = 0;
    struct run run = {.out = out, .runs = runs};
    struct ring_pick pick;
    struct filter f;

    if (first >= head)
        return GATHER_DONE;
    if (s->live_cap && room - begin > s->live_cap)
        out->max = begin + s->live_cap;
    measure_lag(s, r, now);
    f = filter_for(s, r);
    if (f.near_only)
        ring_pick_near(&pick, ring, s->cell, first, head);
    else
        ring_pick_all(&pick, first, head);
    for (at = ring_pick_next(&pick, at); at < head; at = ring_pick_next(&pick, at + 1)) {
        const struct ring_cold *c = ring_cold(ring, at);

        if (!wants(s, r, f, at) || !is_addressee(s, r, at))
            continue;
        if (put == 0 && c->len[s->form] > s->live_cap)
            out->max = room; /* one event longer than the cap goes by itself */
        put++;
        if (c->len[s->form]) {
            if (!run_add(&run, ring_bytes(ring, c, s->form)))
                break;
            s->count.delivered++;
            continue;
        }
        run_flush(&run);
        if (!put_entry(s, r, w, ring, at, out))
            break;
    }
    run_flush(&run);
    if (ring_lapped(ring, first)) {
        out->max = room;
        if (runs)
            runs->count = runs->sealed = 0;
        out->len = begin; /* the ring went over it: the latest of each unit instead */
        s->count.lapped++;
        start_roster(s, r);
        s->lapped = true;
        return GATHER_FULL;
    }
    if (runs)
        runs->first = first;
    s->live_at = at;
    measure_lag(s, r, now);
    return at < head ? GATHER_FULL : GATHER_DONE;
}

/* Of what is going on a device that is held gets nothing: its cursors go with the rings, but what it has been told
 * (must_seen) stays, so that nothing counts as delivered. */
static void pass_over(struct session *s, const struct river *r, struct buf *out, struct now now)
{
    s->must_at = ring_head(&r->must);
    s->live_at = s->roster_from = s->roster_end = ring_head(&r->live);
    s->roster_done = true;
    gather_version(s, out, now);
}

static enum gather gather_all(struct session *s, struct river *r, const struct session_world *w,
                              struct gathering *to, struct now now)
{
    struct buf *out = to->out;
    enum gather g;

    to->live_head = ring_head(&r->live);
    MUST(s->live && has_room(out, LIMIT_EVENT_OUT));
    gather_replies(s, r, out, now);
    if (s->user.held) {
        pass_over(s, r, out, now);
        return GATHER_DONE;
    }
    g = gather_must(s, r, w, out);
    if (g != GATHER_DONE)
        return g;
    g = gather_extra(s, r, w, out);
    if (g != GATHER_DONE)
        return g;
    gather_version(s, out, now);
    g = gather_roster(s, r, w, out);
    if (g != GATHER_DONE)
        return g;
    gather_version(s, out, now);
    if (!s->version_sent)
        return GATHER_FULL;
    return gather_live(s, r, w, to, now);
}

enum gather session_gather(struct session *s, struct river *r, const struct session_world *w, struct buf *out,
                           struct now now)
{
    struct gathering to = {.out = out};

    return gather_all(s, r, w, &to, now);
}

enum gather session_gather_runs(struct session *s, struct river *r, const struct session_world *w, struct buf *out,
                                struct runs *runs, struct now now)
{
    struct gathering to = {.out = out, .runs = runs};
    enum gather g;

    runs->count = runs->sealed = 0;
    runs->first = UINT64_MAX;
    g = gather_all(s, r, w, &to, now);
    seal(runs, out);
    return g;
}

bool session_runs_hold(const struct river *r, const struct runs *runs)
{
    return !ring_lapped(&r->live, runs->first);
}

bool session_is_behind(const struct session *s, const struct river *r)
{
    return s->live && (s->live_at != ring_head(&r->live) || s->must_at != ring_head(&r->must) || s->pongs ||
                       s->owe_response || s->owe_groups || s->extra.len || !s->roster_done || !s->version_sent);
}

bool session_is_urgent(const struct session *s, const struct river *r)
{
    uint64_t head = ring_head(&r->must);

    if (s->pongs || s->owe_response || !s->roster_done || s->extra.len)
        return true;
    for (uint64_t at = s->must_at; at < head; at++)
        if (ring_hot(&r->must, at)->flags & RING_URGENT)
            return true;
    return false;
}

/* Its place is somebody else's soon, who must hear what is sent on in its name:
 * the repeats of an emergency (session_leave), what waited for the disk. */
static void forget_sender(const struct session *s, struct river *r)
{
    for (int i = 0; i < RIVER_FLIGHTS; i++)
        if (r->flights[i].used && r->flights[i].sender == s->slot)
            r->flights[i].sender = RING_NO_SENDER;
}

void session_leave(struct session *s, struct river *r, struct buf *payload)
{
    if (!s->live)
        return;
    s->live = false;
    atomic_fetch_sub_explicit(&r->listeners[s->form], 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&r->sessions, 1, memory_order_relaxed);
    fields_put(payload, FIELD_USER, str_from(s->user.name));
    forget_sender(s, r);
    for (uint32_t i = 0; i < r->units.used; i++) {
        uint64_t mine = session_handle(s);

        if (r->units.list[i].sender == s->slot)
            r->units.list[i].sender = RING_NO_SENDER;
        if (atomic_load_explicit(&r->units.conn[i], memory_order_relaxed) != mine ||
            r->units.list[i].kind == UNIT_FREE || !atomic_compare_exchange_strong(&r->units.conn[i], &mine, CONN_NONE))
            continue;
        fields_put(payload, FIELD_UID, r->units.list[i].uid);
        units_changed_who(&r->units);
        units_touch(&r->units, &r->units.list[i], true);
    }
}
