/* What may be said now: the release guard's word on every line and alert that is being written or is out. */
#include "core/incident_guard.h"
#include "edge/incident_views_inner.h"

static const char *const lights[] = {[GUARD_GREEN] = "green", [GUARD_AMBER] = "amber", [GUARD_RED] = "red"};

static void put_guard(const struct guard *g, struct buf *b)
{
    view_text(b, "light", str_from(lights[g->light]));
    view_text(b, "rule", str_from(g->rule));
    view_text(b, "why", str_from(g->why));
    view_bool(b, "fatality", g->fatality);
}

/* A fact then, and what is known in its place now. */
static void put_fact(const struct view_ask *q, uint32_t fact, struct buf *b)
{
    uint32_t newer = guard_newer(q->s, fact);

    view_open(b, NULL, '{');
    view_text(b, "fact", ent_id(q->s, fact));
    view_text(b, "state", ent_get(q->s, fact, IN_STATE));
    view_whole_or_null(b, "lo", ent_int(q->s, fact, IN_LO, -1));
    view_bool(b, "stale", ent_int(q->s, fact, IN_REVIEW_AT, INT64_MAX) < q->now_ms);
    view_text(b, "now", ent_id(q->s, newer));
    view_whole_or_null(b, "now_lo", ent_int(q->s, newer, IN_LO, -1));
    buf_byte(b, '}');
}

static void put_facts(const struct view_ask *q, uint32_t line, struct buf *b)
{
    struct str id;
    uint32_t at = 0;

    view_open(b, "facts", '[');
    while (ent_each(q->s, line, IN_FACTS, &at, &id)) {
        uint32_t fact = ent_find(q->s, ENT_FACT, id);

        if (view_sees_entity(q, fact))
            put_fact(q, fact, b);
    }
    buf_byte(b, ']');
}

static void put_line(const struct view_ask *q, uint32_t line, uint32_t statement, struct buf *b)
{
    struct guarding x = {q->s, &q->work->counter, q->now_ms};
    struct guard g;

    guard_line(&x, line, ent_has(q->s, statement, IN_OVERRIDE), &g);
    view_open(b, NULL, '{');
    view_text(b, "line", ent_id(q->s, line));
    view_text(b, "statement", ent_id(q->s, statement));
    put_guard(&g, b);
    view_bool(b, "outdated", guard_is_outdated(q->s, line));
    put_facts(q, line, b);
    buf_byte(b, '}');
}

static bool is_written(const struct view_ask *q, uint32_t e)
{
    struct str state = ent_get(q->s, e, IN_STATE);

    return !str_eq(state, STR("withdrawn")) && !str_eq(state, STR("corrected")) && !str_eq(state, STR("cancelled")) &&
           !str_eq(state, STR("replaced")) && view_sees_entity(q, e);
}

static void put_alert(const struct view_ask *q, uint32_t alert, struct buf *b)
{
    struct guarding x = {q->s, &q->work->counter, q->now_ms};
    struct guard g;

    guard_line(&x, alert, false, &g);
    view_open(b, NULL, '{');
    view_text(b, "alert", ent_id(q->s, alert));
    put_guard(&g, b);
    put_facts(q, alert, b);
    buf_byte(b, '}');
}

void view_release(const struct view_ask *q, struct buf *b)
{
    view_open(b, "lines", '[');
    for (uint32_t l = ent_first(q->s, ENT_LINE); l; l = ent_next(q->s, l)) {
        uint32_t statement = ent_find(q->s, ENT_STATEMENT, ent_get(q->s, l, IN_STATEMENT));

        if (!guard_is_dropped(q->s, l) && is_written(q, statement) && view_sees_entity(q, l))
            put_line(q, l, statement, b);
    }
    buf_byte(b, ']');
    view_open(b, "alerts", '[');
    for (uint32_t a = ent_first(q->s, ENT_ALERT); a; a = ent_next(q->s, a))
        if (is_written(q, a))
            put_alert(q, a, b);
    buf_byte(b, ']');
    view_bool(b, "families_know", guard_families_know(q->s));
}
