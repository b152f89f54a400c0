#include "base/limits.h"
#include "store/tracks.h"
#include "support/folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#define START INT64_C(1760000000000)

/* What the tests must say is the same as what is on disk: a plain list. */
struct model {
    struct point {
        char uid[24], callsign[32];
        int64_t at_ms;
        double lat;
    } at[5000];
    size_t count;
};

struct seen {
    struct point at[5000];
    size_t count, stop_after;
};

static bool see(void *ctx, const struct track_point *p)
{
    struct seen *s = ctx;
    struct point *to = &s->at[s->count++];

    assert_true(s->count < COUNTOF(s->at));
    (void)str_copy(to->uid, sizeof to->uid, p->uid);
    (void)str_copy(to->callsign, sizeof to->callsign, p->callsign);
    to->at_ms = p->at_ms;
    to->lat = p->lat;
    return s->count != s->stop_after;
}

static struct tracks *open_in(const char *dir)
{
    struct tracks *t;
    struct err e;

    if (!tracks_open(dir, &t, &e))
        fail_msg("%s", e.text);
    return t;
}

static struct track_point point_of(const struct point *p)
{
    return (struct track_point){.uid = str_from(p->uid),
                                .callsign = str_from(p->callsign),
                                .type = STR("a-f-G"),
                                .at_ms = p->at_ms,
                                .time_ms = p->at_ms - 5,
                                .lat = p->lat,
                                .lon = 74.25,
                                .hae = NAN,
                                .ce = NAN,
                                .speed = NAN,
                                .course = NAN};
}

static void add(struct tracks *t, const struct track_point *p)
{
    struct err e;

    if (!tracks_add(t, p, 1, &e))
        fail_msg("%s", e.text);
}

/* Points of 40 units over ten minutes, times going up. */
static void fill(struct tracks *t, struct model *m, size_t count)
{
    int64_t at = START + 59000;
    struct track_point p;

    srand(7);
    for (m->count = 0; m->count < count; m->count++) {
        struct point *next = &m->at[m->count];

        at += 1 + rand() % 240;
        (void)snprintf(next->uid, sizeof next->uid, "unit-%d", rand() % 40);
        (void)snprintf(next->callsign, sizeof next->callsign, "C%zu", m->count / 500);
        next->at_ms = at;
        next->lat = (double)(rand() % 1800000000 - 900000000) / 1e7;
        p = point_of(next);
        add(t, &p);
    }
}

static struct seen *read_all(struct tracks *t, const char *uid, int64_t from, int64_t to)
{
    static struct seen s;
    struct err e;

    s = (struct seen){0};
    if (!tracks_read(t, str_from(uid), from, to, see, &s, &e))
        fail_msg("%s", e.text);
    return &s;
}

static void same(const struct point *a, const struct point *b)
{
    assert_string_equal(a->uid, b->uid);
    assert_string_equal(a->callsign, b->callsign);
    assert_int_equal(a->at_ms, b->at_ms);
    assert_true(fabs(a->lat - b->lat) < 1e-9);
}

static void reading_is_what_a_list_would_say(void **state)
{
    static struct model m;
    char *dir = folder_make();
    struct tracks *t = open_in(dir);
    int64_t end;

    (void)state;
    fill(t, &m, 4000);
    end = m.at[m.count - 1].at_ms + 1;
    for (int i = 0; i < 60; i++) {
        int64_t from = START + rand() % (end - START), to = from + rand() % (end - from + 1000);
        const char *uid = i % 3 ? m.at[rand() % 4000].uid : "";
        struct seen *s = read_all(t, uid, i % 7 ? from : INT64_MIN, i % 5 ? to : INT64_MAX);
        size_t n = 0;

        for (size_t k = 0; k < m.count; k++)
            if ((!i || i % 7 == 0 || m.at[k].at_ms >= from) && (i % 5 == 0 || m.at[k].at_ms < to) &&
                (!uid[0] || strcmp(uid, m.at[k].uid) == 0)) {
                assert_true(n < s->count);
                same(&s->at[n++], &m.at[k]);
            }
        assert_int_equal(n, s->count);
    }
    tracks_close(t);
    folder_remove(dir);
}

