/* The inbox and what lies in it: the folder, the file, a whole import against a journal of its own. */
#include "edge/importing.h"
#include "edge/inbox.h"
#include "edge/incidents_journal.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The head of a file that somebody with these roles of this agency brings. */
#define HEAD_OF(roles, agency) \
    "{\"cordon\":\"import 1\",\"incident\":\"EX-1\",\"by\":\"EX planner\",\"roles\":\"" roles \
    "\",\"agency\":\"" agency "\",\"source\":\"EX.geojson\"}\n"
#define HEAD HEAD_OF("planning", "")

struct scene {
    char *dir;
    struct journal *journal;
    struct incidents all;
    char *row, *work;
    int room;               /* commands that the batch takes; then it must be committed */
    bool between;           /* somebody closes the incident after the first batch */
    struct incident_decided decided;
};

static struct scene scene;

/* ---- an incident and its journal --------------------------------------- */

static struct incident *find(void *ctx, struct str id)
{
    (void)ctx;
    return incidents_find(&scene.all, id);
}

static bool has_room(void *ctx)
{
    (void)ctx;
    return scene.room > 0;
}

static bool add(void *ctx, const struct import_item *item, struct incident *s, const struct incident_decided *d,
                uint64_t *first, struct err *e)
{
    (void)ctx;
    scene.room--;
    for (size_t i = 0; i < d->n; i++) {
        struct buf b = buf_over(scene.row, INCIDENT_DECIDE_MEMORY);
        uint64_t seq;

        buf_put(&b, d->events[i].payload);
        if (i == 0)
            fields_put(&b, FIELD_TICKET, item->ticket);
        if (!journal_add(scene.journal, (uint16_t)d->events[i].kind, 1000, 0, buf_str(&b), &seq, e))
            return false;
        if (i == 0)
            *first = seq;
        incident_apply(s, seq, d->events[i].kind, buf_str(&b));
    }
    return true;
}

/* A command of somebody else, at once on the disk. */
static void say(enum incident_kind kind, struct str payload)
{
    struct buf memory = buf_over(scene.work, INCIDENT_DECIDE_MEMORY);
    struct incident_command c = {kind, payload, 2000};
    struct incident *s = scene.all.count ? scene.all.list[0] : NULL;
    struct import_item item = {.ticket = STR("")};
    uint64_t first;
    struct err e;

    if (!s)
        s = incidents_add(&scene.all, &e);
    assert_non_null(s);
    if (!incident_decide(s, &c, &memory, &scene.decided, &e))
        fail_msg("%s", e.text);
    assert_true(add(NULL, &item, s, &scene.decided, &first, &e));
    assert_true(journal_commit(scene.journal, &e));
}

static void open_incident(bool exercise)
{
    char bytes[512];
    struct buf b = buf_over(bytes, sizeof bytes);

    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    incident_put(&b, IN_NAME, STR("EX drill"));
    incident_put(&b, IN_TYPE, STR("other"));
    incident_put(&b, IN_ACTOR, STR("EX"));
    if (exercise)
        incident_put(&b, IN_EXERCISE, STR("1"));
    say(INC_INCIDENT_OPENED, buf_str(&b));
}

static void close_incident(void)
{
    char bytes[512];
    struct buf b = buf_over(bytes, sizeof bytes);

    incident_put(&b, IN_SCOPE, STR("incident"));
    incident_put(&b, IN_COMMANDER, STR("EX"));
    incident_put(&b, IN_ACTOR, STR("EX"));
    incident_put(&b, IN_EXERCISE, STR("1"));
    say(INC_COMMAND_ASSUMED, buf_str(&b));
    b.len = 0;
    incident_put(&b, IN_INCIDENT, STR("EX-1"));
    incident_put(&b, IN_REASON, STR("EX over"));
    incident_put(&b, IN_ACTOR, STR("EX"));
    incident_put(&b, IN_ROLE, STR("commander"));
    incident_put(&b, IN_EXERCISE, STR("1"));
    say(INC_INCIDENT_CLOSED, buf_str(&b));
}

static int begin(void **state)
{
    struct journal_opened how;
    struct err e;

    (void)state;
    memset(&scene, 0, sizeof scene);
    scene.dir = folder_make();
    scene.row = malloc(INCIDENT_DECIDE_MEMORY);
    scene.work = malloc(INCIDENT_DECIDE_MEMORY);
    scene.room = 1 << 20;
    incidents_init(&scene.all, (struct hash_key){1, 2});
    MUST(scene.row && scene.work && journal_open(scene.dir, &scene.journal, &how, &e));
    return 0;
}

