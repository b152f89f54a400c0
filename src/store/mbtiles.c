#include "store/mbtiles.h"

#include "store/db.h"
#include "wire/cot.h"

#include <math.h>
#include <stdlib.h>

enum { ZOOM_MAX = 24 };

struct mbtiles {
    struct db *db;
    struct db_stmt *tile, *meta;
};

static struct str meta_of(struct mbtiles *m, struct str name)
{
    struct err e;

    db_reset(m->meta);
    db_set_text(m->meta, 1, name);
    return db_step(m->meta, &e) == DB_ROW ? db_text(m->meta, 0) : (struct str){0};
}

static int zoom_of(struct mbtiles *m, struct str name, const char *sql, int otherwise)
{
    int64_t zoom = otherwise;
    struct err e;

    if (str_to_int(meta_of(m, name), 0, ZOOM_MAX, &zoom))
        return (int)zoom;
    if (!db_ask(m->db, sql, &zoom, &e) || zoom < 0 || zoom > ZOOM_MAX)
        zoom = otherwise;
    return (int)zoom;
}

/* "west,south,east,north"; the whole world when it is not that. */
static void bounds_of(struct str text, double to[4])
{
    static const double world[4] = {-180, -85.0511, 180, 85.0511};
    bool ok = true;

    for (size_t i = 0; i < 4; i++) {
        size_t end = str_find_byte(text, ',');

        to[i] = cot_number(str_trim(str_cut(text, 0, end)));
        ok &= isfinite(to[i]) && fabs(to[i]) <= 180;
        text = str_from_at(text, end < text.len ? end + 1 : end);
    }
    if (!ok || to[0] >= to[2] || to[1] >= to[3])
        memcpy(to, world, sizeof world);
}

/* What the tiles themselves say, when the metadata does not. */
static struct str sniffed(struct mbtiles *m)
{
    static const struct {
        struct str begin, format;
    } begins[] = {
        {{"\x1f\x8b", 2}, {"pbf", 3}},
        {{"\x89PNG", 4}, {"png", 3}},
        {{"\xff\xd8", 2}, {"jpg", 3}},
        {{"RIFF", 4}, {"webp", 4}},
    };
    struct db_stmt *any;
    struct str found = STR("pbf");
    struct err e;

    if (!db_prepare(m->db, "SELECT tile_data FROM tiles LIMIT 1", &any, &e))
        return found;
    if (db_step(any, &e) == DB_ROW)
        for (size_t i = 0; i < COUNTOF(begins); i++)
            if (str_starts(db_blob(any, 0), begins[i].begin))
                found = begins[i].format;
    db_reset(any);
    return found;
}

static bool read_about(struct mbtiles *m, struct mbtiles_about *about, struct err *e)
{
    static const struct {
        struct str written, format;
    } formats[] = {
        {{"pbf", 3}, {"pbf", 3}},  {{"png", 3}, {"png", 3}},   {{"jpg", 3}, {"jpg", 3}},
        {{"jpeg", 4}, {"jpg", 3}}, {{"webp", 4}, {"webp", 4}},
    };
    struct str format = meta_of(m, STR("format"));

    *about = (struct mbtiles_about){0};
    if (format.len == 0)
        format = sniffed(m);
    for (size_t i = 0; i < COUNTOF(formats); i++)
        if (str_eq(formats[i].written, format))
            (void)str_copy(about->format, sizeof about->format, formats[i].format);
    if (!about->format[0])
        return err_set(e, ERR_INPUT,
                       "its tiles are of the format \"%.*s\"; pbf, png, jpg and webp can be shown",
                       STR_ARG(format));
    bounds_of(meta_of(m, STR("bounds")), about->bounds);
    (void)str_copy(about->attribution, sizeof about->attribution, meta_of(m, STR("attribution")));
    about->zoom_min = zoom_of(m, STR("minzoom"), "SELECT min(zoom_level) FROM tiles", 0);
    about->zoom_max = zoom_of(m, STR("maxzoom"), "SELECT max(zoom_level) FROM tiles", 14);
    db_reset(m->meta);
    return true;
}

bool mbtiles_open(const char *path, struct mbtiles **out, struct mbtiles_about *about,
                  struct err *e)
{
    static const struct db_options options = {.reader = true};
    struct mbtiles *m = calloc(1, sizeof *m);

    *out = NULL;
    if (!m)
        return err_set(e, ERR_WORLD, "there is not enough memory");
    if (!db_open(path, &options, &m->db, e) ||
        !db_prepare(m->db, "SELECT value FROM metadata WHERE name = ?", &m->meta, e) ||
        !db_prepare(
            m->db,
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            &m->tile, e) ||
        !read_about(m, about, e)) {
        mbtiles_close(m);
        return false;
    }
    *out = m;
    return true;
}

void mbtiles_close(struct mbtiles *m)
{
    if (!m)
        return;
    db_close(m->db);
    free(m);
}

bool mbtiles_any(struct mbtiles *m, struct err *e)
{
    int64_t any = 0;

    return db_ask(m->db, "SELECT length(tile_data) FROM tiles LIMIT 1", &any, e) &&
           (any > 0 || err_set(e, ERR_INPUT, "it holds no tile"));
}

bool mbtiles_tile(struct mbtiles *m, unsigned z, unsigned x, unsigned y, struct str *out,
                  struct err *e)
{
    enum db_step step;

    *out = (struct str){0};
    if (z > ZOOM_MAX || x >= 1u << z || y >= 1u << z)
        return true;
    db_reset(m->tile);
    db_set_int(m->tile, 1, z);
    db_set_int(m->tile, 2, x);
    db_set_int(m->tile, 3, (int64_t)((1u << z) - 1 - y));
    step = db_step(m->tile, e);
    if (step == DB_ROW)
        *out = db_blob(m->tile, 0);
    return step != DB_FAILED;
}
