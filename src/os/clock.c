#include "os/clock.h"

#include "base/must.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static struct timespec now(clockid_t clock)
{
    struct timespec t = {0};

    MUST(clock_gettime(clock, &t) == 0);
    return t;
}

int64_t clock_wall_ms(void)
{
    struct timespec t = now(CLOCK_REALTIME);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
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
