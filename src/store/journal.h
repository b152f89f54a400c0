/* journal.h -- the record on disk: append-only, hash-chained, texts sealed.
 *
 * One file DIR/journal.db (SQLite, WAL, synchronous=FULL).  One writer: the
 * record thread owns the struct journal.  Readers (web, `cordon log`) open
 * their own with journal_open_reader().
 *
 * A row is   seq | body | hash          hash = SHA-256(hash of seq-1 || body)
 * body =     version(1) | kind(2) | flags(1) | seq(8) | recorded_ms(8) | observed_ms(8)
 *            | node(4) | sealed_len(4) | nonce(24) | sealed        (integers big endian)
 * sealed =   XChaCha20-Poly1305 (libsodium) of the payload under the row's own
 *            data key, the bytes before the nonce as additional data.
 * Data keys lie in their own table, wrapped under the master key in
 * DIR/journal.key (0600).  Destroying a row's key erases its text and leaves
 * the chain whole.  hash of row 0 is 32 zero bytes.
 *
 * Bounds: a payload is at most JOURNAL_PAYLOAD_MAX; a batch is one transaction.
 * Disk full or a failing disk: journal_commit() returns false with a sentence,
 * nothing of the batch is kept, and the caller may try again. */
#ifndef CORDON_STORE_JOURNAL_H
#define CORDON_STORE_JOURNAL_H

#include "base/err.h"
#include "base/str.h"

enum {
    JOURNAL_HASH = 32,
    JOURNAL_TELL = 1024,
    JOURNAL_PAYLOAD_MAX = 1024 * 1024,
    JOURNAL_SNAPSHOT_MAX = 1 << 24,
    JOURNAL_STATE_MAX = 32 * 1024 * 1024,     /* bytes of one saved state */
    JOURNAL_STATES_NEWEST = 3,                /* of an incident, always kept */
    JOURNAL_STATES_APART = 50000,             /* rows between older ones that are kept */
    JOURNAL_STATES_MAX = 256,                 /* of all incidents: the oldest goes */
    JOURNAL_STATES_BYTES = 256 * 1024 * 1024, /* the same, in bytes */
};

struct journal;

struct journal_head {
    uint64_t seq; /* 0: nothing written yet */
    unsigned char hash[JOURNAL_HASH];
};

/* What opening found and mended, to be logged. */
struct journal_opened {
    bool created;
    bool unclean;   /* the last run was cut off: what it had not committed is gone, nothing else */
    uint64_t rows;
    char note[256]; /* "" or what was found damaged, and where what was dropped lies now */
};

struct journal_row {
    uint64_t seq;
    uint16_t kind;  /* enum event_id; the tag on disk never changes */
    uint8_t flags;
    int64_t recorded_ms, observed_ms; /* wall clock; observed 0: not stated */
    uint32_t node;
    struct str payload; /* opened; empty when erased or damaged */
    bool erased;        /* its key was destroyed on purpose */
    bool damaged;       /* its seal does not open: a changed bit, or its key is lost */
    unsigned char hash[JOURNAL_HASH];
};

/* Opens or makes the journal in folder dir.  The last 64 rows are checked against their
 * hashes.  Damage never keeps it from opening and nothing is destroyed: a bad end goes to the
 * table `torn`, a damaged file is renamed to journal.db.damaged-TIME and what can be read of
 * it carried over (journal_mend.c has the rules).  A note must become an entry of the
 * record.  False: the folder cannot be written, the disk is full, another Cordon has
 * it, or a newer Cordon wrote it. */
bool journal_open(const char *dir, struct journal **out, struct journal_opened *how,
                  struct err *e) MUST_USE;
/* Read-only, beside a running writer; for another thread or process. */
bool journal_open_reader(const char *dir, struct journal **out, struct err *e) MUST_USE;
/* Checkpoints (writer) and closes. */
void journal_close(struct journal *j);

