"""Missions (Data Sync): nothing that was put into one is lost, and nobody hears of one who must not."""
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import urllib.parse
import zipfile

import events
from phone import PATIENCE
from server import Server, eventually, free_ports
from test_clients import HERE, node_folder
from test_files import Marti, sha256


def dest(mission=None, guid=None):
    return "<marti><dest " + (f'mission="{mission}"' if mission else f'mission-guid="{guid}"') + "/></marti>"


class User(Marti):
    """A user with a phone: its certificate on both ports."""

    def __init__(self, server, port, name, *groups):
        super().__init__(server, port, server.client(name, *groups))
        self.uid = f"ANDROID-{name}"
        self.phone = None

    def connect(self):
        self.phone = self.server.phone(self.client.name, client=self.client)
        return self

    def call(self, method, path, status=200, body=None, token=None, **query):
        """A call of the Mission API; the data of its answer."""
        head = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            head["MissionAuthorization"] = f"Bearer {token}"
        link = self.link()
        link.request(method, "/Marti/api/missions" + path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else ""),
                     json.dumps(body) if body is not None and not isinstance(body, bytes) else body, head)
        reply = link.getresponse()
        text = reply.read()
        link.close()
        assert reply.status == status, (method, path, reply.status, text[:600])
        self.type = reply.getheader("Content-Type")
        if not text:
            return None
        if self.type != "application/json":
            return text
        whole = json.loads(text)
        if isinstance(whole, list):
            return whole
        assert whole["version"] == "3" and whole["nodeId"], whole
        self.kind = whole["type"]
        return whole["data"]

    def make(self, name, status=201, **query):
        return self.call("PUT", "/" + urllib.parse.quote(name), status, creatorUid=self.uid, **query)[0]

    def subscribe(self, name, status=201, **query):
        return self.call("PUT", "/" + urllib.parse.quote(name) + "/subscription", status, uid=self.uid, **query)

    def mark(self, uid, where, **more):
        self.phone.send(events.marker(uid, extra=where, **more))
        self.phone.ping()

    def hear(self, type, uid=None):
        """The next event of the missions, of this item."""
        return self.phone.hear(lambda e: e.type == type and (uid is None or uid in e.raw.decode()))


