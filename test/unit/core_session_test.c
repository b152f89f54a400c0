/* Sessions and the river, step by step: what each of a few phones hears. */
#include "core/missed.h"
#include "core/sharing.h"
#include "support/sim_phone.h"
#include "support/sim_server.h"

#include <setjmp.h>

#include <cmocka.h>

#include <inttypes.h>

static const struct sim_who ann = {1, "ann", "A", "A", false}, ben = {2, "ben", "A", "A", false},
                            cat = {3, "cat", "A", "A", false}, dan = {4, "dan", "B", "B", false},
                            gate = {9, "gate", "A", "A", true};

static char memory[8 << 20];
static struct buf text;

static struct sim_server *start(void)
{
    struct river_limits l = sim_limits();

    text = buf_over(memory, sizeof memory);
    return sim_new(&l);
}

static struct sim_server *start_with(struct river_limits l)
{
    text = buf_over(memory, sizeof memory);
    return sim_new(&l);
}

/* ------------------------------------------------------- what phones say -- */

static struct phone_event event(const struct sim_server *sv, const char *type, const char *uid)
{
    return (struct phone_event){.type = type, .uid = uid, .time_ms = sv->now.wall_ms, .lat = 48.1, .lon = 11.5};
}

static void say(struct sim_server *sv, int c, struct str bytes)
{
    if (!sim_say(sv, c, bytes))
        fail_msg("closed: %s", sv->refused);
}

/* An event of a type with this detail. */
static void say_event(struct sim_server *sv, int c, const char *type, const char *uid, const char *detail)
{
    struct phone_event ev = event(sv, type, uid);

    ev.how = strcmp(type, "a-u-G") == 0 ? "h-g-i-g-o" : "m-g";
    say(sv, c, phone_write(&text, &ev, "%s", detail));
}

static void say_here(struct sim_server *sv, int c, const char *uid, const char *callsign)
{
    struct phone_event ev = event(sv, "a-f-G-U-C", uid);

    say(sv, c,
        phone_write(&text, &ev,
                    "<contact callsign=\"%s\" endpoint=\"*:-1:stcp\"/><__group name=\"Cyan\" role=\"HQ\"/>",
                    callsign));
}

static void say_track(struct sim_server *sv, int c, const char *uid, double lat)
{
    struct phone_event ev = event(sv, "a-n-A-C-F", uid);

    ev.lat = lat;
    say(sv, c, phone_write(&text, &ev, "<contact callsign=\"%s\"/>", uid));
}

/* Chat from uid to room; members and dests as XML. */
static void say_chat(struct sim_server *sv, int c, const char *id, const char *from, const char *room,
                     const char *members, const char *dests)
{
    char uid[128];
    struct phone_event ev = event(sv, "b-t-f", uid);

    (void)snprintf(uid, sizeof uid, "GeoChat.%s.%s.%s", from, room, id);
    say(sv, c,
        phone_write(&text, &ev,
                    "<__chat id=\"%s\" chatroom=\"%s\" senderCallsign=\"%s\" messageId=\"%s\"><chatgrp id=\"%s\" "
                    "uid0=\"%s\"%s/></__chat><remarks>hello</remarks>%s",
                    room, room, from, id, room, from, members, dests));
}

static void say_direct(struct sim_server *sv, int c, const char *id, const char *from, const char *to)
{
    char members[64];

    (void)snprintf(members, sizeof members, " uid1=\"%s\"", to);
    say_chat(sv, c, id, from, to, members, "");
}

static void say_delete(struct sim_server *sv, int c, const char *uid)
{
    char detail[128], id[64];

    (void)snprintf(detail, sizeof detail, "<link uid=\"%s\" type=\"a-u-G\" relation=\"none\"/><__forcedelete/>", uid);
    (void)snprintf(id, sizeof id, "del-%s", uid);
    say_event(sv, c, "t-x-d-d", id, detail);
}

static void say_alert(struct sim_server *sv, int c, const char *type, const char *dev)
{
    char detail[256], uid[64];

    (void)snprintf(uid, sizeof uid, "%s-9-1-1", dev);
    (void)snprintf(detail, sizeof detail,
                   "<link uid=\"%s\" type=\"a-f-G-U-C\" relation=\"p-p\"/><contact callsign=\"%s-Alert\"/>"
                   "<emergency %s>%s</emergency>",
                   dev, dev, strcmp(type, "b-a-o-can") == 0 ? "cancel=\"true\"" : "type=\"911 Alert\"", dev);
    say_event(sv, c, type, uid, detail);
}

static void say_marker(struct sim_server *sv, int c, const char *uid, const char *name)
{
    char detail[128];

    (void)snprintf(detail, sizeof detail, "<contact callsign=\"%s\"/><archive/>", name);
    say_event(sv, c, "a-u-G", uid, detail);
}

/* -------------------------------------------------------- what they hear -- */

/* "type:uid type:uid", v1 frames in brackets. What is not in the form that the
 * session speaks fails. */
static const char *heard(struct sim_server *sv, int c)
{
    static char list[1 << 16];
    struct buf b = buf_over(list, sizeof list - 1);
    struct str rest = sim_hear(sv, c);
    struct phone_unit u;
    bool torn;

    if (str_eq(rest, STR("LAPPED")))
        return "LAPPED";
    while (phone_next(&rest, &u, &torn)) {
        struct buf values = buf_over(malloc(u.whole.len + 64), u.whole.len + 64);
        struct cot c2;

        assert_true(phone_read(&u, &values, &c2));
        buf_fmt(&b, u.proto ? "%s[%.*s:%.*s]" : "%s%.*s:%.*s", b.len ? " " : "", STR_ARG(c2.type), STR_ARG(c2.uid));
        free(values.at);
    }
    if (torn)
        fail_msg("no unit: %.*s", (int)(rest.len < 200 ? rest.len : 200), rest.at);
    assert_false(b.full);
    list[b.len] = 0;
    return list;
}

static void expect(struct sim_server *sv, int c, const char *want, int line)
{
    const char *got = heard(sv, c);

    if (strcmp(got, want) != 0)
        fail_msg("line %d: heard '%s', want '%s'", line, got, want);
}
#define HEARS(c, want) expect(sv, c, want, __LINE__)

static void expect_rows(struct sim_server *sv, const char *want, int line)
{
    static char got[4096];
    static size_t told;
    struct buf b = buf_over(got, sizeof got - 1);

    told = want[0] == '*' ? sv->row_count : told > sv->row_count ? 0 : told;
    for (; told < sv->row_count; told++)
        buf_fmt(&b, "%s%s", b.len ? " " : "", event_tag(sv->rows[told].kind));
    got[b.len] = 0;
    if (want[0] != '*' && strcmp(got, want) != 0)
        fail_msg("line %d: rows '%s', want '%s'", line, got, want);
}
/* The rows since the last time; "*": any. */
#define ROWS(want) expect_rows(sv, want, __LINE__)

/* Joins, is on the map, and heard all there is to hear. */
static int join_here(struct sim_server *sv, struct sim_who who, const char *uid, const char *callsign)
{
    int c = sim_join(sv, who);

    say_here(sv, c, uid, callsign);
    sim_commit(sv);
    (void)heard(sv, c);
    return c;
}

static void all_heard(struct sim_server *sv)
{
    sim_commit(sv);
    for (int c = 0; c < SIM_CONNS; c++)
        if (sv->conns[c].open)
            (void)heard(sv, c);
    ROWS("*");
}

/* -------------------------------------------------- connecting and pings -- */

static void a_newcomer_is_offered_v1(void **state)
{
    struct sim_server *sv = start();
    int a = sim_join(sv, ann);

    (void)state;
    assert_true(session_is_behind(&sv->conns[a].s, &sv->river));
    HEARS(a, "t-x-takp-v:takp-0-1");
    assert_false(session_is_behind(&sv->conns[a].s, &sv->river));
    HEARS(a, "");
    sim_free(sv);
}

static void pings_are_answered_to_the_sender_only(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    say_event(sv, a, "t-x-c-t", "U1-ping", "");
    assert_true(session_is_urgent(&sv->conns[a].s, &sv->river));
    HEARS(a, "t-x-c-t-r:takPong");
    HEARS(b, "");
    for (int i = 0; i < 100; i++) /* a flood of pings costs a bounded answer */
        say_event(sv, a, "t-x-c-t", "U1-ping", "");
    assert_int_equal(sv->conns[a].s.pongs, SESSION_PONGS_MAX);
    sim_commit(sv);
    ROWS("");
    sim_free(sv);
}

static void say_wants_v1(struct sim_server *sv, int c, const char *version)
{
    char detail[128];

    (void)snprintf(detail, sizeof detail, "<TakControl><TakRequest version=\"%s\"/></TakControl>", version);
    say_event(sv, c, "t-x-takp-q", "takp-0-1", detail);
}

/* The change is at the exact byte: what was due before stands before -r as XML,
 * everything after it is v1. */
static void v1_begins_behind_the_response(void **state)
{
    struct sim_server *sv = start();
    int a = sim_join(sv, ann), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    HEARS(a, "t-x-takp-v:takp-0-1 a-f-G-U-C:U2");
    say_here(sv, b, "U2", "R2");
    say_event(sv, a, "t-x-c-t", "p", "");
    say_wants_v1(sv, a, "1");
    say_event(sv, a, "t-x-c-t", "p", "");
    session_regroup(&sv->conns[a].s, &sv->river, sim_set(sv, "A", true), sim_set(sv, "A", false));
    HEARS(a, "t-x-c-t-r:takPong t-x-c-t-r:takPong t-x-takp-r:takp-0-1 [t-x-g-c:takp-0-1] [a-f-G-U-C:U2]");
    assert_int_equal(atomic_load(&sv->river.listeners[FORM_PROTO]), 1);
    assert_int_equal(atomic_load(&sv->river.listeners[FORM_XML]), 1);
    say_here(sv, b, "U2", "R2");
    say_direct(sv, b, "m1", "U2", "U1"); /* U1 is nobody yet */
    say_chat(sv, b, "m2", "U2", "All Chat Rooms", "", "");
    sim_commit(sv);
    HEARS(a, "[b-t-f:GeoChat.U2.All Chat Rooms.m2] [a-f-G-U-C:U2]");
    say_wants_v1(sv, a, "1"); /* once more: not answered, it is v1 already */
    HEARS(a, "");
    sim_leave(sv, a);
    assert_int_equal(atomic_load(&sv->river.listeners[FORM_PROTO]), 0);
    sim_free(sv);
}

static void an_unknown_version_stays_xml(void **state)
{
    struct sim_server *sv = start();
    int a = sim_join(sv, ann);
    struct str bytes;

    (void)state;
    (void)heard(sv, a);
    say_wants_v1(sv, a, "2");
    bytes = sim_hear(sv, a);
    assert_true(str_find(bytes, STR("status=\"false\"")) < bytes.len);
    say_event(sv, a, "t-x-c-t", "p", "");
    HEARS(a, "t-x-c-t-r:takPong");
    say_wants_v1(sv, a, "1");
    bytes = sim_hear(sv, a);
    assert_true(str_find(bytes, STR("status=\"true\"")) < bytes.len);
    say_event(sv, a, "t-x-c-t", "p", "");
    HEARS(a, "[t-x-c-t-r:takPong]");
    sim_free(sv);
}

/* PyTAK sends v1 from its first byte and reads XML; a phone may mix. */
static void each_unit_is_sniffed(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    struct phone_event ev = event(sv, "a-f-G-U-C", "U1");
    struct str xml = phone_write(&text, &ev, "<contact callsign=\"R1\" endpoint=\"*:-1:stcp\"/>");
    struct str proto = phone_as_proto(xml, &text);
    struct str parts[] = {STR("\n<?xml version=\"1.0\"?>\n"), xml, proto, STR("\0 "), proto, xml,
                          STR("<auth><cot username=\"a\" password=\"b\"/></auth>"), STR("junk"), xml};

    (void)state;
    all_heard(sv);
    for (size_t i = 0; i < COUNTOF(parts); i++)
        for (size_t k = 0; k < parts[i].len; k += 7) /* in small pieces */
            say(sv, a, str_cut(parts[i], k, k + 7 < parts[i].len ? k + 7 : parts[i].len));
    HEARS(b, "a-f-G-U-C:U1 a-f-G-U-C:U1 a-f-G-U-C:U1 a-f-G-U-C:U1 a-f-G-U-C:U1");
    assert_int_equal(sv->refusals, 1);
    assert_int_equal(sv->conns[a].in_len, 0);
    sim_free(sv);
}

static void what_cannot_be_cut_closes(void **state)
{
    struct sim_server *sv = start();
    int a = sim_join(sv, ann);

    (void)state;
    assert_false(sim_say(sv, a, STR("\xBF\xFF\xFF\xFF\x7F")));
    assert_non_null(strstr(sv->refused, "longer than"));
    sim_free(sv);
}

/* A malformed event costs itself, not the connection. */
static void a_bad_event_is_refused_alone(void **state)
{
    static const char *const bad[] = {
        "<event uid=\"x\"></event>",
        "<event version=\"2.0\" uid=\"U9\" type=\"a-f\" a=\"1 & 2\" time=\"2026-01-01T00:00:00Z\" "
        "start=\"2026-01-01T00:00:00Z\" stale=\"2026-01-01T00:00:00Z\"><point lat=\"1\" lon=\"1\"/></event>",
        "<event></event>",
    };
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        say(sv, a, str_from(bad[i]));
        assert_int_equal(sv->refusals, i + 1);
    }
    say_here(sv, a, "U1", "R1");
    HEARS(b, "a-f-G-U-C:U1");
    sim_free(sv);
}

/* ------------------------------------------------------ who hears whom --- */

