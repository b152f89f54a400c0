/* record_bench -- the record of an incident at speed: 64 writers' commands until they are durable, beside bare
 * SQLite in the same run; starts and looks into the past over many rows; the proof.
 *
 * Usage: record_bench FOLDER [ROWS]   (an empty folder; 1,000,000 rows by default)
 * The last line is one JSON object with all that was measured.
 *
 * Beside bare SQLite it is measured on the disk as it is, where a virtual one may sync in no time and all is
 * computing; and on such whose sync takes 1 and 2 ms at least, as a good SSD's does and a memory card's does not. */
#include "core/incident_save.h"
#include "os/clock.h"
#include "store/db.h"
#include "store/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    WRITERS = 64,
    ROUNDS = 12,       /* ours and bare by turns, so that a disk that changes its mind favours neither */
    ROUND_BATCHES = 25,
    BATCHES = ROUNDS * ROUND_BATCHES,
    MESSAGES = 4000,
    STATE_ROWS = 50000,
    LOOKS = 12,
    APPLIED_MAX = 1 << 21,
    BATCH_BYTES = 1 << 20,
    ROW_BESIDES = 76 + JOURNAL_HASH + 72, /* what a row has on disk beside its payload: head, seal, hash, key */
};

/* How long a sync takes at least. */
static int64_t sync_us_min;

/* In the place of libc's, also for SQLite: the disk's own, and the rest of the time on top. */
int fdatasync(int fd)
{
    int64_t start = clock_us(), left;
    int result = (int)syscall(SYS_fdatasync, fd);

    left = sync_us_min - (clock_us() - start);
    if (left > 0)
        (void)nanosleep(&(struct timespec){0, left * 1000}, NULL);
    return result;
}

struct bench {
    struct incident *s;
    void *memory;
    size_t size;
    struct incident_limits limits;
    struct journal *j;
    uint64_t commands, messages;
    char *work, *batch; /* of one decision, of one batch's payloads */
    struct { uint64_t seq; unsigned kind; struct str payload; } rows[WRITERS * 4];
    size_t row_count, batch_len;
    struct err e;
};

static void stop(const struct err *e)
{
    (void)fprintf(stderr, "record_bench: %s\n", e->text);
    exit(1);
}

static void must(bool ok, const struct err *e)
{
    if (!ok)
        stop(e);
}

static void blank(struct bench *b)
{
    memset(b->memory, 0, b->size);
    b->s = incident_init(b->memory, &b->limits, (struct hash_key){1, 2});
}

/* ---- commands ---------------------------------------------------------- */

static void put(struct buf *b, enum incident_field f, const char *text)
{
    incident_put(b, f, str_from(text));
}

static void put_id(struct buf *b, enum incident_field f, const char *prefix, uint64_t n)
{
    char id[32];

    (void)snprintf(id, sizeof id, "%s-%" PRIu64, prefix, n);
    put(b, f, id);
}

static const char text[] = "EX: heard shots from the second floor, north side; two of ours are behind the wall at the "
                           "gate, one needs an ambulance; asked for a second team and for the road to be kept clear.";

/* What makes the scene: an incident with a house, units, decisions and tasks. */
static enum incident_kind scene_command(uint64_t n, struct buf *b)
{
    static const struct { enum incident_kind kind; enum incident_field key; const char *prefix; } each[] = {
        {INC_UNIT_CHECKED_IN, IN_UNIT, "EX-U"}, {INC_DECISION_TAKEN, IN_DECISION, "EX-D"},
        {INC_TASK_CREATED, IN_TASK, "EX-T"}};
    uint64_t i = n < 4 ? 0 : (n - 4) % COUNTOF(each), writer = n < 4 ? 0 : (n - 4) / COUNTOF(each);

    if (n == 0) {
        put(b, IN_INCIDENT, "EX-1");
        put(b, IN_NAME, "Exercise");
        put(b, IN_TYPE, "complex-attack");
        return INC_INCIDENT_OPENED;
    }
    if (n == 1) {
        put(b, IN_SCOPE, "incident");
        put(b, IN_COMMANDER, "EX-A");
        return INC_COMMAND_ASSUMED;
    }
    if (n == 2) {
        put(b, IN_AGENCY, "EX-POLICE");
        put(b, IN_NAME, "Police");
        put(b, IN_AGENCY_KIND, "police");
        return INC_AGENCY_JOINED;
    }
    if (n == 3) {
        put(b, IN_STRUCTURE, "H");
        put(b, IN_NAME, "House");
        put(b, IN_STOREYS, "5");
        put(b, IN_SCHEME, "ground=0");
        return INC_STRUCTURE_DEFINED;
    }
    put_id(b, each[i].key, each[i].prefix, writer);
    if (i == 0)
        put(b, IN_AGENCY, "EX-POLICE");
    else
        put(b, IN_TEXT, text);
    if (i == 1) {
        put(b, IN_ROLE, "commander");
        put(b, IN_ACTOR, "EX-A");
    }
    if (i == 2)
        put(b, IN_OWNER, "operations");
    return each[i].kind;
}

