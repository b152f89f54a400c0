/* The missions' file: what a row makes of it, and that it is the same however it was made.
 *
 * Usage: store_missions_test [FIRST_SEED [COUNT]]    seeds of the cut disk */
#include "core/record.h"
#include "store/mission_token.h"
#include "store/missions.h"
#include "support/crash_vfs.c"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START INT64_C(1760000000000)
#define GUID(n) ("0fb9d4a2-0000-4000-8000-00000000000" #n)

static uint64_t first_seed = 1, seed_count = 150, seed_now;
static struct err e;

#define OK(x)                                                                                                          \
    do {                                                                                                               \
        e.text[0] = 0;                                                                                                 \
        if (!(x))                                                                                                      \
            fail_msg("seed %llu: %s, line %d (%s)", (unsigned long long)seed_now, #x, __LINE__, e.text);               \
    } while (0)

/* A payload of pairs: tag, text, ..., 0. */
static struct str row(struct buf *b, int tag, ...)
{
    va_list args;

    b->len = 0;
    va_start(args, tag);
    for (; tag; tag = va_arg(args, int))
        fields_put(b, (enum field)tag, str_from(va_arg(args, const char *)));
    va_end(args);
    MUST(!b->full);
    return buf_str(b);
}

static char room[65536];
#define ROW(...) row(&(struct buf){.at = room, .max = sizeof room}, __VA_ARGS__, 0)

struct world {
    char *dir;
    struct journal *j;
    struct missions *m;
};

static bool open_world(struct world *w)
{
    struct journal_opened how;

    return journal_open(w->dir, &w->j, &how, &e) && missions_open(w->dir, &w->m, &e) &&
           missions_follow(w->m, w->j, &e);
}

static void close_world(struct world *w)
{
    missions_close(w->m);
    if (w->j)
        journal_close(w->j);
    w->m = NULL;
    w->j = NULL;
}

/* One row as the record thread writes it; false: the disk failed. */
static bool put(struct world *w, struct str payload)
{
    struct journal_head head = journal_head(w->j);
    int64_t at = START + (int64_t)head.seq * 1000;
    uint64_t seq;
    bool ok = missions_mark(w->m, &e) && missions_apply(w->m, head.seq + 1, at, payload, &e) &&
              missions_keep(w->m, &e);

    missions_undo(w->m);
    if (!journal_add(w->j, EV_MISSION_CHANGED, at, 0, payload, &seq, &e) || !journal_commit(w->j, &e))
        return false;
    head = journal_head(w->j);
    return ok && missions_commit(w->m, &head, &e);
}

static void create(struct world *w, const char *guid, const char *name)
{
    OK(put(w, ROW(FIELD_MISSION_CHANGE, "created", FIELD_MISSION, guid, FIELD_MISSION_NAME, name, FIELD_USER, "EX-u",
                  FIELD_MISSION_CREATOR, "EX-phone", FIELD_MISSION_CLIENT, "EX-phone", FIELD_MISSION_TOKEN, "t0",
                  FIELD_GROUP, "Fire", FIELD_GROUP, "Police", FIELD_MISSION_KEY, "description", FIELD_MISSION_VALUE,
                  "what it is", FIELD_MISSION_KEY, "tool", FIELD_MISSION_VALUE, "public", FIELD_MISSION_KEYWORD,
                  "k1")));
}

static uint64_t hash_of(struct world *w)
{
    uint64_t h;

    OK(missions_hash(w->m, &h, &e));
    return h;
}

static struct mission found;

static struct mission *get(struct world *w, const char *guid)
{
    OK(missions_by_guid(w->m, str_from(guid), true, &found, &e));
    return &found;
}

struct seen {
    size_t n;
    struct mission_item last;
    char uids[512], cot[256];
};

static bool see_item(void *ctx, const struct mission_item *i)
{
    struct seen *s = ctx;

    s->n++;
    s->last = *i;
    (void)snprintf(s->uids + strlen(s->uids), sizeof s->uids - strlen(s->uids), "%s:%.*s ",
                   mission_change_info(i->change)->word, STR_ARG(i->uid.len ? i->uid : i->hash));
    (void)str_copy(s->cot, sizeof s->cot, i->cot);
    return true;
}

static bool see_word(void *ctx, struct str word)
{
    struct seen *s = ctx;

    s->n++;
    (void)snprintf(s->uids + strlen(s->uids), sizeof s->uids - strlen(s->uids), "%.*s ", STR_ARG(word));
    return true;
}

static bool see_layer(void *ctx, const struct mission_layer *l)
{
    struct seen *s = ctx;

    (void)snprintf(s->uids + strlen(s->uids), sizeof s->uids - strlen(s->uids), "%.*s<%.*s ", STR_ARG(l->uid),
                   STR_ARG(l->parent));
    return true;
}

/* A mission with two puts of a uid (rows 4 and 5), a file and a log entry. */
static int64_t fill(struct world *w)
{
    create(w, GUID(1), "EX one");
    OK(put(w, ROW(FIELD_MISSION_CHANGE, "updated", FIELD_MISSION, GUID(1), FIELD_MISSION_KEY, "path",
                  FIELD_MISSION_VALUE, "a", FIELD_MISSION_KEY, "expiration", FIELD_MISSION_VALUE, "5")));
    OK(put(w, ROW(FIELD_MISSION_CHANGE, "password", FIELD_MISSION, GUID(1), FIELD_MISSION_VALUE, "$argon2id$x")));
    for (int i = 0; i < 2; i++) /* an update keeps the older snapshot */
        OK(put(w, ROW(FIELD_MISSION_CHANGE, "uid.put", FIELD_MISSION, GUID(1), FIELD_UID, "EX-a",
                      FIELD_MISSION_CREATOR, "EX-phone", FIELD_MISSION_COT, i ? "<new>" : "<old>")));
    OK(put(w, ROW(FIELD_MISSION_CHANGE, "file.put", FIELD_MISSION, GUID(1), FIELD_SHA256, "ab", FIELD_MISSION_KEY,
                  "file.name", FIELD_MISSION_VALUE, "EX.jpg")));
    OK(put(w, ROW(FIELD_MISSION_CHANGE, "log.put", FIELD_MISSION, GUID(1), FIELD_UID, "L1", FIELD_TEXT, "EX line")));
    return get(w, GUID(1))->id;
}

static void test_a_mission_is_what_its_changes_say(void **state)
{
    struct world w = {.dir = folder_make()};
    struct mission *x;

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX one");
    x = get(&w, GUID(1));
    assert_string_equal(x->name, "EX one");
    assert_true(str_eq(x->groups, STR("Fire\nPolice")));
    assert_true(str_eq(x->attribute[MISSION_DESCRIPTION], STR("what it is")));
    assert_int_equal(x->expiration, -1);
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "updated", FIELD_MISSION, GUID(1), FIELD_MISSION_KEY, "path",
                   FIELD_MISSION_VALUE, "a", FIELD_MISSION_KEY, "expiration", FIELD_MISSION_VALUE, "5")));
    x = get(&w, GUID(1));
    assert_true(str_eq(x->attribute[MISSION_DESCRIPTION], STR("what it is")));
    assert_true(str_eq(x->attribute[MISSION_PATH], STR("a")));
    assert_int_equal(x->expiration, 5);
    assert_int_equal(x->edited_ms, START + 1000);
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "password", FIELD_MISSION, GUID(1), FIELD_MISSION_VALUE, "$argon2id$x")));
    assert_string_equal(get(&w, GUID(1))->password, "$argon2id$x");
    close_world(&w);
    folder_remove(w.dir);
}