static void positions_go_to_those_who_share_a_group(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), d = join_here(sv, dan, "U4", "R4");
    int in_b = sim_join(sv, (struct sim_who){5, "eve", "A,B", "", false});

    (void)state;
    all_heard(sv);
    say_here(sv, a, "U1", "R1");
    HEARS(a, ""); /* not its own */
    HEARS(b, "a-f-G-U-C:U1");
    HEARS(d, "");
    say_here(sv, in_b, "U5", "R5"); /* writes into both, hears nobody */
    HEARS(b, "a-f-G-U-C:U5");
    HEARS(d, "a-f-G-U-C:U5");
    HEARS(in_b, "");
    sim_free(sv);
}

static void a_dest_group_narrows(void **state)
{
    struct sim_server *sv = start();
    int both = join_here(sv, (struct sim_who){5, "eve", "A,B", "A,B", false}, "U5", "R5");
    int a = join_here(sv, ann, "U1", "R1"), d = join_here(sv, dan, "U4", "R4");

    (void)state;
    all_heard(sv);
    say_event(sv, both, "b-m-p-s-m", "M1", "<marti><dest group=\"B\"/></marti>");
    say_event(sv, both, "a-n-A", "T1", "<marti><dest group=\"B\"/></marti>");
    say_event(sv, a, "b-m-p-s-m", "M2", "<marti><dest group=\"B\"/></marti>"); /* not his group */
    sim_commit(sv);
    HEARS(a, "");
    HEARS(d, "b-m-p-s-m:M1 a-n-A:T1");
    HEARS(both, "");
    sim_free(sv);
}

/* What the server does not know goes on byte for byte, to the groups. */
static void unknown_types_pass_untouched(void **state)
{
    static const char *const raw =
        "<event version='2' uid=\"X&amp;1\" type=\"t-x-m-c\" how=\"h-g-i-g-o\" time=\"2026-01-01T00:00:00.1234567Z\" "
        "start=\"2026-01-01T00:00:00Z\" stale=\"2026-01-01T00:01:00Z\"  odd='1'>\n<!-- c --><detail><m a='&#10;'>"
        "<![CDATA[x]]></m></detail><point lat=\"48.123456789012345678\" lon=\"1\" hae=\"NaN\" ce=\"1\" le=\"2\" "
        "q=\"z\"/></event>";
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), d = join_here(sv, dan, "U4", "R4");

    (void)state;
    all_heard(sv);
    say(sv, a, str_from(raw));
    assert_true(str_eq(sim_hear(sv, b), str_from(raw)));
    HEARS(d, "");
    sim_commit(sv);
    ROWS("");
    sim_free(sv);
}

static void control_is_consumed(void **state)
{
    static const char *const types[] = {"t-x-c-m", "t-x-c-f", "t-b", "t-b-a", "t-x-takp-v", "t-x-takp-r", "t-x-c-t-r"};
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    for (size_t i = 0; i < COUNTOF(types); i++)
        say_event(sv, a, types[i], "x", "<stats/>");
    sim_commit(sv);
    HEARS(b, "");
    HEARS(a, "");
    ROWS("");
    sim_free(sv);
}

/* An event above what a phone's buffer holds is held back, for that form only. */
static void oversize_events_are_held_back(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    static char big[70000];
    struct phone_event ev = event(sv, "t-x-unknown", "X1");
    struct str head, bytes;

    (void)state;
    all_heard(sv);
    memset(big, ' ', sizeof big);
    for (size_t i = 0; i < 2; i++) {
        size_t pad = i == 0 ? LIMIT_EVENT_OUT : LIMIT_EVENT_OUT + 1;

        head = phone_write(&text, &ev, "<x/>");
        bytes = phone_write(&text, &ev, "<x/>");
        (void)bytes;
        /* white space before </event> makes it as long as it has to be */
        text.len -= 8;
        buf_put(&text, str_of(big, pad - head.len));
        buf_put(&text, STR("</event>"));
        say(sv, a, str_from_at(buf_str(&text), text.len - pad));
        HEARS(b, i == 0 ? "t-x-unknown:X1" : "");
    }
    assert_int_equal(sv->conns[b].s.count.held_back, 1);
    sim_free(sv);
}

/* --------------------------------------------------------------- devices -- */

static uint64_t handle_of(struct sim_server *sv, const char *uid)
{
    struct unit *x = units_find(&sv->river.units, str_from(uid));

    assert_non_null(x);
    return atomic_load(&sv->river.units.conn[units_index(&sv->river.units, x)]);
}

static void presence_binds_the_uid(void **state)
{
    struct sim_server *sv = start();
    int a = sim_join(sv, ann), b;

    (void)state;
    ROWS("*");
    say_here(sv, a, "U1", "R1");
    sim_commit(sv);
    ROWS("uid.bound");
    assert_int_equal(handle_of(sv, "U1"), session_handle(&sv->conns[a].s));
    say_here(sv, a, "U1", "R1");
    sim_commit(sv);
    ROWS("");
    /* The same user on a new connection (roaming): it takes over without a word. */
    b = sim_join(sv, ann);
    say_here(sv, b, "U1", "R1");
    sim_commit(sv);
    ROWS("");
    assert_int_equal(handle_of(sv, "U1"), session_handle(&sv->conns[b].s));
    sim_leave(sv, a);
    sim_commit(sv);
    ROWS("client.left");
    assert_int_equal(handle_of(sv, "U1"), session_handle(&sv->conns[b].s));
    sim_free(sv);
}

/* Somebody else's uid: shown, told once, and relayed all the same. */
static void a_taken_uid_is_a_conflict(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");
    struct unit *x = units_find(&sv->river.units, STR("U1"));

    (void)state;
    all_heard(sv);
    say_here(sv, b, "U1", "R1");
    say_here(sv, b, "U1", "R1");
    sim_commit(sv);
    ROWS("uid.conflict");
    assert_true(x->conflict);
    assert_int_equal(handle_of(sv, "U1"), session_handle(&sv->conns[a].s));
    HEARS(c, "a-f-G-U-C:U1 a-f-G-U-C:U1");
    /* Its holder was away for a day: it is his. */
    sim_leave(sv, a);
    sim_pass(sv, RECORD_WAIT_MS + 1000);
    say_here(sv, b, "U1", "R1");
    sim_commit(sv);
    assert_int_equal(x->holder, ben.id);
    assert_false(x->conflict);
    assert_int_equal(handle_of(sv, "U1"), session_handle(&sv->conns[b].s));
    sim_free(sv);
}

static void a_relay_grant_lifts_the_count(void **state)
{
    struct sim_server *sv = start();
    int a = sim_join(sv, ann), g = sim_join(sv, gate);
    char uid[16];

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        (void)snprintf(uid, sizeof uid, "a%u", i);
        say_here(sv, a, uid, uid);
        assert_int_equal(sv->refusals, i < sv->limits.uids_per_user ? 0 : i + 1 - sv->limits.uids_per_user);
        (void)snprintf(uid, sizeof uid, "g%u", i);
        say_here(sv, g, uid, uid);
    }
    assert_non_null(units_find(&sv->river.units, STR("g19")));
    assert_null(units_find(&sv->river.units, STR("a8")));
    sim_free(sv);
}

/* A position seen live by nobody but its owner's group stays the newcomer's picture. */
static void newcomers_get_the_picture(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), g = join_here(sv, gate, "G1", "G1"), d = join_here(sv, dan, "U4", "R4");
    struct phone_event past = event(sv, "b-m-p-s-m", "M1");
    int b;

    (void)state;
    past.stale_ms = sv->now.wall_ms - 1000; /* past its stale time already */
    say(sv, a, phone_write(&text, &past, "<contact callsign=\"spot\"/>"));
    say_track(sv, g, "T1", 48.2);
    say_alert(sv, a, "b-a-o-tbl", "U1");
    sim_commit(sv);
    b = sim_join(sv, ben);
    HEARS(b, "b-a-o-tbl:U1-9-1-1 a-f-G-U-C:U1 a-f-G-U-C:G1 a-n-A-C-F:T1 b-m-p-s-m:M1 t-x-takp-v:takp-3-1");
    say_here(sv, b, "U2", "R2");
    HEARS(a, "a-f-G-U-C:G1 a-n-A-C-F:T1 a-f-G-U-C:U2");
    (void)d;
    sim_free(sv);
}

static size_t times_in(struct str all, const char *what)
{
    size_t n = 0, at;

    while ((at = str_find(all, str_from(what))) < all.len) {
        n++;
        all = str_from_at(all, at + 1);
    }
    return n;
}

/* A large picture: version 1 is offered behind its first portion, and who takes it gets
 * the rest in it. */
static void a_large_picture_goes_on_in_v1(void **state)
{
    enum { TRACKS = 700 };
    static char room[SIM_OUT];
    struct river_limits l = sim_limits();
    struct buf out = buf_over(room, sizeof room);
    struct sim_server *sv;
    struct str rest;
    size_t xml;
    int g, b;

    (void)state;
    l.units_max = 1024;
    sv = start_with(l);
    g = join_here(sv, gate, "G1", "G1");
    for (int i = 0; i < TRACKS; i++) {
        char uid[16];

        (void)snprintf(uid, sizeof uid, "T%d", i);
        say_track(sv, g, uid, 48.2);
    }
    b = sim_join(sv, ben);
    assert_int_equal(sim_gather(sv, b, &out), GATHER_FULL);
    xml = times_in(buf_str(&out), "<event ");
    assert_int_equal(times_in(buf_str(&out), "t-x-takp-v"), 0);
    out = buf_over(room, sizeof room);
    assert_int_equal(sim_gather(sv, b, &out), GATHER_FULL);
    xml += times_in(buf_str(&out), "<event ") - 1;
    assert_int_equal(times_in(str_cut(buf_str(&out), 0, 200), "t-x-takp-v"), 1);
    say_wants_v1(sv, b, "1");
    rest = str_from(heard(sv, b));
    assert_true(str_starts(rest, STR("t-x-takp-r:takp-0-1 [")));
    assert_in_range(xml, 100, TRACKS);
    assert_int_equal(xml + times_in(rest, "["), TRACKS + 1);
    HEARS(b, "");
    sim_free(sv);
}

/* A unit that moves while the picture is sent comes once, with its new place. */
static void the_picture_has_each_unit_once(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = sim_join(sv, ben);

    (void)state;
    say_here(sv, a, "U1", "R1");
    HEARS(b, "t-x-takp-v:takp-1-1 a-f-G-U-C:U1");
    sim_free(sv);
}

/* A v1 phone that is alone on the air: the next XML phone still gets the bytes as they were sent. */
static void the_kept_event_is_as_received(void **state)
{
    static const char *const raw =
        "<event version=\"2.0\" uid=\"T9\" type=\"a-n-A\" how=\"m-g\" time=\"2026-01-01T00:00:00Z\" "
        "start=\"2026-01-01T00:00:00Z\" stale=\"2026-01-01T00:01:00Z\" odd=\"1\"><point lat=\"48.123456789012345678\" "
        "lon=\"1\" hae=\"1\" ce=\"1\" le=\"2\"/><detail/></event>";
    struct sim_server *sv = start();
    int a = sim_join(sv, ann), b;
    struct str bytes;

    (void)state;
    (void)heard(sv, a);
    say_wants_v1(sv, a, "1");
    (void)heard(sv, a);
    say(sv, a, str_from(raw));
    b = sim_join(sv, ben);
    bytes = sim_hear(sv, b);
    assert_true(str_starts(bytes, str_from(raw)));
    sim_free(sv);
}

static void incognito_is_left_out_of_the_picture(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b;

    (void)state;
    say_event(sv, a, "t-x-c-i-e", "x", "");
    b = sim_join(sv, ben);
    HEARS(b, "t-x-takp-v:takp-1-1");
    sim_leave(sv, b);
    say_event(sv, a, "t-x-c-i-d", "x", "");
    b = sim_join(sv, ben);
    HEARS(b, "a-f-G-U-C:U1 t-x-takp-v:takp-1-2");
    sim_free(sv);
}

static void other_groups_from_now_on(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), d = join_here(sv, dan, "U4", "R4");

    (void)state;
    all_heard(sv);
    session_regroup(&sv->conns[d].s, &sv->river, sim_set(sv, "B", true), sim_set(sv, "A,B", false));
    HEARS(d, "t-x-g-c:takp-2-1 a-f-G-U-C:U1 a-f-G-U-C:U2");
    say_here(sv, a, "U1", "R1");
    HEARS(d, "a-f-G-U-C:U1");
    say_here(sv, d, "U4", "R4");
    HEARS(b, "a-f-G-U-C:U1");
    session_regroup(&sv->conns[d].s, &sv->river, sim_set(sv, "A", true), sim_set(sv, "", false));
    HEARS(d, "t-x-g-c:takp-2-1");
    say_here(sv, a, "U1", "R1");
    HEARS(d, "");
    say_here(sv, d, "U4", "R4");
    HEARS(b, "a-f-G-U-C:U1 a-f-G-U-C:U4");
    sim_free(sv);
}

/* --------------------------------------------------- not admitted (yet) -- */

static const struct sim_who eve = {5, "eve-1", "A", "A", false};

static void set_held(struct sim_server *sv, int c, bool held)
{
    struct session_user u = sv->conns[c].s.user;

    u.held = held;
    u.in_set = sim_set(sv, "A", true);
    u.out_set = sim_set(sv, "A", false);
    session_set_user(&sv->conns[c].s, &sv->river, &sv->world, &u);
}

