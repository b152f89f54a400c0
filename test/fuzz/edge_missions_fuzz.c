/* What TAK clients may ask of missions, through the routes, the real record thread and back.
 *
 * The input is one call: its first byte says how and who, then parts divided by NUL: what stands behind
 * /Marti/api/missions in the path, the query, the token, and the body, which takes the rest.  Nothing may abort, an
 * answer has a head that fits, its JSON can be read back, and after some hundred calls the missions are what the
 * record makes of them anew. */
#include "edge/json.h"
#include "edge/recorder_mission.h"
#include "edge/web_inner.h"
#include "store/accounts.h"
#include "support/recorder_alone.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS = 300 };

static char dir[] = "/tmp/cordon-fuzz-XXXXXX";
static struct alone alone;
static struct web web;
static int64_t users[2];
static const char *const names[2] = {"EX-a", "EX-b"};
static size_t calls;

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

static void begin(void)
{
    struct web_config c = {.address = "127.0.0.1", .dir = dir, .default_group = "All"};
    struct err e;

    MUST(mkdir(dir, 0700) == 0);
    MUST(alone_open(&alone, dir, NULL));
    alone.h.to_web = mailbox_new(1 << 22, NULL, NULL);
    MUST(alone.h.to_web && web_init(&web, &alone.h, &c, &e));
    web.want_write = web.hang_up = ignore;
    for (size_t i = 0; i < 2; i++) {
        struct user u = {.group_count = 1, .groups = {{.name = "All", .in = true, .out = true, .active = true}}};

        (void)snprintf(u.name, sizeof u.name, "%s", names[i]);
        MUST(accounts_put_user(web.accounts, &u, &e));
        users[i] = u.id;
    }
    calls = 0;
}

/* What the record makes of it anew is what it is. */
static void end(void)
{
    struct recorder *r = alone.h.recorder;
    struct missions *anew;
    uint64_t live, again;
    struct err e;

    MUST(recorder_turn(r) && missions_hash(r->missions->store, &live, &e));
    web_fini(&web);
    missions_close(r->missions->store);
    r->missions->store = NULL;
    MUST(missions_forget(dir, &e) && missions_open(dir, &anew, &e) && missions_follow(anew, r->journal, &e));
    MUST(missions_hash(anew, &again, &e) && live == again);
    r->missions->store = anew;
    mailbox_free(alone.h.to_web);
    alone.h.to_web = NULL;
    alone_drop(&alone);
    remove_folder();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct err e;

    (void)argc;
    (void)argv;
    MUST(mkdtemp(dir));
    remove_folder();
    (void)atexit(remove_folder);
    alone_clock();
    MUST(secret_start(&e));
    begin();
    return 0;
}

static struct str part(struct str *rest)
{
    size_t end_at = str_find_byte(*rest, 0);
    struct str p = str_cut(*rest, 0, end_at);

    *rest = str_from_at(*rest, end_at < rest->len ? end_at + 1 : end_at);
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
    if (x->reply.type && strcmp(x->reply.type, "application/json") == 0 && x->reply.body.at[0] == '{')
        MUST(json_read(x->reply.body, &j, &e));
    json_drop(j);
}

static void call(struct str in, unsigned how)
{
    static const enum method methods[] = {METHOD_GET, METHOD_PUT, METHOD_POST, METHOD_DELETE};
    static char path[WEB_BODY + 64];
    struct buf b = buf_over(path, sizeof path);
    struct exchange *x = exchange_new(&web, &web);
    struct request *q = &x->request;
    size_t who = how >> 2 & 1;

    MUST(x);
    q->method = methods[how & 3];
    buf_put(&b, STR("/Marti/api/missions"));
    buf_put(&b, part(&in));
    q->path = buf_str(&b);
    q->query = part(&in);
    q->mission_token = part(&in);
    q->body = in;
    q->host = STR("h");
    q->content_type = how & 8 ? STR("text/plain") : STR("application/json");
    q->client = (struct client){.is = true, .user_id = users[who]};
    (void)snprintf(q->client.name, sizeof q->client.name, "%s", names[who]);
    exchange_begin(&web, x);
    if (x->state == EXCHANGE_READING)
        exchange_run(&web, x, hub_now());
    MUST(recorder_turn(alone.h.recorder));
    web_turn(&web, hub_now());
    if (x->state == EXCHANGE_READY)
        judge(x);
    exchange_free(&web, x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > WEB_BODY)
        return 0;
    call(str_of(data + 1, size - 1), data[0]);
    if (++calls < CALLS)
        return 0;
    end();
    begin();
    return 0;
}
