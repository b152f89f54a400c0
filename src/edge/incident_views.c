#include "edge/incident_views.h"

#include "base/when.h"
#include "core/clearance.h"
#include "core/incident_essentials.h"
#include "core/incident_public.h"
#include "edge/incident_json.h"
#include "edge/incident_views_inner.h"

#include <inttypes.h>

/* Writing JSON ---------------------------------------------------------------- */

void view_item(struct buf *b)
{
    char last = b->len ? b->at[b->len - 1] : '[';

    if (last != '[' && last != '{' && last != ':' && last != ',')
        buf_byte(b, ',');
}

void view_name(struct buf *b, const char *name)
{
    view_item(b);
    buf_byte(b, '"');
    buf_put(b, str_from(name));
    buf_put(b, STR("\":"));
}

void view_open(struct buf *b, const char *name, char c)
{
    if (name)
        view_name(b, name);
    else
        view_item(b);
    buf_byte(b, c);
}

void view_text(struct buf *b, const char *name, struct str text)
{
    view_name(b, name);
    if (text.len)
        buf_json(b, text);
    else
        buf_put(b, STR("null"));
}

void view_whole(struct buf *b, const char *name, int64_t n)
{
    view_name(b, name);
    buf_fmt(b, "%" PRId64, n);
}

void view_whole_or_null(struct buf *b, const char *name, int64_t n)
{
    view_name(b, name);
    if (n < 0)
        buf_put(b, STR("null"));
    else
        buf_fmt(b, "%" PRId64, n);
}

void view_bool(struct buf *b, const char *name, bool is)
{
    view_name(b, name);
    buf_put(b, is ? STR("true") : STR("false"));
}

void view_time(struct buf *b, const char *name, int64_t ms)
{
    view_name(b, name);
    if (ms < 0) {
        buf_put(b, STR("null"));
        return;
    }
    buf_byte(b, '"');
    when_put(b, ms);
    buf_byte(b, '"');
}

void view_seqs(struct buf *b, const char *name, const uint64_t *seq, size_t n)
{
    view_open(b, name, '[');
    for (size_t i = 0; i < n; i++)
        buf_fmt(b, "%s%" PRIu64, i ? "," : "", seq[i]);
    buf_byte(b, ']');
}

void view_texts(struct buf *b, const char *name, const struct view_ask *q, uint32_t e, enum incident_field f)
{
    struct str v;
    uint32_t at = 0;

    view_open(b, name, '[');
    while (ent_each(q->s, e, f, &at, &v)) {
        view_item(b);
        buf_json(b, v);
    }
    buf_byte(b, ']');
}

/* Need to know ---------------------------------------------------------------- */

bool view_sees_class(const struct view_ask *q, enum entity_kind kind, enum incident_field f)
{
    return !q->access || (q->access->classes >> access_class(kind, f) & 1) != 0;
}

bool view_observed(const struct view_ask *q)
{
    return q->access && q->access->observes;
}

bool view_sees_entity(const struct view_ask *q, uint32_t e)
{
    return !q->access || access_sees_entity(q->access, q->s, e);
}

bool view_sees(const struct view_ask *q, uint32_t e, enum incident_field f)
{
    return !q->access || access_sees(q->access, q->s, e, f);
}

bool view_sees_all(const struct view_ask *q, enum entity_kind kind, enum incident_field f)
{
    if (!view_sees_class(q, kind, f))
        return false;
    for (uint32_t e = q->access ? ent_first(q->s, kind) : 0; e; e = ent_next(q->s, e))
        if (ent_has(q->s, e, f) && view_sees_entity(q, e) && !view_sees(q, e, f))
            return false;
    return true;
}

/* Findings and alarms quote what they rest on: the text has the class of the field that it quotes, and
 * who may not know of the entity does not hear of the matter.  "count." stands for all rules that begin
 * so.  A rule without a row, as a new one is, is for the command alone. */
