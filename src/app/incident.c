/* incident.c -- an incident from the command line: state, report, export.
 *
 * They read the journal beside a running server, as `cordon log` does, and rebuild the incident from it.  An
 * export is an event before it leaves: a running server records it, without one it is done here (app/bring.h). */
#include "app/args.h"
#include "app/bring.h"
#include "app/commands.h"
#include "app/folder.h"
#include "app/who.h"
#include "base/when.h"
#include "core/reconcile.h"
#include "edge/incident_json.h"
#include "edge/incident_views.h"
#include "edge/inbox.h"
#include "edge/incidents_journal.h"
#include "os/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { OUT_ROOM = 64 << 20 };

struct asked {
    const char *dir, *incident, *at, *seq, *roles, *view, *by;
    bool json, everything; /* everything: also what no class lets out */
    struct journal *j;
    struct incidents set;
    const struct incident *s;
    struct access access;
    int64_t now_ms;
    uint64_t to;
    char *memory;
};

static bool number(const char *text, uint64_t *out, struct err *e)
{
    int64_t n;

    if (!str_to_int(str_from(text), 0, INT64_MAX / 2, &n))
        return err_set(e, ERR_INPUT, "--seq: the number of an event, please");
    *out = (uint64_t)n;
    return true;
}

/* The one that is named, or the newest. */
static bool choose(struct asked *a, struct err *e)
{
    char id[INCIDENT_ID_MAX + 1];
    uint64_t from;
    const struct incident *s;

    if (!incidents_restore(&a->set, a->j, &from, e) || !incidents_read(&a->set, a->j, from, UINT64_MAX / 2, e))
        return false;
    if (a->set.count == 0)
        return err_set(e, ERR_MISSING, "no incident was opened in this record");
    s = a->incident ? incidents_find(&a->set, str_from(a->incident)) : a->set.list[a->set.count - 1];
    if (!s)
        return err_set(e, ERR_MISSING, "there is no incident \"%s\"", a->incident);
    a->s = s;
    if (!a->at && !a->seq)
        return true;
    (void)str_copy(id, sizeof id, ent_id(s, incident_self(s)));
    incidents_fini(&a->set);
    if (!incidents_at(&a->set, a->j, str_from(id), a->to, e))
        return false;
    a->s = incidents_find(&a->set, str_from(id));
    return a->s || err_set(e, ERR_MISSING, "incident \"%s\" was not open yet", id);
}

static bool see_time(void *ctx, const struct journal_row *row)
{
    *(int64_t *)ctx = row->recorded_ms;
    return false;
}

/* The moment that is asked for: its row and its time, which say the same.  A time without a zone could be that of the
 * place or UTC: an inquiry must not look at another hour than it means. */
static bool when(struct asked *a, struct err *e)
{
    if (a->at && a->seq)
        return err_set(e, ERR_INPUT, "--at and --seq both say when: give one of the two");
    if (a->at && !when_parse_zoned(str_from(a->at), &a->now_ms))
        return err_set(e, ERR_INPUT, "--at: a time with its zone as 2026-02-17T19:12:00+05:00, or with Z, please");
    if (a->at)
        a->to = incidents_row_at(a->j, a->now_ms);
    if (!a->seq && !a->at && folder_is_exercise(a->dir)) /* whose clock stands where its record ends */
        return journal_head(a->j).seq == 0 || journal_get(a->j, journal_head(a->j).seq, see_time, &a->now_ms, e);
    if (!a->seq)
        return true;
    if (!number(a->seq, &a->to, e))
        return false;
    return journal_get(a->j, a->to, see_time, &a->now_ms, e) || err_in(e, "--seq");
}

static bool begin(struct asked *a, int argc, char **argv, struct err *e)
{
    const struct arg args[] = {{.name = "--data", .value = &a->dir}, {.name = "--incident", .value = &a->incident},
                               {.name = "--at", .value = &a->at},    {.name = "--seq", .value = &a->seq},
                               {.name = "--roles", .value = &a->roles}, {.name = "--view", .value = &a->view},
                               {.name = "--by", .value = &a->by},       {.name = "--json", .flag = &a->json}};
    struct hash_key key;

    a->dir = "cordon-data";
    a->now_ms = clock_wall_ms();
    if (!args_take(argc, argv, args, COUNTOF(args), NULL, e))
        return false;
    chance_fill(&key, sizeof key);
    incidents_init(&a->set, key);
    if (a->roles && !access_check_roles(str_from(a->roles), e))
        return err_in(e, "--roles");
    a->access = a->roles ? access_of(str_from(a->roles)) : access_all();
    a->memory = malloc(OUT_ROOM);
    if (!a->memory)
        return err_set(e, ERR_WORLD, "there is no memory for the answer");
    if (!journal_open_reader(a->dir, &a->j, e))
        return false;
    return when(a, e) && choose(a, e);
}

