#include "edge/web_inner.h"

#include "base/when.h"
#include "core/sharing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Rules between agencies, for the page: what counts, with a sentence for each consequence; a rule proposed; one
 * confirmed.  The record decides (recorder_sharing.c). */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_sharing, post_propose, post_confirm;

const struct route web_sharing_routes[] = {
    {READS, "/api/incidents/{}/sharing", RIGHT_PICTURE, false, get_sharing, DOOR_WEB, NULL},
    {METHOD_POST, "/api/incidents/{}/sharing/propose", RIGHT_WRITES, true, post_propose, DOOR_WEB, NULL},
    {METHOD_POST, "/api/incidents/{}/sharing/confirm", RIGHT_WRITES, true, post_confirm, DOOR_WEB, NULL},
};
const size_t web_sharing_route_count = COUNTOF(web_sharing_routes);

/* ---- what counts --------------------------------------------------------- */

/* A copy, so that nothing is written under the lock. */
struct view {
    struct sharing rules;
    char agencies[SETS_AGENCIES][SETS_AGENCY_MAX];
    int agency_count;
    bool on, is_open;
    struct str incident, open[INCIDENTS_MAX];
    size_t open_count;
    int64_t now_ms;
};

static bool is_open(const struct incident *s)
{
    return ent_is(s, incident_self(s), IN_STATE, "active");
}

static void add_agency(struct view *v, const char *name)
{
    for (int i = SETS_NO_AGENCY; i < v->agency_count; i++)
        if (strcmp(v->agencies[i], name) == 0)
            return;
    if (name[0] && v->agency_count < SETS_AGENCIES)
        (void)snprintf(v->agencies[v->agency_count++], SETS_AGENCY_MAX, "%s", name);
}

static void look(struct web *w, struct view *v)
{
    const struct sets *sets = w->h->river->sets;

    hub_lock(w->h);
    if (w->h->sharing)
        v->rules = *w->h->sharing;
    v->on = sets->classed;
    memcpy(v->agencies, sets->agencies, sizeof v->agencies);
    v->agency_count = sets->agency_count;
    for (size_t i = 0; i < w->h->user_count; i++)
        add_agency(v, w->h->users[i].agency);
    hub_unlock(w->h);
    for (size_t i = 0; i < w->incidents.all.count; i++) {
        const struct incident *s = w->incidents.all.list[i];

        if (!is_open(s))
            continue;
        v->open[v->open_count++] = ent_id(s, incident_self(s));
        v->is_open |= str_eq(ent_id(s, incident_self(s)), v->incident);
    }
}

static unsigned mask_of(const struct view *v, const char *const pair[2])
{
    unsigned mask = 0;

    for (unsigned share = 0; share < SHARE_COUNT; share++)
        if (!v->on || sharing_allows(&v->rules, v->open, v->open_count, pair, share))
            mask |= 1u << share;
    return mask;
}

static void put_pair(const struct view *v, const char *const pair[2], struct buf *b)
{
    char text[SHARING_SENTENCE];
    struct buf says = buf_over(text, sizeof text);
    unsigned mask = mask_of(v, pair);

    sharing_says(pair, mask, &says);
    buf_put(b, STR("{\"from\":"));
    buf_json(b, str_from(pair[0]));
    buf_put(b, STR(",\"to\":"));
    buf_json(b, str_from(pair[1]));
    for (unsigned share = 0; share < SHARE_COUNT; share++)
        buf_fmt(b, "%s\"%s\":%s", share ? "," : ",\"shares\":{", sharing_word(share),
                mask >> share & 1 ? "true" : "false");
    buf_put(b, STR("},\"says\":"));
    buf_json(b, buf_str(&says));
    buf_byte(b, '}');
}

static void put_time(const char *name, int64_t ms, struct buf *b)
{
    buf_fmt(b, ",\"%s\":", name);
    if (ms)
        buf_fmt(b, "%" PRId64, ms);
    else
        buf_put(b, STR("null"));
}

static void put_rule(const struct sharing_rule *x, struct buf *b)
{
    char text[SHARING_SENTENCE];
    struct buf says = buf_over(text, sizeof text);
    bool comma = false;

    sharing_consequence(x, &says);
    buf_fmt(b, "{\"seq\":%" PRIu64 ",\"from\":", x->seq);
    buf_json(b, str_from(x->from));
    buf_put(b, STR(",\"to\":"));
    buf_json(b, str_from(x->to));
    buf_put(b, STR(",\"classes\":["));
    for (unsigned share = 0; share < SHARE_COUNT; share++) {
        if (!(x->classes >> share & 1))
            continue;
        buf_fmt(b, "%s\"%s\"", comma ? "," : "", sharing_word(share));
        comma = true;
    }
    buf_fmt(b, "],\"allow\":%s", x->allow ? "true" : "false");
    put_time("until", x->until_ms, b);
    put_time("at", x->at_ms, b);
    buf_put(b, STR(",\"why\":"));
    buf_json(b, str_from(x->why));
    buf_put(b, STR(",\"proposed_by\":"));
    buf_json(b, str_from(x->proposed_by[0] ? x->proposed_by : x->by));
    buf_put(b, STR(",\"by\":"));
    buf_json(b, str_from(x->by));
    buf_put(b, STR(",\"consequence\":"));
    buf_json(b, buf_str(&says));
    buf_byte(b, '}');
}

