/* serve.h -- a run of the server, also for the exercise, which is a server with a clock and players of its own. */
#ifndef CORDON_APP_SERVE_H
#define CORDON_APP_SERVE_H

#include "app/config.h"
#include "edge/hub.h"

/* What a run has besides; NULL: nothing. */
struct serve_extra {
    const char *command;                                       /* its name, for error messages */
    void (*defaults)(struct config *c);                        /* instead of config_defaults() */
    bool (*prepare)(const struct config *c, struct err *e);    /* the data folder is there, nothing runs yet */
    bool (*begin)(struct hub *h, const struct config *c, int tak_tcp_port, struct err *e); /* everything runs */
    void (*end)(void);                                         /* before anything stops */
};

/* Runs until a signal ends it; returns the exit status. */
int serve_run(int argc, char **argv, const struct serve_extra *extra);

#endif
