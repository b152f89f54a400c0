"""Who hears whom: groups with IN and OUT, switched live, over HTTP, too; dest by callsign, uid and group."""
import contextlib
import json
import urllib.parse
import uuid

import events
from page import Page, Refused
from server import Server, eventually, free_ports
from test_files import Marti


def say(phone, name):
    """A position, a marker and a chat, so that both rings are tried; the marker's uid is told."""
    phone.send(events.position(phone.uid, phone.callsign, lat="48.123"), events.marker(f"{name}-marker"),
               events.chat(phone.uid, phone.callsign, f"{name}-chat"))


def heard(phone, name):
    """Which of the three it heard."""
    return (phone.has(lambda e: e.uid == f"ANDROID-{name}" and e.point["lat"] == "48.123"),
            phone.has(uid=f"{name}-marker"), phone.has(type="b-t-f", remarks=f"{name}-chat"))


def test_matrix():
    """Eight users with all kinds of memberships: each hears exactly whose IN meets its OUT."""
    people = {"none": (), "red": ("red",), "blue": ("blue",), "both": ("red", "blue"), "redin": ("red:in",),
              "redout": ("red:out",), "mixed": ("red:in", "blue:out"), "anon": ("__ANON__",)}

    def sides(groups, side):
        return {g.split(":")[0] for g in (groups or ("__ANON__",)) if ":" not in g or g.endswith(side)}

    with Server() as s:
        phones = {n: s.phone(n, s.client(n, *groups)) for n, groups in people.items()}
        all_of = s.phone(client=s.client("witness", "red", "blue", "__ANON__"))  # hears everybody
        for name, phone in phones.items():
            say(phone, name)
        for name, groups in people.items():
            if sides(groups, ":in"):
                all_of.hear(uid=f"{name}-marker")
                all_of.hear(remarks=f"{name}-chat")
            else:  # heard by nobody, but recorded
                s.wait_journal("chat.said", lambda r: r["text"] == f"{name}-chat")
        end = s.phone("end", s.client("end", "red:in", "blue:in", "__ANON__:in"))
        say(end, "end")
        for hearer, phone in phones.items():
            hears_end = bool(sides(people[hearer], ":out"))
            if hears_end:
                phone.hear(uid="end-marker")
                phone.hear(remarks="end-chat")
                phone.hear(lambda e: e.uid == "ANDROID-end" and e.point["lat"] == "48.123")
            else:
                phone.ping()
            for speaker in phones:
                meant = hearer != speaker and bool(sides(people[hearer], ":out") & sides(people[speaker], ":in"))
                got = heard(phone, speaker)
                assert got == (meant,) * 3, f"{hearer} heard of {speaker} {got}, meant was {meant}"


def test_newcomers_picture_is_that_of_its_groups():
    with Server() as s:
        red, blue = s.phone("red", s.client("red", "red")), s.phone("blue", s.client("blue", "blue"))
        red.send(events.marker("red-marker"), events.emergency("ANDROID-red", "red"))
        blue.send(events.marker("blue-marker"), events.emergency("ANDROID-blue", "blue"))
        watcher = s.phone(client=s.client("w", "red", "blue"))
        watcher.hear(uid="ANDROID-red-9-1-1")
        watcher.hear(uid="ANDROID-blue-9-1-1")
        new = s.phone(client=s.client("red2", "red"))
        assert {e.uid for e in new.heard[:-1]} == {"ANDROID-red", "red-marker", "ANDROID-red-9-1-1"}


def test_switching_groups_live():
    """A fresh picture and t-x-g-c, without a reconnect; from then on the new groups count both ways."""
    with Server() as s:
        anna = s.phone("anna", s.client("anna", "red"))
        v = s.phone("vera", s.client("vera", "red"), v1=True)
        red, blue = s.phone("red", s.client("r", "red")), s.phone("blue", s.client("b", "blue"))
        blue.send(events.marker("blue-marker"))
        blue.ping()
        eventually("the marker is known", lambda: s.phone(client="b").has(uid="blue-marker"))
        for name in ("anna", "vera"):
            s.regroup(name, "blue")
        for phone in (anna, v):
            phone.hear(type="t-x-g-c")
            phone.hear(uid="ANDROID-blue")
            phone.hear(uid="blue-marker")
        say(red, "red")
        say(blue, "blue")
        for phone in (anna, v):
            phone.hear(remarks="blue-chat")
            assert not phone.has(uid="red-marker") and not phone.has(remarks="red-chat")
        say(anna, "anna")
        blue.hear(remarks="anna-chat")
        red.send(events.marker("behind"))
        s.phone("red3", "r").close()
        red.ping()
        assert not red.has(remarks="anna-chat")
        row = s.wait_journal("groups.changed", lambda r: r["user"] == "anna")
        assert row.many("in") == ["blue"] and row.many("out") == ["blue"], row
        assert not s.journal("client.left") or all(r["user"] == "r" for r in s.journal("client.left"))


