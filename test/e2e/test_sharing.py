"""What agencies that fight one incident let each other hear: defaults, rules in two steps, their end, a restart."""
import contextlib
import json
import time
import uuid

import events
from page import Page, Refused
from server import Server, eventually, free_ports
from test_files import Marti


@contextlib.contextmanager
def two_agencies(sharing="on", open_it=True, **settings):
    """Fire and police in one group, one of each on v1, and one without an agency."""
    web = free_ports(1)[0]
    with Server(web=web, sharing=sharing, **settings) as s:
        s.page = Page(s, web)
        if open_it:
            s.page.open()
        s.fire = s.phone("FIRE1", s.client("f1", "all", agency="FIRE"))
        s.fire2 = s.phone("FIRE2", s.client("f2", "all", agency="FIRE"), v1=True)
        s.police = s.phone("POL1", s.client("p1", "all", agency="POL"), v1=True)
        s.none = s.phone("NONE", s.client("n1", "all"))
        yield s


def say_all(phone, mark, to=None):
    """One of each class; what it ends with is heard by everybody in every case."""
    phone.send(events.position(phone.uid, phone.callsign, lat="48.7"), events.track(f"{mark}-track"),
               events.marker(f"{mark}-marker"), events.chat(phone.uid, phone.callsign, f"{mark}-chat"),
               events.fileshare(f"{mark}-file", mark), events.emergency(phone.uid, phone.callsign))
    if to:
        phone.send(events.direct(phone.uid, phone.callsign, to.uid, to.callsign, f"{mark}-direct"))
    phone.send(events.cancel(phone.uid, phone.callsign), events.casevac(f"{mark}-end"))


CLASSES = {"positions": lambda p, m: p.has(uid=f"{m}-track"), "markers": lambda p, m: p.has(uid=f"{m}-marker"),
           "chat": lambda p, m: p.has(remarks=f"{m}-chat"), "notes": lambda p, m: p.has(uid=f"{m}-file")}


def heard(phone, mark):
    phone.hear(uid=f"{mark}-end")
    if CLASSES["positions"](phone, mark) is False:
        phone.ping()
    return {name for name, did in CLASSES.items() if did(phone, mark)}


def propose(page, incident="EX-1", **rule):
    rule = {"id": str(uuid.uuid4()), "from": "FIRE", "to": "POL", "classes": ["notes"], "allow": True,
            "why": "EX exercise"} | rule
    return page.post(f"/api/incidents/{incident}/sharing/propose", **rule)


def confirm(page, proposal, incident="EX-1", **more):
    return page.post(f"/api/incidents/{incident}/sharing/confirm", **({"id": str(uuid.uuid4()), "proposal": proposal} | more))


def decide(page, **rule):
    """Both steps by one who has read what it does."""
    done = propose(page, **rule)
    confirm(page, done["proposal"], consequence=done["consequence"])
    return done


def second_operator(s, name="EX deputy", roles=("deputy",)):
    s.page.post("/api/operators", id=str(uuid.uuid4()), name=name, password="an exercise only", roles=list(roles))
    return Page(s, s.page.port, name)


def no(status, call, *args, **more):
    try:
        raise AssertionError(f"it was taken: {call(*args, **more)}")
    except Refused as refused:
        assert refused.status == status, refused
        return refused.detail


def pair(s, a, b):
    return next(x for x in s.page.get("/api/incidents/EX-1/sharing")["matrix"] if (x["from"], x["to"]) == (a, b))


def test_defaults():
    """Positions are shared, markers, chat to all and files are not; emergencies and what names somebody always."""
    with two_agencies() as s:
        say_all(s.fire, "one", to=s.police)
        for phone in (s.police, s.none):
            assert heard(phone, "one") == {"positions"}, phone.name
            assert phone.has(uid="ANDROID-FIRE1-9-1-1") and phone.has(lambda e: e.type == "b-a-o-can")
        assert heard(s.fire2, "one") == set(CLASSES)
        s.police.hear(remarks="one-direct")
        say_all(s.none, "two")
        assert heard(s.police, "two") == {"positions"}, "who has no agency is one of his own"
        new = s.phone("POL2", s.client("p2", "all", agency="POL"))
        assert not new.has(uid="one-marker") and new.has(uid="one-track")
        assert s.phone("FIRE3", s.client("f3", "all", agency="FIRE")).has(uid="one-marker")


