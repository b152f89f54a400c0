#!/usr/bin/env python3
"""Usage: web_walk.py PORT CODE ENROL DIR -- walks the web port as a browser and as a phone does, and the enrolment
port; exit 0 when all of it fits.

The server behind it has no accounts yet, one unit UNIT-1, an open emergency EMG-1, and a record that
answers. DIR has certificates of phones: EX-phone, EX-revoked, EX-unknown (not in the accounts), other/EX-foreign.
Standard library alone: the WebSocket is written out here, so that no client can mend what the
server gets wrong.
"""

import base64
import gzip
import http.client
import json
import os
import socket
import ssl
import struct
import sys
import time

PORT, CODE, ENROL, DIR = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"https://{HOST}"
TLS = ssl.create_default_context()
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE
state = {"cookie": "", "csrf": ""}


def check(what, got, want):
    """Ends the walk when it is something else."""
    if got != want:
        sys.exit(f"web_walk: {what}: got {got!r}, wanted {want!r}")


def call(method, path, body=None, **more):
    """Status, headers and the answer (JSON when it is JSON)."""
    c = http.client.HTTPSConnection("127.0.0.1", PORT, context=TLS, timeout=20)
    headers = {"Cookie": state["cookie"]} if state["cookie"] else {}
    if method == "POST":
        headers |= {"Content-Type": "application/json", "Origin": ORIGIN, "X-Cordon-CSRF": state["csrf"]}
    headers |= more
    raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    c.request(method, path, raw, {k: v for k, v in headers.items() if v is not None})
    r = c.getresponse()
    data = r.read()
    if r.getheader("Content-Encoding") == "gzip":
        data = gzip.decompress(data)
    c.close()
    kind = r.getheader("Content-Type") or ""
    return r.status, r.headers, json.loads(data) if "json" in kind else data


class Socket:
    """A WebSocket: text and binary messages, whole."""

    def __init__(self, cookie, origin=ORIGIN, path="/ws"):
        self.s = TLS.wrap_socket(socket.create_connection(("127.0.0.1", PORT), timeout=10))
        key = base64.b64encode(os.urandom(16)).decode()
        self.s.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Origin: {origin}\r\nCookie: {cookie}\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.data = b""
        head = b""
        while b"\r\n\r\n" not in self.data:
            more = self.s.recv(4096)
            if not more:
                break
            self.data += more
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        self.status = int(head.split()[1]) if head else 0

    def take(self, n):
        while len(self.data) < n:
            more = self.s.recv(65536)
            if not more:
                raise EOFError
            self.data += more
        out, self.data = self.data[:n], self.data[n:]
        return out

    def message(self):
        text, kind = b"", 0
        while True:
            a, b = self.take(2)
            n = b & 127
            if n == 126:
                n = struct.unpack(">H", self.take(2))[0]
            elif n == 127:
                n = struct.unpack(">Q", self.take(8))[0]
            piece = self.take(n)
            if a & 15 == 8:
                raise EOFError
            if a & 15 in (9, 10):
                continue
            kind = kind or a & 15
            text += piece
            if a & 128:
                return json.loads(text) if kind == 1 else text

    def say(self, value, opcode=1):
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        mask = os.urandom(4)
        head = bytes([128 | opcode])
        head += bytes([128 | len(text)]) if len(text) < 126 else bytes([128 | 126]) + struct.pack(">H", len(text))
        self.s.sendall(head + mask + bytes(c ^ mask[i % 4] for i, c in enumerate(text)))

    def until(self, kind):
        for _ in range(200):
            m = self.message()
            if kind == "binary" and isinstance(m, bytes):
                return m
            if isinstance(m, dict) and m["type"] == kind:
                return m
        sys.exit(f"web_walk: no message {kind}")


def who(session):
    """Name, first role, and whether the roles of a first evening are there."""
    o = session.get("operator") or {}
    roles = o.get("roles", [])
    small = {"administrator", "commander", "operations", "medical", "casualty-officer", "family-liaison", "loggist"}
    return o.get("name"), o.get("role"), small <= set(roles) and roles[:1] == [o.get("role")]


