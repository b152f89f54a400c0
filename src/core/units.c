#include "core/units.h"

#include <math.h>

static size_t round64(size_t n)
{
    return (n + 63) & ~(size_t)63;
}

static uint32_t buckets_for(uint32_t max)
{
    uint32_t n = 16;

    while (n < max)
        n *= 2;
    return n;
}

size_t units_memory(uint32_t max)
{
    return round64(max * sizeof(struct unit)) + 4 * round64(max * sizeof(uint64_t)) +
           2 * round64(buckets_for(max) * sizeof(uint32_t));
}

/* Indices are stored plus one in the buckets and chains, so that zeroed memory
 * is an empty table and costs nothing until it is used. */
void units_init(struct units *u, void *memory, uint32_t max, struct slab *slab, struct hash_key key,
                const _Atomic uint64_t *live_head)
{
    char *at = memory;

    MUST(((uintptr_t)memory & 63) == 0 && max > 0);
    memset(u, 0, sizeof *u);
    u->key = key;
    u->slab = slab;
    u->live_head = live_head;
    u->max = max;
    u->buckets = buckets_for(max);
    u->list = (void *)at;
    at += round64(max * sizeof *u->list);
    u->conn = (void *)at;
    at += round64(max * sizeof *u->conn);
    u->newest = (void *)at;
    at += round64(max * sizeof *u->newest);
    u->floor = (void *)at;
    at += round64(max * sizeof *u->floor);
    u->since = (void *)at;
    at += round64(max * sizeof *u->since);
    u->by_uid = (void *)at;
    at += round64(u->buckets * sizeof *u->by_uid);
    u->by_callsign = (void *)at;
}

struct unit *units_at(struct units *u, uint32_t index)
{
    MUST(index < u->used);
    return &u->list[index];
}

uint32_t units_index(const struct units *u, const struct unit *x)
{
    MUST(x >= u->list && x < u->list + u->used);
    return (uint32_t)(x - u->list);
}

static uint32_t *bucket(struct units *u, uint32_t *table, struct str key)
{
    return &table[hash_str(u->key, key) & (u->buckets - 1)];
}

static struct unit *find(struct units *u, struct str uid, bool emergency)
{
    for (uint32_t at = *bucket(u, u->by_uid, uid); at; at = u->list[at - 1].next_uid)
        if ((u->list[at - 1].kind == UNIT_EMERGENCY) == emergency && str_eq(u->list[at - 1].uid, uid))
            return &u->list[at - 1];
    return NULL;
}

struct unit *units_find(struct units *u, struct str uid)
{
    return find(u, uid, false);
}

struct unit *units_find_emergency(struct units *u, struct str uid)
{
    return find(u, uid, true);
}

/* The stalest of a kind that may be forgotten to make room. */
static struct unit *stalest(struct units *u, enum unit_kind kind)
{
    struct unit *found = NULL;

    for (uint32_t i = 0; i < u->used; i++) {
        struct unit *x = &u->list[i];

        if (x->kind == kind && x->pending == 0 &&
            atomic_load_explicit(&u->conn[i], memory_order_relaxed) == CONN_NONE &&
            (!found || x->seen_mono_ms < found->seen_mono_ms))
            found = x;
    }
    return found;
}

bool units_has_room(const struct units *u)
{
    return u->count < u->max && u->others < u->max / 4 * 3 && u->slab->used <= u->slab->size / 4 * 3;
}

/* Is there place and memory for one more of this kind? Makes some when it can. */
static bool make_room(struct units *u, enum unit_kind kind)
{
    bool others = kind != UNIT_PRESENCE;
    struct unit *x;

    if (others && kind != UNIT_EMERGENCY && u->slab->used > u->slab->size / 4 * 3)
        return false;
    if (u->count < u->max && (!others || kind == UNIT_EMERGENCY || u->others < u->max / 4 * 3))
        return true;
    x = stalest(u, UNIT_TRACK);
    if (!x && (!others || kind == UNIT_EMERGENCY))
        x = stalest(u, UNIT_PRESENCE);
    if (x)
        units_remove(u, x);
    return x != NULL;
}

