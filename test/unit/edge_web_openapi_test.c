/* The description of the API against what it describes: the routes, the kinds, what the views print. */
#include "edge/incident_json.h"
#include "edge/incident_openapi.h"
#include "edge/json.h"
#include "edge/web_inner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

static char text[OPENAPI_MAX], again[OPENAPI_MAX];

static struct json *document(void)
{
    struct buf b = buf_over(text, sizeof text);
    struct json *j;
    struct err e;

    incident_openapi(&b);
    assert_false(b.full);
    if (!json_read(buf_str(&b), &j, &e))
        fail_msg("%s", e.text);
    return j;
}

static struct json_value schema(struct json *j, const char *name)
{
    return json_get(json_get(json_get(json_root(j), "components"), "schemas"), name);
}

/* "get /t/{}/{}": whatever stands between braces is a part. */
static void plain(const char *method, struct str path, struct buf *b)
{
    buf_fmt(b, "%s ", method);
    while (path.len) {
        size_t open = str_find_byte(path, '{'), end = str_find_byte(path, '}');

        buf_put(b, str_cut(path, 0, open));
        buf_put(b, open < path.len ? STR("{}") : STR(""));
        path = str_from_at(path, open < path.len ? end + 1 : open);
    }
    buf_byte(b, 0);
    assert_false(b->full);
}

static const struct {
    enum method method;
    const char *name;
} verbs[] = {{METHOD_GET, "get"}, {METHOD_POST, "post"}, {METHOD_PUT, "put"}, {METHOD_DELETE, "delete"}};

/* The calls of TAK clients have a description of their own (doc/marti-openapi.json). */
static bool is_described_here(const struct route *r)
{
    return r->run != get_asset && !path_is_marti(str_from(r->path));
}

static bool is_route(const char *call)
{
    for (size_t i = 0; web_route(i); i++)
        for (size_t v = 0; v < COUNTOF(verbs); v++) {
            char own[128];
            struct buf b = buf_over(own, sizeof own);

            plain(verbs[v].name, str_from(web_route(i)->path), &b);
            if (web_route(i)->methods & verbs[v].method && is_described_here(web_route(i)) && strcmp(own, call) == 0)
                return true;
        }
    return false;
}

static bool is_described(struct json *j, const char *call)
{
    struct json_value paths = json_get(json_root(j), "paths"), methods, one;
    struct str path, method;
    void *at = NULL;

    while (json_each(paths, &at, &path, &methods)) {
        void *in = NULL;

        while (json_each(methods, &in, &method, &one)) {
            char own[128], verb[16];
            struct buf b = buf_over(own, sizeof own);

            assert_true(str_copy(verb, sizeof verb, method));
            plain(verb, path, &b);
            if (strcmp(own, call) == 0)
                return true;
        }
    }
    return false;
}

static void test_routes_are_described_and_the_other_way_round(void **state)
{
    struct json *j = document();
    struct json_value methods, one;
    struct str path, method;
    void *at = NULL;

    (void)state;
    for (size_t i = 0; web_route(i); i++)
        for (size_t v = 0; v < COUNTOF(verbs); v++) {
            char own[128];
            struct buf b = buf_over(own, sizeof own);

            plain(verbs[v].name, str_from(web_route(i)->path), &b);
            if (web_route(i)->methods & verbs[v].method && is_described_here(web_route(i)) && !is_described(j, own))
                fail_msg("%s is not in incident_openapi.c", own);
        }
    while (json_each(json_get(json_root(j), "paths"), &at, &path, &methods)) {
        void *in = NULL;

        while (json_each(methods, &in, &method, &one)) {
            char own[128], verb[16];
            struct buf b = buf_over(own, sizeof own);

            assert_true(str_copy(verb, sizeof verb, method));
            plain(verb, path, &b);
            if (!is_route(own))
                fail_msg("%s is no route", own);
        }
    }
    json_drop(j);
}

/* Whether a route needs the session and its token stands in both. */
static void test_who_may_call(void **state)
{
    struct json *j = document();

    (void)state;
    for (size_t i = 0; web_route(i); i++) {
        const struct route *r = web_route(i);

        for (size_t v = 0; v < COUNTOF(verbs); v++) {
            struct json_value call = json_get(json_get(json_get(json_root(j), "paths"), r->path), verbs[v].name);
            struct json_value list = json_get(call, "parameters");
            bool csrf = false;

            if (strchr(r->path, '{') || !is_described_here(r) || !(r->methods & verbs[v].method))
                continue;
            for (size_t k = 0; k < json_count(list); k++)
                csrf |= str_ends(json_as_text(json_get(json_at(list, k), "$ref")), STR("/csrf"));
            assert_int_equal(csrf, r->csrf);
            assert_int_equal(json_count(json_get(call, "security")) > 0, r->right != RIGHT_ALL);
        }
    }
    json_drop(j);
}

