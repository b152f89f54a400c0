"""The stream: every unit sniffed, negotiation at the exact byte, pings (tak.md 1.4 to 1.7)."""
import ssl

import events
from server import Server


def test_xml_over_tcp():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        sent = events.position("ANDROID-A", "A", lat="48.2")
        a.send(sent)
        assert b.hear(lambda e: e.point["lat"] == "48.2").raw == sent


def test_tls_1_2_and_1_3():
    with Server() as s:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            a = s.phone("A", "anna", tls=version)
            b = s.phone("B", "bert", tls=version)
            assert a.sock.version() == b.sock.version() == ("TLSv1.2" if version == ssl.TLSVersion.TLSv1_2
                                                             else "TLSv1.3")
            sent = events.position("ANDROID-A", "A", lat="48.25")
            a.send(sent)
            assert b.hear(lambda e: e.point["lat"] == "48.25").raw == sent
            a.close()
            b.close()


def test_tls_older_is_refused():
    with Server() as s:
        anna = s.client("anna")
        import socket
        from phone import tls_context
        raw = socket.create_connection(("127.0.0.1", s.tls_port))
        context = tls_context(anna)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        try:
            context.wrap_socket(raw)
        except ssl.SSLError:
            pass
        else:
            raise AssertionError("TLS 1.1 was taken")
        s.wait_log("tak.closed", "no TLS that is new enough (1.2)")


def test_offer_of_v1():
    with Server() as s:
        offer = s.phone().offer
        assert offer.attributes["how"] == "m-g"
        assert offer.one("TakControl/TakProtocolSupport").get("version") == "1"
        assert offer.one("TakControl/TakServerVersionInfo").get("serverVersion")
        assert offer.one("TakControl/TakServerVersionInfo").get("apiVersion") == "3"
        assert set(offer.point) == {"lat", "lon", "hae", "ce", "le"}
        assert offer.uid != s.phone().offer.uid


def test_offer_comes_behind_the_picture():
    with Server() as s:
        for i in range(30):
            s.phone(f"P{i}")
        late = s.phone()
        assert late.offer.index == 30, late.heard


def test_negotiation_switches_at_the_byte():
    with Server() as s:
        a = s.phone("A")
        b = s.phone("B", v1=True)
        for i in range(50):  # XML bytes are on their way to c when it asks
            a.send(events.position("ANDROID-A", "A", lat=f"48.{i + 100}"))
        c = s.phone("C", hello=False)
        a.send(b"".join(events.position("ANDROID-A", "A", lat=f"49.{i + 100}") for i in range(200)))
        c.negotiate("my-own-uid")
        a.send(events.position("ANDROID-A", "A", lat="50.5"))
        for phone in (b, c):
            last = phone.hear(lambda e: float(e.point["lat"]) == 50.5)
            assert last.form == "v1"
        assert [e.form for e in c.heard] == sorted((e.form for e in c.heard), key=lambda f: f != "xml")


def test_negotiation_at_once():
    """The request is in the client's first bytes, before the offer."""
    with Server() as s:
        a = s.phone("A")
        b = s.phone(hello=False)
        from phone import Phone
        c = Phone(s, connect=False)
        c.connect(wait=False)
        s.phones.append(c)
        c.send(events.request("at-once"))
        assert c.hear(type="t-x-takp-r").uid == "at-once"
        a.send(events.position("ANDROID-A", "A", lat="48.5"))
        assert c.hear(lambda e: e.uid == "ANDROID-A" and float(e.point["lat"]) == 48.5).form == "v1"
        b.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.5")


def test_negotiation_late():
    """After an hour of XML (here: after much of it) it may still ask."""
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        for i in range(300):
            b.send(events.position("ANDROID-B", "B", lat=f"47.{i + 100}"))
        b.ping()
        b.negotiate()
        a.send(events.position("ANDROID-A", "A", lat="48.6"))
        assert b.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == 48.6).form == "v1"
        b.ping()


def test_negotiation_of_an_unknown_version():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        b.send(events.request("two", version="2"))
        answer = b.hear(type="t-x-takp-r")
        assert answer.one("TakControl/TakResponse").get("status") == "false" and answer.uid == "two"
        a.send(events.position("ANDROID-A", "A", lat="48.7"))
        assert b.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.7").form == "xml"
        b.negotiate()  # and then one that is known


