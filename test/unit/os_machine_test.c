#include "os/machine.h"

#include "base/str.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static void put(const char *battery, const char *file, const char *text)
{
    char path[256];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s", folder, battery);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof path, "%s/%s/%s", folder, battery, file);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0 && fclose(f) == 0);
}

static int new_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/cordon-power-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    char command[96];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void test_no_battery(void **state)
{
    struct machine_battery b;

    (void)state;
    assert_false(machine_battery("/tmp/cordon-there-is-none", &b));
    assert_false(machine_battery(folder, &b));
    put("AC", "type", "Mains\n");
    put("AC", "online", "1\n");
    put("mouse", "type", "Battery\n");
    put("mouse", "scope", "Device\n");
    put("mouse", "capacity", "20\n");
    assert_false(machine_battery(folder, &b));
}

static void test_batteries(void **state)
{
    static const struct {
        const char *status, *flow, *flow_file, *have_file;
        bool on_mains;
        int64_t left_s;
    } rows[] = {
        {"Discharging\n", "10000000\n", "power_now", "energy_now", false, 3 * 3600},
        {"Discharging\n", "10000000\n", "current_now", "charge_now", false, 3 * 3600},
        {"Discharging\n", "0\n", "power_now", "energy_now", false, -1},
        {"Discharging\n", "some\n", "power_now", "energy_now", false, -1},
        {"Charging\n", "10000000\n", "power_now", "energy_now", true, -1},
        {"Not charging\n", "10000000\n", "power_now", "energy_now", true, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char name[16];
        struct machine_battery b = {0};

        /* Each is weaker than those before, and the weakest is told. */
        (void)snprintf(name, sizeof name, "BAT%zu", i);
        put(name, "type", "Battery\n");
        put(name, "status", rows[i].status);
        put(name, rows[i].have_file, "30000000\n");
        put(name, rows[i].flow_file, rows[i].flow);
        (void)snprintf(name, sizeof name, "BAT%zu", i);
        put(name, "capacity", (const char *[]){"90\n", "80\n", "70\n", "60\n", "50\n", "40\n"}[i]);
        assert_true(machine_battery(folder, &b));
        assert_int_equal(b.percent, 90 - 10 * (int)i);
        assert_int_equal(b.on_mains, rows[i].on_mains);
        assert_int_equal(b.left_s, rows[i].left_s);
    }
    put("BAT9", "type", "Battery\n");
    put("BAT9", "capacity", "101\n");
    assert_true(machine_battery(folder, &(struct machine_battery){0}));
}

static void test_disk_clock_and_files(void **state)
{
    struct machine_disk d;
    struct err e;

    (void)state;
    assert_true(machine_disk(folder, &d, &e));
    assert_true(d.size > 0 && d.free <= d.size);
    assert_false(machine_disk("/tmp/cordon-there-is-none", &d, &e));
    assert_non_null(strstr(e.text, "does not tell its size"));
    assert_true(machine_clock() <= MACHINE_CLOCK_BY_HAND);
    put("BAT0", "capacity", "12345");
    (void)snprintf(e.text, sizeof e.text, "%s/BAT0/capacity", folder);
    assert_int_equal(machine_file_bytes(e.text), 5);
    assert_int_equal(machine_file_bytes("/tmp/cordon-there-is-none"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_battery, new_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_batteries, new_folder, drop_folder),
        cmocka_unit_test_setup_teardown(test_disk_clock_and_files, new_folder, drop_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
