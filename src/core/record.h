/* record.h -- what of the journal is still alive: pure state, changed by applying events.
 *
 * Five things live on after their row was written: open emergencies, map
 * objects, who holds a uid, rules between agencies, and messages that a phone which
 * was away must still get.  The state is the numbers of those rows, so a snapshot is a list of
 * numbers and a start reads them and the tail.  record_apply() cannot fail
 * for lack of memory: when a table is full the oldest entry of the kind that can
 * be missed least gives way, and `dropped` counts it.
 *
 * Owner: the record thread.  Bounds: RECORD_ENTRIES, RECORD_WAITING.  Pure. */
#ifndef CORDON_CORE_RECORD_H
#define CORDON_CORE_RECORD_H

#include "base/hash.h"
#include "core/fields.h"

enum event_id {
    EV_NONE = 0,
#define EVENT(id, number, tag, fn, waits) EV_##id = number,
#include "core/event.def"
#undef EVENT
    EV_END = 128
};

enum {
    RECORD_ENTRIES = 1 << 16, /* live emergencies, objects and holders */
    RECORD_WAITING = 1 << 14, /* messages of the last day that a phone may have missed */
};
/* How long a message waits for a phone that is away, and an idle uid for its holder. */
#define RECORD_WAIT_MS ((int64_t)24 * 3600 * 1000)

/* The tag for people ("chat.said"), or "unknown". */
const char *event_tag(unsigned kind) MUST_USE;
/* The kind of a tag, EV_NONE when there is none. */
enum event_id event_by_tag(struct str tag) MUST_USE;
/* Does a phone that was away get events of this kind on its return? */
bool event_waits(unsigned kind) MUST_USE;

enum record_is { RECORD_FREE, RECORD_EMERGENCY, RECORD_OBJECT, RECORD_HOLDER, RECORD_RULE };

struct record_entry {
    uint64_t key; /* keyed hash of uid and kind of entry */
    uint64_t seq;
    int64_t until_ms; /* object: goes stale then; else INT64_MAX */
    uint8_t is;
};

struct record_waiting {
    uint64_t seq;
    uint16_t to_count; /* 0: everybody of its groups */
    int64_t at_ms;
    uint64_t from_key; /* keyed hash of the sender's uid: not sent back to it */
    uint64_t to_bloom; /* a bit for each addressee: who has none of them is none of them */
};

struct record {
    struct hash_key key;
    struct record_entry *entries; /* open addressing; half of the places are free at least */
    uint32_t places, count;
    struct record_entry *next; /* where the next, larger table begins */
    struct record_waiting *waiting; /* ring, oldest first */
    uint64_t waiting_first, waiting_next;
    uint64_t seq;     /* last applied */
    uint64_t dropped; /* gave way for lack of room */
};

size_t record_memory(void) MUST_USE;
/* memory zeroed, aligned to 64. */
void record_init(struct record *r, void *memory, struct hash_key key);
/* Applies one journal row (in order of seq). */
void record_apply(struct record *r, uint64_t seq, unsigned kind, int64_t at_ms, struct str payload);
/* Can this row be for a device of that uid and callsign?  (Bits only: yes may be
 * wrong, no is not.)  Rows for everybody: always true. */
bool record_may_want(const struct record *r, const struct record_waiting *w, struct str uid,
                     struct str callsign) MUST_USE;
/* Does a row of this kind change the live state at all? (start-up skips the others) */
bool event_matters(unsigned kind) MUST_USE;
/* The row numbers that are still needed, ascending; count is what is written, at
 * most max. */
size_t record_live_rows(const struct record *r, int64_t now_ms, uint64_t *out, size_t max) MUST_USE;
/* Most that record_live_rows() can give. */
#define RECORD_ROWS_MAX (RECORD_ENTRIES + RECORD_WAITING)
/* Is this row still the living one of its uid? (start-up, when rows are read back) */
bool record_is_live(const struct record *r, uint64_t seq, unsigned kind, struct str payload) MUST_USE;
/* A number that is equal for equal states: order does not matter. */
uint64_t record_hash(const struct record *r, int64_t now_ms) MUST_USE;

#endif
