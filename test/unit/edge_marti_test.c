/* The calls of TAK clients, byte for byte: what stands in test/golden/marti is what a client parses. Two agencies,
 * each with a group of its own; what the one hears, the other must not. */
#include "edge/marti.h"
#include "store/tracks.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>

#define AT INT64_C(1767323045678) /* 2026-01-02T03:04:05.678Z */

static struct world world;
static struct web web;
static struct client fire, police, waiting;
static struct tracks *tracks;

static void ignore(void *conn)
{
    (void)conn;
}

static struct client make_client(const char *name, const char *group)
{
    struct user u = {.group_count = 1, .groups = {{.in = true, .out = true, .active = true}}};
    struct client c = {.is = true, .serial = "00ee"};
    struct err e;

    (void)snprintf(u.name, sizeof u.name, "%s", name);
    (void)snprintf(u.groups[0].name, sizeof u.groups[0].name, "%s", group);
    MUST(accounts_put_user(web.accounts, &u, &e));
    c.user_id = u.id;
    (void)snprintf(c.name, sizeof c.name, "%s", name);
    return c;
}

/* A unit whose sender writes into this group, heard at AT + n s. */
static void make_unit(const struct client *of, const char *uid, const char *callsign, const char *group, int n)
{
    struct group_mask m = {0};
    struct unit *x;
    int set;

    world_unit(&world, uid, callsign, 30.5 + n / 100.0, 72);
    hub_lock(&world.hub);
    mask_add(&m, sets_group(world.river.sets, str_from(group)));
    set = sets_in(world.river.sets, &m);
    x = units_find(&world.river.units, str_from(uid));
    MUST(set >= 0 && x);
    x->in_set = (uint16_t)set;
    x->holder = of->user_id;
    x->seen_ms = AT + n * 1000;
    hub_unlock(&world.hub);
}

/* One is connected: the client list and the unit agree about its handle. */
static void connect_unit(const char *uid, const struct client *of)
{
    struct hub_client *c = &world.clients[1];
    struct unit *x;

    *c = (struct hub_client){.handle = (uint64_t)9 << 32 | 1 | (uint64_t)1 << 31, .live = true, .sent_bytes = 7};
    (void)snprintf(c->uid, sizeof c->uid, "%s", uid);
    (void)snprintf(c->user, sizeof c->user, "%s", of->name);
    (void)snprintf(c->address, sizeof c->address, "192.0.2.7:40000");
    (void)snprintf(c->tls, sizeof c->tls, "TLSv1.3");
    x = units_find(&world.river.units, str_from(uid));
    atomic_store(&world.river.units.conn[units_index(&world.river.units, x)], c->handle);
}

static void put_object(const char *uid, const char *group, int n)
{
    char xml[1024], payload[4096];
    struct buf b = buf_over(xml, sizeof xml), f = buf_over(payload, sizeof payload);

    buf_fmt(&b,
            "<event version=\"2.0\" uid=\"%s\" type=\"b-m-p-s-m\" how=\"h-g-i-g-o\" time=\"2026-01-02T03:04:0%dZ\" "
            "start=\"2026-01-02T03:04:00Z\" stale=\"2036-01-02T03:04:15Z\"><point lat=\"30.6\" lon=\"72.1\" hae=\"0\" "
            "ce=\"5\" le=\"9\"/><detail><contact callsign=\"EX %s %d\"/></detail></event>",
            uid, n, group, n);
    fields_put(&f, FIELD_UID, str_from(uid));
    fields_put(&f, FIELD_GROUP, str_from(group));
    fields_put(&f, FIELD_EVENT_XML, buf_str(&b));
    MUST(!b.full && !f.full);
    (void)world_row(&world, EV_OBJECT_PUT, buf_str(&f));
}

static void put_track(const char *uid, const char *callsign, int n)
{
    struct track_point p = {.uid = str_from(uid), .callsign = str_from(callsign), .type = STR("a-f-G-U-C"),
                            .at_ms = AT + n * 1000, .time_ms = AT + n * 1000, .lat = 30.5 + n / 1000.0, .lon = 72,
                            .hae = 200, .ce = 5, .speed = 1.5, .course = 90};
    struct err e;

    MUST(tracks_add(tracks, &p, 1, &e));
}