/* A command that is never refused: each writer has a unit, a decision and a task of its own. */
static enum incident_kind next_command(struct bench *x, struct buf *b)
{
    uint64_t writer = x->commands % WRITERS, turn = x->commands / WRITERS;

    x->commands++;
    put(b, IN_VIA, "web");
    put(b, IN_ACTOR, "EX-operator");
    if (writer % 8 < 4) {
        put_id(b, IN_UNIT, "EX-U", writer);
        put(b, IN_ZONE, turn / 2 % 2 ? "H/1/A" : "H/2/B");
        return turn % 2 ? INC_UNIT_LEFT : INC_UNIT_ENTERED;
    }
    if (writer % 8 == 6) {
        put_id(b, IN_TASK, "EX-T", writer);
        put(b, IN_OWNER, turn % 2 ? "operations" : "logistics");
        return INC_TASK_REASSIGNED;
    }
    if (writer % 8 == 7 && x->messages < MESSAGES) {
        put_id(b, IN_MESSAGE, "EX-M", x->messages++);
        put(b, IN_TO, "operations");
        put(b, IN_TEXT, text);
        return INC_MESSAGE_SENT;
    }
    put_id(b, IN_DECISION, "EX-D", writer);
    put(b, IN_RATIONALE, text);
    return INC_DECISION_REASONED;
}

/* ---- the batch ---------------------------------------------------------- */

/* Decides one command and adds what it becomes to the batch. */
static void decide(struct bench *x, enum incident_kind kind, struct str payload)
{
    struct incident_command c = {kind, payload, clock_wall_ms()};
    struct buf memory = buf_over(x->work, INCIDENT_DECIDE_MEMORY);
    static struct incident_decided d;

    must(incident_decide(x->s, &c, &memory, &d, &x->e), &x->e);
    for (size_t i = 0; i < d.n; i++) {
        struct str p = d.events[i].payload;
        uint64_t seq;

        MUST(x->row_count < COUNTOF(x->rows) && p.len <= BATCH_BYTES - x->batch_len);
        memcpy(x->batch + x->batch_len, p.at, p.len);
        p.at = x->batch + x->batch_len;
        x->batch_len += p.len;
        must(journal_add(x->j, (uint16_t)d.events[i].kind, c.now_ms, 0, p, &seq, &x->e), &x->e);
        x->rows[x->row_count].seq = seq;
        x->rows[x->row_count].kind = d.events[i].kind;
        x->rows[x->row_count++].payload = p;
    }
}

static void commit(struct bench *x)
{
    must(journal_commit(x->j, &x->e), &x->e);
    for (size_t i = 0; i < x->row_count; i++)
        incident_apply(x->s, x->rows[i].seq, x->rows[i].kind, x->rows[i].payload);
}

static void batch_of(struct bench *x, size_t commands)
{
    char bytes[2048];

    x->row_count = x->batch_len = 0;
    for (size_t i = 0; i < commands; i++) {
        struct buf b = buf_over(bytes, sizeof bytes);
        enum incident_kind kind = next_command(x, &b);

        MUST(!b.full);
        decide(x, kind, buf_str(&b));
    }
    commit(x);
}

static void scene(struct bench *x)
{
    char bytes[2048];

    for (uint64_t i = 0; i < 4 + 3 * WRITERS; i++) {
        struct buf b = buf_over(bytes, sizeof bytes);
        enum incident_kind kind = scene_command(i, &b);

        x->row_count = x->batch_len = 0;
        decide(x, kind, buf_str(&b));
        commit(x);
    }
}

static void begin(struct bench *x, const char *folder, const char *name)
{
    struct journal_opened how;
    char dir[512];

    (void)snprintf(dir, sizeof dir, "%s/%s", folder, name);
    (void)mkdir(dir, 0700);
    blank(x);
    x->commands = x->messages = 0;
    must(journal_open(dir, &x->j, &how, &x->e), &x->e);
    scene(x);
}

/* ---- beside bare SQLite -------------------------------------------------- */

