#include "edge/web_event.h"

#include "edge/incidents.h"

#include "wire/number.h"
#include "wire/takproto.h"

#include <inttypes.h>
#include <math.h>

struct column;
typedef void put_fn(const struct web_event *ev, const struct column *c, struct buf *b);

/* One member of `data`: how it is written, from which field, or from which else. */
struct column {
    const char *name;
    put_fn *put;
    enum field from, otherwise;
};

enum { COLUMNS_MAX = 10 };

void web_put_number(struct buf *b, double v)
{
    if (isfinite(v))
        number_put(b, v);
    else
        buf_put(b, STR("null"));
}

/* Cut where a character begins. */
static struct str cut(struct str s)
{
    size_t len = WEB_EVENT_TEXT;

    if (s.len <= WEB_EVENT_TEXT)
        return s;
    while (len > 0 && ((unsigned char)s.at[len] & 0xC0) == 0x80)
        len--;
    return str_cut(s, 0, len);
}

void web_put_text(struct buf *b, const char *name, struct str text)
{
    buf_fmt(b, "\"%s\":", name);
    buf_json(b, cut(text));
}

static struct str first(const struct web_event *ev, const struct column *c)
{
    struct str s = fields_get(ev->row->payload, c->from);

    return s.len || !c->otherwise ? s : fields_get(ev->row->payload, c->otherwise);
}

static void put_text(const struct web_event *ev, const struct column *c, struct buf *b)
{
    buf_json(b, cut(first(ev, c)));
}

static void put_number(const struct web_event *ev, const struct column *c, struct buf *b)
{
    web_put_number(b, cot_number(first(ev, c)));
}

static void put_has(const struct web_event *ev, const struct column *c, struct buf *b)
{
    buf_put(b, fields_has(ev->row->payload, c->from) ? STR("true") : STR("false"));
}

static void put_list(const struct web_event *ev, const struct column *c, struct buf *b)
{
    struct str rest = ev->row->payload, value;
    enum field tag;
    bool comma = false;

    buf_byte(b, '[');
    while (fields_next(&rest, &tag, &value)) {
        if (tag != c->from)
            continue;
        if (comma)
            buf_byte(b, ',');
        comma = true;
        buf_json(b, cut(value));
    }
    buf_byte(b, ']');
}

/* The uid's holder is kept as the number of a user. */
static void put_user(const struct web_event *ev, const struct column *c, struct buf *b)
{
    int64_t user = fields_get_int(ev->row->payload, c->from, 0);

    buf_json(b, str_from(user && ev->names ? ev->names->name(ev->names->ctx, user) : ""));
}

static void put_receipt(const struct web_event *ev, const struct column *c, struct buf *b)
{
    static const struct {
        struct str type, word;
    } words[] = {
        {{"b-t-f-d", 7}, {"delivered", 9}},
        {{"b-t-f-r", 7}, {"read", 4}},
        {{"b-t-f-p", 7}, {"pending", 7}},
        {{"b-t-f-s", 7}, {"failed", 6}},
    };
    struct str type = fields_get(ev->row->payload, c->from);

    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_eq(words[i].type, type)) {
            buf_json(b, words[i].word);
            return;
        }
    buf_json(b, cut(fields_get(ev->row->payload, c->otherwise)));
}

/* The event itself tells the place when no field does. */
static bool event_of(const struct web_event *ev, struct cot *c)
{
    struct str xml = fields_get(ev->row->payload, FIELD_EVENT_XML);
    struct str proto = fields_get(ev->row->payload, FIELD_EVENT_PROTO);
    struct buf values = buf_over(ev->values, LIMIT_EVENT_IN);
    struct tak_control control;
    bool has_event = false;
    struct err e;

    if (xml.len && xml.len <= LIMIT_EVENT_IN)
        return cot_from_xml(xml, &values, c, &e);
    return proto.len && proto.len <= LIMIT_EVENT_IN &&
           tak_decode(proto, &values, c, &has_event, &control, &e) && has_event;
}