static void make_scene(void)
{
    struct device gone = {.uid = STR("EX-GONE"), .callsign = STR("GONE"), .user_id = 0, .seen_ms = AT - 60000};
    struct err e;

    fire = make_client("EX-fire", "Fire");
    police = make_client("EX-police", "Police");
    waiting = fire;
    waiting.held = true;
    world.user = (struct hub_user){.id = fire.user_id, .name = "EX-fire"};
    make_unit(&fire, "EX-F1", "ENGINE 1", "Fire", 1);
    make_unit(&fire, "EX-F2", "LADDER 2", "Fire", 2);
    make_unit(&police, "EX-P1", "RGR-3", "Police", 3);
    connect_unit("EX-F1", &fire);
    gone.user_id = fire.user_id;
    MUST(accounts_put_devices(web.accounts, &gone, 1, &e));
    hub_lock(&world.hub); /* as after a restart: its holder is known, and no event of it */
    river_restore_holder(&world.river, STR("EX-P2"), STR("RGR-4"), police.user_id);
    hub_unlock(&world.hub);
    gone.uid = STR("EX-P2");
    gone.callsign = STR("RGR-4");
    gone.user_id = police.user_id;
    MUST(accounts_put_devices(web.accounts, &gone, 1, &e));
    put_track("EX-P2", "RGR-4", 4);
    put_object("EX-MARK", "Fire", 1);
    put_object("EX-SECRET", "Police", 2);
    put_object("EX-MARK", "Fire", 3);
    for (int n = 0; n < 3; n++) {
        put_track("EX-F1", "ENGINE 1", n);
        put_track("EX-P1", "RGR-3", n);
    }
}

static int begin(void **state)
{
    struct web_config c = {.address = "127.0.0.1"};
    struct err e;

    (void)state;
    memset(&web, 0, sizeof web);
    world_make(&world);
    c.dir = world.dir;
    MUST(web_init(&web, &world.hub, &c, &e) && tracks_open(world.dir, &tracks, &e));
    web.want_write = web.hang_up = ignore;
    world.hub.to_web = mailbox_new(1 << 16, NULL, NULL);
    MUST(web_worker_new(&web.worker, NULL, NULL, &e));
    make_scene();
    return 0;
}

static int end(void **state)
{
    (void)state;
    tracks_close(tracks);
    web_fini(&web);
    while (world_record(&world))
        ;
    mailbox_free(world.hub.to_web);
    world_end(&world);
    return 0;
}

/* ---- asking ----------------------------------------------------------- */

struct asking {
    const char *method, *path, *body, *authorization;
    const struct client *client;
    enum door door;
};

/* The exchange, answered; the caller frees it. */
static struct exchange *ask_as(const struct asking *a)
{
    struct exchange *x = exchange_new(&web, &web);
    struct str all = str_from(a->path);
    size_t end_of_path = str_find_byte(all, '?');
    struct timespec pause = {0, 1000000};

    MUST(x && exchange_room(x, 4096));
    x->request.method = strcmp(a->method, "POST") == 0     ? METHOD_POST
                        : strcmp(a->method, "PUT") == 0    ? METHOD_PUT
                        : strcmp(a->method, "DELETE") == 0 ? METHOD_DELETE
                                                           : METHOD_GET;
    x->request.path = str_cut(all, 0, end_of_path);
    x->request.query = str_from_at(all, end_of_path < all.len ? end_of_path + 1 : end_of_path);
    x->request.host = STR("h");
    x->request.door = a->door ? a->door : DOOR_WEB;
    x->request.body = str_from(a->body ? a->body : "");
    x->request.authorization = str_from(a->authorization ? a->authorization : "");
    (void)str_copy(x->request.address, sizeof x->request.address, STR("192.0.2.9"));
    if (a->client)
        x->request.client = *a->client;
    exchange_begin(&web, x);
    if (x->state == EXCHANGE_READING)
        exchange_run(&web, x, hub_now());
    while (x->state == EXCHANGE_WAITING) {
        (void)world_record(&world);
        web_turn(&web, hub_now());
        (void)nanosleep(&pause, NULL);
    }
    return x;
}

static struct exchange *get(const struct client *c, const char *path)
{
    return ask_as(&(struct asking){.method = "GET", .path = path, .client = c});
}

