/* board.c -- what the board says about a file of claims at a moment, without a server.
 *
 * The file's rows are decided and applied to an incident in memory, up to the moment, and the counters
 * and findings of the core are printed; the numbers of events are given back as the ids of the rows
 * that made them. */
#include "app/args.h"
#include "app/commands.h"
#include "base/when.h"
#include "core/incident_findings.h"
#include "edge/claims.h"
#include "os/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BOARD_FILE_MAX = 64 << 20, BOARD_OUT_MAX = 48 << 20, BOARD_SAID_MAX = 1000, COUNTER_WORD_MAX = 32 };

struct board {
    const char *file;
    struct incident *s;
    void *memory;
    char *text, *work, *out_bytes;
    struct claims *claims;
    struct str *ids; /* of the row that made an event, by the event's number */
    size_t ids_max, said;
    uint64_t seq;
    int64_t at_ms;
    struct buf out;
    struct incident_decided decided;
    struct findings findings;
    struct reconciled counter;
};

/* From the file to the state ------------------------------------------------ */

static bool keep_id(struct board *b, struct str id, struct err *e)
{
    if (b->seq >= b->ids_max) {
        size_t max = b->ids_max ? b->ids_max * 2 : 1024;
        struct str *ids = realloc(b->ids, max * sizeof *ids);

        if (!ids)
            return err_set(e, ERR_FULL, "no memory for more rows");
        b->ids = ids;
        b->ids_max = max;
    }
    b->ids[b->seq] = id;
    return true;
}

static bool do_command(void *ctx, const struct claims_row *row, const struct incident_command *c, struct err *e)
{
    struct board *b = ctx;
    struct buf memory = buf_over(b->work, INCIDENT_DECIDE_MEMORY);

    if (!incident_decide(b->s, c, &memory, &b->decided, e))
        return false;
    for (size_t i = 0; i < b->decided.n; i++) {
        b->seq++;
        if (!keep_id(b, row->id, e))
            return false;
        incident_apply(b->s, b->seq, b->decided.events[i].kind, b->decided.events[i].payload);
    }
    return true;
}

/* Bytes that move a terminal's cursor or change its state are shown as "?". */
static void put_plain(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i], next = i + 1 < s.len ? (unsigned char)s.at[i + 1] : 0;

        if (c == 0xc2 && next >= 0x80 && next < 0xa0) { /* C1, U+0080 to U+009F */
            buf_byte(out, '?');
            i++;
        } else
            buf_byte(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
    }
}

static void say(void *ctx, size_t line, enum claims_word word, const char *text)
{
    struct board *b = ctx;
    char plain[2 * ERR_TEXT_MAX];
    struct buf p = buf_over(plain, sizeof plain);

    if (++b->said > BOARD_SAID_MAX)
        return;
    put_plain(&p, str_from(text));
    (void)fprintf(stderr, "cordon board: %s: line %zu: %s%.*s\n", b->file, line,
                  word == CLAIMS_SKIPPED ? "skipped: " : "", STR_ARG(buf_str(&p)));
}

static bool make_room(struct board *b, struct err *e)
{
    struct incident_limits limits = incident_limits();
    uintptr_t at;

    b->memory = calloc(1, incident_memory(&limits) + 64);
    b->work = malloc(INCIDENT_DECIDE_MEMORY);
    b->text = malloc(BOARD_FILE_MAX);
    b->out_bytes = malloc(BOARD_OUT_MAX);
    if (!b->memory || !b->work || !b->text || !b->out_bytes)
        return err_set(e, ERR_FULL, "no memory for the board");
    at = ((uintptr_t)b->memory + 63) & ~(uintptr_t)63;
    b->s = incident_init((char *)b->memory + (at - (uintptr_t)b->memory), &limits, (struct hash_key){3, 4});
    b->out = buf_over(b->out_bytes, BOARD_OUT_MAX);
    return true;
}

/* at: NULL for the latest moment that a row has. */
static bool read_claims(struct board *b, const char *at, bool strict, struct err *e)
{
    struct claims_options options = {.until_ms = INT64_MAX, .strict = strict};
    const struct claims_to to = {b, do_command, say};
    struct claims_sums sums;
    size_t n;

    if (at && !claims_time(str_from(at), &options.until_ms))
        return err_set(e, ERR_INPUT, "--at must be a time with its offset, as 2026-02-17T22:45:00+05:00, not \"%s\"",
                       at);
    if (!file_read(b->file, b->text, BOARD_FILE_MAX, &n, e) || !claims_new(&options, &b->claims, e))
        return false;
    if (!claims_read(b->claims, str_of(b->text, n), &to, e))
        return err_in(e, "%s", b->file);
    sums = claims_sums(b->claims);
    if (b->said > BOARD_SAID_MAX)
        (void)fprintf(stderr, "cordon board: %s: %zu more such lines\n", b->file, b->said - BOARD_SAID_MAX);
    if (sums.rows == 0)
        return err_set(e, ERR_INPUT, "%s has no row", b->file);
    if (sums.skipped == sums.rows)
        return err_set(e, ERR_INPUT, "%s: none of its %zu rows can be taken", b->file, sums.rows);
    b->at_ms = at ? options.until_ms : sums.last_ms;
    return true;
}

