/* The small modules of core: sets, ring, units, fields, classify, reply. */
#include "core/classify.h"
#include "core/fields.h"
#include "core/reply.h"
#include "core/sets.h"
#include "core/units.h"
#include "wire/takproto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

static void *zeroed(size_t n)
{
    void *p = aligned_alloc(64, (n + 63) & ~(size_t)63);

    assert_non_null(p);
    memset(p, 0, (n + 63) & ~(size_t)63);
    return p;
}

static void assert_str(struct str got, const char *want)
{
    if (!str_eq(got, str_from(want)))
        fail_msg("got '%.*s', want '%s'", STR_ARG(got), want);
}

/* ----------------------------------------------------------------- sets -- */

static struct group_mask mask_of(struct sets *s, const char *letters)
{
    struct group_mask m = {0};

    for (; *letters; letters++)
        mask_add(&m, sets_group(s, str_of(letters, 1)));
    return m;
}

static void who_shares_a_group_hears(void **state)
{
    static const struct {
        const char *in, *out;
        bool hears;
    } rows[] = {{"A", "A", true},   {"A", "B", false},  {"AB", "B", true}, {"A", "AB", true},
                {"", "A", false},   {"A", "", false},   {"", "", false},   {"ABC", "DEF", false},
                {"ABC", "CDE", true}};
    struct sets *s = zeroed(sizeof *s);

    (void)state;
    sets_init(s);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct group_mask in = mask_of(s, rows[i].in), out = mask_of(s, rows[i].out);
        int in_set = sets_in(s, &in), out_set = sets_out(s, &out);

        assert_true(in_set > 0 && out_set > 0);
        assert_int_equal(sets_hears(s, (unsigned)out_set, (unsigned)in_set), rows[i].hears);
        assert_true(sets_hears(s, (unsigned)out_set, SETS_EVERYONE));
        assert_false(sets_hears(s, SETS_NOBODY, (unsigned)in_set));
        assert_int_equal(sets_in(s, &in), in_set); /* the same again */
        assert_int_equal(sets_out(s, &out), out_set);
    }
    assert_true(sets_hears(s, SETS_NOBODY, SETS_EVERYONE));
    free(s);
}

static void groups_are_bounded(void **state)
{
    struct sets *s = zeroed(sizeof *s);
    char name[SETS_NAME_MAX + 1];

    (void)state;
    sets_init(s);
    assert_int_equal(sets_group(s, STR("")), -1);
    memset(name, 'n', sizeof name);
    assert_int_equal(sets_group(s, str_of(name, SETS_NAME_MAX)), -1);
    assert_int_equal(sets_group(s, str_of(name, SETS_NAME_MAX - 1)), 0);
    assert_int_equal(sets_find_group(s, STR("none")), -1);
    for (int i = 1; i < LIMIT_GROUPS; i++) {
        (void)snprintf(name, sizeof name, "g%d", i);
        assert_int_equal(sets_group(s, str_from(name)), i);
    }
    assert_int_equal(sets_group(s, STR("one more")), -1);
    assert_int_equal(sets_group(s, STR("g5")), 5);
    assert_str(sets_name(s, 5), "g5");
    for (int i = 1; i < LIMIT_SETS; i++) {
        struct group_mask m = {0};

        mask_add(&m, i);
        assert_int_equal(sets_in(s, &m), i + 1);
        assert_int_equal(sets_out(s, &m), i);
    }
    for (int i = LIMIT_SETS; i < LIMIT_IN_SETS; i++) {
        struct group_mask m = {0};

        mask_add(&m, i % (LIMIT_GROUPS - 1));
        mask_add(&m, LIMIT_GROUPS - 1);
        mask_add(&m, (i / (LIMIT_GROUPS - 1) * 7 + i) % (LIMIT_GROUPS - 1));
        assert_int_equal(sets_in(s, &m), i < LIMIT_IN_SETS - 1 ? i + 1 : -1);
    }
    for (int i = 1; i < LIMIT_SETS; i += 97)
        for (int k = 1; k < LIMIT_SETS - 1; k += 53)
            assert_int_equal(sets_hears(s, (unsigned)i, (unsigned)k + 1), i == k);
    {
        struct group_mask m = {0};

        assert_true(mask_is_empty(&m));
        assert_int_equal(sets_in(s, &m), SETS_SILENT);
        assert_int_equal(sets_out(s, &m), -1);
        for (unsigned out = 0; out < LIMIT_SETS; out++)
            assert_false(sets_hears(s, out, SETS_SILENT));
    }
    free(s);
}

/* ----------------------------------------------------------------- ring -- */

static struct ring_put message(const char *xml, const char *proto, const uint32_t *to, uint32_t n)
{
    return (struct ring_put){.unit = 3, .sender = 4, .cell = 5, .in_set = 6, .flags = 7, .now_ms = 8, .journal_seq = 9,
                             .form = {str_from(xml), str_from(proto)}, .to = to, .to_count = n};
}

