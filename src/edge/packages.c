#include "edge/packages.h"

#include "os/secret.h"
#include "os/zip.h"

#include <stdio.h>

enum { FILE_NAME_MAX = 64 };

/* What differs from client to client. */
static const struct shape {
    const char *word, *folder; /* folder: where the files lie, with its '/' */
    const char *pref;          /* what its settings are called; NULL: as the other files */
    bool manifest;             /* it wants one */
    bool each, all, enrols;    /* each: keys of each connection (caLocation0); all: keys for all (caLocation) */
} shapes[PACKAGE_COUNT] = {
    [PACKAGE_ATAK] = {"atak", "certs/", NULL, true, true, false, true},
    [PACKAGE_ITAK] = {"itak", "", "preference.pref", false, false, true, false},
    [PACKAGE_WINTAK] = {"wintak", "certs/", NULL, true, true, true, true},
};

bool package_for_is(struct str word, enum package_for *out)
{
    for (unsigned i = 0; i < PACKAGE_COUNT; i++)
        if (str_eq(word, str_from(shapes[i].word))) {
            *out = (enum package_for)i;
            return true;
        }
    return false;
}

const char *package_word(enum package_for client)
{
    return shapes[client].word;
}

bool package_can_enrol(enum package_for client)
{
    return shapes[client].enrols;
}

/* ---- names --------------------------------------------------------------- */

enum file { FILE_PREF, FILE_TRUST, FILE_KEY, FILES };

/* Without its folder.  A client keeps a .p12 that it has under that name already, so a key is named for its bytes. */
static void put_file(const struct package *p, enum file file, struct buf *b)
{
    static const char *const names[] = {[FILE_PREF] = "cordon", [FILE_TRUST] = "truststore", [FILE_KEY] = "client"};
    unsigned char hash[SECRET_SHA];

    MUST(file < FILES && p->mark.len == PACKAGE_MARK);
    if (file == FILE_PREF && shapes[p->client].pref) {
        buf_put(b, str_from(shapes[p->client].pref));
        return;
    }
    buf_fmt(b, "%s-%.*s", names[file], STR_ARG(p->mark));
    if (file == FILE_KEY) {
        secret_sha256(p->key, hash);
        buf_byte(b, '-');
        buf_hex(b, hash, 4);
    }
    buf_put(b, file == FILE_PREF ? STR(".pref") : STR(".p12"));
}

static void put_path(const struct package *p, enum file file, struct buf *b)
{
    buf_put(b, str_from(shapes[p->client].folder));
    put_file(p, file, b);
}

static bool has_file(const struct package *p, enum file file)
{
    return file != FILE_KEY || p->key.len > 0;
}

static void put_name(const struct package *p, struct buf *b)
{
    buf_put(b, p->server);
    if (p->user.len)
        buf_fmt(b, " %.*s", STR_ARG(p->user));
}

/* The same package has the same uid, so that a client does not list it twice (RFC 9562, 5.8). */
static void put_uid(const struct package *p, struct buf *b)
{
    unsigned char hash[SECRET_SHA];
    char text[256];
    struct buf what = buf_over(text, sizeof text), hex = buf_over(text, sizeof text);

    buf_fmt(&what, "cordon package %s %.*s %.*s %d", shapes[p->client].word, STR_ARG(p->mark), STR_ARG(p->user),
            p->key.len > 0);
    MUST(!what.full);
    secret_sha256(buf_str(&what), hash);
    hash[6] = (unsigned char)(0x80 | (hash[6] & 0x0f));
    hash[8] = (unsigned char)(0x80 | (hash[8] & 0x3f));
    buf_hex(&hex, hash, 16);
    buf_fmt(b, "%.8s-%.4s-%.4s-%.4s-%.12s", text, text + 8, text + 12, text + 16, text + 20);
}

/* ---- the manifest --------------------------------------------------------- */

static void put_parameter(struct buf *b, const char *name, struct str value)
{
    buf_fmt(b, "    <Parameter name=\"%s\" value=\"", name);
    buf_xml(b, value);
    buf_put(b, STR("\"/>\n"));
}