static void test_the_past_stays(void **state)
{
    struct world w = {.dir = folder_make()};
    struct missions_span span = {.to_ms = INT64_MAX, .squashed = true};
    struct seen s = {0};
    int64_t id, n;
    bool is;

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    id = fill(&w);
    span.mission = id;
    OK(missions_changes(w.m, &span, see_item, &s, &e));
    assert_string_equal(s.uids, "created: uid.put:EX-a file.put:ab ");
    span.squashed = false;
    s = (struct seen){0};
    OK(missions_changes(w.m, &span, see_item, &s, &e));
    assert_string_equal(s.uids, "created: uid.put:EX-a uid.put:EX-a file.put:ab ");
    span.from_ms = START + 4000;
    s = (struct seen){0};
    OK(missions_changes(w.m, &span, see_item, &s, &e));
    assert_string_equal(s.uids, "uid.put:EX-a file.put:ab ");
    s = (struct seen){0};
    OK(missions_change(w.m, id, 4, see_item, &s, &e));
    assert_string_equal(s.cot, "<old>");
    assert_false(missions_change(w.m, id + 1, 4, see_item, &s, &e)); /* of another mission */
    assert_int_equal(e.kind, ERR_MISSING);
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "uid.removed", FIELD_MISSION, GUID(1), FIELD_UID, "EX-a")));
    OK(missions_has(w.m, MISSIONS_UIDS, id, STR("EX-a"), &is, &e));
    assert_false(is);
    s = (struct seen){0};
    OK(missions_change(w.m, id, 5, see_item, &s, &e)); /* deleting is a change, never an erasure */
    assert_string_equal(s.cot, "<new>");
    OK(missions_need_file(w.m, STR("ab"), &is, &e));
    assert_true(is);
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "file.removed", FIELD_MISSION, GUID(1), FIELD_SHA256, "ab")));
    OK(missions_need_file(w.m, STR("ab"), &is, &e));
    assert_true(is); /* the past refers to it still */
    OK(missions_need_file(w.m, STR("cd"), &is, &e));
    assert_false(is);
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "deleted", FIELD_MISSION, GUID(1))));
    assert_false(missions_by_guid(w.m, STR(GUID(1)), false, &found, &e));
    OK(missions_count(w.m, MISSIONS_SUBSCRIPTIONS, id, &n, &e));
    assert_int_equal(n, 0);
    s = (struct seen){0};
    span.from_ms = 0;
    OK(missions_changes(w.m, &span, see_item, &s, &e));
    assert_int_equal(s.n, 7);
    close_world(&w);
    folder_remove(w.dir);
}