/* A zeroed place in the table, or NULL. */
static struct unit *take(struct units *u, enum unit_kind kind)
{
    struct unit *x;

    if (!make_room(u, kind))
        return NULL;
    if (u->free_list) {
        x = &u->list[u->free_list - 1];
        u->free_list = x->next_uid;
    } else {
        MUST(u->used < u->max);
        x = &u->list[u->used++];
    }
    memset(x, 0, sizeof *x);
    return x;
}

static bool keep_text(struct units *u, struct str *to, struct str text)
{
    char *copy;

    *to = (struct str){0};
    if (text.len == 0)
        return true;
    copy = slab_take(u->slab, text.len);
    if (!copy)
        return false;
    memcpy(copy, text.at, text.len);
    *to = str_of(copy, text.len);
    return true;
}

static void give_text(struct units *u, struct str *text)
{
    union {
        const char *in;
        void *out;
    } at = {text->at}; /* the slab's own bytes, const only towards readers */

    if (text->len)
        slab_give(u->slab, at.out, text->len);
    *text = (struct str){0};
}

struct unit *units_put(struct units *u, struct str uid, enum unit_kind kind)
{
    struct unit *x = find(u, uid, kind == UNIT_EMERGENCY);
    uint32_t *head;

    MUST(kind != UNIT_FREE && uid.len > 0);
    if (x)
        return x;
    x = take(u, kind);
    if (!x)
        return NULL;
    if (!keep_text(u, &x->uid, uid)) {
        x->next_uid = u->free_list;
        u->free_list = units_index(u, x) + 1;
        return NULL;
    }
    x->kind = (uint8_t)kind;
    x->id = ++u->next_id;
    x->lat = x->lon = NAN;
    x->sender = RING_NO_SENDER;
    head = bucket(u, u->by_uid, uid);
    x->next_uid = *head;
    *head = units_index(u, x) + 1;
    atomic_store_explicit(&u->conn[units_index(u, x)], CONN_NONE, memory_order_relaxed);
    atomic_store_explicit(&u->newest[units_index(u, x)], 0, memory_order_relaxed);
    u->count++;
    u->others += kind != UNIT_PRESENCE;
    if (kind == UNIT_PRESENCE)
        units_changed_who(u);
    return x;
}

static void unlink_uid(struct units *u, struct unit *x)
{
    uint32_t *at = bucket(u, u->by_uid, x->uid);
    uint32_t me = units_index(u, x) + 1;

    while (*at != me) {
        MUST(*at);
        at = &u->list[*at - 1].next_uid;
    }
    *at = x->next_uid;
}

static void unlink_callsign(struct units *u, struct unit *x)
{
    uint32_t me = units_index(u, x) + 1, *at;

    if (x->callsign.len == 0)
        return;
    at = bucket(u, u->by_callsign, x->callsign);
    while (*at != me) {
        MUST(*at);
        at = &u->list[*at - 1].next_callsign;
    }
    *at = x->next_callsign;
    give_text(u, &x->callsign);
}

static void drop_other(struct units *u, struct unit *x)
{
    if (x->other)
        slab_give(u->slab, x->other, x->other_len);
    x->other = NULL;
    x->other_len = 0;
    x->other_fresh = false;
}

static void drop_latest(struct units *u, struct unit *x)
{
    if (x->latest)
        slab_give(u->slab, x->latest, x->latest_len);
    x->latest = NULL;
    x->latest_len = 0;
    drop_other(u, x);
}

void units_raise_floor(struct units *u, const struct unit *x)
{
    uint64_t head = atomic_load_explicit(u->live_head, memory_order_acquire);

    atomic_store_explicit(&u->floor[units_index(u, x)], head, memory_order_release);
    atomic_store_explicit(&u->floor_max, head, memory_order_release);
}

