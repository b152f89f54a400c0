#include "edge/web_inner.h"

#include "core/incident.h"
#include "os/log.h"
#include "store/accounts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Sealed identities over HTTP.  Two holders enter their passphrases in one form:
 *
 *   request -> roles, tries -> two keys (password thread) -> sealed.db -> the record -> answer
 *
 * An opened text waits beside its exchange until the record has the opening on disk; when the record
 * refuses or is late, the text is wiped and nobody sees it.  A seal that the record refuses is taken
 * back.  Destroying comes after its row: sent again with the same id it is finished. */

enum { REASON_MAX = 256, TEXT_MIN = 1, PHRASE_MIN = 12, PAYLOAD_ROOM = 4096, SUBJECT_ROOM = SEALED_SUBJECT_MAX + 1 };

enum act { ACT_SEAL, ACT_OPEN, ACT_DESTROY };

struct identity {
    enum act act;
    char subject[SUBJECT_ROOM];
    size_t len;
    char text[SEALED_TEXT_MAX]; /* of an opening, until the record has it */
};

/* A request, read; borrowed from its JSON. */
struct wish {
    enum act act;
    struct str ticket, incident, tag, reason, text;
    struct str names[2], phrases[2];
    char subject[SUBJECT_ROOM];
};

void identity_drop(struct exchange *x)
{
    if (!x->identity)
        return;
    secret_wipe(x->identity, sizeof *x->identity);
    free(x->identity);
    x->identity = NULL;
}

/* ---- what is asked ---------------------------------------------------- */

static bool read_holders(struct json_value list, struct wish *k, struct err *e)
{
    if (json_is(list) != JSON_LIST || json_count(list) != 2)
        return err_set(e, ERR_INPUT, "\"holders\" must be two people, each with name and passphrase");
    for (size_t i = 0; i < 2; i++) {
        k->names[i] = json_as_text(json_get(json_at(list, i), "name"));
        k->phrases[i] = json_as_text(json_get(json_at(list, i), "passphrase"));
        if (k->names[i].len == 0 || k->names[i].len > SEALED_HOLDER_MAX)
            return err_set(e, ERR_INPUT, "\"holders\" must be two people, each with name and passphrase");
        if (k->phrases[i].len < PHRASE_MIN || k->phrases[i].len > PASSWORD_TEXT)
            return err_set(e, ERR_INPUT, "a passphrase has %d to %d bytes", PHRASE_MIN, PASSWORD_TEXT);
    }
    return !str_eq(k->names[0], k->names[1]) ||
           err_set(e, ERR_INPUT, "an identity has two holders; %.*s alone is one", STR_ARG(k->names[0]));
}

static bool read_wish(const struct json *j, struct str tag, struct wish *k, struct err *e)
{
    const struct json_length id = {1, INCIDENT_ID_MAX}, reason = {1, REASON_MAX}, text = {TEXT_MIN, SEALED_TEXT_MAX};
    struct buf b = buf_over(k->subject, sizeof k->subject - 1);

    k->tag = tag;
    if (!web_take_ticket(j, &k->ticket, e) || !json_take_text(j, "incident", id, &k->incident, e) ||
        (k->act != ACT_SEAL && !json_take_text(j, "reason", reason, &k->reason, e)) ||
        (k->act == ACT_SEAL && !json_take_text(j, "text", text, &k->text, e)) ||
        !read_holders(json_get(json_root(j), "holders"), k, e))
        return false;
    if (tag.len == 0 || tag.len > INCIDENT_ID_MAX || str_find_byte(tag, '|') < tag.len ||
        str_find_byte(k->incident, '|') < k->incident.len || !text_is_plain(k->reason, false))
        return err_set(e, ERR_INPUT, "the tag, the incident or the reason has a sign that it cannot have");
    buf_put(&b, k->incident);
    buf_byte(&b, '|');
    buf_put(&b, tag);
    MUST(!b.full);
    k->subject[b.len] = 0;
    return true;
}

