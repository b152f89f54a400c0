"""The incident over HTTP and the WebSocket: commands, refusals, views, past moments, restarts."""
import json
import uuid

from page import Page, Refused, page_port
from server import Server


VIEWS = ("strip", "counters", "findings", "alarms", "par", "floors", "gaps", "release", "public")


def scene(page):
    """An open exercise with a commander, two agencies and a house of two storeys."""
    page.open()
    page.say("command.assumed", scope="incident", commanders=[page.name])
    for agency in ("police", "army"):
        page.say("agency.joined", agency=agency, name=agency, agency_kind=agency)
    page.say("unit.checked_in", unit="EX-P1", agency="police", strength=6)
    page.say("unit.checked_in", unit="EX-A1", agency="army", strength=8)
    page.say("structure.defined", structure="H", name="House", storeys=2, roof=True, scheme="ground=0",
             inside_inner_cordon=True)


def test_minute_one_and_the_views():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        assert page.get("/api/incidents") == {"incidents": []}
        page.open()
        strip = page.view("strip")
        assert strip["commanders"] == [] and strip["exercise"], strip
        assert strip["casualties"]["killed"]["known"] is False and strip["casualties"]["killed"]["lo"] is None
        page.say("command.assumed", scope="incident", commanders=[page.name], place="gate")
        assert page.view("strip")["commanders"] == [page.name]
        page.say("structure.defined", structure="H", name="House", storeys=5, roof=True, scheme="ground=0")
        levels = page.view("floors")["structures"][0]["levels"]
        assert [level["ordinal"] for level in levels] == [5, 4, 3, 2, 1, 0], levels
        assert len(levels[1]["zones"]) == 7
        assert [x["id"] for x in page.get("/api/incidents")["incidents"]] == ["EX-1"]
        s.verify()


def test_refusals_name_the_field_and_change_nothing():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        before = page.state()
        rows = [
            ("unit.checked_in", dict(unit="X", agency="nobody"), 404, "agency"),
            ("unit.checked_in", dict(unit="X", agency="police", strength=-1), 400, "strength"),
            ("unit.checked_in", dict(unit="X", agency="police", strength="six"), 400, "strength"),
            ("unit.checked_in", dict(unit="X"), 400, "agency"),
            ("unit.checked_in", dict(unit="X", agency="police", colour="red"), 400, None),
            ("zone.search_ended", dict(zone="H/0/A", kind="threat", unit="EX-P1", extent=100), 409, None),
            ("incident.posture_set", dict(posture="search", reason="x", role="operations"), 403, "role"),
            ("report.received", dict(report="r", predicate="note", text="x",
                                     observed_at="2099-01-01T00:00:00Z"), 400, "observed_at"),
            ("point.set", dict(point="p", point_kind="rvp", place="x", lat=91), 400, "lat"),
            ("structure.defined", dict(structure="H", name="again", storeys=1), 409, "structure"),
            ("incident.opened", dict(name="x", type="bomb"), 400, None),
            ("nonsense.made", {}, 400, None),
        ]
        for kind, fields, status, field in rows:
            why = page.no(kind, **fields)
            assert why.status == status, (kind, fields, why)
            assert field is None or why.field == field, (kind, fields, why.problem)
            assert len(why.detail) > 10, why.problem
        status, text = page.ask("POST", "/api/incidents/EX-1/commands", json.dumps(
            {"id": str(uuid.uuid4()), "kind": "media.logged", "colour": "red", "fields": {"media": "m", "speaker": "EX"}}))[:2]
        assert status == 400 and b"colour" in text, (status, text)
        assert page.state()["hash"] == before["hash"]
        assert page.no("unit.checked_in", incident="none", unit="X", agency="police").status == 404


def test_a_command_sent_twice_is_applied_once_also_over_a_restart():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        ticket = str(uuid.uuid4())
        first = page.say("task.created", ticket=ticket, task="t1", text="lamps", owner="logistics")
        assert page.say("task.created", ticket=ticket, task="t1", text="lamps", owner="logistics")["seq"] == first["seq"]
        s.restart()
        page = Page(s, port)
        assert page.say("task.created", ticket=ticket, task="t1", text="lamps", owner="logistics")["seq"] == first["seq"]
        assert len([r for r in s.journal("task.created")]) == 1


