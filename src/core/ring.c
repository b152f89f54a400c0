#include "core/ring.h"

static size_t round64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t ring_memory(uint64_t entries, const uint64_t size[FORM_COUNT], uint64_t to_size)
{
    return round64(entries * sizeof(struct ring_hot)) + round64(entries * sizeof(struct ring_cold)) +
           round64(RING_CHAINS * sizeof(uint64_t)) + round64(size[FORM_XML]) +
           round64(size[FORM_PROTO]) + round64(to_size * sizeof(uint32_t));
}

void ring_init(struct ring *r, void *memory, uint64_t entries, const uint64_t size[FORM_COUNT],
               uint64_t to_size)
{
    char *at = memory;

    MUST(entries >= 4 && (entries & (entries - 1)) == 0);
    MUST(((uintptr_t)memory & 63) == 0 && to_size >= LIMIT_DESTS);
    memset(r, 0, sizeof *r);
    r->entries = entries;
    r->in_use = entries < RING_ENTRIES_FIRST ? entries : RING_ENTRIES_FIRST;
    r->hot = (void *)at;
    at += round64(entries * sizeof *r->hot);
    r->cold = (void *)at;
    at += round64(entries * sizeof *r->cold);
    r->chain = (void *)at;
    at += round64(RING_CHAINS * sizeof *r->chain);
    for (int f = 0; f < FORM_COUNT; f++) {
        r->bytes[f] = at;
        r->size[f] = size[f];
        r->region[f].lap = size[f] < RING_LAP_FIRST ? size[f] : RING_LAP_FIRST;
        MUST(size[f] <= UINT32_MAX / 2);
        at += round64(size[f]);
    }
    r->to = (void *)at;
    r->to_size = to_size;
}

/* Must more of a region be used before len bytes more?  At the end of a lap that was too short; and for who is
 * expected, as soon as nothing that may be read stands between here and the end. */
static bool is_narrow(const struct ring_region *g, uint64_t len, uint64_t least, int64_t now_ms)
{
    if (g->at + len > g->lap)
        return now_ms - g->lap_ms < RING_LAP_MS || len > g->lap / 2 || g->lap < least;
    return g->lap < least && (g->written == g->at || g->at >= g->lap / 2);
}

/* Room for len bytes in one piece of the region of a form. */
static uint32_t place(struct ring *r, int form, uint64_t len, int64_t now_ms)
{
    uint64_t size = r->size[form], at, least = (uint64_t)r->senders * RING_LAP_MS / 1000 * RING_USUAL_BYTES;
    struct ring_region *g = &r->region[form];

    MUST(len <= size / 2);
    while (g->lap < size && is_narrow(g, len, least, now_ms))
        g->lap = g->lap * 2 < size ? g->lap * 2 : size;
    if (g->at + len > g->lap) {
        g->written += g->lap - g->at;
        g->at = 0;
        g->lap_ms = now_ms;
    }
    at = g->at;
    g->at += len;
    g->written += len;
    return (uint32_t)at;
}

/* The same for the list of addressees. */
static uint32_t place_to(struct ring *r, uint64_t count)
{
    uint64_t at = r->to_next % r->to_size;

    if (at + count > r->to_size) {
        r->to_next += r->to_size - at;
        at = 0;
    }
    r->to_next += count;
    return (uint32_t)at;
}

/* Is the entry in the half of every region that is not overwritten soon?  An
 * entry without bytes in a region counts by where they would stand, so that
 * behind a safe entry there are only safe ones. */
static bool is_safe(const struct ring *r, uint64_t seq, uint64_t head)
{
    const struct ring_cold *c = ring_cold(r, seq);

    if (head - seq > ring_in_use(r) / 2)
        return false;
    for (int f = 0; f < FORM_COUNT; f++)
        if ((uint32_t)r->region[f].written - c->when[f] > r->region[f].lap / 2)
            return false;
    return (uint32_t)r->to_next - c->to_when <= r->to_size / 2;
}

/* Moves the mark up to the oldest entry that may still be read. */
static void trim(struct ring *r)
{
    uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint64_t safe = atomic_load_explicit(&r->safe, memory_order_relaxed);

    while (safe < head && !is_safe(r, safe, head))
        safe++;
    atomic_store_explicit(&r->safe, safe, memory_order_release);
}

static uint32_t chain_of(uint32_t row, uint32_t col)
{
    return row % RING_SIDE * RING_SIDE + col % RING_SIDE;
}

/* The end of the chain that a message stands in. */
static _Atomic uint64_t *chain_for(struct ring *r, const struct ring_put *p)
{
    bool all = p->flags & RING_FAR || p->cell == 0;

    return &r->chain[all ? (uint32_t)RING_CHAIN_ALL : chain_of(p->cell >> 16, p->cell & 0xFFFF)];
}

/* How far behind this entry the one stands that was the newest of its chain. */
static uint32_t back_to(const _Atomic uint64_t *chain, uint64_t seq)
{
    uint64_t was = atomic_load_explicit(chain, memory_order_relaxed);

    return was && seq + 1 - was <= UINT32_MAX ? (uint32_t)(seq + 1 - was) : 0;
}

