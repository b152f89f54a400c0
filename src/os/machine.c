#include "os/machine.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

enum { POWER_PATH = 512, POWER_TEXT = 64 };

bool machine_disk(const char *folder, struct machine_disk *out, struct err *e)
{
    struct statvfs s;

    *out = (struct machine_disk){0};
    if (statvfs(folder, &s) != 0)
        return err_set(e, ERR_WORLD, "the disk under %s does not tell its size: %s", folder, strerror(errno));
    out->size = (uint64_t)s.f_blocks * s.f_frsize;
    out->free = (uint64_t)s.f_bavail * s.f_frsize;
    return true;
}

/* One line of a file of the kernel, without its end; empty when there is none. */
static void read_line(const char *folder, const char *name, const char *file, char text[POWER_TEXT])
{
    char path[POWER_PATH];
    FILE *f;

    text[0] = 0;
    if ((size_t)snprintf(path, sizeof path, "%s/%s/%s", folder, name, file) >= sizeof path)
        return;
    f = fopen(path, "re");
    if (!f)
        return;
    if (!fgets(text, POWER_TEXT, f))
        text[0] = 0;
    text[strcspn(text, "\n")] = 0;
    (void)fclose(f);
}

/* -1: not there, or no number. */
static int64_t read_number(const char *folder, const char *name, const char *file)
{
    char text[POWER_TEXT];
    int64_t n;

    read_line(folder, name, file, text);
    return str_to_int(str_from(text), 0, INT64_MAX, &n) ? n : -1;
}

/* A battery of this machine, not of a mouse. */
static bool is_battery(const char *folder, const char *name)
{
    char type[POWER_TEXT], scope[POWER_TEXT];

    read_line(folder, name, "type", type);
    read_line(folder, name, "scope", scope);
    return strcmp(type, "Battery") == 0 && strcmp(scope, "Device") != 0;
}

/* Drivers tell energy and power, or charge and current. */
static int64_t left_s(const char *folder, const char *name)
{
    static const char *const pairs[][2] = {{"energy_now", "power_now"}, {"charge_now", "current_now"}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int64_t have = read_number(folder, name, pairs[i][0]), flows = read_number(folder, name, pairs[i][1]);

        if (have >= 0 && flows > 0 && have <= INT64_MAX / 3600)
            return have * 3600 / flows;
    }
    return -1;
}

static bool read_battery(const char *folder, const char *name, struct machine_battery *out)
{
    char status[POWER_TEXT];
    int64_t percent = is_battery(folder, name) ? read_number(folder, name, "capacity") : -1;

    if (percent < 0 || percent > 100)
        return false;
    read_line(folder, name, "status", status);
    out->percent = (int)percent;
    out->on_mains = strcmp(status, "Discharging") != 0;
    out->left_s = out->on_mains ? -1 : left_s(folder, name);
    return true;
}

bool machine_battery(const char *folder, struct machine_battery *out)
{
    DIR *d = opendir(folder);
    struct machine_battery one;
    struct dirent *entry;
    bool found = false;

    if (!d)
        return false;
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.' || !read_battery(folder, entry->d_name, &one))
            continue;
        if (!found || one.percent < out->percent)
            *out = one;
        found = true;
    }
    (void)closedir(d);
    return found;
}

enum machine_clock machine_clock(void)
{
    struct timex t = {0};
    int state = adjtimex(&t);

    if (state < 0)
        return MACHINE_CLOCK_UNKNOWN;
    return state == TIME_ERROR || t.status & STA_UNSYNC ? MACHINE_CLOCK_BY_HAND : MACHINE_CLOCK_KEPT;
}

uint64_t machine_file_bytes(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && s.st_size > 0 ? (uint64_t)s.st_size : 0;
}
