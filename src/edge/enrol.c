#include "edge/enrol.h"

#include "base/base64.h"
#include "edge/enrol_parse.h"
#include "edge/enrol_tally.h"
#include "edge/marti.h"
#include "edge/marti_profile.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/pki.h"
#include "store/invites.h"

#include <stdio.h>
#include <stdlib.h>

enum { ADDRESS_WAIT_MAX_MS = 300000, NAME_WAIT_MAX_MS = 60000, HASHING_MAX = 2, LINE = 64 };

static const char realm[] = "Basic realm=\"Cordon\", charset=\"UTF-8\"";
static const char p12_password[] = "atakatak"; /* what clients of version 1 open the answer with */

struct sure {
    unsigned char hash[SECRET_SHA];
    int64_t until_ms; /* monotonic */
};

struct enrol {
    int days, days_many;
    struct limit by_address, by_name;
    struct tally tally;
    struct password_job *queue[ENROL_QUEUE]; /* a ring */
    size_t first, count, hashing;
    unsigned char key[SECRET_SHA];
    struct sure sure[ENROL_SURE];
    size_t sure_next;
    struct reserved {
        uint64_t request; /* 0: free */
        int64_t invite;
    } open[ENROL_OPEN];
};

enum how { BY_INVITE, BY_PASSWORD, BY_CERTIFICATE };
static const char *const how_names[] = {"invite", "password", "renewal"};

/* Who asks, once that is known. */
struct grant {
    enum how how;
    bool spent; /* its invite cannot be used any more */
    struct invite invite;
    struct user user; /* by password or certificate */
    struct certificate before;
};

typedef void call(struct web *w, struct request *q, struct reply *r, const struct grant *g);
static call get_config, sign_1, sign_2, get_profile;
static handler by_basic, by_certificate;

static const struct {
    const char *path;
    call *run;
    bool reads; /* also with a token that was used a moment ago */
} calls[] = {
    {"/Marti/api/tls/config", get_config, true},
    {"/Marti/api/tls/signClient", sign_1, false},
    {"/Marti/api/tls/signClient/v2", sign_2, false},
    {"/Marti/api/tls/profile/enrollment", get_profile, true},
};

const struct route enrol_routes[] = {
    {METHOD_GET | METHOD_HEAD, "/Marti/api/tls/config", RIGHT_BASIC, false, by_basic, DOOR_ENROL, NULL},
    {METHOD_POST, "/Marti/api/tls/signClient", RIGHT_BASIC, false, by_basic, DOOR_ENROL, NULL},
    {METHOD_POST, "/Marti/api/tls/signClient/v2", RIGHT_BASIC, false, by_basic, DOOR_ENROL, NULL},
    {METHOD_GET | METHOD_HEAD, "/Marti/api/tls/profile/enrollment", RIGHT_BASIC, false, by_basic, DOOR_ENROL, NULL},
    {METHOD_GET | METHOD_HEAD, "/Marti/api/tls/config", RIGHT_CLIENT_HELD, false, by_certificate, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/api/tls/signClient", RIGHT_CLIENT_HELD, false, by_certificate, DOOR_WEB, NULL},
    {METHOD_POST, "/Marti/api/tls/signClient/v2", RIGHT_CLIENT_HELD, false, by_certificate, DOOR_WEB, NULL},
};
const size_t enrol_route_count = COUNTOF(enrol_routes);

struct enrol *enrol_new(int days, int days_many, struct err *e)
{
    struct enrol *n = calloc(1, sizeof *n);
    struct hash_key key;

    if (!n) {
        (void)err_set(e, ERR_WORLD, "there is not enough memory for enrolment");
        return NULL;
    }
    chance_fill(&key, sizeof key);
    secret_random(n->key, sizeof n->key);
    limit_init(&n->by_address, key, ADDRESS_WAIT_MAX_MS);
    limit_init(&n->by_name, key, NAME_WAIT_MAX_MS);
    n->days = days;
    n->days_many = days_many;
    return n;
}

static void job_drop(struct password_job *job)
{
    secret_wipe(job, sizeof *job);
    free(job);
}

void enrol_free(struct enrol *n)
{
    if (!n)
        return;
    for (; n->count; n->count--, n->first = (n->first + 1) % ENROL_QUEUE)
        job_drop(n->queue[n->first]);
    secret_wipe(n, sizeof *n);
    free(n);
}

/* ---- refusals ---------------------------------------------------------- */

static void write_refusal(struct web *w, const struct tally_row *row)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_ENROL_REFUSED, .sender = RING_NO_SENDER,
                            .at_ms = clock_wall_ms()};
    char payload[1024], name[2 * TALLY_NAME + 8], reason[2 * TALLY_REASON + 8];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_ADDRESS, str_from(row->address));
    fields_put(&b, FIELD_USER, str_from(row->name));
    fields_put(&b, FIELD_REASON, str_from(row->reason));
    fields_put_int(&b, FIELD_COUNT, (int64_t)row->count);
    MUST(!b.full);
    log_line(LOG_WARN, "enrol.refused", "address=%s name=%s count=%llu reason=%s", row->address,
             log_quote(name, sizeof name, str_from(row->name)), (unsigned long long)row->count,
             log_quote(reason, sizeof reason, str_from(row->reason)));
    if (!hub_ask(w->h, &head, buf_str(&b)))
        hub_count(&w->h->metrics.record_full, 1);
}

