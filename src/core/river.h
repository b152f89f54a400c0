/* river.h -- the live river: who is there, who hears whom, and the two shared rings.
 *
 * LIVE (design.md section 2).  `live` carries replaceable events, `must` what is
 * in the journal and has to arrive.  Sessions (session.h) put events in and read
 * with their own cursors; the record thread publishes durable events.
 *
 * One lock, the owner's, guards everything here but the readers' side of the
 * rings, sets_hears(), units.conn and units.newest.  Pure: time comes in, memory
 * is given at start, nothing is allocated. */
#ifndef CORDON_CORE_RIVER_H
#define CORDON_CORE_RIVER_H

#include "core/classify.h"
#include "core/fields.h"
#include "core/record.h"
#include "core/sets.h"
#include "core/units.h"
#include "wire/takproto.h"

struct now {
    int64_t mono_ms; /* for durations and deadlines */
    int64_t wall_ms; /* for what is written or shown */
};

struct river_limits {
    uint32_t units_max;
    uint64_t live_entries, must_entries;
    uint64_t live_bytes[FORM_COUNT], must_bytes[FORM_COUNT];
    size_t slab_bytes;      /* latest events and names */
    int64_t keep_ms;        /* a silent unit is forgotten after this (24 h) */
    int64_t repeat_ms;      /* open emergencies are sent again this often; 0: never */
    uint32_t uids_per_user; /* presence uids without a relay grant */
    int64_t relay_after_ms; /* an emergency waits this long for the disk (100 ms) */
    uint32_t interest_from; /* sessions from which on far units come slower; 0: never */
    uint32_t far_every;     /* of far units each n-th report; 0: none */
    double cell_deg;        /* edge of a neighbourhood cell */
};

/* An emergency on its way to the disk (the 100 ms rule). */
struct flight {
    bool used, relayed;
    bool unasked; /* the record's queue had no room for it: to be asked again */
    enum event_id kind;
    uint64_t ticket;
    int64_t deadline_ms; /* monotonic */
    char *payload;       /* slab; as given to the record */
    uint32_t len;
    uint32_t sender;
};
enum { RIVER_FLIGHTS = 64 };

struct river_counts {
    uint64_t events_in, live_put, must_put, held_back, unit_refused, evicted, repeats, relayed_first;
};

struct river {
    struct river_limits limits;
    struct sets *sets;
    struct units units;
    struct slab slab;
    struct ring live, must;
    _Atomic uint32_t listeners[FORM_COUNT]; /* sessions that hear each form */
    _Atomic uint32_t sessions;
    struct flight flights[RIVER_FLIGHTS];
    _Atomic uint32_t flights_open;
    uint32_t emergencies; /* open ones */
    uint64_t next_ticket;
    uint64_t published_seq; /* newest journal number that was made heard */
    int64_t next_repeat_ms;
    uint32_t sweep; /* where the search for forgotten units stands */
    char server_uid[64];
    struct river_counts count;
    char *scratch; /* RIVER_SCRATCH bytes for one conversion, under the lock */
};
/* Areas of the scratch, LIMIT_EVENT_IN bytes each: decoded values of the event,
 * of its detail, both forms going out, the payload for the record. */
enum river_area { AREA_VALUES, AREA_DETAIL, AREA_XML, AREA_PROTO, AREA_PAYLOAD, AREA_PAYLOAD_2, AREA_COUNT };
enum { RIVER_SCRATCH = AREA_COUNT * LIMIT_EVENT_IN };

/* An area of the scratch as an empty buf; dies when it is asked for again. */
struct buf river_area(struct river *r, enum river_area area);
/* One event, ready to go out: its bytes in both forms (a form that nobody listens
 * to may be empty). */
struct river_event {
    struct cot cot;
    struct cot_routing routing;
    enum cot_class is;
    struct str proto; /* the payload as received; empty when it came as XML */
    struct str form[FORM_COUNT];
    uint16_t held; /* RING_HELD_* */
};

/* Reads an event of either form (xml or proto given, the other empty) into ev. */
bool river_parse(struct river *r, struct str xml, struct str proto, struct river_event *ev,
                 struct err *e) MUST_USE;

/* The default limits. */
struct river_limits river_limits(void);
size_t river_memory(const struct river_limits *l) MUST_USE;
/* memory zeroed and aligned to 64; pages that are not used are never touched. */
void river_init(struct river *r, const struct river_limits *l, void *memory, struct hash_key key,
                struct str server_uid);

