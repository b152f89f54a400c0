/* missed.h -- which of the waiting rows a device gets when it returns.
 *
 * The caller walks record.waiting for rows that the device has not been given
 * yet (seq above what it acknowledged, up to where its own must cursor began) and
 * asks for each.  A device gets a row iff a connected one would have heard it:
 * its OUT groups hear the row's, it is not the sender, and the row is for
 * everybody or names it by uid or by callsign.  (The session leaves out deletes and
 * cancels of what is there again when it sends them.)  Pure. */
#ifndef CORDON_CORE_MISSED_H
#define CORDON_CORE_MISSED_H

#include "core/river.h"

/* Is this row for that returning device?  r for the groups: under its lock. */
bool missed_wants(struct river *r, unsigned kind, struct str payload, struct str uid, struct str callsign,
                  uint16_t out_set) MUST_USE;

#endif
