#include "core/incident_findings.h"

#include "core/incident_essentials.h"
#include "core/incident_guard.h"
#include "core/incident_place.h"
#include "core/incident_rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct run {
    const struct incident *s;
    int64_t now_ms;
    struct findings *out;
};

typedef void rule_fn(struct run *r);

const char *severity_word(enum severity severity)
{
    static const char *const words[] = {"INFO", "WARN", "ALARM"};

    MUST(severity < COUNTOF(words));
    return words[severity];
}

/* Begins a finding; NULL when there is no room.  close_finding() keeps it. */
static struct finding *begin(struct run *r, enum severity severity, const char *rule, struct str subject)
{
    struct finding *f = &r->out->list[r->out->n];

    if (r->out->n == FINDINGS_MAX) {
        r->out->left_out++;
        return NULL;
    }
    *f = (struct finding){.severity = severity};
    (void)str_copy(f->rule, sizeof f->rule, str_from(rule));
    (void)str_copy(f->subject, sizeof f->subject, subject);
    return f;
}

static void cite(struct finding *f, uint64_t seq)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->items[i] == seq)
            return;
    if (f->n < FINDING_ITEMS && seq)
        f->items[f->n++] = seq;
}

static void tell(struct finding *f, const char *format, ...) PRINTF_LIKE(2, 3);
static void tell(struct finding *f, const char *format, ...)
{
    size_t len = strlen(f->text);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(f->text + len, sizeof f->text - len, format, args);
    va_end(args);
}

void finding_id(const struct finding *f, struct buf *b)
{
    struct str subject = str_from(f->subject);

    buf_fmt(b, "%s:", f->rule);
    for (size_t i = 0; i < subject.len; i++)
        buf_byte(b, subject.at[i] == '|' ? '/' : subject.at[i]); /* a clearance's id has what no id may have */
}

void finding_ground(const struct finding *f, struct buf *b)
{
    buf_fmt(b, "%016" PRIx64, f->ground);
}

static void keep(struct run *r, struct finding *f)
{
    char id[128], ground[20];
    struct buf b = buf_over(id, sizeof id), g = buf_over(ground, sizeof ground);
    uint32_t known;

    f->ground = hash_str((struct hash_key){f->n, 7}, str_of(f->items, f->n * sizeof f->items[0]));
    finding_id(f, &b);
    finding_ground(f, &g);
    known = ent_find(r->s, ENT_FINDING, buf_str(&b));
    f->resolved = ent_is(r->s, known, IN_STATE, "resolved") && str_eq(ent_get(r->s, known, IN_NUMBER), buf_str(&g));
    r->out->n++;
}

/* A report that still says something. */
static bool speaks(const struct incident *s, uint32_t report)
{
    return !word_in("withdrawn,refuted,merged-into,discounted", ent_get(s, report, IN_STATE)) &&
           !word_in("E5,F6", ent_get(s, report, IN_GRADE));
}

static uint32_t next_saying(const struct incident *s, uint32_t after, const char *predicates)
{
    uint32_t e = after ? ent_next(s, after) : ent_first(s, ENT_REPORT);

    while (e && !(word_in(predicates, ent_get(s, e, IN_PREDICATE)) && speaks(s, e)))
        e = ent_next(s, e);
    return e;
}

/* Counts ------------------------------------------------------------------ */

static bool graded_better(const struct claim *a, const struct claim *b)
{
    return a->letter != b->letter ? a->letter < b->letter : a->digit < b->digit;
}

/* The used counts, best grade first, then in order of recording. */
static void cite_claims(struct finding *f, const struct reconciled *c)
{
    uint64_t last = 0;

    for (const struct claim *best = c->claims; best;) {
        best = NULL;
        for (uint32_t i = 0; i < c->n && f->n < FINDING_ITEMS; i++) {
            const struct claim *x = &c->claims[i];
            bool cited = false;

            for (size_t j = 0; j < f->n; j++)
                cited |= f->items[j] == x->seq;
            if (x->is == CLAIM_USED && x->has_count && !cited && (!best || graded_better(x, best)))
                best = x;
        }
        if (best && best->seq != last)
            cite(f, last = best->seq);
    }
}

