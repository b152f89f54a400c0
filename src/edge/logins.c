#include "edge/logins.h"

#include "edge/web_limit.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/secret.h"
#include "store/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct logins {
    struct hub *h;
    char dir[256];
    struct accounts *accounts; /* NULL until the first login */
    struct mailbox *jobs;
    pthread_t thread;
    struct limit by_address, by_name;
    char stand_in[SECRET_PASSWORD_MAX]; /* hash for names that nobody has: they cost the same time */
};

enum { WAIT_MS = 200, TELL_TRIES = 100 };

/* The address without its port. */
static struct str host_of(const struct login_job *job)
{
    struct str s = str_from(job->address);

    while (s.len && s.at[s.len - 1] != ':')
        s.len--;
    return s.len ? str_cut(s, 0, s.len - 1) : str_from(job->address);
}

static void deny(struct logins *v, const struct login_job *job, const char *why)
{
    struct hub *h = v->h;
    struct tell_head tell = {.tell = TELL_DENIED, .handle = job->handle};
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_EVENT_REFUSED, .sender = RING_NO_SENDER,
                            .at_ms = clock_wall_ms()};
    struct mailbox *to = h->to_loop[((uint32_t)job->handle & 0x7fffffffu) % (uint32_t)h->loop_count];
    struct timespec pause = {0, 10000000};
    char text[512];
    struct buf b = buf_over(text, sizeof text);

    fields_put(&b, FIELD_USER, str_from(job->name));
    fields_put(&b, FIELD_ADDRESS, str_from(job->address));
    fields_put(&b, FIELD_REASON, str_from(why));
    if (!hub_ask(h, &head, buf_str(&b)))
        log_line(LOG_WARN, "record.full", "lost=%s", event_tag(EV_EVENT_REFUSED));
    for (int i = 0; i < TELL_TRIES && !mailbox_put(to, str_of(&tell, sizeof tell), str_from(why)); i++)
        (void)nanosleep(&pause, NULL); /* a loop that takes nothing for seconds is stuck */
}

/* What only a server with such logins needs. */
static bool open_accounts(struct logins *v)
{
    char nobody[65];
    struct err e;

    if (v->accounts)
        return true;
    secret_token(nobody, 32);
    if (accounts_open(v->dir, &v->accounts, &e) && secret_password(str_from(nobody), v->stand_in, &e))
        return true;
    log_line(LOG_ERROR, "logins.accounts", "reason=\"%s\"", e.text);
    accounts_close(v->accounts);
    v->accounts = NULL;
    return false;
}

static bool is_right(struct logins *v, const struct login_job *job)
{
    char hash[USER_PASSWORD_HASH] = "";
    struct user u;
    struct err e;
    bool known = accounts_password(v->accounts, str_from(job->name), hash, &e) && hash[0] &&
                 accounts_user_by_name(v->accounts, str_from(job->name), &u, &e) && !u.disabled;
    bool right = secret_password_is(known ? hash : v->stand_in, str_of(job->password, job->len));

    return known && right;
}

static void check(struct logins *v, struct login_job *job)
{
    struct ask_head head = {.ask = ASK_JOIN, .sender = (uint32_t)job->handle & 0x7fffffffu, .handle = job->handle,
                            .at_ms = clock_wall_ms()};
    struct str host = host_of(job), name = str_from(job->name);
    int64_t now = clock_ms();
    char text[512];
    struct buf b = buf_over(text, sizeof text);

    if (!open_accounts(v)) {
        deny(v, job, "the accounts cannot be read just now: try again");
        return;
    }
    if (limit_wait_ms(&v->by_address, host, now) || limit_wait_ms(&v->by_name, name, now)) {
        deny(v, job, "too many wrong passwords came from this address or for this user: wait some minutes");
        return;
    }
    limit_try(&v->by_address, host, now);
    limit_try(&v->by_name, name, now);
    if (!is_right(v, job)) {
        deny(v, job, "its user name or password is wrong");
        return;
    }
    limit_forgive(&v->by_address, host);
    limit_forgive(&v->by_name, name);
    fields_put(&b, FIELD_NAME, name);
    fields_put(&b, FIELD_ADDRESS, str_from(job->address));
    fields_put(&b, FIELD_SUB_TYPE, STR("password"));
    if (!hub_ask(v->h, &head, buf_str(&b)))
        deny(v, job, "the record cannot keep up: try again");
}

static void *run(void *arg)
{
    struct logins *v = arg;
    struct login_job job;
    size_t len;

    while (!atomic_load(&v->h->stopping)) {
        mailbox_wait(v->jobs, WAIT_MS);
        while (!atomic_load(&v->h->stopping) && mailbox_take(v->jobs, &job, sizeof job, &len)) {
            MUST(len == sizeof job);
            check(v, &job);
            secret_wipe(&job, sizeof job);
        }
    }
    return NULL;
}

bool logins_start(struct hub *h, const char *dir, struct err *e)
{
    struct logins *v = calloc(1, sizeof *v);
    struct hash_key key;

    if (!v)
        return err_set(e, ERR_WORLD, "no memory for logins");
    v->h = h;
    (void)snprintf(v->dir, sizeof v->dir, "%s", dir);
    secret_random(&key, sizeof key);
    limit_init(&v->by_address, key, LOGINS_WAIT_MAX_MS);
    limit_init(&v->by_name, key, LOGINS_WAIT_MAX_MS);
    v->jobs = mailbox_new(LOGINS_WAITING * (sizeof(struct login_job) + 64), NULL, NULL);
    if (!v->jobs)
        return err_set(e, ERR_WORLD, "no memory for logins");
    h->logins = v;
    return pthread_create(&v->thread, NULL, run, v) == 0 ||
           err_set(e, ERR_WORLD, "the thread of the logins does not start");
}

void logins_stop(struct hub *h)
{
    struct logins *v = h->logins;

    MUST(atomic_load(&h->stopping));
    (void)pthread_join(v->thread, NULL);
    h->logins = NULL;
    if (v->accounts)
        accounts_close(v->accounts);
    mailbox_free(v->jobs);
    free(v);
}

bool logins_ask(struct hub *h, const struct login_job *job)
{
    return h->logins && mailbox_put(h->logins->jobs, str_of(job, sizeof *job), (struct str){0});
}