/* Would a whole lap of this pace take less than RING_LAP_MS?  After the entries in use grew it was a part of one. */
static bool was_short(const struct ring *r, uint64_t seq, int64_t now_ms)
{
    return (now_ms - r->lap_ms) * (int64_t)ring_in_use(r) < RING_LAP_MS * (int64_t)(seq - r->lap_seq);
}

/* Uses twice as many entries from here on.  Those that may still be read and stand elsewhere in the larger ring are put
 * there, too: nobody reads or writes there yet. */
static void use_more(struct ring *r, uint64_t head)
{
    uint64_t used = ring_in_use(r), seq = atomic_load_explicit(&r->safe, memory_order_relaxed);

    for (; seq < head; seq++) {
        uint64_t from = seq & (used - 1), to = seq & (2 * used - 1);

        if (from == to)
            continue;
        r->hot[to] = r->hot[from];
        r->cold[to] = r->cold[from];
    }
    atomic_store_explicit(&r->in_use, 2 * used, memory_order_release);
}

/* More entries for more senders at once, for a faster pace at the end of a lap that was too short. */
static void lap(struct ring *r, uint64_t seq, int64_t now_ms)
{
    while (ring_in_use(r) < r->entries && ring_in_use(r) < (uint64_t)r->senders * RING_LAP_MS / 1000)
        use_more(r, seq);
    if (seq % ring_in_use(r))
        return;
    if (seq > r->lap_seq && ring_in_use(r) < r->entries && was_short(r, seq, now_ms))
        use_more(r, seq);
    r->lap_seq = seq;
    r->lap_ms = now_ms;
}

void ring_expect(struct ring *r, uint32_t senders)
{
    r->senders = senders;
}

uint64_t ring_append(struct ring *r, const struct ring_put *p)
{
    uint64_t seq = atomic_load_explicit(&r->head, memory_order_relaxed);
    _Atomic uint64_t *chain = chain_for(r, p);
    struct ring_cold n = {.back = back_to(chain, seq), .to_count = p->to_count,
                          .at_ms = p->now_ms, .journal_seq = p->journal_seq};

    MUST(p->to_count <= LIMIT_DESTS);
    lap(r, seq, p->now_ms);
    for (int f = 0; f < FORM_COUNT; f++) {
        n.len[f] = (uint32_t)p->form[f].len;
        if (n.len[f])
            n.off[f] = place(r, f, n.len[f], p->now_ms);
        n.when[f] = (uint32_t)(r->region[f].written - n.len[f]);
    }
    n.to_off = p->to_count ? place_to(r, p->to_count) : 0;
    n.to_when = (uint32_t)(r->to_next - p->to_count);
    trim(r); /* readers are warned off before their bytes go */
    for (int f = 0; f < FORM_COUNT; f++)
        if (n.len[f])
            memcpy(r->bytes[f] + n.off[f], p->form[f].at, n.len[f]);
    if (p->to_count)
        memcpy(r->to + n.to_off, p->to, p->to_count * sizeof *p->to);
    r->cold[ring_slot(r, seq)] = n;
    r->hot[ring_slot(r, seq)] =
        (struct ring_hot){p->unit, p->sender, p->cell, p->in_set, p->flags};
    atomic_store_explicit(chain, seq + 1, memory_order_release);
    atomic_store_explicit(&r->head, seq + 1, memory_order_release);
    return seq;
}

void ring_pick_all(struct ring_pick *p, uint64_t first, uint64_t head)
{
    p->first = first;
    p->head = head;
    p->all = true;
}

/* Marks what stands in a chain from first on.  Each step goes back, so that it ends even
 * among entries that are being overwritten. */
static void pick_chain(struct ring_pick *p, const struct ring *r, uint32_t chain)
{
    uint64_t end = atomic_load_explicit(&r->chain[chain], memory_order_acquire);

    while (end > p->first) {
        uint64_t seq = end - 1;
        uint32_t back = ring_cold(r, seq)->back;

        if (seq < p->head)
            p->word[(seq - p->first) / 64] |= (uint64_t)1 << ((seq - p->first) % 64);
        if (back == 0 || back > seq)
            return;
        end -= back;
    }
}

void ring_pick_near(struct ring_pick *p, const struct ring *r, uint32_t cell, uint64_t first, uint64_t head)
{
    ring_pick_all(p, first, head);
    if (cell == 0 || head < first + RING_PICK_MIN || head > first + RING_PICK_MAX)
        return;
    p->all = false;
    memset(p->word, 0, ((head - first + 63) / 64) * sizeof *p->word);
    for (uint32_t row = 0; row < 3; row++)
        for (uint32_t col = 0; col < 3; col++)
            pick_chain(p, r, chain_of((cell >> 16) + row - 1, (cell & 0xFFFF) + col - 1));
    pick_chain(p, r, RING_CHAIN_ALL);
}

uint64_t ring_pick_seek(const struct ring_pick *p, uint64_t at)
{
    uint64_t i = (at - p->first) / 64, words = (p->head - p->first + 63) / 64;
    uint64_t left = p->word[i] & ~(uint64_t)0 << ((at - p->first) % 64);

    while (left == 0) {
        if (++i == words)
            return p->head;
        left = p->word[i];
    }
    return p->first + i * 64 + (uint64_t)__builtin_ctzll(left);
}
