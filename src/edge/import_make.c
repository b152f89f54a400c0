#include "edge/import_make.h"

#include "base/when.h"
#include "edge/claims.h"
#include "edge/incident_json.h"

#include <inttypes.h>
#include <stdlib.h>

/* A claim's payload, and the time that it is given on top. */
enum { PAYLOAD_ROOM = INCIDENT_PAYLOAD_MAX + 64 };

struct making {
    const struct import_ask *ask;
    struct buf *out;
    struct str row;      /* of claims: the id of the row that is being taken */
    size_t nth;          /* its commands so far */
    struct err refused; /* of claims: why, empty text when not */
    char *payload;       /* PAYLOAD_ROOM */
};

/* ---- a map ---------------------------------------------------------------- */

static void put_map_command(void *ctx, enum incident_kind kind, struct str payload)
{
    struct making *m = ctx;

    indoor_command_json(kind, payload, m->out);
    buf_byte(m->out, '\n');
}

static bool make_map(struct making *m, struct indoor_report *report, struct err *e)
{
    struct indoor_to to = {put_map_command, m};

    return indoor_read(&m->ask->map, &to, report, e);
}

/* ---- claims ---------------------------------------------------------------- */

/* A UUID of one's own making (RFC 9562 section 5.8): of the row, its nth command, and what that says. */
static void put_id(const struct making *m, enum incident_kind kind, struct str payload, struct buf *b)
{
    uint64_t row = hash_str((struct hash_key){m->nth, 0}, m->row);
    uint64_t x = hash_str((struct hash_key){(uint64_t)kind, row}, payload);
    uint64_t y = hash_str((struct hash_key){row, (uint64_t)kind}, payload);

    buf_fmt(b, "%08" PRIx64 "-%04" PRIx64 "-8%03" PRIx64 "-%04" PRIx64 "-%012" PRIx64, x >> 32, x >> 16 & 0xffff,
            x & 0xfff, 0x8000 | (y >> 48 & 0x3fff), y & 0xffffffffffff);
}

/* The fields that a command may have from outside; who and when stand beside them or are the record's. */
static struct str fields_of(const struct making *m, enum incident_kind kind, struct str payload, int64_t recorded_ms)
{
    struct buf b = buf_over(m->payload, PAYLOAD_ROOM);
    enum field tag;
    struct str v;

    while (fields_next(&payload, &tag, &v))
        if (incident_may_set(kind, (enum incident_field)tag))
            fields_put(&b, tag, v);
    if (!m->ask->head.exercise && !fields_has(buf_str(&b), (enum field)IN_REPORTED_AT))
        incident_put_int(&b, IN_REPORTED_AT, recorded_ms);
    MUST(!b.full);
    return buf_str(&b);
}

static bool put_claim(void *ctx, const struct claims_row *row, const struct incident_command *c, struct err *e)
{
    struct making *m = ctx;
    struct str actor = incident_value(c->payload, IN_ACTOR), own = fields_of(m, c->kind, c->payload, row->recorded_ms);

    (void)e;
    if (!str_eq(row->id, m->row))
        m->nth = 0;
    m->row = row->id;
    m->nth++;
    buf_fmt(m->out, "{\"line\":%zu,\"id\":\"", row->line);
    put_id(m, c->kind, c->payload, m->out);
    buf_fmt(m->out, "\",\"kind\":\"%s\",", kind_info(c->kind)->tag);
    if (m->ask->head.exercise) {
        buf_put(m->out, STR("\"recorded_at\":\""));
        when_put(m->out, row->recorded_ms);
        buf_put(m->out, STR("\","));
        if (actor.len) {
            buf_put(m->out, STR("\"actor\":"));
            buf_json(m->out, actor);
            buf_byte(m->out, ',');
        }
    }
    buf_put(m->out, STR("\"fields\":"));
    incident_event_json(c->kind, own, NULL, m->out);
    buf_put(m->out, STR("}\n"));
    return true;
}

static struct str nth_line(struct str text, size_t line)
{
    for (; line > 1 && text.len; line--) {
        size_t end = str_find_byte(text, '\n');

        text = str_from_at(text, end < text.len ? end + 1 : end);
    }
    return str_cut(text, 0, str_find_byte(text, '\n'));
}

