/* incident_views_inner.h -- what the files of the views share; for incident_views*.c alone.
 *
 *   incident_views.c          the table of views, and the small ones
 *   incident_views_counts.c   counters with their claims
 *   incident_views_floors.c   structures, levels, zones and what lies in them
 *   incident_views_release.c  what may be said now, line by line
 *
 * JSON is written without a state beside the buffer: a comma is set unless the last byte opens a list
 * or an object or ends a name.  That holds because every value ends in another byte. */
#ifndef CORDON_EDGE_INCIDENT_VIEWS_INNER_H
#define CORDON_EDGE_INCIDENT_VIEWS_INNER_H

#include "edge/incident_views.h"

/* The comma before the next item of a list. */
void view_item(struct buf *b);
/* "name": with the comma before it. */
void view_name(struct buf *b, const char *name);
void view_open(struct buf *b, const char *name, char c); /* name NULL: an item of a list */
void view_text(struct buf *b, const char *name, struct str text);         /* empty: null */
void view_whole(struct buf *b, const char *name, int64_t n);
void view_whole_or_null(struct buf *b, const char *name, int64_t n);      /* below 0: null */
void view_bool(struct buf *b, const char *name, bool is);
void view_time(struct buf *b, const char *name, int64_t ms);              /* below 0: null */
void view_seqs(struct buf *b, const char *name, const uint64_t *seq, size_t n);
/* All values of a field, as a list of texts. */
void view_texts(struct buf *b, const char *name, const struct view_ask *q, uint32_t e, enum incident_field f);

/* May he see such a field of any such entity; that entity; that field of it? */
bool view_sees_class(const struct view_ask *q, enum entity_kind kind, enum incident_field f) MUST_USE;
/* Is it asked by an observer, who gets totals? */
bool view_observed(const struct view_ask *q) MUST_USE;
bool view_sees_entity(const struct view_ask *q, uint32_t e) MUST_USE;
bool view_sees(const struct view_ask *q, uint32_t e, enum incident_field f) MUST_USE;
/* May he see this field of all such entities of which he knows?  An observer, who has the class, does not
 * see where units are: a list by places would look empty to him, so it is left out whole. */
bool view_sees_all(const struct view_ask *q, enum entity_kind kind, enum incident_field f) MUST_USE;

/* COUNTER of incident-api.md under a name; claims: each with its source. */
void view_counter(const struct view_ask *q, const char *counter, bool claims, struct buf *b);
/* What stands between the braces of these views. */
void view_counters(const struct view_ask *q, struct buf *b);
void view_floors(const struct view_ask *q, struct buf *b);
void view_release(const struct view_ask *q, struct buf *b);

#endif
