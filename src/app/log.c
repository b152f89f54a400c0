/* log.c -- the record from the command line: log, verify, erase. */
#include "app/args.h"
#include "app/bring.h"
#include "app/commands.h"
#include "app/folder.h"
#include "app/who.h"
#include "base/when.h"
#include "core/incident.h"
#include "core/record.h"
#include "edge/erasure.h"
#include "edge/incidents.h"
#include "os/clock.h"
#include "store/blobs.h"
#include "store/files.h"
#include "store/journal.h"
#include "store/missions.h"
#include "wire/cot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    enum field tag;
    const char *name;
} names[] = {
    {FIELD_USER, "user"},       {FIELD_SERIAL, "serial"},     {FIELD_ADDRESS, "address"}, {FIELD_UID, "uid"},
    {FIELD_CALLSIGN, "callsign"}, {FIELD_TYPE, "type"},       {FIELD_GROUP, "group"},     {FIELD_TO, "to"},
    {FIELD_EVENT_XML, "event"}, {FIELD_EVENT_PROTO, "event_v1"}, {FIELD_REASON, "reason"},
    {FIELD_MESSAGE_ID, "message_id"}, {FIELD_TEXT, "text"},   {FIELD_BY, "by"},           {FIELD_OFFLINE, "offline"},
    {FIELD_LINK_UID, "about"},  {FIELD_ROOM_ID, "room_id"},   {FIELD_ROOM, "room"},       {FIELD_LAT, "lat"},
    {FIELD_LON, "lon"},         {FIELD_SUB_TYPE, "sub_type"}, {FIELD_NAME, "name"},       {FIELD_SIZE, "size"},
    {FIELD_SHA256, "sha256"},   {FIELD_FROM_UID, "from_uid"}, {FIELD_STALE_MS, "stale_ms"},
    {FIELD_EVERYONE, "everyone"}, {FIELD_TICKET, "ticket"},   {FIELD_CLAIMANT, "claimant"}, {FIELD_REF, "ref"},
    {FIELD_IN, "in"},           {FIELD_OUT, "out"},         {FIELD_AGENCY, "agency"},   {FIELD_CHANGED, "changed"},
    {FIELD_INVITE, "invite"},   {FIELD_USES, "uses"},       {FIELD_UNTIL_MS, "until_ms"}, {FIELD_WAITS, "waits"},
    {FIELD_COUNT, "count"},     {FIELD_ROLE, "role"},       {FIELD_BEFORE, "before"},
    {FIELD_MIME, "mime"},       {FIELD_KEYWORD, "keyword"}, {FIELD_TOOL, "tool"},       {FIELD_CREATOR, "creator"},
    {FIELD_EXPIRES_MS, "expires_ms"}, {FIELD_IMAGE, "image"}, {FIELD_WHEN, "when"},     {FIELD_ENABLED, "enabled"},
    {FIELD_OF_AGENCY, "of_agency"}, {FIELD_SHARE, "share"}, {FIELD_INCIDENT, "incident"},
    {FIELD_FROM_AGENCY, "from_agency"}, {FIELD_TO_AGENCY, "to_agency"}, {FIELD_ALLOW, "allow"},
    {FIELD_ENDED, "ended"},   {FIELD_OFF, "off"},
};

/* A tag from 60 on means another thing in a row of a mission. */
static const char *const mission_names[] = {
    [FIELD_MISSION - FIELD_MISSION] = "mission",
    [FIELD_MISSION_NAME - FIELD_MISSION] = "mission_name",
    [FIELD_MISSION_CHANGE - FIELD_MISSION] = "change",
    [FIELD_MISSION_KEY - FIELD_MISSION] = "key",
    [FIELD_MISSION_VALUE - FIELD_MISSION] = "value",
    [FIELD_MISSION_ROLE - FIELD_MISSION] = "role",
    [FIELD_MISSION_CREATOR - FIELD_MISSION] = "creator",
    [FIELD_MISSION_CLIENT - FIELD_MISSION] = "client",
    [FIELD_MISSION_TOKEN - FIELD_MISSION] = "token_id",
    [FIELD_MISSION_KEYWORD - FIELD_MISSION] = "keyword",
    [FIELD_MISSION_COT - FIELD_MISSION] = "cot",
    [FIELD_MISSION_CLAIM - FIELD_MISSION] = "claim",
    [FIELD_MISSION_TYPE - FIELD_MISSION] = "type",
    [FIELD_MISSION_PARENT - FIELD_MISSION] = "parent",
    [FIELD_MISSION_AFTER - FIELD_MISSION] = "after",
    [FIELD_MISSION_HASH - FIELD_MISSION] = "content_hash",
    [FIELD_MISSION_FROM - FIELD_MISSION] = "copy_of",
    [FIELD_MISSION_AT - FIELD_MISSION] = "at_ms",
    [FIELD_MISSION_USER - FIELD_MISSION] = "username",
    [FIELD_MISSION_ONE - FIELD_MISSION] = "one",
};