static void who_is_held_hears_nothing(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), h;

    (void)state;
    say_marker(sv, a, "M1", "spot");
    say_alert(sv, a, "b-a-o-tbl", "U1");
    all_heard(sv);
    h = sim_join_as(sv, eve, true);
    HEARS(h, "t-x-takp-v:takp-1-1"); /* no unit, no marker, no emergency */
    assert_false(session_is_behind(&sv->conns[h].s, &sv->river));
    say_here(sv, h, "U9", "E1");
    sim_commit(sv);
    say_here(sv, a, "U1", "R1");
    say_chat(sv, a, "m1", "U1", "All Chat Rooms", "", "");
    say_direct(sv, a, "m2", "U1", "U9");
    say_delete(sv, a, "M1");
    sim_commit(sv);
    HEARS(h, "");
    sim_leave(sv, a); /* nor the server's own voice */
    sim_commit(sv);
    HEARS(h, "");
    say_event(sv, h, "t-x-c-t", "U9-ping", "");
    HEARS(h, "t-x-c-t-r:takPong");
    session_regroup(&sv->conns[h].s, &sv->river, sim_set(sv, "A,B", true), sim_set(sv, "A,B", false));
    HEARS(h, "t-x-g-c:takp-1-1"); /* other groups are no admission */
    assert_false(session_is_behind(&sv->conns[h].s, &sv->river));
    sim_free(sv);
}

static void who_is_held_is_heard(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), h = sim_join_as(sv, eve, true);

    (void)state;
    all_heard(sv);
    say_here(sv, h, "U9", "E1");
    say_chat(sv, h, "m1", "U9", "All Chat Rooms", "", "");
    say_alert(sv, h, "b-a-o-tbl", "U9");
    sim_commit(sv);
    ROWS("uid.bound chat.said emergency.raised");
    HEARS(a, "b-t-f:GeoChat.U9.All Chat Rooms.m1 b-a-o-tbl:U9-9-1-1 a-f-G-U-C:U9");
    assert_true(units_find(&sv->river.units, STR("U9"))->unadmitted);
    assert_false(units_find(&sv->river.units, STR("U1"))->unadmitted);
    /* Nothing that puts, deletes or offers things, and nobody but itself. */
    say_marker(sv, h, "M9", "false");
    say_delete(sv, h, "U1");
    say_track(sv, h, "T9", 48.2);
    say_here(sv, h, "U8", "E2");
    say_event(sv, h, "b-f-t-r", "f1", "<fileshare filename=\"f\" sizeInBytes=\"1\" sha256=\"00\"/>");
    say_event(sv, h, "x-unknown", "x1", "");
    assert_int_equal(sv->conns[h].s.count.refused, 6);
    say_here(sv, h, "U1", "R1"); /* as somebody else's device: told, and not on anybody's map */
    sim_commit(sv);
    ROWS("uid.conflict");
    HEARS(a, "");
    sim_free(sv);
}

static void who_is_admitted_has_the_picture_at_once(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), h = sim_join_as(sv, eve, true);

    (void)state;
    say_here(sv, h, "U9", "E1");
    say_marker(sv, a, "M1", "spot");
    say_chat(sv, a, "m1", "U1", "All Chat Rooms", "", "");
    say_direct(sv, a, "m2", "U1", "U9");
    all_heard(sv);
    set_held(sv, h, false);
    assert_false(units_find(&sv->river.units, STR("U9"))->unadmitted);
    sim_commit(sv);
    /* What was sent to it alone was kept for it; what was said to all before is not its concern. */
    HEARS(h, "t-x-g-c:takp-1-1 b-t-f:GeoChat.U1.U9.m2 a-f-G-U-C:U1 a-u-G:M1");
    say_marker(sv, h, "M9", "true");
    sim_commit(sv);
    HEARS(a, "a-u-G:M9");
    say_chat(sv, a, "m3", "U1", "All Chat Rooms", "", "");
    sim_commit(sv);
    HEARS(h, "b-t-f:GeoChat.U1.All Chat Rooms.m3");
    set_held(sv, h, true); /* on second thoughts */
    say_here(sv, a, "U1", "R1");
    say_chat(sv, a, "m4", "U1", "All Chat Rooms", "", "");
    sim_commit(sv);
    HEARS(h, "t-x-g-c:takp-1-1");
    sim_free(sv);
}

/* ------------------------------------------------------------------ chat -- */

static void chat_finds_its_addressees(void **state)
{
    static const struct {
        const char *room, *members, *dests;
        const char *hear; /* of ben, cat, gate: b, c, g */
    } rows[] = {
        {"All Chat Rooms", "", "", "bcg"},
        {"All Chat Rooms", " uid1=\"All Chat Rooms\"", "", "bcg"},
        {"Cyan", "", "", "bcg"},
        {"U2", " uid1=\"U2\"", "", "b"},
        {"U2", "", "", "b"}, /* no members at all: the room is the device */
        {"U2", " uid1=\"U2\"", "<marti><dest callsign=\"R2\"/></marti>", "b"},
        {"room-7", " uid1=\"U2\"", "<marti><dest uid=\"U3\"/></marti>", "bc"},
        {"room-7", " uid1=\"U2\" uid2=\"U3\"", "", "bc"},
        {"room-7", "", "<marti><dest callsign=\"R3\"/></marti>", "c"},
        {"U3", " uid1=\"U3\"", "<marti><dest/></marti>", "c"}, /* an unusable dest */
        {"U3", " uid1=\"U3\"", "<marti><dest><callsign/></dest></marti>", "c"},
        {"U3", "", "<marti><dest callsign=\"All Streaming\"/></marti>", "bcg"},
        {"nobody", " uid1=\"nobody\"", "", ""},
        {"x", "", "<marti><dest callsign=\"Nobody\"/></marti>", ""},
        {"M", "", "<marti><dest mission=\"M\"/></marti>", ""},
        {"G1", " uid1=\"G1\"", "", "g"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");
        int g = join_here(sv, gate, "G1", "G1"), d = join_here(sv, dan, "U4", "R4");
        char got[8] = "";

        all_heard(sv);
        say_chat(sv, a, "m1", "U1", rows[i].room, rows[i].members, rows[i].dests);
        HEARS(b, ""); /* not before it is on disk */
        sim_commit(sv);
        strcat(got, strstr(heard(sv, b), "b-t-f:") ? "b" : "");
        strcat(got, strstr(heard(sv, c), "b-t-f:") ? "c" : "");
        strcat(got, strstr(heard(sv, g), "b-t-f:") ? "g" : "");
        if (strcmp(got, rows[i].hear) != 0)
            fail_msg("row %zu: heard by '%s', want '%s'", i, got, rows[i].hear);
        assert_null(strstr(heard(sv, a), "b-t-f:"));
        HEARS(d, "");
        sim_free(sv);
    }
}

/* A chat that names only its sender as member is not for everybody. */
static void a_room_of_one_is_not_everybody(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");

    (void)state;
    all_heard(sv);
    say_chat(sv, a, "m1", "U1", "U2", "", "");
    sim_commit(sv);
    HEARS(b, "b-t-f:GeoChat.U1.U2.m1");
    HEARS(c, "");
    sim_free(sv);
}

static void chat_follows_the_callsign(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");

    (void)state;
    say_here(sv, b, "U2", "MEDIC");
    say_here(sv, c, "U3", "R2");
    all_heard(sv);
    say_chat(sv, a, "m1", "U1", "x", "", "<marti><dest callsign=\"R2\"/></marti>");
    sim_commit(sv);
    HEARS(b, "");
    HEARS(c, "b-t-f:GeoChat.U1.x.m1");
    sim_free(sv);
}

static void dests_are_stripped(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    struct str bytes;

    (void)state;
    all_heard(sv);
    say_chat(sv, a, "m1", "U1", "x", "", "<marti><dest callsign=\"R2\"/></marti>");
    sim_commit(sv);
    bytes = sim_hear(sv, b);
    assert_true(str_find(bytes, STR("b-t-f")) < bytes.len);
    assert_true(str_find(bytes, STR("<dest")) == bytes.len);
    sim_free(sv);
}

/* A phone that is away: its sender is told, and it gets it on return, once. */
static void a_message_waits(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");

    (void)state;
    all_heard(sv);
    sim_remember(sv, STR("U2"), sv->conns[b].must_sent);
    sim_leave(sv, b);
    sim_commit(sv);
    HEARS(c, "t-x-d-d:server-1-left-4-2");
    (void)heard(sv, a);
    ROWS("*");
    say_direct(sv, a, "m1", "U1", "U2");
    say_chat(sv, a, "m2", "U1", "All Chat Rooms", "", "");
    sim_commit(sv);
    ROWS("chat.said chat.receipt chat.said");
    HEARS(a, "b-t-f-p:m1");
    HEARS(c, "b-t-f:GeoChat.U1.All Chat Rooms.m2");
    b = sim_join(sv, ben);
    say_here(sv, b, "U2", "R2");
    sim_commit(sv);
    HEARS(b, "b-t-f:GeoChat.U1.U2.m1 b-t-f:GeoChat.U1.All Chat Rooms.m2 a-f-G-U-C:U1 a-f-G-U-C:U3 t-x-takp-v:takp-1-2");
    sim_remember(sv, STR("U2"), sv->conns[b].must_sent);
    sim_leave(sv, b);
    sim_commit(sv);
    b = sim_join(sv, ben);
    say_here(sv, b, "U2", "R2");
    sim_commit(sv);
    assert_null(strstr(heard(sv, b), "b-t-f"));
    sim_free(sv);
}

/* What ended while it was away and is there again: it keeps it. */
static void an_end_that_is_over_is_not_missed(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
        const char *got;

        say_alert(sv, a, "b-a-o-tbl", "U1");
        say_marker(sv, a, "M1", "x");
        all_heard(sv);
        sim_remember(sv, STR("U2"), sv->conns[b].must_sent);
        sim_leave(sv, b);
        say_alert(sv, a, "b-a-o-can", "U1");
        say_delete(sv, a, "M1");
        sim_commit(sv);
        if (again) {
            say_alert(sv, a, "b-a-o-tbl", "U1");
            say_marker(sv, a, "M1", "x");
            sim_commit(sv);
        }
        b = sim_join(sv, ben);
        got = heard(sv, b);
        assert_int_equal(strstr(got, "b-a-o-tbl:U1-9-1-1") != NULL, again);
        assert_int_equal(strstr(got, "a-u-G:M1") != NULL, again);
        say_here(sv, b, "U2", "R2");
        sim_commit(sv);
        HEARS(b, again ? "" : "b-a-o-can:U1-9-1-1 t-x-d-d:del-M1");
        sim_free(sv);
    }
}

/* It was said while the phone was connecting: after the join, before its first
 * report, and it was never seen before. */
static void a_message_between_join_and_report_arrives(void **state)
{
    (void)state;
    for (int gathered = 0; gathered < 2; gathered++) {
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1"), b = sim_join(sv, ben);

        (void)heard(sv, b);
        say_direct(sv, a, "m1", "U1", "U2");
        say_chat(sv, a, "m2", "U1", "x", "", "<marti><dest callsign=\"R2\"/></marti>");
        sim_commit(sv);
        if (gathered)
            HEARS(b, "");
        say_here(sv, b, "U2", "R2");
        sim_commit(sv);
        HEARS(b, "b-t-f:GeoChat.U1.U2.m1 b-t-f:GeoChat.U1.x.m2");
        sim_free(sv);
    }
}

/* A place of the table that another device gets: a message to the old one that a
 * slow reader has not taken yet is not for the new one. */
static void a_reused_place_gets_no_strangers_mail(void **state)
{
    struct river_limits l = sim_limits();
    struct sim_server *sv;
    int a, b, c;

    (void)state;
    l.units_max = 3;
    sv = start_with(l);
    a = join_here(sv, ann, "U1", "R1");
    b = join_here(sv, ben, "U2", "R2");
    c = sim_join(sv, cat);
    all_heard(sv);
    sim_leave(sv, b);
    say_direct(sv, a, "m1", "U1", "U2");
    sim_commit(sv);
    sim_pass(sv, 1000);
    say_here(sv, a, "U1", "R1");
    say_here(sv, c, "U3", "R3");
    say_here(sv, c, "U5", "R5"); /* the table is full: U2 gives way */
    assert_null(units_find(&sv->river.units, STR("U2")));
    assert_null(strstr(heard(sv, c), "b-t-f:"));
    sim_free(sv);
}

/* A slot that another phone got at once: what its former user said last is for it, too. */
static void a_reused_slot_hears_its_former_user(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b;

    (void)state;
    say_alert(sv, a, "b-a-o-tbl", "U1");
    say_chat(sv, a, "m1", "U1", "All Chat Rooms", "", "");
    sim_leave(sv, a);
    b = sim_join(sv, ben);
    assert_int_equal(a, b);
    (void)heard(sv, b);
    sim_commit(sv);
    HEARS(b, "b-a-o-tbl:U1-9-1-1 b-t-f:GeoChat.U1.All Chat Rooms.m1 t-x-d-d:server-1-left-4-1");
    sim_pass(sv, sv->limits.repeat_ms);
    river_tick(&sv->river, sv->now);
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    sim_free(sv);
}

/* --------------------------------------------------------------- deletes -- */

static void delete_and_position_never_swap(void **state)
{
    struct sim_server *sv = start();
    int g = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2");
    int late;

    (void)state;
    all_heard(sv);
    say_track(sv, g, "T1", 48.1);
    say_delete(sv, g, "T1");
    say_track(sv, g, "T1", 48.2); /* it is there again, but the delete is not on disk yet */
    HEARS(b, "a-n-A-C-F:T1");
    late = sim_join(sv, cat);
    assert_null(strstr(heard(sv, late), "T1"));
    sim_commit(sv);
    HEARS(b, "t-x-d-d:del-T1 a-n-A-C-F:T1");
    HEARS(late, "t-x-d-d:del-T1 a-n-A-C-F:T1");
    say_track(sv, g, "T1", 48.3);
    say_delete(sv, g, "T1");
    sim_commit(sv);
    HEARS(b, "t-x-d-d:del-T1"); /* not the place from before it, afterwards */
    assert_null(units_find(&sv->river.units, STR("T1")));
    sim_free(sv);
}

