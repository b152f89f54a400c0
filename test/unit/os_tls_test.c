#include "os/clock.h"
#include "os/tls.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <malloc.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- certificates of all kinds, made once in a folder that goes away ---- */

static char folder[] = "/tmp/cordon-tls-XXXXXX";

static const struct cert {
    const char *name, *issuer; /* issuer NULL: signs itself */
    int from_days, to_days;
    bool ca;
    const char *purpose; /* extendedKeyUsage, NULL for none */
} certs[] = {
    {"root", NULL, -1, 3000, true, NULL},
    {"issuer", "root", -1, 2000, true, NULL},
    {"server", "issuer", -1, 100, false, "serverAuth"},
    {"phone", "issuer", -1, 100, false, "clientAuth"},
    {"expired", "issuer", -10, -1, false, "clientAuth"},
    {"early", "issuer", 2, 100, false, "clientAuth"},
    {"lonely", NULL, -1, 100, false, "clientAuth"},
    {"other-root", NULL, -1, 3000, true, NULL},
    {"foreign", "other-root", -1, 100, false, "clientAuth"},
    {"aged-issuer", "root", -9, -1, true, NULL},
    {"aged", "aged-issuer", -1, 100, false, "clientAuth"},
    {"rude", "issuer", -1, 100, false, "clientAuth"},
    {"soon", "issuer", -1, 0, false, "clientAuth"},
};

static const char *file_of(const char *name, const char *what)
{
    static char path[4][128];
    static unsigned at;
    char *to = path[at++ % COUNTOF(path)];

    (void)snprintf(to, sizeof path[0], "%s/%s.%s", folder, name, what);
    return to;
}

static void extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(ext);
    assert_int_equal(X509_add_ext(x, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static X509 *read_cert(const char *name)
{
    FILE *f = fopen(file_of(name, "pem"), "r");
    X509 *x = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

    assert_non_null(x);
    (void)fclose(f);
    return x;
}

static EVP_PKEY *read_key(const char *name)
{
    FILE *f = fopen(file_of(name, "key"), "r");
    EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

    assert_non_null(key);
    (void)fclose(f);
    return key;
}

/* The issuer goes into the file of the certificate, as a chain. */
static void write_cert(const struct cert *c, X509 *x, EVP_PKEY *key)
{
    FILE *pem = fopen(file_of(c->name, "pem"), "w"), *k = fopen(file_of(c->name, "key"), "w");

    assert_true(pem && k);
    assert_int_equal(PEM_write_X509(pem, x), 1);
    assert_int_equal(PEM_write_PrivateKey(k, key, NULL, NULL, 0, NULL, NULL), 1);
    if (c->issuer) {
        X509 *issuer = read_cert(c->issuer);

        assert_int_equal(PEM_write_X509(pem, issuer), 1);
        X509_free(issuer);
    }
    (void)fclose(pem);
    (void)fclose(k);
}

/* "soon" ends three seconds from now; "rude" has control characters in its name. */
static void make_cert(const struct cert *c)
{
    static long serial = 0x1234a0;
    EVP_PKEY *key = EVP_EC_gen("P-256"), *sign = c->issuer ? read_key(c->issuer) : key;
    X509 *x = X509_new(), *issuer = c->issuer ? read_cert(c->issuer) : x;
    const char *cn = strcmp(c->name, "rude") == 0 ? "a\nb\xc2\x9b"
                                                    "c"
                                                  : c->name;

    assert_true(key && x);
    assert_int_equal(X509_set_version(x, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), c->from_days * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(x), c->to_days ? c->to_days * 86400L : 3);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", V_ASN1_UTF8STRING,
                                                (const unsigned char *)cn, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(x, X509_get_subject_name(issuer)), 1);
    assert_int_equal(X509_set_pubkey(x, key), 1);
    extend(x, NID_basic_constraints, c->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (c->purpose)
        extend(x, NID_ext_key_usage, c->purpose);
    assert_true(X509_sign(x, sign, EVP_sha256()) > 0);
    write_cert(c, x, key);
    if (c->issuer) {
        X509_free(issuer);
        EVP_PKEY_free(sign);
    }
    X509_free(x);
    EVP_PKEY_free(key);
}

static int make_all(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < COUNTOF(certs); i++)
        make_cert(&certs[i]);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(certs); i++) {
        (void)unlink(file_of(certs[i].name, "pem"));
        (void)unlink(file_of(certs[i].name, "key"));
    }
    return rmdir(folder);
}

static struct tls_ctx *server_ctx(void)
{
    struct tls_files files = {file_of("server", "pem"), file_of("server", "key"),
                              file_of("root", "pem"), false};
    struct tls_ctx *c;
    struct err e = {0};

    if (!tls_server(&files, &c, &e))
        fail_msg("%s", e.text);
    return c;
}

static struct tls_ctx *client_ctx(const char *name, int max_version)
{
    struct tls_files files = {name ? file_of(name, "pem") : NULL,
                              name ? file_of(name, "key") : NULL, file_of("root", "pem"), false};
    struct tls_ctx *c;
    struct err e = {0};

    if (!tls_client(&files, max_version, &c, &e))
        fail_msg("%s", e.text);
    return c;
}

/* ---- two ends of one connection, in memory ---- */

enum { WIRE = 512 * 1024 };

struct end {
    struct tls *t;
    struct buf out; /* to the other end */
    char *wire;
    size_t sent; /* of out, taken by the other end */
    bool done, quiet;
    struct err e;
    enum tls_step last;
};

struct pair {
    struct tls_ctx *server_ctx, *client_ctx;
    struct end s, c;
};