class Missions:
    def __init__(self, **settings):
        self.port = free_ports(1)[0]
        self.server = Server(web=self.port, **settings)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return self.server.__exit__(*problem)

    def user(self, name, *groups):
        return User(self.server, self.port, name, *(groups or ("Fire",)))


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_marker_reaches_the_subscribers_and_stays():
    """Two phones: create, subscribe, a marker by dest, what lists and events say of it; a third phone hears nothing."""
    with Missions() as m:
        a, b, c = (m.user(n).connect() for n in ("EX-A", "EX-B", "EX-C"))
        mission = a.make("EX mission", description="an exercise", tool="public", group="Fire")
        assert a.kind == "Mission" and a.type == "application/json"
        assert mission["token"] and mission["ownerRole"]["type"] == "MISSION_OWNER"
        assert mission["creatorUid"] == a.uid and mission["groups"] == ["Fire"] and mission["expiration"] == -1
        assert TIME.fullmatch(mission["createTime"]) and mission["feeds"] == [] and mission["uids"] == []
        told = b.hear("t-x-m-n")
        assert told.one("mission").get("type") == "CREATE" and told.one("mission").get("guid") == mission["guid"]
        assert a.make("EX mission", 200, description="again")["description"] == "again"
        b.hear("t-x-m-c-m")
        got = b.subscribe("EX mission")
        assert b.kind == "com.bbn.marti.sync.model.MissionSubscription"
        assert got["clientUid"] == b.uid and got["username"] == "EX-B" and got["role"]["type"] == "MISSION_SUBSCRIBER"
        assert got["mission"]["name"] == "EX mission" and got["token"]
        assert [x["type"] for x in got["mission"]["missionChanges"]] == ["CREATE_MISSION"]
        a.mark("EX-marker", dest("EX mission"))
        cot = b.hear("b-m-p-s-m", "EX-marker")
        assert "marti" not in cot.raw.decode()
        change = b.hear("t-x-m-c", "EX-marker").one("mission/MissionChanges/MissionChange")
        assert change.find("type").text == "ADD_CONTENT" and change.find("contentUid").text == "EX-marker"
        assert change.find("creatorUid").text == a.uid and TIME.fullmatch(change.find("timestamp").text)
        assert change.find("details").get("callsign") == "EX-marker"
        assert float(change.find("details/location").get("lat")) == 48.1
        assert a.hear("t-x-m-c", "EX-marker")
        item = b.call("GET", "/EX%20mission")[0]["uids"][0]
        assert item["data"] == "EX-marker" and item["creatorUid"] == a.uid and item["details"]["type"] == "b-m-p-s-m"
        listed = b.call("GET", "/EX%20mission/changes", secago=1000)
        assert b.kind == "MissionChange" and [x["type"] for x in listed] == ["CREATE_MISSION", "ADD_CONTENT"]
        assert all(x["creatorUid"] and TIME.fullmatch(x["timestamp"]) and TIME.fullmatch(x["serverTime"]) for x in listed)
        assert b"EX-marker" in b.call("GET", "/EX%20mission/cot") and b.type == "application/xml"
        # A change again: the first one can still be had.
        a.mark("EX-marker", dest(guid=mission["guid"]), type="b-m-p-s-m", lat="49.5")
        b.hear("t-x-m-c", "49.5")
        whole = b.call("GET", f"/guid/{mission['guid']}/changes", squashed="false", ids="true")
        adds = [x for x in whole if x["type"] == "ADD_CONTENT"]
        assert len(adds) == 2 and len(b.call("GET", "/EX%20mission/changes")) == 2
        first = b.call("GET", f"/EX%20mission/changes/{adds[0]['id']}/cot")
        assert b'lat="48.1"' in first and b'lat="49.5"' not in first
        assert b'lat="49.5"' in b.call("GET", "/EX%20mission/cot")
        # By uid, as clients fetch what a change names.
        assert b"EX-marker" in b.ok("GET", "/Marti/api/cot/xml/EX-marker").text
        # Taken out by t-x-d-d with the same dest.
        a.phone.send(events.event("EX-delete", "t-x-d-d", '<link uid="EX-marker" type="b-m-p-s-m" relation="none"/>'
                                  + dest("EX mission"), how="h-g-i-g-o"))
        gone = b.hear("t-x-m-c", "REMOVE_CONTENT").one("mission/MissionChanges/MissionChange")
        assert gone.find("contentUid").text == "EX-marker"
        assert b.call("GET", "/EX%20mission")[0]["uids"] == []
        assert b'lat="48.1"' in b.call("GET", f"/EX%20mission/changes/{adds[0]['id']}/cot")
        c.phone.ping()
        assert not c.phone.has(lambda e: "EX-marker" in e.raw.decode()), "one who has not subscribed heard of the marker"
        m.server.verify()


