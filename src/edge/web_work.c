#include "edge/web_inner.h"

#include "os/clock.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { WAIT_MS = 1000 };

struct work {
    uint64_t request;
    web_job *job;
    web_done *done;
    void *ctx;
};

enum { ROOM = (WEB_JOBS + 2) * (sizeof(struct work) + sizeof(size_t)) };

struct web_worker {
    struct mailbox *asked, *done;
    unsigned open; /* asked and not yet taken back; the web thread's own */
    atomic_bool stopping;
    pthread_t thread;
};

static bool give(struct mailbox *to, const struct work *work)
{
    return mailbox_put(to, str_of(work, sizeof *work), (struct str){0});
}

static bool take(struct mailbox *from, struct work *work)
{
    size_t len;

    if (!mailbox_take(from, work, sizeof *work, &len))
        return false;
    MUST(len == sizeof *work);
    return true;
}

static void *run(void *arg)
{
    struct web_worker *k = arg;
    struct work work;

    for (;;) {
        mailbox_wait(k->asked, WAIT_MS);
        while (!atomic_load(&k->stopping) && take(k->asked, &work)) {
            work.job(work.ctx);
            MUST(give(k->done, &work)); /* there is room: no more than WEB_JOBS are open */
        }
        if (atomic_load(&k->stopping))
            return NULL;
    }
}

bool web_worker_new(struct web_worker **out, void (*wake)(void *), void *ctx, struct err *e)
{
    struct web_worker *k = calloc(1, sizeof *k);

    *out = NULL;
    if (!k)
        return err_set(e, ERR_WORLD, "there is not enough memory for the web thread");
    k->asked = mailbox_new(ROOM, NULL, NULL);
    k->done = mailbox_new(ROOM, wake, ctx);
    if (!k->asked || !k->done || pthread_create(&k->thread, NULL, run, k) != 0) {
        mailbox_free(k->asked);
        mailbox_free(k->done);
        free(k);
        return err_set(e, ERR_WORLD, "the worker of the web thread cannot be started");
    }
    *out = k;
    return true;
}

void web_worker_free(struct web *w, struct web_worker *k)
{
    struct work work;

    if (!k)
        return;
    atomic_store(&k->stopping, true);
    MUST(pthread_join(k->thread, NULL) == 0);
    while (take(k->done, &work) || take(k->asked, &work))
        work.done(w, NULL, work.ctx);
    mailbox_free(k->asked);
    mailbox_free(k->done);
    free(k);
}

bool web_work(struct web *w, struct request *q, struct reply *r, web_job *job, web_done *done, void *ctx)
{
    struct web_worker *k = w->worker;
    struct work work = {q->id, job, done, ctx};

    if (!k || k->open >= WEB_JOBS || w->waiting >= WEB_WAITING) {
        reply_problem(r, 503, "Too much waits to be worked on just now. Try again in a moment; nothing was done.");
        return false;
    }
    MUST(give(k->asked, &work));
    k->open++;
    r->later = true;
    exchange_waits(w, q->id, WEB_WORK_MS);
    return true;
}

void web_worker_turn(struct web *w)
{
    struct work work;

    while (w->worker && take(w->worker->done, &work)) {
        struct exchange *x = exchange_waiting(w, work.request);

        w->worker->open--;
        if (x)
            x->reply.later = false;
        work.done(w, x, work.ctx);
        if (x && !x->reply.later)
            exchange_answered(w, x);
    }
}
