/* files.h -- what is known about files: names, who sent them, who may load them, when they end.
 *
 * DIR/files.db (SQLite, WAL, FULL): a projection of the journal's rows file.stored, file.changed,
 * file.deleted, profile.changed and file.offered.  Each row is applied with its number, in order; what is
 * missing or behind is made again from the journal, so the file may be deleted while no server runs.
 * The bytes lie in store/blobs.h; several entries may be of the same bytes.
 *
 * The record thread has a struct files that writes; every other thread opens its own, which reads.
 * Deleting is a mark: the entry is not found any more, and its bytes go when nobody refers to them.
 *
 * Lists (keywords, groups, pictures) are texts of lines, each ended by LF.
 *
 * Bounds: FILES_MAX living entries (more are refused by who asks before, see files_count); of one entry
 * FILES_KEYWORDS keywords and FILES_LIST bytes a list: what is beyond is cut off. */
#ifndef CORDON_STORE_FILES_H
#define CORDON_STORE_FILES_H

#include "base/err.h"
#include "base/str.h"
#include "os/sha256.h"

enum {
    FILES_MAX = 65536,
    FILES_KEYWORDS = 32,
    FILES_LIST = 8192,
    FILE_UID_MAX = 128,
    FILE_NAME_MAX = 256,
    FILE_MIME_MAX = 128,
    FILE_TOOL_MAX = 64,
    FILE_KEYWORD_MAX = 128,
    PROFILE_FILES_MAX = 256, /* of all profiles */
};

struct files;

/* All texts are borrowed. */
struct file {
    int64_t id;  /* PrimaryKey of the Marti API */
    uint64_t seq; /* the journal's row */
    struct str uid, name, mime, tool, creator_uid, callsign;
    struct str submitter; /* a user, or an operator */
    bool by_operator;
    struct str keywords, groups, images;
    unsigned char sha256[SHA256_SIZE];
    uint64_t size;
    int64_t submitted_ms, expires_ms; /* expires 0: never */
    bool has_place;
    double lat, lon;
    bool deleted;
};

/* Makes the file when the writer finds none.  A reader needs that to have happened. */
bool files_open(const char *dir, bool reader, struct files **out, struct err *e) MUST_USE;
void files_close(struct files *f); /* NULL is fine */
/* Was the last failure damage of the file?  Then: close it, files_forget(), open it and apply all again. */
bool files_damaged(const struct files *f) MUST_USE;
/* Moves the closed file aside. */
bool files_forget(const char *dir, struct err *e) MUST_USE;

/* Removes it, when no server runs: the next start makes it again from what the journal still tells. */
bool files_wipe(const char *dir, struct err *e) MUST_USE;

/* The kinds of rows that matter here, 0-terminated. */
const uint16_t *files_kinds(void) MUST_USE;
bool files_takes(unsigned kind) MUST_USE;
/* The last row that was applied and is durable. */
uint64_t files_applied(const struct files *f) MUST_USE;
/* A row of the journal, in order; of another kind, unreadable or applied before: nothing changes.  Not
 * durable before files_settle(), which also says up to where the journal has been looked through.  After a
 * failure everything since the last settle is undone. */
struct files_row {
    uint64_t seq;
    unsigned kind; /* enum event_id */
    int64_t at_ms;
    struct str payload;
};
bool files_apply(struct files *f, const struct files_row *row, struct err *e) MUST_USE;
bool files_settle(struct files *f, uint64_t up_to, struct err *e) MUST_USE;

/* false: enough.  It must not ask this struct files for the same kind of list again. */
typedef bool files_see(void *ctx, const struct file *x);
/* Entries of these bytes, newest first, deleted ones too. */
bool files_by_hash(struct files *f, const unsigned char sha256[SHA256_SIZE], files_see *see, void *ctx,
                   struct err *e) MUST_USE;
/* The entry of that uid, deleted or not. */
bool files_by_uid(struct files *f, struct str uid, files_see *see, void *ctx, struct err *e) MUST_USE;
bool files_by_id(struct files *f, int64_t id, files_see *see, void *ctx, struct err *e) MUST_USE;

/* Living entries, newest first, that fit all that is said. */
struct files_search {
    struct str keywords; /* divided by commas; each must be there (in any case) */
    struct str tool, submitter, name; /* name: a part of it, in any case */
    struct str mime;
    int64_t from_ms, to_ms; /* submitted within; 0: not said */
    bool has_box;
    double west, south, east, north;
};
bool files_search(struct files *f, const struct files_search *s, int64_t now_ms, files_see *see, void *ctx,
                  struct err *e) MUST_USE;
bool files_count(struct files *f, int64_t now_ms, size_t *count, struct err *e) MUST_USE;

/* Was it sent (file.offered) to one of these?  see: each addressee, a uid, "callsign/NAME", or "" with the
 * groups who heard the offer. */
typedef bool files_see_sent(void *ctx, struct str to, struct str groups);
bool files_sent(struct files *f, const unsigned char sha256[SHA256_SIZE], files_see_sent *see, void *ctx,
                struct err *e) MUST_USE;

/* Does a living entry or a profile refer to these bytes? */
bool files_refer(struct files *f, const unsigned char sha256[SHA256_SIZE], int64_t now_ms, bool *refer,
                 struct err *e) MUST_USE;

/* A file that is given to phones: on enrolment, on connection, or to the tool of that name. */
struct profile {
    struct str uid, name, tool, groups; /* groups: "" for everybody */
    unsigned char sha256[SHA256_SIZE];
    uint64_t size, seq;
    bool on_enrolment, on_connection, enabled;
    int64_t changed_ms;
    struct str by; /* operator */
};
typedef bool files_see_profile(void *ctx, const struct profile *p);
bool files_profiles(struct files *f, files_see_profile *see, void *ctx, struct err *e) MUST_USE;

/* Is word a line of list (ASCII letters in any case)? */
bool files_list_has(struct str list, struct str word) MUST_USE;
/* The next line; false at the end. */
bool files_list_next(struct str *rest, struct str *line) MUST_USE;

#endif
