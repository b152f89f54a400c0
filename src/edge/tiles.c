#include "edge/tiles.h"

#include "edge/json.h"
#include "edge/web_event.h"
#include "os/log.h"
#include "store/mbtiles.h"
#include "store/pmtiles_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct map_kind;
struct map {
    char name[TILES_NAME]; /* of the file, without its ending */
    const struct map_kind *kind;
    struct mbtiles_about about;
    void *at; /* NULL: not open */
    uint64_t used;
};
/* The kinds of files that maps come in. */
struct map_kind {
    struct str suffix;
    bool (*open)(const char *path, struct map *m, struct err *e);
    void (*close)(struct map *m);
    bool (*tile)(struct map *m, const struct tile_at *at, struct str *out, struct err *e);
};

struct tiles {
    char folder[512];
    struct map maps[TILES_MAPS];
    size_t count;
    uint64_t turn;
    bool looked;
    bool passed_over;        /* a file was: it may have been on its way still */
    struct timespec changed; /* of the folder, when it was read */
};

struct tiles *tiles_new(const char *dir)
{
    struct tiles *t = calloc(1, sizeof *t);

    MUST(t);
    (void)snprintf(t->folder, sizeof t->folder, "%s/maps", dir);
    return t;
}

static bool open_mbtiles(const char *path, struct map *m, struct err *e)
{
    struct mbtiles *at;

    if (!mbtiles_open(path, &at, &m->about, e))
        return false;
    m->at = at;
    return true;
}

static void close_mbtiles(struct map *m)
{
    mbtiles_close(m->at);
}

static bool mbtiles_at(struct map *m, const struct tile_at *at, struct str *out, struct err *e)
{
    return mbtiles_tile(m->at, at->z, at->x, at->y, out, e);
}

/* Whose map it is stands in the metadata; a file without them is shown all the same. */
static void take_attribution(struct str metadata, char *to, size_t size)
{
    struct json *j;
    struct err e;

    if (!json_read(metadata, &j, &e))
        return;
    (void)str_copy(to, size, json_as_text(json_get(json_root(j), "attribution")));
    json_drop(j);
}

static bool open_pmtiles(const char *path, struct map *m, struct err *e)
{
    struct pmtiles_header about;
    struct pmtiles *at;

    if (!pmtiles_open(path, &at, &about, e))
        return false;
    m->at = at;
    m->about = (struct mbtiles_about){.zoom_min = about.zoom_min, .zoom_max = about.zoom_max};
    memcpy(m->about.format, about.format, sizeof m->about.format);
    memcpy(m->about.bounds, about.bounds, sizeof m->about.bounds);
    take_attribution(pmtiles_metadata(at), m->about.attribution, sizeof m->about.attribution);
    return true;
}

static void close_pmtiles(struct map *m)
{
    pmtiles_close(m->at);
}

static bool pmtiles_at(struct map *m, const struct tile_at *at, struct str *out, struct err *e)
{
    return pmtiles_tile(m->at, at->z, at->x, at->y, out, e);
}

static const struct map_kind map_kinds[] = {
    {{".mbtiles", 8}, open_mbtiles, close_mbtiles, mbtiles_at},
    {{".pmtiles", 8}, open_pmtiles, close_pmtiles, pmtiles_at},
};

static void close_map(struct map *m)
{
    if (m->at)
        m->kind->close(m);
    m->at = NULL;
}

static void close_all(struct tiles *t)
{
    for (size_t i = 0; i < t->count; i++)
        close_map(&t->maps[i]);
    t->count = 0;
}

void tiles_free(struct tiles *t)
{
    if (!t)
        return;
    close_all(t);
    free(t);
}

/* Opens m, after it made room for one more. */
static bool open_map(struct tiles *t, struct map *m, struct err *e)
{
    struct map *oldest = NULL;
    char path[1024];
    size_t open = 0;

    m->used = ++t->turn;
    if (m->at)
        return true;
    for (size_t i = 0; i < t->count; i++) {
        open += t->maps[i].at != NULL;
        if (t->maps[i].at && (!oldest || t->maps[i].used < oldest->used))
            oldest = &t->maps[i];
    }
    if (open >= TILES_OPEN)
        close_map(oldest);
    (void)snprintf(path, sizeof path, "%s/%s%s", t->folder, m->name, m->kind->suffix.at);
    return m->kind->open(path, m, e);
}

static struct map *find(struct tiles *t, struct str name)
{
    for (size_t i = 0; i < t->count; i++)
        if (str_eq(str_from(t->maps[i].name), name))
            return &t->maps[i];
    return NULL;
}