/* What both forms print ------------------------------------------------------ */

static struct str id_of(const struct board *b, uint64_t seq)
{
    return seq >= 1 && seq <= b->seq ? b->ids[seq] : (struct str){0};
}

/* The counter at a place of the list, NULL behind the last. */
static const char *counter_word(size_t i, char word[COUNTER_WORD_MAX])
{
    struct str rest = str_from(words_of(WORDS_COUNTER));
    size_t end = str_find_byte(rest, ',');

    for (; i > 0; i--) {
        if (end == rest.len)
            return NULL;
        rest = str_from_at(rest, end + 1);
        end = str_find_byte(rest, ',');
    }
    MUST(str_copy(word, COUNTER_WORD_MAX, str_cut(rest, 0, end)));
    return word;
}

/* Worst first, else as the rules stand. */
static const struct finding *finding_at(const struct findings *f, size_t i)
{
    for (int severity = SEVERITY_ALARM; severity >= SEVERITY_INFO; severity--)
        for (size_t j = 0; j < f->n; j++)
            if ((int)f->list[j].severity == severity && i-- == 0)
                return &f->list[j];
    return NULL;
}

/* JSON ------------------------------------------------------------------------ */

static void put_number_or_null(struct buf *out, const char *name, bool is, int64_t n)
{
    if (is)
        buf_fmt(out, "\"%s\":%" PRId64 ",", name, n);
    else
        buf_fmt(out, "\"%s\":null,", name);
}

static bool is_among(enum claim_is is, const enum claim_is *states, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (states[i] == is)
            return true;
    return false;
}

/* The rows of each state.  Rule 0 puts out what is withdrawn and what is graded E5 or F6. */
static void put_claims_json(const struct board *b, struct buf *out)
{
    static const struct {
        const char *name;
        size_t n;
        enum claim_is is[2];
    } lists[] = {
        {"used", 1, {CLAIM_USED}},
        {"superseded", 1, {CLAIM_SUPERSEDED}},
        {"overtaken", 1, {CLAIM_OVERTAKEN}},
        {"excluded", 2, {CLAIM_EXCLUDED, CLAIM_WITHDRAWN}},
        {"withdrawn", 1, {CLAIM_WITHDRAWN}},
        {"discounted", 1, {CLAIM_DISCOUNTED}},
    };

    for (size_t l = 0; l < COUNTOF(lists); l++) {
        const char *comma = "";

        buf_fmt(out, "\"%s\":[", lists[l].name);
        for (uint32_t i = 0; i < b->counter.n; i++)
            if (b->counter.claims[i].has_count && is_among(b->counter.claims[i].is, lists[l].is, lists[l].n)) {
                buf_fmt(out, "%s", comma);
                buf_json(out, id_of(b, b->counter.claims[i].seq));
                comma = ",";
            }
        buf_put(out, STR("],"));
    }
}

static void put_counter_json(struct board *b, const char *word)
{
    const struct reconciled *r = &b->counter;
    int64_t accounted = incident_accounted(b->s, str_from(word));
    struct buf *out = &b->out;

    buf_fmt(out, "\"%s\":{\"known\":%s,", word, r->used ? "true" : "false");
    put_number_or_null(out, "lo", r->used > 0, r->lo);
    put_number_or_null(out, "hi", r->used > 0 && !r->hi_open, r->hi);
    buf_fmt(out, "\"agreed\":%s,\"sources\":%u,\"values\":%u,", r->agreed ? "true" : "false", r->sources, r->values);
    put_claims_json(b, out);
    if (r->left_out)
        buf_fmt(out, "\"left_out\":%u,", r->left_out);
    if (accounted >= 0)
        buf_fmt(out, "\"accounted\":%" PRId64 ",", accounted);
    put_number_or_null(out, "confirmed", r->confirmed >= 0, r->confirmed);
    put_number_or_null(out, "accepted", r->accepted >= 0, r->accepted);
    out->len--; /* the last comma */
    buf_byte(out, '}');
}

