#include "core/incident_alarms.h"

#include "core/clearance.h"
#include "core/incident_device.h"
#include "core/incident_guard.h"
#include "core/incident_place.h"
#include "core/incident_rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { CADENCE_S = 1200, MISSED_AFTER_S = 60, WAITING_S = 600 };
#define S_MS INT64_C(1000)

struct row;
struct run {
    const struct incident *s;
    int64_t now_ms;
    struct alarms *out;
    const struct row *row;
    uint32_t of; /* what is being looked at, where it may have a class of its own; 0: nothing */
};

typedef void alarm_fn(struct run *r);
static alarm_fn vacant, par_due, par_fail, mayday_prompt, mayday, unacked_major, unacked_methane, stale_point, stranger,
    self_deployed, critical, message, evacuation, no_read_back, overdue_task, overdue_need, held_access, expired,
    questioned, withdrawn, waiting, no_witness;

static const struct row {
    const char *rule, *owner, *next;
    int64_t after_s;
    alarm_fn *run;
} rows[] = {
    {"mayday.open", "operations", "commander", 30, mayday},
    {"mayday.prompt", "safety", "commander", 30, mayday_prompt},
    {"par.fail", "safety", "commander", 30, par_fail},
    {"command.vacant", "operations", "deputy", 60, vacant},
    {"evacuation.unacked", "safety", "commander", 60, evacuation},
    {"critical.unread", "commander", "operations", 60, critical},
    {"deconfliction.missing", "operations", "commander", 60, stranger},
    {"par.due", "safety", "operations", 60, par_due},
    {"declaration.unacked", "liaison", "commander", 60, unacked_major},
    {"methane.unacked", "liaison", "commander", 60, unacked_methane},
    {"hold.withdrawn", "operations", "commander", 60, withdrawn},
    {"casualty.waiting", "commander", "deputy", 120, waiting},
    {"clearance.expired", "operations", "commander", 120, expired},
    {"point.closed", "operations", "commander", 120, stale_point},
    {"unit.self_deployed", "operations", "commander", 120, self_deployed},
    {"message.unacked", "loggist", "operations", 90, message},
    {"assignment.no_read_back", "operations", "commander", 120, no_read_back},
    {"access.held", "operations", "commander", 300, held_access},
    {"task.overdue", "planning", "commander", 600, overdue_task},
    {"need.overdue", "logistics", "operations", 600, overdue_need},
    {"release.questioned", "information", "commander", 300, questioned},
    {"log.no_witness", "loggist", "planning", 900, no_witness},
};

static void sound(struct run *r, struct str subject, int64_t since_ms, uint64_t seq, const char *format, ...)
    PRINTF_LIKE(5, 6);
static void sound(struct run *r, struct str subject, int64_t since_ms, uint64_t seq, const char *format, ...)
{
    struct alarm *a = &r->out->list[r->out->n];
    struct buf b;
    va_list args;
    uint32_t known;

    if (r->now_ms < since_ms)
        return;
    if (r->out->n == ALARMS_MAX) {
        r->out->left_out++;
        return;
    }
    r->out->n++;
    *a = (struct alarm){.rule = r->row->rule, .owner = r->row->owner, .since_ms = since_ms, .items = {seq}, .n = 1,
                        .class = r->of ? ent_get(r->s, r->of, IN_CLASS) : (struct str){0}};
    b = buf_over(a->id, sizeof a->id);
    buf_fmt(&b, "%s:", r->row->rule);
    buf_put(&b, str_cut(subject, 0, subject.len < 80 ? subject.len : 80));
    for (size_t i = 0; i < b.len; i++)
        a->id[i] = a->id[i] == '|' ? '/' : a->id[i];
    va_start(args, format);
    if (vsnprintf(a->text, sizeof a->text, format, args) >= (int)sizeof a->text)
        a->text[cut_text(str_from(a->text), sizeof a->text - 4).len] = '\0'; /* between two characters */
    va_end(args);
    known = ent_find(r->s, ENT_ALARM, buf_str(&b));
    a->acked = ent_is(r->s, known, IN_STATE, "acked") && ent_int(r->s, known, IN_RECORDED_AT, 0) >= since_ms &&
               ent_int(r->s, known, IN_DUE_AT, INT64_MAX) > r->now_ms;
    a->escalated = !a->acked && r->now_ms - since_ms >= r->row->after_s * S_MS;
    if (a->escalated)
        a->owner = r->row->next;
}