def test_switching_one_side_only():
    with Server() as s:
        anna, red = s.phone("anna", s.client("anna", "red")), s.phone("red", s.client("r", "red"))
        s.regroup("anna", "red:out")  # may still listen, is no longer heard
        anna.hear(type="t-x-g-c")
        say(anna, "anna")
        say(red, "red")
        anna.hear(remarks="red-chat")
        red.ping()
        third = s.phone("third", s.client("t", "red"))
        say(third, "third")
        red.hear(remarks="third-chat")
        assert heard(red, "anna") == (False, False, False)


def test_user_without_a_group_is_in_the_default_one():
    with Server(default_group="Everybody") as s:
        a, b = s.phone("A", s.client("anna")), s.phone("B", s.client("bert", "Everybody"))
        tcp = s.phone("T")
        say(a, "A")
        for phone in (b, tcp):
            phone.hear(remarks="A-chat")


def test_dest_callsign_and_uid():
    with Server() as s:
        a, b, c = s.phone("A"), s.phone("B", v1=True), s.phone("C")
        for dest, who in ((events.dests(callsigns=["B"]), (b,)), (events.dests(uids=["ANDROID-C"]), (c,)),
                          (events.dests(callsigns=["B"], uids=["ANDROID-C"]), (b, c)),
                          (events.dests(callsigns=["nobody"], uids=["nothing"]), ())):
            uid = events.fresh("sent")
            a.send(events.marker(f"{uid}-marker", extra=dest), events.track(f"{uid}-track", extra=dest),
                   events.casevac(f"{uid}-casevac"), events.marker(f"{uid}-end"), events.track(f"{uid}-track-end"))
            for phone in (b, c):
                phone.hear(uid=f"{uid}-end")
                phone.hear(uid=f"{uid}-track-end")
                assert phone.has(uid=f"{uid}-marker") == (phone in who)
                assert phone.has(uid=f"{uid}-track") == (phone in who)
        new = s.phone()
        assert not new.has(lambda e: e.uid.endswith("-marker")), "what is for a few is no part of the picture"


def test_two_phones_of_one_callsign():
    with Server() as s:
        a = s.phone("A")
        b, c = s.phone("TWIN", uid="twin-1"), s.phone("TWIN", uid="twin-2")
        a.send(events.marker("for-both", extra=events.dests(callsigns=["TWIN"])))
        b.hear(uid="for-both")
        c.hear(uid="for-both")


def test_dest_callsign_with_characters_of_xml():
    with Server() as s:
        a, b, c = s.phone("A"), s.phone('R&D "<one>"', uid="odd"), s.phone("C")
        a.send(events.marker("odd-marker", extra=events.dests(callsigns=['R&D "<one>"'])), events.marker("end"))
        b.hear(uid="odd-marker")
        c.hear(uid="end")
        assert not c.has(uid="odd-marker")


def test_dest_group():
    """A sender in two groups speaks to one of them; a group that is not his own reaches nobody new."""
    with Server() as s:
        both = s.phone("both", s.client("both", "red", "blue"))
        red, blue = s.phone("red", s.client("r", "red")), s.phone("blue", s.client("b", "blue"))
        green = s.phone("green", s.client("g", "green"))
        both.send(events.marker("to-red", extra=events.dests(groups=["red"])),
                  events.track("track-red", extra=events.dests(groups=["red"])),
                  events.marker("to-green", extra=events.dests(groups=["green"])),
                  events.marker("to-all"), events.track("track-all"))
        red.hear(uid="to-all")
        red.hear(uid="track-all")
        blue.hear(uid="to-all")
        blue.hear(uid="track-all")
        assert red.has(uid="to-red") and red.has(uid="track-red")
        assert not blue.has(uid="to-red") and not blue.has(uid="track-red")
        g2 = s.phone("green2", s.client("g2", "green"))
        g2.send(events.marker("green-end"))
        green.hear(uid="green-end")
        assert not green.has(uid="to-green") and not green.has(uid="to-all")


