"""Bad input: each costs its sender one refusal with a clear line, and nobody else anything."""
import os
import random
import socket
import ssl

import events
from phone import Closed, Phone, tls_context
from server import Server, eventually


def refused(bad, *words, sender="anna", v1=False):
    """`bad` between two good ones: the good are heard, the bad is not, a line tells, the connection stays."""
    with Server() as s:
        a, w = s.phone("A", sender, v1=v1), s.phone("W")
        before = len([x for x in s.log_text().splitlines() if "tak.refused" in x])
        a.send(events.track("before"), bad, events.track("behind"), events.marker("end"))
        w.hear(uid="before")
        w.hear(uid="behind")
        w.hear(uid="end")
        assert {e.uid for e in w.heard if not e.uid.startswith(("ANDROID", "tak"))} == {"before", "behind", "end"}
        a.ping()
        s.wait_log("tak.refused", sender, *words)
        lines = [x for x in s.log_text().splitlines() if "tak.refused" in x]
        assert len(lines) - before == 1, f"one refusal, not {lines}"
        s.wait_journal("event.refused", lambda r: r["user"] == sender)


def test_missing_attributes():
    whole = events.track("bad", extra="<a/>").decode()
    for name in ("uid", "type", "time", "start", "stale"):
        import re
        refused(re.sub(rf' {name}="[^"]*"', "", whole, count=1).encode(), f"no {name}")


def test_missing_point():
    refused(events.event("bad", "a-f-G", "", point=""), "no point")


def test_time_that_is_none():
    refused(events.event("bad", "a-f-G", "", time="yesterday", stale="2026-01-01T00:00:00Z"), "time")


def test_missing_version_and_how_are_fine():
    with Server() as s:
        a, w, v = s.phone("A"), s.phone("W"), s.phone("V", v1=True)
        now = events.stamp()
        sent = (f'<event uid="bare" type="a-f-G" time="{now}" start="{now}" stale="{now}">'
                '<point lat="1" lon="2" hae="3" ce="4" le="5"/></event>').encode()
        a.send(sent)
        assert w.hear(uid="bare").raw == sent
        v.hear(uid="bare")


def test_numbers():
    """NaN, infinities, 18 digits and words: passed on as they are; v1 gets what a double can say."""
    with Server() as s:
        a, w, v = s.phone("A"), s.phone("W"), s.phone("V", v1=True)
        for i, number in enumerate(("NaN", "-NaN", "inf", "-Infinity", "1e400", "0x10", "unknown",
                                    "48.123456789012345678", "  48.5", "+7", "1,5", "-0", "999999999999999999999999")):
            sent = events.track(f"n{i}", lat=number, hae=number,
                                extra=f'<track speed="{number}" course="{number}"/><status battery="{number}"/>')
            a.send(sent)
            assert w.hear(uid=f"n{i}").raw == sent
            v.hear(uid=f"n{i}")
        assert len([e for e in s.phone(v1=True).heard if e.uid.startswith("n")]) == 13
        a.ping()


def test_raw_ampersand_and_less_as_node_cot_writes_them():
    refused(events.event("bad", "b-m-p-s-m", '<contact callsign="R&D"/>'), "refused")
    refused(events.event("bad", "b-m-p-s-m", '<contact callsign="a < b"/>'))
    refused(events.event("bad", "b-m-p-s-m", "<remarks>R&D</remarks>"))


def test_end_tag_inside_of_the_event():
    """Well-formed, but clients cut at the first </event>: what follows it would pass for the event of another."""
    forged = events.track("victim").decode()
    for odd in (f"<r><![CDATA[</event>{forged}]]></r>", f"<!--</event>{forged}-->", f"<?pi </event>{forged}?>"):
        refused(events.event("bad", "a-n-A", odd), "end of the event")
        refused(events.v1("bad", "a-n-A", {"xmlDetail": odd}), "xmlDetail", "end of the event", v1=True)
    nested = {"xmlDetail": f"<event></event>{forged}"}
    refused(events.v1("bad", "a-n-A", nested), "xmlDetail", "end of the event", v1=True)