/* Two deletes on their way: once the first is on disk it is in nobody's picture. */
static void what_is_half_deleted_is_not_shown(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), late;

    (void)state;
    say_marker(sv, a, "M1", "x");
    all_heard(sv);
    say_delete(sv, a, "M1");
    sim_take(sv);
    say_delete(sv, a, "M1");
    sim_write(sv, 1);
    sim_durable(sv, 1);
    late = sim_join(sv, cat);
    HEARS(late, "a-f-G-U-C:U1 t-x-takp-v:takp-1-1");
    sim_commit(sv);
    HEARS(late, "t-x-d-d:del-M1");
    sim_free(sv);
}

/* A unit that gave way before its delete: who is behind still does not get its last
 * report after that. */
static void a_forgotten_unit_is_deleted_too(void **state)
{
    struct river_limits l = sim_limits();
    struct sim_server *sv;
    int g, b;

    (void)state;
    l.units_max = 4;
    sv = start_with(l);
    g = join_here(sv, gate, "G1", "G1");
    b = join_here(sv, ben, "U2", "R2");
    say_track(sv, g, "T0", 48.1);
    all_heard(sv);
    say_track(sv, g, "T1", 48.1);
    sim_pass(sv, 1);
    say_track(sv, g, "T0", 48.1);
    say_here(sv, g, "G2", "G2"); /* the table is full: T1 gives way */
    assert_null(units_find(&sv->river.units, STR("T1")));
    say_delete(sv, g, "T1");
    sim_commit(sv);
    HEARS(b, "t-x-d-d:del-T1 a-n-A-C-F:T0 a-f-G-U-C:G2");
    sim_free(sv);
}

/* Deleted twice with a report between: what was last said counts. */
static void the_last_delete_counts(void **state)
{
    struct sim_server *sv = start();
    int g = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2"), late;

    (void)state;
    all_heard(sv);
    say_track(sv, g, "T1", 48.1);
    HEARS(b, "a-n-A-C-F:T1");
    say_delete(sv, g, "T1");
    say_track(sv, g, "T1", 48.2);
    say_delete(sv, g, "T1");
    late = sim_join(sv, cat);
    assert_null(strstr(heard(sv, late), "T1"));
    sim_commit(sv);
    HEARS(b, "t-x-d-d:del-T1 t-x-d-d:del-T1");
    assert_null(units_find(&sv->river.units, STR("T1")));
    sim_free(sv);
}

static int in_lock_conn;

static void delete_inside(struct sim_server *sv)
{
    say_delete(sv, in_lock_conn, "T1");
    sim_commit(sv);
    say_track(sv, in_lock_conn, "T1", 48.2);
}

/* Another thread puts a delete and a new position in while this one gathers. */
static void a_gather_sees_one_moment(void **state)
{
    struct sim_server *sv = start();
    int g = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    say_track(sv, g, "T1", 48.1);
    all_heard(sv);
    in_lock_conn = g;
    session_regroup(&sv->conns[b].s, &sv->river, sv->conns[b].s.user.in_set, sv->conns[b].s.user.out_set);
    sv->in_lock = delete_inside; /* when the picture is gathered, behind the must ring */
    HEARS(b, "t-x-g-c:takp-1-1 a-f-G-U-C:G1"); /* behind it the picture; the position not before the delete */
    HEARS(b, "t-x-d-d:del-T1 a-n-A-C-F:T1");
    sim_free(sv);
}

/* The record refuses the delete: reports of the unit go on. */
static void a_refused_delete_holds_nothing(void **state)
{
    struct sim_server *sv = start();
    int g = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2");
    char payload[128];
    struct buf p = buf_over(payload, sizeof payload);

    (void)state;
    say_track(sv, g, "T1", 48.1);
    all_heard(sv);
    sv->ask_max = 0;
    say_delete(sv, g, "T1");
    assert_int_equal(sv->refusals, 1);
    say_track(sv, g, "T1", 48.2);
    HEARS(b, "a-n-A-C-F:T1");
    sv->ask_max = SIM_ASKS;
    say_delete(sv, g, "T1");
    say_track(sv, g, "T1", 48.3);
    HEARS(b, "");
    fields_put(&p, FIELD_LINK_UID, STR("T1"));
    river_abandon(&sv->river, EV_OBJECT_DELETED, buf_str(&p)); /* given up: the held place is told */
    HEARS(b, "a-n-A-C-F:T1");
    sim_free(sv);
}

/* An addressed position stays addressed when it had to wait for a delete. */
static void a_held_position_keeps_its_addressees(void **state)
{
    struct sim_server *sv = start();
    int g = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");

    (void)state;
    say_track(sv, g, "T1", 48.1);
    all_heard(sv);
    say_delete(sv, g, "T1");
    say_event(sv, g, "a-n-A-C-F", "T1", "<marti><dest uid=\"U2\"/></marti>");
    sim_commit(sv);
    HEARS(c, "t-x-d-d:del-T1");
    (void)heard(sv, b);
    sim_free(sv);
}

static void an_addressed_position_is_private(void **state)
{
    struct sim_server *sv = start();
    int g = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");
    int late;

    (void)state;
    all_heard(sv);
    say_event(sv, g, "a-n-A-C-F", "T1", "<marti><dest uid=\"U2\"/></marti>");
    HEARS(b, "a-n-A-C-F:T1");
    HEARS(c, "");
    late = sim_join(sv, cat);
    assert_null(strstr(heard(sv, late), "T1"));
    /* For who lags, one for others does not replace the last that was for all. */
    say_track(sv, g, "T2", 48.1);
    say_event(sv, g, "a-n-A-C-F", "T2", "<marti><dest uid=\"U2\"/></marti>");
    sim_pass(sv, SESSION_LAG_MS + 1000);
    HEARS(c, "a-n-A-C-F:T2");
    sim_free(sv);
}

/* Who writes into a group without hearing it still takes his own things off the map. */
static void a_writer_deletes_what_he_wrote(void **state)
{
    struct sim_server *sv = start();
    int w = sim_join(sv, (struct sim_who){5, "sensor", "A", "", true}), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    say_track(sv, w, "T1", 48.1);
    say_marker(sv, w, "M1", "x");
    all_heard(sv);
    say_marker(sv, w, "M1", "moved");
    say_delete(sv, w, "T1");
    say_delete(sv, w, "M1");
    sim_commit(sv);
    assert_int_equal(sv->refusals, 0);
    HEARS(b, "a-u-G:M1 t-x-d-d:del-T1 t-x-d-d:del-M1");
    sim_free(sv);
}

static void what_may_not_be_deleted(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), d = join_here(sv, dan, "U4", "R4");

    (void)state;
    say_marker(sv, a, "M1", "spot");
    say_alert(sv, a, "b-a-o-tbl", "U1");
    all_heard(sv);
    say_delete(sv, b, "U1"); /* another's device */
    assert_int_equal(sv->refusals, 1);
    say_delete(sv, d, "M1"); /* another group's marker */
    assert_int_equal(sv->refusals, 2);
    say_delete(sv, b, "U1-9-1-1"); /* an alert ends by its cancel */
    assert_int_equal(sv->refusals, 3);
    sim_commit(sv);
    HEARS(b, "");
    say_delete(sv, b, "M1");
    sim_commit(sv);
    HEARS(a, "t-x-d-d:del-M1");
    HEARS(d, "");
    assert_null(units_find(&sv->river.units, STR("M1")));
    sim_free(sv);
}

static void leaving_is_told_once(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), d = join_here(sv, dan, "U4", "R4");
    int again;

    (void)state;
    all_heard(sv);
    sim_leave(sv, a);
    HEARS(b, "");
    sim_commit(sv);
    HEARS(b, "t-x-d-d:server-1-left-4-1");
    HEARS(d, "");
    again = join_here(sv, ann, "U1", "R1");
    all_heard(sv);
    sim_leave(sv, again); /* and is back before that is on disk */
    again = sim_join(sv, ann);
    say_here(sv, again, "U1", "R1");
    sim_commit(sv);
    HEARS(b, "a-f-G-U-C:U1");
    sim_free(sv);
}

/* ----------------------------------------------------------- emergencies -- */

static void an_emergency_repeats_until_cancelled(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), d = join_here(sv, dan, "U4", "R4");
    struct str bytes;
    char want[64];
    struct buf w = buf_over(want, sizeof want);

    (void)state;
    all_heard(sv);
    say_alert(sv, a, "b-a-o-tbl", "U1");
    sim_commit(sv);
    ROWS("emergency.raised");
    assert_true(session_is_urgent(&sv->conns[b].s, &sv->river));
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    for (int i = 0; i < 3; i++) {
        sim_pass(sv, sv->limits.repeat_ms - 1);
        river_tick(&sv->river, sv->now);
        HEARS(b, "");
        assert_int_equal(river_next_ms(&sv->river, sv->now), sv->now.mono_ms + 1);
        sim_pass(sv, 1);
        river_tick(&sv->river, sv->now);
        bytes = sim_hear(sv, b);
        w.len = 0;
        buf_put(&w, STR("stale=\""));
        when_put(&w, sv->now.wall_ms + sv->limits.repeat_ms + 5000);
        assert_true(str_find(bytes, buf_str(&w)) < bytes.len);
        assert_true(str_find(bytes, STR("recorded")) == bytes.len);
        HEARS(a, "");
        HEARS(d, "");
    }
    assert_int_equal(sv->river.emergencies, 1);
    say_alert(sv, a, "b-a-o-can", "U1");
    sim_commit(sv);
    HEARS(b, "b-a-o-can:U1-9-1-1");
    assert_int_equal(sv->river.emergencies, 0);
    sim_pass(sv, 60000);
    river_tick(&sv->river, sv->now);
    HEARS(b, "");
    sim_free(sv);
}

/* A slow reader has the cancel before an older repeat in the live ring: that is dead then. */
static void no_repeat_behind_the_cancel(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    say_alert(sv, a, "b-a-o-tbl", "U1");
    all_heard(sv);
    sim_pass(sv, sv->limits.repeat_ms);
    river_tick(&sv->river, sv->now);
    say_alert(sv, a, "b-a-o-can", "U1");
    sim_commit(sv);
    HEARS(b, "b-a-o-can:U1-9-1-1");
    sim_free(sv);
}

static void a_v1_emergency_repeats_too(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    struct phone_event ev = event(sv, "b-a-o-tbl", "U1-9-1-1");
    struct str xml = phone_write(&text, &ev, "<emergency type=\"911 Alert\">R1</emergency>");

    (void)state;
    all_heard(sv);
    say(sv, a, phone_as_proto(xml, &text));
    sim_commit(sv);
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    sim_pass(sv, sv->limits.repeat_ms);
    river_tick(&sv->river, sv->now);
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    sim_free(sv);
}

/* The 100 ms rule: the disk stalls, the alert goes out marked; once the disk has it,
 * newcomers and repeats no longer carry the mark. */
static void an_emergency_does_not_wait_for_the_disk(void **state)
{
    static const char *const details[] = {"<emergency type=\"911 Alert\">R1</emergency>", ""};

    (void)state;
    for (size_t i = 0; i < COUNTOF(details); i++) {
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), late;
        struct str bytes;
        const char *got;

        all_heard(sv);
        say_event(sv, a, "b-a-o-tbl", "U1-9-1-1", details[i]);
        sim_take(sv);
        sim_pass(sv, sv->limits.relay_after_ms - 1);
        assert_int_equal(river_relay_overdue(&sv->river, sv->now), 0);
        HEARS(b, "");
        assert_int_equal(river_next_ms(&sv->river, sv->now), sv->now.mono_ms + 1);
        sim_pass(sv, 1);
        assert_int_equal(river_relay_overdue(&sv->river, sv->now), 1);
        bytes = sim_hear(sv, b);
        assert_true(str_find(bytes, STR("recorded=\"false\"")) < bytes.len);
        assert_int_equal(river_relay_overdue(&sv->river, sv->now), 0);
        ROWS("*");
        sim_commit(sv);
        ROWS("emergency.raised event.relayed_before_durable");
        HEARS(b, ""); /* not twice */
        assert_int_equal(sv->river.flights_open, 0);
        late = sim_join(sv, cat);
        bytes = sim_hear(sv, late);
        assert_true(str_starts(bytes, STR("<event")) && str_find(bytes, STR("b-a-o-tbl")) < bytes.len);
        assert_true(str_find(bytes, STR("recorded=\"false\"")) == bytes.len);
        sim_pass(sv, sv->limits.repeat_ms);
        river_tick(&sv->river, sv->now);
        bytes = sim_hear(sv, b);
        assert_true(str_find(bytes, STR("recorded=\"false\"")) == bytes.len);
        say_alert(sv, a, "b-a-o-can", "U1");
        sim_pass(sv, sv->limits.relay_after_ms);
        assert_int_equal(river_relay_overdue(&sv->river, sv->now), 1);
        got = heard(sv, b);
        assert_string_equal(got, "b-a-o-can:U1-9-1-1");
        assert_int_equal(sv->river.emergencies, 0);
        sim_commit(sv);
        assert_int_equal(sv->river.emergencies, 0);
        sim_free(sv);
    }
}

/* Raised, cancelled and raised again while the disk stalls: what was said last counts,
 * while the rows come in and after. */