def test_dest_does_not_cross_groups():
    with Server() as s:
        red, blue = s.phone("red", s.client("r", "red")), s.phone("blue", s.client("b", "blue"))
        b2 = s.phone("blue2", s.client("b2", "blue"))
        red.send(events.marker("sneak", extra=events.dests(callsigns=["blue"])),
                 events.track("sneak-track", extra=events.dests(uids=["ANDROID-blue"])),
                 events.direct("ANDROID-red", "red", "ANDROID-blue", "blue", "psst"))
        red.ping()
        s.wait_journal("chat.said")
        b2.send(events.marker("end"), events.track("end-track"))
        blue.hear(uid="end")
        blue.hear(uid="end-track")
        assert not blue.has(lambda e: e.uid.startswith("sneak") or e.type == "b-t-f")


def test_all_streaming_is_everybody():
    with Server() as s:
        a, b, c = s.phone("A"), s.phone("B"), s.phone("C")
        a.send(events.chat("ANDROID-A", "A", "to all", dest=events.dests(callsigns=["All Streaming"])))
        for phone in (b, c):
            assert phone.hear(type="b-t-f").remarks == "to all"


def test_dest_without_a_usable_attribute():
    """Seen in real data: <dest><callsign/></dest>; it is for everybody and stays as it was."""
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        a.send(events.marker("odd", extra="<marti><dest><callsign>B</callsign></dest></marti>"))
        b.hear(uid="odd")


def test_many_addressees():
    with Server() as s:
        a = s.phone("A")
        others = [s.phone(f"P{i}") for i in range(12)]
        names = [f"P{i}" for i in range(6)] + [f"nobody{i}" for i in range(100)]
        a.send(events.marker("to-many", extra=events.dests(callsigns=names)),
               events.marker("too-many", extra=events.dests(callsigns=[f"n{i}" for i in range(200)])),
               events.marker("end"))
        for i, phone in enumerate(others):
            phone.hear(uid="end")
            assert phone.has(uid="to-many") == (i < 6)
            assert not phone.has(uid="too-many")
        s.wait_log("tak.refused", "128 receivers")


# --------------------------------------------------------------- over HTTP


@contextlib.contextmanager
def marti(**settings):
    web = free_ports(1)[0]
    with Server(web=web, **settings) as s:
        s.api = lambda name: Marti(s, web, s.clients[name])
        s.web_port = web
        yield s


def rows(s, name, **query):
    asked = "?" + urllib.parse.urlencode({"useCache": "true"} | query)
    reply = s.api(name).ok("GET", "/Marti/api/groups/all" + asked)
    assert reply.getheader("Content-Type") == "application/json"
    answer = json.loads(reply.text)
    assert answer["version"] == "3" and answer["type"] == "com.bbn.marti.remote.groups.Group" and answer["nodeId"]
    return answer["data"]


def switch(s, name, body, client_uid="EX-uid"):
    return s.api(name).ask("PUT", f"/Marti/api/groups/active?clientUid={client_uid}", json.dumps(body).encode(),
                           Content_Type="application/json")


def is_on(s, name):
    return {(r["name"], r["direction"]): r["active"] for r in rows(s, name)}


def test_the_list_of_groups():
    """A row for each direction, to the letter; numbers and days stay."""
    with marti() as s:
        s.client("anna", "red", "blue:in", "green:out")
        s.client("bert")
        got = rows(s, "anna")
        assert [(r["name"], r["direction"]) for r in got] == [("red", "IN"), ("red", "OUT"), ("blue", "IN"),
                                                              ("green", "OUT")]
        for r in got:
            assert set(r) == {"name", "direction", "created", "type", "bitpos", "active", "description"}
            assert r["type"] == "SYSTEM" and r["active"] is True and r["description"] == ""
            assert len(r["created"]) == 10 and r["created"][4] == "-" and r["bitpos"] >= 0
        assert got[0]["bitpos"] == got[1]["bitpos"] and len({r["bitpos"] for r in got}) == 3
        assert [(r["name"], r["direction"], r["active"]) for r in rows(s, "bert")] == [
            ("__ANON__", "IN", True), ("__ANON__", "OUT", True)]
        s.stop().start()
        assert rows(s, "anna") == got
        cache = json.loads(s.api("anna").ok("GET", "/Marti/api/groups/groupCacheEnabled").text)
        assert cache["type"] == "java.lang.Boolean" and cache["data"] is True
        one = json.loads(s.api("anna").ok("GET", "/Marti/api/groups/green/OUT").text)
        assert one["data"] == got[3] and one["type"] == "com.bbn.marti.remote.groups.Group"
        for path in ("green/IN", "nothing/OUT", "green/UP", "green/out"):
            assert s.api("anna").ask("GET", f"/Marti/api/groups/{path}").status == 404, path


