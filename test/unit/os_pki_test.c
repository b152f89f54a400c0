#include "base/base64.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/pki.h"
#include "os/secret.h"
#include "os/tls.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static const int64_t day_ms = INT64_C(86400000);

/* Runs a command line and keeps what it printed. */
static char printed[64 * 1024];

static int run(const char *format, ...) PRINTF_LIKE(1, 2);

static int run(const char *format, ...)
{
    char line[2048];
    va_list args;
    size_t n;
    FILE *p;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    p = popen(line, "r");
    assert_non_null(p);
    n = fread(printed, 1, sizeof printed - 1, p);
    printed[n] = 0;
    return pclose(p);
}

static size_t count(const char *what)
{
    size_t n = 0;

    for (const char *at = printed; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static void has(const char *what)
{
    if (!strstr(printed, what))
        fail_msg("\"%s\" is not in: %s", what, printed);
}

static int before(void **state)
{
    struct err e;

    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/cordon-pki-XXXXXX");
    return mkdtemp(dir) && secret_start(&e) ? 0 : -1;
}

static int after(void **state)
{
    (void)state;
    return run("rm -r %s", dir);
}

static struct pki_made prepare_at(int64_t now_ms)
{
    struct pki_made made;
    struct err e = {0};

    if (!pki_prepare(dir, now_ms, &made, &e))
        fail_msg("%s", e.text);
    return made;
}

static struct pki_made prepare(void)
{
    return prepare_at(clock_wall_ms());
}

static void prepare_refused(const char *says)
{
    struct pki_made made;
    struct err e = {0};

    assert_false(pki_prepare(dir, clock_wall_ms(), &made, &e));
    if (!strstr(e.text, says))
        fail_msg("%s", e.text);
}

static const char *file_of(const char *name)
{
    static char path[4][128];
    static unsigned at;
    char *to = path[at++ % COUNTOF(path)];

    (void)snprintf(to, sizeof path[0], "%s/%s", dir, name);
    return to;
}

static unsigned mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(stat(file_of(name), &st), 0);
    return st.st_mode & 0777;
}

static void makes_an_authority(void **state)
{
    struct pki_made made = prepare();

    (void)state;
    assert_true(made.ca_made && made.server_made);
    assert_true(str_starts(str_from(made.names), STR("localhost,127.0.0.1,::1,")));
    assert_int_equal(mode_of("ca"), 0700);
    assert_int_equal(mode_of("ca/root.key"), 0600);
    assert_int_equal(mode_of("ca/issuer.key"), 0600);
    assert_int_equal(mode_of("ca/server.key"), 0600);
    assert_int_equal(run("ls %s/ca", dir), 0);
    assert_string_equal(printed, "issuer.key\nissuer.pem\nroot.key\nroot.pem\nserver.key\n"
                                 "server.pem\ntrust.pem\n");
    assert_int_equal(
        run("cd %s/ca && openssl verify -x509_strict -purpose sslserver -CAfile root.pem"
            " -untrusted issuer.pem -verify_ip 127.0.0.1 -verify_hostname localhost"
            " server.pem 2>&1",
            dir),
        0);
    assert_int_equal(run("cd %s/ca && cat root.pem issuer.pem | cmp - trust.pem && "
                         "openssl x509 -in server.pem -noout -text",
                         dir),
                     0);
    has("IP Address:127.0.0.1");
    has("IP Address:0:0:0:0:0:0:0:1");
    has("TLS Web Server Authentication");
    has("id-ecPublicKey");
    made = prepare();
    assert_false(made.ca_made || made.server_made);
    assert_true(str_starts(str_from(made.names), STR("localhost,127.0.0.1,::1,")));
}

static void renews_the_server(void **state)
{
    int64_t now_ms = clock_wall_ms();

    (void)state;
    (void)prepare();
    assert_false(prepare_at(now_ms + 790 * day_ms).server_made);
    assert_true(prepare_at(now_ms + 796 * day_ms).server_made);
    assert_false(prepare_at(now_ms + 796 * day_ms).server_made);
    assert_true(prepare_at(now_ms).server_made); /* its time has not come */
    /* One that names nobody, then one of another key, then none. */
    assert_int_equal(run("cp %s/ca/issuer.pem %s/ca/server.pem", dir, dir), 0);
    assert_true(prepare().server_made);
    assert_int_equal(run("cp %s/ca/issuer.key %s/ca/server.key", dir, dir), 0);
    assert_true(prepare().server_made);
    assert_int_equal(run("echo garbage > %s/ca/server.pem", dir), 0);
    assert_true(prepare().server_made);
    assert_int_equal(run("rm %s/ca/server.key", dir), 0);
    assert_true(prepare().server_made);
    assert_false(prepare().server_made || prepare().ca_made);
}

/* A host that has got another name or address needs a certificate for it. */
static void renews_for_new_names(void **state)
{
    struct pki_made made;

    (void)state;
    (void)prepare();
    /* The same chain and key, without the names. */
    assert_int_equal(run("cd %s/ca && openssl req -new -key server.key -subj /CN=x -out r.csr && "
                         "openssl x509 -req -in r.csr -CA issuer.pem -CAkey issuer.key -days 400"
                         " -out server.pem 2>&1 && rm r.csr",
                         dir),
                     0);
    made = prepare();
    assert_true(made.server_made && !made.ca_made);
    assert_non_null(strstr(made.names, "localhost"));
}

/* After a crash at any step the next start completes it. */
static void completes_what_a_crash_left(void **state)
{
    static const char *const left[] = {
        "root.key",
        "root.key root.pem",
        "root.key root.pem issuer.key",
        "root.key root.pem issuer.key issuer.pem",
        "root.key root.pem issuer.key issuer.pem trust.pem server.key",
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(left); i++) {
        (void)prepare();
        assert_int_equal(run("cd %s/ca && mkdir ../keep && mv %s ../keep && rm * && mv ../keep/* . "
                             "&& rmdir ../keep",
                             dir, left[i]),
                         0);
        (void)prepare();
        assert_int_equal(run("cd %s/ca && openssl verify -CAfile root.pem -untrusted issuer.pem"
                             " server.pem && ls | wc -l",
                             dir),
                         0);
        has("7\n");
    }
}

static void never_replaces_an_authority(void **state)
{
    (void)state;
    (void)prepare();
    assert_int_equal(run("mv %s/ca/root.key %s", dir, dir), 0);
    assert_false(prepare().ca_made); /* it may be kept elsewhere */
    assert_int_equal(run("mv %s/ca/root.pem %s", dir, dir), 0);
    prepare_refused("root.pem is missing: put it back from a backup");
    assert_int_equal(run("mv %s/root.pem %s/ca; mv %s/ca/issuer.key %s", dir, dir, dir, dir), 0);
    prepare_refused("issuer.key is missing: put it back from a backup");
    assert_int_equal(run("cp %s/ca/server.key %s/ca/issuer.key", dir, dir), 0);
    prepare_refused("issuer.key is not the key of issuer.pem");
    assert_int_equal(run("echo garbage > %s/ca/issuer.key", dir), 0);
    prepare_refused("issuer.key is not a key");
    assert_int_equal(run("rm %s/ca/issuer.*", dir), 0);
    prepare_refused("root.key is missing: put it back to make a new issuer.pem");
    assert_int_equal(run("mv %s/root.key %s/ca", dir, dir), 0);
    assert_true(prepare().ca_made);
    assert_int_equal(run("echo garbage > %s/ca/trust.pem", dir), 0);
    assert_false(prepare().ca_made);
    assert_int_equal(run("cd %s/ca && cat root.pem issuer.pem | cmp - trust.pem", dir), 0);
    assert_int_equal(run("echo garbage > %s/ca/root.pem", dir), 0);
    prepare_refused("root.pem is not a certificate");
}

static void needs_a_folder_and_a_clock(void **state)
{
    struct pki_made made;
    struct pki_client client;
    unsigned char sha[32];
    struct err e;

    (void)state;
    assert_false(pki_prepare(dir, 1000, &made, &e));
    assert_non_null(strstr(e.text, "clock is wrong"));
    assert_false(pki_prepare(file_of("none"), clock_wall_ms(), &made, &e));
    assert_non_null(strstr(e.text, "none/ca cannot be made"));
    assert_false(
        pki_client_package(dir, "RGR-3", file_of("out"), 10, 0, clock_wall_ms(), &client, &e));
    assert_non_null(strstr(e.text, "holds no authority yet"));
    assert_false(pki_root_fingerprint(dir, sha, &e));
    assert_int_equal(e.kind, ERR_MISSING);
}

static void two_may_start_at_once(void **state)
{
    pid_t child[4];
    int makers = 0;

    (void)state;
    for (size_t i = 0; i < COUNTOF(child); i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            struct pki_made made;
            struct err e;
            bool ok = pki_prepare(dir, clock_wall_ms(), &made, &e);

            _exit(!ok ? 9 : made.ca_made ? 1 : 0);
        }
    }
    for (size_t i = 0; i < COUNTOF(child); i++) {
        int status;

        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
        makers += WEXITSTATUS(status);
    }
    assert_int_equal(makers, 1);
}

