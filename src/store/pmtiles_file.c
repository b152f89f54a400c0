#include "store/pmtiles_file.h"

#include "os/gunzip.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