/* What fits of a text, cut between characters. */
static void put_cut(char *to, size_t size, struct str text)
{
    if (text.len >= size)
        text.len = size - 1;
    while (text.len && !str_is_utf8(text))
        text.len--;
    (void)str_copy(to, size, text);
}

/* Answers and counts it. A name that nobody has is kept as it was said, so that a mistake can be found. */
static void refuse(struct web *w, struct reply *r, struct str address, struct str name, int status)
{
    struct tally_row what = {.count = 0}, row;

    (void)str_copy(what.address, sizeof what.address, address);
    put_cut(what.name, sizeof what.name, name);
    put_cut(what.reason, sizeof what.reason, str_from(r->sentence));
    if (tally_add(&w->enrol->tally, &what, hub_now().mono_ms, &row))
        write_refusal(w, &row);
    if (status == 401)
        reply_header(r, "www-authenticate", "%s", realm);
}

static void refuse_with(struct web *w, struct request *q, struct reply *r, struct str name, const struct err *e)
{
    reply_err(r, e);
    refuse(w, r, str_from(q->address), name, r->status);
}

/* ---- who asks ---------------------------------------------------------- */

static void run(struct web *w, struct request *q, struct reply *r, const struct grant *g)
{
    struct str part[REQUEST_PARTS];
    struct err used = {ERR_DENIED, "this invite has been used already: ask the command post for another one"};

    for (size_t i = 0; i < COUNTOF(calls); i++) {
        if (!path_fits(calls[i].path, q->path, part))
            continue;
        if (g->spent && !calls[i].reads)
            refuse_with(w, q, r, str_from(g->invite.name), &used);
        else
            calls[i].run(w, q, r, g);
        return;
    }
    MUST(!"a call of this table");
}

/* Of name, password and the hash that it was compared with: who changes the password is not taken for sure. */
static void sure_hash(const struct enrol *n, const struct basic *b, const char *hash, unsigned char out[SECRET_SHA])
{
    unsigned char inner[2][SECRET_SHA];

    secret_sha256_two(str_of(n->key, sizeof n->key), b->name, inner[0]);
    secret_sha256_two(str_of(inner[0], sizeof inner[0]), b->password, inner[1]);
    secret_sha256_two(str_of(inner[1], sizeof inner[1]), str_from(hash), out);
    secret_wipe(inner, sizeof inner);
}

static bool is_sure(const struct enrol *n, const unsigned char hash[SECRET_SHA], struct now now)
{
    for (size_t i = 0; i < ENROL_SURE; i++)
        if (now.mono_ms < n->sure[i].until_ms && secret_same(str_of(n->sure[i].hash, SECRET_SHA),
                                                             str_of(hash, SECRET_SHA)))
            return true;
    return false;
}

/* The password was right. */
static void grant_user(struct web *w, struct request *q, struct reply *r, struct str name)
{
    struct grant g = {.how = BY_PASSWORD};
    struct err e;

    if (!accounts_user_by_name(w->accounts, name, &g.user, &e)) {
        refuse_with(w, q, r, name, &e);
    } else if (g.user.disabled) {
        (void)err_set(&e, ERR_DENIED, "user %s is disabled: ask the command post", g.user.name);
        refuse_with(w, q, r, name, &e);
    } else {
        run(w, q, r, &g);
    }
}

