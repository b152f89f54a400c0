/* exercise_players.h -- the phones of an exercise's invented units: one thread, a TCP connection each.
 *
 * Each phone says where it is once a second, at the place that the script gives for the exercise's time
 * (between two places: on the way), and reads what it is sent.  Bounds: PLAYERS_MAX phones. */
#ifndef CORDON_APP_EXERCISE_PLAYERS_H
#define CORDON_APP_EXERCISE_PLAYERS_H

#include "app/exercise.h"

enum { PLAYERS_MAX = 64 };

/* script: lives until players_stop(). */
bool players_start(const struct script *script, int port, int64_t speed, struct err *e) MUST_USE;
void players_stop(void);

#endif
