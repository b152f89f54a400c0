#include "edge/recorder_mission.h"

#include "os/clock.h"
#include "os/log.h"
#include "wire/takproto.h"

#include <inttypes.h>
#include <stdio.h>

/* Whom a change is told, and what an event whose dest is a mission does:
 *
 *   phone: event with dest mission     recorder_mission_address: the subscribers instead of the mission's name
 *     -> event.directed TO subscribers   the event itself, to them alone
 *     -> mission.changed                 uid.put or uid.removed, in each mission that its sender may write into
 *     -> mission.told TO subscribers     t-x-m-c
 *
 * All rows are of one batch.  A row names at most LIMIT_DESTS devices, more are more rows. */

static const struct str by_name = {"mission/", 8}, by_guid = {"mission-guid/", 13};

/* ---- rows to phones ------------------------------------------------------ */

/* A row that is written out whenever it names as many devices as it may. */
struct telling {
    struct recorder *r;
    const struct ask_head *head;
    unsigned kind;
    struct buf *row;
    size_t fixed; /* bytes of row before the first TO */
    size_t count, rows;
    struct str but; /* not to this device */
    bool ok;
};

static void flush(struct telling *t)
{
    if (t->count == 0)
        return;
    t->ok = t->ok && !t->row->full && t->row->len <= JOURNAL_PAYLOAD_MAX &&
            recorder_add(t->r, t->head, t->kind, buf_str(t->row), false);
    t->row->len = t->fixed;
    t->row->full = false;
    t->count = 0;
    t->rows++;
}

static bool tell_client(void *ctx, const struct mission_subscription *s)
{
    struct telling *t = ctx;

    if (!s->connected || str_eq(s->client, t->but) || str_starts(s->client, STR("topic:")))
        return true;
    fields_put(t->row, FIELD_TO, s->client);
    if (++t->count == LIMIT_DESTS)
        flush(t);
    return t->ok;
}

