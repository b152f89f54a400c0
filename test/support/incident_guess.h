/* incident_guess.h -- commands of an incident by chance, mostly sensible, made from the core's tables.
 *
 * Tests only; pure.  The same dice and the same state give the same command. */
#ifndef CORDON_SUPPORT_INCIDENT_GUESS_H
#define CORDON_SUPPORT_INCIDENT_GUESS_H

#include "core/incident.h"

#include <stdio.h>

struct guess {
    const struct incident *s;
    int64_t now_ms;
    uint64_t dice; /* not 0 */
};

static inline uint64_t guess_dice(struct guess *g)
{
    g->dice ^= g->dice << 13;
    g->dice ^= g->dice >> 7;
    g->dice ^= g->dice << 17;
    return g->dice;
}

static inline void guess_word(struct guess *g, struct buf *b, enum incident_field f, const char *list)
{
    struct str rest = str_from(list);
    uint64_t n = 1;

    for (size_t i = 0; i < rest.len; i++)
        n += rest.at[i] == ',';
    for (n = guess_dice(g) % n; n > 0; n--)
        rest = str_from_at(rest, str_find_byte(rest, ',') + 1);
    incident_put(b, f, str_cut(rest, 0, str_find_byte(rest, ',')));
}

/* One of those that are there, or a new name from a few. */
static inline void guess_ref(struct guess *g, struct buf *b, enum incident_field f, enum entity_kind kind)
{
    char id[32];
    uint32_t n = g->s->count[kind], e = ent_first(g->s, kind);
    uint64_t pick;

    if (n && guess_dice(g) % 4) {
        pick = guess_dice(g) % (n < 4 ? n : 4);
        while (pick--)
            e = ent_next(g->s, e);
        incident_put(b, f, ent_id(g->s, e));
        return;
    }
    (void)snprintf(id, sizeof id, "%c%d", 'a' + (int)kind % 26, (int)(guess_dice(g) % 6));
    incident_put(b, f, str_from(id));
}

/* own: the kind that the event is about, for fields that name another of it. */
static inline void guess_value(struct guess *g, struct buf *b, enum incident_field f, enum entity_kind own)
{
    static const char *const people[] = {"anna", "boris", "chen", "police", "army", "P1"};
    static const char *const grades[] = {"A1", "B2", "A2", "E5", "F6", "D4"};
    const struct field_info *i = field_info(f);
    uint64_t r = guess_dice(g);

    MUST(i->type != TYPE_INT || i->of >= 9);
    switch (i->type) {
    case TYPE_LINE: incident_put(b, f, str_from(people[r % COUNTOF(people)])); break;
    case TYPE_ID: guess_ref(g, b, f, own); break;
    case TYPE_TEXT: incident_put(b, f, r % 2 ? STR("two were killed") : STR("the road is closed")); break;
    case TYPE_INT: incident_put_int(b, f, f == IN_EXTENT ? 100 : (int64_t)(r % 9)); break;
    case TYPE_NUMBER: incident_put(b, f, STR("3.5")); break;
    case TYPE_TIME: incident_put_int(b, f, g->now_ms - (int64_t)(r % 7200000)); break;
    case TYPE_BOOL: incident_put(b, f, STR("1")); break;
    case TYPE_GRADE: incident_put(b, f, str_from(grades[r % COUNTOF(grades)])); break;
    case TYPE_WORD:
        guess_word(g, b, f, f == IN_CLEARANCE_KIND ? "threat,life-1" : words_of((enum words_id)i->of));
        break;
    case TYPE_PAIR: incident_put(b, f, r % 2 ? STR("police=2") : STR("public=1")); break;
    case TYPE_REF: guess_ref(g, b, f, (enum entity_kind)i->of); break;
    }
}

/* A kind, and its fields into b; the key of the incident's own kinds is left to the caller. */
static inline enum incident_kind guess_command(struct guess *g, bool with_incident, struct buf *b)
{
    unsigned kind;
    const struct kind_info *k;

    do
        kind = (unsigned)(guess_dice(g) % INC_END);
    while (!kind_info(kind)->tag || (kind == INC_INCIDENT_CLOSED && guess_dice(g) % 8));
    k = kind_info(kind);
    if (k->entity && (with_incident || k->entity != ENT_INCIDENT))
        guess_value(g, b, entity_info(k->entity)->key, k->entity);
    for (const struct field_in_kind *x = k->fields; x->use != USE_END; x++) {
        if (!use_is_needed(x->use) && guess_dice(g) % 3 == 0)
            continue;
        guess_value(g, b, x->field, k->entity);
        if (field_info(x->field)->many && guess_dice(g) % 2)
            guess_value(g, b, x->field, k->entity);
    }
    if (k->roles[0])
        guess_word(g, b, IN_ROLE, k->roles);
    incident_put(b, IN_ACTOR, guess_dice(g) % 4 ? ent_get(g->s, ent_find(g->s, ENT_COMMAND, STR("incident")),
                                                          IN_COMMANDER)
                                                : STR("chen"));
    if (k->entity == ENT_REPORT) {
        guess_ref(g, b, IN_SOURCE, ENT_SOURCE);
        guess_value(g, b, IN_GRADE, k->entity);
    }
    return (enum incident_kind)kind;
}

/* What must hold in every state (domain.md 5.5): the sentence of what does not, NULL when all does. */
static inline const char *incident_broken(const struct incident *s)
{
    for (uint32_t c = ent_first(s, ENT_COMMAND); c; c = ent_next(s, c)) {
        struct str v;
        uint32_t at = 0, n = 0;

        while (ent_each(s, c, IN_COMMANDER, &at, &v))
            n++;
        if (ent_is(s, c, IN_STATE, "held") ? n != 1 : ent_is(s, c, IN_STATE, "unified") ? n < 2 : n != 0)
            return "a command that is held has one commander, a unified one several, a vacant one none";
    }
    for (uint32_t c = ent_first(s, ENT_CASUALTY); c; c = ent_next(s, c))
        if (ent_has(s, c, IN_ZONE) + ent_has(s, c, IN_POINT) + ent_has(s, c, IN_PLACE) > 1)
            return "a casualty is in one place at most";
    for (uint32_t f = ent_first(s, ENT_FACT); f; f = ent_next(s, f))
        if (!ent_has(s, f, IN_BASIS))
            return "a fact rests on a report";
    return NULL;
}

#endif
