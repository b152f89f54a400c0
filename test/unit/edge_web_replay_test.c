/* Looking back over HTTP: a moment is the same with and without marks, as a role it is never more, and the tracks are
 * what was written. Exchanges made by hand, as web.c makes them. */
#include "edge/web_replay.h"
#include "core/incident_save.h"
#include "edge/incidents.h"
#include "edge/web_inner.h"
#include "edge/web_tracks.h"
#include "store/tracks.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>

enum { EVENTS = 3 * REPLAY_MARK_ROWS, UNITS = 40 };

#define START INT64_C(1676650000000) /* 2023-02-17T16:06:40Z */

static struct world world;
static struct web web;

static void ignore(void *conn)
{
    (void)conn;
}

static void row(enum incident_kind kind, const char *key, const char *value, int64_t at_ms)
{
    char memory[512], name[64];
    struct buf b = buf_over(memory, sizeof memory);
    uint64_t seq;
    struct err e;

    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    if (kind == INC_INCIDENT_OPENED) {
        incident_put(&b, IN_NAME, STR("EX"));
        incident_put(&b, IN_EXERCISE, STR("1"));
    } else {
        incident_put(&b, kind == INC_TASK_CREATED ? IN_TASK : IN_UNIT, str_from(key));
        incident_put(&b, kind == INC_TASK_CREATED ? IN_TEXT : IN_AGENCY, str_from(value));
        (void)snprintf(name, sizeof name, "%" PRId64, at_ms - 60000);
        incident_put(&b, IN_OBSERVED_AT, str_from(name));
    }
    MUST(journal_add(world.journal, (uint16_t)kind, at_ms, 0, buf_str(&b), &seq, &e));
}

/* Units that check in again and again, a task among them now and then: one event a second. */
static void fill(void)
{
    char key[32], value[32];
    struct err e;

    row(INC_INCIDENT_OPENED, "", "", START);
    for (int i = 1; i < EVENTS; i++) {
        bool task = i % 10 == 0;

        (void)snprintf(key, sizeof key, task ? "EX-T%d" : "EX-U%d", task ? i : i % UNITS);
        (void)snprintf(value, sizeof value, "agency-%d", i);
        row(task ? INC_TASK_CREATED : INC_UNIT_CHECKED_IN, key, value, START + i * 1000);
    }
    MUST(journal_commit(world.journal, &e));
}

static int begin(void **state)
{
    struct web_config c = {.address = "127.0.0.1"};
    struct err e;

    (void)state;
    memset(&web, 0, sizeof web);
    world_make(&world);
    fill();
    c.dir = world.dir;
    MUST(web_init(&web, &world.hub, &c, &e));
    web.want_write = web.hang_up = ignore;
    world.hub.to_web = mailbox_new(1 << 16, NULL, NULL);
    MUST(web_worker_new(&web.worker, NULL, NULL, &e));
    return 0;
}

static int end(void **state)
{
    (void)state;
    web_fini(&web);
    while (world_record(&world))
        ;
    mailbox_free(world.hub.to_web);
    world_end(&world);
    return 0;
}

/* Runs a call as somebody with these roles, until it is answered; to be freed with exchange_free(). */
static struct exchange *get(const char *path, const char *roles)
{
    struct exchange *x = exchange_new(&web, &web);
    struct str all = str_from(path);
    size_t cut = str_find_byte(all, '?');
    struct timespec pause = {0, 1000000};
    const struct route *route;

    MUST(x && exchange_room(x, 256));
    x->request.method = METHOD_GET;
    x->request.path = str_cut(all, 0, cut);
    x->request.query = str_from_at(all, cut < all.len ? cut + 1 : cut);
    x->request.who.is = true;
    x->request.who.access = access_of(str_from(roles));
    for (size_t i = 0; (route = web_route(i)); i++)
        if (path_fits(route->path, x->request.path, x->request.part))
            break;
    MUST(route);
    route->run(&web, &x->request, &x->reply, hub_now());
    if (x->reply.later) {
        x->state = EXCHANGE_WAITING;
        web.waiting++;
    }
    while (x->state == EXCHANGE_WAITING) {
        web_turn(&web, hub_now());
        (void)nanosleep(&pause, NULL);
    }
    return x;
}

static bool says(const struct exchange *x, const char *words)
{
    return str_find(x->reply.body, str_from(words)) < x->reply.body.len;
}