static void end_open(struct end *n, struct tls_ctx *ctx)
{
    memset(n, 0, sizeof *n);
    n->t = tls_new(ctx);
    n->wire = malloc(WIRE);
    assert_true(n->t && n->wire);
    n->out = buf_over(n->wire, WIRE);
}

static void end_close(struct end *n)
{
    tls_free(n->t);
    free(n->wire);
    memset(n, 0, sizeof *n);
}

static void pair_open(struct pair *p, const char *client, int max_version)
{
    p->server_ctx = server_ctx();
    p->client_ctx = client_ctx(client, max_version);
    end_open(&p->s, p->server_ctx);
    end_open(&p->c, p->client_ctx);
}

static void pair_close(struct pair *p)
{
    end_close(&p->s);
    end_close(&p->c);
    tls_drop(p->server_ctx);
    tls_drop(p->client_ctx);
}

/* Feeds up to n bytes that `from` has sent to `to`; false when `to` failed. */
static bool shake_step(struct end *to, struct end *from, size_t n)
{
    size_t waits = from->out.len - from->sent;
    struct str in = str_of(from->wire + from->sent, waits < n ? waits : n);

    if (to->done)
        return true;
    to->last = tls_handshake(to->t, &in, &to->out, &to->e);
    from->sent = (size_t)((in.at ? in.at : from->wire + from->sent) - from->wire);
    to->done = to->last == TLS_DONE;
    assert_true(to->last != TLS_MORE || in.len == 0);
    return to->last == TLS_DONE || to->last == TLS_MORE;
}

/* True when both ends are done. The pieces have at most n bytes. */
static bool shake(struct pair *p, size_t n)
{
    for (int i = 0; i < 40000 && !(p->s.done && p->c.done); i++)
        if (!shake_step(&p->c, &p->s, n) || !shake_step(&p->s, &p->c, n))
            return false;
    assert_true(p->s.done && p->c.done);
    return true;
}

/* Reads all that waits for `to`, in pieces of n cipher bytes; returns the number of text bytes. */
static size_t read_all(struct end *to, struct end *from, size_t n, char *text, size_t max)
{
    size_t total = 0, got;

    while (from->sent < from->out.len) {
        size_t waits = from->out.len - from->sent;
        struct str in = str_of(from->wire + from->sent, waits < n ? waits : n);
        size_t piece = in.len;

        do {
            assert_true(total < max);
            to->last = tls_read(to->t, &in, text + total, max - total, &got, &to->out, &to->e);
            total += got;
        } while (to->last == TLS_DONE);
        from->sent += piece - in.len;
        if (to->last != TLS_MORE)
            return total;
        assert_int_equal(in.len, 0);
    }
    return total;
}

static void write_text(struct end *n, const char *text, size_t len)
{
    assert_int_equal(tls_write(n->t, str_of(text, len), &n->out, &n->e), TLS_DONE);
}

/* ---- tests ---- */

static void talk(const char *client, int max_version, size_t piece)
{
    struct pair p;
    char text[64];

    pair_open(&p, client, max_version);
    if (!shake(&p, piece))
        fail_msg("%s / %s", p.s.e.text, p.c.e.text);
    write_text(&p.c, "hello", 5);
    assert_int_equal(read_all(&p.s, &p.c, piece, text, sizeof text), 5);
    assert_memory_equal(text, "hello", 5);
    write_text(&p.s, "good evening", 12);
    write_text(&p.s, "", 0);
    assert_int_equal(read_all(&p.c, &p.s, piece, text, sizeof text), 12);
    assert_memory_equal(text, "good evening", 12);
    tls_goodbye(p.c.t, &p.c.out);
    assert_int_equal(read_all(&p.s, &p.c, piece, text, sizeof text), 0);
    assert_int_equal(p.s.last, TLS_CLOSED);
    tls_goodbye(p.s.t, &p.s.out);
    assert_int_equal(read_all(&p.c, &p.s, piece, text, sizeof text), 0);
    assert_int_equal(p.c.last, TLS_CLOSED);
    pair_close(&p);
}

static void both_versions_in_any_pieces(void **state)
{
    static const size_t pieces[] = {1, 2, 5, 7, 100, 1000, 100000};

    (void)state;
    for (size_t i = 0; i < COUNTOF(pieces); i++) {
        talk("phone", 0, pieces[i]);
        talk("phone", 12, pieces[i]);
    }
}

static void tells_who_the_peer_is(void **state)
{
    X509 *x = read_cert("phone");
    unsigned char want[32];
    unsigned int n = 32;
    struct tls_peer peer;
    struct pair p;

    (void)state;
    assert_int_equal(X509_digest(x, EVP_sha256(), want, &n), 1);
    X509_free(x);
    for (int version = 0; version <= 12; version += 12) {
        pair_open(&p, "phone", version);
        assert_false(tls_peer(p.s.t, &peer));
        assert_true(shake(&p, WIRE));
        assert_true(tls_peer(p.s.t, &peer));
        assert_string_equal(peer.name, "phone");
        assert_string_equal(peer.serial, "1234a3");
        assert_memory_equal(peer.sha256, want, 32);
        assert_string_equal(peer.version, version ? "TLSv1.2" : "TLSv1.3");
        assert_non_null(strstr(peer.cipher, version ? "AES128-GCM" : "AES_128_GCM"));
        assert_in_range(peer.not_after_ms, clock_wall_ms() + INT64_C(99) * 86400000,
                        clock_wall_ms() + INT64_C(101) * 86400000);
        assert_false(peer.resumed);
        assert_true(tls_peer(p.c.t, &peer));
        assert_string_equal(peer.name, "server");
        pair_close(&p);
    }
    pair_open(&p, "rude", 0);
    assert_true(shake(&p, WIRE));
    assert_true(tls_peer(p.s.t, &peer));
    assert_string_equal(peer.name, "a?b??c");
    pair_close(&p);
}

