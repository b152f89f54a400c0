#include "core/decide.h"
#include "core/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 60000 };

static const struct hash_key key = {3, 4};

struct row {
    unsigned kind;
    int64_t at_ms;
    char payload[120];
    size_t len;
};

struct log {
    struct row rows[ROWS];
    uint64_t count;
    struct record state;
    void *memory;
};

static void *zeroed(size_t n)
{
    void *p = aligned_alloc(64, (n + 63) & ~(size_t)63);

    assert_non_null(p);
    memset(p, 0, (n + 63) & ~(size_t)63);
    return p;
}

static struct log *log_new(void)
{
    struct log *l = zeroed(sizeof *l);

    l->memory = zeroed(record_memory());
    record_init(&l->state, l->memory, key);
    return l;
}

static void log_free(struct log *l)
{
    free(l->memory);
    free(l);
}

struct said {
    const char *uid, *link, *from, *to, *to2;
    int64_t stale_ms;
};

/* Journals and applies one row. */
static void tell(struct log *l, enum event_id kind, int64_t at_ms, struct said s)
{
    struct row *row = &l->rows[l->count++];
    struct buf b = buf_over(row->payload, sizeof row->payload);

    assert_true(l->count <= ROWS);
    fields_put(&b, FIELD_UID, str_from(s.uid));
    if (s.link)
        fields_put(&b, FIELD_LINK_UID, str_from(s.link));
    if (s.from)
        fields_put(&b, FIELD_FROM_UID, str_from(s.from));
    if (s.to)
        fields_put(&b, FIELD_TO, str_from(s.to));
    if (s.to2)
        fields_put(&b, FIELD_TO, str_from(s.to2));
    if (s.stale_ms)
        fields_put_int(&b, FIELD_STALE_MS, s.stale_ms);
    assert_false(b.full);
    row->kind = kind;
    row->at_ms = at_ms;
    row->len = b.len;
    record_apply(&l->state, l->count, kind, at_ms, buf_str(&b));
}

static void apply_row(struct record *r, const struct log *l, uint64_t seq)
{
    const struct row *row = &l->rows[seq - 1];

    record_apply(r, seq, row->kind, row->at_ms, str_of(row->payload, row->len));
}

/* The state from all rows, and from the living rows at each `every`th row with
 * what came behind, is the same. */
static void assert_replays(const struct log *l, uint64_t every, int64_t now_ms)
{
    uint64_t *live = zeroed(RECORD_ROWS_MAX * sizeof *live);
    void *memory = zeroed(record_memory()), *memory2 = zeroed(record_memory());

    for (uint64_t cut = 0; cut <= l->count; cut += every) {
        struct record part, again;
        size_t n;

        memset(memory, 0, record_memory());
        memset(memory2, 0, record_memory());
        record_init(&part, memory, key);
        for (uint64_t i = 1; i <= cut; i++)
            apply_row(&part, l, i);
        n = record_live_rows(&part, cut ? l->rows[cut - 1].at_ms : 0, live, RECORD_ROWS_MAX);
        record_init(&again, memory2, key);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || live[i] > live[i - 1]); /* ascending, each once */
            apply_row(&again, l, live[i]);
        }
        for (uint64_t i = cut + 1; i <= l->count; i++)
            apply_row(&again, l, i);
        assert_int_equal(record_hash(&again, now_ms), record_hash(&l->state, now_ms));
    }
    free(live);
    free(memory);
    free(memory2);
}

static size_t live_count(const struct log *l, int64_t now_ms)
{
    uint64_t *live = zeroed(RECORD_ROWS_MAX * sizeof *live);
    size_t n = record_live_rows(&l->state, now_ms, live, RECORD_ROWS_MAX);

    free(live);
    return n;
}

static bool is_live(const struct log *l, uint64_t seq)
{
    const struct row *row = &l->rows[seq - 1];

    return record_is_live(&l->state, seq, row->kind, str_of(row->payload, row->len));
}

static void event_list_is_a_table(void **state)
{
    (void)state;
    assert_string_equal(event_tag(EV_CHAT_SAID), "chat.said");
    assert_string_equal(event_tag(EV_NONE), "unknown");
    assert_string_equal(event_tag(9999), "unknown");
    assert_int_equal(event_by_tag(STR("object.deleted")), EV_OBJECT_DELETED);
    assert_int_equal(event_by_tag(STR("nonsense")), EV_NONE);
    assert_true(event_waits(EV_CHAT_SAID) && !event_waits(EV_OBJECT_PUT) && !event_waits(9999));
    assert_true(event_matters(EV_UID_BOUND) && !event_matters(EV_CLIENT_LEFT) && !event_matters(9999));
}

