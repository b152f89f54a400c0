/* Loading a state that anything may have happened to.  The bytes themselves are loaded behind a head that
 * is right: it loads or it is refused, with an empty incident.  Then they are read as a script that builds a
 * state (3 bytes a step: what, which, how long): saved and loaded it is the same, saves to the same bytes,
 * and one changed byte of it never loads. */
#include "core/incident_save.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 19, STEPS = 400 };

static const struct incident_limits limits = {.entities = 256, .fields = 1024, .text = 1 << 16};

static struct incident *block(void)
{
    size_t n = (incident_memory(&limits) + 63) & ~(size_t)63;
    void *p = aligned_alloc(64, n);

    MUST(p);
    memset(p, 0, n);
    return incident_init(p, &limits, (struct hash_key){1, 2});
}

/* From a block of their own, so that a read behind the end is seen. */
static bool load(struct incident *s, struct str bytes)
{
    char *copy = malloc(bytes.len + 1);
    struct err e;
    bool ok;

    MUST(copy);
    memcpy(copy, bytes.at, bytes.len);
    ok = incident_load(s, str_of(copy, bytes.len), &e);
    MUST(ok || (e.kind != ERR_NONE && s->seq == 0 && s->entities == 0 && s->fields_used == 0));
    free(copy);
    return ok;
}

static void step(struct incident *s, const uint8_t *at)
{
    enum entity_kind kind = (enum entity_kind)(1 + at[1] % (ENT_COUNT - 1));
    enum incident_field f = at[1] % 2 ? IN_STATE : IN_BASIS;
    char text[256];
    struct str v = str_of(text, at[2]);

    memset(text, 'a' + at[2] % 26, sizeof text);
    s->seq++;
    switch (at[0] % 4) {
    case 0: (void)ent_make(s, kind, str_of(text, 1 + at[2] % 200u), s->seq); break;
    case 1:
        if (s->entities && ent_room(s, 0, 1, 256))
            ent_add(s, 1 + at[1] % s->entities, f, v, s->seq);
        break;
    case 2:
        if (s->entities && ent_room(s, 0, 1, 256))
            ent_set(s, 1 + at[1] % s->entities, f, v, s->seq);
        break;
    default:
        if (s->entities)
            ent_clear(s, 1 + at[1] % s->entities, f, s->seq);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char bytes[ROOM], again[ROOM];
    static struct incident *s, *t;
    struct buf b = buf_over(bytes, sizeof bytes), c = buf_over(again, sizeof again);

    if (!s) {
        s = block();
        t = block();
    }
    buf_put(&b, STR("CORDON STATE 3"));
    buf_byte(&b, (char)strlen(CORDON_VERSION));
    buf_put(&b, STR(CORDON_VERSION));
    buf_put(&b, str_of(data, size));
    if (!b.full && load(t, buf_str(&b)))
        incident_empty(t);

    for (size_t i = 0; i + 3 <= size && i < (size_t)3 * STEPS && s->entities < 200; i += 3)
        step(s, data + i);
    b.len = 0;
    incident_save(s, &b);
    MUST(!b.full && b.len == incident_save_size(s) && load(t, buf_str(&b)));
    incident_save(t, &c);
    MUST(str_eq(buf_str(&b), buf_str(&c)) && incident_hash(s) == incident_hash(t));
    incident_empty(t);
    bytes[size % b.len] = (char)(bytes[size % b.len] ^ (1 << size % 8));
    MUST(!load(t, buf_str(&b)));
    incident_empty(s);
    return 0;
}