static int end(struct asked *a, const char *command, bool ok, struct err *e)
{
    incidents_fini(&a->set);
    if (a->j)
        journal_close(a->j);
    free(a->memory);
    return ok ? 0 : args_fail(command, e);
}

static bool print(const struct buf *b, struct err *e)
{
    if (b->full)
        return err_set(e, ERR_FULL, "this is longer than %d MiB", OUT_ROOM >> 20);
    return fwrite(b->at, 1, b->len, stdout) == b->len || err_set(e, ERR_WORLD, "the output cannot be written");
}

/* ---- state ------------------------------------------------------------ */

static void put_state(const struct asked *a, struct buf *b)
{
    const struct incident *s = a->s;
    const char *between = "";

    buf_put(b, STR("{\"incident\":"));
    buf_json(b, ent_id(s, incident_self(s)));
    buf_fmt(b, ",\"seq\":%" PRIu64 ",\"hash\":\"%016" PRIx64 "\",\"entities\":[", s->seq, incident_hash(s));
    for (unsigned k = 1; k < ENT_COUNT; k++)
        for (uint32_t e = ent_first(s, (enum entity_kind)k); e; e = ent_next(s, e)) {
            if (!access_is_told(&a->access, s, e))
                continue;
            buf_put(b, str_from(between));
            incident_entity_json(s, e, &a->access, false, b);
            between = ",\n";
        }
    buf_put(b, STR("]}\n"));
}

/* One line an entity, for people. */
static void put_lines(const struct asked *a, struct buf *b)
{
    const struct incident *s = a->s;

    buf_put(b, incident_is_exercise(s) ? STR(FOLDER_EXERCISE) : STR(""));
    buf_shown(b, ent_id(s, incident_self(s)));
    buf_fmt(b, " after event %" PRIu64 ", state %016" PRIx64 "\n", s->seq, incident_hash(s));
    for (unsigned k = 1; k < ENT_COUNT; k++)
        for (uint32_t e = ent_first(s, (enum entity_kind)k); e; e = ent_next(s, e)) {
            struct str v;
            uint32_t at = 0;
            int64_t ms;

            if (!access_is_told(&a->access, s, e))
                continue;
            buf_fmt(b, "%-18s ", entity_info((enum entity_kind)k)->name);
            buf_shown(b, ent_id(s, e));
            while (ent_each(s, e, IN_NONE, &at, &v)) {
                enum incident_field f = ent_field_of(s, at);

                if (!access_sees(&a->access, s, e, f))
                    continue;
                buf_fmt(b, " %s=", field_info(f)->name);
                if (field_info(f)->type == TYPE_TIME && str_to_int(v, 0, INT64_MAX, &ms))
                    when_put(b, ms);
                else
                    buf_json(b, v);
            }
            buf_byte(b, '\n');
        }
}

int command_state(int argc, char **argv)
{
    struct asked a = {0};
    struct err e;
    struct buf b;
    bool ok = begin(&a, argc, argv, &e);

    if (ok) {
        b = buf_over(a.memory, OUT_ROOM);
        if (a.view) {
            struct view_work *work = malloc(sizeof *work);
            struct view_ask ask = {.s = a.s, .access = &a.access, .now_ms = a.now_ms, .work = work};

            ok = work ? incident_view(str_from(a.view), &ask, &b, &e) : err_set(&e, ERR_WORLD, "there is no memory");
            buf_byte(&b, '\n');
            free(work);
        } else if (a.json)
            put_state(&a, &b);
        else
            put_lines(&a, &b);
        ok = ok && print(&b, &e);
    }
    return end(&a, "state", ok, &e);
}

/* ---- report ----------------------------------------------------------- */

/* What people wrote, on its one line of the report whatever is in it. */
static void put_shown(struct buf *b, const char *before, struct str text)
{
    buf_put(b, str_from(before));
    buf_shown(b, text);
}

