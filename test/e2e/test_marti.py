"""The API of TAK clients over TLS: who may, what each hears, what was, tokens, videos; and CloudTAK's library at it."""
import http.client
import io
import json
import os
import re
import shutil
import subprocess
import urllib.parse
import zipfile

import events
from page import trust
from phone import PATIENCE, tls_context
from server import HERE, Server, eventually, free_ports
from test_clients import node_folder


class Marti:
    """The HTTP side of a TAK client; without a package it has no certificate."""

    def __init__(self, port, client=None, token=None):
        self.port, self.client, self.token = port, client, token

    def ask(self, method, path, body=None, **head):
        context = tls_context(self.client) if self.client else trust()
        link = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=PATIENCE)
        if self.token:
            head["Authorization"] = f"Bearer {self.token}"
        link.request(method, path, body, {k.replace("_", "-"): v for k, v in head.items()})
        reply = link.getresponse()
        reply.text = reply.read()
        link.close()
        return reply

    def json(self, path):
        reply = self.ask("GET", path)
        assert reply.status == 200, (reply.status, reply.text)
        assert reply.getheader("Content-Type") == "application/json", reply.getheader("Content-Type")
        return json.loads(reply.text)

    def text(self, path):
        reply = self.ask("GET", path)
        assert reply.status == 200, (reply.status, reply.text)
        return reply.text.decode()

    def status(self, path, method="GET", body=None):
        return self.ask(method, path, body).status


class With:
    """A server with both of its web ports, and clients of two groups."""

    def __init__(self):
        self.port, self.enrol = free_ports(2)
        self.server = Server(web=self.port, enrol=self.enrol)
        self.fire = self.server.client("EX-f", "EX-fire")
        self.police = self.server.client("EX-p", "EX-police")

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return self.server.__exit__(*problem)

    def marti(self, client):
        return Marti(self.port, client)


def test_who_is_there():
    with With() as w:
        a = w.server.phone("ENGINE 1", w.fire, uid="EX-F1")
        w.server.phone("RGR-3", w.police, uid="EX-P1")
        fire, police = w.marti(w.fire), w.marti(w.police)
        rows = eventually("the unit is listed", lambda: [
            r for r in fire.json("/Marti/api/clientEndPoints")["data"] if r["uid"] == "EX-F1"])
        assert rows[0]["callsign"] == "ENGINE 1" and rows[0]["lastStatus"] == "Connected", rows
        assert rows[0]["username"] == "EX-f" and rows[0]["team"] == "Cyan", rows
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", rows[0]["lastEventTime"])
        assert all(r["callsign"] and r["uid"] for r in fire.json("/Marti/api/clientEndPoints")["data"])
        assert "EX-P1" not in fire.text("/Marti/api/clientEndPoints")
        assert "EX-F1" not in police.text("/Marti/api/contacts/all")
        assert [c["uid"] for c in police.json("/Marti/api/contacts/all") if c["uid"].startswith("EX")] == ["EX-P1"]
        row, = fire.json("/Marti/api/subscriptions/all")["data"]
        assert row["clientUid"] == "EX-F1" and row["username"] == "EX-f" and row["groups"][0]["name"] == "EX-fire", row
        eventually("its connection is told", lambda: [
            r["protocol"] for r in fire.json("/Marti/api/subscriptions/all")["data"]] == ["tls"])
        a.close()
        eventually("it is gone, and still known", lambda: [
            r["lastStatus"] for r in fire.json("/Marti/api/clientEndPoints")["data"] if r["uid"] == "EX-F1"] == [
                "Disconnected"])
        assert "EX-F1" not in fire.text("/Marti/api/contacts/all")
        w.server.stop().start()
        eventually("and over a restart", lambda: "EX-F1" in fire.text("/Marti/api/clientEndPoints"))


