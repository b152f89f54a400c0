/* mission.h -- what a mission (Data Sync) is, apart from where it is kept: roles, names, kinds of change, limits.
 *
 * tak.md 2.5.  A mission is a named set of map items, files, log entries and layers that devices subscribe to.
 * Whatever happens to it is one change: a row mission.changed of the journal, whose payload (core/fields.h 60 to
 * 78) says which.  store/missions.h makes the state of those rows; nothing is ever erased by one.  Pure. */
#ifndef CORDON_CORE_MISSION_H
#define CORDON_CORE_MISSION_H

#include "base/buf.h"
#include "base/err.h"
#include "core/fields.h"

/* What is reached is refused with a sentence; nothing is half done then. */
enum {
    MISSION_GUID_LEN = 36,
    MISSION_NAME_MAX = 255,
    MISSION_ATTRIBUTE_MAX = 4096, /* description, bbox ...: bytes each */
    MISSION_KEYWORD_MAX = 255,
    MISSION_KEYWORDS_MAX = 128, /* of a mission, of an item, of a log entry */
    MISSION_GROUPS_MAX = 64,
    MISSION_LOG_MAX = 16 * 1024,       /* bytes of one log entry */
    MISSION_LOG_HASHES_MAX = 128,      /* files that one names */
    MISSION_JSON_MAX = 16 * 1024,      /* a map layer as it was sent */
    MISSIONS_MAX = 4096,               /* not deleted */
    MISSION_ITEMS_MAX = 16384,         /* uids, and as many files */
    MISSION_SUBSCRIPTIONS_MAX = 4096,  /* of one */
    MISSION_INVITATIONS_MAX = 4096,
    MISSION_LAYERS_MAX = 16384,        /* those that file an item, too */
    MISSION_MAPLAYERS_MAX = 256,
    MISSION_EXTERNAL_MAX = 1024,
    MISSION_LOGS_MAX = 65536,
    MISSION_ONES_MAX = 512,            /* changes that one request may ask for */
    MISSION_LIST_MAX = 8 * 1024,       /* bytes of a list in one column: groups, hashes, keywords */
};

enum mission_role { MISSION_NOBODY, MISSION_OWNER, MISSION_SUBSCRIBER, MISSION_READONLY, MISSION_ROLES };

enum mission_permission {
    MISSION_MAY_NOTHING = 0,
    MISSION_MAY_READ = 1,
    MISSION_MAY_WRITE = 2,
    MISSION_MAY_DELETE = 4,
    MISSION_MAY_SET_ROLE = 8,
    MISSION_MAY_SET_PASSWORD = 16,
    MISSION_MAY_UPDATE_GROUPS = 32,
    MISSION_MAY_MANAGE_FEEDS = 64,
    MISSION_MAY_MANAGE_LAYERS = 128,
    MISSION_MAY_END = 256
};

/* "MISSION_OWNER"; "" of nobody. */
const char *mission_role_word(enum mission_role role) MUST_USE;
enum mission_role mission_role_of(struct str word) MUST_USE;
/* The bits of what a role may do. */
unsigned mission_role_may(enum mission_role role) MUST_USE;
/* May a whatever b may? */
bool mission_role_covers(enum mission_role a, enum mission_role b) MUST_USE;
/* "MISSION_READ" of one bit. */
const char *mission_permission_word(unsigned bit) MUST_USE;

/* What is told to phones of a change, tak.md 1.7. */
enum mission_told {
    MISSION_TOLD_NOTHING,
    MISSION_TOLD_CREATED,      /* t-x-m-n, to whoever hears a group of the mission */
    MISSION_TOLD_DELETED,      /* t-x-m-d, the same */
    MISSION_TOLD_METADATA,     /* t-x-m-c-m, the same */
    MISSION_TOLD_KEYWORDS,     /* t-x-m-c-k, the same */
    MISSION_TOLD_CONTENT,      /* t-x-m-c, to subscribers, as all below */
    MISSION_TOLD_UID_KEYWORDS, /* t-x-m-c-k-u */
    MISSION_TOLD_FILE_KEYWORDS, /* t-x-m-c-k-c */
    MISSION_TOLD_LOG,          /* t-x-m-c-l */
    MISSION_TOLD_EXTERNAL,     /* t-x-m-c-e */
    MISSION_TOLD_LAYER,        /* t-x-m-c-h */
    MISSION_TOLD_INVITED,      /* t-x-m-i, to the invited */
    MISSION_TOLD_ROLE,         /* t-x-m-r, to the one whose role it is */
    MISSION_TOLD_COUNT
};