/* One holder is a casualty officer, the other of the family liaison; both may sign in. */
static bool are_holders(struct web *w, const struct wish *k, struct err *e)
{
    bool officer[2] = {false, false}, liaison[2] = {false, false};

    for (int i = 0; i < 2; i++) {
        struct operator o;
        struct access a;

        if (!accounts_operator(w->accounts, k->names[i], &o, e) || o.disabled)
            continue;
        a = access_of(str_from(o.roles));
        officer[i] = access_has_role(&a, STR("casualty-officer"));
        liaison[i] = access_has_role(&a, STR("family-liaison"));
    }
    return (officer[0] && liaison[1]) || (officer[1] && liaison[0]) ||
           err_set(e, ERR_DENIED, "it takes an operator with the role casualty-officer and another one with "
                   "family-liaison");
}

/* Wrong passphrases cost time as wrong passwords do: by address and by each holder. */
static bool tries(struct web *w, const struct request *q, const struct wish *k, struct reply *r, struct now now)
{
    char names[2][SEALED_HOLDER_MAX + 16];
    int64_t wait = limit_wait_ms(&w->by_address, str_from(q->address), now.mono_ms);

    for (int i = 0; i < 2; i++) {
        int64_t his;

        (void)snprintf(names[i], sizeof names[i], "identity/%.*s", STR_ARG(k->names[i]));
        his = limit_wait_ms(&w->by_name, str_from(names[i]), now.mono_ms);
        wait = his > wait ? his : wait;
    }
    if (wait > 0) {
        reply_problem(r, 429, "There were too many wrong tries. Wait, then both try again.");
        r->retry_after_s = (int)((wait + 999) / 1000);
        return false;
    }
    limit_try(&w->by_address, str_from(q->address), now.mono_ms);
    for (int i = 0; i < 2; i++)
        limit_try(&w->by_name, str_from(names[i]), now.mono_ms);
    return true;
}

/* take_back: limit_forgive when it was right, limit_untry when it was not judged. */
static void end_tries(struct web *w, const struct request *q, const struct wish *k,
                      void (*take_back)(struct limit *l, struct str who))
{
    char name[SEALED_HOLDER_MAX + 16];

    take_back(&w->by_address, str_from(q->address));
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof name, "identity/%.*s", STR_ARG(k->names[i]));
        take_back(&w->by_name, str_from(name));
    }
}

static void ask_keys(struct web *w, struct request *q, struct reply *r, const struct wish *k)
{
    struct password_job job = {.what = PASSWORD_KEYS, .request = q->id};
    struct holder_salt salt;
    struct err e;

    for (int i = 0; i < 2; i++) {
        if (!sealed_salt(w->sealed, k->names[i], &salt, &e)) {
            reply_err(r, &e);
            return;
        }
        memcpy(job.salts[i], salt.bytes, sizeof salt.bytes);
    }
    job.len = k->phrases[0].len;
    memcpy(job.text, k->phrases[0].at, job.len);
    job.second_len = k->phrases[1].len;
    memcpy(job.second, k->phrases[1].at, job.second_len);
    if (passwords_ask(w->passwords, &job)) {
        r->later = true;
        return;
    }
    end_tries(w, q, k, limit_untry);
    reply_problem(r, 503, "Many people are signing in just now. Try again in a moment.");
}

static enum act act_of(struct str path)
{
    return str_ends(path, STR("/seal")) ? ACT_SEAL : str_ends(path, STR("/open")) ? ACT_OPEN : ACT_DESTROY;
}

static void begin(struct web *w, struct request *q, struct reply *r, struct now now)
{
    const struct access *a = &q->who.access;
    struct wish k = {.act = act_of(q->path)};
    struct json *j = NULL;
    struct err e;

    if (!access_seals(a))
        reply_problem(r, 403, "This needs the role casualty-officer or family-liaison.");
    else if (!w->command)
        reply_problem(r, 503, "The record cannot take it, so identities stay closed.");
    else if (!json_read(q->body, &j, &e) || !read_wish(j, q->part[0], &k, &e) || !are_holders(w, &k, &e))
        reply_err(r, &e);
    else if (tries(w, q, &k, r, now))
        ask_keys(w, q, r, &k);
    json_drop(j);
}

