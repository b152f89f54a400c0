#include "core/reconcile.h"

#include "core/incident_rules.h"

#define OVERTAKEN_AFTER_MS ((int64_t)30 * 60 * 1000)

/* Is b later than a? */
static bool later(const struct claim *a, const struct claim *b)
{
    return b->as_of_ms > a->as_of_ms || (b->as_of_ms == a->as_of_ms && b->seq > a->seq);
}

static bool graded_as_well(const struct claim *better, const struct claim *than)
{
    return better->letter <= than->letter && better->digit <= than->digit;
}

/* Rule 0. */
static void exclude(struct reconciled *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct claim *c = &r->claims[i];
        bool unreliable = (c->letter == 'E' && c->digit == '5') || (c->letter == 'F' && c->digit == '6');

        if (unreliable && c->is != CLAIM_WITHDRAWN)
            c->is = CLAIM_EXCLUDED;
    }
}

/* Does rule 0 leave it?  What a commander discounts is a claim of its source all the same. */
static bool is_left(const struct claim *c)
{
    return c->is == CLAIM_USED || c->is == CLAIM_SUPERSEDED || c->is == CLAIM_DISCOUNTED;
}

/* Rule 1.  A mere split into categories replaces no count, but a later count replaces a split. */
static void supersede(struct reconciled *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t j = 0; j < r->n && r->claims[i].is == CLAIM_USED; j++) {
            const struct claim *a = &r->claims[i], *b = &r->claims[j];

            if (a->source == b->source && later(a, b) && is_left(b) && (b->has_count || !a->has_count))
                r->claims[i].is = CLAIM_SUPERSEDED;
        }
}

/* Rule 2, against what rule 1 left: an overtaken claim still overtakes. */
static void overtake(struct reconciled *r)
{
    bool gone[RECONCILE_MAX] = {0};

    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t j = 0; j < r->n && r->claims[i].is == CLAIM_USED; j++) {
            const struct claim *a = &r->claims[i], *b = &r->claims[j];

            gone[i] |= a->casualty && b->is == CLAIM_USED && b->has_count && a->source != b->source &&
                       b->as_of_ms - a->as_of_ms > OVERTAKEN_AFTER_MS && graded_as_well(b, a);
        }
    for (uint32_t i = 0; i < r->n; i++)
        if (gone[i])
            r->claims[i].is = CLAIM_OVERTAKEN;
}

/* Rule 3. */
static void transit(struct reconciled *r, const int64_t *at_ms, size_t n, int shift)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct claim *c = &r->claims[i];

        c->said_lo = c->lo;
        c->said_hi = c->hi;
        for (size_t t = 0; t < n; t++)
            if (c->is == CLAIM_USED && c->has_count && c->as_of_ms < at_ms[t])
                c->shift += shift;
        c->lo += c->shift;
        c->hi += c->shift;
        c->lo = c->lo < 0 ? 0 : c->lo;
        c->hi = c->hi < 0 ? 0 : c->hi;
    }
}

static bool same_value(const struct claim *a, const struct claim *b)
{
    return a->lo == b->lo && a->hi_open == b->hi_open && (a->hi_open || a->hi == b->hi);
}

/* Rule 4. */
static void sum(struct reconciled *r)
{
    for (uint32_t i = 0; i < r->n; i++) {
        const struct claim *c = &r->claims[i];
        bool new_source = true, new_value = true;

        if (c->is != CLAIM_USED || !c->has_count)
            continue;
        for (uint32_t j = 0; j < i; j++) {
            const struct claim *b = &r->claims[j];

            if (b->is != CLAIM_USED || !b->has_count)
                continue;
            new_source &= b->source != c->source;
            new_value &= !same_value(b, c);
        }
        r->lo = r->used == 0 || c->lo < r->lo ? c->lo : r->lo;
        r->hi = r->used == 0 || c->hi > r->hi ? c->hi : r->hi;
        r->hi_open |= c->hi_open;
        r->used++;
        r->sources += new_source;
        r->values += new_value;
    }
    r->agreed = r->values == 1 && !r->hi_open;
}

void reconcile_cordon_1(struct reconciled *r, const int64_t *transitions_ms, size_t transitions, int shift)
{
    MUST(r->n <= RECONCILE_MAX);
    r->lo = r->hi = 0;
    r->used = r->sources = r->values = 0;
    r->hi_open = r->agreed = false;
    exclude(r);
    supersede(r);
    overtake(r);
    transit(r, transitions_ms, transitions, shift);
    sum(r);
}

/* From the incident ------------------------------------------------------- */

static void read_categories(const struct incident *s, uint32_t e, struct claim *c)
{
    struct str v;
    uint32_t at = 0;

    for (size_t i = 0; i < RECONCILE_CATEGORIES; i++)
        c->category[i] = -1;
    while (ent_each(s, e, IN_CATEGORIES, &at, &v)) {
        size_t is = str_find_byte(v, '=');
        int which = word_index(WORDS_CASUALTY_CATEGORY, str_cut(v, 0, is));
        int64_t n;

        if (which >= 0 && which < RECONCILE_CATEGORIES && str_to_int(str_from_at(v, is + 1), 0, 1000000, &n))
            c->category[which] = (int32_t)n;
    }
}