static void refuses_bad_certificates(void **state)
{
    static const struct {
        const char *client, *says;
    } rows[] = {
        {"expired", "the client's certificate (expired) has expired"},
        {"early", "the client's certificate (early) is not valid yet"},
        {"foreign", "(foreign) comes from an authority that is not known here"},
        {"lonely", "(lonely) is signed by itself"},
        {"server", "the client's certificate (server) is not made for this purpose"},
        {"aged", "an authority of the client's certificate (aged) has expired"},
        {NULL, "the client showed no certificate"},
    };
    struct pair p;
    char text[8];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        for (int version = 0; version <= 12; version += 12) {
            pair_open(&p, rows[i].client, version);
            assert_false(shake(&p, WIRE));
            assert_int_equal(p.s.last, TLS_FAILED);
            assert_int_equal(p.s.e.kind, ERR_DENIED);
            if (!strstr(p.s.e.text, rows[i].says))
                fail_msg("%s", p.s.e.text);
            assert_non_null(strstr(p.s.e.text, "(OpenSSL: "));
            /* The alert arrives, and the client can tell its user something. */
            if (p.c.done)
                (void)read_all(&p.c, &p.s, WIRE, text, sizeof text);
            else
                (void)shake_step(&p.c, &p.s, WIRE);
            assert_int_equal(p.c.last, TLS_FAILED);
            assert_true(str_starts(str_from(p.c.e.text), STR("the server ")));
            pair_close(&p);
        }
    }
}

/* ---- the web port: the TLS is somebody else's, the rules are ours ---- */

static SSL_CTX *web_ctx(const char *name, bool server)
{
    SSL_CTX *c = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

    assert_non_null(c);
    if (name) {
        assert_int_equal(SSL_CTX_use_certificate_chain_file(c, file_of(name, "pem")), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(c, file_of(name, "key"), SSL_FILETYPE_PEM), 1);
    }
    return c;
}

/* Both ends until they are done; the client reads once, as its ticket comes with it. */
static void web_shake(SSL *s, SSL *c)
{
    BIO *a, *b;
    char byte;

    assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
    SSL_set_bio(s, a, a);
    SSL_set_bio(c, b, b);
    SSL_set_accept_state(s);
    SSL_set_connect_state(c);
    for (int i = 0; i < 20; i++) {
        (void)SSL_do_handshake(c);
        (void)SSL_do_handshake(s);
    }
    assert_true(SSL_is_init_finished(s) && SSL_is_init_finished(c));
    assert_int_equal(SSL_write(s, "x", 1), 1);
    assert_int_equal(SSL_read(c, &byte, 1), 1);
}

static enum tls_shown show(SSL_CTX *server, SSL_CTX *client, SSL_SESSION **session, struct tls_peer *peer)
{
    SSL *s = SSL_new(server), *c = SSL_new(client);
    enum tls_shown shown;
    struct err e = {0};

