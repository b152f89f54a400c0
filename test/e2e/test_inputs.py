"""The old and odd ways in: off until they are named, and no more than what they grant."""
import http.client
import json
import os
import re
import socket
import ssl
import subprocess

import events
from page import Page, trust
from phone import PATIENCE, Phone
from server import CORDON, Server, eventually, free_ports

GROUP = "239.2.3.1"


def ports(count=1):
    found = free_ports(count)
    return found[0] if count == 1 else found


def udp(port, *datagrams, source="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        for datagram in datagrams:
            s.sendto(datagram, ("127.0.0.1", port))


def mesh(event):
    """A stream frame of v1 as the mesh has it: version in the place of the length."""
    at = 1
    while event[at] & 0x80:
        at += 1
    return b"\xbf\x01\xbf" + event[at + 1:]


def counts(server, name):
    """What the page shows of an input."""
    return next(i for i in server.page.get("/api/clients/inputs")["inputs"] if i["name"] == name)


def with_page(*specs, **settings):
    web = ports()
    options = [word for spec in specs for word in ("--input", spec)]
    s = Server(*options, web=web, **settings)
    s.page = Page(s, web)
    return s


def test_nothing_is_open_by_itself():
    with with_page() as s:
        assert s.page.get("/api/clients/inputs")["inputs"] == []
        assert not s.journal("input.opened")
        assert "input" not in s.command("input", "list").stdout


def test_udp_goes_to_the_granted_group_only():
    port = ports()
    with with_page(f"radar udp address=127.0.0.1 port={port} allow=127.0.0.1 group=Sensors types=a,b-m uid=EX-") as s:
        sees = s.phone("sees", s.client("sees", "Sensors"))
        v1 = s.phone("v1", s.client("v1", "Sensors"), v1=True)
        other = s.phone("other", s.client("other", "Elsewhere"))
        udp(port, events.track("EX-T1"), mesh(events.v1_position("EX-T2", "EX mesh")), events.marker("EX-M1"))
        for phone in (sees, v1):
            phone.hear(uid="EX-T1")
            phone.hear(uid="EX-T2")
            phone.hear(uid="EX-M1")
        new = s.phone("new", s.client("new", "Sensors"))
        assert {e.uid for e in new.heard} >= {"EX-T1", "EX-T2", "EX-M1"}, "a newcomer has them in the picture"
        far = s.phone("far", s.client("far", "Elsewhere"))
        far.send(events.marker("end"))
        other.hear(uid="end")
        assert not other.has(lambda e: e.uid.startswith("EX-"))
        row = s.wait_journal("object.put", lambda r: r["uid"] == "EX-M1")
        assert row["user"] == "input/radar" and row.many("group") == ["Sensors"]
        opened = s.wait_journal("input.opened")
        assert opened["name"] == "radar" and opened.many("group") == ["Sensors"] and str(port) in opened["address"]
        is_ = eventually("counted", lambda: (c := counts(s, "radar"))["events"] == 3 and c)
        assert is_["kind"] == "udp" and is_["open"] and is_["refused"] == 0 and is_["groups"] == ["Sensors"]
        assert [source["events"] for source in is_["sources"]] == [3]
        assert is_["sources"][0]["address"].startswith("127.0.0.1:")


def test_udp_refuses_what_is_not_granted():
    """Address, type, uid, more than one event, junk; a row in the journal now and then, with the count."""
    port = ports()
    with with_page(f"radar udp address=127.0.0.1 port={port} allow=127.0.0.0/31 group=A types=a-n uid=EX-") as s:
        phone = s.phone("P", s.client("p", "A"))
        udp(port, events.track("EX-far"), source="127.0.0.2")
        eventually("the address", lambda: counts(s, "radar")["refused"] == 1)
        bad = [events.marker("EX-M"), events.track("ANDROID-1"), events.emergency("EX-1", "EX"), b"", b"hello",
               events.track("EX-a") + events.track("EX-b"), b"\xbf\x02\xbf\x12", b"\xbf\x01\xbf\xff\xff",
               b"<!DOCTYPE a><event/>", os.urandom(1200), b"<event" * 2000, b"x" * 65000]
        udp(port, *bad)
        eventually("all of them", lambda: counts(s, "radar")["refused"] == 1 + len(bad))
        udp(port, events.track("EX-good"))
        phone.hear(uid="EX-good")
        assert not phone.has(lambda e: e.uid in ("EX-far", "EX-M", "ANDROID-1", "EX-a", "EX-b"))
        row = s.wait_journal("input.refused")
        assert row["name"] == "radar" and row["address"].startswith("127.0.0.2:") and "address" in row["reason"]
        assert len(s.journal("input.refused")) == 1, "not one for each"
        assert len([x for x in counts(s, "radar")["sources"] if x["refused"]]) == 2


def test_an_input_does_not_speak_for_a_responder():
    """Neither his position nor his alert; and nobody is reached through an input."""
    port = ports()
    with with_page(f"mesh udp address=127.0.0.1 port={port} allow=127.0.0.1 group=A types=a,b-a,b-m,t-x-d-d,b-t-f") as s:
        anna, bert = s.phone("anna", s.client("anna", "A")), s.phone("bert", s.client("bert", "A"))
        anna.send(events.emergency("ANDROID-anna", "anna"), events.marker("anna-marker"))
        bert.hear(uid="ANDROID-anna-9-1-1")
        bert.hear(uid="anna-marker")
        udp(port, events.position("ANDROID-anna", "anna", lat="1.5"), events.marker("ANDROID-anna", type="a-f-G"),
            events.cancel("ANDROID-anna", "anna"), events.delete("ANDROID-anna"))
        eventually("refused", lambda: counts(s, "mesh")["refused"] == 4)
        udp(port, events.position("EX-mesh", "EX mesh"))
        bert.hear(uid="EX-mesh")
        assert not bert.has(lambda e: e.point and e.point.get("lat") == "1.5")
        assert not s.journal("emergency.cancelled")
        bert.send(events.direct("ANDROID-bert", "bert", "EX-mesh", "EX mesh", "hello"))
        assert s.wait_journal("chat.said").many("offline") == ["EX-mesh"]


def test_a_flood_costs_itself():
    """One source has its rate; another is heard all the same, and so are the phones."""
    port = ports()
    with with_page(f"radar udp address=127.0.0.1 port={port} allow=127.0.0.0/8 group=A rate=10") as s:
        a, b = s.phone("A", s.client("a", "A")), s.phone("B", s.client("b", "A"))
        sent = 2000
        udp(port, *[events.track(f"EX-flood-{i}") for i in range(sent)], source="127.0.0.2")
        a.send(events.marker("meanwhile"))
        b.hear(uid="meanwhile")
        eventually("refused", lambda: counts(s, "radar")["refused"] > 100)
        udp(port, events.track("EX-calm"), source="127.0.0.3")
        b.hear(uid="EX-calm")
        b.ping()
        assert len({e.uid for e in b.all(lambda e: e.uid.startswith("EX-flood"))}) < 300
        flood = next(x for x in counts(s, "radar")["sources"] if x["address"].startswith("127.0.0.2"))
        assert flood["events"] < 300 and flood["refused"] > 100
        assert len(s.journal("input.refused")) <= 3


def test_spoofed_sources_do_not_pile_up():
    port = ports()
    with with_page(f"radar udp address=127.0.0.1 port={port} allow=127.0.0.0/8 group=A rate=1") as s:
        for i in range(2, 120):
            udp(port, events.track(f"EX-{i}"), source=f"127.0.0.{i}")
        eventually("all came", lambda: (c := counts(s, "radar"))["events"] + c["refused"] == 118)
        assert len(counts(s, "radar")["sources"]) == 64


def test_nothing_is_sent_back():
    port = ports()
    with Server("--input", f"radar udp address=127.0.0.1 port={port} allow=127.0.0.1 group=A") as s:
        phone = s.phone("P", s.client("p", "A"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as me:
            me.bind(("127.0.0.1", 0))
            me.setblocking(False)
            for datagram in (events.ping("EX-1"), events.request("asked"), b"junk", events.track("EX-end")):
                me.sendto(datagram, ("127.0.0.1", port))
            phone.hear(uid="EX-end")
            try:
                raise AssertionError(f"it answered {me.recv(100)}")
            except BlockingIOError:
                pass


def test_multicast_on_a_named_interface():
    port = ports()
    with Server("--input", f"sa multicast interface=lo port={port} allow=127.0.0.0/8 group=SA") as s:
        phone = s.phone("P", s.client("p", "SA"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as me, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((GROUP, port))
            lo = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, lo)
            me.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            me.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            me.sendto(events.position("EX-SA", "EX mesh"), (GROUP, port))
            phone.hear(uid="EX-SA")
            phone.send(events.position(phone.uid, "P", lat="48.5"))
            phone.ping()
            me.sendto(mesh(events.v1_position("EX-SA2", "EX two")), (GROUP, port))
            phone.hear(uid="EX-SA2")
            listener.settimeout(PATIENCE)
            got = [listener.recv(2000) for _ in range(2)]
            assert b"EX-SA" in got[0] and b"EX-SA2" in got[1], "what phones say is not echoed to the mesh"
            listener.setblocking(False)
            try:
                raise AssertionError(f"somebody else sent {listener.recv(100)}")
            except BlockingIOError:
                pass
        s.wait_journal("input.opened", lambda r: "on lo" in r["address"])


def test_a_sensor_over_tcp():
    """A stream in pieces, in both forms; nothing comes back; a frame that cannot be cut ends it."""
    port = ports()
    with with_page(f"sensor tcp address=127.0.0.1 port={port} allow=127.0.0.1 group=A types=a uid=EX-") as s:
        phone = s.phone("P", s.client("p", "A"))
        with socket.create_connection(("127.0.0.1", port)) as me:
            stream = events.track("EX-1") + b"\n" + events.v1_position("EX-2", "EX two") + events.marker("EX-no") + \
                events.track("EX-3")
            for i in range(0, len(stream), 37):
                me.sendall(stream[i:i + 37])
            for uid in ("EX-1", "EX-2", "EX-3"):
                phone.hear(uid=uid)
            assert not phone.has(uid="EX-no")
            eventually("counted", lambda: (c := counts(s, "sensor"))["events"] == 3 and c["refused"] == 1)
            me.setblocking(False)
            try:
                raise AssertionError(f"it answered {me.recv(100)}")
            except BlockingIOError:
                pass
            me.setblocking(True)
            me.settimeout(PATIENCE)
            try:
                me.sendall(b"<event " + b"x" * (1 << 20))
                assert me.recv(10) == b""
            except ConnectionError:
                pass
        with socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.5", 0)) as foreign:
            foreign.settimeout(PATIENCE)
            assert foreign.recv(10) == b"", "an address that is not granted"
        with socket.create_connection(("127.0.0.1", port)) as again:
            again.sendall(events.track("EX-4"))
            phone.hear(uid="EX-4")


def test_inputs_come_and_go_live():
    port, second = ports(2)
    with with_page() as s:
        phone = s.phone("P", s.client("p", "A"))
        s.command("input", "add", "live", "udp", "address=127.0.0.1", f"port={port}", "allow=127.0.0.1", "group=A")
        s.wait_journal("input.opened", lambda r: r["name"] == "live")
        udp(port, events.track("EX-1"))
        phone.hear(uid="EX-1")
        assert f"port={port}" in s.command("input", "list").stdout
        s.command("input", "add", "live", "udp", "address=127.0.0.1", f"port={second}", "allow=127.0.0.1", "group=A")
        s.wait_journal("input.closed", lambda r: r["reason"] == "changed")
        eventually("the new port", lambda: counts(s, "live")["port"] == second)
        udp(second, events.track("EX-2"))
        phone.hear(uid="EX-2")
        s.stop().start()
        s.page = Page(s, s.page.port)
        assert counts(s, "live")["port"] == second, "it stays after a restart"
        s.command("input", "remove", "live")
        s.wait_journal("input.closed", lambda r: r["reason"] == "removed")
        eventually("gone", lambda: s.page.get("/api/clients/inputs")["inputs"] == [])
        assert s.command("input", "remove", "live", ok=False).returncode == 1


def test_an_input_that_cannot_be_opened_says_so():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with with_page() as s:
            s.command("input", "add", "late", "udp", "address=127.0.0.1", f"port={port}", "allow=127.0.0.1", "group=A")
            trouble = eventually("trouble", lambda: (i := s.page.get("/api/clients/inputs")["inputs"]) and i[0])
            assert not trouble["open"] and "in use" in trouble["trouble"]
            taken.close()
            eventually("tried again", lambda: counts(s, "late")["open"])
    with Server(start=False) as s:
        for spec, says in (("x udp port=1", "needs allow"), ("x quic", "none of udp"), ("x http group=A", "needs a token")):
            done = subprocess.run([CORDON, "serve", "--data", s.data, "--listen", "127.0.0.1", "--tak-tls", "0", "--enrol",
                                   "0", "--web", "0", "--tak-tcp", str(ports()), "--input", spec], capture_output=True,
                                  text=True, timeout=PATIENCE)
            assert done.returncode == 1 and says in done.stderr, done


# ------------------------------------------------------------------- logins


class Login:
    """An old client: TLS without a certificate, or plain, and <auth> before all else."""

    def __init__(self, phone, port, tls, name, password, more=b""):
        raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        if tls:
            raw = trust().wrap_socket(raw)
        phone.sock, phone.form, phone.buffer, phone.heard, phone.taken = raw, "xml", b"", [], set()
        phone.eof, phone.started = False, 0
        phone.send(f'<auth><cot username="{name}" password="{password}" uid="{phone.uid}"/></auth>'.encode() + more)


def make_user(s, name, *groups):
    s.client(name, *groups)
    printed = s.command("user", name, "--password").stdout
    return re.search(r"password (\S+)", printed).group(1)


def login(s, port, tls, name, password, callsign, more=b""):
    phone = Phone(s, None, f"EX-{callsign}", callsign, connect=False)
    s.phones.append(phone)
    Login(phone, port, tls, name, password, more)
    return phone


def both_logins():
    tls, plain = ports(2)
    return tls, plain, [f"old auth-tls address=127.0.0.1 port={tls} allow=127.0.0.1",
                        f"older auth-tcp address=127.0.0.1 port={plain} allow=127.0.0.1"]


def test_login_by_auth():
    """Over TLS without a certificate, and plain: a client like others, in its user's groups."""
    tls, plain, specs = both_logins()
    with with_page(*specs) as s:
        password = make_user(s, "EX-anna", "A")
        a = s.phone("A", s.client("a", "A"))
        other = s.phone("O", s.client("o", "B"))
        for n, (port, over) in enumerate(((tls, True), (plain, False))):
            old = login(s, port, over, "EX-anna", password, f"old{n}", events.position(f"EX-old{n}", f"old{n}"))
            old.hear(type="t-x-takp-v")
            a.hear(uid=f"EX-old{n}")  # what stood behind the login was taken
            old.send(events.chat(old.uid, old.callsign, f"from old{n}"))
            a.hear(remarks=f"from old{n}")
            a.send(events.chat(a.uid, "A", f"to old{n}"))
            old.hear(remarks=f"to old{n}")
            old.negotiate()
            old.ping()
        other.ping()
        assert not other.has(lambda e: e.uid.startswith("EX-old"))
        row = s.wait_journal("client.connected", lambda r: r.get("sub_type") == "password")
        assert row["user"] == "EX-anna"
        s.command("user", "EX-anna", "--disable")
        old.wait_closed()


def test_wrong_logins():
    tls, plain, specs = both_logins()
    with with_page(*specs) as s:
        make_user(s, "EX-anna", "A")
        s.client("EX-nopassword", "A")
        for name, password in (("EX-anna", "wrong"), ("EX-nobody", "wrong"), ("EX-nopassword", ""),
                               ("EX-nopassword", "x"), ("plain-tcp", "x")):
            phone = login(s, plain, False, name, password, "bad", events.position("EX-bad", "bad"))
            phone.wait_closed()
            assert not phone.heard
        rows = s.journal("event.refused")
        assert any(r["user"] == "EX-anna" and "wrong" in r["reason"] for r in rows), rows
        assert not any("EX-bad" in json.dumps(r) for r in s.journal("uid.bound"))
        for name, text in (("no login", events.position("EX-1", "x")), ("junk", b"hello\n"), ("v1", events.v1_ping("EX")),
                           ("no end", b"<auth>" + b"x" * 5000), ("much behind it", b"<auth><cot username='EX-anna' "
                            b"password='x'/></auth>" + b" " * 70000), ("a DTD", b"<!DOCTYPE a><auth/>")):
            with socket.create_connection(("127.0.0.1", plain), timeout=PATIENCE) as raw:
                try:
                    raw.sendall(text)
                    assert raw.recv(10) == b"", name
                except ConnectionError:
                    pass
        log = s.log_text()
        assert "password='x'" not in log and "wrong</" not in log


def test_many_wrong_logins_wait():
    tls, plain, specs = both_logins()
    with with_page(*specs) as s:
        password = make_user(s, "EX-anna", "A")
        for _ in range(7):
            login(s, plain, False, "EX-anna", "wrong", "bad").wait_closed()
        right = login(s, plain, False, "EX-anna", password, "right")
        right.wait_closed()
        assert "too many wrong" in s.wait_journal("event.refused", lambda r: "too many" in r["reason"])["reason"]


def test_a_silent_login_is_closed():
    tls, plain, specs = both_logins()
    with with_page(*specs) as s:
        with socket.create_connection(("127.0.0.1", plain), timeout=PATIENCE) as raw:
            assert raw.recv(10) == b""
        s.wait_log("tak.closed", "no login within 10 s")


# --------------------------------------------------------------------- HTTP


def post(s, token, body, chunked=False, **head):
    link = http.client.HTTPSConnection("127.0.0.1", s.page.port, context=trust(), timeout=PATIENCE)
    head = {k.replace("_", "-"): v for k, v in head.items()}
    if token:
        head["Authorization"] = f"Bearer {token}"
    link.request("POST", "/Marti/api/inject/cot", iter([body]) if chunked else body, head, encode_chunked=chunked)
    reply = link.getresponse()
    text = reply.read()
    link.close()
    return reply.status, text


def injector(s, *words):
    printed = s.command("input", "add", "EX-inject", "http", *words).stdout
    eventually("open", lambda: [i for i in s.page.get("/api/clients/inputs")["inputs"] if i["open"]])
    return re.search(r"token (\w+)", printed).group(1)


def test_inject_by_http():
    with with_page() as s:
        token = injector(s, "group=A", "types=a,b-m", "uid=EX-")
        phone = s.phone("P", s.client("p", "A"))
        for n, chunked in enumerate((False, True)):
            body = events.track(f"EX-{n}-1") + b"\n" + events.track("other") + events.marker(f"EX-{n}-2")
            status, text = post(s, token, body, chunked, Content_Type="application/xml")
            answer = json.loads(text)
            assert status == 200 and answer["accepted"] == 2 and answer["refused"] == 1, text
            assert "uid" in answer["reason"]
            phone.hear(uid=f"EX-{n}-1")
            phone.hear(uid=f"EX-{n}-2")
        assert not phone.has(uid="other")
        assert token not in s.command("input", "list").stdout and token not in s.log_text()


def test_inject_refuses():
    with with_page() as s:
        token = injector(s, "group=A", "rate=5")
        one = events.track("EX-1")
        assert post(s, None, one)[0] == 401
        assert post(s, "0" * 64, one)[0] == 401
        assert post(s, token, b"", Content_Length="0")[0] in (400, 411)
        assert post(s, token, b"no event")[0] == 400
        assert post(s, token, events.marker("EX-M"))[0] == 400
        try:
            assert post(s, token, b" " * (1 << 20) + one)[0] == 413
        except (ConnectionError, ssl.SSLError):
            pass  # closed before all of it was sent
        status, text = post(s, token, b"".join(events.track(f"EX-{i}") for i in range(200)))
        answer = json.loads(text)
        assert status == 200 and answer["accepted"] < 50 and answer["refused"] > 150, text
        assert post(s, token, one)[0] in (200, 429)
        other = s.command("input", "add", "EX-inject", "http", "group=A", "allow=10.0.0.0/8").stdout
        second = re.search(r"token (\w+)", other).group(1)
        eventually("the old token is void", lambda: post(s, token, one)[0] == 401)
        eventually("its address", lambda: post(s, second, one)[0] == 403)
