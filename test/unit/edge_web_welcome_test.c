/* Invites, the pages that they open, and devices, by hand-made exchanges: who is told what, and what is refused. */
#include "edge/join_page.h"
#include "edge/web_welcome.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct scene {
    struct world world;
    struct web web;
    char cookie[128], csrf[65], token[INVITE_TOKEN + 1];
} scene;

static void want_write(void *conn)
{
    (void)conn;
}

static void wake(void *ctx)
{
    (void)ctx;
}

static void forget(struct web *w, struct str serial)
{
    (void)w, (void)serial;
}

static int begin(void **state)
{
    struct web_config c = {.address = "127.0.0.1", .port = 0};
    struct pki_made made;
    struct err e;

    (void)state;
    memset(&scene, 0, sizeof scene);
    world_make(&scene.world);
    c.dir = scene.world.dir;
    MUST(pki_prepare(c.dir, clock_wall_ms(), &made, &e));
    MUST(web_init(&scene.web, &scene.world.hub, &c, &e));
    scene.web.want_write = want_write;
    scene.web.forget = forget;
    scene.web.port = 8443;
    scene.web.enrol_port = 8446;
    atomic_store(&scene.world.hub.tak_port, 8089);
    scene.world.hub.to_web = mailbox_new(1 << 16, NULL, NULL);
    MUST(passwords_new(&scene.web.passwords, NULL, NULL, &e));
    MUST(web_worker_new(&scene.web.worker, wake, NULL, &e));
    return 0;
}

static int end(void **state)
{
    (void)state;
    web_fini(&scene.web);
    while (world_record(&scene.world))
        ;
    mailbox_free(scene.world.hub.to_web);
    world_end(&scene.world);
    return 0;
}

/* Somebody with these roles; each call is a session of its own. */
static void sign_in(const char *name, const char *roles)
{
    struct operator o = {.password_hash = "none"};
    struct login login = {
        .made_ms = 1, .seen_ms = hub_now().wall_ms, .expires_ms = hub_now().wall_ms + 3600000};
    char token[WEB_TOKEN + 1];
    struct err e;

    (void)snprintf(o.name, sizeof o.name, "%s", name);
    (void)snprintf(o.roles, sizeof o.roles, "%s", roles);
    assert_true(accounts_put_operator(scene.web.accounts, &o, &e));
    login.operator_id = o.id;
    secret_token(token, WEB_TOKEN / 2);
    secret_token(login.csrf, (sizeof login.csrf - 1) / 2);
    secret_sha256(str_from(token), login.token_hash);
    assert_true(accounts_put_session(scene.web.accounts, &login, &e));
    (void)snprintf(scene.cookie, sizeof scene.cookie, COOKIE_NAME "=%s", token);
    (void)snprintf(scene.csrf, sizeof scene.csrf, "%s", login.csrf);
}

static struct exchange *ask(const char *method, const char *path, const char *body)
{
    struct exchange *x = exchange_new(&scene.web, &scene);
    struct str target = str_from(path);
    size_t mark = str_find_byte(target, '?');
    struct request *q;

    MUST(x && exchange_room(x, 64 * 1024));
    q = &x->request;
    q->method = strcmp(method, "POST") == 0 ? METHOD_POST : METHOD_GET;
    q->path = exchange_keep(x, str_cut(target, 0, mark));
    q->query = exchange_keep(x, str_from_at(target, mark < target.len ? mark + 1 : mark));
    q->host = STR("post:8443");
    q->content_type = STR("application/json");
    q->cookie = str_from(scene.cookie);
    q->csrf = str_from(scene.csrf);
    q->user_agent = STR("EX Android");
    (void)snprintf(q->address, sizeof q->address, "192.0.2.9");
    q->body = str_from(body);
    exchange_begin(&scene.web, x);
    return x;
}

