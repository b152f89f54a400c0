#include "os/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* Messages lie in a ring of bytes as length(8) | bytes, each wrapping where the
 * ring ends. */
struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    char *at;
    size_t size, first, used, messages;
    void (*wake)(void *);
    void *ctx;
};

struct mailbox *mailbox_new(size_t size, void (*wake)(void *), void *ctx)
{
    struct mailbox *m = calloc(1, sizeof *m);
    pthread_condattr_t attr;

    if (!m)
        return NULL;
    m->at = malloc(size);
    if (!m->at) {
        free(m);
        return NULL;
    }
    m->size = size;
    m->wake = wake;
    m->ctx = ctx;
    MUST(pthread_mutex_init(&m->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0);
    MUST(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    MUST(pthread_cond_init(&m->filled, &attr) == 0);
    (void)pthread_condattr_destroy(&attr);
    return m;
}

void mailbox_free(struct mailbox *m)
{
    if (!m)
        return;
    (void)pthread_cond_destroy(&m->filled);
    (void)pthread_mutex_destroy(&m->lock);
    free(m->at);
    free(m);
}

static void copy_in(struct mailbox *m, const void *from, size_t n)
{
    size_t at = (m->first + m->used) % m->size;
    size_t part = n < m->size - at ? n : m->size - at;

    if (n == 0)
        return;
    memcpy(m->at + at, from, part);
    memcpy(m->at, (const char *)from + part, n - part);
    m->used += n;
}

static void copy_out(struct mailbox *m, void *to, size_t n)
{
    size_t part = n < m->size - m->first ? n : m->size - m->first;

    memcpy(to, m->at + m->first, part);
    memcpy((char *)to + part, m->at, n - part);
    m->first = (m->first + n) % m->size;
    m->used -= n;
    if (m->used == 0)
        m->first = 0; /* the same few pages again, not all of them in turn */
}

bool mailbox_put(struct mailbox *m, struct str head, struct str body)
{
    size_t len = head.len + body.len;
    bool fits;

    MUST(pthread_mutex_lock(&m->lock) == 0);
    fits = m->size - m->used >= sizeof len + len;
    if (fits) {
        copy_in(m, &len, sizeof len);
        copy_in(m, head.at, head.len);
        copy_in(m, body.at, body.len);
        m->messages++;
        (void)pthread_cond_signal(&m->filled);
    }
    MUST(pthread_mutex_unlock(&m->lock) == 0);
    if (fits && m->wake)
        m->wake(m->ctx);
    return fits;
}

/* The length in front of the oldest message; needs the lock and used > 0. */
static size_t peek(const struct mailbox *m)
{
    size_t len;
    char *to = (char *)&len;

    for (size_t i = 0; i < sizeof len; i++)
        to[i] = m->at[(m->first + i) % m->size];
    return len;
}

bool mailbox_take(struct mailbox *m, void *to, size_t max, size_t *len)
{
    bool has;
    size_t n;

    MUST(pthread_mutex_lock(&m->lock) == 0);
    has = m->messages > 0;
    if (has) {
        copy_out(m, &n, sizeof n);
        MUST(n <= max);
        copy_out(m, to, n);
        m->messages--;
        *len = n;
    }
    MUST(pthread_mutex_unlock(&m->lock) == 0);
    return has;
}

size_t mailbox_next(struct mailbox *m)
{
    size_t n;

    MUST(pthread_mutex_lock(&m->lock) == 0);
    n = m->messages ? peek(m) : 0;
    MUST(pthread_mutex_unlock(&m->lock) == 0);
    return n;
}

void mailbox_wait(struct mailbox *m, int64_t timeout_ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    MUST(pthread_mutex_lock(&m->lock) == 0);
    if (m->messages == 0)
        (void)pthread_cond_timedwait(&m->filled, &m->lock, &until);
    MUST(pthread_mutex_unlock(&m->lock) == 0);
}

void mailbox_depth(struct mailbox *m, size_t *bytes, size_t *messages)
{
    MUST(pthread_mutex_lock(&m->lock) == 0);
    *bytes = m->used;
    *messages = m->messages;
    MUST(pthread_mutex_unlock(&m->lock) == 0);
}