def test_what_is_told_of_an_entity_stands_whole_and_goes_to_whom_it_may():
    """Fields of domain.md 5.2 that are written wide: over a kill and a stop, in the log, each by its class."""
    told = {
        "casualty.reported": dict(casualty="EX-c", category="public", zone="H/0/A", sex="female", age_band="child"),
        "cordon.set": dict(cordon="EX-k", cordon_kind="outer", control_points=["EX north gate", "EX mosque lane"],
                           rules="Residents with a card"),
        "closure.set": dict(closure="EX-r", road="EX main road", closed_from="EX bridge", closed_to="EX crossing",
                            traffic="both", diversion="EX canal road", published=True),
        "hazard.reported": dict(hazard="EX-h", hazard_kind="gas", controls="EX valve shut"),
        "need.raised": dict(need="EX-n", text="EX ladders", resource_type="aerial, type 1"),
        "unit.checked_in": dict(unit="EX-P1", agency="police", members=["EX one", "EX two"], home="EX station",
                                travel="by road"),
    }
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        made = s.command("operator", "EX-one", "--roles", "responder").stdout.split()[-1]
        for kind, fields in told.items():
            page.say(kind, **fields)
        page.say("zone.search_started", zone="H/0/A", kind="threat", unit="EX-P1")
        page.say("zone.search_ended", zone="H/0/A", kind="threat", unit="EX-P1", extent=100, method="EX by hand",
                 found_live=2, found_dead=0, found_devices=1)

        def look(page):
            for kind, fields in told.items():
                (_, name), *rest = fields.items()
                seen = page.entities(kind.split(".")[0])[name]
                assert all(seen.get(k) == v for k, v in rest), (kind, seen)
            clear = next(iter(page.entities("clearance").values()))
            assert (clear["found_live"], clear["found_devices"], clear["method"]) == (2, 1, "EX by hand"), clear

        for again in (lambda: None, lambda: s.restart(), lambda: (s.stop(), s.start())):
            again()
            page = Page(s, port)
            look(page)
        other = Page(s, port, name="EX-one", password=made)
        assert "sex" not in other.entities("casualty")["EX-c"] and "members" not in other.entities("unit")["EX-P1"]
        assert other.entities("closure")["EX-r"]["diversion"] == "EX canal road"
        why = page.no("casualty.reported", casualty="EX-d", category="public", age_band="old")
        assert why.status == 400 and why.field == "age_band", why.problem
        row = s.journal("cordon.set")[0]
        assert row.many("control_points") == told["cordon.set"]["control_points"], row.list
        s.verify()