/* The server and a client, with what was made, over TLS. */
static void connects(const char *name, const struct pki_client *made)
{
    static char wire[2][65536];
    char out[128], pem[160], key[160], ca[160];
    struct tls_files sf = {file_of("ca/server.pem"), file_of("ca/server.key"),
                           file_of("ca/trust.pem"), false};
    struct tls_files cf = {pem, key, ca, false};
    struct buf to[2] = {buf_over(wire[0], sizeof wire[0]), buf_over(wire[1], sizeof wire[1])};
    struct str in[2] = {{wire[1], 0}, {wire[0], 0}};
    struct tls_ctx *ctx[2];
    struct tls_peer peer;
    struct tls *t[2];
    struct err e = {0};
    bool done[2] = {false, false};

    (void)snprintf(out, sizeof out, "%s/out", dir);
    (void)snprintf(pem, sizeof pem, "%s/%s.pem", out, name);
    (void)snprintf(key, sizeof key, "%s/%s.key", out, name);
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", out);
    assert_true(tls_server(&sf, &ctx[0], &e) && tls_client(&cf, 0, &ctx[1], &e));
    for (int i = 0; i < 2; i++)
        t[i] = tls_new(ctx[i]);
    for (int i = 1, rounds = 0; !done[0] || !done[1]; i = !i, rounds++) {
        size_t was = (size_t)(in[i].at - wire[!i]);

        in[i] = str_of(wire[!i] + was, to[!i].len - was);
        if (!done[i]) {
            enum tls_step step = tls_handshake(t[i], &in[i], &to[i], &e);

            if (step == TLS_FAILED || rounds > 20)
                fail_msg("%s", e.text);
            done[i] = step == TLS_DONE;
        }
    }
    assert_true(tls_peer(t[0], &peer));
    assert_string_equal(peer.name, name);
    assert_string_equal(peer.serial, made->serial);
    assert_int_equal(peer.not_after_ms, made->not_after_ms);
    for (int i = 0; i < 2; i++) {
        tls_free(t[i]);
        tls_drop(ctx[i]);
    }
}

