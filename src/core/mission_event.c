#include "core/mission_event.h"

#include <inttypes.h>

/*  <mission type="CHANGE" tool="public" name="N" guid="G" authorUid="U">
 *    <MissionChanges><MissionChange> ... </MissionChange></MissionChanges>     a change of content
 *    <role type="MISSION_OWNER"><permissions><permission type="MISSION_READ"/>...</permissions></role>
 *  </mission> */

enum { STALE_MS = 20000 };

static const struct {
    const char *type, *word; /* of the event; of <mission> */
} kinds[MISSION_TOLD_COUNT] = {
    [MISSION_TOLD_NOTHING] = {"", ""},
    [MISSION_TOLD_CREATED] = {"t-x-m-n", "CREATE"},
    [MISSION_TOLD_DELETED] = {"t-x-m-d", "DELETE"},
    [MISSION_TOLD_METADATA] = {"t-x-m-c-m", "CHANGE"},
    [MISSION_TOLD_KEYWORDS] = {"t-x-m-c-k", "CHANGE"},
    [MISSION_TOLD_CONTENT] = {"t-x-m-c", "CHANGE"},
    [MISSION_TOLD_UID_KEYWORDS] = {"t-x-m-c-k-u", "CHANGE"},
    [MISSION_TOLD_FILE_KEYWORDS] = {"t-x-m-c-k-c", "CHANGE"},
    [MISSION_TOLD_LOG] = {"t-x-m-c-l", "CHANGE"},
    [MISSION_TOLD_EXTERNAL] = {"t-x-m-c-e", "CHANGE"},
    [MISSION_TOLD_LAYER] = {"t-x-m-c-h", "CHANGE"},
    [MISSION_TOLD_INVITED] = {"t-x-m-i", "INVITE"},
    [MISSION_TOLD_ROLE] = {"t-x-m-r", "INVITE"},
};

static void attribute(struct buf *b, const char *name, struct str value)
{
    if (value.len == 0)
        return;
    buf_fmt(b, " %s=\"", name);
    buf_xml(b, value);
    buf_byte(b, '"');
}

static void element(struct buf *b, const char *name, struct str value)
{
    if (value.len == 0)
        return;
    buf_fmt(b, "<%s>", name);
    buf_xml(b, value);
    buf_fmt(b, "</%s>", name);
}

static void time_element(struct buf *b, const char *name, int64_t ms)
{
    buf_fmt(b, "<%s>", name);
    when_put(b, ms);
    buf_fmt(b, "</%s>", name);
}

static void put_details(struct buf *b, const struct mission_item *i)
{
    if (i->type.len == 0)
        return;
    buf_put(b, STR("<details"));
    attribute(b, "type", i->type);
    attribute(b, "callsign", i->callsign);
    attribute(b, "color", i->color);
    attribute(b, "iconsetPath", i->iconset);
    buf_byte(b, '>');
    if (i->has_point)
        buf_fmt(b, "<location lat=\"%.9g\" lon=\"%.9g\"></location>", i->lat, i->lon);
    buf_put(b, STR("</details>"));
}

/* One a line. */
static void put_keywords(struct buf *b, struct str lines)
{
    while (lines.len) {
        size_t end = str_find_byte(lines, '\n');

        element(b, "keywords", str_cut(lines, 0, end));
        lines = str_from_at(lines, end < lines.len ? end + 1 : end);
    }
}

static void put_resource(struct buf *b, const struct mission_item *i)
{
    buf_put(b, STR("<contentResource>"));
    element(b, "creatorUid", i->file_creator.len ? i->file_creator : i->creator);
    buf_fmt(b, "<expiration>%" PRId64 "</expiration>", i->expiration);
    element(b, "hash", i->hash);
    put_keywords(b, i->keywords);
    element(b, "mimeType", i->mime);
    element(b, "name", i->name);
    buf_fmt(b, "<size>%" PRId64 "</size>", i->size);
    time_element(b, "submissionTime", i->submitted_ms ? i->submitted_ms : i->at_ms);
    element(b, "submitter", i->submitter);
    element(b, "tool", i->tool);
    element(b, "uid", i->file_uid);
    buf_put(b, STR("</contentResource>"));
}

static void put_external(struct buf *b, const struct mission_item *i)
{
    buf_put(b, STR("<externalData>"));
    element(b, "name", i->external_name);
    element(b, "notes", i->external_notes);
    element(b, "token", i->external_token);
    element(b, "tool", i->external_tool);
    element(b, "uid", i->external);
    element(b, "urlData", i->external_data);
    element(b, "urlView", i->external_view);
    buf_put(b, STR("</externalData>"));
}

static void put_change(struct buf *b, const struct mission_event *m)
{
    const struct mission_item *i = m->item;

    buf_put(b, STR("<MissionChanges><MissionChange>"));
    if (i->hash.len)
        put_resource(b, i);
    element(b, "contentUid", i->uid);
    element(b, "creatorUid", m->creator);
    if (i->uid.len)
        put_details(b, i);
    if (i->external.len)
        put_external(b, i);
    buf_put(b, STR("<isFederatedChange>false</isFederatedChange>"));
    element(b, "missionGuid", m->guid);
    element(b, "missionName", m->name);
    time_element(b, "timestamp", i->at_ms);
    element(b, "type", str_from(mission_change_info(i->change)->type));
    buf_put(b, STR("</MissionChange></MissionChanges>"));
}

static void put_role(struct buf *b, enum mission_role role)
{
    buf_fmt(b, "<role type=\"%s\"><permissions>", mission_role_word(role));
    for (unsigned bit = 1; bit < MISSION_MAY_END; bit <<= 1)
        if (mission_role_may(role) & bit)
            buf_fmt(b, "<permission type=\"%s\"></permission>", mission_permission_word(bit));
    buf_put(b, STR("</permissions></role>"));
}

void mission_event(struct cot *c, const struct mission_event *m, int64_t wall_ms, struct buf *detail)
{
    size_t from = detail->len;

    MUST(m->told > MISSION_TOLD_NOTHING && m->told < MISSION_TOLD_COUNT);
    buf_put(detail, STR("<mission"));
    attribute(detail, "type", str_from(kinds[m->told].word));
    attribute(detail, "tool", m->tool);
    attribute(detail, "name", m->name);
    attribute(detail, "guid", m->guid);
    attribute(detail, "authorUid", m->creator);
    attribute(detail, "token", m->token);
    buf_byte(detail, '>');
    if (m->item && mission_change_info(m->item->change)->type)
        put_change(detail, m);
    if (m->role != MISSION_NOBODY)
        put_role(detail, m->role);
    buf_put(detail, STR("</mission>"));
    *c = (struct cot){.version = STR("2.0"), .uid = m->uid, .type = str_from(kinds[m->told].type),
                      .how = STR("h-g-i-g-o"), .time_ms = wall_ms, .start_ms = wall_ms,
                      .stale_ms = wall_ms + STALE_MS, .has_point = true, .from_proto = true};
    c->ce.value = c->le.value = COT_UNKNOWN;
    c->detail = str_from_at(buf_str(detail), from);
}
