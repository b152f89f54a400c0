#!/usr/bin/env python3
"""Joining, measured: phones that enrol, TLS handshakes of the stream, and live delivery beside all that.

    test/bench/joining.py enrol [--phones N]           by one code of many uses, with RSA keys made beforehand
    test/bench/joining.py handshakes [--seconds S]     full and resumed ones, apart
    test/bench/joining.py calm [--seconds S] [--load FILE]
                                                       p99 of 100 phones while others enrol, upload and download

CORDON names the binary (build/cordon). The clients share the machine with the server, in processes of their own. The
last line is one JSON object.
"""
import argparse
import contextlib
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.dont_write_bytecode = True
import events  # noqa: E402
from files_http import Watch, download, upload  # noqa: E402
from phone import PATIENCE, tls_context  # noqa: E402
from test_files import Marti  # noqa: E402
from test_join import Enrolling, invite, joining  # noqa: E402

PROCESSES = 4
ROUNDS = 3
RSA = ("rsa:2048",)
OTHERS_NICE = 10  # who disturbs gives way to the phones that are measured: they are not what is measured


def connect(context, port, session=None):
    """A phone on the stream until the server spoke: only then has it taken the certificate."""
    link = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE), session=session)
    assert link.recv(4096)
    return link


def enrol(phone):
    """As a phone does it: what to ask for, the certificate, what comes with it, and the stream."""
    assert phone.ask("GET", "/Marti/api/tls/config")[0] == 200
    client = phone.join()
    assert phone.ask("GET", "/Marti/api/tls/profile/enrollment", clientUid=phone.uid)[0] in (200, 204)
    connect(tls_context(client), phone.server.tls_port).close()


def phones_of(server, name, count):
    """So many phones with one code, their keys made."""
    token = invite(server, name, "--uses", str(count))["token"]
    return [Enrolling(server, name, token, uid=f"EX-{name}-{i}", key=RSA) for i in range(count)]


def enrol_all(phones):
    for phone in phones:
        enrol(phone)