static void package(unsigned how)
{
    struct pki_client made;
    struct err e = {0};
    int64_t now_ms = clock_wall_ms();

    (void)prepare();
    if (!pki_client_package(dir, "RGR 3", file_of("out"), 30, how, now_ms, &made, &e))
        fail_msg("%s", e.text);
    assert_in_range(made.not_after_ms, now_ms + 30 * day_ms - 1000, now_ms + 30 * day_ms);
    assert_int_equal(strlen(made.password), 14);
    assert_int_equal(strlen(made.serial), 32);
    assert_int_equal(mode_of("out"), 0700);
    assert_int_equal(mode_of("out/RGR 3.key"), 0600);
    assert_int_equal(mode_of("out/RGR 3.p12"), 0600);
    assert_int_equal(mode_of("out/truststore.p12"), 0600);
    connects("RGR 3", &made);
    assert_int_equal(run("openssl pkcs12 -in '%s/out/RGR 3.p12' -passin pass:%s -nodes -info 2>&1",
                         dir, made.password),
                     0);
    has(how & PKI_LEGACY ? "MAC: sha1, Iteration 10000" : "MAC: sha256, Iteration 10000");
    has(how & PKI_LEGACY ? "pbeWithSHA1And3-KeyTripleDES-CBC" : "AES-256-CBC");
    assert_int_equal(count(how & PKI_LEGACY ? "PBES2" : "pbeWith"), 0);
    has("friendlyName: RGR 3");
    has("BEGIN PRIVATE KEY");
    assert_int_equal(count("BEGIN CERTIFICATE"), 3);
    assert_int_equal(run("openssl pkcs12 -in %s/out/truststore.p12 -passin pass:%s -info 2>&1", dir,
                         made.password),
                     0);
    assert_int_equal(count("BEGIN CERTIFICATE"), 2);
    assert_int_equal(count("PRIVATE KEY"), 0);
    has("friendlyName: cordon issuer");
    has("friendlyName: cordon root");
    assert_int_not_equal(run("openssl pkcs12 -in '%s/out/RGR 3.p12' -passin pass:wrong 2>&1", dir),
                         0);
    assert_int_equal(run("openssl x509 -in '%s/out/RGR 3.pem' -noout -text", dir), 0);
    has("TLS Web Client Authentication");
    has(how & PKI_RSA ? "Public-Key: (2048 bit)" : "ASN1 OID: prime256v1");
    if (run("command -v keytool") == 0) {
        assert_int_equal(run("keytool -list -v -storetype PKCS12 -keystore '%s/out/RGR 3.p12'"
                             " -storepass %s 2>&1",
                             dir, made.password),
                         0);
        has("PrivateKeyEntry");
        has("Certificate chain length: 3");
        assert_int_equal(run("keytool -list -storetype PKCS12 -keystore %s/out/truststore.p12"
                             " -storepass %s 2>&1",
                             dir, made.password),
                         0);
        assert_int_equal(count("trustedCertEntry"), 2);
    }
}

