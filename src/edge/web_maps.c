#include "edge/web_inner.h"

#include "os/file.h"
#include "store/mbtiles.h"
#include "store/pmtiles_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Maps in and out, for administrators.
 *
 *   piece at offset --> DIR/maps/.NAME.part --...--> whole --worker: opened, looked at, synced--> DIR/maps/NAME
 *
 * A map comes in pieces, each of which goes on where the last ended, so that a line that breaks costs one piece.  What
 * is not a map that can be shown never gets its name.  Bounds: MAPS_MAX files, MAPS_QUOTA bytes of all of them, and
 * BACKUP_SPARE stays free on the disk for the record; more is refused with 507. */

#define READS (METHOD_GET | METHOD_HEAD)
#define MAPS_QUOTA (UINT64_C(64) << 30)

enum { NAME = TILES_NAME + 16, PATH = 512, MAPS_MAX = TILES_MAPS };

static handler get_maps_files, post_map, post_map_delete;
static body_begin begin_map;

const struct route web_maps_routes[] = {
    {READS, "/api/admin/maps", RIGHT_ADMIN, false, get_maps_files, DOOR_WEB, NULL},
    {METHOD_POST, "/api/admin/maps/{}", RIGHT_ADMIN, true, post_map, DOOR_WEB, begin_map},
    {METHOD_POST, "/api/admin/maps/{}/delete", RIGHT_ADMIN, true, post_map_delete, DOOR_WEB, NULL},
};
const size_t web_maps_route_count = COUNTOF(web_maps_routes);

/* ---- names ---------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-_.", c));
}

static bool is_kind(struct str name)
{
    return str_ends(name, STR(".mbtiles")) || str_ends(name, STR(".pmtiles"));
}

static bool name_fits(struct str name, struct err *e)
{
    bool ok = is_kind(name) && name.len > 8 && name.len < TILES_NAME && name.at[0] != '.';

    for (size_t i = 0; i < name.len; i++)
        ok = ok && is_letter(name.at[i]);
    return ok || err_set(e, ERR_INPUT, "A map's name has letters, digits, - and _, and ends in .mbtiles or .pmtiles.");
}

static void path_of(const struct web *w, struct str name, bool is_part, char out[PATH])
{
    (void)snprintf(out, PATH, "%s/maps/%s%.*s%s", w->dir, is_part ? "." : "", STR_ARG(name), is_part ? ".part" : "");
}

/* ---- the list --------------------------------------------------------------- */

struct folder {
    struct web *w;
    struct buf *b; /* NULL: only summed */
    uint64_t bytes;
    size_t files;
};

/* ".NAME.part" is a map on its way. */
static struct str name_of(const char *entry, bool *is_part)
{
    struct str name = str_from(entry);

    *is_part = name.len > 6 && name.at[0] == '.' && str_ends(name, STR(".part"));
    return *is_part ? str_cut(name, 1, name.len - 5) : name;
}

