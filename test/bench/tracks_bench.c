/* tracks_bench -- a month of 500 phones: how large the file gets, how long a question takes.
 *
 * Usage: tracks_bench FOLDER [DAYS [PHONES [TICK_MS]]]   (an empty folder; 30 days, 500 phones, 500
 * ms)
 *
 * Each phone is heard every 30 s on average: half of them move (every 2 to 20 s, in turns of
 * activity), the others stand (180 s); written in batches of TICK_MS: half a second is
 * what the record thread does, ten seconds fill a month in a few minutes. */
#include "os/clock.h"
#include "store/tracks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define START INT64_C(1760000000000)
enum { PHONES_MAX = 5000, BATCH_MAX = 4096 };

struct phone {
    int64_t next_ms;
    double lat, lon, course;
    char uid[48], callsign[32];
};

static struct phone phones[PHONES_MAX];
static struct track_point batch[BATCH_MAX];

static void stop(const struct err *e)
{
    (void)fprintf(stderr, "tracks_bench: %s\n", e->text);
    exit(1);
}

static bool count(void *ctx, const struct track_point *p)
{
    MUST(p->uid.len > 0 && p->callsign.len > 0);
    ++*(size_t *)ctx;
    return true;
}

/* The mean of the waits below is 30 s. */
static int64_t wait_ms(void)
{
    return rand() % 9 == 0 ? 170000 + rand() % 20000 : 2000 + rand() % 18000;
}

static struct track_point heard(struct phone *f, int64_t now)
{
    f->course = fmod(f->course + rand() % 30, 360);
    f->lat += (rand() % 200 - 100) * 1e-6;
    f->lon += (rand() % 200 - 100) * 1e-6;
    f->next_ms = now + wait_ms();
    return (struct track_point){.uid = str_from(f->uid),
                                .callsign = str_from(f->callsign),
                                .type = STR("a-f-G-U-C"),
                                .at_ms = now,
                                .time_ms = now - 80 - rand() % 400,
                                .lat = f->lat,
                                .lon = f->lon,
                                .hae = 200 + rand() % 300 / 10.0,
                                .ce = 3 + rand() % 90 / 10.0,
                                .speed = rand() % 140 / 100.0,
                                .course = f->course};
}

static size_t write_all(struct tracks *t, int days, int n, int tick_ms)
{
    int64_t end = START + (int64_t)days * 86400000;
    size_t points = 0;
    struct err e;

    for (int i = 0; i < n; i++) {
        phones[i] = (struct phone){.next_ms = START + rand() % 30000, .lat = 31.5, .lon = 74.3};
        (void)snprintf(phones[i].uid, sizeof phones[i].uid, "ANDROID-%08x%08x", (unsigned)rand(),
                       (unsigned)i);
        (void)snprintf(phones[i].callsign, sizeof phones[i].callsign, "RGR-%d", i);
    }
    for (int64_t now = START; now < end; now += tick_ms) {
        size_t k = 0;

        for (int i = 0; i < n && k < BATCH_MAX; i++)
            if (phones[i].next_ms <= now)
                batch[k++] = heard(&phones[i], now + rand() % tick_ms);
        if (!tracks_add(t, batch, k, &e))
            stop(&e);
        points += k;
    }
    return points;
}

static void ask(struct tracks *t, const char *what, const char *uid, int64_t from, int64_t to)
{
    int64_t start = clock_us();
    size_t n = 0;
    struct err e;

    if (!tracks_read(t, str_from(uid), from, to, count, &n, &e))
        stop(&e);
    (void)printf("%-28s %8zu points in %8.2f ms\n", what, n, (double)(clock_us() - start) / 1e3);
}

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : ".";
    int days = argc > 2 ? atoi(argv[2]) : 30, n = argc > 3 ? atoi(argv[3]) : 500;
    int64_t middle = START + (int64_t)days * 43200000 + 1234567, hour = 3600000, start = clock_us();
    struct tracks *t;
    struct err e;
    size_t points, k = 0, deleted;

    if (!tracks_open(dir, &t, &e))
        stop(&e);
    points = write_all(t, days, n < PHONES_MAX ? n : PHONES_MAX, argc > 4 ? atoi(argv[4]) : 500);
    (void)printf("%zu points written in %.1f s: %.0f a second\n", points,
                 (double)(clock_us() - start) / 1e6,
                 (double)points * 1e6 / (double)(clock_us() - start));
    tracks_close(t);
    if (!tracks_open(dir, &t, &e))
        stop(&e);
    ask(t, "one unit, one hour, first", phones[n / 2].uid, middle, middle + hour);
    ask(t, "one unit, one hour, again", phones[n / 2].uid, middle, middle + hour);
    ask(t, "one unit, one day", phones[n / 3].uid, middle, middle + 24 * hour);
    ask(t, "one unit, all", phones[n / 3].uid, 0, INT64_MAX);
    ask(t, "all units, one hour, first", "", middle - 5 * hour, middle - 4 * hour);
    ask(t, "all units, one hour, again", "", middle - 5 * hour, middle - 4 * hour);
    start = clock_us();
    if (!tracks_at(t, middle + 7 * hour, hour, count, &k, &e))
        stop(&e);
    (void)printf("%-28s %8zu points in %8.2f ms\n", "newest of each unit", k,
                 (double)(clock_us() - start) / 1e3);
    start = clock_us();
    if (!tracks_prune(t, START + 86400000, 5000, &deleted, &e))
        stop(&e);
    (void)printf("%-28s %8zu points in %8.2f ms\n", "prune a step", deleted,
                 (double)(clock_us() - start) / 1e3);
    tracks_close(t);
    return 0;
}
