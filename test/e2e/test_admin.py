"""What an administrator looks after: backups that are restored, the check, maps in pieces, inputs, the video list."""
import datetime
import json
import os
import pathlib
import shutil
import tempfile
import urllib.parse

import events
from page import Page, Refused
from server import Server, eventually, free_ports
from test_files import Marti
from test_sharing import decide, pair, two_agencies

PIECE = 4096


def with_page(**settings):
    web = free_ports(1)[0]
    s = Server(web=web, **settings)
    s.page = Page(s, web)
    return s


def head_of(folder):
    note = (pathlib.Path(folder) / "BACKUP.txt").read_text(encoding="ascii")
    return next(line[5:] for line in note.splitlines() if line.startswith("head "))


def restored(backup, name):
    """The contents of both folders in one, as the manual says."""
    to = tempfile.mkdtemp(prefix=f"cordon-{name}-")
    for part in ("record", "keys"):
        shutil.copytree(os.path.join(backup, part), to, dirs_exist_ok=True)
    return to


def no(status, call, *args, **more):
    try:
        raise AssertionError(f"it was taken: {call(*args, **more)}")
    except Refused as refused:
        assert refused.status == status, refused
        return refused.detail


def test_a_backup_beside_the_running_server_is_restored():
    with with_page() as s:
        s.page.open()
        phone = s.phone("EX-1", s.client("ex-1", "all"))
        phone.send(events.chat(phone.uid, phone.callsign, "EX before the backup"))
        s.wait_journal("chat.said")
        api = Marti(s, s.page.port, s.clients["ex-1"])
        assert api.upload(b"EX exercise", "EX-plan.txt").status == 200
        out = os.path.join(tempfile.mkdtemp(), "backup")
        told = s.command("backup", "--out", out).stdout
        assert head_of(out) in told
        assert "give a new folder" in s.command("backup", "--out", out, ok=False).stderr
        assert not [f for f in os.listdir(os.path.join(out, "record")) if f.endswith((".key", ".sign", "-wal"))]
        phone.send(events.chat(phone.uid, phone.callsign, "EX after the backup"))
        eventually("both lines", lambda: len(s.journal("chat.said")) == 2)
        folder = restored(out, "restored")
    web = free_ports(1)[0]
    with Server(data=folder, web=web) as s:
        assert "the chain holds" in s.command("verify", "--witness", head_of(out), "--files").stdout
        assert [row["text"] for row in s.journal("chat.said")] == ["EX before the backup"]
        page = Page(s, web)
        assert page.get("/api/incidents")["incidents"][0]["id"] == "EX-1"
        assert [f["name"] for f in page.get("/api/files")["files"]] == ["EX-plan.txt"]
    shutil.rmtree(folder)


def job(page, state="done"):
    def is_there():
        now = page.get("/api/admin/record")["job"]
        return now if now["state"] == state else None
    return eventually("the job", is_there)


def test_the_page_has_the_record_checked_and_copied():
    with with_page() as s:
        s.page.open()
        before = s.page.get("/api/admin/record")
        assert before["job"] is None and before["backups"] == [] and before["head"]["seq"] == before["rows"] > 0
        assert s.page.post("/api/admin/record/verify")["job"]["job"] == "verify"
        done = job(s.page)
        assert done["bad"] == 0 and done["rows"] == done["head"]["seq"] >= before["rows"], done
        s.page.post("/api/admin/backups")
        made = job(s.page)
        backup = s.page.get("/api/admin/record")["backups"][0]
        assert backup["name"] == made["name"] and backup["head"] == f"{made['head']['seq']}:{made['head']['hash']}"
        path = f"/api/admin/backups/{backup['name']}"
        status, bytes_ = s.page.ask("GET", f"{path}/journal.db")
        assert status == 200 and bytes_[:15] == b"SQLite format 3"
        for name in ("journal.key", "..%2Fkeys%2Fjournal.key", "BACKUP.txt"):
            assert s.page.ask("GET", f"{path}/{name}")[0] in (400, 404), name
        assert "EX" not in no(404, s.page.post, "/api/admin/backups/backup-EX/delete")
        assert s.page.ask("POST", f"{path}/delete", "{}")[0] == 204
        assert s.page.get("/api/admin/record")["backups"] == []
        disk = s.page.get("/api/admin/disk")
        assert disk["total"] > disk["free"] > 0 and {u["what"] for u in disk["uses"]} >= {"record", "maps", "backups"}
        about = s.page.get("/api/admin/about")
        assert len(about["words"].split()) == 3 and all(c["until"] > c["from"] > 0 for c in about["certificates"])


