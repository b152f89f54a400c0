#include "os/tls.h"

#include "os/tls_seal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    TICKET_S = 4 * 3600,         /* how long a phone may come back without a full handshake */
    CHAIN_BYTES_MAX = 32 * 1024, /* of a peer's certificates; more: refused before they are read */
    CHAIN_DEPTH_MAX = 4,
    FLOOR_OVERHEAD = 22, /* header, inner type and tag of a TLS 1.3 record */
};

#define CIPHERS_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define CIPHERS_12                                                                                 \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"     \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

struct tls_ctx {
    SSL_CTX *ssl;
    BIO_METHOD *method;
    atomic_int kept;
    bool server;
};

struct tls {
    SSL *ssl;
    struct tls_ctx *ctx;
    /* Of the call that runs now, NULL between calls. */
    struct str *in;
    struct buf *out;
    struct refused *refused;
    uint32_t records; /* written by OpenSSL under the present key */
    bool heard, failed;
    /* What goes out under TLS 1.3 from the end of the handshake on. */
    bool seals; /* OpenSSL's own records are dropped: what is in them is sealed here */
    struct tls_seal seal;
    unsigned char secret[TLS_SEAL_SECRET]; /* until the handshake is over */
    uint8_t secret_len;
    bool no_room; /* in the call that runs now, for what OpenSSL had to say */
};

/* Whose certificate was not accepted. */
struct refused {
    char name[80];
    int depth; /* 0: the peer's own, else of an authority above it */
};

/* ---- the memory that OpenSSL takes for a socket ---- */

static int bio_read(BIO *b, char *to, int max)
{
    struct tls *t = BIO_get_data(b);
    size_t n;

    BIO_clear_retry_flags(b);
    if (!t->in || t->in->len == 0 || max <= 0) {
        BIO_set_retry_read(b);
        return -1;
    }
    n = t->in->len < (size_t)max ? t->in->len : (size_t)max;
    memcpy(to, t->in->at, n);
    *t->in = str_from_at(*t->in, n);
    return (int)n;
}

static int bio_write(BIO *b, const char *from, int n)
{
    struct tls *t = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    MUST(n >= 0);
    if (t->seals)
        return n; /* on_message() has sealed it; two records must never go out under one nonce */
    if (!t->out || (size_t)n > t->out->max - t->out->len) {
        BIO_set_retry_write(b);
        return -1;
    }
    buf_put(t->out, str_of(from, (size_t)n));
    return n;
}

static long bio_ctrl(BIO *b, int what, long number, void *at)
{
    (void)b;
    (void)number;
    (void)at;
    return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "cordon");

    if (m && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
        BIO_meth_set_ctrl(m, bio_ctrl))
        return m;
    BIO_meth_free(m);
    return NULL;
}

/* ---- names and reasons ---- */

/* The common name for a log and a screen: valid UTF-8, no control characters, "" when there is
 * none. */
static void common_name(const X509 *x, char *to, size_t size)
{
    const X509_NAME *subject = X509_get_subject_name(x);
    int at = -1, last = -1, n = -1;
    unsigned char *utf8 = NULL;

    to[0] = 0;
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
        last = at;
    if (last >= 0)
        n = ASN1_STRING_to_UTF8(&utf8,
                                X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
    if (n > 0 && str_is_utf8(str_of(utf8, (size_t)n))) {
        for (int i = 0; i < n; i++) {
            if (utf8[i] < 0x20 || utf8[i] == 0x7F)
                utf8[i] = '?';
            else if (utf8[i] == 0xC2 && i + 1 < n && utf8[i + 1] < 0xA0)
                utf8[i] = utf8[i + 1] = '?'; /* U+0080 to U+009F */
        }
        (void)str_copy(to, size, str_of(utf8, (size_t)n));
    }
    OPENSSL_free(utf8);
}

#define UNKNOWN "comes from an authority that is not known here"

/* What is wrong with a peer's certificate: ends "the client's certificate (RGR-3) ..." or "an
 * authority of the client's certificate (RGR-3) ...". */
static const struct {
    int code;
    bool of_chain; /* said of the chain as a whole, wherever it was noticed */
    const char *text;
} refusals[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, false, "has expired: issue a new one"},
    {X509_V_ERR_CERT_NOT_YET_VALID, false, "is not valid yet: check the clocks of both machines"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, true, UNKNOWN},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, true, UNKNOWN},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, true, UNKNOWN},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, true, UNKNOWN},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, true,
     "is signed by itself, not by an authority that is known here"},
    {X509_V_ERR_INVALID_PURPOSE, false, "is not made for this purpose"},
    {X509_V_ERR_INVALID_CA, false, "is used to sign others and may not do that"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, false, "is forged: its signature is wrong"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, true, "stands at the end of a chain that is too long"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, false, "has a key that is too short"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, false, "has a key that is too short"},
    {X509_V_ERR_CA_MD_TOO_WEAK, false, "is signed by way of a broken hash"},
};

