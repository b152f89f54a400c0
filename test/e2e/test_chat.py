"""Chat: to whom, receipts, and what waits for a phone that is away."""
import events
from phone import Closed
from server import Server


def away(server, phone):
    """It is gone, and the server knows."""
    uid = phone.uid
    phone.vanish()
    server.wait_journal("client.left", lambda r: uid in r.many("uid"))


def test_direct_chat_reaches_its_addressee_only():
    with Server() as s:
        a, b, v, c = s.phone("A"), s.phone("B"), s.phone("V", v1=True), s.phone("C")
        a.send(events.direct("ANDROID-A", "A", "ANDROID-B", "B", "for B"),
               events.direct("ANDROID-A", "A", "ANDROID-V", "V", "for V"),
               events.chat("ANDROID-A", "A", "for all"))
        assert b.hear(type="b-t-f").remarks == "for B"
        assert v.hear(type="b-t-f").remarks == "for V"
        for phone in (b, v, c):
            phone.hear(remarks="for all")
        assert [e.remarks for e in c.all(type="b-t-f")] == ["for all"]
        assert [e.remarks for e in b.all(type="b-t-f")] == ["for B", "for all"]
        a.ping()
        assert not a.has(type="b-t-f-p")


def test_members_and_dest_are_united():
    with Server() as s:
        a, b, c, d = s.phone("A"), s.phone("B"), s.phone("C"), s.phone("D", v1=True)
        a.send(events.chat("ANDROID-A", "A", "union", room="room-1", room_name="Team 1", members=["ANDROID-C"],
                           dest=events.dests(callsigns=["B"])))
        a.send(events.chat("ANDROID-A", "A", "members only", room="room-1", room_name="Team 1",
                           members=["ANDROID-C", "ANDROID-D"]))
        a.send(events.chat("ANDROID-A", "A", "end"))
        for phone, meant in ((b, ["union", "end"]), (c, ["union", "members only", "end"]),
                             (d, ["members only", "end"])):
            phone.hear(remarks="end")
            assert [e.remarks for e in phone.all(type="b-t-f")] == meant


def test_open_rooms_are_everybodys():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        for room in ("All Chat Rooms", "Cyan", "Dark Blue"):
            a.send(events.chat("ANDROID-A", "A", room, room=room))
            b.hear(remarks=room)


def test_chat_by_uid_dest_as_itak():
    with Server() as s:
        a, b, c = s.phone("A"), s.phone("B"), s.phone("C")
        a.send(events.chat("ANDROID-A", "A", "itak", room="ANDROID-B", room_name="B",
                           dest=events.dests(uids=["ANDROID-B"])), events.chat("ANDROID-A", "A", "end"))
        b.hear(remarks="itak")
        c.hear(remarks="end")
        assert not c.has(remarks="itak")


def test_receipts_reach_the_sender():
    with Server() as s:
        a, b, c = s.phone("A"), s.phone("B", v1=True), s.phone("C")
        a.send(events.direct("ANDROID-A", "A", "ANDROID-B", "B", "hello", message="m-1"))
        b.hear(message_id="m-1")
        for kind in ("d", "r"):
            b.send(events.receipt(kind, "m-1", "ANDROID-B", "ANDROID-A", "A"))
            got = a.hear(type=f"b-t-f-{kind}")
            assert got.message_id == "m-1"
        b.send(events.chat("ANDROID-B", "B", "end"))
        c.hear(remarks="end")
        assert not c.has(message_id="m-1")
        assert len(s.journal("chat.receipt")) == 2


def test_chat_is_journaled_with_its_text():
    with Server() as s:
        a, b = s.phone("A", "anna"), s.phone("B")
        a.send(events.direct("ANDROID-A", "A", "ANDROID-B", "B", 'Stra\u00dfe <gesperrt> & "frei"', message="m-7"))
        b.hear(message_id="m-7")
        row = s.wait_journal("chat.said")
        assert row["user"] == "anna" and row["from_uid"] == "ANDROID-A" and row["message_id"] == "m-7"
        assert row["text"] == 'Stra\u00dfe <gesperrt> & "frei"' and row.many("to") == ["ANDROID-B"], row


def test_order_of_one_sender():
    with Server() as s:
        a, b, v = s.phone("A"), s.phone("B"), s.phone("V", v1=True)
        for i in range(300):
            a.send(events.chat("ANDROID-A", "A", f"n{i}"))
        for phone in (b, v):
            phone.hear(remarks="n299")
            assert [e.remarks for e in phone.all(type="b-t-f")] == [f"n{i}" for i in range(300)]


