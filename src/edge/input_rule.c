#include "edge/input_rule.h"

#include <stdio.h>

/* ---- kinds ------------------------------------------------------------- */

enum key {
    KEY_ADDRESS = 1,
    KEY_PORT = 2,
    KEY_INTERFACE = 4,
    KEY_ALLOW = 8,
    KEY_GROUP = 16,
    KEY_TYPES = 32,
    KEY_UID = 64,
    KEY_AGENCY = 128,
    KEY_RATE = 256,
    KEY_GRANT = KEY_GROUP | KEY_TYPES | KEY_UID | KEY_AGENCY | KEY_RATE,
};

static const struct kind {
    const char *name;
    unsigned takes, needs;
    const char *address;
    int port;
} kinds[INPUT_KINDS] = {
    [INPUT_UDP] = {"udp", KEY_ADDRESS | KEY_PORT | KEY_ALLOW | KEY_GRANT, KEY_PORT | KEY_ALLOW | KEY_GROUP, "::", 0},
    [INPUT_MULTICAST] = {"multicast", KEY_ADDRESS | KEY_PORT | KEY_INTERFACE | KEY_ALLOW | KEY_GRANT,
                         KEY_INTERFACE | KEY_ALLOW | KEY_GROUP, "239.2.3.1", 6969},
    [INPUT_TCP] = {"tcp", KEY_ADDRESS | KEY_PORT | KEY_ALLOW | KEY_GRANT, KEY_PORT | KEY_ALLOW | KEY_GROUP, "::", 0},
    [INPUT_AUTH_TLS] = {"auth-tls", KEY_ADDRESS | KEY_PORT | KEY_ALLOW, KEY_PORT | KEY_ALLOW, "::", 0},
    [INPUT_AUTH_TCP] = {"auth-tcp", KEY_ADDRESS | KEY_PORT | KEY_ALLOW, KEY_PORT | KEY_ALLOW, "::", 0},
    [INPUT_HTTP] = {"http", KEY_ALLOW | KEY_GRANT, KEY_GROUP, "", 0},
};

const char *input_kind_name(enum input_kind k)
{
    MUST(k < INPUT_KINDS);
    return kinds[k].name;
}

/* ---- keys -------------------------------------------------------------- */

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '.'))
            return false;
    }
    return s.len > 0;
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f || s.at[i] == '"')
            return false;
    return s.len > 0 && str_is_utf8(s);
}

static bool too_many(const char *what, int most, struct err *e)
{
    return err_set(e, ERR_FULL, "more than %d values of %s", most, what);
}

static bool take_address(struct input_rule *r, struct str value, struct err *e)
{
    struct net_prefix p;

    return (net_prefix_read(value, &p, e) && str_copy(r->address, sizeof r->address, value)) ||
           err_set(e, ERR_INPUT, "address is one of numbers, such as 10.0.0.4 or ::");
}

static bool take_port(struct input_rule *r, struct str value, struct err *e)
{
    int64_t port;

    if (!str_to_int(value, 1, 65535, &port))
        return err_set(e, ERR_INPUT, "port is a number from 1 to 65535");
    r->port = (int)port;
    return true;
}

static bool take_interface(struct input_rule *r, struct str value, struct err *e)
{
    return (is_plain(value) && str_copy(r->interface, sizeof r->interface, value)) ||
           err_set(e, ERR_INPUT, "interface is the name of one, such as eth0");
}

static bool take_allow(struct input_rule *r, struct str value, struct err *e)
{
    return r->allow_count < INPUT_PREFIXES ? net_prefix_read(value, &r->allow[r->allow_count++], e)
                                           : too_many("allow", INPUT_PREFIXES, e);
}

static bool take_group(struct input_rule *r, struct str value, struct err *e)
{
    if (r->group_count == INPUT_GROUPS)
        return too_many("group", INPUT_GROUPS, e);
    return (is_plain(value) && str_copy(r->groups[r->group_count++], SETS_NAME_MAX, value)) ||
           err_set(e, ERR_INPUT, "a group's name has 1 to %d bytes", SETS_NAME_MAX - 1);
}