def test_who_may():
    with With() as w, Server() as other:
        stranger = other.client("EX-f", "EX-fire")
        stranger.ca = w.fire.ca
        list_ = "/Marti/api/contacts/all"
        assert w.marti(w.fire).status(list_) == 200
        assert Marti(w.port).status(list_) == 401
        foreign = Marti(w.port, stranger).ask("GET", list_)
        assert foreign.status == 403 and b"authority" in foreign.text, foreign.text
        assert Marti(w.port, stranger).status("/healthz") == 200  # the page is there for everybody
        assert Marti(w.enrol).status(list_) == 404
        assert w.marti(w.fire).status("/api/clients") == 401  # a certificate is no session
        w.server.command("revoke", "EX-f")
        eventually("revoked", lambda: w.marti(w.fire).status(list_) == 403)
        w.server.command("user", "EX-p", "--disable")
        eventually("disabled", lambda: w.marti(w.police).status(list_) == 403)


def test_a_revoked_connection_is_closed():
    with With() as w:
        link = http.client.HTTPSConnection("127.0.0.1", w.port, context=tls_context(w.fire), timeout=PATIENCE)
        link.request("GET", "/Marti/api/version")
        assert link.getresponse().read().startswith(b"TAK Server")
        w.server.command("revoke", "EX-f")
        w.server.wait_log("web.forgotten")
        assert link.sock.recv(100) == b""
        link.close()


def test_what_was():
    with With() as w:
        phone = w.server.phone("ENGINE 1", w.fire, uid="EX-F1")
        fire, police = w.marti(w.fire), w.marti(w.police)
        began = events.stamp(-60)
        phone.send(events.marker("EX-MARK", "one"))
        phone.send(events.position("EX-F1", "ENGINE 1", lat="48.2"))
        w.server.wait_journal("object.put")
        phone.send(events.marker("EX-MARK", "two & three"))
        eventually("both are in the record", lambda: len(w.server.journal("object.put")) == 2)
        latest = eventually("the latest", lambda: "two &amp; three" in fire.text("/Marti/api/cot/xml/EX-MARK"))
        assert latest and fire.text("/Marti/api/cot/xml/EX-MARK/all").count("<event ") == 2
        assert police.status("/Marti/api/cot/xml/EX-MARK") == 404
        assert police.text("/Marti/api/cot/xml/EX-MARK/all").count("<event ") == 0
        span = urllib.parse.urlencode({"start": began, "end": events.stamp(60)})
        track = eventually("a position is on the disk", lambda: re.search(
            r'lat="48\.20*"', fire.text(f"/Marti/api/cot/xml/EX-F1/all?{span}")))
        assert track
        assert "EX-F1" not in police.text(f"/Marti/api/cot/sa?{span}")
        assert "EX-F1" in fire.text(f"/Marti/api/cot/sa?{span}&left=11&right=12&bottom=48&top=49")
        assert "EX-F1" not in fire.text(f"/Marti/api/cot/sa?{span}&left=12&right=13&bottom=48&top=49")
        assert fire.status("/Marti/api/cot/sa?start=yesterday") == 400
        form = urllib.parse.urlencode({"startTime": began, "endTime": events.stamp(60), "format": "kmz"})
        kmz = fire.ask("POST", "/Marti/TracksKML", form, Content_Type="application/x-www-form-urlencoded")
        assert kmz.status == 200 and kmz.getheader("Content-Type") == "application/vnd.google-earth.kmz"
        with zipfile.ZipFile(io.BytesIO(kmz.text)) as z:
            kml = z.read("doc.kml").decode()
        assert "<gx:coord>" in kml and "ENGINE 1" in kml
        assert "ENGINE 1" not in police.text("/Marti/LatestKML") and "ENGINE 1" in fire.text("/Marti/LatestKML")


def test_an_emergency_is_ended():
    with With() as w:
        phone = w.server.phone("ENGINE 1", w.fire, uid="EX-F1")
        chief = w.marti(w.server.client("EX-chief", "EX-fire"))
        phone.send(events.event("EX-F1-9-1-1", "b-a-o-tbl", '<contact callsign="ENGINE 1-Alert"/>'
                                '<emergency type="911 Alert">ENGINE 1</emergency>'))
        row, = eventually("it is listed", lambda: chief.json("/Marti/api/repeater/list")["data"])
        assert row["uid"] == "EX-F1-9-1-1" and row["repeatType"] == "911 Alert" and "<event" in row["xml"], row
        assert w.marti(w.police).json("/Marti/api/repeater/list")["data"] == []
        assert w.marti(w.police).status("/Marti/api/repeater/remove/EX-F1-9-1-1") == 404
        assert chief.status("/Marti/api/repeater/remove/EX-F1-9-1-1") == 200
        assert w.server.wait_journal("emergency.acknowledged")["by"] == "EX-chief"
        assert len(chief.json("/Marti/api/repeater/list")["data"]) == 1
        assert w.marti(w.fire).status("/Marti/api/repeater/remove/EX-F1-9-1-1") == 200
        phone.hear(type="b-a-o-can")
        assert chief.json("/Marti/api/repeater/list")["data"] == []
        w.server.verify()


