"""Markers, shapes and routes: everybody's in the group, kept over restarts; devices are their own."""
import time

import events
from server import Server, eventually


def test_edited_and_deleted_by_others():
    with Server() as s:
        a, b, v = s.phone("A", "anna"), s.phone("B", "bert"), s.phone("V", "vera", v1=True)
        a.send(events.marker("mark", "by anna"))
        b.hear(uid="mark")
        b.send(events.marker("mark", "by bert"))
        for phone in (a, v):
            phone.hear(uid="mark", remarks="by bert")
        v.send(events.v1("gone-1", "t-x-d-d", {"xmlDetail": '<link uid="mark" type="b-m-p-s-m" relation="none"/>'
                                                            '<__forcedelete/>'}))
        for phone in (a, b):
            phone.hear(type="t-x-d-d", link="mark")
        eventually("it is out of the picture", lambda: not s.phone().has(uid="mark"))
        rows = s.journal()
        assert [r.kind for r in rows if r.get("uid") == "mark" or r.get("about") == "mark"] == [
            "object.put", "object.put", "object.deleted"]
        assert [r["user"] for r in rows if r.kind == "object.put"] == ["anna", "bert"]


def test_shapes_and_routes_are_objects():
    kinds = ("u-d-f", "u-d-r", "u-d-c-c", "u-rb-a", "b-m-r", "b-m-p-w-GOTO", "b-m-p-s-m", "b-i-v")
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        for kind in kinds:
            a.send(events.marker(f"shape-{kind}", type=kind))
        a.send(events.event("hostile", "a-h-G", "<archive/>", how="h-g-i-g-o", stale=3600))
        for kind in kinds:
            w.hear(uid=f"shape-{kind}")
        w.hear(uid="hostile")
        s.restart()
        new = s.phone()
        for kind in kinds:
            assert new.has(uid=f"shape-{kind}"), kind
        assert new.has(uid="hostile")


def test_markers_survive_until_they_are_stale_or_deleted():
    with Server() as s:
        a, w = s.phone("A"), s.phone("W", v1=True)
        for i in range(6):
            a.send(events.marker(f"m{i}", stale=3600.0))
        a.send(events.marker("short", stale=2.0), events.delete("m1"), events.marker("m2", "changed"))
        w.hear(uid="m2", remarks="changed")
        for stop in (s.kill, s.stop, s.kill):
            stop()
            s.start()
            new = s.phone()
            assert {e.uid for e in new.heard if e.uid.startswith("m")} == {"m0", "m2", "m3", "m4", "m5"}
            assert new.all(uid="m2")[0].remarks == "changed"
        eventually("the short one goes", lambda: not s.phone().has(uid="short"))
        a = s.phone("A")
        a.send(events.delete("m0"))
        s.wait_journal("object.deleted", lambda r: r["about"] == "m0")
        s.restart()
        assert not s.phone().has(uid="m0")
        s.verify()


def test_stale_one_does_not_come_back_with_a_restart():
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        until = time.monotonic() + 1.5
        a.send(events.marker("short", stale=1.5), events.marker("long"))
        w.hear(uid="short")
        s.kill()
        eventually("it is stale", lambda: time.monotonic() > until + 0.5)
        s.start()
        new = s.phone()
        assert new.has(uid="long") and not new.has(uid="short")


def test_delete_then_put_again():
    with Server() as s:
        a, w, v = s.phone("A"), s.phone("W"), s.phone("V", v1=True)
        for i in range(20):
            a.send(events.marker("m", f"n{i}"), events.delete("m"))
        a.send(events.marker("m", "last"))
        for phone in (w, v):
            phone.hear(uid="m", remarks="last")
            kinds = [e.remarks or "deleted" for e in phone.heard if e.uid == "m" or e.link == "m"]
            assert kinds == [x for i in range(20) for x in (f"n{i}", "deleted")] + ["last"], kinds
        s.restart()
        assert [e.remarks for e in s.phone().all(uid="m")] == ["last"]


