/* backup.h -- a copy of a data folder, also beside a running server: the record, and apart from it the keys.
 *
 *   OUT/record/     cordon.db, journal.db, sealed.db, tracks.db: each as of one moment; blobs/, profiles/, public files
 *   OUT/keys/       what opens and signs the record, and ca/: whoever has both folders can read everything
 *   OUT/BACKUP.txt  written last: when, the head of the record, the files.  Without it the backup is not whole
 *
 * To restore: the contents of both into one empty folder.  Projections (files.db, missions.db, videos.db) follow from
 * the journal and are not copied, maps are not of the record.  The accounts are copied before the journal and the
 * files after it, so that what the journal names is there.
 *
 * Reads and writes gigabytes: on a thread that nobody waits for.  Bounds: refused when OUT is not empty, or when the
 * disk would be left with less than BACKUP_SPARE.  After a failure what was written stays, to be deleted. */
#ifndef CORDON_STORE_BACKUP_H
#define CORDON_STORE_BACKUP_H

#include "store/journal.h"

#define BACKUP_SPARE (UINT64_C(1) << 30)

/* Called now and then with bytes done and in all; false breaks it off. */
typedef bool backup_tell(void *ctx, uint64_t done, uint64_t of);

struct backup {
    const char *dir, *out; /* out is made; its parent is there */
    int64_t now_ms;
    backup_tell *tell; /* NULL: nobody */
    void *ctx;
};
struct backup_done {
    struct journal_head head; /* of the copy */
    uint64_t bytes, files;
};

bool backup_write(const struct backup *b, struct backup_done *out, struct err *e) MUST_USE;

#endif
