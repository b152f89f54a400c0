#include "edge/json.h"
#include "edge/web_inner.h"
#include "os/pki.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The calls without sockets: exchanges are made by hand, the record is the world's,
 * passwords are hashed in the password thread and waited for. */

struct scene {
    struct world world;
    struct web web;
    char cookie[128], csrf[65];
};

static struct scene scene;
static int wanted; /* how often somebody asked for a turn to write */
static int hung_up;

static void want_write(void *conn)
{
    (void)conn;
    wanted++;
}

static void hang_up(void *conn)
{
    (void)conn;
    hung_up++;
}

static struct exchange *ask(const char *method, const char *path, const char *body)
{
    struct exchange *x = exchange_new(&scene.web, &scene);
    struct str all = str_from(path);
    size_t end = str_find_byte(all, '?');

    MUST(x && exchange_room(x, 4096));
    x->request.method = strcmp(method, "POST") == 0     ? METHOD_POST
                        : strcmp(method, "GET") == 0    ? METHOD_GET
                        : strcmp(method, "PUT") == 0    ? METHOD_PUT
                        : strcmp(method, "DELETE") == 0 ? METHOD_DELETE
                        : strcmp(method, "OPTIONS") == 0 ? METHOD_OPTIONS
                                                         : METHOD_OTHER;
    x->request.path = str_cut(all, 0, end);
    x->request.query = str_from_at(all, end < all.len ? end + 1 : end);
    x->request.host = STR("10.0.0.1:8443");
    x->request.origin = STR("https://10.0.0.1:8443");
    x->request.content_type = STR("application/json");
    x->request.cookie = str_from(scene.cookie);
    x->request.csrf = str_from(scene.csrf);
    x->request.body = str_from(body);
    (void)str_copy(x->request.address, sizeof x->request.address, STR("10.0.0.9"));
    exchange_begin(&scene.web, x);
    return x;
}

/* Until it is answered, with the record and the password thread at work. */
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