static void rule_counts(struct run *r)
{
    static const char *const counters[] = {"killed", "injured", "missing", "evacuated", "sheltering"};

    for (size_t i = 0; i < COUNTOF(counters); i++) {
        struct reconciled *c = &r->out->work;
        struct finding *f;
        char rule[40];

        incident_reconcile(r->s, str_from(counters[i]), c);
        (void)snprintf(rule, sizeof rule, "count.%s", counters[i]);
        if (c->used && c->values > 1 && (f = begin(r, SEVERITY_WARN, rule, (struct str){0}))) {
            cite_claims(f, c);
            tell(f, "%s: %u sources say %" PRId64 " to ", counters[i], c->sources, c->lo);
            tell(f, c->hi_open ? "open" : "%" PRId64, c->hi);
            keep(r, f);
        }
        (void)snprintf(rule, sizeof rule, "confirmed.%s", counters[i]);
        if (c->used && !c->hi_open && c->confirmed > c->hi && (f = begin(r, SEVERITY_WARN, rule, (struct str){0}))) {
            cite_claims(f, c);
            tell(f, "%s: person records confirm %" PRId64 ", sources say %" PRId64 " at most", counters[i],
                 c->confirmed, c->hi);
            keep(r, f);
        }
    }
}

static bool has_categories(const struct claim *c)
{
    for (size_t i = 0; i < RECONCILE_CATEGORIES; i++)
        if (c->category[i] >= 0)
            return true;
    return false;
}

static int64_t sum_of(const struct claim *c)
{
    int64_t sum = 0;

    for (size_t i = 0; i < RECONCILE_CATEGORIES; i++)
        sum += c->category[i] > 0 ? c->category[i] : 0;
    return sum;
}

static bool sum_is_off(const struct claim *c)
{
    return c->has_count && (sum_of(c) < c->said_lo || (!c->hi_open && sum_of(c) > c->said_hi));
}

/* A category that a claim does not name is not known, which is not 0, unless those that it names make up its
 * one total. */
static int64_t category_of(const struct claim *c, size_t i)
{
    bool is_whole = c->has_count && !c->hi_open && c->said_lo == c->said_hi && sum_of(c) == c->said_lo;

    return c->category[i] < 0 && is_whole ? 0 : c->category[i];
}

static bool categories_differ(const struct claim *a, const struct claim *b)
{
    for (size_t i = 0; i < RECONCILE_CATEGORIES; i++) {
        int64_t x = category_of(a, i), y = category_of(b, i);

        if (x >= 0 && y >= 0 && x != y)
            return true;
    }
    return false;
}

static void rule_categories(struct run *r)
{
    static const char *const counters[] = {"killed", "injured", "missing"};

    for (size_t k = 0; k < COUNTOF(counters); k++) {
        struct reconciled *c = &r->out->work;
        struct finding *f;
        char rule[40];

        incident_reconcile(r->s, str_from(counters[k]), c);
        (void)snprintf(rule, sizeof rule, "category.%s", counters[k]);
        f = begin(r, SEVERITY_WARN, rule, (struct str){0});
        for (uint32_t i = 0; f && i < c->n; i++) {
            const struct claim *a = &c->claims[i];

            if (a->is != CLAIM_USED || !has_categories(a))
                continue;
            if (sum_is_off(a))
                cite(f, a->seq);
            for (uint32_t j = 0; j < c->n; j++)
                if (j != i && c->claims[j].is == CLAIM_USED && has_categories(&c->claims[j]) &&
                    categories_differ(a, &c->claims[j]))
                    cite(f, a->seq);
        }
        if (f && f->n) {
            tell(f, "%s: the split into categories does not fit", counters[k]);
            keep(r, f);
        }
    }
}

static void find_threat_open(struct run *r, const char *counter, bool persons)
{
    struct reconciled *c = &r->out->work;
    int64_t accounted = incident_accounted(r->s, str_from(counter));
    struct finding *f = begin(r, SEVERITY_WARN, "threat.open", str_from(counter));

    incident_reconcile(r->s, str_from(counter), c);
    for (uint32_t i = 0; f && i < c->n; i++)
        if (c->claims[i].is == CLAIM_USED && (c->claims[i].hi_open || c->claims[i].hi > accounted))
            cite(f, c->claims[i].seq);
    if (!f || f->n == 0)
        return;
    for (uint32_t t = ent_first(r->s, ENT_THREAT); t; t = ent_next(r->s, t))
        if (ent_has(r->s, t, IN_OUTCOME) && word_in("device,vehicle", ent_get(r->s, t, IN_THREAT_KIND)) != persons)
            cite(f, ent_seq(r->s, t, IN_OUTCOME));
    tell(f, "%s: %" PRId64 " accounted for, sources say up to ", counter, accounted);
    tell(f, c->hi_open ? "an open number" : "%" PRId64, c->hi);
    keep(r, f);
}

