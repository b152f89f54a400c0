/* must.h -- the few words that every floor uses.
 *
 * MUST() states an invariant of ours and aborts when it is broken, in release
 * builds too; it never judges what a peer sent (that is struct err's work).
 * Pure; usable from every thread. */
#ifndef CORDON_BASE_MUST_H
#define CORDON_BASE_MUST_H

#include <stdnoreturn.h>

/* Prints the broken invariant and where it stands to stderr, then aborts. */
noreturn void must_fail(const char *what, const char *file, int line);

#define MUST(x) ((x) ? (void)0 : must_fail(#x, __FILE__, __LINE__))

/* The number of elements of an array (not of a pointer). */
#define COUNTOF(a) (sizeof(a) / sizeof((a)[0]))

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
