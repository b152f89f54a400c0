/* incident_watch.h -- positions become events: who came without checking in, which unit is in which zone.
 *
 *   outside --inside the outer cordon, not checked in, 60 s--> unit.self_deployed
 *   outside --inside a zone, 20 s--> unit.entered_zone --outside of it, 20 s--> unit.left_zone
 *
 * Positions never change the incident themselves; what is derived from them is an event that carries its
 * evidence, and a person can say otherwise.  So it is careful:
 *
 *   - a zone counts only when the position is on its level: the device names a floor that resolves, the
 *     structure has one level, or the zone is a yard.  Height alone resolves nothing.
 *   - ce must be known, below 50 m and smaller than the zone.  For the cordon a ce of 100 m is the most;
 *     one that is not known is taken, and the evidence says so.
 *   - leaving stops a PAR clock, so it needs more: the device stands further outside than its ce, no other
 *     device of the unit is inside, and it was a device that brought the unit in.  An entry that a person
 *     recorded is ended by a person.
 *   - one good position is never enough: the first and the last must be the time apart, with no more
 *     than 5 minutes between two.
 *   - a unit released less than 30 minutes ago is on its way out.
 *
 * Devices of an exercise count in an exercise, others in real incidents.  Bounds: struct watch_state has
 * room for WATCH_DEVICES; when it is full the one not heard for the longest time gives way.  Zones beyond
 * WATCH_AREAS are not watched.  The state is a guess about the last minutes, not part of the incident:
 * lost on a restart, it begins again.  Pure; the caller owns the memory; one thread. */
#ifndef CORDON_CORE_INCIDENT_WATCH_H
#define CORDON_CORE_INCIDENT_WATCH_H

#include "core/incident.h"
#include "core/incident_geo.h"

enum {
    WATCH_DEVICES = 8192, /* a power of two; three quarters are used at most */
    WATCH_AREAS = 4096,
    WATCH_LOOKUPS = 64,   /* devices whose unit is searched in one call (0.2 ms each); the others wait */
    INCIDENT_WATCH_MEMORY = 256 * 1024,
};

/* Of a device with presence: one that a person carries. */
struct position {
    struct str uid, callsign;
    struct str floor; /* as the device says it ("2", "roof"); empty: it does not */
    double lat, lon, ce; /* ce in metres; 9999999 or NAN: not known */
    int64_t at_ms;    /* when it was there */
};

struct watch_device {
    uint64_t key; /* hash of uid; 0: free */
    uint64_t known; /* the units' state for which `unit` was looked up */
    int64_t seen_ms;
    int64_t cordon_since_ms, zone_since_ms, out_since_ms; /* 0: not so now */
    uint32_t unit, cordon, zone, brought_to; /* entities; brought_to: the zone that it was told to be in */
    uint32_t cordon_seen; /* positions inside the cordon */
};

struct watch_area {
    uint32_t e, level; /* level 0: a cordon */
    struct geo_box box;
    double side_m;
    bool any_floor; /* a yard, or its structure has one level */
};

struct watch_state {
    struct hash_key key;
    uint32_t count;
    uint64_t stamp; /* of the units' names */
    uint64_t areas_seq;
    uint32_t areas, cordons; /* cordons stand first */
    struct watch_device devices[WATCH_DEVICES];
    struct watch_area area[WATCH_AREAS];
};

/* memory: zeroed.  One state watches one incident. */
void watch_init(struct watch_state *w, struct hash_key key);
struct watch_turn {
    struct watch_state *w;
    const struct incident *s;
    const struct position *positions;
    size_t n;
    int64_t now_ms;
};
/* Commands, at most max, for what these positions prove; payloads lie in memory (INCIDENT_WATCH_MEMORY
 * bytes, empty).  Call it about once a second with the positions that are new; what there was no room
 * for comes with a later one. */
size_t incident_watch(const struct watch_turn *t, struct buf *memory, struct incident_command *out,
                      size_t max) MUST_USE;

#endif
