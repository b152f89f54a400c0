/* blobs.h -- files as bytes under their SHA-256: the same bytes once, whole or not at all.
 *
 *   DIR/blobs/ab/cdef...   the file whose SHA-256 in lower-case hex is abcdef... (0600, never changed)
 *   DIR/blobs/coming/      what is being received; emptied by blobs_open()
 *
 *   blob_begin --> blob_take ... --> blob_end    hash compared, synced, put in place, folder synced
 *                        \---------> blob_drop   nothing of it stays
 *
 * A struct blobs is shared by all threads (one lock inside, held for a check, a rename or an unlink); a
 * struct blob belongs to one thread at a time.  blob_end() and blobs_sweep() wait for the disk: never on
 * a thread that others wait for.
 *
 * What comes in is hashed beside, by a thread of the store's own (started with the first file of a MiB) that reads it
 * back from the page cache in steps: blob_take() never waits for it, no bytes are kept in memory, and blob_end()
 * hashes what is left.  The disk is told early to write, so that the last sync finds little to do.
 *
 * Bounds, and what happens there: a file larger than file_max, all files together larger than quota, or
 * less than spare bytes left on the disk (the record needs them): refused with ERR_FULL, also in the
 * middle of a file whose size was not known.  BLOBS_OPEN files are received at once; more are refused.
 *
 * blob_end() writes over a file of the same name: its bytes have just been hashed, those on the disk may
 * have rotted since. */
#ifndef CORDON_STORE_BLOBS_H
#define CORDON_STORE_BLOBS_H

#include "base/err.h"
#include "base/str.h"
#include "os/sha256.h"

#include <sys/types.h>

enum { BLOBS_OPEN = 256, BLOBS_FOLDERS = 256, BLOB_PATH_MAX = 512 };
/* How long bytes stay that nobody refers to: an upload is announced after it is kept. */
enum { BLOB_LOOSE_MS = 3600 * 1000 };

struct blobs;
struct blob;

struct blobs_options {
    uint64_t file_max, quota, spare; /* bytes */
    /* NULL: write(2), fsync(2).  A test gives a disk that is full or fails. */
    ssize_t (*write)(int fd, const void *bytes, size_t n);
    int (*sync)(int fd);
};

/* Makes the folders, empties coming/, counts what is there. */
bool blobs_open(const char *dir, const struct blobs_options *o, struct blobs **out, struct err *e) MUST_USE;
/* Every blob must have been ended or dropped.  NULL is fine. */
void blobs_close(struct blobs *s);

struct blobs_figures {
    uint64_t bytes, files; /* kept */
    uint64_t coming;       /* bytes promised to files that are being received */
    uint64_t file_max, quota;
};
struct blobs_figures blobs_figures(struct blobs *s) MUST_USE;

/* size: as announced, for which room is kept from now on; 0: not known. */
bool blob_begin(struct blobs *s, uint64_t size, struct blob **out, struct err *e) MUST_USE;
/* False: the blob can only be dropped. */
bool blob_take(struct blob *b, struct str bytes, struct err *e) MUST_USE;
uint64_t blob_size(const struct blob *b) MUST_USE;
/* Where the bytes lie that were taken so far, to be looked at before blob_end(). */
const char *blob_path(const struct blob *b) MUST_USE;

struct blob_kept {
    unsigned char sha256[SHA256_SIZE];
    uint64_t size;
    bool was_here;
};
/* Keeps it durably.  want: its SHA-256 in hex (either case), or empty when nobody said: ERR_INPUT when the
 * bytes have another one.  The blob is gone either way; on false nothing of it stays. */
bool blob_end(struct blob *b, struct str want, struct blob_kept *out, struct err *e) MUST_USE;
void blob_drop(struct blob *b); /* NULL is fine */

/* A descriptor for reading (the caller closes it), -1 when there is no such file.  dir: the data folder. */
int blob_open(const char *dir, const unsigned char sha256[SHA256_SIZE], uint64_t *size) MUST_USE;

/* Does something refer to this file? */
typedef bool blob_used(void *ctx, const unsigned char sha256[SHA256_SIZE]);
enum { BLOB_ASKERS = 8 };
/* One more to be asked, by blobs_in_use() in the thread that sweeps; before other threads run. */
void blobs_ask(struct blobs *s, blob_used *used, void *ctx);
bool blobs_in_use(struct blobs *s, const unsigned char sha256[SHA256_SIZE]) MUST_USE;
/* Removes from one of the BLOBS_FOLDERS folders what nobody refers to and was put there before
 * before_ms; *gone tells how many.  Who decides that something refers to a file must be this thread, or
 * must have ended the blob itself within BLOB_LOOSE_MS. */
bool blobs_sweep(struct blobs *s, unsigned folder, int64_t before_ms, size_t *gone, struct err *e) MUST_USE;

/* Reads every file of a data folder and tells each whose bytes do not have its name, or that has no place
 * there; beside a running server, too. */
struct blobs_check {
    uint64_t files, bytes, bad;
};
typedef void blob_bad(void *ctx, const char *name, const char *finding);
bool blobs_verify(const char *dir, blob_bad *bad, void *ctx, struct blobs_check *out, struct err *e) MUST_USE;

#endif