/* What went wrong in the protocol: ends "the client ...". */
static const struct {
    int reason;
    enum err_kind kind;
    const char *text;
} reasons[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, ERR_DENIED,
     "showed no certificate: import its package (.p12) there"},
    {SSL_R_UNSUPPORTED_PROTOCOL, ERR_INPUT, "speaks no TLS that is new enough (1.2): update it"},
    {SSL_R_VERSION_TOO_LOW, ERR_INPUT, "speaks no TLS that is new enough (1.2): update it"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, ERR_INPUT, "refuses this side's versions of TLS"},
    {SSL_R_NO_SHARED_CIPHER, ERR_INPUT, "has no cipher in common with this side"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, ERR_INPUT,
     "has no kind of signature in common with this side"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, ERR_INPUT, "has no key exchange in common with this side"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, ERR_INPUT, "found nothing in common for TLS"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, ERR_INPUT,
     "sent bytes that were changed on the way"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, ERR_INPUT, "sent a handshake that is too large"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, ERR_DENIED,
     "does not know the authority of this side's certificate: import the trust store there"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, ERR_DENIED,
     "does not accept this side's certificate: import the trust store there"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, ERR_DENIED, "does not accept this side's certificate"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, ERR_DENIED,
     "says that this side's certificate is not made for this purpose"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, ERR_DENIED,
     "says that this side's certificate has expired: check the clocks of both machines"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, ERR_DENIED,
     "says that this side's certificate was revoked"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, ERR_DENIED, "wants a certificate and was shown none"},
    {SSL_R_TLSV1_ALERT_DECRYPT_ERROR, ERR_INPUT, "could not check this side's signature"},
};

static const char *openssl_reason(unsigned long code)
{
    const char *text = ERR_reason_error_string(code);

    return text ? text : "no reason given";
}

static const char *peer_of(const struct tls *t)
{
    return t->ctx->server ? "client" : "server";
}

/* Why the certificate of who ("client", "server") does not count. */
static void put_refusal(const char *who, long code, const struct refused *r, struct err *e)
{
    const char *text = "is not accepted";
    bool above = r->depth > 0;

    for (size_t i = 0; i < COUNTOF(refusals); i++) {
        if (refusals[i].code == code) {
            text = refusals[i].text;
            above = above && !refusals[i].of_chain;
        }
    }
    (void)err_set(e, ERR_DENIED, "%sthe %s's certificate%s%s%s %s (OpenSSL: %s)", above ? "an authority of " : "", who,
                  r->name[0] ? " (" : "", r->name, r->name[0] ? ")" : "", text, X509_verify_cert_error_string(code));
}

static void tell_refusal(const struct tls *t, struct err *e)
{
    static const struct refused unknown;

    put_refusal(peer_of(t), SSL_get_verify_result(t->ssl), t->refused ? t->refused : &unknown, e);
}

/* Somebody who set the wrong protocol is told so by his first byte; the first one of TLS is 22 (a
 * handshake record).  The ancient ClientHello in the form of SSL 2 is not taken either. */
static const char *mistaken(unsigned char first)
{
    if (first == 22)
        return NULL;
    if (first == '<' || first == 0xBF)
        return "sends CoT without TLS: set its connection to SSL, or use the port for plain TCP";
    if (first >= 'A' && first <= 'Z')
        return "speaks plain HTTP, not TLS: use https://";
    return "does not speak TLS";
}

