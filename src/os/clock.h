/* clock.h -- the two clocks and chance: the only place that asks the machine for them. */
#ifndef CORDON_OS_CLOCK_H
#define CORDON_OS_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Wall clock in ms since 1970 UTC; may jump. For what is written down. */
int64_t clock_wall_ms(void);
/* Monotonic ms / us since some start; never jumps. For deadlines and durations. */
int64_t clock_ms(void);
int64_t clock_us(void);
/* Fills with bytes from the kernel's generator (getrandom); aborts if it cannot. */
void chance_fill(void *to, size_t n);

#endif