static void packages_for_new_phones(void **state)
{
    (void)state;
    package(0);
    package(PKI_RSA);
}

static void packages_for_old_phones(void **state)
{
    (void)state;
    package(PKI_LEGACY);
    package(PKI_LEGACY | PKI_RSA);
}

static void refuses_names_and_days(void **state)
{
    static char long_name[PKI_NAME_MAX + 2];
    const char *const names[] = {"",     ".",        "../x", "a/b",        "a\\b",   "a\nb",
                                 "\xff", "\xc2\x85", "ca",   "truststore", long_name};
    int64_t now_ms = clock_wall_ms();
    struct pki_client made;
    struct err e;

    (void)state;
    memset(long_name, 'a', sizeof long_name - 1);
    (void)prepare();
    for (size_t i = 0; i < COUNTOF(names); i++) {
        assert_false(pki_client_package(dir, names[i], file_of("out"), 30, 0, now_ms, &made, &e));
        assert_int_equal(e.kind, ERR_INPUT);
    }
    assert_int_not_equal(access(file_of("out"), F_OK), 0);
    assert_false(pki_client_package(dir, "a", file_of("out"), 0, 0, now_ms, &made, &e));
    assert_false(
        pki_client_package(dir, "a", file_of("out"), PKI_DAYS_MAX + 1, 0, now_ms, &made, &e));
    assert_non_null(strstr(e.text, "1 to 3650 days, not 3651"));
    assert_true(
        pki_client_package(dir, "Z\xc3\xbcrich 4", file_of("out"), 1, 0, now_ms, &made, &e));
    assert_false(pki_client_package(dir, "a", file_of("none/out"), 1, 0, now_ms, &made, &e));
    assert_non_null(strstr(e.text, "none/out cannot be made"));
}

