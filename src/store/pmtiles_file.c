#include "store/pmtiles_file.h"

#include "os/gunzip.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct directory {
    char *bytes; /* malloc'd; NULL: not read yet */
    size_t len;
    uint64_t at; /* where it begins in the file */
};

struct pmtiles {
    int fd;
    struct pmtiles_header about;
    struct directory root, leaf;
    char *piece; /* of the file, as it was read last */
    size_t room;
};

static bool read_piece(struct pmtiles *p, uint64_t at, uint64_t len, struct err *e)
{
    size_t have = 0;

    if (len > p->room) {
        char *more = realloc(p->piece, len);

        if (!more)
            return err_set(e, ERR_WORLD, "there is not enough memory");
        p->piece = more;
        p->room = len;
    }
    if (at > INT64_MAX - len)
        return err_set(e, ERR_INPUT, "it points behind its own end");
    while (have < len) {
        ssize_t n = pread(p->fd, p->piece + have, len - have, (off_t)(at + have));

        if (n <= 0)
            return err_set(e, ERR_INPUT, "it is cut short");
        have += (size_t)n;
    }
    return true;
}

/* The unpacked bytes of a part, malloc'd. */
static bool unpack(struct pmtiles *p, struct pmtiles_part part, struct directory *to, struct err *e)
{
    char *bytes, *fit;

    *to = (struct directory){.at = part.at};
    if (part.len > PMTILES_PACKED_MAX)
        return err_set(e, ERR_INPUT, "one of its directories is too large");
    if (!read_piece(p, part.at, part.len, e))
        return false;
    if (p->about.packing == PMTILES_PLAIN) {
        bytes = malloc(part.len + 1);
        if (!bytes)
            return err_set(e, ERR_WORLD, "there is not enough memory");
        if (part.len)
            memcpy(bytes, p->piece, part.len);
        to->bytes = bytes;
        to->len = part.len;
        return true;
    }
    bytes = malloc(PMTILES_UNPACKED_MAX);
    if (!bytes)
        return err_set(e, ERR_WORLD, "there is not enough memory");
    if (!gunzip(str_of(p->piece, part.len), bytes, PMTILES_UNPACKED_MAX, &to->len, e)) {
        free(bytes);
        return false;
    }
    fit = realloc(bytes, to->len + 1);
    if (fit)
        bytes = fit;
    to->bytes = bytes;
    return true;
}

bool pmtiles_open(const char *path, struct pmtiles **out, struct pmtiles_header *about, struct err *e)
{
    struct pmtiles *p = calloc(1, sizeof *p);

    *out = NULL;
    if (!p)
        return err_set(e, ERR_WORLD, "there is not enough memory");
    p->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (p->fd < 0) {
        (void)err_set(e, ERR_WORLD, "it cannot be opened");
    } else if (read_piece(p, 0, PMTILES_HEADER, e) && pmtiles_header(str_of(p->piece, PMTILES_HEADER), &p->about, e) &&
               unpack(p, p->about.root, &p->root, e)) {
        *about = p->about;
        *out = p;
        return true;
    }
    pmtiles_close(p);
    return false;
}

void pmtiles_close(struct pmtiles *p)
{
    if (!p)
        return;
    if (p->fd >= 0)
        (void)close(p->fd);
    free(p->root.bytes);
    free(p->leaf.bytes);
    free(p->piece);
    free(p);
}

struct str pmtiles_metadata(struct pmtiles *p)
{
    struct err e;

    free(p->leaf.bytes);
    if (!unpack(p, p->about.metadata, &p->leaf, &e))
        return (struct str){0};
    return str_of(p->leaf.bytes, p->leaf.len);
}

/* ---- before it is taken ------------------------------------------------- */

struct checking {
    struct pmtiles *p;
    uint64_t size, looked, tiles;
};

static bool lies_within(const struct checking *c, struct pmtiles_part part)
{
    return part.at <= c->size && part.len <= c->size - part.at;
}

static bool check_directory(struct checking *c, struct str bytes, int depth, struct err *e);

