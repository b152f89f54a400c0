/* packages.h -- connection data packages: the zip that makes a TAK client know this server.
 *
 * Two kinds.  With a certificate: trust store and the client's key are inside, and the client connects
 * without a question.  To enrol: the trust store alone; the client asks for name and token and makes a key
 * of its own.  What the three clients want differs (tak.md 2.3, and reports of their users):
 *
 *            where the files lie             what names the certificates
 *   ATAK     certs/, and MANIFEST/           each connection's own keys (caLocation0 ...), which it keeps
 *   WinTAK   the same                        the same, and the ones for all, which its old versions read
 *   iTAK     all beside each other, no       the ones for all (caLocation ...); it cannot enrol by a package
 *            folder and no manifest
 *
 * A location is always "cert/FILE": the folder into which a client puts every .p12, wherever it lay.  Trust
 * stores of two servers must not have one name (WinTAK keeps the first), so a file is named for its server.
 *
 * The texts are pure; package_zip allocates and may take milliseconds. */
#ifndef CORDON_EDGE_PACKAGES_H
#define CORDON_EDGE_PACKAGES_H

#include "base/buf.h"
#include "base/err.h"

enum package_for { PACKAGE_ATAK, PACKAGE_ITAK, PACKAGE_WINTAK, PACKAGE_COUNT };

enum {
    PACKAGE_TEXT_MAX = 4 * 1024, /* of a manifest or a pref */
    PACKAGE_MARK = 8,            /* characters of a server's mark */
    PACKAGE_STREAM_PORT = 8089,  /* what a client takes for granted */
    PACKAGE_API_PORT = 8443,
    PACKAGE_ENROL_PORT = 8446,
};

/* All borrowed. What is empty or 0 is left out. */
struct package {
    enum package_for client;
    struct str server, mark; /* its name for people; PACKAGE_MARK characters a-z0-9 that tell it from others */
    struct str host;         /* name or IPv4 address at which phones reach it */
    int stream_port, api_port, enrol_port;
    struct str user, callsign, role;
    struct str trust, trust_password; /* PKCS#12 of the authorities */
    struct str key, key_password;     /* PKCS#12 of the client; empty: it is to enrol */
};

/* "atak", "itak", "wintak"; false when it is none. */
bool package_for_is(struct str word, enum package_for *out) MUST_USE;
const char *package_word(enum package_for client) MUST_USE;
/* Can this client enrol by a package without a key? */
bool package_can_enrol(enum package_for client) MUST_USE;
void package_manifest(const struct package *p, struct buf *b);
void package_pref(const struct package *p, struct buf *b);
/* The whole of it: *bytes is malloc'd and the caller's. It holds a key: wipe it. */
bool package_zip(const struct package *p, char **bytes, size_t *len, struct err *e) MUST_USE;

/* "tak://com.atakmap.app/enroll?..." for ATAK: works where the phone trusts the server's certificate without us, as it
 * has no place for a trust store. Its ports are fixed but for the stream's. */
void package_enrol_link(const struct package *p, struct str token, struct buf *b);
/* "Name,host,8089,ssl" for iTAK, which then asks for name and token. */
void package_itak_line(const struct package *p, struct buf *b);

#endif