def test_needs_and_options_are_told_step_by_step_and_stand_after_kill_9():
    """213RR: asked for, promised, on its way, here, no longer needed. JDM: options with three tests each, one chosen."""
    steps = [
        ("need.raised", dict(need="EX-n", text="EX ladders", count=2, unit_category="fire", resource_type="aerial, type 1",
                             place="EX north gate", due_at="2030-01-01T10:00:00.000Z", priority="urgent"), "requested"),
        ("need.committed", dict(need="EX-n", by="EX fire control", expected_at="2030-01-01T10:20:00.000Z"), "committed"),
        ("need.enroute", dict(need="EX-n", units=["EX-P1"], expected_at="2030-01-01T10:30:00.000Z", reason="EX traffic"), "enroute"),
        ("need.filled", dict(need="EX-n"), "checked-in"),
        ("need.released", dict(need="EX-n", reason="EX fire is out", released_by="EX logistics"), "released"),
    ]
    tests = dict(suitability="yes", feasibility="partly", acceptability="no")
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        made = s.command("operator", "EX-one", "--roles", "responder").stdout.split()[-1]
        told = {}
        for kind, fields, state in steps:
            page.say(kind, **fields)
            told |= fields
            need = page.entities("need")["EX-n"]
            assert need["state"] == state and all(need[k] == v for k, v in told.items() if k != "need"), need
        assert need["reason"] == "EX fire is out" and page.entities("unit")["EX-P1"]["state"] == "checked-in"
        page.say("need.raised", need="EX-late", text="EX water", due_at="2020-01-01T10:00:00Z")
        page.say("decision.taken", decision="EX-d", text="EX wait", options=["EX assault", "EX wait"], role="commander")
        page.say("decision.option_offered", option="EX-o1", decision="EX-d", text="EX assault", **tests)
        page.say("decision.option_offered", option="EX-o2", decision="EX-d", text="EX wait")
        page.say("decision.option_weighed", option="EX-o2", acceptability="yes", note="EX residents agree")
        page.say("decision.option_chosen", decision="EX-d", choice="EX-o2", role="commander")
        last = page.say("decision.taken", decision="EX-e", text="EX other", role="commander")["seq"]
        why = page.no("decision.option_chosen", decision="EX-e", choice="EX-o2", role="commander")
        assert why.status == 409 and why.field == "choice", why.problem
        assert page.no("decision.option_weighed", option="EX-o2", suitability="good").status == 400
        assert page.no("need.enroute", need="EX-n").status == 409

        def look(page):
            assert page.entities("need")["EX-n"] == need
            decision, options = page.entities("decision")["EX-d"], page.entities("option")
            assert decision["choice"] == "EX-o2" and decision["options"] == ["EX assault", "EX wait"], decision
            assert options["EX-o1"].items() >= {**tests, "decision": "EX-d", "text": "EX assault"}.items(), options
            assert options["EX-o2"]["acceptability"] == "yes" and "suitability" not in options["EX-o2"], options
            late = [a for a in page.view("alarms")["alarms"] if a["rule"] == "need.overdue"]
            assert [(a["text"], a["owner"]) for a in late] == [("EX-late is not here yet: EX water", "operations")], late

        look(page)
        other = Page(s, port, name="EX-one", password=made)
        assert other.entities("need")["EX-n"]["released_by"] == "EX logistics"
        assert other.entities("option") == {} == other.entities("decision")
        hashed = page.state(seq=last)["hash"]
        for end in (s.kill, s.stop):
            end()
            s.start()
            page = Page(s, port)
            look(page)
            assert page.state(seq=last)["hash"] == hashed
        s.verify()


def test_every_past_moment_and_the_state_after_kill_9():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        marks = []
        for i in range(12):
            done = page.say("casualty.reported", casualty=f"EX-{i}", category="public", zone=f"H/{i % 2}/A")
            marks.append((done["seq"], page.state()["hash"], page.view("counters")))
        s.restart()
        page = Page(s, port)
        assert page.state()["hash"] == marks[-1][1]
        ahead = page.state(seq=marks[-1][0] + 1000)
        assert ahead["hash"] == marks[-1][1] and ahead["at"] > "2020", ahead["at"]
        for seq, hashed, counters in marks:
            then = page.state(seq=seq)
            assert then["hash"] == hashed, seq
            assert len([e for e in then["entities"] if e["kind"] == "casualty"]) == marks.index((seq, hashed, counters)) + 1
            assert page.view("counters", seq=seq) == counters
        s.verify()


def test_views_are_live_on_the_websocket_and_resume_without_a_gap():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        socket = page.socket()
        whole = socket.until(lambda m: m["type"] == "incident" and m["whole"])
        assert {"strip", "counters", "floors", "par", "alarms", "findings", "gaps"} <= set(whole["views"])
        done = page.say("unit.entered_zone", unit="EX-P1", zone="H/0/A")
        event = socket.until(lambda m: m["type"] == "event" and m["event"]["seq"] == done["seq"])["event"]
        assert event["kind"] == "unit.entered_zone" and event["incident"] == "EX-1"
        assert event["fields"]["zone"] == "H/0/A" and event["fields"]["actor"] == page.name
        changed = socket.until(lambda m: m["type"] == "incident" and not m["whole"] and "par" in m["views"])
        assert [u["unit"] for u in changed["views"]["par"]["units"]] == ["EX-P1"]
        assert "EX-P1" in [e["id"] for e in changed["entities"]]
        last = event["seq"]
        missed = [page.say("casualty.reported", casualty=f"EX-{i}", category="public")["seq"] for i in range(5)]
        again = page.socket(after=last)
        events = again.until(lambda m: m["type"] == "snapshot")["events"]
        assert set(missed) <= {e["seq"] for e in events}
        assert all(a["seq"] == b["prev"] for a, b in zip(events, events[1:]))
        assert events[0]["prev"] == last