static void living_rows(void **state)
{
    struct log *l = log_new();

    (void)state;
    tell(l, EV_EMERGENCY_RAISED, 1000, (struct said){.uid = "e1"});
    tell(l, EV_OBJECT_PUT, 1001, (struct said){.uid = "o1", .stale_ms = 5000});
    tell(l, EV_OBJECT_PUT, 1002, (struct said){.uid = "o1", .stale_ms = 9000});
    tell(l, EV_UID_BOUND, 1003, (struct said){.uid = "o1"}); /* the same uid in another role */
    tell(l, EV_CHAT_SAID, 1004, (struct said){.uid = "c1", .to = "p1"});
    tell(l, EV_OBJECT_PUT, 1005, (struct said){.uid = "o2"});
    tell(l, EV_CLIENT_LEFT, 1006, (struct said){.uid = "p1"});
    assert_false(is_live(l, 2)); /* replaced */
    assert_true(is_live(l, 1) && is_live(l, 3) && is_live(l, 4) && is_live(l, 6));
    assert_int_equal(live_count(l, 2000), 5);
    assert_int_equal(live_count(l, 9000), 4); /* o1 is stale */
    tell(l, EV_EMERGENCY_CANCELLED, 1007, (struct said){.uid = "e1"});
    tell(l, EV_OBJECT_DELETED, 1008, (struct said){.uid = "d1", .link = "o1"});
    tell(l, EV_OBJECT_DELETED, 1009, (struct said){.uid = "d2", .link = "e1"});
    tell(l, EV_EMERGENCY_ACKNOWLEDGED, 1010, (struct said){.uid = "e1"});
    assert_false(is_live(l, 1) || is_live(l, 3));
    assert_true(is_live(l, 4));
    assert_int_equal(live_count(l, 2000), 6); /* o1's holder, o2, c1, three waiting */
    assert_replays(l, 1, 2000);
    log_free(l);
}

/* A delete never ends an emergency, and a cancel never an object. */
static void ends_are_of_their_kind(void **state)
{
    struct log *l = log_new();

    (void)state;
    tell(l, EV_EMERGENCY_RAISED, 1, (struct said){.uid = "x"});
    tell(l, EV_OBJECT_DELETED, 2, (struct said){.uid = "d", .link = "x"});
    assert_true(is_live(l, 1));
    tell(l, EV_OBJECT_PUT, 3, (struct said){.uid = "x"});
    tell(l, EV_EMERGENCY_CANCELLED, 4, (struct said){.uid = "x"});
    assert_true(is_live(l, 3));
    assert_false(is_live(l, 1));
    log_free(l);
}

/* What is addressed to a few is not in the picture: it waits for them. */
static void addressed_rows_wait(void **state)
{
    static const enum event_id kinds[] = {EV_OBJECT_PUT, EV_CASEVAC_SENT, EV_EMERGENCY_RAISED, EV_CHAT_SAID,
                                          EV_TASK_SENT};

    (void)state;
    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        struct log *l = log_new();

        tell(l, kinds[i], 1, (struct said){.uid = "x", .to = "p1", .from = "p2"});
        if (l->state.waiting_next != 1)
            fail_msg("%s does not wait for its addressee", event_tag(kinds[i]));
        assert_int_equal(l->state.count, 0);
        assert_true(record_may_want(&l->state, &l->state.waiting[0], STR("p1"), STR("")));
        assert_replays(l, 1, 2);
        log_free(l);
    }
}

static void who_may_want_a_message(void **state)
{
    struct log *l = log_new();
    const struct record_waiting *w = l->state.waiting;
    size_t wrong = 0;
    char uid[16];

    (void)state;
    tell(l, EV_CHAT_SAID, 1, (struct said){.uid = "c1", .from = "p0", .to = "p1", .to2 = "callsign/R2"});
    tell(l, EV_CHAT_SAID, 2, (struct said){.uid = "c2", .from = "p0"});
    assert_true(record_may_want(&l->state, &w[0], STR("p1"), STR("R1")));
    assert_true(record_may_want(&l->state, &w[0], STR("p9"), STR("R2")));
    assert_false(record_may_want(&l->state, &w[0], STR("p0"), STR("R2"))); /* its own */
    for (int i = 100; i < 300; i++) {
        (void)snprintf(uid, sizeof uid, "u%d", i);
        wrong += record_may_want(&l->state, &w[0], str_from(uid), STR("R1"));
        assert_true(record_may_want(&l->state, &w[1], str_from(uid), STR("R1")));
    }
    assert_true(wrong < 40); /* bits only, but few */
    assert_false(record_may_want(&l->state, &w[1], STR("p0"), STR("R0")));
    log_free(l);
}