static void the_newest_of_each_unit_is_found(void **state)
{
    static struct model m;
    static struct seen s;
    char *dir = folder_make();
    struct tracks *t = open_in(dir);
    int64_t end;

    (void)state;
    fill(t, &m, 4000);
    end = m.at[m.count - 1].at_ms;
    for (int i = 0; i < 60; i++) {
        int64_t at = START + rand() % (end - START + 2000), age = rand() % 100000;
        size_t units = 0;
        struct err e;

        s = (struct seen){0};
        assert_true(tracks_at(t, at, age, see, &s, &e));
        for (int u = 0; u < 40; u++) {
            const struct point *newest = NULL, *told = NULL;
            char uid[24];

            (void)snprintf(uid, sizeof uid, "unit-%d", u);
            for (size_t k = 0; k < m.count; k++)
                if (m.at[k].at_ms <= at && m.at[k].at_ms >= at - age &&
                    strcmp(m.at[k].uid, uid) == 0)
                    newest = &m.at[k];
            for (size_t k = 0; k < s.count; k++)
                if (strcmp(s.at[k].uid, uid) == 0)
                    told = &s.at[k];
            assert_int_equal(newest != NULL, told != NULL);
            if (newest)
                same(newest, told);
            units += newest != NULL;
        }
        assert_int_equal(units, s.count);
    }
    tracks_close(t);
    folder_remove(dir);
}

/* One speaks all the time, one fell silent an hour ago, one comes only later: each is found once, or not at all. */
static void who_is_silent_for_long_is_found_behind_who_is_not(void **state)
{
    static struct seen s;
    char *dir = folder_make();
    struct tracks *t = open_in(dir);
    struct err e;

    (void)state;
    for (int i = 0; i < 3600; i += 20) {
        struct point p = {.uid = "loud", .callsign = "L", .at_ms = START + i * 1000, .lat = i / 1000.0};
        struct track_point made = point_of(&p);

        add(t, &made);
        if (i == 0 || i == 3580) {
            (void)snprintf(p.uid, sizeof p.uid, "%s", i ? "late" : "silent");
            made = point_of(&p);
            add(t, &made);
        }
    }
    s = (struct seen){0};
    assert_true(tracks_at(t, START + 3570 * 1000, 7200 * 1000, see, &s, &e));
    assert_int_equal(s.count, 2);
    assert_string_equal(s.at[0].uid, "loud");
    assert_int_equal(s.at[0].at_ms, START + 3560 * 1000);
    assert_string_equal(s.at[1].uid, "silent");
    assert_int_equal(s.at[1].at_ms, START);
    tracks_close(t);
    folder_remove(dir);
}

static bool see_one(void *ctx, const struct track_point *p)
{
    *(struct track_point *)ctx = *p;
    return true;
}

static void numbers_come_back_within_their_steps(void **state)
{
    const struct track_point rows[] = {
        {STR("a"), STR("Ravi \xe2\x98\x85"), STR("a-f-G-U-C"), START, START - 250, 31.5203711,
         -74.3587123, 214.26, 4.44, 1.337, 359.99},
        {STR("a"), STR(""), STR(""), START, START + 99999, -90, 180, (double)NAN, (double)NAN,
         (double)NAN, (double)NAN},
        {STR("a"), STR("x"), STR("y"), START, INT64_MIN, 90, -180, -431.04, 9999999.0, 0, 0},
        {STR("a"), STR("x"), STR("y"), START, INT64_MAX, 0, 0, 1e300, -1e300, 1e300, -0.005},
    };
    char *dir = folder_make();
    struct tracks *t = open_in(dir);
    struct track_point p;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct track_point in = rows[i];

        in.at_ms += (int64_t)i * 10;
        add(t, &in);
        assert_true(tracks_read(t, STR("a"), in.at_ms, in.at_ms + 1, see_one, &p, &e));
        assert_int_equal(p.at_ms, in.at_ms);
        assert_int_equal(p.time_ms, in.time_ms);
        assert_true(fabs(p.lat - in.lat) <= 5.1e-8 && fabs(p.lon - in.lon) <= 5.1e-8);
        assert_int_equal(isnan(p.hae), isnan(in.hae));
        assert_int_equal(isnan(p.ce), isnan(in.ce));
        assert_int_equal(isnan(p.speed), isnan(in.speed));
        assert_int_equal(isnan(p.course), isnan(in.course));
        if (i == 0)
            assert_true(fabs(p.hae - 214.3) < 1e-9 && fabs(p.ce - 4.4) < 1e-9 &&
                        fabs(p.speed - 1.34) < 1e-9 && fabs(p.course - 359.99) < 1e-9);
    }
    tracks_close(t);
    folder_remove(dir);
}

static void what_cannot_be_kept_is_left_out(void **state)
{
    static char long_uid[LIMIT_UID + 2];
    static const struct point good = {"u", "c", START, 1};
    struct track_point bad[6];
    char *dir = folder_make();
    struct tracks *t = open_in(dir);
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(bad); i++)
        bad[i] = point_of(&good);
    memset(long_uid, 'u', sizeof long_uid - 1);
    bad[0].lat = NAN;
    bad[1].lon = INFINITY;
    bad[2].lat = 90.1;
    bad[3].uid = str_from(long_uid);
    bad[4].uid = STR("");
    bad[5].at_ms = -1;
    assert_true(tracks_add(t, bad, COUNTOF(bad), &e));
    assert_int_equal(read_all(t, "", INT64_MIN, INT64_MAX)->count, 0);
    tracks_close(t);
    folder_remove(dir);
}

