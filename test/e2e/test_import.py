"""Bringing data into an incident: cordon import beside a server and without one, the inbox, the crash."""
import json
import os
import re
import resource
import sqlite3
import subprocess
import threading
import time
import urllib.parse
import uuid
from xml.sax.saxutils import quoteattr

from clock import clock
from page import Page, Refused, page_port
from server import CORDON, ROOT, Server, Skip, eventually

SHARED = os.path.join(os.path.dirname(ROOT), "shared")
PLAN = os.path.join(SHARED, "data", "indoor", "apb.geojson")
CLAIMS = os.path.join(SHARED, "exercise", "claims.jsonl")
ZONES = 476


def need(path):
    if not os.path.exists(path):
        raise Skip(f"{path} is not here")
    return path


ROLES = "commander,planning,operations,loggist,intelligence,medical,clinician,casualty-officer,family-liaison,information"


def take(server, *words, ok=True, by="EX planner", roles=ROLES):
    return server.command("import", *words, "--by", by, *(["--roles", roles] if roles else []), ok=ok)


def command(kind, ticket=None, **fields):
    return {"id": ticket or str(uuid.uuid4()), "kind": kind, "fields": fields}


def commands(server, lines, name="commands.ndjson"):
    path = os.path.join(server.folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def tasks(count, start=0):
    return [command("task.created", task=f"EX-{i}", owner="logistics", text=f"EX corner {i} " + "x" * 60)
            for i in range(start, start + count)]


def changes(count):
    return [command("incident.changed", place=f"EX corner {i}") for i in range(count)]


def inbox(server):
    return sorted(os.listdir(f"{server.data}/inbox"))


def inbox_has_no_commands(server):
    return not [name for name in inbox(server) if name.endswith(".commands")]


def head(server):
    base = sqlite3.connect(f"file:{server.data}/journal.db?mode=ro", uri=True)
    try:
        return base.execute("select max(seq) from journal").fetchone()[0]
    finally:
        base.close()


def rows(server):
    """What was recorded, without the note that somebody asked for what he may not."""
    return sum(r.kind != "access.denied" for r in server.journal())


def test_a_plan_into_a_running_incident_and_twice_is_once():
    need(PLAN)
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        said = take(s, PLAN, "--structure", "APB").stdout
        assert "recorded:" in said, said
        assert len(page.entities("zone")) == ZONES, len(page.entities("zone"))
        before, hashed = rows(s), page.state()["hash"]
        again = take(s, PLAN, "--structure", "APB").stdout
        assert "nothing new" in again and rows(s) == before and page.state()["hash"] == hashed, again
        row = s.journal("zone.defined")[0]
        assert row["by"] == "EX planner" and "import" in json.dumps(row.list), row
        assert inbox(s) == [], inbox(s)
        assert os.stat(f"{s.data}/inbox").st_mode & 0o777 == 0o700
        s.verify()


def test_a_plan_without_a_server():
    need(PLAN)
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        s.stop()
        said = take(s, PLAN, "--structure", "APB").stdout
        assert "recorded:" in said, said
        before = rows(s)
        assert "nothing new" in take(s, PLAN, "--structure", "APB").stdout and rows(s) == before
        s.verify()
        s.start()
        page = Page(s, port)
        assert len(page.entities("zone")) == ZONES
        assert "nothing new" in take(s, PLAN, "--structure", "APB").stdout


def board(page):
    """What the counters say, and which findings of WARN and above rest on what."""
    counters = page.view("counters")["counters"]
    texts = [f["rule"] for f in page.view("findings")["findings"] if f["severity"] != "INFO" and not f["resolved"]]
    return {k: (c["lo"], c["hi"], c["sources"], c["values"], c["confirmed"]) for k, c in counters.items()}, sorted(texts)


def test_the_claims_of_the_exercise_say_what_its_readme_says():
    """At 22:45, and on 19 February: the second import brings what was recorded after the first."""
    need(CLAIMS)
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        take(s, "--claims", CLAIMS, "--until", "2023-02-17T22:45:00+05:00")
        counters, found = board(page)
        assert counters["killed"][:4] == (4, 5, 3, 2), counters
        assert counters["injured"][:4] == (14, 19, 3, 3), counters
        assert counters["attackers"][:3] == (3, None, 5), counters
        assert found == sorted(["count.killed", "count.injured", "category.killed", "threat.open", "command.conflict",
                                "place.conflict"]), found
        at = [r["recorded_at"] for r in s.journal("report.received")]
        assert at and all(int(t) < 1676655900000 for t in at), at[:3]
        take(s, "--claims", CLAIMS)
        counters, found = board(page)
        assert counters["killed"][:2] == (5, 5) and counters["killed"][4] == 1, counters
        assert counters["injured"][:3] == (17, 18, 2), counters
        assert found == sorted(["count.injured", "threat.open", "command.conflict", "place.conflict",
                                "duration.strained", "time.conflict", "time.conflict", "statement.unsupported"]), found
        before = rows(s)
        assert "nothing new" in take(s, "--claims", CLAIMS).stdout and rows(s) == before


def test_exercise_data_stays_out_of_a_real_incident():
    need(CLAIMS)
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open(incident="I-1", exercise=False)
        before = rows(s)
        for stopped in (False, True):
            if stopped:
                s.stop()
            for words in (["--claims", CLAIMS], ["--commands", commands(s, [command("media.logged", media="m", speaker="x")
                                                                            | {"exercise": True}])]):
                done = take(s, *words, ok=False)
                assert done.returncode == 1 and "exercise" in done.stderr and "line 1" in done.stderr, done.stderr
        assert rows(s) == before + 1 and inbox(s) == []  # the server's stop


def test_one_bad_command_changes_nothing_and_is_named():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        before, hashed = rows(s), page.state()["hash"]
        bad = [
            (command("unit.checked_in", unit="EX-A", agency="nobody"), "agency: there is no"),
            (command("media.logged", media="m", speaker="x", cause=99999), "cause: event 99999 is not there yet"),
            (command("unit.checked_in", unit="EX-A"), "agency"),
            (command("point.set", point="EX-900", point_kind="rvp", place="x", lat=91), "lat"),
            (command("nonsense.made", a=1), "kind: there is no kind of event"),
            (command("incident.opened", name="x", type="bomb"), "opens none"),
            (command("media.logged", media="m", speaker="x", colour="red"), "colour"),
            ({"id": "no", "kind": "media.logged", "fields": {}}, "id"),
            ({"id": "12345678", "kind": "media.logged"}, "fields"),
            ("a text", "JSON"),
        ]
        for line, why in bad:
            path = commands(s, tasks(300) + [line] + tasks(5, 400))
            done = take(s, "--commands", path, ok=False)
            assert done.returncode == 1 and "line 301" in done.stderr and why in done.stderr, done.stderr
        same = command("media.logged", media="m", speaker="x")
        done = take(s, "--commands", commands(s, [same, same]), ok=False)
        assert "line 2: id: the same as in line 1" in done.stderr, done.stderr
        assert rows(s) == before and page.state()["hash"] == hashed and inbox(s) == []
        s.stop()
        done = take(s, "--commands", commands(s, tasks(300) + [bad[0][0]]), ok=False)
        assert "line 301: agency: there is no" in done.stderr and "nothing was recorded" in done.stderr, done.stderr
        assert rows(s) == before + 1 and inbox(s) == []
        s.verify()


def test_what_is_no_import_is_refused_at_once():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        big = os.path.join(s.folder, "big.geojson")
        with open(big, "wb") as f:
            f.truncate(500 << 20)
        for words in ([big, "--structure", "S"], ["--claims", big], ["--commands", big]):
            done = take(s, *words, ok=False)
            assert done.returncode == 1 and "MiB" in done.stderr, done.stderr
        assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 200 << 10  # KiB: none of them was read
        for words, why in ((["nothing.geojson", "--structure", "S"], "not there"), ([], "say what"),
                           ([s.folder, "--structure", "S"], "not a file"), ([big], "--structure")):
            done = take(s, *words, ok=False)
            assert done.returncode == 1 and why in done.stderr, done.stderr
        done = s.command("import", "--commands", commands(s, tasks(1)), ok=False)
        assert done.returncode == 1 and "--by" in done.stderr, done.stderr
        for by, roles, why in (("EX nobody", None, 'no operator "EX nobody"'), (page.name, "planning", "is an operator"),
                               ("EX planner", "boss", "--roles"), ("EX planner", "observer", "line 1: task.created")):
            done = take(s, "--commands", commands(s, tasks(1)), ok=False, by=by, roles=roles)
            assert done.returncode == 1 and why in done.stderr, done.stderr
        done = take(s, "--commands", commands(s, tasks(1)), "--incident", "none", ok=False)
        assert 'there is no incident "none"' in done.stderr, done.stderr
        done = take(s, "--commands", commands(s, changes(20001)), ok=False)
        assert "20000 commands" in done.stderr, done.stderr


def test_the_inbox_takes_only_files_of_its_own():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        box = f"{s.data}/inbox"
        eventually("the inbox is there", lambda: os.path.isdir(box))
        head = json.dumps({"cordon": "import 1", "incident": "EX-1", "by": "EX", "roles": "planning", "source": ""}) + "\n"
        good = (head + json.dumps(tasks(1)[0]) + "\n").encode()

        def put(name, mode, fill):
            path = f"{s.folder}/{name}"
            fill(path)
            os.chmod(path, mode)
            os.rename(path, f"{box}/{name}")

        def write(data):
            return lambda path: open(path, "wb").write(data)

        put("aa-1.commands", 0o644, write(good))
        put("aa-2.commands", 0o600, lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 500 << 20))
        put("..sly.commands", 0o600, write(good))
        os.symlink(commands(s, tasks(1)), f"{box}/aa-3.commands")
        os.mkfifo(f"{box}/aa-4.commands", 0o600)
        os.mkdir(f"{box}/aa-5.commands", 0o700)
        for name in ("aa-1", "aa-2", "aa-3", "aa-4", "aa-5", "..sly"):
            s.wait_log("inbox.refused", f"{name}.commands")
        eventually("all are moved", lambda: len(os.listdir(f"{box}/refused")) == 6)
        for name, text in (("bb-1", b""), ("bb-2", b"{}\n"), ("bb-3", head.replace("EX-1", "none").encode() + b"{}\n"),
                           ("bb-4", bytes(range(256)) * 9)):
            put(f"{name}.commands", 0o600, write(text))
            result = eventually(f"a result of {name}", lambda: os.path.exists(f"{box}/{name}.result") and
                                json.load(open(f"{box}/{name}.result", encoding="utf-8")))
            assert not result["ok"] and result["commands"] == 0 and len(result["text"]) > 10, result
        put("cc-1.commands", 0o600, write(good))
        eventually("the good one is taken", lambda: page.entities("task"))


