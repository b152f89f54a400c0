#include "edge/incidents.h"

#include "core/incident_save.h"

#include <sys/mman.h>

/* Mapped, not from the heap: calloc() writes a block that was used before, 30 MB each time, so that looking into the
 * past would cost what is empty, and keep it. */
static void *map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static size_t size_of_one(void)
{
    struct incident_limits l = incident_limits();

    return incident_memory(&l);
}

void incidents_init(struct incidents *v, struct hash_key key)
{
    memset(v, 0, sizeof *v);
    v->key = key;
}

void incidents_fini(struct incidents *v)
{
    while (v->count)
        incidents_drop_last(v);
}

/* A row of the river that had the number of an incident's kind would open or change an incident. */
#define EVENT(id, number, ...)                                                                                         \
    _Static_assert((number) < (int)INC_INCIDENT_OPENED || (number) >= (int)INC_END, "a number of incident.def");
#include "core/event.def"
#undef EVENT

bool incident_kind_is(unsigned kind)
{
    return kind >= INC_INCIDENT_OPENED && kind < INC_END;
}

const uint16_t *incidents_kinds(void)
{
    static const uint16_t kinds[] = {
#define EVENT(id, number, ...) number,
#include "core/incident.def"
#undef EVENT
        0};

    return kinds;
}

struct incident *incidents_find(const struct incidents *v, struct str id)
{
    for (size_t i = 0; i < v->count; i++)
        if (str_eq(ent_id(v->list[i], incident_self(v->list[i])), id))
            return v->list[i];
    return NULL;
}

struct incident *incidents_current(const struct incidents *v, bool exercise)
{
    for (size_t i = v->count; i > 0; i--) {
        const struct incident *s = v->list[i - 1];

        if (incident_is_exercise(s) == exercise && ent_is(s, incident_self(s), IN_STATE, "active"))
            return v->list[i - 1];
    }
    return NULL;
}

struct incident *incidents_add(struct incidents *v, struct err *e)
{
    struct incident_limits l = incident_limits();
    void *memory;

    if (v->count == INCIDENTS_MAX) {
        err_set(e, ERR_FULL, "there are %d incidents in this record, the most it takes; begin a new data folder",
                INCIDENTS_MAX);
        return NULL;
    }
    memory = map(size_of_one()); /* zeroed, aligned to a page, and costs nothing where it is not touched */
    if (!memory) {
        err_set(e, ERR_WORLD, "there is no memory for another incident");
        return NULL;
    }
    v->memory[v->count] = memory;
    v->list[v->count] = incident_init(memory, &l, v->key);
    return v->list[v->count++];
}

void incidents_drop_last(struct incidents *v)
{
    MUST(v->count > 0);
    MUST(munmap(v->memory[--v->count], size_of_one()) == 0);
    v->memory[v->count] = NULL;
    v->list[v->count] = NULL;
}

bool incidents_load(struct incidents *v, struct str id, struct str state)
{
    struct incident *fresh;
    struct err e;
    size_t at = 0;

    while (at < v->count && !str_eq(ent_id(v->list[at], incident_self(v->list[at])), id))
        at++;
    fresh = incidents_add(v, &e);
    if (!fresh)
        return false;
    if (!incident_load(fresh, state, &e) || !str_eq(ent_id(fresh, incident_self(fresh)), id)) {
        incidents_drop_last(v);
        return false;
    }
    if (at + 1 < v->count) { /* it takes the place of the one that is there */
        void *old = v->memory[at];

        v->memory[at] = v->memory[v->count - 1];
        v->list[at] = v->list[v->count - 1];
        v->memory[v->count - 1] = old;
        incidents_drop_last(v);
    }
    return true;
}

struct incident *incidents_apply(struct incidents *v, uint64_t seq, unsigned kind, struct str payload)
{
    struct str id = incident_value(payload, IN_INCIDENT);
    struct incident *s = incidents_find(v, id);
    struct err e;

    if (id.len == 0)
        return NULL; /* a source of video of an older folder, which had the number of "opened" */
    if (!s && kind == INC_INCIDENT_OPENED)
        s = incidents_add(v, &e);
    if (s && seq > s->seq)
        incident_apply(s, seq, kind, payload);
    return s;
}
