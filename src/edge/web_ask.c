#include "edge/erasure.h"
#include "edge/web_inner.h"

#include "core/reply.h"
#include "edge/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Texts that the record has to keep before anybody hears of them. The request is
 * parked under its exchange's number until the recorder answers. */

enum {
    TICKET_MAX = 64,
    CHAT_TEXT = 8000,
    DETAIL_ROOM = LIMIT_EVENT_OUT,
    EVENT_ROOM = LIMIT_EVENT_OUT,
    PAYLOAD_ROOM = 2 * LIMIT_EVENT_OUT,
};

bool web_take_ticket(const struct json *j, struct str *out, struct err *e)
{
    if (!json_take_text(j, "id", (struct json_length){8, TICKET_MAX}, out, e))
        return false;
    for (size_t i = 0; i < out->len; i++) {
        char c = out->at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return err_set(e, ERR_INPUT, "\"id\" must be a UUID");
    }
    return true;
}

void web_ask(struct web *w, struct request *q, struct reply *r, struct ask_head *head, const struct buf *payload)
{
    head->request = q->id;
    if (payload->full)
        reply_problem(r, 413, "The message is too long for a phone. Send it in parts.");
    else if (w->waiting >= WEB_WAITING)
        reply_problem(
            r, 503,
            "Too many messages wait for the disk. Try again in a moment; nothing was sent.");
    else if (!hub_ask(w->h, head, buf_str(payload)))
        reply_problem(r, 503,
                      "The record's queue is full. Try again in a moment; nothing was sent.");
    else
        r->later = true;
}

static void ask(struct web *w, struct request *q, struct reply *r, enum event_id kind,
                const struct buf *payload)
{
    struct ask_head head = {.ask = ASK_ROW,
                            .kind = (uint16_t)kind,
                            .sender = RING_NO_SENDER,
                            .at_ms = hub_now().wall_ms};

    web_ask(w, q, r, &head, payload);
}

struct chat {
    struct str id, to, text;
    char callsign[LIMIT_CALLSIGN + 1];
    bool direct, offline;
};

static bool find_addressee(struct web *w, struct chat *m, struct err *e)
{
    struct river *r = w->h->river;
    const struct unit *x;

    hub_lock(w->h);
    x = units_find(&r->units, m->to);
    if (x) {
        (void)str_copy(m->callsign, sizeof m->callsign, x->callsign);
        m->offline = atomic_load_explicit(&r->units.conn[units_index(&r->units, x)],
                                          memory_order_relaxed) == CONN_NONE;
    }
    hub_unlock(w->h);
    if (!x)
        return err_set(e, ERR_MISSING,
                       "There is no unit with this uid any more; choose another one.");
    return true;
}

static bool read_chat(struct web *w, const struct json *j, struct chat *m, struct err *e)
{
    if (!web_take_ticket(j, &m->id, e) ||
        !json_take_text(j, "to", (struct json_length){1, LIMIT_UID}, &m->to, e) ||
        !json_take_text(j, "text", (struct json_length){1, CHAT_TEXT}, &m->text, e))
        return false;
    if (!text_is_plain(m->text, true) || !text_is_plain(m->to, false))
        return err_set(e, ERR_INPUT, "The text holds control characters that phones cannot show.");
    if (str_trim(m->text).len == 0)
        return err_set(e, ERR_INPUT, "The text is empty.");
    m->direct = !str_eq(m->to, STR("all"));
    return !m->direct || find_addressee(w, m, e);
}

static void put_chat(struct web *w, const struct request *q, const struct chat *m, struct now now,
                     char *memory, struct buf *b)
{
    struct buf detail = buf_over(memory, DETAIL_ROOM),
               xml = buf_over(memory + DETAIL_ROOM, EVENT_ROOM);
    char name[3 * LIMIT_UID];
    struct buf uid = buf_over(name, sizeof name);
    struct reply_chat chat = {.message_id = m->id,
                              .from_uid = str_from(w->h->server_uid),
                              .from = str_from(w->h->server_name),
                              .to_uid = m->direct ? m->to : (struct str){0},
                              .to = str_from(m->callsign),
                              .text = m->text};
    struct cot c;

    reply_chat(&c, &chat, now.wall_ms, &detail, &uid);
    cot_to_xml(&c, &xml);
    fields_put(b, FIELD_BY, str_from(q->who.name));
    fields_put(b, FIELD_FROM_UID, chat.from_uid);
    fields_put(b, FIELD_CALLSIGN, chat.from);
    fields_put(b, FIELD_UID, c.uid);
    fields_put(b, FIELD_TYPE, c.type);
    fields_put(b, FIELD_MESSAGE_ID, m->id);
    fields_put(b, FIELD_ROOM_ID, m->direct ? m->to : STR("All Chat Rooms"));
    fields_put(b, FIELD_ROOM, m->direct ? chat.to : STR("All Chat Rooms"));
    fields_put(b, FIELD_TEXT, m->text);
    fields_put(b, FIELD_EVERYONE, STR("1"));
    if (m->direct)
        fields_put(b, FIELD_TO, m->to);
    if (m->offline)
        fields_put(b, FIELD_OFFLINE, m->to);
    fields_put_int(b, FIELD_STALE_MS, c.stale_ms);
    fields_put(b, FIELD_TICKET, m->id);
    fields_put(b, FIELD_EVENT_XML, buf_str(&xml));
    b->full |= detail.full || xml.full || uid.full;
}