static int64_t at(const struct incident *s, uint32_t e)
{
    return ent_int(s, e, IN_RECORDED_AT, 0);
}

static int64_t made_at(const struct incident *s, uint32_t e)
{
    return ent_int(s, e, IN_MADE_AT, 0);
}

/* Units are here and nobody commands for 120 s. */
static void vacant(struct run *r)
{
    uint32_t command = ent_find(r->s, ENT_COMMAND, STR("incident")), unit = ent_first(r->s, ENT_UNIT);
    int64_t since = command ? at(r->s, command) : made_at(r->s, unit);

    if (unit && !ent_has(r->s, command, IN_COMMANDER))
        sound(r, STR("incident"), since + 120 * S_MS, command ? ent_changed(r->s, command) : ent_made(r->s, unit),
              "nobody commands; the first supervisor here assumes command");
}

int64_t par_due_ms(const struct incident *s, uint32_t unit)
{
    int64_t called = ent_int(s, unit, IN_PAR_CALLED_AT, 0), last = ent_int(s, unit, IN_PAR_AT, 0);
    int64_t usual = ent_int(s, incident_self(s), IN_CADENCE_S, CADENCE_S);

    if (!ent_has(s, unit, IN_INSIDE_AT))
        return INT64_MAX;
    return called ? called + MISSED_AFTER_S * S_MS : last + ent_int(s, unit, IN_CADENCE_S, usual) * S_MS;
}

/* Where a unit or a Mayday is, as people call it. */
static struct str zone_name(const struct incident *s, uint32_t e, char *to)
{
    return place_name(s, ENT_ZONE, ent_get(s, e, IN_ZONE), to);
}

static void par_due(struct run *r)
{
    char place[PLACE_NAME_MAX];

    for (uint32_t u = ent_first(r->s, ENT_UNIT); u; u = ent_next(r->s, u))
        if (par_due_ms(r->s, u) <= r->now_ms)
            sound(r, ent_id(r->s, u), par_due_ms(r->s, u), ent_seq(r->s, u, IN_PAR_AT), "%.*s in %.*s: PAR is due",
                  STR_ARG(ent_id(r->s, u)), STR_ARG(zone_name(r->s, u, place)));
}

static void par_fail(struct run *r)
{
    for (uint32_t u = ent_first(r->s, ENT_UNIT); u; u = ent_next(r->s, u)) {
        int64_t expected = ent_int(r->s, u, IN_COUNT, ent_int(r->s, u, IN_STRENGTH, 0));
        int64_t found = ent_int(r->s, u, IN_LOCATED, expected);

        if (ent_has(r->s, u, IN_INSIDE_AT) && found < expected)
            sound(r, ent_id(r->s, u), ent_int(r->s, u, IN_PAR_AT, 0), ent_seq(r->s, u, IN_LOCATED),
                  "%.*s: %" PRId64 " of %" PRId64 " accounted for; declare a Mayday?", STR_ARG(ent_id(r->s, u)), found,
                  expected);
    }
}

/* Missed twice: a person decides whether it is a Mayday. */
static void mayday_prompt(struct run *r)
{
    char place[PLACE_NAME_MAX];

    for (uint32_t u = ent_first(r->s, ENT_UNIT); u; u = ent_next(r->s, u))
        if (ent_int(r->s, u, IN_MISSED, 0) >= 2)
            sound(r, ent_id(r->s, u), ent_int(r->s, u, IN_PAR_CALLED_AT, 0), ent_seq(r->s, u, IN_MISSED),
                  "%.*s in %.*s missed PAR %" PRId64 " times; declare a Mayday?", STR_ARG(ent_id(r->s, u)),
                  STR_ARG(zone_name(r->s, u, place)), ent_int(r->s, u, IN_MISSED, 0));
}

