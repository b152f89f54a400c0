"""Joining: enrolment as each client does it, devices that wait, revocation on every port."""
import base64
import concurrent.futures
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import events
from phone import PATIENCE, Closed
from server import Client, Server, eventually, free_ports

SIGN = "/Marti/api/tls/signClient"
EXACTLY = {"*/*": "application/json", "application/json": "application/json", None: "application/json",
           "text/plain": "application/json", "application/xml": "application/xml"}


def joining(**settings):
    web, enrol = free_ports(2)
    s = Server(web=web, enrol=enrol, **settings)
    s.web, s.enrol = web, enrol
    return s


def openssl(*words, data=None, ok=True):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True, timeout=60)
    assert not ok or done.returncode == 0, f"openssl {words}: {done.stderr}"
    return done.stdout + (b"" if ok else done.stderr)


def token_of(done):
    """What `cordon invite` prints, by name."""
    return {k: v.strip() for k, v in (line.split(" ", 1) for line in done.stdout.splitlines())}


class Enrolling:
    """A phone before it has a certificate."""

    def __init__(self, server, user, secret, uid=None, key=("rsa:2048",)):
        self.server, self.user, self.secret = server, user, secret
        self.uid = uid or f"ANDROID-EX-{user}"
        self.folder = os.path.join(server.folder, f"phone-{len(os.listdir(server.folder))}")
        os.makedirs(self.folder)
        self.key = os.path.join(self.folder, "key.pem")
        self.csr = self.request(user, *key)

    def request(self, cn, *key):
        return openssl("req", "-new", "-newkey", *(key or ("rsa:2048",)), "-nodes", "-keyout", self.key, "-subj",
                       f"/O=Cordon/OU=TAK/CN={cn}")

    def ask(self, method, path, body=None, accept="*/*", auth=True, port=None, client=None, **query):
        tls = ssl.create_default_context(cafile=os.path.join(self.server.data, "ca", "trust.pem"))
        if client:
            tls.load_cert_chain(client.pem, client.key)
        link = http.client.HTTPSConnection("localhost", port or self.server.enrol, context=tls, timeout=PATIENCE)
        asked = "&".join(f"{k}={v}" for k, v in query.items())
        link.putrequest(method, path + ("?" + asked if asked else ""), skip_accept_encoding=True)
        if accept is not None:
            link.putheader("Accept", accept)
        if auth:
            told = auth if isinstance(auth, str) else "Basic " + base64.b64encode(
                f"{self.user}:{self.secret}".encode()).decode()
            link.putheader("Authorization", told)
        if body is not None:
            link.putheader("Content-Length", str(len(body)))
        link.endheaders(body)
        reply = link.getresponse()
        answer = reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        link.close()
        return answer

    def sign(self, path=SIGN + "/v2", body=None, **more):
        return self.ask("POST", path, self.csr if body is None else body, clientUid=self.uid, version="5.0", **more)

    def refused(self, status, *words, **more):
        got, head, body = self.sign(**more)
        text = body.decode()
        assert got == status, f"{got} {text}"
        assert head["content-type"] == "application/json" and all(w in json.loads(text)["data"] for w in words), text
        assert self.secret not in text
        return head

    def keep(self, certificate, *chain):
        """What came back, as a client package."""
        pem = os.path.join(self.folder, "cert.pem")
        with open(pem, "wb") as f:
            f.write(certificate + b"".join(chain))
        client = Client(self.user, pem, self.key, os.path.join(self.server.data, "ca", "trust.pem"))
        client.serial = openssl("x509", "-in", pem, "-noout", "-serial").decode().split("=")[1].strip().lower()
        return client

    def join(self, **more):
        status, head, body = self.sign(**more)
        assert status == 200, f"{status} {body}"
        return self.keep(*(pem_of(json.loads(body)[n]) for n in ("signedCert", "ca0")))


def pem_of(text):
    """As clients do: the lines of PEM around what came."""
    return b"-----BEGIN CERTIFICATE-----\n" + text.encode() + b"\n-----END CERTIFICATE-----\n"


def invite(server, name, *words):
    return token_of(server.command("invite", name, *words))


