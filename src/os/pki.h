/* pki.h -- Cordon's own certificate authority and client packages.
 *
 * Files in DIR/ca (0700): root.pem root.key issuer.pem issuer.key server.pem (with
 * issuer) server.key, trust.pem (root and issuer).  Keys are P-256, PEM, mode 0600.
 * Root 20 years, issuer 10 years, server 825 days, client days as asked (never
 * beyond the issuer); all begin a day early, for phones whose clock is behind.
 * The server certificate names the host's names and addresses, localhost,
 * 127.0.0.1 and ::1 (subjectAltName) and is made again when one is missing, when it
 * has less than 30 days left or when it does not come from the issuer.  root.key
 * may be kept elsewhere: it is needed only to make an issuer.  secret_start() comes
 * first.  Boot and command-line code: allocates and does I/O; never on a loop thread. */
#ifndef CORDON_OS_PKI_H
#define CORDON_OS_PKI_H

#include "base/err.h"
#include "base/str.h"

enum {
    PKI_NAME_MAX = 64,       /* bytes of a client's name (X.520: a common name has at most 64) */
    PKI_DAYS_MAX = 3650,     /* of a client certificate */
    PKI_CSR_MAX = 16 * 1024, /* bytes of a request; more: refused */
    PKI_PEM_MAX = 8 * 1024,  /* room that is enough for a certificate as PEM */
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

/* Signs a PEM or DER CSR (enrolment, third issue uses it): CN must equal name, key must be RSA 2048
 * to 8192 or P-256/P-384, requested extensions are ignored. The certificate in PEM goes to out, NUL
 * ended. */
bool pki_sign_csr(const char *dir, struct str csr, const char *name, int days, int64_t now_ms,
                  char *out, size_t size, struct pki_client *made, struct err *e) MUST_USE;

/* SHA-256 of the root certificate as DER, for the three-word check and the log. */
bool pki_root_fingerprint(const char *dir, unsigned char out[32], struct err *e) MUST_USE;

#endif
