/* Reports, facts and what is released: three layers that never merge. */
#include "core/incident_guard.h"
#include "core/incident_rules.h"

#include <inttypes.h>

/* A report has a source and a grade; what it asserts has what such a claim needs. */
static const struct assertion {
    const char *predicate;
    enum incident_field needs[2];
} assertions[] = {
    {"start", {IN_AT}},       {"end", {IN_AT}},         {"cleared", {IN_AT}},
    {"duration", {IN_LO}},    {"place", {IN_SUBJECT, IN_AS_SPOKEN}}, {"commander", {IN_BY}},
    {"statement", {IN_TEXT}}, {"categories", {IN_COUNTER, IN_CATEGORIES}}, {"note", {IN_TEXT}},
};

static bool sourced(const struct deciding *d, struct err *e)
{
    if (!fields_has(d->payload, (enum field)IN_SOURCE))
        return refuse(e, ERR_INPUT, IN_SOURCE, "is needed: somebody said it");
    if (!fields_has(d->payload, (enum field)IN_GRADE))
        return refuse(e, ERR_INPUT, IN_GRADE, "is needed; F6 when nothing can be judged");
    return true;
}

/* A line in the log that names nobody is its writer's own: it is not graded, and claims no figure. */
static bool is_own_line(const struct deciding *d, struct err *e)
{
    static const enum incident_field of_others[] = {IN_GRADE, IN_ORIGIN, IN_COUNTER, IN_LO, IN_HI, IN_CATEGORIES};

    for (size_t i = 0; i < COUNTOF(of_others); i++)
        if (fields_has(d->payload, (enum field)of_others[i]))
            return refuse(e, ERR_INPUT, IN_SOURCE, "is needed with %s: somebody said it",
                          field_info(of_others[i])->name);
    return true;
}

bool check_report_received(struct deciding *d, struct err *e)
{
    struct str predicate = incident_value(d->payload, IN_PREDICATE);

    if (str_eq(predicate, STR("count")))
        return refuse(e, ERR_INPUT, IN_PREDICATE, "a count is claimed with count.claimed");
    if (fields_has(d->payload, (enum field)IN_HI) && fields_get_int(d->payload, (enum field)IN_HI, 0) <
                                                         fields_get_int(d->payload, (enum field)IN_LO, 0))
        return refuse(e, ERR_INPUT, IN_HI, "is less than lo");
    for (size_t i = 0; i < COUNTOF(assertions); i++)
        for (size_t j = 0; j < 2 && str_eq(predicate, str_from(assertions[i].predicate)); j++)
            if (assertions[i].needs[j] && !fields_has(d->payload, (enum field)assertions[i].needs[j]))
                return refuse(e, ERR_INPUT, assertions[i].needs[j], "is needed for %s", assertions[i].predicate);
    if (str_eq(predicate, STR("note")) && !fields_has(d->payload, (enum field)IN_SOURCE))
        return is_own_line(d, e);
    return sourced(d, e);
}

bool check_count_claimed(struct deciding *d, struct err *e)
{
    bool open = fields_has(d->payload, (enum field)IN_OPEN), closed = fields_has(d->payload, (enum field)IN_HI);

    if (open == closed)
        return refuse(e, ERR_INPUT, IN_HI, "give hi, or hi_open when there is no upper end");
    if (closed && fields_get_int(d->payload, (enum field)IN_HI, 0) < fields_get_int(d->payload, (enum field)IN_LO, 0))
        return refuse(e, ERR_INPUT, IN_HI, "is less than lo");
    return sourced(d, e);
}

/* Only what is still a claim about a threat counter vanishes by a commander's word. */
bool check_claim_discounted(struct deciding *d, struct err *e)
{
    if (!word_in("attackers,devices", ent_get(d->s, d->e, IN_COUNTER)))
        return refuse(e, ERR_DENIED, IN_REPORT, "only counts of attackers and devices are discounted");
    if (word_in("withdrawn,refuted,discounted", ent_get(d->s, d->e, IN_STATE)))
        return refuse(e, ERR_DENIED, IN_REPORT, "it is %.*s", STR_ARG(ent_get(d->s, d->e, IN_STATE)));
    return true;
}

struct str report_origin(const struct incident *s, uint32_t report)
{
    struct str origin = ent_get(s, report, IN_ORIGIN);

    return origin.len ? origin : ent_get(s, report, IN_SOURCE);
}