static void rule_threat_open(struct run *r)
{
    find_threat_open(r, "attackers", true);
    find_threat_open(r, "devices", false);
}

/* Who, where, when --------------------------------------------------------- */

static void rule_command(struct run *r)
{
    uint32_t command = ent_find(r->s, ENT_COMMAND, STR("incident"));
    uint64_t since = ent_seq(r->s, command, IN_COMMANDER);
    struct finding *f = begin(r, SEVERITY_WARN, "command.conflict", STR("incident"));
    struct str first = {0};
    size_t others = 0;

    if (!f)
        return;
    if (since) {
        cite(f, since);
        first = ent_get(r->s, command, IN_COMMANDER);
        tell(f, "%.*s is recorded as commander; said to command: ", STR_ARG(first));
    }
    for (uint32_t e = next_saying(r->s, 0, "commander"); e; e = next_saying(r->s, e, "commander")) {
        struct str who = ent_get(r->s, e, IN_BY);

        if (ent_holds(r->s, command, IN_COMMANDER, who) ||
            (ent_holds(r->s, command, IN_FORMER, who) && ent_made(r->s, e) < since))
            continue;
        if (first.len == 0)
            first = who;
        else
            others += !str_eq(first, who);
        cite(f, ent_made(r->s, e));
        tell(f, "%.*s; ", STR_ARG(who));
    }
    if (others)
        keep(r, f);
}

/* Above every ordinal, below the numbers of texts. */
enum { PLACE_AMBIGUOUS = 5000 };

/* One number for places that are the same, also while nobody said which floor is the first; a text that names
 * no floor stands for itself. */
static int64_t place_number(const struct incident *s, struct str spoken)
{
    uint32_t main_block = ent_first(s, ENT_STRUCTURE);
    struct floors f = floors_spoken(spoken, scheme_of(ent_get(s, main_block, IN_SCHEME)));

    if (f.n > 0)
        return f.ordinal[0] + (f.n == 1 ? 0 : PLACE_AMBIGUOUS);
    return (int64_t)(hash_str((struct hash_key){1, 2}, spoken) >> 2) + 10000;
}

struct placed {
    uint64_t seq;
    struct str subject, spoken;
    int64_t number;
};

enum { PLACED_MAX = 64 };

static size_t find_placed(const struct incident *s, struct placed *out)
{
    static const enum entity_kind kinds[] = {ENT_THREAT, ENT_DETONATION, ENT_REPORT};
    size_t n = 0;

    for (size_t k = 0; k < COUNTOF(kinds); k++)
        for (uint32_t e = ent_first(s, kinds[k]); e && n < PLACED_MAX; e = ent_next(s, e)) {
            struct str spoken = ent_get(s, e, IN_AS_SPOKEN), subject = ent_get(s, e, IN_SUBJECT);

            if (kinds[k] == ENT_REPORT && !(ent_is(s, e, IN_PREDICATE, "place") && speaks(s, e)))
                continue;
            if (kinds[k] == ENT_DETONATION)
                subject = STR("detonation");
            if (spoken.len && subject.len)
                out[n++] = (struct placed){ent_seq(s, e, IN_AS_SPOKEN), subject, spoken, place_number(s, spoken)};
        }
    return n;
}

static void rule_places(struct run *r)
{
    struct placed p[PLACED_MAX];
    size_t n = find_placed(r->s, p);

    for (size_t i = 0; i < n; i++) {
        bool first = true, differ = false;
        struct finding *f;

        for (size_t j = 0; j < n; j++) {
            first &= !(j < i && str_eq(p[j].subject, p[i].subject));
            differ |= str_eq(p[j].subject, p[i].subject) && p[j].number != p[i].number;
        }
        if (!first || !differ || !(f = begin(r, SEVERITY_WARN, "place.conflict", p[i].subject)))
            continue;
        tell(f, "%.*s: ", STR_ARG(p[i].subject));
        for (size_t j = 0; j < n; j++)
            if (str_eq(p[j].subject, p[i].subject)) {
                cite(f, p[j].seq);
                tell(f, "%.*s; ", STR_ARG(p[j].spoken));
            }
        tell(f, "one event or several? Merge by hand or keep apart");
        keep(r, f);
    }
}

