/* zip.h -- zip archives, read with suspicion and written plainly: all of libzip that Cordon uses.
 *
 * A reader never unpacks to a path: it tells what is inside and reads one entry into the caller's
 * memory.  What a peer could hurt a reader or a later unpacker with is refused when the archive is
 * opened (APPNOTE.TXT is the format): more than ZIP_ENTRIES_MAX entries, names that are absolute,
 * climb ("..", backslash, a drive's letter), hold control characters or NUL, are not UTF-8, are
 * longer than ZIP_NAME_MAX or stand there twice, links and devices, encrypted entries, packing
 * other than stored and deflated, Zip64, a table of contents over ZIP_TABLE_MAX, and more
 * bytes than the caller allows or than ZIP_RATIO_MAX times the file.  Opening costs memory for the
 * table alone, a few MB at most.
 *
 * A writer makes a file in whole (the name appears when it is closed) or bytes in memory; the same
 * entries give the same bytes, as no time is in them.
 *
 * One thread at a time for each reader or writer.  Allocates and reads the disk: never on a loop
 * thread. */
#ifndef CORDON_OS_ZIP_H
#define CORDON_OS_ZIP_H

#include "base/err.h"
#include "base/str.h"

enum {
    ZIP_ENTRIES_MAX = 4096,
    ZIP_NAME_MAX = 512,       /* bytes of a name */
    ZIP_TABLE_MAX = 1 << 20,  /* bytes of the table of contents (central directory) */
    ZIP_RATIO_MAX = 200,      /* unpacked bytes for a byte of the file */
};

struct zip_reader;

struct zip_entry {
    struct str name;       /* borrowed from the reader; a folder's ends with '/' */
    uint64_t size, packed; /* bytes, as the archive says: zip_read() holds it to that */
    bool is_dir;
};

/* Opens an archive whose entries have at most bytes_max bytes in all, unpacked.  *out is the
 * caller's until zip_read_close().  ERR_INPUT: it is no archive or holds what is refused;
 * ERR_WORLD: the file cannot be read. */
bool zip_read_open(const char *path, uint64_t bytes_max, struct zip_reader **out, struct err *e) MUST_USE;
void zip_read_close(struct zip_reader *z);
size_t zip_count(const struct zip_reader *z) MUST_USE;
/* MUST(i < zip_count(z)). */
struct zip_entry zip_entry(const struct zip_reader *z, size_t i) MUST_USE;
/* The entry of that name; false when there is none. */
bool zip_find(const struct zip_reader *z, struct str name, size_t *i) MUST_USE;
/* Unpacks entry i into `to`, which has room for max bytes; *n tells how many they are.  ERR_FULL:
 * it is larger; ERR_INPUT: the bytes are not what the archive says (length, checksum). */
bool zip_read(struct zip_reader *z, size_t i, void *to, size_t max, size_t *n, struct err *e) MUST_USE;

struct zip_writer;

/* Begins an archive in the place of path, or in memory when path is NULL. */
bool zip_write_open(const char *path, struct zip_writer **out, struct err *e) MUST_USE;
/* Adds an entry.  The bytes are borrowed until the writer is closed, taken or dropped.  A name that a
 * reader would refuse, or that is there already, is refused. */
bool zip_write_add(struct zip_writer *z, struct str name, struct str bytes, struct err *e) MUST_USE;
/* Writes the file; the writer is gone in any case, and on false the path is as it was. */
bool zip_write_close(struct zip_writer *z, struct err *e) MUST_USE;
/* Writes the archive in memory: *bytes is malloc'd and the caller's; the writer is gone in any case. */
bool zip_write_take(struct zip_writer *z, char **bytes, size_t *len, struct err *e) MUST_USE;
/* Gives up what was begun; nothing is written. */
void zip_write_drop(struct zip_writer *z);

#endif