def test_off_and_without_an_incident():
    with two_agencies(sharing="off") as s:
        say_all(s.fire, "one")
        assert heard(s.police, "one") == set(CLASSES)
        view = s.page.get("/api/incidents/EX-1/sharing")
        assert view["on"] is False and all(all(x["shares"].values()) for x in view["matrix"])
        assert "sharing = on" in no(409, propose, s.page)
        assert not any("of_agency" in r for r in s.journal("chat.said"))
    with two_agencies(open_it=False) as s:
        say_all(s.fire, "one")
        assert heard(s.police, "one") == set(CLASSES)


def test_a_rule_in_two_steps():
    with two_agencies() as s:
        say_all(s.fire, "before")
        assert heard(s.police, "before") == {"positions"}
        assert pair(s, "FIRE", "POL")["shares"] == {"emergencies": True, "positions": True, "markers": False, "chat": False,
                                                    "notes": False}
        assert pair(s, "FIRE", "POL")["says"] == (
            "Phones of POL hear the emergencies and the positions of FIRE, not the markers and drawings, what is said to "
            "all chat rooms or the notes, missions and files.")
        done = propose(s.page, classes=["markers", "chat"])
        assert done["consequence"].startswith("Phones of POL hear the markers and drawings and what is said to all chat")
        say_all(s.fire, "proposed")
        assert heard(s.police, "proposed") == {"positions"}, "a proposal changes nothing"
        assert "yourself" in no(409, confirm, s.page, done["proposal"])
        assert "yourself" in no(409, confirm, s.page, done["proposal"], consequence="yes, yes")
        view = s.page.get("/api/incidents/EX-1/sharing")
        assert view["proposals"][0]["seq"] == done["proposal"] and view["rules"] == []
        other = second_operator(s)
        confirm(other, done["proposal"])
        eventually("it counts", lambda: pair(s, "FIRE", "POL")["shares"]["chat"])
        s.police.hear(uid="before-marker")  # what still stands comes with a fresh picture
        say_all(s.fire, "after")
        assert heard(s.police, "after") == {"positions", "markers", "chat"}
        assert heard(s.none, "after") == {"positions"}
        say_all(s.police, "back")
        assert heard(s.fire, "back") == {"positions"}, "a rule has a direction"
        row = s.wait_journal("sharing.changed")
        assert row["by"] == "EX deputy" and row["claimant"] == s.page.name and row["reason"] == "EX exercise"
        assert row["incident"] == "EX-1" and row.many("share") == ["markers", "chat"] and row["allow"] == "1"
        assert s.wait_journal("sharing.proposed").seq == done["proposal"] == int(row["ref"])
        view = s.page.get("/api/incidents/EX-1/sharing")
        assert view["proposals"] == [] and {c for r in view["rules"] for c in r["classes"]} == {"markers", "chat"}
        no(404, confirm, other, done["proposal"])
        done = decide(s.page, classes=["markers", "chat"], allow=False, why="EX enough")
        say_all(s.fire, "again")
        assert heard(s.police, "again") == {"positions"}
        decide(s.page, classes=["positions"], allow=False)
        say_all(s.fire, "dark")
        assert heard(s.police, "dark") == set()
        assert s.police.has(lambda e: e.type == "b-r-f-h-c" and e.uid == "dark-end")
        s.verify()