static int64_t unc_ms(const struct incident *s, uint32_t e)
{
    return ent_int(s, e, IN_UNC_S, 0) * 1000;
}

/* How far the times of an event reach: whoever ends before the latest begins contradicts it. */
struct reach {
    int64_t latest_begin, earliest_end;
};

enum { REACHES = 16 };

/* Clearances are events of their kind each; other events have no kind. */
static struct reach *reach_of(const struct incident *s, uint32_t e, struct reach *reaches)
{
    int kind = word_index(WORDS_CLEARANCE_KIND, ent_get(s, e, IN_CLEARANCE_KIND));

    MUST(kind + 1 < REACHES);
    return &reaches[kind + 1];
}

static void find_reaches(const struct incident *s, const char *event, struct reach *reaches)
{
    for (size_t i = 0; i < REACHES; i++)
        reaches[i] = (struct reach){INT64_MIN, INT64_MAX};
    for (uint32_t e = next_saying(s, 0, event); e; e = next_saying(s, e, event)) {
        struct reach *r = reach_of(s, e, reaches);
        int64_t at = ent_int(s, e, IN_AT, 0), begin_at = at - unc_ms(s, e), end_at = at + unc_ms(s, e);

        r->latest_begin = begin_at > r->latest_begin ? begin_at : r->latest_begin;
        r->earliest_end = end_at < r->earliest_end ? end_at : r->earliest_end;
    }
}

static void rule_times(struct run *r)
{
    static const char *const events[] = {"start", "end", "cleared"};

    for (size_t i = 0; i < COUNTOF(events); i++) {
        struct finding *f = begin(r, SEVERITY_WARN, "time.conflict", str_from(events[i]));
        struct reach reaches[REACHES];

        find_reaches(r->s, events[i], reaches);
        for (uint32_t e = next_saying(r->s, 0, events[i]); f && e; e = next_saying(r->s, e, events[i])) {
            const struct reach *others = reach_of(r->s, e, reaches);
            int64_t at = ent_int(r->s, e, IN_AT, 0), unc = unc_ms(r->s, e);

            if (others->latest_begin > at + unc || others->earliest_end < at - unc)
                cite(f, ent_made(r->s, e));
        }
        if (f && f->n) {
            tell(f, "%s: sources give times that cannot all be right", events[i]);
            keep(r, f);
        }
    }
}

/* Durations ---------------------------------------------------------------- */

enum duration_verdict duration_verdict(int64_t n, int64_t u, int64_t lo, int64_t hi)
{
    if (n >= lo && (hi < 0 || n <= hi))
        return DURATION_OK;
    return n + u >= lo && (hi < 0 || n - u <= hi) ? DURATION_STRAINED : DURATION_IMPOSSIBLE;
}

/* The source's own time, its latest; else the best graded, of equals the first recorded. */
static uint32_t time_for(const struct incident *s, struct str source, const char *predicates)
{
    uint32_t own = 0, best = 0;

    for (uint32_t e = next_saying(s, 0, predicates); e; e = next_saying(s, e, predicates)) {
        if (str_eq(ent_get(s, e, IN_SOURCE), source))
            own = e;
        if (!best || str_cmp(ent_get(s, e, IN_GRADE), ent_get(s, best, IN_GRADE)) < 0)
            best = e;
    }
    return own ? own : best;
}

static enum duration_verdict judge(const struct incident *s, uint32_t claim, uint32_t start, uint32_t end, int64_t *n,
                                   int64_t *u)
{
    int64_t lo = ent_int(s, claim, IN_LO, 0) * 60;
    int64_t hi = ent_has(s, claim, IN_OPEN) ? -1 : ent_int(s, claim, IN_HI, lo / 60) * 60;

    *n = (ent_int(s, end, IN_AT, 0) - ent_int(s, start, IN_AT, 0)) / 1000;
    *u = ent_int(s, start, IN_UNC_S, 0) + ent_int(s, end, IN_UNC_S, 0);
    return duration_verdict(*n, *u, lo, hi);
}

static const char *const verdict_words[] = {"ok", "strained", "impossible"};

