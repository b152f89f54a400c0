/* limits.h -- every maximum of the program, with its reason and what happens there.
 *
 * A limit that is a configuration key has its default here and its bounds in
 * the key table (app/config.c).  `cordon serve` prints the sums at start. */
#ifndef CORDON_BASE_LIMITS_H
#define CORDON_BASE_LIMITS_H

/* wire: what one event may be ------------------------------------------- */
enum {
    /* An event from a client.  Larger: the stream can no longer be cut, the
     * connection is closed with the reason in the log. */
    LIMIT_EVENT_IN = 256 * 1024,
    /* An event to a phone: ATAK's receive buffer is 64 KiB and a larger
     * message damages the one after it (tak.md 1.4).  Larger: held back. */
    LIMIT_EVENT_OUT = 60000,
    /* Nested elements in one event.  Deeper: that event is refused. */
    LIMIT_XML_DEPTH = 64,
    /* Attributes of one element.  More: that event is refused. */
    LIMIT_XML_ATTRS = 256,
    /* A uid or a type.  Longer: that event is refused. */
    LIMIT_UID = 256,
    LIMIT_TYPE = 128,
    /* A callsign kept for routing; a longer one is cut for routing only. */
    LIMIT_CALLSIGN = 96,
    /* marti/dest and chatgrp members of one event.  More: refused. */
    LIMIT_DESTS = 128,
};

/* core: the live river -------------------------------------------------- */
enum {
    /* Entries of the live ring (a power of two).  A reader that falls more
     * than half of it behind gets the roster instead. */
    LIMIT_LIVE_ENTRIES = 1 << 16,
    /* Entries of the must-arrive ring; who falls behind is closed with the
     * reason logged and gets the rest from the journal on reconnect. */
    LIMIT_MUST_ENTRIES = 1 << 15,
    /* Events a second that one session may send, and how many at once after a
     * pause (an import of a file of markers).  More: refused one by one, so that a
     * broken or hostile client drowns nobody.  A relay grant lifts it. */
    LIMIT_EVENTS_S = 200,
    LIMIT_EVENTS_BURST = 4000,
    LIMIT_RELAY_EVENTS_S = 50000,
    /* The same for what goes to the journal. */
    LIMIT_DURABLE_S = 50,
    LIMIT_DURABLE_BURST = 2000,
    LIMIT_RELAY_DURABLE_S = 5000,
    LIMIT_GROUPS = 1024, /* groups known at once; more: refused by name */
    LIMIT_SETS = 1024,   /* different combinations of groups that are heard, in use */
    /* The same for those written into.  Four times as many: with sharing = on each has a
     * variant for every class of traffic that rules between agencies are about. */
    LIMIT_IN_SETS = 4096,
};

#endif