static void what_was_said_last_counts(void **state)
{
    static const char *const said[] = {"r", "rc", "rcr", "rr", "rrc", "rcrc", "cr"};

    (void)state;
    for (size_t i = 0; i < 2 * COUNTOF(said); i++) {
        const char *what = said[i / 2];
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1"), late;
        bool open = what[strlen(what) - 1] == 'r';
        size_t n;

        if (i % 2) /* with no flight left: relayed at once */
            for (int k = 0; k < RIVER_FLIGHTS; k++)
                say_event(sv, a, "b-a-o-tbl", "other", "");
        for (const char *c = what; *c; c++) {
            say_alert(sv, a, *c == 'r' ? "b-a-o-tbl" : "b-a-o-can", "U1");
            sim_pass(sv, sv->limits.relay_after_ms);
            (void)river_relay_overdue(&sv->river, sv->now);
            assert_int_equal(units_find_emergency(&sv->river.units, STR("U1-9-1-1")) != NULL, *c == 'r');
        }
        sim_take(sv);
        n = sv->batch_count;
        sim_write(sv, n);
        sim_durable(sv, n);
        sim_commit(sv);
        assert_int_equal(units_find_emergency(&sv->river.units, STR("U1-9-1-1")) != NULL, open);
        assert_int_equal(sv->river.emergencies, open + (int)(i % 2));
        assert_int_equal(sv->river.flights_open, 0);
        late = sim_join(sv, cat);
        assert_int_equal(strstr(heard(sv, late), "b-a-o-tbl:U1-9-1-1") != NULL, open);
        sim_free(sv);
    }
}

/* The record's queue was full: the record is asked again, and has it in the end. */
static void an_emergency_is_asked_for_again(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1");
    const struct flight *f;

    (void)state;
    all_heard(sv);
    sv->ask_max = 0;
    say_alert(sv, a, "b-a-o-tbl", "U1");
    say_alert(sv, a, "b-a-o-can", "U1");
    sim_pass(sv, sv->limits.relay_after_ms);
    assert_int_equal(river_relay_overdue(&sv->river, sv->now), 2);
    assert_false(sim_ask_again(sv));
    sv->ask_max = SIM_ASKS;
    assert_true(sim_ask_again(sv));
    f = river_to_ask(&sv->river);
    assert_null(f);
    sim_commit(sv);
    ROWS("emergency.raised emergency.cancelled event.relayed_before_durable event.relayed_before_durable");
    assert_int_equal(sv->river.flights_open, 0);
    assert_int_equal(sv->river.emergencies, 0);
    sim_free(sv);
}

/* An old client cancels with the type of the alert: relayed as the cancel that it is. */
static void a_cancel_is_known_by_its_attribute(void **state)
{
    (void)state;
    for (int relayed = 0; relayed < 2; relayed++) {
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1");

        say_alert(sv, a, "b-a-o-tbl", "U1");
        all_heard(sv);
        say_event(sv, a, "b-a-o-tbl", "U1-9-1-1", "<emergency cancel=\"true\">R1</emergency>");
        if (relayed) {
            sim_pass(sv, sv->limits.relay_after_ms);
            assert_int_equal(river_relay_overdue(&sv->river, sv->now), 1);
            assert_int_equal(sv->river.emergencies, 0);
        }
        sim_commit(sv);
        ROWS(relayed ? "emergency.cancelled event.relayed_before_durable" : "emergency.cancelled");
        assert_int_equal(sv->river.emergencies, 0);
        sim_free(sv);
    }
}

/* However many alerts there are while the disk stalls and the record's queue is full: all are heard. */
static void every_emergency_is_heard(void **state)
{
    (void)state;
    for (int full = 0; full < 2; full++) {
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
        char dev[16], want[32];
        const char *got;

        all_heard(sv);
        if (full)
            sv->ask_max = 0;
        for (int i = 0; i < RIVER_FLIGHTS + 20; i++) {
            (void)snprintf(dev, sizeof dev, "D%d", i);
            say_alert(sv, a, "b-a-o-tbl", dev);
        }
        sim_pass(sv, sv->limits.relay_after_ms);
        (void)river_relay_overdue(&sv->river, sv->now);
        got = heard(sv, b);
        for (int i = 0; i < RIVER_FLIGHTS + 20; i++) {
            (void)snprintf(want, sizeof want, ":D%d-9-1-1", i);
            if (!strstr(got, want))
                fail_msg("%s was not heard", want);
        }
        assert_int_equal(sv->river.emergencies, RIVER_FLIGHTS + 20);
        sim_free(sv);
    }
}

static void an_emergency_is_its_owners(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");
    int d = join_here(sv, dan, "U4", "R4"), late;

    (void)state;
    say_alert(sv, a, "b-a-o-tbl", "U1");
    all_heard(sv);
    say_alert(sv, b, "b-a-o-can", "U1");
    assert_int_equal(sv->refusals, 1);
    say_alert(sv, b, "b-a-o-tbl", "U1"); /* raising it again does not make it his */
    sim_commit(sv);
    say_alert(sv, b, "b-a-o-can", "U1");
    assert_int_equal(sv->refusals, 2);
    say_marker(sv, b, "U1-9-1-1", "x"); /* nothing else takes its place */
    assert_int_equal(sv->refusals, 3);
    say_track(sv, b, "U1-9-1-1", 1);
    assert_int_equal(sv->refusals, 4);
    say_here(sv, b, "U1-9-1-1", "x");
    assert_int_equal(sv->refusals, 5);
    say_track(sv, d, "U1-9-1-1", 1);
    assert_int_equal(sv->refusals, 6);
    sim_commit(sv);
    assert_int_equal(sv->river.emergencies, 1);
    late = sim_join(sv, cat);
    assert_non_null(strstr(heard(sv, late), "b-a-o-tbl:U1-9-1-1"));
    say_alert(sv, a, "b-a-o-can", "U1");
    sim_commit(sv);
    assert_int_equal(sv->river.emergencies, 0);
    (void)c;
    sim_free(sv);
}

/* No combination of groups is left, and somebody is in danger: his own groups hear him, whatever he named and
 * whichever agency he is of; nobody else does. */
static void an_emergency_is_heard_when_no_combination_is_left(void **state)
{
    struct sim_server *sv = start();
    int both = join_here(sv, (struct sim_who){5, "eve", "A,B", "A,B", false}, "U5", "R5");
    int d = join_here(sv, dan, "U4", "R4"), e = sim_join(sv, (struct sim_who){6, "fay", "C", "C", false});
    struct session_user *u = &sv->conns[both].s.user;
    struct group_mask mask = sv->river.sets->in[u->in_set];

    (void)state;
    /* His groups as those of an agency are another combination than as those of nobody's. */
    (void)sim_set(sv, "A,B", false);
    sv->river.sets->in_of[u->in_set].agency = sets_agency(sv->river.sets, STR("FIRE"));
    for (int g = 0; sv->river.sets->in_count < LIMIT_IN_SETS; g++) {
        char name[16];

        (void)snprintf(name, sizeof name, "g%d", g % 900);
        if (g % 900 == 0)
            mask = (struct group_mask){0};
        mask_add(&mask, sets_group(sv->river.sets, str_from(name)));
        if (g >= 900) {
            (void)snprintf(name, sizeof name, "h%d", g / 900);
            mask_add(&mask, sets_group(sv->river.sets, str_from(name)));
        }
        assert_true(sets_in(sv->river.sets, &mask) >= 0);
    }
    all_heard(sv);
    say_event(sv, both, "b-a-o-tbl", "U5-9-1-1",
              "<link uid=\"U5\" type=\"a-f-G-U-C\" relation=\"p-p\"/><emergency type=\"911 Alert\">R5</emergency>"
              "<marti><dest group=\"A\"/></marti>");
    sim_commit(sv);
    assert_int_equal(sv->refusals, 0);
    ROWS("emergency.raised");
    HEARS(d, "b-a-o-tbl:U5-9-1-1");
    HEARS(e, "");
    say_event(sv, both, "b-m-p-s-m", "M1", "<marti><dest group=\"A\"/></marti>");
    assert_int_equal(sv->refusals, 1); /* what can wait is refused, with a sentence */
    say_event(sv, both, "b-a-o-can", "U5-9-1-1",
              "<link uid=\"U5\" type=\"a-f-G-U-C\" relation=\"p-p\"/><emergency cancel=\"true\">R5</emergency>"
              "<marti><dest group=\"A\"/></marti>");
    sim_commit(sv);
    HEARS(d, "b-a-o-can:U5-9-1-1");
    assert_int_equal(sv->river.emergencies, 0);
    sim_free(sv);
}

/* A client that writes its times with references: it is repeated with a new one all the same. */
static void an_emergency_repeats_however_its_time_is_written(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    struct phone_event ev = event(sv, "b-a-o-tbl", "U1-9-1-1");
    struct str xml, bytes;
    char odd[4096], want[64];
    struct buf o = buf_over(odd, sizeof odd), w = buf_over(want, sizeof want);
    size_t at;

    (void)state;
    all_heard(sv);
    xml = phone_write(&text, &ev, "<contact callsign=\"R1\"/><emergency type=\"911 Alert\">R1</emergency>");
    at = str_find(xml, STR("stale=\"")) + 7;
    assert_true(at < xml.len && xml.at[at] == '2');
    buf_put(&o, str_cut(xml, 0, at));
    buf_put(&o, STR("&#50;"));
    buf_put(&o, str_from_at(xml, at + 1));
    say(sv, a, buf_str(&o));
    sim_commit(sv);
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    sim_pass(sv, sv->limits.repeat_ms);
    river_tick(&sv->river, sv->now);
    bytes = sim_hear(sv, b);
    buf_put(&w, STR("stale=\""));
    when_put(&w, sv->now.wall_ms + sv->limits.repeat_ms + 5000);
    assert_true(str_find(bytes, buf_str(&w)) < bytes.len);
    assert_true(str_find(bytes, STR("911 Alert")) < bytes.len);
    sim_free(sv);
}

/* The memory for what is on its way is used up: it goes out at once. */
static void an_emergency_goes_out_at_once_when_nothing_can_hold_it(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    void *taken;

    (void)state;
    all_heard(sv);
    while ((taken = slab_take(&sv->river.slab, 1024)) != NULL)
        continue;
    say_alert(sv, a, "b-a-o-tbl", "U1");
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    assert_int_equal(sv->river.count.relayed_first, 1);
    sim_free(sv);
}

/* Some clients alert under the uid of the device: heard, and the device keeps its place. */
static void an_emergency_under_a_devices_uid(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), late;

    (void)state;
    all_heard(sv);
    for (int i = 0; i < 3; i++) {
        say_event(sv, a, "b-a-o-tbl", "U1", "<emergency type=\"911 Alert\">R1</emergency>");
        sim_commit(sv);
        HEARS(b, "b-a-o-tbl:U1");
        say_here(sv, a, "U1", "R1");
        HEARS(b, "a-f-G-U-C:U1");
    }
    assert_true(sv->river.emergencies <= 1);
    late = sim_join(sv, cat);
    assert_non_null(strstr(heard(sv, late), "a-f-G-U-C:U1"));
    say_event(sv, a, "b-a-o-can", "U1", "<emergency cancel=\"true\">R1</emergency>");
    sim_commit(sv);
    HEARS(b, "b-a-o-can:U1");
    assert_int_equal(sv->river.emergencies, 0);
    assert_non_null(units_find(&sv->river.units, STR("U1")));
    sim_free(sv);
}

/* ------------------------------------------------------------ the record -- */

static void a_refusing_record_relays_nothing(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    sv->ask_max = 0;
    say_chat(sv, a, "m1", "U1", "All Chat Rooms", "", "");
    say_marker(sv, a, "M1", "x");
    assert_int_equal(sv->refusals, 2);
    assert_non_null(strstr(sv->refused, "record"));
    say_here(sv, a, "U1", "R1"); /* positions go on */
    HEARS(b, "a-f-G-U-C:U1");
    sv->ask_max = SIM_ASKS;
    sim_commit(sv);
    HEARS(b, "");
    sim_free(sv);
}

/* A reader that is too slow for what must arrive is told so; nothing torn is given. */
static void the_must_ring_laps(void **state)
{
    struct river_limits l = sim_limits();
    struct sim_server *sv;
    int a, b;
    char id[16];

    (void)state;
    l.must_entries = 8;
    sv = start_with(l);
    a = join_here(sv, ann, "U1", "R1");
    b = join_here(sv, ben, "U2", "R2");
    all_heard(sv);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(id, sizeof id, "m%d", i);
        say_chat(sv, a, id, "U1", "All Chat Rooms", "", "");
        sim_commit(sv);
    }
    HEARS(b, "LAPPED");
    sim_free(sv);
}

/* Lapped by the positions: the latest of each unit instead, from then on live. */
static void the_live_ring_laps(void **state)
{
    struct river_limits l = sim_limits();
    struct sim_server *sv;
    int a, b;

    (void)state;
    l.live_entries = 8;
    sv = start_with(l);
    a = join_here(sv, gate, "G1", "G1");
    b = join_here(sv, ben, "U2", "R2");
    say_marker(sv, a, "M1", "x");
    all_heard(sv);
    for (int i = 0; i < 20; i++)
        say_track(sv, a, i % 2 ? "T1" : "T2", 48 + i);
    HEARS(b, "a-f-G-U-C:G1 a-u-G:M1 a-n-A-C-F:T2 a-n-A-C-F:T1");
    assert_int_equal(sv->conns[b].s.count.lapped, 1);
    say_track(sv, a, "T1", 1);
    HEARS(b, "a-n-A-C-F:T1");
    sim_free(sv);
}

/* The same when runs are sent from where they lie: nothing of the ring is in what it
 * gives then, so that the connection may stay. */