    assert_true(s && c);
    if (*session)
        assert_int_equal(SSL_set_session(c, *session), 1);
    web_shake(s, c);
    shown = tls_web_peer(s, peer, &e);
    assert_int_equal(shown == TLS_SHOWN_BAD, e.text[0] != 0);
    if (e.text[0])
        print_message("%s\n", e.text);
    SSL_SESSION_free(*session);
    *session = SSL_get1_session(c);
    SSL_set_shutdown(c, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* so that the session may be used again */
    SSL_free(s);
    SSL_free(c);
    return shown;
}

static void a_web_client_may_show_anything(void **state)
{
    static const struct {
        const char *client;
        enum tls_shown shown;
    } rows[] = {
        {NULL, TLS_SHOWN_NONE},     {"phone", TLS_SHOWN_GOOD}, {"expired", TLS_SHOWN_BAD}, {"early", TLS_SHOWN_BAD},
        {"foreign", TLS_SHOWN_BAD}, {"lonely", TLS_SHOWN_BAD}, {"aged", TLS_SHOWN_BAD},    {"server", TLS_SHOWN_BAD},
    };
    struct tls_peer peer;
    struct err e;

    (void)state;
    for (int version = 0; version < 2; version++)
        for (size_t i = 0; i < COUNTOF(rows); i++) {
            SSL_CTX *server = web_ctx("server", true), *client = web_ctx(rows[i].client, false);
            SSL_SESSION *session = NULL;

            assert_true(tls_web_rules(server, file_of("root", "pem"), &e));
            assert_int_equal(SSL_CTX_set_max_proto_version(client, version ? TLS1_2_VERSION : TLS1_3_VERSION), 1);
            for (int again = 0; again < 2; again++) { /* the second time by ticket, which is worth no more */
                assert_int_equal(show(server, client, &session, &peer), rows[i].shown);
                assert_string_equal(peer.name, rows[i].client ? rows[i].client : "");
                assert_true(rows[i].shown != TLS_SHOWN_GOOD || peer.resumed == (again == 1));
            }
            SSL_SESSION_free(session);
            SSL_CTX_free(server);
            SSL_CTX_free(client);
        }
}

static void web_authorities_are_taken_anew(void **state)
{
    SSL_CTX *server = web_ctx("server", true), *client = web_ctx("foreign", false), *phone = web_ctx("phone", false);
    SSL_SESSION *none = NULL, *other = NULL;
    struct tls_peer peer;
    struct err e;

    (void)state;
    assert_true(tls_web_rules(server, file_of("root", "pem"), &e));
    assert_int_equal(show(server, client, &none, &peer), TLS_SHOWN_BAD);
    assert_true(tls_web_rules(server, file_of("other-root", "pem"), &e));
    SSL_SESSION_free(none);
    none = NULL;
    assert_int_equal(show(server, client, &none, &peer), TLS_SHOWN_GOOD);
    assert_int_equal(show(server, phone, &other, &peer), TLS_SHOWN_BAD);
    assert_false(tls_web_rules(server, file_of("nothing", "pem"), &e));
    SSL_SESSION_free(none);
    SSL_SESSION_free(other);
    assert_true(tls_web_rules(server, NULL, &e)); /* enrolment asks for none */
    none = other = NULL;
    assert_int_equal(show(server, phone, &none, &peer), TLS_SHOWN_NONE);
    SSL_SESSION_free(none);
    SSL_CTX_free(server);
    SSL_CTX_free(client);
    SSL_CTX_free(phone);
}

static void client_checks_the_server(void **state)
{
    struct tls_files trust = {0};
    struct err e;
    struct pair p;

    (void)state;
    pair_open(&p, "phone", 0);
    trust.ca = file_of("other-root", "pem");
    tls_free(p.c.t);
    tls_drop(p.client_ctx);
    assert_true(tls_client(&trust, 0, &p.client_ctx, &e));
    p.c.t = tls_new(p.client_ctx);
    assert_false(shake(&p, WIRE));
    assert_non_null(
        strstr(p.c.e.text, "the server's certificate (server) comes from an authority"));
    assert_false(shake_step(&p.s, &p.c, WIRE));
    assert_non_null(strstr(p.s.e.text, "import the trust store there"));
    pair_close(&p);
}

static void knows_mistaken_protocols(void **state)
{
    const struct {
        struct str in;
        const char *says;
    } rows[] = {
        {STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "the client speaks plain HTTP, not TLS"},
        {STR("CONNECT a:443 HTTP/1.1\r\n\r\n"), "the client speaks plain HTTP"},
        {STR("<?xml version=\"1.0\"?><event/>"), "the client sends CoT without TLS"},
        {STR("\xbf\x05\x01\x02\x03\x04\x05\x06"), "the client sends CoT without TLS"},
        {STR("\0\0\0\0\0\0\0\0\0\0\0\0"), "the client does not speak TLS"},
        {STR("\x16\x03\x01\xff\xff garbage"), "the client breaks the rules of TLS"},
        {STR("\x16\x03\x01\0\x04\xff\xff\xff\xff"), "the client "},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        for (size_t piece = 1; piece < 40; piece += 38) {
            struct tls_ctx *c = server_ctx();
            enum tls_step step = TLS_MORE;
            struct str all = rows[i].in;
            struct end s;

            end_open(&s, c);
            while (step == TLS_MORE && all.len > 0) {
                size_t n = all.len < piece ? all.len : piece;
                struct str in = str_cut(all, 0, n);

                step = tls_handshake(s.t, &in, &s.out, &s.e);
                all = str_from_at(all, n);
            }
            assert_int_equal(step, TLS_FAILED);
            if (!strstr(s.e.text, rows[i].says))
                fail_msg("%s", s.e.text);
            tls_goodbye(s.t, &s.out);
            assert_int_equal(tls_handshake(s.t, &all, &s.out, &s.e), TLS_FAILED);
            assert_non_null(strstr(s.e.text, "failed before"));
            end_close(&s);
            tls_drop(c);
        }
    }
}

static void survives_a_cut_or_damaged_stream(void **state)
{
    char text[64];
    struct pair p;

    (void)state;
    /* Cut anywhere: no end, no text, no failure. */
    pair_open(&p, "phone", 0);
    assert_true(shake(&p, WIRE));
    write_text(&p.c, "half a record", 13);
    p.c.out.len -= 1;
    assert_int_equal(read_all(&p.s, &p.c, WIRE, text, sizeof text), 0);
    assert_int_equal(p.s.last, TLS_MORE);
    pair_close(&p);
    /* Damaged anywhere: refused. */
    for (size_t i = 0; i < 13 + 22; i++) {
        pair_open(&p, "phone", 0);
        assert_true(shake(&p, WIRE));
        write_text(&p.c, "half a record", 13);
        p.c.wire[p.c.sent + i] ^= 0x40;
        assert_int_equal(read_all(&p.s, &p.c, WIRE, text, sizeof text), 0);
        assert_true(p.s.last == TLS_FAILED || (p.s.last == TLS_MORE && (i == 3 || i == 4)));
        if (p.s.last == TLS_FAILED) {
            struct str none = {0};
            size_t got;

            assert_int_equal(p.s.e.kind, ERR_INPUT);
            assert_int_equal(tls_read(p.s.t, &none, text, 1, &got, &p.s.out, &p.s.e), TLS_FAILED);
            assert_int_equal(tls_write(p.s.t, STR("x"), &p.s.out, &p.s.e), TLS_FAILED);
        }
        pair_close(&p);
    }
}

static void moves_large_texts(void **state)
{
    static const size_t sizes[] = {1, 16383, 16384, 16385, 65536, 300000};
    char *text = malloc(300000), *back = malloc(300001);
    struct pair p;

    (void)state;
    assert_true(text && back);
    chance_fill(text, 300000);
    for (int version = 0; version <= 12; version += 12) {
        pair_open(&p, "phone", version);
        assert_true(shake(&p, WIRE));
        for (size_t i = 0; i < COUNTOF(sizes); i++) {
            p.s.out.len = p.s.sent = 0;
            write_text(&p.s, text, sizes[i]);
            assert_true(p.s.out.len <= sizes[i] + (sizes[i] / 16384 + 1) * 512);
            assert_int_equal(read_all(&p.c, &p.s, 9999, back, 300001), sizes[i]);
            assert_memory_equal(text, back, sizes[i]);
        }
        pair_close(&p);
    }
    free(text);
    free(back);
}

/* A reader with little room gets one record in several calls. */
static void reads_into_small_buffers(void **state)
{
    struct pair p;
    char text[4];
    struct str in;
    size_t got;

    (void)state;
    pair_open(&p, "phone", 0);
    assert_true(shake(&p, WIRE));
    write_text(&p.c, "0123456789", 10);
    in = str_of(p.c.wire + p.c.sent, p.c.out.len - p.c.sent);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tls_read(p.s.t, &in, text, 4, &got, &p.s.out, &p.s.e), TLS_DONE);
        assert_int_equal(got, i < 2 ? 4 : 2);
        assert_memory_equal(text, &"0123456789"[4 * i], got);
    }
    assert_int_equal(tls_read(p.s.t, &in, text, 4, &got, &p.s.out, &p.s.e), TLS_MORE);
    assert_int_equal(in.len, 0);
    pair_close(&p);
}

