#include "load/options.h"

#include "base/str.h"
#include "load/ledger.h"
#include "load/marker.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum type { TEXT, NUMBER, REAL, FLAG, FORM, CHECK, PACKAGES, MODE, HELP, VERSION };

/* One row for each option: where it goes, its bounds, what --help says. */
static const struct row {
    const char *name, *word; /* word: of its value in --help */
    enum type type;
    size_t at;
    double min, max;
    const char *what;
} rows[] = {
#define AT(field) offsetof(struct options, field)
    {"host", "ADDRESS", TEXT, AT(host), 0, 0, "of this machine only (127.0.0.1)"},
    {"port", "PORT", NUMBER, AT(port), 1, 65535, "of the server (8087)"},
    {"tls", NULL, FLAG, AT(tls), 0, 0, "TLS with client certificates"},
    {"cert", "FILE", TEXT, AT(certificate), 0, 0, "certificate of all phones, PEM"},
    {"key", "FILE", TEXT, AT(key), 0, 0, "its key, PEM"},
    {"ca", "FILE", TEXT, AT(ca), 0, 0, "whom to trust, PEM"},
    {"groups", "NAME,NAME", PACKAGES, 0, 0, 0,
     "client packages NAME.pem and NAME.key (ca.pem beside them): phone n has the n-th, and those "
     "of different packages must not hear each other"},
    {"form", "FORM", FORM, 0, 0, 0, "xml, v1 (asked for as ATAK does) or mixed: every second (v1)"},
    {"clients", "N", NUMBER, AT(clients), 0, 60000, "phones that report their position (100)"},
    {"rate", "HZ", REAL, AT(rate_hz), 0, 1000, "reports a second of each (1)"},
    {"warmup", "S", REAL, AT(warmup_s), 0, 3600, "seconds of running before it is measured (2)"},
    {"seconds", "S", REAL, AT(seconds), 0.1, 86400, "seconds that are measured (10)"},
    {"chat", "HZ", REAL, AT(chat_hz), 0, 10000,
     "chat messages a second in all, every second one for everybody (0)"},
    {"check", "PERCENT", CHECK, AT(check_percent), 0, 100,
     "connections that are decrypted and checked event by event, or all; the others are received "
     "and counted in bytes (all)"},
    {"neighbours", "K", NUMBER, AT(neighbours), 1, 60000,
     "phones stand in far cells of K + 1, which must hear each other; the others may be heard"},
    {"slow", "PERCENT", NUMBER, AT(slow_percent), 0, 100, "phones that read slowly (0)"},
    {"slow-rate", "BYTES", NUMBER, AT(slow_rate), 0, 1e9,
     "what a slow one reads a second; 0: a quarter of what is due (0)"},
    {"storm", "N", NUMBER, AT(storm), 0, 60000,
     "so many more phones are there and all reconnect at once in the middle (0)"},
    {"newcomers", "N", NUMBER, AT(newcomers), 0, 1000,
     "one after the other, N phones join and wait for the whole picture (0)"},
    {"newcomer", NULL, FLAG, AT(newcomers), 0, 0, "the same as --newcomers 1"},
    {"join-silent", NULL, FLAG, AT(join_silent), 0, 0,
     "a phone's first report is addressed to itself: the server learns where it is, nobody else"},
    {"idle", "N", NUMBER, AT(idle), 0, 60000, "connections that never say anything (0)"},
    {"pid", "PID", NUMBER, AT(pid), 1, 1e9, "of the server: tell its CPU and memory"},
    {"json", NULL, FLAG, AT(json), 0, 0, "one JSON object instead of a table"},
    {"quiet", NULL, FLAG, AT(quiet), 0, 0, "no progress on stderr"},
    {"floor", NULL, MODE, LOAD_FLOOR, 0, 0,
     "no server: measure what bare send() of the same bytes to the same sockets costs (with --tls: "
     "one AES-GCM pass and send)"},
    {"event-bytes", "N", NUMBER, AT(event_bytes), 0, 60000,
     "bytes of one event for --floor; 0: of a report in that --form (0)"},
    {"tick-ms", "MS", REAL, AT(tick_ms), 0, 10000,
     "how often --floor sends to each; 0: as the server for so many clients (0)"},
    {"fill-journal", "DIR", TEXT, AT(data), 0, 0,
     "no server: write --rows rows into the journal of this data folder"},
    {"rows", "N", NUMBER, AT(rows), 1, 1e9, "rows for --fill-journal (1000000)"},
    {"help", NULL, HELP, 0, 0, 0, "this text"},
    {"version", NULL, VERSION, 0, 0, 0, "the version"},
#undef AT
};

static void help(void)
{
    (void)printf("Usage: cordon-load [OPTION]...\n"
                 "Thousands of simulated TAK phones against a server on this machine, and an exact "
                 "account of\nwhat each of them heard.  Exit status: 0 complete, 1 something was "
                 "lost or wrong, 2 no run.\n\n");
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char flag[40];

        (void)snprintf(flag, sizeof flag, "--%s%s%s", rows[i].name, rows[i].word ? " " : "",
                       rows[i].word ? rows[i].word : "");
        (void)printf("  %-22s %s\n", flag, rows[i].what);
    }
}

/* Where the row's value stands in o. */
static void *field(struct options *o, const struct row *r)
{
    return (char *)o + r->at;
}

