#include "core/record.h"

#include "base/limits.h"

#include <stdlib.h>

typedef void apply_fn(struct record *r, uint64_t seq, int64_t at_ms, struct str payload);

#define EVENT(id, number, tag, fn, waits) static apply_fn apply_##fn __attribute__((unused));
#include "core/event.def"
#undef EVENT

static const struct kind {
    const char *tag;
    apply_fn *apply;
    bool waits;
} kinds[EV_END] = {
#define EVENT(id, number, text, fn, wait) [EV_##id] = {text, apply_##fn, wait},
#include "core/event.def"
#undef EVENT
};

/* The table grows by doubling into fresh memory behind itself: an empty record
 * touches a few pages, not all of them in the disorder of a hash. */
enum { PLACES_FIRST = 1024, PLACES_LAST = RECORD_ENTRIES * 2 };
_Static_assert((PLACES_FIRST & (PLACES_FIRST - 1)) == 0 && (PLACES_LAST & (PLACES_LAST - 1)) == 0,
               "places are found by a mask");
_Static_assert((RECORD_WAITING & (RECORD_WAITING - 1)) == 0, "the ring wraps by a mask");

const char *event_tag(unsigned kind)
{
    return kind < EV_END && kinds[kind].tag ? kinds[kind].tag : "unknown";
}

enum event_id event_by_tag(struct str tag)
{
    for (unsigned k = 1; k < EV_END; k++)
        if (kinds[k].tag && str_eq(str_from(kinds[k].tag), tag))
            return (enum event_id)k;
    return EV_NONE;
}

bool event_waits(unsigned kind)
{
    return kind < EV_END && kinds[kind].waits;
}

bool event_matters(unsigned kind)
{
    return kind < EV_END && kinds[kind].apply && kinds[kind].apply != apply_nothing &&
           kinds[kind].apply != apply_acknowledged;
}

size_t record_memory(void)
{
    return 2 * PLACES_LAST * sizeof(struct record_entry) + RECORD_WAITING * sizeof(struct record_waiting);
}

void record_init(struct record *r, void *memory, struct hash_key key)
{
    MUST(((uintptr_t)memory & 63) == 0);
    memset(r, 0, sizeof *r);
    r->key = key;
    r->entries = memory;
    r->places = PLACES_FIRST;
    r->next = r->entries + PLACES_FIRST;
    r->waiting = (void *)(r->entries + 2 * PLACES_LAST);
}

/* One uid may be an emergency, an object and a holder at once. */
static uint64_t key_of(const struct record *r, enum record_is is, struct str uid)
{
    struct hash_key key = {r->key.k0 + is, r->key.k1};
    uint64_t h = hash_str(key, uid);

    return h ? h : 1;
}

static struct record_entry *find(const struct record *r, uint64_t key)
{
    for (uint32_t i = (uint32_t)key & (r->places - 1);; i = (i + 1) & (r->places - 1)) {
        struct record_entry *x = &r->entries[i];

        if (x->is == RECORD_FREE || x->key == key)
            return x;
    }
}

static void grow(struct record *r)
{
    struct record_entry *old = r->entries;
    uint32_t places = r->places;

    r->entries = r->next;
    r->places = places * 2;
    r->next = r->entries + r->places;
    for (uint32_t i = 0; i < places; i++)
        if (old[i].is != RECORD_FREE)
            *find(r, old[i].key) = old[i];
}

/* Closes the gap that a removed entry leaves, so that later ones are still found. */
static void drop(struct record *r, struct record_entry *x)
{
    uint32_t hole = (uint32_t)(x - r->entries), i = hole;

    for (;;) {
        uint32_t home;

        r->entries[hole] = (struct record_entry){0};
        for (;;) {
            i = (i + 1) & (r->places - 1);
            if (r->entries[i].is == RECORD_FREE) {
                r->count--;
                return;
            }
            home = (uint32_t)r->entries[i].key & (r->places - 1);
            if (((i - home) & (r->places - 1)) >= ((i - hole) & (r->places - 1)))
                break;
        }
        r->entries[hole] = r->entries[i];
        hole = i;
    }
}