def test_who_may_not():
    """Other groups see nothing; readers do not write; strangers neither; passwords and invitations."""
    with Missions() as m:
        a, b, other = m.user("EX-A").connect(), m.user("EX-B").connect(), m.user("EX-O", "Police").connect()
        guid = a.make("EX secret", group="Fire", defaultRole="MISSION_READONLY_SUBSCRIBER")["guid"]
        assert other.call("GET", "") == [] and other.call("GET", "/EX%20secret", 404) and \
            other.call("GET", f"/guid/{guid}", 404)
        other.subscribe("EX secret", 404)
        a.make("EX secret 2", 403, group="Police")
        b.mark("EX-early", dest("EX secret"))  # it has not subscribed
        m.server.wait_journal("event.refused", lambda r: "not subscribed" in str(r))
        role = b.subscribe("EX secret")["role"]
        assert role == {"type": "MISSION_READONLY_SUBSCRIBER", "permissions": ["MISSION_READ"]}
        b.mark("EX-b", dest("EX secret"))
        m.server.wait_journal("event.refused", lambda r: "may only read" in str(r))
        assert a.call("GET", "/EX%20secret")[0]["uids"] == []
        b.call("DELETE", "/EX%20secret", 403, creatorUid=b.uid)
        b.call("PUT", "/EX%20secret/keywords", 403, ["x"])
        b.call("PUT", "/EX%20secret/role", 403, clientUid=b.uid, role="MISSION_OWNER")
        a.call("PUT", "/EX%20secret/role", clientUid=b.uid, role="MISSION_SUBSCRIBER")
        assert b.hear("t-x-m-r").one("mission/role").get("type") == "MISSION_SUBSCRIBER"
        b.mark("EX-b2", dest("EX secret"))
        a.hear("t-x-m-c", "EX-b2")
        b.call("PUT", "/EX%20secret/subscription", 403, uid=a.uid)  # another user's device
        # A password: by itself, in a subscription, as a token; and another one makes the token worthless.
        a.make("EX locked", group="Fire", password="EX-password")
        assert b.call("GET", "") and "EX locked" not in [x["name"] for x in b.call("GET", "")]
        assert "EX locked" in [x["name"] for x in b.call("GET", "", passwordProtected="true")]
        b.call("GET", "/EX%20locked", 403)
        b.call("GET", "/EX%20locked", 403, password="wrong")
        b.subscribe("EX locked", 403)
        b.subscribe("EX locked", 403, password="wrong")
        token = b.call("GET", "/EX%20locked/token", 201, password="EX-password")
        assert b.call("GET", "/EX%20locked", token=token)[0]["passwordProtected"] is True
        assert b.subscribe("EX locked", password="EX-password")["role"]["type"] == "MISSION_SUBSCRIBER"
        a.call("PUT", "/EX%20locked/password", password="EX-another")
        c = m.user("EX-C").connect()
        c.call("GET", "/EX%20locked", 403, token=token)
        a.call("DELETE", "/EX%20locked/password")
        assert c.call("GET", "/EX%20locked")[0]["passwordProtected"] is False
        # For the invited only.
        a.make("EX invited", group="Fire", inviteOnly="true")
        assert "EX invited" not in [x["name"] for x in c.call("GET", "")]
        c.subscribe("EX invited", 403)
        a.call("PUT", f"/EX%20invited/invite/clientUid/{c.uid}", creatorUid=a.uid, role="MISSION_READONLY_SUBSCRIBER")
        invite = c.hear("t-x-m-i").one("mission")
        assert invite.get("token") and invite.find("role").get("type") == "MISSION_READONLY_SUBSCRIBER"
        assert [x["missionName"] for x in c.call("GET", "/invitations", clientUid=c.uid)] == ["EX invited"]
        assert c.call("GET", "/all/invitations", clientUid=c.uid) == ["EX invited"]
        assert b.call("GET", "/all/invitations", clientUid=c.uid) == [], "somebody else's invitations"
        got = c.call("PUT", "/EX%20invited/subscription", 201, uid=c.uid, token=invite.get("token"))
        assert got["role"]["type"] == "MISSION_READONLY_SUBSCRIBER"
        # Names of every kind.
        for name in ("..", "a\\b", "EX\u202etxt", "EX\u200b", "guid", "x" * 256, "EX\x01"):
            a.call("PUT", "/" + urllib.parse.quote(name, safe=""), 404 if name == ".." else 400, creatorUid=a.uid)
        assert a.make("EX \u00e9\U0001f692 \u062a", group="Fire")["name"] == "EX \u00e9\U0001f692 \u062a"
        m.server.verify()


def test_who_was_away_gets_every_change():
    """An offline phone gets all t-x-m-c and all events on its return, over a restart in between."""
    with Missions() as m:
        a, b = m.user("EX-A").connect(), m.user("EX-B").connect()
        a.make("EX m", group="Fire")
        b.subscribe("EX m")
        a.mark("EX-0", dest("EX m"))
        m.server.wait_acked(b.uid, b.hear("t-x-m-c", "EX-0") and m.server.journal("mission.told")[-1].seq)
        b.phone.close()
        for i in range(1, 21):
            a.mark(f"EX-{i}", dest("EX m"))
            if i == 10:
                a.hear("t-x-m-c", ">EX-10<")  # it is on the disk: what is not may go with a power cut
                a.phone.close()
                m.server.restart()
                a.connect()
        eventually("all are in", lambda: len(a.call("GET", "/EX%20m")[0]["uids"]) == 21)
        b.connect()
        for i in range(1, 21):
            b.hear("t-x-m-c", f">EX-{i}<")
            assert b.phone.has(lambda e: e.type == "b-m-p-s-m" and e.uid == f"EX-{i}"), f"the event of EX-{i}"
        m.server.verify()