def test_config_and_profile():
    with joining() as s:
        told = invite(s, "EX-medic-1")
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", told["token"])
        assert told["link"].startswith("tak://com.atakmap.app/enroll?host=") and told["link"].endswith(
            f"&username=EX-medic-1&token={told['token']}")
        assert re.fullmatch(r"[a-z]{4,7} [a-z]{4,7} [a-z]{4,7}", told["server"])
        phone = Enrolling(s, "EX-medic-1", told["token"])
        status, head, body = phone.ask("GET", "/Marti/api/tls/config")
        assert (status, head["content-type"]) == (200, "application/xml")
        assert b"<ns2:certificateConfig " in body
        entries = ElementTree.fromstring(body).iter("{http://bbn.com/marti/xml/config}nameEntry")
        assert [e.get("name") for e in entries] == ["O", "OU"]
        assert phone.ask("GET", "/Marti/api/tls/profile/enrollment", clientUid="EX-1")[0] in (200, 204)
        phone.join()
        # The phone still reads what belongs to its enrolment, and signs nothing more.
        assert phone.ask("GET", "/Marti/api/tls/profile/enrollment", clientUid="EX-1")[0] in (200, 204)
        phone.refused(403, "used already")
        # Nobody: 401 with the challenge.
        for auth in (False, "Basic", "Basic !!!", "Bearer x", "Basic " + base64.b64encode(b"EX-medic-1").decode(),
                     "Basic " + base64.b64encode(b":x").decode(), "Basic " + base64.b64encode(b"a\x00:x").decode()):
            status, head, body = phone.ask("GET", "/Marti/api/tls/config", auth=auth)
            assert status == 401 and head["www-authenticate"].startswith("Basic realm="), f"{auth} {status} {head}"
            assert (auth == "Bearer x") == (b"This is no token of this server." in body), f"{auth} {body}"
        assert phone.ask("DELETE", "/Marti/api/tls/config")[0] == 405
        assert phone.ask("GET", "/api/session")[0] == 404  # the page is behind the other door


def test_each_client_enrols():
    """PyTAK, node-tak, iTAK, ATAK: request and answer as each of them sends and reads it."""
    with joining() as s:
        for i, (accept, kind) in enumerate(EXACTLY.items()):
            told = invite(s, f"EX-m{i}", "--group", "Blue,Command:out", "--agency", "EX-1122", "--role", "Medic")
            key = (("rsa:2048",), ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))[i % 2]
            phone = Enrolling(s, f"EX-m{i}", told["token"], key=key)
            body = phone.csr
            if kind == "application/xml":  # ATAK: base64 without the PEM lines, here with white space as well
                body = b" \r\n".join(body.split(b"\n")[1:-2])
            status, head, answer = phone.sign(body=body, accept=accept)
            assert (status, head["content-type"]) == (200, kind), f"{accept}: {status} {head} {answer[:200]}"
            if kind == "application/xml":
                assert re.fullmatch(rb"<enrollment><signedCert>[^<]+</signedCert>(<ca>[^<]+</ca>){2}</enrollment>", answer)
                root = ElementTree.fromstring(answer)
                parts = [e.text for e in root]
            else:
                parts = [json.loads(answer)[n] for n in ("signedCert", "ca0", "ca1")]
            assert all(len(line) <= 64 for p in parts for line in p.split("\n"))
            client = phone.keep(*(pem_of(p) for p in parts[:2]))
            text = openssl("x509", "-in", client.pem, "-noout", "-text").decode()
            assert "TLS Web Client Authentication" in text and f"CN = EX-m{i}" in text.replace("CN=", "CN = ")
            assert f"URI:urn:tak:device:{phone.uid}" in text and "CA:TRUE" not in text
            with open(os.path.join(phone.folder, "ca"), "wb") as f:
                f.write(b"".join(pem_of(p) for p in parts[1:]))
            openssl("verify", "-CAfile", f.name, "-purpose", "sslclient", client.pem)
            openssl("verify", "-CAfile", f.name, "-purpose", "sslserver", os.path.join(s.data, "ca", "server.pem"))
            inside = s.phone(f"R{i}", client)
            assert inside.sock
        rows = s.journal("device.enrolled")
        assert [(r["user"], r["sub_type"]) for r in rows] == [(f"EX-m{i}", "invite") for i in range(5)]
        assert all(r["serial"] and r["uid"].startswith("ANDROID-EX") and "waits" not in r for r in rows)
        assert len(s.journal("invite.made")) == 5
        assert told["token"] not in s.log_text() and told["token"] not in s.command("log").stdout
        s.verify()


