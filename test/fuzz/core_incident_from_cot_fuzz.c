/* An event of a phone, as a row of the river, into an open incident: whatever it says, the commands that
 * come of it are taken by the incident, the same row again gives none that are there already, its drawing
 * becomes a cordon or is refused with a sentence, and what goes out to phones of it can be read. */
#include "core/incident_from_cot.h"
#include "core/incident_promote.h"
#include "core/incident_to_cot.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_IN = 1 << 16, OUTS = 8 };

static char memory_bytes[INCIDENT_PROMOTE_MEMORY], decide_bytes[INCIDENT_DECIDE_MEMORY], row_bytes[3 * SIZE_MAX_IN];
static char values_bytes[2 * SIZE_MAX_IN], out_bytes[INCIDENT_COT_MEMORY];
static struct incident_decided decided;
static const char server[] = "cordon-fuzz";
static const struct incident_limits limits = {.entities = 1 << 9, .fields = 1 << 12, .text = 1 << 18};

/* What goes out of an event is XML that phones can take. */
static void check_outgoing(const struct incident *s, const struct incident_event *x)
{
    static const struct cot_device devices[] = {{{"D1", 2}, {"P1", 2}}};
    struct incident_outgoing o = {.s = s, .kind = x->kind, .payload = x->payload, .seq = s->seq, .now_ms = 1,
                                  .server_uid = str_from(server), .server_name = STR("C"), .devices = devices,
                                  .device_count = 1};
    struct buf b = buf_over(out_bytes, sizeof out_bytes);
    struct cot_out out[OUTS];
    size_t n = incident_cot(&o, &b, out, OUTS);

    for (size_t i = 0; i < n; i++) {
        struct buf values = buf_over(values_bytes, sizeof values_bytes);
        struct cot c;
        struct err e;

        MUST(out[i].xml.len <= LIMIT_EVENT_OUT && cot_from_xml(out[i].xml, &values, &c, &e));
        MUST(str_find(out[i].xml, STR("</event>")) == out[i].xml.len - 8);
    }
}

static void apply(struct incident *s, enum incident_kind kind, struct str payload)
{
    struct incident_command c = {kind, payload, INT64_C(1700000000000)};
    struct buf b = buf_over(decide_bytes, sizeof decide_bytes);
    struct err e = {0};

    if (!incident_decide(s, &c, &b, &decided, &e)) {
        MUST(e.kind == ERR_FULL);
        return;
    }
    for (size_t i = 0; i < decided.n; i++)
        incident_apply(s, s->seq + 1, decided.events[i].kind, decided.events[i].payload);
    check_outgoing(s, &decided.events[0]);
}

static void open_with(struct incident *s, enum incident_kind kind, const enum incident_field *f, const char *const *v)
{
    char bytes[512];
    struct buf b = buf_over(bytes, sizeof bytes);

    for (size_t i = 0; f[i]; i++)
        incident_put(&b, f[i], str_from(v[i]));
    apply(s, kind, buf_str(&b));
}

static void *room(void)
{
    size_t n = (incident_memory(&limits) + 63) & ~(size_t)63;
    void *at = aligned_alloc(64, n);

    MUST(at);
    return memset(at, 0, n);
}

/* An open incident with a unit inside, a PAR call and an order. */
static struct incident *scene(void *memory)
{
    struct incident *s = incident_init(memory, &limits, (struct hash_key){1, 2});

    open_with(s, INC_INCIDENT_OPENED, (enum incident_field[]){IN_INCIDENT, IN_NAME, IN_TYPE, IN_NONE},
              (const char *[]){"i", "n", "bomb"});
    open_with(s, INC_AGENCY_JOINED, (enum incident_field[]){IN_AGENCY, IN_NAME, IN_AGENCY_KIND, IN_NONE},
              (const char *[]){"a", "A", "fire"});
    open_with(s, INC_UNIT_CHECKED_IN, (enum incident_field[]){IN_UNIT, IN_AGENCY, IN_ALIAS, IN_NONE},
              (const char *[]){"P1", "a", "D1"});
    open_with(s, INC_STRUCTURE_DEFINED, (enum incident_field[]){IN_STRUCTURE, IN_NAME, IN_STOREYS, IN_NONE},
              (const char *[]){"H", "H", "1"});
    open_with(s, INC_UNIT_ENTERED, (enum incident_field[]){IN_UNIT, IN_ZONE, IN_NONE}, (const char *[]){"P1", "H/0/A"});
    open_with(s, INC_MESSAGE_SENT, (enum incident_field[]){IN_MESSAGE, IN_TO, IN_TEXT, IN_NONE},
              (const char *[]){"m", "P1", "x"});
    open_with(s, INC_PAR_CALLED, (enum incident_field[]){IN_PAR, IN_REASON, IN_NONE}, (const char *[]){"p", "x"});
    return s;
}