static void put_groups(struct buf *b, struct str lines)
{
    while (lines.len) {
        size_t end = str_find_byte(lines, '\n');

        fields_put(b, FIELD_GROUP, str_cut(lines, 0, end));
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
}

/* Devices of a user, as far as they were seen. */
static void tell_user(struct telling *t, struct str user)
{
    struct units *u = &t->r->h->river->units;

    hub_lock(t->r->h);
    for (uint32_t i = 0; i < u->used && t->ok; i++) {
        const struct unit *x = units_at(u, i);
        const struct hub_user *h = x->kind == UNIT_PRESENCE && x->holder ? hub_user(t->r->h, x->holder) : NULL;

        if (!h || !str_eq(str_from(h->name), user))
            continue;
        fields_put(t->row, FIELD_TO, x->uid);
        if (++t->count == LIMIT_DESTS)
            flush(t);
    }
    hub_unlock(t->r->h);
}

static void tell_callsign(struct telling *t, struct str callsign)
{
    char text[LIMIT_CALLSIGN + 16];
    struct buf b = buf_over(text, sizeof text);
    uint32_t at = UNIT_NONE;

    hub_lock(t->r->h);
    while ((at = units_next_called(&t->r->h->river->units, callsign, at)) != UNIT_NONE && t->count < LIMIT_DESTS) {
        fields_put(t->row, FIELD_TO, units_at(&t->r->h->river->units, at)->uid);
        t->count++;
    }
    hub_unlock(t->r->h);
    buf_put(&b, STR("callsign/")); /* nobody is called so yet: it waits under the name */
    buf_put(&b, callsign);
    if (t->count == 0 && !b.full) {
        fields_put(t->row, FIELD_TO, buf_str(&b));
        t->count++;
    }
}

static void tell_invited(struct telling *t, struct str type, struct str who)
{
    if (str_eq(type, STR("clientUid"))) {
        fields_put(t->row, FIELD_TO, who);
        t->count++;
    } else if (str_eq(type, STR("callsign"))) {
        tell_callsign(t, who);
    } else if (str_eq(type, STR("userName"))) {
        tell_user(t, who);
    }
}

/* ---- what is told of a change -------------------------------------------- */

static bool is_for_all(enum mission_told told)
{
    return told == MISSION_TOLD_CREATED || told == MISSION_TOLD_DELETED || told == MISSION_TOLD_METADATA ||
           told == MISSION_TOLD_KEYWORDS;
}

/* The event itself, up to where its addressees begin. */
static void put_event(struct mission_deciding *d, const struct entry *changed, struct buf *row)
{
    struct buf detail = buf_over(d->q->event, LIMIT_EVENT_IN), xml = buf_over(d->q->event + LIMIT_EVENT_IN,
                                                                              LIMIT_EVENT_IN);
    struct buf scratch = buf_over(d->q->scratch, LIMIT_EVENT_IN);
    char uid[128], token_text[MISSION_TOKEN_MAX];
    struct buf token = buf_over(token_text, sizeof token_text);
    struct mission_item item;
    struct mission_event m = {.told = mission_change_info(d->change)->told, .uid = str_from(uid),
                              .name = str_from(d->x->name), .guid = str_from(d->x->guid),
                              .tool = d->x->attribute[MISSION_TOOL], .item = &item};
    struct cot c;

    (void)snprintf(uid, sizeof uid, "%.60s-m-%" PRIu64, d->r->h->server_uid, changed->seq);
    m.uid = str_from(uid);
    mission_item_read(changed->payload, &scratch, &item);
    item.at_ms = changed->at_ms;
    m.creator = item.creator;
    if (m.told == MISSION_TOLD_INVITED || m.told == MISSION_TOLD_ROLE)
        m.role = mission_role_of(fields_get(changed->payload, FIELD_MISSION_ROLE));
    if (m.told == MISSION_TOLD_INVITED) {
        struct mission_token t = {.kind = TOKEN_INVITATION, .guid = str_from(d->x->guid),
                                  .id = fields_get(changed->payload, FIELD_MISSION_TOKEN)};

        mission_token_put(&d->q->key, &t, &token);
        m.token = buf_str(&token);
    }
    if (!is_for_all(m.told) && m.told != MISSION_TOLD_CONTENT && m.told != MISSION_TOLD_EXTERNAL)
        m.item = NULL;
    mission_event(&c, &m, clock_wall_ms(), &detail);
    cot_to_xml(&c, &xml);
    fields_put(row, FIELD_MISSION, m.guid);
    fields_put(row, FIELD_MISSION_NAME, m.name);
    fields_put(row, FIELD_UID, m.uid);
    fields_put(row, FIELD_TYPE, c.type);
    fields_put_int(row, FIELD_REF, (int64_t)changed->seq);
    fields_put(row, FIELD_EVENT_XML, buf_str(&xml));
    row->full |= detail.full || xml.full;
}

bool mission_tell(struct mission_deciding *d, const struct entry *changed)
{
    enum mission_told told = mission_change_info(d->change)->told;
    struct buf row = buf_over(d->q->told, MISSION_ROW_MAX);
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};
    struct telling t = {.r = d->r, .head = &head, .kind = EV_MISSION_TOLD, .row = &row, .ok = true};
    struct str type = fields_get(changed->payload, FIELD_MISSION_TYPE);

    if (told == MISSION_TOLD_NOTHING)
        return true;
    put_event(d, changed, &row);
    if (told == MISSION_TOLD_INVITED && str_eq(type, STR("group")))
        fields_put(&row, FIELD_GROUP, fields_get(changed->payload, FIELD_MISSION_CLIENT));
    else
        put_groups(&row, d->x->groups);
    t.fixed = row.len;
    if (row.full)
        return false;
    if (is_for_all(told) || (told == MISSION_TOLD_INVITED && str_eq(type, STR("group")))) {
        t.count = 1; /* no TO: everybody of the groups */
    } else if (told == MISSION_TOLD_INVITED) {
        tell_invited(&t, type, fields_get(changed->payload, FIELD_MISSION_CLIENT));
    } else if (told == MISSION_TOLD_ROLE) {
        fields_put(&row, FIELD_TO, fields_get(changed->payload, FIELD_MISSION_CLIENT));
        t.count = 1;
    } else if (!missions_subscriptions(d->q->store, d->x->id, tell_client, &t, d->e)) {
        return false;
    }
    flush(&t);
    return t.ok;
}

