/* web_event.h -- a row of the journal as the page's EVENT (web-protocol.md).
 *
 * One row of a table for each kind that the page shows, one column for each
 * member of its `data`.  Texts longer than WEB_EVENT_TEXT are cut.  Pure. */
#ifndef CORDON_EDGE_WEB_EVENT_H
#define CORDON_EDGE_WEB_EVENT_H

#include "core/record.h"
#include "store/journal.h"

enum { WEB_EVENT_TEXT = 8192, WEB_EVENT_MAX = 256 * 1024, WEB_KINDS_MAX = 32 };

/* The name of a user id, or "" (ctx as given). */
typedef const char *web_name(void *ctx, int64_t user);
struct web_names {
    web_name *name;
    void *ctx;
};

/* The kinds that the page shows, 0-terminated, for journal_read(). */
const uint16_t *web_kinds(void);
bool web_kind_is_shown(unsigned kind) MUST_USE;
/* Writes {"seq":...}.  values: scratch of LIMIT_EVENT_IN bytes for places that only
 * the event itself tells. */
struct web_event {
    const struct journal_row *row;
    uint64_t prev;
    const struct web_names *names;
    char *values;
};
void web_event_put(const struct web_event *ev, struct buf *b);
/* A number, or null when it is none. */
void web_put_number(struct buf *b, double v);
/* "name": and a text, cut at WEB_EVENT_TEXT. */
void web_put_text(struct buf *b, const char *name, struct str text);

#endif
