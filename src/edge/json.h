/* json.h -- a JSON object (or list) from the outside: the only reader of JSON (jansson).
 *
 * A struct json owns its bytes; strings and values borrow from it.  Refused: not one object,
 * a name twice, bytes that are not UTF-8, NUL in a string, more than JSON_DEPTH levels (RFC 8259
 * section 9 allows limits). */
#ifndef CORDON_EDGE_JSON_H
#define CORDON_EDGE_JSON_H

#include "base/err.h"
#include "base/str.h"

enum { JSON_DEPTH = 64 };

struct json;

bool json_read(struct str text, struct json **out, struct err *e) MUST_USE;
/* The same of a text that is one list: json_root() and json_at() walk it. */
bool json_read_list(struct str text, struct json **out, struct err *e) MUST_USE;
void json_drop(struct json *j); /* NULL is fine */
/* A string of min to max bytes; refused when it is missing. */
struct json_length {
    size_t min, max;
};
bool json_take_text(const struct json *j, const char *name, struct json_length fits,
                    struct str *out, struct err *e) MUST_USE;
/* No member but those of the list, with a comma between two: the refusal names the first other one. */
bool json_only(const struct json *j, const char *names, struct err *e) MUST_USE;
/* An integer from 0 up, or null or missing (*is false). */
bool json_take_number(const struct json *j, const char *name, bool *is, uint64_t *out,
                      struct err *e) MUST_USE;

/* What lies inside, for those who walk it.  Missing members are JSON_MISSING; asking a value for
 * what it is not gives empty, 0, false. */
enum json_is {
    JSON_MISSING,
    JSON_IS_NULL,
    JSON_TEXT,
    JSON_WHOLE,
    JSON_FRACTION,
    JSON_YES_NO,
    JSON_LIST,
    JSON_IS_OBJECT
};
struct json_value {
    const void *at;
};
struct json_value json_root(const struct json *j) MUST_USE;
struct json_value json_get(struct json_value object, const char *name) MUST_USE;
enum json_is json_is(struct json_value v) MUST_USE;
struct str json_as_text(struct json_value v) MUST_USE;
int64_t json_as_whole(struct json_value v) MUST_USE;
double json_as_number(struct json_value v) MUST_USE; /* of whole numbers, too */
bool json_as_bool(struct json_value v) MUST_USE;
size_t json_count(struct json_value v) MUST_USE; /* of a list or an object */
struct json_value json_at(struct json_value list, size_t i) MUST_USE;
/* Walks an object's members in their order: *at is NULL at first; false at the end. */
bool json_each(struct json_value object, void **at, struct str *name, struct json_value *v) MUST_USE;

#endif
