/* Sealed identities over HTTP: two people, and never a text without its row in the record. */
#include "core/incident.h"
#include "edge/web_inner.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct world world;
static struct web web;
static struct who officer, commander;
static bool refuse_command;
static char asked[1024]; /* the last command, as text */

static void want_write(void *conn)
{
    (void)conn;
}

/* The record of this test: takes every command as a row, or none. */
static bool command(struct web *w, const struct request *q, unsigned kind, struct str payload, struct err *e)
{
    struct ask_head head = {.ask = ASK_ROW, .kind = (uint16_t)kind, .sender = RING_NO_SENDER, .request = q->id};

    (void)snprintf(asked, sizeof asked, "%s %.*s by %.*s and %.*s as %.*s: %.*s %.*s", kind_info(kind)->tag,
                   STR_ARG(incident_value(payload, IN_CASUALTY)), STR_ARG(incident_value(payload, IN_BY)),
                   STR_ARG(incident_value(payload, IN_APPROVED_BY)), STR_ARG(incident_value(payload, IN_ROLE)),
                   STR_ARG(incident_value(payload, IN_REASON)), STR_ARG(fields_get(payload, FIELD_TICKET)));
    if (refuse_command)
        return err_set(e, ERR_FULL, "the record is full");
    return hub_ask(w->h, &head, payload) || err_set(e, ERR_FULL, "the record is full");
}

static void make_operator(const char *name, const char *roles, struct who *who)
{
    struct operator o = {.password_hash = "none"};
    struct login login = {.made_ms = 1, .seen_ms = hub_now().wall_ms, .expires_ms = hub_now().wall_ms + 600000};
    char token[WEB_TOKEN + 1], cookie[128];
    struct err e;

    (void)snprintf(o.name, sizeof o.name, "%s", name);
    (void)snprintf(o.roles, sizeof o.roles, "%s", roles);
    assert_true(accounts_put_operator(web.accounts, &o, &e));
    if (!who)
        return;
    login.operator_id = o.id;
    secret_token(token, WEB_TOKEN / 2);
    secret_sha256(str_from(token), login.token_hash);
    assert_true(accounts_put_session(web.accounts, &login, &e));
    (void)snprintf(cookie, sizeof cookie, COOKIE_NAME "=%s", token);
    login_who(&web, str_from(cookie), hub_now(), who);
    assert_true(who->is);
}

