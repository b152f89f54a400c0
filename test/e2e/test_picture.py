"""Who is there: the newcomer's picture, leaving, roaming, uids and their holders."""
import events
from phone import Phone
from server import Server, eventually


def left(event, uid):
    return event.type == "t-x-d-d" and event.link == uid


def test_newcomer_gets_the_latest_of_all():
    with Server() as s:
        a = s.phone("A")
        v = s.phone("V", v1=True)
        a.send(events.position("ANDROID-A", "A", lat="48.21"))
        last = events.position("ANDROID-A", "A", lat="48.22")
        a.send(last, events.track("plane", lat="10.1"), events.track("plane", lat="10.2"), events.marker("mark", "one"),
               events.marker("mark", "two"))
        a.ping()
        v.hear(lambda e: e.uid == "mark" and e.remarks == "two")
        eventually("marker known", lambda: s.phone().has(uid="mark"))
        new, new_v1 = s.phone(), s.phone(v1=True)
        assert [e.raw for e in new.all(uid="ANDROID-A")] == [last]
        assert [e.point["lat"] for e in new.all(uid="plane")] == ["10.2"]
        assert [e.remarks for e in new.all(uid="mark")] == ["two"]
        assert len(new.all(uid="ANDROID-V")) == 1
        assert len(new_v1.all(uid="ANDROID-A")) == 1  # no second picture after the switch


