#include "edge/import_file.h"

#include "base/when.h"
#include "edge/incident_json.h"

#include <inttypes.h>
#include <stdlib.h>

#define FORMAT STR("import 1")

/* Bytes that a command's payload has beside its fields: ticket, names, incident. */
enum { ENVELOPE = 1024, PLACES = 1 << 16 };
_Static_assert(PLACES > 2 * IMPORT_COMMANDS_MAX, "a place is found soon");

static const struct hash_key places_key = {0x636f72646f6e, 0x696d706f7274};

/* ---- the head --------------------------------------------------------- */

static struct str next_line(struct import_file *f)
{
    struct str rest = str_of(f->text + f->at, f->len - f->at);
    size_t end = str_find_byte(rest, '\n');

    f->at += end < rest.len ? end + 1 : end;
    f->line++;
    return str_trim(str_cut(rest, 0, end));
}

static bool take_exercise(struct json_value from, bool *is, bool *said, struct err *e)
{
    struct json_value v = json_get(from, "exercise");

    if (json_is(v) != JSON_MISSING && json_is(v) != JSON_YES_NO)
        return err_set(e, ERR_INPUT, "exercise: true or false, please");
    *said = json_is(v) == JSON_YES_NO;
    *is = json_as_bool(v);
    return true;
}

static bool read_head(struct import_file *f, const struct json *j, struct err *e)
{
    struct json_value root = json_root(j), address = json_get(root, "address");
    struct str format, incident, by, source, roles;

    if (!json_take_text(j, "cordon", (struct json_length){1, 64}, &format, e))
        return false;
    if (!str_eq(format, FORMAT))
        return err_set(e, ERR_INPUT, "cordon: \"%.*s\" is not %.*s", STR_ARG(format), STR_ARG(FORMAT));
    if (!json_take_text(j, "incident", (struct json_length){1, INCIDENT_ID_MAX}, &incident, e) ||
        !json_take_text(j, "by", (struct json_length){1, IMPORT_NAME_MAX}, &by, e) ||
        !json_take_text(j, "source", (struct json_length){0, IMPORT_NAME_MAX}, &source, e) ||
        !take_exercise(root, &f->exercise, &f->says_exercise, e))
        return false;
    roles = json_as_text(json_get(root, "roles"));
    f->access = str_eq(roles, STR(IMPORT_OWNER)) ? access_all()
                                                 : access_within(roles, json_as_text(json_get(root, "agency")));
    (void)str_copy(f->incident, sizeof f->incident, incident);
    (void)str_copy(f->by, sizeof f->by, by);
    (void)str_copy(f->source, sizeof f->source, source);
    (void)str_copy(f->address, sizeof f->address, json_as_text(address));
    return true;
}

/* How much the payloads need: a value costs five bytes more than its own, in JSON two at least; what each
 * gets beside its fields comes on top. */
static bool make_room(struct import_file *f, struct err *e)
{
    size_t lines = 1;

    for (size_t i = 0; i < f->len && lines <= IMPORT_COMMANDS_MAX; i++)
        lines += f->text[i] == '\n';
    f->memory_max = 3 * f->len + lines * ENVELOPE + INCIDENT_PAYLOAD_MAX;
    f->memory = malloc(f->memory_max);
    f->items = malloc(lines * sizeof *f->items);
    f->places = calloc(PLACES, sizeof *f->places);
    return (f->memory && f->items && f->places) || err_set(e, ERR_WORLD, "there is no memory for this import");
}

bool import_file_begin(struct import_file *f, char *text, size_t len, struct err *e)
{
    struct json *j;
    bool ok;

    *f = (struct import_file){.text = text, .len = len};
    if (len > IMPORT_FILE_MAX)
        return err_set(e, ERR_INPUT, "more than %d MiB of commands", IMPORT_FILE_MAX >> 20);
    if (!json_read(next_line(f), &j, e))
        return err_in(e, "the head of the import");
    ok = read_head(f, j, e) || err_in(e, "the head of the import");
    json_drop(j);
    return ok && make_room(f, e);
}

bool import_file_fits(const struct import_file *f, const struct incident *s, struct err *e)
{
    if (!f->says_exercise || f->exercise == incident_is_exercise(s))
        return true;
    return f->exercise ? err_set(e, ERR_DENIED, "exercise: this incident is real; exercise data cannot enter it")
                       : err_set(e, ERR_DENIED, "exercise: this incident is an exercise; real data cannot enter it");
}

/* ---- a command -------------------------------------------------------- */

static uint32_t *place_of(const struct import_file *f, struct str ticket)
{
    for (size_t i = hash_str(places_key, ticket) % PLACES;; i = (i + 1) % PLACES)
        if (f->places[i] == 0 || str_eq(f->items[f->places[i] - 1].ticket, ticket))
            return &f->places[i];
}