/* Text behind the last handshake message in one piece must not be lost. */
static void keeps_text_behind_the_handshake(void **state)
{
    struct pair p;
    char text[8];

    (void)state;
    pair_open(&p, "phone", 0);
    while (!p.c.done) {
        assert_true(shake_step(&p.c, &p.s, WIRE));
        if (!p.c.done)
            assert_true(shake_step(&p.s, &p.c, WIRE));
    }
    write_text(&p.c, "early", 5);
    assert_true(shake_step(&p.s, &p.c, WIRE));
    assert_true(p.s.done && p.c.sent < p.c.out.len);
    assert_int_equal(read_all(&p.s, &p.c, WIRE, text, sizeof text), 5);
    assert_memory_equal(text, "early", 5);
    pair_close(&p);
}

/* The server gives a ticket, the client takes it with the next bytes. */
static void hand_ticket(struct pair *p)
{
    char text[8];

    assert_int_equal(tls_ticket(p->s.t, &p->s.out, &p->s.e), TLS_DONE);
    assert_int_equal(read_all(&p->c, &p->s, WIRE, text, sizeof text), 0);
}

/* Opens a second connection with the session of the first; says whether it was resumed. */
static bool resumes(struct pair *p, bool new_server_ctx)
{
    struct end first = p->c;
    struct tls_peer peer;
    char text[8];

    end_close(&p->s);
    if (new_server_ctx) {
        tls_drop(p->server_ctx);
        p->server_ctx = server_ctx();
    }
    end_open(&p->s, p->server_ctx);
    end_open(&p->c, p->client_ctx);
    assert_true(tls_resume(p->c.t, first.t));
    end_close(&first);
    if (!shake(p, WIRE))
        return false;
    assert_true(tls_peer(p->s.t, &peer));
    assert_true(str_starts(str_from(peer.serial), STR("1234a")));
    assert_true(peer.name[0] && peer.not_after_ms > 0);
    write_text(&p->s, "again", 5);
    assert_int_equal(read_all(&p->c, &p->s, WIRE, text, sizeof text), 5);
    hand_ticket(p);
    return peer.resumed;
}

static void resumes_by_ticket(void **state)
{
    struct pair p;
    struct end fresh;

    (void)state;
    for (int version = 0; version <= 12; version += 12) {
        pair_open(&p, "phone", version);
        assert_true(shake(&p, WIRE));
        hand_ticket(&p);
        assert_true(resumes(&p, false));
        assert_true(resumes(&p, false));
        assert_false(resumes(&p, true));
        pair_close(&p);
    }
    pair_open(&p, "phone", 0);
    assert_false(tls_resume(p.c.t, p.c.t)); /* there is none yet */
    assert_true(shake(&p, WIRE));
    end_open(&fresh, p.client_ctx);
    assert_false(tls_resume(fresh.t, p.c.t)); /* nor does the handshake bring one */
    end_close(&fresh);
    pair_close(&p);
}

static void a_ticket_ends_with_its_certificate(void **state)
{
    struct pair p;

    (void)state;
    make_cert(&certs[COUNTOF(certs) - 1]);
    pair_open(&p, "soon", 0);
    assert_true(shake(&p, WIRE));
    hand_ticket(&p);
    assert_int_equal(usleep(4100000), 0);
    assert_false(resumes(&p, false));
    assert_non_null(strstr(p.s.e.text, "(soon) has expired"));
    pair_close(&p);
}

/* Keys change on a long connection, in both directions, and nobody notices. */
static void changes_keys(void **state)
{
    uint32_t many = TLS_REKEY_RECORDS < 10000 ? 3 * TLS_REKEY_RECORDS : TLS_REKEY_RECORDS + 10;
    static char text[WIRE];
    struct pair p;
    size_t total = 0;

    (void)state;
    pair_open(&p, "phone", 0);
    assert_true(shake(&p, WIRE));
    p.s.out.len = p.s.sent = 0;
    for (uint32_t i = 0; i < many; i++) {
        write_text(&p.s, "x", 1);
        if (p.s.out.len > WIRE / 2 || i + 1 == many) {
            total += read_all(&p.c, &p.s, WIRE, text, sizeof text);
            assert_int_equal(p.c.last, TLS_MORE);
            p.s.out.len = p.s.sent = 0;
        }
    }
    assert_int_equal(total, many);
    pair_close(&p);
}

/* ---- a client of OpenSSL's alone ---- */

struct raw {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *to, *from;
    struct tls_ctx *server;
    struct end s;
};

/* Moves what the client wrote to the server; gives what the server read of it, its answers stand in s.out. */
static size_t to_server(struct raw *r, char *text, size_t max)
{
    static char wire[WIRE];
    int n = BIO_read(r->to, wire, sizeof wire);
    struct str in = str_of(wire, n > 0 ? (size_t)n : 0);
    size_t total = 0, got = 0;

    do {
        r->s.last = tls_read(r->s.t, &in, text + total, max - total, &got, &r->s.out, &r->s.e);
        total += got;
    } while (r->s.last == TLS_DONE);
    return total;
}

