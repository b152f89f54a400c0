"""Files of TAK clients: stored, found, loaded and resumed; refused when they are not what they say; kept over a crash."""
import hashlib
import http.client
import io
import json
import os
import random
import re
import shutil
import sqlite3
import ssl
import subprocess
import time
import urllib.parse
import warnings
import zipfile

import events
from page import Page, Refused
from phone import PATIENCE, tls_context
from server import Server, eventually, free_ports
from test_clients import HERE, node_folder

BOUNDARY = "EX-boundary"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def package(*pictures, **files):
    """A data package as ATAK makes it, with pictures."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("MANIFEST/manifest.xml", '<MissionPackageManifest version="2"><Configuration/><Contents/>'
                                            '</MissionPackageManifest>')
        for name in pictures:
            z.writestr(name, b"\xff\xd8\xff exercise " + name.encode())
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


class Marti:
    """The HTTP side of a TAK client: its certificate, one call a connection."""

    def __init__(self, server, port, client):
        self.server, self.port, self.client = server, port, client

    def link(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=tls_context(self.client), timeout=PATIENCE)

    def ask(self, method, path, body=None, **head):
        link = self.link()
        link.request(method, path, body, {k.replace("_", "-"): v for k, v in head.items()})
        reply = link.getresponse()
        reply.text = reply.read()
        link.close()
        return reply

    def ok(self, method, path, body=None, **head):
        reply = self.ask(method, path, body, **head)
        assert reply.status == 200, (reply.status, reply.text)
        return reply

    def json(self, path):
        return json.loads(self.ok("GET", path).text)

    def refused(self, status, method, path, body=None, **head):
        reply = self.ask(method, path, body, **head)
        assert reply.status == status, (reply.status, reply.text)
        assert reply.getheader("Content-Type") == "application/json", reply.getheader("Content-Type")
        return json.loads(reply.text)["data"]

    def form(self, data, filename="x.zip", name="assetfile"):
        named = f'; filename="{filename}"' if filename else ""
        return (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'
                "Content-Type: application/octet-stream\r\n\r\n").encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()

    def pack(self, data, name="EX-pack", hash=None, **query):
        path = "/Marti/sync/missionupload?" + urllib.parse.urlencode(
            {"hash": hash or sha256(data), "filename": name, "creatorUid": f"ANDROID-{self.client.name}"} | query)
        return self.ask("POST", path, self.form(data), Content_Type=f"multipart/form-data; boundary={BOUNDARY}")

    def upload(self, data, name="EX-file.txt", kind="text/plain", **query):
        path = "/Marti/sync/upload?" + urllib.parse.urlencode({"name": name} | query)
        return self.ask("POST", path, data, Content_Type=kind)

    def content(self, data, **head):
        return self.ask("GET", f"/Marti/sync/content?hash={sha256(data)}", **head)

    def found(self, **query):
        return [x["Name"] for x in self.json("/Marti/sync/search?" + urllib.parse.urlencode(query))["results"]]


class With:
    """A server with its web port and clients of it."""

    def __init__(self, **settings):
        self.port = free_ports(1)[0]
        self.server = Server(web=self.port, **settings)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return self.server.__exit__(*problem)

    def marti(self, name, *groups):
        return Marti(self.server, self.port, self.server.client(name, *groups))

    def blobs(self):
        """Every file below blobs, and those that are not finished."""
        all_files = [os.path.join(d, f) for d, _, files in os.walk(f"{self.server.data}/blobs") for f in files]
        return all_files, [f for f in all_files if "/coming/" in f]


def test_package_goes_round():
    with With() as w:
        a, b = w.marti("EX-a"), w.marti("EX-b")
        data = package("photos/one.jpg", "two.PNG")
        digest = sha256(data)
        assert a.ask("GET", f"/Marti/sync/missionquery?hash={digest}").status == 404
        done = a.pack(data)
        assert done.status == 200, done.text
        url = done.text.decode()
        assert url == f"https://127.0.0.1:{w.port}/Marti/sync/content?hash={digest}", url
        assert "json" not in done.getheader("Content-Type")
        for who in a, b:
            assert who.ok("GET", f"/Marti/sync/missionquery?hash={digest}").text.decode() == url
            got = who.content(data)
            assert got.status == 200 and got.text == data
            assert got.getheader("ETag") == f'"{digest}"' and got.getheader("Content-Disposition").startswith("attachment")
        head = b.ask("HEAD", f"/Marti/sync/content?hash={digest}")
        assert head.status == 200 and int(head.getheader("Content-Length")) == len(data) and head.text == b""
        entry = b.json("/Marti/sync/search?keywords=missionpackage&tool=public")["results"]
        assert len(entry) == 1
        entry = entry[0]
        assert entry["Hash"] == digest and entry["Name"] == "EX-pack" and entry["Keywords"] == ["missionpackage"]
        assert entry["Size"] == str(len(data)) and entry["SubmissionUser"] == "EX-a" and entry["CreatorUid"] == "ANDROID-EX-a"
        assert entry["EXPIRATION"] == "-1" and entry["Tool"] == "public" and entry["PrimaryKey"].isdigit()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["SubmissionDateTime"])
        row = w.server.wait_journal("file.stored")
        assert row["sha256"] == digest and row["user"] == "EX-a" and row["sub_type"] == "package"
        assert row.many("image") == ["photos/one.jpg", "two.PNG"]
        assert json.loads(b.ok("GET", f"/Marti/sync/{digest}/metadata").text)["Name"] == "EX-pack"
        assert b.ok("GET", f"/Marti/sync/content?uid={entry['UID']}").text == data
        assert b.json("/Marti/api/files/metadata/count")["data"] == 1
        listed = b.json("/Marti/api/sync/search")
        assert listed["data"][0]["hash"] == digest and listed["data"][0]["size"] == len(data)


def test_upload_answers_its_entry():
    with With() as w:
        a = w.marti("EX-a")
        done = a.upload(b"exercise", keywords="one,two", creatorUid="EX-uid", latitude="24.86", longitude="67.0")
        assert done.status == 200 and not done.getheader("Content-Type").startswith("application/json")
        entry = json.loads(done.text)
        assert entry["Hash"] == sha256(b"exercise") and entry["Keywords"] == ["one", "two"] and entry["UID"]
        assert entry["MIMEType"] == "text/plain" and entry["CreatorUid"] == "EX-uid"
        put = a.ask("PUT", "/Marti/sync/upload?name=put.txt&uid=EX-own-uid", b"put", Content_Type="text/plain")
        assert put.status == 200 and json.loads(put.text)["UID"] == "EX-own-uid"
        form = a.ask("POST", "/Marti/sync/upload?name=form.txt", a.form(b"in a form", filename="other.txt", name="file"),
                     Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
        assert form.status == 200 and json.loads(form.text)["Hash"] == sha256(b"in a form")
        assert a.found(bbox="66,24,68,25") == ["EX-file.txt"]
        assert a.found(keywords="two") == ["EX-file.txt"] and a.found(name="PUT") == ["put.txt"]
        chunked = a.ask("POST", "/Marti/sync/upload?name=chunks.bin", iter([b"a" * 1000, b"b" * 70000]))
        assert chunked.status == 200, chunked.text
        assert json.loads(chunked.text)["Size"] == "71000"
        urdu = "\u0646\u0642\u0634\u06c1" * 20 + ".kml"
        assert a.upload(b"named in Urdu", urdu, "application/vnd.google-earth.kml+xml").status == 200
        named = a.content(b"named in Urdu").getheader("Content-Disposition")
        assert urllib.parse.unquote(named.split("filename*=UTF-8''")[1]) == urdu, named
        # No name in a form, no file in it, an empty body.
        assert "assetfile" in a.refused(400, "POST", "/Marti/sync/missionupload?filename=x",
                                        a.form(b"x", filename="", name="note"),
                                        Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
        a.refused(411, "POST", "/Marti/sync/upload?name=empty")
        a.refused(400, "POST", "/Marti/sync/upload?name=%01", b"x")
        a.refused(400, "POST", "/Marti/sync/upload?name=x&latitude=north", b"x")
        a.refused(400, "POST", "/Marti/sync/upload?name=x&hash=12", b"x")
        b = w.marti("EX-b")
        b.refused(403, "PUT", "/Marti/sync/upload?name=put.txt&uid=EX-own-uid", b"not mine")


def test_what_does_not_fit_is_refused_and_leaves_nothing():
    with With(file_max_mib=2) as w:
        a = w.marti("EX-a")
        good = package("a.jpg")
        wrong = a.pack(good, hash="0" * 64)
        assert wrong.status == 400 and b"another SHA-256" in wrong.text

        def zipped(make, keep=zipfile.ZIP_DEFLATED):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", keep) as z:
                make(z)
            return out.getvalue()

        def twice(z):
            z.writestr("one.txt", b"1")
            with warnings.catch_warnings(action="ignore"):
                z.writestr("one.txt", b"2")

        locked = bytearray(zipped(lambda z: z.writestr("secret.txt", b"exercise"), zipfile.ZIP_STORED))
        for at in (locked.index(b"PK\3\4") + 6, locked.index(b"PK\1\2") + 8):
            locked[at] |= 1  # general purpose bit 0: encrypted
        bad = {
            "bomb": zipped(lambda z: z.writestr("zero", bytes(300 << 20))),
            "absolute": zipped(lambda z: z.writestr("/etc/passwd", b"x")),
            "parent": zipped(lambda z: z.writestr("a/../../b", b"x")),
            "twice": zipped(twice),
            "locked": bytes(locked),
            "torn": good[:-30],
        }
        for name, data in bad.items():
            done = a.pack(data, name)
            assert done.status == 400, (name, done.status, done.text)
            assert "data package was not taken" in json.loads(done.text)["data"], (name, done.text)
        large = a.upload(bytes(3 << 20))
        assert large.status == 413 and b"2 MiB" in large.text
        cut = a.ask("POST", "/Marti/sync/missionupload?filename=x", a.form(good)[:-20],
                    Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
        assert cut.status == 400 and b"ends in the middle" in cut.text
        assert w.blobs() == ([], []), w.blobs()
        assert not w.server.journal("file.stored")
        row = w.server.wait_journal("event.refused")
        assert row["user"] == "EX-a" and "SHA-256" in row["reason"], row
        assert w.server.log_text().count("file.refused") == 1 + len(bad)
        # The same bytes twice are one file, and two entries of two users.
        b = w.marti("EX-b")
        for who in a, a, b:
            assert who.pack(good).status == 200
        assert len(w.blobs()[0]) == 1
        assert {x["SubmissionUser"] for x in a.json("/Marti/sync/search")["results"]} == {"EX-a", "EX-b"}


def test_quota_and_slow_uploads():
    with With(files_quota_gib=1, file_max_mib=1024) as w:
        a = w.marti("EX-a")
        # A promise of more than is left is refused at once, before a byte is sent.
        link = a.link()
        link.putrequest("POST", "/Marti/sync/upload?name=first")
        link.putheader("Content-Length", str(1 << 30))
        link.endheaders()
        link.send(b"begun")
        eventually("it has begun", lambda: w.blobs()[1])
        full = a.upload(b"one byte more")
        assert full.status == 507 and b"files_quota_gib" in full.text, (full.status, full.text)
        # Who hangs up gives its room back.
        link.close()
        eventually("it is dropped", lambda: not w.blobs()[1])
        eventually("there is room again", lambda: a.upload(b"one byte more").status == 200)


def test_resuming():
    with With() as w:
        a = w.marti("EX-a")
        data = random.Random(7).randbytes(300000)
        assert a.upload(data, "big.bin", "application/octet-stream").status == 200
        part = a.content(data, Range="bytes=100-199")
        assert part.status == 206 and part.text == data[100:200]
        assert part.getheader("Content-Range") == f"bytes 100-199/{len(data)}"
        assert a.content(data, Range="bytes=299990-").text == data[-10:]
        assert a.content(data, Range="bytes=-7").text == data[-7:]
        assert a.content(data, Range="bytes=0-1,4-5").text == data
        for beyond in "bytes=300000-", "bytes=-0":
            none = a.content(data, Range=beyond)
            assert none.status == 416 and none.getheader("Content-Range") == f"bytes */{len(data)}", none.status
        etag = a.content(data).getheader("ETag")
        assert a.content(data, Range="bytes=5-", If_Range=etag).status == 206
        assert a.content(data, Range="bytes=5-", If_Range='"other"').text == data
        assert a.content(data, If_None_Match=etag).status == 304
        old = a.ask("GET", f"/Marti/sync/content?hash={sha256(data)}&offset=299000")
        assert old.status == 200 and old.text == data[299000:]
        assert a.ask("GET", f"/Marti/sync/content?hash={sha256(data)}&offset=300001").status == 416
        assert a.ask("GET", f"/Marti/sync/content?hash={sha256(data)}&offset=x").status == 416
        a.refused(400, "GET", "/Marti/sync/content?hash=nothing")
        a.refused(404, "GET", f"/Marti/sync/content?hash={'0' * 64}")


def test_who_sees_it():
    with With() as w:
        fire, both, police = w.marti("EX-f", "EX-fire"), w.marti("EX-b", "EX-fire", "EX-police"), w.marti("EX-p", "EX-police")
        data = b"exercise of the fire brigade"
        digest = sha256(data)
        assert fire.upload(data, "fire.txt").status == 200
        assert both.content(data).text == data
        police.refused(404, "GET", f"/Marti/sync/content?hash={digest}")
        police.refused(404, "GET", f"/Marti/sync/missionquery?hash={digest}")
        police.refused(404, "DELETE", f"/Marti/sync/delete?hash={digest}")
        assert police.found() == [] and both.found() == ["fire.txt"]
        # A group that one does not write into is no group to give.
        fire.refused(403, "POST", "/Marti/sync/upload?name=x&Groups=EX-police", b"x")
        assert both.upload(b"police only", "p.txt", Groups="EX-police").status == 200
        assert fire.found() == ["fire.txt"] and sorted(police.found()) == ["p.txt"]
        # Private: for its sender, until it is sent to somebody.
        fire.ok("PUT", f"/Marti/api/sync/metadata/{digest}/tool", b"private", Content_Type="text/plain")
        assert fire.ok("GET", f"/Marti/api/sync/metadata/{digest}/tool").text == b"private"
        both.refused(404, "GET", f"/Marti/sync/content?hash={digest}")
        assert both.found() == [] or both.found() == ["p.txt"]
        sender = w.server.phone("EXF", fire.client, uid="ANDROID-EX-f")
        receiver = w.server.phone("EXB", both.client, uid="ANDROID-EX-b")
        receiver.ping()
        sender.send(events.event("EX-offer", "b-f-t-r", how="h-e", detail=(
            f'<fileshare filename="fire.txt" name="fire" sizeInBytes="{len(data)}" sha256="{digest}" senderUid="ANDROID-EX-f" '
            f'senderCallsign="EXF" senderUrl="https://127.0.0.1:{w.port}/Marti/sync/content?hash={digest}"/>'
            '<marti><dest callsign="EXB"/></marti>')))
        w.server.wait_journal("file.offered")
        eventually("it was sent to both", lambda: both.content(data).status == 200)
        assert both.content(data).text == data
        police.refused(404, "GET", f"/Marti/sync/content?hash={digest}")
        # Only who sent it changes or deletes it; who sees it may publish it in its own name.
        both.refused(403, "PUT", f"/Marti/api/sync/metadata/{digest}/keywords", b'["x"]')
        both.refused(403, "DELETE", f"/Marti/sync/delete?hash={digest}")
        fire.ok("PUT", f"/Marti/api/sync/metadata/{digest}/keywords", b'["EX-key", "other"]')
        assert fire.json(f"/Marti/api/sync/metadata/{digest}/keywords") == ["EX-key", "other"]
        both.ok("PUT", f"/Marti/api/sync/metadata/{digest}/tool", b"public", Content_Type="text/plain")
        assert police.content(data).text == data
        both.ok("DELETE", f"/Marti/sync/delete?hash={digest}")
        police.refused(404, "GET", f"/Marti/sync/content?hash={digest}")
        fire.ok("GET", f"/Marti/sync/delete?PrimaryKey={fire.json('/Marti/sync/search')['results'][-1]['PrimaryKey']}")
        fire.refused(404, "GET", f"/Marti/sync/content?hash={digest}")
        assert [r.kind for r in w.server.journal() if r.kind == "file.deleted"] == ["file.deleted"] * 2


def test_a_tool_that_it_has_already_is_no_change():
    """ATAK's core sets the tool of a package each time that it is sent, also when the server has it."""
    with With() as w:
        a = w.marti("EX-a")
        data = package("one.jpg")
        path = f"/Marti/api/sync/metadata/{sha256(data)}/tool"
        a.pack(data)
        for tool in (b"private", b"private", b"public", b"public"):
            a.ok("PUT", path, tool, Content_Type="text/plain")
            assert a.ok("GET", path).text == tool
        assert [r["tool"] for r in w.server.journal("file.changed")] == ["private", "public"]
        # Two entries of the same bytes: what is to be private is so in both.
        a.ok("PUT", path, b"private", Content_Type="text/plain")
        assert a.upload(data, "again.zip").status == 200
        a.ok("PUT", path, b"private", Content_Type="text/plain")
        assert {x["Tool"] for x in a.json("/Marti/sync/search")["results"]} == {"private"}