static const struct quote {
    const char *rule;
    enum entity_kind kind;
    enum incident_field field;
} quotes[] = {
    {"count.", ENT_COUNTER, IN_COUNT},
    {"confirmed.", ENT_COUNTER, IN_COUNT},
    {"category.", ENT_COUNTER, IN_COUNT},
    {"threat.open", ENT_THREAT, IN_STATE},
    {"command.conflict", ENT_REPORT, IN_BY},
    {"place.conflict", ENT_THREAT, IN_AS_SPOKEN},
    {"time.conflict", ENT_REPORT, IN_AT},
    {"duration.", ENT_REPORT, IN_AS_SPOKEN},
    {"statement.unsupported", ENT_REPORT, IN_TEXT},
    {"release.", ENT_STATEMENT, IN_STATE},
    {"posture.review", ENT_INCIDENT, IN_POSTURE},
    {"level.ambiguous", ENT_REPORT, IN_AS_SPOKEN},
    {"follow_up.due", ENT_RESPONSIBILITY, IN_STATE},
    {"decision.rationale", ENT_DECISION, IN_RATIONALE},
    {"order.late_entry", ENT_CLEARANCE, IN_STATE},
    {"fact.stale", ENT_FACT, IN_STATE},
    {"order.reversed", ENT_REPORT, IN_AT},
    {"sum.conserved", ENT_COUNTER, IN_COUNT},
    {"objective.outcome", ENT_CASUALTY, IN_CATEGORY},
    {"time.missing", ENT_DETONATION, IN_AT},
    {"identity.alias", ENT_CLOSURE, IN_ROAD},
    {"identity.agency", ENT_AGENCY, IN_NAME},
    {"identity.structure", ENT_STRUCTURE, IN_NAME},
    {"essential.missing", ENT_METHANE, IN_TEXT},
    {"mayday.open", ENT_MAYDAY, IN_ZONE},
    {"mayday.prompt", ENT_UNIT, IN_ZONE},
    {"par.", ENT_UNIT, IN_ZONE},
    {"command.vacant", ENT_COMMAND, IN_COMMANDER},
    {"evacuation.unacked", ENT_EVACUATION, IN_STATE},
    {"critical.unread", ENT_REPORT, IN_TEXT},
    {"deconfliction.missing", ENT_UNIT, IN_ZONE},
    {"declaration.unacked", ENT_INCIDENT, IN_MAJOR},
    {"methane.unacked", ENT_METHANE, IN_TEXT},
    {"hold.withdrawn", ENT_CLEARANCE, IN_STATE},
    {"casualty.waiting", ENT_CASUALTY, IN_ZONE},
    {"clearance.expired", ENT_CLEARANCE, IN_STATE},
    {"point.closed", ENT_UNIT, IN_ROUTED_TO},
    {"unit.self_deployed", ENT_UNIT, IN_STATE},
    {"message.unacked", ENT_MESSAGE, IN_STATE},
    {"assignment.no_read_back", ENT_ASSIGNMENT, IN_STATE},
    {"access.held", ENT_ACCESS, IN_REASON},
    {"task.overdue", ENT_TASK, IN_TEXT},
    {"need.overdue", ENT_NEED, IN_TEXT},
};

static const struct quote *quote_of(const char *rule)
{
    for (size_t i = 0; i < COUNTOF(quotes); i++)
        if (str_starts(str_from(rule), str_from(quotes[i].rule)))
            return &quotes[i];
    return NULL;
}

/* What a rule found: its name, and the id of the one entity that it is about, when it is about one. */
struct matter {
    const char *rule;
    struct str subject;
    const uint64_t *seq;
    size_t n;
};

/* A clearance is "zone|kind", and an alarm's id has '/' for '|'. */
static uint32_t subject_of(const struct incident *s, const struct quote *quote, struct str subject)
{
    char id[INCIDENT_ID_MAX];
    char *slash;

    if (quote->kind != ENT_CLEARANCE || !str_copy(id, sizeof id, subject) || !(slash = strrchr(id, '/')))
        return ent_find(s, quote->kind, subject);
    *slash = '|';
    return ent_find(s, quote->kind, str_from(id));
}

static bool hears_of(const struct view_ask *q, const struct matter *m)
{
    const struct quote *quote = quote_of(m->rule);
    uint32_t e = quote ? subject_of(q->s, quote, m->subject) : 0;

    if (!quote)
        return !q->access || (q->access->classes >> HANDLING_COMMAND & 1) != 0;
    return e ? view_sees_entity(q, e) : view_sees_class(q, quote->kind, quote->field);
}