def test_a_phone_with_a_wrong_clock_is_named():
    with with_page() as s:
        phone, good = (s.phone(f"EX-{i}", s.client(f"ex-{i}", "all")) for i in (1, 2))
        good.send(events.position(good.uid, good.callsign))
        wrong = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=90)
        phone.send(events.position(phone.uid, phone.callsign, time=wrong.strftime("%Y-%m-%dT%H:%M:%S.000Z")))

        def off():
            return {p["callsign"]: p["off_ms"] for p in s.page.get("/api/admin/clocks")["phones"]}
        eventually("it is named", lambda: "EX-1" in off())
        assert -95_000 < off()["EX-1"] < -85_000 and "EX-2" not in off()


def send_map(page, name, data, piece=PIECE, at=0):
    while at < len(data):
        part = data[at:at + piece]
        status, text = page.ask("POST", f"/api/admin/maps/{name}?" + urllib.parse.urlencode(
            {"offset": at, "size": len(data)}), part, kind="application/octet-stream")
        if status != 200:
            raise Refused(status, json.loads(text))
        at = json.loads(text)["at"]
    return json.loads(text)


def make_map(path):
    """A map of one tile at zoom 0 that everybody can draw."""
    import sqlite3
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE metadata (name TEXT, value TEXT);"
                     "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);"
                     "INSERT INTO metadata VALUES ('format', 'png'), ('minzoom', '0'), ('maxzoom', '3'),"
                     "('bounds', '9,19,11,21'), ('attribution', 'EX exercise');")
    db.execute("INSERT INTO tiles VALUES (0, 0, 0, ?)", (b"\x89PNG" + bytes(9000),))
    db.commit()
    db.close()
    return pathlib.Path(path).read_bytes()


def pmtiles(damage=None):
    """Two directories and seventeen times one picture; damage: (place, byte)."""
    parts = [bytes([2, 0, 5, 5, 0, 4, 5, 1, 1]), b'{"attribution":"EX"}', bytes([1, 5, 16, 4, 1]), b"\x89PNG"]
    head, at = bytearray(b"PMTiles\3" + bytes(119)), 127
    for i, part in enumerate(parts):
        head[8 + 16 * i:24 + 16 * i] = at.to_bytes(8, "little") + len(part).to_bytes(8, "little")
        at += len(part)
    head[96:102] = bytes([0, 1, 1, 2, 0, 2])
    data = bytearray(bytes(head) + b"".join(parts))
    if damage:
        data[damage[0]] = damage[1]
    return bytes(data)


def test_a_map_with_a_damaged_directory_is_not_taken():
    with with_page() as s:
        folder = pathlib.Path(s.data) / "maps"
        assert send_map(s.page, "EX-way.pmtiles", pmtiles())["whole"]
        assert [m["name"] for m in s.page.get("/api/maps")] == ["EX-way"]
        below = 127 + 9 + 20
        for place, byte, why in ((127, 3, "one of its directories cannot be read"), (below, 2, "directories cannot be read"),
                                 (below + 3, 99, "one of its tiles lies behind its end")):
            said = no(400, send_map, s.page, "EX-bad.pmtiles", pmtiles((place, byte)))
            assert why in said, (place, said)
        assert sorted(os.listdir(folder)) == ["EX-way.pmtiles"]


