#include "edge/assets.h"
#include "edge/enrol.h"
#include "edge/join_page.h"
#include "edge/web_welcome.h"

#include "os/clock.h"
#include "os/log.h"

#include <stdio.h>
#include <stdlib.h>

/* What whoever has an invite's link sees and fetches.  No session: the token is the right.
 *
 *   GET  /join/TOKEN                     the page (join_page.h)
 *   GET  /join/TOKEN/package-CLIENT.zip  the package to enrol with; uses nothing up
 *   POST /join/TOKEN/package-CLIENT.zip  the package with a key and certificate, made now; one use
 *
 * A token that is wrong, used, expired or ended gets one and the same page, and who brings many waits.  The key is
 * made by the worker; the row of the record comes first, then the certificate is kept and the use counted, as when a
 * phone enrols; until then the use is reserved.  Tokens go into no log. */

/* ---- replies ----------------------------------------------------------- */

static void reply_html(struct reply *r, int status, char *html, const struct buf *b)
{
    if (!html || b->full) {
        free(html);
        reply_problem(r, 503, "The page could not be made. Try again.");
        return;
    }
    r->status = status;
    r->type = "text/html; charset=utf-8";
    r->owned = html;
    r->body = buf_str(b);
}

static void refuse(struct reply *r)
{
    char *html = malloc(JOIN_PAGE_MAX);
    struct buf b = buf_over(html, html ? JOIN_PAGE_MAX : 0);

    join_page_refusal(&b);
    reply_html(r, 404, html, &b);
}

static void problem(struct reply *r, int status, const char *sentence)
{
    char *html = malloc(JOIN_PAGE_MAX);
    struct buf b = buf_over(html, html ? JOIN_PAGE_MAX : 0);

    join_page_problem(str_from(sentence), &b);
    reply_html(r, status, html, &b);
}

/* ---- the invite --------------------------------------------------------- */

/* The invite of this token, and what is kept for welcoming; NULL: r says why not. */
static struct welcome *find(struct web *w, const struct request *q, struct reply *r, struct invite *v)
{
    struct str from = str_from(q->address);
    struct err e;
    struct welcome *m = welcome_of(w, &e);
    int64_t now_ms = hub_now().mono_ms;

    if (!m) {
        problem(r, 503, "This server cannot take in phones just now. Ask the command post.");
        log_line(LOG_ERROR, "join", "reason=\"%s\"", e.text);
        return NULL;
    }
    /* First whether it is right: nobody keeps others out by what he sends from their network. */
    if (invites_by_token(w->accounts, q->part[0], clock_wall_ms(), v, &e))
        return m;
    if (limit_wait_ms(&m->wrong, from, now_ms) > 0) {
        problem(r, 429, "Too many wrong links came from your network. Wait a minute, then try again.");
        r->retry_after_s = (int)(limit_wait_ms(&m->wrong, from, now_ms) / 1000 + 1);
        return NULL;
    }
    limit_try(&m->wrong, from, now_ms);
    refuse(r);
    return NULL;
}

/* Under which of the host's names the phone came here; else the first one. */
static void host_of(const struct request *q, char host[WELCOME_HOST_MAX])
{
    struct str said = str_cut(q->host, 0, str_find_byte(q->host, ':'));
    struct err e;

    if (!welcome_host(said, host, &e))
        MUST(welcome_host((struct str){0}, host, &e));
}

static struct package package_for(struct web *w, const struct welcome *m, const struct invite *v, const char *host)
{
    struct package p = welcome_package(w, m, str_from(host));

    p.user = str_from(v->name);
    p.role = str_from(v->role);
    /* One device: it shows under the name that the command post expects. */
    if (v->uses_max == 1)
        p.callsign = p.user;
    return p;
}