void post_chat(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct chat m = {0};
    struct json *j = NULL;
    struct err e;
    char *memory;
    struct buf b;

    if (!json_read(q->body, &j, &e) || !read_chat(w, j, &m, &e)) {
        reply_err(r, &e);
        json_drop(j);
        return;
    }
    memory = malloc(DETAIL_ROOM + EVENT_ROOM + PAYLOAD_ROOM);
    MUST(memory);
    b = buf_over(memory + DETAIL_ROOM + EVENT_ROOM, PAYLOAD_ROOM);
    put_chat(w, q, &m, now, memory, &b);
    ask(w, q, r, EV_CHAT_SAID, &b);
    free(memory);
    json_drop(j);
}

/* Is it an emergency that is open? */
static bool is_open(struct web *w, struct str uid)
{
    bool open;

    hub_lock(w->h);
    open = units_find_emergency(&w->h->river->units, uid) != NULL;
    hub_unlock(w->h);
    return open;
}

void post_acknowledge(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char payload[1024];
    struct buf b = buf_over(payload, sizeof payload);
    struct json *j = NULL;
    struct str ticket, uid = q->part[0];
    struct err e;

    (void)now;
    if (!json_read(q->body, &j, &e) || !web_take_ticket(j, &ticket, &e)) {
        reply_problem(r, 400, e.text);
    } else if (!is_open(w, uid)) {
        reply_problem(r, 404, "This emergency is not open any more.");
    } else {
        fields_put(&b, FIELD_UID, uid);
        fields_put(&b, FIELD_BY, str_from(q->who.name));
        fields_put(&b, FIELD_ADDRESS, str_from(q->address));
        fields_put(&b, FIELD_TICKET, ticket);
        ask(w, q, r, EV_EMERGENCY_ACKNOWLEDGED, &b);
    }
    json_drop(j);
}

/* ---- a text is erased ------------------------------------------------------ */

/* By decision of a commander, with a reason; the record destroys the key once its event is on the disk. */
void post_erase(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct ask_head head = {.ask = ASK_ERASE, .sender = RING_NO_SENDER, .at_ms = now.wall_ms};
    char payload[2048];
    struct buf b = buf_over(payload, sizeof payload);
    struct str ticket, reason;
    struct json *j = NULL;
    int64_t seq;
    struct err e;

    if (!access_has_role(&q->who.access, STR("commander"))) {
        reply_problem(r, 403, "A text is erased by decision of a commander.");
    } else if (!str_to_int(q->part[0], 1, INT64_MAX / 4, &seq) || !json_read(q->body, &j, &e) ||
               !web_take_ticket(j, &ticket, &e) ||
               !json_take_text(j, "reason", (struct json_length){1, ERASURE_REASON_MAX}, &reason, &e)) {
        reply_problem(r, 400, j || q->body.len ? e.text : "seq: the number of an entry, please");
    } else {
        fields_put_int(&b, FIELD_REF, seq);
        fields_put(&b, FIELD_TICKET, ticket);
        fields_put(&b, FIELD_BY, str_from(q->who.name));
        fields_put(&b, FIELD_REASON, reason);
        fields_put(&b, FIELD_ADDRESS, str_from(q->address));
        web_ask(w, q, r, &head, &b);
    }
    json_drop(j);
}

/* ---- what somebody of the web thread waits for ------------------------- */

static struct web_pending *find_pending(struct web *w, uint64_t request)
{
    for (size_t i = 0; i < WEB_WAITING; i++)
        if (w->pending[i].request == request)
            return &w->pending[i];
    return NULL;
}

bool web_ask_then(struct web *w, struct request *q, struct reply *r, struct ask_head *head, const struct buf *payload,
                  web_answered *then, void *ctx)
{
    struct web_pending *p = find_pending(w, 0);

    if (!p) {
        reply_problem(r, 503, "Too much waits for the disk. Try again in a moment; nothing was done.");
        return false;
    }
    web_ask(w, q, r, head, payload);
    if (!r->later)
        return false;
    *p = (struct web_pending){q->id, then, ctx};
    return true;
}

/* Whether it was asked by web_ask_then(); then that is told. */
static bool pending_answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text)
{
    struct web_pending *p = find_pending(w, head->request), found;

    if (!p)
        return false;
    found = *p;
    p->request = 0;
    if (x)
        x->reply.later = false;
    found.then(w, x, head, text, found.ctx);
    if (x && !x->reply.later)
        exchange_answered(w, x);
    return true;
}

void pending_free(struct web *w)
{
    struct answer_head none = {.refused = ERR_WORLD};

    for (size_t i = 0; i < WEB_WAITING; i++)
        if (w->pending[i].request)
            w->pending[i].then(w, NULL, &none, (struct str){0}, w->pending[i].ctx);
}

void ask_answered(struct web *w, const struct answer_head *head, struct str text)
{
    struct exchange *x = exchange_waiting(w, head->request);

    if (pending_answered(w, x, head, text) || !x)
        return; /* or it waited too long, or its page is gone; the record has it all the same */
    if (identity_answered(w, x, head, text))
        return;
    incident_answered(w, x, head, text);
    if (x->import[0])
        import_told(w, x);
    exchange_answered(w, x);
}