static bool of_incident(unsigned kind)
{
    return kind < INC_END && kind_info(kind)->tag;
}

/* An incident's events have tags of their own: 81 is what a rule shares in a row of the river, and there that it is
 * an exercise. */
static const char *name_of(unsigned kind, enum field tag)
{
    if (of_incident(kind) && field_info(tag)->name)
        return field_info(tag)->name;
    if ((kind == EV_MISSION_CHANGED || kind == EV_MISSION_TOLD) && tag >= FIELD_MISSION &&
        (size_t)(tag - FIELD_MISSION) < COUNTOF(mission_names))
        return mission_names[tag - FIELD_MISSION];
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (names[i].tag == tag)
            return names[i].name;
    return field_info(tag)->name ? field_info(tag)->name : "field";
}

/* Kinds of the river and of incidents. */
static const char *tag_of(unsigned kind)
{
    return of_incident(kind) ? kind_info(kind)->tag : event_tag(kind);
}

void log_kinds(void)
{
    static const char *const types[] = {
        [TYPE_LINE] = "line", [TYPE_ID] = "id",     [TYPE_TEXT] = "text",   [TYPE_INT] = "integer",
        [TYPE_NUMBER] = "number", [TYPE_TIME] = "milliseconds", [TYPE_BOOL] = "1 or absent", [TYPE_GRADE] = "grade",
        [TYPE_WORD] = "word", [TYPE_PAIR] = "category=number", [TYPE_REF] = "id of another",
    };

    for (unsigned kind = 1; kind < INC_END; kind++)
        if (event_by_tag(str_from(tag_of(kind))) || of_incident(kind))
            (void)printf("kind %u %s\n", kind, tag_of(kind));
    for (size_t i = 0; i < COUNTOF(names); i++)
        (void)printf("field %d %s\n", (int)names[i].tag, names[i].name);
    for (size_t i = 0; i < COUNTOF(mission_names); i++)
        if (mission_names[i])
            (void)printf("field %d %s (of kinds 80 and 81)\n", (int)FIELD_MISSION + (int)i, mission_names[i]);
    for (unsigned tag = 0; tag < FIELD_TAGS; tag++)
        if (field_info(tag)->name)
            (void)printf("field %u %s (of kinds from 100 on): %s\n", tag, field_info(tag)->name,
                         types[field_info(tag)->type]);
}

struct print {
    bool json, exercise;
    uint64_t to;
    int64_t since_ms, until_ms;
    const char *incident; /* NULL: of all, and what is of none */
    char *memory;
    size_t max;
};

static void put_json(struct buf *b, const struct journal_row *row, bool exercise)
{
    struct str rest = row->payload, value;
    enum field tag;

    buf_fmt(b, "{\"seq\":%" PRIu64 ",\"kind\":\"%s\",\"recorded\":\"", row->seq, tag_of(row->kind));
    when_put(b, row->recorded_ms);
    buf_put(b, STR("\",\"observed\":"));
    if (row->observed_ms) {
        buf_byte(b, '"');
        when_put(b, row->observed_ms);
        buf_byte(b, '"');
    } else {
        buf_put(b, STR("null"));
    }
    buf_fmt(b, ",\"erased\":%s%s%s,\"fields\":[", row->erased ? "true" : "false",
            row->damaged ? ",\"damaged\":true" : "", exercise ? ",\"exercise\":true" : "");
    for (bool first = true; fields_next(&rest, &tag, &value); first = false) {
        buf_fmt(b, "%s[\"%s\",", first ? "" : ",", name_of(row->kind, tag));
        if (tag == FIELD_EVENT_PROTO) {
            buf_byte(b, '"');
            buf_hex(b, value.at, value.len);
            buf_byte(b, '"');
        } else {
            buf_json(b, value);
        }
        buf_byte(b, ']');
    }
    buf_put(b, STR("],\"hash\":\""));
    buf_hex(b, row->hash, JOURNAL_HASH);
    buf_put(b, STR("\"}\n"));
}