void get_join(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char host[WELCOME_HOST_MAX], *html;
    struct package p;
    struct invite v;
    struct welcome *m = find(w, q, r, &v);
    struct join_page page;
    struct buf b;

    if (!m)
        return;
    host_of(q, host);
    p = package_for(w, m, &v, host);
    page = (struct join_page){.package = &p,
                              .token = q->part[0],
                              .words = str_from(m->words),
                              .left_ms = v.expires_ms - now.wall_ms,
                              .uses_left = v.uses_max - v.uses,
                              .waits = invite_holds(&v),
                              .likely = join_page_likely(q->user_agent),
                              .enrols = w->enrol_port != 0};
    html = malloc(JOIN_PAGE_MAX);
    b = buf_over(html, html ? JOIN_PAGE_MAX : 0);
    join_page(&page, &b);
    reply_html(r, 200, html, &b);
}

void get_join_style(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    r->status = 200;
    r->type = "text/css; charset=utf-8";
    r->body = join_page_style();
    r->keep_hour = true;
}

/* The page's own letters for Urdu: a borrowed computer may have none. */
void get_join_font(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)now;
    for (size_t i = 0; i < asset_count; i++) {
        const struct asset *a = &assets[i];

        if (!str_starts(str_from(a->path), STR("/assets/noto-naskh-arabic-arabic-")) || !gzip_fits(q->accept_encoding))
            continue;
        r->status = 200;
        r->type = a->type;
        r->gzip = true;
        r->keep_hour = true;
        r->body = str_of(a->gzip, a->gzip_len);
        return;
    }
    reply_problem(r, 404, "This Cordon has no such font.");
}

/* ---- packages ------------------------------------------------------------ */

static void reply_zip(struct reply *r, const struct package *p, char *zip, size_t len)
{
    r->status = 200;
    r->type = "application/zip";
    r->owned = zip;
    r->body = str_of(zip, len);
    /* The name of an invite has no sign that would have to be quoted. */
    reply_header(r, "content-disposition", "attachment; filename=\"cordon-%.*s-%s.zip\"", STR_ARG(p->user),
                 package_word(p->client));
}

void get_join_package(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char host[WELCOME_HOST_MAX], *zip;
    enum package_for client;
    struct invite v;
    struct welcome *m = find(w, q, r, &v);
    struct package p;
    struct err e;
    size_t len;

    (void)now;
    if (!m)
        return;
    if (!package_for_is(q->part[1], &client) || !w->enrol_port) {
        refuse(r);
        return;
    }
    host_of(q, host);
    p = package_for(w, m, &v, host);
    p.client = client;
    if (package_zip(&p, &zip, &len, &e))
        reply_zip(r, &p, zip, len);
    else
        problem(r, 503, e.text);
}

/* A package on its way: made by the worker, then in the record, then in the accounts (enrol.h).  Owns all it has. */
struct packing {
    uint64_t request;
    char dir[256], host[WELCOME_HOST_MAX], address[WEB_ADDRESS_MAX];
    struct package p;
    struct invite v;
    struct user u;
    struct certificate c;
    int days;
    struct pki_bundle key;
    char *zip;
    size_t len;
    bool ok;
    struct err e;
};

static void packing_free(struct web *w, struct packing *x)
{
    enrol_release(w, x->request);
    if (x->zip)
        secret_wipe(x->zip, x->len);
    free(x->zip);
    secret_wipe(x, sizeof *x);
    free(x);
}

/* In the worker. */
static void pack(void *ctx)
{
    struct packing *x = ctx;
    struct pki_wanted q = {x->u.name, x->days, PKI_LEGACY | PKI_RSA};

    x->ok = pki_client_p12(x->dir, &q, clock_machine_ms(), &x->key, &x->e);
    if (!x->ok)
        return;
    x->p.key = str_of(x->key.p12, x->key.len);
    x->p.key_password = str_from(x->key.made.password);
    x->ok = package_zip(&x->p, &x->zip, &x->len, &x->e);
}

