"""Real clients: PyTAK over TCP and TLS in both forms, node-tak and node-cot (CloudTAK's libraries) over TLS."""
import fcntl
import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree

import events
from phone import PATIENCE
from server import HERE, ROOT, Server

BUILD = os.environ.get("CORDON_E2E_CLIENTS", os.path.join(ROOT, "build"))


def installed(name, key, make):
    """A folder below build/ that make() filled once for this key (a lock keeps others out meanwhile)."""
    folder = os.path.join(BUILD, name)
    os.makedirs(BUILD, exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = os.path.join(folder, "installed-for")
        if not os.path.exists(mark) or open(mark).read() != key:
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            with open(mark, "w") as f:
                f.write(key)
    return folder


def digest(*names):
    whole = hashlib.sha256()
    for name in names:
        with open(os.path.join(HERE, name), "rb") as f:
            whole.update(f.read())
    return whole.hexdigest()


def run(words, what, **more):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=500, **more)
    except FileNotFoundError:
        raise AssertionError(f"{what}: there is no {words[0]} here; install it") from None
    assert done.returncode == 0, f"{what} failed: {done.stdout[-1500:]}{done.stderr[-1500:]}"


def pytak_python():
    def make(folder):
        run([sys.executable, "-m", "venv", folder], "making a virtual environment")
        run([f"{folder}/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r",
             os.path.join(HERE, "requirements.txt")], "installing PyTAK from the Python package index")
    return installed("e2e-venv", digest("requirements.txt") + sys.version, make) + "/bin/python"


def node_folder():
    def make(folder):
        shutil.copytree(os.path.join(HERE, "node"), folder)
        run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], "installing node-tak from the npm registry",
            cwd=folder)
    folder = installed("e2e-node", digest("node/package.json", "node/package-lock.json", "node/absent/index.js"), make)
    shutil.copy(os.path.join(HERE, "node", "peer.mjs"), folder)
    return folder


