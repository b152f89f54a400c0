/* The authority is three certificates deep:
 *
 *   root (20 years) -> issuer (10 years) -> server (825 days)
 *                                        -> clients
 *
 * Every file is replaced whole, and its key is written before it; so a crash at any step leaves
 * something that the next pki_prepare() completes. */
#include "os/pki.h"

#include "base/base64.h"
#include "base/buf.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/net.h"
#include "os/secret.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
    ROOT_DAYS = 20 * 365 + 5,
    ISSUER_DAYS = 10 * 365 + 3,
    SERVER_DAYS = 825, /* the most that Apple's systems accept */
    SERVER_DAYS_LEFT_MIN = 30,
    SERIAL_BYTES = 16,
    P12_ROUNDS = 10000, /* the password has 58 bits of chance; rounds only slow a phone down */
    RSA_BITS = 2048,
    RSA_BITS_MAX = 8192, /* checking a signature of a larger key takes too long */
    ISSUER_SECURITY_BITS = 112, /* RSA 2048; phones refuse less */
};

static const int64_t day_ms = INT64_C(86400000);
static const int64_t clock_wrong_ms = INT64_C(1735689600000); /* 2025: no clock is behind that */

/* What a certificate may be used for. */
static const struct kind {
    const char *basic, *usage, *extended;
} root_kind = {"critical,CA:TRUE,pathlen:1", "critical,keyCertSign,cRLSign", NULL},
  issuer_kind = {"critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL},
  server_kind = {"critical,CA:FALSE", "critical,digitalSignature", "serverAuth"},
  client_kind = {"critical,CA:FALSE", "critical,digitalSignature", "clientAuth"},
  client_rsa_kind = {"critical,CA:FALSE", "critical,digitalSignature,keyEncipherment",
                     "clientAuth"};

/* A certificate and, where it is there, its key. */
struct holder {
    X509 *x;
    EVP_PKEY *key;
};

struct wanted {
    const struct kind *kind;
    const char *organisation, *name;
    const char *hosts; /* comma-separated, NULL for none */
    const char *uid;   /* of a device, NULL or "" for none */
    EVP_PKEY *key;
    const struct holder *issuer; /* NULL: signs itself */
    bool with_issuer;            /* in the same file */
    int days;
    int64_t now_ms;
};

static void holder_free(struct holder *h)
{
    X509_free(h->x);
    EVP_PKEY_free(h->key);
    *h = (struct holder){NULL, NULL};
}

/* The library refused: what we were about, with its own reason behind. */
static bool refused(struct err *e, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return err_set(e, ERR_WORLD, "%s (OpenSSL: %s)", what, reason ? reason : "no reason given");
}

/* ---- files ---- */

struct path {
    char text[FILE_PATH_MAX];
};

static bool path_of(struct path *p, const char *folder, const char *name, struct err *e)
{
    int n = snprintf(p->text, sizeof p->text, "%s/%s", folder, name);

    if (n < 0 || (size_t)n >= sizeof p->text)
        return err_set(e, ERR_INPUT, "the name of the folder is too long: %.100s...", folder);
    return true;
}

/* A BIO over the bytes of a file; NULL with a sentence. The BIO wipes its copy. */
static BIO *read_file(const char *folder, const char *name, struct err *e)
{
    char bytes[PKI_PEM_MAX];
    struct path p;
    BIO *bio;
    size_t n;

    if (!path_of(&p, folder, name, e) || !file_read(p.text, bytes, sizeof bytes, &n, e))
        return NULL;
    bio = BIO_new(BIO_s_secmem());
    if (bio && BIO_write(bio, bytes, (int)n) != (int)n) {
        (void)BIO_free(bio);
        bio = NULL;
    }
    secret_wipe(bytes, sizeof bytes);
    if (!bio)
        (void)refused(e, "no memory for a certificate");
    return bio;
}

static bool write_bio(const char *folder, const char *name, BIO *bio, unsigned mode, struct err *e)
{
    char *at = NULL;
    long n = BIO_get_mem_data(bio, &at);
    struct path p;

    MUST(n > 0 && at);
    return path_of(&p, folder, name, e) && file_write(p.text, str_of(at, (size_t)n), mode, e);
}

static bool write_certs(const char *folder, const char *name, const X509 *first, const X509 *second,
                        struct err *e)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio && PEM_write_bio_X509(bio, first) == 1 &&
              (!second || PEM_write_bio_X509(bio, second) == 1);

    ok = ok ? write_bio(folder, name, bio, 0644, e) : refused(e, "a certificate cannot be written");
    (void)BIO_free(bio);
    return ok;
}

static bool write_key(const char *folder, const char *name, const EVP_PKEY *key, struct err *e)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    bool ok = bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;

    ok = ok ? write_bio(folder, name, bio, 0600, e) : refused(e, "a key cannot be written");
    (void)BIO_free(bio);
    return ok;
}

/* A key that is protected by a pass phrase must not stop to ask for it. */
static int no_pass_phrase(char *to, int size, int writing, void *arg)
{
    (void)to;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

/* Reads NAME.pem or NAME.key; a file that is not there leaves NULL and is no error. */
static bool read_cert(const char *folder, const char *name, X509 **x, struct err *e)
{
    BIO *bio = read_file(folder, name, e);

    *x = NULL;
    if (!bio)
        return e->kind == ERR_MISSING;
    *x = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL);
    (void)BIO_free(bio);
    return *x ||
           err_set(e, ERR_INPUT, "%s/%s is not a certificate (PEM): put it back from a backup",
                   folder, name);
}

