#include "edge/inputs_inner.h"

#include "os/clock.h"
#include "os/log.h"
#include "os/secret.h"

#include <stdio.h>

/* ---- the record -------------------------------------------------------- */

static struct ask_head head_of(enum event_id kind)
{
    return (struct ask_head){.ask = ASK_ROW, .kind = (uint16_t)kind, .sender = RING_NO_SENDER,
                             .at_ms = clock_wall_ms()};
}

static void put_input(const struct input *x, struct buf *b)
{
    fields_put(b, FIELD_NAME, str_from(x->rule.name));
    fields_put(b, FIELD_SUB_TYPE, str_from(input_kind_name(x->rule.kind)));
}

void inputs_tell(struct inputs *v, const struct input *x, enum event_id kind, const char *reason)
{
    struct ask_head head = head_of(kind);
    char text[2048], where[96];
    struct buf b = buf_over(text, sizeof text);

    (void)snprintf(where, sizeof where, "%s port %d%s%s", x->rule.address, x->port, x->rule.interface[0] ? " on " : "",
                   x->rule.interface);
    put_input(x, &b);
    if (x->rule.kind != INPUT_HTTP)
        fields_put(&b, FIELD_ADDRESS, str_from(where));
    for (size_t i = 0; i < x->rule.group_count; i++)
        fields_put(&b, FIELD_GROUP, str_from(x->rule.groups[i]));
    if (reason[0])
        fields_put(&b, FIELD_REASON, str_from(reason));
    log_line(LOG_INFO, event_tag(kind), "name=%s kind=%s where=\"%s\"", x->rule.name, input_kind_name(x->rule.kind),
             x->rule.kind == INPUT_HTTP ? "/Marti/api/inject/cot" : where);
    if (!hub_ask(v->h, &head, buf_str(&b)))
        log_line(LOG_ERROR, "record.full", "lost=%s", event_tag(kind));
}