void post_identity_seal(struct web *w, struct request *q, struct reply *r, struct now now)
{
    begin(w, q, r, now);
}

void post_identity_open(struct web *w, struct request *q, struct reply *r, struct now now)
{
    begin(w, q, r, now);
}

void post_identity_destroy(struct web *w, struct request *q, struct reply *r, struct now now)
{
    begin(w, q, r, now);
}

static void refuse(struct reply *r, const struct err *e, bool sealing)
{
    if (sealing && e->kind == ERR_DENIED)
        reply_problem(r, 409, e->text);
    else
        reply_err(r, e);
}

/* ---- the record ------------------------------------------------------- */

/* Asks the record for the event that this is.  An opening has no ticket: each one is an event. */
static bool identity_note(struct web *w, const struct request *q, const struct wish *k, struct err *e)
{
    static const enum incident_kind kinds[] = {INC_IDENTITY_SEALED, INC_IDENTITY_OPENED, INC_KEY_SHREDDED};
    const struct access *a = &q->who.access;
    char payload[PAYLOAD_ROOM];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_BY, str_from(q->who.name));
    fields_put(&b, FIELD_ADDRESS, str_from(q->address));
    if (k->act != ACT_OPEN)
        fields_put(&b, FIELD_TICKET, k->ticket);
    incident_put(&b, IN_INCIDENT, k->incident);
    incident_put(&b, IN_ACTOR, str_from(q->who.name));
    incident_put(&b, IN_ROLE, access_has_role(a, STR("casualty-officer")) ? STR("casualty-officer")
                                                                          : STR("family-liaison"));
    incident_put(&b, IN_VIA, STR("web"));
    if (k->act == ACT_DESTROY) {
        incident_put(&b, IN_AUDIT, k->ticket);
        incident_put(&b, IN_SUBJECT, k->tag);
    } else
        incident_put(&b, IN_CASUALTY, k->tag);
    if (k->act == ACT_SEAL)
        incident_put(&b, IN_SEALED, STR("1"));
    else
        incident_put(&b, IN_REASON, k->reason);
    if (k->act != ACT_SEAL)
        incident_put(&b, IN_BY, k->names[0]);
    if (k->act == ACT_OPEN)
        incident_put(&b, IN_APPROVED_BY, k->names[1]);
    MUST(!b.full);
    return w->command(w, q, kinds[k->act], buf_str(&b), e);
}

static bool do_it(struct web *w, struct exchange *x, const struct wish *k, struct password_job *job, struct err *e)
{
    struct identity *d = x->identity;
    struct holder pair[2];
    struct holder_salt salts[2];
    struct sealing sealing = {str_from(k->subject), k->text, pair, salts};
    struct buf out = buf_over(d->text, sizeof d->text);
    bool ok;

    for (int i = 0; i < 2; i++) {
        pair[i].name = k->names[i];
        memcpy(pair[i].key, job->keys[i], SECRET_KEY);
        memcpy(salts[i].bytes, job->salts[i], SECRET_SALT);
    }
    if (k->act == ACT_SEAL)
        ok = sealed_put(w->sealed, &sealing, e);
    else
        ok = sealed_read(w->sealed, sealing.subject, pair, &out, e);
    secret_wipe(pair, sizeof pair);
    d->len = k->act == ACT_OPEN ? out.len : 0;
    if (!ok)
        return false;
    end_tries(w, &x->request, k, limit_forgive);
    if (identity_note(w, &x->request, k, e))
        return true;
    if (k->act == ACT_SEAL && !sealed_destroy(w->sealed, sealing.subject, &(struct err){0}))
        log_line(LOG_ERROR, "identity.orphan", "reason=\"sealed, but not recorded\"");
    return false;
}

static bool find_room(struct exchange *x, const struct wish *k, struct err *e)
{
    x->identity = calloc(1, sizeof *x->identity);
    if (!x->identity)
        return err_set(e, ERR_WORLD, "there is not enough memory");
    x->identity->act = k->act;
    (void)str_copy(x->identity->subject, sizeof x->identity->subject, str_from(k->subject));
    return true;
}