static int begin(void **state)
{
    struct web_config c = {.address = "127.0.0.1", .port = 0};
    struct err e;

    (void)state;
    refuse_command = false;
    memset(&web, 0, sizeof web);
    world_make(&world);
    c.dir = world.dir;
    MUST(web_init(&web, &world.hub, &c, &e));
    web.want_write = want_write;
    web.command = command;
    world.hub.to_web = mailbox_new(1 << 16, NULL, NULL);
    MUST(passwords_new(&web.passwords, NULL, NULL, &e));
    make_operator("EX-officer", "casualty-officer", &officer);
    make_operator("EX-liaison", "family-liaison", NULL);
    make_operator("EX-commander", "commander", &commander);
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

static void turn(bool record)
{
    struct timespec pause = {0, 2000000};

    if (record)
        (void)world_record(&world);
    web_turn(&web, hub_now());
    (void)nanosleep(&pause, NULL);
}

/* The routes are not in the table until the record takes commands: asked as the table would. */
static struct exchange *ask(const struct who *who, const char *verb, const char *body)
{
    struct exchange *x = exchange_new(&web, &web);
    char path[64];

    MUST(x && exchange_room(x, 4096));
    (void)snprintf(path, sizeof path, "/api/identities/EX-7/%s", verb);
    x->request.method = METHOD_POST;
    x->request.path = exchange_keep(x, str_from(path));
    x->request.part[0] = STR("EX-7");
    x->request.body = exchange_keep(x, str_from(body));
    x->request.who = *who;
    (void)str_copy(x->request.address, sizeof x->request.address, STR("10.0.0.9"));
    post_identity_open(&web, &x->request, &x->reply, hub_now());
    x->state = x->reply.later ? EXCHANGE_WAITING : EXCHANGE_READY;
    x->until_ms = hub_now().mono_ms + WEB_ANSWER_MS;
    web.waiting += x->reply.later;
    return x;
}

static int finish(struct exchange *x)
{
    while (x->state == EXCHANGE_WAITING)
        turn(true);
    return x->reply.status;
}

static bool says(const struct exchange *x, const char *words)
{
    return str_find(x->reply.body, str_from(words)) < x->reply.body.len;
}

static int status(const struct who *who, const char *verb, const char *body, const char *words)
{
    struct exchange *x = ask(who, verb, body);
    int s = finish(x);

    if (words && !says(x, words))
        fail_msg("%s: %d %.*s", body, s, STR_ARG(x->reply.body));
    exchange_free(&web, x);
    return s;
}

#define BOTH                                                                                                           \
    "\"holders\":[{\"name\":\"EX-officer\",\"passphrase\":\"EX first phrase\"},"                                       \
    "{\"name\":\"EX-liaison\",\"passphrase\":\"EX second phrase\"}]}"
#define ONE_WRONG                                                                                                      \
    "\"holders\":[{\"name\":\"EX-officer\",\"passphrase\":\"EX first phrase\"},"                                       \
    "{\"name\":\"EX-liaison\",\"passphrase\":\"EX another phrase\"}]}"
#define SEAL "{\"id\":\"12345678\",\"incident\":\"EX-1\",\"text\":\"EX text of nobody\"," BOTH
#define OPEN "{\"id\":\"12345679\",\"incident\":\"EX-1\",\"reason\":\"EX the family asks\"," BOTH

static void two_people_seal_open_and_destroy(void **state)
{
    (void)state;
    assert_int_equal(status(&officer, "seal", SEAL, "\"seq\":"), 200);
    assert_string_equal(asked, "casualty.identity_sealed EX-7 by  and  as casualty-officer:  12345678");
    assert_int_equal(status(&officer, "seal", SEAL, "already"), 409);
    assert_int_equal(status(&officer, "open", OPEN, "\"text\":\"EX text of nobody\""), 200);
    assert_string_equal(asked, "casualty.identity_opened EX-7 by EX-officer and EX-liaison as casualty-officer: "
                               "EX the family asks ");
    assert_int_equal(status(&officer, "destroy", OPEN, "\"seq\":"), 200);
    assert_non_null(strstr(asked, "key.shredded"));
    assert_int_equal(status(&officer, "open", OPEN, "no identity"), 404);
}

static void one_of_them_is_not_enough(void **state)
{
    static const char head[] = "{\"id\":\"12345679\",\"incident\":\"EX-1\",\"reason\":\"EX why\",";
    static const struct {
        const char *holders;
        int status;
        const char *words;
    } rows[] = {
        {"\"holders\":[{\"name\":\"EX-officer\",\"passphrase\":\"EX first phrase\"}]}", 400, "two people"},
        {"\"holders\":[{\"name\":\"EX-officer\",\"passphrase\":\"EX first phrase\"},{\"name\":\"EX-officer\","
         "\"passphrase\":\"EX first phrase\"}]}", 400, "alone is one"},
        {"\"holders\":[{\"name\":\"EX-officer\",\"passphrase\":\"EX first phrase\"},{\"name\":\"EX-commander\","
         "\"passphrase\":\"EX second phrase\"}]}", 403, "family-liaison"},
        {"\"holders\":[{\"name\":\"EX-officer\",\"passphrase\":\"EX first phrase\"},{\"name\":\"EX-nobody\","
         "\"passphrase\":\"EX second phrase\"}]}", 403, "family-liaison"},
        {"\"holders\":[{\"name\":\"EX-officer\",\"passphrase\":\"short\"},{\"name\":\"EX-liaison\","
         "\"passphrase\":\"EX second phrase\"}]}", 400, "passphrase"},
        {ONE_WRONG, 403, "do not open it"},
    };
    char body[1024];

    (void)state;
    assert_int_equal(status(&officer, "seal", SEAL, NULL), 200);
    assert_int_equal(status(&commander, "open", OPEN, "casualty-officer"), 403);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        int s;

        (void)snprintf(body, sizeof body, "%s%s", head, rows[i].holders);
        asked[0] = 0;
        s = status(&officer, "open", body, rows[i].words);
        if (s != rows[i].status)
            fail_msg("%s: %d", body, s);
        assert_string_equal(asked, "");
    }
    assert_int_equal(status(&officer, "open", "{\"id\":\"12345679\",\"incident\":\"EX-1\"," BOTH, "reason"), 400);
}