def test_version_1():
    """ATAK 4: PKCS#12 without a key, under the password that it knows."""
    with joining() as s:
        told = invite(s, "EX-old-1")
        phone = Enrolling(s, "EX-old-1", told["token"])
        status, head, body = phone.sign(SIGN)
        assert (status, head["content-type"]) == (200, "application/octet-stream")
        p12 = os.path.join(phone.folder, "a.p12")
        with open(p12, "wb") as f:
            f.write(body)
        shown = openssl("pkcs12", "-legacy", "-in", p12, "-passin", "pass:atakatak", "-nokeys", "-info", ok=False).decode()
        assert [n in shown for n in ("friendlyName: signedCert", "friendlyName: ca0", "friendlyName: ca1")] == [True] * 3
        assert "pbeWithSHA1And3-KeyTripleDES-CBC" in shown and shown.count("BEGIN CERTIFICATE") == 3
        certificate = shown[shown.index("-----BEGIN"):shown.index("-----END CERTIFICATE-----") + 26]
        s.phone("R1", phone.keep(certificate.encode()))


def test_what_is_refused():
    with joining() as s:
        told = invite(s, "EX-r1", "--uses", "40", "--admit")
        phone = Enrolling(s, "EX-r1", told["token"])
        phone.refused(403, "for another name than EX-r1", body=phone.request("EX-r2"))
        phone.refused(400, "must be RSA with 2048", body=phone.request("EX-r1", "rsa:1024"))
        phone.refused(400, "must be RSA with 2048", body=phone.request("EX-r1", "ed25519"))
        good = phone.csr = phone.request("EX-r1")
        der = base64.b64decode(b"".join(good.split(b"\n")[1:-2]))
        phone.refused(400, "not signed with its own key", body=der[:-1] + bytes([der[-1] ^ 1]))
        phone.refused(400, "no certificate request", body=b"hello")
        phone.refused(400, "no certificate request", body=der[:-7])
        phone.refused(400, "as the body", body=b"")
        phone.refused(413, "16 KiB at most", body=b"A" * 17000)
        assert phone.sign(body=b"A" * 70000)[0] == 413
        assert phone.ask("POST", SIGN + "/v2", good, clientUid="x" * 300)[0] == 400
        assert phone.ask("POST", SIGN + "/v2", good, clientUid="a%07b")[0] == 400
        # None of that has used the invite up.
        assert s.command("invite", "--list").stdout.split()[2] == "0/40"
        phone.join(body=der)
        single = invite(s, "EX-r3")
        once = Enrolling(s, "EX-r3", single["token"])
        wrong = Enrolling(s, "EX-r3", "0" * 26)
        head = wrong.refused(401, "is not right")
        assert head["www-authenticate"].startswith("Basic")
        other = Enrolling(s, "EX-nobody", single["token"])
        other.refused(401, "is not right")  # the right token under another name
        once.join()
        once.refused(403, "used already")
        s.command("invite", "--end", told["invite"])
        phone.refused(403, "was ended")
        row = s.wait_journal("enrol.refused")
        assert row["address"] == "127.0.0.1" and row["count"] == "1" and row["reason"]
        assert len(s.journal("enrol.refused")) == 1  # at most one a minute for each address
        text = s.log_text() + s.command("log").stdout
        assert all(secret not in text for secret in (told["token"], single["token"], "0" * 26))


def test_an_invite_expires():
    with joining() as s:
        told = invite(s, "EX-late", "--hours", "1")
        base = os.path.join(s.data, "cordon.db")
        subprocess.run(["python3", "-c", "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); "
                        "d.execute('update invites set expires_ms = 5'); d.commit()", base], check=True, timeout=60)
        Enrolling(s, "EX-late", told["token"]).refused(403, "has expired")