def test_kept_over_a_restart_and_a_crash():
    with With() as w:
        a = w.marti("EX-a")
        data = package("a.jpg")
        assert a.pack(data).status == 200
        link = a.link()
        link.putrequest("POST", "/Marti/sync/upload?name=half")
        link.putheader("Content-Length", str(1 << 20))
        link.endheaders()
        link.send(bytes(1 << 19))
        eventually("half of it is there", lambda: w.blobs()[1])
        w.server.kill()
        link.close()
        assert w.blobs()[1], "it was not killed in the middle"
        w.server.start()
        assert w.blobs()[1] == [] and len(w.blobs()[0]) == 1
        assert a.content(data).text == data and a.found() == ["EX-pack"]
        w.server.stop()
        # What is known of files is made again from the record.
        for end in "", "-wal", "-shm":
            if os.path.exists(f"{w.server.data}/files.db{end}"):
                os.remove(f"{w.server.data}/files.db{end}")
        w.server.start()
        assert a.content(data).text == data and a.found() == ["EX-pack"]
        w.server.stop()
        with open(f"{w.server.data}/files.db", "r+b") as f:
            f.seek(20)
            f.write(os.urandom(4000))
        w.server.start()
        assert a.content(data).text == data and a.found() == ["EX-pack"]
        # A bit that has flipped is found, and named.
        assert "1 file" in w.server.command("verify", "--files").stdout
        name = w.blobs()[0][0]
        with open(name, "r+b") as f:
            f.seek(10)
            f.write(b"rot")
        done = w.server.command("verify", "--files", ok=False)
        assert done.returncode == 1 and sha256(data)[2:] in done.stdout, done.stdout
        assert a.pack(data).status == 200
        assert "1 file" in w.server.command("verify", "--files").stdout


