#include "core/mission.h"

/* ---- roles ------------------------------------------------------------- */

static const struct {
    const char *word;
    unsigned may;
} roles[MISSION_ROLES] = {
    [MISSION_NOBODY] = {"", MISSION_MAY_NOTHING},
    [MISSION_OWNER] = {"MISSION_OWNER", MISSION_MAY_END - 1},
    [MISSION_SUBSCRIBER] = {"MISSION_SUBSCRIBER", MISSION_MAY_READ | MISSION_MAY_WRITE},
    [MISSION_READONLY] = {"MISSION_READONLY_SUBSCRIBER", MISSION_MAY_READ},
};

const char *mission_role_word(enum mission_role role)
{
    MUST(role < MISSION_ROLES);
    return roles[role].word;
}

enum mission_role mission_role_of(struct str word)
{
    for (enum mission_role r = MISSION_OWNER; r < MISSION_ROLES; r++)
        if (str_eq(word, str_from(roles[r].word)))
            return r;
    return MISSION_NOBODY;
}

unsigned mission_role_may(enum mission_role role)
{
    MUST(role < MISSION_ROLES);
    return roles[role].may;
}

bool mission_role_covers(enum mission_role a, enum mission_role b)
{
    return (mission_role_may(b) & ~mission_role_may(a)) == 0;
}

const char *mission_permission_word(unsigned bit)
{
    static const char *const words[] = {"MISSION_READ",         "MISSION_WRITE",         "MISSION_DELETE",
                                        "MISSION_SET_ROLE",     "MISSION_SET_PASSWORD",  "MISSION_UPDATE_GROUPS",
                                        "MISSION_MANAGE_FEEDS", "MISSION_MANAGE_LAYERS"};

    for (size_t i = 0; i < COUNTOF(words); i++)
        if (bit == 1u << i)
            return words[i];
    return ""; /* it is not one permission */
}

/* ---- changes ----------------------------------------------------------- */

static const struct mission_change_info changes[MISSION_CHANGES] = {
#define TOLD(x) MISSION_TOLD_##x
#define MAY(x) MISSION_MAY_##x
    [MISSION_NO_CHANGE] = {"", MAY(NOTHING), TOLD(NOTHING), NULL},
    [MISSION_CREATED] = {"created", MAY(NOTHING), TOLD(CREATED), "CREATE_MISSION"},
    [MISSION_UPDATED] = {"updated", MAY(WRITE), TOLD(METADATA), NULL},
    [MISSION_DELETED] = {"deleted", MAY(DELETE), TOLD(DELETED), "DELETE_MISSION"},
    [MISSION_PASSWORD] = {"password", MAY(SET_PASSWORD), TOLD(METADATA), NULL},
    [MISSION_KEYWORDS] = {"keywords", MAY(WRITE), TOLD(KEYWORDS), NULL},
    [MISSION_UID_KEYWORDS] = {"uid.keywords", MAY(WRITE), TOLD(UID_KEYWORDS), NULL},
    [MISSION_FILE_KEYWORDS] = {"file.keywords", MAY(WRITE), TOLD(FILE_KEYWORDS), NULL},
    [MISSION_SUBSCRIBED] = {"subscribed", MAY(NOTHING), TOLD(NOTHING), NULL},
    [MISSION_UNSUBSCRIBED] = {"unsubscribed", MAY(READ), TOLD(NOTHING), NULL},
    [MISSION_ROLE_SET] = {"role", MAY(SET_ROLE), TOLD(ROLE), NULL},
    [MISSION_UID_PUT] = {"uid.put", MAY(WRITE), TOLD(CONTENT), "ADD_CONTENT"},
    [MISSION_UID_REMOVED] = {"uid.removed", MAY(WRITE), TOLD(CONTENT), "REMOVE_CONTENT"},
    [MISSION_FILE_PUT] = {"file.put", MAY(WRITE), TOLD(CONTENT), "ADD_CONTENT"},
    [MISSION_FILE_REMOVED] = {"file.removed", MAY(WRITE), TOLD(CONTENT), "REMOVE_CONTENT"},
    [MISSION_LOG_PUT] = {"log.put", MAY(WRITE), TOLD(LOG), NULL},
    [MISSION_LOG_REMOVED] = {"log.removed", MAY(WRITE), TOLD(LOG), NULL},
    [MISSION_LAYER_PUT] = {"layer.put", MAY(WRITE), TOLD(LAYER), NULL},
    [MISSION_LAYER_NAMED] = {"layer.named", MAY(WRITE), TOLD(LAYER), NULL},
    [MISSION_LAYER_MOVED] = {"layer.moved", MAY(WRITE), TOLD(LAYER), NULL},
    [MISSION_LAYER_REMOVED] = {"layer.removed", MAY(WRITE), TOLD(LAYER), NULL},
    [MISSION_MAPLAYER_PUT] = {"maplayer.put", MAY(WRITE), TOLD(METADATA), NULL},
    [MISSION_MAPLAYER_REMOVED] = {"maplayer.removed", MAY(WRITE), TOLD(METADATA), NULL},
    [MISSION_EXTERNAL_PUT] = {"external.put", MAY(WRITE), TOLD(EXTERNAL), "ADD_CONTENT"},
    [MISSION_EXTERNAL_REMOVED] = {"external.removed", MAY(WRITE), TOLD(EXTERNAL), "REMOVE_CONTENT"},
    [MISSION_EXTERNAL_TOLD] = {"external.told", MAY(WRITE), TOLD(EXTERNAL), "ADD_CONTENT"},
    [MISSION_PARENT_SET] = {"parent", MAY(WRITE), TOLD(METADATA), NULL},
    [MISSION_INVITED] = {"invited", MAY(WRITE), TOLD(INVITED), NULL},
    [MISSION_UNINVITED] = {"uninvited", MAY(NOTHING), TOLD(NOTHING), NULL},
#undef TOLD
#undef MAY
};