static void ring_keeps_what_was_put(void **state)
{
    const uint64_t size[FORM_COUNT] = {256, 128};
    uint32_t to[] = {10, 11};
    struct ring_put p = message("<event/>", "proto", to, 2), q = message("xml only", "", NULL, 0);
    struct ring r;
    void *memory = zeroed(ring_memory(16, size, 256));

    (void)state;
    ring_init(&r, memory, 16, size, 256);
    assert_int_equal(ring_head(&r), 0);
    assert_false(ring_lapped(&r, 0));
    assert_int_equal(ring_append(&r, &p), 0);
    assert_int_equal(ring_append(&r, &q), 1);
    assert_int_equal(ring_head(&r), 2);
    assert_str(ring_bytes(&r, ring_cold(&r, 0), FORM_XML), "<event/>");
    assert_str(ring_bytes(&r, ring_cold(&r, 0), FORM_PROTO), "proto");
    assert_str(ring_bytes(&r, ring_cold(&r, 1), FORM_XML), "xml only");
    assert_int_equal(ring_cold(&r, 1)->len[FORM_PROTO], 0);
    assert_int_equal(ring_hot(&r, 0)->unit, 3);
    assert_int_equal(ring_hot(&r, 0)->sender, 4);
    assert_int_equal(ring_hot(&r, 0)->in_set, 6);
    assert_int_equal(ring_cold(&r, 0)->journal_seq, 9);
    assert_memory_equal(r.to + ring_cold(&r, 0)->to_off, to, sizeof to);
    free(memory);
}

/* Whatever is put in: what stands at or above `safe` is as it was put, and at
 * least what fits into half of the smallest bound is safe. */
static void ring_never_changes_what_is_safe(void **state)
{
    const uint64_t size[FORM_COUNT] = {512, 384};
    enum { ENTRIES = 16, KEPT = 4096 };
    static char text[KEPT][FORM_COUNT][200];
    static uint32_t count[KEPT];
    struct ring r;
    void *memory = zeroed(ring_memory(ENTRIES, size, 2 * LIMIT_DESTS));
    uint32_t x = 1;

    (void)state;
    ring_init(&r, memory, ENTRIES, size, 2 * LIMIT_DESTS);
    for (uint64_t n = 0; n < KEPT; n++) {
        uint32_t to[LIMIT_DESTS];
        struct ring_put p;

        for (int f = 0; f < FORM_COUNT; f++) {
            size_t len = ((x = x * 1664525 + 1013904223) >> 9) % (n % 7 == 0 ? 190 : 40);

            memset(text[n][f], (int)('a' + n % 26), len);
            text[n][f][len] = 0;
        }
        count[n] = (x >> 5) % 9 == 0 ? LIMIT_DESTS : (x >> 5) % 3;
        for (uint32_t i = 0; i < count[n]; i++)
            to[i] = (uint32_t)n;
        p = message(text[n][0], text[n][1], to, count[n]);
        assert_int_equal(ring_append(&r, &p), n);
        assert_true(r.safe <= n && r.head - r.safe <= ENTRIES / 2 + 1);
        for (uint64_t k = r.safe; k < r.head; k++) {
            const struct ring_cold *c = ring_cold(&r, k);

            for (int f = 0; f < FORM_COUNT; f++)
                assert_str(ring_bytes(&r, c, (enum wire_form)f), text[k][f]);
            assert_int_equal(c->to_count, count[k]);
            for (uint32_t i = 0; i < c->to_count; i++)
                assert_int_equal(r.to[c->to_off + i], (uint32_t)k);
        }
    }
    free(memory);
}

static bool is_near(uint32_t a, uint32_t b)
{
    int rows = (int)(a >> 16) - (int)(b >> 16), cols = (int)(a & 0xFFFF) - (int)(b & 0xFFFF);

    return a == 0 || (rows >= -1 && rows <= 1 && cols >= -1 && cols <= 1);
}

/* All that is for everybody or near is picked, in order; of what is far no more than
 * shares a chain with it. */
static void ring_picks_a_neighbourhood(void **state)
{
    const uint64_t size[FORM_COUNT] = {1 << 16, 1 << 16};
    enum { ENTRIES = 2048, ROWS = 70, COLS = 70 };
    static struct ring_pick pick;
    struct ring r;
    void *memory = zeroed(ring_memory(ENTRIES, size, 2 * LIMIT_DESTS));
    uint32_t x = 1;
    size_t picked = 0, looked_at = 0;

    (void)state;
    ring_init(&r, memory, ENTRIES, size, 2 * LIMIT_DESTS);
    for (int turn = 0; turn < 300; turn++) {
        uint32_t cell = (uint32_t)(turn % ROWS + 1) << 16 | (uint32_t)(turn * 7 % COLS + 1);
        uint64_t first, next;

        for (int n = 0; n < 500; n++) {
            uint32_t v = (x = x * 1664525 + 1013904223) >> 8;
            struct ring_put p = {.cell = v % 50 == 0 ? 0 : (v % ROWS + 1) << 16 | (v / ROWS % COLS + 1),
                                 .flags = v / 9 % 20 == 0 ? RING_FAR : 0, .form = {STR("<event/>")}};

            (void)ring_append(&r, &p);
        }
        first = r.head - (turn % 2 ? x >> 8 : (x >> 8) % 400) % (r.head - r.safe + 1);
        ring_pick_near(&pick, &r, cell, first, r.head);
        next = ring_pick_next(&pick, first);
        for (uint64_t k = first; k < r.head; k++) {
            const struct ring_hot *h = ring_hot(&r, k);

            assert_true(next >= k);
            assert_true(next == k || (!(h->flags & RING_FAR) && !is_near(h->cell, cell)));
            picked += next == k && !pick.all;
            looked_at += !pick.all;
            if (next == k)
                next = ring_pick_next(&pick, k + 1);
        }
        assert_int_equal(next, r.head);
    }
    assert_true(picked * 10 < looked_at);
    free(memory);
}