static void nothing_outlives_the_issuer(void **state)
{
    int64_t now_ms = clock_wall_ms(), late_ms = now_ms + 3600 * day_ms;
    struct pki_client made;
    struct err e;

    (void)state;
    (void)prepare();
    assert_true(pki_client_package(dir, "a", file_of("out"), 3650, 0, late_ms, &made, &e));
    assert_in_range(made.not_after_ms, now_ms + 3650 * day_ms, now_ms + 3655 * day_ms);
    late_ms = now_ms + 3660 * day_ms;
    assert_false(pki_client_package(dir, "a", file_of("out"), 1, 0, late_ms, &made, &e));
    assert_non_null(strstr(e.text, "has expired"));
}

static struct str read_all(const char *name, char *to, size_t size)
{
    struct err e = {0};
    size_t n;

    if (!file_read(file_of(name), to, size, &n, &e))
        fail_msg("%s", e.text);
    return str_of(to, n);
}

static void make_csr(const char *key, const char *subject)
{
    assert_int_equal(run("cd %s && openssl req -new -newkey %s -nodes -keyout k.key -subj '%s'"
                         " -addext basicConstraints=critical,CA:TRUE -out r.pem 2>&1 && "
                         "openssl req -in r.pem -outform DER -out r.der",
                         dir, key, subject),
                     0);
}

static struct pki_request request(struct str csr)
{
    return (struct pki_request){.csr = csr, .name = "medic 1", .uid = "ANDROID-EX 1/\xc3\xa4", .days = 90};
}

/* The bytes of r as base64, in lines of `line` symbols (0: one) with `between` in them. */
static struct str as_text(struct str r, size_t line, const char *between)
{
    static char lines[2 * PKI_CSR_MAX], text[4 * PKI_CSR_MAX];
    struct buf b = buf_over(lines, sizeof lines), t = buf_over(text, sizeof text);

    base64_put(&b, r, line);
    for (size_t i = 0; i < b.len; i++) {
        if (b.at[i] == '\n')
            buf_put(&t, str_from(between));
        else
            buf_byte(&t, b.at[i]);
    }
    assert_false(t.full);
    return buf_str(&t);
}

static void signs_requests(void **state)
{
    static const struct {
        const char *key, *file;
    } rows[] = {
        {"rsa:2048", "r.pem"},
        {"rsa:2048", "r.der"},
        {"ec -pkeyopt ec_paramgen_curve:P-256", "r.pem"},
        {"ec -pkeyopt ec_paramgen_curve:P-384", "r.der"},
    };
    static char csr[PKI_CSR_MAX];
    static struct pki_signed made;
    struct err e = {0};

    (void)state;
    (void)prepare();
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct pki_request q;

        make_csr(rows[i].key, "/O=Org/OU=Unit/CN=medic 1");
        q = request(read_all(rows[i].file, csr, sizeof csr));
        if (!pki_sign(dir, &q, clock_wall_ms(), &made, &e))
            fail_msg("%s", e.text);
        assert_string_equal(made.made.password, "");
        assert_true(file_write(file_of("c.der"), str_of(made.der[0], made.len[0]), 0600, &e));
        assert_int_equal(run("cd %s && openssl x509 -inform DER -in c.der -out c.pem && "
                             "openssl verify -purpose sslclient -CAfile ca/root.pem"
                             " -untrusted ca/issuer.pem c.pem && openssl x509 -in c.pem -noout"
                             " -text -subject -nameopt RFC2253",
                             dir),
                         0);
        has("CA:FALSE");
        assert_int_equal(count("CA:TRUE"), 0);
        has("subject=CN=medic 1\n");
        has("TLS Web Client Authentication");
        has("URI:urn:tak:device:ANDROID-EX%201%2F%C3%A4");
        for (int k = 1; k < 3; k++) {
            assert_true(file_write(file_of("a.der"), str_of(made.der[k], made.len[k]), 0600, &e));
            assert_int_equal(run("cd %s && openssl x509 -inform DER -in a.der | cmp - ca/%s", dir,
                                 k == 1 ? "issuer.pem" : "root.pem"), 0);
        }
    }
}