/* Makes room: the object that goes stale first, else the oldest holder. */
static bool make_room(struct record *r)
{
    struct record_entry *found = NULL;

    for (uint32_t i = 0; i < r->places; i++) {
        struct record_entry *x = &r->entries[i];

        if (x->is != RECORD_OBJECT && x->is != RECORD_HOLDER)
            continue;
        if (!found || x->until_ms < found->until_ms ||
            (x->until_ms == found->until_ms && x->seq < found->seq))
            found = x;
    }
    if (!found)
        return false;
    drop(r, found);
    r->dropped++;
    return true;
}

static void put(struct record *r, enum record_is is, struct str uid, uint64_t seq, int64_t until_ms)
{
    uint64_t key = key_of(r, is, uid);
    struct record_entry *x = find(r, key);

    if (uid.len == 0)
        return;
    if (x->is == RECORD_FREE) {
        if (r->count >= RECORD_ENTRIES) {
            if (!make_room(r)) {
                r->dropped++;
                return;
            }
            x = find(r, key);
        }
        if (r->count >= r->places / 2 && r->places < PLACES_LAST) {
            grow(r);
            x = find(r, key);
        }
        r->count++;
    }
    *x = (struct record_entry){key, seq, until_ms, (uint8_t)is};
}

static void end(struct record *r, enum record_is is, struct str uid)
{
    struct record_entry *x = find(r, key_of(r, is, uid));

    if (x->is != RECORD_FREE)
        drop(r, x);
}

static void apply_nothing(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    (void)r, (void)seq, (void)at_ms, (void)payload;
}

static void apply_bound(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    (void)at_ms;
    put(r, RECORD_HOLDER, fields_get(payload, FIELD_UID), seq, INT64_MAX);
}

static uint64_t bloom_bit(const struct record *r, struct str uid)
{
    return (uint64_t)1 << (key_of(r, RECORD_HOLDER, uid) >> 58);
}

bool record_may_want(const struct record *r, const struct record_waiting *w, struct str uid, struct str callsign)
{
    char text[LIMIT_CALLSIGN + 16];
    struct buf b = buf_over(text, sizeof text);

    if (w->from_key == key_of(r, RECORD_HOLDER, uid))
        return false;
    if (w->to_count == 0)
        return true;
    buf_put(&b, STR("callsign/"));
    buf_put(&b, callsign);
    return w->to_bloom & (bloom_bit(r, uid) | (b.full ? 0 : bloom_bit(r, buf_str(&b))));
}

/* Puts a message among those that an absent phone gets later. */
static void apply_message(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    struct record_waiting w = {.seq = seq, .at_ms = at_ms};
    struct str rest = payload, value;
    enum field tag;

    while (fields_next(&rest, &tag, &value)) {
        if (tag != FIELD_TO)
            continue;
        w.to_count++;
        w.to_bloom |= bloom_bit(r, value);
    }
    w.from_key = key_of(r, RECORD_HOLDER, fields_get(payload, FIELD_FROM_UID));
    if (r->waiting_next - r->waiting_first == RECORD_WAITING) {
        r->waiting_first++;
        r->dropped++;
    }
    r->waiting[r->waiting_next++ & (RECORD_WAITING - 1)] = w;
}

/* An alert, an object for a few is no part of the common picture: it waits for
 * them like a message. */
static void apply_raised(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    if (fields_has(payload, FIELD_TO))
        apply_message(r, seq, at_ms, payload);
    else
        put(r, RECORD_EMERGENCY, fields_get(payload, FIELD_UID), seq, INT64_MAX);
}

static void apply_cancelled(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    end(r, RECORD_EMERGENCY, fields_get(payload, FIELD_UID));
    apply_message(r, seq, at_ms, payload);
}

/* An acknowledged emergency stays open until its sender cancels it. */
static void apply_acknowledged(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    apply_nothing(r, seq, at_ms, payload);
}

