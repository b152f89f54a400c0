/* incident_evening.h -- a scripted incident in which every view has something to show, for tests.
 *
 * Tests only.  Everything in it is invented; world_evening() always makes the same journal, so what
 * is printed of it can be compared byte by byte. */
#ifndef CORDON_SUPPORT_INCIDENT_EVENING_H
#define CORDON_SUPPORT_INCIDENT_EVENING_H

#include "support/incident_world.h"

static inline void evening_minutes(struct world *w, int64_t minutes)
{
    w->now_ms += minutes * 60000;
}

static inline void evening_inside(struct world *w)
{
    world_ok(w, INC_ZONE_DEFINED, IN_ZONE, "H/plant", IN_LEVEL, "H/1", IN_NAME, "Plant room", IN_ZONE_KIND, "room",
             IN_NONE);
    world_ok(w, INC_LEVEL_DEFINED, IN_LEVEL, "H/mezzanine", IN_STRUCTURE, "H", IN_ORDINAL, "0.5", IN_NAME, "Mezzanine",
             IN_NONE);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "Annex", IN_NAME, "Annex", IN_STOREYS, "1", IN_ROOF, "1", IN_NONE);
    world_ok(w, INC_TACTICAL_SET, IN_TACTICAL, "x1", IN_TAC_KIND, "hot", IN_ZONES, "H/0/A", IN_ZONES, "H/0/core",
             IN_NONE);
    world_ok(w, INC_ASSIGNMENT_GIVEN, IN_ASSIGNMENT, "a1", IN_UNITS, "P1", IN_TEXT, "EX search the ground floor",
             IN_ZONES, "H/0/A", IN_ZONES, "H/0/B", IN_ACTOR, "anna", IN_ROLE, "commander", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "P1", IN_ZONE, "H/0/A", IN_COUNT, "4", IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    evening_minutes(w, 5);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/0/A", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_EXTENT, "100",
             IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/0/B", IN_CLEARANCE_KIND, "threat", IN_UNIT, "P1", IN_NONE);
    world_ok(w, INC_SEARCH_STARTED, IN_ZONE, "H/1/C", IN_CLEARANCE_KIND, "eod", IN_UNIT, "B1", IN_NONE);
    world_ok(w, INC_SEARCH_ENDED, IN_ZONE, "H/1/C", IN_CLEARANCE_KIND, "eod", IN_UNIT, "B1", IN_EXTENT, "60", IN_NONE);
    world_ok(w, INC_ZONE_NO_GO, IN_ZONE, "H/1/lift", IN_CLEARANCE_KIND, "threat", IN_REASON, "EX shaft open", IN_NONE);
    world_ok(w, INC_UNIT_ENTERED, IN_UNIT, "A1", IN_ZONE, "H/1/B", IN_NONE);
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T1", IN_THREAT_KIND, "person", IN_LO, "1", IN_HI, "2", IN_ZONE,
             "H/1/D",
             IN_NONE);
    world_ok(w, INC_THREAT_REPORTED, IN_THREAT, "T2", IN_THREAT_KIND, "person", IN_ZONE, "H/1/D", IN_NONE);
    world_ok(w, INC_THREAT_ACCOUNTED, IN_THREAT, "T2", IN_OUTCOME, "in-custody", IN_NONE);
}