def walk_setup():
    status, _, session = call("GET", "/api/session")
    check("session before setup", (status, session["needs_setup"], session["operator"]), (200, True, None))
    account = {"code": "AAAA-AAAA-AAAA", "name": "amina", "password": "correct horse battery"}
    check("wrong code", call("POST", "/api/setup", account)[0], 403)
    account["code"] = CODE.lower()
    check("foreign origin", call("POST", "/api/setup", account, Origin="https://evil.example")[0], 403)
    check("no JSON type", call("POST", "/api/setup", account, **{"Content-Type": "text/plain"})[0], 415)
    check("short password", call("POST", "/api/setup", account | {"password": "short"})[0], 400)
    status, headers, session = call("POST", "/api/setup", account)
    check("setup", (status, who(session)), (200, ("amina", "administrator", True)))
    for word in ("__Host-cordon=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        check("cookie has " + word, word in headers["Set-Cookie"], True)
    check("setup works once", call("POST", "/api/setup", account)[0], 409)


def walk_login():
    check("needs a session", call("GET", "/api/events")[0], 401)
    wrong = call("POST", "/api/login", {"name": "amina", "password": "wrong"})
    unknown = call("POST", "/api/login", {"name": "nobody", "password": "wrong"})
    check("wrong and unknown are alike", (wrong[0], wrong[2]), (unknown[0], unknown[2]))
    check("wrong password", wrong[0], 401)
    status, headers, session = call("POST", "/api/login", {"name": "amina", "password": "correct horse battery"})
    check("login", status, 200)
    state["cookie"] = headers["Set-Cookie"].split(";")[0]
    state["csrf"] = session["csrf"]
    status, _, session = call("GET", "/api/session")
    check("session", (who(session), session["csrf"]), (("amina", "administrator", True), state["csrf"]))


def walk_http():
    check("not found", call("GET", "/api/nothing")[0], 404)
    status, headers, problem = call("DELETE", "/api/events")
    check("wrong method", (status, headers["Allow"], problem["status"]), (405, "GET, HEAD", 405))
    check("too long", call("POST", "/api/chat", b"x" * 70000)[0], 413)
    check("no JSON", call("POST", "/api/chat", b"{")[0], 400)
    check("no token", call("POST", "/api/chat", {}, **{"X-Cordon-CSRF": None})[0], 403)
    check("healthz", call("GET", "/healthz")[0], 200)
    status, _, text = call("GET", "/metrics")
    check("metrics", (status, b"cordon_units{kind=\"presence\"} 1" in text), (200, True))
    check("maps", call("GET", "/api/maps")[0], 200)
    check("no map", call("GET", "/t/nothing/1/1/1")[0], 404)
    check("bad tile", call("GET", "/t/nothing/a/1/1")[0], 400)
    check("bad limit", call("GET", "/api/events?limit=5000")[0], 400)
    status, _, answer = call("GET", "/api/events?after=0&limit=10&kinds=operator.made")
    check("events", (status, [e.get("kind", e) for e in answer.get("events", [answer])]), (200, ["operator.made"]))
    check("CSP", "frame-ancestors 'none'" in call("GET", "/healthz")[1]["Content-Security-Policy"], True)


def walk_socket():
    check("a socket needs the cookie", Socket("").status == 101, False)
    check("and the origin", Socket(state["cookie"], "https://evil.example").status == 101, False)
    ws = Socket(state["cookie"])
    check("upgrade", ws.status, 101)
    ws.say({"type": "hello", "protocol": 1, "after": None})
    snapshot = ws.message()
    check("first message", snapshot["type"], "snapshot")
    check("units", [u["uid"] for u in snapshot["units"]], ["UNIT-1"])
    unit = snapshot["units"][0]
    check("unit", (unit["callsign"], unit["battery"], unit["team"], unit["lat"]), ("ALPHA", 77, "Cyan", 30.5))
    check("emergencies", [e["uid"] for e in snapshot["emergencies"]], ["EMG-1"])
    check("prev chain", all(b["prev"] == a["seq"] for a, b in zip(snapshot["events"], snapshot["events"][1:])), True)
    check("seq", snapshot["events"][-1]["seq"], snapshot["seq"])
    chat = {"id": "7b1f3c52-0d2f-4b43-9d19-1f0c8d1f3a11", "to": "all", "text": "Sabko <salaam> & \u0633\u0644\u0627\u0645"}
    status, _, answer = call("POST", "/api/chat", chat)
    check("chat", (status, answer["seq"] > snapshot["seq"]), (200, True))
    check("chat again", call("POST", "/api/chat", chat)[2], answer)
    event = ws.until("event")["event"]
    check("event", (event["seq"], event["kind"], event["data"]["text"]), (answer["seq"], "chat.said", chat["text"]))
    check("event's prev", event["prev"], snapshot["seq"])
    check("operator", (event["data"]["operator"], event["data"]["direct"]), ("amina", False))
    check("to nobody", call("POST", "/api/chat", chat | {"to": "NOBODY", "id": "other-id-1"})[0], 404)
    status, _, answer = call("POST", "/api/emergencies/EMG-1/acknowledge", {"id": "ack-00000001"})
    check("acknowledge", status, 200)
    event = ws.until("event")["event"]
    check("acknowledged", (event["kind"], event["data"]), ("emergency.acknowledged", {"uid": "EMG-1", "by": "amina"}))
    again = Socket(state["cookie"])
    again.say({"type": "hello", "protocol": 1, "after": snapshot["seq"]})
    resumed = again.message()
    check("resumed", [e["seq"] for e in resumed["events"]][0] > snapshot["seq"], True)
    check("resumed prev", resumed["events"][0]["prev"], snapshot["seq"])
    check("acknowledged by", resumed["emergencies"][0]["acknowledged_by"], "amina")
    frame = ws.until("binary")
    kind, version, size, count, _ = struct.unpack_from("<BBHIq", frame)
    check("frame", (kind, version, size, count), (1, 1, 20, 1))
    n, lat, lon, course, speed, ce, floor, _ = struct.unpack_from("<IiiHHBbH", frame, 16)
    check("record", (n, lat, lon, course, speed, ce, floor), (unit["n"], 305000000, 720000000, 9000, 150, 5, -128))
    return ws


def walk_slow():
    """A head that never ends is not awaited for ever."""
    s = TLS.wrap_socket(socket.create_connection(("127.0.0.1", PORT), timeout=30))
    s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    began = time.monotonic()
    try:
        while s.recv(4096):
            pass
    except OSError:
        pass
    check("closed in time", time.monotonic() - began < 25, True)


PASSWORD = "correct horse battery"


def as_somebody(name):
    """Signs in beside the administrator; his cookie and token."""
    kept = dict(state)
    status, headers, session = call("POST", "/api/login", {"name": name, "password": PASSWORD})
    check(f"login of {name}", status, 200)
    mine = {"cookie": headers["Set-Cookie"].split(";")[0], "csrf": session["csrf"]}
    state.update(kept)
    return mine


def ended(ws):
    """Whether the server closes it."""
    try:
        while True:
            ws.message()
    except (EOFError, OSError):
        return True


def walk_roles():
    """Who is not an administrator, over real sessions: made, let in, refused, put out."""
    for role in ("commander", "observer", "medical"):
        account = {"id": f"make-{role}", "name": f"EX-{role}", "password": PASSWORD, "roles": [role], "agency": "EX-1"}
        check(f"make {role}", call("POST", "/api/operators", account)[0], 200)
    names = [o["name"] for o in call("GET", "/api/operators")[2]["operators"]]
    check("operators", sorted(names), ["EX-commander", "EX-medical", "EX-observer", "amina"])
    chat = {"id": "walk-chat-1", "to": "all", "text": "EX"}
    for role, may_chat, may_see in (("commander", 200, 200), ("observer", 403, 403), ("medical", 200, 200)):
        admin = dict(state)
        state.update(as_somebody(f"EX-{role}"))
        check(f"{role}: operators", call("GET", "/api/operators")[0], 403)
        check(f"{role}: chat", call("POST", "/api/chat", chat | {"id": f"walk-{role}"})[0], may_chat)
        check(f"{role}: events", call("GET", "/api/events")[0], may_see)
        ws = Socket(state["cookie"])
        ws.say({"type": "hello", "protocol": 1, "after": None})
        units = [u["uid"] for u in ws.message()["units"]]
        check(f"{role}: units", units, ["UNIT-1"] if may_see == 200 else [])
        mine = dict(state)
        state.update(admin)
        change = {"id": f"out-{role}", "disabled": True}
        check(f"{role}: out", call("POST", f"/api/operators/EX-{role}/change", change)[0], 200)
        check(f"{role}: socket closed", ended(ws), True)
        state.update(mine)
        check(f"{role}: session ended", call("GET", "/api/maps")[0], 401)
        state.update(admin)


def walk_end(ws):
    check("logout", call("POST", "/api/logout", {})[0], 204)
    check("after logout", call("GET", "/api/clients")[0], 401)
    try:
        while True:
            ws.message()
    except (EOFError, OSError):
        pass
    for i in range(8):
        status, headers, _ = call("POST", "/api/login", {"name": "amina", "password": f"wrong {i}"})
        if status == 429:
            check("retry after", int(headers["Retry-After"]) > 0, True)
            return
    sys.exit("web_walk: wrong passwords are never slowed down")


def tls_of(name):
    """As a phone with this certificate; None: without one."""
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    if name:
        own = f"{DIR}/{name}/{name.split('/')[-1]}"
        tls.load_cert_chain(own + ".pem", own + ".key")
    return tls


def phone(name, method, path, body=None, port=PORT, **headers):
    """Status, headers and JSON or bytes."""
    c = http.client.HTTPSConnection("127.0.0.1", port, context=tls_of(name), timeout=20)
    c.request(method, path, body, headers)
    r = c.getresponse()
    data = r.read()
    c.close()
    return r.status, r.headers, json.loads(data) if data and "json" in r.getheader("Content-Type") else data


def raw(text, name=None, port=PORT):
    """The first bytes that come back for these."""
    with tls_of(name).wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10)) as s:
        s.sendall(text)
        return s.recv(65536)


