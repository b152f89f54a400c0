/* incident.h -- the incident core: a command becomes events or is refused; events make the state.
 *
 *   command --incident_decide--> events --journal--> incident_apply --> state
 *
 * The state is a function of the events alone (domain.md 5): the same events give the same
 * incident_hash(), so every past moment can be rebuilt.  One struct incident is one incident.  Payloads
 * are core/fields.h; which fields a kind has stands in incident.def, what a field is in
 * incident_field.def; both are open here for whoever turns them into JSON, a form or a description.
 *
 * decide reads only; what it gives lies in the caller's buf.  apply never fails: decide refused what
 * would not fit.  Time comes in with the command and is kept in the event (recorded_at).
 * Pure.  Not thread-safe: the record thread owns it. */
#ifndef CORDON_CORE_INCIDENT_H
#define CORDON_CORE_INCIDENT_H

#include "base/err.h"
#include "core/incident_store.h"

enum incident_kind {
    INC_NONE = 0,
#define EVENT(id, number, tag, entity, mode, roles, from, to, check, apply, ...) INC_##id = number,
#include "core/incident.def"
#undef EVENT
    INC_END = 512
};

enum words_id {
    WORDS_NONE,
#define WORDS(id, list) WORDS_##id,
#include "core/incident_words.def"
#undef WORDS
    WORDS_COUNT
};

enum field_type {
    TYPE_LINE,
    TYPE_ID,
    TYPE_TEXT,
    TYPE_INT,
    TYPE_NUMBER,
    TYPE_TIME,
    TYPE_BOOL,
    TYPE_GRADE,
    TYPE_WORD,
    TYPE_PAIR,
    TYPE_REF
};

/* What a field is; name NULL: there is no such field. */
struct field_info {
    const char *name;
    enum field_type type;
    int64_t of;
    bool many;
};

/* ARG is needed like NEED and SAID may be there like MAY, but only the check and apply functions use them. */
enum field_use { USE_END, USE_NEED, USE_MAY, USE_ADD, USE_ARG, USE_SAID };
struct field_in_kind {
    enum incident_field field;
    enum field_use use;
};
static inline bool use_is_needed(enum field_use use)
{
    return use != USE_END && use != USE_MAY && use != USE_SAID;
}

enum entity_mode { MODE_MAKE, MODE_CHANGE, MODE_EITHER, MODE_ALONE };

/* What a kind of event is; fields end with USE_END.  tag NULL: there is no such kind. */
struct kind_info {
    const char *tag;
    enum entity_kind entity;
    enum entity_mode mode;
    const char *roles, *from, *to;
    const struct field_in_kind *fields;
};

struct entity_info {
    const char *name;
    enum incident_field key;
    uint32_t max;
    const char *state;
};

const struct field_info *field_info(unsigned tag) MUST_USE;
const struct kind_info *kind_info(unsigned kind) MUST_USE;
const struct entity_info *entity_info(enum entity_kind kind) MUST_USE;
/* "word,word,..." */
const char *words_of(enum words_id list) MUST_USE;
/* The place of a word in a list, -1 when it is not there. */
int word_index(enum words_id list, struct str word) MUST_USE;
/* The kind of a tag ("unit.checked_in"), INC_NONE when there is none. */
enum incident_kind incident_kind_of(struct str tag) MUST_USE;
/* Does the envelope have this field, whatever the kind? */
bool field_is_envelope(enum incident_field f) MUST_USE;

enum {
    INCIDENT_SPAN = 7, /* span of control where the incident says nothing (ICS: 3 to 7) */
    INCIDENT_ID_MAX = 128,
    INCIDENT_LINE_MAX = 256,
    INCIDENT_TEXT_MAX = 16 * 1024,
    INCIDENT_PAYLOAD_MAX = 128 * 1024, /* of one event */
    INCIDENT_VALUES_MAX = 256,         /* fields of one event, repeats counted */
    INCIDENT_EVENTS_MAX = 512,         /* that one command can become: a sighting voids every neighbour */
    INCIDENT_DECIDE_MEMORY = 4 * INCIDENT_PAYLOAD_MAX,
    INCIDENT_SKEW_MS = 120 * 1000, /* how far a reported clock may be ahead of ours */
};

struct incident_command {
    enum incident_kind kind;
    struct str payload; /* without recorded_at */
    int64_t now_ms;     /* injected; becomes recorded_at */
};

struct incident_event {
    enum incident_kind kind;
    struct str payload;
};

/* events[0] is what was asked, the others follow from it; they are journaled as one batch. */
struct incident_decided {
    size_t n;
    struct incident_event events[INCIDENT_EVENTS_MAX];
};

/* False: refused, e says which field and what to do.  memory: empty, of INCIDENT_DECIDE_MEMORY bytes. */
bool incident_decide(const struct incident *s, const struct incident_command *c, struct buf *memory,
                     struct incident_decided *out, struct err *e) MUST_USE;
/* In order of seq.  A kind that this version does not know changes nothing but the seq, nor does an empty
 * payload: that of a row whose text was erased.  Later events that speak of what it made are applied as
 * far as they can be. */
void incident_apply(struct incident *s, uint64_t seq, unsigned kind, struct str payload);

/* The incident's own entity, 0 before it is opened. */
uint32_t incident_self(const struct incident *s) MUST_USE;
bool incident_is_exercise(const struct incident *s) MUST_USE;
/* One value into a payload. */
void incident_put(struct buf *b, enum incident_field f, struct str v);
void incident_put_int(struct buf *b, enum incident_field f, int64_t v);
struct str incident_value(struct str payload, enum incident_field f) MUST_USE;

#endif