def test_a_phone_switches_its_groups():
    """t-x-g-c and a fresh picture for all sessions of the user; both directions; journaled; it stays."""
    with marti() as s:
        anna, second = s.phone("anna", s.client("anna", "red", "blue")), s.phone("anna2", "anna", v1=True)
        red, blue = s.phone("red", s.client("r", "red")), s.phone("blue", s.client("b", "blue"))
        eye = s.phone("eye", s.client("e", "red", "blue"))
        blue.send(events.marker("blue-marker"))
        eye.hear(uid="blue-marker")
        body = [r | {"active": r["name"] == "red"} for r in rows(s, "anna")]
        reply = switch(s, "anna", body)
        assert reply.status == 200, reply.text
        assert {(r["name"], r["active"]) for r in json.loads(reply.text)["data"]} == {("red", True), ("blue", False)}
        for phone in (anna, second):
            phone.hear(type="t-x-g-c")
            phone.hear(uid="ANDROID-red")
        say(blue, "blue")
        say(red, "red")
        for phone in (anna, second):
            phone.hear(remarks="red-chat")
            phone.hear(uid="red-marker")
            assert not phone.has(remarks="blue-chat")
        say(anna, "anna")
        for phone in (red, eye):
            phone.hear(remarks="anna-chat")
        eye.hear(remarks="blue-chat")
        third = s.phone("third", s.client("t", "blue"))
        say(third, "third")
        blue.hear(remarks="third-chat")
        assert heard(blue, "anna") == (False, False, False)
        row = s.wait_journal("groups.changed", lambda r: r["by"] == "anna")
        assert row.many("in") == ["red"] and row.many("out") == ["red"] and row.many("off") == ["blue"]
        assert row["user"] == "anna" and row["from_uid"] == "EX-uid"
        s.stop().start()
        assert is_on(s, "anna") == {("red", "IN"): True, ("red", "OUT"): True, ("blue", "IN"): False,
                                    ("blue", "OUT"): False}
        body = [r | {"active": r["name"] == "blue"} for r in rows(s, "anna")]
        assert switch(s, "anna", body).status == 200
        back = s.phone("anna", "anna")
        assert back.has(uid="blue-marker") and not back.has(uid="red-marker")


def test_who_leaves_a_group_is_gone_for_it():
    """Who hears him no more is told so, as when he had left; who hears him still is not; a newcomer does not see him."""
    with marti() as s:
        blue, old = s.phone("blue", s.client("b", "blue")), s.phone("old", s.client("o", "blue"), v1=True)
        red, eye = s.phone("red", s.client("r", "red")), s.phone("eye", s.client("e", "red", "blue"))
        anna = s.phone("anna", s.client("anna", "red", "blue"))
        everybody = (blue, old, red, eye)
        for phone in everybody:
            phone.hear(uid="ANDROID-anna")
        assert switch(s, "anna", [r | {"active": r["name"] == "red"} for r in rows(s, "anna")]).status == 200
        anna.hear(type="t-x-g-c")
        for phone in (blue, old):
            assert phone.hear(type="t-x-d-d").link == "ANDROID-anna"
        late = s.phone("late", s.client("l", "blue"))
        assert late.has(uid="ANDROID-blue") and not late.has(uid="ANDROID-anna")
        say(anna, "after")
        for phone in (red, eye):
            phone.hear(remarks="after-chat")
            assert not phone.has(type="t-x-d-d")
        # Given by the command post: the same.
        s.regroup("anna", "blue")
        assert red.hear(type="t-x-d-d").link == "ANDROID-anna"
        say(anna, "back")
        for phone in (blue, old, eye, late):
            phone.hear(remarks="back-chat")
        assert not eye.has(type="t-x-d-d")


def test_nothing_leaks_while_groups_switch():
    """Somebody talks all the time; of what was said after the answer nothing of the old group is heard."""
    with marti() as s:
        anna = s.phone("anna", s.client("anna", "red", "blue"))
        red, blue = s.phone("red", s.client("r", "red")), s.phone("blue", s.client("b", "blue"))
        for turn in range(6):
            to, other = ("red", "blue") if turn % 2 else ("blue", "red")
            for n in range(40):
                red.send(events.track("red-track", lat=f"48.{turn}{n:02}"))
                blue.send(events.track("blue-track", lat=f"48.{turn}{n:02}"))
            assert switch(s, "anna", [r | {"active": r["name"] == to} for r in rows(s, "anna")]).status == 200
            anna.hear(type="t-x-g-c")
            for phone, name in ((red, "red"), (blue, "blue")):
                phone.send(events.marker(f"{name}-after-{turn}"), events.track(f"{name}-track", lat=f"49.{turn}"))
            anna.hear(uid=f"{to}-after-{turn}")
            anna.hear(lambda e: e.uid == f"{to}-track" and e.point["lat"] == f"49.{turn}")
            assert not anna.has(uid=f"{other}-after-{turn}")
            assert not anna.has(lambda e: e.uid == f"{other}-track" and e.point["lat"] == f"49.{turn}")
        lats = [float(e.point["lat"]) for e in anna.all(uid="red-track")]
        assert lats == sorted(lats) or all(b >= a or b >= 49 or a >= 49 for a, b in zip(lats, lats[1:])), lats