static bool take_map(struct tiles *t, struct str name, const struct map_kind *kind, struct err *e)
{
    struct map *m = &t->maps[t->count];

    if (find(t, name))
        return err_set(e, ERR_INPUT, "another map has this name");
    *m = (struct map){.kind = kind};
    if (!str_is_utf8(name) || !str_copy(m->name, sizeof m->name, name))
        return err_set(e, ERR_INPUT, "its name is too long or not UTF-8");
    return open_map(t, m, e);
}

/* A file of the folder becomes a map when it is one; said: that it is none was in the log before. */
static void add_file(struct tiles *t, struct str file, bool said)
{
    char quoted[256];
    struct err e;

    for (size_t i = 0; i < COUNTOF(map_kinds); i++) {
        struct str suffix = map_kinds[i].suffix;

        if (!str_ends(file, suffix) || file.len == suffix.len || file.at[0] == '.')
            continue;
        if (take_map(t, str_cut(file, 0, file.len - suffix.len), &map_kinds[i], &e)) {
            t->count++;
            return;
        }
        t->passed_over = true;
        (void)log_quote(quoted, sizeof quoted, file);
        if (!said)
            log_line(LOG_WARN, "maps.passed_over", "name=%s reason=\"%s\"", quoted, e.text);
    }
}

/* Reads the folder when it is not as it was, or a file of it could not be read last time. */
static void look(struct tiles *t)
{
    bool same;
    struct dirent *f;
    struct stat st;
    DIR *d;

    if (stat(t->folder, &st) != 0) {
        close_all(t);
        t->looked = false;
        return;
    }
    same = t->looked && st.st_mtim.tv_sec == t->changed.tv_sec && st.st_mtim.tv_nsec == t->changed.tv_nsec;
    if (same && !t->passed_over)
        return;
    close_all(t);
    t->looked = true;
    t->passed_over = false;
    t->changed = st.st_mtim;
    d = opendir(t->folder);
    if (!d)
        return;
    while (t->count < TILES_MAPS && (f = readdir(d)))
        add_file(t, str_from(f->d_name), same);
    (void)closedir(d);
}

static void put_map(const struct map *m, struct buf *b)
{
    buf_put(b, STR("{\"name\":"));
    buf_json(b, str_from(m->name));
    buf_fmt(b, ",\"format\":\"%s\",\"minzoom\":%d,\"maxzoom\":%d,\"bounds\":[", m->about.format,
            m->about.zoom_min, m->about.zoom_max);
    for (size_t i = 0; i < 4; i++) {
        if (i)
            buf_byte(b, ',');
        web_put_number(b, m->about.bounds[i]);
    }
    buf_put(b, STR("],"));
    web_put_text(b, "attribution", str_from(m->about.attribution));
    buf_byte(b, '}');
}

void tiles_put(struct tiles *t, struct buf *b)
{
    look(t);
    buf_byte(b, '[');
    for (size_t i = 0; i < t->count; i++) {
        if (i)
            buf_byte(b, ',');
        put_map(&t->maps[i], b);
    }
    buf_byte(b, ']');
}

static const char *type_of(const char *format)
{
    static const struct {
        const char *format, *type;
    } types[] = {
        {"pbf", "application/vnd.mapbox-vector-tile"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"webp", "image/webp"},
    };

    for (size_t i = 0; i < COUNTOF(types); i++)
        if (strcmp(types[i].format, format) == 0)
            return types[i].type;
    return "application/octet-stream";
}

bool tiles_get(struct tiles *t, const struct tile_at *at, struct tile *out, struct err *e)
{
    struct map *m;
    struct str bytes;

    *out = (struct tile){0};
    if (!t->looked)
        look(t);
    m = find(t, at->map);
    if (!m)
        return err_set(e, ERR_MISSING, "There is no map \"%.*s\" in the folder maps.",
                       STR_ARG(at->map));
    if (!open_map(t, m, e) || !m->kind->tile(m, at, &bytes, e))
        return err_in(e, "map %s", m->name);
    if (bytes.len == 0)
        return true;
    out->bytes = malloc(bytes.len);
    if (!out->bytes)
        return err_set(e, ERR_WORLD, "There is not enough memory for this tile.");
    memcpy(out->bytes, bytes.at, bytes.len);
    out->len = bytes.len;
    out->type = type_of(m->about.format);
    out->gzip = str_starts(bytes, STR("\x1f\x8b"));
    return true;
}
