"""Bringing data into an incident: cordon import beside a server and without one, the inbox, the crash."""
import json
import os
import threading
import time
import uuid

from page import Page, Refused, page_port
from server import ROOT, Server, Skip, eventually

SHARED = os.path.join(os.path.dirname(ROOT), "shared")
PLAN = os.path.join(SHARED, "data", "indoor", "apb.geojson")
CLAIMS = os.path.join(SHARED, "exercise", "claims.jsonl")
ZONES = 476


def need(path):
    if not os.path.exists(path):
        raise Skip(f"{path} is not here")
    return path


def take(server, *words, ok=True, by="EX planner"):
    return server.command("import", *words, "--by", by, ok=ok)


def command(kind, ticket=None, **fields):
    return {"id": ticket or str(uuid.uuid4()), "kind": kind, "fields": fields}


def commands(server, lines, name="commands.ndjson"):
    path = os.path.join(server.folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def points(count, start=0):
    return [command("point.set", point=f"EX-{i}", point_kind="rvp", place=f"EX corner {i}", text="x" * 60)
            for i in range(start, start + count)]


def inbox(server):
    return sorted(os.listdir(f"{server.data}/inbox"))


def rows(server):
    return len(server.journal())


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