/* Gives the password thread what it may have of us. */
static void pump(struct web *w)
{
    struct enrol *n = w->enrol;

    while (n->count && n->hashing < HASHING_MAX) {
        struct password_job *job = n->queue[n->first];

        if (!passwords_have_room(w->passwords)) /* full of operators: when one of those is done */
            return;
        if (!passwords_ask(w->passwords, job))
            return;
        n->hashing++;
        n->first = (n->first + 1) % ENROL_QUEUE;
        n->count--;
        job_drop(job);
    }
}

void enrol_tick(struct web *w, struct now now)
{
    struct tally_row row;

    while (tally_due(&w->enrol->tally, now.mono_ms, &row))
        write_refusal(w, &row);
    pump(w);
}

static void wait_long(struct reply *r, int64_t wait_ms)
{
    char text[128];
    int seconds = (int)((wait_ms + 999) / 1000);

    (void)snprintf(text, sizeof text, "There were too many wrong tries. Wait %d s, then try again.", seconds);
    reply_problem(r, 429, text);
    r->retry_after_s = seconds;
}

static void ask_password(struct web *w, struct request *q, struct reply *r, const struct basic *b, const char *hash)
{
    struct enrol *n = w->enrol;
    struct password_job *job = n->count < ENROL_QUEUE ? calloc(1, sizeof *job) : NULL;

    MUST(b->password.len <= PASSWORD_TEXT);
    if (!job) {
        reply_problem(r, 503, "Many phones are joining just now. Try again in a moment.");
        return;
    }
    *job = (struct password_job){
        .what = PASSWORD_ENROL, .request = q->id, .known = hash[0] != 0, .len = b->password.len};
    (void)str_copy(job->name, sizeof job->name, b->name);
    (void)str_copy(job->address, sizeof job->address, str_from(q->address));
    (void)str_copy(job->hash, sizeof job->hash, str_from(hash[0] ? hash : w->stand_in));
    memcpy(job->text, b->password.at, b->password.len);
    limit_try(&n->by_address, str_from(q->address), hub_now().mono_ms);
    limit_try(&n->by_name, b->name, hub_now().mono_ms);
    n->queue[(n->first + n->count++) % ENROL_QUEUE] = job;
    r->later = true;
    exchange_waits(w, q->id, ENROL_WAIT_MS);
    pump(w);
}

static void by_password(struct web *w, struct request *q, struct reply *r, const struct basic *b)
{
    char hash[USER_PASSWORD_HASH] = "";
    unsigned char sure[SECRET_SHA];
    struct enrol *n = w->enrol;
    struct now now = hub_now();
    int64_t a = limit_wait_ms(&n->by_address, str_from(q->address), now.mono_ms);
    int64_t m = limit_wait_ms(&n->by_name, b->name, now.mono_ms);
    struct err e;

    if (b->name.len >= USER_NAME_MAX || b->password.len > PASSWORD_TEXT) {
        reply_problem(r, 401, "The name, the password or the invite is not right.");
        refuse(w, r, str_from(q->address), b->name, 401);
        return;
    }
    if (!accounts_password(w->accounts, b->name, hash, &e) && e.kind != ERR_MISSING) {
        refuse_with(w, q, r, b->name, &e);
        return;
    }
    sure_hash(n, b, hash, sure);
    if (hash[0] && is_sure(n, sure, now)) {
        grant_user(w, q, r, b->name);
    } else if (a > 0 || m > 0) {
        wait_long(r, a > m ? a : m);
        refuse(w, r, str_from(q->address), b->name, 429);
    } else {
        ask_password(w, q, r, b, hash);
    }
}

/* Is the token of an invite that was used up still good to read with? */
static bool is_spent(const struct grant *g, struct now now)
{
    return g->invite.id && !g->invite.ended_ms && g->invite.uses >= g->invite.uses_max &&
           now.wall_ms - g->invite.used_ms < ENROL_USED_MS;
}