def offline_message(kill, v1):
    with Server() as s:
        b = s.phone("B", "bert", v1=v1)
        c = s.phone("C")
        a = s.phone("A", "anna", v1=v1)
        away(s, b)
        a.send(events.direct("ANDROID-A", "A", "ANDROID-B", "B", "while away", message="m-9"))
        pending = a.hear(type="b-t-f-p")
        assert pending.message_id == "m-9", pending.raw
        a.send(events.chat("ANDROID-A", "A", "for all meanwhile"))
        c.hear(remarks="for all meanwhile")
        if kill:
            s.restart()
            a = s.phone("A", "anna")
        b = s.phone("B", "bert", v1=v1)
        got = b.hear(message_id="m-9")
        assert got.remarks == "while away" and got.form == ("v1" if v1 else "xml")
        b.hear(remarks="for all meanwhile")
        assert [e.remarks for e in b.all(type="b-t-f")] == ["while away", "for all meanwhile"]
        b.send(events.receipt("d", "m-9", "ANDROID-B", "ANDROID-A", "A"))
        a.hear(type="b-t-f-d", message_id="m-9")
        a.send(events.chat("ANDROID-A", "A", "now"))
        b.hear(remarks="now")
        s.wait_acked("ANDROID-B", s.journal("chat.said")[-1].seq)
        away(s, b)
        if kill:
            s.restart()
        a = s.phone("A", "anna")
        b = s.phone("B", "bert")
        a.send(events.chat("ANDROID-A", "A", "end"))
        b.hear(remarks="end")
        assert [e.remarks for e in b.all(type="b-t-f")] == ["end"], "each message once"
        c.sock.close()


def test_message_to_a_phone_that_is_away():
    offline_message(kill=False, v1=False)


def test_message_to_a_v1_phone_that_is_away():
    offline_message(kill=False, v1=True)


def test_message_waits_through_kill_9():
    offline_message(kill=True, v1=False)


def test_message_waits_through_kill_9_for_a_v1_phone():
    offline_message(kill=True, v1=True)


def test_pending_receipt_for_each_who_is_away():
    with Server() as s:
        a, b, c, d = s.phone("A"), s.phone("B"), s.phone("C"), s.phone("D")
        away(s, b)
        away(s, c)
        a.send(events.chat("ANDROID-A", "A", "to three", room="r", members=["ANDROID-B", "ANDROID-C", "ANDROID-D"],
                           message="m-3"))
        assert d.hear(type="b-t-f").remarks == "to three"
        told = {a.hear(type="b-t-f-p", message_id="m-3").link for _ in range(2)}
        assert told == {"ANDROID-B", "ANDROID-C"}
        for name in ("B", "C"):
            s.phone(name).hear(remarks="to three")


def test_broadcast_while_away():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        away(s, b)
        for i in range(5):
            a.send(events.chat("ANDROID-A", "A", f"b{i}"))
        s.wait_journal("chat.said", lambda r: r["text"] == "b4")
        b = s.phone("B")
        b.hear(remarks="b4")
        assert [e.remarks for e in b.all(type="b-t-f")] == [f"b{i}" for i in range(5)]


def test_new_phone_does_not_get_old_broadcasts():
    with Server() as s:
        a = s.phone("A")
        a.send(events.chat("ANDROID-A", "A", "old"))
        s.wait_journal("chat.said")
        new = s.phone("NEW")
        a.send(events.chat("ANDROID-A", "A", "end"))
        new.hear(remarks="end")
        assert not new.has(remarks="old")


def test_message_to_somebody_who_was_never_here():
    """By uid and by callsign; it waits for the day."""
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        a.send(events.direct("ANDROID-A", "A", "ANDROID-NEW", "NEW", "by uid"),
               events.chat("ANDROID-A", "A", "by callsign", room="room", members=[" "],
                           dest=events.dests(callsigns=["NEW"])), events.chat("ANDROID-A", "A", "end"))
        w.hear(remarks="end")
        assert not w.has(remarks="by uid") and not w.has(remarks="by callsign")
        new = s.phone("NEW")
        new.hear(remarks="by uid")
        new.hear(remarks="by callsign")


