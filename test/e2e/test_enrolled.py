"""Real clients join by their own code and live by what they got; strangers' readers open each PKCS#12 file we make."""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import threading

import events
from server import HERE, Skip
from test_clients import Peer, node_folder, pytak_python
from test_files import Marti
from test_join import SIGN, Enrolling, invite, joining, openssl, pem_of

PYTAK_PORTS = (8446, 8089)  # PyTAK enrols at the first whatever it is told, and knows by the second that TLS is meant


def pass_on(one, other):
    """Bytes of one socket to the other until it ends."""
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Host:
    """An address of the loopback whose well-known ports are those of the server under test."""

    def __init__(self, server):
        self.listeners, self.links = [], []
        for _ in range(20):  # that somebody else listens there is unlikely once
            self.name = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
            try:
                for port in PYTAK_PORTS:
                    self.listeners.append(socket.create_server((self.name, port)))
                break
            except OSError:
                self.close()
        assert len(self.listeners) == len(PYTAK_PORTS), f"ports {PYTAK_PORTS} of the loopback are taken"
        for listener, to in zip(self.listeners, (server.enrol, server.tls_port)):
            threading.Thread(target=self.take, args=(listener, to), daemon=True).start()

    def take(self, listener, to):
        while True:
            try:
                one = listener.accept()[0]
                other = socket.create_connection(("127.0.0.1", to))
            except OSError:
                return
            self.links += one, other
            for way in ((one, other), (other, one)):
                threading.Thread(target=pass_on, args=way, daemon=True).start()

    def close(self):
        for held in self.listeners + self.links:
            held.close()
        self.listeners, self.links = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def test_pytak():
    """By our link alone. PyTAK takes a link without a port for a WebSocket's, which we have not: it is told 8089."""
    python = pytak_python()
    with joining() as s, Host(s) as host:
        told = invite(s, "EX-pytak", "--group", "EX-fire")
        link = re.sub(r"host=[^&]*", f"host={host.name}:8089", told["link"])
        settings = {"COT_URL": link, "TAK_PROTO": "0", "COT_HOST_ID": "EX-pytak", "PYTAK_NO_HELLO": "1"}
        a = s.phone("A", s.client("EX-fire-1", "EX-fire"))
        words = [python, os.path.join(HERE, "pytak", "peer.py"), json.dumps(settings)]
        home = os.path.join(s.folder, "home")
        os.makedirs(home)
        for turn in range(2):  # the second time with the certificate that it has kept
            with Peer(words, env=dict(os.environ, HOME=home)) as peer:
                peer.wait(lambda line: "ready" in line)
                peer.say(send=events.position(f"EX-PYTAK-{turn}", "Pyta").decode())
                a.hear(uid=f"EX-PYTAK-{turn}")
                a.send(events.chat(a.uid, "A", f"hello {turn}"))
                peer.wait(lambda line: f"hello {turn}" in line.get("heard", ""))
        row, = s.journal("device.enrolled")
        assert (row["user"], row["sub_type"], row["uid"]) == ("EX-pytak", "invite", "test"), row
        joined = [line for line in s.log_text().splitlines() if "tak.joined" in line and "user=EX-pytak" in line]
        assert [line.split("serial=")[1] for line in joined] == [row["serial"]] * 2, joined
        kept = [name for name in os.listdir(f"{home}/.pytak/certs") if name.endswith(".p12")]
        assert len(kept) == 1, kept
        s.verify()


