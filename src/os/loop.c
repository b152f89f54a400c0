#include "os/loop.h"

#include "os/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 512 }; /* of one wait; the rest comes with the next one */

struct loop {
    int epoll, wake;
    _Atomic bool waking; /* a wake-up is under way: the next ones need no system call */
    bool fine;           /* epoll_pwait2 is there (Linux 5.11, and not filtered away) */
};

static uint32_t epoll_of(unsigned what)
{
    MUST((what & ~(unsigned)(LOOP_READ | LOOP_WRITE)) == 0);
    return (what & LOOP_READ ? (uint32_t)(EPOLLIN | EPOLLRDHUP) : 0) |
           (what & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0);
}

static unsigned what_of(uint32_t events)
{
    return (events & EPOLLIN ? LOOP_READ : 0u) | (events & EPOLLOUT ? LOOP_WRITE : 0u) |
           (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) ? LOOP_GONE : 0u);
}

bool loop_new(struct loop **out, struct err *e)
{
    struct loop *l = calloc(1, sizeof *l);

    *out = NULL;
    if (!l)
        return err_set(e, ERR_WORLD, "no memory for an event loop");
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->fine = true;
    if (l->epoll < 0 || l->wake < 0) {
        (void)err_set(e, ERR_WORLD, "an event loop cannot be made: %s", strerror(errno));
    } else if (loop_add(l, l->wake, LOOP_READ, LOOP_WOKEN, e)) {
        *out = l;
        return true;
    }
    loop_free(l);
    return false;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    if (l->epoll >= 0)
        (void)close(l->epoll);
    if (l->wake >= 0)
        (void)close(l->wake);
    free(l);
}

bool loop_add(struct loop *l, int fd, unsigned what, uint64_t token, struct err *e)
{
    struct epoll_event event = {.events = epoll_of(what), .data.u64 = token};

    MUST(token != LOOP_WOKEN || fd == l->wake);
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
        return true;
    return err_set(e, errno == ENOSPC || errno == ENOMEM ? ERR_FULL : ERR_WORLD,
                   "one more connection cannot be watched: %s", strerror(errno));
}

void loop_change(struct loop *l, int fd, unsigned what, uint64_t token)
{
    struct epoll_event event = {.events = epoll_of(what), .data.u64 = token};

    MUST(token != LOOP_WOKEN);
    MUST(epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &event) == 0);
}

void loop_remove(struct loop *l, int fd)
{
    MUST(epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL) == 0);
}

static int wait_once(struct loop *l, struct epoll_event *events, int max, int64_t timeout_us)
{
    int64_t ms = timeout_us < 0 ? -1 : timeout_us / 1000 + (timeout_us % 1000 != 0);

    if (l->fine && timeout_us > 0) {
        struct timespec t = {timeout_us / 1000000, timeout_us % 1000000 * 1000};
        int n = epoll_pwait2(l->epoll, events, max, &t, NULL);

        if (n >= 0 || (errno != ENOSYS && errno != EPERM))
            return n;
        l->fine = false;
    }
    return epoll_wait(l->epoll, events, max, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

int loop_wait(struct loop *l, struct loop_event *events, int max, int64_t timeout_us)
{
    struct epoll_event found[EVENTS_MAX];
    int64_t until = timeout_us > 0 ? clock_us() + timeout_us : 0;
    int n;

    MUST(max > 0 && timeout_us >= -1);
    max = max < EVENTS_MAX ? max : EVENTS_MAX;
    while ((n = wait_once(l, found, max, timeout_us)) < 0) {
        MUST(errno == EINTR);
        if (timeout_us > 0) { /* a signal must not lengthen the wait */
            int64_t left = until - clock_us();

            timeout_us = left > 0 ? left : 0;
        }
    }
    for (int i = 0; i < n; i++) {
        events[i] = (struct loop_event){found[i].data.u64, what_of(found[i].events)};
        if (events[i].token == LOOP_WOKEN) {
            uint64_t times;
            ssize_t got = read(l->wake, &times, sizeof times);

            /* First empty, then open the gate.  Who wakes between the two writes nothing, but the
             * exchange sees all that he did before, and the caller looks at its queues only now. */
            MUST(got == sizeof times || errno == EAGAIN);
            (void)atomic_exchange(&l->waking, false);
        }
    }
    return n;
}

void loop_wake(struct loop *l)
{
    uint64_t one = 1;

    if (!atomic_exchange(&l->waking, true))
        MUST(write(l->wake, &one, sizeof one) == sizeof one);
}