/* Invariant 7: credibility 1 needs another report of another origin that says the same. */
bool check_report_graded(struct deciding *d, struct err *e)
{
    struct str grade = incident_value(d->payload, IN_GRADE), mine = report_origin(d->s, d->e), id;
    uint32_t at = 0;

    if (grade.len == 0)
        return refuse(e, ERR_INPUT, IN_GRADE, "is needed");
    if (mine.len == 0)
        return refuse(e, ERR_DENIED, IN_GRADE, "it is its writer's own line; nobody who could be graded said it");
    if (grade.at[1] != '1')
        return true;
    while (ent_each(d->s, d->e, IN_BASIS, &at, &id)) {
        uint32_t other = ent_find(d->s, ENT_REPORT, id);
        struct str origin = report_origin(d->s, other);

        if (origin.len && !str_eq(origin, mine) &&
            !word_in("withdrawn,refuted", ent_get(d->s, other, IN_STATE)))
            return true;
    }
    return refuse(e, ERR_DENIED, IN_GRADE,
                  "credibility 1 needs a corroborating report of another origin; link it first");
}

bool check_report_linked(struct deciding *d, struct err *e)
{
    if (ref(d->s, d->payload, IN_BASIS) == d->e)
        return refuse(e, ERR_INPUT, IN_BASIS, "a report is not linked to itself");
    return true;
}

void apply_report_linked(struct applying *a)
{
    struct str relation = incident_value(a->payload, IN_RELATION), other = incident_value(a->payload, IN_BASIS);
    bool gone = word_in("withdrawn,refuted", ent_get(a->s, a->e, IN_STATE));

    if (str_eq(relation, STR("corroborates"))) {
        if (!ent_holds(a->s, a->e, IN_BASIS, other))
            ent_add(a->s, a->e, IN_BASIS, other, a->seq);
    } else if (str_eq(relation, STR("contradicts"))) {
        if (!ent_holds(a->s, a->e, IN_REPORT, other))
            ent_add(a->s, a->e, IN_REPORT, other, a->seq);
    } else
        ent_set(a->s, a->e, IN_REPLACES, other, a->seq);
    if (!gone)
        ent_set(a->s, a->e, IN_STATE,
                str_eq(relation, STR("corroborates"))  ? STR("corroborated")
                : str_eq(relation, STR("contradicts")) ? STR("disputed")
                                                       : STR("merged-into"),
                a->seq);
}

bool check_figure_accepted(struct deciding *d, struct err *e)
{
    struct str rest = d->payload, v;
    enum field tag;

    while (fields_next(&rest, &tag, &v)) {
        uint32_t r = ent_find(d->s, ENT_REPORT, v);

        if (tag != (enum field)IN_BASIS)
            continue;
        if (word_in("withdrawn,refuted,merged-into,discounted", ent_get(d->s, r, IN_STATE)))
            return refuse(e, ERR_DENIED, IN_BASIS, "%.*s is %.*s", STR_ARG(v), STR_ARG(ent_get(d->s, r, IN_STATE)));
    }
    return true;
}

bool check_fact_accepted(struct deciding *d, struct err *e)
{
    return check_figure_accepted(d, e);
}

bool check_fact_confirmed(struct deciding *d, struct err *e)
{
    return check_figure_accepted(d, e);
}

/* The dependency walk (invariant 8): it is one event, so nobody sees half of it. */
void reopen_release_of(struct applying *a, uint32_t fact)
{
    struct str id = ent_id(a->s, fact);

    for (uint32_t l = ent_first(a->s, ENT_LINE); l; l = ent_next(a->s, l)) {
        uint32_t st = ent_find(a->s, ENT_STATEMENT, ent_get(a->s, l, IN_STATEMENT));

        if (!ent_holds(a->s, l, IN_FACTS, id))
            continue;
        if (ent_is(a->s, st, IN_STATE, "released"))
            ent_set(a->s, st, IN_STATE, STR("questioned"), a->seq);
        else if (word_in("checked,approved", ent_get(a->s, st, IN_STATE)))
            ent_set(a->s, st, IN_STATE, STR("draft"), a->seq);
    }
    for (uint32_t x = ent_first(a->s, ENT_ALERT); x; x = ent_next(a->s, x))
        if (ent_holds(a->s, x, IN_FACTS, id) && word_in("approved,sent", ent_get(a->s, x, IN_STATE)))
            ent_set(a->s, x, IN_STATE, ent_is(a->s, x, IN_STATE, "sent") ? STR("questioned") : STR("draft"), a->seq);
}