def test_what_was_acknowledged_is_there_after_kill_9():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        acked = []
        for i in range(40):
            acked.append(page.say("media.logged", media=f"m{i}", speaker="EX minister")["seq"])
        s.kill()
        s.start()
        kinds = {r.seq: r.kind for r in s.journal()}
        assert all(kinds[seq] == "media.logged" for seq in acked)
        s.verify()


def test_events_by_pages_of_one_incident():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        scene(page)
        page.open(name="EX second", incident="EX-2")
        page.say("media.logged", incident="EX-2", media="m", speaker="EX minister")
        rows = page.get("/api/incidents/EX-2/events")["events"]
        assert [r["kind"] for r in rows] == ["incident.opened", "media.logged"], rows
        seen, after = [], 0
        while True:
            part = page.get("/api/incidents/EX-1/events", after=after, limit=3)["events"]
            if not part:
                break
            seen += part
            after = part[-1]["seq"]
        assert len(seen) == len(page.get("/api/incidents/EX-1/events", limit=1000)["events"])
        assert [r["kind"] for r in page.get("/api/incidents/EX-1/events", kinds="unit.checked_in")["events"]] == \
            ["unit.checked_in", "unit.checked_in"]


def test_views_that_are_not_there():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open()
        assert page.view("alarms")["alarms"] == []
        for name, query in (("nonsense", {}), ("strip", {"at": "2001-01-01T00:00:00Z"}), ("strip", {"seq": 0})):
            try:
                page.view(name, **query)
            except Refused as why:
                assert why.status == 404, why
            else:
                raise AssertionError(f"there is no such view: {name} {query}")


