/* Missions in the record thread, step by step: who may, what comes of it, and that it is all or nothing. */
#include "edge/recorder_mission.h"
#include "support/folder.h"
#include "support/recorder_alone.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GUID "0fb9d4a2-0000-4000-8000-000000000001"
#define GUID_2 "0fb9d4a2-0000-4000-8000-000000000002"

static struct alone a;
static char *dir;
static struct answer_head answered;
static char answer_text[ERR_TEXT_MAX];

static void hear(struct hub *h, const struct answer_head *head, const char *text)
{
    (void)h;
    answered = *head;
    (void)snprintf(answer_text, sizeof answer_text, "%s", text);
}

static void begin(void)
{
    dir = folder_make();
    if (!alone_open(&a, dir, hear))
        fail_msg("%s", a.err.text);
}

static void end(void)
{
    alone_stop(&a);
    folder_remove(dir);
}

/* Pairs of tag and text, ended by 0. */
static void put_pairs(struct buf *b, va_list args)
{
    for (int f = va_arg(args, int); f; f = va_arg(args, int))
        fields_put(b, (enum field)f, str_from(va_arg(args, const char *)));
}

static char asked_room[1 << 20], one_room[1 << 17];
static struct buf asked;

static void ask_begin(const char *user, const char *guid)
{
    asked = buf_over(asked_room, sizeof asked_room);
    fields_put(&asked, FIELD_USER, str_from(user));
    fields_put(&asked, FIELD_MISSION_CREATOR, str_from(user));
    fields_put(&asked, FIELD_MISSION, str_from(guid));
}

static void ask_one(const char *change, ...)
{
    struct buf one = buf_over(one_room, sizeof one_room);
    va_list args;

    fields_put(&one, FIELD_MISSION_CHANGE, str_from(change));
    va_start(args, change);
    put_pairs(&one, args);
    va_end(args);
    fields_put(&asked, FIELD_MISSION_ONE, buf_str(&one));
}

static bool ask_end(void)
{
    struct ask_head head = {.ask = ASK_MISSION, .sender = RING_NO_SENDER, .request = HUB_REQUEST_OTHER | 1,
                            .at_ms = clock_wall_ms()};

    memset(&answered, 0, sizeof answered);
    answer_text[0] = 0;
    assert_false(asked.full);
    assert_true(hub_ask(&a.h, &head, buf_str(&asked)));
    assert_true(recorder_turn(a.h.recorder));
    return answered.ok;
}

#define ASK(user, change, ...) (ask_begin(user, GUID), ask_one(change, __VA_ARGS__, 0), ask_end())

static void create(const char *guid, const char *name)
{
    ask_begin("EX-owner", guid);
    ask_one("created", FIELD_MISSION_NAME, name, FIELD_GROUP, "All", FIELD_MISSION_CLIENT, "EX-owner",
            FIELD_MISSION_TOKEN, "t-owner", 0);
    if (!ask_end())
        fail_msg("%s", answer_text);
}

static struct journal_head head_now(void)
{
    return journal_head(a.h.recorder->journal);
}

/* The newest row of a kind, its payload copied. */
static char row_room[1 << 20];

struct seeking {
    unsigned kind;
    struct str payload;
    size_t count;
};

static bool see_row(void *ctx, const struct journal_row *row)
{
    struct seeking *s = ctx;

    if (row->kind == s->kind) {
        MUST(row->payload.len <= sizeof row_room);
        memcpy(row_room, row->payload.at, row->payload.len);
        s->payload = str_of(row_room, row->payload.len);
        s->count++;
    }
    return true;
}

static struct seeking newest(unsigned kind, uint64_t from)
{
    struct seeking s = {.kind = kind};
    struct err e;

    assert_true(journal_read(a.h.recorder->journal, from, NULL, see_row, &s, &e));
    return s;
}

static const char marker[] =
    "<event version=\"2.0\" uid=\"EX-1\" type=\"b-m-p-s-m\" how=\"h-g-i-g-o\" time=\"2026-01-02T03:04:05.678Z\""
    " start=\"2026-01-02T03:04:05.678Z\" stale=\"2026-01-03T03:04:05.678Z\"><point lat=\"31.5\" lon=\"74.25\""
    " hae=\"0\" ce=\"1\" le=\"1\"/><detail><contact callsign=\"EX one\"/></detail></event>";