static int begin(void **state)
{
    struct web_config c = {.address = "127.0.0.1", .port = 0};
    struct err e;

    (void)state;
    memset(&scene, 0, sizeof scene);
    world_make(&scene.world);
    c.dir = scene.world.dir;
    MUST(web_init(&scene.web, &scene.world.hub, &c, &e));
    scene.web.want_write = want_write;
    scene.web.hang_up = hang_up;
    scene.world.hub.to_web = mailbox_new(1 << 16, NULL, NULL);
    MUST(passwords_new(&scene.web.passwords, NULL, NULL, &e));
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

/* Signs in as the first administrator. */
static void sign_in(void)
{
    char code[WEB_CODE], body[256];
    struct exchange *x;
    struct str token;
    struct json *j;
    struct str csrf;
    struct err e;

    assert_true(web_setup_code(&scene.world.hub, scene.web.accounts, code, &e));
    (void)snprintf(body, sizeof body,
                   "{\"code\":\"%s\",\"name\":\"amina\",\"password\":\"0123456789\"}", code);
    x = ask("POST", "/api/setup", body);
    assert_int_equal(finish(x), 200);
    assert_true(cookie_get(str_from(x->reply.cookie), STR(COOKIE_NAME), &token));
    (void)snprintf(scene.cookie, sizeof scene.cookie, COOKIE_NAME "=%.*s", STR_ARG(token));
    assert_true(json_read(x->reply.body, &j, &e));
    assert_true(json_take_text(j, "csrf", (struct json_length){64, 64}, &csrf, &e));
    assert_true(str_copy(scene.csrf, sizeof scene.csrf, csrf));
    json_drop(j);
    exchange_free(&scene.web, x);
    assert_true(web_setup_code(&scene.world.hub, scene.web.accounts, code, &e));
    assert_int_equal(code[0], 0);
}

/* Signs in as somebody with these roles; "": nobody. */
static void sign_in_as(const char *name, const char *roles)
{
    struct operator o = {.password_hash = "none"};
    char token[WEB_TOKEN + 1];
    struct login login = {.made_ms = 1, .seen_ms = hub_now().wall_ms, .expires_ms = hub_now().wall_ms + 60000};
    struct err e;

    scene.cookie[0] = scene.csrf[0] = 0;
    if (!roles[0])
        return;
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

/* Who gets what from each call: one row a route, and a route without one fails. */
enum { WALKERS = 5 };
static const char *const walkers[WALKERS] = {"", "administrator", "commander", "observer", "medical"};
/* 200, or 409 while the job before it is not done, which nobody here can know. */
enum { BEGUN_OR_BUSY = -1 };

static const struct walk {
    const char *route, *method, *path, *body;
    int wants[WALKERS];
} walks[] = {
    {"/healthz", "GET", "/healthz", "", {200, 200, 200, 200, 200}},
    {"/metrics", "GET", "/metrics", "", {401, 200, 403, 403, 403}},
    {"/api/session", "GET", "/api/session", "", {200, 200, 200, 200, 200}},
    {"/api/setup", "POST", "/api/setup", "{}", {409, 409, 409, 409, 409}},
    {"/api/login", "POST", "/api/login", "{}", {400, 400, 400, 400, 400}},
    {"/api/logout", "POST", "/api/logout", "{}", {401, 204, 204, 204, 204}},
    {"/api/operators", "GET", "/api/operators", "", {401, 200, 403, 403, 403}},
    {"/api/operators", "POST", "/api/operators", "{}", {401, 400, 403, 403, 403}},
    {"/api/operators/{*}/change", "POST", "/api/operators/EX-nobody/change", "{}", {401, 404, 403, 403, 403}},
    {"/api/invites", "GET", "/api/invites", "", {401, 200, 403, 403, 403}},
    {"/api/invites", "POST", "/api/invites", "{}", {401, 400, 403, 403, 403}},
    {"/api/invites/batch", "POST", "/api/invites/batch", "{}", {401, 400, 403, 403, 403}},
    {"/api/invites/{}/end", "POST", "/api/invites/9/end", "{}", {401, 404, 403, 403, 403}},
    {"/api/invites/{}/qr.svg", "GET", "/api/invites/9/qr.svg", "", {401, 404, 403, 403, 403}},
    {"/api/devices", "GET", "/api/devices", "", {401, 200, 403, 403, 403}},
    {"/api/devices/admit", "POST", "/api/devices/admit", "{}", {401, 400, 403, 403, 403}},
    {"/api/devices/{}/admit", "POST", "/api/devices/ab/admit", "{}", {401, 404, 403, 403, 403}},
    {"/api/devices/{}/revoke", "POST", "/api/devices/ab/revoke", "{}", {401, 404, 403, 403, 403}},
    {"/api/users", "GET", "/api/users", "", {401, 200, 403, 403, 403}},
    {"/api/users", "POST", "/api/users", "{}", {401, 400, 403, 403, 403}},
    {"/join.css", "GET", "/join.css", "", {200, 200, 200, 200, 200}},
    {"/join.woff2", "GET", "/join.woff2", "", {404, 404, 404, 404, 404}}, /* of the page, which is not in this test */
    {"/join/{}", "GET", "/join/EX", "", {404, 404, 404, 404, 404}},
    /* Five wrong links, and their sender waits. */
    {"/join/{}/package-{*}.zip", "GET", "/join/EX/package-atak.zip", "", {429, 429, 429, 429, 429}},
    {"/join/{}/package-{*}.zip", "POST", "/join/EX/package-atak.zip", "", {429, 429, 429, 429, 429}},
    {"/api/chat", "POST", "/api/chat", "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"EX\"}",
     {401, 403, 200, 403, 200}},
    {"/api/emergencies/{*}/acknowledge", "POST", "/api/emergencies/EX-1/acknowledge", "{\"id\":\"12345678\"}",
     {401, 403, 404, 403, 404}},
    {"/api/events", "GET", "/api/events", "", {401, 200, 200, 403, 200}}, /* an observer has no log */
    {"/api/events/{}/erase", "POST", "/api/events/99/erase", "{}", {401, 403, 400, 403, 403}},
    {"/api/incidents", "GET", "/api/incidents", "", {401, 200, 200, 200, 200}},
    {"/api/incidents", "POST", "/api/incidents", "{}", {401, 403, 400, 403, 400}},
    {"/api/incidents/{}/commands", "POST", "/api/incidents/EX-none/commands", "{}", {401, 403, 400, 403, 400}},
    {"/api/incidents/{}/import", "POST", "/api/incidents/EX-none/import", "{}", {401, 403, 404, 403, 404}},
    {"/api/incidents/{}/imports/{}", "GET", "/api/incidents/EX-none/imports/EX-none", "", {401, 403, 404, 403, 404}},
    {"/api/incidents/{}/promote", "POST", "/api/incidents/EX-none/promote", "{}", {401, 403, 404, 403, 404}},
    {"/api/incidents/{}/geojson", "GET", "/api/incidents/EX-none/geojson", "", {401, 404, 404, 404, 404}},
    {"/api/incidents/{}/state", "GET", "/api/incidents/EX-none/state", "", {401, 404, 404, 404, 404}},
    {"/api/incidents/{}/views/{}", "GET", "/api/incidents/EX-none/views/strip", "", {401, 404, 404, 404, 404}},
    {"/api/incidents/{}/past", "GET", "/api/incidents/EX-none/past", "", {401, 404, 404, 404, 404}},
    {"/api/incidents/{}/timeline", "GET", "/api/incidents/EX-none/timeline", "", {401, 404, 404, 403, 404}},
    {"/api/tracks", "GET", "/api/tracks?at=EX", "", {401, 400, 400, 403, 400}},
    {"/api/incidents/{}/events", "GET", "/api/incidents/EX-none/events", "", {401, 200, 200, 403, 200}},
    {"/api/machine", "GET", "/api/machine", "", {401, 200, 200, 403, 200}},
    /* tests have no practice beside them */
    {"/api/practice", "GET", "/api/practice", "", {401, 200, 200, 200, 200}},
    {"/api/practice", "POST", "/api/practice", "{}", {401, 409, 409, 403, 403}},
    {"/api/practice/join", "POST", "/api/practice/join", "{}", {401, 409, 409, 409, 409}},
    {"/api/practice/end", "POST", "/api/practice/end", "{}", {401, 409, 409, 403, 403}},
    {"/api/incidents/{}/export", "GET", "/api/incidents/EX-none/export", "", {401, 404, 404, 404, 404}},
    {"/api/identities/{}/seal", "POST", "/api/identities/EX-1/seal", "{}", {401, 403, 403, 403, 403}},
    {"/api/identities/{}/open", "POST", "/api/identities/EX-1/open", "{}", {401, 403, 403, 403, 403}},
    {"/api/identities/{}/destroy", "POST", "/api/identities/EX-1/destroy", "{}", {401, 403, 403, 403, 403}},
    {"/api/openapi.json", "GET", "/api/openapi.json", "", {200, 200, 200, 200, 200}},
    {"/api/marti-openapi.json", "GET", "/api/marti-openapi.json", "", {200, 200, 200, 200, 200}},
    {"/api/clients", "GET", "/api/clients", "", {401, 200, 200, 403, 200}},
    {"/api/clients/inputs", "GET", "/api/clients/inputs", "", {401, 200, 200, 403, 200}},
    {"/api/admin/inputs", "POST", "/api/admin/inputs", "{}", {401, 400, 403, 403, 403}},
    {"/api/admin/inputs/{}/close", "POST", "/api/admin/inputs/EX-none/close", "{}", {401, 404, 403, 403, 403}},
    /* tests have no worker: 503 when all else fits */
    {"/api/admin/record", "GET", "/api/admin/record", "", {401, 503, 403, 403, 403}},
    {"/api/admin/record/verify", "POST", "/api/admin/record/verify", "{}", {401, 200, 403, 403, 403}},
    {"/api/admin/backups", "POST", "/api/admin/backups", "{}", {401, BEGUN_OR_BUSY, 403, 403, 403}},
    {"/api/admin/backups/{}/{}", "GET", "/api/admin/backups/backup-1/journal.key", "", {401, 404, 403, 403, 403}},
    {"/api/admin/backups/{}/delete", "POST", "/api/admin/backups/backup-1/delete", "{}", {401, 503, 403, 403, 403}},
    {"/api/admin/disk", "GET", "/api/admin/disk", "", {401, 503, 403, 403, 403}},
    {"/api/admin/clocks", "GET", "/api/admin/clocks", "", {401, 200, 403, 403, 403}},
    {"/api/admin/about", "GET", "/api/admin/about", "", {401, 200, 403, 403, 403}},
    {"/api/admin/maps", "GET", "/api/admin/maps", "", {401, 200, 403, 403, 403}},
    {"/api/admin/maps/{}", "POST", "/api/admin/maps/EX.mbtiles", "{}", {401, 411, 403, 403, 403}},
    {"/api/admin/maps/{}/delete", "POST", "/api/admin/maps/EX.mbtiles/delete", "{}", {401, 404, 403, 403, 403}},
    {"/api/users/{*}/groups", "POST", "/api/users/EX-nobody/groups", "{}", {401, 400, 403, 403, 403}},
    {"/api/incidents/{}/sharing", "GET", "/api/incidents/EX-none/sharing", "", {401, 404, 404, 403, 404}},
    {"/api/incidents/{}/sharing/propose", "POST", "/api/incidents/EX-none/sharing/propose", "{}",
     {401, 403, 400, 403, 403}},
    {"/api/incidents/{}/sharing/confirm", "POST", "/api/incidents/EX-none/sharing/confirm", "{}",
     {401, 403, 400, 403, 403}},
    {"/api/maps", "GET", "/api/maps", "", {401, 200, 200, 200, 200}},
    {"/t/{}/{}/{}/{}", "GET", "/t/EX/1/1/1", "", {401, 404, 404, 404, 404}},
    /* tests keep no files: 503 when all else fits */
    {"/api/files", "GET", "/api/files", "", {401, 503, 503, 403, 503}},
    {"/api/files", "POST", "/api/files?name=EX", "{}", {401, 403, 411, 403, 411}},
    {"/api/files/{}", "GET", "/api/files/EX-none", "", {401, 400, 400, 403, 400}},
    {"/api/files/{}", "DELETE", "/api/files/EX-none", "", {401, 403, 400, 403, 400}},
    {"/api/profiles", "GET", "/api/profiles", "", {401, 503, 403, 403, 403}},
    {"/api/profiles", "POST", "/api/profiles", "{}", {401, 503, 403, 403, 403}},
    {"/api/profiles/{}", "DELETE", "/api/profiles/EX-none", "", {401, 503, 403, 403, 403}},
    {"/", "GET", "/", "", {503, 503, 503, 503, 503}}, /* tests hold no page */
    {"/{*}", "GET", "/EX-nothing", "", {503, 503, 503, 503, 503}},
};

static const struct {
    enum method method;
    const char *name;
} methods[] = {{METHOD_GET, "GET"}, {METHOD_POST, "POST"}, {METHOD_PUT, "PUT"}, {METHOD_DELETE, "DELETE"}};

static bool is_walked(const struct route *r, const char *method)
{
    for (size_t i = 0; i < COUNTOF(walks); i++)
        if (strcmp(walks[i].route, r->path) == 0 && strcmp(walks[i].method, method) == 0)
            return true;
    return false;
}

/* Is it a call of the page? Those of TAK clients have a table of their own (edge_marti_test.c). */
static bool is_pages(const struct route *r)
{
    return r->right < RIGHT_CLIENT && !path_is_marti(str_from(r->path));
}

static void every_role_walks_every_route(void **state)
{
    struct pki_made made;
    struct err e;

    (void)state;
    assert_true(pki_prepare(scene.world.dir, clock_wall_ms(), &made, &e));
    for (size_t i = 0; web_route(i); i++)
        for (size_t m = 0; m < COUNTOF(methods); m++)
            if (is_pages(web_route(i)) && web_route(i)->methods & methods[m].method &&
                !is_walked(web_route(i), methods[m].name))
                fail_msg("%s %s has no row in the table of this test: who may call it?", methods[m].name,
                         web_route(i)->path);
    sign_in_as("EX-first", ACCESS_FIRST_ROLES);
    for (size_t i = 0; i < COUNTOF(walks); i++)
        for (size_t k = 0; k < WALKERS; k++) {
            char name[32];
            int got;

            (void)snprintf(name, sizeof name, "EX-%s", walkers[k]);
            sign_in_as(name, walkers[k]);
            got = status(walks[i].method, walks[i].path, walks[i].body);
            if (walks[i].wants[k] == BEGUN_OR_BUSY && (got == 200 || got == 409))
                continue;
            if (got != walks[i].wants[k])
                fail_msg("%s %s as %s: %d, wanted %d", walks[i].method, walks[i].path,
                         walkers[k][0] ? walkers[k] : "nobody", got, walks[i].wants[k]);
        }
}

static void every_route_without_a_session(void **state)
{
    (void)state;
    for (size_t i = 0; web_route(i); i++) {
        const struct route *r = web_route(i);

        for (size_t m = 0; m < COUNTOF(methods); m++) {
            bool takes = r->methods & methods[m].method;
            int s = strchr(r->path, '{') || !(r->doors & DOOR_WEB) ? 0 : status(methods[m].name, r->path, "{}");

            if (s && takes && r->right != RIGHT_ALL && s != 401)
                fail_msg("%s %s: %d", methods[m].name, r->path, s);
            if (s == 404 && !takes)
                fail_msg("%s %s: 404 in place of 405", methods[m].name, r->path);
        }
    }
    assert_int_equal(status("DELETE", "/api/events", ""), 405);
    assert_int_equal(status("GET", "/metrics", ""), 401);
    assert_int_equal(status("GET", "/t/a/1/1/1", ""), 401);
    assert_int_equal(status("POST", "/api/emergencies/a/acknowledge", "{}"), 401);
    assert_int_equal(status("GET", "/api/", ""), 404);
    assert_int_equal(status("POST", "/api/nothing", "{}"), 404);
    assert_int_equal(status("GET", "/healthz", ""), 200);
}

static void an_alarm_fails_health(void **state)
{
    struct exchange *x;

    (void)state;
    hub_alarm(&scene.world.hub, "journal", "crit", "The disk is full.");
    x = ask("GET", "/healthz", "");
    assert_int_equal(finish(x), 503);
    assert_true(says(x, "The disk is full."));
    exchange_free(&scene.web, x);
}

static void too_much_of_it(void **state)
{
    struct exchange *x = exchange_new(&scene.web, &scene);

    (void)state;
    x->body_want = WEB_BODY + 1;
    exchange_begin(&scene.web, x);
    assert_int_equal(x->reply.status, 413);
    exchange_free(&scene.web, x);
    x = exchange_new(&scene.web, &scene);
    x->request.chunked = true;
    x->body_want = 5; /* whom to believe? */
    exchange_begin(&scene.web, x);
    assert_int_equal(x->reply.status, 400);
    assert_true(x->reply.close);
    exchange_free(&scene.web, x);
}

static void bad_bodies(void **state)
{
    static const char *const bodies[] = {
        "",
        "{",
        "{}",
        "{\"id\":\"12345678\"}",
        "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"\"}",
        "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"  \"}",
        "{\"id\":\"1234567 8\",\"to\":\"all\",\"text\":\"a\"}",
        "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"a\\u0001\"}",
        "{\"id\":\"12345678\",\"to\":\"\",\"text\":\"a\"}",
        "{\"id\":\"1\",\"to\":\"all\",\"text\":\"a\"}",
        "{\"id\":12345678,\"to\":\"all\",\"text\":\"a\"}",
    };

    (void)state;
    sign_in();
    for (size_t i = 0; i < COUNTOF(bodies); i++)
        if (status("POST", "/api/chat", bodies[i]) != 400)
            fail_msg("%s", bodies[i]);
    assert_int_equal(
        status("POST", "/api/chat", "{\"id\":\"12345678\",\"to\":\"X\",\"text\":\"a\"}"), 404);
    assert_int_equal(status("POST", "/api/emergencies/X/acknowledge", "{\"id\":\"12345678\"}"),
                     404);
    scene.csrf[0] ^= 1;
    assert_int_equal(
        status("POST", "/api/chat", "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"a\"}"), 403);
}

static void a_chat_waits_for_the_disk(void **state)
{
    struct exchange *x;
    struct now now = hub_now();

    (void)state;
    sign_in();
    x = ask("POST", "/api/chat", "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"hello\"}");
    exchange_run(&scene.web, x, now);
    assert_int_equal(x->state, EXCHANGE_WAITING);
    web_tick(&scene.web, now);
    assert_int_equal(x->state, EXCHANGE_WAITING);
    now.mono_ms += WEB_ANSWER_MS;
    wanted = 0;
    web_tick(&scene.web, now);
    assert_int_equal(x->state, EXCHANGE_READY);
    assert_int_equal(wanted, 1);
    assert_int_equal(x->reply.status, 503);
    exchange_free(&scene.web, x);
    while (world_record(&scene.world))
        ;
    web_turn(&scene.web, now); /* the answer comes late: nobody is there */
    x = ask("POST", "/api/chat", "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"hello\"}");
    assert_int_equal(finish(x), 200);
    exchange_free(&scene.web, x);
    x = ask("GET", "/api/events?kinds=chat.said", "");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, "\"text\":\"hello\""));
    assert_int_equal(str_find(str_from_at(x->reply.body, str_find(x->reply.body, STR("hello")) + 1),
                              STR("hello")),
                     x->reply.body.len - str_find(x->reply.body, STR("hello")) - 1);
    exchange_free(&scene.web, x);
}