const struct mission_change_info *mission_change_info(enum mission_change c)
{
    MUST(c < MISSION_CHANGES);
    return &changes[c];
}

enum mission_change mission_change_of(struct str word)
{
    for (enum mission_change c = MISSION_CREATED; c < MISSION_CHANGES; c++)
        if (str_eq(word, str_from(changes[c].word)))
            return c;
    return MISSION_NO_CHANGE;
}

/* ---- keys -------------------------------------------------------------- */

static const char *const keys[MISSION_KEYS] = {
    [MISSION_DESCRIPTION] = "description",
    [MISSION_CHAT_ROOM] = "chatRoom",
    [MISSION_BASE_LAYER] = "baseLayer",
    [MISSION_BBOX] = "bbox",
    [MISSION_POLYGON] = "boundingPolygon",
    [MISSION_PATH] = "path",
    [MISSION_CLASSIFICATION] = "classification",
    [MISSION_TOOL] = "tool",
    [MISSION_EXPIRATION] = "expiration",
    [MISSION_INVITE_ONLY] = "inviteOnly",
    [MISSION_DEFAULT_ROLE] = "defaultRole",
    [MISSION_FILE_UID] = "file.uid",
    [MISSION_FILE_NAME] = "file.name",
    [MISSION_FILE_MIME] = "file.mimeType",
    [MISSION_FILE_SIZE] = "file.size",
    [MISSION_FILE_SUBMITTER] = "file.submitter",
    [MISSION_FILE_SUBMITTED] = "file.submissionTime",
    [MISSION_FILE_CREATOR] = "file.creatorUid",
    [MISSION_FILE_TOOL] = "file.tool",
    [MISSION_FILE_EXPIRATION] = "file.expiration",
    [MISSION_FILE_TAGS] = "file.keywords",
    [MISSION_EXTERNAL_NAME] = "external.name",
    [MISSION_EXTERNAL_TOOL] = "external.tool",
    [MISSION_EXTERNAL_DATA] = "external.urlData",
    [MISSION_EXTERNAL_VIEW] = "external.urlView",
    [MISSION_EXTERNAL_NOTES] = "external.notes",
    [MISSION_EXTERNAL_TOKEN] = "external.token",
};