void package_manifest(const struct package *p, struct buf *b)
{
    char text[256];
    struct buf t = buf_over(text, sizeof text);

    buf_put(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MissionPackageManifest version=\"2\">\n"
                   "  <Configuration>\n"));
    put_uid(p, &t);
    put_parameter(b, "uid", buf_str(&t));
    t.len = 0;
    put_name(p, &t);
    put_parameter(b, "name", buf_str(&t));
    put_parameter(b, "onReceiveDelete", STR("true"));
    buf_put(b, STR("  </Configuration>\n  <Contents>\n"));
    for (enum file file = FILE_PREF; file < FILES; file++)
        if (has_file(p, file)) {
            buf_put(b, STR("    <Content ignore=\"false\" zipEntry=\""));
            put_path(p, file, b);
            buf_put(b, STR("\"/>\n"));
        }
    buf_put(b, STR("  </Contents>\n</MissionPackageManifest>\n"));
    b->full |= t.full;
}

/* ---- the settings --------------------------------------------------------- */

enum entry_class { ENTRY_TEXT, ENTRY_NUMBER, ENTRY_YES_NO };

static void put_entry(struct buf *b, const char *key, enum entry_class class, struct str value)
{
    static const char *const classes[] = {
        [ENTRY_TEXT] = "String", [ENTRY_NUMBER] = "Integer", [ENTRY_YES_NO] = "Boolean"};

    buf_fmt(b, "    <entry key=\"%s\" class=\"class java.lang.%s\">", key, classes[class]);
    buf_xml(b, value);
    buf_put(b, STR("</entry>\n"));
}

static void put_location(const struct package *p, struct buf *b, const char *key, enum file file)
{
    char text[FILE_NAME_MAX + 8];
    struct buf t = buf_over(text, sizeof text);

    buf_put(&t, STR("cert/"));
    put_file(p, file, &t);
    MUST(!t.full);
    put_entry(b, key, ENTRY_TEXT, buf_str(&t));
}

/* Where the certificates are; suffix "0": of the first connection, "": of all. */
static void put_certificates(const struct package *p, const char *suffix, struct buf *b)
{
    static const struct {
        const char *location, *password;
        enum file file;
    } rows[] = {{"caLocation", "caPassword", FILE_TRUST}, {"certificateLocation", "clientPassword", FILE_KEY}};

    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char key[32];

        if (!has_file(p, rows[i].file))
            continue;
        (void)snprintf(key, sizeof key, "%s%s", rows[i].location, suffix);
        put_location(p, b, key, rows[i].file);
        (void)snprintf(key, sizeof key, "%s%s", rows[i].password, suffix);
        put_entry(b, key, ENTRY_TEXT, rows[i].file == FILE_KEY ? p->key_password : p->trust_password);
    }
}

static void put_port(struct buf *b, const char *key, int port, int usual)
{
    char text[16];

    if (port == 0 || port == usual)
        return;
    (void)snprintf(text, sizeof text, "%d", port);
    put_entry(b, key, ENTRY_TEXT, str_from(text));
}

/* "host:port:ssl" is cut at its colons: an address of IPv6 cannot be told. */
static void put_connection(const struct package *p, struct buf *b)
{
    char text[320];
    struct buf t = buf_over(text, sizeof text);

    buf_put(b, STR("  <preference version=\"1\" name=\"cot_streams\">\n"));
    put_entry(b, "count", ENTRY_NUMBER, STR("1"));
    put_entry(b, "description0", ENTRY_TEXT, p->server);
    put_entry(b, "enabled0", ENTRY_YES_NO, STR("true"));
    buf_fmt(&t, "%.*s:%d:ssl", STR_ARG(p->host), p->stream_port);
    put_entry(b, "connectString0", ENTRY_TEXT, buf_str(&t));
    if (shapes[p->client].each)
        put_certificates(p, "0", b);
    if (p->key.len == 0) {
        put_entry(b, "enrollForCertificateWithTrust0", ENTRY_YES_NO, STR("true"));
        put_entry(b, "useAuth0", ENTRY_YES_NO, STR("true"));
        put_entry(b, "cacheCreds0", ENTRY_TEXT, STR("Cache credentials"));
    }
    buf_put(b, STR("  </preference>\n"));
    b->full |= t.full;
}