/* As many as the text has room for: there may be millions. */
static void tell_other_pairs(const struct incident *s, struct finding *f, uint32_t claim, uint32_t own_start,
                             uint32_t own_end)
{
    static const char more[] = "; and more";

    for (uint32_t a = next_saying(s, 0, "start"); a; a = next_saying(s, a, "start"))
        for (uint32_t b = next_saying(s, 0, "end,cleared"); b; b = next_saying(s, b, "end,cleared")) {
            char pair[2 * INCIDENT_ID_MAX + 64];
            int64_t n, u;
            enum duration_verdict v;

            if (a == own_start && b == own_end)
                continue;
            v = judge(s, claim, a, b, &n, &u);
            (void)snprintf(pair, sizeof pair, "; %.*s-%.*s %" PRId64 " min %s", STR_ARG(ent_id(s, a)),
                           STR_ARG(ent_id(s, b)), n / 60, verdict_words[v]);
            if (strlen(f->text) + strlen(pair) + sizeof more > sizeof f->text) {
                tell(f, "%s", more);
                return;
            }
            tell(f, "%s", pair);
        }
}

static void rule_durations(struct run *r)
{
    for (uint32_t d = next_saying(r->s, 0, "duration"); d; d = next_saying(r->s, d, "duration")) {
        struct str source = ent_get(r->s, d, IN_SOURCE);
        uint32_t start = time_for(r->s, source, "start"), end = time_for(r->s, source, "end,cleared");
        enum duration_verdict v;
        struct finding *f;
        char rule[40];
        int64_t n, u;

        if (!start || !end)
            continue;
        v = judge(r->s, d, start, end, &n, &u);
        (void)snprintf(rule, sizeof rule, "duration.%s", verdict_words[v]);
        f = begin(r, v == DURATION_OK ? SEVERITY_INFO : SEVERITY_WARN, rule, ent_id(r->s, d));
        if (!f)
            return;
        cite(f, ent_made(r->s, d));
        cite(f, ent_made(r->s, start));
        cite(f, ent_made(r->s, end));
        tell(f, "\"%.*s\": the times give %" PRId64 " min (%" PRId64 " to %" PRId64 "), %s",
             STR_ARG(ent_get(r->s, d, IN_AS_SPOKEN)), n / 60, (n - u) / 60, (n + u) / 60, verdict_words[v]);
        tell_other_pairs(r->s, f, d, start, end);
        keep(r, f);
    }
}

/* Statements ---------------------------------------------------------------- */

/* What a statement says about all attackers, and the ends that speak against it. */
static const struct saying {
    const char *all, *words, *against;
} sayings[] = {
    {"all|every",
     "killed by|killed all|killed every|killing all|killing every|shot by|shot dead|shot all|shot every|gunned down|"
     "neutralised by|neutralised all|neutralising all|neutralized by|neutralized all|neutralizing all|"
     "eliminated by|eliminated all|eliminating all",
     "self-detonated,in-custody"},
    {"all|every", "arrested|in custody|captured", "self-detonated,shot,dead,neutralised"},
};

static void rule_statements(struct run *r)
{
    for (uint32_t e = next_saying(r->s, 0, "statement"); e; e = next_saying(r->s, e, "statement"))
        for (size_t i = 0; i < COUNTOF(sayings); i++) {
            struct str text = ent_get(r->s, e, IN_TEXT);
            struct finding *f;

            if (!text_has(text, sayings[i].all) || !text_has(text, sayings[i].words) ||
                !(f = begin(r, SEVERITY_WARN, "statement.unsupported", ent_id(r->s, e))))
                continue;
            cite(f, ent_made(r->s, e));
            for (uint32_t t = ent_first(r->s, ENT_THREAT); t; t = ent_next(r->s, t))
                if (word_in(sayings[i].against, ent_get(r->s, t, IN_STATE)))
                    cite(f, ent_seq(r->s, t, IN_OUTCOME));
            tell(f, "\"%.*s\": the record says otherwise", (int)(text.len < 160 ? text.len : 160), text.at);
            if (f->n > 1)
                keep(r, f);
        }
}

