"""A phone on a socket: sends bytes, cuts what it hears as strictly as was agreed.

XML until the server's t-x-takp-r says status="true", TAK protocol v1 from the
very next byte on.  In XML one event follows the other without a byte between
them; in v1 each unit is 0xBF, length, payload.  Anything else is an error of
the server and fails the test.

hear() reads until a match comes and keeps everything on the way in `heard`, in
order.  That somebody did not hear X is shown by a later Y of the same sender
that he did hear: hear(uid=Y), then has(uid=X) is False.
"""
import os
import select
import socket
import ssl
import time
import xml.etree.ElementTree as ElementTree

from takproto import decode, take_varint

PATIENCE = float(os.environ.get("CORDON_E2E_PATIENCE", "60"))
OUT_MAX = 60000
# What stands in fields of its own in v1, and the element that it is in XML.
TYPED = {"contact": ("contact", ("callsign", "endpoint")), "__group": ("group", ("name", "role")),
         "precisionlocation": ("precisionLocation", ("geopointsrc", "altsrc")), "status": ("status", ("battery",)),
         "takv": ("takv", ("device", "platform", "os", "version")), "track": ("track", ("speed", "course"))}


class Closed(Exception):
    """The server ended the connection."""


class Broken(AssertionError):
    """The server sent what was not agreed."""


class Heard:
    """One event as this phone got it."""

    def __init__(self, raw, form, index):
        self.raw, self.form, self.index = raw, form, index
        if form == "xml":
            root = self.root = ElementTree.fromstring(raw)
            self.attributes = dict(root.attrib)
            point = root.find("point")
            self.point = dict(point.attrib) if point is not None else None
            detail = root.find("detail")
            self.detail = detail if detail is not None else ElementTree.Element("detail")
            self.detail_text = raw
        else:
            message = self.message = decode(raw)
            if "cotEvent" not in message:
                raise Broken(f"a TakMessage without an event: {message}")
            values = message["cotEvent"]
            detail = values.get("detail", {})
            self.attributes = {"uid": values.get("uid", ""), "type": values.get("type", ""),
                               "how": values.get("how", "")}
            for name, field in (("time", "sendTime"), ("start", "startTime"), ("stale", "staleTime")):
                self.attributes[name] = values.get(field, 0)
            self.point = {k: values.get(k, 0.0) for k in ("lat", "lon", "hae", "ce", "le")}
            self.detail_text = detail.get("xmlDetail", "").encode()
            self.detail = ElementTree.fromstring(b"<detail>" + self.detail_text + b"</detail>")
            for tag, (field, names) in TYPED.items():
                if field in detail and self.detail.find(tag) is None:
                    values = {n: str(detail[field].get(n, 0 if n in ("battery", "speed", "course") else ""))
                              for n in names}
                    if tag == "contact" and not values["endpoint"]:
                        del values["endpoint"]
                    self.detail.append(ElementTree.Element(tag, values))
        self.uid, self.type = self.attributes.get("uid"), self.attributes.get("type")

    def one(self, path):
        found = self.detail.find(path)
        assert found is not None, f"{self} has no {path}: {self.raw[:600]!r}"
        return found

    @property
    def link(self):
        found = self.detail.find("link")
        return found.get("uid") if found is not None else None

    @property
    def remarks(self):
        return self.detail.findtext("remarks")

    @property
    def message_id(self):
        for tag in ("__chat", "__chatreceipt"):
            if self.detail.find(tag) is not None:
                return self.detail.find(tag).get("messageId")
        return None

    def __repr__(self):
        return f"<{self.index} {self.type} {self.uid}>"


def tls_context(client, version=None, ca=True):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if ca:
        context.load_verify_locations(client.ca)
    else:
        context.verify_mode = ssl.CERT_NONE
    if client.pem:
        context.load_cert_chain(client.pem, client.key)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