static void runs_hold_after_a_lap(void **state)
{
    struct river_limits l = sim_limits();
    static char room[SIM_OUT];
    struct buf out = buf_over(room, sizeof room);
    struct sim_server *sv;
    struct runs runs;
    struct str all;
    int a, b;

    (void)state;
    l.live_entries = 64;
    sv = start_with(l);
    a = join_here(sv, gate, "G1", "G1");
    b = join_here(sv, ben, "U2", "R2");
    all_heard(sv);
    for (int i = 0; i < 100; i++)
        say_track(sv, a, "T1", 48);
    for (int i = 0; i < 3; i++) {
        struct session *s = &sv->conns[b].s;
        enum gather g = session_gather_runs(s, &sv->river, &sv->world, &out, &runs, sv->now);

        assert_int_equal(g, i == 0 ? GATHER_FULL : GATHER_DONE);
        assert_true(session_runs_hold(&sv->river, &runs));
        out.len = 0;
    }
    for (int i = 0; i < 20; i++)
        say_track(sv, a, "T1", 48);
    out = buf_over(room, sizeof room);
    assert_int_equal(session_gather_runs(&sv->conns[b].s, &sv->river, &sv->world, &out, &runs, sv->now), GATHER_DONE);
    assert_int_equal(runs.count, 1);
    all = runs.item[0];
    assert_true(all.at < room || all.at >= room + sizeof room); /* in the ring */
    assert_true(str_starts(all, STR("<event")) && str_ends(all, STR("</event>")));
    assert_true(session_runs_hold(&sv->river, &runs));
    for (int i = 0; i < 40; i++)
        say_track(sv, a, "T1", 48);
    assert_false(session_runs_hold(&sv->river, &runs));
    sim_free(sv);
}

static void who_lags_gets_the_newest_of_each(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    for (int i = 0; i < 6; i++) {
        say_track(sv, a, i % 2 ? "T1" : "T2", 48 + i);
        say_event(sv, a, "t-x-unknown", "X1", ""); /* never left out */
    }
    sim_pass(sv, SESSION_LAG_MS + 1);
    HEARS(b, "t-x-unknown:X1 t-x-unknown:X1 t-x-unknown:X1 t-x-unknown:X1 a-n-A-C-F:T2 t-x-unknown:X1 a-n-A-C-F:T1 "
             "t-x-unknown:X1");
    assert_int_equal(sv->conns[b].s.count.conflated, 4);
    sim_free(sv);
}

/* Far away units come slower, nearby ones and newcomers' pictures do not. */
static void far_units_come_slower(void **state)
{
    struct river_limits l = sim_limits();
    struct sim_server *sv;
    int g, b, n = 0;

    (void)state;
    l.interest_from = 1;
    l.far_every = 5;
    sv = start_with(l);
    g = join_here(sv, gate, "G1", "G1");
    b = join_here(sv, ben, "U2", "R2");
    all_heard(sv);
    for (int i = 0; i < 20; i++) {
        say_track(sv, g, "FAR", 50);
        n += strstr(heard(sv, b), "FAR") != NULL;
        say_track(sv, g, "NEAR", 48.1);
        HEARS(b, "a-n-A-C-F:NEAR");
    }
    assert_int_equal(n, 4);
    for (int i = 0; i < 5; i++) { /* a newcomer sees it, however its reports fall */
        int c = sim_join(sv, cat);

        say_here(sv, c, "U3", "R3");
        say_track(sv, g, "FAR", 50);
        assert_non_null(strstr(heard(sv, c), "FAR"));
        sim_leave(sv, c);
        sim_commit(sv);
        (void)heard(sv, b);
    }
    sim_free(sv);
}

/* The same among so many others that they are not looked at: in order, also of who
 * walks from one cell into the next, of who has no place, and where a send was full. */
static void the_neighbourhood_is_heard_among_many(void **state)
{
    struct river_limits l = sim_limits();
    char want[512] = "";
    struct sim_server *sv;
    int g, b;

    (void)state;
    l.interest_from = 1;
    l.far_every = 0;
    sv = start_with(l);
    g = join_here(sv, gate, "G1", "G1");
    b = join_here(sv, ben, "U2", "R2");
    all_heard(sv);
    for (int i = 0; i < 300; i++) {
        char far[16];

        (void)snprintf(far, sizeof far, "F%d", i % 40);
        say_track(sv, g, far, i % 3 ? 50 : -30.5);
        if (i % 50 == 0) {
            say_track(sv, g, "WALKS", 48.09 + i * 0.0001);
            say_track(sv, g, i % 100 ? "NEAR1" : "NEAR2", 48.1);
            say_event(sv, g, "t-x-unknown", "X1", "");
            (void)snprintf(want + strlen(want), sizeof want - strlen(want),
                           "%sa-n-A-C-F:WALKS a-n-A-C-F:%s t-x-unknown:X1", i ? " " : "", i % 100 ? "NEAR1" : "NEAR2");
        }
    }
    sv->conns[b].s.live_cap = 1000; /* a few of them in each send */
    assert_true(ring_head(&sv->river.live) - sv->conns[b].s.live_at > 2 * RING_PICK_MIN);
    HEARS(b, want);
    sim_free(sv);
}

/* Who falls behind gets the neighbourhood again; of the far ones only who came lately, the
 * others with one of their next reports. */
static void who_is_lapped_gets_the_neighbourhood(void **state)
{
    struct river_limits l = sim_limits();
    struct sim_server *sv;
    int g, b;

    (void)state;
    l.interest_from = 1;
    l.far_every = 3;
    l.live_entries = 16;
    sv = start_with(l);
    g = join_here(sv, gate, "G1", "G1");
    b = join_here(sv, ben, "U2", "R2");
    for (int i = 0; i < 4; i++) {
        say_track(sv, g, "FAR", 50);
        say_track(sv, g, "NEAR", 48.1);
    }
    all_heard(sv);
    say_track(sv, g, "NEW", 50);
    for (int i = 0; i < 20; i++)
        say_track(sv, g, "NEAR", 48.1);
    HEARS(b, "a-f-G-U-C:G1 a-n-A-C-F:NEAR a-n-A-C-F:NEW");
    assert_int_equal(sv->conns[b].s.count.lapped, 1);
    for (int i = 0; i < 3; i++)
        say_track(sv, g, "FAR", 50);
    HEARS(b, "a-n-A-C-F:FAR");
    session_regroup(&sv->conns[b].s, &sv->river, sv->conns[b].s.user.in_set, sv->conns[b].s.user.out_set);
    HEARS(b, "t-x-g-c:takp-1-1 a-f-G-U-C:G1 a-n-A-C-F:FAR a-n-A-C-F:NEAR a-n-A-C-F:NEW"); /* all of it */
    sim_free(sv);
}

static void the_rate_is_limited(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1");

    (void)state;
    for (int i = 0; i < LIMIT_EVENTS_BURST + 100; i++) {
        text.len = 0;
        say_event(sv, a, "t-x-unknown", "X", "");
    }
    assert_in_range(sv->refusals, 100, 102);
    sim_pass(sv, 1000);
    sv->refusals = 0;
    for (int i = 0; i < LIMIT_EVENTS_S + 50; i++)
        say_event(sv, a, "t-x-unknown", "X", "");
    assert_int_equal(sv->refusals, 50);
    sim_free(sv);
}

static int64_t user_id(struct str name)
{
    return str_eq(name, STR("ann")) ? 1 : str_eq(name, STR("ben")) ? 2 : str_eq(name, STR("gate")) ? 9 : 3;
}

/* A power cut: what was heard is there again; who holds a uid, too, also on a machine that runs for days. */
static void a_restart_remembers(void **state)
{
    struct sim_server *sv = start();
    int a, b;

    (void)state;
    sv->now.mono_ms = 10 * RECORD_WAIT_MS;
    a = join_here(sv, ann, "U1", "R1");
    say_alert(sv, a, "b-a-o-tbl", "U1");
    say_marker(sv, a, "M1", "x");
    sim_commit(sv);
    say_marker(sv, a, "M2", "never durable");
    sim_crash(sv, user_id);
    river_tick(&sv->river, sv->now);
    assert_non_null(units_find(&sv->river.units, STR("U1")));
    b = sim_join(sv, ben);
    HEARS(b, "b-a-o-tbl:U1-9-1-1 a-u-G:M1 t-x-takp-v:takp-0-2");
    say_here(sv, b, "U1", "R1");
    assert_true(units_find(&sv->river.units, STR("U1"))->conflict);
    assert_int_equal(units_find(&sv->river.units, STR("U1"))->holder, ann.id);
    say_alert(sv, b, "b-a-o-can", "U1");
    assert_int_equal(sv->refusals, 1);
    sim_pass(sv, sv->limits.repeat_ms);
    river_tick(&sv->river, sv->now);
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    sim_free(sv);
}

/* No more combinations of groups: an event is heard by fewer then, never by all. */
static void full_tables_of_groups_leak_nothing(void **state)
{
    struct sim_server *sv = start();
    int both = join_here(sv, (struct sim_who){5, "eve", "A,B", "A,B", false}, "U5", "R5");
    int d = join_here(sv, dan, "U4", "R4"), e = sim_join(sv, (struct sim_who){6, "fay", "C", "C", false});
    char name[16];
    struct group_mask mask = {0};

    (void)state;
    for (int i = 0; i < 2 * LIMIT_IN_SETS; i++) {
        (void)snprintf(name, sizeof name, "g%d", i % LIMIT_GROUPS);
        if (i % 200 == 0)
            memset(&mask, 0, sizeof mask);
        mask_add(&mask, sets_group(sv->river.sets, str_from(name)) < 0
                            ? 0
                            : sets_group(sv->river.sets, str_from(name)));
        mask_add(&mask, 500 + i / 200); /* few of them alike */
        if (sets_in(sv->river.sets, &mask) < 0)
            break;
    }
    assert_int_equal(sv->river.sets->in_count, LIMIT_IN_SETS);
    all_heard(sv);
    say_event(sv, both, "b-m-p-s-m", "M1", "<marti><dest group=\"A\"/></marti>"); /* {A} exists no more than {A,B} */
    say_event(sv, both, "a-n-A", "T1", "<marti><dest group=\"A\"/></marti>");
    sim_commit(sv);
    HEARS(d, "");
    HEARS(e, "");
    sim_free(sv);
}

/* ann of FIRE, ben of POL, in one group; with a rule or without, while an incident is open or not. */
static void a_rule_between_agencies(void **state)
{
    static const char *const row[2] = {"FIRE", "POL"};
    struct sim_server *sv = start();
    int a, b;
    struct sharing *rules = calloc(1, sizeof *rules);
    const struct str open = STR("EX-1");

    (void)state;
    MUST(rules);
    sv->river.sets->classed = true;
    a = sim_join(sv, ann);
    b = sim_join(sv, ben);
    for (int i = 0; i < 2; i++) {
        struct session_user *u = &sv->conns[i ? b : a].s.user;
        uint8_t agency = sets_agency(sv->river.sets, str_from(row[i]));
        struct group_mask mask = sv->river.sets->in[u->in_set];

        u->in_set = (uint16_t)sets_in_of(sv->river.sets, &mask, (struct set_of){.agency = agency});
        u->out_set = (uint16_t)sets_out_of(sv->river.sets, &mask, agency);
    }
    sharing_to_sets(rules, &open, 1, sv->river.sets);
    say_here(sv, a, "U1", "R1");
    say_here(sv, b, "U2", "R2");
    all_heard(sv);
    say_track(sv, a, "T1", 48);
    say_marker(sv, a, "M1", "M1");
    say_chat(sv, a, "c1", "U1", "All Chat Rooms", "", "");
    say_direct(sv, a, "d1", "U1", "U2");
    say_alert(sv, a, "b-a-o-tbl", "U1");
    sim_commit(sv);
    HEARS(b, "b-t-f:GeoChat.U1.U2.d1 b-a-o-tbl:U1-9-1-1 a-n-A-C-F:T1");
    session_picture(&sv->conns[b].s, &sv->river);
    HEARS(b, "b-a-o-tbl:U1-9-1-1 a-f-G-U-C:U1 a-n-A-C-F:T1"); /* no marker */
    say_delete(sv, b, "M1");                                  /* what he does not see he does not delete */
    sim_commit(sv);
    assert_non_null(units_find(&sv->river.units, STR("M1")));
    sharing_to_sets(rules, &open, 0, sv->river.sets); /* the incident is closed */
    say_chat(sv, a, "c2", "U1", "All Chat Rooms", "", "");
    sim_commit(sv);
    HEARS(b, "b-t-f:GeoChat.U1.All Chat Rooms.c2");
    session_picture(&sv->conns[b].s, &sv->river);
    HEARS(b, "b-a-o-tbl:U1-9-1-1 a-f-G-U-C:U1 a-n-A-C-F:T1 a-u-G:M1");
    free(rules);
    sim_free(sv);
}

/* All leave, a day goes by: only what is open or lasting is left in memory. */
static void nothing_leaks(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), g = join_here(sv, gate, "G1", "G1");
    size_t used = 0;

    (void)state;
    for (int i = 0; i < 30; i++) {
        char uid[16];

        (void)snprintf(uid, sizeof uid, "T%d", i);
        say_track(sv, g, uid, 48 + i);
    }
    say_marker(sv, a, "M1", "x");
    say_alert(sv, a, "b-a-o-tbl", "U1");
    sim_commit(sv);
    sim_leave(sv, a);
    sim_leave(sv, g);
    sim_commit(sv);
    assert_int_equal(atomic_load(&sv->river.sessions), 0);
    assert_int_equal(atomic_load(&sv->river.listeners[FORM_XML]), 0);
    sim_pass(sv, sv->limits.keep_ms + 1);
    for (int i = 0; i < 3; i++)
        river_tick(&sv->river, sv->now);
    assert_int_equal(sv->river.units.count, 1); /* the alert; the marker is stale */
    for (uint32_t i = 0; i < sv->river.units.used; i++) {
        struct unit *x = units_at(&sv->river.units, i);

        if (x->kind != UNIT_FREE)
            used += slab_size(x->uid.len) + slab_size(x->callsign.len) + slab_size(x->latest_len);
    }
    assert_int_equal(sv->river.slab.used, used);
    sim_free(sv);
}