static void put_counter(const struct incident *s, const char *name, struct reconciled *r, struct buf *b)
{
    incident_reconcile(s, str_from(name), r);
    buf_fmt(b, "  %-10s", name);
    if (r->used == 0)
        buf_put(b, STR("not reported"));
    else if (r->hi_open)
        buf_fmt(b, "%" PRId64 " or more", r->lo);
    else if (r->lo == r->hi)
        buf_fmt(b, "%" PRId64 "%s", r->lo, r->agreed ? ", agreed" : "");
    else
        buf_fmt(b, "%" PRId64 " to %" PRId64, r->lo, r->hi);
    if (r->used)
        buf_fmt(b, " (%u source%s, %u value%s)", r->sources, r->sources == 1 ? "" : "s", r->values,
                r->values == 1 ? "" : "s");
    if (r->confirmed > 0)
        buf_fmt(b, "; confirmed %" PRId64, r->confirmed);
    if (r->accepted >= 0)
        buf_fmt(b, "; accepted %" PRId64, r->accepted);
    buf_byte(b, '\n');
}

static void put_command(const struct incident *s, struct buf *b)
{
    uint32_t c = ent_find(s, ENT_COMMAND, STR("incident")), at = 0;
    struct str who;

    buf_put(b, STR("command:   "));
    if (!ent_has(s, c, IN_COMMANDER))
        buf_put(b, STR("VACANT"));
    for (bool more = false; ent_each(s, c, IN_COMMANDER, &at, &who); more = true)
        put_shown(b, more ? ", " : "", who);
    buf_byte(b, '\n');
}

/* Accepted facts and what is missing, gaps first; never a guess (domain.md 5.6). */
static void put_report(const struct asked *a, struct view_work *w, struct buf *b)
{
    static const char *const counters[] = {"killed", "injured", "missing", "attackers"};
    const struct incident *s = a->s;
    uint32_t self = incident_self(s);

    buf_put(b, incident_is_exercise(s) ? STR(FOLDER_EXERCISE) : STR(""));
    put_shown(b, "SITUATION REPORT ", ent_get(s, self, IN_NAME));
    put_shown(b, " (", ent_id(s, self));
    buf_put(b, STR(")\nat:        "));
    when_put(b, a->now_ms);
    put_shown(b, "\nstate:     ", ent_get(s, self, IN_STATE));
    put_shown(b, ", posture ", ent_has(s, self, IN_POSTURE) ? ent_get(s, self, IN_POSTURE) : STR("not set"));
    buf_byte(b, '\n');
    put_command(s, b);
    incident_findings(s, a->now_ms, &w->findings);
    buf_put(b, STR("not known, and what does not fit:\n"));
    for (int level = SEVERITY_ALARM; level >= SEVERITY_INFO; level--)
        for (size_t i = 0; i < w->findings.n; i++) {
            const struct finding *f = &w->findings.list[i];

            if ((int)f->severity == level && !f->resolved) {
                buf_fmt(b, "  %-5s %-22s ", severity_word(f->severity), f->rule);
                put_shown(b, "", str_from(f->text));
                buf_byte(b, '\n');
            }
        }
    buf_fmt(b, "people, by rule %s:\n", RULE_CORDON_1);
    for (size_t i = 0; i < COUNTOF(counters); i++)
        put_counter(s, counters[i], &w->counter, b);
    buf_put(b, STR("accepted facts:\n"));
    for (uint32_t f = ent_first(s, ENT_FACT); f; f = ent_next(s, f))
        if (ent_is(s, f, IN_STATE, "live")) {
            put_shown(b, "  ", ent_get(s, f, IN_TEXT));
            buf_fmt(b, " (event %" PRIu64 ")\n", ent_made(s, f));
        }
    buf_put(b, STR("decisions in force:\n"));
    for (uint32_t d = ent_first(s, ENT_DECISION); d; d = ent_next(s, d))
        if (ent_is(s, d, IN_STATE, "in-force")) {
            put_shown(b, "  ", ent_get(s, d, IN_TEXT));
            buf_fmt(b, "%s (event %" PRIu64 ")\n", ent_has(s, d, IN_RATIONALE) ? "" : " -- RATIONALE MISSING",
                    ent_made(s, d));
        }
    buf_put(b, STR("alarms:\n"));
    incident_alarms(s, a->now_ms, &w->alarms);
    for (size_t i = 0; i < w->alarms.n; i++) {
        put_shown(b, "  ", str_from(w->alarms.list[i].owner));
        put_shown(b, ": ", str_from(w->alarms.list[i].text));
        buf_put(b, w->alarms.list[i].acked ? STR(" (acknowledged)\n") : STR("\n"));
    }
}

int command_report(int argc, char **argv)
{
    struct asked a = {0};
    struct view_work *work = malloc(sizeof *work);
    struct err e;
    struct buf b;
    bool ok = begin(&a, argc, argv, &e);

    MUST(work);
    if (ok && a.roles)
        ok = err_set(&e, ERR_INPUT, "a report is of the command; for less use cordon state --roles");
    if (ok) {
        b = buf_over(a.memory, OUT_ROOM);
        put_report(&a, work, &b);
        ok = print(&b, &e);
    }
    free(work);
    return end(&a, "report", ok, &e);
}