static void test_layers_keep_their_order(void **state)
{
    struct world w = {.dir = folder_make()};
    struct seen s = {0};
    bool loops;
    int64_t id;

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX one");
    id = get(&w, GUID(1))->id;
#define LAYER(...) OK(put(&w, ROW(FIELD_MISSION, GUID(1), __VA_ARGS__)))
    LAYER(FIELD_MISSION_CHANGE, "layer.put", FIELD_UID, "a", FIELD_NAME, "A", FIELD_MISSION_TYPE, "GROUP");
    LAYER(FIELD_MISSION_CHANGE, "layer.put", FIELD_UID, "b", FIELD_NAME, "B", FIELD_MISSION_TYPE, "GROUP",
          FIELD_MISSION_PARENT, "a");
    LAYER(FIELD_MISSION_CHANGE, "layer.put", FIELD_UID, "c", FIELD_NAME, "C", FIELD_MISSION_TYPE, "UID",
          FIELD_MISSION_PARENT, "b");
    LAYER(FIELD_MISSION_CHANGE, "layer.put", FIELD_UID, "d", FIELD_NAME, "D", FIELD_MISSION_TYPE, "UID",
          FIELD_MISSION_AFTER, "a");
    OK(missions_layers(w.m, id, see_layer, &s, &e));
    assert_string_equal(s.uids, "a< d< b<a c<b ");
    OK(missions_would_loop(w.m, id, STR("a"), STR("c"), &loops, &e));
    assert_true(loops);
    OK(missions_would_loop(w.m, id, STR("a"), STR("a"), &loops, &e));
    assert_true(loops);
    OK(missions_would_loop(w.m, id, STR("d"), STR("c"), &loops, &e));
    assert_false(loops);
    LAYER(FIELD_MISSION_CHANGE, "layer.moved", FIELD_UID, "a", FIELD_MISSION_PARENT, "", FIELD_MISSION_AFTER, "c");
    LAYER(FIELD_MISSION_CHANGE, "layer.removed", FIELD_UID, "b");
    s = (struct seen){0};
    OK(missions_layers(w.m, id, see_layer, &s, &e));
    assert_string_equal(s.uids, "d< c<a a< "); /* what was below b is below a now */
#undef LAYER
    close_world(&w);
    folder_remove(w.dir);
}

