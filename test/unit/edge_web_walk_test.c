#include "os/pki.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/stat.h>

/* The whole web thread over TLS, walked by test/support/web_walk.py. */

static atomic_bool ending;

static void *record(void *arg)
{
    struct world *w = arg;
    int turns = 0;

    while (!atomic_load(&ending)) {
        mailbox_wait(w->hub.to_recorder, 50);
        while (world_record(w))
            ;
        if (++turns % 10 == 0)
            world_unit(w, "UNIT-1", "ALPHA", 30.5, 72.0);
    }
    return NULL;
}

/* A phone's certificate in DIR/name; of another authority when its folder is not the server's. */
static void make_phone(const char *dir, const char *name, struct accounts *a, bool revoked)
{
    struct user u = {0};
    struct certificate c = {0};
    struct certificate_order order = {.user = str_from(name), .by = STR("EX-lead"), .now_ms = clock_wall_ms()};
    struct pki_client made;
    char out[600];
    size_t count;
    struct err e = {0};

    (void)snprintf(out, sizeof out, "%s/%s", dir, name);
    if (!pki_client_package(dir, name, out, 30, 0, clock_wall_ms(), &made, &e))
        fail_msg("%s", e.text);
    if (!a)
        return;
    (void)snprintf(u.name, sizeof u.name, "%s", name);
    assert_true(accounts_put_user(a, &u, &e));
    (void)snprintf(c.serial, sizeof c.serial, "%s", made.serial);
    c.user_id = u.id;
    c.not_after_ms = made.not_after_ms;
    assert_true(accounts_put_certificate(a, &c, &e));
    assert_true(!revoked || accounts_revoke(a, &order, &count, &e));
}

static void make_phones(const char *dir, struct accounts *a)
{
    struct pki_made made;
    char other[512];
    struct err e = {0};

    make_phone(dir, "EX-phone", a, false);
    make_phone(dir, "EX-revoked", a, true);
    make_phone(dir, "EX-unknown", NULL, false); /* signed by us, and not in the accounts */
    (void)snprintf(other, sizeof other, "%s/other", dir);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_true(pki_prepare(other, clock_wall_ms(), &made, &e));
    make_phone(other, "EX-foreign", NULL, false);
}

static void a_browser_walks_through(void **state)
{
    static struct world w;
    struct web_config c = {.address = "127.0.0.1", .port = 0, .enrol_port = WEB_ANY_PORT};
    struct pki_made made;
    struct accounts *accounts;
    char code[WEB_CODE], command[1024];
    pthread_t recorder;
    struct web_ports bound = {0};
    int rc;
    struct err e = {0};

    (void)state;
    world_make(&w);
    c.dir = w.dir;
    world_unit(&w, "UNIT-1", "ALPHA", 30.5, 72.0);
    (void)world_emergency(&w, "EMG-1");
    assert_true(pki_prepare(w.dir, clock_wall_ms(), &made, &e));
    assert_true(accounts_open(w.dir, &accounts, &e));
    assert_true(web_setup_code(&w.hub, accounts, code, &e));
    make_phones(w.dir, accounts);
    if (!web_start(&w.hub, &c, &bound, &e))
        fail_msg("%s", e.text);
    assert_true(bound.web > 0 && bound.enrol > 0 && bound.web != bound.enrol);
    assert_int_equal(pthread_create(&recorder, NULL, record, &w), 0);
    (void)snprintf(command, sizeof command, "python3 '%s/test/support/web_walk.py' %d %s %d '%s'",
                   getenv("CORDON_SOURCE"), bound.web, code, bound.enrol, w.dir);
    rc = system(command);
    assert_true(web_reload(&w.hub, &e));
    atomic_store(&ending, true);
    assert_int_equal(pthread_join(recorder, NULL), 0);
    web_stop(&w.hub);
    accounts_close(accounts);
    world_end(&w);
    assert_int_equal(rc, 0);
}

static void a_start_that_fails_says_why(void **state)
{
    static struct world w;
    struct web_config c = {.address = "127.0.0.1", .port = 0};
    struct pki_made made;
    struct err e = {0};
    struct web_ports bound;

    (void)state;
    world_make(&w);
    c.dir = w.dir;
    assert_false(web_start(&w.hub, &c, &bound, &e));
    assert_non_null(strstr(e.text, "server.pem"));
    assert_true(pki_prepare(w.dir, clock_wall_ms(), &made, &e));
    c.address = "192.0.2.77";
    c.port = 8443;
    assert_false(web_start(&w.hub, &c, &bound, &e));
    assert_true(e.text[0]);
    assert_null(w.hub.web);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_that_fails_says_why),
        cmocka_unit_test(a_browser_walks_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
