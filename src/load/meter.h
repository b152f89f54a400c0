/* meter.h -- what another process costs: CPU by thread and memory, from /proc.
 *
 * CPU is /proc/PID/task/TID/schedstat (nanoseconds on the processor, and waiting
 * for it); where the kernel has none, the ticks of /proc/PID/task/TID/stat.  Threads that end in
 * between are lost, and with them their time: read often enough that it does not matter. */
#ifndef CORDON_LOAD_METER_H
#define CORDON_LOAD_METER_H

#include "base/err.h"

#include <stdint.h>

enum { METER_THREADS = 64 };

struct meter_thread {
    int tid;
    char name[16];
    double cpu_s;
    double waited_s; /* ready to run, but others had the processor; 0 when not known */
};

struct meter {
    int64_t at_us;
    double cpu_s, waited_s;   /* of all threads */
    double rss_mib, peak_mib; /* VmRSS, VmHWM */
    int thread_count;
    struct meter_thread thread[METER_THREADS];
};

/* pid 0 is this process. */
bool meter_read(int pid, struct meter *out, struct err *e) MUST_USE;
/* CPU seconds of that thread between two readings, and seconds that it waited for a processor. */
double meter_thread_cpu(const struct meter *from, const struct meter *to, int tid) MUST_USE;
double meter_thread_waited(const struct meter *from, const struct meter *to, int tid) MUST_USE;

#endif