def test_rules_survive_and_end():
    with two_agencies() as s:
        decide(s.page, classes=["chat", "notes"])
        until = int((time.time() + 4) * 1000)
        decide(s.page, classes=["markers", "notes"], until=until)
        s.restart()
        s.page = Page(s, s.page.port)
        s.fire.connect().hello()
        s.police.connect().hello()
        say_all(s.fire, "one")
        eventually("over", lambda: len([r for r in s.journal("sharing.changed") if "ended" in r]) == 2)
        say_all(s.fire, "two")
        assert heard(s.police, "two") == {"positions", "chat"}, "the rule is over, the default counts again"
        s.stop().start()
        s.page = Page(s, s.page.port)
        shares = pair(s, "FIRE", "POL")["shares"]
        assert shares["chat"] and not shares["notes"] and not shares["markers"], "an ended rule does not come back"
        s.verify()


def test_the_rules_end_with_the_incident():
    with two_agencies() as s:
        say_all(s.fire, "in")
        assert heard(s.police, "in") == {"positions"}
        s.page.say("command.assumed", scope="incident", commanders=[s.page.name])
        s.page.say("incident.closed", role="commander", reason="EX over")
        eventually("all is shared", lambda: all(pair(s, "FIRE", "POL")["shares"].values()))
        s.police.hear(uid="in-marker")
        say_all(s.fire, "after")
        assert heard(s.police, "after") == set(CLASSES)
        assert "closed" in no(409, propose, s.page)
        s.page.say("incident.reopened", reason="EX not yet")
        eventually("the rules count again", lambda: not pair(s, "FIRE", "POL")["shares"]["notes"])
        say_all(s.fire, "again")
        assert heard(s.police, "again") == {"positions"}


def test_files_and_missions_follow_the_rules():
    """A file or a mission of another agency is not there; with a rule it is. An invitation is for whom it names."""
    with two_agencies() as s:
        api = {name: Marti(s, s.page.port, s.clients[name]) for name in ("f1", "f2", "p1")}
        api["f1"].ok("POST", "/Marti/sync/upload?name=EX-plan.txt&keywords=EX", b"EX exercise", Content_Type="text/plain")
        made = api["f1"].ask("PUT", "/Marti/api/missions/EX-mission?creatorUid=ANDROID-FIRE1&group=all", b"")
        assert made.status == 201, made.text

        def sees(name):
            files = json.loads(api[name].ok("GET", "/Marti/sync/search?keywords=EX").text)
            missions = json.loads(api[name].ok("GET", "/Marti/api/missions").text)
            return files["resultCount"], [m["name"] for m in missions["data"]]

        assert sees("f2") == (1, ["EX-mission"])
        assert sees("p1") == (0, [])
        decide(s.page, classes=["notes"])
        eventually("the rule", lambda: pair(s, "FIRE", "POL")["shares"]["notes"])
        assert sees("p1") == (1, ["EX-mission"])
        decide(s.page, classes=["notes"], allow=False)
        eventually("no more", lambda: not pair(s, "FIRE", "POL")["shares"]["notes"])
        assert sees("p1") == (0, [])


def test_who_may_and_what():
    with two_agencies() as s:
        log = second_operator(s, "EX log", ("loggist",))
        eye = second_operator(s, "EX eye", ("observer",))
        assert "commander" in no(403, propose, log)
        no(403, propose, eye)
        no(403, eye.get, "/api/incidents/EX-1/sharing")
        no(404, propose, s.page, incident="EX-9")
        no(404, s.page.get, "/api/incidents/EX-9/sharing")
        for wrong in ({"classes": ["emergencies"], "allow": False}, {"classes": []}, {"classes": "notes"},
                      {"classes": ["gossip"]}, {"from": "POL"}, {"from": ""}, {"why": ""}, {"why": "\x01"}, {"allow": "yes"},
                      {"until": 5}, {"until": "soon"}, {"until": int(time.time() * 1000) + 40 * 86400000}):
            no(400, propose, s.page, **wrong)
        no(400, confirm, s.page, 0)
        no(400, confirm, s.page, "x")
        no(404, confirm, s.page, 1)
        for _ in range(32):
            propose(s.page)
        no(507, propose, s.page)
        assert len(s.journal("sharing.proposed")) == 32