/* The part of a region that is in use grows while laps are quick, and what is safe
 * stays as it was put through that. */
static void ring_grows_its_laps(void **state)
{
    const uint64_t size[FORM_COUNT] = {8 << 20, 3 << 20};
    enum { LEN = 40000 };
    static char text[LEN + 1];
    struct ring r;
    void *memory = zeroed(ring_memory(1024, size, 2 * LIMIT_DESTS));
    int64_t now = 1;

    (void)state;
    ring_init(&r, memory, 1024, size, 2 * LIMIT_DESTS);
    assert_int_equal(r.region[FORM_XML].lap, RING_LAP_FIRST);
    for (uint64_t n = 0; n < 3000; n++) {
        size_t len = n % 11 ? LEN - n % 997 : 30;
        struct ring_put p = {.now_ms = now, .form = {str_of(text, len), str_of(text, n % 3 ? len / 2 : 0)}};

        now += n < 200 ? 1000 : n < 1000 ? 1 : (int64_t)n % 50 * 20;
        memset(text, (int)('a' + n % 23), LEN);
        (void)ring_append(&r, &p);
        for (uint64_t k = r.safe; k < r.head; k += r.head - k > 40 ? 17 : 1)
            for (int f = 0; f < FORM_COUNT; f++) {
                struct str got = ring_bytes(&r, ring_cold(&r, k), (enum wire_form)f);

                assert_true(got.len == 0 || (got.at[0] == (char)('a' + k % 23) && got.at[got.len - 1] == got.at[0]));
                assert_true(got.at + got.len <= r.bytes[f] + size[f]);
            }
        assert_false(ring_lapped(&r, n));
        assert_true(n != 190 || r.region[FORM_XML].lap == RING_LAP_FIRST); /* slow laps do not grow it */
    }
    assert_int_equal(r.region[FORM_XML].lap, size[FORM_XML]);
    assert_int_equal(r.region[FORM_PROTO].lap, size[FORM_PROTO]);
    free(memory);
}

/* A thousand a second stay where they began; many more come to use all there is, and what is safe is where it was
 * put. */
static void ring_uses_more_entries_when_laps_are_short(void **state)
{
    enum { ENTRIES = 4 * RING_ENTRIES_FIRST };
    const uint64_t size[FORM_COUNT] = {256, 256};
    const int a_second[] = {1000, 5000, 30000};
    const uint64_t used[] = {RING_ENTRIES_FIRST, 2 * RING_ENTRIES_FIRST, ENTRIES};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct ring r;
        void *memory = zeroed(ring_memory(ENTRIES, size, LIMIT_DESTS));

        ring_init(&r, memory, ENTRIES, size, LIMIT_DESTS);
        for (uint64_t n = 0; n < 6 * ENTRIES; n++) {
            struct ring_put p = {.unit = (uint32_t)n, .now_ms = (int64_t)(n * 1000) / a_second[i]};
            uint64_t safe;

            assert_int_equal(ring_append(&r, &p), n);
            safe = r.safe;
            assert_false(ring_lapped(&r, n));
            /* The oldest that is safe, one in the middle, the newest. */
            assert_int_equal(ring_hot(&r, safe)->unit, safe);
            assert_int_equal(ring_hot(&r, (safe + n) / 2)->unit, (safe + n) / 2);
            assert_int_equal(ring_hot(&r, n)->unit, n);
        }
        assert_int_equal(r.in_use, used[i]);
        free(memory);
    }
}

/* Who comes when many laps were slow gets his room at once, wherever the ring is in its lap, and nothing that could be
 * read before is lost by that. */
