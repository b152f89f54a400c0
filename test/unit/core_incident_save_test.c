/* A state as bytes and back: the same in every respect that a later event can see. */
#include "core/incident_save.h"
#include "support/incident_life.h"

static struct incident *fresh(const struct incident_limits *l)
{
    /* Another key than the world's: where an entity lies in the index is nobody's business. */
    return incident_init(world_memory(incident_memory(l)), l, (struct hash_key){99, 7});
}

/* malloc'd */
static struct str saved(const struct incident *s)
{
    size_t n = incident_save_size(s);
    char *at = malloc(n);
    struct buf b = buf_over(at, n);

    assert_non_null(at);
    incident_save(s, &b);
    assert_false(b.full);
    assert_int_equal(b.len, n);
    return buf_str(&b);
}

static void let_go(struct str s)
{
    free((void *)(uintptr_t)s.at);
}

static struct incident *loaded(const struct incident_limits *l, struct str bytes)
{
    struct incident *s = fresh(l);
    struct err e;

    if (!incident_load(s, bytes, &e))
        fail_msg("%s", e.text);
    return s;
}

static void order_is_kept(const struct incident *a, const struct incident *b)
{
    for (enum entity_kind k = ENT_NONE + 1; k < ENT_COUNT; k++) {
        uint32_t y = ent_first(b, k);

        assert_int_equal(a->count[k], b->count[k]);
        for (uint32_t x = ent_first(a, k); x; x = ent_next(a, x), y = ent_next(b, y))
            assert_int_equal(x, y);
        assert_int_equal(y, 0);
    }
}

static void goes_on_as(struct world *w, struct incident *s)
{
    struct incident *live = world_replay(w, s->seq);

    order_is_kept(live, s);
    for (uint64_t i = s->seq + 1; i <= w->seq; i++) {
        struct str payload = str_of(w->log + w->rows[i].at, w->rows[i].len);

        incident_apply(s, i, w->rows[i].kind, payload);
        incident_apply(live, i, w->rows[i].kind, payload);
        if (i % 32 == 0)
            assert_int_equal(incident_hash(s), incident_hash(live));
    }
    assert_int_equal(incident_hash(s), incident_hash(w->s));
    order_is_kept(w->s, s);
    free(live);
}

static void test_what_is_loaded_lives_on_as_what_was_saved(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct world *w = world_scene();
        uint64_t x = seed * 104729 + 5;

        for (unsigned i = 0; i < 4000; i++)
            (void)life_command(w, &x);
        for (int i = 0; i < 4; i++) {
            uint64_t at = i ? life_dice(&x) % w->seq + 1 : w->seq;
            struct incident *half = world_replay(w, at), *s;
            struct str bytes = saved(half), again;

            s = loaded(&w->limits, bytes);
            assert_int_equal(incident_hash(s), incident_hash(half));
            again = saved(s);
            assert_true(str_eq(bytes, again));
            goes_on_as(w, s);
            let_go(bytes);
            let_go(again);
            free(half);
            free(s);
        }
        world_free(w);
    }
}

static void test_an_empty_incident_is_saved_too(void **state)
{
    const struct incident_limits l = {.entities = 8, .fields = 8, .text = 64};
    struct incident *s = fresh(&l), *t;
    struct str bytes = saved(s);

    (void)state;
    t = loaded(&l, bytes);
    assert_int_equal(incident_hash(s), incident_hash(t));
    let_go(bytes);
    free(s);
    free(t);
}

/* Every cut and every changed bit of a small one is refused, and leaves nothing behind. */
static void test_damage_is_refused_whole(void **state)
{
    struct world *w = world_scene();
    struct str good = saved(w->s);
    struct incident *s = fresh(&w->limits);
    char *bytes = malloc(good.len + 1);
    uint64_t empty = incident_hash(s);
    struct err e;

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < good.len; i++) {
        memcpy(bytes, good.at, good.len);
        assert_false(incident_load(s, str_of(bytes, i), &e));
        bytes[i] = (char)(bytes[i] ^ 1 << i % 8);
        assert_false(incident_load(s, str_of(bytes, good.len), &e));
        assert_int_equal(e.kind, ERR_INPUT);
        assert_int_equal(incident_hash(s), empty);
    }
    memcpy(bytes, good.at, good.len);
    bytes[good.len] = 0;
    assert_false(incident_load(s, str_of(bytes, good.len + 1), &e));
    assert_non_null(strstr(e.text, "not as long as it says"));
    assert_true(incident_load(s, good, &e));
    assert_int_equal(incident_hash(s), incident_hash(w->s));
    incident_empty(s);
    assert_int_equal(incident_hash(s), empty);
    assert_int_equal(ent_find(s, ENT_INCIDENT, STR("i")), 0);
    free(bytes);
    free(s);
    let_go(good);
    world_free(w);
}

static void test_what_there_is_no_room_for_is_refused(void **state)
{
    static const struct row {
        struct incident_limits limits;
        const char *words;
    } rows[] = {
        {{.entities = 8, .fields = 1 << 16, .text = 1 << 21}, "more entities than the 8"},
        {{.entities = 1 << 13, .fields = 16, .text = 1 << 21}, "more fields than the 16"},
        {{.entities = 1 << 13, .fields = 1 << 16, .text = 200}, "larger than there is room for"},
    };
    struct world *w = world_scene();
    struct str bytes = saved(w->s);

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct incident *s = fresh(&rows[i].limits);
        struct err e;

        assert_false(incident_load(s, bytes, &e));
        assert_non_null(strstr(e.text, rows[i].words));
        free(s);
    }
    let_go(bytes);
    world_free(w);
}

static void test_another_version_is_not_believed(void **state)
{
    struct world *w = world_scene();
    struct str bytes = saved(w->s);
    struct incident *s = fresh(&w->limits);
    struct err e;

    (void)state;
    *(char *)(uintptr_t)(bytes.at + strlen("CORDON STATE 3") + 1) = '~';
    assert_false(incident_load(s, bytes, &e));
    assert_non_null(strstr(e.text, "another version"));
    free(s);
    let_go(bytes);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_loaded_lives_on_as_what_was_saved),
        cmocka_unit_test(test_an_empty_incident_is_saved_too),
        cmocka_unit_test(test_damage_is_refused_whole),
        cmocka_unit_test(test_what_there_is_no_room_for_is_refused),
        cmocka_unit_test(test_another_version_is_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
