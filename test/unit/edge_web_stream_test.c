/* Bodies that stream in, files that stream out, work on the other thread, rows with a continuation: exchanges made by
 * hand, as web.c makes them. */
#include "edge/marti.h"
#include "edge/web_inner.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>

static struct world world;
static struct web web;

static void ignore(void *conn)
{
    (void)conn;
}

static int begin(void **state)
{
    struct web_config c = {.address = "127.0.0.1"};
    struct err e;

    (void)state;
    memset(&web, 0, sizeof web);
    world_make(&world);
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

static struct exchange *exchange(void)
{
    struct exchange *x = exchange_new(&web, &web);

    MUST(x && exchange_room(x, 256));
    x->request.method = METHOD_POST;
    x->request.path = STR("/Marti/EX");
    x->request.host = STR("h");
    return x;
}

/* As exchange_run() leaves one whose handler answers later. */
static void waits(struct exchange *x)
{
    MUST(x->reply.later);
    x->state = EXCHANGE_WAITING;
    x->until_ms = INT64_MAX;
    web.waiting++;
}

/* ---- bodies ----------------------------------------------------------- */

struct taken {
    size_t bytes, most;
    int drops;
};

static bool take(void *ctx, struct str bytes, struct err *e)
{
    struct taken *t = ctx;

    if (t->bytes + bytes.len > t->most)
        return err_set(e, ERR_FULL, "EX: the store is full.");
    t->bytes += bytes.len;
    return true;
}

static void drop(void *ctx)
{
    struct taken *t = ctx;

    t->drops++;
}

static struct exchange *upload(struct taken *t, uint64_t length)
{
    struct exchange *x = exchange();

    x->body_want = length;
    x->sink = (struct sink){t, take, drop};
    web.uploads++;
    return x;
}

static void a_streamed_body_is_taken_in_order_or_dropped(void **state)
{
    struct taken t = {.most = 100}, refuses = {.most = 3}, cut = {.most = 100};
    struct exchange *x = upload(&t, 10);

    (void)state;
    assert_true(exchange_body(&web, x, STR("12345")) && exchange_body(&web, x, STR("67890")));
    assert_false(exchange_body(&web, x, STR("1"))); /* more than was said */
    assert_int_equal(t.bytes, 10);
    assert_int_equal(x->request.body.len, 0);
    exchange_free(&web, x);
    assert_int_equal(t.drops, 1);

    x = upload(&refuses, 10);
    assert_true(exchange_body(&web, x, STR("12345")));
    assert_int_equal(refuses.drops, 1);
    assert_int_equal(x->state, EXCHANGE_READY);
    assert_int_equal(x->reply.status, 503);
    assert_true(x->reply.close);
    assert_string_equal(x->reply.type, "application/json"); /* in the form of TAK clients */
    assert_true(str_find(x->reply.body, STR("the store is full")) < x->reply.body.len);
    assert_true(exchange_body(&web, x, STR("67890"))); /* swallowed */
    exchange_free(&web, x);
    assert_int_equal(refuses.drops, 1);

    x = upload(&cut, 10);
    assert_true(exchange_body(&web, x, STR("123")));
    exchange_free(&web, x); /* the phone is gone */
    assert_int_equal(cut.drops, 1);
    assert_int_equal(web.uploads, 0);
}

static void a_slow_body_is_not_awaited(void **state)
{
    static char some[WEB_SLOW_RATE];
    struct taken t = {.most = SIZE_MAX};
    struct exchange *x = upload(&t, 1 << 20);
    struct now now = {.mono_ms = 1000};

    (void)state;
    x->window_ms = now.mono_ms;
    for (int second = 0; second < 60; second++) { /* just fast enough */
        assert_true(exchange_body(&web, x, str_of(some, sizeof some)));
        now.mono_ms += 1000;
        assert_true(exchange_keeps_up(x, now));
    }
    now.mono_ms += WEB_SLOW_MS - 1000;
    assert_true(exchange_body(&web, x, str_of(some, 100)));
    assert_true(exchange_keeps_up(x, now));
    now.mono_ms += 1000;
    assert_false(exchange_keeps_up(x, now));
    x->body_want = x->body_got;
    assert_true(exchange_keeps_up(x, now)); /* it is whole */
    exchange_free(&web, x);

    x = exchange(); /* one that is not streamed has a time in all */
    x->body_want = 100;
    exchange_begin(&web, x);
    now = hub_now();
    assert_true(exchange_body(&web, x, str_of(some, 50)));
    assert_true(exchange_keeps_up(x, (struct now){.mono_ms = now.mono_ms + WEB_BODY_MS / 2}));
    assert_false(exchange_keeps_up(x, (struct now){.mono_ms = now.mono_ms + WEB_BODY_MS + 1}));
    exchange_free(&web, x);
}

/* ---- replies ---------------------------------------------------------- */

static void a_reply_out_of_a_file(void **state)
{
    struct reply r = {0};
    char head[2048], path[512];
    struct buf b = buf_over(head, sizeof head);
    int fd;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/EX", world.dir);
    fd = open(path, O_CREAT | O_RDWR, 0600);
    assert_true(fd >= 0 && write(fd, "0123456789", 10) == 10);
    r.status = 206;
    reply_file(&r, fd, 4, 6);
    reply_header(&r, "content-range", "bytes 4-9/10");
    reply_header(&r, "x-bad", "a\r\nset-cookie: %s", "b");
    reply_header(&r, "x-long", "%0*d", WEB_HEADERS_MAX + 1, 1);
    reply_head(&r, &b);
    assert_true(str_find(buf_str(&b), STR("HTTP/1.1 206 Partial Content\r\n")) == 0);
    assert_true(str_find(buf_str(&b), STR("content-length: 6\r\n")) < b.len);
    assert_true(str_find(buf_str(&b), STR("content-range: bytes 4-9/10\r\n")) < b.len);
    assert_true(str_find(buf_str(&b), STR("set-cookie")) == b.len && str_find(buf_str(&b), STR("x-long")) == b.len);
    reply_free(&r);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* it was the reply's */
}

/* ---- the worker ------------------------------------------------------- */

struct labour {
    pthread_t by;
    int done, alone;
};

static void work(void *ctx)
{
    struct labour *l = ctx;

    l->by = pthread_self();
}

static void worked(struct web *w, struct exchange *x, void *ctx)
{
    struct labour *l = ctx;

    (void)w;
    l->done++;
    if (!x) {
        l->alone++;
        return;
    }
    x->reply.status = 204;
}

static void until_done(const struct labour *l)
{
    struct timespec pause = {0, 1000000};

    for (int i = 0; i < 10000 && !l->done; i++) {
        web_turn(&web, hub_now());
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(l->done, 1);
}

static void work_is_done_on_another_thread(void **state)
{
    struct labour kept = {0}, left = {0};
    struct exchange *x = exchange();

    (void)state;
    assert_true(web_work(&web, &x->request, &x->reply, work, worked, &kept));
    waits(x);
    until_done(&kept);
    assert_false(pthread_equal(kept.by, pthread_self()));
    assert_int_equal(kept.alone, 0);
    assert_int_equal(x->state, EXCHANGE_READY);
    assert_int_equal(x->reply.status, 204);
    exchange_free(&web, x);

    x = exchange();
    assert_true(web_work(&web, &x->request, &x->reply, work, worked, &left));
    waits(x);
    exchange_free(&web, x); /* the phone is gone */
    until_done(&left);
    assert_int_equal(left.alone, 1);
    assert_int_equal(web.waiting, 0);
}

static void too_much_work_is_refused(void **state)
{
    static struct labour all[WEB_JOBS];
    struct exchange *x = exchange();

    (void)state;
    memset(all, 0, sizeof all);
    for (size_t i = 0; i < WEB_JOBS; i++)
        assert_true(web_work(&web, &x->request, &x->reply, work, worked, &all[i]));
    assert_false(web_work(&web, &x->request, &x->reply, work, worked, &all[0]));
    assert_int_equal(x->reply.status, 503);
    exchange_free(&web, x);
    web_worker_free(&web, web.worker); /* tells all of them, done or not */
    web.worker = NULL;
    for (size_t i = 0; i < WEB_JOBS; i++)
        assert_int_equal(all[i].alone, 1);
}

/* ---- rows ------------------------------------------------------------- */

struct answer {
    int told, alone;
    uint64_t seq;
};

static void answered(struct web *w, struct exchange *x, const struct answer_head *head, struct str text, void *ctx)
{
    struct answer *a = ctx;

    (void)w, (void)text;
    a->told++;
    a->alone += !x;
    a->seq = head->seq;
    if (x)
        x->reply.status = head->ok ? 201 : 503;
}

static bool ask(struct exchange *x, struct answer *a)
{
    char payload[256];
    struct buf b = buf_over(payload, sizeof payload);
    struct ask_head head = {.ask = ASK_ROW, .kind = EV_EVENT_REFUSED, .sender = RING_NO_SENDER, .at_ms = 1};

    fields_put(&b, FIELD_REASON, STR("EX"));
    return web_ask_then(&web, &x->request, &x->reply, &head, &b, answered, a);
}

static void a_row_goes_on_when_it_is_durable(void **state)
{
    struct answer kept = {0}, left = {0}, never = {0};
    struct exchange *x = exchange();

    (void)state;
    assert_true(ask(x, &kept));
    waits(x);
    web_turn(&web, hub_now());
    assert_int_equal(kept.told, 0);
    assert_true(world_record(&world));
    web_turn(&web, hub_now());
    assert_true(kept.told == 1 && kept.alone == 0 && kept.seq > 0);
    assert_int_equal(x->reply.status, 201);
    exchange_free(&web, x);

    x = exchange();
    assert_true(ask(x, &left));
    waits(x);
    exchange_free(&web, x);
    assert_true(world_record(&world));
    web_turn(&web, hub_now());
    assert_true(left.told == 1 && left.alone == 1);

    x = exchange();
    assert_true(ask(x, &never));
    waits(x);
    exchange_free(&web, x);
    pending_free(&web); /* as when the server stops */
    assert_true(never.told == 1 && never.alone == 1);
    memset(web.pending, 0, sizeof web.pending);
}

/* ---- routes ----------------------------------------------------------- */

static int run(enum method method, enum door door, const char *path, const struct client *client)
{
    struct exchange *x = exchange();
    int status;

    x->request.method = method;
    x->request.door = door;
    x->request.path = str_from(path);
    if (client)
        x->request.client = *client;
    exchange_begin(&web, x);
    exchange_run(&web, x, hub_now());
    status = x->reply.status;
    assert_true(method != METHOD_OPTIONS || strcmp(x->reply.allow, "GET, HEAD") == 0);
    exchange_free(&web, x);
    return status;
}

static void clients_doors_and_methods(void **state)
{
    struct client phone = {.is = true, .user_id = 1, .name = "EX-phone"}, held = phone;
    struct exchange *x;

    (void)state;
    held.held = true;
    assert_int_equal(run(METHOD_GET, DOOR_WEB, "/Marti/api/version", &phone), 200);
    assert_int_equal(run(METHOD_GET, DOOR_WEB, "/Marti/api/version", &held), 200);
    assert_int_equal(run(METHOD_GET, DOOR_WEB, "/Marti/api/version", NULL), 401);
    assert_int_equal(run(METHOD_GET, DOOR_ENROL, "/Marti/api/version", &phone), 404);
    assert_int_equal(run(METHOD_GET, DOOR_ENROL, "/api/session", NULL), 404);
    assert_int_equal(run(METHOD_GET, DOOR_ENROL, "/", NULL), 404);
    assert_int_equal(run(METHOD_OPTIONS, DOOR_WEB, "/Marti/api/version", NULL), 204);
    assert_int_equal(run(METHOD_DELETE, DOOR_WEB, "/Marti/api/version", &phone), 405);
    assert_int_equal(run(METHOD_GET, DOOR_WEB, "/Marti/nothing", &phone), 404);
    assert_int_equal(run(METHOD_GET, DOOR_WEB, "/api/clients", &phone), 401); /* a certificate is no session */

    x = exchange(); /* a certificate that does not count: why */
    x->request.method = METHOD_GET;
    x->request.path = STR("/Marti/api/version");
    x->request.why = "EX: it was revoked.";
    exchange_run(&web, x, hub_now());
    assert_int_equal(x->reply.status, 403);
    assert_true(str_find(x->reply.body, STR("EX: it was revoked.")) < x->reply.body.len);
    exchange_free(&web, x);

    x = exchange(); /* what a page of somebody else sends with the browser's certificate */
    x->request.method = METHOD_PUT;
    x->request.path = STR("/Marti/api/version");
    x->request.origin = STR("https://evil.example");
    x->request.client = phone;
    exchange_run(&web, x, hub_now());
    assert_true(x->reply.status == 403 || x->reply.status == 405);
    exchange_free(&web, x);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        SCENE(a_streamed_body_is_taken_in_order_or_dropped),
        SCENE(a_slow_body_is_not_awaited),
        SCENE(a_reply_out_of_a_file),
        SCENE(work_is_done_on_another_thread),
        SCENE(too_much_work_is_refused),
        SCENE(a_row_goes_on_when_it_is_durable),
        SCENE(clients_doors_and_methods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
