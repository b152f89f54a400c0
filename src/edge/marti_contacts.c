#include "edge/marti.h"

#include <inttypes.h>

/* Who is there: clientEndPoints, contacts/all, subscriptions/all. tak.md 2.2 */

enum { CLIENTS_WANTED_MS = 60000 /* so long the loops refresh what they know of their connections */ };

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_endpoints, get_contacts, get_subscriptions;

const struct route marti_contacts_routes[] = {
    {READS, "/Marti/api/clientEndPoints", RIGHT_CLIENT, false, get_endpoints, DOOR_WEB, NULL},
    {READS, "/Marti/api/contacts/all", RIGHT_CLIENT, false, get_contacts, DOOR_WEB, NULL},
    {READS, "/Marti/api/subscriptions/all", RIGHT_CLIENT, false, get_subscriptions, DOOR_WEB, NULL},
};
const size_t marti_contacts_route_count = COUNTOF(marti_contacts_routes);

static bool is_true(struct str query, struct str name)
{
    struct str value;

    return query_get(query, name, &value) && (str_eq(value, STR("true")) || str_eq(value, STR("1")));
}

/* "key":"value", with a comma before it. */
static void put_more(struct buf *b, const char *key, struct str value)
{
    buf_byte(b, ',');
    web_put_text(b, key, value);
}

static void put_time(struct buf *b, const char *key, int64_t ms)
{
    buf_fmt(b, ",\"%s\":\"", key);
    marti_time(b, ms);
    buf_byte(b, '"');
}

/* ---- clientEndPoints ---------------------------------------------------- */

struct endpoints {
    struct web *w;
    struct marti_ears ears;
    bool only_connected;
    int64_t from_ms;
    struct marti_rows rows;
};

struct endpoint {
    struct str uid, callsign, team, role;
    const char *user;
    int64_t at_ms;
    bool connected;
};

/* One bad row fails a client's whole list: all that it wants stand in each. */
static void put_endpoint(void *ctx, struct buf *b)
{
    const struct endpoint *p = ctx;

    buf_byte(b, '{');
    web_put_text(b, "callsign", p->callsign);
    put_more(b, "uid", p->uid);
    put_more(b, "username", str_from(p->user));
    put_time(b, "lastEventTime", p->at_ms);
    put_more(b, "lastStatus", p->connected ? STR("Connected") : STR("Disconnected"));
    put_more(b, "team", p->team);
    put_more(b, "role", p->role);
    buf_byte(b, '}');
}

static void add_endpoint(struct endpoints *l, struct endpoint *p)
{
    if (p->callsign.len == 0 || p->uid.len == 0 || p->at_ms <= 0 || p->at_ms < l->from_ms ||
        (l->only_connected && !p->connected))
        return;
    marti_rows_add(&l->rows, p->callsign, put_endpoint, p);
}

static bool see_endpoint(void *ctx, const struct watch_unit *u, const struct cot *c)
{
    struct endpoints *l = ctx;
    char user[USER_NAME_MAX];
    struct endpoint p = {.uid = u->uid, .callsign = u->callsign, .at_ms = u->seen_ms, .connected = u->online};

    if (u->kind != UNIT_PRESENCE || !c || !c->contact.is)
        return true;
    p.team = c->group.name;
    p.role = c->group.role;
    marti_user(l->w, u->holder, user);
    p.user = user;
    p.connected |= str_eq(u->uid, str_from(l->w->h->server_uid));
    add_endpoint(l, &p);
    return true;
}

/* A device that was here, and of which the picture knows nothing since the start. */
static bool see_device(void *ctx, const struct device *d)
{
    struct endpoints *l = ctx;
    char user[USER_NAME_MAX];
    struct endpoint p = {.uid = d->uid, .callsign = d->callsign, .at_ms = d->seen_ms};
    const struct unit *x;
    bool known;

    hub_lock(l->w->h);
    x = units_find(&l->w->h->river->units, d->uid);
    known = x && x->latest;
    hub_unlock(l->w->h);
    if (known || !marti_hears_user(l->w, &l->ears, d->user_id))
        return true;
    marti_user(l->w, d->user_id, user);
    p.user = user;
    add_endpoint(l, &p);
    return true;
}

/* Of what it hears, what belongs to the groups that are asked for; without any, all. */
static void narrow(struct marti_ears *ears, struct str query)
{
    struct marti_ears kept = {0};
    struct str name, rest = query;

    while (query_each(&rest, STR("group"), &name))
        if (kept.count < COUNTOF(kept.names) && marti_hears(ears, name) && !marti_hears(&kept, name))
            (void)str_copy(kept.names[kept.count++], GROUP_NAME_MAX, name);
    if (query_get(query, STR("group"), &name))
        *ears = kept;
}