static void messages_wait_a_day(void **state)
{
    struct log *l = log_new();

    (void)state;
    tell(l, EV_CHAT_SAID, 1000, (struct said){.uid = "c1", .to = "p1"});
    tell(l, EV_CHAT_SAID, 2000, (struct said){.uid = "c2", .to = "p1"});
    assert_int_equal(live_count(l, 2000), 2);
    tell(l, EV_CLIENT_CONNECTED, RECORD_WAIT_MS + 1000, (struct said){.uid = ""});
    assert_int_equal(l->state.waiting_first, 0);
    tell(l, EV_CLIENT_CONNECTED, RECORD_WAIT_MS + 1001, (struct said){.uid = ""});
    assert_int_equal(l->state.waiting_first, 1);
    assert_int_equal(live_count(l, RECORD_WAIT_MS + 1001), 1);
    assert_replays(l, 1, RECORD_WAIT_MS + 1500);
    log_free(l);
}

/* A random life with few uids: many collisions, many replaced rows. */
static void any_snapshot_gives_the_same(void **state)
{
    static const enum event_id kinds[] = {EV_UID_BOUND,        EV_CHAT_SAID,
                                          EV_EMERGENCY_RAISED, EV_EMERGENCY_CANCELLED,
                                          EV_OBJECT_PUT,       EV_OBJECT_DELETED,
                                          EV_CASEVAC_SENT,     EV_FILE_OFFERED,
                                          EV_CLIENT_LEFT,      EV_EMERGENCY_ACKNOWLEDGED,
                                          EV_DIRECTED};
    struct log *l = log_new();
    uint32_t x = 99;
    int64_t at = 1000;

    (void)state;
    for (int i = 0; i < 1500; i++) {
        char uid[8], link[8];
        uint32_t y = (x = x * 1664525 + 1013904223) >> 7;

        (void)snprintf(uid, sizeof uid, "u%u", y % 17);
        (void)snprintf(link, sizeof link, "u%u", y / 17 % 17);
        at += y / 289 % 120000;
        tell(l, kinds[y / 7 % COUNTOF(kinds)], at,
             (struct said){.uid = uid, .link = link, .from = link, .to = y % 5 == 0 ? "p1" : NULL,
                           .stale_ms = y % 3 ? at + y % 3000000 : 0});
    }
    assert_replays(l, 50, at);
    assert_replays(l, 500, at + RECORD_WAIT_MS / 2);
    log_free(l);
}

/* Full: what may be missed least stays. */
static void full_tables_drop_the_oldest(void **state)
{
    struct log *l = log_new();
    char uid[16], payload[64];
    uint64_t seq = 0;

    (void)state;
    for (uint32_t i = 0; i < RECORD_ENTRIES + 10; i++) {
        struct buf b = buf_over(payload, sizeof payload);

        (void)snprintf(uid, sizeof uid, "e%u", i);
        fields_put(&b, FIELD_UID, str_from(uid));
        record_apply(&l->state, ++seq, i < 20 ? EV_OBJECT_PUT : i < 40 ? EV_UID_BOUND : EV_EMERGENCY_RAISED, 5,
                     buf_str(&b));
    }
    assert_int_equal(l->state.count, RECORD_ENTRIES);
    assert_int_equal(l->state.dropped, 10);
    for (uint32_t i = 0; i < RECORD_ENTRIES + 10; i++) {
        struct buf b = buf_over(payload, sizeof payload);
        enum event_id kind = i < 20 ? EV_OBJECT_PUT : i < 40 ? EV_UID_BOUND : EV_EMERGENCY_RAISED;

        (void)snprintf(uid, sizeof uid, "e%u", i);
        fields_put(&b, FIELD_UID, str_from(uid));
        assert_int_equal(record_is_live(&l->state, i + 1, kind, buf_str(&b)), i >= 10);
    }
    for (uint32_t i = 0; i < RECORD_WAITING + 7; i++)
        record_apply(&l->state, ++seq, EV_CHAT_SAID, 5, STR(""));
    assert_int_equal(l->state.waiting_next - l->state.waiting_first, RECORD_WAITING);
    assert_int_equal(l->state.dropped, 17);
    log_free(l);
}