static int end(void **state)
{
    char command[512];

    (void)state;
    journal_close(scene.journal);
    incidents_fini(&scene.all);
    free(scene.row);
    free(scene.work);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", scene.dir);
    MUST(system(command) == 0);
    free(scene.dir);
    return 0;
}

static char *copy(const char *text, size_t *len)
{
    *len = strlen(text);
    return strdup(text);
}

/* Runs an import to its end, a commit after each step as the record thread does. */
static struct import_result run(const char *text, int room)
{
    struct importing_world w = {NULL, find, has_room, add};
    struct import_result r = {0};
    struct importing *m;
    size_t len;
    char *own = copy(text, &len);
    struct err e;
    bool over = false;
    size_t before;

    if (!importing_new(&w, own, len, &m, &e)) {
        (void)str_copy(r.text, sizeof r.text, str_from(e.text));
        return r;
    }
    while (!over) {
        scene.room = room;
        before = journal_head(scene.journal).seq;
        over = importing_step(m, scene.journal, 2000);
        if (scene.room < room)
            assert_true(journal_commit(scene.journal, &e));
        scene.room = 1 << 20;
        if (scene.between && journal_head(scene.journal).seq > before && !over) {
            scene.between = false;
            close_incident();
        }
    }
    r = *importing_result(m);
    importing_free(m);
    return r;
}

static char *lines(int count, const char *behind)
{
    char *text = malloc((size_t)count * 160 + 1024);
    int n = sprintf(text, "%s", HEAD);

    for (int i = 0; i < count; i++)
        n += sprintf(text + n,
                     "{\"id\":\"EX-ticket-%d\",\"kind\":\"incident.changed\",\"fields\":{\"place\":\"EX %d\"}}\n",
                     i, i);
    (void)sprintf(text + n, "%s", behind);
    return text;
}

/* ---- the import ----------------------------------------------------------- */

static void all_or_nothing_and_twice_is_once(void **state)
{
    char *good = lines(1000, ""), *bad = lines(1000, "\n{\"id\":\"EX-bad-1\",\"kind\":\"unit.checked_in\",\"fields\":"
                                                     "{\"unit\":\"U\",\"agency\":\"EX-none\"}}\n");
    struct import_result r;
    uint64_t head;

    (void)state;
    open_incident(true);
    head = journal_head(scene.journal).seq;
    r = run(bad, 1 << 20);
    assert_false(r.ok);
    assert_int_equal(r.refused, ERR_MISSING);
    assert_non_null(strstr(r.text, "line 1002: agency: there is no"));
    assert_non_null(strstr(r.text, "nothing was recorded"));
    assert_int_equal(journal_head(scene.journal).seq, head);
    r = run(good, 7); /* a batch takes seven */
    assert_true(r.ok);
    assert_int_equal(r.commands, 1000);
    assert_int_equal(r.first, head + 1);
    assert_int_equal(r.last, head + 1000);
    assert_int_equal(journal_head(scene.journal).seq, head + 1000);
    r = run(good, 1 << 20);
    assert_true(r.ok);
    assert_int_equal(r.commands, 0);
    assert_int_equal(r.known, 1000);
    assert_int_equal(journal_head(scene.journal).seq, head + 1000);
    free(good);
    free(bad);
}

/* What a crash left undone is done, and what it had done is not done twice. */
static void goes_on_where_it_was_cut(void **state)
{
    char *some = lines(300, ""), *all = lines(900, "");
    struct import_result r;

    (void)state;
    open_incident(true);
    assert_true(run(some, 1 << 20).ok);
    r = run(all, 50);
    assert_true(r.ok);
    assert_int_equal(r.known, 300);
    assert_int_equal(r.commands, 600);
    free(some);
    free(all);
}

static void stops_exactly_where_somebody_closed_the_incident(void **state)
{
    char *text = lines(900, ""), want[64];
    struct import_result r;

    (void)state;
    open_incident(true);
    scene.between = true;
    r = run(text, 40);
    assert_false(r.ok);
    assert_false(scene.between);
    assert_true(r.commands > 0 && r.commands <= 40); /* one step; a slow machine does less in its time */
    (void)snprintf(want, sizeof want, "line %zu:", r.commands + 1);
    assert_non_null(strstr(r.text, want));
    (void)snprintf(want, sizeof want, "%zu are in the record", r.commands);
    assert_non_null(strstr(r.text, want));
    free(text);
}