def test_what_is_nearly_an_end_tag():
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        for i, odd in enumerate(('<r a="&lt;/event>"/>', "<r a='&lt;/event>'/>", "<r>]]&gt;</r>", "<events></events>",
                                 "<r><![CDATA[</event]]></r>", "<event>inner</event>")):
            sent = events.event(f"odd{i}", "a-n-A", odd)
            a.send(sent)
            a.send(events.track(f"behind{i}"))
            w.hear(uid=f"behind{i}")
            if i < 5:
                assert w.all(uid=f"odd{i}")[0].raw == sent, odd
        sent = events.track("spaces")
        a.send(sent.replace(b"</event>", b"</event\n >"))
        assert w.hear(uid="spaces").raw == sent

def test_dtd_and_entity_bomb():
    bomb = ('<?xml version="1.0"?><!DOCTYPE event [<!ENTITY a "aaaaaaaaaa">' +
            "".join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(8)) + ']>').encode()
    refused(bomb + events.event("bad", "b-m-p-s-m", "<remarks>&i;</remarks>"))
    refused(b'<!DOCTYPE event SYSTEM "file:///etc/passwd">' + events.event("bad", "b-m-p-s-m", ""))
    refused(events.event("bad", "b-m-p-s-m", "<remarks>&xxe;</remarks>"))


def test_broken_markup():
    for broken in ("<a><b></a></b>", "<a", '<a b="1" b="2"/>', "<a b=1/>", "<1a/>", "<a>\x01</a>", "<a b='\x00'/>",
                   "&#0;", "&#xD800;", "<a ", "</detail>"):
        with Server() as s:
            a, w = s.phone("A"), s.phone("W")
            a.send(events.event("bad", "b-m-p-s-m", broken))
            a.send(b"".join(events.track(f"behind{i}") for i in range(3)))
            w.hear(uid="behind2")  # at most the next event goes with it
            assert not w.has(uid="bad"), broken
            a.ping()