/* What we said ourselves, when a figure in it was accepted anew since. */
static void rule_outdated(struct run *r)
{
    for (uint32_t l = ent_first(r->s, ENT_LINE); l; l = ent_next(r->s, l)) {
        uint32_t st = ent_find(r->s, ENT_STATEMENT, ent_get(r->s, l, IN_STATEMENT));
        struct finding *f;

        if (guard_is_dropped(r->s, l) || !ent_is(r->s, st, IN_STATE, "released") || !guard_is_outdated(r->s, l) ||
            !(f = begin(r, SEVERITY_WARN, "release.outdated", ent_id(r->s, l))))
            continue;
        cite(f, ent_made(r->s, l));
        tell(f, "statement %.*s is out with a figure that is another one by now; correct it",
             STR_ARG(ent_id(r->s, st)));
        keep(r, f);
    }
}

/* What we said ourselves and no longer know. */
static void rule_questioned(struct run *r)
{
    static const enum entity_kind kinds[] = {ENT_STATEMENT, ENT_ALERT};

    for (size_t k = 0; k < COUNTOF(kinds); k++)
        for (uint32_t e = ent_first(r->s, kinds[k]); e; e = ent_next(r->s, e)) {
            struct finding *f;

            if (!ent_is(r->s, e, IN_STATE, "questioned") ||
                !(f = begin(r, SEVERITY_ALARM, "release.questioned", ent_id(r->s, e))))
                continue;
            cite(f, ent_seq(r->s, e, IN_STATE));
            tell(f, "%s %.*s is out and rests on what is no longer held; correct or withdraw it",
                 entity_info(kinds[k])->name, STR_ARG(ent_id(r->s, e)));
            keep(r, f);
        }
}

/* Shots or living victims while the posture says that nothing is going on. */
static void rule_posture(struct run *r)
{
    uint32_t self = incident_self(r->s);
    struct finding *f;

    if (!word_in("barricade,search,recovery", ent_get(r->s, self, IN_POSTURE)) ||
        !(f = begin(r, SEVERITY_ALARM, "posture.review", ent_get(r->s, self, IN_POSTURE))))
        return;
    for (uint32_t e = next_saying(r->s, 0, "shots,live-victims"); e; e = next_saying(r->s, e, "shots,live-victims"))
        if (ent_made(r->s, e) > ent_seq(r->s, self, IN_POSTURE))
            cite(f, ent_made(r->s, e));
    if (f->n == 0)
        return;
    tell(f, "reported after the posture was set: review it");
    keep(r, f);
}

/* Smaller matters ------------------------------------------------------------ */

static void note(struct run *r, const char *rule, uint32_t e, uint64_t seq, const char *text)
{
    struct finding *f = begin(r, SEVERITY_INFO, rule, ent_id(r->s, e));

    if (!f)
        return;
    cite(f, seq);
    tell(f, "%.*s: %s", STR_ARG(ent_id(r->s, e)), text);
    keep(r, f);
}

static void rule_notes(struct run *r)
{
    const struct incident *s = r->s;
    uint32_t e;

    for (e = next_saying(s, 0, "place"); e; e = next_saying(s, e, "place"))
        if (floors_spoken(ent_get(s, e, IN_AS_SPOKEN), scheme_of(ent_get(s, ent_first(s, ENT_STRUCTURE),
                                                                         IN_SCHEME))).n == 2)
            note(r, "level.ambiguous", e, ent_made(s, e), "which floor is first here? Ask and resolve it");
    for (e = ent_first(s, ENT_RESPONSIBILITY); e; e = ent_next(s, e))
        if (ent_is(s, e, IN_STATE, "to-be-assessed"))
            note(r, "follow_up.due", e, ent_made(s, e), "a claim of responsibility, to be attributed and assessed");
    for (e = ent_first(s, ENT_DETONATION); e; e = ent_next(s, e))
        if (!ent_has(s, e, IN_AT))
            note(r, "time.missing", e, ent_made(s, e), "when was it? Ask who saw or heard it");
    for (e = ent_first(s, ENT_DECISION); e; e = ent_next(s, e))
        if (!ent_has(s, e, IN_RATIONALE))
            note(r, "decision.rationale", e, ent_made(s, e), "the reason is missing");
    for (e = ent_first(s, ENT_CLEARANCE); e; e = ent_next(s, e))
        if (ent_has(s, e, IN_LATE))
            note(r, "order.late_entry", e, ent_seq(s, e, IN_LATE),
                 "cleared on paper that came later, entry not recorded");
    for (e = ent_first(s, ENT_FACT); e; e = ent_next(s, e))
        if (ent_is(s, e, IN_STATE, "live") && ent_int(s, e, IN_REVIEW_AT, INT64_MAX) < r->now_ms)
            note(r, "fact.stale", e, ent_made(s, e), "its time of review is over");
}

