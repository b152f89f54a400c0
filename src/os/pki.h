/* pki.h -- Cordon's own certificate authority and client packages.
 *
 * Files in DIR/ca: root.pem root.key issuer.pem issuer.key server.pem (with issuer)
 * server.key, trust.pem (root and issuer).  Keys are P-256, PEM, mode 0600.
 * Root 20 years, issuer 10 years, server 825 days, client days as asked.  The
 * server certificate names the host's names and addresses (subjectAltName) and is
 * made again when they change or when it nears its end.  Boot and command-line
 * code: allocates and does I/O; never on a loop thread. */
#ifndef CORDON_OS_PKI_H
#define CORDON_OS_PKI_H

#include "base/err.h"
#include "base/str.h"

struct pki_made {
    bool ca_made, server_made;
    char names[512]; /* what the server certificate stands for, comma-separated */
};

/* Makes what is missing in DIR/ca. */
bool pki_prepare(const char *dir, int64_t now_ms, struct pki_made *made, struct err *e) MUST_USE;

struct pki_client {
    char serial[64];       /* lower-case hex */
    int64_t not_after_ms;
    char password[32];     /* of the .p12, made here */
};
/* Issues a client certificate (RSA 2048 when rsa, else P-256; clientAuth; CN=name) and writes to folder out
 * (made when missing): NAME.p12 (PBES with 3DES/SHA1 when legacy, as old ATAK reads, else AES), NAME.pem
 * (certificate and issuer), NAME.key (unencrypted, 0600), ca.pem, truststore.p12 (the CA, same password). */
bool pki_client_package(const char *dir, const char *name, const char *out, int days, bool legacy,
                        int64_t now_ms, struct pki_client *made, struct err *e) MUST_USE;

/* Signs a PEM or DER CSR (enrolment, third issue uses it): CN must equal name, key must be RSA >= 2048 or
 * P-256/P-384, requested extensions are ignored. The certificate in PEM goes to out. */
bool pki_sign_csr(const char *dir, struct str csr, const char *name, int days, int64_t now_ms, char *out,
                  size_t size, struct pki_client *made, struct err *e) MUST_USE;

/* SHA-256 of the root certificate as DER, for the three-word check and the log. */
bool pki_root_fingerprint(const char *dir, unsigned char out[32], struct err *e) MUST_USE;

#endif