/* An incident on the disk, as the record would have it. */
static void open_incident(const char *id)
{
    char bytes[256];
    struct buf b = buf_over(bytes, sizeof bytes);
    uint64_t seq;
    struct err e;

    incident_put(&b, IN_INCIDENT, str_from(id));
    incident_put(&b, IN_NAME, STR("EX drill"));
    incident_put(&b, IN_TYPE, STR("other"));
    incident_put(&b, IN_EXERCISE, STR("1"));
    assert_true(journal_add(scene.world.journal, INC_INCIDENT_OPENED, 1000, 0, buf_str(&b), &seq, &e));
    assert_true(journal_commit(scene.world.journal, &e));
}

static struct exchange *import(const char *body)
{
    struct exchange *x = ask("POST", "/api/incidents/EX-1/import", body);

    x->request.content_type = STR("application/x-ndjson");
    exchange_run(&scene.web, x, hub_now());
    assert_int_equal(x->state, EXCHANGE_WAITING);
    return x;
}

static bool outcome_says(const char *path, int status_wanted, const char *words)
{
    struct exchange *x = ask("GET", path, "");
    bool ok = finish(x) == status_wanted && says(x, words);

    exchange_free(&scene.web, x);
    return ok;
}

/* The record does not come to it: 202, and the outcome is told to whoever brought it, to nobody else. */
/* So many entries of this kind has the first incident. */
static size_t denied(void)
{
    const struct incident *s;
    size_t n = 0;

    while (world_record(&scene.world))
        ;
    live_follow(&scene.web);
    assert_int_equal(scene.web.incidents.all.count, 1);
    s = scene.web.incidents.all.list[0];
    for (uint32_t e = ent_first(s, ENT_AUDIT); e; e = ent_next(s, e)) {
        assert_true(ent_has(s, e, IN_BY) && ent_has(s, e, IN_REASON) && ent_has(s, e, IN_SUBJECT));
        n++;
    }
    return n;
}

