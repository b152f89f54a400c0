/* ring.h -- a shared, bounded, append-only log of messages that many cursors read.
 *
 * design.md section 2.  A message lies once per wire form (XML, v1) in that form's
 * byte region, with one index entry: a hot half that the flush scans (16 bytes)
 * and a cold half that says where the bytes lie.  A form nobody listens to is
 * left empty; a reader that needs it all the same converts from the other one.
 *
 * One writer at a time (the river's lock); readers need no lock: `head` is
 * published after the entry stands, and a reader below `safe` must not touch
 * the ring any more (RING_LAPPED): safe runs half a ring ahead of what is
 * overwritten, so that bytes never change under a reader that checked it.
 * A message never wraps: it starts again at the region's begin.  A lap that took
 * less than RING_LAP_MS makes the part of the region that is used twice as long, and
 * the same of the entries, so that few phones cost little memory and many still have seconds to read.
 * A pace says nothing about the one that begins when thousands start to move at once: there is
 * room for RING_LAP_MS of all that ring_expect() was told of before the first of them speaks.
 *
 * A reader who cares for his neighbourhood only need not look at every entry:
 *
 *   chain[row % 64][column % 64] --> newest --back--> older --back--> older ...
 *   chain[RING_CHAIN_ALL]        --> (RING_FAR, or without a place) --back--> ...
 *
 * Each entry stands in one chain.  ring_pick_near() follows the nine around a cell
 * and the one for all back to a cursor and marks what it meets in a bit map, so that
 * it is read in the order of the ring.  Far cells may share a chain: what is picked is
 * looked at like any other entry, it is only less.
 * The memory is the caller's; nothing is allocated. Pure. */
#ifndef CORDON_CORE_RING_H
#define CORDON_CORE_RING_H

#include "base/limits.h"
#include "base/str.h"

#include <stdatomic.h>

enum wire_form { FORM_XML, FORM_PROTO, FORM_COUNT };

enum {
    RING_CONFLATE = 1,  /* the newest of its unit is enough for who lags */
    RING_URGENT = 2,    /* goes out at once */
    RING_FAR = 4,       /* also for those outside of the neighbourhood */
    RING_ADDRESSED = 8, /* only for the units in its list */
    RING_HELD_XML = 16, /* too long for a phone in this form: held back */
    RING_HELD_PROTO = 32,
    RING_LESS = 64, /* not for those who hear the set that stands in `cell`, too */
    RING_LAP_MS = 4000,           /* several times the longest turn of the wheel that flushes */
    RING_LAP_FIRST = 1 << 21,     /* bytes of the first lap */
    RING_ENTRIES_FIRST = 1 << 14, /* entries of the first lap, at most */
    RING_USUAL_BYTES = 320,       /* of a position of a phone in v1, with its usual details */
    RING_NO_UNIT = UINT32_MAX,
    RING_NO_SENDER = UINT32_MAX,
    RING_SIDE = 64, /* chains of cells: so many rows and columns, then they begin again */
    RING_CHAIN_ALL = RING_SIDE * RING_SIDE,
    RING_CHAINS = RING_CHAIN_ALL + 1,
    RING_PICK_MIN = 128, /* fewer entries are looked at one by one */
    RING_PICK_MAX = LIMIT_LIVE_ENTRIES / 2, /* as many as are ever safe */
};

struct ring_hot {
    uint32_t unit, sender, cell;
    uint16_t in_set, flags;
};

struct ring_cold {
    uint32_t off[FORM_COUNT];  /* where the bytes lie in their region */
    uint32_t when[FORM_COUNT]; /* low bits of how many bytes were written before */
    uint32_t len[FORM_COUNT];
    uint32_t to_off, to_when; /* in the list of addressees, with RING_ADDRESSED */
    uint32_t to_count;
    uint32_t back;        /* how far behind it the one before it in its chain stands; 0: none */
    int64_t at_ms;        /* monotonic, when it was put in */
    uint64_t journal_seq; /* 0: not in the journal */
};

