/* What a caller may send as a command: any JSON object with a kind and fields.
 *
 * What is accepted prints as JSON, and that reads back to the same payload and prints the same.  What is
 * refused has a sentence and leaves the payload empty.  An accepted command is also decided over an open
 * incident and applied, and every view of what it made is JSON. */
#include "edge/incident_json.h"
#include "edge/incident_views.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 20 };

static char payload[INCIDENT_PAYLOAD_MAX], payload_again[INCIDENT_PAYLOAD_MAX], text[TEXT_MAX], text_again[TEXT_MAX];
static char decided_memory[INCIDENT_DECIDE_MEMORY], opened[256], command[2 * INCIDENT_PAYLOAD_MAX];
static struct incident_decided decided;
static struct view_work work;
static _Alignas(64) char state[8 << 20];

static struct json_value member(struct json *j, const char *name)
{
    return json_get(json_root(j), name);
}

static struct incident *open_incident(void)
{
    struct incident_limits limits = {.entities = 1 << 11, .fields = 1 << 14, .text = 1 << 20};
    struct buf b = buf_over(opened, sizeof opened);
    struct incident *s;

    MUST(incident_memory(&limits) <= sizeof state);
    memset(state, 0, incident_memory(&limits));
    s = incident_init(state, &limits, (struct hash_key){1, 2});
    incident_put(&b, IN_INCIDENT, STR("EX"));
    incident_put(&b, IN_NAME, STR("EX"));
    incident_put(&b, IN_TYPE, STR("other"));
    incident_put_int(&b, IN_RECORDED_AT, 1700000000000);
    incident_apply(s, 1, INC_INCIDENT_OPENED, buf_str(&b));
    return s;
}

static void is_json(struct str s)
{
    struct json *j;
    struct err e;

    MUST(json_read(s, &j, &e));
    json_drop(j);
}

/* As the record would: decided, applied, shown. */
static void run(enum incident_kind kind, struct str fields)
{
    struct incident *s = open_incident();
    struct incident_command c = {kind, fields, 1700000001000};
    struct view_ask q = {s, NULL, 1700000100000, &work};
    struct buf memory = buf_over(decided_memory, sizeof decided_memory);
    struct err e;

    if (!incident_decide(s, &c, &memory, &decided, &e))
        return;
    for (size_t i = 0; i < decided.n; i++)
        incident_apply(s, 2 + i, decided.events[i].kind, decided.events[i].payload);
    for (const char *const *name = incident_view_names(); *name; name++) {
        struct buf b = buf_over(text, sizeof text);

        MUST(incident_view(str_from(*name), &q, &b, &e) && !b.full);
        is_json(buf_str(&b));
    }
    for (uint32_t x = 1; x <= s->entities; x++) {
        struct buf b = buf_over(text, sizeof text);

        incident_entity_json(s, x, NULL, true, &b);
        MUST(!b.full);
        is_json(buf_str(&b));
    }
}

static void there_and_back(enum incident_kind kind, struct str fields)
{
    struct buf a = buf_over(text, sizeof text), b = buf_over(text_again, sizeof text_again);
    struct buf again = buf_over(payload_again, sizeof payload_again);
    struct json *j;
    struct err e;

    incident_event_json(kind, fields, NULL, &a);
    MUST(!a.full && json_read(buf_str(&a), &j, &e));
    MUST(incident_from_json(kind, json_root(j), &again, &e));
    json_drop(j);
    incident_event_json(kind, buf_str(&again), NULL, &b);
    MUST(str_eq(buf_str(&a), buf_str(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf b = buf_over(payload, sizeof payload), c = buf_over(command, sizeof command);
    enum incident_kind kind;
    struct json *j;
    struct err e = {0};

    if (size > 64 * 1024 || !json_read(str_of(data, size), &j, &e))
        return 0;
    kind = incident_kind_of(json_as_text(member(j, "kind")));
    if (incident_from_json(kind, member(j, "fields"), &b, &e)) {
        there_and_back(kind, buf_str(&b));
        if (kind_info(kind)->entity == ENT_INCIDENT)
            incident_put(&c, IN_INCIDENT, STR("EX"));
        buf_put(&c, buf_str(&b));
        run(kind, buf_str(&c));
    } else
        MUST(b.len == 0 && !b.full && e.kind != ERR_NONE && e.text[0]);
    json_drop(j);
    return 0;
}