/* What phones send: base64 with lines and without, with and without the PEM lines, white space anywhere. */
static void takes_requests_in_each_form(void **state)
{
    static const struct {
        size_t line;
        const char *before, *between, *behind;
    } rows[] = {
        {0, "", "", ""},
        {64, "", "\n", "\n"},
        {76, "\r\n ", "\r\n", " \r\n\r\n"},
        {7, "", " \t", ""},
        {64, "-----BEGIN CERTIFICATE REQUEST-----\n", "\n", "\n-----END CERTIFICATE REQUEST-----\n"},
        {64, "-----BEGIN NEW CERTIFICATE REQUEST-----\r\n", "\r\n", "\r\n-----END NEW CERTIFICATE REQUEST-----"},
        {0, "-----BEGIN CERTIFICATE REQUEST-----", "", "-----END CERTIFICATE REQUEST-----"},
        {0, "text before\n-----BEGIN CERTIFICATE REQUEST-----", "", ""},
    };
    static char csr[PKI_CSR_MAX], form[4 * PKI_CSR_MAX];
    static struct pki_signed made;
    struct str r;

    (void)state;
    (void)prepare();
    make_csr("ec -pkeyopt ec_paramgen_curve:P-256", "/CN=medic 1");
    r = read_all("r.der", csr, sizeof csr);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct buf b = buf_over(form, sizeof form);
        struct pki_request q;
        struct err e = {0};

        buf_put(&b, str_from(rows[i].before));
        buf_put(&b, as_text(r, rows[i].line, rows[i].between));
        buf_put(&b, str_from(rows[i].behind));
        q = request(buf_str(&b));
        if (!pki_sign(dir, &q, clock_wall_ms(), &made, &e))
            fail_msg("%zu: %s", i, e.text);
    }
}

static void answers_as_pkcs12(void **state)
{
    static char csr[PKI_CSR_MAX];
    static unsigned char p12[PKI_P12_MAX];
    static struct pki_signed made;
    struct pki_request q;
    struct err e = {0};
    size_t n = 0;

    (void)state;
    (void)prepare();
    make_csr("rsa:2048", "/CN=medic 1");
    q = request(read_all("r.pem", csr, sizeof csr));
    assert_true(pki_sign(dir, &q, clock_wall_ms(), &made, &e));
    for (unsigned how = 0; how <= PKI_LEGACY; how += PKI_LEGACY) {
        assert_true(pki_signed_p12(&made, "atakatak", how, p12, &n, &e));
        assert_true(file_write(file_of("s.p12"), str_of(p12, n), 0600, &e));
        assert_int_equal(run("openssl pkcs12 -in %s/s.p12 -passin pass:atakatak -nokeys -info 2>&1", dir), 0);
        has("friendlyName: signedCert");
        has("friendlyName: ca0");
        has("friendlyName: ca1");
        has(how ? "MAC: sha1" : "MAC: sha256");
        assert_int_equal(count("BEGIN CERTIFICATE"), 3);
        assert_true(strstr(printed, "ca0") < strstr(printed, "ca1"));
        if (run("command -v keytool") == 0) {
            assert_int_equal(run("keytool -list -storetype PKCS12 -keystore %s/s.p12 -storepass atakatak 2>&1",
                                 dir), 0);
            assert_int_equal(count("trustedCertEntry"), 3);
        }
    }
}

static void csr_refused(struct str csr, const char *says)
{
    static struct pki_signed made;
    struct pki_request q = request(csr);
    struct err e = {0};

    assert_false(pki_sign(dir, &q, clock_wall_ms(), &made, &e));
    assert_int_equal(made.len[0], 0);
    if (!strstr(e.text, says))
        fail_msg("%s", e.text);
}

