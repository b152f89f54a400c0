/* cot.h -- one Cursor-on-Target event as values, from and to XML.
 *
 * tak.md 1.1 to 1.3.  cot_from_xml() is the hot path: one pass, slices of the
 * input, no allocation.  Attribute values are decoded (the five entities and
 * character references); a value that needed decoding lies in `scratch`, every
 * other one in the input.  `detail` is the raw inner XML of <detail>, byte for
 * byte.  Numbers are kept as written beside their value, so that nothing is
 * ever rounded on the way through.
 *
 * Refused with a sentence: not well-formed, a DTD, an entity that is not known,
 * invalid UTF-8, deeper or more attributes than limits.h, no uid, type, time,
 * start, stale or point with lat and lon (but a t-x-d-d needs no point; version
 * and how may be missing; so may hae, ce and le, which are then not known); and
 * a literal "</event>" that is not the end, well-formed as it may be: clients
 * cut at the first one, so what follows it would pass for somebody's event.
 * Junk in numbers ("NaN", "unknown") is kept as text with value NAN.
 * Pure; borrowed slices die with the input and the scratch. */
#ifndef CORDON_WIRE_COT_H
#define CORDON_WIRE_COT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/when.h"

/* hae, ce and le that mean "not known". */
#define COT_UNKNOWN 9999999.0

struct cot_number {
    struct str text; /* as written; empty when it came from protobuf */
    double value;    /* NAN when the text is no number */
};

/* The six elements that TAK protocol v1 has typed messages for.  `is` tells
 * that the element stands in <detail> (first one, when several). */
struct cot_contact { bool is; struct str endpoint, callsign; };
struct cot_group { bool is; struct str name, role; };
struct cot_precision { bool is; struct str geopointsrc, altsrc; };
struct cot_status { bool is; struct str battery_text; uint32_t battery; };
struct cot_takv { bool is; struct str device, platform, os, version; };
struct cot_track { bool is; struct cot_number speed, course; };

enum cot_typed { COT_CONTACT, COT_GROUP, COT_PRECISION, COT_STATUS, COT_TAKV, COT_TRACK, COT_TYPED };

struct cot {
    struct str xml; /* the event as received, "<event" to "</event>" or "/>"; empty from protobuf */
    struct str version, uid, type, how;
    struct str access, qos, opex, caveat, releasable_to;
    struct str time_text, start_text, stale_text; /* empty from protobuf */
    int64_t time_ms, start_ms, stale_ms;          /* since 1970 UTC */
    bool has_point;
    struct cot_number lat, lon, hae, ce, le;
    struct str detail; /* inner XML of <detail>, as received; from protobuf: xmlDetail */
    struct cot_contact contact;
    struct cot_group group;
    struct cot_precision precision;
    struct cot_status status;
    struct cot_takv takv;
    struct cot_track track;
    bool odd_end;     /* <event .../> or </event >: clients wait for "</event>", so not forwarded as it is */
    bool from_proto;  /* with no `xml`, typed elements may stand beside `detail` */
    bool has_dest;    /* a marti/dest stands in `detail` */
    uint8_t in_detail; /* 1 << enum cot_typed: an element of that name stands in `detail` */
    /* Where in `detail` the element stands that v1 has a message for, wholly
     * expressible by it; len 0: it is none.  For takproto.c. */
    struct { uint32_t at, len; } typed[COT_TYPED];
};

/* Reads one event.  scratch takes decoded values; give it at least xml.len bytes.
 * An XML declaration, comments and white space around the event are skipped. */
bool cot_from_xml(struct str xml, struct buf *scratch, struct cot *out, struct err *e) MUST_USE;

/* Writes the event as XML: a received XML byte for byte (but always with the
 * end "</event>", and an XML declaration is not repeated), one from protobuf by tak.md
 * 1.5 (typed elements are added unless detail already has an element of that
 * name).  Sets b->full when it does not fit. */
void cot_to_xml(const struct cot *c, struct buf *b);

/* The same without marti/dest elements (and without a <marti> that is then
 * empty and has no attributes): what is delivered. */
void cot_to_xml_stripped(const struct cot *c, struct buf *b);
/* Is there a marti/dest to strip at all?  (When not, the received bytes can be
 * forwarded as they are.) */
bool cot_has_dest(const struct cot *c) MUST_USE;
/* Writes detail (the inner XML) without marti/dest; for conversion to v1. */
void cot_detail_stripped(struct str detail, struct buf *b);

/* Whom an event names, and the ids that decide what it is. tak.md 1.3.  A dest
 * with two usable attributes (uid and callsign) gives two entries: the event is
 * for all that either names.  "All Streaming" sets to_all and gives none. */
struct cot_dest {
    enum { DEST_CALLSIGN, DEST_UID, DEST_GROUP, DEST_MISSION, DEST_MISSION_GUID, DEST_PUBLISH } kind;
    struct str name;
};

struct cot_routing {
    struct cot_dest dests[LIMIT_DESTS];
    size_t dest_count;         /* usable <dest>s; one with no usable attribute is not counted */
    bool to_all;               /* a dest callsign="All Streaming" */
    bool marti_archive_false;  /* <marti archive="false"> */
    bool is_chat;              /* <__chat> or <__chatreceipt> */
    struct str chat_id, chat_room, chat_message_id, chat_sender; /* id, chatroom, messageId, senderCallsign */
    struct str chat_members[LIMIT_DESTS]; /* chatgrp uid0.. in order; uid0 is the sender */
    size_t chat_member_count;
    struct str remarks;        /* text of the first <remarks>, decoded */
    struct str link_uid, link_type, link_relation; /* the first <link> with a uid */
    bool has_emergency, emergency_cancel; /* <emergency>, cancel="true" */
    struct str emergency_type, emergency_text;
    bool force_delete;         /* <__forcedelete> */
    bool archive;              /* <archive> */
    bool has_medevac;          /* <_medevac_> */
    /* filename (else name), sha256, senderUrl, sizeInBytes */
    struct str fileshare_name, fileshare_sha256, fileshare_url, fileshare_size;
    struct str tak_version;    /* <TakRequest version>, for t-x-takp-q */
};

/* Scans the detail once; values are decoded into scratch, which needs room for
 * detail.len bytes beside what is in it already: refused without.  More than
 * LIMIT_DESTS dests or members: refused. */
bool cot_route(const struct cot *c, struct buf *scratch, struct cot_routing *out, struct err *e) MUST_USE;

/* Reads a number as XML clients write them; NAN when it is none.  Never
 * depends on the locale. */
double cot_number(struct str text) MUST_USE;

#endif
