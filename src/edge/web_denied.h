/* web_denied.h -- the record notes who asked for what his roles do not give.
 *
 * A command, an import or an export that is refused for want of rights (403) becomes a row access.denied of that
 * incident: who, what, and the sentence that he was answered with.  An account is noted once in DENIED_AGAIN_MS
 * for the same call and sentence, and DENIED_MINUTE times a minute are all of them together, so that nobody fills
 * the record by asking; what is not noted stands in the log.  Of an import the first line that is refused is
 * noted, as "import"; a call that the route itself denies (an account that only reads) is not.  Owner: the web
 * thread. */
#ifndef CORDON_EDGE_WEB_DENIED_H
#define CORDON_EDGE_WEB_DENIED_H

#include "base/str.h"

enum { DENIED_MAX = 64, DENIED_AGAIN_MS = 60000, DENIED_MINUTE = 30 };

struct web_denied {
    struct {
        uint64_t what; /* hash of who, what and why; 0: free */
        int64_t at_ms; /* monotonic */
    } list[DENIED_MAX];
    uint64_t turn;     /* of all that were noted: the next place in the list */
    int64_t minute_ms; /* monotonic: when the minute began, and how many were noted in it */
    unsigned in_minute;
};

struct web;
struct request;
struct now;

/* Notes that a call was answered with this sentence.  what: the kind of event that was asked for.  An incident that is
 * not there notes nothing. */
void web_denied(struct web *w, const struct request *q, struct str incident, struct str what, struct str why,
                struct now now);

#endif
