/* options.h -- what a run of the load tool is: read from the command line, checked, complete.
 *
 * Strings are borrowed from argv.  Bounds stand in the table of options.c; sums
 * that do not fit (more numbers than the ledger has) are refused with a sentence. */
#ifndef CORDON_LOAD_OPTIONS_H
#define CORDON_LOAD_OPTIONS_H

#include "base/err.h"

#include <stdint.h>

enum { OPTIONS_PACKAGES = 16 };

enum load_mode { LOAD_PHONES, LOAD_FLOOR, LOAD_FILL };
enum load_form { LOAD_XML, LOAD_V1, LOAD_MIXED };

struct options {
    enum load_mode mode;
    enum load_form form;
    const char *host;
    int64_t port, pid;
    bool tls, json, quiet, join_silent;
    const char *certificate, *key, *ca;
    const char *package[OPTIONS_PACKAGES]; /* NAME of NAME.pem and NAME.key; ca.pem lies beside */
    uint32_t package_count;
    int64_t clients, storm, newcomers, idle, neighbours;
    int64_t check_percent, slow_percent, slow_rate; /* slow_rate 0: a quarter of what is due */
    double rate_hz, seconds, warmup_s, chat_hz;
    int64_t event_bytes; /* floor */
    double tick_ms;      /* floor; 0: as the server's for so many clients */
    const char *data;    /* fill */
    int64_t rows;
};

enum options_say { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* OPTIONS_HELP: --help or --version was given and printed. */
enum options_say options_read(int argc, char **argv, struct options *o, struct err *e) MUST_USE;

/* Every phone of the run, of all kinds. */
static inline uint32_t options_phones(const struct options *o)
{
    return (uint32_t)(o->clients + o->storm + o->idle + o->newcomers);
}

#endif