/* The sentence for what OpenSSL has in its queue of errors. */
static void tell_failure(const struct tls *t, struct err *e)
{
    unsigned long code = ERR_peek_error();
    const char *text = NULL;
    enum err_kind kind = ERR_INPUT;

    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
        if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
            tell_refusal(t, e);
            return;
        }
        for (size_t i = 0; i < COUNTOF(reasons) && !text; i++)
            if (reasons[i].reason == ERR_GET_REASON(code)) {
                text = reasons[i].text;
                kind = reasons[i].kind;
            }
    }
    (void)err_set(e, kind, "the %s %s (OpenSSL: %s)", peer_of(t),
                  text ? text : "breaks the rules of TLS", openssl_reason(code));
}

/* ---- one context for many connections ---- */

static struct tls *of_ssl(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* Notes whose certificate it was: the operator must find the phone. */
static int on_verify(int accepted, X509_STORE_CTX *store)
{
    const X509 *own = X509_STORE_CTX_get0_cert(store);
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct refused *r = ssl ? of_ssl(ssl)->refused : NULL;

    if (!accepted && own && r) {
        common_name(own, r->name, sizeof r->name);
        r->depth = X509_STORE_CTX_get_error_depth(store);
    }
    return accepted;
}

/* A ticket must not outlive the certificate: then a full handshake says what is wrong. */
static SSL_TICKET_RETURN on_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                   size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    X509 *peer;

    (void)ssl;
    (void)name;
    (void)name_len;
    (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    peer = SSL_SESSION_get0_peer(session);
    if (!peer || X509_cmp_current_time(X509_get0_notAfter(peer)) <= 0)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return SSL_TICKET_RETURN_USE_RENEW;
}

/* ---- what goes out under TLS 1.3 is sealed here ---- */

/* The secret that a key log would get; it goes nowhere else. */
static void on_secret(const SSL *ssl, const char *line)
{
    static const struct str label = {"SERVER_TRAFFIC_SECRET_0 ", 24};
    struct tls *t = of_ssl(ssl);
    struct str rest = str_from(line);
    size_t digits;

    if (!t || t->seals || !str_starts(rest, label) || rest.len < label.len + 65)
        return;
    rest = str_from_at(rest, label.len + 65); /* the client's random and a space */
    digits = rest.len;
    if (digits / 2 <= sizeof t->secret && str_from_hex(rest, t->secret, digits / 2))
        t->secret_len = (uint8_t)(digits / 2);
}

static void seal_text(struct tls *t, unsigned char type, struct str text)
{
    while (text.len > 0) {
        size_t n = text.len < TLS_RECORD ? text.len : TLS_RECORD;

        tls_seal_put(&t->seal, type, str_cut(text, 0, n), t->out);
        text = str_from_at(text, n);
    }
}

/* What OpenSSL has to say after the handshake (tickets, changes of key, alerts), before it seals that. */
static void on_message(int written, int version, int type, const void *at, size_t len, SSL *ssl, void *arg)
{
    struct tls *t = of_ssl(ssl);
    struct str text = str_of(at, len);

    (void)version;
    (void)arg;
    if (!written || !t || !t->seals || (type != SSL3_RT_HANDSHAKE && type != SSL3_RT_ALERT) || len == 0)
        return;
    if (!t->out || t->out->max - t->out->len < len + (len / TLS_RECORD + 1) * TLS_SEAL_MORE) {
        t->no_room = true;
        return;
    }
    seal_text(t, type == SSL3_RT_ALERT ? TLS_ALERT : TLS_HANDSHAKE, text);
    if (type == SSL3_RT_HANDSHAKE && (unsigned char)text.at[0] == TLS_KEY_UPDATE)
        tls_seal_next(&t->seal);
}

/* The handshake is over and nothing was written under the new keys (no tickets, see server_rules()): from here on this
 * file seals. */
static enum tls_step take_over(struct tls *t, enum tls_step step)
{
    if (step != TLS_DONE)
        return step;
    if (t->secret_len > 0 && SSL_version(t->ssl) == TLS1_3_VERSION)
        t->seals = tls_seal_begin(&t->seal, SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(t->ssl)),
                                  str_of(t->secret, t->secret_len));
    OPENSSL_cleanse(t->secret, sizeof t->secret);
    t->secret_len = 0;
    if (t->seals)
        SSL_set_msg_callback(t->ssl, on_message);
    return step;
}

