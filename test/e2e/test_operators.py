"""Operators from the command line, beside a running server: what they may at once, and what the record has."""
import http.client
import json
import ssl

from server import Server, free_ports, eventually


class Browser:
    """Calls of one page."""

    def __init__(self, port):
        self.port, self.cookie = port, ""

    def call(self, method, path, body=None):
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        c = http.client.HTTPSConnection("127.0.0.1", self.port, context=tls, timeout=30)
        headers = {"Content-Type": "application/json"} | ({"Cookie": self.cookie} if self.cookie else {})
        c.request(method, path, json.dumps(body) if body is not None else None, headers)
        r = c.getresponse()
        data = r.read()
        self.cookie = (r.getheader("Set-Cookie") or self.cookie).split(";")[0]
        c.close()
        return r.status, json.loads(data) if data else None

    def login(self, name, password):
        return self.call("POST", "/api/login", {"name": name, "password": password})


def password_of(done):
    return next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("password "))


def test_command_line():
    port = free_ports(1)[0]
    with Server("--web", str(port), start=False) as s:
        assert "administrator" in s.command("operator", "EX-log", "--roles", "loggist", ok=False).stderr
        boss = password_of(s.command("operator", "EX-boss", "--roles", "administrator,commander"))
        log = password_of(s.command("operator", "EX-log", "--roles", "loggist", "--agency", "EX-police"))
        s.start()
        made = eventually("both are in the record", lambda: len(s.journal("operator.made")) == 2 and s.journal("operator.made"))
        assert [(r["name"], r["sub_type"], r["by"]) for r in made] == [
            ("EX-boss", "administrator,commander", "command line"), ("EX-log", "loggist", "command line")]
        page = Browser(port)
        status, session = page.login("EX-log", log)
        assert (status, session["operator"]["roles"], session["operator"]["agency"]) == (200, ["loggist"], "EX-police")
        assert page.call("GET", "/api/operators")[0] == 403
        # More than before: the session goes on. Less: it has ended by the time the command is done.
        s.command("operator", "EX-log", "--roles", "loggist,medical")
        assert page.call("GET", "/api/session")[1]["operator"]["roles"] == ["loggist", "medical"]
        s.command("operator", "EX-log", "--roles", "medical")
        assert page.call("GET", "/api/session")[1]["operator"] is None
        s.command("operator", "EX-log", "--disable")
        assert page.login("EX-log", log)[0] == 401
        new = password_of(s.command("operator", "EX-log", "--enable", "--password"))
        assert page.login("EX-log", log)[0] == 401 and page.login("EX-log", new)[0] == 200
        for words in (("--disable",), ("--roles", "commander"), ("--roles", "emperor"), ("--roles", "system"), ()):
            assert s.command("operator", "EX-boss", *words, ok=False).returncode == 1, words
        assert Browser(port).login("EX-boss", boss)[0] == 200
        changed = eventually("four changes are in the record",
                             lambda: len(s.journal("operator.changed")) == 4 and s.journal("operator.changed"))
        assert [r.many("changed") for r in changed] == [["roles"], ["roles"], ["disabled"], ["enabled", "password"]]
        s.stop()
        s.start()
        s.stop()  # what is in the record is not written twice
        assert (len(s.journal("operator.made")), len(s.journal("operator.changed"))) == (2, 4)
        s.verify()
