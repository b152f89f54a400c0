/* incident_json.h -- incident events and entities as JSON, by the tables of core/incident*.def.
 *
 * A member's name is the field's name.  LINE, TEXT, ID, GRADE, WORD and REF are texts; INT and NUMBER
 * numbers; TIME is RFC 3339 with its offset (written in UTC with milliseconds); BOOL is true or false
 * (false: as if it were not there); what may be there several times is a list (one value alone is taken,
 * too); PAIR is an object {"police": 2}.  Everything that leaves passes core/incident_access.h here.
 * What is not understood of a payload is left out or null: the output is JSON whatever comes in. */
#ifndef CORDON_EDGE_INCIDENT_JSON_H
#define CORDON_EDGE_INCIDENT_JSON_H

#include "core/incident_access.h"
#include "edge/json.h"

/* {"name": value, ...} into a payload for incident_decide().  Refused: names that the kind does not
 * have, values of the wrong type or out of range, with the name in the sentence.  What the server sets
 * itself (recorded_at, actor, incident, exercise) is refused, too; but whoever opens an incident says
 * whether it is an exercise.  Lengths and words are judged by incident_decide().  Refused: payload is
 * as it was. */
bool incident_from_json(enum incident_kind kind, struct json_value fields, struct buf *payload, struct err *e) MUST_USE;
/* {"name": value, ...} of an event; a == NULL: everything. */
void incident_event_json(unsigned kind, struct str payload, const struct access *a, struct buf *b);
/* {"kind":"unit","id":"RRF-1","made":SEQ,"changed":SEQ,"fields":{...}}; cite: and "from":{"state":SEQ,...}.
 * Nothing at all when he may not see that there is such an entity.  a == NULL: everything. */
void incident_entity_json(const struct incident *s, uint32_t e, const struct access *a, bool cite, struct buf *b);
/* The word of an entity kind in JSON: its name in incident_entity.def in small letters ("threat_level"). */
struct str incident_entity_word(enum entity_kind kind, char word[32]);
enum entity_kind incident_entity_of(struct str word) MUST_USE;
/* May a command of this kind have the field?  Also asked by the description (edge/incident_openapi.h). */
bool incident_may_set(enum incident_kind kind, enum incident_field f) MUST_USE;
/* One value of a field as JSON; of a list or a PAIR its list or object of one. */
void incident_value_json(enum incident_field f, struct str v, struct buf *b);

#endif
