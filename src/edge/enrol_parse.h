/* enrol_parse.h -- what a phone says when it enrols, as values: who it is, and which form of an answer it reads.
 *
 * Pure: borrows what it is given, but for the name and password of HTTP Basic, which are
 * decoded into the caller's buffer; whoever calls wipes it. */
#ifndef CORDON_EDGE_ENROL_PARSE_H
#define CORDON_EDGE_ENROL_PARSE_H

#include "base/buf.h"

enum { BASIC_MAX = 1024 };

struct basic {
    char text[BASIC_MAX];
    struct str name, password; /* in text */
};

/* "Basic BASE64(name:password)" (RFC 7617). The name ends at the first colon; both are UTF-8 without control
 * characters, and the name is not empty. */
bool basic_take(struct str authorization, struct basic *out) MUST_USE;

enum enrol_form { ENROL_JSON, ENROL_XML };
/* By the header Accept (RFC 9110, section 12.5.1): the first type of it that is known decides. JSON for
 * application/json, for text/plain (iTAK asks for that and reads JSON), for anything, and when nothing is said. */
enum enrol_form enrol_form(struct str accept) MUST_USE;

#endif