/* Adds a row to the open batch (begins one when there is none) and gives it its
 * seq.  Not durable until journal_commit().  After a failure of the disk the batch is
 * lost and journal_commit() says so; a payload that is too large is refused alone. */
bool journal_add(struct journal *j, uint16_t kind, int64_t recorded_ms, int64_t observed_ms,
                 struct str payload, uint64_t *seq, struct err *e) MUST_USE;
/* Makes the batch durable.  On false the batch is rolled back; head is as before. */
bool journal_commit(struct journal *j, struct err *e) MUST_USE;
/* Drops the open batch. */
void journal_rollback(struct journal *j);
/* Of what is committed; for a reader as its last read saw it. */
struct journal_head journal_head(const struct journal *j);
/* Copies the write-ahead log into the file when it is worth it; the writer calls it
 * when it has nothing else to do.  (Under steady load commit does it.) */
void journal_idle(struct journal *j);

/* When the file turns out to be damaged this returns false and leaves a mark: close and open
 * it again, and it is mended.  see() must not call this journal.
 *
 * Calls each row from `from` on in order until see() returns false.  The row is
 * borrowed for the call. kinds: NULL for all, or a 0-terminated list: rows of
 * other kinds are passed over without being opened. */
typedef bool journal_see(void *ctx, const struct journal_row *row);
bool journal_read(struct journal *j, uint64_t from, const uint16_t *kinds, journal_see *see,
                  void *ctx, struct err *e) MUST_USE;
/* One row by number; false with ERR_MISSING when there is none. */
bool journal_get(struct journal *j, uint64_t seq, journal_see *see, void *ctx, struct err *e) MUST_USE;

/* Snapshots: the numbers of the rows that still matter for the live state, so
 * that a start reads those and the tail.  A cache: dropped when its hash or the
 * head it names does not fit. */
bool journal_put_snapshot(struct journal *j, uint64_t at_seq, const uint64_t *rows, size_t count,
                          struct err *e) MUST_USE;
/* The newest usable snapshot: *rows is malloc'd (free it); *at_seq 0 and no rows when none. */
bool journal_get_snapshot(struct journal *j, uint64_t *at_seq, uint64_t **rows, size_t *count,
                          struct err *e) MUST_USE;

/* Saved states of incidents, as bytes that the caller understands (core/incident_save.h): a start or a
 * jump to a past moment loads one and reads the rows after it.  A cache, and never trusted: sealed under
 * the master key together with the incident's id, at_seq and the hash of that row; one that does not open
 * is dropped.  Kept are the newest JOURNAL_STATES_NEWEST of an incident, and of the older ones so many
 * that no two neighbours are further than JOURNAL_STATES_APART rows apart, provided that one is put that
 * often.  The writer puts, outside of a batch; who reads may get. */
bool journal_put_state(struct journal *j, uint64_t at_seq, struct str incident, struct str bytes,
                       struct err *e) MUST_USE;
/* The newest state at or before a row: *bytes is malloc'd (free it), of *len bytes.  None: *at_seq is 0
 * and *bytes NULL.  One that the caller cannot use: ask again with *at_seq - 1. */
bool journal_get_state(struct journal *j, struct str incident, uint64_t at_or_before, uint64_t *at_seq, char **bytes,
                       size_t *len, struct err *e) MUST_USE;

/* Destroys the data key of a row: its text is gone for good, the chain stays whole.  Saved
 * states of that row and later ones are deleted with it.  What is in memory is not: whoever
 * keeps an incident makes it anew before it is saved again.  Not reached are backups, files
 * that were moved aside as damaged, and what a flash card keeps of overwritten blocks.
 * False with a sentence also when a reader still uses an older page: call it again then. */
bool journal_erase(struct journal *j, uint64_t seq, struct err *e) MUST_USE;

