/* indoor.h -- indoor maps as the places of an incident: IMDF and OSM Simple Indoor Tagging.
 *
 *   files -> plan (indoor_geojson.c, osm.c) -> levels, zones, openings -> commands, a report
 *
 * Read: IMDF 1.0 (OGC 20-094) as GeoJSON, several files or one merged; OSM Simple Indoor Tagging as
 * GeoJSON or OSM XML.  Everything is read and checked first; only then the commands come out, in the
 * order in which an incident takes them, so that a bad file changes nothing.  Ids are made of the
 * structure's, the level's and the file's own: the same file gives the same commands.  Every feature
 * has one fate, which the report counts; what was mended or left out is a remark with the feature's id.
 *
 * Bounds: INDOOR_FILE_MAX bytes a file, what incident_entity.def allows of levels, zones and openings,
 * INDOOR_STEPS of comparing shapes; beyond, the file is refused and the sentence names the feature.
 * Blocks for as long as that takes (a second for 10 MB) and takes memory of twenty times the file: for a
 * thread that may.
 *
 * What a plan cannot know: whether a door stands open.  Doors are taken as `door_state`, "open" if
 * nothing is asked: then a sighting behind a door that nobody looked at voids what lies beyond it. */
#ifndef CORDON_EDGE_INDOOR_H
#define CORDON_EDGE_INDOOR_H

#include "core/incident.h"

enum {
    INDOOR_FILE_MAX = 64 << 20,
    INDOOR_STRUCTURE_MAX = 64, /* bytes of the structure's id: levels and zones are named after it */
    INDOOR_REMARKS = 200,      /* kept; the rest is counted */
    INDOOR_REMARK_MAX = 224,
    INDOOR_STEPS = 400000000, /* of comparing; a few seconds */
};

enum indoor_format { INDOOR_AUTO, INDOOR_IMDF, INDOOR_OSM_GEOJSON, INDOOR_OSM_XML };

struct indoor_ask {
    const struct str *files;
    size_t file_count;
    enum indoor_format format;
    struct str structure;     /* id */
    struct str name;          /* empty: as the plan's building is called, else the id */
    struct str scheme;        /* "ground=0", "ground=1"; empty: not known */
    struct str level_missing; /* the level of what names none, "0"; empty: that is passed over */
    struct str door_state;    /* a word of OPENING_STATE; empty: "open" */
    bool exists;              /* the incident has the structure: levels, zones and openings alone */
};

/* Why a feature became nothing: id, name in JSON, words for people. */
#define INDOOR_PASSED(X)                                                                                               \
    X(OUTSIDE, "outside", "are not the inside of a building")                                                          \
    X(BUILDING, "building", "are other buildings or parts of one")                                                     \
    X(WALL, "wall", "are walls, columns or voids")                                                                     \
    X(PATH, "path", "are ways to go")                                                                                  \
    X(THING, "thing", "are things on a level, or remarks about it")                                                    \
    X(KIND, "kind", "are of an IMDF kind that makes no zone")                                                          \
    X(NO_LEVEL, "no_level", "do not say on which level they are")                                                      \
    X(BAD_LEVEL, "bad_level", "name a level that is not understood")                                                   \
    X(TWICE, "twice", "have the id of another, or draw it again")                                                      \
    X(DOOR_NOWHERE, "door_nowhere", "are doors that touch no zone")                                                    \
    X(DOOR_ONE_SIDE, "door_one_side", "are doors with a zone on one side only, as those that lead outside")            \
    X(DOOR_UNCLEAR, "door_unclear", "are doors where more than two zones meet")

enum indoor_passed {
#define X(id, name, words) INDOOR_PASSED_##id,
    INDOOR_PASSED(X)
#undef X
        INDOOR_PASSED_COUNT
};

struct indoor_report {
    size_t features;                     /* read = used + all passed over */
    size_t used;                         /* became a zone, a level, an opening, the building, the site */
    size_t passed[INDOOR_PASSED_COUNT];
    size_t levels, zones, openings;
    size_t openings_up;                  /* of the openings: stairs and lifts between levels */
    size_t without_shape, simplified, renamed; /* zones; of outlines */
    size_t alone; /* zones that no opening joins to another: their neighbours are not known */
    size_t remarks;                      /* all, of which the first INDOOR_REMARKS are kept */
    char remark[INDOOR_REMARKS][INDOOR_REMARK_MAX];
};

/* One command: its kind and payload, which is borrowed. */
typedef void indoor_see(void *ctx, enum incident_kind kind, struct str payload);
struct indoor_to {
    indoor_see *see;
    void *ctx;
};

/* False: refused, nothing was handed out, e says why.  The report is filled either way as far as it came. */
bool indoor_read(const struct indoor_ask *ask, const struct indoor_to *to, struct indoor_report *report,
                 struct err *e) MUST_USE;

/* The report as lines for a terminal, and as a JSON object.  INDOOR_REPORT_MAX bytes hold it. */
enum { INDOOR_REPORT_MAX = 128 << 10 };
void indoor_report_text(const struct indoor_report *r, struct buf *b);
void indoor_report_json(const struct indoor_report *r, struct buf *b);
/* {"id":UUID,"kind":"zone.defined","fields":{...}} of doc/internals/incident-api.md; the id is made of
 * what the command says, so that the same command sent again is the same. */
void indoor_command_json(enum incident_kind kind, struct str payload, struct buf *b);

#endif