/* A key with a pass phrase must not stop a server that nobody watches. */
static int no_pass_phrase(char *to, int size, int writing, void *arg)
{
    (void)to;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static bool load_refused(const char *what, const char *file, struct err *e)
{
    unsigned long code = ERR_peek_last_error();

    return err_set(e, ERR_INPUT, "%s cannot be used as %s (OpenSSL: %s)", file, what,
                   openssl_reason(code));
}

static bool load_own(SSL_CTX *ssl, const struct tls_files *files, struct err *e)
{
    if (SSL_CTX_use_certificate_chain_file(ssl, files->certificate) != 1)
        return load_refused("certificate", files->certificate, e);
    if (SSL_CTX_use_PrivateKey_file(ssl, files->key, SSL_FILETYPE_PEM) != 1)
        return load_refused("key, or is not the one of the certificate", files->key, e);
    return true;
}

static bool load_trust(SSL_CTX *ssl, const struct tls_files *files, bool server, struct err *e)
{
    STACK_OF(X509_NAME) * names;

    if (SSL_CTX_load_verify_locations(ssl, files->ca, NULL) != 1)
        return load_refused("list of trusted authorities", files->ca, e);
    if (!server)
        return true;
    names = SSL_load_client_CA_file(files->ca);
    if (!names)
        return load_refused("list of trusted authorities", files->ca, e);
    SSL_CTX_set_client_CA_list(ssl, names);
    return true;
}

/* What server and client have in common. */
static bool ctx_rules(SSL_CTX *ssl)
{
    X509_VERIFY_PARAM *verify = SSL_CTX_get0_param(ssl);
    char curves[] = "X25519:P-256:P-384";

    (void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_default_passwd_cb(ssl, no_pass_phrase);
    SSL_CTX_set_security_level(ssl, 2);
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_max_cert_list(ssl, CHAIN_BYTES_MAX);
    SSL_CTX_set_verify_depth(ssl, CHAIN_DEPTH_MAX);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) &&
           SSL_CTX_set_ciphersuites(ssl, CIPHERS_13) && SSL_CTX_set_cipher_list(ssl, CIPHERS_12) &&
           SSL_CTX_set1_groups_list(ssl, curves) &&
           X509_VERIFY_PARAM_set_flags(verify, X509_V_FLAG_PARTIAL_CHAIN);
}

static bool server_rules(SSL_CTX *ssl)
{
    static const unsigned char context[] = "cordon";

    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
    (void)SSL_CTX_set_timeout(ssl, TICKET_S);
    /* A server checks for the purpose "TLS client" unless told otherwise; a test holds it to that.
     */
    return SSL_CTX_set_session_id_context(ssl, context, sizeof context - 1) &&
           SSL_CTX_set_num_tickets(ssl, 0) && /* tls_ticket(); take_over() relies on it */
           SSL_CTX_set_session_ticket_cb(ssl, NULL, on_ticket, NULL);
}

static struct tls_ctx *ctx_new(bool server)
{
    struct tls_ctx *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    atomic_init(&c->kept, 1);
    c->server = server;
    c->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    c->method = bio_method();
    if (c->ssl && c->method && ctx_rules(c->ssl) && (!server || server_rules(c->ssl)))
        return c;
    tls_drop(c);
    return NULL;
}

static void seal_here(struct tls_ctx *c, const struct tls_files *files)
{
    if (!files->openssl_seals)
        SSL_CTX_set_keylog_callback(c->ssl, on_secret);
}

static bool start_refused(struct err *e)
{
    return err_set(e, ERR_WORLD, "OpenSSL does not start (%s)", openssl_reason(ERR_peek_error()));
}

bool tls_server(const struct tls_files *files, struct tls_ctx **out, struct err *e)
{
    struct tls_ctx *c;

    MUST(files->certificate && files->key && files->ca);
    *out = NULL;
    ERR_clear_error();
    c = ctx_new(true);
    if (!c)
        return start_refused(e);
    seal_here(c, files);
    if (load_own(c->ssl, files, e) && load_trust(c->ssl, files, true, e))
        *out = c;
    else
        tls_drop(c);
    return *out != NULL;
}

bool tls_server_open(const struct tls_files *files, struct tls_ctx **out, struct err *e)
{
    struct tls_ctx *c;

    MUST(files->certificate && files->key);
    *out = NULL;
    ERR_clear_error();
    c = ctx_new(true);
    if (!c)
        return start_refused(e);
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET);
    seal_here(c, files);
    if (load_own(c->ssl, files, e))
        *out = c;
    else
        tls_drop(c);
    return *out != NULL;
}

