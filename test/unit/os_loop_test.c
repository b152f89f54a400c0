#include "os/clock.h"
#include "os/loop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct fixture {
    struct loop *l;
    int a, b; /* the two ends of a stream */
};

static int before(void **state)
{
    static struct fixture f;
    struct err e;
    int pair[2];

    if (!loop_new(&f.l, &e) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
        return -1;
    f.a = pair[0];
    f.b = pair[1];
    *state = &f;
    return 0;
}

static int after(void **state)
{
    struct fixture *f = *state;

    loop_free(f->l);
    loop_free(NULL);
    (void)close(f->a);
    (void)close(f->b);
    return 0;
}

static void tells_what_happens(void **state)
{
    struct fixture *f = *state;
    struct loop_event ev[4];
    struct err e = {0};
    char byte;

    assert_true(loop_add(f->l, f->a, LOOP_READ, 42, &e));
    assert_int_equal(loop_wait(f->l, ev, 4, 0), 0);
    assert_int_equal(write(f->b, "x", 1), 1);
    for (int i = 0; i < 2; i++) { /* level-triggered: comes again */
        assert_int_equal(loop_wait(f->l, ev, 4, -1), 1);
        assert_true(ev[0].token == 42 && ev[0].what == LOOP_READ);
    }
    assert_int_equal(read(f->a, &byte, 1), 1);
    loop_change(f->l, f->a, LOOP_READ | LOOP_WRITE, 43);
    assert_int_equal(loop_wait(f->l, ev, 4, -1), 1);
    assert_true(ev[0].token == 43 && ev[0].what == LOOP_WRITE);
    loop_change(f->l, f->a, 0, 43);
    assert_int_equal(loop_wait(f->l, ev, 4, 0), 0);
    assert_int_equal(shutdown(f->b, SHUT_RDWR), 0);
    assert_int_equal(loop_wait(f->l, ev, 4, -1), 1);
    assert_true(ev[0].what & LOOP_GONE);
    loop_remove(f->l, f->a);
    assert_int_equal(loop_wait(f->l, ev, 4, 0), 0);
}

static void refuses_a_bad_descriptor(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};

    assert_false(loop_add(f->l, -1, LOOP_READ, 1, &e));
    assert_int_equal(e.kind, ERR_WORLD);
    assert_non_null(strstr(e.text, "cannot be watched"));
}

static void hands_out_at_most_max(void **state)
{
    struct fixture *f = *state;
    struct loop_event ev[2];
    struct err e;

    assert_true(loop_add(f->l, f->a, LOOP_WRITE, 1, &e));
    assert_true(loop_add(f->l, f->b, LOOP_WRITE, 2, &e));
    assert_int_equal(loop_wait(f->l, ev, 1, 0), 1);
    assert_int_equal(loop_wait(f->l, ev, 2, 0), 2);
}

static void waits_as_long_as_asked(void **state)
{
    static const int64_t waits_us[] = {1, 300, 2500, 20000};
    struct fixture *f = *state;
    struct loop_event ev[1];

    for (size_t i = 0; i < COUNTOF(waits_us); i++) {
        int64_t from = clock_us();

        assert_int_equal(loop_wait(f->l, ev, 1, waits_us[i]), 0);
        assert_true(clock_us() - from >= waits_us[i]);
    }
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void signals_do_not_end_a_wait(void **state)
{
    struct itimerval tick = {{0, 2000}, {0, 2000}}, none = {{0, 0}, {0, 0}};
    struct sigaction act = {.sa_handler = on_alarm};
    struct fixture *f = *state;
    struct loop_event ev[1];
    int64_t from = clock_us();

    assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &tick, NULL), 0);
    assert_int_equal(loop_wait(f->l, ev, 1, 30000), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &none, NULL), 0);
    assert_in_range(clock_us() - from, 30000, 5000000);
}

static void wakes_once(void **state)
{
    struct fixture *f = *state;
    struct loop_event ev[4];

    for (int i = 0; i < 3; i++) {
        loop_wake(f->l);
        loop_wake(f->l);
        loop_wake(f->l);
        assert_int_equal(loop_wait(f->l, ev, 4, -1), 1);
        assert_true(ev[0].token == LOOP_WOKEN && ev[0].what == LOOP_READ);
        assert_int_equal(loop_wait(f->l, ev, 4, 0), 0);
    }
}

struct counted {
    struct loop *l;
    _Atomic int put;
};

enum { WAKES = 20000 };

static void *waker(void *arg)
{
    struct counted *c = arg;

    for (int i = 0; i < WAKES; i++) {
        c->put++;
        loop_wake(c->l);
    }
    return NULL;
}

/* No wake-up is lost: the reader always learns of the last one, or it would wait for ever. */
static void threads_can_wake(void **state)
{
    struct fixture *f = *state;
    struct counted c = {f->l, 0};
    struct loop_event ev[1];
    pthread_t thread[2];

    for (size_t i = 0; i < COUNTOF(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, waker, &c), 0);
    while (c.put < WAKES * (int)COUNTOF(thread))
        assert_int_equal(loop_wait(f->l, ev, 1, 10000000), 1);
    for (size_t i = 0; i < COUNTOF(thread); i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(tells_what_happens),     TEST(refuses_a_bad_descriptor),  TEST(hands_out_at_most_max),
        TEST(waits_as_long_as_asked), TEST(signals_do_not_end_a_wait), TEST(wakes_once),
        TEST(threads_can_wake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