def test_one_use_is_one_use():
    """Ten phones with one code at once: one of them is in."""
    with joining() as s:
        told = invite(s, "EX-race")
        phones = [Enrolling(s, "EX-race", told["token"], uid=f"EX-{i}", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
                  for i in range(10)]
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            got = sorted(r[0] for r in pool.map(lambda p: p.sign(), phones))
        assert got == [200] + [403] * 9, got
        assert len(s.journal("device.enrolled")) == 1


def test_passwords():
    with joining() as s:
        password = s.command("user", "EX-pat", "--password").stdout.split()[-1]
        s.wait_journal("user.changed", lambda r: r["user"] == "EX-pat" and r["changed"] == "password")
        phone = Enrolling(s, "EX-pat", password)
        assert phone.ask("GET", "/Marti/api/tls/config")[0] == 200
        s.phone("R1", phone.join())
        assert s.wait_journal("device.enrolled")["sub_type"] == "password"
        s.command("user", "EX-pat", "--disable")
        phone.refused(403, "is disabled")
        s.command("user", "EX-pat", "--enable")
        new = s.command("user", "EX-pat", "--password").stdout.split()[-1]
        phone.refused(401, "is not right")  # the old one, though it was right a moment ago
        Enrolling(s, "EX-pat", new).join()
        text = s.log_text() + s.command("log").stdout
        assert password not in text and new not in text


def test_too_many_tries():
    """Names that are there and names that are not: the same answers, the same wait; a token is not kept waiting."""
    with joining() as s:
        s.command("user", "EX-pat", "--password")
        told = invite(s, "EX-medic-1")
        codes, heads = [], []
        for i in range(14):
            phone = Enrolling.__new__(Enrolling)
            phone.server, phone.user, phone.secret, phone.uid = s, ("EX-pat", "EX-none")[i % 2], f"wrong-{i}", "EX"
            status, head, _ = phone.ask("GET", "/Marti/api/tls/config")
            codes.append(status)
            heads.append(head)
        assert codes[:5] == [401] * 5 and set(codes[6:]) == {429}, codes
        assert all(1 <= int(h["retry-after"]) <= 300 for c, h in zip(codes, heads) if c == 429)
        Enrolling(s, "EX-medic-1", told["token"]).join()


def rss_kib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def test_ten_thousand_tries():
    """They cost an attacker his time, the server no memory and the record a row; who has an invite joins meanwhile."""
    # What the sanitizer keeps of freed memory is not what the server holds.
    with joining(env={"ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0:quarantine_size_mb=1"}) as s:
        told = invite(s, "EX-medic-1")
        tls = ssl.create_default_context(cafile=os.path.join(s.data, "ca", "trust.pem"))
        codes, grown = {}, 0

        def attack(lane):
            link = http.client.HTTPSConnection("localhost", s.enrol, context=tls, timeout=PATIENCE)
            for i in range(2500):
                secret = base64.b64encode(f"EX-name-{i % 700}:wrong-{lane}-{i}".encode()).decode()
                link.request("GET", "/Marti/api/tls/config", headers={"Authorization": "Basic " + secret})
                reply = link.getresponse()
                reply.read()
                codes[reply.status] = codes.get(reply.status, 0) + 1
            link.close()

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            lanes = [pool.submit(attack, n) for n in range(4)]
            eventually("they are at it", lambda: sum(codes.values()) > 500)
            before = rss_kib(s)
            Enrolling(s, "EX-medic-1", told["token"]).join()
            for lane in lanes:
                lane.result()
            grown = rss_kib(s) - before
        assert sum(codes.values()) == 10000 and set(codes) <= {401, 429, 503}, codes
        assert codes[401] < 100, codes
        assert grown < 16 * 1024, f"{grown} KiB more than after the first 500"
        rows = s.journal("enrol.refused")
        assert 1 <= len(rows) <= 1 + (time.time() - os.path.getmtime(os.path.join(s.data, "ca", "root.pem"))) / 60
        assert s.log_text().count("enrol.refused") == len(rows)


def test_a_hundred_phones():
    """At once, by one code of many uses; each is a user of its own."""
    with joining() as s:
        told = invite(s, "EX-hundred", "--uses", "100")
        phones = [Enrolling(s, "EX-hundred", told["token"], uid=f"EX-{i}", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
                  for i in range(100)]

        def enrol(phone):
            assert phone.ask("GET", "/Marti/api/tls/config")[0] == 200
            return phone.sign()[0]

        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            got = list(pool.map(enrol, phones))
        print(f"100 phones in {time.monotonic() - began:.1f} s")
        assert got == [200] * 100, got
        rows = s.journal("device.enrolled")
        assert len({r["user"] for r in rows}) == len({r["serial"] for r in rows}) == 100
        phones[0].refused(403, "used already")
        assert "100 devices admitted" in s.command("admit", "--invite", told["invite"]).stdout
        eventually("all are in the record", lambda: len(s.journal("device.admitted")) == 100)


def test_who_waits_hears_nothing():
    """A photographed code shows a stranger nobody; who joined by it is heard, and has everything once admitted."""
    with joining() as s:
        told = invite(s, "EX-ranger", "--uses", "5")
        inside = s.phone("R1", "first")
        inside.send(events.marker("EX-M1"))
        phone = Enrolling(s, "EX-ranger", told["token"])
        client = phone.join()
        row = s.wait_journal("device.enrolled")
        assert (row["user"], row["waits"]) == ("EX-ranger-1", "1")
        until = openssl("x509", "-in", client.pem, "-noout", "-enddate").decode()
        assert openssl("x509", "-in", client.pem, "-noout", "-checkend", str(6 * 86400))
        assert openssl("x509", "-in", client.pem, "-noout", "-checkend", str(8 * 86400), ok=False).startswith(
            b"Certificate will expire"), until
        stranger = s.phone("W1", client, uid="ANDROID-EX-W1")
        inside.hear(uid="ANDROID-EX-W1")  # its position is heard at once
        stranger.send(events.emergency("ANDROID-EX-W1", "W1"))
        inside.hear(uid="ANDROID-EX-W1-9-1-1")
        stranger.send(events.chat("ANDROID-EX-W1", "W1", "help us"))
        inside.hear(lambda e: b"help us" in e.raw)
        stranger.send(events.marker("EX-M2"))  # this is not taken
        stranger.send(events.delete("EX-M1"))
        inside.hello()
        inside.send(events.chat(inside.uid, "R1", "for all of us"))
        inside.send(events.direct(inside.uid, "R1", "ANDROID-EX-W1", "W1", "to you alone"))
        s.wait_journal("chat.said", lambda r: r["text"] == "to you alone")
        stranger.ping()
        assert [h.type for h in stranger.heard if not h.type.startswith("t-x-")] == [], stranger.heard
        for path in ("/Marti/api/contacts/all", "/Marti/api/clientEndPoints", "/Marti/api/groups/all",
                     "/Marti/api/cot/xml/EX-M1/all", "/Marti/sync/search"):
            assert phone.ask("GET", path, port=s.web, auth=False, client=client)[0] in (403, 404), path
        waiting = s.command("admit").stdout
        assert "EX-ranger-1" in waiting and client.serial in waiting
        s.command("admit", "EX-ranger-1")
        stranger.hear(uid=inside.uid)
        stranger.hear(uid="EX-M1")
        assert stranger.has(type="t-x-g-c")
        stranger.hear(lambda e: b"to you alone" in e.raw)
        inside.send(events.chat(inside.uid, "R1", "welcome"))
        stranger.hear(lambda e: b"welcome" in e.raw)
        assert not stranger.has(lambda e: b"for all of us" in e.raw)
        assert not inside.has(uid="EX-M2")
        assert s.wait_journal("device.admitted")["user"] == "EX-ranger-1"
        # After a restart it still is; another one by the same code waits.
        s.restart()
        again = s.phone("W1", client, uid="ANDROID-EX-W1")
        again.hear(uid="EX-M1")
        s.verify()


def test_admitted_at_once():
    with joining() as s:
        told = invite(s, "EX-ranger", "--uses", "2", "--admit")
        inside = s.phone("R1", "first")
        one = s.phone("W1", Enrolling(s, "EX-ranger", told["token"]).join())
        one.hear(uid=inside.uid)


def test_renewal():
    """With a certificate that is good a phone gets the next one on the other port, for itself alone."""
    with joining() as s:
        told = invite(s, "EX-renew")
        phone = Enrolling(s, "EX-renew", told["token"], uid="EX-dev-1")
        client = phone.join()
        status, _, body = phone.sign(port=s.web, auth=False, client=client)
        assert status == 200, body
        row = eventually("a renewal", lambda: next((r for r in s.journal("device.enrolled") if r["sub_type"] == "renewal"), None))
        assert (row["user"], row["before"], row["uid"]) == ("EX-renew", client.serial, "EX-dev-1")
        assert phone.ask("GET", "/Marti/api/tls/config", port=s.web, auth=False, client=client)[0] == 200
        other = phone.ask("POST", SIGN + "/v2", phone.csr, port=s.web, auth=False, client=client, clientUid="EX-dev-2")
        assert other[0] == 403 and b"of another device" in other[2]
        # By a many-use code: the name that was in the code stays, and so does waiting.
        told = invite(s, "EX-many", "--uses", "3")
        held = Enrolling(s, "EX-many", told["token"], uid="EX-dev-3")
        waits = held.join()
        assert held.sign(port=s.web, auth=False, client=waits)[0] == 200
        assert [r.get("waits") for r in s.journal("device.enrolled") if r["user"] == "EX-many-1"] == ["1", "1"]
        s.command("revoke", "EX-renew")
        eventually("its certificate is refused", lambda: phone.sign(port=s.web, auth=False, client=client)[0] in (401, 403))
        assert phone.sign(port=s.web, auth=False)[0] == 401


def test_revocation_closes_at_once():
    with joining() as s:
        told = invite(s, "EX-gone")
        phone = Enrolling(s, "EX-gone", told["token"])
        client = phone.join()
        inside = s.phone("R1", client)
        # A ticket is at hand: with it the next handshake shows no certificate.
        tls = ssl.create_default_context(cafile=client.ca)
        tls.check_hostname = False
        tls.load_cert_chain(client.pem, client.key)
        link = tls.wrap_socket(socket.create_connection(("127.0.0.1", s.tls_port)))
        link.settimeout(PATIENCE)
        while not (link.session and link.session.has_ticket):
            link.sendall(events.ping("x"))
            assert link.recv(65536)
        ticket = link.session
        resumed = tls.wrap_socket(socket.create_connection(("127.0.0.1", s.tls_port)), session=ticket)
        assert resumed.session_reused
        resumed.close()
        web = ssl.create_default_context(cafile=client.ca)
        web.load_cert_chain(client.pem, client.key)
        held = http.client.HTTPSConnection("localhost", s.web, context=web, timeout=PATIENCE)
        held.request("GET", "/Marti/api/version/config")
        assert held.getresponse().read()
        began = time.monotonic()
        s.command("revoke", "EX-gone")
        try:
            while True:
                inside.ping()
        except (Closed, OSError):
            pass
        print(f"closed {time.monotonic() - began:.1f} s after it was asked for")
        assert s.wait_journal("certificate.revoked")["serial"] == client.serial

        held.sock.settimeout(PATIENCE)
        try:
            assert held.sock.recv(1000) == b""  # its HTTP connection, too
        except OSError:
            pass
        for start in (lambda: None, s.restart):  # and stays so
            start()
            again = tls.wrap_socket(socket.create_connection(("127.0.0.1", s.tls_port)), session=ticket)
            again.settimeout(PATIENCE)
            try:
                assert again.recv(65536) == b""
            except OSError:
                pass
            again.close()
            assert phone.ask("GET", "/Marti/api/version/config", port=s.web, auth=False, client=client)[0] == 403


def test_foreign_and_future_certificates():
    """Of another authority, not yet good, expired: no session, and no renewal."""
    with joining() as s:
        told = invite(s, "EX-x")
        phone = Enrolling(s, "EX-x", told["token"])
        phone.join()
        ca = os.path.join(s.data, "ca")
        shim = os.path.join(phone.folder, "shim.pem")
        csr = os.path.join(phone.folder, "x.csr")
        with open(csr, "wb") as f:
            f.write(phone.csr)
        ext = os.path.join(phone.folder, "ext")
        with open(ext, "w") as f:
            f.write("extendedKeyUsage=clientAuth\n")
        rows = []
        conf = os.path.join(phone.folder, "ca.conf")
        with open(conf, "w") as f:
            f.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={phone.folder}/index\nnew_certs_dir={phone.folder}\n"
                    f"rand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\nCN=supplied\nO=optional\nOU=optional\n")
        for name, start, end in (("future", "20400101000000Z", "20410101000000Z"), ("past", "20200101000000Z", "20210101000000Z")):
            open(os.path.join(phone.folder, "index"), "w").close()
            out = os.path.join(phone.folder, name + ".pem")
            openssl("ca", "-batch", "-config", conf, "-cert", f"{ca}/issuer.pem", "-keyfile", f"{ca}/issuer.key", "-in", csr,
                    "-out", out, "-startdate", start, "-enddate", end, "-extfile", ext, "-notext")
            rows.append(out)
        openssl("req", "-x509", "-in", csr, "-key", phone.key, "-days", "9", "-out", shim)
        rows.append(shim)
        for pem in rows:
            client = Client("EX-x", pem, phone.key, f"{ca}/trust.pem")
            try:
                got = s.phone("R1", client)
                raise AssertionError(f"{pem} was let in: {got}")
            except (Closed, OSError):
                pass
            try:
                assert phone.sign(port=s.web, auth=False, client=client)[0] in (401, 403), pem
            except OSError:
                pass
        assert not s.journal("client.connected")


def test_the_clients_libraries_answer_is_whole():
    """node-tak compares the content type whole; PyTAK wants lines."""
    with joining() as s:
        told = invite(s, "EX-node")
        phone = Enrolling(s, "EX-node", told["token"])
        status, head, body = phone.sign(accept="application/json")
        assert status == 200 and head["content-type"] == "application/json"
        assert set(json.loads(body)) == {"signedCert", "ca0", "ca1"}
