"""Emergencies: heard by all, repeated, first for who comes late, over restarts, until cancelled."""
import events
from server import Server, eventually


def alert(name="A"):
    return {"uid": f"ANDROID-{name}-9-1-1", "type": "b-a-o-tbl"}


def test_all_kinds_are_heard_and_journaled():
    kinds = (("911 Alert", "b-a-o-tbl"), ("Ring The Bell", "b-a-o-pan"), ("In Contact", "b-a-o-opn"),
             ("Geo-fence Breached", "b-a-g"), ("Custom", "b-a-o-c"))
    with Server() as s:
        v, w = s.phone("V", v1=True), s.phone("W")
        for i, (kind, type) in enumerate(kinds):
            a = s.phone(f"A{i}")
            sent = events.emergency(f"ANDROID-A{i}", f"A{i}", kind, type)
            a.send(sent)
            assert w.hear(uid=f"ANDROID-A{i}-9-1-1", type=type).raw == sent
            assert v.hear(uid=f"ANDROID-A{i}-9-1-1", type=type).one("emergency").get("type") == kind
            row = s.wait_journal("emergency.raised", lambda r: r["sub_type"] == kind)
            assert row["about"] == f"ANDROID-A{i}" and row["name"] == f"A{i}"


def test_repeated_until_cancelled():
    with Server(emergency_repeat_s=1) as s:
        a, b = s.phone("A"), s.phone("B")
        w, v = s.phone("W"), s.phone("V", v1=True)
        sent = events.emergency("ANDROID-A", "A")
        a.send(sent)
        for phone in (w, v):
            phone.hear(**alert())
            stale = [phone.hear(**alert()).attributes["stale"] for _ in range(3)]
            assert stale[0] < stale[1] < stale[2], stale
        repeat = w.all(**alert())[1]
        assert repeat.raw.replace(repeat.attributes["stale"].encode(), b"") == sent.replace(
            w.all(**alert())[0].attributes["stale"].encode(), b""), "only its stale time is new"
        b.send(events.emergency("ANDROID-B", "B"))
        w.hear(**alert("B"))
        a.send(events.cancel("ANDROID-A", "A"))
        for phone in (w, v):
            ended = phone.hear(uid="ANDROID-A-9-1-1", type="b-a-o-can").index
            for _ in range(3):  # repeats of the other one pass, none of this
                phone.hear(lambda e: e.uid == "ANDROID-B-9-1-1" and e.index > ended)
            assert not phone.has(lambda e: e.index > ended and e.uid == "ANDROID-A-9-1-1")
        new = s.phone()
        assert not new.has(**alert()) and new.has(**alert("B"))
        assert len(s.journal("emergency.raised")) == 2 and len(s.journal("emergency.cancelled")) == 1


def test_raised_in_v1():
    with Server(emergency_repeat_s=1) as s:
        a, w = s.phone("A", v1=True), s.phone("W")
        a.send(events.v1("ANDROID-A-9-1-1", "b-a-o-tbl", {"xmlDetail": '<link uid="ANDROID-A" type="a-f-G-U-C" '
                         'relation="p-p"/><emergency type="911 Alert">A</emergency>'}, stale=10))
        w.hear(**alert())
        stale = [w.hear(**alert()).attributes["stale"] for _ in range(3)]
        assert stale[0] < stale[1] < stale[2]
        a.send(events.v1("ANDROID-A-9-1-1", "b-a-o-can", {"xmlDetail": '<link uid="ANDROID-A" type="a-f-G-U-C" '
                         'relation="p-p"/><emergency cancel="true">A</emergency>'}, stale=10))
        w.hear(type="b-a-o-can")


def test_first_for_who_comes_late():
    with Server() as s:
        a = s.phone("A")
        for i in range(40):
            a.send(events.marker(f"m{i}"))
        for i in range(20):
            s.phone(f"P{i}")
        a.send(events.emergency("ANDROID-A", "A"))
        w = s.phone("W")
        eventually("it is in the picture", lambda: s.phone().has(**alert()))
        for v1 in (False, True):
            late = s.phone(v1=v1)
            assert late.heard[0].uid == "ANDROID-A-9-1-1", late.heard[:3]
            assert len(late.heard) >= 60
        w.ping()


