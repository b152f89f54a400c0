/* str.h -- a borrowed run of bytes.
 *
 * A struct str never owns its bytes and is not terminated by NUL.  It is
 * borrowed from whoever owns them and dies at the end of that owner's turn.
 * Pure; no allocation. */
#ifndef CORDON_BASE_STR_H
#define CORDON_BASE_STR_H

#include "base/must.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *at; /* may be NULL when len is 0 */
    size_t len;
};

/* A str from a literal, usable in static tables. */
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})

/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).len, (s).at ? (s).at : ""

static inline struct str str_of(const void *at, size_t len)
{
    return (struct str){at, len};
}

/* From a NUL-terminated string; NULL gives the empty str. */
struct str str_from(const char *text);
bool str_eq(struct str a, struct str b) MUST_USE;
bool str_starts(struct str s, struct str prefix) MUST_USE;
bool str_ends(struct str s, struct str suffix) MUST_USE;
/* Where needle first stands in s, or s.len when it does not. */
size_t str_find(struct str s, struct str needle) MUST_USE;
/* The same for one byte. */
size_t str_find_byte(struct str s, char c) MUST_USE;
/* The part of s from `from` on; MUST(from <= s.len). */
struct str str_from_at(struct str s, size_t from) MUST_USE;
/* [from, to) of s; MUST(from <= to && to <= s.len). */
struct str str_cut(struct str s, size_t from, size_t to) MUST_USE;
/* Without XML white space (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s) MUST_USE;
/* -1, 0, 1 as memcmp, a shorter prefix first. */
int str_cmp(struct str a, struct str b) MUST_USE;
/* Is s well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms)? */
bool str_is_utf8(struct str s) MUST_USE;
/* May this one character, its bytes as UTF-8 has them, stand on a screen or in a log as it is?  Not the controls,
 * which a terminal would obey, nor what breaks a line or turns its direction around. */
bool str_char_shows(struct str c) MUST_USE;
/* Copies to a NUL-terminated array of size bytes, cut off at a UTF-8
 * boundary when it does not fit; returns whether it fitted whole. */
bool str_copy(char *to, size_t size, struct str s);
/* A decimal integer that fills s wholly; false when it is not one or does
 * not fit into [min, max]. */
bool str_to_int(struct str s, int64_t min, int64_t max, int64_t *out) MUST_USE;
/* Exactly n bytes written as 2n hex digits, of either case; out is undefined on false. */
bool str_from_hex(struct str hex, void *out, size_t n) MUST_USE;

#endif
