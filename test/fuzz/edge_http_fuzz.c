/* What a stranger, a TAK client, or an operator's page gone mad, may send to the web port.
 *
 * The input is a request: its first byte says how, then parts divided by NUL: path, query, cookie,
 * origin, content type, token, accept-encoding, and the body, which takes the rest.  It is run
 * through the routes with a session, with a certificate (a content type that begins with "c"), at the
 * enrolment port (with "e") and without any; odd inputs are also the first words on a
 * WebSocket.  Nothing may abort, an answer has a status and a head that fits, and its JSON can be
 * read back. */
#include "edge/json.h"
#include "edge/web_inner.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/cordon-fuzz-XXXXXX";
static struct hub hub;
static struct river river;
static struct hub_client clients[2];
static struct web web;
static char cookie[128], csrf[65], *message;
static struct client phone;

static void ignore(void *conn)
{
    (void)conn;
}

static void remove_folder(void)
{
    char command[64];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    (void)!system(command);
}

static void make_river(void)
{
    struct river_limits l = river_limits();
    void *memory;

    l.units_max = 256;
    l.slab_bytes = 4 << 20;
    memory = mmap(NULL, river_memory(&l), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    MUST(memory != MAP_FAILED);
    river_init(&river, &l, memory, (struct hash_key){1, 2}, STR("CORDON"));
    MUST(units_put(&river.units, STR("UNIT-1"), UNIT_OBJECT));
    units_find(&river.units, STR("UNIT-1"))->kind = UNIT_EMERGENCY;
}

/* An administrator with a session, whose cookie the inputs may use. */
static void make_session(void)
{
    struct operator o = {.name = "amina", .roles = ACCESS_FIRST_ROLES};
    struct login login = {
        .made_ms = clock_wall_ms(), .seen_ms = clock_wall_ms(), .expires_ms = INT64_MAX / 2};
    char token[WEB_TOKEN + 1];
    struct err e;

    memset(token, 'a', WEB_TOKEN);
    token[WEB_TOKEN] = 0;
    memset(csrf, 'b', 64);
    memcpy(login.csrf, csrf, sizeof csrf);
    (void)snprintf(cookie, sizeof cookie, COOKIE_NAME "=%s", token);
    secret_sha256(str_from(token), login.token_hash);
    MUST(accounts_put_operator(web.accounts, &o, &e));
    login.operator_id = o.id;
    MUST(accounts_put_session(web.accounts, &login, &e));
}

static void make_phone(void)
{
    struct user u = {.name = "EX-phone"};
    struct err e;

    MUST(accounts_put_user(web.accounts, &u, &e));
    phone = (struct client){.is = true, .user_id = u.id, .name = "EX-phone"};
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct web_config c = {.address = "127.0.0.1"};
    struct err e;

    (void)argc;
    (void)argv;
    MUST(mkdtemp(dir));
    (void)atexit(remove_folder);
    log_set_level(LOG_ERROR);
    MUST(pthread_mutex_init(&hub.lock, NULL) == 0);
    hub.river = &river;
    hub.clients = clients;
    hub.client_max = COUNTOF(clients);
    hub.to_recorder = mailbox_new(1 << 20, NULL, NULL);
    message = malloc(HUB_MESSAGE_MAX);
    MUST(hub.to_recorder && message);
    (void)snprintf(hub.server_uid, sizeof hub.server_uid, "CORDON");
    make_river();
    c.dir = dir;
    MUST(web_init(&web, &hub, &c, &e));
    MUST(passwords_new(&web.passwords, NULL, NULL, &e));
    web.want_write = web.hang_up = ignore;
    make_session();
    make_phone();
    return 0;
}

static struct str part(struct str *rest)
{
    size_t end = str_find_byte(*rest, 0);
    struct str p = str_cut(*rest, 0, end);

    *rest = str_from_at(*rest, end < rest->len ? end + 1 : end);
    return p;
}

static void judge(const struct exchange *x)
{
    char head[4096];
    struct buf b = buf_over(head, sizeof head);
    struct json *j = NULL;
    struct err e;

    reply_head(&x->reply, &b);
    MUST(!b.full && str_ends(buf_str(&b), STR("\r\n\r\n")));
    if (x->reply.type && strstr(x->reply.type, "json") && x->reply.body.at[0] == '{')
        MUST(json_read(x->reply.body, &j, &e));
    json_drop(j);
}

static void request(struct str in, unsigned how)
{
    static const enum method methods[] = {METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE};
    struct exchange *x = exchange_new(&web, &web);
    struct request *q = &x->request;
    size_t len;

    MUST(x);
    q->method = methods[how & 3];
    q->path = part(&in);
    q->query = part(&in);
    q->cookie = part(&in);
    q->origin = part(&in);
    q->content_type = part(&in);
    q->csrf = part(&in);
    q->accept_encoding = part(&in);
    q->body = in;
    q->host = STR("h");
    q->chunked = how & 4;
    if (how & 8)
        q->cookie = str_from(cookie);
    if (how & 16)
        q->csrf = str_from(csrf);
    if (how & 32)
        q->content_type = STR("application/json");
    if (how & 64)
        q->origin = STR("https://h");
    if (str_starts(q->content_type, STR("c")))
        q->client = phone;
    if (str_starts(q->content_type, STR("e")))
        q->door = DOOR_ENROL;
    exchange_begin(&web, x);
    if (x->state == EXCHANGE_READING)
        exchange_run(&web, x, hub_now());
    if (x->state == EXCHANGE_READY)
        judge(x);
    exchange_free(&web, x);
    while (mailbox_take(hub.to_recorder, message, HUB_MESSAGE_MAX, &len))
        ;
}

static void hello(struct str in, size_t cut)
{
    struct who who = {.is = true};
    struct viewer *v = viewer_new(&web, &web, &who, hub_now());

    MUST(v);
    cut = in.len ? cut % in.len : 0;
    if (viewer_heard(&web, v, str_cut(in, 0, cut), false, hub_now()))
        (void)!viewer_heard(&web, v, str_from_at(in, cut), true, hub_now());
    viewer_free(&web, v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > WEB_BODY)
        return 0;
    request(str_of(data + 1, size - 1), data[0]);
    if (data[0] & 128)
        hello(str_of(data + 1, size - 1), size / 2);
    return 0;
}
