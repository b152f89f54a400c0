#include "edge/importing.h"
#include "edge/inbox.h"
#include "edge/recorder_in.h"

#include "os/clock.h"
#include "os/log.h"

#include <inttypes.h>
#include <stdlib.h>

/* The record thread's side of DIR/inbox: it looks every second, or at once when it is asked to, and takes
 * one file at a time, a step (edge/importing.h) a turn. */

enum { LOOK_MS = 1000, AFTER_FAILURE_MS = 60000, PRUNE_MS = 3600000, REQUESTS = 16 };

struct recorder_inbox {
    int fd; /* -1: not open */
    int64_t next_look_ms, next_prune_ms;
    struct importing *now; /* NULL: none */
    char name[INBOX_NAME];
    bool over;             /* its last rows are on their way to the disk */
    uint64_t erasing;      /* it is an erasure, and this row tells of it; 0: it is none */
    struct {
        uint64_t request;
        char name[INBOX_NAME];
    } requests[REQUESTS]; /* of the page; request 0: free */
};

static struct recorder_inbox *inbox(struct recorder *r)
{
    if (!r->inbox) {
        r->inbox = calloc(1, sizeof *r->inbox);
        MUST(r->inbox);
        r->inbox->fd = -1;
    }
    return r->inbox;
}

/* ---- what an import asks of the record ----------------------------------- */

static struct incident *find(void *ctx, struct str id)
{
    const struct recorder *r = ctx;

    return incidents_find(&r->incidents, id);
}

static bool has_room(void *ctx)
{
    const struct recorder *r = ctx;

    return ENTRIES_MAX - r->entry_count > INCIDENT_EVENTS_MAX &&
           RECORDER_BACKLOG - r->backlog_len > 2 * INCIDENT_DECIDE_MEMORY;
}

static bool add(void *ctx, const struct import_item *item, struct incident *s, const struct incident_decided *d,
                uint64_t *first, struct err *e)
{
    struct recorder *r = ctx;
    struct ask_head head = {
        .ask = ASK_COMMAND, .kind = (uint16_t)item->kind, .sender = RING_NO_SENDER, .at_ms = clock_wall_ms()};

    *first = journal_head(r->journal).seq + r->entry_count + 1;
    return recorder_add_rows(r, &head, s, item->asked, d) ||
           err_set(e, ERR_WORLD, "line %zu: the record's queue is full", item->line);
}

/* ---- requests of the page ------------------------------------------------ */

static void tell(struct recorder *r, const char *name, const struct import_result *result)
{
    struct recorder_inbox *b = r->inbox;

    for (size_t i = 0; i < REQUESTS; i++) {
        struct answer_head head = {.request = b->requests[i].request, .ok = result->ok, .is_body = true,
                                   .refused = (uint8_t)result->refused, .seq = result->first};
        char json[IMPORT_RESULT_MAX];
        struct buf out = buf_over(json, sizeof json - 1);

        if (!b->requests[i].request || strcmp(b->requests[i].name, name) != 0)
            continue;
        import_result_put(result, &out);
        json[out.len] = 0;
        recorder_answer(r, &head, result->ok ? json : result->text);
        b->requests[i].request = 0; /* whoever gets the answer to who asked takes the result away */
    }
}

void recorder_inbox_asked(struct recorder *r, const struct ask_head *head, struct str name)
{
    struct recorder_inbox *b = inbox(r);
    struct err e = {ERR_WORLD, "too many imports wait; this one is taken all the same, look at the incident"};

    b->next_look_ms = 0;
    for (size_t i = 0; i < REQUESTS; i++)
        if (!b->requests[i].request) {
            b->requests[i].request = head->request;
            (void)str_copy(b->requests[i].name, INBOX_NAME, name);
            return;
        }
    recorder_refuse(r, head->request, &e);
}

/* ---- one file ------------------------------------------------------------- */

