/* web_incident.h -- the web thread's own picture of the incidents (doc/internals/incident-api.md).
 *
 * Bounds: INCIDENTS_MAX; TOLD_VIEWS sets of views remembered to tell only what changed (more sets of
 * rights than that: some views are sent once more than needed).  Owner: the web thread. */
#ifndef CORDON_EDGE_WEB_INCIDENT_H
#define CORDON_EDGE_WEB_INCIDENT_H

#include "edge/incident_views.h"
#include "edge/incidents.h"

enum { TOLD_VIEWS = 64, VIEWS_MAX = 12 };

struct told_views {
    bool used;
    size_t incident;
    struct access access;
    uint64_t hash[VIEWS_MAX]; /* as told the turn before */
    uint64_t now[VIEWS_MAX];  /* as written this turn: a text that found no room is written once more */
    uint64_t reach, reach_now; /* the same of access_reach() */
    uint64_t turn;            /* 0: only greeted so far */
};

struct web_incidents {
    struct incidents all, past;
    uint64_t read_to, told; /* rows */
    int64_t told_ms;        /* monotonic */
    struct told_views views[TOLD_VIEWS];
    size_t views_next;
    uint64_t turn; /* counts the tellings */
    bool anew;     /* a text was erased: the viewers get all of them whole */
    struct view_work *work;
};

struct web;
struct viewer;
struct now;
struct request;

/* An incident as somebody asked for it: now, or as it stood. */
struct moment {
    const struct incident *s;
    int64_t now_ms;
    uint64_t row; /* the last row of the record by then, of whatever kind */
};
/* "at" or "seq" of the query of a call whose first part is the incident; without them: now.  s is good until the
 * next call. */
bool web_moment(struct web *w, const struct request *q, struct now now, struct moment *m, struct err *e) MUST_USE;

struct entities_ask {
    uint64_t after;   /* only what changed after this row */
    struct str kinds; /* "unit,zone"; empty: all */
    bool cite;
};
/* What he may see of them, as a list of ENTITY. */
void web_put_entities(const struct incident *s, const struct access *a, const struct entities_ask *ask, struct buf *b);
struct view_work *web_view_work(struct web *w);

void web_incidents_init(struct web_incidents *v, struct hash_key key);
void web_incidents_fini(struct web_incidents *v);
/* Applies the rows up to where the page's list of events is. */
bool web_incidents_follow(struct web *w, struct err *e) MUST_USE;
/* A text was erased: all is read once more, and told whole. */
void web_incidents_anew(struct web *w);
/* Tells the viewers what changed; timed: also what time alone changed. */
void web_incidents_tell(struct web *w, struct now now, bool timed);
/* Everything, for one who has just come. */
void web_incidents_greet(struct web *w, struct viewer *viewer, struct now now);

#endif
