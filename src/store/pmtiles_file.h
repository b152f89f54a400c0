/* pmtiles_file.h -- one PMTiles file, read only, by pieces: no more of it is in memory than its root
 * directory, the directory below that was used last, and the tile that was asked for.
 *
 * A file that is cut short or lies about itself refuses the tile, never the server.  Belongs to one thread. */
#ifndef CORDON_STORE_PMTILES_FILE_H
#define CORDON_STORE_PMTILES_FILE_H

#include "wire/pmtiles.h"

enum {
    PMTILES_PACKED_MAX = 4 << 20,   /* bytes of a directory or the metadata in the file */
    PMTILES_UNPACKED_MAX = 8 << 20, /* and unpacked */
    PMTILES_TILE_MAX = 8 << 20,     /* bytes of a tile */
    PMTILES_CHECKED_MAX = 1 << 28,  /* entries that are looked at before a file is taken */
};

struct pmtiles;

bool pmtiles_open(const char *path, struct pmtiles **out, struct pmtiles_header *about, struct err *e) MUST_USE;
/* Walks through every directory: each can be read, and each tile lies within the file; there is one at least.  For
 * a file that is new here; takes a second for ten million tiles. */
bool pmtiles_check(struct pmtiles *p, struct err *e) MUST_USE;
void pmtiles_close(struct pmtiles *p); /* NULL is fine */
/* The file's metadata (JSON), borrowed until the next call; empty when it has none that can be read. */
struct str pmtiles_metadata(struct pmtiles *p) MUST_USE;
/* Borrowed until the next call; empty when there is none. */
bool pmtiles_tile(struct pmtiles *p, unsigned z, unsigned x, unsigned y, struct str *out, struct err *e) MUST_USE;

#endif
