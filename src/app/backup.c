/* backup.c -- cordon backup: a copy of the record and, apart from it, of its keys, also while the server runs. */
#include "app/args.h"
#include "app/commands.h"
#include "os/clock.h"
#include "store/backup.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct wishes {
    const char *dir, *out;
};

static bool take_wishes(int argc, char **argv, struct wishes *w, struct err *e)
{
    *w = (struct wishes){.dir = "cordon-data"};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            w->dir = argv[++i];
        else if (strcmp(argv[i], "--out") == 0 && i + 1 < argc)
            w->out = argv[++i];
        else
            return err_set(e, ERR_INPUT, "there is no option %s, or it needs a value", argv[i]);
    }
    return w->out || err_set(e, ERR_INPUT, "say where to: --out FOLDER, one that is not there yet");
}

static bool show(void *ctx, uint64_t done, uint64_t of)
{
    int *last = ctx, now = of ? (int)(done * 100 / of) : 0;

    if (now != *last && isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r%d %%", now > 100 ? 100 : now);
    *last = now;
    return true;
}

int command_backup(int argc, char **argv)
{
    struct backup_done done;
    struct wishes w;
    struct err e;
    int last = -1;

    if (!take_wishes(argc, argv, &w, &e) ||
        !backup_write(&(struct backup){.dir = w.dir, .out = w.out, .now_ms = clock_wall_ms(), .tell = show,
                                       .ctx = &last}, &done, &e))
        return args_fail("backup", &e);
    (void)printf("%s%s: %llu files, %llu bytes\nhead %llu:", isatty(STDERR_FILENO) ? "\n" : "", w.out,
                 (unsigned long long)done.files, (unsigned long long)done.bytes, (unsigned long long)done.head.seq);
    for (size_t i = 0; i < JOURNAL_HASH; i++)
        (void)printf("%02x", done.head.hash[i]);
    (void)printf("\nkeep %s/keys apart from %s/record; to restore, copy the contents of both into one empty folder\n",
                 w.out, w.out);
    return 0;
}