/* The event of an item that came with the change (a package): to who has subscribed, as when a phone sends it. */
bool mission_deliver(struct mission_deciding *d, const struct entry *changed)
{
    struct buf row = buf_over(d->q->told, MISSION_ROW_MAX), scratch = buf_over(d->q->scratch, LIMIT_EVENT_IN);
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};
    struct telling t = {.r = d->r, .head = &head, .kind = EV_DIRECTED, .row = &row, .ok = true};
    struct mission_item item;

    mission_item_read(changed->payload, &scratch, &item);
    fields_put(&row, FIELD_USER, fields_get(changed->payload, FIELD_USER));
    fields_put(&row, FIELD_UID, item.uid);
    fields_put(&row, FIELD_TYPE, item.type);
    if (item.callsign.len)
        fields_put(&row, FIELD_CALLSIGN, item.callsign);
    fields_put_int(&row, FIELD_REF, (int64_t)changed->seq);
    fields_put(&row, FIELD_EVENT_XML, item.cot);
    put_groups(&row, d->x->groups);
    t.fixed = row.len;
    if (row.full || !missions_subscriptions(d->q->store, d->x->id, tell_client, &t, d->e))
        return false;
    flush(&t);
    return t.ok;
}

/* ---- the newest event of a uid -------------------------------------------- */

static bool as_xml(struct str bytes, bool is_proto, struct buf *scratch, struct buf *out)
{
    struct tak_control control;
    bool has_event = false;
    struct cot c;
    struct err e;

    if (!is_proto) {
        buf_put(out, bytes);
        return bytes.len > 0 && !out->full;
    }
    if (!tak_decode(bytes, scratch, &c, &has_event, &control, &e) || !has_event)
        return false;
    cot_to_xml(&c, out);
    return !out->full;
}

bool mission_latest(struct recorder *r, struct str uid, struct str *cot)
{
    struct recorder_missions *q = r->missions;
    struct buf raw = buf_over(q->event, LIMIT_EVENT_IN), xml = buf_over(q->event + LIMIT_EVENT_IN, LIMIT_EVENT_IN);
    struct buf scratch = buf_over(q->scratch, LIMIT_EVENT_IN);
    struct framer f = {0};
    const struct unit *x;
    bool proto = false;

    hub_lock(r->h);
    x = units_find(&r->h->river->units, uid);
    if (x && x->latest) {
        buf_put(&raw, str_of(x->latest, x->latest_len));
        proto = x->form == FORM_PROTO;
    }
    hub_unlock(r->h);
    if (raw.len == 0 || raw.full)
        return false;
    if (!as_xml(proto ? frame_next(&f, buf_str(&raw), LIMIT_EVENT_IN).body : buf_str(&raw), proto, &scratch, &xml))
        return false;
    *cot = buf_str(&xml);
    return true;
}

/* ---- an event whose dest is a mission -------------------------------------- */

struct guids {
    char at[MISSION_NAMED_MAX][MISSION_GUID_LEN + 1];
    size_t count;
};

static bool see_guid(void *ctx, const struct mission *x)
{
    struct guids *g = ctx;

    if (x->deleted_ms || g->count == MISSION_NAMED_MAX)
        return false; /* those come last */
    (void)str_copy(g->at[g->count++], sizeof g->at[0], str_from(x->guid));
    return true;
}

/* The mission that is meant, and that its sender may write into; false with the reason. */
static bool find_named(struct recorder *r, struct str payload, struct str to, struct err *e)
{
    struct recorder_missions *q = r->missions;
    struct mission_asker a = {.user = fields_get(payload, FIELD_USER), .client = fields_get(payload, FIELD_FROM_UID)};
    struct guids g = {.count = 0};
    enum mission_role best = MISSION_NOBODY, role;

    if (str_starts(to, by_guid)) {
        if (mission_guid_read(str_from_at(to, by_guid.len), g.at[0]))
            g.count = 1;
    } else if (!missions_named(q->store, str_from_at(to, by_name.len), see_guid, &g, e)) {
        return false;
    }
    for (size_t i = 0; i < g.count; i++) {
        if (!missions_by_guid(q->store, str_from(g.at[i]), false, &q->at, e) ||
            !mission_subscribed_role(q->store, &q->at, &a, &role, e))
            return false;
        if (mission_role_may(role) & MISSION_MAY_WRITE)
            return true;
        best = role != MISSION_NOBODY ? role : best;
    }
    if (g.count == 0)
        return err_set(e, ERR_MISSING, "there is no mission \"%.*s\"", STR_ARG(to));
    return err_set(e, ERR_DENIED, "\"%.*s\": %s", STR_ARG(to),
                   best == MISSION_NOBODY ? "its sender has not subscribed to it" : "its sender may only read it");
}