def test_newcomer_gets_units_past_their_stale_time():
    with Server() as s:
        a = s.phone("A")
        a.send(events.position("ANDROID-A", "A", stale=-3600.0, lat="48.33"),
               events.track("drone", stale=-100.0))
        a.ping()
        new = s.phone()
        assert new.has(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.33")
        assert new.has(uid="drone")


def test_newcomer_gets_who_has_left():
    """Known until it is deleted: the phone of a responder that lost its link is where he was last."""
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        a.vanish()
        w.hear(lambda e: left(e, "ANDROID-A"))
        new = s.phone()
        assert new.has(uid="ANDROID-A")


def test_leaving_is_told():
    with Server() as s:
        a = s.phone("A", "anna")
        v, w = s.phone("V", v1=True), s.phone("W")
        for phone, gone in ((a, "ANDROID-A"),):
            phone.close()
            for other in (v, w):
                told = other.hear(lambda e: left(e, gone))
                assert told.one("link").get("type") and told.one("link").get("relation") == "p-p"
                assert told.attributes["how"] == "h-g-i-g-o"
        row = s.wait_journal("client.left")
        assert row["user"] == "anna" and row["address"] and row["reason"], row
        back = s.phone("A", "anna")
        w.hear(lambda e: e.uid == "ANDROID-A" and e.index > w.all(lambda x: left(x, "ANDROID-A"))[0].index)
        back.ping()


def test_many_who_leave_at_one_moment():
    """What each said last is heard before it is told gone, and who comes back is there."""
    with Server() as s:
        names = [f"A{i}" for i in range(40)]
        anna = s.client("anna", relay=True)
        w, crowd = s.phone("W"), [s.phone(name, anna) for name in names]
        for phone, name in zip(crowd, names):
            phone.send(events.marker(f"last-{name}"))
        for i, phone in enumerate(crowd):
            if i % 2:
                phone.vanish()
            else:
                phone.close()
        back = [s.phone(name, anna) for name in names]
        for name in names:
            told = w.hear(uid=f"last-{name}")
            gone = w.all(lambda e: left(e, f"ANDROID-{name}"))
            assert len(gone) <= 1 and all(e.index > told.index for e in gone)
            w.send(events.direct("ANDROID-W", "W", f"ANDROID-{name}", name, f"to {name}"))
        for phone, name in zip(back, names):
            assert phone.hear(type="b-t-f").remarks == f"to {name}"
        for phone in back[:20]:
            phone.vanish()
        for name in names[:20]:
            w.hear(lambda e: left(e, f"ANDROID-{name}") and e.index > told.index)


def test_roaming_phone_is_not_told_gone():
    """It reconnects before the server knows that the old link is dead."""
    with Server() as s:
        anna = s.client("anna")
        old, w = s.phone("A", anna), s.phone("W")
        new = s.phone("A", anna)
        w.hear(lambda e: e.uid == "ANDROID-A" and e.index > 0)
        old.vanish()
        s.wait_journal("client.left")
        new.send(events.marker("behind"))
        w.hear(uid="behind")
        assert not w.has(lambda e: left(e, "ANDROID-A"))
        w.send(events.direct("ANDROID-W", "W", "ANDROID-A", "A", "to the new one"))
        assert new.hear(type="b-t-f").remarks == "to the new one"
        new.close()
        w.hear(lambda e: left(e, "ANDROID-A"))


def test_who_never_said_who_it_is_leaves_in_silence():
    with Server() as s:
        w = s.phone("W")
        quiet = s.phone()
        quiet.close()
        s.wait_journal("client.left")
        a = s.phone("A")
        a.send(events.marker("behind"))
        w.hear(uid="behind")
        assert not w.has(type="t-x-d-d")


def test_gateway_with_many_uids_leaves():
    with Server() as s:
        gate = s.phone("G1", s.client("gate", relay=True))
        for i in range(2, 20):
            gate.send(events.position(f"ANDROID-G{i}", f"G{i}"))
        gate.ping()
        w = s.phone("W")
        gate.close()
        for i in range(1, 20):
            w.hear(lambda e: left(e, f"ANDROID-G{i}"))


def test_limit_of_uids_and_relay_grant():
    with Server() as s:
        anna, gate = s.client("anna"), s.client("gate", relay=True)
        w = s.phone("W")
        a = s.phone(client=anna)
        g = s.phone(client=gate)
        for i in range(12):
            a.send(events.position(f"a{i}", f"A{i}"))
            g.send(events.position(f"g{i}", f"G{i}"))
        w.hear(uid="g11")
        a.send(events.position("a0", "A0", lat="48.77"))
        w.hear(lambda e: e.uid == "a0" and e.point["lat"] == "48.77")
        assert {e.uid for e in w.all(lambda e: e.uid.startswith("a"))} == {f"a{i}" for i in range(8)}
        assert {e.uid for e in w.all(lambda e: e.uid.startswith("g"))} == {f"g{i}" for i in range(12)}
        s.wait_log("tak.refused", "anna", "relay grant")
        s.wait_journal("event.refused", lambda r: r["user"] == "anna")


def test_limit_of_uids_as_configured():
    with Server(uids_per_user=2) as s:
        a, w = s.phone(client="anna"), s.phone("W")
        for i in range(4):
            a.send(events.position(f"a{i}", f"A{i}"))
        a.send(events.position("a1", "A1", lat="48.77"))
        w.hear(lambda e: e.uid == "a1" and e.point["lat"] == "48.77")
        assert {e.uid for e in w.all(lambda e: e.uid.startswith("a"))} == {"a0", "a1"}


def test_uid_on_any_certificate_of_its_user():
    with Server() as s:
        first = s.phone("A", s.client("anna"))
        second = s.phone("A", s.client("anna"))  # enrolled again
        assert s.clients["anna"].serial
        w = s.phone("W")
        second.send(events.position("ANDROID-A", "A", lat="48.55"))
        w.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.55")
        assert not s.journal("uid.conflict")
        assert len(s.journal("uid.bound")) == 1 + 1  # A and W
        first.ping()


def test_conflict_is_journaled_and_nobody_is_silenced():
    with Server() as s:
        w = s.phone("W")
        a = s.phone("A", s.client("anna"))
        other = s.phone(client=s.client("eve"))
        other.send(events.position("ANDROID-A", "A", lat="47.47"))
        w.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "47.47")
        row = s.wait_journal("uid.conflict")
        assert row["uid"] == "ANDROID-A" and row["claimant"] == "eve", row
        a.send(events.position("ANDROID-A", "A", lat="48.48"))
        w.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.48")
        w.send(events.direct("ANDROID-W", "W", "ANDROID-A", "A", "for anna"))
        assert a.hear(type="b-t-f").remarks == "for anna"
        other.send(events.position("EVE", "EVE"))
        w.hear(uid="EVE")
        assert not other.has(type="b-t-f")
        for _ in range(20):
            other.send(events.position("ANDROID-A", "A", lat="47.48"))
        other.send(events.position("EVE", "EVE", lat="1.5"))
        w.hear(lambda e: e.uid == "EVE" and e.point["lat"] == "1.5")
        assert len(s.journal("uid.conflict")) == 1  # told once


