/* incident_store.h -- the memory of one incident: entities with fields, found by kind and id.
 *
 * An entity is a row (kind, id, the seq of the events that made and last changed it) with a chain of
 * fields; each field keeps the seq of the event that set it, so that every value on a board can cite
 * its event.  Everything lies in one block that the caller gives, linked by numbers, not pointers: a
 * copy of the block is a snapshot.  Texts lie in one of two halves; when one is full the living texts
 * move to the other, so memory does not grow with the journal.
 *
 * A struct str from here is borrowed and dies with the next change.  Not thread-safe.  Bounds: struct
 * incident_limits; ent_room() is asked before an event is decided, so that applying it cannot fail.
 * Pure. */
#ifndef CORDON_CORE_INCIDENT_STORE_H
#define CORDON_CORE_INCIDENT_STORE_H

#include "base/hash.h"
#include "core/fields.h"

/* Tags on disk, above those of the live river (core/fields.h). */
enum incident_field {
    IN_NONE = 0,
#define FIELD(id, tag, json, type, of, many) IN_##id = tag,
#include "core/incident_field.def"
#undef FIELD
};

enum entity_kind {
    ENT_NONE,
#define ENTITY(id, name, key, max, state) ENT_##id,
#include "core/incident_entity.def"
#undef ENTITY
    ENT_COUNT
};

struct incident_limits {
    uint32_t entities, fields;
    uint32_t text; /* bytes of each half */
};

struct incident {
    struct incident_limits limits;
    struct hash_key key;
    uint64_t size, seq; /* of the block; last applied event */
    uint64_t index_at, entities_at, fields_at, text_at;
    uint32_t places; /* of the index, a power of two */
    uint32_t entities, fields, fields_used, field_free;
    uint32_t text_len, text_live, half;
    uint32_t first[ENT_COUNT], last[ENT_COUNT], count[ENT_COUNT];
};

/* What an incident has by default: about 30 MB, of which only what is used is touched. */
struct incident_limits incident_limits(void) MUST_USE;
uint64_t incident_memory(const struct incident_limits *l) MUST_USE;
/* memory: zeroed, aligned to 64, of incident_memory() bytes. */
struct incident *incident_init(void *memory, const struct incident_limits *l, struct hash_key key) MUST_USE;
/* Back to what incident_init() gave. */
void incident_empty(struct incident *s);
/* Makes `to` equal to `from`, numbers and events included, by copying what is used; their limits are the
 * same.  Costs a copy of a few hundred kilobytes, 18 MB (some ms) at the most: to try out on. */
void incident_copy(struct incident *to, const struct incident *from);
/* Equal for equal states, whatever the memory looks like. */
uint64_t incident_hash(const struct incident *s) MUST_USE;

/* An entity by its number; 0 is none.  Numbers never change their meaning. */
uint32_t ent_find(const struct incident *s, enum entity_kind kind, struct str id) MUST_USE;
uint32_t ent_first(const struct incident *s, enum entity_kind kind) MUST_USE;
uint32_t ent_next(const struct incident *s, uint32_t e) MUST_USE;
struct str ent_id(const struct incident *s, uint32_t e) MUST_USE;
enum entity_kind ent_kind(const struct incident *s, uint32_t e) MUST_USE;
uint64_t ent_made(const struct incident *s, uint32_t e) MUST_USE;
uint64_t ent_changed(const struct incident *s, uint32_t e) MUST_USE;

/* The first value of a field; empty when there is none. */
struct str ent_get(const struct incident *s, uint32_t e, enum incident_field f) MUST_USE;
int64_t ent_int(const struct incident *s, uint32_t e, enum incident_field f, int64_t otherwise) MUST_USE;
bool ent_is(const struct incident *s, uint32_t e, enum incident_field f, const char *word) MUST_USE;
bool ent_has(const struct incident *s, uint32_t e, enum incident_field f) MUST_USE;
/* Is v one of the values of f? */
bool ent_holds(const struct incident *s, uint32_t e, enum incident_field f, struct str v) MUST_USE;
/* The event that set it; 0 when there is none. */
uint64_t ent_seq(const struct incident *s, uint32_t e, enum incident_field f) MUST_USE;
/* Walks the values of a field (IN_NONE: of all): *at is 0 at first; false at the end. */
bool ent_each(const struct incident *s, uint32_t e, enum incident_field f, uint32_t *at, struct str *v) MUST_USE;
/* The field and event of where ent_each stands. */
enum incident_field ent_field_of(const struct incident *s, uint32_t at) MUST_USE;
uint64_t ent_field_seq(const struct incident *s, uint32_t at) MUST_USE;

/* Is there room for so many more, with the reserve that applying may need? */
bool ent_room(const struct incident *s, uint32_t entities, uint32_t fields, uint32_t bytes) MUST_USE;

/* Changes: from apply functions only.  On entity 0 they do nothing: what an event speaks of may be
 * missing when the text of the event that made it was erased. */
/* Makes sure that so many bytes can be written before a borrowed text moves. */
void ent_settle(struct incident *s, uint64_t bytes);
uint32_t ent_make(struct incident *s, enum entity_kind kind, struct str id, uint64_t seq);
void ent_set(struct incident *s, uint32_t e, enum incident_field f, struct str v, uint64_t seq);
void ent_set_int(struct incident *s, uint32_t e, enum incident_field f, int64_t v, uint64_t seq);
void ent_add(struct incident *s, uint32_t e, enum incident_field f, struct str v, uint64_t seq);
/* Takes away all values of f, or the one that is v. */
void ent_clear(struct incident *s, uint32_t e, enum incident_field f, uint64_t seq);
void ent_drop(struct incident *s, uint32_t e, enum incident_field f, struct str v, uint64_t seq);
/* Says which event changed it last: for loading alone. */
void ent_touch(struct incident *s, uint32_t e, uint64_t seq);

#endif
