#include "core/fields.h"
#include "core/record.h"
#include "store/invites.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char *dir;
static struct accounts *accounts;
static struct err e;
enum { NOW = 1000000, HOUR = 3600000 };

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    return accounts_open(dir, &accounts, &e) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    accounts_close(accounts);
    folder_remove(dir);
    return 0;
}

static struct invite invite_of(const char *name, int64_t uses)
{
    struct invite v = {.role = "Medic", .agency = "EX-1122", .group_count = 2, .expires_ms = NOW + HOUR,
                       .uses_max = uses, .made_by = "lead", .made_ms = NOW,
                       .groups = {{.name = "Blue", .in = true, .out = true, .active = true},
                                  {.name = "Command", .out = true, .active = true}}};

    (void)snprintf(v.name, sizeof v.name, "%s", name);
    return v;
}

static struct invite make(const char *name, int64_t uses, char token[INVITE_TOKEN + 1])
{
    struct invite v = invite_of(name, uses);

    if (!invites_make(accounts, &v, token, &e))
        fail_msg("%s", e.text);
    assert_int_equal(strlen(token), INVITE_TOKEN);
    return v;
}

static bool find(const char *name, const char *token, int64_t now, struct invite *v)
{
    return invites_find(accounts, str_from(name), str_from(token), now, v, &e);
}

static struct certificate certificate_of(const char *serial, int64_t invite)
{
    struct certificate c = {.invite_id = invite, .issued_ms = NOW + 1, .not_after_ms = NOW + HOUR};

    (void)snprintf(c.serial, sizeof c.serial, "%s", serial);
    return c;
}

static bool join(const struct invite *v, const char *serial, struct user *u)
{
    struct certificate c = certificate_of(serial, v->id);

    return invites_user(accounts, v, u, &e) && invites_join(accounts, u, &c, &e);
}

/* Kinds and payloads of the notes, and what stands nowhere in them. */
struct notes {
    size_t count[EV_END];
    const char *secret;
};

static bool see_note(void *ctx, int64_t id, unsigned kind, struct str payload)
{
    struct notes *n = ctx;

    (void)id;
    n->count[kind]++;
    if (n->secret)
        assert_int_equal(str_find(payload, str_from(n->secret)), payload.len);
    return true;
}

static void a_token_is_found_by_name_and_forgives_typing(void **state)
{
    char token[INVITE_TOKEN + 1], other[INVITE_TOKEN + 1], typed[64];
    struct invite made = make("medic-1", 1, token), v;
    struct notes notes = {.secret = token};

    (void)state;
    (void)make("medic-2", 1, other);
    assert_string_not_equal(token, other);
    assert_true(find("medic-1", token, NOW, &v));
    assert_int_equal(v.id, made.id);
    assert_string_equal(v.role, "Medic");
    assert_string_equal(v.agency, "EX-1122");
    assert_int_equal(v.group_count, 2);
    assert_string_equal(v.groups[1].name, "Command");
    assert_true(!v.groups[1].in && v.groups[1].out && v.groups[0].in && v.groups[0].active);
    for (size_t i = 0; i < INVITE_TOKEN; i++)
        typed[i] = token[i] == '0' ? 'o' : token[i] == '1' ? (i % 2 ? 'l' : 'I') : (char)(token[i] | 0x20);
    (void)snprintf(typed + 13, sizeof typed - 13, "- %s", token + 13);
    assert_true(find("medic-1", typed, NOW, &v));
    assert_false(find("medic-2", token, NOW, &v));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_false(find("medic-1", other, NOW, &v));
    assert_false(find("medic-1", "", NOW, &v));
    assert_false(find("", token, NOW, &v));
    token[3] = token[3] == 'A' ? 'B' : 'A';
    assert_false(find("medic-1", token, NOW, &v));
    (void)snprintf(typed, sizeof typed, "%sA", token);
    assert_false(find("medic-1", typed, NOW, &v));
    assert_false(invites_find(accounts, STR("medic-1"), STR("ABC\0DEFGHJKMNPQRSTVWXYZABC"), NOW, &v, &e));
    assert_true(accounts_notes(accounts, 0, see_note, &notes, &e)); /* a token stands in none of them */
    assert_int_equal(notes.count[EV_INVITE_MADE], 2);
}

static void an_invite_is_used_as_often_as_it_says(void **state)
{
    char token[INVITE_TOKEN + 1];
    struct invite v = make("medic-1", 1, token), again;
    struct certificate got;
    struct user u, first;

    (void)state;
    assert_true(join(&v, "01", &u));
    assert_string_equal(u.name, "medic-1");
    assert_true(accounts_user_by_name(accounts, STR("medic-1"), &first, &e));
    assert_string_equal(first.role, "Medic");
    assert_int_equal(first.group_count, 2);
    assert_true(accounts_certificate(accounts, STR("01"), &got, &e));
    assert_int_equal(got.user_id, first.id);
    assert_int_equal(got.invite_id, v.id);
    assert_false(find("medic-1", token, NOW + 2, &again));
    assert_int_equal(e.kind, ERR_DENIED);
    assert_non_null(strstr(e.text, "used already"));
    assert_int_equal(again.used_ms, NOW + 1);
    assert_false(join(&v, "02", &u)); /* nor by who found it before */
    assert_int_equal(e.kind, ERR_DENIED);
    assert_false(accounts_certificate(accounts, STR("02"), &got, &e));
    v = make("medic-1", 1, token); /* a second device of the same user */
    assert_true(join(&v, "03", &u));
    assert_int_equal(u.id, first.id);
}

