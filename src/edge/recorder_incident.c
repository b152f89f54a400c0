#include "edge/recorder_in.h"

#include "os/clock.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdio.h>

/* A command of the page, of a program or of time itself: decided against the state of the open batch,
 * applied to it at once, so that the next command of the same batch meets what this one did.  Nobody
 * hears of either before the disk has them: the page follows the journal. */

enum { DUE_COMMANDS = 32 };

/* The fields of the incident core; the others are the shell's (who asked, from where, which ticket). */
static void core_fields(struct str payload, bool exercise, struct buf *b)
{
    enum field tag;
    struct str v;

    while (fields_next(&payload, &tag, &v))
        if (tag >= (enum field)IN_INCIDENT && tag != (enum field)IN_RECORDED_AT && tag != (enum field)IN_EXERCISE)
            fields_put(b, tag, v);
    if (exercise)
        incident_put(b, IN_EXERCISE, STR("1"));
}

static void shell_fields(struct str payload, struct buf *b)
{
    enum field tag;
    struct str v;

    while (fields_next(&payload, &tag, &v))
        if (tag < (enum field)IN_INCIDENT)
            fields_put(b, tag, v);
}

bool recorder_add_rows(struct recorder *r, const struct ask_head *head, struct incident *s, struct str asked,
                       const struct incident_decided *d)
{
    struct str id = incident_value(asked, IN_INCIDENT);
    size_t bytes = asked.len, first = r->entry_count;

    for (size_t i = 0; i < d->n; i++)
        bytes += d->events[i].payload.len + id.len + 16;
    if (ENTRIES_MAX - r->entry_count < d->n || RECORDER_BACKLOG - r->backlog_len < bytes)
        return false;
    for (size_t i = 0; i < d->n; i++) {
        struct buf b = buf_over(r->incident_row, INCIDENT_DECIDE_MEMORY);
        struct entry *x;

        buf_put(&b, d->events[i].payload);
        if (!fields_has(d->events[i].payload, (enum field)IN_INCIDENT))
            incident_put(&b, IN_INCIDENT, id);
        if (i == 0)
            shell_fields(asked, &b);
        MUST(!b.full && recorder_add(r, head, d->events[i].kind, buf_str(&b), i == 0));
        x = &r->entries[r->entry_count - 1];
        x->follow = (uint16_t)(i == 0 ? d->n : 0);
        if (i == 0)
            recorder_keep_ticket(r, asked, x->seq);
        incident_apply(s, x->seq, x->kind, x->payload);
    }
    for (size_t i = 0; i < d->n; i++)
        recorder_to_phones(r, s, first + i);
    return true;
}

/* A cause may be a row of the river: a drawing, a line of chat.  The incident hears that such rows are there,
 * which changes nothing but its seq; one that is not there yet it refuses. */
static void hear_cause(const struct recorder *r, struct incident *s, struct str payload)
{
    enum field tag;
    struct str v;
    int64_t n;

    while (fields_next(&payload, &tag, &v))
        if (tag == (enum field)IN_CAUSE && str_to_int(v, 0, INT64_MAX / 4, &n) && (uint64_t)n > s->seq &&
            (uint64_t)n <= journal_head(r->journal).seq)
            incident_apply(s, (uint64_t)n, INC_NONE, (struct str){0});
}

