#include "core/ring.h"

static size_t round64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

size_t ring_memory(uint64_t entries, const uint64_t size[FORM_COUNT], uint64_t to_size)
{
    return round64(entries * sizeof(struct ring_hot)) + round64(entries * sizeof(struct ring_cold)) +
           round64(size[FORM_XML]) + round64(size[FORM_PROTO]) + round64(to_size * sizeof(uint32_t));
}

void ring_init(struct ring *r, void *memory, uint64_t entries, const uint64_t size[FORM_COUNT],
               uint64_t to_size)
{
    char *at = memory;

    MUST(entries >= 4 && (entries & (entries - 1)) == 0);
    MUST(((uintptr_t)memory & 63) == 0 && to_size >= LIMIT_DESTS);
    memset(r, 0, sizeof *r);
    r->entries = entries;
    r->hot = (void *)at;
    at += round64(entries * sizeof *r->hot);
    r->cold = (void *)at;
    at += round64(entries * sizeof *r->cold);
    for (int f = 0; f < FORM_COUNT; f++) {
        r->bytes[f] = at;
        r->size[f] = size[f];
        at += round64(size[f]);
    }
    r->to = (void *)at;
    r->to_size = to_size;
}

/* Room for len bytes in one piece; what it overwrites is counted by the caller. */
static uint64_t place(uint64_t *next, uint64_t size, uint64_t len)
{
    uint64_t at = *next;

    MUST(len <= size / 2);
    if (at % size + len > size)
        at += size - at % size;
    *next = at + len;
    return at;
}

/* Is the entry in the half of every region that is not overwritten soon? */
static bool is_safe(const struct ring *r, uint64_t seq, uint64_t head)
{
    const struct ring_cold *c = ring_cold(r, seq);

    if (head - seq > r->entries / 2)
        return false;
    for (int f = 0; f < FORM_COUNT; f++)
        if (c->len[f] && r->next[f] - c->off[f] > r->size[f] / 2)
            return false;
    return c->to_count == 0 || r->to_next - c->to_off <= r->to_size / 2;
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

uint64_t ring_append(struct ring *r, const struct ring_put *p)
{
    uint64_t seq = atomic_load_explicit(&r->head, memory_order_relaxed);
    struct ring_cold *c = &r->cold[seq & (r->entries - 1)];
    struct ring_cold n = {.to_count = p->to_count, .at_ms = p->now_ms, .journal_seq = p->journal_seq};

    MUST(p->to_count <= LIMIT_DESTS);
    for (int f = 0; f < FORM_COUNT; f++) {
        n.len[f] = (uint32_t)p->form[f].len;
        n.off[f] = n.len[f] ? place(&r->next[f], r->size[f], n.len[f]) : 0;
    }
    n.to_off = p->to_count ? place(&r->to_next, r->to_size, p->to_count) : 0;
    trim(r); /* readers are warned off before their bytes go */
    for (int f = 0; f < FORM_COUNT; f++)
        if (n.len[f])
            memcpy(r->bytes[f] + n.off[f] % r->size[f], p->form[f].at, n.len[f]);
    if (p->to_count)
        memcpy(r->to + n.to_off % r->to_size, p->to, p->to_count * sizeof *p->to);
    *c = n;
    r->hot[seq & (r->entries - 1)] =
        (struct ring_hot){p->unit, p->sender, p->cell, p->in_set, p->flags};
    atomic_store_explicit(&r->head, seq + 1, memory_order_release);
    return seq;
}
