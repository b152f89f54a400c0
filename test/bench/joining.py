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


def shake(port, client, resumed, until, count):
    """Handshakes one after the other; a resumed one shows the ticket of the first."""
    context, ticket = tls_context(client), None
    if resumed:
        with connect(context, port) as link:
            while not (link.session and link.session.has_ticket):
                link.sendall(events.ping("EX"))
                assert link.recv(65536)
            ticket = link.session
    done = 0
    count.get()
    until += time.monotonic()
    while time.monotonic() < until:
        with connect(context, port, ticket) as link:
            assert link.session_reused == resumed
        done += 1
    count.put(done)


def handshakes(server, client, resumed, seconds):
    counts = [multiprocessing.Queue() for _ in range(PROCESSES)]
    return counts, server, client, resumed, seconds
