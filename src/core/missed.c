#include "core/missed.h"

static bool is_named(struct str to, struct str uid, struct str callsign)
{
    struct str prefix = STR("callsign/");

    return str_eq(to, uid) || (callsign.len && str_starts(to, prefix) &&
                               str_eq(str_from_at(to, prefix.len), callsign));
}

bool missed_wants(struct river *r, unsigned kind, struct str payload, struct str uid, struct str callsign,
                  uint16_t out_set)
{
    struct str rest = payload, value;
    bool addressed = false, named = false;
    enum field tag;
    int in_set;

    if (!event_waits(kind) && !fields_has(payload, FIELD_TO))
        return false;
    if (str_eq(fields_get(payload, FIELD_FROM_UID), uid))
        return false;
    in_set = river_in_set(r, payload);
    if (in_set < 0 || !sets_hears(r->sets, out_set, (unsigned)in_set))
        return false;
    while (fields_next(&rest, &tag, &value)) {
        addressed |= tag == FIELD_TO;
        named |= tag == FIELD_TO && is_named(value, uid, callsign);
    }
    return !addressed || named;
}