static bool read_key(const char *folder, const char *name, EVP_PKEY **key, struct err *e)
{
    BIO *bio = read_file(folder, name, e);

    *key = NULL;
    if (!bio)
        return e->kind == ERR_MISSING;
    *key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
    (void)BIO_free(bio);
    return *key ||
           err_set(e, ERR_INPUT,
                   "%s/%s is not a key (PEM, without pass phrase): put it back from a backup",
                   folder, name);
}

/* ---- making certificates ---- */

static EVP_PKEY *key_new(bool rsa, struct err *e)
{
    EVP_PKEY *key = rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS)
                        : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

    if (!key)
        (void)refused(e, "a key cannot be made");
    return key;
}

static int64_t time_ms(const ASN1_TIME *at)
{
    struct tm tm = {0};

    MUST(ASN1_TIME_to_tm(at, &tm) == 1);
    return (int64_t)timegm(&tm) * 1000;
}

static bool set_times(X509 *x, const struct wanted *w)
{
    int64_t to_ms = w->now_ms + w->days * day_ms, from_ms = w->now_ms - day_ms;

    /* A chain is good as long as all of it is. */
    if (w->issuer) {
        int64_t last_ms = time_ms(X509_get0_notAfter(w->issuer->x));
        int64_t first_ms = time_ms(X509_get0_notBefore(w->issuer->x));

        to_ms = to_ms < last_ms ? to_ms : last_ms;
        from_ms = from_ms > first_ms ? from_ms : first_ms;
    }
    return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(from_ms / 1000)) &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(to_ms / 1000));
}

/* 126 bits of chance, always 16 bytes, always positive. */
static bool set_serial(X509 *x)
{
    unsigned char bytes[SERIAL_BYTES];

    chance_fill(bytes, sizeof bytes);
    bytes[0] = (unsigned char)((bytes[0] & 0x3F) | 0x40);
    return ASN1_STRING_set(X509_get_serialNumber(x), bytes, sizeof bytes) == 1;
}

static bool set_subject(X509 *x, const struct wanted *w)
{
    X509_NAME *name = X509_get_subject_name(x);
    const unsigned char *o = (const unsigned char *)w->organisation;
    const unsigned char *cn = (const unsigned char *)w->name;

    return (!o || X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8, o, -1, -1,
                                             0) == 1) &&
           X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, cn, -1, -1, 0) == 1;
}

static bool extend(X509 *x, X509V3_CTX *about, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, about, nid, value);
    bool ok = ext && X509_add_ext(x, ext, -1) == 1;

    X509_EXTENSION_free(ext);
    return ok;
}

static bool host_fits(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:",
                    name.at[i]))
            return false;
    return name.len > 0;
}

/* An address as 4 or 16 bytes, anything else as a DNS name. */
static bool add_host(GENERAL_NAMES *all, const char *host)
{
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(host);
    ASN1_IA5STRING *dns = ip ? NULL : ASN1_IA5STRING_new();

    if (one && (ip || (dns && ASN1_STRING_set(dns, host, -1) == 1))) {
        GENERAL_NAME_set0_value(one, ip ? GEN_IPADD : GEN_DNS, ip ? (void *)ip : (void *)dns);
        if (sk_GENERAL_NAME_push(all, one) > 0)
            return true;
        GENERAL_NAME_free(one);
        return false;
    }
    GENERAL_NAME_free(one);
    ASN1_OCTET_STRING_free(ip);
    ASN1_IA5STRING_free(dns);
    return false;
}

/* Takes the next of comma-separated hosts; false at the end. */
static bool next_host(struct str *hosts, char to[256])
{
    while (hosts->len > 0) {
        size_t end = str_find_byte(*hosts, ',');
        struct str one = str_cut(*hosts, 0, end);

        *hosts = str_from_at(*hosts, end < hosts->len ? end + 1 : end);
        if (host_fits(one) && str_copy(to, 256, one))
            return true;
    }
    return false;
}

static bool set_hosts(X509 *x, const char *hosts)
{
    GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
    struct str left = str_from(hosts);
    bool ok = all != NULL;
    char host[256];

    while (ok && next_host(&left, host))
        ok = add_host(all, host);
    ok = ok && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1;
    sk_GENERAL_NAME_pop_free(all, GENERAL_NAME_free);
    return ok;
}

/* urn:tak:device: and the uid, percent-encoded where a URI needs it (RFC 3986, section 2.1). */
static bool set_uid(X509 *x, const char *uid)
{
    char text[3 * PKI_UID_MAX + 32];
    struct buf b = buf_over(text, sizeof text);
    GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *uri = ASN1_IA5STRING_new();
    bool ok;

    buf_put(&b, STR("urn:tak:device:"));
    for (const char *c = uid; *c; c++) {
        if (isalnum((unsigned char)*c) || strchr("-._~", *c))
            buf_byte(&b, *c);
        else
            buf_fmt(&b, "%%%02X", (unsigned)(unsigned char)*c);
    }
    ok = all && one && uri && !b.full && ASN1_STRING_set(uri, text, (int)b.len) == 1;
    if (ok) {
        GENERAL_NAME_set0_value(one, GEN_URI, uri);
        uri = NULL;
        ok = sk_GENERAL_NAME_push(all, one) > 0;
        one = ok ? NULL : one;
        ok = ok && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1;
    }
    ASN1_IA5STRING_free(uri);
    GENERAL_NAME_free(one);
    sk_GENERAL_NAME_pop_free(all, GENERAL_NAME_free);
    return ok;
}