def test_photo_becomes_a_report():
    with With() as w:
        page = Page(w.server, w.port)
        page.open(incident="EX-1")
        a = w.marti("EX-a")
        w.server.phone("EX-R1", a.client, uid="ANDROID-EX-a", lat=24.8607, lon=67.0011)
        photo = b"\xff\xd8\xff\xe0 exercise photo"
        assert a.upload(photo, "IMG_1.jpg", "image/jpeg", creatorUid="ANDROID-EX-a").status == 200
        row = w.server.wait_journal("file.stored")
        assert row["sub_type"] == "photo" and row["callsign"] == "EX-R1" and row["lat"].startswith("24.8607")

        def reports():
            return [r for r in page.entities("report").values() if "IMG_1.jpg" in r.get("text", "")]

        report = eventually("there is a report of it", reports)[0]
        assert sha256(photo) in report["text"] and "EX-R1" in report["text"]
        assert a.upload(b"settings", "atak.pref", "text/xml", creatorUid="ANDROID-EX-a").status == 200
        assert a.pack(package("x.jpg", "y.jpg"), "EX-scene").status == 200
        eventually("the package, too", lambda: [r for r in page.entities("report").values()
                                                if "2 pictures (x.jpg, y.jpg)" in r.get("text", "")])
        assert len(page.entities("report")) == 2
        # The post loads it, never as a page of its own.
        listed = page.get("/api/files")["files"]
        assert {f["name"] for f in listed} == {"IMG_1.jpg", "atak.pref", "EX-scene"}
        link = http.client.HTTPSConnection("127.0.0.1", w.port, context=ssl._create_unverified_context(), timeout=PATIENCE)
        link.request("GET", f"/api/files/{sha256(photo)}", headers={"Cookie": page.cookie})
        got = link.getresponse()
        assert got.status == 200 and got.read() == photo
        assert got.getheader("Content-Disposition").startswith("attachment")
        assert got.getheader("X-Content-Type-Options") == "nosniff"
        assert "sandbox" in " ".join(v for k, v in got.getheaders() if k.lower() == "content-security-policy")
        # Deleted by its phone: not found by phones, but still what the report cites.
        a.ok("DELETE", f"/Marti/sync/delete?hash={sha256(photo)}")
        a.refused(404, "GET", f"/Marti/sync/content?hash={sha256(photo)}")
        assert page.ask("GET", f"/api/files/{sha256(photo)}") == (200, photo)
        assert page.ask("POST", "/api/files?name=EX-plan.pdf&groups=__ANON__", b"%PDF exercise", "application/pdf")[0] == 200
        assert "EX-plan.pdf" in a.found()
        stranger = w.marti("EX-x")
        assert stranger.ask("GET", "/api/files").status == 401