static void put_rules(const struct view *v, const struct sharing_rule *list, size_t count, struct buf *b)
{
    bool comma = false, proposals = list == v->rules.proposals;

    buf_byte(b, '[');
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(str_from(list[i].incident), v->incident) ||
            (proposals && v->now_ms - list[i].at_ms >= SHARING_PROPOSAL_MS))
            continue;
        buf_put(b, comma ? STR(",") : (struct str){0});
        comma = true;
        put_rule(&list[i], b);
    }
    buf_byte(b, ']');
}

static void put_view(void *ctx, struct buf *b)
{
    const struct view *v = ctx;
    bool comma = false;

    buf_put(b, STR("{\"incident\":"));
    buf_json(b, v->incident);
    buf_fmt(b, ",\"on\":%s,\"open\":%s,\"agencies\":[", v->on ? "true" : "false", v->is_open ? "true" : "false");
    for (int i = SETS_NO_AGENCY; i < v->agency_count; i++) {
        buf_put(b, i > SETS_NO_AGENCY ? STR(",") : (struct str){0});
        buf_json(b, str_from(v->agencies[i]));
    }
    buf_put(b, STR("],\"matrix\":["));
    for (int from = SETS_NO_AGENCY; from < v->agency_count && !b->full; from++)
        for (int to = SETS_NO_AGENCY; to < v->agency_count; to++) {
            const char *const pair[2] = {v->agencies[from], v->agencies[to]};

            if (from == to)
                continue;
            buf_put(b, comma ? STR(",") : (struct str){0});
            comma = true;
            put_pair(v, pair, b);
        }
    buf_put(b, STR("],\"rules\":"));
    put_rules(v, v->rules.rules, v->rules.rule_count, b);
    buf_put(b, STR(",\"proposals\":"));
    put_rules(v, v->rules.proposals, v->rules.proposal_count, b);
    buf_byte(b, '}');
}

static void get_sharing(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct view *v = calloc(1, sizeof *v);

    if (!v) {
        reply_problem(r, 503, "There is not enough memory for it. Try again in a moment.");
        return;
    }
    live_follow(w);
    v->incident = q->part[0];
    v->now_ms = now.wall_ms;
    look(w, v);
    if (incidents_find(&w->incidents.all, q->part[0]))
        reply_written(r, put_view, v);
    else
        reply_problem(r, 404, "There is no such incident.");
    free(v);
}

/* ---- in two steps --------------------------------------------------------- */

static bool may_command(const struct request *q, struct reply *r)
{
    if (access_shares(&q->who.access))
        return true;
    reply_problem(r, 403, "Only a commander or a deputy decides what agencies share.");
    return false;
}

static bool take_until(struct json_value v, int64_t *ms, struct err *e)
{
    enum json_is is = json_is(v);

    *ms = 0;
    if (is == JSON_MISSING || is == JSON_IS_NULL)
        return true;
    if (is == JSON_WHOLE)
        *ms = json_as_whole(v);
    return (is == JSON_WHOLE && *ms > 0) || (is == JSON_TEXT && when_parse(json_as_text(v), ms)) ||
           err_set(e, ERR_INPUT, "\"until\" is a time like 2026-01-02T03:04:05Z, milliseconds since 1970, or null");
}

static bool take_rule(const struct json *j, const struct request *q, struct buf *b, struct err *e)
{
    struct json_value root = json_root(j), classes = json_get(root, "classes"), allow = json_get(root, "allow");
    const struct json_length code = {1, SETS_AGENCY_MAX - 1};
    struct str ticket, from, to, why;
    int64_t until;

    if (!web_take_ticket(j, &ticket, e) || !json_take_text(j, "from", code, &from, e) ||
        !json_take_text(j, "to", code, &to, e) ||
        !json_take_text(j, "why", (struct json_length){1, SHARING_WHY_MAX}, &why, e) ||
        !take_until(json_get(root, "until"), &until, e))
        return false;
    if (!text_is_plain(why, true) || str_trim(why).len == 0)
        return err_set(e, ERR_INPUT, "\"why\" holds control characters or nothing");
    if (json_is(classes) != JSON_LIST || json_count(classes) > 8)
        return err_set(e, ERR_INPUT, "\"classes\" is a list of words: positions, markers, chat, notes");
    if (json_is(allow) != JSON_YES_NO)
        return err_set(e, ERR_INPUT, "\"allow\" is true or false");
    fields_put(b, FIELD_INCIDENT, q->part[0]);
    fields_put(b, FIELD_FROM_AGENCY, from);
    fields_put(b, FIELD_TO_AGENCY, to);
    for (size_t i = 0; i < json_count(classes); i++)
        fields_put(b, FIELD_SHARE, json_as_text(json_at(classes, i)));
    fields_put(b, FIELD_ALLOW, json_as_bool(allow) ? STR("1") : STR("0"));
    if (until)
        fields_put_int(b, FIELD_UNTIL_MS, until);
    fields_put(b, FIELD_REASON, why);
    fields_put(b, FIELD_BY, str_from(q->who.name));
    fields_put(b, FIELD_ADDRESS, str_from(q->address));
    fields_put(b, FIELD_TICKET, ticket);
    return true;
}

