/* tiles.h -- the offline maps (MBTiles and PMTiles files) of the folder maps.
 *
 * The folder is read again when it changes, and while a file of it is no map (it may be on its way still).
 * At most TILES_MAPS maps, of which TILES_OPEN are open; the one that was used longest ago is closed first.
 * A file that cannot be read is named in the log and passed over.  Owner: the web thread. */
#ifndef CORDON_EDGE_TILES_H
#define CORDON_EDGE_TILES_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum { TILES_MAPS = 32, TILES_OPEN = 8, TILES_NAME = 96 };

struct tiles;

struct tiles *tiles_new(const char *dir); /* the data folder */
void tiles_free(struct tiles *t);
/* The list as JSON. */
void tiles_put(struct tiles *t, struct buf *b);

struct tile_at {
    struct str map;
    unsigned z, x, y; /* rows from the north */
};
/* false with ERR_MISSING when there is no such map.  An empty *out: no tile there.
 * The bytes are malloc'd; *type is their Content-Type. */
struct tile {
    char *bytes;
    size_t len;
    const char *type;
    bool gzip;
};
bool tiles_get(struct tiles *t, const struct tile_at *at, struct tile *out, struct err *e) MUST_USE;

#endif
