/* recorder_mission.h -- what the recorder's two files about missions share; private to recorder_mission*.c.
 *
 *   recorder_mission.c       a change that the web thread asks for: who may, does it fit, rows of it
 *   recorder_mission_told.c  whom it is told; an event from a phone whose dest is a mission
 *
 * Record thread. */
#ifndef CORDON_EDGE_RECORDER_MISSION_H
#define CORDON_EDGE_RECORDER_MISSION_H

#include "core/mission_event.h"
#include "edge/mission_role.h"
#include "edge/recorder_in.h"
#include "store/mission_token.h"
#include "store/missions.h"

enum { MISSION_ROW_MAX = 1024 * 1024, MISSION_NAMED_MAX = 16 };

struct recorder_missions {
    struct missions *store;
    struct mission_token_key key;
    struct mission at, other; /* the mission at hand; another one beside it */
    char *row, *told, *asked, *one; /* MISSION_ROW_MAX each */
    size_t row_len;
    char *scratch, *event;    /* LIMIT_EVENT_IN of decoded values; twice that of an event's bytes */
    bool failing;             /* the projection is behind the journal */
    int64_t next_expire_ms;   /* wall clock */
    /* Missions that the phone's event at hand names and may change. */
    struct mission_named {
        char guid[MISSION_GUID_LEN + 1];
    } named[MISSION_NAMED_MAX];
    size_t named_count;
};

struct mission_deciding {
    struct recorder *r;
    struct recorder_missions *q;
    const struct ask_head *head;
    struct str asked, one; /* fields of all changes; of this one */
    enum mission_change change;
    struct mission *x;
    enum mission_role role; /* of who asks */
    struct buf row;
    bool own;     /* the server itself asks: nobody's role is looked at */
    bool nothing; /* it is so already: no row */
    size_t first; /* entry of the batch */
    struct err *e;
};

/* A field of this change, or of all. */
struct str mission_asked(const struct mission_deciding *d, enum field f) MUST_USE;
/* Decides all changes in d->asked into the open batch, or none. */
bool mission_decide(struct mission_deciding *d) MUST_USE;
/* The rows mission.told of a change that is in the batch; false: no room. */
bool mission_tell(struct mission_deciding *d, const struct entry *changed) MUST_USE;
/* The event itself, of a change that brought one; false: no room. */
bool mission_deliver(struct mission_deciding *d, const struct entry *changed) MUST_USE;
/* The newest event of a uid as XML, in q->event; false: none is known. */
bool mission_latest(struct recorder *r, struct str uid, struct str *cot) MUST_USE;

#endif