static void put_place(const struct web_event *ev, const struct column *c, struct buf *b)
{
    struct str text = fields_get(ev->row->payload, c->from);
    double v = NAN;
    struct cot cot;

    if (text.len)
        v = cot_number(text);
    else if (event_of(ev, &cot) && cot.has_point && !(cot.lat.value == 0 && cot.lon.value == 0))
        v = c->from == FIELD_LAT ? cot.lat.value : cot.lon.value;
    web_put_number(b, v);
}

static bool holds(struct str payload, enum field tag, struct str value)
{
    enum field t;
    struct str v;

    while (fields_next(&payload, &t, &v))
        if (t == tag && str_eq(v, value))
            return true;
    return false;
}

/* Each group once, whether it is named as one that is written into, heard, or both. */
static void put_groups(const struct web_event *ev, const struct column *c, struct buf *b)
{
    struct str payload = ev->row->payload, rest = payload, value;
    enum field tag;
    bool comma = false;

    (void)c;
    buf_byte(b, '[');
    while (fields_next(&rest, &tag, &value)) {
        bool in = tag == FIELD_IN, out = tag == FIELD_OUT;

        if (!in && (!out || holds(payload, FIELD_IN, value)))
            continue;
        out |= holds(payload, FIELD_OUT, value);
        buf_put(b, comma ? STR(",{\"name\":") : STR("{\"name\":"));
        comma = true;
        buf_json(b, cut(value));
        buf_fmt(b, ",\"in\":%s,\"out\":%s}", in ? "true" : "false", out ? "true" : "false");
    }
    buf_byte(b, ']');
}