static void guessing_is_slowed_down(void **state)
{
    int s = 0;

    (void)state;
    assert_int_equal(status(&officer, "seal", SEAL, NULL), 200);
    for (int i = 0; i < LIMIT_FREE + 2 && s != 429; i++)
        s = status(&officer, "open", "{\"id\":\"12345679\",\"incident\":\"EX-1\",\"reason\":\"EX\"," ONE_WRONG, NULL);
    assert_int_equal(s, 429);
    assert_int_equal(status(&officer, "open", OPEN, "too many"), 429); /* the right ones wait, too */
}

static void what_is_not_recorded_is_not_given_out(void **state)
{
    struct exchange *x;
    struct now now;

    (void)state;
    refuse_command = true;
    assert_int_equal(status(&officer, "seal", SEAL, "full"), 503);
    refuse_command = false;
    assert_int_equal(status(&officer, "open", OPEN, "no identity"), 404); /* the seal was taken back */
    assert_int_equal(status(&officer, "seal", SEAL, NULL), 200);
    refuse_command = true;
    x = ask(&officer, "open", OPEN);
    assert_int_equal(finish(x), 503);
    assert_false(says(x, "EX text"));
    exchange_free(&web, x);
    refuse_command = false;

    /* The disk is late: 503, and the answer that comes after it gives nothing out. */
    asked[0] = 0;
    x = ask(&officer, "open", OPEN);
    while (!asked[0])
        turn(false);
    assert_int_equal(x->state, EXCHANGE_WAITING);
    now = hub_now();
    now.mono_ms = x->until_ms;
    web_tick(&web, now);
    assert_int_equal(x->reply.status, 503);
    turn(true);
    assert_int_equal(x->reply.status, 503);
    assert_false(says(x, "EX text"));
    exchange_free(&web, x);

    web.command = NULL;
    assert_int_equal(status(&officer, "open", OPEN, "stay closed"), 503);
}

static void a_record_that_refuses_takes_the_seal_back(void **state)
{
    struct exchange *x = ask(&officer, "seal", SEAL);
    struct answer_head no = {.request = x->request.id};
    struct ask_head head;
    size_t len;

    (void)state;
    asked[0] = 0;
    while (!asked[0])
        turn(false);
    assert_true(mailbox_take(world.hub.to_recorder, world.message, HUB_MESSAGE_MAX, &len) && len > sizeof head);
    assert_true(mailbox_put(world.hub.to_web, str_of(&no, sizeof no), STR("casualty: there is no casualty \"EX-7\"")));
    assert_int_equal(finish(x), 403);
    assert_true(says(x, "there is no casualty"));
    exchange_free(&web, x);
    assert_int_equal(status(&officer, "open", OPEN, "no identity"), 404);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        SCENE(two_people_seal_open_and_destroy),
        SCENE(one_of_them_is_not_enough),
        SCENE(guessing_is_slowed_down),
        SCENE(what_is_not_recorded_is_not_given_out),
        SCENE(a_record_that_refuses_takes_the_seal_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