void package_pref(const struct package *p, struct buf *b)
{
    buf_put(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<preferences>\n"));
    put_connection(p, b);
    buf_put(b, STR("  <preference version=\"1\" name=\"com.atakmap.app_preferences\">\n"));
    put_entry(b, "displayServerConnectionWidget", ENTRY_YES_NO, STR("true"));
    if (shapes[p->client].all)
        put_certificates(p, "", b);
    put_port(b, "apiSecureServerPort", p->api_port, PACKAGE_API_PORT);
    put_port(b, "apiCertEnrollmentPort", p->enrol_port, PACKAGE_ENROL_PORT);
    if (p->callsign.len)
        put_entry(b, "locationCallsign", ENTRY_TEXT, p->callsign);
    if (p->role.len)
        put_entry(b, "atakRoleType", ENTRY_TEXT, p->role);
    buf_put(b, STR("  </preference>\n</preferences>\n"));
}

/* ---- the zip --------------------------------------------------------------- */

static bool add_file(struct zip_writer *z, const struct package *p, enum file file, struct str bytes, struct err *e)
{
    char path[FILE_NAME_MAX + 8];
    struct buf b = buf_over(path, sizeof path);

    put_path(p, file, &b);
    MUST(!b.full);
    return !has_file(p, file) || zip_write_add(z, buf_str(&b), bytes, e);
}

bool package_zip(const struct package *p, char **bytes, size_t *len, struct err *e)
{
    char manifest[PACKAGE_TEXT_MAX], pref[PACKAGE_TEXT_MAX];
    struct buf m = buf_over(manifest, sizeof manifest), f = buf_over(pref, sizeof pref);
    struct zip_writer *z;
    bool ok;

    MUST(p->trust.len > 0);
    package_manifest(p, &m);
    package_pref(p, &f);
    if (m.full || f.full)
        return err_set(e, ERR_INPUT, "the names are too long for a connection package");
    if (!zip_write_open(NULL, &z, e))
        return false;
    ok = (!shapes[p->client].manifest || zip_write_add(z, STR("MANIFEST/manifest.xml"), buf_str(&m), e)) &&
         add_file(z, p, FILE_PREF, buf_str(&f), e) && add_file(z, p, FILE_TRUST, p->trust, e) &&
         add_file(z, p, FILE_KEY, p->key, e);
    if (!ok)
        zip_write_drop(z);
    ok = ok && zip_write_take(z, bytes, len, e);
    secret_wipe(pref, sizeof pref);
    return ok;
}

/* ---- links ------------------------------------------------------------------ */

/* RFC 3986, 2.1: all but the unreserved characters are escaped. */
static void put_escaped(struct buf *b, struct str s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] && strchr(plain, s.at[i]))
            buf_byte(b, s.at[i]);
        else
            buf_fmt(b, "%%%02X", (unsigned char)s.at[i]);
}

void package_enrol_link(const struct package *p, struct str token, struct buf *b)
{
    buf_put(b, STR("tak://com.atakmap.app/enroll?host="));
    put_escaped(b, p->host);
    if (p->stream_port != PACKAGE_STREAM_PORT)
        buf_fmt(b, "%%3A%d", p->stream_port);
    buf_put(b, STR("&username="));
    put_escaped(b, p->user);
    buf_put(b, STR("&token="));
    put_escaped(b, token);
}

/* A comma would end the name. */
void package_itak_line(const struct package *p, struct buf *b)
{
    for (size_t i = 0; i < p->server.len; i++)
        buf_byte(b, p->server.at[i] == ',' ? ' ' : p->server.at[i]);
    buf_fmt(b, ",%.*s,%d,ssl", STR_ARG(p->host), p->stream_port);
}
