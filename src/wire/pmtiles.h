/* pmtiles.h -- the header and the directories of a PMTiles file (specification 3).
 *
 * Pure: reads bytes that the caller fetched and unpacked, keeps nothing.  A file is
 *
 *   header 127 | root directory | metadata (JSON) | leaf directories | tiles
 *
 * A tile's number counts along the Hilbert curve of its zoom, after all tiles of the zooms below.  A
 * directory is a list of entries in four columns (varints): numbers, runs, lengths, offsets.  An entry with
 * a run of 0 points to a directory below; PMTILES_DEPTH of them are followed at most.  Every sum is checked:
 * the file comes from anywhere. */
#ifndef CORDON_WIRE_PMTILES_H
#define CORDON_WIRE_PMTILES_H

#include "base/err.h"
#include "base/str.h"

enum {
    PMTILES_HEADER = 127,
    PMTILES_DEPTH = 4,
    PMTILES_ZOOM_MAX = 24,
    PMTILES_ENTRIES_MAX = 1 << 20, /* of one directory */
};
enum pmtiles_packing { PMTILES_UNKNOWN, PMTILES_PLAIN, PMTILES_GZIP, PMTILES_BROTLI, PMTILES_ZSTD };

struct pmtiles_part {
    uint64_t at, len; /* bytes, from the beginning of the file */
};
struct pmtiles_header {
    struct pmtiles_part root, metadata, leaves, tiles;
    enum pmtiles_packing packing; /* of directories and metadata */
    char format[8];               /* "pbf", "png", "jpg", "webp" */
    int zoom_min, zoom_max;
    double bounds[4]; /* west, south, east, north; the whole world when the file says nothing usable */
};
struct pmtiles_entry {
    uint64_t offset, len; /* in leaves when it is a directory, else in tiles */
    bool is_directory;
    uint64_t first, run; /* the numbers that it is for; a directory has no run */
};
/* A walk through the entries of one directory, in their order. */
struct pmtiles_walk {
    struct str column[4];
    uint64_t left, end;
    bool begun;
    struct pmtiles_entry at;
};
enum pmtiles_found { PMTILES_FOUND, PMTILES_NONE, PMTILES_BROKEN };

/* ERR_INPUT with a sentence when it is no such file, or one whose tiles no browser shows. */
bool pmtiles_header(struct str bytes, struct pmtiles_header *out, struct err *e) MUST_USE;
/* The number of a tile; MUST(z <= PMTILES_ZOOM_MAX, x and y are within it). Rows from the north. */
uint64_t pmtiles_number(unsigned z, uint32_t x, uint32_t y) MUST_USE;
/* The directory is unpacked; false: it cannot be read. */
bool pmtiles_begin(struct str directory, struct pmtiles_walk *w) MUST_USE;
/* The next one is w->at; PMTILES_NONE: there are no more. */
enum pmtiles_found pmtiles_next(struct pmtiles_walk *w) MUST_USE;
/* Looks for a tile in an unpacked directory. */
enum pmtiles_found pmtiles_find(struct str directory, uint64_t number, struct pmtiles_entry *out) MUST_USE;

#endif