/* The row is on the disk: now the certificate counts, and the invite is used. */
static void recorded(struct web *w, struct exchange *waits, const struct answer_head *head, struct str text, void *ctx)
{
    struct packing *x = ctx;
    struct err e;

    (void)text;
    if (!waits)
        log_line(LOG_WARN, "join.lost", "serial=%s reason=\"nobody waited for the package\"", x->c.serial);
    else if (!head->ok)
        problem(&waits->reply, 503, "The record takes nothing just now. Try again in a moment.");
    else if (!invites_join(w->accounts, &x->u, &x->c, &e))
        refuse(&waits->reply);
    else {
        reply_zip(&waits->reply, &x->p, x->zip, x->len);
        x->zip = NULL;
    }
    packing_free(w, x);
}

static void ask_record(struct web *w, struct exchange *waits, struct packing *x)
{
    struct ask_head head = {.ask = ASK_ROW,
                            .kind = EV_DEVICE_ENROLLED,
                            .sender = RING_NO_SENDER,
                            .at_ms = clock_wall_ms()};
    char payload[NOTE_MAX];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_USER, str_from(x->u.name));
    fields_put(&b, FIELD_SERIAL, str_from(x->c.serial));
    fields_put(&b, FIELD_SUB_TYPE, STR("package"));
    fields_put_int(&b, FIELD_INVITE, x->v.id);
    if (x->c.held)
        fields_put(&b, FIELD_WAITS, STR("1"));
    fields_put_int(&b, FIELD_UNTIL_MS, x->c.not_after_ms);
    fields_put(&b, FIELD_ADDRESS, str_from(x->address));
    MUST(!b.full);
    if (!web_ask_then(w, &waits->request, &waits->reply, &head, &b, recorded, x))
        packing_free(w, x);
}

static void packed(struct web *w, struct exchange *waits, void *ctx)
{
    struct packing *x = ctx;

    if (!waits || !x->ok) {
        if (waits)
            problem(&waits->reply, 503,
                    "The package could not be made. Tell the command post; the invite is still good.");
        if (!x->ok)
            log_line(LOG_ERROR, "join.package", "reason=\"%s\"", x->e.text);
        packing_free(w, x);
        return;
    }
    x->c = (struct certificate){.invite_id = x->v.id,
                                .held = invite_holds(&x->v),
                                .issued_ms = clock_wall_ms(),
                                .not_after_ms = x->key.made.not_after_ms};
    MUST(str_copy(x->c.serial, sizeof x->c.serial, str_from(x->key.made.serial)));
    ask_record(w, waits, x);
}

/* What the worker needs; false: r says why not. */
static bool fill(struct web *w, struct request *q, struct reply *r, struct packing *x)
{
    struct welcome *m = find(w, q, r, &x->v);
    enum package_for client;
    struct err e;

    if (!m)
        return false;
    x->request = q->id;
    if (!package_for_is(q->part[1], &client) || !enrol_reserve(w, q->id, &x->v)) {
        refuse(r);
        return false;
    }
    if (!invites_user(w->accounts, &x->v, &x->u, &e)) {
        problem(r, e.kind == ERR_WORLD ? 503 : 409, e.text);
        return false;
    }
    host_of(q, x->host);
    x->days = enrol_days(w, &x->v);
    (void)snprintf(x->dir, sizeof x->dir, "%s", w->dir);
    (void)snprintf(x->address, sizeof x->address, "%s", q->address);
    x->p = package_for(w, m, &x->v, x->host);
    x->p.client = client;
    x->p.user = x->p.callsign = str_from(x->u.name);
    return true;
}

void post_join_package(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct packing *x = calloc(1, sizeof *x);

    (void)now;
    if (!x)
        problem(r, 503, "There is not enough memory just now. Try again in a moment.");
    else if (!fill(w, q, r, x) || !web_work(w, q, r, pack, packed, x))
        packing_free(w, x);
}