static void by_basic(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct grant g = {.how = BY_INVITE};
    struct basic b;
    struct err e;

    if (q->client.is) { /* a token of /oauth/token */
        grant_user(w, q, r, str_from(q->client.name));
        return;
    }
    if (!basic_take(q->authorization, &b)) {
        reply_problem(r, 401, q->why ? q->why : "Send a name and a password or an invite (HTTP Basic).");
        refuse(w, r, str_from(q->address), (struct str){0}, 401);
        return;
    }
    if (invites_find(w->accounts, b.name, b.password, now.wall_ms, &g.invite, &e)) {
        run(w, q, r, &g);
    } else if (e.kind == ERR_MISSING) {
        by_password(w, q, r, &b);
    } else if (e.kind == ERR_DENIED && is_spent(&g, now)) {
        g.spent = true;
        run(w, q, r, &g);
    } else {
        refuse_with(w, q, r, b.name, &e);
    }
    secret_wipe(&b, sizeof b);
}

static void remember(struct enrol *n, const struct password_job *job, struct now now)
{
    struct sure *s = &n->sure[n->sure_next++ % ENROL_SURE];
    struct basic b = {.name = str_from(job->name), .password = str_of(job->text, job->len)};

    sure_hash(n, &b, job->hash, s->hash);
    s->until_ms = now.mono_ms + ENROL_SURE_MS;
}

void enrol_checked(struct web *w, struct password_job *job, struct now now)
{
    struct exchange *x = exchange_waiting(w, job->request);
    struct enrol *n = w->enrol;

    n->hashing--;
    if (job->ok) {
        limit_forgive(&n->by_address, str_from(job->address));
        limit_forgive(&n->by_name, str_from(job->name));
        remember(n, job, now);
    }
    pump(w);
    if (!x)
        return;
    x->reply.later = false;
    if (job->ok) {
        grant_user(w, &x->request, &x->reply, str_from(job->name));
    } else {
        reply_problem(&x->reply, 401, "The name, the password or the invite is not right.");
        refuse(w, &x->reply, str_from(job->address), str_from(job->name), 401);
    }
    if (!x->reply.later)
        exchange_answered(w, x);
}

/* A certificate of ours that is still good: its own user, its own device. */
static void by_certificate(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct grant g = {.how = BY_CERTIFICATE};
    struct err e;

    (void)now;
    if (!accounts_certificate(w->accounts, str_from(q->client.serial), &g.before, &e) ||
        !accounts_user_by_id(w->accounts, q->client.user_id, &g.user, &e))
        refuse_with(w, q, r, str_from(q->client.name), &e);
    else
        run(w, q, r, &g);
}

/* ---- reading ----------------------------------------------------------- */

static void put_config(void *ctx, struct buf *b)
{
    (void)ctx;
    /* The root's prefix is compared as text by node-tak, which wants two entries at least. */
    buf_put(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"
                   "<ns2:certificateConfig xmlns=\"http://bbn.com/marti/xml/config\" "
                   "xmlns:ns2=\"com.bbn.marti.config\"><nameEntries><nameEntry name=\"O\" value=\"Cordon\"/>"
                   "<nameEntry name=\"OU\" value=\"TAK\"/></nameEntries></ns2:certificateConfig>"));
}

static void get_config(struct web *w, struct request *q, struct reply *r, const struct grant *g)
{
    (void)w, (void)q, (void)g;
    marti_text(r, "application/xml", put_config, NULL);
}

/* What is there for this user; for a device that waits, or is not known yet, nothing. */
static void get_profile(struct web *w, struct request *q, struct reply *r, const struct grant *g)
{
    struct profile_groups groups = {g->user.groups, g->user.group_count};

    if (g->how == BY_INVITE)
        groups = (struct profile_groups){g->invite.groups, g->invite.group_count};
    /* Who has to wait gets nothing: the code may have been photographed. */
    if (g->how == BY_INVITE && invite_holds(&g->invite))
        r->status = 204;
    else
        profile_enrolment(w, q, r, groups);
}

/* ---- signing ----------------------------------------------------------- */

/* One certificate on its way: the worker's until it is signed, then the web thread's. */
struct signing {
    enum how how;
    bool v1;
    enum enrol_form form;
    uint64_t request;
    char dir[256], cn[PKI_NAME_MAX + 1], address[WEB_ADDRESS_MAX];
    struct user user;
    struct certificate c;
    char before[SERIAL_MAX];
    struct pki_request asked;
    struct pki_signed made;
    size_t p12_len;
    unsigned char p12[PKI_P12_MAX];
    bool ok;
    struct err e;
    char csr[PKI_CSR_MAX];
};