static int status(const struct client *c, const char *path)
{
    struct exchange *x = get(c, path);
    int s = x->reply.status;

    exchange_free(&web, x);
    return s;
}

static bool has(const struct exchange *x, const char *words)
{
    return str_find(x->reply.body, str_from(words)) < x->reply.body.len;
}

/* Compares with the file, or writes it when CORDON_GOLDEN is set. */
static void golden(const char *file, const struct client *c, const char *path)
{
    static char want[1 << 20];
    struct exchange *x = get(c, path);
    char name[512];
    ssize_t n;
    int fd;

    (void)snprintf(name, sizeof name, "%s/test/golden/marti/%s", getenv("CORDON_SOURCE"), file);
    if (getenv("CORDON_GOLDEN")) {
        fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
        assert_true(fd >= 0 && write(fd, x->reply.body.at, x->reply.body.len) == (ssize_t)x->reply.body.len);
    } else {
        fd = open(name, O_RDONLY);
        n = fd >= 0 ? read(fd, want, sizeof want) : -1;
        if (n < 0 || !str_eq(str_of(want, (size_t)n), x->reply.body))
            fail_msg("%s (%d):\n%.*s", path, x->reply.status, STR_ARG(x->reply.body));
    }
    (void)close(fd);
    assert_int_equal(x->reply.status, 200);
    exchange_free(&web, x);
}

/* ---- shapes ----------------------------------------------------------- */

