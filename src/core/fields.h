/* fields.h -- the payload of a record event: a list of tagged byte strings.
 *
 *   tag(1) | length(4, big endian) | bytes        ... repeated, tags may repeat
 *
 * A tag above 255 is written as tag 0, its bytes beginning with tag - 256.  Tags never change their
 * meaning: they are on disk.  A reader passes over tags that it does not know.  Pure; borrowed slices. */
#ifndef CORDON_CORE_FIELDS_H
#define CORDON_CORE_FIELDS_H

#include "base/buf.h"

enum {
    FIELD_NARROW = 256, /* tags below have one byte */
    FIELD_TAGS = 512,   /* all are below */
};

enum field {
    FIELD_USER = 1,       /* user name of the TAK side (certificate CN) */
    FIELD_SERIAL = 2,     /* certificate, lower-case hex */
    FIELD_ADDRESS = 3,    /* "address:port" of the peer */
    FIELD_UID = 4,        /* what the event is about */
    FIELD_CALLSIGN = 5,
    FIELD_TYPE = 6,       /* CoT type */
    FIELD_GROUP = 7,      /* one name each: who may hear it */
    FIELD_TO = 8,         /* one uid each: addressees; none: everybody of the groups */
    FIELD_EVENT_XML = 9,  /* the event as delivered */
    FIELD_EVENT_PROTO = 10, /* payload of a TakMessage, as delivered */
    FIELD_REASON = 11,    /* a sentence */
    FIELD_MESSAGE_ID = 12,
    FIELD_TEXT = 13,
    FIELD_BY = 14,        /* operator */
    FIELD_OFFLINE = 15,   /* one uid each: addressees that were not connected */
    FIELD_LINK_UID = 16,  /* the unit behind it: who raised an emergency, what is deleted */
    FIELD_ROOM_ID = 17,
    FIELD_ROOM = 18,
    FIELD_LAT = 19,       /* as written */
    FIELD_LON = 20,
    FIELD_SUB_TYPE = 21,  /* "911 Alert", "delivered" ... */
    FIELD_NAME = 22,      /* of a file, an operator, a group's user */
    FIELD_SIZE = 23,
    FIELD_SHA256 = 24,
    FIELD_FROM_UID = 25,  /* the device that sent it */
    FIELD_STALE_MS = 26,  /* decimal */
    FIELD_EVERYONE = 27,  /* heard by every group (the server's own voice) */
    FIELD_TICKET = 28,    /* decimal: the client's own number, for idempotency */
    FIELD_CLAIMANT = 29,
    FIELD_REF = 30,       /* decimal journal seq of another row */
    FIELD_IN = 31,        /* group names written into / heard, for groups.changed */
    FIELD_OUT = 32,
    FIELD_AGENCY = 33,    /* of an operator */
    FIELD_CHANGED = 34,   /* one word each: what of an operator, a file, a profile was changed */

    /* of joining */
    FIELD_INVITE = 40,    /* decimal: number of an invite */
    FIELD_USES = 41,      /* decimal: how often it may be used */
    FIELD_UNTIL_MS = 42,  /* decimal: until when an invite, a certificate or a rule is good */
    FIELD_WAITS = 43,     /* the device hears nothing until it is admitted */
    FIELD_COUNT = 44,     /* decimal: how many of these this row stands for */
    FIELD_ROLE = 45,      /* of a TAK user: "Team Lead" ... */
    FIELD_BEFORE = 46,    /* serial of the certificate that a new one follows */

    /* of files */
    FIELD_MIME = 50,      /* of a file; what its sender says */
    FIELD_KEYWORD = 51,   /* one each */
    FIELD_TOOL = 52,      /* "public", "private" or the name of a tool */
    FIELD_CREATOR = 53,   /* the uid that a sender of a file says it is of; FROM_UID when it is his */
    FIELD_EXPIRES_MS = 54, /* decimal; not there: never */
    FIELD_IMAGE = 55,     /* one each: the name of a picture in a data package */
    FIELD_WHEN = 56,      /* one each: "enrolment", "connection", when a profile's file is given out */
    FIELD_ENABLED = 57,   /* "1", "0" */

    /* of missions (core/mission.h) */
    FIELD_MISSION = 60,         /* its guid */
    FIELD_MISSION_NAME = 61,
    FIELD_MISSION_CHANGE = 62,  /* a word of mission_change_word() */
    FIELD_MISSION_KEY = 63,     /* a word of mission_key_word(); its value is the next MISSION_VALUE */
    FIELD_MISSION_VALUE = 64,
    FIELD_MISSION_ROLE = 65,    /* MISSION_OWNER ... */
    FIELD_MISSION_CREATOR = 66, /* the device that did it, as it says itself */
    FIELD_MISSION_CLIENT = 67,  /* the device that subscribes; who is invited */
    FIELD_MISSION_TOKEN = 68,   /* id of a subscription or an invitation; never the token itself */
    FIELD_MISSION_KEYWORD = 69, /* one each: all of them */
    FIELD_MISSION_COT = 70,     /* an item's event at that time, as XML */
    FIELD_MISSION_CLAIM = 71,   /* asked: what the token in the request proves ("subscription/ID") */
    FIELD_MISSION_TYPE = 72,    /* of a layer, of an invitation */
    FIELD_MISSION_PARENT = 73,
    FIELD_MISSION_AFTER = 74,
    FIELD_MISSION_HASH = 75,    /* one each: files that a log entry names */
    FIELD_MISSION_FROM = 76,    /* guid of the mission that this one is a copy of */
    FIELD_MISSION_AT = 77,      /* ms: the time that a log entry is about */
    FIELD_MISSION_USER = 78,    /* whose subscription, when it is not the sender's */
    FIELD_MISSION_ONE = 79,     /* asked: one change each, a payload in the payload; all of them or none */
    /* 80 to 89: groups, sharing between agencies (core/sharing.h), inputs */
    FIELD_OF_AGENCY = 80,   /* of an event that a rule between agencies is about: whose */
    FIELD_SHARE = 81,       /* a class of traffic ("chat"): of such an event; one each of a rule */
    FIELD_INCIDENT = 82,    /* id of the incident that a rule is of */
    FIELD_FROM_AGENCY = 83, /* a rule's agencies; "*": every one, "-": phones without one */
    FIELD_TO_AGENCY = 84,
    FIELD_ALLOW = 85,       /* "1" or "0" */
    FIELD_ENDED = 87,       /* the rule is over: its time had come */
    FIELD_OFF = 88,         /* groups.changed: a group that the user has switched off, one each */
};

void fields_put(struct buf *b, enum field tag, struct str value);
void fields_put_int(struct buf *b, enum field tag, int64_t value);

/* Walks a payload: start with *rest = payload; false at its end (or where it is
 * torn, which leaves rest->len > 0). */
bool fields_next(struct str *rest, enum field *tag, struct str *value) MUST_USE;
/* The first of a tag; empty when there is none. */
struct str fields_get(struct str payload, enum field tag) MUST_USE;
int64_t fields_get_int(struct str payload, enum field tag, int64_t otherwise) MUST_USE;
bool fields_has(struct str payload, enum field tag) MUST_USE;

#endif
