#include "load/meter.h"

#include "base/str.h"
#include "os/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FOLDER = 64, PATH = 128, TEXT = 4096 };

/* A small file of /proc, NUL ended; false when it is gone. */
static bool slurp(const char *path, char *to, size_t size)
{
    FILE *f = fopen(path, "re");
    size_t n;

    if (!f)
        return false;
    n = fread(to, 1, size - 1, f);
    to[n] = 0;
    (void)fclose(f);
    return n > 0;
}

/* utime and stime are the 12th and 13th word behind the name, which ends at the last ')'. */
static double ticks_s(const char *stat)
{
    const char *at = strrchr(stat, ')');
    unsigned long long user = 0, system = 0;

    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                      &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static bool thread_read(const char folder[FOLDER], struct meter_thread *t)
{
    char path[PATH], text[TEXT];

    (void)snprintf(path, sizeof path, "%s/%d/comm", folder, t->tid);
    if (!slurp(path, text, sizeof text))
        return false;
    text[strcspn(text, "\n")] = 0;
    (void)str_copy(t->name, sizeof t->name, str_from(text));
    (void)snprintf(path, sizeof path, "%s/%d/schedstat", folder, t->tid);
    if (slurp(path, text, sizeof text) && strtoull(text, NULL, 10) > 0) {
        char *waited;

        t->cpu_s = (double)strtoull(text, &waited, 10) / 1e9;
        t->waited_s = (double)strtoull(waited, NULL, 10) / 1e9;
        return true;
    }
    (void)snprintf(path, sizeof path, "%s/%d/stat", folder, t->tid);
    if (!slurp(path, text, sizeof text))
        return false;
    t->cpu_s = ticks_s(text);
    return true;
}

static double field_mib(const char *status, const char *name)
{
    const char *at = strstr(status, name);

    return at ? strtod(at + strlen(name), NULL) / 1024 : 0;
}

bool meter_read(int pid, struct meter *out, struct err *e)
{
    char folder[FOLDER], text[TEXT];
    DIR *d;

    memset(out, 0, sizeof *out);
    pid = pid ? pid : (int)getpid();
    out->at_us = clock_us();
    (void)snprintf(folder, sizeof folder, "/proc/%d/status", pid);
    if (!slurp(folder, text, sizeof text))
        return err_set(e, ERR_MISSING, "there is no process %d", pid);
    out->rss_mib = field_mib(text, "VmRSS:");
    out->peak_mib = field_mib(text, "VmHWM:");
    (void)snprintf(folder, sizeof folder, "/proc/%d/task", pid);
    d = opendir(folder);
    if (!d)
        return err_set(e, ERR_DENIED, "%s cannot be read", folder);
    for (const struct dirent *entry; out->thread_count < METER_THREADS && (entry = readdir(d));) {
        struct meter_thread *t = &out->thread[out->thread_count];

        t->tid = (int)strtol(entry->d_name, NULL, 10);
        if (t->tid > 0 && thread_read(folder, t)) {
            out->cpu_s += t->cpu_s;
            out->waited_s += t->waited_s;
            out->thread_count++;
        }
    }
    (void)closedir(d);
    return true;
}

static const struct meter_thread *thread_of(const struct meter *m, int tid)
{
    static const struct meter_thread none;

    for (int i = 0; i < m->thread_count; i++)
        if (m->thread[i].tid == tid)
            return &m->thread[i];
    return &none;
}

double meter_thread_cpu(const struct meter *from, const struct meter *to, int tid)
{
    double cpu_s = thread_of(to, tid)->cpu_s - thread_of(from, tid)->cpu_s;

    return cpu_s > 0 ? cpu_s : 0;
}

double meter_thread_waited(const struct meter *from, const struct meter *to, int tid)
{
    double waited_s = thread_of(to, tid)->waited_s - thread_of(from, tid)->waited_s;

    return waited_s > 0 ? waited_s : 0;
}