static bool set_extensions(X509 *x, const struct wanted *w)
{
    X509 *issuer = w->issuer ? w->issuer->x : x;
    const struct kind *k = w->kind;
    X509V3_CTX about;

    X509V3_set_ctx(&about, issuer, x, NULL, NULL, 0);
    return extend(x, &about, NID_basic_constraints, k->basic) &&
           extend(x, &about, NID_key_usage, k->usage) &&
           (!k->extended || extend(x, &about, NID_ext_key_usage, k->extended)) &&
           extend(x, &about, NID_subject_key_identifier, "hash") &&
           (!w->issuer || extend(x, &about, NID_authority_key_identifier, "keyid:always")) &&
           (!w->hosts || set_hosts(x, w->hosts)) && (!w->uid || !w->uid[0] || set_uid(x, w->uid));
}

static X509 *cert_new(const struct wanted *w, struct err *e)
{
    X509 *x = X509_new();
    EVP_PKEY *sign = w->issuer ? w->issuer->key : w->key;

    MUST(w->key && sign && w->days > 0);
    if (x && X509_set_version(x, X509_VERSION_3) && set_serial(x) && set_times(x, w) &&
        set_subject(x, w) && X509_set_pubkey(x, w->key) &&
        X509_set_issuer_name(x, X509_get_subject_name(w->issuer ? w->issuer->x : x)) &&
        set_extensions(x, w) && X509_sign(x, sign, EVP_sha256()) > 0)
        return x;
    X509_free(x);
    (void)refused(e, "a certificate cannot be made");
    return NULL;
}

/* ---- the authority in DIR/ca ---- */

struct authority {
    char folder[FILE_PATH_MAX];
    struct holder root, issuer; /* root.key may be missing */
};

static void authority_free(struct authority *a)
{
    holder_free(&a->root);
    holder_free(&a->issuer);
}

/* Reads NAME.pem and NAME.key; what is missing stays NULL. */
static bool read_holder(const char *folder, const char *name, struct holder *h, struct err *e)
{
    char pem[32], key[32];

    *h = (struct holder){NULL, NULL};
    (void)snprintf(pem, sizeof pem, "%s.pem", name);
    (void)snprintf(key, sizeof key, "%s.key", name);
    if (!read_cert(folder, pem, &h->x, e) || !read_key(folder, key, &h->key, e)) {
        holder_free(h);
        return false;
    }
    if (h->x && h->key && X509_check_private_key(h->x, h->key) != 1) {
        holder_free(h);
        return err_set(e, ERR_INPUT, "%s/%s is not the key of %s: put both back from one backup",
                       folder, key, pem);
    }
    return true;
}

/* Makes the certificate, and the key when there is none. The key is written first, so that a
 * certificate without key is never our doing. */
static bool make_holder(const char *folder, const char *name, struct wanted *w, struct holder *h,
                        struct err *e)
{
    char pem[32], key[32];

    (void)snprintf(pem, sizeof pem, "%s.pem", name);
    (void)snprintf(key, sizeof key, "%s.key", name);
    if (!h->key) {
        h->key = key_new(false, e);
        if (!h->key || !write_key(folder, key, h->key, e))
            return false;
    }
    w->key = h->key;
    X509_free(h->x);
    h->x = cert_new(w, e);
    return h->x && write_certs(folder, pem, h->x, w->with_issuer ? w->issuer->x : NULL, e);
}

static bool make_authority(struct authority *a, int64_t now_ms, bool *made, struct err *e)
{
    char root[32], issuer[32], mark[9];
    struct wanted w = {.kind = &root_kind,
                       .organisation = "Cordon",
                       .name = root,
                       .days = ROOT_DAYS,
                       .now_ms = now_ms};

    /* A phone may hold the authorities of several command posts: each has a name of its own. */
    secret_token(mark, 4);
    (void)snprintf(root, sizeof root, "Cordon root %s", mark);
    (void)snprintf(issuer, sizeof issuer, "Cordon issuer %s", mark);
    if (!a->root.x) {
        if (a->issuer.x)
            return err_set(e, ERR_MISSING, "%s/root.pem is missing: put it back from a backup",
                           a->folder);
        if (!make_holder(a->folder, "root", &w, &a->root, e))
            return false;
        *made = true;
    }
    if (a->issuer.x && a->issuer.key)
        return true;
    if (a->issuer.x)
        return err_set(e, ERR_MISSING, "%s/issuer.key is missing: put it back from a backup",
                       a->folder);
    if (!a->root.key)
        return err_set(e, ERR_MISSING,
                       "%s/root.key is missing: put it back to make a new issuer.pem", a->folder);
    w = (struct wanted){.kind = &issuer_kind,
                        .organisation = "Cordon",
                        .name = issuer,
                        .days = ISSUER_DAYS,
                        .now_ms = now_ms,
                        .issuer = &a->root};
    *made = true;
    return make_holder(a->folder, "issuer", &w, &a->issuer, e);
}