bool recorder_decide(struct recorder *r, const struct ask_head *head, struct str payload, struct err *e)
{
    struct buf fields = buf_over(r->incident_fields, INCIDENT_PAYLOAD_MAX),
               memory = buf_over(r->incident_memory, INCIDENT_DECIDE_MEMORY);
    struct incident_command c = {.kind = (enum incident_kind)head->kind, .now_ms = clock_wall_ms()};
    struct incident *s = incidents_find(&r->incidents, incident_value(payload, IN_INCIDENT));
    bool opens = !s && c.kind == INC_INCIDENT_OPENED;

    if (opens && !(s = incidents_add(&r->incidents, e)))
        return false;
    if (!s)
        return err_set(e, ERR_MISSING, "incident: there is no incident \"%.*s\"",
                       STR_ARG(incident_value(payload, IN_INCIDENT)));
    hear_cause(r, s, payload);
    core_fields(payload, opens ? fields_has(payload, (enum field)IN_EXERCISE) : incident_is_exercise(s), &fields);
    c.payload = buf_str(&fields);
    if (fields.full ? !err_set(e, ERR_INPUT, "the command is longer than %d bytes", INCIDENT_PAYLOAD_MAX)
                    : incident_decide(s, &c, &memory, &r->incident_decided, e) &&
                          (recorder_add_rows(r, head, s, payload, &r->incident_decided) ||
                           err_set(e, ERR_WORLD, "the record's queue is full; try again in a moment")))
        return true;
    if (opens)
        incidents_drop_last(&r->incidents);
    return false;
}

void recorder_command(struct recorder *r, const struct ask_head *head, struct str payload)
{
    struct err e = {0};

    if (recorder_is_known(r, head, payload) || recorder_decide(r, head, payload, &e))
        return;
    recorder_refuse(r, head->request, &e);
}

/* What time alone makes: PAR missed, alarms raised and escalated, clearance expired. */
void recorder_incidents_due(struct recorder *r)
{
    struct ask_head head = {.ask = ASK_COMMAND, .sender = RING_NO_SENDER};
    struct incident_command due[DUE_COMMANDS];
    struct err e;

    for (size_t i = 0; i < r->incidents.count; i++) {
        struct incident *s = r->incidents.list[i];
        struct str id = ent_id(s, incident_self(s));
        struct buf memory = buf_over(r->incident_due, INCIDENT_DECIDE_MEMORY);
        char name[INCIDENT_ID_MAX + 1];
        size_t n;

        if (!ent_is(s, incident_self(s), IN_STATE, "active"))
            continue;
        (void)str_copy(name, sizeof name, id);
        n = incident_due(s, clock_wall_ms(), &r->incident_alarms, &memory, due, DUE_COMMANDS);
        for (size_t k = 0; k < n; k++) {
            struct buf b = buf_over(r->incident_asked, INCIDENT_PAYLOAD_MAX);

            head.kind = (uint16_t)due[k].kind;
            head.at_ms = clock_wall_ms();
            buf_put(&b, due[k].payload);
            if (!fields_has(due[k].payload, (enum field)IN_INCIDENT))
                incident_put(&b, IN_INCIDENT, str_from(name));
            if (b.full || !recorder_decide(r, &head, buf_str(&b), &e))
                log_line(LOG_WARN, "incident.due", "incident=%s kind=%s reason=\"%s\"", name,
                         kind_info(due[k].kind)->tag, b.full ? "too long" : e.text);
        }
    }
}

void recorder_clock_noted(struct recorder *r, const char *text)
{
    struct ask_head head = {
        .ask = ASK_COMMAND, .kind = INC_CLOCK_SKEW_NOTED, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};

    for (size_t i = 0; i < r->incidents.count; i++) {
        const struct incident *s = r->incidents.list[i];
        char id[40], memory[1024];
        struct buf b = buf_over(memory, sizeof memory);
        struct err e;

        if (!ent_is(s, incident_self(s), IN_STATE, "active"))
            continue;
        (void)snprintf(id, sizeof id, "clock-%" PRIu64, journal_head(r->journal).seq + r->entry_count + 1);
        incident_put(&b, IN_INCIDENT, ent_id(s, incident_self(s)));
        incident_put(&b, IN_AUDIT, str_from(id));
        incident_put(&b, IN_TEXT, str_from(text));
        incident_put(&b, IN_ACTOR, STR("system"));
        incident_put(&b, IN_VIA, STR("system"));
        MUST(!b.full);
        if (!recorder_decide(r, &head, buf_str(&b), &e))
            log_line(LOG_WARN, "incident.clock", "incident=%.*s reason=\"%s\"", STR_ARG(ent_id(s, incident_self(s))),
                     e.text);
    }
}
