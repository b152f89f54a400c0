/* missed.h -- is a waiting row for this device that came back? Pure. */
#ifndef CORDON_CORE_MISSED_H
#define CORDON_CORE_MISSED_H

#include "core/river.h"

/* payload: of a row whose kind waits (event_waits).  Addressed rows are for the
 * uids they name and for who had the callsign that they name; others for
 * everybody whose OUT groups hear it; never for the device that sent it. Under
 * the river's lock. */
bool missed_wants(struct river *r, unsigned kind, struct str payload, struct str uid, struct str callsign,
                  uint16_t out_set) MUST_USE;

#endif
