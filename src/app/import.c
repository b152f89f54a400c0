/* import.c -- `cordon import`: an indoor map, claims or commands into an incident, or what they would become.
 *
 * The file is read completely and made into commands, then brought to the record (app/bring.h). */
#include "app/args.h"
#include "app/bring.h"
#include "app/commands.h"
#include "app/who.h"
#include "base/buf.h"
#include "edge/claims.h"
#include "edge/import_make.h"
#include "edge/incidents_journal.h"
#include "os/clock.h"
#include "os/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILES_MAX = 16 };

struct wish {
    const char *structure, *name, *scheme, *level_missing, *doors, *format, *dir, *incident, *by, *claims, *commands,
        *until, *roles;
    struct who_acts who;
    bool dry_run, json, exists;
    const char *files[FILES_MAX];
    int file_count;
};

static const struct format_word {
    const char *word;
    enum indoor_format format;
} formats[] = {
    {"auto", INDOOR_AUTO},
    {"imdf", INDOOR_IMDF},
    {"osm-geojson", INDOOR_OSM_GEOJSON},
    {"osm-xml", INDOOR_OSM_XML},
};

/* One kind of thing at a time, and who brings it. */
static bool is_whole(struct wish *w, struct err *e)
{
    bool map = w->file_count > 0;

    if (map + !!w->claims + !!w->commands != 1)
        return err_set(e, ERR_INPUT, "say what: FILE... --structure ID of a map, --claims FILE or --commands FILE");
    if (map && !w->structure)
        return err_set(e, ERR_INPUT, "--structure: the building's id in the incident, please");
    if (!w->dry_run && !w->by)
        return err_set(e, ERR_INPUT, "--by: who brings it, please: the record names everybody; or --dry-run");
    if (w->json && !(map && w->dry_run))
        return err_set(e, ERR_INPUT, "--json prints the commands of a map with --dry-run");
    if (!map)
        w->files[w->file_count++] = w->claims ? w->claims : w->commands;
    return true;
}

/* Words are files, wherever they stand; the options are for args_take(). */
static bool take_wish(int argc, char **argv, struct wish *w, struct err *e)
{
    const struct arg args[] = {
        {.name = "--structure", .value = &w->structure}, {.name = "--name", .value = &w->name},
        {.name = "--scheme", .value = &w->scheme},       {.name = "--level-missing", .value = &w->level_missing},
        {.name = "--doors", .value = &w->doors},         {.name = "--format", .value = &w->format},
        {.name = "--dry-run", .flag = &w->dry_run},      {.name = "--json", .flag = &w->json},
        {.name = "--exists", .flag = &w->exists},        {.name = "--data", .value = &w->dir},
        {.name = "--incident", .value = &w->incident},   {.name = "--by", .value = &w->by},
        {.name = "--claims", .value = &w->claims},       {.name = "--commands", .value = &w->commands},
        {.name = "--until", .value = &w->until},         {.name = "--roles", .value = &w->roles},
    };
    for (int i = 1; i < argc; i++) {
        int at = 0, n = 2;
        char *one[] = {argv[0], argv[i], i + 1 < argc ? argv[i + 1] : NULL};

        if (argv[i][0] != '-') {
            if (w->file_count == FILES_MAX)
                return err_set(e, ERR_INPUT, "%d files at most", FILES_MAX);
            w->files[w->file_count++] = argv[i];
            continue;
        }
        while (at < (int)COUNTOF(args) && strcmp(args[at].name, argv[i]) != 0)
            at++;
        if (at < (int)COUNTOF(args) && args[at].value && one[2])
            n = 3;
        if (!args_take(n, one, args, COUNTOF(args), NULL, e))
            return false;
        i += n - 2;
    }
    return is_whole(w, e);
}

/* Refused by its size before a byte is read. */
static bool read_one(const char *path, long long most, struct str *out, struct err *e)
{
    struct stat is;
    size_t n, size;
    char *at;

    if (stat(path, &is) != 0)
        return err_set(e, ERR_MISSING, "%s is not there", path);
    if (!S_ISREG(is.st_mode))
        return err_set(e, ERR_INPUT, "%s is not a file", path);
    if (is.st_size > most)
        return err_set(e, ERR_INPUT, "%s has %lld MiB; %lld are the most", path, (long long)is.st_size >> 20,
                       most >> 20);
    size = (size_t)is.st_size + 1;
    at = malloc(size);
    if (!at)
        return err_set(e, ERR_WORLD, "no memory for %s", path);
    if (!file_read(path, at, size, &n, e)) {
        free(at);
        return false;
    }
    *out = str_of(at, n);
    return true;
}