static struct claim read_claim(const struct incident *s, uint32_t e)
{
    struct str grade = ent_get(s, e, IN_GRADE);
    struct claim c = {.seq = ent_made(s, e), .source = ent_find(s, ENT_SOURCE, ent_get(s, e, IN_SOURCE))};

    c.has_count = ent_is(s, e, IN_PREDICATE, "categories") ? false : ent_has(s, e, IN_LO);
    c.lo = ent_int(s, e, IN_LO, 0);
    c.hi_open = ent_has(s, e, IN_OPEN);
    c.hi = c.hi_open ? c.lo : ent_int(s, e, IN_HI, c.lo);
    c.as_of_ms = ent_int(s, e, IN_AS_OF, ent_int(s, e, IN_REPORTED_AT, ent_int(s, e, IN_MADE_AT, 0)));
    c.casualty = word_in("killed,injured,missing", ent_get(s, e, IN_COUNTER));
    c.letter = grade.len == 2 ? grade.at[0] : 'F';
    c.digit = grade.len == 2 ? grade.at[1] : '6';
    c.is = word_in("withdrawn,refuted,merged-into", ent_get(s, e, IN_STATE)) ? CLAIM_WITHDRAWN
           : ent_is(s, e, IN_STATE, "discounted")                             ? CLAIM_DISCOUNTED
                                                                              : CLAIM_USED;
    read_categories(s, e, &c);
    return c;
}

/* How many person records, verified, are dead (or alive and hurt); attackers are counted elsewhere. */
static int64_t confirmed(const struct incident *s, bool dead)
{
    int64_t n = 0;

    for (uint32_t c = ent_first(s, ENT_CASUALTY); c; c = ent_next(s, c)) {
        struct str state = ent_get(s, c, IN_STATE);

        if (!ent_has(s, c, IN_VERIFIED) || ent_is(s, c, IN_CATEGORY, "hostile") || word_in("unfounded,merged", state))
            continue;
        n += str_eq(state, STR("died")) == dead;
    }
    return n;
}

/* Persons of ours whom nobody can find. */
static int64_t missing(const struct incident *s)
{
    int64_t n = 0;

    for (uint32_t p = ent_first(s, ENT_PERSON); p; p = ent_next(s, p))
        n += ent_is(s, p, IN_ACCOUNTABILITY, "missing");
    return n;
}

/* When verified deaths of injured persons happened, attackers left out. */
static size_t transitions(const struct incident *s, int64_t *at_ms, size_t max)
{
    size_t n = 0;

    for (uint32_t c = ent_first(s, ENT_CASUALTY); c && n < max; c = ent_next(s, c))
        if (ent_has(s, c, IN_VERIFIED) && ent_has(s, c, IN_WAS_INJURED) && ent_is(s, c, IN_STATE, "died") &&
            !ent_is(s, c, IN_CATEGORY, "hostile"))
            at_ms[n++] = ent_int(s, c, IN_DIED_AT, 0);
    return n;
}

void incident_reconcile(const struct incident *s, struct str counter, struct reconciled *r)
{
    int64_t died[RECONCILE_MAX];
    uint32_t figure = ent_find(s, ENT_COUNTER, counter);
    bool killed = str_eq(counter, STR("killed")), injured = str_eq(counter, STR("injured"));
    size_t n = transitions(s, died, COUNTOF(died));

    r->n = r->left_out = 0;
    for (uint32_t e = ent_first(s, ENT_REPORT); e; e = ent_next(s, e)) {
        if (!str_eq(ent_get(s, e, IN_COUNTER), counter))
            continue;
        if (r->n == RECONCILE_MAX) {
            memmove(r->claims, r->claims + 1, sizeof r->claims - sizeof r->claims[0]);
            r->n--;
            r->left_out++;
        }
        r->claims[r->n++] = read_claim(s, e);
    }
    reconcile_cordon_1(r, died, n, killed ? 1 : injured ? -1 : 0);
    r->confirmed = killed || injured                   ? confirmed(s, killed)
                   : str_eq(counter, STR("missing")) ? missing(s)
                                                     : -1;
    r->accepted = ent_is(s, figure, IN_STATE, "disputed") ? -1 : ent_int(s, figure, IN_COUNT, -1);
    r->accepted_seq = r->accepted < 0 ? 0 : ent_seq(s, figure, IN_COUNT);
}

/* Whoever is no person is counted as a device, whose end may be that it was made safe. */
static const struct threat_counter {
    const char *counter, *ends;
    bool persons;
} threat_counters[] = {
    {"attackers", "neutralised,in-custody,self-detonated,shot,dead", true},
    {"devices", "neutralised,self-detonated,safe", false},
};

int64_t incident_accounted(const struct incident *s, struct str counter)
{
    const struct threat_counter *c = NULL;
    int64_t n = 0;

    for (size_t i = 0; i < COUNTOF(threat_counters); i++)
        if (str_eq(counter, str_from(threat_counters[i].counter)))
            c = &threat_counters[i];
    if (!c)
        return -1;
    for (uint32_t t = ent_first(s, ENT_THREAT); t; t = ent_next(s, t))
        if (word_in(c->ends, ent_get(s, t, IN_STATE)) &&
            word_in("device,vehicle", ent_get(s, t, IN_THREAT_KIND)) != c->persons)
            n += ent_int(s, t, IN_COUNT, 1);
    return n;
}