static size_t reserved_for(const struct enrol *n, int64_t invite)
{
    size_t count = 0;

    for (size_t i = 0; i < ENROL_OPEN; i++)
        count += n->open[i].request != 0 && n->open[i].invite == invite;
    return count;
}

static bool reserve(struct enrol *n, uint64_t request, int64_t invite)
{
    for (size_t i = 0; i < ENROL_OPEN; i++)
        if (n->open[i].request == 0) {
            n->open[i] = (struct reserved){request, invite};
            return true;
        }
    return false;
}

void enrol_release(struct web *w, uint64_t request)
{
    for (size_t i = 0; i < ENROL_OPEN; i++)
        if (w->enrol->open[i].request == request)
            w->enrol->open[i].request = 0;
}

bool enrol_reserve(struct web *w, uint64_t request, const struct invite *v)
{
    return (int64_t)reserved_for(w->enrol, v->id) < v->uses_max - v->uses && reserve(w->enrol, request, v->id);
}

int enrol_days(const struct web *w, const struct invite *v)
{
    return v->uses_max > 1 ? w->enrol->days_many : w->enrol->days;
}

static void let_go(struct web *w, struct signing *s)
{
    enrol_release(w, s->request);
    free(s);
}

static void sign_job(void *ctx)
{
    struct signing *s = ctx;

    s->ok = pki_sign(s->dir, &s->asked, clock_machine_ms(), &s->made, &s->e) &&
            (!s->v1 || pki_signed_p12(&s->made, p12_password, PKI_LEGACY, s->p12, &s->p12_len, &s->e));
}

static void put_base64(struct buf *b, const struct signing *s, size_t i)
{
    base64_put(b, str_of(s->made.der[i], s->made.len[i]), LINE);
}

static void put_json(void *ctx, struct buf *b)
{
    static const char *const names[] = {"{\"signedCert\":\"", "\",\"ca0\":\"", "\",\"ca1\":\""};
    const struct signing *s = ctx;

    for (size_t i = 0; i < COUNTOF(names); i++) {
        char text[2 * PKI_DER_MAX];
        struct buf lines = buf_over(text, sizeof text);
        struct str rest;

        put_base64(&lines, s, i);
        MUST(!lines.full);
        buf_put(b, str_from(names[i]));
        for (rest = buf_str(&lines); rest.len;) { /* the lines' ends as JSON has them */
            size_t end = str_find_byte(rest, '\n');

            buf_put(b, str_cut(rest, 0, end));
            if (end < rest.len)
                buf_put(b, STR("\\n"));
            rest = str_from_at(rest, end < rest.len ? end + 1 : end);
        }
    }
    buf_put(b, STR("\"}"));
}

/* Without white space between the elements: ATAK's core reads every child as a certificate. */
static void put_xml(void *ctx, struct buf *b)
{
    const struct signing *s = ctx;

    buf_put(b, STR("<enrollment><signedCert>"));
    put_base64(b, s, 0);
    buf_put(b, STR("</signedCert><ca>"));
    put_base64(b, s, 1);
    buf_put(b, STR("</ca><ca>"));
    put_base64(b, s, 2);
    buf_put(b, STR("</ca></enrollment>"));
}

static void put_p12(void *ctx, struct buf *b)
{
    const struct signing *s = ctx;

    buf_put(b, str_of(s->p12, s->p12_len));
}

static void answer(struct reply *r, struct signing *s)
{
    if (s->v1)
        marti_text(r, "application/octet-stream", put_p12, s);
    else if (s->form == ENROL_XML)
        marti_text(r, "application/xml", put_xml, s);
    else
        marti_bare(r, put_json, s);
}

/* The row is on the disk: now the certificate counts, and its invite is used. */
static bool keep(struct web *w, struct signing *s, struct err *e)
{
    if (s->how == BY_INVITE)
        return invites_join(w->accounts, &s->user, &s->c, e);
    s->c.user_id = s->user.id;
    return accounts_put_certificate(w->accounts, &s->c, e);
}