def test_request_in_the_middle_of_other_events():
    """What the client had queued behind its request is taken in either form."""
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        b.send(events.position("ANDROID-B", "B", lat="48.11") + events.request("q") +
               events.v1_position("ANDROID-B", "B", lat=48.12))
        b.hear(type="t-x-takp-r")
        a.hear(lambda e: e.uid == "ANDROID-B" and float(e.point["lat"]) == 48.12)


def test_second_request_changes_nothing():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B", v1=True)
        b.send(events.request("again"))
        b.send(events.v1("again-v1", "t-x-takp-q", {"xmlDetail": '<TakControl><TakRequest version="1"/></TakControl>'}))
        a.send(events.position("ANDROID-A", "A", lat="48.8"))
        b.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == 48.8)
        assert len(b.all(type="t-x-takp-r")) == 1
        b.ping()


def test_every_unit_is_sniffed():
    """v1 and XML mixed on one connection, in and out of negotiation; white space and NUL between them."""
    with Server() as s:
        a, x = s.phone("A"), s.phone("X")
        v = s.phone("V", v1=True)
        a.send(b"\r\n \t\0" + events.position("ANDROID-A", "A", lat="48.01") +
               events.v1_position("ANDROID-A", "A", lat=48.02) + b"\n" +
               b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' +
               events.position("ANDROID-A", "A", lat="48.03") + b"\0\0" +
               events.v1_position("ANDROID-A", "A", lat=48.04) + events.position("ANDROID-A", "A", lat="48.05"))
        for phone in (x, v):
            phone.hear(lambda e: e.uid == "ANDROID-A" and float(e.point["lat"]) == 48.05)
            got = [float(e.point["lat"]) for e in phone.all(uid="ANDROID-A")]
            assert got[-5:] == [48.01, 48.02, 48.03, 48.04, 48.05], got
        assert not s.journal("event.refused")


def test_one_byte_at_a_time():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        for sent in (events.position("ANDROID-A", "\u00c4rztin \U0001f691", lat="48.31"),
                     events.v1_position("ANDROID-A", "\u00c4rztin \U0001f691", lat=48.32)):
            for i in range(len(sent)):
                a.send(sent[i:i + 1])
        b.hear(lambda e: e.uid == "ANDROID-A" and float(e.point["lat"]) == 48.32)
        assert b.all(lambda e: e.uid == "ANDROID-A")[-1].one("contact").get("callsign") == "\u00c4rztin \U0001f691"


def test_pytak_as_it_sends_v1():
    """No negotiation: v1 in, XML out."""
    with Server() as s:
        a, b = s.phone("A"), s.phone("B", hello=False)
        b.send(events.v1_position("ANDROID-B", "B"))
        assert a.hear(uid="ANDROID-B").form == "xml"
        a.send(events.position("ANDROID-A", "A", lat="48.4"))
        assert b.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.4").form == "xml"


def test_pings():
    with Server() as s:
        for phone in (s.phone("A"), s.phone("T", "tilda"), s.phone("V", v1=True), s.phone("W", "wanda", v1=True)):
            pong = phone.ping()
            assert (pong.uid, pong.type, pong.attributes["how"]) == ("takPong", "t-x-c-t-r", "h-g-i-g-o")
            assert pong.form == ("v1" if phone.form == "v1" else "xml")
        quiet = s.phone()  # has not said who it is
        quiet.ping()


def test_many_pings_at_once():
    with Server() as s:
        a = s.phone("A")
        a.send(b"".join(events.ping("ANDROID-A") for _ in range(5)))
        for _ in range(5):
            a.hear(type="t-x-c-t-r")


def test_ping_to_its_sender_only():
    with Server() as s:
        a, b = s.phone("A"), s.phone("B")
        a.ping()
        a.send(events.position("ANDROID-A", "A", lat="48.9"))
        b.hear(lambda e: e.uid == "ANDROID-A" and e.point["lat"] == "48.9")
        assert len(b.all(type="t-x-c-t-r")) == 1  # its own of the hello
        assert not b.has(type="t-x-c-t")