static void put_finding_json(const struct board *b, const struct finding *f, struct buf *out)
{
    const char *comma = "";

    buf_fmt(out, "{\"rule\":\"%s\",\"subject\":", f->rule);
    buf_json(out, str_from(f->subject));
    buf_fmt(out, ",\"severity\":\"%s\",\"resolved\":%s,\"items\":[", severity_word(f->severity),
            f->resolved ? "true" : "false");
    for (size_t i = 0; i < f->n; i++) {
        struct str id = id_of(b, f->items[i]);

        if (id.len == 0)
            continue;
        buf_fmt(out, "%s", comma);
        buf_json(out, id);
        comma = ",";
    }
    buf_put(out, STR("],\"text\":"));
    buf_json(out, str_from(f->text));
    buf_byte(out, '}');
}

static void put_json(struct board *b)
{
    struct claims_sums sums = claims_sums(b->claims);
    struct buf *out = &b->out;
    char word[COUNTER_WORD_MAX];

    buf_put(out, STR("{\"rule\":\"" RULE_CORDON_1 "\",\"at\":\""));
    when_put(out, b->at_ms);
    buf_fmt(out, "\",\"exercise\":%s,\"name\":", incident_is_exercise(b->s) ? "true" : "false");
    buf_json(out, ent_get(b->s, incident_self(b->s), IN_NAME));
    buf_fmt(out, ",\"rows\":{\"read\":%zu,\"taken\":%zu,\"later\":%zu,\"skipped\":%zu},\"counters\":{", sums.rows,
            sums.taken, sums.later, sums.skipped);
    for (size_t i = 0; counter_word(i, word); i++) {
        incident_reconcile(b->s, str_from(word), &b->counter);
        buf_put(out, i ? STR(",") : STR(""));
        put_counter_json(b, word);
    }
    buf_put(out, STR("},\"findings\":["));
    for (size_t i = 0; i < b->findings.n; i++) {
        buf_put(out, i ? STR(",") : STR(""));
        put_finding_json(b, finding_at(&b->findings, i), out);
    }
    buf_fmt(out, "],\"findings_left_out\":%zu}\n", b->findings.left_out);
}

/* Text ------------------------------------------------------------------------ */

/* To the right edge of a column, in characters; one space at least. */
static void pad(struct buf *out, size_t from, size_t width)
{
    size_t columns = 0;

    for (size_t i = from; i < out->len; i++)
        columns += ((unsigned char)out->at[i] & 0xc0) != 0x80;
    for (buf_byte(out, ' '); columns + 1 < width; columns++)
        buf_byte(out, ' ');
}

static void put_cell(struct buf *out, size_t width, struct str s)
{
    size_t from = out->len;

    put_plain(out, s);
    pad(out, from, width);
}

static void put_range(struct buf *out, int64_t lo, bool open, int64_t hi)
{
    if (open)
        buf_fmt(out, "%" PRId64 " to open", lo);
    else if (lo == hi)
        buf_fmt(out, "%" PRId64, lo);
    else
        buf_fmt(out, "%" PRId64 " to %" PRId64, lo, hi);
}

static void put_count_cell(struct buf *out, size_t width, bool is, int64_t n)
{
    size_t from = out->len;

    if (is)
        buf_fmt(out, "%" PRId64, n);
    else
        buf_byte(out, '-');
    pad(out, from, width);
}

static const char *verdict(const struct reconciled *r)
{
    return r->used == 0 ? "not known" : r->agreed ? "agreed" : r->values == 1 ? "open" : "conflict";
}

static void put_counter_line(struct board *b, const char *word)
{
    const struct reconciled *r = &b->counter;
    int64_t accounted = incident_accounted(b->s, str_from(word));
    struct buf *out = &b->out;
    size_t from;

    put_cell(out, 12, str_from(word));
    from = out->len;
    if (r->used)
        put_range(out, r->lo, r->hi_open, r->hi);
    else
        buf_byte(out, '-');
    pad(out, from, 16);
    put_cell(out, 11, str_from(verdict(r)));
    put_count_cell(out, 9, true, r->sources);
    put_count_cell(out, 8, true, r->values);
    put_count_cell(out, 11, r->confirmed >= 0, r->confirmed);
    put_count_cell(out, 10, r->accepted >= 0, r->accepted);
    if (accounted >= 0)
        buf_fmt(out, "%" PRId64 " accounted for", accounted);
    buf_byte(out, '\n');
}

static const char *const claim_words[] = {
    [CLAIM_USED] = "",
    [CLAIM_SUPERSEDED] = "superseded",
    [CLAIM_OVERTAKEN] = "overtaken",
    [CLAIM_EXCLUDED] = "excluded by its grade",
    [CLAIM_WITHDRAWN] = "withdrawn",
    [CLAIM_DISCOUNTED] = "discounted",
};