struct bare {
    struct db *db;
    struct db_stmt *put;
    char bytes[4096];
};

static void bare_begin(struct bare *bare, const char *folder, const char *name)
{
    static const struct db_options options = {.sync_full = true, .wipe = true};
    char path[512];
    struct err e;

    (void)snprintf(path, sizeof path, "%s/%s/bare.db", folder, name);
    must(db_open(path, &options, &bare->db, &e), &e);
    must(db_run(bare->db, "CREATE TABLE rows(seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT", &e), &e);
    must(db_prepare(bare->db, "INSERT INTO rows(bytes) VALUES(?)", &bare->put, &e), &e);
}

/* As many rows, of as many bytes, in one transaction. */
static void bare_batch(struct bare *bare, const struct bench *x)
{
    struct err e;

    must(db_begin(bare->db, &e), &e);
    for (size_t i = 0; i < x->row_count; i++) {
        size_t n = x->rows[i].payload.len + ROW_BESIDES;

        MUST(n <= sizeof bare->bytes);
        db_set_blob(bare->put, 1, str_of(bare->bytes, n));
        must(db_do(bare->put, &e), &e);
    }
    must(db_commit(bare->db, &e), &e);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static double part_of(int64_t *us, size_t n, size_t percent)
{
    qsort(us, n, sizeof *us, by_size);
    return (double)us[(n - 1) * percent / 100] / 1e3;
}

/* name: of the folder, and in front of each figure. */
static void beside_sqlite(struct bench *x, const char *folder, const char *name, struct buf *json)
{
    static int64_t ours[BATCHES], bare[BATCHES];
    static struct bare other;
    double sum = 0, bare_sum = 0, p99, middle;
    size_t n = 0;

    begin(x, folder, name);
    bare_begin(&other, folder, name);
    for (int warm = 0; warm < 20; warm++) {
        batch_of(x, WRITERS);
        bare_batch(&other, x);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = n; i < n + ROUND_BATCHES; i++) {
            int64_t start = clock_us();

            batch_of(x, WRITERS);
            ours[i] = clock_us() - start;
            sum += (double)ours[i];
        }
        for (size_t i = n; i < n + ROUND_BATCHES; i++) {
            int64_t start = clock_us();

            bare_batch(&other, x);
            bare[i] = clock_us() - start;
            bare_sum += (double)bare[i];
        }
        n += ROUND_BATCHES;
    }
    p99 = part_of(ours, n, 99);
    middle = part_of(bare, n, 50);
    buf_fmt(json,
            "\"%s\":{\"commands_per_s\":%.0f,\"of_bare\":%.3f,\"batch_ms\":%.2f,\"batch_p99_ms\":%.2f,"
            "\"bare_ms\":%.2f,\"bare_p99_ms\":%.2f,\"p99_in_commits\":%.2f},",
            name, (double)n * WRITERS * 1e6 / sum, bare_sum / sum, part_of(ours, n, 50), p99, middle,
            part_of(bare, n, 99), p99 / middle);
    journal_close(x->j);
    db_close(other.db);
}

/* ---- many rows ----------------------------------------------------------- */

static void save(struct bench *x)
{
    size_t n = incident_save_size(x->s);
    char *bytes = malloc(n);
    struct buf b = buf_over(bytes, n);

    MUST(bytes);
    incident_save(x->s, &b);
    MUST(!b.full);
    must(journal_put_state(x->j, journal_head(x->j).seq, STR("EX-1"), buf_str(&b), &x->e), &x->e);
    free(bytes);
}

static void fill(struct bench *x, const char *folder, uint64_t rows, struct buf *json)
{
    uint64_t saved = 0;
    int64_t start = clock_us(), save_us = 0;

    begin(x, folder, "many");
    while (journal_head(x->j).seq < rows) {
        batch_of(x, WRITERS);
        if (journal_head(x->j).seq - saved >= STATE_ROWS) {
            int64_t at = clock_us();

            save(x);
            save_us = clock_us() - at > save_us ? clock_us() - at : save_us;
            saved = journal_head(x->j).seq;
        }
    }
    buf_fmt(json, "\"rows\":%" PRIu64 ",\"fill_s\":%.1f,\"state_bytes\":%zu,\"save_ms_max\":%.1f",
            journal_head(x->j).seq, (double)(clock_us() - start) / 1e6, incident_save_size(x->s),
            (double)save_us / 1e3);
    journal_close(x->j);
}

struct replay {
    struct incident *s;
    uint64_t to;
    int64_t *ns; /* of each event, when it is measured */
    size_t count;
};