static int finish(struct exchange *x)
{
    struct timespec pause = {0, 2000000};

    if (x->state == EXCHANGE_READING)
        exchange_run(&scene.web, x, hub_now());
    while (x->state == EXCHANGE_WAITING) {
        (void)world_record(&scene.world);
        web_turn(&scene.web, hub_now());
        (void)nanosleep(&pause, NULL);
    }
    return x->reply.status;
}

static int status(const char *method, const char *path, const char *body)
{
    struct exchange *x = ask(method, path, body);
    int s = finish(x);

    exchange_free(&scene.web, x);
    return s;
}

static bool says(const struct exchange *x, const char *words)
{
    return str_find(x->reply.body, str_from(words)) < x->reply.body.len;
}

/* Makes one invite, keeps its token and gives back its number. */
static int64_t invite(const char *body)
{
    struct exchange *x = ask("POST", "/api/invites", body);
    struct json_value v;
    struct json *j;
    int64_t id;
    struct err e;

    if (finish(x) != 201)
        fail_msg("%d: %.*s", x->reply.status, STR_ARG(x->reply.body));
    assert_true(json_read(x->reply.body, &j, &e));
    v = json_get(json_root(j), "invite");
    id = json_as_whole(json_get(v, "id"));
    assert_true(str_copy(scene.token, sizeof scene.token, json_as_text(json_get(v, "token"))));
    json_drop(j);
    exchange_free(&scene.web, x);
    return id;
}

/* before, value and after, joined; good until the next call. */
static const char *path_of(const char *before, const char *value, const char *after)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s%s%s", before, value, after);
    return path;
}

static void a_token_is_told_to_its_session_alone(void **state)
{
    struct exchange *x;
    char qr[64];
    int64_t id;

    (void)state;
    sign_in("EX-first", "administrator");
    id = invite("{\"name\":\"ex-1\"}");
    (void)snprintf(qr, sizeof qr, "/api/invites/%lld/qr.svg?kind=page", (long long)id);
    assert_int_equal(strlen(scene.token), INVITE_TOKEN);
    x = ask("GET", "/api/invites", "");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, scene.token) && says(x, "\"words\":\""));
    exchange_free(&scene.web, x);
    x = ask("GET", qr, "");
    assert_int_equal(finish(x), 200);
    assert_string_equal(x->reply.type, "image/svg+xml");
    exchange_free(&scene.web, x);

    sign_in("EX-first", "administrator");
    x = ask("GET", "/api/invites", "");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, "ex-1"));
    assert_false(says(x, scene.token));
    exchange_free(&scene.web, x);
    assert_int_equal(status("GET", qr, ""), 404);
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
    static const struct {
        const char *body, *why;
    } rows[] = {
        {"{}", "\\\"name\\\""},
        {"{\"name\":\"no blanks\"}", "letters, digits"},
        {"{\"name\":\"ex\",\"hours\":0}", "\\\"hours\\\""},
        {"{\"name\":\"ex\",\"hours\":9999999}", "\\\"hours\\\""},
        {"{\"name\":\"ex\",\"uses\":1.5}", "\\\"uses\\\""},
        {"{\"name\":\"ex\",\"uses\":-1}", "\\\"uses\\\""},
        {"{\"name\":\"ex\",\"agency\":\"longer than a code\"}", "\\\"agency\\\""},
        {"{\"name\":\"ex\",\"role\":\"General\"}", "\\\"role\\\""},
        {"{\"name\":\"ex\",\"groups\":[\"a\",\"a:in\"]}", "named twice"},
        {"{\"name\":\"ex\",\"groups\":[\":in\"]}", "group's name"},
        {"{\"name\":\"ex\",\"groups\":\"a\"}", "\\\"groups\\\""},
        {"{\"name\":\"ex\",\"host\":\"evil.example\"}", "\\\"host\\\""},
        {"{\"name\":\"ex\",\"admits\":1}", "\\\"admits\\\""},
        {"{\"name\":\"ex\",\"token\":\"mine\"}", "\\\"token\\\""},
    };

    (void)state;
    sign_in("EX-first", "administrator");
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct exchange *x = ask("POST", "/api/invites", rows[i].body);

        if (finish(x) != 400 || !says(x, rows[i].why))
            fail_msg("%s: %d %.*s", rows[i].body, x->reply.status, STR_ARG(x->reply.body));
        exchange_free(&scene.web, x);
    }
    assert_int_equal(status("POST", "/api/invites/batch", "{\"names\":[\"ex-1\",\"ex-1\"]}"), 400);
    assert_int_equal(status("POST", "/api/invites/batch", "{\"names\":[]}"), 400);
    assert_int_equal(status("POST", "/api/invites/batch", "{\"names\":[\"ex-1\"],\"uses\":2}"), 400);
}