/* A phone's event as session.c asks for it. */
static void phone_says(const char *user, enum event_id kind, ...)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)kind, .sender = 1, .at_ms = clock_wall_ms()};
    struct buf b = buf_over(asked_room, sizeof asked_room);
    va_list args;

    fields_put(&b, FIELD_USER, str_from(user));
    fields_put(&b, FIELD_FROM_UID, str_from(user));
    fields_put(&b, FIELD_GROUP, STR("All"));
    va_start(args, kind);
    put_pairs(&b, args);
    va_end(args);
    assert_true(hub_ask(&a.h, &head, buf_str(&b)));
    assert_true(recorder_turn(a.h.recorder));
}

/* ---- every permission x role --------------------------------------------- */

static void subscribe(const char *user, const char *role)
{
    if (!ASK(user, "subscribed", FIELD_MISSION_CLIENT, user, FIELD_MISSION_TOKEN, user))
        fail_msg("%s", answer_text);
    if (!ASK("EX-owner", "role", FIELD_MISSION_CLIENT, user, FIELD_MISSION_ROLE, role))
        fail_msg("%s", answer_text);
}

/* Each change with what makes it possible apart from the role. */
static bool try_change(const char *user, enum mission_change change)
{
    const char *word = mission_change_info(change)->word;

    return ASK(user, word, FIELD_MISSION_NAME, "EX x", FIELD_UID, "EX-1", FIELD_SHA256, "ab", FIELD_TEXT, "EX",
               FIELD_NAME, "EX", FIELD_MISSION_TYPE, "clientUid", FIELD_MISSION_CLIENT, "EX-other", FIELD_MISSION_ROLE,
               "MISSION_READONLY_SUBSCRIBER", FIELD_MISSION_TOKEN, "t", FIELD_MISSION_VALUE, "v");
}

static void need_items(void)
{
    static const char *const words[] = {"uid.put", "file.put", "log.put", "layer.put", "maplayer.put", "external.put"};

    for (size_t i = 0; i < COUNTOF(words); i++)
        if (!ASK("EX-owner", words[i], FIELD_UID, "EX-1", FIELD_SHA256, "ab", FIELD_TEXT, "EX", FIELD_NAME, "EX",
                 FIELD_MISSION_TYPE, "UID"))
            fail_msg("%s: %s", words[i], answer_text);
}

static void test_every_change_by_every_role(void **state)
{
    static const struct {
        const char *user;
        enum mission_role role;
    } users[] = {{"EX-owner", MISSION_OWNER}, {"EX-writer", MISSION_SUBSCRIBER}, {"EX-reader", MISSION_READONLY}};

    (void)state;
    begin();
    create(GUID, "EX one");
    subscribe("EX-writer", "MISSION_SUBSCRIBER");
    subscribe("EX-reader", "MISSION_READONLY_SUBSCRIBER");
    subscribe("EX-other", "MISSION_SUBSCRIBER");
    for (size_t u = COUNTOF(users); u-- > 0;)
        for (enum mission_change c = MISSION_UPDATED; c < MISSION_CHANGES; c++) {
            unsigned needs = mission_change_info(c)->needs;
            bool may = (needs & ~mission_role_may(users[u].role)) == 0;

            if (c == MISSION_DELETED && users[u].role == MISSION_OWNER)
                continue; /* at the end */
            if (c == MISSION_SUBSCRIBED)
                continue; /* who may has a test of its own */
            if (c == MISSION_UNSUBSCRIBED) /* somebody else's */
                may = users[u].role == MISSION_OWNER;
            if (c == MISSION_UNINVITED)
                may = users[u].role != MISSION_READONLY;
            need_items();
            if (try_change(users[u].user, c) != may)
                fail_msg("%s, %s: %s", users[u].user, mission_change_info(c)->word, answer_text);
            if (!may)
                assert_int_equal(answered.refused, ERR_DENIED);
            if (c == MISSION_PASSWORD && may)
                assert_true(ASK("EX-owner", "password", FIELD_REASON, "none any more"));
            if (c == MISSION_UNSUBSCRIBED && may)
                subscribe("EX-other", "MISSION_SUBSCRIBER");
        }
    assert_true(try_change("EX-owner", MISSION_DELETED));
    end();
}

