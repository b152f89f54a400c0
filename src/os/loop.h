/* loop.h -- wait for many descriptors: epoll behind five functions.
 *
 * One struct loop a thread.  Level-triggered.  A token comes back with each
 * event; use handles (slot and born), not pointers, as tokens. loop_wake() may
 * be called from any thread and makes loop_wait() return with the token
 * LOOP_WOKEN once for any number of calls.  LOOP_GONE comes also when neither
 * reading nor writing was asked for, and again until the descriptor is removed. */
#ifndef CORDON_OS_LOOP_H
#define CORDON_OS_LOOP_H

#include "base/err.h"

#include <stdint.h>

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_GONE = 4 };
#define LOOP_WOKEN UINT64_MAX

struct loop_event {
    uint64_t token;
    unsigned what; /* LOOP_READ | LOOP_WRITE | LOOP_GONE (error or hang-up: read to learn which) */
};

bool loop_new(struct loop **out, struct err *e) MUST_USE;
void loop_free(struct loop *l);
bool loop_add(struct loop *l, int fd, unsigned what, uint64_t token, struct err *e) MUST_USE;
void loop_change(struct loop *l, int fd, unsigned what, uint64_t token);
void loop_remove(struct loop *l, int fd);
/* Waits at most timeout_us (0: does not wait, -1: for ever), with better than millisecond
 * resolution (Linux before 5.11: rounded up to milliseconds).  At most 512 events at once, the
 * others with the next call. */
int loop_wait(struct loop *l, struct loop_event *events, int max, int64_t timeout_us) MUST_USE;
void loop_wake(struct loop *l);

#endif