def test_files_logs_layers_and_the_rest():
    """What the calls of CloudTAK do: contents, keywords, logs, layers, copy, parents, external data, archive, KML."""
    with Missions() as m:
        a, b = m.user("EX-A").connect(), m.user("EX-B").connect()
        a.make("EX m", group="Fire")
        b.subscribe("EX m")
        data = b"an exercise photo"
        a.call("PUT", "/EX%20m/contents", 404, {"hashes": [sha256(data)]}, creatorUid=a.uid)  # not there yet
        assert a.upload(data, "EX-photo.txt", Groups="Fire").status == 200
        got = a.call("PUT", "/EX%20m/contents", 200, {"hashes": [sha256(data).upper()]}, creatorUid=a.uid)
        content = got[0]["contents"][0]
        assert content["data"]["hash"] == sha256(data) and content["data"]["name"] == "EX-photo.txt"
        assert content["data"]["size"] == len(data) and content["creatorUid"] == a.uid
        resource = b.hear("t-x-m-c", sha256(data)).one("mission/MissionChanges/MissionChange/contentResource")
        assert resource.find("name").text == "EX-photo.txt" and resource.find("expiration").text == "-1"
        # A marker that is on the map already is put in by its uid.
        a.mark("EX-known", "")
        a.call("PUT", "/EX%20m/contents", 200, {"uids": ["EX-known"]}, creatorUid=a.uid)
        b.hear("t-x-m-c", ">EX-known<")
        assert b"EX-known" in b.call("GET", "/EX%20m/cot")
        a.call("PUT", "/EX%20m/contents", 400, {})
        a.call("PUT", "/EX%20m/contents", 400, {"hashes": ["../../etc/passwd"]})
        # All or nothing: one of two is not there.
        a.call("PUT", "/EX%20m/contents", 404, {"hashes": ["0" * 64], "uids": ["EX-half"]})
        assert "EX-half" not in json.dumps(a.call("GET", "/EX%20m"))
        # Keywords.
        assert a.call("PUT", "/EX%20m/keywords", 200, ["k1", "k2"], creatorUid=a.uid)[0]["keywords"] == ["k1", "k2"]
        b.hear("t-x-m-c-k")
        assert a.call("DELETE", "/EX%20m/keywords/k1")[0]["keywords"] == ["k2"]
        assert a.call("DELETE", "/EX%20m/keywords")[0]["keywords"] == []
        a.call("PUT", "/EX%20m/uid/EX-known/keywords", 200, ["u"])
        b.hear("t-x-m-c-k-u")
        a.call("PUT", f"/EX%20m/content/{sha256(data)}/keywords", 200, ["c"])
        b.hear("t-x-m-c-k-c")
        a.call("PUT", "/EX%20m/uid/EX-none/keywords", 404, ["u"])
        now = b.call("GET", "/EX%20m")[0]
        assert now["uids"][0]["keywords"] == ["u"] and now["contents"][0]["keywords"] == ["c"]
        # Log entries.
        entry = a.call("POST", "/logs/entries", 201, {"content": "EX line", "creatorUid": a.uid, "missionNames": ["EX m"],
                                                      "dtg": "2026-01-02T03:04:05Z", "keywords": ["log"]})
        assert a.kind == "com.bbn.marti.sync.model.LogEntry" and entry["missionNames"] == ["EX m"]
        assert entry["dtg"] == "2026-01-02T03:04:05.000Z" and TIME.fullmatch(entry["created"]) and entry["contentHashes"] == []
        b.hear("t-x-m-c-l")
        changed = a.call("PUT", "/logs/entries", 201, dict(entry, content="EX changed", servertime=None))
        assert changed["id"] == entry["id"] and changed["created"] == entry["created"]
        assert [x["content"] for x in b.call("GET", "/EX%20m/log")] == ["EX changed"]
        assert b.call("GET", f"/logs/entries/{entry['id']}")[0]["content"] == "EX changed"
        assert b.call("GET", "/EX%20m", logs="true")[0]["logs"][0]["id"] == entry["id"]
        # Layers.
        top = a.call("PUT", "/EX%20m/layers", 200, name="EX top", type="GROUP", creatorUid=a.uid)
        low = a.call("PUT", "/EX%20m/layers", 200, name="EX low", type="UID", parentUid=top["uid"], creatorUid=a.uid)
        b.hear("t-x-m-c-h")
        a.call("PUT", "/EX%20m/contents", 200, {"paths": {low["uid"]: [{"uids": ["EX-known"]}]}}, creatorUid=a.uid)
        tree = b.call("GET", "/EX%20m/layers")
        assert b.kind == "MissionLayer" and tree[0]["uid"] == top["uid"]
        assert tree[0]["mission_layers"][0]["uids"][0]["data"] == "EX-known"
        a.call("PUT", "/EX%20m/layers/parent", 400, layerUid=top["uid"], parentUid=low["uid"], creatorUid=a.uid)
        a.call("PUT", f"/EX%20m/layers/{low['uid']}/name", 200, name="EX new", creatorUid=a.uid)
        a.call("PUT", "/EX%20m/layers/parent", 200, layerUid=[low["uid"]], creatorUid=a.uid)
        assert [x["name"] for x in b.call("GET", "/EX%20m/layers")] == ["EX top", "EX new"]
        a.call("DELETE", "/EX%20m/layers", 200, uid=[top["uid"], low["uid"]], creatorUid=a.uid)
        assert [x["type"] for x in b.call("GET", "/EX%20m/layers")] == ["ITEM"], "the item is there without its layer"
        # External data, map layers, feeds.
        a.call("POST", "/EX%20m/externaldata", 201, {"uid": "EX-x", "name": "EX n", "tool": "EX t", "urlData": "EX d",
                                                     "urlView": "EX v", "notes": ""}, creatorUid=a.uid)
        b.hear("t-x-m-c-e")
        a.call("POST", "/EX%20m/externaldata/EX-x/change", 200, token="EX-t", notes="EX", creatorUid=a.uid)
        layer = a.call("POST", "/EX%20m/maplayers", 200, {"name": "EX map", "url": "https://ex.invalid/{z}", "n": 1.5})
        assert layer["uid"] and layer["n"] == 1.5
        a.call("POST", "/EX%20m/feed", 501, creatorUid=a.uid, dataFeedUid="EX")
        now = b.call("GET", "/EX%20m")[0]
        assert now["externalData"][0]["uid"] == "EX-x" and now["mapLayers"] == [layer] and now["feeds"] == []
        a.call("DELETE", "/EX%20m/externaldata/EX-x", creatorUid=a.uid, notes="")
        a.call("DELETE", f"/EX%20m/maplayers/{layer['uid']}", creatorUid=a.uid)
        # People.
        assert b.call("GET", "/EX%20m/subscriptions") == [a.uid, b.uid]
        roles = b.call("GET", "/EX%20m/subscriptions/roles")
        assert [(x["username"], x["role"]["type"]) for x in roles] == [("EX-A", "MISSION_OWNER"), ("EX-B", "MISSION_SUBSCRIBER")]
        assert "token" not in roles[0]
        assert b.call("GET", "/EX%20m/role")["type"] == "MISSION_SUBSCRIBER"
        assert b.call("GET", "/EX%20m/subscription", uid=b.uid)["token"]
        b.call("GET", "/EX%20m/subscription", 404, uid=a.uid)
        assert {x["uid"] for x in b.call("GET", "/EX%20m/contacts")} == {a.uid, b.uid}
        b.call("DELETE", "/EX%20m/subscription", uid=b.uid)  # disconnected: it keeps its place
        a.mark("EX-unheard", dest("EX m"))
        a.hear("t-x-m-c", "EX-unheard")
        b.phone.ping()
        assert not b.phone.has(lambda e: "EX-unheard" in e.raw.decode())
        assert b.subscribe("EX m")["role"]["type"] == "MISSION_SUBSCRIBER"
        # Out: an archive and KML; in: a package.
        archive = zipfile.ZipFile(io.BytesIO(b.call("GET", "/EX%20m/archive")))
        names = archive.namelist()
        assert "MANIFEST/manifest.xml" in names and data in [archive.read(n) for n in names]
        assert any(b"EX-known" in archive.read(n) for n in names if n.endswith(".cot"))
        assert b"<Placemark>" in b.call("GET", "/EX%20m/kml")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            z.writestr("MANIFEST/manifest.xml", "<MissionPackageManifest version=\"2\"/>")
            z.writestr("EX-p/EX-p.cot", events.marker("EX-packed"))
            z.writestr("EX-p/EX.jpg", b"\xff\xd8\xff EX packed photo")
        assert a.call("PUT", "/EX%20m/contents/missionpackage", 200, out.getvalue(), creatorUid=a.uid) == []
        b.hear("t-x-m-c", ">EX-packed<")
        assert b.phone.hear(type="b-m-p-s-m", uid="EX-packed")
        now = b.call("GET", "/EX%20m")[0]
        photo = next(x["data"] for x in now["contents"] if x["data"]["name"] == "EX.jpg")
        assert b.content(b"\xff\xd8\xff EX packed photo").status == 200 and photo["mimeType"] == "image/jpeg"
        bad = io.BytesIO()
        with zipfile.ZipFile(bad, "w") as z:
            z.writestr("EX-p/EX-q.cot", events.marker("EX-not"))
            z.writestr("EX-p/EX-r.cot", b"<event")
        a.call("PUT", "/EX%20m/contents/missionpackage", 400, bad.getvalue(), creatorUid=a.uid)
        assert "EX-not" not in json.dumps(a.call("GET", "/EX%20m"))
        a.call("POST", "/EX%20m/send", 200, contacts=[b.uid])
        offer = b.hear("b-f-t-r").one("fileshare")
        sent = b.ok("GET", "/Marti/sync/content?hash=" + offer.get("sha256")).text
        assert len(sent) == int(offer.get("sizeInBytes")) and "MANIFEST/manifest.xml" in zipfile.ZipFile(io.BytesIO(sent)).namelist()
        # A copy, a parent, an end.
        copy = a.call("PUT", "/EX%20m/copy", 201, creatorUid=a.uid, copyName="EX copy")[0]
        assert {x["data"] for x in copy["uids"]} == {x["data"] for x in now["uids"]} and copy["guid"] != now["guid"]
        a.call("PUT", "/EX%20m/copy", 409, creatorUid=a.uid, copyName="ex COPY")
        a.call("PUT", "/EX%20copy/parent/EX%20m")
        assert [x["name"] for x in a.call("GET", "/EX%20m/children")] == ["EX copy"]
        assert a.call("GET", "/EX%20copy/parent")["name"] == "EX m"
        a.call("PUT", "/EX%20m/parent/EX%20copy", 400)
        a.call("DELETE", "/EX%20copy/parent")
        a.call("GET", "/EX%20copy/parent", 404)
        a.call("DELETE", f"/logs/entries/{entry['id']}")
        assert a.call("GET", "/EX%20m/log") == []
        a.call("DELETE", "", 200, guid=copy["guid"], creatorUid=a.uid)
        assert b.hear("t-x-m-d").one("mission").get("guid") == copy["guid"]
        a.call("GET", "/EX%20copy", 410)
        a.make("EX copy", group="Fire")  # the name is free again
        a.call("PUT", "/EX%20m/expiration", expiration=1)
        eventually("it expired", lambda: "EX m" not in [x["name"] for x in a.call("GET", "")], 90)
        m.server.verify()