bool tls_client(const struct tls_files *files, int max_version, struct tls_ctx **out, struct err *e)
{
    struct tls_ctx *c;
    bool ok;

    MUST((max_version == 0 || max_version == 12) && files->ca &&
         !files->certificate == !files->key);
    *out = NULL;
    ERR_clear_error();
    c = ctx_new(false);
    if (!c)
        return start_refused(e);
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, on_verify);
    ok = (!files->certificate || load_own(c->ssl, files, e)) && load_trust(c->ssl, files, false, e);
    if (ok && max_version == 12 && !SSL_CTX_set_max_proto_version(c->ssl, TLS1_2_VERSION))
        ok = start_refused(e);
    if (ok)
        *out = c;
    else
        tls_drop(c);
    return ok;
}

struct tls_ctx *tls_keep(struct tls_ctx *c)
{
    MUST(atomic_fetch_add(&c->kept, 1) > 0);
    return c;
}

void tls_drop(struct tls_ctx *c)
{
    int was;

    if (!c)
        return;
    was = atomic_fetch_sub(&c->kept, 1);
    MUST(was > 0);
    if (was > 1)
        return;
    SSL_CTX_free(c->ssl);
    BIO_meth_free(c->method);
    free(c);
}

/* ---- one connection ---- */

struct tls *tls_new(struct tls_ctx *c)
{
    struct tls *t = calloc(1, sizeof *t);
    BIO *bio;

    if (!t)
        return NULL;
    t->ctx = tls_keep(c);
    t->ssl = SSL_new(c->ssl);
    bio = t->ssl ? BIO_new(c->method) : NULL;
    if (!bio || !SSL_set_app_data(t->ssl, t)) {
        (void)BIO_free(bio);
        tls_free(t);
        return NULL;
    }
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    if (c->server)
        SSL_set_accept_state(t->ssl);
    else
        SSL_set_connect_state(t->ssl);
    return t;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    tls_drop(t->ctx);
    tls_seal_wipe(&t->seal);
    OPENSSL_cleanse(t->secret, sizeof t->secret);
    free(t);
}

bool tls_resume(struct tls *t, struct tls *earlier)
{
    const SSL_SESSION *there = SSL_get0_session(earlier->ssl);
    SSL_SESSION *session;
    bool ok;

    MUST(!t->ctx->server && !t->heard);
    if (!there || !SSL_SESSION_is_resumable(there))
        return false;
    /* A copy: OpenSSL spoils the session of a connection that ends without goodbye, as they do
     * when the radio fails. */
    session = SSL_SESSION_dup(there);
    ok = session && SSL_set_session(t->ssl, session) == 1;
    SSL_SESSION_free(session);
    return ok;
}

static void call_begins(struct tls *t, struct str *in, struct buf *out)
{
    MUST(!t->out && out && !out->full && out->max - out->len >= TLS_CIPHER_ROOM);
    t->in = in;
    t->out = out;
    ERR_clear_error();
}

/* What OpenSSL's answer means; the call is over. */
static enum tls_step call_ends(struct tls *t, int answer, struct err *e)
{
    int why = answer > 0 ? SSL_ERROR_NONE : SSL_get_error(t->ssl, answer);
    enum tls_step step = TLS_FAILED;