void reopen_facts_of(struct applying *a, uint32_t report)
{
    struct str id = ent_id(a->s, report);

    for (uint32_t f = ent_first(a->s, ENT_FACT); f; f = ent_next(a->s, f))
        if (ent_is(a->s, f, IN_STATE, "live") && ent_holds(a->s, f, IN_BASIS, id)) {
            ent_set(a->s, f, IN_STATE, STR("disputed"), a->seq);
            reopen_release_of(a, f);
        }
    for (uint32_t c = ent_first(a->s, ENT_COUNTER); c; c = ent_next(a->s, c))
        if (ent_holds(a->s, c, IN_BASIS, id))
            ent_set(a->s, c, IN_STATE, STR("disputed"), a->seq);
}

void apply_basis_gone(struct applying *a)
{
    reopen_facts_of(a, a->e);
}

void apply_fact_gone(struct applying *a)
{
    reopen_release_of(a, a->e);
}

/* What the finding was resolved against; when its ground changes, it comes back. */
void apply_finding_resolved(struct applying *a)
{
    ent_set_int(a->s, a->e, IN_AT, a->at_ms, a->seq);
}

/* Release ----------------------------------------------------------------- */

/* What it corrects must be out. */
bool check_statement_drafted(struct deciding *d, struct err *e)
{
    struct str old = incident_value(d->payload, IN_REPLACES);

    if (old.len && !word_in("released,questioned", ent_get(d->s, ent_find(d->s, ENT_STATEMENT, old), IN_STATE)))
        return refuse(e, ERR_MISSING, IN_REPLACES, "\"%.*s\" is no statement of ours that is out", STR_ARG(old));
    return true;
}

/* The old one is corrected in the moment in which the new one is out, and names it. */
void apply_statement_released(struct applying *a)
{
    uint32_t old = ent_find(a->s, ENT_STATEMENT, ent_get(a->s, a->e, IN_REPLACES));

    if (!word_in("released,questioned", ent_get(a->s, old, IN_STATE)))
        return;
    ent_set(a->s, old, IN_STATE, STR("corrected"), a->seq);
    ent_set(a->s, old, IN_REPLACES, ent_id(a->s, a->e), a->seq);
}

/* A line is written, written anew or taken out as long as nobody approved it. */
static bool is_open(const struct deciding *d, uint32_t statement, struct err *e)
{
    struct str state = ent_get(d->s, statement, IN_STATE);

    if (!word_in("draft,checked", state))
        return refuse(e, ERR_DENIED, IN_STATEMENT, "it is %.*s; draft a new one", STR_ARG(state));
    if (d->e && guard_is_dropped(d->s, d->e))
        return refuse(e, ERR_DENIED, IN_LINE, "it was taken out; write a new one");
    return true;
}

/* The event of an option is read by its own class: it must not tell of a decision to more than that is for. */
bool check_option_told(struct deciding *d, struct err *e)
{
    uint32_t decision = d->e ? ent_find(d->s, ENT_DECISION, ent_get(d->s, d->e, IN_DECISION))
                             : ref(d->s, d->payload, IN_DECISION);
    struct str class = ent_get(d->s, decision, IN_CLASS);

    return class.len == 0 || str_eq(class, incident_value(d->payload, IN_CLASS)) ||
           refuse(e, ERR_INPUT, IN_CLASS, "the decision has the class %.*s; give its options the same",
                  STR_ARG(class));
}

/* What was chosen was weighed for this decision. */
bool check_option_chosen(struct deciding *d, struct err *e)
{
    uint32_t option = ref(d->s, d->payload, IN_CHOICE);
    struct str of = ent_get(d->s, option, IN_DECISION);

    return str_eq(of, ent_id(d->s, d->e)) ||
           refuse(e, ERR_DENIED, IN_CHOICE, "it belongs to %.*s", STR_ARG(of));
}

bool check_statement_lined(struct deciding *d, struct err *e)
{
    uint32_t st = ref(d->s, d->payload, IN_STATEMENT);

    if (d->e && !str_eq(ent_get(d->s, d->e, IN_STATEMENT), ent_id(d->s, st)))
        return refuse(e, ERR_DENIED, IN_LINE, "it belongs to %.*s", STR_ARG(ent_get(d->s, d->e, IN_STATEMENT)));
    return is_open(d, st, e);
}