def test_a_map_comes_in_pieces():
    with with_page() as s:
        folder = pathlib.Path(s.data) / "maps"
        data = make_map(os.path.join(tempfile.mkdtemp(), "x"))
        assert send_map(s.page, "EX-town.mbtiles", data) == {"at": len(data), "size": len(data), "whole": True}
        assert [m["name"] for m in s.page.get("/api/maps")] == ["EX-town"]
        assert (folder / "EX-town.mbtiles").read_bytes() == data
        assert "delete it first" in no(409, send_map, s.page, "EX-town.mbtiles", data)
        # What is no map, or too short, has no name.
        assert "no PMTiles" in no(400, send_map, s.page, "EX-a.pmtiles", data)
        no(400, send_map, s.page, "EX-b.mbtiles", b"this is no map" * 999)
        no(400, send_map, s.page, "EX-c.mbtiles", data[:6000])
        for name in ("EX.db", ".EX.mbtiles", "E%20X.mbtiles"):
            no(400, send_map, s.page, name, data)
        no(404, send_map, s.page, "..%2FEX.mbtiles", data)
        assert sorted(os.listdir(folder)) == ["EX-town.mbtiles"]
        # A line that broke: the rest goes on behind what is there, and nowhere else.
        half = data[:PIECE]
        status, text = s.page.ask("POST", f"/api/admin/maps/EX-d.mbtiles?offset=0&size={len(data)}", half, "application/octet-stream")
        assert status == 200 and json.loads(text) == {"at": PIECE, "size": len(data), "whole": False}
        assert {f["file"]: f["whole"] for f in s.page.get("/api/admin/maps")["files"]} == {"EX-town.mbtiles": True, "EX-d.mbtiles": False}
        assert f"{PIECE} bytes" in no(409, send_map, s.page, "EX-d.mbtiles", data, at=2 * PIECE)
        assert send_map(s.page, "EX-d.mbtiles", data, at=PIECE)["whole"]
        status, text = s.page.ask("POST", f"/api/admin/maps/EX-e.mbtiles?offset=0&size={1 << 37}", half, "application/octet-stream")
        assert status == 507 and "64 GiB" in json.loads(text)["detail"], text
        for name in ("EX-town.mbtiles", "EX-d.mbtiles"):
            assert s.page.ask("POST", f"/api/admin/maps/{name}/delete", "{}")[0] == 204
        assert s.page.get("/api/maps") == [] and os.listdir(folder) == []


def test_inputs_of_the_page_and_of_the_file():
    port, other = free_ports(2)
    with with_page() as s:
        def inputs():
            return {i["name"]: i for i in s.page.get("/api/clients/inputs")["inputs"]}
        made = s.page.post("/api/admin/inputs", spec=f"radar udp address=127.0.0.1 port={port} allow=127.0.0.1 group=all types=a")
        assert made["token"] == ""
        eventually("it is open", lambda: inputs().get("radar", {}).get("open"))
        assert len(s.page.post("/api/admin/inputs", spec="web http group=all types=a")["token"]) == 64
        no(400, s.page.post, "/api/admin/inputs", spec="radar udp port=nine")
        conf = pathlib.Path(s.data) / "cordon.conf"
        conf.write_text(f"input = mast udp address=127.0.0.1 port={other} allow=127.0.0.1 group=all types=a\n", encoding="ascii")
        s.hup()
        eventually("the file's is open", lambda: inputs().get("mast", {}).get("open"))
        assert inputs()["mast"]["conf"] and not inputs()["radar"]["conf"]
        assert "cordon.conf" in no(404, s.page.post, "/api/admin/inputs/mast/close")
        conf.write_text("# nothing\n", encoding="ascii")
        s.hup()
        eventually("it is closed", lambda: "mast" not in inputs())
        assert "radar" in inputs()
        for name in ("radar", "web"):
            assert s.page.ask("POST", f"/api/admin/inputs/{name}/close", "{}")[0] == 204
        eventually("all are closed", lambda: not inputs())
        assert {r["name"] for r in s.journal("input.closed")} == {"radar", "mast", "web"}