def test_an_import_that_a_crash_cuts_off_is_complete_after_the_next_start():
    """The server and who waits are killed in the middle; the next start goes on by itself."""
    port, total, cuts = page_port(), 8000, 0
    with Server(web=port) as s:
        page = Page(s, port)
        path = commands(s, changes(total))
        for n in range(3):
            name = f"EX-K{n}"
            base = page.open(incident=name)["seq"]
            waits = subprocess.Popen([CORDON, "import", "--commands", path, "--incident", name, "--by", "EX planner",
                                      "--roles", "planning", "--data", s.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            eventually("some are recorded", lambda: head(s) > base + 300 * (n + 1))
            waits.kill()
            waits.wait()
            s.kill()
            cuts += base < head(s) < base + total
            s.start()
            page = Page(s, port)
            eventually("the import is complete", lambda: head(s) >= base + total and inbox_has_no_commands(s))
            mine = [r for r in s.journal("incident.changed") if r["incident"] == name]
            assert len(mine) == total and len({r["ticket"] for r in mine}) == total, len(mine)
            assert [r["place"] for r in mine] == [f"EX corner {i}" for i in range(total)]
            assert "nothing new" in take(s, "--commands", path, "--incident", name).stdout
        assert cuts, "no kill came in the middle of an import"
        s.verify()


def test_others_go_on_while_a_file_is_applied():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        path = commands(s, changes(20000))
        done = {}
        run = threading.Thread(target=lambda: done.update(r=take(s, "--commands", path)))
        run.start()
        slowest, said = 0.0, 0
        while run.is_alive():
            began = time.monotonic()
            page.say("media.logged", media=f"EX-{said}", speaker="EX minister")
            slowest, said = max(slowest, time.monotonic() - began), said + 1
        assert done["r"].returncode == 0 and "20000 commands" in done["r"].stdout, done["r"]
        first, last = (s.journal("incident.changed")[i].seq for i in (0, -1))
        between = [r for r in s.journal("media.logged") if first < r.seq < last]
        assert said and between, "nothing was recorded between the slices"
        print(f"the slowest of {said} others took {slowest * 1000:.0f} ms, {len(between)} between the slices")


def test_what_changes_meanwhile_stops_it_and_the_result_says_where():
    """The incident is closed while its import is recorded: what is refused then is named, the rest is exact.
    The disk is a slow one, so that there is a while between the first slice and the last."""
    port = page_port()
    with clock(sync_ms=40) as (_, env), Server(web=port, env=env) as s:
        page = Page(s, port)
        page.open()
        page.say("command.assumed", scope="incident", commanders=[page.name])
        path = commands(s, changes(15000))
        done = {}
        run = threading.Thread(target=lambda: done.update(r=take(s, "--commands", path, ok=False)))
        run.start()
        eventually("it is being recorded", lambda: "EX corner" in json.dumps(page.entities("incident")))
        page.say("incident.closed", reason="EX over", role="commander")
        run.join()
        recorded = len(s.journal("incident.changed"))
        why = done["r"].stderr
        assert done["r"].returncode == 1 and 0 < recorded < 15000, (recorded, why)
        assert f"line {recorded + 1}:" in why and f"of the lines before it {recorded} are in the record" in why, why
        eventually("the file is gone", lambda: inbox(s) == [])
        s.verify()


# ---------------------------------------------------------------------- HTTP


def post_file(page, body, kind="application/geo+json", incident="EX-1", **query):
    asked = "?" + urllib.parse.urlencode(query) if query else ""
    status, text = page.ask("POST", f"/api/incidents/{incident}/import{asked}", body, kind)
    return status, json.loads(text)


def ndjson(lines):
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_import_over_http():
    with open(need(PLAN), "rb") as f:
        plan = f.read()
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        before = rows(s)
        status, report = post_file(page, plan, structure="APB", dry_run=1)
        assert status == 200 and report["report"]["zones"] == ZONES and rows(s) == before, report
        status, done = post_file(page, plan, structure="APB")
        assert status == 200 and done["ok"] and done["commands"] == report["commands"], done
        assert len(page.entities("zone")) == ZONES
        status, again = post_file(page, plan, structure="APB")
        assert status == 200 and again["commands"] == 0 and again["known"] == done["commands"], again
        row = s.journal("zone.defined")[0]
        assert row["by"] == page.name and "127.0.0.1" in json.dumps(row.list), row
        status, done = post_file(page, ndjson(tasks(100)), "application/x-ndjson")
        assert status == 200 and done["commands"] == 100, done
        with open(need(CLAIMS), "rb") as f:
            status, done = post_file(page, f.read(), "application/x-ndjson", claims=1)
        assert status == 200 and done["commands"] > 50, done
        before = rows(s)
        bad = tasks(9, 500) + [command("unit.checked_in", unit="X", agency="nobody")]
        status, why = post_file(page, ndjson(bad), "application/x-ndjson")
        assert status == 404 and why["field"] == "agency" and why["detail"].startswith("line 10: agency:"), why
        for status_wanted, body, kind, query in (
                (415, b"x", "text/plain", {}), (400, b"{}", "application/geo+json", {}),
                (400, b"not json", "application/geo+json", {"structure": "S"}),
                (400, b"", "application/geo+json", {"structure": "S"}),
                (413, b"x" * ((8 << 20) + 1), "application/x-ndjson", {}),
                (400, b"[" * (4 << 20), "application/geo+json", {"structure": "S"}),
                (400, ndjson(changes(20001)), "application/x-ndjson", {})):
            try:
                status, why = post_file(page, body, kind, **query)
            except (ConnectionError, OSError):
                status = 413  # the server closed while it was still being sent
            assert status == status_wanted, (status_wanted, status, why)
        assert post_file(page, plan, incident="none", structure="S")[0] == 404
        csrf, page.csrf = page.csrf, "0" * 64
        assert post_file(page, plan, structure="S2")[0] == 403
        page.csrf, cookie, page.cookie = csrf, page.cookie, "__Host-cordon=no"
        assert post_file(page, plan, structure="S2")[0] == 401
        page.cookie = cookie
        status, why = 0, page.ask("POST", "/api/chat", b"x" * (65 << 10))
        assert why[0] == 413, why
        assert rows(s) == before and page.get("/api/incidents")["incidents"]
        assert inbox(s) == []
        s.verify()


def test_an_import_may_what_a_single_command_may():
    """Over HTTP, on the command line with the server and without it: the same refusal, with the line."""
    port = page_port()
    with Server(web=port) as s:
        boss = Page(s, port)
        boss.open()
        boss.say("task.created", task="EX-intel", owner="intelligence", text="EX", **{"class": "intel"})
        made = s.command("operator", "EX-plan", "--roles", "planning").stdout
        page = Page(s, port, name="EX-plan", password=made.strip().split()[-1])
        line = command("task.dropped", task="EX-intel", reason="EX")
        try:
            page.say("task.dropped", task="EX-intel", reason="EX")
        except Refused as why:
            single = why.detail
        before = rows(s)
        status, why = post_file(page, ndjson(tasks(3) + [line]), "application/x-ndjson")
        assert status == 403 and why["detail"].startswith("line 4: " + single), (status, why, single)
        s.wait_journal("access.denied", lambda r: r["subject"] == "import" and r["reason"] == why["detail"])
        # What his roles do not have: refused before the record is asked, as for a single one.
        line = command("casualty.nok_set", casualty="EX-c", nok="informed", by="EX")
        status, why = page.ask("POST", "/api/incidents/EX-1/commands", json.dumps(line).encode())
        assert (status, post_file(page, ndjson([line]), "application/x-ndjson")[0]) == (403, 403), why
        # What the incident refuses is no lack of rights.
        line = command("task.created", task="EX-intel", owner="planning", text="EX")
        assert post_file(page, ndjson([line]), "application/x-ndjson")[0] == 409
        line = command("task.dropped", task="EX-intel", reason="EX")
        path = commands(s, tasks(3) + [line])
        for stopped in (False, True):
            if stopped:
                s.stop()
                before += 1
            for by, roles in (("EX-plan", None), ("EX planner", "planning")):
                done = take(s, "--commands", path, ok=False, by=by, roles=roles)
                assert done.returncode == 1 and "line 4: " + single in done.stderr, done.stderr
            assert rows(s) == before
        take(s, "--commands", path, roles="planning,intelligence")
        assert rows(s) == before + 4


def test_an_import_on_a_slow_disk_is_answered_when_it_is_done():
    """Far longer than a request waits for the record otherwise; the outcome can be asked for when even that is over."""
    port, total = page_port(), 6000
    with clock(sync_ms=250) as (_, env), Server(web=port, env=env) as s:
        page = Page(s, port)
        page.open()
        began = time.monotonic()
        status, done = post_file(page, ndjson(changes(total)), "application/x-ndjson")
        print(f"answered with {status} after {time.monotonic() - began:.1f} s")
        if status == 202:
            path = f"/api/incidents/EX-1/imports/{done['import']}"
            done = eventually("it is done", lambda: page.get(path)["done"] and page.get(path), seconds=120)
            assert inbox(s) == [done["import"] + ".result"], inbox(s)
        else:
            assert inbox(s) == [], inbox(s)
        assert status in (200, 202) and done["ok"] and done["commands"] == total, (status, done)
        assert page.ask("GET", "/api/incidents/EX-1/imports/EX-none")[0] == 404


def test_an_export_on_the_command_line_is_an_event():
    """Beside a server and without one: who, what, which classes, before the first line; refused, nothing leaves."""
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        page.say("task.created", task="EX-intel", owner="intelligence", text="EX secret", **{"class": "intel"})
        s.command("operator", "EX-plan", "--roles", "planning")
        s.command("operator", "EX-medic", "--roles", "medical")
        cases = [("EX inquiry", [], "public,partner,ops,command,medical,sealed-id,intel", True),
                 ("EX inquiry", ["--roles", "planning"], "public,partner,ops,command", False),
                 ("EX-plan", [], "public,partner,ops,command", False)]
        for stopped in (False, True):
            if stopped:
                s.stop()
            for by, more, classes, secret in cases:
                out = s.command("export", "--by", by, *more).stdout
                made = s.journal("export.made")[-1]
                assert made["by"] == by and made["subject"] == f"all events as NDJSON; classes {classes}", made.list
                lines = [json.loads(line) for line in out.splitlines()]
                assert lines[-1]["kind"] == "export.made" and lines[-1]["seq"] == made.seq, lines[-1]
                assert ("EX secret" in out) == secret, (by, more)
            before = rows(s)
            for words, why in ((["--by", "EX-medic"], "for the command"), ([], "--by"),
                               (["--by", "EX-plan", "--roles", "intelligence"], "is an operator")):
                done = s.command("export", *words, ok=False)
                assert done.returncode == 1 and why in done.stderr and done.stdout == "", done
            assert rows(s) == before
        s.verify()


def drawn(s, uid, closed=True):
    """A freehand shape of the corpus under another uid, seen by the server as that of a phone."""
    text = corpus_shape()
    phone = s.phone("EX-DRAWER", "EX-drawer")
    text = re.sub(r'uid="[^"]*"', f'uid="{uid}"', text, count=1)
    links = re.findall(r"<link [^>]*point=[^>]*/>", text)
    if closed and links[0] != links[-1]:
        text = text.replace(links[-1], links[-1] + links[0])
    elif not closed:
        start, end = text.index(links[0]), text.rindex(links[-1]) + len(links[-1])
        text = text[:start] + "".join(links[:len(links) // 2]) + text[end:]
    now = time.time()
    for name, at in (("time", now), ("start", now), ("stale", now + 3600)):
        text = re.sub(rf'\b{name}="[^"]*"', f'{name}="{time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))}"', text, count=1)
    phone.send(text.encode())
    s.wait_journal("object.put", lambda r: r["uid"] == uid)
    return phone


def corpus_shape():
    for folder, _, names in os.walk(os.environ.get("CORDON_CORPUS", os.path.join(SHARED, "corpus"))):
        for name in sorted(names):
            if name.endswith((".xml", ".cot")):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
                    text = f.read()
                if text.count("<event") == 1 and re.search(r'type="u-d-f"', text) and "point=" in text:
                    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text).strip()
    raise Skip("the corpus with a freehand shape is not here")


def promoted(page, uid, kind, **fields):
    return page.post("/api/incidents/EX-1/promote", id=str(uuid.uuid4()), uid=uid, kind=kind, fields=fields)


OVAL = "<shape><ellipse major='250' minor='125' angle='45'/></shape>"
STROKE = ("<event version='2.0' uid='s' type='u-d-f' how='h-e' time='{t}' start='{t}' stale='{t}'>"
          "<point lat='0' lon='0' hae='0' ce='1' le='1'/><detail>{links}</detail></event>")
HAND = (STROKE.format(t="2026-02-17T19:00:00Z", links="".join(f"<link point='{at}'/>" for at in stroke))
        for stroke in (("24.86,67", "24.87,67", "24.87,67.01"), ("24.869,67.01", "24.86,67.01", "24.86,67.001")))
DRAWINGS = {"EX-OVAL": ("u-d-c-e", OVAL, 37), "EX-ROUND": ("u-d-c-c", OVAL.replace("125", "250"), 37),
            "EX-HAND": ("u-d-f-m", "".join(f"<link line={quoteattr(stroke)}/>" for stroke in HAND), 7)}


def test_ellipses_and_freehand_become_tactical_zones():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        page.say("command.assumed", scope="incident", commanders=[page.name])
        phone = s.phone("EX-DRAWER", "EX-drawer")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for uid, (type_, detail, points) in DRAWINGS.items():
            phone.send(f"<event version='2.0' uid='{uid}' type='{type_}' how='h-e' time='{now}' start='{now}' "
                       f"stale='{now[:2]}99{now[4:]}'><point lat='24.86' lon='67' hae='0' ce='1' le='1'/>"
                       f"<detail>{detail}<contact callsign='{uid}'/></detail></event>".encode())
            s.wait_journal("object.put", lambda r: r["uid"] == uid)
            promoted(page, uid, "tactical.set", tactical=f"{uid}-zone", tactical_kind="hot")
            shape = page.entities("tactical")[f"{uid}-zone"]["shape"].split()
            assert len(shape) == points and shape[0] == shape[-1], (uid, shape)
        s.verify()


def test_a_drawing_gives_nobody_a_role_that_he_has_not():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        page.say("command.assumed", scope="incident", commanders=[page.name])
        drawn(s, "EX-SHAPE")
        made = s.command("operator", "x-one", "--roles", "responder").stdout.split()[-1]
        other = Page(s, port, name="x-one", password=made)
        try:
            answer = promoted(other, "EX-SHAPE", "cordon.set", cordon="EX-c", cordon_kind="outer", role="operations")
        except Refused as why:
            assert why.status == 403 and why.field == "role", why
        else:
            raise AssertionError(f"not refused: {answer}")
        denied = s.wait_journal("access.denied")
        assert denied["by"] == "x-one" and denied["subject"] == "cordon.set", denied.list
        assert page.entities("cordon") == {}


def test_a_drawing_of_a_phone_becomes_a_cordon_and_leaves_as_geojson():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        page.say("command.assumed", scope="incident", commanders=[page.name])
        drawn(s, "EX-SHAPE")
        drawn(s, "EX-LINE", closed=False)
        put = s.journal("object.put")
        done = promoted(page, "EX-SHAPE", "cordon.set", cordon="EX-outer", cordon_kind="outer")
        made = page.entities("cordon")["EX-outer"]
        shape = made["shape"].split()
        assert len(shape) >= 4 and shape[0] == shape[-1], made
        row = next(r for r in s.journal("cordon.set") if r.seq == done["seq"])
        assert str(put[0].seq) in row.many("cause"), row.list
        refusals = [("EX-SHAPE", "point.set", dict(point="p", point_kind="rvp"), 400),
                    ("EX-LINE", "cordon.set", dict(cordon="c2", cordon_kind="outer"), 400),
                    ("EX-none", "cordon.set", dict(cordon="c2", cordon_kind="outer"), 404),
                    ("ANDROID-EX-DRAWER", "cordon.set", dict(cordon="c2", cordon_kind="outer"), 404),
                    ("EX-SHAPE", "media.logged", dict(media="m", speaker="x"), 400),
                    ("EX-SHAPE", "cordon.set", dict(cordon="c2", cordon_kind="nonsense"), 400),
                    ("EX-SHAPE", "cordon.set", dict(cordon="c2", cordon_kind="outer", shape="1,1 2,2 3,3 1,1"), 400)]
        for uid, kind, fields, status in refusals:
            try:
                answer = promoted(page, uid, kind, **fields)
            except Refused as why:
                assert why.status == status and len(why.detail) > 10, (uid, kind, why)
            else:
                raise AssertionError(f"not refused: {uid} {kind} {answer}")
        status, text = page.ask("GET", "/api/incidents/EX-1/geojson")
        out = json.loads(text)
        assert status == 200 and out["type"] == "FeatureCollection" and out["exercise"] is True
        assert [f["id"] for f in out["features"]] == ["cordon/EX-outer"]
        ring = out["features"][0]["geometry"]["coordinates"][0]
        lat, lon = map(float, shape[0].split(","))
        assert ring[0] == ring[-1] and any(abs(p[0] - lon) < 1e-6 and abs(p[1] - lat) < 1e-6 for p in ring), ring
        then = page.get("/api/incidents/EX-1/geojson", seq=done["seq"] - 1)
        assert then["features"] == [] and page.ask("GET", "/api/incidents/none/geojson")[0] == 404
        s.verify()