static int asks_for(const char *id, const char *kind)
{
    char body[160], path[96];

    (void)snprintf(path, sizeof path, "/api/incidents/%s/commands", id);
    (void)snprintf(body, sizeof body,
                   "{\"id\":\"EX-ticket-1\",\"kind\":\"%s\",\"fields\":{\"role\":\"commander\"}}", kind);
    return status("POST", path, body);
}

/* Who asks for what his roles do not give: once in the record, however often he tries, and never more than so many
 * a minute of all. */
static void who_is_denied_is_noted(void **state)
{
    (void)state;
    open_incident("EX-1");
    sign_in_as("EX guest", "responder");
    for (int i = 0; i < 5; i++)
        assert_int_equal(asks_for("EX-1", "task.created"), 403);
    assert_int_equal(denied(), 1);
    assert_int_equal(asks_for("EX-2", "task.done"), 403);
    assert_int_equal(denied(), 1);
    assert_int_equal(asks_for("EX-1", "task.done"), 403);
    assert_int_equal(denied(), 2);
    assert_int_equal(status("GET", "/api/incidents/EX-1/export", ""), 403);
    assert_int_equal(denied(), 3);
    for (int i = 0; i < DENIED_MINUTE + 5; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "EX guest %d", i);
        sign_in_as(name, "responder");
        assert_int_equal(asks_for("EX-1", "task.created"), 403);
    }
    assert_int_equal(denied(), DENIED_MINUTE);
}