def walk_phones():
    """8443 asks for a certificate: who has a good one is a TAK client, who has none is a browser."""
    version = "/Marti/api/version/config"
    status, headers, answer = phone("EX-phone", "GET", version)
    check("version", (status, headers["Content-Type"], answer["type"]), (200, "application/json", "ServerConfig"))
    check("no certificate", phone(None, "GET", version)[0], 401)
    for name, words in (("EX-revoked", "was revoked"), ("EX-unknown", "not issued"), ("other/EX-foreign", "authority")):
        status, headers, answer = phone(name, "GET", version)
        check(f"{name}: refused", (status, headers["Content-Type"]), (403, "application/json"))
        check(f"{name}: {answer['data']}", words in answer["data"], True)
        check(f"{name}: the page all the same", phone(name, "GET", "/healthz")[0], 200)
    check("a certificate is no session", phone("EX-phone", "GET", "/api/maps")[0], 401)
    check("head", phone("EX-phone", "HEAD", version)[0], 200)
    status, headers, _ = phone("EX-phone", "OPTIONS", version)
    check("options", (status, headers["Allow"]), (204, "GET, HEAD"))
    status, headers, _ = phone("EX-phone", "PUT", version, b"x")
    check("put", (status, headers["Allow"]), (405, "GET, HEAD"))
    check("delete", phone("EX-phone", "DELETE", version)[0], 405)
    check("no such call", phone("EX-phone", "GET", "/Marti/api/nothing")[0], 404)
    check("enrolment has its own calls", phone(None, "GET", version, port=ENROL)[0], 404)
    check("and no page", phone(None, "GET", "/", port=ENROL)[0], 404)