static bool take_type(struct input_rule *r, struct str value, struct err *e)
{
    if (r->type_count == INPUT_TYPES)
        return too_many("types", INPUT_TYPES, e);
    return (is_name(value) && str_copy(r->types[r->type_count++], INPUT_TYPE_MAX, value)) ||
           err_set(e, ERR_INPUT, "types are CoT types or how they begin, such as a-f-G or b-m-p");
}

static bool take_uid(struct input_rule *r, struct str value, struct err *e)
{
    return (is_plain(value) && str_copy(r->uid, sizeof r->uid, value)) ||
           err_set(e, ERR_INPUT, "uid is how the uids begin that may come in, of 1 to %d bytes", INPUT_UID_MAX - 1);
}

static bool take_agency(struct input_rule *r, struct str value, struct err *e)
{
    return (is_plain(value) && str_copy(r->agency, sizeof r->agency, value)) ||
           err_set(e, ERR_INPUT, "an agency's code has 1 to %d bytes", SETS_AGENCY_MAX - 1);
}

static bool take_rate(struct input_rule *r, struct str value, struct err *e)
{
    return str_to_int(value, 1, INPUT_RATE_MAX, &r->rate) ||
           err_set(e, ERR_INPUT, "rate is how many events a second one source may send, from 1 to %d", INPUT_RATE_MAX);
}

static const struct key_row {
    const char *name, *what;
    enum key key;
    bool list;
    bool (*take)(struct input_rule *r, struct str value, struct err *e);
} keys[] = {
    {"address", "to listen on; of a multicast the group", KEY_ADDRESS, false, take_address},
    {"port", "to listen on", KEY_PORT, false, take_port},
    {"interface", "on which a multicast group is joined", KEY_INTERFACE, false, take_interface},
    {"allow", "addresses and prefixes from which it may come", KEY_ALLOW, true, take_allow},
    {"group", "which hears it", KEY_GROUP, true, take_group},
    {"types", "of events that may come in, or how they begin; without it a", KEY_TYPES, true, take_type},
    {"uid", "how their uids begin", KEY_UID, false, take_uid},
    {"agency", "whose they are, for the rules between agencies", KEY_AGENCY, false, take_agency},
    {"rate", "events a second of one source; without it 20", KEY_RATE, false, take_rate},
};

void input_rule_help(struct buf *b)
{
    for (size_t k = 0; k < INPUT_KINDS; k++) {
        buf_fmt(b, "  %s", kinds[k].name);
        for (size_t i = 0; i < COUNTOF(keys); i++)
            if (kinds[k].takes & keys[i].key)
                buf_fmt(b, kinds[k].needs & keys[i].key ? " %s=" : " [%s=]", keys[i].name);
        buf_byte(b, '\n');
    }
    for (size_t i = 0; i < COUNTOF(keys); i++)
        buf_fmt(b, "  %-10s %s\n", keys[i].name, keys[i].what);
}

/* One value, or each of a list. */
static bool take_values(const struct key_row *k, struct input_rule *r, struct str values, struct err *e)
{
    while (k->list && str_find_byte(values, ',') < values.len) {
        size_t n = str_find_byte(values, ',');

        if (!k->take(r, str_cut(values, 0, n), e))
            return false;
        values = str_from_at(values, n + 1);
    }
    return k->take(r, values, e);
}

/* The next word, moving *rest behind it; empty at the end.  What stands in quotes belongs together. */
static struct str word(struct str *rest)
{
    struct str s = str_trim(*rest);
    bool quoted = false;
    size_t n = 0;

    for (; n < s.len && (quoted || (s.at[n] != ' ' && s.at[n] != '\t')); n++)
        quoted ^= s.at[n] == '"';
    *rest = str_from_at(s, n);
    return str_cut(s, 0, n);
}