static void look(struct folder *f)
{
    char path[PATH + 300];
    struct dirent *entry;
    struct stat st;
    DIR *d;

    (void)snprintf(path, sizeof path, "%s/maps", f->w->dir);
    d = opendir(path);
    while (d && (entry = readdir(d))) {
        bool is_part;
        struct str name = name_of(entry->d_name, &is_part);

        (void)snprintf(path, sizeof path, "%s/maps/%s", f->w->dir, entry->d_name);
        if (!is_kind(name) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        f->bytes += (uint64_t)st.st_size;
        if (f->b) {
            buf_put(f->b, f->files ? STR(",{\"file\":") : STR("{\"file\":"));
            buf_json(f->b, name);
            buf_fmt(f->b, ",\"bytes\":%lld,\"whole\":%s}", (long long)st.st_size, is_part ? "false" : "true");
        }
        f->files++;
    }
    if (d)
        (void)closedir(d);
}

static void put_files(void *ctx, struct buf *b)
{
    struct folder f = {.w = ctx, .b = b};

    buf_put(b, STR("{\"files\":["));
    look(&f);
    buf_fmt(b, "],\"bytes\":%" PRIu64 ",\"quota\":%" PRIu64 "}", f.bytes, MAPS_QUOTA);
}

static void get_maps_files(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    reply_written(r, put_files, w);
}

/* ---- a piece comes in --------------------------------------------------------- */

struct piece {
    int fd;
    uint64_t at, size; /* bytes of the map so far and in all */
    char name[NAME], part[PATH], path[PATH], folder[PATH];
    bool ok;
    struct err e;
};

static void drop_piece(void *ctx)
{
    struct piece *p = ctx;

    if (p->fd >= 0)
        (void)close(p->fd); /* and with it goes the lock */
    free(p);
}

static bool take_piece(void *ctx, struct str bytes, struct err *e)
{
    struct piece *p = ctx;

    if (bytes.len > p->size - p->at)
        return err_set(e, ERR_INPUT, "More bytes came than the map has.");
    while (bytes.len > 0) {
        ssize_t n = write(p->fd, bytes.at, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(e, ERR_WORLD, "The map cannot be written: %s.", strerror(errno));
        p->at += (uint64_t)n;
        bytes = str_from_at(bytes, (size_t)n);
    }
    return true;
}

static bool has_room(struct web *w, uint64_t more, struct err *e)
{
    struct folder f = {.w = w};
    struct statvfs v;
    uint64_t left = statvfs(w->dir, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;

    look(&f);
    if (f.files >= MAPS_MAX)
        return err_set(e, ERR_FULL, "There are %d maps, which is the most. Delete one first.", MAPS_MAX);
    if (more > MAPS_QUOTA || f.bytes > MAPS_QUOTA - more)
        return err_set(e, ERR_FULL, "All maps together may have %d GiB. Delete one first.", (int)(MAPS_QUOTA >> 30));
    return (left > BACKUP_SPARE && left - BACKUP_SPARE >= more) ||
           err_set(e, ERR_FULL, "The disk has %" PRIu64 " MiB left, and the last 1024 MiB are for the record.",
                   left >> 20);
}

/* The file so far, locked: of two who send the same map one is refused. */
static bool open_part(struct piece *p, uint64_t offset, struct err *e)
{
    struct stat st;

    if (!file_folder(p->folder, 0700, e))
        return false;
    p->fd = open(p->part, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (p->fd < 0)
        return err_set(e, ERR_WORLD, "The map cannot be written: %s.", strerror(errno));
    if (flock(p->fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, ERR_DENIED, "This map is being sent already.");
    if (fstat(p->fd, &st) != 0 || (offset == 0 && ftruncate(p->fd, 0) != 0))
        return err_set(e, ERR_WORLD, "The map cannot be written: %s.", strerror(errno));
    if (offset && (uint64_t)st.st_size != offset)
        return err_set(e, ERR_DENIED, "%lld bytes of this map are here: go on behind them, or begin anew.",
                       (long long)st.st_size);
    p->at = offset;
    return true;
}

static bool take_about(struct web *w, const struct request *q, struct piece *p, struct err *e)
{
    int64_t offset, size;

    if (!name_fits(q->part[0], e))
        return false;
    if (!query_int(q->query, STR("offset"), INT64_MAX, 0, &offset) ||
        !query_int(q->query, STR("size"), INT64_MAX, 0, &size) || size == 0 || offset >= size ||
        q->length > (uint64_t)(size - offset))
        return err_set(e, ERR_INPUT, "\"size\" is the map's bytes, \"offset\" where this piece begins in it.");
    (void)str_copy(p->name, sizeof p->name, q->part[0]);
    path_of(w, q->part[0], true, p->part);
    path_of(w, q->part[0], false, p->path);
    (void)snprintf(p->folder, sizeof p->folder, "%s/maps", w->dir);
    p->size = (uint64_t)size;
    if (offset == 0 && access(p->path, F_OK) == 0)
        return err_set(e, ERR_DENIED, "There is a map of this name: delete it first, or give another name.");
    if (offset == 0 && unlink(p->part) != 0 && errno != ENOENT)
        return err_set(e, ERR_WORLD, "What is here of this map cannot be deleted: %s.", strerror(errno));
    return (offset > 0 || has_room(w, p->size, e)) && open_part(p, (uint64_t)offset, e);
}

static void refuse(struct reply *r, const struct err *e)
{
    static const int statuses[] = {[ERR_NONE] = 500, [ERR_INPUT] = 400, [ERR_DENIED] = 409,
                                   [ERR_MISSING] = 404, [ERR_FULL] = 507, [ERR_WORLD] = 503};

    MUST(e->kind < COUNTOF(statuses));
    reply_problem(r, statuses[e->kind], e->text);
}

static bool begin_map(struct web *w, struct request *q, struct reply *r, struct sink *s)
{
    struct piece *p = calloc(1, sizeof *p);
    struct err e = {0};

    if (!p) {
        reply_problem(r, 503, "There is not enough memory for it. Try again in a moment.");
        return false;
    }
    p->fd = -1;
    if (!take_about(w, q, p, &e)) {
        refuse(r, &e);
        drop_piece(p);
        return false;
    }
    *s = (struct sink){p, take_piece, drop_piece};
    return true;
}

/* ---- the map is whole: in the worker --------------------------------------------- */

/* Opened as it will be, and every directory of it is read. */
static bool is_pmtiles(const char *path, struct err *e)
{
    struct pmtiles_header about;
    struct pmtiles *p;
    bool ok;

    if (!pmtiles_open(path, &p, &about, e))
        return err_in(e, "This map cannot be taken");
    ok = pmtiles_check(p, e) || err_in(e, "This map cannot be taken");
    pmtiles_close(p);
    return ok;
}

/* Opened as it will be, and one tile at least is in it. */
static bool is_mbtiles(const char *path, struct err *e)
{
    struct mbtiles_about about;
    struct mbtiles *m;
    struct str tile;
    bool ok;

    if (!mbtiles_open(path, &m, &about, e))
        return false;
    ok = mbtiles_any(m, e) && mbtiles_tile(m, (unsigned)about.zoom_min, 0, 0, &tile, e);
    mbtiles_close(m);
    return ok;
}

static bool put_in_place(struct piece *p, struct err *e)
{
    int folder = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fsync(p->fd) == 0 && rename(p->part, p->path) == 0 && folder >= 0 && fsync(folder) == 0;

    if (!ok)
        (void)err_set(e, ERR_WORLD, "The map cannot be written: %s.", strerror(errno));
    if (folder >= 0)
        (void)close(folder);
    return ok;
}

static void keep_map(void *ctx)
{
    struct piece *p = ctx;
    bool is_map = str_ends(str_from(p->name), STR(".pmtiles")) ? is_pmtiles(p->part, &p->e)
                                                               : is_mbtiles(p->part, &p->e);

    p->ok = is_map && put_in_place(p, &p->e);
    if (!is_map) {
        (void)unlink(p->part);
        p->e.kind = ERR_INPUT;
    }
}

static void put_done(void *ctx, struct buf *b)
{
    const struct piece *p = ctx;

    buf_fmt(b, "{\"at\":%" PRIu64 ",\"size\":%" PRIu64 ",\"whole\":%s}", p->at, p->size, p->ok ? "true" : "false");
}

static void kept_map(struct web *w, struct exchange *x, void *ctx)
{
    struct piece *p = ctx;

    (void)w;
    if (x && p->ok)
        reply_written(&x->reply, put_done, p);
    else if (x)
        refuse(&x->reply, &p->e);
    drop_piece(p);
}

static void post_map(struct web *w, struct request *q, struct reply *r, struct now now)
{
    struct piece *p = q->sink;

    (void)now;
    if (p->at < p->size)
        reply_written(r, put_done, p);
    else if (web_work(w, q, r, keep_map, kept_map, p))
        return;
    drop_piece(p);
}

/* Also what came of a map that was never sent to its end. */
static void post_map_delete(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char path[PATH], part[PATH];
    struct err e = {0};
    bool any;

    (void)now;
    if (!name_fits(q->part[0], &e)) {
        refuse(r, &e);
        return;
    }
    path_of(w, q->part[0], false, path);
    path_of(w, q->part[0], true, part);
    any = unlink(path) == 0;
    any |= unlink(part) == 0;
    if (any)
        r->status = 204;
    else
        reply_problem(r, 404, "There is no map of this name in the folder maps.");
}