static void refuses_with_line_and_field(void **state)
{
    static const struct row {
        const char *text, *why;
    } rows[] = {
        {"", "the head"},
        {"{}\n", "the head of the import: \"cordon\""},
        {"{\"cordon\":\"import 2\",\"incident\":\"EX-1\",\"by\":\"x\",\"source\":\"\"}\n", "is not import 1"},
        {"{\"cordon\":\"import 1\",\"incident\":\"none\",\"by\":\"x\",\"source\":\"\"}\n", "no incident \"none\""},
        {"{\"cordon\":\"import 1\",\"incident\":\"EX-1\",\"by\":\"x\",\"source\":\"\",\"exercise\":false}\n",
         "exercise: this incident is an exercise"},
        {HEAD "x\n", "line 1: "},
        {HEAD "\n\n[]\n", "line 3: "},
        {HEAD "{\"id\":\"short\",\"kind\":\"incident.changed\",\"fields\":{}}\n", "line 1: \"id\""},
        {HEAD "{\"id\":\"EX bad id\",\"kind\":\"incident.changed\",\"fields\":{}}\n", "line 1: id: must be"},
        {HEAD "{\"id\":\"12345678\",\"kind\":\"incident.changed\"}\n", "line 1: fields: an object"},
        {HEAD "{\"id\":\"12345678\",\"kind\":\"incident.opened\",\"fields\":{}}\n", "line 1: kind: an import goes"},
        {HEAD "{\"id\":\"12345678\",\"kind\":\"no\",\"fields\":{},\"line\":77}\n", "line 77: kind: there is no"},
        {HEAD "{\"id\":\"12345678\",\"kind\":\"incident.changed\",\"fields\":{\"actor\":\"me\"}}\n", "line 1: "},
        {HEAD "{\"id\":\"12345678\",\"kind\":\"incident.changed\",\"fields\":{},\"exercise\":false}\n",
         "line 1: exercise"},
        {HEAD "{\"id\":\"12345678\",\"kind\":\"incident.changed\",\"fields\":{},\"recorded_at\":\"noon\"}\n",
         "line 1: recorded_at"},
        {HEAD "{\"id\":\"12345678\",\"kind\":\"incident.changed\",\"fields\":{}}\n"
              "{\"id\":\"12345678\",\"kind\":\"incident.changed\",\"fields\":{}}\n",
         "line 2: id: the same as in line 1"},
    };
    uint64_t head;

    (void)state;
    open_incident(true);
    head = journal_head(scene.journal).seq;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct import_result r = run(rows[i].text, 100);

        if (r.ok || !strstr(r.text, rows[i].why))
            fail_msg("row %zu: %s", i, r.ok ? "taken" : r.text);
    }
    assert_int_equal(journal_head(scene.journal).seq, head);
}

