#include "edge/web_inner.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Which observers look on: rows of an incident, asked for as time passes by hand. */

static struct world world;
static struct web web;
static int64_t mono_ms;

static void nothing(void *conn)
{
    (void)conn;
}

static int begin(void **state)
{
    struct web_config c = {.address = "127.0.0.1", .port = 0};
    char memory[512];
    struct buf b = buf_over(memory, sizeof memory);
    struct err e;

    (void)state;
    world_make(&world);
    c.dir = world.dir;
    MUST(web_init(&web, &world.hub, &c, &e));
    web.want_write = web.hang_up = nothing;
    mono_ms = 1000000;
    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    incident_put(&b, IN_NAME, STR("EX evening"));
    incident_put(&b, IN_TYPE, STR("fire"));
    (void)world_row(&world, INC_INCIDENT_OPENED, buf_str(&b));
    return 0;
}

static int end(void **state)
{
    (void)state;
    web_fini(&web);
    world_end(&world);
    return 0;
}

static struct viewer *comes(const char *name, const char *roles)
{
    struct who who = {.is = true, .access = access_of(str_from(roles))};
    struct viewer *v;

    (void)str_copy(who.name, sizeof who.name, str_from(name));
    v = viewer_new(&web, &web, &who, (struct now){mono_ms, clock_wall_ms()});
    MUST(v);
    v->greeted = true;
    return v;
}

/* So many seconds pass; returns how many rows the record was asked for. */
static int passes(int seconds)
{
    int rows = 0;

    for (int i = 0; i < seconds; i++) {
        mono_ms += 1000;
        web_watchers_tick(&web, (struct now){mono_ms, clock_wall_ms()});
        while (world_record(&world))
            rows++;
    }
    return rows;
}

static bool is(const char *name, const char *state)
{
    char id[96];
    uint32_t e;

    (void)snprintf(id, sizeof id, "screen: %s", name);
    live_follow(&web);
    assert_int_equal(web.incidents.all.count, 1);
    e = ent_find(web.incidents.all.list[0], ENT_OBSERVER, str_from(id));
    return e && ent_is(web.incidents.all.list[0], e, IN_STATE, state);
}

static void one_row_comes_and_one_goes(void **state)
{
    struct viewer *first, *second;

    (void)state;
    first = comes("EX minister", "observer");
    (void)comes("EX keeper", "loggist");
    (void)comes("EX both", "observer,loggist");
    assert_int_equal(passes(60), 1);
    assert_true(is("EX minister", "admitted"));
    assert_false(is("EX keeper", "admitted") || is("EX both", "admitted"));
    /* A second screen, a reload, a network that comes and goes: no row. */
    second = comes("EX minister", "observer");
    assert_int_equal(passes(60), 0);
    viewer_free(&web, first);
    viewer_free(&web, second);
    assert_int_equal(passes(WATCHER_LINGER_MS / 1000 - 30), 0);
    first = comes("EX minister", "observer");
    assert_int_equal(passes(60), 0);
    assert_true(is("EX minister", "admitted"));
    viewer_free(&web, first);
    assert_int_equal(passes(WATCHER_LINGER_MS / 1000 + 60), 1);
    assert_true(is("EX minister", "left"));
    first = comes("EX minister", "observer");
    assert_int_equal(passes(60), 1);
    assert_true(is("EX minister", "admitted"));
}

/* What a server before this one left open is closed, when he does not come back to this one. */
static void a_restart_closes_it(void **state)
{
    char memory[512];
    struct buf b = buf_over(memory, sizeof memory);

    (void)state;
    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    incident_put(&b, IN_OBSERVER, STR("screen: EX minister"));
    incident_put(&b, IN_BY, STR("EX minister"));
    (void)world_row(&world, INC_OBSERVER_ADMITTED, buf_str(&b));
    b = buf_over(memory, sizeof memory);
    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    incident_put(&b, IN_OBSERVER, STR("by hand"));
    incident_put(&b, IN_BY, STR("EX mayor"));
    (void)world_row(&world, INC_OBSERVER_ADMITTED, buf_str(&b));
    assert_int_equal(passes(WATCHER_LINGER_MS / 1000 - 10), 0);
    assert_int_equal(passes(60), 1);
    assert_true(is("EX minister", "left"));
    assert_true(ent_is(web.incidents.all.list[0], ent_find(web.incidents.all.list[0], ENT_OBSERVER, STR("by hand")),
                       IN_STATE, "admitted"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_row_comes_and_one_goes, begin, end),
        cmocka_unit_test_setup_teardown(a_restart_closes_it, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