/* A gateway that was out of reach hands over many positions of a unit at once. */
static void points_of_the_same_millisecond_are_all_kept(void **state)
{
    struct point same_ms = {"u", "c", START + 59999, 1};
    struct track_point p = point_of(&same_ms);
    char *dir = folder_make();
    struct tracks *t = open_in(dir);
    struct seen *s;

    (void)state;
    for (int i = 0; i < 100; i++) {
        p.lat = i / 10.0;
        add(t, &p);
    }
    s = read_all(t, "u", START, START + 120000);
    assert_int_equal(s->count, 100);
    for (int i = 0; i < 100; i++)
        assert_true(fabs(s->at[i].lat - i / 10.0) < 1e-9);
    tracks_close(t);
    folder_remove(dir);
}

static void pruning_goes_by_steps_and_takes_names_along(void **state)
{
    char *dir = folder_make();
    struct tracks *t = open_in(dir);
    size_t deleted = 0, steps = 0;
    struct err e;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct point old = {"", "c", START + i * 100, 1},
                     young = {"young", "c", START + 3 * 86400000 + i * 100, 2};
        struct track_point p;

        (void)snprintf(old.uid, sizeof old.uid, "old-%d", i % 10);
        p = point_of(&old);
        add(t, &p);
        p = point_of(&young);
        add(t, &p);
    }
    do {
        assert_true(tracks_prune(t, START + 2 * INT64_C(86400000), 300, &deleted, &e));
        assert_int_equal(deleted, steps < 3 ? 300 : 100);
        steps++;
    } while (deleted == 300);
    assert_int_equal(steps, 4);
    assert_int_equal(read_all(t, "", INT64_MIN, INT64_MAX)->count, 1000);
    assert_int_equal(read_all(t, "old-1", INT64_MIN, INT64_MAX)->count, 0);
    for (int i = 0; i < 10; i++) { /* a unit that comes back is a new one */
        struct point back = {"old-1", "d", START + 4 * 86400000 + i, 3};
        struct track_point p = point_of(&back);

        add(t, &p);
    }
    assert_int_equal(read_all(t, "old-1", INT64_MIN, INT64_MAX)->count, 10);
    assert_int_equal(read_all(t, "young", INT64_MIN, INT64_MAX)->count, 1000);
    tracks_close(t);
    folder_remove(dir);
}

static void a_damaged_file_is_moved_aside(void **state)
{
    static const struct point good = {"u", "c", START, 1};
    struct track_point p = point_of(&good);
    char *dir = folder_make(), path[300];
    struct tracks *t;
    FILE *f;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/tracks.db", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < 3000; i++)
        (void)fprintf(f, "this is not a database");
    (void)fclose(f);
    t = open_in(dir);
    assert_non_null(strstr(tracks_note(t), "tracks.db.damaged-"));
    add(t, &p);
    assert_int_equal(read_all(t, "", 0, INT64_MAX)->count, 1);
    tracks_close(t);
    folder_remove(dir);
}

static void a_reader_sees_what_a_writer_adds(void **state)
{
    static struct model m;
    char *dir = folder_make();
    struct tracks *t, *reader;
    struct err e;

    (void)state;
    assert_false(tracks_open_reader(dir, &reader, &e));
    t = open_in(dir);
    fill(t, &m, 100);
    assert_true(tracks_open_reader(dir, &reader, &e));
    assert_int_equal(read_all(reader, "", 0, INT64_MAX)->count, 100);
    fill(t, &m, 50); /* the same times again: kept beside */
    assert_int_equal(read_all(reader, "", 0, INT64_MAX)->count, 150);
    tracks_close(reader);
    tracks_close(t);
    folder_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_is_what_a_list_would_say),
        cmocka_unit_test(the_newest_of_each_unit_is_found),
        cmocka_unit_test(who_is_silent_for_long_is_found_behind_who_is_not),
        cmocka_unit_test(numbers_come_back_within_their_steps),
        cmocka_unit_test(what_cannot_be_kept_is_left_out),
        cmocka_unit_test(points_of_the_same_millisecond_are_all_kept),
        cmocka_unit_test(pruning_goes_by_steps_and_takes_names_along),
        cmocka_unit_test(a_damaged_file_is_moved_aside),
        cmocka_unit_test(a_reader_sees_what_a_writer_adds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