/* Each line is asked what a single command is asked: the kind, the role, and the entity that it changes. */
static void asks_of_each_line_what_a_command_is_asked(void **state)
{
#define LINE(n, kind, fields) "{\"id\":\"EX-line-" n "\",\"kind\":\"" kind "\",\"fields\":{" fields "}}\n"
#define HARMLESS LINE("harmless", "incident.changed", "\"place\":\"EX corner\"")
#define SECRET LINE("secret", "task.dropped", "\"task\":\"EX-intel\",\"reason\":\"EX\"")
#define ORDER LINE("order", "message.acked", "\"message\":\"EX-order\",\"acked_by\":\"EX-other\"")
    static const struct row {
        const char *text, *why; /* NULL: taken */
    } rows[] = {
        {HEAD_OF("", "") HARMLESS, "line 1: incident.changed: this account only reads"},
        {HEAD_OF("observer", "") HARMLESS, "line 1: incident.changed: this account only reads"},
        {HEAD_OF("planning", "") HARMLESS LINE("role", "incident.closed", "\"reason\":\"EX\",\"role\":\"commander\""),
         "line 2: role: this account does not have the role \"commander\""},
        {HEAD_OF("planning", "") LINE("for", "incident.changed", "\"place\":\"EX\",\"on_behalf_of\":\"EX chief\""),
         "line 1: role: this account does not have the role \"loggist\""},
        {HEAD_OF("planning", "") LINE("nok", "casualty.nok_set", "\"casualty\":\"EX-C1\",\"nok\":\"informed\""),
         "line 1: casualty.nok_set: needs the role casualty-officer"},
        {HEAD_OF("planning", "") HARMLESS SECRET, "line 2: task: this task is not for the roles"},
        {HEAD_OF("responder", "EX-other") ORDER, "line 1: message: this message is not for the roles"},
        /* It is made in the same file, for a class that he has not: he cannot change it any more. */
        {HEAD_OF("planning", "") LINE("made", "task.created", "\"task\":\"EX-own\",\"owner\":\"intelligence\","
                                      "\"text\":\"EX\",\"class\":\"intel\"")
                                 LINE("own", "task.dropped", "\"task\":\"EX-own\",\"reason\":\"EX\""),
         "line 2: task: this task is not for the roles"},
        {HEAD_OF("planning,intelligence", "") HARMLESS SECRET, NULL},
    };
    struct buf b;
    char bytes[512];
    uint64_t head;

    (void)state;
    open_incident(true);
    b = buf_over(bytes, sizeof bytes);
    incident_put(&b, IN_TASK, STR("EX-intel"));
    incident_put(&b, IN_OWNER, STR("intelligence"));
    incident_put(&b, IN_TEXT, STR("EX"));
    incident_put(&b, IN_CLASS, STR("intel"));
    incident_put(&b, IN_ACTOR, STR("EX"));
    incident_put(&b, IN_EXERCISE, STR("1"));
    say(INC_TASK_CREATED, buf_str(&b));
    b.len = 0;
    incident_put(&b, IN_MESSAGE, STR("EX-order"));
    incident_put(&b, IN_TO, STR("logistics"));
    incident_put(&b, IN_TEXT, STR("EX"));
    incident_put(&b, IN_ACTOR, STR("EX"));
    incident_put(&b, IN_EXERCISE, STR("1"));
    say(INC_MESSAGE_SENT, buf_str(&b));
    head = journal_head(scene.journal).seq;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct import_result r = run(rows[i].text, 100);

        if (r.ok == (rows[i].why != NULL) || (rows[i].why && !strstr(r.text, rows[i].why)))
            fail_msg("row %zu: %s", i, r.ok ? "taken" : r.text);
        assert_true(r.ok || (r.refused == ERR_RIGHTS && journal_head(scene.journal).seq == head));
    }
    assert_int_equal(journal_head(scene.journal).seq, head + 2);
#undef LINE
#undef HARMLESS
#undef SECRET
#undef ORDER
}

/* A real record is dated by the clock and signed by who brings the file. */
static void only_an_exercise_tells_time_and_people(void **state)
{
    static const char told[] =
        HEAD "{\"id\":\"12345678\",\"kind\":\"incident.changed\",\"fields\":{\"place\":\"EX\"},\"actor\":\"EX other\","
             "\"recorded_at\":\"1970-01-01T00:00:01Z\"}\n";
    struct import_result r;

    (void)state;
    open_incident(false);
    r = run(told, 100);
    assert_false(r.ok);
    assert_non_null(strstr(r.text, "line 1: actor: only an exercise"));
    incidents_fini(&scene.all);
    open_incident(true);
    assert_true(run(told, 100).ok);
    assert_int_equal(ent_int(scene.all.list[0], incident_self(scene.all.list[0]), IN_RECORDED_AT, 0), 1000);
    assert_true(ent_is(scene.all.list[0], incident_self(scene.all.list[0]), IN_ACTOR, "EX other"));
}

static void a_copy_is_equal_and_lives_alone(void **state)
{
    struct incidents other;
    struct incident *to;
    struct err e;
    char *text = lines(200, "");

    (void)state;
    open_incident(true);
    assert_true(run(text, 100).ok);
    incidents_init(&other, (struct hash_key){1, 2});
    to = incidents_add(&other, &e);
    incident_copy(to, scene.all.list[0]);
    assert_true(incident_hash(to) == incident_hash(scene.all.list[0]));
    assert_int_equal(ent_find(to, ENT_INCIDENT, STR("EX-1")), incident_self(scene.all.list[0]));
    close_incident();
    assert_true(ent_is(to, incident_self(to), IN_STATE, "active"));
    incident_copy(to, scene.all.list[0]);
    assert_true(incident_hash(to) == incident_hash(scene.all.list[0]));
    incidents_fini(&other);
    free(text);
}

/* ---- the folder ------------------------------------------------------------ */