static void ring_has_room_for_who_is_expected(void **state)
{
    enum { ENTRIES = 4 * RING_ENTRIES_FIRST, SENDERS = 12000 };
    const uint64_t size[FORM_COUNT] = {256, 8 << 20};
    const uint64_t calm[] = {RING_ENTRIES_FIRST / 3, RING_ENTRIES_FIRST * 5 / 4, RING_ENTRIES_FIRST * 9 / 4};
    char text[RING_USUAL_BYTES + 1];

    (void)state;
    memset(text, 'p', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (size_t i = 0; i < COUNTOF(calm); i++) {
        struct ring r;
        void *memory = zeroed(ring_memory(ENTRIES, size, LIMIT_DESTS));
        int64_t now = 0;

        ring_init(&r, memory, ENTRIES, size, LIMIT_DESTS);
        for (uint64_t n = 0; n < calm[i] + SENDERS; n++) {
            struct ring_put p = message("", n < calm[i] ? "calm" : text, NULL, 0);

            p.unit = (uint32_t)n;
            p.now_ms = now += n < calm[i] ? 100 : 0; /* all of them in one moment */
            if (n == calm[i])
                ring_expect(&r, SENDERS);
            (void)ring_append(&r, &p);
            for (uint64_t k = n < calm[i] ? n : r.safe; k <= n; k += 997) {
                assert_int_equal(ring_hot(&r, k)->unit, k);
                assert_str(ring_bytes(&r, ring_cold(&r, k), FORM_PROTO), k < calm[i] ? "calm" : text);
            }
        }
        assert_true(r.safe <= calm[i]);
        assert_int_equal(r.in_use, ENTRIES);
        free(memory);
    }
}

/* The newest message is readable even when it is as large as is allowed. */
static void ring_newest_is_safe(void **state)
{
    const uint64_t size[FORM_COUNT] = {256, 256};
    char big[129];
    struct ring r;
    void *memory = zeroed(ring_memory(4, size, 2 * LIMIT_DESTS));
    uint32_t to[LIMIT_DESTS] = {0};

    (void)state;
    memset(big, 'b', 128);
    big[128] = 0;
    ring_init(&r, memory, 4, size, 2 * LIMIT_DESTS);
    for (uint64_t n = 0; n < 50; n++) {
        struct ring_put p = message(big, n % 2 ? big : "", to, LIMIT_DESTS);

        (void)ring_append(&r, &p);
        assert_false(ring_lapped(&r, n));
        assert_str(ring_bytes(&r, ring_cold(&r, n), FORM_XML), big);
    }
    free(memory);
}

/* ---------------------------------------------------------------- units -- */

struct table {
    struct units u;
    struct slab slab;
    void *memory, *region;
    _Atomic uint64_t head;
};

static struct table *table_new(uint32_t max, size_t bytes)
{
    struct table *t = zeroed(sizeof *t);

    t->region = zeroed(bytes);
    t->memory = zeroed(units_memory(max));
    slab_init(&t->slab, t->region, bytes);
    units_init(&t->u, t->memory, max, &t->slab, (struct hash_key){1, 2}, &t->head);
    return t;
}

static void table_free(struct table *t)
{
    free(t->memory);
    free(t->region);
    free(t);
}

static struct unit *put(struct table *t, const char *uid, enum unit_kind kind)
{
    return units_put(&t->u, str_from(uid), kind);
}

static void units_are_found_and_forgotten(void **state)
{
    struct table *t = table_new(64, 1 << 20);
    struct unit *x;
    char uid[16];

    (void)state;
    assert_null(units_find(&t->u, STR("none")));
    for (int i = 0; i < 64; i++) {
        (void)snprintf(uid, sizeof uid, "u%d", i);
        assert_non_null(put(t, uid, UNIT_PRESENCE));
    }
    assert_int_equal(t->u.count, 64);
    x = units_find(&t->u, STR("u7"));
    assert_ptr_equal(put(t, "u7", UNIT_OBJECT), x); /* the known one, as it is */
    assert_int_equal(x->kind, UNIT_PRESENCE);
    assert_true(units_keep(&t->u, x, STR("<event>"), FORM_XML));
    for (int i = 0; i < 64; i++) {
        (void)snprintf(uid, sizeof uid, "u%d", i * 5 % 64);
        x = units_find(&t->u, str_from(uid));
        assert_non_null(x);
        assert_str(x->uid, uid);
        units_remove(&t->u, x);
        assert_null(units_find(&t->u, str_from(uid)));
    }
    assert_int_equal(t->u.count, 0);
    assert_int_equal(t->u.others, 0);
    assert_int_equal(t->slab.used, 0);
    assert_int_equal(t->u.gone_count, 64);
    table_free(t);
}

static size_t called(struct table *t, const char *callsign, char *uids, size_t size)
{
    struct buf b = buf_over(uids, size - 1);
    size_t n = 0;

    for (uint32_t at = UNIT_NONE; (at = units_next_called(&t->u, str_from(callsign), at)) != UNIT_NONE; n++)
        buf_put(&b, units_at(&t->u, at)->uid);
    uids[b.len] = 0;
    return n;
}

static void callsigns_follow(void **state)
{
    struct table *t = table_new(16, 1 << 16);
    char uids[64], name[LIMIT_CALLSIGN + 40];
    struct unit *a = put(t, "a", UNIT_PRESENCE), *b = put(t, "b", UNIT_PRESENCE), *c = put(t, "c", UNIT_PRESENCE);

    (void)state;
    assert_int_equal(called(t, "R1", uids, sizeof uids), 0);
    units_rename(&t->u, a, STR("R1"));
    units_rename(&t->u, b, STR("R1"));
    units_rename(&t->u, c, STR("R2"));
    assert_int_equal(called(t, "R1", uids, sizeof uids), 2);
    units_rename(&t->u, a, STR("R2"));
    assert_int_equal(called(t, "R1", uids, sizeof uids), 1);
    assert_string_equal(uids, "b");
    assert_int_equal(called(t, "R2", uids, sizeof uids), 2);
    units_rename(&t->u, b, STR(""));
    assert_int_equal(called(t, "R1", uids, sizeof uids), 0);
    units_remove(&t->u, c);
    assert_int_equal(called(t, "R2", uids, sizeof uids), 1);
    assert_string_equal(uids, "a");
    memset(name, 'L', sizeof name); /* cut for routing only, the same on both sides */
    name[sizeof name - 1] = 0;
    units_rename(&t->u, a, str_from(name));
    assert_int_equal(a->callsign.len, LIMIT_CALLSIGN);
    assert_int_equal(called(t, name, uids, sizeof uids), 1);
    units_remove(&t->u, a);
    units_remove(&t->u, b);
    assert_int_equal(t->slab.used, 0);
    table_free(t);
}

static void the_latest_event_is_kept(void **state)
{
    struct table *t = table_new(16, 4096);
    struct unit *x = put(t, "a", UNIT_PRESENCE);
    char big[3000];
    uint64_t version;

    (void)state;
    memset(big, 'b', sizeof big);
    assert_true(units_keep(&t->u, x, STR("one"), FORM_XML));
    assert_true(units_keep(&t->u, x, str_of(big, 100), FORM_PROTO));
    assert_int_equal(x->form, FORM_PROTO);
    assert_int_equal(x->latest_len, 100);
    assert_true(units_keep(&t->u, x, str_of(big, sizeof big), FORM_XML));
    assert_memory_equal(x->latest, big, sizeof big);
    assert_false(units_keep(&t->u, put(t, "b", UNIT_PRESENCE), str_of(big, sizeof big), FORM_XML));
    assert_null(units_find(&t->u, STR("b"))->latest);
    version = t->u.version;
    units_touch(&t->u, x, false);
    assert_true(x->version > version && x->text_version < x->version);
    units_touch(&t->u, x, true);
    assert_int_equal(x->text_version, x->version);
    table_free(t);
}

/* Fills a table of 8 with the kinds of `letters` (P, T, O, E; small ones online),
 * the first the stalest; then one of `kind` wants in. */
static void who_gives_way(void **state)
{
    static const struct {
        const char *there;
        enum unit_kind newcomer;
        const char *gone; /* "" nobody had to, NULL: refused */
    } rows[] = {
        {"PPPPPPP", UNIT_PRESENCE, ""},
        {"PPPPPPPP", UNIT_PRESENCE, "0"},   /* the stalest silent device */
        {"pPPPPPPP", UNIT_PRESENCE, "1"},   /* one that is connected stays */
        {"pppppppp", UNIT_PRESENCE, NULL},
        {"PPTPTPPP", UNIT_PRESENCE, "2"},   /* a track before a device */
        {"PPPPPOOO", UNIT_PRESENCE, "0"},   /* objects stay */
        {"pppppOOO", UNIT_PRESENCE, NULL},
        {"TTTTTT", UNIT_TRACK, "0"},        /* three quarters for others */
        {"OOOOOO", UNIT_TRACK, NULL},
        {"OOOOOT", UNIT_OBJECT, "5"},
        {"OOOOOO", UNIT_OBJECT, NULL},
        {"OOOOOO", UNIT_PRESENCE, ""},
        {"OOOOOO", UNIT_EMERGENCY, ""},
        {"PPPPPPPT", UNIT_EMERGENCY, "7"},
        {"PPPPPPOO", UNIT_EMERGENCY, "0"},  /* an alert before a silent device */
        {"ppppppOO", UNIT_EMERGENCY, NULL},
        {"EEEEEEEE", UNIT_PRESENCE, NULL},  /* an open alert never gives way */
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct table *t = table_new(8, 1 << 16);
        char uid[2] = "0", gone[16] = "";
        struct unit *x;

        for (size_t k = 0; rows[i].there[k]; k++) {
            char c = rows[i].there[k];

            uid[0] = (char)('0' + k);
            /* Emergencies are never too many; all others are put in as presence first. */
            x = put(t, uid, c == 'E' ? UNIT_EMERGENCY : UNIT_PRESENCE);
            assert_non_null(x);
            x->seen_mono_ms = (int64_t)(100 + k);
            if (c != 'E')
                units_become(&t->u, x, c == 'T' ? UNIT_TRACK : c == 'O' ? UNIT_OBJECT : UNIT_PRESENCE);
            if (c == 'p')
                atomic_store(&t->u.conn[units_index(&t->u, x)], 99);
        }
        x = put(t, "new", rows[i].newcomer);
        if ((x != NULL) != (rows[i].gone != NULL))
            fail_msg("row %zu %s", i, rows[i].there);
        for (size_t k = 0; rows[i].there[k]; k++) {
            uid[0] = (char)('0' + k);
            if (!units_find(&t->u, str_from(uid)))
                strcat(gone, uid);
        }
        if (rows[i].gone && strcmp(gone, rows[i].gone) != 0)
            fail_msg("row %zu %s: gone '%s'", i, rows[i].there, gone);
        assert_true(t->u.count <= 8 && t->u.others <= t->u.count);
        table_free(t);
    }
}

/* A unit that a delete waits for on the disk is not given away. */
static void pending_units_stay(void **state)
{
    struct table *t = table_new(2, 1 << 16);
    struct unit *a = put(t, "a", UNIT_PRESENCE), *b = put(t, "b", UNIT_PRESENCE);

    (void)state;
    a->pending = 1;
    b->seen_mono_ms = 5;
    assert_non_null(put(t, "c", UNIT_PRESENCE));
    assert_non_null(units_find(&t->u, STR("a")));
    assert_null(units_find(&t->u, STR("b")));
    table_free(t);
}

/* An index that another unit gets: what stands in the ring about the old one is
 * below its floor, its id is new. */
static void a_reused_place_is_a_new_unit(void **state)
{
    struct table *t = table_new(4, 1 << 16);
    struct unit *a = put(t, "a", UNIT_PRESENCE), *b;
    uint32_t index = units_index(&t->u, a), id = a->id;

    (void)state;
    atomic_store(&t->u.conn[index], 99);
    atomic_store(&t->u.newest[index], 7);
    atomic_store(&t->head, 12);
    units_remove(&t->u, a);
    b = put(t, "b", UNIT_PRESENCE);
    assert_int_equal(units_index(&t->u, b), index);
    assert_true(b->id > id);
    assert_int_equal(atomic_load(&t->u.conn[index]), CONN_NONE);
    assert_int_equal(atomic_load(&t->u.newest[index]), 0);
    assert_int_equal(atomic_load(&t->u.floor[index]), 12);
    assert_int_equal(t->u.gone[0], id);
    table_free(t);
}

/* The last quarter of the bytes is for devices and alerts. */
static void a_nearly_full_slab_keeps_alerts(void **state)
{
    static const struct {
        enum unit_kind kind;
        bool kept;
    } rows[] = {{UNIT_PRESENCE, true}, {UNIT_EMERGENCY, true}, {UNIT_TRACK, false}, {UNIT_OBJECT, false}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct table *t = table_new(64, 8192);
        struct unit *x = put(t, "x", rows[i].kind);
        void *flood = slab_take(&t->slab, 6144);

        assert_non_null(flood);
        assert_int_equal(units_keep(&t->u, x, STR("<event>"), FORM_XML), rows[i].kept);
        table_free(t);
    }
}

static void a_full_slab_refuses_whole(void **state)
{
    struct table *t = table_new(64, 256);
    size_t n = 0, used;
    char uid[16];

    (void)state;
    for (; n < 64; n++) {
        (void)snprintf(uid, sizeof uid, "u%zu", n);
        if (!put(t, uid, UNIT_PRESENCE))
            break;
    }
    assert_int_equal(n, 4);
    assert_int_equal(t->u.count, 4);
    used = t->slab.used;
    units_rename(&t->u, units_find(&t->u, STR("u0")), STR("R1")); /* no room: no callsign */
    assert_int_equal(units_find(&t->u, STR("u0"))->callsign.len, 0);
    assert_int_equal(t->slab.used, used);
    units_remove(&t->u, units_find(&t->u, STR("u0")));
    assert_non_null(put(t, "again", UNIT_PRESENCE));
    table_free(t);
}

/* --------------------------------------------------------------- fields -- */

static void fields_read_back(void **state)
{
    char memory[256];
    struct buf b = buf_over(memory, sizeof memory);
    struct str rest, v;
    enum field tag;

    (void)state;
    fields_put(&b, FIELD_TO, STR("a"));
    fields_put(&b, FIELD_TO, STR("b"));
    fields_put(&b, FIELD_TEXT, STR(""));
    fields_put_int(&b, FIELD_STALE_MS, -42);
    assert_false(b.full);
    rest = buf_str(&b);
    assert_true(fields_next(&rest, &tag, &v) && tag == FIELD_TO);
    assert_str(v, "a");
    assert_str(fields_get(buf_str(&b), FIELD_TO), "a");
    assert_true(fields_has(buf_str(&b), FIELD_TEXT));
    assert_false(fields_has(buf_str(&b), FIELD_UID));
    assert_int_equal(fields_get_int(buf_str(&b), FIELD_STALE_MS, 7), -42);
    assert_int_equal(fields_get_int(buf_str(&b), FIELD_TO, 7), 7);
    assert_int_equal(fields_get_int(buf_str(&b), FIELD_UID, 7), 7);
}

/* Tags above 255 are written behind tag 0, which a reader that does not know them passes over. */
static void wide_fields(void **state)
{
    const enum field wide = (enum field)FIELD_NARROW, last = (enum field)(FIELD_TAGS - 1);
    char memory[64], small[10];
    struct buf b = buf_over(memory, sizeof memory), full = buf_over(small, sizeof small);
    struct str rest, v;
    enum field tag;

    (void)state;
    fields_put(&b, wide, STR("a"));
    fields_put(&b, FIELD_TO, STR("b"));
    fields_put(&b, last, STR(""));
    fields_put_int(&b, wide, 7);
    assert_memory_equal(memory, "\0\0\0\0\2\0a", 7);
    assert_str(fields_get(buf_str(&b), wide), "a");
    assert_str(fields_get(buf_str(&b), FIELD_TO), "b");
    assert_true(fields_has(buf_str(&b), last));
    assert_int_equal(fields_get(buf_str(&b), last).len, 0);
    assert_false(fields_has(buf_str(&b), (enum field)(FIELD_NARROW + 1)));
    rest = buf_str(&b);
    for (int i = 0; i < 4; i++)
        assert_true(fields_next(&rest, &tag, &v));
    assert_int_equal(tag, wide);
    assert_str(v, "7");
    assert_int_equal(rest.len, 0);
    rest = str_of("\0\0\0\0\0", 5); /* tag 0 without anything: unknown, and not torn */
    assert_true(fields_next(&rest, &tag, &v) && tag == 0 && v.len == 0);
    fields_put(&full, wide, STR("12345")); /* one byte too many */
    assert_true(full.full && full.len == 0);
}

/* Torn anywhere: a prefix of whole fields, never a byte behind the end. */
static void torn_fields_end(void **state)
{
    char memory[64];
    struct buf b = buf_over(memory, sizeof memory);

    (void)state;
    fields_put(&b, FIELD_UID, STR("device"));
    fields_put(&b, FIELD_TEXT, STR("hello"));
    for (size_t n = 0; n <= b.len; n++) {
        char *copy = malloc(n + 1);
        struct str rest = str_of(copy, n), v;
        enum field tag;
        int count = 0;

        assert_non_null(copy);
        memcpy(copy, b.at, n);
        while (fields_next(&rest, &tag, &v))
            count++;
        assert_int_equal(count, (n >= 11) + (n >= 21));
        assert_true(rest.len == 0 || (n != 11 && n != 21 && n != 0));
        free(copy);
    }
    b.max = b.len + 7;
    fields_put(&b, FIELD_TEXT, STR("abc"));
    assert_true(b.full);
    assert_int_equal(b.len, 21);
}

/* ------------------------------------------------------------- classify -- */

static void types_have_their_class(void **state)
{
    static const struct {
        const char *type, *how, *endpoint;
        bool archive;
        enum cot_class want;
    } rows[] = {
        {"a-f-G-U-C", "m-g", "*:-1:stcp", false, CLASS_PRESENCE},
        {"a-f-G-U-C", "h-e", "*:-1:stcp", false, CLASS_PRESENCE},
        {"a-f-G-U-C", "m-g", "", false, CLASS_TRACK},
        {"a-n-A-C-F", "m-a", NULL, false, CLASS_TRACK},
        {"a-u-G", "h-g-i-g-o", NULL, false, CLASS_OBJECT},
        {"a-u-G", "m-g", NULL, true, CLASS_OBJECT},
        {"a-u-G", "", NULL, false, CLASS_TRACK},
        {"b-m-p-s-m", "h-e", NULL, false, CLASS_OBJECT},
        {"b-m-r", "h-e", NULL, false, CLASS_OBJECT},
        {"b-m-p-s-p-i", "h-e", NULL, false, CLASS_TRACK},
        {"u-d-f", "h-e", NULL, false, CLASS_OBJECT},
        {"u-rb-a", "h-e", NULL, false, CLASS_OBJECT},
        {"u", "h-e", NULL, false, CLASS_OBJECT},
        {"unknown", "h-e", NULL, false, CLASS_PASS},
        {"b-i-v", "m-g", NULL, false, CLASS_OBJECT},
        {"b-t-f", "h-g-i-g-o", NULL, false, CLASS_CHAT},
        {"b-t-f-d", "h-g-i-g-o", NULL, false, CLASS_RECEIPT},
        {"b-t-f-r", "h-g-i-g-o", NULL, false, CLASS_RECEIPT},
        {"b-t-fx", "h-g-i-g-o", NULL, false, CLASS_PASS},
        {"b-a-o-tbl", "h-e", NULL, false, CLASS_EMERGENCY},
        {"b-a-o-pan", "h-e", NULL, false, CLASS_EMERGENCY},
        {"b-a-g", "h-e", NULL, false, CLASS_EMERGENCY},
        {"b-a-o-can", "h-e", NULL, false, CLASS_EMERGENCY_CANCEL},
        {"b-r-f-h-c", "h-e", NULL, false, CLASS_CASEVAC},
        {"b-f-t-r", "h-e", NULL, false, CLASS_FILE},
        {"b-f-t-a", "h-e", NULL, false, CLASS_FILE_ANSWER},
        {"t-x-d-d", "m-g", NULL, false, CLASS_DELETE},
        {"t-x-c-t", "m-g", NULL, false, CLASS_PING},
        {"t-x-c-t-r", "m-g", NULL, false, CLASS_CONSUMED},
        {"t-x-c-m", "m-g", NULL, false, CLASS_CONSUMED},
        {"t-x-c-f", "m-g", NULL, false, CLASS_CONSUMED},
        {"t-x-takp-q", "m-g", NULL, false, CLASS_NEGOTIATE},
        {"t-x-takp-v", "m-g", NULL, false, CLASS_CONSUMED},
        {"t-x-c-i-e", "m-g", NULL, false, CLASS_INCOGNITO_ON},
        {"t-x-c-i-d", "m-g", NULL, false, CLASS_INCOGNITO_OFF},
        {"t-b-a", "m-g", NULL, false, CLASS_CONSUMED},
        {"t-k-d", "m-g", NULL, false, CLASS_TASK},
        {"t-s-v", "m-g", NULL, false, CLASS_TASK},
        {"t-x-m-c", "m-g", NULL, false, CLASS_PASS},
        {"r-p", "m-g", NULL, false, CLASS_PASS},
        {"y-c-r", "m-g", NULL, false, CLASS_PASS},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct cot c = {.type = str_from(rows[i].type), .how = str_from(rows[i].how)};

        c.contact.is = rows[i].endpoint != NULL;
        c.contact.endpoint = str_from(rows[i].endpoint);
        if (classify(&c, rows[i].archive) != rows[i].want)
            fail_msg("%s %s: %d", rows[i].type, rows[i].how, classify(&c, rows[i].archive));
    }
    assert_true(class_is_durable(CLASS_CHAT) && class_is_durable(CLASS_TASK) && !class_is_durable(CLASS_PASS));
    assert_true(class_is_urgent(CLASS_EMERGENCY_CANCEL) && !class_is_urgent(CLASS_PRESENCE));
    assert_true(class_is_kept(CLASS_CASEVAC) && !class_is_kept(CLASS_CHAT));
}

/* ---------------------------------------------------------------- reply -- */

/* Both forms of what the server says itself are whole events that say the same. */
static void assert_readable(const struct cot *c, const char *type, const char *uid)
{
    static char text[8192], values[8192], text2[8192], values2[8192];
    struct buf b = buf_over(text, sizeof text), v = buf_over(values, sizeof values);
    struct buf b2 = buf_over(text2, sizeof text2), v2 = buf_over(values2, sizeof values2);
    struct cot x, p;
    struct tak_control control;
    bool has_event;
    struct err e;
    size_t at = 1;

    cot_to_xml(c, &b);
    assert_false(b.full);
    if (!cot_from_xml(buf_str(&b), &v, &x, &e))
        fail_msg("%s: %.*s", e.text, STR_ARG(buf_str(&b)));
    assert_true(str_ends(buf_str(&b), STR("</event>")));
    assert_str(x.type, type);
    assert_str(x.uid, uid);
    assert_true(x.has_point && x.how.len && x.time_ms && x.start_ms && x.stale_ms > x.start_ms);
    assert_true(tak_encode(c, false, &b2));
    while ((unsigned char)text2[at] & 0x80)
        at++;
    assert_true(tak_decode(str_from_at(buf_str(&b2), at + 1), &v2, &p, &has_event, &control, &e));
    assert_str(p.type, type);
    assert_str(p.uid, uid);
    assert_int_equal(p.stale_ms, x.stale_ms);
}

static void replies_are_events(void **state)
{
    char memory[4096], uid_text[512];
    struct buf detail = buf_over(memory, sizeof memory), uid = buf_over(uid_text, sizeof uid_text);
    const int64_t now = INT64_C(1767323045678);
    struct reply_chat chat = {STR("m<1>"), STR("server-1"), STR("Post & \"A\""), STR("U&1"), STR("R<1>"),
                              STR("come </remarks> \xC3\xA4\n")};
    struct reply_receipt receipt = {STR("b-t-f-p"), STR("m1"), STR("U1"), STR("R1"), STR("U\"1"), STR("U2")};
    struct cot_routing *routing = zeroed(sizeof *routing);
    char values[4096];
    struct buf v = buf_over(values, sizeof values);
    struct cot c;
    struct err e;

    (void)state;
    reply_pong(&c, now);
    assert_readable(&c, "t-x-c-t-r", "takPong");
    reply_version(&c, STR("v-1"), now, &detail);
    assert_readable(&c, "t-x-takp-v", "v-1");
    assert_true(str_find(c.detail, STR("<TakProtocolSupport version=\"1\">")) < c.detail.len);
    assert_true(str_find(c.detail, STR("serverVersion=\"")) < c.detail.len);
    reply_response(&c, STR("v-1"), true, now);
    assert_readable(&c, "t-x-takp-r", "v-1");
    assert_true(str_find(c.detail, STR("status=\"true\"")) < c.detail.len);
    reply_response(&c, STR("v-1"), false, now);
    assert_true(str_find(c.detail, STR("status=\"false\"")) < c.detail.len);
    reply_groups(&c, STR("g-1"), now);
    assert_readable(&c, "t-x-g-c", "g-1");
    detail.len = 0;
    reply_left(&c, STR("l-1"), STR("U<1>"), STR("a-f-G-U-C"), now, &detail);
    assert_readable(&c, "t-x-d-d", "l-1");
    assert_true(cot_route(&c, &v, routing, &e));
    assert_str(routing->link_uid, "U<1>");
    reply_chat(&c, &chat, now, &detail, &uid);
    assert_readable(&c, "b-t-f", "GeoChat.server-1.U&1.m<1>");
    v.len = 0;
    assert_true(cot_route(&c, &v, routing, &e));
    assert_str(routing->chat_id, "U&1");
    assert_str(routing->chat_room, "R<1>");
    assert_str(routing->chat_message_id, "m<1>");
    assert_str(routing->chat_sender, "Post & \"A\"");
    assert_str(routing->remarks, "come </remarks> \xC3\xA4\n");
    assert_int_equal(routing->chat_member_count, 2);
    chat.to_uid = (struct str){0};
    uid.len = 0;
    reply_chat(&c, &chat, now, &detail, &uid);
    assert_readable(&c, "b-t-f", "GeoChat.server-1.All Chat Rooms.m<1>");
    reply_receipt(&c, &receipt, now, &detail);
    assert_readable(&c, "b-t-f-p", "m1");
    v.len = 0;
    assert_true(cot_route(&c, &v, routing, &e));
    assert_str(routing->chat_members[0], "U\"1");
    assert_str(routing->chat_members[1], "U2");
    free(routing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_shares_a_group_hears),
        cmocka_unit_test(groups_are_bounded),
        cmocka_unit_test(ring_keeps_what_was_put),
        cmocka_unit_test(ring_never_changes_what_is_safe),
        cmocka_unit_test(ring_picks_a_neighbourhood),
        cmocka_unit_test(ring_grows_its_laps),
        cmocka_unit_test(ring_uses_more_entries_when_laps_are_short),
        cmocka_unit_test(ring_has_room_for_who_is_expected),
        cmocka_unit_test(ring_newest_is_safe),
        cmocka_unit_test(units_are_found_and_forgotten),
        cmocka_unit_test(callsigns_follow),
        cmocka_unit_test(the_latest_event_is_kept),
        cmocka_unit_test(who_gives_way),
        cmocka_unit_test(pending_units_stay),
        cmocka_unit_test(a_reused_place_is_a_new_unit),
        cmocka_unit_test(a_nearly_full_slab_keeps_alerts),
        cmocka_unit_test(a_full_slab_refuses_whole),
        cmocka_unit_test(fields_read_back),
        cmocka_unit_test(wide_fields),
        cmocka_unit_test(torn_fields_end),
        cmocka_unit_test(types_have_their_class),
        cmocka_unit_test(replies_are_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
