#include "core/classify.h"

static const struct row {
    struct str prefix;
    enum cot_class is;
} rows[] = {
#define ROW(text, class) {{(text), sizeof(text) - 1}, class}
    ROW("t-x-c-t-r", CLASS_CONSUMED),
    ROW("t-x-c-t", CLASS_PING),
    ROW("t-x-takp-q", CLASS_NEGOTIATE),
    ROW("t-x-takp-v", CLASS_CONSUMED),
    ROW("t-x-takp-r", CLASS_CONSUMED),
    ROW("t-x-c-m", CLASS_CONSUMED),
    ROW("t-x-c-f", CLASS_CONSUMED),
    ROW("t-x-c-i-e", CLASS_INCOGNITO_ON),
    ROW("t-x-c-i-d", CLASS_INCOGNITO_OFF),
    ROW("t-b", CLASS_CONSUMED),
    ROW("t-x-d-d", CLASS_DELETE),
    ROW("t-k", CLASS_TASK),
    ROW("t-s", CLASS_TASK),
    ROW("b-t-f-d", CLASS_RECEIPT),
    ROW("b-t-f-r", CLASS_RECEIPT),
    ROW("b-t-f-p", CLASS_RECEIPT),
    ROW("b-t-f-s", CLASS_RECEIPT),
    ROW("b-t-f", CLASS_CHAT),
    ROW("b-a-o-can", CLASS_EMERGENCY_CANCEL),
    ROW("b-a", CLASS_EMERGENCY),
    ROW("b-r-f-h-c", CLASS_CASEVAC),
    ROW("b-f-t-r", CLASS_FILE),
    ROW("b-f-t-a", CLASS_FILE_ANSWER),
    /* A pointer that follows a finger, many times a second: replaceable. */
    ROW("b-m-p-s-p-i", CLASS_TRACK),
    ROW("b-m-p-s-p-loc", CLASS_TRACK),
    ROW("b-m", CLASS_OBJECT),
    ROW("b-i-v", CLASS_OBJECT),
    ROW("b-i-x-i", CLASS_OBJECT),
    ROW("u", CLASS_OBJECT),
#undef ROW
};

static bool fits(struct str type, struct str prefix)
{
    return str_starts(type, prefix) && (type.len == prefix.len || type.at[prefix.len] == '-');
}

enum cot_class classify(const struct cot *c, bool archive)
{
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        if (!fits(c->type, rows[i].prefix))
            continue;
        /* cancel="true" is what makes a cancel; its type is b-a-o-can, but an
         * old client may cancel with the type of the alert. The caller that
         * has the routing looks again. */
        return rows[i].is;
    }
    if (!str_starts(c->type, STR("a-")))
        return CLASS_PASS;
    if (c->contact.is && c->contact.endpoint.len > 0)
        return CLASS_PRESENCE;
    /* Placed by hand or meant to stay: a marker.  Anything else is a track of
     * a machine (aircraft, vehicle, sensor) that the next report replaces. */
    return archive || str_starts(c->how, STR("h-")) ? CLASS_OBJECT : CLASS_TRACK;
}

bool class_is_kept(enum cot_class k)
{
    return k == CLASS_PRESENCE || k == CLASS_TRACK || k == CLASS_OBJECT || k == CLASS_CASEVAC ||
           k == CLASS_EMERGENCY;
}

bool class_is_urgent(enum cot_class k)
{
    return k == CLASS_EMERGENCY || k == CLASS_EMERGENCY_CANCEL || k == CLASS_CASEVAC || k == CLASS_CHAT;
}
