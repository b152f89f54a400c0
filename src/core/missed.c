#include "core/missed.h"

/* Does FIELD_TO name the device?  Nobody named: it is for everybody. */
static bool is_named(struct str payload, struct str uid, struct str callsign)
{
    static const struct str prefix = {"callsign/", 9};
    bool addressed = false;
    enum field tag;
    struct str to;

    while (fields_next(&payload, &tag, &to)) {
        if (tag != FIELD_TO)
            continue;
        addressed = true;
        if (str_eq(to, uid))
            return true;
        if (callsign.len && str_starts(to, prefix) && str_eq(str_from_at(to, prefix.len), callsign))
            return true;
    }
    return !addressed;
}

bool missed_wants(struct river *r, unsigned kind, struct str payload, struct str uid, struct str callsign,
                  uint16_t out_set)
{
    int in_set;

    /* An object, an alert for a few waits for them like a message; one for all is in the picture. */
    if (!event_waits(kind) && !fields_has(payload, FIELD_TO))
        return false;
    if (uid.len == 0 || str_eq(fields_get(payload, FIELD_FROM_UID), uid) || !is_named(payload, uid, callsign))
        return false;
    in_set = river_in_set(r, payload);
    return in_set >= 0 && sets_hears(r->sets, out_set, (unsigned)in_set);
}
