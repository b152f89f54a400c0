#include "edge/recorder_in.h"

#include "core/incident_device.h"
#include "core/incident_from_cot.h"
#include "core/incident_to_cot.h"
#include "core/incident_watch.h"
#include "os/clock.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdlib.h>

/* Where the river and the incidents cross, both ways, in the batch in which the cause is:
 *
 *   a phone's row --incident_from_river--> commands     an incident's event --incident_cot--> rows for phones
 *   positions of the last second --incident_watch--> commands
 *
 * What follows is on the disk with its cause or not at all. */

enum {
    OUT_ROWS = 64,
    OUT_MOST = 2048, /* rows for phones that one event makes */
    DEVICES = 8192,
    DEVICE_BYTES = DEVICES * 96,
    POST_MS = 60000
};

struct crossing {
    char *from, *to, *watching; /* scratch */
    struct watch_state *watch[2]; /* of the real incident, of the exercise; NULL until there is one */
    struct incident *watched[2];
    struct cot_device *devices;
    char *device_text;
    bool *online;
    size_t device_count;
    uint64_t devices_who; /* the list is of this version of units.who, plus 1; 0: there is none */
    int64_t posted_ms; /* monotonic */
};

static struct crossing *crossing(struct recorder *r)
{
    struct crossing *c = r->crossing;

    if (c)
        return c;
    c = calloc(1, sizeof *c);
    MUST(c);
    c->from = malloc(INCIDENT_RIVER_MEMORY);
    c->to = malloc(INCIDENT_COT_MEMORY);
    c->watching = malloc(INCIDENT_WATCH_MEMORY);
    c->devices = malloc(DEVICES * sizeof *c->devices);
    c->online = malloc(DEVICES * sizeof *c->online);
    c->device_text = malloc(DEVICE_BYTES);
    MUST(c->from && c->to && c->watching && c->devices && c->online && c->device_text);
    r->crossing = c;
    return c;
}

void recorder_crossing_free(struct recorder *r)
{
    struct crossing *c = r->crossing;

    if (!c)
        return;
    for (size_t i = 0; i < COUNTOF(c->watch); i++)
        free(c->watch[i]);
    free(c->from);
    free(c->to);
    free(c->watching);
    free(c->devices);
    free(c->online);
    free(c->device_text);
    free(c);
    r->crossing = NULL;
}

/* The incidents that phones speak into: the newest open one, and the newest open exercise. */
static struct incident *open_one(const struct recorder *r, size_t which)
{
    return incidents_current(&r->incidents, which == 1);
}

static void submit(struct recorder *r, struct incident *s, const struct incident_command *c)
{
    struct ask_head head = {.ask = ASK_COMMAND, .kind = (uint16_t)c->kind, .sender = RING_NO_SENDER,
                            .at_ms = clock_wall_ms()};
    struct buf b = buf_over(r->incident_asked, INCIDENT_PAYLOAD_MAX);
    struct err e;

    buf_put(&b, c->payload);
    if (!fields_has(c->payload, (enum field)IN_INCIDENT))
        incident_put(&b, IN_INCIDENT, ent_id(s, incident_self(s)));
    if (b.full || !recorder_decide(r, &head, buf_str(&b), &e))
        log_line(LOG_INFO, "incident.cot", "kind=%s reason=\"%s\"", kind_info(c->kind)->tag,
                 b.full ? "too long" : e.text);
}

/* ---- a phone's row ---------------------------------------------------- */

void recorder_from_phone(struct recorder *r, const struct entry *x)
{
    for (size_t which = 0; which < 2; which++) {
        struct incident *s = open_one(r, which);
        struct incident_command commands[INCIDENT_RIVER_COMMANDS];
        struct incident_river row = {.s = s, .kind = x->kind, .payload = x->payload, .seq = x->seq,
                                     .now_ms = clock_wall_ms(), .server_uid = str_from(r->h->server_uid)};
        struct buf memory;
        size_t n;

        if (!s)
            continue;
        memory = buf_over(crossing(r)->from, INCIDENT_RIVER_MEMORY);
        n = incident_from_river(&row, &memory, commands, COUNTOF(commands));
        if (n && x->seq > s->seq)
            incident_apply(s, x->seq, x->kind, x->payload); /* the cause is there; nothing else changes */
        for (size_t i = 0; i < n; i++)
            submit(r, s, &commands[i]);
    }
}

/* ---- an incident's event ---------------------------------------------- */

/* Phones that are or were connected, as the river knows them: all who are there when it is decided whom an
 * event is for, as who is left out never hears of it. */
static void look_at_devices(struct recorder *r, struct crossing *c)
{
    struct units *u = &r->h->river->units;
    struct buf text = buf_over(c->device_text, DEVICE_BYTES);

    if (c->devices_who == atomic_load_explicit(&u->who, memory_order_acquire) + 1)
        return;
    c->device_count = 0;
    hub_lock(r->h);
    c->devices_who = atomic_load_explicit(&u->who, memory_order_relaxed) + 1;
    for (uint32_t i = 0; i < u->used && c->device_count < DEVICES; i++) {
        const struct unit *x = units_at(u, i);
        struct cot_device *d = &c->devices[c->device_count];

        if (x->kind != UNIT_PRESENCE || DEVICE_BYTES - text.len < x->uid.len + x->callsign.len)
            continue;
        d->uid = str_of(text.at + text.len, x->uid.len);
        buf_put(&text, x->uid);
        d->callsign = str_of(text.at + text.len, x->callsign.len);
        buf_put(&text, x->callsign);
        c->online[c->device_count++] = atomic_load_explicit(&u->conn[i], memory_order_relaxed) != CONN_NONE;
    }
    hub_unlock(r->h);
}