static void only_an_administrator_lets_many_in_at_once(void **state)
{
    (void)state;
    sign_in("EX-first", "administrator");
    assert_int_equal(status("POST", "/api/invites", "{\"name\":\"ex\",\"uses\":9,\"admits\":true}"), 201);
    sign_in("EX-liaison", "liaison");
    assert_int_equal(status("POST", "/api/invites", "{\"name\":\"ex\",\"uses\":9}"), 201);
    assert_int_equal(status("POST", "/api/invites", "{\"name\":\"ex\",\"uses\":9,\"admits\":true}"), 403);
    assert_int_equal(status("GET", "/api/devices", ""), 200);
    assert_int_equal(status("POST", "/api/devices/ab/revoke", "{}"), 403);
    assert_int_equal(status("GET", "/api/users", ""), 403);
}

/* The page of whoever shows this token, in memory of the test's. */
static struct str page(const char *token, int *got)
{
    static char text[JOIN_PAGE_MAX];
    struct exchange *x = ask("GET", path_of("/join/", token, ""), "");

    *got = finish(x);
    assert_true(x->reply.body.len < sizeof text);
    memcpy(text, x->reply.body.at, x->reply.body.len);
    text[x->reply.body.len] = 0;
    exchange_free(&scene.web, x);
    return str_from(text);
}

static void whatever_is_not_good_gets_one_page(void **state)
{
    static char wrong[JOIN_PAGE_MAX];
    int got;
    char end_it[64];
    int64_t id;

    (void)state;
    sign_in("EX-first", "administrator");
    (void)snprintf(wrong, sizeof wrong, "%s", page("ABCDEFGHJKMNPQRSTVWXYZ0123", &got).at);
    assert_int_equal(got, 404);
    id = invite("{\"name\":\"ex-2\"}");
    assert_true(str_find(page(scene.token, &got), STR("/join/")) > 0 && got == 200);
    assert_int_equal(status("POST", path_of("/join/", scene.token, "/package-atak.zip"), ""), 200);
    assert_string_equal(page(scene.token, &got).at, wrong); /* used */
    assert_int_equal(got, 404);
    id = invite("{\"name\":\"ex-3\"}");
    (void)snprintf(end_it, sizeof end_it, "/api/invites/%lld/end", (long long)id);
    assert_int_equal(status("POST", end_it, "{}"), 200);
    assert_int_equal(status("POST", end_it, "{}"), 409);
    assert_string_equal(page(scene.token, &got).at, wrong); /* ended */
}

static void wrong_links_wait_and_right_ones_do_not(void **state)
{
    int got = 0, tries = 0;

    (void)state;
    sign_in("EX-first", "administrator");
    (void)invite("{\"name\":\"ex-4\"}");
    while (got != 429) {
        (void)page("EX", &got);
        assert_true(++tries < 10);
    }
    (void)page(scene.token, &got);
    assert_int_equal(got, 200);
    assert_int_equal(status("GET", path_of("/join/", scene.token, "/package-nobody.zip"), ""), 404);
}