static void put(struct buf *b, enum field f, struct str v)
{
    if (v.len)
        fields_put(b, f, v);
}

/* As a session writes it; the kind is what the first byte of the input says. */
static struct str row(struct str xml)
{
    static struct cot_routing r;
    struct buf b = buf_over(row_bytes, sizeof row_bytes), values = buf_over(values_bytes, sizeof values_bytes);
    struct cot c = {0};
    struct err e;

    put(&b, FIELD_USER, STR("u"));
    put(&b, FIELD_FROM_UID, STR("D1"));
    memset(&r, 0, sizeof r);
    if (cot_from_xml(xml, &values, &c, &e) && cot_route(&c, &values, &r, &e)) {
        put(&b, FIELD_UID, c.uid);
        put(&b, FIELD_TYPE, c.type);
        put(&b, FIELD_CALLSIGN, c.contact.callsign);
        put(&b, FIELD_LAT, c.lat.text);
        put(&b, FIELD_LON, c.lon.text);
        put(&b, FIELD_LINK_UID, r.link_uid);
        put(&b, FIELD_MESSAGE_ID, r.chat_message_id);
        put(&b, FIELD_ROOM_ID, r.chat_id);
        put(&b, FIELD_TEXT, r.remarks);
        put(&b, FIELD_SUB_TYPE, r.emergency_type);
        put(&b, FIELD_NAME, r.emergency_text);
    } else {
        put(&b, FIELD_UID, STR("x"));
        put(&b, FIELD_TEXT, xml);
        put(&b, FIELD_CALLSIGN, xml);
        put(&b, FIELD_ROOM_ID, str_from(server));
    }
    put(&b, FIELD_EVENT_XML, xml);
    return buf_str(&b);
}

static void hear(struct incident *s, const struct incident_river *r)
{
    struct incident_command out[INCIDENT_RIVER_COMMANDS];
    struct buf b = buf_over(memory_bytes, INCIDENT_RIVER_MEMORY);
    size_t n = incident_from_river(r, &b, out, COUNTOF(out));

    for (size_t i = 0; i < n; i++)
        apply(s, out[i].kind, out[i].payload);
}

static void promote(struct incident *s, const struct incident_river *r)
{
    char bytes[256];
    struct buf fields = buf_over(bytes, sizeof bytes), b = buf_over(memory_bytes, sizeof memory_bytes);
    struct incident_promote p = {.s = s, .drawing = r->payload, .seq = r->seq, .wanted = INC_CORDON_SET};
    struct incident_command c;
    struct err e = {0};

    incident_put(&fields, IN_CORDON, STR("c"));
    incident_put(&fields, IN_CORDON_KIND, STR("inner"));
    p.fields = buf_str(&fields);
    if (incident_promote(&p, &b, &c, &e))
        apply(s, c.kind, c.payload);
    else
        MUST(e.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned kinds[] = {EV_EMERGENCY_RAISED, EV_EMERGENCY_CANCELLED, EV_CASEVAC_SENT,
                                     EV_OBJECT_PUT,       EV_CHAT_SAID,           EV_CHAT_RECEIPT};
    static void *memory, *fresh;
    struct incident_river r = {.now_ms = INT64_C(1700000000000), .server_uid = str_from(server)};
    struct incident *s;
    char *copy;

    if (size < 2 || size > SIZE_MAX_IN)
        return 0;
    if (!memory) {
        memory = room();
        fresh = room();
        (void)scene(fresh);
    }
    copy = malloc(size);
    MUST(copy);
    memcpy(copy, data, size);
    memcpy(memory, fresh, incident_memory(&limits)); /* a copy of the block is the incident as it was */
    s = memory;
    r.s = s;
    r.kind = kinds[data[0] % COUNTOF(kinds)];
    r.payload = row(str_of(copy + 1, size - 1));
    r.seq = s->seq + 1;
    incident_apply(s, r.seq, r.kind, r.payload);
    hear(s, &r);
    hear(s, &r); /* read again after a crash */
    promote(s, &r);
    free(copy);
    return 0;
}
