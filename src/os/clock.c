#include "os/clock.h"

#include "base/must.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timex.h>
#include <time.h>

static struct timespec now(clockid_t clock)
{
    struct timespec t = {0};

    MUST(clock_gettime(clock, &t) == 0);
    return t;
}

/* The exercise's clock: of the whole process, as the real one is. */
static struct {
    _Atomic bool is;
    _Atomic unsigned turn; /* odd: speed and at_ms are being changed together */
    _Atomic int64_t speed;
    _Atomic int64_t at_ms;    /* what it would show at monotonic from_us, were it not held */
    _Atomic int64_t hold_ms;
    int64_t from_us;
} exercise;

static int64_t sum_ms(void)
{
    return atomic_load(&exercise.at_ms) + (clock_us() - exercise.from_us) * atomic_load(&exercise.speed) / 1000;
}

static int64_t running_ms(void)
{
    unsigned turn;
    int64_t at;

    do {
        turn = atomic_load(&exercise.turn);
        at = sum_ms();
    } while (turn % 2 || turn != atomic_load(&exercise.turn));
    return at;
}

static int64_t exercise_ms(void)
{
    int64_t hold = atomic_load(&exercise.hold_ms), at = running_ms();

    return at < hold ? at : hold;
}

void clock_exercise(int64_t start_ms, int64_t speed)
{
    MUST(speed >= 0 && speed <= CLOCK_SPEED_MAX);
    exercise.from_us = clock_us();
    atomic_store(&exercise.at_ms, start_ms);
    atomic_store(&exercise.speed, speed);
    atomic_store(&exercise.hold_ms, INT64_MAX);
    atomic_store(&exercise.is, true);
}

void clock_exercise_skip(int64_t to_ms)
{
    int64_t ahead = to_ms - exercise_ms();

    if (ahead > 0)
        atomic_fetch_add(&exercise.at_ms, ahead);
}

void clock_exercise_hold(int64_t until_ms)
{
    int64_t over = running_ms() - atomic_load(&exercise.hold_ms);

    if (over > 0) /* it goes on from where it stood */
        atomic_fetch_sub(&exercise.at_ms, over);
    atomic_store(&exercise.hold_ms, until_ms);
}

void clock_exercise_pace(int64_t speed)
{
    int64_t at = sum_ms();

    MUST(speed >= 0 && speed <= CLOCK_SPEED_MAX);
    atomic_fetch_add(&exercise.turn, 1);
    atomic_store(&exercise.speed, speed);
    atomic_fetch_add(&exercise.at_ms, at - sum_ms());
    atomic_fetch_add(&exercise.turn, 1);
}

bool clock_is_exercise(void)
{
    return atomic_load(&exercise.is);
}

int64_t clock_machine_ms(void)
{
    struct timespec t = now(CLOCK_REALTIME);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return clock_is_exercise() ? exercise_ms() : clock_machine_ms();
}

struct clock_keeper clock_keeper(void)
{
    struct timex t = {.modes = 0}; /* only asked */
    int state = adjtimex(&t);
    struct clock_keeper k = {.steered = state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC),
                             .error_us = t.maxerror};
    FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");

    if (f && fgets(k.source, sizeof k.source, f))
        k.source[strcspn(k.source, "\n")] = 0;
    if (f)
        (void)fclose(f);
    return k;
}

int64_t clock_ms(void)
{
    return clock_us() / 1000;
}

int64_t clock_us(void)
{
    struct timespec t = now(CLOCK_MONOTONIC);

    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void chance_fill(void *to, size_t n)
{
    char *at = to;

    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);

        /* Going on with bytes that somebody can guess would be worse than to stop. */
        MUST(got > 0 || (got < 0 && errno == EINTR));
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
}