/* The answer of `past` at a row, all of it. */
static char *past_at(int seq, const char *more, const char *roles)
{
    char path[160];
    struct exchange *x;
    char *copy;

    (void)snprintf(path, sizeof path, "/api/incidents/EX-1/past?seq=%d%s", seq, more);
    x = get(path, roles);
    if (x->reply.status != 200)
        fail_msg("%d %.*s", x->reply.status, STR_ARG(x->reply.body));
    copy = strndup(x->reply.body.at, x->reply.body.len);
    MUST(copy);
    exchange_free(&web, x);
    return copy;
}

static void a_moment_is_the_same_with_marks_and_in_whatever_order(void **state)
{
    static const int seqs[] = {EVENTS, 2, EVENTS / 2, EVENTS / 2 + 1, EVENTS / 3, 1, EVENTS - 1, REPLAY_MARK_ROWS};
    char *before[COUNTOF(seqs)];
    struct exchange *x;
    struct str mark;

    (void)state;
    for (size_t i = 0; i < COUNTOF(seqs); i++)
        before[i] = past_at(seqs[i], "", "commander");
    assert_int_equal(replay_mark(&web, STR("EX-1"), EVENTS, &mark), 0);
    x = get("/api/incidents/EX-1/timeline", "commander");
    assert_int_equal(x->reply.status, 200);
    exchange_free(&web, x);
    assert_int_equal(replay_mark(&web, STR("EX-1"), EVENTS, &mark), 3 * REPLAY_MARK_ROWS);
    assert_int_equal(replay_mark(&web, STR("EX-1"), 2 * REPLAY_MARK_ROWS + 1, &mark), 2 * REPLAY_MARK_ROWS);
    assert_int_equal(replay_mark(&web, STR("EX-1"), 10, &mark), 0);
    assert_int_equal(replay_mark(&web, STR("EX-2"), EVENTS, &mark), 0);
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < COUNTOF(seqs); i++) {
            size_t k = turn ? COUNTOF(seqs) - 1 - i : i;
            char *now = past_at(seqs[k], "", "commander");

            assert_string_equal(before[k], now);
            free(now);
        }
    for (size_t i = 0; i < COUNTOF(seqs); i++)
        free(before[i]);
    /* Nobody looks back any more: the marks go. */
    replay_tick(&web, (struct now){.mono_ms = hub_now().mono_ms + REPLAY_LINGER_MS + 1});
    assert_int_equal(replay_mark(&web, STR("EX-1"), EVENTS, &mark), 0);
}

static void what_the_page_has_is_left_out(void **state)
{
    char more[32], *text;

    (void)state;
    (void)snprintf(more, sizeof more, "&since=%d", EVENTS / 2);
    text = past_at(EVENTS / 2 + 2, more, "commander");
    assert_non_null(strstr(text, "\"whole\":false"));
    (void)snprintf(more, sizeof more, "\"EX-U%d\"", (EVENTS / 2 + 1) % UNITS);
    assert_non_null(strstr(text, more));
    (void)snprintf(more, sizeof more, "\"EX-U%d\"", (EVENTS / 2 + 3) % UNITS);
    assert_null(strstr(strstr(text, "\"entities\""), more));
    free(text);
    /* The page is ahead of the moment: it gets all. */
    (void)snprintf(more, sizeof more, "&since=%d", EVENTS);
    text = past_at(EVENTS / 2, more, "commander");
    assert_non_null(strstr(text, "\"whole\":true"));
    free(text);
}

static void a_role_reads_what_it_would_and_never_more_than_who_asks(void **state)
{
    char *own = past_at(EVENTS, "", "eod"), *asked = past_at(EVENTS, "&as=eod", "commander");
    char *more = past_at(EVENTS, "&as=commander", "eod"), *all = past_at(EVENTS, "", "commander");
    struct exchange *x;

    (void)state;
    assert_non_null(strstr(asked, "\"as\":\"eod\",\"as_whole\":true"));
    assert_string_equal(strstr(own, "\"entities\""), strstr(asked, "\"entities\""));
    assert_non_null(strstr(more, "\"as\":\"commander\",\"as_whole\":false"));
    assert_string_equal(strstr(own, "\"entities\""), strstr(more, "\"entities\""));
    assert_string_not_equal(strstr(own, "\"entities\""), strstr(all, "\"entities\""));
    free(own), free(asked), free(more), free(all);
    x = get("/api/incidents/EX-1/past?as=king", "commander");
    assert_int_equal(x->reply.status, 400);
    exchange_free(&web, x);
    x = get("/api/tracks?at=2023-02-17T17:00:00Z&as=observer", "commander");
    assert_int_equal(x->reply.status, 403);
    exchange_free(&web, x);
}