static bool check_below(struct checking *c, const struct pmtiles_entry *entry, int depth, struct err *e)
{
    struct pmtiles_part part = {c->p->about.leaves.at + entry->offset, entry->len};
    struct directory below;
    bool ok;

    if (depth == PMTILES_DEPTH)
        return err_set(e, ERR_INPUT, "its directories lie too deep");
    if (!lies_within(c, part))
        return err_set(e, ERR_INPUT, "one of its directories lies behind its end: it is cut short or damaged");
    if (!unpack(c->p, part, &below, e))
        return false;
    ok = check_directory(c, str_of(below.bytes, below.len), depth + 1, e);
    free(below.bytes);
    return ok;
}

static bool check_directory(struct checking *c, struct str bytes, int depth, struct err *e)
{
    enum pmtiles_found found;
    struct pmtiles_walk w;

    if (!pmtiles_begin(bytes, &w))
        return err_set(e, ERR_INPUT, "one of its directories cannot be read");
    while ((found = pmtiles_next(&w)) == PMTILES_FOUND) {
        if (++c->looked > PMTILES_CHECKED_MAX)
            return err_set(e, ERR_INPUT, "its directories have more entries than are taken");
        if (w.at.is_directory && !check_below(c, &w.at, depth, e))
            return false;
        if (w.at.is_directory)
            continue;
        if (!lies_within(c, (struct pmtiles_part){c->p->about.tiles.at + w.at.offset, w.at.len}))
            return err_set(e, ERR_INPUT, "one of its tiles lies behind its end: it is cut short or damaged");
        if (w.at.len > PMTILES_TILE_MAX)
            return err_set(e, ERR_INPUT, "one of its tiles is too large");
        c->tiles++;
    }
    return found == PMTILES_NONE || err_set(e, ERR_INPUT, "one of its directories cannot be read");
}

bool pmtiles_check(struct pmtiles *p, struct err *e)
{
    struct checking c = {.p = p};
    struct stat is;

    if (fstat(p->fd, &is) != 0)
        return err_set(e, ERR_WORLD, "it cannot be read");
    c.size = (uint64_t)is.st_size;
    /* No part of a file that long begins where a sum could run over. */
    if (p->about.leaves.at > c.size || p->about.tiles.at > c.size)
        return err_set(e, ERR_INPUT, "it points behind its own end: it is cut short or damaged");
    return check_directory(&c, str_of(p->root.bytes, p->root.len), 1, e) &&
           (c.tiles > 0 || err_set(e, ERR_INPUT, "there is no tile in it"));
}

/* ---- tiles --------------------------------------------------------------- */

/* The directory below that an entry points to: the one that is there already, most times. */
static bool follow(struct pmtiles *p, const struct pmtiles_entry *entry, struct err *e)
{
    struct pmtiles_part part = {p->about.leaves.at + entry->offset, entry->len};

    if (p->leaf.bytes && p->leaf.at == part.at)
        return true;
    free(p->leaf.bytes);
    p->leaf = (struct directory){0};
    return unpack(p, part, &p->leaf, e);
}

bool pmtiles_tile(struct pmtiles *p, unsigned z, unsigned x, unsigned y, struct str *out, struct err *e)
{
    const struct directory *in = &p->root;
    struct pmtiles_entry entry;
    uint64_t number;

    *out = (struct str){0};
    if (z > PMTILES_ZOOM_MAX || x >= 1u << z || y >= 1u << z)
        return true;
    number = pmtiles_number(z, x, y);
    for (int depth = 0; depth < PMTILES_DEPTH; depth++) {
        enum pmtiles_found found = pmtiles_find(str_of(in->bytes, in->len), number, &entry);

        if (found == PMTILES_NONE)
            return true;
        if (found == PMTILES_BROKEN)
            return err_set(e, ERR_INPUT, "one of its directories cannot be read");
        if (!entry.is_directory) {
            if (entry.len > PMTILES_TILE_MAX)
                return err_set(e, ERR_INPUT, "one of its tiles is too large");
            if (!read_piece(p, p->about.tiles.at + entry.offset, entry.len, e))
                return false;
            *out = str_of(p->piece, entry.len);
            return true;
        }
        if (!follow(p, &entry, e))
            return false;
        in = &p->leaf;
    }
    return err_set(e, ERR_INPUT, "its directories lie too deep");
}