static void mayday(struct run *r)
{
    char place[PLACE_NAME_MAX];

    for (uint32_t m = ent_first(r->s, ENT_MAYDAY); m; m = ent_next(r->s, m)) {
        struct str unit = ent_get(r->s, m, IN_UNIT), where = zone_name(r->s, m, place);

        if (!ent_is(r->s, m, IN_STATE, "open"))
            continue;
        if (where.len)
            sound(r, ent_id(r->s, m), made_at(r->s, m), ent_made(r->s, m), "Mayday of %.*s in %.*s", STR_ARG(unit),
                  STR_ARG(where));
        else
            sound(r, ent_id(r->s, m), made_at(r->s, m), ent_made(r->s, m), "Mayday of %.*s", STR_ARG(unit));
    }
}

/* Who has not acknowledged a declaration or METHANE message for 60 s. */
static void unacked(struct run *r, uint32_t e, int64_t since, uint64_t seq)
{
    for (uint32_t g = ent_first(r->s, ENT_AGENCY); g; g = ent_next(r->s, g)) {
        char subject[INCIDENT_ID_MAX];
        struct buf b = buf_over(subject, sizeof subject);

        if (ent_holds(r->s, e, IN_ACKED_BY, ent_id(r->s, g)))
            continue;
        buf_fmt(&b, "%.*s/%.*s", STR_ARG(ent_id(r->s, e)), STR_ARG(ent_id(r->s, g)));
        sound(r, buf_str(&b), (since > made_at(r->s, g) ? since : made_at(r->s, g)) + 60 * S_MS, seq,
              "%.*s has not acknowledged %.*s", STR_ARG(ent_id(r->s, g)), STR_ARG(ent_id(r->s, e)));
    }
}

static void unacked_major(struct run *r)
{
    uint32_t self = incident_self(r->s);

    if (ent_has(r->s, self, IN_MAJOR))
        unacked(r, self, ent_int(r->s, self, IN_MAJOR, 0), ent_seq(r->s, self, IN_MAJOR));
}

static void unacked_methane(struct run *r)
{
    for (uint32_t m = ent_first(r->s, ENT_METHANE); m; m = ent_next(r->s, m))
        unacked(r, m, made_at(r->s, m), ent_made(r->s, m));
}

static void stale_point(struct run *r)
{
    for (uint32_t u = ent_first(r->s, ENT_UNIT); u; u = ent_next(r->s, u)) {
        uint32_t p = ent_find(r->s, ENT_POINT, ent_get(r->s, u, IN_ROUTED_TO));

        if (p && !ent_is(r->s, p, IN_STATE, "current"))
            sound(r, ent_id(r->s, u), at(r->s, p), ent_seq(r->s, p, IN_STATE),
                  "%.*s is on its way to %.*s, which is closed",
                  STR_ARG(ent_id(r->s, u)), STR_ARG(ent_id(r->s, p)));
    }
}

static void stranger(struct run *r)
{
    const struct incident *s = r->s;
    char place[PLACE_NAME_MAX];

    for (uint32_t a = ent_first(s, ENT_UNIT); a; a = ent_next(s, a)) {
        uint32_t zone = ent_find(s, ENT_ZONE, ent_get(s, a, IN_ZONE));

        for (uint32_t b = zone ? ent_next(s, a) : 0; b; b = ent_next(s, b)) {
            uint32_t other = ent_find(s, ENT_ZONE, ent_get(s, b, IN_ZONE));
            int64_t since = at(s, a) > at(s, b) ? at(s, a) : at(s, b);

            if (!other || str_eq(agency_of(s, a), agency_of(s, b)) || !zones_touch(s, zone, other) ||
                deconflicted_in(s, zone, agency_of(s, a), agency_of(s, b)))
                continue;
            sound(r, ent_id(s, b), since, ent_seq(s, b, IN_ZONE),
                  "%.*s and %.*s are in or next to %.*s; their supervisors have not agreed", STR_ARG(ent_id(s, a)),
                  STR_ARG(ent_id(s, b)), STR_ARG(zone_name(s, a, place)));
        }
    }
}

static void self_deployed(struct run *r)
{
    for (uint32_t u = ent_first(r->s, ENT_UNIT); u; u = ent_next(r->s, u))
        if (ent_is(r->s, u, IN_STATE, "self-deployed") || (ent_has(r->s, u, IN_ZONE) && !unit_is_here(r->s, u)))
            sound(r, ent_id(r->s, u), at(r->s, u), ent_changed(r->s, u), "%.*s is here and not checked in",
                  STR_ARG(ent_id(r->s, u)));
}