/* Signs the head (Ed25519, key in DIR/journal.sign, 0600; public half as a line of
 * hex in DIR/journal.pub) and stores it as a checkpoint.  Signed are the bytes
 *   "CORDON HEAD 1" | seq(8) | at_ms(8) | hash(32)
 * An empty record has no head: nothing is done then. */
bool journal_sign_head(struct journal *j, int64_t now_ms, struct err *e) MUST_USE;

/* A head of now, signed, to be told to another agency. */
struct journal_seal {
    struct journal_head head;
    int64_t at_ms;
    unsigned char signature[64], public[32];
};
/* Signs the head without storing anything; a reader can.  ERR_MISSING: the record is empty. */
bool journal_seal(struct journal *j, int64_t now_ms, struct journal_seal *out, struct err *e) MUST_USE;
/* Signs as a witness with this folder's own key (store/witness.h). */
struct witness;
bool journal_countersign(const char *dir, struct witness *w, struct err *e) MUST_USE;
/* Records that another agency holds this head: checks it against the record, and its signature when it has
 * one, and appends it to DIR/witness.txt; a reader can.  The writer takes it over. */
bool journal_add_witness(struct journal *j, const struct witness *w, struct err *e) MUST_USE;

/* What other agencies hold of this record. */
struct journal_witnessed {
    uint64_t count, seq;       /* how many there are; the newest one's row, 0: none */
    int64_t at_ms;             /* when that was recorded here */
    uint64_t against;          /* a row that somebody holds with another hash or that is not there; 0: none */
};
/* Takes new lines of witness.txt into the table `witnesses`; see() is shown each that is new.  The writer calls
 * it, outside of a batch, every second: costs a stat() when there is nothing new. */
typedef void journal_see_witness(void *ctx, const struct witness *w);
bool journal_follow_witnesses(struct journal *j, journal_see_witness *see, void *ctx, struct err *e) MUST_USE;
/* As the last follow found it. */
struct journal_witnessed journal_witnessed(const struct journal *j);
int64_t journal_witnessed_ms(const struct journal *j);

struct journal_verify {
    uint64_t rows, erased, checkpoints;
    uint64_t witnesses;      /* lines of witness.txt and rows of the table that hold */
    uint64_t witnessed_seq;  /* the highest row of them, 0: none */
    uint64_t witness_unread; /* lines of witness.txt that are none */
    char witnessed_by[160];
    uint64_t bad_seq;      /* 0: the chain holds */
    char finding[384];     /* "" or what is wrong, naming the row */
    struct journal_head head;
    bool no_pub; /* there is no journal.pub: heads were held against the keys that they bring along */
};
/* Walks the whole chain, every seal that has a key, every signed checkpoint and every witness that
 * is on record; witness: one more, seq and hash that somebody else kept, or NULL.  Returns false
 * only when it could not be read; a broken chain is in v. */
bool journal_verify(struct journal *j, const struct journal_head *witness, struct journal_verify *v,
                    struct err *e) MUST_USE;

/* Shows the number of each row whose key was destroyed, ascending, until see() says false. */
typedef bool journal_see_seq(void *ctx, uint64_t seq);
bool journal_each_erased(struct journal *j, journal_see_seq *see, void *ctx, struct err *e) MUST_USE;

/* Was it written to beside a reader that could not know (a medium that only we cannot write)?  Look again then. */
bool journal_moved(const struct journal *j) MUST_USE;

/* Who is told how far a verify is, every JOURNAL_TELL rows; false from tell() ends it with a sentence. */
typedef bool journal_tell(void *ctx, uint64_t rows);
void journal_watch(struct journal *j, journal_tell *tell, void *ctx);

/* How the last commits went, for /metrics: counts and times in microseconds. */
struct journal_stats {
    uint64_t rows, commits, failures;
    uint64_t commit_us_last, commit_us_max, commit_us_sum;
    uint64_t bytes; /* size of the database file and its WAL */
};
struct journal_stats journal_stats(const struct journal *j);

#endif