/* ---- is it an authority that phones will take? ---- */

static bool is_authority(X509 *x, const char *folder, const char *file, struct err *e)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    int kind = key ? EVP_PKEY_get_base_id(key) : 0;

    if (X509_check_ca(x) != 1)
        return err_set(e, ERR_INPUT,
                       "%s/%s is not the certificate of an authority: it must have CA:TRUE and, when it tells key "
                       "usages, keyCertSign",
                       folder, file);
    if ((kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC) || EVP_PKEY_get_security_bits(key) < ISSUER_SECURITY_BITS)
        return err_set(e, ERR_INPUT,
                       "the key of %s/%s is of a kind or size that phones refuse: give RSA of 2048 bits or more, "
                       "P-256, P-384 or P-521",
                       folder, file);
    return true;
}

/* An authority that was brought may be one certificate. */
static bool is_one(const struct authority *a)
{
    return X509_cmp(a->root.x, a->issuer.x) == 0;
}

/* Root and issuer fit together; whether their time has passed is asked when they sign. */
static bool is_chain(const struct authority *a, struct err *e)
{
    if (!is_authority(a->root.x, a->folder, "root.pem", e) || !is_authority(a->issuer.x, a->folder, "issuer.pem", e))
        return false;
    if (X509_check_issued(a->root.x, a->issuer.x) != X509_V_OK ||
        X509_verify(a->issuer.x, X509_get0_pubkey(a->root.x)) != 1)
        return err_set(e, ERR_INPUT, "%s/issuer.pem was not issued by root.pem: put both of one authority there",
                       a->folder);
    if (!is_one(a) && X509_get_pathlen(a->root.x) == 0)
        return err_set(e, ERR_INPUT,
                       "%s/root.pem allows no authority below it (path length 0): give a root that does, or the same "
                       "certificate as root.pem and issuer.pem",
                       a->folder);
    return true;
}

/* Both are good now and for a day at least. */
static bool is_in_time(const struct authority *a, int64_t now_ms, struct err *e)
{
    const X509 *both[] = {a->root.x, a->issuer.x};
    static const char *const names[] = {"root.pem", "issuer.pem"};

    for (size_t i = 0; i < COUNTOF(both); i++) {
        if (time_ms(X509_get0_notAfter(both[i])) < now_ms + day_ms)
            return err_set(e, ERR_WORLD,
                           "the authority in %s has expired (%s): move issuer.pem and issuer.key away and start again, "
                           "or put newer ones there, then give every client a new package",
                           a->folder, names[i]);
        if (time_ms(X509_get0_notBefore(both[i])) > now_ms)
            return err_set(e, ERR_WORLD,
                           "%s/%s is not good yet: is the clock of this machine right? If it is, the authority was "
                           "made with a wrong one: move the folder away, start again and give every client a new "
                           "package",
                           a->folder, names[i]);
    }
    return true;
}

static bool clock_is_right(int64_t now_ms, struct err *e)
{
    if (now_ms < clock_wrong_ms)
        return err_set(e, ERR_WORLD,
                       "this machine's clock is wrong (before 2025): set it, or every phone will "
                       "refuse the certificates made now");
    return true;
}

/* trust.pem holds what root.pem and issuer.pem hold, also after somebody has put others there. */
static bool write_trust(const struct authority *a, struct err *e)
{
    BIO *there = read_file(a->folder, "trust.pem", e), *want = BIO_new(BIO_s_mem());
    char *there_at = NULL, *want_at = NULL;
    long there_n = there ? BIO_get_mem_data(there, &there_at) : 0, want_n;
    bool ok = true;

    if (!want || PEM_write_bio_X509(want, a->root.x) != 1 ||
        PEM_write_bio_X509(want, a->issuer.x) != 1) {
        ok = refused(e, "trust.pem cannot be made");
    } else {
        want_n = BIO_get_mem_data(want, &want_at);
        if (!str_eq(str_of(there_at, (size_t)there_n), str_of(want_at, (size_t)want_n)))
            ok = write_bio(a->folder, "trust.pem", want, 0644, e);
    }
    (void)BIO_free(there);
    (void)BIO_free(want);
    return ok;
}

/* What a certificate stands for, comma-separated. */
static void names_of(X509 *x, char *to, size_t size)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    struct buf b = buf_over(to, size - 1);

    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &type);
        struct str bytes = str_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
        char text[INET6_ADDRSTRLEN];

        if (type == GEN_IPADD &&
            inet_ntop(bytes.len == 4 ? AF_INET : AF_INET6, bytes.at, text, sizeof text))
            bytes = str_from(text);
        if (b.len > 0)
            buf_byte(&b, ',');
        buf_put(&b, bytes);
    }
    to[b.len] = 0;
    sk_GENERAL_NAME_pop_free(all, GENERAL_NAME_free);
}