const char *mission_key_word(enum mission_key k)
{
    MUST(k < MISSION_KEYS && keys[k]);
    return keys[k];
}

void mission_put_key(struct buf *b, enum mission_key k, struct str value)
{
    fields_put(b, FIELD_MISSION_KEY, str_from(mission_key_word(k)));
    fields_put(b, FIELD_MISSION_VALUE, value);
}

bool mission_get_key(struct str payload, enum mission_key k, struct str *out)
{
    struct str wanted = str_from(mission_key_word(k)), value;
    bool next = false;
    enum field tag;

    while (fields_next(&payload, &tag, &value)) {
        if (next && tag == FIELD_MISSION_VALUE) {
            *out = value;
            return true;
        }
        next = tag == FIELD_MISSION_KEY && str_eq(value, wanted);
    }
    return false;
}

/* ---- names ------------------------------------------------------------- */

/* The code point at s.at[*at] of well-formed UTF-8. */
static uint32_t next_point(struct str s, size_t *at)
{
    unsigned char c = (unsigned char)s.at[(*at)++];
    size_t more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    uint32_t p = more == 3 ? c & 7u : more == 2 ? c & 15u : more == 1 ? c & 31u : c;

    for (; more > 0; more--)
        p = p << 6 | ((unsigned char)s.at[(*at)++] & 63u);
    return p;
}

/* Unicode's Cc, Cf, Zl, Zp, private use and noncharacters: what is not seen, or turns what is seen around. */
static bool is_hidden(uint32_t p)
{
    static const struct { uint32_t from, to; } ranges[] = {
        {0x00, 0x1F},         {0x7F, 0x9F},         {0xAD, 0xAD},         {0x600, 0x605},       {0x61C, 0x61C},
        {0x6DD, 0x6DD},       {0x70F, 0x70F},       {0x890, 0x891},       {0x8E2, 0x8E2},       {0x115F, 0x1160},
        {0x17B4, 0x17B5},     {0x180B, 0x180F},     {0x200B, 0x200F},     {0x2028, 0x202E},     {0x2060, 0x206F},
        {0x3164, 0x3164},     {0xE000, 0xF8FF},     {0xFDD0, 0xFDEF},     {0xFEFF, 0xFEFF},     {0xFFA0, 0xFFA0},
        {0xFFF0, 0xFFFB},     {0xFFFE, 0xFFFF},     {0x110BD, 0x110BD},   {0x110CD, 0x110CD},   {0x13430, 0x1343F},
        {0x1BCA0, 0x1BCA3},   {0x1D173, 0x1D17A},   {0xE0000, 0x10FFFF},
    };

    for (size_t i = 0; i < COUNTOF(ranges); i++)
        if (p >= ranges[i].from && p <= ranges[i].to)
            return true;
    return p > 0xFFFF && (p & 0xFFFE) == 0xFFFE;
}

/* White space beyond ASCII is trimmed as well: a name must not differ from another in it alone. */
static size_t space_at(struct str s)
{
    static const char *const spaces[] = {" ", "\xC2\xA0", "\xE1\x9A\x80", "\xE3\x80\x80", "\xE2\x80\xAF",
                                         "\xE2\x81\x9F"};

    for (size_t i = 0; i < COUNTOF(spaces); i++)
        if (str_starts(s, str_from(spaces[i])))
            return strlen(spaces[i]);
    if (s.len >= 3 && str_starts(s, STR("\xE2\x80")) && (unsigned char)s.at[2] <= 0x8A)
        return 3; /* U+2000 to U+200A */
    return s.len && strchr("\t\r\n", s.at[0]) && s.at[0] ? 1 : 0;
}

struct str mission_name_trim(struct str name)
{
    size_t n;