/* Who tried is on record like who opened; what he tried it with is not. */
static void note_denied(struct web *w, const struct request *q, const struct wish *k, const struct err *why)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_EVENT_REFUSED, .sender = RING_NO_SENDER,
                            .at_ms = hub_now().wall_ms};
    char payload[PAYLOAD_ROOM];
    struct buf b = buf_over(payload, sizeof payload);

    fields_put(&b, FIELD_BY, str_from(q->who.name));
    fields_put(&b, FIELD_ADDRESS, str_from(q->address));
    fields_put(&b, FIELD_INCIDENT, k->incident);
    fields_put(&b, FIELD_UID, k->tag);
    for (int i = 0; i < 2; i++)
        fields_put(&b, FIELD_CLAIMANT, k->names[i]);
    fields_put(&b, FIELD_REASON, str_from(why->text));
    MUST(!b.full);
    if (!hub_ask(w->h, &head, buf_str(&b)))
        log_line(LOG_WARN, "record.full", "lost=%s", event_tag(EV_EVENT_REFUSED));
}

void identity_keys(struct web *w, struct password_job *job, struct now now)
{
    struct exchange *x = exchange_waiting(w, job->request);
    struct wish k = {0};
    struct json *j = NULL;
    struct err e = {0};

    if (!x)
        return; /* nobody waits any more: nothing was done */
    k.act = act_of(x->request.path);
    if (!job->ok)
        (void)err_set(&e, ERR_WORLD, "There is not enough memory for the passphrases. Try again.");
    else if (!login_still_is(w, &x->request.who, now))
        (void)err_set(&e, ERR_DENIED, "Sign in again: your session has ended meanwhile.");
    else if (json_read(x->request.body, &j, &e) && read_wish(j, x->request.part[0], &k, &e) &&
             are_holders(w, &k, &e) && find_room(x, &k, &e) && do_it(w, x, &k, job, &e)) {
        json_drop(j);
        return; /* the record answers */
    }
    if (x->identity && k.act != ACT_SEAL && e.kind == ERR_DENIED)
        note_denied(w, &x->request, &k, &e);
    json_drop(j);
    refuse(&x->reply, &e, x->identity && k.act == ACT_SEAL);
    identity_drop(x);
    exchange_answered(w, x);
}

/* In memory of its own, so that no copy of a text is left behind by growing. */
static void answer(struct reply *r, const struct identity *d, uint64_t seq)
{
    size_t room = 64 + 6 * d->len; /* each byte may become six */
    char *at = malloc(room);
    struct buf b = buf_over(at, room);

    if (!at) {
        reply_problem(r, 503, "There is not enough memory for the answer. Try again.");
        return;
    }
    buf_fmt(&b, "{\"seq\":%" PRIu64, seq);
    if (d->act == ACT_OPEN) {
        buf_put(&b, STR(",\"text\":"));
        buf_json(&b, str_of(d->text, d->len));
    }
    buf_byte(&b, '}');
    MUST(!b.full);
    reply_json(r, buf_str(&b));
    secret_wipe(at, room);
    free(at);
}

bool identity_answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text)
{
    struct identity *d = x->identity;
    char why[ERR_TEXT_MAX];
    struct err e = {0};
    bool ok = head->ok;

    if (!d)
        return false;
    if (!ok) {
        (void)str_copy(why, sizeof why, text);
        (void)err_set(&e, ERR_DENIED, "%s", why[0] ? why : "The record did not take it.");
    }
    if (!ok && d->act == ACT_SEAL && !sealed_destroy(w->sealed, str_from(d->subject), &(struct err){0}))
        log_line(LOG_ERROR, "identity.orphan", "reason=\"sealed, but not recorded\"");
    if (ok && d->act == ACT_DESTROY)
        ok = sealed_destroy(w->sealed, str_from(d->subject), &e);
    if (ok)
        answer(&x->reply, d, head->seq);
    else
        reply_err(&x->reply, &e);
    secret_wipe(d->text, sizeof d->text);
    exchange_answered(w, x);
    return true;
}