static void see(void *ctx, enum incident_kind kind, struct str payload)
{
    const struct buf *room = ctx;
    struct buf b = buf_over(room->at, room->max);

    if (room->max == 0)
        return;
    indoor_command_json(kind, payload, &b);
    MUST(!b.full);
    (void)printf("%.*s\n", STR_ARG(buf_str(&b)));
}

static bool map_of(const struct wish *w, const struct str *files, struct indoor_ask *ask, struct err *e)
{
    size_t format = 0;

    while (w->format && format < COUNTOF(formats) && strcmp(formats[format].word, w->format) != 0)
        format++;
    if (format == COUNTOF(formats))
        return err_set(e, ERR_INPUT, "a format is one of auto, imdf, osm-geojson, osm-xml; not \"%s\"", w->format);
    *ask = (struct indoor_ask){
        .files = files,
        .file_count = (size_t)w->file_count,
        .format = formats[format].format,
        .structure = str_from(w->structure),
        .name = str_from(w->name),
        .scheme = str_from(w->scheme),
        .level_missing = str_from(w->level_missing),
        .door_state = str_from(w->doors),
        .exists = w->exists,
    };
    return true;
}

static bool show_map(const struct wish *w, const struct str *files, struct err *e)
{
    enum { COMMAND_MAX = 8 * INCIDENT_PAYLOAD_MAX }; /* six bytes of JSON for a byte of text at most */
    struct indoor_report *report = calloc(1, sizeof *report);
    char *memory = malloc(COMMAND_MAX);
    struct buf room = buf_over(memory, w->json ? COMMAND_MAX : 0);
    struct indoor_to to = {see, &room};
    struct indoor_ask ask;
    bool ok = (report && memory) || err_set(e, ERR_WORLD, "no memory to read a plan");

    ok = ok && map_of(w, files, &ask, e) && indoor_read(&ask, &to, report, e);
    if (ok) {
        struct buf b = buf_over(memory, COMMAND_MAX);

        indoor_report_text(report, &b);
        (void)fprintf(w->json ? stderr : stdout, "%.*s", STR_ARG(buf_str(&b)));
    }
    free(memory);
    free(report);
    return ok;
}

/* ---- into the incident ------------------------------------------------------ */

/* Where it goes: the incident that is named, or the newest. */
struct target {
    char id[INCIDENT_ID_MAX + 1];
    bool exercise;
};

static bool find_target(const struct wish *w, struct target *t, struct err *e)
{
    struct incidents set;
    struct hash_key key;
    struct journal *j;
    const struct incident *s = NULL;
    uint64_t from;
    bool ok;

    if (!journal_open_reader(w->dir, &j, e))
        return false;
    chance_fill(&key, sizeof key);
    incidents_init(&set, key);
    ok = incidents_restore(&set, j, &from, e) && incidents_read(&set, j, from, UINT64_MAX / 2, e);
    if (ok && w->incident)
        s = incidents_find(&set, str_from(w->incident));
    else if (ok && set.count)
        s = set.list[set.count - 1];
    if (ok && !s)
        ok = w->incident ? err_set(e, ERR_MISSING, "there is no incident \"%s\"", w->incident)
                         : err_set(e, ERR_MISSING, "no incident was opened in this record");
    if (ok) {
        (void)str_copy(t->id, sizeof t->id, ent_id(s, incident_self(s)));
        t->exercise = incident_is_exercise(s);
    }
    incidents_fini(&set);
    journal_close(j);
    return ok;
}

static void say(void *ctx, size_t line, const char *text)
{
    const struct wish *w = ctx;

    (void)fprintf(stderr, "cordon import: %s: line %zu: %s\n", w->files[0], line, text);
}

