/* pki.h -- Cordon's own certificate authority and client packages.
 *
 * Files in DIR/ca (0700): root.pem root.key issuer.pem issuer.key server.pem (with
 * issuer) server.key, trust.pem (root and issuer).  Keys are P-256, PEM, mode 0600.
 * Root 20 years, issuer 10 years, server 825 days, client days as asked (never
 * beyond the issuer); all begin a day early, for phones whose clock is behind.
 * The server certificate names the host's names and addresses, localhost,
 * 127.0.0.1 and ::1 (subjectAltName) and is made again when one is missing, when it
 * has less than 30 days left or when it does not come from the issuer.  root.key
 * may be kept elsewhere: it is needed only to make an issuer.  An authority that somebody
 * brings is root.pem, issuer.pem and issuer.key put there before the first start (RSA of 2048 bits or
 * more, or P-256/384/521; the two may be one); it is checked each time it is read, and
 * never written over.  secret_start() comes first.  Allocates and does I/O: never on a loop
 * thread. */
#ifndef CORDON_OS_PKI_H
#define CORDON_OS_PKI_H

#include "base/err.h"
#include "base/str.h"
#include "base/words.h"

enum {
    PKI_NAME_MAX = 64,       /* bytes of a client's name (X.520: a common name has at most 64) */
    PKI_DAYS_MAX = 3650,     /* of a client certificate */
    PKI_CSR_MAX = 16 * 1024, /* bytes of a request; more: refused */
    PKI_PEM_MAX = 8 * 1024,  /* room that is enough for a certificate as PEM */
    PKI_DER_MAX = 4 * 1024,  /* bytes of one certificate that is given out; an issuer's that is longer is refused */
    PKI_P12_MAX = 16 * 1024, /* room that is enough for the three of them as PKCS#12 */
    PKI_UID_MAX = 256,       /* bytes of a device's uid */
};

struct pki_made {
    bool ca_made, server_made;
    char names[512]; /* what the server certificate stands for, comma-separated */
};

/* Makes what is missing in DIR/ca; DIR must be there. Two programs may call it at once. */
bool pki_prepare(const char *dir, int64_t now_ms, struct pki_made *made, struct err *e) MUST_USE;

struct pki_client {
    char serial[64]; /* lower-case hex, as struct tls_peer tells it */
    int64_t not_after_ms;
    char password[32]; /* of the .p12, made here; empty for a CSR */
};

enum {
    PKI_LEGACY = 1, /* .p12 with 3DES and SHA-1, as old ATAK reads; else AES-256 and SHA-256 */
    PKI_RSA = 2,    /* the key is RSA 2048, else P-256 */
};

/* Issues a client certificate (clientAuth; CN=name) and writes to folder out (made when missing):
 * NAME.p12 (key, certificate, issuer, root), NAME.pem (certificate and issuer), NAME.key (not
 * encrypted), ca.pem, truststore.p12 (issuer and root, same password). What is there already is
 * replaced. A name is 1 to PKI_NAME_MAX bytes of UTF-8 without '/', '\', control characters or a
 * '.' in front, and not "ca" or "truststore". how: PKI_LEGACY | PKI_RSA. */
bool pki_client_package(const char *dir, const char *name, const char *out, int days, unsigned how,
                        int64_t now_ms, struct pki_client *made, struct err *e) MUST_USE;

/* What a phone asks for when it enrols. */
struct pki_request {
    struct str csr;   /* PKCS#10 as DER, as PEM, or as base64 without its lines, with white space anywhere */
    const char *name; /* must be the request's only CN, byte for byte */
    const char *uid;  /* of the device: goes in as URI urn:tak:device:UID; may be empty */
    int days;
};

/* What it gets, as DER: its certificate, the issuer's (which is also the server's) and the root's. */
struct pki_signed {
    struct pki_client made;
    size_t len[3];
    unsigned char der[3][PKI_DER_MAX];
};

/* Signs a request.  ERR_INPUT: it is none, longer than PKI_CSR_MAX, not signed with its own key, or the key is not
 * RSA of 2048 to 8192 bits, P-256 or P-384.  ERR_DENIED: it is for another name.  Other parts of its subject (O, OU, as
 * the config told the phone) and requested extensions are passed over.  Reads the authority from the disk: not
 * on a thread that must not wait. */
bool pki_sign(const char *dir, const struct pki_request *q, int64_t now_ms, struct pki_signed *out,
              struct err *e) MUST_USE;
/* The three as PKCS#12 without a key, named signedCert, ca0 and ca1, as signClient of version 1 answers; how:
 * PKI_LEGACY or 0. *n: the bytes of out, which has room for PKI_P12_MAX. */
bool pki_signed_p12(const struct pki_signed *s, const char *password, unsigned how, unsigned char *out, size_t *n,
                    struct err *e) MUST_USE;
/* A PEM certificate of DIR/ca ("root.pem", "issuer.pem") as DER. */
bool pki_certificate(const char *dir, const char *file, unsigned char der[PKI_DER_MAX], size_t *n,
                     struct err *e) MUST_USE;

/* From when and until when a PEM certificate of DIR/ca counts, as wall clock in ms. */
struct pki_span {
    int64_t from_ms, until_ms;
};
bool pki_span(const char *dir, const char *file, struct pki_span *out, struct err *e) MUST_USE;

/* SHA-256 of the root certificate as DER, for the three-word check (base/words.h) and the log. */
bool pki_root_fingerprint(const char *dir, unsigned char out[32], struct err *e) MUST_USE;

/* A connection package's parts in memory. */
struct pki_wanted {
    const char *name; /* as pki_client_package() takes it */
    int days;
    unsigned how; /* PKI_LEGACY | PKI_RSA */
};
struct pki_bundle {
    struct pki_client made; /* of a trust store: nothing */
    size_t len;
    unsigned char p12[PKI_P12_MAX]; /* holds a key: wipe it */
};
/* Issues a client certificate; key, certificate, issuer and root are out->p12 under out->made.password. An RSA key
 * takes some tenths of a second. */
bool pki_client_p12(const char *dir, const struct pki_wanted *q, int64_t now_ms, struct pki_bundle *out,
                    struct err *e) MUST_USE;
/* The authorities alone, as trust store; how: PKI_LEGACY or 0. */
bool pki_trust_p12(const char *dir, const char *password, unsigned how, struct pki_bundle *out, struct err *e) MUST_USE;

/* Three words of it, for the eye and the radio: what the command post's screen, the printed sheet and the phone's
 * owner compare. */
bool pki_words(const char *dir, char out[WORDS_THREE], struct err *e) MUST_USE;

#endif
