/* What a file of claims may hold.
 *
 * The first byte of the input says how it is read: strict or not, all of it or up to a moment, into an
 * incident of its own or one that is open.  The rows are decided and applied; then every counter is
 * reconciled and all findings are made.  Nothing may abort, the rows add up, and the events alone give
 * the same state once more. */
#include "core/incident_findings.h"
#include "edge/claims.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS_MAX = 4096, LOG_MAX = 4 << 20 };

static const struct incident_limits limits = {.entities = 1 << 11, .fields = 1 << 13, .text = 1 << 18};

struct world {
    void *memory;
    struct incident *s;
    char *work, *log;
    size_t log_len;
    uint64_t seq;
    struct incident_event events[EVENTS_MAX];
    struct incident_decided decided;
    struct findings findings;
    struct reconciled counter;
    size_t said[2];
};

static struct world w;

static struct incident *empty(void *memory)
{
    memset(memory, 0, incident_memory(&limits));
    return incident_init(memory, &limits, (struct hash_key){1, 2});
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    w.memory = aligned_alloc(64, (incident_memory(&limits) + 63) & ~(uint64_t)63);
    w.work = malloc(INCIDENT_DECIDE_MEMORY);
    w.log = malloc(LOG_MAX);
    MUST(w.memory && w.work && w.log);
    return 0;
}

static bool do_command(void *ctx, const struct claims_row *row, const struct incident_command *c, struct err *e)
{
    struct buf memory = buf_over(w.work, INCIDENT_DECIDE_MEMORY);

    (void)ctx;
    MUST(row->id.len <= INCIDENT_ID_MAX && c->now_ms == row->recorded_ms && c->now_ms >= 0);
    if (!incident_decide(w.s, c, &memory, &w.decided, e))
        return false;
    for (size_t i = 0; i < w.decided.n; i++) {
        const struct incident_event *x = &w.decided.events[i];

        if (w.seq + 1 >= EVENTS_MAX || x->payload.len > LOG_MAX - w.log_len)
            return err_set(e, ERR_FULL, "enough for one input");
        memcpy(w.log + w.log_len, x->payload.at, x->payload.len);
        w.events[++w.seq] = (struct incident_event){x->kind, str_of(w.log + w.log_len, x->payload.len)};
        w.log_len += x->payload.len;
        incident_apply(w.s, w.seq, x->kind, w.events[w.seq].payload);
    }
    return true;
}

static void say(void *ctx, size_t line, enum claims_word word, const char *text)
{
    (void)ctx;
    MUST(line > 0 && text[0] != 0);
    w.said[word]++;
}

static void open_one(bool exercise)
{
    static const struct claims_row row = {.line = 1};
    char bytes[256];
    struct buf b = buf_over(bytes, sizeof bytes);
    struct incident_command c = {.kind = INC_INCIDENT_OPENED};
    struct err e;

    incident_put(&b, IN_INCIDENT, STR("live"));
    incident_put(&b, IN_NAME, STR("live"));
    incident_put(&b, IN_TYPE, STR("fire"));
    if (exercise)
        incident_put(&b, IN_EXERCISE, STR("1"));
    c.payload = buf_str(&b);
    MUST(do_command(NULL, &row, &c, &e));
}

static void look(int64_t now_ms)
{
    static const char *const counters[] = {"killed",  "injured",   "missing",    "attackers",
                                           "devices", "evacuated", "sheltering"};

    for (size_t i = 0; i < COUNTOF(counters); i++) {
        incident_reconcile(w.s, str_from(counters[i]), &w.counter);
        MUST(w.counter.lo >= 0 && (w.counter.hi_open || w.counter.lo <= w.counter.hi));
        MUST(w.counter.sources <= w.counter.used && w.counter.values <= w.counter.used);
    }
    incident_findings(w.s, now_ms, &w.findings);
    for (size_t i = 0; i < w.findings.n; i++)
        for (size_t j = 0; j < w.findings.list[i].n; j++)
            MUST(w.findings.list[i].items[j] >= 1 && w.findings.list[i].items[j] <= w.seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct claims_options o = {.until_ms = INT64_MAX, .incident = STR("live")};
    const struct claims_to to = {NULL, do_command, say};
    struct claims_sums sums;
    struct claims *c;
    uint64_t hash;
    struct err e;
    bool done;

    if (size == 0)
        return 0;
    o.strict = data[0] & 1;
    o.joins = data[0] & 2;
    o.exercise = data[0] & 4;
    if (data[0] & 8)
        o.until_ms = INT64_C(1676655900000); /* of the reference exercise's evening */
    w.s = empty(w.memory);
    w.seq = w.log_len = 0;
    memset(w.said, 0, sizeof w.said);
    if (o.joins)
        open_one(o.exercise);
    MUST(claims_new(&o, &c, &e));
    done = claims_read(c, str_of(data + 1, size - 1), &to, &e);
    sums = claims_sums(c);
    MUST(sums.rows == sums.taken + sums.later + sums.skipped);
    MUST(sums.skipped == w.said[CLAIMS_SKIPPED] && sums.notes == w.said[CLAIMS_NOTE]);
    MUST(done || sums.skipped == 1);
    claims_free(c);
    look(sums.last_ms > 0 ? sums.last_ms : 0);
    hash = incident_hash(w.s);
    w.s = empty(w.memory);
    for (uint64_t i = 1; i <= w.seq; i++)
        incident_apply(w.s, i, w.events[i].kind, w.events[i].payload);
    MUST(incident_hash(w.s) == hash);
    return 0;
}