struct import_item *import_file_find(const struct import_file *f, struct str ticket)
{
    uint32_t at = *place_of(f, ticket);

    return at ? &f->items[at - 1] : NULL;
}

static bool take_ticket(const struct json *j, struct str *out, struct err *e)
{
    if (!json_take_text(j, "id", (struct json_length){8, IMPORT_TICKET_MAX}, out, e))
        return false;
    for (size_t i = 0; i < out->len; i++) {
        char c = out->at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return err_set(e, ERR_INPUT, "id: must be a UUID");
    }
    return true;
}

static bool take_kind(const struct json *j, struct import_item *x, struct err *e)
{
    struct str tag;

    if (!json_take_text(j, "kind", (struct json_length){1, 64}, &tag, e))
        return false;
    x->kind = incident_kind_of(tag);
    if (x->kind == INC_NONE)
        return err_set(e, ERR_INPUT, "kind: there is no kind of event \"%.*s\"", STR_ARG(tag));
    if (x->kind == INC_INCIDENT_OPENED)
        return err_set(e, ERR_INPUT, "kind: an import goes into an incident that is open; it opens none");
    if (json_is(json_get(json_root(j), "fields")) != JSON_IS_OBJECT)
        return err_set(e, ERR_INPUT, "fields: an object with the fields of %.*s, please", STR_ARG(tag));
    return true;
}

/* What only an exercise may say of its time and people. */
static bool take_told(const struct json *j, bool exercise, struct import_item *x, struct str *actor, struct err *e)
{
    struct json_value when = json_get(json_root(j), "recorded_at"), who = json_get(json_root(j), "actor");
    bool said, is;

    if (!take_exercise(json_root(j), &is, &said, e))
        return false;
    if (said && is != exercise)
        return err_set(e, ERR_DENIED, "exercise: this incident is %s; such a command cannot enter it",
                       exercise ? "an exercise" : "real");
    x->recorded_ms = -1;
    *actor = json_as_text(who);
    if (json_is(when) == JSON_MISSING && json_is(who) == JSON_MISSING)
        return true;
    if (!exercise)
        return err_set(e, ERR_DENIED, "%s: only an exercise's commands say it; here the record says it itself",
                       json_is(who) == JSON_MISSING ? "recorded_at" : "actor");
    if (json_is(when) != JSON_MISSING && (!when_parse_zoned(json_as_text(when), &x->recorded_ms) || x->recorded_ms < 0))
        return err_set(e, ERR_INPUT, "recorded_at: a time with its offset, please, as 2026-02-17T19:12:00+05:00");
    return json_is(who) == JSON_MISSING || json_is(who) == JSON_TEXT || err_set(e, ERR_INPUT, "actor: a name, please");
}

static bool put_payload(const struct import_file *f, const struct json *j, struct import_item *x, struct buf *b,
                        struct err *e)
{
    size_t core;

    fields_put(b, FIELD_TICKET, x->ticket);
    fields_put(b, FIELD_BY, str_from(f->by));
    if (f->address[0])
        fields_put(b, FIELD_ADDRESS, str_from(f->address));
    core = b->len;
    incident_put(b, IN_INCIDENT, str_from(f->incident));
    if (!incident_from_json(x->kind, json_get(json_root(j), "fields"), b, e))
        return false;
    x->asked = buf_str(b);
    x->core = str_from_at(x->asked, core);
    if (!fields_has(x->core, (enum field)IN_VIA))
        incident_put(b, IN_VIA, STR("import"));
    return true;
}

static bool read_item(struct import_file *f, const struct json *j, bool exercise, struct err *e)
{
    struct import_item x = {.line = f->line - 1};
    struct json_value line = json_get(json_root(j), "line");
    struct buf b = buf_over(f->memory + f->memory_len, f->memory_max - f->memory_len);
    struct str actor, ticket;
    size_t core;

    if (json_is(line) == JSON_WHOLE && json_as_whole(line) > 0)
        x.line = (size_t)json_as_whole(line);
    if (!json_only(j, "id,kind,incident,fields,line,exercise,recorded_at,actor", e) || !take_ticket(j, &x.ticket, e) ||
        !take_kind(j, &x, e) || !take_told(j, exercise, &x, &actor, e) || !put_payload(f, j, &x, &b, e))
        return err_in(e, "line %zu", x.line);
    core = x.asked.len - x.core.len;
    incident_put(&b, IN_ACTOR, actor.len ? actor : str_from(f->by));
    if (exercise)
        incident_put(&b, IN_EXERCISE, STR("1"));
    if (b.full || b.len > INCIDENT_PAYLOAD_MAX / 2)
        return err_set(e, ERR_INPUT, "line %zu: fields: longer than %d bytes", x.line, INCIDENT_PAYLOAD_MAX / 2);
    x.asked = buf_str(&b);
    x.core = str_from_at(x.asked, core);
    ticket = fields_get(x.asked, FIELD_TICKET); /* the parser's own goes with it */
    if (import_file_find(f, ticket))
        return err_set(e, ERR_INPUT, "line %zu: id: the same as in line %zu; each command has its own", x.line,
                       import_file_find(f, ticket)->line);
    x.ticket = ticket;
    *place_of(f, ticket) = (uint32_t)f->count + 1;
    f->items[f->count++] = x;
    f->memory_len += b.len;
    return true;
}

