/* cordon-sim: runs two worlds from a seed, or from many: phones around the river, writers around the record.
 *
 *   cordon-sim SEED [--steps N] [--phone P]   one run, the same bytes each time; prints what P is given
 *   cordon-sim --record SEED [--steps N]      one run of the record alone
 *   cordon-sim --seeds FROM COUNT             many of both; the last line is "N passed, N failed"
 *   cordon-sim --record --seeds FROM COUNT    many of the record alone
 *   cordon-sim --kept FILE                    the seeds at the begin of each line of a file */
#include "record.h"
#include "world.h"

enum { STEPS = 1500, DRAIN_STEPS = 1500 };

/* splitmix64 */
uint32_t chance(struct world *w, uint32_t n)
{
    uint64_t x = w->random += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return n ? (uint32_t)((x ^ x >> 31) % n) : 0;
}

void fail(struct world *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(w->why, sizeof w->why, format, args);
    va_end(args);
    longjmp(w->failed, 1);
}

/* Sometimes roomy, sometimes so tight that every bound is met. */
static struct river_limits limits(struct world *w)
{
    struct river_limits l = sim_limits();
    bool tight = once_in(w, 3);

    l.units_max = tight ? 8 + chance(w, 40) : 256;
    l.live_entries = tight ? 16u << chance(w, 4) : 1024;
    l.must_entries = tight ? 16u << chance(w, 4) : 512;
    l.slab_bytes = tight ? 64 * 1024 + chance(w, 64) * 1024 : 4 << 20;
    l.live_bytes[FORM_XML] = l.must_bytes[FORM_XML] = tight ? 128 * 1024 : 1 << 20;
    l.live_bytes[FORM_PROTO] = l.must_bytes[FORM_PROTO] = tight ? 128 * 1024 : 1 << 20;
    l.repeat_ms = once_in(w, 4) ? 1000 : 10000;
    l.keep_ms = once_in(w, 4) ? 5000 : 3600000;
    l.interest_from = once_in(w, 4) ? 1 : 0;
    l.far_every = 1 + chance(w, 5);
    return l;
}

static void step(struct world *w)
{
    sim_pass(w->sv, 1 + chance(w, w->quiet ? 60 : 40));
    phones_step(w);
    disk_step(w);
    if (w->sv->now.mono_ms >= w->next_tick_ms) {
        w->next_tick_ms = w->sv->now.mono_ms + 100;
        river_tick(&w->sv->river, w->sv->now);
    }
    (void)river_relay_overdue(&w->sv->river, w->sv->now);
    (void)sim_ask_again(w->sv);
    check_step(w);
    if (!w->quiet && once_in(w, 1000))
        disk_crash(w);
}

static void live(struct world *w)
{
    struct river_limits l = limits(w);

    w->sv = sim_new(&l);
    w->sv->key = (struct hash_key){w->seed, 7};
    sim_release(w->sv->memory);
    sim_release(w->sv->record_memory);
    sim_boot(w->sv);
    w->sv->ask_max = once_in(w, 4) ? 4 + chance(w, 30) : SIM_ASKS;
    phones_begin(w);
    for (w->step = 0; w->step < w->steps; w->step++)
        step(w);
    w->quiet = true;
    for (; w->step < w->steps + DRAIN_STEPS; w->step++) {
        w->silent = w->step > w->steps + DRAIN_STEPS - 50;
        step(w);
    }
    check_end(w);
}

static bool run(uint64_t seed, int64_t steps, int watched, bool tell)
{
    struct world *w = calloc(1, sizeof *w);
    volatile bool ok;

    MUST(w);
    w->seed = w->random = seed;
    w->steps = steps;
    w->watched = watched;
    w->said = calloc(SAID_MAX, sizeof *w->said);
    MUST(w->said);
    ok = setjmp(w->failed) == 0;
    if (ok)
        live(w);
    if (!ok)
        printf("seed %llu, step %lld: %s\n", (unsigned long long)seed, (long long)w->step, w->why);
    if (tell)
        printf(
            "seed %llu: %d phones, %u events, %zu rows, %llu delivered, %llu cuts, %llu crashes, digest %016llx\n",
            (unsigned long long)seed, w->phone_count, w->said_count, w->sv->row_count,
            (unsigned long long)w->delivered, (unsigned long long)w->cuts, (unsigned long long)w->crashes,
            (unsigned long long)w->digest);
    sim_free(w->sv);
    free(w->said);
    free(w);
    return ok;
}

static int summary(unsigned long long passed, unsigned long long failed)
{
    printf("%llu passed, %llu failed\n", passed, failed);
    return failed ? 1 : 0;
}

/* A seed passes in both worlds, or it failed. */
static bool run_both(unsigned long long seed)
{
    bool phones = run(seed, STEPS, -1, false);

    return record_run(seed, RECORD_STEPS, false) && phones;
}

static int run_many(unsigned long long from, unsigned long long count, bool record_alone)
{
    unsigned long long passed = 0;

    for (unsigned long long i = 0; i < count; i++)
        passed += record_alone ? record_run(from + i, RECORD_STEPS, false) : run_both(from + i);
    return summary(passed, count - passed);
}

static int run_record(int argc, char **argv)
{
    bool ok;

    if (argc == 5 && strcmp(argv[2], "--seeds") == 0)
        return run_many(strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), true);
    if (argc != 3 && !(argc == 5 && strcmp(argv[3], "--steps") == 0)) {
        (void)fprintf(stderr, "usage: cordon-sim --record SEED [--steps N] | --record --seeds FROM COUNT\n");
        return 2;
    }
    ok = record_run(strtoull(argv[2], NULL, 10), argc == 5 ? strtoll(argv[4], NULL, 10) : RECORD_STEPS, true);
    return summary(ok, !ok);
}

static int run_kept(const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned long long passed = 0, count = 0;
    char line[256];

    if (!f) {
        (void)fprintf(stderr, "cordon-sim: cannot read %s\n", path);
        return 2;
    }
    while (fgets(line, sizeof line, f)) {
        if (line[0] < '0' || line[0] > '9')
            continue;
        count++;
        passed += run_both(strtoull(line, NULL, 10));
    }
    (void)fclose(f);
    return summary(passed, count - passed);
}

int main(int argc, char **argv)
{
    int64_t steps = STEPS;
    int watched = -1;
    bool ok;

    if (argc == 4 && strcmp(argv[1], "--seeds") == 0)
        return run_many(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), false);
    if (argc > 2 && strcmp(argv[1], "--record") == 0)
        return run_record(argc, argv);
    if (argc == 3 && strcmp(argv[1], "--kept") == 0)
        return run_kept(argv[2]);
    if (argc < 2 || argc % 2 || argv[1][0] < '0' || argv[1][0] > '9') {
        (void)fprintf(stderr, "usage: cordon-sim SEED [--steps N] [--phone P] | --record ... | --seeds FROM COUNT |"
                              " --kept FILE\n");
        return 2;
    }
    for (int i = 2; i + 1 < argc; i += 2) {
        steps = strcmp(argv[i], "--steps") == 0 ? strtoll(argv[i + 1], NULL, 10) : steps;
        watched = strcmp(argv[i], "--phone") == 0 ? (int)strtol(argv[i + 1], NULL, 10) : watched;
    }
    ok = run(strtoull(argv[1], NULL, 10), steps, watched, true);
    return summary(ok, !ok);
}