static bool take_number(const struct row *r, const char *text, struct options *o, struct err *e)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || *end || !(v >= r->min && v <= r->max) ||
        (r->type == NUMBER && v != floor(v)))
        return err_set(e, ERR_INPUT, "--%s must be a %s from %g to %g, not \"%s\"", r->name,
                       r->type == NUMBER ? "whole number" : "number", r->min, r->max, text);
    if (r->type == NUMBER)
        *(int64_t *)field(o, r) = (int64_t)v;
    else
        *(double *)field(o, r) = v;
    return true;
}

static bool take_form(const char *text, struct options *o, struct err *e)
{
    static const char *const names[] = {
        [LOAD_XML] = "xml", [LOAD_V1] = "v1", [LOAD_MIXED] = "mixed"};

    for (size_t i = 0; i < COUNTOF(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            o->form = (enum load_form)i;
            return true;
        }
    }
    return err_set(e, ERR_INPUT, "--form is xml, v1 or mixed, not \"%s\"", text);
}

/* Cuts the list in place: argv is ours. */
static bool take_packages(char *text, struct options *o, struct err *e)
{
    char *rest = NULL;

    for (char *name = strtok_r(text, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (o->package_count == OPTIONS_PACKAGES)
            return err_set(e, ERR_FULL, "--groups takes %d packages at most", OPTIONS_PACKAGES);
        o->package[o->package_count++] = name;
    }
    return o->package_count > 0 || err_set(e, ERR_INPUT, "--groups needs a package");
}

static bool take(const struct row *r, char *text, struct options *o, struct err *e)
{
    switch (r->type) {
    case TEXT:
        *(const char **)field(o, r) = text;
        if (strcmp(r->name, "fill-journal") == 0)
            o->mode = LOAD_FILL;
        return true;
    case FLAG:
        if (strcmp(r->name, "newcomer") == 0)
            o->newcomers = 1;
        else
            *(bool *)field(o, r) = true;
        return true;
    case CHECK:
        if (strcmp(text, "all") == 0) {
            o->check_percent = 100;
            return true;
        }
        return take_number(&(struct row){r->name, r->word, NUMBER, r->at, r->min, r->max, r->what},
                           text, o, e);
    case NUMBER:
    case REAL: return take_number(r, text, o, e);
    case FORM: return take_form(text, o, e);
    case PACKAGES: return take_packages(text, o, e);
    case MODE: o->mode = (enum load_mode)r->at; return true;
    case HELP:
    case VERSION: break;
    }
    return true;
}

/* The tool makes thousands of connections: it may do so only to the machine that it runs on. */
static bool is_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool fits_together(const struct options *o, struct err *e)
{
    double run_s = o->warmup_s + o->seconds;

    if (!is_loopback(o->host))
        return err_set(e, ERR_DENIED,
                       "--host %s: only this machine may be loaded (127.0.0.1 or ::1)", o->host);
    if (options_phones(o) == 0)
        return err_set(e, ERR_INPUT, "there is nobody to connect: give --clients or --idle");
    if (options_phones(o) > MARKER_PHONES_MAX)
        return err_set(e, ERR_FULL, "%u phones are too many", options_phones(o));
    if (o->rate_hz * run_s + 2 > LEDGER_NUMBER_MAX || o->chat_hz * run_s > MARKER_NUMBERS_MAX)
        return err_set(e, ERR_FULL,
                       "that many reports cannot be checked one by one: a shorter run or a lower "
                       "rate (at most %d of a phone, %d chat messages)",
                       LEDGER_NUMBER_MAX - 2, MARKER_NUMBERS_MAX);
    if (o->chat_hz > 0 && o->clients < 2)
        return err_set(e, ERR_INPUT, "--chat needs two --clients at least");
    if (o->mode == LOAD_PHONES && o->tls && !o->package_count && !o->ca)
        return err_set(e, ERR_INPUT, "--tls needs --cert, --key and --ca, or --groups");
    if (o->mode == LOAD_PHONES && !o->certificate != !o->key)
        return err_set(e, ERR_INPUT, "--cert and --key go together");
    return true;
}

enum options_say options_read(int argc, char **argv, struct options *o, struct err *e)
{
    struct option longs[COUNTOF(rows) + 1] = {0};
    int at, index = 0;

    *o = (struct options){.form = LOAD_V1,
                          .host = "127.0.0.1",
                          .port = 8087,
                          .clients = 100,
                          .rate_hz = 1,
                          .warmup_s = 2,
                          .seconds = 10,
                          .check_percent = 100,
                          .rows = 1000000};
    for (size_t i = 0; i < COUNTOF(rows); i++)
        longs[i] =
            (struct option){rows[i].name, rows[i].word ? required_argument : no_argument, NULL, 1};
    while ((at = getopt_long(argc, argv, "", longs, &index)) != -1) {
        const struct row *r = &rows[index];

        if (at != 1) {
            (void)err_set(e, ERR_INPUT, "see cordon-load --help");
            return OPTIONS_WRONG;
        }
        if (r->type == HELP || r->type == VERSION) {
            if (r->type == HELP)
                help();
            else
                (void)printf("cordon-load %s\n", CORDON_VERSION);
            return OPTIONS_HELP;
        }
        if (!take(r, optarg, o, e))
            return OPTIONS_WRONG;
    }
    if (optind < argc) {
        (void)err_set(e, ERR_INPUT, "\"%s\" is no option: see cordon-load --help", argv[optind]);
        return OPTIONS_WRONG;
    }
    return fits_together(o, e) ? OPTIONS_RUN : OPTIONS_WRONG;
}
