#include "edge/indoor_inner.h"

#include <stdarg.h>
#include <stdio.h>

static const struct passed_words {
    const char *name, *words;
} passed_words[INDOOR_PASSED_COUNT] = {
#define X(id, name, words) [INDOOR_PASSED_##id] = {name, words},
    INDOOR_PASSED(X)
#undef X
};

void indoor_remark(struct indoor *in, const struct plan_feature *f, const char *format, ...)
{
    struct indoor_report *r = in->report;
    char why[INDOOR_REMARK_MAX];
    va_list args;

    if (r->remarks++ >= INDOOR_REMARKS)
        return;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    if (f) {
        char line[INDOOR_REMARK_MAX * 2];
        int n = snprintf(line, sizeof line, "%.*s: %s", (int)(f->id.len < 80 ? f->id.len : 80), f->id.at, why);

        (void)str_copy(r->remark[r->remarks - 1], INDOOR_REMARK_MAX, str_of(line, (size_t)n));
    } else {
        (void)str_copy(r->remark[r->remarks - 1], INDOOR_REMARK_MAX, str_from(why));
    }
}

void indoor_pass(struct indoor *in, enum indoor_passed why)
{
    MUST(why < INDOOR_PASSED_COUNT);
    in->report->passed[why]++;
}

static size_t kept(const struct indoor_report *r)
{
    return r->remarks < INDOOR_REMARKS ? r->remarks : INDOOR_REMARKS;
}

void indoor_report_text(const struct indoor_report *r, struct buf *b)
{
    buf_fmt(b, "%zu features read, %zu used: %zu levels, %zu zones, %zu openings (%zu of them stairs and lifts)\n",
            r->features, r->used, r->levels, r->zones, r->openings, r->openings_up);
    buf_fmt(b, "Zones: %zu without a shape, %zu outlines simplified, %zu renamed, %zu without an opening to another\n",
            r->without_shape, r->simplified, r->renamed, r->alone);
    for (size_t i = 0; i < INDOOR_PASSED_COUNT; i++)
        if (r->passed[i])
            buf_fmt(b, "Passed over: %zu that %s\n", r->passed[i], passed_words[i].words);
    for (size_t i = 0; i < kept(r); i++)
        buf_fmt(b, "  %s\n", r->remark[i]);
    if (r->remarks > INDOOR_REMARKS)
        buf_fmt(b, "  and %zu remarks more\n", r->remarks - INDOOR_REMARKS);
}

void indoor_report_json(const struct indoor_report *r, struct buf *b)
{
    buf_fmt(b, "{\"features\":%zu,\"used\":%zu,\"levels\":%zu,\"zones\":%zu,\"openings\":%zu,\"openings_up\":%zu,",
            r->features, r->used, r->levels, r->zones, r->openings, r->openings_up);
    buf_fmt(b, "\"without_shape\":%zu,\"simplified\":%zu,\"renamed\":%zu,\"alone\":%zu,\"passed\":{", r->without_shape,
            r->simplified, r->renamed, r->alone);
    for (size_t i = 0; i < INDOOR_PASSED_COUNT; i++)
        buf_fmt(b, "%s\"%s\":%zu", i ? "," : "", passed_words[i].name, r->passed[i]);
    buf_fmt(b, "},\"remark_count\":%zu,\"remarks\":[", r->remarks);
    for (size_t i = 0; i < kept(r); i++) {
        if (i)
            buf_byte(b, ',');
        buf_json(b, str_from(r->remark[i]));
    }
    buf_put(b, STR("]}"));
}

static void put_value(struct buf *b, const struct field_info *i, struct str v)
{
    if (i->type == TYPE_INT || i->type == TYPE_NUMBER)
        buf_put(b, v);
    else if (i->type == TYPE_BOOL)
        buf_put(b, STR("true"));
    else
        buf_json(b, v);
}

/* "name":value, a list when the field can be there several times; nothing for a tag that came before. */
static void put_field(struct buf *b, struct str payload, enum field tag, bool first)
{
    const struct field_info *i = field_info((unsigned)tag);
    struct str v;
    enum field t;
    size_t n = 0;

    MUST(i->name);
    buf_fmt(b, "%s\"%s\":%s", first ? "" : ",", i->name, i->many ? "[" : "");
    while (fields_next(&payload, &t, &v)) {
        if (t != tag)
            continue;
        if (n++)
            buf_byte(b, ',');
        put_value(b, i, v);
    }
    if (i->many)
        buf_byte(b, ']');
}

void indoor_command_json(enum incident_kind kind, struct str payload, struct buf *b)
{
    uint64_t a = hash_str((struct hash_key){(uint64_t)kind, 1}, payload);
    uint64_t c = hash_str((struct hash_key){(uint64_t)kind, 2}, payload);
    bool seen[256] = {false}, first = true;
    struct str rest = payload, v;
    enum field tag;

    /* RFC 9562 section 5.8: a UUID of one's own making. */
    buf_fmt(b, "{\"id\":\"%08x-%04x-8%03x-%04x-%012llx\",\"kind\":\"%s\",\"fields\":{", (unsigned)(a >> 32),
            (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(0x8000 | (c >> 48 & 0x3fff)),
            (unsigned long long)(c & 0xffffffffffff), kind_info(kind)->tag);
    while (fields_next(&rest, &tag, &v)) {
        MUST((unsigned)tag < COUNTOF(seen));
        if (!seen[tag])
            put_field(b, payload, tag, first);
        seen[tag] = true;
        first = false;
    }
    buf_put(b, STR("}}"));
}
