#include "edge/marti.h"

#include "base/when.h"
#include "os/log.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- answers ---------------------------------------------------------- */

struct envelope {
    const char *type, *node;
    web_write *write;
    void *ctx;
};

static void put_envelope(void *ctx, struct buf *b)
{
    const struct envelope *v = ctx;

    buf_put(b, STR("{\"version\":\"3\",\"type\":"));
    buf_json(b, str_from(v->type));
    buf_put(b, STR(",\"data\":"));
    v->write(v->ctx, b);
    buf_put(b, STR(",\"messages\":[],\"nodeId\":"));
    buf_json(b, str_from(v->node ? v->node : "cordon"));
    buf_byte(b, '}');
}

void marti_text(struct reply *r, const char *type, web_write *write, void *ctx)
{
    int status = r->status;

    reply_written(r, write, ctx);
    if (r->status != 200)
        return;
    r->type = type;
    if (status)
        r->status = status;
}

void marti_bare(struct reply *r, web_write *write, void *ctx)
{
    marti_text(r, "application/json", write, ctx);
}

void marti_data(struct reply *r, const char *type, web_write *write_data, void *ctx)
{
    struct envelope v = {type, r->node, write_data, ctx};

    marti_bare(r, put_envelope, &v);
}

static void put_sentence(void *ctx, struct buf *b)
{
    buf_json(b, str_from(ctx));
}

void marti_error(struct reply *r, int status, const char *sentence)
{
    char text[sizeof r->sentence];
    struct envelope v = {"java.lang.String", r->node, put_sentence, text};
    struct buf b = buf_over(r->problem, sizeof r->problem);

    (void)str_copy(text, sizeof text, str_from(sentence));
    put_envelope(&v, &b);
    if (b.full) { /* escapes made a long sentence longer */
        b = buf_over(r->problem, sizeof r->problem);
        (void)str_copy(text, sizeof text, str_from(status_title(status)));
        put_envelope(&v, &b);
    }
    reply_let_go(r);
    r->status = status;
    r->type = "application/json";
    r->body = buf_str(&b);
    r->sentence[0] = 0;
    if (status == 503 && r->retry_after_s == 0)
        r->retry_after_s = 2;
}

/* ---- times ------------------------------------------------------------ */

void marti_time(struct buf *b, int64_t ms)
{
    when_put(b, ms);
}

bool marti_take_time(struct str text, int64_t *ms)
{
    return when_parse(text, ms);
}

bool marti_take_span(const struct request *q, struct now now, struct marti_span *out, struct err *e)
{
    struct str start, end;
    int64_t ago;

    *out = (struct marti_span){0, now.wall_ms};
    if (!query_int(q->query, STR("secago"), INT32_MAX, -1, &ago))
        return err_set(e, ERR_INPUT, "secago is a whole number of seconds.");
    if (ago >= 0)
        out->from_ms = now.wall_ms - ago * 1000;
    if (query_get(q->query, STR("start"), &start) && start.len && !marti_take_time(start, &out->from_ms))
        return err_set(e, ERR_INPUT, "start is a time like 2026-01-02T03:04:05.000Z.");
    if (query_get(q->query, STR("end"), &end) && end.len && !marti_take_time(end, &out->to_ms))
        return err_set(e, ERR_INPUT, "end is a time like 2026-01-02T03:04:05.000Z.");
    return out->from_ms <= out->to_ms || err_set(e, ERR_INPUT, "start lies behind end.");
}

/* ---- who asks, and what he hears --------------------------------------- */

static bool know(struct web *w, const struct tls_peer *peer, struct client *out, struct err *e)
{
    struct certificate c;
    struct user u;

    if (!accounts_certificate(w->accounts, str_from(peer->serial), &c, e))
        return e->kind == ERR_MISSING &&
               err_set(e, ERR_DENIED, "Certificate %s was not issued by this server.", peer->serial);
    if (c.revoked_ms)
        return err_set(e, ERR_DENIED, "Certificate %s was revoked.", c.serial);
    if (!accounts_user_by_id(w->accounts, c.user_id, &u, e))
        return false;
    if (u.disabled)
        return err_set(e, ERR_DENIED, "User %s is disabled.", u.name);
    out->is = true;
    out->user_id = u.id;
    (void)str_copy(out->name, sizeof out->name, str_from(u.name));
    (void)str_copy(out->agency, sizeof out->agency, str_from(u.agency));
    (void)str_copy(out->serial, sizeof out->serial, str_from(c.serial));
    return true;
}

bool marti_by_certificate(struct web *w, const struct tls_peer *peer, struct client *out, char why[WEB_WHY])
{
    struct err e = {0};

    *out = (struct client){0};
    if (know(w, peer, out, &e))
        return true;
    (void)str_copy(why, WEB_WHY, str_from(e.text));
    return false;
}

void marti_ears(struct web *w, const struct client *c, struct marti_ears *out)
{
    struct user u;
    struct err e;

    out->count = 0;
    if (!c->is || c->held)
        return;
    if (!accounts_user_by_id(w->accounts, c->user_id, &u, &e)) {
        log_line(LOG_ERROR, "web.accounts", "reason=\"%s\"", e.text);
        return;
    }
    if (u.group_count == 0)
        (void)str_copy(out->names[out->count++], GROUP_NAME_MAX, str_from(w->default_group));
    for (size_t i = 0; i < u.group_count; i++)
        if (u.groups[i].active && u.groups[i].out)
            (void)str_copy(out->names[out->count++], GROUP_NAME_MAX, str_from(u.groups[i].name));
}

bool marti_hears(const struct marti_ears *ears, struct str group)
{
    for (size_t i = 0; i < ears->count; i++)
        if (str_eq(str_from(ears->names[i]), group))
            return true;
    return false;
}

bool marti_hears_row(const struct marti_ears *ears, struct str payload)
{
    enum field tag;
    struct str value;

    if (ears->count == 0)
        return false;
    while (fields_next(&payload, &tag, &value))
        if (tag == FIELD_EVERYONE || (tag == FIELD_GROUP && marti_hears(ears, value)))
            return true;
    return false;
}

bool marti_sees(struct web *w, const struct client *c, const struct str *groups, size_t count)
{
    struct marti_ears ears;

    marti_ears(w, c, &ears);
    for (size_t i = 0; i < count; i++)
        if (marti_hears(&ears, groups[i]))
            return true;
    return false;
}

unsigned marti_out_set(struct web *w, const struct marti_ears *ears)
{
    struct sets *s = w->h->river->sets;
    struct group_mask m = {0};
    int set;

    for (size_t i = 0; i < ears->count; i++) {
        int g = sets_find_group(s, str_from(ears->names[i]));

        if (g >= 0)
            mask_add(&m, g);
    }
    set = sets_out(s, &m);
    return set < 0 ? SETS_NOBODY : (unsigned)set;
}