bool import_file_read(struct import_file *f, bool exercise, size_t most, bool *done, struct err *e)
{
    for (size_t i = 0; i < most && f->at < f->len; i++) {
        struct str line = next_line(f);
        struct json *j;
        bool ok;

        if (line.len == 0)
            continue;
        if (line.len > IMPORT_LINE_MAX)
            return err_set(e, ERR_INPUT, "line %zu: %zu bytes; %d are the most", f->line - 1, line.len,
                           IMPORT_LINE_MAX);
        if (f->count == IMPORT_COMMANDS_MAX)
            return err_set(e, ERR_INPUT, "more than %d commands; import them in several files", IMPORT_COMMANDS_MAX);
        if (!json_read(line, &j, e))
            return err_in(e, "line %zu", f->line - 1);
        ok = read_item(f, j, exercise, e);
        json_drop(j);
        if (!ok)
            return false;
    }
    *done = f->at == f->len;
    return true;
}

void import_file_end(struct import_file *f)
{
    free(f->text);
    free(f->memory);
    free(f->items);
    free(f->places);
    *f = (struct import_file){0};
}

/* ---- writing, and the result ------------------------------------------- */

void import_head_put(const struct import_head *h, struct buf *b)
{
    buf_put(b, STR("{\"cordon\":"));
    buf_json(b, FORMAT);
    buf_put(b, STR(",\"incident\":"));
    buf_json(b, h->incident);
    buf_put(b, STR(",\"by\":"));
    buf_json(b, h->by);
    buf_put(b, STR(",\"roles\":"));
    buf_json(b, h->roles);
    buf_put(b, STR(",\"agency\":"));
    buf_json(b, h->agency);
    buf_put(b, STR(",\"address\":"));
    buf_json(b, h->address);
    buf_put(b, STR(",\"source\":"));
    buf_json(b, str_cut(h->source, 0, h->source.len < IMPORT_NAME_MAX / 2 ? h->source.len : IMPORT_NAME_MAX / 2));
    if (h->says_exercise)
        buf_put(b, h->exercise ? STR(",\"exercise\":true") : STR(",\"exercise\":false"));
    buf_put(b, STR("}\n"));
}

void import_result_put(const struct import_result *r, struct buf *b)
{
    buf_put(b, STR("{\"incident\":"));
    buf_json(b, str_from(r->incident));
    buf_put(b, STR(",\"by\":"));
    buf_json(b, str_from(r->by));
    buf_fmt(b, ",\"ok\":%s,\"total\":%zu,\"known\":%zu,\"commands\":%zu,\"events\":%zu,\"first\":%" PRIu64,
            r->ok ? "true" : "false", r->total, r->known, r->commands, r->events, r->first);
    buf_fmt(b, ",\"last\":%" PRIu64 ",\"refused\":%d,\"text\":", r->last, (int)r->refused);
    buf_json(b, str_from(r->text));
    buf_put(b, STR("}\n"));
}

bool import_result_read(struct str json, struct import_result *r, struct err *e)
{
    struct json_value root;
    int64_t refused;
    struct json *j;

    if (!json_read(json, &j, e))
        return false;
    root = json_root(j);
    refused = json_as_whole(json_get(root, "refused"));
    *r = (struct import_result){
        .ok = json_as_bool(json_get(root, "ok")),
        .total = (size_t)json_as_whole(json_get(root, "total")),
        .known = (size_t)json_as_whole(json_get(root, "known")),
        .commands = (size_t)json_as_whole(json_get(root, "commands")),
        .events = (size_t)json_as_whole(json_get(root, "events")),
        .first = (uint64_t)json_as_whole(json_get(root, "first")),
        .last = (uint64_t)json_as_whole(json_get(root, "last")),
        .refused = refused >= 0 && refused <= ERR_RIGHTS ? (enum err_kind)refused : ERR_WORLD,
    };
    (void)str_copy(r->incident, sizeof r->incident, json_as_text(json_get(root, "incident")));
    (void)str_copy(r->by, sizeof r->by, json_as_text(json_get(root, "by")));
    (void)str_copy(r->text, sizeof r->text, json_as_text(json_get(root, "text")));
    json_drop(j);
    return true;
}
