/* practice.h -- the practice beside the real thing, as the web thread asks for it: `cordon exercise` as a child of
 * this program, in DIR/practice and on ports of its own (app/practice.c).
 *
 * Called by the web thread alone; nothing here waits.  One practice at a time. */
#ifndef CORDON_EDGE_PRACTICE_H
#define CORDON_EDGE_PRACTICE_H

#include "base/err.h"

#include <stdint.h>

enum { PRACTICE_SPEED_MAX = 60, PRACTICE_BY_MAX = 64 };

/* The folder's name within the data folder. */
#define PRACTICE_FOLDER "practice"

/*  [none] --start--> [starts] --it is ready--> [runs] --end, or it ends by itself--> [ends] --> [none] */
enum practice_is { PRACTICE_NONE, PRACTICE_STARTS, PRACTICE_RUNS, PRACTICE_ENDS };

struct practice_state {
    enum practice_is is;
    int port; /* of its page; 0 until it runs */
    int64_t speed;
    char by[PRACTICE_BY_MAX]; /* who started it */
    char why[256];            /* of none: why the last one ended by itself; else empty */
};

struct practice_wanted {
    int64_t speed;  /* 1 to PRACTICE_SPEED_MAX */
    bool anew;      /* what was practised before goes; else it goes on where that ended */
    const char *by;
};

struct practice {
    bool (*start)(struct practice *p, const struct practice_wanted *q, struct err *e);
    void (*look)(struct practice *p, struct practice_state *out);
    void (*end)(struct practice *p);
};

#endif
