/* incident_life.h -- a random life of an incident, for tests: commands that are mostly sensible.
 *
 * Tests only.  The same seed gives the same life. */
#ifndef CORDON_SUPPORT_INCIDENT_LIFE_H
#define CORDON_SUPPORT_INCIDENT_LIFE_H

#include "support/incident_world.h"

static inline uint64_t life_dice(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static inline void life_put_word(struct buf *b, enum incident_field f, const char *list, uint64_t *seed)
{
    struct str rest = str_from(list);
    uint64_t n = 1;

    for (size_t i = 0; i < rest.len; i++)
        n += rest.at[i] == ',';
    for (n = life_dice(seed) % n; n > 0; n--)
        rest = str_from_at(rest, str_find_byte(rest, ',') + 1);
    incident_put(b, f, str_cut(rest, 0, str_find_byte(rest, ',')));
}

/* One of those that are there, or a new name from a few. */
static inline void life_put_ref(const struct world *w, struct buf *b, enum incident_field f, enum entity_kind kind,
                                uint64_t *seed)
{
    char id[32];
    uint32_t n = w->s->count[kind], e = ent_first(w->s, kind);
    uint64_t pick;

    if (n && life_dice(seed) % 4) {
        pick = life_dice(seed) % (n < 4 ? n : 4);
        while (pick--)
            e = ent_next(w->s, e);
        incident_put(b, f, ent_id(w->s, e));
        return;
    }
    (void)snprintf(id, sizeof id, "%c%d", 'a' + (int)kind % 26, (int)(life_dice(seed) % 6));
    incident_put(b, f, str_from(id));
}

/* own: the kind that the event is about, for fields that name another of it. */
static inline void life_put_value(const struct world *w, struct buf *b, enum incident_field f, enum entity_kind own,
                                  uint64_t *seed)
{
    static const char *const people[] = {"anna", "boris", "chen", "police", "army", "P1"};
    static const char *const grades[] = {"A1", "B2", "A2", "E5", "F6", "D4"};
    const struct field_info *i = field_info(f);
    uint64_t r = life_dice(seed);

    MUST(i->type != TYPE_INT || i->of >= 9);
    switch (i->type) {
    case TYPE_LINE: incident_put(b, f, str_from(people[r % COUNTOF(people)])); break;
    case TYPE_ID: life_put_ref(w, b, f, own, seed); break;
    case TYPE_TEXT: incident_put(b, f, r % 2 ? STR("two were killed") : STR("the road is closed")); break;
    case TYPE_INT: incident_put_int(b, f, f == IN_EXTENT ? 100 : (int64_t)(r % 9)); break;
    case TYPE_NUMBER: incident_put(b, f, STR("3.5")); break;
    case TYPE_TIME: incident_put_int(b, f, w->now_ms - (int64_t)(r % 7200000)); break;
    case TYPE_BOOL: incident_put(b, f, STR("1")); break;
    case TYPE_GRADE: incident_put(b, f, str_from(grades[r % COUNTOF(grades)])); break;
    case TYPE_WORD:
        life_put_word(b, f, f == IN_CLEARANCE_KIND ? "threat,life-1" : words_of((enum words_id)i->of), seed);
        break;
    case TYPE_PAIR: incident_put(b, f, r % 2 ? STR("police=2") : STR("public=1")); break;
    case TYPE_REF: life_put_ref(w, b, f, (enum entity_kind)i->of, seed); break;
    }
}

/* One command; the kind of what happened, 0 when it was refused. */
static inline unsigned life_command(struct world *w, uint64_t *seed)
{
    static char bytes[65536];
    struct buf b = buf_over(bytes, sizeof bytes);
    unsigned kind;
    const struct kind_info *k;

    do
        kind = (unsigned)(life_dice(seed) % INC_END);
    while (!kind_info(kind)->tag || (kind == INC_INCIDENT_CLOSED && life_dice(seed) % 8));
    k = kind_info(kind);
    if (k->entity)
        life_put_value(w, &b, entity_info(k->entity)->key, k->entity, seed);
    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++) {
        if (x->use == USE_MAY && life_dice(seed) % 3 == 0)
            continue;
        life_put_value(w, &b, x->field, k->entity, seed);
        if (field_info(x->field)->many && life_dice(seed) % 2)
            life_put_value(w, &b, x->field, k->entity, seed);
    }
    if (k->roles[0])
        life_put_word(&b, IN_ROLE, k->roles, seed);
    incident_put(&b, IN_ACTOR, life_dice(seed) % 4 ? ent_get(w->s, ent_find(w->s, ENT_COMMAND, STR("incident")),
                                                               IN_COMMANDER)
                                                     : STR("chen"));
    if (k->entity == ENT_REPORT) {
        life_put_ref(w, &b, IN_SOURCE, ENT_SOURCE, seed);
        life_put_value(w, &b, IN_GRADE, k->entity, seed);
    }
    w->now_ms += (int64_t)(life_dice(seed) % 60000);
    return world_do(w, (enum incident_kind)kind, buf_str(&b)) ? kind : 0;
}

#endif
