"""CoT and the record are one: what phones say becomes events of the incident, what is decided reaches phones."""
import events
from page import Page, page_port
from server import Server, eventually

RING = "48.1000,11.5000 48.1010,11.5000 48.1010,11.5015 48.1000,11.5015 48.1000,11.5000"


def scene(server, port, **unit):
    """A real incident with a commander, an agency and a house; the unit is the phone of the same callsign."""
    page = Page(server, port)
    page.open(name="Drill", incident="I-1", exercise=False)
    page.say("command.assumed", incident="I-1", scope="incident", commanders=[page.name])
    page.say("agency.joined", incident="I-1", agency="police", name="Police", agency_kind="police")
    page.say("structure.defined", incident="I-1", structure="H", name="House", storeys=2, scheme="ground=0")
    page.say("unit.checked_in", incident="I-1", unit="P1", agency="police", strength=6, aliases=["ANDROID-P1"])
    return page


def test_what_is_decided_reaches_phones_and_those_who_come_late():
    port = page_port()
    with Server(web=port) as s:
        page = scene(s, port)
        a, v = s.phone("A", "anna"), s.phone("V", v1=True)
        page.say("cordon.set", incident="I-1", cordon="inner", cordon_kind="inner", name="Inner cordon", shape=RING)
        page.say("closure.set", incident="I-1", closure="c1", road="Quay road", reason="gunfire",
                 shape="48.1,11.5 48.11,11.51")
        page.say("point.set", incident="I-1", point="rvp", point_kind="rvp", place="South gate", lat=48.1, lon=11.5)
        page.say("hazard.reported", incident="I-1", hazard="h1", hazard_kind="glass", lat=48.1, lon=11.5, text="glass falls")
        uids = {kind: f"cordon-I-1-{kind}-{name}" for kind, name in
                (("cordon", "inner"), ("closure", "c1"), ("point", "rvp"), ("hazard", "h1"))}
        for phone in (a, v):
            assert phone.hear(uid=uids["cordon"]).type == "u-d-f"
            assert phone.hear(uid=uids["closure"]).type == "u-d-f"
            phone.hear(uid=uids["point"])
            phone.hear(uid=uids["hazard"])
        late = s.phone("L", "lena")
        for uid in uids.values():
            late.hear(uid=uid)
        page.say("cordon.lifted", incident="I-1", cordon="inner", reason="over")
        for phone in (a, v, late):
            phone.hear(lambda e: e.type == "t-x-d-d" and e.link == uids["cordon"])
        s.restart()
        again = s.phone("B", "bert")
        again.hear(uid=uids["closure"])
        assert not again.has(uid=uids["cordon"])
        s.verify()


def test_a_par_call_is_answered_from_the_phone():
    port = page_port()
    with Server(web=port) as s:
        page = scene(s, port)
        p, other = s.phone("P1", "peter"), s.phone("X", "xenia")
        page.say("unit.entered_zone", incident="I-1", unit="P1", zone="H/0/A")
        page.say("par.called", incident="I-1", par="par-1", reason="explosion")
        asked = p.hear(lambda e: e.type == "b-t-f" and "PAR" in (e.remarks or ""))
        post = asked.one("link").get("uid")
        contact = p.hear(uid=post)
        assert contact.type.startswith("a-f-"), "the command post is a contact"
        name = contact.one("contact").get("callsign")
        other.ping()
        assert not other.has(lambda e: e.type == "b-t-f" and "PAR" in (e.remarks or ""))
        p.send(events.direct("ANDROID-P1", "P1", post, name, "PAR 6 of 6"))
        row = s.wait_journal("par.acked", lambda r: r["unit"] == "P1")
        assert row["count"] == "6" and row["via"] == "cot", row
        p.ping()
        assert not p.has(type="b-t-f-p"), "the command post is not a phone that is away"
        assert page.view("par", incident="I-1")["units"][0]["state"] == "ok"


def test_who_joined_a_moment_ago_gets_what_is_decided_now():
    """Whom an event is for is settled when it is decided: a phone that came just before is among them."""
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open(name="EX drill", incident="EX-1")
        page.say("agency.joined", agency="police", name="Police", agency_kind="police")
        for n in range(6):
            page.say("unit.checked_in", unit=f"EX-{n}", agency="police", strength=2, aliases=[f"EX-ANDROID-{n}"])
            phone = s.phone(f"EX-{n}", f"user{n}", uid=f"EX-ANDROID-{n}")
            page.say("message.sent", message=f"m{n}", to=[f"EX-{n}"], text=f"to the {n}th", priority="urgent")
            phone.hear(lambda e, n=n: e.type == "b-t-f" and f"to the {n}th" in (e.remarks or ""))
            page.say("cordon.set", cordon=f"c{n}", cordon_kind="outer", name=f"Outer {n}", shape=RING)
            phone.hear(uid=f"cordon-EX-1-cordon-c{n}")