    if (t->no_room)
        why = SSL_ERROR_WANT_WRITE;
    t->no_room = false;
    if (why == SSL_ERROR_NONE)
        step = TLS_DONE;
    else if (why == SSL_ERROR_ZERO_RETURN)
        step = TLS_CLOSED;
    else if (why == SSL_ERROR_WANT_READ && t->in)
        step = TLS_MORE;
    else if (why == SSL_ERROR_WANT_WRITE)
        (void)err_set(e, ERR_INPUT, "the %s makes this side answer more than it has room for",
                      peer_of(t));
    else
        tell_failure(t, e);
    MUST(step != TLS_MORE || t->in->len == 0);
    t->failed = t->failed || step == TLS_FAILED;
    t->in = NULL;
    t->out = NULL;
    t->refused = NULL;
    return step;
}

static enum tls_step failed_before(struct err *e)
{
    (void)err_set(e, ERR_INPUT, "this connection has failed before");
    return TLS_FAILED;
}

/* After the handshake nobody asks for the issuers that the client sent along; freeing
 * them saves about a fifth of what a connection costs. */
static enum tls_step slim(struct tls *t, enum tls_step step)
{
    STACK_OF(X509) *chain = step == TLS_DONE && SSL_is_server(t->ssl) ? SSL_get_peer_cert_chain(t->ssl) : NULL;

    while (chain && sk_X509_num(chain) > 0)
        X509_free(sk_X509_pop(chain));
    return step;
}

enum tls_step tls_handshake(struct tls *t, struct str *in, struct buf *out, struct err *e)
{
    struct refused refused = {"", 0};

    if (t->failed)
        return failed_before(e);
    if (t->ctx->server && !t->heard && in->len > 0 && mistaken((unsigned char)in->at[0])) {
        t->failed = true;
        (void)err_set(e, ERR_INPUT, "the client %s", mistaken((unsigned char)in->at[0]));
        return TLS_FAILED;
    }
    t->heard = t->heard || in->len > 0;
    call_begins(t, in, out);
    t->refused = &refused;
    return take_over(t, slim(t, call_ends(t, SSL_do_handshake(t->ssl), e)));
}

/* The peer may have asked for a new key, which is due before our next text (RFC 8446, 4.6.3). OpenSSL would say it
 * with that text, which it does not get. */
static enum tls_step answer_key_update(struct tls *t, enum tls_step step, struct buf *out, struct err *e)
{
    int answer;

