/* main.c -- cordon-load: simulated phones against a server, and what it costs at least. */
#include "load/fill.h"
#include "load/fleet.h"
#include "load/floor.h"
#include "load/options.h"
#include "load/report.h"

enum { EXIT_COMPLETE = 0, EXIT_INCOMPLETE = 1, EXIT_NO_RUN = 2 };

static int no_run(const struct err *e)
{
    (void)fprintf(stderr, "cordon-load: %s\n", e->text);
    return EXIT_NO_RUN;
}

static int run_phones(const struct options *o, struct err *e)
{
    struct fleet *f;
    struct report r;
    bool ok;
    uint64_t wrong;

    if (!fleet_new(o, &f, e))
        return no_run(e);
    ok = fleet_run(f, e);
    if (ok) {
        report_begin(&r, stdout, o->json);
        report_fleet(&r, f);
        report_end(&r);
    }
    wrong = fleet_wrong(f);
    fleet_free(f);
    if (!ok)
        return no_run(e);
    return wrong ? EXIT_INCOMPLETE : EXIT_COMPLETE;
}

static int run_alone(const struct options *o, struct err *e)
{
    char text[8192];
    FILE *to = fmemopen(text, sizeof text, "w");
    struct report r;
    bool ok;

    MUST(to);
    report_begin(&r, to, o->json); /* printed only when there is something to tell */
    ok = o->mode == LOAD_FLOOR ? floor_run(o, &r, e) : fill_run(o, &r, e);
    report_end(&r);
    (void)fclose(to);
    if (!ok)
        return no_run(e);
    (void)fputs(text, stdout);
    return EXIT_COMPLETE;
}

int main(int argc, char **argv)
{
    struct options o;
    struct err e = {0};

    switch (options_read(argc, argv, &o, &e)) {
    case OPTIONS_HELP: return EXIT_COMPLETE;
    case OPTIONS_WRONG: return no_run(&e);
    case OPTIONS_RUN: break;
    }
    return o.mode == LOAD_PHONES ? run_phones(&o, &e) : run_alone(&o, &e);
}