static void an_import_that_goes_on_can_be_asked_for(void **state)
{
    static const char line[] = "{\"id\":\"EX-line-1\",\"kind\":\"incident.changed\",\"fields\":{\"place\":\"EX\"}}\n";
    struct import_result done = {.incident = "EX-1", .by = "EX-plan", .refused = ERR_DENIED, .text = "line 1: EX no"};
    char path[128], file[INBOX_NAME], other[128];
    struct timespec pause = {0, 2000000};
    struct now now;
    struct exchange *x;
    size_t len;
    int fd;
    struct err e;

    (void)state;
    open_incident("EX-1");
    sign_in_as("EX-first", ACCESS_FIRST_ROLES);
    sign_in_as("EX-plan", "planning");
    x = import(line);
    (void)str_copy(file, sizeof file, str_from(x->import));
    assert_int_equal(strlen(file), 36);
    (void)snprintf(path, sizeof path, "/api/incidents/EX-1/imports/%s", file);
    (void)snprintf(other, sizeof other, "/api/incidents/EX-2/imports/%s", file);
    while (!inbox_waits(scene.world.dir, str_from(file)))
        (void)nanosleep(&pause, NULL);
    now = hub_now();
    now.mono_ms += WEB_ANSWER_MS;
    web_tick(&scene.web, now);
    assert_int_equal(x->state, EXCHANGE_WAITING); /* an import is given more time than a command */
    now.mono_ms += IMPORT_ANSWER_MS;
    web_tick(&scene.web, now);
    assert_int_equal(x->reply.status, 202);
    assert_true(says(x, file) && says(x, "\"done\":false"));
    exchange_free(&scene.web, x);
    while (!mailbox_take(scene.world.hub.to_recorder, scene.world.message, HUB_MESSAGE_MAX, &len))
        (void)nanosleep(&pause, NULL); /* this record does not know imports */
    assert_true(outcome_says(path, 202, "\"done\":false"));
    assert_true(inbox_open(scene.world.dir, &fd, &e) && inbox_done(scene.world.dir, fd, file, &done, &e));
    assert_true(outcome_says(path, 200, "\"ok\":false") && outcome_says(path, 200, "line 1: EX no"));
    assert_true(outcome_says(other, 404, "No import of yours"));
    sign_in_as("EX-other", "commander");
    assert_true(outcome_says(path, 404, "No import of yours"));
    sign_in_as("EX-plan", "planning");
    inbox_forget(fd, file);
    assert_true(outcome_says(path, 404, "No import of yours"));
    x = import("EX nonsense\n"); /* refused before the record is asked; told, so that nothing stays */
    (void)str_copy(file, sizeof file, str_from(x->import));
    while (x->state == EXCHANGE_WAITING) {
        web_turn(&scene.web, hub_now());
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(x->reply.status, 400);
    assert_true(says(x, "line 1: ") && !inbox_is_done(fd, file));
    exchange_free(&scene.web, x);
    inbox_close(fd);
}

static void a_record_that_is_full_is_told(void **state)
{
    static char junk[1 << 20];

    (void)state;
    sign_in();
    while (mailbox_put(scene.world.hub.to_recorder, (struct str){0}, str_of(junk, 60000)))
        ;
    while (mailbox_put(scene.world.hub.to_recorder, (struct str){0}, str_of(junk, 1)))
        ;
    assert_int_equal(
        status("POST", "/api/chat", "{\"id\":\"12345678\",\"to\":\"all\",\"text\":\"hello\"}"),
        503);
    mailbox_free(scene.world.hub.to_recorder);
    scene.world.hub.to_recorder = mailbox_new(1 << 20, NULL, NULL);
}

static void a_session_ends(void **state)
{
    struct who who;
    struct now now = hub_now(), later = now;

    (void)state;
    sign_in();
    login_who(&scene.web, str_from(scene.cookie), now, &who);
    assert_true(who.is);
    later.wall_ms += LOGIN_IDLE_MS - 1000;
    login_who(&scene.web, str_from(scene.cookie), later, &who); /* not idle any more */
    assert_true(who.is);
    later.wall_ms += LOGIN_IDLE_MS;
    login_who(&scene.web, str_from(scene.cookie), later, &who);
    assert_false(who.is);
    login_who(&scene.web, STR(COOKIE_NAME "=0000"), now, &who);
    assert_false(who.is);
    assert_int_equal(status("POST", "/api/logout", "{}"), 204);
    login_who(&scene.web, str_from(scene.cookie), now, &who);
    assert_false(who.is);
}

static void many_at_once_wait_or_are_refused(void **state)
{
    struct exchange *x[PASSWORD_JOBS + 2];
    int refused = 0;

    (void)state;
    for (size_t i = 0; i < COUNTOF(x); i++) {
        char body[64];

        (void)snprintf(body, sizeof body, "{\"name\":\"n%zu\",\"password\":\"x\"}", i);
        x[i] = ask("POST", "/api/login", body);
        (void)snprintf(x[i]->request.address, sizeof x[i]->request.address, "10.0.1.%zu", i);
        exchange_run(&scene.web, x[i], hub_now());
        if (x[i]->state == EXCHANGE_READY) {
            assert_int_equal(x[i]->reply.status, 503);
            assert_true(x[i]->reply.retry_after_s > 0);
            refused++;
        }
    }
    assert_int_equal(refused, 2);
    for (size_t i = 0; i < COUNTOF(x); i++) {
        int s = finish(x[i]);

        assert_true(s == 401 || s == 503);
        exchange_free(&scene.web, x[i]);
    }
}

/* ---- WebSockets without sockets --------------------------------------- */

/* The next whole message; NULL: none. */
static char *next_message(struct viewer *v, size_t *len)
{
    char *all = NULL;
    struct chunk k;

    *len = 0;
    while (viewer_chunk(&scene.web, v, hub_now(), &k)) {
        all = realloc(all, *len + k.bytes.len + 1);
        MUST(all);
        memcpy(all + *len, k.bytes.at, k.bytes.len);
        *len += k.bytes.len;
        all[*len] = 0;
        viewer_sent(v, &k);
        if (k.last)
            return all;
    }
    free(all);
    return NULL;
}

static struct viewer *view(const char *hello)
{
    struct who who = {.is = true, .access = access_all()};
    struct viewer *v = viewer_new(&scene.web, &scene, &who, hub_now());

    assert_non_null(v);
    assert_true(viewer_heard(&scene.web, v, str_from(hello), true, hub_now()));
    return v;
}

static void an_observer_sees_no_unit(void **state)
{
    struct who who = {.is = true, .access = access_of(STR("observer"))};
    struct viewer *v = viewer_new(&scene.web, &scene, &who, hub_now());
    size_t len;
    char *m;

    (void)state;
    world_unit(&scene.world, "UNIT-1", "ALPHA", 30.5, 72);
    (void)world_emergency(&scene.world, "EX-EMG");
    hub_alarm(&scene.world.hub, "conflict/UNIT-1", "warn", "Ask both who they are.");
    assert_true(viewer_heard(&scene.web, v, STR("{\"type\":\"hello\",\"protocol\":1,\"after\":null}"), true,
                             hub_now()));
    m = next_message(v, &len);
    assert_non_null(m);
    assert_non_null(strstr(m, "\"type\":\"snapshot\""));
    assert_null(strstr(m, "UNIT-1"));
    assert_null(strstr(m, "EX-EMG"));
    free(m);
    world_unit(&scene.world, "UNIT-2", "BRAVO", 30.6, 72);
    live_tick(&scene.web, (struct now){1, 1});
    while ((m = next_message(v, &len))) {
        assert_non_null(strstr(m, "\"type\":\"tick\""));
        free(m);
    }
    viewer_free(&scene.web, v);
}

/* ---- operators -------------------------------------------------------- */

static int post(const char *path, const char *body, const char *words)
{
    struct exchange *x = ask("POST", path, body);
    int s = finish(x);

    if (words && !says(x, words))
        fail_msg("%s: %d %.*s", body, s, STR_ARG(x->reply.body));
    exchange_free(&scene.web, x);
    return s;
}

static void operators_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *path, *body;
        int status;
        const char *words;
    } rows[] = {
        {"", "{\"id\":\"12345678\"}", 400, "name"},
        {"", "{\"id\":\"12345678\",\"name\":\" a\",\"roles\":[\"observer\"],\"password\":\"0123456789\"}",
         400, "spaces"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"password\":\"0123456789\"}", 400, "roles"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[],\"password\":\"0123456789\"}", 400, "roles"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[1],\"password\":\"0123456789\"}", 400, "list of words"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[\"a,b\"],\"password\":\"0123456789\"}",
         400, "list of words"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[\"system\"],\"password\":\"0123456789\"}", 400, "system"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[\"observer\"],\"password\":\"short\"}", 400, "password"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[\"observer\"]}", 400, "password"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[\"observer\"],\"agency\":7,\"password\":\"0123456789\"}",
         400,
         "agency"},
        {"", "{\"id\":\"12345678\",\"name\":\"a\",\"roles\":[\"observer\"],\"disabled\":true}", 400, "disabled"},
        {"", "{\"id\":\"12345678\",\"name\":\"amina\",\"roles\":[\"observer\"],\"password\":\"0123456789\"}", 409,
         "already"},
        {"/amina/change", "{\"id\":\"12345678\"}", 400, "changes nothing"},
        {"/amina/change", "{\"roles\":[\"observer\"]}", 400, "id"},
        {"/amina/change", "{\"id\":\"12345678\",\"roles\":[\"observer\"]}", 409, "there would be none"},
        {"/amina/change", "{\"id\":\"12345678\",\"disabled\":true}", 409, "there would be none"},
        {"/amina/change", "{\"id\":\"12345678\",\"disabled\":1}", 400, "disabled"},
        {"/amina/change", "{\"id\":\"12345678\",\"name\":\"b\"}", 400, "name"},
        {"/EX-nobody/change", "{\"id\":\"12345678\",\"disabled\":true}", 404, "EX-nobody"},
    };

    (void)state;
    sign_in();
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char path[64];
        int s;

        (void)snprintf(path, sizeof path, "/api/operators%s", rows[i].path);
        s = post(path, rows[i].body, rows[i].words);
        if (s != rows[i].status)
            fail_msg("%s: %d, wanted %d", rows[i].body, s, rows[i].status);
    }
    assert_int_equal(post("/api/operators/amina/change", "{\"id\":\"12345678\",\"agency\":\"EX-police\"}", "seq"), 200);
}

static void an_operator_is_made_changed_and_put_out(void **state)
{
    static const char make[] = "{\"id\":\"12345678\",\"name\":\"EX-bilal\",\"password\":\"0123456789\","
                               "\"roles\":[\"commander\",\"loggist\"],\"agency\":\"EX-police\"}";
    char admin_cookie[128], admin_csrf[65], his_cookie[128];
    struct exchange *x;
    struct viewer *v;
    struct who who;
    struct str token;

    (void)state;
    sign_in();
    assert_int_equal(post("/api/operators", make, "\"seq\":"), 200);
    (void)snprintf(admin_cookie, sizeof admin_cookie, "%s", scene.cookie);
    (void)snprintf(admin_csrf, sizeof admin_csrf, "%s", scene.csrf);
    x = ask("POST", "/api/login", "{\"name\":\"EX-bilal\",\"password\":\"0123456789\"}");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, "\"operator\":{\"name\":\"EX-bilal\",\"roles\":[\"commander\",\"loggist\"]"
                        ",\"role\":\"commander\","
                        "\"agency\":\"EX-police\",\"rights\":[\"picture\",\"writes\","));
    assert_true(cookie_get(str_from(x->reply.cookie), STR(COOKIE_NAME), &token));
    (void)snprintf(scene.cookie, sizeof scene.cookie, COOKIE_NAME "=%.*s", STR_ARG(token));
    exchange_free(&scene.web, x);
    (void)snprintf(his_cookie, sizeof his_cookie, "%s", scene.cookie);
    login_who(&scene.web, str_from(his_cookie), hub_now(), &who);
    assert_true(who.is && access_has_role(&who.access, STR("loggist")) && !who.access.administers);
    v = viewer_new(&scene.web, &scene, &who, hub_now());
    assert_int_equal(status("GET", "/api/operators", ""), 403);
    (void)snprintf(scene.cookie, sizeof scene.cookie, "%s", admin_cookie);
    (void)snprintf(scene.csrf, sizeof scene.csrf, "%s", admin_csrf);

    /* More roles: the page comes back and sees more; the session stays. */
    hung_up = 0;
    assert_int_equal(post("/api/operators/EX-bilal/change",
                          "{\"id\":\"12345679\",\"roles\":[\"commander\",\"loggist\",\"medical\"]}", "seq"), 200);
    assert_int_equal(hung_up, 1);
    assert_true(v->closing);
    viewer_free(&scene.web, v);
    login_who(&scene.web, str_from(his_cookie), hub_now(), &who);
    assert_true(who.is && access_has_role(&who.access, STR("medical")));
    x = ask("GET", "/api/operators", "");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, "{\"name\":\"EX-bilal\",\"roles\":[\"commander\",\"loggist\",\"medical\"]"
                        ",\"agency\":\"EX-police\","
                        "\"disabled\":false}"));
    assert_false(says(x, "argon2"));
    exchange_free(&scene.web, x);
    assert_int_equal(post("/api/operators/EX-bilal/change", "{\"id\":\"12345680\",\"disabled\":true}", "seq"), 200);
    login_who(&scene.web, str_from(his_cookie), hub_now(), &who);
    assert_false(who.is);
    assert_int_equal(status("POST", "/api/login", "{\"name\":\"EX-bilal\",\"password\":\"0123456789\"}"), 401);
    x = ask("GET", "/api/events?kinds=operator.made,operator.changed", "");
    assert_int_equal(finish(x), 200);
    assert_true(says(x, "\"role\":\"commander,loggist\",\"agency\":\"EX-police\",\"by\":\"amina\""));
    assert_true(says(x, "\"changed\":[\"disabled\"],\"by\":\"amina\""));
    exchange_free(&scene.web, x);
}