static bool is_online(const struct crossing *c, struct str uid)
{
    for (size_t i = 0; i < c->device_count; i++)
        if (str_eq(c->devices[i].uid, uid))
            return c->online[i];
    return false;
}

/* Adds the addressees that the core leaves to us; false: there is nobody. */
static bool put_addressees(const struct crossing *c, const struct cot_out *out, struct buf *b)
{
    bool any = false;

    switch (out->audience) {
    case COT_TO_ALL:
        return true;
    case COT_TO_DEVICE:
        if (!is_online(c, out->to))
            fields_put(b, FIELD_OFFLINE, out->to);
        return true;
    case COT_TO_EXERCISE:
        if (clock_is_exercise()) { /* nobody else was enrolled into this folder */
            fields_put(b, FIELD_EVERYONE, STR("1"));
            return true;
        }
        for (size_t i = 0; i < c->device_count; i++)
            if (device_is_exercise(c->devices[i].uid, c->devices[i].callsign)) {
                fields_put(b, FIELD_TO, c->devices[i].uid);
                any = true;
            }
        return any;
    }
    return false;
}

void recorder_to_phones(struct recorder *r, const struct incident *s, size_t entry)
{
    struct crossing *c = crossing(r);
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};
    struct cot_out out[OUT_ROWS];
    struct incident_outgoing o = {.s = s, .kind = r->entries[entry].kind, .payload = r->entries[entry].payload,
                                  .seq = r->entries[entry].seq, .now_ms = head.at_ms,
                                  .server_uid = str_from(r->h->server_uid), .server_name = str_from(r->h->server_name),
                                  .devices = c->devices};
    size_t n = 1;

    look_at_devices(r, c);
    o.device_count = c->device_count;
    while (n > 0 && o.skip < OUT_MOST) {
        struct buf memory = buf_over(c->to, INCIDENT_COT_MEMORY);

        n = incident_cot(&o, &memory, out, COUNTOF(out));
        o.skip += n;
        for (size_t i = 0; i < n; i++) {
            struct buf row = buf_over(r->incident_row, INCIDENT_DECIDE_MEMORY);

            buf_put(&row, out[i].payload);
            if (!put_addressees(c, &out[i], &row))
                continue;
            if (row.full || !recorder_add(r, &head, out[i].river_kind, buf_str(&row), false))
                log_line(LOG_ERROR, "record.full", "lost=%s uid=%.*s", event_tag(out[i].river_kind),
                         STR_ARG(out[i].uid));
        }
    }
}

/* ---- positions -------------------------------------------------------- */

/* One watch for each open incident; another incident begins a new one. */
static struct watch_state *watch_of(struct crossing *c, size_t which, struct incident *s, struct hash_key key)
{
    if (c->watched[which] == s && c->watch[which])
        return c->watch[which];
    free(c->watch[which]);
    c->watch[which] = calloc(1, sizeof *c->watch[which]);
    MUST(c->watch[which]);
    watch_init(c->watch[which], key);
    c->watched[which] = s;
    return c->watch[which];
}

bool recorder_watches(const struct recorder *r)
{
    return open_one(r, 0) || open_one(r, 1);
}

void recorder_positions(struct recorder *r, const struct position *positions, size_t n)
{
    for (size_t which = 0; which < 2; which++) {
        struct incident *s = open_one(r, which);
        struct incident_command commands[OUT_ROWS];
        struct buf memory;
        struct watch_turn t;
        size_t count;

        if (!s || n == 0)
            continue;
        memory = buf_over(crossing(r)->watching, INCIDENT_WATCH_MEMORY);
        t = (struct watch_turn){.w = watch_of(crossing(r), which, s, r->record.key), .s = s, .positions = positions,
                                .n = n, .now_ms = clock_wall_ms()};
        count = incident_watch(&t, &memory, commands, COUNTOF(commands));
        for (size_t i = 0; i < count; i++)
            submit(r, s, &commands[i]);
    }
}

/* ---- the command post as a contact ------------------------------------ */

void recorder_post(struct recorder *r)
{
    struct incident *s = open_one(r, 0) ? open_one(r, 0) : open_one(r, 1);
    struct crossing *c = r->crossing;
    char text[1024];
    struct buf detail = buf_over(text, sizeof text);
    struct cot_post post = {.s = s, .server_uid = str_from(r->h->server_uid),
                            .server_name = str_from(r->h->server_name), .now_ms = clock_wall_ms()};
    struct cot cot;

    if (!s || (c && c->posted_ms && clock_ms() - c->posted_ms < POST_MS))
        return;
    crossing(r)->posted_ms = clock_ms();
    incident_cot_post(&post, &detail, &cot);
    hub_lock(r->h);
    river_put_own(r->h->river, &cot, hub_now());
    hub_unlock(r->h);
}
