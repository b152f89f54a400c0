/* crash_vfs.h -- a disk whose plug can be pulled: an SQLite VFS for tests.
 *
 * Each open file is held in memory twice: as programs see it, and as it is on the disk,
 * with the writes between the two in their order.  A sync moves the disk's image on.  When
 * the plug is pulled each unsynced write may be lost, kept or torn into sectors of 512
 * bytes, by the seed; from then on every call fails until crash_restart().  The real
 * files get the image at the last close, so that stat, rename and unlink stay honest.
 *
 * A sync that fails may have lost any of the writes that it was asked for, also when a later
 * sync succeeds: that is how Linux does it.  Shared memory and locks work within the
 * process, so that the pragmas are those of the product.  One thread only.
 *
 * Included as a .c by the test that uses it. */
#ifndef CORDON_TEST_CRASH_VFS_H
#define CORDON_TEST_CRASH_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* Which files a fault hits. */
enum crash_on { CRASH_ON_ANY, CRASH_ON_FILE, CRASH_ON_WAL };
enum crash_op { CRASH_WRITE, CRASH_SYNC };

/* Registers the disk as SQLite's default, once, and sets all below back. */
void crash_start(uint64_t seed);
/* Pulls the plug at the n-th write, sync or truncation from now (1: the next). */
void crash_pull_at(uint64_t n);
void crash_pull_now(void);
bool crash_is_dead(void);
/* The power is back; every file must have been closed. */
void crash_restart(void);
/* From the n-th such call on all of them fail with an SQLite code, until crash_heal(). */
void crash_fail(enum crash_op op, enum crash_on on, uint64_t n, int code);
void crash_heal(void);
/* Has the fault hit yet? */
bool crash_has_failed(void);
/* The disk says "synced" and is not. */
void crash_lie(bool lying);
/* The same dice, for the test itself. */
uint64_t crash_dice(uint64_t below);

#endif