    if (!t->seals || step == TLS_FAILED || SSL_get_key_update_type(t->ssl) == SSL_KEY_UPDATE_NONE)
        return step;
    t->out = out;
    ERR_clear_error();
    answer = SSL_key_update(t->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 ? SSL_do_handshake(t->ssl) : 0;
    return call_ends(t, answer, e) == TLS_DONE ? step : TLS_FAILED;
}

enum tls_step tls_read(struct tls *t, struct str *in, void *to, size_t max, size_t *got,
                       struct buf *out, struct err *e)
{
    *got = 0;
    if (t->failed)
        return failed_before(e);
    MUST(max > 0 && SSL_is_init_finished(t->ssl));
    call_begins(t, in, out);
    return answer_key_update(t, call_ends(t, SSL_read_ex(t->ssl, to, max, got), e), out, e);
}

/* Seals text for the peer, and changes the key before it was used too often. */
static void seal_for_peer(struct tls *t, struct str text, struct buf *out)
{
    static const char key_update[] = {TLS_KEY_UPDATE, 0, 0, 1, 0}; /* update_not_requested (RFC 8446, 4.6.3) */

    while (text.len > 0) {
        size_t n = text.len < TLS_RECORD ? text.len : TLS_RECORD;

        if (t->seal.record >= TLS_REKEY_RECORDS) {
            tls_seal_put(&t->seal, TLS_HANDSHAKE, str_of(key_update, sizeof key_update), out);
            tls_seal_next(&t->seal);
        }
        tls_seal_put(&t->seal, TLS_TEXT, str_cut(text, 0, n), out);
        text = str_from_at(text, n);
    }
}

/* Changes the key of a long connection before AES-GCM has used it too often. */
static bool rekey_when_due(struct tls *t, size_t records)
{
    t->records += (uint32_t)records;
    if (t->records < TLS_REKEY_RECORDS || SSL_version(t->ssl) < TLS1_3_VERSION)
        return true;
    t->records = (uint32_t)records;
    return SSL_key_update(t->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1;
}

enum tls_step tls_write(struct tls *t, struct str text, struct buf *out, struct err *e)
{
    size_t records = text.len / TLS_RECORD + 1, put = 0;
    int answer;

    MUST(text.len <= SIZE_MAX / 2 && out->max - out->len >= text.len + records * 512);
    if (t->failed)
        return failed_before(e);
    if (t->seals) { /* OpenSSL's part of a connection, which is far away in memory, is not looked at */
        seal_for_peer(t, text, out);
        return TLS_DONE;
    }
    MUST(SSL_is_init_finished(t->ssl));
    if (text.len == 0)
        return TLS_DONE;
    t->out = out;
    ERR_clear_error();
    answer = rekey_when_due(t, records) ? SSL_write_ex(t->ssl, text.at, text.len, &put) : 0;
    MUST(answer != 1 || put == text.len);
    return call_ends(t, answer, e);
}

enum tls_step tls_ticket(struct tls *t, struct buf *out, struct err *e)
{
    int answer;

    MUST(out->max - out->len >= TLS_CIPHER_ROOM);
    if (t->failed)
        return failed_before(e);
    MUST(t->ctx->server && SSL_is_init_finished(t->ssl));
    if (SSL_version(t->ssl) < TLS1_3_VERSION)
        return TLS_DONE;
    t->out = out;
    ERR_clear_error();
    answer = SSL_new_session_ticket(t->ssl) == 1 ? SSL_do_handshake(t->ssl) : 0;
    return call_ends(t, answer, e);
}

void tls_goodbye(struct tls *t, struct buf *out)
{
    if (t->failed || !SSL_is_init_finished(t->ssl))
        return;
    t->out = out;
    ERR_clear_error();
    (void)SSL_shutdown(t->ssl); /* what the peer answers to it does not matter */
    ERR_clear_error();
    t->out = NULL;
}

/* ---- who it is ---- */

static int64_t time_ms(const ASN1_TIME *at)
{
    struct tm tm = {0};

    if (!ASN1_TIME_to_tm(at, &tm))
        return 0;
    return (int64_t)timegm(&tm) * 1000;
}

static bool peer_of_ssl(const SSL *ssl, struct tls_peer *out)
{
    const X509 *x = SSL_get0_peer_certificate(ssl);
    const ASN1_INTEGER *serial = x ? X509_get0_serialNumber(x) : NULL;
    unsigned int n = sizeof out->sha256;
    struct buf b = buf_over(out->serial, sizeof out->serial - 1);

    memset(out, 0, sizeof *out);
    if (!serial || ASN1_STRING_length(serial) <= 0 ||
        X509_digest(x, EVP_sha256(), out->sha256, &n) != 1)
        return false;
    buf_hex(&b, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    common_name(x, out->name, sizeof out->name);
    out->not_after_ms = time_ms(X509_get0_notAfter(x));
    out->resumed = SSL_session_reused(ssl) == 1;
    (void)str_copy(out->version, sizeof out->version, str_from(SSL_get_version(ssl)));
    (void)str_copy(out->cipher, sizeof out->cipher, str_from(SSL_get_cipher_name(ssl)));
    return !b.full;
}

bool tls_peer(struct tls *t, struct tls_peer *out)
{
    return peer_of_ssl(t->ssl, out);
}

/* ---- the web port ---- */

/* The handshake goes on; OpenSSL keeps the error as the connection's result. */
static int on_verify_any(int accepted, X509_STORE_CTX *store)
{
    (void)accepted;
    (void)store;
    return 1;
}

/* The authorities of the file and no others, also when there were some before. */
static bool web_trust(SSL_CTX *ssl, const char *trust, struct err *e)
{
    struct tls_files files = {.ca = trust};
    X509_STORE *fresh = X509_STORE_new();

    if (!fresh)
        return start_refused(e);
    SSL_CTX_set_cert_store(ssl, fresh); /* it owns the store now */
    return load_trust(ssl, &files, true, e);
}

bool tls_web_rules(void *ssl_ctx, const char *trust, struct err *e)
{
    static const unsigned char context[] = "cordon-web";
    SSL_CTX *ssl = ssl_ctx;

    ERR_clear_error();
    if (!ctx_rules(ssl) || !SSL_CTX_set_session_id_context(ssl, context, sizeof context - 1) ||
        !SSL_CTX_set_num_tickets(ssl, 1) || !SSL_CTX_set_session_ticket_cb(ssl, NULL, trust ? on_ticket : NULL, NULL))
        return start_refused(e);
    /* A write of many records ends where the socket is full, so that the rest alone waits. */
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
    (void)SSL_CTX_set_timeout(ssl, TICKET_S);
    SSL_CTX_set_verify(ssl, trust ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, trust ? on_verify_any : NULL);
    return !trust || web_trust(ssl, trust, e);
}

enum tls_shown tls_web_peer(void *ssl, struct tls_peer *out, struct err *e)
{
    long code = SSL_get_verify_result(ssl);
    struct refused r = {"", 0};

    if (!SSL_get0_peer_certificate(ssl)) {
        memset(out, 0, sizeof *out);
        return TLS_SHOWN_NONE;
    }
    if (!peer_of_ssl(ssl, out) && code == X509_V_OK)
        code = X509_V_ERR_UNSPECIFIED;
    if (code == X509_V_OK && X509_cmp_current_time(X509_get0_notAfter(SSL_get0_peer_certificate(ssl))) <= 0)
        code = X509_V_ERR_CERT_HAS_EXPIRED; /* since then */
    if (code == X509_V_OK)
        return TLS_SHOWN_GOOD;
    (void)str_copy(r.name, sizeof r.name, str_from(out->name));
    put_refusal("client", code, &r, e);
    return TLS_SHOWN_BAD;
}

/* ---- the floor of the benchmark ---- */

struct tls_floor {
    EVP_CIPHER_CTX *cipher;
    uint64_t record;
};

struct tls_floor *tls_floor_new(void)
{
    static const unsigned char key[16];
    struct tls_floor *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    f->cipher = EVP_CIPHER_CTX_new();
    if (f->cipher && EVP_EncryptInit_ex(f->cipher, EVP_aes_128_gcm(), NULL, key, NULL) == 1)
        return f;
    tls_floor_free(f);
    return NULL;
}

void tls_floor_free(struct tls_floor *f)
{
    if (!f)
        return;
    EVP_CIPHER_CTX_free(f->cipher);
    free(f);
}

void tls_floor_seal(struct tls_floor *f, struct str text, struct buf *out)
{
    static const unsigned char type = 23;
    unsigned char nonce[12] = {0}, *at = (unsigned char *)out->at + out->len;
    size_t size = text.len + 17;
    unsigned char header[5] = {type, 3, 3, (unsigned char)(size >> 8), (unsigned char)size};
    int n = 0;

    MUST(text.len > 0 && text.len <= TLS_RECORD &&
         out->max - out->len >= text.len + FLOOR_OVERHEAD);
    memcpy(nonce + 4, &f->record, sizeof f->record);
    f->record++;
    memcpy(at, header, sizeof header);
    MUST(EVP_EncryptInit_ex(f->cipher, NULL, NULL, NULL, nonce) == 1);
    MUST(EVP_EncryptUpdate(f->cipher, NULL, &n, header, sizeof header) == 1);
    MUST(EVP_EncryptUpdate(f->cipher, at + 5, &n, (const unsigned char *)text.at, (int)text.len) ==
         1);
    MUST(EVP_EncryptUpdate(f->cipher, at + 5 + text.len, &n, &type, 1) == 1);
    MUST(EVP_EncryptFinal_ex(f->cipher, at + 6 + text.len, &n) == 1);
    MUST(EVP_CIPHER_CTX_ctrl(f->cipher, EVP_CTRL_AEAD_GET_TAG, 16, at + 6 + text.len) == 1);
    out->len += text.len + FLOOR_OVERHEAD;
}
