/* indoor_levels.h -- what an indoor map writes for the level of a thing, as a list of ordinals.
 *
 *   level  = item *( ";" item )            OSM Simple Indoor Tagging; "," is taken for ";" and said
 *   item   = number | number "-" number | "roof"
 *   number = [ "-" ] digits [ "." 1 to 3 digits ]
 *
 * "0-3" is 0, 1, 2, 3; "-1-3" is -1 to 3; "3-0" is taken as "0-3" and said; "0.5" lies between floors.
 * An ordinal counts from the ground floor, 0, and is kept in thousandths.  Pure. */
#ifndef CORDON_EDGE_INDOOR_LEVELS_H
#define CORDON_EDGE_INDOOR_LEVELS_H

#include "base/str.h"

enum {
    LEVELS_MAX = 512,             /* of one thing; more are LEVELS_BEYOND */
    LEVEL_ORDINAL_MAX = 200,      /* as the field of the incident has it */
    LEVEL_ROOF = INT32_MAX,       /* stands above all others */
    LEVEL_TEXT = 16,              /* bytes of an ordinal in words, with its NUL */
};

enum levels_are {
    LEVELS_READ,
    LEVELS_MENDED,  /* read, but not as it should be written */
    LEVELS_MISSING, /* empty */
    LEVELS_UNCLEAR, /* not such a list */
    LEVELS_BEYOND   /* too many, or below or above what there can be */
};

/* In order, each once. */
struct levels {
    size_t n;
    int32_t at[LEVELS_MAX]; /* thousandths, or LEVEL_ROOF */
};

/* Adds to what is in *levels; leaves it as it was unless READ or MENDED. */
enum levels_are levels_read(struct str text, struct levels *levels) MUST_USE;
bool levels_have(const struct levels *levels, int32_t level) MUST_USE;
/* "-1", "0.5", "roof" */
struct str level_text(int32_t level, char text[LEVEL_TEXT]) MUST_USE;

#endif