    while ((n = space_at(name)) > 0)
        name = str_from_at(name, n);
    for (size_t back = 1; back <= 3 && back <= name.len;) {
        if (space_at(str_from_at(name, name.len - back)) == back) {
            name.len -= back;
            back = 1;
        } else {
            back++;
        }
    }
    return name;
}

/* Parts of the API's own paths: a mission of that name could not be asked for. */
static bool is_taken(struct str name)
{
    static const char *const words[] = {"guid", "all", "logs", "invitations", "subscriptions", ".", ".."};

    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_eq(name, str_from(words[i])))
            return true;
    return false;
}

bool mission_text_fits(struct str text, size_t max, const char *what, struct err *e)
{
    if (text.len == 0)
        return err_set(e, ERR_INPUT, "%s is empty", what);
    if (text.len > max)
        return err_set(e, ERR_INPUT, "%s is longer than %zu bytes", what, max);
    if (!str_is_utf8(text))
        return err_set(e, ERR_INPUT, "%s is not UTF-8", what);
    for (size_t at = 0; at < text.len;) {
        uint32_t p = next_point(text, &at);

        if (p < 0x20 || (p >= 0x7F && p < 0xA0) || p == 0xFFFE || p == 0xFFFF)
            return err_set(e, ERR_INPUT, "%s holds the control character U+%04X", what, (unsigned)p);
    }
    return true;
}

bool mission_name_fits(struct str name, struct err *e)
{
    if (!mission_text_fits(name, MISSION_NAME_MAX, "the mission's name", e))
        return false;
    for (size_t at = 0; at < name.len;) {
        uint32_t p = next_point(name, &at);

        if (is_hidden(p))
            return err_set(e, ERR_INPUT, "the mission's name holds the invisible character U+%04X", (unsigned)p);
        if (p == '/' || p == '\\')
            return err_set(e, ERR_INPUT, "the mission's name must not hold '%c'", (char)p);
    }
    if (mission_name_trim(name).len != name.len)
        return err_set(e, ERR_INPUT, "the mission's name begins or ends with white space");
    if (is_taken(name))
        return err_set(e, ERR_INPUT, "\"%.*s\" cannot be a mission's name: choose another one", STR_ARG(name));
    return true;
}

void mission_name_fold(struct buf *b, struct str name)
{
    name = mission_name_trim(name);
    for (size_t i = 0; i < name.len; i++)
        buf_byte(b, name.at[i] >= 'A' && name.at[i] <= 'Z' ? (char)(name.at[i] + ('a' - 'A')) : name.at[i]);
}

static bool hex_small(char c, char *out)
{
    if (c >= 'A' && c <= 'F')
        c = (char)(c + ('a' - 'A'));
    *out = c;
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool mission_guid_read(struct str text, char out[MISSION_GUID_LEN + 1])
{
    if (text.len == MISSION_GUID_LEN + 2 && text.at[0] == '{' && text.at[text.len - 1] == '}')
        text = str_cut(text, 1, text.len - 1);
    if (text.len != MISSION_GUID_LEN)
        return false;
    for (size_t i = 0; i < MISSION_GUID_LEN; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text.at[i] != '-' : !hex_small(text.at[i], &out[i]))
            return false;
        if (dash)
            out[i] = '-';
    }
    out[MISSION_GUID_LEN] = 0;
    return true;
}

bool mission_hash_read(struct str text, char out[65])
{
    if (text.len != 64)
        return false;
    for (size_t i = 0; i < 64; i++)
        if (!hex_small(text.at[i], &out[i]))
            return false;
    out[64] = 0;
    return true;
}

static const char *word_in(const char *const *words, size_t count, struct str word)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(word, str_from(words[i])))
            return words[i];
    return NULL;
}

const char *mission_layer_word(struct str word)
{
    static const char *const words[] = {"GROUP", "UID", "CONTENTS", "MAPLAYER", "ITEM"};

    return word_in(words, COUNTOF(words), word);
}

const char *mission_invite_word(struct str word)
{
    static const char *const words[] = {"clientUid", "callsign", "userName", "group", "team"};

    return word_in(words, COUNTOF(words), word);
}
