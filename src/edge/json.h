/* json.h -- a JSON object from the outside: the only reader of JSON (jansson).
 *
 * A struct json owns its bytes; strings borrow from it.  Refused: not one object,
 * a name twice, bytes that are not UTF-8, NUL in a string. */
#ifndef CORDON_EDGE_JSON_H
#define CORDON_EDGE_JSON_H

#include "base/err.h"
#include "base/str.h"

struct json;

bool json_read(struct str text, struct json **out, struct err *e) MUST_USE;
void json_drop(struct json *j); /* NULL is fine */
/* A string of min to max bytes; refused when it is missing. */
struct json_length {
    size_t min, max;
};
bool json_take_text(const struct json *j, const char *name, struct json_length fits,
                    struct str *out, struct err *e) MUST_USE;
/* An integer from 0 up, or null or missing (*is false). */
bool json_take_number(const struct json *j, const char *name, bool *is, uint64_t *out,
                      struct err *e) MUST_USE;

#endif
