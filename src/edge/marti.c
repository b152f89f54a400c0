#include "edge/marti.h"

#include "base/when.h"
#include "os/log.h"

#include <stdlib.h>
#include <strings.h>

enum { STEP = 16, ROW_MAX = LIMIT_EVENT_OUT + 4096, ROWS_ROOM = 2 * ROW_MAX };

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

void marti_give(struct reply *r, const char *type, char **bytes, size_t len)
{
    if (!*bytes) {
        reply_problem(r, 503, "The answer is too large for the memory that is left; ask for less of it.");
        return;
    }
    reply_let_go(r);
    r->status = r->status ? r->status : 200;
    r->type = type;
    r->owned = *bytes;
    r->body = str_of(*bytes, len);
    *bytes = NULL;
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
    out->held = c.held;
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
    out->h = w->h;
    memcpy(out->agency, c->agency, sizeof out->agency);
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

bool marti_shares(const struct marti_ears *ears, struct str owner, unsigned share)
{
    char from[AGENCY_MAX] = "";
    bool known = false;

    if (!ears->h)
        return true;
    hub_lock(ears->h);
    for (size_t i = 0; i < ears->h->user_count && !known; i++) {
        known = str_eq(str_from(ears->h->users[i].name), owner);
        if (known)
            memcpy(from, ears->h->users[i].agency, sizeof from);
    }
    hub_unlock(ears->h);
    return !known || hub_shares(ears->h, str_from(from), str_from(ears->agency), share); /* else the post's own */
}

/* Is it of a class that the rules keep from these ears? */
static bool is_kept(const struct marti_ears *ears, struct str payload)
{
    struct str agency = fields_get(payload, FIELD_OF_AGENCY);

    return agency.len > 0 && ears->h &&
           !hub_shares(ears->h, agency, str_from(ears->agency), sharing_by_word(fields_get(payload, FIELD_SHARE)));
}

bool marti_hears_row(const struct marti_ears *ears, struct str payload)
{
    enum field tag;
    struct str value;

    if (ears->count == 0 || is_kept(ears, payload))
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
    set = sets_out_of(s, &m, ears->h ? sets_agency(s, str_from(ears->agency)) : 0);
    return set < 0 ? SETS_NOBODY : (unsigned)set;
}

/* ---- the picture as one client hears it -------------------------------- */

/* What one step has copied; false: see() wants no more. */
static bool show(struct web *w, unsigned out_set, const struct watch_unit *units, size_t n, char *values,
                 marti_see *see, void *ctx)
{
    for (size_t i = 0; i < n; i++) {
        struct buf b = buf_over(values, LIMIT_EVENT_IN);
        struct cot c;

        /* One without an event is known from before the start: nobody knows any more who may hear it. */
        if (units[i].quiet || units[i].latest.len == 0 || !sets_hears(w->h->river->sets, out_set, units[i].in_set))
            continue;
        if (!see(ctx, &units[i], watch_parse(&units[i], &b, &c) ? &c : NULL))
            return false;
    }
    return true;
}

bool marti_units(struct web *w, const struct marti_ears *ears, marti_see *see, void *ctx)
{
    struct watch_unit units[STEP];
    struct watch watch = {0};
    char *memory = malloc(3 * LIMIT_EVENT_IN);
    unsigned out_set;
    size_t n;

    if (!memory)
        return false;
    if (ears->count == 0) {
        free(memory);
        return true;
    }
    hub_lock(w->h);
    out_set = marti_out_set(w, ears);
    hub_unlock(w->h);
    while ((n = watch_next(w->h, &watch, units, STEP, memory, 2 * LIMIT_EVENT_IN)) > 0)
        if (!show(w, out_set, units, n, memory + 2 * LIMIT_EVENT_IN, see, ctx))
            break;
    free(memory);
    return true;
}

void marti_user(struct web *w, int64_t id, char name[USER_NAME_MAX])
{
    const struct hub_user *u;

    hub_lock(w->h);
    u = hub_user(w->h, id);
    (void)str_copy(name, USER_NAME_MAX, u ? str_from(u->name) : (struct str){0});
    hub_unlock(w->h);
}

bool marti_hears_user(struct web *w, const struct marti_ears *ears, int64_t user_id)
{
    struct user u;
    struct err e;

    if (!accounts_user_by_id(w->accounts, user_id, &u, &e))
        return false;
    if (u.group_count == 0)
        return marti_hears(ears, str_from(w->default_group));
    for (size_t i = 0; i < u.group_count; i++)
        if (u.groups[i].active && u.groups[i].in && marti_hears(ears, str_from(u.groups[i].name)))
            return true;
    return false;
}

/* ---- rows --------------------------------------------------------------- */

static bool make_room(struct marti_rows *l)
{
    struct marti_row *rows;
    char *text;

    if (l->count == l->room) {
        rows = l->count < MARTI_ROWS_MAX ? realloc(l->rows, (l->room + 1024) * sizeof *rows) : NULL;
        if (!rows)
            return false;
        l->rows = rows;
        l->room += 1024;
    }
    if (l->max - l->len < ROW_MAX) {
        text = l->max < MARTI_ROWS_BYTES ? realloc(l->text, l->max ? 2 * l->max : ROWS_ROOM) : NULL;
        if (!text)
            return false;
        l->text = text;
        l->max = l->max ? 2 * l->max : ROWS_ROOM;
    }
    return true;
}

void marti_rows_add(struct marti_rows *l, struct str key, web_write *write, void *ctx)
{
    struct marti_row *row;
    struct buf b;

    if (l->full || !make_room(l)) {
        l->full = true;
        return;
    }
    b = buf_over(l->text + l->len, ROW_MAX);
    write(ctx, &b);
    if (b.full)
        return; /* a row that is longer than any may be is no row */
    row = &l->rows[l->count++];
    row->at = l->len;
    row->len = b.len;
    (void)str_copy(row->key, sizeof row->key, key);
    l->len += b.len;
}

static int compare(const void *a, const void *b)
{
    const struct marti_row *x = a, *y = b;
    int by_key = strcasecmp(x->key, y->key);

    return by_key ? by_key : (x->at > y->at) - (x->at < y->at);
}

void marti_rows_write(struct marti_rows *l, const struct marti_list *how, struct buf *b)
{
    if (l->count)
        qsort(l->rows, l->count, sizeof *l->rows, compare);
    buf_put(b, how->begin);
    for (size_t i = 0; i < l->count; i++) {
        const struct marti_row *row = &l->rows[how->backwards ? l->count - 1 - i : i];

        if (i)
            buf_put(b, how->between);
        buf_put(b, str_of(l->text + row->at, row->len));
    }
    buf_put(b, how->end);
}

void marti_rows_put(struct marti_rows *l, bool backwards, struct buf *b)
{
    const struct marti_list json = {STR("["), STR(","), STR("]"), backwards};

    marti_rows_write(l, &json, b);
}

void marti_rows_free(struct marti_rows *l)
{
    free(l->text);
    free(l->rows);
    *l = (struct marti_rows){0};
}