def test_notes_and_assignments_stay_in_their_division():
    """Two agencies in two divisions; each order has a word that may be found nowhere else: not in a state, view, event,
    past moment, map, export or frame of the WebSocket of the other, nor on its phone."""
    port = page_port()
    with Server(web=port) as s:
        boss = Page(s, port)
        boss.open(name="Drill", incident="I-1", exercise=False)
        say = lambda kind, **fields: boss.say(kind, incident="I-1", **fields)
        say("command.assumed", scope="incident", commanders=[boss.name])
        phones = {}
        for side, agency in (("north", "police"), ("south", "army")):
            say("agency.joined", agency=agency, name=agency, agency_kind=agency)
            say("unit.checked_in", unit=f"U-{agency}", agency=agency, aliases=[f"ANDROID-{agency}"])
            say("division.created", division=side, name=side, division_kind="division")
            phones[agency] = s.phone(agency, agency)
        made = {agency: s.command("operator", f"x-{agency}", "--roles", "responder", "--agency", agency).stdout.split()[-1]
                for agency in phones}
        pages = {agency: Page(s, port, name=f"x-{agency}", password=made[agency]) for agency in phones}
        sockets = {agency: page.socket() for agency, page in pages.items()}
        words = {"north": [], "south": []}

        def word(side, what):
            words[side].append(f"word-{what}-{side}")
            return words[side][-1]

        for side, agency in (("north", "police"), ("south", "army")):
            say("assignment.given", assignment=f"A-{side}", units=[f"U-{agency}"], division=side, role="commander",
                text=word(side, "order"), note=word(side, "note"), nets=[word(side, "net")])
            say("task.created", task=f"T-{side}", owner="x", assignment=f"A-{side}", text=word(side, "task"))
            say("task.done", task=f"T-{side}", note=word(side, "done"))
            say("message.sent", message=f"M-{side}", to=[side], text=word(side, "message"), subject=word(side, "subject"))
            say("message.replied", message=f"M-{side}", by="x", note=word(side, "reply"))
        last = say("division.created", division="end", name="end", division_kind="division")["seq"]
        for (side, agency), other in zip((("north", "police"), ("south", "army")), ("south", "north")):
            page, phone = pages[agency], phones[agency]
            phone.hear(lambda e: words[side][0] in (e.remarks or ""))
            phone.hear(lambda e: f"word-message-{side}" in (e.remarks or ""))
            sockets[agency].until(lambda m: m["type"] == "incident" and any(e["id"] == "end" for e in m["entities"]))
            told = [json.dumps(sockets[agency].heard), page.ask("GET", "/api/events?limit=1000")[1]]
            for view in VIEWS:
                status, text = page.ask("GET", f"/api/incidents/I-1/views/{view}")
                assert status in (200, 403), (view, status)
                told.append(text)
            for path in ("state", "state?cite=1", f"state?seq={last}", "events?limit=1000", "geojson", f"past?seq={last}", "timeline",
                         "past?seq=%d&as=responder" % last):
                status, text = page.ask("GET", f"/api/incidents/I-1/{path}")
                assert status == 200, (path, status, text[:200])
                told.append(text)
            assert page.ask("GET", "/api/incidents/I-1/export")[0] == 403
            denied = s.wait_journal("access.denied", lambda r, name=page.name: r["by"] == name)
            assert denied["subject"] == "export.made" and "for the command" in denied["reason"], denied
            told.append(s.command("export", "--by", f"x-{agency}", ok=False).stdout)
            told.extend(e.remarks or "" for e in phone.heard)
            leaked = [w for w in words[other] for text in told if w in (text if isinstance(text, str) else text.decode())]
            assert not leaked, (agency, leaked)
            own = page.entities("assignment", incident="I-1") | page.entities("task", incident="I-1") | page.entities("message", incident="I-1")
            assert set(own) == {f"A-{side}", f"T-{side}", f"M-{side}"}, own
        # An agency that comes to a division later gets its older orders at once; when its work there ends they are gone.
        say("agency.joined", agency="fire", name="fire", agency_kind="fire")
        say("unit.checked_in", unit="U-fire", agency="fire")
        secret = s.command("operator", "x-fire", "--roles", "responder", "--agency", "fire").stdout.split()[-1]
        late = Page(s, port, name="x-fire", password=secret).socket()
        others = {name: len(it.heard) for name, it in sockets.items()}
        first = late.until(lambda m: m["type"] == "incident" and m["whole"])
        assert not any("north" in e["id"] for e in first["entities"] if e["kind"] != "division"), first["entities"]
        say("assignment.given", assignment="A-late", units=["U-fire"], division="north", role="commander", text="x")
        came = late.until(lambda m: m["type"] == "incident" and any(e["id"] == "A-late" for e in m["entities"]))
        assert came["whole"] and {"A-north", "T-north", "M-north"} <= {e["id"] for e in came["entities"]}, came["entities"]
        say("assignment.done", assignment="A-late")
        gone = late.until(lambda m: m["type"] == "incident" and m["seq"] > came["seq"])
        left = {e["id"] for e in gone["entities"]}
        assert gone["whole"] and "A-late" in left and not left & {"A-north", "T-north", "M-north"}, left
        last = say("division.created", division="over", name="over", division_kind="division")["seq"]
        for name, it in sockets.items():
            it.until(lambda m: m["type"] == "incident" and any(e["id"] == "over" for e in m["entities"]))
            assert not any(m["type"] == "incident" and m["whole"] for m in it.heard[others[name]:]), name
        everything = json.dumps(boss.get("/api/incidents/I-1/events", limit=1000)) + boss.ask("GET", "/api/events?limit=1000")[1].decode()
        assert all(w in everything for side in words for w in words[side])