static void test_who_may_subscribe(void **state)
{
    struct seeking s;
    uint64_t before;

    (void)state;
    begin();
    create(GUID, "EX one");
    assert_true(ASK("EX-owner", "password", FIELD_MISSION_VALUE, "$argon2id$x"));
    assert_false(ASK("EX-b", "subscribed", FIELD_MISSION_CLIENT, "EX-b", FIELD_MISSION_TOKEN, "t-b"));
    assert_int_equal(answered.refused, ERR_DENIED);
    ask_begin("EX-b", GUID);
    fields_put(&asked, FIELD_MISSION_CLAIM, STR("subscription/none of ours"));
    ask_one("subscribed", FIELD_MISSION_CLIENT, "EX-b", FIELD_MISSION_TOKEN, "t-b", 0);
    assert_false(ask_end());
    ask_begin("EX-b", GUID);
    fields_put(&asked, FIELD_MISSION_CLAIM, STR("access")); /* the web thread has checked the password */
    ask_one("subscribed", FIELD_MISSION_CLIENT, "EX-b", FIELD_MISSION_TOKEN, "t-b", 0);
    assert_true(ask_end());
    /* Whoever comes back keeps what he is, and nothing is written for it. */
    before = head_now().seq;
    assert_true(ASK("EX-owner", "subscribed", FIELD_MISSION_CLIENT, "EX-owner", FIELD_MISSION_TOKEN, "t-new"));
    assert_int_equal(head_now().seq, before);
    /* A subscription that is silent keeps its role, too. */
    assert_true(ASK("EX-owner", "unsubscribed", FIELD_MISSION_CLIENT, "EX-owner", FIELD_CHANGED, "disconnected"));
    assert_true(ASK("EX-owner", "subscribed", FIELD_MISSION_CLIENT, "EX-owner", FIELD_MISSION_TOKEN, "t-new"));
    s = newest(EV_MISSION_CHANGED, before);
    assert_true(str_eq(fields_get(s.payload, FIELD_MISSION_ROLE), STR("MISSION_OWNER")));
    assert_true(str_eq(fields_get(s.payload, FIELD_MISSION_TOKEN), STR("t-owner")));
    assert_true(ASK("EX-owner", "deleted", FIELD_REASON, "EX"));
    end();
}

/* ---- all or nothing ---------------------------------------------------------- */

static void test_all_of_them_or_none(void **state)
{
    uint64_t before;
    struct err e;
    bool has;

    (void)state;
    begin();
    create(GUID, "EX one");
    before = head_now().seq;
    ask_begin("EX-owner", GUID);
    ask_one("uid.put", FIELD_UID, "EX-1", 0);
    ask_one("uid.removed", FIELD_UID, "EX-2", 0); /* it is not there */
    assert_false(ask_end());
    assert_int_equal(answered.refused, ERR_MISSING);
    assert_int_equal(head_now().seq, before);
    assert_true(missions_has(a.h.recorder->missions->store, MISSIONS_UIDS, 2, STR("EX-1"), &has, &e));
    assert_false(has);
    ask_begin("EX-owner", GUID);
    ask_one("uid.put", FIELD_UID, "EX-1", 0);
    ask_one("uid.removed", FIELD_UID, "EX-1", 0); /* the next change meets the one before it */
    assert_true(ask_end());
    assert_true(head_now().seq > before);
    end();
}

static void test_names_are_taken_within_groups(void **state)
{
    (void)state;
    begin();
    create(GUID, "EX One");
    ask_begin("EX-b", GUID_2);
    ask_one("created", FIELD_MISSION_NAME, "ex ONE", FIELD_GROUP, "All", FIELD_MISSION_CLIENT, "EX-b", 0);
    assert_false(ask_end());
    assert_int_equal(answered.refused, ERR_DENIED);
    ask_begin("EX-b", GUID_2); /* those of another group do not hear that there is one */
    ask_one("created", FIELD_MISSION_NAME, "ex ONE", FIELD_GROUP, "Other", FIELD_MISSION_CLIENT, "EX-b", 0);
    assert_true(ask_end());
    end();
}