/* Two entries for one thing, known by a common name. */
static const struct named {
    const char *rule;
    enum entity_kind kind;
    enum incident_field name;
    const char *text;
} named[] = {
    {"identity.alias", ENT_CLOSURE, IN_ROAD, "the same road is closed under another name"},
    {"identity.agency", ENT_AGENCY, IN_NAME, "an agency of this name is there already under another one"},
    {"identity.structure", ENT_STRUCTURE, IN_NAME, "a building of this name is there already under another one"},
};

static bool share_a_name(const struct incident *s, uint32_t a, uint32_t b, enum incident_field f)
{
    struct str name = ent_get(s, b, f), v;
    uint32_t at = 0;
    bool same = name.len && (str_eq(name, ent_get(s, a, f)) || ent_holds(s, a, IN_ALIAS, name));

    while (ent_each(s, b, IN_ALIAS, &at, &v))
        same |= str_eq(v, ent_get(s, a, f)) || ent_holds(s, a, IN_ALIAS, v);
    return same;
}

static void rule_identity(struct run *r)
{
    const struct incident *s = r->s;

    for (const struct named *n = named; n < named + COUNTOF(named); n++)
        for (uint32_t a = ent_first(s, n->kind); a; a = ent_next(s, a))
            for (uint32_t b = ent_next(s, a); b; b = ent_next(s, b))
                if (share_a_name(s, a, b, n->name) && !ent_is(s, a, IN_STATE, "lifted") &&
                    !ent_is(s, b, IN_STATE, "lifted"))
                    note(r, n->rule, b, ent_made(s, b), n->text);
}

/* What was to be avoided, and happened: kept for the review afterwards. */
static void rule_objectives(struct run *r)
{
    static const char avoid[] = "avoid|prevent|protect|spare|بچاؤ|بچانے|روکنے";
    static const char whom[] = "civilian|casualt|public|resident|شہری|جانی|عوام";
    const struct incident *s = r->s;
    uint32_t hurt = ent_first(s, ENT_CASUALTY);

    while (hurt && (!word_in("public,resident,site-employee", ent_get(s, hurt, IN_CATEGORY)) ||
                    word_in("unfounded,merged", ent_get(s, hurt, IN_STATE))))
        hurt = ent_next(s, hurt);
    for (uint32_t e = hurt ? ent_first(s, ENT_CLOSURE) : 0; e; e = ent_next(s, e)) {
        struct str reason = ent_get(s, e, ent_has(s, e, IN_REASON) ? IN_REASON : IN_TEXT);
        struct finding *f;

        if (!text_has(reason, avoid) || !text_has(reason, whom) ||
            !(f = begin(r, SEVERITY_INFO, "objective.outcome", ent_id(s, e))))
            continue;
        cite(f, ent_made(s, e));
        cite(f, ent_made(s, hurt));
        tell(f, "%.*s: closed so that nobody of the public is hurt, and somebody was", STR_ARG(ent_id(s, e)));
        keep(r, f);
    }
}

/* What is over before it can have begun, whatever the uncertainty. */
static void rule_order(struct run *r)
{
    const struct incident *s = r->s;
    uint32_t first = 0;
    int64_t begin_at = INT64_MAX;

    for (uint32_t e = next_saying(s, 0, "start"); e; e = next_saying(s, e, "start"))
        if (ent_int(s, e, IN_AT, 0) - unc_ms(s, e) < begin_at) {
            begin_at = ent_int(s, e, IN_AT, 0) - unc_ms(s, e);
            first = e;
        }
    for (uint32_t e = first ? next_saying(s, 0, "end,cleared") : 0; e; e = next_saying(s, e, "end,cleared")) {
        struct finding *f;

        if (ent_int(s, e, IN_AT, 0) + unc_ms(s, e) >= begin_at ||
            !(f = begin(r, SEVERITY_INFO, "order.reversed", ent_id(s, e))))
            continue;
        cite(f, ent_made(s, e));
        cite(f, ent_made(s, first));
        tell(f, "%.*s: over before anybody says that it began", STR_ARG(ent_id(s, e)));
        keep(r, f);
    }
}

/* Killed and injured together: nobody who was counted is unhurt again.  Of each source the sum that it gave
 * last, of both counters as of one moment; sources beyond SUMS_MAX are not followed. */
