#include "wire/pmtiles.h"

#include <string.h>

/* Little-endian, at a fixed place of the header. */
static uint64_t whole(struct str bytes, size_t at, size_t len)
{
    uint64_t n = 0;

    for (size_t i = len; i > 0; i--)
        n = n << 8 | (unsigned char)bytes.at[at + i - 1];
    return n;
}

static double degrees(struct str bytes, size_t at)
{
    return (double)(int32_t)(uint32_t)whole(bytes, at, 4) / 1e7;
}

static struct pmtiles_part part(struct str bytes, size_t at)
{
    return (struct pmtiles_part){whole(bytes, at, 8), whole(bytes, at + 8, 8)};
}

static void bounds_of(struct str bytes, double to[4])
{
    static const double world[4] = {-180, -85.0511, 180, 85.0511};

    for (size_t i = 0; i < 4; i++)
        to[i] = degrees(bytes, 102 + 4 * i);
    if (to[0] >= to[2] || to[1] >= to[3] || to[0] < -180 || to[2] > 180 || to[1] < -90 || to[3] > 90)
        memcpy(to, world, sizeof world);
}

bool pmtiles_header(struct str bytes, struct pmtiles_header *out, struct err *e)
{
    static const char *const formats[] = {"", "pbf", "png", "jpg", "webp"};
    uint64_t tile_packing, type;

    *out = (struct pmtiles_header){0};
    if (bytes.len < PMTILES_HEADER || !str_starts(bytes, STR("PMTiles")))
        return err_set(e, ERR_INPUT, "it is no PMTiles file");
    if (bytes.at[7] != 3)
        return err_set(e, ERR_INPUT, "it is PMTiles version %d; version 3 can be shown", (unsigned char)bytes.at[7]);
    out->packing = (enum pmtiles_packing)whole(bytes, 97, 1);
    tile_packing = whole(bytes, 98, 1);
    type = whole(bytes, 99, 1);
    if ((out->packing != PMTILES_PLAIN && out->packing != PMTILES_GZIP) || tile_packing == PMTILES_BROTLI ||
        tile_packing == PMTILES_ZSTD)
        return err_set(e, ERR_INPUT, "it is packed in a way that cannot be read; gzip can");
    if (type == 0 || type >= COUNTOF(formats))
        return err_set(e, ERR_INPUT, "its tiles are of type %d; pbf, png, jpg and webp can be shown", (int)type);
    (void)str_copy(out->format, sizeof out->format, str_from(formats[type]));
    out->root = part(bytes, 8);
    out->metadata = part(bytes, 24);
    out->leaves = part(bytes, 40);
    out->tiles = part(bytes, 56);
    out->zoom_min = (int)whole(bytes, 100, 1);
    out->zoom_max = (int)whole(bytes, 101, 1);
    if (out->zoom_min > out->zoom_max || out->zoom_max > PMTILES_ZOOM_MAX)
        return err_set(e, ERR_INPUT, "its zooms are %d to %d; 0 to %d can be shown", out->zoom_min, out->zoom_max,
                       PMTILES_ZOOM_MAX);
    bounds_of(bytes, out->bounds);
    return true;
}

uint64_t pmtiles_number(unsigned z, uint32_t x, uint32_t y)
{
    uint64_t number = 0;
    uint32_t swapped;

    MUST(z <= PMTILES_ZOOM_MAX && x < 1u << z && y < 1u << z);
    for (unsigned below = 0; below < z; below++)
        number += 1ull << 2 * below;
    for (uint64_t half = (1ull << z) / 2; half > 0; half /= 2) {
        bool right = (x & half) != 0, lower = (y & half) != 0;

        number += half * half * ((3u * right) ^ lower);
        if (lower)
            continue;
        if (right) {
            x = (uint32_t)(half - 1 - (x & (half - 1)));
            y = (uint32_t)(half - 1 - (y & (half - 1)));
        }
        swapped = x;
        x = y;
        y = swapped;
    }
    return number;
}

/* The next varint of a column; false at the end and behind 64 bits. */
static bool next(struct str *column, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < 10 && i < column->len; i++) {
        uint64_t bits = (unsigned char)column->at[i] & 0x7f;

        if (i == 9 && bits > 1)
            return false;
        n |= bits << 7 * i;
        if (column->at[i] & 0x80)
            continue;
        *column = str_from_at(*column, i + 1);
        *out = n;
        return true;
    }
    return false;
}

/* The four columns of a directory of count entries. */
static bool split(struct str directory, struct str column[4], uint64_t *count)
{
    uint64_t skipped;

    if (!next(&directory, count) || *count > PMTILES_ENTRIES_MAX)
        return false;
    for (size_t c = 0; c < 4; c++) {
        column[c] = directory;
        for (uint64_t i = 0; i < *count; i++)
            if (!next(&directory, &skipped))
                return false;
    }
    return true;
}

/* Sums that a hostile directory would let run over are cut off at this: no file is that long. */
static const uint64_t FAR = UINT64_MAX / 4;

bool pmtiles_begin(struct str directory, struct pmtiles_walk *w)
{
    *w = (struct pmtiles_walk){0};
    return split(directory, w->column, &w->left);
}

enum pmtiles_found pmtiles_next(struct pmtiles_walk *w)
{
    uint64_t step, run, len, offset;

    if (w->left == 0)
        return PMTILES_NONE;
    if (!next(&w->column[0], &step) || !next(&w->column[1], &run) || !next(&w->column[2], &len) ||
        !next(&w->column[3], &offset))
        return PMTILES_BROKEN;
    if (step > FAR || run > FAR || len > FAR || offset > FAR || (offset == 0 && !w->begun) || w->at.first > FAR)
        return PMTILES_BROKEN;
    offset = offset ? offset - 1 : w->end;
    w->end = offset + len;
    if (w->end > FAR)
        return PMTILES_BROKEN;
    w->at = (struct pmtiles_entry){.offset = offset, .len = len, .is_directory = run == 0,
                                   .first = w->at.first + step, .run = run};
    w->begun = true;
    w->left--;
    return PMTILES_FOUND;
}

enum pmtiles_found pmtiles_find(struct str directory, uint64_t number, struct pmtiles_entry *out)
{
    enum pmtiles_found found;
    struct pmtiles_walk w;
    bool any = false;

    *out = (struct pmtiles_entry){0};
    if (!pmtiles_begin(directory, &w))
        return PMTILES_BROKEN;
    while ((found = pmtiles_next(&w)) == PMTILES_FOUND && w.at.first <= number) {
        *out = w.at;
        any = true;
    }
    if (found == PMTILES_BROKEN)
        return PMTILES_BROKEN;
    if (!any || (out->run && number - out->first >= out->run) || out->len == 0)
        return PMTILES_NONE;
    return PMTILES_FOUND;
}