def test_profiles():
    with With() as w:
        page = Page(w.server, w.port)
        a = w.marti("EX-a", "EX-fire")
        connection = "/Marti/api/device/profile/connection?syncSecago=%d&clientUid=EX-uid"
        assert a.ask("GET", connection % 0).status == 204
        assert page.ask("POST", "/api/files?name=EX-map.xml", b"<customMapSource/>", "text/xml")[0] == 200
        digest = sha256(b"<customMapSource/>")
        page.post("/api/profiles", id="exercise-map", name="EX-map.xml", sha256=digest, enabled=True, when=["connection"],
                  groups=["EX-fire"])
        got = a.ok("GET", connection % 0)
        with zipfile.ZipFile(io.BytesIO(got.text)) as z:
            assert "MANIFEST/manifest.xml" in z.namelist()
            assert z.read("EX-map.xml") == b"<customMapSource/>"
        assert w.marti("EX-p", "EX-police").ask("GET", connection % 0).status == 204
        time.sleep(1.1)  # the client's own measure is whole seconds
        assert a.ask("GET", connection % 1).status == 304
        assert a.ask("GET", "/Marti/api/device/profile/tool/EX-tool").status == 204
        page.post("/api/profiles", id="exercise-map", name="EX-map.xml", sha256=digest, enabled=False, when=["connection"],
                  groups=["EX-fire"])
        assert a.ask("GET", connection % 0).status == 204
        assert [p["id"] for p in page.get("/api/profiles")["profiles"]] == ["exercise-map"]
        # One that lies in the folder, for a tool; nothing else can be reached that way.
        os.makedirs(f"{w.server.data}/profiles")
        with open(f"{w.server.data}/profiles/EX-tool.pref", "wb") as f:
            f.write(b"<preferences/>")
        os.symlink(f"{w.server.data}/journal.key", f"{w.server.data}/profiles/EX-link")
        page.post("/api/profiles", id="exercise-tool", name="tool.pref", file="EX-tool.pref", enabled=True, tool="EX-tool")
        with zipfile.ZipFile(io.BytesIO(a.ok("GET", "/Marti/api/device/profile/tool/EX-tool").text)) as z:
            assert z.read("tool.pref") == b"<preferences/>"
        for bad, status in (("../journal.key", 400), ("EX-link", 404), ("EX-none", 404), (".", 400)):
            try:
                raise AssertionError(page.post("/api/profiles", id="exercise-bad", name="x", file=bad, enabled=True))
            except Refused as why:
                assert why.status == status, why
        page.read("DELETE", "/api/profiles/exercise-tool", "")
        page.read("DELETE", "/api/profiles/exercise-map", "")
        assert page.get("/api/profiles")["profiles"] == []
        assert [r["name"] for r in w.server.journal("profile.changed")] == ["EX-map.xml"] * 2 + ["tool.pref"] * 2 + ["EX-map.xml"]