static void test_a_copy_has_what_the_first_one_had(void **state)
{
    struct world w = {.dir = folder_make()};
    struct seen s = {0};
    int64_t id;

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX one");
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "uid.put", FIELD_MISSION, GUID(1), FIELD_UID, "EX-a")));
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "created", FIELD_MISSION, GUID(2), FIELD_MISSION_NAME, "EX two",
                   FIELD_MISSION_FROM, GUID(1), FIELD_GROUP, "Fire")));
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "uid.removed", FIELD_MISSION, GUID(1), FIELD_UID, "EX-a")));
    id = get(&w, GUID(2))->id;
    OK(missions_items(w.m, MISSIONS_UIDS, id, see_item, &s, &e));
    assert_string_equal(s.uids, "uid.put:EX-a ");
    s = (struct seen){0};
    OK(missions_keywords(w.m, MISSIONS_ALL, id, (struct str){0}, see_word, &s, &e));
    assert_string_equal(s.uids, "k1 ");
    s = (struct seen){0};
    OK(missions_changes(w.m, &(struct missions_span){.mission = id, .to_ms = INT64_MAX}, see_item, &s, &e));
    assert_string_equal(s.uids, "uid.put:EX-a created: ");
    close_world(&w);
    folder_remove(w.dir);
}

static bool see_any(void *ctx, const struct mission *x)
{
    struct seen *s = ctx;

    (void)snprintf(s->uids + strlen(s->uids), sizeof s->uids - strlen(s->uids), "%s%s ", x->guid + 35,
                   x->deleted_ms ? "!" : "");
    return true;
}

static void test_names_are_found_the_living_first(void **state)
{
    struct world w = {.dir = folder_make()};
    struct seen s = {0};

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX One");
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "deleted", FIELD_MISSION, GUID(1))));
    create(&w, GUID(2), "ex one");
    create(&w, GUID(3), "EX ONE");
    create(&w, GUID(4), "EX two");
    OK(missions_named(w.m, STR(" eX oNe "), see_any, &s, &e));
    assert_string_equal(s.uids, "2 3 1! ");
    s = (struct seen){0};
    OK(missions_each(w.m, see_any, &s, &e));
    assert_string_equal(s.uids, "2 3 4 ");
    close_world(&w);
    folder_remove(w.dir);
}

static void test_rows_that_do_not_fit_change_nothing(void **state)
{
    struct world w = {.dir = folder_make()};
    uint64_t before;

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX one");
    before = hash_of(&w);
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "uid.put", FIELD_MISSION, GUID(9), FIELD_UID, "EX-a")));
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "of a newer version", FIELD_MISSION, GUID(1), FIELD_UID, "EX-a")));
    OK(put(&w, ROW(FIELD_MISSION_CHANGE, "created", FIELD_MISSION, GUID(1), FIELD_MISSION_NAME, "EX two")));
    assert_int_equal(hash_of(&w), before);
    close_world(&w);
    folder_remove(w.dir);
}

static void test_an_undone_change_was_never_there(void **state)
{
    struct world w = {.dir = folder_make()};
    uint64_t before;

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX one");
    before = hash_of(&w);
    OK(missions_mark(w.m, &e));
    OK(missions_apply(w.m, 2, START, ROW(FIELD_MISSION_CHANGE, "uid.put", FIELD_MISSION, GUID(1), FIELD_UID, "EX-a"),
                      &e));
    assert_int_not_equal(hash_of(&w), before);
    missions_undo(w.m);
    assert_int_equal(hash_of(&w), before);
    close_world(&w);
    folder_remove(w.dir);
}