enum { SUMS_MAX = 64 };

struct sum {
    uint32_t source;
    int64_t as_of_ms, now[2], before; /* before: INT64_MIN while there is none */
    uint64_t seq[2], before_seq[2];
};

static struct sum *sum_of_source(struct sum *sums, size_t *n, uint32_t source)
{
    for (size_t i = 0; i < *n; i++)
        if (sums[i].source == source)
            return &sums[i];
    if (*n == SUMS_MAX)
        return NULL;
    sums[*n] = (struct sum){.source = source, .as_of_ms = INT64_MIN, .now = {-1, -1}, .before = INT64_MIN};
    return &sums[(*n)++];
}

static void find_lost(struct run *r, const struct sum *x)
{
    struct finding *f;

    if (x->now[0] < 0 || x->now[1] < 0 || x->before == INT64_MIN || x->now[0] + x->now[1] >= x->before ||
        !(f = begin(r, SEVERITY_INFO, "sum.conserved", ent_id(r->s, x->source))))
        return;
    for (size_t i = 0; i < 2; i++)
        cite(f, x->seq[i]);
    for (size_t i = 0; i < 2; i++)
        cite(f, x->before_seq[i]);
    tell(f, "%.*s: killed and injured are %" PRId64 " together and were %" PRId64, STR_ARG(ent_id(r->s, x->source)),
         x->now[0] + x->now[1], x->before);
    keep(r, f);
}

static void rule_conserved(struct run *r)
{
    const struct incident *s = r->s;
    struct sum sums[SUMS_MAX];
    size_t n = 0;

    for (uint32_t e = ent_first(s, ENT_REPORT); e; e = ent_next(s, e)) {
        int which = ent_is(s, e, IN_COUNTER, "killed") ? 0 : ent_is(s, e, IN_COUNTER, "injured") ? 1 : -1;
        int64_t lo = ent_int(s, e, IN_LO, -1), as_of = ent_int(s, e, IN_AS_OF, INT64_MIN);
        struct sum *x;

        if (which < 0 || lo < 0 || ent_has(s, e, IN_OPEN) || ent_int(s, e, IN_HI, lo) != lo || !speaks(s, e) ||
            !(x = sum_of_source(sums, &n, ent_find(s, ENT_SOURCE, ent_get(s, e, IN_SOURCE)))))
            continue;
        if (as_of != x->as_of_ms && x->now[0] >= 0 && x->now[1] >= 0) {
            x->before = x->now[0] + x->now[1];
            memcpy(x->before_seq, x->seq, sizeof x->seq);
        }
        if (as_of != x->as_of_ms)
            x->now[0] = x->now[1] = -1;
        x->as_of_ms = as_of;
        x->now[which] = lo;
        x->seq[which] = ent_made(s, e);
        find_lost(r, x);
    }
}

/* The gap list. */
static void rule_essentials(struct run *r)
{
    struct essential x;

    for (size_t i = 0; incident_self(r->s) && incident_essential(r->s, i, &x); i++) {
        struct finding *f = x.known ? NULL : begin(r, SEVERITY_INFO, "essential.missing", str_from(x.id));

        if (!f)
            continue;
        cite(f, ent_made(r->s, incident_self(r->s)));
        tell(f, "not known: %s", x.text);
        keep(r, f);
    }
}

/* Every rule; to add one: a function and its name here.  Where there is no room it is the last that are left out,
 * so a matter of life stands first. */
static const struct rule {
    const char *name;
    rule_fn *run;
} rules[] = {
    {"posture", rule_posture},
    {"count", rule_counts},         {"category", rule_categories}, {"threat.open", rule_threat_open},
    {"command", rule_command},      {"place", rule_places},        {"duration", rule_durations},
    {"time", rule_times},           {"statement", rule_statements}, {"release", rule_questioned},
    {"outdated", rule_outdated},    {"notes", rule_notes},         {"identity", rule_identity},
    {"objectives", rule_objectives}, {"order", rule_order},        {"conserved", rule_conserved},
    {"essentials", rule_essentials},
};

void incident_findings(const struct incident *s, int64_t now_ms, struct findings *out)
{
    struct run r = {s, now_ms, out};

    out->n = out->left_out = 0;
    for (size_t i = 0; i < COUNTOF(rules); i++)
        rules[i].run(&r);
}