/* A value without the quotes around it. */
static struct str unquoted(struct str s)
{
    return s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"' ? str_cut(s, 1, s.len - 1) : s;
}

static bool take_pair(struct input_rule *r, struct str pair, unsigned *said, struct err *e)
{
    size_t is = str_find_byte(pair, '=');

    for (size_t i = 0; is < pair.len && i < COUNTOF(keys); i++) {
        const struct key_row *k = &keys[i];

        if (!str_eq(str_cut(pair, 0, is), str_from(k->name)))
            continue;
        if (!(kinds[r->kind].takes & k->key))
            return err_set(e, ERR_INPUT, "an input of kind %s has no %s", kinds[r->kind].name, k->name);
        if (*said & k->key && !k->list)
            return err_set(e, ERR_INPUT, "%s stands twice", k->name);
        *said |= k->key;
        return take_values(k, r, unquoted(str_from_at(pair, is + 1)), e) || err_in(e, "%s", k->name);
    }
    return err_set(e, ERR_INPUT, "\"%.*s\" is no key=value of an input: see cordon input", STR_ARG(pair));
}

static bool is_complete(const struct input_rule *r, unsigned said, struct err *e)
{
    unsigned missing = kinds[r->kind].needs & ~said;

    for (size_t i = 0; i < COUNTOF(keys); i++)
        if (missing & keys[i].key)
            return err_set(e, ERR_INPUT, "it needs %s=, %s", keys[i].name, keys[i].what);
    return true;
}

bool input_rule_read(struct str spec, struct input_rule *out, struct err *e)
{
    struct str name = word(&spec), kind = word(&spec), pair;
    unsigned said = 0, k = 0;

    memset(out, 0, sizeof *out);
    if (!is_name(name) || !str_copy(out->name, sizeof out->name, name))
        return err_set(e, ERR_INPUT, "an input's name has 1 to %d letters, digits, '-', '_' and '.'",
                       INPUT_NAME_MAX - 1);
    while (k < INPUT_KINDS && !str_eq(kind, str_from(kinds[k].name)))
        k++;
    if (k == INPUT_KINDS)
        return err_set(e, ERR_INPUT, "input %s: \"%.*s\" is none of udp, multicast, tcp, auth-tls, auth-tcp, http",
                       out->name, STR_ARG(kind));
    out->kind = (enum input_kind)k;
    out->port = kinds[k].port;
    out->rate = INPUT_RATE;
    (void)str_copy(out->address, sizeof out->address, str_from(kinds[k].address));
    while ((pair = word(&spec)).len)
        if (!take_pair(out, pair, &said, e))
            return err_in(e, "input %s", out->name);
    if (out->type_count == 0 && !take_type(out, STR("a"), e))
        return false;
    return is_complete(out, said, e) || err_in(e, "input %s", out->name);
}

/* ---- what may come in -------------------------------------------------- */

bool input_allows_address(const struct input_rule *r, const struct net_peer *who)
{
    for (size_t i = 0; i < r->allow_count; i++)
        if (net_prefix_has(&r->allow[i], who))
            return true;
    return r->allow_count == 0 && r->kind == INPUT_HTTP; /* there the token is the grant */
}

/* "a-f-G" allows a-f-G and what goes on with a '-'. */
static bool allows_type(const struct input_rule *r, struct str type)
{
    for (size_t i = 0; i < r->type_count; i++) {
        struct str prefix = str_from(r->types[i]);

        if (str_starts(type, prefix) && (type.len == prefix.len || type.at[prefix.len] == '-'))
            return true;
    }
    return false;
}

const char *input_objects(const struct input_rule *r, const struct cot *c)
{
    if (!allows_type(r, c->type))
        return "its type is none that this input may bring";
    if (!str_starts(c->uid, str_from(r->uid)))
        return "its uid is none that this input may bring";
    return NULL;
}