/* A refusal is counted each time, and told in log and journal now and then.  Under the lock. */
static void count_refused(struct inputs *v, struct input *x, struct source *from, const char *reason)
{
    struct ask_head head = head_of(EV_INPUT_REFUSED);
    char text[1024], address[NET_ADDRESS_MAX], quoted[ERR_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    int64_t now = clock_ms();

    (void)snprintf(v->said, sizeof v->said, "%s", reason);
    hub_count(&v->h->metrics.refused_events, 1);
    hub_count(&v->h->metrics.refused_by[hub_reason(reason)], 1);
    x->refused++;
    x->untold++;
    if (from)
        from->refused++;
    if (x->told_ms && now - x->told_ms < INPUT_REFUSAL_MS)
        return;
    x->told_ms = now;
    net_peer_text(from ? &from->who : &(struct net_peer){0}, address);
    log_line(LOG_WARN, "input.refused", "name=%s peer=%s count=%llu reason=%s", x->rule.name, address,
             (unsigned long long)x->untold, log_quote(quoted, sizeof quoted, str_from(reason)));
    put_input(x, &b);
    fields_put(&b, FIELD_ADDRESS, str_from(address));
    fields_put(&b, FIELD_REASON, str_from(reason));
    fields_put_int(&b, FIELD_SIZE, (int64_t)x->untold);
    x->untold = 0;
    if (!hub_ask(v->h, &head, buf_str(&b)))
        hub_count(&v->h->metrics.record_full, 1); /* the log line above has it */
}

/* ---- the world of an input's session ----------------------------------- */

static void nothing(void *ctx)
{
    (void)ctx; /* an input hears nothing, so its session never asks for the lock */
}

static bool world_record(void *ctx, struct session *s, enum event_id kind, struct str payload, uint64_t ticket)
{
    struct inputs *v = ctx;
    struct ask_head head = head_of(kind);

    head.handle = session_handle(s);
    head.sender = s->slot;
    head.ticket = ticket;
    if (hub_ask(v->h, &head, payload))
        return true;
    hub_count(&v->h->metrics.record_full, 1);
    return false;
}

static void world_refused(void *ctx, struct session *s, const char *reason)
{
    struct inputs *v = ctx;

    MUST(&v->feeding->s == s);
    count_refused(v, v->feeding, v->from, reason);
}

static void world_bound(void *ctx, struct session *s, struct str uid, struct str callsign)
{
    (void)ctx, (void)s, (void)uid, (void)callsign; /* nobody is reached through an input */
}

static const char *world_objects(void *ctx, struct session *s, const struct river_event *ev)
{
    const struct inputs *v = ctx;

    (void)s;
    return input_objects(&v->feeding->rule, &ev->cot);
}

void inputs_world(struct inputs *v)
{
    v->world = (struct session_world){.ctx = v, .lock = nothing, .unlock = nothing, .record = world_record,
                                      .refused = world_refused, .bound = world_bound, .objects = world_objects};
}

bool inputs_session(struct inputs *v, struct input *x, struct err *e)
{
    struct sets *sets = v->h->river->sets;
    uint32_t place = (uint32_t)(x - v->list), born = x->s.born + 1;
    struct group_mask mask = {0};
    int in_set;

    for (size_t i = 0; i < x->rule.group_count; i++) {
        int g = sets_group(sets, str_from(x->rule.groups[i]));

        if (g < 0)
            return err_set(e, ERR_FULL, "input %s: there are too many groups for %s", x->rule.name, x->rule.groups[i]);
        mask_add(&mask, g);
    }
    in_set = sets_in_of(sets, &mask, (struct set_of){.agency = sets_agency(sets, str_from(x->rule.agency))});
    if (in_set < 0)
        return err_set(e, ERR_FULL, "input %s: too many different combinations of groups are in use", x->rule.name);
    /* Places behind those of the clients: no connection has them. */
    session_init(&x->s, v->h->client_max + place, born);
    x->s.user = (struct session_user){.id = -1 - (int64_t)place, .input = true, .in_set = (uint16_t)in_set,
                                      .out_set = SETS_NOBODY};
    (void)snprintf(x->s.user.name, sizeof x->s.user.name, "input/%s", x->rule.name);
    (void)snprintf(x->s.user.agency, sizeof x->s.user.agency, "%s", x->rule.agency);
    return true;
}

/* ---- sources ----------------------------------------------------------- */

/* The one that this came from; a new one takes the place of the longest silent when there are too many. */
static struct source *source_of(struct input *x, const struct net_peer *who)
{
    struct source *oldest = &x->sources[0];

    for (size_t i = 0; i < x->source_count; i++) {
        struct source *s = &x->sources[i];

        if (memcmp(s->who.ip, who->ip, sizeof who->ip) == 0) {
            s->who.port = who->port;
            return s;
        }
        if (s->seen_ms < oldest->seen_ms)
            oldest = s;
    }
    if (x->source_count < INPUT_SEEN)
        oldest = &x->sources[x->source_count++];
    *oldest = (struct source){.who = *who};
    return oldest;
}

static const char *over_rate(struct input *x, struct source *from, struct now now)
{
    double rate = (double)x->rule.rate;

    if (!bucket_spend(&from->rate, rate, rate * INPUT_BURST_S, now))
        return "it sends more events a second than this input grants one source";
    if (!bucket_spend(&x->rate, rate * INPUT_SOURCES, rate * INPUT_SOURCES * INPUT_BURST_S, now))
        return "all sources of this input together send more events a second than it grants";
    return NULL;
}

/* Under the lock; false: refused. */
static bool take(struct inputs *v, struct input *x, const struct net_peer *who, struct str unit[2])
{
    struct now now = hub_now();
    uint64_t refused = x->refused;
    const char *no;

    v->feeding = x;
    v->from = source_of(x, who);
    v->from->seen_ms = now.wall_ms;
    no = over_rate(x, v->from, now);
    if (no)
        count_refused(v, x, v->from, no);
    else
        session_take(&x->s, v->h->river, &v->world, unit[0], unit[1], now);
    if (x->refused == refused) {
        x->events++;
        v->from->events++;
    }
    v->feeding = NULL;
    v->from = NULL;
    return x->refused == refused;
}

void inputs_take(struct inputs *v, struct input *x, const struct net_peer *who, struct str xml, struct str proto)
{
    struct str unit[2] = {xml, proto};

    hub_lock(v->h);
    (void)take(v, x, who, unit);
    hub_unlock(v->h);
}

void inputs_refuse(struct inputs *v, struct input *x, const struct net_peer *who, const char *reason)
{
    struct source *from;

    hub_lock(v->h);
    from = source_of(x, who);
    from->seen_ms = clock_wall_ms();
    count_refused(v, x, from, reason);
    hub_unlock(v->h);
}

/* ---- HTTP -------------------------------------------------------------- */

/* Who asks, of the text of an address. */
static bool peer_of(const char *address, struct net_peer *out)
{
    struct net_prefix p;
    struct err e;

    *out = (struct net_peer){0};
    if (!net_prefix_read(str_from(address), &p, &e))
        return false;
    memcpy(out->ip, p.ip, sizeof out->ip);
    return true;
}

/* Under the lock. */
static struct input *by_token(struct inputs *v, const unsigned char hash[SECRET_SHA])
{
    struct input *found = NULL;

    for (int i = 0; i < INPUTS_MAX; i++)
        if (v->list[i].used && v->list[i].rule.kind == INPUT_HTTP &&
            secret_same(str_of(hash, SECRET_SHA), str_of(v->list[i].token_hash, SECRET_SHA)))
            found = &v->list[i];
    return found;
}

uint64_t inputs_by_token(struct hub *h, struct str token, const char *address, struct err *e)
{
    struct inputs *v = h->inputs;
    unsigned char hash[SECRET_SHA];
    struct input *x;
    struct net_peer who;
    uint64_t handle = 0;

    (void)err_set(e, ERR_DENIED, "There is no input with this token.");
    if (!v || !peer_of(address, &who))
        return 0;
    secret_sha256(token, hash);
    hub_lock(h);
    x = by_token(v, hash);
    if (x && input_allows_address(&x->rule, &who)) {
        handle = session_handle(&x->s);
    } else if (x) {
        count_refused(v, x, source_of(x, &who), "its address is none that this input may be used from");
        (void)err_set(e, ERR_DENIED, "This input may not be used from this address.");
    }
    hub_unlock(h);
    return handle;
}

/* One piece of a body; false: the input is gone. */
static bool inject(struct inputs *v, uint64_t input, const struct net_peer *who, const struct frame *f,
                   struct injected *out)
{
    struct input *x = NULL;
    struct str unit[2] = {f->is == FRAME_XML ? f->body : (struct str){0},
                          f->is == FRAME_PROTO ? f->body : (struct str){0}};
    bool taken = false;

    hub_lock(v->h);
    for (int i = 0; i < INPUTS_MAX && !x; i++)
        x = v->list[i].used && session_handle(&v->list[i].s) == input ? &v->list[i] : NULL;
    if (x && (unit[0].len || unit[1].len))
        taken = take(v, x, who, unit);
    else if (x)
        count_refused(v, x, source_of(x, who), "its body is no event, or an event in it has no end");
    if (x && !taken && out->refused == 0)
        (void)snprintf(out->reason, sizeof out->reason, "%s", v->said);
    hub_unlock(v->h);
    out->taken += taken;
    out->refused += !taken;
    return x != NULL;
}

bool inputs_inject(struct hub *h, uint64_t input, const char *address, struct str body, struct injected *out)
{
    struct framer f = {0};
    struct net_peer who;

    *out = (struct injected){0};
    if (!h->inputs || !peer_of(address, &who))
        return false;
    for (;;) {
        struct frame frame = frame_next(&f, body, INPUT_UNIT);

        if (frame.is == FRAME_MORE && str_trim(str_from_at(body, frame.used)).len == 0)
            return true;
        if (!inject(h->inputs, input, &who, &frame, out))
            return false;
        if (frame.is == FRAME_MORE || frame.is == FRAME_BAD)
            return true;
        body = str_from_at(body, frame.used);
    }
}

/* ---- what an administrator sees ---------------------------------------- */

static void put_sources(const struct input *x, struct buf *b)
{
    buf_put(b, STR(",\"sources\":["));
    for (size_t i = 0; i < x->source_count; i++) {
        const struct source *s = &x->sources[i];
        char address[NET_ADDRESS_MAX];

        net_peer_text(&s->who, address);
        buf_fmt(b, "%s{\"address\":\"%s\",\"seen\":%lld,\"events\":%llu,\"refused\":%llu}", i ? "," : "", address,
                (long long)s->seen_ms, (unsigned long long)s->events, (unsigned long long)s->refused);
    }
    buf_put(b, STR("]}"));
}

static void put_one(const struct input *x, struct buf *b)
{
    buf_fmt(b, "{\"name\":\"%s\",\"kind\":\"%s\",\"address\":\"%s\",\"port\":%d,\"interface\":", x->rule.name,
            input_kind_name(x->rule.kind), x->rule.address, x->port);
    buf_json(b, str_from(x->rule.interface));
    buf_fmt(b, ",\"open\":%s,\"conf\":%s,\"trouble\":", x->trouble[0] ? "false" : "true", x->conf ? "true" : "false");
    buf_json(b, str_from(x->trouble));
    buf_put(b, STR(",\"groups\":["));
    for (size_t g = 0; g < x->rule.group_count; g++) {
        buf_put(b, g ? STR(",") : (struct str){0});
        buf_json(b, str_from(x->rule.groups[g]));
    }
    buf_fmt(b, "],\"rate\":%lld,\"events\":%llu,\"refused\":%llu", (long long)x->rule.rate,
            (unsigned long long)x->events, (unsigned long long)x->refused);
    put_sources(x, b);
}

void inputs_put_json(struct hub *h, struct buf *b)
{
    struct inputs *v = h->inputs;
    struct input one;
    bool comma = false;

    buf_byte(b, '[');
    for (size_t i = 0; v && i < INPUTS_MAX; i++) {
        hub_lock(h);
        one = v->list[i];
        hub_unlock(h);
        if (!one.used)
            continue;
        buf_put(b, comma ? STR(",") : (struct str){0});
        comma = true;
        put_one(&one, b);
    }
    buf_byte(b, ']');
}