def test_control_types_are_consumed():
    kinds = ("t-b", "t-b-a", "t-b-c", "t-b-q", "t-x-c-f", "t-x-c-t", "t-x-c-t-r", "t-x-c-m", "t-x-c-i-e",
             "t-x-c-i-d", "t-x-takp-v", "t-x-takp-r")
    with Server() as s:
        a, x, v = s.phone("A"), s.phone("X"), s.phone("V", v1=True)
        for kind in kinds:
            a.send(events.event(f"control-{kind}", kind, "<stats battery='3'/>"))
            a.send(events.v1(f"control1-{kind}", kind, {}))
        a.send(events.marker("behind-the-controls"))
        a.send(events.position("ANDROID-A", "A", lat="48.91"))
        for phone in (x, v):
            phone.hear(uid="behind-the-controls")
            phone.hear(lambda e: e.uid == "ANDROID-A" and float(e.point["lat"]) == 48.91)
            assert not phone.has(lambda e: e.uid.startswith("control"))
        assert not s.journal("event.refused")


def test_auth_element_is_passed_over():
    with Server() as s:
        from phone import Phone
        a = Phone(s, connect=False)
        a.connect(wait=False)
        s.phones.append(a)
        a.send(b'<auth><cot username="u" password="p" uid="ANDROID-A"/></auth>' + events.position("ANDROID-A", "A"))
        a.ping()
        assert s.phone().has(uid="ANDROID-A")
        assert not s.journal("event.refused")


def test_golden_vector():
    """tak.md 1.9: the bytes that ATAK's own .proto makes of that event."""
    golden = bytes.fromhex(
        "bfb00112ad010a09612d662d472d552d432a02553130ae9ea6e5b73338ae9ea6e5b73340a6e8aae5b7334a036d2d6751cdcccccccc0c4840"
        "59000000000000274061000000000040804069cdcccccccccc234071000000e0cf1263417a550a153c72656d61726b733e68693c2f72656d"
        "61726b733e120f0a092a3a2d313a73746370120252311a130a044379616e120b5465616d204d656d6265722a02084e3a1209333333333333"
        "f33f110000000000f07040")
    xml = (b'<event version="2.0" uid="U1" type="a-f-G-U-C" how="m-g" time="2026-01-02T03:04:05.678Z" '
           b'start="2026-01-02T03:04:05.678Z" stale="2026-01-02T03:05:20.678Z"><point lat="48.1" lon="11.5" hae="520.0" '
           b'ce="9.9" le="9999999.0"/><detail><contact callsign="R1" endpoint="*:-1:stcp"/>'
           b'<__group name="Cyan" role="Team Member"/><status battery="78"/><track speed="1.2" course="271.0"/>'
           b'<remarks>hi</remarks></detail></event>')
    with Server() as s:
        v, a = s.phone("V", v1=True), s.phone("A")
        a.send(xml)
        got = v.hear(uid="U1")
        assert b"\xbf" + bytes([0xB0, 0x01]) + got.raw == golden, got.raw.hex()
        a.send(golden)
        assert v.hear(uid="U1").raw == golden[3:]


def test_negotiation_in_the_middle_of_a_large_picture():
    """The picture is XML up to the response and v1 behind it, each unit once, none torn."""
    from phone import Phone
    with Server() as s:
        a = s.phone("G", s.client("gate", relay=True))
        pad = "<pad>" + "x" * 5000 + "</pad>"
        for i in range(800):
            a.send(events.track(f"t{i}", extra=pad))
            if i % 50 == 0:
                a.ping()
        a.ping()
        for at_once in (True, False):
            new = Phone(s, connect=False)
            new.connect(wait=False)
            s.phones.append(new)
            if not at_once:
                new.hear(lambda e: e.uid.startswith("t"))
            new.send(events.request("in-between"))
            new.hear(type="t-x-takp-r")
            new.ping()
            while len({e.uid for e in new.heard if e.uid.startswith("t")}) < 801:  # 800 and takPong
                new.read_some(60)
            uids = [e.uid for e in new.heard if e.uid.startswith("t") and e.uid != "takPong" and "takp" not in e.uid]
            assert len(uids) == 800, len(uids)