static const struct shown {
    uint16_t kind;
    struct column columns[COLUMNS_MAX + 1];
} shown[] = {
    {EV_CHAT_SAID,
     {{"message_id", put_text, FIELD_MESSAGE_ID, 0},
      {"uid", put_text, FIELD_UID, 0},
      {"from_uid", put_text, FIELD_CLAIMANT, FIELD_FROM_UID},
      {"from", put_text, FIELD_CALLSIGN, FIELD_USER},
      {"room_id", put_text, FIELD_ROOM_ID, 0},
      {"room", put_text, FIELD_ROOM, 0},
      {"text", put_text, FIELD_TEXT, 0},
      {"to", put_list, FIELD_TO, 0},
      {"direct", put_has, FIELD_TO, 0},
      {"operator", put_text, FIELD_BY, 0}}},
    {EV_CHAT_RECEIPT,
     {{"message_id", put_text, FIELD_MESSAGE_ID, FIELD_UID},
      {"from_uid", put_text, FIELD_CLAIMANT, FIELD_FROM_UID},
      {"from", put_text, FIELD_CALLSIGN, FIELD_USER},
      {"receipt", put_receipt, FIELD_TYPE, FIELD_SUB_TYPE}}},
    {EV_EMERGENCY_RAISED,
     {{"uid", put_text, FIELD_UID, 0},
      {"unit_uid", put_text, FIELD_LINK_UID, FIELD_FROM_UID},
      {"from", put_text, FIELD_CALLSIGN, FIELD_USER},
      {"type", put_text, FIELD_SUB_TYPE, FIELD_TYPE},
      {"text", put_text, FIELD_NAME, FIELD_TEXT},
      {"lat", put_place, FIELD_LAT, 0},
      {"lon", put_place, FIELD_LON, 0},
      {"relayed_first", put_has, FIELD_REF, 0}}},
    {EV_EMERGENCY_CANCELLED,
     {{"uid", put_text, FIELD_UID, 0},
      {"unit_uid", put_text, FIELD_LINK_UID, FIELD_FROM_UID},
      {"from", put_text, FIELD_CALLSIGN, FIELD_USER}}},
    {EV_EMERGENCY_ACKNOWLEDGED,
     {{"uid", put_text, FIELD_UID, 0}, {"by", put_text, FIELD_BY, FIELD_USER}}},
    {EV_CASEVAC_SENT,
     {{"uid", put_text, FIELD_UID, 0},
      {"unit_uid", put_text, FIELD_LINK_UID, FIELD_FROM_UID},
      {"from", put_text, FIELD_USER, 0},
      {"title", put_text, FIELD_NAME, FIELD_CALLSIGN},
      {"lat", put_place, FIELD_LAT, 0},
      {"lon", put_place, FIELD_LON, 0}}},
    {EV_OBJECT_PUT,
     {{"uid", put_text, FIELD_UID, 0},
      {"type", put_text, FIELD_TYPE, 0},
      {"from", put_text, FIELD_USER, 0},
      {"callsign", put_text, FIELD_CALLSIGN, 0},
      {"lat", put_place, FIELD_LAT, 0},
      {"lon", put_place, FIELD_LON, 0}}},
    {EV_OBJECT_DELETED,
     {{"uid", put_text, FIELD_LINK_UID, FIELD_UID},
      {"type", put_text, FIELD_TYPE, 0},
      {"from", put_text, FIELD_USER, 0},
      {"callsign", put_text, FIELD_CALLSIGN, 0},
      {"lat", put_place, FIELD_LAT, 0},
      {"lon", put_place, FIELD_LON, 0}}},
    {EV_FILE_OFFERED,
     {{"uid", put_text, FIELD_UID, 0},
      {"from", put_text, FIELD_CALLSIGN, FIELD_USER},
      {"name", put_text, FIELD_NAME, 0},
      {"size", put_number, FIELD_SIZE, 0},
      {"sha256", put_text, FIELD_SHA256, 0}}},
    {EV_FILE_STORED,
     {{"uid", put_text, FIELD_FROM_UID, 0},
      {"from", put_text, FIELD_CALLSIGN, FIELD_USER},
      {"by", put_text, FIELD_BY, 0},
      {"name", put_text, FIELD_NAME, 0},
      {"size", put_number, FIELD_SIZE, 0},
      {"sha256", put_text, FIELD_SHA256, 0},
      {"type", put_text, FIELD_SUB_TYPE, 0},
      {"pictures", put_list, FIELD_IMAGE, 0},
      {"lat", put_number, FIELD_LAT, 0},
      {"lon", put_number, FIELD_LON, 0}}},
    {EV_FILE_CHANGED,
     {{"from", put_text, FIELD_USER, FIELD_BY},
      {"name", put_text, FIELD_NAME, 0},
      {"sha256", put_text, FIELD_SHA256, 0},
      {"tool", put_text, FIELD_TOOL, 0},
      {"changed", put_list, FIELD_CHANGED, 0}}},
    {EV_FILE_DELETED,
     {{"from", put_text, FIELD_USER, FIELD_BY},
      {"name", put_text, FIELD_NAME, 0},
      {"sha256", put_text, FIELD_SHA256, 0}}},
    {EV_PROFILE_CHANGED,
     {{"by", put_text, FIELD_BY, 0},
      {"name", put_text, FIELD_NAME, 0},
      {"sha256", put_text, FIELD_SHA256, 0},
      {"when", put_list, FIELD_WHEN, 0},
      {"tool", put_text, FIELD_TOOL, 0},
      {"groups", put_list, FIELD_GROUP, 0},
      {"enabled", put_text, FIELD_ENABLED, 0},
      {"changed", put_list, FIELD_CHANGED, 0},
      {"address", put_text, FIELD_ADDRESS, 0}}},
    {EV_CLIENT_CONNECTED,
     {{"user", put_text, FIELD_USER, 0},
      {"uid", put_text, FIELD_UID, 0},
      {"callsign", put_text, FIELD_CALLSIGN, 0},
      {"address", put_text, FIELD_ADDRESS, 0},
      {"reason", put_text, FIELD_REASON, 0}}},
    {EV_CLIENT_LEFT,
     {{"user", put_text, FIELD_USER, 0},
      {"uid", put_text, FIELD_UID, 0},
      {"callsign", put_text, FIELD_CALLSIGN, 0},
      {"address", put_text, FIELD_ADDRESS, 0},
      {"reason", put_text, FIELD_REASON, 0}}},
    {EV_UID_CONFLICT,
     {{"uid", put_text, FIELD_UID, 0},
      {"callsign", put_text, FIELD_CALLSIGN, 0},
      {"holder", put_user, FIELD_REF, 0},
      {"claimant", put_text, FIELD_CLAIMANT, 0}}},
    {EV_GROUPS_CHANGED,
     {{"user", put_text, FIELD_NAME, FIELD_USER},
      {"groups", put_groups, FIELD_IN, 0},
      {"off", put_list, FIELD_OFF, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_EVENT_REFUSED,
     {{"user", put_text, FIELD_USER, FIELD_BY},
      {"address", put_text, FIELD_ADDRESS, 0},
      {"reason", put_text, FIELD_REASON, 0}}},
    {EV_OPERATOR_LOGIN,
     {{"name", put_text, FIELD_NAME, 0},
      {"role", put_text, FIELD_SUB_TYPE, 0},
      {"address", put_text, FIELD_ADDRESS, 0},
      {"reason", put_text, FIELD_REASON, 0}}},
    {EV_OPERATOR_MADE,
     {{"name", put_text, FIELD_NAME, 0},
      {"role", put_text, FIELD_SUB_TYPE, 0},
      {"agency", put_text, FIELD_AGENCY, 0},
      {"by", put_text, FIELD_BY, 0},
      {"address", put_text, FIELD_ADDRESS, 0}}},
    {EV_OPERATOR_CHANGED,
     {{"name", put_text, FIELD_NAME, 0},
      {"role", put_text, FIELD_SUB_TYPE, 0},
      {"agency", put_text, FIELD_AGENCY, 0},
      {"changed", put_list, FIELD_CHANGED, 0},
      {"by", put_text, FIELD_BY, 0},
      {"address", put_text, FIELD_ADDRESS, 0}}},
    {EV_INVITE_MADE,
     {{"invite", put_number, FIELD_INVITE, 0},
      {"name", put_text, FIELD_NAME, 0},
      {"agency", put_text, FIELD_AGENCY, 0},
      {"role", put_text, FIELD_ROLE, 0},
      {"groups", put_groups, FIELD_IN, 0},
      {"uses", put_number, FIELD_USES, 0},
      {"until", put_number, FIELD_UNTIL_MS, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_INVITE_ENDED,
     {{"invite", put_number, FIELD_INVITE, 0},
      {"name", put_text, FIELD_NAME, 0},
      {"used", put_number, FIELD_COUNT, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_DEVICE_ENROLLED,
     {{"user", put_text, FIELD_USER, 0},
      {"uid", put_text, FIELD_UID, 0},
      {"serial", put_text, FIELD_SERIAL, 0},
      {"how", put_text, FIELD_SUB_TYPE, 0},
      {"waits", put_has, FIELD_WAITS, 0},
      {"until", put_number, FIELD_UNTIL_MS, 0},
      {"address", put_text, FIELD_ADDRESS, 0}}},
    {EV_ENROL_REFUSED,
     {{"user", put_text, FIELD_USER, 0},
      {"reason", put_text, FIELD_REASON, 0},
      {"count", put_number, FIELD_COUNT, 0},
      {"address", put_text, FIELD_ADDRESS, 0}}},
    {EV_DEVICE_ADMITTED,
     {{"user", put_text, FIELD_USER, 0},
      {"uid", put_text, FIELD_UID, 0},
      {"serial", put_text, FIELD_SERIAL, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_CERTIFICATE_REVOKED,
     {{"user", put_text, FIELD_USER, 0},
      {"uid", put_text, FIELD_UID, 0},
      {"serial", put_text, FIELD_SERIAL, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_USER_CHANGED,
     {{"user", put_text, FIELD_USER, 0},
      {"changed", put_list, FIELD_CHANGED, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_HEAD_WITNESSED,
     {{"number", put_number, FIELD_REF, 0}, {"sha256", put_text, FIELD_SHA256, 0}, {"by", put_text, FIELD_BY, 0}}},
    {EV_SHARING_PROPOSED,
     {{"incident", put_text, FIELD_INCIDENT, 0},
      {"from", put_text, FIELD_FROM_AGENCY, 0},
      {"to", put_text, FIELD_TO_AGENCY, 0},
      {"classes", put_list, FIELD_SHARE, 0},
      {"allow", put_number, FIELD_ALLOW, 0},
      {"until", put_number, FIELD_UNTIL_MS, 0},
      {"ended", put_has, FIELD_ENDED, 0},
      {"why", put_text, FIELD_REASON, 0},
      {"proposed_by", put_text, FIELD_CLAIMANT, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_SHARING_CHANGED,
     {{"incident", put_text, FIELD_INCIDENT, 0},
      {"from", put_text, FIELD_FROM_AGENCY, 0},
      {"to", put_text, FIELD_TO_AGENCY, 0},
      {"classes", put_list, FIELD_SHARE, 0},
      {"allow", put_number, FIELD_ALLOW, 0},
      {"until", put_number, FIELD_UNTIL_MS, 0},
      {"ended", put_has, FIELD_ENDED, 0},
      {"why", put_text, FIELD_REASON, 0},
      {"proposed_by", put_text, FIELD_CLAIMANT, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_INPUT_OPENED,
     {{"name", put_text, FIELD_NAME, 0},
      {"input", put_text, FIELD_SUB_TYPE, 0},
      {"address", put_text, FIELD_ADDRESS, 0},
      {"reason", put_text, FIELD_REASON, 0},
      {"count", put_number, FIELD_SIZE, 0}}},
    {EV_INPUT_REFUSED,
     {{"name", put_text, FIELD_NAME, 0},
      {"input", put_text, FIELD_SUB_TYPE, 0},
      {"address", put_text, FIELD_ADDRESS, 0},
      {"reason", put_text, FIELD_REASON, 0},
      {"count", put_number, FIELD_SIZE, 0}}},
    {EV_INPUT_CLOSED,
     {{"name", put_text, FIELD_NAME, 0},
      {"input", put_text, FIELD_SUB_TYPE, 0},
      {"address", put_text, FIELD_ADDRESS, 0},
      {"reason", put_text, FIELD_REASON, 0},
      {"count", put_number, FIELD_SIZE, 0}}},
    {EV_MISSION_CHANGED,
     {{"from", put_text, FIELD_USER, 0},
      {"mission", put_text, FIELD_MISSION, 0},
      {"title", put_text, FIELD_MISSION_NAME, 0},
      {"change", put_text, FIELD_MISSION_CHANGE, 0},
      {"uid", put_text, FIELD_UID, 0},
      {"name", put_text, FIELD_NAME, FIELD_CALLSIGN},
      {"text", put_text, FIELD_TEXT, 0},
      {"client", put_text, FIELD_MISSION_CLIENT, 0}}},
    {EV_VIDEO_PUT,
     {{"uid", put_text, FIELD_UID, 0},
      {"name", put_text, FIELD_NAME, 0},
      {"from", put_text, FIELD_USER, 0},
      {"by", put_text, FIELD_BY, 0}}},
    {EV_VIDEO_DELETED,
     {{"uid", put_text, FIELD_UID, 0}, {"from", put_text, FIELD_USER, 0}, {"by", put_text, FIELD_BY, 0}}},
    {EV_TASK_SENT,
     {{"uid", put_text, FIELD_UID, 0},
      {"from", put_text, FIELD_CALLSIGN, FIELD_USER},
      {"text", put_text, FIELD_TEXT, FIELD_NAME},
      {"to", put_list, FIELD_TO, 0}}},
    {EV_JOURNAL_MENDED, {{"text", put_text, FIELD_TEXT, 0}}},
};

static const struct shown *shown_of(unsigned kind)
{
    for (size_t i = 0; i < COUNTOF(shown); i++)
        if (shown[i].kind == kind)
            return &shown[i];
    return NULL;
}

bool web_kind_is_shown(unsigned kind)
{
    return shown_of(kind) || (incident_kind_is(kind) && kind_info(kind)->tag);
}

const uint16_t *web_kinds(void)
{
    static const uint16_t kinds[] = {EV_CHAT_SAID,
                                     EV_CHAT_RECEIPT,
                                     EV_EMERGENCY_RAISED,
                                     EV_EMERGENCY_CANCELLED,
                                     EV_EMERGENCY_ACKNOWLEDGED,
                                     EV_CASEVAC_SENT,
                                     EV_OBJECT_PUT,
                                     EV_OBJECT_DELETED,
                                     EV_FILE_OFFERED,
                                     EV_FILE_STORED,
                                     EV_FILE_CHANGED,
                                     EV_FILE_DELETED,
                                     EV_PROFILE_CHANGED,
                                     EV_CLIENT_CONNECTED,
                                     EV_CLIENT_LEFT,
                                     EV_UID_CONFLICT,
                                     EV_GROUPS_CHANGED,
                                     EV_EVENT_REFUSED,
                                     EV_OPERATOR_LOGIN,
                                     EV_OPERATOR_MADE,
                                     EV_OPERATOR_CHANGED,
                                     EV_INVITE_MADE,
                                     EV_INVITE_ENDED,
                                     EV_DEVICE_ENROLLED,
                                     EV_ENROL_REFUSED,
                                     EV_DEVICE_ADMITTED,
                                     EV_CERTIFICATE_REVOKED,
                                     EV_USER_CHANGED,
                                     EV_HEAD_WITNESSED,
                                     EV_SHARING_PROPOSED,
                                     EV_SHARING_CHANGED,
                                     EV_INPUT_OPENED,
                                     EV_INPUT_REFUSED,
                                     EV_INPUT_CLOSED,
                                     EV_MISSION_CHANGED,
                                     EV_VIDEO_PUT,
                                     EV_VIDEO_DELETED,
                                     EV_TASK_SENT,
                                     EV_JOURNAL_MENDED,
#define EVENT(id, number, ...) number,
#include "core/incident.def"
#undef EVENT
                                     0};

    _Static_assert(COUNTOF(kinds) > COUNTOF(shown) + 1, "every kind that is shown is asked for");
    return kinds;
}

static void put_data(const struct web_event *ev, const struct column *columns, struct buf *b)
{
    for (size_t i = 0; columns[i].name; i++) {
        buf_fmt(b, "%s\"%s\":", i ? "," : "", columns[i].name);
        columns[i].put(ev, &columns[i], b);
    }
}

void web_event_put(const struct web_event *ev, struct buf *b)
{
    const struct shown *kind = shown_of(ev->row->kind);
    size_t from;

    MUST(kind && ev->values);
    buf_fmt(b,
            "{\"seq\":%" PRIu64 ",\"prev\":%" PRIu64 ",\"kind\":\"%s\",\"at\":%" PRId64
            ",\"observed\":",
            ev->row->seq, ev->prev, event_tag(ev->row->kind), ev->row->recorded_ms);
    if (ev->row->observed_ms)
        buf_fmt(b, "%" PRId64, ev->row->observed_ms);
    else
        buf_put(b, STR("null"));
    if (ev->row->erased || ev->row->damaged)
        buf_fmt(b, ",\"%s\":true", ev->row->erased ? "erased" : "damaged");
    buf_put(b, STR(",\"data\":{"));
    from = b->len;
    put_data(ev, kind->columns, b);
    if (b->full &&
        b->max - from > 16) { /* too many addressees to show: the row stays, without them */
        b->full = false;
        b->len = from;
    }
    buf_put(b, STR("}}"));
}