static bool reads(const struct view_ask *q, const struct matter *m)
{
    const struct quote *quote = quote_of(m->rule);
    uint32_t e = quote ? subject_of(q->s, quote, m->subject) : 0;

    return !quote || (e ? view_sees(q, e, quote->field) : view_sees_all(q, quote->kind, quote->field));
}

static struct matter matter_of_finding(const struct finding *f)
{
    return (struct matter){f->rule, str_from(f->subject), f->items, f->n};
}

static struct matter matter_of_alarm(const struct alarm *a)
{
    return (struct matter){a->rule, str_from(a->id + strlen(a->rule) + 1), a->items, a->n};
}

static void find_hidden(const struct view_ask *q)
{
    struct view_work *w = q->work;

    w->hidden_n = 0;
    for (uint32_t e = q->access ? ent_first(q->s, ENT_REPORT) : 0; e; e = ent_next(q->s, e))
        if (!view_sees_entity(q, e) || !view_sees(q, e, IN_TEXT))
            w->hidden[w->hidden_n++] = ent_made(q->s, e);
}

static bool is_hidden(const struct view_work *w, uint64_t seq)
{
    size_t from = 0, to = w->hidden_n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (w->hidden[middle] < seq)
            from = middle + 1;
        else
            to = middle;
    }
    return from < w->hidden_n && w->hidden[from] == seq;
}

static bool may_know(const struct view_ask *q, const struct matter *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (is_hidden(q->work, m->seq[i]))
            return false;
    return hears_of(q, m);
}

/* Both leave what he may not know out of the lists before anybody counts or writes them. */
static void find_findings(const struct view_ask *q)
{
    struct findings *f = &q->work->findings;
    size_t n = 0;

    incident_findings(q->s, q->now_ms, f);
    find_hidden(q);
    for (size_t i = 0; i < f->n; i++) {
        struct matter m = matter_of_finding(&f->list[i]);

        if (!may_know(q, &m))
            continue;
        if (n != i)
            f->list[n] = f->list[i];
        n++;
    }
    f->n = n;
}

static void find_alarms(const struct view_ask *q)
{
    struct alarms *a = &q->work->alarms;
    size_t n = 0;

    incident_alarms(q->s, q->now_ms, a);
    find_hidden(q);
    for (size_t i = 0; i < a->n; i++) {
        struct matter m = matter_of_alarm(&a->list[i]);

        if (!may_know(q, &m))
            continue;
        if (n != i)
            a->list[n] = a->list[i];
        n++;
    }
    a->n = n;
}

/* Who is inside --------------------------------------------------------------- */

static const char *par_state(const struct view_ask *q, uint32_t unit)
{
    if (ent_int(q->s, unit, IN_MISSED, 0) > 0)
        return "missed";
    return par_due_ms(q->s, unit) <= q->now_ms ? "due" : "ok";
}

static bool is_inside(const struct view_ask *q, uint32_t unit)
{
    return ent_has(q->s, unit, IN_INSIDE_AT) && view_sees_entity(q, unit) && view_sees(q, unit, IN_INSIDE_AT);
}

static void par_unit(const struct view_ask *q, uint32_t u, struct buf *b)
{
    const struct incident *s = q->s;
    struct str zone = ent_get(s, u, IN_ZONE);
    int64_t due = par_due_ms(s, u);

    view_open(b, NULL, '{');
    view_text(b, "unit", ent_id(s, u));
    if (view_sees(q, u, IN_AGENCY))
        view_text(b, "agency", ent_get(s, u, IN_AGENCY));
    if (view_sees(q, u, IN_ZONE)) {
        view_text(b, "zone", zone);
        view_text(b, "level", ent_get(s, ent_find(s, ENT_ZONE, zone), IN_LEVEL));
    }
    if (view_sees(q, u, IN_STRENGTH) && view_sees(q, u, IN_COUNT))
        view_whole_or_null(b, "strength", ent_int(s, u, IN_COUNT, ent_int(s, u, IN_STRENGTH, -1)));
    view_time(b, "inside_at", ent_int(s, u, IN_INSIDE_AT, -1));
    view_time(b, "due", due == INT64_MAX ? -1 : due);
    view_whole(b, "missed", ent_int(s, u, IN_MISSED, 0));
    view_text(b, "state", str_from(par_state(q, u)));
    buf_byte(b, '}');
}