/* The file as the inbox takes it; a map's report is told. */
static bool make(struct wish *w, const struct str *files, const struct target *t, struct buf *out, struct err *e)
{
    struct indoor_report *report = calloc(1, sizeof *report);
    struct import_ask ask = {
        .what = w->claims ? IMPORT_CLAIMS : w->commands ? IMPORT_COMMANDS : IMPORT_MAP,
        .head = {.incident = str_from(t->id), .by = str_from(w->by ? w->by : "nobody"),
                 .roles = str_from(w->who.roles), .agency = str_from(w->who.agency),
                 .source = str_from(w->files[0]), .exercise = t->exercise},
        .text = files[0],
        .until_ms = INT64_MAX,
        .say = say,
        .ctx = w,
    };
    char *memory = malloc(INDOOR_REPORT_MAX);
    struct buf b = buf_over(memory, memory ? INDOOR_REPORT_MAX : 0);
    size_t count;
    bool ok = (report && memory) || err_set(e, ERR_WORLD, "there is no memory for this import");

    if (ok && w->until && !claims_time(str_from(w->until), &ask.until_ms))
        ok = err_set(e, ERR_INPUT, "--until: a time with its offset, please, as 2026-02-17T22:45:00+05:00");
    ok = ok && (ask.what != IMPORT_MAP || map_of(w, files, &ask.map, e)) && import_make(&ask, report, out, &count, e);
    if (ok && ask.what == IMPORT_MAP) {
        indoor_report_text(report, &b);
        (void)printf("%.*s", STR_ARG(buf_str(&b)));
    }
    if (ok)
        (void)printf("%zu commands for incident %s\n", count, t->id);
    free(memory);
    free(report);
    return ok;
}

/* ---- and what became of it ---------------------------------------------------- */

static bool tell(const struct import_result *r, struct err *e)
{
    if (!r->ok)
        return err_set(e, r->refused, "%s", r->text);
    if (r->commands)
        (void)printf("recorded: %zu commands as %zu events, %" PRIu64 " to %" PRIu64 "\n", r->commands, r->events,
                     r->first, r->last);
    else
        (void)printf("nothing new: the record is as it was\n");
    if (r->known)
        (void)printf("%zu commands were in the record already\n", r->known);
    return true;
}

/* Each command is asked what he may; for a trial that records nothing he may have every role. */
static bool take_who(struct wish *w, struct err *e)
{
    if (!w->by)
        return str_copy(w->who.roles, sizeof w->who.roles, str_from(words_of(WORDS_ROLE)));
    if (!who_acts(w->dir, w->by, w->roles, &w->who, e))
        return false;
    return w->who.is != WHO_UNSAID ||
           err_set(e, ERR_INPUT, "--by: there is no operator \"%s\"; say with --roles LIST as what he acts", w->by);
}

static bool bring_in(struct wish *w, const struct str *files, struct err *e)
{
    char *memory = malloc(IMPORT_FILE_MAX);
    struct buf out = buf_over(memory, IMPORT_FILE_MAX);
    struct import_result r = {0};
    struct target t = {0};
    bool ok = memory || err_set(e, ERR_WORLD, "there is no memory for this import");

    ok = ok && take_who(w, e) && find_target(w, &t, e) && make(w, files, &t, &out, e);
    if (ok && !w->dry_run)
        ok = bring_commands(w->dir, buf_str(&out), &r, e) && tell(&r, e);
    free(memory);
    return ok;
}

int command_import(int argc, char **argv)
{
    struct wish w = {.dir = "cordon-data"};
    struct str files[FILES_MAX] = {{0}};
    struct err e = {0};
    bool ok = take_wish(argc, argv, &w, &e), map = !w.claims && !w.commands;

    for (int i = 0; ok && i < w.file_count; i++)
        ok = read_one(w.files[i], map ? INDOOR_FILE_MAX : IMPORT_FILE_MAX, &files[i], &e);
    if (ok)
        ok = map && w.dry_run ? show_map(&w, files, &e) : bring_in(&w, files, &e);
    for (int i = 0; i < w.file_count; i++)
        free((void *)(uintptr_t)files[i].at);
    for (char *c = e.text; *c; c++) /* a file's bytes do not move the cursor of a terminal */
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
    return ok ? 0 : args_fail("import", &e);
}