static void recorded(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct signing *s = ctx;
    char name[160];
    struct err e;

    if (!x) {
        /* Nobody was told: the certificate is in no account, and the invite is as it was. */
        log_line(LOG_WARN, "enrol.lost", "serial=%s reason=\"the phone did not wait for the answer\"", s->c.serial);
    } else if (!head->ok) {
        reply_problem(&x->reply, 503, text.len ? "The record takes nothing just now: try again in a moment."
                                               : "The record is not being written: try again in a moment.");
    } else if (!keep(w, s, &e)) {
        refuse_with(w, &x->request, &x->reply, str_from(s->cn), &e);
    } else {
        log_line(LOG_INFO, "device.enrolled", "user=%s serial=%s address=%s how=%s held=%d",
                 log_quote(name, sizeof name, str_from(s->user.name)), s->c.serial, s->address, how_names[s->how],
                 (int)s->c.held);
        answer(&x->reply, s);
    }
    let_go(w, s);
}

static void ask_record(struct web *w, struct exchange *x, struct signing *s)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_DEVICE_ENROLLED, .sender = RING_NO_SENDER,
                            .at_ms = clock_wall_ms()};
    char payload[2048];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_USER, str_from(s->user.name));
    fields_put(&b, FIELD_SERIAL, str_from(s->c.serial));
    if (s->c.device_uid[0])
        fields_put(&b, FIELD_UID, str_from(s->c.device_uid));
    fields_put(&b, FIELD_SUB_TYPE, str_from(how_names[s->how]));
    if (s->c.invite_id)
        fields_put_int(&b, FIELD_INVITE, s->c.invite_id);
    if (s->before[0])
        fields_put(&b, FIELD_BEFORE, str_from(s->before));
    if (s->c.held)
        fields_put(&b, FIELD_WAITS, STR("1"));
    fields_put_int(&b, FIELD_UNTIL_MS, s->c.not_after_ms);
    fields_put(&b, FIELD_ADDRESS, str_from(s->address));
    if (!web_ask_then(w, &x->request, &x->reply, &head, &b, recorded, s))
        let_go(w, s);
}

static void signed_done(struct web *w, struct exchange *x, void *ctx)
{
    struct signing *s = ctx;

    if (!x) {
        let_go(w, s);
        return;
    }
    if (!s->ok) {
        refuse_with(w, &x->request, &x->reply, str_from(s->cn), &s->e);
        let_go(w, s);
        return;
    }
    (void)str_copy(s->c.serial, sizeof s->c.serial, str_from(s->made.made.serial));
    s->c.not_after_ms = s->made.made.not_after_ms;
    s->c.issued_ms = clock_wall_ms();
    ask_record(w, x, s);
}

/* ---- may it be signed? -------------------------------------------------- */

struct counted {
    int64_t since_ms;
    size_t count;
};

static bool count_recent(void *ctx, const struct certificate *c)
{
    struct counted *n = ctx;

    if (c->issued_ms < n->since_ms)
        return false; /* the newest come first */
    n->count++;
    return true;
}

/* A certificate that is asked for again and again would fill record and accounts. */
static bool has_enough(struct web *w, const struct grant *g, struct reply *r)
{
    struct counted n = {.since_ms = clock_wall_ms() - 3600000};
    struct err e;

    if (g->how == BY_INVITE)
        return false;
    if (!accounts_certificates(w->accounts, g->user.id, count_recent, &n, &e)) {
        reply_err(r, &e);
        return true;
    }
    if (n.count < ENROL_AN_HOUR)
        return false;
    reply_problem(r, 429, "This user has got many certificates within the last hour. Try again later.");
    r->retry_after_s = 3600;
    return true;
}

static bool take_uid(const struct request *q, char uid[LIMIT_UID + 1], struct err *e)
{
    struct str said = {0};

    uid[0] = 0;
    if (!query_get(q->query, STR("clientUid"), &said))
        return true;
    return (text_is_plain(said, false) && str_is_utf8(said) && str_copy(uid, LIMIT_UID + 1, said)) ||
           err_set(e, ERR_INPUT, "clientUid is text of %d bytes at most", LIMIT_UID);
}