def test_the_file_of_missions_is_made_anew():
    """missions.db is taken away, or damaged: the record gives all of it back."""
    with Missions() as m:
        a, b = m.user("EX-A").connect(), m.user("EX-B").connect()
        a.make("EX m", group="Fire", password="EX-password")
        b.subscribe("EX m", password="EX-password")
        for i in range(5):
            a.mark(f"EX-{i}", dest("EX m"))
        a.call("DELETE", "/EX%20m/contents", uid="EX-3")
        before = b.call("GET", "/EX%20m", changes="true"), b.call("GET", "/EX%20m/subscriptions/roles")
        for how in ("gone", "damaged", "killed"):
            if how == "killed":
                m.server.kill()
            else:
                m.server.stop()
            path = f"{m.server.data}/missions.db"
            if how == "gone":
                for end in ("", "-wal", "-shm"):
                    if os.path.exists(path + end):
                        os.remove(path + end)
            elif how == "damaged":
                with open(path, "r+b") as f:
                    f.seek(100)
                    f.write(os.urandom(8000))
            m.server.start()
            assert (b.call("GET", "/EX%20m", changes="true"), b.call("GET", "/EX%20m/subscriptions/roles")) == before, how
        m.server.stop()
        base = sqlite3.connect(f"{m.server.data}/missions.db")
        assert base.execute("select count(*) from changes").fetchone()[0] >= 9
        base.close()
        m.server.start()
        m.server.verify()