static void a_full_record_changes_no_operator(void **state)
{
    static char junk[1 << 20];
    struct operator o;
    struct err e;

    (void)state;
    sign_in();
    while (mailbox_put(scene.world.hub.to_recorder, (struct str){0}, str_of(junk, 60000)))
        ;
    while (mailbox_put(scene.world.hub.to_recorder, (struct str){0}, str_of(junk, 1)))
        ;
    assert_int_equal(post("/api/operators/amina/change", "{\"id\":\"12345678\",\"agency\":\"EX-police\"}", "full"),
                     503);
    assert_true(accounts_operator(scene.web.accounts, STR("amina"), &o, &e));
    assert_string_equal(o.agency, "");
    mailbox_free(scene.world.hub.to_recorder);
    scene.world.hub.to_recorder = mailbox_new(1 << 20, NULL, NULL);
}

static void the_picture_follows(void **state)
{
    struct viewer *v;
    size_t len;
    char *m;

    (void)state;
    world_unit(&scene.world, "UNIT-1", "ALPHA", 30.5, 72);
    hub_alarm(&scene.world.hub, "conflict/UNIT-1", "warn", "Ask both who they are.");
    v = view("{\"type\":\"hello\",\"protocol\":1,\"after\":null}");
    m = next_message(v, &len);
    assert_non_null(m);
    assert_non_null(strstr(m, "\"type\":\"snapshot\""));
    assert_non_null(strstr(m, "\"user\":\"rgr-3\""));
    assert_non_null(strstr(m, "\"agency\":\"RGR\""));
    assert_non_null(strstr(m, "\"id\":\"uid_conflict:UNIT-1\""));
    free(m);
    assert_null(next_message(v, &len));
    world_unit(&scene.world, "UNIT-1", "ALPHA", 30.6, 72); /* only moved */
    live_tick(&scene.web, (struct now){1, 1});
    while ((m = next_message(v, &len)) && m[0] == '{') {
        assert_null(strstr(m, "\"type\":\"units\""));
        free(m);
    }
    assert_non_null(m);
    assert_int_equal(len, PICTURE_HEAD + PICTURE_RECORD);
    free(m);
    world_unit(&scene.world, "UNIT-1", "BRAVO", 30.6, 72);
    world_unit(&scene.world, "UNIT-2", "GOLF", 30.6, 72);
    live_tick(&scene.web, (struct now){2, 2});
    m = next_message(v, &len);
    assert_non_null(strstr(m, "\"type\":\"units\""));
    assert_non_null(strstr(m, "BRAVO"));
    assert_non_null(strstr(m, "GOLF"));
    free(m);
    units_remove(&scene.world.river.units, units_find(&scene.world.river.units, STR("UNIT-2")));
    live_tick(&scene.web, (struct now){3, 3});
    while ((m = next_message(v, &len)) && !strstr(m, "\"type\":\"gone\""))
        free(m);
    assert_non_null(m);
    free(m);
    viewer_free(&scene.web, v);
}