def test_invalid_utf8_split_over_reads():
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        good = events.event("good", "b-m-p-s-m", "<remarks>\u00e4\u20ac\U0001f691</remarks>")
        for i in range(len(good)):
            a.send(good[i:i + 1])
        assert w.hear(uid="good").raw == good
        for bad in (b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"):
            sent = events.event("bad", "b-m-p-s-m", "<remarks>@</remarks>").replace(b"@", bad)
            for byte in range(0, len(sent), 7):
                a.send(sent[byte:byte + 7])
        a.send(events.marker("end"))
        w.hear(uid="end")
        assert not w.has(uid="bad")
        assert len([x for x in s.log_text().splitlines() if "tak.refused" in x]) == 6


def test_invalid_utf8_in_v1():
    from takproto import frame
    good = events.v1("bad", "b-m-p-s-m", {"xmlDetail": "<remarks>@@</remarks>"})
    refused(good.replace(b"@@", b"\xff\xff"))
    refused(events.v1("bad", "b-m-p-s-m", {"xmlDetail": "<remarks>no end"}))
    refused(frame(b"\x12\x7f\x0a"))
    refused(frame(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))


def test_v1_lengths_of_2_to_the_60():
    for head in (b"\xbf" + b"\x80" * 8 + b"\x10", b"\xbf" + b"\xff" * 10 + b"\x01", b"\xbf\xff\xff\xff\x7f"):
        with Server() as s:
            a, w = s.phone("A", "anna"), s.phone("W")
            a.send(head)
            a.send(b"x" * 1000)
            a.wait_closed()
            s.wait_log("tak.closed", "anna", "262144 bytes")
            b = s.phone("B")
            b.send(events.marker("end"))
            w.hear(uid="end")


def test_half_a_frame_for_ever():
    with Server() as s:
        w = s.phone("W")
        halves = []
        for half in (b"<event uid='half'", b"\xbf\x90\x4e" + b"abc", b"\xbf", b"<", b"<!-- "):
            phone = s.phone(f"H{len(halves)}")
            phone.send(half)
            halves.append(phone)
        a = s.phone("A")
        for i in range(100):
            a.send(events.track("t", lat=str(i)))
        w.hear(lambda e: e.uid == "t" and e.point["lat"] == "99")
        for phone in halves:  # they still hear
            phone.hear(lambda e: e.uid == "t" and e.point["lat"] == "99")


def test_64_kib_of_attributes():
    many = "".join(f' a{i}="{"v" * 20}"' for i in range(2200))
    refused(events.event("bad", "b-m-p-s-m", f"<x{many}/>"))
    deep = "<d>" * 5000 + "</d>" * 5000
    refused(events.event("bad", "b-m-p-s-m", deep))
    refused(events.event("u" * 400, "b-m-p-s-m", ""))


def test_every_byte_value():
    """A run of bytes that are no event, and each byte by itself between two events."""
    with Server() as s:
        a, w = s.phone("A"), s.phone("W")
        for byte in range(256):
            if byte in (0x3C, 0xBF):  # these begin a unit
                continue
            a.send(bytes([byte]) * 3 + events.track(f"t{byte}"))
            w.hear(uid=f"t{byte}")
        a.ping()
        b = s.phone("B")
        try:
            b.send(bytes(range(256)) * 4)
            b.ping()
        except (Closed, OSError, AssertionError):
            pass
        a.send(events.marker("end"))
        w.hear(uid="end")


def test_random_bytes():
    """Seeded noise on many connections; the phones beside it lose nothing."""
    seed = int(os.environ.get("CORDON_E2E_SEED", "2"))
    chance = random.Random(seed)
    pieces = [events.position("ANDROID-N", "N"), events.v1_position("ANDROID-N", "N"), events.chat("N", "N", "n"),
              events.request(), events.ping("N"), events.delete("x")]
    with Server() as s:
        a, w, v = s.phone("A"), s.phone("W"), s.phone("V", v1=True)
        for n in range(120):
            noise = bytearray(b"".join(chance.choice(pieces) for _ in range(6)))
            for _ in range(chance.randrange(1, 30)):
                at = chance.randrange(len(noise))
                how = chance.randrange(3)
                if how == 0:
                    noise[at] = chance.randrange(256)
                elif how == 1:
                    del noise[at:at + chance.randrange(40)]
                else:
                    noise[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(20)))
            raw = socket.create_connection(("127.0.0.1", s.tcp_port))
            raw.sendall(bytes(noise))
            raw.close()
            a.send(events.track("steady", lat=str(n)))
        for phone in (w, v):
            phone.hear(lambda e: e.uid == "steady" and float(e.point["lat"]) == 119)
            assert [float(e.point["lat"]) for e in phone.all(uid="steady")] == [float(n) for n in range(120)], seed
        s.verify()


def test_garbage_on_the_tls_port():
    chance = random.Random(3)
    with Server() as s:
        a, w = s.phone("A", "anna"), s.phone("W", "wim")
        held = []
        for n in range(60):
            raw = socket.create_connection(("127.0.0.1", s.tls_port))
            raw.sendall((b"GET / HTTP/1.1\r\n\r\n", b"<event/>", bytes(chance.randrange(256) for _ in range(600)),
                         b"\x16\x03\x01\x40\x00" + bytes(5000))[n % 4])
            held.append(raw)
        a.send(events.track("steady"))
        w.hear(uid="steady")
        s.wait_log("tak.closed", 'user=""')
        for raw in held:
            raw.close()
        a.ping()


