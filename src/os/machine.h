/* machine.h -- what the machine under the server says of itself: disk, battery, who sets its clock.
 *
 * For people who look whether this laptop will hold for the night.  Reads files of the kernel: not on a loop
 * thread. */
#ifndef CORDON_OS_MACHINE_H
#define CORDON_OS_MACHINE_H

#include "base/err.h"

#include <stdint.h>

struct machine_disk {
    uint64_t size, free; /* bytes; free: for us, who are not root */
};
/* The disk under a folder. */
bool machine_disk(const char *folder, struct machine_disk *out, struct err *e) MUST_USE;

/* Where the kernel lists batteries. */
#define MACHINE_POWER "/sys/class/power_supply"

struct machine_battery {
    int percent;    /* of the weakest one */
    bool on_mains;  /* it is charging, full, or kept as it is */
    int64_t left_s; /* until it is empty, by what flows now; -1: not known */
};
/* False when this machine has none; folder: MACHINE_POWER. */
bool machine_battery(const char *folder, struct machine_battery *out) MUST_USE;

enum machine_clock {
    MACHINE_CLOCK_UNKNOWN,
    MACHINE_CLOCK_KEPT,    /* something (NTP, GPS) keeps it right */
    MACHINE_CLOCK_BY_HAND, /* it runs on its own */
};
enum machine_clock machine_clock(void) MUST_USE;

/* Bytes of a file, 0 when it is not there. */
uint64_t machine_file_bytes(const char *path) MUST_USE;

#endif