def test_track_and_its_delete_keep_their_order():
    """A position never overtakes the delete before it, nor the delete the position (one sender, one unit)."""
    with Server() as s:
        a, w, v = s.phone("A"), s.phone("W"), s.phone("V", v1=True)
        for i in range(30):
            a.send(events.track("plane", lat=f"{i}.5"), events.delete("plane", "a-n-A-C-F"),
                   events.track("plane", lat=f"{i}.75"))
            a.ping()
        for phone in (w, v):
            phone.hear(lambda e: e.uid == "plane" and float(e.point["lat"]) == 29.75)
            last = [i for i, e in enumerate(phone.heard) if e.link == "plane"][-1]
            assert [float(e.point["lat"]) for e in phone.heard[last:] if e.uid == "plane"] == [29.75]
        assert [e.point["lat"] for e in s.phone().all(uid="plane")] == ["29.75"]


def test_object_of_another_group():
    with Server() as s:
        red = s.phone("R", s.client("r", "red"))
        w = s.phone("W", s.client("w", "red"))
        blue = s.phone("B", s.client("b", "blue"))
        red.send(events.marker("mark", "red's"))
        w.hear(uid="mark")
        blue.send(events.marker("mark", "blue's"), events.delete("mark"))
        blue.ping()
        s.wait_log("tak.refused", "another group")
        s.wait_journal("event.refused")
        assert s.phone(client="w").all(uid="mark")[0].remarks == "red's"
        red.send(events.marker("end"))
        w.hear(uid="end")
        assert not w.has(remarks="blue's") and not w.has(type="t-x-d-d")


def test_device_is_not_deleted_by_others():
    with Server() as s:
        a, b, w = s.phone("A", "anna"), s.phone("B", "bert"), s.phone("W")
        b.send(events.delete("ANDROID-A", "a-f-G-U-C"), events.marker("end"))
        w.hear(uid="end")
        assert not w.has(type="t-x-d-d")
        s.wait_log("tak.refused", "bert", "only a device itself")
        assert s.phone().has(uid="ANDROID-A")
        a.send(events.position("ANDROID-A", "A", lat="48.88"))
        w.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.88")


def test_device_takes_itself_off_the_map():
    with Server() as s:
        a, w = s.phone("A", "anna"), s.phone("W")
        a.send(events.delete("ANDROID-A", "a-f-G-U-C"))
        w.hear(type="t-x-d-d", link="ANDROID-A")
        eventually("off the map", lambda: not s.phone().has(uid="ANDROID-A"))
        a.hello(lat="48.89")
        w.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.89")
        w.send(events.direct("ANDROID-W", "W", "ANDROID-A", "A", "still there?"))
        a.hear(remarks="still there?")


def test_drawing_under_a_devices_uid():
    with Server() as s:
        s.phone("A", "anna")
        b, w = s.phone("B", "bert"), s.phone("W")
        b.send(events.marker("ANDROID-A", "mine"), events.marker("end"))
        w.hear(uid="end")
        assert not w.has(remarks="mine")
        s.wait_log("tak.refused", "uid of its own")


def test_delete_without_a_point():
    with Server() as s:
        a, w, v = s.phone("A"), s.phone("W"), s.phone("V", v1=True)
        a.send(events.marker("m"))
        w.hear(uid="m")
        now = events.stamp()
        sent = (f'<event version="2.0" uid="d1" type="t-x-d-d" how="h-g-i-g-o" time="{now}" start="{now}" '
                f'stale="{events.stamp(20)}"><detail><link uid="m" type="b-m-p-s-m" relation="none"/></detail>'
                '</event>').encode()
        a.send(sent)
        assert w.hear(type="t-x-d-d").raw == sent
        assert v.hear(type="t-x-d-d").link == "m"
        eventually("deleted", lambda: not s.phone().has(uid="m"))


def test_delete_that_names_nothing():
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        a.send(events.event("odd", "t-x-d-d", ""), events.delete("never-was"), events.marker("end"))
        w.hear(uid="end")
        w.hear(link="never-was")