/* The cell of a place; 0 when there is none. */
uint32_t river_cell(const struct river *r, double lat, double lon) MUST_USE;
static inline bool cells_are_near(uint32_t a, uint32_t b)
{
    uint32_t rows = (a >> 16) - (b >> 16) + 1, cols = (a & 0xFFFF) - (b & 0xFFFF) + 1;

    return a == 0 || b == 0 || (rows <= 2 && cols <= 2);
}

/* Fills form[] from cot: stripped of marti/dest, unchanged where nothing had to
 * be changed.  `all`: both forms whether or not somebody listens. Uses the
 * scratch. */
void river_forms(struct river *r, struct river_event *ev, bool all);

/* Puts a replaceable event about x (or NULL) into the live ring. */
void river_put_live(struct river *r, struct unit *x, const struct river_event *ev, uint32_t sender,
                    uint16_t in_set, struct now now);

/* A durable event is on disk (or, recorded = false, the 100 ms are over): makes
 * it heard and changes the picture. payload as written by session.h. */
struct river_publish {
    uint64_t journal_seq; /* 0: not yet recorded */
    unsigned kind;
    struct str payload;
    uint32_t sender; /* session slot, RING_NO_SENDER: the server or one that is gone */
    bool recorded;
    uint64_t ticket; /* it was relayed under this one: recorded now, only the picture follows */
    bool quiet;      /* at start: into the picture, nobody to tell */
};
void river_publish(struct river *r, const struct river_publish *p, struct now now);
/* The devices that a session speaks for are in other groups from now on: who heard them and does not any more is told
 * that they are gone. */
void river_regrouped(struct river *r, uint64_t session, uint16_t in_set, struct now now);
/* A durable event was given up (never written): lets go of what waited for it. */
void river_abandon(struct river *r, unsigned kind, struct str payload);

/* Remembers an emergency for the 100 ms rule; the ticket goes with it to the
 * record (0: too many at once: river_relay() then). */
uint64_t river_fly(struct river *r, enum event_id kind, struct str payload, uint32_t sender, struct now now);
/* The record's queue had no room for it. */
void river_unasked(struct river *r, uint64_t ticket);
/* The next one that the record must be asked for again, NULL: none; the caller asks
 * and says so.  Without this an emergency would be heard but never recorded. */
const struct flight *river_to_ask(const struct river *r) MUST_USE;
void river_asked(struct river *r, uint64_t ticket);
/* No flight was free: makes it heard at once, marked as not recorded. It is heard
 * once more when it is on disk. */
void river_relay(struct river *r, enum event_id kind, struct str payload, uint32_t sender, struct now now);
/* Publishes those whose time is over; how many it did. */
uint32_t river_relay_overdue(struct river *r, struct now now);
/* The record has it: true when it was relayed before (and must be told so in the journal). */
bool river_landed(struct river *r, uint64_t ticket);

/* Housekeeping, some milliseconds' worth at most: repeats open emergencies,
 * forgets silent units and stale objects. Call about every 100 ms. */
void river_tick(struct river *r, struct now now);
/* When river_tick or river_relay_overdue has something to do next (monotonic). */
int64_t river_next_ms(const struct river *r, struct now now) MUST_USE;

/* IN set of the groups named in a payload (FIELD_GROUP, FIELD_EVERYONE; FIELD_OF_AGENCY and FIELD_SHARE when
 * a rule between agencies is about it). */
int river_in_set(struct river *r, struct str payload) MUST_USE;
/* What stands for a user in unit.owner. */
uint64_t river_owner(const struct river *r, struct str user) MUST_USE;
/* Writes FIELD_GROUP for each group of an IN set. */
void river_put_groups(const struct river *r, uint16_t in_set, struct buf *b);
/* Writes whose event it is, of which class, when rules between agencies are about the IN set. */
void river_put_share(const struct river *r, uint16_t in_set, struct buf *b);
/* Does it name somebody whom it is for (groups and missions beside)? */
bool river_addresses(const struct cot_routing *routing) MUST_USE;

/* Whether uid belongs to somebody else than this user, and taking it: see
 * session.c. Restores a holder at start. */
void river_restore_holder(struct river *r, struct str uid, struct str callsign, int64_t user);
/* The server itself among the contacts of the phones, heard by everybody. */
void river_put_own(struct river *r, const struct cot *c, struct now now);
/* Its last known position, from the tracks on disk: so that a unit which is silent
 * after a restart is still on the map. seen_ms: wall clock. */
void river_restore_position(struct river *r, struct str uid, const struct cot *c, uint16_t in_set,
                            int64_t seen_ms, struct now now);

#endif
