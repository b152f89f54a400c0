#include "edge/web_password.h"

#include "os/log.h"
#include "os/mailbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* The mailboxes carry pointers, so that a password lies in one place, which is wiped. */
enum { ROOM = (PASSWORD_JOBS + 2) * (sizeof(void *) + sizeof(size_t)), WAIT_MS = 1000 };

struct passwords {
    struct mailbox *asked, *done;
    unsigned open; /* asked and not yet taken back; the asking thread's own */
    atomic_bool stopping;
    pthread_t thread;
};

static bool give(struct mailbox *to, struct password_job *job)
{
    return mailbox_put(to, str_of(&job, sizeof job), (struct str){0});
}

static struct password_job *take(struct mailbox *from)
{
    struct password_job *job;
    size_t len;

    if (!mailbox_take(from, &job, sizeof job, &len))
        return NULL;
    MUST(len == sizeof job);
    return job;
}

static void work(struct passwords *p, struct password_job *job)
{
    struct str text = str_of(job->text, job->len);
    struct err e = {0};

    MUST(job->len <= sizeof job->text);
    if (job->what == PASSWORD_KEYS) {
        job->ok = secret_stretch(text, job->salts[0], job->keys[0], &e) &&
                  secret_stretch(str_of(job->second, job->second_len), job->salts[1], job->keys[1], &e);
    } else if (job->what == PASSWORD_CHECK || job->what == PASSWORD_ENROL) {
        job->ok = secret_password_is(job->hash, text) && job->known;
    } else {
        job->ok = secret_password(text, job->hash, &e);
    }
    if (!job->ok && e.text[0])
        log_line(LOG_ERROR, "web.password", "reason=\"%s\"", e.text);
    if (job->what != PASSWORD_ENROL)
        secret_wipe(job->text, sizeof job->text);
    secret_wipe(job->second, sizeof job->second);
    /* There is room: no more than PASSWORD_JOBS are open. */
    MUST(give(p->done, job));
}

static void *run(void *arg)
{
    struct passwords *p = arg;
    struct password_job *job;

    for (;;) {
        mailbox_wait(p->asked, WAIT_MS);
        if (atomic_load(&p->stopping))
            return NULL;
        while ((job = take(p->asked)))
            work(p, job);
    }
}

static void drop(struct password_job *job)
{
    secret_wipe(job, sizeof *job);
    free(job);
}

static void let_go(struct passwords *p)
{
    struct password_job *job;

    while (p->asked && p->done && ((job = take(p->asked)) || (job = take(p->done))))
        drop(job);
    mailbox_free(p->asked);
    mailbox_free(p->done);
    free(p);
}

bool passwords_new(struct passwords **out, void (*done)(void *), void *ctx, struct err *e)
{
    struct passwords *p = calloc(1, sizeof *p);

    *out = NULL;
    if (!p)
        return err_set(e, ERR_WORLD, "there is not enough memory for the web thread");
    p->asked = mailbox_new(ROOM, NULL, NULL);
    p->done = mailbox_new(ROOM, done, ctx);
    if (!p->asked || !p->done || pthread_create(&p->thread, NULL, run, p) != 0) {
        let_go(p);
        return err_set(e, ERR_WORLD, "the thread that checks passwords cannot be started");
    }
    *out = p;
    return true;
}

void passwords_free(struct passwords *p)
{
    if (!p)
        return;
    atomic_store(&p->stopping, true);
    MUST(pthread_join(p->thread, NULL) == 0);
    let_go(p);
}

bool passwords_have_room(const struct passwords *p)
{
    return p->open < PASSWORD_JOBS;
}

bool passwords_ask(struct passwords *p, struct password_job *job)
{
    struct password_job *copy = passwords_have_room(p) ? malloc(sizeof *copy) : NULL;

    if (copy) {
        *copy = *job;
        MUST(give(p->asked, copy));
        p->open++;
    }
    secret_wipe(job->text, sizeof job->text);
    secret_wipe(job->second, sizeof job->second);
    return copy;
}

bool passwords_take(struct passwords *p, struct password_job *out)
{
    struct password_job *job = take(p->done);

    if (!job)
        return false;
    MUST(p->open > 0);
    p->open--;
    *out = *job;
    drop(job);
    return true;
}
