/* views_bench -- how long each view of an incident takes to compute and print.
 *
 *   views_bench [rounds]
 *
 * Over the reference evening (when its claims.jsonl is there) and over a large incident of 20,000
 * entities: 90 structures of ten storeys, 800 units of which 200 are inside, 2,500 reports, 1,000
 * casualties.  Prints the best of `rounds` times in microseconds and the bytes of the view. */
#include "edge/incident_json.h"
#include "edge/incident_views.h"
#include "support/incident_exercise.h"

#include <time.h>

enum { OUT_MAX = 64 << 20, BATCH = 8192 };
#define START INT64_C(1700000000000)

static struct view_work work;
static char out[OUT_MAX];

static double now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(const char *what, const struct incident *s, int64_t now_ms, int rounds)
{
    double all = 0;

    (void)printf("%s: %u entities, %u fields\n", what, s->entities, s->fields_used);
    for (const char *const *name = incident_view_names(); *name; name++) {
        struct view_ask q = {s, NULL, now_ms, &work};
        double best = 1e12;
        struct buf b = {0};
        struct err e;

        for (int i = 0; i < rounds; i++) {
            double begun = now_us(), took;

            b = buf_over(out, sizeof out);
            MUST(incident_view(str_from(*name), &q, &b, &e) && !b.full);
            took = now_us() - begun;
            best = took < best ? took : best;
        }
        all += best;
        (void)printf("  %-9s %10.1f us %9zu bytes\n", *name, best, b.len);
    }
    (void)printf("  %-9s %10.1f us\n", "all", all);
}

/* The whole state as entities. */
static void measure_entities(const struct incident *s)
{
    double begun = now_us();
    struct buf b = buf_over(out, sizeof out);

    for (uint32_t e = 1; e <= s->entities; e++)
        incident_entity_json(s, e, NULL, false, &b);
    MUST(!b.full);
    (void)printf("  %-9s %10.1f us %9zu bytes\n", "entities", now_us() - begun, b.len);
}

static void evening(int rounds)
{
    struct str file = exercise_text();
    struct exercise *x;

    if (!file.at) {
        (void)printf("the reference evening is left out: its claims.jsonl is not there\n");
        return;
    }
    x = exercise_until(file, "2023-02-17T22:45:00+05:00");
    measure("the reference evening at 22:45", x->w->s, x->w->now_ms, rounds);
    measure_entities(x->w->s);
    world_free(x->w);
    free(x);
}

/* One event of the large incident; n stands for the number in the texts. */
struct large {
    struct incident *s;
    uint64_t seq;
    int n;
};

static void event(struct large *l, enum incident_kind kind, ...)
{
    char bytes[BATCH], text[256];
    struct buf b = buf_over(bytes, sizeof bytes);
    va_list args;

    va_start(args, kind);
    for (int f = va_arg(args, int); f; f = va_arg(args, int)) {
        const char *value = va_arg(args, const char *), *hash = strchr(value, '#');

        (void)snprintf(text, sizeof text, hash ? "%.*s%d%s" : "%.*s", hash ? (int)(hash - value) : (int)strlen(value),
                       value, l->n, hash ? hash + 1 : "");
        incident_put(&b, (enum incident_field)f, str_from(text));
    }
    va_end(args);
    incident_put_int(&b, IN_RECORDED_AT, START + (int64_t)l->seq * 500);
    MUST(!b.full);
    incident_apply(l->s, ++l->seq, kind, buf_str(&b));
}

static void place(struct large *l)
{
    static const char *const sides[] = {"A", "B", "C", "D", "core"};

    for (l->n = 0; l->n < 90; l->n++)
        event(l, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "S#", IN_NAME, "EX house #", IN_STOREYS, "10", IN_ROOF, "1",
              IN_INNER, "1", IN_NONE);
    for (l->n = 0; l->n < 90; l->n++)
        for (size_t k = 0; k < 5 * 10; k++) {
            char zone[32];

            (void)snprintf(zone, sizeof zone, "S#/%zu/%s", k / 5, sides[k % 5]);
            event(l, INC_SEARCH_STARTED, IN_ZONE, zone, IN_CLEARANCE_KIND, "threat", IN_UNIT, "U1", IN_NONE);
            event(l, INC_SEARCH_ENDED, IN_ZONE, zone, IN_CLEARANCE_KIND, "threat", IN_UNIT, "U1", IN_EXTENT, "100",
                  IN_NONE);
        }
}

static void people(struct large *l)
{
    for (l->n = 0; l->n < 20; l->n++)
        event(l, INC_AGENCY_JOINED, IN_AGENCY, "G#", IN_NAME, "EX agency #", IN_AGENCY_KIND, "police", IN_NONE);
    for (l->n = 0; l->n < 800; l->n++)
        event(l, INC_UNIT_CHECKED_IN, IN_UNIT, "U#", IN_AGENCY, l->n % 2 ? "G1" : "G2", IN_STRENGTH, "6", IN_NONE);
    for (l->n = 0; l->n < 200; l->n++)
        event(l, INC_UNIT_ENTERED, IN_UNIT, "U#", IN_ZONE, l->n % 2 ? "S#/1/A" : "S1/#/core", IN_NONE);
    for (l->n = 0; l->n < 1000; l->n++)
        event(l, INC_CASUALTY_REPORTED, IN_CASUALTY, "EX-K#", IN_CATEGORY, "public", IN_ZONE,
              l->n % 2 ? "S1/1/A" : "S7/2/B", IN_VERIFIED, "1", IN_NONE);
    for (l->n = 0; l->n < 300; l->n++)
        event(l, INC_SOURCE_REGISTERED, IN_SOURCE, "s#", IN_SOURCE_KIND, "caller", IN_NONE);
    for (l->n = 0; l->n < 500; l->n++)
        event(l, INC_COUNT_CLAIMED, IN_REPORT, "c#", IN_COUNTER, l->n % 2 ? "killed" : "injured", IN_LO, "4", IN_HI,
              l->n % 3 ? "5" : "6", IN_AS_OF, "1700000300000", IN_SOURCE, l->n % 2 ? "s1" : "s#", IN_GRADE, "B2",
              IN_NONE);
    for (l->n = 0; l->n < 2000; l->n++)
        event(l, INC_REPORT_RECEIVED, IN_REPORT, "r#", IN_PREDICATE, "note", IN_TEXT, "EX heard something, number #",
              IN_SOURCE, "s1", IN_GRADE, "B2", IN_NONE);
    for (l->n = 0; l->n < 1500; l->n++)
        event(l, INC_TASK_CREATED, IN_TASK, "t#", IN_TEXT, "EX do it", IN_OWNER, "planning", IN_DUE_AT,
              l->n % 10 ? "1900000000000" : "1700000000001", IN_NONE);
}

static void large(int rounds)
{
    struct incident_limits limits = incident_limits();
    struct large l = {.s = incident_init(world_memory(incident_memory(&limits)), &limits, world_key)};

    event(&l, INC_INCIDENT_OPENED, IN_INCIDENT, "EX-large", IN_NAME, "EX large", IN_TYPE, "other", IN_NONE);
    place(&l);
    people(&l);
    for (l.n = 0; l.s->entities < 20000; l.n++)
        event(&l, INC_MESSAGE_SENT, IN_MESSAGE, "m#", IN_TO, "operations", IN_TEXT, "EX message", IN_NONE);
    measure("a large incident", l.s, START + (int64_t)l.seq * 500, rounds);
    measure_entities(l.s);
    free(l.s);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 20;

    evening(rounds);
    large(rounds);
    return 0;
}