def test_conflict_in_chat_and_emergency_is_shown():
    with Server() as s:
        w = s.phone("W")
        s.phone("A", s.client("anna"))
        eve = s.phone("EVE", s.client("eve"))
        eve.send(events.chat("ANDROID-A", "A", "I am anna"))
        assert w.hear(type="b-t-f").remarks == "I am anna"
        s.wait_journal("uid.conflict", lambda r: r["uid"] == "ANDROID-A" and r["claimant"] == "eve")


def test_holder_after_a_restart():
    """Who holds a uid is in the record."""
    with Server() as s:
        a = s.phone("A", s.client("anna"))
        a.close()
        s.wait_journal("client.left")
        s.restart()
        eve = s.phone(client=s.client("eve"))
        eve.send(events.position("ANDROID-A", "A"))
        assert s.wait_journal("uid.conflict")["claimant"] == "eve"


def test_callsign_change_is_followed():
    with Server() as s:
        a, b, w = s.phone("A"), s.phone("B"), s.phone("W")
        a.send(events.position("ANDROID-A", "RENAMED"))
        a.ping()
        w.send(events.chat("ANDROID-W", "W", "old name", room="ANDROID-A", room_name="A",
                           dest=events.dests(callsigns=["A"]), members=[" "]))
        w.send(events.chat("ANDROID-W", "W", "new name", room="room-1", dest=events.dests(callsigns=["RENAMED"]),
                           members=[]))
        a.hear(type="b-t-f", remarks="new name")
        b.ping()
        assert not b.has(type="b-t-f")


def test_incognito_phone_is_not_in_the_picture():
    with Server() as s:
        a = s.phone("A")
        a.send(events.event("inc", "t-x-c-i-e"), events.position("ANDROID-A", "A", lat="48.61"))
        a.ping()
        assert not s.phone().has(uid="ANDROID-A")
        a.send(events.event("inc", "t-x-c-i-d"), events.position("ANDROID-A", "A", lat="48.62"))
        a.ping()
        assert s.phone().has(uid="ANDROID-A")


def test_connects_are_journaled_with_certificate_and_address():
    with Server() as s:
        anna = s.client("anna")
        a = s.phone("A", anna)
        row = s.wait_journal("client.connected", lambda r: r.get("user") == "anna")
        assert row["serial"] == anna.serial
        assert row["address"].startswith("127.0.0.1:") or "127.0.0.1" in row["address"]
        port = a.sock.getsockname()[1]
        assert str(port) in row["address"]
        s.phone()
        assert s.wait_journal("client.connected", lambda r: r.get("user") == "plain-tcp")["address"]


def test_two_loops_share_the_rings():
    with Server(loops=3) as s:
        phones = [s.phone(f"P{i}", v1=i % 2 == 0) for i in range(12)]
        for i, phone in enumerate(phones):
            for n in range(30):
                phone.send(events.v1_position(phone.uid, phone.callsign, lat=50 + n / 100) if phone.form == "v1" else
                           events.position(phone.uid, phone.callsign, lat=str(50 + n / 100)))
        for phone in phones:
            for other in phones:
                if other is not phone:
                    phone.hear(lambda e: e.uid == other.uid and float(e.point["lat"]) == 50.29)
                    places = [float(e.point["lat"]) for e in phone.all(uid=other.uid) if float(e.point["lat"]) >= 50]
                    assert places == [50 + n / 100 for n in range(30)], places  # all of them, in order
        new = s.phone()
        assert len({e.uid for e in new.heard if e.uid.startswith("ANDROID")}) == 12


def test_nobody_hears_itself():
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        a.send(events.position("ANDROID-A", "A", lat="48.71"), events.marker("own"),
               events.chat("ANDROID-A", "A", "own"))
        w.hear(uid="own")
        w.hear(type="b-t-f")
        w.send(events.marker("behind"), events.position("ANDROID-W", "W", lat="1.1"))
        a.hear(uid="behind")
        a.hear(lambda e: e.uid == "ANDROID-W" and e.point["lat"] == "1.1")
        assert not a.has(lambda e: e.uid in ("ANDROID-A", "own") or e.type == "b-t-f")