def test_node_tak():
    folder = node_folder()
    shutil.copy(os.path.join(HERE, "node", "files.mjs"), folder)
    with With() as w:
        a = w.marti("EX-n", "EX-fire", "EX-police")
        data = package("a.jpg")
        with open(f"{w.server.folder}/pack.zip", "wb") as f:
            f.write(data)
        done = subprocess.run([os.environ.get("CORDON_NODE", "node"), "files.mjs", str(w.port), a.client.pem, a.client.key,
                               f"{w.server.folder}/pack.zip"], cwd=folder, capture_output=True, text=True, timeout=120)
        told = {x["name"]: x["value"] for x in map(json.loads, done.stdout.splitlines())}
        assert done.returncode == 0, f"{told} {done.stderr[-2000:]}"
        assert told["upload"]["Hash"] == sha256(b"exercise by node-tak") and told["upload"]["Keywords"] == ["EX-one", "EX-two"]
        assert told["uploadPackage"].endswith(f"/Marti/sync/content?hash={sha256(data)}"), told["uploadPackage"]
        assert [x["name"] for x in told["list"]["data"]] == ["EX-node.zip", "EX-node.txt"]
        assert told["list"]["data"][0]["keywords"] == ["missionpackage", "EX-key"]
        assert told["packages"]["resultCount"] == 2 and told["meta"]["MIMEType"] == "application/zip"
        assert told["download"] is True and told["count"]["data"] == 2 and told["none"]["data"] == []
        row = w.server.journal("file.stored")[1]
        assert row.many("group") == ["EX-fire"], row