def test_600_half_open_handshakes():
    with Server() as s:
        a, w = s.phone("A", "anna"), s.phone("W", "wim")
        anna = s.clients["anna"]
        context = tls_context(anna)
        open_ones = []
        for n in range(600):
            raw = socket.create_connection(("127.0.0.1", s.tls_port))
            if n % 3:  # the others say nothing at all
                inc, out = ssl.MemoryBIO(), ssl.MemoryBIO()
                shake = context.wrap_bio(inc, out)
                try:
                    shake.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                hello = out.read()
                raw.sendall(hello if n % 3 == 1 else hello[:len(hello) // 2])
            open_ones.append(raw)
        for n in range(50):
            a.send(events.track("steady", lat=str(n)))
        w.hear(lambda e: e.uid == "steady" and e.point["lat"] == "49")
        late = s.phone("L", "lara")  # a new one is let in
        late.ping()
        s.wait_log("tak.closed", "no handshake within 10 s")
        for raw in open_ones:
            raw.close()


def test_connections_beyond_the_limit():
    """When all places are taken, those that have not said who they are give way to who does."""
    with Server(clients_max=32) as s:
        a, w = s.phone("A", "anna"), s.phone("W", "wim")
        silent = [socket.create_connection(("127.0.0.1", s.tls_port)) for _ in range(200)]
        late = s.phone("L", "lara")
        late.send(events.track("steady"))
        w.hear(uid="steady")
        a.hear(uid="steady")
        for raw in silent:
            raw.close()


def test_flood_is_bounded():
    """More than a device may send: refused one by one; the others' chat goes through."""
    with Server() as s:
        flood, a, w = s.phone("F", "flo"), s.phone("A", "anna"), s.phone("W", "wim")
        for n in range(60):
            flood.send(b"".join(events.track(f"t{n}-{i}") for i in range(100)))
        a.send(events.chat("ANDROID-A", "A", "through"))
        w.hear(remarks="through")
        s.wait_log("tak.refused", "flo", "more events than a device may")
        flood.ping()


def test_reader_that_does_not_read():
    """It costs itself only: others get everything, and it is closed or catches up."""
    with Server() as s:
        gate = s.phone("G", s.client("gate", relay=True))
        w = s.phone("W")
        stuck = Phone(s, connect=False)
        stuck.connect()
        s.phones.append(stuck)
        pad = "<pad>" + "x" * 2000 + "</pad>"
        for n in range(6000):
            gate.send(events.track(f"t{n % 50}", extra=pad, lat=str(n)))
            if n % 50 == 49:  # w keeps up
                w.hear(lambda e: e.uid == "t49" and e.point["lat"] == str(n))
        gate.send(events.marker("end"))
        w.hear(uid="end")
        assert len([e for e in w.heard if e.uid.startswith("t") and e.type.startswith("a-")]) == 6000
        stuck.hear(lambda e: e.uid == "t49" and e.point["lat"] == "5999")  # the newest, by and by
        stuck.hear(uid="end")
        assert len(stuck.heard) <= 6200


def test_slow_readers_are_not_closed():
    """They read little by little, over TLS, while others delete and put: they get the newest, none is thrown out."""
    with Server() as s:
        gates = [s.phone(client=s.client(f"gate{i}", relay=True)) for i in range(2)]
        slow = [s.phone(client=s.client(f"slow{i}"), v1=i % 2 == 1) for i in range(6)]
        w = s.phone("W")
        pad = "<pad>" + "x" * 1500 + "</pad>"
        for n in range(3000):
            gate = gates[n % 2]
            gate.send(events.track(f"t{n % 60}", extra=pad, lat=str(n)))
            if n % 3 == 0:
                gate.send(events.delete(f"t{(n + 7) % 60}", "a-n-A-C-F"), events.track(f"t{(n + 7) % 60}", extra=pad))
            if n % 20 == 0:
                for phone in slow:
                    phone.read_some(0)
            if n % 50 == 0:
                w.drain()
                for phone in gates:
                    phone.drain()
        gates[0].send(events.track("the-end"), events.marker("the-end-mark"))
        for phone in slow + [w]:
            phone.hear(uid="the-end")
            phone.hear(uid="the-end-mark")
        assert "tak.closed" not in s.log_text(), [x for x in s.log_text().splitlines() if "tak.closed" in x]