/* Does the server certificate serve on: from this issuer, long enough, for every host? */
static bool server_serves(const struct authority *a, X509 *x, const char *hosts, int64_t now_ms)
{
    struct str left = str_from(hosts);
    EVP_PKEY *issuer = X509_get0_pubkey(a->issuer.x);
    char host[256];

    if (X509_check_issued(a->issuer.x, x) != X509_V_OK || X509_verify(x, issuer) != 1)
        return false;
    if (time_ms(X509_get0_notAfter(x)) < now_ms + SERVER_DAYS_LEFT_MIN * day_ms ||
        time_ms(X509_get0_notBefore(x)) > now_ms)
        return false;
    while (next_host(&left, host))
        if (X509_check_ip_asc(x, host, 0) != 1 &&
            X509_check_host(x, host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1)
            return false;
    return true;
}

static bool prepare_server(const struct authority *a, int64_t now_ms, struct pki_made *made,
                           struct err *e)
{
    char hosts[480], all[512];
    struct holder server;
    struct wanted w = {.kind = &server_kind,
                       .organisation = "Cordon",
                       .name = "Cordon server",
                       .hosts = all,
                       .issuer = &a->issuer,
                       .with_issuer = true,
                       .days = SERVER_DAYS,
                       .now_ms = now_ms};
    bool ok = true;

    net_host_names(hosts, sizeof hosts);
    (void)snprintf(all, sizeof all, "localhost,127.0.0.1,::1,%s", hosts);
    /* Nobody else knows this key: one that cannot be read is simply made again. */
    if (!read_holder(a->folder, "server", &server, e))
        server = (struct holder){NULL, NULL};
    if (!server.x || !server.key || !server_serves(a, server.x, all, now_ms)) {
        made->server_made = true;
        ok = is_in_time(a, now_ms, e) && make_holder(a->folder, "server", &w, &server, e);
    }
    if (ok)
        names_of(server.x, made->names, sizeof made->names);
    holder_free(&server);
    return ok;
}

static bool prepare_locked(struct authority *a, int64_t now_ms, struct pki_made *made,
                           struct err *e)
{
    return read_holder(a->folder, "root", &a->root, e) &&
           read_holder(a->folder, "issuer", &a->issuer, e) &&
           make_authority(a, now_ms, &made->ca_made, e) && is_chain(a, e) && write_trust(a, e) &&
           prepare_server(a, now_ms, made, e);
}

bool pki_prepare(const char *dir, int64_t now_ms, struct pki_made *made, struct err *e)
{
    struct authority a = {0};
    struct path p;
    bool ok;
    int fd;

    memset(made, 0, sizeof *made);
    ERR_clear_error();
    if (!clock_is_right(now_ms, e) || !path_of(&p, dir, "ca", e) || !file_folder(p.text, 0700, e))
        return false;
    (void)str_copy(a.folder, sizeof a.folder, str_from(p.text));
    /* A server and a command line may start together: one makes the authority, one waits. */
    fd = open(a.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        ok = err_set(e, ERR_WORLD, "%s cannot be opened: %s", a.folder, strerror(errno));
    } else {
        ok = prepare_locked(&a, now_ms, made, e);
    }
    if (fd >= 0)
        (void)close(fd);
    authority_free(&a);
    return ok;
}

/* The issuer, ready to sign. */
static bool authority_read(struct authority *a, const char *dir, int64_t now_ms, struct err *e)
{
    struct path p;

    *a = (struct authority){0};
    ERR_clear_error();
    if (!clock_is_right(now_ms, e) || !path_of(&p, dir, "ca", e))
        return false;
    (void)str_copy(a->folder, sizeof a->folder, str_from(p.text));
    if (!read_cert(a->folder, "root.pem", &a->root.x, e) ||
        !read_holder(a->folder, "issuer", &a->issuer, e))
        return false;
    if (!a->root.x || !a->issuer.x || !a->issuer.key)
        return err_set(
            e, ERR_MISSING,
            "%s holds no authority yet: start \"cordon serve\" once, or put it back from "
            "a backup",
            a->folder);
    return is_chain(a, e) && is_in_time(a, now_ms, e);
}

/* ---- clients ---- */

static bool name_fits(const char *name, struct err *e)
{
    struct str s = str_from(name);
    bool ok = s.len > 0 && s.len <= PKI_NAME_MAX && s.at[0] != '.' && str_is_utf8(s);

    for (size_t i = 0; ok && i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];

        ok = c >= 0x20 && c != 0x7F && c != '/' && c != '\\';
        ok = ok && !(c == 0xC2 && (unsigned char)s.at[i + 1] < 0xA0); /* U+0080 to U+009F */
    }
    if (!ok)
        return err_set(e, ERR_INPUT,
                       "a client's name has 1 to %d bytes of text without '/', '\\' and control "
                       "characters, and no '.' in front",
                       PKI_NAME_MAX);
    return true;
}

static bool days_fit(int days, struct err *e)
{
    if (days < 1 || days > PKI_DAYS_MAX)
        return err_set(e, ERR_INPUT, "a certificate is good for 1 to %d days, not %d", PKI_DAYS_MAX,
                       days);
    return true;
}

/* Signs for a client and tells what was made. */
static X509 *client_cert(const struct authority *a, const struct wanted *asked,
                         struct pki_client *made, struct err *e)
{
    struct wanted w = *asked;
    const ASN1_INTEGER *serial;
    struct buf b;
    X509 *x;