def test_a_held_device_gets_and_gives_nothing():
    with With() as w:
        a, b = w.marti("EX-a"), w.marti("EX-b")
        data = b"exercise"
        assert a.upload(data).status == 200
        assert b.content(data).status == 200
        base = sqlite3.connect(f"{w.server.data}/cordon.db", timeout=30)
        with base:
            assert base.execute("update certificates set held = 1 where serial = ?", (b.client.serial,)).rowcount == 1
        base.close()
        eventually("it waits", lambda: b.content(data).status == 403)
        for method, path in (("GET", "/Marti/sync/search"), ("POST", "/Marti/sync/upload?name=x"),
                             ("GET", f"/Marti/sync/missionquery?hash={sha256(data)}"),
                             ("GET", "/Marti/api/device/profile/connection")):
            assert "waits until the command post admits" in b.refused(403, method, path, b"x" if method == "POST" else None)
        assert len(w.server.journal("file.stored")) == 1
        # Without a certificate there is nothing at all.
        link = http.client.HTTPSConnection("127.0.0.1", w.port, context=ssl._create_unverified_context(), timeout=PATIENCE)
        link.request("GET", f"/Marti/sync/content?hash={sha256(data)}")
        assert link.getresponse().status == 401


def test_a_photo_of_a_zone():
    """A phone's photo is placed in a zone by the command post; one that the post sent itself cites its file, too."""
    with With() as w:
        page = Page(w.server, w.port)
        page.open(incident="EX-1")
        page.say("structure.defined", structure="H", name="House", storeys=1)
        a = w.marti("EX-a")
        w.server.phone("EX-R1", a.client, uid="ANDROID-EX-a", lat=24.8607, lon=67.0011)
        photo = b"\xff\xd8\xff\xe0 exercise photo of a zone"
        assert a.upload(photo, "IMG_2.jpg", "image/jpeg", creatorUid="ANDROID-EX-a").status == 200
        origin = f"sha256-{sha256(photo)}"
        name = eventually("its report", lambda: [n for n, r in page.entities("report").items() if r.get("origin") == origin])[0]
        assert "zone" not in page.entities("report")[name]
        assert "zone: there is no" in page.no("report.placed", report=name, zone="nowhere").detail
        page.say("report.placed", report=name, zone="H/0/A")
        assert page.entities("report")[name]["zone"] == "H/0/A"
        page.say("source.registered", source="post", source_kind="responder")
        page.say("report.received", report="EX-own", predicate="note", subject="photo", text="stairs", origin=origin, zone="H/0/B",
                 source="post", grade="B2")
        assert page.entities("report")["EX-own"]["zone"] == "H/0/B"
        assert page.ask("GET", f"/api/files/{origin[7:]}")[1] == photo
