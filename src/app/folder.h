/* folder.h -- the data folder, for those commands that may be the first to work in it. */
#ifndef CORDON_APP_FOLDER_H
#define CORDON_APP_FOLDER_H

#include "base/err.h"

/* Makes the folder (0700) when it is not there; false, with the reason, when nobody could write into it.
 * *made: it is new. */
bool folder_take(const char *dir, bool *made, struct err *e) MUST_USE;

/* The same for a small command: that the folder is new is told on the standard error, because a package or an
 * invite of a folder that was only misspelt never fits the server that runs. */
bool folder_take_aloud(const char *dir, struct err *e) MUST_USE;

/* Is it that of an exercise?  What is printed of it says so. */
bool folder_is_exercise(const char *dir) MUST_USE;
/* The line above what is printed of an exercise. */
#define FOLDER_EXERCISE "EXERCISE EXERCISE EXERCISE\n"

#endif