static void critical(struct run *r)
{
    for (uint32_t e = ent_first(r->s, ENT_REPORT); e; e = ent_next(r->s, e))
        if (ent_has(r->s, e, IN_CRITICAL) && !ent_has(r->s, e, IN_ACKED_BY))
            sound(r, ent_id(r->s, e), made_at(r->s, e), ent_made(r->s, e), "read and read back: %.*s",
                  STR_ARG(ent_get(r->s, e, IN_TEXT)));
}

static void message(struct run *r)
{
    for (uint32_t m = ent_first(r->s, ENT_MESSAGE); m; m = ent_next(r->s, m)) {
        struct str to;
        uint32_t i = 0;

        while (word_in("urgent,critical", ent_get(r->s, m, IN_PRIORITY)) && ent_each(r->s, m, IN_TO, &i, &to))
            if (!ent_holds(r->s, m, IN_ACKED_BY, to))
                sound(r, ent_id(r->s, m), made_at(r->s, m) + 90 * S_MS, ent_made(r->s, m), "%.*s has not acknowledged",
                      STR_ARG(to));
    }
}

static void evacuation(struct run *r)
{
    for (uint32_t x = ent_first(r->s, ENT_EVACUATION); x; x = ent_next(r->s, x)) {
        struct str unit;
        uint32_t i = 0;

        while (ent_is(r->s, x, IN_STATE, "open") && ent_each(r->s, x, IN_UNITS, &i, &unit))
            if (!ent_holds(r->s, x, IN_ACKED_BY, unit))
                sound(r, unit, made_at(r->s, x) + 30 * S_MS, ent_made(r->s, x), "%.*s has not acknowledged EVACUATE",
                      STR_ARG(unit));
    }
}

/* Is a statement that is out no longer what is known? */
static bool is_questioned(const struct incident *s, uint32_t statement)
{
    for (uint32_t l = ent_is(s, statement, IN_STATE, "released") ? ent_first(s, ENT_LINE) : 0; l; l = ent_next(s, l))
        if (str_eq(ent_get(s, l, IN_STATEMENT), ent_id(s, statement)) && !guard_is_dropped(s, l) &&
            guard_is_outdated(s, l))
            return true;
    return ent_is(s, statement, IN_STATE, "questioned");
}

/* What we said and no longer know: who speaks for us corrects or withdraws it. */
static void questioned(struct run *r)
{
    for (uint32_t st = ent_first(r->s, ENT_STATEMENT); st; st = ent_next(r->s, st))
        if (is_questioned(r->s, st))
            sound(r, ent_id(r->s, st), at(r->s, st), ent_seq(r->s, st, IN_STATE),
                  "statement %.*s is out and rests on what is no longer held; correct or withdraw it",
                  STR_ARG(ent_id(r->s, st)));
    for (uint32_t a = ent_first(r->s, ENT_ALERT); a; a = ent_next(r->s, a))
        if (ent_is(r->s, a, IN_STATE, "questioned"))
            sound(r, ent_id(r->s, a), at(r->s, a), ent_seq(r->s, a, IN_STATE),
                  "alert %.*s is out and rests on what is no longer held; replace or cancel it",
                  STR_ARG(ent_id(r->s, a)));
}

static void no_read_back(struct run *r)
{
    for (uint32_t a = ent_first(r->s, ENT_ASSIGNMENT); a; a = ent_next(r->s, a))
        if (ent_is(r->s, a, IN_STATE, "given"))
            sound(r, ent_id(r->s, a), at(r->s, a) + 120 * S_MS, ent_seq(r->s, a, IN_STATE), "%.*s is not read back",
                  STR_ARG(ent_id(r->s, a)));
}

static void overdue_task(struct run *r)
{
    for (uint32_t t = ent_first(r->s, ENT_TASK); t; t = ent_next(r->s, t)) {
        r->of = t;
        if (word_in("open,blocked", ent_get(r->s, t, IN_STATE)) && ent_has(r->s, t, IN_DUE_AT))
            sound(r, ent_id(r->s, t), ent_int(r->s, t, IN_DUE_AT, 0), ent_made(r->s, t), "%.*s is late: %.*s",
                  STR_ARG(ent_get(r->s, t, IN_OWNER)), STR_ARG(ent_get(r->s, t, IN_TEXT)));
    }
}

