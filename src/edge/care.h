/* care.h -- what an administrator has done to the record that takes minutes: checking it, writing a backup.
 *
 * One job at a time, on a thread of its own that is started with it and ended by the next one or by care_free(); more
 * are refused.  The web thread asks and looks; the job tells how far it is through one lock that is held for a copy.
 * care_free() breaks a job off; a backup that was broken off has no BACKUP.txt and is deleted. */
#ifndef CORDON_EDGE_CARE_H
#define CORDON_EDGE_CARE_H

#include "base/buf.h"
#include "store/backup.h"

enum { CARE_NAME = 64, CARE_TEXT = 512, CARE_BACKUPS = 32, CARE_SAMPLES = 60, CARE_SAMPLE_MS = 60000 };

enum care_job { CARE_NOTHING, CARE_VERIFY, CARE_BACKUP };
enum care_state { CARE_RUNS, CARE_DONE, CARE_FAILED };

struct care;

/* dir: the data folder. Backups lie in DIR/backups/NAME. */
struct care *care_new(const char *dir);
void care_free(struct care *c); /* NULL is fine */

bool care_begin(struct care *c, enum care_job job, int64_t now_ms, struct err *e) MUST_USE;
/* The last job as a JSON object, or null when there was none. */
void care_put(struct care *c, struct buf *b);
/* The backups in DIR/backups as a JSON list, CARE_BACKUPS at most. */
void care_put_backups(const struct care *c, struct buf *b);
/* Deletes one; ERR_MISSING when there is none of that name, ERR_DENIED while it is being written. */
bool care_drop(struct care *c, struct str name, struct err *e) MUST_USE;
/* The path of a file in the record of a backup; false: there is none.  Never one of its keys. */
bool care_path(const struct care *c, struct str name, struct str file, char out[1024]) MUST_USE;

/* How full the disk of the data folder is.  rate: bytes an hour that it fills with, over the last hour at most;
 * INT64_MIN before there are two samples.  care_look() takes one once a minute; the web thread's. */
struct care_disk {
    uint64_t free, total;
    int64_t rate;
};
void care_look(struct care *c, int64_t mono_ms);
struct care_disk care_disk(const struct care *c) MUST_USE;
/* Bytes of a file, or of all that lies in a folder. */
uint64_t care_bytes(const char *path) MUST_USE;

#endif