bool check_statement_unlined(struct deciding *d, struct err *e)
{
    return is_open(d, ent_find(d->s, ENT_STATEMENT, ent_get(d->s, d->e, IN_STATEMENT)), e);
}

/* What changed has to be checked again. */
void apply_statement_unlined(struct applying *a)
{
    uint32_t st = ent_find(a->s, ENT_STATEMENT, ent_get(a->s, a->e, IN_STATEMENT));

    ent_set(a->s, st, IN_STATE, STR("draft"), a->seq);
}

/* Written anew, it rests on what it says now. */
void apply_statement_lined(struct applying *a)
{
    static const enum incident_field anew[] = {IN_FACTS, IN_ATTRIBUTED, IN_LANG};

    for (size_t i = 0; i < COUNTOF(anew); i++)
        if (!fields_has(a->payload, (enum field)anew[i]))
            ent_clear(a->s, a->e, anew[i], a->seq);
    apply_statement_unlined(a);
}

/* Who decided it: a log keeper enters what somebody else said. */
static struct str who_says(const struct deciding *d)
{
    struct str other = incident_value(d->payload, IN_ON_BEHALF_OF);

    return other.len ? other : incident_value(d->payload, IN_ACTOR);
}

/* Not who drafted it, not who wrote a line of it, under whatever name. */
static bool second_person(const struct deciding *d, enum incident_field f, struct err *e)
{
    struct str by = ent_get(d->s, d->e, IN_BY), who = who_says(d);

    if (str_eq(incident_value(d->payload, f), by) || (who.len && str_eq(who, by)))
        return refuse(e, ERR_DENIED, f, "%.*s wrote it; a second person is needed", STR_ARG(by));
    for (uint32_t l = ent_first(d->s, ENT_LINE); who.len && l; l = ent_next(d->s, l))
        if (str_eq(ent_get(d->s, l, IN_STATEMENT), ent_id(d->s, d->e)) && !guard_is_dropped(d->s, l) &&
            str_eq(ent_get(d->s, l, IN_ACTOR), who))
            return refuse(e, ERR_DENIED, f, "%.*s wrote a line of it; a second person is needed", STR_ARG(who));
    return true;
}

bool check_statement_checked(struct deciding *d, struct err *e)
{
    return second_person(d, IN_CHECKED_BY, e);
}

static bool lines_pass(struct deciding *d, bool override_nok, struct err *e)
{
    struct guarding x = {d->s, count_room(d), d->now_ms};
    struct guard g;
    unsigned n = 0;

    if (!x.work)
        return err_set(e, ERR_FULL, "no memory to decide in");
    for (uint32_t l = ent_first(d->s, ENT_LINE); l; l = ent_next(d->s, l)) {
        if (!str_eq(ent_get(d->s, l, IN_STATEMENT), ent_id(d->s, d->e)) || guard_is_dropped(d->s, l))
            continue;
        n++;
        guard_line(&x, l, override_nok, &g);
        if (g.light != GUARD_GREEN)
            return refuse(e, ERR_DENIED, IN_LINE, "\"%.*s\" cannot go out: %s", STR_ARG(ent_id(d->s, l)), g.why);
    }
    if (n == 0)
        return refuse(e, ERR_DENIED, IN_STATEMENT, "it has no line");
    return true;
}

/* role commander is asked for by the row: fatality lines need the commander's word anyway. */
bool check_statement_approved(struct deciding *d, struct err *e)
{
    return second_person(d, IN_APPROVED_BY, e) && lines_pass(d, fields_has(d->payload, (enum field)IN_OVERRIDE), e);
}

bool check_statement_released(struct deciding *d, struct err *e)
{
    return lines_pass(d, ent_has(d->s, d->e, IN_OVERRIDE), e);
}

/* A new time of review, ahead of now. */
bool check_fact_reviewed(struct deciding *d, struct err *e)
{
    if (fields_get_int(d->payload, (enum field)IN_REVIEW_AT, 0) <= d->now_ms)
        return refuse(e, ERR_INPUT, IN_REVIEW_AT, "is over already");
    return true;
}