def walk_bytes():
    """What libraries do not send by themselves."""
    head = f"Host: {HOST}\r\n".encode()
    put = raw(b"PUT /Marti/api/version HTTP/1.1\r\n" + head + b"\r\n", "EX-phone")
    check("PUT without a length", (b" 405 " in put, b"connection: close" in put), (True, True))
    want = b"POST /api/login HTTP/1.1\r\n" + head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    check("leave to send", raw(want)[:25], b"HTTP/1.1 100 Continue\r\n\r\n")
    long = b"PUT /Marti/api/version HTTP/1.1\r\n" + head + b"Expect: 100-continue\r\nContent-Length: 90000000\r\n\r\n"
    check("none for what is refused", b" 413 " in raw(long, "EX-phone"), True)
    chunks = b"POST /api/login HTTP/1.1\r\n" + head + b"Content-Type: application/json\r\n" \
             b"Transfer-Encoding: chunked\r\n\r\n"
    login = json.dumps({"name": "amina", "password": "correct horse battery"}).encode()
    parts = b"".join(b"%x\r\n%s\r\n" % (len(login[i:i + 7]), login[i:i + 7]) for i in range(0, len(login), 7))
    answer = raw(chunks + parts + b"0\r\n\r\n")
    check("chunks", (b" 200 " in answer, b"connection: close" in answer), (True, True))
    check("no chunks", b" 400 " in raw(chunks + b"hello"), True)
    check("too many chunks", b" 413 " in raw(chunks + (b"8000\r\n" + bytes(32768) + b"\r\n") * 3), True)
    kinds = "/api/events?limit=1&kinds="
    check("& in a value", call("GET", kinds + "chat.said%26x")[2]["detail"], 'There is no kind of entry "chat.said&x".')
    check("NUL in a path", b" 400 " in raw(b"GET /%00ab HTTP/1.1\r\n" + head + b"\r\n"), True)
    check("%41 is A", phone("EX-phone", "GET", "/M%61rti/api/version")[0], 200)


def walk_many():
    """A hundred phones behind one address, and a browser beside them."""
    tls, many = tls_of("EX-phone"), []
    ask = f"GET /Marti/api/version HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    for _ in range(100):
        many.append(tls.wrap_socket(socket.create_connection(("127.0.0.1", PORT), timeout=10)))
        many[-1].sendall(ask)
        check("one of many", b" 200 " in many[-1].recv(4096), True)
    check("a browser beside them", call("GET", "/healthz")[0], 200)
    for s in many:
        s.close()


walk_setup()
walk_login()
walk_phones()
walk_bytes()
walk_many()
walk_http()
ws = walk_socket()
walk_roles()
walk_slow()
walk_end(ws)
print("web_walk: all fits")