/* ---- export ----------------------------------------------------------- */

struct exporting {
    struct asked *a;
    struct str id;
    size_t written;
    struct err e;
};

static bool put_event(void *ctx, const struct journal_row *row)
{
    struct exporting *x = ctx;
    struct buf b = buf_over(x->a->memory, OUT_ROOM);

    if (x->a->to && row->seq > x->a->to)
        return false;
    if (!row->erased && !str_eq(incident_value(row->payload, IN_INCIDENT), x->id))
        return true;
    buf_fmt(&b, "{\"seq\":%" PRIu64 ",\"kind\":\"%s\",\"recorded\":\"", row->seq, kind_info(row->kind)->tag);
    when_put(&b, row->recorded_ms);
    buf_fmt(&b, "\",\"erased\":%s,\"fields\":", row->erased ? "true" : "false");
    incident_event_json(row->kind, row->payload, x->a->everything ? NULL : &x->a->access, &b);
    buf_put(&b, STR(",\"hash\":\""));
    buf_hex(&b, row->hash, JOURNAL_HASH);
    buf_put(&b, STR("\"}\n"));
    x->written++;
    return print(&b, &x->e);
}

/* The command as the inbox takes it. */
static void put_order(const struct asked *a, const char *now, struct buf *b)
{
    const struct incident *s = a->s;
    struct import_head head = {.incident = ent_id(s, incident_self(s)), .by = str_from(a->by),
                               .roles = STR(IMPORT_OWNER), .source = STR("cordon export")};

    import_head_put(&head, b);
    buf_fmt(b, "{\"id\":\"export-%s\",\"kind\":\"export.made\",\"fields\":{\"audit\":\"export-%s\",\"via\":\"system\","
            "\"number\":\"%" PRIu64 "\",\"by\":", now, now, a->to ? a->to : s->seq);
    buf_json(b, str_from(a->by));
    buf_put(b, STR(",\"subject\":\"all events as NDJSON"));
    if (a->to)
        buf_fmt(b, " up to event %" PRIu64, a->to);
    buf_put(b, STR("; classes "));
    access_put_classes(&a->access, b);
    buf_put(b, STR("\"}}\n"));
}

/* The event that tells of it is on the disk before the first byte leaves, as over HTTP. */
static bool note_export(const struct asked *a, struct err *e)
{
    char text[2048], now[INBOX_NAME];
    struct buf b = buf_over(text, sizeof text);
    struct import_result r;

    inbox_name(now);
    put_order(a, now, &b);
    if (b.full)
        return err_set(e, ERR_INPUT, "--by: %d bytes at most, please", IMPORT_NAME_MAX);
    return bring_commands(a->dir, buf_str(&b), &r, e) && (r.ok || err_set(e, r.refused, "%s", r.text));
}

/* Who takes it out, and what he sees; an operator's export is of the command, as in the browser. */
static bool take_who(struct asked *a, struct err *e)
{
    struct who_acts who;

    if (!a->by || !a->by[0])
        return err_set(e, ERR_INPUT, "--by: who takes it out, please: the record names everybody");
    if (!who_acts(a->dir, a->by, a->roles, &who, e))
        return false;
    if (who.is == WHO_OPERATOR)
        a->access = access_within(str_from(who.roles), str_from(who.agency));
    a->everything = who.is == WHO_UNSAID;
    return who.is != WHO_OPERATOR || (a->access.writes && a->access.classes >> HANDLING_COMMAND & 1) ||
           err_set(e, ERR_DENIED, "--by: an export is for the command; \"%s\" has no such role", a->by);
}

int command_export(int argc, char **argv)
{
    struct asked a = {0};
    struct exporting x = {.a = &a};
    char id[INCIDENT_ID_MAX + 1] = "";
    struct err e;
    bool ok = begin(&a, argc, argv, &e) && take_who(&a, &e) && note_export(&a, &e);

    if (ok) {
        (void)str_copy(id, sizeof id, ent_id(a.s, incident_self(a.s)));
        x.id = str_from(id);
        ok = journal_read(a.j, ent_made(a.s, incident_self(a.s)), incidents_kinds(), put_event, &x, &e);
        if (ok && x.e.kind) {
            e = x.e;
            ok = false;
        }
        (void)fprintf(stderr, "%zu events\n", x.written);
    }
    return end(&a, "export", ok, &e);
}