static void open_ones(const struct view_ask *q, const char *name, enum entity_kind kind, struct buf *b)
{
    view_open(b, name, '[');
    for (uint32_t e = ent_first(q->s, kind); e; e = ent_next(q->s, e))
        if (ent_is(q->s, e, IN_STATE, "open") && view_sees_entity(q, e)) {
            view_item(b);
            buf_json(b, ent_id(q->s, e));
        }
    buf_byte(b, ']');
}

static void view_par(const struct view_ask *q, struct buf *b)
{
    view_open(b, "units", '[');
    for (uint32_t u = ent_first(q->s, ENT_UNIT); u; u = ent_next(q->s, u))
        if (is_inside(q, u))
            par_unit(q, u, b);
    buf_byte(b, ']');
    open_ones(q, "maydays", ENT_MAYDAY, b);
    open_ones(q, "evacuations", ENT_EVACUATION, b);
}

/* What does not fit, and what must be looked at --------------------------------- */

static void finding(const struct view_ask *q, const struct finding *f, struct buf *b)
{
    struct matter m = matter_of_finding(f);
    char text[128];
    struct buf id = buf_over(text, sizeof text), ground;

    finding_id(f, &id);
    view_open(b, NULL, '{');
    view_text(b, "id", buf_str(&id));
    view_text(b, "rule", str_from(f->rule));
    view_name(b, "subject");
    buf_json(b, str_from(f->subject));
    view_text(b, "severity", str_from(severity_word(f->severity)));
    view_seqs(b, "events", f->items, f->n);
    ground = buf_over(text, sizeof text);
    finding_ground(f, &ground);
    view_text(b, "ground", buf_str(&ground));
    view_bool(b, "resolved", f->resolved);
    if (reads(q, &m))
        view_text(b, "text", str_from(f->text));
    buf_byte(b, '}');
}

static void view_findings(const struct view_ask *q, struct buf *b)
{
    static const enum severity worst_first[] = {SEVERITY_ALARM, SEVERITY_WARN, SEVERITY_INFO};
    const struct findings *f = &q->work->findings;

    find_findings(q);
    view_open(b, "findings", '[');
    for (size_t k = 0; k < COUNTOF(worst_first); k++)
        for (size_t i = 0; i < f->n; i++)
            if (f->list[i].severity == worst_first[k])
                finding(q, &f->list[i], b);
    buf_byte(b, ']');
    view_whole(b, "left_out", (int64_t)f->left_out);
}

static void alarm(const struct view_ask *q, const struct alarm *a, struct buf *b)
{
    struct matter m = matter_of_alarm(a);

    view_open(b, NULL, '{');
    view_text(b, "id", str_from(a->id));
    view_text(b, "rule", str_from(a->rule));
    view_text(b, "owner", str_from(a->owner));
    view_time(b, "since", a->since_ms);
    view_bool(b, "acked", a->acked);
    view_bool(b, "escalated", a->escalated);
    view_seqs(b, "events", a->items, a->n);
    if (reads(q, &m))
        view_text(b, "text", str_from(a->text));
    buf_byte(b, '}');
}

static void view_alarms(const struct view_ask *q, struct buf *b)
{
    const struct alarms *a = &q->work->alarms;

    find_alarms(q);
    view_open(b, "alarms", '[');
    for (int acked = 0; acked < 2; acked++)
        for (size_t i = 0; i < a->n; i++)
            if (a->list[i].acked == acked)
                alarm(q, &a->list[i], b);
    buf_byte(b, ']');
    view_whole(b, "left_out", (int64_t)a->left_out);
}