def run_enrol(asked):
    with joining() as s:
        phones = phones_of(s, "EX-hundred", asked.phones)
        watch = Watch(s.process.pid)
        cpu, began = watch.cpu_s(), time.monotonic()
        lanes = [multiprocessing.Process(target=enrol_all, args=(phones[n::PROCESSES],)) for n in range(PROCESSES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        took, cpu = time.monotonic() - began, watch.cpu_s() - cpu
        rows = s.journal("device.enrolled")
        if any(lane.exitcode for lane in lanes) or len({r["serial"] for r in rows}) != asked.phones:
            raise SystemExit(f"joining: {len(rows)} of {asked.phones} phones are in the record")
        s.verify()
    return {"phones": asked.phones, "took_s": took, "server_cpu_s": cpu}


def shake(port, client, resumed, start, answers):
    """Handshakes one after the other until the given moment; a resumed one shows the ticket of the first."""
    context, ticket, done = tls_context(client), None, 0
    if resumed:
        with connect(context, port) as link:
            while not (link.session and link.session.has_ticket):
                link.sendall(events.ping("EX"))
                assert link.recv(65536)
            ticket = link.session
    until = start.get()
    while time.monotonic() < until:
        with connect(context, port, ticket) as link:
            assert link.session_reused == resumed
        done += 1
    answers.put(done)


def handshakes_a_second(server, client, resumed, seconds):
    start, answers, watch = multiprocessing.Queue(), multiprocessing.Queue(), Watch(server.process.pid)
    lanes = [multiprocessing.Process(target=shake, args=(server.tls_port, client, resumed, start, answers))
             for _ in range(PROCESSES)]
    for lane in lanes:
        lane.start()
    time.sleep(2)  # each has its ticket
    cpu, until = watch.cpu_s(), time.monotonic() + seconds
    for _ in lanes:
        start.put(until)
    done = sum(answers.get(timeout=seconds + PATIENCE) for _ in lanes)
    cpu = watch.cpu_s() - cpu
    for lane in lanes:
        lane.join()
    return done / seconds, cpu / done * 1e3


def run_handshakes(asked):
    found = {}
    with joining() as s:
        client = s.client("EX-bench", relay=True)
        for name, resumed in (("full", False), ("resumed", True)):
            rate, cpu_ms = handshakes_a_second(s, client, resumed, asked.seconds)
            found |= {f"{name}_per_s": rate, f"{name}_cpu_ms": cpu_ms}
    return found


def again(work, stop, done):
    """Work, over and over, until there is none or it is told to stop; it gives way to what is measured."""
    os.nice(OTHERS_NICE)
    while not stop.is_set():
        if not work():
            break
        done.value += 1


def load(asked, server, package, seconds):
    """100 phones that all hear one another, once a second each; every delivery is accounted for."""
    done = subprocess.run([asked.load, "--json", "--quiet", "--port", str(server.tls_port), "--tls", "--groups",
                           package, "--clients", "100", "--seconds", str(seconds)], check=False, capture_output=True, text=True,
                          timeout=300)
    found = json.loads(done.stdout or "{}")
    if done.returncode or found["wrong"]:
        raise SystemExit(f"joining: cordon-load ended with {done.returncode}: {done.stderr}{found.get('account')}")
    return found["latency_ms"]["p99"]


@contextlib.contextmanager
def others(server, phones, data, digest):
    """Somebody enrols, somebody uploads, somebody downloads; gives how often each of them did."""
    marti = Marti(server, server.web, server.clients["EX-bench"])
    waiting, watch = iter(phones), Watch(server.process.pid)

    def enrol_next():
        phone = next(waiting, None)
        if phone:
            enrol(phone)
        return phone

    works = {"enrolled": enrol_next, "uploaded": lambda: upload(marti, data, watch),
             "downloaded": lambda: download(marti, digest, len(data), watch)}
    stop = multiprocessing.Event()
    counts = {name: multiprocessing.Value("i", 0) for name in works}
    lanes = [multiprocessing.Process(target=again, args=(work, stop, counts[name])) for name, work in works.items()]
    for lane in lanes:
        lane.start()
    try:
        yield counts
    finally:
        stop.set()
        for lane in lanes:
            lane.join()
    if any(lane.exitcode for lane in lanes):
        raise SystemExit("joining: somebody who enrols, uploads or downloads was refused")


def run_calm(asked):
    found = {"idle_ms": [], "busy_ms": [], "enrolled": 0, "uploaded": 0, "downloaded": 0}
    data = os.urandom(1 << 20) * asked.mib
    with joining() as s:
        s.client("EX-bench", relay=True)
        package = os.path.splitext(s.clients["EX-bench"].pem)[0]
        digest = upload(Marti(s, s.web, s.clients["EX-bench"]), data, Watch(s.process.pid))[1]
        for turn in range(ROUNDS):
            phones = phones_of(s, f"EX-calm-{turn}", asked.phones)
            found["idle_ms"].append(load(asked, s, package, asked.seconds))
            with others(s, phones, data, digest) as counts:
                found["busy_ms"].append(load(asked, s, package, asked.seconds))
            for name, count in counts.items():
                found[name] += count.value
            print(f"round {turn + 1}: p99 idle {found['idle_ms'][-1]:.1f} ms, busy {found['busy_ms'][-1]:.1f} ms; "
                  + ", ".join(f"{n} {c.value}" for n, c in counts.items()), flush=True)
            if not all(c.value for c in counts.values()):
                raise SystemExit("joining: it was not busy; give it more seconds")
    found["idle_ms"], found["busy_ms"] = (sorted(found[n])[ROUNDS // 2] for n in ("idle_ms", "busy_ms"))
    return found


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("enrol", "handshakes", "calm"))
    parser.add_argument("--phones", type=int, help="how many enrol (100; calm: 15 a round)")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--mib", type=int, default=100)
    parser.add_argument("--load", default=os.path.join(root, "build", "cordon-load"))
    asked = parser.parse_args()
    asked.phones = asked.phones or (15 if asked.what == "calm" else 100)
    found = {"enrol": run_enrol, "handshakes": run_handshakes, "calm": run_calm}[asked.what](asked)
    print(json.dumps({asked.what: found}))


if __name__ == "__main__":
    main()