static void refuses_bad_requests(void **state)
{
    static const struct {
        const char *key, *subject, *says;
    } rows[] = {
        {"rsa:2048", "/CN=medic 2", "for another name than medic 1"},
        {"rsa:2048", "/O=medic 1", "for another name"},
        {"rsa:2048", "/CN=medic 1/CN=root", "for another name"},
        {"rsa:1024", "/CN=medic 1", "must be RSA with 2048"},
        {"ec -pkeyopt ec_paramgen_curve:P-521", "/CN=medic 1", "must be RSA with 2048"},
        {"ed25519", "/CN=medic 1", "must be RSA with 2048"},
    };
    static char csr[2 * PKI_CSR_MAX];
    struct str r;

    (void)state;
    (void)prepare();
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        make_csr(rows[i].key, rows[i].subject);
        csr_refused(read_all("r.pem", csr, sizeof csr), rows[i].says);
    }
    make_csr("rsa:2048", "/CN=medic 1");
    r = read_all("r.der", csr, sizeof csr);
    csr[r.len - 1] ^= 1;
    csr_refused(r, "not signed with its own key");
    csr[r.len - 1] ^= 1;
    for (size_t cut = 0; cut < r.len; cut += 7)
        csr_refused(str_cut(r, 0, cut), cut ? "no certificate request" : "1 to 16384 bytes");
    csr_refused(str_of(csr, sizeof csr), "1 to 16384 bytes");
    csr_refused(STR("-----BEGIN CERTIFICATE REQUEST-----\n"), "no certificate request");
    csr_refused(STR("garbage"), "no certificate request");
    csr_refused(STR("0garbage"), "no certificate request");
    csr_refused(STR("-----BEGIN"), "no certificate request");
    csr_refused(STR("-----BEGIN X-----MIIB----"), "no certificate request");
    csr[r.len] = 0; /* more behind it */
    csr_refused(str_of(csr, r.len + 1), "no certificate request");
}

/* An authority that somebody brings. */
static void bring(const char *script)
{
    int code = run("rm -rf %s/ca && mkdir -m 700 %s/ca && cd %s/ca && exec 2>&1 && "
                   "printf '[req]\\ndistinguished_name=d\\n[d]\\n' > ../cnf && "
                   "ca() { openssl req -x509 -newkey ${4:-rsa:2048} -nodes -keyout $1.key -out $1.pem -days ${3:-900}"
                   " -subj /CN=EX-$1 -config ../cnf -addext \"$2\"; } && "
                   "sub() { openssl req -new -newkey rsa:2048 -nodes -keyout issuer.key -out i.csr -subj /CN=EX-issuer"
                   " -config ../cnf && printf \"$1\" > ext && openssl x509 -req -in i.csr -CA root.pem"
                   " -CAkey root.key -CAcreateserial -days 800 -extfile ext -out issuer.pem && rm i.csr ext; } && %s",
                   dir, dir, dir, script);

    if (code != 0)
        fail_msg("%s: %s", script, printed);
}

#define CA "basicConstraints=critical,CA:TRUE"
#define SUB "sub 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign,cRLSign'"