/* Invariant 18. */
static bool chain_known(const struct deciding *d, struct str replaces, struct err *e)
{
    uint32_t old = ent_find(d->s, ENT_ALERT, replaces);

    if (replaces.len && !word_in("sent,questioned", ent_get(d->s, old, IN_STATE)))
        return refuse(e, ERR_MISSING, IN_REPLACES, "\"%.*s\" is no alert of ours that is out", STR_ARG(replaces));
    return true;
}

bool check_alert_drafted(struct deciding *d, struct err *e)
{
    return chain_known(d, incident_value(d->payload, IN_REPLACES), e);
}

/* An alert has no line: the guard reads the alert itself. */
static bool alert_passes(struct deciding *d, struct err *e)
{
    struct guarding x = {d->s, count_room(d), d->now_ms};
    struct guard g;

    if (!x.work)
        return err_set(e, ERR_FULL, "no memory to decide in");
    guard_line(&x, d->e, false, &g);
    if (g.light != GUARD_GREEN)
        return refuse(e, ERR_DENIED, IN_ALERT, "it cannot go out: %s", g.why);
    return true;
}

bool check_alert_approved(struct deciding *d, struct err *e)
{
    return second_person(d, IN_APPROVED_BY, e) && alert_passes(d, e);
}

bool check_alert_sent(struct deciding *d, struct err *e)
{
    struct str replaces = ent_get(d->s, d->e, IN_REPLACES);

    if (!chain_known(d, replaces, e) || !alert_passes(d, e))
        return false;
    if (ent_int(d->s, d->e, IN_EXPIRES_AT, 0) <= d->now_ms)
        return refuse(e, ERR_DENIED, IN_ALERT, "it has expired; draft a new one");
    for (uint32_t x = ent_first(d->s, ENT_ALERT); x; x = ent_next(d->s, x))
        if (x != d->e && word_in("sent,questioned", ent_get(d->s, x, IN_STATE)) &&
            str_eq(ent_get(d->s, x, IN_AUDIENCE), ent_get(d->s, d->e, IN_AUDIENCE)) &&
            str_eq(ent_get(d->s, x, IN_AREA), ent_get(d->s, d->e, IN_AREA)) && !str_eq(ent_id(d->s, x), replaces) &&
            ent_int(d->s, x, IN_EXPIRES_AT, 0) > d->now_ms)
            return refuse(e, ERR_DENIED, IN_ALERT, "\"%.*s\" is active for them; replace or cancel it",
                          STR_ARG(ent_id(d->s, x)));
    return true;
}

void apply_alert_sent(struct applying *a)
{
    uint32_t old = ent_find(a->s, ENT_ALERT, ent_get(a->s, a->e, IN_REPLACES));

    if (old)
        ent_set(a->s, old, IN_STATE, STR("replaced"), a->seq);
}

/* A promise becomes somebody's task. */
bool check_commitment_made(struct deciding *d, struct err *e)
{
    char id[INCIDENT_ID_MAX + 8];
    struct buf b = buf_over(id, sizeof id);
    struct str commitment = incident_value(d->payload, IN_COMMITMENT), due = incident_value(d->payload, IN_DUE_AT);
    size_t begin;

    buf_fmt(&b, "%.*s-task", STR_ARG(commitment));
    if (b.len > INCIDENT_ID_MAX)
        return refuse(e, ERR_INPUT, IN_COMMITMENT, "a shorter id, please: its task is named after it");
    if (ent_find(d->s, ENT_TASK, buf_str(&b)))
        return refuse(e, ERR_DENIED, IN_COMMITMENT, "there is already a task \"%.*s\"", STR_ARG(buf_str(&b)));
    if (!follow(d, INC_TASK_CREATED, &begin, e))
        return false;
    incident_put(d->memory, IN_TASK, buf_str(&b));
    incident_put(d->memory, IN_COMMITMENT, commitment);
    incident_put(d->memory, IN_TEXT, incident_value(d->payload, IN_TEXT));
    incident_put(d->memory, IN_OWNER, incident_value(d->payload, IN_OWNER));
    if (due.len)
        incident_put(d->memory, IN_DUE_AT, due);
    followed(d, INC_TASK_CREATED, begin);
    return true;
}

bool check_alarm_acked(struct deciding *d, struct err *e)
{
    if (str_eq(incident_value(d->payload, IN_ROLE), STR("system")))
        return refuse(e, ERR_DENIED, IN_ROLE, "a person acknowledges an alarm");
    return true;
}