def test_the_chat_room_of_a_mission():
    """Chat to a mission goes to its subscribers alone, and its sender is not told that it failed."""
    with Missions() as m:
        a, b, c = (m.user(n).connect() for n in ("EX-A", "EX-B", "EX-C"))
        a.make("EX m", group="Fire")
        b.subscribe("EX m")
        a.phone.send(events.chat(a.uid, "EX-A", "EX to the mission", room="EX m", dest=dest("EX m")))
        b.phone.hear(lambda e: e.type == "b-t-f" and "EX to the mission" in e.raw.decode())
        a.phone.ping()
        c.phone.ping()
        assert not c.phone.has(lambda e: "EX to the mission" in e.raw.decode())
        assert not a.phone.has(type="b-t-f-s") and not a.phone.has(type="b-t-f-p")
        assert a.call("GET", "/EX%20m")[0]["uids"] == [], "chat is no map item"


def test_node_tak():
    """Every call that node-tak has about missions, by name and by guid."""
    folder = node_folder()
    shutil.copy(os.path.join(HERE, "node", "missions.mjs"), folder)
    with Missions() as m:
        a, b = m.user("EX-n", "EX-fire").connect(), m.user("EX-o", "EX-fire").connect()
        a.mark("EX-marker", "")
        data = b"exercise by node-tak"
        assert a.upload(data, "EX-node.txt").status == 200
        with zipfile.ZipFile(f"{m.server.folder}/pack.zip", "w") as z:
            z.writestr("EX/EX-packed.cot", events.marker("EX-packed"))
        done = subprocess.run([os.environ.get("CORDON_NODE", "node"), "missions.mjs", str(m.port), a.client.pem, a.client.key,
                               f"{m.server.folder}/pack.zip", sha256(data), a.uid, b.uid], cwd=folder, capture_output=True,
                              text=True, timeout=200)
        told = {x["name"]: x["value"] for x in map(json.loads, done.stdout.splitlines())}
        assert done.returncode == 0, f"{list(told)[-3:]} {done.stderr[-3000:]}"
        assert told["create"]["keywords"] == ["k1", "k2"] and told["create"]["guid"]
        for by in ("name", "guid"):
            assert told[f"{by}.get"]["name"] == "EX node" and told[f"{by}.access"] is True
            assert told[f"{by}.subscribe"]["data"]["role"]["type"] == "MISSION_OWNER", "its owner came back"
            assert told[f"{by}.subscription"]["clientUid"] == a.uid and told[f"{by}.subscriptions"]["data"] == [a.uid]
            assert told[f"{by}.subscriptionRoles"]["data"][0]["username"] == "EX-n"
            assert told[f"{by}.role"]["type"] == "MISSION_OWNER"
            changes = told[f"{by}.changes"]["data"]
            assert {"EX-marker", sha256(data)} <= {x.get("contentUid") or x.get("contentResource", {}).get("hash") for x in changes}
            assert "EX-marker" in told[f"{by}.latestCots"] and told[f"{by}.latestFeats"]["features"] \
                if isinstance(told[f"{by}.latestFeats"], dict) else told[f"{by}.latestFeats"]
            assert {x["uid"] for x in told[f"{by}.contacts"]} == {a.uid, b.uid}
            assert told[f"{by}.upload"]["data"] == [] and told[f"{by}.layers"]["data"][0]["name"] == f"EX renamed {by}"
            assert told[f"{by}.layers.none"]["data"] == [] and told[f"{by}.log"]["data"]["content"] == f"EX by {by}"
            assert told[f"{by}.log.update"]["data"]["content"] == f"EX changed by {by}"
            assert [x["invitee"] for x in told[f"{by}.invites"]["data"]] == [b.uid] and told[f"{by}.invites.none"]["data"] == []
        assert told["archive"] == "PK" and told["update"]["description"] == "changed" and told["update"]["keywords"] == ["k3"]
        assert [x["name"] for x in told["list"]["data"]] == ["EX node"] and told["gone"]["data"] == []
        assert [x["content"] for x in told["final"]["logs"]] == ["EX changed by name"]
        assert b.phone.hear(lambda e: e.type == "t-x-m-i") and b.hear("t-x-m-d")


test_files_logs_layers_and_the_rest.limit = 400
