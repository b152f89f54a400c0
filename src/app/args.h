/* args.h -- options of the small sub-commands. */
#ifndef CORDON_APP_ARGS_H
#define CORDON_APP_ARGS_H

#include "base/err.h"

/* One option of a sub-command: "--name VALUE" or, when flag is set, "--name". */
struct arg {
    const char *name;
    const char **value; /* the last one given */
    bool *flag;
    const char **list;  /* every one given, up to list_max */
    int *list_count, list_max;
};

/* Fills from argv[1..]; what is no option goes to *word (one at most). */
bool args_take(int argc, char **argv, const struct arg *args, int count, const char **word, struct err *e) MUST_USE;
/* Prints "cordon NAME: sentence" and returns the exit status 1. */
int args_fail(const char *command, const struct err *e);

#endif