class Peer:
    """A real client in a process of its own that speaks JSON lines with the test."""

    def __init__(self, words, **more):
        self.lines, self.seen = queue.Queue(), []
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, **more)
        self.errors = []
        threading.Thread(target=self.take, daemon=True).start()
        threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True).start()

    def take(self):
        for line in self.process.stdout:
            try:
                self.lines.put(json.loads(line))
            except ValueError:
                self.errors.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
            self.process.wait(5)
        except (subprocess.TimeoutExpired, OSError):
            self.process.kill()
            self.process.wait()

    def say(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def wait(self, match):
        for line in self.seen:
            if match(line):
                return line
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                line = self.lines.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None and self.lines.empty():
                    raise AssertionError(f"the client ended with {self.process.returncode}: "
                                         f"{''.join(self.errors)[-3000:]}") from None
                continue
            self.seen.append(line)
            if match(line):
                return line
        raise AssertionError(f"not heard by the client; it told {str(self.seen[-6:])[:3000]} and "
                             f"{''.join(self.errors)[-2000:]}")


def pytak(tls, proto):
    """With TAK_PROTO=1 PyTAK 7.6.1 passes what it reads to takproto 3.0.1, which takes XML for nothing unless it
    begins with a declaration: it hears no server that sends events without one.  It sends, though, and
    what it does not understand must not end its connection."""
    with Server() as s:
        settings = {"COT_URL": f"{'tls' if tls else 'tcp'}://127.0.0.1:{s.tls_port if tls else s.tcp_port}",
                    "TAK_PROTO": str(proto), "COT_HOST_ID": "pytak-test", "PYTAK_NO_HELLO": "1"}
        if tls:
            client = s.client("pytak")
            settings |= {"PYTAK_TLS_CLIENT_CERT": client.pem, "PYTAK_TLS_CLIENT_KEY": client.key,
                         "PYTAK_TLS_CLIENT_CAFILE": client.ca, "PYTAK_TLS_DONT_CHECK_HOSTNAME": "1"}
        a, v = s.phone("A"), s.phone("V", v1=True)
        a.send(events.marker("before"))
        v.hear(uid="before")
        with Peer([pytak_python(), os.path.join(HERE, "pytak", "peer.py"), json.dumps(settings)]) as peer:
            def hears(word):
                if proto:
                    return None
                text = peer.wait(lambda line: word in line.get("heard", ""))["heard"]
                return ElementTree.fromstring(text.strip())

            peer.wait(lambda line: "ready" in line)
            def check(found, what):
                assert proto or what(found)

            check(hears("before"), lambda e: e.get("uid") == "before")  # the picture
            peer.say(send=events.position("PYTAK", "Pyta", lat="48.1234").decode())
            for phone in (a, v):
                got = phone.hear(uid="PYTAK")
                assert got.one("contact").get("callsign") == "Pyta" and float(got.point["lat"]) == 48.1234
            a.send(events.track("plane", lat="1.5"))
            check(hears('uid="plane"'), lambda e: e.find("point").get("lat") == "1.5")
            v.send(events.v1_position("ANDROID-V", "V", lat=2.25))
            check(hears('lat="2.25"'), lambda e: e.get("uid") == "ANDROID-V")
            now = events.stamp()
            a.send(f'<event version="2.0" uid="closed" type="t-x-d-d" how="m-g" time="{now}" start="{now}" '
                   f'stale="{now}"/>'.encode(), events.track("behind"))  # it cuts at </event> only
            check(hears('uid="closed"'), lambda e: e.get("type") == "t-x-d-d")
            check(hears('uid="behind"'), lambda e: e.get("uid") == "behind")
            a.send(events.direct("ANDROID-A", "A", "PYTAK", "Pyta", "hello PyTAK"))
            check(hears("hello PyTAK"), lambda e: e.get("type") == "b-t-f")
            peer.say(send=events.direct("PYTAK", "Pyta", "ANDROID-V", "V", "hello phone").decode())
            assert v.hear(type="b-t-f").remarks == "hello phone"
            for i in range(100):
                peer.say(send=events.track("many", lat=f"{i}.5").decode())
            a.hear(lambda e: e.uid == "many" and e.point["lat"] in ("99.5", "99.5000"))
            assert [float(e.point["lat"]) for e in a.all(uid="many")] == [i + 0.5 for i in range(100)]
            assert peer.process.poll() is None
        a.hear(lambda e: e.type == "t-x-d-d" and e.link == "PYTAK")
        assert not s.journal("event.refused"), s.journal("event.refused")


def test_pytak_over_tcp_as_xml():
    pytak(tls=False, proto=0)


def test_pytak_over_tcp_as_v1():
    pytak(tls=False, proto=1)


def test_pytak_over_tls_as_xml():
    pytak(tls=True, proto=0)


def test_pytak_over_tls_as_v1():
    pytak(tls=True, proto=1)


def feature(uid, callsign, **more):
    return {"id": uid, "type": "Feature", "path": "/", "properties": {"callsign": callsign, "type": "a-f-G-U-C",
            "how": "m-g", **more}, "geometry": {"type": "Point", "coordinates": [11.5, 48.123456, 520]}}


def test_node_tak_over_tls():
    folder = node_folder()
    with Server() as s:
        cloud = s.client("cloud")
        a, v = s.phone("A", "anna"), s.phone("V", v1=True)
        a.send(events.marker("before", "in the picture"))
        v.hear(uid="before")
        with Peer([os.environ.get("CORDON_NODE", "node"), "peer.mjs", str(s.tls_port), cloud.pem, cloud.key, cloud.ca],
                  cwd=folder) as peer:
            assert peer.wait(lambda line: "open" in line)["open"] is True
            assert peer.wait(lambda line: line.get("uid") == "before")["feature"]["properties"]["callsign"] == "before"
            peer.say(version=True)
            assert "Cordon" in (peer.wait(lambda line: "version" in line and line["version"])["version"])
            peer.say(feature=feature("cloud-1", "Cloud One",
                                     contact={"callsign": "Cloud One", "endpoint": "*:-1:stcp"}))
            for phone in (a, v):
                got = phone.hear(uid="cloud-1")
                assert got.one("contact").get("callsign") == "Cloud One"
                assert float(got.point["lat"]) == 48.123456
            a.send(events.position("ANDROID-A", "A", lat="48.75"))
            told = peer.wait(lambda line: line.get("uid") == "ANDROID-A" and line["feature"] and
                             line["feature"]["properties"]["center"][1] == 48.75)
            assert told["feature"]["properties"]["callsign"] == "A"
            v.send(events.v1_position("ANDROID-V", "V", lat=-1.25))
            peer.wait(lambda line: line.get("uid") == "ANDROID-V" and line["feature"] and
                      line["feature"]["properties"]["center"][1] == -1.25)
            peer.say(chat={"from": {"uid": "cloud-1", "callsign": "Cloud One"},
                           "to": {"uid": "ANDROID-A", "callsign": "A"}, "message": "from the cloud"})
            assert a.hear(type="b-t-f").remarks == "from the cloud"
            a.send(events.direct("ANDROID-A", "A", "cloud-1", "Cloud One", "to the cloud"),
                   events.emergency("ANDROID-A", "A"))
            chat = peer.wait(lambda line: line.get("type") == "b-t-f")
            assert chat["feature"]["properties"]["remarks"] == "to the cloud"
            peer.wait(lambda line: line.get("type") == "b-a-o-tbl")
            peer.say(feature=feature("raw", "R&D <1>"))  # it writes this raw: that event is lost, the line is not
            peer.say(feature=feature("behind", "fine"))
            a.hear(uid="behind")
            assert not a.has(uid="raw")
            s.wait_log("tak.refused", "cloud")
            for i in range(50):
                peer.say(feature=feature(f"many-{i}", f"M{i}"))
            for i in range(50):
                v.hear(uid=f"many-{i}")
            assert not any("problem" in line or "error" in line or "end" in line for line in peer.seen), peer.seen[-5:]
        s.wait_journal("client.left", lambda r: r["user"] == "cloud")


for _test in (test_pytak_over_tcp_as_xml, test_pytak_over_tcp_as_v1, test_pytak_over_tls_as_xml,
              test_pytak_over_tls_as_v1, test_node_tak_over_tls):
    _test.limit = 600