static void refuse_named(struct recorder *r, const struct ask_head *head, struct str payload, const char *why)
{
    char text[1024], reason[ERR_TEXT_MAX + 32];
    struct buf b = buf_over(text, sizeof text);
    struct ask_head own = *head;

    own.request = own.ticket = 0;
    own.sender = RING_NO_SENDER;
    (void)snprintf(reason, sizeof reason, "for no mission: %.400s", why);
    fields_put(&b, FIELD_USER, fields_get(payload, FIELD_USER));
    fields_put(&b, FIELD_FROM_UID, fields_get(payload, FIELD_FROM_UID));
    fields_put(&b, FIELD_UID, fields_get(payload, FIELD_UID));
    fields_put(&b, FIELD_REASON, str_from(reason));
    if (b.full || !recorder_add(r, &own, EV_EVENT_REFUSED, buf_str(&b), false))
        log_line(LOG_WARN, "missions.refused", "reason=\"%s\"", reason);
}

static bool is_mission(struct str to)
{
    return str_starts(to, by_name) || str_starts(to, by_guid);
}

static void name(struct recorder_missions *q)
{
    for (size_t i = 0; i < q->named_count; i++)
        if (strcmp(q->named[i].guid, q->at.guid) == 0)
            return;
    (void)str_copy(q->named[q->named_count++].guid, sizeof q->named[0].guid, str_from(q->at.guid));
}

/* Subscribers of the named missions, each once. */
struct addressing {
    struct telling *t;
    struct str named; /* a payload: who is named already */
    size_t max;       /* of one row; more are left to the next */
};

static bool address_client(void *ctx, const struct mission_subscription *s)
{
    struct addressing *a = ctx;
    struct str rest = a->named, value;
    enum field tag;

    while (fields_next(&rest, &tag, &value))
        if (tag == FIELD_TO && str_eq(value, s->client))
            return true;
    return a->t->count < a->max && tell_client(a->t, s);
}

static bool address_all(struct recorder_missions *q, struct addressing *a, struct err *e)
{
    for (size_t i = 0; i < q->named_count; i++)
        if (!missions_by_guid(q->store, str_from(q->named[i].guid), false, &q->at, e) ||
            !missions_subscriptions(q->store, q->at.id, address_client, a, e))
            return false;
    return true;
}

/* One addressee that is a mission: itself, so that the event is addressed even when nobody has subscribed. */
static void put_named(struct recorder *r, const struct ask_head *head, struct str payload, struct str to)
{
    struct recorder_missions *q = r->missions;
    struct buf row = buf_over(q->row + q->row_len, MISSION_ROW_MAX - q->row_len);
    char guid[64];
    struct err e = {0};

    if (q->named_count == MISSION_NAMED_MAX)
        (void)err_set(&e, ERR_FULL, "an event is for %d missions at most", MISSION_NAMED_MAX);
    else if (q->failing)
        (void)err_set(&e, ERR_WORLD, "missions cannot be changed at the moment");
    else if (find_named(r, payload, to, &e)) {
        (void)snprintf(guid, sizeof guid, "mission-guid/%s", q->at.guid);
        name(q);
        to = str_from(guid);
    }
    fields_put(&row, FIELD_TO, to);
    q->row_len += row.len;
    if (e.kind != ERR_NONE)
        refuse_named(r, head, payload, e.text);
}

struct str recorder_mission_address(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct recorder_missions *q = r->missions;
    struct buf row = buf_over(q->row, MISSION_ROW_MAX);
    struct telling t = {.r = r, .row = &row, .but = fields_get(payload, FIELD_FROM_UID), .ok = true};
    struct addressing a = {.t = &t};
    struct str rest = payload, value;
    struct err e;
    enum field tag;
    size_t others = 0;
    bool any = false;

    q->named_count = q->row_len = 0;
    while (fields_next(&rest, &tag, &value)) {
        any |= tag == FIELD_TO && is_mission(value);
        others += tag == FIELD_TO;
    }
    if (!any)
        return payload;
    rest = payload;
    while (fields_next(&rest, &tag, &value)) {
        if (tag == FIELD_OFFLINE && is_mission(value) && !q->failing && find_named(r, payload, value, &e))
            continue; /* a mission waits for nobody */
        if (tag == FIELD_TO && is_mission(value)) {
            q->row_len = row.len;
            put_named(r, head, payload, value);
            row.len = q->row_len;
        } else {
            fields_put(&row, tag, value);
        }
    }
    a.named = buf_str(&row);
    a.max = LIMIT_DESTS - 1 > others ? LIMIT_DESTS - 1 - others : 0;
    if (!address_all(q, &a, &e))
        log_line(LOG_ERROR, "missions.read", "reason=\"%s\"", e.text);
    return row.full ? payload : buf_str(&row);
}