/* ---------------------------------------------------------------- decide - */

static struct buf chat(char *memory, size_t size, const char *from, const char *id, const char *const *away)
{
    struct buf b = buf_over(memory, size);

    fields_put(&b, FIELD_USER, STR("u"));
    if (from)
        fields_put(&b, FIELD_FROM_UID, str_from(from));
    fields_put(&b, FIELD_UID, STR("GeoChat.p0.p1.m1"));
    if (id)
        fields_put(&b, FIELD_MESSAGE_ID, str_from(id));
    fields_put(&b, FIELD_ROOM_ID, STR("p1"));
    fields_put(&b, FIELD_ROOM, STR("R<1>"));
    for (; away && *away; away++)
        fields_put(&b, FIELD_OFFLINE, str_from(*away));
    assert_false(b.full);
    return b;
}

static void pending_receipts_follow_a_chat(void **state)
{
    static const char *const away[] = {"p1", "callsign/R2", "mission/M", NULL};
    static const char *const about[] = {"p1", "R2", "mission/M"};
    static const char *const types[] = {"b-t-f-p", "b-t-f-p", "b-t-f-s"};
    static char memory[16384];
    char text[512], values[4096];
    struct buf b = chat(text, sizeof text, "p0", "m1", away), m = buf_over(memory, sizeof memory);
    struct now now = {1, INT64_C(1767323045000)};
    struct decided out[8];
    size_t n = decide(EV_CHAT_SAID, buf_str(&b), now, &m, out, COUNTOF(out), 7);

    (void)state;
    assert_int_equal(n, 4);
    assert_int_equal(out[0].kind, EV_CHAT_SAID);
    assert_ptr_equal(out[0].payload.at, text);
    for (size_t i = 1; i < n; i++) {
        struct str xml = fields_get(out[i].payload, FIELD_EVENT_XML);
        struct buf v = buf_over(values, sizeof values);
        struct cot c;
        struct err e;

        assert_int_equal(out[i].kind, EV_CHAT_RECEIPT);
        assert_true(cot_from_xml(xml, &v, &c, &e));
        assert_true(str_eq(c.type, str_from(types[i - 1])));
        assert_true(str_eq(fields_get(out[i].payload, FIELD_TO), STR("p0")));
        assert_true(str_eq(fields_get(out[i].payload, FIELD_FROM_UID), str_from(about[i - 1])));
        assert_true(str_eq(fields_get(out[i].payload, FIELD_MESSAGE_ID), STR("m1")));
        assert_true(fields_has(out[i].payload, FIELD_EVERYONE));
    }
    assert_int_equal(decide(EV_CHAT_SAID, buf_str(&b), now, &m, out, 2, 7), 2);
    assert_int_equal(decide(EV_CHAT_SAID, buf_str(&b), now, &m, out, 1, 7), 1);
    assert_int_equal(decide(EV_CHAT_RECEIPT, buf_str(&b), now, &m, out, 8, 7), 1);
    m = buf_over(memory, 900); /* room for one */
    assert_int_equal(decide(EV_CHAT_SAID, buf_str(&b), now, &m, out, 8, 7), 2);
    m = buf_over(memory, sizeof memory);
    b = chat(text, sizeof text, NULL, "m1", away); /* nobody to tell */
    assert_int_equal(decide(EV_CHAT_SAID, buf_str(&b), now, &m, out, 8, 7), 1);
    b = chat(text, sizeof text, "p0", NULL, away); /* named by its uid */
    assert_int_equal(decide(EV_CHAT_SAID, buf_str(&b), now, &m, out, 8, 7), 4);
    assert_true(str_eq(fields_get(out[1].payload, FIELD_UID), STR("GeoChat.p0.p1.m1")));
    b = chat(text, sizeof text, "p0", "m1", NULL);
    assert_int_equal(decide(EV_CHAT_SAID, buf_str(&b), now, &m, out, 8, 7), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_list_is_a_table),
        cmocka_unit_test(living_rows),
        cmocka_unit_test(ends_are_of_their_kind),
        cmocka_unit_test(addressed_rows_wait),
        cmocka_unit_test(who_may_want_a_message),
        cmocka_unit_test(messages_wait_a_day),
        cmocka_unit_test(any_snapshot_gives_the_same),
        cmocka_unit_test(full_tables_drop_the_oldest),
        cmocka_unit_test(pending_receipts_follow_a_chat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