static void put_value(struct buf *b, unsigned kind, enum field tag, struct str value)
{
    int64_t ms;

    if (of_incident(kind) && field_info(tag)->type == TYPE_TIME && str_to_int(value, 0, INT64_MAX, &ms))
        when_put(b, ms);
    else
        buf_json(b, value);
}

/* Text for people: the event itself is left out, control characters are escaped, times are times. */
static void put_text(struct buf *b, const struct journal_row *row)
{
    struct str rest = row->payload, value;
    enum field tag;

    buf_fmt(b, "%8" PRIu64 "  ", row->seq);
    when_put(b, row->recorded_ms);
    buf_fmt(b, "  %-22s", tag_of(row->kind));
    if (row->erased)
        buf_put(b, STR(" (erased)"));
    if (row->damaged)
        buf_put(b, STR(" (does not open with its key: cordon verify tells more)"));
    while (fields_next(&rest, &tag, &value)) {
        if (tag == FIELD_EVENT_XML || tag == FIELD_EVENT_PROTO || tag == FIELD_STALE_MS ||
            (tag == FIELD_MISSION_COT && row->kind == EV_MISSION_CHANGED))
            continue;
        buf_fmt(b, " %s=", name_of(row->kind, tag));
        put_value(b, row->kind, tag, value);
    }
    buf_byte(b, '\n');
}

/* Which incident a text that is gone was of, is gone with it: such an event is shown with each. */
static bool is_of(const struct journal_row *row, const char *incident)
{
    if (!incident)
        return true;
    if (of_incident(row->kind))
        return row->erased || row->damaged ||
               str_eq(incident_value(row->payload, IN_INCIDENT), str_from(incident));
    return str_eq(fields_get(row->payload, FIELD_INCIDENT), str_from(incident));
}

static bool print_row(void *ctx, const struct journal_row *row)
{
    struct print *p = ctx;
    struct buf b = buf_over(p->memory, p->max);

    if (p->to && row->seq > p->to)
        return false;
    if (row->recorded_ms < p->since_ms || row->recorded_ms > p->until_ms || !is_of(row, p->incident))
        return true;
    if (p->json)
        put_json(&b, row, p->exercise);
    else
        put_text(&b, row);
    return fwrite(b.at, 1, b.len, stdout) == b.len;
}

static bool number(const char *option, const char *text, int64_t *out, struct err *e)
{
    return str_to_int(str_from(text), 0, INT64_MAX / 2, out) ||
           err_set(e, ERR_INPUT, "%s must be a row's number, not \"%s\"", option, text);
}

static bool moment(const char *option, const char *text, int64_t *out, struct err *e)
{
    return !text || when_parse_zoned(str_from(text), out) ||
           err_set(e, ERR_INPUT, "%s: a time with its zone as 2026-02-17T19:12:00+05:00, or with Z, please", option);
}

static bool take_kind(const char *kind, uint16_t *out, struct err *e)
{
    *out = (uint16_t)event_by_tag(str_from(kind));
    if (!*out)
        *out = (uint16_t)incident_kind_of(str_from(kind));
    return *out || err_set(e, ERR_INPUT, "there is no kind \"%s\": cordon help --kinds lists them", kind);
}

int command_log(int argc, char **argv)
{
    const char *dir = "cordon-data", *from = "1", *to = "0", *kind = NULL, *since = NULL, *until = NULL;
    struct print p = {.max = 8u << 20, .since_ms = INT64_MIN, .until_ms = INT64_MAX};
    const struct arg args[] = {{.name = "--data", .value = &dir},
                               {.name = "--from", .value = &from},
                               {.name = "--to", .value = &to},
                               {.name = "--kind", .value = &kind},
                               {.name = "--since", .value = &since},
                               {.name = "--until", .value = &until},
                               {.name = "--incident", .value = &p.incident},
                               {.name = "--json", .flag = &p.json}};
    uint16_t kinds[2] = {0};
    struct journal *j = NULL;
    int64_t first, last;
    struct err e;
    bool ok = args_take(argc, argv, args, COUNTOF(args), NULL, &e) && number("--from", from, &first, &e) &&
              number("--to", to, &last, &e) && moment("--since", since, &p.since_ms, &e) &&
              moment("--until", until, &p.until_ms, &e) && (!kind || take_kind(kind, &kinds[0], &e));

    p.exercise = folder_is_exercise(dir);
    p.to = ok ? (uint64_t)last : 0;
    p.memory = malloc(p.max);
    ok = ok && p.memory && journal_open_reader(dir, &j, &e);
    if (ok && p.exercise && !p.json)
        (void)fputs(FOLDER_EXERCISE, stdout);
    ok = ok &&
         journal_read(j, (uint64_t)(first ? first : 1), kind ? kinds : NULL, print_row, &p, &e);
    if (j)
        journal_close(j);
    free(p.memory);
    return ok ? 0 : args_fail("log", &e);
}