/* ---- from phones ---------------------------------------------------------------- */

static void test_an_event_for_a_mission(void **state)
{
    uint64_t from;
    struct seeking s;

    (void)state;
    begin();
    create(GUID, "EX one");
    subscribe("EX-writer", "MISSION_SUBSCRIBER");
    subscribe("EX-reader", "MISSION_READONLY_SUBSCRIBER");
    from = head_now().seq + 1;
    phone_says("EX-writer", EV_DIRECTED, FIELD_UID, "EX-1", FIELD_TYPE, "b-m-p-s-m", FIELD_TO, "mission/ex one",
               FIELD_EVENT_XML, marker, 0);
    s = newest(EV_DIRECTED, from);
    assert_int_equal(s.count, 1);
    { /* its sender has it already */
        struct str rest = s.payload, value;
        enum field tag;
        unsigned found = 0, self = 0, names = 0;

        while (fields_next(&rest, &tag, &value)) {
            found += tag == FIELD_TO && (str_eq(value, STR("EX-owner")) || str_eq(value, STR("EX-reader")));
            self += tag == FIELD_TO && str_eq(value, STR("EX-writer"));
            names += tag == FIELD_TO && str_eq(value, STR("mission-guid/" GUID));
        }
        assert_int_equal(found, 2);
        assert_int_equal(self, 0);
        assert_int_equal(names, 1);
    }
    s = newest(EV_MISSION_CHANGED, from);
    assert_int_equal(s.count, 1);
    assert_true(str_eq(fields_get(s.payload, FIELD_MISSION_CHANGE), STR("uid.put")));
    assert_true(str_eq(fields_get(s.payload, FIELD_MISSION_COT), str_from(marker)));
    s = newest(EV_MISSION_TOLD, from);
    assert_int_equal(s.count, 1);
    assert_true(str_eq(fields_get(s.payload, FIELD_TYPE), STR("t-x-m-c")));
    assert_int_equal(newest(EV_EVENT_REFUSED, from).count, 0);
    end();
}

static void test_an_event_of_one_who_may_not(void **state)
{
    static const char *const to[] = {"mission/ex one", "mission-guid/" GUID, "mission/none", "mission-guid/x"};
    uint64_t from;

    (void)state;
    begin();
    create(GUID, "EX one");
    subscribe("EX-reader", "MISSION_READONLY_SUBSCRIBER");
    for (size_t i = 0; i < COUNTOF(to); i++) {
        from = head_now().seq + 1;
        phone_says(i == 0 ? "EX-reader" : "EX-stranger", EV_DIRECTED, FIELD_UID, "EX-1", FIELD_TYPE, "b-m-p-s-m",
                   FIELD_TO, to[i], FIELD_EVENT_XML, marker, 0);
        assert_int_equal(newest(EV_MISSION_CHANGED, from).count, 0);
        assert_int_equal(newest(EV_MISSION_TOLD, from).count, 0);
        assert_int_equal(newest(EV_EVENT_REFUSED, from).count, 1);
        assert_true(fields_has(newest(EV_DIRECTED, from).payload, FIELD_TO)); /* it stays addressed: to nobody */
    }
    end();
}