/* The row that opens an incident is no mistake in a file that joins one; but it says what the file is. */
static bool is_opening(struct making *m, size_t line, struct err *e)
{
    struct json *j = NULL;
    struct str word;
    bool is, exercise;

    if (!json_read(str_trim(nth_line(m->ask->text, line)), &j, e))
        return false;
    word = json_as_text(json_get(json_root(j), "record"));
    is = str_eq(word, STR("incident")) || str_eq(word, STR("incident.opened"));
    exercise = json_as_bool(json_get(json_root(j), "exercise"));
    json_drop(j);
    if (is && exercise != m->ask->head.exercise)
        (void)err_set(&m->refused, ERR_DENIED, "line %zu: exercise: %s", line,
                      exercise ? "this incident is real; exercise data cannot enter it"
                               : "this incident is an exercise; real data cannot enter it");
    return is;
}

static void say_claim(void *ctx, size_t line, enum claims_word word, const char *text)
{
    struct making *m = ctx;
    struct err e;

    if (word == CLAIMS_SKIPPED && !m->refused.text[0] && !is_opening(m, line, &e) && !m->refused.text[0])
        (void)err_set(&m->refused, ERR_INPUT, "line %zu: %s", line, text);
    else if (word == CLAIMS_NOTE && m->ask->say)
        m->ask->say(m->ask->ctx, line, text);
}

static bool make_claims(struct making *m, struct err *e)
{
    struct claims_options o = {.until_ms = m->ask->until_ms, .incident = m->ask->head.incident, .joins = true,
                               .exercise = m->ask->head.exercise};
    struct claims_to to = {m, put_claim, say_claim};
    struct claims *c;
    bool ok;

    m->refused = (struct err){0};
    if (!claims_new(&o, &c, e))
        return false;
    ok = claims_read(c, m->ask->text, &to, e);
    claims_free(c);
    if (ok && m->refused.text[0]) {
        *e = m->refused;
        return false;
    }
    return ok;
}

/* ---- all of them ------------------------------------------------------------ */

/* What was made, as the record thread will read it. */
static bool check(const struct import_ask *ask, struct str made, size_t *count, struct err *e)
{
    struct import_file f = {0};
    char *copy = malloc(made.len + 1);
    bool done = false, ok = copy;

    if (!ok)
        return err_set(e, ERR_WORLD, "there is no memory for this import");
    memcpy(copy, made.at, made.len);
    ok = import_file_begin(&f, copy, made.len, e);
    while (ok && !done)
        ok = import_file_read(&f, ask->head.exercise, IMPORT_COMMANDS_MAX, &done, e);
    for (size_t i = 0; ok && i < f.count; i++) {
        struct incident_command c = {.kind = f.items[i].kind, .payload = f.items[i].core};

        ok = access_may_command(&f.access, NULL, &c, e) || err_in(e, "line %zu", f.items[i].line);
    }
    if (ok && f.count == 0)
        ok = err_set(e, ERR_INPUT, "there is nothing in it to import");
    *count = f.count;
    import_file_end(&f);
    return ok;
}

bool import_make(const struct import_ask *ask, struct indoor_report *report, struct buf *out, size_t *count,
                 struct err *e)
{
    struct making m = {.ask = ask, .out = out, .payload = malloc(PAYLOAD_ROOM)};
    bool ok = m.payload || err_set(e, ERR_WORLD, "there is no memory for this import");

    *count = 0;
    import_head_put(&ask->head, out);
    if (ok && ask->what == IMPORT_MAP)
        ok = make_map(&m, report, e);
    else if (ok && ask->what == IMPORT_CLAIMS)
        ok = make_claims(&m, e);
    else
        buf_put(out, ask->text);
    free(m.payload);
    if (ok && out->full)
        ok = err_set(e, ERR_FULL, "it makes more than %d MiB of commands; import it in parts", IMPORT_FILE_MAX >> 20);
    return ok && check(ask, buf_str(out), count, e);
}