/* -------------------------------------------------------------- missions -- */

/* What is for a mission is recorded under the mission's name and heard by
 * nobody else: the record thread delivers it. */
static void a_mission_is_not_everybody(void **state)
{
    char long_name[400], detail[512];
    const struct {
        const char *type, *dest, *to;
    } rows[] = {
        {"a-u-G", "mission=\"EX-1\"", "mission/EX-1"},
        {"a-n-A-C-F", "mission=\"EX-1\"", "mission/EX-1"},
        {"u-d-f", "mission=\"EX-1\"", "mission/EX-1"},
        {"x-unheard-of", "mission=\"EX-1\"", "mission/EX-1"},
        {"a-u-G", "mission-guid=\"5d0c\"", "mission-guid/5d0c"},
        {"a-u-G", long_name, NULL}, /* nobody's name, and still not for everybody */
    };

    (void)state;
    (void)snprintf(long_name, sizeof long_name, "mission=\"%0300d\"", 7);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct sim_server *sv = start();
        int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), late;
        struct str to;

        all_heard(sv);
        (void)snprintf(detail, sizeof detail, "<marti><dest %s/></marti>", rows[i].dest);
        say_event(sv, a, rows[i].type, "M1", detail);
        sim_commit(sv);
        HEARS(b, "");
        ROWS("event.directed");
        to = fields_get(str_of(sv->rows[sv->row_count - 1].payload, sv->rows[sv->row_count - 1].len), FIELD_TO);
        assert_true(to.len > 0);
        if (rows[i].to && !str_eq(to, str_from(rows[i].to)))
            fail_msg("row %zu: to '%.*s', want '%s'", i, STR_ARG(to), rows[i].to);
        late = sim_join(sv, cat);
        assert_null(strstr(heard(sv, late), "M1"));
        sim_free(sv);
    }
}

/* What is taken out of a mission stays on everybody's map, whoever put it there. */
static void out_of_a_mission_is_not_deleted(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), late;

    (void)state;
    say_marker(sv, a, "M1", "Water");
    all_heard(sv);
    say_event(sv, b, "t-x-d-d", "del-M1",
              "<link uid=\"M1\" type=\"a-u-G\" relation=\"none\"/><marti><dest mission=\"EX-1\"/></marti>");
    sim_commit(sv);
    assert_int_equal(sv->refusals, 0);
    ROWS("event.directed");
    HEARS(a, "");
    late = sim_join(sv, cat);
    assert_non_null(strstr(heard(sv, late), "a-u-G:M1"));
    sim_free(sv);
}

/* An emergency is for all, whatever mission it names. */
static void an_emergency_leaves_its_mission(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    say_event(sv, a, "b-a-o-tbl", "U1-9-1-1",
              "<link uid=\"U1\" type=\"a-f-G-U-C\" relation=\"p-p\"/><emergency type=\"911 Alert\">R1</emergency>"
              "<marti><dest mission=\"EX-1\"/></marti>");
    sim_commit(sv);
    ROWS("emergency.raised");
    HEARS(b, "b-a-o-tbl:U1-9-1-1");
    sim_free(sv);
}

/* -------------------------------------------- forms, inputs, full tables -- */

/* The payload of the last row. */
static struct str last_row(const struct sim_server *sv)
{
    return str_of(sv->rows[sv->row_count - 1].payload, sv->rows[sv->row_count - 1].len);
}

/* Chat in v1 with a dest: whom it names hears it, and not whom it was for. */
static void a_dest_is_taken_out_of_v1_too(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");
    struct phone_event ev = event(sv, "b-t-f", "GeoChat.U1.x.m1");
    struct str xml = phone_write(&text, &ev,
                                 "<__chat id=\"x\" chatroom=\"x\" senderCallsign=\"R1\" messageId=\"m1\"><chatgrp "
                                 "id=\"x\" uid0=\"U1\"/></__chat><remarks>hello</remarks>"
                                 "<marti><dest callsign=\"R2\"/></marti>");
    struct str payload, bytes;

    (void)state;
    all_heard(sv);
    say(sv, a, phone_as_proto(xml, &text));
    sim_commit(sv);
    ROWS("chat.said");
    payload = last_row(sv);
    assert_true(str_eq(fields_get(payload, FIELD_TO), STR("U2")));
    bytes = fields_get(payload, FIELD_EVENT_PROTO);
    assert_true(bytes.len > 0 && str_find(bytes, STR("hello")) < bytes.len);
    assert_true(str_find(bytes, STR("dest")) == bytes.len);
    bytes = sim_hear(sv, b);
    assert_true(str_find(bytes, STR("hello")) < bytes.len && str_find(bytes, STR("dest")) == bytes.len);
    HEARS(c, "");
    sim_free(sv);
}

/* What came while nobody listened to v1 is put into it for the one who now does: from the ring, and from what he
 * missed while he was away. */
static void what_is_kept_as_xml_is_heard_in_v1(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    say_here(sv, a, "U1", "R1");
    say_wants_v1(sv, b, "1");
    HEARS(b, "t-x-takp-r:takp-0-1 [a-f-G-U-C:U1]");
    sim_remember(sv, STR("U2"), sv->conns[b].must_sent);
    sim_leave(sv, b);
    all_heard(sv);
    say_direct(sv, a, "m1", "U1", "U2");
    sim_commit(sv);
    b = sim_join(sv, ben);
    say_here(sv, b, "U2", "R2");
    say_wants_v1(sv, b, "1");
    sim_commit(sv);
    assert_non_null(strstr(heard(sv, b), "[b-t-f:GeoChat.U1.U2.m1]"));
    sim_free(sv);
}

/* A position for one callsign is for those who have it. */
static void a_live_dest_may_be_a_callsign(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2"), c = join_here(sv, cat, "U3", "R3");

    (void)state;
    all_heard(sv);
    say_event(sv, a, "x-unheard-of", "X1", "<marti><dest callsign=\"R2\"/><dest callsign=\"nobody\"/></marti>");
    HEARS(b, "x-unheard-of:X1");
    HEARS(c, "");
    say_event(sv, a, "x-unheard-of", "X1", "<marti><dest callsign=\"nobody\"/></marti>");
    HEARS(b, "");
    HEARS(c, "");
    sim_free(sv);
}

/* Each kind of what is recorded, with what the log and those who come later need of it. */
static void what_is_offered_and_asked_is_recorded(void **state)
{
    static const struct {
        const char *type, *detail, *rows;
    } sent[] = {
        {"b-f-t-r", "<fileshare filename=\"plan.zip\" sizeInBytes=\"17\" sha256=\"00ff\"/>", "file.offered"},
        {"b-f-t-a", "<ackrequest/>", "file.answered"},
        {"t-s", "", "task.sent"},
        {"t-k", "", "task.sent"},
        {"b-r-f-h-c", "<_medevac_ urgent=\"1\"/>", "casevac.sent"},
        {"b-t-f-d", "", "chat.receipt"},
        {"b-t-f-r", "", "chat.receipt"},
    };
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    char want[64], detail[256];

    (void)state;
    all_heard(sv);
    for (size_t i = 0; i < COUNTOF(sent); i++) {
        (void)snprintf(detail, sizeof detail, "%s<marti><dest uid=\"U2\"/></marti>", sent[i].detail);
        say_event(sv, a, sent[i].type, "E1", detail);
        sim_commit(sv);
        ROWS(sent[i].rows);
        (void)snprintf(want, sizeof want, "%s:E1", sent[i].type);
        HEARS(b, want);
        if (i == 0) {
            assert_true(str_eq(fields_get(last_row(sv), FIELD_NAME), STR("plan.zip")));
            assert_true(str_eq(fields_get(last_row(sv), FIELD_SIZE), STR("17")));
            assert_true(str_eq(fields_get(last_row(sv), FIELD_SHA256), STR("00ff")));
        }
    }
    sim_free(sv);
}

/* A sensor speaks for things, and never for a responder. */
static void an_input_speaks_for_no_responder(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), i = sim_join(sv, gate);
    struct phone_event ev = event(sv, "a-f-G-U-C", "U1");
    struct unit *x;

    (void)state;
    sv->conns[i].s.user.input = true;
    all_heard(sv);
    session_take(&sv->conns[i].s, &sv->river, &sv->world,
                 phone_write(&text, &ev, "<contact callsign=\"R1\" endpoint=\"*:-1:stcp\"/>"), (struct str){0},
                 sv->now);
    assert_int_equal(sv->refusals, 1);
    assert_non_null(strstr(sv->refused, "a responder's device, for which no input speaks"));
    assert_int_equal(units_find(&sv->river.units, STR("U1"))->holder, ann.id);
    HEARS(a, "");
    say_here(sv, i, "S1", "sensor");
    HEARS(a, "a-f-G-U-C:S1");
    x = units_find(&sv->river.units, STR("S1"));
    assert_true(x->kind == UNIT_TRACK && x->holder == 0); /* nobody is reached through it */
    /* It becomes one who is reachable when its own device reports. */
    say_here(sv, a, "S1", "R1b");
    x = units_find(&sv->river.units, STR("S1"));
    assert_true(x->kind == UNIT_PRESENCE && x->holder == ann.id);
    sim_free(sv);
}

/* A drawing in the place of somebody's device would take him off the map. */
static void a_drawing_takes_no_devices_place(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    say_event(sv, b, "u-d-f", "U1", "");
    assert_int_equal(sv->refusals, 1);
    assert_non_null(strstr(sv->refused, "a drawing needs a uid of its own"));
    assert_int_equal(units_find(&sv->river.units, STR("U1"))->kind, UNIT_PRESENCE);
    say_track(sv, b, "U1", 50); /* a report of him by somebody else is told, and heard */
    assert_true(units_find(&sv->river.units, STR("U1"))->conflict);
    HEARS(a, "a-n-A-C-F:U1");
    sim_commit(sv);
    ROWS("uid.conflict");
    sim_free(sv);
}

static const char *not_today(void *ctx, struct session *s, const struct river_event *ev)
{
    (void)ctx;
    (void)s;
    return str_starts(ev->cot.type, STR("a-n")) ? "not today" : NULL;
}

static void what_the_world_objects_to_is_refused_alone(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");

    (void)state;
    all_heard(sv);
    sv->world.objects = not_today;
    say_track(sv, a, "T1", 48);
    assert_string_equal(sv->refused, "not today");
    HEARS(b, "");
    say_here(sv, a, "U1", "R1");
    HEARS(b, "a-f-G-U-C:U1");
    assert_int_equal(sv->refusals, 1);
    sim_free(sv);
}

/* No place is left: who is known goes on, who is new is refused with a sentence, whoever calls for help is heard. */
static void a_full_table_refuses_places_and_no_words(void **state)
{
    struct river_limits l = sim_limits();
    struct sim_server *sv;
    int g, b;
    char uid[16];

    (void)state;
    l.units_max = 16;
    sv = start_with(l);
    g = join_here(sv, gate, "G1", "G1");
    b = join_here(sv, ben, "U2", "R2");
    for (int i = 0; i < 40; i++) {
        (void)snprintf(uid, sizeof uid, "T%d", i);
        say_track(sv, g, uid, 48);
    }
    assert_int_equal(sv->river.units.count, 14); /* three quarters for things, and the two */
    for (int i = 0; i < 12; i++) {
        (void)snprintf(uid, sizeof uid, "P%d", i);
        say_here(sv, g, uid, uid); /* people take the places of things */
    }
    assert_int_equal(sv->refusals, 0);
    for (int i = 12; i < 20; i++) {
        (void)snprintf(uid, sizeof uid, "P%d", i);
        say_here(sv, g, uid, uid);
    }
    assert_true(sv->refusals > 0);
    assert_non_null(strstr(sv->refused, "the table of units is full"));
    all_heard(sv);
    sv->refusals = 0;
    say_track(sv, g, "T99", 48);
    assert_int_equal(sv->refusals, 1);
    say_here(sv, g, "P1", "P1");
    say_chat(sv, g, "m1", "G1", "All Chat Rooms", "", "");
    say_alert(sv, g, "b-a-o-tbl", "G1");
    sim_commit(sv);
    HEARS(b, "b-t-f:GeoChat.G1.All Chat Rooms.m1 b-a-o-tbl:G1-9-1-1 a-f-G-U-C:P1");
    say_delete(sv, g, "unknown");
    say_alert(sv, g, "b-a-o-can", "G1");
    sim_commit(sv);
    HEARS(b, "t-x-d-d:del-unknown b-a-o-can:G1-9-1-1");
    assert_int_equal(sv->refusals, 1);
    sim_free(sv);
}

/* Somebody moves to another group: for those who hear nothing of the new one he is gone, nobody else loses him. */
static void who_moves_to_another_group_is_gone_from_the_old_one(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    int both = join_here(sv, (struct sim_who){5, "eve", "A,B", "A,B", false}, "U5", "R5"), d;
    uint16_t in = sim_set(sv, "B", true);

    (void)state;
    all_heard(sv);
    session_regroup(&sv->conns[a].s, &sv->river, in, sim_set(sv, "B", false));
    river_regrouped(&sv->river, session_handle(&sv->conns[a].s), in, sv->now);
    assert_non_null(strstr(heard(sv, b), "t-x-d-d:server-1-moved-"));
    HEARS(both, "");
    d = sim_join(sv, dan);
    assert_non_null(strstr(heard(sv, d), "a-f-G-U-C:U1"));
    river_regrouped(&sv->river, session_handle(&sv->conns[a].s), in, sv->now); /* he is there already */
    HEARS(b, "");
    HEARS(d, "");
    sim_free(sv);
}