    w.issuer = &a->issuer;
    w.kind = EVP_PKEY_get_base_id(w.key) == EVP_PKEY_RSA ? &client_rsa_kind : &client_kind;
    x = cert_new(&w, e);
    if (!x)
        return NULL;
    serial = X509_get0_serialNumber(x);
    b = buf_over(made->serial, sizeof made->serial - 1);
    buf_hex(&b, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    MUST(!b.full);
    made->serial[b.len] = 0;
    made->not_after_ms = time_ms(X509_get0_notAfter(x));
    return x;
}

/* ---- PKCS#12 ---- */

struct p12 {
    const char *name, *password;
    bool legacy;
};

/* Its bytes in a BIO of memory; NULL when it cannot be made. Takes p12. */
static BIO *p12_bytes(PKCS12 *p12, const struct p12 *how)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio && p12 &&
              PKCS12_set_mac(p12, how->password, -1, NULL, 0, P12_ROUNDS,
                             how->legacy ? EVP_sha1() : EVP_sha256()) == 1 &&
              i2d_PKCS12_bio(bio, p12) == 1;

    PKCS12_free(p12);
    if (!ok) {
        (void)BIO_free(bio);
        bio = NULL;
    }
    return bio;
}

static bool write_p12(const char *folder, const char *file, PKCS12 *p12, const struct p12 *how,
                      struct err *e)
{
    BIO *bio = p12_bytes(p12, how);
    bool ok;

    ok = bio ? write_bio(folder, file, bio, 0600, e) : refused(e, "a package cannot be made");
    (void)BIO_free(bio);
    return ok;
}

static int p12_cipher(const struct p12 *how)
{
    return how->legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
}

/* Key, certificate, issuer and root. */
static PKCS12 *p12_of_client(const struct authority *a, const struct holder *client,
                             const struct p12 *how)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    PKCS12 *p12 = NULL;

    if (chain && sk_X509_push(chain, a->issuer.x) > 0 && (is_one(a) || sk_X509_push(chain, a->root.x) > 0))
        p12 = PKCS12_create(how->password, how->name, client->key, client->x, chain,
                            p12_cipher(how), p12_cipher(how), P12_ROUNDS, -1, 0);
    sk_X509_free(chain);
    return p12;
}

/* Java takes a certificate in a PKCS#12 for trusted only when this attribute says for what. */
static bool p12_add_trusted(STACK_OF(PKCS12_SAFEBAG) * *bags, X509 *x, const char *name)
{
    PKCS12_SAFEBAG *bag = PKCS12_add_cert(bags, x);
    const void *any_use = OBJ_nid2obj(NID_anyExtendedKeyUsage);

    return bag && PKCS12_add_friendlyname_utf8(bag, name, -1) == 1 &&
           PKCS12_add1_attr_by_txt(bag, "2.16.840.1.113894.746875.1.1", V_ASN1_OBJECT, any_use,
                                   -1) == 1;
}

/* Certificates without a key, each with its name. */
static PKCS12 *p12_of_certificates(X509 *const *list, const char *const *names, size_t count, const struct p12 *how)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    STACK_OF(PKCS7) *safes = NULL;
    PKCS12 *p12 = NULL;
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++)
        ok = p12_add_trusted(&bags, list[i], names[i]);
    if (ok && PKCS12_add_safe(&safes, bags, p12_cipher(how), P12_ROUNDS, how->password) == 1)
        p12 = PKCS12_add_safes(safes, 0);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return p12;
}

static PKCS12 *p12_of_trust(const struct authority *a, const struct p12 *how)
{
    X509 *const list[] = {a->issuer.x, a->root.x};
    static const char *const names[] = {"cordon issuer", "cordon root"};

    return p12_of_certificates(list, names, is_one(a) ? 1 : 2, how);
}

static bool write_package(const struct authority *a, const struct holder *client, const char *out,
                          const struct p12 *how, struct err *e)
{
    char key[PKI_NAME_MAX + 8], pem[PKI_NAME_MAX + 8], p12[PKI_NAME_MAX + 8];

    (void)snprintf(key, sizeof key, "%s.key", how->name);
    (void)snprintf(pem, sizeof pem, "%s.pem", how->name);
    (void)snprintf(p12, sizeof p12, "%s.p12", how->name);
    return file_folder(out, 0700, e) && write_key(out, key, client->key, e) &&
           write_certs(out, pem, client->x, a->issuer.x, e) &&
           write_certs(out, "ca.pem", a->root.x, a->issuer.x, e) &&
           write_p12(out, "truststore.p12", p12_of_trust(a, how), how, e) &&
           write_p12(out, p12, p12_of_client(a, client, how), how, e);
}

bool pki_client_package(const char *dir, const char *name, const char *out, int days, unsigned how,
                        int64_t now_ms, struct pki_client *made, struct err *e)
{
    struct p12 p12 = {name, made->password, (how & PKI_LEGACY) != 0};
    struct wanted w = {.name = name, .days = days, .now_ms = now_ms};
    struct holder client = {NULL, NULL};
    struct authority a;
    bool ok;

    MUST((how & ~(unsigned)(PKI_LEGACY | PKI_RSA)) == 0);
    memset(made, 0, sizeof *made);
    if (!name_fits(name, e) || !days_fit(days, e))
        return false;
    if (strcmp(name, "ca") == 0 || strcmp(name, "truststore") == 0)
        return err_set(e, ERR_INPUT, "a client cannot be named %s: a file of the package is", name);
    ok = authority_read(&a, dir, now_ms, e);
    if (ok) {
        w.key = client.key = key_new((how & PKI_RSA) != 0, e);
        client.x = w.key ? client_cert(&a, &w, made, e) : NULL;
        secret_code(made->password);
        ok = client.x && write_package(&a, &client, out, &p12, e);
    }
    holder_free(&client);
    authority_free(&a);
    return ok;
}