/* ---- what it changes ---------------------------------------------------------- */

/* Subscribers that the event's own row had no place for: rows of the same event. */
static void address_rest(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct recorder_missions *q = r->missions;
    struct buf row = buf_over(q->told, MISSION_ROW_MAX);
    struct telling t = {.r = r, .head = head, .kind = EV_DIRECTED, .row = &row,
                        .but = fields_get(payload, FIELD_FROM_UID), .ok = true};
    struct addressing a = {.t = &t, .named = payload, .max = SIZE_MAX};
    struct str rest = payload, value;
    struct err e = {0};
    enum field tag;

    while (fields_next(&rest, &tag, &value))
        if (tag != FIELD_TO && tag != FIELD_OFFLINE && tag != FIELD_TICKET)
            fields_put(&row, tag, value);
    t.fixed = row.len;
    if (row.full || !address_all(q, &a, &e) || (flush(&t), !t.ok))
        log_line(LOG_ERROR, "record.full", "lost=event.directed reason=\"%s\"", e.text);
}

static bool snapshot(struct recorder_missions *q, struct str payload, struct buf *one)
{
    struct str xml = fields_get(payload, FIELD_EVENT_XML), proto = fields_get(payload, FIELD_EVENT_PROTO);
    struct buf scratch = buf_over(q->scratch, LIMIT_EVENT_IN), out = buf_over(q->event, 2 * LIMIT_EVENT_IN);

    if (!as_xml(xml.len ? xml : proto, xml.len == 0, &scratch, &out))
        return false;
    fields_put(one, FIELD_MISSION_COT, buf_str(&out));
    return !one->full;
}

/* The change of one mission as it would be asked for. */
static bool put_change(struct recorder_missions *q, const struct entry *x, struct str guid, struct buf *asked)
{
    struct buf one = buf_over(q->one, MISSION_ROW_MAX);
    struct str device = fields_get(x->payload, FIELD_FROM_UID), link = fields_get(x->payload, FIELD_LINK_UID);
    bool gone = str_eq(fields_get(x->payload, FIELD_TYPE), STR("t-x-d-d"));

    fields_put(&one, FIELD_MISSION_CHANGE, gone ? STR("uid.removed") : STR("uid.put"));
    fields_put(&one, FIELD_UID, gone ? link : fields_get(x->payload, FIELD_UID));
    if (!gone && !snapshot(q, x->payload, &one))
        return false;
    fields_put(asked, FIELD_USER, fields_get(x->payload, FIELD_USER));
    fields_put(asked, FIELD_MISSION, guid);
    fields_put(asked, FIELD_MISSION_CREATOR, device.len ? device : fields_get(x->payload, FIELD_USER));
    fields_put(asked, FIELD_MISSION_ONE, buf_str(&one));
    return !asked->full && !one.full && (!gone || link.len > 0);
}

void recorder_mission_put(struct recorder *r, const struct ask_head *head, size_t entry)
{
    struct recorder_missions *q = r->missions;
    const struct entry *x = &r->entries[entry];
    struct ask_head own = {.ask = ASK_MISSION, .sender = RING_NO_SENDER, .at_ms = head->at_ms};
    struct ask_head same = *head;

    if (q->named_count == 0)
        return;
    same.request = same.ticket = 0;
    address_rest(r, &same, x->payload);
    for (size_t i = 0; i < q->named_count && (x->kind == EV_DIRECTED || x->kind == EV_CASEVAC_SENT); i++) {
        struct buf asked = buf_over(q->asked, MISSION_ROW_MAX);
        struct err e = {0};
        struct mission_deciding d = {.r = r, .q = q, .head = &own, .x = &q->at, .own = true, .e = &e};

        if (!put_change(q, x, str_from(q->named[i].guid), &asked))
            continue; /* a delete of nothing, an event that nobody can read */
        d.asked = buf_str(&asked);
        if (!mission_decide(&d) && e.kind != ERR_MISSING)
            refuse_named(r, head, x->payload, e.text);
    }
    q->named_count = 0;
}