/* What a proposal's answer tells: the sentence that stands for it. */
struct proposed {
    char consequence[SHARING_SENTENCE];
    size_t len;
    uint64_t seq;
};

static void put_proposed(void *ctx, struct buf *b)
{
    const struct proposed *p = ctx;

    buf_fmt(b, "{\"seq\":%" PRIu64 ",\"proposal\":%" PRIu64 ",\"consequence\":", p->seq, p->seq);
    buf_json(b, str_of(p->consequence, p->len));
    buf_byte(b, '}');
}

static void proposed(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct proposed *p = ctx;
    struct err e = {.kind = (enum err_kind)head->refused};

    (void)w;
    if (x && head->ok) {
        p->seq = head->seq;
        reply_written(&x->reply, put_proposed, p);
    } else if (x) {
        (void)str_copy(e.text, sizeof e.text, text);
        reply_refused(&x->reply, &e);
    }
    free(p);
}

static void ask(struct web *w, struct request *q, struct reply *r, enum event_id kind, const struct buf *payload,
                struct proposed *p)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)kind, .sender = RING_NO_SENDER,
                            .at_ms = hub_now().wall_ms};

    if (!p)
        web_ask(w, q, r, &head, payload);
    else if (!web_ask_then(w, q, r, &head, payload, proposed, p))
        free(p);
}

static void post_propose(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char text[4096];
    struct buf b = buf_over(text, sizeof text), says;
    struct sharing_rule rule;
    struct proposed *p;
    struct json *j = NULL;
    struct err e;
    bool ok;

    (void)now;
    if (!may_command(q, r))
        return;
    ok = json_read(q->body, &j, &e) && take_rule(j, q, &b, &e) && sharing_read(buf_str(&b), &rule, &e);
    json_drop(j);
    p = ok ? calloc(1, sizeof *p) : NULL;
    if (!ok)
        reply_err(r, &e);
    else if (!p)
        reply_problem(r, 503, "There is not enough memory for it. Try again in a moment.");
    else {
        says = buf_over(p->consequence, sizeof p->consequence);
        sharing_consequence(&rule, &says);
        p->len = says.len;
        ask(w, q, r, EV_SHARING_PROPOSED, &b, p);
    }
}

static bool take_confirm(const struct json *j, const struct request *q, struct buf *b, struct err *e)
{
    struct json_value said = json_get(json_root(j), "consequence");
    struct str ticket;
    uint64_t proposal;
    bool is;

    if (!web_take_ticket(j, &ticket, e) || !json_take_number(j, "proposal", &is, &proposal, e))
        return false;
    if (!is || proposal == 0 || proposal > INT64_MAX)
        return err_set(e, ERR_INPUT, "\"proposal\" is the number that the proposal got");
    if (json_is(said) != JSON_MISSING && (json_is(said) != JSON_TEXT || json_as_text(said).len > SHARING_SENTENCE))
        return err_set(e, ERR_INPUT, "\"consequence\" is the sentence of the proposal, as it was given");
    fields_put(b, FIELD_INCIDENT, q->part[0]);
    fields_put_int(b, FIELD_REF, (int64_t)proposal);
    if (json_is(said) == JSON_TEXT)
        fields_put(b, FIELD_TEXT, json_as_text(said));
    fields_put(b, FIELD_BY, str_from(q->who.name));
    fields_put(b, FIELD_ADDRESS, str_from(q->address));
    fields_put(b, FIELD_TICKET, ticket);
    return true;
}

static void post_confirm(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char text[4096];
    struct buf b = buf_over(text, sizeof text);
    struct json *j = NULL;
    struct err e;

    (void)now;
    if (!may_command(q, r))
        return;
    if (json_read(q->body, &j, &e) && take_confirm(j, q, &b, &e))
        ask(w, q, r, EV_SHARING_CHANGED, &b, NULL);
    else
        reply_err(r, &e);
    json_drop(j);
}