static bool apply(void *ctx, const struct journal_row *row)
{
    struct replay *r = ctx;
    struct timespec a, b;

    MUST(!row->damaged && !row->erased);
    if (row->seq > r->to)
        return false;
    if (!r->ns || r->count == APPLIED_MAX) {
        incident_apply(r->s, row->seq, row->kind, row->payload);
        return true;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &a);
    incident_apply(r->s, row->seq, row->kind, row->payload);
    (void)clock_gettime(CLOCK_MONOTONIC, &b);
    r->ns[r->count++] = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
    return true;
}

/* The state as it stood after a row; how long that took, in seconds. */
static double stand(struct bench *x, uint64_t at, bool from_state, int64_t *ns, size_t *count)
{
    struct replay r = {.to = at, .ns = ns};
    int64_t start = clock_us();
    uint64_t from = 0;
    char *bytes = NULL;
    size_t len;

    blank(x);
    if (from_state)
        must(journal_get_state(x->j, STR("EX-1"), at, &from, &bytes, &len, &x->e), &x->e);
    MUST(!from_state || at < STATE_ROWS || bytes);
    if (bytes)
        must(incident_load(x->s, str_of(bytes, len), &x->e), &x->e);
    free(bytes);
    r.s = x->s;
    must(journal_read(x->j, from + 1, NULL, apply, &r, &x->e), &x->e);
    MUST(x->s->seq == at);
    if (count)
        *count = r.count;
    return (double)(clock_us() - start) / 1e6;
}

static double reopened(struct bench *x, const char *folder)
{
    struct journal_opened how;
    char dir[512];
    int64_t start = clock_us();

    (void)snprintf(dir, sizeof dir, "%s/many", folder);
    must(journal_open(dir, &x->j, &how, &x->e), &x->e);
    MUST(how.note[0] == 0);
    return (double)(clock_us() - start) / 1e6;
}

static void many_rows(struct bench *x, const char *folder, uint64_t rows, struct buf *json)
{
    static int64_t ns[APPLIED_MAX];
    uint64_t head, hash, mix = 12345;
    double opened, replayed, from_state, past = 0, one;
    struct journal_verify v;
    size_t count;
    int64_t start;

    fill(x, folder, rows, json);
    opened = reopened(x, folder);
    head = journal_head(x->j).seq;
    replayed = opened + stand(x, head, false, NULL, NULL);
    hash = incident_hash(x->s);
    from_state = opened + stand(x, head, true, NULL, NULL);
    MUST(incident_hash(x->s) == hash);
    for (int i = 0; i < LOOKS; i++) {
        mix = mix * 6364136223846793005u + 1442695040888963407u;
        one = stand(x, 1 + (mix >> 33) % head, true, NULL, NULL);
        past = one > past ? one : past;
    }
    (void)stand(x, head, false, ns, &count);
    start = clock_us();
    must(journal_verify(x->j, NULL, &v, &x->e), &x->e);
    MUST(v.bad_seq == 0 && v.rows == head);
    buf_fmt(json,
            ",\"open_s\":%.3f,\"replay_s\":%.2f,\"from_state_s\":%.3f,\"past_s_max\":%.2f,\"apply_us\":%.2f,"
            "\"apply_p99_us\":%.2f,\"verify_s\":%.2f",
            opened, replayed, from_state, past, part_of(ns, count, 50), part_of(ns, count, 99),
            (double)(clock_us() - start) / 1e6);
    journal_close(x->j);
}

int main(int argc, char **argv)
{
    static char text_out[2048];
    static struct bench x;
    const char *folder = argc > 1 ? argv[1] : ".";
    uint64_t rows = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    struct buf json = buf_over(text_out, sizeof text_out);

    x.limits = incident_limits();
    x.size = incident_memory(&x.limits);
    x.memory = aligned_alloc(64, x.size);
    x.work = malloc(INCIDENT_DECIDE_MEMORY);
    x.batch = malloc(BATCH_BYTES);
    MUST(x.memory && x.work && x.batch);
    buf_byte(&json, '{');
    beside_sqlite(&x, folder, "as_it_is", &json);
    sync_us_min = 1000;
    beside_sqlite(&x, folder, "sync_1ms", &json);
    sync_us_min = 2000;
    beside_sqlite(&x, folder, "sync_2ms", &json);
    sync_us_min = 0;
    many_rows(&x, folder, rows, &json);
    buf_put(&json, STR("}\n"));
    MUST(!json.full);
    return fwrite(json.at, 1, json.len, stdout) == json.len ? 0 : 1;
}
