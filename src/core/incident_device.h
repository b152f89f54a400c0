/* incident_device.h -- which phone is which unit, who belongs to an exercise, and names made of uids.
 *
 * A unit is found by its device's uid (its id, or one of its aliases), else by the callsign (its id or
 * an alias, in capitals or not).  A callsign is what the phone says of itself: whoever may connect
 * could say it, so a unit whose acts matter is better known by uid.  Pure. */
#ifndef CORDON_CORE_INCIDENT_DEVICE_H
#define CORDON_CORE_INCIDENT_DEVICE_H

#include "core/incident.h"

enum { DEVICE_TAG_MAX = 16 };

/* The unit of a device, 0 when there is none.  Of several it is the one that is checked in, then the
 * oldest.  Walks the units when neither uid nor callsign is an id: 0.2 ms for the most there can be. */
uint32_t unit_of_device(const struct incident *s, struct str uid, struct str callsign) MUST_USE;
/* Is it a device of this unit? */
bool device_is_of(const struct incident *s, uint32_t unit, struct str uid, struct str callsign) MUST_USE;
/* Does a device take part in exercises (uid or callsign begins with EX-)?  Its data stay out of real
 * incidents, and an exercise's data go to nobody else (domain.md 5.5, 16). */
bool device_is_exercise(struct str uid, struct str callsign) MUST_USE;
/* Equal but for the capitals of ASCII. */
bool same_name(struct str a, struct str b) MUST_USE;
/* Eight letters and digits that stand for a text ("7K2M9QXA", none that are taken for one another;
 * 40 bits: among a thousand texts two are the same in one case of two million). */
void put_tag(struct buf *b, struct str text);
/* The text where it is short enough for an id, else its tag. */
void put_short(struct buf *b, struct str text, size_t max);
/* Text from a peer as a LINE: one line, cut at 256 bytes; nothing when nothing is left of it. */
void put_as_line(struct buf *b, enum incident_field f, struct str text);
/* Text from a peer as a TEXT, cut at 16 KiB; nothing when it is empty or no UTF-8. */
void put_as_text(struct buf *b, enum incident_field f, struct str text);
/* The first bytes of a text, at most max, cut between characters. */
struct str cut_text(struct str text, size_t max) MUST_USE;

#endif