static void apply_object(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    if (fields_has(payload, FIELD_TO)) {
        apply_message(r, seq, at_ms, payload);
        return;
    }
    put(r, RECORD_OBJECT, fields_get(payload, FIELD_UID), seq,
        fields_get_int(payload, FIELD_STALE_MS, INT64_MAX));
}

static void apply_deleted(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    end(r, RECORD_OBJECT, fields_get(payload, FIELD_LINK_UID));
    apply_message(r, seq, at_ms, payload);
}

/* A rule between agencies: one key for each class that the row is about.  A row by which a rule ended
 * lives, too: the row that made it may live on for another class, and would bring it back. */
static void apply_shared(struct record *r, uint64_t seq, int64_t at_ms, struct str payload)
{
    char text[256];
    struct str rest = payload, word;
    enum field tag;

    (void)at_ms;
    while (fields_next(&rest, &tag, &word)) {
        struct buf b = buf_over(text, sizeof text);

        if (tag != FIELD_SHARE)
            continue;
        buf_put(&b, fields_get(payload, FIELD_INCIDENT));
        buf_byte(&b, '\n');
        buf_put(&b, fields_get(payload, FIELD_FROM_AGENCY));
        buf_byte(&b, '\n');
        buf_put(&b, fields_get(payload, FIELD_TO_AGENCY));
        buf_byte(&b, '\n');
        buf_put(&b, word);
        if (!b.full)
            put(r, RECORD_RULE, buf_str(&b), seq, INT64_MAX);
    }
}

void record_apply(struct record *r, uint64_t seq, unsigned kind, int64_t at_ms, struct str payload)
{
    MUST(seq > r->seq || r->seq == 0);
    r->seq = seq;
    if (kind >= EV_END || !kinds[kind].apply)
        return; /* of a newer version: kept in the journal, without effect here */
    kinds[kind].apply(r, seq, at_ms, payload);
    while (r->waiting_first < r->waiting_next &&
           r->waiting[r->waiting_first & (RECORD_WAITING - 1)].at_ms < at_ms - RECORD_WAIT_MS)
        r->waiting_first++;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool is_alive(const struct record_entry *x, int64_t now_ms)
{
    return x->is != RECORD_FREE && (x->is != RECORD_OBJECT || x->until_ms > now_ms);
}

/* A row that rules of several classes live by is one row. */
static size_t without_twins(uint64_t *rows, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (i == 0 || rows[i] != rows[i - 1])
            rows[kept++] = rows[i];
    return kept;
}

size_t record_live_rows(const struct record *r, int64_t now_ms, uint64_t *out, size_t max)
{
    size_t n = 0;

    for (uint32_t i = 0; i < r->places && n < max; i++)
        if (is_alive(&r->entries[i], now_ms))
            out[n++] = r->entries[i].seq;
    for (uint64_t i = r->waiting_first; i < r->waiting_next && n < max; i++)
        out[n++] = r->waiting[i & (RECORD_WAITING - 1)].seq;
    qsort(out, n, sizeof *out, by_number);
    return without_twins(out, n);
}

bool record_is_live(const struct record *r, uint64_t seq, unsigned kind, struct str payload)
{
    enum record_is is = kind == EV_EMERGENCY_RAISED ? RECORD_EMERGENCY
                        : kind == EV_UID_BOUND      ? RECORD_HOLDER
                                                    : RECORD_OBJECT;
    const struct record_entry *x = find(r, key_of(r, is, fields_get(payload, FIELD_UID)));

    return x->is != RECORD_FREE && x->seq == seq;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    return x ^ x >> 33;
}

uint64_t record_hash(const struct record *r, int64_t now_ms)
{
    uint64_t h = 0;

    for (uint32_t i = 0; i < r->places; i++)
        if (is_alive(&r->entries[i], now_ms))
            h += mix(r->entries[i].key ^ mix(r->entries[i].seq));
    for (uint64_t i = r->waiting_first; i < r->waiting_next; i++) {
        const struct record_waiting *w = &r->waiting[i & (RECORD_WAITING - 1)];

        if (w->at_ms >= now_ms - RECORD_WAIT_MS)
            h += mix(mix(w->seq) + w->to_count);
    }
    return h;
}
