#include "core/mission_item.h"

#include "wire/cot.h"
#include "wire/xml.h"

#include <math.h>

/* What stands in elements directly below <detail>: callsign, icon, colour; the first of each. */
static void read_detail(struct str detail, struct buf *scratch, struct mission_item *out)
{
    static const struct {
        struct str element, attribute;
        size_t to;
    } rows[] = {
        {{"contact", 7}, {"callsign", 8}, offsetof(struct mission_item, callsign)},
        {{"usericon", 8}, {"iconsetpath", 11}, offsetof(struct mission_item, iconset)},
        {{"color", 5}, {"argb", 4}, offsetof(struct mission_item, color)},
        {{"color", 5}, {"value", 5}, offsetof(struct mission_item, color)},
    };
    struct err e;
    enum xml_is what;
    XML_ON_STACK(x);

    xml_over(&x, detail, 2, &e);
    while ((what = xml_next(&x)) != XML_END && what != XML_BAD) {
        for (size_t i = 0; what == XML_OPEN && x.depth == 3 && i < COUNTOF(rows); i++) {
            struct str *to = (void *)((char *)out + rows[i].to);
            const struct xml_attr *a = xml_same(rows[i].element, x.name) ? xml_attr(&x, rows[i].attribute) : NULL;

            if (a && to->len == 0)
                *to = xml_value(a, scratch);
        }
    }
}

static void read_cot(struct buf *scratch, struct mission_item *out)
{
    struct cot c;
    struct err e;

    if (out->cot.len == 0 || out->cot.len > scratch->max - scratch->len || !cot_from_xml(out->cot, scratch, &c, &e))
        return;
    out->type = c.type;
    out->has_point = c.has_point && !isnan(c.lat.value) && !isnan(c.lon.value);
    out->lat = out->has_point ? c.lat.value : 0;
    out->lon = out->has_point ? c.lon.value : 0;
    if (c.detail.len <= scratch->max - scratch->len)
        read_detail(c.detail, scratch, out);
}

static struct str key_of(struct str payload, enum mission_key k)
{
    struct str value;

    return mission_get_key(payload, k, &value) ? value : (struct str){0};
}

static int64_t number_of(struct str payload, enum mission_key k, int64_t otherwise)
{
    int64_t n;

    return str_to_int(key_of(payload, k), INT64_MIN / 2, INT64_MAX / 2, &n) ? n : otherwise;
}

static void read_file(struct str payload, struct mission_item *out)
{
    out->file_uid = key_of(payload, MISSION_FILE_UID);
    out->name = key_of(payload, MISSION_FILE_NAME);
    out->mime = key_of(payload, MISSION_FILE_MIME);
    out->submitter = key_of(payload, MISSION_FILE_SUBMITTER);
    out->file_creator = key_of(payload, MISSION_FILE_CREATOR);
    out->tool = key_of(payload, MISSION_FILE_TOOL);
    out->keywords = key_of(payload, MISSION_FILE_TAGS);
    out->size = number_of(payload, MISSION_FILE_SIZE, 0);
    out->submitted_ms = number_of(payload, MISSION_FILE_SUBMITTED, 0);
    out->expiration = number_of(payload, MISSION_FILE_EXPIRATION, -1);
}

static void read_external(struct str payload, struct mission_item *out)
{
    out->external = fields_get(payload, FIELD_UID);
    out->external_name = key_of(payload, MISSION_EXTERNAL_NAME);
    out->external_tool = key_of(payload, MISSION_EXTERNAL_TOOL);
    out->external_data = key_of(payload, MISSION_EXTERNAL_DATA);
    out->external_view = key_of(payload, MISSION_EXTERNAL_VIEW);
    out->external_notes = key_of(payload, MISSION_EXTERNAL_NOTES);
    out->external_token = key_of(payload, MISSION_EXTERNAL_TOKEN);
}

void mission_item_read(struct str payload, struct buf *scratch, struct mission_item *out)
{
    *out = (struct mission_item){.change = mission_change_of(fields_get(payload, FIELD_MISSION_CHANGE)),
                                 .mission_name = fields_get(payload, FIELD_MISSION_NAME),
                                 .mission_guid = fields_get(payload, FIELD_MISSION),
                                 .creator = fields_get(payload, FIELD_MISSION_CREATOR),
                                 .expiration = -1};
    if (out->change == MISSION_UID_PUT || out->change == MISSION_UID_REMOVED) {
        out->uid = fields_get(payload, FIELD_UID);
        out->cot = fields_get(payload, FIELD_MISSION_COT);
        read_cot(scratch, out);
    } else if (out->change == MISSION_FILE_PUT || out->change == MISSION_FILE_REMOVED) {
        out->hash = fields_get(payload, FIELD_SHA256);
        read_file(payload, out);
    } else if (out->change == MISSION_EXTERNAL_PUT || out->change == MISSION_EXTERNAL_REMOVED ||
               out->change == MISSION_EXTERNAL_TOLD) {
        read_external(payload, out);
    }
}