/* More subscribers than a row may name: rows of it, and each device in one of them. */
static void test_many_subscribers(void **state)
{
    enum { MANY = 300 };
    static unsigned char heard[MANY];
    struct seeking s;
    uint64_t from;

    (void)state;
    begin();
    create(GUID, "EX one");
    for (int i = 0; i < MANY; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "EX-%03d", i);
        assert_true(ASK(name, "subscribed", FIELD_MISSION_CLIENT, name, FIELD_MISSION_TOKEN, name));
    }
    from = head_now().seq + 1;
    phone_says("EX-owner", EV_DIRECTED, FIELD_UID, "EX-1", FIELD_TYPE, "b-m-p-s-m", FIELD_TO, "mission/EX one",
               FIELD_EVENT_XML, marker, 0);
    s = newest(EV_MISSION_TOLD, from);
    assert_int_equal(s.count, (MANY + 1 + LIMIT_DESTS - 1) / LIMIT_DESTS);
    memset(heard, 0, sizeof heard);
    for (uint64_t seq = from; seq <= head_now().seq; seq++) {
        struct seeking one = {.kind = EV_DIRECTED};
        struct str rest, value;
        enum field tag;
        struct err e;
        unsigned n = 0;

        assert_true(journal_get(a.h.recorder->journal, seq, see_row, &one, &e));
        rest = one.payload;
        while (one.count && fields_next(&rest, &tag, &value)) {
            if (tag != FIELD_TO)
                continue;
            assert_true(++n <= LIMIT_DESTS);
            if (value.len == 6)
                heard[atoi(value.at + 3)]++;
        }
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(heard[i], 1);
    end();
}

/* ---- incidents, restarts, ends ------------------------------------------------------ */

static void test_a_log_entry_is_a_line_of_the_incident(void **state)
{
    struct buf b = buf_over(asked_room, sizeof asked_room);
    const struct incident *s;
    uint32_t found = 0;

    (void)state;
    begin();
    fields_put(&b, FIELD_TICKET, STR("t-open"));
    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    incident_put(&b, IN_NAME, STR("EX drill"));
    incident_put(&b, IN_TYPE, STR("bomb"));
    incident_put(&b, IN_EXERCISE, STR("1"));
    assert_true(alone_ask(&a, INC_INCIDENT_OPENED, buf_str(&b), HUB_REQUEST_OTHER | 1));
    assert_true(recorder_turn(a.h.recorder) && answered.ok);
    create(GUID, "EX one");
    for (int i = 0; i < 3; i++) /* the same words twice are one line */
        assert_true(ASK("EX-owner", "log.put", FIELD_UID, "EX-log", FIELD_TEXT, i < 2 ? "EX smoke" : "EX no smoke",
                        FIELD_CALLSIGN, "EX-owner"));
    s = a.h.recorder->incidents.list[0];
    for (uint32_t r = ent_first(s, ENT_REPORT); r; r = ent_next(s, r)) {
        found++;
        assert_true(str_eq(ent_get(s, r, IN_SUBJECT), STR("mission EX one")));
        assert_true(str_starts(ent_get(s, r, IN_SOURCE), STR("cot:")));
    }
    assert_int_equal(found, 2);
    end();
}

static void test_a_restart_and_an_end(void **state)
{
    uint64_t before, after;
    struct err e;

    (void)state;
    begin();
    create(GUID, "EX one");
    need_items();
    assert_true(missions_hash(a.h.recorder->missions->store, &before, &e));
    alone_drop(&a); /* as the machine forgets it */
    assert_true(alone_open(&a, dir, hear));
    assert_true(missions_hash(a.h.recorder->missions->store, &after, &e));
    assert_int_equal(before, after);
    assert_true(ASK("EX-owner", "updated", FIELD_MISSION_KEY, "expiration", FIELD_MISSION_VALUE, "1700000100"));
    recorder_second(a.h.recorder, hub_now());
    assert_int_equal(a.h.recorder->entry_count, 0);
    alone_pass(200000);
    recorder_second(a.h.recorder, hub_now());
    assert_true(a.h.recorder->entry_count > 0);
    assert_true(recorder_turn(a.h.recorder));
    assert_false(missions_by_guid(a.h.recorder->missions->store, STR(GUID), false, &a.h.recorder->missions->other, &e));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_change_by_every_role),
        cmocka_unit_test(test_who_may_subscribe),
        cmocka_unit_test(test_all_of_them_or_none),
        cmocka_unit_test(test_names_are_taken_within_groups),
        cmocka_unit_test(test_an_event_for_a_mission),
        cmocka_unit_test(test_an_event_of_one_who_may_not),
        cmocka_unit_test(test_many_subscribers),
        cmocka_unit_test(test_a_log_entry_is_a_line_of_the_incident),
        cmocka_unit_test(test_a_restart_and_an_end),
    };

    alone_clock();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