/* After a start the last position that was kept puts a known device back on the map; its own report counts more. */
static void a_restored_position_gives_way_to_a_report(void **state)
{
    struct sim_server *sv = start();
    struct cot c = {.uid = STR("U1"), .type = STR("a-f-G-U-C"), .has_point = true};
    uint16_t set = sim_set(sv, "A", true);
    struct unit *x;
    int a, b;

    (void)state;
    sv->now.mono_ms = 10 * RECORD_WAIT_MS;
    c.lat.value = 48;
    c.lon.value = 11;
    c.stale_ms = sv->now.wall_ms + 1000;
    river_restore_position(&sv->river, STR("U1"), &c, set, sv->now.wall_ms - 60000, sv->now);
    assert_null(units_find(&sv->river.units, STR("U1"))); /* nobody's device is not put on the map */
    river_restore_holder(&sv->river, STR("U1"), STR("R1"), ann.id);
    river_restore_position(&sv->river, STR("U1"), &c, set, sv->now.wall_ms - 60000, sv->now);
    x = units_find(&sv->river.units, STR("U1"));
    assert_true(x && x->seen_ms == sv->now.wall_ms - 60000 && x->seen_mono_ms == sv->now.mono_ms - 60000);
    b = sim_join(sv, ben);
    assert_non_null(strstr(heard(sv, b), "a-f-G-U-C:U1"));
    a = sim_join(sv, ann);
    say_here(sv, a, "U1", "R1");
    assert_true(x->lat > 48.05 && x->seen_ms == sv->now.wall_ms);
    river_restore_position(&sv->river, STR("U1"), &c, set, sv->now.wall_ms - 60000, sv->now);
    assert_true(x->lat > 48.05 && x->seen_ms == sv->now.wall_ms);
    /* The day after which it is forgotten began when it was heard last. */
    sim_leave(sv, a);
    sim_pass(sv, sv->limits.keep_ms + 1);
    river_tick(&sv->river, sv->now);
    assert_null(units_find(&sv->river.units, STR("U1")));
    sim_free(sv);
}

/* What was given up is let go once for each that waited, and only for a delete. */
static void what_is_given_up_lets_go_of_its_own_alone(void **state)
{
    struct sim_server *sv = start();
    int g = join_here(sv, gate, "G1", "G1"), b = join_here(sv, ben, "U2", "R2");
    char payload[128];
    struct buf p = buf_over(payload, sizeof payload);

    (void)state;
    say_track(sv, g, "T1", 48.1);
    all_heard(sv);
    fields_put(&p, FIELD_LINK_UID, STR("T1"));
    river_abandon(&sv->river, EV_OBJECT_DELETED, buf_str(&p)); /* nothing waited */
    say_delete(sv, g, "T1");
    say_delete(sv, g, "T1");
    say_track(sv, g, "T1", 48.3);
    river_abandon(&sv->river, EV_CHAT_SAID, buf_str(&p));
    river_abandon(&sv->river, EV_OBJECT_DELETED, buf_str(&p));
    HEARS(b, ""); /* the other delete is still on its way */
    river_abandon(&sv->river, EV_OBJECT_DELETED, buf_str(&p));
    HEARS(b, "a-n-A-C-F:T1");
    sim_free(sv);
}

/* A mission's position is on the map and in the mission; its chat is its own, under its name alone. */
static void a_mission_has_its_chat_and_its_positions(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    struct str rest, to;
    enum field tag;
    size_t n = 0;

    (void)state;
    all_heard(sv);
    say_chat(sv, a, "m1", "U1", "EX-1", " uid1=\"EX-1\"", "<marti><dest mission=\"EX-1\"/></marti>");
    sim_commit(sv);
    ROWS("chat.said chat.receipt"); /* nobody keeps that mission here: its sender is told */
    HEARS(a, "b-t-f-s:m1");
    rest = str_of(sv->rows[sv->row_count - 2].payload, sv->rows[sv->row_count - 2].len);
    while (fields_next(&rest, &tag, &to))
        if (tag == FIELD_TO) {
            assert_true(str_eq(to, STR("mission/EX-1")));
            n++;
        }
    assert_int_equal(n, 1);
    HEARS(b, "");
    say_event(sv, a, "a-f-G-U-C", "U1",
              "<contact callsign=\"R1\" endpoint=\"*:-1:stcp\"/><marti><dest mission=\"EX-1\"/></marti>");
    sim_commit(sv);
    ROWS("event.directed");
    sim_free(sv);
}

/* What a device that comes back has missed: what was for it, by its uid or the name that it has now, or for all that
 * it hears; never what it said itself, nor what is in the picture anyway. */
static void what_a_device_missed(void **state)
{
    static const struct {
        enum event_id kind;
        const char *from, *to, *group, *uid, *callsign;
        bool missed;
    } rows[] = {
        {EV_CHAT_SAID, "U1", "U2", "A", "U2", "R2", true},
        {EV_CHAT_SAID, "U1", "U3", "A", "U2", "R2", false},
        {EV_CHAT_SAID, "U1", "callsign/R2", "A", "U2", "R2", true},
        {EV_CHAT_SAID, "U1", "callsign/R2", "A", "U2", "", false},
        {EV_CHAT_SAID, "U1", "callsign/", "A", "U2", "", false},
        {EV_CHAT_SAID, "U1", "callsign/R22", "A", "U2", "R2", false},
        {EV_CHAT_SAID, "U1", NULL, "A", "U2", "R2", true},
        {EV_CHAT_SAID, "U1", NULL, "B", "U2", "R2", false}, /* of a group that it does not hear */
        {EV_CHAT_SAID, "U1", "U2", "B", "U2", "R2", false},
        {EV_CHAT_SAID, "U2", NULL, "A", "U2", "R2", false}, /* its own */
        {EV_CHAT_SAID, "U1", NULL, "A", "", "R2", false},
        {EV_CHAT_RECEIPT, "U1", "U2", "A", "U2", "R2", true},
        {EV_OBJECT_PUT, "U1", NULL, "A", "U2", "R2", false},
        {EV_OBJECT_PUT, "U1", "U2", "A", "U2", "R2", true},
        {EV_EMERGENCY_RAISED, "U1", NULL, "A", "U2", "R2", false},
        {EV_EMERGENCY_RAISED, "U1", "U2", "A", "U2", "R2", true},
        {EV_CLIENT_CONNECTED, "U1", NULL, "A", "U2", "R2", false},
    };
    struct sim_server *sv = start();
    uint16_t out = sim_set(sv, "A", false);

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char bytes[256];
        struct buf b = buf_over(bytes, sizeof bytes);

        fields_put(&b, FIELD_FROM_UID, str_from(rows[i].from));
        if (rows[i].to)
            fields_put(&b, FIELD_TO, str_from(rows[i].to));
        fields_put(&b, FIELD_GROUP, str_from(rows[i].group));
        if (missed_wants(&sv->river, rows[i].kind, buf_str(&b), str_from(rows[i].uid), str_from(rows[i].callsign),
                         out) != rows[i].missed)
            fail_msg("row %zu", i);
    }
    sim_free(sv);
}

/* A grant or other groups are no admission: nothing is asked for or passed over again. */
static void a_change_of_rights_is_no_return(void **state)
{
    struct sim_server *sv = start();
    int a = join_here(sv, ann, "U1", "R1"), b = join_here(sv, ben, "U2", "R2");
    struct session_user u = sv->conns[b].s.user;
    uint64_t joined = sv->conns[b].s.join_seq;

    (void)state;
    all_heard(sv);
    say_chat(sv, a, "m1", "U1", "All Chat Rooms", "", "");
    sim_commit(sv);
    u.relay = true;
    session_set_user(&sv->conns[b].s, &sv->river, &sv->world, &u);
    assert_true(sv->conns[b].s.user.relay && sv->conns[b].s.join_seq == joined);
    assert_non_null(strstr(heard(sv, b), "b-t-f:GeoChat.U1.All Chat Rooms.m1")); /* the line that was on its way */
    sim_free(sv);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_newcomer_is_offered_v1),
    cmocka_unit_test(pings_are_answered_to_the_sender_only),
    cmocka_unit_test(v1_begins_behind_the_response),
    cmocka_unit_test(an_unknown_version_stays_xml),
    cmocka_unit_test(each_unit_is_sniffed),
    cmocka_unit_test(what_cannot_be_cut_closes),
    cmocka_unit_test(a_bad_event_is_refused_alone),
    cmocka_unit_test(positions_go_to_those_who_share_a_group),
    cmocka_unit_test(a_dest_group_narrows),
    cmocka_unit_test(unknown_types_pass_untouched),
    cmocka_unit_test(control_is_consumed),
    cmocka_unit_test(oversize_events_are_held_back),
    cmocka_unit_test(presence_binds_the_uid),
    cmocka_unit_test(a_taken_uid_is_a_conflict),
    cmocka_unit_test(a_relay_grant_lifts_the_count),
    cmocka_unit_test(newcomers_get_the_picture),
    cmocka_unit_test(the_picture_has_each_unit_once),
    cmocka_unit_test(a_large_picture_goes_on_in_v1),
    cmocka_unit_test(the_kept_event_is_as_received),
    cmocka_unit_test(incognito_is_left_out_of_the_picture),
    cmocka_unit_test(other_groups_from_now_on),
    cmocka_unit_test(chat_finds_its_addressees),
    cmocka_unit_test(a_room_of_one_is_not_everybody),
    cmocka_unit_test(chat_follows_the_callsign),
    cmocka_unit_test(dests_are_stripped),
    cmocka_unit_test(a_message_waits),
    cmocka_unit_test(an_end_that_is_over_is_not_missed),
    cmocka_unit_test(a_message_between_join_and_report_arrives),
    cmocka_unit_test(a_reused_place_gets_no_strangers_mail),
    cmocka_unit_test(a_reused_slot_hears_its_former_user),
    cmocka_unit_test(delete_and_position_never_swap),
    cmocka_unit_test(what_is_half_deleted_is_not_shown),
    cmocka_unit_test(a_forgotten_unit_is_deleted_too),
    cmocka_unit_test(the_last_delete_counts),
    cmocka_unit_test(a_gather_sees_one_moment),
    cmocka_unit_test(a_refused_delete_holds_nothing),
    cmocka_unit_test(a_held_position_keeps_its_addressees),
    cmocka_unit_test(an_addressed_position_is_private),
    cmocka_unit_test(a_writer_deletes_what_he_wrote),
    cmocka_unit_test(what_may_not_be_deleted),
    cmocka_unit_test(leaving_is_told_once),
    cmocka_unit_test(an_emergency_repeats_until_cancelled),
    cmocka_unit_test(no_repeat_behind_the_cancel),
    cmocka_unit_test(a_v1_emergency_repeats_too),
    cmocka_unit_test(an_emergency_does_not_wait_for_the_disk),
    cmocka_unit_test(what_was_said_last_counts),
    cmocka_unit_test(an_emergency_is_asked_for_again),
    cmocka_unit_test(a_cancel_is_known_by_its_attribute),
    cmocka_unit_test(every_emergency_is_heard),
    cmocka_unit_test(an_emergency_is_its_owners),
    cmocka_unit_test(an_emergency_under_a_devices_uid),
    cmocka_unit_test(an_emergency_is_heard_when_no_combination_is_left),
    cmocka_unit_test(an_emergency_repeats_however_its_time_is_written),
    cmocka_unit_test(an_emergency_goes_out_at_once_when_nothing_can_hold_it),
    cmocka_unit_test(a_refusing_record_relays_nothing),
    cmocka_unit_test(the_must_ring_laps),
    cmocka_unit_test(the_live_ring_laps),
    cmocka_unit_test(runs_hold_after_a_lap),
    cmocka_unit_test(who_lags_gets_the_newest_of_each),
    cmocka_unit_test(far_units_come_slower),
    cmocka_unit_test(the_neighbourhood_is_heard_among_many),
    cmocka_unit_test(who_is_lapped_gets_the_neighbourhood),
    cmocka_unit_test(the_rate_is_limited),
    cmocka_unit_test(a_restart_remembers),
    cmocka_unit_test(full_tables_of_groups_leak_nothing),
    cmocka_unit_test(a_rule_between_agencies),
    cmocka_unit_test(nothing_leaks),
    cmocka_unit_test(who_is_held_hears_nothing),
    cmocka_unit_test(who_is_held_is_heard),
    cmocka_unit_test(who_is_admitted_has_the_picture_at_once),
    cmocka_unit_test(a_mission_is_not_everybody),
    cmocka_unit_test(out_of_a_mission_is_not_deleted),
    cmocka_unit_test(an_emergency_leaves_its_mission),
    cmocka_unit_test(a_dest_is_taken_out_of_v1_too),
    cmocka_unit_test(what_is_kept_as_xml_is_heard_in_v1),
    cmocka_unit_test(a_live_dest_may_be_a_callsign),
    cmocka_unit_test(what_is_offered_and_asked_is_recorded),
    cmocka_unit_test(an_input_speaks_for_no_responder),
    cmocka_unit_test(a_drawing_takes_no_devices_place),
    cmocka_unit_test(what_the_world_objects_to_is_refused_alone),
    cmocka_unit_test(a_full_table_refuses_places_and_no_words),
    cmocka_unit_test(who_moves_to_another_group_is_gone_from_the_old_one),
    cmocka_unit_test(a_restored_position_gives_way_to_a_report),
    cmocka_unit_test(what_is_given_up_lets_go_of_its_own_alone),
    cmocka_unit_test(a_mission_has_its_chat_and_its_positions),
    cmocka_unit_test(what_a_device_missed),
    cmocka_unit_test(a_change_of_rights_is_no_return),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