/* Moves what the server wrote to the client; gives what it read of it, -1 when it failed. */
static int to_client(struct raw *r, char *text, int max)
{
    int total = 0, n;

    assert_true(BIO_write(r->from, r->s.wire, (int)r->s.out.len) == (int)r->s.out.len);
    r->s.out.len = 0;
    while (total < max && (n = SSL_read(r->ssl, text + total, max - total)) > 0)
        total += n;
    return total > 0 || SSL_get_error(r->ssl, n) == SSL_ERROR_WANT_READ ? total : -1;
}

static void raw_open(struct raw *r, const char *suites, bool openssl_seals)
{
    static char wire[WIRE];
    struct tls_files files = {file_of("server", "pem"), file_of("server", "key"), file_of("issuer", "pem"),
                              openssl_seals};
    struct err e;

    *r = (struct raw){.ctx = SSL_CTX_new(TLS_client_method()), .to = BIO_new(BIO_s_mem()),
                      .from = BIO_new(BIO_s_mem())};
    assert_true(tls_server(&files, &r->server, &e));
    assert_int_equal(SSL_CTX_set_ciphersuites(r->ctx, suites), 1);
    r->ssl = SSL_new(r->ctx);
    assert_int_equal(SSL_use_certificate_chain_file(r->ssl, file_of("phone", "pem")), 1);
    assert_int_equal(SSL_use_PrivateKey_file(r->ssl, file_of("phone", "key"), SSL_FILETYPE_PEM), 1);
    SSL_set_bio(r->ssl, r->from, r->to);
    SSL_set_connect_state(r->ssl);
    end_open(&r->s, r->server);
    for (int i = 0; i < 20 && !r->s.done; i++) {
        struct str in;
        int n;

        (void)SSL_do_handshake(r->ssl);
        n = BIO_read(r->to, wire, sizeof wire);
        in = str_of(wire, n > 0 ? (size_t)n : 0);
        r->s.done = tls_handshake(r->s.t, &in, &r->s.out, &r->s.e) == TLS_DONE;
        assert_true(BIO_write(r->from, r->s.wire, (int)r->s.out.len) >= 0);
        r->s.out.len = 0;
    }
    assert_true(r->s.done);
    assert_string_equal(SSL_get_version(r->ssl), "TLSv1.3");
}

static void raw_close(struct raw *r)
{
    end_close(&r->s);
    tls_drop(r->server);
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
}