static void the_timeline_has_each_event_once_and_the_figures(void **state)
{
    struct exchange *x = get("/api/incidents/EX-1/timeline", "commander");
    char text[96];

    (void)state;
    (void)snprintf(text, sizeof text, "[2,%" PRId64 ",%" PRId64 ",", START + 1000, START + 1000 - 60000);
    assert_true(says(x, text));
    (void)snprintf(text, sizeof text, "\"head\":%d,\"cut\":false", EVENTS);
    assert_true(says(x, text));
    (void)snprintf(text, sizeof text, "\"figures\":[[%" PRId64 ",0,null,null,0,0,0]", START);
    assert_true(says(x, text));
    exchange_free(&web, x);
}

/* ---- tracks ------------------------------------------------------------------ */

static void put_points(void)
{
    struct tracks *t;
    struct err e;

    MUST(tracks_open(world.dir, &t, &e));
    for (int i = 0; i < 60; i++) {
        struct track_point p[2] = {{.uid = STR("EX-A"), .callsign = STR("EX-ALPHA"), .type = STR("a-f-G-U-C"),
                                    .at_ms = START + i * 1000, .time_ms = START + i * 1000, .lat = 10 + i / 1000.0,
                                    .lon = 66, .hae = NAN, .ce = 6, .speed = 1.5, .course = 370},
                                   {.uid = STR("EX-B"), .callsign = STR("EX-BRAVO"), .type = STR("a-f-G-U-C"),
                                    .at_ms = START + i * 100, .time_ms = START, .lat = 11, .lon = -66, .hae = NAN,
                                    .ce = NAN, .speed = NAN, .course = NAN}};

        MUST(tracks_add(t, p, 2, &e));
    }
    tracks_close(t);
}

static uint64_t whole(const struct exchange *x, size_t at, size_t bytes)
{
    uint64_t n = 0;

    MUST(x->reply.body.len >= at + bytes);
    for (size_t i = bytes; i > 0; i--)
        n = n << 8 | (unsigned char)x->reply.body.at[at + i - 1];
    return n;
}

static void tracks_are_what_was_written(void **state)
{
    struct exchange *x;
    size_t first;

    (void)state;
    /* Without the file there is nothing to read, and that is said. */
    x = get("/api/tracks?at=2023-02-17T16:07:00Z", "commander");
    assert_int_equal(x->reply.status, 503);
    exchange_free(&web, x);
    put_points();

    /* 20 s after the start: ALPHA's 20th position, BRAVO's last one, 14 s old. */
    x = get("/api/tracks?at=2023-02-17T16:07:00Z&back=60", "commander");
    assert_int_equal(x->reply.status, 200);
    assert_int_equal(whole(x, 0, 1), 2);
    assert_int_equal(whole(x, 2, 2), TRACKS_RECORD);
    assert_int_equal(whole(x, 4, 4), 2);
    assert_true(says(x, "[\"EX-B\",\"EX-BRAVO\",\"a-f-G-U-C\"]"));
    first = TRACKS_HEAD + whole(x, 36, 4);
    assert_int_equal(x->reply.body.len, first + 2 * TRACKS_RECORD);
    assert_int_equal(whole(x, 8, 8) + whole(x, first + 4, 4), START + 20000);
    assert_int_equal(whole(x, first + 8, 4), 100200000);
    assert_int_equal(whole(x, first + 16, 2), 1000);
    assert_int_equal(whole(x, first + 18, 2), 150);
    assert_int_equal(whole(x, first + 20, 1), 6);
    assert_int_equal(whole(x, 8, 8) + whole(x, first + TRACKS_RECORD + 4, 4), START + 5900);
    assert_int_equal(whole(x, first + TRACKS_RECORD + 16, 2), 65535);
    exchange_free(&web, x);

    x = get("/api/tracks?from=2023-02-17T16:06:40Z&to=2023-02-17T16:06:50Z", "commander");
    assert_int_equal(whole(x, 4, 4), 10 + 60);
    assert_int_equal(whole(x, 24, 8), whole(x, 16, 8));
    exchange_free(&web, x);
    x = get("/api/tracks?from=2023-02-17T16:06:40Z&to=2023-02-17T16:06:50Z&every=5", "commander");
    assert_int_equal(whole(x, 4, 4), 2 + 2);
    exchange_free(&web, x);
    x = get("/api/tracks?from=2023-02-17T16:06:40Z&to=2023-02-19T16:06:50Z", "commander");
    assert_int_equal(x->reply.status, 400);
    exchange_free(&web, x);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        SCENE(a_moment_is_the_same_with_marks_and_in_whatever_order),
        SCENE(what_the_page_has_is_left_out),
        SCENE(a_role_reads_what_it_would_and_never_more_than_who_asks),
        SCENE(the_timeline_has_each_event_once_and_the_figures),
        SCENE(tracks_are_what_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