void units_remove(struct units *u, struct unit *x)
{
    uint32_t index = units_index(u, x);

    MUST(x->kind != UNIT_FREE);
    u->gone[u->gone_count % UNIT_GONE_KEPT] = x->id;
    u->gone_version[u->gone_count++ % UNIT_GONE_KEPT] = ++u->version;
    unlink_callsign(u, x);
    unlink_uid(u, x);
    give_text(u, &x->uid);
    drop_latest(u, x);
    u->others -= x->kind != UNIT_PRESENCE;
    if (x->kind == UNIT_PRESENCE)
        units_changed_who(u);
    x->kind = UNIT_FREE;
    atomic_store_explicit(&u->conn[index], CONN_NONE, memory_order_relaxed);
    /* Entries of the live ring still name this index, and another unit may get it. */
    units_raise_floor(u, x);
    x->next_uid = u->free_list;
    u->free_list = index + 1;
    u->count--;
}

void units_become(struct units *u, struct unit *x, enum unit_kind kind)
{
    MUST(x->kind != UNIT_FREE && kind != UNIT_FREE);
    MUST(x->kind != UNIT_EMERGENCY && kind != UNIT_EMERGENCY);
    u->others -= x->kind != UNIT_PRESENCE;
    u->others += kind != UNIT_PRESENCE;
    x->kind = (uint8_t)kind;
    units_changed_who(u);
}

void units_rename(struct units *u, struct unit *x, struct str callsign)
{
    uint32_t *head;

    if (callsign.len > LIMIT_CALLSIGN)
        callsign.len = LIMIT_CALLSIGN;
    if (str_eq(x->callsign, callsign))
        return;
    unlink_callsign(u, x);
    units_touch(u, x, true);
    if (x->kind == UNIT_PRESENCE)
        units_changed_who(u);
    if (callsign.len == 0 || !keep_text(u, &x->callsign, callsign))
        return;
    head = bucket(u, u->by_callsign, callsign);
    x->next_callsign = *head;
    *head = units_index(u, x) + 1;
}

uint32_t units_next_called(struct units *u, struct str callsign, uint32_t after)
{
    uint32_t at;

    if (callsign.len > LIMIT_CALLSIGN)
        callsign.len = LIMIT_CALLSIGN;
    at = after == UNIT_NONE ? *bucket(u, u->by_callsign, callsign) : units_at(u, after)->next_callsign;
    for (; at; at = u->list[at - 1].next_callsign)
        if (str_eq(u->list[at - 1].callsign, callsign))
            return at - 1;
    return UNIT_NONE;
}

bool units_keep(struct units *u, struct unit *x, struct str bytes, enum wire_form form)
{
    bool is_life = x->kind == UNIT_PRESENCE || x->kind == UNIT_EMERGENCY;
    bool full = !is_life && u->slab->used > u->slab->size / 4 * 3;

    MUST(bytes.len > 0);
    x->other_fresh = false;
    if (!x->latest || slab_size(x->latest_len) != slab_size(bytes.len)) {
        drop_latest(u, x);
        x->latest = full ? NULL : slab_take(u->slab, bytes.len);
        if (!x->latest)
            return false;
    }
    x->latest_len = (uint32_t)bytes.len;
    memcpy(x->latest, bytes.at, bytes.len);
    x->form = (uint8_t)form;
    return true;
}

void units_keep_other(struct units *u, struct unit *x, struct str bytes)
{
    MUST(x->latest && bytes.len > 0);
    if (!x->other || x->other_len != bytes.len) {
        drop_other(u, x);
        x->other = u->slab->used > u->slab->size / 2 ? NULL : slab_take(u->slab, bytes.len);
        if (!x->other)
            return;
        x->other_len = (uint32_t)bytes.len;
    }
    memcpy(x->other, bytes.at, bytes.len);
    x->other_fresh = true;
}

void units_changed_who(struct units *u)
{
    atomic_fetch_add_explicit(&u->who, 1, memory_order_release);
}

void units_touch(struct units *u, struct unit *x, bool text)
{
    x->version = ++u->version;
    if (text)
        x->text_version = x->version;
}