static inline void evening_people(struct world *w)
{
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "EX-K1", IN_CATEGORY, "police", IN_ZONE, "H/0/A", IN_VERIFIED, "1",
             IN_WAS_INJURED, "1", IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "EX-K2", IN_CATEGORY, "public", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_CASUALTY_REPORTED, IN_CASUALTY, "EX-K3", IN_CATEGORY, "public", IN_ZONE, "H/0/A", IN_NONE);
    world_ok(w, INC_CASUALTY_STATUS_SET, IN_CASUALTY, "EX-K3", IN_CASUALTY_STATUS, "unfounded", IN_REASON,
             "EX nobody there", IN_NONE);
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "c1", IN_COUNTER, "killed", IN_LO, "2", IN_HI, "2", IN_AS_OF,
             "1700000300000", IN_SOURCE, "s1", IN_GRADE, "B2", IN_CATEGORIES, "police=1", IN_CATEGORIES, "army=1",
             IN_NONE);
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "c2", IN_COUNTER, "killed", IN_LO, "4", IN_HI, "5", IN_AS_OF,
             "1700000310000", IN_SOURCE, "s2", IN_GRADE, "C3", IN_NONE);
    world_ok(w, INC_COUNT_CLAIMED, IN_REPORT, "c3", IN_COUNTER, "attackers", IN_LO, "3", IN_OPEN, "1", IN_AS_OF,
             "1700000320000", IN_SOURCE, "s2", IN_GRADE, "C3", IN_NONE);
    world_ok(w, INC_SOURCE_REGISTERED, IN_SOURCE, "s3", IN_SOURCE_KIND, "sensor", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r1", IN_PREDICATE, "note", IN_TEXT, "EX smoke on the stairs",
             IN_CRITICAL, "1", IN_SOURCE, "s1", IN_GRADE, "B2", IN_NONE);
    world_ok(w, INC_REPORT_RECEIVED, IN_REPORT, "r2", IN_PREDICATE, "note", IN_TEXT, "EX-HIDDEN who says so",
             IN_CRITICAL, "1", IN_SOURCE, "s2", IN_GRADE, "B2", IN_CLASS, "intel", IN_NONE);
}

static inline void evening_around(struct world *w)
{
    world_ok(w, INC_POSTURE_SET, IN_INCIDENT, "i", IN_POSTURE, "active-attack", IN_REASON, "EX shots", IN_ACTOR, "anna",
             IN_ROLE, "commander", IN_NONE);
    world_ok(w, INC_MAJOR_DECLARED, IN_INCIDENT, "i", IN_REASON, "EX more than one agency", IN_NONE);
    world_ok(w, INC_PERIOD_STARTED, IN_PERIOD, "p1", IN_START_AT, "1700000000000", IN_OBJECTIVE, "EX find everybody",
             IN_OBJECTIVE, "EX keep the road open", IN_NONE);
    world_ok(w, INC_THREAT_LEVEL_SET, IN_LEVEL_SCOPE, "city", IN_THREAT_LEVEL, "severe", IN_NONE);
    world_ok(w, INC_METHANE_REPORTED, IN_METHANE, "m1", IN_PLACE, "EX 1 Drill Road", IN_RISK, "EX glass", IN_NONE);
    world_ok(w, INC_POINT_SET, IN_POINT, "rvp1", IN_POINT_KIND, "rvp", IN_PLACE, "EX school yard", IN_NONE);
    world_ok(w, INC_CORDON_SET, IN_CORDON, "cd1", IN_CORDON_KIND, "inner", IN_NONE);
    world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, "cl1", IN_ROAD, "EX Main Road", IN_AREA, "EX east", IN_CLASS, "public",
             IN_NONE);
    world_ok(w, INC_CLOSURE_SET, IN_CLOSURE, "cl2", IN_ROAD, "EX Service Lane", IN_NONE);
    world_ok(w, INC_MAYDAY_DECLARED, IN_MAYDAY, "md1", IN_UNIT, "A1", IN_ZONE, "H/1/B", IN_NONE);
    world_ok(w, INC_EVACUATE_ORDERED, IN_EVACUATION, "ev1", IN_REASON, "EX fire", IN_ACTOR, "anna", IN_ROLE,
             "commander",
             IN_NONE);
}

static inline struct world *world_evening(void)
{
    struct world *w = world_scene();

    evening_minutes(w, 1);
    evening_inside(w);
    evening_people(w);
    evening_around(w);
    evening_minutes(w, 30);
    return w;
}

#endif