def test_open_after_kill_9_and_after_a_clean_stop():
    with Server(emergency_repeat_s=1) as s:
        a, w = s.phone("A"), s.phone("W")
        a.send(events.emergency("ANDROID-A", "A"))
        w.hear(**alert())
        for stop in (s.kill, s.stop):
            stop()
            s.start()
            assert any("1 open emergencies" in line for line in s.lines), s.lines
            late = s.phone("LATE")
            assert late.heard[0].uid == "ANDROID-A-9-1-1"
            late.hear(**alert())
            late.hear(**alert())  # and repeated
        a = s.phone("A")
        a.send(events.cancel("ANDROID-A", "A"))
        late.hear(type="b-a-o-can")
        s.restart()
        assert not s.phone().has(**alert())


def test_repeats_reach_the_phone_in_the_senders_old_place():
    """Who raised it is gone; the next phone gets its slot and must hear the repeats all the same."""
    with Server(emergency_repeat_s=1) as s:
        a = s.phone("A")
        w = s.phone("W")
        a.send(events.emergency("ANDROID-A", "A"))
        w.hear(**alert())
        a.vanish()
        s.wait_journal("client.left")
        new = s.phone("NEW")
        for _ in range(3):
            w.hear(**alert())
        new.hear(**alert())
        new.hear(**alert())  # the picture and a repeat at least


def test_raised_again_after_its_cancel():
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        for _ in range(3):
            a.send(events.emergency("ANDROID-A", "A"))
            w.hear(**alert())
            a.send(events.cancel("ANDROID-A", "A"))
            w.hear(type="b-a-o-can")
        a.send(events.emergency("ANDROID-A", "A"))
        w.hear(**alert())
        assert s.phone().has(**alert())


def test_others_do_not_cancel_it():
    with Server() as s:
        a, b, w = s.phone("A", "anna"), s.phone("B", "bert"), s.phone("W", "wim")
        a.send(events.emergency("ANDROID-A", "A"))
        w.hear(**alert())
        b.send(events.cancel("ANDROID-A", "A"), events.delete("ANDROID-A-9-1-1", "b-a-o-tbl"), events.marker("end"))
        w.hear(uid="end")
        assert not w.has(type="b-a-o-can")
        s.wait_log("tak.refused", "bert", "cancel")
        assert s.phone().has(**alert()), "a delete does not end it either"
        again = s.phone("A2", "anna", uid="ANDROID-A2")  # another device of the same user
        again.send(events.cancel("ANDROID-A", "A"))
        w.hear(type="b-a-o-can")


def test_cancel_reaches_who_was_away():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        a.send(events.emergency("ANDROID-A", "A"))
        b.hear(**alert())
        b.vanish()
        s.wait_journal("client.left")
        a.send(events.cancel("ANDROID-A", "A"))
        s.wait_journal("emergency.cancelled")
        b = s.phone("B")
        b.hear(type="b-a-o-can")


def test_groups_hold_for_emergencies():
    with Server(emergency_repeat_s=1) as s:
        red, blue = s.phone("R", s.client("r", "red")), s.phone("B", s.client("b", "blue"))
        w, w2 = s.phone("W", s.client("w", "red")), s.phone("W2", s.client("w2", "blue"))
        red.send(events.emergency("ANDROID-R", "R"))
        blue.send(events.emergency("ANDROID-B", "B"))
        for _ in range(3):
            w.hear(**alert("R"))
            w2.hear(**alert("B"))
        assert not w.has(**alert("B")) and not w2.has(**alert("R"))


def test_many_at_once():
    """More than the places of the 100 ms rule: all are heard and recorded."""
    with Server() as s:
        w = s.phone("W")
        gate = s.phone("G", s.client("gate", relay=True))
        for i in range(200):
            gate.send(events.emergency(f"dev-{i}", f"D{i}"))
        for i in range(200):
            w.hear(uid=f"dev-{i}-9-1-1")
        eventually("all are recorded", lambda: len(s.journal("emergency.raised")) == 200)
        assert len([e for e in s.phone().heard if e.type == "b-a-o-tbl"]) == 200


def test_casevac_is_kept():
    with Server() as s:
        a, w = s.phone("A"), s.phone("V", v1=True)
        a.send(events.casevac("med-1"))
        assert w.hear(uid="med-1").one("_medevac_").get("unexpected_attribute") == "kept"
        s.wait_journal("casevac.sent")
        s.restart()
        assert s.phone().has(uid="med-1")