/* Each suite, sealed by us and by OpenSSL: text, a ticket, changes of key from both sides, the end. */
static void seals_as_openssl_does(void **state)
{
    static const char *const suites[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                         "TLS_CHACHA20_POLY1305_SHA256"};
    char text[256];
    struct raw r;
    size_t before, ticket;

    (void)state;
    for (size_t i = 0; i < 2 * COUNTOF(suites); i++) {
        raw_open(&r, suites[i / 2], i % 2);
        assert_string_equal(SSL_get_cipher(r.ssl), suites[i / 2]);
        before = 0;
        for (int round = 0; round < 6; round++) {
            bool ours = i % 2 == 0;

            write_text(&r.s, "to the phone", 12);
            /* A change that the phone asked for goes before the text: we say it at once, OpenSSL with the text. */
            assert_int_equal(r.s.out.len - before, 12 + 22 + (round > 3 && !ours ? 5 + 22 : 0));
            assert_int_equal(to_client(&r, text, sizeof text), 12);
            assert_memory_equal(text, "to the phone", 12);
            if (round == 1)
                assert_int_equal(tls_ticket(r.s.t, &r.s.out, &r.s.e), TLS_DONE);
            ticket = r.s.out.len;
            assert_int_equal(ticket > 0, round == 1);
            if (round > 1) /* the client changes its key, and wants ours changed from the third round on */
                assert_int_equal(SSL_key_update(r.ssl, round > 2 ? SSL_KEY_UPDATE_REQUESTED
                                                                 : SSL_KEY_UPDATE_NOT_REQUESTED), 1);
            assert_int_equal(SSL_write(r.ssl, "to the post", 11), 11);
            assert_int_equal(to_server(&r, text, sizeof text), 11);
            assert_memory_equal(text, "to the post", 11);
            assert_int_equal(r.s.last, TLS_MORE);
            before = r.s.out.len;
            assert_int_equal(before, ticket + (round > 2 && ours ? 5 + 22 : 0));
        }
        assert_true(SSL_SESSION_is_resumable(SSL_get0_session(r.ssl)));
        tls_goodbye(r.s.t, &r.s.out);
        assert_int_equal(to_client(&r, text, sizeof text), -1);
        assert_int_equal(SSL_get_shutdown(r.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
        raw_close(&r);
    }
}

/* A damaged record ends the connection with an alert that the client can read, and nothing is written after it. */
static void an_alert_is_sealed_too(void **state)
{
    char text[64], wire[256];
    struct raw r;

    (void)state;
    for (int openssl_seals = 0; openssl_seals < 2; openssl_seals++) {
        struct str in;
        size_t got;
        int n;

        raw_open(&r, "TLS_AES_128_GCM_SHA256", openssl_seals);
        assert_int_equal(SSL_write(r.ssl, "hello", 5), 5);
        n = BIO_read(r.to, wire, sizeof wire);
        wire[n - 1] ^= 1;
        in = str_of(wire, (size_t)n);
        assert_int_equal(tls_read(r.s.t, &in, text, sizeof text, &got, &r.s.out, &r.s.e), TLS_FAILED);
        assert_int_equal(r.s.out.len, 5 + 2 + 17); /* one alert */
        ERR_clear_error();
        assert_int_equal(to_client(&r, text, sizeof text), -1);
        assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
        ERR_clear_error();
        assert_int_equal(tls_write(r.s.t, STR("more"), &r.s.out, &r.s.e), TLS_FAILED);
        tls_goodbye(r.s.t, &r.s.out);
        assert_int_equal(r.s.out.len, 0);
        raw_close(&r);
    }
}

/* A phone that asks for a new key in each record is answered once for each call, or ended: never without bound. */
static void key_updates_without_end(void **state)
{
    static char text[WIRE];
    struct raw r;

    (void)state;
    raw_open(&r, "TLS_AES_128_GCM_SHA256", false);
    for (int i = 0; i < 200 && r.s.last != TLS_FAILED; i++) {
        assert_int_equal(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(r.ssl), 1);
    }
    (void)to_server(&r, text, sizeof text);
    assert_true(r.s.last == TLS_MORE || r.s.last == TLS_FAILED);
    assert_true(r.s.out.len <= TLS_CIPHER_ROOM);
    if (r.s.last == TLS_MORE) {
        write_text(&r.s, "still there", 11);
        assert_int_equal(to_client(&r, text, sizeof text), 11);
    }
    raw_close(&r);
}

/* A peer that makes us answer without end is stopped by the room that there is. */
static void refuses_a_flood_of_renegotiations(void **state)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct tls_ctx *c = server_ctx();
    SSL *ssl = SSL_new(ctx);
    BIO *to = BIO_new(BIO_s_mem()), *from = BIO_new(BIO_s_mem());
    static char wire[32768];
    char text[64];
    struct end s;
    size_t got;

    (void)state;
    end_open(&s, c);
    assert_int_equal(SSL_use_certificate_chain_file(ssl, file_of("phone", "pem")), 1);
    assert_int_equal(SSL_use_PrivateKey_file(ssl, file_of("phone", "key"), SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_set_max_proto_version(ssl, TLS1_2_VERSION), 1);
    SSL_set_bio(ssl, from, to);
    SSL_set_connect_state(ssl);
    for (int i = 0; i < 20 && !s.done; i++) {
        struct str in = {0};
        int n;

        (void)SSL_do_handshake(ssl);
        n = BIO_read(to, wire, sizeof wire);
        in = str_of(wire, n > 0 ? (size_t)n : 0);
        s.done = tls_handshake(s.t, &in, &s.out, &s.e) == TLS_DONE;
        assert_true(BIO_write(from, s.wire, (int)s.out.len) >= 0);
        s.out.len = 0;
    }
    assert_int_equal(SSL_do_handshake(ssl), 1);
    if (SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) != 1) {
        int n = BIO_read(to, wire, sizeof wire);
        struct str in = str_of(wire, n > 0 ? (size_t)n : 0);
        enum tls_step step = tls_read(s.t, &in, text, sizeof text, &got, &s.out, &s.e);

        assert_true(n > 0);
        assert_true(step == TLS_MORE || step == TLS_FAILED);
        assert_in_range(s.out.len, 0, 64); /* one alert, no new handshake */
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    end_close(&s);
    tls_drop(c);
}

static void says_what_is_wrong_with_files(void **state)
{
    struct tls_files files = {file_of("server", "pem"), file_of("phone", "key"),
                              file_of("root", "pem"), false};
    char missing[128];
    struct tls_ctx *c;
    struct err e = {0};

    (void)state;
    (void)snprintf(missing, sizeof missing, "%s/missing.pem", folder);
    assert_false(tls_server(&files, &c, &e));
    assert_null(c);
    assert_non_null(strstr(e.text, "phone.key"));
    assert_non_null(strstr(e.text, "is not the one of the certificate"));
    files.certificate = missing;
    assert_false(tls_server(&files, &c, &e));
    assert_non_null(strstr(e.text, "missing.pem cannot be used as certificate"));
    files.certificate = file_of("server", "pem");
    files.key = file_of("server", "key");
    files.ca = missing;
    assert_false(tls_server(&files, &c, &e));
    assert_non_null(strstr(e.text, "list of trusted authorities"));
    assert_false(tls_client(&files, 0, &c, &e));
    files.ca = file_of("server", "key");
    assert_false(tls_server(&files, &c, &e));
}

/* A reload drops the ctx while connections live on. */
static void a_context_lives_as_long_as_it_is_used(void **state)
{
    struct pair p;
    char text[8];

    (void)state;
    pair_open(&p, "phone", 0);
    assert_true(tls_keep(p.server_ctx) == p.server_ctx);
    tls_drop(p.server_ctx);
    tls_drop(p.server_ctx);
    tls_drop(p.client_ctx);
    assert_true(shake(&p, WIRE));
    write_text(&p.c, "hello", 5);
    assert_int_equal(read_all(&p.s, &p.c, WIRE, text, sizeof text), 5);
    end_close(&p.s);
    end_close(&p.c);
    tls_drop(NULL);
    tls_free(NULL);
}

static void the_floor_is_a_record(void **state)
{
    struct tls_floor *f = tls_floor_new();
    char out[2 * (5 + 22)];
    struct buf b = buf_over(out, sizeof out);

    (void)state;
    assert_non_null(f);
    tls_floor_seal(f, STR("hello"), &b);
    assert_int_equal(b.len, 5 + 22);
    assert_memory_equal(out, "\x17\x03\x03\x00\x16", 5);
    tls_floor_seal(f, STR("hello"), &b);
    assert_int_equal(b.len, 2 * (5 + 22));
    assert_memory_not_equal(out + 5, out + 5 + 27, 5); /* another nonce */
    tls_floor_free(f);
    tls_floor_free(NULL);
}

/* ---- figures, printed when CORDON_MEASURE is set ---- */

/* Time of this thread on a processor: others may use the machine too. */
static double cpu_us(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure_handshakes(const char *what, const char *client, bool resume)
{
    enum { TIMES = 1000 };
    struct tls_ctx *sc = server_ctx(), *cc = client_ctx(client, 0);
    double server_us = 0;
    struct end last = {0};

    for (int i = 0; i <= TIMES; i++) {
        struct pair p = {sc, cc, {0}, {0}};
        double from = cpu_us();
        char text[8];

        end_open(&p.s, sc);
        server_us += cpu_us() - from;
        end_open(&p.c, cc);
        if (resume && i > 0)
            assert_true(tls_resume(p.c.t, last.t));
        while (!p.s.done || !p.c.done) {
            assert_true(shake_step(&p.c, &p.s, WIRE));
            from = cpu_us();
            assert_true(shake_step(&p.s, &p.c, WIRE));
            server_us += cpu_us() - from;
        }
        if (resume)
            assert_int_equal(tls_ticket(p.s.t, &p.s.out, &p.s.e), TLS_DONE);
        (void)read_all(&p.c, &p.s, WIRE, text, sizeof text);
        if (i > 0)
            end_close(&last);
        else
            server_us = 0;
        last = p.c;
        from = cpu_us();
        tls_free(p.s.t);
        server_us += cpu_us() - from;
        free(p.s.wire);
    }
    end_close(&last);
    (void)printf("  %-28s %6.0f us of server time\n", what, server_us / TIMES);
    tls_drop(sc);
    tls_drop(cc);
}

static void measure_memory(int version)
{
    enum { MANY = 1000 };
    struct tls_ctx *sc = server_ctx(), *cc = client_ctx("phone", version);
    struct tls *kept[MANY];
    size_t before = 0;

    for (int i = 0; i < MANY; i++) {
        struct pair p = {sc, cc, {0}, {0}};
        char text[8];

        if (i == 10) /* what is made once is there now */
            before = mallinfo2().uordblks;
        end_open(&p.s, sc);
        end_open(&p.c, cc);
        assert_true(shake(&p, WIRE));
        write_text(&p.s, "hello", 5);
        write_text(&p.c, "hello", 5);
        assert_int_equal(read_all(&p.s, &p.c, WIRE, text, sizeof text), 5);
        assert_int_equal(read_all(&p.c, &p.s, WIRE, text, sizeof text), 5);
        kept[i] = p.s.t;
        free(p.s.wire);
        end_close(&p.c);
    }
    (void)printf("  memory, TLS 1.%d               %6.0f bytes a connection\n", version ? 2 : 3,
                 (double)(mallinfo2().uordblks - before) / (MANY - 10));
    for (int i = 0; i < MANY; i++)
        tls_free(kept[i]);
    tls_drop(sc);
    tls_drop(cc);
}

static void measure_writes(size_t size)
{
    enum { TIMES = 20000 };
    static char text[16384];
    struct tls_floor *f = tls_floor_new();
    double best_write = 1e9, best_floor = 1e9;
    struct pair p;

    pair_open(&p, "phone", 0);
    assert_true(shake(&p, WIRE));
    for (int round = 0; round < 5; round++) {
        double a = cpu_us(), b, c;

        for (int i = 0; i < TIMES; i++) {
            p.s.out.len = 0;
            write_text(&p.s, text, size);
        }
        b = cpu_us();
        for (int i = 0; i < TIMES; i++) {
            p.s.out.len = 0;
            tls_floor_seal(f, str_of(text, size), &p.s.out);
        }
        c = cpu_us();
        best_write = (b - a) / TIMES < best_write ? (b - a) / TIMES : best_write;
        best_floor = (c - b) / TIMES < best_floor ? (c - b) / TIMES : best_floor;
    }
    (void)printf("  tls_write of %5zu bytes      %6.2f us, floor %.2f us, ratio %.2f\n", size,
                 best_write, best_floor, best_write / best_floor);
    tls_floor_free(f);
    pair_close(&p);
}

static void measures(void **state)
{
    (void)state;
    if (!getenv("CORDON_MEASURE"))
        skip();
    measure_handshakes("full handshake", "phone", false);
    measure_handshakes("resumed handshake", "phone", true);
    measure_memory(0);
    measure_memory(12);
    measure_writes(232);
    measure_writes(1024);
    measure_writes(11600);
    measure_writes(16384);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_in_any_pieces),
        cmocka_unit_test(tells_who_the_peer_is),
        cmocka_unit_test(refuses_bad_certificates),
        cmocka_unit_test(a_web_client_may_show_anything),
        cmocka_unit_test(web_authorities_are_taken_anew),
        cmocka_unit_test(client_checks_the_server),
        cmocka_unit_test(knows_mistaken_protocols),
        cmocka_unit_test(survives_a_cut_or_damaged_stream),
        cmocka_unit_test(moves_large_texts),
        cmocka_unit_test(reads_into_small_buffers),
        cmocka_unit_test(keeps_text_behind_the_handshake),
        cmocka_unit_test(resumes_by_ticket),
        cmocka_unit_test(a_ticket_ends_with_its_certificate),
        cmocka_unit_test(changes_keys),
        cmocka_unit_test(seals_as_openssl_does),
        cmocka_unit_test(an_alert_is_sealed_too),
        cmocka_unit_test(key_updates_without_end),
        cmocka_unit_test(refuses_a_flood_of_renegotiations),
        cmocka_unit_test(says_what_is_wrong_with_files),
        cmocka_unit_test(a_context_lives_as_long_as_it_is_used),
        cmocka_unit_test(the_floor_is_a_record),
        cmocka_unit_test(measures),
    };

    return cmocka_run_group_tests(tests, make_all, remove_all);
}