class Phone:
    def __init__(self, server, client=None, uid=None, callsign=None, tls=None, connect=True):
        self.server, self.client, self.uid, self.callsign, self.tls = server, client, uid, callsign, tls
        self.sock = None
        if connect:
            self.connect()

    # ---------------------------------------------------------- connection

    def connect(self, wait=True):
        """Opens the connection; wait: until the picture is here and v1 is offered."""
        self.form, self.buffer, self.heard, self.taken = "xml", b"", [], set()
        self.eof, self.started = False, 0
        port = self.server.tls_port if self.client else self.server.tcp_port
        raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.client:
            raw = tls_context(self.client, self.tls).wrap_socket(raw)
        self.sock = raw
        if wait:
            self.offer = self.hear(type="t-x-takp-v")
        return self

    def close(self):
        """As a phone goes: it says that it is done and leaves."""
        if self.sock:
            try:
                if isinstance(self.sock, ssl.SSLSocket):
                    self.sock = self.sock.unwrap()
            except (OSError, ValueError):
                pass
            self.sock.close()
        self.sock = None

    def vanish(self):
        """The battery is out: a reset, no goodbye."""
        if self.sock:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            os.close(self.sock.detach())
        self.sock = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.sock:
            self.sock.close()

    def send(self, *units):
        self.sock.settimeout(PATIENCE)
        try:
            self.sock.sendall(b"".join(units))
        except (BrokenPipeError, ConnectionError, ssl.SSLError) as problem:
            raise Closed(str(problem)) from problem
        return self

    def read_some(self, seconds):
        """Takes what is there; False when nothing came in that time."""
        if self.eof:
            raise Closed("the server closed the connection")
        pending = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
        if not pending and not select.select([self.sock], [], [], max(0.0, seconds))[0]:
            return False
        self.sock.settimeout(0.05)
        try:
            data = self.sock.recv(1 << 18)
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except ssl.SSLError as problem:
            raise Closed(str(problem)) from problem
        except ConnectionError as problem:
            self.eof = True
            raise Closed(str(problem)) from problem
        if not data:
            self.eof = True
            if self.buffer:
                raise Broken(f"the server closed inside a unit: {self.buffer[:200]!r}")
            raise Closed("the server closed the connection")
        self.buffer += data
        self.cut()
        return True

    # ------------------------------------------------------------- cutting

    def cut(self):
        while self.buffer:
            unit = self.cut_xml() if self.form == "xml" else self.cut_v1()
            if unit is None:
                return
            heard = Heard(unit, self.form, len(self.heard))
            self.heard.append(heard)
            if heard.type == "t-x-takp-r" and heard.one("TakControl/TakResponse").get("status") == "true":
                if self.form != "xml":
                    raise Broken("t-x-takp-r came in v1")
                self.form = "v1"

    def cut_xml(self):
        head = self.buffer[:7]
        if not b"<event ".startswith(head[:7]) and head[:6] != b"<event":
            raise Broken(f"{head!r} where an event has to begin: {self.buffer[:300]!r}")
        end = self.buffer.find(b"</event>", self.started)
        if end < 0:
            self.started = max(0, len(self.buffer) - 8)
            if len(self.buffer) > OUT_MAX:
                raise Broken("an event without an end")
            return None
        unit = self.buffer[:end + 8]  # at the first one, wherever it stands: as clients do
        try:
            ElementTree.fromstring(unit)
        except ElementTree.ParseError:
            raise Broken(f"not well-formed: {unit[:600]!r}") from None
        if len(unit) > OUT_MAX:
            raise Broken(f"an event of {len(unit)} bytes is more than a phone's buffer takes")
        self.buffer, self.started = self.buffer[len(unit):], 0
        return unit

    def cut_v1(self):
        if self.buffer[0] != 0xBF:
            raise Broken(f"{self.buffer[:16]!r} where a v1 unit has to begin")
        try:
            length, at = take_varint(self.buffer, 1)
        except ValueError:
            return None
        if length > OUT_MAX:
            raise Broken(f"a unit of {length} bytes is more than a phone's buffer takes")
        if len(self.buffer) < at + length:
            return None
        unit, self.buffer = self.buffer[at:at + length], self.buffer[at + length:]
        return unit

    # ------------------------------------------------------------- hearing

    @staticmethod
    def fits(event, match, want):
        return all(getattr(event, k) == v for k, v in want.items()) and (match is None or bool(match(event)))

    def hear(self, match=None, seconds=None, **want):
        """The next event that fits and was not asked for yet."""
        seconds = PATIENCE if seconds is None else seconds
        until = time.monotonic() + seconds
        at = 0
        while True:
            for at in range(at, len(self.heard)):
                if at not in self.taken and self.fits(self.heard[at], match, want):
                    self.taken.add(at)
                    return self.heard[at]
            at = len(self.heard)
            left = until - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{self.name} did not hear {want or match} within {seconds:g} s, but "
                                     f"{self.heard[-12:]}, buffer {self.buffer[:80]!r}")
            try:
                self.read_some(left)
            except Closed as problem:
                if at < len(self.heard):
                    continue
                raise Closed(f"{self.name} waits for {want or match}: {problem}; it heard {self.heard[-8:]}") from None

    def all(self, match=None, **want):
        return [e for e in self.heard if self.fits(e, match, want)]

    def has(self, match=None, **want):
        return bool(self.all(match, **want))

    def drain(self):
        """Takes what is there now, without waiting."""
        while self.read_some(0):
            pass
        return self

    def wait_closed(self, seconds=None):
        seconds = PATIENCE if seconds is None else seconds
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                self.read_some(until - time.monotonic())
            except Closed:
                return
        raise AssertionError(f"{self.name} was not closed within {seconds:g} s; it heard {self.heard[-5:]}")

    # ------------------------------------------------------------ manners

    @property
    def name(self):
        return self.callsign or self.uid or "a phone"

    def hello(self, **more):
        """Says who it is: a position in the form that it speaks."""
        import events
        make = events.v1_position if self.form == "v1" else events.position
        return self.send(make(self.uid, self.callsign, **more))

    def ping(self):
        """A ping and its answer: what was sent before it was taken by the server."""
        import events
        self.send(events.v1_ping(self.uid or "x") if self.form == "v1" else events.ping(self.uid or "x"))
        return self.hear(type="t-x-c-t-r")

    def negotiate(self, uid="asked-by-phone"):
        import events
        self.send(events.request(uid))
        answer = self.hear(type="t-x-takp-r")
        assert answer.uid == uid, f"the response has uid {answer.uid}, not that of the request"
        assert self.form == "v1"
        return self