static void answers_are_as_clients_parse_them(void **state)
{
    static const struct {
        const char *file, *path;
    } rows[] = {
        {"version.txt", "/Marti/api/version"},
        {"version-config.json", "/Marti/api/version/config"},
        {"client-end-points.json", "/Marti/api/clientEndPoints"},
        {"contacts.json", "/Marti/api/contacts/all?sortBy=UID&direction=DESCENDING"},
        {"roles.json", "/Marti/api/util/user/roles"},
        {"is-admin.json", "/Marti/api/util/isAdmin"},
        {"cops.json", "/Marti/api/cops/hierarchy"},
        {"iconsets.json", "/Marti/api/iconset/all/uid"},
        {"injectors.json", "/Marti/api/injectors/cot/uid"},
        {"files-config.json", "/files/api/config"},
        {"cot.xml", "/Marti/api/cot/xml/EX-F1"},
        {"tracks.kml", "/Marti/TracksKML?startTime=2026-01-02T03:00:00Z&endTime=2026-01-02T04:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        golden(rows[i].file, &fire, rows[i].path);
}

static void json_has_exactly_its_type(void **state)
{
    static const char *const paths[] = {"/Marti/api/version/config", "/Marti/api/clientEndPoints",
                                        "/Marti/api/contacts/all", "/Marti/api/subscriptions/all",
                                        "/Marti/api/cot/sa?start=x", "/Marti/nothing"};

    (void)state;
    for (size_t i = 0; i < COUNTOF(paths); i++) {
        struct exchange *x = get(&fire, paths[i]);
        struct json *j = NULL;
        struct err e;

        assert_string_equal(x->reply.type, "application/json");
        assert_true(x->reply.body.at[0] == '[' || json_read(x->reply.body, &j, &e));
        json_drop(j);
        exchange_free(&web, x);
    }
}

/* ---- who hears what --------------------------------------------------- */

static void each_hears_its_own(void **state)
{
    static const struct {
        const char *path, *fire, *police;
    } rows[] = {
        {"/Marti/api/clientEndPoints", "EX-F1", "EX-P1"},
        {"/Marti/LatestKML", "EX-F2", "EX-P1"},
        {"/Marti/api/cot/sa?start=2026-01-02T03:00:00Z&end=2026-01-02T04:00:00Z", "EX-F1", "EX-P1"},
        {"/Marti/TracksKML?startTime=2026-01-02T03:00:00Z&endTime=2026-01-02T04:00:00Z", "EX-F1", "EX-P1"},
        {"/Marti/api/cot/sa?start=2026-01-02T03:00:00Z&end=2026-01-02T04:00:00Z", "EX-F1", "EX-P2"},
        {"/Marti/TracksKML?startTime=2026-01-02T03:00:00Z&endTime=2026-01-02T04:00:00Z", "EX-F1", "EX-P2"},
        {"/Marti/api/clientEndPoints", "EX-GONE", "EX-P2"},
        {"/Marti/api/cot/sa?start=2026-01-01T00:00:00Z", "EX-MARK", "EX-SECRET"},
        {"/Marti/ExportMissionKML?startTime=2026-01-01T00:00:00Z", "EX-MARK", "EX-SECRET"},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct exchange *x = get(&fire, rows[i].path), *y = get(&police, rows[i].path);

        if (!has(x, rows[i].fire) || has(x, rows[i].police) || !has(y, rows[i].police) || has(y, rows[i].fire))
            fail_msg("%s: %d %.*s\n%d %.*s", rows[i].path, x->reply.status, STR_ARG(x->reply.body), y->reply.status,
                     STR_ARG(y->reply.body));
        exchange_free(&web, x);
        exchange_free(&web, y);
        if (status(&waiting, rows[i].path) != 403 || status(NULL, rows[i].path) != 401)
            fail_msg("%s", rows[i].path);
    }
    assert_int_equal(status(&fire, "/Marti/api/cot/xml/EX-P1"), 404);
    assert_int_equal(status(&fire, "/Marti/api/cot/xml/EX-SECRET"), 404);
    assert_int_equal(status(&police, "/Marti/api/cot/xml/EX-P1"), 200);
    assert_int_equal(status(&waiting, "/Marti/api/version/config"), 200); /* it may ask who we are */
}

static void end_points_by_what_is_asked(void **state)
{
    static const struct {
        const char *query;
        bool f1, f2, gone; /* ENGINE 1 is connected, LADDER 2 was here, GONE is known from the accounts alone */
    } rows[] = {
        {"", true, true, true},
        {"?showCurrentlyConnectedClients=true", true, false, false},
        {"?showCurrentlyConnectedClients=false&showMostRecentOnly=true", true, true, true},
        {"?group=Fire", true, true, true},
        {"?group=Police", false, false, false},
        {"?group=Police&group=Fire", true, true, true},
        {"?secAgo=1", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char path[128];
        struct exchange *x;

        (void)snprintf(path, sizeof path, "/Marti/api/clientEndPoints%s", rows[i].query);
        x = get(&fire, path);
        if (has(x, "EX-F1") != rows[i].f1 || has(x, "EX-F2") != rows[i].f2 || has(x, "EX-GONE") != rows[i].gone)
            fail_msg("%s: %.*s", path, STR_ARG(x->reply.body));
        exchange_free(&web, x);
    }
    assert_int_equal(status(&fire, "/Marti/api/clientEndPoints?secAgo=x"), 400);
}

static void a_subscription_tells_its_connection(void **state)
{
    struct exchange *x = get(&fire, "/Marti/api/subscriptions/all");

    (void)state;
    assert_true(has(x, "\"clientUid\":\"EX-F1\"") && has(x, "\"ipAddress\":\"192.0.2.7\""));
    assert_true(has(x, "\"port\":\"40000\""));
    assert_true(has(x, "\"username\":\"EX-fire\"") && has(x, "\"name\":\"Fire\"") && has(x, "\"protocol\":\"tls\""));
    assert_false(has(x, "EX-F2")); /* it is not connected */
    exchange_free(&web, x);
}

/* ---- the past --------------------------------------------------------- */

static size_t count(const struct exchange *x, const char *words)
{
    struct str rest = x->reply.body;
    size_t n = 0, at;

    while ((at = str_find(rest, str_from(words))) < rest.len) {
        rest = str_from_at(rest, at + 1);
        n++;
    }
    return n;
}

static void history_of_a_uid(void **state)
{
    struct exchange *x = get(&fire, "/Marti/api/cot/xml/EX-MARK/all");

    (void)state;
    assert_int_equal(x->reply.status, 200);
    assert_string_equal(x->reply.type, "application/xml");
    assert_true(str_starts(x->reply.body, STR("<?xml")) && has(x, "<events>") && has(x, "</events>"));
    assert_int_equal(count(x, "<event "), 2);
    exchange_free(&web, x);

    x = get(&fire, "/Marti/api/cot/xml/EX-F1/all?start=2026-01-02T03:04:06.000Z&end=2026-01-02T03:04:07.000Z");
    assert_int_equal(count(x, "<event "), 1); /* of three positions the one between */
    assert_true(has(x, "callsign=\"ENGINE 1\""));
    exchange_free(&web, x);

    x = get(&fire, "/Marti/api/cot/xml/EX-NOTHING/all");
    assert_true(x->reply.status == 200 && count(x, "<event ") == 0);
    exchange_free(&web, x);

    x = get(&fire, "/Marti/api/cot/xml/EX-MARK"); /* it is on the map */
    assert_true(x->reply.status == 200 && count(x, "<event ") == 1 && has(x, "EX Fire 3"));
    exchange_free(&web, x);
    assert_int_equal(status(&fire, "/Marti/api/cot/xml/EX-NOTHING"), 404);
}

static void an_area(void **state)
{
    static const struct {
        const char *box;
        size_t events;
        int status;
    } rows[] = {
        {"left=71&right=73&bottom=30&top=31", 3, 200},    {"left=71&right=72.05&bottom=30.5005&top=31", 2, 200},
        {"left=10&right=11&bottom=30&top=31", 0, 200},    {"left=170&right=73&bottom=30&top=31", 3, 200},
        {"left=x&right=73&bottom=30&top=31", 0, 400},     {"left=71&right=73&bottom=32&top=31", 0, 400},
        {"left=71&right=73&bottom=30", 0, 400},           {"left=71&right=730&bottom=30&top=31", 0, 400},
        {"left=nan&right=nan&bottom=nan&top=nan", 0, 400},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char path[256];
        struct exchange *x;

        (void)snprintf(path, sizeof path,
                       "/Marti/api/cot/sa?start=2026-01-02T03:00:00Z&end=2026-01-02T04:00:00Z&%s", rows[i].box);
        x = get(&fire, path);
        if (x->reply.status != rows[i].status || count(x, "<event ") != rows[i].events)
            fail_msg("%s: %d %.*s", path, x->reply.status, STR_ARG(x->reply.body));
        exchange_free(&web, x);
    }
    assert_int_equal(status(&fire, "/Marti/api/cot/sa?start=yesterday"), 400);
    assert_int_equal(status(&fire, "/Marti/api/cot/sa?start=2026-01-02T03:00:00Z&end=2026-01-01T03:00:00Z"), 400);
}

static void exports_are_kml_or_kmz(void **state)
{
    struct asking form = {.method = "POST", .path = "/Marti/ExportMissionKML", .client = &fire,
                          .body = "startTime=2026-01-02T03%3A00%3A00Z&endTime=2026-01-02T04%3A00%3A00Z&format=kmz"};
    struct exchange *x = ask_as(&form);

    (void)state;
    assert_int_equal(x->reply.status, 200);
    assert_string_equal(x->reply.type, "application/vnd.google-earth.kmz");
    assert_true(str_starts(x->reply.body, STR("PK\3\4")) && has(x, "doc.kml"));
    assert_non_null(strstr(x->reply.headers, "filename=\"cordon.kmz\""));
    exchange_free(&web, x);
    assert_int_equal(status(&fire, "/Marti/ExportMissionKML?format=exe"), 400);
    assert_int_equal(status(&fire, "/Marti/ExportMissionKML?startTime=x"), 400);
    x = get(&fire, "/Marti/TracksKML?uid=EX-F1&startTime=2026-01-02T03:00:00Z&endTime=2026-01-02T04:00:00Z");
    assert_int_equal(count(x, "<gx:coord>"), 3);
    exchange_free(&web, x);
    x = get(&fire, "/Marti/TracksKML?uid=EX-P1&startTime=2026-01-02T03:00:00Z&endTime=2026-01-02T04:00:00Z");
    assert_int_equal(count(x, "<gx:coord>"), 0);
    exchange_free(&web, x);
}

/* ---- tokens ----------------------------------------------------------- */

static struct exchange *sign_in(const char *body, enum door door)
{
    return ask_as(&(struct asking){.method = "POST", .path = "/oauth/token", .body = body, .door = door});
}

static void take_bearer(const struct exchange *x, char *out, size_t size)
{
    struct json *j = NULL;
    struct str token;
    struct err e;

    assert_true(json_read(x->reply.body, &j, &e));
    assert_true(json_take_text(j, "access_token", (struct json_length){1, 900}, &token, &e));
    (void)snprintf(out, size, "Bearer %.*s", STR_ARG(token));
    json_drop(j);
}

static int version_with(const char *bearer)
{
    struct asking a = {.method = "GET", .path = "/Marti/api/contacts/all", .authorization = bearer};
    struct exchange *x = ask_as(&a);
    int s = x->reply.status;

    exchange_free(&web, x);
    return s;
}

static void a_password_becomes_a_token(void **state)
{
    static const char right[] = "grant_type=password&username=EX-fire&password=EX+password%2B1";
    char hash[SECRET_PASSWORD_MAX], bearer[1024], other[1024];
    struct exchange *x;
    struct err e;

    (void)state;
    assert_true(secret_password(STR("EX password+1"), hash, &e));
    assert_true(accounts_put_password(web.accounts, STR("EX-fire"), str_from(hash), STR("EX"), &e));
    x = sign_in(right, DOOR_ENROL);
    assert_int_equal(x->reply.status, 200);
    assert_string_equal(x->reply.type, "application/json");
    assert_int_equal(count(x, "{"), 1); /* flat */
    take_bearer(x, bearer, sizeof bearer);
    exchange_free(&web, x);
    x = sign_in(right, DOOR_WEB);
    take_bearer(x, other, sizeof other);
    exchange_free(&web, x);
    assert_int_equal(version_with(bearer), 200);
    assert_int_equal(version_with("Bearer nonsense"), 403);
    assert_int_equal(version_with("Basic RVg6RVg="), 401);

    x = ask_as(&(struct asking){.method = "POST", .path = "/Marti/api/logout", .authorization = bearer});
    assert_int_equal(x->reply.status, 204);
    exchange_free(&web, x);
    assert_int_equal(version_with(bearer), 403); /* given back */
    assert_int_equal(version_with(other), 200);
    assert_true(secret_password(STR("another"), hash, &e));
    assert_true(accounts_put_password(web.accounts, STR("EX-fire"), str_from(hash), STR("EX"), &e));
    assert_int_equal(version_with(other), 403); /* the password is another one now */
}

static void wrong_passwords_are_alike_and_slowed_down(void **state)
{
    static const char *const bad[] = {"grant_type=password&username=EX-fire&password=wrong",
                                      "grant_type=password&username=EX-nobody&password=wrong"};
    struct exchange *x, *y;
    int s = 0;

    (void)state;
    x = sign_in(bad[0], DOOR_WEB); /* a user without a password */
    y = sign_in(bad[1], DOOR_WEB);
    assert_int_equal(x->reply.status, 401);
    assert_true(str_eq(x->reply.body, y->reply.body) && has(x, "invalid_grant"));
    exchange_free(&web, x);
    exchange_free(&web, y);
    for (int i = 0; i < 8 && s != 429; i++) {
        x = sign_in(bad[1], DOOR_WEB);
        s = x->reply.status;
        exchange_free(&web, x);
    }
    assert_int_equal(s, 429);
    x = sign_in("grant_type=client_credentials", DOOR_WEB);
    assert_int_equal(x->reply.status, 400);
    exchange_free(&web, x);
}

/* ---- emergencies ------------------------------------------------------ */

static void raise_emergency(const char *uid, const char *group, const char *user)
{
    char xml[1024], payload[4096];
    struct buf b = buf_over(xml, sizeof xml), f = buf_over(payload, sizeof payload);

    buf_fmt(&b,
            "<event version=\"2.0\" uid=\"%s\" type=\"b-a-o-tbl\" how=\"m-g\" time=\"2026-01-02T03:04:05Z\" "
            "start=\"2026-01-02T03:04:05Z\" stale=\"2036-01-02T03:04:15Z\"><point lat=\"30.5\" lon=\"72\" hae=\"0\" "
            "ce=\"5\" le=\"9\"/><detail><contact callsign=\"ENGINE 1-Alert\"/><emergency type=\"911 Alert\">ENGINE 1"
            "</emergency></detail></event>",
            uid);
    fields_put(&f, FIELD_UID, str_from(uid));
    fields_put(&f, FIELD_USER, str_from(user));
    fields_put(&f, FIELD_CALLSIGN, STR("ENGINE 1-Alert"));
    fields_put(&f, FIELD_SUB_TYPE, STR("911 Alert"));
    fields_put(&f, FIELD_GROUP, str_from(group));
    fields_put(&f, FIELD_EVENT_XML, buf_str(&b));
    MUST(!b.full && !f.full);
    (void)world_row(&world, EV_EMERGENCY_RAISED, buf_str(&f));
}

static bool see_kind(void *ctx, const struct journal_row *row)
{
    *(unsigned *)ctx = row->kind;
    return true;
}

static unsigned last_kind(void)
{
    unsigned kind = 0;
    struct err e;

    assert_true(journal_get(world.journal, journal_head(world.journal).seq, see_kind, &kind, &e));
    return kind;
}

static void an_emergency_is_listed_acknowledged_and_taken_back(void **state)
{
    struct client chief = make_client("EX-chief", "Fire");
    struct exchange *x;

    (void)state;
    raise_emergency("EX-911", "Fire", "EX-fire");
    x = get(&fire, "/Marti/api/repeater/list");
    assert_true(has(x, "\"uid\":\"EX-911\"") && has(x, "\"repeatType\":\"911 Alert\""));
    assert_true(has(x, "\"cotType\":\"b-a-o-tbl\""));
    exchange_free(&web, x);
    x = get(&police, "/Marti/api/repeater/list");
    assert_false(has(x, "EX-911"));
    exchange_free(&web, x);
    assert_int_equal(status(&police, "/Marti/api/repeater/remove/EX-911"), 404); /* it does not hear it */
    assert_int_equal(status(&waiting, "/Marti/api/repeater/remove/EX-911"), 403);
    assert_int_equal(status(&chief, "/Marti/api/repeater/remove/EX-911"), 200);
    assert_int_equal(last_kind(), EV_EMERGENCY_ACKNOWLEDGED); /* it was not his to end */
    x = get(&fire, "/Marti/api/repeater/list");
    assert_true(has(x, "EX-911"));
    exchange_free(&web, x);
    assert_int_equal(status(&fire, "/Marti/api/repeater/remove/EX-911"), 200);
    assert_int_equal(last_kind(), EV_EMERGENCY_CANCELLED);
    x = get(&fire, "/Marti/api/repeater/list");
    assert_false(has(x, "EX-911"));
    exchange_free(&web, x);
    assert_int_equal(status(&fire, "/Marti/api/repeater/remove/EX-911"), 404);
    assert_int_equal(status(&fire, "/Marti/api/repeater/period"), 200);
    x = ask_as(&(struct asking){.method = "POST", .path = "/Marti/api/repeater/period", .body = "5", .client = &fire});
    assert_int_equal(x->reply.status, 403);
    exchange_free(&web, x);
}

/* ---- video ------------------------------------------------------------ */

static int send(const struct client *c, const char *method, const char *path, const char *body)
{
    struct exchange *x = ask_as(&(struct asking){.method = method, .path = path, .body = body, .client = c});
    int s = x->reply.status;

    exchange_free(&web, x);
    return s;
}

static const char feeds[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><videoConnections><feed><protocol>rtsp</protocol>"
    "<alias>Roof &amp; yard</alias><uid>EX-CAM-1</uid><address>192.0.2.5</address><port>554</port>"
    "<roverPort>-1</roverPort><ignoreEmbeddedKLV>false</ignoreEmbeddedKLV><path>/live</path><buffer>-1</buffer>"
    "<timeout>5000</timeout><rtspReliable>0</rtspReliable>"
    "<active>true</active></feed></videoConnections>";
static const char connection[] =
    "{\"videoConnections\":[{\"uuid\":\"EX-CAM-2\",\"active\":true,\"alias\":\"Gate\",\"feeds\":[{\"uuid\":\"EX-FEED\","
    "\"active\":false,\"alias\":\"Gate\",\"url\":\"udp://[2001:db8::1]:1234\",\"order\":1,\"latitude\":30.5}]}]}";

static void videos_are_shared_within_their_groups(void **state)
{
    struct exchange *x;
    char path[512];

    (void)state;
    assert_int_equal(send(&fire, "POST", "/Marti/vcm", feeds), 200);
    assert_int_equal(last_kind(), EV_VIDEO_PUT);
    assert_int_equal(send(&fire, "POST", "/Marti/api/video?group=Fire", connection), 200);
    golden("video.xml", &fire, "/Marti/vcm");
    golden("video.json", &fire, "/Marti/api/video");
    golden("video-one.json", &fire, "/Marti/api/video/EX-CAM-2");
    x = get(&fire, "/Marti/api/video?protocol=udp");
    assert_true(has(x, "EX-CAM-2") && !has(x, "EX-CAM-1"));
    exchange_free(&web, x);

    x = get(&police, "/Marti/api/video");
    assert_true(has(x, "\"videoConnections\":[]"));
    exchange_free(&web, x);
    assert_int_equal(status(&police, "/Marti/api/video/EX-CAM-2"), 404);
    assert_int_equal(send(&police, "DELETE", "/Marti/api/video/EX-CAM-2", ""), 404);
    assert_int_equal(send(&police, "POST", "/Marti/api/video", connection), 403); /* another's uid */
    assert_int_equal(send(&police, "POST", "/Marti/api/video?group=Fire", connection), 403); /* not its group */

    assert_int_equal(send(&fire, "PUT", "/Marti/api/video/EX-CAM-2", "{\"alias\":\"Gate 2\",\"feeds\":[]}"), 200);
    x = get(&fire, "/Marti/api/video/EX-CAM-2");
    assert_true(has(x, "Gate 2"));
    exchange_free(&web, x);
    assert_int_equal(send(&fire, "DELETE", "/Marti/api/video/EX-CAM-2", ""), 200);
    assert_int_equal(last_kind(), EV_VIDEO_DELETED);
    assert_int_equal(status(&fire, "/Marti/api/video/EX-CAM-2"), 404);

    /* It is a projection: made again from the journal when the file is gone. */
    videos_close(web.videos);
    web.videos = NULL;
    (void)snprintf(path, sizeof path, "%s/videos.db", world.dir);
    assert_int_equal(remove(path), 0);
    x = get(&fire, "/Marti/api/video");
    assert_true(has(x, "EX-CAM-1") && !has(x, "EX-CAM-2"));
    exchange_free(&web, x);
}

static void bad_videos_are_refused_whole(void **state)
{
    static const struct {
        const char *path, *body;
    } rows[] = {
        {"/Marti/vcm", ""},
        {"/Marti/vcm", "<videoConnections/>"},
        {"/Marti/vcm", "<videoConnections><feed></videoConnections>"},
        {"/Marti/vcm", "<videoConnections><feed><alias>a</alias></feed></videoConnections>"}, /* no address */
        {"/Marti/vcm", "<!DOCTYPE x [<!ENTITY a \"b\">]><videoConnections><feed><alias>&a;</alias></feed>"
                       "</videoConnections>"},
        {"/Marti/api/video", ""},
        {"/Marti/api/video", "{}"},
        {"/Marti/api/video", "{\"videoConnections\":[1]}"},
        {"/Marti/api/video", "{\"videoConnections\":[{\"uuid\":{},\"feeds\":[]}]}"},
        {"/Marti/api/video", "{\"videoConnections\":[{\"uuid\":\"a\",\"feeds\":[{\"alias\":\"no url\"}]}]}"},
        {"/Marti/api/video", "{\"videoConnections\":[{\"uuid\":\"good\",\"feeds\":[]},"
                             "{\"uuid\":\"a\\u0001\",\"feeds\":[]}]}"},
    };
    struct exchange *x;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (send(&fire, "POST", rows[i].path, rows[i].body) != 400)
            fail_msg("%s", rows[i].body);
    x = get(&fire, "/Marti/api/video");
    assert_true(has(x, "\"videoConnections\":[]"));
    exchange_free(&web, x);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        SCENE(answers_are_as_clients_parse_them),
        SCENE(json_has_exactly_its_type),
        SCENE(each_hears_its_own),
        SCENE(end_points_by_what_is_asked),
        SCENE(a_subscription_tells_its_connection),
        SCENE(history_of_a_uid),
        SCENE(an_area),
        SCENE(exports_are_kml_or_kmz),
        SCENE(an_emergency_is_listed_acknowledged_and_taken_back),
        SCENE(videos_are_shared_within_their_groups),
        SCENE(bad_videos_are_refused_whole),
        SCENE(a_password_becomes_a_token),
        SCENE(wrong_passwords_are_alike_and_slowed_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