static void put_claim_line(const struct board *b, const struct claim *c, struct buf *out)
{
    struct str id = id_of(b, c->seq);
    uint32_t report = ent_find(b->s, ENT_REPORT, id);
    size_t from;

    buf_put(out, STR("  "));
    put_cell(out, 12, id);
    when_put(out, c->as_of_ms);
    buf_put(out, STR("  "));
    put_cell(out, 4, ent_get(b->s, report, IN_GRADE));
    from = out->len;
    if (c->has_count)
        put_range(out, c->lo, c->hi_open, c->hi);
    else
        buf_put(out, STR("split"));
    pad(out, from, 12);
    put_cell(out, 26, ent_get(b->s, report, IN_SOURCE));
    buf_fmt(out, "%s", claim_words[c->is]);
    if (c->shift)
        buf_fmt(out, "moved by %+" PRId64, c->shift);
    buf_byte(out, '\n');
}

static void put_finding_text(const struct board *b, const struct finding *f, struct buf *out)
{
    const char *comma = "";

    put_cell(out, 7, str_from(severity_word(f->severity)));
    put_cell(out, 24, str_from(f->rule));
    for (size_t i = 0; i < f->n; i++)
        if (id_of(b, f->items[i]).len) {
            buf_fmt(out, "%s", comma);
            put_plain(out, id_of(b, f->items[i]));
            comma = ", ";
        }
    buf_fmt(out, "%s\n       ", f->resolved ? " (resolved)" : "");
    put_plain(out, str_from(f->text));
    buf_byte(out, '\n');
}

static void put_text(struct board *b)
{
    struct claims_sums sums = claims_sums(b->claims);
    struct buf *out = &b->out;
    char word[COUNTER_WORD_MAX];

    if (incident_is_exercise(b->s))
        buf_put(out, STR("EXERCISE: "));
    put_plain(out, ent_get(b->s, incident_self(b->s), IN_NAME));
    buf_put(out, STR("\nat "));
    when_put(out, b->at_ms);
    buf_fmt(out, " by the rule " RULE_CORDON_1 ": %zu rows heard, %zu later, %zu skipped\n\n", sums.taken, sums.later,
            sums.skipped);
    buf_fmt(out, "%-11s %-15s %-10s %-8s %-7s %-10s %s\n", "counter", "reported", "verdict", "sources", "values",
            "confirmed", "accepted");
    for (size_t i = 0; counter_word(i, word); i++) {
        incident_reconcile(b->s, str_from(word), &b->counter);
        put_counter_line(b, word);
    }
    for (size_t i = 0; counter_word(i, word); i++) {
        incident_reconcile(b->s, str_from(word), &b->counter);
        if (b->counter.n == 0)
            continue;
        buf_fmt(out, "\n%s, who says so\n", word);
        for (uint32_t j = 0; j < b->counter.n; j++)
            put_claim_line(b, &b->counter.claims[j], out);
        if (b->counter.left_out)
            buf_fmt(out, "  and %u older ones, which are left out\n", b->counter.left_out);
    }
    buf_fmt(out, "\nfindings: %zu\n", b->findings.n + b->findings.left_out);
    for (size_t i = 0; i < b->findings.n; i++)
        put_finding_text(b, finding_at(&b->findings, i), out);
    if (b->findings.left_out)
        buf_fmt(out, "and %zu more, for which there is no room\n", b->findings.left_out);
}

static void free_board(struct board *b)
{
    if (!b)
        return;
    claims_free(b->claims);
    free(b->ids);
    free(b->memory);
    free(b->work);
    free(b->text);
    free(b->out_bytes);
    free(b);
}

static bool print(struct board *b, bool json, struct err *e)
{
    incident_findings(b->s, b->at_ms, &b->findings);
    if (json)
        put_json(b);
    else
        put_text(b);
    if (b->out.full)
        return err_set(e, ERR_FULL, "the board has more than %d bytes", BOARD_OUT_MAX);
    return (fwrite(b->out.at, 1, b->out.len, stdout) == b->out.len && fflush(stdout) == 0) ||
           err_set(e, ERR_WORLD, "the board cannot be written");
}

int command_board(int argc, char **argv)
{
    const char *file = NULL, *at = NULL;
    bool json = false, strict = false;
    const struct arg args[] = {{.name = "--claims", .value = &file},
                               {.name = "--at", .value = &at},
                               {.name = "--json", .flag = &json},
                               {.name = "--strict", .flag = &strict}};
    struct board *b = calloc(1, sizeof *b);
    struct err e;
    bool ok = b ? args_take(argc, argv, args, COUNTOF(args), NULL, &e) : err_set(&e, ERR_FULL, "no memory");

    if (ok && !file)
        ok = err_set(&e, ERR_INPUT, "--claims FILE is needed: the file of claims, one JSON object a line");
    if (ok)
        b->file = file;
    ok = ok && make_room(b, &e) && read_claims(b, at, strict, &e) && print(b, json, &e);
    free_board(b);
    return ok ? 0 : args_fail("board", &e);
}