static void tell_bad(void *ctx, const char *name, const char *finding)
{
    (void)ctx;
    (void)printf("BROKEN file %s: %s\n", name, finding);
}

/* An entry whose bytes are not there. */
struct missing {
    const char *dir;
    uint64_t count;
};

static bool tell_missing(void *ctx, const struct file *x)
{
    struct missing *m = ctx;
    char hex[SHA256_HEX];
    struct buf b = buf_over(hex, sizeof hex);
    uint64_t size;
    int fd = blob_open(m->dir, x->sha256, &size);

    if (fd >= 0) {
        (void)close(fd);
        return true;
    }
    buf_hex(&b, x->sha256, SHA256_SIZE);
    (void)printf("MISSING file %.*s (row %" PRIu64 ")\n", STR_ARG(buf_str(&b)), x->seq);
    m->count++;
    return true;
}

/* Every file against its name, and every living entry against the files; false: something is wrong, or e. */
static bool verify_files(const char *dir, struct err *e)
{
    static const struct files_search all = {0};
    struct missing m = {.dir = dir};
    struct files *f = NULL;
    struct blobs_check c;
    char path[BLOB_PATH_MAX];
    bool ok = blobs_verify(dir, tell_bad, NULL, &c, e);

    (void)snprintf(path, sizeof path, "%s/files.db", dir);
    if (ok && access(path, R_OK) == 0)
        ok = files_open(dir, true, &f, e) && files_search(f, &all, clock_wall_ms(), tell_missing, &m, e);
    files_close(f);
    if (!ok)
        return false;
    (void)printf("%" PRIu64 " file%s, %" PRIu64 " bytes: %s\n", c.files, c.files == 1 ? "" : "s", c.bytes,
                 c.bad || m.count ? "see above" : "each has the SHA-256 that it is named by");
    return c.bad == 0 && m.count == 0;
}

int command_verify(int argc, char **argv)
{
    const char *dir = "cordon-data", *witness = NULL;
    bool files = false;
    const struct arg args[] = {{.name = "--data", .value = &dir},
                               {.name = "--witness", .value = &witness},
                               {.name = "--files", .flag = &files}};
    struct journal_head head;
    struct journal_verify v = {0};
    struct journal *j = NULL;
    char text[6 * sizeof v.finding];
    struct buf b = buf_over(text, sizeof text);
    struct err e;
    bool ok = args_take(argc, argv, args, COUNTOF(args), NULL, &e) &&
              (!witness || seal_take_head("--witness", witness, &head, &e)) &&
              journal_open_reader(dir, &j, &e) && journal_verify(j, witness ? &head : NULL, &v, &e) &&
              erasures_prove(j, &v, &e);

    if (j && journal_moved(j))
        ok = err_set(&e, ERR_WORLD, "the record was written to meanwhile: look again");
    if (j)
        journal_close(j);
    if (!ok)
        return args_fail("verify", &e);
    if (folder_is_exercise(dir))
        (void)fputs(FOLDER_EXERCISE, stdout);
    if (v.finding[0]) {
        buf_shown(&b, str_from(v.finding));
        (void)printf("BROKEN at row %" PRIu64 ": %.*s\n", v.bad_seq, STR_ARG(buf_str(&b)));
        return 1;
    }
    buf_hex(&b, v.head.hash, JOURNAL_HASH);
    (void)printf("the chain holds: %" PRIu64 " rows, %" PRIu64 " erased, %" PRIu64 " signed heads\n", v.rows, v.erased,
                 v.checkpoints);
    (void)printf("head %" PRIu64 ":%.*s\n", v.head.seq, STR_ARG(buf_str(&b)));
    if (v.no_pub && v.checkpoints)
        (void)puts("journal.pub is not there: whose key signed the heads was not checked");
    if (v.witness_unread)
        (void)printf("%" PRIu64 " lines of witness.txt cannot be read\n", v.witness_unread);
    b.len = 0;
    buf_shown(&b, str_from(v.witnessed_by));
    if (v.witnesses)
        (void)printf("%" PRIu64 " witnesses; the last is row %" PRIu64 ", held by %.*s\n", v.witnesses,
                     v.witnessed_seq, STR_ARG(buf_str(&b)));
    if (!witness && !v.witnesses)
        (void)puts("nobody else holds a head of this record: a cut end cannot be seen; see cordon seal");
    else if (v.witnessed_seq < v.head.seq && (!witness || head.seq < v.head.seq))
        (void)printf("rows %" PRIu64 " to %" PRIu64 " are with nobody else yet: see cordon seal\n",
                     (witness && head.seq > v.witnessed_seq ? head.seq : v.witnessed_seq) + 1, v.head.seq);
    e = (struct err){0};
    if (files && !verify_files(dir, &e))
        return e.kind == ERR_NONE ? 1 : args_fail("verify", &e);
    return 0;
}