def test_alert_casevac_and_marker_become_events():
    port = page_port()
    with Server(web=port) as s:
        page = scene(s, port)
        p, stranger = s.phone("P1", "peter"), s.phone("X", "xenia")
        p.send(events.emergency("ANDROID-P1", "P1"))
        s.wait_journal("mayday.declared", lambda r: r["unit"] == "P1")
        stranger.send(events.emergency("ANDROID-X", "X"))
        s.wait_journal("report.received", lambda r: r.many("critical") == ["1"])
        p.send(events.cancel("ANDROID-P1", "P1"))
        s.wait_journal("mayday.resolved")
        stranger.send(events.casevac("cv-1"))
        row = s.wait_journal("casualty.reported")
        assert row["casualty"].startswith("CV-") and row.many("verified") == [], row
        stranger.send(events.marker("m-hostile", type="a-h-G"))
        s.wait_journal("report.received", lambda r: r["predicate"] == "sighting")
        stranger.send(events.marker("m-friend"))
        page.say("message.sent", incident="I-1", message="m1", to=["P1"], text="Hold level 1", priority="urgent")
        order = p.hear(lambda e: e.type == "b-t-f" and "Hold level 1" in (e.remarks or ""))
        p.send(events.direct("ANDROID-P1", "P1", order.one("link").get("uid"), "Cordon", "roger"))
        s.wait_journal("message.acked", lambda r: r["message"] == "m1")
        casualties = page.entities("casualty", incident="I-1")
        assert len(casualties) == 1, casualties
        page.say("evacuation.ordered", incident="I-1", evacuation="e1", reason="gas", role="commander")
        for phone in (p, stranger):
            phone.hear(lambda e: e.type == "b-t-f" and "gas" in (e.remarks or ""))
        s.verify()


def test_what_a_phone_says_in_v1_becomes_events_too():
    """ATAK sends nothing but v1 once it has asked for it: an alert, an answer to PAR, a casualty, a marker, a receipt."""
    port = page_port()
    with Server(web=port) as s:
        page = scene(s, port)
        p = s.phone("P1", "peter", v1=True)
        page.say("unit.entered_zone", incident="I-1", unit="P1", zone="H/0/A")
        p.send(events.as_v1(events.emergency("ANDROID-P1", "P1")))
        assert s.wait_journal("mayday.declared")["unit"] == "P1"
        p.send(events.as_v1(events.cancel("ANDROID-P1", "P1")))
        s.wait_journal("mayday.resolved")
        page.say("par.called", incident="I-1", par="par-1", reason="explosion")
        post = p.hear(lambda e: e.type == "b-t-f" and "PAR" in (e.remarks or "")).one("link").get("uid")
        p.send(events.as_v1(events.direct("ANDROID-P1", "P1", post, "the post", "PAR 6 of 6")))
        row = s.wait_journal("par.acked")
        assert (row["unit"], row["count"]) == ("P1", "6"), row
        p.send(events.as_v1(events.casevac("cv-1")))
        s.wait_journal("casualty.reported")
        p.send(events.as_v1(events.marker("m-hostile", type="a-h-G")))
        s.wait_journal("report.received", lambda r: r["predicate"] == "sighting")
        page.say("message.sent", incident="I-1", message="m1", to=["P1"], text="Hold level 1", priority="urgent")
        order = p.hear(lambda e: e.type == "b-t-f" and "Hold level 1" in (e.remarks or ""))
        p.send(events.as_v1(events.direct("ANDROID-P1", "P1", order.one("link").get("uid"), "the post", "roger")))
        s.wait_journal("message.acked", lambda r: r["message"] == "m1")
        s.verify()


def test_exercise_data_never_reach_a_real_phone():
    port = page_port()
    with Server(web=port) as s:
        page = Page(s, port)
        page.open(name="EX drill", incident="EX-1")
        page.say("agency.joined", agency="police", name="Police", agency_kind="police")
        real, player = s.phone("A", "anna"), s.phone("EX-1", "peter", uid="EX-ANDROID-1")
        page.say("cordon.set", cordon="c", cordon_kind="outer", name="Outer", shape=RING)
        assert "EXERCISE" in player.hear(uid="cordon-EX-1-cordon-c").raw.decode()
        real.send(events.emergency("ANDROID-A", "A"))
        player.hear(uid="ANDROID-A-9-1-1")
        real.ping()
        assert not real.has(uid="cordon-EX-1-cordon-c")
        eventually("the alert is on the disk", lambda: s.journal("emergency.raised"))
        assert not [r for r in s.journal() if r.kind in ("mayday.declared", "report.received")]