enum mission_change {
    MISSION_NO_CHANGE,
    MISSION_CREATED, /* NAME, KEY and VALUE, GROUP, KEYWORD; CLIENT and TOKEN of its owner; FROM */
    MISSION_UPDATED, /* KEY and VALUE, GROUP (all of them, when there is one), ROLE */
    MISSION_DELETED,
    MISSION_PASSWORD,      /* VALUE: an argon2id string; none: no password any more */
    MISSION_KEYWORDS,      /* KEYWORD: all of them; none: no keywords any more, as below */
    MISSION_UID_KEYWORDS,  /* UID, KEYWORD */
    MISSION_FILE_KEYWORDS, /* SHA256, KEYWORD */
    MISSION_SUBSCRIBED,    /* CLIENT, USER, ROLE, TOKEN */
    MISSION_UNSUBSCRIBED,  /* CLIENT; CHANGED "disconnected": it keeps its role for when it comes back */
    MISSION_ROLE_SET,      /* CLIENT, ROLE */
    MISSION_UID_PUT,       /* UID, COT */
    MISSION_UID_REMOVED,   /* UID */
    MISSION_FILE_PUT,      /* SHA256, KEY and VALUE */
    MISSION_FILE_REMOVED,  /* SHA256 */
    MISSION_LOG_PUT,       /* UID: its id, TEXT, AT, LINK_UID, HASH, KEYWORD */
    MISSION_LOG_REMOVED,   /* UID */
    MISSION_LAYER_PUT,     /* UID, TYPE, NAME, PARENT, AFTER */
    MISSION_LAYER_NAMED,   /* UID, NAME */
    MISSION_LAYER_MOVED,   /* UID, PARENT, AFTER */
    MISSION_LAYER_REMOVED, /* UID; what was filed below it goes to its parent */
    MISSION_MAPLAYER_PUT,  /* UID, VALUE: its JSON */
    MISSION_MAPLAYER_REMOVED,  /* UID */
    MISSION_EXTERNAL_PUT,      /* UID, KEY and VALUE */
    MISSION_EXTERNAL_REMOVED,  /* UID */
    MISSION_EXTERNAL_TOLD,     /* UID, KEY and VALUE: its data changed elsewhere */
    MISSION_PARENT_SET,        /* PARENT: a guid; none: no parent any more */
    MISSION_INVITED,           /* TYPE, CLIENT, ROLE, TOKEN */
    MISSION_UNINVITED,         /* TYPE, CLIENT */
    MISSION_CHANGES
};

struct mission_change_info {
    const char *word; /* on disk: never changes */
    unsigned needs;   /* the permission */
    enum mission_told told;
    const char *type; /* how the list of changes calls it, NULL: it is not in that list */
};
const struct mission_change_info *mission_change_info(enum mission_change c) MUST_USE;
enum mission_change mission_change_of(struct str word) MUST_USE;

/* What KEY names: attributes of a mission, of a file, of external data. */
enum mission_key {
    MISSION_DESCRIPTION,
    MISSION_CHAT_ROOM,
    MISSION_BASE_LAYER,
    MISSION_BBOX,
    MISSION_POLYGON,
    MISSION_PATH,
    MISSION_CLASSIFICATION,
    MISSION_TOOL,
    MISSION_EXPIRATION,
    MISSION_INVITE_ONLY,
    MISSION_DEFAULT_ROLE,
    MISSION_FILE_UID,
    MISSION_FILE_NAME,
    MISSION_FILE_MIME,
    MISSION_FILE_SIZE,
    MISSION_FILE_SUBMITTER,
    MISSION_FILE_SUBMITTED,
    MISSION_FILE_CREATOR,
    MISSION_FILE_TOOL,
    MISSION_FILE_EXPIRATION,
    MISSION_FILE_TAGS,
    MISSION_EXTERNAL_NAME,
    MISSION_EXTERNAL_TOOL,
    MISSION_EXTERNAL_DATA,
    MISSION_EXTERNAL_VIEW,
    MISSION_EXTERNAL_NOTES,
    MISSION_EXTERNAL_TOKEN,
    MISSION_KEYS
};
/* "description" ...; on disk: never changes. */
const char *mission_key_word(enum mission_key k) MUST_USE;
/* Writes KEY and VALUE. */
void mission_put_key(struct buf *b, enum mission_key k, struct str value);
/* The value of a key in a payload; false: it does not say. */
bool mission_get_key(struct str payload, enum mission_key k, struct str *out) MUST_USE;

/* A name as it is kept: without white space at both ends. */
struct str mission_name_trim(struct str name) MUST_USE;
/* 1 to MISSION_NAME_MAX bytes of UTF-8, without control, format or bidirectional characters, '/', '\', "." or ".."
 * alone, or a word that the API has for itself.  It is not normalised: two that differ in their bytes are two. */
bool mission_name_fits(struct str name, struct err *e) MUST_USE;
/* What two names of one mission have in common: trimmed, ASCII letters small (the peers compare so). */
void mission_name_fold(struct buf *b, struct str name);
/* A guid in any case, with or without braces, as 36 small characters. */
bool mission_guid_read(struct str text, char out[MISSION_GUID_LEN + 1]) MUST_USE;
/* A uid, a keyword, a callsign: 1 to max bytes of UTF-8 without control characters; what: for the sentence. */
bool mission_text_fits(struct str text, size_t max, const char *what, struct err *e) MUST_USE;
/* 64 hex digits of either case, as small ones. */
bool mission_hash_read(struct str text, char out[65]) MUST_USE;

/* The kind of a layer: "GROUP", "UID", "CONTENTS", "MAPLAYER", "ITEM"; NULL when there is none of that name. */
const char *mission_layer_word(struct str word) MUST_USE;
/* How somebody is invited: "clientUid", "callsign", "userName", "group", "team"; NULL when there is no such way. */
const char *mission_invite_word(struct str word) MUST_USE;

#endif