static void takes_an_authority_that_is_brought(void **state)
{
    static const struct {
        const char *script, *says;
        int chain; /* certificates in a client's package */
    } rows[] = {
        {"ca root " CA " && " SUB " && rm root.key", NULL, 3},
        {"ca root " CA ",pathlen:1 && " SUB, NULL, 3},
        {"ca root " CA ",pathlen:0 && cp root.pem issuer.pem && cp root.key issuer.key", NULL, 2},
        {"ca root basicConstraints=critical,CA:FALSE && " SUB, "root.pem is not the certificate of an authority", 0},
        {"ca root " CA " && sub basicConstraints=critical,CA:FALSE",
         "issuer.pem is not the certificate of an authority", 0},
        {"ca root " CA " && sub 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,digitalSignature'",
         "issuer.pem is not the certificate of an authority", 0},
        {"ca root " CA ",pathlen:0 && " SUB, "allows no authority below it (path length 0)", 0},
        {"ca root " CA " && " SUB " && ca root " CA, "issuer.pem was not issued by root.pem", 0},
        {"ca root " CA " && " SUB " && cp root.key issuer.key", "issuer.key is not the key of issuer.pem", 0},
        {"ca root " CA " 900 rsa:1024 && cp root.pem issuer.pem && cp root.key issuer.key",
         "of a kind or size that phones", 0},
        {"ca root " CA " 900 ed25519 && cp root.pem issuer.pem && cp root.key issuer.key",
         "of a kind or size that phones", 0},
        {"ca root " CA " 1 && cp root.pem issuer.pem && cp root.key issuer.key", "has expired (root.pem)", 0},
        {"ca root " CA " && " SUB " && rm root.pem", "root.pem is missing", 0},
    };

    struct pki_client made;
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        bring(rows[i].script);
        assert_int_equal(run("cat %s/ca/root.pem %s/ca/issuer.* > %s/before 2>&1; true", dir, dir, dir), 0);
        if (rows[i].says) {
            prepare_refused(rows[i].says);
        } else {
            assert_false(prepare().ca_made);
            assert_int_equal(run("cd %s/ca && openssl verify -purpose sslserver -CAfile root.pem -untrusted"
                                 " issuer.pem server.pem 2>&1", dir), 0);
            assert_true(pki_client_package(dir, "a", file_of("out"), 30, 0, clock_wall_ms(), &made, &e));
            connects("a", &made);
            assert_int_equal(run("openssl pkcs12 -in %s/out/a.p12 -passin pass:%s -nodes 2>&1", dir, made.password), 0);
            assert_int_equal(count("BEGIN CERTIFICATE"), (size_t)rows[i].chain);
        }
        assert_int_equal(run("cat %s/ca/root.pem %s/ca/issuer.* 2>&1 | cmp - %s/before", dir, dir, dir), 0);
    }
}

static void tells_the_fingerprint(void **state)
{
    unsigned char sha[32];
    char hex[65] = {0}, want[128];
    struct buf b = buf_over(hex, 64);
    struct err e;

    (void)state;
    (void)prepare();
    assert_true(pki_root_fingerprint(dir, sha, &e));
    buf_hex(&b, sha, sizeof sha);
    assert_int_equal(run("openssl x509 -in %s/ca/root.pem -outform DER | sha256sum", dir), 0);
    (void)snprintf(want, sizeof want, "%.64s", printed);
    assert_string_equal(hex, want);
}

static void tells_three_words(void **state)
{
    char words[WORDS_THREE], want[WORDS_THREE] = {0};
    unsigned char sha[32];
    struct buf b = buf_over(want, sizeof want - 1);
    struct err e;

    (void)state;
    assert_false(pki_words(dir, words, &e));
    (void)prepare();
    assert_true(pki_root_fingerprint(dir, sha, &e) && pki_words(dir, words, &e));
    words_put(&b, sha, sizeof sha, 3);
    assert_string_equal(words, want);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, before, after)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(makes_an_authority),          TEST(renews_the_server),
        TEST(renews_for_new_names),        TEST(completes_what_a_crash_left),
        TEST(never_replaces_an_authority), TEST(needs_a_folder_and_a_clock),
        TEST(two_may_start_at_once),       TEST(packages_for_new_phones),
        TEST(packages_for_old_phones),     TEST(refuses_names_and_days),
        TEST(nothing_outlives_the_issuer), TEST(signs_requests),
        TEST(refuses_bad_requests),        TEST(tells_the_fingerprint),
        TEST(takes_requests_in_each_form), TEST(answers_as_pkcs12),
        TEST(tells_three_words),           TEST(takes_an_authority_that_is_brought),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