def test_the_video_list_from_the_page():
    with with_page() as s:
        phone = Marti(s, s.page.port, s.client("ex-1", "Search"))
        other = Marti(s, s.page.port, s.client("ex-2", "Other"))
        feed = {"alias": "EX drone", "feeds": [{"alias": "EX drone", "url": "rtsp://192.0.2.5:554/live"}]}
        status, _ = s.page.ask("PUT", "/Marti/api/video/EX-drone?group=Search", json.dumps(feed))
        assert status == 200
        assert [v["alias"] for v in phone.json("/Marti/api/video")["videoConnections"]] == ["EX drone"]
        assert other.json("/Marti/api/video")["videoConnections"] == []
        assert [v["uuid"] for v in s.page.get("/Marti/api/video")["videoConnections"]] == ["EX-drone"]
        assert s.wait_journal("video.put")["by"] == s.page.name
        assert s.page.get("/api/incidents")["incidents"] == [], "a source of video is no incident"
        s.page.post("/api/operators", id="EX-000001", name="EX eye", password="an exercise only", roles=["observer"])
        eye = Page(s, s.page.port, "EX eye")
        assert eye.ask("GET", "/Marti/api/video")[0] in (401, 403)
        s.page.csrf, kept = "wrong", s.page.csrf
        assert s.page.ask("PUT", "/Marti/api/video/EX-drone", json.dumps(feed))[0] == 403
        s.page.csrf = kept
        status, _ = s.page.ask("DELETE", "/Marti/api/video/EX-drone", "{}")
        assert status == 200 and phone.json("/Marti/api/video")["videoConnections"] == []


def test_a_missions_contents_follow_the_rules():
    """Not only the list: the mission itself, its files and its items, by name and by guid."""
    with two_agencies() as s:
        api = {name: Marti(s, s.page.port, s.clients[name]) for name in ("f1", "f2", "p1")}
        made = api["f1"].ask("PUT", "/Marti/api/missions/EX-mission?creatorUid=ANDROID-FIRE1&group=all", b"")
        assert made.status == 201, made.text
        guid = json.loads(made.text)["data"][0]["guid"]
        stored = api["f1"].upload(b"EX exercise", "EX-plan.txt")
        digest = json.loads(stored.text)["Hash"]
        put = api["f1"].ask("PUT", "/Marti/api/missions/EX-mission/contents?creatorUid=ANDROID-FIRE1",
                            json.dumps({"hashes": [digest]}), Content_Type="application/json")
        assert put.status == 200, put.text

        def sees(name):
            return {api[name].ask("GET", path).status for path in (
                "/Marti/api/missions/EX-mission", f"/Marti/api/missions/guid/{guid}", "/Marti/api/missions/EX-mission/changes",
                "/Marti/api/missions/EX-mission/cot", f"/Marti/sync/content?hash={digest}")}
        assert sees("f2") == {200} and sees("p1") == {404}
        assert api["p1"].ask("PUT", "/Marti/api/missions/EX-mission/subscription?uid=ANDROID-POL1").status == 404
        decide(s.page, classes=["notes"])
        eventually("the rule", lambda: pair(s, "FIRE", "POL")["shares"]["notes"])
        assert sees("p1") == {200}
        decide(s.page, classes=["notes"], allow=False)
        eventually("no more", lambda: not pair(s, "FIRE", "POL")["shares"]["notes"])
        assert sees("p1") == {404}
        asked = api["f1"].ask("PUT", "/Marti/api/missions/EX-mission/invite/userName/p1?creatorUid=ANDROID-FIRE1")
        assert asked.status == 200, asked.text
        assert api["p1"].ask("GET", "/Marti/api/missions/EX-mission").status == 200, "an invitation is for whom it names"