def password_of(server, name):
    return re.search(r"password[^:]*:? (\S+)", server.command("user", name, "--password").stdout).group(1)


def test_tokens():
    with With() as w:
        password = password_of(w.server, "EX-f")
        form = urllib.parse.urlencode({"grant_type": "password", "username": "EX-f", "password": password})
        for door in (w.port, w.enrol):
            reply = Marti(door).ask("POST", f"/oauth/token?{form}")
            assert reply.status == 200 and reply.getheader("Content-Type") == "application/json", reply.text
        token = json.loads(reply.text)["access_token"]
        bearer = Marti(w.port, token=token)
        assert bearer.status("/Marti/api/contacts/all") == 200
        assert Marti(w.port, token=token[:-2] + "AA").status("/Marti/api/contacts/all") == 403
        wrong = Marti(w.port).ask("POST", "/oauth/token", form.replace(password, "wrong"),
                                  Content_Type="application/x-www-form-urlencoded")
        assert wrong.status == 401 and json.loads(wrong.text)["error"] == "invalid_grant", wrong.text
        assert password not in w.server.log_text() and token not in w.server.log_text()
        assert bearer.status("/Marti/api/logout", "POST") == 204
        assert bearer.status("/Marti/api/contacts/all") == 403


def test_the_description():
    with With() as w:
        calls = w.marti(None).json("/api/marti-openapi.json")
        assert "get" in calls["paths"]["/Marti/api/version/config"]


def test_node_tak():
    folder = node_folder()
    shutil.copy(os.path.join(HERE, "node", "marti.mjs"), folder)
    with With() as w:
        phone = w.server.phone("ENGINE 1", w.fire, uid="EX-F1")
        phone.send(events.marker("EX-MARK", "one"))
        w.server.wait_journal("object.put")
        eventually("it is on the map", lambda: w.marti(w.fire).status("/Marti/api/cot/xml/EX-MARK") == 200)
        password = password_of(w.server, "EX-f")
        done = subprocess.run([os.environ.get("CORDON_NODE", "node"), "marti.mjs", str(w.port), w.fire.pem, w.fire.key, "EX-f",
                               password], cwd=folder, capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, NODE_TLS_REJECT_UNAUTHORIZED="0"))
        told = {x["name"]: x["value"] for x in map(json.loads, done.stdout.splitlines())}
        assert done.returncode == 0, f"{told} {done.stderr[-2000:]}"
        assert [c["callsign"] for c in told["contacts"] if c["uid"] == "EX-F1"] == ["ENGINE 1"], told["contacts"]
        assert [c["uid"] for c in told["clients"]["data"]] == ["EX-F1"], told["clients"]
        assert told["subscriptions"]["data"][0]["clientUid"] == "EX-F1", told["subscriptions"]
        assert told["iconsets"]["data"] == told["injectors"]["data"] == told["repeater"]["data"] == []
        assert told["config"]["uploadSizeLimit"] > 0
        assert "EX-MARK" in told["single"] and told["feature"]["id"] == "EX-MARK" and told["history"] == ["EX-MARK"]
        assert told["video"]["feeds"][0]["url"] == "rtsp://192.0.2.9:554/roof", told["video"]
        assert len(told["videos"]["videoConnections"]) == 1 and told["changed"] == "EX camera 2"
        assert told["none"]["videoConnections"] == [] and told["export"] == "PK"
        assert told["login"]["sub"] == "EX-f" and told["login"]["exp"] > told["login"]["iat"], told["login"]
        assert told["with token"] > 0 and "incorrect" in told["wrong"], told
