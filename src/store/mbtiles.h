/* mbtiles.h -- one MBTiles file (SQLite, specification 1.3), read only.
 *
 * Rows count from the south in the file and from the north here.  Belongs to one
 * thread. */
#ifndef CORDON_STORE_MBTILES_H
#define CORDON_STORE_MBTILES_H

#include "base/err.h"
#include "base/str.h"

struct mbtiles;

struct mbtiles_about {
    char format[8]; /* "pbf", "png", "jpg", "webp" */
    int zoom_min, zoom_max;
    double bounds[4]; /* west, south, east, north */
    char attribution[512];
};

bool mbtiles_open(const char *path, struct mbtiles **out, struct mbtiles_about *about,
                  struct err *e) MUST_USE;
void mbtiles_close(struct mbtiles *m); /* NULL is fine */
/* Is one tile at least in it, and are its first pages whole? */
bool mbtiles_any(struct mbtiles *m, struct err *e) MUST_USE;
/* Borrowed until the next call; empty when there is none. */
bool mbtiles_tile(struct mbtiles *m, unsigned z, unsigned x, unsigned y, struct str *out,
                  struct err *e) MUST_USE;

#endif
