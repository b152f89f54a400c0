#include "edge/json.h"

#include <jansson.h>

bool json_read(struct str text, struct json **out, struct err *e)
{
    json_error_t why;
    json_t *j = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &why);

    *out = NULL;
    if (!j)
        return err_set(e, ERR_INPUT, "this is not JSON: line %d, column %d: %s", why.line,
                       why.column, why.text);
    if (!json_is_object(j)) {
        json_decref(j);
        return err_set(e, ERR_INPUT, "this is JSON, but not an object");
    }
    *out = (struct json *)j;
    return true;
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
