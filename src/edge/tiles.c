#include "edge/tiles.h"

#include "edge/web_event.h"
#include "os/log.h"
#include "store/mbtiles.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct map {
    char name[TILES_NAME]; /* of the file, without .mbtiles */
    struct mbtiles_about about;
    struct mbtiles *at; /* NULL: not open */
    uint64_t used;
};

struct tiles {
    char folder[512];
    struct map maps[TILES_MAPS];
    size_t count;
    uint64_t turn;
    bool looked;
    struct timespec changed; /* of the folder, when it was read */
};

struct tiles *tiles_new(const char *dir)
{
    struct tiles *t = calloc(1, sizeof *t);

    MUST(t);
    (void)snprintf(t->folder, sizeof t->folder, "%s/maps", dir);
    return t;
}

static void close_all(struct tiles *t)
{
    for (size_t i = 0; i < t->count; i++)
        mbtiles_close(t->maps[i].at);
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
    if (open >= TILES_OPEN) {
        mbtiles_close(oldest->at);
        oldest->at = NULL;
    }
    (void)snprintf(path, sizeof path, "%s/%s.mbtiles", t->folder, m->name);
    return mbtiles_open(path, &m->at, &m->about, e);
}

static void add_map(struct tiles *t, struct str name)
{
    struct map *m = &t->maps[t->count];
    char quoted[256];
    struct err e;

    *m = (struct map){0};
    (void)log_quote(quoted, sizeof quoted, name);
    if (t->count == TILES_MAPS || !str_is_utf8(name) || !str_copy(m->name, sizeof m->name, name)) {
        log_line(LOG_WARN, "maps.passed_over", "name=%s reason=\"%s\"", quoted,
                 t->count == TILES_MAPS ? "there are too many maps"
                                        : "its name is too long or not UTF-8");
        return;
    }
    if (open_map(t, m, &e)) {
        t->count++;
        return;
    }
    (void)log_line(LOG_WARN, "maps.passed_over", "name=%s reason=\"%s\"", quoted, e.text);
}

/* Reads the folder when it is not as it was. */
static void look(struct tiles *t)
{
    const struct str suffix = STR(".mbtiles");
    struct dirent *f;
    struct stat st;
    DIR *d;

    if (stat(t->folder, &st) != 0) {
        close_all(t);
        t->looked = false;
        return;
    }
    if (t->looked && st.st_mtim.tv_sec == t->changed.tv_sec &&
        st.st_mtim.tv_nsec == t->changed.tv_nsec)
        return;
    close_all(t);
    t->looked = true;
    t->changed = st.st_mtim;
    d = opendir(t->folder);
    if (!d)
        return;
    while ((f = readdir(d))) {
        struct str name = str_from(f->d_name);

        if (str_ends(name, suffix) && name.len > suffix.len && name.at[0] != '.' &&
            t->count < TILES_MAPS)
            add_map(t, str_cut(name, 0, name.len - suffix.len));
    }
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

static struct map *find(struct tiles *t, struct str name)
{
    for (size_t i = 0; i < t->count; i++)
        if (str_eq(str_from(t->maps[i].name), name))
            return &t->maps[i];
    return NULL;
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
    if (!open_map(t, m, e) || !mbtiles_tile(m->at, at->z, at->x, at->y, &bytes, e))
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