struct ring {
    uint64_t entries;         /* room for so many, a power of two */
    _Atomic uint64_t in_use;  /* of them: entry n stands at n % in_use */
    uint64_t lap_seq;         /* with which one, and when, they began anew */
    int64_t lap_ms;
    uint32_t senders;         /* who may all speak once a second */
    struct ring_hot *hot;
    struct ring_cold *cold;
    char *bytes[FORM_COUNT];
    uint64_t size[FORM_COUNT]; /* of each region */
    uint32_t *to;
    uint64_t to_size;
    _Atomic uint64_t *chain; /* number of the newest entry of each, plus 1 */
    struct ring_region {
        uint64_t written; /* bytes so far, with what was left free at the ends */
        uint64_t at, lap; /* next place; how much of the region is in use */
        int64_t lap_ms;   /* when this lap began */
    } region[FORM_COUNT];
    uint64_t to_next; /* ever growing */
    _Atomic uint64_t head, safe;
};

struct ring_put {
    uint32_t unit, sender, cell;
    uint16_t in_set, flags;
    struct str form[FORM_COUNT];
    const uint32_t *to;
    uint32_t to_count;
    int64_t now_ms;
    uint64_t journal_seq;
};

/* How many bytes of memory ring_init() needs for these sizes. */
size_t ring_memory(uint64_t entries, const uint64_t size[FORM_COUNT], uint64_t to_size) MUST_USE;
/* memory must be zeroed and aligned to 64. */
void ring_init(struct ring *r, void *memory, uint64_t entries, const uint64_t size[FORM_COUNT],
               uint64_t to_size);
/* So many may each say something once a second from now on. */
void ring_expect(struct ring *r, uint32_t senders);
/* Puts a message in and gives its number. */
uint64_t ring_append(struct ring *r, const struct ring_put *p);

static inline uint64_t ring_head(const struct ring *r)
{
    return atomic_load_explicit(&r->head, memory_order_acquire);
}

static inline bool ring_lapped(const struct ring *r, uint64_t cursor)
{
    return cursor < atomic_load_explicit(&r->safe, memory_order_acquire);
}

static inline uint64_t ring_in_use(const struct ring *r)
{
    return atomic_load_explicit(&r->in_use, memory_order_acquire);
}

/* Where an entry stands; of one that is to be read, after a look at ring_head(). */
static inline uint64_t ring_slot(const struct ring *r, uint64_t seq)
{
    return seq & (ring_in_use(r) - 1);
}

static inline const struct ring_hot *ring_hot(const struct ring *r, uint64_t seq)
{
    return &r->hot[ring_slot(r, seq)];
}

static inline const struct ring_cold *ring_cold(const struct ring *r, uint64_t seq)
{
    return &r->cold[ring_slot(r, seq)];
}

/* Which entries of [first, head) a reader has to look at. */
struct ring_pick {
    uint64_t first, head;
    bool all;
    uint64_t word[RING_PICK_MAX / 64]; /* a bit for each from first on, unless all */
};
/* All of them. */
void ring_pick_all(struct ring_pick *p, uint64_t first, uint64_t head);
/* Those for all, and at least those of the cells around this one (river_cell(), not 0).  When the ring
 * went over some of them meanwhile there may be less: see ring_lapped() afterwards, as always. */
void ring_pick_near(struct ring_pick *p, const struct ring *r, uint32_t cell, uint64_t first, uint64_t head);
uint64_t ring_pick_seek(const struct ring_pick *p, uint64_t at) MUST_USE;

/* The first that was picked from `at` on; head when there is none. */
static inline uint64_t ring_pick_next(const struct ring_pick *p, uint64_t at)
{
    return p->all || at >= p->head ? at : ring_pick_seek(p, at);
}

static inline struct str ring_bytes(const struct ring *r, const struct ring_cold *c, enum wire_form f)
{
    return str_of(r->bytes[f] + c->off[f], c->len[f]);
}

#endif
