"""Who is let in: certificates of this server, valid, not revoked; each refusal is a clear line."""
import datetime
import os
import socket
import ssl
import subprocess

import events
from phone import Closed, Phone, tls_context
from server import Client, Server


def openssl(*words, cwd):
    done = subprocess.run(["openssl", *words], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def signed(folder, name, ca, key, not_before, not_after, usage="clientAuth"):
    """A client certificate of that authority with those dates, made with openssl alone."""
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key", cwd=folder)
    openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr", cwd=folder)
    os.makedirs(f"{folder}/{name}.ca", exist_ok=True)
    with open(f"{folder}/{name}.ca/index", "w"):
        pass
    with open(f"{folder}/{name}.cnf", "w") as f:
        f.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={name}.ca/index\nnew_certs_dir={name}.ca\nrand_serial=yes\n"
                f"default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\n"
                f"basicConstraints=critical,CA:false\nkeyUsage=digitalSignature\nextendedKeyUsage={usage}\n")
    date = "%Y%m%d%H%M%SZ"
    openssl("ca", "-batch", "-config", f"{name}.cnf", "-cert", ca, "-keyfile", key, "-in", f"{name}.csr", "-out",
            f"{name}.pem", "-startdate", not_before.strftime(date), "-enddate", not_after.strftime(date), "-notext",
            cwd=folder)
    return Client(name, f"{folder}/{name}.pem", f"{folder}/{name}.key", None)


def now(**more):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**more)


def shut_out(server, client, *words, tls=None):
    """The handshake fails or the connection is closed before a byte is heard; a line says why."""
    client.ca = client.ca or server.client("any").ca
    try:
        phone = Phone(server, client, tls=tls, connect=False)
        phone.connect(wait=False)
        phone.wait_closed()
        assert not phone.heard
    except (ssl.SSLError, ConnectionError, Closed):
        pass
    return server.wait_log("tak.closed", *words)


def test_no_certificate():
    with Server() as s:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            shut_out(s, Client("none", None, None, None), "certificate", tls=version)
        s.phone("A", "anna")


def test_foreign_authority():
    with Server() as s:
        folder = s.folder
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=Other CA", "-keyout", "other.key", "-out", "other.pem", "-days", "30", cwd=folder)
        client = signed(folder, "mallory", "other.pem", "other.key", now(days=-1), now(days=1))
        line = shut_out(s, client, "reason=")
        assert "certificate" in line and ("issue" in line or "authority" in line or "trust" in line), line
        with open(f"{folder}/clients/any/ca.pem") as ours:  # the same name as our authority does not help either
            name = subprocess.run(["openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253"], input=ours.read(),
                                  capture_output=True, text=True).stdout.strip().removeprefix("subject=")
        subject = "/" + "/".join(reversed(name.split(",")))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                subject, "-keyout", "same.key", "-out", "same.pem", "-days", "30", cwd=folder)
        shut_out(s, signed(folder, "eve", "same.pem", "same.key", now(days=-1), now(days=1)), "certificate")
        own = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                              "-nodes", "-subj", "/CN=anna", "-keyout", "self.key", "-out", "self.pem"], cwd=folder,
                             capture_output=True)
        assert own.returncode == 0
        shut_out(s, Client("anna", f"{folder}/self.pem", f"{folder}/self.key", None), "certificate")
        assert "tak.joined" not in s.log_text()


def authority(server):
    folder = os.path.join(server.data, "ca")
    return f"{folder}/issuer.pem", f"{folder}/issuer.key"


def test_expired_and_not_yet_valid():
    with Server() as s:
        ca, key = authority(s)
        line = shut_out(s, signed(s.folder, "late", ca, key, now(days=-9), now(days=-1)), "expired")
        assert "late" in line, line
        shut_out(s, signed(s.folder, "early", ca, key, now(days=1), now(days=9)), "not yet valid")


def test_ours_but_unknown_or_for_servers():
    """Signed by our authority's key, but never issued by this server; or its usage is another."""
    with Server() as s:
        ca, key = authority(s)
        shut_out(s, signed(s.folder, "ghost", ca, key, now(days=-1), now(days=9)), "was not issued by this server")
        s.wait_journal("event.refused", lambda r: r["user"] == "ghost")
        shut_out(s, signed(s.folder, "server", ca, key, now(days=-1), now(days=9), usage="serverAuth"), "certificate")


def test_revocation_closes_and_shuts_out():
    with Server() as s:
        a, again = s.phone("A", "anna"), s.phone("A", s.client("anna"))
        b = s.phone("B", "bert")
        s.command("revoke", "anna")
        for phone in (a, again):
            phone.wait_closed()
        s.wait_log("tak.closed", "anna", "revoked")
        b.hear(lambda e: e.type == "t-x-d-d" and e.link == "ANDROID-A")
        shut_out(s, s.clients["anna"], "anna", "revoked")
        s.wait_journal("event.refused", lambda r: r["user"] == "anna" and "revoked" in r["reason"])
        s.restart()
        shut_out(s, s.clients["anna"], "anna", "revoked")
        s.phone("B", "bert")
        s.phone("A", s.client("anna"))  # with a new one it is let in again


def test_one_of_two_certificates_is_revoked():
    with Server() as s:
        first = s.client("anna")
        second = s.client("anna")  # lies in the same folder: the first one's files are gone, its session is not
        a = s.phone("A", second)
        s.command("revoke", "anna", "--serial", first.serial)
        b = s.phone("B", "bert")
        b.send(events.marker("end"))
        a.hear(uid="end")
        s.command("revoke", "anna", "--serial", second.serial)
        a.wait_closed()


def test_package_files():
    with Server() as s:
        anna = s.client("anna")
        assert os.stat(anna.key).st_mode & 0o777 == 0o600
        done = subprocess.run(["openssl", "pkcs12", "-in", anna.p12, "-passin", f"pass:{anna.password}", "-nokeys",
                               "-legacy"], capture_output=True, text=True)
        assert done.returncode == 0 and "anna" in done.stdout, done.stderr


def test_plain_port_is_off_by_default_and_loopback_only():
    with Server() as s:
        import re
        text = s.command("help", ok=False).stdout + subprocess.run(
            [__import__("server").CORDON, "serve", "--help"], capture_output=True, text=True).stdout
        assert re.search(r"--tak-tcp .*\n.*default 0", text), text[-2000:]
        assert re.search(r"--tak-tcp-listen.*\n(.*\n)?.*default 127\.0\.0\.1", text)


def test_client_that_goes_during_the_handshake():
    with Server() as s:
        for _ in range(20):
            raw = socket.create_connection(("127.0.0.1", s.tls_port))
            raw.send(b"\x16\x03\x01")
            raw.close()
        s.wait_log("tak.closed", "during the handshake")
        s.phone("A", "anna")
