/* import.c -- `cordon import`: what an indoor map would become as places of an incident. */
#include "app/args.h"
#include "app/commands.h"
#include "base/buf.h"
#include "edge/indoor.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILES_MAX = 16 };

struct wish {
    const char *structure, *name, *scheme, *level_missing, *doors, *format;
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

/* Words are files, wherever they stand; the options are for args_take(). */
static bool take_wish(int argc, char **argv, struct wish *w, struct err *e)
{
    const struct arg args[] = {
        {.name = "--structure", .value = &w->structure}, {.name = "--name", .value = &w->name},
        {.name = "--scheme", .value = &w->scheme},       {.name = "--level-missing", .value = &w->level_missing},
        {.name = "--doors", .value = &w->doors},         {.name = "--format", .value = &w->format},
        {.name = "--dry-run", .flag = &w->dry_run},      {.name = "--json", .flag = &w->json},
        {.name = "--exists", .flag = &w->exists},
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
    if (w->file_count == 0 || !w->structure || !w->dry_run)
        return err_set(e, ERR_INPUT, "say what: cordon import FILE... --structure ID --dry-run");
    return true;
}

/* Refused by its size before a byte is read. */
static bool read_one(const char *path, struct str *out, struct err *e)
{
    struct stat is;
    size_t n, size;
    char *at;

    if (stat(path, &is) != 0)
        return err_set(e, ERR_MISSING, "%s is not there", path);
    if (!S_ISREG(is.st_mode))
        return err_set(e, ERR_INPUT, "%s is not a file", path);
    if (is.st_size > INDOOR_FILE_MAX)
        return err_set(e, ERR_INPUT, "%s has %lld MiB; a plan has %d at most", path, (long long)is.st_size >> 20,
                       INDOOR_FILE_MAX >> 20);
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

static bool import(const struct wish *w, const struct str *files, struct err *e)
{
    enum { COMMAND_MAX = 8 * INCIDENT_PAYLOAD_MAX }; /* six bytes of JSON for a byte of text at most */
    struct indoor_report *report = calloc(1, sizeof *report);
    char *memory = malloc(COMMAND_MAX);
    struct buf room = buf_over(memory, w->json ? COMMAND_MAX : 0);
    struct indoor_to to = {see, &room};
    struct indoor_ask ask = {
        .files = files,
        .file_count = (size_t)w->file_count,
        .structure = str_from(w->structure),
        .name = str_from(w->name),
        .scheme = str_from(w->scheme),
        .level_missing = str_from(w->level_missing),
        .door_state = str_from(w->doors),
        .exists = w->exists,
    };
    size_t format = 0;
    bool ok = report && memory;

    if (!ok)
        (void)err_set(e, ERR_WORLD, "no memory to read a plan");
    while (w->format && format < COUNTOF(formats) && strcmp(formats[format].word, w->format) != 0)
        format++;
    if (ok && format == COUNTOF(formats))
        ok = err_set(e, ERR_INPUT, "a format is one of auto, imdf, osm-geojson, osm-xml; not \"%s\"", w->format);
    if (ok) {
        ask.format = formats[format].format;
        ok = indoor_read(&ask, &to, report, e);
    }
    if (ok) {
        struct buf b = buf_over(memory, COMMAND_MAX);

        indoor_report_text(report, &b);
        (void)fprintf(w->json ? stderr : stdout, "%.*s", STR_ARG(buf_str(&b)));
    }
    free(memory);
    free(report);
    return ok;
}

int command_import(int argc, char **argv)
{
    struct wish w = {0};
    struct str files[FILES_MAX] = {{0}};
    struct err e;
    bool ok = take_wish(argc, argv, &w, &e);

    for (int i = 0; ok && i < w.file_count; i++)
        ok = read_one(w.files[i], &files[i], &e);
    ok = ok && import(&w, files, &e);
    for (int i = 0; i < w.file_count; i++)
        free((void *)(uintptr_t)files[i].at);
    return ok ? 0 : args_fail("import", &e);
}
