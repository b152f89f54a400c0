"""The page's side of the web port: sessions, commands, views, the WebSocket."""
import base64
import http.client
import json
import os
import re
import ssl
import struct
import urllib.parse
import uuid

from phone import PATIENCE
from server import eventually, free_ports

PASSWORD = "an exercise only"


class Refused(Exception):
    """A problem as the server says it."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem}")
        self.status, self.problem = status, problem
        self.detail, self.field = problem.get("detail", ""), problem.get("field")


def trust():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what the page shows is tested here, not its certificate
    return context


class Page:
    """An operator at a browser. The first one sets the server up by its code."""

    def __init__(self, server, port, name="EX operator", password=PASSWORD):
        self.server, self.port, self.name, self.cookie, self.csrf = server, port, name, "", ""
        session = self.get("/api/session")
        if session["needs_setup"]:
            code = next(re.search(r"setup code: (\S+)", line).group(1) for line in server.lines if "setup code:" in line)
            session = self.post("/api/setup", code=code, name=name, password=password)
        else:
            session = self.post("/api/login", name=name, password=password)
        self.csrf = session["csrf"]

    def ask(self, method, path, body=None, kind="application/json"):
        link = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust(), timeout=PATIENCE)
        head = {"Host": f"127.0.0.1:{self.port}"}
        if self.cookie:
            head["Cookie"] = self.cookie
        if body is not None:
            head |= {"Content-Type": kind, "X-Cordon-CSRF": self.csrf}
        link.request(method, path, body, head)
        reply = link.getresponse()
        text = reply.read()
        cookie = reply.getheader("Set-Cookie")
        if cookie:
            self.cookie = cookie.split(";")[0]
        link.close()
        return reply.status, text

    def read(self, method, path, body=None):
        status, text = self.ask(method, path, body)
        answer = json.loads(text) if text else {}
        if status >= 300:
            raise Refused(status, answer)
        return answer

    def get(self, path, **query):
        asked = "?" + urllib.parse.urlencode(query) if query else ""
        return self.read("GET", path + asked)

    def post(self, path, **body):
        return self.read("POST", path, json.dumps(body))

    # ------------------------------------------------------------ incident

    def open(self, name="EX drill", incident="EX-1", exercise=True, **fields):
        fields = {"name": name, "type": "complex-attack"} | fields | ({"exercise": True} if exercise else {})
        return self.post("/api/incidents", id=str(uuid.uuid4()), kind="incident.opened", incident=incident, fields=fields)

    def say(self, kind, /, ticket=None, incident="EX-1", **fields):
        return self.post(f"/api/incidents/{incident}/commands", id=ticket or str(uuid.uuid4()), kind=kind, fields=fields)

    def no(self, kind, /, incident="EX-1", **fields):
        """The refusal of a command that must be refused."""
        try:
            done = self.say(kind, incident=incident, **fields)
        except Refused as why:
            return why
        raise AssertionError(f"{kind} was not refused: {done}")

    def view(self, name, incident="EX-1", **query):
        return self.get(f"/api/incidents/{incident}/views/{name}", **query)

    def state(self, incident="EX-1", **query):
        return self.get(f"/api/incidents/{incident}/state", **query)

    def entities(self, kind, /, incident="EX-1", **query):
        return {e["id"]: e["fields"] for e in self.state(incident, kinds=kind, **query)["entities"]}

    def socket(self, after=None):
        return Socket(self, after)


class Socket:
    """The WebSocket of a page (RFC 6455): what it was told so far."""

    def __init__(self, page, after):
        key = base64.b64encode(os.urandom(16)).decode()
        raw = __import__("socket").create_connection(("127.0.0.1", page.port), PATIENCE)
        self.link = trust().wrap_socket(raw)
        self.link.sendall((f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                           f"Origin: https://127.0.0.1:{page.port}\r\nCookie: {page.cookie}\r\n\r\n").encode())
        self.bytes = b""
        while b"\r\n\r\n" not in self.bytes:
            self.bytes += self._more()
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        assert b" 101 " in head.split(b"\r\n")[0], head
        self.heard = []
        self._send(json.dumps({"type": "hello", "protocol": 1, "after": after}).encode())

    def _more(self):
        got = self.link.recv(65536)
        if not got:
            raise ConnectionError("the server closed the WebSocket")
        return got

    def _send(self, text):
        mask = os.urandom(4)
        assert len(text) < 126
        self.link.sendall(bytes([0x81, 0x80 | len(text)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(text)))

    def _take(self, count):
        while len(self.bytes) < count:
            self.bytes += self._more()
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def next(self):
        """The next text message, whole."""
        text = b""
        while True:
            first, second = self._take(2)
            size = second & 127
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            body = self._take(size)
            if first & 15 in (2, 9, 10):
                continue
            if first & 15 == 8:
                raise ConnectionError(f"closed: {body}")
            text += body
            if first & 0x80:
                break
        if not text.startswith(b"{"):
            return self.next()  # the end of a binary message in parts
        self.heard.append(json.loads(text))
        return self.heard[-1]

    def until(self, check):
        """The first message that fits, those heard before included."""
        for message in self.heard:
            if check(message):
                return message
        while True:
            message = self.next()
            if check(message):
                return message


def page_port():
    return free_ports(1)[0]


def wait_page(server, port, **who):
    """A page once the web port answers."""
    def there():
        try:
            return Page(server, port, **who)
        except (ConnectionError, OSError):
            return None
    return eventually("the page answers", there)
