/* units.h -- everything that has a uid: who and where, and its latest event.
 *
 * One table for people's devices, tracks, map objects and open emergencies.  An
 * emergency and a thing on the map may have the same uid: each is found by its own
 * question, and neither takes the other's place.  The
 * latest event of each is kept as received (marti/dest removed), for newcomers,
 * for readers that fell behind and for the browser.  Found by uid and, for
 * routing, by callsign.
 *
 * Owner: the river; all calls under its lock, except that `conn`, `newest`, `since`,
 * `floor` and `who` may be read without it (atomics).  An index is stable while the unit lives;
 * `id` is never used twice.  Bounds: `max` units, bytes in the given slab; when
 * full the stalest track, then the stalest silent device gives way, and when
 * nothing may give way the newcomer is refused (NULL), which the caller logs.
 * Tracks and objects together take at most three quarters of the places and of
 * the bytes: a flood of markers never keeps a responder off the map.  Pure. */
#ifndef CORDON_CORE_UNITS_H
#define CORDON_CORE_UNITS_H

#include "base/hash.h"
#include "base/slab.h"
#include "core/ring.h"

enum { UNIT_NONE = UINT32_MAX, CONN_NONE = 0, UNIT_GONE_KEPT = 1024 };

enum unit_kind { UNIT_FREE, UNIT_PRESENCE, UNIT_TRACK, UNIT_OBJECT, UNIT_EMERGENCY };

struct unit {
    uint8_t kind; /* enum unit_kind */
    uint8_t form; /* of the latest event */
    bool incognito, conflict, addressed;
    bool unadmitted; /* its device waits for admission: shown as that to the command post */
    bool held;   /* its latest report waits for a delete from before it */
    bool doomed; /* its latest event stands before a delete that is on disk or waits */
    uint16_t in_set;
    uint32_t pending; /* deletes of it that are not on disk yet */
    uint32_t id, next_uid, next_callsign;
    uint32_t updates;
    struct str uid, callsign;
    char *latest; /* NULL: none kept */
    char *other;  /* the same in the other form, made when a newcomer wanted it; NULL: not yet */
    uint32_t latest_len, other_len;
    bool other_fresh; /* other is of this latest */
    uint32_t cell;
    int64_t holder; /* user id that the uid belongs to; 0: nobody */
    uint64_t owner; /* emergencies: keyed hash of the user's name who raised it */
    uint64_t ticket; /* emergencies: of the flight that it was relayed by; 0: it is on disk */
    int64_t seen_ms, time_ms, stale_ms;  /* wall: heard, stated, goes stale */
    int64_t seen_mono_ms; /* 0: not since the start */
    double lat, lon; /* NAN: no fix */
    uint64_t version;    /* of anything; text_version: of more than the position */
    uint64_t text_version;
    uint64_t journal_seq; /* of the kept event; 0: a position */
    int64_t repeat_at_ms; /* emergencies: when it is sent again (monotonic) */
    uint32_t sender;      /* session slot that sent the latest */
};

struct units {
    struct hash_key key;
    struct slab *slab;
    struct unit *list;
    _Atomic uint64_t *conn;   /* who holds it now: slot and born, CONN_NONE: offline */
    _Atomic uint64_t *newest; /* live ring number of its newest entry, plus 1 */
    _Atomic uint64_t *floor;  /* live entries about it below this are dead: it was deleted since */
    _Atomic uint64_t floor_max; /* none of them stands above this */
    _Atomic uint64_t *since;  /* must entries for it below this are not for who holds it now */
    const _Atomic uint64_t *live_head;
    uint32_t *by_uid, *by_callsign;
    uint32_t max, used, buckets; /* used: highest index + 1 */
    uint32_t count, others, free_list; /* others: not presence */
    uint32_t next_id;
    uint64_t version; /* grows with every change */
    _Atomic uint64_t who; /* grows when somebody comes, goes, connects or changes a callsign */
    uint32_t gone[UNIT_GONE_KEPT]; /* ids of the last deleted ones */
    uint64_t gone_version[UNIT_GONE_KEPT];
    uint64_t gone_count;
};

size_t units_memory(uint32_t max) MUST_USE;
/* memory zeroed, aligned to 64; live_head: where the live ring stands, outlives the table. */
void units_init(struct units *u, void *memory, uint32_t max, struct slab *slab, struct hash_key key,
                const _Atomic uint64_t *live_head);

struct unit *units_at(struct units *u, uint32_t index);
uint32_t units_index(const struct units *u, const struct unit *x) MUST_USE;
/* The device, track or object of that uid; NULL when it is not known. */
struct unit *units_find(struct units *u, struct str uid) MUST_USE;
/* The open emergency of that uid. */
struct unit *units_find_emergency(struct units *u, struct str uid) MUST_USE;
/* Is there place for one more track or object without another giving way? */
bool units_has_room(const struct units *u) MUST_USE;
/* The known one or a new one of kind; NULL when the table or the slab is full. */
struct unit *units_put(struct units *u, struct str uid, enum unit_kind kind) MUST_USE;
/* What stands in the live ring about it is dead with it. */
void units_remove(struct units *u, struct unit *x);
/* What stands in the live ring about it is dead: it was deleted or cancelled. */
void units_raise_floor(struct units *u, const struct unit *x);
/* Changes what it is; from and to anything but an emergency. */
void units_become(struct units *u, struct unit *x, enum unit_kind kind);
/* Follows a change of callsign (cut to LIMIT_CALLSIGN). */
void units_rename(struct units *u, struct unit *x, struct str callsign);
/* Each unit of a callsign: start with UNIT_NONE, ends with UNIT_NONE. */
uint32_t units_next_called(struct units *u, struct str callsign, uint32_t after) MUST_USE;
/* Keeps the event; false when the slab is full (the old one is then gone). */
bool units_keep(struct units *u, struct unit *x, struct str bytes, enum wire_form form) MUST_USE;
/* Keeps the latest event in its other form too, for the next newcomer; left out when
 * memory is short. */
void units_keep_other(struct units *u, struct unit *x, struct str bytes);
/* Marks that other uids or callsigns can be addressed, or are connected, than before. */
void units_changed_who(struct units *u);
/* Marks a change for the browser; text: more than the position. */
void units_touch(struct units *u, struct unit *x, bool text);

#endif
