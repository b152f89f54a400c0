#include "edge/json.h"

#include <jansson.h>

/* Levels of nesting, from outside of the parser, which would use the stack for each. */
static bool is_deep(struct str text)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++depth > JSON_DEPTH)
            return true;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return false;
}

static bool read_text(struct str text, bool list, struct json **out, struct err *e)
{
    json_error_t why;
    json_t *j;

    *out = NULL;
    if (is_deep(text))
        return err_set(e, ERR_INPUT, "this is nested deeper than %d levels", JSON_DEPTH);
    j = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &why);
    if (!j)
        return err_set(e, ERR_INPUT, "this is not JSON: line %d, column %d: %s", why.line,
                       why.column, why.text);
    if (list ? !json_is_array(j) : !json_is_object(j)) {
        json_decref(j);
        return err_set(e, ERR_INPUT, "this is JSON, but not %s", list ? "a list" : "an object");
    }
    *out = (struct json *)j;
    return true;
}

bool json_read(struct str text, struct json **out, struct err *e)
{
    return read_text(text, false, out, e);
}

bool json_read_list(struct str text, struct json **out, struct err *e)
{
    return read_text(text, true, out, e);
}

void json_drop(struct json *j)
{
    json_decref((json_t *)j);
}

static json_t *member(const struct json *j, const char *name)
{
    return json_object_get((const json_t *)j, name);
}

bool json_take_text(const struct json *j, const char *name, struct json_length fits,
                    struct str *out, struct err *e)
{
    const json_t *v = member(j, name);

    if (!json_is_string(v))
        return err_set(e, ERR_INPUT, "\"%s\" is missing, or is not a text", name);
    *out = str_of(json_string_value(v), json_string_length(v));
    if (out->len < fits.min || out->len > fits.max)
        return err_set(e, ERR_INPUT, "\"%s\" must have %zu to %zu bytes, not %zu", name, fits.min,
                       fits.max, out->len);
    return true;
}

static bool is_listed(const char *names, struct str name)
{
    for (struct str rest = str_from(names); rest.len;) {
        size_t end = str_find_byte(rest, ',');

        if (str_eq(str_cut(rest, 0, end), name))
            return true;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    return false;
}

bool json_only(const struct json *j, const char *names, struct err *e)
{
    struct json_value v;
    struct str name;
    void *at = NULL;

    while (json_each(json_root(j), &at, &name, &v))
        if (!is_listed(names, name))
            return err_set(e, ERR_INPUT, "\"%.*s\" is none of %s", STR_ARG(name), names);
    return true;
}

bool json_take_number(const struct json *j, const char *name, bool *is, uint64_t *out,
                      struct err *e)
{
    const json_t *v = member(j, name);

    *is = false;
    if (!v || json_is_null(v))
        return true;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return err_set(e, ERR_INPUT, "\"%s\" must be a whole number from 0 up, or null", name);
    *is = true;
    *out = (uint64_t)json_integer_value(v);
    return true;
}

static const json_t *value(struct json_value v)
{
    return v.at;
}

struct json_value json_root(const struct json *j)
{
    return (struct json_value){j};
}

struct json_value json_get(struct json_value object, const char *name)
{
    return (struct json_value){json_object_get(value(object), name)};
}

enum json_is json_is(struct json_value v)
{
    if (!v.at)
        return JSON_MISSING;
    switch (json_typeof(value(v))) {
    case JSON_STRING: return JSON_TEXT;
    case JSON_INTEGER: return JSON_WHOLE;
    case JSON_REAL: return JSON_FRACTION;
    case JSON_TRUE:
    case JSON_FALSE: return JSON_YES_NO;
    case JSON_ARRAY: return JSON_LIST;
    case JSON_OBJECT: return JSON_IS_OBJECT;
    case JSON_NULL: break;
    }
    return JSON_IS_NULL;
}

struct str json_as_text(struct json_value v)
{
    return json_is_string(value(v)) ? str_of(json_string_value(value(v)), json_string_length(value(v)))
                                    : (struct str){0};
}

int64_t json_as_whole(struct json_value v)
{
    return json_integer_value(value(v));
}

double json_as_number(struct json_value v)
{
    return json_number_value(value(v));
}

bool json_as_bool(struct json_value v)
{
    return json_is_true(value(v));
}

size_t json_count(struct json_value v)
{
    return json_is_array(value(v)) ? json_array_size(value(v)) : json_object_size(value(v));
}

struct json_value json_at(struct json_value list, size_t i)
{
    return (struct json_value){json_array_get(value(list), i)};
}

bool json_each(struct json_value object, void **at, struct str *name, struct json_value *v)
{
    json_t *o = (json_t *)(uintptr_t)object.at; /* jansson walks only what may be changed */

    *at = *at ? json_object_iter_next(o, *at) : json_object_iter(o);
    if (!*at)
        return false;
    *name = str_of(json_object_iter_key(*at), json_object_iter_key_len(*at));
    v->at = json_object_iter_value(*at);
    return true;
}
