/* journal_inner.h -- what the files of the journal share; for store/journal*.c alone.
 *
 *   journal.c         open, add, commit, read, erase
 *   journal_mend.c    what opening does about a damaged end or a damaged file
 *   journal_verify.c  the proof of the chain, signed heads, snapshots
 *   journal_state.c   saved states of incidents
 *   journal_witness.c who else holds which head */
#ifndef CORDON_STORE_JOURNAL_INNER_H
#define CORDON_STORE_JOURNAL_INNER_H

#include "os/secret.h"
#include "os/sha256.h"
#include "store/db.h"
#include "store/journal.h"

enum {
    BODY_VERSION = 1,
    /* Where the parts of a body begin; the integers are big endian. */
    BODY_KIND = 1,
    BODY_FLAGS = 3,
    BODY_SEQ = 4,
    BODY_RECORDED = 12,
    BODY_OBSERVED = 20,
    BODY_NODE = 28,
    BODY_SEALED_LEN = 32,
    BODY_NONCE = 36, /* what stands before it is sealed along as additional data */
    BODY_SEALED = BODY_NONCE + SECRET_NONCE,
    BODY_MIN = BODY_SEALED + SECRET_TAG,
    BODY_MAX = BODY_MIN + JOURNAL_PAYLOAD_MAX,
    /* A wrapped data key: nonce | sealed key; the seq as 8 bytes is sealed along. */
    WRAPPED = SECRET_NONCE + SECRET_KEY + SECRET_TAG,
    /* Rows read in one read transaction, so that a long walk does not hold back the WAL. */
    JOURNAL_SLICE = 4096,
    /* Rows at the end that opening checks against their hashes. */
    JOURNAL_TAIL = 64,
    JOURNAL_FORMAT = 2,        /* PRAGMA user_version */
    JOURNAL_FORMAT_STATES = 2, /* from here on it has the tables states and witnesses */
    JOURNAL_SIGNED = 13 + 8 + 8 + JOURNAL_HASH, /* "CORDON HEAD 1" | seq | at_ms | hash */
    CHANCE_POOL = 4096, /* random bytes are fetched from the kernel by so many */
};

struct journal {
    struct db *db;
    bool reader;
    bool in_batch, batch_failed;
    bool reading;             /* inside of see(): the buffers are in use */
    bool damaged;             /* a read met damage: closing leaves a mark, and opening mends */
    int lock;                 /* the writer's lock file */
    struct journal_head head; /* of what is committed */
    struct journal_head next; /* of the open batch */
    unsigned char key[SECRET_KEY];
    unsigned char *body; /* BODY_MAX, of the row being added */
    unsigned char *text; /* JOURNAL_PAYLOAD_MAX, of the row being read */
    struct sha256 *hash; /* of the chain, one row at a time */
    struct db_stmt *put_row, *put_key, *rows, *keys, *row, *row_key, *last;
    /* Made at first use. */
    struct db_stmt *checkpoints, *erased, *put_checkpoint, *snapshots, *put_snapshot;
    struct db_stmt *states, *put_state, *thin_states, *bound_states;
    struct db_stmt *put_witness, *witnesses;
    bool witness_looked;
    int64_t witness_at; /* how far witness.txt was taken over, in bytes */
    struct journal_witnessed witnessed;
    int64_t format; /* PRAGMA user_version of the file */
    struct journal_stats stats;
    journal_tell *tell; /* of journal_watch(); NULL: nobody */
    void *tell_ctx;
    size_t chance_left;
    unsigned char chance[CHANCE_POOL];
    char dir[DB_PATH_MAX - 64];
};

/* A row as it lies on disk, borrowed from a statement. */
struct stored {
    uint64_t seq;
    struct str body, hash;
};

/* What is known of a row's data key: it is there, it was destroyed on purpose (the
 * row of keys is there and empty), or it was lost. */
enum key_is { KEY_HERE, KEY_ERASED, KEY_LOST };

struct row_key {
    enum key_is is;
    struct str wrapped;
};

/* A walk over the committed rows from `next` on, two cursors in step; see() is shown each
 * wanted row and its key, both borrowed for the call, and stops the walk with false. */
typedef bool journal_see_stored(void *ctx, const struct stored *row, struct row_key key);
struct walk {
    struct journal *j;
    const uint16_t *kinds; /* NULL: all */
    journal_see_stored *see;
    void *ctx;
    uint64_t next;    /* the row to go on with, at least 1 */
    uint64_t key_seq; /* where the cursor of keys stands; 0: nowhere */
    bool key_end, over;
    bool asks; /* whoever watches is asked between two slices whether to go on */
};
bool journal_walk(struct walk *w, struct err *e) MUST_USE;

uint64_t journal_number(const char *at, size_t bytes);
void journal_number_put(unsigned char *at, uint64_t value, size_t bytes);
/* n random bytes, CHANCE_POOL at most. */
void journal_chance(struct journal *j, unsigned char *to, size_t n);
/* The name of a file in the journal's folder. */
void journal_path(const char *dir, const char *file, char out[DB_PATH_MAX]);

/* Does the body have the form that the header draws, with its own seq in it? */
bool journal_body_is_whole(const struct stored *row);
/* The stored hash of a row; false with ERR_MISSING when there is none. */
bool journal_hash_of(struct journal *j, uint64_t seq, unsigned char out[JOURNAL_HASH],
                     struct err *e);
/* hash = SHA-256(before || body), and is that what is stored? */
bool journal_hash_fits(struct journal *j, const struct stored *row, const unsigned char before[JOURNAL_HASH]);
/* Opens the seal of a whole body into j->text; wrapped is the row's key as stored. */
bool journal_unseal(struct journal *j, const struct stored *row, struct str wrapped,
                    struct str *text);
/* Makes names that were made, renamed or removed in the folder last. */
bool journal_folder_sync(const char *dir);
/* Adds a sentence to what opening tells. */
void journal_note(struct journal_opened *how, const char *format, ...) PRINTF_LIKE(2, 3);
/* Remembers damage that a read met, and says how it gets mended; returns false. */
bool journal_met_damage(struct journal *j, struct err *e);

/* journal_verify.c */
/* Notes the first thing that is wrong. */
void journal_find(struct journal_verify *v, uint64_t seq, const char *format, ...) PRINTF_LIKE(3, 4);
/* What is signed of a head. */
void journal_signed_text(const struct journal_head *head, int64_t at_ms, unsigned char out[JOURNAL_SIGNED]);
/* The key that signs heads, made at first use; its second half is the public key. */
bool journal_sign_key(const char *dir, unsigned char key[SECRET_SIGN_KEY], struct err *e) MUST_USE;
/* journal_witness.c: holds what is there against every witness of the file and of the table. */
bool journal_prove_witnesses(struct journal *j, struct journal_verify *v, struct err *e) MUST_USE;

/* journal_mend.c */
bool journal_make_tables(struct db *db, struct err *e) MUST_USE;
/* Before the file is opened: finishes a mending that was cut off, and mends when a
 * read has left its mark. */
bool journal_mend_before(const char *dir, struct journal_opened *how, struct err *e) MUST_USE;
/* Moves the file aside and carries what can be read into a new one. */
bool journal_mend_file(const char *dir, struct journal_opened *how, struct err *e) MUST_USE;
/* Checks the last rows, moves a bad end to the table `torn`, and sets j->head. */
bool journal_mend_tail(struct journal *j, struct journal_opened *how, struct err *e) MUST_USE;
void journal_mark_damage(const char *dir);

#endif
