/* The description of what TAK clients may call, against the routes and against the file in doc/.
 * CORDON_GOLDEN=write writes that file anew. */
#include "edge/json.h"
#include "edge/marti_openapi.h"
#include "edge/web_inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

static const struct {
    enum method method;
    const char *name;
} methods[] = {{METHOD_GET, "GET"}, {METHOD_POST, "POST"}, {METHOD_PUT, "PUT"}, {METHOD_DELETE, "DELETE"}};

/* "GET /a/{}/b": whatever stands between braces is a part. */
static void plain(const char *method, const char *path, char out[256])
{
    size_t n = (size_t)snprintf(out, 256, "%s ", method);

    for (; *path && n < 255; path++) {
        out[n++] = *path;
        if (*path == '{')
            path = strchr(path, '}') - 1;
    }
    out[n] = 0;
}

static bool is_described(const char *call)
{
    char own[256];

    for (size_t i = 0; i < marti_call_count; i++) {
        plain(marti_calls[i].method, marti_calls[i].path, own);
        if (strcmp(own, call) == 0)
            return true;
    }
    return false;
}

static bool is_route(const char *call)
{
    char own[256];

    for (size_t i = 0; web_route(i); i++)
        for (size_t m = 0; m < COUNTOF(methods); m++) {
            plain(methods[m].name, web_route(i)->path, own);
            if (web_route(i)->methods & methods[m].method && strcmp(own, call) == 0)
                return true;
        }
    return false;
}

static void routes_are_described_and_the_other_way_round(void **state)
{
    char call[256];
    int missing = 0;

    (void)state;
    for (size_t i = 0; web_route(i); i++)
        for (size_t m = 0; m < COUNTOF(methods) && path_is_marti(str_from(web_route(i)->path)); m++) {
            plain(methods[m].name, web_route(i)->path, call);
            if (!(web_route(i)->methods & methods[m].method) || is_described(call))
                continue;
            print_message("%s is in no test/data/openapi-*.txt\n", call);
            missing++;
        }
    for (size_t i = 0; i < marti_call_count; i++) {
        plain(marti_calls[i].method, marti_calls[i].path, call);
        if (is_route(call))
            continue;
        print_message("%s is no route\n", call);
        missing++;
    }
    assert_int_equal(missing, 0);
}

static void the_document_is_what_the_program_writes(void **state)
{
    static char text[MARTI_OPENAPI_MAX], kept[MARTI_OPENAPI_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct json *j = NULL;
    char path[512];
    struct err e;
    FILE *f;
    size_t n;

    (void)state;
    marti_openapi(&b);
    assert_false(b.full);
    if (!json_read(buf_str(&b), &j, &e))
        fail_msg("%s", e.text);
    json_drop(j);
    (void)snprintf(path, sizeof path, "%s/doc/marti-openapi.json", getenv("CORDON_SOURCE"));
    f = fopen(path, getenv("CORDON_GOLDEN") ? "w" : "r");
    assert_non_null(f);
    if (getenv("CORDON_GOLDEN")) {
        assert_int_equal(fwrite(text, 1, b.len, f), b.len);
    } else {
        n = fread(kept, 1, sizeof kept, f);
        if (!str_eq(str_of(kept, n), buf_str(&b)))
            fail_msg("doc/marti-openapi.json is not what the program writes: CORDON_GOLDEN=write writes it anew");
    }
    (void)fclose(f);
}

static void the_calls_are_what_their_lists_say(void **state)
{
    char command[1024];

    (void)state;
    (void)snprintf(command, sizeof command, "'%s/tools/openapi-marti' --check", getenv("CORDON_SOURCE"));
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_are_described_and_the_other_way_round),
        cmocka_unit_test(the_document_is_what_the_program_writes),
        cmocka_unit_test(the_calls_are_what_their_lists_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