static void a_slow_page_is_closed_and_resumes(void **state)
{
    static char text[7000];
    char payload[8192], hello[128], *m;
    struct viewer *v = view("{\"type\":\"hello\",\"protocol\":1,\"after\":null}");
    uint64_t seen, last = 0;
    size_t len;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    hung_up = 0;
    seen = scene.web.events.last;
    for (int i = 0; i < 160; i++) {
        struct buf b = buf_over(payload, sizeof payload);

        fields_put(&b, FIELD_TEXT, str_from(text));
        last = world_row(&scene.world, EV_EVENT_REFUSED, buf_str(&b));
        b = buf_over(payload, sizeof payload);
        fields_put(&b, FIELD_REASON, str_from(text));
        last = world_row(&scene.world, EV_EVENT_REFUSED, buf_str(&b));
    }
    web_turn(&scene.web, hub_now());
    assert_int_equal(hung_up, 1);
    assert_true(v->closing);
    assert_true(v->waiting <= VIEWER_WAITING);
    viewer_free(&scene.web, v);
    (void)snprintf(hello, sizeof hello, "{\"type\":\"hello\",\"protocol\":1,\"after\":%llu}",
                   (unsigned long long)seen);
    v = view(hello);
    m = next_message(v, &len);
    (void)snprintf(hello, sizeof hello, "\"seq\":%llu,", (unsigned long long)last);
    assert_non_null(strstr(m, hello));
    assert_int_equal(hung_up, 1); /* a snapshot may be long */
    free(m);
    viewer_free(&scene.web, v);
}