static bool bundle(PKCS12 *made, const struct p12 *how, struct pki_bundle *out, struct err *e)
{
    BIO *bio = p12_bytes(made, how);
    char *at = NULL;
    long len = bio ? BIO_get_mem_data(bio, &at) : 0;
    bool ok = len > 0 && len <= PKI_P12_MAX;

    if (ok)
        memcpy(out->p12, at, (size_t)len);
    out->len = ok ? (size_t)len : 0;
    (void)BIO_free(bio);
    return ok || refused(e, "a package cannot be made");
}

bool pki_client_p12(const char *dir, const struct pki_wanted *q, int64_t now_ms, struct pki_bundle *out, struct err *e)
{
    struct p12 p12 = {q->name, out->made.password, (q->how & PKI_LEGACY) != 0};
    struct wanted w = {.name = q->name, .days = q->days, .now_ms = now_ms};
    struct holder client = {NULL, NULL};
    struct authority a;
    bool ok;

    MUST((q->how & ~(unsigned)(PKI_LEGACY | PKI_RSA)) == 0);
    memset(out, 0, sizeof *out);
    if (!name_fits(q->name, e) || !days_fit(q->days, e))
        return false;
    ok = authority_read(&a, dir, now_ms, e);
    if (ok) {
        w.key = client.key = key_new((q->how & PKI_RSA) != 0, e);
        client.x = w.key ? client_cert(&a, &w, &out->made, e) : NULL;
        secret_code(out->made.password);
        ok = client.x && bundle(p12_of_client(&a, &client, &p12), &p12, out, e);
    }
    holder_free(&client);
    authority_free(&a);
    return ok;
}

bool pki_trust_p12(const char *dir, const char *password, unsigned how, struct pki_bundle *out, struct err *e)
{
    struct p12 p12 = {"", password, (how & PKI_LEGACY) != 0};
    struct authority a;
    bool ok;

    MUST((how & ~(unsigned)PKI_LEGACY) == 0);
    memset(out, 0, sizeof *out);
    ok = authority_read(&a, dir, clock_machine_ms(), e) && bundle(p12_of_trust(&a, &p12), &p12, out, e);
    authority_free(&a);
    return ok;
}

/* ---- requests of clients ---- */

/* The DER of a request in whichever of its forms; false when it is none. */
static bool csr_der(struct str csr, struct buf *der)
{
    struct str text = str_trim(csr);
    size_t begin = str_find(text, STR("-----BEGIN")), end;

    if (csr.len && csr.at[0] == 0x30) { /* a SEQUENCE; no text begins with '0' */
        buf_put(der, csr);
        return !der->full;
    }
    if (begin < text.len) {
        text = str_from_at(text, begin + 10);
        end = str_find(text, STR("-----"));
        if (end == text.len)
            return false;
        text = str_from_at(text, end + 5);
        text = str_cut(text, 0, str_find(text, STR("-----END")));
    }
    return base64_take(text, der) && der->len > 0;
}

static X509_REQ *read_csr(struct str csr, struct err *e)
{
    unsigned char *bytes = csr.len > 0 && csr.len <= PKI_CSR_MAX ? malloc(csr.len) : NULL;
    struct buf der = buf_over(bytes, csr.len);
    const unsigned char *at = bytes;
    X509_REQ *r;

    if (!bytes) {
        (void)err_set(e, ERR_INPUT, "a certificate request has 1 to %d bytes", PKI_CSR_MAX);
        return NULL;
    }
    r = csr_der(csr, &der) ? d2i_X509_REQ(NULL, &at, (long)der.len) : NULL;
    if (r && at != bytes + der.len) {
        X509_REQ_free(r);
        r = NULL;
    }
    free(bytes);
    if (!r)
        (void)err_set(e, ERR_INPUT, "this is no certificate request (PKCS#10 as PEM, base64 or DER)");
    return r;
}

static bool csr_name_is(const X509_REQ *r, const char *name, struct err *e)
{
    const X509_NAME *subject = X509_REQ_get_subject_name(r);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1), n = -1;
    bool one = at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0;
    unsigned char *utf8 = NULL;
    bool ok;

    if (one)
        n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    ok = n >= 0 && str_eq(str_of(utf8, (size_t)n), str_from(name));
    OPENSSL_free(utf8);
    if (!ok)
        return err_set(e, ERR_DENIED, "the request is for another name than %s (its CN must be it)",
                       name);
    return true;
}

/* An exponent of 1 signs nothing. */
static bool rsa_fits(const EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    bool ok = EVP_PKEY_get_bits(key) >= RSA_BITS && EVP_PKEY_get_bits(key) <= RSA_BITS_MAX &&
              EVP_PKEY_get_bn_param(key, "e", &exponent) == 1 && BN_is_odd(exponent) && !BN_is_one(exponent);

    BN_free(exponent);
    return ok;
}

static bool csr_key_fits(EVP_PKEY *key, struct err *e)
{
    char group[32] = "";
    size_t n;

    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && rsa_fits(key))
        return true;
    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
        EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1 &&
        (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0))
        return true;
    return err_set(e, ERR_INPUT,
                   "the key of the request must be RSA with %d to %d bits, P-256 or P-384",
                   RSA_BITS, RSA_BITS_MAX);
}