/* By the time that was said when it was promised or set out; before, by that at which it was wanted. */
static void overdue_need(struct run *r)
{
    for (uint32_t n = ent_first(r->s, ENT_NEED); n; n = ent_next(r->s, n)) {
        int64_t due = ent_int(r->s, n, IN_EXPECTED_AT, ent_int(r->s, n, IN_DUE_AT, 0));

        r->of = n;
        if (due && word_in("requested,committed,enroute", ent_get(r->s, n, IN_STATE)))
            sound(r, ent_id(r->s, n), due, ent_made(r->s, n), "%.*s is not here yet: %.*s",
                  STR_ARG(ent_id(r->s, n)), STR_ARG(ent_get(r->s, n, IN_TEXT)));
    }
}

static void held_access(struct run *r)
{
    for (uint32_t x = ent_first(r->s, ENT_ACCESS); x; x = ent_next(r->s, x))
        if (ent_is(r->s, x, IN_STATE, "held"))
            sound(r, ent_id(r->s, x), made_at(r->s, x) + 300 * S_MS, ent_made(r->s, x), "held at the cordon: %.*s",
                  STR_ARG(ent_get(r->s, x, IN_REASON)));
}

static bool is_expired(const struct incident *s, uint32_t c, int64_t now_ms)
{
    return word_in("complete,confirmed,held", ent_get(s, c, IN_STATE)) &&
           ent_int(s, c, IN_EXPIRES_AT, INT64_MAX) <= now_ms;
}

static void expired(struct run *r)
{
    char place[PLACE_NAME_MAX];

    for (uint32_t c = ent_first(r->s, ENT_CLEARANCE); c; c = ent_next(r->s, c))
        if (is_expired(r->s, c, r->now_ms) ||
            (ent_is(r->s, c, IN_STATE, "void") && ent_is(r->s, c, IN_VOID_REASON, "expired")))
            sound(r, ent_id(r->s, c), ent_int(r->s, c, IN_EXPIRES_AT, 0), ent_seq(r->s, c, IN_EXPIRES_AT),
                  "clearance of %.*s has expired", STR_ARG(zone_name(r->s, c, place)));
}

/* Forces that go leave a vacuum behind them (domain.md 4, row 8). */
static void withdrawn(struct run *r)
{
    char place[PLACE_NAME_MAX];

    for (uint32_t c = ent_first(r->s, ENT_CLEARANCE); c; c = ent_next(r->s, c))
        if (ent_is(r->s, c, IN_STATE, "void") && ent_is(r->s, c, IN_VOID_REASON, "withdrawn"))
            sound(r, ent_id(r->s, c), ent_int(r->s, c, IN_AT, made_at(r->s, c)), ent_seq(r->s, c, IN_VOID_REASON),
                  "%.*s is held by nobody: the unit that held it is gone", STR_ARG(zone_name(r->s, c, place)));
}

/* Somebody is known to lie there, and nobody is known to have come to him (domain.md 4, row 15). */
static void waiting(struct run *r)
{
    char place[PLACE_NAME_MAX];

    for (uint32_t x = ent_first(r->s, ENT_CASUALTY); x; x = ent_next(r->s, x)) {
        struct str zone = ent_get(r->s, x, IN_ZONE);
        enum clearance_state threat = clearance_of(r->s, zone, "threat");

        r->of = x;
        if (zone.len && word_in("reported,located", ent_get(r->s, x, IN_STATE)))
            sound(r, ent_id(r->s, x), made_at(r->s, x) + WAITING_S * S_MS, ent_made(r->s, x),
                  threat == CLEARANCE_NO_GO          ? "%.*s in %.*s: nobody came for 10 minutes; the zone is no-go"
                  : clearance_is_clear(threat)       ? "%.*s in %.*s: nobody came for 10 minutes"
                                                     : "%.*s in %.*s: nobody came for 10 minutes; the zone is not "
                                                       "THREAT-clear",
                  STR_ARG(ent_id(r->s, x)), STR_ARG(zone_name(r->s, x, place)));
    }
}