static void write_rows(void *ctx, struct buf *b)
{
    marti_rows_put(ctx, false, b);
}

static void get_endpoints(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct endpoints l = {.w = w, .only_connected = is_true(q->query, STR("showCurrentlyConnectedClients"))};
    int64_t ago;
    struct err e;

    if (!query_int(q->query, STR("secAgo"), INT32_MAX, 0, &ago)) {
        reply_problem(r, 400, "secAgo is a whole number of seconds.");
        return;
    }
    l.from_ms = ago ? now.wall_ms - ago * 1000 : 0;
    marti_ears(w, &q->client, &l.ears);
    narrow(&l.ears, q->query);
    if (!marti_units(w, &l.ears, see_endpoint, &l) || !accounts_devices(w->accounts, see_device, &l, &e))
        reply_problem(r, 503, "The list of devices cannot be read just now. Try again in a moment.");
    else
        marti_data(r, "com.bbn.marti.remote.ClientEndpoint", write_rows, &l.rows);
    marti_rows_free(&l.rows);
}

/* ---- contacts/all ------------------------------------------------------- */

struct contacts {
    struct web *w;
    bool by_uid, backwards;
    struct marti_rows rows;
};

struct contact {
    const struct watch_unit *u;
    const struct cot *c;
    const char *user;
};

static void put_contact(void *ctx, struct buf *b)
{
    const struct contact *p = ctx;
    const struct cot_takv *t = &p->c->takv;
    char takv[256];
    struct buf v = buf_over(takv, sizeof takv);

    if (t->is)
        buf_fmt(&v, "%.*s:%.*s", STR_ARG(t->platform), STR_ARG(t->version));
    buf_put(b, STR("{\"filterGroups\":null"));
    put_more(b, "notes", str_from(p->user));
    put_more(b, "callsign", p->u->callsign);
    put_more(b, "team", p->c->group.name);
    put_more(b, "role", p->c->group.role);
    put_more(b, "takv", buf_str(&v));
    put_more(b, "uid", p->u->uid);
    buf_byte(b, '}');
}

static bool see_contact(void *ctx, const struct watch_unit *u, const struct cot *c)
{
    struct contacts *l = ctx;
    char user[USER_NAME_MAX];
    struct contact p = {u, c, user};
    bool own = str_eq(u->uid, str_from(l->w->h->server_uid));

    if (u->kind != UNIT_PRESENCE || !c || !c->contact.is || u->callsign.len == 0 || !(u->online || own))
        return true;
    marti_user(l->w, u->holder, user);
    marti_rows_add(&l->rows, l->by_uid ? u->uid : u->callsign, put_contact, &p);
    return true;
}

static void write_contacts(void *ctx, struct buf *b)
{
    struct contacts *l = ctx;

    marti_rows_put(&l->rows, l->backwards, b);
}

static bool is_word(struct str query, const char *name, const char *word)
{
    struct str value;

    return query_get(query, str_from(name), &value) && str_starts(value, str_from(word));
}

static void get_contacts(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct contacts l = {.w = w,
                         .by_uid = is_word(q->query, "sortBy", "UID"),
                         .backwards = is_word(q->query, "direction", "DESC")};
    struct marti_ears ears;

    (void)now;
    marti_ears(w, &q->client, &ears);
    if (marti_units(w, &ears, see_contact, &l))
        marti_bare(r, write_contacts, &l);
    else
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment.");
    marti_rows_free(&l.rows);
}

/* ---- subscriptions/all -------------------------------------------------- */

struct subscriptions {
    struct web *w;
    struct marti_ears ears;
    struct now now;
    bool by_uid, backwards;
    struct marti_rows rows;
};

struct subscription {
    struct subscriptions *l;
    const struct watch_unit *u;
    const struct cot *c;
    struct hub_client client;
    struct user user;
};

static void put_group(const struct user_group *g, bool in, struct buf *b)
{
    buf_byte(b, '{');
    web_put_text(b, "name", str_from(g->name));
    put_more(b, "direction", in ? STR("IN") : STR("OUT"));
    buf_fmt(b, ",\"created\":\"1970-01-01\",\"type\":\"SYSTEM\",\"bitpos\":0,\"active\":%s}",
            g->active ? "true" : "false");
}