/* Which name the request must be for: the one that the phone was told. */
static bool take_name(struct web *w, const struct grant *g, struct signing *s, struct err *e)
{
    struct invite v;
    bool many = g->before.invite_id && invites_get(w->accounts, g->before.invite_id, &v, e) && v.uses_max > 1;
    const char *name = g->how == BY_INVITE ? g->invite.name : many ? v.name : g->user.name;

    return str_copy(s->cn, sizeof s->cn, str_from(name)) || err_set(e, ERR_INPUT, "the name %s is too long", name);
}

static bool take_user(struct web *w, const struct grant *g, struct signing *s, struct err *e)
{
    if (g->how != BY_INVITE) {
        s->user = g->user;
        s->c.held = g->before.held;
        s->c.invite_id = g->before.invite_id;
        return true;
    }
    if ((int64_t)reserved_for(w->enrol, g->invite.id) > g->invite.uses_max - g->invite.uses)
        return err_set(e, ERR_DENIED, "this invite is being used just now by as many devices as it is for");
    s->c.held = invite_holds(&g->invite);
    s->c.invite_id = g->invite.id;
    return invites_user(w->accounts, &g->invite, &s->user, e);
}

static bool take_device(const struct request *q, const struct grant *g, struct signing *s, struct err *e)
{
    if (!take_uid(q, s->c.device_uid, e))
        return false;
    if (g->how != BY_CERTIFICATE || !g->before.device_uid[0])
        return true;
    if (s->c.device_uid[0] && strcmp(s->c.device_uid, g->before.device_uid) != 0)
        return err_set(e, ERR_DENIED, "this certificate is of another device than the one that asks for a new one");
    memcpy(s->c.device_uid, g->before.device_uid, sizeof s->c.device_uid);
    memcpy(s->before, g->before.serial, sizeof s->before);
    return true;
}

static void fill(struct web *w, const struct request *q, const struct grant *g, struct signing *s)
{
    bool many = s->c.held || (g->how == BY_INVITE && g->invite.uses_max > 1);

    s->how = g->how;
    s->request = q->id;
    (void)str_copy(s->dir, sizeof s->dir, str_from(w->dir));
    (void)str_copy(s->address, sizeof s->address, str_from(q->address));
    memcpy(s->csr, q->body.at, q->body.len);
    s->asked = (struct pki_request){.csr = str_of(s->csr, q->body.len), .name = s->cn, .uid = s->c.device_uid,
                                    .days = many ? w->enrol->days_many : w->enrol->days};
}

static void sign(struct web *w, struct request *q, struct reply *r, const struct grant *g, struct signing *s)
{
    struct str who = str_from(g->how == BY_INVITE ? g->invite.name : g->user.name);
    struct err e = {0};

    if (!reserve(w->enrol, q->id, g->how == BY_INVITE ? g->invite.id : 0)) {
        reply_problem(r, 503, "Many phones are joining just now. Try again in a moment.");
        free(s);
        return;
    }
    s->request = q->id;
    if (!take_name(w, g, s, &e) || !take_device(q, g, s, &e) || !take_user(w, g, s, &e)) {
        refuse_with(w, q, r, who, &e);
        let_go(w, s);
        return;
    }
    fill(w, q, g, s);
    if (!web_work(w, q, r, sign_job, signed_done, s))
        let_go(w, s);
}

static struct signing *begin(struct web *w, struct request *q, struct reply *r, const struct grant *g)
{
    struct signing *s;

    if (q->body.len == 0 || q->body.len > PKI_CSR_MAX) {
        reply_problem(r, q->body.len ? 413 : 400, q->body.len ? "A certificate request has 16 KiB at most."
                                                              : "Send the certificate request (PKCS#10) as the body.");
        refuse(w, r, str_from(q->address), str_from(g->how == BY_INVITE ? g->invite.name : g->user.name), r->status);
        return NULL;
    }
    if (has_enough(w, g, r))
        return NULL;
    s = calloc(1, sizeof *s);
    if (!s)
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment.");
    return s;
}

static void sign_1(struct web *w, struct request *q, struct reply *r, const struct grant *g)
{
    struct signing *s = begin(w, q, r, g);

    if (!s)
        return;
    s->v1 = true;
    sign(w, q, r, g, s);
}

static void sign_2(struct web *w, struct request *q, struct reply *r, const struct grant *g)
{
    struct signing *s = begin(w, q, r, g);

    if (!s)
        return;
    s->form = enrol_form(q->accept);
    sign(w, q, r, g, s);
}