static void view_gaps(const struct view_ask *q, struct buf *b)
{
    struct essential x;

    view_open(b, "gaps", '[');
    for (int known = 0; known < 2; known++)
        for (size_t i = 0; incident_essential(q->s, i, &x); i++) {
            if (x.known != known)
                continue;
            view_open(b, NULL, '{');
            view_text(b, "id", str_from(x.id));
            view_text(b, "text", str_from(x.text));
            view_bool(b, "known", x.known);
            view_whole_or_null(b, "age_s", x.at_ms < 0 ? -1 : x.at_ms > q->now_ms ? 0 : (q->now_ms - x.at_ms) / 1000);
            buf_byte(b, '}');
        }
    buf_byte(b, ']');
}

/* The whitelist is the need to know: this is for everybody. */
static void view_public(const struct view_ask *q, struct buf *b)
{
    struct public_item item;
    uint64_t at = 0;
    char word[32];

    view_open(b, "items", '[');
    while (incident_public(q->s, &at, &item)) {
        view_open(b, NULL, '{');
        view_text(b, "kind", incident_entity_word(item.kind, word));
        view_text(b, "id", ent_id(q->s, item.entity));
        view_text(b, "field", str_from(field_info(item.field)->name));
        view_name(b, "value");
        incident_value_json(item.field, item.value, b);
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

/* The command strip ------------------------------------------------------------ */

struct part;
typedef void part_fn(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b);

/* One member of the strip and the field whose class it has. */
struct part {
    const char *name;
    enum entity_kind kind;
    enum incident_field field;
    part_fn *put;
};

static void part_id(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b)
{
    view_text(b, p->name, ent_id(q->s, e));
}

static void part_text(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b)
{
    view_text(b, p->name, ent_get(q->s, e, p->field));
}

static void part_texts(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b)
{
    view_texts(b, p->name, q, e, p->field);
}

static void part_has(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b)
{
    view_bool(b, p->name, ent_has(q->s, e, p->field));
}

static void part_time(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b)
{
    view_time(b, p->name, ent_int(q->s, e, p->field, -1));
}

/* Nobody ever commanded: that is vacant, not unknown. */
static void part_command_state(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b)
{
    view_text(b, p->name, e ? ent_get(q->s, e, IN_STATE) : STR("vacant"));
}

static void part_period(const struct view_ask *q, const struct part *p, uint32_t none, struct buf *b)
{
    uint32_t e = ent_first(q->s, ENT_PERIOD);

    (void)none;
    while (e && !(ent_is(q->s, e, IN_STATE, "running") && view_sees_entity(q, e)))
        e = ent_next(q->s, e);
    if (!e) {
        view_text(b, p->name, (struct str){0});
        return;
    }
    view_open(b, p->name, '{');
    view_text(b, "id", ent_id(q->s, e));
    view_time(b, "start_at", ent_int(q->s, e, IN_START_AT, -1));
    view_time(b, "end_at", ent_int(q->s, e, IN_END_AT, -1));
    view_texts(b, "objectives", q, e, IN_OBJECTIVE);
    buf_byte(b, '}');
}

static void part_levels(const struct view_ask *q, const struct part *p, uint32_t none, struct buf *b)
{
    (void)none;
    view_open(b, p->name, '[');
    for (uint32_t e = ent_first(q->s, ENT_THREAT_LEVEL); e; e = ent_next(q->s, e)) {
        if (!view_sees_entity(q, e))
            continue;
        view_open(b, NULL, '{');
        view_text(b, "scope", ent_id(q->s, e));
        view_text(b, "level", ent_get(q->s, e, IN_THREAT_LEVEL));
        buf_byte(b, '}');
    }
    buf_byte(b, ']');
}

static void part_zones(const struct view_ask *q, const struct part *p, uint32_t none, struct buf *b)
{
    struct clearance_sum sum = clearance_sum(q->s);

    (void)none;
    view_open(b, p->name, '{');
    view_whole(b, "total", sum.zones);
    view_whole(b, "threat", sum.zones - sum.threat_missing);
    view_whole(b, "eod", sum.zones - sum.eod_missing);
    buf_byte(b, '}');
}

static void part_casualties(const struct view_ask *q, const struct part *p, uint32_t none, struct buf *b)
{
    (void)none;
    view_open(b, p->name, '{');
    view_counter(q, "killed", false, b);
    view_counter(q, "injured", false, b);
    view_counter(q, "missing", false, b);
    buf_byte(b, '}');
}

static void part_par(const struct view_ask *q, const struct part *p, uint32_t none, struct buf *b)
{
    int64_t inside = 0, due = 0, missed = 0;

    (void)none;
    for (uint32_t u = ent_first(q->s, ENT_UNIT); u; u = ent_next(q->s, u)) {
        const char *state;

        if (!is_inside(q, u))
            continue;
        state = par_state(q, u);
        inside++;
        due += strcmp(state, "due") == 0;
        missed += strcmp(state, "missed") == 0;
    }
    view_open(b, p->name, '{');
    view_whole(b, "inside", inside);
    view_whole(b, "due", due);
    view_whole(b, "missed", missed);
    buf_byte(b, '}');
}

static void part_findings(const struct view_ask *q, const struct part *p, uint32_t none, struct buf *b)
{
    const struct findings *f = &q->work->findings;
    int64_t n[SEVERITY_ALARM + 1] = {0};

    (void)none;
    find_findings(q);
    for (size_t i = 0; i < f->n; i++)
        n[f->list[i].severity] += !f->list[i].resolved;
    view_open(b, p->name, '{');
    view_whole(b, "alarm", n[SEVERITY_ALARM]);
    view_whole(b, "warn", n[SEVERITY_WARN]);
    view_whole(b, "info", n[SEVERITY_INFO]);
    buf_byte(b, '}');
}

static void part_alarms(const struct view_ask *q, const struct part *p, uint32_t none, struct buf *b)
{
    const struct alarms *a = &q->work->alarms;
    int64_t unacked = 0;

    (void)none;
    find_alarms(q);
    for (size_t i = 0; i < a->n; i++)
        unacked += !a->list[i].acked;
    view_open(b, p->name, '{');
    view_whole(b, "open", (int64_t)a->n);
    view_whole(b, "unacked", unacked);
    buf_byte(b, '}');
}

/* How many one supervisor leads at most. */
static void part_span(const struct view_ask *q, const struct part *p, uint32_t e, struct buf *b)
{
    view_whole(b, p->name, ent_int(q->s, e, IN_COUNT, INCIDENT_SPAN));
}

static const struct part parts[] = {
    {"id", ENT_INCIDENT, IN_NAME, part_id},
    {"name", ENT_INCIDENT, IN_NAME, part_text},
    {"type", ENT_INCIDENT, IN_TYPE, part_text},
    {"state", ENT_INCIDENT, IN_STATE, part_text},
    {"exercise", ENT_INCIDENT, IN_EXERCISE, part_has},
    {"start", ENT_INCIDENT, IN_START_AT, part_time},
    {"commanders", ENT_COMMAND, IN_COMMANDER, part_texts},
    {"command_state", ENT_COMMAND, IN_STATE, part_command_state},
    {"command_since", ENT_COMMAND, IN_RECORDED_AT, part_time},
    {"command_place", ENT_COMMAND, IN_PLACE, part_text},
    {"posture", ENT_INCIDENT, IN_POSTURE, part_text},
    {"period", ENT_PERIOD, IN_OBJECTIVE, part_period},
    {"major", ENT_INCIDENT, IN_MAJOR, part_has},
    {"threat_levels", ENT_THREAT_LEVEL, IN_THREAT_LEVEL, part_levels},
    {"zones", ENT_CLEARANCE, IN_STATE, part_zones},
    {"casualties", ENT_COUNTER, IN_COUNT, part_casualties},
    {"par", ENT_UNIT, IN_INSIDE_AT, part_par},
    {"findings", ENT_FINDING, IN_STATE, part_findings},
    {"alarms", ENT_ALARM, IN_TEXT, part_alarms},
    {"span", ENT_INCIDENT, IN_COUNT, part_span},
};

static void view_strip(const struct view_ask *q, struct buf *b)
{
    for (size_t i = 0; i < COUNTOF(parts); i++) {
        const struct part *p = &parts[i];
        uint32_t e = p->kind == ENT_INCIDENT  ? incident_self(q->s)
                     : p->kind == ENT_COMMAND ? ent_find(q->s, ENT_COMMAND, STR("incident"))
                                              : 0;

        if (e ? view_sees(q, e, p->field) : view_sees_class(q, p->kind, p->field))
            p->put(q, p, e, b);
    }
    view_text(b, "rule", STR(RULE_CORDON_1));
}

void incident_figures(const struct view_ask *q, struct view_figures *out)
{
    struct reconciled *killed = &q->work->counter;

    *out = (struct view_figures){-1, -1, -1, -1, -1, -1};
    if (view_sees_class(q, ENT_UNIT, IN_INSIDE_AT)) {
        out->inside = 0;
        for (uint32_t u = ent_first(q->s, ENT_UNIT); u; u = ent_next(q->s, u))
            out->inside += is_inside(q, u);
    }
    if (view_sees_class(q, ENT_COUNTER, IN_COUNT)) {
        incident_reconcile(q->s, STR("killed"), killed);
        out->killed_lo = killed->used ? killed->lo : -1;
        out->killed_hi = killed->used && !killed->hi_open ? killed->hi : -1;
    }
    if (view_sees_class(q, ENT_CLEARANCE, IN_STATE)) {
        struct clearance_sum sum = clearance_sum(q->s);

        out->zones = sum.zones;
        out->zones_threat = sum.zones - sum.threat_missing;
        out->zones_eod = sum.zones - sum.eod_missing;
    }
}

/* The table --------------------------------------------------------------------- */

/* A view, the field whose class who asks for it must have (ENT_NONE: everybody), and whether it is of totals alone,
 * as an observer gets them. */
#define VIEWS                                                                                                          \
    VIEW("strip", ENT_INCIDENT, IN_NAME, view_strip, true)                                                             \
    VIEW("counters", ENT_COUNTER, IN_COUNT, view_counters, true)                                                       \
    VIEW("findings", ENT_FINDING, IN_STATE, view_findings, false)                                                      \
    VIEW("alarms", ENT_ALARM, IN_TEXT, view_alarms, false)                                                             \
    VIEW("par", ENT_UNIT, IN_INSIDE_AT, view_par, false)                                                               \
    VIEW("floors", ENT_ZONE, IN_NAME, view_floors, true)                                                               \
    VIEW("gaps", ENT_METHANE, IN_TEXT, view_gaps, false)                                                               \
    VIEW("release", ENT_LINE, IN_TEXT, view_release, false)                                                            \
    VIEW("public", ENT_NONE, IN_NONE, view_public, true)

static const struct view {
    const char *name;
    enum entity_kind kind;
    enum incident_field field;
    void (*put)(const struct view_ask *q, struct buf *b); /* what stands between the braces */
    bool totals;
} views[] = {
#define VIEW(name, kind, field, put, totals) {name, kind, field, put, totals},
    VIEWS
#undef VIEW
};

const char *const *incident_view_names(void)
{
    static const char *const names[] = {
#define VIEW(name, kind, field, put, totals) name,
        VIEWS NULL
#undef VIEW
    };

    return names;
}

static struct str class_word(enum handling class)
{
    struct str list = str_from(words_of(WORDS_CLASS));

    for (unsigned i = 0; i < (unsigned)class; i++)
        list = str_from_at(list, str_find_byte(list, ',') + 1);
    return str_cut(list, 0, str_find_byte(list, ','));
}

bool incident_view(struct str name, const struct view_ask *q, struct buf *b, struct err *e)
{
    MUST(q->s->entities < VIEW_ENTITIES && q->now_ms >= 0);
    for (size_t i = 0; i < COUNTOF(views); i++) {
        const struct view *v = &views[i];

        if (!str_eq(str_from(v->name), name))
            continue;
        if (v->kind && !view_sees_class(q, v->kind, v->field))
            return err_set(e, ERR_DENIED, "the view %s is for who may know %.*s; your roles do not include that",
                           v->name, STR_ARG(class_word(access_class(v->kind, v->field))));
        if (!v->totals && view_observed(q))
            return err_set(e, ERR_DENIED, "the view %s tells of units and persons; an observer gets totals", v->name);
        buf_byte(b, '{');
        v->put(q, b);
        buf_byte(b, '}');
        return true;
    }
    return err_set(e, ERR_MISSING, "there is no view \"%.*s\"", (int)(name.len < 64 ? name.len : 64), name.at);
}
