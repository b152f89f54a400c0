/* clock.h -- the two clocks and chance: the only place that asks the machine for them. */
#ifndef CORDON_OS_CLOCK_H
#define CORDON_OS_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wall clock in ms since 1970 UTC; may jump. For what is written down. */
int64_t clock_wall_ms(void);
/* The same of the machine, in an exercise too. For certificates: phones hold them against their own clocks. */
int64_t clock_machine_ms(void);
/* An exercise lives in its own time: from now on the wall clock of this process shows start_ms and runs
 * speed times as fast (0 to CLOCK_SPEED_MAX; 0: it stands until it is skipped).  Set before other threads
 * run.  skip: it jumps ahead to to_ms, never back.  hold: it stands at until_ms until it is held at a
 * later time and goes on from there, so that what happens at a time is said at exactly that time at any
 * speed; one thread holds.  pace: another speed from now on, by that thread. */
enum { CLOCK_SPEED_MAX = 10000 };
void clock_exercise(int64_t start_ms, int64_t speed);
void clock_exercise_skip(int64_t to_ms);
void clock_exercise_hold(int64_t until_ms);
void clock_exercise_pace(int64_t speed);
bool clock_is_exercise(void);
/* Who keeps this machine's wall clock: is something (NTP, PTP, GPS) steering it, how wrong may it be at most, and which
 * counter the kernel reads. */
struct clock_keeper {
    bool steered;
    int64_t error_us;
    char source[32];
};
struct clock_keeper clock_keeper(void);
/* Monotonic ms / us since some start; never jumps. For deadlines and durations. */
int64_t clock_ms(void);
int64_t clock_us(void);
/* Fills with bytes from the kernel's generator (getrandom); aborts if it cannot. */
void chance_fill(void *to, size_t n);

#endif