/* The erasure is an event itself, on the disk before the key is gone. */
static bool note_erasure(struct journal *j, const struct erasure *x, struct import_result *out, struct err *e)
{
    char payload[ERASURE_PAYLOAD];
    struct buf b = buf_over(payload, sizeof payload);

    if (x->incident[0])
        incident_put(&b, IN_INCIDENT, str_from(x->incident));
    if (x->exercise)
        incident_put(&b, IN_EXERCISE, STR("1"));
    incident_put_int(&b, IN_RECORDED_AT, clock_wall_ms());
    erasure_event(x, &b);
    MUST(!b.full);
    return journal_add(j, INC_KEY_SHREDDED, clock_wall_ms(), 0, buf_str(&b), &out->first, e) && journal_commit(j, e);
}

/* Without a server: a text that is gone already only loses what older pages have of its key. */
static bool erase_alone(const struct bring *b, struct journal *j, struct import_result *out, struct err *e)
{
    struct erasure *x = b->ctx;

    out->ok = erasure_find(j, x, e) && (x->erased || note_erasure(j, x, out, e)) && journal_erase(j, x->seq, e) &&
              (!files_takes(x->kind) || files_wipe(b->dir, e)) &&
              (x->kind != EV_MISSION_CHANGED || missions_forget(b->dir, e));
    return out->ok;
}

/* An operator has to be one who may, as in the browser; another name is whoever has the record and its keys. */
static bool may_erase(const char *dir, const char *by, struct err *e)
{
    struct who_acts who;
    struct access a;

    if (!who_acts(dir, by, NULL, &who, e))
        return false;
    a = access_of(str_from(who.roles));
    return who.is == WHO_UNSAID || access_has_role(&a, STR("commander")) ||
           err_set(e, ERR_DENIED, "--by: a text is erased by decision of a commander; \"%s\" is none", by);
}

int command_erase(int argc, char **argv)
{
    const char *dir = "cordon-data", *word = NULL, *by = NULL, *reason = NULL;
    bool yes = false;
    const struct arg args[] = {{.name = "--data", .value = &dir},
                               {.name = "--by", .value = &by},
                               {.name = "--reason", .value = &reason},
                               {.name = "--yes", .flag = &yes}};
    char line[ERASURE_PAYLOAD];
    struct buf b = buf_over(line, sizeof line);
    struct erasure x = {0};
    struct bring how = {.alone = erase_alone, .ctx = &x};
    struct import_result r;
    int64_t seq;
    struct err e;
    bool ok = args_take(argc, argv, args, COUNTOF(args), &word, &e);

    if (ok && (!word || !yes || !by || !by[0] || !reason || !reason[0]))
        ok = err_set(&e, ERR_INPUT, "this cannot be undone, and is noted in the record: cordon erase SEQ --data DIR "
                                    "--by NAME --reason TEXT --yes");
    ok = ok && number("SEQ", word, &seq, &e);
    if (ok && (!str_copy(x.by, sizeof x.by, str_from(by)) || !str_copy(x.reason, sizeof x.reason, str_from(reason))))
        ok = err_set(&e, ERR_INPUT, "--by: %d bytes at most, --reason: %d", ERASURE_BY_MAX, ERASURE_REASON_MAX);
    if (ok) {
        x.seq = (uint64_t)seq;
        erasure_put(&x, &b);
        how.dir = dir;
        how.bytes = buf_str(&b);
        MUST(!b.full);
        ok = may_erase(dir, by, &e) && bring(&how, &r, &e) && (r.ok || err_set(&e, r.refused, "%s", r.text));
    }
    if (!ok)
        return args_fail("erase", &e);
    (void)printf("the text of row %" PRId64 " is gone; the chain is whole\n", seq);
    return 0;
}
