/* How many: the board's numbers with their range, sources, age and the claims behind them. */
#include "edge/incident_views_inner.h"

static const char *const claim_words[] = {
    [CLAIM_USED] = "used",           [CLAIM_SUPERSEDED] = "superseded", [CLAIM_OVERTAKEN] = "overtaken",
    [CLAIM_EXCLUDED] = "excluded",   [CLAIM_WITHDRAWN] = "withdrawn",   [CLAIM_DISCOUNTED] = "discounted",
};

static void categories(const struct claim *c, struct buf *b)
{
    struct str list = str_from(words_of(WORDS_CASUALTY_CATEGORY));

    view_open(b, "categories", '{');
    for (size_t i = 0; i < RECONCILE_CATEGORIES && list.len; i++) {
        size_t end = str_find_byte(list, ',');

        if (c->category[i] >= 0) {
            view_item(b);
            buf_json(b, str_cut(list, 0, end));
            buf_fmt(b, ":%d", (int)c->category[i]);
        }
        list = str_from_at(list, end < list.len ? end + 1 : end);
    }
    buf_byte(b, '}');
}

static void claim(const struct view_ask *q, uint32_t report, const struct claim *c, struct buf *b)
{
    const struct incident *s = q->s;
    struct str source = ent_get(s, report, IN_SOURCE);
    uint32_t who = ent_find(s, ENT_SOURCE, source);

    view_open(b, NULL, '{');
    view_whole(b, "event", (int64_t)c->seq);
    view_text(b, "report", ent_id(s, report));
    if (view_sees(q, report, IN_SOURCE))
        view_text(b, "source", source);
    if (who && view_sees(q, who, IN_SOURCE_KIND))
        view_text(b, "source_kind", ent_get(s, who, IN_SOURCE_KIND));
    view_whole_or_null(b, "lo", c->has_count ? c->lo : -1);
    view_whole_or_null(b, "hi", c->has_count && !c->hi_open ? c->hi : -1);
    view_time(b, "as_of", c->as_of_ms);
    if (view_sees(q, report, IN_GRADE))
        view_text(b, "grade", ent_get(s, report, IN_GRADE));
    view_text(b, "is", str_from(claim_words[c->is]));
    view_whole(b, "shift", c->shift);
    categories(c, b);
    buf_byte(b, '}');
}

/* Claims and reports stand in the same order, so one walk over the reports finds them all.  The total is
 * for more people than who said what: `sources` counts claims that are not listed for him. */
static void put_claims(const struct view_ask *q, const struct reconciled *r, struct buf *b)
{
    uint32_t i = 0;

    view_open(b, "claims", '[');
    for (uint32_t e = ent_first(q->s, ENT_REPORT); e && i < r->n; e = ent_next(q->s, e)) {
        if (ent_made(q->s, e) != r->claims[i].seq)
            continue;
        if (view_sees_entity(q, e))
            claim(q, e, &r->claims[i], b);
        i++;
    }
    buf_byte(b, ']');
}

/* Who said what is not for an observer; how old the newest of it is, is. */
static void put_as_of(const struct reconciled *r, struct buf *b)
{
    int64_t newest = -1;

    for (uint32_t i = 0; i < r->n; i++)
        if (r->claims[i].is == CLAIM_USED && r->claims[i].as_of_ms > newest)
            newest = r->claims[i].as_of_ms;
    view_time(b, "as_of", newest);
}

void view_counter(const struct view_ask *q, const char *counter, bool claims, struct buf *b)
{
    struct reconciled *r = &q->work->counter;
    int64_t accounted = incident_accounted(q->s, str_from(counter));

    incident_reconcile(q->s, str_from(counter), r);
    view_open(b, counter, '{');
    view_whole_or_null(b, "lo", r->used ? r->lo : -1);
    view_whole_or_null(b, "hi", r->used && !r->hi_open ? r->hi : -1);
    view_bool(b, "known", r->used > 0);
    view_bool(b, "agreed", r->agreed);
    view_whole(b, "sources", r->sources);
    view_whole(b, "values", r->values);
    view_whole_or_null(b, "confirmed", r->confirmed);
    view_whole_or_null(b, "accepted", r->accepted);
    view_whole_or_null(b, "accepted_event", r->accepted_seq ? (int64_t)r->accepted_seq : -1);
    if (accounted >= 0)
        view_whole(b, "accounted", accounted);
    view_whole(b, "left_out", r->left_out);
    if (view_observed(q))
        put_as_of(r, b);
    else if (claims)
        put_claims(q, r, b);
    buf_byte(b, '}');
}

void view_counters(const struct view_ask *q, struct buf *b)
{
    struct str list = str_from(words_of(WORDS_COUNTER));
    char word[32];

    view_text(b, "rule", STR(RULE_CORDON_1));
    view_open(b, "counters", '{');
    while (list.len) {
        size_t end = str_find_byte(list, ',');

        MUST(str_copy(word, sizeof word, str_cut(list, 0, end)));
        view_counter(q, word, true, b);
        list = str_from_at(list, end < list.len ? end + 1 : end);
    }
    buf_byte(b, '}');
}