static void hellos(void **state)
{
    static const char *const bad[] = {"",
                                      "hello",
                                      "{}",
                                      "{\"type\":\"hello\"}",
                                      "{\"type\":\"hello\",\"protocol\":2}",
                                      "{\"type\":\"x\",\"protocol\":1}",
                                      "{\"type\":\"hello\",\"protocol\":1,\"after\":\"1\"}",
                                      "{\"type\":\"hello\",\"protocol\":1,\"after\":-1}"};
    struct who who = {.is = true};
    static char longer[VIEWER_HEARD + 1];

    (void)state;
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        struct viewer *v = viewer_new(&scene.web, &scene, &who, hub_now());

        assert_false(viewer_heard(&scene.web, v, str_from(bad[i]), true, hub_now()));
        assert_false(viewer_heard(&scene.web, v, str_of(longer, sizeof longer), false, hub_now()));
        viewer_free(&scene.web, v);
    }
}

/* ---- the record read back --------------------------------------------- */

static bool count_line(void *ctx, const struct event_line *line)
{
    uint64_t *last = ctx;

    assert_int_equal(line->prev, *last);
    *last = line->seq;
    return true;
}

struct page {
    uint64_t first, first_prev, last;
    size_t count;
};

static bool see_page(void *ctx, const struct event_line *line)
{
    struct page *p = ctx;

    if (p->count++ == 0) {
        p->first = line->seq;
        p->first_prev = line->prev;
    } else {
        assert_int_equal(line->prev, p->last);
    }
    p->last = line->seq;
    return true;
}

static void pages_of_the_record_chain(void **state)
{
    struct events *v = &scene.web.events;
    char payload[64];
    struct err e;
    uint64_t last = 0, all;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct buf b = buf_over(payload, sizeof payload);
        uint64_t seq;

        fields_put_int(&b, FIELD_TEXT, i);
        assert_true(journal_add(scene.world.journal, i % 3 ? EV_UID_BOUND : EV_CHAT_SAID, 1000 + i,
                                0, buf_str(&b), &seq, &e));
    }
    assert_true(journal_commit(scene.world.journal, &e));
    assert_true(events_follow(v, NULL, NULL, &e));
    assert_int_equal(v->next - v->first, EVENTS_FIRST);
    all = v->last;
    for (uint64_t after = 0;; after = last) { /* onwards, page by page */
        struct events_ask ask = {.after = after, .limit = 300};

        last = after;
        assert_true(events_read(v, &ask, count_line, &last, &e));
        if (last == after)
            break;
    }
    assert_int_equal(last, all);
    for (uint64_t before = all + 1, left = 1000; left;) { /* and back */
        struct events_ask ask = {.before = before, .limit = 300};
        struct page page = {0};

        assert_true(events_read(v, &ask, see_page, &page, &e));
        assert_true(page.last < before);
        assert_int_equal(page.count, left < 300 ? left : 300);
        left -= page.count;
        assert_int_equal(page.first_prev == 0, left == 0);
        before = page.first;
    }
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        SCENE(every_route_without_a_session),
        SCENE(every_role_walks_every_route),
        SCENE(an_observer_sees_no_unit),
        SCENE(operators_are_refused_with_a_sentence),
        SCENE(an_operator_is_made_changed_and_put_out),
        SCENE(a_full_record_changes_no_operator),
        SCENE(an_alarm_fails_health),
        SCENE(too_much_of_it),
        SCENE(bad_bodies),
        SCENE(a_chat_waits_for_the_disk),
        SCENE(who_is_denied_is_noted), SCENE(an_import_that_goes_on_can_be_asked_for),
        SCENE(a_record_that_is_full_is_told),
        SCENE(a_session_ends),
        SCENE(many_at_once_wait_or_are_refused),
        SCENE(the_picture_follows),
        SCENE(a_slow_page_is_closed_and_resumes),
        SCENE(hellos),
        SCENE(pages_of_the_record_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