/* The result is on the disk before anybody hears of it. */
static void end_one(struct recorder *r, const struct import_result *result)
{
    struct recorder_inbox *b = r->inbox;
    char quoted[2 * ERR_TEXT_MAX];
    struct err e;

    log_line(result->ok ? LOG_INFO : LOG_WARN, "import.done",
             "file=%s ok=%s commands=%zu known=%zu events=%zu rows=%" PRIu64 "-%" PRIu64 " reason=%s", b->name,
             result->ok ? "yes" : "no", result->commands, result->known, result->events, result->first, result->last,
             log_quote(quoted, sizeof quoted, str_from(result->text)));
    if (!inbox_done(r->h->dir, b->fd, b->name, result, &e)) {
        log_line(LOG_ERROR, "inbox.write", "reason=\"%s\"", e.text);
        b->next_look_ms = clock_ms() + AFTER_FAILURE_MS;
    }
    tell(r, b->name, result);
    importing_free(b->now);
    b->now = NULL;
    b->over = false;
}

static void begin_erasure(struct recorder *r, struct str line)
{
    struct ask_head head = {.ask = ASK_ERASE, .sender = RING_NO_SENDER};
    struct import_result refused = {0};
    char shell[256];
    struct buf b = buf_over(shell, sizeof shell);
    struct erasure x;
    struct err e;

    if (erasure_read(str_trim(line), &x, &e)) {
        fields_put(&b, FIELD_BY, str_from(x.by));
        if (recorder_erase(r, &head, buf_str(&b), &x, &e)) {
            r->inbox->erasing = r->erasing_noted[r->erasing_count - 1];
            return;
        }
    }
    refused.refused = e.kind;
    (void)str_copy(refused.text, sizeof refused.text, str_from(e.text));
    end_one(r, &refused);
}

static void end_erasure(struct recorder *r)
{
    struct import_result done = {.ok = true, .total = 1, .commands = 1, .events = 1, .first = r->inbox->erasing,
                                 .last = r->inbox->erasing};

    r->inbox->erasing = 0;
    end_one(r, &done);
}

static void begin_one(struct recorder *r)
{
    static const struct importing_world here = {.find = find, .has_room = has_room, .add = add};
    struct recorder_inbox *b = r->inbox;
    struct importing_world w = here;
    struct import_result refused = {0};
    struct err e;
    size_t len;
    char *text;

    if (inbox_is_done(b->fd, b->name)) {
        inbox_take_back(b->fd, b->name);
        return;
    }
    if (!inbox_read(b->fd, b->name, &text, &len))
        return;
    if (erasure_is(str_of(text, len))) {
        begin_erasure(r, str_of(text, len));
        free(text);
        return;
    }
    w.ctx = r;
    if (importing_new(&w, text, len, &b->now, &e))
        return;
    refused.refused = e.kind;
    (void)str_copy(refused.text, sizeof refused.text, str_from(e.text));
    end_one(r, &refused);
}

static void look(struct recorder *r, int64_t now_ms)
{
    struct recorder_inbox *b = r->inbox;
    struct err e;

    if (now_ms < b->next_look_ms)
        return;
    b->next_look_ms = now_ms + LOOK_MS;
    if (b->fd < 0 && !inbox_open(r->h->dir, &b->fd, &e)) {
        log_line(LOG_WARN, "inbox.open", "reason=\"%s\"", e.text);
        b->next_look_ms = now_ms + AFTER_FAILURE_MS;
        return;
    }
    if (now_ms >= b->next_prune_ms) {
        b->next_prune_ms = now_ms + PRUNE_MS;
        inbox_prune(b->fd, clock_wall_ms());
    }
    if (!inbox_next(b->fd, b->name))
        return;
    b->next_look_ms = 0; /* there may be more */
    begin_one(r);
}

bool recorder_inbox_is_busy(const struct recorder *r)
{
    return r->inbox && r->inbox->now && !r->failing;
}

void recorder_inbox_turn(struct recorder *r)
{
    struct recorder_inbox *b = inbox(r);

    if (r->failing || r->entry_count > 0)
        return; /* rows wait for the disk */
    if (b->erasing)
        end_erasure(r);
    else if (!b->now)
        look(r, clock_ms());
    else if (b->over)
        end_one(r, importing_result(b->now));
    else
        b->over = importing_step(b->now, r->journal, clock_wall_ms());
}

void recorder_inbox_free(struct recorder *r)
{
    if (!r->inbox)
        return;
    importing_free(r->inbox->now);
    inbox_close(r->inbox->fd);
    free(r->inbox);
    r->inbox = NULL;
}
