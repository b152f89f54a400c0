/* incident_save.h -- the state of one incident as bytes, and back.
 *
 * A start, or a jump to a past moment, need not apply every event from the first: it loads a saved state
 * and applies what came after it.  What is saved is what lives, in the order of the entities' numbers:
 *
 *   "CORDON STATE 3" | length | Cordon's version | hash(8, big endian) | seq | entities | fields (of all)
 *   entity ...   kind(1) | made | changed | length | id | fields                      (its own)
 *     field ...  tag | seq | length | bytes
 *
 * Numbers without a size in brackets have 7 bits a byte, the lowest first, bit 7 set when more follow, in
 * as few bytes as can be; at most 10 bytes.  hash is incident_hash().  Numbers of entities, the order of
 * those of a kind and of an entity's fields are kept, so the loaded state goes on exactly as the saved one.
 *
 * A saved state is a cache: a load checks all of it, and what is damaged is dropped and the journal
 * replayed.  So is one of another version of Cordon, which may apply an event differently.  The hash finds
 * damage, not forgery; where it lies it must be sealed (store/journal.h).
 * Bounds: those of struct incident_limits; with those of incident_limits() at most INCIDENT_SAVED_MAX bytes.
 * Pure.  Whoever owns the incident calls it. */
#ifndef CORDON_CORE_INCIDENT_SAVE_H
#define CORDON_CORE_INCIDENT_SAVE_H

#include "core/incident.h"

enum { INCIDENT_SAVED_MAX = 16 * 1024 * 1024 };

/* How many bytes incident_save() will write. */
size_t incident_save_size(const struct incident *s) MUST_USE;
/* Appends the state; b->full when there is no room. */
void incident_save(const struct incident *s, struct buf *b);
/* Takes the state from bytes, which are borrowed for the call.  fresh: as incident_init() or
 * incident_empty() leaves it; its limits may differ from those of the one that was saved.  False: e says
 * what does not fit, and fresh is empty again. */
bool incident_load(struct incident *fresh, struct str bytes, struct err *e) MUST_USE;

#endif
