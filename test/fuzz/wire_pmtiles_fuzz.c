/* A PMTiles header and a directory: what is found lies where the directory says, for every number. */
#include "wire/pmtiles.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    struct pmtiles_header h;
    struct pmtiles_entry entry;
    struct err e;

    MUST(copy);
    if (size)
        memcpy(copy, data, size);
    if (pmtiles_header(str_of(copy, size), &h, &e))
        MUST(h.format[0] && h.zoom_min <= h.zoom_max && h.zoom_max <= PMTILES_ZOOM_MAX && h.bounds[0] < h.bounds[2]);
    for (uint64_t number = 0; number < 64; number++)
        if (pmtiles_find(str_of(copy, size), number * number * number, &entry) == PMTILES_FOUND)
            MUST(entry.len > 0 && entry.offset + entry.len >= entry.offset);
    free(copy);
    return 0;
}