static void test_a_file_of_another_record_is_made_anew(void **state)
{
    struct world w = {.dir = folder_make()}, other = {.dir = folder_make()};
    char from[512], to[512];

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX one");
    close_world(&w);
    OK(open_world(&other));
    create(&other, GUID(2), "EX two");
    create(&other, GUID(3), "EX three");
    close_world(&other);
    (void)snprintf(from, sizeof from, "%s/missions.db", other.dir);
    (void)snprintf(to, sizeof to, "%s/missions.db", w.dir);
    crash_restart();
    assert_int_equal(rename(from, to), 0);
    OK(open_world(&w));
    assert_non_null(strstr(missions_note(w.m), "anew"));
    assert_true(missions_by_guid(w.m, STR(GUID(1)), false, &found, &e));
    assert_false(missions_by_guid(w.m, STR(GUID(2)), false, &found, &e));
    close_world(&w);
    folder_remove(w.dir);
    folder_remove(other.dir);
}

static void test_damage_is_made_anew(void **state)
{
    struct world w = {.dir = folder_make()};
    char path[512];
    uint64_t before;
    FILE *f;

    (void)state;
    crash_start(1);
    OK(open_world(&w));
    create(&w, GUID(1), "EX one");
    before = hash_of(&w);
    close_world(&w);
    (void)snprintf(path, sizeof path, "%s/missions.db", w.dir);
    f = fopen(path, "wb");
    assert_non_null(f);
    for (int i = 0; i < 5000; i++)
        (void)fputc(i * 7 % 251, f);
    (void)fclose(f);
    crash_restart();
    OK(open_world(&w));
    assert_non_null(strstr(missions_note(w.m), "anew"));
    assert_int_equal(hash_of(&w), before);
    close_world(&w);
    folder_remove(w.dir);
}

/* ---- a cut in the middle ------------------------------------------------- */

static const char *any(const char *const *words, size_t count)
{
    return words[crash_dice(count)];
}

static bool a_random_change(struct world *w)
{
    static const char *const guids[] = {GUID(1), GUID(2), GUID(3)}, *const uids[] = {"a", "b", "c", "d"};
    static const char *const words[] = {"uid.put",      "uid.put",      "uid.removed",  "file.put",     "file.removed",
                                        "log.put",      "log.removed",  "layer.put",    "layer.moved",  "layer.removed",
                                        "subscribed",   "unsubscribed", "role",         "invited",      "uninvited",
                                        "keywords",     "uid.keywords", "maplayer.put", "external.put", "updated",
                                        "parent",       "deleted",      "created",      "created"};
    const char *guid = any(guids, COUNTOF(guids)), *word = any(words, COUNTOF(words));

    return put(w, ROW(FIELD_MISSION_CHANGE, word, FIELD_MISSION, guid, FIELD_MISSION_NAME, guid, FIELD_USER, "EX-u",
                      FIELD_UID, any(uids, 4), FIELD_SHA256, any(uids, 4), FIELD_MISSION_CLIENT, any(uids, 4),
                      FIELD_MISSION_ROLE, "MISSION_OWNER", FIELD_MISSION_TYPE, "clientUid", FIELD_MISSION_PARENT,
                      any(uids, 4), FIELD_MISSION_AFTER, any(uids, 4), FIELD_GROUP, any(uids, 4), FIELD_MISSION_KEYWORD,
                      any(uids, 4), FIELD_MISSION_FROM, any(guids, 3)));
}