def test_node_tak():
    folder = node_folder()
    shutil.copy(os.path.join(HERE, "node", "enrol.mjs"), folder)
    with joining() as s:
        inside = s.client("EX-fire-1", "EX-fire")
        marti = Marti(s, s.web, inside)
        assert marti.upload(b"exercise", "EX-file.txt").status == 200
        assert marti.ask("PUT", "/Marti/api/missions/EX-mission?creatorUid=EX-F1&group=EX-fire").status == 201
        a = s.phone("ENGINE 1", inside, uid="EX-F1")
        s.command("client", "EX-cloud", "--group", "EX-fire")
        password = s.command("user", "EX-cloud", "--password").stdout.split()[-1]
        # Without CI=true, by which the library pem (it makes node-tak's key) writes its own notes on stdout.
        env = {k: v for k, v in os.environ.items() if k != "CI"}
        env["NODE_EXTRA_CA_CERTS"] = os.path.join(s.data, "ca", "trust.pem")
        done = subprocess.run([os.environ.get("CORDON_NODE", "node"), "enrol.mjs", str(s.enrol), str(s.web),
                               str(s.tls_port), "EX-cloud", password], cwd=folder, capture_output=True, text=True,
                              timeout=120, env=env)
        assert done.returncode == 0, f"{done.stdout[-600:]} {done.stderr[-2000:]}"
        told = {x["name"]: x["value"] for x in map(json.loads, done.stdout.splitlines())}
        row, = s.journal("device.enrolled")
        assert (row["user"], row["sub_type"], row["uid"]) == ("EX-cloud", "password", "EX-cloud (ETL)"), row
        assert len(told["credentials"]["ca"]) == 2 and told["credentials"]["key"].startswith("-----BEGIN"), told
        assert [c["callsign"] for c in told["contacts"] if c["uid"] == "EX-F1"] == ["ENGINE 1"], told["contacts"]
        assert {(g["name"], g["direction"]) for g in told["groups"]["data"]} == {("EX-fire", "IN"), ("EX-fire", "OUT")}
        assert [f["name"] for f in told["files"]["data"]] == ["EX-file.txt"], told["files"]
        assert told["packages"]["resultCount"] >= 0
        assert [m["name"] for m in told["missions"]["data"]] == ["EX-mission"], told["missions"]
        assert told["heard"].startswith("a-f-G"), told
        assert a.sock
        assert password not in s.log_text() and password not in s.command("log").stdout


def folders_of(server):
    """Each PKCS#12 file that we make: its path, its password, keys and certificates in it, how it is sealed."""
    for name, words, sealed in (("EX-legacy", (), "pbeWithSHA1And3-KeyTripleDES-CBC"),
                                ("EX-modern", ("--modern",), "AES-256-CBC")):
        out = os.path.join(server.folder, name)
        printed = server.command("client", name, "--out", out, *words).stdout
        password = re.search(r"\(password ([^)]+)\)", printed).group(1)
        yield f"{out}/{name}.p12", password, 1, 3, sealed
        yield f"{out}/truststore.p12", password, 0, 2, None
    phone = Enrolling(server, "EX-old-1", invite(server, "EX-old-1")["token"])
    status, _, body = phone.sign(SIGN)
    assert status == 200, body
    path = os.path.join(phone.folder, "v1.p12")
    with open(path, "wb") as f:
        f.write(body)
    yield path, "atakatak", 0, 3, "pbeWithSHA1And3-KeyTripleDES-CBC"


def test_openssl_reads_each_p12():
    with joining() as s:
        root = openssl("x509", "-in", os.path.join(s.data, "ca", "root.pem"), "-noout", "-fingerprint", "-sha256")
        for path, password, keys, certificates, sealed in folders_of(s):
            def read(word):
                words = ("-in", path, "-passin", f"pass:{word}", "-nodes", "-info")
                return openssl("pkcs12", "-legacy", *words, ok=False).decode()

            shown = read(password)
            assert shown.count("BEGIN PRIVATE KEY") == keys and shown.count("BEGIN CERTIFICATE") == certificates, path
            assert sealed is None or sealed in shown, f"{path} {shown}"
            pems = [p.split("-----END")[0].strip() for p in shown.split("-----BEGIN CERTIFICATE-----")[1:]]
            prints = [openssl("x509", "-noout", "-fingerprint", "-sha256", data=pem_of(p)) for p in pems]
            assert root in prints, path
            assert "BEGIN" not in read("wrong") and "invalid password" in read("wrong"), path


def test_java_reads_each_p12():
    if not shutil.which("keytool"):
        raise Skip("there is no keytool here: install default-jre-headless")
    with joining() as s:
        for path, password, keys, certificates, _ in folders_of(s):
            def read(word):
                return subprocess.run(["keytool", "-J-Duser.language=en", "-list", "-v", "-storetype", "PKCS12",
                                       "-keystore", path, "-storepass", word], capture_output=True, text=True, timeout=120)

            done = read(password)
            assert done.returncode == 0, f"{path} {done.stdout[-500:]}"
            assert done.stdout.count("Entry type: PrivateKeyEntry") == keys, f"{path} {done.stdout[:600]}"
            if keys:
                assert f"Certificate chain length: {certificates}" in done.stdout, f"{path} {done.stdout[:600]}"
            else:
                assert done.stdout.count("Entry type: trustedCertEntry") == certificates, f"{path} {done.stdout[:600]}"
            assert read("wrong").returncode != 0, path


for _test in (test_pytak, test_node_tak, test_java_reads_each_p12):
    _test.limit = 600