static bool put_der(const X509 *x, unsigned char der[PKI_DER_MAX], size_t *n, struct err *e)
{
    int len = i2d_X509(x, NULL);

    *n = 0;
    if (len <= 0)
        return refused(e, "a certificate cannot be written");
    if (len > PKI_DER_MAX)
        return err_set(e, ERR_FULL, "a certificate of %d bytes has no room: %d are the most", len, PKI_DER_MAX);
    *n = (size_t)i2d_X509(x, &der);
    return true;
}

bool pki_sign(const char *dir, const struct pki_request *q, int64_t now_ms, struct pki_signed *out, struct err *e)
{
    struct wanted w = {.name = q->name, .uid = q->uid, .days = q->days, .now_ms = now_ms};
    struct authority a = {0};
    X509_REQ *r = NULL;
    X509 *x = NULL;
    bool ok;

    memset(out, 0, sizeof *out);
    MUST(strlen(q->uid) <= PKI_UID_MAX);
    ok = name_fits(q->name, e) && days_fit(q->days, e) && (r = read_csr(q->csr, e)) && csr_name_is(r, q->name, e);
    w.key = ok ? X509_REQ_get0_pubkey(r) : NULL;
    ok = ok && csr_key_fits(w.key, e);
    if (ok && X509_REQ_verify(r, w.key) != 1)
        ok = err_set(e, ERR_INPUT, "the request is not signed with its own key");
    ok = ok && authority_read(&a, dir, now_ms, e) && (x = client_cert(&a, &w, &out->made, e)) &&
         put_der(x, out->der[0], &out->len[0], e) && put_der(a.issuer.x, out->der[1], &out->len[1], e) &&
         put_der(a.root.x, out->der[2], &out->len[2], e);
    X509_free(x);
    X509_REQ_free(r);
    authority_free(&a);
    ERR_clear_error();
    return ok;
}

bool pki_signed_p12(const struct pki_signed *s, const char *password, unsigned how, unsigned char *out, size_t *n,
                    struct err *e)
{
    static const char *const names[] = {"signedCert", "ca0", "ca1"};
    struct p12 as = {"", password, (how & PKI_LEGACY) != 0};
    X509 *list[COUNTOF(names)] = {NULL};
    BIO *bio = NULL;
    char *at = NULL;
    long len = 0;
    bool ok = true;

    MUST((how & ~(unsigned)PKI_LEGACY) == 0);
    for (size_t i = 0; ok && i < COUNTOF(list); i++) {
        const unsigned char *der = s->der[i];

        list[i] = d2i_X509(NULL, &der, (long)s->len[i]);
        ok = list[i] != NULL;
    }
    if (ok)
        bio = p12_bytes(p12_of_certificates(list, names, COUNTOF(list), &as), &as);
    if (bio)
        len = BIO_get_mem_data(bio, &at);
    ok = len > 0 && len <= PKI_P12_MAX;
    if (ok)
        memcpy(out, at, (size_t)len);
    *n = ok ? (size_t)len : 0;
    for (size_t i = 0; i < COUNTOF(list); i++)
        X509_free(list[i]);
    (void)BIO_free(bio);
    return ok || refused(e, "a package cannot be made");
}

bool pki_certificate(const char *dir, const char *file, unsigned char der[PKI_DER_MAX], size_t *n, struct err *e)
{
    struct path p;
    X509 *x = NULL;
    bool ok;

    ERR_clear_error();
    *n = 0;
    if (!path_of(&p, dir, "ca", e) || !read_cert(p.text, file, &x, e) || !x)
        return false; /* the sentence says which file is missing */
    ok = put_der(x, der, n, e);
    X509_free(x);
    return ok;
}

bool pki_span(const char *dir, const char *file, struct pki_span *out, struct err *e)
{
    struct path p;
    X509 *x = NULL;

    ERR_clear_error();
    if (!path_of(&p, dir, "ca", e) || !read_cert(p.text, file, &x, e) || !x)
        return false; /* the sentence says which file is missing */
    *out = (struct pki_span){time_ms(X509_get0_notBefore(x)), time_ms(X509_get0_notAfter(x))};
    X509_free(x);
    return true;
}

bool pki_root_fingerprint(const char *dir, unsigned char out[32], struct err *e)
{
    struct path p;
    unsigned n = 0;
    X509 *x = NULL;
    bool ok;

    ERR_clear_error();
    if (!path_of(&p, dir, "ca", e) || !read_cert(p.text, "root.pem", &x, e))
        return false;
    if (!x)
        return false; /* the sentence says which file is missing */
    ok = X509_digest(x, EVP_sha256(), out, &n) == 1 && n == 32;
    X509_free(x);
    return ok || refused(e, "the root certificate cannot be hashed");
}

bool pki_words(const char *dir, char out[WORDS_THREE], struct err *e)
{
    unsigned char sha[32];
    struct buf b = buf_over(out, WORDS_THREE - 1);

    out[0] = 0;
    if (!pki_root_fingerprint(dir, sha, e))
        return false;
    words_put(&b, sha, sizeof sha, 3);
    MUST(!b.full);
    out[b.len] = 0;
    return true;
}