static void test_replay_is_the_live_state_after_every_cut(void **state)
{
    uint64_t cuts = 0, rows = 0, behind = 0;

    (void)state;
    for (seed_now = first_seed; seed_now < first_seed + seed_count; seed_now++) {
        struct world w = {.dir = folder_make()};
        uint64_t live, acked = 0;

        crash_start(seed_now);
        OK(open_world(&w));
        crash_pull_at(1 + crash_dice(400));
        for (int i = 0; i < 60 && a_random_change(&w); i++)
            acked = journal_head(w.j).seq;
        if (!crash_is_dead())
            crash_pull_now();
        cuts++;
        close_world(&w);
        crash_restart();
        crash_heal();
        OK(missions_open(w.dir, &w.m, &e));
        behind += missions_applied(w.m) < acked;
        close_world(&w);
        OK(open_world(&w));
        OK(journal_head(w.j).seq >= acked);
        OK(missions_applied(w.m) == journal_head(w.j).seq);
        rows += acked;
        live = hash_of(&w);
        missions_close(w.m);
        w.m = NULL;
        OK(missions_forget(w.dir, &e));
        OK(missions_open(w.dir, &w.m, &e) && missions_follow(w.m, w.j, &e));
        OK(hash_of(&w) == live);
        close_world(&w);
        crash_restart();
        folder_remove(w.dir);
    }
    seed_now = 0;
    assert_true(rows > 10 * cuts && behind > 0); /* the runs are not empty ones */
}

static void test_tokens(void **state)
{
    struct mission_token_key k = {.bytes = {1}}, other = {.bytes = {2}};
    char text[MISSION_TOKEN_MAX], claim_text[128], id[MISSION_TOKEN_ID + 1];
    struct mission_token t = {.guid = STR(GUID(1))};

    (void)state;
    OK(secret_start(&e));
    mission_token_id(id);
    t.id = str_from(id);
    for (int kind = 0; kind < TOKEN_KINDS; kind++) {
        struct buf b = buf_over(text, sizeof text), claim = buf_over(claim_text, sizeof claim_text);
        struct str hash = STR("$argon2id$1");

        t.kind = (enum mission_token_kind)kind;
        t.secret = kind == TOKEN_ACCESS ? hash : (struct str){0};
        mission_token_put(&k, &t, &b);
        assert_false(b.full);
        assert_true(mission_token_claim(&k, buf_str(&b), t.guid, hash, &claim));
        assert_int_equal(str_eq(buf_str(&claim), STR("access")), kind == TOKEN_ACCESS);
        assert_false(mission_token_claim(&other, buf_str(&b), t.guid, hash, &claim));
        assert_false(mission_token_claim(&k, buf_str(&b), STR(GUID(2)), hash, &claim));
        assert_int_equal(mission_token_claim(&k, buf_str(&b), t.guid, STR("$argon2id$2"), &claim),
                         kind != TOKEN_ACCESS); /* another password: the token of the old one is none */
        for (size_t i = 0; i < b.len; i++) {
            text[i] ^= 1;
            assert_false(mission_token_claim(&k, buf_str(&b), t.guid, hash, &claim));
            text[i] ^= 1;
        }
        for (size_t i = 0; i < b.len; i++)
            assert_false(mission_token_claim(&k, str_of(text, i), t.guid, hash, &claim));
    }
    assert_false(mission_token_claim(&k, STR(""), t.guid, STR("x"), &(struct buf){.at = claim_text, .max = 9}));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mission_is_what_its_changes_say),
        cmocka_unit_test(test_the_past_stays),
        cmocka_unit_test(test_layers_keep_their_order),
        cmocka_unit_test(test_a_copy_has_what_the_first_one_had),
        cmocka_unit_test(test_names_are_found_the_living_first),
        cmocka_unit_test(test_rows_that_do_not_fit_change_nothing),
        cmocka_unit_test(test_an_undone_change_was_never_there),
        cmocka_unit_test(test_a_file_of_another_record_is_made_anew),
        cmocka_unit_test(test_damage_is_made_anew),
        cmocka_unit_test(test_replay_is_the_live_state_after_every_cut),
        cmocka_unit_test(test_tokens),
    };

    if (argc > 1)
        first_seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed_count = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
