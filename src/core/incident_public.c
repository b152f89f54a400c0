#include "core/incident_public.h"

#include "core/incident_guard.h"
#include "core/incident_rules.h"

/* Everything that ever goes out.  A line counts by the state of its statement. */
static const struct allowed {
    enum entity_kind kind;
    const char *states;
    enum incident_field field;
} allowed[] = {
    {ENT_LINE, "released", IN_TEXT},           {ENT_LINE, "released", IN_LANG},
    {ENT_LINE, "released", IN_ATTRIBUTED},     {ENT_STATEMENT, "released,corrected", IN_SPEAKER},
    {ENT_STATEMENT, "corrected", IN_STATE},    {ENT_ALERT, "sent,questioned", IN_TEXT},
    {ENT_ALERT, "sent,questioned", IN_AREA},   {ENT_ALERT, "sent,questioned", IN_SEVERITY},
    {ENT_ALERT, "sent,questioned", IN_LANG},   {ENT_ALERT, "sent,questioned", IN_EXPIRES_AT},
    {ENT_CLOSURE, "in-force,lifted", IN_ROAD}, {ENT_CLOSURE, "in-force,lifted", IN_STATE},
    {ENT_CLOSURE, "in-force", IN_AREA},
};

static bool is_public(const struct incident *s, uint32_t e, const struct allowed *row)
{
    struct str state = ent_get(s, e, IN_STATE), audience;

    if (row->kind == ENT_LINE) {
        uint32_t statement = ent_find(s, ENT_STATEMENT, ent_get(s, e, IN_STATEMENT));

        if (guard_is_dropped(s, e))
            return false;
        state = ent_get(s, statement, IN_STATE);
        audience = ent_get(s, statement, IN_AUDIENCE);
    } else
        audience = ent_get(s, e, IN_AUDIENCE);
    if (row->kind == ENT_CLOSURE)
        return word_in(row->states, state) && ent_is(s, e, IN_CLASS, "public");
    return word_in(row->states, state) && word_in("public,residents,media", audience);
}

bool incident_is_public(const struct incident *s, uint32_t e, enum incident_field f)
{
    for (size_t i = 0; i < COUNTOF(allowed); i++)
        if (allowed[i].kind == ent_kind(s, e) && (f == IN_NONE || allowed[i].field == f) &&
            is_public(s, e, &allowed[i]))
            return true;
    return false;
}

bool incident_public(const struct incident *s, uint64_t *at, struct public_item *out)
{
    /* *at: the row in the upper half, the last entity in the lower. */
    uint64_t row = *at >> 32;
    uint32_t e = (uint32_t)*at;

    for (; row < COUNTOF(allowed); row++, e = 0) {
        const struct allowed *a = &allowed[row];

        for (e = e ? ent_next(s, e) : ent_first(s, a->kind); e; e = ent_next(s, e))
            if (is_public(s, e, a) && ent_has(s, e, a->field)) {
                *at = row << 32 | e;
                *out = (struct public_item){a->kind, e, a->field, ent_get(s, e, a->field)};
                return true;
            }
    }
    *at = row << 32;
    return false;
}