def test_messages_before_and_after_the_return_keep_their_order():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        away(s, b)
        for i in range(100):
            a.send(events.direct("ANDROID-A", "A", "ANDROID-B", "B", f"n{i}"))
        b = s.phone("B", hello=False)
        b.hello()
        for i in range(100, 200):
            a.send(events.direct("ANDROID-A", "A", "ANDROID-B", "B", f"n{i}"))
        b.hear(remarks="n199")
        got = [e.remarks for e in b.all(type="b-t-f")]
        assert sorted(got) == sorted({f"n{i}" for i in range(200)}), "each once"
        assert got == [f"n{i}" for i in range(200)], got


def test_file_offer_waits_too():
    with Server() as s:
        a, b, c = s.phone("A"), s.phone("B"), s.phone("C")
        away(s, b)
        a.send(events.fileshare("file-1", "map", dest=events.dests(callsigns=["B"])),
               events.chat("ANDROID-A", "A", "end"))
        c.hear(remarks="end")
        assert not c.has(uid="file-1")
        s.phone("B").hear(uid="file-1")
        assert s.journal("file.offered")[0]["name"] in ("map", "map.zip")


def test_chat_without_remarks():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        a.send(events.event("GeoChat.x", "b-t-f", '<__chat id="All Chat Rooms" chatroom="All Chat Rooms" '
                            'senderCallsign="A" messageId="m"/>'))
        b.hear(type="b-t-f")


def test_user_in_another_group_gets_nothing_on_return():
    with Server() as s:
        a = s.phone("A", s.client("anna", "red"))
        b = s.phone("B", s.client("bert", "red"))
        away(s, b)
        a.send(events.chat("ANDROID-A", "A", "red talk"))
        s.wait_journal("chat.said")
        s.regroup("bert", "blue")
        b = s.phone("B", "bert")
        c = s.phone("C", s.client("carl", "blue"))
        c.send(events.chat("ANDROID-C", "C", "end"))
        b.hear(remarks="end")
        assert not b.has(remarks="red talk")


def test_a_day_of_chat_while_away():
    """3,000 messages to all and 500 to itself: it gets its own, all of them, and the newest 2,000 of the others."""
    with Server() as s:
        gate, b = s.phone("G", s.client("gate", relay=True)), s.phone("B", "bert")
        away(s, b)
        pad = "x" * 900
        for i in range(3000):
            gate.send(events.chat("ANDROID-G", "G", f"a{i} {pad}"))
            if i % 6 == 0:
                gate.send(events.direct("ANDROID-G", "G", "ANDROID-B", "B", f"d{i // 6} {pad}"))
            if i % 100 == 0:
                gate.ping()
        assert "tak.closed" not in s.log_text().split("bert", 2)[-1], "who reads well is not thrown out by a burst"
        s.wait_journal("chat.said", lambda r: r["text"].startswith("a2999 "))
        b = s.phone("B", "bert")
        b.hear(lambda e: (e.remarks or "").startswith("a2999 "))
        got = [e.remarks.split()[0] for e in b.all(type="b-t-f")]
        assert [x for x in got if x[0] == "d"] == [f"d{i}" for i in range(500)]
        others = [x for x in got if x[0] == "a"]
        assert len(others) >= 1900 and others == [f"a{i}" for i in range(3000 - len(others), 3000)], len(others)


def test_slow_reader_of_chat_gets_it_all_by_and_by():
    """It does not read while more is said than the server keeps in memory: thrown out at worst, and the rest waits."""
    with Server() as s:
        gate, b = s.phone("G", s.client("gate", relay=True)), s.phone("B", "bert")
        w = s.phone("W", "wim")
        s.wait_acked("ANDROID-B", 1)
        total, pad = 900, "x" * 30000
        for i in range(total):
            gate.send(events.direct("ANDROID-G", "G", "ANDROID-B", "B", f"n{i} {pad}"))
            if i % 50 == 49:  # no faster than the disk
                gate.send(events.chat("ANDROID-G", "G", f"sync {i}"))
                w.hear(remarks=f"sync {i}")
        gate.send(events.chat("ANDROID-G", "G", "end"))
        w.hear(remarks="end")
        got, seen = [], set()
        for _ in range(40):
            try:
                b.hear(lambda e: (e.remarks or "").startswith(f"n{total - 1} "), 30)
            except Closed:
                pass
            for event in b.all(type="b-t-f"):
                name = event.remarks.split()[0]
                if name not in seen and name not in ("end", "sync"):
                    seen.add(name)
                    got.append(name)
            if f"n{total - 1}" in seen:
                break
            b = s.phone("B", "bert", hello=False)
            b.hello()
        assert got == [f"n{i}" for i in range(total)], (len(got), got[:3], got[-3:])
