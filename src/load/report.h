/* report.h -- what a run found, as one JSON object or as lines "group.name  value". */
#ifndef CORDON_LOAD_REPORT_H
#define CORDON_LOAD_REPORT_H

#include "load/fleet.h"

#include <stdio.h>

/* Writes names and numbers in groups (one level deep), in either shape. */
struct report {
    FILE *to;
    bool json, empty;
    const char *group;
};

void report_begin(struct report *r, FILE *to, bool json);
void report_end(struct report *r);
void report_group(struct report *r, const char *name); /* NULL ends the group */
void report_number(struct report *r, const char *name, double value);
void report_text(struct report *r, const char *name, const char *value);

void report_fleet(struct report *r, const struct fleet *f);

#endif