/* Two press at once with one use left: one gets a package, the other the page of a token that is not good. */
static void one_use_is_one_package(void **state)
{
    struct exchange *one, *two;
    const char *path;

    (void)state;
    sign_in("EX-first", "administrator");
    (void)invite("{\"name\":\"ex-5\"}");
    path = path_of("/join/", scene.token, "/package-itak.zip");
    one = ask("POST", path, "");
    two = ask("POST", path, "");
    exchange_run(&scene.web, one, hub_now());
    exchange_run(&scene.web, two, hub_now());
    assert_int_equal(finish(one) + finish(two), 200 + 404);
    assert_string_equal(finish(one) == 200 ? one->reply.type : two->reply.type, "application/zip");
    exchange_free(&scene.web, one);
    exchange_free(&scene.web, two);
}

static void a_device_waits_is_admitted_and_revoked(void **state)
{
    struct exchange *x;
    char serial[SERIAL_MAX], path[160];
    struct json *j;
    struct err e;

    (void)state;
    sign_in("EX-first", "administrator");
    (void)invite("{\"name\":\"ex-many\",\"uses\":3,\"agency\":\"EX\"}");
    assert_int_equal(status("POST", path_of("/join/", scene.token, "/package-wintak.zip"), ""), 200);
    x = ask("GET", "/api/devices", "");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, "\"user\":\"ex-many-1\",\"agency\":\"EX\"") && says(x, "\"held\":true,\"online\":false"));
    assert_true(json_read(x->reply.body, &j, &e));
    assert_true(str_copy(serial, sizeof serial,
                         json_as_text(json_get(json_at(json_get(json_root(j), "devices"), 0), "serial"))));
    json_drop(j);
    exchange_free(&scene.web, x);
    (void)snprintf(path, sizeof path, "{\"serials\":[\"%s\"]}", serial);
    assert_int_equal(status("POST", "/api/devices/admit", path), 200);
    x = ask("GET", "/api/devices", "");
    assert_true(finish(x) == 200 && says(x, "\"held\":false"));
    exchange_free(&scene.web, x);
    assert_int_equal(status("POST", path_of("/api/devices/", serial, "/revoke"), "{}"), 200);
    x = ask("GET", "/api/devices", "");
    assert_true(finish(x) == 200 && !says(x, "\"revoked\":0"));
    exchange_free(&scene.web, x);
    assert_int_equal(status("POST", "/api/devices/EX/admit", "{}"), 404);
    assert_int_equal(status("POST", "/api/devices/admit", "{\"serials\":[1]}"), 400);
}

static void a_user_gets_a_password(void **state)
{
    char hash[USER_PASSWORD_HASH];
    struct exchange *x;
    struct user u;
    struct err e;

    (void)state;
    sign_in("EX-first", "administrator");
    assert_int_equal(status("POST", "/api/users", "{\"name\":\"ex-cloud\",\"password\":\"short\"}"), 400);
    assert_int_equal(status("POST", "/api/users", "{\"name\":\"ex-cloud\",\"password\":\"practice only\","
                                                  "\"agency\":\"EX\",\"groups\":[\"ops:out\"]}"), 201);
    assert_true(accounts_password(scene.web.accounts, STR("ex-cloud"), hash, &e));
    assert_true(secret_password_is(hash, STR("practice only")));
    /* What is not said stays. */
    assert_int_equal(status("POST", "/api/users", "{\"name\":\"ex-cloud\",\"password\":\"another one\"}"), 201);
    assert_true(accounts_user_by_name(scene.web.accounts, STR("ex-cloud"), &u, &e));
    assert_string_equal(u.agency, "EX");
    assert_true(u.group_count == 1 && !u.groups[0].in && u.groups[0].out);
    x = ask("GET", "/api/users", "");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, "\"name\":\"ex-cloud\"") && says(x, "\"password\":true") && !says(x, "argon2"));
    exchange_free(&scene.web, x);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(a_token_is_told_to_its_session_alone),
        SCENE(what_does_not_fit_is_refused_by_name),
        SCENE(only_an_administrator_lets_many_in_at_once),
        SCENE(whatever_is_not_good_gets_one_page),
        SCENE(wrong_links_wait_and_right_ones_do_not),
        SCENE(one_use_is_one_package),
        SCENE(a_device_waits_is_admitted_and_revoked),
        SCENE(a_user_gets_a_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
