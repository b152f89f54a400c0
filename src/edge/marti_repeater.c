#include "edge/marti.h"

#include "base/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Open emergencies, as the "repeater" of a TAK server tells and clears them. tak.md 2.6
 *
 * Who raised one may take it back; anybody else who hears it acknowledges it: it stays open until its phone or the
 * command post ends it, and the record has who did what. */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_list, get_period, post_period, get_remove;

const struct route marti_repeater_routes[] = {
    {READS, "/Marti/api/repeater/list", RIGHT_CLIENT, false, get_list, DOOR_WEB, NULL},
    {READS, "/Marti/api/repeater/period", RIGHT_CLIENT, false, get_period, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/api/repeater/period", RIGHT_CLIENT, false, post_period, DOOR_WEB, NULL},
    {METHOD_GET | METHOD_DELETE, "/Marti/api/repeater/remove/{*}", RIGHT_CLIENT, false, get_remove, DOOR_WEB, NULL},
};
const size_t marti_repeater_route_count = COUNTOF(marti_repeater_routes);

/* ---- the list ----------------------------------------------------------- */

struct repeated {
    const struct watch_unit *u;
    const struct cot *c;
    struct str kind; /* "911 Alert" */
    struct str xml;
};

static void put_repeated(void *ctx, struct buf *b)
{
    const struct repeated *p = ctx;
    char time[WHEN_TEXT_MAX];
    struct buf t = buf_over(time, sizeof time);

    when_put(&t, p->u->time_ms);
    buf_byte(b, '{');
    web_put_text(b, "uid", p->u->uid);
    buf_byte(b, ',');
    web_put_text(b, "repeatType", p->kind);
    buf_byte(b, ',');
    web_put_text(b, "cotType", p->c->type);
    buf_byte(b, ',');
    web_put_text(b, "dateTimeActivated", buf_str(&t));
    buf_byte(b, ',');
    web_put_text(b, "xml", p->xml);
    buf_byte(b, ',');
    web_put_text(b, "callsign", p->c->contact.callsign);
    buf_byte(b, '}');
}

static bool see_emergency(void *ctx, const struct watch_unit *u, const struct cot *c)
{
    struct marti_rows *rows = ctx;
    struct repeated p = {.u = u, .c = c};
    struct cot_routing routing;
    struct buf scratch, xml;
    char *memory;
    struct err e;

    if (u->kind != UNIT_EMERGENCY || !c)
        return true;
    memory = malloc(2 * LIMIT_EVENT_IN);
    if (!memory)
        return false;
    scratch = buf_over(memory, LIMIT_EVENT_IN);
    xml = buf_over(memory + LIMIT_EVENT_IN, LIMIT_EVENT_IN);
    cot_to_xml_stripped(c, &xml);
    if (cot_route(c, &scratch, &routing, &e) && !xml.full) {
        p.kind = routing.emergency_type;
        p.xml = buf_str(&xml);
        marti_rows_add(rows, u->uid, put_repeated, &p);
    }
    free(memory);
    return true;
}

static void write_rows(void *ctx, struct buf *b)
{
    marti_rows_put(ctx, false, b);
}

static void get_list(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct marti_rows rows = {0};
    struct marti_ears ears;

    (void)now;
    marti_ears(w, &q->client, &ears);
    if (marti_units(w, &ears, see_emergency, &rows))
        marti_data(r, "com.bbn.marti.remote.Repeatable", write_rows, &rows);
    else
        reply_problem(r, 503, "There is not enough memory just now.");
    marti_rows_free(&rows);
}

/* ---- how often ---------------------------------------------------------- */

static void put_period(void *ctx, struct buf *b)
{
    const struct web *w = ctx;

    buf_fmt(b, "%" PRId64, w->h->river->limits.repeat_ms / 1000);
}

static void get_period(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    marti_data(r, "java.lang.Integer", put_period, w);
}

static void post_period(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    reply_problem(r, 403, "How often emergencies are repeated is said in cordon.conf: emergency_repeat_s.");
}

/* ---- the end ------------------------------------------------------------ */

struct removing {
    struct str uid;
    bool found, own;
    uint16_t in_set;
    char callsign[LIMIT_CALLSIGN + 1];
};

/* Is it open, and does this client hear it? */
static void find(struct web *w, const struct client *c, struct removing *m)
{
    struct river *r = w->h->river;
    struct marti_ears ears;
    const struct unit *x;

    marti_ears(w, c, &ears);
    hub_lock(w->h);
    x = units_find_emergency(&r->units, m->uid);
    m->found = x && ears.count && sets_hears(r->sets, marti_out_set(w, &ears), x->in_set);
    if (m->found) {
        m->own = x->owner == river_owner(r, str_from(c->name));
        m->in_set = x->in_set;
        (void)str_copy(m->callsign, sizeof m->callsign, x->callsign);
    }
    hub_unlock(w->h);
}

/* What its phone would have sent. tak.md 1.3 */
static void put_cancel(struct web *w, const struct removing *m, struct now now, struct buf *b)
{
    char text[2048], inner[512];
    struct buf xml = buf_over(text, sizeof text), detail = buf_over(inner, sizeof inner);
    struct cot c = {.version = STR("2.0"), .uid = m->uid, .type = STR("b-a-o-can"), .how = STR("h-e"),
                    .time_ms = now.wall_ms, .start_ms = now.wall_ms, .stale_ms = now.wall_ms + 10000,
                    .has_point = true, .from_proto = true};

    c.hae.value = c.ce.value = c.le.value = COT_UNKNOWN;
    buf_put(&detail, STR("<contact callsign=\""));
    buf_xml(&detail, str_from(m->callsign));
    buf_put(&detail, STR("\"/><emergency cancel=\"true\">"));
    buf_xml(&detail, str_from(m->callsign));
    buf_put(&detail, STR("</emergency>"));
    c.detail = buf_str(&detail);
    cot_to_xml(&c, &xml);
    fields_put(b, FIELD_TYPE, c.type);
    fields_put(b, FIELD_CALLSIGN, str_from(m->callsign));
    fields_put_int(b, FIELD_STALE_MS, c.stale_ms);
    fields_put(b, FIELD_EVENT_XML, buf_str(&xml));
    hub_lock(w->h);
    river_put_groups(w->h->river, m->in_set, b);
    hub_unlock(w->h);
    b->full |= xml.full || detail.full;
}

static void put_done(void *ctx, struct buf *b)
{
    buf_json(b, str_from(ctx));
}

static void removed(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    char acknowledged[] = "acknowledged", cancelled[] = "cancelled", why[512];

    (void)w;
    if (!x)
        return;
    if (head->ok) {
        marti_data(&x->reply, "java.lang.String", put_done, ctx ? cancelled : acknowledged);
        return;
    }
    (void)str_copy(why, sizeof why, text);
    reply_problem(&x->reply, head->refused == ERR_DENIED ? 403 : 503, why);
}

static void get_remove(struct web *w, struct request *q, struct reply *r, struct now now)
{
    static char yes[] = "its own";
    struct removing m = {.uid = q->part[0]};
    char payload[8192];
    struct buf b = buf_over(payload, sizeof payload);
    struct ask_head head = {.ask = ASK_ROW, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};

    find(w, &q->client, &m);
    if (!m.found) {
        reply_problem(r, 404, "This emergency is not open, or it is not for your groups.");
        return;
    }
    head.kind = m.own ? EV_EMERGENCY_CANCELLED : EV_EMERGENCY_ACKNOWLEDGED;
    fields_put(&b, FIELD_UID, m.uid);
    fields_put(&b, FIELD_BY, str_from(q->client.name));
    fields_put(&b, FIELD_USER, str_from(q->client.name));
    fields_put(&b, FIELD_ADDRESS, str_from(q->address));
    if (m.own)
        put_cancel(w, &m, now, &b);
    (void)web_ask_then(w, q, r, &head, &b, removed, m.own ? yes : NULL);
}