/* A journal that nobody outside has seen the head of for 15 minutes. */
static void no_witness(struct run *r)
{
    uint32_t last = incident_self(r->s);

    for (uint32_t x = ent_first(r->s, ENT_AUDIT); x; x = ent_next(r->s, x))
        if (ent_has(r->s, x, IN_NUMBER) && ent_is(r->s, x, IN_STATE, "sealed"))
            last = x;
    if (last)
        sound(r, STR("journal"), made_at(r->s, last) + 900 * S_MS, ent_made(r->s, last),
              "no witness of the record is younger than 15 minutes; seal it");
}

void incident_alarms(const struct incident *s, int64_t now_ms, struct alarms *out)
{
    struct run r = {.s = s, .now_ms = now_ms, .out = out};

    out->n = out->left_out = 0;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        r.row = &rows[i];
        r.of = 0;
        rows[i].run(&r);
    }
}

/* What time alone makes ------------------------------------------------------ */

struct due {
    const struct incident *s;
    int64_t now_ms;
    struct buf *memory;
    struct incident_command *out;
    size_t n, max, begin;
};

static bool open_due(struct due *d)
{
    d->begin = d->memory->len;
    if (d->n == d->max)
        return false;
    incident_put(d->memory, IN_ROLE, STR("system"));
    incident_put(d->memory, IN_VIA, STR("system"));
    if (incident_is_exercise(d->s))
        incident_put(d->memory, IN_EXERCISE, STR("1"));
    return true;
}

static void close_due(struct due *d, enum incident_kind kind)
{
    if (d->memory->full)
        d->memory->len = d->begin;
    else
        d->out[d->n++] = (struct incident_command){kind, str_from_at(buf_str(d->memory), d->begin), d->now_ms};
    d->memory->full = false;
}

/* A due PAR that nobody answered for a minute is missed; then the clock of the call runs again. */
static void due_pars(struct due *d)
{
    for (uint32_t u = ent_first(d->s, ENT_UNIT); u; u = ent_next(d->s, u)) {
        int64_t wait = ent_has(d->s, u, IN_PAR_CALLED_AT) ? 0 : MISSED_AFTER_S * S_MS, due = par_due_ms(d->s, u);

        if (due == INT64_MAX || due + wait > d->now_ms || !open_due(d))
            continue;
        incident_put(d->memory, IN_UNIT, ent_id(d->s, u));
        close_due(d, INC_PAR_MISSED);
    }
}

static void due_clearances(struct due *d)
{
    for (uint32_t c = ent_first(d->s, ENT_CLEARANCE); c; c = ent_next(d->s, c)) {
        if (!is_expired(d->s, c, d->now_ms) || !open_due(d))
            continue;
        incident_put(d->memory, IN_ZONE, ent_get(d->s, c, IN_ZONE));
        incident_put(d->memory, IN_CLEARANCE_KIND, ent_get(d->s, c, IN_CLEARANCE_KIND));
        incident_put(d->memory, IN_VOID_REASON, STR("expired"));
        close_due(d, INC_ZONE_VOIDED);
    }
}

static void due_alarms(struct due *d, const struct alarms *alarms)
{
    for (size_t i = 0; i < alarms->n; i++) {
        const struct alarm *a = &alarms->list[i];
        uint32_t known = ent_find(d->s, ENT_ALARM, str_from(a->id));
        bool told = known && ent_int(d->s, known, IN_RECORDED_AT, 0) >= a->since_ms;

        if (a->acked || (told && !(a->escalated && ent_is(d->s, known, IN_STATE, "raised"))) || !open_due(d))
            continue;
        incident_put(d->memory, IN_ALARM, str_from(a->id));
        incident_put(d->memory, IN_OWNER, str_from(a->owner));
        if (!told)
            incident_put(d->memory, IN_TEXT, str_from(a->text));
        incident_put_int(d->memory, IN_CAUSE, (int64_t)a->items[0]);
        if (a->class.len)
            incident_put(d->memory, IN_CLASS, a->class);
        close_due(d, told ? INC_ALARM_ESCALATED : INC_ALARM_RAISED);
    }
}

size_t incident_due(const struct incident *s, int64_t now_ms, struct alarms *work, struct buf *memory,
                    struct incident_command *out, size_t max)
{
    struct due d = {.s = s, .now_ms = now_ms, .memory = memory, .out = out, .max = max};

    due_pars(&d);
    due_clearances(&d);
    incident_alarms(s, now_ms, work);
    due_alarms(&d, work);
    return d.n;
}