def test_bad_switches():
    with marti() as s:
        s.client("anna", "red", "blue")
        s.client("bert")
        red = {"name": "red", "direction": "IN", "active": True}
        for body in ([red | {"active": False}, {"name": "blue", "active": False}], {"name": "red"}, "red", [1],
                     [{"active": True}], [{"name": "red"}], [{"name": "red", "active": "yes"}]):
            reply = switch(s, "anna", body)
            assert reply.status == 400 and json.loads(reply.text)["type"] == "java.lang.String", (body, reply.text)
        for body in (b"", b"[", b"[]]", b"\xff", b"[" * 5000):
            reply = s.api("anna").ask("PUT", "/Marti/api/groups/active", body, Content_Type="application/json")
            assert reply.status == 400, (body[:10], reply.status)
        assert all(is_on(s, "anna").values()), "nothing was half applied"
        reply = switch(s, "anna", [red, {"name": "secret", "active": True}, {"name": "secret", "active": False}])
        assert reply.status == 200 and reply.getheader("x-cordon-ignored") == "2"
        assert ("secret", "IN") not in is_on(s, "anna")
        assert switch(s, "bert", [{"name": "__ANON__", "active": False}]).status == 400
        assert switch(s, "bert", [{"name": "__ANON__", "active": True}]).status == 200
        assert not s.journal("groups.changed")


def test_the_picture_once_more():
    """sendLatestSA brings the last of everybody, without t-x-g-c."""
    with marti() as s:
        anna, bert = s.phone("anna", s.client("anna", "A")), s.phone("bert", s.client("bert", "A"))
        anna.hear(uid="ANDROID-bert")
        rows(s, "anna", sendLatestSA="true")
        anna.hear(uid="ANDROID-bert")
        bert.ping()
        assert not anna.has(type="t-x-g-c") and len(bert.all(uid="ANDROID-anna")) == 1


def test_an_administrator_gives_groups():
    with marti() as s:
        anna, red = s.phone("anna", s.client("anna", "red")), s.phone("red", s.client("r", "red"))
        blue = s.phone("blue", s.client("b", "blue"))
        admin = Page(s, s.web_port)
        done = admin.post("/api/users/anna/groups", id=str(uuid.uuid4()), agency="FIRE", role="Medic",
                          groups=[{"name": "blue"}, {"name": "red", "in": False}])
        assert done["seq"]
        anna.hear(type="t-x-g-c")
        anna.hear(uid="ANDROID-blue")
        say(anna, "anna")
        blue.hear(remarks="anna-chat")
        red.ping()
        assert not red.has(remarks="anna-chat")
        row = s.wait_journal("groups.changed", lambda r: r["by"] == admin.name)
        assert row.many("in") == ["blue"] and row.many("out") == ["blue", "red"] and row["agency"] == "FIRE"
        assert set(is_on(s, "anna")) == {("blue", "IN"), ("blue", "OUT"), ("red", "OUT")}
        for path, body, status in (("nobody", {"groups": [{"name": "x"}]}, 404), ("anna", {"groups": []}, 400),
                                   ("anna", {"groups": [{"name": ""}]}, 400), ("anna", {"groups": "red"}, 400),
                                   ("anna", {"groups": [{"name": "x", "in": False, "out": False}]}, 400),
                                   ("anna", {"groups": [{"name": "x", "active": False}]}, 400),
                                   ("anna", {"groups": [{"name": "n" * 64}]}, 400), ("anna", {"agency": "x" * 16}, 400)):
            try:
                admin.post(f"/api/users/{path}/groups", **({"id": str(uuid.uuid4())} | body))
                raise AssertionError(f"{body} was taken")
            except Refused as no:
                assert no.status == status, (body, no)
        assert set(is_on(s, "anna")) == {("blue", "IN"), ("blue", "OUT"), ("red", "OUT")}
        assert s.api("anna").ask("POST", "/api/users/anna/groups", b"{}", Content_Type="application/json").status == 401