static void puts_takes_and_tells(void **state)
{
    struct import_result done = {.incident = "EX-1", .by = "EX planner", .total = 9, .known = 1, .commands = 2,
                                 .events = 3, .first = 4, .last = 6, .refused = ERR_MISSING,
                                 .text = "line 3: \"x\""}, got;
    char first[INBOX_NAME], second[INBOX_NAME], name[INBOX_NAME];
    size_t len;
    char *text;
    struct err e;
    int fd;

    (void)state;
    inbox_name(first);
    inbox_name(second);
    assert_true(inbox_open(scene.dir, &fd, &e));
    assert_false(inbox_next(fd, name));
    assert_true(inbox_put(scene.dir, first, STR("one"), &e));
    assert_true(inbox_next(fd, name));
    assert_string_equal(name, first);
    assert_true(inbox_put(scene.dir, second, STR("two"), &e));
    assert_true(inbox_read(fd, second, &text, &len));
    assert_memory_equal(text, "two", 3);
    free(text);
    assert_true(inbox_has(fd, first) && !inbox_is_done(fd, first));
    assert_false(inbox_fetch(scene.dir, fd, first, &got));
    assert_true(inbox_done(scene.dir, fd, first, &done, &e));
    assert_true(!inbox_has(fd, first) && inbox_is_done(fd, first));
    assert_true(inbox_waits(scene.dir, str_from(second)) && !inbox_waits(scene.dir, str_from(first)));
    assert_true(inbox_look(scene.dir, str_from(first), &got) && strcmp(got.by, "EX planner") == 0);
    assert_false(inbox_look(scene.dir, STR("../inbox/x"), &got) || inbox_look(scene.dir, STR(""), &got));
    assert_true(inbox_next(fd, name));
    assert_string_equal(name, second);
    inbox_prune(fd, 0);
    assert_true(inbox_fetch(scene.dir, fd, first, &got));
    assert_memory_equal(got.text, done.text, strlen(done.text) + 1);
    assert_true(got.total == 9 && got.known == 1 && got.commands == 2 && got.events == 3 && got.first == 4 &&
                got.last == 6 && got.refused == ERR_MISSING && !got.ok);
    assert_false(inbox_fetch(scene.dir, fd, first, &got));
    assert_true(inbox_done(scene.dir, fd, second, &done, &e));
    inbox_prune(fd, INT64_MAX / 2); /* nobody fetched it */
    assert_false(inbox_is_done(fd, second));
    inbox_close(fd);
}

static void refuses_what_is_not_its_own(void **state)
{
    static const char *const names[] = {"a-1.commands", "a-2.commands", "a-3.commands", "a-4.commands", "b_5.commands"};
    char name[INBOX_NAME], *text;
    struct stat st;
    size_t len;
    struct err e;
    int fd, file;

    (void)state;
    assert_true(inbox_open(scene.dir, &fd, &e));
    for (size_t i = 0; i < 5; i++) {
        file = openat(fd, names[i], O_CREAT | O_WRONLY, i == 0 ? 0644 : 0600);
        assert_true(file >= 0 && fchmod(file, i == 0 ? 0644 : 0600) == 0);
        if (i == 1)
            assert_int_equal(ftruncate(file, (off_t)500 << 20), 0);
        (void)close(file);
    }
    assert_true(unlinkat(fd, names[2], 0) == 0 && symlinkat("/dev/zero", fd, names[2]) == 0);
    assert_true(unlinkat(fd, names[3], 0) == 0 && mkfifoat(fd, names[3], 0600) == 0);
    assert_false(inbox_read(fd, "a-2", &text, &len));
    assert_false(inbox_next(fd, name));
    for (size_t i = 0; i < 5; i++) {
        char moved[64];

        (void)snprintf(moved, sizeof moved, "refused/%s", names[i]);
        assert_int_equal(fstatat(fd, moved, &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_not_equal(fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW), 0);
    }
    assert_int_equal(fchmod(fd, 0755), 0);
    inbox_close(fd);
    assert_false(inbox_open(scene.dir, &fd, &e));
    assert_non_null(strstr(e.text, "not ours alone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_or_nothing_and_twice_is_once, begin, end),
        cmocka_unit_test_setup_teardown(goes_on_where_it_was_cut, begin, end),
        cmocka_unit_test_setup_teardown(stops_exactly_where_somebody_closed_the_incident, begin, end),
        cmocka_unit_test_setup_teardown(refuses_with_line_and_field, begin, end),
        cmocka_unit_test_setup_teardown(asks_of_each_line_what_a_command_is_asked, begin, end),
        cmocka_unit_test_setup_teardown(only_an_exercise_tells_time_and_people, begin, end),
        cmocka_unit_test_setup_teardown(a_copy_is_equal_and_lives_alone, begin, end),
        cmocka_unit_test_setup_teardown(puts_takes_and_tells, begin, end),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_its_own, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