/* Every $ref leads somewhere. */
static size_t references(struct json *j, struct json_value v)
{
    static const char begin[] = "#/components/";
    struct json_value one;
    struct str name;
    void *at = NULL;
    size_t n = 0;

    if (json_is(v) == JSON_LIST)
        for (size_t i = 0; i < json_count(v); i++)
            n += references(j, json_at(v, i));
    while (json_is(v) == JSON_IS_OBJECT && json_each(v, &at, &name, &one)) {
        char part[2][96];
        struct str to = json_as_text(one);
        size_t slash;

        if (!str_eq(name, STR("$ref")) || json_is(one) != JSON_TEXT) {
            n += references(j, one);
            continue;
        }
        assert_true(str_starts(to, str_from(begin)));
        to = str_from_at(to, strlen(begin));
        slash = str_find_byte(to, '/');
        assert_true(str_copy(part[0], sizeof part[0], str_cut(to, 0, slash)));
        assert_true(str_copy(part[1], sizeof part[1], str_from_at(to, slash + 1)));
        if (json_is(json_get(json_get(json_get(json_root(j), "components"), part[0]), part[1])) != JSON_IS_OBJECT)
            fail_msg("%.*s leads nowhere", STR_ARG(to));
        n++;
    }
    return n;
}

static void test_every_reference_leads_somewhere(void **state)
{
    struct json *j = document();

    (void)state;
    assert_true(references(j, json_root(j)) > 1000);
    json_drop(j);
}

static bool lists(struct json_value list, const char *word)
{
    for (size_t i = 0; i < json_count(list); i++)
        if (str_eq(json_as_text(json_at(list, i)), str_from(word)))
            return true;
    return false;
}

/* A kind's schema has exactly the fields that a command may have, and needs those that it needs. */
static void test_kinds_are_as_in_the_table(void **state)
{
    struct json *j = document();
    struct json_value envelope = json_get(schema(j, "Envelope"), "properties");
    size_t kinds = 0;

    (void)state;
    for (unsigned k = 1; k < INC_END; k++) {
        const struct kind_info *info = kind_info(k);
        struct json_value own, properties, required;
        char name[64];

        if (!info->tag)
            continue;
        kinds++;
        (void)snprintf(name, sizeof name, "fields.%s", info->tag);
        own = schema(j, name);
        properties = json_get(own, "properties");
        required = json_get(own, "required");
        for (unsigned f = 1; f < 256; f++) {
            const char *field = field_info(f)->name;
            bool may = field && incident_may_set((enum incident_kind)k, (enum incident_field)f);
            bool there = field && (json_is(json_get(properties, field)) != JSON_MISSING ||
                                   json_is(json_get(envelope, field)) != JSON_MISSING);

            if (may != there)
                fail_msg("%s: %s", info->tag, field);
        }
        for (const struct field_in_kind *x = info->fields; x->use != USE_END; x++)
            if (lists(required, field_info(x->field)->name) !=
                (use_is_needed(x->use) && incident_may_set((enum incident_kind)k, x->field)))
                fail_msg("%s: %s", info->tag, field_info(x->field)->name);
        assert_true(lists(json_get(schema(j, "EventKind"), "enum"), info->tag));
    }
    assert_int_equal(json_count(json_get(schema(j, "EventKind"), "enum")), kinds);
    assert_int_equal(json_count(json_get(schema(j, "Command"), "oneOf")), kinds);
    json_drop(j);
}

static void test_fields_have_their_words_and_bounds(void **state)
{
    struct json *j = document();
    struct json_value posture = json_get(schema(j, "field.posture"), "enum");

    (void)state;
    assert_true(lists(posture, "active-attack") && lists(posture, "other") && !lists(posture, ""));
    assert_true(lists(json_get(schema(j, "EntityKind"), "enum"), "threat_level"));
    assert_int_equal(json_count(json_get(schema(j, "EntityKind"), "enum")), ENT_COUNT - 1);
    assert_int_equal(json_as_whole(json_get(schema(j, "field.name"), "maxLength")), INCIDENT_LINE_MAX);
    assert_int_equal(json_as_whole(json_get(schema(j, "field.lat"), "minimum")), -90);
    assert_int_equal(json_as_whole(json_get(schema(j, "field.extent"), "maximum")), 100);
    assert_true(str_eq(json_as_text(json_get(schema(j, "field.units"), "type")), STR("array")));
    assert_true(str_eq(json_as_text(json_get(schema(j, "field.categories"), "type")), STR("object")));
    json_drop(j);
}

static void test_the_same_bytes_every_time(void **state)
{
    struct buf a = buf_over(text, sizeof text), b = buf_over(again, sizeof again);

    (void)state;
    incident_openapi(&a);
    incident_openapi(&b);
    assert_true(str_eq(buf_str(&a), buf_str(&b)));
    print_message("%zu bytes\n", a.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes_are_described_and_the_other_way_round),
        cmocka_unit_test(test_who_may_call),
        cmocka_unit_test(test_every_reference_leads_somewhere),
        cmocka_unit_test(test_kinds_are_as_in_the_table),
        cmocka_unit_test(test_fields_have_their_words_and_bounds),
        cmocka_unit_test(test_the_same_bytes_every_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