static void many_devices_are_users_of_their_own(void **state)
{
    char token[INVITE_TOKEN + 1];
    struct user u = {.name = "ranger-2"};
    struct invite v = make("ranger", 3, token);

    (void)state;
    assert_true(accounts_put_user(accounts, &u, &e)); /* somebody has that name */
    assert_true(join(&v, "01", &u));
    assert_string_equal(u.name, "ranger-1");
    assert_true(join(&v, "02", &u));
    assert_string_equal(u.name, "ranger-3");
    assert_true(invites_user(accounts, &v, &u, &e)); /* nobody came by it: the number is gone all the same */
    assert_string_equal(u.name, "ranger-4");
    assert_true(join(&v, "03", &u));
    assert_string_equal(u.name, "ranger-5");
    assert_false(join(&v, "04", &u));
    assert_false(accounts_user_by_name(accounts, STR("ranger-6"), &u, &e)); /* all or nothing */
}

static void an_invite_expires_and_ends(void **state)
{
    char token[INVITE_TOKEN + 1];
    struct invite v = make("medic-1", 5, token);
    struct notes notes = {0};

    (void)state;
    assert_true(find("medic-1", token, NOW + HOUR - 1, &v));
    assert_false(find("medic-1", token, NOW + HOUR, &v));
    assert_non_null(strstr(e.text, "expired"));
    assert_true(invites_end(accounts, v.id, STR("lead"), NOW + 5, &e));
    assert_false(find("medic-1", token, NOW + 6, &v));
    assert_non_null(strstr(e.text, "ended"));
    assert_int_equal(v.ended_ms, NOW + 5);
    assert_false(invites_end(accounts, v.id, STR("lead"), NOW + 7, &e));
    assert_int_equal(e.kind, ERR_DENIED);
    assert_false(invites_end(accounts, 77, STR("lead"), NOW + 7, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    assert_true(accounts_notes(accounts, 0, see_note, &notes, &e));
    assert_int_equal(notes.count[EV_INVITE_ENDED], 1);
}

static void bad_ones_are_not_made(void **state)
{
    struct invite good = invite_of("a", 1), v;
    char token[INVITE_TOKEN + 1], long_name[INVITE_NAME_MAX];
    struct {
        const char *name;
        int64_t uses, expires_ms;
    } rows[] = {{"", 1, NOW + 1},         {"a b", 1, NOW + 1}, {".a", 1, NOW + 1},   {"a:b", 1, NOW + 1},
                {"\xc3\xa4", 1, NOW + 1}, {"a", 0, NOW + 1},   {"a", 10001, NOW + 1}, {"a", 1, NOW}};

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        v = invite_of(rows[i].name, rows[i].uses);
        v.expires_ms = rows[i].expires_ms;
        assert_false(invites_make(accounts, &v, token, &e));
        assert_int_equal(e.kind, ERR_INPUT);
        assert_string_equal(token, "");
    }
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    v = invite_of(long_name, 1);
    assert_true(invites_make(accounts, &v, token, &e));
    good.groups[1] = good.groups[0];
    assert_false(invites_make(accounts, &good, token, &e));
    good.group_count = 1;
    good.groups[0].in = good.groups[0].out = false;
    assert_false(invites_make(accounts, &good, token, &e));
}

static void a_disabled_user_gets_no_device(void **state)
{
    struct user u = {.name = "medic-1", .disabled = true};
    char token[INVITE_TOKEN + 1];
    struct invite v = make("medic-1", 1, token);

    (void)state;
    assert_true(accounts_put_user(accounts, &u, &e));
    assert_false(invites_user(accounts, &v, &u, &e));
    assert_int_equal(e.kind, ERR_DENIED);
}

static bool count_one(void *ctx, const struct invite *v)
{
    int64_t *last = ctx;

    assert_true(v->id < *last);
    *last = v->id;
    return true;
}

/* The table is full: what is long over gives way, what is not never does. */
static void the_table_has_a_bound(void **state)
{
    char token[INVITE_TOKEN + 1];
    struct invite v = invite_of("old", 1);
    int64_t last = INT64_MAX;

    (void)state;
    assert_true(invites_list(accounts, count_one, &last, &e));
    assert_int_equal(last, INT64_MAX);
    for (int i = 0; i < INVITES_MAX; i++) {
        v = invite_of(i < 10 ? "old" : "new", 1);
        v.expires_ms = i < 10 ? NOW + 1 : NOW + 24 * (int64_t)HOUR;
        if (!invites_make(accounts, &v, token, &e))
            fail_msg("%s", e.text);
    }
    assert_true(invites_list(accounts, count_one, &last, &e));
    v = invite_of("one more", 1);
    (void)snprintf(v.name, sizeof v.name, "one-more");
    assert_false(invites_make(accounts, &v, token, &e));
    assert_int_equal(e.kind, ERR_FULL);
    v.made_ms = NOW + INVITE_KEPT_MS + 2;
    v.expires_ms = v.made_ms + HOUR;
    assert_true(invites_make(accounts, &v, token, &e));
}

#define INVITES_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        INVITES_TEST(a_token_is_found_by_name_and_forgives_typing),
        INVITES_TEST(an_invite_is_used_as_often_as_it_says),
        INVITES_TEST(many_devices_are_users_of_their_own),
        INVITES_TEST(an_invite_expires_and_ends),
        INVITES_TEST(bad_ones_are_not_made),
        INVITES_TEST(a_disabled_user_gets_no_device),
        INVITES_TEST(the_table_has_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
