/* journal_bench -- how fast rows get durable, and how fast they are read and opened again.
 *
 * Usage: journal_bench FOLDER [ROWS]   (an empty folder; 1,000,000 rows of 300 bytes by default) */
#include "os/clock.h"
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAYLOAD = 300 };

static bool count(void *ctx, const struct journal_row *row)
{
    uint64_t *bytes = ctx;

    MUST(!row->damaged && !row->erased);
    *bytes += row->payload.len;
    return true;
}

static void stop(const struct err *e)
{
    (void)fprintf(stderr, "journal_bench: %s\n", e->text);
    exit(1);
}

/* Adds rows by groups of `group` and tells the speed. */
static void write_rows(struct journal *j, size_t rows, size_t group)
{
    static char payload[PAYLOAD];
    struct journal_stats before = journal_stats(j), after;
    int64_t start = clock_us(), us;
    clock_t cpu = clock();
    struct err e;
    uint64_t seq;

    for (size_t i = 0; i < rows; i++) {
        payload[i % PAYLOAD]++;
        if (!journal_add(j, 1, clock_wall_ms(), 0, str_of(payload, PAYLOAD), &seq, &e) ||
            ((i + 1) % group == 0 && !journal_commit(j, &e)))
            stop(&e);
    }
    if (!journal_commit(j, &e))
        stop(&e);
    us = clock_us() - start;
    after = journal_stats(j);
    (void)printf(
        "write  groups of %4zu: %8.0f rows/s, commit %5.2f ms on average, %5.1f ms at most; "
        "%.1f us of CPU a row\n",
        group, (double)rows * 1e6 / (double)us,
        (double)(after.commit_us_sum - before.commit_us_sum) / 1e3 /
            (double)(after.commits - before.commits),
        (double)after.commit_us_max / 1e3,
        (double)(clock() - cpu) * 1e6 / CLOCKS_PER_SEC / (double)rows);
}

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : ".";
    size_t rows = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 1000000;
    struct journal *j;
    struct journal_opened how;
    struct journal_verify v;
    struct err e;
    uint64_t bytes = 0;
    int64_t start;

    if (!journal_open(dir, &j, &how, &e))
        stop(&e);
    write_rows(j, rows / 500, 1);
    write_rows(j, rows / 20, 10);
    write_rows(j, rows, 100);
    write_rows(j, rows / 2, 1000);
    journal_close(j);
    start = clock_us();
    if (!journal_open(dir, &j, &how, &e))
        stop(&e);
    (void)printf("open   %.1f ms, %llu rows, %s\n", (double)(clock_us() - start) / 1e3,
                 (unsigned long long)how.rows, how.note[0] ? how.note : "sound");
    start = clock_us();
    if (!journal_read(j, 1, NULL, count, &bytes, &e))
        stop(&e);
    (void)printf("read   %.2f s a million rows, %.0f rows/s opened, %llu payload bytes\n",
                 (double)(clock_us() - start) / (double)how.rows,
                 (double)how.rows * 1e6 / (double)(clock_us() - start), (unsigned long long)bytes);
    start = clock_us();
    if (!journal_verify(j, NULL, &v, &e))
        stop(&e);
    (void)printf("verify %.2f s a million rows, %s\n",
                 (double)(clock_us() - start) / (double)v.rows,
                 v.bad_seq ? v.finding : "the chain holds");
    (void)printf("size   %.0f bytes a row\n", (double)journal_stats(j).bytes / (double)how.rows);
    journal_close(j);
    return v.bad_seq != 0;
}