/* Of the other's groups those that the asker hears: no more is his business. */
static void put_groups(const struct subscription *p, struct buf *b)
{
    bool comma = false;

    buf_put(b, STR(",\"groups\":["));
    for (size_t i = 0; i < p->user.group_count; i++) {
        const struct user_group *g = &p->user.groups[i];

        for (int in = 0; in < 2 && marti_hears(&p->l->ears, str_from(g->name)); in++) {
            if (!(in ? g->in : g->out))
                continue;
            if (comma)
                buf_byte(b, ',');
            comma = true;
            put_group(g, in, b);
        }
    }
    buf_byte(b, ']');
}

/* Members that no phone has told us, as clients want to find them. */
static const char unknown[] =
    ",\"xpath\":null,\"appFramerate\":\"\",\"batteryStatus\":\"\",\"batteryTemp\":\"\",\"deviceDataRx\":\"\","
    "\"deviceDataTx\":\"\",\"heapCurrentSize\":\"\",\"heapFreeSize\":\"\",\"heapMaxSize\":\"\","
    "\"deviceIPAddress\":\"\",\"storageAvailable\":\"\",\"storageTotal\":\"\",\"incognito\":false,"
    "\"pendingWrites\":0";

static void put_subscription(void *ctx, struct buf *b)
{
    const struct subscription *p = ctx;
    const struct cot *c = p->c;
    struct str address = str_from(p->client.address);
    size_t colon = address.len;

    while (colon > 0 && address.at[colon - 1] != ':')
        colon--;
    buf_put(b, STR("{\"dn\":null"));
    put_more(b, "callsign", p->u->callsign);
    put_more(b, "clientUid", p->u->uid);
    buf_fmt(b, ",\"lastReportMilliseconds\":%" PRId64 ",\"lastReportDiffMilliseconds\":%" PRId64, p->u->seen_ms,
            p->l->now.wall_ms - p->u->seen_ms);
    put_more(b, "takClient", c->takv.platform);
    put_more(b, "takVersion", c->takv.version);
    put_more(b, "username", str_from(p->user.name));
    put_groups(p, b);
    put_more(b, "role", c->group.role);
    put_more(b, "team", c->group.name);
    put_more(b, "ipAddress", str_cut(address, 0, colon ? colon - 1 : address.len));
    put_more(b, "port", str_from_at(address, colon));
    buf_fmt(b, ",\"numProcessed\":%" PRIu64, p->client.sent_bytes);
    put_more(b, "protocol", p->client.tls[0] ? STR("tls") : STR("tcp"));
    buf_fmt(b, ",\"subscriptionUid\":\"%" PRIu64 "\"", p->client.handle);
    put_more(b, "battery", c->status.battery_text);
    put_more(b, "handlerType", p->client.v1 ? STR("protobuf") : STR("xml"));
    buf_put(b, STR(unknown));
    buf_byte(b, '}');
}

/* The connection of a device; false: it is gone. */
static bool find_client(struct web *w, uint64_t handle, struct hub_client *out)
{
    uint32_t slot = (uint32_t)handle & 0x7fffffffu;
    bool found;

    hub_lock(w->h);
    found = slot < w->h->client_max && w->h->clients[slot].handle == handle;
    if (found)
        *out = w->h->clients[slot];
    hub_unlock(w->h);
    return found;
}

static bool see_subscription(void *ctx, const struct watch_unit *u, const struct cot *c)
{
    struct subscriptions *l = ctx;
    struct subscription p = {.l = l, .u = u, .c = c};
    struct err e;

    if (u->kind != UNIT_PRESENCE || !u->online || !c || !find_client(l->w, u->conn, &p.client) ||
        !accounts_user_by_id(l->w->accounts, u->holder, &p.user, &e))
        return true;
    marti_rows_add(&l->rows, l->by_uid ? u->uid : u->callsign, put_subscription, &p);
    return true;
}

static void write_subscriptions(void *ctx, struct buf *b)
{
    struct subscriptions *l = ctx;

    marti_rows_put(&l->rows, l->backwards, b);
}

static void get_subscriptions(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct subscriptions l = {.w = w,
                              .now = now,
                              .by_uid = is_word(q->query, "sortBy", "UID"),
                              .backwards = is_word(q->query, "direction", "DESC")};

    atomic_store(&w->h->clients_wanted_ms, now.mono_ms + CLIENTS_WANTED_MS);
    marti_ears(w, &q->client, &l.ears);
    if (marti_units(w, &l.ears, see_subscription, &l))
        marti_data(r, "com.bbn.marti.remote.SubscriptionInfo", write_subscriptions, &l);
    else
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment.");
    marti_rows_free(&l.rows);
}
