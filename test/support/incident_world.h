/* incident_world.h -- an incident with its journal, for tests.
 *
 * Tests only.  world_ok() decides, journals and applies a command and fails the test when it is
 * refused; world_no() wants a refusal that has these words.  Fields are pairs of tag and text, ended
 * by IN_NONE. */
#ifndef CORDON_SUPPORT_INCIDENT_WORLD_H
#define CORDON_SUPPORT_INCIDENT_WORLD_H

#include "core/clearance.h"
#include "core/incident.h"
#include "core/incident_guard.h"
#include "core/incident_place.h"
#include "core/reconcile.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORLD_EVENTS = 20000, WORLD_LOG = 16 << 20 };

struct world_row {
    unsigned kind;
    size_t at, len;
};

struct world {
    struct incident *s;
    void *memory;
    struct incident_limits limits;
    int64_t now_ms;
    uint64_t seq;
    bool exercise;
    struct world_row rows[WORLD_EVENTS];
    char *log, *work;
    size_t log_len;
    struct err err;
    struct incident_decided decided;
};

static const struct hash_key world_key = {11, 12};

static inline void *world_memory(uint64_t n)
{
    void *p = aligned_alloc(64, (n + 63) & ~(uint64_t)63);

    assert_non_null(p);
    memset(p, 0, n);
    return p;
}

static inline struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    w->limits = (struct incident_limits){.entities = 1 << 13, .fields = 1 << 16, .text = 1 << 21};
    w->memory = world_memory(incident_memory(&w->limits));
    w->s = incident_init(w->memory, &w->limits, world_key);
    w->now_ms = INT64_C(1700000000000);
    w->log = malloc(WORLD_LOG);
    w->work = malloc(INCIDENT_DECIDE_MEMORY);
    assert_true(w->log && w->work);
    return w;
}

/* One command; false when it is refused (w->err). */
static inline bool world_do(struct world *w, enum incident_kind kind, struct str payload)
{
    struct incident_command c = {kind, payload, w->now_ms};
    struct buf memory = buf_over(w->work, INCIDENT_DECIDE_MEMORY);

    if (!incident_decide(w->s, &c, &memory, &w->decided, &w->err))
        return false;
    for (size_t i = 0; i < w->decided.n; i++) {
        const struct incident_event *x = &w->decided.events[i];

        assert_true(w->seq < WORLD_EVENTS - 1 && w->log_len + x->payload.len <= WORLD_LOG);
        memcpy(w->log + w->log_len, x->payload.at, x->payload.len);
        w->rows[++w->seq] = (struct world_row){x->kind, w->log_len, x->payload.len};
        incident_apply(w->s, w->seq, x->kind, str_of(w->log + w->log_len, x->payload.len));
        w->log_len += x->payload.len;
    }
    return true;
}

static inline bool world_va(struct world *w, enum incident_kind kind, va_list args)
{
    static char bytes[INCIDENT_PAYLOAD_MAX];
    struct buf b = buf_over(bytes, sizeof bytes);

    for (int f = va_arg(args, int); f; f = va_arg(args, int))
        incident_put(&b, (enum incident_field)f, str_from(va_arg(args, const char *)));
    if (w->exercise)
        incident_put(&b, IN_EXERCISE, STR("1"));
    assert_false(b.full);
    return world_do(w, kind, buf_str(&b));
}

/* The seq of the event. */
static inline uint64_t world_ok(struct world *w, enum incident_kind kind, ...)
{
    va_list args;
    uint64_t seq = w->seq + 1;
    bool done;

    va_start(args, kind);
    done = world_va(w, kind, args);
    va_end(args);
    if (!done)
        fail_msg("%s refused: %s", kind_info(kind)->tag, w->err.text);
    return seq;
}

static inline void world_no(struct world *w, const char *words, enum incident_kind kind, ...)
{
    va_list args;
    bool done;

    va_start(args, kind);
    done = world_va(w, kind, args);
    va_end(args);
    if (done)
        fail_msg("%s was not refused (%s)", kind_info(kind)->tag, words);
    if (!strstr(w->err.text, words))
        fail_msg("%s: refused with \"%s\", not \"%s\"", kind_info(kind)->tag, w->err.text, words);
}

/* A copy of the state from its first `upto` events. */
static inline struct incident *world_replay(const struct world *w, uint64_t upto)
{
    struct incident *s = incident_init(world_memory(incident_memory(&w->limits)), &w->limits, world_key);

    for (uint64_t i = 1; i <= upto; i++)
        incident_apply(s, i, w->rows[i].kind, str_of(w->log + w->rows[i].at, w->rows[i].len));
    return s;
}

/* Every test ends with the proof that its events alone make its state. */
static inline void world_free(struct world *w)
{
    struct incident *again = world_replay(w, w->seq);

    assert_int_equal(incident_hash(again), incident_hash(w->s));
    free(again);
    free(w->memory);
    free(w->log);
    free(w->work);
    free(w);
}

static inline bool world_state(const struct world *w, enum entity_kind kind, const char *id, const char *state)
{
    return ent_is(w->s, ent_find(w->s, kind, str_from(id)), IN_STATE, state);
}

/* An open incident with a commander, police and army, a two-storey house inside the inner cordon. */
static inline struct world *world_scene(void)
{
    struct world *w = world_new();

    world_ok(w, INC_INCIDENT_OPENED, IN_INCIDENT, "i", IN_NAME, "Drill", IN_TYPE, "complex-attack", IN_NONE);
    world_ok(w, INC_COMMAND_ASSUMED, IN_SCOPE, "incident", IN_COMMANDER, "anna", IN_NONE);
    world_ok(w, INC_AGENCY_JOINED, IN_AGENCY, "police", IN_NAME, "Police", IN_AGENCY_KIND, "police", IN_NONE);
    world_ok(w, INC_AGENCY_JOINED, IN_AGENCY, "army", IN_NAME, "Army", IN_AGENCY_KIND, "army", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "P1", IN_AGENCY, "police", IN_STRENGTH, "6", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "P2", IN_AGENCY, "police", IN_STRENGTH, "6", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "A1", IN_AGENCY, "army", IN_STRENGTH, "8", IN_NONE);
    world_ok(w, INC_UNIT_CHECKED_IN, IN_UNIT, "B1", IN_AGENCY, "police", IN_UNIT_CATEGORY, "eod", IN_NONE);
    world_ok(w, INC_STRUCTURE_DEFINED, IN_STRUCTURE, "H", IN_NAME, "House", IN_STOREYS, "2", IN_SCHEME, "ground=0",
             IN_INNER, "1", IN_NONE);
    world_ok(w, INC_SOURCE_REGISTERED, IN_SOURCE, "s1", IN_SOURCE_KIND, "responder", IN_NONE);
    world_ok(w, INC_SOURCE_REGISTERED, IN_SOURCE, "s2", IN_SOURCE_KIND, "caller", IN_NONE);
    return w;
}

#endif
